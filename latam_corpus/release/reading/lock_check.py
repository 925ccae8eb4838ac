"""What a lock's release has lost since, and where it stands in what was pulled or exported: what a run can mask."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

import polars as pl

from latam_corpus.errors import ReleaseError
from latam_corpus.messages import _
from latam_corpus.release.eligibility.expired_terms import lapsing
from latam_corpus.release.reading.corpus_lock import must_know, sums_of
from latam_corpus.release.storing.manifest import read_manifest
from latam_corpus.release.storing.store import SUMS
from latam_corpus.release.storing.withdrawal_log import FOLDER, must_reach, read_log

if TYPE_CHECKING:
    from datetime import date
    from pathlib import Path

    from latam_corpus.messages import Message
    from latam_corpus.release.reading.corpus_lock import Lock
    from latam_corpus.release.storing.manifest import Manifest
    from latam_corpus.release.storing.store import Store
    from latam_corpus.release.storing.withdrawal_log import WithdrawalLog

# In an export, where each document's tokens are.
MAP: Final = "documents.parquet"
PLACES: Final = pl.Schema({"doc_id": pl.String(), "file": pl.String(), "start": pl.Int64(), "end": pl.Int64()})


_REMEDY: Final = _("name the store that it was pulled from; whether something was withdrawn can't be told")
_FOLDER: Final = _("where they stand wasn't looked for: no pulled or exported folder of {release} lies beside the lock")
_SELECTION: Final = _("{release} was pulled in part, and whether that part has them isn't known without its folder")


@dataclass(frozen=True)
class LockCheck:
    """What a lock's documents have lost since.

    Attributes:
        release: `NAME@VERSION`.
        withdrawn: ids of documents that were withdrawn since; of a version pulled in part those that are in the folder
            beside the lock, and all of the version's where there is none.
        refused: ids of those whose sites refuse them by now (`rights recheck`), or whose permission has ended; the next
            version leaves them out.
        rows: where all of these stand in the folder, PLACES.
        elsewhere: how many documents of the version were withdrawn that the pulled part hasn't.
        gaps: what wasn't looked at, a sentence each.
    """

    release: str
    withdrawn: pl.Series
    refused: pl.Series
    rows: pl.DataFrame
    elsewhere: int = 0
    gaps: tuple[Message, ...] = ()


def check_lock(lock: Lock, store: Store, folder: Path | None, today: date | None = None) -> LockCheck:
    """Say what was withdrawn of a lock's documents, and where it stands.

    Args:
        lock: of a pulled or exported version.
        store: that it was pulled from.
        folder: in which the lock stands; None where that isn't the version's, as of a file with several locks.
        today: the day on which permissions are judged; None judges none.

    Raises:
        ConfigError: the store has no such version.
        ReleaseError: the version or the log isn't the one that the lock knew, either is damaged, or a file of the
            folder can't be read.
    """
    with store.named_errors():
        manifest, log = _locked_version(lock, store)
        ids = log.withdrawn_since(manifest, lock.withdrawal_sequence)
        refused = lapsing(log, manifest, today)
    nothing = pl.DataFrame(schema=PLACES)
    if ids.is_empty() and refused.is_empty():
        return LockCheck(lock.spec, ids, refused, nothing)
    if folder is None or not holds_documents(folder):
        gaps = [_FOLDER, _SELECTION] if lock.is_part else [_FOLDER]
        return LockCheck(lock.spec, ids, refused, nothing, gaps=tuple(gap.fill(release=lock.spec) for gap in gaps))
    rows = places_of(pl.concat([ids, refused]).unique(), folder)
    if not lock.is_part and not (folder / MAP).is_file():  # an export may have a split alone
        return LockCheck(lock.spec, ids, refused, rows)
    there, here = (one.filter(one.is_in(rows["doc_id"].implode())) for one in (ids, refused))
    return LockCheck(lock.spec, there, here, rows, len(ids) - len(there))


def _locked_version(lock: Lock, store: Store) -> tuple[Manifest, WithdrawalLog]:
    """Return the version that a lock is of, and the log, which reaches as far as the lock knew it.

    Raises:
        ConfigError: the store has no such version.
        ReleaseError: the version or the log isn't the one that the lock knew, or is damaged.
    """
    manifest, data = read_manifest(store, *store.find(lock.spec))
    if hashlib.sha256(data).hexdigest() != lock.manifest_sha256:
        place = f"{store.url}, {manifest.spec}"
        raise ReleaseError(place, _("it is another version of this name than the lock's"), _REMEDY)
    log = read_log(store)
    must_reach(log, manifest.withdrawal_sequence, manifest.spec)
    must_know(log.sequence, lock.withdrawal_sequence, f"{store.url}, {FOLDER}", _REMEDY)
    return manifest, log


def holds_documents(folder: Path) -> bool:
    """Whether a version was pulled or exported into a folder; else a lock stands there alone."""
    return (folder / MAP).is_file() or (folder / SUMS).is_file()


def places_of(ids: pl.Series, folder: Path) -> pl.DataFrame:
    """Return where documents stand in a folder.

    Args:
        ids: of the documents.
        folder: into which a version was pulled or exported.

    Returns:
        PLACES: of an export the tokens from start to end of a file, of Parquet its rows; nothing of documents that
        the folder hasn't.

    Raises:
        ReleaseError: a file of the folder can't be read.
    """
    wanted = pl.col("doc_id").is_in(ids.implode())
    try:
        if (folder / MAP).is_file():
            return pl.read_parquet(folder / MAP).filter(wanted).select(PLACES.names()).cast(PLACES)
        frames = [pl.DataFrame(schema=PLACES)]
        if not holds_documents(folder):
            return frames[0]
        # Those that were pulled: one that is missing can't be looked into, and a stranger isn't theirs.
        listed = [path for path in sums_of(folder) if path.startswith("data/") and path.endswith(".parquet")]
        for file in sorted(folder / path for path in listed):
            rows = pl.read_parquet(file, columns=["doc_id"], row_index_name="start").filter(wanted)
            name = pl.lit(file.relative_to(folder).as_posix()).alias("file")
            placed = rows.with_columns(name, (pl.col("start") + 1).alias("end"))
            frames.append(placed.select(PLACES.names()).cast(PLACES))
        return pl.concat(frames)
    except (pl.exceptions.PolarsError, OSError) as error:
        problem = _("it can't be read: {cause}", cause=error)
        raise ReleaseError(str(folder), problem, _("pull or export it again")) from error
