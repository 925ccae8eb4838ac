"""A cache of row groups in a folder of limited size: as stored, for remote stores, or decompressed, for any.

All ranks and workers of a machine share it: one fetches or decompresses a group, and the others read or map it from
disk. Each file ends with a checksum, so that a file damaged by a power cut is written again; flushing every file would
take longer than fetching it from a nearby store. If the disk is full, the stream works without the cache.
"""

from __future__ import annotations

import os
import warnings
import zlib
from dataclasses import dataclass
from pathlib import Path
from threading import Lock
from typing import TYPE_CHECKING, Final

import pyarrow as pa

from latam_corpus.errors import cause_of
from latam_corpus.storage.durable import replacing

if TYPE_CHECKING:
    from collections.abc import Callable, Hashable


_CHECKSUM_BYTES: Final = 4
_STORED: Final = ".group"
_DECOMPRESSED: Final = ".arrow"
_BYTES: Final = 128 << 20


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


_writing = fork_lock()


@dataclass(frozen=True)
class GroupCache:
    """A folder of row groups.

    Attributes:
        limit: the maximum number of bytes of its files.
        decompressed: whether groups are stored in their form in memory, and mapped.
    """

    folder: Path
    limit: int
    decompressed: bool = False

    def read(self, key: str, fetch: Callable[[], bytes]) -> bytes:
        """Return the bytes of a row group from the folder, or fetch and store them."""
        file = self.folder / f"{key}{_STORED}"
        cached = _mapped(file)
        if cached is not None:
            return bytes(cached)
        data = fetch()
        self._store(file, data)
        return data

    def table(self, key: str, make: Callable[[], pa.Table]) -> pa.Table:
        """Return the rows of a row group, mapped from the folder, or decompress and store them."""
        file = self.folder / f"{key}{_DECOMPRESSED}"
        cached = _mapped(file)
        if cached is not None:
            return pa.ipc.open_file(cached).read_all()
        table = make()
        sink = pa.BufferOutputStream()
        with pa.ipc.new_file(sink, table.schema) as writer:
            writer.write_table(table)
        self._store(file, sink.getvalue())
        return table

    def forget(self, key: str) -> None:
        """Remove a row group."""
        (self.folder / f"{key}{_STORED}").unlink(missing_ok=True)

    def _store(self, file: Path, data: bytes | pa.Buffer) -> None:
        """Write a file, after removing enough other files to make room."""
        size = len(data) + _CHECKSUM_BYTES
        try:
            with _writing:
                self._evict(size)
                if size <= self.limit:
                    with replacing(file, flushed=False) as temporary, temporary.open("wb") as opened:
                        opened.writelines((data, _checksum(data)))
        except OSError as error:
            warnings.warn(f"{self.folder}: {cause_of(error)}; the stream continues without its cache", stacklevel=3)

    def _evict(self, size: int) -> None:
        """Remove the least recently used files until `size` bytes fit."""
        entries = []
        for entry in os.scandir(self.folder) if self.folder.is_dir() else ():
            if entry.name.endswith((_STORED, _DECOMPRESSED)):
                try:
                    entries.append((entry.stat().st_mtime_ns, entry.stat().st_size, entry.path))
                except FileNotFoundError:  # another rank has removed it
                    continue
        used = sum(file_size for _, file_size, _ in entries)
        for _, file_size, path in sorted(entries):
            if used + size <= self.limit:
                return
            Path(path).unlink(missing_ok=True)
            used -= file_size


def _checksum(data: bytes | pa.Buffer) -> bytes:
    return zlib.crc32(data).to_bytes(_CHECKSUM_BYTES, "little")


def _mapped(file: Path) -> pa.Buffer | None:
    """Map a file and mark it as used; return None if it is missing or damaged."""
    try:
        with pa.memory_map(str(file)) as opened:
            stored = opened.read_buffer()
        os.utime(file)
    except OSError:
        return None
    data = stored.slice(0, max(0, stored.size - _CHECKSUM_BYTES))
    return data if stored.slice(data.size).equals(pa.py_buffer(_checksum(data))) else None


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
            with self._lock:  # before a waiting request looks for it
                self._reading.pop(key, None)
                self._tables.pop(key, None)
                self._tables[key] = table
                size = sum(cached.nbytes for cached in self._tables.values())
                while size > self._limit:
                    size -= self._tables.pop(next(iter(self._tables))).nbytes
            return table
