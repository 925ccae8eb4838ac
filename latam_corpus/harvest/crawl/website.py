"""A crawl: each host asked in its turn and at its pace, each answer made to stand before the next is asked for."""

from __future__ import annotations

import time
from concurrent.futures import FIRST_COMPLETED, Future, ThreadPoolExecutor, wait
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from typing import TYPE_CHECKING, ClassVar, Final

from latam_corpus.catalog.harvest_tables import host_of
from latam_corpus.catalog.optout.opt_out import ROBOTS, root_of
from latam_corpus.harvest.crawl.answers.link_addresses import web_address
from latam_corpus.harvest.crawl.budget import Budget, charge
from latam_corpus.harvest.crawl.causes import TroubleError
from latam_corpus.harvest.crawl.crawl_disk import writing
from latam_corpus.harvest.crawl.frontier import Frontier
from latam_corpus.harvest.crawl.pace import LONGEST_REST, MAX_TRIES, Pace
from latam_corpus.harvest.crawl.permission import scope_of, user_agent
from latam_corpus.harvest.crawl.requests import Answer, Asker, Job, usable
from latam_corpus.harvest.crawl.sites import MOVED, Sites
from latam_corpus.harvest.crawl.transport.cdxj import write_index
from latam_corpus.harvest.crawl.transport.warc_writer import Archive
from latam_corpus.harvest.crawl.visit import Visits, media_of
from latam_corpus.harvest.crawl.withdrawals import write_gone_pages
from latam_corpus.harvest.optout.site import Text
from latam_corpus.pipeline.planning.collection_folders import collected_folder

if TYPE_CHECKING:
    from pathlib import Path

    from latam_corpus.catalog.source import Source
    from latam_corpus.harvest.crawl.causes import Cause
    from latam_corpus.harvest.crawl.crawl_progress import Progress
    from latam_corpus.harvest.crawl.frontier import Waiting
    from latam_corpus.harvest.crawl.transport.exchange import Exchange
    from latam_corpus.harvest.optout.site import Site

