"""A crawl of websites: each host has its own pace, and each response is committed before the host's next request."""

from __future__ import annotations

import time
from concurrent.futures import FIRST_COMPLETED, Future, ThreadPoolExecutor, wait
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from typing import TYPE_CHECKING, ClassVar, Final

from latam_corpus.catalog.harvest_tables import host_of
from latam_corpus.catalog.optout.opt_out import ROBOTS, root_of
from latam_corpus.harvest.crawl.answers.link_addresses import web_address
from latam_corpus.harvest.crawl.budget import HostBudget, charge, writing
from latam_corpus.harvest.crawl.causes import TroubleError
from latam_corpus.harvest.crawl.frontier import Frontier
from latam_corpus.harvest.crawl.pace import LONGEST_REST, MAX_TRIES, Pace
from latam_corpus.harvest.crawl.permission import scope_of, user_agent
from latam_corpus.harvest.crawl.requests import Fetcher, FetchJob, FetchOutcome, usable_exchange
from latam_corpus.harvest.crawl.sites import Sites
from latam_corpus.harvest.crawl.transport.warc_writer import Archive, write_index
from latam_corpus.harvest.crawl.visit import Visits, media_of, write_gone_pages
from latam_corpus.harvest.optout.site import SiteFile
from latam_corpus.pipeline.planning.collection_folders import collected_folder

if TYPE_CHECKING:
    from pathlib import Path

    from latam_corpus.catalog.source import Source
    from latam_corpus.harvest.crawl.causes import Cause
    from latam_corpus.harvest.crawl.crawl_progress import CrawlProgress
    from latam_corpus.harvest.crawl.frontier import Waiting
    from latam_corpus.harvest.crawl.transport.exchange import Exchange
    from latam_corpus.harvest.optout.site import Site

_LONGEST_SLEEP: Final = 0.5
# Maximum seconds of the search for one host's next permitted address, while the other hosts wait.
_LONGEST_TURN: Final = 0.1
# After this many failed addresses in a row, the host itself counts as failing.
_MAX_FAILING: Final = 3
# A host whose response takes long to process rests this many times as long, so that it can't delay the others.
_RESTS: Final = 4.0
# RFC 9309, 2.3.1.2: at least five redirects of a robots.txt are followed.
_MAX_FILE_MOVES: Final = 5


