"""Decide which documents a version contains, and why the others are left out. No texts are kept in memory.

A document is left out for the first of these reasons: an equal row; a later record of the same document; its terms, or
stricter statements about it or its copies (`statements.py`); a better copy in a run; another document with the same
text. Terms are checked before duplicates, so that a copy that may not be released never replaces one that may.
"""

from __future__ import annotations

import hashlib
from collections import Counter
from dataclasses import dataclass
from itertools import groupby
from typing import TYPE_CHECKING, ClassVar, Final

import polars as pl

from latam_corpus import schema, vocabulary
from latam_corpus.catalog.community_labels import closing
from latam_corpus.catalog.country_days import begun_days, newest_days
from latam_corpus.catalog.optout.opt_out import WITHHELD
from latam_corpus.dedupe.decide.order import first_released
from latam_corpus.errors import ConfigError, closest
from latam_corpus.messages import N_, _
from latam_corpus.release.eligibility.removals import with_released, without_replaced
from latam_corpus.release.eligibility.splits import authors_of
from latam_corpus.release.eligibility.statements import STATED, may_restrict_others, restrictions
from latam_corpus.release.eligibility.strictest import OUTCOME, STRICTER, BindingTerms, binding_terms
from latam_corpus.release.storing.shard_file import BATCH_BYTES

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping, Sequence
    from datetime import date, datetime

    from latam_corpus.pipeline.execution.engines import OnStep
    from latam_corpus.release.eligibility.build_inputs import InputPart
    from latam_corpus.release.eligibility.statements import SourceTerms
    from latam_corpus.release.refusals.opt_outs import OptOutList
    from latam_corpus.release.refusals.tombstones import Tombstones
    from latam_corpus.vocabulary import Variants

_NAMES: Final = (
    "language",
    "genre",
    "country",
    "source_id",
    "contributor",
    "rights",
    "rights_tier",
    "basis",
)

_CATEGORY: Final = pl.Categorical()
# A repaired or plugged-in text may have lost all its characters but spaces and control characters.
_HAS_TEXT: Final = pl.col("text").str.contains(r"[^\s\p{Cc}\p{Cf}]").fill_null(value=False)
_NO_TIME: Final = 1 << 62  # microseconds, later than any real time
LIGHT: Final = pl.Schema(
    {
        "part": pl.UInt32(),
        "row": pl.UInt32(),
        "run": _CATEGORY,
        "doc_id": pl.String(),
        **dict.fromkeys(_NAMES, _CATEGORY),
        "uses": _CATEGORY,
        "expires": pl.Date(),
        "embargo_until": pl.Date(),
        "obtained": schema.RELEASE_SCHEMA["obtained"],
        "duplicate_cluster": pl.String(),
        "variant_of": pl.String(),
        "split": _CATEGORY,
        "text_hash": pl.Binary(),
        "labels": pl.String(),
        "authors": pl.String(),
        "file": pl.String(),
        "refusal": _CATEGORY,
        "withdrawal": pl.UInt32(),
        "withdrawal_by_text": pl.UInt32(),
        "text_bytes": pl.Int64(),
        "chars": pl.Int64(),
        "exact_hash": pl.Binary(),
        "row_hash": pl.UInt64(),
        **STATED,
    }
)


