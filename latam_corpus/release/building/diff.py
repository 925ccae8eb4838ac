"""The changes from one version to another, with a reason for each; only shards that differ are read."""

from __future__ import annotations

from itertools import takewhile
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING, Final

import numpy as np
import polars as pl

from latam_corpus import schema
from latam_corpus.messages import Message, _, enumerated
from latam_corpus.release.eligibility.build_inputs import InputPart, load_run, unreadable
from latam_corpus.release.pages.changelog import NEW, Change, all_new, word_of
from latam_corpus.release.storing.store_tables import LEDGER, read_ledger
from latam_corpus.release.storing.withdrawal_log import read_log
from latam_corpus.schema.extra_columns import EXTRA
from latam_corpus.storage.spill import Spill, compact

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from latam_corpus.release.storing.manifest import Manifest
    from latam_corpus.release.storing.store import Store

# The columns compared for each kind of change.
_KINDS: Final = {
    "text": ("text",),
    "rights": ("rights", "rights_tier", "basis", "uses", "agreement", "expires", "embargo_until", "consent"),
    "split": ("split",),
}
_OTHER_COLUMNS: Final = [
    name
    for name in (*schema.RELEASE_COLUMNS, EXTRA)
    if name != "doc_id" and not any(name in columns for columns in _KINDS.values())
]


# Sentence templates of reasons; a reason without a template is a drop reason or a list of changes.
_WAS: Final = "was"
_UNKNOWN: Final = {
    "absent": _("not known: the run {a} isn't here"),
    "not run": _("source not run: {a}"),
    "failed": _("not among the runs, of which {a} {a:part|parts} failed"),
    "not among": _("not among the runs"),
}
# `template`: `_WAS` or a key of `_UNKNOWN`; null for a drop reason alone and for a list of changes. `values`: the
# values for the template's placeholder. `kept`: the id of the document that is kept instead.
_REASON: Final = pl.Struct({"template": pl.String(), "values": pl.List(pl.String()), "kept": pl.String()})


def _reason(template: str | None, *values: str | pl.Expr, kept_id: pl.Expr | None = None) -> pl.Expr:
    """Return an expression for reasons, _REASON; null values are omitted."""
    expressions = (pl.lit(value) if isinstance(value, str) else value for value in values)
    return pl.struct(
        pl.lit(template, pl.String).alias("template"),
        pl.concat_list(expressions).list.drop_nulls().alias("values"),
        (pl.lit(None, pl.String) if kept_id is None else kept_id).alias("kept"),
    )


def _sentence(template: str | None, values: Sequence[str], kept: str | None) -> Message:
    """Return a reason as a sentence.

    >>> str(_sentence("was", ["duplicate"], "7f20")), str(_sentence(None, ["text", "rights"], None))
    ('was duplicate of 7f20', 'text, rights')
    >>> _sentence("was", ["duplicate"], "7f20").translate("es"), str(_sentence("not run", ["cantos"], None))
    ('antes: repite el texto de otro (7f20)', 'source not run: cantos')
    """
    if template in _UNKNOWN:
        return _UNKNOWN[template].fill(a=", ".join(values))
    reason = enumerated(map(word_of, values))
    if kept is not None:
        reason = _("{a} of {b}", a=reason, b=kept)
    return _("was {a}", a=reason) if template == _WAS else reason


def diff(
    store: Store,
    old: Manifest | None,
    new: Manifest,
    runs: Mapping[str, Path] | None = None,
    folder: Path | None = None,
) -> list[Change]:
    """Return the changes between two versions: added, removed, then changed documents, each by falling count.

    For an added document, the reason says why the old version or one of its ancestors left it out; for a removed
    document, why the new version or one between the two leaves it out. Both come from the ledgers of these versions and
    from those of their runs that still exist. For a changed document, the reason lists the changes: text, rights, split
    or other columns. Without an old version, all documents are new. `runs` has the folders of existing runs by name,
    also of versions between the two.
    """
    if old is None:
        return all_new(new)
    run_folders = runs or {}
    with TemporaryDirectory(prefix="latam-corpus-", dir=folder) as name:
        added, removed, changed = _differing(store, old, new, Path(name))
    ancestors = list(store.lineage(old))
    newer = list(takewhile(lambda version: version.spec != old.spec, store.lineage(new)))
    removed_reason = _unknown_reason(newer, run_folders)
    return [
        *_counted("added", _with_reasons(added, store, ancestors, run_folders, _WAS, _reason(None, NEW))),
        *_counted("removed", _with_reasons(removed, store, newer, run_folders, None, removed_reason)),
        *_counted("changed", changed),
    ]


