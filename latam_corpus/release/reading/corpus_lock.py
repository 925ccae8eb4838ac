"""Read and write `corpus.lock`, which states the version and rows of a pulled folder or an export."""

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
PULL_STATE: Final = ".pull.json"  # exists in a folder until the pull is finished
_AMBIGUOUS: Final = _("it locks {releases}; «{spec}» is none of them, or matches more than one")
_JOIN_COMMAND: Final = "latam-corpus release lock"
_JOINED_FORMAT: Final = 2  # the format of a file with several locks


@dataclass(frozen=True)
class Lock:
    """The version and the rows that a folder contains, to be stored with a model's checkpoints.

    Attributes:
        manifest_sha256: the digest of `manifest.json`, which contains the digest of every shard.
        withdrawal_sequence: the number of the last withdrawal that was applied.
        where: the condition that selected the rows; None if the folder has all rows.
        rewritten: whether files differ from the version's shards because rows or columns are left out.
        columns: the columns of the files; None if they have all.
        excluded: the number of documents that a list excluded; in an export, including those of other splits.
        selection: the digest of the selection of rows (`selection_digest`); "" if all rows are selected.
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
        """The version as `NAME@VERSION`."""
        return f"{self.name}@{self.version}"

    @property
    def is_part(self) -> bool:
        """Whether documents were left out for reasons other than a withdrawal."""
        return self.where is not None or bool(self.excluded)

    @property
    def is_whole(self) -> bool:
        """Whether the folder has all columns of all documents except withdrawn ones."""
        return not self.is_part and self.columns is None

    def as_dict(self) -> dict[str, Any]:
        """Return the values of the file; keys that older toolkits don't know are omitted if they are empty."""
        values = asdict(self)
        return {key: value for key, value in values.items() if key not in ("columns", "excluded", "selection") or value}


def selection_digest(where: str | None, excluded: Collection[str], **slices: str | None) -> str:
    """Return a digest of a selection of rows, in hex; "" if all rows are selected.

    >>> selection_digest(None, (), split=None), selection_digest("country = 'PE'", ())
    ('', '3d96ad4c60da0290')
    """
    criteria = {"where": where, "excluded": sorted(excluded), **slices}
    used = {key: value for key, value in sorted(criteria.items()) if value}
    return hashlib.sha256(json.dumps(used, ensure_ascii=False).encode()).hexdigest()[:16] if used else ""


def check_known_withdrawals(entry_count: int, known_count: int, place: str, remedy: Message) -> None:
    """Raise ReleaseError if a store or folder, such as an old copy, has fewer withdrawals than a lock knew."""
    if entry_count < known_count:
        counts = {"n": entry_count, "known": known_count}
        problem = _("its log of withdrawals has {n} {n:entry|entries}, but the lock knew {known}", **counts)
        raise ReleaseError(place, problem, remedy)


def read_lock(file: Path, spec: str | None = None) -> Lock:
    """Return a lock from a file, the first if the file has several selections of the version `NAME@VERSION` or `NAME`.

    Raises:
        ConfigError: the file is missing, has another format, or doesn't have exactly one matching version.
    """
    locks = read_locks(file)
    if len(locks) == 1:
        return locks[0]
    releases = ", ".join(sorted({lock.spec for lock in locks}))
    matches = [lock for lock in locks if spec in (None, lock.spec, lock.name)]
    # Several selections of one version have the same manifest.
    if len({(lock.spec, lock.manifest_sha256) for lock in matches}) == 1:
        return matches[0]
    problem = (
        _("it locks {releases}, and none of them is named", releases=releases)
        if spec is None
        else _AMBIGUOUS.fill(releases=releases, spec=spec)
    )
    raise ConfigError(str(file), problem, _("name one of them, as NAME@VERSION"))


def read_locks(file: Path) -> tuple[Lock, ...]:
    """Return all locks in a file; raise ConfigError if the file is missing or has another format."""
    try:
        values = json.loads(file.read_bytes())
        are_joined = isinstance(values, dict) and values.get("format") == _JOINED_FORMAT
        locks = tuple(map(_lock, values["releases"] if are_joined else [values]))
    except OSError as error:
        if (file.parent / PULL_STATE).is_file():
            remedy = _("run `latam-corpus pull` again: it resumes where it stopped")
            raise ConfigError(str(file.parent), _("a pull into this folder was interrupted"), remedy) from None
        raise ConfigError(
            str(file), _("it can't be read: {cause}", cause=cause_of(error)), _("name a corpus.lock")
        ) from None
    except (ValueError, TypeError, KeyError, RecursionError) as error:
        remedy = _("pull the version into a new folder")
        raise ConfigError(str(file), _("this isn't a corpus.lock: {reason}", reason=error), remedy) from None
    if not locks:
        raise ConfigError(
            str(file), _("it locks no release"), _("join locks of pulled folders: {command}", command=_JOIN_COMMAND)
        )
    return locks


def _lock(values: Any) -> Lock:
    if isinstance(values, dict) and isinstance(values.get("columns"), list):
        values["columns"] = tuple(values["columns"])
    lock = Lock(**values)
    check_type(str, lock.name, lock.version, lock.manifest_sha256, lock.where or "")
    check_type(int, lock.withdrawal_sequence)
    return lock


def write_lock(lock: Lock, file: Path) -> None:
    """Write one lock."""
    replace(file, (json.dumps(lock.as_dict(), ensure_ascii=False, indent=2) + "\n").encode())


def join_locks(files: Sequence[Path], to: Path) -> tuple[Lock, ...]:
    """Join the locks of several files in one file without duplicates, and return them.

    Raises:
        ConfigError: a file isn't a lock, or is also the file to write.
    """
    if to.resolve() in {file.resolve() for file in files}:
        raise ConfigError(str(to), _("it is one of the files to join"), _("name another file"))
    locks = tuple(dict.fromkeys(lock for file in files for lock in read_locks(file)))
    content = {"format": _JOINED_FORMAT, "releases": [lock.as_dict() for lock in locks]}
    replace(to, (json.dumps(content, ensure_ascii=False, indent=2) + "\n").encode())
    return locks


def read_sums(folder: Path) -> dict[str, str]:
    """Return the digests in a pulled folder's `SHA256SUMS`, hex, by path; raise OSError if the file can't be read."""
    lines = (folder / SUMS).read_bytes().decode(errors="replace").split("\n")
    return {path: digest for digest, _, path in (line.partition("  ") for line in lines if line)}


def check_type(kind: type, *values: object) -> None:
    """Raise TypeError unless every value from a file has the type that this toolkit writes."""
    wrong = [value for value in values if not isinstance(value, kind)]
    if wrong:
        raise TypeError(f"{wrong[0]!r} is out of place in it")
