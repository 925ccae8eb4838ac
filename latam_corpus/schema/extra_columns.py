"""Columns that sources and plug-ins add to documents: check declarations, and add values to rows."""

from __future__ import annotations

import unicodedata
from typing import TYPE_CHECKING, Final

import polars as pl

from latam_corpus import schema
from latam_corpus.errors import ConfigError, one_of
from latam_corpus.messages import Message, _
from latam_corpus.schema.extra_forms import as_entries, in_form
from latam_corpus.vocabulary import EXTRA_TYPES

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    import pyarrow as pa
    from polars._typing import PolarsDataType

EXTRA: Final = "extra"
LONGEST_NAME: Final = 60
_TYPES: Final = {kind: schema.polars_type(kind) for kind in EXTRA_TYPES}
_TAKEN: Final = frozenset({*schema.DOCUMENT_SCHEMA, *schema.WORKING_SCHEMA, "id", "place", "readable"})


def kind_of(dtype: PolarsDataType) -> str | None:
    """Return the name for declaring a Polars type; None if no additional column may have this type.

    >>> kind_of(pl.Float64()), kind_of(pl.Int16()), kind_of(pl.Binary())
    ('float64', 'int64', None)
    """
    if dtype == pl.Null:
        return "string"
    if dtype.is_integer():
        return "int64"
    if dtype.is_float():
        return "float64"
    return next((kind for kind, polars in _TYPES.items() if polars == dtype), None)


def wrong_declaration(name: str, kind: str) -> tuple[Message, Message] | None:
    """Return the problem with a column's name or type, and the remedy; None if both are valid.

    >>> wrong_declaration("precio", "float64")
    >>> print(*wrong_declaration("precio de venta", "float64"), sep=" · ")
    «precio de venta» can't be the name of a column · write letters, digits and _, such as precio_de_venta
    """
    if not name.isidentifier() or len(name) > LONGEST_NAME:
        plain = "_".join("".join(sign if sign.isalnum() else " " for sign in name).split())[:LONGEST_NAME]
        problem = _("«{column}» can't be the name of a column", column=name)
        return problem, _("write letters, digits and _, such as {example}", example=plain or "precio")
    if name.casefold() in _TAKEN:
        problem = _("documents have a column «{column}» of their own", column=name)
        return problem, _("give yours another name, such as {example}", example=f"own_{name}")
    if kind not in _TYPES:
        problem = _("«{type}», the type of the column «{column}», is unknown", type=kind, column=name)
        return problem, one_of(EXTRA_TYPES)
    return None


def merged(declared: Iterable[tuple[str | Message, Mapping[str, str]]]) -> dict[str, str]:
    """Return the types of the columns that several places declare, by name in alphabetical order.

    Raises:
        ConfigError: two places declare a name with different types, or names that differ only in capitals or in the
            encoding of accents.

    >>> merged([("a.toml", {"precio": "float64"}), ("b.toml", {"año": "int64", "precio": "float64"})])
    {'año': 'int64', 'precio': 'float64'}
    """
    first: dict[str, tuple[str, str, str | Message]] = {}
    for place, columns in declared:
        for name, kind in columns.items():
            key = unicodedata.normalize("NFC", name).casefold()
            first_name, first_kind, first_place = first.setdefault(key, (name, kind, place))
            if (first_name, first_kind) != (name, kind):
                problem = _(
                    "its column «{column}» is of type {type}, and «{column2}» of {other} is of type {type2}",
                    column=name,
                    type=kind,
                    other=first_place,
                    column2=first_name,
                    type2=first_kind,
                )
                raise ConfigError(place, problem, _("declare one name and one type in both, or give one another name"))
    return {name: kind for name, kind, _place in sorted(first.values(), key=lambda column: column[0])}


def released(extra: Mapping[str, str]) -> pl.Schema:
    """Return the schema of a version with these additional columns.

    >>> released({"precio": "float64"})["extra"]
    Struct({'precio': Float64})
    >>> "extra" in released({})
    False
    """
    if not extra:
        return schema.RELEASE_SCHEMA
    added = pl.Struct({name: schema.polars_type(kind) for name, kind in extra.items()})
    return pl.Schema({**schema.RELEASE_SCHEMA, EXTRA: added})


def of_shard(file: pa.Schema) -> pl.Schema:
    """Return the schema of a version's shards, given the Arrow schema of one of them."""
    if EXTRA not in file.names:
        return schema.RELEASE_SCHEMA
    fields = pl.DataFrame(file.empty_table().select([EXTRA])).schema
    return pl.Schema({**schema.RELEASE_SCHEMA, **fields})


def with_entries(frame: pl.DataFrame, columns: Mapping[str, pl.Series]) -> pl.Series:
    """Return a frame's `extra` with these columns, which replace existing ones of the same name.

    >>> rows = pl.DataFrame({"extra": [[{"key": "año", "value": "1872"}]]})
    >>> [tuple(one.values()) for one in with_entries(rows, {"a": pl.Series([1])})[0]]
    [('a', '1'), ('año', '1872')]
    """
    new = as_entries(pl.DataFrame(columns).to_struct(EXTRA))
    if EXTRA not in frame.columns:
        return new
    is_other = ~pl.element().struct.field("key").is_in(list(columns))
    both = pl.DataFrame({"old": in_form(frame[EXTRA], schema.EXTRA), "new": new}).with_columns(pl.all().fill_null([]))
    joined = pl.concat_list(pl.col("old").list.eval(pl.element().filter(is_other)), "new")
    by_key = pl.element().sort_by(pl.element().struct.field("key"), maintain_order=True)
    entries = joined.list.eval(by_key)
    return both.select(pl.when(entries.list.len() > 0).then(entries).alias(EXTRA)).to_series()


def with_added(frame: pl.DataFrame, adds: Mapping[str, str]) -> pl.DataFrame:
    """Return the rows, with the columns that a stage adds moved into `extra`.

    Raises:
        TypeError: a column has another type; the arguments are the column, its type and the declared one.
    """
    fields = {}
    for name, kind in adds.items():
        if name not in frame.columns:
            continue
        values, declared = frame[name], schema.polars_type(kind)
        is_number = values.dtype.is_numeric() and declared.is_numeric()
        if values.dtype not in (declared, pl.Null) and not is_number:
            raise TypeError(name, values.dtype, declared)
        try:
            fields[name] = values.cast(declared)
        except pl.exceptions.PolarsError:  # a number that doesn't fit
            raise TypeError(name, values.dtype, declared) from None
    return frame.with_columns(with_entries(frame, fields)) if fields else frame
