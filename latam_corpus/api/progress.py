"""Show progress in one line, on a terminal and in a notebook."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING, Self

from latam_corpus.pipeline.execution.events import BarrierStarted, PartDone, SegmentStarted
from latam_corpus.text.display.terminal_text import visible

if TYPE_CHECKING:
    from collections.abc import Callable

_WIDTH = 100


class LineProgress:
    """A line on standard error that shows the current step and its count, and is removed at the end."""

    def __init__(self, *, shown: bool | Callable[[str, int, int], object] = True) -> None:
        """Show a line if there is a terminal or a notebook, or call a function with a step's title and counts."""
        self._report = None if isinstance(shown, bool) else shown
        self._shown = shown is True and (sys.stderr.isatty() or "ipykernel" in sys.modules)
        self._title, self._done, self._total = "", 0, 0

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._write("")

    def show(self, event: object) -> None:
        """Show an event of a run."""
        match event:
            case SegmentStarted(title, parts):
                self._title, self._done, self._total = title, 0, parts
                self._tell(title, 0, parts)
                self._write(f"{title}: {parts} parts")
            case PartDone(outcome):
                self._done += 1
                self._tell(self._title, self._done, self._total)
                failed = " (failed)" if outcome.error else ""
                self._write(f"{self._title}: {self._done} of {self._total} parts{failed}")
            case BarrierStarted(name, rows):
                self._title = name
                self._tell(name, 0, 0)
                self._write(f"{name}: deciding on {rows} rows")
            case _:
                self._write("")  # remove the line, since the caller may print a warning

    def step(self, title: str, done: int, total: int) -> None:
        """Show the progress of a step of a barrier, a verification or a transfer."""
        self._tell(title, done, total)
        self._write(f"{self._title}: {title}: {done} of {total}" if self._title else f"{title}: {done} of {total}")

    def _tell(self, title: str, done: int, total: int) -> None:
        if self._report is not None:
            self._report(title, done, total)

    def _write(self, line: str) -> None:
        if self._shown:
            sys.stderr.write(f"\r{visible(line)[:_WIDTH]:<{_WIDTH}}\r")
            sys.stderr.flush()
