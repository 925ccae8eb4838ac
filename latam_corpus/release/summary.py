"""What a manifest counts: rows by language and the like, by reason, by run, and by source and rights."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

import polars as pl

from latam_corpus.errors import ReleaseError
from latam_corpus.messages import _
from latam_corpus.pipeline.survival import accepted
from latam_corpus.release.manifest import AcceptedLoss, Flow, RunEntry, SourceEntry, Tally

if TYPE_CHECKING:
    from latam_corpus.release.admission import Decision
    from latam_corpus.release.build_inputs import Inputs

_STATED: Final = ("title", "holder", "homepage", "contact")
_COUNTED: Final = {
    "language": "language",
    "genre": "genre",
    "country": "country",
    "source": "source_id",
    "rights_tier": "rights_tier",
    "split": "split",
}


def count_rows(released: pl.DataFrame) -> dict[str, dict[str, Tally]]:
    """Rows and bytes of text by language, genre, country and so on; what isn't stated counts under ""."""
    counts = {}
    for what, column in _COUNTED.items():
        groups = released.group_by(pl.col(column).cast(pl.String).fill_null("").alias("value"))
        sizes = groups.agg(pl.len(), pl.col("text_bytes").sum()).sort("value")
        counts[what] = {value: Tally(rows=n, text_bytes=size) for value, n, size in sizes.iter_rows()}
    return counts


def count_reasons(decision: Decision) -> dict[str, int]:
    """Documents left out by reason, the most frequent first."""
    counted = decision.left_out.group_by("reason").len("rows").sort("rows", "reason", descending=[True, False])
    return dict(counted.iter_rows())


def flow_of(light: pl.DataFrame, decision: Decision) -> Flow:
    """Where the rows read went."""
    return Flow(
        read=light.height,
        repeated=decision.repeated,
        left_out=decision.left_out.height,
        released=decision.released.height,
    )


def run_entries(inputs: Inputs, light: pl.DataFrame) -> tuple[RunEntry, ...]:
    """Return the runs and the rows that each gave."""
    rows = dict(light.group_by(pl.col("run").cast(pl.String)).len().iter_rows())
    return tuple(
        RunEntry(
            id=run.id,
            title=run.title,
            sha256=run.sha256,
            rows=rows.get(run.id, 0),
            failed_parts=len(run.failed_parts),
        )
        for run in (*inputs.runs, *inputs.others)
    )


def accepted_losses(inputs: Inputs, reason: str | None) -> tuple[AcceptedLoss, ...]:
    """Return what the runs' stages took below the recipes' floors, each with the reason for which it may be released.

    What the parent version says of runs that aren't among these stays: its documents are in the new version too.

    Args:
        inputs: the runs and the parent.
        reason: for those of which `run` was given none.

    Raises:
        ConfigError: the reason is empty.
        ReleaseError: a loss has no reason.
    """
    reason = accepted(reason)
    named = {run.id for run in inputs.runs}
    losses = [loss for loss in (inputs.parent.accepted_losses if inputs.parent else ()) if loss.run not in named]
    for run in inputs.runs:
        why = run.accepted_loss or reason
        if run.losses and why is None:
            more = f", and {len(run.losses) - 1} more such losses" if len(run.losses) > 1 else ""
            raise ReleaseError(
                run.id,
                f"{run.losses[0]}{more}",
                _(
                    "read what fell with `latam-corpus sample {run} --set-aside --by drop_reason`, or "
                    'give --accept-loss "why"; it goes on the card',
                    run=run.id,
                ),
            )
        losses += [AcceptedLoss(run=run.id, accepted=str(why), **loss.as_dict()) for loss in run.losses]
    return tuple(sorted(losses, key=lambda loss: loss.run))


def source_entries(inputs: Inputs, released: pl.DataFrame) -> tuple[SourceEntry, ...]:
    """Return the sources under each of their rights statements, titled as the runs, else the parent, say."""
    about: dict[str, dict[str, Any]] = {}
    for entry in (
        one for manifest in (*reversed(inputs.earlier), inputs.parent) if manifest for one in manifest.sources
    ):
        about[entry.source_id] = entry.model_dump(include={*_STATED, "collected", "consents"})
    for run in (*inputs.others, *inputs.runs):
        for source_id, facts in run.sources.items():
            about[source_id] = {key: facts.get(key) for key in _STATED} | {
                "collected": (facts.get("collect") or {}).get("kind"),
                "consents": [one for one in (facts.get("consent") or {}).get("records", ()) if not one.get("label")],
            }
    by = ("source_id", "rights", "rights_tier", "basis")
    sizes = released.group_by(pl.col(by).cast(pl.String)).agg(
        pl.len(),
        pl.col("text_bytes").sum(),
        pl.col("labels").unique(),
        pl.col("obtained").min().alias("first"),
        pl.col("obtained").max().alias("last"),
    )
    return tuple(
        SourceEntry(
            source_id=source_id,
            rights=rights,
            rights_tier=tier,
            basis=basis,
            rows=n,
            text_bytes=size,
            labels=tuple(sorted({label for one in labels for label in one.splitlines()})),
            first=first,
            last=last,
            **about.get(source_id, {}),
        )
        for source_id, rights, tier, basis, n, size, labels, first, last in sizes.sort(by, nulls_last=True).iter_rows()
    )