@dataclass(frozen=True)
class ReleaseTerms:
    """The terms on which a version is released.

    Attributes:
        today: the day on which permissions and embargoes are judged.
        now: the time in UTC; if given, the date in each row's country counts too (`country_days.py`).
    """

    READS: ClassVar[tuple[str, ...]] = (
        *("rights_tier", "uses", "expires", "embargo_until", "opt_outs"),
        *("consent", "agreement", "country"),
    )

    admit: tuple[str, ...]
    uses: tuple[str, ...]
    today: date
    now: datetime | None = None

    def __post_init__(self) -> None:
        """Raise ConfigError for an unknown tier or use, or one that can't be released."""
        for option, words, valid_words in (
            ("--admit", self.admit, vocabulary.RIGHTS_TIERS[:-1]),
            ("--uses", self.uses, vocabulary.USES),
        ):
            if not words:
                raise ConfigError(
                    option, _("nothing is named"), _("choose from: {names}", names=", ".join(valid_words))
                )
            for word in words:
                if word == "unknown":
                    problem = _("documents with unknown rights can be collected and measured, never released")
                    raise ConfigError(option, problem, _("state the source's rights in its file"))
                if word not in valid_words:
                    raise ConfigError(option, _("unknown word «{word}»", word=word), closest(word, valid_words))

    def refusal(self) -> pl.Expr:
        """Return the reason why a row's terms keep it out; null if they don't."""
        lacking = [
            pl.when(~pl.col("uses").list.contains(use)).then(pl.lit(use)) for use in vocabulary.USES if use in self.uses
        ]
        lacks = pl.concat_str(*lacking, separator=",", ignore_nulls=True)
        return (
            pl.when(~pl.col("rights_tier").is_in(self.admit))
            .then(pl.concat_str(pl.lit("rights_tier="), "rights_tier"))
            .when((lacks != "") & (self._opted_out() != ""))
            .then(pl.concat_str(pl.lit("opt_out="), self._opted_out()))
            .when(lacks != "")
            .then(pl.concat_str(pl.lit("uses_lack="), lacks))
            .otherwise(pl.coalesce(self.ended(), self.embargo()))
        )

    def ended(self) -> pl.Expr:
        """Return the reason why the end of a row's permission keeps it out; null if it doesn't."""
        newest = pl.lit(self.today) if self.now is None else newest_days(self.now)
        return pl.when(pl.col("expires") < newest).then(pl.concat_str(pl.lit("expires<"), newest.dt.to_string()))

    def embargo(self) -> pl.Expr:
        """Return the reason why a row's embargo keeps it out; null if it doesn't."""
        begun = pl.lit(self.today) if self.now is None else begun_days(self.now)
        reason = pl.concat_str(pl.lit("embargo_until>"), begun.dt.to_string())
        return pl.when(pl.col("embargo_until") > begun).then(reason)

    def _opted_out(self) -> pl.Expr:
        """Return the opt-out signals that withhold a required use, separated by commas; empty if there are none."""
        withholding = [name for name, uses in WITHHELD.items() if uses.intersection(self.uses)]
        signals = pl.element().struct.field("signal")
        opt_outs = pl.col("opt_outs").cast(schema.DOCUMENT_SCHEMA["opt_outs"])  # if no row states any, the type is null
        refusing = opt_outs.list.eval(signals.filter(signals.is_in(withholding)).unique().sort())
        return refusing.list.join(",").fill_null("")


def labels_of() -> pl.Expr:
    """Return the addresses of a row's labels, sorted, one per line; empty if it has no label."""
    consent = pl.col("consent").cast(schema.CONSENT)  # if no row states any, the type is null
    return (
        consent.list.eval(pl.element().struct.field("label").drop_nulls().unique().sort()).list.join("\n").fill_null("")
    )


def closed_by_labels() -> pl.Expr:
    """Return the reason why labels keep out a row without a written agreement; null if they don't.

    An unknown label keeps a row out too: it may forbid the release.
    """
    closes = labels_of().map_batches(_closing, return_dtype=pl.String)
    return pl.when(pl.col("agreement").is_null() & (closes != "")).then(pl.concat_str(pl.lit("label="), closes))


def _closing(labels: pl.Series) -> pl.Series:
    codes = {lines: ",".join(closing(lines.splitlines())) for lines in labels.unique()}
    return labels.replace_strict(codes, return_dtype=pl.String)


