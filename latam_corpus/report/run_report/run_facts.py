"""The facts for a run's report: counts from its ledger and documents, and a few example documents.

Only the texts of the example documents are read.
"""

from __future__ import annotations

from collections import Counter
from contextlib import suppress
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Final, NamedTuple

import polars as pl

from latam_corpus import schema
from latam_corpus.codes import UNDETERMINED
from latam_corpus.errors import ConfigError, PartError
from latam_corpus.pipeline.stored_runs.difference import Difference, RowCounts, counts, differences, policy_differences
from latam_corpus.pipeline.stored_runs.history import folders, recipe_of
from latam_corpus.pipeline.stored_runs.reasons import bound_of
from latam_corpus.pipeline.stored_runs.run_record import read_record
from latam_corpus.report.disclosure import KEPT, Redaction
from latam_corpus.report.run_report.tallies import (
    BY_LANGUAGE,
    BY_SOURCE,
    BY_TERMS,
    COUNTED,
    READ,
    Bound,
    Fold,
    by_files,
    heaviest,
    measure,
    tally,
)
from latam_corpus.report.side_by_side import side_by_side

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from pathlib import Path

    from latam_corpus.pipeline.stored_runs.run_record import Record
    from latam_corpus.report.disclosure import Disclosure

REASONS: Final = 6  # number of reasons that are described in detail
_PAIRS: Final = 5  # number of duplicates, and of variants, that are compared
_SHOWN: Final = 1200  # number of characters shown of a text
_LARGE: Final = frozenset({"spa", "por", "eng", UNDETERMINED})


class ShownDocument(NamedTuple):
    """An example document: its title or file, and the redacted beginning of its text (None if it may not be shown)."""

    doc_id: str
    title: str
    about: tuple[str, ...]
    reason: str
    text: str | None
    goes_on: bool
    language: str = ""
    withdrawn: bool = False


class NearDocument(NamedTuple):
    """A document near a bound, with its value of the signal."""

    value: float
    dropped: bool
    shown: ShownDocument


@dataclass(frozen=True)
class Reason:
    """A reason for which documents were dropped.

    Attributes:
        sources: the sources that lost most documents for it, with the numbers of documents.
        edges: the limits of `bins`; one of them is the bound.
        bins: the number of documents in each interval of the signal's values, in the affected languages and genres.
    """

    reason: str
    documents: int
    sources: tuple[tuple[str, int], ...]
    signal: str = ""
    limit: float = 0.0
    edges: tuple[float, ...] = ()
    bins: tuple[int, ...] = ()
    near: tuple[NearDocument, ...] = ()


class Pair(NamedTuple):
    """A dropped copy or a variant, with the kept document; `size` is the size of the cluster."""

    title: str
    doc_id: str
    other_title: str
    other_id: str
    size: int
    compared: dict[str, Any] | None
    withdrawn: bool = False


class SmallLanguage(NamedTuple):
    """A language other than Spanish, Portuguese and English; `formulas` is the mean of `scripture_per_1000`."""

    language: str
    documents: int
    religious: int
    reference: int
    formulas: float | None


class TermsCount(NamedTuple):
    """The number of a source's kept documents under one statement of rights."""

    source: str
    rights: str
    tier: str
    documents: int


class EarlierRun(NamedTuple):
    """The previous run of the same recipe, with the differences in inputs and in counts by stage and source."""

    name: str
    rows_in: int
    kept: int
    differences: list[Difference]
    counts: dict[str, list[RowCounts]]


@dataclass(frozen=True)
class RunFacts:
    """The facts of a run's report.

    Attributes:
        sources: for each source, the numbers of documents read and kept, and the drop reasons.
        lost: the number of documents dropped by source and stage, from the ledger.
        contents: for each column, the number of kept documents by value, largest first; "" for missing values.
        reasons: the drop reasons, those with most documents first, REASONS of them in detail.
        bytes_out: the size of the run's own files, in bytes.
        released: the number of kept documents that are in its version; None if there is no version.
    """

    record: Record
    rows_in: int
    kept: int
    stages: dict[str, dict[str, Any]]
    sources: dict[str, tuple[int, int, Counter[str]]]
    terms: list[TermsCount]
    lost: Counter[tuple[str, str]]
    contents: dict[str, list[tuple[str, int]]]
    reasons: list[Reason]
    kept_examples: list[ShownDocument] = field(default_factory=list)
    dropped_examples: list[ShownDocument] = field(default_factory=list)
    hidden: tuple[int, int] = (0, 0)
    names: bool = False
    duplicates: list[Pair] = field(default_factory=list)
    variants: list[Pair] = field(default_factory=list)
    small: list[SmallLanguage] = field(default_factory=list)
    bytes_in: int = 0
    bytes_out: int = 0
    released: int | None = None
    earlier: EarlierRun | None = None
    example: str = ""


