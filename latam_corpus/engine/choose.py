"""Make engines by name."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING, Final

from latam_corpus.engine.cluster.cluster_site import RaySite, SlurmSite, load_site
from latam_corpus.engine.cluster.slurm_commands import require_slurm
from latam_corpus.engine.local import InProcess, Local
from latam_corpus.errors import ConfigError, closest
from latam_corpus.messages import _

if TYPE_CHECKING:
    from pathlib import Path

    from latam_corpus.pipeline.execution.engines import Engine

ENGINES: Final = ("in-process", "local", "ray", "slurm")


def make_engine(name: str, workers: int | None = None, site: Path | None = None, jobs: Path | None = None) -> Engine:
    """Return an engine by its name; `local` with one worker runs in this process.

    `workers` is the number of workers at once, 0 for one per processor; the default is one, or the number in the site
    file. `jobs` is the folder that the driver and the jobs of a cluster share.

    Raises:
        ConfigError: the engine is unknown, the number of workers is negative, or the site file is wrong.

    >>> make_engine("local")
    InProcess()
    """
    if name not in ENGINES:
        raise ConfigError("--engine", _("unknown engine «{name}»", name=name), closest(name, ENGINES))
    processors = os.cpu_count() or 1
    if workers is not None and workers < 0:
        raise ConfigError(
            "--workers",
            _("{workers} is not a number of workers", workers=workers),
            _("this machine has {n} {n:processor|processors}", n=processors),
        )
    if name == "slurm":
        from latam_corpus.engine.cluster.slurm import Slurm

        loaded = slurm_site(site)
        assert jobs  # noqa: S101  (a run on Slurm always has this folder)
        return Slurm(loaded, workers or loaded.workers, jobs)
    count = 1 if workers is None else workers or processors
    if name == "ray":
        from latam_corpus.engine.ray_tasks import RayTasks, import_ray

        import_ray()
        return RayTasks(count, load_site(site, RaySite) if site else None)
    if site:
        problem = _("the engine «{name}» only uses this machine", name=name)
        raise ConfigError("--site", problem, _("leave it out, or use --engine ray or slurm"))
    if name == "in-process" or count == 1:
        return InProcess()
    return Local(count)


def slurm_site(site: Path | None) -> SlurmSite:
    """Return a site file's table for Slurm.

    Raises:
        ConfigError: there is no site file, it is wrong, or Slurm's commands aren't on this machine.
    """
    if site is None:
        problem = _("the cluster and the limits of its jobs aren't known")
        raise ConfigError("--engine slurm", problem, _("write a site file and name it: --site FILE (docs/scale.md)"))
    loaded = load_site(site, SlurmSite)
    require_slurm()
    return loaded
