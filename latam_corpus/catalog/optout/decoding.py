"""Files and pages in UTF-16, which few servers name: the refusals in them are read as those in any other."""

from __future__ import annotations

import codecs
from typing import Final

_MARKS: Final = ((codecs.BOM_UTF16_LE, "utf-16-le"), (codecs.BOM_UTF16_BE, "utf-16-be"))
_LOOK: Final = 256


def ascii_based(body: bytes) -> bytes:
    """Return the bytes in UTF-8, if they are in UTF-16, with or without a mark; else as they are.

    >>> [ascii_based("<meta>".encode(one)) for one in ("utf-16", "utf-16-le", "utf-16-be", "latin-1")]
    [b'<meta>', b'<meta>', b'<meta>', b'<meta>']
    """
    start = body[:_LOOK]
    charset = next((charset for mark, charset in _MARKS if start.startswith(mark)), None)
    if charset is None and 0 in start:
        even, odd = start[::2].count(0), start[1::2].count(0)
        # In ASCII every second byte is NUL, in a title in Latin script nearly every one.
        if max(even, odd) > len(start) // 4 and max(even, odd) > 2 * min(even, odd):
            charset = "utf-16-le" if odd > even else "utf-16-be"
    if charset is None:
        return body
    # NULs stay of UTF-32, which begins as UTF-16 does.
    return body.decode(charset, "replace").removeprefix("\ufeff").replace("\0", "").encode("utf-8", "replace")