def run_facts(record: Record, disclosure: Disclosure, released: pl.Series | None = None) -> RunFacts:
    """Return the facts for a finished run's report.

    Without a version, there are no released ids.

    Raises:
        PartError: one of the run's files is damaged.
    """
    files = {kind: record.files(kind) for kind in ("kept", "dropped", "ledger")}
    lost, reasons = _ledger(files["ledger"])
    kept_tally = tally(files["kept"], "variant_of", disclosure)
    dropped_tally = tally(files["dropped"], "duplicate_of", disclosure)
    documents = [*files["kept"], *files["dropped"]]
    bounds = {
        name: bound for name, _ in reasons[:REASONS] if (bound := _bound(name, dropped_tally.counts[BY_LANGUAGE]))
    }
    measure(list(bounds.values()), documents)
    chosen = _ChosenDocuments()
    for bound in bounds.values():
        for near in bound.near:
            chosen.add(near.rows["doc_id"])
    drawn = (chosen.add(kept_tally.first["doc_id"]), chosen.add(_dropped_examples(dropped_tally.first, reasons)))
    pairs = [chosen.pairs(counted.clusters) for counted in (dropped_tally, kept_tally)]
    texts = chosen.texts(documents, disclosure)
    values = record.values
    rows = values["rows"]
    return RunFacts(
        record,
        rows["in"],
        rows["kept"],
        values.get("stages", {}),
        _sources(kept_tally.counts[BY_SOURCE], dropped_tally.counts[BY_SOURCE]),
        _terms(kept_tally.counts[BY_TERMS]),
        lost,
        {column: _counted(kept_tally.counts[column,], column) for column in COUNTED},
        [
            *(
                _reason(name, n, dropped_tally.counts[BY_SOURCE], bounds.get(name), texts)
                for name, n in reasons[:REASONS]
            ),
            *(Reason(name, n, ()) for name, n in reasons[REASONS:]),
        ],
        kept_examples=[texts.shown(doc_id) for doc_id in drawn[0]],
        dropped_examples=[texts.shown(doc_id) for doc_id in drawn[1]],
        hidden=(kept_tally.hidden, dropped_tally.hidden),
        names=disclosure.names,
        duplicates=[texts.pair(*pair) for pair in pairs[0]],
        variants=[texts.pair(*pair) for pair in pairs[1]],
        small=_small(kept_tally.counts[BY_LANGUAGE]),
        bytes_in=sum(part.get("bytes", 0) for part in values.get("parts", ())),
        bytes_out=sum(file.stat().st_size for of_kind in files.values() for file in of_kind),
        released=None if released is None else _released_count(files["kept"], released),
        earlier=_earlier(record),
        example=dropped_tally.example or kept_tally.example,
    )


def _ledger(files: Sequence[Path]) -> tuple[Counter[tuple[str, str]], list[tuple[str, int]]]:
    """Count dropped documents by source and stage, and by reason, largest counts first."""
    columns = ("source_id", "stage", "reason")
    lost_counts = Fold(lambda frame: frame.group_by(columns).agg(pl.col("rows").sum()))
    for rows in by_files(files, schema.LEDGER_SCHEMA):
        lost_rows = rows.filter(pl.col("verdict").is_in(["dropped", "failed"]))
        lost_counts.add(lost_rows.select(*columns, rows=pl.lit(1, pl.Int64)).collect())
    lost: Counter[tuple[str, str]] = Counter()
    reasons: Counter[str] = Counter()
    for source, stage, reason, rows in lost_counts.rows.sort(columns).iter_rows():
        lost[source, stage] += rows
        reasons[reason] += rows
    return lost, sorted(reasons.items(), key=lambda pair: (-pair[1], pair[0]))


def _released_count(files: Sequence[Path], released: pl.Series) -> int:
    """Return the number of documents in these files that are in a version."""
    ids = [
        rows.select("doc_id").filter(pl.col("doc_id").is_in(released.implode())).collect() for rows in by_files(files)
    ]
    return pl.concat(ids)["doc_id"].n_unique()


def _counted(frame: pl.DataFrame, column: str) -> list[tuple[str, int]]:
    counts = frame.group_by(pl.col(column).fill_null("").alias("value")).agg(pl.col("rows").sum())
    return list(counts.sort("rows", "value", descending=[True, False]).iter_rows())


