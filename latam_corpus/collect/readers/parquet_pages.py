"""Read the unpacked sizes of a Parquet file's pages from their headers, to check them before unpacking.

The footer of a file may be wrong. A reader allocates the size in each page's header, and one value of a dictionary or a
prefix may be repeated in any number of rows, so that four kilobytes can become four gigabytes. Headers are structs of
Thrift's compact protocol (`parquet.thrift`, PageHeader).
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, BinaryIO, Final

if TYPE_CHECKING:
    from collections.abc import Iterator

# A page unpacks to at most 2 GB; for a column with more bytes than this, that isn't a suspicious ratio.
_WORTH: Final = 16 * 2**20
# Arrow's own limit for headers.
_LONGEST: Final = 16 * 2**20
_DEEPEST: Final = 8
# Field numbers in PageHeader: the sizes, and the two versions of the data page header.
_UNPACKED, _PACKED, _OF_DATA, _OF_DATA_2 = 2, 3, 5, 8
_TRUE, _FALSE, _BYTE, _DOUBLE, _BINARY, _STRUCT = 1, 2, 3, 7, 8, 12


@dataclass(frozen=True)
class PageHeader:
    """The header of a page.

    Attributes:
        unpacked: the number of unpacked bytes of the page.
        packed: the number of its bytes in the file.
        values: the number of its values; 0 for a dictionary.
        length: the number of bytes of the header.
    """

    unpacked: int
    packed: int
    values: int
    length: int


def page_headers(stream: BinaryIO, start: int, size: int) -> Iterator[PageHeader]:
    """Yield the headers of a column's pages, or only the first for a large column; stop at an invalid header.

    `start` is the offset of the column's first page, and `size` its bytes in the file.
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
    """Return the fields of the struct at this offset, and the offset after it.

    Raises:
        IndexError: the data ends within the struct.
        ValueError: the struct isn't valid.
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
