"""What a run's report says: counts of its ledger and of its documents, and the few documents that stand for the others.

Columns are read, never all texts: those of the documents that are shown alone, and of these the beginning.
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
from latam_corpus.pipeline.stored_runs.difference import Counted, Difference, counts, differences, policy_differences
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
    by_file,
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

REASONS: Final = 6  # told of at length
_PAIRS: Final = 5  # duplicates and variants each that are set side by side
_SHOWN: Final = 1200  # characters of a text
_LARGE: Final = frozenset({"spa", "por", "eng", UNDETERMINED})


class Shown(NamedTuple):
    """A document to read: its title or file, the redacted beginning of its text, None where it may not be shown."""

    doc_id: str
    title: str
    about: tuple[str, ...]
    reason: str
    text: str | None
    goes_on: bool
    language: str = ""
    withdrawn: bool = False


class Near(NamedTuple):
    """A document near a bound, with its value."""

    value: float
    dropped: bool
    shown: Shown


@dataclass(frozen=True)
class Reason:
    """A reason for which documents fell.

    Attributes:
        reason: as the ledger has it.
        documents: how many fell by it.
        sources: the sources that lost most by it.
        signal: what its bound bounds; empty where it is no bound.
        limit: the bound.
        edges: where `bins` begin and end, one of them at the bound.
        bins: documents in intervals of the signal's values, of the languages and genres that lost by it.
        near: the documents nearest to the bound.
    """

    reason: str
    documents: int
    sources: tuple[tuple[str, int], ...]
    signal: str = ""
    limit: float = 0.0
    edges: tuple[float, ...] = ()
    bins: tuple[int, ...] = ()
    near: tuple[Near, ...] = ()


class Pair(NamedTuple):
    """A dropped copy, or a variant, beside the document that is kept; `size` is that of its cluster.

    Attributes:
        withdrawn: whether that is why the two aren't shown.
    """

    title: str
    doc_id: str
    other_title: str
    other_id: str
    size: int
    compared: dict[str, Any] | None
    withdrawn: bool = False


class SmallLanguage(NamedTuple):
    """A language other than Spanish, Portuguese and English: its documents, and those of scripture and encyclopedias.

    Attributes:
        formulas: the mean of `scripture_per_1000`; None where it wasn't measured.
    """

    language: str
    documents: int
    religious: int
    reference: int
    formulas: float | None


class Owed(NamedTuple):
    """Kept documents of a source under one statement of rights."""

    source: str
    rights: str
    tier: str
    documents: int


class Earlier(NamedTuple):
    """The run of the same recipe before, what it rests on otherwise, and the rows of stages and sources that differ."""

    name: str
    rows_in: int
    kept: int
    differences: list[Difference]
    counts: dict[str, list[Counted]]


@dataclass(frozen=True)
class RunFacts:
    """What a run's report says.

    Attributes:
        record: the run's.
        rows_in: documents that came.
        kept: those that stayed.
        stages: of each stage what `run.json` counts.
        sources: of each source documents in and kept, and its reasons.
        terms: of the kept documents, by source and statement of rights, the most first.
        lost: documents set aside by source and stage, as the ledger has them.
        contents: by column, the documents kept by value, most first; "" where nothing is stated.
        reasons: why documents fell, the costliest first, REASONS of them at length.
        read: kept documents to read.
        fallen: dropped documents to read.
        hidden: kept and dropped documents that may not be shown.
        names: whether these are named all the same.
        duplicates: of the largest clusters.
        variants: likewise.
        small: languages other than the large ones.
        bytes_in: of the files that were read.
        bytes_out: of the run's own files.
        released: documents that the run kept and its version holds; None where there is none.
        earlier: the run before; None where there is none.
        example: a document's id, for commands.
    """

    record: Record
    rows_in: int
    kept: int
    stages: dict[str, dict[str, Any]]
    sources: dict[str, tuple[int, int, Counter[str]]]
    terms: list[Owed]
    lost: Counter[tuple[str, str]]
    contents: dict[str, list[tuple[str, int]]]
    reasons: list[Reason]
    read: list[Shown] = field(default_factory=list)
    fallen: list[Shown] = field(default_factory=list)
    hidden: tuple[int, int] = (0, 0)
    names: bool = False
    duplicates: list[Pair] = field(default_factory=list)
    variants: list[Pair] = field(default_factory=list)
    small: list[SmallLanguage] = field(default_factory=list)
    bytes_in: int = 0
    bytes_out: int = 0
    released: int | None = None
    earlier: Earlier | None = None
    example: str = ""


def run_facts(record: Record, disclosure: Disclosure, released: pl.Series | None = None) -> RunFacts:
    """Return what the report of a finished run says.

    Args:
        record: the run's.
        disclosure: which of its documents may be shown, and how they are redacted.
        released: the ids of the documents of the version that holds the run's; None where there is none.

    Raises:
        PartError: one of the run's files is damaged.
    """
    files = {kind: record.files(kind) for kind in ("kept", "dropped", "ledger")}
    lost, reasons = _ledger(files["ledger"])
    kept = tally(files["kept"], "variant_of", disclosure)
    dropped = tally(files["dropped"], "duplicate_of", disclosure)
    documents = [*files["kept"], *files["dropped"]]
    bounds = {name: one for name, _ in reasons[:REASONS] if (one := _bound(name, dropped.counts[BY_LANGUAGE]))}
    measure(list(bounds.values()), documents)
    chosen = _Chosen()
    for bound in bounds.values():
        for near in bound.near:
            chosen.add(near.rows["doc_id"])
    drawn = (chosen.add(kept.first["doc_id"]), chosen.add(_fallen(dropped.first, reasons)))
    pairs = [chosen.pairs(one.clusters) for one in (dropped, kept)]
    texts = chosen.texts(documents, disclosure)
    values = record.values
    rows = values["rows"]
    return RunFacts(
        record,
        rows["in"],
        rows["kept"],
        values.get("stages", {}),
        _sources(kept.counts[BY_SOURCE], dropped.counts[BY_SOURCE]),
        _terms(kept.counts[BY_TERMS]),
        lost,
        {column: _counted(kept.counts[column,], column) for column in COUNTED},
        [
            *(_reason(name, n, dropped.counts[BY_SOURCE], bounds.get(name), texts) for name, n in reasons[:REASONS]),
            *(Reason(name, n, ()) for name, n in reasons[REASONS:]),
        ],
        read=[texts.shown(doc_id) for doc_id in drawn[0]],
        fallen=[texts.shown(doc_id) for doc_id in drawn[1]],
        hidden=(kept.hidden, dropped.hidden),
        names=disclosure.names,
        duplicates=[texts.pair(*one) for one in pairs[0]],
        variants=[texts.pair(*one) for one in pairs[1]],
        small=_small(kept.counts[BY_LANGUAGE]),
        bytes_in=sum(part.get("bytes", 0) for part in values.get("parts", ())),
        bytes_out=sum(file.stat().st_size for of_kind in files.values() for file in of_kind),
        released=None if released is None else _held(files["kept"], released),
        earlier=_earlier(record),
        example=dropped.example or kept.example,
    )


def _ledger(files: Sequence[Path]) -> tuple[Counter[tuple[str, str]], list[tuple[str, int]]]:
    """Documents set aside by source and stage, and by reason, the costliest first."""
    told = ("source_id", "stage", "reason")
    fell = Fold(lambda frame: frame.group_by(told).agg(pl.col("rows").sum()))
    for rows in by_file(files, schema.LEDGER_SCHEMA):
        lost_rows = rows.filter(pl.col("verdict").is_in(["dropped", "failed"]))
        fell.add(lost_rows.select(*told, rows=pl.lit(1, pl.Int64)).collect())
    lost: Counter[tuple[str, str]] = Counter()
    reasons: Counter[str] = Counter()
    for source, stage, reason, rows in fell.rows.sort(told).iter_rows():
        lost[source, stage] += rows
        reasons[reason] += rows
    return lost, sorted(reasons.items(), key=lambda pair: (-pair[1], pair[0]))


def _held(files: Sequence[Path], released: pl.Series) -> int:
    """How many of the documents in these files a version holds."""
    ids = [
        rows.select("doc_id").filter(pl.col("doc_id").is_in(released.implode())).collect() for rows in by_file(files)
    ]
    return pl.concat(ids)["doc_id"].n_unique()


def _counted(frame: pl.DataFrame, column: str) -> list[tuple[str, int]]:
    counts = frame.group_by(pl.col(column).fill_null("").alias("value")).agg(pl.col("rows").sum())
    return list(counts.sort("rows", "value", descending=[True, False]).iter_rows())


def _sources(kept: pl.DataFrame, dropped: pl.DataFrame) -> dict[str, tuple[int, int, Counter[str]]]:
    """Of each source the documents in and kept, and why the others fell; which lost most comes first."""
    stayed = dict(_counted(kept, "source_id"))
    fell: dict[str, Counter[str]] = {source: Counter() for source in stayed}
    counts = (
        dropped.group_by("source_id", pl.col("drop_reason").fill_null(""))
        .agg(pl.col("rows").sum())
        .sort("source_id", "drop_reason")
    )
    for source, reason, rows in counts.iter_rows():
        fell.setdefault(source, Counter())[reason] += rows
    totals = {one: (stayed.get(one, 0) + why.total(), stayed.get(one, 0), why) for one, why in fell.items()}
    return dict(sorted(totals.items(), key=lambda item: (-item[1][2].total(), -item[1][0], item[0])))


def _terms(kept: pl.DataFrame) -> list[Owed]:
    columns = [pl.col(name).fill_null("") for name in ("source_id", "rights", "rights_tier")]
    counts = (
        kept.group_by(columns)
        .agg(pl.col("rows").sum())
        .sort("rows", "source_id", "rights", descending=[True, False, False])
    )
    return [Owed(*row) for row in counts.iter_rows()]


def _bound(reason: str, dropped: pl.DataFrame) -> Bound | None:
    """Return the bound of a reason, to be measured among documents like those that fell by it; None if it has none."""
    bound = bound_of(reason)
    among = dropped.filter(pl.col("drop_reason") == reason).select("language", "genre").unique()
    return Bound(reason, bound[0], bound[2], among) if bound and among.height else None


def _fallen(first: pl.DataFrame, reasons: Sequence[tuple[str, int]]) -> pl.Series:
    """Choose dropped documents to read: equally many for each of the costliest reasons, as far as there are."""
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
class _Chosen:
    """The documents of which the texts are wanted."""

    ids: set[str] = field(default_factory=set)

    def add(self, ids: pl.Series) -> list[str]:
        self.ids.update(ids)
        return ids.to_list()

    def pairs(self, clusters: pl.DataFrame) -> list[tuple[str, str, int]]:
        """Of the largest clusters, one document each that names another, the other, and the size."""
        rows = heaviest(clusters, _PAIRS)
        self.ids.update([*rows["doc_id"], *rows["named"]])
        return [(mine, other, n + 1) for mine, other, n in rows.select("doc_id", "named", "rows").iter_rows()]

    def texts(self, files: Sequence[Path], disclosure: Disclosure) -> _Texts:
        wanted = sorted(self.ids)
        read = {"doc_id", "language", "published", *Redaction.READS, *disclosure.reads}
        found = pl.concat(rows.filter(pl.col("doc_id").is_in(wanted)).select(read).collect() for rows in by_file(files))
        marked = disclosure.marked(found)
        shown = disclosure.redacted(marked.filter("readable"))
        rows = pl.concat([shown, _named(marked.filter(~pl.col("readable")), disclosure).cast(marked.schema)])
        return _Texts({row["doc_id"]: row for row in rows.sort("drop_reason", nulls_last=True).iter_rows(named=True)})


def _named(hidden: pl.DataFrame, disclosure: Disclosure) -> pl.DataFrame:
    """Return the rows without their texts, and without what names those that may not be named.

    The title of an interview that fell before it was redacted may have its speakers' names, which only its text shows.
    """
    is_redacted = pl.col("drop_reason").fill_null(KEPT).is_in(list(disclosure.redaction.passed))
    named = pl.col("nameable") & (pl.col("turns").is_null() | is_redacted)
    hidden = hidden.with_columns(named.alias("nameable"), pl.lit("").alias("text"), pl.lit(None).alias("turns"))
    try:
        hidden = disclosure.redacted(hidden.cast({"turns": schema.TURNS}))
    except ConfigError:  # a list by which titles are redacted isn't there
        hidden = hidden.with_columns(nameable=pl.lit(value=False))
    unnamed = (pl.when("nameable").then(name).alias(name) for name in ("title", "origin"))
    return hidden.with_columns(pl.lit(None).alias("text"), *unnamed)


@dataclass(frozen=True)
class _Texts:
    """The rows of the chosen documents, redacted, by id; a kept one before one of the same id that fell."""

    rows: Mapping[str, dict[str, Any]]

    def shown(self, doc_id: str) -> Shown:
        row = self.rows[doc_id]
        about = tuple(str(row[name]) for name in ("source_id", "language", "country", "published") if row[name])
        reason = row["drop_reason"] or ""
        if not row["readable"]:
            return Shown(doc_id, _name_of(row), about, reason, None, goes_on=False, withdrawn=row["withdrawn"])
        text = row["text"] or ""
        goes_on, language = len(text) > _SHOWN, row["language"] or ""
        return Shown(doc_id, _name_of(row), about, reason, text[:_SHOWN], goes_on, language)

    def pair(self, mine: str, other: str, size: int) -> Pair:
        here, there = self.rows[mine], self.rows.get(other)
        two = [row for row in (here, there) if row]
        both = there is not None and all(row["readable"] for row in two)
        compared = side_by_side(here["text"] or "", there["text"] or "") if both and there else None
        titles = [self.shown(one).title if one in self.rows else "" for one in (mine, other)]
        withdrawn = any(row["withdrawn"] for row in two)
        return Pair(titles[0], mine, titles[1], other, size, compared, withdrawn)


def _name_of(row: Mapping[str, Any]) -> str:
    """Return a document's title, or the name of its file; empty if it has neither or may not be named."""
    return row["title"] or (row["origin"] or {}).get("file") or ""


