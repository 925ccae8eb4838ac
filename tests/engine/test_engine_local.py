"""The local engine: every task has an outcome, and a worker that dies costs the task that it held."""

from __future__ import annotations

import os
import signal
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from latam_corpus.catalog.source import Source
from latam_corpus.collect.files import InputFile
from latam_corpus.engine.choose import make_engine
from latam_corpus.engine.local import Local
from latam_corpus.errors import ConfigError
from latam_corpus.pipeline.part import Outcome, Task
from latam_corpus.pipeline.plan import Input, Part, Segment

if TYPE_CHECKING:
    from collections.abc import Callable

_MARK = "LATAM_CORPUS_TEST_ROOM"


def tell(task: Task) -> Outcome:
    """A task's outcome, without any work."""
    return Outcome(task.part.name, keys=(task.part.key,))


def die_once(task: Task) -> Outcome:
    """Task 1 kills its worker the first time that it is tried."""
    mark = Path(os.environ[_MARK]) / task.part.name
    if task.part.name == "p1" and not mark.exists():
        mark.touch()
        os.kill(os.getpid(), signal.SIGKILL)
    return tell(task)


def die_always(task: Task) -> Outcome:
    """Task 1 kills every worker that tries it."""
    if task.part.name == "p1":
        os.kill(os.getpid(), signal.SIGKILL)
    return tell(task)


@pytest.fixture
def tasks(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> list[Task]:
    """Five tasks; the tests' functions can be imported by the workers."""
    monkeypatch.setenv(_MARK, str(tmp_path))
    monkeypatch.setenv("PYTHONPATH", str(Path(__file__).parent))
    source = Source(id="prueba", title="Prueba", holder="Nadie")
    file = InputFile("x", "x", 1, datetime(2024, 1, 1, tzinfo=UTC))
    part = Part("p0", source, (Input(file, "", "k0"),), "web", "k0", None)
    segment = Segment((), ())
    return [Task(replace(part, name=f"p{n}", key=f"k{n}"), segment, tmp_path) for n in range(5)]


def _importable(work: Callable[[Task], Outcome]) -> Callable[[Task], Outcome]:
    """The function under the module name by which a worker finds it."""
    import importlib
    import sys

    folder = str(Path(__file__).parent)
    if folder not in sys.path:
        sys.path.append(folder)
    found: Callable[[Task], Outcome] = getattr(importlib.import_module("test_engine_local"), work.__name__)
    return found


@pytest.mark.slow
def test_every_task_has_its_outcome(tasks: list[Task]) -> None:
    """Five tasks on two workers: five outcomes."""
    outcomes = list(Local(2).map(_importable(tell), tasks))
    assert sorted(outcome.part for outcome in outcomes) == [f"p{n}" for n in range(5)]
    assert not any(outcome.error for outcome in outcomes)


@pytest.mark.slow
def test_a_task_whose_worker_was_killed_is_tried_again(tasks: list[Task]) -> None:
    """A worker killed once, by whatever, costs nothing."""
    outcomes = {outcome.part: outcome for outcome in Local(2).map(_importable(die_once), tasks)}
    assert len(outcomes) == 5
    assert not outcomes["p1"].error


@pytest.mark.slow
def test_a_task_that_kills_its_worker_twice_fails_alone(tasks: list[Task]) -> None:
    """The outcome says how the worker ended; the other tasks are done."""
    outcomes = {outcome.part: outcome for outcome in Local(2).map(_importable(die_always), tasks)}
    assert "SIGKILL" in outcomes["p1"].error
    assert [name for name, outcome in outcomes.items() if outcome.error] == ["p1"]
    assert len(outcomes) == 5


@pytest.mark.parametrize(("name", "workers", "told"), [("locl", 2, "did you mean «local»"), ("local", 0, "0 workers")])
def test_a_wrong_engine_is_refused(name: str, workers: int, told: str) -> None:
    """An unknown engine, or none to work."""
    with pytest.raises(ConfigError, match=told):
        make_engine(name, workers)
