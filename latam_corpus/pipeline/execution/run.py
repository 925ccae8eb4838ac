"""Run a plan: take all parts through its segments, with barriers in between, then write the run's folder.

The outputs of steps are in `<out>/work/`, shared by all runs, and linked from the run's folder (`run_record.py`).
"""

from __future__ import annotations

import time
from contextlib import nullcontext
from dataclasses import dataclass, replace
from functools import partial
from typing import TYPE_CHECKING

from latam_corpus.collect.files import digest, list_inputs, packs
from latam_corpus.collect.streams import state_of
from latam_corpus.compiled import note_empty_cache
from latam_corpus.errors import ConfigError, SourceError, cause_of
from latam_corpus.messages import _
from latam_corpus.pipeline.execution.barriers import decide, no_step
from latam_corpus.pipeline.execution.contracts import facts_of, with_source_facts
from latam_corpus.pipeline.execution.events import PartDone, Rebuilt, SegmentStarted, returned
from latam_corpus.pipeline.execution.part import Task, folder_of, input_key, reading_digest
from latam_corpus.pipeline.execution.restart import MAX_ATTEMPTS, RowsChangedError, outcomes_of, restore_rows
from latam_corpus.pipeline.execution.result import RunResult, Work, contents_of, run_values, sum_parts, written_of
from latam_corpus.pipeline.execution.work_cleanup import sweep_of
from latam_corpus.pipeline.planning.plan import Input, Part, Plan, run_digest
from latam_corpus.pipeline.planning.span_cache import cached_spans
from latam_corpus.pipeline.planning.survival import accepted
from latam_corpus.pipeline.stored_runs import run_record
from latam_corpus.pipeline.stored_runs.disk import exclusive
from latam_corpus.pipeline.stored_runs.history import existing, latest, next_name
from latam_corpus.pipeline.stored_runs.history import folders as run_folders
from latam_corpus.pipeline.stored_runs.keys import digest_of
from latam_corpus.pipeline.stored_runs.work_place import WorkPlace
from latam_corpus.storage.bucket import bucket_of, leased, publish_run
from latam_corpus.storage.durable import rebuild_notice
from latam_corpus.storage.locks import locked

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Generator, Iterator, Mapping, Sequence
    from contextlib import AbstractContextManager
    from pathlib import Path

    from latam_corpus.catalog.source import Source
    from latam_corpus.collect.files import InputFile
    from latam_corpus.messages import Message
    from latam_corpus.pipeline.execution.engines import Engine, OnStep
    from latam_corpus.pipeline.execution.events import StageEvent
    from latam_corpus.pipeline.execution.work_cleanup import Sweep
    from latam_corpus.pipeline.planning.plan import Segment


def find_parts(plan: Plan, limit: int | None = None, on_scan: Callable[[InputFile], None] | None = None) -> list[Part]:
    """Return the parts of the plan's sources, in the sources' order.

    At most `limit` records are read from each file. `on_scan` is called with a large file that must be read from end to
    end to find where it can be cut.

    Raises:
        ConfigError: a source has no location, there are no records, or the source's holder must be asked first.
    """
    parts: list[Part] = []
    for source in plan.sources:
        location = plan.locations.get(source.id)
        _check_permitted(plan, source, location)
        if not location:
            problem = _("the location of the records of «{source}» isn't known", source=source.id)
            remedy = _(
                "collect them with `latam-corpus crawl` into the same --out, or pass --input {id}=PATH", id=source.id
            )
            if source.collect.kind == "files":
                home = source.homepage or source.holder
                remedy = _("fetch them from {holder} and pass --input {id}=PATH", holder=home, id=source.id)
            raise ConfigError(str(plan.recipe.file), problem, remedy)
        genre = plan.recipe.genre
        reading = reading_digest(source, genre, limit)
        files = list_inputs(source, location)
        source_bytes = sum(file.size for file in files)
        for pack in packs(files):
            inputs = tuple(_input(file, reading) for file in pack)
            # Files are cut at fixed places, whatever the number of workers; with a limit, they are read from the start.
            whole = limit is not None or len(inputs) > 1
            for span in [None] if whole else cached_spans(source, inputs[0], source_bytes, on_scan):
                key = digest_of([file.key for file in inputs], span)
                parts.append(Part(f"{source.id}-{len(parts):05d}", source, inputs, genre, key, limit, span))
    return parts


