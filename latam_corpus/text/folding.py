"""Compare words and names that people type with or without accents."""

from __future__ import annotations

import re
import unicodedata
from typing import Final

# The semicolon of `&ntilde;` is not a separator.
_SEVERAL: Final = re.compile(r"(?:&#?\w+;|[^;|\n])+")


def parted(text: str) -> list[str]:
    """Return the items in a text, separated by ; or | or line ends; names contain commas, which don't separate.

    >>> parted("Paz, Ana; Ríos, Luis|Anónimo"), parted("Mu&ntilde;oz, Eva;"), parted(" ; ")
    (['Paz, Ana', 'Ríos, Luis', 'Anónimo'], ['Mu&ntilde;oz, Eva'], [])
    """
    return [item for part in _SEVERAL.findall(text) if (item := part.strip())]


def folded(text: str) -> str:
    """Return the text in lower case without accents, for comparison with words that people type.

    >>> folded(" Náhuatl ")
    'nahuatl'
    """
    plain = unicodedata.normalize("NFD", text.strip().casefold())
    return " ".join("".join(c for c in plain if not unicodedata.combining(c)).split())


def name_key(name: str) -> str:
    """Return the key by which persons' names are compared: lower case without accents, the family name last.

    >>> name_key("Mistral, Gabriela") == name_key("gabriela  MISTRAL")
    True
    """
    family, comma, given_name = name.partition(",")
    words = f"{given_name} {family}" if comma else name
    without_accents = "".join(
        sign for sign in unicodedata.normalize("NFD", words.lower()) if not unicodedata.combining(sign)
    )
    return " ".join(without_accents.split())
