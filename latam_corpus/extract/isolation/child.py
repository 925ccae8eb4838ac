"""The sandbox's child process: it extracts each document under limits of time and memory, and replies.

The process sets the kernel's limits on itself: a parser in C can hold the interpreter's lock, and then no Python thread
or signal handler could stop it. The memory limit needs Linux. The main time limit counts processor time, so that a busy
machine doesn't shorten it; a second limit, on wall-clock time, stops documents that wait forever.
"""

from __future__ import annotations

import json
import os
import pickle
import re
import resource
import signal
import struct
import threading
import time
from contextlib import contextmanager, suppress
from dataclasses import asdict, dataclass, field, replace
from functools import cache
from importlib import import_module
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final, TypeAlias, cast

from latam_corpus.extract.document import Cause, Extracted, UnusableError
from latam_corpus.extract.isolation.process_memory import bounded, held, limit
from latam_corpus.messages import evidence_values
from latam_corpus.vocabulary import MAX_TEXT, TOO_LONG

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from latam_corpus.extract.document import Extractor

_ERROR_SHOWN: Final = 300
_LENGTH: Final = struct.Struct(">Q")
_MB: Final = 2**20
# Larger than any group of documents or any text; a longer message is invalid.
_LARGEST_MESSAGE: Final = 2**30
# Anything but white space, control characters, zero-width marks, and bytes that couldn't be decoded.
_VISIBLE: Final = re.compile(r"[^\s\x00-\x1f\x7f-\x9f\u200b-\u200f\u2060\ufeff\ufffd]")
_PARENT_POLL: Final = 0.25
_PROCESS: Final = Path("/proc/self")


@dataclass(frozen=True)
class DocumentLimits:
    """The limits of one document.

    Attributes:
        seconds: the seconds of processor time.
        memory_mb: megabytes beyond the child's memory at rest.
        clock_seconds: the seconds of wall-clock time; far more than `seconds`, since a busy machine may give the child
            little processor time.
    """

    seconds: float = 10.0
    memory_mb: int = 1024
    clock_seconds: float = 60.0


@dataclass(frozen=True)
class ExtractJob:
    """A document to extract.

    Attributes:
        extractor: `module:function`.
        raw: the document's bytes.
        parameters: the parameters of its media type.
        patience: the factor by which the time limits are multiplied.
    """

    extractor: str
    raw: bytes
    parameters: Mapping[str, str] = field(default_factory=dict)
    patience: float = 1.0

    def limits(self, usual: DocumentLimits) -> DocumentLimits:
        """Return the limits of this document."""
        return replace(usual, seconds=usual.seconds * self.patience, clock_seconds=usual.clock_seconds * self.patience)


@dataclass(frozen=True)
class ExtractFailure:
    """The reason why a document gave no text: the cause, which is counted, and the evidence in this case."""

    cause: Cause
    evidence: dict[str, Any]

    @property
    def reason(self) -> str:
        """The reason in the ledger."""
        return f"extract:{self.cause}"


Outcome: TypeAlias = Extracted | ExtractFailure


def attempt(job: ExtractJob) -> Outcome:
    """Extract a document in this process, without limits, and return the outcome.

    >>> attempt(ExtractJob("latam_corpus.extract.documents.plain:extract", b" ")).reason
    'extract:no text'
    """
    extractor = _extractor(job.extractor)
    evidence = {"bytes": len(job.raw)}
    try:
        extracted = extractor(job.raw, job.parameters)
    except MemoryError:
        return ExtractFailure("memory", evidence)
    except UnusableError as error:
        problem = error.args[1] if len(error.problem) <= _ERROR_SHOWN else error.problem[:_ERROR_SHOWN]
        return ExtractFailure(error.cause, evidence_values({"error": problem, "remedy": error.help}) | evidence)
    except Exception as error:  # noqa: BLE001  (the document boundary: a document's bytes may break any parser)
        return ExtractFailure("parser error", {"error": f"{type(error).__name__}: {error}"[:_ERROR_SHOWN]} | evidence)
    if not _VISIBLE.search(extracted.text):
        return ExtractFailure("no text", {"extractor": extracted.extractor} | evidence)
    return extracted


def serve(parent: int) -> None:
    """Read groups of jobs from standard input and reply to each job, until the input ends.

    Args:
        parent: the id of the parent process; this process exits when its parent ends.
    """
    threading.Thread(target=_end_with, args=(parent,), daemon=True).start()
    jobs_in, replies_out = os.dup(0), os.dup(1)
    nowhere = os.open(os.devnull, os.O_RDWR)
    for stream in (0, 1):  # a parser that prints would corrupt the replies
        os.dup2(nowhere, stream)
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl-C is for the parent, which closes the pipe
    for time_is_over in (signal.SIGPROF, signal.SIGALRM):
        signal.signal(time_is_over, signal.SIG_DFL)
    signal.pthread_sigmask(signal.SIG_UNBLOCK, {signal.SIGPROF, signal.SIGALRM})
    limit(resource.RLIMIT_CORE, 0)
    at_rest = held("VmRSS")
    send(replies_out, b"ready")
    while (message := receive(jobs_in)) is not None:
        jobs, limits = pickle.loads(message)  # noqa: S301  (the parent's)
        del message
        while jobs:
            # Popped, so that its bytes are freed before the next document.
            send(replies_out, *_reply(jobs.pop(0), limits, at_rest))