def scan(
    parts: Sequence[InputPart],
    terms: ReleaseTerms,
    progress: OnStep | None,
    refused: OptOutList,
    tombstones: Tombstones | None,
    start: int,
    terms_by_run: Mapping[str, Mapping[str, SourceTerms]],
) -> Iterator[pl.DataFrame]:
    """Yield one light row per record, LIGHT: its place, the columns that decide on its release, and digests.

    `part` and `row` are the place of the record. `run` is empty for the parent version. `refusal` is the reason why its
    terms keep it out, or null. `withdrawal` is the number of the withdrawal that names the document, and
    `withdrawal_by_text` the number of a withdrawal of its text, which is looked up only for documents of runs.
    `text_bytes`, `chars` and `exact_hash` describe the text. `row_hash` covers all columns except the split, and can be
    compared only within one version of Polars.

    Args:
        parts: the files to read.
        terms: the terms on which the version is released.
        progress: called after each part.
        refused: opt-outs of owners since the collection. They change `refusal` and the restrictions on copies; the
            released rows are written unchanged.
        tombstones: the withdrawals of the store; None if there are none.
        start: the number of the first part.
        terms_by_run: the terms of each run's sources.
    """
    for run, frame, places in _batches(parts, progress, start):
        judged = refused.narrowed(frame)
        refusal = judged.select(
            pl.when(_HAS_TEXT).then(pl.coalesce(closed_by_labels(), terms.refusal())).otherwise(pl.lit("text=null"))
        ).to_series()
        stated = _stated(judged, terms, terms_by_run.get(run, {}))
        withdrawals = _withdrawals_of(frame, tombstones, by_text=bool(run))
        yield _lightened(frame, refusal, run, places, withdrawals, stated)


def _batches(
    parts: Sequence[InputPart], progress: OnStep | None, start: int
) -> Iterator[tuple[str, pl.DataFrame, pl.DataFrame]]:
    """Yield the name of a run, rows of its parts, and the `part` and `row` of each; small files are read together."""
    frames: list[pl.DataFrame] = []
    places: list[pl.DataFrame] = []
    size = done = 0
    for run, numbered in groupby(enumerate(parts, start), lambda pair: pair[1].run):
        for number, part in numbered:
            first = 0
            for frame in part.batches():
                rows = pl.int_range(first, first + frame.height, eager=True).alias("row")
                frames.append(frame)
                places.append(pl.DataFrame([pl.repeat(number, frame.height, eager=True).alias("part"), rows]))
                first += frame.height
                size += int(frame.estimated_size())
                if size > BATCH_BYTES // 2:
                    yield run, pl.concat(frames), pl.concat(places)
                    frames, places, size = [], [], 0
            done += 1
            if progress:
                progress(N_("reading"), done, len(parts))
        if frames:
            yield run, pl.concat(frames), pl.concat(places)
            frames, places, size = [], [], 0


def scan_statements(
    frames: Iterable[tuple[str, pl.DataFrame]],
    terms: ReleaseTerms,
    refused: OptOutList,
    terms_by_run: Mapping[str, Mapping[str, SourceTerms]],
) -> Iterator[pl.DataFrame]:
    """Yield light rows of documents that aren't released, since their statements may restrict others.

    Args:
        frames: pairs of a run's name, empty for an earlier version, and rows of its documents, RELEASE_SCHEMA; existing
            columns of STATED are kept.
        terms: the terms on which the version is released.
        refused: opt-outs of owners since the collection.
        terms_by_run: the terms of the sources of each run and of the parent. Rows that can't restrict others are
            skipped, unless several of these inputs have their source and may state different terms for one document.
    """
    run_counts = Counter(source for sources in terms_by_run.values() for source in sources)
    for run, frame in frames:
        judged = refused.narrowed(frame)
        refusal = judged.select(pl.coalesce(closed_by_labels(), terms.refusal())).to_series()
        stated = _stated(judged, terms, terms_by_run.get(run, {})).with_columns(pl.lit(value=True).alias("statement"))
        existing = [pl.coalesce(frame[name], stated[name]).alias(name) for name in STATED if name in frame.columns]
        places = frame.select(part=pl.lit(0), row=pl.int_range(pl.len()))
        light = _lightened(frame, refusal, run, places, _withdrawals_of(frame, None, by_text=False), stated)
        light = light.with_columns(existing).cast(LIGHT) if existing else light
        in_one_run = {source: stated for source, stated in terms_by_run.get(run, {}).items() if run_counts[source] == 1}
        yield light.filter(may_restrict_others(in_one_run)) if run else light


