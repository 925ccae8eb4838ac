"""Extraction in a child process, under limits of time and memory for each document.

A parser may loop forever, exhaust the memory or crash; in a child process, only one document fails. Each process has
one child. It starts with the first document, gets groups of documents over a pipe, and is replaced if a document ends
it. `extract/isolation/child.py` is the other side.
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
from latam_corpus.extract.isolation.child import ExtractFailure, receive, send
from latam_corpus.messages import _

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from latam_corpus.extract.isolation.child import DocumentLimits, ExtractJob, Outcome

_GROUP_BYTES: Final = 2**20
_GROUP_JOBS: Final = 64
# A document during which the child ended is tried once more: the child may have been killed for another reason.
_TRIES: Final = 2
_HERE: Final = _("stage «{name}»", name="extract")
_REMEDY: Final = _("check that this machine has free memory and can start processes, and run again")
# The child gets its parent's module path, since `-m` would add the current folder.
_ENTRY: Final = (
    "import sys; sys.path[:] = sys.argv[2:]; "
    "from latam_corpus.extract.isolation.child import serve; serve(int(sys.argv[1]))"
)


def extract(jobs: Sequence[ExtractJob], limits: DocumentLimits) -> list[Outcome]:
    """Return the outcome of each job, in order, from this process's child.

    Raises:
        PartError: the child can't be started, or an extractor's module can't be imported.
    """
    return _SANDBOX.extract(jobs, limits)


class Sandbox:
    """A child process that extracts; threads take turns."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._child: subprocess.Popen[bytes] | None = None

    def extract(self, jobs: Sequence[ExtractJob], limits: DocumentLimits) -> list[Outcome]:
        """Return the outcome of each job, in order.

        Raises:
            PartError: the child can't be started, or an extractor's module can't be imported.
        """
        with self._lock:
            try:
                return [outcome for group in _groups(jobs) for outcome in self._group(group, limits)]
            except BaseException:  # such as Ctrl-C: unread replies must not answer the next jobs
                self._end()
                raise

    def stop(self) -> None:
        """End the child; the next document starts another."""
        with self._lock:
            self._end()

    def cpu_seconds(self) -> float:
        """Return the processor time of the running child; 0.0 without one, or if the system doesn't report it."""
        child = self._child
        with suppress(OSError, IndexError):
            if child is not None:
                # User and system time are the 12th and 13th fields after the process name, which may contain spaces.
                fields = Path(f"/proc/{child.pid}/stat").read_text(encoding="utf-8").rpartition(")")[2].split()
                return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")
        return 0.0

    def forget(self) -> None:
        """Forget the child, which belongs to the parent of a forked process."""
        self._lock = threading.Lock()
        self._child = None

    def _group(self, jobs: Sequence[ExtractJob], limits: DocumentLimits) -> list[Outcome]:
        outcomes: list[Outcome] = []
        kills = 0
        while len(outcomes) < len(jobs):
            for outcome in self._answered(jobs[len(outcomes) :], limits):
                kills = kills + 1 if isinstance(outcome, ExtractFailure) and outcome.cause == "killed" else 0
                if 0 < kills < _TRIES:
                    break
                kills = 0
                outcomes.append(outcome)
        return outcomes

    def _answered(self, jobs: Sequence[ExtractJob], limits: DocumentLimits) -> Iterator[Outcome]:
        """Yield the outcomes of the jobs, up to the first job that ends the child."""
        child = self._running()
        with suppress(BrokenPipeError):  # the child has ended; reading its reply will show that
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
                # It stays in this process's group, so that an engine that kills a worker's group ends it too.
                self._child = subprocess.Popen(  # noqa: S603  (our own module, our own arguments)
                    command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, bufsize=0
                )
            except OSError as error:
                raise PartError(
                    _HERE,
                    _("its child process can't be started: {error}", error=error),
                    _REMEDY,
                ) from None
            if receive(_fd(self._child.stdout)) is None:
                code = self._end()
                raise PartError(
                    _HERE,
                    _("its child process ended with {code} at its start", code=code),
                    _REMEDY,
                )
        return self._child

    def _end(self) -> int:
        """Kill the child if it still runs, and return its exit code."""
        child, self._child = self._child, None
        if child is None:
            return 0
        for pipe in (child.stdin, child.stdout):
            if pipe:
                pipe.close()
        child.kill()  # a child that has already ended keeps its own exit code
        return child.wait()


# The module's only state. The child is kept, because starting one for each batch would take half a second each time.
_SANDBOX: Final = Sandbox()
atexit.register(_SANDBOX.stop)
os.register_at_fork(after_in_child=_SANDBOX.forget)


def stop() -> None:
    """End this process's child; the next document starts another."""
    _SANDBOX.stop()


def cpu_seconds() -> float:
    """Return the processor time of this process's running child; 0.0 without one, or if it is unknown."""
    return _SANDBOX.cpu_seconds()


def _groups(jobs: Sequence[ExtractJob]) -> Iterator[list[ExtractJob]]:
    """Yield the jobs in order, in groups; small jobs share a message."""
    group: list[ExtractJob] = []
    size = 0
    for job in jobs:
        if group and (len(group) >= _GROUP_JOBS or size + len(job.raw) > _GROUP_BYTES):
            yield group
            group, size = [], 0
        group.append(job)
        size += len(job.raw)
    if group:
        yield group


def _ended(code: int, job: ExtractJob, limits: DocumentLimits) -> ExtractFailure:
    """Return the failure of a document whose child ended with this exit code.

    The duration is left out, since another run would not repeat it.
    """
    size = {"bytes": len(job.raw)}
    if code == -signal.SIGPROF:
        return ExtractFailure("timeout", {"limit_seconds": limits.seconds} | size)
    if code == -signal.SIGALRM:
        return ExtractFailure("stalled", {"limit_clock_seconds": limits.clock_seconds} | size)
    ending = {"signal": signal.Signals(-code).name} if code < 0 else {"exit_code": code}
    return ExtractFailure("killed", ending | size)


def _read_reply(reply: bytes) -> tuple[Outcome, bool]:
    """Return the outcome in a reply, and whether the child continues."""
    head, _newline, text = reply.partition(b"\n")
    answer = json.loads(head)
    if "missing" in answer:
        raise PartError(_HERE, answer["missing"], _("install what it needs"))
    if "found" in answer:
        return Extracted.of_json({**answer["found"], "text": text.decode()}), answer["goes_on"]
    return ExtractFailure(**answer["failed"]), answer["goes_on"]


def _fd(pipe: IO[bytes] | None) -> int:
    assert pipe is not None  # noqa: S101  (every child is started with both pipes)
    return pipe.fileno()
