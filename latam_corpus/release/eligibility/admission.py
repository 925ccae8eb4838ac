"""Which documents a version holds, and why the others are left out; no text is held in memory for it.

The order of the questions: is it read twice, is there a later record of it, do its rights allow the release, and what
else is stated of it and of its copies (`statements.py`), has a run a better copy of it, is its text there already.
Rights come before duplicates, so that a copy that may not be released displaces none that may.
"""

from __future__ import annotations

import hashlib
from collections import Counter
from dataclasses import dataclass
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
from latam_corpus.release.eligibility.statements import LINKS, STATED, matters, restrictions
from latam_corpus.release.eligibility.strictest import OUTCOME, STRICTER, Bound, bound

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping, Sequence
    from datetime import date, datetime

    from latam_corpus.release.eligibility.build_inputs import Part
    from latam_corpus.release.eligibility.statements import Given
    from latam_corpus.release.refusals.opt_outs import OptOutList
    from latam_corpus.release.refusals.tombstones import Tombstones
    from latam_corpus.release.storing.store import Progress
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
_NO_TIME: Final = 1 << 62  # microseconds: beyond any time that is stated
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
        "said": pl.UInt32(),
        "text_bytes": pl.Int64(),
        "chars": pl.Int64(),
        "exact_hash": pl.Binary(),
        "row_hash": pl.UInt64(),
        **STATED,
    }
)


@dataclass(frozen=True)
class Terms:
    """On which terms a version is released.

    Attributes:
        READS: the columns by which a row is judged, with what `closed_by_labels` reads.
        admit: the rights tiers that may be in it.
        uses: what each document must allow.
        today: the day on which permissions and embargoes are judged.
        now: the moment, in UTC, where it is known: a permission or an embargo then also ends by the day of the row's
            country (`country_days.py`).
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
        """Raise ConfigError for a tier or use that isn't one, or that can't be released."""
        for what, words, known in (
            ("--admit", self.admit, vocabulary.RIGHTS_TIERS[:-1]),
            ("--uses", self.uses, vocabulary.USES),
        ):
            if not words:
                raise ConfigError(what, _("nothing is named"), _("choose from: {names}", names=", ".join(known)))
            for word in words:
                if word == "unknown":
                    problem = _("what has unknown rights can be collected and measured, never released")
                    raise ConfigError(what, problem, _("state the source's rights in its file"))
                if word not in known:
                    raise ConfigError(what, _("unknown word «{word}»", word=word), closest(word, known))

    def refusal(self) -> pl.Expr:
        """Return the reason why a row's rights keep it out, null where they don't."""
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
        """Return the reason by which the end of a row's terms keeps it out, null where it doesn't."""
        newest = pl.lit(self.today) if self.now is None else newest_days(self.now)
        return pl.when(pl.col("expires") < newest).then(pl.concat_str(pl.lit("expires<"), newest.dt.to_string()))

    def embargo(self) -> pl.Expr:
        """Return the reason by which a row's embargo keeps it out, null where none does."""
        begun = pl.lit(self.today) if self.now is None else begun_days(self.now)
        reason = pl.concat_str(pl.lit("embargo_until>"), begun.dt.to_string())
        return pl.when(pl.col("embargo_until") > begun).then(reason)

    def _opted_out(self) -> pl.Expr:
        """Return the signals by which the owner of a row's site withholds what is asked for; empty where none does."""
        asked = [name for name, uses in WITHHELD.items() if uses.intersection(self.uses)]
        signals = pl.element().struct.field("signal")
        opt_outs = pl.col("opt_outs").cast(schema.DOCUMENT_SCHEMA["opt_outs"])  # of rows that all state none: null
        refusing = opt_outs.list.eval(signals.filter(signals.is_in(asked)).unique().sort())
        return refusing.list.join(",").fill_null("")


def labels_of() -> pl.Expr:
    """Return the addresses of the labels on a row, in order and one a line; empty where there is none."""
    consent = pl.col("consent").cast(schema.CONSENT)  # of rows that all state none: null
    return (
        consent.list.eval(pl.element().struct.field("label").drop_nulls().unique().sort()).list.join("\n").fill_null("")
    )


