"""Text as the language models read it: lower case, letters, marks and apostrophes only."""

from __future__ import annotations

from typing import Final

import polars as pl

# The signs that languages of the Americas write for a glottal stop or an ejective, beside typographic ones.
APOSTROPHES: Final = "\u2018\u2019\u02bc\u02bb\u02b9\u02c8\ua78b\ua78c\u00b4`"
_ADDRESSES: Final = r"\S*(?:://|www\.|@)\S*"
# Wixárika writes one of its vowels `+`; elsewhere a plus stands alone or before a digit.
_OTHER_SIGNS: Final = r"[^\p{L}\p{M}'+\n]+"
_LONE_PLUS: Final = r"(?:^|[ \n'+])[+']+(?:[ \n'+]|$)"


def normalise(text: str) -> str:
    """The text in NFC and lower case with letters, marks and `'` kept; addresses and digits are left out.

    Lines stay apart; within a line one space stands for everything else.

    >>> normalise("¡Escríbanos a Ana@ejemplo.cl, son 25 Años!")
    'escríbanos a son años'
    >>> normalise("El k’iche’ y el wixárika («t+xi»), 2+2")
    "el k'iche' y el wixárika t+xi"
    """
    normalised: str = normalise_all(pl.Series([text]))[0]
    return normalised


def normalise_all(texts: pl.Series) -> pl.Series:
    """The same for each text of a string series; null stays null.

    >>> normalise_all(pl.Series(["Não há", None])).to_list()
    ['não há', None]
    """
    return (
        texts.str.normalize("NFC")
        .str.replace_all(_ADDRESSES, " ")
        .str.replace_all(f"[{APOSTROPHES}]", "'")
        .str.to_lowercase()
        .str.replace_all(_OTHER_SIGNS, " ")
        .str.replace_all(_LONE_PLUS, " ")
        .str.strip_chars()
    )
