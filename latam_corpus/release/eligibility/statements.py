"""What else is stated of documents: by rows that a run dropped, and by what a release remembers of earlier versions."""

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
from latam_corpus.errors import ReleaseError
from latam_corpus.messages import _
from latam_corpus.release.eligibility.build_inputs import completed
from latam_corpus.release.storing.shard_file import read_batches
from latam_corpus.release.storing.store_tables import read_rows, write_rows
from latam_corpus.storage import remote

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence

    from latam_corpus.release.eligibility.build_inputs import Run
    from latam_corpus.release.storing.manifest import Manifest
    from latam_corpus.release.storing.store import Store

_CATEGORY: Final = pl.Categorical()
# What a light row states of its terms, beside what it has anyway.
STATED: Final = pl.Schema(
    {
        "agreement": _CATEGORY,
        "unstated": pl.Boolean(),  # nobody has stated its rights
        "closed_label": _CATEGORY,  # the reason by which a label keeps out all copies
        "closed_copies": _CATEGORY,  # the reason by which a restriction does
        "bound_tier": _CATEGORY,  # no copy is more open than this
        "withheld": _CATEGORY,  # uses that no copy has
        "bound_end": pl.Date(),  # the last day of every copy
        "copy_of": pl.String(),  # the document as a copy of which a run dropped it
        "over": pl.String(),  # agreements, one a line, over which it has prevailed
        "statement": pl.Boolean(),  # of a row that is in no version: it only states something
    }
)
FILE: Final = "terms.parquet"
LINKS: Final = pl.Schema({"doc_id": pl.String(), "duplicate_of": pl.String()})
_RANK: Final = {tier: rank for rank, tier in enumerate(vocabulary.RIGHTS_TIERS)}
TERMS: Final = ("rights", "rights_tier", "basis", "uses", "agreement", "expires", "embargo_until", "labels")
RESTRICTING: Final = ("closed_label", "closed_copies", "bound_tier", "withheld", "bound_end")


class Given(NamedTuple):
    """The terms of a source as its file states them.

    Attributes:
        days: when it expires and its embargo ends, ISO 8601; None if that is unknown.
    """

    tier: str
    uses: tuple[str, ...]
    days: tuple[str | None, str | None] | None = (None, None)


def given_by(sources: Mapping[str, Mapping[str, Any]]) -> dict[str, Given]:
    """Return the terms of a run's sources that state rights, by id.

    Args:
        sources: as `run.json` has them.
    """
    given = {}
    for source_id, source in sources.items():
        rights = source.get("rights")
        if not rights or "uses" not in rights:
            continue
        records = (source.get("consent") or {}).get("records") or ()
        labels = [one["label"] for one in records if one.get("label")]
        scopes = [one["scope"] for one in records if one.get("scope") is not None]
        uses = tuple(use for use in rights["uses"] if all(use in scope for scope in scopes))
        ends = [day for one in (rights, *records) if (day := one.get("expires"))]
        tier = narrowed_tier(rights.get("tier") or tier_of(rights.get("statement")), labels)
        given[source_id] = Given(tier, uses, (min(ends, default=None), rights.get("embargo_until")))
    return given


def given_by_version(manifest: Manifest) -> dict[str, Given]:
    """Return the most open tier of each source's documents in a version, which names neither uses nor days."""
    tiers: dict[str, str] = {}
    for entry in manifest.sources:
        tiers[entry.source_id] = min((entry.rights_tier, tiers.get(entry.source_id, "unknown")), key=openness)
    return {source_id: Given(tier, (), None) for source_id, tier in tiers.items()}


def holders_of(runs: Iterable[Run], parent: Manifest | None) -> dict[str, str]:
    """Return who holds each source, by its id."""
    holders = {entry.source_id: entry.holder or "" for entry in (parent.sources if parent else ())}
    for run in runs:
        holders |= {source_id: str(source.get("holder") or "") for source_id, source in run.sources.items()}
    return {source_id: " ".join(holder.casefold().split()) for source_id, holder in holders.items()}


