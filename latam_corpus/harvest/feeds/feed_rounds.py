"""A crawl of feeds: feeds are read in each round, entries' pages once; a failed page is replaced by the feed's text."""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import UTC, datetime
from http import HTTPStatus
from typing import TYPE_CHECKING, Final
from urllib.parse import quote

from latam_corpus.catalog.harvest_tables import host_of
from latam_corpus.catalog.optout.opt_out import OPT_OUTS, from_json, root_of, to_json
from latam_corpus.catalog.optout.page_opt_outs import header_opt_outs
from latam_corpus.collect.web_archives import page_metadata
from latam_corpus.harvest.crawl.answers.link_addresses import address_of
from latam_corpus.harvest.crawl.answers.links import decompressed
from latam_corpus.harvest.crawl.answers.sandboxed_parsing import parse_isolated
from latam_corpus.harvest.crawl.causes import TroubleError, document_boundary
from latam_corpus.harvest.crawl.visit import MAX_REDIRECTS, Visits, if_changed, media_of
from latam_corpus.harvest.crawl.website import Crawler
from latam_corpus.harvest.feeds.entries import feed_of
from latam_corpus.harvest.optout.site import Site

if TYPE_CHECKING:
    from latam_corpus.catalog.source import Source
    from latam_corpus.harvest.crawl.frontier import State, Waiting
    from latam_corpus.harvest.crawl.transport.exchange import Exchange
    from latam_corpus.harvest.feeds.entries import FeedEntry

# Maximum feed documents in one round; an archive of twenty years has 240 months.
MAX_DOCUMENTS: Final = 1000

# Causes for which the text in the feed replaces the page: the server can't return it. A page that was removed or is
# refused isn't replaced.
_UNABLE: Final = re.compile(
    r"status 5\d\d|no connection|timed out|malformed response|too large|unpacks too large|damaged encoding"
    r"|bad certificate|server busy"
)
# `state` is `page` while only the page may be written, `owed` if the feed's text is to be written, and `text` once it
# was.
_TABLES: Final = """
CREATE TABLE IF NOT EXISTS feed (url TEXT PRIMARY KEY);
CREATE TABLE IF NOT EXISTS entry (
    url TEXT PRIMARY KEY, known TEXT NOT NULL, content TEXT, opt_outs TEXT NOT NULL, time TEXT NOT NULL,
    feed TEXT NOT NULL, state TEXT NOT NULL
);
"""
_COPIED: Final = (
    "INSERT OR IGNORE INTO entry SELECT ?, known, content, opt_outs, time, feed, state FROM entry WHERE url = ?"
)


