"""Gather rows into few, large frames of bounded size, even if their files are small.

Rows are kept as lists of plain values until there are enough of them: building a frame of one row takes ten times as
long as reading a small file, and every stage is called once per frame.
"""

from __future__ import annotations

from dataclasses import dataclass
from itertools import chain
from typing import TYPE_CHECKING, Any, Final, TypeAlias, cast

import polars as pl

from latam_corpus.columns import BY_NAME
from latam_corpus.schema import DOCUMENT_SCHEMA, WORKING_SCHEMA

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

    from polars._typing import PolarsDataType

    from latam_corpus.collect.records import Limits

_SCHEMA: Final = {**DOCUMENT_SCHEMA, **WORKING_SCHEMA}
_COLLECTED: Final = tuple(name for name, column in BY_NAME.items() if column.set_by == "collect")
_OF_SOME: Final = tuple(name for name, column in BY_NAME.items() if column.set_by == "record")
_ORIGIN: Final = cast("pl.Struct", DOCUMENT_SCHEMA["origin"]).to_schema()
_BODIES: Final = ("text", "raw")


@dataclass(frozen=True)
class Constant:
    """A column with the same value in all rows, built only once, so that wide frames of short texts are fast."""

    value: Any


Values: TypeAlias = "list[Any] | Constant"


@dataclass(frozen=True)
class Rows:
    """Rows of documents, as columns of plain values, that become a frame.

    Attributes:
        columns: the values of each column; the struct `origin` is stored field by field.
    """

    height: int
    columns: dict[str, Values]

    @property
    def bytes(self) -> int:
        """The approximate size of the rows' bodies, in characters or bytes."""
        bodies = (self.columns[name] for name in _BODIES if name in self.columns)
        return sum(len(body or "") for values in bodies if isinstance(values, list) for body in values)

    def take(self, order: Sequence[int]) -> Rows:
        """Return the rows at these places, in this order."""
        columns = {
            name: values if isinstance(values, Constant) else [values[row] for row in order]
            for name, values in self.columns.items()
        }
        return Rows(len(order), columns)

    def frame(self) -> pl.DataFrame:
        """Return the rows as a frame with the types of the schema."""
        columns, height = self.columns, self.height
        fields = [_series(name, columns[name], dtype, height) for name, dtype in _ORIGIN.items()]
        names = [*_COLLECTED, *(name for name in _OF_SOME if name in columns)]
        return pl.DataFrame(
            [
                pl.DataFrame(fields).to_struct("origin")
                if name == "origin"
                else _series(name, columns.get(name, Constant(None)), _SCHEMA[name], height)
                for name in names
            ]
        )


def joined(pieces: Sequence[Rows]) -> Rows:
    """Concatenate rows; a column that one of the pieces lacks is null there."""
    if len(pieces) == 1:
        return pieces[0]
    heights = [piece.height for piece in pieces]
    names = dict.fromkeys(name for piece in pieces for name in piece.columns)
    columns = {name: _joined([piece.columns.get(name, Constant(None)) for piece in pieces], heights) for name in names}
    return Rows(sum(heights), columns)


def _joined(pieces: Sequence[Values], heights: Sequence[int]) -> Values:
    first = pieces[0]
    if isinstance(first, Constant) and all(piece == first for piece in pieces):
        return first
    columns = (
        [values.value] * height if isinstance(values, Constant) else values
        for values, height in zip(pieces, heights, strict=True)
    )
    return list(chain.from_iterable(columns))


def gathered(pieces: Iterable[Rows], limits: Limits) -> Iterator[pl.DataFrame]:
    """Join the pieces, in order, to frames within the limits; a larger piece becomes a frame by itself."""
    pending: list[Rows] = []
    rows = size = 0
    for piece in pieces:
        if pending and (rows + piece.height > limits.rows or size + piece.bytes > limits.bytes_):
            yield _flush(pending)
            rows = size = 0
        pending.append(piece)
        rows += piece.height
        size += piece.bytes
        # Half full is enough: each piece of a large file is about as large as a frame may be.
        if 2 * rows >= limits.rows or 2 * size >= limits.bytes_:
            yield _flush(pending)
            rows = size = 0
    if rows:
        yield _flush(pending)


def _flush(pending: list[Rows]) -> pl.DataFrame:
    """Return the pending rows as a frame; empty the list first, so that they aren't in memory twice."""
    frame = joined(pending).frame()
    pending.clear()
    return frame


def _series(name: str, values: Values, dtype: PolarsDataType, height: int) -> pl.Series:
    if isinstance(values, Constant):
        return pl.Series(name, [values.value], dtype).new_from_index(0, height)
    return pl.Series(name, values, dtype)
