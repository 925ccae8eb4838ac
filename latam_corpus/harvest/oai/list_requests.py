"""Requests for the lists of a repository: token by token, restarted after a broken token, with limits."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Final

from latam_corpus.catalog.harvest_tables import host_of
from latam_corpus.collect.documents.mapping import as_time
from latam_corpus.harvest.crawl.visit import Visits
from latam_corpus.harvest.oai.memory import Memory, RecordList
from latam_corpus.harvest.oai.replies import request_url

if TYPE_CHECKING:
    from datetime import datetime

    from latam_corpus.catalog.harvest_tables import Oai
    from latam_corpus.harvest.crawl.causes import Cause
    from latam_corpus.harvest.crawl.frontier import Waiting
    from latam_corpus.harvest.oai.replies import OaiRecord, Reply

# Maximum consecutive replies without a new record; some repositories send a few empty ones.
MAX_IDLE: Final = 10
# Tokens expire, so they are used before texts are fetched, unless this many records are waiting for their texts.
MAX_AHEAD: Final = 10_000
# Maximum characters of a request: servers accept at most 8 kB, and WARC records store addresses in their fields.
MAX_REQUEST: Final = 8000
_MAX_RESTARTS: Final = 1
_DAY: Final = len("2026-01-31")


@dataclass(frozen=True)
class Lists(Visits):
    """Handles the replies of a repository, except for their records.

    Attributes:
        ahead: from this number of waiting texts on, tokens no longer come first.
    """

    oai: Oai = field(kw_only=True)
    ahead: int = field(kw_only=True, default=MAX_AHEAD)
    memory: Memory = field(init=False)

    def __post_init__(self) -> None:
        object.__setattr__(self, "memory", Memory(self.frontier.db))

    def record(self, record: OaiRecord, tag: int, moment: datetime) -> bool:
        """Handle a record; return whether it is new in this attempt at the list.

        `tag` is the number of the attempt; `moment` is when the list was requested, in UTC.
        """
        raise NotImplementedError

    def queue_request(
        self, url: str, list_name: str | None, tag: int, *, first: bool = True, via: str | None = None
    ) -> bool:
        """Queue a request; return false if this attempt has made it already.

        `list_name` is None for `Identify`; with `first`, it is put before all texts.
        """
        if not self.memory.is_new(url, list_name, tag):
            return False
        if not self.frontier.add(url, 0, via, first=first):
            self.frontier.requeue_afresh(url)
        self.enqueue_host(host_of(url))
        return True

    def identify(self, tag: int) -> None:
        """Queue the request `Identify`, whose reply leads to the lists."""
        self.queue_request(request_url(self.oai.address, "Identify"), None, tag)

    def handle_identify(self, waiting: Waiting, reply: Reply, tag: int) -> None:
        """Queue the first request of each list as a separate attempt, since a record may be new in several lists."""
        for code, message in reply.errors:
            self.note(waiting.url, "repository error", code=code, told=message)
        seconds = "ss" in reply.granularity
        # In reverse, since each request is queued before the earlier ones.
        for list_tag, name in enumerate(reversed(self.oai.sets or ("",)), tag):
            previous = self.memory.record_list(name)
            since = previous.since if previous else _datestamp(self.oai.since, seconds=seconds, clock="00:00:00")
            if previous and previous.complete and previous.moment:
                since = previous.moment if seconds else previous.moment[:_DAY]
            self.memory.store_list(RecordList(name, since, None, list_tag))
            until = _datestamp(self.oai.until, seconds=seconds, clock="23:59:59")
            limits = {"from": since, "until": until, "set": name}
            url = request_url(self.oai.address, "ListRecords", metadataPrefix=self.oai.prefix, **limits)
            self.queue_request(url, name, list_tag)

    def handle_list(self, waiting: Waiting, reply: Reply, listing: RecordList, moment: datetime) -> None:
        """Handle a part of a list and queue the request for the next part."""
        listing = replace(listing, moment=listing.moment or self._complete_until(reply, moment))
        problems = [(code, message) for code, message in reply.errors if code != "noRecordsMatch"]
        for code, message in problems:
            cause: Cause = "broken token" if code == "badResumptionToken" else "repository error"
            self.note(waiting.url, cause, code=code, told=message)
        if any(code == "badResumptionToken" for code, _ in problems) and listing.restarts < _MAX_RESTARTS:
            self._restart(listing)
            return
        new_records = [self.record(record, listing.tag, moment) for record in reply.records].count(True)
        idle = 0 if new_records else listing.idle + 1
        listing = replace(listing, idle=idle, complete=not reply.token and not problems)
        self.memory.store_list(listing)
        if not reply.token or problems:
            return
        record_count = self.frontier.count("round", "records", add=len(reply.records))
        url = request_url(self.oai.address, "ListRecords", resumptionToken=reply.token)
        if len(url) > MAX_REQUEST:
            self.note(waiting.url, "broken token", told=f"a request of {len(url):,} characters")
        elif record_count >= self.oai.max_records:
            self.note(waiting.url, "endless list", limit=self.oai.max_records)
        elif listing.idle >= MAX_IDLE:
            self.note(waiting.url, "endless list", answers_without_a_new_record=listing.idle)
        elif not self.queue_request(
            url, listing.name, listing.tag, first=self.memory.waiting_count() < self.ahead, via=waiting.url
        ):
            self.note(waiting.url, "endless list", told="its token leads to an answer that was had")

    def _complete_until(self, reply: Reply, moment: datetime) -> str:
        """Return the moment up to which a list that begins with this reply has all changes.

        This is the earliest of three: the reply's date (the repository's clock may be wrong), the moment of the
        request, and the end of the requested period.
        """
        until = min(as_time(reply.moment) or moment, moment).strftime("%Y-%m-%dT%H:%M:%SZ")
        return min(until, _datestamp(self.oai.until, seconds=True, clock="23:59:59") or until)

    def _restart(self, listing: RecordList) -> None:
        """Request a list from its beginning after a broken token; the texts of known records aren't fetched again."""
        tag = self.memory.last_tag() + 1
        self.memory.store_list(replace(listing, tag=tag, restarts=listing.restarts + 1, idle=0))
        first = self.frontier.db.execute(
            "SELECT url FROM request WHERE list = ? AND instr(url, 'metadataPrefix=') ORDER BY tag DESC",
            (listing.name,),
        ).fetchone()
        if first:
            self.queue_request(str(first[0]), listing.name, tag)


def _datestamp(day: object, *, seconds: bool, clock: str) -> str | None:
    """Return a day as a datestamp of the repository's granularity."""
    return None if day is None else f"{day}T{clock}Z" if seconds else str(day)
