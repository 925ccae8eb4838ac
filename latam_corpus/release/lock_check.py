"""What a lock's release has lost since, and where it stands in what was pulled or exported: what a run can mask."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import polars as pl

from latam_corpus.errors import ReleaseError
from latam_corpus.messages import _
from latam_corpus.release.manifest import load_manifest
from latam_corpus.release.store import SUMS
from latam_corpus.release.withdrawal_log import read_log

if TYPE_CHECKING:
    from pathlib import Path

    from latam_corpus.release.corpus_lock import Lock
    from latam_corpus.release.store import Store

# In an export, where each document's tokens are.
MAP: Final = "documents.parquet"
PLACES: Final = pl.Schema({"doc_id": pl.String(), "file": pl.String(), "start": pl.Int64(), "end": pl.Int64()})


def withdrawn_since(lock: Lock, store: Store) -> pl.Series:
    """Return the ids of a locked version's documents that were withdrawn after the lock was written.

    Raises:
        ConfigError: the store has no such version.
        ReleaseError: its log is damaged.
    """
    with store.named_errors():
        manifest = load_manifest(store, *store.find(lock.spec))
        return read_log(store).withdrawn_since(manifest, lock.withdrawal_sequence)


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
        if not (folder / SUMS).is_file():  # the lock stands alone
            return frames[0]
        for file in sorted((folder / "data").rglob("*.parquet")):
            rows = pl.read_parquet(file, columns=["doc_id"], row_index_name="start").filter(wanted)
            name = pl.lit(file.relative_to(folder).as_posix()).alias("file")
            placed = rows.with_columns(name, (pl.col("start") + 1).alias("end"))
            frames.append(placed.select(PLACES.names()).cast(PLACES))
        return pl.concat(frames)
    except (pl.exceptions.PolarsError, OSError) as error:
        problem = _("it can't be read: {cause}", cause=error)
        raise ReleaseError(str(folder), problem, _("pull or export it again")) from error
