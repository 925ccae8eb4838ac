"""Statements of terms that apply to copies: of released rows, of rows that a run dropped, and of earlier versions."""

from __future__ import annotations

import glob
from datetime import date
from pathlib import PurePosixPath
from typing import TYPE_CHECKING, Any, Final, NamedTuple

import polars as pl
import pyarrow as pa
import pyarrow.parquet as pq

from latam_corpus import schema, vocabulary
from latam_corpus.catalog.community_labels import narrowed_tier
from latam_corpus.catalog.optout.opt_out import WITHHELD
from latam_corpus.catalog.rights import openness, says_nothing, tier_of
from latam_corpus.collect.records import WITHDRAWN
from latam_corpus.messages import _
from latam_corpus.release.eligibility.build_inputs import completed, unreadable
from latam_corpus.release.storing.shard_file import read_batches
from latam_corpus.release.storing.store_tables import read_rows, write_rows
from latam_corpus.storage import remote

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence

    from latam_corpus.release.eligibility.build_inputs import InputRun
    from latam_corpus.release.storing.manifest import Manifest
    from latam_corpus.release.storing.store import Store

_CATEGORY: Final = pl.Categorical()
# The columns of a light row that describe its effect on other rows.
STATED: Final = pl.Schema(
    {
        "agreement": _CATEGORY,
        "unstated": pl.Boolean(),  # whether the row has no statement of its rights
        "closed_label": _CATEGORY,  # why a label keeps out all copies
        "closed_copies": _CATEGORY,  # why another restriction keeps out all copies
        "bound_tier": _CATEGORY,  # the most open tier that a copy may have
        "withheld": _CATEGORY,  # uses that no copy may have, separated by commas
        "bound_end": pl.Date(),  # the last day on which a copy may be released
        "copy_of": pl.String(),  # for a row that a run dropped as a duplicate: the document that was kept
        "over": pl.String(),  # agreements over which the statement has prevailed, one per line
        "statement": pl.Boolean(),  # whether the row only makes a statement, and can't be released itself
    }
)
FILE: Final = "terms.parquet"
LINKS: Final = pl.Schema({"doc_id": pl.String(), "duplicate_of": pl.String()})
_RANK: Final = {tier: rank for rank, tier in enumerate(vocabulary.RIGHTS_TIERS)}
TERMS: Final = ("rights", "rights_tier", "basis", "uses", "agreement", "expires", "embargo_until", "labels")
RESTRICTING: Final = ("closed_label", "closed_copies", "bound_tier", "withheld", "bound_end")


class SourceTerms(NamedTuple):
    """The terms of a source as its file states them.

    Attributes:
        days: the dates on which the permission and the embargo end, ISO 8601; None for the sources of a manifest, which
            omits the dates.
    """

    tier: str
    uses: tuple[str, ...]
    days: tuple[str | None, str | None] | None = (None, None)


def source_terms(sources: Mapping[str, Mapping[str, Any]]) -> dict[str, SourceTerms]:
    """Return the terms of each source that states its rights, by source id, for the sources of a `run.json`."""
    terms = {}
    for source_id, source in sources.items():
        rights = source.get("rights")
        if not rights or "uses" not in rights:
            continue
        records = (source.get("consent") or {}).get("records") or ()
        labels = [record["label"] for record in records if record.get("label")]
        scopes = [record["scope"] for record in records if record.get("scope") is not None]
        uses = tuple(use for use in rights["uses"] if all(use in scope for scope in scopes))
        ends = [day for statement in (rights, *records) if (day := statement.get("expires"))]
        tier = narrowed_tier(rights.get("tier") or tier_of(rights.get("statement")), labels)
        terms[source_id] = SourceTerms(tier, uses, (min(ends, default=None), rights.get("embargo_until")))
    return terms


def source_terms_of_version(manifest: Manifest) -> dict[str, SourceTerms]:
    """Return the most open tier of each source in a version; a manifest states neither uses nor dates."""
    tiers: dict[str, str] = {}
    for entry in manifest.sources:
        tiers[entry.source_id] = min((entry.rights_tier, tiers.get(entry.source_id, "unknown")), key=openness)
    return {source_id: SourceTerms(tier, (), None) for source_id, tier in tiers.items()}


def holders_of(runs: Iterable[InputRun], parent: Manifest | None) -> dict[str, str]:
    """Return the holder of each source, normalised for comparison, by source id."""
    holders = {entry.source_id: entry.holder or "" for entry in (parent.sources if parent else ())}
    for run in runs:
        holders |= {source_id: str(source.get("holder") or "") for source_id, source in run.sources.items()}
    return {source_id: " ".join(holder.casefold().split()) for source_id, holder in holders.items()}