def _reason(reason: str, rows: int, dropped: pl.DataFrame, bound: Bound | None, texts: _Texts) -> Reason:
    """Return a reason with its bound, how the signal is distributed, and the nearest documents."""
    sources = tuple(_counted(dropped.filter(pl.col("drop_reason") == reason), "source_id")[:3])
    if bound is None:
        return Reason(reason, rows, sources)
    near = tuple(
        Near(value, fell is not None, texts.shown(doc_id))
        for side in bound.near
        for doc_id, value, fell in side.rows.select("doc_id", "value", "drop_reason").iter_rows()
    )
    bins = tuple(map(int, bound.bins))
    return Reason(reason, rows, sources, bound.signal, bound.limit, tuple(map(float, bound.edges)), bins, near)


def _small(kept: pl.DataFrame) -> list[SmallLanguage]:
    """Return the languages other than the large ones, the smallest last."""
    small = (
        kept.with_columns(pl.col("language").str.extract("^([^_]+)", 1))
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


def _earlier(record: Record) -> Earlier | None:
    """Return the finished run of the same recipe before this one, and what differs."""
    mine = record.values
    recipe = mine.get("recipe", {}).get("name") or recipe_of(record.folder.name)
    records: list[tuple[str, Record]] = []
    for folder in folders(record.folder.parent.parent):
        if recipe_of(folder.name) == recipe and folder.name != record.folder.name:
            try:
                one = read_record(folder)
            except ConfigError:  # `runs list` says what is wrong with it
                continue
            if one.values.get("written", "") < mine.get("written", ""):
                records.append((one.values.get("written", ""), one))
    if not records:
        return None
    last = max(records, key=lambda pair: pair[0])[1]
    theirs = last.values
    rows = theirs["rows"]
    changes = differences(theirs, mine)
    with suppress(PartError):  # `runs list` says what is damaged
        changes += policy_differences(last, record)
    return Earlier(last.folder.name, rows["in"], rows["kept"], changes, counts(theirs, mine))