@dataclass(frozen=True)
class FeedVisits(Visits):
    """Handles the responses for feeds and for the pages of their entries.

    Attributes:
        archives: whether older documents of feeds are read.
    """

    archives: bool = True

    def __post_init__(self) -> None:
        for statement in _TABLES.split(";"):
            self.frontier.db.execute(statement)

    def add_feed(self, url: str, via: str | None = None, redirects: int = 0) -> None:
        """Queue a document of a feed, if it is new."""
        self.frontier.db.execute("INSERT OR IGNORE INTO feed VALUES (?)", (url,))
        if self.frontier.add(url, 0, via, redirects):
            self.enqueue_host(host_of(url))

    def conditions(self, waiting: Waiting, site: Site) -> dict[str, str]:
        """Return the headers of a conditional request; a feed is always requested conditionally."""
        if not self._is_feed(waiting.url):
            return super().conditions(waiting, site)
        return if_changed(waiting)

    def page_metadata(self, url: str) -> str | None:
        """Return the metadata of the feed's entry with this page."""
        row = self.frontier.db.execute("SELECT known FROM entry WHERE url = ?", (url,)).fetchone()
        return None if row is None else str(row[0])

    def ended(self, waiting: Waiting, state: State, why: str) -> None:
        """Mark the entry of a page that the server can't return, so that its text in the feed is used."""
        super().ended(waiting, state, why)
        db = self.frontier.db
        if not (state == "failed" and _UNABLE.fullmatch(why)):
            # If the feed's text was due since an earlier attempt, it is dropped: the page is refused now.
            db.execute("UPDATE entry SET state = 'page' WHERE url = ? AND state = 'owed'", (waiting.url,))
            return
        query = "SELECT opt_outs FROM entry WHERE url = ? AND state IN ('page', 'owed') AND content IS NOT NULL"
        if (row := db.execute(query, (waiting.url,)).fetchone()) is None:
            return
        # The site's opt-outs are stored with the text now, because its files may have expired when the text is written.
        root = root_of(waiting.url)
        refused = {*from_json(row["opt_outs"]), *Site(root, self.frontier.files(root, 0.0)).opt_outs(waiting.url)}
        owed = "UPDATE entry SET state = 'owed', opt_outs = ? WHERE url = ?"
        db.execute(owed, (to_json(sorted(refused)), waiting.url))

    def handle(self, waiting: Waiting, answer: Exchange, site: Site, *, conditional: bool) -> bool:
        """Handle a response; an unchanged feed has no new entries."""
        if answer.status == HTTPStatus.NOT_MODIFIED and self._is_feed(waiting.url):
            self._write(waiting, answer, None, None, media_of(answer))
            self.frontier.set_state(waiting.url, "aside")
            return False
        is_page = super().handle(waiting, answer, site, conditional=conditional)
        if is_page:  # the text in the feed is no longer needed
            drop_text = "UPDATE entry SET content = NULL, state = 'page' WHERE url = ?"
            self.frontier.db.execute(drop_text, (waiting.url,))
        return is_page

    def _handle_content(self, waiting: Waiting, answer: Exchange, site: Site) -> bool:
        if not self._is_feed(waiting.url):
            return super()._handle_content(waiting, answer, site)
        with document_boundary("malformed response"):
            feed = parse_isolated(feed_of, decompressed(answer.payload(self.scope.max_page_bytes)), waiting.url)
        self._write(waiting, answer, None, None, media_of(answer))
        refused = to_json(
            sorted({*header_opt_outs(answer.lower_headers, waiting.url, answer.time), *site.opt_outs(waiting.url)})
        )
        new_entries = [self._add_entry(entry, waiting.url, refused, answer.time) for entry in feed.entries].count(True)
        etag, modified = answer.header("etag") or None, answer.header("last-modified") or None
        query = "UPDATE url SET state = 'aside', tries = 0, etag = ?, modified = ? WHERE url = ?"
        self.frontier.db.execute(query, (etag, modified, waiting.url))
        if self.archives:
            for link in feed.archives:
                self._queue_older(link, waiting, requeue=False)
            # Entries move to later pages when new ones are added. Pages after one without new entries have none.
            for link in feed.next_pages if new_entries else ():
                self._queue_older(link, waiting, requeue=True)
        return False

    def _add_entry(self, entry: FeedEntry, feed: str, refused: str, moment: datetime) -> bool:
        """Store an entry and queue its page; return whether the entry is new.

        `refused` has the feed's opt-outs as JSON; `moment` is when the feed was read, in UTC.
        """
        columns: dict[str, object] = {
            "title": entry.title,
            "creators": entry.creators,
            "published": entry.published,
            "rights": entry.rights,
        }
        try:
            url = address_of(entry.link, feed) if entry.link else None
        except TroubleError as trouble:
            self.note(feed, trouble.cause, via=None, **trouble.detail)
            return False
        is_text = entry.content and entry.id and len(entry.id) <= page_metadata.LONGEST_ID
        if url is None and (entry.link or not is_text):
            return False
        if url and not self.scope.has_host(host_of(url)):
            self.note(url, "out of scope", via=feed)
            return False
        # For an entry without a page, the feed's text is used.
        key, state = (url, "page") if url else (f"{feed}#{quote(entry.id)}", "owed")
        metadata = page_metadata.to_json(columns if url else {**columns, "id": entry.id})
        row = (key, metadata, entry.content, refused, moment.isoformat(), feed, state)
        query = "INSERT OR IGNORE INTO entry VALUES (?,?,?,?,?,?,?) RETURNING 1"
        is_new = bool(self.frontier.db.execute(query, row).fetchall())
        if url and not self.frontier.knows(url):  # also an earlier entry, if the source's paths now include it
            self.offer(url, feed, 1)
        return is_new

    def _queue_older(self, link: str, waiting: Waiting, *, requeue: bool) -> None:
        """Queue an older document of a feed.

        With `requeue`, it is requested again if it was read before.
        """
        try:
            url = address_of(link, waiting.url)
        except TroubleError as trouble:
            self.note(waiting.url, trouble.cause, via=waiting.via, **trouble.detail)
            return
        if url is None or not self.scope.has_host(host_of(url)):
            self.note(waiting.url, "out of scope", to=link[:200])
        elif self.frontier.count("round", "feed documents", add=1) > MAX_DOCUMENTS:
            self.note(waiting.url, "endless list", limit=MAX_DOCUMENTS)
        elif requeue and self.frontier.knows(url):
            query = "UPDATE url SET state = 'waiting', due = 0, tries = 0 WHERE url = ? AND state = 'aside'"
            self.frontier.db.execute(query, (url,))
            self.enqueue_host(host_of(url))
        else:
            self.add_feed(url, waiting.url)

    def _follow_redirect(self, waiting: Waiting, target: str) -> None:
        try:
            url = address_of(target, waiting.url)
        except TroubleError:
            url = None
        if (
            url
            and self._is_feed(waiting.url)
            and waiting.redirects < MAX_REDIRECTS
            and self.scope.has_host(host_of(url))
        ):
            self.add_feed(url, waiting.url, waiting.redirects + 1)
            return
        if url:
            self.frontier.db.execute(_COPIED, (url, waiting.url))
        super()._follow_redirect(waiting, target)

    def _is_feed(self, url: str) -> bool:
        return self.frontier.db.execute("SELECT 1 FROM feed WHERE url = ?", (url,)).fetchone() is not None


