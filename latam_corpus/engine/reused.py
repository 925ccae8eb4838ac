"""What engines share whose workers outlive one round of tasks."""

from __future__ import annotations

from abc import ABC, abstractmethod
from typing import TYPE_CHECKING, Final, Protocol, Self, cast

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence
    from pathlib import Path

    from latam_corpus.pipeline.execution.engines import Engine
    from latam_corpus.pipeline.execution.part import J, Outcome

# A task whose worker was killed twice is the likely cause.
TRIES: Final = 2
# There are as many workers as processors.
ONE_THREAD: Final = {"POLARS_MAX_THREADS": "1", "OMP_NUM_THREADS": "1"}


class Reused(ABC):
    """A block within which workers may be reused; blocks may stand in one another, and the last to end ends them."""

    jobs: Path | None = None
    _entered = 0

    @property
    def here(self) -> Engine:
        """Itself."""
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
    """Workers that stay from one round of tasks to the next."""

    def outcomes(self, work: Callable[[J], Outcome], tasks: Sequence[J]) -> Iterator[Outcome]:
        """Yield the outcome of each task, as they are done."""
        ...

    def end(self) -> None:
        """End the workers."""
        ...


class CrewEngine(Reused):
    """An engine whose workers start with the first tasks and end with the `with` block."""

    _crew: Crew | None = None

    @abstractmethod
    def _new_crew(self) -> Crew:
        """Return workers that have not started."""

    def _end(self) -> None:
        if self._crew:
            self._crew.end()
            self._crew = None

    def map(self, work: Callable[[J], Outcome], tasks: Sequence[J]) -> Iterator[Outcome]:
        """Yield the outcome of each task, as they are done.

        Raises:
            PartError: a cluster refuses the jobs, or they end before they take a task.
        """
        if not tasks:
            return
        with self:
            if self._crew is None:
                self._crew = self._new_crew()
            # Big tasks first: the last to finish is then a small one.
            yield from self._crew.outcomes(work, sorted(tasks, key=lambda task: -task.bytes))
