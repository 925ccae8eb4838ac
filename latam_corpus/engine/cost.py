"""Compute the cost of a run on an engine, and check before any job is submitted that the cluster can run its jobs."""

from __future__ import annotations

import math
import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from latam_corpus.engine.cluster.cluster_site import seconds_of
from latam_corpus.engine.cluster.slurm import Slurm
from latam_corpus.engine.cluster.slurm_commands import SlurmSilentError, ask
from latam_corpus.engine.cluster.slurm_jobs import is_job, options
from latam_corpus.errors import ConfigError, PartError
from latam_corpus.messages import _, decimal

if TYPE_CHECKING:
    from latam_corpus.engine.cluster.cluster_site import SlurmSite
    from latam_corpus.pipeline.execution.engines import Engine
    from latam_corpus.pipeline.planning.plan import Plan


_HOUR: Final = 3600
_FILES_A_STEP: Final = 6  # per step: rows, dropped, ledger, side columns, counts, and their folder
_FILES_A_PART: Final = 1  # the claim, while the part is processed
# Measured: `python -m tests.benchmarks millions` and `planning`.
_BARRIERS_GB: Final = 0.5
_VERSION_GB: Final = 0.9
_PART_GB: Final = 1.1e-6
_SCRIPT: Final = "#!/bin/sh\n"
_NO_NODE: Final = re.compile("node configuration is not available", re.IGNORECASE)
_LIMIT: Final = re.compile(r"(?:(?P<days>\d+)-)?(?:(?P<hours>\d+):)?(?P<minutes>\d+):(?P<seconds>\d+)")
_SEE: Final = _("check `partition`, `account` and `options` in the site file, and what the cluster allows: sinfo")


@dataclass(frozen=True)
class PartsCost:
    """The cost of the unfinished parts, up to the first barrier.

    Attributes:
        workers: the number of workers at once.
        hours: elapsed hours, if all workers are always busy.
        files: the number of files and folders that all segments create, without links.
        jobs: the number of workers' jobs on a cluster; 0 for an engine without jobs.
        memory_gb: the memory of a worker's job, in gigabytes.
        driver_memory_gb: the memory of the driver's job, in gigabytes.
    """

    workers: int
    hours: float
    files: int
    jobs: int = 0
    memory_gb: float = 0.0
    driver_memory_gb: float = 0.0


def cost_of(engine: Engine, plan: Plan, parts: int, seconds: float) -> PartsCost:
    """Return the cost of a plan on an engine.

    `seconds` is the processor time of the unfinished parts.
    """
    workers = engine.workers
    files = parts * (_FILES_A_PART + _FILES_A_STEP * sum(len(segment.steps) for segment in plan.segments))
    hours = seconds / _HOUR / workers
    if not isinstance(engine, Slurm):
        return PartsCost(workers, hours, files)
    site = engine.site
    jobs = max(min(workers, parts), math.ceil(seconds / seconds_of(site.time)))
    return PartsCost(workers, hours, files, jobs, site.memory_gb, site.driver_memory_gb)


def refuse_beyond_site(engine: Engine, plan: Plan, parts: int, *, led_by_job: bool = False) -> None:
    """Raise `ConfigError` if a run creates more files than its site allows, or the cluster can't run its jobs.

    `parts` is the least number of parts. `led_by_job` means that this process submits a driver job that will lead the
    run; if this process is itself such a job, that is detected.
    """
    if not isinstance(engine, Slurm):
        return
    allowed, files = engine.site.inodes, cost_of(engine, plan, parts, 0.0).files
    if allowed and files > allowed:
        problem = _(
            "{parts} {parts:part takes|parts take} about {files} files and folders, but `inodes` is {most}",
            parts=decimal(f"{parts:,}"),
            files=decimal(f"{files:,}"),
            most=decimal(f"{allowed:,}"),
        )
        remedy = _("free some (latam-corpus runs prune), ask for more, or join the source's small files")
        raise ConfigError(str(plan.recipe.file), problem, remedy)
    stated, needed = engine.site.driver_memory_gb, driver_gb(plan, parts)
    if (led_by_job or is_job()) and needed > stated:
        problem = _(
            "coordinating the run takes {takes} GB for {parts} {parts:part|parts}, but `driver_memory_gb` is {stated}",
            takes=f"{needed:.1f}",
            parts=decimal(f"{parts:,}"),
            stated=f"{stated:g}",
        )
        raise ConfigError(str(plan.recipe.file), problem, _("state more in the site file, or run it by source or year"))
    if not is_job():  # when the driver's job starts, some nodes may be down
        _refuse_beyond_cluster(engine.site, with_driver=led_by_job)