def _reply(job: ExtractJob, limits: DocumentLimits, at_rest: int) -> tuple[bytes, ...]:
    """Return the outcome as a line of JSON, followed by the text, which JSON would copy once more."""
    try:
        _extractor(job.extractor)  # imported before the clock starts
    except ImportError as error:
        return (json.dumps({"missing": f"the extractor {job.extractor} can't be imported: {error}"}).encode(),)
    evidence = {"bytes": len(job.raw)}
    _forget_peak()
    memory_before = held("VmRSS")
    try:
        with _limited(job.limits(limits)):
            outcome = attempt(job)
            encoded, text = _encoded(outcome)
    except MemoryError:
        outcome = ExtractFailure("memory", evidence)
    except UnicodeEncodeError as error:
        outcome = ExtractFailure("not UTF-8", {"error": str(error)[:_ERROR_SHOWN]} | evidence)
    else:
        if len(text) > MAX_TEXT:
            size = {"text_bytes": len(text), "limit_bytes": MAX_TEXT, "remedy": TOO_LONG}
            outcome = ExtractFailure("too large", size | evidence)
    peak = held("VmHWM")
    half = limits.memory_mb * _MB // 2
    if isinstance(outcome, ExtractFailure):
        # At the limit libxml2 returns an empty tree or another error; the peak shows the cause.
        if outcome.cause == "memory" or peak - memory_before > half:
            outcome = ExtractFailure("memory", {"limit_mb": limits.memory_mb} | outcome.evidence)
        encoded, text = _encoded(outcome)
    # A process that has grown returns its memory to the system only when it ends.
    goes_on = peak - at_rest <= half
    return encoded[:-1], b', "goes_on": ', b"true}\n" if goes_on else b"false}\n", text


def _encoded(outcome: Outcome) -> tuple[bytes, bytes]:
    if isinstance(outcome, ExtractFailure):
        return json.dumps({"failed": asdict(outcome)}, ensure_ascii=False).encode(), b""
    result = {"found": asdict(replace(outcome, text=""))}
    return json.dumps(result, ensure_ascii=False).encode(), outcome.text.encode()


@contextmanager
def _limited(limits: DocumentLimits) -> Iterator[None]:
    """Limit this process: SIGPROF or SIGALRM ends it when time is up; allocations beyond the memory limit fail."""
    with bounded(limits.memory_mb * _MB):
        # Not RLIMIT_CPU, which counts whole seconds since the process started.
        signal.setitimer(signal.ITIMER_PROF, limits.seconds)
        signal.setitimer(signal.ITIMER_REAL, limits.clock_seconds)
        try:
            yield
        finally:
            signal.setitimer(signal.ITIMER_PROF, 0)
            signal.setitimer(signal.ITIMER_REAL, 0)


def _forget_peak() -> None:
    """Reset VmHWM to the current memory use; if that isn't permitted, it stays at the highest so far."""
    with suppress(OSError), (_PROCESS / "clear_refs").open("wb", buffering=0) as marks:
        marks.write(b"5")


def _end_with(parent: int) -> None:
    # Not PR_SET_PDEATHSIG, which fires when the thread that started this process ends. A parser that holds the
    # interpreter's lock delays this thread too, at most until its time limit.
    while os.getppid() == parent:
        time.sleep(_PARENT_POLL)
    os._exit(0)


@cache
def _extractor(path: str) -> Extractor:
    module, _, name = path.partition(":")
    return cast("Extractor", getattr(import_module(module), name))


def send(fd: int, *payload: bytes) -> None:
    """Write a message to the pipe: its length, then its bytes, which may be given in pieces."""
    for piece in (_LENGTH.pack(sum(map(len, payload))), *payload):
        remaining = memoryview(piece)
        while remaining:
            remaining = remaining[os.write(fd, remaining) :]


def receive(fd: int) -> bytes | None:
    """Return the next message from the pipe; None if the other side has ended or sends nonsense."""
    head = _exactly(fd, _LENGTH.size)
    size: int = _LENGTH.unpack(head)[0] if head else _LARGEST_MESSAGE + 1
    return None if size > _LARGEST_MESSAGE else _exactly(fd, size)


def _exactly(fd: int, size: int) -> bytes | None:
    pieces: list[bytes] = []
    while size:
        piece = os.read(fd, min(size, _MB))
        if not piece:
            return None
        pieces.append(piece)
        size -= len(piece)
    return b"".join(pieces)
