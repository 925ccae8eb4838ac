"""The rule by which language models read text: lower case, letters, marks and apostrophes only.

It stands twice: as expressions (`normalise_all`), and as what each code point means to the compiled pass over a batch
(`meanings`, for `lines.py`). A test holds the two together on all of Unicode. The expressions alone would take seven
times as long for a batch's windows. The pass alone can't be had: which letters there are beyond the first plane, and
what Unicode composes, reorders or writes in lower case by a letter's neighbours, stand in the tables of the library
that reads the expressions. Lines with such letters, few in the languages here, are left to them.
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
# Wixárika writes one of its vowels `+`; elsewhere a plus stands alone or before a digit.
_OTHER_SIGNS: Final = r"[^\p{L}\p{M}'+\n]+"
_LONE_PLUS: Final = r"(?:^|[ \n'+])[+']+(?:[ \n'+]|$)"

# Below MARK a meaning is a letter's lower case; from MARK on it holds the mark, from SIGN on `'` or `+`.
MARK: Final = 1 << 21
SIGN: Final = 1 << 22
OTHER: Final = 1 << 23  # one space for a run of them
NEWLINE: Final = OTHER + 1
HARD: Final = OTHER + 2  # the line is left to `normalise_all`

_PLANE: Final = 0x10000  # letters beyond are of scripts that no language here is written in
_PICTOGRAPHS: Final = (0x1F000, 0x1FB00)
_COMPOSED: Final = 0x3100  # in this plane nothing after it is composed of a character and a mark
_SIGMA: Final = "Σ"  # ς at the end of a word


def normalise_all(texts: pl.Series) -> pl.Series:
    """Each text in NFC and lower case with letters, marks and `'` kept; addresses and digits are left out.

    Lines stay apart; within a line one space stands for everything else. Null stays null.

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
    """For each code point what it means, uint32[0x1FB01], the last for it and all beyond."""
    plane = classes()[:_PLANE]
    categories = [unicodedata.category(chr(point)) for point in range(_PLANE)]
    letter = (plane & LETTER) != 0
    mark = np.array([category[0] == "M" for category in categories])
    control = np.array([category in ("Cc", "Cf", "Zl", "Zp") for category in categories])
    # What is not assigned may be a letter to a newer Unicode than this Python's.
    unknown = np.array([category in ("Cn", "Co", "Cs") for category in categories])
    # NFC may change what has the class REPAIR, and nothing else: see text/characters.py.
    stable = (plane & REPAIR) == 0
    table = np.full(_PICTOGRAPHS[1] + 1, HARD, np.uint32)
    small = letter & stable
    small[[p for p in np.flatnonzero(plane & UPPER).tolist() if len(chr(p).lower()) != 1]] = False  # İ
    small[ord(_SIGMA)] = False
    points = np.flatnonzero(small)
    together = points.astype("<u4").tobytes().decode("utf-32-le")
    table[points] = np.frombuffer(together.lower().encode("utf-32-le"), "<u4")
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
    """Return what tells whether a mark stays where it is.

    Returns:
        The canonical combining class of each code point's last mark, int16[0x10000], 0 where it has none; and the
        pairs of code points that compose, the first shifted by 21 bits, sorted.
    """
    orders = np.array([unicodedata.combining(chr(point)) for point in range(_PLANE)], np.int16)
    composed = []
    for point in range(_COMPOSED):
        character = chr(point)
        apart = unicodedata.normalize("NFD", character)
        orders[point] = unicodedata.combining(apart[-1])
        if len(apart) > 1 and unicodedata.is_normalized("NFC", character):
            first, second = unicodedata.decomposition(character).split()
            composed.append(int(first, 16) << 21 | int(second, 16))
    return orders, np.array(sorted(composed), np.uint64)
