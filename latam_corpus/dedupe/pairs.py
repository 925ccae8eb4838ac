"""Candidate pairs: documents that share fingerprints, found a bucket of fingerprint values at a time.

Memory is bounded by the range of values: `partial_pairs` counts, within one range, how many values each pair shares,
and `merge_partial` adds the counts up. The result depends on the documents alone, not on ranges, parts or order.

A value that very many documents have (a licence, a menu, a formula) can't make quadratically many pairs. Documents
are numbered in the order in which they would be kept, best first. The first `cap` holders of a value are paired with
each other, each later one with the first `hubs` only: work grows with the postings, and a copy still meets the one
that would be kept.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

import numpy as np

from latam_corpus.dedupe.buckets import laid
from latam_corpus.dedupe.pairing import paired
from latam_corpus.dedupe.radix import added_up
from latam_corpus.dedupe.scheme import MINHASH, sampling_of

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

    from latam_corpus.dedupe.buckets import Laid
    from latam_corpus.dedupe.scheme import Scheme

CAP: Final = 50  # the prototype's; all planted kinds were found under it
HUBS: Final = 4
# A value in more documents than this is common to the check of rare anchors (guards.py), which asks for a run of own
# words too: rarity alone rejects every text that was copied often. Own choice; no copy of the first set was lost by it.
COMMON: Final = 8

# Of the anchors that two documents could share beyond the first few. A copy in which one letter in twenty is misread
# keeps a quarter; two texts with one paragraph in common share its part of the text.
NEEDED: Final = 1 / 8
_FEW: Final = 16

_ROOM: Final = 1 << 22  # pairs that are written before they are added up: 32 MB, and as much to sort them


@dataclass(frozen=True, eq=False)
class Extent:
    """How many values each of n documents has, from which follows how many a pair must share.

    Attributes:
        counts: integers[n], distinct values.
        sampling: integers[n], the number that divides them (`scheme.sampling_of`; 1 for band keys).
        share: of the values that the smaller one could have in common with the larger.
    """

    counts: NDArray[Any]
    sampling: NDArray[Any]
    share: float = NEEDED

    @classmethod
    def of(cls, word_counts: NDArray[Any], value_counts: NDArray[Any], scheme: Scheme) -> Extent:
        """The extent of documents with so many words and so many fingerprints under a scheme.

        >>> from latam_corpus.dedupe.scheme import Scheme
        >>> Extent.of(np.array([700]), np.array([85]), Scheme(name="minhash")).needed(np.array([[0, 0]])).tolist()
        [1]
        """
        if scheme.name == MINHASH:
            return cls(value_counts, np.ones(len(value_counts), np.uint64), 0.0)
        return cls(value_counts, sampling_of(word_counts))

    def needed(self, pairs: NDArray[np.uint32]) -> NDArray[np.int64]:
        """How many values each pair must share, int64[k]: one, and one more for every 8 over 16 that it could.

        >>> Extent(np.array([40, 32]), np.array([1, 8], np.uint64)).needed(np.array([[0, 1]], np.uint32)).tolist()
        [1]
        >>> Extent(np.array([40, 32]), np.array([8, 8], np.uint64)).needed(np.array([[0, 1]], np.uint32)).tolist()
        [3]
        """
        counts, sampling = (np.asarray(told[pairs], np.int64) for told in (self.counts, self.sampling))
        possible = (counts * sampling).min(axis=1) / sampling.max(axis=1)
        return np.asarray(1 + np.maximum(possible - _FEW, 0) * self.share, np.int64)


@dataclass(frozen=True, eq=False)
class Partial:
    """The pairs of one range of values.

    Attributes:
        keys: uint64, sorted: the smaller document number, shifted left by 32, and the larger.
        counts: uint16, how many values of the range the two share, 65,535 at most.
        common: uint64, sorted: the values that more than `common` documents have.
        values: distinct values in the range.
        over_cap: values that more than `cap` documents have.
        left_out: pairs that the cap kept from being made.
    """

    keys: NDArray[np.uint64]
    counts: NDArray[np.uint16]
    common: NDArray[np.uint64]
    values: int
    over_cap: int
    left_out: int


@dataclass(frozen=True, eq=False)
class Candidates:
    """The pairs of documents to check.

    Attributes:
        pairs: uint32[k, 2], sorted, the smaller number first.
        shared: uint16[k], how many values the two share (among those that the cap let through).
        common: uint64, sorted: the values that many documents have.
        values: distinct values.
        over_cap: values that more documents have than the cap.
        left_out: pairs that the cap kept from being made.
    """

    pairs: NDArray[np.uint32]
    shared: NDArray[np.uint16]
    common: NDArray[np.uint64]
    values: int
    over_cap: int
    left_out: int


def candidate_pairs(
    values: NDArray[np.uint64],
    documents: NDArray[np.uint32],
    extent: Extent,
    cap: int = CAP,
    hubs: int = HUBS,
    common: int = COMMON,
) -> Candidates:
    """The pairs of documents that share enough of these values, all in one bucket.

    Args:
        values: uint64[m], fingerprints.
        documents: uint32[m], the document that has each; numbers in the order of keeping, best first.
        extent: how many values each document has, by its number.
        cap: see `partial_pairs`.
        hubs: see there.
        common: see there.

    >>> values, documents = np.array([7, 7, 9, 9, 9], np.uint64), np.array([0, 1, 1, 0, 2], np.uint32)
    >>> extent = Extent(np.array([2, 2, 1]), np.array([1, 1, 1], np.uint64), share=0.9)
    >>> found = candidate_pairs(values, documents, extent)
    >>> found.pairs.tolist(), found.shared.tolist()
    ([[0, 1], [0, 2], [1, 2]], [2, 1, 1])
    """
    return merge_partial([partial_pairs(values, documents, cap, hubs, common)], extent)


def partial_pairs(
    values: NDArray[np.uint64],
    documents: NDArray[np.uint32],
    cap: int = CAP,
    hubs: int = HUBS,
    common: int = COMMON,
) -> Partial:
    """The pairs of documents that share any of these values, with how many they share.

    Args:
        values: uint64[m], all fingerprints of a range, in any order.
        documents: uint32[m], the document that has each; numbers in the order of keeping, best first.
        cap: a value's first so many holders are paired with each other.
        hubs: each later holder is paired with its first so many; 0 leaves the later ones out.
        common: a value with more holders is told as common.

    >>> made = partial_pairs(np.array([7, 7, 7], np.uint64), np.array([2, 0, 1], np.uint32), cap=2, hubs=1)
    >>> [(int(key) >> 32, int(key) & 0xFFFFFFFF) for key in made.keys]
    [(0, 1), (0, 2)]
    """
    return pairs_laid(laid(values, documents), cap, hubs, common)


def pairs_laid(found: Laid, cap: int = CAP, hubs: int = HUBS, common: int = COMMON) -> Partial:
    """The pairs of documents that share any of the values laid in buckets.

    Args:
        found: of all pieces; its owners are the documents, numbered in the order of keeping, best first.
        cap: see `partial_pairs`, as what follows.
        hubs: see there.
        common: see there.
    """
    pieces: list[tuple[NDArray[np.uint64], NDArray[np.uint32]]] = []
    held = [np.zeros(0, np.uint64)]
    told = np.zeros(3, np.int64)
    bucket, buckets = 0, found.starts.shape[1] - 1
    limits = np.array([cap, min(hubs, cap), common, _ROOM], np.int64)
    while bucket < buckets:
        keys, over, bucket = paired(found.values, found.owners, found.starts, bucket, limits, told)
        pieces.append(added_up(keys))
        held.append(over)
    keys, counts = _together(pieces)
    return Partial(
        keys,
        np.minimum(counts, 65535).astype(np.uint16),
        np.sort(np.concatenate(held)),
        *told.tolist(),
    )


def merge_partial(partials: Sequence[Partial], extent: Extent, first: int = 0, end: int | None = None) -> Candidates:
    """The candidates of several buckets together.

    Args:
        partials: of every bucket.
        extent: how many values each document has.
        first: only pairs whose first document is at least this one, to merge a range of documents at a time.
        end: and under this one.

    >>> halves = [partial_pairs(np.array([v, v], np.uint64), np.array([0, 1], np.uint32)) for v in (7, 9)]
    >>> merge_partial(halves, Extent(np.array([2, 2]), np.array([1, 1], np.uint64))).shared.tolist()
    [2]
    """
    low, high = np.uint64(first << 32), np.uint64((len(extent.counts) if end is None else end) << 32)
    pieces = []
    for partial in partials:
        i, j = np.searchsorted(partial.keys, [low, high])
        pieces.append((partial.keys[i:j], partial.counts[i:j].astype(np.uint32)))
    keys, counts = _together(pieces)
    pairs = np.empty((len(keys), 2), np.uint32)
    pairs[:, 0], pairs[:, 1] = keys >> np.uint64(32), keys & np.uint64(0xFFFFFFFF)
    enough = counts >= extent.needed(pairs)
    return Candidates(
        pairs[enough],
        np.minimum(counts[enough], 65535).astype(np.uint16),
        np.sort(np.concatenate([partial.common for partial in partials] or [np.zeros(0, np.uint64)])),
        sum(partial.values for partial in partials),
        sum(partial.over_cap for partial in partials),
        sum(partial.left_out for partial in partials),
    )


def _together(
    pieces: Sequence[tuple[NDArray[np.uint64], NDArray[np.uint32]]],
) -> tuple[NDArray[np.uint64], NDArray[np.uint32]]:
    """The keys of all pieces, sorted and distinct, and the sums of their counts."""
    if len(pieces) == 1:
        return pieces[0]
    keys = np.concatenate([piece[0] for piece in pieces] or [np.zeros(0, np.uint64)])
    counts = np.concatenate([piece[1] for piece in pieces] or [np.zeros(0, np.uint32)])
    return added_up(keys, counts)
