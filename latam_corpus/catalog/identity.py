"""The name of a document: a hash of its source and of its place there."""

from __future__ import annotations

import hashlib
import unicodedata


def doc_id(source_id: str, locator: str) -> str:
    r"""The first 128 bits, as 32 hex digits, of SHA-256 over the source id, a NUL and the locator in NFC.

    Args:
        source_id: the catalogue's id of the source.
        locator: what finds the document there: its own id, else its canonical URL, else its path with `#` and the
            record's number; `#` and the text's column follow where one record gives several texts.

    >>> doc_id("conha19", "nh0007")
    'eb914983bc32f12df2aa7800448811d8'
    >>> doc_id("cuentos", "an\u0303o.txt") == doc_id("cuentos", "a\xf1o.txt")
    True
    """
    name = f"{source_id}\0{unicodedata.normalize('NFC', locator)}"
    # A lone surrogate, as in a file name that isn't UTF-8, must not stop a run.
    return hashlib.sha256(name.encode("utf-8", "surrogatepass")).hexdigest()[:32]
