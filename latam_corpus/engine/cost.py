"""Compute the cost of a run on an engine: jobs, hours, memory and files."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from latam_corpus.engine.cluster.cluster_site import seconds_of
from latam_corpus.engine.cluster.slurm import Slurm
from latam_corpus.engine.cluster.slurm_jobs import is_job
from latam_corpus.engine.cluster.slurm_limits import refuse_beyond_cluster
from latam_corpus.errors import ConfigError
from latam_corpus.messages import _, decimal

if TYPE_CHECKING:
    from latam_corpus.pipeline.execution.engines import Engine
    from latam_corpus.pipeline.planning.plan import Plan

_HOUR: Final = 3600
_FILES_A_STEP: Final = 6  # per step: rows, dropped, ledger, side columns, counts, and their folder
_FILES_A_PART: Final = 1  # the claim, while the part is processed
# Measured: `python -m tests.benchmarks millions` and `planning`.
_BARRIERS_GB: Final = 0.5
_VERSION_GB: Final = 0.9
_PART_GB: Final = 1.1e-6


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

    Args:
        engine: the engine.
        plan: the plan.
        parts: the number of parts.
        seconds: seconds of processor time for the unfinished parts.
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

    Args:
        engine: the engine.
        plan: the plan.
        parts: the least number of parts.
        led_by_job: whether this process submits a driver job that will lead the run. If this process is itself such a
            job, that is detected.
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
        refuse_beyond_cluster(engine.site, with_driver=led_by_job)


def driver_gb(plan: Plan, parts: int) -> float:
    """Return the minimum memory, in gigabytes, of the process that leads a run."""
    return (_VERSION_GB if plan.recipe.release else _BARRIERS_GB) + _PART_GB * parts
