"""Decode files and pages in UTF-16, which few servers declare, so that their opt-outs can be read."""

from __future__ import annotations

import codecs
from typing import Final

_MARKS: Final = ((codecs.BOM_UTF16_LE, "utf-16-le"), (codecs.BOM_UTF16_BE, "utf-16-be"))
_LOOK: Final = 256


def ascii_based(body: bytes) -> bytes:
    """Return UTF-16 bytes as UTF-8, with or without a byte-order mark; return other bytes unchanged.

    >>> [ascii_based("<meta>".encode(one)) for one in ("utf-16", "utf-16-le", "utf-16-be", "latin-1")]
    [b'<meta>', b'<meta>', b'<meta>', b'<meta>']
    """
    start = body[:_LOOK]
    charset = next((charset for mark, charset in _MARKS if start.startswith(mark)), None)
    if charset is None and 0 in start:
        even, odd = start[::2].count(0), start[1::2].count(0)
        # In ASCII text every second byte is NUL, in a title in Latin script nearly every second one.
        if max(even, odd) > len(start) // 4 and max(even, odd) > 2 * min(even, odd):
            charset = "utf-16-le" if odd > even else "utf-16-be"
    if charset is None:
        return body
    # UTF-32 starts like UTF-16, and leaves NULs when decoded as such.
    return body.decode(charset, "replace").removeprefix("\ufeff").replace("\0", "").encode("utf-8", "replace")
