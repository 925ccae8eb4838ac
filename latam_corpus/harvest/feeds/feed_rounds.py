"""A crawl of feeds: the feeds in each round, an entry's page once, and its text from the feed where the page fails."""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Final
from urllib.parse import quote

from latam_corpus.catalog.harvest_tables import host_of
from latam_corpus.catalog.optout.opt_out import OPT_OUTS, from_json, root_of, to_json
from latam_corpus.catalog.optout.page_opt_outs import header_opt_outs
from latam_corpus.collect.web_archives import page_metadata
from latam_corpus.harvest.crawl.answers.link_addresses import address_of
from latam_corpus.harvest.crawl.answers.links import unpacked
from latam_corpus.harvest.crawl.answers.sandboxed_parsing import parsed
from latam_corpus.harvest.crawl.causes import TroubleError
from latam_corpus.harvest.crawl.visit import MAX_REDIRECTS, Visits, if_changed, media_of
from latam_corpus.harvest.crawl.website import Crawler
from latam_corpus.harvest.feeds.entries import feed_of
from latam_corpus.harvest.optout.site import Site

if TYPE_CHECKING:
    from latam_corpus.catalog.source import Source
    from latam_corpus.harvest.crawl.frontier import State, Waiting
    from latam_corpus.harvest.crawl.transport.exchange import Exchange
    from latam_corpus.harvest.feeds.entries import Entry

# Documents of feeds that are read in one round; the archive of twenty years has 240 months.
MAX_DOCUMENTS: Final = 1000
_UNCHANGED: Final = 304
# Why a page may be replaced by the text that its feed brings: its server can't give it. A page that is gone, shut or
# refused was taken back or is not for us, and stays out.
_UNABLE: Final = re.compile(
    r"status 5\d\d|no connection|timed out|malformed response|too large|unpacks too large|damaged encoding"
    r"|bad certificate|server busy"
)
# `state` is `page` while only the page may be written, `owed` when the text is to be taken from the feed.
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
    """What is made of the answers for feeds and for their entries' pages."""

    archives: bool = True

    def __post_init__(self) -> None:
        for statement in _TABLES.split(";"):
            self.frontier.db.execute(statement)

    def add_feed(self, url: str, via: str | None = None, redirects: int = 0) -> None:
        """Let a document of a feed wait, if it is new."""
        self.frontier.db.execute("INSERT OR IGNORE INTO feed VALUES (?)", (url,))
        if self.frontier.add(url, 0, via, redirects):
            self.waits(host_of(url))

    def conditions(self, waiting: Waiting, site: Site) -> dict[str, str]:
        """Return a feed is asked for on the condition that it has changed; so is a page that is asked for again."""
        if not self._is_feed(waiting.url):
            return super().conditions(waiting, site)
        return if_changed(waiting)

    def page_metadata(self, url: str) -> str | None:
        """Return what the feed says of the entry with this page."""
        row = self.frontier.db.execute("SELECT known FROM entry WHERE url = ?", (url,)).fetchone()
        return None if row is None else str(row[0])

    def ended(self, waiting: Waiting, state: State, why: str) -> None:
        """Note that a page that its server couldn't give is owed from the feed."""
        super().ended(waiting, state, why)
        db = self.frontier.db
        if not (state == "failed" and _UNABLE.fullmatch(why)):
            # Owed since an earlier attempt, and refused by now.
            db.execute("UPDATE entry SET state = 'page' WHERE url = ? AND state = 'owed'", (waiting.url,))
            return
        query = "SELECT opt_outs FROM entry WHERE url = ? AND state IN ('page', 'owed') AND content IS NOT NULL"
        if (row := db.execute(query, (waiting.url,)).fetchone()) is None:
            return
        # What the page's site says goes with the text: its files may be out of date when that is written.
        root = root_of(waiting.url)
        refused = {*from_json(row["opt_outs"]), *Site(root, self.frontier.files(root, 0.0)).opt_outs(waiting.url)}
        owed = "UPDATE entry SET state = 'owed', opt_outs = ? WHERE url = ?"
        db.execute(owed, (to_json(sorted(refused)), waiting.url))

    def answered(self, waiting: Waiting, answer: Exchange, site: Site, *, conditional: bool) -> bool:
        """Return a feed that hasn't changed has no new entry."""
        if answer.status == _UNCHANGED and self._is_feed(waiting.url):
            self._write(waiting, answer, None, None, media_of(answer))
            self.frontier.done(waiting.url, "aside")
            return False
        is_page = super().answered(waiting, answer, site, conditional=conditional)
        if is_page:  # the text in the feed isn't needed any more
            got = "UPDATE entry SET content = NULL, state = 'page' WHERE url = ?"
            self.frontier.db.execute(got, (waiting.url,))
        return is_page

    def _good(self, waiting: Waiting, answer: Exchange, site: Site) -> bool:
        if not self._is_feed(waiting.url):
            return super()._good(waiting, answer, site)
        try:
            feed = parsed(feed_of, unpacked(answer.payload(self.scope.max_page_bytes)), waiting.url)
        except TroubleError:
            raise
        except Exception as error:  # noqa: BLE001  (the document boundary: what a stranger sends breaks one feed alone)
            raise TroubleError("malformed response", f"{type(error).__name__}: {error}"[:200]) from None
        self._write(waiting, answer, None, None, media_of(answer))
        refused = to_json(
            sorted({*header_opt_outs(answer.lower_headers, waiting.url, answer.time), *site.opt_outs(waiting.url)})
        )
        new = [self._entry(one, waiting.url, refused, answer.time) for one in feed.entries].count(True)
        etag, modified = answer.header("etag") or None, answer.header("last-modified") or None
        query = "UPDATE url SET state = 'aside', tries = 0, etag = ?, modified = ? WHERE url = ?"
        self.frontier.db.execute(query, (etag, modified, waiting.url))
        if self.archives:
            for link in feed.archives:
                self._older(link, waiting, again=False)
            # Pages move on as entries come; behind one on which nothing is new, nothing is.
            for link in feed.next_pages if new else ():
                self._older(link, waiting, again=True)
        return False

    def _entry(self, entry: Entry, feed: str, refused: str, moment: datetime) -> bool:
        """Let an entry's page wait; true for an entry that is new."""
        known = {"title": entry.title, "creators": entry.creators, "published": entry.published, "rights": entry.rights}
        try:
            url = address_of(entry.link, feed) if entry.link else None
        except TroubleError as trouble:
            self.note(feed, trouble.cause, via=None, **trouble.detail)
            return False
        named = entry.content and entry.id and len(entry.id) <= page_metadata.LONGEST_ID
        if url is None and (entry.link or not named):
            return False
        if url and not self.scope.has_host(host_of(url)):
            self.note(url, "out of scope", via=feed)
            return False
        # What has no page is its text in the feed.
        key, state = (url, "page") if url else (f"{feed}#{quote(entry.id)}", "owed")
        metadata = page_metadata.to_json(known if url else {**known, "id": entry.id})
        row = (key, metadata, entry.content, refused, moment.isoformat(), feed, state)
        query = "INSERT OR IGNORE INTO entry VALUES (?,?,?,?,?,?,?) RETURNING 1"
        new = bool(self.frontier.db.execute(query, row).fetchall())
        if url and not self.frontier.knows(url):  # one of an earlier round, too, if the source's paths are wider now
            self.offer(url, feed, 1)
        return new

    def _older(self, link: str, waiting: Waiting, *, again: bool) -> None:
        try:
            url = address_of(link, waiting.url)
        except TroubleError as trouble:
            self.note(waiting.url, trouble.cause, via=waiting.via, **trouble.detail)
            return
        if url is None or not self.scope.has_host(host_of(url)):
            self.note(waiting.url, "out of scope", to=link[:200])
        elif self.frontier.count("round", "feed documents", add=1) > MAX_DOCUMENTS:
            self.note(waiting.url, "endless list", limit=MAX_DOCUMENTS)
        elif again and self.frontier.knows(url):
            query = "UPDATE url SET state = 'waiting', due = 0, tries = 0 WHERE url = ? AND state = 'aside'"
            self.frontier.db.execute(query, (url,))
            self.waits(host_of(url))
        else:
            self.add_feed(url, waiting.url)

    def _moved(self, waiting: Waiting, target: str) -> None:
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
        super()._moved(waiting, target)

    def _is_feed(self, url: str) -> bool:
        return self.frontier.db.execute("SELECT 1 FROM feed WHERE url = ?", (url,)).fetchone() is not None


