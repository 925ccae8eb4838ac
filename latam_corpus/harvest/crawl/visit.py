"""What is made of an answer: records in the WARC, new addresses in the frontier, or a note why it is no page."""

from __future__ import annotations

import re
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Final, Protocol

from latam_corpus.catalog.harvest_tables import host_of
from latam_corpus.catalog.optout.opt_out import from_json, to_json
from latam_corpus.catalog.optout.page_opt_outs import header_opt_outs
from latam_corpus.harvest.crawl.answers import traps
from latam_corpus.harvest.crawl.answers.link_addresses import address_of
from latam_corpus.harvest.crawl.answers.page_content import read_answer
from latam_corpus.harvest.crawl.archived_page import recorded_page
from latam_corpus.harvest.crawl.causes import TroubleError
from latam_corpus.harvest.crawl.transport.warc_writer import payload_digest
from latam_corpus.harvest.crawl.withdrawals import GONE_STATUSES, withdraw_page

if TYPE_CHECKING:
    from collections.abc import Sequence

    from latam_corpus.catalog.harvest_tables import Crawl
    from latam_corpus.catalog.optout.opt_out import OptOut
    from latam_corpus.harvest.crawl.causes import Cause
    from latam_corpus.harvest.crawl.frontier import Frontier, State, Waiting
    from latam_corpus.harvest.crawl.transport.exchange import Exchange
    from latam_corpus.harvest.crawl.transport.warc_writer import Archive, Earlier, Written
    from latam_corpus.harvest.optout.site import Site

MAX_REDIRECTS: Final = 10
# Rows of `crawl.jsonl` for one cause at one host; the rest is counted.
MAX_NOTES: Final = 1000
_OK: Final = range(200, 300)
_MOVED: Final = (301, 302, 303, 307, 308)
_UNCHANGED: Final = 304
_NEVER: Final = datetime.min.replace(tzinfo=UTC)


class Waits(Protocol):
    """Told of each host that has a new address."""

    def __call__(self, host: str) -> None:
        """Note that the host has an address that waits."""


