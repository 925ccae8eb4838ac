"""Read the Parquet files of a store; an error names the damaged or wrong file."""

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
IN_PLACE_OF: Final = "in_place_of"  # key in a replacement's evidence; its value is the withdrawn document


@contextmanager
def open_shard(
    store: Store, shard: Shard, needs: Sequence[str] = (), cache_type: str | None = None
) -> Iterator[pq.ParquetFile]:
    """Open a shard for reading. The checksums of its pages are verified.

    A missing column would be read as nulls, so `needs` names required ones. `cache_type` is the cache of fsspec for
    remote stores; `none` reads only the requested bytes.

    Raises:
        ReleaseError: the file is missing, isn't a shard, or can't be read, also within the `with` block.
    """
    try:
        with store.open(shard.object, cache_type=cache_type) as opened:
            file = pq.ParquetFile(opened, page_checksum_verification=True)
            missing = [name for name in needs if name not in file.schema_arrow.names]
            if missing:
                raise pa.ArrowInvalid(f"it is another file, without the column «{missing[0]}»")
            yield file
    except (pa.ArrowException, pl.exceptions.PolarsError, OSError, ValueError) as error:
        raise ReleaseError(
            f"{store.url}, {shard.object}", _("it can't be read: {cause}", cause=error), VERIFY
        ) from error


def read_ledger(
    store: Store, name: str, version: str, doc_id: str | None = None, *, where: pl.Expr | None = None
) -> pl.DataFrame:
    """Return the ledger of a version, or its rows about one document, or its rows for which an expression is true.

    Raises:
        ReleaseError: the file is missing or damaged, isn't a ledger, or its digest differs from the manifest.
    """
    path = ("releases", name, version, LEDGER)
    if store.exists("releases", name, version, MANIFEST):  # a build reads its own ledger before it writes the manifest
        recorded = load_manifest(store, name, version).files.get(LEDGER)
        with store.open(*path) as opened:
            if recorded and sha256_of(opened) != recorded.sha256:
                problem = _("its bytes aren't those that the manifest names")
                raise ReleaseError(f"{store.url}, {name}@{version}, {LEDGER}", problem, VERIFY)
    # Read with Polars: the threads of pyarrow's datasets abort the process if they still read a Python file object when
    # the interpreter exits.
    local = store.folder is not None and store.exists(*path)
    try:
        rows = pl.scan_parquet(store.path(*path) if local else io.BytesIO(store.read(*path)), glob=False)
        _check_columns(rows.collect_schema(), schema.LEDGER_SCHEMA)
        condition = pl.lit(value=True) if where is None else where
        return rows.filter(condition if doc_id is None else condition & (pl.col("doc_id") == doc_id)).collect()
    except (pl.exceptions.PolarsError, OSError) as error:
        raise ReleaseError(
            f"{store.url}, {name}@{version}, {LEDGER}", _("it can't be read: {cause}", cause=error), VERIFY
        ) from error


def read_rows(store: Store, name: str, file: str, columns: pl.Schema, remedy: str | Message) -> pl.DataFrame:
    """Return a table that applies to all versions of a release; empty if the file doesn't exist.

    Raises:
        ReleaseError: the file can't be read, or is another table.
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
    """Write a table that applies to all versions of a release, and replace the previous one."""
    written = io.BytesIO()
    rows.write_parquet(written, compression="zstd")
    store.write(written.getvalue(), "releases", name, file)


def _check_columns(columns: pl.Schema, required: pl.Schema) -> None:
    """Raise ReleaseError unless all required columns exist; `schema.conform` would fill missing ones with nulls."""
    missing = [name for name, dtype in required.items() if columns.get(name) != dtype]
    if missing:
        raise pl.exceptions.SchemaError(f"it is another table's file, without the column «{missing[0]}» of this one")
