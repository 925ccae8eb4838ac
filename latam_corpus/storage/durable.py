"""Write durable files: atomically, flushed to the disk, and protected by digests.

All modules write files and compute digests with these functions. A sealed JSON file contains its own digest. If it
lists the digests of other files, these are also protected.
"""

from __future__ import annotations

import hashlib
import json
import os
import secrets
import shutil
import socket
import sys
from contextlib import contextmanager
from functools import cache
from importlib.util import find_spec
from pathlib import Path
from typing import IO, TYPE_CHECKING, Any, Final, NamedTuple

from latam_corpus.errors import cause_of
from latam_corpus.messages import N_, _, known
from latam_corpus.paths import PACKAGE

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping

    from latam_corpus.messages import Message

_SEAL: Final = ',\n "seal": "'
_END: Final = '"\n}\n'
# Tables that readers and stages use. Policies and models have separate digests.
TABLES: Final = (
    "catalog/copyright_terms.toml",
    "catalog/labels.toml",
    "catalog/named_values.toml",
    "catalog/optout/agents.toml",
    "language/models/groups.toml",
    "text/orthography.toml",
)
OTHER_BYTES: Final = N_("its bytes aren't those that were written")


def sha256_of(file: IO[bytes]) -> str:
    """Return the SHA-256, hex, of an open file from its current position.

    >>> import io
    >>> sha256_of(io.BytesIO(b"agua"))[:8]
    '5f1da091'
    """
    return hashlib.file_digest(file, "sha256").hexdigest()  # type: ignore[arg-type]


def digest_of(path: Path) -> str:
    """Return the SHA-256, hex, of a file."""
    with path.open("rb") as opened:
        return sha256_of(opened)


def known_digest(path: Path) -> str:
    """Return the SHA-256, hex, of a file; an unchanged file is read only once per process."""
    state = path.stat()
    return _known_digest(path, state.st_size, state.st_mtime_ns)


@cache
def _known_digest(path: Path, _size: int, _modified: int) -> str:
    return digest_of(path)


def package_digest(module: str) -> str:
    """Return a digest of the package that contains a module, 16 hex digits; "" if the module has no source file.

    >>> len(package_digest("latam_corpus.storage.durable"))
    16
    """
    files = _package_files(module)
    return hashlib.sha256(b"".join(file.read_bytes() for file in files)).hexdigest()[:16] if files else ""


def _package_files(module: str) -> list[Path]:
    """Return the files of a module's outermost package (with an `__init__.py`), or only the module's file."""
    parts = module.split(".")
    for length in range(1, len(parts) + 1):
        name = ".".join(parts[:length])
        try:
            spec = find_spec(name)
        except (ImportError, ValueError):  # the module has no spec, like `__main__`
            spec = None
        loaded = getattr(sys.modules.get(name), "__file__", None)
        origin = Path(str(spec.origin if spec and spec.has_location else loaded))
        if origin.is_file():
            return sorted(origin.parent.rglob("*.py")) if origin.stem == "__init__" else [origin]
    return []


@cache
def tables_digest() -> str:
    """Return a digest of the package's tables, 16 hex digits. It is part of all cache keys."""
    return hashlib.sha256(b"".join((PACKAGE / table).read_bytes() for table in TABLES)).hexdigest()[:16]


def replace(target: Path, data: bytes) -> None:
    """Write a file atomically: a reader sees either the old bytes or the new ones."""
    with replacing(target) as temporary:
        temporary.write_bytes(data)


def create(target: Path, data: bytes, mode: int = 0o666) -> None:
    """Create a file atomically, with these permissions at most; raise FileExistsError if the file exists."""
    with _temporary(target) as temporary:
        temporary.touch(mode, exist_ok=False)
        temporary.write_bytes(data)
        sync(temporary)
        # Unlike a rename, a hard link fails if the name is taken.
        os.link(temporary, target)


