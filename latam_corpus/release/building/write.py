"""The ledger of a version and its shards: each file is read once, its rows spilled by shard, each then sorted.

Memory holds the rows being spilled and what a writer sorts at once, whatever the corpus; the disk holds its texts
once more while a build runs.
"""

from __future__ import annotations

import json
import os
from concurrent.futures import ThreadPoolExecutor
from contextlib import nullcontext
from dataclasses import dataclass
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
    from collections.abc import Iterator, Mapping, Sequence
    from pathlib import Path

    from numpy.typing import NDArray

    from latam_corpus.release.building.sketch import Sketcher
    from latam_corpus.release.eligibility.build_inputs import Part
    from latam_corpus.release.eligibility.decided_rows import Decided, Range
    from latam_corpus.release.storing.shard_plan import Cell, Plan
    from latam_corpus.release.storing.store import Progress, Store

_GROUP: Final = 200_000


def write_ledger(target: Path, decided: Decided, version: str, places: pl.DataFrame | None = None) -> None:
    """Write the ledger, sorted by document, as Parquet.

    Args:
        target: the file.
        decided: what became of all rows.
        version: the reason of the released rows.
        places: `doc_id` of those that come back as copies, and the document `of` which each takes the place.
    """
    places = pl.DataFrame(schema={"doc_id": pl.String, "of": pl.String}) if places is None else places
    with writer(target, schema.LEDGER_SCHEMA) as opened:
        waiting = pl.DataFrame(schema=schema.LEDGER_SCHEMA)
        for rows in decided.ranges():
            waiting = pl.concat([waiting, _ledger_rows(rows, decided.plan, version, places)])
            whole = waiting.height - waiting.height % _GROUP
            for start in range(0, whole, _GROUP):
                write_group(opened, waiting[start : start + _GROUP])
            waiting = waiting[whole:]
        if waiting.height:
            write_group(opened, waiting)


