"""What engines share whose workers outlive one round of tasks."""

from __future__ import annotations

from abc import ABC, abstractmethod
from typing import TYPE_CHECKING, Final, Self, cast

if TYPE_CHECKING:
    from pathlib import Path

    from latam_corpus.pipeline.execution.engines import Engine

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
