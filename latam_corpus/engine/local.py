"""The engines for this machine: worker processes, or this process for small jobs, tests and debuggers.

A process pool isn't used: if a worker of a pool is killed, the pool waits forever, or all its tasks fail. Here each
worker claims tasks from a folder (`rounds.py`), so that a long task doesn't delay a fixed share of the others, and a
killed worker loses only the task that it held. Workers are kept from one round to the next, since starting one takes
time.

Workers aren't forked from a process that has imported the libraries: importing Polars starts three threads and
importing PyArrow one, which clean up memory and use locks. A forked process lacks these threads, and may wait forever
for a lock that one of them held. Forking before these imports would share less than half of a worker's start, 0.35 of
0.77 CPU seconds.
"""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import tempfile
import time
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, ClassVar, Final, Self

from latam_corpus.engine.pace import LOOK_SECONDS
from latam_corpus.engine.reused import ONE_THREAD, TRIES, CrewEngine
from latam_corpus.engine.rounds import Round
from latam_corpus.errors import PartError
from latam_corpus.messages import Message, _, same
from latam_corpus.paths import cache_folder, config_folder
from latam_corpus.pipeline.execution.part import Outcome

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Iterator, Sequence

    from latam_corpus.pipeline.execution.part import J


_POLL_SECONDS: Final = 0.02
_END_SECONDS: Final = 10.0  # to wait for the end of killed processes


class Local(CrewEngine):
    """Worker processes on this machine, started at the first tasks and ended with the `with` block."""

    def __init__(self, workers: int) -> None:
        self.workers = workers

    def _new_crew(self) -> _LocalCrew:
        return _LocalCrew(self.workers)


