"""The engine for Slurm: an array of jobs that take tasks from a folder shared by all nodes.

datatrove's executor for Slurm isn't used: its ranks get a fixed share of files before they start, each round is queued
again behind all other jobs, and a dead rank is noticed only when all others are done. Here a job takes tasks of all
rounds as long as there are any (`slurm_worker.py`). The driver only asks Slurm for the states of jobs, and if Slurm
doesn't answer, continues with the folder alone.
"""

from __future__ import annotations

import secrets
import shutil
import signal
import threading
import time
from contextlib import suppress
from typing import TYPE_CHECKING, Any, Final

from latam_corpus.engine.cluster.cluster_site import seconds_of
from latam_corpus.engine.cluster.slurm_commands import (
    SlurmJob,
    SlurmSilentError,
    cancel,
    cancel_named,
    jobs_named,
    submit,
)
from latam_corpus.engine.cluster.slurm_jobs import LOGS, options, python, script, worker_jobs
from latam_corpus.engine.cluster.slurm_worker import BEAT_FILE, BEAT_SECONDS, CALL_FILE, END, WorkerSettings
from latam_corpus.engine.reused import TRIES, CrewEngine
from latam_corpus.engine.rounds import Round
from latam_corpus.errors import PartError
from latam_corpus.messages import _
from latam_corpus.pipeline.execution.part import Outcome
from latam_corpus.storage.durable import replace

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence
    from pathlib import Path

    from latam_corpus.engine.cluster.cluster_site import SlurmSite
    from latam_corpus.pipeline.execution.part import J

_NEWS_SECONDS: Final = (0.1, 2.0)  # the shortest and the longest pause between two reads of the folder
_LOOK_SECONDS: Final = (1.0, 15.0)  # the shortest and the longest pause between two requests to Slurm
_ARRAY: Final = 1000  # jobs; Slurm's default limit of an array is 1001
_LOST: Final = frozenset({"NODE_FAIL", "PREEMPTED", "CANCELLED", "BOOT_FAIL", "REVOKED", "UNKNOWN"})
_NO_DOCUMENT: Final = _LOST | {"TIMEOUT"}  # states that a single document can't cause
_LOST_TRIES: Final = 5  # attempts at a task whose jobs the cluster loses
_GIVE_MORE: Final = {"OUT_OF_MEMORY": "memory_gb", "TIMEOUT": "time"}


class Slurm(CrewEngine):
    """Slurm jobs, submitted at the first tasks and ended with the `with` block.

    Attributes:
        jobs: the folder that driver and jobs share, with their logs.
    """

    def __init__(self, site: SlurmSite, workers: int, folder: Path) -> None:
        self.site = site
        self.workers = workers
        self.jobs: Path = folder

    def _new_crew(self) -> _SlurmCrew:
        return _SlurmCrew(self.site, self.workers, self.jobs)


