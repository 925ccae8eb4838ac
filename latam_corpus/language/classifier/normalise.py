"""The rule by which language models read text: lower case, with letters, marks and apostrophes only.

It exists in two forms: as expressions (`normalise_all`), and as a table of code points for the compiled pass over a
batch (`meanings`, used by `lines.py`). A test compares the two on all of Unicode. The expressions alone would take
seven times as long for a batch's windows. The pass alone isn't enough: letters beyond the first plane, and what Unicode
composes, reorders or lower-cases by a letter's neighbours, are only in the tables of the library that evaluates the
expressions. Lines with such letters, which are rare in the languages here, are normalised by the expressions.
"""

from __future__ import annotations

import unicodedata
from functools import cache
from typing import TYPE_CHECKING, Final

import numpy as np

from latam_corpus.text.characters import LETTER, REPAIR, UPPER, classes
from latam_corpus.text.orthography import TYPED, apostrophes

if TYPE_CHECKING:
    import polars as pl
    from numpy.typing import NDArray

_ADDRESSES: Final = r"\S*(?:://|www\.|@)\S*"
# Wixárika writes one of its vowels `+`; elsewhere a plus is alone or before a digit.
_OTHER_SIGNS: Final = r"[^\p{L}\p{M}'+\n]+"
_LONE_PLUS: Final = r"(?:^|[ \n'+])[+']+(?:[ \n'+]|$)"

# A meaning below MARK is a letter's lower case; from MARK on it includes the mark, from SIGN on `'` or `+`.
MARK: Final = 1 << 21
SIGN: Final = 1 << 22
OTHER: Final = 1 << 23  # a run of them becomes one space
NEWLINE: Final = OTHER + 1
HARD: Final = OTHER + 2  # `normalise_all` must normalise the line

_PLANE: Final = 0x10000  # letters beyond it belong to scripts that no language here uses
_PICTOGRAPHS: Final = (0x1F000, 0x1FB00)
_COMPOSED: Final = 0x3100  # nothing after it in this plane is composed of a character and a mark
_SIGMA: Final = "Σ"  # ς at the end of a word


def normalise_all(texts: pl.Series) -> pl.Series:
    """Return each text in NFC and lower case with letters, marks and `'` only; addresses and digits are removed.

    Lines are kept apart; within a line everything else becomes one space. Null remains null.

    >>> import polars as pl
    >>> normalise_all(pl.Series(["¡Escríbanos a Ana@ejemplo.cl, son 25 Años!", None])).to_list()
    ['escríbanos a son años', None]
    >>> normalise_all(pl.Series(["El k’iche’ y el wixárika («t+xi»), 2+2"]))[0]
    "el k'iche' y el wixárika t+xi"
    """
    return (
        texts.str.normalize("NFC")
        .str.replace_all(_ADDRESSES, " ")
        .str.replace_all(f"[{''.join(apostrophes())}]", TYPED)
        .str.to_lowercase()
        .str.replace_all(_OTHER_SIGNS, " ")
        .str.replace_all(_LONE_PLUS, " ")
        .str.strip_chars()
    )


@cache
def meanings() -> NDArray[np.uint32]:
    """Return the meaning of each code point, uint32[0x1FB01]; the last entry applies to all beyond it."""
    plane = classes()[:_PLANE]
    categories = [unicodedata.category(chr(point)) for point in range(_PLANE)]
    letter = (plane & LETTER) != 0
    mark = np.array([category[0] == "M" for category in categories])
    control = np.array([category in ("Cc", "Cf", "Zl", "Zp") for category in categories])
    # An unassigned code point may be a letter in a newer Unicode than this Python's.
    unknown = np.array([category in ("Cn", "Co", "Cs") for category in categories])
    # NFC changes only characters of the class REPAIR: see text/characters.py.
    stable = (plane & REPAIR) == 0
    table = np.full(_PICTOGRAPHS[1] + 1, HARD, np.uint32)
    has_lower = letter & stable
    has_lower[[p for p in np.flatnonzero(plane & UPPER).tolist() if len(chr(p).lower()) != 1]] = False  # İ
    has_lower[ord(_SIGMA)] = False
    points = np.flatnonzero(has_lower)
    letters = points.astype("<u4").tobytes().decode("utf-32-le")
    table[points] = np.frombuffer(letters.lower().encode("utf-32-le"), "<u4")
    for point in np.flatnonzero(mark).tolist():
        if unicodedata.is_normalized("NFC", chr(point)):
            table[point] = MARK | point
    table[np.flatnonzero(~letter & ~unknown & (stable | control))] = OTHER
    table[slice(*_PICTOGRAPHS)] = OTHER
    table[ord("\n")] = NEWLINE
    table[ord("@")] = HARD  # an address
    table[[ord(sign) for sign in apostrophes()]] = SIGN | ord(TYPED)
    table[ord("+")] = SIGN | ord("+")
    table.setflags(write=False)
    return table


@cache
def pairs() -> tuple[NDArray[np.int16], NDArray[np.uint64]]:
    """Return tables that decide whether normalisation leaves a mark in place.

    Returns:
        The canonical combining class of each code point's last mark, int16[0x10000], 0 if it has none; and the pairs of
        code points that compose, the first shifted by 21 bits, sorted.
    """
    orders = np.array([unicodedata.combining(chr(point)) for point in range(_PLANE)], np.int16)
    composed = []
    for point in range(_COMPOSED):
        character = chr(point)
        decomposed = unicodedata.normalize("NFD", character)
        orders[point] = unicodedata.combining(decomposed[-1])
        if len(decomposed) > 1 and unicodedata.is_normalized("NFC", character):
            first, second = unicodedata.decomposition(character).split()
            composed.append(int(first, 16) << 21 | int(second, 16))
    return orders, np.array(sorted(composed), np.uint64)
