"""What barriers have decided, as it is stored: tables named by their content, and what a cut came to as a whole.

Barriers that are asked again of the same rows aren't: what they came to is found by all that it rests on.
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
from latam_corpus.storage.durable import OTHER_BYTES, made_anew, replace, sealed, unsealed

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

    from latam_corpus.messages import Message


@dataclass(frozen=True, eq=False)
class StoredDecisions:
    """What the barriers of a cut decided.

    Attributes:
        parts: for each part the file with its decisions, None where there are none, and a key that changes with them.
        replaced: documents of an earlier version for which a new one is kept, see `barriers.REPLACED`.
        notes: what barriers tell of their work, by their names.
        mended: files with decisions that were damaged and are made anew, a sentence each.
        reused: whether this was decided before.
        files: the names of all files that hold it.
        rows: for each part the digest of the rows that it was decided on, and that it may be carried out on.
    """

    parts: dict[str, tuple[Path | None, str]]
    replaced: pl.DataFrame
    notes: dict[str, Any]
    mended: tuple[Message, ...] = ()
    reused: bool = False
    files: tuple[str, ...] = ()
    rows: Mapping[str, str] = field(default_factory=dict)


def store(table: pl.DataFrame, work: Path) -> tuple[Path, Message | None]:
    """Return the file that holds a table, which is named by its content, and a sentence where it was damaged."""
    written = io.BytesIO()
    table.write_parquet(written)
    data = written.getvalue()
    path = _folder(work) / _name(data)
    damaged = path.exists() and path.read_bytes() != data
    if damaged or not path.exists():
        replace(path, data)
    return path, made_anew(path, OTHER_BYTES) if damaged else None


def read(path: Path) -> pl.DataFrame:
    """Return the table in a file.

    Raises:
        PartError: its bytes aren't those that were written.
    """
    data = fetched(path).read_bytes()
    if _name(data) != path.name:
        raise PartError(str(path), OTHER_BYTES, _("run it again: it is made anew"))
    return pl.read_parquet(io.BytesIO(data))


def remember(decided: StoredDecisions, work: Path, rests_on: str) -> StoredDecisions:
    """Keep what a cut came to; gives it with the files that hold it.

    Args:
        decided: what its barriers decided.
        work: the folder of step outputs.
        rests_on: a digest of the rows and of the barriers.
    """
    replaced, _ = store(decided.replaced, work)
    values: dict[str, Any] = {
        "parts": {name: [path and path.name, key] for name, (path, key) in decided.parts.items()},
        "replaced": replaced.name,
        "notes": decided.notes,
    }
    name = f"{rests_on}.json"
    replace(_folder(work) / name, sealed(values))
    files = _files(name, values)
    publish_each(_folder(work) / file for file in files[1:])
    publish(_folder(work) / name)
    return dataclasses.replace(decided, files=files)


def remembered(work: Path, rests_on: str) -> tuple[StoredDecisions | None, Message | None]:
    """Return what a cut came to before, None where unknown; and a sentence where what is stored is damaged."""
    path = _folder(work) / f"{rests_on}.json"
    try:
        values = unsealed(fetched(path).read_bytes())
    except FileNotFoundError:
        return None, None
    except (OSError, ValueError) as error:
        return None, made_anew(path, error)
    parts = {name: (file and _folder(work) / file, key) for name, (file, key) in values["parts"].items()}
    try:
        fetch_small(_folder(work) / file for file in _files(path.name, values))
        for file, _ in parts.values():
            if file is not None and _name(file.read_bytes()) != file.name:
                return None, made_anew(file, OTHER_BYTES)
        replaced = read(_folder(work) / values["replaced"])
    except PartError as error:
        return None, made_anew(error.place, error.args[1])
    except OSError as error:
        return None, made_anew(error.filename, cause_of(error))
    return StoredDecisions(parts, replaced, values["notes"], reused=True, files=_files(path.name, values)), None


def _files(name: str, values: Mapping[str, Any]) -> tuple[str, ...]:
    return (name, values["replaced"], *sorted({file for file, _ in values["parts"].values() if file}))


def _folder(work: Path) -> Path:
    return work / "decisions"


def _name(data: bytes) -> str:
    return f"{hashlib.sha256(data).hexdigest()[:32]}.parquet"
