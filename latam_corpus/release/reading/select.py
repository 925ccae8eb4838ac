"""Select rows and columns of a version's shards, and write shards that contain only these."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

import polars as pl
import pyarrow.parquet as pq

from latam_corpus import schema
from latam_corpus.errors import ConfigError, closest
from latam_corpus.messages import _
from latam_corpus.release.storing.shard_file import group_ends, read_batches, write_group, writer
from latam_corpus.release.storing.shard_plan import data_path
from latam_corpus.release.storing.store_tables import open_shard
from latam_corpus.schema.extra_columns import of_shard, released

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
    from pathlib import Path

    from latam_corpus.release.reading.condition import Condition
    from latam_corpus.release.storing.manifest import Manifest, Shard
    from latam_corpus.release.storing.store import Store
    from latam_corpus.release.storing.withdrawal_log import ReadableShard

# Columns that have one value in a shard, which the manifest states.
_SHARD_COLUMNS: Final = ("language", "genre", "split")


@dataclass(frozen=True)
class PulledShard:
    """A shard to pull.

    Attributes:
        without: ids of documents to leave out, because they are withdrawn or excluded.
    """

    shard: Shard
    path: str
    rows: int
    without: pl.Series | None = None

    @property
    def whole(self) -> bool:
        """Whether all rows are selected, so that the file can be copied unchanged."""
        return self.rows == self.shard.rows


def picks(
    store: Store, manifest: Manifest, shards: Sequence[ReadableShard], where: Condition | None
) -> list[PulledShard]:
    """Return the shards with rows to pull, with their paths in the pulled folder.

    Only the columns of the condition are read; without a condition, every row is selected.

    Raises:
        ConfigError: the version is older than a column that the condition names.
        ReleaseError: a shard can't be read.
    """
    if where is None:
        return [PulledShard(each.shard, each.shard.path, each.rows, each.without) for each in shards if each.rows]
    counted = [(readable, _selected_count(store, manifest, readable, where)) for readable in shards]
    selected = [(readable.shard, rows, readable.without) for readable, rows in counted if rows]
    totals = Counter((shard.config, shard.split) for shard, *_ in selected)
    numbers: Counter[tuple[str, str]] = Counter()
    chosen = []
    for shard, rows, without in selected:
        partition = (shard.config, shard.split)
        path = data_path(shard.language, shard.genre, shard.split, numbers[partition], totals[partition])
        chosen.append(PulledShard(shard, path, rows, without))
        numbers[partition] += 1
    return chosen


def without_excluded(store: Store, shards: Sequence[ReadableShard], excluded: Collection[str]) -> list[ReadableShard]:
    """Return the shards, with the excluded documents added to those that each leaves out.

    Raises:
        ReleaseError: a shard can't be read.
    """
    if not excluded:
        return list(shards)
    excluded_ids = pl.Series(sorted(excluded), dtype=pl.String)
    remaining = []
    for readable in shards:
        with open_shard(store, readable.shard, ["doc_id"], cache_type="none") as file:
            ids = pl.concat([frame["doc_id"] for frame in read_batches(file, ["doc_id"])])
        omitted = [ids.filter(ids.is_in(excluded_ids.implode()))]
        omitted += [] if readable.without is None else [readable.without]
        without = pl.concat(omitted).unique().sort()
        remaining.append(readable._replace(without=without if len(without) else None))
    return remaining


def columns_of(names: Sequence[str], extra: Mapping[str, str]) -> pl.Schema:
    """Return columns with their types, `doc_id` first; `id` names a copy of `doc_id`.

    Raises:
        ConfigError: there is no such column.
    """
    all_columns = {**released(extra), "id": pl.String()}
    for name in names:
        if name not in all_columns:
            raise ConfigError("--columns", _("unknown column «{name}»", name=name), closest(name, all_columns))
    return pl.Schema({name: all_columns[name] for name in dict.fromkeys(("doc_id", *names))})


def fetch_rows(store: Store, shard: Shard, where: pl.Expr, columns: pl.Schema, target: Path) -> None:
    """Read the selected rows of a shard from the store, and write some of their columns to a file.

    The columns that the expression needs are read first; the others are read only for row groups with a selected row.
    Page checksums are verified.

    Raises:
        ReleaseError: the shard can't be read.
    """
    tested = list(dict.fromkeys(["doc_id", *where.meta.root_names()]))
    written_names = dict.fromkeys("doc_id" if name == "id" else name for name in columns)

    def frames(file: pq.ParquetFile) -> Iterator[pl.DataFrame]:
        existing = set(file.schema_arrow.names)
        other_names = [name for name in written_names if name in existing and name not in tested]
        for number in range(file.num_row_groups):
            frame = _row_group(file, number, [name for name in tested if name in existing])
            mask = frame.select(where.alias("selected")).to_series().fill_null(value=False)
            if len(mask) == 1:
                mask = mask.new_from_index(0, frame.height)
            if not mask.any():
                continue
            if other_names:
                frame = pl.concat([frame, _row_group(file, number, other_names)], how="horizontal")
            yield frame.filter(mask).with_columns(pl.col("doc_id").alias("id"))

    with open_shard(store, shard, ["doc_id"], cache_type="none") as file, writer(target, columns) as written:
        for group in _regrouped(frames(file), columns):
            write_group(written, group)


def _row_group(file: pq.ParquetFile, number: int, columns: list[str]) -> pl.DataFrame:
    frame = pl.from_arrow(file.read_row_group(number, columns=columns, use_threads=False))
    return frame if isinstance(frame, pl.DataFrame) else frame.to_frame()


def rewrite(source: Path, where: pl.Expr, target: Path) -> None:
    """Write the selected rows of a shard to a file, with the settings of a shard."""
    with source.open("rb") as opened:
        file = pq.ParquetFile(opened)
        columns = of_shard(file.schema_arrow)
        with writer(target, columns) as written:
            for group in _regrouped((frame.filter(where) for frame in read_batches(file)), columns):
                write_group(written, group)


def _regrouped(frames: Iterable[pl.DataFrame], columns: pl.Schema) -> Iterator[pl.DataFrame]:
    """Regroup the rows of frames into the row groups of a shard."""
    pending = pl.DataFrame(schema=columns)
    for frame in frames:
        pending = pl.concat([pending, schema.conform(frame, columns)])
        start = 0
        for end in group_ends(_text_bytes(pending))[:-1]:
            yield pending[start:end]
            start = end
        pending = pending[start:]
    if pending.height:
        yield pending


def _text_bytes(rows: pl.DataFrame) -> list[int]:
    return rows["text"].str.len_bytes().to_list() if "text" in rows.columns else [0] * rows.height


def wanted_rows(where: Condition | None, without: pl.Series | None) -> pl.Expr:
    """Return an expression for rows that a condition selects and that aren't left out."""
    selected = where.expression if where else pl.lit(value=True)
    return selected if without is None else selected & ~pl.col("doc_id").is_in(without.implode())


def _selected_count(store: Store, manifest: Manifest, readable: ReadableShard, where: Condition) -> int:
    """Return the number of rows of a shard that a condition selects, from the manifest alone if that suffices."""
    shard, without = readable.shard, readable.without
    if without is None and set(where.reads) <= set(_SHARD_COLUMNS):
        row = pl.DataFrame({name: [getattr(shard, name)] for name in _SHARD_COLUMNS})
        return shard.rows * row.filter(where.expression).height
    expression = wanted_rows(where, without)
    reads = [*where.reads, *(["doc_id"] if without is not None and "doc_id" not in where.reads else [])]
    with open_shard(store, shard, ["doc_id"], cache_type="none") as file:
        lacking = where.lacking(file.schema_arrow)
        if lacking:
            names = {"spec": manifest.spec, "lacking": lacking}
            problem = _("{spec} has no column «{lacking}»: the version is older than the column", **names)
            raise ConfigError(f"--where {where.text}", problem, _("leave it out, or name a later version"))
        return sum(frame.filter(expression).height for frame in read_batches(file, reads))
