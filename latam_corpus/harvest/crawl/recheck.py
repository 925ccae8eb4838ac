"""The sites' files read again, without asking for any page: what the owners of a release's hosts refuse today."""

from __future__ import annotations

from typing import TYPE_CHECKING, ClassVar, Final, Protocol

from pydantic import ValidationError

from latam_corpus.catalog.harvest_tables import Crawl, host_of
from latam_corpus.catalog.optout.opt_out import ROBOTS, root_of
from latam_corpus.catalog.source import Collect, Source
from latam_corpus.errors import ConfigError
from latam_corpus.harvest.crawl.crawl_progress import Silent
from latam_corpus.harvest.crawl.sites import DAY, OK
from latam_corpus.harvest.crawl.website import Crawler
from latam_corpus.harvest.crawl.withdrawals import GONE_STATUSES
from latam_corpus.harvest.optout.robots import MAX_BYTES, is_markup
from latam_corpus.harvest.optout.site import FILES, Site
from latam_corpus.messages import _

if TYPE_CHECKING:
    from collections.abc import Sequence
    from concurrent.futures import Future, ThreadPoolExecutor
    from pathlib import Path

    from latam_corpus.harvest.crawl.causes import Cause, TroubleError
    from latam_corpus.harvest.crawl.frontier import Waiting
    from latam_corpus.harvest.crawl.requests import Answer, Job
    from latam_corpus.harvest.crawl.transport.exchange import Exchange
    from latam_corpus.harvest.crawl.website import Result

# A release has many hosts, some of them dead, and nobody waits an hour for one word: what can't be read is told, its
# former word stands, and the next recheck asks again. A dead host costs two tries of 15 seconds and a rest of five.
_TIMEOUT: Final = 15.0
_FIRST_REST: Final = 5.0
_UNREAD: Final = "unread"


class SiteProgress(Protocol):
    """Told, over and over, how far it has come."""

    def __call__(self, done: int, total: int) -> None:
        """So many of the sites are done: read, or left."""


