"""Slurm's commands: what is submitted, what became of it, and what is cancelled, by the names of jobs.

Names are unique, so that a job whose number was lost (the answer to `sbatch` never came) is seen and cancelled like the
others. That Slurm doesn't answer is no error while a run goes on: its workers need it only to begin.
"""

from __future__ import annotations

import os
import re
import shutil
import subprocess
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from latam_corpus.errors import ConfigError, PartError
from latam_corpus.messages import _

if TYPE_CHECKING:
    from collections.abc import Sequence

_PATIENCE: Final = 120  # seconds: a busy controller answers late, and then at once
_WAITING: Final = frozenset({"PENDING", "CONFIGURING", "REQUEUED", "REQUEUE_HOLD", "RESV_DEL_HOLD", "SPECIAL_EXIT"})
_RUNNING: Final = frozenset({"RUNNING", "COMPLETING", "SUSPENDED", "STAGE_OUT", "SIGNALING", "STOPPED", "RESIZING"})
# Why a job waits for ever, unless the cluster is changed for it.
_NEVER: Final = frozenset(
    {
        "AccountNotAllowed",
        "AssocMaxWallDurationPerJobLimit",
        "BadConstraints",
        "InvalidAccount",
        "InvalidQOS",
        "PartitionTimeLimit",
        "QOSMaxWallDurationPerJobLimit",
        "QOSNotAllowed",
    }
)
# Of a controller that is down, busy or changing places, and of limits that others' jobs have filled for now.
_PASSING: Final = re.compile(
    r"unable to contact|timed out|refused|zero bytes|temporarily|standby|communication|authentication|munge"
    r"|submit limit|try again",
    re.IGNORECASE,
)


@dataclass(frozen=True)
class Job:
    """A job, or one of an array, as Slurm tells it.

    Attributes:
        id: its number, of an array's with its place: `12_3`.
        state: Slurm's word.
        node: where it runs or ran.
        reason: why it waits or failed, Slurm's word.
    """

    id: str
    state: str
    node: str = ""
    reason: str = ""

    @property
    def waits(self) -> bool:
        """Whether it is queued."""
        return self.state in _WAITING

    @property
    def held(self) -> bool:
        """Whether it is queued for nothing: a person held it, or Slurm, which couldn't launch it or never will."""
        return self.waits and ("held" in self.reason.lower() or self.refused)

    @property
    def refused(self) -> bool:
        """Whether it asks for what the cluster doesn't give."""
        return self.waits and self.reason in _NEVER

    @property
    def lives(self) -> bool:
        """Whether it will run or runs."""
        return (self.waits and not self.held) or self.runs

    @property
    def runs(self) -> bool:
        """Whether it has begun, and hasn't ended."""
        return self.state in _RUNNING


class SlurmSilentError(PartError):
    """Slurm doesn't answer now."""


def require_slurm() -> None:
    """Look for Slurm's commands.

    Raises:
        ConfigError: they aren't on this machine.
    """
    missing = [name for name in ("sbatch", "squeue", "scancel") if not shutil.which(name)]
    if missing:
        problem = _("this machine has no «{missing}»", missing=missing[0])
        raise ConfigError("--engine slurm", problem, _("log in where jobs are submitted, or use --engine local"))


def submit(script: str, options: Sequence[str]) -> str:
    """Return the number of the job that runs the script.

    Raises:
        SlurmSilentError: Slurm doesn't answer now; the job may be queued all the same.
        PartError: it refuses the job.
    """
    return ask("sbatch", "--parsable", *options, text=script).strip().partition(";")[0]


def jobs_named(name: str) -> list[Job]:
    """Return all jobs of this name that Slurm remembers: those that wait or run, and for minutes those that ended.

    Raises:
        SlurmSilentError: Slurm doesn't answer now.
        PartError: it refuses to tell.
    """
    listed = ask("squeue", "--noheader", "--array", "--states=all", f"--name={name}", "--format=%i|%T|%N|%r")
    return [Job(*line.split("|", 3)) for line in listed.splitlines()]


def cancel(numbers: Sequence[str]) -> None:
    """Cancel these jobs.

    Raises:
        SlurmSilentError: Slurm doesn't answer now.
        PartError: it refuses.
    """
    ask("scancel", "--quiet", *numbers)


def cancel_named(name: str) -> None:
    """Cancel all jobs of this name.

    Raises:
        SlurmSilentError: Slurm doesn't answer now.
        PartError: it refuses.
    """
    ask("scancel", "--quiet", f"--name={name}")


def ask(command: str, *words: str, text: str | None = None) -> str:
    """Return what a command of Slurm's prints.

    Args:
        command: its name.
        words: its options.
        text: its standard input.

    Raises:
        SlurmSilentError: Slurm doesn't answer now.
        PartError: it refuses.
    """
    # What the driver's own job was given isn't meant for the jobs that it submits.
    kept = {name: value for name, value in os.environ.items() if name == "SLURM_CONF" or not name.startswith("SLURM_")}
    try:
        done = subprocess.run(  # noqa: S603  (Slurm's own commands, our own words)
            [command, *words],
            input=text or "",
            capture_output=True,
            text=True,
            check=False,
            env=kept | {"LC_ALL": "C"},
            timeout=_PATIENCE,
        )
    except subprocess.TimeoutExpired:
        raise SlurmSilentError(
            command,
            _("no answer for {patience} {patience:second|seconds}", patience=_PATIENCE),
            _("see whether Slurm runs: sinfo"),
        ) from None
    if done.returncode:
        problem = " ".join(done.stderr.split()) or f"it ended with code {done.returncode}"
        if _PASSING.search(problem):
            raise SlurmSilentError(command, problem, _("see whether Slurm runs: sinfo"))
        raise PartError(command, problem, _("see what the cluster allows: sinfo, sacctmgr show associations"))
    return done.stdout
