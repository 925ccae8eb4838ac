"""Locks of folders: a run is in one process's hands while it is written, a release while a version is built.

The system lets go of a lock when the process that holds it ends, however it ends. On a file system of many machines it
may know of those of one machine alone, or have none: there a holder that `beats` is known by its file, which changes.
"""

from __future__ import annotations

import errno
import fcntl
import os
import secrets
import socket
import threading
import time
from contextlib import contextmanager, suppress
from typing import IO, TYPE_CHECKING, Final

from latam_corpus.errors import ConfigError
from latam_corpus.messages import _

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

LOCK_FILE: Final = "lock"
BEAT_SECONDS: Final = 5.0
_TRIES: Final = 5  # `is_locked` holds a lock for a moment
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
        beats: whether it must hold against other machines: its file changes every few seconds then.

    Raises:
        ConfigError: another process holds it.
    """
    with os.fdopen(os.open(folder / name, os.O_RDWR | os.O_CREAT, 0o666), "r+") as file:
        known = _system_lock(file, folder, shared=shared, wait=wait)
        if beats and _beats(folder / name, known=known):
            raise _in_use(folder, file)
        _write(file)
        ended = threading.Event()
        if beats:
            threading.Thread(target=_beat, args=(file, ended), daemon=True).start()
        try:
            yield
        finally:
            ended.set()
            if beats:
                file.truncate(0)


def _system_lock(file: IO[str], folder: Path, *, shared: bool, wait: bool) -> bool:
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
                raise _in_use(folder, file) from error
            time.sleep(0.02)
        else:
            break
    return True


def _in_use(folder: Path, file: IO[str]) -> ConfigError:
    file.seek(0)
    holder = file.read().partition(",")[0].strip() or _("another process")
    return ConfigError(str(folder), _("in use by {holder}", holder=holder), _("wait until it is done, or stop it"))


def _write(file: IO[str], beat: str = "") -> None:
    """Write who holds the lock over what stands there: who reads in between must never find it empty, as if free."""
    file.seek(0)
    file.write(f"process {os.getpid()} on {socket.gethostname()}{beat}")
    file.flush()
    file.truncate()


def _beat(file: IO[str], ended: threading.Event) -> None:
    while not ended.is_set():
        with suppress(OSError, ValueError):  # a full disk is told by who writes more; the file may be closed by now
            _write(file, f", beat {secrets.token_hex(4)}")
        ended.wait(BEAT_SECONDS)


def _beats(path: Path, *, known: bool) -> bool:
    """Whether a process of another machine, or of any where the file system has no locks, changes a lock's file."""
    before = path.read_text()
    if not before or (known and before.partition(",")[0].endswith(f" on {socket.gethostname()}")):
        return False
    end = time.monotonic() + 3 * BEAT_SECONDS
    while time.monotonic() < end:
        if path.read_text() not in (before, ""):
            return True
        time.sleep(BEAT_SECONDS / 20)
    return False


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
