"""The jobs of a run on Slurm: their script and options, and the folder from which they are asked for again.

<out>/slurm/<recipe>-<moment>/
submission.json            the command, where it was given, and when
submitted.json             copies of the recipe and its files, which the jobs read (`engine/cluster/submitted.py`)
driver.log · code          what the driver said, and the exit code with which it ended
logs/                      what each worker's job said
crew.json · call · beat    by which driver and workers know of one another (`engine/cluster/slurm_worker.py`)
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
_RESERVED: Final = 2 * RESERVED  # a driver of a million documents has 1,710 MB of data where 240 are in memory
_KILLED: Final = (
    "killed three times; where its memory was at an end, state more driver_memory_gb in the site file, and then: "
    "latam-corpus runs retry"
)
_FOLDER: Final = "LATAM_CORPUS_JOBS"  # a driver that is a job is told by it which folder is its own


def worker_jobs(folder: Path) -> str:
    """Return the name of the jobs that work for the driver with this folder."""
    return f"{folder.name}-worker"


def options(site: SlurmSite, name: str, time_: str, memory_gb: float) -> list[str]:
    """Return what `sbatch` is given for a job of a site."""
    asked = {"partition": site.partition, "account": site.account}
    return [
        f"--job-name={name}",
        f"--chdir={Path.cwd()}",
        f"--time={time_}",
        f"--mem={round(memory_gb * 1024)}M",
        *("--nodes=1", "--ntasks=1", "--cpus-per-task=1"),
        *(f"--{key}={value}" for key, value in asked.items() if value),
        *site.options,
    ]


def python(site: SlurmSite, module: str, *words: str) -> str:
    """Return the shell's words for a module that is run by the site's Python."""
    return shlex.join([*(site.python or [sys.executable]), "-m", module, *words])


def script(site: SlurmSite, *commands: str) -> str:
    """Return a job's shell script: the site's set-up, which must succeed, and then the commands."""
    variables = ONE_THREAD | ({"TMPDIR": site.scratch} if site.scratch else {}) | site.environment
    written = 'test -w "$TMPDIR" || { echo "scratch: $TMPDIR can\'t be written on $(hostname)"; exit 1; }'
    return "\n".join(
        [
            "#!/bin/bash -l",
            "set -e",
            *site.setup,
            *(f"export {name}={shlex.quote(value)}" for name, value in variables.items()),
            *([written] if site.scratch else []),
            *commands,
            "",
        ]
    )


@dataclass(frozen=True)
class Submission:
    """A run whose driver is a job, too.

    Attributes:
        folder: its own.
        values: what `submission.json` says.
    """

    folder: Path
    values: dict[str, Any]

    @property
    def code(self) -> int | None:
        """The exit code with which the driver ended; None where it hasn't, or was ended from without."""
        file = self.folder / CODE_FILE
        return int(file.read_text()) if file.exists() else None


def driver_jobs(folder: Path) -> str:
    """Return the name of the driver's job."""
    return f"{folder.name}-driver"


def is_job() -> bool:
    """Whether this process is a driver that is a job."""
    return _FOLDER in os.environ


def own_folder() -> Path | None:
    """Return the folder of this process, if it is a driver that is a job."""
    return Path(os.environ[_FOLDER]) if is_job() else None


def new_folder(out: Path, recipe: str) -> Path:
    """Return the folder of a driver: this process's own, where it is a job, else a new one, which isn't there yet."""
    moment = f"{datetime.now(UTC):%Y%m%dT%H%M%S}-{secrets.token_hex(2)}"
    return own_folder() or out.resolve() / "slurm" / f"{recipe}-{moment}"


def submit_driver(site_file: Path, folder: Path, command: Sequence[str], directory: Path) -> Submission:
    """Submit a command of `latam-corpus` as a job.

    Args:
        site_file: says what the job may take.
        folder: of the driver and its workers; made where it isn't there.
        command: its words.
        directory: where it is to be given.

    Raises:
        ConfigError: something is wrong with the site file.
        PartError: Slurm doesn't answer, or refuses the job.
    """
    site = load_site(site_file, SlurmSite)
    folder.mkdir(parents=True, exist_ok=True)
    (folder / CODE_FILE).unlink(missing_ok=True)
    command_line = python(site, "latam_corpus", *command)
    kilobytes = round(site.driver_memory_gb * 2**20) + _RESERVED // 1024
    commands = [
        f"ulimit -S -d {kilobytes} || true",  # not all clusters keep jobs to what they asked for
        f"export {_FOLDER}={shlex.quote(str(folder))}",
        f'rm -f "${_FOLDER}/{CODE_FILE}"',  # Slurm may begin a job anew
        f"cd {shlex.quote(str(directory))}",
        "set +e",
        "for try in 1 2 3; do",  # where it is killed, what is done is kept
        f"  {command_line}",
        "  code=$?",
        "  case $code in 134|135|137|139) ;; *) break ;; esac",
        "done",
        f'case $code in 134|137) echo "{_KILLED}";; esac',
        "exec 2> /dev/null",  # of a full disk the driver has told
        f'echo $code > "${_FOLDER}/{CODE_FILE}.new" && mv "${_FOLDER}/{CODE_FILE}.new" "${_FOLDER}/{CODE_FILE}"',
        "exit $code",
    ]
    asked = options(site, driver_jobs(folder), site.driver_time, site.driver_memory_gb)
    log = [f"--output={folder / DRIVER_LOG}", "--open-mode=append", "--requeue"]  # a lost node's jobs begin anew
    number = submit(script(site, *commands), [*asked, *log])
    moment = datetime.now(UTC).isoformat(timespec="seconds")
    values = {"command": list(command), "directory": str(directory), "site": str(site_file.resolve()), "job": number}
    values["submitted"] = moment
    replace(folder / _FILE, sealed(values, indent=1))
    return Submission(folder, values)


def submissions(out: Path) -> list[Submission]:
    """Return the submissions of an `--out` folder, the latest first.

    Raises:
        ConfigError: the record of one is damaged.
    """
    submitted = []
    for file in (out / "slurm").glob(f"*/{_FILE}"):
        try:
            submitted.append(Submission(file.parent, unsealed(file.read_bytes())))
        except ValueError as error:
            raise ConfigError(str(file), str(error), _("remove its folder: what was done is elsewhere")) from None
    return sorted(submitted, key=lambda one: (one.values["submitted"], one.folder.name), reverse=True)


def require_shared(site: SlurmSite, places: Iterable[tuple[str, str | Path]]) -> None:
    """Refuse places that the nodes don't see.

    Args:
        site: says which folders they see.
        places: what each is, and its path or URL.

    Raises:
        ConfigError: one isn't in a shared folder.
    """
    shared = [Path(folder).resolve() for folder in site.shared]
    for what, where in places:
        path = Path(where).resolve()
        if "://" not in str(where) and not any(path.is_relative_to(folder) for folder in shared):
            known = ", ".join(site.shared)
            raise ConfigError(
                what,
                _("{path} isn't in a folder that the nodes see", path=path),
                _("put it below one of: {known}", known=known),
            )
