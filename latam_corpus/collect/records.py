"""The output of all readers: chunks of records, with a failure in place of each unreadable record."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, BinaryIO, Final, Literal, NamedTuple, TypeAlias

from latam_corpus.errors import SourceError
from latam_corpus.messages import N_, _, evidence_values, first_of

if TYPE_CHECKING:
    from latam_corpus.catalog.source import Source
    from latam_corpus.collect.spans import Span
    from latam_corpus.messages import Message

Record: TypeAlias = dict[str, Any]

# Why a record or file can't be read: the words that may follow `unreadable:` in a reason. Reasons are plain words,
# since people read and count them; the details of each case are in the evidence.
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
    "charset differs",  # from the declared one; the record is read nevertheless
    # a file, according to a list that names it
    "checksum differs",
    "missing file",
    "no file",
    "not in the list",
    "named twice",
    # a record of a repository
    "not read",
    "withdrawn",
]
# The only cause that isn't a failure: the custodian has withdrawn the document.
WITHDRAWN: Final = "withdrawn"


@dataclass(frozen=True)
class Failure:
    """A record that can't be read; without a `number`, the rest of a file that can't be read.

    `evidence` has the details of the case; messages in it become texts (`evidence_values`). `offset` is the record's
    offset in the file, if the records of its format are found by offset. `about` has columns that the document would
    have had: `id`, `url`, `title`, `obtained`.
    """

    number: int | None
    cause: Cause
    evidence: dict[str, Any] = field(default_factory=dict)
    offset: int | None = None
    about: dict[str, Any] = field(default_factory=dict)

    def __post_init__(self) -> None:
        object.__setattr__(self, "evidence", evidence_values(self.evidence))

    @property
    def names(self) -> list[str]:
        """The names of the files that the failure is about; empty if it is about the record itself."""
        name = self.evidence.get("name")
        return [*self.evidence.get("names", ()), *([str(name)] if name else ())]

    @property
    def reason(self) -> str:
        """The drop reason in the ledger."""
        return unreadable(self.cause)


def unreadable(cause: Cause) -> str:
    """Return the reason of a record that can't be read, or that was withdrawn.

    >>> unreadable("not JSON"), unreadable("withdrawn")
    ('unreadable:not JSON', 'withdrawn')
    """
    return cause if cause == WITHDRAWN else f"unreadable:{cause}"


SET_CHARSET: Final = N_('write in which encoding it was saved: charset = "cp1252" (Excel\'s) under [collect]')
_SHOWN: Final = 5


def readable(text: str) -> str:
    r"""Replace the lone surrogates of a decoded text, which stand for bytes that weren't UTF-8, by U+FFFD.

    >>> readable("t\udcedtulo")
    't\ufffdtulo'
    """
    return text if text.isascii() else text.encode("utf-8", "surrogateescape").decode("utf-8", "replace")


def garbled_heads(heads: Iterable[str]) -> tuple[Message, Message] | None:
    """Return the problem and the remedy of a table whose header isn't UTF-8; None if it is."""
    garbled = [readable(head) for head in heads if readable(head) != head]
    if not garbled:
        return None
    return _("its heads aren't UTF-8 text: {heads}", heads=first_of(garbled, _SHOWN)), _(SET_CHARSET)


@dataclass(frozen=True)
class Chunk:
    """Consecutive records of a file.

    Attributes:
        numbers: the number of each record in its file, from 1; None for a file that is one document.
        pages: for a group of records that was cut into several documents, the number of each document.
        media_types: the media type of each record, for a file with records of several types, such as a WARC file.
        offsets: the offset of each record in the file, for such a file.
        columns: all columns of the file, read or not, if its format states them. Their names may need `readable`;
            fields of structs are paths, such as `metadata.author`.
        segments: for each joined record, the places of its lines' records in the group, by column.
        other_terms: for each joined record, the terms of its group's records that differ from the first record's terms.
        passed_over: the number of records in a web archive that aren't documents, by reason.
        header_row: the number of a table's header row; 0 for other files.
    """

    numbers: list[int | None]
    records: list[Record]
    failures: list[Failure]
    pages: list[int] | None = None
    media_types: list[str] | None = None
    offsets: list[int | None] | None = None
    columns: tuple[str, ...] | None = None
    segments: list[dict[str, list[int]]] | None = None
    other_terms: list[list[Record]] | None = None
    passed_over: Counter[str] = field(default_factory=Counter)
    header_row: int = 0


