"""Texts of one contributor are in few shards, and a version keeps the cuts of its parent."""

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
    from latam_corpus.release.storing.shard_plan import ShardPlan

TERMS: dict[str, Any] = {"admit": ["open"], "uses": ["train"], "today": date(2026, 11, 25), "splits": {}}
NOW = datetime(2026, 11, 27, tzinfo=UTC)


def light(rows: int, contributors: int = 1, text_bytes: int = 1000) -> pl.DataFrame:
    """Return rows with the columns that a plan reads."""
    return pl.DataFrame({"doc_id": [f"{n:032x}" for n in range(rows)]}).with_columns(
        language=pl.lit("spa_Latn"),
        genre=pl.lit("lyrics"),
        split=pl.lit("train"),
        contributor=pl.format("{}", pl.int_range(rows) % contributors),
        authors=pl.lit(""),
        text_bytes=pl.lit(text_bytes, pl.Int64),
    )


def weight(rows: pl.DataFrame) -> int:
    """Return the total weight of rows."""
    return int(weights(rows).sum())


def planned(folder: Path, rows: pl.DataFrame, inherited: Sequence[Shard], limit: int) -> tuple[ShardPlan, pl.DataFrame]:
    """Return the plan of rows that come in several ranges, and the rows with their shards."""
    planner = Planner(folder, inherited)
    ranges = list(rows.iter_slices(max(1, rows.height // 3)))
    for part in ranges:
        planner.add(part)
    plan = planner.planned(limit)
    shards = [part.with_columns(pl.Series("shard", plan.shards(index))) for index, part in enumerate(ranges)]
    return plan, pl.concat(shards)


def test_the_withdrawal_of_a_person_rewrites_few_shards(tmp_path: Path, document: Any, kept_run: Any) -> None:
    """Only shards with her texts are rewritten, and `verify` finds rows in the wrong group."""
    documents = [document(n, contributor=f"Persona {n // 10}", text=f"{n} " * 99) for n in range(400)]
    store = Store.at(tmp_path / "store")
    first = build("puerto", [kept_run("a-1", documents)], store, shard_bytes=20_000, **TERMS)
    assert len(first.shards) > 20
    withdrawal = withdraw(store, WithdrawalRequest.of("puerto", "creator", "persona 7", "asked"), NOW)
    assert (len(withdrawal.documents), len(withdrawal.shards[first.spec])) == (10, 1)
    assert withdrawal.written < sum(shard.bytes for shard in first.shards) / 20
    assert verify(store, "puerto", withdrawal.after.version) == []
    assert withdrawal.after.shard_limit == _MIN_BYTES
    [shard] = [candidate for candidate in first.shards if candidate.path == withdrawal.shards[first.spec][0]]
    manifest = tmp_path / "store" / "releases" / "puerto" / first.version / "manifest.json"
    flipped = "".join("10"[int(bit)] for bit in shard.group)
    manifest.write_text(
        manifest.read_text("utf-8").replace(f'"group": "{shard.group}"', f'"group": "{flipped}"'), "utf-8"
    )
    assert any("rows belong in another shard" in problem for problem in verify(store, "puerto", first.version))


def test_a_release_of_one_contributor_is_cut_by_ids(tmp_path: Path) -> None:
    """A release of many contributors is cut by contributor, each in one shard."""
    single_plan, _ = planned(tmp_path / "alone", light(4000), (), 200_000)
    assert len({cell.group for cell in single_plan.cells}) == 1
    assert all(len(cell.group) == GROUP_BITS and cell.prefix for cell in single_plan.cells)
    many, rows = planned(tmp_path / "many", light(4000, 200), (), 200_000)
    shards = rows.group_by("contributor").agg(pl.col("shard").n_unique())["shard"]
    assert shards.max() == 1
    assert max(rows.group_by("shard").len()["len"].to_list()) <= 200_000 // 2024 + 1
    assert {cell.prefix for cell in many.cells} == {""}


def test_the_shard_size_follows_the_size_of_the_release() -> None:
    """The shard size grows with the release between a minimum and a maximum."""
    assert fitting(weight(light(10)), None) == _MIN_BYTES
    assert fitting(weight(light(2000, 1, 1 << 20)), None) == (2000 * ((1 << 20) + 1024)) // 128
    assert fitting(weight(light(10_000, 1, 1 << 30)), None) == SHARD_BYTES
