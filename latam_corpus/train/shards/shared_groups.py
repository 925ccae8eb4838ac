"""A cache in memory of decompressed row groups, for several slices of the same files."""

from __future__ import annotations

from threading import Lock
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from collections.abc import Callable, Hashable

    import pyarrow as pa

_BYTES: Final = 128 << 20


class SharedGroups:
    """A cache of the most recently read row groups, up to a number of bytes.

    If slices read their files at the same pace, or have few files, each group is decompressed once instead of once per
    slice.
    """

    def __init__(self, limit: int = _BYTES) -> None:
        """Create an empty cache of at most `limit` bytes."""
        self._limit = limit
        self._tables: dict[Hashable, pa.Table] = {}
        self._reading: dict[Hashable, Lock] = {}  # one lock per group, so that reads of other groups don't wait
        self._lock = Lock()

    def __reduce__(self) -> tuple[type[SharedGroups], tuple[int]]:
        # In another process, the cache is empty at first.
        return SharedGroups, (self._limit,)

    def read(self, key: Hashable, read: Callable[[], pa.Table]) -> pa.Table:
        """Return a cached group, or read it; concurrent requests for the same group read it once."""
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
            size = sum(cached.nbytes for cached in self._tables.values())
            while size > self._limit:
                size -= self._tables.pop(next(iter(self._tables))).nbytes
            return table
