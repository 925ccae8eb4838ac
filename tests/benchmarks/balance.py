"""`balance`: whether all cores are busy to the end when one large file lies among many small ones."""

from __future__ import annotations

import tempfile
from pathlib import Path
from typing import TYPE_CHECKING, Final

from .machine import Report, Table, rounded, share
from .own import run_apart, write_recipe
from .texts import NOVELS, SEED, checksums, collections, recombined, write_jsonl

if TYPE_CHECKING:
    import argparse

_MB: Final = 1e6
_WORDS: Final = 300
_BYTES_EACH: Final = 2180  # of a document of 300 words and more, about


def options(parser: argparse.ArgumentParser) -> None:
    """The benchmark's own options."""
    parser.add_argument("--large", type=int, default=2000, help="MB of the large file, 2000 by default")
    parser.add_argument("--small", type=int, default=200, help="small files, 200 by default")
    parser.add_argument("--each", type=int, default=200, help="documents in a small file, 200 by default")
    parser.add_argument("--workers", type=int, default=2, help="worker processes, 2 by default")


def measure(args: argparse.Namespace) -> Report:
    """Seconds by the clock, CPU seconds, and their ratio to what the workers could have used."""
    lines = collections(args.data, NOVELS)
    with tempfile.TemporaryDirectory(prefix="latam-bench-") as name:
        room = Path(name)
        number = int(args.large * _MB / _BYTES_EACH)
        write_jsonl(room / "large.jsonl", recombined(lines, number, _WORDS))
        for place in range(args.small):
            texts = recombined(lines, args.each, _WORDS, SEED + 1 + place)
            write_jsonl(room / f"small-{place:03d}.jsonl", texts, f"small-{place:03d}")
        size = sum(path.stat().st_size for path in room.glob("*.jsonl"))
        told = run_apart(write_recipe(room), room / "out", args.workers)
    wall, cpu = told.wall, told.cpu - told.started
    ideal = cpu / args.workers
    row = (
        told.rows,
        rounded(size / _MB),
        rounded(wall),
        rounded(cpu),
        rounded(cpu / wall),
        share(ideal, wall),
        rounded(told.peak_mb),
        rounded(told.children_peak_mb),
    )
    columns = ("documents#", "MB#", "seconds#", "CPU s#", "cores busy#", "of ideal#", "parent MB#", "worker MB#")
    phases = Table(
        "Seconds by phase",
        ("phase", "seconds#", "CPU s#", "of ideal#"),
        tuple(
            (name, rounded(seconds), rounded(used), share(used / args.workers, seconds))
            for name, seconds, used in told.phases
        ),
    )
    title = f"One file of {args.large} MB among {args.small} of {args.each} documents, {args.workers} workers"
    settings = {"large": args.large, "small": args.small, "each": args.each, "workers": args.workers, "seed": SEED}
    notes = (
        "«Of ideal» is CPU time over workers × time by the clock: what others use of the machine counts against it.",
    )
    return Report("balance", checksums(args.data, NOVELS), settings, (Table(title, columns, (row,)), phases), notes)
