"""Files that are whole or not there, that are on the disk before anything names them, and whose damage shows.

All of the package writes such files, and takes the digests of files, by this module. A sealed JSON file carries its own
digest; where it lists the digests of the files beside it, these are protected too.
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
# Tables that code looks up in while it reads files or works on texts. Policies and models have digests of their own.
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
    """Return the SHA-256, hex, of an open file, which is at its start.

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
    """Return the same, of a file that is asked for often: one that stays as it is is read once a process."""
    state = path.stat()
    return _known_digest(path, state.st_size, state.st_mtime_ns)


@cache
def _known_digest(path: Path, _size: int, _modified: int) -> str:
    return digest_of(path)


def package_digest(module: str) -> str:
    """Digest the modules of the package that contains a module, 16 hex digits; "" if it has no source file.

    >>> len(package_digest("latam_corpus.storage.durable"))
    16
    """
    files = _package_files(module)
    return hashlib.sha256(b"".join(file.read_bytes() for file in files)).hexdigest()[:16] if files else ""


def _package_files(module: str) -> list[Path]:
    """Return the modules of the outermost package with an `__init__.py` that contains a module, or the module alone."""
    parts = module.split(".")
    for length in range(1, len(parts) + 1):
        name = ".".join(parts[:length])
        try:
            spec = find_spec(name)
        except (ImportError, ValueError):  # as of `__main__`
            spec = None
        loaded = getattr(sys.modules.get(name), "__file__", None)
        origin = Path(str(spec.origin if spec and spec.has_location else loaded))
        if origin.is_file():
            return sorted(origin.parent.rglob("*.py")) if origin.stem == "__init__" else [origin]
    return []


@cache
def tables_digest() -> str:
    """Digest the tables of the package on which results depend, 16 hex digits: an edited table redoes all work."""
    return hashlib.sha256(b"".join((PACKAGE / table).read_bytes() for table in TABLES)).hexdigest()[:16]


def replace(target: Path, data: bytes) -> None:
    """Write a file, replacing what was there, so that a reader sees the old bytes or the new ones."""
    with replacing(target) as temporary:
        temporary.write_bytes(data)


def create(target: Path, data: bytes, mode: int = 0o666) -> None:
    """Write a file whole, with these permissions at most, or raise FileExistsError when the name is taken."""
    with _beside(target) as temporary:
        temporary.touch(mode, exist_ok=False)
        temporary.write_bytes(data)
        sync(temporary)
        # A hard link, unlike a rename, fails where the name is taken.
        os.link(temporary, target)


def beside(final: Path, what: str) -> Path:
    """Return a name beside a folder that no other process has, of this machine or another that sees the folder.

    Args:
        final: the folder.
        what: what it is meanwhile, such as `partial`.
    """
    return final.with_name(f"{final.name}.{socket.gethostname()}-{os.getpid()}.{what}")


@contextmanager
def replacing(target: Path, *, flushed: bool = True) -> Iterator[Path]:
    """Give a name in the target's folder for a file that takes the target's place when the block ends.

    Nothing is left of it where the block raises. The folder is made where it isn't there.

    Args:
        target: the file.
        flushed: whether it is on the disk then, and survives a power cut whole.
    """
    with _beside(target, flushed=flushed) as temporary:
        yield temporary
        if flushed:
            sync(temporary)
        temporary.replace(target)


@contextmanager
def _beside(target: Path, *, flushed: bool = True) -> Iterator[Path]:
    target.parent.mkdir(parents=True, exist_ok=True)
    temporary = target.with_name(f".{target.name}-{secrets.token_hex(4)}.tmp")
    try:
        yield temporary
        if flushed:
            sync(target.parent)
    finally:
        temporary.unlink(missing_ok=True)


def link_or_copy(source: Path, wanted: Path) -> None:
    """Put the file under another name, without its bytes twice where the file system can."""
    try:
        os.link(source, wanted)
    except OSError:  # another file system, or one without hard links
        shutil.copyfile(source, wanted)
        sync(wanted)


def sync(path: Path) -> None:
    """Wait until a file's bytes, or a folder's names, are on the disk."""
    descriptor = os.open(path, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def sealed(values: Mapping[str, Any], indent: int | None = None) -> bytes:
    """Return the values as JSON whose last key, `seal`, is the SHA-256 of all bytes before it.

    Args:
        values: at least one value.
        indent: of the JSON.

    >>> unsealed(sealed({"lugar": "puerto"}))
    {'lugar': 'puerto'}
    """
    head = json.dumps(values, ensure_ascii=False, indent=indent).removesuffix("}").rstrip().encode() + _SEAL.encode()
    return head + hashlib.sha256(head).hexdigest().encode() + _END.encode()


def unsealed(data: bytes) -> dict[str, Any]:
    """Return the values in a sealed file.

    Raises:
        ValueError: a byte of it has changed, or it was never sealed.

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
    """Return the SHA-256, hex, of these files of a folder, which are on the disk then."""
    by_name = {}
    for name in names:
        by_name[name] = digest_of(folder / name)
        sync(folder / name)
    return by_name


class Damage(NamedTuple):
    """A file that isn't as it was written, and what is wrong with it."""

    file: Path
    problem: str | Message

    def __str__(self) -> str:
        return f"{self.file}: {self.problem}"


def rebuild_notice(file: object, problem: object) -> Message:
    """Return the sentence that names a damaged file that is made anew."""
    return _("{file}: {problem}; it is made anew", file=file, problem=known(problem))


def damage(folder: Path, listed: Mapping[str, str]) -> Damage | None:
    """Return the first of these files of a folder that isn't as its digest says; None where all are."""
    for name, digest in listed.items():
        try:
            if digest_of(folder / name) != digest:
                return Damage(folder / name, OTHER_BYTES)
        except FileNotFoundError:
            return Damage(folder / name, N_("the file is missing"))
        except OSError as error:
            return Damage(folder / name, _("it can't be read: {cause}", cause=cause_of(error)))
    return None
