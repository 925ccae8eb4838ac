"""Progress on one line that is overwritten, on a terminal and in a notebook."""

from __future__ import annotations

import sys
from typing import Self

from latam_corpus.pipeline.execution.events import BarrierStarted, PartDone, SegmentStarted
from latam_corpus.text.display.terminal_text import visible

_WIDTH = 100


class LineProgress:
    """A line on standard error with the current step and its progress; it is removed at the end."""

    def __init__(self, *, shown: bool = True) -> None:
        """Set the line up.

        Args:
            shown: whether to show the line if there is a terminal or a notebook.
        """
        self._seen = shown and (sys.stderr.isatty() or "ipykernel" in sys.modules)
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
                self._write(f"{title}: {parts} parts")
            case PartDone(outcome):
                self._done += 1
                failed = " (failed)" if outcome.error else ""
                self._write(f"{self._title}: {self._done} of {self._total} parts{failed}")
            case BarrierStarted(name, rows):
                self._title = name
                self._write(f"{name}: deciding on {rows} rows")
            case _:
                self._write("")  # a warning may follow

    def step(self, title: str, done: int, total: int) -> None:
        """Show the progress of a step of a barrier, a verification or a transfer."""
        self._write(f"{self._title}: {title}: {done} of {total}" if self._title else f"{title}: {done} of {total}")

    def _write(self, line: str) -> None:
        if self._seen:
            sys.stderr.write(f"\r{visible(line)[:_WIDTH]:<{_WIDTH}}\r")
            sys.stderr.flush()
