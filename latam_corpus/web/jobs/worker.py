"""The worker, a thread of the server that starts each job in a separate process and watches it; and that process.

A job's process locks `jobs/ID.lock` as long as it, or a process that it started, is running. A server that restarts
after a kill thus knows which jobs still run, even if another process has got their process id.
"""

from __future__ import annotations

import fcntl
import logging
import os
import signal
import subprocess
import sys
import threading
import time
from contextlib import suppress
from typing import TYPE_CHECKING, Any, Final

from django.conf import settings
from django.db import close_old_connections, connection
from django.utils import timezone
from django.utils.module_loading import import_string

from latam_corpus.errors import CorpusError
from latam_corpus.messages import recorded
from latam_corpus.storage.public_hosts import VARIABLE as PRIVATE_HOSTS
from latam_corpus.web.jobs.queue import KINDS
from latam_corpus.web.models import Job
from latam_corpus.web.workspace import data_folder

if TYPE_CHECKING:
    from collections.abc import Callable

_SHORT: Final = frozenset(name for name, kind in KINDS.items() if kind.is_short)
_MOST_SHORT: Final = 2  # short jobs that run at the same time
_MOST_STARTS: Final = 3  # attempts at a job that ends without a result, such as one that is killed
_POLL: Final = 0.2  # seconds
_PATIENCE: Final = 10.0  # seconds between SIGTERM and SIGKILL

logger = logging.getLogger("latam_corpus.web.jobs")


def main() -> None:
    """Do the job whose number is the first argument: `python -m latam_corpus.web.jobs NUMBER`."""
    job = Job.objects.get(pk=int(sys.argv[1]))
    function: Callable[[Job], Any] = import_string(KINDS[job.kind].where)
    try:
        state, result = Job.State.DONE, function(job)
    except CorpusError as error:
        parts = {"place": error.place, "problem": error.problem, "remedy": error.remedy}
        state, result = Job.State.FAILED, {"error": {key: recorded(part) for key, part in parts.items()}}
    Job.objects.filter(pk=job.pk, state=Job.State.RUNNING).update(state=state, result=result, ended=timezone.now())


class Worker(threading.Thread):
    """The thread that starts queued jobs in order, and detects when running jobs end."""

    def __init__(self) -> None:
        super().__init__(name="jobs", daemon=True)
        self._ending = threading.Event()
        self._children: dict[int, subprocess.Popen[bytes]] = {}
        self._terminated: dict[int, float] = {}
        (data_folder() / "jobs").mkdir(parents=True, exist_ok=True)

    def run(self) -> None:
        """Work until `end` is called; after a database error, log it and try again."""
        while not self._ending.is_set():
            try:
                self.step()
            except Exception:
                logger.exception("the worker goes on after an error")
                close_old_connections()
            self._ending.wait(_POLL)
        connection.close()

    def end(self) -> None:
        """Stop starting jobs; running jobs continue, and the next server finds them."""
        self._ending.set()

    def step(self) -> None:
        """Check the running jobs, then start queued ones: one long job and `_MOST_SHORT` short ones at a time."""
        busy = {True: 0, False: 0}  # number of running jobs, by whether they are short
        for job in Job.objects.filter(state=Job.State.RUNNING):
            child = self._children.get(job.pk)
            if child is not None:
                child.poll()  # reap it
            lock = _lock(job)
            if lock is None:
                busy[job.kind in _SHORT] += 1
                if job.stop_requested:
                    self._terminate(job)
                continue
            os.close(lock)
            self._children.pop(job.pk, None)
            self._after_end(job)
        for job in Job.objects.filter(state=Job.State.QUEUED).order_by("pk")[:20]:
            is_short = job.kind in _SHORT
            if busy[is_short] < (_MOST_SHORT if is_short else 1):
                busy[is_short] += 1
                self._start(job)

    def _start(self, job: Job) -> None:
        lock = _lock(job)
        if lock is None:  # processes of an earlier attempt are still ending
            return
        try:
            claimed = Job.objects.filter(pk=job.pk, state=Job.State.QUEUED).update(
                state=Job.State.RUNNING, started=timezone.now(), starts=job.starts + 1
            )
            if not claimed:
                return
            with (data_folder() / "jobs" / f"{job.pk}.log").open("ab") as output:
                child = subprocess.Popen(  # noqa: S603  (this program, and a number)
                    [sys.executable, "-m", "latam_corpus.web.jobs", str(job.pk)],
                    stdin=subprocess.DEVNULL,
                    stdout=output,
                    stderr=subprocess.STDOUT,
                    env=_environment(),
                    start_new_session=True,
                    pass_fds=[lock],
                )
            self._children[job.pk] = child
            Job.objects.filter(pk=job.pk).update(pid=child.pid)
        finally:
            os.close(lock)

    def _terminate(self, job: Job) -> None:
        """Ask the job's processes to end; kill them after `_PATIENCE` seconds."""
        first = self._terminated.setdefault(job.pk, time.monotonic())
        number = signal.SIGTERM if time.monotonic() - first < _PATIENCE else signal.SIGKILL
        if job.pid:
            with suppress(ProcessLookupError, PermissionError):
                os.killpg(job.pid, number)

    def _after_end(self, job: Job) -> None:
        """Record that a job ended without a result: it is stopped, queued again, or failed after too many attempts."""
        self._terminated.pop(job.pk, None)
        unfinished = Job.objects.filter(pk=job.pk, state=Job.State.RUNNING)
        now = timezone.now()
        if job.stop_requested:
            unfinished.update(state=Job.State.STOPPED, ended=now)
        elif job.starts < _MOST_STARTS:
            unfinished.update(state=Job.State.QUEUED, pid=None)
        else:
            unfinished.update(state=Job.State.FAILED, ended=now, result={"error": None})


def _environment() -> dict[str, str]:
    """Return a job's environment; on a desk for several people, it denies access to private networks."""
    environment = os.environ | settings.DESK.as_environment()
    if not settings.DESK.single:
        environment.pop(PRIVATE_HOSTS, None)
    return environment


def _lock(job: Job) -> int | None:
    """Lock the job and return the lock's file descriptor; None if a process of the job is running."""
    path = data_folder() / "jobs" / f"{job.pk}.lock"
    descriptor = os.open(path, os.O_RDWR | os.O_CREAT, 0o600)
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        os.close(descriptor)
        return None
    return descriptor
