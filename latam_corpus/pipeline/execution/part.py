"""A part and one step: the task of a worker, the keys of its outputs, and the writing of an output.

An output (`step_file.py`) is stored under a key, the digest of everything that it depends on. It is written into a
partial folder, flushed to the disk, and renamed. `restart.py` decides which steps run.
"""

from __future__ import annotations

import os
import shutil
import sys
import time
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
from latam_corpus.errors import PartError
from latam_corpus.messages import Message, _, known
from latam_corpus.pipeline.execution import decisions
from latam_corpus.pipeline.rows.conserve import Count, Passed, pass_collected, pass_through
from latam_corpus.pipeline.rows.step_file import (
    ASIDE,
    DROPPED,
    LEDGER,
    ROWS,
    VALUES,
    StepCounts,
    StepFile,
    fetch_outputs,
    is_cleared,
    pairs,
    put,
    tally,
)
from latam_corpus.pipeline.stored_runs.keys import digest_of
from latam_corpus.stages import Stage
from latam_corpus.storage.durable import damage, link_or_copy, process_path

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from latam_corpus.catalog import source as catalog_source
    from latam_corpus.pipeline.planning.plan import Part, Segment, Step

_COLUMNS: Final = {ROWS: schema.DOCUMENT_SCHEMA, DROPPED: schema.DOCUMENT_SCHEMA, LEDGER: schema.LEDGER_SCHEMA}
NO_MEMORY: Final = _("its worker ran out of memory")
# Incremented when steps store other rows or store them differently. Outputs of another format are recomputed.
_FORMAT: Final = 5
_DECIDED: Final = " decided"
_BATCH_ROWS: Final = 2000
_BATCH_BYTES: Final = 16 * 2**20


class Job(Protocol):
    """A value that can be pickled and that an engine can give to a worker."""

    @property
    def name(self) -> str:
        """A name for messages."""
        ...

    @property
    def bytes(self) -> int:
        """Its approximate size; engines start the largest jobs first."""
        ...

    @property
    def may_run_concurrently(self) -> bool:
        """Whether two workers may run it at once: it writes files under temporary names until they are complete."""
        ...


J = TypeVar("J", bound=Job)


class PoisonDocument(NamedTuple):
    """A document that kills its worker: the stage, the document's id and, if known, the cause."""

    stage: str
    doc_id: str
    cause: str


@dataclass(frozen=True, slots=True)
class Task:
    """A part and the segment that it goes through.

    Attributes:
        part: the part.
        segment: the segment.
        work: the folder of step outputs, shared by all runs of one `--out`.
        entry: the key of the output from which the segment starts; None if it starts from the source.
        decisions: a Parquet file with the barriers' decisions on this part's rows; None if there are none.
        decisions_key: a digest of the decisions.
        decided_on: the digest of the rows for which the decisions were made. Decisions identify rows by position, so
            they are valid only for these rows.
        barriers: the names of the barriers before the segment, in order.
        poison_documents: documents that are withheld from a stage.
        restore: whether the rows of the last step must exist in the end, even if they had been cleared.
        batch_rows: the most rows of a batch.
        batch_bytes: the most bytes of a batch.
    """

    part: Part
    segment: Segment
    work: Path
    entry: str | None = None
    decisions: Path | None = None
    decisions_key: str = ""
    decided_on: str = ""
    barriers: tuple[str, ...] = ()
    poison_documents: tuple[PoisonDocument, ...] = ()
    restore: bool = False
    may_run_concurrently: ClassVar[bool] = True
    batch_rows: int = _BATCH_ROWS
    batch_bytes: int = _BATCH_BYTES

    @property
    def name(self) -> str:
        """The part's name."""
        return self.part.name

    @property
    def bytes(self) -> int:
        """The part's size."""
        return self.part.bytes


