"""What owners refuse today of documents that were released before, and how the next version heeds it.

A release keeps one list, `releases/<name>/opt_outs.parquet`: a row for each refusal of a document. `rights recheck`
writes it anew; every build of the release reads it, and leaves out what it withholds of the uses that are asked for,
whether the document comes from the parent version or from a run.
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
_ABOUT: Final = ("doc_id", "source_id", "url", "obtained")
# `time` is when the refusal was read last, `since` when it was read first; `retroactive` says whether it counts for
# documents that were obtained before.
LISTED: Final = pl.Schema(
    {
        **{name: schema.DOCUMENT_SCHEMA[name] for name in _ABOUT},
        "signal": pl.String(),
        "value": pl.String(),
        "address": pl.String(),
        "time": pl.Datetime("us", "UTC"),
        "since": pl.Datetime("us", "UTC"),
        "retroactive": pl.Boolean(),
    }
)
_ASKING: Final = "rsl-permission"
_PERMISSION: Final = "permission"
_MORE_OPEN: Final = [tier for tier in vocabulary.RIGHTS_TIERS if openness(tier) < openness(_PERMISSION)]
_HELD: Final = pl.DataFrame(
    {"signal": list(WITHHELD), "held": [sorted(uses) for uses in WITHHELD.values()]},
    schema={"signal": pl.String(), "held": pl.List(pl.String())},
)
# Whether a refusal counts for a document; one without a date may have been obtained after it.
_COUNTS: Final = pl.col("retroactive") | (pl.col("obtained") >= pl.col("since")).fill_null(value=True)
_ALWAYS: Final = pl.lit(datetime(1, 1, 1, tzinfo=UTC))
_KEY: Final = ["doc_id", "signal", "value", "address"]


class Refusing(Protocol):
    """A site whose files were read."""

    def opt_outs(self, url: str) -> list[OptOut]:
        """Return what they refuse for a URL of it."""
        ...


def read_listed(store: Store, name: str) -> pl.DataFrame:
    """Return the release's list, with the columns LISTED; empty where there is none.

    Raises:
        ReleaseError: it can't be read.
    """
    return read_rows(store, name, FILE, LISTED, _("run `latam-corpus rights recheck` again"))


def write_listed(store: Store, name: str, listed: pl.DataFrame) -> str:
    """Write the release's list in the place of the former one; where it is."""
    write_rows(store, listed.sort(*_KEY), name, FILE)
    return store.path("releases", name, FILE)


def on_the_web(store: Store, manifest: Manifest, listed: pl.DataFrame) -> pl.DataFrame:
    """Return a version's documents with an address, and those that the list left out before: `doc_id`, `obtained`.

    Raises:
        ReleaseError: a shard can't be read.
    """
    parts = [listed.select(_ABOUT).unique("doc_id", maintain_order=True)]
    for one in read_log(store).readable(manifest):
        with open_shard(store, one.shard, _ABOUT) as file:
            frames = (frame.filter(one.wanted()) for frame in read_batches(file, _ABOUT))
            parts += [schema.conform(frame, parts[0].schema) for frame in frames]
    rows = pl.concat(parts).unique("doc_id", keep="last", maintain_order=True)
    return rows.filter(pl.col("url").str.contains("^https?://")).sort("doc_id")


