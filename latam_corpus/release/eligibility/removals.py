"""Documents of the parent version that the next one leaves out: withdrawn by their holder, or replaced.

A release remembers them in `releases/<name>/withdrawn.parquet`, so that a run that was made before a deletion doesn't
bring the document back into a later version. A copy that was obtained after it, since the holder has put the document
back, is released.
"""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Final

import polars as pl

from latam_corpus import schema
from latam_corpus.collect.records import WITHDRAWN
from latam_corpus.errors import ReleaseError
from latam_corpus.messages import _
from latam_corpus.pipeline.execution import barriers
from latam_corpus.release.storing.store_tables import read_rows, write_rows
from latam_corpus.release.storing.withdrawal_log import BARRIER

if TYPE_CHECKING:
    from collections.abc import Sequence

    from latam_corpus.release.eligibility.build_inputs import Run
    from latam_corpus.release.storing.store import Store

REPLACED_FILE: Final = "replaced.parquet"
# Where a run of an older toolkit doesn't tell `text_hash`, it isn't asked.
REPLACED: Final = pl.Schema({"run": pl.String(), **barriers.REPLACED})


def read_replaced(runs: Sequence[Run]) -> pl.DataFrame:
    """Return what the runs say of documents of an earlier version: REPLACED, the run's own document in `duplicate_of`.

    Raises:
        ReleaseError: a file can't be read.
    """
    frames = [pl.DataFrame(schema=REPLACED)]
    for run in runs:
        for file in run.files(REPLACED_FILE):
            try:
                rows = schema.conform(pl.read_parquet(file, glob=False), REPLACED)
            except (OSError, pl.exceptions.PolarsError) as error:
                raise ReleaseError(
                    str(file), _("it can't be read: {cause}", cause=error), _("run the recipe again")
                ) from error
            frames.append(rows.with_columns(pl.lit(run.id).alias("run")))
    return pl.concat(frames)


def without_replaced(
    allowed: pl.DataFrame, light: pl.DataFrame, replaced: pl.DataFrame
) -> tuple[pl.DataFrame, pl.DataFrame]:
    """Return the rows that may be released, and those of the parent that give way, with the `kept_text` that stays.

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
    replacements = replaced.join(texts, on=["run", "duplicate_of"]).rename({"run": "by_run", "text_hash": "compared"})
    listed = (
        allowed.filter(pl.col("run") == "")
        .join(replacements, on="doc_id")
        .filter(pl.col("compared").is_null() | (pl.col("compared") == pl.col("text_hash")))
    )
    stay = allowed.join(listed, on="doc_id", how="anti")
    removed = (
        listed.join(stay.select(pl.col("text_hash").alias("kept_text")).unique(), on="kept_text", how="semi")
        .sort("doc_id", "by_run", "duplicate_of")
        .unique("doc_id", keep="first", maintain_order=True)
    )
    return allowed.join(removed, on="doc_id", how="anti"), removed


def with_released(removed: pl.DataFrame, released: pl.DataFrame) -> pl.DataFrame:
    """Return the rows that give way with the id of the released document in `kept`, `reason` and `evidence` (JSON)."""
    winners = released.select(pl.col("text_hash").alias("kept_text"), pl.col("doc_id").alias("kept"))
    rows = removed.join(winners, on="kept_text", how="left", maintain_order="left")
    evidence = [_evidence(*row) for row in rows.select("by_run", "evidence", "kept", "containment").iter_rows()]
    return rows.with_columns(pl.lit("duplicate").alias("reason"), pl.Series("evidence", evidence, dtype=pl.String))


def _evidence(run: str, encoded: str | None, kept: str, containment: float | None) -> str:
    """Return the run's evidence, with the document that is released."""
    try:
        values = dict(json.loads(encoded or "{}"))
    except (ValueError, TypeError) as error:
        raise ReleaseError(
            f"{run}/{REPLACED_FILE}", _("evidence that is no JSON: {reason}", reason=error), _("run the recipe again")
        ) from None
    if containment is not None:
        values.setdefault("containment", round(containment, 4))
    return json.dumps(values | {"kept": kept} | ({"run": run} if run else {}), ensure_ascii=False)


HELD: Final = "held"  # the reason of what is under dispute
WITHDRAWN_FILE: Final = "withdrawn.parquet"
_COLUMNS: Final = ("doc_id", "obtained")
WITHDRAWALS: Final = pl.Schema(
    {"doc_id": schema.DOCUMENT_SCHEMA["doc_id"], "taken_back": schema.DOCUMENT_SCHEMA["obtained"]}
)