def least_parts(plan: Plan) -> int:
    """Return the least possible number of parts, by the names and sizes of files; large files may be cut into more.

    Raises:
        ConfigError: there is nothing at a source's location.
    """
    locations = [(source, plan.locations.get(source.id)) for source in plan.sources]
    return sum(1 for source, location in locations if location for _ in packs(list_inputs(source, location)))


def _input(file: InputFile, reading: str) -> Input:
    if file.is_missing:
        return Input(file, "", input_key(file, "", reading), "")
    state = state_of(file.url)  # before the digest, so that `Input.check` notices a change while it is computed
    content = digest(file)
    return Input(file, content, input_key(file, content, reading), state)


def _check_permitted(plan: Plan, source: Source, location: str | None) -> None:
    """Raise `ConfigError` if the source's holder must be asked first, unless a copy with permitted uses is named."""
    if source.status == "ask_first" and not (location and source.uses):
        place = _("{recipe}, source «{source}»", recipe=plan.recipe.file, source=source.id)
        problem = _("its holder must be asked first ({holder})", holder=source.holder)
        remedy = _("ask the holder, state the agreement in the source's file, and name your copy with --input")
        raise ConfigError(place, problem, remedy)


@dataclass(frozen=True)
class RunSettings:
    """The settings of a run.

    Attributes:
        accepted_loss: why a stage may keep less than the recipe's floor; None if no reason was given.
        mended: damaged files that were rebuilt before the run, for its record.
        began: the start of the command by `time.monotonic`, for the record; by default, the time when its parts were
            known.
    """

    batch: tuple[int, int] | None = None
    accepted_loss: str | None = None
    mended: tuple[Message, ...] = ()
    keep: str = "all"
    strict: bool = False
    began: float | None = None


def run(
    plan: Plan,
    parts: Sequence[Part],
    out: Path,
    engine: Engine,
    observe: Callable[[StageEvent], None] | None = None,
    on_step: OnStep = no_step,
) -> RunResult:
    """Run the plan over the parts, and pass each event to a function; see `run_events`."""
    return returned(run_events(plan, parts, out, engine, on_step=on_step), observe)


def run_events(
    plan: Plan,
    parts: Sequence[Part],
    out: Path,
    engine: Engine,
    settings: RunSettings = RunSettings(),
    on_step: OnStep = no_step,
) -> Generator[StageEvent, None, RunResult]:
    """Run the plan over the parts; yield events, and return the result.

    To stop early, close the generator. Finished work is stored, and the next run continues from it.

    Raises:
        ConfigError: another process has locked the run's folder, or the work folder if this run removes work; the
            folder can't be made; or the reason for accepting losses is empty.
        PartError: rows were lost (a defect of the toolkit), or restored rows differed in each attempt.
    """
    reason = accepted(settings.accepted_loss)
    started = time.monotonic()
    _make_work_folder(out / "work")
    if engine.workers > 1:
        note_empty_cache(sum(part.bytes for part in parts))
    digest = run_digest(plan, parts)
    folder = latest(out / "runs", plan.recipe.name, digest)
    folder.mkdir(parents=True, exist_ok=True)
    attempt = run_record.attempted(folder, engine.jobs, _lists(plan.sources))
    sweeps = settings.keep != "all"
    # A run that removes work locks its own folder first, then looks for other runs' locks, so that of two runs on two
    # machines at least one sees the other.
    with locked(folder, beats=True), _lock_work(out, folder, sweeps=sweeps), leased(folder) as lease, attempt, engine:
        written = written_of(plan)  # copied now, since policies may be edited during the run
        work = Work({part.name: [] for part in parts})
        yield from _rebuilt(settings.mended, work)
        sweep = sweep_of(out, folder) if sweeps else None
        ready = time.monotonic()
        for attempts_left in reversed(range(MAX_ATTEMPTS)):
            try:
                yield from _run(plan, parts, out / "work", engine, settings.batch, work, sweep, on_step)
                break
            except RowsChangedError as changed:
                if not attempts_left:
                    raise
                work = Work(
                    {part.name: [] for part in parts},
                    mended=work.mended,
                    rebuilt_keys=work.rebuilt_keys,
                    seconds=work.seconds,
                )
                yield from _rebuilt([changed.without_remedy], work)
        worked = time.monotonic()
        folders = {name: [folder_of(out / "work", key) for key in work.keys[name]] for name in work.done()}
        result = sum_parts(plan, folder, folders, work)
        ended = time.monotonic()
        phases = {"start": ready - (settings.began or started), **work.seconds, "record": ended - worked}
        result = replace(
            result,
            accepted_loss=reason if result.losses else None,
            seconds=round(ended - started, 2),
            phases={name: round(seconds, 2) for name, seconds in phases.items()},
            strict=settings.strict,
        )
        result = yield from _recorded(plan, parts, digest, result, contents_of(folders, written, work))
        if lease:
            lease.check()
            publish_run(result.folder, run_record.RUN_FILE)
        yield from _mend_others(out, result.folder, work.rebuilt_keys)
        if sweep:
            sweep.end()
        return result


