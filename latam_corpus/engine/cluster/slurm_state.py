"""Report the state of a run's jobs on Slurm, cancel them and resubmit them."""

from __future__ import annotations

import os
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Final

from latam_corpus.engine.cluster.slurm_commands import SlurmJob, SlurmSilentError, cancel_named, jobs_named
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

_MAX_NAMED: Final = 3  # runs that a message names at most
_TAIL: Final = 65_536  # bytes that are read from the end of a log for its last lines


@dataclass(frozen=True)
class JobsState:
    """The state of a submission, from Slurm and the submission's folder.

    Attributes:
        word: `queued`, `held` (Slurm won't start it), `running`, `finished`, `failed`, Slurm's state of a driver that
            was killed, `lost` if Slurm no longer knows the job, or `unknown` if Slurm doesn't answer.
        driver: the driver's job, if Slurm still knows it.
        workers: the workers' jobs that are queued or running.
        run: the run's folder; None until the driver has found its input.
        last_line: the driver's last line of output.
        silence: why Slurm doesn't answer; empty if it does.
    """

    word: str
    driver: SlurmJob | None
    workers: tuple[SlurmJob, ...]
    run: Path | None
    last_line: str
    silence: str = ""

    @property
    def lives(self) -> bool:
        """Whether the driver is, or may be, queued or running."""
        return self.word in ("queued", "running", "unknown")


def state_of(submission: Submission) -> JobsState:
    """Return the state of a submission."""
    folder = submission.folder
    last_line = next(iter(last_lines(folder / DRIVER_LOG, 1)), "")
    drivers: Sequence[SlurmJob] = ()
    workers: Sequence[SlurmJob] = ()
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
    run = next((run for run in folders(folder.parent.parent) if _jobs_of(run) == folder), None)
    return JobsState(word, driver, tuple(workers), run, last_line, silence)


def _jobs_of(run: Path) -> Path | None:
    try:
        jobs = read_attempt(run).get("jobs")
    except ValueError:
        return None
    return Path(jobs) if jobs else None


def find_submission(named: str, out: Path) -> Submission:
    """Return the submission with this name, start of a name, job or run, or the latest with this recipe.

    Raises:
        ConfigError: no submission or more than one matches.
    """
    all_submissions = submissions(out)
    for submission in all_submissions:
        if named in (submission.folder.name, submission.values["job"]):
            return submission
    matches = [submission for submission in all_submissions if submission.folder.name.startswith(named)]
    if matches and (len(matches) == 1 or one_recipe(matches, named)):
        return matches[0]
    if matches:
        names = ", ".join(submission.folder.name for submission in matches[:3])
        raise ConfigError(
            named,
            _("the names of {n} submissions begin like this: {names}", n=len(matches), names=names),
            _("write a longer part of the name"),
        )
    try:
        run = find_run(named, out, must_be_finished=False)
    except ConfigError:
        problem = _("no run with this name was submitted to a cluster")
        raise ConfigError(
            named, problem, closest(named, [submission.folder.name for submission in all_submissions])
        ) from None
    jobs = _jobs_of(run)
    for submission in all_submissions:
        if submission.folder == jobs:
            return submission
    attempt = read_attempt(run)
    who = f"process {attempt.get('process')} on {attempt.get('host')}"
    problem = _("the run wasn't submitted as a job: {who} coordinated it", who=who)
    raise ConfigError(run.name, problem, _("see `latam-corpus runs show`"))


def one_recipe(candidates: Sequence[Submission], named: str) -> bool:
    """Whether all these submissions run the recipe with this name."""
    return all(submission.folder.name.rsplit("-", 2)[0] == named for submission in candidates)


def under_way(out: Path, recipe: str) -> Message | None:
    """Return a sentence with a recipe's runs that are queued or in progress according to Slurm or locks, else None."""
    unfinished = [
        submission for submission in submissions(out) if submission.code is None and one_recipe([submission], recipe)
    ]
    states = {submission.folder.name: state for submission in unfinished if (state := state_of(submission)).lives}
    led = {state.run for state in states.values()}
    local_runs = [
        run.name for run in folders(out) if recipe_of(run.name) == recipe and run not in led and is_locked(run)
    ]
    names = first_of([*states, *local_runs], _MAX_NAMED)
    message = _(
        "already in progress: {names}; a second run of the same inputs would end at once: latam-corpus runs status"
    )
    return message.fill(names=names) if states or local_runs else None


def cancel(submission: Submission) -> None:
    """End the driver, then its workers, through Slurm and by a message in their folder.

    Raises:
        PartError: Slurm doesn't answer, or refuses.
    """
    cancel_named(driver_jobs(submission.folder))
    with suppress(OSError):  # a full disk must not keep Slurm from ending them
        replace(submission.folder / CALL_FILE, END.encode())
    cancel_named(worker_jobs(submission.folder))


def resubmit(submission: Submission) -> Submission:
    """Submit the submission's command again, with the current site file.

    Raises:
        ConfigError: the current site file is wrong.
        PartError: Slurm doesn't answer, or refuses the job.
    """
    cancel(submission)  # also ends held jobs, and workers that wait for a driver
    values = submission.values
    copy_again(submission.folder, Path(values["site"]))
    return submit_driver(Path(values["site"]), submission.folder, values["command"], Path(values["directory"]))


def logs(submission: Submission) -> list[Path]:
    """Return the logs that aren't empty: the driver's first, then those of workers."""
    files = [submission.folder / DRIVER_LOG, *sorted((submission.folder / LOGS).glob("*.log"))]
    return [path for path in files if path.exists() and path.stat().st_size]


def last_lines(path: Path, count: int) -> list[str]:
    """Return the last lines of a log that aren't blank; none if there is no log."""
    if not path.exists():
        return []
    with path.open("rb") as file:
        file.seek(max(0, file.seek(0, os.SEEK_END) - _TAIL))
        lines = file.read().decode(errors="replace").splitlines()
    return [line for line in lines if line.strip()][-count:]
