"""Reads a row group of a Parquet file from the whole file or from a fetched piece of it."""

from __future__ import annotations

import io
from contextlib import contextmanager
from typing import TYPE_CHECKING

import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from latam_corpus.train.shards.group_cache import fork_lock

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

_opening = fork_lock()


def range_of(group: pq.RowGroupMetaData, columns: Sequence[str] | None) -> tuple[int, int]:
    """Return the byte range of these columns of a row group; None means all columns."""
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
    """Read a row group, checking the pages' checksums; columns that the file lacks are ignored."""
    with _system_memory():
        file = pq.ParquetFile(opened, metadata=footer, page_checksum_verification=True)
    available = set(file.schema_arrow.names)
    present = [name for name in columns if name.partition(".")[0] in available]
    return file.read_row_group(number, columns=present, use_threads=False)


@contextmanager
def _system_memory() -> Iterator[None]:
    """Make readers that are opened in the block use the system's allocator.

    A reader keeps the default pool of the time when it was opened. Arrow's own allocator, mimalloc, returns pages to
    the system when a column outgrows them, and requests as many again; that took half of the time to read a window of
    256 MB.
    """
    with _opening:
        default_pool = pa.default_memory_pool()
        pa.set_memory_pool(pa.system_memory_pool())
        try:
            yield
        finally:
            pa.set_memory_pool(default_pool)


def file_of_piece(data: bytes, start: int) -> pa.PythonFile:
    """Return a file of which only these bytes, from `start`, can be read."""
    return pa.PythonFile(_Piece(data, start), mode="r")


def texts_of(table: pa.Table, name: str) -> pa.ChunkedArray:
    """Return a column's values as texts; nulls, and all values of a missing column, are empty."""
    has_column = name in table.column_names
    column = table[name] if has_column else pa.chunked_array([pa.nulls(table.num_rows, pa.large_string())])
    return pc.fill_null(column.cast(pa.large_string()), "")


class _Piece(io.RawIOBase):
    """A file that contains only one piece of its bytes."""

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
            raise OSError(f"byte {self._position} is before the fetched piece")
        data = self._data[begin : None if size < 0 else begin + size]
        self._position += len(data)
        return data
