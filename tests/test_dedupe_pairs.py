from __future__ import annotations

from collections import Counter
from itertools import combinations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from latam_corpus.dedupe.pairs import Extent, candidate_pairs, merge_partial, partial_pairs

ALL = Extent(np.full(50, 1), np.ones(50, np.uint64))


def postings(found: list[tuple[int, int]]) -> tuple[np.ndarray, np.ndarray]:
    """Values, spread over 64 bits, and documents."""
    values = np.array([value * 0x9E3779B97F4A7C15 % (1 << 64) for value, _ in found], np.uint64)
    return values, np.array([document for _, document in found], np.uint32)


@settings(deadline=None)
@given(st.lists(st.tuples(st.integers(1, 20), st.integers(0, 49)), max_size=200))
def test_pairs_and_counts_are_those_of_a_plain_count(found: list[tuple[int, int]]) -> None:
    """Every pair that shares a value is found, with the number of values it shares, repeated postings aside."""
    holders: dict[int, set[int]] = {}
    for value, document in found:
        holders.setdefault(value, set()).add(document)
    expected = Counter(pair for held in holders.values() for pair in combinations(sorted(held), 2))
    made = candidate_pairs(*postings(found), ALL)
    told = {(int(a), int(b)): int(n) for (a, b), n in zip(made.pairs, made.shared, strict=True)}
    assert told == expected
    assert list(told) == sorted(told)
    assert made.values == len(holders)


@settings(deadline=None)
@given(st.lists(st.tuples(st.integers(1, 9), st.integers(0, 49)), min_size=1, max_size=300), st.randoms())
def test_buckets_and_order_change_nothing(found: list[tuple[int, int]], chance: object) -> None:
    """The same postings in another order, in eight ranges, merged in two, give the same, capped or not."""
    values, documents = postings(found)
    one = candidate_pairs(values, documents, ALL, cap=5, hubs=2, common=3)
    order = np.array(sorted(range(len(found)), key=lambda _: chance.random()))  # type: ignore[attr-defined]
    values, documents = values[order], documents[order]
    bucket = values >> np.uint64(61)
    partials = [partial_pairs(values[bucket == b], documents[bucket == b], 5, 2, 3) for b in range(8)]
    low, high = merge_partial(partials, ALL, 0, 20), merge_partial(partials, ALL, 20)
    assert np.array_equal(np.concatenate((low.pairs, high.pairs)), one.pairs)
    assert np.array_equal(np.concatenate((low.shared, high.shared)), one.shared)
    assert np.array_equal(low.common, one.common)
    assert (low.over_cap, low.left_out) == (one.over_cap, one.left_out)


def test_a_value_that_everyone_has_makes_linear_work() -> None:
    """A licence in 300,000 documents makes a few pairs each, all with the best ones, and what was left out is told."""
    n = 300_000
    made = partial_pairs(np.full(n, 77, np.uint64), np.arange(n, dtype=np.uint32)[::-1].copy(), cap=50, hubs=4)
    assert len(made.keys) == 50 * 49 // 2 + (n - 50) * 4
    later = made.keys[(made.keys & np.uint64(0xFFFFFFFF)) >= 50]
    assert set((later >> np.uint64(32)).tolist()) == {0, 1, 2, 3}
    assert (made.over_cap, made.left_out) == (1, n * (n - 1) // 2 - len(made.keys))
    assert made.common.tolist() == [77]


def test_without_hubs_what_is_over_the_cap_has_no_pairs() -> None:
    """With hubs 0 only the first holders are paired."""
    made = partial_pairs(np.full(9, 5, np.uint64), np.arange(9, dtype=np.uint32), cap=3, hubs=0)
    assert [(int(key) >> 32, int(key) & 0xFFFFFFFF) for key in made.keys] == [(0, 1), (0, 2), (1, 2)]


@pytest.mark.parametrize("near", [1, 1 << 5, 1 << 41, 1 << 60])
def test_values_that_agree_in_the_sorted_bits_stay_apart(near: int) -> None:
    """Two values that differ only in bits that the sort doesn't look at don't make a pair of their documents."""
    value = 0x1234567890ABCDE0
    values = np.array([value, value ^ near, value, value ^ near], np.uint64)
    made = candidate_pairs(values, np.array([0, 1, 2, 3], np.uint32), ALL)
    assert made.pairs.tolist() == [[0, 2], [1, 3]]


def test_longer_texts_need_more_shared_values() -> None:
    """A pair of long texts with one value in common is no candidate; a short one with a long one is."""
    extent = Extent(np.array([90, 90, 4]), np.array([8, 8, 4], np.uint64))
    made = candidate_pairs(np.array([8, 8, 8], np.uint64), np.array([0, 1, 2], np.uint32), extent)
    assert made.pairs.tolist() == [[0, 2], [1, 2]]


def test_nothing_gives_nothing() -> None:
    """No postings and no buckets give no pairs."""
    empty = np.zeros(0, np.uint64), np.zeros(0, np.uint32)
    assert len(candidate_pairs(*empty, ALL).pairs) == 0
    assert merge_partial([], ALL).pairs.shape == (0, 2)
