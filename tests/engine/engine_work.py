"""Functions that workers run in tests of engines, in a module that they can import."""

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
    """Return a task's outcome without doing anything."""
    return Outcome(task.part.name, keys=(task.part.key,), value=os.getpid())


def die_once(task: Task) -> Outcome:
    """Kill the worker of one task at its first attempt."""
    return _die(task, 1)


def die_always(task: Task) -> Outcome:
    """Kill every worker of one task."""
    return _die(task, 99)


def _die(task: Task, times: int) -> Outcome:
    mark = task.work / f"{os.getpid()}.died"
    if task.part.name == VICTIM and len(list(task.work.glob("*.died"))) < times:
        mark.touch()
        os.kill(os.getpid(), signal.SIGKILL)
    return tell(task)


def hang_once(task: Task) -> Outcome:
    """Stop the first worker of one task, as on a file system that doesn't answer."""
    mark = task.work / "hung"
    if task.part.name == VICTIM and not mark.exists():
        mark.touch()
        os.kill(os.getpid(), signal.SIGSTOP)
    return tell(task)


def hang_within(task: Task) -> Outcome:
    """Stop the first worker that has written a step's outputs, before it renames them."""

    def put(partial: Path, final: Path) -> None:
        mark = task.work / "hung"
        if not mark.exists():
            mark.touch()
            os.kill(os.getpid(), signal.SIGSTOP)
        step_file.put(partial, final)

    vars(part)["put"] = put
    return restart.run_part(task)


def fail(task: Task) -> Outcome:
    """Fail one task."""
    error = str(PartError(VICTIM, "its rows are gone")) if task.part.name == VICTIM else ""
    return Outcome(task.part.name, error=error)


def swallow(task: Task) -> Outcome:
    """Take more memory for one task than its worker may have."""
    return Outcome(task.part.name, value=len(bytearray(8 * 2**30)) if task.part.name == VICTIM else 0)


def tell_with_file(task: Task) -> Outcome:
    """Return a task's outcome with the path of a temporary file that a kill leaves behind."""
    handle, path = tempfile.mkstemp()
    os.close(handle)
    return Outcome(task.part.name, keys=(task.part.key,), value=path)


def die_once_with_file(task: Task) -> Outcome:
    """Like `tell_with_file`, but kill the worker of one task at its first attempt."""
    outcome = tell_with_file(task)
    _die(task, 1)
    return outcome
