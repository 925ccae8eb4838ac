"""The Polars schemas of documents, ledger rows and released rows, derived from the descriptors in `columns`.

All written files (part outputs, ledgers, shards) have exactly these columns, in this order, with these types.
"""

from __future__ import annotations

from functools import lru_cache
from typing import TYPE_CHECKING, Final

import polars as pl

from latam_corpus.columns import DOCUMENT, LEDGER, WORKING
from latam_corpus.schema.extra_forms import in_form
from latam_corpus.signals import BY_NAME, signal_names

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from pathlib import Path

    import pyarrow as pa

    from latam_corpus.columns.descriptor import Type

# In runs it includes signals of installed plug-ins; releases contain only the toolkit's own signals.
SIGNAL_STRUCT: Final = pl.Struct(dict.fromkeys(signal_names(), pl.Float32()))
_TYPES: Final = {
    "string": pl.String(),
    "int32": pl.Int32(),
    "int64": pl.Int64(),
    "float32": pl.Float32(),
    "float64": pl.Float64(),
    "bool": pl.Boolean(),
    "date": pl.Date(),
    "time": pl.Datetime("us", "UTC"),
    "binary": pl.Binary(),
    "list[string]": pl.List(pl.String()),
    "signals": SIGNAL_STRUCT,
}


def polars_type(kind: Type) -> pl.DataType:
    """Return the Polars type of a descriptor's type.

    >>> polars_type([{"code": "string", "share": "float32"}])
    List(Struct({'code': String, 'share': Float32}))
    """
    if isinstance(kind, list):
        return pl.List(polars_type(kind[0]))
    if isinstance(kind, dict):
        return pl.Struct({name: polars_type(inner) for name, inner in kind.items()})
    return _TYPES[kind]


DOCUMENT_SCHEMA: Final = pl.Schema({column.name: polars_type(column.type) for column in DOCUMENT})
LEDGER_SCHEMA: Final = pl.Schema({column.name: polars_type(column.type) for column in LEDGER})
WORKING_SCHEMA: Final = pl.Schema({column.name: polars_type(column.type) for column in WORKING})
CONSENT: Final = DOCUMENT_SCHEMA["consent"]
OPT_OUTS: Final = DOCUMENT_SCHEMA["opt_outs"]
TURNS: Final = DOCUMENT_SCHEMA["turns"]
EXTRA: Final = DOCUMENT_SCHEMA["extra"]
# Columns other than `text` that contain free text, with their fields.
FREE_FIELDS: Final = {column.name: frozenset(column.free) for column in DOCUMENT if column.free}
RELEASE_COLUMNS: Final = tuple(column.name for column in DOCUMENT if column.released)
# The schema of versions without additional columns; `extra_columns.released` returns that of any version.
RELEASE_SCHEMA: Final = pl.Schema(
    {name: DOCUMENT_SCHEMA[name] for name in RELEASE_COLUMNS}
    | {"signals": pl.Struct(dict.fromkeys(BY_NAME, pl.Float32()))}
)


def arrow_schema(schema: pl.Schema) -> pa.Schema:
    """Return the Arrow schema of Parquet files with this Polars schema (`large_string` for text).

    >>> arrow_schema(pl.Schema({"doc_id": pl.String()}))
    doc_id: large_string
    """
    return _arrow_schema(tuple(schema.items()))


@lru_cache(maxsize=64)  # a run has few schemas but many files
def _arrow_schema(columns: tuple[tuple[str, pl.DataType], ...]) -> pa.Schema:
    # The oldest compatibility level, since most readers don't know view types.
    return pl.DataFrame(schema=dict(columns)).to_arrow(compat_level=pl.CompatLevel.oldest()).schema


def leaves(arrow: pa.Schema) -> Iterator[tuple[str, pa.DataType]]:
    """Yield the Parquet name and the type of each leaf column of a file with this schema.

    >>> kinds = pl.Schema({"uses": pl.List(pl.String()), "origin": pl.Struct({"file": pl.String()})})
    >>> [name for name, _ in leaves(arrow_schema(kinds))]
    ['uses.list.element', 'origin.file']
    """

    def below(name: str, kind: pa.DataType) -> Iterator[tuple[str, pa.DataType]]:
        if hasattr(kind, "value_field"):  # a list
            yield from below(f"{name}.list.element", kind.value_type)
        elif kind.num_fields:
            for field in kind:
                yield from below(f"{name}.{field.name}", field.type)
        else:
            yield name, kind

    for field in arrow:
        yield from below(field.name, field.type)


def series_of(array: pa.Array) -> pl.Series:
    """Return an Arrow array as a series.

    >>> import pyarrow as pa
    >>> series_of(pa.array([3, 5])).to_list()
    [3, 5]
    """
    import pyarrow as pa  # the commands that list signals need no Arrow

    # As a table: for an array, Polars imports `pyarrow.compute`, which takes a twentieth of the time of a small run.
    return pl.DataFrame(pa.table([array], [""])).to_series()


def scan(files: Sequence[Path] | Sequence[str], schema: pl.Schema) -> pl.LazyFrame:
    """Scan Parquet files with exactly the schema's columns; missing columns and struct fields are null.

    >>> scan([], LEDGER_SCHEMA).collect().height
    0
    """
    if not files:
        return pl.LazyFrame(schema=schema)
    return pl.scan_parquet(
        [str(file) for file in files],
        glob=False,
        schema=schema,
        missing_columns="insert",
        extra_columns="ignore",
        cast_options=pl.ScanCastOptions(missing_struct_fields="insert", extra_struct_fields="ignore"),
    )


def conform(frame: pl.DataFrame, schema: pl.Schema) -> pl.DataFrame:
    """Return the frame with exactly the schema's columns, in the schema's order and types; missing columns are null.

    >>> conform(pl.DataFrame({"b": [1]}), pl.Schema({"a": pl.String(), "b": pl.Int64()})).row(0)
    (None, 1)
    """
    columns = set(frame.columns)
    if "extra" in columns and "extra" in schema and frame.schema["extra"] != schema["extra"]:
        frame = frame.with_columns(in_form(frame["extra"], schema["extra"]))
    return frame.select(
        pl.col(name).cast(dtype) if name in columns else pl.lit(None, dtype=dtype).alias(name)
        for name, dtype in schema.items()
    )
