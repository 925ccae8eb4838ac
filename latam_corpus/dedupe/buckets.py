"""Values of a corpus laid into buckets by their top bits, a piece at a time, in files of which a range can be read.

A job that needs all values of a range together reads them from the files of all pieces, and holds nothing else.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

import numpy as np

from latam_corpus.dedupe.buckets_kernels import BUCKETS, lay

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from numpy.typing import NDArray


_VALUES: Final = ".values"  # uint64, one after another
_OWNERS: Final = ".owners"  # uint32, likewise
_STARTS: Final = ".starts"  # int64[BUCKETS + 1]


@dataclass(frozen=True, eq=False)
class Laid:
    """Values by bucket, of one piece or of several.

    Attributes:
        values: uint64[m].
        owners: uint32[m], the number of whom each value is of; empty where nobody asks.
        starts: int64[pieces, buckets + 1], where each bucket of each piece starts among the values.
    """

    values: NDArray[np.uint64]
    owners: NDArray[np.uint32]
    starts: NDArray[np.int64]

    @property
    def sizes(self) -> NDArray[np.int64]:
        """How many values each bucket has, int64[buckets]."""
        return np.asarray(np.diff(self.starts, axis=1).sum(axis=0), np.int64)


def laid(values: NDArray[np.uint64], owners: NDArray[np.uint32] | None = None) -> Laid:
    """The values by bucket; in each bucket in their order.

    >>> made = laid(np.array([1 << 63, 5, 7], np.uint64), np.array([0, 1, 2], np.uint32))
    >>> made.values[:2].tolist(), made.owners.tolist(), int(made.starts[0, BUCKETS // 2])
    ([5, 7], [1, 2, 0], 2)
    """
    owners = np.zeros(0, np.uint32) if owners is None else owners
    made = np.empty_like(values), np.empty_like(owners)
    starts = np.zeros(BUCKETS + 1, np.int64)
    lay(values, owners, *made, starts)
    return Laid(*made, starts[None, :])


def write(file: Path, found: Laid) -> None:
    """Write what is laid of one piece, in files named by `file`."""
    found.values.tofile(file.with_suffix(_VALUES))
    found.owners.tofile(file.with_suffix(_OWNERS))
    found.starts[0].tofile(file.with_suffix(_STARTS))


def read(files: Sequence[Path], low: int = 0, high: int = BUCKETS) -> Laid:
    """The buckets from `low` to before `high` of all pieces.

    Args:
        files: by which `write` named them.
        low: the first bucket.
        high: the one after the last.
    """
    every = np.zeros((len(files), BUCKETS + 1), np.int64)
    for place, file in enumerate(files):
        every[place] = np.fromfile(file.with_suffix(_STARTS), np.int64)
    first, counts = every[:, low], every[:, high] - every[:, low]
    ends = np.cumsum(counts)
    values = np.empty(int(counts.sum()), np.uint64)
    owners = [np.zeros(0, np.uint32)]
    for file, start, count, end in zip(files, first.tolist(), counts.tolist(), ends.tolist(), strict=True):
        values[end - count : end] = np.fromfile(file.with_suffix(_VALUES), np.uint64, count, offset=8 * start)
        owners.append(np.fromfile(file.with_suffix(_OWNERS), np.uint32, count, offset=4 * start))
    moved = every[:, low : high + 1] + (ends - counts - first)[:, None]
    return Laid(values, np.concatenate(owners), moved)


def ranges(sizes: NDArray[np.int64], most: int) -> list[tuple[int, int]]:
    """The buckets cut into ranges of at most so many values, or of one bucket that has more.

    >>> ranges(np.array([3, 3, 9, 1]), 6)
    [(0, 2), (2, 3), (3, 4)]
    """
    made: list[tuple[int, int]] = []
    low = held = 0
    for bucket, size in enumerate(sizes.tolist()):
        if bucket > low and held + size > most:
            made.append((low, bucket))
            low, held = bucket, 0
        held += size
    return [*made, (low, len(sizes))] if len(sizes) else made
