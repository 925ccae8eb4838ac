"""Texts as their hash sees them, NFC, lower case, runs of white space one space, in one compiled pass.

`normal` states the rule. The pass follows it for documents whose every code point it can settle alone, nearly all;
the others, with marks to compose or letters whose lower case hangs on their neighbours, are left to `normal`.
"""

from __future__ import annotations

import unicodedata
from functools import cache
from typing import TYPE_CHECKING, Final

import numpy as np

from latam_corpus.text.characters import REPAIR, UPPER, classes
from latam_corpus.text.normal_kernels import HARD, SPACE, normalise
from latam_corpus.text.words import utf8

if TYPE_CHECKING:
    from collections.abc import Iterator

    import polars as pl
    from numpy.typing import NDArray

_SIGMA: Final = "Σ"  # ς at the end of a word
_LAST_SPACE: Final = 0x3000
_AT_ONCE: Final = 1 << 18  # bytes of text


def normal(text: str) -> str:
    r"""Return the text in NFC and lower case, each run of white space one space, none at its ends.

    >>> normal("  La  Luna\n")
    'la luna'
    """
    return " ".join(unicodedata.normalize("NFC", text).lower().split())


def normal_utf8(texts: pl.Series) -> Iterator[bytes | memoryview]:
    """Yield the UTF-8 of `normal` of each text, good until the next one is asked for; null counts as empty.

    >>> import polars as pl
    >>> [bytes(found).decode() for found in normal_utf8(pl.Series(["¡Ay,  AY!", None]))]
    ['¡ay, ay!', '']
    """
    data, offsets = utf8(texts)
    settled = _ascii()
    # The lower case of two bytes has at most three (Ⱥ), and no other grows as much. A piece at a time, so that what is
    # written is read again before it leaves the processor's cache.
    sizes = np.diff(offsets)
    longest = int(max(sizes.max(initial=0), _AT_ONCE))
    buffer = np.empty(longest + longest // 2 + 1, np.uint8)
    view = buffer.data
    first = 0
    while first < len(sizes):
        stop = max(first + 1, int(np.searchsorted(offsets, offsets[first] + _AT_ONCE, side="right")) - 1)
        ends = np.zeros(stop - first + 1, np.int64)
        hard = np.zeros(stop - first, np.bool_)
        normalise(data, offsets[first : stop + 1], _meanings(), settled, buffer, ends, hard)
        bounds = ends.tolist()
        for row, left in enumerate(hard.tolist()):
            if left:
                start, end = offsets[first + row], offsets[first + row + 1]
                yield normal(data[start:end].tobytes().decode()).encode()
            else:
                yield view[bounds[row] : bounds[row + 1]]
        first = stop


@cache
def _meanings() -> NDArray[np.uint32]:
    """For each code point its lower case, or that it is white space, or that it can't be settled alone."""
    known = classes()
    # NFC may change what has the class REPAIR, and nothing else: see text/characters.py.
    left = (known & REPAIR) != 0
    left[ord(_SIGMA)] = True
    left[[p for p in np.flatnonzero(known & UPPER).tolist() if len(chr(p).lower()) != 1]] = True  # İ
    settled = np.flatnonzero(~left)
    meanings = np.full(len(known), HARD, np.uint32)
    together = settled.astype("<u4").tobytes().decode("utf-32-le")
    meanings[settled] = np.frombuffer(together.lower().encode("utf-32-le"), "<u4")
    meanings[[p for p in settled[settled <= _LAST_SPACE].tolist() if chr(p).isspace()]] = SPACE
    return meanings


@cache
def _ascii() -> NDArray[np.uint8]:
    """For each ASCII character its lower case, or a space for white space, uint8[128]: each can be settled alone."""
    return np.array([32 if chr(p).isspace() else ord(chr(p).lower()) for p in range(128)], np.uint8)
