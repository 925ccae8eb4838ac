"""Ranges of a file that are read separately, such as lines, row groups or record batches."""

from __future__ import annotations

from bisect import bisect_right
from dataclasses import dataclass, replace
from itertools import groupby
from typing import TYPE_CHECKING, Final, Literal, NamedTuple, TypeAlias

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

Kind: TypeAlias = Literal["lines", "row_groups", "batches", "records", "members"]

SPAN_BYTES: Final = 64 * 2**20
# A source of at most `SMALL_SOURCE` bytes is cut into smaller spans, so that several workers share it, and a worker
# that is killed loses less. For a large source, small spans would be too many files for the quotas of clusters.
SMALL_SPAN_BYTES: Final = 8 * 2**20
SMALL_SOURCE: Final = 2**30
# The maximum number of spans that begin within one member of a compressed file. To reach a span, the part of the member
# before it is unpacked again: with 8 spans, 3.5 times the member in all. Relative to the time of the stages for its
# text, that takes a tenth with gzip, a twentieth with Zstandard, and a quarter with xz (`python -m tests.benchmarks
# compressed`).
MOST_IN_MEMBER: Final = 8


@dataclass(frozen=True, order=True)
class Span:
    """A range of a file that is read separately; each record of the file is in exactly one of its spans.

    Attributes:
        kind: the unit of `start` and `stop`: unpacked bytes for `lines`, stored bytes for WARC `records`, otherwise row
            groups, record batches or members of a zip.
        stop: the end of the range, exclusive.
        first_record: the number of the range's first record in its file, from 1; thus a document's name doesn't depend
            on the cuts.
        size: the approximate uncompressed size in bytes.
        entry: for lines, the offset in the stored file at which to start reading or unpacking.
        skip: for compressed lines, the number of unpacked bytes to skip from there.
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
    """A place at which unpacking of a compressed file can start: a member's offset in stored and in unpacked bytes."""

    stored: int
    unpacked: int


def by_size(kind: Kind, pieces: Iterable[tuple[int, int]], bytes_: int) -> list[Span]:
    """Join consecutive pieces to spans of about this many bytes; a larger piece is a span by itself.

    `pieces` are numbers of bytes and of records, in the order of the file.

    >>> [str(span) for span in by_size("row_groups", [(60, 10), (60, 10), (10, 5)], 100)]
    ['row_groups:0-2', 'row_groups:2-3']
    """
    spans: list[Span] = []
    start = size_so_far = stop = 0
    first, records = 1, 0
    for stop, (size, count) in enumerate(pieces, 1):
        size_so_far += size
        records += count
        if size_so_far >= bytes_:
            spans.append(Span(kind, start, stop, first, size_so_far))
            start, size_so_far, first, records = stop, 0, first + records, 0
    if size_so_far or records or stop > start:
        spans.append(Span(kind, start, stop, first, size_so_far))
    return spans


def entered(spans: Sequence[Span], entries: Sequence[Entry]) -> Iterator[Span]:
    """Add to spans of lines where to start reading; join spans if too many begin within one member.

    `entries` are the places at which unpacking can start; empty for a file that isn't compressed.
    """
    places = [entry.unpacked for entry in entries]
    for index, within in groupby(spans, key=lambda span: bisect_right(places, span.start) - 1):
        if not entries:
            yield from (replace(span, entry=span.start) for span in within)
            continue
        of_member = list(within)
        step = -(-len(of_member) // MOST_IN_MEMBER)
        for number in range(0, len(of_member), step):
            first, last = of_member[number], of_member[number : number + step][-1]
            size, skip = last.stop - first.start, first.start - entries[index].unpacked
            yield replace(first, stop=last.stop, size=size, entry=entries[index].stored, skip=skip)
