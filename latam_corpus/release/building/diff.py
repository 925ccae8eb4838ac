"""What changed from one version to another, and why: only shards that differ are read."""

from __future__ import annotations

from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING, Final

import numpy as np
import polars as pl

from latam_corpus import schema
from latam_corpus.errors import ReleaseError
from latam_corpus.extra_columns import EXTRA
from latam_corpus.messages import Message, _, enumerated
from latam_corpus.release.eligibility.build_inputs import Part, load_run
from latam_corpus.release.pages.changelog import NEW, Change, all_new, word_of
from latam_corpus.release.storing.manifest import load_manifest
from latam_corpus.release.storing.store_tables import LEDGER, read_ledger
from latam_corpus.release.storing.withdrawal_log import read_log
from latam_corpus.storage.spill import Spill, compact

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from latam_corpus.release.storing.manifest import Manifest
    from latam_corpus.release.storing.store import Store

# What a change is called, and the columns that make it.
_KINDS: Final = {
    "text": ("text",),
    "rights": ("rights", "rights_tier", "basis", "uses", "agreement", "expires", "embargo_until", "consent"),
    "split": ("split",),
}
_OTHERS: Final = [
    name
    for name in (*schema.RELEASE_COLUMNS, EXTRA)
    if name != "doc_id" and not any(name in columns for columns in _KINDS.values())
]


# How a reason is told that is no drop reason alone.
_WAS: Final = "was"
_UNKNOWN: Final = {
    "absent": _("not known: the run {a} isn't here"),
    "not run": _("source not run: {a}"),
    "failed": _("not among the runs, of which {a} {a:part|parts} failed"),
    "not among": _("not among the runs"),
}
# Of what it is told, and the document that is kept; `told` is null for a drop reason, or for what has changed.
_REASON: Final = pl.Struct({"told": pl.String(), "of": pl.List(pl.String()), "kept": pl.String()})


def _reason(told: str | None, *of: str | pl.Expr, kept: pl.Expr | None = None) -> pl.Expr:
    """Return a reason as a column; of what it is told, nulls are none."""
    return pl.struct(
        pl.lit(told, pl.String).alias("told"),
        pl.concat_list(pl.lit(one) if isinstance(one, str) else one for one in of).list.drop_nulls().alias("of"),
        (pl.lit(None, pl.String) if kept is None else kept).alias("kept"),
    )


def _sentence(told: str | None, of: Sequence[str], kept: str | None) -> Message:
    """Return a reason as a sentence.

    >>> str(_sentence("was", ["duplicate"], "7f20")), str(_sentence(None, ["text", "rights"], None))
    ('was duplicate of 7f20', 'text, rights')
    >>> _sentence("was", ["duplicate"], "7f20").translate("es"), str(_sentence("not run", ["cantos"], None))
    ('antes: dice lo mismo que otro (7f20)', 'source not run: cantos')
    """
    if told in _UNKNOWN:
        return _UNKNOWN[told].fill(a=", ".join(of))
    reason = enumerated(map(word_of, of))
    if kept is not None:
        reason = _("{a} of {b}", a=reason, b=kept)
    return _("was {a}", a=reason) if told == _WAS else reason


def diff(
    store: Store,
    old: Manifest | None,
    new: Manifest,
    runs: Mapping[str, Path] | None = None,
    folder: Path | None = None,
) -> list[Change]:
    """Return what changed, most rows first within added, removed and changed.

    A document that was added says why the old version, or one that it was built upon, left it out, one that was removed
    why the new one does: the version's ledger knows what its terms refused, its runs what they dropped, as long as they
    are still there; so do the versions between, where the new one was built upon them. One that changed says what did:
    text, rights, split or the rest of its row.

    Args:
        store: where both are.
        old: the older version; None compares with nothing.
        new: the newer version, whose objects and ledger are in the store.
        runs: the folders of the runs that are still there, by the runs' names; also those of versions between.
        folder: for files meanwhile; the system's for temporary ones when None.
    """
    if old is None:
        return all_new(new)
    there = runs or {}
    with TemporaryDirectory(prefix="latam-corpus-", dir=folder) as name:
        added, removed, changed = _differing(store, old, new, Path(name))
    since = list(_since(store, old, new))
    return [
        *_counted("added", _with_reasons(added, store, list(store.lineage(old)), there, _WAS, _reason(None, NEW))),
        *_counted("removed", _with_reasons(removed, store, since, there, None, _unknown_reason(since, there))),
        *_counted("changed", changed),
    ]


