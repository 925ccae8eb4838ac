"""Progress reports of a crawl."""

from __future__ import annotations

from typing import Protocol


class CrawlProgress(Protocol):
    """A receiver of progress reports, called at least twice a second."""

    def step(self, url: str, pages: int, requests: int, waiting_hosts: int) -> None:
        """Report the counts so far.

        `pages` are those of this round, `requests` those of this session.
        """


class Silent:
    """A receiver that ignores progress reports."""

    def step(self, url: str, pages: int, requests: int, waiting_hosts: int) -> None:
        """Ignore the report."""
