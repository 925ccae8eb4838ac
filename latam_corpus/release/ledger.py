"""The ledger of a version: one row for each document that it holds and each that it leaves out."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Final

import polars as pl

from latam_corpus import schema
from latam_corpus.release.shard_file import write_group, writer

if TYPE_CHECKING:
    from typing import IO

    from latam_corpus.release.admission import Decision
    from latam_corpus.release.shard_plan import Plan

_GROUP: Final = 200_000


def write_ledger(target: IO[bytes], plan: Plan, decision: Decision, version: str) -> None:
    """Write the ledger, sorted by document, as Parquet.

    Args:
        target: a file open for writing.
        plan: the released rows and their shards.
        decision: with the rows that are left out.
        version: the reason of the released rows.
    """
    shards = [json.dumps({"shard": cell.path}) for cell in plan.cells]
    released = plan.rows.select(
        "doc_id",
        pl.col("source_id").cast(pl.String),
        pl.lit("release").alias("stage"),
        pl.lit("released").alias("verdict"),
        pl.lit(version).alias("reason"),
        pl.col("shard").replace_strict(dict(enumerate(shards)), return_dtype=pl.String).alias("evidence"),
        pl.col("exact_hash").alias("text_hash_after"),
        "chars",
    )
    left_out = decision.left_out.select(
        "doc_id",
        pl.col("source_id").cast(pl.String),
        pl.lit("release").alias("stage"),
        pl.lit("dropped").alias("verdict"),
        "reason",
        "evidence",
        pl.col("exact_hash").alias("text_hash_before"),
        "chars",
    )
    rows = pl.concat([schema.conform(frame, schema.LEDGER_SCHEMA) for frame in (released, left_out)])
    ordered = rows.sort("doc_id", "verdict", "reason", "text_hash_before")
    with writer(target, schema.LEDGER_SCHEMA) as opened:
        for start in range(0, ordered.height, _GROUP):
            write_group(opened, ordered[start : start + _GROUP])
