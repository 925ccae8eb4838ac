"""The site file: the address of a cluster and the limits of its jobs."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Annotated, Final, TypeVar

from pydantic import AfterValidator, BaseModel, ConfigDict, Field

from latam_corpus.config.toml_model import load_toml
from latam_corpus.errors import ConfigError
from latam_corpus.messages import _

if TYPE_CHECKING:
    from pathlib import Path

_FORBID = ConfigDict(extra="forbid", frozen=True, strict=True, defer_build=True)
_SECONDS: Final = {"days": 86_400, "hours": 3600, "minutes": 60, "seconds": 1}
_TIME: Final = re.compile(r"(?:(?P<days>\d+)-)?(?P<hours>\d+):(?P<minutes>[0-5]\d):(?P<seconds>[0-5]\d)")
_VARIABLE: Final = r"^[A-Za-z_][A-Za-z0-9_]*$"


def seconds_of(limit: str) -> int:
    """Convert a time limit in Slurm's full form, `days-hours:minutes:seconds`, to seconds.

    Raises:
        ValueError: the limit has a shorter form, which is easily misread.

    >>> seconds_of("1-12:00:00")
    129600
    """
    match = _TIME.fullmatch(limit)
    if not match:
        template = _("«{limit}» isn't a time limit; write hours:minutes:seconds, such as 04:00:00 or 2-00:00:00")
        problem = template.fill(limit=limit)
        raise ValueError(problem)
    seconds = sum(int(match[unit] or 0) * worth for unit, worth in _SECONDS.items())
    if not seconds:
        problem = _("a time limit must be above 0")
        raise ValueError(problem)
    return seconds


def _timed(limit: str) -> str:
    seconds_of(limit)
    return limit


def _absolute(folder: str) -> str:
    if not folder.startswith("/"):
        problem = _("«{folder}» must begin with /, since nodes need the full path", folder=folder)
        raise ValueError(problem)
    return folder


_Time = Annotated[str, AfterValidator(_timed)]
_Folder = Annotated[str, AfterValidator(_absolute)]
_Word = Annotated[str, Field(pattern=r"^[\w.,+@-]+$")]
_Environment = dict[Annotated[str, Field(pattern=_VARIABLE)], str]


class RaySite(BaseModel):
    """`[ray]`: a running Ray cluster whose nodes see the files of sources and `--out` under the same paths.

    Attributes:
        address: host and port of its head, or `auto` for the cluster of this machine.
        memory_gb: the memory limit of each task, by which Ray places tasks on nodes. A task takes half a gigabyte
            before it has read a document.
        environment: environment variables of the workers.
    """

    model_config = _FORBID
    address: Annotated[str, Field(pattern=r"^(auto|[\w.-]+:\d{1,5})$")]
    memory_gb: Annotated[float, Field(ge=1)] | None = None
    environment: dict[str, str] = Field(default_factory=dict)


class SlurmSite(BaseModel):
    """`[slurm]`: a Slurm cluster to which this machine can submit jobs.

    Attributes:
        shared: folders that all nodes see under the same path; sources and `--out` must be in them.
        workers: the most jobs at once, each with one processor.
        time: the time limit of a worker's job; a job whose time is over is replaced.
        memory_gb: the memory of a worker; it takes half a gigabyte before it has read a document.
        partition: the queue of the jobs; by default the cluster's own default.
        account: the account that is charged.
        options: further options for `sbatch`, such as `--qos=long`.
        python: the command that starts Python on a node, for example in a container; by default this Python.
        setup: shell lines before a job's work, such as `module load python`; the job ends if one fails.
        environment: environment variables of the jobs.
        scratch: a folder on each node for temporary files.
        driver_time: the time limit of the driver's job, which lasts from the first part to the release.
        driver_memory_gb: the memory of the driver's job; making a version takes 0.9 GB.
        inodes: the most files and folders that may be created.
        idle_seconds: how long a worker's job waits for work before it ends.
    """

    model_config = _FORBID
    shared: Annotated[list[_Folder], Field(min_length=1)]
    workers: Annotated[int, Field(gt=0)]
    time: _Time
    memory_gb: Annotated[float, Field(ge=1)]
    partition: _Word | None = None
    account: _Word | None = None
    options: list[Annotated[str, Field(pattern=r"^--?[\w-]+(=.*)?$")]] = Field(default_factory=list)
    python: Annotated[list[str], Field(min_length=1)] | None = None
    setup: list[str] = Field(default_factory=list)
    environment: _Environment = Field(default_factory=dict)
    scratch: _Folder | None = None
    driver_time: _Time = "7-00:00:00"
    driver_memory_gb: Annotated[float, Field(ge=1)] = 8.0
    inodes: Annotated[int, Field(gt=0)] | None = None
    idle_seconds: Annotated[float, Field(gt=0)] = 120.0


class ClusterSite(BaseModel):
    """A site file: a table for each cluster engine."""

    model_config = _FORBID
    ray: RaySite | None = None
    slurm: SlurmSite | None = None


T = TypeVar("T", RaySite, SlurmSite)


def load_site(path: Path, table_type: type[T]) -> T:
    """Return an engine's table in a site file.

    Raises:
        ConfigError: the file is missing, isn't valid TOML, has an unknown key, or lacks the engine's table.
    """
    site = load_toml(path, ClusterSite, "site file")
    for table in (site.ray, site.slurm):
        if isinstance(table, table_type):
            return table
    name = "ray" if table_type is RaySite else "slurm"
    raise ConfigError(
        str(path), _("the key «{key}» is missing", key=name), _("state the cluster in a table [{name}]", name=name)
    )
