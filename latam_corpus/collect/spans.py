"""A part inside a file: which of its bytes, row groups or record batches, and the number of the first record there."""

from __future__ import annotations

from bisect import bisect_right
from dataclasses import dataclass, replace
from itertools import groupby
from typing import TYPE_CHECKING, Final, Literal, NamedTuple, TypeAlias

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

Kind: TypeAlias = Literal["lines", "row_groups", "batches", "records", "members"]

SPAN_BYTES: Final = 64 * 2**20
# So many spans of a compressed file may begin within one of its members. To reach a span, what the member has before it
# is unpacked once more: with 8, all of the member 3.5 times over. By gzip that is a tenth of what the stages of a run
# take for its text, by Zstandard a twentieth, by xz a quarter (`python -m tests.benchmarks compressed`).
MOST_IN_MEMBER: Final = 8


@dataclass(frozen=True, order=True)
class Span:
    """A range of a file that is read by itself; the spans of a file together give each of its records once.

    Attributes:
        kind: what `start` and `stop` count: bytes of `lines` (unpacked, if the file is compressed) and of WARC
            `records` (as stored), else row groups, record batches or members of a zip.
        start: the first of the range.
        stop: the first after it.
        first_record: the number, from 1, that the range's first record has in its file, so that a document's name
            doesn't depend on where the file was cut.
        size: bytes, about; of what is packed, unpacked.
        entry: of lines, where in the file as stored to begin to read; of a compressed one to unpack.
        skip: of compressed lines, how many bytes to leave out from there.
    """

    kind: Kind
    start: int
    stop: int
    first_record: int
    size: int = 0
    entry: int = 0
    skip: int = 0

    def __str__(self) -> str:
        return f"{self.kind}:{self.start}-{self.stop}"


class Entry(NamedTuple):
    """Where the bytes of a compressed file can be entered: the first of a member, as stored and as unpacked."""

    stored: int
    unpacked: int


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
            spans.append(Span(kind, start, stop, first, held))
            start, held, first, records = stop, 0, first + records, 0
    if held or records or stop > start:
        spans.append(Span(kind, start, stop, first, held))
    return spans


def entered(spans: Sequence[Span], entries: Sequence[Entry]) -> Iterator[Span]:
    """Yield the spans of a file of lines, each with where to begin to read; joined where many begin in a member.

    Args:
        spans: of all of the file.
        entries: where it can be entered; none for a file that isn't compressed.
    """
    places = [entry.unpacked for entry in entries]
    for index, within in groupby(spans, key=lambda span: bisect_right(places, span.start) - 1):
        if not entries:
            yield from (replace(span, entry=span.start) for span in within)
            continue
        mine = list(within)
        each = -(-len(mine) // MOST_IN_MEMBER)
        for number in range(0, len(mine), each):
            first, last = mine[number], mine[number : number + each][-1]
            size, skip = last.stop - first.start, first.start - entries[index].unpacked
            yield replace(first, stop=last.stop, size=size, entry=entries[index].stored, skip=skip)
