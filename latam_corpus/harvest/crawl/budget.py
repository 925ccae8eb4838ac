"""What one host may take of a crawl: requests, bytes, time; each bounded, so that no site can keep a crawl for ever."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from latam_corpus.catalog.harvest_tables import Crawl
    from latam_corpus.harvest.crawl.causes import Cause
    from latam_corpus.harvest.crawl.frontier import Frontier


@dataclass(frozen=True)
class Budget:
    """What a host may take in a round.

    Attributes:
        requests: in all: for pages, lists, files, what has moved and what failed.
        bytes: of bodies, as sent.
        seconds: that its answers may take together.

    >>> from latam_corpus.catalog.harvest_tables import Crawl
    >>> Budget.of(Crawl(start=("https://gaceta.example/",)), 10).requests
    200
    """

    requests: int
    bytes: int
    seconds: float

    @classmethod
    def of(cls, scope: Crawl, pages: int) -> Budget:
        """Return what the source says, or as much as no honest site takes for so many pages."""
        # A site with a redirect and an error for each page takes three requests for it; 1 MB and 10 s are as generous.
        return cls(
            scope.max_requests or 100 + 10 * pages,
            scope.max_bytes or 2**30 + 2**20 * pages,
            3600 * scope.max_hours if scope.max_hours else 3600.0 + 10.0 * pages,
        )

    def spent(self, host: str, frontier: Frontier) -> Cause | None:
        """Return what the host has used up in this round, if anything."""
        if frontier.count("requests", host) >= self.requests:
            return "too many requests"
        if frontier.count("bytes", host) >= self.bytes:
            return "too many bytes"
        if frontier.count("milliseconds", host) >= 1000 * self.seconds:
            return "too much time"
        return None


def charge(host: str, size: int, seconds: float, frontier: Frontier) -> None:
    """Count a request of a host, the bytes of its answer and the time that it took."""
    for what, amount in (("requests", 1), ("bytes", size), ("milliseconds", round(1000 * seconds))):
        frontier.count(what, host, add=amount)