_LISTED_COLUMNS: Final = ("doc_id", "language", "source_id")
_REASONS: Final = pl.Schema({"doc_id": pl.String(), "reason": pl.String(), "kept": pl.String()})
_MAX_KEPT_NAMED: Final = 20  # kept documents that reasons name, the most frequent first
_DIGESTS: Final = pl.Schema(
    dict.fromkeys(_LISTED_COLUMNS, pl.String()) | dict.fromkeys((*_KINDS, "other columns"), pl.UInt64())
)


_BATCH_ROWS: Final = 100_000  # approximate number of documents, of both versions, that are compared at once


def _differing(
    store: Store, old: Manifest, new: Manifest, folder: Path
) -> tuple[pl.DataFrame, pl.DataFrame, pl.DataFrame]:
    """Return the added documents, the removed documents, and `language` and `reason` of each changed document."""
    shared = {shard.sha256 for shard in old.shards} & {shard.sha256 for shard in new.shards}
    rows = sum(shard.rows for version in (old, new) for shard in version.shards if shard.sha256 not in shared)
    batch_count = max(1, -(-rows // _BATCH_ROWS))
    spills = [Spill(folder / name) for name in ("before", "after")]
    for spill, manifest in zip(spills, (old, new), strict=True):
        for frame in _digests(store, manifest, shared):
            spill.add_by(frame, (frame["doc_id"].hash(0) % batch_count).to_numpy().astype(np.int64))
        spill.flush()
    kinds = [pl.when(pl.col(kind) != pl.col(f"{kind}_new")).then(pl.lit(kind)) for kind in (*_KINDS, "other columns")]
    reason = _reason(None, *kinds).alias("reason")
    added, removed = ([pl.DataFrame(schema=dict.fromkeys(_LISTED_COLUMNS, pl.String))] for _side in range(2))
    changed = [pl.DataFrame(schema={"language": pl.String(), "reason": _REASON})]
    for number in range(batch_count):
        old_rows, new_rows = (spill.take(number, _DIGESTS) for spill in spills)
        added.append(compact(new_rows.join(old_rows, on="doc_id", how="anti").select(_LISTED_COLUMNS)))
        removed.append(compact(old_rows.join(new_rows, on="doc_id", how="anti").select(_LISTED_COLUMNS)))
        common_rows = old_rows.join(new_rows, on="doc_id", suffix="_new").select("language", reason)
        changed.append(common_rows.filter(pl.col("reason").struct.field("values").list.len() > 0))
    return pl.concat(added), pl.concat(removed), pl.concat(changed)


def _digests(store: Store, manifest: Manifest, shared: set[str]) -> Iterator[pl.DataFrame]:
    """Yield, for each document outside the shared shards, a hash of the columns of each kind: _DIGESTS."""
    log = read_log(store)
    for listed_shard in manifest.shards:
        if listed_shard.sha256 in shared:
            continue
        shard = log.resolved(listed_shard)
        if shard != listed_shard:  # only the ids of erased documents are known
            objects = log.digests_of(listed_shard)
            erased = pl.col("object").is_in(objects[:-1] if shard else objects)
            ids = log.rows.filter(erased).select("doc_id", language=pl.lit(listed_shard.language)).unique("doc_id")
            yield schema.conform(ids, _DIGESTS).with_columns(pl.exclude(_LISTED_COLUMNS).fill_null(0))
        # If a version is older than a column, its values are null.
        place = f"{store.url}, {shard.object}" if shard else ""
        for frame in InputPart("", place, shard.object if shard else "", store).batches():
            # Hashes are compared within this process only; another version of Polars may hash differently.
            hashes = [
                frame.select(columns).hash_rows().alias(kind)
                for kind, columns in (*_KINDS.items(), ("other columns", tuple(_OTHER_COLUMNS)))
            ]
            yield frame.select(_LISTED_COLUMNS).with_columns(hashes)


def _with_reasons(
    rows: pl.DataFrame,
    store: Store,
    versions: Sequence[Manifest],
    runs: Mapping[str, Path],
    template: str | None,
    default: pl.Expr,
) -> pl.DataFrame:
    """Add a reason to each row: why one of these versions left it out, or why one of their runs dropped it."""
    reasons = pl.DataFrame(schema=_REASONS)
    kept_id = pl.col("evidence").str.json_path_match("$.kept").alias("kept")
    for manifest in versions:
        missing_ids = rows["doc_id"].filter(~rows["doc_id"].is_in(reasons["doc_id"].implode()))
        if missing_ids.is_empty():
            break
        frames = [reasons]
        if LEDGER in manifest.files:
            where = (pl.col("verdict") == "dropped") & pl.col("doc_id").is_in(missing_ids.implode())
            ledger = read_ledger(store, manifest.name, manifest.version, where=where)
            frames.append(ledger.select("doc_id", "reason", kept_id).reverse())
        frames += [_dropped(runs[run.id], missing_ids) for run in manifest.runs if run.id in runs]
        reasons = pl.concat(frames).unique("doc_id", keep="first", maintain_order=True)
    # Reasons name only the most frequent kept documents; otherwise nearly every row would have its own reason.
    kept_ids = reasons.join(rows.select("doc_id", "language"), on="doc_id", how="semi")["kept"].drop_nulls()
    counted = kept_ids.value_counts(sort=True).sort("count", "kept", descending=[True, False])
    frequent_ids = counted["kept"].head(_MAX_KEPT_NAMED)
    reason = _reason(
        template, pl.col("reason"), kept_id=pl.when(pl.col("kept").is_in(frequent_ids.implode())).then("kept")
    )
    reason_rows = reasons.drop_nulls("reason").select("doc_id", reason.alias("reason"))
    joined = rows.join(reason_rows, on="doc_id", how="left")
    return joined.with_columns(pl.when(pl.col("reason").is_not_null()).then("reason").otherwise(default))


def _dropped(run: Path, ids: pl.Series) -> pl.DataFrame:
    """Return the reasons why a run dropped these documents, one row for each record that it dropped."""
    frames = [pl.DataFrame(schema=_REASONS)]
    for file in load_run(run).files("dropped"):
        try:
            rows = pl.read_parquet(file, glob=False, columns=["doc_id", "drop_reason", "duplicate_of"])
        except (OSError, pl.exceptions.PolarsError) as error:
            raise unreadable(file, error) from error
        renamed = rows.rename({"drop_reason": "reason", "duplicate_of": "kept"})
        frames.append(schema.conform(renamed.filter(pl.col("doc_id").is_in(ids.implode())), _REASONS))
    # If a document has several records, the reason of the latest one counts, not "superseded" of the others.
    return pl.concat(frames).sort(pl.col("reason") == "superseded", maintain_order=True)


def _unknown_reason(lineage: Sequence[Manifest], runs: Mapping[str, Path]) -> pl.Expr:
    """Return the reason for documents that no ledger and no existing run mentions."""
    all_runs = [run for manifest in lineage for run in manifest.runs]
    missing_runs = [run.id for run in all_runs if run.id not in runs]
    if missing_runs:
        return _reason("absent", missing_runs[0])
    failed = sum(run.failed_parts for run in all_runs)
    sources = sorted({source for run in all_runs for source in load_run(runs[run.id]).sources})
    of_run_sources = _reason("failed", str(failed)) if failed else _reason("not among", "")
    not_run = _reason("not run", pl.col("source_id"))
    return pl.when(~pl.col("source_id").is_in(sources)).then(not_run).otherwise(of_run_sources)


def _counted(kind: str, rows: pl.DataFrame) -> list[Change]:
    counted = rows.group_by("language", "reason").len().iter_rows()
    changes = [Change(kind, language, _sentence(**reason), count) for language, reason, count in counted]
    return sorted(changes, key=lambda change: (-change.rows, change.language, str(change.reason)))