@dataclass(frozen=True, slots=True)
class Outcome:
    """The outcome of a task or another job.

    Attributes:
        part: the name of the part or job.
        keys: the keys of the part's outputs.
        reused: whether each output was reused.
        mended: a sentence for each damaged output that was rebuilt.
        error: why it failed; empty if it succeeded.
        remedy: what to do about the error, if known.
        value: the result of a job that isn't a task.
        kept: the number of documents of the part after its last step.
        killed: whether the worker was killed or ran out of memory.
        needs_entry: whether nothing was done because the rows from which the task starts were cleared.
        entry_changed: whether nothing was done because these rows differ from those on which barriers decided.
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
    needs_entry: bool = False
    entry_changed: bool = False

    @property
    def failure(self) -> Message:
        """The error, with its remedy if there is one.

        >>> str(Outcome("a", error="its rows were removed", remedy="run it again").failure)
        'its rows were removed; run it again'
        """
        error = known(self.error)
        return Message("{error}; {remedy}", {"error": error, "remedy": known(self.remedy)}) if self.remedy else error


class ClearedError(PartError):
    """The rows of a step are needed but were cleared."""


def reading_digest(source: catalog_source.Source, genre: str | None, limit: int | None = None) -> str:
    """Return a digest of the settings by which a source's files are read, and of the readers' version.

    Args:
        source: the source.
        genre: the recipe's genre.
        limit: the greatest number of records that are read from each file.
    """
    settings = source.model_dump(mode="json", exclude={"title", "notes", "homepage", "contact", "status"})
    return digest_of(settings, genre, limit, files.reading_version())


def input_key(file: files.InputFile, content: str, reading: str) -> str:
    """Return the key of an input file, a digest of its bytes, its name, its entries in lists, and how it is read.

    Args:
        file: the file.
        content: the digest of its bytes.
        reading: see `reading_digest`.
    """
    return digest_of(content, file.relative, astuple(file.description), reading)


def folder_of(work: Path, key: str) -> Path:
    """Return the folder of the output with this key; it may not exist."""
    return work / key[:2] / key


def keys_of(task: Task) -> Iterator[str]:
    """Yield the keys of the task's outputs.

    A key is a digest of the step and of the bytes of its input rows; equal rows are processed once, whatever their
    origin. A key is only valid if the output of the step before exists when the key is requested.
    """
    entry = StepCounts.read(folder_of(task.work, task.entry)) if task.entry else None
    input_digest = digest_of(entry.files[ROWS] if entry else task.part.key, task.decisions_key)
    counts: StepCounts | None = None  # of the step before; the entry's counts precede the barriers' decisions
    for step in task.segment.steps:
        names = {stage.name for stage in step.stages}
        withheld = sorted(document[:2] for document in task.poison_documents if document.stage in names)
        key = digest_of(
            input_digest,
            step.digest(pairs(counts.kept) if counts else None),
            list(_side_columns(task, step)),
            _FORMAT,
            *([withheld] if withheld else []),
        )
        yield key
        counts = _step_counts(folder_of(task.work, key))
        input_digest = counts.files[ROWS] if counts else key


def _step_counts(folder: Path) -> StepCounts | None:
    """Return the counts of an output; None if it doesn't exist or is damaged."""
    try:
        return StepCounts.read(folder)
    except PartError:
        return None


def _side_columns(task: Task, step: Step) -> pl.Schema:
    """Return the columns outside the document schema that this step stores for the next barriers; others store none."""
    return task.segment.aside if step is task.segment.steps[-1] else pl.Schema()


def run_step(task: Task, step: Step, final: Path, previous: Path | None) -> None:
    """Run a step of a task and store its output.

    Args:
        task: the task.
        step: one of the steps of its segment.
        final: the folder of the output.
        previous: the output of the step before; None for the first step.

    Raises:
        ClearedError: the rows that the step needs were cleared.
        PartError: the step failed, or its inputs changed since the plan was made.
    """
    partial = process_path(final, "partial")
    shutil.rmtree(partial, ignore_errors=True)
    partial.mkdir(parents=True)
    unchanged = task.entry is not None and previous is None and not step.stages and _decisions(task).is_empty()
    counts = _link_entry(task, partial) if unchanged else _write_output(task, step, previous, partial)
    counts.write(partial)
    step.check(task.name)
    put(partial, final)


def _link_entry(task: Task, partial: Path) -> StepCounts:
    """Link the rows of the entry as the step's output, if the barriers decided nothing on this part."""
    entry = folder_of(task.work, task.entry or "")
    _refuse_cleared(entry)
    fetch_outputs([entry], ROWS)
    link_or_copy(entry / ROWS, partial / ROWS)
    for name in (DROPPED, LEDGER):
        with StepFile(partial / name, _COLUMNS[name]):
            pass
    entry_counts = StepCounts.read(entry)
    rows = entry_counts.kept.total()
    passed = {name: Count(rows_in=rows, kept=rows) for name in task.barriers}
    return StepCounts(passed, entry_counts.kept, files={ROWS: entry_counts.files[ROWS]})


def cpu_seconds() -> float:
    """Return the processor time of this process and its extraction processes, finished or running, in seconds."""
    used = os.times()
    sandbox = sys.modules.get("latam_corpus.extract.isolation.sandbox")  # loaded only if something is extracted
    running: float = sandbox.cpu_seconds() if sandbox else 0.0
    return time.process_time() + used.children_user + used.children_system + running


