"""`--where`: which rows of which shards a condition selects, and shards rewritten with those rows alone."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from typing import TYPE_CHECKING

import polars as pl
import pyarrow as pa
import pyarrow.parquet as pq

from latam_corpus import schema
from latam_corpus.errors import ConfigError, ReleaseError, closest
from latam_corpus.release.layout import data_path
from latam_corpus.release.parquet import group_ends, read_batches, write_group, writer

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator
    from pathlib import Path

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


def condition(where: str) -> pl.Expr:
    """The condition as an expression over the columns of a release.

    Args:
        where: SQL, such as `language = 'spa_Latn' and country in ('CL', 'AR')`.

    Raises:
        ConfigError: it isn't SQL, names an unknown column, or isn't a condition on rows.
    """
    try:
        expression = pl.sql_expr(where)
        columns = expression.meta.root_names()
    except pl.exceptions.PolarsError as error:
        raise ConfigError("--where", f"«{where}»: {error}", "write it as in language = 'spa_Latn'") from None
    for column in columns:
        if column not in schema.RELEASE_COLUMNS:
            raise ConfigError("--where", f"unknown column «{column}»", closest(column, schema.RELEASE_COLUMNS))
    try:
        tried = pl.DataFrame(schema=schema.RELEASE_SCHEMA).select(expression)
    except pl.exceptions.PolarsError as error:
        raise ConfigError("--where", f"«{where}»: {str(error).splitlines()[0]}") from None
    if not columns or tried.height or tried.dtypes != [pl.Boolean]:
        raise ConfigError("--where", f"«{where}» isn't a condition on a row", "write one, such as country = 'CL'")
    return expression


def picks(store: Store, manifest: Manifest, where: pl.Expr | None) -> list[Pick]:
    """The shards that hold a wanted row, and where each goes; without a condition, all as they are.

    Of a shard only the columns that the condition names are read.

    Raises:
        ReleaseError: a shard can't be read.
    """
    if where is None:
        return [Pick(shard, shard.path, shard.rows) for shard in manifest.shards]
    counted = [(shard, _matching(store, shard, where)) for shard in manifest.shards]
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


def rewrite(source: Path, where: pl.Expr, target: Path) -> None:
    """Write the rows of a shard that the condition selects, in the way that shards are written."""
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


def _matching(store: Store, shard: Shard, where: pl.Expr) -> int:
    columns = list(dict.fromkeys(where.meta.root_names()))
    try:
        with store.open(shard.object) as opened:
            file = pq.ParquetFile(opened, page_checksum_verification=True)
            return sum(frame.filter(where).height for frame in read_batches(file, columns))
    except (pa.ArrowException, OSError) as error:
        raise ReleaseError(
            f"{store.url}, {shard.object}", f"it can't be read: {error}", "run `latam-corpus release verify`"
        ) from error
