"""Sort the values of a corpus into buckets by their top bits, and sieve them, one piece at a time.

A job that needs all values of a range reads them from the files of all pieces and keeps only these in memory.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final, Self

import numpy as np

from latam_corpus.dedupe.candidates.pairing_kernels import BUCKETS, count_tops, mark_bits, sift, sort_into_buckets

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence
    from pathlib import Path

    from numpy.typing import NDArray

_VALUES: Final = ".values"  # uint64, one after another
_OWNERS: Final = ".owners"  # uint32, likewise
_STARTS: Final = ".starts"  # int64[BUCKETS + 1]


@dataclass(frozen=True)
class ValueRange:
    """A range of values, over all pieces.

    Attributes:
        files: the names of the pieces' files of buckets, without suffix.
        file: the name of the files to write, without suffix.
    """

    low: int
    high: int
    files: tuple[Path, ...]
    file: Path

    @property
    def bytes(self) -> int:
        """1, because all ranges are of about the same size."""
        return 1


@dataclass(frozen=True, eq=False)
class Buckets:
    """Values by bucket, of one or several pieces.

    Attributes:
        values: uint64[m].
        owners: uint32[m], the number of the document of each value; empty if not needed.
        starts: int64[pieces, buckets + 1], where each bucket of each piece starts among the values.
    """

    values: NDArray[np.uint64]
    owners: NDArray[np.uint32]
    starts: NDArray[np.int64]

    @property
    def sizes(self) -> NDArray[np.int64]:
        """The number of values in each bucket, int64[buckets]."""
        return np.asarray(np.diff(self.starts, axis=1).sum(axis=0), np.int64)


def into_buckets(values: NDArray[np.uint64], owners: NDArray[np.uint32] | None = None) -> Buckets:
    """Return the values by bucket; within a bucket they keep their order.

    >>> made = into_buckets(np.array([1 << 63, 5, 7], np.uint64), np.array([0, 1, 2], np.uint32))
    >>> made.values[:2].tolist(), made.owners.tolist(), int(made.starts[0, BUCKETS // 2])
    ([5, 7], [1, 2, 0], 2)
    """
    owners = np.zeros(0, np.uint32) if owners is None else owners
    sorted_arrays = np.empty_like(values), np.empty_like(owners)
    starts = np.zeros(BUCKETS + 1, np.int64)
    sort_into_buckets(values, owners, *sorted_arrays, starts)
    return Buckets(*sorted_arrays, starts[None, :])


def write(file: Path, buckets: Buckets) -> None:
    """Write the buckets of one piece, in files named after `file`."""
    buckets.values.tofile(file.with_suffix(_VALUES))
    buckets.owners.tofile(file.with_suffix(_OWNERS))
    buckets.starts[0].tofile(file.with_suffix(_STARTS))


def read(files: Sequence[Path], low: int = 0, high: int = BUCKETS) -> Buckets:
    """Return the buckets from `low` to before `high` of all pieces.

    Args:
        files: the names that were passed to `write`.
        low: the first bucket.
        high: the end of the range.
    """
    piece_starts = np.zeros((len(files), high - low + 1), np.int64)
    for index, file in enumerate(files):
        piece_starts[index] = np.fromfile(file.with_suffix(_STARTS), np.int64, high - low + 1, offset=8 * low)
    first, counts = piece_starts[:, 0], piece_starts[:, -1] - piece_starts[:, 0]
    ends = np.cumsum(counts)
    values = np.empty(int(counts.sum()), np.uint64)
    owners = [np.zeros(0, np.uint32)]
    for file, start, count, end in zip(files, first.tolist(), counts.tolist(), ends.tolist(), strict=True):
        values[end - count : end] = np.fromfile(file.with_suffix(_VALUES), np.uint64, count, offset=8 * start)
        owners.append(np.fromfile(file.with_suffix(_OWNERS), np.uint32, count, offset=4 * start))
    shifted_starts = piece_starts + (ends - counts - first)[:, None]
    return Buckets(values, np.concatenate(owners), shifted_starts)


def ranges(sizes: NDArray[np.int64], max_values: int) -> list[tuple[int, int]]:
    """Cut the buckets into ranges of at most `max_values` values; a larger bucket is a separate range.

    >>> ranges(np.array([3, 3, 9, 1]), 6)
    [(0, 2), (2, 3), (3, 4)]
    """
    spans: list[tuple[int, int]] = []
    low = value_count = 0
    for bucket, size in enumerate(sizes.tolist()):
        if bucket > low and value_count + size > max_values:
            spans.append((low, bucket))
            low, value_count = bucket, 0
        value_count += size
    return [*spans, (low, len(sizes))] if len(sizes) else spans


_BITS_A_VALUE: Final = 32  # bits of the bitmap per value: at most one absent value in 32 passes
_MOST_BITS: Final = 29  # 64 MB
_WORD_BITS: Final = 6
_LOOKED_UP: Final = 16_000_000  # 128 MB
_MARKS: Final = "marks.npy"
_NEW_VALUES: Final = "new.npy"
_NEW_STARTS: Final = "new-starts.npy"


@dataclass(frozen=True, eq=False)
class Sieve:
    """A set of fingerprints in which others are looked up.

    Attributes:
        marks: uint64[a power of two], a bitmap of the fingerprints' top bits.
        values: uint64, the fingerprints, sorted; empty if there are too many to look up.
        starts: uint32, where each group of fingerprints with the same top bits starts in `values`, and the end.

    >>> sieve = Sieve.of([np.array([1 << 60, 3], np.uint64)], 2)
    >>> found, places = sieve.sifted(np.array([7, 3, 1 << 60], np.uint64), np.array([0, 2, 2, 3]))
    >>> found.tolist(), places.tolist()
    ([3, 1152921504606846976], [0, 2])
    """

    marks: NDArray[np.uint64]
    values: NDArray[np.uint64]
    starts: NDArray[np.uint32]

    @classmethod
    def of(cls, values: Iterable[NDArray[np.uint64]], count: int) -> Self:
        """Return the sieve of these fingerprints.

        Args:
            values: arrays of fingerprints, evenly spread in their top bits.
            count: their approximate number.
        """
        bits = min(max((count * _BITS_A_VALUE).bit_length(), _WORD_BITS), _MOST_BITS)
        marks = np.zeros(1 << (bits - _WORD_BITS), np.uint64)
        stored = [np.zeros(0, np.uint64)]
        for part in values:
            mark_bits(part, marks, np.uint64(64 - bits))
            if count <= _LOOKED_UP:
                stored.append(part)
        sorted_values = np.sort(np.concatenate(stored))
        starts = np.zeros((1 << len(sorted_values).bit_length()) + 1, np.uint32)
        count_tops(sorted_values, np.uint64(64 - len(sorted_values).bit_length()), starts)
        return cls(marks, sorted_values, starts if len(sorted_values) else starts[:0])

    def write(self, workdir: Path) -> None:
        """Write the sieve to files of a folder."""
        for name, array in ((_MARKS, self.marks), (_NEW_VALUES, self.values), (_NEW_STARTS, self.starts)):
            np.save(workdir / name, array)

    @classmethod
    def read(cls, workdir: Path) -> Self:
        """Return the sieve that `write` wrote, mapped into memory."""
        return cls(*(np.load(workdir / name, mmap_mode="r") for name in (_MARKS, _NEW_VALUES, _NEW_STARTS)))

    def sifted(
        self, values: NDArray[np.uint64], offsets: NDArray[np.int64]
    ) -> tuple[NDArray[np.uint64], NDArray[np.int32]]:
        """Return the fingerprints that are in the sieve, and the document of each.

        If the sieve has too many fingerprints to look up, a few that aren't in it pass too.

        Args:
            values: fingerprints of documents, one document after another.
            offsets: where each document starts, and the end.
        """
        shared, places = np.empty(len(values), np.uint64), np.empty(len(values), np.int32)
        shift = np.uint64(64 - _WORD_BITS - (len(self.marks).bit_length() - 1))
        top = np.uint64(64 - len(self.values).bit_length())
        count = sift(values, offsets, (self.marks, shift, self.values, self.starts, top), shared, places)
        return shared[:count], places[:count]
