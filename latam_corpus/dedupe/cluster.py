"""Which documents fall and for which kept one, without chaining.

Documents are looked at in the order of keeping (`order.py`). One falls only if it stands, by a direct and verified
link, in one that is already kept. A more open or less damaged copy that is truncated is kept before the full text and
can't make it fall, since the full text doesn't stand in it: both are kept.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

import numba
import numpy as np

from latam_corpus.dedupe.verify import A_IN_B, B_IN_A, CONTAINED, DUPLICATE, NONE, TEMPLATE

if TYPE_CHECKING:
    from numpy.typing import NDArray

_NOBODY: Final = -1


@dataclass(frozen=True, eq=False)
class Decisions:
    """What becomes of each of n documents, by number.

    Attributes:
        kept: bool[n].
        duplicate_of: int64[n], the kept document that a fallen one stands in; -1 for a kept one.
        contained_in: int64[n], the much longer kept document that this one stands in; -1 where there is none. With
            `keep_contained` the document itself may be kept.
        link: int64[n], the row of the pair that the document fell by or is contained by; -1 where there is none.
        cluster: int64[n], the first document, in the order of ids, of the cluster; its own number when it is alone.
        cluster_size: int64[n].
    """

    kept: NDArray[np.bool_]
    duplicate_of: NDArray[np.int64]
    contained_in: NDArray[np.int64]
    link: NDArray[np.int64]
    cluster: NDArray[np.int64]
    cluster_size: NDArray[np.int64]


def cluster(
    pairs: NDArray[np.uint32],
    stands: NDArray[np.uint8],
    kind: NDArray[np.uint8],
    order: NDArray[np.int64],
    id_rank: NDArray[np.int64],
    *,
    keep_contained: bool = True,
    keep_templates: bool = True,
    existing: NDArray[np.bool_] | None = None,
) -> Decisions:
    """What becomes of each document.

    Args:
        pairs: uint32[k, 2], verified pairs, in any order.
        stands: uint8[k], who stands in whom (`Verdicts.stands`).
        kind: uint8[k] (`Verdicts.kind`).
        order: int64[n], the documents in the order of keeping (`order.in_order`).
        id_rank: int64[n], place of each one's id among all ids, which names clusters.
        keep_contained: a document that stands in a much longer one is kept, and its container told. Else it falls.
        keep_templates: texts of one template are kept. Else they fall like copies.
        existing: bool[n], documents that come before all others and never fall: those of an earlier version.

    >>> pairs = np.array([[0, 1], [1, 2]], np.uint32)  # 0 stands in 1, 1 in 2, but 0 doesn't in 2
    >>> made = cluster(pairs, np.array([1, 1], np.uint8), np.array([1, 1], np.uint8), np.array([2, 1, 0]), np.arange(3))
    >>> made.kept.tolist(), made.duplicate_of.tolist()
    ([True, False, True], [-1, 2, -1])
    """
    n = len(order)
    fixed = np.zeros(n, np.bool_) if existing is None else existing
    order = np.concatenate((order[fixed[order]], order[~fixed[order]]))
    position = np.empty(n, np.int64)
    position[order] = np.arange(n)
    falls_by = np.zeros(len(_KIND_NUMBERS), np.bool_)
    falls_by[DUPLICATE] = True
    falls_by[CONTAINED] = not keep_contained
    falls_by[TEMPLATE] = not keep_templates
    starts, links = _neighbours(pairs, kind, n)
    duplicate_of, link, label = _decide(pairs, stands, kind, order, position, fixed, falls_by, starts, links)
    contained_in = _containers(pairs, stands, kind, position, duplicate_of, link)
    first = np.full(n, n, np.int64)
    np.minimum.at(first, label, id_rank)
    number_of = np.empty(n, np.int64)
    number_of[id_rank] = np.arange(n)
    sizes = np.bincount(label, minlength=n)
    return Decisions(
        duplicate_of == _NOBODY,
        duplicate_of,
        contained_in,
        link,
        number_of[first[label]],
        sizes[label].astype(np.int64),
    )


_KIND_NUMBERS: Final = (NONE, DUPLICATE, CONTAINED, TEMPLATE)


@numba.njit(cache=True, nogil=True)
def _neighbours(pairs, kind, n):  # type: ignore[no-untyped-def]  # noqa: ANN001, ANN202
    """For each document the rows of its pairs that are of any kind: where they start, and the rows."""
    starts = np.zeros(n + 1, np.int64)
    for row in range(len(pairs)):
        if kind[row] != NONE:
            starts[pairs[row, 0] + 1] += 1
            starts[pairs[row, 1] + 1] += 1
    for d in range(n):
        starts[d + 1] += starts[d]
    links = np.empty(starts[n], np.int64)
    at = starts[:-1].copy()
    for row in range(len(pairs)):
        if kind[row] != NONE:
            for side in range(2):
                d = pairs[row, side]
                links[at[d]] = row
                at[d] += 1
    return starts, links


@numba.njit(cache=True, nogil=True)
def _decide(pairs, stands, kind, order, position, fixed, falls_by, starts, links):  # type: ignore[no-untyped-def]  # noqa: ANN001, ANN202
    """The kept one that each document falls for, the pair by which, and the first document of its cluster."""
    n = len(order)
    duplicate_of = np.full(n, _NOBODY, np.int64)
    link = np.full(n, _NOBODY, np.int64)
    label = np.arange(n)
    for d in order:
        winner = joined = np.int64(_NOBODY)
        for at in range(starts[d], starts[d + 1]):
            row = links[at]
            first = np.int64(pairs[row, 0]) == d
            other = np.int64(pairs[row, 1] if first else pairs[row, 0])
            if position[other] >= position[d] or duplicate_of[other] != _NOBODY:
                continue
            mine = stands[row] & (A_IN_B if first else B_IN_A)
            if mine and falls_by[kind[row]] and not fixed[d]:
                if winner == _NOBODY or position[other] < position[winner]:
                    winner = other
                    link[d] = row
            elif kind[row] == DUPLICATE and (joined == _NOBODY or position[other] < position[joined]):
                # It holds more than the kept one: kept too, and in one cluster with it.
                joined = other
        if winner != _NOBODY:
            duplicate_of[d] = winner
            label[d] = label[winner]
        elif joined != _NOBODY:
            label[d] = label[joined]
    return duplicate_of, link, label


@numba.njit(cache=True, nogil=True)
def _containers(pairs, stands, kind, position, duplicate_of, link):  # type: ignore[no-untyped-def]  # noqa: ANN001, ANN202
    """The first kept container, in the order of keeping, of each kept document; its row is written to `link`."""
    found = np.full(len(duplicate_of), _NOBODY, np.int64)
    for row in range(len(pairs)):
        if kind[row] != CONTAINED:
            continue
        for side in range(2):
            d, other = np.int64(pairs[row, side]), np.int64(pairs[row, 1 - side])
            if not stands[row] & (A_IN_B if side == 0 else B_IN_A):
                continue
            if duplicate_of[other] != _NOBODY or (duplicate_of[d] != _NOBODY and link[d] != row):
                continue
            if found[d] == _NOBODY or position[other] < position[found[d]]:
                found[d] = other
                link[d] = row
    return found
