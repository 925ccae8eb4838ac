"""A part inside a file: which of its bytes, row groups or record batches, and the number of the first record there."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final, Literal, TypeAlias

if TYPE_CHECKING:
    from collections.abc import Iterable

Kind: TypeAlias = Literal["lines", "row_groups", "batches", "records"]

SPAN_BYTES: Final = 64 * 2**20


@dataclass(frozen=True, order=True)
class Span:
    """A range of a file that is read by itself; the spans of a file together give each of its records once.

    Attributes:
        kind: what `start` and `stop` count: bytes of `lines` and of WARC `records`, else row groups or record batches.
        start: the first of the range.
        stop: the first after it.
        first_record: the number, from 1, that the range's first record has in its file, so that a document's name
            doesn't depend on where the file was cut.
    """

    kind: Kind
    start: int
    stop: int
    first_record: int

    def __str__(self) -> str:
        return f"{self.kind}:{self.start}-{self.stop}"


def by_size(kind: Kind, pieces: Iterable[tuple[int, int]], bytes_: int) -> list[Span]:
    """Consecutive pieces as spans of about so many bytes; a larger piece is a span of its own.

    Args:
        kind: what the pieces are.
        pieces: the bytes and the records of each, in the order of the file.
        bytes_: bytes a span.

    >>> [str(span) for span in by_size("row_groups", [(60, 10), (60, 10), (10, 5)], 100)]
    ['row_groups:0-2', 'row_groups:2-3']
    """
    spans: list[Span] = []
    start = held = stop = 0
    first, records = 1, 0
    for stop, (size, count) in enumerate(pieces, 1):
        held += size
        records += count
        if held >= bytes_:
            spans.append(Span(kind, start, stop, first))
            start, held, first, records = stop, 0, first + records, 0
    if held or records or stop > start:
        spans.append(Span(kind, start, stop, first))
    return spans
