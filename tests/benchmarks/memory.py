"""`memory`: the peak of a worker that is given one large JSONL file."""

from __future__ import annotations

import tempfile
from pathlib import Path
from typing import TYPE_CHECKING, Final

from .machine import Report, Table, rounded
from .own import run_apart, write_recipe
from .texts import NOVELS, SEED, checksums, collections, recombined, write_jsonl

if TYPE_CHECKING:
    import argparse

TARGET: Final = 1000  # MB
_MB: Final = 1e6
_DOCUMENT: Final = 2000  # bytes
_AROUND: Final = 32  # bytes of JSON around a text


def options(parser: argparse.ArgumentParser) -> None:
    """The benchmark's own options."""
    parser.add_argument("--bytes", type=int, default=10**9, help="of the file, 1000000000 by default")


def measure(args: argparse.Namespace) -> Report:
    """Peak resident memory in one process, and of parent and worker where they are two."""
    rows = []
    with tempfile.TemporaryDirectory(prefix="latam-bench-") as name:
        room = Path(name)
        lines = collections(args.data, NOVELS)
        number = args.bytes // (_DOCUMENT + _AROUND)
        write_jsonl(room / "documents.jsonl", recombined(lines, number, _DOCUMENT, unit="bytes"))
        size = (room / "documents.jsonl").stat().st_size
        recipe = write_recipe(room)
        for title, workers in (("one process", 0), ("a parent and one worker", 1)):
            reported = run_apart(recipe, room / f"out-{workers}", workers)
            worker = rounded(reported.children_peak_mb) if workers else None
            rows.append((title, rounded(reported.peak_mb), worker, rounded(reported.cpu)))
    table = Table(
        f"One JSONL file of {size / _MB:.0f} MB, {number} documents",
        ("", "peak MB#", "peak MB of the worker#", "CPU s#"),
        tuple(rows),
    )
    settings = {"bytes": size, "documents": number, "seed": SEED}
    notes = (f"Target: under {TARGET} MB a worker, memory as the system counts it (resident set).",)
    return Report("memory", checksums(args.data, NOVELS), settings, (table,), notes)
