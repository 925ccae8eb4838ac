"""What the pages of a Parquet file unpack to, by their headers, before anything is unpacked.

A file's footer may say what it likes. A reader sets aside what each page's header says, and a dictionary's or a prefix'
one value may stand in as many rows as somebody likes; so four kilobytes can become as many gigabytes. Headers are
structs of Thrift's compact protocol (`parquet.thrift`, PageHeader).
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, BinaryIO, Final

if TYPE_CHECKING:
    from collections.abc import Iterator

# A page that unpacks to 2 GB, the most, is no bomb by its ratio where its column has more than this.
_WORTH: Final = 16 * 2**20
# Of headers Arrow reads no more.
_LONGEST: Final = 16 * 2**20
_DEEPEST: Final = 8
# Fields of PageHeader: its sizes, and what it says of values, in two versions.
_UNPACKED, _PACKED, _OF_DATA, _OF_DATA_2 = 2, 3, 5, 8
_TRUE, _FALSE, _BYTE, _DOUBLE, _BINARY, _STRUCT = 1, 2, 3, 7, 8, 12


@dataclass(frozen=True)
class PageHeader:
    """What a page's header says.

    Attributes:
        unpacked: bytes that the page has unpacked.
        packed: bytes that it has in the file.
        values: how many it has for rows; 0 of a dictionary.
        length: bytes of the header.
    """

    unpacked: int
    packed: int
    values: int
    length: int


def page_headers(stream: BinaryIO, start: int, size: int) -> Iterator[PageHeader]:
    """Yield the headers of a column's pages, of a large column the first; what makes no sense is left to who reads it.

    Args:
        stream: the file.
        start: where the column's first page begins.
        size: bytes that the column has in the file.
    """
    at = start
    while at < start + size:
        header = _header(stream, at)
        if header is None:
            return
        yield header
        if size > _WORTH:
            return
        at += header.length + header.packed


def _header(stream: BinaryIO, at: int) -> PageHeader | None:
    window = 2**12
    while window <= _LONGEST:
        stream.seek(at)
        data = stream.read(window)
        try:
            fields, length = _struct(data, 0, 0)
        except IndexError:
            if len(data) < window:
                return None
            window *= 16
            continue
        except ValueError:
            return None
        unpacked, packed = fields.get(_UNPACKED), fields.get(_PACKED)
        if not isinstance(unpacked, int) or not isinstance(packed, int) or unpacked < 0 or packed < 0:
            return None
        inner = [of for number in (_OF_DATA, _OF_DATA_2) if isinstance(of := fields.get(number), dict)]
        values = inner[0].get(1) if inner else 0
        return PageHeader(unpacked, packed, values if isinstance(values, int) else 0, length)
    return None


def _varint(data: bytes, at: int) -> tuple[int, int]:
    value = shift = 0
    while True:
        value |= (data[at] & 0x7F) << shift
        at += 1
        if data[at - 1] < 0x80:  # noqa: PLR2004  (no more follow)
            return value, at
        shift += 7
        if shift > 63:  # noqa: PLR2004  (of 64 bits)
            raise ValueError


def _struct(data: bytes, at: int, depth: int) -> tuple[dict[int, object], int]:
    """Return the fields of a struct that starts here, and the place after it.

    Raises:
        IndexError: it goes on behind the data.
        ValueError: it is none.
    """
    if depth > _DEEPEST:
        raise ValueError
    fields: dict[int, object] = {}
    number = 0
    while head := data[at]:
        at += 1
        if head >> 4:
            number += head >> 4
        else:
            zigzag, at = _varint(data, at)
            number = (zigzag >> 1) ^ -(zigzag & 1)
        fields[number], at = _value(data, at, head & 15, depth)
    return fields, at + 1


def _value(data: bytes, at: int, kind: int, depth: int) -> tuple[object, int]:
    if kind in (_TRUE, _FALSE):
        return kind == _TRUE, at
    if kind == _BYTE:
        return data[at], at + 1
    if _BYTE < kind < _DOUBLE:
        zigzag, at = _varint(data, at)
        return (zigzag >> 1) ^ -(zigzag & 1), at
    if kind == _DOUBLE:
        return None, at + 8
    if kind == _BINARY:
        length, at = _varint(data, at)
        return None, at + length
    if kind == _STRUCT:
        return _struct(data, at, depth + 1)
    # A header has no lists or maps.
    raise ValueError
