"""`before`: what the code of an older checkout costs beside this one's, on the same texts, in turn."""

from __future__ import annotations

import json
import os
import random
import shutil
import statistics
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING, Final, NamedTuple

from .house import commit
from .machine import Report, Table, rounded
from .own import ROOT, write_recipe
from .texts import NOVELS, SEED, checksums, chunks, read_texts, write_jsonl

if TYPE_CHECKING:
    import argparse
    from collections.abc import Mapping

_EVERY: Final = 4  # one chunk in so many has a copy
_SWAPPED: Final = 25  # in which one word in so many is another
_PART: Final = 6  # a run over so small a part of the texts tells what is used whatever their number
_NOTES: Final = (
    "CPU seconds of a process and its children, one thread each, the median of the rounds.",
    "What 1,000 documents cost is of the difference between all and a sixth of them, from the first document on.",
    "What comes with any number is the interpreter, imports and first calls of what is compiled.",
    "The text path is repair, identify, filter and exact dedupe; the gate is what `measure` and `filter` take of that.",
    "Near-duplicates are looked for among the same texts and copies of a quarter of them with one word in 25 changed.",
)


# A module of the benchmarks, without what prints their reports and what else is measured of near-duplicates.
_ALONE: Final = """import runpy, sys, types
package, show = types.ModuleType("tests.benchmarks.dedupe"), types.ModuleType("latam_corpus.cli.interface.show")
package.__path__, show.console, show.table = ["tests/benchmarks/dedupe"], None, None
sys.modules |= {package.__name__: package, show.__name__: show}
module = sys.argv.pop(1)
runpy.run_module(module, run_name="__main__", alter_sys=True)
"""


class _Used(NamedTuple):
    """CPU seconds until the first document is read, and from then on."""

    start: float
    work: float


class _Cost(NamedTuple):
    """What each kind of work used."""

    text_path: _Used
    gate: _Used
    dedupe: _Used


def options(parser: argparse.ArgumentParser) -> None:
    """The benchmark's own options."""
    parser.add_argument("checkout", type=Path, help="the older checkout of the toolkit")
    parser.add_argument("--documents", type=int, default=6000, help="chunks of about 700 words, 6000 by default")
    parser.add_argument("--rounds", type=int, default=5, help="how often each is run, in turn; 5 by default")


def measure(args: argparse.Namespace) -> Report:
    """Both checkouts, in turn."""
    roots = {"before": args.checkout.resolve(), "now": ROOT}
    with tempfile.TemporaryDirectory(prefix="latam-bench-") as name:
        texts = list(chunks(read_texts(args.data, NOVELS), 700))[: args.documents]
        random.Random(SEED).shuffle(texts)
        sizes = (len(texts) // _PART, len(texts))
        recipes = {number: _prepared(Path(name, str(number)), texts[:number]) for number in sizes}
        costs: dict[tuple[str, int], list[_Cost]] = {(when, number): [] for when in roots for number in sizes}
        for turn in range(args.rounds + 1):
            for (when, number), found in costs.items():
                cost = _cost(roots[when], recipes[number])
                if turn:  # the first compiles
                    found.append(cost)
    few, all_ = sizes
    rows = []
    for field in _Cost._fields:
        used = {key: [getattr(cost, field) for cost in found] for key, found in costs.items()}
        work = {key: statistics.median(one.work for one in found) for key, found in used.items()}
        each = {when: (work[when, all_] - work[when, few]) / (all_ - few) for when in roots}
        # One start takes a tenth of a second more than another, as much as 1,000 documents: it is told by all runs.
        start = {when: statistics.median(one.start for number in sizes for one in used[when, number]) for when in roots}
        fixed = {when: start[when] + work[when, few] - few * each[when] for when in roots}
        title = field.replace("_", " ")
        for told, figures in (
            (f"{title}, 1,000 documents", {k: v * 1000 for k, v in each.items()}),
            (f"{title}, whatever their number", fixed),
        ):
            rows.append((told, *map(rounded, figures.values()), rounded(figures["now"] / figures["before"])))
    settings = {"documents": all_, "rounds": args.rounds, "seed": SEED, "before": commit(args.checkout)}
    table = Table(
        f"{all_} documents of about 700 words", ("", "before, CPU s#", "now, CPU s#", "times before#"), tuple(rows)
    )
    return Report("before", checksums(args.data, NOVELS), settings, (table,), _NOTES)


def _prepared(folder: Path, texts: list[str]) -> Path:
    """The recipe of the text path over these texts, and beside it what near-duplicates are looked for in."""
    folder.mkdir()
    write_jsonl(folder / "documents.jsonl", texts)
    _write_copies(folder / "documents.jsonl", folder / "copies" / "documents.jsonl")
    return write_recipe(folder)


def _write_copies(source: Path, target: Path) -> None:
    """The documents, and of some a copy with other words here and there."""
    drawn = random.Random(SEED)
    target.parent.mkdir()
    with source.open(encoding="utf-8") as lines, target.open("w", encoding="utf-8") as written:
        for number, line in enumerate(lines):
            record = {"id": str(number), "text": json.loads(line)["text"], "source_id": "novels"}
            written.write(json.dumps(record) + "\n")
            if number % _EVERY == 0:
                words = record["text"].split(" ")
                for place in range(drawn.randrange(_SWAPPED), len(words), _SWAPPED):
                    words[place] = f"palabra{drawn.randrange(1000)}"
                written.write(json.dumps(record | {"id": f"{number}-copy", "text": " ".join(words)}) + "\n")


def _cost(root: Path, recipe: Path) -> _Cost:
    folder = recipe.parent
    environment = os.environ | {"PYTHONPATH": str(root), "POLARS_MAX_THREADS": "1", "OMP_NUM_THREADS": "1"}

    def told(*command: str) -> str:
        run = [sys.executable, "-c", _ALONE, *command]
        return subprocess.run(run, cwd=root, env=environment, stdout=subprocess.PIPE, text=True, check=True).stdout

    shutil.rmtree(folder / "out", ignore_errors=True)
    path = json.loads(told("tests.benchmarks.own", str(recipe), str(folder / "out"), "0"))
    told("tests.benchmarks.dedupe.ours", str(folder / "copies" / "documents.jsonl"), str(folder / "near.json"))
    near = json.loads((folder / "near.json").read_text(encoding="utf-8"))["used"]
    gate = sum(path["stages"].get(stage, 0) for stage in ("measure", "filter"))
    return _Cost(_used(path), _Used(0.0, gate), _used(near))


def _used(told: Mapping[str, float]) -> _Used:
    return _Used(told["started"], told["cpu"] - told["started"])
