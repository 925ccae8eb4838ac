"""Copies captures of a web archive into WARC files: it writes a plan, then makes one range request per record."""

from __future__ import annotations

import dataclasses
import io
import json
import zlib
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any, Final

from fastwarc.warc import ArchiveIterator, WarcRecordType

from latam_corpus.catalog.identity import canonical_url
from latam_corpus.catalog.optout.opt_out import OPT_OUTS, from_json, root_of, to_json
from latam_corpus.collect.documents.mapping import as_time
from latam_corpus.collect.web_archives.responses import Response, media_type_of, parse_response, payload_of
from latam_corpus.errors import DocumentError
from latam_corpus.harvest.commoncrawl.capture_index import Capture
from latam_corpus.harvest.commoncrawl.capture_plan import make_plan, read_plan, record_address, write_plan
from latam_corpus.harvest.commoncrawl.ranges import check_part, range_headers
from latam_corpus.harvest.crawl.causes import TroubleError, document_boundary
from latam_corpus.harvest.crawl.permission import user_agent
from latam_corpus.harvest.crawl.recheck import SiteReader, roots_of
from latam_corpus.harvest.crawl.requests import FetchJob
from latam_corpus.harvest.crawl.sites import Sites
from latam_corpus.harvest.crawl.transport.warc_writer import WrittenRecord
from latam_corpus.harvest.crawl.visit import Visits
from latam_corpus.harvest.crawl.website import Crawler
from latam_corpus.harvest.optout.site import Site

if TYPE_CHECKING:
    from latam_corpus.catalog.optout.opt_out import OptOut
    from latam_corpus.catalog.source import Source
    from latam_corpus.harvest.crawl.frontier import Waiting
    from latam_corpus.harvest.crawl.transport.exchange import Exchange


_GZIP: Final = b"\x1f\x8b"
_DIGEST_PREFIXES: Final = ("sha1:", "sha-1:")
# This toolkit's WARC field for the address of the original file and the record's offset and length in it.
COPIED_FROM: Final = "X-Copied-From"
# Readers of WARC refuse records whose fields together exceed 32 kB.
MAX_HEAD: Final = 30_000
_ERRORS: Final = range(300, 600)
_UNKNOWN_TIME: Final = datetime(1970, 1, 1, tzinfo=UTC)
_TABLE: Final = "CREATE TABLE IF NOT EXISTS capture (key TEXT PRIMARY KEY, row TEXT NOT NULL)"


@dataclass(frozen=True)
class CopiedRecord:
    """A record of a web archive.

    Attributes:
        opt_outs: its recorded opt-outs as JSON, if a crawler of this toolkit wrote it.
        body: the response's body, with content encodings undone.
    """

    head: bytes
    block: bytes
    url: str
    date: str
    digest: str
    opt_outs: str
    response: Response
    body: bytes


def parse_record(part: bytes, capture: Capture, limit: int) -> CopiedRecord:
    """Parse a part of an archive file as a single response record.

    `limit` bounds the decompressed bytes.

    Raises:
        TroubleError: the part isn't a single complete record of a page, or it differs from the capture in the plan.
    """
    raw = _decompressed(part, limit) if part[:2] == _GZIP else part
    head, separator, content = raw.partition(b"\r\n\r\n")
    try:
        record = next(iter(ArchiveIterator(io.BytesIO(raw), parse_http=False)), None) if separator else None
    except OSError as error:
        raise TroubleError("not the record", str(error)[:200]) from None
    if record is None or not head.startswith(b"WARC/"):
        raise TroubleError("not the record", "the bytes are no WARC record")
    headers = record.headers
    length = record.content_length
    if record.record_type != WarcRecordType.response or length > len(content) or content[length:].strip():
        raise TroubleError("not the record", f"a record of type {headers.get('WARC-Type')}, or not a whole one")
    if cut := headers.get("WARC-Truncated"):
        raise TroubleError("not the record", f"it was cut when it was fetched ({cut[:200]})")
    url = canonical_url((headers.get("WARC-Target-URI") or "").strip("<> "))
    digest = headers.get("WARC-Payload-Digest") or ""
    if url != canonical_url(capture.url):
        raise TroubleError("not the record", f"it is of {url[:200]}")
    if capture.digest and digest and _digest_value(digest) != _digest_value(capture.digest):
        raise TroubleError("not the record", "its payload has another digest")
    block = content[:length]
    try:
        response = parse_response(block)
        body = payload_of(response, limit)
    except DocumentError as error:
        raise TroubleError("not the record", error.problem) from None
    if media_type_of(response.headers.get("content-type", ""), body) is None:
        raise TroubleError("not a page", response.headers.get("content-type", "")[:100])
    date = headers.get("WARC-Date") or ""
    return CopiedRecord(head, block, url, date, digest, headers.get(OPT_OUTS) or "[]", response, body)


