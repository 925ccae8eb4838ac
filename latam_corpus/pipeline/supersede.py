"""The barrier that every run has: of two records with one `doc_id` the latest obtained wins."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

import polars as pl


@dataclass(frozen=True)
class Supersede:
    """The barrier that keeps one record a `doc_id`; the order of files and parts has no part in it."""

    name: ClassVar[str] = "supersede"
    needs: ClassVar[frozenset[str]] = frozenset({"doc_id", "obtained", "origin"})
    gives: ClassVar[frozenset[str]] = frozenset({"drop_reason"})
    # A later record supersedes an earlier one even where a rule dropped the later.
    sees_dropped: ClassVar[bool] = True

    def decide(self, rows: pl.DataFrame) -> pl.DataFrame:
        """`superseded` for each row whose `doc_id` another row has with a later `obtained`.

        Records obtained at one moment are told by their payload's digest, then by file and place in it.
        """
        origin = pl.col("origin").struct
        # Only repeated ids can lose; the others, nearly all, are neither sorted nor held.
        ordered = rows.filter(pl.col("doc_id").is_duplicated()).sort(
            "doc_id",
            "obtained",
            origin.field("digest"),
            origin.field("file"),
            origin.field("member"),
            "row",
            descending=[False, True, False, False, False, False],
        )
        return (
            ordered.with_columns(
                pl.col("row").first().over("doc_id").alias("winner"),
                pl.col("obtained").first().over("doc_id").alias("obtained_winner"),
            )
            .filter(pl.col("row") != pl.col("winner"))
            .select(
                "row",
                pl.lit("superseded").alias("drop_reason"),
                pl.struct(
                    pl.lit("the latest record of a doc_id wins").alias("rule"),
                    pl.col("obtained").dt.to_string("iso:strict").alias("obtained"),
                    pl.col("obtained_winner").dt.to_string("iso:strict").alias("obtained_winner"),
                )
                .struct.json_encode()
                .alias("evidence"),
            )
        )
