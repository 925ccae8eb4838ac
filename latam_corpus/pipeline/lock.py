"""A run folder is in one process's hands while it is written, and the outputs of steps while they are removed."""

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
def locked(folder: Path, *, shared: bool = False) -> Iterator[None]:
    """Hold the folder's lock; the system lets go of it when the process ends, however it ends.

    Args:
        folder: which; it exists.
        shared: whether others may hold it too, who ask for it in the same way.

    Raises:
        ConfigError: another process holds it.
    """
    with (folder / LOCK_FILE).open("a+") as file:
        for left in reversed(range(_TRIES)):
            try:
                fcntl.flock(file, (fcntl.LOCK_SH if shared else fcntl.LOCK_EX) | fcntl.LOCK_NB)
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


def is_locked(folder: Path) -> bool:
    """Whether a process holds the folder's lock for itself."""
    try:
        with (folder / LOCK_FILE).open("r") as file:
            fcntl.flock(file, fcntl.LOCK_SH | fcntl.LOCK_NB)
    except BlockingIOError:
        return True
    except OSError:  # nobody has ever held it
        pass
    return False
