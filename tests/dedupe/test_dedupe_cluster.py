from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st

from latam_corpus.dedupe.decide.decision_rows import Decisions, cluster
from latam_corpus.dedupe.verify.verify_pairs import A_IN_B, B_IN_A, CONTAINED, DUPLICATE, NONE, TEMPLATE

if TYPE_CHECKING:
    from collections.abc import Sequence

BOTH = A_IN_B | B_IN_A
Link = tuple[int, int, int, int]


def decided(
    links: Sequence[Link],
    tiers: Sequence[int],
    lengths: Sequence[int],
    *,
    existing: Sequence[int] = (),
    dropped_kinds: Sequence[int] = (DUPLICATE,),
) -> Decisions:
    """Return the decisions for documents with these tiers and lengths, linked by (a, b, inclusion, kind)."""
    n = len(tiers)
    order = _order(tiers, lengths)
    return cluster(
        np.array([link[:2] for link in links], np.uint32).reshape(-1, 2),
        np.array([link[2] for link in links], np.uint8),
        np.array([link[3] for link in links], np.uint8),
        order,
        np.arange(n),
        dropped_kinds=dropped_kinds,
        existing=np.isin(np.arange(n), existing),
    )


def _order(tiers: Sequence[int], lengths: Sequence[int]) -> np.ndarray:
    """Return the documents in the order of keeping: by tier, the longer first, then by number."""
    return np.lexsort((np.arange(len(tiers)), -np.array(lengths), np.array(tiers)))


@settings(deadline=None)
@given(st.data())
def test_what_falls_stands_in_what_is_kept(data: st.DataObject) -> None:
    """Each dropped document has a direct link to a kept one that contains it, whatever the order of links."""
    n = data.draw(st.integers(2, 9))
    numbers = st.integers(0, n - 1)
    result = data.draw(
        st.lists(
            st.tuples(numbers, numbers, st.integers(0, 3), st.sampled_from((NONE, DUPLICATE, CONTAINED, TEMPLATE))),
            max_size=20,
            unique_by=lambda link: frozenset(link[:2]),
        )
    )
    links = [link for link in result if link[0] != link[1]]
    tiers = data.draw(st.lists(st.integers(0, 2), min_size=n, max_size=n))
    lengths = data.draw(st.lists(st.integers(1, 4), min_size=n, max_size=n))
    dropped_kinds = data.draw(st.sampled_from([(DUPLICATE,), (DUPLICATE, CONTAINED)]))
    built = decided(links, tiers, lengths, dropped_kinds=dropped_kinds)
    stands_in = {(a, b) for a, b, bits, kind in links if kind in dropped_kinds and bits & A_IN_B}
    stands_in |= {(b, a) for a, b, bits, kind in links if kind in dropped_kinds and bits & B_IN_A}
    for document in range(n):
        winner = int(built.duplicate_of[document])
        if built.kept[document]:
            assert winner == -1
            continue
        assert built.kept[winner]
        assert (document, winner) in stands_in
        assert {document, winner} == set(links[int(built.link[document])][:2])
        assert built.cluster[document] == built.cluster[winner]
    # No document is kept that is in a kept one before it.
    rank = {int(d): place for place, d in enumerate(_order(tiers, lengths))}
    for a, b in stands_in:
        assert not (built.kept[a] and built.kept[b] and rank[b] < rank[a])
    second_run = decided(links[::-1], tiers, lengths, dropped_kinds=dropped_kinds)
    assert np.array_equal(built.duplicate_of, second_run.duplicate_of)
    assert np.array_equal(built.cluster, second_run.cluster)
    assert np.array_equal(built.contained_in, second_run.contained_in)


def test_there_is_no_chaining() -> None:
    """In a chain of copies the one that isn't linked to the kept one is kept too."""
    result = decided([(0, 1, BOTH, DUPLICATE), (1, 2, BOTH, DUPLICATE)], [0, 0, 0], [30, 20, 10])
    assert result.kept.tolist() == [True, False, True]
    assert result.duplicate_of.tolist() == [-1, 0, -1]


def test_rights_come_first_then_length() -> None:
    """The more open of two copies is kept, and the longer of equally open ones."""
    assert decided([(0, 1, BOTH, DUPLICATE)], [3, 0], [700, 690]).duplicate_of.tolist() == [1, -1]
    assert decided([(0, 1, BOTH, DUPLICATE)], [1, 1], [690, 700]).duplicate_of.tolist() == [1, -1]


