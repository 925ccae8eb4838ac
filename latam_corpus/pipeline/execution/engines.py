"""What a run asks of an engine, and of who watches it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Protocol, Self

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence
    from pathlib import Path

    from latam_corpus.messages import Message
    from latam_corpus.pipeline.execution.part import J, Outcome


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


class Progress(Protocol):
    """What is told while a run goes on."""

    def started(self, title: str, total: int) -> None:
        """Note that a segment begins."""
        ...

    def part_done(self, outcome: Outcome) -> None:
        """Note that a part of it is done."""
        ...

    def barrier(self, name: str, rows: int) -> None:
        """Note that a barrier decides on so many rows."""
        ...

    def mended(self, damaged: Message) -> None:
        """Something of an earlier run was damaged and is made anew, as the sentence tells."""
        ...

    def step(self, title: str, done: int, total: int) -> None:
        """So much of a step of the barrier's work is done."""
        ...
