"""Row groups in a folder that never grows beyond its limit: of a store elsewhere as stored, or of any decompressed.

Ranks and workers of one machine share it: what one of them has fetched or decompressed the others read from the disk,
or map. Each file has a sum of the rest, so that a damaged one, such as a power cut leaves, is made again: to flush them
takes longer than to fetch them from a near store. Where the disk is full the stream goes on without.
"""

from __future__ import annotations

import os
import warnings
import zlib
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Final

import pyarrow as pa

from latam_corpus.errors import cause_of
from latam_corpus.storage.durable import replacing
from latam_corpus.train.shards.fork_lock import fork_lock

if TYPE_CHECKING:
    from collections.abc import Callable

_SUM: Final = 4
_STORED: Final = ".group"
_DECOMPRESSED: Final = ".arrow"
_writing = fork_lock()


@dataclass(frozen=True)
class GroupCache:
    """A folder of row groups.

    Attributes:
        folder: where they are.
        limit: how many bytes it may have.
        decompressed: whether they are kept as they are in memory, and mapped.
    """

    folder: Path
    limit: int
    decompressed: bool = False

    def read(self, key: str, fetch: Callable[[], bytes]) -> bytes:
        """Return the bytes of a row group, from the folder or, where they aren't there, as they are fetched."""
        file = self.folder / f"{key}{_STORED}"
        held = _mapped(file)
        if held is not None:
            return bytes(held)
        data = fetch()
        self._keep(file, data)
        return data

    def table(self, key: str, make: Callable[[], pa.Table]) -> pa.Table:
        """Return the rows of a row group, mapped from the folder or, where they aren't there, as they are made."""
        file = self.folder / f"{key}{_DECOMPRESSED}"
        held = _mapped(file)
        if held is not None:
            return pa.ipc.open_file(held).read_all()
        table = make()
        sink = pa.BufferOutputStream()
        with pa.ipc.new_file(sink, table.schema) as writer:
            writer.write_table(table)
        self._keep(file, sink.getvalue())
        return table

    def forget(self, key: str) -> None:
        """Remove a row group."""
        (self.folder / f"{key}{_STORED}").unlink(missing_ok=True)

    def _keep(self, file: Path, data: bytes | pa.Buffer) -> None:
        """Write a file, after as much was removed as makes room for it."""
        size = len(data) + _SUM
        try:
            with _writing:
                self._evict(size)
                if size <= self.limit:
                    with replacing(file, flushed=False) as temporary, temporary.open("wb") as opened:
                        opened.writelines((data, _sum_of(data)))
        except OSError as error:
            warnings.warn(f"{self.folder}: {cause_of(error)}; the stream goes on without its cache", stacklevel=3)

    def _evict(self, size: int) -> None:
        """Remove what was used longest ago until so many bytes go in."""
        there = []
        for entry in os.scandir(self.folder) if self.folder.is_dir() else ():
            if entry.name.endswith((_STORED, _DECOMPRESSED)):
                try:
                    there.append((entry.stat().st_mtime_ns, entry.stat().st_size, entry.path))
                except FileNotFoundError:  # another rank has removed it
                    continue
        held = sum(one for _, one, _ in there)
        for _, one, path in sorted(there):
            if held + size <= self.limit:
                return
            Path(path).unlink(missing_ok=True)
            held -= one


def _sum_of(data: bytes | pa.Buffer) -> bytes:
    return zlib.crc32(data).to_bytes(_SUM, "little")


def _mapped(file: Path) -> pa.Buffer | None:
    """Return what was kept in a file, used now; None where it isn't there, or isn't what was written."""
    try:
        with pa.memory_map(str(file)) as opened:
            whole = opened.read_buffer()
        os.utime(file)
    except OSError:
        return None
    data = whole.slice(0, max(0, whole.size - _SUM))
    return data if whole.slice(data.size).equals(pa.py_buffer(_sum_of(data))) else None
