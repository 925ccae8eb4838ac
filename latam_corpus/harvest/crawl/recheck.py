"""Rereads the opt-out files of a release's sites, without requesting any page."""

from __future__ import annotations

from typing import TYPE_CHECKING, ClassVar, Final

from latam_corpus.catalog.harvest_tables import Crawl, host_of
from latam_corpus.catalog.optout.opt_out import ROBOTS, root_of
from latam_corpus.catalog.source import Collect, Source
from latam_corpus.harvest.crawl.crawl_progress import Silent
from latam_corpus.harvest.crawl.sites import DAY
from latam_corpus.harvest.crawl.visit import GONE_STATUSES
from latam_corpus.harvest.crawl.website import Crawler
from latam_corpus.harvest.optout.robots import MAX_BYTES, is_markup
from latam_corpus.harvest.optout.site import FILES, Site

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from concurrent.futures import Future, ThreadPoolExecutor
    from pathlib import Path

    from latam_corpus.catalog.harvest_tables import Asking
    from latam_corpus.harvest.crawl.causes import Cause, TroubleError
    from latam_corpus.harvest.crawl.frontier import Waiting
    from latam_corpus.harvest.crawl.requests import FetchJob, FetchOutcome
    from latam_corpus.harvest.crawl.transport.exchange import Exchange
    from latam_corpus.harvest.crawl.website import CrawlResult

# A release has many hosts, some of them dead. A file that can't be read is reported, the earlier opt-outs still apply,
# and the next recheck tries again. A dead host costs two attempts of 15 seconds and a rest of five.
_TIMEOUT: Final = 15.0
_FIRST_REST: Final = 5.0
_UNREAD: Final = "unread"


