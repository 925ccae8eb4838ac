"""What a run's report says: counts of its ledger and of its documents, and the few documents that stand for the others.

Columns are read, never all texts: those of the documents that are shown alone, and of these the beginning.
"""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Final, NamedTuple

import numpy as np
import polars as pl

from latam_corpus import schema
from latam_corpus.codes import UNDETERMINED
from latam_corpus.errors import ConfigError
from latam_corpus.pipeline.difference import Counted, Difference, counts, differences
from latam_corpus.pipeline.history import folders, recipe_of
from latam_corpus.pipeline.reasons import bound_of
from latam_corpus.pipeline.run_record import read_record
from latam_corpus.privacy.redact import redact
from latam_corpus.release.admission import Terms
from latam_corpus.report.disclosure import with_readable
from latam_corpus.report.side_by_side import side_by_side

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping, Sequence
    from datetime import date
    from pathlib import Path

    from numpy.typing import NDArray

    from latam_corpus.pipeline.run_record import Record

READ: Final = 20  # documents to read, kept and dropped each
REASONS: Final = 6  # told of at length
_NEAR: Final = (3, 2)  # dropped and kept documents nearest to a bound
_PAIRS: Final = 5  # duplicates and variants each that are set side by side
_BINS: Final = 40
_SHOWN: Final = 1200  # characters of a text
_OVER: Final = 300  # read beyond them, so that an identifier at the end is recognised whole
_COMPARED: Final = 6000  # characters of a text that is set beside another
_LARGE: Final = frozenset({"spa", "por", "eng", UNDETERMINED})
_COLUMNS: Final = (
    *("doc_id", "language", "variety", "country", "genre", "published", "source_id", "contributor"),
    *("cluster_size", "duplicate_of", "variant_of", "drop_reason", "rights"),
)
COUNTED: Final = ("language", "variety", "country", "genre", "decade", "rights_tier", "contributor")


