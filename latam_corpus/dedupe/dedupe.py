"""The barrier `dedupe`: which of several equal documents is kept.

The kept one is chosen by a stated order: rights first (the more open), then the earliest obtained, then the smallest
id; equal texts are equally long. It depends on the documents alone, never on the order of files or workers.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, ClassVar

import polars as pl

from latam_corpus import schema
from latam_corpus.dedupe.fingerprint import Fingerprint, text_hash

if TYPE_CHECKING:
    from collections.abc import Iterator

    from latam_corpus.batch import Stage
    from latam_corpus.corpus import Corpus

_TIER_ORDER = {tier: place for place, tier in enumerate(schema.RIGHTS_TIERS)}


@dataclass(frozen=True)
class Dedupe:
    """The barrier that keeps one of several documents with the same normalised text."""

    name: ClassVar[str] = "dedupe"
    needs: ClassVar[frozenset[str]] = frozenset({"doc_id", "text_hash", "rights_tier", "obtained"})
    gives: ClassVar[frozenset[str]] = frozenset(
        {"drop_reason", "duplicate_of", "containment", "duplicate_cluster", "cluster_size"}
    )

    def expand(self) -> tuple[Stage, Dedupe]:
        """What a plan runs for it: fingerprints before the cut, the decision at it."""
        return (Fingerprint(), self)

    def decide(self, corpus: Corpus) -> Iterator[pl.DataFrame]:
        """The decision for each row that has an equal one: the rows' `row` and what the barrier gives."""
        for rows in corpus.repeated("text_hash", sorted(self.needs)):
            yield self._equal(rows)

    @staticmethod
    def _equal(rows: pl.DataFrame) -> pl.DataFrame:
        ordered = (
            # Nothing is a copy of nothing: empty texts are for a filter to judge.
            rows.filter(pl.col("text_hash") != text_hash(""))
            .with_columns(
                pl.col("rights_tier")
                .replace_strict(_TIER_ORDER, default=len(_TIER_ORDER), return_dtype=pl.Int8)
                .alias("tier")
            )
            .sort("text_hash", "tier", "obtained", "doc_id", "row", nulls_last=True)
        )
        groups = ordered.with_columns(
            pl.len().over("text_hash").alias("cluster_size"),
            pl.col("doc_id").first().over("text_hash").alias("kept"),
            pl.col("row").first().over("text_hash").alias("kept_row"),
            pl.col("doc_id").min().over("text_hash").alias("duplicate_cluster"),
            *(pl.col(name).first().over("text_hash").alias(f"kept_{name}") for name in ("rights_tier", "obtained")),
        ).filter(pl.col("cluster_size") > 1)
        falls = pl.col("row") != pl.col("kept_row")
        return groups.select(
            "row",
            pl.when(falls).then(pl.lit("duplicate")).alias("drop_reason"),
            pl.when(falls).then(pl.col("kept")).alias("duplicate_of"),
            pl.when(falls).then(pl.lit(1.0, dtype=pl.Float32)).alias("containment"),
            "duplicate_cluster",
            pl.col("cluster_size").cast(pl.Int32),
            pl.when(falls)
            .then(
                pl.struct(
                    pl.lit("equal normalised text").alias("rule"),
                    pl.col("kept").alias("kept"),
                    pl.col("rights_tier"),
                    pl.col("kept_rights_tier"),
                    pl.col("obtained").dt.to_string("iso:strict").alias("obtained"),
                    pl.col("kept_obtained").dt.to_string("iso:strict").alias("kept_obtained"),
                ).struct.json_encode()
            )
            .alias("evidence"),
        )
