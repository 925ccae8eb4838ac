"""CSV and TSV files, read as a stream: one record per row, numbered by the row's first line."""

from __future__ import annotations

import codecs
import csv
import io
import re
from collections import Counter, deque
from dataclasses import dataclass, replace
from functools import cached_property
from itertools import islice
from typing import TYPE_CHECKING, Any, BinaryIO, Final, TypeAlias

from latam_corpus.collect import streams
from latam_corpus.collect.readers.header_row import WITHIN, AmbiguousHeaderError, header_place, is_summary
from latam_corpus.collect.readers.line_spans import piece_of
from latam_corpus.collect.records import SET_CHARSET, Failure, NumberedRecord, chunked, readable
from latam_corpus.collect.spans import Span, entered
from latam_corpus.collect.streams import blocks, surveyed
from latam_corpus.errors import PartError, SourceError
from latam_corpus.formats.compression import compression
from latam_corpus.messages import _

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator

    from latam_corpus.catalog.source import Source
    from latam_corpus.collect.records import Chunk, Content, Limits
    from latam_corpus.collect.spans import Entry

_CANDIDATES: Final = (",", ";", "\t", "|")
_ROWS: Final = 50
_MOST: Final = 0.5
# Excel's "CSV (Macintosh)" ends lines with a single CR; a quoted cell may contain other line ends.
_FIRST_OF_ALL: Final = re.compile(r"[\r\n]")
_CELL: Final = re.compile(r'[^,;\t|" ][^,;\t|"]*[^,;\t|" ]|[^,;\t|" ]')
_FIRST_LINE: Final = re.compile(r'(?:"[^"]*"|[^"\r\n])*(?P<end>\r*\n|\r)')


@dataclass(frozen=True)
class Dialect:
    """The delimiter, whether fields may be in double quotes, and the line end."""

    delimiter: str
    quotes: bool = True
    end: str = "\n"

    def options(self) -> type[csv.Dialect]:
        """Return the options for Python's csv reader; `strict` makes a broken row an error."""
        dialect = type(
            "_Options", (csv.Dialect,), {"delimiter": self.delimiter, "lineterminator": "\n", "strict": True}
        )
        dialect.quotechar = '"' if self.quotes else None  # type: ignore[attr-defined]
        dialect.quoting = csv.QUOTE_MINIMAL if self.quotes else csv.QUOTE_NONE  # type: ignore[attr-defined]
        dialect.doublequote = True  # type: ignore[attr-defined]
        return dialect


def dialect_of(
    sample: str, delimiter: str | None = None, *, tab: bool = False, may_have_title: bool = False
) -> Dialect:
    r"""Return the dialect in which most rows of a sample have as many columns as the first; commas if none fits.

    `tab` means that, by the file's suffix, tabs separate the columns; `may_have_title`, that the first row may be a
    title above the header.

    >>> dialect_of("título;texto\nCoplas;Sol, luna y mar\nuna fila rota\nZambas;Pan\n").delimiter
    ';'
    >>> dialect_of('texto\tautor\r"Vení", dijo.\tAnónimo\r', tab=True)
    Dialect(delimiter='\t', quotes=False, end='\r')
    """
    chosen = delimiter or ("\t" if tab else None)
    if chosen is None:
        fits = {candidate: _fit(sample, Dialect(candidate)) for candidate in _CANDIDATES}
        if may_have_title and max(fits.values())[0] <= _MOST:
            fits = {candidate: _fit(sample, Dialect(candidate), below_title=True) for candidate in _CANDIDATES}
        chosen = max(_CANDIDATES, key=lambda candidate: fits[candidate])
        if fits[chosen][0] <= _MOST:
            chosen = ","
    # Many tab-separated files have no quoting; then a quotation mark at the start of a field belongs to the text.
    quoted, plain = Dialect(chosen), Dialect(chosen, quotes=False)
    dialect = plain if chosen == "\t" and _fit(sample, plain) > _fit(sample, quoted) else quoted
    first = _FIRST_LINE.match(sample)
    return replace(dialect, end="\r") if first and first["end"] == "\r" else dialect


def _fit(sample: str, dialect: Dialect, *, below_title: bool = False) -> tuple[float, int]:
    """Return the share of a sample's rows that are as wide as the first, and that width; the share is 0 for one column.

    Below a title, the most common width of the rows with several columns is used instead.
    """
    reader = csv.reader(io.StringIO(sample, newline=""), dialect.options())
    counts: list[int] = []
    while len(counts) < _ROWS:
        try:
            row = next(reader)
        except StopIteration:
            break
        except csv.Error as error:
            if "unexpected end" in str(error):  # the sample may end within a quoted field
                break
            row = []
            counts.append(0)
        if row:
            counts.append(len(row))
    wider = Counter(count for count in counts if count > 1)
    if below_title and wider:
        width, rows = wider.most_common(1)[0]
        return rows / len(counts), width
    if not counts or counts[0] < 2:  # noqa: PLR2004  (one column has no delimiter)
        return 0.0, 0
    return counts.count(counts[0]) / len(counts), counts[0]


