"""WARC 1.1 files of requests and responses, appended record by record and truncated to their committed length.

CDXJ is the index with which replay tools find the records.
"""

from __future__ import annotations

import base64
import gzip
import hashlib
import io
import json
import os
import re
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
from latam_corpus.storage.durable import replace

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from pathlib import Path

    from latam_corpus.catalog.source import Source
    from latam_corpus.harvest.crawl.archived_page import EarlierRecord, RecordedPage
    from latam_corpus.harvest.crawl.transport.exchange import Exchange


_SYNC_EVERY: Final = 1.0  # seconds
WARC_BYTES: Final = 10**9
_SAME: Final = "http://netpreserve.org/warc/1.1/revisit/identical-payload-digest"
_UNCHANGED: Final = "http://netpreserve.org/warc/1.1/revisit/server-not-modified"
# The body is recorded without its transfer encoding, whose header is renamed, as Common Crawl does.
_RENAMED_HEADERS: Final = {"transfer-encoding": "X-Crawl-Transfer-Encoding"}
_WWW: Final = re.compile(r"^www\d*\.")
_SLASHES: Final = re.compile(r"//+")


class AppendOnlyFile:
    """A file that only grows; bytes written after the last commit are truncated when it is opened again."""

    def __init__(self, path: Path, length: int) -> None:
        """Open the file and truncate it to its committed length in bytes.

        Raises:
            SourceError: it is shorter than that.
        """
        path.parent.mkdir(parents=True, exist_ok=True)
        self.file: BinaryIO = path.open("ab")
        size = self.file.seek(0, os.SEEK_END)
        if size < length:
            self.file.close()
            problem = _(
                "it has {size} {size:byte|bytes}, but had {length} when the crawl stopped",
                size=decimal(f"{size:,}"),
                length=decimal(f"{length:,}"),
            )
            raise SourceError(str(path), problem, _("restore the file, or remove the source's folder and crawl again"))
        self.file.truncate(length)
        self.file.seek(length)
        self._length = length
        self._synced = time.monotonic()

    def flush(self) -> int:
        """Pass all bytes to the operating system and return the file's length.

        The bytes survive the end of this process. They are forced to the disk at most every second, so after a power
        cut the file may be shorter, and opening it raises `SourceError`.
        """
        if self.file.tell() != self._length:
            self.file.flush()
            self._length = self.file.tell()
            if (now := time.monotonic()) - self._synced >= _SYNC_EVERY:
                os.fsync(self.file.fileno())
                self._synced = now
        return self._length


@dataclass(frozen=True)
class WrittenRecord:
    """A written record, with the facts for the index and the next visit."""

    id: str
    file: str
    offset: int
    length: int
    date: str
    digest: str
    kind: str


