"""What a run's page counts of its documents, gathered file by file: what is held doesn't grow with their number.

Held are counts by what is told together, the first documents by id, the largest clusters, and of a bound's signal a
sample of its values.
"""

from __future__ import annotations

import math
from dataclasses import dataclass, field
from functools import partial
from typing import TYPE_CHECKING, Final

import numpy as np
import polars as pl

from latam_corpus import schema
from latam_corpus.codes import UNDETERMINED
from latam_corpus.privacy.metadata import redacted_name
from latam_corpus.quality.distribution import count_by_interval, edges_of

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping, Sequence
    from pathlib import Path

    from numpy.typing import NDArray

    from latam_corpus.report.disclosure import Disclosure

READ: Final = 20  # documents to read, kept and dropped each
_NEAR: Final = (3, 2)  # dropped and kept documents nearest to a bound
_SAMPLE: Final = 1 << 16  # values by which a signal's range is told: those of the first documents by id, a digest
_CLUSTERS: Final = 1 << 17  # held while they are counted
COUNTED: Final = ("language", "variety", "country", "genre", "decade", "rights_tier", "contributor")
BY_SOURCE: Final = ("source_id", "drop_reason")
BY_TERMS: Final = ("source_id", "rights", "rights_tier")
BY_LANGUAGE: Final = ("language", "genre", "drop_reason")
_SHOWN: Final = ("readable",)
_FIRST: Final = ("doc_id", "drop_reason", "readable")
_BY: Final = (*((name,) for name in COUNTED), BY_SOURCE, BY_TERMS, BY_LANGUAGE, _SHOWN)
_STATED: Final = tuple(dict.fromkeys(name for by in _BY for name in by if name not in ("decade", "readable")))
_FORMULAS: Final = "scripture_per_1000"
_LANGUAGE: Final = pl.col("language").fill_null(UNDETERMINED)


def by_file(files: Sequence[Path], columns: pl.Schema = schema.DOCUMENT_SCHEMA) -> Iterator[pl.LazyFrame]:
    """Yield the rows of each file, documents or those of another schema; without a file one frame that has none."""
    for of_file in [[file] for file in files] or [[]]:
        yield schema.scan(of_file, columns)


@dataclass
class Fold:
    """Frames as one, merged after each: of the rows of merged frames `merge` returns what it returns of all rows.

    >>> least = Fold(lambda frame: frame.bottom_k(2, by="id"))
    >>> for n in range(3):
    ...     least.add(pl.DataFrame({"id": [n, 9 - n]}))
    >>> least.rows["id"].sort().to_list()
    [0, 1]
    """

    merge: Callable[[pl.DataFrame], pl.DataFrame]
    rows: pl.DataFrame = field(default_factory=pl.DataFrame)

    def add(self, frame: pl.DataFrame) -> None:
        """Merge a frame into the rows."""
        self.rows = self.merge(pl.concat([self.rows, frame]) if self.rows.width else frame)


@dataclass(frozen=True)
class Tally:
    """What is told of the kept documents, or of the dropped ones.

    Attributes:
        counts: by the columns that are counted together, each combination of their values with its `rows`, how many of
            these are `measured`, and the sum of their `formulas`.
        first: `doc_id`, `drop_reason` and `readable` of documents that may be named: of each reason the READ first by
            id, those that may be shown before the others.
        clusters: of documents that others name, `named`: how many `rows` do, and their least `doc_id`, as far as these
            may be named. Of very many clusters, some `rows` of the smaller ones aren't counted.
        example: a document's id; empty where there is none.
    """

    counts: Mapping[tuple[str, ...], pl.DataFrame]
    first: pl.DataFrame
    clusters: pl.DataFrame
    example: str

    @property
    def rows(self) -> int:
        """All documents."""
        return int(self.counts[_SHOWN]["rows"].sum())

    @property
    def hidden(self) -> int:
        """Those that may not be shown."""
        return int(self.counts[_SHOWN].filter(~pl.col("readable"))["rows"].sum())


def tally(files: Sequence[Path], naming: str, disclosure: Disclosure) -> Tally:
    """Return what is told of the documents of some files.

    Args:
        files: Parquet files of documents.
        naming: the column in which a document names another, `duplicate_of` or `variant_of`.
        disclosure: which documents may be shown.
    """
    counts = {by: Fold(partial(_summed, by=by)) for by in _BY}
    first, clusters = Fold(_first), Fold(_largest)
    example = ""
    for rows in by_file(files):
        frame = _light(rows, naming, disclosure)
        named = frame.filter("nameable")
        for by, fold in counts.items():
            fold.add(_summed(frame, by))
        first.add(named.select(_FIRST))
        clusters.add(named.select(pl.col(naming).alias("named"), "doc_id", "rows").drop_nulls("named"))
        example = example or next(iter(frame["doc_id"].head(1)), "")
    return Tally({by: fold.rows for by, fold in counts.items()}, first.rows, clusters.rows, example)


def _light(rows: pl.LazyFrame, naming: str, disclosure: Disclosure) -> pl.DataFrame:
    """Return of each document what is counted, and whether it may be shown."""
    formulas = pl.col("signals").struct.field(_FORMULAS)
    decade = pl.col("published").str.extract(r"^(\d{3})\d", 1) + "0"
    read = rows.select({"doc_id", naming, *_STATED, *disclosure.reads}, decade=decade, formulas=formulas)
    frame = disclosure.marked(read.collect())
    contributors = {name: redacted_name(name) for name in frame["contributor"].drop_nulls().unique()}
    return frame.with_columns(pl.col("contributor").replace(contributors)).select(
        *("readable", "nameable"),
        *("doc_id", naming, "decade"),
        *(_LANGUAGE if name == "language" else name for name in _STATED),
        pl.lit(1, pl.Int64).alias("rows"),
        pl.col("formulas").is_not_null().cast(pl.Int64).alias("measured"),
        pl.col("formulas").cast(pl.Float64),
    )


