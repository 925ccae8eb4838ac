"""How long tasks take for their bytes, so that one which takes far longer is given to an idle worker, too.

A worker that hangs, on a network's file system or in a library, says nothing. What two workers may do at once (`twice`)
is done by both then, and who is first counts. What they may not, a barrier's job, is begun anew once its worker has
been ended, for which it must take much longer.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Final

LEAST_SECONDS: Final = 30.0  # of a task, before another worker begins it: to look twice costs more than it saves
_TIMES: Final = 3  # what others took; Spark's bound, too
HUNG_SECONDS: Final = 600.0  # of what can't be done by two, before its worker is ended: what it did is lost
_HUNG_TIMES: Final = 10
LOOK_SECONDS: Final = 1.0  # from one look at what is late to the next


@dataclass
class Pace:
    """How long the tasks of a round took that are done.

    Attributes:
        bytes: of all of them.
        seconds: that they took, by their workers' own clocks.
        longest: seconds of one.

    >>> pace = Pace()
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
        """Count a task that is done."""
        self.bytes += bytes_
        self.seconds += seconds
        self.longest = max(self.longest, seconds)

    def patience(self, bytes_: int) -> float:
        """Return after how many seconds a task of so many bytes is late; without end where none is done yet."""
        return max(LEAST_SECONDS, _TIMES * self._longest_of(bytes_))

    def endurance(self, bytes_: int) -> float:
        """Return after how many seconds the worker at a task is taken to hang.

        >>> pace = Pace()
        >>> pace.add(10, 90.0)
        >>> pace.endurance(1), Pace().endurance(1)
        (900.0, inf)
        """
        return max(HUNG_SECONDS, _HUNG_TIMES * self._longest_of(bytes_))

    def _longest_of(self, bytes_: int) -> float:
        expected = self.seconds / max(self.bytes, 1) * bytes_
        return max(self.longest, expected) if self.longest else math.inf
