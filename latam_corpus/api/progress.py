"""How far a run is: one line that is written over, on a terminal and in a notebook."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING, Self

from latam_corpus.text.display.terminal_text import visible

if TYPE_CHECKING:
    from latam_corpus.messages import Message
    from latam_corpus.pipeline.execution.part import Outcome

_WIDTH = 100


class NoProgress:
    """Show nothing: what failed or was damaged is told at the end."""

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        """Leave nothing behind."""

    def started(self, title: str, total: int) -> None:
        """Show nothing."""

    def part_done(self, outcome: Outcome) -> None:
        """Show nothing."""

    def barrier(self, name: str, rows: int) -> None:
        """Show nothing."""

    def mended(self, damaged: Message) -> None:
        """Show nothing."""

    def step(self, title: str, done: int, total: int) -> None:
        """Show nothing."""


class LineProgress(NoProgress):
    """Show the step and its count in a line on standard error, where a person sees it; take it away at the end."""

    def __init__(self) -> None:
        self._seen = sys.stderr.isatty() or "ipykernel" in sys.modules
        self._title, self._done, self._total = "", 0, 0

    def __exit__(self, *_: object) -> None:
        self._show("")

    def started(self, title: str, total: int) -> None:
        """Show a segment of so many parts."""
        self._title, self._done, self._total = title, 0, total
        self._show(f"{title}: {total} parts")

    def part_done(self, outcome: Outcome) -> None:
        """Count a part."""
        self._done += 1
        self._show(f"{self._title}: {self._done} of {self._total} parts{' (failed)' if outcome.error else ''}")

    def barrier(self, name: str, rows: int) -> None:
        """Show that a barrier decides on so many rows."""
        self._title = name
        self._show(f"{name}: deciding on {rows} rows")

    def step(self, title: str, done: int, total: int) -> None:
        """Show how far a step of a barrier, a verification or a transfer is."""
        self._show(f"{self._title}: {title}: {done} of {total}" if self._title else f"{title}: {done} of {total}")

    def _show(self, line: str) -> None:
        if self._seen:
            sys.stderr.write(f"\r{visible(line)[:_WIDTH]:<{_WIDTH}}\r")
            sys.stderr.flush()
