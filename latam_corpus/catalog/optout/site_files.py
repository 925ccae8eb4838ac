"""Where a site says what it refuses."""

from __future__ import annotations

from typing import Final
from urllib.parse import urlsplit

ROBOTS: Final = "/robots.txt"
AI_TXT: Final = "/ai.txt"
TDMREP: Final = "/.well-known/tdmrep.json"


def root_of(url: str) -> str:
    """The scheme and authority of a canonical URL.

    >>> root_of("https://diario.example:8443/nota?x=1")
    'https://diario.example:8443'
    """
    try:
        parts = urlsplit(url)
    except ValueError:  # of an archive that records what no browser would ask for
        return ""
    return f"{parts.scheme}://{parts.netloc}"
