"""Write the ledger and the shards of a version: read each input file once, spill its rows by shard, sort each shard.

Memory use doesn't depend on the size of the corpus, only on the rows being spilled and those that each writer sorts at
once. During a build the disk needs space for a second copy of all texts.
"""

from __future__ import annotations

import json
import os
from concurrent.futures import ThreadPoolExecutor
from contextlib import nullcontext
from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING, Final

import numpy as np
import polars as pl

from latam_corpus import schema
from latam_corpus.messages import N_
from latam_corpus.release.eligibility.strictest import on_terms
from latam_corpus.release.storing.manifest import Shard, SideFile
from latam_corpus.release.storing.shard_file import group_ends, write_group, writer
from latam_corpus.release.storing.store_tables import IN_PLACE_OF
from latam_corpus.storage.durable import digest_of
from latam_corpus.storage.spill import Spill, compact

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from numpy.typing import NDArray

    from latam_corpus.pipeline.execution.engines import OnStep
    from latam_corpus.release.building.release_plan import ReleasePlan
    from latam_corpus.release.building.sketch import Sketcher
    from latam_corpus.release.eligibility.decided_rows import IdRange
    from latam_corpus.release.storing.shard_plan import Cell, ShardPlan

_GROUP_ROWS: Final = 200_000  # rows in a row group of the ledger


def write_ledger(target: Path, plan: ReleasePlan, version: str) -> None:
    """Write the ledger as Parquet, sorted by document; the `reason` of a released row is the version."""
    decided, places = plan.decided, plan.inputs.places
    if places is None:
        places = pl.DataFrame(schema={"doc_id": pl.String, "of": pl.String})
    with writer(target, schema.LEDGER_SCHEMA) as opened:
        pending = pl.DataFrame(schema=schema.LEDGER_SCHEMA)
        for rows in decided.ranges():
            pending = pl.concat([pending, _ledger_rows(rows, decided.plan, version, places)])
            end = pending.height - pending.height % _GROUP_ROWS
            for start in range(0, end, _GROUP_ROWS):
                write_group(opened, pending[start : start + _GROUP_ROWS])
            pending = pending[end:]
        if pending.height:
            write_group(opened, pending)


def _ledger_rows(rows: IdRange, plan: ShardPlan, version: str, places: pl.DataFrame) -> pl.DataFrame:
    shards = [json.dumps({"shard": cell.path}) for cell in plan.cells]
    evidence = pl.Series("evidence", shards, dtype=pl.String).gather(rows.released["shard"])
    placed = pl.concat_str(
        pl.col("evidence").str.strip_suffix("}"), pl.lit(f', "{IN_PLACE_OF}": "'), "of", pl.lit('"}')
    )
    stricter = pl.concat_str(
        pl.col("evidence").str.strip_suffix("}"), pl.lit(', "strictest_stated_by": '), "stricter", pl.lit("}")
    )
    with_evidence = rows.released.with_columns(evidence).with_columns(
        pl.when(pl.col("stricter").is_null()).then("evidence").otherwise(stricter).alias("evidence")
    )
    released = with_evidence.join(places, on="doc_id", how="left", maintain_order="left").select(
        "doc_id",
        pl.col("source_id").cast(pl.String),
        pl.lit("release").alias("stage"),
        pl.lit("released").alias("verdict"),
        pl.lit(version).alias("reason"),
        pl.when(pl.col("of").is_null()).then("evidence").otherwise(placed).alias("evidence"),
        pl.col("exact_hash").alias("text_hash_after"),
        "chars",
    )
    left_out = rows.left_out.select(
        "doc_id",
        pl.col("source_id").cast(pl.String),
        pl.lit("release").alias("stage"),
        pl.lit("dropped").alias("verdict"),
        "reason",
        "evidence",
        pl.col("exact_hash").alias("text_hash_before"),
        "chars",
    )
    ledger = pl.concat([schema.conform(frame, schema.LEDGER_SCHEMA) for frame in (released, left_out)])
    return ledger.sort("doc_id", "verdict", "reason", "text_hash_before", maintain_order=True)


_WRITERS: Final = min(4, os.cpu_count() or 1)
_INDEX: Final = ".index"
_SORTED_BYTES: Final = 32 << 20  # approximate size of the rows that a writer sorts at once


@dataclass(frozen=True)
class Written:
    """The shards of a version, already in the store, and its index, still in a temporary folder.

    Attributes:
        rebuilt: names of index files that were rebuilt for reused shards because the parent's were damaged or outdated.
    """

    shards: tuple[Shard, ...]
    files: dict[str, Path]
    index: dict[str, SideFile]
    rebuilt: frozenset[str] = frozenset()


