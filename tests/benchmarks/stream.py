"""`stream`: documents a second of a stream of a version, beside other loaders, on one core and from one disk."""

from __future__ import annotations

import json
import os
import statistics
import subprocess
import sys
import tempfile
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Final

from latam_corpus.release.build import build
from latam_corpus.release.pull import pull
from latam_corpus.release.store import Store

from .machine import Report, Table
from .own import ROOT
from .texts import NOVELS, checksums, collections, recombined
from .written_run import write_run

if TYPE_CHECKING:
    import argparse

_SCRIPT: Final = Path(__file__).with_name("stream_readers.py")
_RIVALS: Final = ("datasets", "mds", "litdata", "grain")
_WORDS: Final = 400
_NOTES: Final = (
    "One process on one core; each document is taken as a dict with its id and its text, and its bytes are counted.",
    "Documents are recombined paragraphs of public novels. `datasets` reads the Parquet files of a pulled version;",
    "`grain` reads one Parquet file of the two columns, `mds` and `litdata` their own copies of the same documents.",
    "`datasets` and `grain` shuffle in a buffer of 1,000 documents, the stream in windows of 256 MB.",
    "First: seconds from opening to the first document, imports of the loader's packages included.",
)


def options(parser: argparse.ArgumentParser) -> None:
    """The benchmark's own options."""
    parser.add_argument("--documents", type=int, default=200_000, help="200,000 by default")
    parser.add_argument("--rounds", type=int, default=3, help="how often each reads, in turn; 3 by default")
    parser.add_argument("--rival-python", help="a Python with this project's packages, streaming, litdata and grain")


def measure(args: argparse.Namespace) -> Report:
    """What each reader takes."""
    python = args.rival_python or sys.executable
    with tempfile.TemporaryDirectory(prefix="latam-bench-") as name:
        folder = Path(name)
        _version(folder, args)
        there = ["latam_corpus", *(rival for rival in _RIVALS if _prepared(python, rival, folder))]
        rows = []
        for order in ("stored", "shuffled"):
            told: dict[str, list[dict[str, float]]] = {reader: [] for reader in there}
            for _ in range(args.rounds):
                for reader in there:
                    ours = reader == "latam_corpus"
                    told[reader].append(_read(sys.executable if ours else python, reader, folder, order))
            rows += [(order, reader, *_figures(found)) for reader, found in told.items()]
    columns = ("order", "reader", "documents/s#", "MB/s#", "first s#", "peak MB#", "distinct documents#")
    table = Table(f"{args.documents:,} documents, read once", columns, tuple(rows))
    settings = {"documents": args.documents, "rounds": args.rounds, "words": _WORDS}
    return Report("stream", checksums(args.data, NOVELS), settings, (table,), _NOTES)


def _figures(found: list[dict[str, float]]) -> tuple[object, ...]:
    """Medians of the rounds."""
    of = {key: statistics.median(one[key] for one in found) for key in found[0]}
    seconds = of["seconds"]
    rates = round(of["documents"] / seconds), round(of["bytes"] / seconds / 1e6, 1)
    return (*rates, round(of["first"], 2), round(of["peak_mb"]), int(of["distinct"]))


def _version(folder: Path, args: argparse.Namespace) -> None:
    """A version of as many documents, in a store and pulled."""
    texts = recombined(collections(args.data, NOVELS), args.documents, _WORDS)
    run = write_run(folder / "runs" / "benchmark-00000000", ({"text": text} for text in texts))
    store = Store.at(folder / "store")
    build("benchmark", [run], store, admit=["open"], uses=["train"], created=datetime.now(UTC), splits={}, index=False)
    pull("benchmark", store, folder / "pulled")


def _prepared(python: str, rival: str, folder: Path) -> bool:
    """Whether a rival is there, with its own copy of the documents."""
    package = {"mds": "streaming"}.get(rival, rival)
    if subprocess.run([python, "-c", f"import {package}"], capture_output=True, check=False).returncode:
        return False
    return rival == "datasets" or not _started(python, f"write-{rival}", folder, "stored").returncode


def _read(python: str, reader: str, folder: Path, order: str) -> dict[str, float]:
    done = _started(python, reader, folder, order)
    if done.returncode:
        raise RuntimeError(f"{reader}: {done.stderr[-2000:]}")
    told: dict[str, float] = json.loads(done.stdout.splitlines()[-1])
    return told


def _started(python: str, reader: str, folder: Path, order: str) -> subprocess.CompletedProcess[str]:
    told = {"PYTHONPATH": str(ROOT), "HF_HOME": str(folder / "hf"), "HF_HUB_OFFLINE": "1", "HF_DATASETS_OFFLINE": "1"}
    command = [python, str(_SCRIPT), reader, str(folder), order]
    return subprocess.run(command, env=os.environ | told, capture_output=True, text=True, check=False)
