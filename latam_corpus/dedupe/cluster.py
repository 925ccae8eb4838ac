"""Which documents fall and for which kept one, without chaining.

Documents are looked at in the order of keeping (`order.py`). One falls only if it stands, by a direct and verified
link, in one that is already kept. A more open or less damaged copy that is truncated is kept before the full text and
can't make it fall, since the full text doesn't stand in it: both are kept.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

import numpy as np

from latam_corpus.dedupe.cluster_kernels import NOBODY, containers, decide, neighbours
from latam_corpus.dedupe.verify_pairs import CONTAINED, DUPLICATE, NONE, TEMPLATE

if TYPE_CHECKING:
    from numpy.typing import NDArray


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
    links_of = neighbours(pairs, kind, n)
    duplicate_of, link, label = decide(pairs, stands, kind, order, position, fixed, falls_by, links_of)
    contained_in = containers(pairs, stands, kind, position, duplicate_of, link)
    first = np.full(n, n, np.int64)
    np.minimum.at(first, label, id_rank)
    number_of = np.empty(n, np.int64)
    number_of[id_rank] = np.arange(n)
    sizes = np.bincount(label, minlength=n)
    return Decisions(
        duplicate_of == NOBODY,
        duplicate_of,
        contained_in,
        link,
        number_of[first[label]],
        sizes[label].astype(np.int64),
    )


_KIND_NUMBERS: Final = (NONE, DUPLICATE, CONTAINED, TEMPLATE)
