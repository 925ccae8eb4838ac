"""How a document's characters are distributed, from one histogram of its code points."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache
from typing import TYPE_CHECKING

import numpy as np

from latam_corpus.quality.signals.letters_kernels import MOST_ALPHABETS, count_letters
from latam_corpus.text.characters import classes

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

    from latam_corpus.text.words import WordTable


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

        >>> from latam_corpus.text.words import WordTable
        >>> found = Letters.of(WordTable.of(["{ñañá}", "abcd"]), ["anñ", ""])
        >>> found.foreign.tolist(), found.braces.tolist(), found.entropy.tolist()[1]
        ([1, -1], [2, 0], 2.0)
        """
        n = len(words)
        made = cls(np.zeros(n), *(np.full(n, start, np.int64) for start in (-1, 0, 0)))
        different = tuple(sorted({letters for letters in alphabets if letters}))
        numbers = {letters: number for number, letters in enumerate(different)}
        own = np.array([numbers.get(letters, -1) for letters in alphabets] or [-1] * n, np.int64)
        count_letters(
            words.arrays, classes(), own, _allowed(different), made.entropy, made.foreign, made.braces, made.hashes
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
