"""Row groups that several slices of the same files read: the last ones stay in memory, decompressed."""

from __future__ import annotations

from threading import Lock
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from collections.abc import Callable, Hashable

    import pyarrow as pa

_BYTES: Final = 128 << 20


class SharedGroups:
    """The row groups that were read last, up to a number of bytes.

    Slices that go through their files at one pace, or whose files are few, have each group decompressed once and not
    once a slice.
    """

    def __init__(self, limit: int = _BYTES) -> None:
        """Hold so many bytes at most."""
        self._limit = limit
        self._tables: dict[Hashable, pa.Table] = {}
        self._reading: dict[Hashable, Lock] = {}  # whoever needs another group doesn't wait for it
        self._lock = Lock()

    def __reduce__(self) -> tuple[type[SharedGroups], tuple[int]]:
        # Another process reads its own.
        return SharedGroups, (self._limit,)

    def read(self, key: Hashable, read: Callable[[], pa.Table]) -> pa.Table:
        """Return a group as it is held, or read it: once, when slices that read ahead ask for it together."""
        with self._lock:
            reading = self._reading.setdefault(key, Lock())
        with reading:
            with self._lock:
                table = self._tables.get(key)
            if table is None:
                table = read()
        with self._lock:
            self._reading.pop(key, None)
            self._tables.pop(key, None)
            self._tables[key] = table
            held = sum(one.nbytes for one in self._tables.values())
            while held > self._limit:
                held -= self._tables.pop(next(iter(self._tables))).nbytes
            return table