def restrictions(
    judged: pl.DataFrame,
    given: Mapping[str, Given],
    admit: Sequence[str],
    asked: Sequence[str],
    labels: pl.Expr,
    closed: pl.Expr,
    ended: pl.Expr,
    embargo: pl.Expr,
) -> pl.DataFrame:
    """Return what each row states that binds copies of it: the columns of STATED up to `bound_end`.

    Args:
        judged: rows with their terms, and what is remembered of `bound_tier`, `withheld` and `bound_end`.
        given: the terms of their sources, by id.
        admit: the rights tiers that the release admits.
        asked: the uses that it asks for.
        labels: the labels of a row, one a line.
        closed: the reason by which labels keep a row out.
        ended: the reason by which its end does.
        embargo: the reason by which an embargo does.
    """
    source, tier = (pl.col(name).cast(pl.String) for name in ("source_id", "rights_tier"))
    rank = tier.replace_strict(_RANK, default=len(_RANK), return_dtype=pl.Int8)
    silent = [one for one in judged["rights"].unique() if says_nothing(one)]
    is_silent = pl.col("rights").is_in(silent, nulls_equal=True) & (tier == "unknown")
    tiers = {name: _RANK[one.tier] for name, one in given.items()}
    beyond = rank > _of_source(source, tiers, pl.Int8()).fill_null(len(_RANK))
    by_label = labels.map_batches(_tiers_of_labels, return_dtype=pl.String)
    bound_tier = _or_known(judged, "bound_tier", pl.when(~is_silent & beyond).then(tier).otherwise(by_label))
    signals = pl.col("opt_outs").cast(schema.DOCUMENT_SCHEMA["opt_outs"]).list.eval(pl.element().struct.field("signal"))
    held: dict[str, pl.Expr] = {}
    for use in vocabulary.USES:
        names = [signal for signal, uses in WITHHELD.items() if use in uses]
        refused = signals.list.eval(pl.element().is_in(names)).list.any().fill_null(value=False)
        allows = {name: use in one.uses for name, one in given.items()}
        narrowed = _of_source(source, allows, pl.Boolean()).fill_null(value=False) & ~pl.col("uses").list.contains(use)
        held[use] = pl.when(refused | (~is_silent & narrowed)).then(pl.lit(use))
    withheld = _or_known(
        judged, "withheld", pl.concat_str(*held.values(), separator=",", ignore_nulls=True).replace("", None)
    )
    ends = {name: str(one.days[0] or date.max) for name, one in given.items() if one.days}
    is_shorter = pl.col("expires") < _of_source(source, ends, pl.String()).str.to_date()
    bound_end = _or_known(judged, "bound_end", pl.when(is_shorter).then("expires"))
    lacks = (pl.when(withheld.str.contains(use)).then(pl.lit(use)) for use in vocabulary.USES if use in asked)
    lack = pl.concat_str(*lacks, separator=",", ignore_nulls=True)
    refusing = [signal for signal, uses in WITHHELD.items() if uses.intersection(asked)]
    opted_out = signals.list.eval(pl.element().filter(pl.element().is_in(refusing)).unique().sort()).list.join(",")
    return judged.select(
        "agreement",
        (is_silent & (pl.col("consent").cast(schema.CONSENT).list.len().fill_null(0) == 0)).alias("unstated"),
        closed.alias("closed_label"),
        pl.when(~is_silent & (tier == "unknown"))
        .then(pl.lit("rights_tier=unknown"))
        .when(bound_tier.is_not_null() & ~bound_tier.is_in(list(admit)))
        .then(pl.concat_str(pl.lit("rights_tier="), bound_tier))
        .when(opted_out.fill_null("") != "")
        .then(pl.concat_str(pl.lit("opt_out="), opted_out))
        .when(lack != "")
        .then(pl.concat_str(pl.lit("uses_lack="), lack))
        .otherwise(pl.coalesce(pl.when(bound_end.is_not_null()).then(ended), embargo))
        .alias("closed_copies"),
        bound_tier.alias("bound_tier"),
        withheld.alias("withheld"),
        bound_end.alias("bound_end"),
    )


def _or_known(rows: pl.DataFrame, name: str, value: pl.Expr) -> pl.Expr:
    """Return what rows have of a column already, else the value."""
    return pl.coalesce(name, value) if name in rows.columns else value


def _of_source(source: pl.Expr, values: Mapping[str, Any], kind: pl.DataType) -> pl.Expr:
    if not values:
        return pl.lit(None, kind)
    return source.replace_strict(list(values), list(values.values()), default=None, return_dtype=kind)


def _tiers_of_labels(labels: pl.Series) -> pl.Series:
    """Return the tier than which nothing under these labels is more open; null where they bind none."""
    tiers = {one: narrowed_tier("open", one.splitlines()) for one in labels.unique()}
    bound = {one: None if tier == "open" else tier for one, tier in tiers.items()}
    return labels.replace_strict(list(bound), list(bound.values()), return_dtype=pl.String)


