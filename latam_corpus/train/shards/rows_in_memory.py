"""Rows in memory, of which each value is made when it is asked for: as a dict, as a text, or in an Arrow table.

Texts are decoded from the buffers into which Parquet's pages were read, in any order, without a copy between.
"""

from __future__ import annotations

from dataclasses import dataclass
from itertools import repeat
from typing import TYPE_CHECKING, Any

import numpy as np
import pyarrow as pa

if TYPE_CHECKING:
    from numpy.typing import NDArray


class HeldRows:
    """The rows of a table, as it was read: in as many pieces as there are row groups."""

    def __init__(self, table: pa.Table) -> None:
        self._table = table
        self._texts: dict[str, _Texts] = {}

    @property
    def names(self) -> list[str]:
        """The columns."""
        names: list[str] = self._table.column_names
        return names

    def table(self, places: NDArray[np.int64]) -> pa.Table:
        """Return the rows at places."""
        for name in self.names:
            self._joined(name)
        return self._table.take(_as_arrow(places))

    def values(self, name: str, places: NDArray[np.int64]) -> list[Any]:
        """Return a column's values at places.

        For texts `to_pylist` takes several times as long as this does, and `to_numpy` imports pandas.
        """
        column = self._table[name]
        if not pa.types.is_large_string(column.type) or column.null_count:
            values: list[Any] = self._joined(name).take(_as_arrow(places)).to_pylist()
            return values
        if name not in self._texts:
            self._texts[name] = _Texts(column)
        return self._texts[name].at(places)

    def _joined(self, name: str) -> pa.ChunkedArray:
        """Return a column in one piece, which stays so: Arrow would join the pieces each time that it takes rows."""
        column = self._table[name]
        if column.num_chunks > 1:
            joined = pa.table([column], names=[name]).combine_chunks()[name]
            self._table = self._table.set_column(self.names.index(name), name, joined)
            column = joined
        return column


@dataclass(frozen=True)
class ChosenRows:
    """Some rows of those held, in an order.

    Attributes:
        places: which rows, each as often as it comes.
    """

    held: HeldRows
    places: NDArray[np.int64]

    def __len__(self) -> int:
        return len(self.places)

    def table(self) -> pa.Table:
        """Return them in an Arrow table."""
        return self.held.table(self.places)

    def values(self, name: str) -> list[Any]:
        """Return a column's values."""
        return self.held.values(name, self.places)

    def dicts(self) -> list[dict[str, Any]]:
        """Return a dict a row."""
        names = self.held.names
        rows = zip(*(self.values(name) for name in names), strict=True)
        return list(map(dict, map(zip, repeat(names), rows)))


def rows_as_dicts(table: pa.Table) -> list[dict[str, Any]]:
    """Return a dict a row of a table."""
    return ChosenRows(HeldRows(table), np.arange(table.num_rows)).dicts()


class _Texts:
    """A column of texts without nulls: which bytes of which piece each of them is."""

    def __init__(self, column: pa.ChunkedArray) -> None:
        pieces = [chunk for chunk in column.chunks if len(chunk)]
        offsets = [
            np.frombuffer(chunk.buffers()[1], np.int64)[chunk.offset : chunk.offset + len(chunk) + 1]
            for chunk in pieces
        ]
        # Where all texts are empty there may be no bytes.
        self._pieces = [memoryview(chunk.buffers()[2] or b"") for chunk in pieces]
        none = np.zeros(0, np.int64)
        self._piece_of = np.repeat(np.arange(len(pieces)), [len(chunk) for chunk in pieces])
        self._starts = np.concatenate([none, *(one[:-1] for one in offsets)])
        self._ends = np.concatenate([none, *(one[1:] for one in offsets)])

    def at(self, places: NDArray[np.int64]) -> list[str]:
        """Return the texts at places."""
        pieces = map(self._pieces.__getitem__, self._piece_of[places].tolist())
        bounds = zip(pieces, self._starts[places].tolist(), self._ends[places].tolist(), strict=True)
        return [str(piece[start:end], "utf-8") for piece, start, end in bounds]


def _as_arrow(places: NDArray[np.int64]) -> pa.Array:
    """Return places as Arrow's, without `pa.array`, which imports pandas: that took as long as reading 100 MB."""
    buffer = pa.py_buffer(np.ascontiguousarray(places, np.int64))
    return pa.Array.from_buffers(pa.int64(), len(places), [None, buffer])