def closed_by_labels() -> pl.Expr:
    """Return the reason why labels keep a row out whose holder gave no written agreement; null where none does.

    What is no label of Local Contexts closes too: nobody knows what it forbids.
    """
    closes = labels_of().map_batches(_closing, return_dtype=pl.String)
    return pl.when(pl.col("agreement").is_null() & (closes != "")).then(pl.concat_str(pl.lit("label="), closes))


def _closing(labels: pl.Series) -> pl.Series:
    codes = {one: ",".join(closing(one.splitlines())) for one in labels.unique()}
    return labels.replace_strict(codes, return_dtype=pl.String)


def scan(
    parts: Sequence[Part],
    terms: Terms,
    progress: Progress | None = None,
    refused: OptOutList | None = None,
    tombstones: Tombstones | None = None,
    start: int = 0,
    given: Mapping[str, Mapping[str, Given]] | None = None,
) -> Iterator[pl.DataFrame]:
    """Yield one light row a document: where it is, what decides about it, and digests of its text and of its row.

    The columns: `part` and `row` say where it is; `run` is empty for the parent's; `refusal` is a reason, or null;
    `withdrawal` is the number of the entry that keeps it out by what it is, `said` of that which does by what a run's
    document says (of the parent's it was asked when they were withdrawn); `text_bytes`, `chars`, `exact_hash` are of
    its text; `row_hash` is of all its columns but the split, and means nothing to another version of Polars. What
    owners have refused since (`refused`) decides `refusal` and what binds copies alone: rows that stay are written as
    they are. The first part has the number `start`; `given` are the terms of each run's sources.
    """
    for number, part in enumerate(parts, start):
        first = 0
        for frame in part.batches():
            judged = refused.narrowed(frame) if refused else frame
            refusal = judged.select(
                pl.when(pl.col("text").is_null())
                .then(pl.lit("text=null"))
                .otherwise(pl.coalesce(closed_by_labels(), terms.refusal()))
            ).to_series()
            stated = _stated(judged, terms, (given or {}).get(part.run, {}))
            withdrawals = _withdrawals_of(frame, tombstones, by_text=bool(part.run))
            yield _lightened(frame, refusal, number, first, part.run, withdrawals, stated)
            first += frame.height
        if progress:
            progress(N_("reading"), number + 1 - start, len(parts))


def scan_statements(
    frames: Iterable[tuple[str, pl.DataFrame]],
    terms: Terms,
    refused: OptOutList | None = None,
    given: Mapping[str, Mapping[str, Given]] | None = None,
) -> Iterator[pl.DataFrame]:
    """Yield light rows of documents that are in no version, for what they state of others.

    Args:
        frames: the name of a run, empty for an earlier version, with rows of its documents, RELEASE_SCHEMA; columns
            of STATED that they have too stand as they are.
        terms: on which the version is released.
        refused: what owners have refused since.
        given: the terms of each run's sources, and of the parent's. Rows that can't bind others are left out, if no
            other run, nor the parent, has their source: it may have stated other terms of the same document.
    """
    every = given or {}
    inputs = Counter(source for sources in every.values() for source in sources)
    for run, frame in frames:
        judged = refused.narrowed(frame) if refused else frame
        refusal = judged.select(pl.coalesce(closed_by_labels(), terms.refusal())).to_series()
        stated = _stated(judged, terms, every.get(run, {})).with_columns(pl.lit(value=True).alias("statement"))
        own = [pl.coalesce(frame[name], stated[name]).alias(name) for name in STATED if name in frame.columns]
        light = _lightened(frame, refusal, 0, 0, run, _withdrawals_of(frame, None, by_text=False), stated)
        light = light.with_columns(own).cast(LIGHT) if own else light
        alone = {source: one for source, one in every.get(run, {}).items() if inputs[source] == 1}
        yield light.filter(matters(alone)) if run else light


def _stated(judged: pl.DataFrame, terms: Terms, given: Mapping[str, Given]) -> pl.DataFrame:
    why = labels_of(), closed_by_labels(), terms.ended(), terms.embargo()
    rows = restrictions(judged, given, terms.admit, terms.uses, *why)
    nothing = pl.lit(None, pl.String)
    others = {"copy_of": nothing, "over": nothing, "statement": pl.lit(value=False)}
    return rows.with_columns(**others).select(STATED.names())


