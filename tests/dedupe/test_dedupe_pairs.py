from __future__ import annotations

from collections import Counter
from itertools import combinations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from latam_corpus.dedupe import candidate_jobs
from latam_corpus.dedupe.candidates import pairs
from latam_corpus.dedupe.candidates.buckets import into_buckets
from latam_corpus.dedupe.candidates.pairs import CAP, COMMON, HUBS, Extent, Pairing, merge_runs, pair_runs

ALL = Extent(np.full(50, 1), np.ones(50, np.uint64))


def postings(expected: list[tuple[int, int]]) -> tuple[np.ndarray, np.ndarray]:
    """Return values, spread over 64 bits, and documents."""
    values = np.array([value * 0x9E3779B97F4A7C15 % (1 << 64) for value, _ in expected], np.uint64)
    return values, np.array([document for _, document in expected], np.uint32)


def passed(
    expected: tuple[np.ndarray, np.ndarray], cap: int = CAP, hubs: int = HUBS, common: int = COMMON
) -> tuple[list[tuple[np.ndarray, np.ndarray]], Pairing]:
    """Return the runs of pairs that share values, as `pair_range` writes them, and the pass that made them."""
    passing = Pairing(into_buckets(*expected), cap, hubs, common)
    return list(pair_runs(passing)), passing


@settings(deadline=None)
@given(st.lists(st.tuples(st.integers(1, 20), st.integers(0, 49)), max_size=200))
def test_pairs_and_counts_are_those_of_a_plain_count(found: list[tuple[int, int]]) -> None:
    """Every pair that shares a value is found, with the number of distinct values it shares."""
    holders: dict[int, set[int]] = {}
    for value, document in found:
        holders.setdefault(value, set()).add(document)
    expected = Counter(pair for held in holders.values() for pair in combinations(sorted(held), 2))
    runs, passing = passed(postings(found))
    result = merge_runs(runs, ALL)
    reported = {(int(a), int(b)): int(n) for (a, b), n in zip(result.pairs, result.shared, strict=True)}
    assert reported == expected
    assert list(reported) == sorted(reported)
    assert passing.tallies[0] == len(holders)


@settings(deadline=None)
@given(
    st.lists(st.tuples(st.integers(1, 9), st.integers(0, 49)), min_size=1, max_size=300),
    st.randoms(),
    st.integers(5, 40),
)
def test_ranges_runs_and_order_change_nothing(found: list[tuple[int, int]], chance: object, room: int) -> None:
    """The result doesn't depend on order, ranges or runs, with and without a cap."""
    values, documents = postings(found)
    whole, passing = passed((values, documents), cap=5, hubs=2, common=3)
    item = merge_runs(whole, ALL)
    order = np.array(sorted(range(len(found)), key=lambda _: chance.random()))  # type: ignore[attr-defined]
    values, documents = values[order], documents[order]
    bucket = values >> np.uint64(61)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(pairs, "PAIRS_A_RUN", room)
        ranges = [passed((values[bucket == b], documents[bucket == b]), 5, 2, 3) for b in range(8)]
    both = merge_runs([run for runs, _ in ranges for run in runs], ALL)
    assert np.array_equal(both.pairs, item.pairs)
    assert np.array_equal(both.shared, item.shared)
    assert np.array_equal(np.concatenate([np.sort(item.common) for _, item in ranges]), np.sort(passing.common))
    assert np.sum([item.tallies for _, item in ranges], axis=0).tolist() == passing.tallies.tolist()


def test_no_run_has_more_pairs_than_there_is_room_for() -> None:
    """780 pairs are returned in runs of at most 50, each pair once."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(pairs, "PAIRS_A_RUN", 50)
        result, _ = passed((np.full(40, 9, np.uint64), np.arange(40, dtype=np.uint32)), 50, 4, 8)
    assert max(len(keys) for keys, _ in result) <= 50
    assert len(np.unique(np.concatenate([keys for keys, _ in result]))) == 780 == sum(len(keys) for keys, _ in result)


@given(st.lists(st.lists(st.integers(0, 2**63), max_size=30), min_size=1, max_size=5), st.integers(1, 4))
def test_ranges_of_keys_hold_every_key_once(runs: list[list[int]], marks_each: int) -> None:
    """Each key is in exactly one range, and no range has many more keys than requested."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(candidate_jobs, "_MARK", 3)
        marks = np.concatenate([np.array(sorted(run)[::3], np.uint64) for run in runs])
        ranges = candidate_jobs.key_ranges(marks, 3 * marks_each)
    assert [low for low, _ in ranges[1:]] == [high for _, high in ranges[:-1]]
    assert (ranges[0][0], ranges[-1][1]) == (0, 1 << 64)
    keys = [key for run in runs for key in set(run)]
    held = [sum(low <= key < high for key in keys) for low, high in ranges]
    assert sum(held) == len(keys)
    equal = max((keys.count(key) for key in keys), default=0)
    assert max(held) <= 3 * (marks_each + equal) + 3 * len(runs)


def test_a_value_that_everyone_has_makes_linear_work() -> None:
    """A value in 300,000 documents makes a few pairs per document, and the rest is counted."""
    n = 300_000
    values, documents = np.full(n, 77, np.uint64), np.arange(n, dtype=np.uint32)[::-1].copy()
    [(keys, _)], passing = passed((values, documents), cap=50, hubs=4)
    assert len(keys) == 50 * 49 // 2 + (n - 50) * 4
    later = keys[(keys & np.uint64(0xFFFFFFFF)) >= 50]
    assert set((later >> np.uint64(32)).tolist()) == {0, 1, 2, 3}
    assert passing.tallies.tolist() == [1, 1, n * (n - 1) // 2 - len(keys)]
    assert passing.common.tolist() == [77]


def test_without_hubs_what_is_over_the_cap_has_no_pairs() -> None:
    """With no hubs only the first holders of a value are paired."""
    [(keys, _)], _ = passed((np.full(9, 5, np.uint64), np.arange(9, dtype=np.uint32)), cap=3, hubs=0)
    assert [(int(key) >> 32, int(key) & 0xFFFFFFFF) for key in keys] == [(0, 1), (0, 2), (1, 2)]


@pytest.mark.parametrize("near", [1, 1 << 5, 1 << 41, 1 << 60])
def test_values_that_agree_in_the_sorted_bits_stay_apart(near: int) -> None:
    """Two values that differ only in unsorted bits make no pair."""
    value = 0x1234567890ABCDE0
    values = np.array([value, value ^ near, value, value ^ near], np.uint64)
    runs, _ = passed((values, np.array([0, 1, 2, 3], np.uint32)))
    assert merge_runs(runs, ALL).pairs.tolist() == [[0, 2], [1, 3]]


def test_longer_texts_need_more_shared_values() -> None:
    """Two long texts with one common value are no candidates, while a short and a long one are."""
    extent = Extent(np.array([90, 90, 4]), np.array([8, 8, 4], np.uint64))
    runs, _ = passed((np.array([8, 8, 8], np.uint64), np.array([0, 1, 2], np.uint32)))
    assert merge_runs(runs, extent).pairs.tolist() == [[0, 2], [1, 2]]


def test_nothing_gives_nothing() -> None:
    """Without postings or buckets there are no pairs."""
    empty = np.zeros(0, np.uint64), np.zeros(0, np.uint32)
    assert passed(empty)[0] == []
    assert merge_runs([], ALL).pairs.shape == (0, 2)
