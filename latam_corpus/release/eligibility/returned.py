"""Documents that come back into a version since a hold has ended: out of the versions of the release that had them."""

from __future__ import annotations

from typing import TYPE_CHECKING

import polars as pl

from latam_corpus import schema
from latam_corpus.release.eligibility.build_inputs import Part
from latam_corpus.release.eligibility.removals import REPLACED
from latam_corpus.release.eligibility.replacement_copies import LINKS, links_of
from latam_corpus.release.storing.store_tables import read_ledger

if TYPE_CHECKING:
    from latam_corpus.release.storing.manifest import Manifest
    from latam_corpus.release.storing.store import Store
    from latam_corpus.release.storing.withdrawal_log import WithdrawalLog


def returned_parts(store: Store, old: Manifest, log: WithdrawalLog) -> tuple[list[Part], list[Manifest]]:
    """Return where the documents are whose holds have ended since a version was made, and the versions that had them.

    Args:
        store: where it is.
        old: the version that the next one is built upon.
        log: the store's.
    """
    holds = {entry.number: entry for entry in log.entries if entry.kind == "hold"}
    since = log.entries[old.withdrawal_sequence :]
    ended = [holds[entry.of] for entry in since if entry.kind == "return" and entry.of in holds]
    wanted = pl.concat([log.rows.clear().select("object", "doc_id"), *(log.table(entry, "rows") for entry in ended)])
    parts: list[Part] = []
    had: list[Manifest] = []
    found = wanted["doc_id"].clear()
    for manifest in store.lineage(old) if wanted.height else ():
        for shard in manifest.shards:
            now = log.resolved(shard)
            mine = wanted.filter(
                pl.col("object").is_in(log.digests_of(shard)) & ~pl.col("doc_id").is_in(found.implode())
            )["doc_id"].unique(maintain_order=True)
            if now is None or mine.is_empty():
                continue
            parts.append(Part("", f"{manifest.spec}, {shard.path}", now.object, store, only=mine))
            found = pl.concat([found, mine])
            if manifest not in had:
                had.append(manifest)
    return parts, had


def stand_ins(store: Store, old: Manifest, log: WithdrawalLog) -> pl.DataFrame:
    """Return the documents that came in the place of held ones, REPLACED: they give way where these are back.

    One that says something else by now has a place of its own.

    Args:
        store: where it is.
        old: the version that the next one is built upon.
        log: the store's.
    """
    first = min(entry.number for entry in log.entries if entry.kind == "hold")
    since = [manifest for manifest in store.lineage(old) if manifest.withdrawal_sequence >= first]
    links = [pl.DataFrame(schema=LINKS), *(links_of(store, manifest) for manifest in since)]
    placed = pl.concat(links).filter("released")
    if placed.is_empty():
        return pl.DataFrame(schema=REPLACED)
    there = (pl.col("verdict") == "released") & pl.col("doc_id").is_in(placed["doc_id"].implode())
    now = read_ledger(store, old.name, old.version, where=there).select("doc_id", now="text_hash_after")
    same = pl.coalesce("now", "text_hash_after") == pl.col("text_hash_after")
    rows = placed.join(now, on="doc_id", how="left").filter(same).select("doc_id", duplicate_of="of", run=pl.lit(""))
    return schema.conform(rows.unique(), REPLACED)
