"""A run: the plan's segments over all parts, barriers in between, and the folder that tells what was done.

`<out>/runs/<recipe>-<hash8>/` holds `kept/`, `dropped/` and `ledger/` (Parquet), `recipe.toml` and `run.json`. The
outputs of steps are in `<out>/work/`, shared by all runs, and linked from there.
"""

from __future__ import annotations

import json
import shutil
import time
from collections import Counter
from dataclasses import asdict, dataclass, field, replace
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final, Protocol, Self

import polars as pl

from latam_corpus import __version__, schema
from latam_corpus.collect.files import digest, list_inputs, split
from latam_corpus.errors import ConfigError, PartError, SourceError
from latam_corpus.paths import data_folder
from latam_corpus.pipeline import part as parts_module
from latam_corpus.pipeline.conserve import Count
from latam_corpus.pipeline.decide import REPLACED, decide
from latam_corpus.pipeline.lock import locked
from latam_corpus.pipeline.part import (
    DROPPED,
    LEDGER,
    ROWS,
    J,
    Outcome,
    Task,
    Told,
    folder_of,
    input_key,
    link_or_copy,
)
from latam_corpus.pipeline.plan import Part, Plan
from latam_corpus.pipeline.survival import Loss, accepted, losses

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping, Sequence

    from latam_corpus.catalog.source import Source

RUN_FILE: Final = "run.json"
RECIPE_FILE: Final = "recipe.toml"
REPLACED_FILE: Final = "replaced.parquet"


class Engine(Protocol):
    """What runs tasks: in this process, in worker processes, or on a cluster."""

    def __enter__(self) -> Self:
        """What it needs for more than one `map` may be kept until the end of the block."""
        ...

    def __exit__(self, *_: object) -> None:
        """Nothing of it runs on."""
        ...

    def map(self, work: Callable[[J], Outcome], tasks: Sequence[J]) -> Iterator[Outcome]:
        """The outcome of each task, as they are done, in any order; no task's failure ends the others."""
        ...


class Progress(Protocol):
    """What is told while a run goes on."""

    def started(self, title: str, total: int) -> None:
        """A segment begins."""
        ...

    def part_done(self, outcome: Outcome) -> None:
        """A part of it is done."""
        ...

    def barrier(self, name: str, rows: int) -> None:
        """A barrier decides on so many rows."""
        ...


@dataclass(frozen=True)
class RunResult:
    """What a run came to.

    Attributes:
        folder: the run's folder.
        stages: what happened, by stage, in order.
        failures: the parts that failed, and why.
        reused: for each step's title how many of its parts were done before.
        losses: the groups of which a stage kept less than the recipe's floor.
        accepted_loss: the written reason for which they may be released; None where there is none.
        barriers: what each tells of its work, such as what was left out of a comparison.
    """

    folder: Path
    rows_in: int
    kept: int
    stages: dict[str, Count]
    failures: dict[str, str]
    reused: dict[str, tuple[int, int]]
    by_genre: list[dict[str, Any]] = field(default_factory=list)
    outputs: dict[str, list[str]] = field(default_factory=dict)
    seconds: float = 0.0
    losses: tuple[Loss, ...] = ()
    accepted_loss: str | None = None
    barriers: dict[str, Any] = field(default_factory=dict)

    @property
    def releasable(self) -> bool:
        """Whether a release may be made of it: no part failed, and no loss is without a reason."""
        return not self.failures and (not self.losses or self.accepted_loss is not None)


def find_parts(plan: Plan, limit: int | None = None) -> list[Part]:
    """The parts of the plan's sources, in the sources' order.

    Raises:
        ConfigError: a source has no place to read from, nothing is there, or its holder must be asked first.
    """
    found: list[Part] = []
    for source in plan.sources:
        where = plan.locations.get(source.id)
        _permitted(plan, source, where)
        if not where:
            fetched = f"fetch them from {source.homepage or source.holder} and"
            crawled = "collect them with `latam-corpus crawl` into the same --out, or"
            raise ConfigError(
                str(plan.recipe.file),
                f"nothing says where the records of «{source.id}» are",
                f"{fetched if source.collect.kind == 'files' else crawled} pass --input {source.id}=PATH",
            )
        genre = plan.recipe.genre
        for file in list_inputs(source, where):
            content = digest(file)
            # A file is cut at fixed places, whatever the number of workers; with a limit it is read from its start.
            for span in split(source, file) if limit is None else [None]:
                key = input_key(file, content, source, genre, limit, span)
                found.append(Part(f"{source.id}-{len(found):05d}", source, file, genre, key, limit, span))
    return found


