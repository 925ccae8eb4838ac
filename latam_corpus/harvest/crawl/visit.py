"""Turns each response into WARC records, new addresses in the frontier, or a logged cause.

If the server answers 404 or 410 for an address that gave a page before, the page was removed. Pages are removed for
many reasons, and the owner's wish is only one of them. The document is therefore kept, as in an archive, unless the
source sets `gone = "withdraw"`; then it is withdrawn, like a deleted record of a repository.
"""

from __future__ import annotations

import json
import re
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from http import HTTPStatus
from typing import TYPE_CHECKING, Final

from latam_corpus.catalog.harvest_tables import host_of
from latam_corpus.catalog.optout.opt_out import from_json, to_json
from latam_corpus.catalog.optout.page_opt_outs import header_opt_outs
from latam_corpus.collect.web_archives import page_metadata
from latam_corpus.harvest.crawl.answers import traps
from latam_corpus.harvest.crawl.answers.link_addresses import address_of
from latam_corpus.harvest.crawl.answers.page_content import read_answer
from latam_corpus.harvest.crawl.archived_page import EarlierRecord, recorded_page
from latam_corpus.harvest.crawl.causes import TroubleError
from latam_corpus.harvest.crawl.transport.warc_writer import payload_digest
from latam_corpus.storage import durable

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Sequence
    from pathlib import Path

    from latam_corpus.catalog.harvest_tables import Crawl
    from latam_corpus.catalog.optout.opt_out import OptOut
    from latam_corpus.harvest.crawl.causes import Cause
    from latam_corpus.harvest.crawl.frontier import Frontier, State, Waiting
    from latam_corpus.harvest.crawl.transport.exchange import Exchange
    from latam_corpus.harvest.crawl.transport.warc_writer import Archive, WrittenRecord
    from latam_corpus.harvest.optout.site import Site


GONE_STATUSES: Final = (404, 410)
MAX_REDIRECTS: Final = 10
# Maximum rows of `crawl.jsonl` for one cause at one host; further ones are only counted.
MAX_NOTES: Final = 1000
_MOVED: Final = (301, 302, 303, 307, 308)
_NEVER: Final = datetime.min.replace(tzinfo=UTC)


def withdraw_page(archive: Archive, url: str, status: int, moment: datetime) -> None:
    """Write a record that makes runs drop the page's row, with the reason `withdrawn`.

    `moment`, in UTC, must be later than the page's record.
    """
    reason = f"status {status}"
    metadata = page_metadata.to_json({"url": url, "cause": "withdrawn", "told": reason})
    fields = {"Content-Type": "application/warc-fields", page_metadata.METADATA_FIELD: metadata}
    archive.append_record("metadata", url, moment, f"cause: gone\r\ntold: {reason}\r\n".encode(), fields)


def write_gone_pages(path: Path, source_id: str, pages: Iterable[tuple[str, str, bool]]) -> None:
    """Write the list of removed pages, a JSON line per page; without pages, an existing file is emptied.

    `pages` has the address of each page, the date it was last read, and whether it was withdrawn.
    """
    rows = [
        {"source_id": source_id, "url": url, "read": read, "withdrawn": withdrawn} for url, read, withdrawn in pages
    ]
    if rows or path.exists():
        durable.replace(path, "".join(json.dumps(row, ensure_ascii=False) + "\n" for row in rows).encode())