def _stated(judged: pl.DataFrame, terms: ReleaseTerms, terms_by_source: Mapping[str, SourceTerms]) -> pl.DataFrame:
    """Return the columns STATED of a version's rows."""
    reasons = closed_by_labels(), terms.ended(), terms.embargo()
    rows = restrictions(judged, terms_by_source, terms.admit, terms.uses, labels_of(), *reasons)
    null = pl.lit(None, pl.String)
    return rows.with_columns(copy_of=null, over=null, statement=pl.lit(value=False)).select(STATED.names())


def _withdrawals_of(frame: pl.DataFrame, tombstones: Tombstones | None, *, by_text: bool) -> pl.DataFrame:
    """Return `withdrawal` and `withdrawal_by_text` of each row."""
    nulls = pl.repeat(None, frame.height, dtype=pl.UInt32, eager=True)
    if tombstones is None:
        return pl.DataFrame({"withdrawal": nulls, "withdrawal_by_text": nulls})
    # A withdrawal lists the documents of versions that it applies to; they needn't be searched again.
    about = tombstones.about(frame) if by_text else tombstones.listed(frame)
    rows = pl.DataFrame({"withdrawal": about, "withdrawal_by_text": nulls})
    if not by_text:
        return rows
    matches = tombstones.matching_texts(frame).select("row", withdrawal_by_text="number")
    numbered = rows.drop("withdrawal_by_text").with_row_index("row")
    return numbered.join(matches, on="row", how="left", maintain_order="left").drop("row")


def _lightened(
    frame: pl.DataFrame,
    refusal: pl.Series,
    run: str,
    places: pl.DataFrame,
    withdrawals: pl.DataFrame,
    stated: pl.DataFrame,
) -> pl.DataFrame:
    hashes = [None if text is None else hashlib.sha256(text.encode()).digest()[:16] for text in frame["text"]]
    return frame.select(
        *places.get_columns(),
        pl.lit(run).alias("run"),
        "doc_id",
        *_NAMES,
        pl.col("uses").list.sort().list.join(",").alias("uses"),
        "expires",
        "embargo_until",
        "obtained",
        "duplicate_cluster",
        "variant_of",
        "split",
        "text_hash",
        labels_of().alias("labels"),
        authors_of(frame["creators"]),
        pl.col("origin").struct.field("file"),
        refusal.alias("refusal"),
        *withdrawals.get_columns(),
        pl.col("text").str.len_bytes().fill_null(0).alias("text_bytes"),
        pl.col("text").str.len_chars().alias("chars"),
        pl.Series("exact_hash", hashes, dtype=pl.Binary),
        frame.drop("split").hash_rows().alias("row_hash"),
        *stated.get_columns(),
    ).cast(LIGHT)


@dataclass(frozen=True)
class Decision:
    """The released documents and those left out.

    Attributes:
        left_out: light rows with `reason` and `evidence` (JSON).
        replaced: the rows of `left_out` that are documents of the parent with a better copy in a run; `kept` is the
            id of the copy that is released.
        binding: the documents with the terms that apply to them.
    """

    released: pl.DataFrame
    left_out: pl.DataFrame
    repeated: int
    replaced: pl.DataFrame
    binding: BindingTerms


