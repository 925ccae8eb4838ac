"""The engine of worker processes on this machine, each a rank of datatrove's local executor.

Why not one executor with its pool: a pool whose worker is killed waits for ever, and its first failure ends the
rest. Here each rank is a process of its own that claims tasks from a folder (`engine/worker.py`), so that one long
task doesn't hold up the others' share, and a worker that dies costs the one task it held. The workers stay from one
round of tasks to the next: starting one takes more than a second.
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
from pathlib import Path
from typing import TYPE_CHECKING, Final

from latam_corpus.engine.reused import TRIES, Reused
from latam_corpus.errors import PartError
from latam_corpus.pipeline.part import Outcome

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

    from latam_corpus.pipeline.part import J

_POLL_SECONDS: Final = 0.02


class Local(Reused):
    """Worker processes on this machine, started at the first tasks and ended with the `with` block.

    Attributes:
        workers: how many at most.
    """

    def __init__(self, workers: int) -> None:
        self.workers = workers
        self._crew: _Crew | None = None

    def _end(self) -> None:
        if self._crew:
            self._crew.end()
            self._crew = None

    def map(self, work: Callable[[J], Outcome], tasks: Sequence[J]) -> Iterator[Outcome]:
        """Yield the outcome of each task, as they are done."""
        if not tasks:
            return
        with self:
            if self._crew is None:
                self._crew = _Crew(self.workers)
            # Big tasks first: the last to finish is then a small one.
            yield from self._crew.outcomes(work, sorted(tasks, key=lambda task: -task.bytes))


class _Crew:
    """The workers, and the folder through which they are told and tell; each round of tasks has a folder in it."""

    def __init__(self, size: int) -> None:
        self._size = size
        self._folder = tempfile.TemporaryDirectory(prefix="latam-corpus-")
        self._workdir = Path(self._folder.name)
        self._workers: dict[int, subprocess.Popen[bytes]] = {}
        self._rounds = 0

    def outcomes(self, work: Callable[[J], Outcome], tasks: Sequence[J]) -> Iterator[Outcome]:
        """Yield the outcomes as they come; workers left in the middle of a round are ended."""
        turn = _Round(self._workdir / str(self._rounds), work, tasks)
        self._rounds += 1
        waiting = set(range(len(tasks)))
        try:
            for rank in range(min(self._size, len(tasks))):
                if rank not in self._workers:
                    self._start(rank)
            for rank, worker in self._workers.items():
                self._call(worker, turn, rank)
            while waiting:
                for number in turn.news():
                    waiting.discard(number)
                    yield turn.outcome(number)
                for rank in [rank for rank, worker in self._workers.items() if worker.poll() is not None]:
                    worker = self._workers.pop(rank)
                    _end(worker)
                    for number in turn.news():  # what it finished before it died
                        waiting.discard(number)
                        yield turn.outcome(number)
                    yield from self._bury(turn, rank, worker.returncode, waiting)
                    if turn.unclaimed(waiting):
                        self._call(self._start(rank), turn, rank)
                time.sleep(_POLL_SECONDS)
        finally:
            if waiting:
                self._end_workers()

    def end(self) -> None:
        """End the workers and remove the folder."""
        self._end_workers()
        self._folder.cleanup()

    def _end_workers(self) -> None:
        for worker in self._workers.values():
            _end(worker)
        self._workers.clear()

    def _start(self, rank: int) -> subprocess.Popen[bytes]:
        command = [sys.executable, "-m", "latam_corpus.engine.worker", str(self._workdir), str(rank), str(self._size)]
        environment = os.environ | {"POLARS_MAX_THREADS": "1", "OMP_NUM_THREADS": "1"}
        # By the pipe a worker is called to each round, and learns by its end that this process is gone.
        with self._log(rank).open("ab") as log:
            self._workers[rank] = subprocess.Popen(  # noqa: S603  (our own module, our own arguments)
                command, stdin=subprocess.PIPE, stdout=log, stderr=log, env=environment, start_new_session=True
            )
        return self._workers[rank]

    @staticmethod
    def _call(worker: subprocess.Popen[bytes], turn: _Round, rank: int) -> None:
        assert worker.stdin  # noqa: S101  (it was started with a pipe)
        turn.called(rank)
        with suppress(BrokenPipeError):  # it died: the loop will see
            worker.stdin.write(f"{turn.folder.name}\n".encode())
            worker.stdin.flush()

    def _bury(self, turn: _Round, rank: int, code: int, waiting: set[int]) -> Iterator[Outcome]:
        """Yield what a dead worker held is given back, or, after a second death, is the outcome of its task."""
        held = [number for number in waiting if turn.holder(number) == rank]
        if not held:  # it died before it took a task: the next may fare better, but not for ever
            turn.stillborn += 1
            if turn.stillborn > TRIES * self._size:
                raise PartError("the local engine", self._told(rank, code), "run with --workers 1 to see more")
        for number in held:
            if turn.died(number) < TRIES:
                turn.give_back(number)
                continue
            waiting.discard(number)
            yield Outcome(turn.tasks[number].name, error=self._told(rank, code))

    def _log(self, rank: int) -> Path:
        return self._workdir / f"{rank}.log"

    def _told(self, rank: int, code: int) -> str:
        if code < 0:
            name = signal.Signals(-code).name
            return f"its worker was killed twice by {name}: out of memory, or a crash in a library"
        log = self._log(rank).read_text(errors="replace").strip().splitlines()
        return f"a worker ended with code {code}: {log[-1] if log else 'it said nothing'}"


class _Round:
    """One round of tasks: its folder holds the tasks, who claimed which, and the outcomes."""

    def __init__(self, folder: Path, work: Callable[[J], Outcome], tasks: Sequence[J]) -> None:
        self.folder = folder
        self.tasks = tasks
        self.stillborn = 0
        self._deaths: dict[int, int] = {}
        self._read: dict[Path, int] = {}
        for kind in ("claims", "outcomes"):
            (folder / kind).mkdir(parents=True)
        (folder / "tasks.pickle").write_bytes(pickle.dumps((work, list(tasks))))

    def called(self, rank: int) -> None:
        """Note that the worker will tell of what it has done."""
        self._read.setdefault(self.folder / f"done-{rank}", 0)

    def news(self) -> list[int]:
        """Return the tasks that were done since the last call: each worker adds a line to a file of its own."""
        found: list[int] = []
        for path, place in self._read.items():
            if path.exists():
                with path.open("rb") as file:
                    file.seek(place)
                    lines = file.read().rpartition(b"\n")[0]
                if lines:
                    self._read[path] = place + len(lines) + 1
                    found += map(int, lines.split(b"\n"))
        return found

    def outcome(self, number: int) -> Outcome:
        """Return what became of a task that is done."""
        found: Outcome = pickle.loads((self.folder / "outcomes" / str(number)).read_bytes())  # noqa: S301  (ours)
        return found

    def holder(self, number: int) -> int | None:
        """Return the rank that claimed the task."""
        path = self.folder / "claims" / str(number)
        return int(path.read_text()) if path.exists() else None

    def unclaimed(self, waiting: set[int]) -> bool:
        """Whether a task waits that nobody holds."""
        return any(not (self.folder / "claims" / str(number)).exists() for number in waiting)

    def died(self, number: int) -> int:
        """How many workers have died of the task, this one among them."""
        self._deaths[number] = self._deaths.get(number, 0) + 1
        return self._deaths[number]

    def give_back(self, number: int) -> None:
        """Another worker may claim the task."""
        (self.folder / "claims" / str(number)).unlink()


def _end(worker: subprocess.Popen[bytes]) -> None:
    """Kill the worker and what it started: it leads a session of its own."""
    with suppress(ProcessLookupError):
        os.killpg(worker.pid, signal.SIGKILL)
    if worker.stdin:
        with suppress(BrokenPipeError):
            worker.stdin.close()
    worker.wait()
