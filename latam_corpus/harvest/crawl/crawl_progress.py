"""Who is told how far a crawl has come."""

from __future__ import annotations

from typing import Protocol


class Progress(Protocol):
    """Told over and over, also while nothing comes."""

    def step(self, url: str, pages: int, requests: int, waiting_hosts: int) -> None:
        """So much was asked and came, and this last."""


class Silent:
    """Progress that nobody watches."""

    def step(self, url: str, pages: int, requests: int, waiting_hosts: int) -> None:
        """Nothing is shown."""
