"""Measure the cost of signals and verdicts, compared with datatrove's filters; list differing verdicts.

The rival runs under another Python, `--rival-python`, made for example by

    python3 -m venv rival
    rival/bin/pip install datatrove==0.10.1 spacy nltk tldextract tokenizers regex
"""

from __future__ import annotations

import importlib.metadata as versions
import json
import random
import statistics
import subprocess
import tempfile
import time
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

import polars as pl

from latam_corpus.batch import Batch
from latam_corpus.errors import ConfigError
from latam_corpus.policies.policy import Policies
from latam_corpus.quality.filter import Filter
from latam_corpus.quality.measure import ALL, Measure

from ..machine import Report, Table, rounded
from ..texts import NOVELS, SEED, VERSES, checksums, chunks, read_texts, write_jsonl
from .documents import compared
from .stated import our_drops, rules, their_drops, unexplained

if TYPE_CHECKING:
    import argparse
    from collections.abc import Sequence

_MB: Final = 1e6
_TARGET: Final = 25
_ROWS: Final = {"datatrove, Spanish by spaCy": "stock", "datatrove, regex tokenizer": "regex"}
_NOTES: Final = (
    f"CPU seconds of one thread, the median of the rounds, compiled and loaded before. Target: {_TARGET} MB/s.",
    """The toolkit measures every document by every rule. datatrove's filters stop at the first rule that drops, and
what one filter drops the next doesn't see: see the last column.""",
    """Agreement: each of datatrove's rules alone, with its own bound, its own code and the toolkit's words, on real
texts and on real texts damaged by a seed. A difference is explained when the verdicts agree once its cause is taken
out of the text.""",
)


def options(parser: argparse.ArgumentParser) -> None:
    """The benchmark's own options."""
    parser.add_argument("--rival-python", type=Path, help="a Python with datatrove and spaCy; without it only our rows")
    parser.add_argument("--documents", type=int, default=600, help="chunks of about 700 words, 600 by default")
    parser.add_argument("--rounds", type=int, default=3, help="how often each row is run, in turn; 3 by default")
    parser.add_argument("--agreement", action="store_true", help="compare verdicts too, on 7,000 documents")


def measure(args: argparse.Namespace) -> Report:
    """The speeds, and with `--agreement` the verdicts."""
    if args.rival_python and not args.rival_python.exists():
        raise ConfigError("--rival-python", f"there is no {args.rival_python}", "see tests/benchmarks/quality/bench.py")
    texts = list(chunks(read_texts(args.data, NOVELS), 700))
    random.Random(SEED).shuffle(texts)
    texts = texts[: args.documents]
    listed = Policies.load().languages["spa"].stop_words
    stop_words = list(listed.words) if listed else []
    settings: dict[str, Any] = {"documents": len(texts), "rounds": args.rounds, "seed": SEED}
    settings["bytes"] = sum(len(text.encode()) for text in texts)
    runs = _runs(args, texts, stop_words)
    settings["cpu"] = {title: [round(report["cpu"], 3) for report in result] for title, result in runs.items()}
    settings["datatrove"] = versions.version("datatrove")
    tables = [_speeds(runs, len(texts), settings["bytes"])]
    if args.agreement:
        tables.append(_agreement(compared(args.data), stop_words))
    return Report("quality", checksums(args.data, (*NOVELS, *VERSES)), settings, tuple(tables), _NOTES)


def _runs(args: argparse.Namespace, texts: list[str], stop_words: list[str]) -> dict[str, list[dict[str, Any]]]:
    ours = {
        "latam_corpus, every signal that needs no file": Measure(signals=(ALL,)),
        "latam_corpus, what policies bound": Measure(),
    }
    for stage in ours.values():
        _own(stage, texts[:10])  # compiles, where nothing is compiled yet
    runs: dict[str, list[dict[str, Any]]] = {}
    with tempfile.TemporaryDirectory(prefix="latam-bench-") as name:
        path = Path(name) / "documents.jsonl"
        write_jsonl(path, texts)
        for _ in range(args.rounds):
            for title, stage in ours.items():
                runs.setdefault(title, []).append(_own(stage, texts))
            if args.rival_python:
                for title, row in _ROWS.items():
                    runs.setdefault(title, []).append(_rival(args.rival_python, path, row, stop_words))
    return runs


def _own(stage: Measure, texts: Sequence[str]) -> dict[str, Any]:
    """From texts in a frame to drop reasons."""
    frame = pl.DataFrame({"text": texts}).with_columns(
        pl.lit("spa_Latn").alias("language"), pl.lit("literature").alias("genre")
    )
    started = time.process_time()
    decided = Filter()(stage(Batch(frame)))
    cpu = time.process_time() - started
    return {"cpu": cpu, "kept": decided.frame["drop_reason"].null_count(), "reached": []}


def _rival(python: Path, path: Path, row: str, stop_words: list[str]) -> dict[str, Any]:
    script = Path(__file__).with_name("rivals.py")
    command = [str(python), str(script), str(path), row, json.dumps(stop_words)]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    if done.returncode:
        raise ConfigError(str(python), done.stderr.strip().splitlines()[-1], "see tests/benchmarks/quality/bench.py")
    results: dict[str, Any] = json.loads(done.stdout.strip().splitlines()[-1])
    return results


def _speeds(runs: dict[str, list[dict[str, Any]]], documents: int, size: int) -> Table:
    medians = {title: statistics.median(report["cpu"] for report in result) for title, result in runs.items()}
    own = next(iter(medians.values()))
    rows = [
        (
            title,
            rounded(cpu),
            rounded(size / _MB / cpu),
            rounded(cpu / own),
            runs[title][-1]["kept"],
            ", ".join(map(str, runs[title][-1]["reached"])),
        )
        for title, cpu in medians.items()
    ]
    columns = ("", "CPU s#", "MB/s#", "times ours#", "kept#", "seen by each filter")
    return Table(f"{documents} documents of about 700 words, {size / _MB:.1f} MB, to verdicts", columns, tuple(rows))


def _agreement(texts: list[str], stop_words: list[str]) -> Table:
    stated = rules(stop_words)
    ours, theirs = our_drops(texts, stated, stop_words), their_drops(texts, stated)
    rows = []
    for rule in stated:
        differing, left = unexplained(texts, rule, ours[rule.name], theirs[rule.name])
        reported = rule.cause.sentence if rule.cause and differing else ""
        drops = int(ours[rule.name].sum()), int(theirs[rule.name].sum())
        rows.append((rule.name, rule.signal, *drops, len(differing), len(left), reported))
    columns = ("datatrove's rule", "signal", "ours drops#", "theirs drops#", "differ#", "unexplained#", "why")
    return Table(f"Verdicts on {len(texts)} documents", columns, tuple(rows))