@dataclass(frozen=True)
class CrawlResult:
    """The result of a crawl's session.

    Attributes:
        pages: pages of this round, including revisits.
        causes: the number of addresses without a page, by cause.
        closed: hosts that were postponed to another day, each with the reason.
        complete: whether no address is waiting.
        seconds: duration of this session.
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
        max_tries: attempts at an address that may still succeed.
        longest_rest: seconds; a host that asks for more is postponed to another day.
        leaves_host_without_files: whether a host is postponed if it can't be reached for a file other than robots.txt.
    """

    max_tries: ClassVar[int] = MAX_TRIES
    longest_rest: ClassVar[float] = LONGEST_REST
    leaves_host_without_files: ClassVar[bool] = True

    def __init__(
        self,
        source: Source,
        out: Path,
        progress: CrawlProgress,
        *,
        limit: int | None = None,
        workers: int = 16,
        first_rest: float | None = None,
        folder: Path | None = None,
    ) -> None:
        """Open an earlier crawl of the source, or begin one.

        Args:
            source: a source with the table of this kind of collection, such as `[collect.crawl]`.
            out: the output folder; the crawl is written to its `collected/<source>`.
            progress: receives progress reports.
            limit: the number of pages of the round after which to stop; at most the source's `max_pages`.
            workers: the number of hosts that are asked at the same time.
            first_rest: seconds to rest after a host's first refusal.
            folder: the folder to write to instead.

        Raises:
            ConfigError: the source can't be crawled, or another process crawls it.
            SourceError: a file is shorter than its committed length.
        """
        self.scope, self._agent = scope_of(source), user_agent(source)
        self.folder = folder or collected_folder(source.id, out)
        with writing(self.folder):
            self.folder.mkdir(parents=True, exist_ok=True)
            self._open(source)
        self._source_id = source.id
        self._progress, self._workers, self._first_rest = progress, workers, first_rest
        self._limit = min(limit or self.scope.max_pages, self.scope.max_pages)
        self._budget = HostBudget.of(self.scope, self._limit)
        self._sites = Sites(self._frontier)
        self._visits = self._new_visits(source)
        self._hosts: dict[str, None] = {}  # hosts with waiting addresses, in order of discovery
        self._next_request: dict[str, float] = {}  # by host, the earliest moment of its next request
        self._paces: dict[str, Pace] = {}
        self._fetcher = Fetcher(self.scope, self._agent)
        self._closed: dict[str, str] = {}
        self._requests, self._last_address = 0, ""
        self._file_tries: dict[str, int] = {}
        self._failing: dict[str, set[str]] = {}  # by host, the addresses that failed since its last usable response
        self._moved_files: dict[str, FetchJob] = {}  # sites' files that have moved, by their original addresses

    def _open(self, source: Source) -> None:
        self._frontier = Frontier(self.folder / "frontier.sqlite")
        try:
            self._archive = Archive(self.folder, source, self._agent, self._frontier.lengths)
        except BaseException:
            self._frontier.close()
            raise

    def run(self, *, again: bool = False) -> CrawlResult:
        """Request the waiting addresses until none is left, the limit is reached or the remaining hosts ask for rest.

        With `again`, begin a new round, which requests every page conditionally.

        Raises:
            SourceError: the files can't be written, as on a full disk.
        """
        with writing(self.folder):
            return self._run(again=again)

    def _run(self, *, again: bool) -> CrawlResult:
        started = time.monotonic()
        self._begin(new_round=again)
        for host in self._frontier.hosts():
            self._enqueue_host(host)
        self._frontier.commit(self._archive.flush())
        in_flight: dict[Future[FetchOutcome], FetchJob] = {}
        pool = ThreadPoolExecutor(self._workers)
        try:
            while self._step(pool, in_flight):
                pass
            self._end()
            self._frontier.commit(self._archive.flush())
            return self._result(time.monotonic() - started)
        finally:
            # An interrupted step is undone: the frontier rolls back, and the files are truncated when next opened.
            self._fetcher.close()
            pool.shutdown(wait=True, cancel_futures=True)
            self._archive.close()
            self._frontier.close()

    # The methods that subclasses for other kinds of collection override.

    def _may_ask(self, host: str) -> bool:
        """Return whether a site's file that has moved may be requested from this host."""
        return self.scope.has_host(host)

    def _new_visits(self, source: Source) -> Visits:
        """Return the handler of responses."""
        del source
        return Visits(self.scope, self._frontier, self._archive, self._enqueue_host)

    def _begin(self, *, new_round: bool) -> None:
        """Queue the addresses that the session begins with."""
        if new_round:
            self._frontier.start_round()
        for url in self.scope.start:
            self._frontier.add(url, 0, None)

    def _end(self) -> None:
        """Write the list of removed pages."""
        if not self._frontier.states().get("waiting"):  # in an unfinished round the earlier list is kept
            write_gone_pages(self.folder / "gone.jsonl", self._source_id, self._frontier.gone_pages())

    def _result(self, seconds: float) -> CrawlResult:
        write_index(self.folder / "index.cdxj", list(self._frontier.records()))
        states = self._frontier.states()
        causes = self._frontier.counts("cause")
        return CrawlResult(self.folder, self._pages, states, causes, self._closed, not states.get("waiting"), seconds)

    @property
    def _pages(self) -> int:
        return self._frontier.count("round", "pages")

    def _enqueue_host(self, host: str) -> None:
        self._hosts.setdefault(host)
        if host not in self._next_request:
            self._next_request[host] = self._frontier.next_request_time(host)

    def _step(self, pool: ThreadPoolExecutor, in_flight: dict[Future[FetchOutcome], FetchJob]) -> bool:
        """Start requests to the hosts that are due and handle completed ones; return false when all work is done."""
        now = self._frontier.now()
        busy = {job.host for job in in_flight.values()}
        wake = now + _LONGEST_SLEEP
        idle = [host for host in self._hosts if host not in busy and host not in self._closed]
        remaining = self._limit - self._pages
        if len(in_flight) >= remaining:
            idle = []
        for host in idle:
            if self._next_request[host] > now:
                wake = min(wake, self._next_request[host])
                if self._next_request[host] > now + self.longest_rest:
                    self._close(host, "server busy")
            elif len(in_flight) < min(self._workers, remaining):
                if job := self._next_job(host, now):
                    in_flight[pool.submit(self._fetcher.fetch, job)] = job
                elif host in self._hosts and self._next_request[host] <= now:  # its turn ended
                    wake = now
        if not in_flight:
            if not [host for host in idle if host in self._hosts and host not in self._closed]:
                return False
            self._report_progress()
            time.sleep(max(0.0, min(wake - self._frontier.now(), _LONGEST_SLEEP)))
            return True
        completed, _ = wait(in_flight, timeout=max(0.0, wake - self._frontier.now()), return_when=FIRST_COMPLETED)
        for future in completed:
            self._handle(in_flight.pop(future), future.result())
        self._report_progress()
        return True

    def _report_progress(self) -> None:
        self._progress.step(self._last_address, self._pages, self._requests, len(self._hosts))

    def _next_job(self, host: str, now: float) -> FetchJob | None:
        """Return the host's next request; None if no request may be made now."""
        if spent := self._budget.spent(host, self._frontier):
            self._close(host, spent)
            return None
        for moved in [job for job in self._moved_files.values() if job.host == host]:
            if job := self._moved_file_job(moved, now):
                return job
        return self._next_waiting_job(host, now)

    def _next_waiting_job(self, host: str, now: float) -> FetchJob | None:
        """Return the request for the host's next waiting address, or for a file of its site that is due first."""
        turn_end = time.monotonic() + _LONGEST_TURN
        while waiting := self._frontier.next(host, now):
            root = root_of(waiting.url)
            if address := self._sites.next_file(root, now):
                if address in self._moved_files:  # it is requested in another host's turn
                    self._next_request[host] = now + _LONGEST_SLEEP
                    return None
                return FetchJob(waiting, address, file=address)
            if job := self._page_job(waiting, self._sites.site(root, now)):
                return job
            self._frontier.commit(self._archive.flush())
            if time.monotonic() > turn_end:
                return None
        due = self._frontier.next_due(host)
        if any(job.host == host for job in self._moved_files.values()):
            self._next_request[host] = now + _LONGEST_SLEEP
        elif due is None:
            del self._hosts[host]
            self._fetcher.leave(host)
        else:
            self._next_request[host] = due
        return None

    def _page_job(self, waiting: Waiting, site: Site) -> FetchJob | None:
        """Return the request for an address whose site's files were read; None if it may not be requested."""
        if site.robots.allows(waiting.url):
            if self._visits.trapped(waiting):
                return None
            return FetchJob(waiting, waiting.url, self._visits.conditions(waiting, site))
        self._visits.shut_out(waiting, site)
        return None

    def _pace(self, host: str, root: str, now: float) -> Pace:
        pace = self._paces.setdefault(host, Pace(self.scope.delay))
        if self._first_rest is not None:
            pace.first_rest = self._first_rest
        pace.min_delay = max(self.scope.delay, self._sites.site(root, now).robots.delay)
        return pace

    def _handle(self, job: FetchJob, outcome: FetchOutcome) -> None:
        """Handle the outcome of a request, set the moment of the host's next one, and commit."""
        now = self._frontier.now()
        waiting, root = job.waiting, root_of(job.waiting.url)
        started = time.monotonic()
        self._moved_files.pop(job.file, None)  # until now, it kept its site from requesting the file again
        self._requests, self._last_address = self._requests + 1, job.address
        charge(job.host, outcome.size, outcome.seconds, self._frontier)
        rest_seconds: float | None = None
        try:
            answer = usable_exchange(job, outcome)
            if job.file:
                self._handle_file(job, root, answer, now)
            elif self._visits.handle(waiting, answer, self._sites.site(root, now), conditional=bool(job.conditions)):
                self._frontier.count("round", "pages", add=1)
            # This follows the handling, so that the delay of a robots.txt just read already applies.
            pace = self._pace(job.host, root_of(job.address), now)
            pace.record_response(answer.seconds)
            self._failing.pop(job.host, None)
        except TroubleError as trouble:
            pace = self._pace(job.host, root_of(job.address), now)
            requested = outcome.exchange.header("retry-after") if outcome.exchange else ""
            rest_seconds = pace.rest(requested) if self._host_must_rest(job, trouble) else None
            self._handle_trouble(job, root, trouble, now, rest_seconds)
        elapsed = time.monotonic() - started
        next_request = self._frontier.now() + max(
            pace.delay if rest_seconds is None else rest_seconds, _RESTS * elapsed if elapsed > _LONGEST_TURN else 0.0
        )
        self._next_request[job.host] = next_request
        self._frontier.set_next_request_time(job.host, next_request)
        self._frontier.commit(self._archive.flush())

    def _handle_file(self, job: FetchJob, root: str, answer: Exchange, now: float) -> bool:
        """Store the response for a site's file; return false if the file has moved and is requested there."""
        written = self._archive.write(answer, [("siteFile", job.file)], None, None)
        self._frontier.add_record(answer.url, written, media_of(answer), answer.status)
        if answer.is_redirect and self._follow_moved_file(job, answer.location):
            return False
        problem = self._sites.store_answer(job.file, root, answer, now)
        self._file_tries.pop(job.file, None)
        if problem:
            self._visits.note(job.file, problem)
        for unread in self._sites.unread_delays(root, now) if job.file.endswith(ROBOTS) else ():
            self._visits.note(job.file, "unread delay", told=unread[:100])
        if job.file.endswith(ROBOTS) and "sitemaps" in self.scope.follow:
            for sitemap in self._sites.site(root, now).robots.sitemaps:
                self._visits.offer(sitemap, job.file, 0, is_list=True)
        return True

    def _follow_moved_file(self, job: FetchJob, target: str) -> bool:
        """Queue a site's file at the address to which it has moved; return false if there is no valid address."""
        url = web_address(target, job.address) if target else None
        if url is None or job.moves >= _MAX_FILE_MOVES:
            return False
        moved = replace(job, address=url, moves=job.moves + 1)
        if not self._may_ask(moved.host) or moved.host in self._closed:
            raise TroubleError("redirect out of scope", to=url)
        self._moved_files[job.file] = moved
        self._enqueue_host(moved.host)
        return True

    def _moved_file_job(self, job: FetchJob, now: float) -> FetchJob | None:
        """Return the next request for a file that has moved to this host: the host's robots.txt first, then the file.

        A robots.txt may always be requested, also at an address to which a site redirects.
        """
        root = root_of(job.address)
        robots = root + ROBOTS
        if robots not in (job.address, job.file):
            site = self._sites.site(root, now)
            if robots not in site.files and robots not in self._moved_files:
                waiting = replace(job.waiting, url=job.address, host=job.host)
                return FetchJob(waiting, robots, file=robots)
            if robots not in site.files and self._moved_files[robots].address.endswith(ROBOTS):
                return None  # it will be requested
            if robots not in site.files or not site.robots.allows(job.address):
                # "too many redirects": two sites each redirect to the other for their robots.txt.
                cause: Cause = "shut out by robots" if robots in site.files else "too many redirects"
                self._abandon(job, TroubleError(cause, to=job.address), now)
                return None
        return job

    def _abandon(self, job: FetchJob, trouble: TroubleError, now: float) -> None:
        """Give up a file that has moved."""
        del self._moved_files[job.file]
        self._file_failed(job, root_of(job.waiting.url), trouble, now)
        self._frontier.commit(self._archive.flush())

    def _host_must_rest(self, job: FetchJob, trouble: TroubleError) -> bool:
        """Count a failed address; return whether the host is failing, and not only the address."""
        if not trouble.retry:
            self._failing.pop(job.host, None)
            return False
        failing = self._failing.setdefault(job.host, set())
        failing.add(job.address)
        return bool(job.file) or trouble.host or trouble.cause == "server busy" or len(failing) >= _MAX_FAILING

    def _handle_trouble(
        self, job: FetchJob, root: str, trouble: TroubleError, now: float, rest_seconds: float | None
    ) -> None:
        """Postpone the address, log its failure, or postpone its host."""
        waiting, pace = job.waiting, self._paces[job.host]
        if job.file:
            self._handle_file_trouble(job, root, trouble, now)
            return
        busy = trouble.cause == "server busy"
        if (
            rest_seconds is not None
            and pace.failures >= self.max_tries
            and not (busy and len(self._failing[job.host]) == 1)
        ):
            # The host's addresses stay in the queue.
            self._close(job.host, trouble.cause)
        elif rest_seconds is not None and not busy:
            self._frontier.postpone(waiting.url, now + rest_seconds, tried=False)
        elif trouble.retry and waiting.tries + 1 < self.max_tries:
            # After the rest, other addresses of the host come first: an address that is always refused doesn't mean
            # that the host fails.
            seconds = (
                pace.first_rest * 2**waiting.tries if rest_seconds is None else rest_seconds + min(rest_seconds, 60.0)
            )
            self._frontier.postpone(waiting.url, now + seconds)
        else:
            self._visits.note(waiting.url, trouble.cause, via=waiting.via, **trouble.detail)
            self._visits.ended(waiting, "failed", trouble.cause)

    def _handle_file_trouble(self, job: FetchJob, root: str, trouble: TroubleError, now: float) -> None:
        tries = self._file_tries[job.file] = self._file_tries.get(job.file, 0) + 1
        if trouble.retry and tries < self.max_tries:
            return
        del self._file_tries[job.file]
        if trouble.host and self.leaves_host_without_files and job.file != root + ROBOTS:
            # The file's opt-outs are unknown, and unknown must not count as none.
            self._leave_site(root, trouble.cause)
            return
        self._file_failed(job, root, trouble, now)

    def _file_failed(self, job: FetchJob, root: str, trouble: TroubleError, now: float) -> None:
        """Record that a site's file can't be read; without robots.txt the site is given up for this session."""
        if job.file == root + ROBOTS:
            # RFC 9309, 2.3.1.4: if robots.txt can't be read, nothing may be fetched; the addresses stay in the queue.
            self._visits.note(job.file, "robots unavailable", why=trouble.cause, told=str(trouble.detail))
            cause = "error status" if trouble.cause == "robots unavailable" else trouble.cause
            self._leave_site(root, f"robots unavailable: {cause}")
        else:
            self._sites.store_file(job.file, root, SiteFile(None, datetime.now(UTC)), now)

    def _leave_site(self, root: str, why: str) -> None:
        """Give up a site for this session, and with it its host."""
        self._close(host_of(root), why)

    def _close(self, host: str, why: str) -> None:
        """Postpone a host to another day."""
        self._closed[host] = why
        self._fetcher.leave(host)
        for job in list(self._moved_files.values()):
            if job.host == host and job.file in self._moved_files:  # abandoning one file may have abandoned others
                self._abandon(job, TroubleError("no connection", why), self._frontier.now())