def test_an_open_but_truncated_copy_cannot_make_the_full_text_fall() -> None:
    """An open half and the full text are both kept in one cluster; of equally open ones the half is dropped."""
    half_in_whole = [(0, 1, A_IN_B, DUPLICATE)]
    result = decided(half_in_whole, [0, 4], [350, 700])
    assert result.kept.tolist() == [True, True]
    assert result.cluster.tolist() == [0, 0]
    assert decided(half_in_whole, [4, 4], [350, 700]).duplicate_of.tolist() == [1, -1]


def test_a_contained_text_is_kept_with_its_container_on_record() -> None:
    """A contained poem is kept and its anthology recorded; it is dropped if the recipe says so."""
    links = [(0, 1, A_IN_B, CONTAINED), (0, 2, A_IN_B, CONTAINED)]
    result = decided(links, [0, 0, 0], [100, 9000, 8000])
    assert result.kept.all()
    assert result.contained_in.tolist() == [1, -1, -1]
    assert result.link.tolist() == [0, -1, -1]
    assert result.cluster.tolist() == [0, 1, 2]
    result = decided(links, [0, 0, 0], [100, 9000, 8000], dropped_kinds=(DUPLICATE, CONTAINED))
    assert result.duplicate_of.tolist() == [1, -1, -1]
    assert result.contained_in.tolist() == [1, -1, -1]


def test_a_fallen_anthology_is_no_container() -> None:
    """The recorded container is a document that is kept."""
    links = [(0, 1, A_IN_B, CONTAINED), (1, 2, A_IN_B, DUPLICATE)]
    assert decided(links, [0, 0, 0], [100, 9000, 9500]).contained_in.tolist() == [-1, -1, -1]


def test_templates_stay_unless_they_are_to_fall() -> None:
    """Two decrees of one form are kept; if the recipe says so, the later one is dropped."""
    links = [(0, 1, BOTH, TEMPLATE)]
    assert decided(links, [0, 0], [90, 90]).kept.all()
    assert decided(links, [0, 0], [90, 90], dropped_kinds=(DUPLICATE, TEMPLATE)).duplicate_of.tolist() == [-1, 0]


def test_documents_of_an_earlier_version_never_fall() -> None:
    """Existing documents come before new ones, however long or open, and aren't compared with each other."""
    links = [(0, 1, BOTH, DUPLICATE), (1, 2, BOTH, DUPLICATE)]
    result = decided(links, [0, 5, 5], [700, 600, 500], existing=[1, 2])
    assert result.duplicate_of.tolist() == [1, -1, -1]


def test_a_text_that_holds_two_kept_ones_is_in_the_cluster_of_the_first() -> None:
    """Two open halves and the whole are all kept; the whole is in the cluster of the first half."""
    halves = [(2, 0, A_IN_B, DUPLICATE), (1, 0, A_IN_B, DUPLICATE)]
    for links in (halves, halves[::-1]):
        result = decided(links, [4, 0, 0], [700, 330, 350])
        assert result.kept.all()
        assert result.cluster.tolist() == [0, 1, 0]
        assert np.bincount(result.cluster)[result.cluster].tolist() == [2, 1, 2]


def test_the_contained_one_may_be_either_of_a_pair() -> None:
    """The container is recorded whichever document comes first in the pair, and the first kept container counts."""
    links = [(2, 1, B_IN_A, CONTAINED), (0, 1, B_IN_A, CONTAINED)]
    for each in (links, links[::-1]):
        result = decided(each, [0, 0, 0], [8000, 100, 9000])
        assert result.contained_in.tolist() == [-1, 2, -1]
        result = decided(each, [0, 0, 0], [8000, 100, 9000], dropped_kinds=(DUPLICATE, CONTAINED))
        assert (result.duplicate_of.tolist(), result.contained_in.tolist()) == ([-1, 2, -1], [-1, 2, -1])


def test_contained_texts_and_forms_stay_unless_asked_otherwise() -> None:
    """Contained texts and forms are kept by default."""
    pairs, stands = np.array([[0, 1], [2, 3]], np.uint32), np.array([A_IN_B, BOTH], np.uint8)
    order = np.array([1, 0, 2, 3])
    result = cluster(pairs, stands, np.array([CONTAINED, TEMPLATE], np.uint8), order, np.arange(4))
    assert result.kept.all()
    assert result.contained_in.tolist() == [1, -1, -1, -1]
