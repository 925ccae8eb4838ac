"""What every reader of a format gives: chunks of records, and failures in the place of records that can't be read."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, BinaryIO, Final, Literal, NamedTuple, TypeAlias

from latam_corpus.errors import SourceError
from latam_corpus.messages import N_, _, first_of

if TYPE_CHECKING:
    from latam_corpus.catalog.source import Source
    from latam_corpus.collect.spans import Span
    from latam_corpus.messages import Message

Record: TypeAlias = dict[str, Any]

# Why a record or file can't be read: all the words that may follow `unreadable:` in a reason, plain ones, since reasons
# are counted and read. What is peculiar to one case stands in its evidence.
Cause: TypeAlias = Literal[
    # a file, or a member of an archive
    "damaged file",
    "empty file",
    "encrypted member",
    "nested archive",
    "unknown format",
    "unsafe name",
    # a record
    "empty page",
    "line too long",
    "malformed record",
    "no text",
    "not an object",
    "not CSV",
    "not JSON",
    "not UTF-8",
    "too large",  # a file too
    "wrong number of columns",
    "total or note",  # a row of a table
    "charset differs",  # from the one it declares; it is read all the same
    # a file, by a list beside it
    "checksum differs",
    "missing file",
    "no file",
    "not in the list",
    "named twice",
    # a record of a repository
    "not read",
    "withdrawn",
]
# The cause that is no failure: the holder has taken the document back.
WITHDRAWN: Final = "withdrawn"


@dataclass(frozen=True)
class Failure:
    """A record that can't be read, or with `number` None the rest of its file.

    `evidence` tells the one case. `offset` is where in the file it is, if its format has records that are found by it.
    `about` has columns of the document that it would have been: its `id`, `url`, `title`, when it was `obtained`.
    """

    number: int | None
    cause: Cause
    evidence: dict[str, Any] = field(default_factory=dict)
    offset: int | None = None
    about: dict[str, Any] = field(default_factory=dict)

    @property
    def names(self) -> list[str]:
        """The files that it is about, by which people look for it; none where it is of the record itself."""
        name = self.evidence.get("name")
        return [*self.evidence.get("names", ()), *([str(name)] if name else ())]

    @property
    def reason(self) -> str:
        """The reason as the ledger has it."""
        return unreadable(self.cause)


def unreadable(cause: Cause) -> str:
    """Return the reason of a record that can't be read, or was taken back.

    >>> unreadable("not JSON"), unreadable("withdrawn")
    ('unreadable:not JSON', 'withdrawn')
    """
    return cause if cause == WITHDRAWN else f"unreadable:{cause}"


SET_CHARSET: Final = N_('write in which encoding it was saved: charset = "cp1252" (Excel\'s) under [collect]')
_SHOWN: Final = 5


def readable(text: str) -> str:
    r"""Return a text of which some bytes weren't UTF-8, with a sign in place of each.

    >>> readable("t\udcedtulo")
    't\ufffdtulo'
    """
    return text if text.isascii() else text.encode("utf-8", "surrogateescape").decode("utf-8", "replace")


def garbled_heads(heads: Iterable[str]) -> tuple[Message, Message] | None:
    """Return what is told of a table whose heads aren't UTF-8, and what to do; None where they are."""
    garbled = [readable(head) for head in heads if readable(head) != head]
    if not garbled:
        return None
    return _("its heads aren't UTF-8 text: {heads}", heads=first_of(garbled, _SHOWN)), _(SET_CHARSET)


@dataclass(frozen=True)
class Chunk:
    """Some consecutive records of a file.

    `numbers` counts a file's records from 1 and is None for a file that is one document as a whole. `pages` tells
    which document of its group a record starts, where a group was cut. `media_types` and `offsets` are those of each
    record where a file, such as a WARC, has records of several types that are found by their offset. `columns` are all
    that the file has, read or not, where its format states them (as decoded, `readable` or not); of a struct also its
    fields, `metadata.author`.
    `segments` are of each joined record, by column, the places in its group that its lines have. `others` are of each
    joined record those of its group that state other terms than the first, with these columns alone.
    `header_row` is the row of a table in which its heads are; 0 if it has none.
    `passed_over` counts the records of a web archive that are no documents, by why.
    """

    numbers: list[int | None]
    records: list[Record]
    failures: list[Failure]
    pages: list[int] | None = None
    media_types: list[str] | None = None
    offsets: list[int | None] | None = None
    columns: tuple[str, ...] | None = None
    segments: list[dict[str, list[int]]] | None = None
    others: list[list[Record]] | None = None
    passed_over: Counter[str] = field(default_factory=Counter)
    header_row: int = 0


@dataclass(frozen=True)
class Limits:
    """How much one chunk may hold."""

    rows: int
    bytes_: int


class NumberedRecord(NamedTuple):
    """A record as a reader finds it: its number in the file, how many bytes it counts to a batch, and more."""

    number: int
    record: Record
    size: int
    media_type: str | None = None
    offset: int | None = None


class NoDocument(NamedTuple):
    """A record of a web archive that is no document.

    `why` is `status 404`, `type image/png`, `site file`, `about a page` or `revisit`, and empty for what is no
    response, such as a request.
    """

    why: str = ""


def chunked(
    items: Iterable[NumberedRecord | Failure | NoDocument | None],
    limits: Limits,
    columns: tuple[str, ...] | None = None,
) -> Iterator[Chunk]:
    """Yield chunks that end when they reach the limits; None, such as a blank line, is left out.

    Args:
        items: in the file's order.
        limits: of a chunk.
        columns: those of the file, where its format states them.

    Raises:
        SourceError: finding has raised it; all that was found before has been given by then.

    >>> one, another = NumberedRecord(1, {"text": "uno"}, 3), NumberedRecord(4, {"text": "dos"}, 3)
    >>> found = [one, None, Failure(3, "not JSON"), another]
    >>> [(chunk.numbers, len(chunk.failures)) for chunk in chunked(found, Limits(2, 100))]
    [([1], 1), ([4], 0)]
    """
    held: list[NumberedRecord] = []
    failures: list[Failure] = []
    passed_over = Counter[str]()
    size = 0
    damage: SourceError | None = None
    try:
        for one in items:
            if isinstance(one, Failure):
                failures.append(one)
            elif isinstance(one, NoDocument):
                passed_over[one.why] += 1
            elif one is not None:
                held.append(one)
                size += one.size
            if len(held) + len(failures) >= limits.rows or size >= limits.bytes_:
                yield _chunk(held, failures, columns, passed_over)
                held, failures, passed_over, size = [], [], Counter(), 0
    except SourceError as error:
        damage = error
    if held or failures or passed_over:
        yield _chunk(held, failures, columns, passed_over)
    if damage is not None:
        raise damage


def _chunk(
    held: list[NumberedRecord], failures: list[Failure], columns: tuple[str, ...] | None, passed_over: Counter[str]
) -> Chunk:
    kinds = [one.media_type for one in held if one.media_type is not None]
    return Chunk(
        [one.number for one in held],
        [one.record for one in held],
        failures,
        media_types=kinds or None,
        offsets=[one.offset for one in held] if kinds else None,
        columns=columns,
        passed_over=passed_over,
    )


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
