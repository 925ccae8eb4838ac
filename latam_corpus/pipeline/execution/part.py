"""What a worker does with one part: the steps of a segment, each stored under the key of all that made it.

A step's folder (`step_file.py`) is written beside its final place, flushed to the disk and renamed into it. Before its
outputs are used again every byte of them is compared with its digest; a damaged folder is made anew.
"""

from __future__ import annotations

import os
import shutil
import sys
import time
import traceback
from collections import Counter
from contextlib import ExitStack
from dataclasses import astuple, dataclass
from typing import TYPE_CHECKING, Any, ClassVar, Final, NamedTuple, Protocol, TypeVar

import polars as pl
import pyarrow.parquet as pq

from latam_corpus import schema
from latam_corpus.batch import Batch
from latam_corpus.collect import files
from latam_corpus.collect.documents.contract import Watch
from latam_corpus.errors import MORE_MEMORY, CorpusError, PartError, cause_in_disk, cause_of
from latam_corpus.messages import Message, _, known
from latam_corpus.pipeline.execution import decisions
from latam_corpus.pipeline.rows.conserve import Count, Passed, collected, pass_through
from latam_corpus.pipeline.rows.step_file import (
    ASIDE,
    DROPPED,
    LEDGER,
    ROWS,
    VALUES,
    StepCounts,
    StepFile,
    damage_in,
    fetch_outputs,
    is_cleared,
    is_there,
    pairs,
    put,
    tally,
)
from latam_corpus.pipeline.stored_runs.keys import digest_of
from latam_corpus.stages import Stage
from latam_corpus.storage.durable import beside, damage, link_or_copy, made_anew

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from pathlib import Path

    from latam_corpus.catalog import source as catalog_source
    from latam_corpus.pipeline.planning.plan import Part, Segment, Step

_COLUMNS: Final = {ROWS: schema.DOCUMENT_SCHEMA, DROPPED: schema.DOCUMENT_SCHEMA, LEDGER: schema.LEDGER_SCHEMA}
NO_MEMORY: Final = _("its worker has no more memory")
# Raised when the rows that a step stores are others, or stored otherwise: outputs of another format are recomputed.
_FORMAT: Final = 5
_DECIDED: Final = " decided"
_ROWS_A_BATCH: Final = 2000
_BYTES_A_BATCH: Final = 16 * 2**20


class Job(Protocol):
    """What an engine can give to a worker: a value that can be pickled."""

    @property
    def name(self) -> str:
        """For people."""
        ...

    @property
    def bytes(self) -> int:
        """How large it is, about: the largest are begun first."""
        ...

    @property
    def twice(self) -> bool:
        """Whether two workers may do it at once: what it writes has names of its own until it is whole."""
        ...


J = TypeVar("J", bound=Job)


class Lethal(NamedTuple):
    """A document that ends the worker that works it: the stage, the document's id, and what is known of the cause."""

    stage: str
    doc_id: str
    cause: str


@dataclass(frozen=True, slots=True)
class Task:
    """A part to be taken through a segment.

    Attributes:
        work: the folder of step outputs, shared by all runs of one `--out`.
        entry: the key of the output that the segment starts from; None where it starts from the source.
        decisions: the barriers' decisions on this part's rows, a Parquet file; None where no barrier stood before.
        decisions_key: changes when they do.
        decided_on: the digest of the rows that they were made on: by their places they mean no others.
        barriers: the names of those barriers, in order.
        lethal: documents that a stage must not be given.
        restore: whether the rows of the last step must be there in the end, though they were cleared.
    """

    part: Part
    segment: Segment
    work: Path
    entry: str | None = None
    decisions: Path | None = None
    decisions_key: str = ""
    decided_on: str = ""
    barriers: tuple[str, ...] = ()
    lethal: tuple[Lethal, ...] = ()
    restore: bool = False
    twice: ClassVar[bool] = True
    rows_a_batch: int = _ROWS_A_BATCH
    bytes_a_batch: int = _BYTES_A_BATCH

    @property
    def name(self) -> str:
        """The part's."""
        return self.part.name

    @property
    def bytes(self) -> int:
        """The part's."""
        return self.part.bytes


