"""The engine that runs everything in this process: for small jobs, tests and debuggers."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

    from latam_corpus.pipeline.part import Outcome, Task


@dataclass(frozen=True)
class InProcess:
    """One task after another, here."""

    def map(self, work: Callable[[Task], Outcome], tasks: Sequence[Task]) -> Iterator[Outcome]:
        """The outcome of each task, in order."""
        yield from map(work, tasks)