class FeedCrawler(Crawler):
    """One session of collecting a source's feeds."""

    def _new_visits(self, source: Source) -> Visits:
        archives = source.collect.feeds is None or source.collect.feeds.archives
        self._feeds = FeedVisits(self.scope, self._frontier, self._archive, self._enqueue_host, archives)
        return self._feeds

    def _begin(self, *, new_round: bool) -> None:
        """Queue the feeds; in a new round also the pages that failed or were refused."""
        if new_round:
            self._frontier.new_round()
            requeue_failed = "UPDATE url SET state = 'waiting', due = 0, tries = 0 WHERE state IN ('failed', 'refused')"
            self._frontier.db.execute(requeue_failed)
            # Feeds that have moved are found by the redirect from the address that the source names.
            moved_feeds = "SELECT url FROM url JOIN feed USING (url) WHERE redirects > 0"
            for url in [*self.scope.start, *(str(row[0]) for row in self._frontier.db.execute(moved_feeds).fetchall())]:
                self._frontier.requeue(url)
        for url in self.scope.start:
            self._feeds.add_feed(url)

    def _end(self) -> None:
        """Write the texts of entries whose page doesn't exist or failed."""
        rows = self._frontier.db.execute("SELECT * FROM entry WHERE state = 'owed' ORDER BY rowid").fetchall()
        for row in rows:
            url = str(row["url"])
            fields = {
                "Content-Type": "text/html; charset=utf-8",
                OPT_OUTS: str(row["opt_outs"]),
                page_metadata.METADATA_FIELD: str(row["known"]),
            }
            moment = datetime.fromisoformat(row["time"]).astimezone(UTC)
            written = self._archive.append_record("resource", url, moment, str(row["content"]).encode(), fields)
            self._frontier.add_record(url, written, "text/html", 200)
            self._frontier.db.execute("UPDATE entry SET state = 'text' WHERE url = ?", (url,))
            self._frontier.count("round", "pages", add=1)