@dataclass(frozen=True, slots=True)
class Outcome:
    """What became of a task: its steps' keys and whether each was reused, or what a job gave, or what ended it.

    Attributes:
        mended: what was damaged and is made anew, a sentence each.
        kept: how many documents the part has now.
        killed: whether what ended it ended the worker, too, or its memory.
        lacks_entry: whether nothing was done, since the rows that the task starts from were cleared.
        other_entry: whether nothing was done, since these are others than was decided on.
    """

    part: str
    keys: tuple[str, ...] = ()
    reused: tuple[bool, ...] = ()
    mended: tuple[Message, ...] = ()
    error: str | Message = ""
    remedy: str | Message = ""
    value: Any = None
    kept: int = 0
    killed: bool = False
    lacks_entry: bool = False
    other_entry: bool = False

    @property
    def failure(self) -> Message:
        """What ended it, and what helps, where that is known.

        >>> str(Outcome("a", error="its rows are gone", remedy="run it again").failure)
        'its rows are gone; run it again'
        """
        error = known(self.error)
        return Message("{error}; {remedy}", {"error": error, "remedy": known(self.remedy)}) if self.remedy else error


class _ClearedError(PartError):
    """The rows of a step are needed, and were cleared."""


def reading_digest(source: catalog_source.Source, genre: str | None, limit: int | None = None) -> str:
    """Digest what the catalogue states about a source's files, and the version of the code that reads them.

    Args:
        source: what the catalogue says.
        genre: the recipe's.
        limit: how many records of each file at most.
    """
    settings = source.model_dump(mode="json", exclude={"title", "notes", "homepage", "contact", "status"})
    return digest_of(settings, genre, limit, files.reading_version())


def input_key(file: files.InputFile, content: str, reading: str) -> str:
    """Return the key of a file of the input: its bytes and name, what lists say of it, and how it is read.

    Args:
        file: the file.
        content: the digest of its bytes.
        reading: see `reading_digest`.
    """
    return digest_of(content, file.relative, astuple(file.beside), reading)


def folder_of(work: Path, key: str) -> Path:
    """Where the output with this key is, or will be."""
    return work / key[:2] / key


def keys_of(task: Task) -> Iterator[str]:
    """Yield the keys of the task's steps, each made of the rows that enter the step, as bytes, and of the step.

    Rows that were made otherwise and came to the same are worked once. A key is asked for when the output of the step
    before is there; of a part whose step before isn't done yet, it is that of no output.
    """
    entry = StepCounts.read(folder_of(task.work, task.entry)) if task.entry else None
    enters = digest_of(entry.files[ROWS] if entry else task.part.key, task.decisions_key)
    counts: StepCounts | None = None  # of the step before: what a barrier decided isn't in what it told
    for step in task.segment.steps:
        rests_on = step.digest(pairs(counts.kept) if counts else None)
        without = sorted(one[:2] for one in task.lethal if one.stage in {stage.name for stage in step.stages})
        key = digest_of(enters, rests_on, list(_side_columns(task, step)), _FORMAT, *([without] if without else []))
        yield key
        counts = _step_counts(folder_of(task.work, key))
        enters = counts.files[ROWS] if counts else key


def _step_counts(folder: Path) -> StepCounts | None:
    """Return what a step told of its outputs; None where there are none, or damaged ones."""
    try:
        return StepCounts.read(folder)
    except PartError:
        return None


def _side_columns(task: Task, step: Step) -> pl.Schema:
    """Return the columns to be stored beside the rows: what barriers ask for, of the step before them."""
    return task.segment.aside if step is task.segment.steps[-1] else pl.Schema()


def is_done(task: Task) -> bool:
    """Whether the outputs of all its steps are there, whole or not."""
    folders = [folder_of(task.work, key) for key in keys_of(task)]
    return all(map(is_there, folders)) and not (task.restore and is_cleared(folders[-1]))


def run_part(task: Task) -> Outcome:
    """Take the part through the segment, from the last step whose output exists; a failure is an outcome."""
    try:
        return _run(task)
    except _ClearedError as cleared:
        lacks_entry = task.entry is not None and cleared.place == str(folder_of(task.work, task.entry))
        # Else they went meanwhile, for a part that shares them: now they are made again.
        return Outcome(task.part.name, lacks_entry=True) if lacks_entry else run_part(task)
    except CorpusError as error:
        return Outcome(task.part.name, error=error.without_remedy, remedy=error.help)
    except MemoryError:
        return Outcome(task.part.name, error=NO_MEMORY, remedy=MORE_MEMORY, killed=True)
    except OSError as error:  # a full disk, a folder that may not be written
        cause = (None if error.filename else cause_in_disk(error, task.work)) or cause_of(error)
        return Outcome(task.part.name, error=PartError(str(error.filename or task.work), cause).as_message())
    except Exception as error:  # noqa: BLE001  (the boundary of a part: whatever a stage raises ends this part alone)
        full = cause_in_disk(error, task.work)  # in a library's words
        told = PartError(str(task.work), full).as_message() if full else traceback.format_exc(limit=-4).strip()
        return Outcome(task.part.name, error=told)


