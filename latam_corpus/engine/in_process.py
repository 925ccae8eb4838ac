"""The engine that runs tasks in this process, for small jobs, tests and debuggers."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, ClassVar, Self

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

    from latam_corpus.pipeline.execution.part import J, Outcome


@dataclass(frozen=True)
class InProcess:
    """Runs tasks one after another in this process."""

    workers: ClassVar[int] = 1
    jobs: ClassVar[None] = None

    @property
    def here(self) -> Self:
        """The engine itself."""
        return self

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        pass

    def map(self, work: Callable[[J], Outcome], tasks: Sequence[J]) -> Iterator[Outcome]:
        """Yield the outcome of each task, in order."""
        yield from map(work, tasks)
