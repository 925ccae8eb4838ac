"""A round of tasks, in a folder shared by the driver and all workers.

    tasks · starts · shared   the tasks and their positions in the file; objects that many tasks share
    claims/NUMBER             the worker that has claimed a task
    held-NAME                 the numbers of the tasks that a worker has tried to claim
    done-NAME                 the outcomes of the tasks that a worker has done

A worker reads only the tasks that it claims. No two workers ever have the same name. If a worker is killed while it
writes an outcome, the complete outcomes before that one count.

A task that takes far longer than others can be claimed by a second worker (`pace.py`); the first outcome counts.
"""

from __future__ import annotations

import errno
import os
import pickle
import struct
import time
import warnings
from array import array
from contextlib import suppress
from typing import IO, TYPE_CHECKING, Any, Final

from latam_corpus.catalog.source import Source
from latam_corpus.engine.pace import TaskDurations
from latam_corpus.errors import MAKE_ROOM, NoteWarning, PartError, cause_in_disk
from latam_corpus.messages import _
from latam_corpus.pipeline.planning.plan import Segment

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
    from pathlib import Path

    from latam_corpus.pipeline.execution.part import J, Outcome

_TASKS: Final = "tasks"
_STARTS: Final = "starts"  # the position of each task in the file, followed by the end of the last one
_SHARED: Final = "shared"
_CLAIMS: Final = "claims"
_CUT_OFF: Final = "No space left on device"
_PROBE: Final = 2**16  # bytes
_SIZE: Final = struct.Struct("<Q")


class Round:
    """The driver's view of a round.

    Attributes:
        waiting: the numbers of tasks without an outcome.
        stillborn: the number of workers that ended before they took a task.
        overtaken: workers whose current task another worker has finished.
        living: a function that returns the names of the workers that aren't known to have ended.
    """

    def __init__(self, folder: Path, work: Callable[[J], Outcome], tasks: Sequence[J]) -> None:
        self.folder = folder
        self.tasks = tasks
        self.waiting = set(range(len(tasks)))
        self.stillborn = 0
        self.overtaken: set[str] = set()
        self.living: Callable[[], Iterable[str]] = tuple
        self._pace = TaskDurations()
        # When a worker was first seen with a task while others were idle.
        self._since: dict[tuple[int, str], float] = {}
        self._first: dict[int, str] = {}  # the first holder of each task that was given to a second worker
        self._given_twice: set[int] = set()
        self._took: set[str] = set()  # workers that had a task which is done or was given to another worker
        self._hung: dict[str, int] = {}  # the task of each hanging worker, if no second worker may run it
        self._ended: set[str] = set()  # workers that the driver has killed: their tasks aren't the cause
        self._deaths: dict[int, int] = {}
        self._read: dict[Path, int] = {}  # the number of bytes read from each `done` file
        (folder / _CLAIMS).mkdir(parents=True)
        _write(folder, work, tasks)

    def news(self) -> Iterator[Outcome]:
        """Yield the outcomes since the last call; the second outcome of a task is ignored."""
        for path in sorted(self.folder.glob("done-*")):
            with path.open("rb") as file:
                file.seek(self._read.get(path, 0))
                while (size := file.read(_SIZE.size)) and len(size) == _SIZE.size:
                    (length,) = _SIZE.unpack(size)
                    data = file.read(length)
                    if len(data) < length:  # still being written, or cut off
                        break
                    self._read[path] = file.tell()
                    number, seconds, outcome = pickle.loads(data)  # noqa: S301  (ours)
                    name = path.name.removeprefix("done-")
                    self._took.add(name)
                    if number in self.waiting and not (outcome.error and self.is_left_to_other(number, name)):
                        self.waiting.discard(number)
                        self._pace.add(self.tasks[number].bytes, seconds)
                        self._overtake(number, name)
                        yield outcome

    def _overtake(self, number: int, winner: str) -> None:
        if number in self._first:
            self.overtaken |= {self._first[number], _holder(self.folder, number) or winner} - {winner}
            self._took |= self.overtaken
            self._ended |= self.overtaken

    def is_left_to_other(self, number: int, failed: str) -> bool:
        """Whether another worker still runs a task at which one failed; that worker is then its only holder."""
        first_holder = self._first.pop(number, None)
        holders = ({first_holder, _holder(self.folder, number)} - {failed, None}).intersection(self.living())
        for name in holders:
            link = self.folder / _CLAIMS / f"for-{name}"
            os.link(self.folder / _CLAIMS / f"by-{name}", link)
            link.replace(self.folder / _CLAIMS / str(number))
        return bool(holders)

    @property
    def busy(self) -> int:
        """The largest number of workers that the waiting tasks can occupy."""
        return len(self.waiting) + len(self._first.keys() & self.waiting)

    def give_twice(self, workers: int) -> bool:
        """Let idle workers claim tasks that take far longer than others; return whether there are such tasks."""
        if (idle := workers - self.busy) <= 0:
            return False
        now, late_tasks = time.monotonic(), []
        for number in sorted(self.waiting - self._given_twice):
            task, holder = self.tasks[number], _holder(self.folder, number)
            if not holder:
                continue
            seconds = now - self._since.setdefault((number, holder), now)
            if task.may_run_concurrently and seconds > self._pace.patience(task.bytes):
                late_tasks.append((number, holder))
            elif not task.may_run_concurrently and seconds > self._pace.endurance(task.bytes):
                self._hung[holder] = number
                self._given_twice.add(number)
                warning = _(
                    "{task} has taken {minutes} {minutes:minute|minutes}, so its worker seems to hang: it is ended, "
                    "and the task starts again"
                )
                warnings.warn(NoteWarning(warning.fill(task=task.name, minutes=round(seconds / 60))), stacklevel=4)
        for number, holder in late_tasks[:idle]:
            self._first[number] = holder
            self._took.add(holder)
            self._given_twice.add(number)
            self.give_back(number)
        return bool(late_tasks)

    def hung(self) -> list[str]:
        """Return the workers to kill: they still hold a task for so long that they must be hanging."""
        hung = [name for name, number in self._hung.items() if number in self.held_by(name)]
        self._ended.update(hung)
        return hung

    def held_by(self, name: str) -> list[int]:
        """Return the numbers of the waiting tasks that a worker holds."""
        path = self.folder / f"held-{name}"
        reached = set(map(int, path.read_text().split())) if path.exists() else set()
        return sorted(number for number in reached & self.waiting if _holder(self.folder, number) == name)

    def took(self, name: str) -> bool:
        """Whether a worker has done a task of the round, or had one that was given to another worker.

        A failed attempt to claim a task doesn't count: on a full disk, every worker fails to claim one.
        """
        return name in self._took

    def unclaimed(self) -> bool:
        """Whether a waiting task has no holder."""
        return bool(self.waiting - claimed(self.folder))

    def refuse_full(self) -> None:
        """Raise `PartError` if the round's disk is full or can't be written; workers then end without a log."""
        probe = self.folder / "probe"
        try:
            probe.write_bytes(bytes(_PROBE))
        except OSError as error:
            if cause := cause_in_disk(error):
                raise PartError(str(self.folder.parent), cause, MAKE_ROOM) from error
        finally:
            with suppress(OSError):  # a read-only disk also fails here
                probe.unlink(missing_ok=True)

    def died(self, number: int, name: str) -> int:
        """Count the death of a task's worker, unless the driver has killed it; return the task's number of deaths."""
        self._deaths[number] = self._deaths.get(number, 0) + (name not in self._ended)
        return self._deaths[number]

    def give_back(self, number: int) -> None:
        """Let another worker claim a task."""
        (self.folder / _CLAIMS / str(number)).unlink()


