"""Columns that sources and plug-ins add to documents: their declaration, and their two forms.

In runs `extra` is a list of keys and values as text (`schema.EXTRA`), so that all files of all runs have one schema.
In a version it is a struct with a typed field for each column, which Polars, DuckDB and `datasets` read as it is.
"""

from __future__ import annotations

import unicodedata
from typing import TYPE_CHECKING, Final

import polars as pl

from latam_corpus import schema
from latam_corpus.errors import ConfigError, one_of
from latam_corpus.messages import Message, _
from latam_corpus.vocabulary import EXTRA_TYPES

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    import pyarrow as pa
    from polars._typing import PolarsDataType

EXTRA: Final = "extra"
LONGEST_NAME: Final = 60
_TYPES: Final[Mapping[str, pl.DataType]] = dict(
    zip(
        EXTRA_TYPES,
        (pl.String(), pl.Int64(), pl.Float64(), pl.Boolean(), pl.Date(), pl.List(pl.String())),
        strict=True,
    )
)
_TAKEN: Final = frozenset({*schema.DOCUMENT_SCHEMA, *schema.WORKING_SCHEMA, "id", "place", "readable"})


def polars_type(kind: str) -> pl.DataType:
    """Return the Polars type of a declared type.

    >>> polars_type("list[string]")
    List(String)
    """
    return _TYPES[kind]


def kind_of(dtype: PolarsDataType) -> str | None:
    """Return the declared type of a Polars type; None if no column may have it.

    >>> kind_of(pl.Float64()), kind_of(pl.Int16()), kind_of(pl.Binary())
    ('float64', 'int64', None)
    """
    if dtype == pl.Null:
        return "string"
    if dtype.is_integer():
        return "int64"
    if dtype.is_float():
        return "float64"
    return next((kind for kind, one in _TYPES.items() if one == dtype), None)


def wrong_declaration(name: str, kind: str) -> tuple[Message, Message] | None:
    """Return the problem with a column's name or type, and the remedy; None if there is none.

    >>> wrong_declaration("precio", "float64")
    >>> print(*wrong_declaration("precio de venta", "float64"), sep=" · ")
    «precio de venta» is no name of a column · write letters, digits and _, such as precio_de_venta
    """
    if not name.isidentifier() or len(name) > LONGEST_NAME:
        plain = "_".join("".join(sign if sign.isalnum() else " " for sign in name).split())[:LONGEST_NAME]
        problem = _("«{column}» is no name of a column", column=name)
        return problem, _("write letters, digits and _, such as {example}", example=plain or "precio")
    if name.casefold() in _TAKEN:
        problem = _("documents have a column «{column}» of their own", column=name)
        return problem, _("give yours another name, such as {example}", example=f"own_{name}")
    if kind not in _TYPES:
        problem = _("«{type}», the type of the column «{column}», is unknown", type=kind, column=name)
        return problem, one_of(EXTRA_TYPES)
    return None


def merged(declared: Iterable[tuple[str | Message, Mapping[str, str]]]) -> dict[str, str]:
    """Return the columns that several places declare, by name in alphabetical order, each with its type.

    Args:
        declared: for each place what it is called, and its columns.

    Raises:
        ConfigError: two of them declare one name with different types, or names that differ only in capitals or in
            the form of their accents.

    >>> merged([("a.toml", {"precio": "float64"}), ("b.toml", {"año": "int64", "precio": "float64"})])
    {'año': 'int64', 'precio': 'float64'}
    """
    first: dict[str, tuple[str, str, str | Message]] = {}
    for place, columns in declared:
        for name, kind in columns.items():
            key = unicodedata.normalize("NFC", name).casefold()
            other, other_kind, other_place = first.setdefault(key, (name, kind, place))
            if (other, other_kind) != (name, kind):
                problem = _(
                    "it declares the column «{column}» as {type}, and {other} declares «{column2}» as {type2}",
                    column=name,
                    type=kind,
                    other=other_place,
                    column2=other,
                    type2=other_kind,
                )
                raise ConfigError(place, problem, _("declare one name and one type in both, or give one another name"))
    return {name: kind for name, kind, _place in sorted(first.values(), key=lambda one: one[0])}


def released(extra: Mapping[str, str]) -> pl.Schema:
    """Return the columns of a version.

    Args:
        extra: the columns that were added, with their types.

    >>> released({"precio": "float64"})["extra"]
    Struct({'precio': Float64})
    >>> "extra" in released({})
    False
    """
    if not extra:
        return schema.RELEASE_SCHEMA
    added = pl.Struct({name: polars_type(kind) for name, kind in extra.items()})
    return pl.Schema({**schema.RELEASE_SCHEMA, EXTRA: added})


def of_shard(file: pa.Schema) -> pl.Schema:
    """Return the columns that a version's shards have, by the Arrow schema of one of them."""
    if EXTRA not in file.names:
        return schema.RELEASE_SCHEMA
    fields = pl.DataFrame(file.empty_table().select([EXTRA])).schema
    return pl.Schema({**schema.RELEASE_SCHEMA, **fields})


def as_text(values: pl.Series) -> pl.Series:
    """Return typed values as text, in the one form that each value has in `schema.EXTRA`.

    >>> as_text(pl.Series([1.5, None, 3])).to_list(), as_text(pl.Series([True, False])).to_list()
    (['1.5', None, '3.0'], ['true', 'false'])
    """
    return values.cast(pl.String)


