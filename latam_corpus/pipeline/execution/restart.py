"""Decide which outputs of earlier runs are reused, which steps run, and which rows are restored first.

The output of a step (`step_file.py`) is in one of four states. A cleared output still has its counts, dropped rows and
ledger, so it is reused like a whole output unless its rows are needed.

                 run                   clear (`run --work measured`)
    ABSENT ──────────────▶ WHOLE ─────────────────────▶ CLEARED
    DAMAGED ─────────────▶   ▲                             │
                 run         └─────────────────────────────┘
                                    run again (restore)

A worker takes a part through the steps of a segment (`run_part`). It runs one step after another, chosen by
`next_step`:

    an output is absent or damaged     run its step; but if the output before it is cleared, run that step first
    the last output is cleared         run its step if the task must restore it
    otherwise                          the part is done

A step that runs again may return different rows, for example if a page timed out. The keys of later steps are computed
from these rows, so the outputs of later steps are then absent.

The output that a segment starts from belongs to the segment before. If it is cleared, the process that leads the run
takes the part back (`outcomes_of`), as many segments as necessary, and then forward again:

    start in the task's segment
      │
      ▼      needs its entry
    RUN ───────────────────────▶ BACK: restore the segment before ──▶ needs its entry: BACK again
      │                            │ done
      │ done                       ▼
      │                          FORWARD: run the next segment ──▶ done: FORWARD again, up to the task's segment
      ▼                            │
    outcome ◀──────────────────────┤ done, in the task's segment
                                   ▼
                                 CHANGED: the rows aren't those that barriers decided on, or have another key

If rows have changed, `RowsChangedError` ends the attempt, and the run starts again from its first segment (`run.py`),
at most MAX_ATTEMPTS times. Everything that is still valid is reused.
"""

from __future__ import annotations

import traceback
from dataclasses import replace
from enum import Enum, auto
from typing import TYPE_CHECKING, Final

from latam_corpus.errors import MORE_MEMORY, CorpusError, PartError, cause_in_disk, cause_of
from latam_corpus.messages import _
from latam_corpus.pipeline.execution.part import NO_MEMORY, ClearedError, Outcome, folder_of, keys_of, run_step
from latam_corpus.pipeline.execution.poison_documents import with_known_poison, without_poison
from latam_corpus.pipeline.rows.step_file import ROWS, StepCounts, damage_in, is_cleared, is_there
from latam_corpus.storage.durable import rebuild_notice

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence
    from pathlib import Path

    from latam_corpus.messages import Message
    from latam_corpus.pipeline.execution.engines import Engine
    from latam_corpus.pipeline.execution.part import Task

MAX_ATTEMPTS: Final = 3
_SMALL: Final = 64 * 2**20  # bytes of input; their outputs are checked faster than a worker starts


class OutputState(Enum):
    """The state of a step's output."""

    ABSENT = auto()
    DAMAGED = auto()
    CLEARED = auto()
    WHOLE = auto()


class RowsChangedError(PartError):
    """Restored rows differ from those on which barriers decided, so the decisions don't apply to them."""

    @classmethod
    def of(cls, part: str) -> RowsChangedError:
        """Return the error for a part."""
        problem = _("its rows differ after they were restored: decisions based on them are repeated")
        return cls(part, problem, _("run it again: finished work is reused"))


def next_step(states: Sequence[OutputState], *, restore: bool) -> int | None:
    """Return the number of the step to run next; None if nothing is left to do.

    Args:
        states: the states of the outputs in order, up to the first absent or damaged one, after which they are unknown.
        restore: whether the last output must have its rows.

    >>> next_step([OutputState.WHOLE, OutputState.CLEARED, OutputState.ABSENT], restore=False)
    1
    >>> next_step([OutputState.CLEARED] * 2, restore=False), next_step([OutputState.CLEARED] * 2, restore=True)
    (None, 0)
    """
    is_needed = (OutputState.ABSENT, OutputState.DAMAGED, *((OutputState.CLEARED,) if restore else ()))
    if not states or states[-1] not in is_needed:
        return None
    number = len(states) - 1
    while number and states[number - 1] is OutputState.CLEARED:
        number -= 1
    return number


class _Progress:
    """The known outputs of a task and their states."""

    def __init__(self, task: Task) -> None:
        self._task = task
        self._checked: set[Path] = set()  # outputs that exist and aren't damaged; checking reads every byte
        self._run: set[Path] = set()  # outputs that were absent or damaged
        self._notices: dict[Path, Message] = {}
        self.folders: list[Path] = []
        self.states: list[OutputState] = []

    def look(self) -> None:
        """Find the state of each output, up to the first one that is absent or damaged."""
        self.folders, self.states = [], []
        for step, key in zip(self._task.segment.steps, keys_of(self._task), strict=True):
            folder = folder_of(self._task.work, key)
            state = self._state(folder)
            self.folders.append(folder)
            self.states.append(state)
            if state in (OutputState.ABSENT, OutputState.DAMAGED):
                self._run.add(folder)
                return
            if step.has_partial_fingerprint and folder not in self._run:
                step.check(self._task.name)

    def _state(self, folder: Path) -> OutputState:
        if folder not in self._checked:
            if not is_there(folder):
                return OutputState.ABSENT
            if damaged := damage_in(folder):
                self._notices[folder] = rebuild_notice(*damaged)
                return OutputState.DAMAGED
            self._checked.add(folder)
        return OutputState.CLEARED if is_cleared(folder) else OutputState.WHOLE

    def run(self, number: int) -> None:
        """Run a step; its output is then whole."""
        step, folder = self._task.segment.steps[number], self.folders[number]
        run_step(self._task, step, folder, self.folders[number - 1] if number else None)
        self._checked.add(folder)

    def outcome(self) -> Outcome:
        """Return the outcome of the task, all of whose outputs must exist."""
        return Outcome(
            self._task.part.name,
            tuple(folder.name for folder in self.folders),
            tuple(folder not in self._run for folder in self.folders),
            tuple(self._notices[folder] for folder in self.folders if folder in self._notices),
            kept=StepCounts.read(self.folders[-1]).kept.total() if self.folders else 0,
        )


