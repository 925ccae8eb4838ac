"""A run: the plan's segments over all parts, barriers in between, and what they came to, as its folder tells it.

The outputs of steps are in `<out>/work/`, shared by all runs, and linked from the run's folder (`run_record.py`).
"""

from __future__ import annotations

import time
from contextlib import nullcontext
from dataclasses import dataclass, replace
from functools import partial
from typing import TYPE_CHECKING, Final

from latam_corpus.collect.files import digest, list_inputs, packs
from latam_corpus.collect.streams import state_of
from latam_corpus.compiled import note_empty_cache
from latam_corpus.errors import ConfigError, PartError, SourceError
from latam_corpus.messages import _
from latam_corpus.pipeline.execution import part as parts_module
from latam_corpus.pipeline.execution.barriers import decide, no_step
from latam_corpus.pipeline.execution.contracts import facts_of, with_source_facts
from latam_corpus.pipeline.execution.events import PartDone, Rebuilt, SegmentStarted, returned
from latam_corpus.pipeline.execution.part import Task, folder_of, input_key, reading_digest
from latam_corpus.pipeline.execution.poison_documents import done_without, remembered
from latam_corpus.pipeline.execution.result import RunResult, Work, contents_of, run_values, sum_parts, written_of
from latam_corpus.pipeline.planning.plan import Input, Part, Plan, run_digest
from latam_corpus.pipeline.planning.span_cache import cached_spans
from latam_corpus.pipeline.planning.survival import accepted
from latam_corpus.pipeline.rows.step_file import is_cleared
from latam_corpus.pipeline.stored_runs import run_record
from latam_corpus.pipeline.stored_runs.history import existing, latest, next_name
from latam_corpus.pipeline.stored_runs.history import folders as run_folders
from latam_corpus.pipeline.stored_runs.keys import digest_of
from latam_corpus.pipeline.stored_runs.work_place import WorkPlace
from latam_corpus.storage.bucket import bucket_of, leased, publish_run
from latam_corpus.storage.durable import made_anew
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
    from latam_corpus.pipeline.execution.part import Outcome
    from latam_corpus.pipeline.execution.work_cleanup import Sweep
    from latam_corpus.pipeline.planning.plan import Segment


_TRIES: Final = 3  # of a run, in which rows that are made again come out otherwise than before
_LITTLE: Final = 64 * 2**20  # bytes of input: outputs of as much are looked through in a moment


class _OtherRowsError(PartError):
    """Rows that were cleared and made again came out otherwise, so that what was decided on them means others."""

    @classmethod
    def of(cls, part: str) -> _OtherRowsError:
        problem = _("its rows were made again and came out otherwise: what rests on them is decided anew")
        return cls(part, problem, _("run it again: what was done before is kept"))


def find_parts(plan: Plan, limit: int | None = None, looking: Callable[[InputFile], None] | None = None) -> list[Part]:
    """Return the parts of the plan's sources, in the sources' order.

    Args:
        plan: what to do.
        limit: how many records of each file at most.
        looking: is told of a large file that must be read from end to end to know where it can be cut.

    Raises:
        ConfigError: a source has no place to read from, nothing is there, or its holder must be asked first.
    """
    parts: list[Part] = []
    for source in plan.sources:
        where = plan.locations.get(source.id)
        _permitted(plan, source, where)
        if not where:
            problem = _("nothing says where the records of «{source}» are", source=source.id)
            remedy = _(
                "collect them with `latam-corpus crawl` into the same --out, or pass --input {id}=PATH", id=source.id
            )
            if source.collect.kind == "files":
                home = source.homepage or source.holder
                remedy = _("fetch them from {holder} and pass --input {id}=PATH", holder=home, id=source.id)
            raise ConfigError(str(plan.recipe.file), problem, remedy)
        genre = plan.recipe.genre
        reading = reading_digest(source, genre, limit)
        for pack in packs(list_inputs(source, where)):
            inputs = tuple(_input(file, reading) for file in pack)
            # A file is cut at fixed places, whatever the number of workers; with a limit it is read from its start.
            whole = limit is not None or len(inputs) > 1
            for span in [None] if whole else cached_spans(source, inputs[0], looking):
                key = digest_of([one.key for one in inputs], span)
                parts.append(Part(f"{source.id}-{len(parts):05d}", source, inputs, genre, key, limit, span))
    return parts


