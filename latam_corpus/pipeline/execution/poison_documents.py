"""Documents that end the worker that works them: found by cutting the part, set aside with the cause, the rest done.

A worker that is killed says nothing of the document that it was at. Ranges of the part's rows are worked, without a
trace, until those that kill are single rows; then by which stage. What was found is remembered beside the outputs of
steps, so that a run that is given again doesn't kill workers anew; without the file, the document is tried again.
"""

from __future__ import annotations

import traceback
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, ClassVar, Final

from latam_corpus.batch import Batch
from latam_corpus.collect.documents.contract import Watch
from latam_corpus.errors import CorpusError
from latam_corpus.pipeline.execution.part import Lethal, Outcome, Task, entering, keys_of, run_part, settling
from latam_corpus.pipeline.rows.conserve import pass_through
from latam_corpus.storage.bucket import publish
from latam_corpus.storage.durable import replace as replace_file
from latam_corpus.storage.durable import sealed, unsealed

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from pathlib import Path

    from latam_corpus.pipeline.execution.engines import Engine
    from latam_corpus.stages import Stage

_PIECES: Final = 8  # that a range which kills is cut into
_MOST: Final = 8  # ranges of a part that kill at once: beyond, it is no matter of documents
_FOLDER: Final = "lethal"


@dataclass(frozen=True)
class Probe:
    """A range of the rows that enter a part's segment, worked by its first stages, of which nothing is kept.

    Attributes:
        task: the part's.
        start: the first row.
        stop: the row after the last one; None for all.
        stages: how many of the segment's stages.
    """

    task: Task
    start: int
    stop: int | None
    stages: int
    twice: ClassVar[bool] = True

    @property
    def name(self) -> str:
        """For people, and to tell outcomes apart."""
        return f"{self.task.name}, rows {self.start} to {self.stop}, {self.stages} stages"

    @property
    def bytes(self) -> int:
        """The part's: what stands before is read, too."""
        return self.task.bytes


def _probed(probe: Probe) -> Outcome:
    """Return how many rows there are, and the ids of a range's; that of a range which kills is the engine's."""
    try:
        rows, ids = 0, []
        stages = _stages(probe.task)[: probe.stages]
        for batch in entering(probe.task, None, Watch(probe.task.part.source)):
            start = max(probe.start - rows, 0)
            stop = len(batch) if probe.stop is None else min(probe.stop - rows, len(batch))
            rows += len(batch)
            if start < stop and probe.stop is not None:
                live = Batch(batch.frame[start:stop])
                ids += live.frame["doc_id"].to_list()
                for stage in stages:
                    live = pass_through(stage, live).kept if len(live) else live
        return Outcome(probe.name, value=(rows, ids))
    except MemoryError:
        return Outcome(probe.name, error="MemoryError", killed=True)
    except CorpusError as error:
        return Outcome(probe.name, error=error.without_remedy)
    except Exception:  # noqa: BLE001  (what a stage raises is the part's failure, and told there)
        return Outcome(probe.name, error=traceback.format_exc(limit=-4).strip())


def _stages(task: Task) -> list[Stage]:
    return [*settling(task), *(stage for step in task.segment.steps for stage in step.stages)]


def done_without(killed: Sequence[tuple[Task, Outcome]], engine: Engine) -> Iterator[Outcome]:
    """Yield the outcomes of tasks that killed their workers, worked without the documents that do.

    Args:
        killed: the tasks, and what became of them; where no single documents are the cause, it stays so.
        engine: what works them.
    """
    again = []
    for task, outcome in killed:
        found = _found(task, outcome, engine)
        if found:
            known = (*task.lethal, *found)
            replace_file(_file(task), sealed({"documents": list(map(list, known))}, indent=1))
            publish(_file(task))
            again.append(replace(task, lethal=known))
        else:
            yield outcome
    yield from engine.map(run_part, again)


def _found(task: Task, killed: Outcome, engine: Engine) -> list[Lethal]:
    """Return the documents of a part that kill, by themselves, and by which stage; none where that isn't the cause."""
    stages = _stages(task)
    [counted] = engine.map(_probed, [Probe(task, 0, None, 0)])
    ranges = [(0, counted.value[0])] if counted.value and counted.value[0] else []
    while ranges and any(stop - start > 1 for start, stop in ranges):
        probes = [Probe(task, *piece, len(stages)) for one in ranges for piece in _cut(*one)]
        kill = {outcome.part for outcome in engine.map(_probed, probes) if outcome.killed}
        ranges = [(probe.start, probe.stop or 0) for probe in probes if probe.name in kill]
        if len(ranges) > _MOST:
            return []
    found = []
    for start, stop in ranges:
        by_stages = [Probe(task, start, stop, count) for count in range(len(stages) + 1)]
        outcomes = {outcome.part: outcome for outcome in engine.map(_probed, by_stages)}
        first, *rest = (outcomes[probe.name] for probe in by_stages)
        stage = next((stage for stage, outcome in zip(stages, rest, strict=True) if outcome.killed), None)
        if stage is None or first.killed or not first.value:
            return []
        found.append(Lethal(stage.name, first.value[1][0], str(killed.error)))
    return found


def _cut(start: int, stop: int) -> Iterator[tuple[int, int]]:
    """Yield a range in pieces.

    >>> list(_cut(0, 3))
    [(0, 1), (1, 2), (2, 3)]
    >>> list(_cut(8, 24))[-1]
    (22, 24)
    """
    size = max(1, -(-(stop - start) // _PIECES))
    for first in range(start, stop, size):
        yield first, min(first + size, stop)


def _file(task: Task) -> Path:
    """Where it is remembered, by all that the part's first step rests on."""
    return task.work / _FOLDER / f"{next(iter(keys_of(replace(task, lethal=()))))}.json"


def remembered(tasks: Sequence[Task]) -> list[Task]:
    """Return the tasks, with what is known of their documents that kill.

    What is damaged is forgotten: the documents are found again.
    """
    if not tasks or not (tasks[0].work / _FOLDER).is_dir():
        return list(tasks)
    known = {path.name: path for path in (tasks[0].work / _FOLDER).glob("*.json")}
    found = []
    for task in tasks:
        path = known.get(_file(task).name)
        try:
            documents = unsealed(path.read_bytes())["documents"] if path else []
        except (OSError, ValueError):
            documents = []
        found.append(replace(task, lethal=tuple(Lethal(*one) for one in documents)))
    return found
