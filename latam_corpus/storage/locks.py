"""Locks of folders: a run is in one process's hands while it is written, a release while a version is built.

The system lets go of a lock when the process that holds it ends, however it ends. On a file system of many machines it
may know of those of one machine alone, or have none: there a holder that `beats` is known by its file, which changes.
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
_TRIES: Final = 5  # `is_locked` holds a lock for a moment
_SHOWN: Final = 3  # folders that a message names
_NO_LOCKS: Final = frozenset({errno.ENOSYS, errno.EOPNOTSUPP, errno.ENOLCK})


@contextmanager
def locked(
    folder: Path, name: str = LOCK_FILE, *, shared: bool = False, wait: bool = False, beats: bool = False
) -> Iterator[None]:
    """Hold a lock of the folder.

    Args:
        folder: which; it exists.
        name: of the lock's file in it.
        shared: whether others may hold it too, who ask for it in the same way.
        wait: whether to wait for the process that holds it, however long.
        beats: whether it must hold against other machines: the file of who holds it alone changes every few seconds
            then. Who shares it is known there by another lock that is its own.

    Raises:
        ConfigError: another process holds it.
    """
    path = folder / name
    with os.fdopen(os.open(path, os.O_RDWR | os.O_CREAT, 0o666), "r+") as file:
        known = _system_lock(file, path, shared=shared, wait=wait)
        if beats and _is_foreign(path, known=known):
            _refuse_living([path])
        shows = beats and not shared
        _write(file, beats=shows)
        ended = threading.Event()
        if shows:
            threading.Thread(target=_beat, args=(file, ended), daemon=True).start()
        try:
            yield
        finally:
            ended.set()
            if shows:
                file.truncate(0)


def refuse_held(folders: Iterable[Path]) -> None:
    """Refuse to go on while another process holds the lock of one of these folders, on whatever machine.

    What killed processes left in the locks' files is removed, so that nobody watches it again.

    Raises:
        ConfigError: one is held.
    """
    foreign = []
    for path in (folder / LOCK_FILE for folder in folders):
        try:
            with path.open("r+") as file:
                known = _system_lock(file, path, shared=False, wait=False)
        except FileNotFoundError:  # nobody has ever held it
            continue
        if _is_foreign(path, known=known):
            foreign.append(path)
    if foreign:
        _refuse_living(foreign)
    for path in foreign:
        os.truncate(path, 0)


def _system_lock(file: IO[str], path: Path, *, shared: bool, wait: bool) -> bool:
    """Hold the system's lock of a file; gives whether its file system has locks.

    Raises:
        ConfigError: another process holds it.
    """
    for left in reversed(range(_TRIES)):
        try:
            fcntl.flock(file, (fcntl.LOCK_SH if shared else fcntl.LOCK_EX) | (0 if wait else fcntl.LOCK_NB))
        except OSError as error:
            if error.errno in _NO_LOCKS:
                return False
            if not left:
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
    """Return what tells this process from all others: machine since its start, number and start of the process.

    >>> is_alive(own_life())
    True
    """
    return f"{_machine()}-{os.getpid()}-{_begun(os.getpid())}"


def is_alive(life: str) -> bool | None:
    """Whether a process lives, by its `own_life`; None of another machine or container, whose processes aren't seen.

    >>> is_alive(own_life().rsplit("-", 1)[0] + "-1"), is_alive("other-7-1"), is_alive("")
    (False, None, None)
    """
    machine, _minus, process = life.partition("-")
    number, _minus, begun = process.partition("-")
    if not machine or machine != _machine() or not number.isdigit():
        return None
    return _begun(int(number)) == begun


def _machine() -> str:
    """Return what this start of this machine and its numbering of processes have alone; empty where it isn't known."""
    try:
        numbering = os.readlink("/proc/self/ns/pid")  # noqa: PTH115  (a container has its own)
        start = Path("/proc/sys/kernel/random/boot_id").read_text(encoding="ascii")
    except OSError:
        return ""
    return hashlib.sha256(f"{start} {numbering}".encode()).hexdigest()[:16]


def _begun(number: int) -> str:
    """Return when a process began, in ticks of the machine; empty if there is none of this number."""
    try:
        fields = Path(f"/proc/{number}/stat").read_text(encoding="utf-8", errors="replace").rpartition(")")[2].split()
    except OSError:
        return ""
    return "" if fields[0] in "ZX" else fields[19]  # a killed process may wait for its parent to ask


def _write(file: IO[str], *, beats: bool) -> None:
    """Write who holds the lock over what stands there: who reads in between must never find it empty, as if free."""
    beat = f", beat {secrets.token_hex(4)}" if beats else ""
    file.seek(0)
    file.write(f"process {os.getpid()} on {socket.gethostname()}{beat}")
    file.flush()
    file.truncate()


def _beat(file: IO[str], ended: threading.Event) -> None:
    while not ended.wait(BEAT_SECONDS):
        with suppress(OSError, ValueError):  # a full disk is told by who writes more; the file may be closed by now
            _write(file, beats=True)


def _is_foreign(path: Path, *, known: bool) -> bool:
    """Whether a lock's file names a holder that beats, of whom the system's lock, where it is known, says nothing."""
    holder, _comma, beat = path.read_text().partition(",")
    return bool(beat) and not (known and holder.endswith(f" on {socket.gethostname()}"))


def _refuse_living(paths: Sequence[Path]) -> None:
    """Watch locks' files that name holders of other machines, or of any where the file system has no locks.

    Raises:
        ConfigError: one of them lives: its file changes within three beats.
    """
    before = {path: path.read_text() for path in paths}
    seconds = 3 * BEAT_SECONDS
    told = _(
        "looking for {seconds} {seconds:second|seconds} whether the processes that hold these are alive: {folders}"
    )
    folders = first_of([str(path.parent) for path in paths], _SHOWN)
    warnings.warn(NoteWarning(told.fill(folders=folders, seconds=f"{seconds:.0f}")), stacklevel=4)
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        for path, text in before.items():
            if (now := path.read_text()) not in (text, ""):
                raise _in_use(path, now)
        time.sleep(BEAT_SECONDS / 20)


def is_locked(folder: Path, name: str = LOCK_FILE) -> bool:
    """Whether a process holds the lock for itself."""
    try:
        with (folder / name).open("r") as file:
            fcntl.flock(file, fcntl.LOCK_SH | fcntl.LOCK_NB)
    except BlockingIOError:
        return True
    except OSError:  # nobody has ever held it
        pass
    return False
