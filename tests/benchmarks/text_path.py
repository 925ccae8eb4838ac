"""`text_path`: one job, JSONL in and Parquet out, done by the toolkit and by datatrove's own blocks.

The rival runs under another Python, `--rival-python`, made for example by

    python3 -m venv rival
    rival/bin/pip install datatrove==0.10.1 spacy ftfy fasttext-community==0.11.9 orjson xxhash nltk tldextract \
        tokenizers regex pyarrow==26.0.1
"""

from __future__ import annotations

import json
import os
import random
import shutil
import statistics
import subprocess
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from .beside import rival_apart
from .machine import Report, Table, rounded, share
from .own import Told, run_apart, write_recipe
from .texts import NOVELS, SEED, checksums, chunks, read_texts, write_jsonl

if TYPE_CHECKING:
    import argparse

OURS: Final = "latam_corpus"
STOCK: Final = "datatrove, stock, Spanish by spaCy"
REGEX: Final = "datatrove, regex tokenizer"
_ROWS: Final = {STOCK: "stock", REGEX: "regex"}
# The stages that tell the language: a step without a name in datatrove, since it is a function of ours.
_LANGUAGE: Final = ("identify", "FILTER: Lambda")
_VERSIONS: Final = ["datatrove", "spacy", "ftfy", "fasttext-community", "numpy", "pyarrow"]
_MB: Final = 1e6
_NOTES: Final = (
    "CPU seconds of a process and its children, the median of the rounds; each run is a process with one thread.",
    """Both sides use the toolkit's language model, datatrove on the whole document through fastText, as it uses its
own, the toolkit on four windows of 400 characters through its own reader. datatrove's usual model may be faster
than ours: the column without language ID leaves this step out on both sides.""",
    """The signals are not the same. datatrove counts repeated n-grams of 2 to 10 words, the toolkit's rules for
literature those of 5; the toolkit has stop-word margins, signs of code, spelling, mixed case, mojibake, unique words a
window. C4 drops lines; the toolkit drops none.""",
    """datatrove's exact dedupe hashes the text as it is (64 bits), the toolkit's the normalised text (SHA-256). The
toolkit also writes a ledger, every measured signal, the dropped documents, and an output to re-decide from.""",
    """datatrove's blocks have the order and options of its examples/fineweb.py, with Spanish and Portuguese stop words;
what they keep is written once and read once before the end, the least that its exact dedupe allows.""",
)


def options(parser: argparse.ArgumentParser) -> None:
    """The benchmark's own options."""
    parser.add_argument("--rival-python", type=Path, help="a Python with datatrove and spaCy; without it only our row")
    parser.add_argument("--documents", type=int, default=3000, help="chunks of about 700 words, 3000 by default")
    parser.add_argument("--rounds", type=int, default=3, help="how often each row is run, in turn; 3 by default")


def measure(args: argparse.Namespace) -> Report:
    """The rows side by side, and where each spends its time."""
    with tempfile.TemporaryDirectory(prefix="latam-bench-") as name:
        room = Path(name)
        documents = list(chunks(read_texts(args.data, NOVELS), 700))
        random.Random(SEED).shuffle(documents)
        number = write_jsonl(room / "documents.jsonl", documents[: args.documents])
        recipe = write_recipe(room)
        size = (room / "documents.jsonl").stat().st_size
        source = room / "rival-in"
        source.mkdir()
        os.link(room / "documents.jsonl", source / "documents.jsonl")
        runs: dict[str, list[Told]] = {OURS: []}
        run_apart(recipe, room / "out")  # compiles, where nothing is compiled yet
        for _ in range(args.rounds):
            shutil.rmtree(room / "out")
            runs[OURS].append(run_apart(recipe, room / "out"))
            if args.rival_python:
                for title, row in _ROWS.items():
                    runs.setdefault(title, []).append(rival_apart(args.rival_python, source, room / "rival", row))
    tables = (_summary(runs, number, size), *(_stages(title, result) for title, result in runs.items()))
    settings: dict[str, Any] = {"documents": number, "bytes": size, "rounds": args.rounds, "seed": SEED}
    settings["cpu"] = _seconds(runs)
    if args.rival_python:
        settings["rival"] = _versions(args.rival_python)
    return Report("text_path", checksums(args.data, NOVELS), settings, tables, _NOTES)


def _versions(python: Path) -> dict[str, str]:
    """The versions that decide what the rival costs."""
    code = f"import importlib.metadata as m, json; print(json.dumps({{n: m.version(n) for n in {_VERSIONS}}}))"
    done = subprocess.run([str(python), "-c", code], capture_output=True, text=True, check=True)
    results: dict[str, str] = json.loads(done.stdout)
    return results


def _seconds(runs: dict[str, list[Told]]) -> dict[str, list[float]]:
    return {title: [round(report.cpu, 2) for report in result] for title, result in runs.items()}


def _median(results: list[Told], without: tuple[str, ...] = ()) -> float:
    return statistics.median(report.cpu - sum(report.stages.get(name, 0.0) for name in without) for report in results)


def _working(results: list[Told]) -> float:
    return statistics.median(report.cpu - report.started for report in results)


def _summary(runs: dict[str, list[Told]], number: int, size: int) -> Table:
    rows = []
    own, own_apart = _median(runs[OURS]), _median(runs[OURS], _LANGUAGE)
    for title, result in runs.items():
        cpu, apart = _median(result), _median(result, _LANGUAGE)
        last = result[-1]
        rows.append(
            (
                title,
                rounded(cpu),
                rounded(number / cpu),
                rounded(size / _MB / cpu),
                rounded(cpu / own),
                rounded(_working(result) / _working(runs[OURS])),
                rounded(apart / own_apart),
                rounded(last.peak_mb),
                f"{last.kept} of {last.rows}",
            )
        )
    return Table(
        f"{number} documents of about 700 words, {size / _MB:.1f} MB",
        (
            "",
            "CPU s#",
            "documents/s#",
            "MB/s#",
            "times ours#",
            "start aside#",
            "without language ID#",
            "peak MB#",
            "kept#",
        ),
        tuple(rows),
    )


def _stages(title: str, results: list[Told]) -> Table:
    names = results[0].stages
    rows = [("start", statistics.median(report.started for report in results))]
    rows += [(name, statistics.median(report.stages[name] for report in results)) for name in names]
    whole = _median(results)
    rows.append(("the rest: storage, decisions", whole - sum(seconds for _, seconds in rows)))
    return Table(title, ("", "CPU s#", "share#"), tuple((n, rounded(s), share(s, whole)) for n, s in rows))
