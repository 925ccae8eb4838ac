"""Normalise texts for hashing in one compiled pass: NFC, lower case, runs of white space as one space.

`normal` defines the rule. The pass applies it to nearly all documents: those whose code points can be normalised one by
one. Documents with marks to compose, or with letters whose lower case depends on their neighbours, are left to
`normal`.
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
    r"""Return the text in NFC and lower case, with runs of white space as one space and none at its ends.

    >>> normal("  La  Luna\n")
    'la luna'
    """
    return " ".join(unicodedata.normalize("NFC", text).lower().split())


def normal_utf8(texts: pl.Series) -> Iterator[bytes | memoryview]:
    """Yield the UTF-8 of `normal` of each text; null counts as empty.

    Each value is valid until the next one is requested.

    >>> import polars as pl
    >>> [bytes(text).decode() for text in normal_utf8(pl.Series(["¡Ay,  AY!", None]))]
    ['¡ay, ay!', '']
    """
    data, offsets = utf8(texts)
    ascii_lower = _ascii()
    # Lower case is longer by at most half (Ⱥ grows from two bytes to three). The texts are processed in pieces, so that
    # the output is still in the processor's cache when it is read.
    sizes = np.diff(offsets)
    longest = int(max(sizes.max(initial=0), _AT_ONCE))
    buffer = np.empty(longest + longest // 2 + 1, np.uint8)
    view = buffer.data
    first = 0
    while first < len(sizes):
        stop = max(first + 1, int(np.searchsorted(offsets, offsets[first] + _AT_ONCE, side="right")) - 1)
        ends = np.zeros(stop - first + 1, np.int64)
        hard = np.zeros(stop - first, np.bool_)
        normalise(data, offsets[first : stop + 1], _meanings(), ascii_lower, buffer, ends, hard)
        bounds = ends.tolist()
        for row, needs_python in enumerate(hard.tolist()):
            if needs_python:
                start, end = offsets[first + row], offsets[first + row + 1]
                yield normal(data[start:end].tobytes().decode()).encode()
            else:
                yield view[bounds[row] : bounds[row + 1]]
        first = stop


@cache
def _meanings() -> NDArray[np.uint32]:
    """Return the lower case of each code point; SPACE for white space, HARD for one that can't be normalised alone."""
    class_of = classes()
    # NFC changes only characters of the class REPAIR: see text/characters.py.
    is_hard = (class_of & REPAIR) != 0
    is_hard[ord(_SIGMA)] = True
    is_hard[[p for p in np.flatnonzero(class_of & UPPER).tolist() if len(chr(p).lower()) != 1]] = True  # İ
    settled = np.flatnonzero(~is_hard)
    meanings = np.full(len(class_of), HARD, np.uint32)
    joined = settled.astype("<u4").tobytes().decode("utf-32-le")
    meanings[settled] = np.frombuffer(joined.lower().encode("utf-32-le"), "<u4")
    meanings[[p for p in settled[settled <= _LAST_SPACE].tolist() if chr(p).isspace()]] = SPACE
    return meanings


@cache
def _ascii() -> NDArray[np.uint8]:
    """Return the lower case of each ASCII character, or a space for white space, uint8[128]."""
    return np.array([32 if chr(p).isspace() else ord(chr(p).lower()) for p in range(128)], np.uint8)