def _permitted(plan: Plan, source: Source, where: str | None) -> None:
    """Nothing, for a source that may be read.

    Raises:
        ConfigError: its holder must be asked first, and no copy is named that may at least be evaluated on.
    """
    if source.status == "ask_first" and not (where and source.uses):
        raise ConfigError(
            f"{plan.recipe.file}, source «{source.id}»",
            f"its holder must be asked first ({source.holder})",
            "ask, state what was agreed in the source's file, and name the copy that was given with --input",
        )


def run(
    plan: Plan,
    parts: Sequence[Part],
    out: Path,
    engine: Engine,
    progress: Progress,
    batch: tuple[int, int] | None = None,
    accepted_loss: str | None = None,
) -> RunResult:
    """Run the plan over the parts.

    Args:
        plan: what to do.
        parts: on what.
        out: the folder of runs and work.
        engine: what runs the parts.
        progress: what is told meanwhile.
        batch: most rows and most bytes of a batch; the results don't depend on it.
        accepted_loss: why groups may fall below the recipe's floors; None where nobody has said.

    Raises:
        ConfigError: another process has the run's folder, or the reason is empty.
        PartError: rows were lost (a defect of the toolkit).
    """
    reason = accepted(accepted_loss)
    folder = out / "runs" / plan.run_name
    folder.mkdir(parents=True, exist_ok=True)
    with locked(folder), engine:
        (folder / RUN_FILE).unlink(missing_ok=True)
        started = time.monotonic()
        result = _run(plan, parts, out, folder, engine, progress, batch)
        result = replace(result, accepted_loss=reason if result.losses else None)
        seconds = round(time.monotonic() - started, 2)
        _write_run_file(folder, plan, parts, result, seconds)
    return replace(result, seconds=seconds)


def _run(
    plan: Plan,
    parts: Sequence[Part],
    out: Path,
    folder: Path,
    engine: Engine,
    progress: Progress,
    batch: tuple[int, int] | None,
) -> RunResult:
    work = out / "work"
    tasks = [Task(part, plan.segments[0], work) for part in parts]
    if batch:
        tasks = [replace(task, rows_a_batch=batch[0], bytes_a_batch=batch[1]) for task in tasks]
    decided: dict[str, tuple[Path | None, str]] = {}
    failures: dict[str, str] = {}
    replaced: list[pl.DataFrame] = []
    notes: dict[str, Any] = {}
    reused: dict[str, list[int]] = {}
    keys: dict[str, list[str]] = {part.name: [] for part in parts}
    for number, segment in enumerate(plan.segments):
        if number:
            names = tuple(barrier.name for barrier in plan.segments[number - 1].barriers)
            tasks = [
                replace(
                    task,
                    segment=segment,
                    entry=keys[task.part.name][-1],
                    decisions=decided[task.part.name][0],
                    decisions_key=decided[task.part.name][1],
                    barriers=names,
                )
                for task in tasks
            ]
        progress.started(" │ ".join(step.title for step in segment.steps), len(tasks))
        for outcome in engine.map(parts_module.run_part, tasks):
            progress.part_done(outcome)
            if outcome.error:
                failures[outcome.part] = outcome.error
                continue
            keys[outcome.part] += outcome.keys
            for step, was_there in zip(segment.steps, outcome.reused, strict=True):
                tally = reused.setdefault(step.title, [0, 0])
                tally[0] += was_there
                tally[1] += 1
        tasks = [task for task in tasks if task.part.name not in failures]
        if parts and not tasks:
            name, error = next(iter(failures.items()))
            raise SourceError(name, f"every part failed; the first said: {error}")
        if segment.barriers:
            outputs = {t.part.name: [folder_of(work, key) for key in keys[t.part.name]] for t in tasks}
            made = decide(segment.barriers, outputs, work, engine, progress)
            decided = made.parts
            replaced.append(made.replaced)
            notes |= made.notes
    folders = {t.part.name: [folder_of(work, key) for key in keys[t.part.name]] for t in tasks}
    result = _settled(plan, folder, folders, failures, {title: (n, of) for title, (n, of) in reused.items()})
    pl.concat([pl.DataFrame(schema=REPLACED), *replaced]).write_parquet(folder / REPLACED_FILE)
    return replace(result, outputs=keys, barriers=notes)