_LONGEST_SLEEP: Final = 0.5
# Seconds that one host may keep the others waiting while addresses are looked through that it may not be asked for.
_LONGEST_TURN: Final = 0.1
# So many addresses in a row that give no answer are their host's trouble and not their own.
_FAILING: Final = 3
# What takes long to read counts so many times as rest for its host, so that it can't take the time of the others.
_RESTS: Final = 4.0
# RFC 9309, 2.3.1.2: at least five redirects of a robots.txt are followed.
_FILE_MOVES: Final = 5


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
        leaves_with_files: whether a host is left that can't be reached for a file beside its robots.txt.
    """

    max_tries: ClassVar[int] = MAX_TRIES
    longest_rest: ClassVar[float] = LONGEST_REST
    leaves_with_files: ClassVar[bool] = True

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
            progress: is told how far it has come.
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
        with writing(self.folder):
            self.folder.mkdir(parents=True, exist_ok=True)
            self._open(source)
        self._source_id = source.id
        self._progress, self._workers, self._first_rest = progress, workers, first_rest
        self._limit = min(limit or self.scope.max_pages, self.scope.max_pages)
        self._budget = Budget.of(self.scope, self._limit)
        self._sites = Sites(self._frontier)
        self._visits = self._new_visits(source)
        self._hosts: dict[str, None] = {}  # those with addresses that wait, in the order in which they were met
        self._free: dict[str, float] = {}
        self._paces: dict[str, Pace] = {}
        self._asker = Asker(self.scope, self._agent)
        self._closed: dict[str, str] = {}
        self._requests, self._last = 0, ""
        self._file_tries: dict[str, int] = {}
        self._failing: dict[str, set[str]] = {}  # by host, the addresses that gave nothing since it last answered
        self._moved: dict[str, Job] = {}  # sites' files that have moved, by their own addresses

    def _open(self, source: Source) -> None:
        self._frontier = Frontier(self.folder / "frontier.sqlite")
        try:
            self._archive = Archive(self.folder, source, self._agent, self._frontier.lengths)
        except BaseException:
            self._frontier.close()
            raise

    def run(self, *, again: bool = False) -> Result:
        """Ask for every address that waits, until none does, the limit is reached or hosts ask for rest.

        Args:
            again: whether a new round is begun: every page is asked for again, on the condition that it has changed.

        Raises:
            SourceError: what was collected can't be written, as on a full disk.
        """
        with writing(self.folder):
            return self._run(again=again)

    def _run(self, *, again: bool) -> Result:
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

    def _may_ask(self, host: str) -> bool:
        """Whether a site's file that has moved may be asked of this host."""
        return self.scope.has_host(host)

    def _new_visits(self, source: Source) -> Visits:
        """Return what makes records and addresses of answers."""
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
        now = self._frontier.now()
        busy = {job.host for job in flying.values()}
        wake = now + _LONGEST_SLEEP
        idle = [host for host in self._hosts if host not in busy and host not in self._closed]
        remaining = self._limit - self._pages
        if len(flying) >= remaining:
            idle = []
        for host in idle:
            if self._free[host] > now:
                wake = min(wake, self._free[host])
                if self._free[host] > now + self.longest_rest:
                    self._close(host, "server busy")
            elif len(flying) < min(self._workers, remaining):
                if job := self._job(host, now):
                    flying[pool.submit(self._asker.ask, job)] = job
                elif host in self._hosts and self._free[host] <= now:  # its turn was over
                    wake = now
        if not flying:
            if not [host for host in idle if host in self._hosts and host not in self._closed]:
                return False
            self._progress.step(self._last, self._pages, self._requests, len(self._hosts))
            time.sleep(max(0.0, min(wake - self._frontier.now(), _LONGEST_SLEEP)))
            return True
        done, _ = wait(flying, timeout=max(0.0, wake - self._frontier.now()), return_when=FIRST_COMPLETED)
        for future in done:
            self._take(flying.pop(future), future.result())
        self._progress.step(self._last, self._pages, self._requests, len(self._hosts))
        return True

    def _job(self, host: str, now: float) -> Job | None:
        """Return what the host is asked next; None where nothing waits, or nothing that may be asked now."""
        if spent := self._budget.spent(host, self._frontier):
            self._close(host, spent)
            return None
        for moved in [one for one in self._moved.values() if one.host == host]:
            if ready := self._moved_file(moved, now):
                return ready
        return self._next(host, now)

    def _next(self, host: str, now: float) -> Job | None:
        """Return what is asked of the addresses that wait, or a file of their site that must be read before."""
        turn = time.monotonic() + _LONGEST_TURN
        while waiting := self._frontier.next(host, now):
            root = root_of(waiting.url)
            if address := self._sites.wanted(root, now):
                if address in self._moved:  # it is asked in another host's turn
                    self._free[host] = now + _LONGEST_SLEEP
                    return None
                return Job(waiting, address, file=address)
            if job := self._page(waiting, self._sites.site(root, now)):
                return job
            self._frontier.commit(self._archive.settle())
            if time.monotonic() > turn:
                return None
        due = self._frontier.due(host)
        if self._moved and any(job.host == host for job in self._moved.values()):
            self._free[host] = now + _LONGEST_SLEEP
        elif due is None:
            del self._hosts[host]
            self._asker.leave(host)
        else:
            self._free[host] = due
        return None

    def _page(self, waiting: Waiting, site: Site) -> Job | None:
        """Return the request for an address whose site's files are read; None where there is nothing to ask."""
        if site.robots.allows(waiting.url):
            if self._visits.trapped(waiting):
                return None
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
        now = self._frontier.now()
        waiting, root = job.waiting, root_of(job.waiting.url)
        started = time.monotonic()
        self._moved.pop(job.file, None)  # until here its site waits, and doesn't ask for it again
        self._requests, self._last = self._requests + 1, job.address
        charge(job.host, answer.size, answer.seconds, self._frontier)
        rest: float | None = None
        try:
            last = usable(job, answer)
            if job.file:
                self._file(job, root, last, now)
            elif self._visits.answered(waiting, last, self._sites.site(root, now), conditional=bool(job.conditions)):
                self._frontier.count("round", "pages", add=1)
            # A robots.txt that was read now says already when the next request may be made.
            pace = self._pace(job.host, root_of(job.address), now)
            pace.answered(last.seconds)
            self._failing.pop(job.host, None)
        except TroubleError as trouble:
            pace = self._pace(job.host, root_of(job.address), now)
            asked = answer.exchange.header("retry-after") if answer.exchange else ""
            rest = pace.rest(asked) if self._rests(job, trouble) else None
            self._trouble(job, root, trouble, now, rest)
        took = time.monotonic() - started
        free = self._frontier.now() + max(
            pace.delay if rest is None else rest, _RESTS * took if took > _LONGEST_TURN else 0.0
        )
        self._free[job.host] = free
        self._frontier.free(job.host, free)
        self._frontier.commit(self._archive.settle())

    def _file(self, job: Job, root: str, answer: Exchange, now: float) -> bool:
        """Take in an answer for a site's file; false where it has moved, and is asked for there."""
        written = self._archive.write(answer, [("siteFile", job.file)], None, None)
        self._frontier.index(answer.url, written, media_of(answer), answer.status)
        if answer.status in MOVED and self._moves(job, answer.location):
            return False
        odd = self._sites.read(job.file, root, answer, now)
        self._file_tries.pop(job.file, None)
        if odd:
            self._visits.note(job.file, odd)
        for unread in self._sites.unread_delays(root, now) if job.file.endswith(ROBOTS) else ():
            self._visits.note(job.file, "unread delay", told=unread[:100])
        if job.file.endswith(ROBOTS) and "sitemaps" in self.scope.follow:
            for sitemap in self._sites.site(root, now).robots.sitemaps:
                self._visits.offer(sitemap, job.file, 0, is_list=True)
        return True

    def _moves(self, job: Job, target: str) -> bool:
        """Let a site's file be asked where it has moved to, as a page would be; false where it leads to nothing.

        Raises:
            TroubleError: it has moved out of the source.
        """
        url = web_address(target, job.address) if target else None
        if url is None or job.moves >= _FILE_MOVES:
            return False
        moved = replace(job, address=url, moves=job.moves + 1)
        if not self._may_ask(moved.host) or moved.host in self._closed:
            raise TroubleError("redirect out of scope", to=url)
        self._moved[job.file] = moved
        self._waits(moved.host)
        return True

    def _moved_file(self, job: Job, now: float) -> Job | None:
        """Return what to ask for a file that has moved here: the robots.txt that may forbid it, itself, or nothing.

        Where to find a site's own robots.txt the site itself may say, and a robots.txt is never forbidden.
        """
        root = root_of(job.address)
        robots = root + ROBOTS
        if robots not in (job.address, job.file):
            known = self._sites.site(root, now)
            if robots not in known.files and robots not in self._moved:
                here = replace(job.waiting, url=job.address, host=job.host)
                return Job(here, robots, file=robots)
            if robots not in known.files and self._moved[robots].address.endswith(ROBOTS):
                return None  # that will come
            if robots not in known.files or not known.robots.allows(job.address):
                # The second, or two sites each of which sends to the other for its rules.
                cause: Cause = "shut out by robots" if robots in known.files else "too many redirects"
                self._abandon(job, TroubleError(cause, to=job.address), now)
                return None
        return job

    def _abandon(self, job: Job, trouble: TroubleError, now: float) -> None:
        """Note that a file that has moved can't be had where it is."""
        del self._moved[job.file]
        self._file_missed(job, root_of(job.waiting.url), trouble, now)
        self._frontier.commit(self._archive.settle())

    def _rests(self, job: Job, trouble: TroubleError) -> bool:
        """Whether the host must rest: one address that gives nothing is no reason not to ask for others."""
        if not trouble.retry:
            self._failing.pop(job.host, None)
            return False
        failing = self._failing.setdefault(job.host, set())
        failing.add(job.address)
        return bool(job.file) or trouble.host or trouble.cause == "server busy" or len(failing) >= _FAILING

    def _trouble(self, job: Job, root: str, trouble: TroubleError, now: float, rest: float | None) -> None:
        """Ask again later, or write down that the address, or its whole host, gave nothing."""
        waiting, pace = job.waiting, self._paces[job.host]
        if job.file:
            self._file_trouble(job, root, trouble, now)
            return
        busy = trouble.cause == "server busy"
        if rest is not None and pace.busy >= self.max_tries and not (busy and len(self._failing[job.host]) == 1):
            # All that waits of it goes on waiting.
            self._close(job.host, trouble.cause)
        elif rest is not None and not busy:
            self._frontier.later(waiting.url, now + rest, tried=False)
        elif trouble.retry and waiting.tries + 1 < self.max_tries:
            # After the host's rest others have their turn first: one address that is always refused isn't the host.
            after = pace.first_rest * 2**waiting.tries if rest is None else rest + min(rest, 60.0)
            self._frontier.later(waiting.url, now + after)
        else:
            self._visits.note(waiting.url, trouble.cause, via=waiting.via, **trouble.detail)
            self._visits.ended(waiting, "failed", trouble.cause)

    def _file_trouble(self, job: Job, root: str, trouble: TroubleError, now: float) -> None:
        tries = self._file_tries[job.file] = self._file_tries.get(job.file, 0) + 1
        if trouble.retry and tries < self.max_tries:
            return
        del self._file_tries[job.file]
        if trouble.host and self.leaves_with_files and job.file != root + ROBOTS:
            # What it would have said stays unknown, and isn't taken for nothing.
            self._leave(root, trouble.cause)
            return
        self._file_missed(job, root, trouble, now)

    def _file_missed(self, job: Job, root: str, trouble: TroubleError, now: float) -> None:
        """Note that a site's file can't be had."""
        if job.file == root + ROBOTS:
            # RFC 9309, 2.3.1.4: where robots.txt can't be had, nothing may be fetched; the addresses go on waiting.
            self._visits.note(job.file, "robots unavailable", why=trouble.cause, told=str(trouble.detail))
            cause = "error status" if trouble.cause == "robots unavailable" else trouble.cause
            self._leave(root, f"robots unavailable: {cause}")
        else:
            self._sites.missing(job.file, root, Text(None, datetime.now(UTC)), now)

    def _leave(self, root: str, why: str) -> None:
        """Note that a site may not be asked for anything, and so its host isn't."""
        self._close(host_of(root), why)

    def _close(self, host: str, why: str) -> None:
        """Leave the host for another day."""
        self._closed[host] = why
        self._asker.leave(host)
        for job in [job for job in self._moved.values() if job.host == host and job.file in self._moved]:
            self._abandon(job, TroubleError("no connection", why), self._frontier.now())
