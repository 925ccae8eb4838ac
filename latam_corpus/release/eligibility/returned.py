"""Find documents that return after a hold, in the earlier versions that had them."""

from __future__ import annotations

from typing import TYPE_CHECKING

import polars as pl

from latam_corpus import schema
from latam_corpus.release.eligibility.build_inputs import InputPart
from latam_corpus.release.eligibility.removals import REPLACED
from latam_corpus.release.eligibility.replacement_copies import COPY_LINKS, links_of
from latam_corpus.release.storing.store_tables import read_ledger

if TYPE_CHECKING:
    from latam_corpus.release.storing.manifest import Manifest
    from latam_corpus.release.storing.store import Store
    from latam_corpus.release.storing.withdrawal_log import WithdrawalLog


def returned_parts(store: Store, old: Manifest, log: WithdrawalLog) -> tuple[list[InputPart], list[Manifest]]:
    """Return the files with documents whose holds ended after the parent version, and the versions of these files."""
    holds = {entry.number: entry for entry in log.entries if entry.kind == "hold"}
    since = log.entries[old.withdrawal_sequence :]
    ended = [holds[entry.of] for entry in since if entry.kind == "return" and entry.of in holds]
    returned_rows = pl.concat(
        [log.rows.clear().select("object", "doc_id"), *(log.table(entry, "rows") for entry in ended)]
    )
    parts: list[InputPart] = []
    versions: list[Manifest] = []
    found_ids = returned_rows["doc_id"].clear()
    for manifest in store.lineage(old) if returned_rows.height else ():
        for shard in manifest.shards:
            now = log.resolved(shard)
            ids = returned_rows.filter(
                pl.col("object").is_in(log.digests_of(shard)) & ~pl.col("doc_id").is_in(found_ids.implode())
            )["doc_id"].unique(maintain_order=True)
            if now is None or ids.is_empty():
                continue
            parts.append(InputPart("", f"{manifest.spec}, {shard.path}", now.object, store, only=ids))
            found_ids = pl.concat([found_ids, ids])
            if manifest not in versions:
                versions.append(manifest)
    return parts, versions


def stand_ins(store: Store, old: Manifest, log: WithdrawalLog) -> pl.DataFrame:
    """Return the copies that were released in place of held documents, REPLACED.

    They are left out again when these documents return, unless their text has changed since.
    """
    first = min(entry.number for entry in log.entries if entry.kind == "hold")
    since = [manifest for manifest in store.lineage(old) if manifest.withdrawal_sequence >= first]
    links = [pl.DataFrame(schema=COPY_LINKS), *(links_of(store, manifest) for manifest in since)]
    placed = pl.concat(links).filter("released")
    if placed.is_empty():
        return pl.DataFrame(schema=REPLACED)
    still_released = (pl.col("verdict") == "released") & pl.col("doc_id").is_in(placed["doc_id"].implode())
    now = read_ledger(store, old.name, old.version, where=still_released).select("doc_id", now="text_hash_after")
    unchanged = pl.coalesce("now", "text_hash_after") == pl.col("text_hash_after")
    rows = (
        placed.join(now, on="doc_id", how="left").filter(unchanged).select("doc_id", duplicate_of="of", run=pl.lit(""))
    )
    return schema.conform(rows.unique(), REPLACED)
