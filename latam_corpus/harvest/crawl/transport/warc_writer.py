"""WARC 1.1: what was asked and answered, appended record by record, each file cut back to what the frontier knows."""

from __future__ import annotations

import base64
import gzip
import hashlib
import io
import json
import os
import time
import uuid
from contextlib import suppress
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from http import HTTPStatus
from typing import TYPE_CHECKING, Any, BinaryIO, Final, Literal

from warcio.statusandheaders import StatusAndHeaders
from warcio.warcwriter import WARCWriter

import latam_corpus
from latam_corpus.catalog.optout.opt_out import NO_PAGE, OPT_OUTS, OptOut, to_json
from latam_corpus.collect.web_archives.page_metadata import METADATA_FIELD
from latam_corpus.errors import SourceError
from latam_corpus.messages import _, decimal

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from pathlib import Path

    from latam_corpus.catalog.source import Source
    from latam_corpus.harvest.crawl.archived_page import Page
    from latam_corpus.harvest.crawl.transport.exchange import Exchange

_SYNC_EVERY: Final = 1.0  # seconds


class AppendOnlyFile:
    """A file that only grows; what was written after the last commit is cut off when it is opened again."""

    def __init__(self, path: Path, length: int) -> None:
        """Open the file.

        Raises:
            SourceError: it is shorter than it was when it was last committed.
        """
        path.parent.mkdir(parents=True, exist_ok=True)
        self.file: BinaryIO = path.open("ab")
        there = self.file.seek(0, os.SEEK_END)
        if there < length:
            self.file.close()
            problem = _(
                "it has {there} bytes and had {length} when the crawl stopped",
                there=decimal(f"{there:,}"),
                length=decimal(f"{length:,}"),
            )
            raise SourceError(str(path), problem, _("restore the file, or remove the source's folder and crawl again"))
        self.file.truncate(length)
        self.file.seek(length)
        self._length = length
        self._synced = time.monotonic()

    def settled(self) -> int:
        """Return the length of the file, all of which is with the system, and so outlives this process.

        It is forced to the disk once in a while: after a power cut the file may be shorter, which opening it tells.
        """
        if self.file.tell() != self._length:
            self.file.flush()
            self._length = self.file.tell()
            if (now := time.monotonic()) - self._synced >= _SYNC_EVERY:
                os.fsync(self.file.fileno())
                self._synced = now
        return self._length


WARC_BYTES: Final = 10**9
_SAME: Final = "http://netpreserve.org/warc/1.1/revisit/identical-payload-digest"
_UNCHANGED: Final = "http://netpreserve.org/warc/1.1/revisit/server-not-modified"
# Of the transfer encoding only its name is kept: the body is recorded without it, as Common Crawl does.
_UNDONE: Final = {"transfer-encoding": "X-Crawl-Transfer-Encoding"}


@dataclass(frozen=True)
class Earlier:
    """The record that a revisit stands for."""

    id: str
    date: str
    digest: str


@dataclass(frozen=True)
class Written:
    """A record in its file: what the index and the next visit need."""

    id: str
    file: str
    offset: int
    length: int
    date: str
    digest: str
    kind: str