def _lists(sources: Sequence[Source]) -> dict[str, dict[str, str]]:
    """Return the paths of the sources' private lists (third persons, keys of speakers), by kind and source."""
    lists: dict[str, dict[str, str]] = {}
    for source in sources:
        for kind, file in (("third_persons", source.names_file), ("speakers", source.speakers_file)):
            if file is not None:
                lists.setdefault(kind, {})[source.id] = str(file.resolve())
    return lists


def _make_work_folder(folder: Path) -> None:
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        problem = _("it can't be used: {cause}", cause=cause_of(error))
        raise ConfigError(str(folder), problem, _("name another place")) from error


def _lock_work(out: Path, folder: Path, *, sweeps: bool) -> AbstractContextManager[None]:
    """Lock the work folder: exclusively if the run removes rows from it, else shared with other runs."""
    return exclusive(out, but=folder) if sweeps else locked(out / "work", shared=True, beats=True)


def _run(
    plan: Plan,
    parts: Sequence[Part],
    work: Path,
    engine: Engine,
    batch: tuple[int, int] | None,
    finished: Work,
    sweep: Sweep | None,
    on_step: OnStep,
) -> Iterator[StageEvent]:
    """Take the parts through all segments.

    Raises:
        PartError: the work folder can no longer be reached.
        RowsChangedError: restored rows differ from those that barriers decided on.
        SourceError: every part failed, or a source's records break a promise of its file about them.
    """
    tasks = [Task(part, plan.segments[0], work) for part in parts]
    if batch:
        tasks = [replace(task, batch_rows=batch[0], batch_bytes=batch[1]) for task in tasks]
    decided: dict[str, tuple[Path | None, str]] = {}
    decided_on: Mapping[str, str] = {}
    earlier: list[dict[str, Task]] = []
    place = WorkPlace.at(work)
    for number, segment in enumerate(plan.segments):
        if number:
            names = tuple(barrier.name for barrier in plan.segments[number - 1].barriers)
            tasks = [
                replace(
                    task,
                    segment=segment,
                    entry=finished.keys[task.part.name][-1],
                    decisions=decided[task.part.name][0],
                    decisions_key=decided[task.part.name][1],
                    decided_on=decided_on[task.part.name],
                    barriers=names,
                )
                for task in tasks
            ]
        began = time.monotonic()
        yield from _run_segment(segment, tasks, engine, finished, earlier, sweep, place)
        finished.seconds["parts"] += time.monotonic() - began
        tasks = [task for task in tasks if task.part.name not in finished.failures]
        if parts and not tasks:
            name, error = next(iter(finished.failures.items()))
            raise SourceError(name, _("every part failed, the first with: {reason}", reason=error))
        if not number:
            finished.facts = facts_of(
                parts, {name: folder_of(work, finished.keys[name][0]) for name in finished.done()}
            )
        if segment.barriers:
            began = time.monotonic()
            outputs = {name: [folder_of(work, key) for key in finished.keys[name]] for name in finished.done()}
            barriers = with_source_facts(segment.barriers, finished.facts)
            # The files of a bucket are fetched to this machine, so the barriers' jobs must run here.
            barrier_engine = engine.here if bucket_of(work) else engine
            last_outputs = {task.part.name: outputs[task.part.name][-1] for task in tasks}
            restore = partial(restore_rows, tasks, last_outputs, engine, earlier)
            decisions = yield from decide(barriers, outputs, work, barrier_engine, restore, on_step)
            decided, decided_on = decisions.parts, decisions.rows
            finished.replaced.append(decisions.replaced)
            finished.notes |= decisions.notes
            finished.decisions += decisions.files
            title = " │ ".join(barrier.name for barrier in segment.barriers)
            finished.reused[title] = [len(tasks) if decisions.reused else 0, len(tasks)]
            yield from _rebuilt(decisions.mended, finished)
            finished.seconds["decisions"] += time.monotonic() - began
        earlier.append({task.part.name: task for task in tasks})


