"""Compute the line vectors of a quantized classifier in one compiled pass, equal to fastText's vectors.

fastText hashes and decodes every n-gram of every word each time, at about 8,000 windows per second. Here, a table
caches the sum of each word by its hash, so that a repeated word costs one look-up. A word that isn't cached costs
thirty times as much, so the table keeps the words that recur.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

import numpy as np

from latam_corpus.language.classifier.ftz import uncached, within
from latam_corpus.language.classifier.lines import LineStore
from latam_corpus.language.classifier.vectors_kernels import Input, WordCache, enter_words, mean_rows, multiply

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

    from latam_corpus.language.classifier.ftz import ArrayCache, Parts

_FEW_LINES: Final = 256
_SLOTS: Final = 1 << 16  # cached words: 8 MB at 32 dimensions
_END: Final = b"</s>"  # fastText's token for the end of a line


@dataclass(frozen=True, eq=False)
class Vectors:
    """The input layer of a classifier.

    Attributes:
        parts: the classifier.
        keys: uint64[capacity], hashes of the vocabulary's words, 0 if free.
        values: uint64[capacity], their rows.
        seen, sums, counts: the cached words' hashes, with a usage count in the lowest bits; the sums of their rows; and
            the numbers of their rows.
        end: the row of the end of a line; -1 if there is none.
    """

    parts: Parts
    keys: NDArray[np.uint64]
    values: NDArray[np.uint64]
    seen: NDArray[np.uint64]
    sums: NDArray[np.int32]
    counts: NDArray[np.int32]
    end: int

    @classmethod
    def of(cls, parts: Parts, array_cache: ArrayCache = uncached) -> Vectors:
        """Build the input layer of these parts, with an empty cache of words.

        Args:
            parts: the classifier.
            array_cache: the cache that the arrays of the parts come from.
        """
        word_count = parts.words.count(b" ")
        capacity = 1 << max(4, (2 * word_count).bit_length())

        def entered() -> NDArray[np.uint64]:
            table = np.zeros((2, capacity), np.uint64)
            enter_words(np.frombuffer(parts.words, np.uint8), table[0], table[1])
            return table

        keys, values = array_cache("words", (2, capacity), np.uint64, entered)
        if not within(values, max(word_count, 1)) or np.count_nonzero(keys) > word_count:  # the cached table is damaged
            keys, values = entered()
        return cls(
            parts,
            keys,
            values,
            np.zeros(_SLOTS, np.uint64),
            np.zeros((_SLOTS, parts.rows.shape[1]), np.int32),
            np.zeros(_SLOTS, np.int32),
            _row_of(_END, parts.words),
        )

    def __call__(self, lines: Sequence[str]) -> NDArray[np.float32]:
        """Return the mean of the rows of each line's words and their n-grams, float32[lines, dim].

        Args:
            lines: normalised text, words separated by one space, without newlines.
        """
        normalised = lines if isinstance(lines, LineStore) else LineStore.of(lines)
        means = np.zeros((len(normalised), self.parts.rows.shape[1]), np.float32)
        parts = self.parts
        layer = Input(
            parts.rows, np.float32(parts.unit), parts.row_of, parts.minn, parts.maxn, self.keys, self.values, self.end
        )
        mean_rows(
            normalised.data,
            normalised.starts,
            normalised.ends,
            layer,
            WordCache(self.seen, self.sums, self.counts),
            means,
        )
        return means


def _row_of(word: bytes, words: bytes) -> int:
    position = (b" " + words).find(b" " + word + b" ")
    return words.count(b" ", 0, position) if position >= 0 else -1


def products(lines: NDArray[np.float32], across: NDArray[np.float32]) -> NDArray[np.float32]:
    """Return the product of line vectors, float32[lines, dim], and the transposed output matrix, float32[dim, labels].

    The matrix product of a library may round differently in another batch, and scores are part of a release.

    >>> products(np.array([[1, 2]], np.float32), np.array([[3, 0], [1, 4]], np.float32)).tolist()
    [[5.0, 8.0]]
    """
    if len(lines) % 2:  # the kernel multiplies two lines at a time
        return products(np.concatenate([lines, lines[:1]]), across)[:-1]
    out = np.zeros((len(lines), across.shape[1]), np.float32)
    if len(lines) <= _FEW_LINES:  # adds in the same order as `multiply`, without loading Numba
        for dimension in range(lines.shape[1]):
            out += lines[:, dimension, None] * across[dimension]
        return out
    multiply(lines, across, out)
    return out
