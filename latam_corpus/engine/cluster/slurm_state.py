"""What became of a run's jobs on Slurm, and how they are ended and asked for again."""

from __future__ import annotations

import os
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Final

from latam_corpus.engine.cluster.slurm_commands import Job, SlurmSilentError, cancel_named, jobs_named
from latam_corpus.engine.cluster.slurm_jobs import (
    DRIVER_LOG,
    LOGS,
    Submission,
    driver_jobs,
    submissions,
    submit_driver,
    worker_jobs,
)
from latam_corpus.engine.cluster.slurm_worker import CALL_FILE, END
from latam_corpus.engine.cluster.submitted import copy_again
from latam_corpus.errors import ConfigError, closest
from latam_corpus.messages import _, first_of
from latam_corpus.pipeline.stored_runs.history import find_run, folders, recipe_of
from latam_corpus.pipeline.stored_runs.run_record import read_attempt
from latam_corpus.storage.durable import replace
from latam_corpus.storage.locks import is_locked

if TYPE_CHECKING:
    from collections.abc import Sequence

    from latam_corpus.messages import Message

_SHOWN: Final = 3  # runs that a message names
_TAIL: Final = 65_536  # bytes of a log in which its last lines are


@dataclass(frozen=True)
class JobsState:
    """What Slurm and a submission's folder say now.

    Attributes:
        word: `queued`, `held` (Slurm won't begin it), `running`, `finished`, `failed`, Slurm's word for what ended the
            driver from without, `lost` where Slurm no longer knows, or `unknown` where it doesn't answer.
        driver: the driver's job, where Slurm remembers it.
        workers: the workers' jobs that wait or run.
        run: the run's folder; None before the driver has found its input.
        last_line: the driver's last line.
        silence: why Slurm doesn't answer; empty where it does.
    """

    word: str
    driver: Job | None
    workers: tuple[Job, ...]
    run: Path | None
    last_line: str
    silence: str = ""

    @property
    def lives(self) -> bool:
        """Whether the driver waits or runs, or may."""
        return self.word in ("queued", "running", "unknown")


def state_of(submission: Submission) -> JobsState:
    """Return what became of a submission."""
    folder = submission.folder
    last_line = next(iter(last_lines(folder / DRIVER_LOG, 1)), "")
    drivers: Sequence[Job] = ()
    workers: Sequence[Job] = ()
    silence = ""
    try:
        drivers = jobs_named(driver_jobs(folder))
        workers = [job for job in jobs_named(worker_jobs(folder)) if job.lives]
    except SlurmSilentError as error:
        silence = error.problem
    driver = next((job for job in drivers if job.lives), drivers[-1] if drivers else None)
    if submission.code is not None:
        word = "failed" if submission.code else "finished"
    elif silence:
        word = "unknown"
    elif driver and driver.lives:
        word = "queued" if driver.waits else "running"
    else:
        word = "lost" if driver is None else "held" if driver.held else driver.state.lower()
    return JobsState(word, driver, tuple(workers), _run_of(folder), last_line, silence)


def _run_of(folder: Path) -> Path | None:
    return next((run for run in folders(folder.parent.parent) if _jobs_of(run) == folder), None)


def _jobs_of(run: Path) -> Path | None:
    try:
        jobs = read_attempt(run).get("jobs")
    except ValueError:
        return None
    return Path(jobs) if jobs else None


def find_submission(named: str, out: Path) -> Submission:
    """Return the submission of this name or the start of it, of this job, of this run, or the latest of this recipe.

    Raises:
        ConfigError: there is none, or several begin so.
    """
    known = submissions(out)
    for one in known:
        if named in (one.folder.name, one.values["job"]):
            return one
    begin = [one for one in known if one.folder.name.startswith(named)]
    if begin and (len(begin) == 1 or one_recipe(begin, named)):
        return begin[0]
    if begin:
        names = ", ".join(one.folder.name for one in begin[:3])
        raise ConfigError(
            named, _("{n} submissions begin so: {names}", n=len(begin), names=names), _("write more of the name")
        )
    try:
        run = find_run(named, out, must_be_finished=False)
    except ConfigError:
        problem = _("no run of this name was given to a cluster")
        raise ConfigError(named, problem, closest(named, [one.folder.name for one in known])) from None
    submission = next((one for one in known if one.folder == _jobs_of(run)), None)
    if submission is None:
        attempt = read_attempt(run)
        who = f"process {attempt.get('process')} on {attempt.get('host')}"
        raise ConfigError(run.name, _("no job leads it: {who} did", who=who), _("see `latam-corpus runs show`"))
    return submission


def one_recipe(candidates: Sequence[Submission], named: str) -> bool:
    """Whether a name is that of the recipe of all of these."""
    return all(one.folder.name.rsplit("-", 2)[0] == named for one in candidates)


def under_way(out: Path, recipe: str) -> Message | None:
    """Return a sentence with the runs of a recipe that wait or go on, as Slurm and their locks tell; else None."""
    known = [one for one in submissions(out) if one.code is None and one_recipe([one], recipe)]
    states = {one.folder.name: state for one in known if (state := state_of(one)).lives}
    led = {state.run for state in states.values()}
    alone = [run.name for run in folders(out) if recipe_of(run.name) == recipe and run not in led and is_locked(run)]
    names = first_of([*states, *alone], _SHOWN)
    told = _("under way already: {names}; another of the same inputs ends when it begins: latam-corpus runs status")
    return told.fill(names=names) if states or alone else None


def cancel(submission: Submission) -> None:
    """End the driver, and then its workers: by Slurm, and by the folder that they read.

    Raises:
        PartError: Slurm doesn't answer, or refuses.
    """
    cancel_named(driver_jobs(submission.folder))
    with suppress(OSError):  # a full disk must not keep Slurm from ending them
        replace(submission.folder / CALL_FILE, END.encode())
    cancel_named(worker_jobs(submission.folder))


def resubmit(submission: Submission) -> Submission:
    """Give the submission's command to Slurm again, by what its site file says now.

    Raises:
        ConfigError: the site file is wrong now.
        PartError: Slurm doesn't answer, or refuses the job.
    """
    cancel(submission)  # of jobs that are held, or of workers that wait for a driver
    values = submission.values
    copy_again(submission.folder, Path(values["site"]))
    return submit_driver(Path(values["site"]), submission.folder, values["command"], Path(values["directory"]))


def logs(submission: Submission) -> list[Path]:
    """Return the logs in which something stands: the driver's, and those of workers."""
    files = [submission.folder / DRIVER_LOG, *sorted((submission.folder / LOGS).glob("*.log"))]
    return [path for path in files if path.exists() and path.stat().st_size]


def last_lines(path: Path, count: int) -> list[str]:
    """Return the last lines of a log that aren't empty; none where it isn't there."""
    if not path.exists():
        return []
    with path.open("rb") as file:
        file.seek(max(0, file.seek(0, os.SEEK_END) - _TAIL))
        lines = file.read().decode(errors="replace").splitlines()
    return [line for line in lines if line.strip()][-count:]
