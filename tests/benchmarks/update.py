"""`update`: run a tenth of new documents against a version, compared with a run of all documents.

Both are whole runs of the text path, from JSONL to what is kept: reading, repair, language, filters and near-duplicates
with every word that is asked of a document. `dedupe --job incremental` has the search for near-duplicates alone.
"""

from __future__ import annotations

import random
import shutil
import statistics
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from .dedupe.parts import growth
from .dedupe.shelf import FILES, Shelf
from .machine import Report, Table, rounded
from .own import ROOT, TEXT_PATH, Told, run_apart, write_recipe
from .texts import SEED, checksums, write_jsonl

if TYPE_CHECKING:
    import argparse

_NEW: Final = 11  # of so many documents one is new: 10 % of those that the version was made of
_WORDS: Final = 680
_RELEASE: Final = '[release]\nname = "benchmark"\nadmit = ["open"]\nuses = ["train"]\n'
_NOTES: Final = (
    "CPU seconds of a process without its start, one process and one thread; medians of the rounds.",
    "Documents as of the job `growth` of `dedupe`: recombined paragraphs, a fifth of them edited copies.",
    "The run of all at once has no version to compare with; making the version is in neither.",
)


def options(parser: argparse.ArgumentParser) -> None:
    """The benchmark's own options."""
    parser.add_argument("--documents", type=int, default=22_000, help="old and new together, 22,000 by default")
    parser.add_argument("--rounds", type=int, default=1, help="how often each is run, in turn; 1 by default")


def measure(args: argparse.Namespace) -> Report:
    """Measure the cost of the new documents as a share of the cost of all."""
    documents = [document.text for document in growth(Shelf.load(args.data), args.documents, words=_WORDS)]
    random.Random(SEED).shuffle(documents)
    cut = len(documents) // _NEW
    with tempfile.TemporaryDirectory(prefix="latam-bench-") as name:
        room = Path(name)
        places = {"old": documents[cut:], "new": documents[:cut], "all": documents}
        for place, texts in places.items():
            (room / place).mkdir()
            write_jsonl(room / place / "documents.jsonl", texts)
        index = _version(room)
        runs: dict[str, list[Told]] = {"all": [], "new": []}
        for turn in range(args.rounds + 1):  # the first compiles, where nothing is compiled yet
            for place, result in runs.items():
                out = room / "out"
                shutil.rmtree(out, ignore_errors=True)
                reported = run_apart(_recipe(room / place, index if place == "new" else None), out)
                if turn:
                    result.append(reported)
    return Report("update", checksums(args.data, FILES), _settings(args), (_table(runs),), _NOTES)


def _recipe(folder: Path, against: Path | None = None, more: str = "") -> Path:
    *stages, last = TEXT_PATH
    named = f"{last}\nagainst = {str(against)!r}" if against else last
    return write_recipe(folder, [*stages, named], near=True, more=more)


def _version(room: Path) -> Path:
    """Make a version of the old documents; the folder of its index."""
    recipe = _recipe(room / "old", more=_RELEASE)
    command = [sys.executable, "-m", "latam_corpus", "run", str(recipe), "--input", str(room / "old")]
    subprocess.run([*command, "--out", str(room / "made")], cwd=ROOT, check=True, capture_output=True)
    (index,) = (room / "made" / "store" / "releases" / "benchmark").glob("*/index")
    return index


def _settings(args: argparse.Namespace) -> dict[str, Any]:
    return {"documents": args.documents, "rounds": args.rounds, "words": _WORDS, "seed": SEED}


def _table(runs: dict[str, list[Told]]) -> Table:
    rows = []
    used = {
        place: statistics.median(report.cpu - report.started for report in result) for place, result in runs.items()
    }
    for place, result in runs.items():
        one = result[0]
        barrier = sum(cpu for name, _, cpu in one.phases if name.startswith("dedupe"))
        share = f"{used[place] / used['all']:.1%}"
        rows.append((place, one.rows, one.kept, rounded(used[place]), rounded(barrier), share))
    columns = ("documents", "read#", "kept#", "CPU s#", "of it the barrier#", "of all#")
    return Table("A version and a tenth of new documents", columns, tuple(rows))
