"""What changed from one version to another, and why: only shards that differ are read."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

import polars as pl
import pyarrow.parquet as pq

from latam_corpus import schema
from latam_corpus.release.card import table
from latam_corpus.release.parquet import read_batches
from latam_corpus.release.store import LEDGER

if TYPE_CHECKING:
    from collections.abc import Sequence

    from latam_corpus.release.manifest import Manifest
    from latam_corpus.release.store import Store

# What a change is called, and the columns that make it.
_KINDS: Final = {
    "text": ("text",),
    "rights": ("rights", "rights_tier", "basis", "uses", "agreement", "expires", "embargo_until", "consent"),
    "split": ("split",),
}
_OTHERS: Final = [
    name
    for name in schema.RELEASE_COLUMNS
    if name != "doc_id" and not any(name in columns for columns in _KINDS.values())
]


@dataclass(frozen=True)
class Change:
    """So many documents of a language added, removed or changed, for one reason."""

    what: str
    language: str
    reason: str
    rows: int


def diff(store: Store, old: Manifest | None, new: Manifest) -> list[Change]:
    """What changed, most rows first within added, removed and changed.

    A document that was added says why the old version left it out, one that was removed why the new one does,
    where their ledgers know; one that changed, what did: text, rights, split or the rest of its row.

    Args:
        store: where both are.
        old: the older version; None compares with nothing.
        new: the newer version, whose objects and ledger are in the store.
    """
    shared = {shard.sha256 for shard in old.shards} & {shard.sha256 for shard in new.shards} if old else set()
    before = _digests(store, old, shared) if old else pl.DataFrame(schema=_DIGESTS)
    after = _digests(store, new, shared)
    added = after.join(before, on="doc_id", how="anti")
    removed = before.join(after, on="doc_id", how="anti")
    both = before.join(after, on="doc_id", suffix="_new")
    kinds = [pl.when(pl.col(kind) != pl.col(f"{kind}_new")).then(pl.lit(kind)) for kind in (*_KINDS, "other columns")]
    changed = both.with_columns(pl.concat_str(kinds, separator=", ", ignore_nulls=True).alias("reason"))
    told = [
        _counted("added", _with_reasons(added, store, old, "was {}", "new")),
        _counted("removed", _with_reasons(removed, store, new, "{}", "not among the runs")),
        _counted("changed", changed.filter(pl.col("reason") != "")),
    ]
    return [Change(*row) for row in pl.concat(told).iter_rows()]


_DIGESTS: Final = pl.Schema(
    {"doc_id": pl.String(), "language": pl.String()} | dict.fromkeys((*_KINDS, "other columns"), pl.UInt64())
)


def _digests(store: Store, manifest: Manifest, shared: set[str]) -> pl.DataFrame:
    found = [pl.DataFrame(schema=_DIGESTS)]
    for shard in manifest.shards:
        if shard.sha256 in shared:
            continue
        with store.open(shard.object) as opened:
            for frame in read_batches(pq.ParquetFile(opened)):
                # The hashes live as long as this comparison; equal rows of one Polars have equal hashes.
                hashes = [
                    frame.select(columns).hash_rows().alias(kind)
                    for kind, columns in (*_KINDS.items(), ("other columns", tuple(_OTHERS)))
                ]
                found.append(frame.select("doc_id", "language").with_columns(hashes))
    return pl.concat(found)


def _with_reasons(
    rows: pl.DataFrame, store: Store, manifest: Manifest | None, told: str, otherwise: str
) -> pl.DataFrame:
    """The rows with the reason for which that version's ledger says it left them out."""
    reasons = pl.DataFrame(schema={"doc_id": pl.String(), "reason": pl.String()})
    if manifest and rows.height and LEDGER in manifest.files:
        ledger = store.read_ledger(manifest.name, manifest.version)
        reasons = ledger.filter(pl.col("verdict") == "dropped").unique("doc_id", keep="last", maintain_order=True)
    return rows.join(reasons.select("doc_id", "reason"), on="doc_id", how="left").with_columns(
        pl.format(told, "reason").fill_null(otherwise).alias("reason")
    )


def _counted(what: str, rows: pl.DataFrame) -> pl.DataFrame:
    return (
        rows.group_by("language", "reason")
        .len("rows")
        .select(pl.lit(what).alias("what"), "language", "reason", "rows")
        .sort(-pl.col("rows").cast(pl.Int64), "language", "reason")
    )


def changelog(manifest: Manifest, changes: Sequence[Change], earlier: str) -> str:
    """The text of CHANGELOG.md, newest version first.

    Args:
        manifest: the new version.
        changes: against its parent.
        earlier: the parent's CHANGELOG.md; empty when there is none.
    """
    totals = {what: sum(c.rows for c in changes if c.what == what) for what in ("added", "removed", "changed")}
    against = f", from {manifest.parent.version}" if manifest.parent else ""
    summary = ", ".join(f"{rows:,} {what}" for what, rows in totals.items())
    rows = [[c.what, c.language, f"`{c.reason}`", f"{c.rows:,}"] for c in changes]
    section = (
        f"## {manifest.version} ({manifest.created:%Y-%m-%d}{against})\n\n"
        f"{manifest.rows:,} documents: {summary}.\n\n"
        f"{table(['what', 'language', 'reason', 'documents'], rows)}\n"
    )
    head = f"# Changes of {manifest.name}\n"
    return f"{head}\n{section}{earlier.removeprefix(head)}"
