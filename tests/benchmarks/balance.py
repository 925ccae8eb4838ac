"""`balance`: whether all cores are busy to the end when one large file lies among many small ones."""

from __future__ import annotations

import tempfile
from itertools import islice
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
        texts = recombined(lines, number + args.small * args.each, _WORDS)
        write_jsonl(room / "large.jsonl", islice(texts, number))
        for place in range(args.small):
            write_jsonl(room / f"small-{place:05d}.jsonl", islice(texts, args.each), f"small-{place:05d}")
        size = sum(path.stat().st_size for path in room.glob("*.jsonl"))
        reported = run_apart(write_recipe(room), room / "out", args.workers)
    wall, cpu = reported.wall, reported.cpu - reported.started
    ideal = cpu / args.workers
    # What one process does while the others wait; parts are worked by all.
    alone = sum(used for name, _, used in reported.phases if not name.endswith("parts)"))
    row = (
        reported.rows,
        rounded(size / _MB),
        rounded(wall),
        rounded(cpu),
        rounded(cpu / wall),
        share(ideal, wall),
        share(alone, cpu),
        share(ideal, alone + (cpu - alone) / args.workers),
        rounded(reported.peak_mb),
        rounded(reported.children_peak_mb),
    )
    heads = ("documents#", "MB#", "seconds#", "CPU s#", "cores busy#", "of ideal#", "of one core#", "at best#")
    columns = (*heads, "parent MB#", "worker MB#")
    phases = Table(
        "Seconds by phase",
        ("phase", "seconds#", "CPU s#", "of ideal#"),
        tuple(
            (name, rounded(seconds), rounded(used), share(used / args.workers, seconds))
            for name, seconds, used in reported.phases
        ),
    )
    title = f"One file of {args.large} MB among {args.small} of {args.each} documents, {args.workers} workers"
    settings = {"large": args.large, "small": args.small, "each": args.each, "workers": args.workers, "seed": SEED}
    notes = (
        "«Of ideal» is CPU time over workers × time by the clock: what others use of the machine counts against it.",
        "«Of one core»: CPU time of phases that aren't cut into parts. «At best»: of ideal, were nothing else.",
    )
    return Report("balance", checksums(args.data, NOVELS), settings, (Table(title, columns, (row,)), phases), notes)