class Archive:
    """The WARC files of a source, and its log `crawl.jsonl`."""

    def __init__(self, folder: Path, source: Source, agent: str, lengths: Mapping[str, int]) -> None:
        """Open the newest WARC, or begin the first.

        `lengths` has the committed length of each file, by name.

        Raises:
            SourceError: a file is shorter than that.
        """
        self._folder, self._source, self._agent = folder, source, agent
        self._log = AppendOnlyFile(folder / "crawl.jsonl", lengths.get("crawl.jsonl", 0))
        committed = sorted(name for name in lengths if name.endswith(".warc.gz"))
        for path in (folder / "warc").glob("*.warc.gz"):
            if path.name not in committed:
                path.unlink()
        self._number = max(len(committed) - 1, 0)
        try:
            self._warc = self._opened(lengths.get(self.name, 0))
        except SourceError:
            self._log.file.close()
            raise

    @property
    def name(self) -> str:
        """The file name of the newest WARC."""
        return f"{self._source.id}-{self._number:05d}.warc.gz"

    def path(self, name: str) -> Path:
        """Return the path of a WARC file."""
        return self._folder / "warc" / name

    def _opened(self, length: int) -> AppendOnlyFile:
        opened = AppendOnlyFile(self.path(self.name), length)
        self._writer = WARCWriter(opened.file, gzip=True, warc_version="1.1")
        return opened

    def flush(self) -> dict[str, int]:
        """Flush the files and return their lengths by name; a full WARC is followed by another."""
        lengths = {self.name: self._warc.flush(), "crawl.jsonl": self._log.flush()}
        if lengths[self.name] >= WARC_BYTES:
            self._warc.file.close()
            self._number += 1
            self._warc = self._opened(0)
        return lengths

    def close(self) -> None:
        """Close the files; errors are ignored, since uncommitted bytes don't count."""
        for file in (self._warc.file, self._log.file):
            with suppress(OSError):
                file.close()

    def note(self, row: Mapping[str, Any]) -> None:
        """Append a line to `crawl.jsonl`."""
        self._log.file.write(json.dumps(row, ensure_ascii=False).encode() + b"\n")

    def write(
        self,
        exchange: Exchange,
        metadata_fields: Sequence[tuple[str, str]],
        opt_outs: Sequence[OptOut] | None,
        earlier: EarlierRecord | None,
        page_metadata: str | None = None,
    ) -> WrittenRecord:
        """Append a request, its response (or a revisit), and its metadata.

        `opt_outs` is None for a response that is not a page and gives no row. `earlier` is the record with the same
        payload, if there is one. `page_metadata` comes from a feed or catalogue, as `page_metadata.to_json` writes it.
        """
        self._write_warcinfo(exchange.time)
        date = _stamp(exchange.time)
        kind, digest = "response", payload_digest(exchange.body)
        warc_fields: dict[str, str] = {"WARC-Date": date}
        if exchange.ip:
            warc_fields["WARC-IP-Address"] = exchange.ip
        if exchange.cut:
            warc_fields["WARC-Truncated"] = "length"
        warc_fields |= {NO_PAGE: "true"} if opt_outs is None else {OPT_OUTS: to_json(opt_outs)}
        warc_fields |= {METADATA_FIELD: page_metadata} if page_metadata else {}
        if earlier is not None:
            kind, digest = "revisit", earlier.digest
            warc_fields |= {
                "WARC-Profile": _UNCHANGED if exchange.status == HTTPStatus.NOT_MODIFIED else _SAME,
                "WARC-Refers-To": earlier.id,
                "WARC-Refers-To-Target-URI": exchange.url,
                "WARC-Refers-To-Date": earlier.date,
                "WARC-Payload-Digest": digest,
            }
        offset = self._warc.file.tell()
        record_id = warc_fields["WARC-Record-ID"] = self._record_id(kind, exchange.url, date, digest)
        headers = [(_RENAMED_HEADERS.get(name.lower(), name), value) for name, value in exchange.headers]
        protocol, line = exchange.status_line
        # A revisit's block ends with its headers.
        body = exchange.body if kind == "response" else b""
        self._write_record(kind, exchange.url, body, warc_fields, StatusAndHeaders(line, headers, protocol=protocol))
        length = self._warc.file.tell() - offset
        concurrent = {"WARC-Date": date, "WARC-Concurrent-To": record_id}
        path = "/" + exchange.url.partition("://")[2].partition("/")[2]
        request = StatusAndHeaders(f"GET {path} HTTP/1.1", list(exchange.request), is_http_request=True)
        self._write_concurrent("request", exchange.url, b"", concurrent, request)
        fields = [("fetchTimeMs", str(round(exchange.seconds * 1000))), *metadata_fields]
        fields += [("optOut", f"{row.signal}: {row.value} ({row.address})") for row in opt_outs or ()]
        block = "".join(f"{name}: {value}\r\n" for name, value in fields).encode()
        self._write_concurrent("metadata", exchange.url, block, concurrent, None)
        return WrittenRecord(record_id, self.name, offset, length, date, digest, kind)

    def restate(
        self, url: str, earlier: EarlierRecord, page: RecordedPage, opt_outs: Sequence[OptOut], moment: datetime
    ) -> None:
        """Append an earlier page again with its current opt-outs, without fetching it.

        It is written as a later conversion of the earlier record, so that its row supersedes the one with the former
        opt-outs. The index leaves it out, so that replay finds the response. `moment` is when the opt-outs were read,
        in UTC.
        """
        self._write_warcinfo(moment)
        earliest = datetime.fromisoformat(earlier.date) + timedelta(seconds=1)
        date = _stamp(max(moment, earliest))
        fields = {
            "WARC-Date": date,
            "WARC-Refers-To": earlier.id,
            "Content-Type": page.media_type,
            OPT_OUTS: to_json(opt_outs),
            "WARC-Record-ID": self._record_id("conversion", url, date, earlier.id),
        }
        fields |= {METADATA_FIELD: page.metadata} if page.metadata else {}
        self._write_record("conversion", url, page.body, fields, None)

    def append_copy(self, head: bytes, block: bytes, fields: Mapping[str, str]) -> tuple[int, int]:
        """Append a record of another archive with further fields, and return its offset and length.

        `head` has the version line and fields, without the empty line after them; `fields` replace existing ones of the
        same name.
        """
        self._write_warcinfo(datetime.now(UTC))
        names = {name.lower() for name in fields}
        lines = [line for line in head.split(b"\r\n") if line.partition(b":")[0].decode("latin-1").lower() not in names]
        lines += [f"{name}: {value}".encode() for name, value in fields.items()]
        offset = self._warc.file.tell()
        self._warc.file.write(gzip.compress(b"\r\n".join(lines) + b"\r\n\r\n" + block + b"\r\n\r\n", mtime=0))
        return offset, self._warc.file.tell() - offset

    def append_record(
        self, kind: Literal["resource", "metadata"], url: str, moment: datetime, block: bytes, fields: Mapping[str, str]
    ) -> WrittenRecord:
        """Append a record without an exchange: a text from within another response, or a fact about an address.

        `kind` is `resource` for a text, `metadata` for a fact. `moment` is in UTC; `fields` include `Content-Type`.
        """
        self._write_warcinfo(moment)
        date, digest = _stamp(moment), payload_digest(block)
        record_id = self._record_id(kind, url, date, digest)
        offset = self._warc.file.tell()
        self._write_record(kind, url, block, {"WARC-Date": date, "WARC-Record-ID": record_id, **fields}, None)
        return WrittenRecord(record_id, self.name, offset, self._warc.file.tell() - offset, date, digest, kind)

    def _write_concurrent(
        self, kind: str, url: str, block: bytes, fields: Mapping[str, str], http: StatusAndHeaders | None
    ) -> None:
        warc_fields = dict(fields) | {"WARC-Record-ID": self._record_id(kind, url, fields["WARC-Date"])}
        if http is None:
            warc_fields["Content-Type"] = "application/warc-fields"
        self._write_record(kind, url, block, warc_fields, http)

    def _write_record(
        self, kind: str, url: str, block: bytes, fields: Mapping[str, str], http: StatusAndHeaders | None
    ) -> None:
        record = self._writer.create_warc_record(
            url, kind, payload=io.BytesIO(block), length=len(block), http_headers=http, warc_headers_dict=dict(fields)
        )
        self._writer.write_record(record)

    def _write_warcinfo(self, moment: datetime) -> None:
        """Write the first record of a new file."""
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
        record.rec_headers.replace_header("WARC-Record-ID", self._record_id("warcinfo", _stamp(moment)))
        self._writer.write_record(record)

    def _record_id(self, *facts: str) -> str:
        """Return the id of the next record; its position makes the id unique among equal addresses and moments."""
        parts = (self.name, str(self._warc.file.tell()), *facts)
        return f"<urn:uuid:{uuid.uuid5(uuid.NAMESPACE_URL, chr(0).join(parts))}>"


