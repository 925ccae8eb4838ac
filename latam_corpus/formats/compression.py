"""Compression suffixes of file names."""

from __future__ import annotations

from pathlib import PurePosixPath
from typing import Final

COMPRESSIONS: Final = (".gz", ".xz", ".zst")


def stem(relative: str) -> str:
    """Return the path without its compression suffix.

    >>> stem("diario/nota.html.gz")
    'diario/nota.html'
    """
    return relative[: -len(suffix)] if (suffix := compression(relative)) else relative


def compression(relative: str) -> str:
    """Return the compression suffix of a path in lower case; an empty string if it has none.

    >>> compression("novelas.JSONL.XZ"), compression("novelas.jsonl")
    ('.xz', '')
    """
    suffix = PurePosixPath(relative).suffix.lower()
    return suffix if suffix in COMPRESSIONS else ""
