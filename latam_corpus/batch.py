"""A batch of documents, the input and output of stages."""

from __future__ import annotations

import json
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING, Any

import polars as pl

from latam_corpus.text.words import WordTable, after_changes, filtered

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence


@dataclass(frozen=True)
class Batch:
    """Documents as a Polars frame, one row each, with their word table.

    >>> batch = Batch(pl.DataFrame({"doc_id": ["a"], "text": ["Buenos días, vecina."]}))
    >>> int(batch.words.word_count[0])
    3
    """

    frame: pl.DataFrame

    @cached_property
    def words(self) -> WordTable:
        """The word table of the column `text`, computed on first use."""
        return WordTable.of(self.frame["text"])

    def __len__(self) -> int:
        return self.frame.height

    def with_columns(self, columns: Mapping[str, pl.Series | pl.Expr]) -> Batch:
        """Return the batch with these columns set; if `text` changes, only changed rows are scanned again."""
        batch = Batch(self.frame.with_columns(**columns))
        if "text" not in columns:
            return batch.sharing_words(self)
        if "words" in self.__dict__ and "text" in self.frame.columns:
            batch.__dict__["words"] = after_changes(self.words, self.frame["text"], batch.frame["text"])
        return batch

    def filter(self, mask: pl.Series) -> Batch:
        """Return the rows for which the mask is true, with their part of the word table."""
        batch = Batch(self.frame.filter(mask))
        if "words" in self.__dict__:
            batch.__dict__["words"] = filtered(self.words, mask.to_numpy())
        return batch

    def drop(
        self,
        reasons: Sequence[str | None],
        evidence: Sequence[Mapping[str, Any] | None] | None = None,
        verdict: str = "dropped",
    ) -> Batch:
        """Return the batch with a `drop_reason` for rows with a reason, unless they already had one.

        Args:
            reasons: one per row; None leaves the row unchanged.
            evidence: one per row, stored as JSON with the reason.
            verdict: "dropped", or "failed" if the row's bytes can't be used.
        """
        notes = [None if e is None else json.dumps(e, ensure_ascii=False) for e in evidence or [None] * len(self)]
        new = pl.Series("new", reasons, dtype=pl.String)
        frame = with_defaults(self.frame, ("drop_reason", "verdict", "evidence"))
        first = pl.col("drop_reason").is_null() & new.is_not_null()
        batch = Batch(
            frame.with_columns(
                pl.when(first).then(new).otherwise(pl.col("drop_reason")).alias("drop_reason"),
                pl.when(first).then(pl.lit(verdict)).otherwise(pl.col("verdict")).alias("verdict"),
                pl.when(first)
                .then(pl.Series("evidence", notes, dtype=pl.String))
                .otherwise(pl.col("evidence"))
                .alias("evidence"),
            )
        )
        return batch.sharing_words(self)

    def sharing_words(self, other: Batch) -> Batch:
        """Return this batch with the word table of another batch, if that has one; both must have the same `text`."""
        if "words" in other.__dict__:
            self.__dict__["words"] = other.words
        return self


def with_defaults(frame: pl.DataFrame, names: Iterable[str]) -> pl.DataFrame:
    """Return the frame with these string columns; missing ones are added with nulls."""
    missing = [name for name in names if name not in frame.columns]
    return frame.with_columns(pl.lit(None, dtype=pl.String).alias(name) for name in missing)
