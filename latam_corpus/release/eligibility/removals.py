"""Documents of the parent version that the next version leaves out: replaced, or withdrawn.

A release stores documents that their holder deleted in `releases/<name>/withdrawn.parquet`, so that a run from before
the deletion doesn't bring them back. A copy that was obtained after the deletion is released: the holder restored it.
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
from latam_corpus.release.eligibility.build_inputs import unreadable
from latam_corpus.release.storing.store_tables import read_rows, write_rows
from latam_corpus.release.storing.withdrawal_log import BARRIER

if TYPE_CHECKING:
    from collections.abc import Sequence

    from latam_corpus.release.eligibility.build_inputs import InputRun
    from latam_corpus.release.storing.store import Store

REPLACED_FILE: Final = "replaced.parquet"
# A run of an older version of this package has no `text_hash`.
REPLACED: Final = pl.Schema({"run": pl.String(), **barriers.REPLACED})


def read_replaced(runs: Sequence[InputRun]) -> pl.DataFrame:
    """Return the documents of an earlier version for which the runs have better copies, REPLACED.

    `duplicate_of` is the id of the run's copy.

    Raises:
        ReleaseError: a file can't be read.
    """
    frames = [pl.DataFrame(schema=REPLACED)]
    for run in runs:
        for file in run.files(REPLACED_FILE):
            try:
                rows = schema.conform(pl.read_parquet(file, glob=False), REPLACED)
            except (OSError, pl.exceptions.PolarsError) as error:
                raise unreadable(file, error) from error
            frames.append(rows.with_columns(pl.lit(run.id).alias("run")))
    return pl.concat(frames)


def without_replaced(
    allowed: pl.DataFrame, light: pl.DataFrame, replaced: pl.DataFrame
) -> tuple[pl.DataFrame, pl.DataFrame]:
    """Return the rows that may be released, and the parent's replaced rows, with the copy's `text_hash` as `kept_text`.

    A document of the parent is replaced only if the text of the run's copy is released, under any id, and if the
    document's text hasn't changed since the comparison. A copy that is itself replaced replaces nothing, so that each
    document left out was compared with the one that is kept.
    """
    copies = light.filter(pl.col("doc_id").is_in(replaced["duplicate_of"].implode()))
    texts = copies.select(
        pl.col("run").cast(pl.String), pl.col("doc_id").alias("duplicate_of"), pl.col("text_hash").alias("kept_text")
    ).unique(["run", "duplicate_of"], keep="first", maintain_order=True)
    replacements = replaced.join(texts, on=["run", "duplicate_of"]).rename({"run": "by_run", "text_hash": "compared"})
    replaceable = (
        allowed.filter(pl.col("run") == "")
        .join(replacements, on="doc_id")
        .filter(pl.col("compared").is_null() | (pl.col("compared") == pl.col("text_hash")))
    )
    remaining = allowed.join(replaceable, on="doc_id", how="anti")
    removed = (
        replaceable.join(remaining.select(pl.col("text_hash").alias("kept_text")).unique(), on="kept_text", how="semi")
        .sort("doc_id", "by_run", "duplicate_of")
        .unique("doc_id", keep="first", maintain_order=True)
    )
    return allowed.join(removed, on="doc_id", how="anti"), removed


def with_released(removed: pl.DataFrame, released: pl.DataFrame) -> pl.DataFrame:
    """Return the replaced rows with the id of the released copy in `kept`, `reason` and `evidence` (JSON)."""
    copies = released.select(pl.col("text_hash").alias("kept_text"), pl.col("doc_id").alias("kept"))
    rows = removed.join(copies, on="kept_text", how="left", maintain_order="left")
    evidence = [_evidence(*row) for row in rows.select("by_run", "evidence", "kept", "containment").iter_rows()]
    return rows.with_columns(pl.lit("duplicate").alias("reason"), pl.Series("evidence", evidence, dtype=pl.String))


def _evidence(run: str, encoded: str | None, copy_id: str, containment: float | None) -> str:
    try:
        values = dict(json.loads(encoded or "{}"))
    except (ValueError, TypeError) as error:
        raise ReleaseError(
            f"{run}/{REPLACED_FILE}", _("the evidence isn't JSON: {reason}", reason=error), _("run the recipe again")
        ) from None
    if containment is not None:
        values.setdefault("containment", round(containment, 4))
    return json.dumps(values | {"kept": copy_id} | ({"run": run} if run else {}), ensure_ascii=False)


HELD: Final = "held"  # the ledger's reason for held documents
WITHDRAWN_FILE: Final = "withdrawn.parquet"
_COLUMNS: Final = ("doc_id", "obtained")
WITHDRAWALS: Final = pl.Schema(
    {"doc_id": schema.DOCUMENT_SCHEMA["doc_id"], "taken_back": schema.DOCUMENT_SCHEMA["obtained"]}
)


def read_withdrawn(store: Store, name: str, runs: Sequence[InputRun]) -> pl.DataFrame:
    """Return the documents that their holders deleted according to the release and its new runs, WITHDRAWALS.

    `taken_back` is the latest time at which the document was found deleted. Documents that a run dropped because of
    the store's withdrawal log aren't included: their holder didn't delete them.

    Raises:
        ReleaseError: the release's table or a run's dropped documents can't be read.
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
            raise unreadable(f"{run.id}/dropped", error) from error
    return _latest(frames)


