"""Find candidate pairs, documents that share fingerprints, one bucket of fingerprint values at a time.

Memory is bounded in two ways: the pairs of a range of values come in runs of a few million (`pair_runs`), each sorted
and counted, and `merge_runs` adds up the runs of all ranges, one range of pairs at a time. The result depends only on
the documents, not on ranges, runs, parts or order.

A value of very many documents (from a licence, a menu, a formula) must not make a quadratic number of pairs. Documents
are numbered in the order of keeping. The first `cap` documents with a value are paired with each other, and each later
one only with the first `hubs`. So work grows linearly, and a copy is still paired with the document that would be kept.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

import numpy as np

from latam_corpus.dedupe.candidates.pairing_kernels import COMMONS, CURSOR_SIZE, ROOMY, bits_of, write_pairs
from latam_corpus.dedupe.fingerprints.scheme import MINHASH, sampling_of

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from numpy.typing import NDArray

    from latam_corpus.dedupe.candidates.buckets import Buckets
    from latam_corpus.dedupe.fingerprints.scheme import Scheme
    from latam_corpus.dedupe.on_disk import OnDisk


class Pairing:
    """A resumable pass over the values of buckets; it can stop within a value, so that few pairs are in memory.

    A bucket fits into the processor's nearest caches, and its values are spread evenly over bins. There are many more
    bins than values, so nearly every value of a single document is alone in its bin; only the other values are sorted.

    Attributes:
        tallies: int64[3], the counts so far: distinct values, values over the cap, and pairs left out.
    """

    def __init__(self, buckets: Buckets, cap: int, hubs: int, common: int) -> None:
        """Start at the first bucket.

        Args:
            buckets: the buckets of all pieces.
            cap: the number of documents with a value that are all paired with each other.
            hubs: the number of first documents with which each later one is paired; 0 leaves the later ones out.
            common: values of more documents than this are reported as common.
        """
        self.tallies = np.zeros(3, np.int64)
        self._buckets = buckets
        self._limits = np.array([cap, min(hubs, cap), common], np.int64)
        self._common = np.empty(len(buckets.values) // (common + 1) + 1, np.uint64)
        largest_bucket = int(buckets.sizes.max(initial=0))
        bits = bits_of(largest_bucket)
        self._workspace = (
            np.empty(largest_bucket + 1, np.uint64),
            np.empty(largest_bucket + 1, np.uint32),
            np.empty(largest_bucket + 1, np.uint64),
            np.empty(largest_bucket + 1, np.uint32),
            np.empty(ROOMY << bits, np.uint8),
            np.empty((1 << bits) + 1, np.int32),
        )
        self._cursor = np.zeros(CURSOR_SIZE, np.int64)

    @property
    def common(self) -> NDArray[np.uint64]:
        """The common values, unsorted."""
        return self._common[: self._cursor[COMMONS]]

    def fill(self, keys: NDArray[np.uint64]) -> int:
        """Write the keys of the next pairs, as many as fit; return their number, 0 at the end.

        Args:
            keys: uint64[k], room for at least `cap` keys.
        """
        buckets = self._buckets
        arrays = buckets.values, buckets.owners, buckets.starts
        return int(write_pairs(arrays, self._limits, self._cursor, self.tallies, keys, self._common, self._workspace))


CAP: Final = 50  # from the prototype; finds all kinds of planted copies
HUBS: Final = 4
# For the rule `boilerplate`, values in more documents than this are common. The rule also requires a run of own words,
# since rarity alone would reject every text that was copied often. Our own choice; it lost no copy of the first test
# set.
COMMON: Final = 8

# The share of the possible anchors, beyond the first few, that a pair must have in common. A copy with one letter in
# twenty misread keeps a quarter of its anchors; two texts with a common paragraph share the paragraph's part of their
# anchors.
NEEDED: Final = 1 / 8
_FEW: Final = 16

PAIRS_A_RUN: Final = 1 << 21  # 16 MB, and four times as much while they are sorted and counted


@dataclass(frozen=True, eq=False)
class Extent:
    """The number of values of each of n documents, which determines how many values a pair must share.

    Attributes:
        counts: integers[n], distinct values.
        sampling: integers[n], the divisor of the sampled values (`scheme.sampling_of`; 1 for band keys), under 256.
        share: the share of the possible common values that a pair must have.
    """

    counts: NDArray[Any] | OnDisk
    sampling: NDArray[Any] | OnDisk
    share: float = NEEDED

    @classmethod
    def of(cls, word_counts: NDArray[Any], value_counts: NDArray[Any], scheme: Scheme) -> Extent:
        """Return the extent of documents, by their numbers of words and of fingerprints under a scheme.

        >>> from latam_corpus.dedupe.fingerprints.scheme import Scheme
        >>> Extent.of(np.array([700]), np.array([85]), Scheme(name="minhash")).needed(np.array([[0, 0]])).tolist()
        [1]
        """
        if scheme.name == MINHASH:
            return cls(value_counts, np.ones(len(value_counts), np.uint64), 0.0)
        return cls(value_counts, sampling_of(word_counts))

    def needed(self, pairs: NDArray[np.uint32]) -> NDArray[np.int64]:
        """Return how many values each pair must share, int64[k]: one, plus one per 8 possible ones beyond 16.

        >>> Extent(np.array([40, 32]), np.array([1, 8], np.uint64)).needed(np.array([[0, 1]], np.uint32)).tolist()
        [1]
        >>> Extent(np.array([40, 32]), np.array([8, 8], np.uint64)).needed(np.array([[0, 1]], np.uint32)).tolist()
        [3]
        """
        counts, sampling = (np.asarray(tallies[pairs], np.int64) for tallies in (self.counts, self.sampling))
        possible = (counts * sampling).min(axis=1) / sampling.max(axis=1)
        return np.asarray(1 + np.maximum(possible - _FEW, 0) * self.share, np.int64)


@dataclass(frozen=True, eq=False)
class Candidates:
    """The pairs of documents to compare.

    Attributes:
        pairs: uint32[k, 2], sorted, the smaller number first.
        shared: uint16[k], the number of values that the two share, as far as the cap allows the pairs.
    """

    pairs: NDArray[np.uint32]
    shared: NDArray[np.uint16]


def pair_runs(pairing: Pairing) -> Iterator[tuple[NDArray[np.uint64], NDArray[np.uint32]]]:
    """Yield runs of a few million pairs: the sorted distinct keys, and the number of values that each pair shares.

    A pair that shares values in several runs is in each of them.

    >>> from latam_corpus.dedupe.candidates.buckets import into_buckets
    >>> values, documents = np.array([7, 7, 7, 9, 9], np.uint64), np.array([2, 0, 1, 1, 0], np.uint32)
    >>> [(keys, counts)] = pair_runs(Pairing(into_buckets(values, documents), cap=2, hubs=1, common=8))
    >>> [(int(key) >> 32, int(key) & 0xFFFFFFFF) for key in keys], counts.tolist()
    ([(0, 1), (0, 2)], [2, 1])
    """
    keys = np.empty(PAIRS_A_RUN, np.uint64)
    while count := pairing.fill(keys):
        distinct, counts = np.unique(keys[:count], return_counts=True)
        yield distinct, counts.astype(np.uint32)


def merge_runs(
    runs: Sequence[tuple[NDArray[np.uint64], NDArray[np.uint16] | NDArray[np.uint32]]], extent: Extent
) -> Candidates:
    """Return the pairs that share enough values over all runs.

    Args:
        runs: the sorted keys of each run (all, or those of one range) and their counts.
        extent: the number of values of each document.

    >>> run = np.array([1], np.uint64), np.array([1], np.uint16)  # documents 0 and 1
    >>> merge_runs([run, run], Extent(np.array([2, 2]), np.array([1, 1], np.uint64))).shared.tolist()
    [2]
    """
    keys, counts = _summed([(keys, counts.astype(np.uint32)) for keys, counts in runs])
    pairs = np.empty((len(keys), 2), np.uint32)
    pairs[:, 0], pairs[:, 1] = keys >> np.uint64(32), keys & np.uint64(0xFFFFFFFF)
    enough = counts >= extent.needed(pairs)
    return Candidates(pairs[enough], np.minimum(counts[enough], 65535).astype(np.uint16))


def _summed(
    runs: Sequence[tuple[NDArray[np.uint64], NDArray[np.uint32]]],
) -> tuple[NDArray[np.uint64], NDArray[np.uint32]]:
    """Return the distinct keys of all runs, sorted, and the sums of their counts."""
    if len(runs) == 1:
        return runs[0]
    keys = np.concatenate([run_keys for run_keys, _ in runs] or [np.zeros(0, np.uint64)])
    counts = np.concatenate([run_counts for _, run_counts in runs] or [np.zeros(0, np.uint32)])
    if not len(keys):
        return keys, counts
    order = np.argsort(keys, kind="stable")  # a stable sort merges sorted runs fast
    keys = keys[order]
    starts = np.flatnonzero(np.concatenate(([True], keys[1:] != keys[:-1])))
    return keys[starts], np.add.reduceat(counts[order], starts, dtype=np.uint32)
