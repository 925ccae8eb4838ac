"""Record documents whose terms have lapsed in the withdrawal log.

The next version omits a document whose permission has expired, for which `rights recheck` found an opt-out, or which
its repository deleted. From then on readers skip it in older versions too, and `release check-lock` names it. Unlike a
withdrawal, a lapse doesn't affect later builds: each build judges the terms again, and lifts the lapse of a released
document.
"""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING, Final

import polars as pl

from latam_corpus import schema
from latam_corpus.catalog.optout.opt_out import WITHHELD
from latam_corpus.collect.records import WITHDRAWN
from latam_corpus.release.eligibility.strictest import STRICTER
from latam_corpus.release.refusals.opt_outs import read_opt_outs, withholding_rows
from latam_corpus.release.storing.shard_file import may_be_below, read_batches
from latam_corpus.release.storing.store_tables import open_shard
from latam_corpus.release.storing.withdrawal_log import (
    LIFTED,
    ROWS,
    add_entry,
    asked_hash,
    read_log,
    request_name,
    time_after,
)

if TYPE_CHECKING:
    from collections.abc import Iterable
    from datetime import date, datetime

    from latam_corpus.release.eligibility.decided_rows import IdRange
    from latam_corpus.release.storing.manifest import Manifest
    from latam_corpus.release.storing.store import Store
    from latam_corpus.release.storing.withdrawal_log import By, Kind, WithdrawalLog

_OPT_OUT: Final = "opt_out="
_EXPIRED: Final = "expires<"
_NO_IDS: Final = pl.Series("doc_id", [], pl.String)
_BY: Final[tuple[By, ...]] = ("deletion", "terms")


def enter_lapses(
    store: Store,
    log: WithdrawalLog,
    old: Manifest,
    ranges: Iterable[IdRange],
    now: datetime,
) -> WithdrawalLog:
    """Log the documents of the parent version that lapsed or returned, and return the new log.

    Raises:
        ReleaseError: a version or the log can't be read, or another process has added to the log.
    """
    entries = [entry for entry in log.entries if entry.kind == "lapse" and entry.release == old.name]
    lapses = [(entry, log.lapsed(entry)["doc_id"].unique().sort()) for entry in entries]
    lapsed = pl.concat([_NO_IDS, *(ids for _, ids in lapses)])
    released_again = [_NO_IDS]
    left_out = [pl.DataFrame(schema=dict.fromkeys(("doc_id", "reason"), pl.String()))]
    for part in ranges:
        released = part.released["doc_id"]
        released_again.append(released.filter(released.is_in(lapsed.implode())))
        is_withdrawn = pl.coalesce("withdrawal", "withdrawal_by_text").is_not_null()
        is_released = pl.col("doc_id").is_in(released.implode())
        in_parent = pl.col("doc_id").is_in(part.parent_ids["doc_id"].implode())
        reasons = [reason for reason in part.left_out["reason"].unique() if _lapse(reason, old)]
        is_lapse = ~is_withdrawn & ~is_released & in_parent & pl.col("reason").is_in(reasons)
        left_out.append(part.left_out.filter(is_lapse).select(left_out[0].columns))
    returned = pl.concat(released_again)
    for entry, ids in lapses:
        lifted_ids = ids.filter(ids.is_in(returned.implode()))
        if len(lifted_ids):
            lifted = pl.DataFrame({"doc_id": lifted_ids}, schema=LIFTED)
            log = _with_entry(log, old.name, now, "return", "request", entry.request, {"lifted": lifted}, entry.number)
    candidates = pl.concat(left_out)
    reasons_of = {reason: _lapse(reason, old) for reason in candidates["reason"].unique()}
    candidates = candidates.with_columns(
        pl.col("reason").replace_strict(reasons_of, return_dtype=pl.String).alias("by")
    )
    candidates = candidates.sort("by", maintain_order=True).unique("doc_id", keep="first", maintain_order=True)
    for by in _BY:
        rows = candidates.filter(by=by)
        if rows.is_empty():
            continue
        places = _places(store, log, old.name, rows["doc_id"])
        fresh = places.join(log.rows, on=ROWS.names(), how="anti")
        if fresh.height:
            counts = Counter(rows.join(fresh, on="doc_id", how="semi")["reason"].to_list())
            value = "; ".join(f"{reason}: {n}" for reason, n in sorted(counts.items()))
            log = _with_entry(log, old.name, now, "lapse", by, value, {"rows": fresh.sort(ROWS.names())})
    return log