def _settled(
    plan: Plan,
    folder: Path,
    folders: Mapping[str, Sequence[Path]],
    failures: dict[str, str],
    reused: dict[str, tuple[int, int]],
) -> RunResult:
    """The run's folder filled with links to the outputs, and the counts of all parts together."""
    stages: dict[str, Count] = {}
    total = Told()
    for kind in ("kept", "dropped", "ledger"):
        shutil.rmtree(folder / kind, ignore_errors=True)
        (folder / kind).mkdir()
    for name, outputs in folders.items():
        link_or_copy(outputs[-1] / ROWS, folder / "kept" / f"{name}.parquet")
        told = [Told.read(output) for output in outputs]
        total.kept += told[-1].kept
        for number, (output, one) in enumerate(zip(outputs, told, strict=True)):
            link_or_copy(output / DROPPED, folder / "dropped" / f"{name}-{number}.parquet")
            link_or_copy(output / LEDGER, folder / "ledger" / f"{name}-{number}.parquet")
            total.dropped += one.dropped
            for stage, count in one.stages.items():
                stages.setdefault(stage, Count()).add(count)
    kept = total.kept.total()
    rows_in = stages["collect"].rows_in if "collect" in stages else 0
    fallen = sum(sum(c.dropped.values()) + sum(c.failed.values()) for c in stages.values())
    if not rows_in == kept + fallen == kept + total.dropped.total():
        raise PartError(str(folder), f"{rows_in} rows came in, {kept} were kept and {fallen} set aside")
    # Parts tell of a stage only when a row reached it, and in the order in which they are merged.
    stages = {stage: stages.get(stage, Count()) for stage in plan.stages}
    floors = plan.recipe.survival
    lost = losses(total.kept, total.dropped, plan.stages, plan.identified, floors) if floors else []
    return RunResult(folder, rows_in, kept, stages, failures, reused, _by_genre(total), losses=tuple(lost))


def _by_genre(total: Told) -> list[dict[str, Any]]:
    """Rows kept and set aside by genre and source, with the reasons, the most frequent first."""
    left: Counter[tuple[str, str]] = Counter()
    fallen: dict[tuple[str, str], Counter[str]] = {}
    for (genre, source, *_), n in total.kept.items():
        left[genre, source] += n
    for (_, genre, source, *_, reason), n in sorted(total.dropped.items()):
        fallen.setdefault((genre, source), Counter())[reason] += n
    rows = []
    for genre, source in sorted({*left, *fallen}):
        reasons = fallen.get((genre, source), Counter())
        kept = left[genre, source]
        rows.append(
            {
                "genre": genre,
                "source": source,
                "in": kept + sum(reasons.values()),
                "kept": kept,
                "reasons": dict(sorted(reasons.items(), key=lambda pair: -pair[1])),
            }
        )
    return rows


def _write_run_file(folder: Path, plan: Plan, parts: Sequence[Part], result: RunResult, seconds: float) -> None:
    recipe = plan.recipe
    told = {
        "format": 1,
        "id": plan.run_name,
        "finished": True,
        "written": datetime.now(UTC).isoformat(timespec="seconds"),
        "toolkit": __version__,
        "recipe": {"name": recipe.name, **recipe.model_dump(mode="json")},
        "sources": [s.model_dump(mode="json") for s in plan.sources],
        "parts": [
            {
                "name": p.name,
                "file": p.file.relative,
                "bytes": p.bytes,
                "span": None if p.span is None else str(p.span),
                "outputs": result.outputs[p.name],
                "failed": result.failures.get(p.name),
            }
            for p in parts
        ],
        "rows": {"in": result.rows_in, "kept": result.kept, "set_aside": result.rows_in - result.kept},
        "stages": {name: asdict(count) for name, count in result.stages.items()},
        "barriers": result.barriers,
        "by_genre": result.by_genre,
        "losses": [loss.as_dict() for loss in result.losses],
        "accepted_loss": result.accepted_loss,
        "reused": {title: {"parts": n, "of": of} for title, (n, of) in result.reused.items()},
        "seconds": seconds,
        "columns": list(schema.DOCUMENT_SCHEMA),
    }
    (folder / RECIPE_FILE).write_bytes(recipe.file.read_bytes())
    _keep_policies(folder, plan)
    beside = folder / f"{RUN_FILE}.partial"
    beside.write_text(json.dumps(told, ensure_ascii=False, indent=1), encoding="utf-8")
    beside.replace(folder / RUN_FILE)


def _keep_policies(folder: Path, plan: Plan) -> None:
    """A copy of the policies that the run decided by, so that its verdicts can be read against them later."""
    shutil.rmtree(folder / "filters", ignore_errors=True)
    for stage in (stage for segment in plan.segments for step in segment.steps for stage in step.stages):
        if hasattr(stage, "policies"):
            shutil.copytree(Path(stage.policies) if stage.policies else data_folder("filters"), folder / "filters")
            return