def decide(
    light: pl.DataFrame,
    replaced: pl.DataFrame,
    variants: Variants,
    links: pl.DataFrame,
    holders: Mapping[str, str],
) -> Decision:
    """Decide which documents are released and why the others aren't, whatever the order of the rows.

    A document has the text of its latest record, and the strictest terms that are stated about it.

    Args:
        light: rows of `scan` and `scan_statements`, including all rows that may affect each other (`partitions.py`).
        replaced: documents of the parent for which a run has a better copy (`read_replaced`).
        variants: "keep" all variants of a work, only the "longest", or the longest from each country ("by_country").
        links: pairs of copies whose texts differ, `statements.LINKS`, including those of `replaced`.
        holders: the holder of each source, by source id.
    """
    from_run = pl.col("run") != ""
    statements = light
    light = light.filter(~pl.col("statement"))
    # If rows are equal, the parent's is kept, so that its shard needn't be rewritten.
    single, repeated = _split_repeated(light, "doc_id")
    repeated = repeated.sort("doc_id", "row_hash", from_run, "run", "part", "row")
    distinct = pl.concat([single, repeated.unique(["doc_id", "row_hash"], keep="first", maintain_order=True)])
    del single, repeated
    latest, superseded = _first_of(
        distinct,
        "doc_id",
        # If the times are equal or one is missing, a run's record precedes the parent's.
        [_later(from_run), ~from_run, "run", "exact_hash", "row_hash"],
        "obtained",
        "run",
    )
    binding = binding_terms(latest, statements, links, holders)
    latest = binding.rows
    refused = pl.col("refusal").is_not_null()
    stricter = pl.col("refusal").cast(pl.String).str.starts_with(STRICTER)
    by_entry = pl.coalesce("withdrawal", "withdrawal_by_text").is_not_null()
    allowed, removed = without_replaced(latest.filter(~refused), light, replaced)
    released, duplicates = _first_of(allowed, "text_hash", first_released(from_run), "doc_id", "rights_tier")
    removed = with_released(removed, released)
    released, varied = _of_variants(released, variants)
    refused_rows = latest.filter(refused)
    own_refusal = pl.col("refusal").cast(pl.String)
    left_out = [
        _reasoned(superseded, pl.lit("superseded"), _SUPERSEDED),
        _reasoned(refused_rows.filter(~by_entry & ~stricter), own_refusal, _REFUSED),
        _reasoned(refused_rows.filter(~by_entry & stricter), own_refusal, _STRICTER),
        _reasoned(refused_rows.filter(by_entry), own_refusal, _ENTRY),
        _reasoned(duplicates, pl.lit("duplicate"), _DUPLICATE),
        _reasoned(varied, pl.lit("variant"), _VARIANT),
        removed.select(*LIGHT.names(), "reason", "evidence"),
    ]
    return Decision(
        released=released.select(*LIGHT.names(), *OUTCOME.names()).sort("doc_id"),
        left_out=pl.concat(left_out).sort("doc_id", "reason", "row_hash"),
        repeated=light.height - distinct.height,
        replaced=removed.select(*LIGHT.names(), "kept"),
        binding=binding,
    )


def _later(from_run: pl.Expr) -> pl.Expr:
    """Return a sort key that puts the latest record first; a run's record without a time precedes all others.

    Runs come after the parent version, so their records count as newer than the parent's.
    """
    return pl.col("obtained").dt.epoch("us").neg().fill_null(pl.when(from_run).then(-_NO_TIME).otherwise(_NO_TIME))


def _of_variants(released: pl.DataFrame, variants: Variants) -> tuple[pl.DataFrame, pl.DataFrame]:
    """Return the documents that are kept, and the variants left out, with the `kept_doc_id` of each."""
    varied = released.filter(pl.col("variant_of").is_not_null())
    if variants == "keep" or not varied.height:
        return released, released.clear().with_columns(kept_doc_id=pl.lit(None, pl.String))
    # A variant names a document that was kept before it, which may be a variant itself.
    variant_of = dict(varied.select("doc_id", "variant_of").iter_rows())
    works = {doc_id: _first_variant(doc_id, variant_of) for doc_id in {*variant_of, *variant_of.values()}}
    work = pl.col("doc_id").replace_strict(works, default=pl.col("doc_id"))
    if variants == "by_country":
        work = pl.concat_str(work, pl.col("country").cast(pl.String).fill_null(""), separator="\0")
    order: list[pl.Expr | str] = [pl.col("chars").neg(), "obtained", "doc_id"]
    longest, shorter = _first_of(released.with_columns(work.alias("work")), "work", order, "doc_id")
    return longest.drop("work"), shorter