class Archive:
    """The WARC files of a source, and `crawl.jsonl` beside them."""

    def __init__(self, folder: Path, source: Source, agent: str, lengths: Mapping[str, int]) -> None:
        """Open the newest WARC, or begin the first.

        Args:
            folder: the source's.
            source: for the files' names and their first record.
            agent: the user agent.
            lengths: of each file, by name, as last committed.

        Raises:
            SourceError: a file is shorter than that.
        """
        self._folder, self._source, self._agent = folder, source, agent
        self._log = AppendOnlyFile(folder / "crawl.jsonl", lengths.get("crawl.jsonl", 0))
        known = sorted(name for name in lengths if name.endswith(".warc.gz"))
        for path in (folder / "warc").glob("*.warc.gz"):
            if path.name not in known:  # begun and never committed
                path.unlink()
        self._number = max(len(known) - 1, 0)
        try:
            self._warc = self._opened(lengths.get(self.name, 0))
        except SourceError:
            self._log.file.close()
            raise

    @property
    def name(self) -> str:
        """The newest WARC's name."""
        return f"{self._source.id}-{self._number:05d}.warc.gz"

    def path(self, name: str) -> Path:
        """Where the WARC of this name is."""
        return self._folder / "warc" / name

    def _opened(self, length: int) -> AppendOnlyFile:
        opened = AppendOnlyFile(self.path(self.name), length)
        self._writer = WARCWriter(opened.file, gzip=True, warc_version="1.1")
        return opened

    def settle(self) -> dict[str, int]:
        """Sync all that was written and return the files' lengths; a WARC that is full is followed by another."""
        lengths = {self.name: self._warc.settled(), "crawl.jsonl": self._log.settled()}
        if lengths[self.name] >= WARC_BYTES:
            self._warc.file.close()
            self._number += 1
            self._warc = self._opened(0)
        return lengths

    def close(self) -> None:
        """Close the files; what wasn't committed of them need not be written."""
        for file in (self._warc.file, self._log.file):
            with suppress(OSError):
                file.close()

    def note(self, row: Mapping[str, Any]) -> None:
        """Append a line to `crawl.jsonl`."""
        self._log.file.write(json.dumps(row, ensure_ascii=False).encode() + b"\n")

    def write(
        self,
        exchange: Exchange,
        about: Sequence[tuple[str, str]],
        opt_outs: Sequence[OptOut] | None,
        earlier: Earlier | None,
        known: str | None = None,
    ) -> Written:
        """Append a request, its response (or a revisit), and what is known about it.

        Args:
            exchange: the request and its answer.
            about: further fields of the metadata record.
            opt_outs: what site and page refuse; None for what is no page, whatever its media type, and gives no row.
            earlier: the record with the same payload, where there is one.
            known: what is known of the page from elsewhere, as `collect.web_archives.page_metadata` writes it.
        """
        self._begun(exchange.time)
        date = _stamp(exchange.time)
        kind, digest = "response", payload_digest(exchange.body)
        own: dict[str, str] = {"WARC-Date": date}
        if exchange.ip:
            own["WARC-IP-Address"] = exchange.ip
        if exchange.cut:
            own["WARC-Truncated"] = "length"
        own |= {NO_PAGE: "true"} if opt_outs is None else {OPT_OUTS: to_json(opt_outs)}
        own |= {METADATA_FIELD: known} if known else {}
        if earlier is not None:
            kind, digest = "revisit", earlier.digest
            own |= {
                "WARC-Profile": _UNCHANGED if exchange.status == HTTPStatus.NOT_MODIFIED else _SAME,
                "WARC-Refers-To": earlier.id,
                "WARC-Refers-To-Target-URI": exchange.url,
                "WARC-Refers-To-Date": earlier.date,
                "WARC-Payload-Digest": digest,
            }
        offset = self._warc.file.tell()
        own["WARC-Record-ID"] = self._id(kind, exchange.url, date, digest)
        headers = [(_UNDONE.get(name.lower(), name), value) for name, value in exchange.headers]
        protocol, line = exchange.status_line
        # A revisit's block ends with its headers.
        body = exchange.body if kind == "response" else b""
        self._record(kind, exchange.url, body, own, StatusAndHeaders(line, headers, protocol=protocol))
        length = self._warc.file.tell() - offset
        beside = {"WARC-Date": date, "WARC-Concurrent-To": own["WARC-Record-ID"]}
        path = "/" + exchange.url.partition("://")[2].partition("/")[2]
        asked = StatusAndHeaders(f"GET {path} HTTP/1.1", list(exchange.request), is_http_request=True)
        self._beside("request", exchange.url, b"", beside, asked)
        fields = [("fetchTimeMs", str(round(exchange.seconds * 1000))), *about]
        fields += [("optOut", f"{one.signal}: {one.value} ({one.address})") for one in opt_outs or ()]
        block = "".join(f"{name}: {value}\r\n" for name, value in fields).encode()
        self._beside("metadata", exchange.url, block, beside, None)
        return Written(own["WARC-Record-ID"], self.name, offset, length, date, digest, kind)

    def restate(self, url: str, earlier: Earlier, page: Page, opt_outs: Sequence[OptOut], moment: datetime) -> None:
        """Append a page once more under the terms that hold now, though it wasn't fetched anew.

        It is a conversion of the earlier record, and later than it, so that its row supersedes the one read under the
        former terms. Our index leaves it out: replay finds the response.

        Args:
            url: the page's address.
            earlier: the response in which it came.
            page: as it stands there.
            opt_outs: what site and page refuse now.
            moment: when that was seen, UTC.
        """
        self._begun(moment)
        known = datetime.fromisoformat(earlier.date) + timedelta(seconds=1)
        date = _stamp(max(moment, known))
        fields = {
            "WARC-Date": date,
            "WARC-Refers-To": earlier.id,
            "Content-Type": page.media_type,
            OPT_OUTS: to_json(opt_outs),
            "WARC-Record-ID": self._id("conversion", url, date, earlier.id),
        }
        fields |= {METADATA_FIELD: page.known} if page.known else {}
        self._record("conversion", url, page.body, fields, None)

    def adopt(self, head: bytes, block: bytes, fields: Mapping[str, str]) -> tuple[int, int]:
        """Append a record of another archive as it is, with further fields; its offset and length.

        Args:
            head: its version line and fields, without the empty line after them.
            block: its block.
            fields: the further fields; those of their names that it has go.
        """
        self._begun(datetime.now(UTC))
        names = {name.lower() for name in fields}
        lines = [line for line in head.split(b"\r\n") if line.partition(b":")[0].decode("latin-1").lower() not in names]
        lines += [f"{name}: {value}".encode() for name, value in fields.items()]
        offset = self._warc.file.tell()
        self._warc.file.write(gzip.compress(b"\r\n".join(lines) + b"\r\n\r\n" + block + b"\r\n\r\n", mtime=0))
        return offset, self._warc.file.tell() - offset

    def state(
        self, kind: Literal["resource", "metadata"], url: str, moment: datetime, block: bytes, fields: Mapping[str, str]
    ) -> Written:
        """Append what isn't an exchange: a text that came within another answer, or a fact about an address.

        Args:
            kind: `resource` for a text, `metadata` for a fact.
            url: the address.
            moment: when it was learnt, UTC.
            block: the record's block.
            fields: the record's further fields, `Content-Type` among them.
        """
        self._begun(moment)
        date, digest = _stamp(moment), payload_digest(block)
        own = {"WARC-Date": date, "WARC-Record-ID": self._id(kind, url, date, digest), **fields}
        offset = self._warc.file.tell()
        self._record(kind, url, block, own, None)
        return Written(own["WARC-Record-ID"], self.name, offset, self._warc.file.tell() - offset, date, digest, kind)

    def _beside(
        self, kind: str, url: str, block: bytes, fields: Mapping[str, str], http: StatusAndHeaders | None
    ) -> None:
        own = dict(fields) | {"WARC-Record-ID": self._id(kind, url, fields["WARC-Date"])}
        if http is None:
            own["Content-Type"] = "application/warc-fields"
        self._record(kind, url, block, own, http)

    def _record(
        self, kind: str, url: str, block: bytes, fields: Mapping[str, str], http: StatusAndHeaders | None
    ) -> None:
        record = self._writer.create_warc_record(
            url, kind, payload=io.BytesIO(block), length=len(block), http_headers=http, warc_headers_dict=dict(fields)
        )
        self._writer.write_record(record)

    def _begun(self, moment: datetime) -> None:
        """Write a new file's first record."""
        if self._warc.file.tell():
            return
        fields = {
            "software": f"latam-corpus/{latam_corpus.__version__}",
            "format": "WARC File Format 1.1",
            "conformsTo": "http://iipc.github.io/warc-specifications/specifications/warc-format/warc-1.1/",
            "isPartOf": self._source.id,
            "description": self._source.title,
            "operator": self._source.contact or "",
            "http-header-user-agent": self._agent,
            "robots": "obey",
        }
        record = self._writer.create_warcinfo_record(self.name, fields)
        record.rec_headers.replace_header("WARC-Date", _stamp(moment))
        record.rec_headers.replace_header("WARC-Record-ID", self._id("warcinfo", _stamp(moment)))
        self._writer.write_record(record)

    def _id(self, *about: str) -> str:
        """Return the id of the next record: its position tells it from one of the same address and moment."""
        parts = (self.name, str(self._warc.file.tell()), *about)
        return f"<urn:uuid:{uuid.uuid5(uuid.NAMESPACE_URL, chr(0).join(parts))}>"


def payload_digest(body: bytes) -> str:
    """SHA-1 in Base32, as WARC files write it.

    >>> payload_digest(b"")
    'sha1:3I42H3S6NNFQ2MSVX7XZKYAYSCX5QBYJ'
    """
    return "sha1:" + base64.b32encode(hashlib.sha1(body, usedforsecurity=False).digest()).decode()


def _stamp(moment: datetime) -> str:
    return moment.strftime("%Y-%m-%dT%H:%M:%SZ")
