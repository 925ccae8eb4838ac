"""Find documents of a lock that were withdrawn since, and their rows or tokens, so that training can mask them."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

import polars as pl

from latam_corpus.errors import ReleaseError
from latam_corpus.messages import _
from latam_corpus.release.eligibility.expired_terms import lapsing
from latam_corpus.release.reading.corpus_lock import check_known_withdrawals, read_sums
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

# The map of an export from documents to positions of tokens.
MAP: Final = "documents.parquet"
PLACES: Final = pl.Schema({"doc_id": pl.String(), "file": pl.String(), "start": pl.Int64(), "end": pl.Int64()})


_REMEDY: Final = _("name the store that it was pulled from; without it no withdrawals can be found")
_NO_FOLDER: Final = _("their rows are unknown: the folder of the lock has no pulled or exported {release}")
_PARTIAL: Final = _("{release} was pulled in part; without its folder it is unknown whether that part has them")


@dataclass(frozen=True)
class LockCheck:
    """The documents of a lock that were withdrawn or refused since it was written.

    Attributes:
        withdrawn: ids of documents withdrawn since; for a partial pull, only those in the lock's folder, if there is
            one.
        refused: ids of documents whose sites now refuse them (`rights recheck`), or whose permission has ended; the
            next version leaves them out.
        rows: the positions of all of these in the folder, PLACES.
        elsewhere: the number of the version's withdrawn documents that aren't in the pulled part.
        gaps: a sentence for each check that wasn't possible.
    """

    release: str
    withdrawn: pl.Series
    refused: pl.Series
    rows: pl.DataFrame
    elsewhere: int = 0
    gaps: tuple[Message, ...] = ()


def check_lock(lock: Lock, store: Store, folder: Path | None, today: date | None = None) -> LockCheck:
    """Find the documents of a lock that were withdrawn or refused since, and their positions in its folder.

    There is no folder if it has no documents of the version, as for a file with several locks. Without a day, the ends
    of permissions are ignored.

    Raises:
        ConfigError: the store has no such version.
        ReleaseError: the version or the log differs from the state that the lock states, or a file of the store or the
            folder can't be read.
    """
    with store.named_errors():
        manifest, log = _locked_version(lock, store)
        withdrawn_since = log.rows_of(manifest).filter(pl.col("number") > lock.withdrawal_sequence)
        ids = withdrawn_since["doc_id"].sort()
        refused = lapsing(log, manifest, today)
    no_rows = pl.DataFrame(schema=PLACES)
    if ids.is_empty() and refused.is_empty():
        return LockCheck(lock.spec, ids, refused, no_rows)
    if folder is None or not _has_documents(folder):
        gaps = [_NO_FOLDER, _PARTIAL] if lock.is_part else [_NO_FOLDER]
        return LockCheck(lock.spec, ids, refused, no_rows, gaps=tuple(gap.fill(release=lock.spec) for gap in gaps))
    rows = places_of(pl.concat([ids, refused]).unique(), folder)
    if not lock.is_part and not (folder / MAP).is_file():  # exports, which have a map, may contain only one split
        return LockCheck(lock.spec, ids, refused, rows)
    pulled_withdrawn, pulled_refused = (part.filter(part.is_in(rows["doc_id"].implode())) for part in (ids, refused))
    return LockCheck(lock.spec, pulled_withdrawn, pulled_refused, rows, len(ids) - len(pulled_withdrawn))


def _locked_version(lock: Lock, store: Store) -> tuple[Manifest, WithdrawalLog]:
    """Return the version of a lock and the log of withdrawals."""
    manifest, data = read_manifest(store, *store.find(lock.spec))
    if hashlib.sha256(data).hexdigest() != lock.manifest_sha256:
        place = f"{store.url}, {manifest.spec}"
        raise ReleaseError(place, _("it isn't the version that the lock names, although the name is the same"), _REMEDY)
    log = read_log(store)
    must_reach(log, manifest.withdrawal_sequence, manifest.spec)
    check_known_withdrawals(log.sequence, lock.withdrawal_sequence, f"{store.url}, {FOLDER}", _REMEDY)
    return manifest, log


def _has_documents(folder: Path) -> bool:
    """Whether a version was pulled or exported into a folder, rather than only a lock stored in it."""
    return (folder / MAP).is_file() or (folder / SUMS).is_file()


def places_of(ids: pl.Series, folder: Path) -> pl.DataFrame:
    """Return the positions of documents in a folder.

    Returns:
        PLACES: for an export, the range of tokens in a file; for a pulled version, rows of a Parquet file. Documents
        that the folder doesn't have are omitted.

    Raises:
        ReleaseError: a file of the folder can't be read.
    """
    is_wanted = pl.col("doc_id").is_in(ids.implode())
    try:
        if (folder / MAP).is_file():
            return pl.read_parquet(folder / MAP).filter(is_wanted).select(PLACES.names()).cast(PLACES)
        frames = [pl.DataFrame(schema=PLACES)]
        if not _has_documents(folder):
            return frames[0]
        # Only pulled files are read: other files in the folder aren't part of the version.
        pulled_paths = [path for path in read_sums(folder) if path.startswith("data/") and path.endswith(".parquet")]
        for file in sorted(folder / path for path in pulled_paths):
            rows = pl.read_parquet(file, columns=["doc_id"], row_index_name="start").filter(is_wanted)
            name = pl.lit(file.relative_to(folder).as_posix()).alias("file")
            placed = rows.with_columns(name, (pl.col("start") + 1).alias("end"))
            frames.append(placed.select(PLACES.names()).cast(PLACES))
        return pl.concat(frames)
    except (pl.exceptions.PolarsError, OSError) as error:
        problem = _("it can't be read: {cause}", cause=error)
        raise ReleaseError(str(folder), problem, _("pull or export it again")) from error
