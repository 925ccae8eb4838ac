"""Counts for a manifest: rows by language, genre and other columns, by run, and by source and rights."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

import polars as pl

from latam_corpus.errors import ReleaseError
from latam_corpus.messages import _
from latam_corpus.pipeline.planning.own_policies import policies_recorded
from latam_corpus.pipeline.planning.survival import accepted
from latam_corpus.release.eligibility.admission import LIGHT
from latam_corpus.release.storing.manifest import AcceptedLoss, RunEntry, SourceEntry, Tally

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from pathlib import Path

    from latam_corpus.release.eligibility.build_inputs import Inputs
    from latam_corpus.release.storing.manifest import Manifest, Shard

_STATED: Final = ("title", "holder", "homepage", "contact")
_COUNTED: Final = {
    "language": "language",
    "genre": "genre",
    "country": "country",
    "source": "source_id",
    "rights_tier": "rights_tier",
    "split": "split",
}


GROUPED: Final = (*_COUNTED.values(), "rights", "basis", "labels")
_GROUPS: Final = pl.Schema(
    dict.fromkeys(GROUPED, pl.String())
    | dict.fromkeys(("rows", "text_bytes"), pl.Int64())
    | dict.fromkeys(("first", "last"), LIGHT["obtained"])
)


def grouped(frames: Sequence[pl.DataFrame]) -> pl.DataFrame:
    """Return the rows, the bytes of text, and the first and last `obtained`, by the columns GROUPED.

    The frames are light rows, or results of this function, whose counts are added.
    """
    groups = [pl.DataFrame(schema=_GROUPS)]
    columns = [pl.lit(1).alias("rows"), *(pl.col("obtained").alias(name) for name in ("first", "last"))]
    for frame in frames:
        rows = frame if "rows" in frame.columns else frame.with_columns(columns)
        groups.append(rows.select(_GROUPS.names()).cast(_GROUPS))
    sums = [pl.col("rows", "text_bytes").sum(), pl.col("first").min(), pl.col("last").max()]
    return pl.concat(groups).group_by(GROUPED).agg(sums)


def count_rows(groups: pl.DataFrame) -> dict[str, dict[str, Tally]]:
    """Return rows and bytes of text by language, genre, country and so on; missing values count under ""."""
    counts = {}
    for kind, column in _COUNTED.items():
        by_value = groups.group_by(pl.col(column).fill_null("").alias("value"))
        sizes = by_value.agg(pl.col("rows", "text_bytes").sum()).sort("value")
        counts[kind] = {value: Tally(rows=n, text_bytes=size) for value, n, size in sizes.iter_rows()}
    return counts


def recounted(manifest: Manifest, files: Sequence[tuple[Shard, Path]]) -> Manifest | None:
    """Return the manifest with the counts, sources and shards of a selection, or None if it lacks columns for this.

    `files` are pairs of a shard and the file of the rows that were selected from it.
    """
    columns = [*_COUNTED.values(), "rights", "text"]
    frames = []
    for number, (_shard, path) in enumerate(files):
        rows = pl.scan_parquet(path, glob=False)
        if set(columns) - set(rows.collect_schema().names()):
            return None
        size = pl.col("text").str.len_bytes().sum().cast(pl.Int64)
        sums = pl.len().cast(pl.Int64).alias("rows"), size.alias("text_bytes")
        keys = [pl.col(name).cast(pl.String) for name in columns[:-1]]
        frames.append(rows.group_by(keys).agg(sums).with_columns(pl.lit(number).alias("file")).collect())
    groups = pl.concat(frames)
    shards = []
    for (number,), shard_rows in groups.group_by("file", maintain_order=True):
        shard, path = files[int(str(number))]
        place = {"path": f"data/{path.parent.name}/{path.name}"}
        shards.append(
            shard.model_copy(update=place | {name: int(shard_rows[name].sum()) for name in ("rows", "text_bytes")})
        )
    by_source = groups.group_by("source_id", "rights", "rights_tier").agg(pl.col("rows", "text_bytes").sum())
    sizes = {(source, rights, tier): (n, size) for source, rights, tier, n, size in by_source.iter_rows()}
    sources = []
    for entry in manifest.sources:
        # If several entries differ only in their basis, rows are counted under the first.
        n, size = sizes.pop((entry.source_id, entry.rights, entry.rights_tier), (0, 0))
        sources += [entry.model_copy(update={"rows": n, "text_bytes": size})] if n else []
    return manifest.model_copy(
        update={"counts": count_rows(groups), "shards": tuple(shards), "sources": tuple(sources)}
    )


def run_entries(inputs: Inputs, rows: Mapping[str, int]) -> tuple[RunEntry, ...]:
    """Return the manifest's entries of the runs; `rows` is the number of rows read by run."""
    return tuple(
        RunEntry(
            id=run.id,
            title=run.title,
            sha256=run.sha256,
            rows=rows.get(run.id, 0),
            failed_parts=len(run.failed_parts),
            policies=tuple(str(policy.sentence) for policy in policies_recorded(run.record.values)),
        )
        for run in (*inputs.runs, *inputs.others)
    )


