"""Parquet: one record a row, read by batches within row groups."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pyarrow.parquet as pq

from latam_corpus.collect.arrow import UNREADABLE, cause_of, chunk_of, names_of, within
from latam_corpus.collect.mapping import columns_read
from latam_corpus.collect.spans import Span, by_size
from latam_corpus.collect.streams import seekable
from latam_corpus.errors import SourceError

if TYPE_CHECKING:
    from collections.abc import Iterator

    from latam_corpus.catalog.source import Source
    from latam_corpus.collect.records import Chunk, Content, Limits


def read(content: Content, source: Source, limits: Limits) -> Iterator[Chunk]:
    """The file's records, numbered from 1; only the columns that the source's mapping reads.

    Raises:
        SourceError: the file can't be opened or read.
    """
    with seekable(content) as stream:
        span = content.span
        number = span.first_record - 1 if span else 0
        try:
            file = pq.ParquetFile(stream)
            read_by = columns_read(source)
            wanted = [name for name in file.schema_arrow.names if name in read_by]
            columns = names_of(file.schema_arrow)
            for group in range(*((span.start, span.stop) if span else (file.num_row_groups,))):
                rows = _rows(file, group, limits)
                batches = file.iter_batches(rows, row_groups=[group], columns=wanted, use_threads=False)
                for batch in batches:
                    # What a column's dictionary holds once, its rows may hold many times.
                    for piece in within(batch, limits):
                        yield chunk_of(piece, number, columns)
                        number += piece.num_rows
        except UNREADABLE as error:
            raise SourceError(content.relative, cause_of(error), "check that it is a Parquet file") from None


def split(content: Content, source: Source, bytes_: int) -> list[Span]:
    """The file's row groups in spans of about so many uncompressed bytes.

    Raises:
        SourceError: the file can't be opened or read.
    """
    del source
    with content.open() as stream:
        try:
            meta = pq.read_metadata(stream)
        except UNREADABLE as error:
            raise SourceError(content.relative, cause_of(error), "check that it is a Parquet file") from None
    groups = (meta.row_group(number) for number in range(meta.num_row_groups))
    return by_size("row_groups", ((group.total_byte_size, group.num_rows) for group in groups), bytes_)


def _rows(file: pq.ParquetFile, group: int, limits: Limits) -> int:
    """How many of the row group's rows stay within the limits, on the average of the group."""
    meta = file.metadata.row_group(group)
    if not meta.num_rows:
        return 1
    each = max(meta.total_byte_size / meta.num_rows, 1)
    return max(1, min(limits.rows, int(limits.bytes_ / each)))