def least_parts(plan: Plan) -> int:
    """Return how many parts there are at least, by names and sizes of files alone: large ones may be cut into more.

    Raises:
        ConfigError: nothing is where records are said to be.
    """
    places = [(source, plan.locations.get(source.id)) for source in plan.sources]
    return sum(1 for source, where in places if where for _ in packs(list_inputs(source, where)))


def _input(file: InputFile, reading: str) -> Input:
    if file.is_missing:
        return Input(file, "", input_key(file, "", reading), "")
    state = state_of(file.url)  # before its bytes: what changes meanwhile isn't what is read later
    content = digest(file)
    return Input(file, content, input_key(file, content, reading), state)


def _permitted(plan: Plan, source: Source, where: str | None) -> None:
    """Nothing, for a source that may be read.

    Raises:
        ConfigError: its holder must be asked first, and no copy is named that may at least be evaluated on.
    """
    if source.status == "ask_first" and not (where and source.uses):
        place = _("{recipe}, source «{source}»", recipe=plan.recipe.file, source=source.id)
        problem = _("its holder must be asked first ({holder})", holder=source.holder)
        remedy = _("ask, state what was agreed in the source's file, and name the copy that was given with --input")
        raise ConfigError(place, problem, remedy)


@dataclass(frozen=True)
class RunSettings:
    """How a plan is run.

    Attributes:
        batch: the most rows and the most bytes of a batch; the results don't depend on it.
        accepted_loss: why a stage may keep less than the recipe's floor; None if no reason was given.
        mended: what was damaged and rebuilt before the run, for its record.
        keep: which work is kept: `all`, or only the rows that the run's folder reports.
        strict: whether no release may be made if an input can't be read whole.
    """

    batch: tuple[int, int] | None = None
    accepted_loss: str | None = None
    mended: tuple[Message, ...] = ()
    keep: str = "all"
    strict: bool = False


def run(
    plan: Plan,
    parts: Sequence[Part],
    out: Path,
    engine: Engine,
    observe: Callable[[StageEvent], None] | None = None,
    on_step: OnStep = no_step,
) -> RunResult:
    """Run the plan over the parts with default settings, and pass each event to a function; see `run_events`."""
    return returned(run_events(plan, parts, out, engine, on_step=on_step), observe)


