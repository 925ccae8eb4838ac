"""On a full disk, a run ends with a sentence that says so, and its workers end."""

from __future__ import annotations

import errno
import shutil
import tempfile
import threading
import time
from dataclasses import replace
from pathlib import Path
from types import SimpleNamespace
from typing import TYPE_CHECKING

import pytest

from latam_corpus.engine.cluster import slurm, slurm_state
from latam_corpus.engine.cluster.slurm import _SlurmCrew as SlurmCrew
from latam_corpus.engine.cluster.slurm_commands import SlurmJob
from latam_corpus.engine.cluster.slurm_jobs import Submission
from latam_corpus.engine.local import _LocalCrew as LocalCrew
from latam_corpus.engine.reused import TRIES
from latam_corpus.engine.rounds import Round, claim, take_tasks
from latam_corpus.errors import PartError, cause_in_disk
from latam_corpus.pipeline.execution import restart
from latam_corpus.pipeline.execution.barriers import _BarrierJob, _run_job
from latam_corpus.pipeline.execution.part import Outcome, Task
from latam_corpus.pipeline.execution.restart import run_part

if TYPE_CHECKING:
    from collections.abc import Iterator

_FULL = Path("/dev/full")
_SAID = "No space left on device"
_SIZE = 2

pytestmark = pytest.mark.skipif(not _FULL.exists(), reason="this system has no /dev/full")


def _take(task: Task) -> Outcome:
    return Outcome(task.part.name)


def _fill(turn: Round) -> None:
    """Make the probe of the round's disk fail as on a full one."""
    (turn.folder / "probe").symlink_to(_FULL)


def _buried(kind: str, turn: Round, name: str, monkeypatch: pytest.MonkeyPatch) -> Iterator[Outcome]:
    """Return the reaction of an engine to a worker that has ended."""
    if kind == "local":
        here = object.__new__(LocalCrew)
        here._size, here._workdir, here._started = _SIZE, turn.folder, {0: int(name.removeprefix("0."))}
        (turn.folder / "0.log").touch()
        return here._bury(turn, 0, 1)
    jobs = object.__new__(SlurmCrew)
    jobs._size, jobs._folder = _SIZE, turn.folder
    monkeypatch.setattr(SlurmCrew, "_call", lambda *_: None)
    return jobs._bury(turn, SlurmJob(name, "FAILED"))


@pytest.mark.parametrize("kind", ["local", "slurm"])
def test_a_worker_that_reached_for_a_task_in_vain_took_none(
    kind: str, tasks: list[Task], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Otherwise engines would start new workers forever."""
    turn = Round(tmp_path / "round", _take, tasks)
    assert len(list(take_tasks(turn.folder, "0.99"))) == len(tasks)
    turn.waiting = {0, 1}
    list(turn.news())
    assert list(_buried(kind, turn, "0.99", monkeypatch)) == []
    assert turn.stillborn == 0
    turn.waiting = {0, 1}
    _fill(turn)
    names = [f"0.{number}" for number in range(1, TRIES * _SIZE + 2)]
    for name in names:  # the file is made, and takes no byte
        (turn.folder / f"held-{name}").touch()
    for name in names[:-1]:
        assert list(_buried(kind, turn, name, monkeypatch)) == []
    with pytest.raises(PartError, match=_SAID):
        list(_buried(kind, turn, names[-1], monkeypatch))


@pytest.mark.parametrize("kind", ["local", "slurm"])
def test_a_task_whose_workers_a_full_disk_ended_is_not_its_documents_fault(
    kind: str, tasks: list[Task], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Otherwise documents would be dropped as poison documents."""
    turn = Round(tmp_path / "round", _take, tasks)
    for name in ("0.1", "0.2"):
        assert claim(turn.folder, 0, name)
        if name == "0.1":
            assert list(_buried(kind, turn, name, monkeypatch)) == []
    _fill(turn)
    with pytest.raises(PartError, match=_SAID):
        list(_buried(kind, turn, "0.2", monkeypatch))


def test_a_disk_that_turns_read_only_says_so(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The error isn't about the probe file that can't be removed."""
    turn = Round(tmp_path / "round", _take, [])

    def read_only(*_: object, **_named: object) -> None:
        raise OSError(errno.EROFS, "Read-only file system")

    _fill(turn)
    monkeypatch.setattr(Path, "unlink", read_only)
    with pytest.raises(PartError, match=_SAID):
        turn.refuse_full()


def test_a_full_disk_keeps_no_job_alive(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Jobs are ended through Slurm, which needs no file."""

    def full(*_: object) -> None:
        raise OSError(errno.ENOSPC, _SAID)

    cancelled: list[str] = []
    for module in (slurm, slurm_state):
        monkeypatch.setattr(module, "replace", full)
        monkeypatch.setattr(module, "cancel_named", cancelled.append)
    crew = object.__new__(SlurmCrew)
    crew._folder, crew._before, crew._ended = tmp_path / "jobs", None, threading.Event()
    crew.end()
    assert cancelled == ["jobs-worker"]
    slurm_state.cancel(Submission(tmp_path / "jobs", {}))
    assert cancelled[1:] == ["jobs-driver", "jobs-worker"]


def _numpy_on_full_disk(_: object) -> None:
    raise OSError("121635 requested and 118272 written")


def test_a_library_s_words_of_a_full_disk_are_no_traceback(tasks: list[Task], monkeypatch: pytest.MonkeyPatch) -> None:
    """A part and a barrier's job report the remedy; other numbers in errors aren't taken for error codes."""
    outcome = _run_job(_BarrierJob(_numpy_on_full_disk, tasks[0], "gather 1 of 2"))
    assert (str(outcome.error), "continues from here" in str(outcome.remedy)) == (_SAID, True)
    monkeypatch.setattr(restart, "_run", lambda _: (_ for _ in ()).throw(RuntimeError(f"{_SAID} (os error 28)")))
    assert str(run_part(tasks[0]).error).startswith(f"{tasks[0].work}: {_SAID} (disk of {tasks[0].work}, ")
    started = time.process_time()
    assert cause_in_disk(RuntimeError(f"os error {'9' * 5_000}")) is None
    assert cause_in_disk(RuntimeError("9" * 100_000)) is None
    assert time.process_time() - started < 1.0


def test_the_disk_that_is_full_is_named(tasks: list[Task], tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Of the work folder and the temporary folder, the full one is named."""

    def full(_: object) -> None:
        raise OSError(errno.ENOSPC, _SAID)

    monkeypatch.setattr(restart, "_run", full)
    monkeypatch.setenv("TMPDIR", str(tmp_path / "temporal"))
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path / "temporal"))
    (tmp_path / "temporal").mkdir()
    tasks[0].work.joinpath("work").mkdir()
    task = replace(tasks[0], work=tasks[0].work / "work")
    for name, second in (("work", "temporal"), ("temporal", "work")):

        def usage(path: Path, full_name: str = name) -> SimpleNamespace:
            return SimpleNamespace(free=4096 if path.name == full_name else 2**30)

        monkeypatch.setattr(shutil, "disk_usage", usage)
        named = str(run_part(task).error).partition("(disk of ")[2]
        assert (Path(named.rstrip(")")).name, second in Path(named).parts) == (name, False)