def relisted(
    documents: pl.DataFrame,
    sites: Mapping[str, Refusing],
    listed: pl.DataFrame,
    *,
    retroactive: bool,
    unread: Collection[str] = (),
) -> pl.DataFrame:
    """Return the new list: what the sites refuse of the documents today.

    Of a site that couldn't be read, or its robots.txt, and of any other single file, what the list said before stands.
    A refusal that a site took back is gone.

    Args:
        documents: of `on_the_web`.
        sites: what was read, by root.
        listed: the list so far.
        retroactive: whether a refusal counts for documents obtained before it was first read.
        unread: addresses of files that couldn't be read, of sites that could.
    """
    rows = [row for document in documents.iter_rows(named=True) for row in _refusals(document, sites)]
    now = pl.DataFrame(rows, schema={name: LISTED[name] for name in (*_ABOUT, "signal", "value", "address", "time")})
    earlier = listed.select(*_KEY, "since").unique(_KEY, maintain_order=True)
    fresh = now.join(earlier, on=_KEY, how="left", maintain_order="left").with_columns(
        pl.col("since").fill_null(pl.col("time")), pl.lit(retroactive).alias("retroactive")
    )
    places = zip(listed["url"], listed["address"], strict=True)
    stands = [
        root not in sites or address in unread or root + ROBOTS in unread
        for root, address in ((root_of(url), address) for url, address in places)
    ]
    standing = listed.filter(pl.Series(stands, dtype=pl.Boolean))
    both = pl.concat([schema.conform(fresh, LISTED), standing])
    return both.unique(_KEY, keep="first", maintain_order=True).sort(*_KEY)


def _refusals(document: Mapping[str, Any], sites: Mapping[str, Refusing]) -> Iterator[dict[str, Any]]:
    site = sites.get(root_of(document["url"]))
    for one in site.opt_outs(document["url"]) if site else ():
        yield {**document, **one.row()}


@dataclass(frozen=True)
class Refused:
    """The list as a build uses it."""

    listed: pl.DataFrame

    def narrowed(self, frame: pl.DataFrame) -> pl.DataFrame:
        """Return the rows under the terms that the list leaves them: `opt_outs`, `uses` and `rights_tier`."""
        if not self.listed.height:
            return frame
        about = frame.select("doc_id", "obtained").with_row_index("row")
        hits = about.join(self.listed.rename({"obtained": "then"}), on="doc_id")
        hits = hits.filter(_COUNTS)
        if not hits.height:
            return frame
        grouped = (
            hits.join(_HELD, on="signal")
            .sort("row", *_KEY)
            .group_by("row", maintain_order=True)
            .agg(
                pl.struct("signal", "value", "address", "time").alias("later"),
                pl.col("held").explode(),
                (pl.col("signal") == _ASKING).any().alias("asking"),
            )
        )
        opt_outs = schema.DOCUMENT_SCHEMA["opt_outs"]
        joined = frame.with_row_index("row").join(grouped, on="row", how="left", maintain_order="left")
        asks = pl.col("asking").fill_null(value=False) & pl.col("rights_tier").is_in(_MORE_OPEN)
        return joined.with_columns(
            pl.concat_list(
                pl.col("opt_outs").cast(opt_outs).fill_null(pl.lit([], dtype=opt_outs)),
                pl.col("later").cast(opt_outs).fill_null(pl.lit([], dtype=opt_outs)),
            ).alias("opt_outs"),
            pl.when(pl.col("held").is_null())
            .then("uses")
            .otherwise(pl.col("uses").list.set_difference(pl.col("held")))
            .alias("uses"),
            pl.when(asks).then(pl.lit(_PERMISSION)).otherwise("rights_tier").alias("rights_tier"),
        ).select(frame.columns)


def leaving(manifest: Manifest, listed: pl.DataFrame) -> pl.DataFrame:
    """Return the rows of the list by which a document may not be in another version on this one's terms."""
    return listed.filter(_withholds(manifest.admit, manifest.uses) & _COUNTS)


def refused_to(listed: pl.DataFrame, admit: Collection[str], uses: Collection[str]) -> pl.DataFrame:
    """Return the documents that the list keeps out of a release on these terms, and from when on (`order.REFUSED`)."""
    since = pl.when(pl.col("retroactive")).then(_ALWAYS).otherwise("since").alias("from")
    rows = listed.filter(_withholds(admit, uses)).select("doc_id", since.cast(REFUSED["from"]))
    return rows.group_by("doc_id").agg(pl.col("from").min()).sort("doc_id")


def _withholds(admit: Collection[str], uses: Collection[str]) -> pl.Expr:
    wanted = set(uses)
    signals = [signal for signal, held in WITHHELD.items() if held & wanted]
    if _PERMISSION not in admit and _ASKING not in signals:
        signals.append(_ASKING)
    return pl.col("signal").is_in(signals)
