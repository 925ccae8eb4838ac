"""Rows of a large shard are sorted in lots: one lot is in memory, and the row groups are the same."""

from __future__ import annotations

import random
from typing import TYPE_CHECKING

import numpy as np
import polars as pl
import pyarrow as pa
import pytest

from latam_corpus.release.building import write
from latam_corpus.release.storing import shard_file
from latam_corpus.storage.spill import Spill

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

_ROWS = 300


@pytest.fixture
def rows() -> pl.DataFrame:
    """Return documents in random order, some with an empty text, one with a long one."""
    chance = random.Random(7)
    names = [f"fuente:{number:05d}" for number in range(_ROWS)]
    chance.shuffle(names)
    texts = ["arena " * chance.randrange(20) for _ in range(_ROWS)]
    texts[100] = "la mar " * 2_000
    return pl.DataFrame({"doc_id": names, "text": texts, "title": [f"Título {name}" for name in names]})


@pytest.mark.parametrize(("sorted_at_once", "largest_lot"), [(1, 7), (4_000, 60), (10**9, _ROWS)])
def test_row_groups_do_not_depend_on_lots(
    rows: pl.DataFrame, sorted_at_once: int, largest_lot: int, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Row groups are those of all rows sorted at once, and large shards are read in small lots."""
    monkeypatch.setattr(shard_file, "GROUP_ROWS", 7)
    monkeypatch.setattr(write, "_SORTED_BYTES", sorted_at_once)
    lot_sizes: list[int] = []
    take = Spill.take

    def recording_take(spill: Spill, number: int, columns: pl.Schema) -> pl.DataFrame:
        lot = take(spill, number, columns)
        lot_sizes.append(lot.height)
        return lot

    monkeypatch.setattr(Spill, "take", recording_take)
    spill = Spill(tmp_path / "filas", max_bytes=5_000)
    for start in range(0, _ROWS, 40):
        spill.add_texts_by(rows[start : start + 40], np.full(min(40, _ROWS - start), 3))
    spill.flush()
    groups = list(write.row_groups(spill, 3))
    ordered = rows.sort("doc_id")
    assert pl.concat(groups).equals(ordered)
    assert [group.height for group in groups] == np.diff(shard_file.group_ends([0] * _ROWS), prepend=0).tolist()
    assert 0 < max(lot_sizes) <= largest_lot
    assert not spill.file(3).exists()
    assert not list(tmp_path.glob("filas/**/*.arrows"))


def test_texts_are_not_kept_in_memory_with_ids(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Only ids and sizes of a whole shard are in memory, not the rows that they were read from."""
    monkeypatch.setattr(shard_file, "GROUP_ROWS", 20)
    monkeypatch.setattr(write, "_SORTED_BYTES", 1 << 20)
    rows = pl.DataFrame({"doc_id": [f"{number:032x}" for number in range(400)], "text": ["x" * 100_000] * 400})
    spill = Spill(tmp_path / "filas", max_bytes=1 << 20)
    for start in range(0, 400, 10):
        spill.add_texts_by(rows[start : start + 10], np.zeros(10, dtype=np.int64))
    spill.flush()
    allocated_before, allocated = pa.total_allocated_bytes(), []
    frames = Spill.frames

    def recording_frames(spill: Spill, number: int) -> Iterator[pl.DataFrame]:
        for frame in frames(spill, number):
            allocated.append(pa.total_allocated_bytes() - allocated_before)
            yield frame

    monkeypatch.setattr(Spill, "frames", recording_frames)
    assert sum(group.height for group in write.row_groups(spill, 0)) == 400
    assert 0 < max(allocated) < 10_000_000  # of 40 MB
