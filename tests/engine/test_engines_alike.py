"""All engines give the outcomes of all tasks and the same shards, and a killed worker costs its task one attempt.

An engine that isn't installed here is skipped.
"""

from __future__ import annotations

import importlib
import os
import sys
from importlib.util import find_spec
from pathlib import Path
from typing import TYPE_CHECKING, Any, Protocol, cast

import pytest

import latam_corpus as lc
from latam_corpus.engine.choose import ENGINES, make_engine
from latam_corpus.engine.cluster.slurm import Slurm
from latam_corpus.engine.local import InProcess, Local
from latam_corpus.errors import ConfigError, NoteWarning
from latam_corpus.pipeline.execution.barriers import _BarrierJob, _run_job
from latam_corpus.pipeline.execution.run import find_parts
from latam_corpus.pipeline.execution.run import run as run_plan
from latam_corpus.pipeline.planning.plan import make_plan
from latam_corpus.pipeline.planning.recipe import load_recipe

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from engine.conftest import Tales

    from latam_corpus.pipeline.execution.engines import Engine
    from latam_corpus.pipeline.execution.part import Outcome, Task

_HERE = Path(__file__).parent


class Work(Protocol):
    """The functions of `engine_work`."""

    tell: Callable[[Task], Outcome]
    die_once: Callable[[Task], Outcome]
    die_always: Callable[[Task], Outcome]
    fail: Callable[[Task], Outcome]
    hang_once: Callable[[Task], Outcome]


@pytest.fixture(scope="module")
def work() -> Iterator[Work]:
    """The functions of `engine_work`, in a module with one name for this process and the workers."""
    previous = os.environ.get("PYTHONPATH")
    os.environ["PYTHONPATH"] = os.pathsep.join(filter(None, [str(_HERE), previous]))
    sys.path.append(str(_HERE))
    yield cast("Work", importlib.import_module("engine_work"))
    sys.path.remove(str(_HERE))
    os.environ.pop("PYTHONPATH")
    if previous is not None:
        os.environ["PYTHONPATH"] = previous


@pytest.fixture(scope="module", params=ENGINES)
def engine(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Engine]:
    """Each engine with two workers, started once."""
    request.getfixturevalue("work")
    site = jobs = None
    if request.param == "ray" and find_spec("ray") is None:
        pytest.skip("Ray isn't installed")
    if request.param == "slurm":
        folder = tmp_path_factory.mktemp("sitio")
        here: Any = request.getfixturevalue("slurm")
        site, jobs = here.site(folder), folder / "slurm" / "prueba"
    with make_engine(request.param, 2, site, jobs) as started:
        yield started


def _errors(outcomes: Iterator[Outcome]) -> dict[str, str]:
    return {outcome.part: str(outcome.error) for outcome in outcomes}


@pytest.mark.slow
def test_every_task_has_one_outcome(engine: Engine, work: Work, tasks: list[Task]) -> None:
    """Failing tasks have one as well, and an empty round has none."""
    result = list(engine.map(work.tell, tasks))
    assert sorted(item.part for item in result) == ["p0", "p1", "p2", "p3", "p4"]
    assert sorted(item.keys for item in result) == [("k0",), ("k1",), ("k2",), ("k3",), ("k4",)]
    failed = {"p0": "", "p1": "p1: its rows are gone", "p2": "", "p3": "", "p4": ""}
    assert _errors(engine.map(work.fail, tasks)) == failed
    assert list(engine.map(work.tell, [])) == []


@pytest.mark.slow
def test_workers_are_used_again(engine: Engine, work: Work, tasks: list[Task]) -> None:
    """At most two workers exist, and they keep their models and compiled code between rounds."""
    workers = {item.value for _ in range(3) for item in engine.map(work.tell, tasks)}
    assert len(workers) <= 2


@pytest.mark.slow
@pytest.mark.parametrize(("once", "failed"), [(True, []), (False, ["p1"])])
def test_a_killed_worker_costs_its_task_a_try(
    engine: Engine, work: Work, tasks: list[Task], once: bool, failed: list[str]
) -> None:
    """A task that kills two workers fails with that reason, and no other task does."""
    if isinstance(engine, InProcess):
        pytest.skip("this process is the worker")
    errors = _errors(engine.map(work.die_once if once else work.die_always, tasks))
    assert sorted(errors) == ["p0", "p1", "p2", "p3", "p4"]
    assert [name for name, error in errors.items() if error] == failed
    assert all("killed" in errors[name] for name in failed)


@pytest.mark.slow
def test_a_task_that_hangs_is_done_by_an_idle_worker(
    engine: Engine, work: Work, tasks: list[Task], monkeypatch: pytest.MonkeyPatch
) -> None:
    """The hanging worker is replaced before the next round."""
    if isinstance(engine, InProcess):
        pytest.skip("this process is the worker")
    monkeypatch.setattr("latam_corpus.engine.pace.LEAST_SECONDS", 1.0)
    for _ in range(2):
        assert _errors(engine.map(work.hang_once, tasks)) == dict.fromkeys(["p0", "p1", "p2", "p3", "p4"], "")
        (tasks[0].work / "hung").unlink()
    assert len({item.value for item in engine.map(work.tell, tasks)}) <= 2


@pytest.mark.slow
def test_a_barriers_job_that_hangs_is_done_when_its_worker_has_ended(
    engine: Engine, work: Work, tasks: list[Task], monkeypatch: pytest.MonkeyPatch
) -> None:
    """The job never runs in two workers, since it writes files in place."""
    if not isinstance(engine, Local | Slurm):
        pytest.skip("this process is the worker, or a worker can't be known to have ended")
    for bound in ("LEAST_SECONDS", "HUNG_SECONDS"):
        monkeypatch.setattr(f"latam_corpus.engine.pace.{bound}", 1.0)
    jobs = [_BarrierJob(work.hang_once, task, task.name) for task in tasks]
    with pytest.warns(NoteWarning, match="its worker seems to hang"):
        outcomes = list(engine.map(_run_job, jobs))
    assert sorted(outcome.value.part for outcome in outcomes) == ["p0", "p1", "p2", "p3", "p4"]
    assert (tasks[0].work / "hung").exists()


@pytest.mark.slow
def test_shards_are_those_of_this_process(engine: Engine, tales: Tales, tmp_path: Path) -> None:
    """The bytes are equal, also after a barrier, and one engine reuses the work of another."""
    plan = make_plan(load_recipe(str(tales.recipe)), tales.given)
    result = run_plan(plan, find_parts(plan), tmp_path, engine)
    assert not result.failures
    assert all(done == 0 for done, _ in result.reused.values())
    lc.run(tales.recipe, tales.given, tmp_path, engine="in-process", progress=False)
    assert tales.shards
    assert tales.shards_in(tmp_path / "store") == tales.shards


@pytest.mark.parametrize(
    ("name", "workers", "expected"),
    [("locl", 2, "did you mean «local»"), ("local", -1, "-1 is not a number of workers"), ("slurm", 2, "--site FILE")],
)
def test_a_wrong_engine_is_refused(name: str, workers: int, expected: str) -> None:
    """An unknown engine, a negative number of workers and a missing site file are refused."""
    with pytest.raises(ConfigError, match=expected):
        make_engine(name, workers)
