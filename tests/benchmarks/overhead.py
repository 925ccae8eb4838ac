"""`overhead`: what an engine costs over the same work done in one process.

`python -m tests.benchmarks.overhead WORDS…` gives `latam-corpus` these words and prints what it used as a line of JSON.
"""

from __future__ import annotations

import ctypes
import importlib
import json
import os
import subprocess
import sys
import tempfile
import time
from contextlib import contextmanager, nullcontext, suppress
from importlib.util import find_spec
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from latam_corpus.errors import ConfigError

from .machine import Report, Table, rounded
from .own import write_recipe
from .texts import NOVELS, SEED, checksums, collections, recombined, write_jsonl

if TYPE_CHECKING:
    import argparse
    from collections.abc import Iterator

_cluster: Any = importlib.import_module("tests.engine.conftest")
_WORDS: Final = 300
_FILES: Final = 4  # parts that workers share
_MB: Final = 1e6
_RELEASE: Final = '[release]\nname = "documents"\nadmit = ["open"]\nuses = ["train"]\n'
_ENGINES: Final = {
    "in-process": ("--engine", "in-process"),
    "local, 1 worker": ("--workers", "1"),
    "local, 2 workers": ("--workers", "2"),
    "ray, 2 workers": ("--engine", "ray", "--workers", "2"),
    "slurm, 2 jobs": ("--engine", "slurm", "--wait"),
}
_OUR_CHILDREN: Final = 36  # PR_SET_CHILD_SUBREAPER: what outlives its parent stays below this process (Linux)
_EVERY: Final = 0.05
_NOTES: Final = (
    "The whole command: interpreter, plan, run, release.",
    f"CPU seconds are of every process below it, Ray's and Slurm's own among them, each looked at every {_EVERY} s.",
    "Of each engine the round that used the fewest CPU seconds; the engines take turns.",
)


def options(parser: argparse.ArgumentParser) -> None:
    """The benchmark's own options."""
    parser.add_argument("--documents", type=int, default=10_000, help="10,000 by default")
    parser.add_argument("--rounds", type=int, default=3, help="3 by default")


def measure(args: argparse.Namespace) -> Report:
    """Return CPU seconds and elapsed seconds of the same run and release by each engine."""
    lines = collections(args.data, NOVELS)
    available = {"ray": find_spec("ray") is not None, "slurm": "slurmctld" in _cluster.slurm_programs()}
    engines = {name: words for name, words in _ENGINES.items() if available.get(name.partition(",")[0], True)}
    used: dict[str, list[tuple[float, float]]] = {name: [] for name in engines}
    with tempfile.TemporaryDirectory(prefix="latam-bench-") as folder:
        room = Path(folder)
        (room / "in").mkdir()
        for place in range(_FILES):
            texts = recombined(lines, args.documents // _FILES, _WORDS, SEED + place)
            write_jsonl(room / "in" / f"documents-{place}.jsonl", texts, f"{place}")
        size = sum(path.stat().st_size for path in (room / "in").iterdir())
        recipe = write_recipe(room, more=_RELEASE)
        for number in range(args.rounds):
            for name, words in engines.items():
                out = room / f"{number}-{len(words)}-{name.replace(', ', '-').replace(' ', '-')}"
                used[name].append(_apart(["run", str(recipe), "--input", str(room / "in"), "--out", str(out), *words]))
    fastest = {name: min(rounds) for name, rounds in used.items()}
    base_cpu, base_wall = fastest["in-process"]
    rows = tuple(
        (name, rounded(cpu), f"{cpu / base_cpu:.2f}", rounded(wall), f"{wall / base_wall:.2f}")
        for name, (cpu, wall) in fastest.items()
    )
    columns = ("engine", "CPU s#", "of in-process#", "seconds#", "of in-process's#")
    title = f"{args.documents:,} documents, {size / _MB:.0f} MB in {_FILES} files"
    settings = {"documents": args.documents, "rounds": args.rounds, "words": _WORDS, "seed": SEED}
    return Report("overhead", checksums(args.data, NOVELS), settings, (Table(title, columns, rows),), _NOTES)


def _apart(words: list[str]) -> tuple[float, float]:
    """Return CPU seconds and elapsed seconds of a command.

    Raises:
        ConfigError: it failed.
    """
    command = [sys.executable, "-m", "tests.benchmarks.overhead", *words]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    if done.returncode:
        raise ConfigError(" ".join(words), f"it ended with {done.returncode}", done.stderr[-1000:])
    reported = json.loads(done.stdout.splitlines()[-1])
    return reported["cpu"], reported["wall"]


def _main(words: list[str]) -> int:
    """Run the command with these words; print the CPU seconds of all its descendants, and the elapsed seconds."""
    ctypes.CDLL(None).prctl(_OUR_CHILDREN, 1)
    ticks: dict[str, int] = {}
    with _slurm(words) if "slurm" in words else nullcontext(words) as whole:
        previous = dict(_below(str(os.getpid())))  # the ticks that the cluster took to start
        started = time.monotonic()
        with subprocess.Popen([sys.executable, "-m", "latam_corpus", *whole], stdout=subprocess.DEVNULL) as process:
            while process.poll() is None:
                ticks |= dict(_below(str(os.getpid())))
                time.sleep(_EVERY)
        wall = time.monotonic() - started
        ticks |= dict(_below(str(os.getpid())))
    while remaining := dict(_below(str(os.getpid()))):  # Ray's processes take a moment to end
        ticks |= remaining
        with suppress(ChildProcessError):
            os.waitpid(-1, os.WNOHANG)
        time.sleep(_EVERY)
    cpu = (sum(ticks.values()) - sum(previous.values())) / os.sysconf("SC_CLK_TCK")
    sys.stdout.write(json.dumps({"cpu": cpu, "wall": wall}) + "\n")
    return process.returncode


@contextmanager
def _slurm(words: list[str]) -> Iterator[list[str]]:
    """Start a Slurm of one node below this process, as tests do; yield the words with its site file."""
    room = Path(words[words.index("--out") + 1]).parent
    with tempfile.TemporaryDirectory(prefix="slurm-") as name:
        cluster = _cluster.SlurmHere(Path(name), _cluster.slurm_programs())
        os.environ["SLURM_CONF"] = str(cluster.folder / "slurm.conf")
        try:
            cluster.start()
            yield [*words, "--site", str(cluster.site(room))]
        finally:
            cluster.stop()


def _below(process: str) -> list[tuple[str, int]]:
    """Yield the processes below this one, and the CPU ticks that each has used itself."""
    results: list[tuple[str, int]] = []
    with suppress(OSError):
        for task in Path(f"/proc/{process}/task").iterdir():
            for child in (task / "children").read_text().split():
                with suppress(OSError):
                    fields = Path(f"/proc/{child}/stat").read_text().rpartition(")")[2].split()
                    results += [(child, int(fields[11]) + int(fields[12])), *_below(child)]
    return results


if __name__ == "__main__":
    raise SystemExit(_main(sys.argv[1:]))
