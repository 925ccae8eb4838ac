"""Check the declared sizes of record batches in an Arrow file or stream before unpacking any.

A batch is a message with a head (a flatbuffer as in `Message.fbs`) and a body of buffers. A packed buffer starts with
its unpacked size, and a reader allocates that many bytes.
"""

from __future__ import annotations

import struct
from typing import TYPE_CHECKING, BinaryIO, Final

import pyarrow as pa

from latam_corpus.collect.streams import refuse_bomb

if TYPE_CHECKING:
    from collections.abc import Iterator

_DICTIONARY_BATCH: Final = 2
_RECORD_BATCH: Final = 3
_MAGIC: Final = b"ARROW1"
_END: Final = len(_MAGIC) + 4  # after the footer: its length and the magic bytes
_BLOCK: Final = struct.Struct("<qi4xq")
_BUFFER: Final = struct.Struct("<qq")


def checked(stream: BinaryIO) -> Iterator[bytes]:
    """Yield the messages of a stream unchanged, after checking each of them.

    Raises:
        pa.ArrowInvalid: it isn't an Arrow stream.
        ValueError: a message unpacks to far more than tables do.
    """
    for message in pa.ipc.MessageReader.open_stream(stream):
        check(message)
        yield message.serialize().to_pybytes()


def check_file(stream: BinaryIO, dictionaries: bool, batches: range | None = None) -> None:
    """Check the messages of a file, using the offsets in its footer.

    Args:
        stream: the file.
        dictionaries: whether to check dictionaries too.
        batches: the record batches to check; None for all.

    Raises:
        ValueError: a message unpacks to far more than tables do.
    """
    size = stream.seek(-_END, 2)
    (length,) = struct.unpack("<i", stream.read(4))
    stream.seek(max(size - length, 0))
    footer = stream.read(max(length, 0))
    try:
        root = _Table.root(footer)
        blocks = root.structs(2, _BLOCK) if dictionaries else []
        record_batches = root.structs(3, _BLOCK)
    except (struct.error, IndexError):  # reading the file will report the problem
        return
    for offset, head, body in [*blocks, *(record_batches[batches.start : batches.stop] if batches else record_batches)]:
        if min(offset, head, body) < 0 or offset + head + body > size:
            continue
        stream.seek(offset)
        check(pa.ipc.read_message(stream.read(head + body)))


def check(message: pa.Message) -> None:
    """Check the sizes that a message declares.

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
