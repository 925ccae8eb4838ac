"""ARC, the Internet Archive's format before WARC: a header line per record, followed by the bytes of the record."""

from __future__ import annotations

import io
import re
from typing import TYPE_CHECKING, Any, BinaryIO, Final, cast

from latam_corpus.collect import streams
from latam_corpus.collect.records import Failure, NoDocument, NumberedRecord, chunked
from latam_corpus.collect.web_archives.responses import cut_after
from latam_corpus.collect.web_archives.warc import page_of
from latam_corpus.formats.compression import compression
from latam_corpus.messages import N_, _

if TYPE_CHECKING:
    from collections.abc import Iterator

    from latam_corpus.catalog.source import Source
    from latam_corpus.collect.records import Chunk, Content, Limits

# URL, IP address, time, type, length. Some crawlers wrote URLs with spaces.
_HEADER: Final = re.compile(rb"(?P<url>[a-z][a-z0-9+.-]*:.*) (\S+) (?P<time>\d{8,}) (?P<type>\S+) (?P<length>\S+)\s*")
_LONGEST: Final = 2**16
_SHOWN: Final = 120


def read(content: Content, source: Source, limits: Limits) -> Iterator[Chunk]:
    """Yield the file's pages, numbered by their records, including the record about the file.

    Raises:
        SourceError: the file can't be opened, or is damaged; all records before the damage have been yielded.
    """
    del source
    with content.open() as stream:
        unpacked = io.BufferedReader(streams.Pieces(streams.blocks(stream, compression(content.relative))))
        yield from chunked(_records(cast("BinaryIO", unpacked)), limits)


def _records(stream: BinaryIO) -> Iterator[NumberedRecord | Failure | NoDocument]:
    """Yield a page, a failure, or the reason why it isn't a document, for each record.

    Consecutive lines outside any record are one failure.
    """
    number, astray = 0, False
    while line := stream.readline(_LONGEST):
        header = _HEADER.fullmatch(line)
        if header is None:
            if line.strip() and not astray and number != 1:  # the record about the file may state no length
                number += 1
                astray = True
                shown = line[:_SHOWN].decode("utf-8", "replace").strip()
                yield Failure(
                    number, "malformed record", {"record": number, "error": N_("no header line"), "near": shown}
                )
            continue
        number += 1
        astray = False
        url = header["url"].decode("utf-8", "replace")
        about: dict[str, Any] = {"url": url, "obtained": _time(header["time"])}
        length = int(header["length"]) if header["length"].isdigit() else -1
        if url.startswith("filedesc:"):
            stream.read(max(length, 0))
            yield NoDocument()
        elif length < 0:
            shown = header["length"].decode("utf-8", "replace")
            yield Failure(
                number,
                "malformed record",
                {"record": number, "error": _("its length is «{shown}»", shown=shown), **about},
            )
        else:
            yield _page(stream, number, length, header["type"].decode("latin-1"), about)


def _page(
    stream: BinaryIO, number: int, length: int, content_type: str, about: dict[str, Any]
) -> NumberedRecord | Failure | NoDocument:
    remaining = length

    def take(size: int) -> bytes:
        nonlocal remaining
        requested = remaining if size < 0 else min(size, remaining)
        data = stream.read(requested)
        remaining -= len(data)
        if len(data) < requested:
            raise cut_after(length - remaining, length)
        return data

    if length > streams.MAX_RECORD:
        detail = {"bytes": length, "limit_bytes": streams.MAX_RECORD}
        outcome: NumberedRecord | Failure | NoDocument = Failure(number, "too large", detail)
    else:
        is_http = about["url"].startswith("http")
        outcome = page_of(number, None, None if is_http else content_type, take, about)
    while remaining > 0 and (passed := len(stream.read(min(remaining, 2**20)))):
        remaining -= passed
    return outcome


def _time(digits: bytes) -> str | None:
    """Return a record's time, which has up to fourteen digits, in ISO 8601.

    >>> _time(b"20140216050221"), _time(b"20140216")
    ('2014-02-16T05:02:21Z', '2014-02-16T00:00:00Z')
    """
    text = digits[:14].decode().ljust(14, "0")
    return f"{text[:4]}-{text[4:6]}-{text[6:8]}T{text[8:10]}:{text[10:12]}:{text[12:14]}Z"