class SiteReader(Crawler):
    """One session of reading the files of many sites: robots.txt, ai.txt, tdmrep.json and the licences they name.

    It asks as a crawl does: as politely, over public addresses only, and every exchange is written to WARC, as
    evidence. It may be killed at any moment and goes on from there. After `run`, `sites` has what each site said, by
    its root, `unread` why the others said nothing, and `unread_files` which files of `sites` couldn't be read.
    """

    max_tries: ClassVar[int] = 2
    longest_rest: ClassVar[float] = 60.0
    leaves_with_files: ClassVar[bool] = False

    def __init__(
        self,
        name: str,
        roots: Sequence[str],
        folder: Path,
        progress: SiteProgress,
        *,
        contact: str,
        delay: float = 1.0,
        private_hosts: Sequence[str] = (),
        workers: int = 16,
        first_rest: float | None = None,
    ) -> None:
        """Open what there is of it, or begin it.

        Args:
            name: what it calls itself when it asks; letters, digits and hyphens.
            roots: schemes and authorities, such as `https://diario.example`.
            folder: where it is written.
            progress: its progress.
            contact: whom a site's owner can write to.
            delay: seconds between two requests to one host, at least.
            private_hosts: hosts that may have an address which isn't public.
            workers: hosts that are asked at the same time.
            first_rest: seconds to rest after a host's first refusal; five where it isn't said.

        Raises:
            ConfigError: the contact or a host is none, or another process is at it.
            SourceError: a file is shorter than it was.
        """
        try:
            scope = Crawl(
                start=(f"{roots[0]}/",), follow=(), delay=delay, timeout=_TIMEOUT, private_hosts=tuple(private_hosts)
            )
        except ValidationError as error:
            problem = "; ".join(str(one["msg"]).removeprefix("Value error, ") for one in error.errors())
            raise ConfigError("recheck", problem, _("write hosts as gaceta.example or 127.0.0.1:8080")) from None
        source = Source(
            id=name,
            title=f"Sites' files: {name}",
            holder="the sites' owners",
            contact=contact,
            collect=Collect(kind="crawl", crawl=scope),
        )
        rest = _FIRST_REST if first_rest is None else first_rest
        super().__init__(source, folder, Silent(), workers=workers, first_rest=rest, folder=folder)
        self._roots, self._report = tuple(dict.fromkeys(roots)), progress
        self.sites: dict[str, Site] = {}
        self.unread: dict[str, str] = {}
        self.unread_files: frozenset[str] = frozenset()
        self._left: dict[str, str] = {}

    def _step(self, pool: ThreadPoolExecutor, flying: dict[Future[Answer], Job]) -> bool:
        """As in a crawl, and told after each step, of which there are two a second at least."""
        goes_on = super()._step(pool, flying)
        waiting = sum(1 for host in self._hosts if host not in self._closed)
        self._report(len(self._roots) - min(waiting, len(self._roots)), len(self._roots))
        return goes_on

    def _may_ask(self, host: str) -> bool:
        """Tell whether a host may be asked: any, since a moved site's file is the owner's word wherever it stands."""
        del host
        return True

    def _file(self, job: Job, root: str, answer: Exchange, now: float) -> bool:
        """As in a crawl; but what isn't the file, and not the word that there is none, leaves what was known.

        A firewall answers whoever it takes for a machine with 403, or with a page: that isn't the owner's word.
        """
        if not super()._file(job, root, answer, now):
            return False
        if not (answer.status in GONE_STATUSES or (answer.status in OK and not _is_page(job.file, answer))):
            self._unread(job.file, "error status", status=answer.status)
        return True

    def _file_missed(self, job: Job, root: str, trouble: TroubleError, now: float) -> None:
        """Note that a file can't be had, which isn't that it refuses nothing more."""
        super()._file_missed(job, root, trouble, now)
        if job.file != root + ROBOTS:
            self._unread(job.file, trouble.cause, why=str(trouble.detail))

    def _unread(self, address: str, cause: Cause, **detail: object) -> None:
        self._visits.note(address, cause, via=None, **detail)
        self._frontier.count(_UNREAD, address, add=1)

    def _leave(self, root: str, why: str) -> None:
        """Leave this site; the host's other, by https or on another port, may answer."""
        self._left[root] = why
        self._frontier.done(f"{root}/", "failed")

    def _begin(self, *, again: bool) -> None:
        """Let every site wait whose files aren't of this session; one that was cut goes on, for a day."""
        states = self._frontier.states()
        if again or (states and not states.get("waiting")):
            self._frontier.again()
            self._frontier.forget(_UNREAD)
        day = self._frontier.now() - DAY
        for root in self._roots:
            known = not self._frontier.add(f"{root}/", 0, None)
            if known and root + ROBOTS not in self._frontier.files(root, day):
                self._frontier.done(f"{root}/", "waiting")

    def _end(self) -> None:
        """Note that a site that couldn't be read is done with too: the next session begins anew."""
        for root in self._roots:
            if host_of(root) in self._closed:
                self._frontier.done(f"{root}/", "failed")

    def _page(self, waiting: Waiting, site: Site) -> Job | None:
        """Nothing is asked of a site but its files."""
        del site
        self._frontier.done(waiting.url, "aside")
        return None

    def _result(self, seconds: float) -> Result:
        """Take what was read out of the frontier, before it is closed."""
        for root in self._roots:
            files = self._frontier.files(root, 0.0)
            if root + ROBOTS in files:
                self.sites[root] = Site(root, files)
            else:
                self.unread[root] = self._left.get(root) or self._closed.get(host_of(root), "not asked yet")
        self.unread_files = frozenset(self._frontier.counts(_UNREAD))
        return super()._result(seconds)


def _is_page(address: str, answer: Exchange) -> bool:
    """Whether a page was given for a file that is none; a licence is markup itself."""
    if not address.endswith((ROBOTS, *FILES)):
        return False
    return is_markup(answer.payload(4 * MAX_BYTES)[:MAX_BYTES].decode("utf-8-sig", "replace"))


def roots_of(urls: Sequence[str]) -> list[str]:
    """Give the sites of these canonical URLs, each once, sorted; what isn't on the web, or holds a password, has none.

    >>> roots_of(["https://diario.example/b", "urn:isbn:1", "https://diario.example/a", "http://www.gaceta.example/"])
    ['http://www.gaceta.example', 'https://diario.example']
    """
    roots = {root_of(url) for url in urls if url.startswith(("http://", "https://"))}
    return sorted(root for root in roots if "@" not in root and not root.endswith("//"))
