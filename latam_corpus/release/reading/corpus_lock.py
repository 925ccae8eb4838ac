"""`corpus.lock`: which version and which rows a pulled folder or an export holds; or those of several, in one file."""

from __future__ import annotations

import hashlib
import json
from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING, Any, Final

from latam_corpus.__about__ import __version__
from latam_corpus.errors import ConfigError, ReleaseError, cause_of
from latam_corpus.messages import _
from latam_corpus.release.storing.store import SUMS
from latam_corpus.storage.durable import replace

if TYPE_CHECKING:
    from collections.abc import Collection, Sequence
    from pathlib import Path

    from latam_corpus.messages import Message

LOCK: Final = "corpus.lock"
PULL_STATE: Final = ".pull.json"  # is in a folder until its pull has finished
_NOT_ONE: Final = _("it locks {releases}, and «{spec}» is none of them, or more than one")
_JOIN: Final = "latam-corpus release lock"
_SEVERAL: Final = 2  # the format of a file with the locks of several


@dataclass(frozen=True)
class Lock:
    """Which version a folder holds, for a trainer to keep beside the checkpoints.

    Attributes:
        manifest_sha256: the digest of `manifest.json`, which names every shard's digest.
        withdrawal_sequence: the last withdrawal that was applied.
        where: the condition that selected the rows; None when the folder holds them all.
        rewritten: whether files differ from the version's shards, since rows or columns were left out of them.
        columns: those that the files have; None when they have all.
        excluded: how many documents a list left out; of an export, a split or a list.
        selection: what tells its choice of rows from others (`selection_digest`); "" where it has all.
    """

    name: str
    version: str
    manifest_sha256: str
    withdrawal_sequence: int
    where: str | None
    rewritten: bool
    rows: int
    toolkit: str = __version__
    format: int = 1
    columns: tuple[str, ...] | None = None
    excluded: int = 0
    selection: str = ""

    @property
    def spec(self) -> str:
        """As `NAME@VERSION`."""
        return f"{self.name}@{self.version}"

    @property
    def is_part(self) -> bool:
        """Whether documents of the version were left out when it was pulled, beside those that were withdrawn."""
        return self.where is not None or bool(self.excluded)

    @property
    def is_whole(self) -> bool:
        """Whether the folder has all columns of all documents but the withdrawn ones."""
        return not self.is_part and self.columns is None

    def as_dict(self) -> dict[str, Any]:
        """Return what the file has; keys that older toolkits don't know only where they say something."""
        values = asdict(self)
        return {key: value for key, value in values.items() if key not in ("columns", "excluded", "selection") or value}


def selection_digest(where: str | None, excluded: Collection[str], **slices: str | None) -> str:
    """Return a digest, hex, of which rows are chosen; "" where all are.

    >>> selection_digest(None, (), split=None), selection_digest("country = 'PE'", ())
    ('', '3d96ad4c60da0290')
    """
    chosen = {"where": where, "excluded": sorted(excluded), **slices}
    said = {key: value for key, value in sorted(chosen.items()) if value}
    return hashlib.sha256(json.dumps(said, ensure_ascii=False).encode()).hexdigest()[:16] if said else ""


def must_know(log: int, lock: int, place: str, remedy: Message) -> None:
    """Refuse a store or folder whose withdrawals end before those that a lock knew, such as an old copy.

    Args:
        log: how many entries are observed.
        lock: how many the lock knew.
        place: where the entries are.
        remedy: what to do.

    Raises:
        ReleaseError: they end before.
    """
    if log < lock:
        problem = _("its log of withdrawals has {n} {n:entry|entries}, and the lock knew {known}", n=log, known=lock)
        raise ReleaseError(place, problem, remedy)


