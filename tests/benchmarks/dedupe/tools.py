"""Runs each tool on the same file of documents, in a process of its own."""

from __future__ import annotations

import json
import os
import statistics
import subprocess
import sys
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Final

from latam_corpus.errors import ConfigError, closest

from .documents import read_result

if TYPE_CHECKING:
    from collections.abc import Sequence

    from .documents import Result, Used

OURS: Final = "latam_corpus"
RIVALS: Final = ("datatrove-stock", "datatrove-regex", "datasketch", "rensa", "rensa-words")
RIVALS_SCRIPT: Final = Path(__file__).with_name("rivals.py")
_ROOT: Final = Path(__file__).resolve().parents[3]
_VERSIONS: Final = ["datatrove", "spacy", "datasketch", "rensa", "numpy", "xxhash"]
_ONE_THREAD: Final = dict.fromkeys(
    ("POLARS_MAX_THREADS", "OMP_NUM_THREADS", "NUMBA_NUM_THREADS", "RAYON_NUM_THREADS"), "1"
)


def chosen(rows: str, python: Path | None) -> list[str]:
    """The tools that an option names, or all that can run.

    Raises:
        ConfigError: no tool has such a name, or a rival is wanted and its Python isn't there.
    """
    if python and not python.exists():
        raise ConfigError("--rival-python", f"there is no {python}", "see tests/benchmarks/dedupe/rivals.py")
    names = rows.split(",") if rows else [OURS, *(RIVALS if python else ())]
    for name in names:
        if name not in (OURS, *RIVALS):
            raise ConfigError("--rows", f"there is no row «{name}»", closest(name, (OURS, *RIVALS)))
        if name != OURS and not python:
            raise ConfigError("--rows", f"«{name}» needs a Python of its own", "name it by --rival-python")
    return names


def run(name: str, documents: Path, out: Path, python: Path | None) -> tuple[Result, Used]:
    """Return a tool's decisions about the file's documents, and the resources that it used.

    Raises:
        ConfigError: the tool failed.
    """
    if name == OURS:
        command = [sys.executable, "-m", "tests.benchmarks.dedupe.ours", str(documents), str(out)]
    else:
        command = [str(python), str(RIVALS_SCRIPT), name, str(documents), str(out)]
    give(name, command)
    return read_result(out)


def give(name: str, command: Sequence[str]) -> None:
    """Run a tool's command with one thread per process.

    Raises:
        ConfigError: the tool failed.
    """
    environment = os.environ | _ONE_THREAD
    done = subprocess.run(command, cwd=_ROOT, env=environment, capture_output=True, text=True, check=False)
    if done.returncode:
        lines = done.stderr.strip().splitlines() or ["it said nothing"]
        raise ConfigError(name, lines[-1], "see tests/benchmarks/dedupe/rivals.py")


def median(runs: Sequence[Used]) -> Used:
    """Return the run with the median use after its start, with the median of each figure."""
    return replace(
        runs[0],
        cpu=statistics.median(used.cpu for used in runs),
        started=statistics.median(used.started for used in runs),
        wall=statistics.median(used.wall for used in runs),
        peak_mb=statistics.median(used.peak_mb for used in runs),
        stages={name: statistics.median(used.stages[name] for used in runs) for name in runs[0].stages},
    )


def versions(python: Path) -> dict[str, str]:
    """The versions that decide what the rivals cost."""
    code = f"import importlib.metadata as m, json; print(json.dumps({{n: m.version(n) for n in {_VERSIONS}}}))"
    done = subprocess.run([str(python), "-c", code], capture_output=True, text=True, check=True)
    results: dict[str, str] = json.loads(done.stdout)
    return results
