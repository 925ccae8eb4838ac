"""The engines by name."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING, Final

from latam_corpus.engine.in_process import InProcess
from latam_corpus.engine.local import Local
from latam_corpus.errors import ConfigError, closest

if TYPE_CHECKING:
    from latam_corpus.pipeline.engines import Engine

ENGINES: Final = ("in-process", "local")


def make_engine(name: str, workers: int) -> Engine:
    """The engine of that name; `local` with one worker runs in this process, which saves starting another.

    Raises:
        ConfigError: no such engine, or a number of workers below one.

    >>> make_engine("local", 1)
    InProcess()
    """
    if name not in ENGINES:
        raise ConfigError("--engine", f"unknown engine «{name}»", closest(name, ENGINES))
    if workers < 1:
        raise ConfigError("--workers", f"{workers} workers can't work", f"this machine has {os.cpu_count()} processors")
    return InProcess() if name == "in-process" or workers == 1 else Local(workers)
