"""The result of a run: the counts of all parts, the values of `run.json`, and the files of the run's folder."""

from __future__ import annotations

from collections import Counter
from dataclasses import asdict, dataclass, field
from typing import TYPE_CHECKING, Any, Final

import polars as pl

from latam_corpus import schema
from latam_corpus.__about__ import __version__
from latam_corpus.collect.files import reading_version
from latam_corpus.config.toml_model import bytes_of
from latam_corpus.errors import PartError
from latam_corpus.messages import _, sentences
from latam_corpus.pipeline.execution.barriers import REPLACED
from latam_corpus.pipeline.execution.contracts import input_values
from latam_corpus.pipeline.planning.survival import Loss, losses
from latam_corpus.pipeline.rows.conserve import Count
from latam_corpus.pipeline.rows.step_file import StepCounts
from latam_corpus.pipeline.stored_runs import run_record

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from pathlib import Path

    from latam_corpus.collect.documents.contract import Facts
    from latam_corpus.messages import Message
    from latam_corpus.pipeline.planning.plan import Part, Plan
    from latam_corpus.stages import Stage


# Reasons for a missing text that don't mean that the input couldn't be read.
_READ_WHOLE: Final = frozenset({"unreadable:empty page", "unreadable:no text", "extract:no text"})


@dataclass(frozen=True)
class RunResult:
    """The result of a run.

    Attributes:
        rows_in: rows that were read, plus rows that stages made out of others.
        by_genre: rows kept and dropped by genre and source.
        phases: elapsed seconds of `start` (plan, digests, cuts of files), `parts` (all segments), `decisions`
            (barriers) and `record` (sums and the run's folder).
        losses: the groups of documents of which a stage kept less than the recipe's floor.
        accepted_loss: the reason for releasing documents nevertheless; None if none was given.
        barriers: notes of barriers, such as documents left out of a comparison.
        strict: whether to make no release if an input couldn't be read completely.
    """

    folder: Path
    rows_in: int
    kept: int
    stages: dict[str, Count]
    failures: Mapping[str, str | Message]
    reused: dict[str, tuple[int, int]]
    by_genre: list[dict[str, Any]] = field(default_factory=list)
    outputs: dict[str, list[str]] = field(default_factory=dict)
    seconds: float = 0.0
    phases: Mapping[str, float] = field(default_factory=dict)
    losses: tuple[Loss, ...] = ()
    accepted_loss: str | None = None
    barriers: dict[str, Any] = field(default_factory=dict)
    mended: tuple[Message, ...] = ()
    facts: dict[str, Facts] = field(default_factory=dict)
    decisions: tuple[str, ...] = ()
    strict: bool = False

    @property
    def unread(self) -> Counter[str]:
        """The number of documents that couldn't be read completely, by reason."""
        failed = Counter[str]()
        for count in self.stages.values():
            failed.update(count.failed)
        return Counter({reason: n for reason, n in failed.items() if reason not in _READ_WHOLE})

    @property
    def releasable(self) -> bool:
        """Whether a release may be made: no part failed, losses are accepted and, if `strict`, all inputs were read."""
        is_read = not (self.strict and self.unread)
        return is_read and not self.failures and (not self.losses or self.accepted_loss is not None)


@dataclass
class Work:
    """The finished work of a run in progress.

    Attributes:
        reused: how many of the parts of each step were reused, and of how many, by the step's title.
        rebuilt_keys: the keys of all outputs of parts that had damaged ones.
        seconds: elapsed seconds of `parts` and `decisions`.
    """

    keys: dict[str, list[str]]
    failures: dict[str, str | Message] = field(default_factory=dict)
    reused: dict[str, list[int]] = field(default_factory=dict)
    replaced: list[pl.DataFrame] = field(default_factory=list)
    notes: dict[str, Any] = field(default_factory=dict)
    mended: list[Message] = field(default_factory=list)
    rebuilt_keys: set[str] = field(default_factory=set)
    decisions: list[str] = field(default_factory=list)
    facts: dict[str, Facts] = field(default_factory=dict)
    seconds: dict[str, float] = field(default_factory=lambda: {"parts": 0.0, "decisions": 0.0})

    def done(self) -> list[str]:
        """Return the names of the parts that haven't failed, in order."""
        return [name for name in self.keys if name not in self.failures]


def sum_parts(plan: Plan, folder: Path, folders: Mapping[str, Sequence[Path]], work: Work) -> RunResult:
    """Add the counts of all parts; raise `PartError` if rows were lost."""
    stages: dict[str, Count] = {}
    total = StepCounts()
    for outputs in folders.values():
        counts = [StepCounts.read(output) for output in outputs]
        total.kept += counts[-1].kept
        for step_counts in counts:
            total.dropped += step_counts.dropped
            for stage, count in step_counts.stages.items():
                stages.setdefault(stage, Count()).add(count)
    kept_count = total.kept.total()
    rows_in = (stages["collect"].rows_in if "collect" in stages else 0) + sum(c.made for c in stages.values())
    dropped_count = sum(sum(c.dropped.values()) + sum(c.failed.values()) for c in stages.values())
    if not rows_in == kept_count + dropped_count == kept_count + total.dropped.total():
        message = _(
            "{n} {n:row|rows} came in, {kept} {kept:was|were} kept and {dropped} dropped",
            n=rows_in,
            kept=kept_count,
            dropped=dropped_count,
        )
        raise PartError(str(folder), message)
    # The counts contain only stages that a row has reached.
    stages = {stage: stages.get(stage, Count()) for stage in plan.stages}
    floors = plan.recipe.survival
    lost = losses(total.kept, total.dropped, plan.stages, plan.identifying_stage, floors) if floors else []
    return RunResult(
        folder,
        rows_in,
        kept_count,
        stages,
        work.failures,
        {title: (n, part_count) for title, (n, part_count) in work.reused.items()},
        _by_genre(total),
        work.keys,
        losses=tuple(lost),
        barriers=work.notes,
        mended=tuple(work.mended),
        facts=work.facts,
        decisions=tuple(work.decisions),
    )


