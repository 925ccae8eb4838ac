"""`growth`: time and peak memory as the corpus grows, of the toolkit's own run alone."""

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

_MB: Final = 1e6
_WORDS: Final = 300
_MILLION: Final = 1e6


def options(parser: argparse.ArgumentParser) -> None:
    """The benchmark's own options."""
    parser.add_argument("--sizes", default="10000,100000,500000", help="documents, 10000,100000,500000 by default")


def measure(args: argparse.Namespace) -> Report:
    """For each size the CPU time a document, peak memory and disk."""
    lines = collections(args.data, NOVELS)
    rows: list[tuple[object, ...]] = []
    for number in (int(size) for size in args.sizes.split(",")):
        with tempfile.TemporaryDirectory(prefix="latam-bench-") as name:
            room = Path(name)
            write_jsonl(room / "documents.jsonl", recombined(lines, number, _WORDS))
            size = (room / "documents.jsonl").stat().st_size
            recipe = write_recipe(room)
            if not rows:
                run_apart(recipe, room / "out")
                shutil.rmtree(room / "out")
            reported = run_apart(recipe, room / "out")
            files = [path.stat() for path in (room / "out").rglob("*") if path.is_file()]
            disk = sum({(s.st_dev, s.st_ino): s.st_size for s in files}.values())
        micro = _MILLION / number
        rows.append(
            (
                number,
                rounded(size / _MB),
                rounded(reported.cpu),
                rounded(reported.cpu * micro),
                rounded((reported.cpu - reported.started) * micro),
                rounded(reported.peak_mb),
                rounded(reported.peak_mb * 1000 / number),
                rounded(disk / _MB),
                len(files),
            )
        )
    columns = (
        "documents#",
        "MB#",
        "CPU s#",
        "µs each#",
        "µs each, start aside#",
        "peak MB#",
        "kB each#",
        "disk MB#",
        "files#",
    )
    table = Table(f"Documents of {_WORDS} words and more, one process", columns, tuple(rows))
    settings = {"sizes": args.sizes, "words": _WORDS, "seed": SEED}
    return Report("growth", checksums(args.data, NOVELS), settings, (table,))
