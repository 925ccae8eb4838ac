"""Documents of the parent version for which a run has kept a better copy (`keep = "best"` of the stage `dedupe`)."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Final

import polars as pl

from latam_corpus import schema
from latam_corpus.errors import ReleaseError
from latam_corpus.pipeline import barriers

if TYPE_CHECKING:
    from collections.abc import Sequence

    from latam_corpus.release.build_inputs import Run

FILE: Final = "replaced.parquet"
# Where a run of an older toolkit doesn't tell `text_hash`, it isn't asked.
REPLACED: Final = pl.Schema({"run": pl.String(), **barriers.REPLACED})


def read_replaced(runs: Sequence[Run]) -> pl.DataFrame:
    """What the runs say of documents of an earlier version: REPLACED, the run's own document in `duplicate_of`.

    Raises:
        ReleaseError: a file can't be read.
    """
    found = [pl.DataFrame(schema=REPLACED)]
    for run in runs:
        for file in run.files(FILE):
            try:
                rows = schema.conform(pl.read_parquet(file, glob=False), REPLACED)
            except (OSError, pl.exceptions.PolarsError) as error:
                raise ReleaseError(str(file), f"it can't be read: {error}", "run the recipe again") from error
            found.append(rows.with_columns(pl.lit(run.id).alias("run")))
    return pl.concat(found)


def without_replaced(
    allowed: pl.DataFrame, light: pl.DataFrame, replaced: pl.DataFrame
) -> tuple[pl.DataFrame, pl.DataFrame]:
    """The rows that may be released, and those of the parent that give way, with the `kept_text` that stays.

    A document of the parent gives way only if what the run kept may be released too, under that document's id or
    another one's, and if it still says what it said when it was compared. One that is itself replaced makes none
    give way, so that what is left out was compared with what is kept.

    Args:
        allowed: light rows, one a `doc_id`, whose rights allow the release.
        light: all light rows.
        replaced: of `read_replaced`.
    """
    named = light.filter(pl.col("doc_id").is_in(replaced["duplicate_of"].implode()))
    texts = named.select(
        pl.col("run").cast(pl.String), pl.col("doc_id").alias("duplicate_of"), pl.col("text_hash").alias("kept_text")
    ).unique(["run", "duplicate_of"], keep="first", maintain_order=True)
    told = replaced.join(texts, on=["run", "duplicate_of"]).rename({"run": "by_run", "text_hash": "compared"})
    listed = (
        allowed.filter(pl.col("run") == "")
        .join(told, on="doc_id")
        .filter(pl.col("compared").is_null() | (pl.col("compared") == pl.col("text_hash")))
    )
    stay = allowed.join(listed, on="doc_id", how="anti")
    gone = (
        listed.join(stay.select(pl.col("text_hash").alias("kept_text")).unique(), on="kept_text", how="semi")
        .sort("doc_id", "by_run", "duplicate_of")
        .unique("doc_id", keep="first", maintain_order=True)
    )
    return allowed.join(gone, on="doc_id", how="anti"), gone


def with_kept(gone: pl.DataFrame, released: pl.DataFrame) -> pl.DataFrame:
    """The rows that give way with the id of the released document in `kept`, `reason` and `evidence` (JSON)."""
    kept = released.select(pl.col("text_hash").alias("kept_text"), pl.col("doc_id").alias("kept"))
    rows = gone.join(kept, on="kept_text", how="left", maintain_order="left")
    evidence = [_evidence(*row) for row in rows.select("by_run", "evidence", "kept", "containment").iter_rows()]
    return rows.with_columns(pl.lit("duplicate").alias("reason"), pl.Series("evidence", evidence, dtype=pl.String))


def _evidence(run: str, told: str | None, kept: str, containment: float | None) -> str:
    """The run's evidence, with the document that is released."""
    try:
        found = dict(json.loads(told or "{}"))
    except (ValueError, TypeError) as error:
        raise ReleaseError(f"{run}/{FILE}", f"evidence that is no JSON: {error}", "run the recipe again") from None
    if containment is not None:
        found.setdefault("containment", round(containment, 4))
    return json.dumps(found | {"kept": kept, "run": run}, ensure_ascii=False)