@dataclass(frozen=True)
class Visits:
    """Handles responses: writes them, queues their links and logs their causes.

    Attributes:
        scope: decides which addresses belong to the source.
        enqueue_host: a function that is called with the host of each new address.
    """

    scope: Crawl
    frontier: Frontier
    archive: Archive
    enqueue_host: Callable[[str], None]

    def note(self, url: str, cause: Cause, *, via: str | None = None, **detail: object) -> None:
        """Count the cause for which an address gave no page, and log the first `MAX_NOTES` of each host and cause."""
        self.frontier.count("cause", cause, add=1)
        if self.frontier.count("noted", f"{cause} {host_of(url)}", add=1) <= MAX_NOTES:
            row = {"time": datetime.now(UTC).isoformat(timespec="seconds"), "url": url, "cause": cause}
            self.archive.note(row | ({"via": via} if via else {}) | detail)

    def offer(self, link: str, base: str, depth: int, redirects: int = 0, *, is_list: bool = False) -> bool:
        """Queue a link unless it is excluded or in a trap; return false if it leaves the source.

        `base` is the address of the page with the link; `is_list` means that the link leads to a sitemap.
        """
        try:
            url = address_of(link, base)
            if url is None or not self.scope.has_host(host_of(url)):
                return False
            if self.frontier.knows(url):
                return True
            if not self.scope.has_path(url):
                self.frontier.count("cause", "excluded path", add=1)
                return True
            self._check_limits(url, depth, is_list=is_list)
        except TroubleError as trouble:
            self.note(_loggable(link, base), trouble.cause, via=base, **trouble.detail)
            return True
        if self.frontier.add(url, depth, base, redirects):
            self.enqueue_host(host_of(url))
        return True

    def _check_limits(self, url: str, depth: int, *, is_list: bool) -> None:
        """Count a new address."""
        traps.check(url, depth, self.scope.max_depth, self.frontier)
        if is_list:
            traps.check_list(host_of(url), self.frontier)
        limit = self.scope.max_addresses or 10_000 + 10 * self.scope.max_pages
        if self.frontier.address_count(host_of(url)) >= limit:
            raise TroubleError("too many addresses", limit=limit)

    def trapped(self, waiting: Waiting) -> bool:
        """Log and fail an address that has turned out to be part of a trap; return whether it has."""
        try:
            if self.scope.follow and not waiting.date:
                traps.check_wording(waiting.url, self.frontier)
        except TroubleError as trouble:
            self.note(waiting.url, trouble.cause, via=waiting.via, **trouble.detail)
            self.ended(waiting, "failed", trouble.cause)
            return True
        return False

    def shut_out(self, waiting: Waiting, site: Site) -> None:
        """Mark an address as refused by robots.txt; its earlier page gets the new opt-outs."""
        self.note(waiting.url, "shut out by robots", via=waiting.via)
        self._restate(waiting, site, [])
        self.ended(waiting, "refused", "shut out by robots")

    def conditions(self, waiting: Waiting, site: Site) -> dict[str, str]:
        """Return the headers of a conditional request; none if the site's opt-outs have changed since the last visit.

        The unconditional request then leads to a record with the current opt-outs.
        """
        if waiting.earlier is None:
            return {}
        recorded = from_json(waiting.opt_outs or "[]")
        earlier = {(opt_out.signal, opt_out.value) for opt_out in recorded if opt_out.address != waiting.url}
        if earlier != {(opt_out.signal, opt_out.value) for opt_out in site.opt_outs(waiting.url)}:
            return {}
        return if_changed(waiting)

    def ended(self, waiting: Waiting, state: State, why: str) -> None:
        """Record that an address gave no page and isn't requested again in this round.

        `why` is the cause, or `status` and its number; subclasses use it.
        """
        del why
        self.frontier.set_state(waiting.url, state)

    def page_metadata(self, url: str) -> str | None:
        """Return a page's metadata from a feed or catalogue, as `page_metadata.to_json` writes it, or None."""
        del url
        return None

    def handle(self, waiting: Waiting, answer: Exchange, site: Site, *, conditional: bool) -> bool:
        """Handle a response; return whether it is a page.

        Raises:
            TroubleError: the response can't be used, and nothing was written.
        """
        if answer.status == HTTPStatus.NOT_MODIFIED and waiting.earlier:
            if conditional and _has_new_opt_outs(waiting, answer):
                self.frontier.forget_conditions(waiting.url)
                return False
            if conditional:
                self._write_page(waiting, answer, [], waiting.earlier, "warc/revisit")
                return True
            # The server answered 304 to an unconditional request.
            self._restate(waiting, site, header_opt_outs(answer.lower_headers, waiting.url, answer.time))
        if answer.is_success:
            return self._handle_content(waiting, answer, site)
        self._write(waiting, answer, None, None, media_of(answer))
        if answer.status in _MOVED and (target := answer.location):
            self._follow_redirect(waiting, target)
            self.frontier.set_state(waiting.url, "aside")
        elif answer.status in GONE_STATUSES and (waiting.earlier or (waiting.date and self.scope.gone == "withdraw")):
            self._handle_gone(waiting, answer)
        else:
            self.note(waiting.url, "error status", via=waiting.via, status=answer.status)
            self.ended(waiting, "failed", f"status {answer.status}")
        return False

    def _handle_gone(self, waiting: Waiting, answer: Exchange) -> None:
        """Log a removed page, and withdraw it if the source requires that."""
        self.note(waiting.url, "gone", via=waiting.via, status=answer.status, read=waiting.date)
        withdraw = self.scope.gone == "withdraw"
        if withdraw and waiting.earlier:
            earliest = datetime.fromisoformat(waiting.earlier.date) + timedelta(seconds=1)
            withdraw_page(self.archive, waiting.url, answer.status, max(answer.time, earliest))
        self.ended(waiting, "gone", f"status {answer.status}")
        self.frontier.mark_gone(waiting.url, withdrawn=withdraw)

    def _restate(self, waiting: Waiting, site: Site, sent: Sequence[OptOut]) -> None:
        """Write an earlier page again with its current opt-outs, if they have changed and the page can't be requested.

        `sent` are opt-outs that the server has sent since.
        """
        earlier = waiting.earlier
        location = self.frontier.record_location(waiting.url, earlier) if earlier else None
        if earlier is None or location is None:
            return
        # The page's own opt-outs still apply; the site's files were read again.
        page_opt_outs = [row for row in from_json(waiting.opt_outs or "[]") if row.address not in site.files]
        by_key = {
            (row.signal, row.value, row.address): row for row in (*page_opt_outs, *sent, *site.opt_outs(waiting.url))
        }
        timeless = _without_times(sorted(by_key.values()))
        if timeless == waiting.opt_outs:
            return
        page = recorded_page(self.archive.path(location[0]), location[1])
        moments = {(row.signal, row.value, row.address): row.time for row in page.opt_outs}
        now = datetime.now(UTC)
        opt_outs = [
            replace(row, time=moments.get(key, now)) if row.time == _NEVER else row for key, row in by_key.items()
        ]
        self.archive.restate(waiting.url, earlier, page, sorted(opt_outs), now)
        self.frontier.update_opt_outs(waiting.url, timeless)

    def _follow_redirect(self, waiting: Waiting, target: str) -> None:
        if waiting.redirects >= MAX_REDIRECTS:
            self.note(waiting.url, "too many redirects", via=waiting.via, to=target[:200])
        elif not self.offer(target, waiting.url, waiting.depth, waiting.redirects + 1):
            self.note(waiting.url, "redirect out of scope", via=waiting.via, to=_loggable(target, waiting.url))

    def _handle_content(self, waiting: Waiting, answer: Exchange, site: Site) -> bool:
        """Write a page, a sitemap or a feed, and queue its links; return whether it is a page."""
        content = read_answer(waiting.url, answer, site, self.scope.max_page_bytes)
        if content.kind is None:
            self._write(waiting, answer, None, None, media_of(answer))
            self.frontier.set_state(waiting.url, "aside")
        else:
            earlier = waiting.earlier
            unchanged = earlier is not None and earlier.digest == payload_digest(answer.body)
            unchanged = unchanged and waiting.opt_outs == _without_times(content.opt_outs)
            if earlier is None and self.frontier.has_digest(payload_digest(answer.body)):
                self.frontier.count("same", traps.shape_of(waiting.url), add=1)
            if content.wording and self.scope.follow and not waiting.date:
                traps.count_wording(waiting.url, self.frontier, repeated=self.frontier.seen_wording(content.wording))
            self._write_page(waiting, answer, content.opt_outs, earlier if unchanged else None, content.kind)
        for kind, links in content.links:
            for link in links if kind in self.scope.follow else ():
                self.offer(link, waiting.url, waiting.depth + 1)
        for link in content.lists if "sitemaps" in self.scope.follow else ():
            self.offer(link, waiting.url, waiting.depth + 1, is_list=True)
        if content.left_out:
            self.note(waiting.url, "too many links", via=waiting.via, left_out=content.left_out)
        return content.kind is not None

    def _write_page(
        self, waiting: Waiting, answer: Exchange, opt_outs: Sequence[OptOut], earlier: EarlierRecord | None, mime: str
    ) -> None:
        """Write a page, and store the facts with which a later visit detects a change."""
        written = self._write(waiting, answer, opt_outs, earlier, mime)
        etag, modified = answer.header("etag"), answer.header("last-modified")
        self.frontier.record_visit(waiting.url, written, etag, modified, _without_times(opt_outs))

    def _write(
        self,
        waiting: Waiting,
        answer: Exchange,
        opt_outs: Sequence[OptOut] | None,
        earlier: EarlierRecord | None,
        mime: str,
    ) -> WrittenRecord:
        fields = [("hopsFromStart", str(waiting.depth)), *([("via", waiting.via)] if waiting.via else [])]
        metadata = None if opt_outs is None else self.page_metadata(waiting.url)
        written = self.archive.write(answer, fields, opt_outs, earlier, metadata)
        self.frontier.add_record(waiting.url, written, mime, answer.status)
        return written