class SiteReader(Crawler):
    """One session of reading the files of many sites: robots.txt, ai.txt, tdmrep.json and the licences they name.

    It is as polite as a crawl, requests only public addresses, and writes every exchange to WARC as evidence. It may be
    killed at any moment, and the next session resumes it.

    Attributes:
        sites: after `run`, the sites that were read, by root.
        unread: after `run`, the reason for each site that couldn't be read, by root.
        unread_files: after `run`, the files of `sites` that couldn't be read.
    """

    max_tries: ClassVar[int] = 2
    longest_rest: ClassVar[float] = 60.0
    leaves_host_without_files: ClassVar[bool] = False

    def __init__(
        self,
        name: str,
        roots: Sequence[str],
        folder: Path,
        progress: Callable[[int, int], None],
        *,
        contact: str,
        asking: Asking,
        workers: int = 16,
        first_rest: float | None = None,
    ) -> None:
        """Open an earlier session, or begin one.

        Args:
            name: the id that it sends in the user agent; letters, digits and hyphens.
            roots: schemes and authorities, such as `https://diario.example`.
            folder: where the WARC files and the frontier are written.
            progress: called at least twice a second with the number of finished sites and of all sites.
            contact: an e-mail or web address for site owners.
            asking: settings of requests, of which the delay and the private hosts are used.
            workers: the number of hosts that are asked at the same time.
            first_rest: seconds to rest after a host's first refusal; five by default.

        Raises:
            ConfigError: the contact is invalid, or another process uses the folder.
            SourceError: a file is shorter than its committed length.
        """
        start = (f"{roots[0]}/",)
        scope = Crawl(start=start, follow=(), delay=asking.delay, timeout=_TIMEOUT, private_hosts=asking.private_hosts)
        source = Source(
            id=name,
            title=f"Sites' files: {name}",
            holder="the sites' owners",
            contact=contact,
            collect=Collect(kind="crawl", crawl=scope),
        )
        first_rest = _FIRST_REST if first_rest is None else first_rest
        super().__init__(source, folder, Silent(), workers=workers, first_rest=first_rest, folder=folder)
        self._roots, self._report = tuple(dict.fromkeys(roots)), progress
        self.sites: dict[str, Site] = {}
        self.unread: dict[str, str] = {}
        self.unread_files: frozenset[str] = frozenset()
        self._left_sites: dict[str, str] = {}

    def _step(self, pool: ThreadPoolExecutor, in_flight: dict[Future[FetchOutcome], FetchJob]) -> bool:
        unfinished = super()._step(pool, in_flight)
        waiting = sum(1 for host in self._hosts if host not in self._closed)
        self._report(len(self._roots) - min(waiting, len(self._roots)), len(self._roots))
        return unfinished

    def _may_ask(self, host: str) -> bool:
        """Allow any host: a site's file is the owner's statement even if it has moved elsewhere."""
        del host
        return True

    def _handle_file(self, job: FetchJob, root: str, answer: Exchange, now: float) -> bool:
        """Handle a file as a crawl does; mark it as unread unless the response is the file or reports it missing.

        A firewall may answer a crawler with 403 or with a page; neither is the owner's statement.
        """
        if not super()._handle_file(job, root, answer, now):
            return False
        if not (answer.status in GONE_STATUSES or (answer.is_success and not _is_page(job.file, answer))):
            self._mark_unread(job.file, "error status", status=answer.status)
        return True

    def _file_failed(self, job: FetchJob, root: str, trouble: TroubleError, now: float) -> None:
        """Mark the file as unread: its earlier opt-outs still apply."""
        super()._file_failed(job, root, trouble, now)
        if job.file != root + ROBOTS:
            self._mark_unread(job.file, trouble.cause, why=str(trouble.detail))

    def _mark_unread(self, address: str, cause: Cause, **detail: object) -> None:
        self._visits.note(address, cause, via=None, **detail)
        self._frontier.count(_UNREAD, address, add=1)

    def _leave_site(self, root: str, why: str) -> None:
        """Give up this site only; another site of the host (https, another port) may answer."""
        self._left_sites[root] = why
        self._frontier.set_state(f"{root}/", "failed")

    def _begin(self, *, new_round: bool) -> None:
        """Queue the sites whose files aren't from this session; an interrupted session is resumed for a day."""
        states = self._frontier.states()
        if new_round or (states and not states.get("waiting")):
            self._frontier.start_round()
            self._frontier.reset_counts(_UNREAD)
        day = self._frontier.now() - DAY
        for root in self._roots:
            is_known = not self._frontier.add(f"{root}/", 0, None)
            if is_known and root + ROBOTS not in self._frontier.files(root, day):
                self._frontier.set_state(f"{root}/", "waiting")

    def _end(self) -> None:
        """Mark the sites that couldn't be read as failed, so that the next session starts over."""
        for root in self._roots:
            if host_of(root) in self._closed:
                self._frontier.set_state(f"{root}/", "failed")

    def _page_job(self, waiting: Waiting, site: Site) -> FetchJob | None:
        """Request no page: only the site's files are read."""
        del site
        self._frontier.set_state(waiting.url, "aside")
        return None

    def _result(self, seconds: float) -> CrawlResult:
        """Copy the files that were read from the frontier before it is closed."""
        for root in self._roots:
            files = self._frontier.files(root, 0.0)
            if root + ROBOTS in files:
                self.sites[root] = Site(root, files)
            else:
                self.unread[root] = self._left_sites.get(root) or self._closed.get(host_of(root), "not asked yet")
        self.unread_files = frozenset(self._frontier.counts(_UNREAD))
        return super()._result(seconds)


def _is_page(address: str, answer: Exchange) -> bool:
    """Return whether the server returned a page instead of the file; a licence may itself be markup."""
    if not address.endswith((ROBOTS, *FILES)):
        return False
    return is_markup(answer.payload(4 * MAX_BYTES)[:MAX_BYTES].decode("utf-8-sig", "replace"))


def roots_of(urls: Sequence[str]) -> list[str]:
    """Return the unique roots of canonical URLs, sorted; URLs with a password or without a web scheme are skipped.

    >>> roots_of(["https://diario.example/b", "urn:isbn:1", "https://diario.example/a", "http://www.gaceta.example/"])
    ['http://www.gaceta.example', 'https://diario.example']
    """
    roots = {root_of(url) for url in urls if url.startswith(("http://", "https://"))}
    return sorted(root for root in roots if "@" not in root and not root.endswith("//"))
