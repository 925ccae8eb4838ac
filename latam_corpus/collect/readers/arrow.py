"""Arrow files and streams: one record per row. Hugging Face's package `datasets` stores tables as streams."""

from __future__ import annotations

import io
import struct
from contextlib import ExitStack
from typing import TYPE_CHECKING, Any, BinaryIO, Final, cast

import polars as pl
import pyarrow as pa

from latam_corpus.collect.documents.mapping import columns_read
from latam_corpus.collect.readers.unpacked_size import unpacked
from latam_corpus.collect.records import Chunk, Failure
from latam_corpus.collect.spans import Span, by_size
from latam_corpus.collect.streams import MAX_RECORD, Pieces, blocks, refuse_bomb, seekable
from latam_corpus.errors import SourceError
from latam_corpus.formats.compression import compression
from latam_corpus.messages import _

if TYPE_CHECKING:
    from collections.abc import Iterator

    from latam_corpus.catalog.source import Source
    from latam_corpus.collect.records import Content, Limits


_MAGIC: Final = b"ARROW1"
# The errors that Arrow raises for damaged or malicious files; `ValueError` for a name or text that isn't UTF-8.
UNREADABLE: Final = (pa.ArrowException, OSError, ValueError)
_FOREIGN: Final = (
    pa.types.is_union, pa.types.is_interval, pa.types.is_run_end_encoded, pa.types.is_decimal256, pa.types.is_list_view,
    pa.types.is_large_list_view,
)  # fmt: skip
# The maximum number of bytes of a row, which has other columns besides its text.
MAX_ROW: Final = 4 * MAX_RECORD
_DICTIONARY_BATCH: Final = 2
_RECORD_BATCH: Final = 3
_END: Final = len(_MAGIC) + 4  # after the footer: its length and the magic bytes
_BLOCK: Final = struct.Struct("<qi4xq")
_BUFFER: Final = struct.Struct("<qq")


def read(content: Content, source: Source, limits: Limits) -> Iterator[Chunk]:
    """Yield the file's records, numbered from 1, with the columns that the source's mapping reads.

    Raises:
        SourceError: the file can't be opened or read; all records before the damage have been yielded.
    """
    span = content.span
    number = span.first_record - 1 if span else 0
    with ExitStack() as opened:
        stream = _opened(content, opened)
        tally = Tally(stream.seek(0, 2) if stream.seekable() else 0)
        try:
            for schema, batch in _batches(stream, span, source, tally):
                columns = names_of(schema)
                for piece in within(batch, limits, tally):
                    yield chunk_of(piece, number, columns)
                    number += piece.num_rows
        except UNREADABLE as error:
            raise SourceError(content.relative, cause_of(error), _("check that it is an Arrow file")) from None


def split(content: Content, source: Source, bytes_: int) -> list[Span]:
    """Return the record batches of an Arrow file in spans of about this many bytes; a stream has no spans.

    Raises:
        SourceError: the file can't be read.
    """
    del source
    with content.open() as stream:
        try:
            if compression(content.relative) or stream.read(len(_MAGIC)) != _MAGIC:
                return []
            _check_file(stream)
            stream.seek(0)
            file = pa.ipc.open_file(stream)
            batches = (file.get_batch(number) for number in range(file.num_record_batches))
            sizes = ((batch.nbytes, batch.num_rows) for batch in batches)
            return by_size("batches", sizes, bytes_)
        except UNREADABLE as error:
            raise SourceError(content.relative, cause_of(error), _("check that it is an Arrow file")) from None


def _opened(content: Content, opened: ExitStack) -> BinaryIO:
    """Open the decompressed content; it is seekable for an Arrow file, which is read from its end."""
    with content.open() as stream:
        is_file = next(blocks(stream, compression(content.relative)), b"").startswith(_MAGIC)
    if is_file:
        return opened.enter_context(seekable(content))
    pieces = blocks(opened.enter_context(content.open()), compression(content.relative))
    return cast("BinaryIO", io.BufferedReader(Pieces(pieces)))


def _batches(
    stream: BinaryIO, span: Span | None, source: Source, tally: Tally
) -> Iterator[tuple[pa.Schema, pa.RecordBatch]]:
    """Yield the file's schema with each record batch of the file or its span, which has the columns to read."""
    if not stream.seekable():
        messages = cast("BinaryIO", io.BufferedReader(Pieces(map(tally.stores, _checked(stream)))))
        for batch in pa.ipc.open_stream(messages):
            yield batch.schema, batch.select(_chosen(batch.schema, source))
        return
    _check_file(stream, range(span.start, span.stop) if span else None)
    stream.seek(0)
    schema = pa.ipc.open_file(stream).schema
    chosen = _chosen(schema, source)
    stream.seek(0)
    # An empty list would select all columns.
    file = pa.ipc.open_file(stream, options=pa.ipc.IpcReadOptions(included_fields=chosen or [0], use_threads=False))
    for number in range(*((span.start, span.stop) if span else (file.num_record_batches,))):
        batch = file.get_batch(number)
        yield schema, batch if chosen else batch.select([])


