"""What a run asks of an engine."""

from __future__ import annotations

from typing import TYPE_CHECKING, Protocol, Self, TypeAlias

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence
    from pathlib import Path

    from latam_corpus.pipeline.execution.part import J, Outcome

# Called with a step of a barrier, how much of it is done, and of how much.
OnStep: TypeAlias = "Callable[[str, int, int], None]"


class Engine(Protocol):
    """What runs tasks: in this process, in worker processes, or on a cluster."""

    @property
    def workers(self) -> int:
        """How many tasks are worked at once."""
        ...

    @property
    def jobs(self) -> Path | None:
        """The folder in which a cluster's jobs leave what they say; None where there are no jobs."""
        ...

    @property
    def here(self) -> Engine:
        """What works tasks that need this machine's files: the engine itself, unless it works on other machines."""
        ...

    def __enter__(self) -> Self:
        """Reuse workers until the block ends."""
        ...

    def __exit__(self, *_: object) -> None:
        """End the workers."""
        ...

    def map(self, work: Callable[[J], Outcome], tasks: Sequence[J]) -> Iterator[Outcome]:
        """Return the outcome of each task, as they are done, in any order; no task's failure ends the others."""
        ...
