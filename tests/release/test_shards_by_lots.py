"""A shard's rows are sorted by lots where they are many: memory holds one, and the row groups are the same."""

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
    """Documents in no order, some without a text, one with a long one."""
    chance = random.Random(7)
    names = [f"fuente:{number:05d}" for number in range(_ROWS)]
    chance.shuffle(names)
    texts = ["arena " * chance.randrange(20) for _ in range(_ROWS)]
    texts[100] = "la mar " * 2_000
    return pl.DataFrame({"doc_id": names, "text": texts, "title": [f"Título {name}" for name in names]})


@pytest.mark.parametrize(("sorted_at_once", "most"), [(1, 7), (4_000, 60), (10**9, _ROWS)])
def test_row_groups_are_those_of_all_rows_sorted(
    rows: pl.DataFrame, sorted_at_once: int, most: int, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Whatever is sorted at once; of many rows a few are taken into memory, of few all."""
    monkeypatch.setattr(shard_file, "GROUP_ROWS", 7)
    monkeypatch.setattr(write, "_SORTED", sorted_at_once)
    taken: list[int] = []
    take = Spill.take

    def noted(spill: Spill, number: int, columns: pl.Schema) -> pl.DataFrame:
        lot = take(spill, number, columns)
        taken.append(lot.height)
        return lot

    monkeypatch.setattr(Spill, "take", noted)
    spill = Spill(tmp_path / "filas", max_bytes=5_000)
    for start in range(0, _ROWS, 40):
        spill.add_texts_by(rows[start : start + 40], np.full(min(40, _ROWS - start), 3))
    spill.flush()
    groups = list(write.row_groups(spill, 3))
    ordered = rows.sort("doc_id")
    assert pl.concat(groups).equals(ordered)
    assert [group.height for group in groups] == np.diff(shard_file.group_ends([0] * _ROWS), prepend=0).tolist()
    assert 0 < max(taken) <= most
    assert not spill.file(3).exists()
    assert not list(tmp_path.glob("filas/**/*.arrows"))


def test_texts_arent_held_for_their_ids(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Of a whole shard ids and sizes are taken, and not what they were read with, however long an id is."""
    monkeypatch.setattr(shard_file, "GROUP_ROWS", 20)
    monkeypatch.setattr(write, "_SORTED", 1 << 20)
    rows = pl.DataFrame({"doc_id": [f"{number:032x}" for number in range(400)], "text": ["x" * 100_000] * 400})
    spill = Spill(tmp_path / "filas", max_bytes=1 << 20)
    for start in range(0, 400, 10):
        spill.add_texts_by(rows[start : start + 10], np.zeros(10, dtype=np.int64))
    spill.flush()
    before, held = pa.total_allocated_bytes(), []
    frames = Spill.frames

    def noted(spill: Spill, number: int) -> Iterator[pl.DataFrame]:
        for one in frames(spill, number):
            held.append(pa.total_allocated_bytes() - before)
            yield one

    monkeypatch.setattr(Spill, "frames", noted)
    assert sum(group.height for group in write.row_groups(spill, 0)) == 400
    assert 0 < max(held) < 10_000_000  # of 40 MB