def restrictions(
    judged: pl.DataFrame,
    terms_by_source: Mapping[str, SourceTerms],
    admit: Sequence[str],
    required_uses: Sequence[str],
    labels: pl.Expr,
    closed: pl.Expr,
    ended: pl.Expr,
    embargo: pl.Expr,
) -> pl.DataFrame:
    """Return the restrictions that each row places on its copies: the columns of STATED up to `bound_end`.

    Existing columns `bound_tier`, `withheld` and `bound_end` are kept. `labels` has one label per line; `closed`,
    `ended` and `embargo` are the reasons why labels, the end of its permission or its embargo keep a row out, or null.
    """
    # In steps, since an expression shared by several others would be computed again for each.
    opt_outs = pl.col("opt_outs").cast(schema.OPT_OUTS)
    silent = [statement for statement in judged["rights"].unique() if says_nothing(statement)]
    rows = judged.with_columns(
        *(pl.col(name).cast(pl.String) for name in ("source_id", "rights_tier")),
        opt_outs.list.eval(pl.element().struct.field("signal")).alias("signals"),
        labels.map_batches(_tiers_of_labels, return_dtype=pl.String).alias("tier_by_label"),
    ).with_columns(
        (pl.col("rights").is_in(silent, nulls_equal=True) & (pl.col("rights_tier") == "unknown")).alias("is_silent")
    )
    source, tier, is_silent = (pl.col(name) for name in ("source_id", "rights_tier", "is_silent"))
    tiers = {name: _RANK[terms.tier] for name, terms in terms_by_source.items()}
    rank = tier.replace_strict(_RANK, default=len(_RANK), return_dtype=pl.Int8)
    is_stricter = rank > _of_source(source, tiers, pl.Int8()).fill_null(len(_RANK))
    own_tier = pl.when(~is_silent & is_stricter).then(tier).otherwise("tier_by_label")
    withheld_uses: dict[str, pl.Expr] = {}
    for use in vocabulary.USES:
        names = [signal for signal, uses in WITHHELD.items() if use in uses]
        refused = pl.col("signals").list.eval(pl.element().is_in(names)).list.any().fill_null(value=False)
        allows = {name: use in terms.uses for name, terms in terms_by_source.items()}
        narrowed = _of_source(source, allows, pl.Boolean()).fill_null(value=False) & ~pl.col("uses").list.contains(use)
        withheld_uses[use] = pl.when(refused | (~is_silent & narrowed)).then(pl.lit(use))
    own_withheld = pl.concat_str(*withheld_uses.values(), separator=",", ignore_nulls=True).replace("", None)
    ends = {name: str(terms.days[0] or date.max) for name, terms in terms_by_source.items() if terms.days}
    is_shorter = pl.col("expires") < _of_source(source, ends, pl.String()).str.to_date()
    refusing = [signal for signal, uses in WITHHELD.items() if uses.intersection(required_uses)]
    opted_out = pl.col("signals").list.eval(pl.element().filter(pl.element().is_in(refusing)).unique().sort())
    rows = rows.with_columns(
        _existing_or(judged, "bound_tier", own_tier).alias("bound_tier"),
        _existing_or(judged, "withheld", own_withheld).alias("withheld"),
        _existing_or(judged, "bound_end", pl.when(is_shorter).then("expires")).alias("bound_end"),
        opted_out.list.join(",").fill_null("").alias("opted_out"),
    )
    withheld = pl.col("withheld")
    lacks = (pl.when(withheld.str.contains(use)).then(pl.lit(use)) for use in vocabulary.USES if use in required_uses)
    rows = rows.with_columns(pl.concat_str(*lacks, separator=",", ignore_nulls=True).alias("lack"))
    bound_tier, bound_end = pl.col("bound_tier"), pl.col("bound_end")
    return rows.select(
        "agreement",
        (is_silent & (pl.col("consent").cast(schema.CONSENT).list.len().fill_null(0) == 0)).alias("unstated"),
        closed.alias("closed_label"),
        pl.when(~is_silent & (tier == "unknown"))
        .then(pl.lit("rights_tier=unknown"))
        .when(bound_tier.is_not_null() & ~bound_tier.is_in(list(admit)))
        .then(pl.concat_str(pl.lit("rights_tier="), bound_tier))
        .when(pl.col("opted_out") != "")
        .then(pl.concat_str(pl.lit("opt_out="), "opted_out"))
        .when(pl.col("lack") != "")
        .then(pl.concat_str(pl.lit("uses_lack="), "lack"))
        .otherwise(pl.coalesce(pl.when(bound_end.is_not_null()).then(ended), embargo))
        .alias("closed_copies"),
        "bound_tier",
        "withheld",
        "bound_end",
    )


def _existing_or(rows: pl.DataFrame, name: str, value: pl.Expr) -> pl.Expr:
    """Return the rows' column of this name, or the value if they lack it."""
    return pl.coalesce(name, value) if name in rows.columns else value


def _of_source(source: pl.Expr, values: Mapping[str, Any], kind: pl.DataType) -> pl.Expr:
    if not values:
        return pl.lit(None, kind)
    return source.replace_strict(list(values), list(values.values()), default=None, return_dtype=kind)


