"""Connected documents are in one pack, and files by number return the stored values."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import polars as pl
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from latam_corpus.corpus import ROW, packed
from latam_corpus.dedupe import on_disk
from latam_corpus.dedupe.candidates.pairing_kernels import connect, label_packs
from latam_corpus.dedupe.decide import equal_texts
from latam_corpus.dedupe.decide.equal_texts import EqualTexts
from latam_corpus.dedupe.on_disk import OnDisk

if TYPE_CHECKING:
    from pathlib import Path

_PAIRS = st.lists(st.tuples(st.integers(0, 39), st.integers(0, 39)).filter(lambda pair: pair[0] != pair[1]))


@given(_PAIRS, st.integers(1, 12), st.integers(1, 5))
def test_what_is_connected_is_in_one_pack(pairs: list[tuple[int, int]], most: int, lots: int) -> None:
    """Pairs in lots give the same components as all pairs together."""
    all_pairs = np.array(pairs, np.int64).reshape(-1, 2)
    label = np.arange(40, dtype=np.uint32)
    for lot in np.array_split(all_pairs, lots):
        connect(label, lot)
    assert label_packs(label, most).tolist() == packed(all_pairs, 40, most).tolist()


@given(st.lists(st.integers(0, 29)), st.integers(1, 7))
@settings(suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_a_file_is_looked_at_a_part_at_a_time(tmp_path: Path, places: list[int], window: int) -> None:
    """Values are read correctly whatever the window and the order of places."""
    kind = np.dtype([("a", np.int8), ("b", np.uint32)])
    held = np.zeros(30, kind)
    held["a"], held["b"] = np.arange(30) - 9, np.arange(30) * 1_000_003
    held.tofile(tmp_path / "values")
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(on_disk, "_WINDOW_BYTES", window * kind.itemsize)
        result = OnDisk(tmp_path / "values", kind)[np.array(places, np.uint32)]
    assert result.tolist() == held[np.array(places, np.int64)].tolist()


def test_an_equal_text_is_weighed_at_its_kept_one(tmp_path: Path) -> None:
    """The kept document of a group has the group's size and smallest id, whatever blocks its rows are in."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(equal_texts, "_BLOCK_BITS", 2)
        texts = EqualTexts(tmp_path)
        texts.exclude(pl.Series([2]))
        texts.add(pl.DataFrame({ROW: [1, 9, 14], "kept_row": [9, 9, 9], "doc_id": ["b", "c", "a"]}))
        texts.finish()
        candidates = texts.candidates(pl.DataFrame({ROW: range(16)}))
        assert candidates[ROW].to_list() == [row for row in range(16) if row not in {1, 2, 14}]
        assert candidates.filter(pl.col("copies").is_not_null()).rows() == [(9, 3, "a")]
        texts.add_decisions(pl.DataFrame({"kept_row": [9, 3], "drop_reason": ["near", None]}))
        [(groups, decisions)] = [(groups[ROW].to_list(), decisions.rows()) for groups, decisions in texts.blocks()]
    assert (groups, decisions) == ([1, 9, 14], [(9, "near")])
