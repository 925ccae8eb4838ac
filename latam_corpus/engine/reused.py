"""The common part of engines that keep their workers from one round of tasks to the next."""

from __future__ import annotations

from abc import ABC, abstractmethod
from typing import TYPE_CHECKING, Final, Protocol, Self, cast

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence
    from pathlib import Path

    from latam_corpus.pipeline.execution.engines import Engine
    from latam_corpus.pipeline.execution.part import J, Outcome

# If the worker of a task is killed twice, the task is probably the cause.
TRIES: Final = 2
# One thread per worker, since there are as many workers as processors.
ONE_THREAD: Final = {"POLARS_MAX_THREADS": "1", "OMP_NUM_THREADS": "1"}


class Reused(ABC):
    """A `with` block that keeps workers. Blocks may be nested; the workers end with the outermost block."""

    jobs: Path | None = None
    _entered = 0

    @property
    def here(self) -> Engine:
        """The engine itself."""
        return cast("Engine", self)

    def __enter__(self) -> Self:
        self._entered += 1
        return self

    def __exit__(self, *_: object) -> None:
        self._entered -= 1
        if not self._entered:
            self._end()

    @abstractmethod
    def _end(self) -> None:
        """End the workers, if any were started."""


class Crew(Protocol):
    """Workers that are kept from one round of tasks to the next."""

    def outcomes(self, work: Callable[[J], Outcome], tasks: Sequence[J]) -> Iterator[Outcome]:
        """Yield the outcome of each task when it is done."""
        ...

    def end(self) -> None:
        """End the workers."""
        ...


class CrewEngine(Reused):
    """An engine whose workers start at the first tasks and end with the `with` block."""

    _crew: Crew | None = None

    @abstractmethod
    def _new_crew(self) -> Crew:
        """Return a crew whose workers haven't started yet."""

    def _end(self) -> None:
        if self._crew:
            self._crew.end()
            self._crew = None

    def map(self, work: Callable[[J], Outcome], tasks: Sequence[J]) -> Iterator[Outcome]:
        """Yield the outcome of each task when it is done.

        Raises:
            PartError: a cluster refuses the jobs, or the workers end before they take a task.
        """
        if not tasks:
            return
        with self:
            if self._crew is None:
                self._crew = self._new_crew()
            # The largest first, so that the last one to finish is small.
            yield from self._crew.outcomes(work, sorted(tasks, key=lambda task: -task.bytes))