class Shown(NamedTuple):
    """A document to read: what it is, the redacted beginning of its text, None where its terms hide it."""

    doc_id: str
    title: str
    about: tuple[str, ...]
    reason: str
    text: str | None
    goes_on: bool
    language: str = ""


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
        low: where the first of `bins` begins.
        high: where the last one ends.
        bins: documents in equal intervals of the signal's values, of the languages and genres that lost by it.
        near: the documents nearest to the bound.
    """

    reason: str
    documents: int
    sources: tuple[tuple[str, int], ...]
    signal: str = ""
    limit: float = 0.0
    low: float = 0.0
    high: float = 0.0
    bins: tuple[int, ...] = ()
    near: tuple[Near, ...] = ()


class Pair(NamedTuple):
    """A dropped copy, or a variant, beside the document that is kept; `size` is that of its cluster."""

    title: str
    doc_id: str
    other_title: str
    other_id: str
    size: int
    compared: dict[str, Any] | None


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
        hidden: kept and dropped documents whose terms hide them from these.
        duplicates: of the largest clusters.
        variants: likewise.
        small: languages other than the large ones.
        bytes_in: of the files that were read.
        bytes_out: of the run's own files.
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
    duplicates: list[Pair] = field(default_factory=list)
    variants: list[Pair] = field(default_factory=list)
    small: list[SmallLanguage] = field(default_factory=list)
    bytes_in: int = 0
    bytes_out: int = 0
    earlier: Earlier | None = None
    example: str = ""


def run_facts(record: Record, today: date, *, internal: bool = False) -> RunFacts:
    """Return what the report of a finished run says.

    Args:
        record: the run's.
        today: the day on which terms are judged.
        internal: whether texts are shown whose terms hide them.

    Raises:
        PartError: one of the run's files is damaged.
    """
    files = {kind: record.files(kind) for kind in ("kept", "dropped", "ledger")}
    lost, reasons = _ledger(files["ledger"])
    frames = {kind: _light(files[kind], kind, [one for one, _ in reasons[:REASONS]], today) for kind in _KINDS}
    if internal:
        frames = {kind: frame.with_columns(readable=pl.lit(value=True)) for kind, frame in frames.items()}
    kept, dropped = (frames[kind] for kind in _KINDS)
    if not reasons:  # a run of an older toolkit, whose ledger is no longer there
        reasons = _counted(dropped, "drop_reason")
    if not lost:
        lost = Counter({(source, ""): n for source, n in _counted(dropped, "source_id")})
    chosen = _Chosen()
    at_length = [_reason(*one, kept, dropped, chosen) for one in reasons[:REASONS]]
    drawn = (
        chosen.add(_first(kept.select("doc_id", "readable").filter("readable"), READ, "doc_id")),
        chosen.add(_fallen(dropped, reasons)),
    )
    pairs = [chosen.pairs(dropped, "duplicate_of"), chosen.pairs(kept, "variant_of")]
    texts = chosen.texts([*files["kept"], *files["dropped"]], internal, today)
    values = record.values
    rows = values.get("rows") or {"in": kept.height + dropped.height, "kept": kept.height}
    return RunFacts(
        record,
        rows["in"],
        rows["kept"],
        values.get("stages", {}),
        _sources(kept, dropped),
        _terms(kept),
        lost,
        {column: _counted(kept, column) for column in COUNTED},
        [*(_with_texts(one, texts) for one in at_length), *(Reason(name, n, ()) for name, n in reasons[REASONS:])],
        read=[texts.shown(doc_id) for doc_id in drawn[0]],
        fallen=[texts.shown(doc_id) for doc_id in drawn[1]],
        hidden=(kept.height - int(kept["readable"].sum()), dropped.height - int(dropped["readable"].sum())),
        duplicates=[texts.pair(*one) for one in pairs[0]],
        variants=[texts.pair(*one) for one in pairs[1]],
        small=_small(kept),
        bytes_in=sum(part.get("bytes", 0) for part in values.get("parts", ())),
        bytes_out=sum(file.stat().st_size for of_kind in files.values() for file in of_kind),
        earlier=_earlier(record),
        example=next(iter([*dropped["doc_id"].head(1), *kept["doc_id"].head(1)]), ""),
    )


_KINDS: Final = ("kept", "dropped")


def _ledger(files: Sequence[Path]) -> tuple[Counter[tuple[str, str]], list[tuple[str, int]]]:
    """Documents set aside by source and stage, and by reason, the costliest first."""
    fell = (
        schema.scan(files, schema.LEDGER_SCHEMA)
        .filter(pl.col("verdict").is_in(["dropped", "failed"]))
        .group_by("source_id", "stage", "reason")
        .len("rows")
        .collect()
    )
    lost: Counter[tuple[str, str]] = Counter()
    reasons: Counter[str] = Counter()
    for source, stage, reason, rows in fell.sort("source_id", "stage", "reason").iter_rows():
        lost[source, stage] += rows
        reasons[reason] += rows
    return lost, sorted(reasons.items(), key=lambda pair: (-pair[1], pair[0]))


def _light(files: Sequence[Path], kind: str, reasons: Iterable[str], today: date) -> pl.DataFrame:
    """Return the columns that are counted, those signals that are told of, and whether a document may be shown."""
    bounds = [bound for one in reasons if (bound := bound_of(one))]
    wanted = dict.fromkeys(["scripture_per_1000", *(signal for signal, _, _ in bounds)])
    known = {one.name for one in schema.SIGNAL_STRUCT.fields}
    signals = [
        (pl.col("signals").struct.field(name) if name in known else pl.lit(None, pl.Float32)).alias(f"signal {name}")
        for name in wanted
    ]
    decade = pl.col("published").str.extract(r"^(\d{3})\d", 1) + "0"
    told = [*_COLUMNS, *(f"signal {name}" for name in wanted), "rights_tier", "readable"]
    marked = [pl.lit(kind == "dropped").alias("is dropped"), decade.alias("decade")]
    # A file at a time, since of each all signals and terms are read.
    frame = pl.concat(
        with_readable(rows.select(*_COLUMNS, *Terms.READS, *signals).collect(), today).select(*told, *marked)
        for rows in _by_file(files)
    )
    return frame.with_columns(pl.col("language").fill_null(UNDETERMINED))


def _by_file(files: Sequence[Path]) -> Iterator[pl.LazyFrame]:
    """Yield the documents of each file; without a file one frame that has none."""
    for of_file in [[file] for file in files] or [[]]:
        yield schema.scan(of_file, schema.DOCUMENT_SCHEMA)


def _counted(frame: pl.DataFrame, column: str) -> list[tuple[str, int]]:
    counts = frame.group_by(pl.col(column).fill_null("").alias("value")).len("rows")
    return list(counts.sort("rows", "value", descending=[True, False]).iter_rows())


def _sources(kept: pl.DataFrame, dropped: pl.DataFrame) -> dict[str, tuple[int, int, Counter[str]]]:
    """Of each source the documents in and kept, and why the others fell; which lost most comes first."""
    stayed = dict(_counted(kept, "source_id"))
    fell: dict[str, Counter[str]] = {source: Counter() for source in stayed}
    counts = (
        dropped.group_by("source_id", pl.col("drop_reason").fill_null("")).len("rows").sort("source_id", "drop_reason")
    )
    for source, reason, rows in counts.iter_rows():
        fell.setdefault(source, Counter())[reason] += rows
    totals = {one: (stayed.get(one, 0) + why.total(), stayed.get(one, 0), why) for one, why in fell.items()}
    return dict(sorted(totals.items(), key=lambda item: (-item[1][2].total(), -item[1][0], item[0])))


def _terms(kept: pl.DataFrame) -> list[Owed]:
    columns = [pl.col(name).fill_null("") for name in ("source_id", "rights", "rights_tier")]
    counts = kept.group_by(columns).len("rows").sort("rows", "source_id", "rights", descending=[True, False, False])
    return [Owed(*row) for row in counts.iter_rows()]


def _fallen(dropped: pl.DataFrame, reasons: Sequence[tuple[str, int]]) -> pl.DataFrame:
    """Choose dropped documents to read: equally many for each of the costliest reasons, as far as there are."""
    order = {reason: rank for rank, (reason, _) in enumerate(reasons)}
    return (
        dropped.filter("readable")
        .with_columns(place=pl.col("drop_reason").replace_strict(order, default=len(order), return_dtype=pl.Int64))
        .sort("doc_id")
        .with_columns(turn=pl.int_range(pl.len()).over("place"))
        .sort("turn", "place", "doc_id")
        .head(READ)
        .sort("place", "turn")
    )


@dataclass
class _Chosen:
    """The documents of which the texts are wanted."""

    ids: set[str] = field(default_factory=set)

    def add(self, frame: pl.DataFrame) -> list[str]:
        ids = frame["doc_id"].to_list()
        self.ids.update(ids)
        return ids

    def pairs(self, frame: pl.DataFrame, column: str) -> list[tuple[str, str, int]]:
        """Of the largest clusters, one document each that has another in this column, the other, and the size."""
        named = frame.filter(pl.col(column).is_not_null() & pl.col("readable"))
        held = named.group_by(column).agg(pl.col("doc_id").min(), pl.len().alias("rows"))
        heaviest = held.sort("rows", column, descending=[True, False]).head(_PAIRS)
        self.ids.update([*heaviest["doc_id"], *heaviest[column]])
        return [(mine, other, rows + 1) for other, mine, rows in heaviest.iter_rows()]

    def texts(self, files: Sequence[Path], internal: bool, today: date) -> _Texts:
        wanted = sorted(self.ids)
        about = ("title", "source_id", "language", "country", "published", "drop_reason")
        found = pl.concat(
            rows.filter(pl.col("doc_id").is_in(wanted))
            .select("doc_id", *about, *Terms.READS, pl.col("text").str.slice(0, _COMPARED))
            .collect()
            for rows in _by_file(files)
        )
        rows = with_readable(found, today)
        by_id = {row["doc_id"]: row for row in rows.sort("drop_reason", nulls_last=True).iter_rows(named=True)}
        return _Texts(by_id, internal)


@dataclass(frozen=True)
class _Texts:
    """The rows of the chosen documents, by id; a kept one before one of the same id that fell."""

    rows: Mapping[str, dict[str, Any]]
    internal: bool

    def shown(self, doc_id: str) -> Shown:
        row = self.rows[doc_id]
        about = tuple(str(row[name]) for name in ("source_id", "language", "country", "published") if row[name])
        if not (self.internal or row["readable"]):
            return Shown(doc_id, "", about, row["drop_reason"] or "", None, goes_on=False)
        text = row["text"] or ""
        beginning = redact(text[: _SHOWN + _OVER])[0][:_SHOWN]
        title = redact(row["title"] or "")[0]
        return Shown(
            doc_id, title, about, row["drop_reason"] or "", beginning, len(text) > _SHOWN, row["language"] or ""
        )

    def pair(self, mine: str, other: str, size: int) -> Pair:
        here, there = self.rows[mine], self.rows.get(other)
        both = there is not None and all(self.internal or row["readable"] for row in (here, there))
        compared = side_by_side(here["text"] or "", there["text"] or "") if both and there else None
        titles = [self.shown(one).title if one in self.rows else "" for one in (mine, other)]
        return Pair(titles[0], mine, titles[1], other, size, compared)


def _reason(reason: str, rows: int, kept: pl.DataFrame, dropped: pl.DataFrame, chosen: _Chosen) -> Reason:
    """Return a reason with its bound, how the signal is distributed, and the ids of the nearest documents for now."""
    fell = dropped.filter(pl.col("drop_reason") == reason)
    sources = tuple(_counted(fell, "source_id")[:3])
    bound = bound_of(reason)
    if bound is None or not fell.height:
        return Reason(reason, rows, sources)
    signal, _, limit = bound
    name = f"signal {signal}"
    same = fell.select("language", "genre").unique()
    needed = ["doc_id", "language", "genre", "drop_reason", "is dropped", "readable", name]
    measured = pl.concat(
        frame.select(needed).filter(pl.col(name).is_finite()).join(same, on=["language", "genre"], how="semi")
        for frame in (kept, dropped)
    )
    values = measured[name].to_numpy()
    low, high, bins = _histogram(values, limit)
    away = measured.with_columns(away=(pl.col(name) - limit).abs())
    sides = [away.filter(pl.col("drop_reason") == reason), away.filter(pl.col("drop_reason").is_null())]
    near = pl.concat([_first(side, most, "away", "doc_id") for side, most in zip(sides, _NEAR, strict=True)])
    chosen.add(near)
    near_rows = tuple(
        Near(value, one, Shown(doc_id, "", (), "", None, goes_on=False))
        for doc_id, value, one in near.select("doc_id", name, "is dropped").iter_rows()
    )
    return Reason(reason, rows, sources, signal, limit, low, high, bins, near_rows)


def _first(frame: pl.DataFrame, most: int, *by: str) -> pl.DataFrame:
    """Return the first rows by columns: all of them aren't put in order."""
    return frame.bottom_k(most, by=by).sort(*by)