def write_shards(plan: ReleasePlan, sketcher: Sketcher | None, progress: OnStep | None) -> Written:
    """Write the version's shards into the store, and their index, if there is a sketcher, into the plan's folder."""
    decided, reused, cells = plan.decided, plan.reused, plan.decided.plan.cells
    by_number: dict[int, Shard] = {}
    with ThreadPoolExecutor(_WRITERS) as pool:
        spill = _spilled(plan, progress)
        todo = [number for number in range(len(cells)) if number not in reused]
        files = pool.map(lambda number: _write_shard(spill, number, cells[number].split, plan.columns, sketcher), todo)
        for done, (number, (file, sha256)) in enumerate(zip(todo, files, strict=True)):
            size = file.stat().st_size
            plan.basis.store.add_object(file, sha256)
            by_number[number] = _shard(cells[number], sha256, size, *decided.shards.row(number)[1:3])
            if progress:
                progress(N_("writing shards"), done + 1, len(todo))
        for number, shard in reused.items():
            by_number[number] = _shard(cells[number], shard.sha256, shard.bytes, shard.rows, shard.text_bytes)
        shards = tuple(by_number[number] for number in range(len(cells)))
        if sketcher is None:
            return Written(shards, {}, {})
        paths = [spill.file(number).with_suffix(_INDEX) for number in range(len(cells))]
        are_reused = pool.map(lambda number: sketcher.reuse_or_rebuild(reused[number], paths[number]), reused)
        names = [shard.index for shard in shards]
        rebuilt = frozenset(
            names[number] for number, is_reused in zip(reused, are_reused, strict=True) if not is_reused
        )
        side_files = pool.map(_side_file, paths)
        return Written(shards, dict(zip(names, paths, strict=True)), dict(zip(names, side_files, strict=True)), rebuilt)


def _shard(cell: Cell, sha256: str, size: int, rows: int, text_bytes: int) -> Shard:
    return Shard(**asdict(cell), sha256=sha256, bytes=size, rows=rows, text_bytes=text_bytes)


def _spilled(plan: ReleasePlan, progress: OnStep | None) -> Spill:
    """Spill the rows of all shards to be written, by shard."""
    spill, parts = Spill(plan.folder), plan.parts
    for all_places in plan.decided.places():
        places = all_places.filter(~pl.col("shard").is_in(list(plan.reused)))
        if places.is_empty():
            continue
        number = int(places["part"][0])
        shards = np.full(int(places["row"].max()) + 1, -1, dtype=np.int64)  # type: ignore[arg-type]
        shards[places["row"].to_numpy()] = places["shard"].to_numpy()
        changes = places.filter(pl.col("terms").is_not_null()).select("row", "terms")
        first = 0
        for frame in parts[number].batches():
            spill.add_texts_by(on_terms(frame, changes, first), shards[first : first + frame.height])
            first += frame.height
        if progress:
            progress(N_("sorting into shards"), number, len(parts))
    spill.flush()
    if progress:
        progress(N_("sorting into shards"), len(parts), len(parts))
    return spill


def _side_file(file: Path) -> SideFile:
    return SideFile(sha256=digest_of(file), bytes=file.stat().st_size)


def _write_shard(
    spill: Spill, number: int, split: str, columns: pl.Schema, sketcher: Sketcher | None
) -> tuple[Path, str]:
    """Write a shard, with its index file next to it, and delete the spilled rows; return the file and its digest."""
    target = spill.file(number).with_suffix(".parquet")
    sketching = sketcher.opened(spill.file(number).with_suffix(_INDEX)) if sketcher else nullcontext()
    with writer(target, columns) as opened, sketching as sketch:
        for rows in row_groups(spill, number):
            group = schema.conform(rows.with_columns(pl.lit(split).alias("split")), columns)
            write_group(opened, group)
            if sketch:
                sketch(group)
    return target, digest_of(target)


def row_groups(spill: Spill, number: int) -> Iterator[pl.DataFrame]:
    """Yield a shard's row groups, sorted by `doc_id`; in memory are all ids and one lot of rows."""
    light = pl.concat(compact(rows.select("doc_id", pl.col("text").str.len_bytes())) for rows in spill.frames(number))
    order = light["doc_id"].arg_sort().to_numpy()
    sizes = light["text"].to_numpy()[order].astype(np.int64)
    del light
    ends = np.array(group_ends(sizes.tolist()))
    other_bytes = (spill.file(number).stat().st_size - int(sizes.sum())) // len(sizes)  # mean, without the text
    lots = (np.cumsum(sizes + other_bytes)[ends - 1] - 1) // _SORTED_BYTES
    if lots[-1]:
        lot_of = np.empty(len(order), dtype=np.int64)
        lot_of[order] = np.repeat(lots, np.diff(ends, prepend=0))
        spill = _by_lot(spill, number, lot_of)
        number = 0
    start = 0
    for lot in np.unique(lots).tolist():
        rows = spill.take(number + lot, pl.Schema())
        rows = rows[rows["doc_id"].arg_sort()]
        first = start
        for end in ends[lots == lot].tolist():
            yield rows[start - first : end - first]
            start = end


def _by_lot(spill: Spill, number: int, lot_of: NDArray[np.int64]) -> Spill:
    """Spill a shard's rows again, grouped by lot for sorting, and delete the shard's file."""
    by_lot = Spill(spill.file(number).with_suffix(".lots"), max_bytes=_SORTED_BYTES // 2)
    first = 0
    for rows in spill.frames(number):
        by_lot.add_texts_by(rows, lot_of[first : first + rows.height])
        first += rows.height
    by_lot.flush()
    spill.file(number).unlink()
    return by_lot