def claimed(folder: Path) -> set[int]:
    """Return the numbers of the tasks of a round that have a holder or are done."""
    return {int(path.name) for path in (folder / _CLAIMS).iterdir() if path.name.isdecimal()}


def claim(folder: Path, number: int, name: str) -> bool:
    """Claim a task for a worker; return whether the worker now holds it.

    Creating a hard link is atomic and fails if the name exists. The linked file already contains the worker's name.
    """
    with (folder / f"held-{name}").open("a") as held:
        held.write(f"{number}\n")
    own_file = folder / _CLAIMS / f"by-{name}"
    if not own_file.exists():
        own_file.write_text(name)
    try:
        os.link(own_file, folder / _CLAIMS / str(number))
    except FileExistsError:  # over NFS, also if the answer to a successful first attempt was lost
        return _holder(folder, number) == name
    return True


def _holder(folder: Path, number: int) -> str | None:
    try:
        return (folder / _CLAIMS / str(number)).read_text()
    except FileNotFoundError:
        return None


def take_tasks(folder: Path, name: str, first: int = 0, step: int = 1) -> Iterator[int]:
    """Run every task of a round that no other worker holds, and yield its number.

    Args:
        folder: the round's folder.
        name: the worker's name.
        first: the number of the task to try first, so that workers don't all claim the same one.
        step: the distance to the next task; tasks in between are tried at the end.
    """
    work, shared = pickle.loads((folder / _SHARED).read_bytes())  # noqa: S301  (written by `Round`)
    starts = array("Q", (folder / _STARTS).read_bytes())
    count = len(starts) - 1
    for numbers in (range(first, count, step), range(count)):
        claimed_numbers = claimed(folder)
        for number in numbers:
            if number not in claimed_numbers and claim(folder, number, name):
                started = time.monotonic()
                outcome = work(_read(folder, starts, number, shared))
                data = pickle.dumps((number, time.monotonic() - started, outcome))
                with (folder / f"done-{name}").open("ab", buffering=0) as done:
                    if done.write(_SIZE.pack(len(data)) + data) < _SIZE.size + len(data):
                        raise OSError(errno.ENOSPC, _CUT_OFF, done.name)  # nothing may be appended to a partial outcome
                yield number


class _Tasks(pickle.Pickler):
    """Pickles tasks, except objects that many of them share."""

    def __init__(self, file: IO[bytes], shared: dict[int, object]) -> None:
        super().__init__(file)
        self._shared = shared

    def persistent_id(self, obj: object) -> int | None:
        """Return the key of a shared object."""
        if not isinstance(obj, Segment | Source):
            return None
        self._shared[id(obj)] = obj  # keeps the object alive, so that its id stays unique
        return id(obj)


class _Task(pickle.Unpickler):
    """Unpickles a task."""

    def __init__(self, file: IO[bytes], shared: Mapping[int, object]) -> None:
        super().__init__(file)
        self._shared = shared

    def persistent_load(self, pid: int) -> object:
        """Return a shared object."""
        return self._shared[pid]


def _write(folder: Path, work: Callable[[J], Outcome], tasks: Sequence[J]) -> None:
    shared: dict[int, object] = {}
    starts = array("Q", [0])
    with (folder / _TASKS).open("wb") as file:
        for task in tasks:
            _Tasks(file, shared).dump(task)
            starts.append(file.tell())
    (folder / _STARTS).write_bytes(starts.tobytes())
    (folder / _SHARED).write_bytes(pickle.dumps((work, shared)))


def _read(folder: Path, starts: array[int], number: int, shared: Mapping[int, object]) -> Any:
    with (folder / _TASKS).open("rb") as file:
        file.seek(starts[number])
        return _Task(file, shared).load()