_ABOUT: Final = ("doc_id", "language", "source_id")
_REASONS: Final = pl.Schema({"doc_id": pl.String(), "reason": pl.String(), "kept": pl.String()})
_NAMED: Final = 20  # documents for which others fell are named
_DIGESTS: Final = pl.Schema(dict.fromkeys(_ABOUT, pl.String()) | dict.fromkeys((*_KINDS, "other columns"), pl.UInt64()))


_AT_ONCE: Final = 100_000  # documents of both versions that are compared together, about


def _differing(
    store: Store, old: Manifest, new: Manifest, folder: Path
) -> tuple[pl.DataFrame, pl.DataFrame, pl.DataFrame]:
    """Return the documents that were added and removed, and of those that changed the language and what did."""
    shared = {shard.sha256 for shard in old.shards} & {shard.sha256 for shard in new.shards}
    rows = sum(shard.rows for one in (old, new) for shard in one.shards if shard.sha256 not in shared)
    count = max(1, -(-rows // _AT_ONCE))
    spills = [Spill(folder / name) for name in ("before", "after")]
    for spill, manifest in zip(spills, (old, new), strict=True):
        for frame in _digests(store, manifest, shared):
            spill.add_by(frame, (frame["doc_id"].hash(0) % count).to_numpy().astype(np.int64))
        spill.flush()
    kinds = [pl.when(pl.col(kind) != pl.col(f"{kind}_new")).then(pl.lit(kind)) for kind in (*_KINDS, "other columns")]
    reason = _reason(None, *kinds).alias("reason")
    added, removed = ([pl.DataFrame(schema=dict.fromkeys(_ABOUT, pl.String))] for _side in range(2))
    changed = [pl.DataFrame(schema={"language": pl.String(), "reason": _REASON})]
    for number in range(count):
        before, after = (spill.take(number, _DIGESTS) for spill in spills)
        added.append(compact(after.join(before, on="doc_id", how="anti").select(_ABOUT)))
        removed.append(compact(before.join(after, on="doc_id", how="anti").select(_ABOUT)))
        both = before.join(after, on="doc_id", suffix="_new").select("language", reason)
        changed.append(both.filter(pl.col("reason").struct.field("of").list.len() > 0))
    return pl.concat(added), pl.concat(removed), pl.concat(changed)


def _digests(store: Store, manifest: Manifest, shared: set[str]) -> Iterator[pl.DataFrame]:
    log = read_log(store)
    for named in manifest.shards:
        if named.sha256 in shared:
            continue
        shard = log.resolved(named)
        if shard != named:  # of erased documents nothing is known but that they were there
            stood = log.digests_of(named)
            erased = pl.col("object").is_in(stood[:-1] if shard else stood)
            ids = log.rows.filter(erased).select("doc_id", language=pl.lit(named.language)).unique("doc_id")
            yield schema.conform(ids, _DIGESTS).with_columns(pl.exclude(_ABOUT).fill_null(0))
        # A version made before a column was thought of has null there.
        place = f"{store.url}, {shard.object}" if shard else ""
        for frame in Part("", place, shard.object if shard else "", store).batches():
            # The hashes live as long as this comparison; equal rows of one Polars have equal hashes.
            hashes = [
                frame.select(columns).hash_rows().alias(kind)
                for kind, columns in (*_KINDS.items(), ("other columns", tuple(_OTHERS)))
            ]
            yield frame.select(_ABOUT).with_columns(hashes)


def _since(store: Store, old: Manifest | None, new: Manifest) -> Iterator[Manifest]:
    """Yield the new version and those between that it was built upon, the newest first, as far as they are there."""
    last: Manifest | None = new
    while last and old and (last.name, last.version) != (old.name, old.version):
        yield last
        parent = last.parent.version if last.parent else None
        last = load_manifest(store, last.name, parent) if parent in store.versions(last.name) else None


def _with_reasons(
    rows: pl.DataFrame,
    store: Store,
    versions: Sequence[Manifest],
    runs: Mapping[str, Path],
    told: str | None,
    otherwise: pl.Expr,
) -> pl.DataFrame:
    """Give the rows with the reason for which one of these versions left them out, or its runs dropped them before."""
    reasons = pl.DataFrame(schema=_REASONS)
    kept = pl.col("evidence").str.json_path_match("$.kept").alias("kept")
    for manifest in versions:
        wanted = rows["doc_id"].filter(~rows["doc_id"].is_in(reasons["doc_id"].implode()))
        if wanted.is_empty():
            break
        frames = [reasons]
        if LEDGER in manifest.files:
            where = (pl.col("verdict") == "dropped") & pl.col("doc_id").is_in(wanted.implode())
            ledger = read_ledger(store, manifest.name, manifest.version, where=where)
            frames.append(ledger.select("doc_id", "reason", kept).reverse())
        frames += [_dropped(runs[run.id], wanted) for run in manifest.runs if run.id in runs]
        reasons = pl.concat(frames).unique("doc_id", keep="first", maintain_order=True)
    # A removed document that fell for another one names it; of many such the first are enough.
    named = reasons.join(rows.select("doc_id", "language"), on="doc_id", how="semi")["kept"].drop_nulls()
    shown = named.value_counts(sort=True).sort("count", "kept", descending=[True, False])["kept"].head(_NAMED)
    reason = _reason(told, pl.col("reason"), kept=pl.when(pl.col("kept").is_in(shown.implode())).then("kept"))
    known = reasons.drop_nulls("reason").select("doc_id", reason.alias("reason"))
    joined = rows.join(known, on="doc_id", how="left")
    return joined.with_columns(pl.when(pl.col("reason").is_not_null()).then("reason").otherwise(otherwise))


def _dropped(run: Path, wanted: pl.Series) -> pl.DataFrame:
    """Why a run dropped these documents, as far as it did.

    Raises:
        ReleaseError: a file of the run can't be read.
    """
    frames = [pl.DataFrame(schema=_REASONS)]
    for file in load_run(run).files("dropped"):
        try:
            rows = pl.read_parquet(file, glob=False, columns=["doc_id", "drop_reason", "duplicate_of"])
        except (OSError, pl.exceptions.PolarsError) as error:
            raise ReleaseError(
                str(file), _("it can't be read: {cause}", cause=error), _("run the recipe again")
            ) from error
        mine = rows.rename({"drop_reason": "reason", "duplicate_of": "kept"})
        frames.append(schema.conform(mine.filter(pl.col("doc_id").is_in(wanted.implode())), _REASONS))
    # An older record of the same document says less than why the later one fell.
    return pl.concat(frames).sort(pl.col("reason") == "superseded", maintain_order=True)


def _unknown_reason(lineage: Sequence[Manifest], runs: Mapping[str, Path]) -> pl.Expr:
    """Return what is known of a document of which neither a ledger nor a run that is there says anything."""
    every = [run for manifest in lineage for run in manifest.runs]
    absent = [run.id for run in every if run.id not in runs]
    if absent:
        return _reason("absent", absent[0])
    failed = sum(run.failed_parts for run in every)
    sources = sorted({source for run in every for source in load_run(runs[run.id]).sources})
    silent = _reason("failed", str(failed)) if failed else _reason("not among", "")
    return pl.when(~pl.col("source_id").is_in(sources)).then(_reason("not run", pl.col("source_id"))).otherwise(silent)


def _counted(what: str, rows: pl.DataFrame) -> list[Change]:
    counted = rows.group_by("language", "reason").len().iter_rows()
    changes = [Change(what, language, _sentence(**reason), count) for language, reason, count in counted]
    return sorted(changes, key=lambda one: (-one.rows, one.language, str(one.reason)))