def _run_segment(
    segment: Segment,
    tasks: Sequence[Task],
    engine: Engine,
    finished: Work,
    earlier: Sequence[Mapping[str, Task]],
    sweep: Sweep | None,
    place: WorkPlace,
) -> Iterator[StageEvent]:
    """Take the tasks' parts through one segment; after each part, remove rows that are no longer needed.

    Raises:
        PartError: the work folder can no longer be reached.
        RowsChangedError: restored rows differ from those that barriers decided on.
    """
    yield SegmentStarted(" │ ".join(step.title for step in segment.steps), len(tasks))
    changed = []
    if sweep:
        sweep.begin(tasks)
    for outcome in outcomes_of(tasks, engine, earlier):
        place.check(failed=bool(outcome.error))
        yield PartDone(outcome)
        yield from _rebuilt(outcome.mended, finished)
        if outcome.entry_changed:
            changed.append(outcome.part)
            continue
        if outcome.error:
            finished.failures[outcome.part] = outcome.failure
            continue
        finished.keys[outcome.part] += outcome.keys
        finished.rebuilt_keys |= set(outcome.keys) if outcome.mended else set()
        for step, was_reused in zip(segment.steps, outcome.reused, strict=True):
            tally = finished.reused.setdefault(step.title, [0, 0])
            tally[0] += was_reused
            tally[1] += 1
        if sweep:
            sweep.part_done(outcome)
    if changed:
        raise RowsChangedError.of(min(changed))


def _rebuilt(mended: Sequence[Message], finished: Work) -> Iterator[StageEvent]:
    finished.mended += mended
    yield from map(Rebuilt, mended)


def _recorded(
    plan: Plan,
    parts: Sequence[Part],
    digest: str,
    result: RunResult,
    contents: run_record.Contents,
) -> Generator[StageEvent, None, RunResult]:
    """Write the run's folder, or confirm an existing run with the same results; return the result with its folder."""
    runs, name = result.folder.parent, plan.recipe.name
    values = run_values(plan, parts, digest, result)
    for folder in existing(runs, name, digest):
        if not (folder / run_record.RUN_FILE).exists():
            continue
        try:
            record = run_record.read_record(folder)
        except ConfigError as error:
            if folder != result.folder:
                continue
            sentence = rebuild_notice(*error.args[:2])
            yield Rebuilt(sentence)
            result = replace(result, mended=(*result.mended, sentence))
            (folder / run_record.RUN_FILE).unlink()
            continue
        if run_record.is_confirmed(record, contents, values):
            with nullcontext() if folder == result.folder else locked(folder, beats=True):
                return (yield from _confirmed(record, contents, result))
    if not (result.folder / run_record.RUN_FILE).exists():
        run_record.write_run(result.folder, contents, run_values(plan, parts, digest, result))
        return result
    result = replace(result, folder=runs / next_name(runs, name, digest))
    result.folder.mkdir()
    with locked(result.folder, beats=True):
        run_record.write_run(result.folder, contents, run_values(plan, parts, digest, result))
    return result


def _mend_others(out: Path, folder: Path, rebuilt_keys: Collection[str]) -> Iterator[StageEvent]:
    """Repair other runs' links to outputs that had been damaged and were rebuilt."""
    if not rebuilt_keys:
        return
    outputs = {key: folder_of(out / "work", key) for key in rebuilt_keys}
    for run_folder in run_folders(out):
        if run_folder == folder or not (run_folder / run_record.RUN_FILE).exists():
            continue
        try:
            with locked(run_folder, beats=True):
                record = run_record.read_record(run_folder)
                mended = run_record.mend_links(record, outputs)
                yield from map(Rebuilt, mended)
                if mended:
                    run_record.add(record, mended)
        except ConfigError as error:  # that run is in use, or its record is damaged
            yield Rebuilt(_("{error}; the run was skipped", error=error.as_message()))


def _confirmed(
    record: run_record.Record, contents: run_record.Contents, result: RunResult
) -> Generator[StageEvent, None, RunResult]:
    """Repair the folder of an existing run with the same results; return the result with its folder."""
    mended = run_record.mend(record.folder, contents)
    yield from map(Rebuilt, mended)
    result = replace(
        result,
        folder=record.folder,
        mended=(*result.mended, *mended),
        accepted_loss=result.accepted_loss or record.values["accepted_loss"],
    )
    run_record.add(record, result.mended, result.accepted_loss)
    return result
