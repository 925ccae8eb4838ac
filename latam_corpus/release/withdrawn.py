"""Documents that their holder has taken back, as the runs of a build have learnt: no earlier copy is released.

A release remembers them in `releases/<name>/withdrawn.parquet`, so that a run that was made before a deletion doesn't
bring the document back into a later version. A copy that was obtained after it, since the holder has put the document
back, is released.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import polars as pl

from latam_corpus import schema
from latam_corpus.collect.records import WITHDRAWN
from latam_corpus.errors import ReleaseError
from latam_corpus.release.store_tables import read_rows, write_rows

if TYPE_CHECKING:
    from collections.abc import Sequence

    from latam_corpus.release.build_inputs import Run
    from latam_corpus.release.store import Store

FILE: Final = "withdrawn.parquet"
_TOLD: Final = ("doc_id", "obtained")
WITHDRAWALS: Final = pl.Schema(
    {"doc_id": schema.DOCUMENT_SCHEMA["doc_id"], "taken_back": schema.DOCUMENT_SCHEMA["obtained"]}
)


def read_withdrawn(store: Store, name: str, runs: Sequence[Run]) -> pl.DataFrame:
    """What the release remembers and its new runs have learnt: WITHDRAWALS, with the last moment of each document.

    Raises:
        ReleaseError: what the release remembers, or a run's dropped documents, can't be read.
    """
    found = [_remembered(store, name)]
    for run in runs:
        files = run.files("dropped")
        if not files:
            continue
        try:
            rows = pl.scan_parquet(files, glob=False, missing_columns="insert", extra_columns="ignore")
            gone = rows.filter(pl.col("drop_reason") == WITHDRAWN).select(_TOLD).collect()
            found.append(schema.conform(gone.rename({"obtained": "taken_back"}), WITHDRAWALS))
        except (OSError, pl.exceptions.PolarsError) as error:
            problem = f"it can't be read: {error}"
            raise ReleaseError(f"{run.id}/dropped", problem, "run the recipe again") from error
    return _last(found)


def remember_withdrawn(store: Store, name: str, withdrawn: pl.DataFrame) -> None:
    """Keep what `read_withdrawn` gave for the release's later versions; whoever writes holds the release's claim."""
    known = _remembered(store, name)
    kept = _last([known, withdrawn])
    if not kept.equals(known):
        write_rows(store, kept, name, FILE)


def _remembered(store: Store, name: str) -> pl.DataFrame:
    return read_rows(store, name, FILE, WITHDRAWALS, "take it from a copy of the store")


def _last(found: Sequence[pl.DataFrame]) -> pl.DataFrame:
    """The last moment of each document."""
    return pl.concat(found).group_by("doc_id").agg(pl.col("taken_back").max()).sort("doc_id")


def without_withdrawn(light: pl.DataFrame, withdrawn: pl.DataFrame) -> pl.DataFrame:
    """The light rows, of which those obtained before their document was taken back are refused.

    Args:
        light: of `scan`, the parent version's among them.
        withdrawn: of `read_withdrawn`.
    """
    if not withdrawn.height:
        return light
    told = withdrawn.with_columns(pl.lit(WITHDRAWN).alias("withdrawn"))
    joined = light.join(told, on="doc_id", how="left", maintain_order="left")
    # A copy of which nobody knows when it was obtained isn't one from after the deletion.
    gone = pl.col("withdrawn").is_not_null() & (pl.col("obtained") <= pl.col("taken_back")).fill_null(value=True)
    refusal = pl.when(gone).then(pl.lit(WITHDRAWN)).otherwise("refusal").cast(light.schema["refusal"])
    return joined.with_columns(refusal.alias("refusal")).select(light.columns)