def accepted_losses(inputs: Inputs, reason: str | None) -> tuple[AcceptedLoss, ...]:
    """Return the groups whose kept share was below a recipe's floor, each with the reason why this is accepted.

    The parent version's entries for other runs are kept, since their documents are in the new version too. `reason`
    applies to losses that weren't accepted when the recipe was run.

    Raises:
        ConfigError: the reason is empty.
        ReleaseError: a loss has no reason.
    """
    reason = accepted(reason)
    run_names = {run.id for run in inputs.runs}
    losses = [loss for loss in (inputs.parent.accepted_losses if inputs.parent else ()) if loss.run not in run_names]
    for run in inputs.runs:
        why = run.accepted_loss or reason
        if run.losses and why is None:
            more = f", and {len(run.losses) - 1} more such losses" if len(run.losses) > 1 else ""
            raise ReleaseError(
                run.id,
                f"{run.losses[0]}{more}",
                _(
                    "read the dropped documents with `latam-corpus sample {run} --set-aside --by drop_reason`, or "
                    'give --accept-loss "why"; the reason is printed on the card',
                    run=run.id,
                ),
            )
        losses += [AcceptedLoss(run=run.id, accepted=str(why), **loss.as_dict()) for loss in run.losses]
    return tuple(sorted(losses, key=lambda loss: loss.run))


def source_entries(inputs: Inputs, groups: pl.DataFrame) -> tuple[SourceEntry, ...]:
    """Return an entry for each source and rights statement, with facts from the runs or else from the parent."""
    about: dict[str, dict[str, Any]] = {}
    for manifest in (*reversed(inputs.earlier), inputs.parent):
        for entry in manifest.sources if manifest else ():
            about[entry.source_id] = entry.model_dump(include={*_STATED, "collected", "consents"})
    for run in (*inputs.others, *inputs.runs):
        for source_id, facts in run.sources.items():
            about[source_id] = {key: facts.get(key) for key in _STATED} | {
                "collected": (facts.get("collect") or {}).get("kind"),
                "consents": [
                    record for record in (facts.get("consent") or {}).get("records", ()) if not record.get("label")
                ],
            }
    by = ("source_id", "rights", "rights_tier", "basis")
    sizes = groups.group_by(by).agg(
        pl.col("rows", "text_bytes").sum(),
        pl.col("labels").unique(),
        pl.col("first").min(),
        pl.col("last").max(),
    )
    return tuple(
        SourceEntry(
            source_id=source_id,
            rights=rights,
            rights_tier=tier,
            basis=basis,
            rows=n,
            text_bytes=size,
            labels=tuple(sorted({label for lines in labels for label in lines.splitlines()})),
            first=first,
            last=last,
            **about.get(source_id, {}),
        )
        for source_id, rights, tier, basis, n, size, labels, first, last in sizes.sort(by, nulls_last=True).iter_rows()
    )
