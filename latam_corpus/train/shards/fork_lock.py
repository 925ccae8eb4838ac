"""A lock between threads that a fork doesn't leave held."""

from __future__ import annotations

import os
from threading import Lock


def fork_lock() -> Lock:
    """Return a lock that a process which is forked finds free: it has none of the threads that may hold it.

    >>> with fork_lock() as taken:
    ...     taken
    True
    """
    lock = Lock()
    if hasattr(os, "register_at_fork"):
        os.register_at_fork(before=lock.acquire, after_in_parent=lock.release, after_in_child=lock.release)
    return lock
