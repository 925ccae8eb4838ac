"""The Parquet files of a store as frames; one that is damaged, empty or another's is an error that names it."""

from __future__ import annotations

import io
from contextlib import contextmanager
from typing import TYPE_CHECKING, Final

import polars as pl
import pyarrow as pa
import pyarrow.parquet as pq

from latam_corpus import schema
from latam_corpus.errors import ReleaseError
from latam_corpus.messages import _
from latam_corpus.release.storing.manifest import MANIFEST, VERIFY, load_manifest
from latam_corpus.storage.durable import sha256_of

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from latam_corpus.messages import Message
    from latam_corpus.release.storing.manifest import Shard
    from latam_corpus.release.storing.store import Store

LEDGER: Final = "ledger.parquet"
IN_PLACE_OF: Final = "in_place_of"  # of a copy that was released, in its evidence: the document that was withdrawn


@contextmanager
def open_shard(
    store: Store, shard: Shard, needs: Sequence[str] = (), cache_type: str | None = None
) -> Iterator[pq.ParquetFile]:
    """Open a shard in a store as Parquet; the sums of its pages are checked.

    Args:
        store: where it is.
        shard: which.
        needs: columns that every version has; one that is missing would be read as if no row had a value.
        cache_type: `none` reads of a store elsewhere just the bytes that are asked for.

    Raises:
        ReleaseError: it is missing or another file, or what is read of it can't be.
    """
    try:
        with store.open(shard.object, cache_type=cache_type) as opened:
            file = pq.ParquetFile(opened, page_checksum_verification=True)
            lacking = [name for name in needs if name not in file.schema_arrow.names]
            if lacking:
                raise pa.ArrowInvalid(f"it is another file, without the column «{lacking[0]}»")
            yield file
    except (pa.ArrowException, pl.exceptions.PolarsError, OSError, ValueError) as error:
        raise ReleaseError(
            f"{store.url}, {shard.object}", _("it can't be read: {cause}", cause=error), VERIFY
        ) from error


def read_ledger(
    store: Store, name: str, version: str, doc_id: str | None = None, *, where: pl.Expr | None = None
) -> pl.DataFrame:
    """Return the ledger of a version, or what it says of one document, or its rows of which an expression is true.

    Raises:
        ReleaseError: it is missing, damaged, no ledger, or another than the manifest names.
    """
    path = ("releases", name, version, LEDGER)
    if store.exists("releases", name, version, MANIFEST):  # a build reads that of the version it makes
        recorded = load_manifest(store, name, version).files.get(LEDGER)
        with store.open(*path) as opened:
            if recorded and sha256_of(opened) != recorded.sha256:
                problem = _("its bytes aren't those that the manifest names")
                raise ReleaseError(f"{store.url}, {name}@{version}, {LEDGER}", problem, VERIFY)
    # Read by Polars: pyarrow's dataset threads, still reading a Python file object while the interpreter ends,
    # abort the process.
    local = store.folder is not None and store.exists(*path)
    try:
        rows = pl.scan_parquet(store.path(*path) if local else io.BytesIO(store.read(*path)), glob=False)
        _check_columns(rows.collect_schema(), schema.LEDGER_SCHEMA)
        wanted = pl.lit(value=True) if where is None else where
        return rows.filter(wanted if doc_id is None else wanted & (pl.col("doc_id") == doc_id)).collect()
    except (pl.exceptions.PolarsError, OSError) as error:
        raise ReleaseError(
            f"{store.url}, {name}@{version}, {LEDGER}", _("it can't be read: {cause}", cause=error), VERIFY
        ) from error


def read_rows(store: Store, name: str, file: str, columns: pl.Schema, remedy: str | Message) -> pl.DataFrame:
    """Return a table that a release keeps for all of its versions; empty where there is none.

    Raises:
        ReleaseError: it can't be read, or is another table.
    """
    path = ("releases", name, file)
    if not store.exists(*path):
        return pl.DataFrame(schema=columns)
    try:
        rows = pl.read_parquet(io.BytesIO(store.read(*path)))
        _check_columns(rows.schema, columns)
        return schema.conform(rows, columns)
    except ReleaseError as error:
        raise ReleaseError(error.place, error.problem, remedy) from None
    except pl.exceptions.PolarsError as error:
        raise ReleaseError(
            f"{store.url}, {name}, {file}", _("it can't be read: {cause}", cause=error), remedy
        ) from error


def write_rows(store: Store, rows: pl.DataFrame, name: str, file: str) -> None:
    """Write a table that a release keeps, in the place of the former one."""
    written = io.BytesIO()
    rows.write_parquet(written, compression="zstd")
    store.write(written.getvalue(), "releases", name, file)


def _check_columns(columns: pl.Schema, wanted: pl.Schema) -> None:
    """Raise unless all wanted columns are there: of another table's file `conform` would make rows of nulls."""
    lacking = [name for name, dtype in wanted.items() if columns.get(name) != dtype]
    if lacking:
        raise pl.exceptions.SchemaError(f"it is another table's file, without the column «{lacking[0]}» of this one")
