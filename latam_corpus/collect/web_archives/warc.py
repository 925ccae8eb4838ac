"""Read the pages among the records of WARC files; a malformed record becomes a failed row.

`page_of` also serves ARC files.
"""

from __future__ import annotations

import re
import zlib
from dataclasses import dataclass
from datetime import UTC, datetime
from itertools import islice
from typing import TYPE_CHECKING, Any, BinaryIO, Final, cast

from fastwarc.warc import ArchiveIterator, WarcRecord, WarcRecordType

from latam_corpus.catalog.identity import canonical_url
from latam_corpus.catalog.optout.opt_out import AI_TXT, NO_PAGE, OPT_OUTS, ROBOTS, TDMREP, from_json
from latam_corpus.catalog.optout.page_opt_outs import Head, page_opt_outs
from latam_corpus.collect import streams
from latam_corpus.collect.documents.mapping import as_time
from latam_corpus.collect.records import Failure, NoDocument, NumberedRecord, chunked
from latam_corpus.collect.spans import Span
from latam_corpus.collect.web_archives import page_metadata
from latam_corpus.collect.web_archives.responses import cut_after, media_type_of, parse_response, payload_of
from latam_corpus.errors import DocumentError, SourceError
from latam_corpus.messages import N_, _
from latam_corpus.vocabulary import LICENCES_READ

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

    from latam_corpus.catalog.optout.opt_out import OptOut
    from latam_corpus.catalog.source import Source
    from latam_corpus.collect.records import Cause, Chunk, Content, Limits


# Requests and metadata aren't documents; `conversion` is the plain text in Common Crawl's WET files. A record without a
# type may be a document, so it is reported.
_KINDS: Final = WarcRecordType.response | WarcRecordType.resource | WarcRecordType.conversion
# The prefix of Browsertrix's records about a page: its visible text, the resources that it loaded, and screenshots.
_ABOUT_PAGES: Final = "urn:"
# The first bytes of a record: in a plain file, or compressed with gzip or Zstandard.
_GZIP: Final = b"\x1f\x8b\x08"
_BEGINS: Final = (b"WARC/", _GZIP, b"\x28\xb5\x2f\xfd")
_PLAIN: Final = re.compile(rb"(?<=\n)WARC/1\.[01]\r?\n")
_BLOCK: Final = 2**20
_OVERLAP: Final = 16
_SHOWN: Final = 120
# This many bytes suffice for an HTTP header and to detect the type of a body; only pages are read further.
_HEAD: Final = 2**16
_OK: Final = range(200, 300)
# A page counts half towards the size of a batch, since most of its bytes are markup and scripts.
_MARKUP: Final = ("text/html", "application/xhtml")
# A site's files for crawlers aren't documents, although some are plain text.
_SITE_FILE: Final = re.compile(f"https?://[^/?#]*(?:{'|'.join(map(re.escape, (ROBOTS, AI_TXT, TDMREP)))})")
_TYPE: Final = re.compile(r"[a-z]{1,20}/[a-z0-9.+-]{1,60}")
# The time of a record without a date.
_UNKNOWN: Final = datetime(1970, 1, 1, tzinfo=UTC)


@dataclass(frozen=True)
class _RecordStart:
    """A record and its offset, or an error at that offset."""

    offset: int
    record: WarcRecord | None
    error: str = ""


def read(content: Content, source: Source, limits: Limits) -> Iterator[Chunk]:
    """Yield the file's pages, numbered by record: responses of status 2xx, resources and conversions of page types.

    Raises:
        SourceError: the file can't be opened, or no more of it can be read; all pages before the damage have been
            yielded.
    """
    del source
    with content.open() as stream:
        yield from chunked(_pages(content, stream), limits)


def _pages(content: Content, stream: BinaryIO) -> Iterator[NumberedRecord | Failure | NoDocument]:
    """Yield a page, a failure, or the reason why it isn't a document, for each record of the file or its span."""
    first = content.span.first_record if content.span else 1
    located = stream.seekable() and _has_offsets(content)
    # fastwarc panics on a stream that can't seek, unless the stream has no `seek` method at all.
    walked = stream if stream.seekable() else cast("BinaryIO", streams.Counted(stream))
    last_offset = -1  # the offset of the last record whose bytes couldn't be read, at which the iteration fails again
    for number, record_start in enumerate(_records(walked, content.span, resync=located), first):
        outcome = _page_or_failure(record_start, number, located=located)
        if isinstance(outcome, Failure):
            if record_start.record is None and record_start.offset == last_offset:
                continue
            last_offset = record_start.offset
        yield outcome


