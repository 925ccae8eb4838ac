"""Files on a local disk that are whole or not there, and the locks that keep two builds apart."""

from __future__ import annotations

import fcntl
import os
import secrets
import shutil
import tempfile
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, TypeAlias

from latam_corpus.durable import beside, digest_of, replace, sha256_of, sync

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

__all__ = ["Progress", "create", "digest_of", "locked", "move", "replace", "scratch", "sha256_of", "sync"]

# Called with what is being done, how much of it is done, and how much there is.
Progress: TypeAlias = "Callable[[str, int, int], None]"


def create(target: Path, data: bytes) -> None:
    """Write a file whole, or raise FileExistsError when the name is taken."""
    with beside(target) as temporary:
        temporary.write_bytes(data)
        sync(temporary)
        # A hard link, unlike a rename, fails where the name is taken.
        os.link(temporary, target)


def move(file: Path, target: Path) -> None:
    """Move a finished file to its final place, from another disk too."""
    with beside(target) as temporary:
        shutil.move(file, temporary)
        sync(temporary)
        temporary.replace(target)


@contextmanager
def locked(file: Path) -> Iterator[None]:
    """Hold a lock file; the system lets it go when the process ends, however it ends."""
    file.parent.mkdir(parents=True, exist_ok=True)
    with file.open("w") as handle:
        fcntl.flock(handle, fcntl.LOCK_EX)
        yield


@contextmanager
def scratch(parent: Path | None) -> Iterator[Path]:
    """A folder for temporary files, removed afterwards; those of killed processes are removed first.

    Args:
        parent: where to make it; None is the system's temporary folder, where nothing is swept.
    """
    if parent is None:
        with tempfile.TemporaryDirectory(prefix="latam-corpus-") as made:
            yield Path(made)
        return
    parent.mkdir(parents=True, exist_ok=True)
    folder = parent / f"build-{secrets.token_hex(4)}"
    with (parent / f"{folder.name}.lock").open("w") as handle:
        with locked(parent / ".lock"):
            fcntl.flock(handle, fcntl.LOCK_EX)
            _sweep(parent)
            folder.mkdir()
        try:
            yield folder
        finally:
            shutil.rmtree(folder, ignore_errors=True)
            Path(handle.name).unlink(missing_ok=True)


def _sweep(parent: Path) -> None:
    """Remove the folders whose lock nobody holds any more: their builds were killed."""
    for lock in parent.glob("build-*.lock"):
        with lock.open("r+") as handle:
            try:
                fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except BlockingIOError:
                continue
            shutil.rmtree(lock.with_suffix(""), ignore_errors=True)
            lock.unlink(missing_ok=True)
