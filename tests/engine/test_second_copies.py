"""A task that takes far longer than others is done by an idle worker as well, and its first outcome counts.

That workers which hang cost every engine time alone is in `test_engines_alike.py`.
"""

from __future__ import annotations

import importlib
import os
import pickle
import resource
import signal
import subprocess
from contextlib import nullcontext
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, cast

import pytest

from latam_corpus.engine import local, pace, rounds
from latam_corpus.engine.cluster import slurm
from latam_corpus.engine.cluster.slurm import _SlurmCrew
from latam_corpus.engine.cluster.slurm_commands import SlurmJob
from latam_corpus.engine.local import Local, _end
from latam_corpus.engine.local import _LocalCrew as LocalCrew
from latam_corpus.engine.rounds import Round, take_tasks
from latam_corpus.errors import NoteWarning, PartError
from latam_corpus.pipeline.execution.barriers import _BarrierJob
from latam_corpus.pipeline.execution.part import Outcome, Task
from latam_corpus.pipeline.execution.restart import run_part
from latam_corpus.pipeline.execution.run import find_parts
from latam_corpus.pipeline.planning.plan import make_plan
from latam_corpus.pipeline.planning.recipe import load_recipe
from latam_corpus.pipeline.rows.step_file import is_whole

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from engine.conftest import Tales

_WORKERS = 3


_NOW = [0.0]  # of the driver's clock, and the workers'


def _take(task: Task) -> Outcome:
    _NOW[0] += 20.0
    return Outcome(task.part.name)


def _take_job(job: _BarrierJob) -> Outcome:
    _NOW[0] += 20.0
    return Outcome(job.name)


