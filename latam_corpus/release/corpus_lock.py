"""`corpus.lock`: which version and which rows a pulled folder holds."""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING, Any, Final

from latam_corpus.__about__ import __version__
from latam_corpus.errors import ConfigError

if TYPE_CHECKING:
    from pathlib import Path

LOCK: Final = "corpus.lock"


@dataclass(frozen=True)
class Lock:
    """Which version a folder holds, for a trainer to keep beside the checkpoints.

    Attributes:
        manifest_sha256: the digest of `manifest.json`, which names every shard's digest.
        withdrawal_sequence: the last withdrawal that was applied.
        where: the condition that selected the rows; None when the folder holds them all.
        rewritten: whether files differ from the version's shards, since rows or columns were left out of them.
        columns: those that the files have; None when they have all.
        excluded: how many documents a list left out.
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

    def as_dict(self) -> dict[str, Any]:
        """Return what the file has; keys that older toolkits don't know only where they say something."""
        told = asdict(self)
        return {key: value for key, value in told.items() if key not in ("columns", "excluded") or value}


def read_lock(file: Path) -> Lock:
    """Return the lock in a file.

    Raises:
        ConfigError: it isn't there, or isn't a lock of this format.
    """
    try:
        stated = json.loads(file.read_bytes())
        if isinstance(stated, dict) and isinstance(stated.get("columns"), list):
            stated["columns"] = tuple(stated["columns"])
        lock = Lock(**stated)
        must_be(str, lock.name, lock.version, lock.manifest_sha256, lock.where or "")
    except OSError as error:
        raise ConfigError(str(file), f"it can't be read: {error.strerror}", "name a corpus.lock") from None
    except (ValueError, TypeError, RecursionError) as error:
        remedy = "pull the version into a new folder"
        raise ConfigError(str(file), f"this isn't a corpus.lock: {error}", remedy) from None
    return lock


def must_be(kind: type, *values: object) -> None:
    """Raise TypeError unless all values are of a type, as those of a file that this toolkit wrote are."""
    wrong = [value for value in values if not isinstance(value, kind)]
    if wrong:
        raise TypeError(f"{wrong[0]!r} is out of place in it")
