"""`profile`: where the toolkit's own time goes, by stage and by function."""

from __future__ import annotations

import shutil
import statistics
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING, Final

from .machine import Report, Table, rounded, share
from .own import TEXT_PATH, functions, run_apart, write_recipe
from .texts import NOVELS, SEED, checksums, collections, recombined, write_jsonl

if TYPE_CHECKING:
    import argparse

_MB: Final = 1e6
_FUNCTIONS: Final = 20


def options(parser: argparse.ArgumentParser) -> None:
    """The benchmark's own options."""
    parser.add_argument("--documents", type=int, default=20_000, help="of about 700 words, 20000 by default")
    parser.add_argument("--rounds", type=int, default=3, help="how often it is run; 3 by default")
    stages = ",".join((*TEXT_PATH[:-1], "redact", TEXT_PATH[-1]))
    parser.add_argument("--stages", default=stages, help=f"{stages} by default")


def measure(args: argparse.Namespace) -> Report:
    """CPU seconds by stage, the median of the rounds, and the functions with the most of their own."""
    with tempfile.TemporaryDirectory(prefix="latam-bench-") as name:
        room = Path(name)
        created = recombined(collections(args.data, NOVELS), args.documents, 700)
        number = write_jsonl(room / "documents.jsonl", created)
        size = (room / "documents.jsonl").stat().st_size
        recipe = write_recipe(room, args.stages.split(","))
        run_apart(recipe, room / "out")
        results = []
        for _ in range(args.rounds):
            shutil.rmtree(room / "out")
            results.append(run_apart(recipe, room / "out"))
        shutil.rmtree(room / "out")
        run_apart(recipe, room / "out", profile=room / "profile")
        slowest = functions(room / "profile", _FUNCTIONS)
    whole = statistics.median(report.cpu for report in results)
    rows = [("start: interpreter, imports, plan", statistics.median(report.started for report in results))]
    rows += [(name, statistics.median(report.stages[name] for report in results)) for name in results[0].stages]
    rows.append(("the rest: Parquet, decisions", whole - sum(seconds for _, seconds in rows)))
    title = f"{number} documents, {size / _MB:.1f} MB"
    whole_run = Table(
        title,
        ("CPU s#", "documents/s#", "MB/s#", "peak MB#"),
        ((rounded(whole), rounded(number / whole), rounded(size / _MB / whole), rounded(results[-1].peak_mb)),),
    )
    by_stage = Table(
        "by stage",
        ("stage", "CPU s#", "share#"),
        tuple((stage, rounded(seconds), share(seconds, whole)) for stage, seconds in rows),
    )
    by_function = Table(
        "functions, under a profiler that slows Python down",
        ("function", "own CPU s#", "calls#"),
        tuple((place, rounded(seconds), calls) for place, seconds, calls in slowest),
    )
    settings = {
        "documents": number,
        "bytes": size,
        "rounds": args.rounds,
        "stages": args.stages,
        "seed": SEED,
        "cpu": [round(report.cpu, 2) for report in results],
    }
    return Report("profile", checksums(args.data, NOVELS), settings, (whole_run, by_stage, by_function))