def remember_withdrawn(store: Store, name: str, withdrawn: pl.DataFrame) -> None:
    """Store the result of `read_withdrawn` for later versions. The caller holds the release's claim."""
    stored = _remembered(store, name)
    latest = _latest([stored, withdrawn])
    if not latest.equals(stored):
        write_rows(store, latest, name, WITHDRAWN_FILE)


def _remembered(store: Store, name: str) -> pl.DataFrame:
    return read_rows(store, name, WITHDRAWN_FILE, WITHDRAWALS, "take it from a copy of the store")


def _latest(frames: Sequence[pl.DataFrame]) -> pl.DataFrame:
    """Return each document once, with its latest time."""
    return pl.concat(frames).group_by("doc_id").agg(pl.col("taken_back").max()).sort("doc_id")


def without_withdrawn(light: pl.DataFrame, withdrawn: pl.DataFrame) -> pl.DataFrame:
    """Refuse the light rows, the parent's too, that were obtained before their holder deleted the document."""
    if not withdrawn.height:
        return light
    marked = withdrawn.with_columns(pl.lit(WITHDRAWN).alias("withdrawn"))
    joined = light.join(marked, on="doc_id", how="left", maintain_order="left")
    # A copy without a time may be from before the deletion.
    is_withdrawn = pl.col("withdrawn").is_not_null() & (pl.col("obtained") <= pl.col("taken_back")).fill_null(
        value=True
    )
    refusal = pl.when(is_withdrawn).then(pl.lit(WITHDRAWN)).otherwise("refusal").cast(light.schema["refusal"])
    return joined.with_columns(refusal.alias("refusal")).select(light.columns)


def without_requested(light: pl.DataFrame, released: pl.DataFrame, holds: Sequence[int] = ()) -> pl.DataFrame:
    """Refuse the light rows that the store's withdrawals keep out.

    An unchanged document of the latest version isn't refused for its text: each withdrawal was compared with it.
    `released` has the `doc_id` and `exact_hash` of the latest version's documents; `holds` has the numbers of the log
    entries that hold documents, rather than withdraw them for good.
    """
    unchanged = released.select("doc_id", "exact_hash", pl.lit(value=True).alias("unchanged"))
    rows = light.join(unchanged, on=["doc_id", "exact_hash"], how="left", maintain_order="left")
    number = pl.when(pl.col("unchanged").is_null()).then("withdrawal_by_text")
    entry = pl.coalesce("withdrawal", "withdrawal_by_text")
    refusal = (
        pl.when(entry.is_in(list(holds)))
        .then(pl.lit(HELD))
        .when(entry.is_not_null())
        .then(pl.lit(WITHDRAWN))
        .otherwise("refusal")
        .cast(light.schema["refusal"])
    )
    return (
        rows.with_columns(number.alias("withdrawal_by_text"))
        .with_columns(refusal.alias("refusal"))
        .select(light.columns)
    )
