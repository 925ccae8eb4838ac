"""Refusals by site owners that concern released documents, and their effect on the next version.

Each release has one list, `releases/<name>/opt_outs.parquet`, with a row for each refusal of a document. `rights
recheck` updates it. Every build of the release reads it and leaves out documents for which a requested use is refused,
whether they come from the parent version or from a run.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any, Final, Protocol

import polars as pl

from latam_corpus import schema, vocabulary
from latam_corpus.catalog.optout.opt_out import ROBOTS, WITHHELD, root_of
from latam_corpus.catalog.rights import openness
from latam_corpus.dedupe.decide.order import REFUSED
from latam_corpus.messages import _
from latam_corpus.release.storing.shard_file import read_batches
from latam_corpus.release.storing.store_tables import open_shard, read_rows, write_rows
from latam_corpus.release.storing.withdrawal_log import read_log

if TYPE_CHECKING:
    from collections.abc import Collection, Iterator, Mapping

    from latam_corpus.catalog.optout.opt_out import OptOut
    from latam_corpus.release.storing.manifest import Manifest
    from latam_corpus.release.storing.store import Store

FILE: Final = "opt_outs.parquet"
_DOCUMENT_COLUMNS: Final = ("doc_id", "source_id", "url", "obtained")
# `since` is when the refusal was first read and `time` when it was last read. `retroactive` says whether it applies to
# documents that were obtained before.
LISTED: Final = pl.Schema(
    {
        **{name: schema.DOCUMENT_SCHEMA[name] for name in _DOCUMENT_COLUMNS},
        "signal": pl.String(),
        "value": pl.String(),
        "address": pl.String(),
        "time": pl.Datetime("us", "UTC"),
        "since": pl.Datetime("us", "UTC"),
        "retroactive": pl.Boolean(),
    }
)
_PERMISSION_SIGNAL: Final = "rsl-permission"
_PERMISSION: Final = "permission"
_MORE_OPEN: Final = [tier for tier in vocabulary.RIGHTS_TIERS if openness(tier) < openness(_PERMISSION)]
_REFUSED_USES: Final = pl.DataFrame(
    {"signal": list(WITHHELD), "refused_uses": [sorted(uses) for uses in WITHHELD.values()]},
    schema={"signal": pl.String(), "refused_uses": pl.List(pl.String())},
)
# Whether a refusal applies to a document; a document without a date may have been obtained after the refusal.
_APPLIES: Final = pl.col("retroactive") | (pl.col("obtained") >= pl.col("since")).fill_null(value=True)
_ALWAYS: Final = pl.lit(datetime(1, 1, 1, tzinfo=UTC))
_KEY: Final = ["doc_id", "signal", "value", "address"]


class ReadSite(Protocol):
    """A site whose files were read."""

    def opt_outs(self, url: str) -> list[OptOut]:
        """Return the refusals that the site's files state for a URL."""
        ...


def read_opt_outs(store: Store, name: str) -> pl.DataFrame:
    """Return the list of a release, with the columns LISTED; empty if the release has no list.

    Raises:
        ReleaseError: the list can't be read.
    """
    return read_rows(store, name, FILE, LISTED, _("run `latam-corpus rights recheck` again"))


def write_opt_outs(store: Store, name: str, refusals: pl.DataFrame) -> str:
    """Replace the list of a release and return its address."""
    write_rows(store, refusals.sort(*_KEY), name, FILE)
    return store.path("releases", name, FILE)


def web_documents(store: Store, manifest: Manifest, refusals: pl.DataFrame) -> pl.DataFrame:
    """Return the documents with a web address in a version or on the list.

    Returns:
        `doc_id`, `source_id`, `url` and `obtained`, sorted by `doc_id`.

    Raises:
        ReleaseError: a shard can't be read.
    """
    parts = [refusals.select(_DOCUMENT_COLUMNS).unique("doc_id", maintain_order=True)]
    for readable in read_log(store).readable(manifest):
        with open_shard(store, readable.shard, _DOCUMENT_COLUMNS) as file:
            frames = (frame.filter(readable.wanted()) for frame in read_batches(file, _DOCUMENT_COLUMNS))
            parts += [schema.conform(frame, parts[0].schema) for frame in frames]
    rows = pl.concat(parts).unique("doc_id", keep="last", maintain_order=True)
    return rows.filter(pl.col("url").str.contains("^https?://")).sort("doc_id")


