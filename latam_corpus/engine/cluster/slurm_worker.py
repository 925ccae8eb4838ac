"""A worker's job: it takes tasks of the round that the driver calls to, until there are no more for a while.

Job and driver know of one another by files of their shared folder alone, and each measures time by its own clock:
`crew.json` has what the jobs are given, `call` the round's name (`end` when all is over), `beat` a number that grows
while the driver lives.
"""

from __future__ import annotations

import json
import os
import sys
import time
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Final, Self

from latam_corpus.engine.cluster.submitted import use_copies
from latam_corpus.engine.rounds import take_tasks
from latam_corpus.extract.isolation.process_memory import keep_to

CREW_FILE: Final = "crew.json"
CALL_FILE: Final = "call"
BEAT_FILE: Final = "beat"
BEAT_SECONDS: Final = 5.0
END: Final = "end"
_SILENT: Final = 180.0  # seconds: over NFS a file may look old for one of them
_POLL_SECONDS: Final = 0.5
_MARGIN: Final = 0.02  # of a job's time, to end before it does


@dataclass(frozen=True)
class Crew:
    """What all jobs of a driver are given.

    Attributes:
        size: how many work at once.
        memory: bytes that each may have.
        seconds: a job's time limit.
        idle_seconds: after so long without work a job ends.
    """

    size: int
    memory: int
    seconds: float
    idle_seconds: float

    def write(self, folder: Path) -> None:
        """Write it where the jobs read it."""
        (folder / CREW_FILE).write_text(json.dumps(asdict(self)))

    @classmethod
    def read(cls, folder: Path) -> Self:
        """Return it as the driver wrote it."""
        return cls(**json.loads((folder / CREW_FILE).read_text()))


class _Driver:
    """The driver, as its files show it."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._beat = self._read(BEAT_FILE)
        self._heard = time.monotonic()

    def _read(self, name: str) -> str:
        try:
            return (self._folder / name).read_text()
        except FileNotFoundError:
            return ""

    def call(self) -> str:
        """Return the round that it calls to, or `end` where it has done so or is silent."""
        beat = self._read(BEAT_FILE)
        if beat != self._beat:
            self._beat, self._heard = beat, time.monotonic()
        return self._read(CALL_FILE) if time.monotonic() - self._heard < _SILENT else END


def work(folder: Path, name: str, place: int) -> None:
    """Take tasks until the driver has no more for a while, is silent, or the job's time is nearly over.

    Args:
        folder: of the driver and its jobs.
        name: of this job, which no other has had.
        place: of this job among the others.
    """
    started = rested = time.monotonic()
    crew, driver, seen, longest = Crew.read(folder), _Driver(folder), "", 0.0
    keep_to(crew.memory)  # not all clusters keep jobs to what they asked for
    while (call := driver.call()) != END and time.monotonic() - rested < crew.idle_seconds:
        if call == seen:
            time.sleep(_POLL_SECONDS)
            continue
        current = folder / call.partition(" ")[0]
        try:
            began = time.monotonic()
            for _ in take_tasks(current, name, place % crew.size, crew.size):
                rested = time.monotonic()
                longest, began = max(longest, rested - began), rested
                if rested - started + longest > (1 - _MARGIN) * crew.seconds:
                    return
                if driver.call().partition(" ")[0] != current.name:
                    break
            else:
                seen = call
        except FileNotFoundError:  # another finished the round's last task
            if current.exists():
                raise


def main(folder: str) -> None:
    """Work as the job that Slurm says this is."""
    use_copies(Path(folder))
    array, place = os.environ["SLURM_ARRAY_JOB_ID"], os.environ["SLURM_ARRAY_TASK_ID"]
    work(Path(folder), f"{array}_{place}", int(place))


if __name__ == "__main__":
    main(*sys.argv[1:])
