"""A crawl: each host asked in its turn and at its pace, each answer made to stand before the next is asked for."""

from __future__ import annotations

import time
from concurrent.futures import FIRST_COMPLETED, Future, ThreadPoolExecutor, wait
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import TYPE_CHECKING, ClassVar, Final

from latam_corpus.catalog.harvest_tables import host_of
from latam_corpus.catalog.optout.opt_out import ROBOTS, root_of
from latam_corpus.harvest.crawl.causes import TroubleError
from latam_corpus.harvest.crawl.cdxj import write_index
from latam_corpus.harvest.crawl.frontier import Frontier
from latam_corpus.harvest.crawl.pace import LONGEST_REST, MAX_TRIES, Pace
from latam_corpus.harvest.crawl.permission import scope_of, user_agent
from latam_corpus.harvest.crawl.requests import Answer, Asker, Job, usable
from latam_corpus.harvest.crawl.sites import Sites
from latam_corpus.harvest.crawl.visit import Visits, media_of
from latam_corpus.harvest.crawl.warc_writer import Archive
from latam_corpus.harvest.crawl.withdrawals import write_gone_pages
from latam_corpus.harvest.optout.site import Text
from latam_corpus.pipeline.collection_folders import collected_folder

if TYPE_CHECKING:
    from pathlib import Path

    from latam_corpus.catalog.source import Source
    from latam_corpus.harvest.crawl.crawl_progress import Progress
    from latam_corpus.harvest.crawl.frontier import Waiting
    from latam_corpus.harvest.optout.site import Site

_LONGEST_SLEEP: Final = 0.5


@dataclass(frozen=True)
class Result:
    """What a crawl came to.

    Attributes:
        folder: the source's.
        pages: pages of this round, revisits among them.
        states: addresses by state.
        causes: why addresses gave no page, each with how often.
        closed: hosts that were left for another day, and why.
        complete: whether no address waits.
        seconds: of this session.
    """

    folder: Path
    pages: int
    states: dict[str, int]
    causes: dict[str, int]
    closed: dict[str, str]
    complete: bool
    seconds: float