def _run(task: Task) -> Outcome:
    if _has_other_entry(task):
        return Outcome(task.part.name, other_entry=True)
    keys: list[str] = []
    reused: list[bool] = []
    mended: list[Message] = []
    folders: list[Path] = []
    for step, key in zip(task.segment.steps, keys_of(task), strict=True):
        folder = folder_of(task.work, key)
        there = is_there(folder)
        damaged = damage_in(folder) if there else None
        if damaged:
            mended.append(made_anew(*damaged))
        reused.append(there and not damaged)
        if not reused[-1]:
            if _restore(task, folders):
                return _run(task)
            _run_step(task, step, folder, folders[-1] if folders else None)
        elif step.has_partial_fingerprint:
            step.check(task.name)
        keys.append(key)
        folders.append(folder)
    if task.restore and _restore(task, folders):
        return _run(task)
    kept = StepCounts.read(folders[-1]).kept.total() if folders else 0
    return Outcome(task.part.name, tuple(keys), tuple(reused), tuple(mended), kept=kept)


def _has_other_entry(task: Task) -> bool:
    """Whether the rows that the task starts from are others than was decided on, since they were made again."""
    if not (task.entry and task.decided_on):
        return False
    return StepCounts.read(folder_of(task.work, task.entry)).files[ROWS] != task.decided_on


def _restore(task: Task, folders: Sequence[Path]) -> bool:
    """Make the rows of the last of these steps again, where they were cleared.

    Returns:
        Whether some came out otherwise, as of a page whose extraction stood still: the keys that follow tell others.
    """
    if not folders or not is_cleared(folders[-1]):
        return False
    *before, last = folders
    if _restore(task, before):
        return True
    was = StepCounts.read(last).files
    _run_step(task, task.segment.steps[len(before)], last, before[-1] if before else None)
    return StepCounts.read(last).files != was


def _run_step(task: Task, step: Step, final: Path, before: Path | None) -> None:
    partial = beside(final, "partial")
    shutil.rmtree(partial, ignore_errors=True)
    partial.mkdir(parents=True)
    unchanged = task.entry is not None and before is None and not step.stages and _decisions(task).is_empty()
    counts = _linked(task, partial) if unchanged else _worked(task, step, before, partial)
    counts.write(partial)
    step.check(task.name)
    put(partial, final)


def _linked(task: Task, partial: Path) -> StepCounts:
    """Return the entry's rows as they are, where the barriers decided nothing on this part: no second copy on disk."""
    entry = folder_of(task.work, task.entry or "")
    _refuse_cleared(entry)
    fetch_outputs([entry], ROWS)
    link_or_copy(entry / ROWS, partial / ROWS)
    for name in (DROPPED, LEDGER):
        with StepFile(partial / name, _COLUMNS[name]):
            pass
    before = StepCounts.read(entry)
    rows = before.kept.total()
    passed = {name: Count(rows_in=rows, kept=rows) for name in task.barriers}
    return StepCounts(passed, before.kept, files={ROWS: before.files[ROWS]})


def cpu_seconds() -> float:
    """Return the processor time of this process and its extracting children, those that ended and the running one."""
    used = os.times()
    sandbox = sys.modules.get("latam_corpus.extract.isolation.sandbox")  # which is loaded where something is extracted
    running: float = sandbox.cpu_seconds() if sandbox else 0.0
    return time.process_time() + used.children_user + used.children_system + running


def _worked(task: Task, step: Step, before: Path | None, partial: Path) -> StepCounts:
    """Return the step's outputs written into the folder `partial`; gives what happened."""
    counts = StepCounts()
    with ExitStack() as opened:
        rows, dropped, ledger = (
            opened.enter_context(StepFile(partial / name, _COLUMNS[name])) for name in (ROWS, DROPPED, LEDGER)
        )
        wanted = _side_columns(task, step)
        aside = opened.enter_context(StepFile(partial / ASIDE, wanted)) if wanted else None

        def record(name: str, passed: Passed, seconds: float) -> Batch:
            passed.count.seconds = seconds
            counts.stages.setdefault(name, Count()).add(passed.count)
            if passed.dropped.height:
                fallen = tally(passed.dropped, "drop_reason")
                counts.dropped += Counter({(name, *key): rows for key, rows in fallen.items()})
                dropped.write(schema.conform(passed.dropped, schema.DOCUMENT_SCHEMA))
            ledger.write(passed.ledger)
            return passed.kept

        watch = Watch(task.part.source)
        started = cpu_seconds()
        for batch in entering(task, before, watch):
            live = batch
            if before is None and task.entry is None:
                live = record("collect", collected(batch), cpu_seconds() - started)
            for stage in (*(settling(task) if before is None else ()), *step.stages):
                started = cpu_seconds()
                if len(live):
                    withheld = {one.doc_id: one.cause for one in task.lethal if one.stage == stage.name}
                    live = record(stage.name, pass_through(stage, live, withheld), cpu_seconds() - started)
            counts.kept += tally(live.frame)
            rows.write(schema.conform(live.frame, schema.DOCUMENT_SCHEMA))
            if aside and len(live):
                aside.write(schema.conform(live.frame, wanted))
            started = cpu_seconds()
    counts.facts = watch.facts
    if watch.values.height:
        watch.values.write_parquet(partial / VALUES)
    return counts