@pytest.fixture(autouse=True)
def clock(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> None:
    """A clock that is moved by tasks and tests."""
    if "slow" not in request.keywords:
        monkeypatch.setattr("time.monotonic", lambda: _NOW[0])


@pytest.fixture
def turn(tasks: list[Task], tmp_path: Path) -> Round:
    """A round of five tasks: two are held by workers, and three took twenty seconds each."""
    created = Round(tmp_path / "round", _take, tasks)
    _hold_two(created)
    return created


def _hold_two(turn: Round) -> None:
    assert rounds.claim(turn.folder, 0, "a")
    assert rounds.claim(turn.folder, 1, "b")
    done = len(list(take_tasks(turn.folder, "c")))
    assert len(list(turn.news())) == done == 3


def test_what_is_late_is_given_to_who_is_idle(turn: Round) -> None:
    """A late task is given once, after three times the usual duration, to idle workers only."""
    assert not turn.give_twice(_WORKERS)
    _NOW[0] += 59.0
    assert not turn.give_twice(_WORKERS)
    assert not turn.unclaimed()
    _NOW[0] += 2.0
    assert not turn.give_twice(2)
    assert turn.give_twice(_WORKERS)
    assert turn.busy == 3
    assert turn.held_by("a") == []
    _NOW[0] += 99.0
    assert not turn.give_twice(_WORKERS)
    assert turn.give_twice(_WORKERS + 1)  # the other one
    assert rounds.claim(turn.folder, 1, "d")
    assert not turn.give_twice(_WORKERS + 9)
    _NOW[0] += 99.0
    assert not turn.give_twice(_WORKERS + 9)
    assert list(take_tasks(turn.folder, "c")) == [0]
    assert [outcome.part for outcome in turn.news()] == ["p0"]
    assert (turn.overtaken, turn.waiting) == ({"a"}, {1})


def test_who_had_it_first_may_be_first(turn: Round) -> None:
    """If the first worker is faster, the second one is overtaken; the task has one outcome."""
    turn.give_twice(_WORKERS)
    _NOW[0] += 61.0
    assert turn.give_twice(_WORKERS)
    assert rounds.claim(turn.folder, 0, "d")
    (turn.folder / "claims" / "0").rename(turn.folder / "claims" / "aside")
    list(take_tasks(turn.folder, "a"))
    (turn.folder / "claims" / "aside").rename(turn.folder / "claims" / "0")
    assert [outcome.part for outcome in turn.news()] == ["p0"]
    assert turn.overtaken == {"d"}
    assert turn.took("d")
    assert turn.died(1, "d") == 0  # whatever it has gone on to when it is ended
    (turn.folder / "done-d").write_bytes((turn.folder / "done-a").read_bytes())
    assert list(turn.news()) == []


def _given_twice(turn: Round) -> None:
    turn.give_twice(_WORKERS)
    _NOW[0] += 61.0
    assert turn.give_twice(_WORKERS)
    assert rounds.claim(turn.folder, 0, "d")


def test_what_an_overtaken_worker_has_gone_on_to_is_given_back(
    tasks: list[Task], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The next task of a worker that is ended is given back."""
    turn = Round(tmp_path / "round", _take, tasks)
    assert rounds.claim(turn.folder, 0, "0.1")
    assert rounds.claim(turn.folder, 1, "b")
    list(take_tasks(turn.folder, "1.1"))
    list(turn.news())
    turn.give_twice(_WORKERS)
    _NOW[0] += 61.0
    assert turn.give_twice(_WORKERS)
    assert list(take_tasks(turn.folder, "1.1")) == [0]
    turn.give_back(1)
    assert rounds.claim(turn.folder, 1, "0.1")
    crew, begun = object.__new__(LocalCrew), []
    hangs = subprocess.Popen(["sleep", "60"], stdin=subprocess.PIPE, start_new_session=True)
    crew._workers, crew._started = {0: hangs}, {0: 1}
    monkeypatch.setattr(LocalCrew, "_start", lambda _, rank: begun.append(rank))
    monkeypatch.setattr(LocalCrew, "_call", lambda *_: None)
    assert [outcome.part for outcome in crew._news(turn)] == ["p0"]
    assert (hangs.returncode, crew._workers, begun) == (-signal.SIGKILL, {}, [0])
    assert (turn.waiting, turn.unclaimed()) == ({1}, True)


def test_a_worker_that_the_kernel_keeps_holds_nobody_up(monkeypatch: pytest.MonkeyPatch) -> None:
    """The round doesn't wait for a process that waits for a disk."""
    worker = subprocess.Popen(["sleep", "60"], start_new_session=True)
    with monkeypatch.context() as patch:
        patch.setattr(os, "killpg", lambda *_: None)
        patch.setattr(local, "_END_SECONDS", 0.1)
        _end(worker)
    assert worker.poll() is None
    _end(worker)
    assert worker.returncode == -signal.SIGKILL


@pytest.mark.parametrize("failed", ["a", "d"])
def test_one_of_two_that_fails_leaves_the_task_to_the_other(turn: Round, failed: str) -> None:
    """The other worker then holds the task alone, and its outcome counts."""
    _given_twice(turn)
    second = "d" if failed == "a" else "a"
    turn.living = lambda: ["a", "b", "d"]
    result = pickle.dumps((0, 1.0, Outcome("p0", error="no room")))
    (turn.folder / f"done-{failed}").write_bytes(len(result).to_bytes(8, "little") + result)
    assert list(turn.news()) == []
    assert (turn.held_by(second), turn.overtaken) == ([0], set())
    _NOW[0] += 1e6
    turn.give_twice(_WORKERS + 9)
    assert turn.held_by(second) == [0]
    (turn.folder / f"done-{second}").write_bytes((turn.folder / f"done-{failed}").read_bytes())
    assert [outcome.error for outcome in turn.news()] == ["no room"]


def test_a_task_of_which_both_workers_end_is_given_back(turn: Round) -> None:
    """If one is alive, the task is left to it."""
    _given_twice(turn)
    turn.living = lambda: ["a", "b"]
    assert turn.is_left_to_other(0, "d")
    assert turn.held_by("a") == [0]
    turn.living = lambda: ["b"]
    assert not turn.is_left_to_other(0, "a")
    assert turn.held_by("a") == [0]
    assert not turn.is_left_to_other(1, "b")


def test_a_worker_that_ends_after_its_task_was_given_on_took_one(turn: Round) -> None:
    """It doesn't count as a worker that ended without a task."""
    turn.give_twice(_WORKERS)
    _NOW[0] += 61.0
    assert turn.give_twice(_WORKERS)
    assert (turn.held_by("a"), turn.took("a"), turn.took("d")) == ([], True, False)


def test_an_outcome_that_a_full_disk_cuts_off_ends_the_worker(turn: Round) -> None:
    """Otherwise the next outcome would be read as part of it."""
    previous = resource.getrlimit(resource.RLIMIT_FSIZE)
    handled = signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
    try:
        resource.setrlimit(resource.RLIMIT_FSIZE, (64, previous[1]))
        (turn.folder / "claims" / "0").unlink()
        with pytest.raises(OSError, match="No space left on device"):
            list(take_tasks(turn.folder, "d"))
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, previous)
        signal.signal(signal.SIGXFSZ, handled)
    assert list(turn.news()) == []
    assert turn.held_by("d") == [0]


@pytest.mark.parametrize(("expected", "ends"), [("RUNNING", False), ("PENDING", True)])
def test_a_reason_of_slurm_ends_a_round_where_no_job_runs(
    turn: Round, expected: str, ends: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    """If other jobs run, the reason may pass and they do the work."""
    crew = object.__new__(_SlurmCrew)
    crew._folder, crew._size, crew._live = turn.folder, 2, {"7_0"}
    jobs = [SlurmJob("7_0", expected), SlurmJob("7_1", "PENDING", reason="PartitionTimeLimit")]
    monkeypatch.setattr(slurm, "jobs_named", lambda _name: jobs)
    with pytest.raises(PartError, match="PartitionTimeLimit") if ends else nullcontext():
        assert list(crew._look(turn)) == []


def test_what_writes_in_place_is_never_done_twice_at_once(tasks: list[Task], tmp_path: Path) -> None:
    """The worker of a hanging barrier job is ended before the job starts again."""
    turn = Round(tmp_path / "round", _take_job, [_BarrierJob(run_part, task, task.name) for task in tasks])
    _hold_two(turn)
    turn.give_twice(_WORKERS)
    _NOW[0] += 599.0
    assert not turn.give_twice(_WORKERS)
    assert turn.hung() == []
    _NOW[0] += 2.0
    with pytest.warns(NoteWarning, match="p. has taken 10 minutes, so its worker seems to hang: it is ended, and the"):
        assert not turn.give_twice(_WORKERS)
    assert turn.hung() == ["a", "b"]
    assert (turn.held_by("a"), turn.held_by("b")) == ([0], [1])
    turn.give_back(0)
    assert rounds.claim(turn.folder, 0, "d")
    turn.give_twice(_WORKERS)
    _NOW[0] += 1e6
    assert not turn.give_twice(_WORKERS)
    assert turn.hung() == ["b"]  # until it has ended


def _bury_local(turn: Round, name: str) -> list[Outcome]:
    crew = object.__new__(LocalCrew)
    crew._size, crew._workdir, crew._started = _WORKERS, turn.folder, {0: int(name.removeprefix("0."))}
    return list(crew._bury(turn, 0, -signal.SIGKILL))


def _bury_job(turn: Round, name: str) -> list[Outcome]:
    crew = object.__new__(_SlurmCrew)
    crew._size, crew._folder = _WORKERS, turn.folder
    return list(crew._bury(turn, SlurmJob(name, "FAILED")))


@pytest.mark.parametrize("bury", [_bury_local, _bury_job])
def test_the_end_of_a_worker_that_hung_counts_against_no_task(
    bury: Callable[[Round, str], list[Outcome]], tasks: list[Task], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Neither its late task nor its next one is blamed."""
    monkeypatch.setattr(_SlurmCrew, "_call", lambda *_: None)
    turn = Round(tmp_path / "round", _take_job, [_BarrierJob(run_part, task, task.name) for task in tasks])
    assert all(rounds.claim(turn.folder, number, f"0.{number + 1}") for number in (0, 1))
    list(take_tasks(turn.folder, "0.9"))
    list(turn.news())
    turn.give_twice(_WORKERS)
    _NOW[0] += 601.0
    with pytest.warns(NoteWarning, match="hang"):
        turn.give_twice(_WORKERS)
    assert turn.hung() == ["0.1", "0.2"]
    assert bury(turn, "0.1") == []
    turn.give_back(1)
    assert rounds.claim(turn.folder, 0, "0.2")  # it has come through its own
    assert turn.hung() == []
    for name in ("0.2", "0.3"):
        rounds.claim(turn.folder, 0, name)
        assert bury(turn, name) == []
        assert turn.unclaimed()
    assert rounds.claim(turn.folder, 0, "0.4")
    assert ["killed" in str(outcome.error) for outcome in bury(turn, "0.4")] == [True]


def test_workers_that_the_kernel_keeps_are_waited_for_together(monkeypatch: pytest.MonkeyPatch) -> None:
    """All are killed first, and share one time limit."""
    killed: list[int] = []

    class Kept:
        """A process that doesn't end."""

        stdin = None

        def __init__(self, pid: int) -> None:
            self.pid = pid

        def wait(self, seconds: float) -> None:
            """Wait in vain."""
            assert killed == [1, 2, 3]
            _NOW[0] += seconds
            raise subprocess.TimeoutExpired("worker", seconds)

    monkeypatch.setattr(os, "killpg", lambda pid, _: killed.append(pid))
    monkeypatch.setattr(local, "_END_SECONDS", 10.0)
    crew = object.__new__(LocalCrew)
    crew._workers = cast("dict[int, subprocess.Popen[bytes]]", {pid: Kept(pid) for pid in (1, 2, 3)})
    previous = _NOW[0]
    crew._end_workers()
    assert _NOW[0] - previous == 10.0


def test_a_slurm_that_refuses_to_end_a_job_ends_no_round(turn: Round, monkeypatch: pytest.MonkeyPatch) -> None:
    """The job may have just ended, and a silent Slurm is asked again."""
    requested: list[list[str]] = []

    def refuse(numbers: Sequence[str]) -> None:
        requested.append(list(numbers))
        raise PartError("scancel", "Invalid job id specified")

    crew = object.__new__(_SlurmCrew)
    crew._folder, crew._size, crew._live = turn.folder, 2, set()
    monkeypatch.setattr(slurm, "cancel", refuse)
    monkeypatch.setattr(slurm, "jobs_named", lambda _name: [SlurmJob("a", "RUNNING"), SlurmJob("b", "RUNNING")])
    monkeypatch.setattr(turn, "_hung", {"a": 0})
    for _ in range(2):
        assert list(crew._look(turn)) == []
    assert requested == [["a"], ["a"]]
    _given_twice(turn)
    assert list(take_tasks(turn.folder, "e")) == []
    result = pickle.dumps((0, 1.0, Outcome("p0")))
    (turn.folder / "done-d").write_bytes(len(result).to_bytes(8, "little") + result)
    assert [outcome.part for outcome in crew._news(turn)] == ["p0"]
    assert requested[2:] == [["a"]]


@pytest.mark.slow
def test_a_worker_that_hangs_within_a_part_harms_nothing(
    tales: Tales, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Its partial output isn't used, and the part has its usual outputs."""
    monkeypatch.setenv("PYTHONPATH", os.pathsep.join([str(Path(__file__).parent), os.environ.get("PYTHONPATH", "")]))
    monkeypatch.syspath_prepend(str(Path(__file__).parent))
    monkeypatch.setattr(pace, "LEAST_SECONDS", 1.0)
    hang = importlib.import_module("engine_work").hang_within
    plan = make_plan(load_recipe(str(tales.recipe)), tales.given)
    tasks = [Task(part, plan.segments[0], tmp_path / "work") for part in find_parts(plan)]
    with Local(2) as engine:
        outcomes = {outcome.part: outcome for outcome in engine.map(hang, tasks)}
    assert (tmp_path / "work" / "hung").exists()
    assert not any(outcome.error for outcome in outcomes.values())
    alone = {task.name: run_part(replace(task, work=tmp_path / "alone")) for task in tasks}
    assert {name: outcome.keys for name, outcome in outcomes.items()} == {n: item.keys for n, item in alone.items()}
    for outcome in outcomes.values():
        for key in outcome.keys:
            created, second = (tmp_path / name / key[:2] / key for name in ("work", "alone"))
            assert is_whole(created)
            assert {p.name: p.read_bytes() for p in created.iterdir() if p.suffix == ".parquet"} == {
                p.name: p.read_bytes() for p in second.iterdir() if p.suffix == ".parquet"
            }


@pytest.mark.slow
def test_workers_at_one_part_come_to_the_same(tales: Tales, tmp_path: Path) -> None:
    """Both report success, the output is whole, and no partial output is left."""
    plan = make_plan(load_recipe(str(tales.recipe)), tales.given)
    task = Task(find_parts(plan)[0], plan.segments[0], tmp_path / "work")
    with Local(2) as engine:
        list(engine.map(run_part, [replace(task, work=tmp_path / name) for name in "ab"]))  # what they open and compile
        outcomes = list(engine.map(run_part, [task] * 2))
    assert [(outcome.error, outcome.mended) for outcome in outcomes] == [("", ())] * 2
    repeated = run_part(task)
    assert all(repeated.reused)
    assert {outcome.keys for outcome in outcomes} == {repeated.keys}
    assert not list((tmp_path / "work").rglob("*.partial"))