def _sources(kept_counts: pl.DataFrame, dropped_counts: pl.DataFrame) -> dict[str, tuple[int, int, Counter[str]]]:
    """Return by source the documents read and kept, and the drop reasons; sources that lost most come first."""
    kept_by_source = dict(_counted(kept_counts, "source_id"))
    drops_by_source: dict[str, Counter[str]] = {source: Counter() for source in kept_by_source}
    counts = (
        dropped_counts.group_by("source_id", pl.col("drop_reason").fill_null(""))
        .agg(pl.col("rows").sum())
        .sort("source_id", "drop_reason")
    )
    for source, reason, rows in counts.iter_rows():
        drops_by_source.setdefault(source, Counter())[reason] += rows
    totals = {
        source: (kept_by_source.get(source, 0) + reasons.total(), kept_by_source.get(source, 0), reasons)
        for source, reasons in drops_by_source.items()
    }
    return dict(sorted(totals.items(), key=lambda item: (-item[1][2].total(), -item[1][0], item[0])))


def _terms(kept_counts: pl.DataFrame) -> list[TermsCount]:
    columns = [pl.col(name).fill_null("") for name in ("source_id", "rights", "rights_tier")]
    counts = (
        kept_counts.group_by(columns)
        .agg(pl.col("rows").sum())
        .sort("rows", "source_id", "rights", descending=[True, False, False])
    )
    return [TermsCount(*row) for row in counts.iter_rows()]


def _bound(reason: str, dropped_counts: pl.DataFrame) -> Bound | None:
    """Return a reason's bound, to be measured in the affected languages and genres; None if it isn't a bound."""
    bound = bound_of(reason)
    among = dropped_counts.filter(pl.col("drop_reason") == reason).select("language", "genre").unique()
    return Bound(reason, bound[0], bound[2], among) if bound and among.height else None


def _dropped_examples(first: pl.DataFrame, reasons: Sequence[tuple[str, int]]) -> pl.Series:
    """Choose examples of dropped documents, if possible equally many for each of the most frequent reasons."""
    order = {reason: rank for rank, (reason, _) in enumerate(reasons)}
    return (
        first.with_columns(place=pl.col("drop_reason").replace_strict(order, default=len(order), return_dtype=pl.Int64))
        .sort("readable", "doc_id", descending=[True, False])
        .with_columns(turn=pl.int_range(pl.len()).over("place"))
        .sort("readable", "turn", "place", "doc_id", descending=[True, False, False, False])
        .head(READ)
        .sort("place", "turn")["doc_id"]
    )


@dataclass
class _ChosenDocuments:
    """The documents whose texts are needed."""

    ids: set[str] = field(default_factory=set)

    def add(self, ids: pl.Series) -> list[str]:
        self.ids.update(ids)
        return ids.to_list()

    def pairs(self, clusters: pl.DataFrame) -> list[tuple[str, str, int]]:
        """Return for each of the largest clusters a document, the document that it names, and the cluster's size."""
        rows = heaviest(clusters, _PAIRS)
        self.ids.update([*rows["doc_id"], *rows["named"]])
        return [(doc_id, other_id, n + 1) for doc_id, other_id, n in rows.select("doc_id", "named", "rows").iter_rows()]

    def texts(self, files: Sequence[Path], disclosure: Disclosure) -> _Texts:
        ids = sorted(self.ids)
        columns = {"doc_id", "language", "published", *Redaction.READS, *disclosure.reads}
        scans = (scan.filter(pl.col("doc_id").is_in(ids)).select(columns) for scan in by_files(files))
        marked = disclosure.marked(pl.concat(scan.collect() for scan in scans))
        shown = disclosure.redaction.of(marked.filter("readable"))
        rows = pl.concat([shown, _without_texts(marked.filter(~pl.col("readable")), disclosure).cast(marked.schema)])
        return _Texts({row["doc_id"]: row for row in rows.sort("drop_reason", nulls_last=True).iter_rows(named=True)})


def _without_texts(hidden: pl.DataFrame, disclosure: Disclosure) -> pl.DataFrame:
    """Remove the texts of rows, and the titles and files of documents that may not be named.

    The title of an interview that was dropped before redaction may contain names of speakers, which can be found only
    with the text.
    """
    is_redacted = pl.col("drop_reason").fill_null(KEPT).is_in(list(disclosure.redaction.passed))
    is_nameable = pl.col("nameable") & (pl.col("turns").is_null() | is_redacted)
    hidden = hidden.with_columns(is_nameable.alias("nameable"), pl.lit("").alias("text"), pl.lit(None).alias("turns"))
    try:
        hidden = disclosure.redaction.of(hidden.cast({"turns": schema.TURNS}))
    except ConfigError:  # a list that is needed to redact titles is missing
        hidden = hidden.with_columns(nameable=pl.lit(value=False))
    unnamed = (pl.when("nameable").then(name).alias(name) for name in ("title", "origin"))
    return hidden.with_columns(pl.lit(None).alias("text"), *unnamed)


