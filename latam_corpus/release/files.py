"""Files on a local disk that are whole or not there, and the locks that keep two builds apart."""

from __future__ import annotations

import fcntl
import hashlib
import os
import secrets
import shutil
import tempfile
from contextlib import contextmanager
from pathlib import Path
from typing import IO, TYPE_CHECKING, TypeAlias

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

# Called with what is being done, how much of it is done, and how much there is.
Progress: TypeAlias = "Callable[[str, int, int], None]"


def sha256_of(file: IO[bytes]) -> str:
    """The SHA-256, hex, of the rest of an open file, read in pieces.

    >>> import io
    >>> sha256_of(io.BytesIO(b"agua"))[:8]
    '5f1da091'
    """
    digest = hashlib.sha256()
    while piece := file.read(1 << 20):
        digest.update(piece)
    return digest.hexdigest()


def digest_of(path: Path) -> str:
    """The SHA-256, hex, of a file."""
    with path.open("rb") as opened:
        return sha256_of(opened)


def replace(target: Path, data: bytes) -> None:
    """Write a file, replacing what was there, so that a reader sees the old bytes or the new ones."""
    with beside(target) as temporary:
        temporary.write_bytes(data)
        sync(temporary)
        temporary.replace(target)


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
def beside(target: Path) -> Iterator[Path]:
    """A temporary name in the target's folder; what is left of it afterwards is removed."""
    target.parent.mkdir(parents=True, exist_ok=True)
    temporary = target.with_name(f".{target.name}-{secrets.token_hex(4)}.tmp")
    try:
        yield temporary
        sync(target.parent)
    finally:
        temporary.unlink(missing_ok=True)


def sync(path: Path) -> None:
    """Wait until a file's bytes, or a folder's names, are on the disk."""
    descriptor = os.open(path, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


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
