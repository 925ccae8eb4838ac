"""Who is told of a crawl's pages."""

from __future__ import annotations

from typing import Protocol


class Progress(Protocol):
    """Told of each page."""

    def page(self, url: str, pages: int, waiting_hosts: int) -> None:
        """A page was written."""


class Silent:
    """Progress that nobody watches."""

    def page(self, url: str, pages: int, waiting_hosts: int) -> None:
        """Nothing is shown."""
