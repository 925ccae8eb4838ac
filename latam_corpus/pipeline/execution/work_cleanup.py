"""Choose the outputs that a run keeps (`run --work`), and remove the others during the run.

    all        the rows of every step, so that the next run can continue from any of them
    measured   the rows that the run's folder links to: kept documents, and dropped ones with their measurements
    none       nothing, once the release is made

Rows that another run's record names are never removed. Removed rows are marked (`step_file.py`), and a run that needs
them restores them (`restart.py`). Only the process that leads the run removes rows.
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


def checked_choice(choice: str, out: Path, *, releases: bool) -> str:
    """Check the choice and return it.

    Raises:
        ConfigError: the choice is unknown, the work is in an object store, or nothing at all would be left of the run.
    """
    if choice not in CHOICES:
        raise ConfigError("--work", _("unknown choice «{given}»", given=choice), closest(choice, CHOICES))
    if choice != ALL and bucket_of(out):
        problem = _("a run doesn't remove work in an object store: «{address}»", address=address_of(out))
        raise ConfigError("--work", problem, _("leave it out; remove «work/» with the store's own tools"))
    if choice == NONE and not releases:
        problem = _("the recipe makes no release, so nothing would remain of the run")
        raise ConfigError("--work", problem, _("add a [release] to the recipe, or use --work measured"))
    return choice


@dataclass
class Sweep:
    """Removes rows that a run no longer needs while it is in progress; `needed` are outputs in other runs' records."""

    work: Path
    needed: frozenset[str]
    _entries: dict[str, str] = field(default_factory=dict)
    _waiting: Counter[str] = field(default_factory=Counter)

    def begin(self, tasks: Iterable[Task]) -> None:
        """Remember the outputs from which the tasks of a segment start; copies of one file may share an output."""
        self._entries = {task.part.name: task.entry for task in tasks if task.entry}
        self._waiting = Counter(self._entries.values())

    def part_done(self, outcome: Outcome) -> None:
        """Clear the outputs between the part's steps, and the one from which it started if no other part needs it."""
        unneeded = list(outcome.keys[:-1])
        if entry := self._entries.get(outcome.part):
            self._waiting[entry] -= 1
            unneeded += [] if self._waiting[entry] else [entry]
        for key in unneeded:
            folder = folder_of(self.work, key)
            # Outputs without rows are shared by many parts and take hardly any space.
            if key not in self.needed and not is_cleared(folder) and StepCounts.read(folder).kept:
                clear(folder)

    def end(self) -> None:
        """Remove the partial outputs of killed workers; this run's lock ensures that no other run writes to `work`."""
        with suppress(OSError):  # leftovers only use space
            remove_partial(self.work)


def sweep_of(out: Path, run: Path) -> Sweep:
    """Return the sweep for a run; it spares the outputs of other runs, whose records must be readable.

    Raises:
        ConfigError: the record of another run is damaged, so that its outputs aren't known.
    """
    return Sweep(out / "work", frozenset(key for keys in referred(out, {run.name}).values() for key in keys))


def remove_documents(out: Path, run: Path) -> None:
    """Remove a run's documents and the outputs that no other run's record names.

    Raises:
        ConfigError: another run is in progress, or the record of another run is damaged. Nothing is removed then.
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