def _by_genre(total: StepCounts) -> list[dict[str, Any]]:
    """Return the rows kept and dropped by genre and source, and the drop reasons, the most frequent first."""
    kept_rows: Counter[tuple[str, str]] = Counter()
    reasons_by_group: dict[tuple[str, str], Counter[str]] = {}
    for (genre, source, *_language), n in total.kept.items():
        kept_rows[genre, source] += n
    for (_stage, genre, source, *_language, reason), n in sorted(total.dropped.items()):
        reasons_by_group.setdefault((genre, source), Counter())[reason] += n
    rows = []
    for genre, source in sorted({*kept_rows, *reasons_by_group}):
        reasons, kept_count = reasons_by_group.get((genre, source), Counter()), kept_rows[genre, source]
        counts = {"in": kept_count + reasons.total(), "kept": kept_count, "reasons": dict(reasons.most_common())}
        rows.append({"genre": genre, "source": source, **counts})
    return rows


def run_values(plan: Plan, parts: Sequence[Part], digest: str, result: RunResult) -> dict[str, Any]:
    """Return the values of `run.json`."""
    recipe = plan.recipe
    return {
        "format": run_record.FORMAT,
        "id": result.folder.name,
        "finished": True,
        "written": run_record.now(),
        "toolkit": __version__,
        "reading": reading_version(),
        "digest": digest,
        "recipe": {"name": recipe.name, **recipe.model_dump(mode="json")},
        "policies": recipe.overlay.record() if recipe.overlay else [],
        "limit": plan.limit,
        "made_of": plan.made_of(),
        "sources": [s.model_dump(mode="json") for s in plan.sources],
        "parts": [
            {
                "name": p.name,
                "source": p.source.id,
                "files": [
                    {"file": each.file.relative, "bytes": each.file.size, "sha256": each.sha256, "key": each.key}
                    for each in p.inputs
                ],
                "bytes": p.bytes,
                "span": None if p.span is None else str(p.span),
                "key": p.key,
                "outputs": result.outputs[p.name],
                "failed": str(result.failures[p.name]) if p.name in result.failures else None,
            }
            for p in parts
        ],
        "rows": {"in": result.rows_in, "kept": result.kept, "set_aside": result.rows_in - result.kept},
        "stages": {name: asdict(count) for name, count in result.stages.items()},
        "barriers": result.barriers,
        "decisions": list(result.decisions),
        **input_values(result.facts),
        "extra": dict(plan.extra),
        "by_genre": result.by_genre,
        "losses": [loss.as_dict() for loss in result.losses],
        "accepted_loss": result.accepted_loss,
        "reused": {title: {"parts": n, "of": part_count} for title, (n, part_count) in result.reused.items()},
        "mended": list(map(str, result.mended)),
        "sentences": sentences([*result.failures.values(), *result.mended]),
        "seconds": result.seconds,
        "phases": dict(result.phases),
        "columns": list(schema.DOCUMENT_SCHEMA),
    }


def contents_of(folders: Mapping[str, Sequence[Path]], written: Mapping[str, bytes], work: Work) -> run_record.Contents:
    """Return the files of the run's folder; for the small ones see `written_of`."""
    replaced = pl.concat([pl.DataFrame(schema=REPLACED), *work.replaced])
    return run_record.Contents(_linked(folders), written, replaced)


def _linked(folders: Mapping[str, Sequence[Path]]) -> dict[str, tuple[Path, str]]:
    """Return the outputs that the run's folder links to, with their digests, by their names in the folder."""
    links: dict[str, tuple[Path, str]] = {}
    for name, outputs in folders.items():
        digests = {output: StepCounts.read(output).files for output in outputs}
        for link, output, file in run_record.links(name, outputs):
            links[link] = output / file, digests[output][file]
    return links


def written_of(plan: Plan) -> dict[str, bytes]:
    """Return copies of the recipe and the policies, so that the run's decisions can be explained later."""
    contents = {run_record.RECIPE_FILE: plan.recipe.text.encode()}
    stages = plan.all_stages
    barriers = [barrier for segment in plan.segments for barrier in segment.barriers]
    root = next((stage.policy_folder for stage in stages if stage.policy_folder), None)
    if root:
        files = [path for path in sorted(root.rglob("*")) if path.is_file() and not path.name.startswith(".")]
        contents |= {f"filters/{path.relative_to(root)}": bytes_of(path) for path in files}
    # `redact` and `dedupe` may use other folders of policies than the first stage with policies.
    folders = [
        *_privacy_folders(stages),
        *(barrier.policy_folder / "dedupe" for barrier in barriers if barrier.policy_folder),
    ]
    for folder in folders:
        kind = f"filters/{folder.name}/"
        contents = {name: data for name, data in contents.items() if not name.startswith(kind)}
        contents |= {f"{kind}{path.name}": bytes_of(path) for path in sorted(folder.glob("*.toml"))}
    return contents


def _privacy_folders(stages: Sequence[Stage]) -> list[Path]:
    """Return the folders of the stages' privacy policies."""
    if not any(stage.name == "redact" for stage in stages):  # its expressions take long to compile
        return []
    from latam_corpus.privacy.privacy_policy import privacy_policies
    from latam_corpus.privacy.redact import Redact

    return [privacy_policies(stage.policies).folder for stage in stages if isinstance(stage, Redact)]