class _SlurmCrew:
    """The jobs of this driver."""

    def __init__(self, site: SlurmSite, size: int, folder: Path) -> None:
        self._site = site
        self._size = size
        self._folder = folder
        self._live: set[str] = set()
        self._ended = threading.Event()
        (folder / LOGS).mkdir(parents=True, exist_ok=True)
        for round_folder in folder.glob("round-*"):  # left by a killed driver, whose jobs are reused
            shutil.rmtree(round_folder)
        WorkerSettings(size, round(site.memory_gb * 2**30), seconds_of(site.time), site.idle_seconds).write(folder)
        threading.Thread(target=self._beat, daemon=True).start()
        self._before: Any = None
        if threading.current_thread() is threading.main_thread():  # `scancel` sends SIGTERM first
            self._before = signal.signal(signal.SIGTERM, signal.default_int_handler)

    def _beat(self) -> None:
        while not self._ended.is_set():
            with suppress(OSError):  # a full disk is reported elsewhere
                replace(self._folder / BEAT_FILE, secrets.token_hex(4).encode())
            self._ended.wait(BEAT_SECONDS)

    def end(self) -> None:
        """End the jobs by a message in the folder and, if Slurm answers, through Slurm."""
        self._ended.set()
        if self._before is not None:
            signal.signal(signal.SIGTERM, self._before)
        with suppress(OSError):  # a full disk must not keep Slurm from ending them
            replace(self._folder / CALL_FILE, END.encode())
        with suppress(PartError):
            cancel_named(worker_jobs(self._folder))
        for round_folder in self._folder.glob("round-*"):
            shutil.rmtree(round_folder, ignore_errors=True)

    def outcomes(self, work: Callable[[J], Outcome], tasks: Sequence[J]) -> Iterator[Outcome]:
        """Yield the outcome of each task when it is done."""
        turn = Round(self._folder / f"round-{secrets.token_hex(4)}", work, tasks)
        turn.living = lambda: self._live
        self._call(turn)
        last_look = 0.0
        pause, between = _NEWS_SECONDS[0], _LOOK_SECONDS[0]
        while turn.waiting:
            waiting_count = len(turn.waiting)
            yield from self._news(turn)
            if len(turn.waiting) < waiting_count:
                turn.stillborn, pause = 0, _NEWS_SECONDS[0]
            if turn.waiting and time.monotonic() - last_look >= between:
                jobs_before = self._live
                if turn.give_twice(self._size):
                    self._call(turn)
                yield from self._look(turn)
                last_look = time.monotonic()
                between = _LOOK_SECONDS[0] if jobs_before != self._live else min(between * 1.5, _LOOK_SECONDS[1])
            if turn.waiting:
                time.sleep(pause)
                pause = min(pause * 1.5, _NEWS_SECONDS[1])
        shutil.rmtree(turn.folder, ignore_errors=True)  # a job may still be reading it

    @staticmethod
    def _news(turn: Round) -> Iterator[Outcome]:
        """Yield the new outcomes; end overtaken workers if Slurm answers."""
        outcomes = list(turn.news())
        if turn.overtaken:
            with suppress(PartError):
                cancel(sorted(turn.overtaken))
            turn.overtaken.clear()
        yield from outcomes

    def _call(self, turn: Round) -> None:
        """Make all jobs look for unclaimed tasks of the round."""
        replace(self._folder / CALL_FILE, f"{turn.folder.name} {secrets.token_hex(2)}".encode())

    def _look(self, turn: Round) -> Iterator[Outcome]:
        """Query the states of jobs, yield the outcomes of ended jobs, and submit missing jobs."""
        try:
            if hung := turn.hung():
                with suppress(PartError):  # the job has just ended, or Slurm doesn't answer for now
                    cancel(hung)
            jobs = {job.id: job for job in jobs_named(worker_jobs(self._folder))}
            refused = next((job for job in jobs.values() if job.refused), None)
            if refused and not any(job.runs for job in jobs.values()):
                problem = _("it can't start: {reason}", reason=refused.reason)
                remedy = _("check `time`, `partition`, `account` and `options` in the site file")
                raise PartError(_("Slurm's job {id}", id=refused.id), problem, remedy)
            ended = [jobs.get(name) or SlurmJob(name, "UNKNOWN") for name in sorted(self._live)]
            self._live = {name for name, job in jobs.items() if job.lives}
            for job in ended:
                if not job.lives:
                    yield from self._bury(turn, job)
            missing = min(self._size, turn.busy) - len(self._live)
            if missing > 0 and turn.unclaimed():
                self._submit(missing)
        except SlurmSilentError:
            pass  # running jobs don't need Slurm

    def _submit(self, count: int) -> None:
        for start in range(0, count, _ARRAY):
            size = min(_ARRAY, count - start)
            job_id = submit(*_worker_job(self._site, self._folder, size))
            self._live = self._live | {f"{job_id}_{place}" for place in range(size)}

    def _bury(self, turn: Round, job: SlurmJob) -> Iterator[Outcome]:
        """Yield the outcomes of an ended job; release its tasks, or fail those that have ended too many jobs."""
        yield from turn.news()
        held = turn.held_by(job.id)
        # A job that ends before it takes a task is replaced, but not indefinitely.
        if not held and not turn.took(job.id) and job.state != "COMPLETED":
            turn.stillborn += 1
            if turn.stillborn > TRIES * self._size:
                turn.refuse_full()
                remedy = _("check its log, and `setup` in the site file")
                raise PartError(_("Slurm's job {id}", id=job.id), self._exit_message(job), remedy)
        for number in held:
            if turn.is_left_to_other(number, job.id):
                continue
            if turn.died(number, job.id) < (_LOST_TRIES if job.state in _LOST else TRIES):
                turn.give_back(number)
                self._call(turn)
                continue
            turn.refuse_full()
            turn.waiting.discard(number)
            option = _GIVE_MORE.get(job.state)
            advice = _("state more «{key}» in the site file", key=option) if option else ""
            error = _("its jobs were killed: {cause}", cause=self._exit_message(job))
            yield Outcome(turn.tasks[number].name, error=error, remedy=advice, killed=job.state not in _NO_DOCUMENT)

    def _exit_message(self, job: SlurmJob) -> str:
        log = self._folder / LOGS / f"{job.id}.log"
        lines = log.read_text(errors="replace").strip().splitlines() if log.exists() else []
        last_line = lines[-1] if lines else "it printed nothing"
        return f"the last one, {job.id}, ended as {job.state}: {last_line} ({log})"


def _worker_job(site: SlurmSite, folder: Path, size: int) -> tuple[str, list[str]]:
    """Return the script and the `sbatch` options for an array of workers."""
    words = python(site, "latam_corpus.engine.cluster.slurm_worker", str(folder))
    job_options = options(site, worker_jobs(folder), site.time, site.memory_gb)
    array_options = [f"--array=0-{size - 1}", f"--output={folder / LOGS}/%A_%a.log", "--no-requeue"]
    return script(site, f"exec {words}"), [*job_options, *array_options]
