"""Captures of another archive copied into our WARC: planned, then fetched record by record, never a whole file."""

from __future__ import annotations

import dataclasses
import json
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any, Final

from latam_corpus.catalog.optout.opt_out import OPT_OUTS, from_json, root_of, to_json
from latam_corpus.collect.documents.mapping import as_time
from latam_corpus.collect.web_archives.responses import media_type_of
from latam_corpus.harvest.commoncrawl.capture_index import Capture
from latam_corpus.harvest.commoncrawl.capture_plan import make_plan, read_plan, record_address, write_plan
from latam_corpus.harvest.commoncrawl.copied_record import copied
from latam_corpus.harvest.commoncrawl.ranges import part_of, range_of
from latam_corpus.harvest.crawl.causes import TroubleError
from latam_corpus.harvest.crawl.permission import user_agent
from latam_corpus.harvest.crawl.recheck import SiteReader, roots_of
from latam_corpus.harvest.crawl.requests import Job
from latam_corpus.harvest.crawl.sites import Sites
from latam_corpus.harvest.crawl.transport.warc_writer import Written
from latam_corpus.harvest.crawl.visit import Visits
from latam_corpus.harvest.crawl.website import Crawler
from latam_corpus.harvest.optout.site import Site

if TYPE_CHECKING:
    from latam_corpus.catalog.optout.opt_out import OptOut
    from latam_corpus.catalog.source import Source
    from latam_corpus.harvest.commoncrawl.copied_record import Copied
    from latam_corpus.harvest.crawl.frontier import Waiting
    from latam_corpus.harvest.crawl.transport.exchange import Exchange

# A field of ours on the records of a WARC: the file from which it was copied, where it begins there, and its length.
COPIED_FROM: Final = "X-Copied-From"
# Readers of WARC refuse records whose fields are longer than 32 kB together.
MAX_HEAD: Final = 30_000
_ERRORS: Final = range(300, 600)
_UNKNOWN: Final = datetime(1970, 1, 1, tzinfo=UTC)
_TABLE: Final = "CREATE TABLE IF NOT EXISTS capture (key TEXT PRIMARY KEY, row TEXT NOT NULL)"


class _Unasked(Sites):
    """An archive's host: its files are asked for by a plan, as by any reader, and its robots.txt speaks of others."""

    def site(self, root: str, now: float) -> Site:
        del now
        return Site(root)

    def wanted(self, root: str, now: float) -> str | None:
        del root, now
        return None


@dataclass(frozen=True)
class CaptureVisits(Visits):
    """What is made of the parts that an archive answers with."""

    sites: dict[str, Site] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self.frontier.db.execute(_TABLE)

    def capture(self, key: str) -> Capture:
        """Return the capture for which an address waits."""
        row = self.frontier.db.execute("SELECT row FROM capture WHERE key = ?", (key,)).fetchone()
        values = json.loads(row[0])
        return Capture(**{**values, "languages": tuple(values["languages"])})

    def answered(self, waiting: Waiting, answer: Exchange, site: Site, *, conditional: bool) -> bool:
        """Copy a record; what site and page refuse, then and now, goes with it."""
        del site, conditional
        capture = self.capture(waiting.url)
        if answer.status in _ERRORS:
            self.note(waiting.url, "error status", status=answer.status, page=capture.url)
            self.ended(waiting, "failed", f"status {answer.status}")
            return False
        part_of(answer, capture.offset, capture.length)
        try:
            record = copied(answer.body, capture, self.scope.max_page_bytes)
            refused = self._refused(record)
        except TroubleError:
            raise
        except Exception as error:  # noqa: BLE001  (the document boundary: what a stranger wrote breaks one record alone)
            raise TroubleError("not the record", f"{type(error).__name__}: {error}"[:200]) from None
        source_range = f"{waiting.url.partition('#')[0]} {capture.offset}+{capture.length}"
        fields = {OPT_OUTS: to_json(sorted(refused)), COPIED_FROM: source_range}
        if len(record.head) + sum(map(len, fields.values())) > MAX_HEAD:
            raise TroubleError("not the record", f"its fields are longer than {MAX_HEAD:,} bytes")
        offset, length = self.archive.adopt(record.head, record.block, fields)
        written = Written("", self.archive.name, offset, length, record.date, record.digest, "response")
        media = media_type_of(record.response.headers.get("content-type", ""), record.body) or "unk"
        self.frontier.index(record.url, written, media.partition(";")[0], record.response.status)
        self.frontier.done(waiting.url, "page")
        return True

    def _refused(self, record: Copied) -> set[OptOut]:
        """Return what the page said when it was fetched, and what its site's files say today."""
        moment = as_time(record.date) or _UNKNOWN
        site = self.sites.get(root_of(record.url)) or Site(root_of(record.url))
        opt_outs = site.page_opt_outs(record.url, record.response.sent, record.body, moment)
        return {*opt_outs, *from_json(record.opt_outs)}


