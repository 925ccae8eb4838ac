"""Rows gathered into frames of bounded size: few large frames, however small the files are that the rows come from.

Rows are columns of plain values until there are enough of them: a frame of one row costs ten times what reading a small
file does, and each frame is a batch that every stage is called with.
"""

from __future__ import annotations

from dataclasses import dataclass
from itertools import chain
from typing import TYPE_CHECKING, Any, Final, TypeAlias

import polars as pl

from latam_corpus.schema import DOCUMENT_SCHEMA, ORIGIN, WORKING_SCHEMA

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

    from polars._typing import PolarsDataType

    from latam_corpus.collect.records import Limits

# The columns of every collected frame. `text` or `raw` and `media_type` follow them.
COLLECTED: Final = (
    "doc_id", "declared_language", "country", "genre", "composition", "title", "creators", "published", "url",
    "source_id", "contributor", "rights", "rights_tier", "basis", "uses", "agreement", "expires", "embargo_until",
    "consent", "opt_outs", "obtained", "origin", "drop_reason", "verdict", "evidence",
)  # fmt: skip
_SCHEMA: Final = {**DOCUMENT_SCHEMA, **WORKING_SCHEMA}
_BODIES: Final = ("text", "raw")
# Of a record with several texts alone.
_OF_SEVERAL: Final = ("parent_id", "turns")


@dataclass(frozen=True)
class Same:
    """A column that has one value in all rows; making it once is what keeps wide frames of short texts fast."""

    value: Any


Values: TypeAlias = "list[Any] | Same"


@dataclass(frozen=True)
class Rows:
    """Rows of documents on their way to a frame.

    Attributes:
        height: how many.
        columns: the values of each column; of `origin` its fields.
    """

    height: int
    columns: dict[str, Values]

    @property
    def bytes(self) -> int:
        """How large their bodies are, about."""
        bodies = (self.columns[name] for name in _BODIES if name in self.columns)
        return sum(len(body or "") for values in bodies if isinstance(values, list) for body in values)

    def take(self, order: Sequence[int]) -> Rows:
        """Return the rows at these places, in this order."""
        taken = {
            name: values if isinstance(values, Same) else [values[row] for row in order]
            for name, values in self.columns.items()
        }
        return Rows(len(order), taken)

    def frame(self) -> pl.DataFrame:
        """Return the rows as a frame of the schema's types."""
        columns, height = self.columns, self.height
        fields = [_series(field.name, columns[field.name], field.dtype, height) for field in ORIGIN.fields]
        names = [*COLLECTED, *(name for name in (*_OF_SEVERAL, "extra", *_BODIES, "media_type") if name in columns)]
        return pl.DataFrame(
            [
                pl.DataFrame(fields).to_struct("origin")
                if name == "origin"
                else _series(name, columns.get(name, Same(None)), _SCHEMA[name], height)
                for name in names
            ]
        )


def joined(pieces: Sequence[Rows]) -> Rows:
    """Return the rows of all pieces, in order; a column that a piece lacks is null there."""
    if len(pieces) == 1:
        return pieces[0]
    heights = [piece.height for piece in pieces]
    names = dict.fromkeys(name for piece in pieces for name in piece.columns)
    columns = {name: _joined([piece.columns.get(name, Same(None)) for piece in pieces], heights) for name in names}
    return Rows(sum(heights), columns)


def _joined(pieces: Sequence[Values], heights: Sequence[int]) -> Values:
    first = pieces[0]
    if isinstance(first, Same) and all(piece == first for piece in pieces):
        return first
    listed = (
        [values.value] * height if isinstance(values, Same) else values
        for values, height in zip(pieces, heights, strict=True)
    )
    return list(chain.from_iterable(listed))


def gathered(pieces: Iterable[Rows], limits: Limits) -> Iterator[pl.DataFrame]:
    """Yield the pieces as frames that stay within the limits, in order; a larger piece is a frame of its own."""
    held: list[Rows] = []
    rows = size = 0
    for piece in pieces:
        if held and (rows + piece.height > limits.rows or size + piece.bytes > limits.bytes_):
            yield _emptied(held)
            rows = size = 0
        held.append(piece)
        rows += piece.height
        size += piece.bytes
        # Half full is enough: of a large file each piece is about as much as a frame may hold.
        if 2 * rows >= limits.rows or 2 * size >= limits.bytes_:
            yield _emptied(held)
            rows = size = 0
    if rows:
        yield _emptied(held)


def _emptied(held: list[Rows]) -> pl.DataFrame:
    """Return the frame of what is held, which is let go: no second copy while the frame is worked on."""
    frame = joined(held).frame()
    held.clear()
    return frame


def _series(name: str, values: Values, dtype: PolarsDataType, height: int) -> pl.Series:
    if isinstance(values, Same):
        return pl.Series(name, [values.value], dtype).new_from_index(0, height)
    return pl.Series(name, values, dtype)
