"""`workers`: the same run by one process, by one worker and by several, with the time of each phase."""

from __future__ import annotations

import shutil
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING, Final

from .machine import Report, Table, rounded
from .own import run_apart, write_recipe
from .texts import NOVELS, SEED, checksums, collections, recombined, write_jsonl

if TYPE_CHECKING:
    import argparse

    from .own import Told

_WORDS: Final = 300
_STAGES: Final = ("repair", "identify", "redact", "dedupe")
_RELEASE: Final = '[release]\nname = "small"\nadmit = ["open"]\nuses = ["train"]\n'
_NOTES: Final = (
    "1 is the engine in the process itself. The least seconds of the rounds; other load makes them longer.",
    "Targets: two are never slower than one, and at 60,000 documents take at most 0.6 of its time and 1.15 of its CPU.",
)


def options(parser: argparse.ArgumentParser) -> None:
    """The benchmark's own options."""
    parser.add_argument("--sizes", default="12000,60000", help="documents, 12000,60000 by default")
    parser.add_argument("--workers", default="1,2", help="numbers of workers, 1,2 by default")
    parser.add_argument("--rounds", type=int, default=3, help="how often each is run, in turn; 3 by default")


def measure(args: argparse.Namespace) -> Report:
    """Seconds by the clock, CPU seconds and peak memory of each, and the seconds of each phase."""
    lines = collections(args.data, NOVELS)
    workers = [int(number) for number in args.workers.split(",")]
    rows: list[tuple[object, ...]] = []
    phases: list[tuple[object, ...]] = []
    for size in (int(number) for number in args.sizes.split(",")):
        with tempfile.TemporaryDirectory(prefix="latam-bench-") as name:
            room = Path(name)
            write_jsonl(room / "documents.jsonl", recombined(lines, size, _WORDS))
            recipe = write_recipe(room, _STAGES, near=True, more=_RELEASE)
            run_apart(recipe, room / "out")  # compiles, where nothing is compiled yet
            results: dict[int, list[Told]] = {count: [] for count in workers}
            for _ in range(args.rounds):
                for count in workers:
                    shutil.rmtree(room / "out")
                    results[count].append(run_apart(recipe, room / "out", count if count > 1 else 0))
        for count, runs in results.items():
            wall, cpu = (min(getattr(run, key) for run in runs) for key in ("wall", "cpu"))
            first = results[workers[0]]
            ratios = wall / min(run.wall for run in first), cpu / min(run.cpu for run in first)
            peaks = (max(getattr(run, key) for run in runs) for key in ("peak_mb", "children_peak_mb"))
            rows.append(
                (size, count, rounded(wall), rounded(cpu), *(f"{ratio:.2f}" for ratio in ratios), *map(rounded, peaks))
            )
            best = min(runs, key=lambda run: run.wall)
            phases += [(size, count, phase, rounded(seconds), rounded(used)) for phase, seconds, used in best.phases]
    heads = (
        "documents#",
        "workers#",
        "seconds#",
        "CPU s#",
        "of the first's time#",
        "of its CPU#",
        "parent MB#",
        "worker MB#",
    )
    tables = (
        Table(f"Documents of {_WORDS} words", heads, tuple(rows)),
        Table("Phases of the fastest round", ("documents#", "workers#", "phase", "seconds#", "CPU s#"), tuple(phases)),
    )
    settings = {"sizes": args.sizes, "workers": args.workers, "rounds": args.rounds, "words": _WORDS, "seed": SEED}
    return Report("workers", checksums(args.data, NOVELS), settings, tables, _NOTES)