def updated_opt_outs(
    documents: pl.DataFrame,
    sites: Mapping[str, ReadSite],
    refusals: pl.DataFrame,
    *,
    retroactive: bool,
    unread: Collection[str] = (),
) -> pl.DataFrame:
    """Return the updated list: the refusals that the sites of the documents state now.

    If a site, its robots.txt or another file couldn't be read, the refusals from it are kept. Refusals that a site
    withdrew are removed.

    Args:
        documents: the result of `web_documents`.
        sites: the sites that were read, by root URL.
        refusals: the former list.
        retroactive: whether a refusal applies to documents obtained before it was first read.
        unread: addresses of files that couldn't be read, on sites that could.
    """
    rows = [row for document in documents.iter_rows(named=True) for row in _refusals(document, sites)]
    names = (*_DOCUMENT_COLUMNS, "signal", "value", "address", "time")
    current = pl.DataFrame(rows, schema={name: LISTED[name] for name in names})
    first_read = refusals.select(*_KEY, "since").unique(_KEY, maintain_order=True)
    current = current.join(first_read, on=_KEY, how="left", maintain_order="left").with_columns(
        pl.col("since").fill_null(pl.col("time")), pl.lit(retroactive).alias("retroactive")
    )
    places = zip(refusals["url"], refusals["address"], strict=True)
    is_unread = [
        root not in sites or address in unread or root + ROBOTS in unread
        for root, address in ((root_of(url), address) for url, address in places)
    ]
    unread_rows = refusals.filter(pl.Series(is_unread, dtype=pl.Boolean))
    rows_of_both = pl.concat([schema.conform(current, LISTED), unread_rows])
    return rows_of_both.unique(_KEY, keep="first", maintain_order=True).sort(*_KEY)


def _refusals(document: Mapping[str, Any], sites: Mapping[str, ReadSite]) -> Iterator[dict[str, Any]]:
    """Yield a row for the list for each refusal that concerns a document."""
    site = sites.get(root_of(document["url"]))
    for opt_out in site.opt_outs(document["url"]) if site else ():
        yield {**document, **opt_out.row()}


@dataclass(frozen=True)
class OptOutList:
    """The list of a release, LISTED, as a build applies it."""

    rows: pl.DataFrame

    def narrowed(self, frame: pl.DataFrame) -> pl.DataFrame:
        """Apply the refusals to documents: extend `opt_outs`, and narrow `uses` and `rights_tier`."""
        if not self.rows.height:
            return frame
        documents = frame.select("doc_id", "obtained").with_row_index("row")
        matches = documents.join(self.rows.drop("obtained"), on="doc_id").filter(_APPLIES)
        if not matches.height:
            return frame
        grouped = (
            matches.join(_REFUSED_USES, on="signal")
            .sort("row", *_KEY)
            .group_by("row", maintain_order=True)
            .agg(
                pl.struct("signal", "value", "address", "time").alias("later"),
                pl.col("refused_uses").explode(),
                (pl.col("signal") == _PERMISSION_SIGNAL).any().alias("needs_permission"),
            )
        )
        opt_outs = schema.DOCUMENT_SCHEMA["opt_outs"]
        joined = frame.with_row_index("row").join(grouped, on="row", how="left", maintain_order="left")
        is_closed = pl.col("needs_permission").fill_null(value=False) & pl.col("rights_tier").is_in(_MORE_OPEN)
        return joined.with_columns(
            pl.concat_list(
                pl.col("opt_outs").cast(opt_outs).fill_null(pl.lit([], dtype=opt_outs)),
                pl.col("later").cast(opt_outs).fill_null(pl.lit([], dtype=opt_outs)),
            ).alias("opt_outs"),
            pl.when(pl.col("refused_uses").is_null())
            .then("uses")
            .otherwise(pl.col("uses").list.set_difference(pl.col("refused_uses")))
            .alias("uses"),
            pl.when(is_closed).then(pl.lit(_PERMISSION)).otherwise("rights_tier").alias("rights_tier"),
        ).select(frame.columns)


def withholding_rows(manifest: Manifest, refusals: pl.DataFrame) -> pl.DataFrame:
    """Return the rows of the list that keep documents out of a version with this version's terms."""
    return refusals.filter(_withholds(manifest.admit, manifest.uses) & _APPLIES)


def withheld_documents(refusals: pl.DataFrame, admit: Collection[str], uses: Collection[str]) -> pl.DataFrame:
    """Return the documents that the list keeps out of a release on these terms, each with a time (`order.REFUSED`)."""
    since = pl.when(pl.col("retroactive")).then(_ALWAYS).otherwise("since").alias("from")
    rows = refusals.filter(_withholds(admit, uses)).select("doc_id", since.cast(REFUSED["from"]))
    return rows.group_by("doc_id").agg(pl.col("from").min()).sort("doc_id")


def _withholds(admit: Collection[str], uses: Collection[str]) -> pl.Expr:
    """Return an expression for refusals that withhold a use, or require a permission that isn't admitted."""
    signals = [signal for signal, withheld in WITHHELD.items() if withheld & set(uses)]
    if _PERMISSION not in admit and _PERMISSION_SIGNAL not in signals:
        signals.append(_PERMISSION_SIGNAL)
    return pl.col("signal").is_in(signals)