_SAMPLE: Final = 2**16
_EXCERPT: Final = 120
_MARKS: Final = ((codecs.BOM_UTF8, "utf-8"), (codecs.BOM_UTF16_LE, "utf-16-le"), (codecs.BOM_UTF16_BE, "utf-16-be"))

_TOO_LONG: Final = "field larger than the limit"

Row: TypeAlias = "list[str] | csv.Error"


class _Lines:
    """Iterates over lines with their line ends, and counts them; raises an error for a line that is too long."""

    def __init__(self, pieces: Iterable[str], mark: str) -> None:
        self.count = self.size = 0
        self._mark = mark
        self._pieces = iter(pieces)
        self._ready: deque[str | int] = deque()  # an integer is the length of a line that was too long to keep
        self._held: list[str] = []
        self._length = 0

    def __iter__(self) -> Iterator[str]:
        return self

    def __next__(self) -> str:
        # This isn't a generator, since a generator ends when it raises an error.
        while not self._ready:
            piece = next(self._pieces, None)
            if piece is None:
                if not self._length:
                    raise StopIteration
                self._end("")
                continue
            first, *more = piece.split(self._mark)
            self._hold(first)
            if more:
                self._end(self._mark)
                self._ready.extend(line + self._mark for line in more[:-1])
                self._hold(more[-1])
        line = self._ready.popleft()
        self.count += 1
        if isinstance(line, int):
            self.size += line
            raise csv.Error(_TOO_LONG)
        self.size += len(line)
        return line

    def _hold(self, text: str) -> None:
        self._length += len(text)
        self._held.append(text)
        if self._length > streams.MAX_RECORD:
            self._held.clear()

    def _end(self, end: str) -> None:
        fits = self._length <= streams.MAX_RECORD
        self._ready.append("".join(self._held) + end if fits else self._length + len(end))
        self._held.clear()
        self._length = 0


@dataclass(frozen=True)
class _Table:
    """The format of a file: its charset, the bytes of its byte-order mark, its dialect and the heads of its columns.

    The heads may contain lone surrogates; they are None if the first row isn't valid CSV.
    """

    charset: str
    mark: int
    dialect: Dialect
    heads: tuple[str, ...] | None
    header_row: int  # the line of the header; 0 if the source states the heads

    @cached_property
    def names(self) -> tuple[str, ...]:
        """The names of the records' columns, with U+FFFD in place of bytes that aren't UTF-8."""
        return tuple(map(readable, self.heads or ()))


def read(
    content: Content, source: Source, limits: Limits, is_head: Callable[[str], bool] | None = None
) -> Iterator[Chunk]:
    """Yield the file's records, with a failure in place of each row that can't be used.

    `is_head` tells whether a cell is the head of a required column; by default, of a column that the source names.

    Raises:
        PartError: two rows look like its header.
        SourceError: the file can't be opened, or is damaged; all records before the damage have been yielded.
    """
    table = _table(content, source, is_head)
    with content.open() as stream:
        for chunk in chunked(_numbered(content, stream, table), limits, table.heads):
            yield replace(chunk, header_row=table.header_row)


def _numbered(content: Content, stream: BinaryIO, table: _Table) -> Iterator[NumberedRecord | Failure | None]:
    """Yield a record, a failure or None (for a blank line) for each row of the content or its span."""
    span = content.span
    previous_rows = span.first_record - 1 if span else 0
    text = _decoded(piece_of(content, stream), table, at_start=not (span and span.start))
    for first, _end, row in _rows(text, table.dialect):
        number = first + previous_rows
        if number < table.header_row:
            continue
        record = _record(row, number, table)
        if number == table.header_row:
            record = record if isinstance(record, Failure) and record.cause == "not UTF-8" else None
        if record is None or isinstance(record, Failure):
            yield record
        else:
            yield NumberedRecord(number, record, sum(map(len, record.values())))


def split(content: Content, source: Source, bytes_: int) -> list[Span]:
    """Return the file's rows in spans of at least this many bytes, never cut within a quoted field.

    A file in UTF-16 has no spans. A compressed file is unpacked completely to find them.

    Raises:
        SourceError: the file can't be read, or is damaged.
    """
    table = _table(content, source)
    if table.charset.startswith("utf-16"):
        return []
    spans: list[Span] = []
    entries: list[Entry] = []
    start, first = 0, 1
    with content.open() as stream:
        # Quotes, delimiters and line ends are ASCII. Decoded as Latin-1, each character is a byte.
        unpacked = surveyed(stream, compression(content.relative), entries)
        pieces = (piece.decode("latin-1") for piece in _unmarked(unpacked, table.mark))
        end = table.mark
        for number, stop, _row in _rows(pieces, table.dialect):
            # The previous row completed the span.
            if end - start >= bytes_:
                spans.append(Span("lines", start, end, first, end - start))
                start, first = end, number
            end = stop + table.mark
    if end > start:
        spans.append(Span("lines", start, end, first, end - start))
    return list(entered(spans, entries))