def run_events(
    plan: Plan,
    parts: Sequence[Part],
    out: Path,
    engine: Engine,
    settings: RunSettings = RunSettings(),
    on_step: OnStep = no_step,
) -> Generator[StageEvent, None, RunResult]:
    """Run the plan over the parts; yield what happens, and return the result.

    A caller that stops early closes the generator: what was done is kept, and the next run continues from it.

    Args:
        plan: what to do.
        parts: on what.
        out: the folder of runs and work.
        engine: what runs the parts.
        settings: how it is run.
        on_step: called with a step of a barrier, how much of it is done, and of how much.

    Raises:
        ConfigError: another process has the run's folder, or the folder of work where not all of it stays, or the
            reason is empty.
        PartError: rows were lost (a defect of the toolkit).
    """
    reason = accepted(settings.accepted_loss)
    started = time.monotonic()
    (out / "work").mkdir(parents=True, exist_ok=True)
    note_empty_cache()
    digest = run_digest(plan, parts)
    folder = latest(out / "runs", plan.recipe.name, digest)
    folder.mkdir(parents=True, exist_ok=True)
    attempt = run_record.attempted(folder, engine.jobs, _lists(plan.sources))
    sweeps = settings.keep != "all"
    # Another run may be about to read what this one removes. Its own lock comes first: of two on two machines, each of
    # which takes its own and looks for the other's then, one sees the other.
    with locked(folder, beats=True), _work(out, folder, sweeps=sweeps), leased(folder) as lease, attempt, engine:
        written = written_of(plan)  # before it is done: who edits a policy meanwhile edits another run's
        work = Work({part.name: [] for part in parts})
        yield from _rebuilt(settings.mended, work)
        sweep = _sweep(out, folder) if sweeps else None
        for left in reversed(range(_TRIES)):
            try:
                yield from _run(plan, parts, out / "work", engine, settings.batch, work, sweep, on_step)
                break
            except _OtherRowsError as other:
                if not left:
                    raise
                work = Work({part.name: [] for part in parts}, mended=work.mended, remade=work.remade)
                yield from _rebuilt([other.without_remedy], work)
        folders = {name: [folder_of(out / "work", key) for key in work.keys[name]] for name in work.done()}
        result = sum_parts(plan, folder, folders, work)
        result = replace(
            result,
            accepted_loss=reason if result.losses else None,
            seconds=round(time.monotonic() - started, 2),
            strict=settings.strict,
        )
        result = yield from _recorded(plan, parts, digest, result, contents_of(folders, written, work))
        if lease:
            lease.check()
            publish_run(result.folder, run_record.RUN_FILE)
        yield from _mend_others(out, result.folder, work.remade)
        if sweep:
            sweep.end()
        return result


def _lists(sources: Sequence[Source]) -> dict[str, dict[str, str]]:
    """Return where the sources' lists of third persons and keys of speakers are, of which a run keeps digests alone."""
    lists: dict[str, dict[str, str]] = {}
    for source in sources:
        for kind, file in (("third_persons", source.names_file), ("speakers", source.speakers_file)):
            if file is not None:
                lists.setdefault(kind, {})[source.id] = str(file.resolve())
    return lists


def _work(out: Path, folder: Path, *, sweeps: bool) -> AbstractContextManager[None]:
    """Hold the folder of work, alone where rows are removed from it."""
    if not sweeps:
        return locked(out / "work", shared=True, beats=True)
    from latam_corpus.pipeline.stored_runs.disk import alone

    return alone(out, but=folder)


def _sweep(out: Path, folder: Path) -> Sweep:
    from latam_corpus.pipeline.execution.work_cleanup import sweep_of

    return sweep_of(out, folder)


def _run(
    plan: Plan,
    parts: Sequence[Part],
    work: Path,
    engine: Engine,
    batch: tuple[int, int] | None,
    done: Work,
    sweep: Sweep | None,
    on_step: OnStep,
) -> Iterator[StageEvent]:
    """Take the parts through all segments.

    Raises:
        PartError: the place where outputs are kept is gone.
        SourceError: every part failed, or all records of a source together break what its file says of them.
    """
    tasks = [Task(part, plan.segments[0], work) for part in parts]
    if batch:
        tasks = [replace(task, rows_a_batch=batch[0], bytes_a_batch=batch[1]) for task in tasks]
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
                    entry=done.keys[task.part.name][-1],
                    decisions=decided[task.part.name][0],
                    decisions_key=decided[task.part.name][1],
                    decided_on=decided_on[task.part.name],
                    barriers=names,
                )
                for task in tasks
            ]
        yield from _through(segment, tasks, engine, done, earlier, sweep, place)
        tasks = [task for task in tasks if task.part.name not in done.failures]
        if parts and not tasks:
            name, error = next(iter(done.failures.items()))
            raise SourceError(name, _("every part failed; the first said: {reason}", reason=error))
        if not number:
            done.facts = facts_of(parts, {name: folder_of(work, done.keys[name][0]) for name in done.done()})
        if segment.barriers:
            outputs = {name: [folder_of(work, key) for key in done.keys[name]] for name in done.done()}
            barriers = with_source_facts(segment.barriers, done.facts)
            # A bucket's files are fetched to one machine, which barriers' jobs don't leave.
            here = engine.here if bucket_of(work) else engine
            ends = {task.part.name: outputs[task.part.name][-1] for task in tasks}
            have_rows = partial(_have_rows, tasks, ends, engine, earlier)
            decisions = yield from decide(barriers, outputs, work, here, have_rows, on_step)
            decided, decided_on = decisions.parts, decisions.rows
            done.replaced.append(decisions.replaced)
            done.notes |= decisions.notes
            done.decisions += decisions.files
            title = " │ ".join(barrier.name for barrier in segment.barriers)
            done.reused[title] = [len(tasks) if decisions.reused else 0, len(tasks)]
            yield from _rebuilt(decisions.mended, done)
        earlier.append({task.part.name: task for task in tasks})


