"""Slurm's commands: submit jobs, query their states, and cancel them by name.

Job names are unique, so that a job whose number is unknown (because the answer to `sbatch` was lost) can be found and
cancelled. A run continues if Slurm doesn't answer, since workers need it only to start.
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

_PATIENCE: Final = 120  # seconds to wait for a busy controller
_WAITING: Final = frozenset({"PENDING", "CONFIGURING", "REQUEUED", "REQUEUE_HOLD", "RESV_DEL_HOLD", "SPECIAL_EXIT"})
_RUNNING: Final = frozenset({"RUNNING", "COMPLETING", "SUSPENDED", "STAGE_OUT", "SIGNALING", "STOPPED", "RESIZING"})
# Slurm's reasons for jobs that would wait forever unless the cluster's settings change.
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
# Messages for a controller that is down, busy or being replaced, and for limits that are reached temporarily.
_PASSING: Final = re.compile(
    r"unable to contact|timed out|refused|zero bytes|temporarily|standby|communication|authentication|munge"
    r"|submit limit|try again",
    re.IGNORECASE,
)


@dataclass(frozen=True)
class SlurmJob:
    """A job, or a job of an array, as `squeue` lists it.

    Attributes:
        id: its number; in an array with its index, `12_3`.
        node: the node on which it runs or ran.
        reason: Slurm's reason why it is waiting or failed.
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
        """Whether it is queued but won't start, since a user or Slurm holds it, or the cluster refuses it."""
        return self.waits and ("held" in self.reason.lower() or self.refused)

    @property
    def refused(self) -> bool:
        """Whether the cluster doesn't allow its requests."""
        return self.waits and self.reason in _NEVER

    @property
    def lives(self) -> bool:
        """Whether it is running or will run."""
        return (self.waits and not self.held) or self.runs

    @property
    def runs(self) -> bool:
        """Whether it has started and hasn't ended."""
        return self.state in _RUNNING


class SlurmSilentError(PartError):
    """Slurm doesn't answer for now."""


def require_slurm() -> None:
    """Raise `ConfigError` if Slurm's commands aren't installed on this machine."""
    missing = [name for name in ("sbatch", "squeue", "scancel") if not shutil.which(name)]
    if missing:
        problem = _("this machine has no command «{missing}»", missing=missing[0])
        raise ConfigError("--engine slurm", problem, _("log in to the cluster's login node, or use --engine local"))


def submit(script: str, options: Sequence[str]) -> str:
    """Submit a script as a job, and return the job's number.

    Raises:
        SlurmSilentError: Slurm doesn't answer for now; the job may be queued anyway.
        PartError: Slurm refuses the job.
    """
    return ask("sbatch", "--parsable", *options, text=script).strip().partition(";")[0]


def jobs_named(name: str) -> list[SlurmJob]:
    """Return all jobs with a name that are queued or running, or ended within the last few minutes.

    Raises:
        SlurmSilentError: Slurm doesn't answer for now.
        PartError: Slurm refuses to answer.
    """
    output = ask("squeue", "--noheader", "--array", "--states=all", f"--name={name}", "--format=%i|%T|%N|%r")
    return [SlurmJob(*line.split("|", 3)) for line in output.splitlines()]


def cancel(numbers: Sequence[str]) -> None:
    """Cancel these jobs.

    Raises:
        SlurmSilentError: Slurm doesn't answer for now.
        PartError: Slurm refuses.
    """
    ask("scancel", "--quiet", *numbers)


def cancel_named(name: str) -> None:
    """Cancel all jobs with a name.

    Raises:
        SlurmSilentError: Slurm doesn't answer for now.
        PartError: Slurm refuses.
    """
    ask("scancel", "--quiet", f"--name={name}")


def ask(command: str, *words: str, text: str | None = None) -> str:
    """Run one of Slurm's commands, and return its output.

    `text` is the command's standard input.

    Raises:
        SlurmSilentError: Slurm doesn't answer for now.
        PartError: Slurm refuses.
    """
    # The variables of the driver's own job must not affect the jobs that it submits.
    environment = {
        name: value for name, value in os.environ.items() if name == "SLURM_CONF" or not name.startswith("SLURM_")
    }
    try:
        process = subprocess.run(  # noqa: S603  (Slurm's own commands, our own words)
            [command, *words],
            input=text or "",
            capture_output=True,
            text=True,
            check=False,
            # Slurm's answers are parsed in English. Jobs inherit the variable; in the locale C, Python wouldn't start
            # from a folder whose name has an accent.
            env=environment | {"LC_ALL": "C.UTF-8"},
            timeout=_PATIENCE,
        )
    except subprocess.TimeoutExpired:
        raise SlurmSilentError(
            command,
            _("no answer for {patience} {patience:second|seconds}", patience=_PATIENCE),
            _("check whether Slurm runs: sinfo"),
        ) from None
    if process.returncode:
        problem = " ".join(process.stderr.split()) or f"it ended with code {process.returncode}"
        if _PASSING.search(problem):
            raise SlurmSilentError(command, problem, _("check whether Slurm runs: sinfo"))
        raise PartError(command, problem, _("check what the cluster allows: sinfo, sacctmgr show associations"))
    return process.stdout
