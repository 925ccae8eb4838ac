"""Repetition inside each document: of lines, of paragraphs, and of n-grams of words, in compiled passes.

An n-gram of n words can stand twice only where both (n-1)-grams inside it do. So of the n-grams of each length only
those are looked up whose parts were repeated: in prose a few of a hundred, where ten look-ups a word would be needed.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from latam_corpus.quality.signals.repetition_kernels import LONGEST_GRAM, grams, paragraphs, repeats

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from latam_corpus.text.words import WordTable


@dataclass(frozen=True, eq=False)
class Grams:
    """Repeated n-grams of n documents.

    Attributes:
        duplicate: int64[n, LONGEST_GRAM + 1], by length of the n-gram: letters and digits in n-grams that stood before,
            read from left to right without overlap, as datatrove counts them.
        top: int64[n, LONGEST_GRAM + 1], the most frequent n-gram's characters, a space between its words, times how
            often it stands there; of several as frequent the first one counts.
        distinct: int64[n], how many different words there are.
        entropy: float64[n], of the distribution of words, in bits.
    """

    duplicate: NDArray[np.int64]
    top: NDArray[np.int64]
    distinct: NDArray[np.int64]
    entropy: NDArray[np.float64]

    @classmethod
    def of(cls, words: WordTable) -> Grams:
        """The repeated n-grams of these documents.

        >>> from latam_corpus.text.words import WordTable
        >>> grams = Grams.of(WordTable.of(["ay amor, ay amor, ay amor"]))
        >>> grams.duplicate[0, 2].item(), grams.top[0, 2].item(), grams.distinct.tolist(), grams.entropy.tolist()
        (12, 21, [2], [1.0])
        """
        n = len(words)
        made = cls(
            np.zeros((n, LONGEST_GRAM + 1), np.int64),
            np.zeros((n, LONGEST_GRAM + 1), np.int64),
            np.zeros(n, np.int64),
            np.zeros(n, np.float64),
        )
        grams(words.hashes, words.lengths, words.doc_words, made.duplicate, made.top, made.distinct, made.entropy)
        return made


@dataclass(frozen=True, eq=False)
class Repeats:
    """Units (lines or paragraphs) that stood before in the same document, of n documents.

    Attributes:
        units: int64[n], how many that aren't blank.
        repeated: int64[n], how many of them stood before.
        chars: int64[n], characters in the repeated ones, white space left out.
    """

    units: NDArray[np.int64]
    repeated: NDArray[np.int64]
    chars: NDArray[np.int64]

    @classmethod
    def of_lines(cls, words: WordTable) -> Repeats:
        r"""The repeated lines.

        >>> from latam_corpus.text.words import WordTable
        >>> Repeats.of_lines(WordTable.of(["Fin\n\nFin\nInicio"])).repeated.tolist()
        [1]
        """
        return cls._of(words.line_hashes, words.line_chars, words.doc_lines)

    @classmethod
    def of_paragraphs(cls, words: WordTable) -> Repeats:
        r"""The repeated paragraphs: lines between blank ones.

        >>> from latam_corpus.text.words import WordTable
        >>> found = Repeats.of_paragraphs(WordTable.of(["Ay,\nay.\n\nNo.\n \nAy,\nay."]))
        >>> found.units.tolist(), found.repeated.tolist(), found.chars.tolist()
        ([3], [1], [6])
        """
        most = len(words.line_hashes)
        hashes, chars = np.empty(most, np.uint64), np.empty(most, np.int32)
        bounds = np.zeros(len(words) + 1, np.int64)
        count = paragraphs(
            words.line_hashes, words.line_chars, words.line_kinds, words.doc_lines, hashes, chars, bounds
        )
        return cls._of(hashes[:count], chars[:count], bounds)

    @classmethod
    def _of(cls, hashes: NDArray[np.uint64], chars: NDArray[np.int32], bounds: NDArray[np.int64]) -> Repeats:
        n = len(bounds) - 1
        made = cls(np.zeros(n, np.int64), np.zeros(n, np.int64), np.zeros(n, np.int64))
        repeats(hashes, chars, bounds, made.units, made.repeated, made.chars)
        return made
