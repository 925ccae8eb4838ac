"""Find poison documents: documents that kill the worker that processes them.

A killed worker can't report which document was the cause. So ever smaller ranges of the part's rows are processed,
without storing anything, until the ranges that kill are single rows; then the stage is found in the same way. Poison
documents are dropped with the cause, and recorded in `work/lethal/`, so that the next run kills no workers.
"""

from __future__ import annotations

import traceback
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, ClassVar, Final

from latam_corpus.batch import Batch
from latam_corpus.collect.documents.contract import Watch
from latam_corpus.errors import CorpusError
from latam_corpus.pipeline.execution.part import (
    Outcome,
    PoisonDocument,
    Task,
    entering_batches,
    keys_of,
    settle_stages,
)
from latam_corpus.pipeline.rows.conserve import pass_through
from latam_corpus.storage.bucket import publish
from latam_corpus.storage.durable import replace as replace_file
from latam_corpus.storage.durable import sealed, unsealed

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from pathlib import Path

    from latam_corpus.pipeline.execution.engines import Engine
    from latam_corpus.stages import Stage

_PIECES: Final = 8  # pieces into which a range that kills is cut
_MAX_RANGES: Final = 8  # of a part; if more kill at once, documents aren't the cause
_FOLDER: Final = "lethal"


@dataclass(frozen=True)
class Probe:
    """A job that passes a range of a task's rows through the first stages of its segment, and stores nothing.

    Attributes:
        stop: the row after the last one; None to count the rows only.
    """

    task: Task
    start: int
    stop: int | None
    stages: int
    may_run_concurrently: ClassVar[bool] = True

    @property
    def name(self) -> str:
        """A name that is unique among the probes of a run."""
        return f"{self.task.name}, rows {self.start} to {self.stop}, {self.stages} stages"

    @property
    def bytes(self) -> int:
        """The size of the whole part, since the rows before `start` are also read."""
        return self.task.bytes


def _run_probe(probe: Probe) -> Outcome:
    """Return the number of rows that were read, and the ids of those in the range."""
    try:
        row_count, ids = 0, []
        stages = _stages(probe.task)[: probe.stages]
        for batch in entering_batches(probe.task, None, Watch(probe.task.part.source)):
            start = max(probe.start - row_count, 0)
            stop = len(batch) if probe.stop is None else min(probe.stop - row_count, len(batch))
            row_count += len(batch)
            if start < stop and probe.stop is not None:
                remaining = Batch(batch.frame[start:stop])
                ids += remaining.frame["doc_id"].to_list()
                for stage in stages:
                    remaining = pass_through(stage, remaining).kept if len(remaining) else remaining
        return Outcome(probe.name, value=(row_count, ids))
    except MemoryError:
        return Outcome(probe.name, error="MemoryError", killed=True)
    except CorpusError as error:
        return Outcome(probe.name, error=error.without_remedy)
    except Exception:  # noqa: BLE001  (an error of a stage is reported when the part itself is run)
        return Outcome(probe.name, error=traceback.format_exc(limit=-4).strip())


def _stages(task: Task) -> list[Stage]:
    return [*settle_stages(task), *task.segment.stages]


def without_poison(killed: Sequence[tuple[Task, Outcome]], engine: Engine) -> tuple[list[Task], list[Outcome]]:
    """Find the poison documents of tasks that killed their workers.

    The first tasks are to run again without them; the outcomes are of tasks in which none was found.
    """
    retried, failed = [], []
    for task, outcome in killed:
        documents = _find(task, outcome, engine)
        if documents:
            all_documents = (*task.poison_documents, *documents)
            replace_file(_file(task), sealed({"documents": list(map(list, all_documents))}, indent=1))
            publish(_file(task))
            retried.append(replace(task, poison_documents=all_documents))
        else:
            failed.append(outcome)
    return retried, failed


def _find(task: Task, killed: Outcome, engine: Engine) -> list[PoisonDocument]:
    """Return the documents of a part that kill a worker on their own; none if documents aren't the cause."""
    stages = _stages(task)
    [counted] = engine.map(_run_probe, [Probe(task, 0, None, 0)])
    ranges = [(0, counted.value[0])] if counted.value and counted.value[0] else []
    while ranges and any(stop - start > 1 for start, stop in ranges):
        probes = [Probe(task, *piece, len(stages)) for row_range in ranges for piece in _cut(*row_range)]
        killers = {outcome.part for outcome in engine.map(_run_probe, probes) if outcome.killed}
        ranges = [(probe.start, probe.stop or 0) for probe in probes if probe.name in killers]
        if len(ranges) > _MAX_RANGES:
            return []
    documents = []
    for start, stop in ranges:
        by_stages = [Probe(task, start, stop, count) for count in range(len(stages) + 1)]
        outcomes = {outcome.part: outcome for outcome in engine.map(_run_probe, by_stages)}
        first, *later = (outcomes[probe.name] for probe in by_stages)
        stage = next((stage for stage, outcome in zip(stages, later, strict=True) if outcome.killed), None)
        if stage is None or first.killed or not first.value:
            return []
        documents.append(PoisonDocument(stage.name, first.value[1][0], str(killed.error)))
    return documents


def _cut(start: int, stop: int) -> Iterator[tuple[int, int]]:
    """Cut a range into at most `_PIECES` pieces.

    >>> list(_cut(0, 3))
    [(0, 1), (1, 2), (2, 3)]
    >>> list(_cut(8, 24))[-1]
    (22, 24)
    """
    size = max(1, -(-(stop - start) // _PIECES))
    for first in range(start, stop, size):
        yield first, min(first + size, stop)


def _file(task: Task) -> Path:
    """Return the file of a task's poison documents, named by the key that its first step has without them."""
    return task.work / _FOLDER / f"{next(iter(keys_of(replace(task, poison_documents=()))))}.json"


def with_known_poison(tasks: Sequence[Task]) -> list[Task]:
    """Return the tasks with the poison documents that earlier runs found; damaged files are ignored."""
    if not tasks or not (tasks[0].work / _FOLDER).is_dir():
        return list(tasks)
    files = {path.name: path for path in (tasks[0].work / _FOLDER).glob("*.json")}
    completed = []
    for task in tasks:
        path = files.get(_file(task).name)
        try:
            documents = unsealed(path.read_bytes())["documents"] if path else []
        except (OSError, ValueError):
            documents = []
        completed.append(replace(task, poison_documents=tuple(PoisonDocument(*document) for document in documents)))
    return completed