def _chosen(schema: pa.Schema, source: Source) -> list[int]:
    """Return the indices of the columns that the source reads; two columns may have the same name."""
    read_columns = columns_read(source, names_of(schema))
    return [number for number, name in enumerate(schema.names) if name in read_columns]


def names_of(schema: pa.Schema) -> tuple[str, ...]:
    """Return the columns of a schema, including the fields of its structs as paths.

    >>> names_of(pa.schema({"metadata": pa.struct({"author": pa.string()})}))
    ('metadata', 'metadata.author')
    """

    def below(field: pa.Field, path: str) -> Iterator[str]:
        yield path
        if pa.types.is_struct(field.type):
            for inner in field.type.fields:
                yield from below(inner, f"{path}.{inner.name}")

    return tuple(path for field in schema for path in below(field, field.name))


def chunk_of(batch: pa.RecordBatch, previous_rows: int, columns: tuple[str, ...] | None = None) -> Chunk:
    """Return a batch's records with their numbers; a row that isn't valid UTF-8 is a failure.

    `previous_rows` is the number of records before the batch in the file.
    """
    numbers = range(previous_rows + 1, previous_rows + 1 + batch.num_rows)
    if not batch.num_columns:
        return Chunk(list(numbers), [{} for _ in numbers], [], columns=columns)
    try:
        batch.validate(full=True)  # Arrow doesn't validate text when it reads, and Polars doesn't either
        return Chunk(list(numbers), _records(batch), [], columns=columns)
    except (pa.ArrowInvalid, UnicodeDecodeError) as error:
        if batch.num_rows == 1:
            return Chunk([], [], [Failure(numbers[0], "not UTF-8", {"record": numbers[0], "error": str(error)[:120]})])
    single = [chunk_of(batch.slice(row, 1), previous_rows + row) for row in range(batch.num_rows)]
    return Chunk(
        [number for chunk in single for number in chunk.numbers],
        [record for chunk in single for record in chunk.records],
        [failure for chunk in single for failure in chunk.failures],
        columns=columns,
    )


def _records(batch: pa.RecordBatch) -> list[dict[str, Any]]:
    """Return a batch's records, using Polars; if it lacks a type or names repeat, using Arrow, which is slower."""
    if _is_foreign(pa.struct(list(batch.schema))):
        return cast("list[dict[str, Any]]", batch.to_pylist())
    return pl.DataFrame(pl.from_arrow(batch)).to_dicts()


def _is_foreign(kind: pa.DataType) -> bool:
    """Whether Polars lacks the type or one of its inner types, or a struct has fields of the same name.

    >>> _is_foreign(pa.list_(pa.dense_union([pa.field("a", pa.string())]))), _is_foreign(pa.list_(pa.string()))
    (True, False)
    """
    if any(is_one(kind) for is_one in _FOREIGN):
        return True
    inner = kind.storage_type if isinstance(kind, pa.BaseExtensionType) else kind
    fields = [inner.field(index) for index in range(inner.num_fields)]
    return len({field.name for field in fields}) < len(fields) or any(_is_foreign(field.type) for field in fields)


class Tally:
    """Counts a file's stored bytes and unpacked bytes."""

    def __init__(self, stored: int) -> None:
        self.stored, self.unpacked = stored, 0

    def stores(self, message: bytes) -> bytes:
        """Count the bytes of a message that was read, and return it."""
        self.stored += len(message)
        return message

    def unpacks(self, size: int) -> None:
        """Count unpacked bytes; call it before they are used.

        Raises:
            ValueError: the file unpacks to far more bytes than text does.
        """
        self.unpacked += size
        refuse_bomb(self.unpacked, self.stored, "the file")


def within(batch: pa.RecordBatch, limits: Limits, tally: Tally) -> Iterator[pa.RecordBatch]:
    """Yield the batch in slices of about the limits' size, and at most twice that.

    Raises:
        ValueError: a row is larger than any text, or the file unpacks to far more bytes than text does.
    """
    row_size = max(unpacked(batch) / max(batch.num_rows, 1), 1)
    rows = max(1, min(limits.rows, int(limits.bytes_ / row_size)))
    for start in range(0, batch.num_rows, rows):
        yield from _halved(batch.slice(start, rows), 2 * limits.bytes_, tally)