def _withdrawals_of(frame: pl.DataFrame, tombstones: Tombstones | None, *, by_text: bool) -> pl.DataFrame:
    """`withdrawal` and `said` of each row."""
    nothing = pl.repeat(None, frame.height, dtype=pl.UInt32)
    if tombstones is None:
        return pl.select(nothing.alias("withdrawal"), nothing.alias("said"))
    # What a version has and was named is listed: it was looked for when it was named.
    about = tombstones.about(frame) if by_text else tombstones.listed(frame)
    rows = pl.DataFrame({"withdrawal": about}).with_row_index("row")
    known = (
        tombstones.matching_texts(frame) if by_text else pl.DataFrame(schema={"row": pl.UInt32, "number": pl.UInt32})
    )
    numbers = known.select("row", said="number")
    return rows.join(numbers, on="row", how="left", maintain_order="left").select("withdrawal", "said")


def _lightened(
    frame: pl.DataFrame,
    refusal: pl.Series,
    part: int,
    first: int,
    run: str,
    withdrawals: pl.DataFrame,
    stated: pl.DataFrame,
) -> pl.DataFrame:
    hashes = [None if text is None else hashlib.sha256(text.encode()).digest()[:16] for text in frame["text"]]
    return frame.select(
        pl.lit(part).alias("part"),
        pl.int_range(first, first + frame.height).alias("row"),
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
    """What became of the rows read: light rows `released` and `left_out`, and how many were repeated.

    `left_out` has two more columns, `reason` and `evidence` (JSON). Of it, `replaced` are documents of the parent that
    gave way to a run's, each with the id of the released one in `kept`.
    """

    released: pl.DataFrame
    left_out: pl.DataFrame
    repeated: int
    replaced: pl.DataFrame
    bound: Bound


def decide(
    light: pl.DataFrame,
    replaced: pl.DataFrame,
    variants: Variants = "keep",
    links: pl.DataFrame | None = None,
    holders: Mapping[str, str] | None = None,
) -> Decision:
    """Which documents are released, and why each other one isn't; the order of the rows has no part in it.

    The text of a document is that of its latest record; its terms are the strictest that are stated of it.

    Args:
        light: of `scan` and `scan_statements`, with all rows that may decide about one of them (`partitions.py`).
        replaced: documents of the parent for which a run has a better copy (`read_replaced`).
        links: documents that are copies of one another though their texts differ, `statements.LINKS`.
        holders: who holds each source, by its id.
        variants: of several variants of one work "keep" all, the "longest", or the longest of each country
            ("by_country").
    """
    from_run = pl.col("run") != ""
    every = light
    light = light.filter(~pl.col("statement"))
    # Of equal rows the parent's stays, whose shard then needs no rewriting.
    alone, several = _by_company(light, "doc_id")
    several = several.sort("doc_id", "row_hash", from_run, "run", "part", "row")
    distinct = pl.concat([alone, several.unique(["doc_id", "row_hash"], keep="first", maintain_order=True)])
    del alone, several
    latest, superseded = _first_of(
        distinct,
        "doc_id",
        # Of two records of one moment, or where one states no time, the run's stands before the parent's.
        [_later(from_run), ~from_run, "run", "exact_hash", "row_hash"],
        "obtained",
        "run",
    )
    linked = pl.DataFrame(schema=LINKS) if links is None else links
    linked = pl.concat([linked, replaced.select(LINKS.names())])
    terms = bound(latest, every, linked, holders or {})
    latest = terms.rows
    refused = pl.col("refusal").is_not_null()
    stricter = pl.col("refusal").cast(pl.String).str.starts_with(STRICTER)
    by_entry = pl.coalesce("withdrawal", "said").is_not_null()
    allowed, removed = without_replaced(latest.filter(~refused), light, replaced)
    released, duplicates = _first_of(allowed, "text_hash", first_released(from_run), "doc_id", "rights_tier")
    removed = with_released(removed, released)
    released, varied = _of_variants(released, variants)
    left_out = [
        _reasoned(superseded, pl.lit("superseded"), _SUPERSEDED),
        _reasoned(latest.filter(refused & ~by_entry & ~stricter), pl.col("refusal").cast(pl.String), _REFUSED),
        _reasoned(latest.filter(refused & ~by_entry & stricter), pl.col("refusal").cast(pl.String), _STRICTER),
        _reasoned(latest.filter(refused & by_entry), pl.col("refusal").cast(pl.String), _ENTRY),
        _reasoned(duplicates, pl.lit("duplicate"), _DUPLICATE),
        _reasoned(varied, pl.lit("variant"), _VARIANT),
        removed.select(*LIGHT.names(), "reason", "evidence"),
    ]
    return Decision(
        released=released.select(*LIGHT.names(), *OUTCOME.names()).sort("doc_id"),
        left_out=pl.concat(left_out).sort("doc_id", "reason", "row_hash"),
        repeated=light.height - distinct.height,
        replaced=removed.select(*LIGHT.names(), "kept"),
        bound=terms,
    )


def _later(from_run: pl.Expr) -> pl.Expr:
    """Return a number that is smaller the later a record was obtained; without a time a run's comes before all others.

    Runs follow upon the version: its files were read later, whatever an older version says of when they were obtained.
    """
    return pl.col("obtained").dt.epoch("us").neg().fill_null(pl.when(from_run).then(-_NO_TIME).otherwise(_NO_TIME))


def _of_variants(released: pl.DataFrame, variants: Variants) -> tuple[pl.DataFrame, pl.DataFrame]:
    """Those that stay of documents that are variants of one another, and the others with the one kept for each."""
    varied = released.filter(pl.col("variant_of").is_not_null())
    if variants == "keep" or not varied.height:
        return released, released.clear().with_columns(kept_doc_id=pl.lit(None, pl.String))
    # A variant names one that was kept before it, which may be a variant itself.
    first = dict(varied.select("doc_id", "variant_of").iter_rows())
    works = {name: _first_variant(name, first) for name in {*first, *first.values()}}
    work = pl.col("doc_id").replace_strict(works, default=pl.col("doc_id"))
    if variants == "by_country":
        work = pl.concat_str(work, pl.col("country").cast(pl.String).fill_null(""), separator="\0")
    order: list[pl.Expr | str] = [pl.col("chars").neg(), "obtained", "doc_id"]
    winners, others = _first_of(released.with_columns(work.alias("work")), "work", order, "doc_id")
    return winners.drop("work"), others


def _first_variant(name: str, first: dict[str, str]) -> str:
    """Return the document at which what the variants name ends; where they name one another, the smallest of these."""
    seen = [name]
    while name in first:
        name = first[name]
        if name in seen:
            return min(seen[seen.index(name) :])
        seen.append(name)
    return name


def _first_of(
    rows: pl.DataFrame, group: str, order: Sequence[pl.Expr | str], *names: str
) -> tuple[pl.DataFrame, pl.DataFrame]:
    """Return the first row of each group, and the others, which carry the first one's `names` columns as `kept_…`."""
    alone, several = _by_company(rows, group)
    ordered = several.sort(pl.col(group), *order, nulls_last=True).with_columns(
        pl.int_range(pl.len()).over(group).alias("place"),
        *(pl.col(name).first().over(group).alias(f"kept_{name}") for name in names),
    )
    first = ordered.filter(pl.col("place") == 0).select(rows.columns)
    return pl.concat([alone, first]), ordered.filter(pl.col("place") > 0)


def _by_company(rows: pl.DataFrame, group: str) -> tuple[pl.DataFrame, pl.DataFrame]:
    """Give the rows alone in their group, and the others, which are few: to sort all would hold each several times."""
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
_ENTRY: Final = pl.struct(pl.coalesce("withdrawal", "said").alias("withdrawal"))
_DUPLICATE: Final = pl.struct(
    pl.lit("equal normalised text").alias("rule"),
    pl.col("kept_doc_id").alias("kept"),
    pl.col("rights_tier").cast(pl.String),
    pl.col("kept_rights_tier").cast(pl.String),
)


def _reasoned(rows: pl.DataFrame, reason: pl.Expr, evidence: pl.Expr) -> pl.DataFrame:
    encoded = evidence.struct.json_encode()
    return rows.select(*LIGHT.names(), reason.alias("reason"), encoded.alias("evidence"))