def _write_output(task: Task, step: Step, previous: Path | None, partial: Path) -> StepCounts:
    """Apply the step's stages to each batch, write the output into the folder `partial`, and return the counts."""
    counts = StepCounts()
    with ExitStack() as opened:
        rows, dropped, ledger = (
            opened.enter_context(StepFile(partial / name, _COLUMNS[name])) for name in (ROWS, DROPPED, LEDGER)
        )
        side_columns = _side_columns(task, step)
        side_file = opened.enter_context(StepFile(partial / ASIDE, side_columns)) if side_columns else None

        def record(name: str, passed: Passed, seconds: float) -> Batch:
            passed.count.seconds = seconds
            counts.stages.setdefault(name, Count()).add(passed.count)
            if passed.dropped.height:
                by_reason = tally(passed.dropped, "drop_reason")
                counts.dropped += Counter({(name, *key): rows for key, rows in by_reason.items()})
                dropped.write(schema.conform(passed.dropped, schema.DOCUMENT_SCHEMA))
            ledger.write(passed.ledger)
            return passed.kept

        watch = Watch(task.part.source)
        started = cpu_seconds()
        for batch in entering_batches(task, previous, watch):
            remaining = batch
            if previous is None and task.entry is None:
                remaining = record("collect", pass_collected(batch), cpu_seconds() - started)
            for stage in (*(settle_stages(task) if previous is None else ()), *step.stages):
                started = cpu_seconds()
                if len(remaining):
                    poison = [document for document in task.poison_documents if document.stage == stage.name]
                    withheld = {document.doc_id: document.cause for document in poison}
                    remaining = record(stage.name, pass_through(stage, remaining, withheld), cpu_seconds() - started)
            counts.kept += tally(remaining.frame)
            rows.write(schema.conform(remaining.frame, schema.DOCUMENT_SCHEMA))
            if side_file and len(remaining):
                side_file.write(schema.conform(remaining.frame, side_columns))
            started = cpu_seconds()
    counts.facts = watch.facts
    if watch.values.height:
        watch.values.write_parquet(partial / VALUES)
    return counts


def entering_batches(task: Task, previous: Path | None, watch: Watch) -> Iterator[Batch]:
    """Yield the batches that enter a step, read from the step before, the segment before, or the source.

    Args:
        task: the task.
        previous: the output of the step before; None for the first step.
        watch: collects facts about the source's records.

    Raises:
        ClearedError: the rows were cleared.
        PartError: a file of the source has changed since the plan was made.
    """
    part = task.part
    if previous is not None:
        yield from _stored_batches(previous, task)
    elif task.entry is not None:
        offset = 0
        for batch in _stored_batches(folder_of(task.work, task.entry), task):
            yield Batch(batch.frame.with_row_index("place", offset=offset))
            offset += len(batch)
    else:
        for file in part.inputs:
            file.check()
        for frame in files.read_all(
            part.source,
            part.files,
            rows=task.batch_rows,
            bytes_=task.batch_bytes,
            limit=part.limit,
            genre=part.genre,
            span=part.span,
            watch=watch,
        ):
            yield Batch(frame)
        for file in part.inputs:
            file.check()


def _stored_batches(folder: Path, task: Task) -> Iterator[Batch]:
    """Yield the rows of an output after checking them again: a barrier may have taken hours since the first check."""
    _refuse_cleared(folder)
    fetch_outputs([folder], ROWS)
    wrong = damage(folder, {ROWS: StepCounts.read(folder).files[ROWS]})
    if wrong:
        raise PartError(str(wrong.file), wrong.problem, _("run it again: it is rebuilt"))
    with pq.ParquetFile(folder / ROWS) as file:
        for group in range(file.num_row_groups):
            frame = pl.from_arrow(file.read_row_group(group))
            if isinstance(frame, pl.DataFrame):
                for start in range(0, frame.height, task.batch_rows):
                    yield Batch(frame.slice(start, task.batch_rows).cast(schema.DOCUMENT_SCHEMA))


def _refuse_cleared(folder: Path) -> None:
    if is_cleared(folder):
        raise ClearedError(str(folder), _("its rows were cleared"), _("run it again: they are restored"))


@dataclass(frozen=True, eq=False, kw_only=True)
class Settle(Stage):
    """Applies a barrier's decisions to the rows of one part, as a stage with the barrier's name.

    Attributes:
        name: the barrier's name.
        decisions: `place` (the row's position in the part) and the columns that the barrier sets.
    """

    name: str  # type: ignore[misc]  # one class for all barriers
    decisions: pl.DataFrame
    needs: ClassVar[frozenset[str]] = frozenset({"place"})
    gives: ClassVar[frozenset[str]] = frozenset({"drop_reason"})

    def __call__(self, batch: Batch) -> Batch:
        """Set the barrier's columns; rows without a decision keep their values."""
        frame = batch.frame.join(self.decisions, on="place", how="left", maintain_order="left", suffix=_DECIDED)
        shared = [name for name in self.decisions.columns if f"{name}{_DECIDED}" in frame.columns]
        merged = frame.with_columns(pl.coalesce(f"{name}{_DECIDED}", name).alias(name) for name in shared)
        return Batch(merged.drop(f"{name}{_DECIDED}" for name in shared))


def _decisions(task: Task) -> pl.DataFrame:
    if task.decisions is None:
        return pl.DataFrame(schema={"place": pl.UInt32, "stage": pl.String})
    return decisions.read(task.decisions)


def settle_stages(task: Task) -> Iterator[Settle]:
    """Yield a stage for each barrier before the task's segment, which applies its decisions."""
    if not task.barriers:
        return
    all_decisions = _decisions(task)
    for name in task.barriers:
        rows = all_decisions.filter(pl.col("stage") == name).drop("stage")
        # Columns without any value aren't set, so that results don't depend on how files are cut into parts.
        columns = [column for column in rows.columns if rows[column].null_count() < rows.height]
        yield Settle(name=name, decisions=rows.select(columns or ["place"]))
