"""`--where`: which rows of which shards a condition selects, and shards rewritten with those rows alone."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

import polars as pl
import pyarrow.parquet as pq

from latam_corpus import schema
from latam_corpus.errors import ConfigError, closest
from latam_corpus.extra_columns import of_shard, released
from latam_corpus.messages import _
from latam_corpus.release.storing.shard_file import group_ends, read_batches, write_group, writer
from latam_corpus.release.storing.shard_plan import data_path
from latam_corpus.release.storing.store_tables import open_shard

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
    from pathlib import Path

    from latam_corpus.release.reading.condition import Condition
    from latam_corpus.release.storing.manifest import Manifest, Shard
    from latam_corpus.release.storing.store import Store
    from latam_corpus.release.storing.withdrawal_log import ReadableShard

# What all rows of a shard have alike, and the manifest states.
_OF_SHARDS: Final = ("language", "genre", "split")


@dataclass(frozen=True)
class Pick:
    """A shard to be pulled.

    Attributes:
        shard: in the version.
        path: where it goes in the pulled folder.
        rows: how many of its rows are wanted.
        without: the ids of documents that are withdrawn.
    """

    shard: Shard
    path: str
    rows: int
    without: pl.Series | None = None

    @property
    def whole(self) -> bool:
        """Whether all its rows are wanted, so that its bytes can be taken as they are."""
        return self.rows == self.shard.rows


def picks(store: Store, manifest: Manifest, shards: Sequence[ReadableShard], where: Condition | None) -> list[Pick]:
    """Return the shards that hold a wanted row, and where each goes; without a condition, all at their places.

    Of a shard only the columns that the condition names are read.

    Raises:
        ConfigError: the version was made before a column that the condition names was thought of.
        ReleaseError: a shard can't be read.
    """
    if where is None:
        return [Pick(one.shard, one.shard.path, one.rows, one.without) for one in shards if one.rows]
    counted = [(one, _matching(store, manifest, one, where)) for one in shards]
    held = [(one.shard, rows, one.without) for one, rows in counted if rows]
    totals = Counter((shard.config, shard.split) for shard, *_ in held)
    places: Counter[tuple[str, str]] = Counter()
    chosen = []
    for shard, rows, without in held:
        partition = (shard.config, shard.split)
        path = data_path(shard.language, shard.genre, shard.split, places[partition], totals[partition])
        chosen.append(Pick(shard, path, rows, without))
        places[partition] += 1
    return chosen


def without_excluded(store: Store, shards: Sequence[ReadableShard], excluded: Collection[str]) -> list[ReadableShard]:
    """Return the shards, with those of the excluded documents that each has among the ones that are left out.

    Raises:
        ReleaseError: a shard can't be read.
    """
    if not excluded:
        return list(shards)
    listed = pl.Series(sorted(excluded), dtype=pl.String)
    chosen = []
    for one in shards:
        with open_shard(store, one.shard, ["doc_id"], cache_type="none") as file:
            ids = pl.concat([frame["doc_id"] for frame in read_batches(file, ["doc_id"])])
        out = [ids.filter(ids.is_in(listed.implode())), *([] if one.without is None else [one.without])]
        without = pl.concat(out).unique().sort()
        chosen.append(one._replace(without=without if len(without) else None))
    return chosen


def columns_of(names: Sequence[str], extra: Mapping[str, str]) -> pl.Schema:
    """Return the types of columns by name, `doc_id` first; `id` is `doc_id` under that name.

    Args:
        names: of the columns.
        extra: the columns that sources and plug-ins add to the version, with their types.

    Raises:
        ConfigError: there is no such column.
    """
    known = {**released(extra), "id": pl.String()}
    for name in names:
        if name not in known:
            raise ConfigError("--columns", _("unknown column «{name}»", name=name), closest(name, known))
    return pl.Schema({name: known[name] for name in dict.fromkeys(("doc_id", *names))})


def fetch_rows(store: Store, shard: Shard, where: pl.Expr, columns: pl.Schema, target: Path) -> None:
    """Write some columns of the rows of a shard of which an expression is true.

    Of each row group what the expression needs is read first, and the rest only where a row is wanted. The sums of
    pages are checked.

    Raises:
        ReleaseError: the shard can't be read.
    """
    needs = list(dict.fromkeys(["doc_id", *where.meta.root_names()]))
    wanted = ["doc_id" if name == "id" else name for name in columns]

    def frames(file: pq.ParquetFile) -> Iterator[pl.DataFrame]:
        there = set(file.schema_arrow.names)
        for number in range(file.num_row_groups):
            first = _group(file, number, [name for name in needs if name in there])
            mask = first.select(where.alias("wanted")).to_series().fill_null(value=False)
            if len(mask) == 1:
                mask = mask.new_from_index(0, first.height)
            if not mask.any():
                continue
            rest = [name for name in dict.fromkeys(wanted) if name in there and name not in needs]
            whole = pl.concat([first, _group(file, number, rest)], how="horizontal") if rest else first
            yield whole.filter(mask).with_columns(pl.col("doc_id").alias("id"))

    with open_shard(store, shard, ["doc_id"], cache_type="none") as file, writer(target, columns) as written:
        for group in _groups(frames(file), columns):
            write_group(written, group)


def _group(file: pq.ParquetFile, number: int, columns: list[str]) -> pl.DataFrame:
    frame = pl.from_arrow(file.read_row_group(number, columns=columns, use_threads=False))
    return frame if isinstance(frame, pl.DataFrame) else frame.to_frame()


def rewrite(source: Path, where: pl.Expr, target: Path) -> None:
    """Write the rows of a shard of which an expression is true, in the way that shards are written."""
    with source.open("rb") as opened:
        file = pq.ParquetFile(opened)
        columns = of_shard(file.schema_arrow)
        with writer(target, columns) as written:
            for group in _groups((frame.filter(where) for frame in read_batches(file)), columns):
                write_group(written, group)


def _groups(frames: Iterable[pl.DataFrame], columns: pl.Schema) -> Iterator[pl.DataFrame]:
    waiting = pl.DataFrame(schema=columns)
    for frame in frames:
        waiting = pl.concat([waiting, schema.conform(frame, columns)])
        start = 0
        for end in group_ends(_text_bytes(waiting))[:-1]:
            yield waiting[start:end]
            start = end
        waiting = waiting[start:]
    if waiting.height:
        yield waiting


def _text_bytes(rows: pl.DataFrame) -> list[int]:
    return rows["text"].str.len_bytes().to_list() if "text" in rows.columns else [0] * rows.height


def wanted_rows(where: Condition | None, without: pl.Series | None) -> pl.Expr:
    """Which rows a condition selects, those that are withdrawn aside."""
    selected = where.expression if where else pl.lit(value=True)
    return selected if without is None else selected & ~pl.col("doc_id").is_in(without.implode())


def _matching(store: Store, manifest: Manifest, one: ReadableShard, where: Condition) -> int:
    """How many rows of a shard a condition selects; where the manifest says so, nothing is read."""
    if one.without is None and set(where.reads) <= set(_OF_SHARDS):
        alike = pl.DataFrame({name: [getattr(one.shard, name)] for name in _OF_SHARDS})
        return one.shard.rows * alike.filter(where.expression).height
    expression = wanted_rows(where, one.without)
    reads = [*where.reads, *(["doc_id"] if one.without is not None and "doc_id" not in where.reads else [])]
    with open_shard(store, one.shard, ["doc_id"], cache_type="none") as file:
        lacking = where.lacking(file.schema_arrow)
        if lacking:
            problem = _(
                "{spec} has no column «{lacking}»: it was made before there was one",
                spec=manifest.spec,
                lacking=lacking,
            )
            raise ConfigError(f"--where {where.text}", problem, _("leave it out, or name a later version"))
        return sum(frame.filter(expression).height for frame in read_batches(file, reads))
