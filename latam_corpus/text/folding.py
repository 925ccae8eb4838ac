"""Words as people type them, with or without accents."""

from __future__ import annotations

import unicodedata


def folded(text: str) -> str:
    """Return the text in small letters without accents, for words that people type.

    >>> folded(" Náhuatl ")
    'nahuatl'
    """
    plain = unicodedata.normalize("NFD", text.strip().casefold())
    return " ".join("".join(c for c in plain if not unicodedata.combining(c)).split())
