"""Extraction in a child process, under a limit of time and of memory for each document.

A parser may loop for ever, take all memory or crash; in a process of its own that costs one document. Each process has
one child, started for its first document, fed in groups over a pipe, replaced after a document that ended it.
`extract/isolation/child.py` is the other side.
"""

from __future__ import annotations

import atexit
import json
import os
import pickle
import signal
import subprocess
import sys
import threading
from contextlib import suppress
from pathlib import Path
from typing import IO, TYPE_CHECKING, Final

from latam_corpus.errors import PartError
from latam_corpus.extract.document import Extracted
from latam_corpus.extract.isolation.child import Failed, receive, send
from latam_corpus.messages import _

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from latam_corpus.extract.isolation.child import Job, Limits, Outcome

_GROUP_BYTES: Final = 2**20
_GROUP_JOBS: Final = 64
# A document that ended its child is tried once more: the kernel, or a person, may have killed it for another's sake.
_TRIES: Final = 2
_HERE: Final = _("stage «{name}»", name="extract")
_REMEDY: Final = _("see that this machine has memory and processes left, and run again")
# The child finds the modules that its parent finds; `-m` would look into the folder in which the user happens to be.
_ENTRY: Final = (
    "import sys; sys.path[:] = sys.argv[2:]; "
    "from latam_corpus.extract.isolation.child import serve; serve(int(sys.argv[1]))"
)


def extract(jobs: Sequence[Job], limits: Limits) -> list[Outcome]:
    """Return the outcome of each job, in order, from this process's child.

    Raises:
        PartError: the child can't be started, or an extractor's module can't be imported.
    """
    return _SANDBOX.extract(jobs, limits)


class Sandbox:
    """A child process that extracts; threads share it in turn."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._child: subprocess.Popen[bytes] | None = None

    def extract(self, jobs: Sequence[Job], limits: Limits) -> list[Outcome]:
        """Return the outcome of each job, in order.

        Raises:
            PartError: the child can't be started, or an extractor's module can't be imported.
        """
        with self._lock:
            try:
                return [outcome for group in _groups(jobs) for outcome in self._group(group, limits)]
            except BaseException:  # such as Ctrl-C: replies that nobody has read are not those of the next jobs
                self._end()
                raise

    def stop(self) -> None:
        """End the child; the next document starts another."""
        with self._lock:
            self._end()

    def cpu_seconds(self) -> float:
        """Return what the running child has taken of a processor; 0.0 without one, or where the system doesn't tell."""
        child = self._child
        with suppress(OSError, IndexError):
            if child is not None:
                # After the name, which may hold spaces, user and system time are the 12th and 13th field.
                fields = Path(f"/proc/{child.pid}/stat").read_text(encoding="utf-8").rpartition(")")[2].split()
                return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")
        return 0.0

    def forget(self) -> None:
        """Leave the child to the process that started it; a forked process has its own."""
        self._lock = threading.Lock()
        self._child = None

    def _group(self, jobs: Sequence[Job], limits: Limits) -> list[Outcome]:
        done: list[Outcome] = []
        deaths = 0
        while len(done) < len(jobs):
            for outcome in self._answered(jobs[len(done) :], limits):
                deaths = deaths + 1 if isinstance(outcome, Failed) and outcome.cause == "killed" else 0
                if 0 < deaths < _TRIES:
                    break
                deaths = 0
                done.append(outcome)
        return done

    def _answered(self, jobs: Sequence[Job], limits: Limits) -> Iterator[Outcome]:
        """Yield the outcomes of the jobs up to the first that ends the child, in whatever way."""
        child = self._running()
        with suppress(BrokenPipeError):  # its end shows when the reply is read
            send(_fd(child.stdin), pickle.dumps((list(jobs), limits)))
        for job in jobs:
            reply = receive(_fd(child.stdout))
            if reply is None:
                yield _ended(self._end(), job, job.limits(limits))
                return
            outcome, goes_on = _read_reply(reply)
            if not goes_on:
                self._end()
            yield outcome
            if not goes_on:
                return

    def _running(self) -> subprocess.Popen[bytes]:
        if self._child is None:
            command = [sys.executable, "-c", _ENTRY, str(os.getpid()), *sys.path]
            try:
                # It stays in this process's group, so that an engine which kills a worker's group ends it too.
                self._child = subprocess.Popen(  # noqa: S603  (our own module, our own arguments)
                    command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, bufsize=0
                )
            except OSError as error:
                raise PartError(
                    _("stage «{name}»", name="extract"),
                    _("its child process can't be started: {error}", error=error),
                    _REMEDY,
                ) from None
            if receive(_fd(self._child.stdout)) is None:
                code = self._end()
                raise PartError(
                    _("stage «{name}»", name="extract"),
                    _("its child process ended with {code} at its start", code=code),
                    _REMEDY,
                )
        return self._child

    def _end(self) -> int:
        """Return the exit code of the child, which is killed if it still runs."""
        child, self._child = self._child, None
        if child is None:
            return 0
        for pipe in (child.stdin, child.stdout):
            if pipe:
                pipe.close()
        child.kill()  # one that is ending already keeps its own exit code
        return child.wait()


# The one state of this module: a child costs half a second to start, and a batch would be too short a life for it.
_SANDBOX: Final = Sandbox()
atexit.register(_SANDBOX.stop)
os.register_at_fork(after_in_child=_SANDBOX.forget)


def stop() -> None:
    """End this process's child; the next document starts another."""
    _SANDBOX.stop()


def cpu_seconds() -> float:
    """Return the processor time of this process's running child; 0.0 without one, or where it can't be known."""
    return _SANDBOX.cpu_seconds()


def _groups(jobs: Sequence[Job]) -> Iterator[list[Job]]:
    """Yield the jobs in order, many small ones to a message."""
    group: list[Job] = []
    size = 0
    for job in jobs:
        if group and (len(group) >= _GROUP_JOBS or size + len(job.raw) > _GROUP_BYTES):
            yield group
            group, size = [], 0
        group.append(job)
        size += len(job.raw)
    if group:
        yield group


def _ended(code: int, job: Job, limits: Limits) -> Failed:
    """Say what an exit code means for the document; not the time it took, which no other run would repeat."""
    size = {"bytes": len(job.raw)}
    if code == -signal.SIGPROF:
        return Failed("timeout", {"limit_seconds": limits.seconds} | size)
    if code == -signal.SIGALRM:
        return Failed("stalled", {"limit_clock_seconds": limits.clock_seconds} | size)
    how = {"signal": signal.Signals(-code).name} if code < 0 else {"exit_code": code}
    return Failed("killed", how | size)


def _read_reply(reply: bytes) -> tuple[Outcome, bool]:
    """Return the outcome in a reply, and whether the child goes on."""
    head, _newline, text = reply.partition(b"\n")
    answer = json.loads(head)
    if "missing" in answer:
        raise PartError(_("stage «{name}»", name="extract"), answer["missing"], _("install what it needs"))
    if "found" in answer:
        return Extracted.of_json({**answer["found"], "text": text.decode()}), answer["goes_on"]
    return Failed(**answer["failed"]), answer["goes_on"]


def _fd(pipe: IO[bytes] | None) -> int:
    assert pipe is not None  # noqa: S101  (every child is started with both pipes)
    return pipe.fileno()
