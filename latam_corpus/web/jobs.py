"""Jobs: each is a row of a table, done by a separate process that a thread of the server starts and watches.

A job's process locks `jobs/ID.lock` as long as it, or a process that it started, is running. A server that restarts
after a kill thus knows which jobs still run, even if another process has got their process id.
"""

from __future__ import annotations

import fcntl
import importlib
import logging
import os
import signal
import subprocess
import sys
import threading
import time
from contextlib import suppress
from typing import TYPE_CHECKING, Any, Final, NamedTuple

from django.conf import settings
from django.db import close_old_connections, connection
from django.utils import timezone
from django.utils.translation import gettext_lazy

from latam_corpus.errors import CorpusError
from latam_corpus.messages import recorded
from latam_corpus.storage.public_hosts import VARIABLE as PRIVATE_HOSTS
from latam_corpus.web.models import Job
from latam_corpus.web.workspace import data_folder

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from latam_corpus.web.models import Collection, Person


class Kind(NamedTuple):
    """A kind of job; a short one takes seconds and doesn't wait for long ones, `route` is the page with its result.

    `where` is `module:function`. The function is called with the job, returns a result for JSON, and can be called
    again after being killed at any moment.
    """

    where: str
    label: Any
    is_short: bool = False
    route: str = ""


_FILES: Final = "latam_corpus.web.files.jobs"
_RELEASES: Final = "latam_corpus.web.releases.jobs"
_WITHDRAWALS: Final = "latam_corpus.web.withdrawals.jobs"
KINDS: Final = {
    "import folder": Kind(f"{_FILES}:import_named_folder", gettext_lazy("copy a folder"), route="files"),
    "survey": Kind(f"{_FILES}:survey", gettext_lazy("examine files"), is_short=True, route="files"),
    "read catalogue": Kind(
        f"{_FILES}:read_uploaded_catalogue", gettext_lazy("read the catalogue"), is_short=True, route="catalogue"
    ),
    "run": Kind(f"{_FILES}:run_collection", gettext_lazy("run the collection"), route="files"),
    "preview": Kind("latam_corpus.web.texts.jobs:preview", gettext_lazy("preview texts"), is_short=True, route="texts"),
    "try rules": Kind(
        "latam_corpus.web.policies.jobs:try_rules", gettext_lazy("try the rules of a language"), is_short=True
    ),
    "release": Kind(f"{_RELEASES}:make_version", gettext_lazy("make a version"), route="release"),
    "count versions": Kind(f"{_RELEASES}:count_versions", gettext_lazy("count the contents of versions")),
    "find texts": Kind(f"{_WITHDRAWALS}:find_texts", gettext_lazy("look for texts"), is_short=True),
    "try withdrawal": Kind(f"{_WITHDRAWALS}:try_withdrawal", gettext_lazy("try a withdrawal"), is_short=True),
    "withdraw": Kind(f"{_WITHDRAWALS}:withdraw", gettext_lazy("withdraw texts"), route="withdraw"),
    "end hold": Kind(f"{_WITHDRAWALS}:end_hold", gettext_lazy("end a hold"), route="withdraw"),
}
_SHORT: Final = frozenset(name for name, kind in KINDS.items() if kind.is_short)
_MOST_SHORT: Final = 2  # short jobs that run at the same time
_MOST_STARTS: Final = 3  # attempts at a job that ends without a result, such as one that is killed
_POLL: Final = 0.2  # seconds
_PATIENCE: Final = 10.0  # seconds between SIGTERM and SIGKILL

logger = logging.getLogger("latam_corpus.web.jobs")


def enqueue(kind: str, person: Person | None, collection: Collection | None = None, **arguments: Any) -> Job:
    """Add a job to the queue; the server's worker starts it within a moment."""
    if kind not in KINDS:
        raise KeyError(kind)
    job: Job = Job.objects.create(kind=kind, person=person, collection=collection, arguments=arguments)
    return job


def wait_for(job: Job, seconds: float = 4.0) -> Job:
    """Wait a few seconds for a short job to end; return its current row."""
    end = time.monotonic() + seconds
    while job.is_open and time.monotonic() < end:
        time.sleep(0.1)
        job.refresh_from_db()
    return job


def request_stop(job: Job) -> None:
    """Stop a job: at once if it is queued, within seconds if it is running."""
    now = timezone.now()
    if not Job.objects.filter(pk=job.pk, state=Job.State.QUEUED).update(state=Job.State.STOPPED, ended=now):
        Job.objects.filter(pk=job.pk, state=Job.State.RUNNING).update(stop_requested=True)


def report_progress(job: Job, done: int, of: int, what: str = "") -> None:
    """Store a job's progress for its page; `what` is the name of the object in work."""
    Job.objects.filter(pk=job.pk).update(progress={"done": done, "of": of, "what": what})


def log_path(job: Job) -> Path:
    """Return the path of the log of a job's process."""
    return data_folder() / "jobs" / f"{job.pk}.log"


def main() -> None:
    """Do the job whose number is the first argument: `python -m latam_corpus.web.job NUMBER`."""
    job = Job.objects.get(pk=int(sys.argv[1]))
    module, _, name = KINDS[job.kind].where.partition(":")
    function: Callable[[Job], Any] = getattr(importlib.import_module(module), name)
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
            with log_path(job).open("ab") as output:
                child = subprocess.Popen(  # noqa: S603  (this program, and a number)
                    [sys.executable, "-m", "latam_corpus.web.job", str(job.pk)],
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
