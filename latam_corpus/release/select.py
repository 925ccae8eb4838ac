"""`--where`: which rows of which shards a condition selects, and shards rewritten with those rows alone."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from typing import TYPE_CHECKING

import polars as pl
import pyarrow.parquet as pq

from latam_corpus import schema
from latam_corpus.errors import ConfigError
from latam_corpus.release.shard_file import group_ends, read_batches, write_group, writer
from latam_corpus.release.shard_plan import data_path
from latam_corpus.release.store_tables import open_shard

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence
    from pathlib import Path

    from latam_corpus.release.condition import Condition
    from latam_corpus.release.manifest import Manifest, Shard
    from latam_corpus.release.store import Store
    from latam_corpus.release.withdrawal_log import ReadableShard


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
    """The shards that hold a wanted row, and where each goes; without a condition, all at their places.

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
    found = []
    for shard, rows, without in held:
        partition = (shard.config, shard.split)
        path = data_path(shard.language, shard.genre, shard.split, places[partition], totals[partition])
        found.append(Pick(shard, path, rows, without))
        places[partition] += 1
    return found


def rewrite(source: Path, where: pl.Expr, target: Path) -> None:
    """Write the rows of a shard of which an expression is true, in the way that shards are written."""
    with source.open("rb") as opened, writer(target, schema.RELEASE_SCHEMA) as written:
        frames = (frame.filter(where) for frame in read_batches(pq.ParquetFile(opened)))
        for group in _groups(frames):
            write_group(written, group)


def _groups(frames: Iterable[pl.DataFrame]) -> Iterator[pl.DataFrame]:
    waiting = pl.DataFrame(schema=schema.RELEASE_SCHEMA)
    for frame in frames:
        waiting = pl.concat([waiting, schema.conform(frame, schema.RELEASE_SCHEMA)])
        start = 0
        for end in group_ends(waiting["text"].str.len_bytes().to_list())[:-1]:
            yield waiting[start:end]
            start = end
        waiting = waiting[start:]
    if waiting.height:
        yield waiting


def wanted_rows(where: Condition | None, without: pl.Series | None) -> pl.Expr:
    """Which rows a condition selects, those that are withdrawn aside."""
    selected = where.expression if where else pl.lit(value=True)
    return selected if without is None else selected & ~pl.col("doc_id").is_in(without.implode())


def _matching(store: Store, manifest: Manifest, one: ReadableShard, where: Condition) -> int:
    expression = wanted_rows(where, one.without)
    reads = [*where.reads, *(["doc_id"] if one.without is not None and "doc_id" not in where.reads else [])]
    with open_shard(store, one.shard, ["doc_id"]) as file:
        lacking = where.lacking(file.schema_arrow)
        if lacking:
            problem = f"{manifest.spec} has no column «{lacking}»: it was made before there was one"
            raise ConfigError(f"--where {where.text}", problem, "leave it out, or name a later version")
        return sum(frame.filter(expression).height for frame in read_batches(file, reads))
