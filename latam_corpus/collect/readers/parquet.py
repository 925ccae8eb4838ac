"""Parquet files: one record per row, read in batches within row groups."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, BinaryIO, Final

import pyarrow as pa
import pyarrow.parquet as pq

from latam_corpus.collect.documents.mapping import columns_read
from latam_corpus.collect.readers.arrow import UNREADABLE, Tally, cause_of, chunk_of, names_of, within
from latam_corpus.collect.readers.parquet_pages import page_headers
from latam_corpus.collect.readers.unpacked_size import lengths_of
from latam_corpus.collect.spans import Span, by_size
from latam_corpus.collect.streams import RATIO_FROM, refuse_bomb, seekable
from latam_corpus.errors import SourceError
from latam_corpus.messages import _

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

    from latam_corpus.catalog.source import Source
    from latam_corpus.collect.records import Chunk, Content, Limits

# The bytes of an index into a dictionary, including its repetition and definition levels.
_NUMBERED: Final = 8
# Encodings that store a repeated value, or a repeated beginning of values, only once.
_REPEATING: Final = frozenset({"PLAIN_DICTIONARY", "RLE_DICTIONARY", "DELTA_BYTE_ARRAY"})


def read(content: Content, source: Source, limits: Limits) -> Iterator[Chunk]:
    """Yield the file's records, numbered from 1, with the columns that the source's mapping reads.

    Raises:
        SourceError: the file can't be opened or read.
    """
    with seekable(content) as stream:
        span = content.span
        number = span.first_record - 1 if span else 0
        try:
            schema = pq.read_schema(stream)
            columns = names_of(schema)
            read_by = columns_read(source, columns)
            selected = [name for name in schema.names if name in read_by]
            for piece in pieces(stream, selected, limits, range(span.start, span.stop) if span else None):
                yield chunk_of(piece, number, columns)
                number += piece.num_rows
        except UNREADABLE as error:
            raise SourceError(content.relative, cause_of(error), _("check that it is a Parquet file")) from None


def pieces(
    stream: BinaryIO, selected: Sequence[str], limits: Limits, groups: Iterable[int] | None = None
) -> Iterator[pa.RecordBatch]:
    """Yield the rows of a file in pieces within the limits, unpacking each piece only when it is read.

    `groups` are the row groups to read; None for all.

    Raises:
        pa.ArrowInvalid: the file is damaged.
        ValueError: the file, a page or a row unpacks to far more bytes than text does.
    """
    meta = pq.read_metadata(stream)
    chosen = list(range(meta.num_row_groups) if groups is None else groups)
    numbered: set[str] = set()
    rows = {group: _rows(stream, meta, group, selected, limits, numbered) for group in chosen}
    tally = Tally(stream.seek(0, 2))
    file = pq.ParquetFile(stream, metadata=meta, read_dictionary=sorted(numbered))
    for group in chosen:
        for batch in file.iter_batches(rows[group], row_groups=[group], columns=selected, use_threads=False):
            # A dictionary stores a value once, even if many rows repeat it.
            yield from within(batch, limits, tally)


def split(content: Content, source: Source, bytes_: int) -> list[Span]:
    """Return the file's row groups in spans of about this many uncompressed bytes.

    Raises:
        SourceError: the file can't be opened or read.
    """
    del source
    with content.open() as stream:
        try:
            meta = pq.read_metadata(stream)
        except UNREADABLE as error:
            raise SourceError(content.relative, cause_of(error), _("check that it is a Parquet file")) from None
    groups = (meta.row_group(number) for number in range(meta.num_row_groups))
    return by_size("row_groups", ((group.total_byte_size, group.num_rows) for group in groups), bytes_)


def _rows(stream: BinaryIO, meta: Any, group: int, selected: Sequence[str], limits: Limits, numbered: set[str]) -> int:
    """Return how many rows of a row group fit within the limits: on average, and in the worst case.

    Columns of lists that must remain dictionary indices until they are measured are added to `numbered`.
    """
    about = meta.row_group(group)
    if not about.num_rows:
        return 1
    rows = min(limits.rows, int(limits.bytes_ / max(about.total_byte_size / about.num_rows, 1)))
    for index in range(about.num_columns):
        column = about.column(index)
        path = column.path_in_schema
        if path.split(".")[0] not in selected:
            continue
        size = column.total_compressed_size
        start = min(filter(None, (column.dictionary_page_offset, column.data_page_offset)), default=0)
        pages = list(page_headers(stream, start, size))
        for page in pages:
            refuse_bomb(page.unpacked, page.packed + page.length, f"a page of «{path}»")
        is_list = meta.schema.column(index).max_repetition_level > 0
        values = sum(page.values for page in pages) if is_list else rows
        if is_list:  # all values may be in one row
            refuse_bomb(max(sum(page.unpacked for page in pages), values * _NUMBERED), size, f"the lists of «{path}»")
        if column.physical_type != "BYTE_ARRAY" or not _REPEATING.intersection(column.encodings):
            continue
        widest = max((page.unpacked for page in pages), default=0)
        if values * widest > RATIO_FROM and column.dictionary_page_offset:
            widest = _longest(stream, meta, group, path) or widest
        if is_list and values * widest > RATIO_FROM:
            numbered.add(path)
        elif not is_list:
            rows = min(rows, RATIO_FROM // max(widest, 1))
    return max(1, rows)


def _longest(stream: BinaryIO, meta: Any, group: int, path: str) -> int:
    """Return the size in bytes of the longest value in a column's dictionary; 0 if it has no dictionary."""
    file = pq.ParquetFile(stream, metadata=meta, read_dictionary=[path])
    for batch in file.iter_batches(1, row_groups=[group], columns=[path], use_threads=False):
        inner = batch.column(0)
        while not pa.types.is_dictionary(inner.type) and inner.type.num_fields:
            inner = inner.field(0) if pa.types.is_struct(inner.type) else inner.values
        return int(lengths_of(inner.dictionary).max(initial=0)) if pa.types.is_dictionary(inner.type) else 0
    return 0