@dataclass(frozen=True)
class Visits:
    """The hands of a crawl: its scope, its memory, its files."""

    scope: Crawl
    frontier: Frontier
    archive: Archive
    waits: Waits

    def note(self, url: str, cause: Cause, *, via: str | None = None, **detail: object) -> None:
        """Count why an address gave no page, and write the first of each host and cause down."""
        self.frontier.count("cause", cause, add=1)
        if self.frontier.count("noted", f"{cause} {host_of(url)}", add=1) <= MAX_NOTES:
            row = {"time": datetime.now(UTC).isoformat(timespec="seconds"), "url": url, "cause": cause}
            self.archive.note(row | ({"via": via} if via else {}) | detail)

    def offer(self, link: str, base: str, depth: int, redirects: int = 0, *, is_list: bool = False) -> bool:
        """Let a link wait, if it is in the scope and in no trap; false for a redirect that leads out of the scope."""
        try:
            url = address_of(link, base)
            if url is None or not self.scope.has_host(host_of(url)):
                return False
            if self.frontier.knows(url):
                return True
            if not self.scope.has_path(url):
                self.frontier.count("cause", "excluded path", add=1)
                return True
            self._bound(url, depth, is_list=is_list)
        except TroubleError as trouble:
            self.note(_shown(link, base), trouble.cause, via=base, **trouble.detail)
            return True
        if self.frontier.add(url, depth, base, redirects):
            self.waits(host_of(url))
        return True

    def _bound(self, url: str, depth: int, *, is_list: bool) -> None:
        """Count an address that is new.

        Raises:
            TroubleError: there are too many of its kind, or of its host.
        """
        traps.check(url, depth, self.scope.max_depth, self.frontier)
        if is_list:
            traps.check_list(host_of(url), self.frontier)
        most = self.scope.max_addresses or 10_000 + 10 * self.scope.max_pages
        if self.frontier.addresses(host_of(url)) >= most:
            raise TroubleError("too many addresses", limit=most)

    def trapped(self, waiting: Waiting) -> bool:
        """Whether an address that was met earlier is known by now to be one of a trap; then it isn't asked for."""
        try:
            if self.scope.follow and not waiting.date:
                traps.check_wording(waiting.url, self.frontier)
        except TroubleError as trouble:
            self.note(waiting.url, trouble.cause, via=waiting.via, **trouble.detail)
            self.ended(waiting, "failed", trouble.cause)
            return True
        return False

    def shut_out(self, waiting: Waiting, site: Site) -> None:
        """Note that an address may not be asked for; the page that it gave, if it ever did, is refused from now on."""
        self.note(waiting.url, "shut out by robots", via=waiting.via)
        self._restate(waiting, site, [])
        self.ended(waiting, "refused", "shut out by robots")

    def conditions(self, waiting: Waiting, site: Site) -> dict[str, str]:
        """Return the headers by which a server may answer that nothing has changed."""
        return conditions(waiting, site)

    def ended(self, waiting: Waiting, state: State, why: str) -> None:
        """Note that an address gave no page, and isn't asked for again in this round.

        Args:
            waiting: the address.
            state: what became of it.
            why: the cause, or `status` and its number.
        """
        del why
        self.frontier.done(waiting.url, state)

    def page_metadata(self, url: str) -> str | None:
        """Return what is known of a page from elsewhere, as `collect.web_archives.page_metadata` writes it."""
        del url
        return None

    def answered(self, waiting: Waiting, answer: Exchange, site: Site, *, conditional: bool) -> bool:
        """Make of an answer what it is; true for a page.

        Args:
            waiting: the address.
            answer: what its server said.
            site: what its site's files say.
            conditional: whether it was asked for on the condition that it has changed.

        Raises:
            TroubleError: it can't be used; nothing was written then.
        """
        if answer.status == _UNCHANGED and waiting.earlier:
            if conditional and _news(waiting, answer):
                self.frontier.forget_conditions(waiting.url)
                return False
            if conditional:
                self._visited(waiting, answer, [], waiting.earlier, "warc/revisit")
                return True
            # A server that says so whatever it is asked.
            self._restate(waiting, site, header_opt_outs(answer.lower_headers, waiting.url, answer.time))
        if answer.status in _OK:
            return self._good(waiting, answer, site)
        self._write(waiting, answer, None, None, media_of(answer))
        if answer.status in _MOVED and (target := answer.location):
            self._moved(waiting, target)
            self.frontier.done(waiting.url, "aside")
        elif answer.status in GONE_STATUSES and (waiting.earlier or (waiting.date and self.scope.gone == "withdraw")):
            self._left(waiting, answer)
        else:
            self.note(waiting.url, "error status", via=waiting.via, status=answer.status)
            self.ended(waiting, "failed", f"status {answer.status}")
        return False

    def _left(self, waiting: Waiting, answer: Exchange) -> None:
        """Note that a page that was had is gone: it is listed, and taken back where the source says so."""
        self.note(waiting.url, "gone", via=waiting.via, status=answer.status, read=waiting.date)
        withdraw = self.scope.gone == "withdraw"
        if withdraw and waiting.earlier:
            known = datetime.fromisoformat(waiting.earlier.date) + timedelta(seconds=1)
            withdraw_page(self.archive, waiting.url, answer.status, max(answer.time, known))
        self.ended(waiting, "gone", f"status {answer.status}")
        self.frontier.left(waiting.url, withdrawn=withdraw)

    def _restate(self, waiting: Waiting, site: Site, sent: Sequence[OptOut]) -> None:
        """Write a page that can't be had again under the terms that hold now, if they are others.

        Args:
            waiting: its address.
            site: what its site's files say now.
            sent: what its server has said of it meanwhile.
        """
        earlier = waiting.earlier
        location = self.frontier.record_location(waiting.url, earlier) if earlier else None
        if earlier is None or location is None:
            return
        # What the page itself said holds on; what its site's files said was read anew.
        own = [one for one in from_json(waiting.opt_outs or "[]") if one.address not in site.files]
        by_kind = {(one.signal, one.value, one.address): one for one in (*own, *sent, *site.opt_outs(waiting.url))}
        words = _words(sorted(by_kind.values()))
        if words == waiting.opt_outs:
            return
        page = recorded_page(self.archive.path(location[0]), location[1])
        moments = {(one.signal, one.value, one.address): one.time for one in page.opt_outs}
        now = datetime.now(UTC)
        opt_outs = [
            replace(one, time=moments.get(key, now)) if one.time == _NEVER else one for key, one in by_kind.items()
        ]
        self.archive.restate(waiting.url, earlier, page, sorted(opt_outs), now)
        self.frontier.restated(waiting.url, words)

    def _moved(self, waiting: Waiting, target: str) -> None:
        if waiting.redirects >= MAX_REDIRECTS:
            self.note(waiting.url, "too many redirects", via=waiting.via, to=target[:200])
        elif not self.offer(target, waiting.url, waiting.depth, waiting.redirects + 1):
            self.note(waiting.url, "redirect out of scope", via=waiting.via, to=_shown(target, waiting.url))

    def _good(self, waiting: Waiting, answer: Exchange, site: Site) -> bool:
        """Write a page, a sitemap or a feed, and let what it links to wait; true for a page."""
        content = read_answer(waiting.url, answer, site, self.scope.max_page_bytes)
        if content.kind is None:
            self._write(waiting, answer, None, None, media_of(answer))
            self.frontier.done(waiting.url, "aside")
        else:
            earlier = waiting.earlier
            same = earlier is not None and earlier.digest == payload_digest(answer.body)
            same = same and waiting.opt_outs == _words(content.opt_outs)
            if earlier is None and self.frontier.has_digest(payload_digest(answer.body)):
                self.frontier.count("same", traps.shape_of(waiting.url), add=1)
            if content.wording and self.scope.follow and not waiting.date:
                traps.read_wording(waiting.url, self.frontier, known=self.frontier.has_wording(content.wording))
            self._visited(waiting, answer, content.opt_outs, earlier if same else None, content.kind)
        for kind, links in content.links:
            for link in links if kind in self.scope.follow else ():
                self.offer(link, waiting.url, waiting.depth + 1)
        for link in content.lists if "sitemaps" in self.scope.follow else ():
            self.offer(link, waiting.url, waiting.depth + 1, is_list=True)
        if content.left_out:
            self.note(waiting.url, "too many links", via=waiting.via, left_out=content.left_out)
        return content.kind is not None

    def _visited(
        self, waiting: Waiting, answer: Exchange, opt_outs: Sequence[OptOut], earlier: Earlier | None, mime: str
    ) -> None:
        """Write a page, and remember by what a change of it is seen."""
        written = self._write(waiting, answer, opt_outs, earlier, mime)
        etag, modified = answer.header("etag"), answer.header("last-modified")
        self.frontier.visited(waiting.url, written, etag, modified, _words(opt_outs))

    def _write(
        self, waiting: Waiting, answer: Exchange, opt_outs: Sequence[OptOut] | None, earlier: Earlier | None, mime: str
    ) -> Written:
        about = [("hopsFromStart", str(waiting.depth)), *([("via", waiting.via)] if waiting.via else [])]
        known = None if opt_outs is None else self.page_metadata(waiting.url)
        written = self.archive.write(answer, about, opt_outs, earlier, known)
        self.frontier.index(waiting.url, written, mime, answer.status)
        return written