def _histogram(values: NDArray[np.float32], limit: float) -> tuple[float, float, tuple[int, ...]]:
    """Count in equal intervals that hold 98 in 100 of the values and the bound; the outermost are open."""
    if not len(values):
        return 0.0, 0.0, ()
    numbers = values.astype(float)
    low, high = (float(one) for one in np.quantile(numbers, [0.01, 0.99]))
    low, high = min(low, limit), max(high, limit)
    beyond = (high - low) / 20 or 0.5  # a bound at an end has some room behind it, for what it drops
    below = low - beyond * (limit == low and low > 0)
    low, high = below if numbers.min() < 0 else max(below, 0.0), high + beyond * (limit == high)
    if high <= low:
        low, high = low - 0.5, high + 0.5
    bins, _ = np.histogram(numbers.clip(low, high), _BINS, (low, high))
    return low, high, tuple(map(int, bins))


def _with_texts(one: Reason, texts: _Texts) -> Reason:
    near = tuple(Near(value, dropped, texts.shown(shown.doc_id)) for value, dropped, shown in one.near)
    return Reason(**{**vars(one), "near": near})


def _small(kept: pl.DataFrame) -> list[SmallLanguage]:
    """Return the languages other than the large ones, the smallest last."""
    small = (
        kept.with_columns(pl.col("language").str.extract("^([^_]+)", 1))
        .filter(~pl.col("language").is_in(list(_LARGE)))
        .group_by("language")
        .agg(
            pl.len().alias("documents"),
            (pl.col("genre") == "religious").sum().alias("religious"),
            (pl.col("genre") == "reference").sum().alias("reference"),
            pl.col("signal scripture_per_1000").mean().alias("formulas"),
        )
    )
    return [SmallLanguage(*row) for row in small.sort("documents", "language", descending=[True, False]).iter_rows()]


def _earlier(record: Record) -> Earlier | None:
    """Return the finished run of the same recipe before this one, as far as both records tell what they rest on."""
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
    rows = theirs.get("rows") or {}
    comparable = all(
        key in one for key in ("recipe", "sources", "parts", "stages", "by_genre") for one in (mine, theirs)
    )
    return Earlier(
        last.folder.name,
        rows.get("in", 0),
        rows.get("kept", 0),
        differences(theirs, mine) if comparable else [],
        counts(theirs, mine) if comparable else {},
    )