def _halved(batch: pa.RecordBatch, max_size: int, tally: Tally) -> Iterator[pa.RecordBatch]:
    size = unpacked(batch)
    if size > max_size and batch.num_rows > 1:
        half = batch.num_rows // 2
        yield from _halved(batch.slice(0, half), max_size, tally)
        yield from _halved(batch.slice(half), max_size, tally)
        return
    if size > MAX_ROW:
        raise ValueError(f"a row unpacks to {size:,} bytes, as those of bombs do")
    tally.unpacks(size)
    yield batch


def cause_of(error: Exception) -> str:
    """Return the first line of Arrow's message, without the stack trace that may follow."""
    if isinstance(error, UnicodeDecodeError):
        return f"the name of a column isn't UTF-8: «{error.object.decode('utf-8', 'replace')}»"
    return str(error).splitlines()[0] if str(error) else type(error).__name__


def _checked(stream: BinaryIO) -> Iterator[bytes]:
    """Yield the messages of a stream unchanged, after checking each of them.

    Raises:
        pa.ArrowInvalid: it isn't an Arrow stream.
        ValueError: a message unpacks to far more than tables do.
    """
    for message in pa.ipc.MessageReader.open_stream(stream):
        _check(message)
        yield message.serialize().to_pybytes()


def _check_file(stream: BinaryIO, batches: range | None = None) -> None:
    """Check the messages of a file, using the offsets in its footer.

    `batches` are the record batches to check; None for all.

    Raises:
        ValueError: a message unpacks to far more than tables do.
    """
    size = stream.seek(-_END, 2)
    (length,) = struct.unpack("<i", stream.read(4))
    stream.seek(max(size - length, 0))
    footer = stream.read(max(length, 0))
    try:
        root = _Table.root(footer)
        dictionaries, record_batches = root.structs(2, _BLOCK), root.structs(3, _BLOCK)
    except (struct.error, IndexError):  # reading the file will report the problem
        return
    chosen = record_batches[batches.start : batches.stop] if batches else record_batches
    for offset, head, body in [*dictionaries, *chosen]:
        if min(offset, head, body) < 0 or offset + head + body > size:
            continue
        stream.seek(offset)
        _check(pa.ipc.read_message(stream.read(head + body)))


def _check(message: pa.Message) -> None:
    """Check the sizes that a message declares, before any of it is unpacked.

    A batch is a message with a head (a flatbuffer as in `Message.fbs`) and a body of buffers. A packed buffer starts
    with its unpacked size, and a reader allocates that many bytes.

    Raises:
        ValueError: it unpacks to far more than tables do.
    """
    body = message.body
    if body is None:
        return
    try:
        root = _Table.root(message.metadata.to_pybytes())
        kind, batch = root.byte(1), root.table(2)
        if kind == _DICTIONARY_BATCH and batch:
            batch = batch.table(1)
        if kind not in (_DICTIONARY_BATCH, _RECORD_BATCH) or batch is None or batch.table(3) is None:
            return
        packed = memoryview(body)
        sizes = [
            struct.unpack_from("<q", packed, offset)[0]
            for offset, length in batch.structs(2, _BUFFER)
            if length >= 8  # noqa: PLR2004
        ]
    except (struct.error, IndexError):  # reading the file will report the problem
        return
    refuse_bomb(sum(size for size in sizes if size > 0), body.size, "a batch")  # -1 marks a buffer that isn't packed


class _Table:
    """A table of a flatbuffer, whose fields are found by their numbers."""

    def __init__(self, data: bytes, at: int) -> None:
        self._data, self._at = data, at

    @classmethod
    def root(cls, data: bytes) -> _Table:
        return cls(data, struct.unpack_from("<I", data, 0)[0])

    def _field(self, number: int) -> int:
        """Return the offset of a field; 0 if it is missing."""
        fields = self._at - struct.unpack_from("<i", self._data, self._at)[0]
        entry_offset = 4 + 2 * number
        if fields < 0 or entry_offset >= struct.unpack_from("<H", self._data, fields)[0]:
            return 0
        offset: int = struct.unpack_from("<H", self._data, fields + entry_offset)[0]
        return offset and self._at + offset

    def byte(self, number: int) -> int:
        at = self._field(number)
        return self._data[at] if at else 0

    def table(self, number: int) -> _Table | None:
        at = self._field(number)
        return _Table(self._data, at + struct.unpack_from("<I", self._data, at)[0]) if at else None

    def structs(self, number: int, kind: struct.Struct) -> list[tuple[int, ...]]:
        at = self._field(number)
        if not at:
            return []
        at += struct.unpack_from("<I", self._data, at)[0]
        (count,) = struct.unpack_from("<I", self._data, at)
        return list(kind.iter_unpack(self._data[at + 4 : at + 4 + count * kind.size]))