@dataclass(frozen=True)
class Limits:
    """The maximum size of a chunk, in rows and bytes."""

    rows: int
    bytes_: int


class NumberedRecord(NamedTuple):
    """A record with its number in the file, and its size in bytes towards the limits of a chunk."""

    number: int
    record: Record
    size: int
    media_type: str | None = None
    offset: int | None = None


class NoDocument(NamedTuple):
    """A record in a web archive that isn't a document.

    `why` is, for example, `status 404`, `type image/png`, `site file`, `about a page` or `revisit`; it is empty for a
    record that isn't a response, such as a request.
    """

    why: str = ""


def chunked(
    items: Iterable[NumberedRecord | Failure | NoDocument | None],
    limits: Limits,
    columns: tuple[str, ...] | None = None,
) -> Iterator[Chunk]:
    """Gather items into chunks, and end each chunk when it reaches the limits; skip None, such as a blank line.

    Raises:
        SourceError: an item can't be read; all items before it have been yielded.

    >>> first, second = NumberedRecord(1, {"text": "uno"}, 3), NumberedRecord(4, {"text": "dos"}, 3)
    >>> items = [first, None, Failure(3, "not JSON"), second]
    >>> [(chunk.numbers, len(chunk.failures)) for chunk in chunked(items, Limits(2, 100))]
    [([1], 1), ([4], 0)]
    """
    records: list[NumberedRecord] = []
    failures: list[Failure] = []
    passed_over = Counter[str]()
    size = 0
    damage: SourceError | None = None
    try:
        for item in items:
            if isinstance(item, Failure):
                failures.append(item)
            elif isinstance(item, NoDocument):
                passed_over[item.why] += 1
            elif item is not None:
                records.append(item)
                size += item.size
            if len(records) + len(failures) >= limits.rows or size >= limits.bytes_:
                yield _chunk(records, failures, columns, passed_over)
                records, failures, passed_over, size = [], [], Counter(), 0
    except SourceError as error:
        damage = error
    if records or failures or passed_over:
        yield _chunk(records, failures, columns, passed_over)
    if damage is not None:
        raise damage


def _chunk(
    records: list[NumberedRecord], failures: list[Failure], columns: tuple[str, ...] | None, passed_over: Counter[str]
) -> Chunk:
    kinds = [record.media_type for record in records if record.media_type is not None]
    return Chunk(
        [record.number for record in records],
        [record.record for record in records],
        failures,
        media_types=kinds or None,
        offsets=[record.offset for record in records] if kinds else None,
        columns=columns,
        passed_over=passed_over,
    )


@dataclass(frozen=True)
class Content:
    """The bytes that a reader reads: a file, or a member of an archive.

    Attributes:
        relative: its path, used in messages and for its suffix.
        open: opens its stored bytes, as a stream that may not be seekable.
        span: the range to read; None for all.
    """

    relative: str
    open: Callable[[], BinaryIO]
    span: Span | None = None


# A reader maps a content and its source to chunks. It doesn't raise for a single bad record, and raises SourceError if
# no more of the file can be read.
Reader: TypeAlias = Callable[[Content, "Source", Limits], Iterator[Chunk]]
# A splitter returns the spans of a content, each of about this many bytes; fewer than two if it can't be cut.
Splitter: TypeAlias = Callable[[Content, "Source", int], "list[Span]"]
