"""Documents that a version leaves out since their terms have lapsed, in the log where withdrawals are.

A permission that has expired, an opt-out that `rights recheck` has found and a deletion of a repository take a document
out of the next version. From then on readers don't give it of older versions either, and `release check-lock` names it.
It binds no build: whether its terms allow it is judged anew each time, and a document that is released again is lifted.
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
from latam_corpus.release.storing.manifest import load_manifest
from latam_corpus.release.storing.shard_file import may_be_below, read_batches
from latam_corpus.release.storing.store_tables import open_shard
from latam_corpus.release.storing.withdrawal_log import LIFTED, ROWS, add_entry, asked_hash, read_log, request_name

if TYPE_CHECKING:
    from collections.abc import Iterable
    from datetime import date, datetime

    from latam_corpus.release.eligibility.decided_rows import Range
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
    ranges: Iterable[Range],
    now: datetime,
) -> WithdrawalLog:
    """Write into the log what of a version lapsed, and what of it came back; return the log as it is then.

    Args:
        store: where the version is.
        log: as it was read.
        old: the version that the new one is built upon.
        ranges: what the new one has and leaves out.
        now: the time.

    Raises:
        ReleaseError: a version or the log can't be read, or somebody else has added to it.
    """
    entries = [one for one in log.entries if one.kind == "lapse" and one.release == old.name]
    lapses = [(entry, log.lapsed(entry)["doc_id"].unique().sort()) for entry in entries]
    lapsed = pl.concat([_NO_IDS, *(ids for _, ids in lapses)])
    there, gone = [_NO_IDS], [pl.DataFrame(schema=dict.fromkeys(("doc_id", "reason"), pl.String()))]
    for part in ranges:
        released = part.released["doc_id"]
        there.append(released.filter(released.is_in(lapsed.implode())))
        out = pl.coalesce("withdrawal", "said").is_null() & ~pl.col("doc_id").is_in(released.implode())
        had = pl.col("doc_id").is_in(part.had["doc_id"].implode())
        lapsing_now = [reason for reason in part.left_out["reason"].unique() if _lapse(reason, old)]
        gone.append(part.left_out.filter(out & had & pl.col("reason").is_in(lapsing_now)).select(gone[0].columns))
    returned = pl.concat(there)
    for entry, ids in lapses:
        back = ids.filter(ids.is_in(returned.implode()))
        if len(back):
            lifted = pl.DataFrame({"doc_id": back}, schema=LIFTED)
            log = _added(
                store, log, old.name, now, "return", "request", entry.request, {"lifted": lifted}, entry.number
            )
    named = pl.concat(gone)
    reasons_of = {reason: _lapse(reason, old) for reason in named["reason"].unique()}
    named = named.with_columns(pl.col("reason").replace_strict(reasons_of, return_dtype=pl.String).alias("by"))
    named = named.sort("by", maintain_order=True).unique("doc_id", keep="first", maintain_order=True)
    for by in _BY:
        rows = named.filter(by=by)
        if rows.is_empty():
            continue
        places = _places(store, log, old.name, rows["doc_id"])
        fresh = places.join(log.rows, on=ROWS.names(), how="anti")
        if fresh.height:
            reasons = Counter(rows.join(fresh, on="doc_id", how="semi")["reason"].to_list())
            value = "; ".join(f"{reason}: {n}" for reason, n in sorted(reasons.items()))
            log = _added(store, log, old.name, now, "lapse", by, value, {"rows": fresh.sort(ROWS.names())})
    return log


def lapsing(log: WithdrawalLog, manifest: Manifest, today: date | None) -> pl.Series:
    """Return the ids of a version's documents that the next one will leave out, since their terms don't allow it now.

    Args:
        log: of the store in which it is.
        manifest: the version.
        today: the day on which permissions are judged; None judges none.

    Raises:
        ReleaseError: the list of opt-outs, a shard or the log can't be read.
    """
    refused = withholding_rows(manifest, read_opt_outs(log.store, manifest.name))["doc_id"].unique()
    found = [pl.Series("doc_id", [], pl.String)]
    if today is None and refused.is_empty():
        return found[0]
    ended = pl.lit(value=False) if today is None else (pl.col("expires") < today).fill_null(value=False)
    gone = ended | pl.col("doc_id").is_in(refused.implode())
    for one in log.readable(manifest):
        with open_shard(log.store, one.shard, ("doc_id",)) as file:
            # What nobody refused is read where the statistics leave room for an end.
            groups = may_be_below(file, "expires", today) if refused.is_empty() else None
            frames = [schema.conform(frame, _JUDGED) for frame in read_batches(file, tuple(_JUDGED), groups)]
        found += [frame.filter(one.wanted() & gone)["doc_id"] for frame in frames]
    return pl.concat(found).sort()


_JUDGED: Final = pl.Schema({name: schema.RELEASE_SCHEMA[name] for name in ("doc_id", "expires")})


def _lapse(reason: str, old: Manifest) -> By | None:
    """Return what a reason is a lapse of; None where it is none, or the next version asks for more than the last."""
    reason = reason.removeprefix(STRICTER)
    if reason == WITHDRAWN:
        return "deletion"
    if reason.startswith(_OPT_OUT):
        signals = reason.removeprefix(_OPT_OUT).split(",")
        asked = set(old.uses)
        return "terms" if any(uses & asked for signal, uses in WITHHELD.items() if signal in signals) else None
    return "terms" if reason.startswith(_EXPIRED) else None


def _places(store: Store, log: WithdrawalLog, name: str, ids: pl.Series) -> pl.DataFrame:
    """Return in which objects documents are of all versions of a release, ROWS."""
    shards = {}
    for version in store.versions(name):
        for shard in load_manifest(store, name, version).shards:
            if now := log.resolved(shard):
                shards[now.sha256] = now
    frames = [pl.DataFrame(schema=ROWS)]
    for sha256, shard in shards.items():
        with open_shard(store, shard, ("doc_id",)) as file:
            for frame in read_batches(file, ("doc_id",)):
                mine = frame.filter(pl.col("doc_id").is_in(ids.implode()))
                frames.append(mine.select(pl.lit(sha256).alias("object"), "doc_id"))
    return pl.concat(frames)


def _added(
    store: Store,
    log: WithdrawalLog,
    release: str,
    now: datetime,
    kind: Kind,
    by: By,
    value: str,
    tables: dict[str, pl.DataFrame],
    of: int | None = None,
) -> WithdrawalLog:
    asked = asked_hash(by, value)
    # A build states its day as its time, which may be before the last entry's hour.
    time = max(now, log.entries[-1].time) if log.entries else now
    request = request_name(kind, log.sequence + 1, log.head, by, asked)
    fields = {"request": request, "release": release, "by": by, "asked": asked, "because": value, "of": of}
    add_entry(log, time, tables, kind=kind, **fields)
    return read_log(store)