def payload_digest(body: bytes) -> str:
    """Return the SHA-1 of a body in Base32, as WARC files write it.

    >>> payload_digest(b"")
    'sha1:3I42H3S6NNFQ2MSVX7XZKYAYSCX5QBYJ'
    """
    return "sha1:" + base64.b32encode(hashlib.sha1(body, usedforsecurity=False).digest()).decode()


def _stamp(moment: datetime) -> str:
    return moment.strftime("%Y-%m-%dT%H:%M:%SZ")


def surt(url: str) -> str:
    """Return the sort key of a canonical URL (SURT), as replay tools make it.

    It ignores `www.`, the order of parameters, and double or trailing slashes.

    >>> surt("https://www.gaceta.example:8443/Notas//1/?c=&b=2")
    'example,gaceta:8443)/notas/1?b=2&c='
    """
    host, _, path_and_query = url.partition("://")[2].partition("/")
    path, mark, query = path_and_query.partition("?")
    name, colon, port = _WWW.sub("", host).partition(":")
    ordered = ",".join(reversed(name.split(".")))
    path = _SLASHES.sub("/", f"/{path}").rstrip("/") or "/"
    return f"{ordered}{colon}{port}){path}{mark}{'&'.join(sorted(query.split('&')))}".lower()


def write_index(path: Path, rows: Sequence[Mapping[str, Any]]) -> None:
    """Write the CDXJ index of the records, one sorted line each."""
    lines = []
    for row in rows:
        stamp = "".join(filter(str.isdigit, row["date"]))
        fields = {name: str(row[name]) for name in ("url", "mime", "status", "digest", "length", "offset")}
        lines.append(
            f"{surt(row['url'])} {stamp} {json.dumps(fields | {'filename': row['file']}, ensure_ascii=False)}\n"
        )
    replace(path, "".join(sorted(lines)).encode())
