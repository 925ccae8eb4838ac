"""Build the scripts and options of jobs on Slurm, and manage the folder of a submission.

<out>/slurm/<recipe>-<time>/
submission.json            the command, its directory and its time
submitted.json             copies of the recipe and its files, which the jobs read (`submitted.py`)
driver.log · code          the driver's output and exit code
logs/                      the output of each worker's job
crew.json · call · beat    messages between driver and workers (`slurm_worker.py`)
"""

from __future__ import annotations

import os
import secrets
import shlex
import sys
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from latam_corpus.engine.cluster.cluster_site import SlurmSite, load_site
from latam_corpus.engine.cluster.slurm_commands import submit
from latam_corpus.engine.reused import ONE_THREAD
from latam_corpus.errors import ConfigError
from latam_corpus.extract.isolation.process_memory import RESERVED
from latam_corpus.messages import _
from latam_corpus.storage.durable import replace, sealed, unsealed

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

LOGS: Final = "logs"
DRIVER_LOG: Final = "driver.log"
CODE_FILE: Final = "code"
_FILE: Final = "submission.json"
_RESERVED: Final = 2 * RESERVED  # a driver of a million documents has 1,710 MB of data, 240 of them in memory
_KILLED: Final = (
    "killed three times; if it ran out of memory, state more driver_memory_gb in the site file, and then: "
    "latam-corpus runs retry"
)
_FOLDER: Final = "LATAM_CORPUS_JOBS"  # the environment variable with the folder of a driver that runs in a job


def worker_jobs(folder: Path) -> str:
    """Return the name of the worker jobs of the driver with this folder."""
    return f"{folder.name}-worker"


def options(site: SlurmSite, name: str, time_: str, memory_gb: float) -> list[str]:
    """Return the `sbatch` options for a job."""
    settings = {"partition": site.partition, "account": site.account}
    return [
        f"--job-name={name}",
        f"--chdir={Path.cwd()}",
        f"--time={time_}",
        f"--mem={round(memory_gb * 1024)}M",
        *("--nodes=1", "--ntasks=1", "--cpus-per-task=1"),
        *(f"--{key}={value}" for key, value in settings.items() if value),
        *site.options,
    ]


def python(site: SlurmSite, module: str, *words: str) -> str:
    """Return the shell command that runs a module with the site's Python."""
    return shlex.join([*(site.python or [sys.executable]), "-m", module, *words])


def script(site: SlurmSite, *commands: str) -> str:
    """Return a job's shell script: the site's setup lines, which must succeed, followed by the commands."""
    variables = ONE_THREAD | ({"TMPDIR": site.scratch} if site.scratch else {}) | site.environment
    scratch_test = 'test -w "$TMPDIR" || { echo "scratch: $TMPDIR can\'t be written on $(hostname)"; exit 1; }'
    return "\n".join(
        [
            "#!/bin/bash -l",
            "set -e",
            *site.setup,
            *(f"export {name}={shlex.quote(value)}" for name, value in variables.items()),
            *([scratch_test] if site.scratch else []),
            *commands,
            "",
        ]
    )


@dataclass(frozen=True)
class Submission:
    """A run whose driver is also a job."""

    folder: Path
    values: dict[str, Any]

    @property
    def code(self) -> int | None:
        """The driver's exit code; None if it hasn't ended, or was killed."""
        file = self.folder / CODE_FILE
        return int(file.read_text()) if file.exists() else None


def driver_jobs(folder: Path) -> str:
    """Return the name of the driver's job."""
    return f"{folder.name}-driver"


def is_job() -> bool:
    """Whether this process is a driver in a job."""
    return _FOLDER in os.environ


def own_folder() -> Path | None:
    """Return the folder of this process if it is a driver in a job, else None."""
    return Path(os.environ[_FOLDER]) if is_job() else None


def new_folder(out: Path, recipe: str) -> Path:
    """Return the folder for a driver: its own if this process is a driver in a job, else an unused name."""
    moment = f"{datetime.now(UTC):%Y%m%dT%H%M%S}-{secrets.token_hex(2)}"
    return own_folder() or out.resolve() / "slurm" / f"{recipe}-{moment}"


def submit_driver(site_file: Path, folder: Path, command: Sequence[str], directory: Path) -> Submission:
    """Submit a `latam-corpus` command as a job.

    The folder is created if necessary; `directory` is the working directory of the command.

    Raises:
        ConfigError: the site file is wrong.
        PartError: Slurm doesn't answer, or refuses the job.
    """
    site = load_site(site_file, SlurmSite)
    folder.mkdir(parents=True, exist_ok=True)
    (folder / CODE_FILE).unlink(missing_ok=True)
    command_line = python(site, "latam_corpus", *command)
    kilobytes = round(site.driver_memory_gb * 2**20) + _RESERVED // 1024
    commands = [
        f"ulimit -S -d {kilobytes} || true",  # not all clusters enforce the memory limit
        f"export {_FOLDER}={shlex.quote(str(folder))}",
        f'rm -f "${_FOLDER}/{CODE_FILE}"',  # left by an earlier attempt: Slurm may start a job again
        f"cd {shlex.quote(str(directory))}",
        "set +e",
        "for try in 1 2 3; do",  # if the job is killed, finished work is reused
        f"  {command_line}",
        "  code=$?",
        "  case $code in 134|135|137|139) ;; *) break ;; esac",
        "done",
        f'case $code in 134|137) echo "{_KILLED}";; esac',
        "exec 2> /dev/null",  # the driver has already reported a full disk
        f'echo $code > "${_FOLDER}/{CODE_FILE}.new" && mv "${_FOLDER}/{CODE_FILE}.new" "${_FOLDER}/{CODE_FILE}"',
        "exit $code",
    ]
    job_options = options(site, driver_jobs(folder), site.driver_time, site.driver_memory_gb)
    log = [f"--output={folder / DRIVER_LOG}", "--open-mode=append", "--requeue"]  # jobs of a lost node start again
    job_id = submit(script(site, *commands), [*job_options, *log])
    submitted = datetime.now(UTC).isoformat(timespec="seconds")
    values = {"command": list(command), "directory": str(directory), "site": str(site_file.resolve()), "job": job_id}
    values["submitted"] = submitted
    replace(folder / _FILE, sealed(values, indent=1))
    return Submission(folder, values)


def submissions(out: Path) -> list[Submission]:
    """Return the submissions of an `--out` folder, the latest first.

    Raises:
        ConfigError: the record of a submission is damaged.
    """
    submitted = []
    for file in (out / "slurm").glob(f"*/{_FILE}"):
        try:
            submitted.append(Submission(file.parent, unsealed(file.read_bytes())))
        except ValueError as error:
            raise ConfigError(
                str(file), str(error), _("remove its folder; finished work is stored elsewhere")
            ) from None
    return sorted(
        submitted, key=lambda submission: (submission.values["submitted"], submission.folder.name), reverse=True
    )


def require_shared(site: SlurmSite, places: Iterable[tuple[str, str | Path]]) -> None:
    """Raise `ConfigError` if a local path isn't in a folder that all nodes share.

    `places` has the name and the path or URL of each place.
    """
    shared = [Path(folder).resolve() for folder in site.shared]
    for what, location in places:
        path = Path(location).resolve()
        if "://" not in str(location) and not any(path.is_relative_to(folder) for folder in shared):
            shared_names = ", ".join(site.shared)
            raise ConfigError(
                what,
                _("{path} isn't in a folder that the nodes share", path=path),
                _("put it below one of: {known}", known=shared_names),
            )
