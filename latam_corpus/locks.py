"""Locks of folders: a run is in one process's hands while it is written, a release while a version is built.

The system lets go of a lock when the process that holds it ends, however it ends.
"""

from __future__ import annotations

import fcntl
import os
import time
from contextlib import contextmanager
from typing import TYPE_CHECKING, Final

from latam_corpus.errors import ConfigError

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

LOCK_FILE: Final = "lock"
_TRIES: Final = 5  # `is_locked` holds a lock for a moment


@contextmanager
def locked(folder: Path, name: str = LOCK_FILE, *, shared: bool = False, wait: bool = False) -> Iterator[None]:
    """Hold a lock of the folder.

    Args:
        folder: which; it exists.
        name: of the lock's file in it.
        shared: whether others may hold it too, who ask for it in the same way.
        wait: whether to wait for the process that holds it, however long.

    Raises:
        ConfigError: another process holds it.
    """
    with (folder / name).open("a+") as file:
        for left in reversed(range(_TRIES)):
            try:
                fcntl.flock(file, (fcntl.LOCK_SH if shared else fcntl.LOCK_EX) | (0 if wait else fcntl.LOCK_NB))
                break
            except OSError as error:
                if left:
                    time.sleep(0.02)
                    continue
                file.seek(0)
                holder = file.read().strip() or "another process"
                raise ConfigError(str(folder), f"in use by {holder}", "wait until it is done, or stop it") from error
        file.seek(0)
        file.truncate()
        file.write(f"process {os.getpid()}")
        file.flush()
        yield


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