def _has_new_opt_outs(waiting: Waiting, answer: Exchange) -> bool:
    """Return whether a 304 response has opt-outs that the recorded page lacks."""
    recorded = {(opt_out.signal, opt_out.value) for opt_out in from_json(waiting.opt_outs or "[]")}
    sent = header_opt_outs(answer.lower_headers, waiting.url, answer.time)
    return not {(opt_out.signal, opt_out.value) for opt_out in sent} <= recorded


def if_changed(waiting: Waiting) -> dict[str, str]:
    """Return the headers of a conditional request with the last ETag and date of the address, if any."""
    headers = {"If-None-Match": waiting.etag, "If-Modified-Since": waiting.modified}
    return {name: value for name, value in headers.items() if value}


def _without_times(opt_outs: Sequence[OptOut]) -> str:
    """Return opt-outs as JSON without their times, so that equal refusals compare equal."""
    return to_json([replace(opt_out, time=_NEVER) for opt_out in opt_outs])


def media_of(answer: Exchange) -> str:
    """Return the media type that the response states; without one, `unk`, as in indexes."""
    return answer.header("content-type").partition(";")[0].strip().lower() or "unk"


def _loggable(link: str, base: str) -> str:
    """Return the link without a password, cut to 300 characters."""
    address = link if "://" in link else base
    return re.sub(r"(?i)(https?://)[^/?#]*@", r"\1", address)[:300]
