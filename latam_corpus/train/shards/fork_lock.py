"""A lock between threads that is free in a forked process."""

from __future__ import annotations

import os
from threading import Lock


def fork_lock() -> Lock:
    """Return a lock that is free in a forked process, which doesn't have the threads that could release it.

    >>> with fork_lock() as taken:
    ...     taken
    True
    """
    lock = Lock()
    if hasattr(os, "register_at_fork"):
        os.register_at_fork(before=lock.acquire, after_in_parent=lock.release, after_in_child=lock.release)
    return lock