class _LocalCrew:
    """The workers and their folder, with a folder for each round of tasks."""

    def __init__(self, size: int) -> None:
        self._size = size
        self._folder = tempfile.TemporaryDirectory(prefix="latam-corpus-", ignore_cleanup_errors=True)
        self._workdir = Path(self._folder.name)
        self._workers: dict[int, subprocess.Popen[bytes]] = {}
        self._started: dict[int, int] = {}
        self._rounds = 0

    def outcomes(self, work: Callable[[J], Outcome], tasks: Sequence[J]) -> Iterator[Outcome]:
        """Yield the outcome of each task when it is done; if the caller stops early, end the workers."""
        turn = Round(self._workdir / f"round-{self._rounds}", work, tasks)
        self._rounds += 1
        try:
            for rank in range(min(self._size, len(tasks))):
                if rank not in self._workers:
                    self._start(rank)
            for worker in self._workers.values():
                self._call(worker, turn)
            looked = time.monotonic()
            turn.living = lambda: map(self._name, self._workers)
            while turn.waiting:
                yield from self._news(turn)
                if time.monotonic() - looked >= LOOK_SECONDS:
                    looked = time.monotonic()
                    if turn.give_twice(self._size):
                        for worker in self._workers.values():
                            self._call(worker, turn)
                    self._kill(turn.hung())
                for rank in [rank for rank, worker in self._workers.items() if worker.poll() is not None]:
                    worker = self._workers.pop(rank)
                    _end(worker)
                    yield from turn.news()  # the dead worker's last outcomes
                    yield from self._bury(turn, rank, worker.returncode)
                    if turn.unclaimed():
                        self._call(self._start(rank), turn)
                time.sleep(_POLL_SECONDS)
        finally:
            if turn.waiting:
                self._end_workers()

    def _news(self, turn: Round) -> Iterator[Outcome]:
        """End overtaken workers, and yield the new outcomes."""
        outcomes = list(turn.news())
        for rank in [rank for rank in self._workers if self._name(rank) in turn.overtaken]:
            _end(self._workers.pop(rank))
            for number in turn.held_by(self._name(rank)):  # the worker had already taken another task
                turn.give_back(number)
            if turn.unclaimed():
                self._call(self._start(rank), turn)
        yield from outcomes

    def _kill(self, hung: Collection[str]) -> None:
        """Kill hanging workers; `outcomes` notices their end."""
        for rank, worker in self._workers.items():
            if self._name(rank) in hung:
                _kill(worker)

    def end(self) -> None:
        """End the workers and remove the folder."""
        self._end_workers()
        self._folder.cleanup()

    def _end_workers(self) -> None:
        _end(*self._workers.values())
        self._workers.clear()

    def _start(self, rank: int) -> subprocess.Popen[bytes]:
        self._started[rank] = self._started.get(rank, 0) + 1
        words = (str(self._workdir), str(rank), str(self._size), self._name(rank))
        command = [sys.executable, "-m", "latam_corpus.engine.worker", *words]
        # Workers are killed, so this process removes the folder of their temporary files. The paths of the user's
        # folders may depend on TMPDIR, so they are passed separately.
        folders = {"TMPDIR": str(self._workdir), "LATAM_CORPUS_CACHE": str(cache_folder())}
        folders["LATAM_CORPUS_CONFIG"] = str(config_folder())
        environment = os.environ | ONE_THREAD | folders
        # The pipe passes the name of each round; when it closes, the worker knows that this process has ended.
        with self._log(rank).open("ab") as log:
            self._workers[rank] = subprocess.Popen(  # noqa: S603  (our own module, our own arguments)
                command, stdin=subprocess.PIPE, stdout=log, stderr=log, env=environment, start_new_session=True
            )
        return self._workers[rank]

    def _name(self, rank: int) -> str:
        return f"{rank}.{self._started[rank]}"

    @staticmethod
    def _call(worker: subprocess.Popen[bytes], turn: Round) -> None:
        assert worker.stdin  # noqa: S101  (it was started with a pipe)
        with suppress(BrokenPipeError):  # the worker has died; `outcomes` will notice
            worker.stdin.write(f"{turn.folder.name}\n".encode())
            worker.stdin.flush()

    def _bury(self, turn: Round, rank: int, code: int) -> Iterator[Outcome]:
        """Release a dead worker's tasks; yield a failed outcome for those that have now killed two workers."""
        held = turn.held_by(self._name(rank))
        # A worker that dies before it takes a task is replaced, but not indefinitely.
        if not held and not turn.took(self._name(rank)):
            turn.stillborn += 1
            if turn.stillborn > TRIES * self._size:
                turn.refuse_full()
                raise PartError(
                    _("the local engine"), self._exit_message(rank, code), _("run with --workers 1 to see more")
                )
        for number in held:
            if turn.is_left_to_other(number, self._name(rank)):
                continue
            if turn.died(number, self._name(rank)) < TRIES:
                turn.give_back(number)
                continue
            turn.refuse_full()
            turn.waiting.discard(number)
            yield Outcome(turn.tasks[number].name, error=self._exit_message(rank, code), killed=True)

    def _log(self, rank: int) -> Path:
        return self._workdir / f"{rank}.log"

    def _exit_message(self, rank: int, code: int) -> Message:
        if code < 0:
            name = signal.Signals(-code).name
            return _("its worker was killed twice by {signal}: out of memory, or a crash in a library", signal=name)
        log = self._log(rank).read_text(errors="replace").strip().splitlines()
        last = same(log[-1]) if log else _("it printed nothing")
        return _("a worker ended with code {code}: {last}", code=code, last=last)


def _end(*workers: subprocess.Popen[bytes]) -> None:
    """Kill workers and the processes that they started, and wait for their end."""
    for worker in workers:
        _kill(worker)
        if worker.stdin:
            with suppress(BrokenPipeError):
                worker.stdin.close()
    end = time.monotonic() + _END_SECONDS
    for worker in workers:
        with suppress(subprocess.TimeoutExpired):  # the kernel may be waiting for a disk that doesn't answer
            worker.wait(max(0.0, end - time.monotonic()))


def _kill(worker: subprocess.Popen[bytes]) -> None:
    with suppress(ProcessLookupError):
        os.killpg(worker.pid, signal.SIGKILL)  # each worker leads its own session


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
