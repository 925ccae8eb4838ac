"""A row group of a Parquet file, out of the whole file or out of that piece of it which was fetched."""

from __future__ import annotations

import io
from contextlib import contextmanager
from typing import TYPE_CHECKING

import pyarrow as pa
import pyarrow.parquet as pq

from latam_corpus.train.shards.fork_lock import fork_lock

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

_opening = fork_lock()


def range_of(group: pq.RowGroupMetaData, columns: Sequence[str] | None) -> tuple[int, int]:
    """Where the bytes of a row group's columns begin and end: of these, or of all."""
    starts, ends = [], []
    for index in range(group.num_columns):
        column = group.column(index)
        if columns is not None and column.path_in_schema.partition(".")[0] not in columns:
            continue
        offsets = (column.dictionary_page_offset, column.data_page_offset)
        starts.append(min(offset for offset in offsets if offset))
        ends.append(starts[-1] + column.total_compressed_size)
    return min(starts, default=0), max(ends, default=0)


def read_group(opened: pa.NativeFile, footer: pq.FileMetaData, number: int, columns: Sequence[str]) -> pa.Table:
    """Return the rows of a group, of these columns those that its file has; sums of pages are checked."""
    with _from_system():
        file = pq.ParquetFile(opened, metadata=footer, page_checksum_verification=True)
    there = set(file.schema_arrow.names)
    wanted = [name for name in columns if name.partition(".")[0] in there]
    return file.read_row_group(number, columns=wanted, use_threads=False)


@contextmanager
def _from_system() -> Iterator[None]:
    """Have what is opened meanwhile take its memory from the system's allocator.

    A reader keeps the pool that was the default when it was opened. Arrow's own, mimalloc, gives pages back as soon as
    a column has outgrown them, and fetches as many anew: that was half of the time in which a window of 256 MB is read.
    """
    with _opening:
        before = pa.default_memory_pool()
        pa.set_memory_pool(pa.system_memory_pool())
        try:
            yield
        finally:
            pa.set_memory_pool(before)


def piece_of(data: bytes, start: int) -> pa.PythonFile:
    """Return a file of which the piece from `start` on alone is there."""
    return pa.PythonFile(_Piece(data, start), mode="r")


def words_of(table: pa.Table, name: str) -> pa.ChunkedArray:
    """Return a column's values, "" where there is none."""
    import pyarrow.compute as pc

    there = name in table.column_names
    column = table[name] if there else pa.chunked_array([pa.nulls(table.num_rows, pa.large_string())])
    return pc.fill_null(column.cast(pa.large_string()), "")


class _Piece(io.RawIOBase):
    """A file of which one piece alone is there."""

    def __init__(self, data: bytes, start: int) -> None:
        super().__init__()
        self._data, self._start, self._position = data, start, 0

    def readable(self) -> bool:
        return True

    def seekable(self) -> bool:
        return True

    def seek(self, offset: int, whence: int = io.SEEK_SET) -> int:
        base = {io.SEEK_SET: 0, io.SEEK_CUR: self._position, io.SEEK_END: self._start + len(self._data)}[whence]
        self._position = base + offset
        return self._position

    def tell(self) -> int:
        return self._position

    def read(self, size: int = -1) -> bytes:
        begin = self._position - self._start
        if begin < 0:
            raise OSError(f"byte {self._position} is before the piece that was fetched")
        data = self._data[begin : None if size < 0 else begin + size]
        self._position += len(data)
        return data