def _news(waiting: Waiting, answer: Exchange) -> bool:
    """Whether an answer without a page refuses what the page, when it was read, did not."""
    known = {(one.signal, one.value) for one in from_json(waiting.opt_outs or "[]")}
    now = header_opt_outs(answer.lower_headers, waiting.url, answer.time)
    return not {(one.signal, one.value) for one in now} <= known


def conditions(waiting: Waiting, site: Site) -> dict[str, str]:
    """Return the headers by which a server may answer that nothing has changed.

    None where the site's files refuse another thing now than when the page was read: its record then says what no
    longer holds, and is written anew.
    """
    if waiting.earlier is None:
        return {}
    read = {(one.signal, one.value) for one in from_json(waiting.opt_outs or "[]") if one.address != waiting.url}
    if read != {(one.signal, one.value) for one in site.opt_outs(waiting.url)}:
        return {}
    return if_changed(waiting)


def if_changed(waiting: Waiting) -> dict[str, str]:
    """Return the headers by the address's last ETag and date, as far as it gave them."""
    headers = {"If-None-Match": waiting.etag, "If-Modified-Since": waiting.modified}
    return {name: value for name, value in headers.items() if value}


def _words(opt_outs: Sequence[OptOut]) -> str:
    """Return what is refused, without when it was read: by it a change is seen."""
    return to_json([replace(one, time=_NEVER) for one in opt_outs])


def media_of(answer: Exchange) -> str:
    """Return the media type that the answer states, as the index has it."""
    return answer.header("content-type").partition(";")[0].strip().lower() or "unk"


def _shown(link: str, base: str) -> str:
    """Return the link as it may be written down: without a password, not endless."""
    whole = link if "://" in link else base
    return re.sub(r"(?i)(https?://)[^/?#]*@", r"\1", whole)[:300]
