"""The files of a site that are read before its pages: robots.txt, ai.txt, tdmrep.json and the licences it names."""

from __future__ import annotations

from http import HTTPStatus
from typing import TYPE_CHECKING, Final

from latam_corpus.catalog.harvest_tables import host_of
from latam_corpus.catalog.optout.opt_out import ROBOTS
from latam_corpus.harvest.crawl.causes import TroubleError
from latam_corpus.harvest.optout.robots import MAX_BYTES, is_markup, read_part, unread_delays
from latam_corpus.harvest.optout.site import FILES, Site, SiteFile

if TYPE_CHECKING:
    from latam_corpus.harvest.crawl.causes import Cause
    from latam_corpus.harvest.crawl.frontier import Frontier
    from latam_corpus.harvest.crawl.transport.exchange import Exchange

# Seconds in a day, after which a robots.txt is read again (RFC 9309, 2.4), and the other files with it.
DAY: Final = 86_400.0
_CACHED_SECONDS: Final = DAY / 24
_MAX_CACHED: Final = 256
_MAX_LICENCES: Final = 5
_CLIENT_ERRORS: Final = range(400, 500)


class Sites:
    """The sites of a crawl, with their files as stored in its frontier."""

    def __init__(self, frontier: Frontier) -> None:
        self._frontier = frontier
        self._cache: dict[str, tuple[float, Site]] = {}

    def site(self, root: str, now: float) -> Site:
        """Return the site with its files of the last day."""
        cached = self._cache.get(root)
        if cached is None or cached[0] <= now:
            # Cached for an hour, so the file may be at most an hour short of a day old.
            cached = (now + _CACHED_SECONDS, Site(root, self._frontier.files(root, now - DAY + _CACHED_SECONDS)))
            if len(self._cache) >= _MAX_CACHED:
                del self._cache[next(iter(self._cache))]
            self._cache[root] = cached
        return cached[1]

    def next_file(self, root: str, now: float) -> str | None:
        """Return the address of the next file to read before the site's pages; None if all were read."""
        site = self.site(root, now)
        licences = site.licences[:_MAX_LICENCES] if root + ROBOTS in site.files else []
        # A licence on another host is skipped, because that host has its own pace and robots.txt.
        local_licences = [address for address in licences if host_of(address) == host_of(root)]
        addresses = (root + ROBOTS, *(root + name for name in FILES), *local_licences)
        return next((address for address in addresses if address not in site.files), None)

    def store_answer(self, address: str, root: str, answer: Exchange, now: float) -> Cause | None:
        """Store the response for a file; return a problem if it is a robots.txt that is a page or too long.

        A 4xx status or endless redirects mean that the file doesn't exist (RFC 9309, 2.3.1.3).

        Raises:
            TroubleError: the server failed (5xx, 429), so the file must be requested again.
        """
        body: bytes | None = None
        problem: Cause | None = None
        if answer.is_success:
            content = answer.payload(4 * MAX_BYTES)
            is_rules = address.endswith((ROBOTS, FILES[0]))
            body = read_part(content) if is_rules else content[:MAX_BYTES]
            if len(content) > len(body):
                problem = "robots is cut"
            if is_rules and is_markup(body.decode("utf-8-sig", "replace")):
                body, problem = None, "robots is a page"
        elif answer.status == HTTPStatus.TOO_MANY_REQUESTS or not (
            answer.is_redirect or answer.status in _CLIENT_ERRORS
        ):
            raise TroubleError("robots unavailable", f"status {answer.status}", retry=True)
        self.store_file(address, root, SiteFile(body, answer.time), now)
        return problem if address.endswith(ROBOTS) else None

    def unread_delays(self, root: str, now: float) -> list[str]:
        """Return the values of `Crawl-delay` in the site's robots.txt that can't be understood."""
        body = self.site(root, now).files[root + ROBOTS].body or b""
        return unread_delays(body.decode("utf-8", "replace"))

    def store_file(self, address: str, root: str, file: SiteFile, now: float) -> None:
        """Store a file, or the fact that it doesn't exist."""
        self._frontier.store_file(address, root, file, now)
        self._cache.pop(root, None)