def _through(
    segment: Segment,
    tasks: Sequence[Task],
    engine: Engine,
    done: Work,
    earlier: Sequence[Mapping[str, Task]],
    sweep: Sweep | None,
    place: WorkPlace,
) -> Iterator[StageEvent]:
    """Take the tasks' parts through one segment; what isn't needed any more goes, part by part.

    Raises:
        PartError: the place where outputs are kept is gone.
        _OtherRowsError: the rows of a part are others than was decided on.
    """
    yield SegmentStarted(" │ ".join(step.title for step in segment.steps), len(tasks))
    others = []
    if sweep:
        sweep.begin(tasks)
    for outcome in _worked(tasks, engine, earlier):
        place.check(failed=bool(outcome.error))
        yield PartDone(outcome)
        yield from _rebuilt(outcome.mended, done)
        if outcome.other_entry:
            others.append(outcome.part)
            continue
        if outcome.error:
            done.failures[outcome.part] = outcome.failure
            continue
        done.keys[outcome.part] += outcome.keys
        done.remade |= set(outcome.keys) if outcome.mended else set()
        for step, was_there in zip(segment.steps, outcome.reused, strict=True):
            tally = done.reused.setdefault(step.title, [0, 0])
            tally[0] += was_there
            tally[1] += 1
        if sweep:
            sweep.part_done(outcome)
    if others:
        raise _OtherRowsError.of(min(others))


def _worked(tasks: Sequence[Task], engine: Engine, earlier: Sequence[Mapping[str, Task]]) -> Iterator[Outcome]:
    """Yield the outcome of each task; where the rows that it starts from were cleared, they are made again first.

    Args:
        tasks: of one segment.
        engine: what works them.
        earlier: of each segment before, its tasks by part.
    """
    lacking = {}
    named = {task.name: task for task in tasks}
    for outcome in _outcomes(tasks, engine):
        if outcome.lacks_entry:
            lacking[outcome.part] = named[outcome.part]
        else:
            yield outcome
    if lacking:
        again = [replace(earlier[-1][name], restore=True) for name in lacking]
        for outcome in _worked(again, engine, earlier[:-1]):
            if outcome.error or outcome.other_entry:
                del lacking[outcome.part]
                yield outcome
        for outcome in _outcomes(list(lacking.values()), engine):
            # Where a step of those came out otherwise, the rows after it are others, under another key.
            yield replace(outcome, other_entry=outcome.other_entry or outcome.lacks_entry)


def _have_rows(
    tasks: Sequence[Task], ends: Mapping[str, Path], engine: Engine, earlier: Sequence[Mapping[str, Task]]
) -> None:
    """Have the rows at the end of these tasks, where they were cleared.

    Raises:
        PartError: those of a part can't be made again.
    """
    again = [replace(task, restore=True) for task in tasks if is_cleared(ends[task.part.name])]
    for outcome in _worked(again, engine, earlier):
        if outcome.error:
            raise PartError(outcome.part, outcome.error, outcome.remedy)
    for name in (task.part.name for task in again if is_cleared(ends[task.part.name])):
        raise _OtherRowsError.of(name)


