"""`chain`: near-duplicates of a million short documents, by our run and by datatrove's MinHash chain."""

from __future__ import annotations

import json
import tempfile
from itertools import islice
from pathlib import Path
from typing import TYPE_CHECKING, Any

from latam_corpus.errors import ConfigError, closest

from .dedupe.tools import RIVALS_SCRIPT, chosen, give, versions
from .machine import Report, Table, rounded
from .millions import WORDS, short_texts, vocabulary_of
from .own import run_apart, write_recipe
from .texts import NOVELS, SEED, checksums, write_jsonl

if TYPE_CHECKING:
    import argparse

_FILES = 8
_ROWS = ("datatrove-regex", "datatrove-stock")
_NOTES = (
    "Ours: a run of the stage dedupe, with its rows, ledger and record in Parquet; datatrove on its local executor:",
    "signatures, buckets, clusters and filter (14 bands of 8, shingles of 5 words), what is kept as JSONL.",
    "Memory is resident, at its peak, of the process that was started and of the largest of those that it starts.",
    "datatrove as it comes splits words by spaCy; `regex` by the plainest pattern, which leaves the chain's own work.",
    "Four documents in a hundred are copies: two of the same words, two with the last one changed, which ours keeps",
    "where that word is a name.",
)


def options(parser: argparse.ArgumentParser) -> None:
    """The benchmark's own options."""
    parser.add_argument("--documents", type=int, default=1_000_000, help="a million by default")
    parser.add_argument("--workers", type=int, default=2, help="worker processes, 2 by default")
    parser.add_argument("--rows", default=",".join(_ROWS), help="the rival's, with commas")
    parser.add_argument("--rival-python", type=Path, help="a Python with datatrove (dedupe/rivals.py)")


def measure(args: argparse.Namespace) -> Report:
    """Seconds, CPU seconds, and the peaks of the process that was started and of its largest worker."""
    rivals = chosen(args.rows, args.rival_python) if args.rival_python else []
    for row in rivals:
        if row not in _ROWS:
            raise ConfigError("--rows", f"«{row}» is no chain of stages", closest(row, _ROWS))
    with tempfile.TemporaryDirectory(prefix="latam-bench-") as name:
        room = Path(name)
        documents = short_texts(vocabulary_of(args.data), args.documents)
        for number in range(_FILES):
            few = islice(documents, -(-args.documents // _FILES))
            write_jsonl(room / f"{number:04d}.jsonl", few, f"{number:04d}")
        ours = run_apart(write_recipe(room, ("dedupe",), near=True), room / "out", args.workers)
        rows = [_row("latam_corpus", ours.wall, ours.cpu, ours.peak_mb, ours.children_peak_mb, ours.rows - ours.kept)]
        for row in rivals:
            used = _rival(row, room, args)
            rows.append(
                _row(row, used["wall"], used["cpu"], used["peak_mb"], used["children_peak_mb"], used["removed"])
            )
    heads = ("tool", "s#", "CPU s#", "peak MB#", "largest worker, MB#", "removed#")
    table = Table(f"{args.documents:,} documents of {WORDS} words, {args.workers} workers", heads, tuple(rows))
    settings = {"documents": args.documents, "workers": args.workers, "words": WORDS, "files": _FILES, "seed": SEED}
    if args.rival_python:
        settings |= versions(args.rival_python)
    return Report("chain", checksums(args.data, NOVELS), settings, (table,), _NOTES)


def _row(name: str, wall: float, cpu: float, peak: float, worker: float, removed: int) -> tuple[object, ...]:
    return (name, rounded(wall), rounded(cpu), rounded(peak), rounded(worker), removed)


def _rival(row: str, room: Path, args: argparse.Namespace) -> dict[str, Any]:
    out = room / "told.json"
    command = [str(args.rival_python), str(RIVALS_SCRIPT), row, str(room), str(out), str(args.workers)]
    give(row, command)
    reported: dict[str, Any] = json.loads(out.read_text(encoding="utf-8"))
    return {"removed": int(reported["removed"]), **reported["used"]}
