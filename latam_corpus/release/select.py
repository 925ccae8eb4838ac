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
    from collections.abc import Iterable, Iterator
    from pathlib import Path

    from latam_corpus.release.condition import Condition
    from latam_corpus.release.manifest import Manifest, Shard
    from latam_corpus.release.store import Store


@dataclass(frozen=True)
class Pick:
    """A shard to be pulled.

    Attributes:
        shard: in the version.
        path: where it goes in the pulled folder.
        rows: how many of its rows are wanted.
    """

    shard: Shard
    path: str
    rows: int

    @property
    def whole(self) -> bool:
        """Whether all its rows are wanted, so that its bytes can be taken as they are."""
        return self.rows == self.shard.rows


def picks(store: Store, manifest: Manifest, where: Condition | None) -> list[Pick]:
    """The shards that hold a wanted row, and where each goes; without a condition, all as they are.

    Of a shard only the columns that the condition names are read.

    Raises:
        ConfigError: the version was made before a column that the condition names was thought of.
        ReleaseError: a shard can't be read.
    """
    if where is None:
        return [Pick(shard, shard.path, shard.rows) for shard in manifest.shards]
    counted = [(shard, _matching(store, manifest, shard, where)) for shard in manifest.shards]
    held = [(shard, rows) for shard, rows in counted if rows]
    totals = Counter((shard.config, shard.split) for shard, _ in held)
    places: Counter[tuple[str, str]] = Counter()
    found = []
    for shard, rows in held:
        partition = (shard.config, shard.split)
        path = data_path(shard.language, shard.genre, shard.split, places[partition], totals[partition])
        found.append(Pick(shard, path, rows))
        places[partition] += 1
    return found


def rewrite(source: Path, where: Condition, target: Path) -> None:
    """Write the rows of a shard that the condition selects, in the way that shards are written."""
    with source.open("rb") as opened, writer(target, schema.RELEASE_SCHEMA) as written:
        frames = (frame.filter(where.expression) for frame in read_batches(pq.ParquetFile(opened)))
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


def _matching(store: Store, manifest: Manifest, shard: Shard, where: Condition) -> int:
    with open_shard(store, shard, ["doc_id"]) as file:
        lacking = where.lacking(file.schema_arrow)
        if lacking:
            problem = f"{manifest.spec} has no column «{lacking}»: it was made before there was one"
            raise ConfigError(f"--where {where.text}", problem, "leave it out, or name a later version")
        return sum(frame.filter(where.expression).height for frame in read_batches(file, where.reads))