def _outcomes(tasks: Sequence[Task], engine: Engine) -> Iterator[Outcome]:
    """Yield the outcome of each task; where little is left but to look, of this process: a worker takes a second."""
    tasks = remembered(tasks)
    if sum(task.bytes for task in tasks) <= _LITTLE and all(map(parts_module.is_done, tasks)):
        yield from map(parts_module.run_part, tasks)
        return
    named = {task.name: task for task in tasks}
    killed = []
    for outcome in engine.map(parts_module.run_part, tasks):
        if outcome.killed:
            killed.append((named[outcome.part], outcome))
        else:
            yield outcome
    yield from done_without(killed, engine)


def _rebuilt(mended: Sequence[Message], done: Work) -> Iterator[StageEvent]:
    done.mended += mended
    yield from map(Rebuilt, mended)


def _recorded(
    plan: Plan,
    parts: Sequence[Part],
    digest: str,
    result: RunResult,
    contents: run_record.Contents,
) -> Generator[StageEvent, None, RunResult]:
    """Return the result, with the folder that tells it: a run that is there already and came to the same is confirmed.

    Raises:
        ConfigError: another process has the folder in which it is to be told.
    """
    runs, name = result.folder.parent, plan.recipe.name
    values = run_values(plan, parts, digest, result)
    for folder in existing(runs, name, digest):
        if not (folder / run_record.RUN_FILE).exists():
            continue
        try:
            before = run_record.read_record(folder)
        except ConfigError as error:
            if folder != result.folder:
                continue
            sentence = made_anew(*error.args[:2])
            yield Rebuilt(sentence)
            result = replace(result, mended=(*result.mended, sentence))
            (folder / run_record.RUN_FILE).unlink()
            continue
        if run_record.is_confirmed(before, contents, values):
            with nullcontext() if folder == result.folder else locked(folder, beats=True):
                return (yield from _confirmed(before, contents, result))
    if not (result.folder / run_record.RUN_FILE).exists():
        run_record.write_run(result.folder, contents, run_values(plan, parts, digest, result))
        return result
    result = replace(result, folder=runs / next_name(runs, name, digest))
    result.folder.mkdir()
    with locked(result.folder, beats=True):
        run_record.write_run(result.folder, contents, run_values(plan, parts, digest, result))
    return result


def _mend_others(out: Path, folder: Path, remade: Collection[str]) -> Iterator[StageEvent]:
    """Put the links of other runs in order to outputs that were damaged: theirs is the same file."""
    if not remade:
        return
    entries = {key: folder_of(out / "work", key) for key in remade}
    for other in run_folders(out):
        if other == folder or not (other / run_record.RUN_FILE).exists():
            continue
        try:
            with locked(other, beats=True):
                before = run_record.read_record(other)
                mended = run_record.mend_links(before, entries)
                yield from map(Rebuilt, mended)
                if mended:
                    run_record.add(before, mended)
        except ConfigError as error:  # in use, or its record is damaged: it is told by whoever asks for it
            yield Rebuilt(_("{error}; it isn't looked at", error=error.as_message()))


def _confirmed(
    before: run_record.Record, contents: run_record.Contents, result: RunResult
) -> Generator[StageEvent, None, RunResult]:
    """Return the result as a run's that was there; what was damaged in its folder is in order then."""
    mended = run_record.mend(before.folder, contents)
    yield from map(Rebuilt, mended)
    result = replace(
        result,
        folder=before.folder,
        mended=(*result.mended, *mended),
        accepted_loss=result.accepted_loss or before.values["accepted_loss"],
    )
    run_record.add(before, result.mended, result.accepted_loss)
    return result
