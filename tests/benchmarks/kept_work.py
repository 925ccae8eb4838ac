"""`kept_work`: disk use of a run and its release, by what the run keeps of its work (`run --work`)."""

from __future__ import annotations

import os
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import TYPE_CHECKING, Final

from latam_corpus.errors import ConfigError
from latam_corpus.pipeline.execution.work_cleanup import CHOICES

from .large import RECIPE, SOURCE
from .machine import Report, Table, rounded
from .texts import NOVELS, SEED, checksums, collections, recombined, write_jsonl

if TYPE_CHECKING:
    import argparse

_MB: Final = 1e6
_WORDS: Final = 300
_FILES: Final = 4
_BLOCK: Final = 512  # bytes of `st_blocks`
_EVERY: Final = 0.2
_NOTES: Final = (
    "Disk of `--out` and of temporary files, a hard link once, looked at every 0.2 s; the input isn't in it.",
    "The release: its store when all is done.",
)


def options(parser: argparse.ArgumentParser) -> None:
    """Add the benchmark's options."""
    parser.add_argument("--documents", type=int, default=200_000, help="200,000 by default")
    parser.add_argument("--workers", type=int, default=2, help="worker processes, 2 by default")


def measure(args: argparse.Namespace) -> Report:
    """Measure the largest disk use of each choice, and the remaining files."""
    lines = collections(args.data, NOVELS)
    rows = []
    with tempfile.TemporaryDirectory(prefix="latam-bench-") as name:
        room = Path(name)
        for place in range(_FILES):
            texts = recombined(lines, args.documents // _FILES, _WORDS, SEED + place)
            write_jsonl(room / f"documents-{place:03d}.jsonl", texts, f"{place:03d}")
        size = sum(path.stat().st_size for path in room.glob("*.jsonl"))
        (room / "documents.toml").write_text(SOURCE, encoding="utf-8")
        (room / "large.toml").write_text(RECIPE, encoding="utf-8")
        for choice in CHOICES:
            peak = _peak(room, choice, args.workers)
            final_bytes, release = _disk(room / choice), _disk(room / choice / "out" / "store")
            work_share = (peak - release) / size
            rows.append(
                (
                    choice,
                    *(rounded(each / _MB) for each in (peak, release)),
                    f"{work_share:.2f}",
                    rounded(final_bytes / _MB),
                )
            )
    columns = ("--work", "at most, MB#", "the release, MB#", "beside it, of the input#", "at the end, MB#")
    title = f"{args.documents:,} documents, {rounded(size / _MB)} MB of JSONL"
    settings = {"documents": args.documents, "workers": args.workers, "words": _WORDS, "seed": SEED}
    return Report("kept_work", checksums(args.data, NOVELS), settings, (Table(title, columns, tuple(rows)),), _NOTES)


def _peak(room: Path, choice: str, workers: int) -> int:
    """Return the most bytes that a run and its temporary files took.

    Raises:
        ConfigError: it failed.
    """
    temporary = room / choice / "tmp"
    temporary.mkdir(parents=True)
    words = ["run", str(room / "large.toml"), "--input", f"documents={room}", "--out", str(room / choice / "out")]
    command = [sys.executable, "-m", "latam_corpus", *words, "--workers", str(workers), "--work", choice]
    environment = os.environ | {"TMPDIR": str(temporary)}
    peak = 0
    with subprocess.Popen(command, stdout=subprocess.DEVNULL, env=environment) as process:
        while process.poll() is None:
            peak = max(peak, _disk(room / choice))
            time.sleep(_EVERY)
    if process.returncode:
        raise ConfigError("run", f"it ended with {process.returncode}", "see what it printed above")
    return peak


def _disk(folder: Path) -> int:
    """Return the bytes of a folder's files, each file once."""
    seen: dict[tuple[int, int], int] = {}
    for place, _, names in os.walk(folder):
        for name in names:
            try:
                results = os.lstat(os.path.join(place, name))  # noqa: PTH118  (thousands of files, five times a second)
            except OSError:  # it went meanwhile
                continue
            seen[results.st_dev, results.st_ino] = results.st_blocks * _BLOCK
    return sum(seen.values())
