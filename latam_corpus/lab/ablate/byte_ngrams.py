"""A model of bytes by the n before them: interpolated modified Kneser-Ney (Chen and Goodman 1999, section 3).

Every byte has a probability after any context, so that texts of any language are comparable in bits a byte.
A run of n bytes is the number of them in one 64-bit word, the last byte lowest; so runs with one context stand together
when they are sorted.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final, Self

import numpy as np

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

ORDER: Final = 7
MOST: Final = 8  # bytes that one word holds
_END: Final = b"\0"
_BYTES: Final = 256
# Where too few runs are seen once to four times for the discounts' own formula.
_USUAL: Final = (0.5, 0.75, 0.9)


@dataclass(frozen=True)
class _Level:
    """Runs of one length.

    Attributes:
        runs: sorted.
        counts: of each: how often it is there or, of shorter runs than the longest, after how many bytes.
        contexts: the runs without their last byte, sorted.
        totals: of each context, the counts of its runs.
        saved: of each context, what is taken off its runs and given to shorter ones.
        discounts: taken off runs with the count 1, 2, and more.
    """

    runs: NDArray[np.uint64]
    counts: NDArray[np.int64]
    contexts: NDArray[np.uint64]
    totals: NDArray[np.int64]
    saved: NDArray[np.float64]
    discounts: NDArray[np.float64]

    @classmethod
    def of(cls, runs: NDArray[np.uint64], counts: NDArray[np.int64]) -> Self:
        """Return the level of these runs."""
        discounts = _discounts(counts)
        contexts, starts = np.unique(runs >> np.uint64(8), return_index=True)
        saved = np.add.reduceat(discounts[np.minimum(counts, 3) - 1], starts)
        return cls(runs, counts, contexts, np.add.reduceat(counts, starts), saved, discounts)

    def after(self, shorter: NDArray[np.float64], runs: NDArray[np.uint64]) -> NDArray[np.float64]:
        """Return the probability of the last byte of each run, given what it is after a byte less."""
        slot, known = _find(self.contexts, runs >> np.uint64(8))
        at, seen = _find(self.runs, runs)
        counts = np.where(seen, self.counts[at], 0)
        taken = np.where(seen, self.discounts[np.clip(counts, 1, 3) - 1], 0.0)
        return np.where(known, (counts - taken + self.saved[slot] * shorter) / self.totals[slot], shorter)


@dataclass(frozen=True)
class ByteNgrams:
    """A model of bytes.

    Attributes:
        levels: of runs of one byte, two, and so on.
    """

    levels: tuple[_Level, ...]

    @classmethod
    def fit(cls, texts: Sequence[bytes], order: int = ORDER) -> Self:
        """Return the model of these texts, each of which ends.

        Args:
            texts: at least one.
            order: of the longest runs, at most MOST.
        """
        runs = _runs(texts, order)
        unique, counts = np.unique(runs, return_counts=True)
        levels = [_Level.of(unique, counts.astype(np.int64))]
        for size in range(order - 1, 0, -1):
            unique, counts = np.unique(unique & mask(size), return_counts=True)
            levels.append(_Level.of(unique, counts.astype(np.int64)))
        return cls(tuple(reversed(levels)))

    def bits(self, texts: Sequence[bytes]) -> NDArray[np.float64]:
        """Return the bits of each text, its end included.

        >>> model = ByteNgrams.fit([b"agua que corre"] * 3, order=3)
        >>> known, other = model.bits([b"agua que corre", b"xyz xyz xyz xy"])
        >>> bool(known < 14 < 8 * 14 < other)
        True
        """
        runs, back = np.unique(_runs(texts, len(self.levels)), return_inverse=True)
        chance = np.full(len(runs), 1 / _BYTES)
        for size, level in enumerate(self.levels, 1):
            chance = level.after(chance, runs & mask(size))
        starts = np.cumsum([0, *(len(text) + 1 for text in texts[:-1])])
        return np.add.reduceat(-np.log2(chance)[back], starts)


def _runs(texts: Sequence[bytes], order: int) -> NDArray[np.uint64]:
    """Return the run that each byte of the texts ends, and that each text's end does."""
    before = _END * (order - 1)
    data = np.frombuffer(before + b"".join(text.replace(_END, b" ") + _END + before for text in texts), np.uint8)
    sizes = np.array([len(text) + 1 for text in texts])
    # The bytes between two texts are no one's.
    ends = np.arange(sizes.sum()) + np.repeat(np.arange(1, len(texts) + 1) * (order - 1), sizes)
    runs = np.zeros(len(ends), np.uint64)
    for back in range(order):
        runs |= data[ends - back].astype(np.uint64) << np.uint64(8 * back)
    return runs


def mask(size: int) -> np.uint64:
    """Return what leaves of a run its last bytes, so many of them."""
    return np.uint64((1 << 8 * size) - 1)


def _find(known: NDArray[np.uint64], wanted: NDArray[np.uint64]) -> tuple[NDArray[np.int64], NDArray[np.bool_]]:
    """Return where each is among those that are known, which are sorted, and whether it is."""
    at = np.minimum(np.searchsorted(known, wanted), len(known) - 1)
    return at, known[at] == wanted


def _discounts(counts: NDArray[np.int64]) -> NDArray[np.float64]:
    once, twice, thrice, four = (int((counts == times).sum()) for times in (1, 2, 3, 4))
    if not all((once, twice, thrice, four)):
        return np.array(_USUAL)
    share = once / (once + 2 * twice)
    each = (1 - 2 * share * twice / once, 2 - 3 * share * thrice / twice, 3 - 4 * share * four / thrice)
    return np.array([min(max(value, 0.05), most) for value, most in zip(each, (0.95, 1.95, 2.95), strict=True)])
