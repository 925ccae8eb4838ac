"""A part whose rows were cleared goes back to the segments that restore them, and forward again."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, cast

import pytest

from latam_corpus.engine.local import InProcess
from latam_corpus.pipeline.execution import restart
from latam_corpus.pipeline.execution.part import Outcome
from latam_corpus.pipeline.execution.restart import OutputState, next_step, outcomes_of

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence


@dataclass(frozen=True)
class _Task:
    """A task as far as `outcomes_of` knows it."""

    name: str
    segment: int
    restore: bool = False


class _Worker:
    """Runs tasks by a rule, and records which were run with which setting of `restore`."""

    def __init__(self, rule: Callable[[_Task, int], Outcome]) -> None:
        self.runs: list[tuple[str, int, bool]] = []
        self._rule = rule

    def run(self, tasks: Sequence[_Task], _engine: object) -> list[Outcome]:
        """Return the outcome of each task."""
        outcomes = []
        for task in tasks:
            attempts = sum(name == task.name and segment == task.segment for name, segment, _ in self.runs)
            self.runs.append((task.name, task.segment, task.restore))
            outcomes.append(self._rule(task, attempts))
        return outcomes


def _outcomes(monkeypatch: pytest.MonkeyPatch, worker: _Worker, *names: str) -> dict[str, Outcome]:
    """The outcomes of tasks in the last of three segments."""
    monkeypatch.setattr(restart, "_run_tasks", worker.run)
    *earlier, last = ({name: _Task(name, segment) for name in names} for segment in range(3))
    given: Any = (list(last.values()), InProcess(), earlier)
    return {outcome.part: outcome for outcome in outcomes_of(*cast("tuple[Any, Any, Any]", given))}


def test_a_part_goes_back_as_far_as_rows_were_cleared(monkeypatch: pytest.MonkeyPatch) -> None:
    """Each segment before the last restores its rows; a part with its rows is run once."""

    def rule(task: _Task, attempts: int) -> Outcome:
        return Outcome(task.name, needs_entry=task.name == "a" and task.segment > 0 and not attempts)

    worker = _Worker(rule)
    outcomes = _outcomes(monkeypatch, worker, "a", "b")
    assert not any(outcome.needs_entry or outcome.entry_changed for outcome in outcomes.values())
    runs = {name: [run[1:] for run in worker.runs if run[0] == name] for name in outcomes}
    assert runs["a"] == [(2, False), (1, True), (0, True), (1, True), (2, False)]
    assert runs["b"] == [(2, False)]


def test_rows_under_another_key_are_reported_as_changed(monkeypatch: pytest.MonkeyPatch) -> None:
    """After a segment restored its rows, a part that still needs its entry has other rows than before."""
    worker = _Worker(lambda task, _: Outcome(task.name, needs_entry=task.segment == 2))
    [outcome] = _outcomes(monkeypatch, worker, "a").values()
    assert outcome.entry_changed
    assert [segment for _, segment, _ in worker.runs] == [2, 1, 2]


@pytest.mark.parametrize("outcome", [{"error": "the disk is full"}, {"entry_changed": True}])
def test_a_part_that_fails_on_its_way_goes_no_further(monkeypatch: pytest.MonkeyPatch, outcome: dict[str, Any]) -> None:
    """Its outcome is that of the segment in which it failed; other parts are not affected."""

    def rule(task: _Task, attempts: int) -> Outcome:
        if task.segment == 1 and task.name == "a":
            return Outcome(task.name, **outcome)
        return Outcome(task.name, needs_entry=task.segment == 2 and not attempts)

    worker = _Worker(rule)
    outcomes = _outcomes(monkeypatch, worker, "a", "b")
    assert outcomes["a"] == Outcome("a", **outcome)
    assert outcomes["b"] == Outcome("b")
    assert [segment for name, segment, _ in worker.runs if name == "a"] == [2, 1]


@pytest.mark.parametrize(
    ("states", "restore", "number"),
    [
        ([], True, None),
        ([OutputState.WHOLE, OutputState.WHOLE], True, None),
        ([OutputState.WHOLE, OutputState.CLEARED], False, None),
        ([OutputState.WHOLE, OutputState.CLEARED], True, 1),
        ([OutputState.CLEARED, OutputState.DAMAGED], False, 0),
        ([OutputState.WHOLE, OutputState.ABSENT], False, 1),
        ([OutputState.WHOLE, OutputState.CLEARED, OutputState.CLEARED, OutputState.ABSENT], False, 1),
        ([OutputState.CLEARED, OutputState.WHOLE, OutputState.ABSENT], False, 2),
    ],
)
def test_the_next_step_has_the_rows_that_it_needs(states: list[OutputState], restore: bool, number: int | None) -> None:
    """Cleared outputs are run again only if a later step needs their rows."""
    assert next_step(states, restore=restore) == number
