"""`exports`: tokens per second of each format of `export`, compared with datatrove's tokenizer step, on one thread."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

import numpy as np

from latam_corpus.release.reading.pull import pull
from latam_corpus.train.export.export_formats import FORMATS

from .machine import Report, Table
from .own import ROOT
from .stream import learn_tokenizer, version_of
from .texts import NOVELS, checksums, collections, recombined

if TYPE_CHECKING:
    import argparse

_SCRIPT: Final = Path(__file__).with_name("export_writers.py")
_WORDS: Final = 400
_SHUFFLED: Final = "datatrove-shuffled"
_NOTES: Final = (
    "Documents are recombined paragraphs of public novels, in Parquet; the tokenizer is byte-pair, of 2,000 tokens.",
    "One process, one thread, CPU seconds from opening to the last file, the median of the rounds; the stored order.",
    "datatrove: its ParquetReader on the same files and its DocumentTokenizer, without and with its shuffling, which",
    "writes twice. Both write .ds of uint16; whether its tokens are ours, document by document, is the last column.",
)


def options(parser: argparse.ArgumentParser) -> None:
    """The benchmark's own options."""
    parser.add_argument("--megabytes", type=int, default=200, help="of text; 200 by default")
    parser.add_argument("--rounds", type=int, default=1, help="how often each writes, in turn")
    formats = ",".join([*FORMATS, _SHUFFLED])
    parser.add_argument("--formats", default=formats, help="with commas; ds and datatrove's are always there")


def measure(args: argparse.Namespace) -> Report:
    """Measure the cost of each writer."""
    with tempfile.TemporaryDirectory(prefix="latam-bench-") as name:
        folder = Path(name)
        texts: list[str] = []
        size = 0
        for text in recombined(collections(args.data, NOVELS), args.megabytes * 1000, _WORDS):
            texts.append(text)
            size += len(text.encode())
            if size >= args.megabytes * 1_000_000:
                break
        learn_tokenizer(folder / "tokenizer.json", texts[:200])
        pull("benchmark", version_of(folder, texts), folder / "pulled")
        requested = {"ds", "datatrove", *args.formats.split(",")}
        chosen = [form for form in (*FORMATS, "datatrove", _SHUFFLED) if form in requested]
        reported: dict[str, list[dict[str, Any]]] = {}
        for _ in range(args.rounds):
            for form in chosen:
                shutil.rmtree(folder / form, ignore_errors=True)
                reported.setdefault(form, []).append(_written(form, folder))
        same_tokens = _same(folder)
        rows = []
        for form, rounds in reported.items():
            cpu = float(np.median([run["cpu"] for run in rounds]))
            tokens = rounds[0]["tokens"]
            figures = (tokens, round(cpu, 1), round(tokens / cpu / 1e6, 2), round(size / cpu / 1e6, 1))
            rows.append((form, *figures, round(rounds[0]["peak_mb"]), same_tokens if form == "datatrove" else ""))
    columns = ("format", "tokens#", "CPU s#", "million tokens/CPU s#", "MB/CPU s#", "peak MB#", "same tokens")
    table = Table(f"{len(texts):,} documents, {size / 1e6:.0f} MB of text", columns, tuple(rows))
    settings = {"megabytes": args.megabytes, "rounds": args.rounds}
    return Report("exports", checksums(args.data, NOVELS), settings, (table,), _NOTES)


def _written(form: str, folder: Path) -> dict[str, Any]:
    named = {"PYTHONPATH": str(ROOT), "TOKENIZERS_PARALLELISM": "false", "RAYON_NUM_THREADS": "1"}
    command = [sys.executable, str(_SCRIPT), form, str(folder)]
    done = subprocess.run(command, env=os.environ | named, capture_output=True, text=True, check=False)
    if done.returncode:
        raise RuntimeError(f"{form}: {done.stderr[-2000:]}")
    reported: dict[str, Any] = json.loads(done.stdout.splitlines()[-1])
    return reported


def _same(folder: Path) -> str:
    """Return "yes" if both wrote the tokens of the same documents, in any order, else "no"."""
    own_tokens = _documents(folder / "ds", "*.ds")
    rival_tokens = _documents(folder / "datatrove", "*.ds")
    return "yes" if own_tokens == rival_tokens else "no"


def _documents(folder: Path, pattern: str) -> list[int]:
    results = []
    for file in sorted(folder.glob(pattern)):
        tokens = np.fromfile(file, "<u2")
        ends = np.fromfile(f"{file}.index", "<u8")
        results += [hash(tokens[a:b].tobytes()) for a, b in zip([0, *ends[:-1].tolist()], ends.tolist(), strict=True)]
    return sorted(results)
