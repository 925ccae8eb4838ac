"""What the command line shows: tables and progress on a terminal, plain lines elsewhere, JSON when asked."""

from __future__ import annotations

import json
import sys
import time
from typing import TYPE_CHECKING, Any, Final

from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn
from rich.table import Table

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Sequence

    from latam_corpus.pipeline.part import Outcome

_WIDTH_OF_FILES: Final = 160
_SECONDS_A_LINE: Final = 10
console = Console(highlight=False, soft_wrap=True)
errors = Console(stderr=True, highlight=False, soft_wrap=True)


def print_json(value: Any) -> None:  # noqa: ANN401  (anything that JSON holds)
    """One JSON value on standard output."""
    sys.stdout.write(json.dumps(value, ensure_ascii=False, indent=1, default=str) + "\n")


def table(title: str, columns: Sequence[str], rows: Iterable[Sequence[object]]) -> None:
    """A table; columns whose name ends in `#` are numbers and stand to the right, without the mark."""
    shown = Table(title=title or None, title_justify="left", header_style="bold", box=None, pad_edge=False)
    for place, column in enumerate(columns):
        numeric = column.endswith("#")
        # The first column is what people copy: it is never cut.
        shown.add_column(
            column.rstrip("#"), justify="right" if numeric else "left", overflow="fold", no_wrap=numeric or place == 0
        )
    for row in rows:
        shown.add_row(*("" if cell is None else str(cell) for cell in row))
    # Cells are people's words: what stands in brackets is shown, and no colour.
    Console(highlight=False, markup=False, width=None if console.is_terminal else _WIDTH_OF_FILES).print(shown)


def number(value: float) -> str:
    """The number with thin groups of three, as all three languages write it.

    >>> number(1234567)
    '1 234 567'
    """
    return f"{value:,}".replace(",", " ")


class RunProgress:
    """A run's progress: a live bar on a terminal; elsewhere a line every tenth of the way, in a barrier every 10 s."""

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        """Begin to show it.

        Args:
            clock: gives seconds.
        """
        self._bar = Progress(
            TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TimeElapsedColumn(),
            console=errors, transient=True,
        ) if errors.is_terminal else None  # fmt: skip
        self._task: Any = None
        self._title, self._done, self._total, self._told = "", 0, 0, 0
        self._clock = clock
        self._said = clock()
        if self._bar:
            self._bar.start()

    def started(self, title: str, total: int) -> None:
        """A segment of so many parts begins."""
        self._title, self._done, self._total, self._told = title, 0, total, 0
        self._show(title, total)

    def _show(self, title: str, total: int | None) -> None:
        """Put another bar in the place of the one that is shown."""
        if self._bar:
            if self._task is not None:
                self._bar.remove_task(self._task)
            self._task = self._bar.add_task(title, total=total)

    def part_done(self, outcome: Outcome) -> None:
        """A part of it is done."""
        self._done += 1
        if outcome.error:
            errors.print(f"part {outcome.part} failed: {outcome.error}", markup=False)
        if self._bar:
            self._bar.update(self._task, completed=self._done)
        elif self._done * 10 // self._total > self._told or self._done == self._total:
            self._told = self._done * 10 // self._total
            errors.print(f"{self._title}: {self._done} of {self._total} parts")

    def barrier(self, name: str, rows: int) -> None:
        """A barrier decides on so many rows."""
        self._title = name
        self._said = self._clock()
        self._show(name, None)
        if not self._bar:
            errors.print(f"{name}: deciding on {number(rows)} rows")

    def mended(self, told: str) -> None:
        """Something of an earlier run was damaged and is made anew."""
        errors.print(f"damaged  {told}", markup=False)

    def step(self, title: str, done: int, total: int) -> None:
        """So much of a step of the barrier's work is done."""
        if self._bar:
            self._bar.update(self._task, description=f"{self._title}: {title}", completed=done, total=total)
        elif self._clock() - self._said >= _SECONDS_A_LINE:
            self._said = self._clock()
            errors.print(f"{self._title}: {title}: {number(done)} of {number(total)}")

    def close(self) -> None:
        """Take the bar off the screen."""
        if self._bar:
            self._bar.stop()


class Unseen:
    """Progress of a run too short to tell of."""

    def started(self, title: str, total: int) -> None:
        """Nothing is shown."""

    def part_done(self, outcome: Outcome) -> None:
        """A part's failure is still told."""
        if outcome.error:
            errors.print(f"part {outcome.part} failed: {outcome.error}", markup=False)

    def barrier(self, name: str, rows: int) -> None:
        """Nothing is shown."""

    def mended(self, told: str) -> None:
        """What was damaged is still told."""
        errors.print(f"damaged  {told}", markup=False)

    def step(self, title: str, done: int, total: int) -> None:
        """Nothing is shown."""
