"""Rows in memory, converted on demand to dicts, texts or an Arrow table.

Texts are decoded in any order, directly from the buffers into which Parquet's pages were read.
"""

from __future__ import annotations

from dataclasses import dataclass
from itertools import repeat
from typing import TYPE_CHECKING, Any

import numpy as np
import pyarrow as pa

if TYPE_CHECKING:
    from numpy.typing import NDArray


class RowsInMemory:
    """The rows of a table, in one chunk per row group."""

    def __init__(self, table: pa.Table) -> None:
        self._table = table
        self._texts: dict[str, _Texts] = {}

    @property
    def names(self) -> list[str]:
        """The names of the columns."""
        names: list[str] = self._table.column_names
        return names

    def table(self, places: NDArray[np.int64]) -> pa.Table:
        """Return the rows at the given places."""
        for name in self.names:
            self._joined(name)
        return self._table.take(_as_arrow(places))

    def values(self, name: str, places: NDArray[np.int64]) -> list[Any]:
        """Return a column's values at the given places.

        For texts, this is several times as fast as `to_pylist`; `to_numpy` would import pandas.
        """
        column = self._table[name]
        if not pa.types.is_large_string(column.type) or column.null_count:
            values: list[Any] = self._joined(name).take(_as_arrow(places)).to_pylist()
            return values
        if name not in self._texts:
            self._texts[name] = _Texts(column)
        return self._texts[name].at(places)

    def _joined(self, name: str) -> pa.ChunkedArray:
        """Return a column joined to one chunk, and keep it: Arrow would join the chunks for each selection of rows."""
        column = self._table[name]
        if column.num_chunks > 1:
            joined = pa.table([column], names=[name]).combine_chunks()[name]
            self._table = self._table.set_column(self.names.index(name), name, joined)
            column = joined
        return column


@dataclass(frozen=True)
class ChosenRows:
    """A selection of rows, in an order.

    Attributes:
        rows: the rows from which they are selected.
        places: the index of each selected row; an index may be repeated.
    """

    rows: RowsInMemory
    places: NDArray[np.int64]

    def __len__(self) -> int:
        return len(self.places)

    def table(self) -> pa.Table:
        """Return the selected rows as an Arrow table."""
        return self.rows.table(self.places)

    def values(self, name: str) -> list[Any]:
        """Return a column's values."""
        return self.rows.values(name, self.places)

    def dicts(self) -> list[dict[str, Any]]:
        """Return one dict per row."""
        names = self.rows.names
        rows = zip(*(self.values(name) for name in names), strict=True)
        return list(map(dict, map(zip, repeat(names), rows)))


def rows_as_dicts(table: pa.Table) -> list[dict[str, Any]]:
    """Return one dict per row of a table."""
    return ChosenRows(RowsInMemory(table), np.arange(table.num_rows)).dicts()


class _Texts:
    """A column of texts without nulls, stored as the chunk, start and end of each text's bytes."""

    def __init__(self, column: pa.ChunkedArray) -> None:
        chunks = [chunk for chunk in column.chunks if len(chunk)]
        offsets = [
            np.frombuffer(chunk.buffers()[1], np.int64)[chunk.offset : chunk.offset + len(chunk) + 1]
            for chunk in chunks
        ]
        # The buffer may be missing if all texts are empty.
        self._buffers = [memoryview(chunk.buffers()[2] or b"") for chunk in chunks]
        empty = np.zeros(0, np.int64)
        self._chunk_numbers = np.repeat(np.arange(len(chunks)), [len(chunk) for chunk in chunks])
        self._starts = np.concatenate([empty, *(chunk_offsets[:-1] for chunk_offsets in offsets)])
        self._ends = np.concatenate([empty, *(chunk_offsets[1:] for chunk_offsets in offsets)])

    def at(self, places: NDArray[np.int64]) -> list[str]:
        """Return the texts at the given places."""
        buffers = map(self._buffers.__getitem__, self._chunk_numbers[places].tolist())
        bounds = zip(buffers, self._starts[places].tolist(), self._ends[places].tolist(), strict=True)
        return [str(buffer[start:end], "utf-8") for buffer, start, end in bounds]


def _as_arrow(places: NDArray[np.int64]) -> pa.Array:
    """Convert places to an Arrow array without `pa.array`, which imports pandas: it took as long as reading 100 MB."""
    buffer = pa.py_buffer(np.ascontiguousarray(places, np.int64))
    return pa.Array.from_buffers(pa.int64(), len(places), [None, buffer])
