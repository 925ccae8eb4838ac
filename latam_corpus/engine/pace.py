"""Detect late tasks: a task that takes far longer than others of its size is also given to an idle worker.

A worker may hang in a network file system or in a library without any sign. If two workers may run a task at once
(`may_run_concurrently`), the first result counts. If not, as with a barrier's job, the worker is killed and the task is
started again, but only after a much longer time.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Final

LEAST_SECONDS: Final = 30.0  # before a second worker starts a task; starting earlier would cost more than it saves
_TIMES: Final = 3  # a task is late after this many times the expected time; Spark uses the same limit
HUNG_SECONDS: Final = 600.0  # before the worker of a task that can't run twice is killed, which loses its work
_HUNG_TIMES: Final = 10
LOOK_SECONDS: Final = 1.0  # between two checks for late tasks


@dataclass
class TaskDurations:
    """The durations of a round's finished tasks.

    Attributes:
        seconds: the total seconds of all tasks, by their workers' clocks.

    >>> pace = TaskDurations()
    >>> pace.patience(10)
    inf
    >>> pace.add(10, 20.0)
    >>> pace.patience(1), pace.patience(30)
    (60.0, 180.0)
    """

    bytes: int = 0
    seconds: float = 0.0
    longest: float = 0.0

    def add(self, bytes_: int, seconds: float) -> None:
        """Add a finished task."""
        self.bytes += bytes_
        self.seconds += seconds
        self.longest = max(self.longest, seconds)

    def patience(self, bytes_: int) -> float:
        """Return the seconds after which a task of this size is late; infinity until a task is finished."""
        return max(LEAST_SECONDS, _TIMES * self._longest_of(bytes_))

    def endurance(self, bytes_: int) -> float:
        """Return the seconds after which the worker of a task is considered to hang.

        >>> pace = TaskDurations()
        >>> pace.add(10, 90.0)
        >>> pace.endurance(1), TaskDurations().endurance(1)
        (900.0, inf)
        """
        return max(HUNG_SECONDS, _HUNG_TIMES * self._longest_of(bytes_))

    def _longest_of(self, bytes_: int) -> float:
        expected = self.seconds / max(self.bytes, 1) * bytes_
        return max(self.longest, expected) if self.longest else math.inf
