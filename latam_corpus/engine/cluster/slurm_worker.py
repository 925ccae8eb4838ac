"""The job of a worker: take tasks of the driver's current round, and end after being idle for a while.

Jobs and driver communicate only through files in their shared folder, and each uses only its own clock. `crew.json`
contains the settings of all jobs, `call` contains the name of the current round (or `end`), and `beat` changes while
the driver is alive.
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
_SILENT: Final = 180.0  # seconds without a beat; over NFS, a reader may see an outdated file for a while
_POLL_SECONDS: Final = 0.5
_MARGIN: Final = 0.02  # share of a job's time that is left unused, so that the job ends before its limit


@dataclass(frozen=True)
class WorkerSettings:
    """The settings of all jobs of a driver.

    Attributes:
        size: the number of jobs at once.
        memory: the memory limit of each job, in bytes.
        seconds: the time limit of each job, in seconds.
        idle_seconds: the seconds for which a job waits for work before it ends.
    """

    size: int
    memory: int
    seconds: float
    idle_seconds: float

    def write(self, folder: Path) -> None:
        """Write the settings into the shared folder."""
        (folder / CREW_FILE).write_text(json.dumps(asdict(self)))

    @classmethod
    def read(cls, folder: Path) -> Self:
        """Read the settings that the driver wrote."""
        return cls(**json.loads((folder / CREW_FILE).read_text()))


class _Driver:
    """The driver's state, read from its files."""

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
        """Return the content of the `call` file; `end` also if the driver is silent."""
        beat = self._read(BEAT_FILE)
        if beat != self._beat:
            self._beat, self._heard = beat, time.monotonic()
        return self._read(CALL_FILE) if time.monotonic() - self._heard < _SILENT else END


def work(folder: Path, name: str, place: int) -> None:
    """Take tasks until there are none for a while, the driver is silent, or the job's time is nearly over.

    `name` is a name of this job that no other job has had; `place` is its index in the array.
    """
    started = last_work = time.monotonic()
    settings, driver, finished_call, longest = WorkerSettings.read(folder), _Driver(folder), "", 0.0
    keep_to(settings.memory)  # not all clusters enforce the memory limit
    while (call := driver.call()) != END and time.monotonic() - last_work < settings.idle_seconds:
        if call == finished_call:
            time.sleep(_POLL_SECONDS)
            continue
        current = folder / call.partition(" ")[0]
        try:
            task_start = time.monotonic()
            for _ in take_tasks(current, name, place % settings.size, settings.size):
                last_work = time.monotonic()
                longest, task_start = max(longest, last_work - task_start), last_work
                if last_work - started + longest > (1 - _MARGIN) * settings.seconds:
                    return
                if driver.call().partition(" ")[0] != current.name:
                    break
            else:
                finished_call = call
        except FileNotFoundError:  # another finished the round's last task
            if current.exists():
                raise


def main(folder: str) -> None:
    """Work as the job that Slurm's environment variables identify."""
    use_copies(Path(folder))
    array, place = os.environ["SLURM_ARRAY_JOB_ID"], os.environ["SLURM_ARRAY_TASK_ID"]
    work(Path(folder), f"{array}_{place}", int(place))


if __name__ == "__main__":
    main(*sys.argv[1:])