def split(content: Content, source: Source, bytes_: int) -> list[Span]:
    """Return the file's records in spans of at least this many stored bytes; empty if offsets can't be used.

    Raises:
        SourceError: the file can't be read.
    """
    del source
    if not _has_offsets(content):
        return []
    spans: list[Span] = []
    start, first = 0, 1
    with content.open() as stream:
        for number, record_start in enumerate(_records(stream, None, resync=True), 1):
            if record_start.record is not None and record_start.offset - start >= bytes_:
                spans.append(Span("records", start, record_start.offset, first, record_start.offset - start))
                start, first = record_start.offset, number
        stop = stream.seek(0, 2)
    return [*spans, Span("records", start, stop, first, stop - start)]


def _page_or_failure(
    record_start: _RecordStart, number: int, *, located: bool
) -> NumberedRecord | Failure | NoDocument:
    """Return the page of a record, the reason why it isn't a document, or a failure."""
    offset = record_start.offset if located else None
    evidence: dict[str, Any] = {"record": number}
    if record_start.record is None:
        return Failure(number, "malformed record", {**evidence, "error": record_start.error}, offset)
    record = record_start.record
    headers = record.headers
    kind = headers.get("WARC-Type")
    if kind == "metadata" and (described := page_metadata.from_json(headers.get(page_metadata.METADATA_FIELD))):
        return _without_text(number, offset, described, headers.get("WARC-Date"))
    is_about_page = NO_PAGE in headers or (headers.get("WARC-Target-URI") or "").strip("<> ").lower().startswith(
        _ABOUT_PAGES
    )
    is_response = kind is None or bool(record.record_type & _KINDS)
    if is_about_page or not is_response:
        return NoDocument("about a page" if is_response else "revisit" if kind == "revisit" else "")
    about = {"url": (headers.get("WARC-Target-URI") or "").strip("<> ") or None, "obtained": headers.get("WARC-Date")}
    if kind is None or "Content-Length" not in headers:
        return Failure(
            number, "malformed record", {**evidence, "error": N_("its header is incomplete"), **about}, offset
        )
    if record.content_length > streams.MAX_RECORD:
        sizes = {"bytes": record.content_length, "limit_bytes": streams.MAX_RECORD}
        return Failure(number, "too large", {**evidence, **sizes, **about}, offset)
    content_type = headers.get("Content-Type") or ""
    http = content_type.lower().startswith("application/http")
    taken = 0

    def take(size: int) -> bytes:
        nonlocal taken
        try:
            data = record.reader.read(size)
        except OSError as error:
            raise DocumentError("", str(error)) from None
        taken += len(data)
        if size < 0 and taken < record.content_length:
            raise cut_after(taken, record.content_length)
        if size < 0 and (why := headers.get("WARC-Truncated")):
            raise DocumentError("", _("it was cut when it was fetched ({reason})", reason=why[:_SHOWN]))
        return data

    opt_outs = headers.get(OPT_OUTS)
    about |= page_metadata.from_json(headers.get(page_metadata.METADATA_FIELD))
    return page_of(
        number, offset, None if http else content_type, take, about, None if opt_outs is None else from_json(opt_outs)
    )


def _without_text(number: int, offset: int | None, detail: dict[str, Any], obtained: str | None) -> Failure:
    """Return the failure for a document of a repository that has no text in the file."""
    cause: Cause = "withdrawn" if detail.pop("cause", None) == "withdrawn" else "not read"
    columns: dict[str, Any] = {name: detail.pop(name) for name in ("id", "url", "title") if name in detail}
    return Failure(number, cause, {"record": number, **detail}, offset, {**columns, "obtained": obtained})


def _records(stream: BinaryIO, span: Span | None, *, resync: bool) -> Iterator[_RecordStart]:
    """Yield the records of the file or the span.

    With `resync`, continue after damage at the next record.

    Raises:
        SourceError: the file is damaged, and `resync` is off.
    """
    at = last = span.start if span else 0
    stop = span.stop if span else None
    while True:
        if resync:
            stream.seek(at)
        try:
            for record in ArchiveIterator(stream, parse_http=False):
                if stop is not None and record.stream_pos >= stop:
                    return
                last = record.stream_pos
                yield _RecordStart(last, record)
        except OSError as error:
            problem = str(error)[:_SHOWN]
        else:
            return
        if not resync:
            raise SourceError("", problem, _("the file is damaged or was cut short; fetch it again"))
        following = _next_record(stream, last + 1)
        yield _RecordStart(last, None, problem)
        if following is None or (stop is not None and following >= stop):
            return
        at = last = following