class CommonCrawler(Crawler):
    """One session of copying the captures of a plan."""

    def _new_visits(self, source: Source) -> Visits:
        if source.collect.commoncrawl is None:  # the class is chosen by the source's kind
            raise TypeError(source.collect.kind)
        self._source, self._table = source, source.collect.commoncrawl
        self._sites = _Unasked(self._frontier)
        self._captures = CaptureVisits(self.scope, self._frontier, self._archive, self._waits)
        return self._captures

    def plan(self) -> dict[str, Any]:
        """Make the plan anew, write it, and tell what it comes to; nothing of it is fetched.

        Raises:
            ConfigError: an index isn't there.
            SourceError: an index can't be read.
        """
        try:
            return self._planned()
        finally:
            self._archive.close()
            self._frontier.close()

    def _planned(self) -> dict[str, Any]:
        return write_plan(self.folder, make_plan(self._table, user_agent(self._source)), self._table)

    def _begin(self, *, again: bool) -> None:
        """Let the captures of the plan wait, and ask the sites whose pages they are what they refuse today."""
        try:
            self._begun(again=again)
        except BaseException:
            self._archive.close()
            self._frontier.close()
            raise

    def _begun(self, *, again: bool) -> None:
        path = self.folder / "plan.jsonl"
        if again or not path.exists():
            self._planned()
        if again:
            self._frontier.new_round()
        db, keys = self._frontier.db, set()
        for capture in read_plan(path, self._table):
            address = record_address(self._table.records, capture.filename)
            key = f"{address}#{capture.offset}-{capture.length}"
            keys.add(key)
            row = json.dumps(dataclasses.asdict(capture), ensure_ascii=False)
            db.execute("INSERT OR REPLACE INTO capture VALUES (?,?)", (key, row))
            self._frontier.add(key, 0, None)
        states = "SELECT url, state FROM url WHERE state != 'page'"
        for key, state in db.execute(states).fetchall():
            if key not in keys:  # taken out of the plan
                self._frontier.done(key, "refused")
            elif state == "refused" or again:
                self._frontier.once_more(key)
        waiting = [row[0] for row in db.execute("SELECT url FROM url WHERE state = 'waiting'").fetchall()]
        if self._table.ask_sites and waiting:
            self._ask_sites([self._captures.capture(key).url for key in waiting])

    def _ask_sites(self, urls: list[str]) -> None:
        reader = SiteReader(
            self._source.id,
            roots_of(urls),
            self.folder / "sites",
            lambda done, total: self._progress.step(f"the files of {done:,} of {total:,} sites", 0, 0, total - done),
            contact=self._source.contact or "",
            delay=self._table.delay,
            private_hosts=self._table.private_hosts,
            workers=self._workers,
            first_rest=self._first_rest,
        )
        reader.run()
        self._captures.sites.update(reader.sites)
        for root, why in sorted(reader.unread.items()):
            self._captures.note(root, "robots unavailable", why=why)

    def _page(self, waiting: Waiting, site: Site) -> Job | None:
        del site
        capture = self._captures.capture(waiting.url)
        asked = range_of(capture.offset, capture.length)
        return Job(waiting, waiting.url.partition("#")[0], asked, capture.length)