def _digest_value(digest: str) -> str:
    """Return a digest without the name of its algorithm, as in the columnar index.

    >>> _digest_value("sha1:ABCD"), _digest_value("ABCD")
    ('ABCD', 'ABCD')
    """
    lowered = digest.lower()
    return next((digest[len(prefix) :] for prefix in _DIGEST_PREFIXES if lowered.startswith(prefix)), digest).upper()


def _decompressed(part: bytes, limit: int) -> bytes:
    decompressor = zlib.decompressobj(31)
    try:
        raw = decompressor.decompress(part, limit + 1)
    except zlib.error as error:
        raise TroubleError("not the record", f"its compression is damaged ({error})") from None
    if len(raw) > limit:
        raise TroubleError("unpacks too large", limit_bytes=limit)
    if not decompressor.eof or decompressor.unused_data:
        raise TroubleError("not the record", "the bytes aren't one compressed record")
    return raw


class _SitesWithoutFiles(Sites):
    """Sites without files: the robots.txt of the archive's host doesn't apply to planned requests for its files."""

    def site(self, root: str, now: float) -> Site:
        del now
        return Site(root)

    def next_file(self, root: str, now: float) -> str | None:
        del root, now
        return None


@dataclass(frozen=True)
class CaptureVisits(Visits):
    """Handles the parts of files that an archive returns."""

    sites: dict[str, Site] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self.frontier.db.execute(_TABLE)

    def capture(self, key: str) -> Capture:
        """Return the capture of a waiting address."""
        row = self.frontier.db.execute("SELECT row FROM capture WHERE key = ?", (key,)).fetchone()
        values = json.loads(row[0])
        return Capture(**{**values, "languages": tuple(values["languages"])})

    def handle(self, waiting: Waiting, answer: Exchange, site: Site, *, conditional: bool) -> bool:
        """Copy a record together with the past and current opt-outs of its site and page."""
        del site, conditional
        capture = self.capture(waiting.url)
        if answer.status in _ERRORS:
            self.note(waiting.url, "error status", status=answer.status, page=capture.url)
            self.ended(waiting, "failed", f"status {answer.status}")
            return False
        check_part(answer, capture.offset, capture.length)
        with document_boundary("not the record"):
            record = parse_record(answer.body, capture, self.scope.max_page_bytes)
            opt_outs = self._opt_outs(record)
        source_range = f"{waiting.url.partition('#')[0]} {capture.offset}+{capture.length}"
        fields = {OPT_OUTS: to_json(sorted(opt_outs)), COPIED_FROM: source_range}
        if len(record.head) + sum(map(len, fields.values())) > MAX_HEAD:
            raise TroubleError("not the record", f"its fields are longer than {MAX_HEAD:,} bytes")
        offset, length = self.archive.append_copy(record.head, record.block, fields)
        written = WrittenRecord("", self.archive.name, offset, length, record.date, record.digest, "response")
        media = media_type_of(record.response.headers.get("content-type", ""), record.body) or "unk"
        self.frontier.add_record(record.url, written, media.partition(";")[0], record.response.status)
        self.frontier.set_state(waiting.url, "page")
        return True

    def _opt_outs(self, record: CopiedRecord) -> set[OptOut]:
        """Return the page's opt-outs at the time it was fetched, and the current ones of its site."""
        moment = as_time(record.date) or _UNKNOWN_TIME
        site = self.sites.get(root_of(record.url)) or Site(root_of(record.url))
        opt_outs = site.page_opt_outs(record.url, record.response.sent, record.body, moment)
        return {*opt_outs, *from_json(record.opt_outs)}


