"""The limits of a crawl: requests, bytes and time per host, so that no site can occupy it forever, and the disk."""

from __future__ import annotations

import sqlite3
from contextlib import contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING

from latam_corpus.errors import MAKE_ROOM, SourceError, cause_of
from latam_corpus.messages import _

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from latam_corpus.catalog.harvest_tables import Crawl
    from latam_corpus.harvest.crawl.causes import Cause
    from latam_corpus.harvest.crawl.frontier import Frontier


@dataclass(frozen=True)
class HostBudget:
    """The limits of one host in a round.

    Attributes:
        requests: requests of all kinds, failed ones and redirects included.
        bytes: bytes of bodies, as sent.
        seconds: total response time.

    >>> from latam_corpus.catalog.harvest_tables import Crawl
    >>> HostBudget.of(Crawl(start=("https://gaceta.example/",)), 10).requests
    200
    """

    requests: int
    bytes: int
    seconds: float

    @classmethod
    def of(cls, scope: Crawl, pages: int) -> HostBudget:
        """Return the source's limits; the defaults are more than an honest site needs for this number of pages."""
        # A site with a redirect and an error per page takes three requests per page; 1 MB and 10 s are as generous.
        return cls(
            scope.max_requests or 100 + 10 * pages,
            scope.max_bytes or 2**30 + 2**20 * pages,
            3600 * scope.max_hours if scope.max_hours else 3600.0 + 10.0 * pages,
        )

    def spent(self, host: str, frontier: Frontier) -> Cause | None:
        """Return the limit that the host has reached in this round; None if it has reached none."""
        if frontier.count("requests", host) >= self.requests:
            return "too many requests"
        if frontier.count("bytes", host) >= self.bytes:
            return "too many bytes"
        if frontier.count("milliseconds", host) >= 1000 * self.seconds:
            return "too much time"
        return None


def charge(host: str, size: int, seconds: float, frontier: Frontier) -> None:
    """Add a request, the bytes of its response and its duration to a host's counts."""
    for quantity, amount in (("requests", 1), ("bytes", size), ("milliseconds", round(1000 * seconds))):
        frontier.count(quantity, host, add=amount)


@contextmanager
def writing(folder: Path) -> Iterator[None]:
    """Report write errors of the block as a `SourceError` that names the folder.

    Raises:
        SourceError: a file or the database couldn't be written.
    """
    try:
        yield
    except BrokenPipeError:  # the reader of standard output closed it, as `head` does
        raise
    except (OSError, sqlite3.OperationalError) as error:
        reason = cause_of(error) if isinstance(error, OSError) else str(error)
        raise SourceError(str(folder), _("it can't be written ({error})", error=reason), MAKE_ROOM) from None