def process_path(final: Path, suffix: str) -> Path:
    """Return a path next to a folder that no other process uses, on this machine or another, such as `… .partial`."""
    return final.with_name(f"{final.name}.{socket.gethostname()}-{os.getpid()}.{suffix}")


@contextmanager
def replacing(target: Path, *, flushed: bool = True) -> Iterator[Path]:
    """Yield the path of a temporary file that replaces the target when the block ends.

    If the block raises, the temporary file is removed. The target's folder is created if necessary. Unless it is
    flushed to the disk, the file doesn't survive a power failure.
    """
    with _temporary(target, flushed=flushed) as temporary:
        yield temporary
        if flushed:
            sync(temporary)
        temporary.replace(target)


@contextmanager
def _temporary(target: Path, *, flushed: bool = True) -> Iterator[Path]:
    target.parent.mkdir(parents=True, exist_ok=True)
    temporary = target.with_name(f".{target.name}-{secrets.token_hex(4)}.tmp")
    try:
        yield temporary
        if flushed:
            sync(target.parent)
    finally:
        temporary.unlink(missing_ok=True)


def link_or_copy(source: Path, target: Path) -> None:
    """Make a hard link to a file, or a copy if the file system can't link."""
    try:
        os.link(source, target)
    except OSError:  # the target is on another file system, or on one without hard links
        shutil.copyfile(source, target)
        sync(target)


def sync(path: Path) -> None:
    """Flush a file's bytes or a folder's entries to the disk."""
    descriptor = os.open(path, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def sealed(values: Mapping[str, Any], indent: int | None = None) -> bytes:
    """Return values, at least one, as JSON bytes whose last key, `seal`, is the SHA-256 of all bytes before it.

    >>> unsealed(sealed({"lugar": "puerto"}))
    {'lugar': 'puerto'}
    """
    head = json.dumps(values, ensure_ascii=False, indent=indent).removesuffix("}").rstrip().encode() + _SEAL.encode()
    return head + hashlib.sha256(head).hexdigest().encode() + _END.encode()


def unsealed(data: bytes) -> dict[str, Any]:
    """Return the values of a sealed file.

    Raises:
        ValueError: a byte has changed, or the file was never sealed.

    >>> unsealed(sealed({"lugar": "puerto"}).replace(b"puerto", b"puesto"))
    Traceback (most recent call last):
    ValueError: its bytes aren't those that were written
    """
    head, mark, seal = data.rpartition(_SEAL.encode())
    if not mark or seal != hashlib.sha256(head + mark).hexdigest().encode() + _END.encode():
        raise ValueError(OTHER_BYTES)
    values: dict[str, Any] = json.loads(data)
    del values["seal"]
    return values


def digests(folder: Path, names: Iterable[str]) -> dict[str, str]:
    """Flush these files of a folder to the disk, and return their SHA-256, hex."""
    by_name = {}
    for name in names:
        by_name[name] = digest_of(folder / name)
        sync(folder / name)
    return by_name


class Damage(NamedTuple):
    """A damaged file and its problem."""

    file: Path
    problem: str | Message

    def __str__(self) -> str:
        return f"{self.file}: {self.problem}"


def rebuild_notice(file: object, problem: object) -> Message:
    """Return the sentence that reports a damaged file before it is rebuilt."""
    return _("{file}: {problem}; it is rebuilt", file=file, problem=known(problem))


def damage(folder: Path, file_digests: Mapping[str, str]) -> Damage | None:
    """Return the first file of a folder that doesn't match its digest, or None."""
    for name, digest in file_digests.items():
        try:
            if digest_of(folder / name) != digest:
                return Damage(folder / name, OTHER_BYTES)
        except FileNotFoundError:
            return Damage(folder / name, N_("the file is missing"))
        except OSError as error:
            return Damage(folder / name, _("it can't be read: {cause}", cause=cause_of(error)))
    return None
