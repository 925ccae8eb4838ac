"""The files of each site that are read before its pages: robots.txt, ai.txt, tdmrep.json and the licences it names."""

from __future__ import annotations

from http import HTTPStatus
from typing import TYPE_CHECKING, Final

from latam_corpus.catalog.harvest_tables import host_of
from latam_corpus.catalog.optout.opt_out import ROBOTS
from latam_corpus.harvest.crawl.causes import TroubleError
from latam_corpus.harvest.optout.robots import MAX_BYTES, is_markup, read_part
from latam_corpus.harvest.optout.robots_bounds import unread_delays
from latam_corpus.harvest.optout.site import FILES, Site, Text

if TYPE_CHECKING:
    from latam_corpus.harvest.crawl.causes import Cause
    from latam_corpus.harvest.crawl.frontier import Frontier
    from latam_corpus.harvest.crawl.transport.exchange import Exchange

# RFC 9309, 2.4: a robots.txt is read again after a day; the other files with it.
DAY: Final = 86_400.0
_CACHED_SECONDS: Final = DAY / 24
_MOST_CACHED: Final = 256
_MAX_LICENCES: Final = 5
_MISSING: Final = range(400, 500)
MOVED: Final = range(300, 400)
OK: Final = range(200, 300)


class Sites:
    """What the sites of a crawl say, as kept in its frontier."""

    def __init__(self, frontier: Frontier) -> None:
        self._frontier = frontier
        self._known: dict[str, tuple[float, Site]] = {}

    def site(self, root: str, now: float) -> Site:
        """Return what is known of the site; its files are from the last day."""
        cached = self._known.get(root)
        if cached is None or cached[0] <= now:
            # Kept parsed for an hour, which is taken off the day that a file may be used.
            cached = (now + _CACHED_SECONDS, Site(root, self._frontier.files(root, now - DAY + _CACHED_SECONDS)))
            if len(self._known) >= _MOST_CACHED:
                del self._known[next(iter(self._known))]
            self._known[root] = cached
        return cached[1]

    def wanted(self, root: str, now: float) -> str | None:
        """Return the next file of the site that must be read before its pages; None when all are."""
        site = self.site(root, now)
        licences = site.licences[:_MAX_LICENCES] if root + ROBOTS in site.files else []
        # A licence on another host isn't asked for here: that host has a pace and a robots.txt of its own.
        own = [address for address in licences if host_of(address) == host_of(root)]
        return next(
            (one for one in (root + ROBOTS, *(root + name for name in FILES), *own) if one not in site.files), None
        )

    def read(self, address: str, root: str, answer: Exchange, now: float) -> Cause | None:
        """Keep what was answered for a file; what is odd about a robots.txt: it is a page, or longer than is read.

        A status of 4xx means that there is no such file (RFC 9309, 2.3.1.3), and so do redirects without end.

        Raises:
            TroubleError: the server couldn't say (5xx, 429): it must be asked again.
        """
        body: bytes | None = None
        odd: Cause | None = None
        if answer.status in OK:
            whole = answer.payload(4 * MAX_BYTES)
            is_rules = address.endswith((ROBOTS, FILES[0]))
            body = read_part(whole) if is_rules else whole[:MAX_BYTES]
            if len(whole) > len(body):
                odd = "robots is cut"
            if is_rules and is_markup(body.decode("utf-8-sig", "replace")):
                body, odd = None, "robots is a page"
        elif answer.status == HTTPStatus.TOO_MANY_REQUESTS or not (answer.status in _MISSING or answer.status in MOVED):
            raise TroubleError("robots unavailable", f"status {answer.status}", retry=True)
        self.missing(address, root, Text(body, answer.time), now)
        return odd if address.endswith(ROBOTS) else None

    def unread_delays(self, root: str, now: float) -> list[str]:
        """Return the delays that the site's robots.txt asks for in words that aren't understood."""
        body = self.site(root, now).files[root + ROBOTS].body or b""
        return unread_delays(body.decode("utf-8", "replace"))

    def missing(self, address: str, root: str, file: Text, now: float) -> None:
        """Keep a file, or that there is none."""
        self._frontier.keep_file(address, root, file, now)
        self._known.pop(root, None)