def _tiers_of_labels(labels: pl.Series) -> pl.Series:
    """Return the most open tier that each row's labels allow; null if they allow every tier."""
    tiers = {lines: narrowed_tier("open", lines.splitlines()) for lines in labels.unique()}
    limits = {lines: None if tier == "open" else tier for lines, tier in tiers.items()}
    return labels.replace_strict(list(limits), list(limits.values()), return_dtype=pl.String)


# Statements that a release stores because they restricted a document or kept it out.
REMEMBERED: Final = pl.Schema(
    {name: schema.RELEASE_SCHEMA[name] for name in ("doc_id", "source_id", "country", "text_hash", *TERMS[:-1])}
    | dict.fromkeys(("labels", "bound_tier", "withheld", "over"), pl.String())
    | {"bound_end": pl.Date()}
)


def dropped_statements(run: InputRun) -> Iterator[pl.DataFrame]:
    """Yield the documents that a run dropped, with their terms and `copy_of`; their terms may restrict their copies.

    Raises:
        ReleaseError: a file can't be read.
    """
    read_columns = ("doc_id", "source_id", "country", "obtained", "text_hash", *TERMS[:-1], "consent", "opt_outs")
    for path in run.files("dropped"):
        try:
            with pq.ParquetFile(path) as file:
                existing = set(file.schema_arrow.names)
                columns = [name for name in (*read_columns, "duplicate_of", "drop_reason") if name in existing]
                for frame in read_batches(file, columns):
                    yield _dropped(frame)
        except (pa.ArrowException, OSError, pl.exceptions.PolarsError) as error:
            raise unreadable(path, error) from error


def _dropped(frame: pl.DataFrame) -> pl.DataFrame:
    rows = schema.conform(frame, schema.DOCUMENT_SCHEMA).filter(pl.col("drop_reason").ne_missing(WITHDRAWN))
    copy_of = pl.when(pl.col("drop_reason") == "duplicate").then("duplicate_of").alias("copy_of")
    return completed(rows).with_columns(rows.select(copy_of))


def remembered_statements(store: Store) -> Iterator[pl.DataFrame]:
    """Yield the statements that the releases of a store have stored, with the columns of a release.

    Those of all releases apply: an old run may be built again under another name.

    Raises:
        ReleaseError: a file can't be read.
    """
    files = remote.matching(store.filesystem, f"{glob.escape(store.root)}/releases/*/{FILE}")
    frames = [_read(store, PurePosixPath(file).parts[-2]) for file in sorted(files)]
    rows = pl.concat([pl.DataFrame(schema=REMEMBERED), *frames]).unique(maintain_order=True)
    if rows.is_empty():
        return
    labels = pl.col("labels").fill_null("").str.split("\n").list.eval(pl.element().filter(pl.element() != ""))
    label = pl.struct(id=pl.lit(None, pl.String), label=pl.element(), community=pl.lit(None, pl.String))
    consent = labels.list.eval(label).cast(schema.CONSENT)
    stored_columns = rows.select("bound_tier", "withheld", "over", "bound_end")
    frame = schema.conform(rows.with_columns(consent.alias("consent")), schema.RELEASE_SCHEMA)
    yield frame.with_columns(stored_columns)


def remember(store: Store, name: str, remembered: pl.DataFrame, lifted: Collection[str]) -> None:
    """Store the statements that apply to later versions of a release. The caller holds the release's claim.

    Earlier statements about the documents in `lifted` are removed, since an agreement lifts them.
    """
    stored = _read(store, name)
    still_valid = stored.filter(~pl.col("doc_id").is_in(list(lifted)))
    rows = pl.concat([still_valid, remembered]).unique().sort("doc_id", pl.struct(pl.exclude("doc_id")).hash())
    if not rows.equals(stored):
        write_rows(store, rows, name, FILE)


def _read(store: Store, name: str) -> pl.DataFrame:
    return read_rows(store, name, FILE, REMEMBERED, _("take it from a copy of the store"))


def may_restrict_others(terms_by_source: Mapping[str, SourceTerms]) -> pl.Expr:
    """Whether each light row may change the terms of another document.

    A row may if it restricts copies, or if its dates differ from its source's.
    """
    source = pl.col("source_id").cast(pl.String)
    unknown = ~source.is_in(list(terms_by_source))
    days = [
        pl.col(name).is_not_null()
        & pl.col(name)
        .dt.to_string()
        .ne_missing(
            _of_source(
                source,
                {key: str(terms.days[place] or "") for key, terms in terms_by_source.items() if terms.days},
                pl.String(),
            )
        )
        for place, name in enumerate(("expires", "embargo_until"))
    ]
    restricts = [pl.col(name).is_not_null() for name in RESTRICTING]
    return unknown | pl.any_horizontal(*restricts, *days)
