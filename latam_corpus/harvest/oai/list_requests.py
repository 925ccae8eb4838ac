"""The lists of a repository: asked for token by token, begun anew where a token is broken, bounded where endless."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Final

from latam_corpus.catalog.harvest_tables import host_of
from latam_corpus.collect.documents.mapping import as_time
from latam_corpus.harvest.crawl.visit import Visits
from latam_corpus.harvest.oai.memory import Listing, Memory
from latam_corpus.harvest.oai.replies import request_url

if TYPE_CHECKING:
    from datetime import datetime

    from latam_corpus.catalog.harvest_tables import Oai
    from latam_corpus.harvest.crawl.causes import Cause
    from latam_corpus.harvest.crawl.frontier import Waiting
    from latam_corpus.harvest.oai.replies import Record, Reply

# Answers in a row that bring no record which the list hasn't had; some repositories send a few empty ones.
MAX_IDLE: Final = 10
# Tokens are used before texts are fetched, since they run out; not if so many texts wait already.
MAX_AHEAD: Final = 10_000
# Characters of a request: addresses stand in the heads of WARC records, and servers take 8 kB at most.
MAX_REQUEST: Final = 8000
_MAX_RESTARTS: Final = 1
_DAY: Final = len("2026-01-31")


@dataclass(frozen=True)
class Lists(Visits):
    """What is made of a repository's replies, but for their records."""

    oai: Oai = field(kw_only=True)
    ahead: int = field(kw_only=True, default=MAX_AHEAD)
    memory: Memory = field(init=False)

    def __post_init__(self) -> None:
        object.__setattr__(self, "memory", Memory(self.frontier.db))

    def record(self, record: Record, tag: int, moment: datetime) -> bool:
        """Take in a record; true unless the list has had it.

        Args:
            record: as listed.
            tag: the list's attempt.
            moment: when the list was asked for, UTC.
        """
        raise NotImplementedError

    def ask(self, url: str, listing: str | None, tag: int, *, first: bool = True, via: str | None = None) -> bool:
        """Let a request wait; false where the attempt has made it already.

        Args:
            url: the request.
            listing: the list that it belongs to; None for `Identify`.
            tag: the attempt.
            first: whether it goes before all texts.
            via: what named it.
        """
        if not self.memory.is_new(url, listing, tag):
            return False
        if not self.frontier.add(url, 0, via, first=first):
            self.frontier.anew(url)
        self.waits(host_of(url))
        return True

    def identify(self, tag: int) -> None:
        """Ask the repository who it is, and then for its lists."""
        self.ask(request_url(self.oai.address, "Identify"), None, tag)

    def identified(self, waiting: Waiting, reply: Reply, tag: int) -> None:
        """Ask for the lists, each as an attempt of its own: what one has had is new in another."""
        for code, message in reply.errors:
            self.note(waiting.url, "repository error", code=code, told=message)
        seconds = "ss" in reply.granularity
        # Each goes before those that wait.
        for own, name in enumerate(reversed(self.oai.sets or ("",)), tag):
            known = self.memory.listing(name)
            since = known.since if known else _at(self.oai.since, seconds=seconds, clock="00:00:00")
            if known and known.complete and known.moment:
                since = known.moment if seconds else known.moment[:_DAY]
            self.memory.keep_listing(Listing(name, since, None, own))
            until = _at(self.oai.until, seconds=seconds, clock="23:59:59")
            more = {"from": since, "until": until, "set": name}
            self.ask(request_url(self.oai.address, "ListRecords", metadataPrefix=self.oai.prefix, **more), name, own)

    def listed(self, waiting: Waiting, reply: Reply, listing: Listing, moment: datetime) -> None:
        """Take a part of a list."""
        listing = replace(listing, moment=listing.moment or self._listed_until(reply, moment))
        problems = [one for one in reply.errors if one[0] != "noRecordsMatch"]
        for code, message in problems:
            cause: Cause = "broken token" if code == "badResumptionToken" else "repository error"
            self.note(waiting.url, cause, code=code, told=message)
        if any(code == "badResumptionToken" for code, _ in problems) and listing.restarts < _MAX_RESTARTS:
            self._restart(listing)
            return
        new = [self.record(record, listing.tag, moment) for record in reply.records].count(True)
        listing = replace(listing, idle=0 if new else listing.idle + 1, complete=not reply.token and not problems)
        self.memory.keep_listing(listing)
        if not reply.token or problems:
            return
        records = self.frontier.count("round", "records", add=len(reply.records))
        url = request_url(self.oai.address, "ListRecords", resumptionToken=reply.token)
        if len(url) > MAX_REQUEST:
            self.note(waiting.url, "broken token", told=f"a request of {len(url):,} characters")
        elif records >= self.oai.max_records:
            self.note(waiting.url, "endless list", limit=self.oai.max_records)
        elif listing.idle >= MAX_IDLE:
            self.note(waiting.url, "endless list", answers_without_a_new_record=listing.idle)
        elif not self.ask(url, listing.name, listing.tag, first=self.memory.waiting() < self.ahead, via=waiting.url):
            self.note(waiting.url, "endless list", told="its token leads to an answer that was had")

    def _listed_until(self, reply: Reply, moment: datetime) -> str:
        """Return the moment up to which a list that begins with this reply has all changes.

        Of three the earliest: when the repository says that it answers (its clock may be wrong), when it was asked,
        and the end of what it was asked for.
        """
        until = min(as_time(reply.moment) or moment, moment).strftime("%Y-%m-%dT%H:%M:%SZ")
        return min(until, _at(self.oai.until, seconds=True, clock="23:59:59") or until)

    def _restart(self, listing: Listing) -> None:
        """Ask for a list from its beginning, since its token is broken; known records aren't fetched again."""
        tag = self.memory.last_tag() + 1
        self.memory.keep_listing(replace(listing, tag=tag, restarts=listing.restarts + 1, idle=0))
        first = self.frontier.db.execute(
            "SELECT url FROM request WHERE list = ? AND instr(url, 'metadataPrefix=') ORDER BY tag DESC",
            (listing.name,),
        ).fetchone()
        if first:
            self.ask(str(first[0]), listing.name, tag)


def _at(day: object, *, seconds: bool, clock: str) -> str | None:
    """Return a day as a repository of this granularity writes it."""
    return None if day is None else f"{day}T{clock}Z" if seconds else str(day)
