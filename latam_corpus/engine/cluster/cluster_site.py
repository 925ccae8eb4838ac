"""The site file: where a cluster is and what it gives to each task."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Annotated, Final, TypeVar

from pydantic import AfterValidator, BaseModel, ConfigDict, Field

from latam_corpus.config.toml_model import load_toml
from latam_corpus.errors import ConfigError
from latam_corpus.messages import _

if TYPE_CHECKING:
    from pathlib import Path

_FORBID = ConfigDict(extra="forbid", frozen=True, strict=True)
_SECONDS: Final = {"days": 86_400, "hours": 3600, "minutes": 60, "seconds": 1}
_TIME: Final = re.compile(r"(?:(?P<days>\d+)-)?(?P<hours>\d+):(?P<minutes>[0-5]\d):(?P<seconds>[0-5]\d)")
_VARIABLE: Final = r"^[A-Za-z_][A-Za-z0-9_]*$"


def seconds_of(limit: str) -> int:
    """Return the seconds of a time limit in Slurm's longest form.

    Raises:
        ValueError: it has another form, in which Slurm may take minutes for hours.

    >>> seconds_of("1-12:00:00")
    129600
    """
    match = _TIME.fullmatch(limit)
    if not match:
        told = _("«{limit}» isn't a time limit; write hours:minutes:seconds, such as 04:00:00 or 2-00:00:00")
        problem = told.fill(limit=limit)
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
        problem = _("«{folder}» must begin with /: the nodes look for it from there", folder=folder)
        raise ValueError(problem)
    return folder


_Time = Annotated[str, AfterValidator(_timed)]
_Folder = Annotated[str, AfterValidator(_absolute)]
_Word = Annotated[str, Field(pattern=r"^[\w.,+@-]+$")]
_Environment = dict[Annotated[str, Field(pattern=_VARIABLE)], str]


class RaySite(BaseModel):
    """`[ray]`: a Ray cluster that is running, whose nodes see the files of sources and `--out` under the same paths.

    Attributes:
        address: host and port of its head, or `auto` for the cluster that this machine is of.
        memory_gb: of each task, which is kept to it; a node is given no more tasks than it has memory for. One takes
            half a gigabyte before it has read a document.
        environment: variables of the workers.
    """

    model_config = _FORBID
    address: Annotated[str, Field(pattern=r"^(auto|[\w.-]+:\d{1,5})$")]
    memory_gb: Annotated[float, Field(ge=1)] | None = None
    environment: dict[str, str] = Field(default_factory=dict)


class SlurmSite(BaseModel):
    """`[slurm]`: a cluster to whose Slurm this machine may give jobs.

    Attributes:
        shared: folders that all nodes see under the same path; sources and `--out` must be in them.
        workers: jobs at once, at most, each of one processor.
        time: of a worker's job; one whose time is over is followed by another.
        memory_gb: of a worker; one takes half a gigabyte before it has read a document.
        partition: where jobs are queued; the cluster's usual one where nothing is stated.
        account: to whom they are charged.
        options: what else `sbatch` is given, such as `--qos=long`.
        python: the words that start Python on a node, such as those of a container; else the one that runs this.
        setup: shell lines before a job's work, such as `module load python`; one that fails ends the job.
        environment: variables of the jobs.
        scratch: a folder on each node for temporary files.
        driver_time: of the job that leads the others, from the first part to the release.
        driver_memory_gb: of that job; a version is made in 0.9.
        inodes: how many files and folders may be made.
        idle_seconds: after so long without work a worker's job ends.
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


class Site(BaseModel):
    """A site file: a table for each engine that has a cluster here."""

    model_config = _FORBID
    ray: RaySite | None = None
    slurm: SlurmSite | None = None


T = TypeVar("T", RaySite, SlurmSite)


def load_site(path: Path, wanted: type[T]) -> T:
    """Return the table of a site file for an engine.

    Raises:
        ConfigError: the file is missing, isn't TOML, says what no site has, or lacks the engine's table.
    """
    site = load_toml(path, Site, "site file")
    for table in (site.ray, site.slurm):
        if isinstance(table, wanted):
            return table
    name = "ray" if wanted is RaySite else "slurm"
    raise ConfigError(
        str(path), _("the key «{key}» is missing", key=name), _("state the cluster in a table [{name}]", name=name)
    )
