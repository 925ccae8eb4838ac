"""The protocol of engines, which execute the tasks of a run."""

from __future__ import annotations

from typing import TYPE_CHECKING, Protocol, Self, TypeAlias

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence
    from pathlib import Path

    from latam_corpus.pipeline.execution.part import J, Outcome

# Called with the title of a step, the number of units done, and the number of all.
OnStep: TypeAlias = "Callable[[str, int, int], None]"


class Engine(Protocol):
    """Runs tasks in this process, in worker processes, or on a cluster."""

    @property
    def workers(self) -> int:
        """The number of tasks that run at once."""
        ...

    @property
    def jobs(self) -> Path | None:
        """The folder for the output of a cluster's jobs; None if the engine submits none."""
        ...

    @property
    def here(self) -> Engine:
        """The engine for tasks that need local files: this one, unless it uses other machines."""
        ...

    def __enter__(self) -> Self:
        """Keep the workers until the block ends."""
        ...

    def __exit__(self, *_: object) -> None:
        """End the workers."""
        ...

    def map(self, work: Callable[[J], Outcome], tasks: Sequence[J]) -> Iterator[Outcome]:
        """Yield the outcome of each task when it is done, in any order; a failed task doesn't stop the others."""
        ...
