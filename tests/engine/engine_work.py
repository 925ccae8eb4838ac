"""Work for tests of engines, in a module that workers find by name."""

from __future__ import annotations

import os
import signal
import tempfile
from typing import TYPE_CHECKING

from latam_corpus.errors import PartError
from latam_corpus.pipeline.execution import part, restart
from latam_corpus.pipeline.execution.part import Outcome
from latam_corpus.pipeline.rows import step_file

if TYPE_CHECKING:
    from pathlib import Path

    from latam_corpus.pipeline.execution.part import Task

VICTIM = "p1"


def tell(task: Task) -> Outcome:
    """A task's outcome, without any work."""
    return Outcome(task.part.name, keys=(task.part.key,), value=os.getpid())


def die_once(task: Task) -> Outcome:
    """One task kills its worker the first time that it is tried."""
    return _die(task, 1)


def die_always(task: Task) -> Outcome:
    """One task kills every worker that tries it."""
    return _die(task, 99)


def _die(task: Task, times: int) -> Outcome:
    mark = task.work / f"{os.getpid()}.died"
    if task.part.name == VICTIM and len(list(task.work.glob("*.died"))) < times:
        mark.touch()
        os.kill(os.getpid(), signal.SIGKILL)
    return tell(task)


def hang_once(task: Task) -> Outcome:
    """One task's first worker stops there, as on a file system that doesn't answer."""
    mark = task.work / "hung"
    if task.part.name == VICTIM and not mark.exists():
        mark.touch()
        os.kill(os.getpid(), signal.SIGSTOP)
    return tell(task)


def hang_within(task: Task) -> Outcome:
    """The first worker of all that has a step's outputs stops before it puts them into their place."""

    def put(partial: Path, final: Path) -> None:
        mark = task.work / "hung"
        if not mark.exists():
            mark.touch()
            os.kill(os.getpid(), signal.SIGSTOP)
        step_file.put(partial, final)

    vars(part)["put"] = put
    return restart.run_part(task)


def fail(task: Task) -> Outcome:
    """One task can't be done."""
    error = str(PartError(VICTIM, "its rows are gone")) if task.part.name == VICTIM else ""
    return Outcome(task.part.name, error=error)


def swallow(task: Task) -> Outcome:
    """One task takes more memory than its worker may have."""
    return Outcome(task.part.name, value=len(bytearray(8 * 2**30)) if task.part.name == VICTIM else 0)


def tell_with_file(task: Task) -> Outcome:
    """A task's outcome, and the path of a temporary file that only an orderly end would remove."""
    handle, path = tempfile.mkstemp()
    os.close(handle)
    return Outcome(task.part.name, keys=(task.part.key,), value=path)


def die_once_with_file(task: Task) -> Outcome:
    """The same, of which one task kills its worker the first time."""
    outcome = tell_with_file(task)
    _die(task, 1)
    return outcome