# What a release remembers of documents that a stricter statement narrowed or kept out.


REMEMBERED: Final = pl.Schema(
    {name: schema.RELEASE_SCHEMA[name] for name in ("doc_id", "source_id", "country", "text_hash", *TERMS[:-1])}
    | dict.fromkeys(("labels", "bound_tier", "withheld", "over"), pl.String())
    | {"bound_end": pl.Date()}
)


def dropped_statements(run: Run) -> Iterator[pl.DataFrame]:
    """Yield the documents that a run dropped, with their terms and `copy_of`: what they state may bind another one.

    Raises:
        ReleaseError: a file can't be read.
    """
    wanted = ("doc_id", "source_id", "country", "obtained", "text_hash", *TERMS[:-1], "consent", "opt_outs")
    for path in run.files("dropped"):
        try:
            with pq.ParquetFile(path) as file:
                there = set(file.schema_arrow.names)
                columns = [name for name in (*wanted, "duplicate_of", "drop_reason") if name in there]
                for frame in read_batches(file, columns):
                    yield _dropped(frame)
        except (pa.ArrowException, OSError, pl.exceptions.PolarsError) as error:
            raise ReleaseError(
                str(path), _("it can't be read: {cause}", cause=error), _("run the recipe again")
            ) from error


def _dropped(frame: pl.DataFrame) -> pl.DataFrame:
    rows = schema.conform(frame, schema.DOCUMENT_SCHEMA).filter(pl.col("drop_reason").ne_missing(WITHDRAWN))
    copy_of = pl.when(pl.col("drop_reason") == "duplicate").then("duplicate_of").alias("copy_of")
    return completed(rows).with_columns(rows.select(copy_of))


def remembered_statements(store: Store) -> Iterator[pl.DataFrame]:
    """Yield what earlier versions of all releases of a store have left to heed.

    A document on former terms stays out of every release: an old run may be built again under another name.

    Raises:
        ReleaseError: it can't be read.
    """
    files = remote.matching(store.filesystem, f"{glob.escape(store.root)}/releases/*/{FILE}")
    frames = [_read(store, PurePosixPath(file).parts[-2]) for file in sorted(files)]
    rows = pl.concat([pl.DataFrame(schema=REMEMBERED), *frames]).unique(maintain_order=True)
    if rows.is_empty():
        return
    labels = pl.col("labels").fill_null("").str.split("\n").list.eval(pl.element().filter(pl.element() != ""))
    label = pl.struct(id=pl.lit(None, pl.String), label=pl.element(), community=pl.lit(None, pl.String))
    consent = labels.list.eval(label).cast(schema.CONSENT)
    known = rows.select("bound_tier", "withheld", "over", "bound_end")
    frame = schema.conform(rows.with_columns(consent.alias("consent")), schema.RELEASE_SCHEMA)
    yield frame.with_columns(known)


def remember(store: Store, name: str, remembered: pl.DataFrame, lifted: Collection[str]) -> None:
    """Keep what later versions must heed, without what an agreement lifts; whoever writes holds the release's claim.

    Args:
        store: where the release is.
        name: its name.
        remembered: REMEMBERED, of `bound`.
        lifted: documents whose earlier statements are lifted.
    """
    known = _read(store, name)
    stay = known.filter(~pl.col("doc_id").is_in(list(lifted)))
    rows = pl.concat([stay, remembered]).unique().sort("doc_id", pl.struct(pl.exclude("doc_id")).hash())
    if not rows.equals(known):
        write_rows(store, rows, name, FILE)


def _read(store: Store, name: str) -> pl.DataFrame:
    return read_rows(store, name, FILE, REMEMBERED, _("take it from a copy of the store"))


def matters(given: Mapping[str, Given]) -> pl.Expr:
    """Whether a light row may bind another document: it restricts copies, or its days aren't its source's.

    Args:
        given: the terms of its run's sources, by id.
    """
    source = pl.col("source_id").cast(pl.String)
    unknown = ~source.is_in(list(given))
    days = [
        pl.col(name).is_not_null()
        & pl.col(name)
        .dt.to_string()
        .ne_missing(
            _of_source(source, {key: str(one.days[place] or "") for key, one in given.items() if one.days}, pl.String())
        )
        for place, name in enumerate(("expires", "embargo_until"))
    ]
    restricts = [pl.col(name).is_not_null() for name in RESTRICTING]
    return unknown | pl.any_horizontal(*restricts, *days)