def read_lock(file: Path, spec: str | None = None) -> Lock:
    """Return the lock in a file; of several, the one of a version, or the first of its selections.

    Args:
        file: the lock.
        spec: `NAME@VERSION`, or `NAME`; None for a file with one lock.

    Raises:
        ConfigError: it isn't there, isn't a lock of this format, or no version or several are meant.
    """
    locks = read_locks(file)
    if len(locks) == 1:
        return locks[0]
    known = ", ".join(sorted({lock.spec for lock in locks}))
    meant = [lock for lock in locks if spec in (None, lock.spec, lock.name)]
    # Selections of one version are of one manifest.
    if len({(lock.spec, lock.manifest_sha256) for lock in meant}) == 1:
        return meant[0]
    problem = (
        _("it locks {releases}, and none of them is named", releases=known)
        if spec is None
        else _NOT_ONE.fill(releases=known, spec=spec)
    )
    raise ConfigError(str(file), problem, _("name one of them, as NAME@VERSION"))


def read_locks(file: Path) -> tuple[Lock, ...]:
    """Return all locks in a file.

    Raises:
        ConfigError: it isn't there, or isn't a lock of this format.
    """
    try:
        values = json.loads(file.read_bytes())
        several = isinstance(values, dict) and values.get("format") == _SEVERAL
        locks = tuple(_lock(one) for one in (values["releases"] if several else [values]))
    except OSError as error:
        if (file.parent / PULL_STATE).is_file():
            remedy = _("give the command `latam-corpus pull` again: it goes on where it was cut")
            raise ConfigError(str(file.parent), _("a pull into this folder was cut off"), remedy) from None
        raise ConfigError(
            str(file), _("it can't be read: {cause}", cause=cause_of(error)), _("name a corpus.lock")
        ) from None
    except (ValueError, TypeError, KeyError, RecursionError) as error:
        remedy = _("pull the version into a new folder")
        raise ConfigError(str(file), _("this isn't a corpus.lock: {reason}", reason=error), remedy) from None
    if not locks:
        raise ConfigError(
            str(file), _("it locks no release"), _("join locks of pulled folders: {command}", command=_JOIN)
        )
    return locks


def _lock(values: Any) -> Lock:
    if isinstance(values, dict) and isinstance(values.get("columns"), list):
        values["columns"] = tuple(values["columns"])
    lock = Lock(**values)
    must_be(str, lock.name, lock.version, lock.manifest_sha256, lock.where or "")
    must_be(int, lock.withdrawal_sequence)
    return lock


def write_lock(lock: Lock, file: Path) -> None:
    """Write one lock."""
    replace(file, (json.dumps(lock.as_dict(), ensure_ascii=False, indent=2) + "\n").encode())


def join_locks(files: Sequence[Path], to: Path) -> tuple[Lock, ...]:
    """Write the locks of several files into one, each once, and return them.

    Raises:
        ConfigError: one of them isn't a lock, or is the file to write.
    """
    if to.resolve() in {file.resolve() for file in files}:
        raise ConfigError(str(to), _("it is one of those that are joined"), _("name another file"))
    locks = tuple(dict.fromkeys(lock for file in files for lock in read_locks(file)))
    content = {"format": _SEVERAL, "releases": [lock.as_dict() for lock in locks]}
    replace(to, (json.dumps(content, ensure_ascii=False, indent=2) + "\n").encode())
    return locks


def sums_of(folder: Path) -> dict[str, str]:
    """Return the digest of each file that `SHA256SUMS` of a pulled folder lists, hex, by its path there.

    Raises:
        OSError: it can't be read.
    """
    lines = (folder / SUMS).read_bytes().decode(errors="replace").split("\n")
    return {path: digest for digest, _, path in (line.partition("  ") for line in lines if line)}


def must_be(kind: type, *values: object) -> None:
    """Raise TypeError unless all values are of a type, as those of a file that this toolkit wrote are."""
    wrong = [value for value in values if not isinstance(value, kind)]
    if wrong:
        raise TypeError(f"{wrong[0]!r} is out of place in it")