def entering(task: Task, before: Path | None, watch: Watch) -> Iterator[Batch]:
    """Yield the batches that enter a step: of the step before, of the segment before, or of the source.

    Raises:
        PartError: a file of the source isn't the one any more whose digest stands in the part's key.
    """
    part = task.part
    if before is not None:
        yield from _stored(before, task)
    elif task.entry is not None:
        offset = 0
        for batch in _stored(folder_of(task.work, task.entry), task):
            yield Batch(batch.frame.with_row_index("place", offset=offset))
            offset += len(batch)
    else:
        for one in part.inputs:
            one.check()
        for frame in files.read_all(
            part.source,
            part.files,
            rows=task.rows_a_batch,
            bytes_=task.bytes_a_batch,
            limit=part.limit,
            genre=part.genre,
            span=part.span,
            watch=watch,
        ):
            yield Batch(frame)
        for one in part.inputs:
            one.check()


def _stored(folder: Path, task: Task) -> Iterator[Batch]:
    """Yield the rows of a step, which a barrier may have left alone for hours since they were looked at."""
    _refuse_cleared(folder)
    fetch_outputs([folder], ROWS)
    wrong = damage(folder, {ROWS: StepCounts.read(folder).files[ROWS]})
    if wrong:
        raise PartError(str(wrong.file), wrong.problem, _("run it again: it is made anew"))
    with pq.ParquetFile(folder / ROWS) as file:
        for group in range(file.num_row_groups):
            frame = pl.from_arrow(file.read_row_group(group))
            if isinstance(frame, pl.DataFrame):
                for start in range(0, frame.height, task.rows_a_batch):
                    yield Batch(frame.slice(start, task.rows_a_batch).cast(schema.DOCUMENT_SCHEMA))


def _refuse_cleared(folder: Path) -> None:
    if is_cleared(folder):
        raise _ClearedError(str(folder), _("its rows were cleared"), _("run it again: they are made anew"))


@dataclass(frozen=True, eq=False, kw_only=True)
class Settle(Stage):
    """A barrier's decisions on the rows of one part, carried out as a stage of the barrier's name.

    Attributes:
        name: the barrier's.
        decisions: `place` (the row's place in the part) and what the barrier gives.
    """

    name: str  # type: ignore[misc]  # one class for all barriers
    decisions: pl.DataFrame
    needs: ClassVar[frozenset[str]] = frozenset({"place"})
    gives: ClassVar[frozenset[str]] = frozenset({"drop_reason"})

    def __call__(self, batch: Batch) -> Batch:
        """Return the batch with the barrier's columns; what it decided nothing on keeps what it had.

        What else was decided in the part says nothing of a row: how files are cut has no part in it.
        """
        frame = batch.frame.join(self.decisions, on="place", how="left", maintain_order="left", suffix=_DECIDED)
        both = [name for name in self.decisions.columns if f"{name}{_DECIDED}" in frame.columns]
        kept = frame.with_columns(pl.coalesce(f"{name}{_DECIDED}", name).alias(name) for name in both)
        return Batch(kept.drop(f"{name}{_DECIDED}" for name in both))


def _decisions(task: Task) -> pl.DataFrame:
    if task.decisions is None:
        return pl.DataFrame(schema={"place": pl.UInt32, "stage": pl.String})
    return decisions.read(task.decisions)


def settling(task: Task) -> Iterator[Settle]:
    """Yield the decisions of the barriers before the task's segment, as its first stages."""
    every = _decisions(task) if task.barriers else None
    for name in task.barriers:
        mine = every.filter(pl.col("stage") == name).drop("stage") if every is not None else pl.DataFrame()
        decided = [column for column in mine.columns if mine[column].null_count() < mine.height]
        yield Settle(name=name, decisions=mine.select(decided or ["place"]))