def _summed(frame: pl.DataFrame, by: tuple[str, ...]) -> pl.DataFrame:
    return frame.group_by(by).agg(pl.col("rows", "measured", "formulas").sum())


def _first(frame: pl.DataFrame) -> pl.DataFrame:
    ordered = frame.sort("readable", "doc_id", descending=[True, False])
    return ordered.group_by("drop_reason", maintain_order=True).head(READ).select(_FIRST)


def _largest(frame: pl.DataFrame) -> pl.DataFrame:
    clusters = frame.group_by("named").agg(pl.col("doc_id").min(), pl.col("rows").sum())
    return clusters if clusters.height <= _CLUSTERS else heaviest(clusters, _CLUSTERS // 2)


def heaviest(clusters: pl.DataFrame, most: int) -> pl.DataFrame:
    """Return the clusters with most rows, these first; of equal ones those that are first by id."""
    return clusters.sort("rows", "named", descending=[True, False]).head(most)


@dataclass
class Bound:
    """How the signal of a bound is distributed over the documents of some languages and genres.

    Attributes:
        reason: why documents fell by it, as the ledger has it.
        signal: what it bounds.
        limit: the bound.
        among: `language` and `genre` of the documents.
        sample: `doc_id` and `value` of all documents, or where there are many, of the first by id.
        near: the documents that fell by it and kept ones that are nearest to it, with `value` and how far `away`.
        rows: the documents of which a value is known.
        least: the least value.
        edges: where `bins` begin and end, see `edges_of`.
        bins: documents in intervals of the values, the outermost open; none without documents.
    """

    reason: str
    signal: str
    limit: float
    among: pl.DataFrame
    sample: Fold = field(default_factory=lambda: Fold(lambda frame: frame.bottom_k(_SAMPLE, by="doc_id")))
    near: tuple[Fold, ...] = field(default_factory=lambda: tuple(Fold(_nearest(most)) for most in _NEAR))
    rows: int = 0
    least: float = math.inf
    edges: NDArray[np.float64] = field(default_factory=lambda: np.zeros(0))
    bins: NDArray[np.int64] = field(default_factory=lambda: np.zeros(0, np.int64))

    def of(self, frame: pl.DataFrame) -> pl.DataFrame:
        """Return the documents of these languages and genres with the signal's `value`."""
        known = frame.with_columns(value=pl.col(f"signal {self.signal}")).filter(pl.col("value").is_finite())
        return known.join(self.among, on=["language", "genre"], how="semi")

    def add(self, frame: pl.DataFrame) -> None:
        """Take documents into the sample and those nearest to the bound."""
        rows = self.of(frame).select("doc_id", "drop_reason", "value", away=(pl.col("value") - self.limit).abs())
        if rows.height:
            self.rows += rows.height
            self.least = min(self.least, float(rows["value"].to_numpy().min()))
        self.sample.add(rows.select("doc_id", "value"))
        sides = (pl.col("drop_reason") == self.reason, pl.col("drop_reason").is_null())
        for near, side in zip(self.near, sides, strict=True):
            near.add(rows.filter(side))

    def set_range(self) -> None:
        """Let the intervals hold 98 in 100 of the sample's values and the bound."""
        if not self.rows:
            return
        low, high = np.quantile(self.sample.rows["value"].to_numpy().astype(float), [0.01, 0.99])
        below = "<" in self.reason
        minimum, maximum = self.limit if below else None, None if below else self.limit
        self.edges = edges_of(float(low), float(high), minimum, maximum, self.least)
        self.bins = np.zeros(len(self.edges) - 1, np.int64)

    def count(self, frame: pl.DataFrame) -> None:
        """Count documents in the intervals."""
        self.bins += count_by_interval(frame["value"].to_numpy().astype(float), self.edges)


def _nearest(most: int) -> Callable[[pl.DataFrame], pl.DataFrame]:
    return lambda frame: frame.bottom_k(most, by=["away", "doc_id"]).sort("away", "doc_id")


def measure(bounds: Sequence[Bound], files: Sequence[Path]) -> None:
    """Find how the signals of bounds are distributed, and the documents nearest to these bounds.

    The files are read once more where the documents are more than the sample holds: their range is that of the sample,
    the counts are those of all.
    """
    if not bounds:
        return
    for frame in _signals(bounds, files):
        for bound in bounds:
            bound.add(frame)
    many = []
    for bound in bounds:
        bound.set_range()
        if bound.rows > bound.sample.rows.height:
            many.append(bound)
        elif bound.rows:
            bound.count(bound.sample.rows)
    for frame in _signals(many, files) if many else ():
        for bound in many:
            bound.count(bound.of(frame))


def _signals(bounds: Sequence[Bound], files: Sequence[Path]) -> Iterator[pl.DataFrame]:
    known = {one.name for one in schema.SIGNAL_STRUCT.fields}
    signals = [
        (pl.col("signals").struct.field(name) if name in known else pl.lit(None, pl.Float32)).alias(f"signal {name}")
        for name in dict.fromkeys(bound.signal for bound in bounds)
    ]
    for rows in by_file(files):
        yield rows.select("doc_id", "drop_reason", "genre", _LANGUAGE, *signals).collect()