def as_entries(values: pl.Series) -> pl.Series:
    """Return a struct's fields as keys and values; nulls are left out, and a row without values is null.

    >>> row = {"precio": 12.5, "tags": ["mar", "río"], "año": None}
    >>> kinds = pl.Struct({"precio": pl.Float64, "tags": pl.List(pl.String), "año": pl.Int64})
    >>> [tuple(one.values()) for one in as_entries(pl.Series([row], dtype=kinds))[0]]
    [('precio', '12.5'), ('tags', 'mar'), ('tags', 'río')]
    """
    columns = pl.DataFrame({name: values.struct.field(name) for name in sorted(values.struct.fields)})
    pieces = [pl.DataFrame(schema={"row": pl.UInt32, "key": pl.String, "value": pl.String})]
    for column in columns:
        rows = pl.DataFrame({"row": pl.arange(len(column), dtype=pl.UInt32, eager=True), "value": column})
        rows = rows.explode("value") if isinstance(column.dtype, pl.List) else rows
        rows = rows.drop_nulls("value")
        pieces.append(rows.select("row", pl.lit(column.name).alias("key"), as_text(rows["value"])))
    entries = pl.concat(pieces).group_by("row", maintain_order=True).agg(pl.struct("key", "value").alias(EXTRA))
    every = pl.DataFrame({"row": pl.arange(len(values), dtype=pl.UInt32, eager=True)})
    joined = every.join(entries, on="row", how="left", maintain_order="left")
    return joined[EXTRA].cast(schema.EXTRA).alias(values.name)


def as_struct(entries: pl.Series, dtype: pl.Struct) -> pl.Series:
    """Return keys and values as a struct; what has no value, or none of the field's type, is null.

    A value may lose its type: a telephone in a column of numbers is replaced by a mark.

    >>> rows = pl.Series([[{"key": "año", "value": "1872"}], [{"key": "año", "value": "[PHONE]"}]])
    >>> as_struct(rows, pl.Struct({"año": pl.Int64})).to_list()
    [{'año': 1872}, {'año': None}]
    """
    frame = pl.DataFrame({EXTRA: entries.cast(schema.EXTRA)})
    element = pl.element().struct
    fields = []
    for field in dtype.fields:
        of_key = element.field("value").filter(element.field("key") == field.name)
        fields.append(_typed(pl.col(EXTRA).list.eval(of_key), field.dtype).alias(field.name))
    return frame.select(pl.struct(fields).alias(entries.name)).to_series()


def _typed(values: pl.Expr, dtype: PolarsDataType) -> pl.Expr:
    """Return lists of texts as values of a type."""
    if isinstance(dtype, pl.List):
        return pl.when(values.list.len() > 0).then(values)
    first = values.list.first()
    if dtype == pl.Date:
        return first.str.to_date("%Y-%m-%d", strict=False)
    if dtype == pl.Boolean:
        return pl.when(first.is_in(["true", "false"])).then(first == "true")
    return first.cast(dtype, strict=False)


def with_entries(frame: pl.DataFrame, columns: Mapping[str, pl.Series]) -> pl.Series:
    """Return a frame's `extra` with these columns in it, instead of earlier ones of the same names.

    >>> rows = pl.DataFrame({"extra": [[{"key": "año", "value": "1872"}]]})
    >>> [tuple(one.values()) for one in with_entries(rows, {"a": pl.Series([1])})[0]]
    [('a', '1'), ('año', '1872')]
    """
    new = as_entries(pl.DataFrame(columns).to_struct(EXTRA))
    if EXTRA not in frame.columns:
        return new
    of_others = ~pl.element().struct.field("key").is_in(list(columns))
    both = pl.DataFrame({"old": in_form(frame[EXTRA], schema.EXTRA), "new": new}).with_columns(pl.all().fill_null([]))
    joined = pl.concat_list(pl.col("old").list.eval(pl.element().filter(of_others)), "new")
    by_key = pl.element().sort_by(pl.element().struct.field("key"), maintain_order=True)
    entries = joined.list.eval(by_key)
    return both.select(pl.when(entries.list.len() > 0).then(entries).alias(EXTRA)).to_series()


def with_added(frame: pl.DataFrame, adds: Mapping[str, str]) -> pl.DataFrame:
    """Return rows with the columns that a stage adds in `extra` too.

    Args:
        frame: the rows after the stage.
        adds: the columns that it declares, with their types.

    Raises:
        TypeError: a column is of another type; its arguments are the column, its type and the declared one.
    """
    fields = {}
    for name, kind in adds.items():
        if name not in frame.columns:
            continue
        given, wanted = frame[name], polars_type(kind)
        is_number = given.dtype.is_numeric() and wanted.is_numeric()
        if given.dtype not in (wanted, pl.Null) and not is_number:
            raise TypeError(name, given.dtype, wanted)
        try:
            fields[name] = given.cast(wanted)
        except pl.exceptions.PolarsError:  # a number that doesn't fit
            raise TypeError(name, given.dtype, wanted) from None
    return frame.with_columns(with_entries(frame, fields)) if fields else frame


def in_form(values: pl.Series, dtype: pl.DataType) -> pl.Series:
    """Return `extra` in the form that a schema wants."""
    if values.dtype == dtype:
        return values
    if isinstance(values.dtype, pl.Struct) and dtype == schema.EXTRA:
        return as_entries(values)
    if isinstance(values.dtype, pl.Struct) and isinstance(dtype, pl.Struct):
        values = as_entries(values)
    return as_struct(values, dtype) if isinstance(dtype, pl.Struct) else values.cast(dtype)
