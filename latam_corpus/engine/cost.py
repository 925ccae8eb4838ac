"""What a run asks of an engine: jobs, hours, memory and files."""

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
_FILES_A_STEP: Final = 6  # rows, dropped, ledger, what barriers ask for, counts, and their folder
_FILES_A_PART: Final = 1  # who holds it, while it is worked
# Measured: `python -m tests.benchmarks millions` and `planning`.
_BARRIERS_GB: Final = 0.5
_VERSION_GB: Final = 0.9
_PART_GB: Final = 1.1e-6


@dataclass(frozen=True)
class Cost:
    """What the parts not yet done take, up to the first barrier.

    Attributes:
        workers: how many at once.
        hours: by the clock, were all of them busy all the time.
        files: how many files and folders are made, for all segments; links aside.
        jobs: how many a cluster is given for the workers; 0 where there are no jobs.
        memory_gb: of a worker's job.
        driver_memory_gb: of the job that leads them.
    """

    workers: int
    hours: float
    files: int
    jobs: int = 0
    memory_gb: float = 0.0
    driver_memory_gb: float = 0.0


def cost_of(engine: Engine, plan: Plan, parts: int, seconds: float) -> Cost:
    """Return what a plan asks of an engine.

    Args:
        engine: where it is to be worked.
        plan: what is to be done.
        parts: on how many parts.
        seconds: of a processor, for those not done yet.
    """
    workers = engine.workers
    files = parts * (_FILES_A_PART + _FILES_A_STEP * sum(len(segment.steps) for segment in plan.segments))
    hours = seconds / _HOUR / workers
    if not isinstance(engine, Slurm):
        return Cost(workers, hours, files)
    site = engine.site
    jobs = max(min(workers, parts), math.ceil(seconds / seconds_of(site.time)))
    return Cost(workers, hours, files, jobs, site.memory_gb, site.driver_memory_gb)


def refuse_beyond_site(engine: Engine, plan: Plan, parts: int, *, led_by_job: bool = False) -> None:
    """Refuse a run that makes more files than its site allows, or whose jobs the cluster can't run.

    Args:
        engine: where it is to be worked.
        plan: what is to be done.
        parts: on how many parts, at least.
        led_by_job: whether a job that this process submits will lead it; one that is such a job is known as one.

    Raises:
        ConfigError: it does.
    """
    if not isinstance(engine, Slurm):
        return
    most, files = engine.site.inodes, cost_of(engine, plan, parts, 0.0).files
    if most and files > most:
        problem = _(
            "{parts} {parts:part takes|parts take} about {files} files and folders, and `inodes` is {most}",
            parts=decimal(f"{parts:,}"),
            files=decimal(f"{files:,}"),
            most=decimal(f"{most:,}"),
        )
        remedy = _("free some (latam-corpus runs prune), ask for more, or join the source's small files")
        raise ConfigError(str(plan.recipe.file), problem, remedy)
    stated, takes = engine.site.driver_memory_gb, driver_gb(plan, parts)
    if (led_by_job or is_job()) and takes > stated:
        problem = _(
            "to lead the run takes {takes} GB for {parts} {parts:part|parts}, and `driver_memory_gb` is {stated}",
            takes=f"{takes:.1f}",
            parts=decimal(f"{parts:,}"),
            stated=f"{stated:g}",
        )
        raise ConfigError(str(plan.recipe.file), problem, _("state more in the site file, or run it by source or year"))
    if not is_job():  # nodes may be down by the time that the driver's job begins
        refuse_beyond_cluster(engine.site, with_driver=led_by_job)


def driver_gb(plan: Plan, parts: int) -> float:
    """Return how many gigabytes, at least, the process that leads a run holds."""
    return (_VERSION_GB if plan.recipe.release else _BARRIERS_GB) + _PART_GB * parts
