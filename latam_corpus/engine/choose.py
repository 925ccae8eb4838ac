"""The engines by name."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING, Final

from latam_corpus.engine.in_process import InProcess
from latam_corpus.errors import ConfigError, closest
from latam_corpus.messages import _

if TYPE_CHECKING:
    from pathlib import Path

    from latam_corpus.engine.cluster.cluster_site import SlurmSite
    from latam_corpus.pipeline.execution.engines import Engine

ENGINES: Final = ("in-process", "local", "ray", "slurm")


def make_engine(name: str, workers: int | None = None, site: Path | None = None, jobs: Path | None = None) -> Engine:
    """Return the engine of that name; `local` with one worker runs in this process, which saves starting another.

    Args:
        name: one of ENGINES.
        workers: how many work at once, 0 for one a processor; one where nothing is said, on a cluster its own number.
        site: the site file of a cluster.
        jobs: the folder that driver and jobs share on a cluster that has jobs.

    Raises:
        ConfigError: no such engine, a number of workers below one, or something is wrong with the site file.

    >>> make_engine("local")
    InProcess()
    """
    if name not in ENGINES:
        raise ConfigError("--engine", _("unknown engine «{name}»", name=name), closest(name, ENGINES))
    here = os.cpu_count() or 1
    if workers is not None and workers < 0:
        raise ConfigError(
            "--workers",
            _("{workers} workers can't work", workers=workers),
            _("this machine has {here} {here:processor|processors}", here=here),
        )
    if name == "slurm":
        from latam_corpus.engine.cluster.slurm import Slurm

        loaded = slurm_site(site)
        assert jobs  # noqa: S101  (who has an `--out` has one for them)
        return Slurm(loaded, workers or loaded.workers, jobs)
    count = 1 if workers is None else workers or here
    if name == "ray":
        from latam_corpus.engine.cluster.cluster_site import RaySite, load_site
        from latam_corpus.engine.ray_tasks import RayTasks, imported

        imported()
        return RayTasks(count, load_site(site, RaySite) if site else None)
    if site:
        problem = _("the engine «{name}» works on this machine alone", name=name)
        raise ConfigError("--site", problem, _("leave it out, or use --engine ray or slurm"))
    if name == "in-process" or count == 1:
        return InProcess()
    from latam_corpus.engine.local import Local

    return Local(count)


def slurm_site(site: Path | None) -> SlurmSite:
    """Return the cluster of a site file, where this machine may give it jobs.

    Raises:
        ConfigError: nothing says which, something is wrong with the file, or Slurm's commands aren't here.
    """
    if site is None:
        problem = _("nothing says which cluster, and what its jobs may take")
        raise ConfigError("--engine slurm", problem, _("write a site file and name it: --site FILE (docs/scale.md)"))
    from latam_corpus.engine.cluster.cluster_site import SlurmSite, load_site
    from latam_corpus.engine.cluster.slurm_commands import require_slurm

    loaded = load_site(site, SlurmSite)
    require_slurm()
    return loaded
