"""What one person gave stands in few shards; what the parent cut stays cut."""

from __future__ import annotations

from datetime import UTC, date, datetime
from typing import TYPE_CHECKING, Any

import polars as pl
from built_versions import build

from latam_corpus.release.reading.verify_version import verify
from latam_corpus.release.storing.shard_plan import _MIN_BYTES, GROUP_BITS, SHARD_BYTES, Planner, fitting, weights
from latam_corpus.release.storing.store import Store
from latam_corpus.release.withdrawals.withdraw import withdraw
from latam_corpus.release.withdrawals.withdrawal_request import WithdrawalRequest

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from latam_corpus.release.storing.manifest import Shard
    from latam_corpus.release.storing.shard_plan import Plan

TERMS: dict[str, Any] = {"admit": ["open"], "uses": ["train"], "today": date(2026, 11, 25), "splits": {}}
NOW = datetime(2026, 11, 27, tzinfo=UTC)


def light(rows: int, contributors: int = 1, text_bytes: int = 1000) -> pl.DataFrame:
    """As much as a plan reads."""
    return pl.DataFrame({"doc_id": [f"{n:032x}" for n in range(rows)]}).with_columns(
        language=pl.lit("spa_Latn"),
        genre=pl.lit("lyrics"),
        split=pl.lit("train"),
        contributor=pl.format("{}", pl.int_range(rows) % contributors),
        authors=pl.lit(""),
        text_bytes=pl.lit(text_bytes, pl.Int64),
    )


def weight(rows: pl.DataFrame) -> int:
    """What they count in all."""
    return int(weights(rows).sum())


def planned(folder: Path, rows: pl.DataFrame, inherited: Sequence[Shard], limit: int) -> tuple[Plan, pl.DataFrame]:
    """The plan of rows that come in several ranges, and the rows with their shards."""
    planner = Planner(folder, inherited)
    ranges = list(rows.iter_slices(max(1, rows.height // 3)))
    for part in ranges:
        planner.add(part)
    plan = planner.planned(limit)
    shards = [part.with_columns(pl.Series("shard", plan.shards(index))) for index, part in enumerate(ranges)]
    return plan, pl.concat(shards)


def test_a_persons_withdrawal_writes_few_shards_anew(tmp_path: Path, document: Any, kept_run: Any) -> None:
    """Those that have something of hers, and the others stay; each knows its group, and a stranger in it is found."""
    documents = [document(n, contributor=f"Persona {n // 10}", text=f"{n} " * 99) for n in range(400)]
    store = Store.at(tmp_path / "store")
    old = build("puerto", [kept_run("a-1", documents)], store, shard_bytes=20_000, **TERMS)
    assert len(old.shards) > 20
    done = withdraw(store, WithdrawalRequest.of("puerto", "creator", "persona 7", "asked"), NOW)
    assert (len(done.documents), len(done.shards[old.spec])) == (10, 1)
    assert done.written < sum(shard.bytes for shard in old.shards) / 20
    assert verify(store, "puerto", done.after.version) == []
    assert done.after.shard_limit == _MIN_BYTES
    [shard] = [one for one in old.shards if one.path == done.shards[old.spec][0]]
    manifest = tmp_path / "store" / "releases" / "puerto" / old.version / "manifest.json"
    flipped = "".join("10"[int(bit)] for bit in shard.group)
    manifest.write_text(
        manifest.read_text("utf-8").replace(f'"group": "{shard.group}"', f'"group": "{flipped}"'), "utf-8"
    )
    assert any("rows belong in another shard" in problem for problem in verify(store, "puerto", old.version))


def test_a_release_of_one_contributor_is_cut_by_its_ids(tmp_path: Path) -> None:
    """As one of many is by who gave it, each in one shard; a parent that was cut by ids alone stays so."""
    alone, _ = planned(tmp_path / "alone", light(4000), (), 200_000)
    assert len({cell.group for cell in alone.cells}) == 1
    assert all(len(cell.group) == GROUP_BITS and cell.prefix for cell in alone.cells)
    many, rows = planned(tmp_path / "many", light(4000, 200), (), 200_000)
    shards = rows.group_by("contributor").agg(pl.col("shard").n_unique())["shard"]
    assert shards.max() == 1
    assert max(rows.group_by("shard").len()["len"].to_list()) <= 200_000 // 2024 + 1
    assert {cell.prefix for cell in many.cells} == {""}


def test_the_size_of_a_shard_follows_the_releases() -> None:
    """Never below that of the parent: what leaves cuts no shard that it doesn't touch."""
    assert fitting(weight(light(10)), None) == _MIN_BYTES
    assert fitting(weight(light(2000, 1, 1 << 20)), None) == (2000 * ((1 << 20) + 1024)) // 128
    assert fitting(weight(light(10_000, 1, 1 << 30)), None) == SHARD_BYTES
