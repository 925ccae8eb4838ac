"""Record the machine of a benchmark, the resources that it used, and its figures."""

from __future__ import annotations

import json
import os
import platform
import resource
import subprocess
import sys
import threading
import time
from contextlib import suppress
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from importlib import metadata
from pathlib import Path
from typing import Any, Final

from latam_corpus.__about__ import __version__

RESULTS: Final = Path(__file__).resolve().parent / "results"
_DISTRIBUTIONS: Final = ("datatrove", "fasttext-community", "ftfy", "numba", "numpy", "polars", "pyarrow")
_MB: Final = 1e6


@dataclass(frozen=True)
class Table:
    """Figures under a title; columns whose name ends in `#` are aligned right."""

    title: str
    columns: tuple[str, ...]
    rows: tuple[tuple[object, ...], ...]


@dataclass(frozen=True)
class Report:
    """The results of a benchmark.

    Attributes:
        name: the benchmark's.
        texts: file → SHA-256 of what was read.
        settings: the options that the figures rest on.
        tables: the figures.
        notes: what a reader must know to judge them, a sentence each.
    """

    name: str
    texts: dict[str, str]
    settings: dict[str, Any]
    tables: tuple[Table, ...]
    notes: tuple[str, ...] = ()


@dataclass(frozen=True)
class Usage:
    """The resources of a process: CPU seconds with those of its ended children, and peak resident MB."""

    cpu: float
    peak_mb: float


def usage() -> Usage:
    """Return the resources that this process and its ended children have used until now."""
    return Usage(sum(os.times()[:4]), peak_bytes() / _MB)


def peak_bytes(process: str = "self") -> int:
    """Return the peak resident memory of this process, or on Linux of another one, in bytes; 0 if it has ended."""
    # A process starts with its parent's ru_maxrss; VmHWM is of its own image.
    if Path("/proc/self/status").exists():
        try:
            lines = Path(f"/proc/{process}/status").read_text().splitlines()
        except OSError:
            return 0
        return sum(int(line.split()[1]) * 1024 for line in lines if line.startswith("VmHWM"))
    unit = 1 if sys.platform == "darwin" else 1024  # bytes there, KiB elsewhere
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * unit


def new_peak(process: str = "self") -> None:
    """From now on `peak_bytes` is of what the process has from now on (Linux only)."""
    with suppress(OSError):
        Path(f"/proc/{process}/clear_refs").write_text("5")


class Watch(threading.Thread):
    """Looks at this process's children ten times a second; `peak_mb` is the most that one of them had (Linux only)."""

    def __init__(self) -> None:
        super().__init__(daemon=True)
        self.peak_mb = 0.0
        self._main = Path(f"/proc/self/task/{os.getpid()}/children")
        self._own = _command("self")

    def run(self) -> None:
        """Look, as long as the process lives."""
        while self._main.exists():
            for child in self._main.read_text().split():
                if _command(child) != self._own:  # else it hasn't become another program yet, and has our memory
                    self.peak_mb = max(self.peak_mb, peak_bytes(child) / _MB)
            time.sleep(0.1)


def _command(process: str) -> bytes:
    try:
        return Path(f"/proc/{process}/cmdline").read_bytes()
    except OSError:
        return b""


def facts() -> dict[str, Any]:
    """The machine, the code and the versions that figures depend on."""
    from latam_corpus.language import model

    return {
        "commit": _commit(),
        "model": model.digest()[:12],
        "processor": _processor(),
        "cores": os.cpu_count(),
        "load": [round(load, 2) for load in os.getloadavg()],
        "memory_gb": round(os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES") / 1e9, 1),
        "system": f"{platform.system()} {platform.release()}",
        "python": platform.python_version(),
        "toolkit": __version__,
        "versions": {name: metadata.version(name) for name in _DISTRIBUTIONS},
    }


def _commit() -> str:
    """The commit of this checkout, with `+` where files differ from it; nothing outside of one."""
    requested = ["git", "describe", "--always", "--abbrev=7", "--exclude=*", "--dirty=+"]
    reported = subprocess.run(requested, cwd=RESULTS, capture_output=True, text=True, check=False)
    return reported.stdout.strip()


def _processor() -> str:
    listed = Path("/proc/cpuinfo")
    if listed.exists():
        for line in listed.read_text().splitlines():
            if line.startswith("model name"):
                return line.partition(":")[2].strip()
    return platform.processor() or platform.machine()


def show(report: Report) -> None:
    """Print the tables and the notes."""
    from latam_corpus.cli.interface.show import console, table  # which a process that is measured doesn't load

    for result in report.tables:
        table(result.title, result.columns, result.rows)
        console.print()
    for note in report.notes:
        console.print(note, markup=False)


def save(report: Report, folder: Path = RESULTS) -> Path:
    """Keep the report and the machine's facts as `<date>-<name>.json`; gives the file."""
    today = datetime.now(UTC).date().isoformat()
    reported = {"written": today, "machine": facts(), **asdict(report)}
    folder.mkdir(parents=True, exist_ok=True)
    path = folder / f"{today}-{report.name}.json"
    path.write_text(json.dumps(reported, ensure_ascii=False, indent=1, default=str) + "\n", encoding="utf-8")
    return path


def rounded(value: float, digits: int = 3) -> float:
    """The number with so many significant digits.

    >>> rounded(1234.5), rounded(0.012345)
    (1234.0, 0.0123)
    """
    return float(f"{value:.{max(digits, len(str(int(abs(value)))))}g}")


def share(part: float, whole: float) -> str:
    """A share in per cent.

    >>> share(1, 8)
    '12.5 %'
    """
    return f"{100 * part / whole:.1f} %" if whole else "-"