@dataclass(frozen=True)
class _Texts:
    """The redacted rows of the chosen documents, by id; a kept row has precedence over a dropped one."""

    rows: Mapping[str, dict[str, Any]]

    def shown(self, doc_id: str) -> ShownDocument:
        row = self.rows[doc_id]
        about = tuple(str(row[name]) for name in ("source_id", "language", "country", "published") if row[name])
        reason = row["drop_reason"] or ""
        if not row["readable"]:
            return ShownDocument(doc_id, _name_of(row), about, reason, None, goes_on=False, withdrawn=row["withdrawn"])
        text = row["text"] or ""
        goes_on, language = len(text) > _SHOWN, row["language"] or ""
        return ShownDocument(doc_id, _name_of(row), about, reason, text[:_SHOWN], goes_on, language)

    def pair(self, doc_id: str, other_id: str, size: int) -> Pair:
        row, other_row = self.rows[doc_id], self.rows.get(other_id)
        compared = None
        if other_row and row["readable"] and other_row["readable"]:
            compared = side_by_side(row["text"] or "", other_row["text"] or "")
        titles = [self.shown(each_id).title if each_id in self.rows else "" for each_id in (doc_id, other_id)]
        withdrawn = row["withdrawn"] or bool(other_row and other_row["withdrawn"])
        return Pair(titles[0], doc_id, titles[1], other_id, size, compared, withdrawn)


def _name_of(row: Mapping[str, Any]) -> str:
    """Return a document's title, or the name of its file; empty if it has neither or may not be named."""
    return row["title"] or (row["origin"] or {}).get("file") or ""


def _reason(reason: str, rows: int, dropped: pl.DataFrame, bound: Bound | None, texts: _Texts) -> Reason:
    """Describe a reason with its bound, the distribution of the signal, and the nearest documents."""
    sources = tuple(_counted(dropped.filter(pl.col("drop_reason") == reason), "source_id")[:3])
    if bound is None:
        return Reason(reason, rows, sources)
    near = tuple(
        NearDocument(value, drop_reason is not None, texts.shown(doc_id))
        for side in bound.near
        for doc_id, value, drop_reason in side.rows.select("doc_id", "value", "drop_reason").iter_rows()
    )
    bins = tuple(map(int, bound.bins))
    return Reason(reason, rows, sources, bound.signal, bound.limit, tuple(map(float, bound.edges)), bins, near)


def _small(kept_counts: pl.DataFrame) -> list[SmallLanguage]:
    """Return the languages other than the large ones, in descending order of documents."""
    small = (
        kept_counts.with_columns(pl.col("language").str.extract("^([^_]+)", 1))
        .filter(~pl.col("language").is_in(list(_LARGE)))
        .group_by("language")
        .agg(
            pl.col("rows").sum().alias("documents"),
            *(
                pl.col("rows").filter(pl.col("genre") == genre).sum().alias(genre)
                for genre in ("religious", "reference")
            ),
            pl.col("formulas").sum() / pl.col("measured").sum().replace(0, None),
        )
    )
    return [SmallLanguage(*row) for row in small.sort("documents", "language", descending=[True, False]).iter_rows()]


def _earlier(record: Record) -> EarlierRun | None:
    """Return the previous finished run of the same recipe, with the differences, or None."""
    values = record.values
    recipe = values.get("recipe", {}).get("name") or recipe_of(record.folder.name)
    records: list[tuple[str, Record]] = []
    for folder in folders(record.folder.parent.parent):
        if recipe_of(folder.name) == recipe and folder.name != record.folder.name:
            try:
                candidate = read_record(folder)
            except ConfigError:  # `runs list` reports it
                continue
            if candidate.values.get("written", "") < values.get("written", ""):
                records.append((candidate.values.get("written", ""), candidate))
    if not records:
        return None
    latest = max(records, key=lambda pair: pair[0])[1]
    earlier_values = latest.values
    rows = earlier_values["rows"]
    changes = differences(earlier_values, values)
    with suppress(PartError):  # `runs list` reports the damage
        changes += policy_differences(latest, record)
    return EarlierRun(latest.folder.name, rows["in"], rows["kept"], changes, counts(earlier_values, values))
