"""Compare two runs over the same documents: the documents kept, by slice, and the documents on which they disagree."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

import polars as pl

from latam_corpus import schema
from latam_corpus.batch import Batch
from latam_corpus.messages import N_

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

SLICES: Final = ("language", "genre", "source_id", "country")
# The drop reason of a record that was replaced by a later record of the same document.
_SUPERSEDED: Final = "superseded"
_FACTS: Final = ("doc_id", *SLICES, "title", "tokens", "drop_reason")
KEPT_BY_A: Final = N_("kept by A alone")
KEPT_BY_B: Final = N_("kept by B alone")
CHANGED: Final = N_("kept by both, with another text")


@dataclass(frozen=True)
class Comparison:
    """The comparison of two runs.

    Attributes:
        unit: `tokens` if both recipes count them, otherwise `words`.
        slices: a table with `slice`, `value`, and for each run the documents and units kept.
        disagreements: a table with `doc_id`, `what`, the reason (in A, or else in B), the units in both runs, and the
            metadata.
        reasons: a table with `documents` and `units` by kind of disagreement and reason.
    """

    unit: str
    both: int
    only_a: int
    only_b: int
    slices: pl.DataFrame
    disagreements: pl.DataFrame
    reasons: pl.DataFrame

    def as_dict(self) -> dict[str, Any]:
        """Return the comparison for JSON, without the single documents."""
        return {
            "unit": self.unit,
            "documents": {"both": self.both, "only_a": self.only_a, "only_b": self.only_b},
            "slices": self.slices.to_dicts(),
            "disagreements": self.disagreements.height,
            "reasons": self.reasons.to_dicts(),
        }


def verdicts(kept: Iterable[pl.DataFrame], dropped: Iterable[pl.DataFrame]) -> pl.DataFrame:
    """Return one row per document: metadata, length, and drop reason, which is null if the document was kept.

    Replaced records are left out.
    """
    rows = [_metadata(pl.DataFrame(schema=schema.DOCUMENT_SCHEMA))]
    rows += [_metadata(frame) for frame in kept]
    rows += [_metadata(frame.filter(pl.col("drop_reason") != _SUPERSEDED)) for frame in dropped]
    # An id among both kept and dropped documents counts as kept.
    return (
        pl.concat(rows)
        .sort("doc_id", "drop_reason", nulls_last=False)
        .unique("doc_id", keep="first", maintain_order=True)
    )


def _metadata(frame: pl.DataFrame) -> pl.DataFrame:
    words = Batch(frame.select("doc_id", "text")).words.word_count
    return frame.select(
        *_FACTS,
        pl.col("origin").struct.field("file"),
        pl.Series("words", words, dtype=pl.Int64),
        pl.col("text").hash(0).alias("exact"),  # the hash is valid only within this process
    )


def compare(a: pl.DataFrame, b: pl.DataFrame) -> Comparison:
    """Compare the `verdicts` of two runs.

    The unit is tokens if every kept document of both runs has a token count, otherwise words.
    """
    kept_frames = [frame.filter(pl.col("drop_reason").is_null()) for frame in (a, b)]
    unit = "tokens" if all(k.height and k["tokens"].null_count() == 0 for k in kept_frames) else "words"
    joined = a.join(b, on="doc_id", how="inner", suffix="_b").sort("doc_id")
    disagreements = _disagreements(joined, unit)
    return Comparison(
        unit=unit,
        both=joined.height,
        only_a=a.height - joined.height,
        only_b=b.height - joined.height,
        slices=pl.concat(list(_slices(kept_frames[0], kept_frames[1], unit))),
        disagreements=disagreements,
        reasons=disagreements.group_by("what", "reason")
        .agg(pl.len().alias("documents"), pl.max_horizontal("a", "b").sum().alias("units"))
        .sort("what", "documents", "reason", descending=[False, True, False]),
    )


def _slices(a: pl.DataFrame, b: pl.DataFrame, unit: str) -> Iterator[pl.DataFrame]:
    for name, column in (("all", pl.lit("")), *((s, pl.col(s).fill_null("")) for s in SLICES)):
        counted = [
            frame.group_by(column.alias("value")).agg(
                pl.len().cast(pl.Int64).alias(f"documents_{run}"),
                pl.col(unit).cast(pl.Int64).sum().alias(f"units_{run}"),
            )
            for frame, run in ((a, "a"), (b, "b"))
        ]
        both = counted[0].join(counted[1], on="value", how="full", coalesce=True).fill_null(0)
        yield both.sort("value").select(pl.lit(name).alias("slice"), pl.all())


def _disagreements(joined: pl.DataFrame, unit: str) -> pl.DataFrame:
    in_a, in_b = pl.col("drop_reason").is_null(), pl.col("drop_reason_b").is_null()
    what = (
        pl.when(in_a & ~in_b)
        .then(pl.lit(KEPT_BY_A))
        .when(~in_a & in_b)
        .then(pl.lit(KEPT_BY_B))
        .when(in_a & in_b & (pl.col("exact") != pl.col("exact_b")))
        .then(pl.lit(CHANGED))
    )
    return (
        joined.with_columns(what.alias("what"))
        .filter(pl.col("what").is_not_null())
        .select(
            "doc_id",
            "what",
            pl.coalesce("drop_reason", "drop_reason_b").fill_null("").alias("reason"),
            pl.col(unit).cast(pl.Int64).fill_null(0).alias("a"),
            pl.col(f"{unit}_b").cast(pl.Int64).fill_null(0).alias("b"),
            *SLICES,
            "title",
            "file",
        )
    )
