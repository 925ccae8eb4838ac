"""The engines by name."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING, Final

from latam_corpus.engine.in_process import InProcess
from latam_corpus.engine.local import Local
from latam_corpus.engine.site import load_site
from latam_corpus.errors import ConfigError, closest

if TYPE_CHECKING:
    from pathlib import Path

    from latam_corpus.pipeline.engines import Engine

ENGINES: Final = ("in-process", "local", "ray")


def make_engine(name: str, workers: int, site: Path | None = None) -> Engine:
    """Return the engine of that name; `local` with one worker runs in this process, which saves starting another.

    Args:
        name: one of ENGINES.
        workers: how many work at once; a cluster has its own number.
        site: the site file of a cluster.

    Raises:
        ConfigError: no such engine, a number of workers below one, or something is wrong with the site file.

    >>> make_engine("local", 1)
    InProcess()
    """
    if name not in ENGINES:
        raise ConfigError("--engine", f"unknown engine «{name}»", closest(name, ENGINES))
    if workers < 1:
        raise ConfigError("--workers", f"{workers} workers can't work", f"this machine has {os.cpu_count()} processors")
    if name == "ray":
        from latam_corpus.engine.ray_tasks import RayTasks, imported

        imported()
        return RayTasks(workers, load_site(site).ray if site else None)
    if site:
        raise ConfigError("--site", f"the engine «{name}» works on this machine alone", "leave it out, or use ray")
    return InProcess() if name == "in-process" or workers == 1 else Local(workers)
