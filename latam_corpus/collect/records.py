"""What every reader of a format gives: chunks of records, and failures in the place of records that can't be read."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, BinaryIO, TypeAlias

if TYPE_CHECKING:
    from latam_corpus.catalog.source import Source
    from latam_corpus.collect.spans import Span

Record: TypeAlias = dict[str, Any]


@dataclass(frozen=True)
class Failure:
    """A record that can't be read, or with `number` None the rest of its file.

    `cause` is a few fixed words, since reasons are counted; `evidence` tells the one case. `offset` is where in the
    file it is, if its format has records that are found by it.
    """

    number: int | None
    cause: str
    evidence: dict[str, Any] = field(default_factory=dict)
    offset: int | None = None


@dataclass(frozen=True)
class Chunk:
    """Some consecutive records of a file.

    `numbers` counts a file's records from 1 and is None for a file that is one document as a whole. `pages` tells
    which document of its group a record starts, where a group was cut. `media_types` and `offsets` are those of each
    record where a file, such as a WARC, has records of several types that are found by their offset.
    """

    numbers: list[int | None]
    records: list[Record]
    failures: list[Failure]
    pages: list[int] | None = None
    media_types: list[str] | None = None
    offsets: list[int | None] | None = None


@dataclass(frozen=True)
class Limits:
    """How much one chunk may hold."""

    rows: int
    bytes_: int


@dataclass(frozen=True)
class Content:
    """What a reader reads: a file or an archive's member.

    Attributes:
        relative: its path, for messages and suffixes.
        open: opens its bytes as they are stored; they may be a stream that can't seek.
        span: the part of it to read; None for all.
    """

    relative: str
    open: Callable[[], BinaryIO]
    span: Span | None = None


# A reader maps a content and its source to chunks. It raises nothing for one bad record, and SourceError for a file of
# which no more can be read.
Reader: TypeAlias = Callable[[Content, "Source", Limits], Iterator[Chunk]]
# A splitter gives the spans of a content, of about so many bytes each; fewer than two where it can't be cut.
Splitter: TypeAlias = Callable[[Content, "Source", int], "list[Span]"]
