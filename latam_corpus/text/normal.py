"""Texts as their hash sees them, NFC, lower case, runs of white space one space, in one compiled pass.

`normal` states the rule. The pass follows it for documents whose every code point it can settle alone, nearly all;
the others, with marks to compose or letters whose lower case hangs on their neighbours, are left to `normal`.
"""

from __future__ import annotations

import unicodedata
from functools import cache
from typing import TYPE_CHECKING, Final

import numba
import numpy as np

from latam_corpus.text.characters import REPAIR, UPPER, classes
from latam_corpus.text.words import _decode, utf8

if TYPE_CHECKING:
    from collections.abc import Iterator

    import polars as pl
    from numpy.typing import NDArray

_SPACE: Final = 0xFFFFFFFF
_HARD: Final = 0xFFFFFFFE
_SIGMA: Final = "Σ"  # ς at the end of a word
_LAST_SPACE: Final = 0x3000


def normal(text: str) -> str:
    r"""The text in NFC and lower case, each run of white space one space, none at its ends.

    >>> normal("  La  Luna\n")
    'la luna'
    """
    return " ".join(unicodedata.normalize("NFC", text).lower().split())


def normal_utf8(texts: pl.Series) -> Iterator[bytes | memoryview]:
    """The UTF-8 of `normal` of each text; null counts as empty.

    >>> import polars as pl
    >>> [bytes(found).decode() for found in normal_utf8(pl.Series(["¡Ay,  AY!", None]))]
    ['¡ay, ay!', '']
    """
    data, offsets = utf8(texts)
    # The lower case of two bytes has at most three (Ⱥ), and no other grows as much.
    made = np.empty(len(data) + len(data) // 2 + 1, np.uint8)
    ends = np.zeros(len(offsets), np.int64)
    hard = np.zeros(len(offsets) - 1, np.bool_)
    _normalise(data, offsets, _meanings(), made, ends, hard)
    view = made.data
    bounds = ends.tolist()
    for row, left in enumerate(hard.tolist()):
        if left:
            yield normal(data[offsets[row] : offsets[row + 1]].tobytes().decode()).encode()
        else:
            yield view[bounds[row] : bounds[row + 1]]


@cache
def _meanings() -> NDArray[np.uint32]:
    """For each code point its lower case, or that it is white space, or that it can't be settled alone."""
    known = classes()
    # NFC may change what has the class REPAIR, and nothing else: see text/characters.py.
    left = (known & REPAIR) != 0
    left[ord(_SIGMA)] = True
    left[[p for p in np.flatnonzero(known & UPPER).tolist() if len(chr(p).lower()) != 1]] = True  # İ
    settled = np.flatnonzero(~left)
    meanings = np.full(len(known), _HARD, np.uint32)
    together = settled.astype("<u4").tobytes().decode("utf-32-le")
    meanings[settled] = np.frombuffer(together.lower().encode("utf-32-le"), "<u4")
    meanings[[p for p in settled[settled <= _LAST_SPACE].tolist() if chr(p).isspace()]] = _SPACE
    return meanings


@numba.njit(cache=True, nogil=True, inline="always")
def _encode(made, at, point):  # type: ignore[no-untyped-def]  # noqa: ANN001, ANN202
    """Write a code point's UTF-8 at byte `at`; returns the byte after it."""
    if point < 0x80:  # noqa: PLR2004
        made[at] = point
        return at + 1
    if point < 0x800:  # noqa: PLR2004
        made[at] = 0xC0 | (point >> 6)
        made[at + 1] = 0x80 | (point & 0x3F)
        return at + 2
    if point < 0x10000:  # noqa: PLR2004
        made[at] = 0xE0 | (point >> 12)
        made[at + 1] = 0x80 | ((point >> 6) & 0x3F)
        made[at + 2] = 0x80 | (point & 0x3F)
        return at + 3
    made[at] = 0xF0 | (point >> 18)
    made[at + 1] = 0x80 | ((point >> 12) & 0x3F)
    made[at + 2] = 0x80 | ((point >> 6) & 0x3F)
    made[at + 3] = 0x80 | (point & 0x3F)
    return at + 4


@numba.njit(cache=True, nogil=True)
def _normalise(data, offsets, meanings, made, ends, hard):  # type: ignore[no-untyped-def]  # noqa: ANN001, ANN202
    at = 0
    for d in range(len(offsets) - 1):
        i, end = offsets[d], offsets[d + 1]
        start = at
        gap = False
        while i < end:
            point, width = _decode(data, i)
            i += width
            small = meanings[point]
            if small == _SPACE:
                gap = at > start
                continue
            if small == _HARD:
                hard[d] = True
                at = start
                break
            if gap:
                made[at] = 32
                at += 1
                gap = False
            at = _encode(made, at, small)
        ends[d + 1] = at
