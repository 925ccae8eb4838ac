"""Byte n-gram models: interpolated modified Kneser-Ney smoothing (Chen and Goodman 1999, section 3).

Every byte has a probability after any context, so that texts of any language can be compared in bits per byte. An
n-gram is stored as a 64-bit number whose lowest byte is the last one, so that sorting makes n-grams with the same
context adjacent.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final, Self

import numpy as np

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

ORDER: Final = 7
MOST: Final = 8  # bytes in a 64-bit number
_END: Final = b"\0"
_BYTES: Final = 256
# Used if there are too few n-grams with counts of one to four for the discounts' formula.
_USUAL: Final = (0.5, 0.75, 0.9)


@dataclass(frozen=True)
class _Level:
    """The n-grams of one length.

    Attributes:
        ngrams: the n-grams, sorted.
        counts: how often each n-gram occurs; except for the longest ones, the number of different bytes before it.
        contexts: the n-grams without their last byte, sorted.
        totals: the sum of counts for each context.
        saved: the discounted mass of each context, which goes to shorter n-grams.
        discounts: the amounts subtracted from counts of 1, of 2, and of 3 or more.
    """

    ngrams: NDArray[np.uint64]
    counts: NDArray[np.int64]
    contexts: NDArray[np.uint64]
    totals: NDArray[np.int64]
    saved: NDArray[np.float64]
    discounts: NDArray[np.float64]

    @classmethod
    def of(cls, ngrams: NDArray[np.uint64], counts: NDArray[np.int64]) -> Self:
        """Build the level of sorted n-grams and their counts."""
        discounts = _discounts(counts)
        contexts, starts = np.unique(ngrams >> np.uint64(8), return_index=True)
        saved = np.add.reduceat(discounts[np.minimum(counts, 3) - 1], starts)
        return cls(ngrams, counts, contexts, np.add.reduceat(counts, starts), saved, discounts)

    def probabilities(self, shorter: NDArray[np.float64], ngrams: NDArray[np.uint64]) -> NDArray[np.float64]:
        """Return the probability of the last byte of each n-gram.

        `shorter` has the probabilities by contexts that are one byte shorter.
        """
        context_index, has_context = _find(self.contexts, ngrams >> np.uint64(8))
        index, is_seen = _find(self.ngrams, ngrams)
        counts = np.where(is_seen, self.counts[index], 0)
        discounts = np.where(is_seen, self.discounts[np.clip(counts, 1, 3) - 1], 0.0)
        mass = counts - discounts + self.saved[context_index] * shorter
        return np.where(has_context, mass / self.totals[context_index], shorter)


@dataclass(frozen=True)
class ByteNgrams:
    """A byte n-gram model."""

    levels: tuple[_Level, ...]

    @classmethod
    def fit(cls, texts: Sequence[bytes], order: int = ORDER) -> Self:
        """Train a model on texts; it also predicts the end of a text.

        `order` is the length of the longest n-grams, at most MOST.
        """
        unique, counts = np.unique(_ngrams(texts, order), return_counts=True)
        levels = [_Level.of(unique, counts.astype(np.int64))]
        for size in range(order - 1, 0, -1):
            unique, counts = np.unique(unique & mask(size), return_counts=True)
            levels.append(_Level.of(unique, counts.astype(np.int64)))
        return cls(tuple(reversed(levels)))

    def bits(self, texts: Sequence[bytes]) -> NDArray[np.float64]:
        """Return the number of bits needed to encode each text, including its end.

        >>> model = ByteNgrams.fit([b"agua que corre"] * 3, order=3)
        >>> seen, unseen = model.bits([b"agua que corre", b"xyz xyz xyz xy"])
        >>> bool(seen < 14 < 8 * 14 < unseen)
        True
        """
        ngrams, inverse = np.unique(_ngrams(texts, len(self.levels)), return_inverse=True)
        probabilities = np.full(len(ngrams), 1 / _BYTES)
        for size, level in enumerate(self.levels, 1):
            probabilities = level.probabilities(probabilities, ngrams & mask(size))
        starts = np.cumsum([0, *(len(text) + 1 for text in texts[:-1])])
        return np.add.reduceat(-np.log2(probabilities)[inverse], starts)


def _ngrams(texts: Sequence[bytes], order: int) -> NDArray[np.uint64]:
    """Return the n-grams that end at each byte of the texts, and at the end of each text."""
    padding = _END * (order - 1)
    data = np.frombuffer(padding + b"".join(text.replace(_END, b" ") + _END + padding for text in texts), np.uint8)
    sizes = np.array([len(text) + 1 for text in texts])
    # No n-gram may end in the padding between two texts.
    ends = np.arange(sizes.sum()) + np.repeat(np.arange(1, len(texts) + 1) * (order - 1), sizes)
    ngrams = np.zeros(len(ends), np.uint64)
    for distance in range(order):
        ngrams |= data[ends - distance].astype(np.uint64) << np.uint64(8 * distance)
    return ngrams


def mask(size: int) -> np.uint64:
    """Return the bit mask of the last `size` bytes of an n-gram."""
    return np.uint64((1 << 8 * size) - 1)


def _find(values: NDArray[np.uint64], queries: NDArray[np.uint64]) -> tuple[NDArray[np.int64], NDArray[np.bool_]]:
    """Return the index of each query in sorted values, and whether it is one of them."""
    index = np.minimum(np.searchsorted(values, queries), len(values) - 1)
    return index, values[index] == queries


def _discounts(counts: NDArray[np.int64]) -> NDArray[np.float64]:
    # These are n1 to n4 and Y in the paper.
    n1, n2, n3, n4 = (int((counts == times).sum()) for times in (1, 2, 3, 4))
    if not all((n1, n2, n3, n4)):
        return np.array(_USUAL)
    y = n1 / (n1 + 2 * n2)
    discounts = (1 - 2 * y * n2 / n1, 2 - 3 * y * n3 / n2, 3 - 4 * y * n4 / n3)
    return np.array([min(max(value, 0.05), limit) for value, limit in zip(discounts, (0.95, 1.95, 2.95), strict=True)])
