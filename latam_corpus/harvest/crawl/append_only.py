"""Files that only grow, cut back to what was committed when they are opened again."""

from __future__ import annotations

import os
import time
from typing import TYPE_CHECKING, BinaryIO, Final

from latam_corpus.errors import SourceError

if TYPE_CHECKING:
    from pathlib import Path

_SYNC_EVERY: Final = 1.0  # seconds


class Appended:
    """A file that only grows; what was written after the last commit is cut off when it is opened again."""

    def __init__(self, path: Path, length: int) -> None:
        """Open the file.

        Raises:
            SourceError: it is shorter than it was when it was last committed.
        """
        path.parent.mkdir(parents=True, exist_ok=True)
        self.file: BinaryIO = path.open("ab")
        there = self.file.seek(0, os.SEEK_END)
        if there < length:
            self.file.close()
            problem = f"it has {there:,} bytes and had {length:,} when the crawl stopped"
            raise SourceError(str(path), problem, "restore the file, or remove the source's folder and crawl again")
        self.file.truncate(length)
        self.file.seek(length)
        self._length = length
        self._synced = time.monotonic()

    def settled(self) -> int:
        """The length of the file, all of which is with the system, and so outlives this process.

        It is forced to the disk once in a while: after a power cut the file may be shorter, which opening it tells.
        """
        if self.file.tell() != self._length:
            self.file.flush()
            self._length = self.file.tell()
            if (now := time.monotonic()) - self._synced >= _SYNC_EVERY:
                os.fsync(self.file.fileno())
                self._synced = now
        return self._length