class FeedCrawler(Crawler):
    """One session of a source of feeds."""

    def _new_visits(self, source: Source) -> Visits:
        archives = source.collect.feeds is None or source.collect.feeds.archives
        self._feeds = FeedVisits(self.scope, self._frontier, self._archive, self._waits, archives)
        return self._feeds

    def _begin(self, *, again: bool) -> None:
        """Read the feeds; in a new round also ask again for pages that couldn't be had."""
        if again:
            self._frontier.new_round()
            retried = "UPDATE url SET state = 'waiting', due = 0, tries = 0 WHERE state IN ('failed', 'refused')"
            self._frontier.db.execute(retried)
            # Feeds moved to other addresses are found by the redirect from the one that the source names.
            moved = "SELECT url FROM url JOIN feed USING (url) WHERE redirects > 0"
            for url in [*self.scope.start, *(str(row[0]) for row in self._frontier.db.execute(moved).fetchall())]:
                self._frontier.once_more(url)
        for url in self.scope.start:
            self._feeds.add_feed(url)

    def _end(self) -> None:
        """Write the texts of entries without a page."""
        rows = self._frontier.db.execute("SELECT * FROM entry WHERE state = 'owed' ORDER BY rowid").fetchall()
        for row in rows:
            url = str(row["url"])
            fields = {
                "Content-Type": "text/html; charset=utf-8",
                OPT_OUTS: str(row["opt_outs"]),
                page_metadata.METADATA_FIELD: str(row["known"]),
            }
            moment = datetime.fromisoformat(row["time"]).astimezone(UTC)
            written = self._archive.state("resource", url, moment, str(row["content"]).encode(), fields)
            self._frontier.index(url, written, "text/html", 200)
            self._frontier.db.execute("UPDATE entry SET state = 'text' WHERE url = ?", (url,))
            self._frontier.count("round", "pages", add=1)