def _first_variant(doc_id: str, variant_of: dict[str, str]) -> str:
    """Follow a chain of variants to its first document; if it is a cycle, return the smallest id in the cycle."""
    seen = [doc_id]
    while doc_id in variant_of:
        doc_id = variant_of[doc_id]
        if doc_id in seen:
            return min(seen[seen.index(doc_id) :])
        seen.append(doc_id)
    return doc_id


def _first_of(
    rows: pl.DataFrame, group: str, order: Sequence[pl.Expr | str], *names: str
) -> tuple[pl.DataFrame, pl.DataFrame]:
    """Return the first row of each group, and the others, with the first row's columns `names` as `kept_…`."""
    single, repeated = _split_repeated(rows, group)
    ordered = repeated.sort(pl.col(group), *order, nulls_last=True).with_columns(
        pl.int_range(pl.len()).over(group).alias("place"),
        *(pl.col(name).first().over(group).alias(f"kept_{name}") for name in names),
    )
    first = ordered.filter(pl.col("place") == 0).select(rows.columns)
    return pl.concat([single, first]), ordered.filter(pl.col("place") > 0)


def _split_repeated(rows: pl.DataFrame, group: str) -> tuple[pl.DataFrame, pl.DataFrame]:
    """Return the rows that are alone in their group, and the others.

    The others are few. Sorting only these avoids several copies of all rows in memory.
    """
    repeated = rows[group].is_duplicated()
    return rows.filter(~repeated), rows.filter(repeated)


_FACTS: Final = (
    *("doc_id", "source_id", "run", "rights", "rights_tier", "uses", "agreement", "labels"),
    *("expires", "embargo_until"),
)
_SUPERSEDED: Final = pl.struct(
    pl.lit("the latest record of a doc_id wins").alias("rule"),
    *(pl.col(name).cast(pl.String).replace("", "the parent version") for name in ("run", "kept_run")),
    pl.col("obtained").dt.to_string("iso:strict"),
    pl.col("kept_obtained").dt.to_string("iso:strict"),
)
_REFUSED: Final = pl.struct(
    *(pl.col(name).cast(pl.String) for name in ("rights", "rights_tier", "uses", "expires", "embargo_until"))
)
_STRICTER: Final = pl.struct(
    pl.lit("the strictest of several statements applies").alias("rule"),
    pl.col("stricter").str.json_decode(pl.Struct(dict.fromkeys(_FACTS, pl.String()))).alias("stated_by"),
    *(pl.col(name).cast(pl.String) for name in ("rights", "rights_tier", "uses", "expires", "embargo_until")),
)
_VARIANT: Final = pl.struct(
    pl.lit("the longest of several variants is released").alias("rule"),
    pl.col("kept_doc_id").alias("kept"),
    "country",
    "chars",
)
_ENTRY: Final = pl.struct(pl.coalesce("withdrawal", "withdrawal_by_text").alias("withdrawal"))
_DUPLICATE: Final = pl.struct(
    pl.lit("equal normalised text").alias("rule"),
    pl.col("kept_doc_id").alias("kept"),
    pl.col("rights_tier").cast(pl.String),
    pl.col("kept_rights_tier").cast(pl.String),
)


_NONE_LEFT_OUT: Final = pl.DataFrame(schema=LIGHT | {"reason": pl.String(), "evidence": pl.String()})


def _reasoned(rows: pl.DataFrame, reason: pl.Expr, evidence: pl.Expr) -> pl.DataFrame:
    if rows.is_empty():
        return _NONE_LEFT_OUT
    encoded = evidence.struct.json_encode()
    return rows.select(*LIGHT.names(), reason.alias("reason"), encoded.alias("evidence"))
