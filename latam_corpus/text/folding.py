"""Words and names as people type them, with or without accents."""

from __future__ import annotations

import re
import unicodedata
from typing import Final

# The semicolon of `&ntilde;` parts nothing.
_SEVERAL: Final = re.compile(r"(?:&#?\w+;|[^;|\n])+")


def parted(text: str) -> list[str]:
    """Return what one text lists, parted by ; or | or line ends; commas part nothing, since names have them.

    >>> parted("Paz, Ana; Ríos, Luis|Anónimo"), parted("Mu&ntilde;oz, Eva;"), parted(" ; ")
    (['Paz, Ana', 'Ríos, Luis', 'Anónimo'], ['Mu&ntilde;oz, Eva'], [])
    """
    return [bare for one in _SEVERAL.findall(text) if (bare := one.strip())]


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