def read_withdrawn(store: Store, name: str, runs: Sequence[Run]) -> pl.DataFrame:
    """Give what the release remembers and its new runs have learnt: WITHDRAWALS, with the last moment of each document.

    What a run set aside by the store's log isn't among it: no holder took that copy back at that moment.

    Raises:
        ReleaseError: what the release remembers, or a run's dropped documents, can't be read.
    """
    frames = [_remembered(store, name)]
    for run in runs:
        files = run.files("dropped")
        if not files:
            continue
        try:
            rows = pl.scan_parquet(files, glob=False, missing_columns="insert", extra_columns="ignore")
            withdrawn = rows.filter(pl.col("drop_reason") == WITHDRAWN).select(_COLUMNS).collect()
            if withdrawn.height:
                by_log = schema.scan(run.files("ledger"), schema.LEDGER_SCHEMA).filter(stage=BARRIER).collect()
                withdrawn = withdrawn.filter(~pl.col("doc_id").is_in(by_log["doc_id"].implode()))
            frames.append(schema.conform(withdrawn.rename({"obtained": "taken_back"}), WITHDRAWALS))
        except (OSError, pl.exceptions.PolarsError) as error:
            problem = _("it can't be read: {cause}", cause=error)
            raise ReleaseError(f"{run.id}/dropped", problem, _("run the recipe again")) from error
    return _last(frames)


def remember_withdrawn(store: Store, name: str, withdrawn: pl.DataFrame) -> None:
    """Keep what `read_withdrawn` gave for the release's later versions; whoever writes holds the release's claim."""
    known = _remembered(store, name)
    latest = _last([known, withdrawn])
    if not latest.equals(known):
        write_rows(store, latest, name, WITHDRAWN_FILE)


def _remembered(store: Store, name: str) -> pl.DataFrame:
    return read_rows(store, name, WITHDRAWN_FILE, WITHDRAWALS, "take it from a copy of the store")


def _last(frames: Sequence[pl.DataFrame]) -> pl.DataFrame:
    """Return the last moment of each document."""
    return pl.concat(frames).group_by("doc_id").agg(pl.col("taken_back").max()).sort("doc_id")


def without_withdrawn(light: pl.DataFrame, withdrawn: pl.DataFrame) -> pl.DataFrame:
    """Return the light rows, of which those obtained before their document was taken back are refused.

    Args:
        light: of `scan`, the parent version's among them.
        withdrawn: of `read_withdrawn`.
    """
    if not withdrawn.height:
        return light
    marked = withdrawn.with_columns(pl.lit(WITHDRAWN).alias("withdrawn"))
    joined = light.join(marked, on="doc_id", how="left", maintain_order="left")
    # A copy of which nobody knows when it was obtained isn't one from after the deletion.
    is_withdrawn = pl.col("withdrawn").is_not_null() & (pl.col("obtained") <= pl.col("taken_back")).fill_null(
        value=True
    )
    refusal = pl.when(is_withdrawn).then(pl.lit(WITHDRAWN)).otherwise("refusal").cast(light.schema["refusal"])
    return joined.with_columns(refusal.alias("refusal")).select(light.columns)


def without_requested(light: pl.DataFrame, released: pl.DataFrame, holds: Sequence[int] = ()) -> pl.DataFrame:
    """Return the light rows, of which those that the store's withdrawals keep out are refused.

    A document of the latest version, unchanged, was compared with what was withdrawn when it was, and stays.

    Args:
        light: of `scan`.
        released: `doc_id` and `exact_hash` of what the latest version has.
        holds: the numbers of the entries by which documents are held, and not withdrawn for good.
    """
    known = released.select("doc_id", "exact_hash", pl.lit(value=True).alias("known"))
    rows = light.join(known, on=["doc_id", "exact_hash"], how="left", maintain_order="left")
    number = pl.when(pl.col("known").is_null()).then("said")
    entry = pl.coalesce("withdrawal", "said")
    refusal = (
        pl.when(entry.is_in(list(holds)))
        .then(pl.lit(HELD))
        .when(entry.is_not_null())
        .then(pl.lit(WITHDRAWN))
        .otherwise("refusal")
        .cast(light.schema["refusal"])
    )
    return rows.with_columns(number.alias("said")).with_columns(refusal.alias("refusal")).select(light.columns)
