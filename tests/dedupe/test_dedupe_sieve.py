"""The sieve passes the fingerprints of an earlier version that a new document has, and no others."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st

from latam_corpus.dedupe.candidates import buckets
from latam_corpus.dedupe.candidates.buckets import Sieve

if TYPE_CHECKING:
    import pytest

VALUES = st.lists(st.integers(0, 2**64 - 1) | st.integers(0, 40).map(lambda n: n << 58 | n), max_size=40)


@settings(deadline=None)
@given(VALUES, st.lists(VALUES, max_size=6))
def test_what_both_have_passes(new: list[int], old: list[list[int]]) -> None:
    """All common fingerprints pass, with the document of each, even if many share their top bits."""
    values = np.array([value for document in old for value in document], np.uint64)
    offsets = np.cumsum([0, *map(len, old)])
    result, places = Sieve.of([np.array(new, np.uint64)], len(new)).sifted(values, offsets)
    pairs = [(value, place) for place, document in enumerate(old) for value in document if value in set(new)]
    assert list(zip(result.tolist(), places.tolist(), strict=True)) == pairs


def test_where_the_new_are_too_many_none_of_them_is_lost(monkeypatch: pytest.MonkeyPatch) -> None:
    """With too many fingerprints to look up, all common ones pass and hardly any others."""
    monkeypatch.setattr(buckets, "_LOOKED_UP", 100)
    chance = np.random.default_rng(5)
    new, old = chance.integers(0, 2**63, (2, 1000), np.uint64) * np.uint64(2)
    built = Sieve.of([new[:400], new[400:]], len(new))
    assert not len(built.values)
    result, _ = built.sifted(np.concatenate([new, old]), np.array([0, 2000]))
    assert set(new.tolist()) <= set(result.tolist())
    assert len(result) < 1000 + 2 * 1000 / 32