def lapsing(log: WithdrawalLog, manifest: Manifest, today: date | None) -> pl.Series:
    """Return the ids of a version's documents whose terms have lapsed; the next version will leave them out.

    Without a day, the ends of permissions are ignored.

    Raises:
        ReleaseError: the list of opt-outs, a shard or the log can't be read.
    """
    refused = withholding_rows(manifest, read_opt_outs(log.store, manifest.name))["doc_id"].unique()
    if today is None and refused.is_empty():
        return _NO_IDS
    ids = [_NO_IDS]
    ended = pl.lit(value=False) if today is None else (pl.col("expires") < today).fill_null(value=False)
    has_lapsed = ended | pl.col("doc_id").is_in(refused.implode())
    for readable in log.readable(manifest):
        with open_shard(log.store, readable.shard, ("doc_id",)) as file:
            # Without opt-outs, read only row groups that may have an expired permission according to their statistics.
            groups = may_be_below(file, "expires", today) if refused.is_empty() else None
            frames = [schema.conform(frame, _JUDGED) for frame in read_batches(file, tuple(_JUDGED), groups)]
        ids += [frame.filter(readable.wanted() & has_lapsed)["doc_id"] for frame in frames]
    return pl.concat(ids).sort()


_JUDGED: Final = pl.Schema({name: schema.RELEASE_SCHEMA[name] for name in ("doc_id", "expires")})


def _lapse(reason: str, old: Manifest) -> By | None:
    """Return the kind of lapse that a reason states, or None if it states none.

    A document that is left out because the next version requires more uses, for example, hasn't lapsed.
    """
    reason = reason.removeprefix(STRICTER)
    if reason == WITHDRAWN:
        return "deletion"
    if reason.startswith(_OPT_OUT):
        signals = reason.removeprefix(_OPT_OUT).split(",")
        required = set(old.uses)
        return "terms" if any(uses & required for signal, uses in WITHHELD.items() if signal in signals) else None
    return "terms" if reason.startswith(_EXPIRED) else None


def _places(store: Store, log: WithdrawalLog, name: str, ids: pl.Series) -> pl.DataFrame:
    """Return the objects of a release's versions that contain these documents, ROWS."""
    shards = {}
    for manifest in store.manifests(name):
        for shard in manifest.shards:
            if now := log.resolved(shard):
                shards[now.sha256] = now
    frames = [pl.DataFrame(schema=ROWS)]
    for sha256, shard in shards.items():
        with open_shard(store, shard, ("doc_id",)) as file:
            for frame in read_batches(file, ("doc_id",)):
                rows = frame.filter(pl.col("doc_id").is_in(ids.implode()))
                frames.append(rows.select(pl.lit(sha256).alias("object"), "doc_id"))
    return pl.concat(frames)


def _with_entry(
    log: WithdrawalLog,
    release: str,
    now: datetime,
    kind: Kind,
    by: By,
    value: str,
    tables: dict[str, pl.DataFrame],
    of: int | None = None,
) -> WithdrawalLog:
    """Add an entry to the log, and return the new log."""
    selection_hash = asked_hash(by, value)
    request = request_name(kind, log.sequence + 1, log.head, by, selection_hash)
    fields = {"request": request, "release": release, "by": by, "asked": selection_hash, "because": value, "of": of}
    # The time of a build may precede the time of the last entry.
    add_entry(log, time_after(log, now), tables, kind=kind, **fields)
    return read_log(log.store)
