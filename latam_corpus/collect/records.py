"""What every reader of a format gives: chunks of records, and failures in the place of records that can't be read."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, TypeAlias

if TYPE_CHECKING:
    from latam_corpus.catalog.source import Source

Record: TypeAlias = dict[str, Any]


@dataclass(frozen=True)
class Failure:
    """A record that can't be read, or with `number` None the rest of its file.

    `cause` is a few fixed words, since reasons are counted; `evidence` tells the one case.
    """

    number: int | None
    cause: str
    evidence: dict[str, Any] = field(default_factory=dict)


@dataclass(frozen=True)
class Chunk:
    """Some consecutive records of a file.

    `numbers` counts a file's records from 1 and is None for a file that is one document as a whole. `pages` tells
    which document of its group a record starts, where a group was cut.
    """

    numbers: list[int | None]
    records: list[Record]
    failures: list[Failure]
    pages: list[int] | None = None


@dataclass(frozen=True)
class Limits:
    """How much one chunk may hold."""

    rows: int
    bytes_: int


# A reader maps an open file (its URL, its path for messages and suffixes, the source) to chunks. It raises nothing
# for one bad record, and SourceError for a file of which no more can be read.
Reader: TypeAlias = Callable[[str, str, "Source", Limits], Iterator[Chunk]]