def _rows(pieces: Iterable[str], dialect: Dialect) -> Iterator[tuple[int, int, Row]]:
    """Yield the number of each row's first line, the number of characters up to its end, and the row or its error."""
    csv.field_size_limit(streams.MAX_RECORD)
    lines = _Lines(pieces, dialect.end)
    reader = csv.reader(iter(lines), dialect.options())
    while True:
        first = lines.count + 1
        try:
            row: Row | None = next(reader, None)
        except csv.Error as error:
            row = error
        if row is None:
            return
        yield first, lines.size, row


def _record(row: Row, number: int, table: _Table) -> dict[str, str] | Failure | None:
    """Return the row as a record, None for a blank line, or a failure."""
    if isinstance(row, csv.Error):
        too_large = "field larger" in str(row)
        return Failure(number, "line too long" if too_large else "not CSV", {"line": number, "error": str(row)})
    if not row:
        return None
    if is_summary([*row, *[""] * (len(table.names) - len(row))]):
        return Failure(number, "total or note", {"line": number, "row": readable(" ".join(row).strip())[:_EXCERPT]})
    if len(row) != len(table.names):
        detail: dict[str, Any] = {"line": number, "found": len(row), "expected": len(table.names)}
        return Failure(number, "wrong number of columns", detail)
    try:
        "".join(row).encode()
    except UnicodeEncodeError as error:
        near = "".join(row)[max(error.start - _EXCERPT // 2, 0) : error.start + _EXCERPT // 2]
        detail = {"line": number, "near": readable(near), "remedy": SET_CHARSET}
        return Failure(number, "not UTF-8", detail)
    return dict(zip(table.names, row, strict=True))


def _table(content: Content, source: Source, is_head: Callable[[str], bool] | None = None) -> _Table:
    """Detect the format of a file from its first bytes and from the source."""
    collect = source.collect
    with content.open() as stream:
        head = _head(blocks(stream, compression(content.relative)))
    mark, charset = next(((len(m), name) for m, name in _MARKS if head.startswith(m)), (0, collect.charset or "utf-8"))
    sample = head[mark:].decode(charset, "surrogateescape" if charset == "utf-8" else "replace")
    is_head = is_head or collect.named.__contains__
    dialect = dialect_of(
        sample,
        collect.delimiter,
        tab=".ts" in content.relative or ".tab" in content.relative,
        may_have_title=not (collect.header or any(map(is_head, _CELL.findall(_FIRST_OF_ALL.split(sample, 1)[0])))),
    )
    if collect.header:
        return _Table(charset, mark, dialect, tuple(head.strip() for head in collect.header), 0)
    first_rows = [(line, row) for line, _end, row in islice(_rows([sample], dialect), WITHIN)]
    texts = [[] if isinstance(row, csv.Error) else row for _line, row in first_rows]
    if not first_rows or isinstance(first_rows[0][1], csv.Error):
        return _Table(charset, mark, dialect, None if first_rows else (), 0)
    try:
        place = header_place(texts, is_head)
    except AmbiguousHeaderError as error:
        above, below = (first_rows[index][0] for index in error.rows)
        problem = _("row {above} and row {below} both look like the header", above=above, below=below)
        raise PartError(content.relative, problem, _("keep one of them, and delete the rows above it")) from None
    return _Table(charset, mark, dialect, tuple(head.strip() for head in texts[place]), first_rows[place][0])


def _head(pieces: Iterator[bytes]) -> bytes:
    """Return the first bytes of a file, if possible up to a line end; fewer if the file is damaged."""
    head = b""
    try:
        while len(head) < _SAMPLE and (piece := next(pieces, b"")):
            head += piece
    except SourceError:
        pass  # reading the file will report the problem
    end = max(head.rfind(mark, 0, _SAMPLE) for mark in (b"\n", b"\r"))
    return head[: end + 1] if end >= 0 and len(head) > _SAMPLE else head


def _unmarked(pieces: Iterable[bytes], mark: int) -> Iterator[bytes]:
    for number, piece in enumerate(pieces):
        yield piece[mark:] if number == 0 else piece


def _decoded(pieces: Iterable[bytes], table: _Table, *, at_start: bool) -> Iterator[str]:
    """Decode the bytes; bytes that aren't UTF-8 become lone surrogates, which mark their row as a failure."""
    decoder = codecs.getincrementaldecoder(table.charset)("surrogateescape" if table.charset == "utf-8" else "replace")
    for piece in _unmarked(pieces, table.mark if at_start else 0):
        yield decoder.decode(piece)
    yield decoder.decode(b"", final=True)
