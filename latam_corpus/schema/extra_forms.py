"""Convert between the two forms of additional columns: keys and values as text in runs, a typed struct in versions.

With the first form, all files of all runs have one schema; the second form is readable with Polars, DuckDB and
`datasets`.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import polars as pl

if TYPE_CHECKING:
    from polars._typing import PolarsDataType

ENTRIES: Final = pl.List(pl.Struct({"key": pl.String(), "value": pl.String()}))


def as_text(values: pl.Series) -> pl.Series:
    """Return typed values as text, in their canonical form in `ENTRIES`.

    >>> as_text(pl.Series([1.5, None, 3])).to_list(), as_text(pl.Series([True, False])).to_list()
    (['1.5', None, '3.0'], ['true', 'false'])
    """
    return values.cast(pl.String)


def as_entries(values: pl.Series) -> pl.Series:
    """Return a struct's fields as keys and values; nulls are omitted, and a row without values is null.

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
    entries = pl.concat(pieces).group_by("row", maintain_order=True).agg(pl.struct("key", "value").alias("extra"))
    every = pl.DataFrame({"row": pl.arange(len(values), dtype=pl.UInt32, eager=True)})
    joined = every.join(entries, on="row", how="left", maintain_order="left")
    return joined["extra"].cast(ENTRIES).alias(values.name)


def as_struct(entries: pl.Series, dtype: pl.Struct) -> pl.Series:
    """Return keys and values as a struct; a field is null without a value of its type.

    A value may have lost its type: for example, a telephone number in a column of numbers is replaced by a mark.

    >>> rows = pl.Series([[{"key": "año", "value": "1872"}], [{"key": "año", "value": "[PHONE]"}]])
    >>> as_struct(rows, pl.Struct({"año": pl.Int64})).to_list()
    [{'año': 1872}, {'año': None}]
    """
    frame = pl.DataFrame({"extra": entries.cast(ENTRIES)})
    element = pl.element().struct
    fields = []
    for field in dtype.fields:
        of_key = element.field("value").filter(element.field("key") == field.name)
        fields.append(_typed(pl.col("extra").list.eval(of_key), field.dtype).alias(field.name))
    return frame.select(pl.struct(fields).alias(entries.name)).to_series()


def _typed(values: pl.Expr, dtype: PolarsDataType) -> pl.Expr:
    """Convert lists of texts to values of a type."""
    if isinstance(dtype, pl.List):
        return pl.when(values.list.len() > 0).then(values)
    first = values.list.first()
    if dtype == pl.Date:
        return first.str.to_date("%Y-%m-%d", strict=False)
    if dtype == pl.Boolean:
        return pl.when(first.is_in(["true", "false"])).then(first == "true")
    return first.cast(dtype, strict=False)


def in_form(values: pl.Series, dtype: pl.DataType) -> pl.Series:
    """Convert `extra` to the form in a schema."""
    if values.dtype == dtype:
        return values
    if isinstance(values.dtype, pl.Struct) and dtype == ENTRIES:
        return as_entries(values)
    if isinstance(values.dtype, pl.Struct) and isinstance(dtype, pl.Struct):
        values = as_entries(values)
    return as_struct(values, dtype) if isinstance(dtype, pl.Struct) else values.cast(dtype)
