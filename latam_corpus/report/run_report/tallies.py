"""Count a run's documents for its page, file by file in bounded memory.

It keeps in memory the counts by combinations of columns, the first documents by id, the largest clusters, and a sample
of the values of each bound's signal.
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

READ: Final = 20  # number of example documents, kept and dropped each
_NEAR: Final = (3, 2)  # numbers of dropped and kept documents nearest to a bound
_SAMPLE: Final = 1 << 16  # number of values that determine a signal's range: of the first documents by id, a digest
_TOGETHER: Final = 8_000_000  # bytes of files that are read together
_CLUSTERS: Final = 1 << 17  # number of clusters in memory while they are counted
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


def by_files(files: Sequence[Path], columns: pl.Schema = schema.DOCUMENT_SCHEMA) -> Iterator[pl.LazyFrame]:
    """Yield the rows of the files in order, reading small files together; without files, yield an empty frame."""
    together: list[Path] = []
    size = 0
    for file in files:
        size += file.stat().st_size
        if together and size > _TOGETHER:
            yield schema.scan(together, columns)
            together, size = [], file.stat().st_size
        together.append(file)
    yield schema.scan(together, columns)


@dataclass
class Fold:
    """A running aggregate of frames; `merge` must return the same result for merged rows as for all rows.

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
    """Counts of the kept or of the dropped documents.

    Attributes:
        counts: for each combination of columns, a frame of their values with the number of `rows`, the number of
            `measured` rows, and the sum of `formulas`.
        first: `doc_id`, `drop_reason` and `readable` of nameable documents: READ documents per reason, readable ones
            first, ordered by id.
        clusters: for each document that others name (`named`), the number of nameable `rows` that name it, and their
            least `doc_id`. If there are very many clusters, some `rows` of smaller ones aren't counted.
    """

    counts: Mapping[tuple[str, ...], pl.DataFrame]
    first: pl.DataFrame
    clusters: pl.DataFrame
    example: str

    @property
    def rows(self) -> int:
        """The number of documents."""
        return int(self.counts[_SHOWN]["rows"].sum())

    @property
    def hidden(self) -> int:
        """The number of documents that may not be shown."""
        return int(self.counts[_SHOWN].filter(~pl.col("readable"))["rows"].sum())


def tally(files: Sequence[Path], naming: str, disclosure: Disclosure) -> Tally:
    """Count the documents in some files.

    `naming` is the column in which a document names another, `duplicate_of` or `variant_of`.
    """
    counts = {by: Fold(partial(_summed, by=by)) for by in _BY}
    first_documents, clusters = Fold(_first), Fold(_largest)
    example = ""
    for rows in by_files(files):
        frame = _counted_columns(rows, naming, disclosure)
        nameable = frame.filter("nameable")
        for by, fold in counts.items():
            fold.add(_summed(frame, by))
        first_documents.add(nameable.select(_FIRST))
        clusters.add(nameable.select(pl.col(naming).alias("named"), "doc_id", "rows").drop_nulls("named"))
        example = example or next(iter(frame["doc_id"].head(1)), "")
    return Tally({by: fold.rows for by, fold in counts.items()}, first_documents.rows, clusters.rows, example)


def _counted_columns(rows: pl.LazyFrame, naming: str, disclosure: Disclosure) -> pl.DataFrame:
    """Return the columns to count, with `readable` and `nameable`."""
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


def heaviest(clusters: pl.DataFrame, number: int) -> pl.DataFrame:
    """Return the largest clusters in descending order; ties are ordered by id."""
    return clusters.sort("rows", "named", descending=[True, False]).head(number)


@dataclass
class Bound:
    """The distribution of a bound's signal over the documents of some languages and genres.

    Attributes:
        sample: `doc_id` and `value` of all documents, or of the first documents by id if there are many.
        near: the dropped and the kept documents nearest to the bound, with `value` and the distance (`away`).
        bins: the number of documents in each interval; the first and last intervals are open. Empty without documents.
    """

    reason: str
    signal: str
    limit: float
    among: pl.DataFrame
    sample: Fold = field(default_factory=lambda: Fold(lambda frame: frame.bottom_k(_SAMPLE, by="doc_id")))
    near: tuple[Fold, ...] = field(default_factory=lambda: tuple(Fold(_nearest(number)) for number in _NEAR))
    rows: int = 0
    least_value: float = math.inf
    edges: NDArray[np.float64] = field(default_factory=lambda: np.zeros(0))
    bins: NDArray[np.int64] = field(default_factory=lambda: np.zeros(0, np.int64))

    def of(self, frame: pl.DataFrame) -> pl.DataFrame:
        """Return the documents of these languages and genres, with the signal's `value`."""
        measured = frame.with_columns(value=pl.col(f"signal {self.signal}")).filter(pl.col("value").is_finite())
        return measured.join(self.among, on=["language", "genre"], how="semi")

    def add(self, frame: pl.DataFrame) -> None:
        """Add documents to the sample and to the nearest documents."""
        rows = self.of(frame).select("doc_id", "drop_reason", "value", away=(pl.col("value") - self.limit).abs())
        if rows.height:
            self.rows += rows.height
            self.least_value = min(self.least_value, float(rows["value"].to_numpy().min()))
        self.sample.add(rows.select("doc_id", "value"))
        sides = (pl.col("drop_reason") == self.reason, pl.col("drop_reason").is_null())
        for near, side in zip(self.near, sides, strict=True):
            near.add(rows.filter(side))

    def set_range(self) -> None:
        """Choose intervals that cover 98 % of the sample's values, and the bound."""
        if not self.rows:
            return
        low, high = np.quantile(self.sample.rows["value"].to_numpy().astype(float), [0.01, 0.99])
        below = "<" in self.reason
        minimum, maximum = self.limit if below else None, None if below else self.limit
        self.edges = edges_of(float(low), float(high), minimum, maximum, self.least_value)
        self.bins = np.zeros(len(self.edges) - 1, np.int64)

    def count(self, frame: pl.DataFrame) -> None:
        """Add documents to the counts of the intervals."""
        self.bins += count_by_interval(frame["value"].to_numpy().astype(float), self.edges)


def _nearest(number: int) -> Callable[[pl.DataFrame], pl.DataFrame]:
    return lambda frame: frame.bottom_k(number, by=["away", "doc_id"]).sort("away", "doc_id")


def measure(bounds: Sequence[Bound], files: Sequence[Path]) -> None:
    """Measure the distribution of each bound's signal, and find the documents nearest to the bound.

    If there are more documents than the sample has, the files are read twice: first the sample determines the
    intervals, then all documents are counted.
    """
    if not bounds:
        return
    for frame in _signals(bounds, files):
        for bound in bounds:
            bound.add(frame)
    recounted = []
    for bound in bounds:
        bound.set_range()
        if bound.rows > bound.sample.rows.height:
            recounted.append(bound)
        elif bound.rows:
            bound.count(bound.sample.rows)
    for frame in _signals(recounted, files) if recounted else ():
        for bound in recounted:
            bound.count(bound.of(frame))


def _signals(bounds: Sequence[Bound], files: Sequence[Path]) -> Iterator[pl.DataFrame]:
    stored_signals = {signal.name for signal in schema.SIGNAL_STRUCT.fields}
    signals = [
        (pl.col("signals").struct.field(name) if name in stored_signals else pl.lit(None, pl.Float32)).alias(
            f"signal {name}"
        )
        for name in dict.fromkeys(bound.signal for bound in bounds)
    ]
    for rows in by_files(files):
        yield rows.select("doc_id", "drop_reason", "genre", _LANGUAGE, *signals).collect()
