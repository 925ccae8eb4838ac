"""`start`: what a command costs before it does anything: `--version`, `--help`, completion, `list …`, `runs list`.

Then what little work costs: one stage on one line, and a run of ten documents with a release.
"""

from __future__ import annotations

import os
import random
import statistics
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING, Final

from latam_corpus.storage.durable import sealed

from .machine import Report, Table, rounded
from .own import ROOT, write_recipe
from .texts import SEED, write_jsonl

if TYPE_CHECKING:
    import argparse

_TARGET: Final = "Target: 0.25 CPU seconds and 60 MB; of one line 0.7 CPU seconds, of ten documents 1.0."
_LITTLE: Final = (
    ("stage identify, one line", "stage identify one.jsonl one-{round}.parquet"),
    ("run, ten documents", "run benchmark.toml --input documents.jsonl --out out-{round}"),
)
_STAGES: Final = ("extract", "repair", "identify", "filter", "redact", "dedupe")
_RELEASE: Final = '[release]\nname = "small"\nadmit = ["open"]\nuses = ["train"]\n'
_STORY: Final = ROOT / "pipelines" / "demo" / "pieces" / "cuentos" / "el-cartero-de-los-dominguez.txt"
_LISTED: Final = ("--version", "--help", "list recipes", "list sources", "list stages", "list signals", "runs list")
_HELPED: Final = (
    *("demo", "check", "run", "stage", "measure", "sample", "compare", "explain", "crawl", "pull", "list", "runs"),
    *("sources", "rights", "language", "quality", "release"),
)
_COMPLETED: Final = ("latam-corpus r", "latam-corpus run lit", "latam-corpus release b")
# Run in the process that is measured, which knows its own peak: a child's begins with its parent's.
_CHILD: Final = """
import atexit, os, sys
def tell():
    with open("/proc/self/status") as file:
        peak = next(int(line.split()[1]) for line in file if line.startswith("VmHWM"))
    os.write(3, f"{sum(os.times()[:2])} {peak}".encode())
atexit.register(tell)
from latam_corpus.__main__ import main
main()
"""


def options(parser: argparse.ArgumentParser) -> None:
    """The benchmark's own options."""
    parser.add_argument("--rounds", type=int, default=5, help="how often each is started; 5 by default")
    parser.add_argument("--checkout", type=Path, default=ROOT, help="another checkout of the toolkit to measure")


def measure(args: argparse.Namespace) -> Report:
    """Median CPU seconds and peak MB of each, after one start that isn't counted."""
    lines = [*_LISTED, "list languages", *(f"{name} --help" for name in _HELPED)]
    requested: list[tuple[str, list[str], dict[str, str]]] = [(line, line.split(), {}) for line in lines]
    requested += [(f"completing «{line}»", [], _completing(line)) for line in _COMPLETED]
    rows = []
    with tempfile.TemporaryDirectory(prefix="latam-bench-") as folder:
        _make_run(Path(folder))
        for title, arguments, more in requested:
            results = [_started(args.checkout, arguments, more, folder) for _ in range(args.rounds + 1)][1:]
            rows.append((title, *(rounded(statistics.median(values)) for values in zip(*results, strict=True))))
        _make_documents(Path(folder))
        for title, line in _LITTLE:
            results = []
            for number in range(args.rounds + 1):
                results.append(_started(args.checkout, line.format(round=number).split(), {}, folder))
            rows.append((title, *(rounded(statistics.median(values)) for values in zip(*results[1:], strict=True))))
    table = Table("What a command costs", ("command", "CPU s#", "peak MB#"), tuple(rows))
    return Report("start", {}, {"rounds": args.rounds}, (table,), (_TARGET,))


def _completing(line: str) -> dict[str, str]:
    last = str(len(line.split(" ")) - 1)
    return {"_LATAM_CORPUS_COMPLETE": "complete_bash", "COMP_WORDS": line, "COMP_CWORD": last}


def _make_run(folder: Path) -> None:
    run = folder / "out" / "runs" / "cuentos-1a2b3c4d"
    run.mkdir(parents=True)
    reported = {"id": run.name, "written": "2026-11-27", "parts": [], "recipe": {"title": "Cuentos"}, "seconds": 1.0}
    (run / "run.json").write_bytes(sealed(reported | {"rows": {"in": 2, "kept": 1}}))


def _make_documents(folder: Path) -> None:
    """Write ten documents of 300 words that the recipe keeps, a file of one line, and the recipe."""
    words = _STORY.read_text(encoding="utf-8").split()
    draw = random.Random(SEED)
    texts = ["\n".join(" ".join(draw.choices(words, k=15)) + "." for _ in range(20)) for _ in range(10)]
    write_jsonl(folder / "documents.jsonl", texts)
    write_jsonl(folder / "one.jsonl", texts[:1])
    write_recipe(folder, _STAGES, files="documents.jsonl", near=True, more=_RELEASE)


def _started(checkout: Path, arguments: list[str], more: dict[str, str], folder: str) -> tuple[float, float]:
    """CPU seconds and peak MB of one start."""
    read, write = os.pipe()
    environ = os.environ | {"PYTHONPATH": str(checkout)} | more
    command = ["sh", "-c", 'exec 3>&"$0" "$@"', str(write), sys.executable, "-c", _CHILD, *arguments]
    subprocess.run(command, cwd=folder, env=environ, pass_fds=(write,), check=True, capture_output=True)
    os.close(write)
    with os.fdopen(read) as reported:
        cpu, peak = reported.read().split()
    return float(cpu), int(peak) * 1024 / 1e6
