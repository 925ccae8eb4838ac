"""Which work of a run stays (`run --work`), and how what no later step needs is removed while the run goes.

    all        every step's rows, which the next run takes up where it differs
    measured   the rows that the run's folder tells: of its documents and of those set aside, measured
    none       nothing, once the release is made

Rows that another run's record names stay always. What is removed is known as such (`step_file.py`) and made again by
the run that needs it. One process removes, the one that leads the run: no worker that outlives it does.
"""

from __future__ import annotations

import shutil
from collections import Counter
from contextlib import suppress
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Final

from latam_corpus.errors import ConfigError, closest
from latam_corpus.messages import _
from latam_corpus.pipeline.execution.part import folder_of
from latam_corpus.pipeline.rows.step_file import StepCounts, clear, is_cleared
from latam_corpus.pipeline.stored_runs.disk import exclusive, named_by, referred, remove_partial
from latam_corpus.pipeline.stored_runs.run_record import REMOVED_FILE, REMOVED_KINDS, read_record
from latam_corpus.storage.bucket import address_of, bucket_of
from latam_corpus.storage.durable import sync
from latam_corpus.storage.locks import locked

if TYPE_CHECKING:
    from collections.abc import Iterable
    from pathlib import Path

    from latam_corpus.pipeline.execution.part import Outcome, Task

ALL: Final = "all"
MEASURED: Final = "measured"
NONE: Final = "none"
CHOICES: Final = (ALL, MEASURED, NONE)


def checked_choice(keep: str, out: Path, *, releases: bool) -> str:
    """Return which work a run keeps.

    Args:
        keep: one of CHOICES.
        out: the folder of runs and work.
        releases: whether the recipe makes a release.

    Raises:
        ConfigError: it is none of them, work is in an object store, or nothing at all would be left.
    """
    if keep not in CHOICES:
        raise ConfigError("--work", _("«{given}» is no choice", given=keep), closest(keep, CHOICES))
    if keep != ALL and bucket_of(out):
        problem = _("work in an object store stays: «{address}»", address=address_of(out))
        raise ConfigError("--work", problem, _("leave it out; remove «work/» there by the store's own tools"))
    if keep == NONE and not releases:
        problem = _("the recipe makes no release, so that nothing would be left of the run")
        raise ConfigError("--work", problem, _("give the recipe a [release], or use --work measured"))
    return keep


@dataclass
class Sweep:
    """What removes rows while a run goes.

    Attributes:
        work: the folder of step outputs.
        needed: the outputs that other runs' records name.
    """

    work: Path
    needed: frozenset[str]
    _entries: dict[str, str] = field(default_factory=dict)
    _waiting: Counter[str] = field(default_factory=Counter)

    def begin(self, tasks: Iterable[Task]) -> None:
        """Note what the tasks of a segment start from; copies of one file may start from the same rows."""
        self._entries = {task.part.name: task.entry for task in tasks if task.entry}
        self._waiting = Counter(self._entries.values())

    def part_done(self, outcome: Outcome) -> None:
        """Remove the rows between the part's steps, and those that it started from, unless another part waits."""
        gone = list(outcome.keys[:-1])
        if entry := self._entries.get(outcome.part):
            self._waiting[entry] -= 1
            gone += [] if self._waiting[entry] else [entry]
        for key in gone:
            folder = folder_of(self.work, key)
            # Parts without rows share outputs, which take next to nothing.
            if key not in self.needed and not is_cleared(folder) and StepCounts.read(folder).kept:
                clear(folder)

    def end(self) -> None:
        """Remove what killed workers had begun, of this run and others: while this one goes, no other works there."""
        with suppress(OSError):  # it stays, as it would without this
            remove_partial(self.work)


def sweep_of(out: Path, run: Path) -> Sweep:
    """Return what removes the rows of a run that no later step of it needs.

    Args:
        out: the folder of runs and work.
        run: the run's folder.

    Raises:
        ConfigError: the record of another run is damaged, so that nobody knows what it needs.
    """
    return Sweep(out / "work", frozenset(key for keys in referred(out, {run.name}).values() for key in keys))


def remove_documents(out: Path, run: Path) -> None:
    """Remove a run's documents, and its work that no other run's record names.

    Args:
        out: the folder of runs and work.
        run: the folder of a finished run, of which a release was made.

    Raises:
        ConfigError: another process works there, or the record of another run is damaged; nothing is removed then.
    """
    with locked(run, beats=True), exclusive(out, but=run):
        needed = sweep_of(out, run).needed
        (run / REMOVED_FILE).touch()
        sync(run)
        for kind in REMOVED_KINDS:
            shutil.rmtree(run / kind, ignore_errors=True)
        for name in named_by(read_record(run).values):
            if name not in needed:
                shutil.rmtree(folder_of(out / "work", name), ignore_errors=True)
                (out / "work" / "decisions" / name).unlink(missing_ok=True)
