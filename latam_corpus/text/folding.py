"""Words and names as people type them, with or without accents."""

from __future__ import annotations

import unicodedata


def folded(text: str) -> str:
    """Return the text in small letters without accents, for words that people type.

    >>> folded(" Náhuatl ")
    'nahuatl'
    """
    plain = unicodedata.normalize("NFD", text.strip().casefold())
    return " ".join("".join(c for c in plain if not unicodedata.combining(c)).split())


def name_key(name: str) -> str:
    """Return a person's name as it is compared: small letters without accents, the family name last.

    >>> name_key("Mistral, Gabriela") == name_key("gabriela  MISTRAL")
    True
    """
    family, comma, given = name.partition(",")
    words = f"{given} {family}" if comma else name
    bare = "".join(sign for sign in unicodedata.normalize("NFD", words.lower()) if not unicodedata.combining(sign))
    return " ".join(bare.split())
