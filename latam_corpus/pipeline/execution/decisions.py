"""Store decisions of barriers: a table for each part, named by its content, and an index for each cut of the plan.

The index is named by the digest of all its inputs, so that barriers don't decide on the same rows twice.
"""

from __future__ import annotations

import dataclasses
import hashlib
import io
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import polars as pl

from latam_corpus.errors import PartError, cause_of
from latam_corpus.messages import _
from latam_corpus.storage.bucket import fetch_small, fetched, publish, publish_each
from latam_corpus.storage.durable import OTHER_BYTES, rebuild_notice, replace, sealed, unsealed

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

    from latam_corpus.messages import Message


@dataclass(frozen=True, eq=False)
class StoredDecisions:
    """The decisions of the barriers at one cut.

    Attributes:
        parts: the file of decisions of each part (None if there are none), and a digest of the decisions.
        replaced: documents of an earlier version that new ones replace, see `barriers.REPLACED`.
        rows: the digest of each part's rows for which the decisions are valid.
    """

    parts: dict[str, tuple[Path | None, str]]
    replaced: pl.DataFrame
    notes: dict[str, Any]
    mended: tuple[Message, ...] = ()
    reused: bool = False
    files: tuple[str, ...] = ()
    rows: Mapping[str, str] = field(default_factory=dict)


def store(table: pl.DataFrame, work: Path) -> tuple[Path, Message | None]:
    """Store a table in a file named by its content; return the file, and a sentence if an existing one was damaged."""
    written = io.BytesIO()
    table.write_parquet(written)
    data = written.getvalue()
    path = _folder(work) / _name(data)
    damaged = path.exists() and path.read_bytes() != data
    if damaged or not path.exists():
        replace(path, data)
    return path, rebuild_notice(path, OTHER_BYTES) if damaged else None


def read(path: Path) -> pl.DataFrame:
    """Read a table of decisions; raise `PartError` if the file is damaged."""
    data = fetched(path).read_bytes()
    if _name(data) != path.name:
        raise PartError(str(path), OTHER_BYTES, _("run it again: it is rebuilt"))
    return pl.read_parquet(io.BytesIO(data))


def remember(decisions: StoredDecisions, work: Path, key: str) -> StoredDecisions:
    """Store the decisions of a cut under a digest of its rows and barriers; return them with their files' names."""
    replaced, _ = store(decisions.replaced, work)
    values: dict[str, Any] = {
        "parts": {name: [path and path.name, digest] for name, (path, digest) in decisions.parts.items()},
        "replaced": replaced.name,
        "notes": decisions.notes,
    }
    name = f"{key}.json"
    replace(_folder(work) / name, sealed(values))
    files = _files(name, values)
    publish_each(_folder(work) / file for file in files[1:])
    publish(_folder(work) / name)
    return dataclasses.replace(decisions, files=files)


def remembered(work: Path, key: str) -> tuple[StoredDecisions | None, Message | None]:
    """Return the stored decisions of a cut, or None, with a sentence if they are damaged."""
    path = _folder(work) / f"{key}.json"
    try:
        values = unsealed(fetched(path).read_bytes())
    except FileNotFoundError:
        return None, None
    except (OSError, ValueError) as error:
        return None, rebuild_notice(path, error)
    parts = {name: (file and _folder(work) / file, digest) for name, (file, digest) in values["parts"].items()}
    try:
        fetch_small(_folder(work) / file for file in _files(path.name, values))
        for file, _ in parts.values():
            if file is not None and _name(file.read_bytes()) != file.name:
                return None, rebuild_notice(file, OTHER_BYTES)
        replaced = read(_folder(work) / values["replaced"])
    except PartError as error:
        return None, rebuild_notice(error.place, error.args[1])
    except OSError as error:
        return None, rebuild_notice(error.filename, cause_of(error))
    return StoredDecisions(parts, replaced, values["notes"], reused=True, files=_files(path.name, values)), None


def _files(name: str, values: Mapping[str, Any]) -> tuple[str, ...]:
    return (name, values["replaced"], *sorted({file for file, _ in values["parts"].values() if file}))


def _folder(work: Path) -> Path:
    return work / "decisions"


def _name(data: bytes) -> str:
    return f"{hashlib.sha256(data).hexdigest()[:32]}.parquet"