def driver_gb(plan: Plan, parts: int) -> float:
    """Return the minimum memory, in gigabytes, of the process that leads a run."""
    return (_VERSION_GB if plan.recipe.release else _BARRIERS_GB) + _PART_GB * parts


def _refuse_beyond_cluster(site: SlurmSite, *, with_driver: bool) -> None:
    """Raise `ConfigError` if Slurm would refuse the jobs of a site file, or never start them.

    If Slurm doesn't answer, nothing is checked. `sbatch --test-only` reports a wrong partition or feature. But it
    doesn't check a partition's time limit, and doesn't distinguish nodes that are too small from nodes that are down.
    `sinfo` reports the missing facts.
    """
    jobs = [("memory_gb", "time", site.memory_gb, site.time)]
    if with_driver:
        jobs.append(("driver_memory_gb", "driver_time", site.driver_memory_gb, site.driver_time))
    try:
        for memory_key, time_key, memory_gb, time in jobs:
            _refuse_time(site, time_key, time)
            _refuse_size(site, memory_key, memory_gb, time)
    except SlurmSilentError:  # the submission itself reports it
        pass


def _refuse_time(site: SlurmSite, key: str, time: str) -> None:
    if any(option.startswith("--qos") for option in site.options):  # its limits may override the partition's
        return
    longest = max((seconds for _megabytes, seconds in _nodes(site)), default=None)
    if longest is not None and seconds_of(time) > longest:
        problem = _(
            "`{key}` is {stated}, but the partition allows {minutes} {minutes:minute|minutes}",
            key=key,
            stated=time,
            minutes=round(longest / 60),
        )
        raise ConfigError("--site", problem, _("state less, or another `partition`"))


def _refuse_size(site: SlurmSite, key: str, memory_gb: float, time: str) -> None:
    reason = _refusal(*options(site, "test", time, memory_gb))
    if not reason:
        return
    if not _NO_NODE.search(reason):
        raise ConfigError("--site", _("Slurm refuses the job: {reason}", reason=reason), _SEE)
    largest = max((megabytes for megabytes, _seconds_ in _nodes(site)), default=None)
    if largest is not None and memory_gb * 1024 > largest:
        problem = _(
            "`{key}` is {stated}, but the largest node has {largest} GB",
            key=key,
            stated=f"{memory_gb:g}",
            largest=f"{largest / 1024:.1f}",
        )
        raise ConfigError("--site", problem, _("state less, or another `partition`"))
    # If even the smallest job is refused, the nodes are down; the job can wait for them.
    small = site.model_copy(update={"options": []})
    if site.options and not _refusal(*options(small, "test", time, 1.0)):
        raise ConfigError("--site", _("Slurm refuses the job: {reason}", reason=reason), _SEE)


def _refusal(*job_options: str) -> str:
    """Return Slurm's reason for refusing a job; empty if it would accept the job."""
    try:
        ask("sbatch", "--test-only", *job_options, text=_SCRIPT)
    except SlurmSilentError:
        raise
    except PartError as error:
        return error.problem.removeprefix("sbatch: error: ").removeprefix("allocation failure: ")
    return ""


def _nodes(site: SlurmSite) -> list[tuple[int, float]]:
    """Return the memory (MB) and time limit (s) of each kind of node in the partition, even of nodes that are down."""
    partition_option = [f"--partition={site.partition}"] if site.partition else []
    try:
        output = ask("sinfo", "--noheader", "--exact", "--format=%m|%l|%P", *partition_option)
    except SlurmSilentError:
        raise
    except (PartError, OSError):  # `sinfo` isn't installed or not allowed
        return []
    rows = [line.strip().split("|") for line in output.splitlines()]
    # The default partition is marked with an asterisk.
    selected = [row for row in rows if len(row) == 3 and (site.partition or row[2].endswith("*"))]  # noqa: PLR2004
    return [(int(megabytes), _seconds(limit)) for megabytes, limit, _name in selected if megabytes.isdigit()]


def _seconds(limit: str) -> float:
    """Return a partition's time limit in seconds; infinity for a word such as `infinite`.

    >>> _seconds("1:00"), _seconds("2-00:00:00"), _seconds("infinite")
    (60.0, 172800.0, inf)
    """
    match = _LIMIT.fullmatch(limit)
    if match is None:
        return float("inf")
    days, hours, minutes, seconds = (int(match[unit] or 0) for unit in ("days", "hours", "minutes", "seconds"))
    return float(((days * 24 + hours) * 60 + minutes) * 60 + seconds)
