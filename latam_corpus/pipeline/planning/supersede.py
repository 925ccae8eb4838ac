"""The barrier that every run has: of two records with one `doc_id` the latest obtained wins.

That is for versions of one document. Where nothing says that records under one id are versions and their texts differ,
the id is wrong, and the run ends (`collect/repeats.py`).
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, ClassVar

import polars as pl

from latam_corpus.collect.repeats import COLUMNS, unlike
from latam_corpus.errors import SourceError
from latam_corpus.stages import Barrier

if TYPE_CHECKING:
    from collections.abc import Iterator

    from latam_corpus.corpus import Corpus


@dataclass(frozen=True)
class Supersede(Barrier):
    """The barrier that keeps one record a `doc_id`; the order of files and parts has no part in it.

    Attributes:
        dated: the sources whose records say when they were obtained.
        versions: the sources that say that records under one id are versions.
    """

    name: ClassVar[str] = "supersede"
    version: ClassVar[int] = 1
    needs: ClassVar[frozenset[str]] = frozenset(COLUMNS)
    gives: ClassVar[frozenset[str]] = frozenset({"drop_reason"})

    dated: tuple[str, ...] = ()
    versions: tuple[str, ...] = ()

    def decide(self, corpus: Corpus) -> Iterator[pl.DataFrame]:
        """`superseded` for each row whose `doc_id` another row has with a later `obtained`.

        A record that states a time comes before one that states none; of versions without a time the one in the last
        file by name stays, as of dated snapshots. Else the first by payload digest, file and place stays. A later
        record supersedes an earlier one even where a rule dropped the later.

        Raises:
            SourceError: records under one id have different texts, and nothing says that they are versions.
        """
        for rows in corpus.repeated("doc_id", sorted(self.needs), with_dropped=True):
            for breach in unlike(rows, self.dated, self.versions):
                raise SourceError(*breach)
            yield self._superseded(rows)

    def _superseded(self, rows: pl.DataFrame) -> pl.DataFrame:
        origin = pl.col("origin").struct
        by_name = pl.col("obtained").is_null() & pl.col("source_id").is_in(list(self.versions))
        ordered = rows.sort(
            "doc_id",
            "obtained",
            pl.when(by_name).then(origin.field("file")),
            origin.field("digest"),
            origin.field("file"),
            origin.field("member"),
            "row",
            descending=[False, True, True, False, False, False, False],
            # A deletion has no digest: of records of one moment it stays.
            nulls_last=[True, True, True, False, False, False, False],
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
