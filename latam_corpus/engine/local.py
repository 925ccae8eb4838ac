"""The engine of worker processes on this machine, each a rank of datatrove's local executor.

Why not one executor with its pool: a pool whose worker is killed waits for ever, and its first failure ends the
rest. Here each rank is a process of its own that claims tasks from a folder (`engine/worker.py`), so that one long
task doesn't hold up the others' share, and a worker that dies costs the one task it held.
"""

from __future__ import annotations

import os
import pickle
import signal
import subprocess
import sys
import tempfile
import time
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Final

from latam_corpus.errors import PartError
from latam_corpus.pipeline.part import Outcome

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

    from latam_corpus.pipeline.part import Task

_TRIES: Final = 2  # a task whose worker was killed twice is the likely cause
_POLL_SECONDS: Final = 0.05


@dataclass(frozen=True)
class Local:
    """Worker processes on this machine.

    Attributes:
        workers: how many.
    """

    workers: int

    def map(self, work: Callable[[Task], Outcome], tasks: Sequence[Task]) -> Iterator[Outcome]:
        """The outcome of each task, as they are done."""
        if not tasks:
            return
        # Big tasks first: the last to finish is then a small one.
        ordered = sorted(tasks, key=lambda task: -task.part.bytes)
        with tempfile.TemporaryDirectory(prefix="latam-corpus-") as name:
            yield from _Crew(Path(name), work, ordered, min(self.workers, len(tasks))).outcomes()


class _Crew:
    """The workers of one map, and the folder through which they are told and tell."""

    def __init__(self, room: Path, work: Callable[[Task], Outcome], tasks: Sequence[Task], size: int) -> None:
        self._room = room
        self._tasks = tasks
        self._size = size
        self._deaths: dict[int, int] = {}
        self._stillborn = 0
        for kind in ("claims", "outcomes", "logs"):
            (room / kind).mkdir()
        (room / "tasks.pickle").write_bytes(pickle.dumps((work, list(tasks))))

    def outcomes(self) -> Iterator[Outcome]:
        """The outcomes as they come; the workers are ended when the caller stops asking."""
        workers = {rank: self._start(rank) for rank in range(self._size)}
        waiting = set(range(len(self._tasks)))
        try:
            while waiting:
                for number in self._finished() & waiting:
                    waiting.discard(number)
                    yield pickle.loads((self._room / "outcomes" / f"{number}").read_bytes())  # noqa: S301  (ours)
                for rank in [rank for rank, worker in workers.items() if worker.poll() is not None]:
                    worker = workers.pop(rank)
                    _end(worker)
                    yield from self._bury(rank, worker.returncode, waiting)
                    if waiting - self._claimed() - self._finished():
                        workers[rank] = self._start(rank)
                time.sleep(_POLL_SECONDS)
        finally:
            for worker in workers.values():
                _end(worker)

    def _start(self, rank: int) -> subprocess.Popen[bytes]:
        command = [sys.executable, "-m", "latam_corpus.engine.worker", str(self._room), str(rank), str(self._size)]
        environment = os.environ | {"POLARS_MAX_THREADS": "1", "OMP_NUM_THREADS": "1"}
        # The pipe is never written to: the worker reads its end to learn that this process is gone.
        with (self._room / "logs" / f"{rank}.txt").open("ab") as log:
            return subprocess.Popen(  # noqa: S603  (our own module, our own arguments)
                command, stdin=subprocess.PIPE, stdout=log, stderr=log, env=environment, start_new_session=True
            )

    def _finished(self) -> set[int]:
        return {int(path.name) for path in (self._room / "outcomes").iterdir() if path.name.isdecimal()}

    def _claimed(self) -> set[int]:
        return {int(path.name) for path in (self._room / "claims").iterdir() if path.name.isdecimal()}

    def _bury(self, rank: int, code: int, waiting: set[int]) -> Iterator[Outcome]:
        """What a dead worker held is given back, or, after a second death, is the outcome of its task."""
        held = [n for n in waiting - self._finished() if self._holder(n) == rank]
        if code and not held:  # it died before it took a task: the next may fare better, but not for ever
            self._stillborn += 1
            if self._stillborn > _TRIES * self._size:
                raise PartError("the local engine", self._told(rank, code), "run with --workers 1 to see more")
        for number in held:
            self._deaths[number] = self._deaths.get(number, 0) + 1
            if self._deaths[number] < _TRIES:
                (self._room / "claims" / str(number)).unlink()
                continue
            waiting.discard(number)
            yield Outcome(self._tasks[number].part.name, error=self._told(rank, code))

    def _holder(self, number: int) -> int | None:
        path = self._room / "claims" / str(number)
        return int(path.read_text()) if path.exists() else None

    def _told(self, rank: int, code: int) -> str:
        if code < 0:
            name = signal.Signals(-code).name
            return f"its worker was killed twice by {name}: out of memory, or a crash in a library"
        log = (self._room / "logs" / f"{rank}.txt").read_text(errors="replace").strip().splitlines()
        return f"a worker ended with code {code}: {log[-1] if log else 'it said nothing'}"


def _end(worker: subprocess.Popen[bytes]) -> None:
    """Kill the worker and what it started: it leads a session of its own."""
    with suppress(ProcessLookupError):
        os.killpg(worker.pid, signal.SIGKILL)
    if worker.stdin:
        worker.stdin.close()
    worker.wait()