class Crawler:
    """One session of a source's crawl.

    Attributes:
        max_tries: how often something is asked for that another try may give.
        longest_rest: seconds; a host that asks for more is left for another day.
    """

    max_tries: ClassVar[int] = MAX_TRIES
    longest_rest: ClassVar[float] = LONGEST_REST

    def __init__(
        self,
        source: Source,
        out: Path,
        progress: Progress,
        *,
        limit: int | None = None,
        workers: int = 16,
        first_rest: float | None = None,
        folder: Path | None = None,
    ) -> None:
        """Open what there is of the crawl, or begin it.

        Args:
            source: with a table `[collect.crawl]`.
            out: the folder whose `collected/<source>` it is written to.
            progress: is told of each page.
            limit: pages of the round after which to stop; the source's `max_pages` where it is less.
            workers: hosts that are asked at the same time.
            first_rest: seconds to rest after a host's first refusal.
            folder: where it is written instead.

        Raises:
            ConfigError: the source can't be crawled, or another process does.
            SourceError: a file is shorter than it was.
        """
        self.scope, self._agent = scope_of(source), user_agent(source)
        self.folder = folder or collected_folder(source.id, out)
        self.folder.mkdir(parents=True, exist_ok=True)
        self._source_id = source.id
        self._progress, self._workers, self._first_rest = progress, workers, first_rest
        self._limit = min(limit or self.scope.max_pages, self.scope.max_pages)
        self._frontier = Frontier(self.folder / "frontier.sqlite")
        try:
            self._archive = Archive(self.folder, source, self._agent, self._frontier.lengths)
        except BaseException:
            self._frontier.close()
            raise
        self._sites = Sites(self._frontier)
        self._visits = self._new_visits(source)
        self._hosts: dict[str, None] = {}  # those with addresses that wait, in the order in which they were met
        self._free: dict[str, float] = {}
        self._paces: dict[str, Pace] = {}
        self._asker = Asker(self.scope, self._agent)
        self._closed: dict[str, str] = {}
        self._file_tries: dict[str, int] = {}

    def run(self, *, again: bool = False) -> Result:
        """Ask for every address that waits, until none does, the limit is reached or hosts ask for rest.

        Args:
            again: whether a new round is begun: every page is asked for again, on the condition that it has changed.
        """
        started = time.monotonic()
        self._begin(again=again)
        for host in self._frontier.hosts():
            self._waits(host)
        self._frontier.commit(self._archive.settle())
        flying: dict[Future[Answer], Job] = {}
        pool = ThreadPoolExecutor(self._workers)
        try:
            while self._step(pool, flying):
                pass
            self._end()
            self._frontier.commit(self._archive.settle())
            return self._result(time.monotonic() - started)
        finally:
            # A step that broke off is undone: the frontier rolls back, and the files are cut when next opened.
            self._asker.close()
            pool.shutdown(wait=True, cancel_futures=True)
            self._archive.close()
            self._frontier.close()

    # What another kind of collecting, which finds its addresses otherwise, does in its own way.

    def _new_visits(self, source: Source) -> Visits:
        """What makes records and addresses of answers."""
        del source
        return Visits(self.scope, self._frontier, self._archive, self._waits)

    def _begin(self, *, again: bool) -> None:
        """Let the addresses wait that the session begins with."""
        if again:
            self._frontier.again()
        for url in self.scope.start:
            self._frontier.add(url, 0, None)

    def _end(self) -> None:
        """Write what can be written only when nothing more is asked for: which pages are gone."""
        if not self._frontier.states().get("waiting"):  # in a round that was cut the former list stands
            write_gone_pages(self.folder / "gone.jsonl", self._source_id, self._frontier.gone())

    def _result(self, seconds: float) -> Result:
        write_index(self.folder / "index.cdxj", list(self._frontier.records()))
        states = self._frontier.states()
        causes = self._frontier.counts("cause")
        return Result(self.folder, self._pages, states, causes, self._closed, not states.get("waiting"), seconds)

    @property
    def _pages(self) -> int:
        return self._frontier.count("round", "pages")

    def _waits(self, host: str) -> None:
        self._hosts.setdefault(host)
        if host not in self._free:
            self._free[host] = self._frontier.freed(host)

    def _step(self, pool: ThreadPoolExecutor, flying: dict[Future[Answer], Job]) -> bool:
        """Ask the hosts that may be asked, and take in what has come; false when there is nothing more to do."""
        now = time.time()
        busy = {job.waiting.host for job in flying.values()}
        wake = now + _LONGEST_SLEEP
        idle = [host for host in self._hosts if host not in busy and host not in self._closed]
        room = self._limit - self._pages
        if len(flying) >= room:
            idle = []
        for host in idle:
            if self._free[host] > now:
                wake = min(wake, self._free[host])
                if self._free[host] > now + self.longest_rest:
                    self._close(host, "server busy")
            elif len(flying) < min(self._workers, room) and (job := self._job(host, now)):
                flying[pool.submit(self._asker.ask, job)] = job
        if not flying:
            if not [host for host in idle if host in self._hosts and host not in self._closed]:
                return False
            time.sleep(max(0.0, min(wake - time.time(), _LONGEST_SLEEP)))
            return True
        done, _ = wait(flying, timeout=max(0.0, wake - time.time()), return_when=FIRST_COMPLETED)
        for future in done:
            self._take(flying.pop(future), future.result())
        return True

    def _job(self, host: str, now: float) -> Job | None:
        """What the host is asked next; None where nothing waits, or nothing that may be asked now."""
        while waiting := self._frontier.next(host, now):
            root = root_of(waiting.url)
            if address := self._sites.wanted(root, now):
                return Job(waiting, address)
            if job := self._page(waiting, self._sites.site(root, now)):
                return job
            self._frontier.commit(self._archive.settle())
        due = self._frontier.due(host)
        if due is None:
            del self._hosts[host]
            self._asker.leave(host)
        else:
            self._free[host] = due
        return None

    def _page(self, waiting: Waiting, site: Site) -> Job | None:
        """The request for an address whose site's files are read; None where there is nothing to ask."""
        if site.robots.allows(waiting.url):
            return Job(waiting, waiting.url, self._visits.conditions(waiting, site))
        self._visits.shut_out(waiting, site)
        return None

    def _pace(self, host: str, root: str, now: float) -> Pace:
        pace = self._paces.setdefault(host, Pace(self.scope.delay))
        if self._first_rest is not None:
            pace.first_rest = self._first_rest
        pace.floor = max(self.scope.delay, self._sites.site(root, now).robots.delay)
        return pace

    def _take(self, job: Job, answer: Answer) -> None:
        """Make an answer stand, with all that follows from it."""
        now = time.time()
        waiting, root = job.waiting, root_of(job.waiting.url)
        rest: float | None = None
        try:
            last = usable(job, answer)
            if job.is_file:
                self._file(job, root, answer, now)
            elif self._visits.answered(waiting, last, self._sites.site(root, now), conditional=bool(job.conditions)):
                self._frontier.count("round", "pages", add=1)
                self._progress.page(waiting.url, self._pages, len(self._hosts))
            # A robots.txt that was read now says already when the next request may be made.
            pace = self._pace(waiting.host, root, now)
            pace.answered(last.seconds)
        except TroubleError as trouble:
            pace = self._pace(waiting.host, root, now)
            last_answer = answer.exchanges[-1] if answer.exchanges else None
            asked = last_answer.header("retry-after") if last_answer else ""
            rest = pace.rest(asked) if trouble.retry else None
            self._trouble(job, root, trouble, now, rest or 0.0)
        free = time.time() + (pace.delay if rest is None else rest)
        self._free[waiting.host] = free
        self._frontier.free(waiting.host, free)
        self._frontier.commit(self._archive.settle())

    def _file(self, job: Job, root: str, answer: Answer, now: float) -> None:
        for exchange in answer.exchanges:
            written = self._archive.write(exchange, [("siteFile", job.address)], None, None)
            self._frontier.index(exchange.url, written, media_of(exchange), exchange.status)
        odd = self._sites.read(job.address, root, answer.exchanges[-1], now)
        self._file_tries.pop(job.address, None)
        if odd and job.address.endswith(ROBOTS):
            self._visits.note(job.address, "robots is a page")
        if job.address.endswith(ROBOTS) and "sitemaps" in self.scope.follow:
            for sitemap in self._sites.site(root, now).robots.sitemaps:
                self._visits.offer(sitemap, job.address, 0)

    def _trouble(self, job: Job, root: str, trouble: TroubleError, now: float, rest: float) -> None:
        """Ask again later, or write down that the address, or its whole host, gave nothing."""
        waiting = job.waiting
        if job.is_file:
            self._file_trouble(job, root, trouble, now)
        elif trouble.retry and waiting.tries + 1 < self.max_tries:
            self._frontier.later(waiting.url, now + rest)
        else:
            self._visits.note(waiting.url, trouble.cause, via=waiting.via, **trouble.detail)
            self._visits.ended(waiting, "failed", trouble.cause)

    def _file_trouble(self, job: Job, root: str, trouble: TroubleError, now: float) -> None:
        tries = self._file_tries[job.address] = self._file_tries.get(job.address, 0) + 1
        if trouble.retry and tries < self.max_tries:
            return
        del self._file_tries[job.address]
        self._file_missed(job, root, trouble, now)

    def _file_missed(self, job: Job, root: str, trouble: TroubleError, now: float) -> None:
        """A site's file can't be had."""
        if job.address == root + ROBOTS:
            # RFC 9309, 2.3.1.4: where robots.txt can't be had, nothing may be fetched; the addresses go on waiting.
            self._visits.note(job.address, "robots unavailable", why=trouble.cause, told=str(trouble.detail))
            cause = "error status" if trouble.cause == "robots unavailable" else trouble.cause
            self._leave(root, f"robots unavailable: {cause}")
        else:
            self._sites.missing(job.address, root, Text(None, datetime.now(UTC)), now)

    def _leave(self, root: str, why: str) -> None:
        """A site may not be asked for anything, and so its host isn't."""
        self._close(host_of(root), why)

    def _close(self, host: str, why: str) -> None:
        """Leave the host for another day."""
        self._closed[host] = why
        self._asker.leave(host)
