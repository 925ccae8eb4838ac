"""Row groups of a store that isn't on this disk, kept in a folder that never grows beyond its limit.

Ranks and workers of one machine share it: what one of them has fetched the others read from the disk. Each file begins
with the digest of the rest, so that a damaged one, such as a power cut leaves, is fetched again: to flush them takes
longer than to fetch them from a near store. Where the disk is full the stream goes on without.
"""

from __future__ import annotations

import hashlib
import os
import warnings
from dataclasses import dataclass
from pathlib import Path
from threading import Lock
from typing import TYPE_CHECKING, Final

from latam_corpus.durable import replacing
from latam_corpus.errors import cause_of

if TYPE_CHECKING:
    from collections.abc import Callable

_DIGEST: Final = 32
_SUFFIX: Final = ".group"
_writing = Lock()


def _renew() -> None:
    global _writing  # noqa: PLW0603  (a forked process would wait for a thread that it doesn't have)
    _writing = Lock()


if hasattr(os, "register_at_fork"):
    os.register_at_fork(after_in_child=_renew)


@dataclass(frozen=True)
class GroupCache:
    """A folder of row groups, and how many bytes it may have."""

    folder: Path
    limit: int

    def read(self, key: str, fetch: Callable[[], bytes]) -> bytes:
        """Return the bytes of a row group, from the folder or, where they aren't there, as they are fetched."""
        file = self.folder / f"{key}{_SUFFIX}"
        try:
            held = file.read_bytes()
            os.utime(file)
        except OSError:
            held = b""
        if held and hashlib.sha256(memoryview(held)[_DIGEST:]).digest() == held[:_DIGEST]:
            return held[_DIGEST:]
        data = fetch()
        try:
            with _writing:
                self._evict(len(data) + _DIGEST)
                if len(data) + _DIGEST <= self.limit:
                    with replacing(file, flushed=False) as temporary, temporary.open("wb") as opened:
                        opened.writelines((hashlib.sha256(data).digest(), data))
        except OSError as error:
            warnings.warn(f"{self.folder}: {cause_of(error)}; the stream goes on without its cache", stacklevel=2)
        return data

    def forget(self, key: str) -> None:
        """Remove a row group."""
        (self.folder / f"{key}{_SUFFIX}").unlink(missing_ok=True)

    def _evict(self, size: int) -> None:
        """Remove what was used longest ago until so many bytes go in."""
        there = []
        for entry in os.scandir(self.folder) if self.folder.is_dir() else ():
            if entry.name.endswith(_SUFFIX):
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