class CommonCrawler(Crawler):
    """One session of copying the captures of a plan."""

    def _new_visits(self, source: Source) -> Visits:
        if source.collect.commoncrawl is None:  # the class is chosen by the source's kind
            raise TypeError(source.collect.kind)
        self._source, self._table = source, source.collect.commoncrawl
        self._sites = _SitesWithoutFiles(self._frontier)
        self._captures = CaptureVisits(self.scope, self._frontier, self._archive, self._enqueue_host)
        return self._captures

    def plan(self) -> dict[str, Any]:
        """Rebuild and write the plan without fetching any capture; return its summary.

        Raises:
            ConfigError: an index doesn't exist.
            SourceError: an index can't be read.
        """
        try:
            return self._write_plan()
        finally:
            self._archive.close()
            self._frontier.close()

    def _write_plan(self) -> dict[str, Any]:
        return write_plan(self.folder, make_plan(self._table, user_agent(self._source)), self._table)

    def _begin(self, *, new_round: bool) -> None:
        """Queue the captures of the plan, and read the current opt-outs of their sites."""
        try:
            self._queue_plan(new_round=new_round)
        except BaseException:
            self._archive.close()
            self._frontier.close()
            raise

    def _queue_plan(self, *, new_round: bool) -> None:
        path = self.folder / "plan.jsonl"
        if new_round or not path.exists():
            self._write_plan()
        if new_round:
            self._frontier.new_round()
        db, keys = self._frontier.db, set()
        for capture in read_plan(path, self._table):
            address = record_address(self._table.records, capture.filename)
            key = f"{address}#{capture.offset}-{capture.length}"
            keys.add(key)
            row = json.dumps(dataclasses.asdict(capture), ensure_ascii=False)
            db.execute("INSERT OR REPLACE INTO capture VALUES (?,?)", (key, row))
            self._frontier.add(key, 0, None)
        unfinished = "SELECT url, state FROM url WHERE state != 'page'"
        for key, state in db.execute(unfinished).fetchall():
            if key not in keys:  # a user removed it from the plan
                self._frontier.set_state(key, "refused")
            elif state == "refused" or new_round:
                self._frontier.requeue(key)
        waiting = [row[0] for row in db.execute("SELECT url FROM url WHERE state = 'waiting'").fetchall()]
        if self._table.ask_sites and waiting:
            self._read_sites([self._captures.capture(key).url for key in waiting])

    def _read_sites(self, urls: list[str]) -> None:
        """Read the opt-out files of the sites of these pages."""
        reader = SiteReader(
            self._source.id,
            roots_of(urls),
            self.folder / "sites",
            lambda done, total: self._progress.step(f"the files of {done:,} of {total:,} sites", 0, 0, total - done),
            contact=self._source.contact or "",
            asking=self._table,
            workers=self._workers,
            first_rest=self._first_rest,
        )
        reader.run()
        self._captures.sites.update(reader.sites)
        for root, why in sorted(reader.unread.items()):
            self._captures.note(root, "robots unavailable", why=why)

    def _page_job(self, waiting: Waiting, site: Site) -> FetchJob | None:
        del site
        capture = self._captures.capture(waiting.url)
        headers = range_headers(capture.offset, capture.length)
        return FetchJob(waiting, waiting.url.partition("#")[0], headers, capture.length)