def _ledger_rows(rows: Range, plan: Plan, version: str, places: pl.DataFrame) -> pl.DataFrame:
    shards = [json.dumps({"shard": cell.path}) for cell in plan.cells]
    evidence = pl.Series("evidence", shards, dtype=pl.String).gather(rows.released["shard"])
    placed = pl.concat_str(
        pl.col("evidence").str.strip_suffix("}"), pl.lit(f', "{IN_PLACE_OF}": "'), "of", pl.lit('"}')
    )
    stricter = pl.concat_str(
        pl.col("evidence").str.strip_suffix("}"), pl.lit(', "strictest_stated_by": '), "stricter", pl.lit("}")
    )
    told = rows.released.with_columns(evidence).with_columns(
        pl.when(pl.col("stricter").is_null()).then("evidence").otherwise(stricter).alias("evidence")
    )
    every = told.join(places, on="doc_id", how="left", maintain_order="left")
    released = every.select(
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
    every = pl.concat([schema.conform(frame, schema.LEDGER_SCHEMA) for frame in (released, left_out)])
    return every.sort("doc_id", "verdict", "reason", "text_hash_before", maintain_order=True)


_WRITERS: Final = min(4, os.cpu_count() or 1)
_INDEX: Final = ".index"
_SORTED: Final = 32 << 20  # bytes of a shard's rows, about, that a writer sorts at once


@dataclass(frozen=True)
class Written:
    """What was written: the shards, in the store, and the index, in a temporary folder.

    Attributes:
        shards: in the order of the plan's cells.
        files: the index's files by their names in the version's folder.
        index: what the manifest says of each.
        remade: those of the parent's shards that had to be made anew.
    """

    shards: tuple[Shard, ...]
    files: dict[str, Path]
    index: dict[str, SideFile]
    remade: frozenset[str] = frozenset()


def write_shards(
    decided: Decided,
    parts: Sequence[Part],
    reused: Mapping[int, Shard],
    store: Store,
    folder: Path,
    columns: pl.Schema = schema.RELEASE_SCHEMA,
    sketcher: Sketcher | None = None,
    progress: Progress | None = None,
) -> Written:
    """Return the version's shards and their index.

    Args:
        decided: which document goes where.
        parts: the files that the light rows' `part` means.
        reused: for a cell's index, a shard of the parent that holds the same rows and isn't written again.
        store: where the objects go.
        folder: for temporary files, and for the index.
        columns: of the version.
        sketcher: what makes the index; None for a version without.
        progress: told what is done, how much of it and of how much.
    """
    cells = decided.plan.cells
    by_number: dict[int, Shard] = {}
    with ThreadPoolExecutor(_WRITERS) as pool:
        spill = _spilled(decided, reused, parts, folder, progress)
        todo = [number for number in range(len(cells)) if number not in reused]
        files = pool.map(lambda number: _write_shard(spill, number, cells[number].split, columns, sketcher), todo)
        for done, (number, (file, sha256)) in enumerate(zip(todo, files, strict=True)):
            size = file.stat().st_size
            store.add_object(file, sha256)
            by_number[number] = _shard(cells[number], sha256, size, *decided.shards.row(number)[1:3])
            if progress:
                progress(N_("writing shards"), done + 1, len(todo))
        for number, shard in reused.items():
            by_number[number] = _shard(cells[number], shard.sha256, shard.bytes, shard.rows, shard.text_bytes)
        shards = tuple(by_number[number] for number in range(len(cells)))
        if sketcher is None:
            return Written(shards, {}, {})
        paths = [spill.file(number).with_suffix(_INDEX) for number in range(len(cells))]
        taken = pool.map(lambda number: sketcher.take_over(reused[number], paths[number]), reused)
        names = [shard.index for shard in shards]
        remade = frozenset(names[number] for number, whole in zip(reused, taken, strict=True) if not whole)
        side_files = pool.map(_side_file, paths)
        return Written(shards, dict(zip(names, paths, strict=True)), dict(zip(names, side_files, strict=True)), remade)


def reusable(decided: Decided, shards: Sequence[Shard], first: int) -> dict[int, Shard]:
    """For each cell that holds just the rows of one of the parent's shards, that shard.

    Args:
        decided: which document goes where.
        shards: the parent's shards.
        first: the `part` of the first of them.
    """
    unchanged = {}
    for number, count, _bytes, part, last, rewritten in decided.shards.iter_rows():
        index = part - first
        if rewritten or part != last or not 0 <= index < len(shards):
            continue
        shard, cell = shards[index], decided.plan.cells[number]
        same = (shard.language, shard.genre, shard.split) == (cell.language, cell.genre, cell.split)
        if same and shard.rows == count:
            unchanged[number] = shard
    return unchanged


def _shard(cell: Cell, sha256: str, size: int, rows: int, text_bytes: int) -> Shard:
    return Shard(
        path=cell.path,
        sha256=sha256,
        bytes=size,
        rows=rows,
        text_bytes=text_bytes,
        language=cell.language,
        genre=cell.genre,
        split=cell.split,
        group=cell.group,
        prefix=cell.prefix,
    )


def _spilled(
    decided: Decided, reused: Mapping[int, Shard], parts: Sequence[Part], folder: Path, progress: Progress | None
) -> Spill:
    """Return the rows of all shards that are written, by shard."""
    spill = Spill(folder)
    for every in decided.places():
        places = every.filter(~pl.col("shard").is_in(list(reused)))
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
    """Return the written file and its digest, with its part of the index beside it; the spilled rows are deleted."""
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
    """Yield a shard's row groups, by `doc_id`; memory holds each row's id and the rows that are sorted at once."""
    light = pl.concat(compact(rows.select("doc_id", pl.col("text").str.len_bytes())) for rows in spill.frames(number))
    order = light["doc_id"].arg_sort().to_numpy()
    sizes = light["text"].to_numpy()[order].astype(np.int64)
    del light
    ends = np.array(group_ends(sizes.tolist()))
    beside_texts = (spill.file(number).stat().st_size - int(sizes.sum())) // len(sizes)
    lots = (np.cumsum(sizes + beside_texts)[ends - 1] - 1) // _SORTED
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
    """Return a shard's rows by the lots in which they are sorted; its own file is deleted."""
    by_lot = Spill(spill.file(number).with_suffix(".lots"), max_bytes=_SORTED // 2)
    first = 0
    for rows in spill.frames(number):
        by_lot.add_texts_by(rows, lot_of[first : first + rows.height])
        first += rows.height
    by_lot.flush()
    spill.file(number).unlink()
    return by_lot
