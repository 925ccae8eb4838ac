"""What the sandbox's child process does: extract each document under limits of time and memory, and reply.

The limits are the kernel's, set by the process on itself: a parser in C can hold the interpreter's lock, and then no
Python thread or handler runs that could end it. The memory limit needs Linux.
"""

from __future__ import annotations

import json
import os
import pickle
import resource
import signal
import struct
import threading
import time
from collections.abc import Mapping
from contextlib import contextmanager, suppress
from dataclasses import asdict, dataclass, field
from functools import cache
from importlib import import_module
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final, TypeAlias, cast

from latam_corpus.extract.document import Extracted

if TYPE_CHECKING:
    from collections.abc import Iterator

    from latam_corpus.extract.document import Extractor

_ERROR_SHOWN: Final = 300
_LENGTH: Final = struct.Struct(">Q")
_MB: Final = 2**20
# Above any group of documents and any text of one; a longer message is no message.
_LARGEST_MESSAGE: Final = 2**30
_LARGEST_TEXT: Final = 256 * _MB
_PARENT_POLL: Final = 0.25
_PROCESS: Final = Path("/proc/self")


@dataclass(frozen=True)
class Limits:
    """What one document may take: seconds by the clock, and megabytes beyond what the child has at rest."""

    seconds: float = 10.0
    memory_mb: int = 1024


@dataclass(frozen=True)
class Job:
    """A document to extract: `module:function` of the extractor, and what that is called with."""

    extractor: str
    raw: bytes
    parameters: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True)
class Failed:
    """Why a document gave no text: `extract:` and a cause, with the evidence."""

    reason: str
    evidence: dict[str, Any]


Outcome: TypeAlias = Extracted | Failed


def attempt(job: Job) -> Outcome:
    """The extracted document or why there is none, in this process and without limits.

    >>> attempt(Job("latam_corpus.extract.plain:extract", b" ")).reason
    'extract:no text'
    """
    extractor = _extractor(job.extractor)
    evidence = {"bytes": len(job.raw)}
    try:
        found = extractor(job.raw, job.parameters)
    except MemoryError:
        return Failed("extract:memory", evidence)
    except Exception as error:  # noqa: BLE001  (the document boundary: one document's bytes may break any parser)
        told = f"{type(error).__name__}: {error}"[:_ERROR_SHOWN]
        return Failed(f"extract:{type(error).__name__}", {"error": told} | evidence)
    if not found.text.strip():
        return Failed("extract:no text", {"extractor": found.extractor} | evidence)
    return found


def serve(parent: int) -> None:
    """What the child does: read groups of jobs from standard input and reply to each, until the input ends.

    Args:
        parent: the process that started it, without which it ends.
    """
    threading.Thread(target=_end_with, args=(parent,), daemon=True).start()
    jobs_in, replies_out = os.dup(0), os.dup(1)
    nowhere = os.open(os.devnull, os.O_RDWR)
    for stream in (0, 1):  # a parser that prints would break the replies
        os.dup2(nowhere, stream)
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl-C is for the parent, which closes the pipe
    signal.signal(signal.SIGALRM, signal.SIG_DFL)
    signal.pthread_sigmask(signal.SIG_UNBLOCK, {signal.SIGALRM})
    _limit("RLIMIT_CORE", 0)
    at_rest = _memory("VmHWM")
    send(replies_out, b"ready")
    while (message := receive(jobs_in)) is not None:
        jobs, limits = pickle.loads(message)  # noqa: S301  (from the parent)
        del message
        for job in jobs:
            reply = _reply(job, limits, at_rest)
            send(replies_out, reply)


def _reply(job: Job, limits: Limits, at_rest: int) -> bytes:
    try:
        _extractor(job.extractor)  # imported before the clock starts
    except ImportError as error:
        return json.dumps({"missing": f"the extractor {job.extractor} can't be imported: {error}"}).encode()
    before, started = _memory("VmRSS"), time.monotonic()
    with _limited(limits):
        outcome = attempt(job)
        try:
            told = _encoded(outcome)
        except (MemoryError, UnicodeEncodeError) as error:
            outcome, told = Failed(f"extract:{type(error).__name__}", {"bytes": len(job.raw)}), b""
    peak = _memory("VmHWM")
    # Near the limit libxml2 gives up with an empty tree or an error of another name, so the cause is told by the peak.
    near = peak - before > limits.memory_mb * _MB // 2
    if isinstance(outcome, Failed):
        evidence = outcome.evidence
        if near or outcome.reason in ("extract:memory", "extract:MemoryError"):
            spent = {"limit_mb": limits.memory_mb, "seconds": round(time.monotonic() - started, 2)}
            outcome = Failed("extract:memory", spent | evidence)
        told = _encoded(outcome)
    goes_on = peak - at_rest <= limits.memory_mb * _MB // 2  # else the next document's peak couldn't be seen
    return told[:-1] + b', "goes_on": ' + (b"true}" if goes_on else b"false}")


def _encoded(outcome: Outcome) -> bytes:
    kind = "failed" if isinstance(outcome, Failed) else "found"
    return json.dumps({kind: asdict(outcome)}, ensure_ascii=False).encode()


@contextmanager
def _limited(limits: Limits) -> Iterator[None]:
    """The process ends by SIGALRM when the time is over; beyond the memory limit allocations fail."""
    if _STATUS.exists():
        _limit("RLIMIT_DATA", _memory("VmData") + limits.memory_mb * _MB)
    signal.setitimer(signal.ITIMER_REAL, limits.seconds)
    try:
        yield
    finally:
        signal.setitimer(signal.ITIMER_REAL, 0)
        _limit("RLIMIT_DATA", None)


def _limit(name: str, value: int | None) -> None:
    """Set a soft limit, to the hard one where the value is None or above that."""
    import resource  # noqa: PLC0415  (the child's alone)

    kind = getattr(resource, name)
    hard = resource.getrlimit(kind)[1]
    open_ended = hard == resource.RLIM_INFINITY
    soft = hard if value is None else value if open_ended else min(value, hard)
    resource.setrlimit(kind, (soft, hard))


def _memory(name: str) -> int:
    """Bytes of this process's memory, by the kernel's name of the measure; 0 where the kernel doesn't tell."""
    with suppress(OSError), _STATUS.open("rb") as status:
        for line in status:
            if line.startswith(name.encode() + b":"):
                return int(line.split()[1]) * 1024
    return 0


def _end_with(parent: int) -> None:
    # Not PR_SET_PDEATHSIG, which fires when the thread that started the child ends. A parser that holds the
    # interpreter's lock holds up this thread too, at most until its time is over.
    while os.getppid() == parent:
        time.sleep(_PARENT_POLL)
    os._exit(0)


@cache
def _extractor(path: str) -> Extractor:
    module, _, name = path.partition(":")
    return cast("Extractor", getattr(import_module(module), name))


def send(fd: int, payload: bytes) -> None:
    for piece in (_LENGTH.pack(len(payload)), payload):
        rest = memoryview(piece)
        while rest:
            rest = rest[os.write(fd, rest) :]


def receive(fd: int) -> bytes | None:
    """The next message, or None when the other side has ended."""
    head = _exactly(fd, _LENGTH.size)
    return None if head is None else _exactly(fd, _LENGTH.unpack(head)[0])


def _exactly(fd: int, size: int) -> bytes | None:
    pieces: list[bytes] = []
    while size:
        piece = os.read(fd, min(size, _MB))
        if not piece:
            return None
        pieces.append(piece)
        size -= len(piece)
    return b"".join(pieces)