def run_part(task: Task) -> Outcome:
    """Take a part through its segment, from the last step whose output exists; a failure is returned, not raised."""
    try:
        return _run(task)
    except CorpusError as error:
        return Outcome(task.part.name, error=error.without_remedy, remedy=error.help)
    except MemoryError:
        return Outcome(task.part.name, error=NO_MEMORY, remedy=MORE_MEMORY, killed=True)
    except OSError as error:  # such as a full disk, or a folder that can't be written
        cause = (None if error.filename else cause_in_disk(error, task.work)) or cause_of(error)
        return Outcome(task.part.name, error=PartError(str(error.filename or task.work), cause).as_message())
    except Exception as error:  # noqa: BLE001  (the boundary of a part: whatever a stage raises only ends this part)
        full = cause_in_disk(error, task.work)  # libraries raise their own errors for a full disk
        message = PartError(str(task.work), full).as_message() if full else traceback.format_exc(limit=-4).strip()
        return Outcome(task.part.name, error=message)


def _run(task: Task) -> Outcome:
    """Run the task's steps until all outputs exist."""
    entry = folder_of(task.work, task.entry) if task.entry else None
    if entry and task.decided_on and StepCounts.read(entry).files[ROWS] != task.decided_on:
        return Outcome(task.part.name, entry_changed=True)
    progress = _Progress(task)
    progress.look()
    while (number := next_step(progress.states, restore=task.restore)) is not None:
        try:
            progress.run(number)
        except ClearedError as cleared:
            if entry and cleared.place == str(entry):
                return Outcome(task.part.name, needs_entry=True)
            # If not, the rows were cleared after `look`, for another part with the same output.
        progress.look()
    return progress.outcome()


def is_done(task: Task) -> bool:
    """Whether the outputs of all steps exist, including the rows that the task must restore; damage isn't checked."""
    folders = [folder_of(task.work, key) for key in keys_of(task)]
    return all(map(is_there, folders)) and not (task.restore and is_cleared(folders[-1]))


def outcomes_of(tasks: Sequence[Task], engine: Engine, earlier: Sequence[Mapping[str, Task]]) -> Iterator[Outcome]:
    """Yield the outcome of each task; cleared rows that a task starts from are restored first.

    Args:
        tasks: the tasks of one segment.
        engine: the engine that runs them.
        earlier: the tasks of each earlier segment, by part.
    """
    target = len(earlier)
    by_segment = [*earlier, {task.name: task for task in tasks}]
    positions = dict.fromkeys(by_segment[target], target)  # the segment that each part is in
    forward: set[str] = set()
    while positions:
        turn = [by_segment[number][name] for name, number in positions.items()]
        turn = [task if positions[task.name] == target else replace(task, restore=True) for task in turn]
        for outcome in _run_tasks(turn, engine):
            name = outcome.part
            stopped = outcome.error or outcome.entry_changed or outcome.needs_entry
            if outcome.needs_entry and name not in forward:
                positions[name] -= 1
            elif not stopped and positions[name] < target:
                positions[name] += 1
                forward.add(name)
            else:
                del positions[name]
                yield replace(outcome, entry_changed=outcome.entry_changed or outcome.needs_entry)


def restore_rows(
    tasks: Sequence[Task], outputs: Mapping[str, Path], engine: Engine, earlier: Sequence[Mapping[str, Task]]
) -> None:
    """Restore the rows of these tasks' last outputs if they were cleared.

    Args:
        tasks: the tasks of one segment.
        outputs: the last output of each part.
        engine: the engine that runs the tasks.
        earlier: the tasks of each earlier segment, by part.

    Raises:
        PartError: the rows of a part can't be restored.
        RowsChangedError: the restored rows of a part have another key.
    """
    cleared = [replace(task, restore=True) for task in tasks if is_cleared(outputs[task.name])]
    for outcome in outcomes_of(cleared, engine, earlier):
        if outcome.error:
            raise PartError(outcome.part, outcome.error, outcome.remedy)
    for task in cleared:
        if is_cleared(outputs[task.name]):
            raise RowsChangedError.of(task.name)


def _run_tasks(tasks: Sequence[Task], engine: Engine) -> Iterator[Outcome]:
    """Yield the outcome of each task; run in this process if little more than checking outputs is needed."""
    tasks = with_known_poison(tasks)
    if sum(task.bytes for task in tasks) <= _SMALL and all(map(is_done, tasks)):
        yield from map(run_part, tasks)
        return
    by_name = {task.name: task for task in tasks}
    killed = []
    for outcome in engine.map(run_part, tasks):
        if outcome.killed:
            killed.append((by_name[outcome.part], outcome))
        else:
            yield outcome
    retried, failed = without_poison(killed, engine)
    yield from failed
    yield from engine.map(run_part, retried)
