"""The first barrier of every run: it keeps the last obtained of several records with one `doc_id`.

The rule is meant for versions of a document. If records with one id have different texts and aren't declared as
versions, the id is wrong and the run ends (`collect/repeats.py`).
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
    """Keeps one record per `doc_id`, whatever the order of files and parts.

    Attributes:
        versions: the sources that declare records with one id as versions.
    """

    name: ClassVar[str] = "supersede"
    version: ClassVar[int] = 1
    needs: ClassVar[frozenset[str]] = frozenset(COLUMNS)
    gives: ClassVar[frozenset[str]] = frozenset({"drop_reason"})

    dated: tuple[str, ...] = ()
    versions: tuple[str, ...] = ()

    def decide(self, corpus: Corpus) -> Iterator[pl.DataFrame]:
        """Drop each row as `superseded` if another row has the same `doc_id` and a later `obtained`.

        A record with a time is preferred to one without. Of versions without a time, the one in the last file by name
        is kept, as for dated snapshots. Other ties are broken by payload digest, file and position; the first record is
        kept. A later record supersedes an earlier one even if a rule has dropped the later one.

        Raises:
            SourceError: records with one id have different texts and aren't declared as versions.
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
            # A deletion has no digest; if times are equal, the deletion is kept.
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