def _next_record(stream: BinaryIO, first_offset: int) -> int | None:
    """Return the offset of the first readable record at or after an offset."""
    stream.seek(0)
    packed = stream.read(len(_GZIP)) == _GZIP
    stream.seek(first_offset - 1)  # in a plain file, a record begins after a line end
    at, data = first_offset - 1, b""
    while block := stream.read(_BLOCK):
        data += block
        for match in re.finditer(re.escape(_GZIP), data) if packed else _PLAIN.finditer(data):
            offset = at + match.start()
            if offset >= first_offset and (not packed or _unpacks(data[match.start() :][:_BLOCK])):
                return offset
        at += max(len(data) - _OVERLAP, 0)
        data = data[-_OVERLAP:]
    return None


def _unpacks(packed: bytes) -> bool:
    """Whether a compressed record starts here; any compressed data may contain the same first bytes by chance."""
    if len(packed) < 2 * _OVERLAP:
        return True
    try:
        return zlib.decompressobj(31).decompress(packed, 5) == b"WARC/"
    except zlib.error:
        return False


def _has_offsets(content: Content) -> bool:
    """Whether records can be found by their offsets; they can't if all records are compressed together.

    Raises:
        SourceError: the file can't be opened.
    """
    with content.open() as stream:
        if not stream.seekable():
            return False
        try:
            second = [record.stream_pos for record in islice(ArchiveIterator(stream, parse_http=False), 2)][1:]
            if not second:
                return True
            stream.seek(second[0])
            return stream.read(5).startswith(_BEGINS)
        except OSError:
            return True  # reading the file will find the damage


def page_of(
    number: int,
    offset: int | None,
    content_type: str | None,
    take: Callable[[int], bytes],
    about: dict[str, Any],
    refused: Sequence[OptOut] | None = None,
) -> NumberedRecord | Failure | NoDocument:
    """Return the page of a record, the reason why it has none, or a failure.

    A response isn't a page if its status isn't 2xx, its type isn't a page's, or it is a site's file for crawlers, such
    as robots.txt.

    Args:
        number: the record's number in its file.
        offset: the record's offset, if known.
        content_type: the media type of the block; None for an HTTP response, which states it itself.
        take: reads up to this many bytes of the record's block (-1: the rest); may raise DocumentError.
        about: the record's other fields.
        refused: the opt-outs of site and page, if the crawler recorded them; None to read them from the page.
    """
    if _SITE_FILE.fullmatch(about["url"] or ""):
        return NoDocument("site file")
    sent: tuple[tuple[str, str], ...] = ()
    try:
        block = take(_HEAD)
        if content_type is None:
            head = parse_response(block)
            sent = head.sent
            if head.status not in _OK:
                return NoDocument(f"status {head.status}")
            stated, start = head.headers.get("content-type", ""), head.body
        else:
            stated, start = content_type, block
        kind = media_type_of(stated, start)
        if kind is None:
            return NoDocument(_type_shown(stated))
        block += take(-1)
        raw = block if content_type is not None else payload_of(parse_response(block))
    except DocumentError as error:
        return Failure(number, "malformed record", {"record": number, "error": error.args[1], **about}, offset)
    if not raw.strip():
        return Failure(number, "empty page", {"record": number, "bytes": len(raw), **about}, offset)
    opt_outs = _opt_outs_of_page(about, sent, raw) if refused is None else refused
    record = {"raw": raw, **about, **({"opt_outs": [opt_out.row() for opt_out in opt_outs]} if opt_outs else {})}
    size = len(raw) // 2 if kind.startswith(_MARKUP) else len(raw)
    # The crawler has already read the licences that the page links to; later stages must not read them again.
    kind = kind if refused is None else f"{kind}; {LICENCES_READ}"
    return NumberedRecord(number, record, size, kind, offset)


def _type_shown(content_type: str) -> str:
    """Return why a response of this type isn't a page; a server may send any string as the type.

    >>> _type_shown("Image/PNG; q=1"), _type_shown("<b>"), _type_shown("")
    ('type image/png', 'type unknown', 'type unknown')
    """
    kind = content_type.partition(";")[0].strip().lower()
    return f"type {kind}" if _TYPE.fullmatch(kind) else "type unknown"


def _opt_outs_of_page(about: dict[str, Any], sent: tuple[tuple[str, str], ...], raw: bytes) -> list[OptOut]:
    """Return the opt-outs in a page's HTTP headers and HTML head, for a web archive without data about the site."""
    url = canonical_url(about["url"] or "")
    return page_opt_outs(url, sent, Head(raw), as_time(about["obtained"]) or _UNKNOWN)
