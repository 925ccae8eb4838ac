"""How a document's characters are distributed, from one histogram of its code points."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache
from typing import TYPE_CHECKING, Final

import numba
import numpy as np

from latam_corpus.text.characters import LETTER, classes
from latam_corpus.text.words import WordTable, _decode

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

MOST_ALPHABETS: Final = 64
_ASCII: Final = 0x80
_NEWLINE: Final = 10
_HASH: Final = 35
_OPEN: Final = 123
_CLOSE: Final = 125


@dataclass(frozen=True, eq=False)
class Letters:
    """The characters of n documents.

    Attributes:
        entropy: float64[n], of the distribution of code points, line ends left out, in bits.
        foreign: int64[n], letters and marks outside the document's alphabet; -1 where it has none.
        braces: int64[n], the signs { and }.
        hashes: int64[n], the sign #.
    """

    entropy: NDArray[np.float64]
    foreign: NDArray[np.int64]
    braces: NDArray[np.int64]
    hashes: NDArray[np.int64]

    @classmethod
    def of(cls, words: WordTable, alphabets: Sequence[str] = ()) -> Letters:
        """The characters of these documents.

        Args:
            words: the word table of n documents.
            alphabets: n strings of a language's letters, empty where they aren't known; none at all is all empty.

        Raises:
            ValueError: more than 64 different alphabets.

        >>> found = Letters.of(WordTable.of(["{ñañá}", "abcd"]), ["anñ", ""])
        >>> found.foreign.tolist(), found.braces.tolist(), found.entropy.tolist()[1]
        ([1, -1], [2, 0], 2.0)
        """
        n = len(words)
        made = cls(np.zeros(n), *(np.full(n, start, np.int64) for start in (-1, 0, 0)))
        different = tuple(sorted({letters for letters in alphabets if letters}))
        numbers = {letters: number for number, letters in enumerate(different)}
        own = np.array([numbers.get(letters, -1) for letters in alphabets] or [-1] * n, np.int64)
        _count(
            words.data,
            words.doc_bytes,
            classes(),
            own,
            _allowed(different),
            made.entropy,
            made.foreign,
            made.braces,
            made.hashes,
        )
        return made


@cache
def _allowed(alphabets: tuple[str, ...]) -> NDArray[np.uint64]:
    """For each code point the bit set of the alphabets that have it, capitals and small letters alike."""
    if len(alphabets) > MOST_ALPHABETS:
        raise ValueError(f"{len(alphabets)} alphabets in one batch; one table holds {MOST_ALPHABETS}")
    table = np.zeros(len(classes()), np.uint64)
    for number, letters in enumerate(alphabets):
        for character in {*letters, *letters.upper(), *letters.lower()}:
            table[ord(character)] |= np.uint64(1 << number)
    return table


@numba.njit(cache=True, nogil=True)
def _count(data, doc_bytes, class_of, own, allowed, entropy, foreign, braces, hashes):  # type: ignore[no-untyped-def]  # noqa: ANN001, ANN202
    times = np.zeros(len(class_of), np.int32)
    met = np.empty(len(class_of), np.int32)
    for point in range(_ASCII):
        met[point] = point
    for d in range(len(doc_bytes) - 1):
        found = _ASCII
        total = 0
        i = doc_bytes[d]
        end = doc_bytes[d + 1]
        while i < end:
            total += 1
            if data[i] < _ASCII:
                times[data[i]] += 1
                i += 1
                continue
            point, width = _decode(data, i)
            if times[point] == 0:
                met[found] = point
                found += 1
            times[point] += 1
            i += width
        total -= times[_NEWLINE]
        times[_NEWLINE] = 0
        braces[d] = times[_OPEN] + times[_CLOSE]
        hashes[d] = times[_HASH]
        outside = 0
        scattered = 0.0
        for k in range(found):
            point = met[k]
            count = times[point]
            if count == 0:
                continue
            times[point] = 0
            scattered += count * np.log2(count)
            if class_of[point] & LETTER and own[d] >= 0:
                outside += count * np.int64((allowed[point] >> np.uint64(own[d])) & np.uint64(1) == 0)
        if total:
            entropy[d] = max(0.0, np.log2(total) - scattered / total)
        if own[d] >= 0:
            foreign[d] = outside
