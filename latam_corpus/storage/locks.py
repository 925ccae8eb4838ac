"""Lock folders: only one process at a time writes a run, or builds a version of a release.

The operating system releases a lock when its process ends, for whatever reason. A shared file system may not share
locks between machines, or may have none. So a holder with `beats` also changes the lock's file every few seconds, which
shows other machines that it is alive.
"""

from __future__ import annotations

import errno
import fcntl
import hashlib
import os
import secrets
import socket
import threading
import time
import warnings
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import IO, TYPE_CHECKING, Final

from latam_corpus.errors import ConfigError, NoteWarning
from latam_corpus.messages import _, first_of

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

LOCK_FILE: Final = "lock"
BEAT_SECONDS: Final = 5.0
_TRIES: Final = 5  # attempts; `is_locked` holds a lock for a moment
_MAX_NAMED: Final = 3  # folders that a message names at most
_NO_LOCKS: Final = frozenset({errno.ENOSYS, errno.EOPNOTSUPP, errno.ENOLCK})


@contextmanager
def locked(
    folder: Path, name: str = LOCK_FILE, *, shared: bool = False, wait: bool = False, beats: bool = False
) -> Iterator[None]:
    """Hold a lock on a folder until the block ends.

    Args:
        folder: an existing folder.
        name: the lock's file in it.
        shared: whether other processes that share the lock may hold it too.
        wait: whether to wait, without a limit, for the process that holds it.
        beats: whether the lock also applies to other machines. The holder of an exclusive lock then changes its file
            every few seconds; a process that shares the lock must hold another exclusive lock.

    Raises:
        ConfigError: another process holds the lock.
    """
    path = folder / name
    with os.fdopen(os.open(path, os.O_RDWR | os.O_CREAT, 0o666), "r+") as file:
        has_system_locks = _system_lock(file, path, shared=shared, wait=wait)
        if beats and _is_foreign(path, has_system_locks=has_system_locks):
            _refuse_living([path])
        writes_beats = beats and not shared
        _write(file, beats=writes_beats)
        ended = threading.Event()
        if writes_beats:
            threading.Thread(target=_beat, args=(file, ended), daemon=True).start()
        try:
            yield
        finally:
            ended.set()
            if writes_beats:
                file.truncate(0)


def refuse_held(folders: Iterable[Path]) -> None:
    """Raise `ConfigError` if another process, on any machine, holds the lock of one of these folders.

    The lock files of killed processes are emptied, so that they aren't watched again.
    """
    unknown_holders = []
    for path in (folder / LOCK_FILE for folder in folders):
        try:
            with path.open("r+") as file:
                has_system_locks = _system_lock(file, path, shared=False, wait=False)
        except FileNotFoundError:  # the folder was never locked
            continue
        if _is_foreign(path, has_system_locks=has_system_locks):
            unknown_holders.append(path)
    if unknown_holders:
        _refuse_living(unknown_holders)
    for path in unknown_holders:
        os.truncate(path, 0)


def _system_lock(file: IO[str], path: Path, *, shared: bool, wait: bool) -> bool:
    """Acquire the operating system's lock on a file; return whether the file system has locks."""
    for attempts_left in reversed(range(_TRIES)):
        try:
            fcntl.flock(file, (fcntl.LOCK_SH if shared else fcntl.LOCK_EX) | (0 if wait else fcntl.LOCK_NB))
        except OSError as error:
            if error.errno in _NO_LOCKS:
                return False
            if not attempts_left:
                file.seek(0)
                raise _in_use(path, file.read()) from error
            time.sleep(0.02)
        else:
            break
    return True


def _in_use(path: Path, text: str) -> ConfigError:
    holder = text.partition(",")[0].strip() or _("another process")
    return ConfigError(str(path.parent), _("in use by {holder}", holder=holder), _("wait until it is done, or stop it"))


def own_life() -> str:
    """Return an identifier of this process: the machine and its boot, the process number and its start time.

    >>> is_alive(own_life())
    True
    """
    return f"{_machine()}-{os.getpid()}-{_begun(os.getpid())}"


def is_alive(life: str) -> bool | None:
    """Whether the process with this `own_life` is alive; None if it is on another machine or in another container.

    >>> is_alive(own_life().rsplit("-", 1)[0] + "-1"), is_alive("other-7-1"), is_alive("")
    (False, None, None)
    """
    machine, _minus, process = life.partition("-")
    number, _minus, begun = process.partition("-")
    if not machine or machine != _machine() or not number.isdigit():
        return None
    return _begun(int(number)) == begun


def _machine() -> str:
    """Return an identifier of this machine's current boot and of its process namespace; empty if unknown."""
    try:
        numbering = os.readlink("/proc/self/ns/pid")  # noqa: PTH115  (a container has its own)
        start = Path("/proc/sys/kernel/random/boot_id").read_text(encoding="ascii")
    except OSError:
        return ""
    return hashlib.sha256(f"{start} {numbering}".encode()).hexdigest()[:16]


def _begun(number: int) -> str:
    """Return the start time of a process in clock ticks; empty if there is no such process."""
    try:
        fields = Path(f"/proc/{number}/stat").read_text(encoding="utf-8", errors="replace").rpartition(")")[2].split()
    except OSError:
        return ""
    return "" if fields[0] in "ZX" else fields[19]  # a killed process exists until its parent has waited for it


def _write(file: IO[str], *, beats: bool) -> None:
    """Overwrite the file with the lock's holder. It isn't truncated first, since an empty file means a free lock."""
    beat = f", beat {secrets.token_hex(4)}" if beats else ""
    file.seek(0)
    file.write(f"process {os.getpid()} on {socket.gethostname()}{beat}")
    file.flush()
    file.truncate()


def _beat(file: IO[str], ended: threading.Event) -> None:
    while not ended.wait(BEAT_SECONDS):
        with suppress(OSError, ValueError):  # the disk may be full, or the file already closed
            _write(file, beats=True)


def _is_foreign(path: Path, *, has_system_locks: bool) -> bool:
    """Whether a lock's file names a holder with beats that the operating system can't know."""
    holder, _comma, beat = path.read_text().partition(",")
    return bool(beat) and not (has_system_locks and holder.endswith(f" on {socket.gethostname()}"))


def _refuse_living(paths: Sequence[Path]) -> None:
    """Raise `ConfigError` if a lock's file changes within three beats, which shows that its holder is alive."""
    contents = {path: path.read_text() for path in paths}
    seconds = 3 * BEAT_SECONDS
    sentence = _(
        "waiting {seconds} {seconds:second|seconds} to see whether the processes that hold these are alive: {folders}"
    )
    folders = first_of([str(path.parent) for path in paths], _MAX_NAMED)
    warnings.warn(NoteWarning(sentence.fill(folders=folders, seconds=f"{seconds:.0f}")), stacklevel=4)
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        for path, text in contents.items():
            if (current := path.read_text()) not in (text, ""):
                raise _in_use(path, current)
        time.sleep(BEAT_SECONDS / 20)


def is_locked(folder: Path, name: str = LOCK_FILE) -> bool:
    """Whether a process holds the lock exclusively, according to the operating system."""
    try:
        with (folder / name).open("r") as file:
            fcntl.flock(file, fcntl.LOCK_SH | fcntl.LOCK_NB)
    except BlockingIOError:
        return True
    except OSError:  # the folder was never locked
        pass
    return False
