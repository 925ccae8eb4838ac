"""A round of tasks in a folder that the driver and all workers see: the tasks, who holds which, and their outcomes.

Tasks stand in one file, each by itself, with what most of them share in another: of a million a worker reads those
that it takes. A worker has a name that no other has had, and two files in the folder: `held-NAME`, the numbers of the
tasks that it reached for, and `done-NAME`, the outcomes of those that it did. A file that ends in the middle of an
outcome is one of a worker that was killed: what is whole before counts.

A task that takes far longer than others is given back while its worker goes on (`engine/pace.py`): who is first counts.
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
from latam_corpus.engine.pace import Pace
from latam_corpus.errors import MAKE_ROOM, NoteWarning, PartError, cause_in_disk
from latam_corpus.messages import _
from latam_corpus.pipeline.planning.plan import Segment

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
    from pathlib import Path

    from latam_corpus.pipeline.execution.part import J, Outcome

_TASKS: Final = "tasks"
_STARTS: Final = "starts"  # of each task in the file, and the end of the last one
_SHARED: Final = "shared"
_CLAIMS: Final = "claims"
_CUT_OFF: Final = "No space left on device"
_PROBE: Final = 2**16  # bytes
_SIZE: Final = struct.Struct("<Q")


class Round:
    """A round, as the driver sees it.

    Attributes:
        folder: the round's.
        tasks: what is to be done.
        waiting: the numbers of tasks that have no outcome yet.
        stillborn: how many workers ended before they took a task.
        overtaken: workers that are at a task which another one has done meanwhile.
        living: gives the workers that aren't known to have ended.
    """

    def __init__(self, folder: Path, work: Callable[[J], Outcome], tasks: Sequence[J]) -> None:
        self.folder = folder
        self.tasks = tasks
        self.waiting = set(range(len(tasks)))
        self.stillborn = 0
        self.overtaken: set[str] = set()
        self.living: Callable[[], Iterable[str]] = tuple
        self._pace = Pace()
        self._since: dict[tuple[int, str], float] = {}  # when a worker was seen with a task, and others idle
        self._first: dict[int, str] = {}  # who had a task that was given to a second one
        self._twice: set[int] = set()
        self._took: set[str] = set()  # who has had a task that isn't waiting, or is another's now
        self._hung: dict[str, int] = {}  # at a task that no second one may do meanwhile, and which takes too long
        self._ended: set[str] = set()  # by the driver: no task that they hold then is the cause
        self._deaths: dict[int, int] = {}
        self._read: dict[Path, int] = {}
        (folder / _CLAIMS).mkdir(parents=True)
        _write(folder, work, tasks)

    def news(self) -> Iterator[Outcome]:
        """Yield the outcomes of tasks that were done since the last call; a task done twice has one."""
        for path in sorted(self.folder.glob("done-*")):
            with path.open("rb") as file:
                file.seek(self._read.get(path, 0))
                while (size := file.read(_SIZE.size)) and len(size) == _SIZE.size:
                    (length,) = _SIZE.unpack(size)
                    data = file.read(length)
                    if len(data) < length:  # not whole yet, or never
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
        """Whether another worker still does what this one failed at; it holds the task alone from now on."""
        first = self._first.pop(number, None)
        other = ({first, _holder(self.folder, number)} - {failed, None}).intersection(self.living())
        for name in other:
            beside = self.folder / _CLAIMS / f"for-{name}"
            os.link(self.folder / _CLAIMS / f"by-{name}", beside)
            beside.replace(self.folder / _CLAIMS / str(number))
        return bool(other)

    @property
    def busy(self) -> int:
        """How many workers the tasks without an outcome can have, at most."""
        return len(self.waiting) + len(self._first.keys() & self.waiting)

    def give_twice(self, workers: int) -> bool:
        """Let idle workers claim tasks, too, that take far longer than others; tells whether there are such.

        Args:
            workers: how many there are.
        """
        if (idle := workers - self.busy) <= 0:
            return False
        now, late = time.monotonic(), []
        for number in sorted(self.waiting - self._twice):
            task, holder = self.tasks[number], _holder(self.folder, number)
            if not holder:
                continue
            seconds = now - self._since.setdefault((number, holder), now)
            if task.may_run_concurrently and seconds > self._pace.patience(task.bytes):
                late.append((number, holder))
            elif not task.may_run_concurrently and seconds > self._pace.endurance(task.bytes):
                self._hung[holder] = number
                self._twice.add(number)
                told = _(
                    "{task} has taken {minutes} {minutes:minute|minutes}: its worker seems to hang; it is ended, "
                    "and the task begun anew"
                )
                warnings.warn(NoteWarning(told.fill(task=task.name, minutes=round(seconds / 60))), stacklevel=4)
        for number, holder in late[:idle]:
            self._first[number] = holder
            self._took.add(holder)
            self._twice.add(number)
            self.give_back(number)
        return bool(late)

    def hung(self) -> list[str]:
        """Return the workers that are to be ended: they are still at a task that takes so long that they must hang."""
        hung = [name for name, number in self._hung.items() if number in self.held_by(name)]
        self._ended.update(hung)
        return hung

    def held_by(self, name: str) -> list[int]:
        """Return the tasks without an outcome that the worker holds."""
        path = self.folder / f"held-{name}"
        reached = set(map(int, path.read_text().split())) if path.exists() else set()
        return sorted(number for number in reached & self.waiting if _holder(self.folder, number) == name)

    def took(self, name: str) -> bool:
        """Whether the worker has done a task of the round, or had one that was given on.

        To reach for one isn't to have it: where the disk is full, every worker ends there.
        """
        return name in self._took

    def unclaimed(self) -> bool:
        """Whether a task waits that nobody holds."""
        return bool(self.waiting - claimed(self.folder))

    def refuse_full(self) -> None:
        """Tell of a disk that takes nothing more, of which workers end without a word: their logs are there, too.

        Raises:
            PartError: it is full, or can't be written.
        """
        probe = self.folder / "probe"
        try:
            probe.write_bytes(bytes(_PROBE))
        except OSError as error:
            if cause := cause_in_disk(error):
                raise PartError(str(self.folder.parent), cause, MAKE_ROOM) from error
        finally:
            with suppress(OSError):  # a disk that can't be written says so here, too
                probe.unlink(missing_ok=True)

    def died(self, number: int, name: str) -> int:
        """How many workers have died of the task, this one among them unless it was ended by the driver."""
        self._deaths[number] = self._deaths.get(number, 0) + (name not in self._ended)
        return self._deaths[number]

    def give_back(self, number: int) -> None:
        """Let another worker claim the task."""
        (self.folder / _CLAIMS / str(number)).unlink()


def claimed(folder: Path) -> set[int]:
    """Return the tasks of a round that somebody holds, or has done."""
    return {int(path.name) for path in (folder / _CLAIMS).iterdir() if path.name.isdecimal()}


def claim(folder: Path, number: int, name: str) -> bool:
    """Whether this worker now holds the task: a name can be linked once, and the file behind it is whole by then."""
    with (folder / f"held-{name}").open("a") as held:
        held.write(f"{number}\n")
    mine = folder / _CLAIMS / f"by-{name}"
    if not mine.exists():
        mine.write_text(name)
    try:
        os.link(mine, folder / _CLAIMS / str(number))
    except FileExistsError:  # over NFS also where the answer to the first try was lost
        return _holder(folder, number) == name
    return True


def _holder(folder: Path, number: int) -> str | None:
    try:
        return (folder / _CLAIMS / str(number)).read_text()
    except FileNotFoundError:
        return None


def take_tasks(folder: Path, name: str, first: int = 0, step: int = 1) -> Iterator[int]:
    """Do every task of a round that no other worker holds; gives the numbers of those done.

    Args:
        folder: the round's.
        name: the worker's.
        first: the task to begin with: a thousand workers don't all reach for the same one.
        step: to the next; those between are looked at after all of these.
    """
    work, shared = pickle.loads((folder / _SHARED).read_bytes())  # noqa: S301  (written by `Round`)
    starts = array("Q", (folder / _STARTS).read_bytes())
    count = len(starts) - 1
    for numbers in (range(first, count, step), range(count)):
        taken = claimed(folder)
        for number in numbers:
            if number not in taken and claim(folder, number, name):
                started = time.monotonic()
                outcome = work(_read(folder, starts, number, shared))
                data = pickle.dumps((number, time.monotonic() - started, outcome))
                with (folder / f"done-{name}").open("ab", buffering=0) as done:
                    if done.write(_SIZE.pack(len(data)) + data) < _SIZE.size + len(data):
                        raise OSError(errno.ENOSPC, _CUT_OFF, done.name)  # nothing may stand behind
                yield number


class _Tasks(pickle.Pickler):
    """Writes tasks without what many of them share, which is kept aside."""

    def __init__(self, file: IO[bytes], shared: dict[int, object]) -> None:
        super().__init__(file)
        self._shared = shared

    def persistent_id(self, obj: object) -> int | None:
        """Return the key of an object that is written once."""
        if not isinstance(obj, Segment | Source):
            return None
        self._shared[id(obj)] = obj  # it stays, and so does its id
        return id(obj)


class _Task(pickle.Unpickler):
    """Reads one of them."""

    def __init__(self, file: IO[bytes], shared: Mapping[int, object]) -> None:
        super().__init__(file)
        self._shared = shared

    def persistent_load(self, pid: int) -> object:
        """Return what was written once."""
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
