"""The normal form in which language models read text: lower case, with only letters, marks and apostrophes.

It exists in two forms: as expressions (`normalise_all`), and as a table of code points for the compiled pass over a
batch (`meanings`, used by `lines.py`). A test compares the two on all of Unicode. The expressions alone would take
seven times as long for a batch's windows. The pass alone isn't enough: only the library that evaluates the expressions
has tables for letters beyond the first plane, for composing and reordering marks, and for lower-casing by context.
Lines that need these tables are rare in the languages here, and are normalised by the expressions.
"""

from __future__ import annotations

import unicodedata
from functools import cache
from typing import TYPE_CHECKING, Final

import numpy as np

from latam_corpus.text.characters import LETTER, REPAIR, UPPER, categories, classes, code_points
from latam_corpus.text.orthography import TYPED, apostrophes

if TYPE_CHECKING:
    import polars as pl
    from numpy.typing import NDArray

_ADDRESSES: Final = r"\S*(?:://|www\.|@)\S*"
# Wixárika writes one of its vowels as `+`; in other texts, a plus sign is alone or before a digit.
_OTHER_SIGNS: Final = r"[^\p{L}\p{M}'+\n]+"
_LONE_PLUS: Final = r"(?:^|[ \n'+])[+']+(?:[ \n'+]|$)"

# A meaning below MARK is a letter's lower case. From MARK on, it includes the mark; from SIGN on, `'` or `+`.
MARK: Final = 1 << 21
SIGN: Final = 1 << 22
OTHER: Final = 1 << 23  # a run of other characters becomes one space
NEWLINE: Final = OTHER + 1
HARD: Final = OTHER + 2  # `normalise_all` must normalise the line

_PLANE: Final = 0x10000  # letters beyond the first plane belong to scripts that no language here uses
_PICTOGRAPHS: Final = (0x1F000, 0x1FB00)
_COMPOSED: Final = 0x3100  # from here on, no character of this plane is composed of another one and a mark
_SIGMA: Final = "Σ"  # its lower case is ς at the end of a word


def normalise_all(texts: pl.Series) -> pl.Series:
    """Return each text in NFC and lower case with only letters, marks and `'`; remove addresses and digits.

    Line ends are kept; inside a line, each run of other characters becomes one space. Null remains null.

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
    """Return the meaning of each code point, uint32[0x1FB01]; the last entry is for all higher code points."""
    plane = classes()[:_PLANE]
    codes = categories(code_points(0, _PLANE))
    letter = (plane & LETTER) != 0
    mark, control = _are(codes, "Mn", "Mc", "Me"), _are(codes, "Cc", "Cf", "Zl", "Zp")
    # An unassigned code point may be a letter in a newer version of Unicode than Python's.
    unknown = _are(codes, "Cn", "Co", "Cs")
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
    table[ord("@")] = HARD  # probably an address
    table[[ord(sign) for sign in apostrophes()]] = SIGN | ord(TYPED)
    table[ord("+")] = SIGN | ord("+")
    table.setflags(write=False)
    return table


def _are(codes: NDArray[np.uint16], *names: str) -> NDArray[np.bool_]:
    """Return whether each code of `categories` is one of the named ones."""
    return np.isin(codes, np.frombuffer("".join(names).encode(), np.uint16))


@cache
def pairs() -> tuple[NDArray[np.int16], NDArray[np.uint64]]:
    """Return tables for deciding whether normalisation leaves a mark in place.

    Returns:
        The canonical combining class of each code point's last mark, int16[0x10000], which is 0 without a mark; and the
            sorted pairs of code points that compose, with the first code point shifted by 21 bits.
    """
    orders = np.fromiter(map(unicodedata.combining, code_points(0, _PLANE)), np.int16, _PLANE)
    composed = []
    for point in range(_COMPOSED):
        character = chr(point)
        decomposed = unicodedata.normalize("NFD", character)
        orders[point] = unicodedata.combining(decomposed[-1])
        if len(decomposed) > 1 and unicodedata.is_normalized("NFC", character):
            first, second = unicodedata.decomposition(character).split()
            composed.append(int(first, 16) << 21 | int(second, 16))
    return orders, np.array(sorted(composed), np.uint64)
