"""`leaks`: planted lines of an evaluation that are found in documents, and false matches, compared with datatrove."""

from __future__ import annotations

import json
import random
import subprocess
import tempfile
import time
import unicodedata
from pathlib import Path
from typing import TYPE_CHECKING, Final

from latam_corpus.errors import ConfigError
from latam_corpus.train.contamination import find_matches
from latam_corpus.train.streams.stream import CorpusStream

from .machine import Report, Table, share
from .stream import version_of
from .texts import NOVELS, VERSES, checksums, collections, read_texts, recombined
from .written_run import doc_id

if TYPE_CHECKING:
    import argparse
    from collections.abc import Callable

_SEED: Final = 20261127
_WORDS: Final = 400
_RUNS: Final = (12, 5)
_LENGTHS: Final = {
    "3 and 4 words": (3, 4),
    "6 to 9 words": (6, 9),
    "10 to 19 words": (10, 19),
    "20 to 30 words": (20, 30),
}
_READER: Final = Path(__file__).with_name("decont_reader.py")
_NOTES: Final = (
    "Lines are of sonnets and tangos, documents recombined paragraphs of novels; each line is planted once in each way",
    "in a document of its own. Others: documents with no planted line that are told, of all of them.",
    "decont: datatrove's NGramsDecontFilter, with a tokenizer that splits words alone; 12 is its own number of words.",
    "It drops a document that has one run of so many words; this toolkit asks for half of a line's words in runs of 5,",
    "or for seven tenths of them around a run of 3.",
)


def options(parser: argparse.ArgumentParser) -> None:
    """Add the benchmark's options."""
    parser.add_argument("--lines", type=int, default=60, help="lines of each length; 60 by default")
    parser.add_argument("--documents", type=int, default=3_000, help="documents without any; 3,000 by default")
    parser.add_argument("--rival-python", help="a Python with datatrove 0.10.1 and xxhash before 4")


def _bare(line: str) -> str:
    marks = unicodedata.normalize("NFD", line.upper())
    return "".join(letter for letter in marks if not unicodedata.combining(letter))


def _wrapped(line: str) -> str:
    words = line.split()
    return "\n".join(" ".join(words[at : at + 4]) for at in range(0, len(words), 4))


def _changed(line: str) -> str:
    words = line.split()
    return " ".join("zanahoria" if at % 8 == 5 else word for at, word in enumerate(words))


def _scattered(line: str) -> str:
    words = line.split()
    return " ".join("zanahoria" if at % 5 == 3 else word for at, word in enumerate(words))


def _begun(line: str) -> str:
    words = line.split()
    return " ".join(words[: max(3, len(words) * 7 // 10)])


_WAYS: Final[dict[str, Callable[[str], str]]] = {
    "as it is, inside": str,
    "capitals without accents": _bare,
    "other line ends": _wrapped,
    "every eighth word another": _changed,
    "every fifth word another": _scattered,
    "its first seven tenths": _begun,
}


def measure(args: argparse.Namespace) -> Report:
    """Measure what each tool finds."""
    dice = random.Random(_SEED)
    lines = _lines(args, dice)
    clean = list(recombined(collections(args.data, NOVELS), args.documents + len(lines) * (len(_WAYS) + 1), _WORDS))
    texts, planted = clean[: args.documents], [("", "")] * args.documents
    carriers = iter(clean[args.documents :])
    for length, line in lines:
        texts.append(line)
        planted.append((length, "alone"))
        for way, change in _WAYS.items():
            held = next(carriers).split("\n")
            held.insert(dice.randrange(len(held) + 1), change(line))
            texts.append("\n".join(held))
            planted.append((length, way))
    with tempfile.TemporaryDirectory(prefix="latam-bench-") as name:
        folder = Path(name)
        results = {"latam_corpus": _ours(folder, texts, [line for _, line in lines])}
        python = args.rival_python
        if python:
            requested = [line for _, line in lines]
            results |= {f"decont, {run}": _decont(folder, texts, requested, run, python) for run in _RUNS}
    rows = []
    for length in _LENGTHS:
        for way in ("alone", *_WAYS):
            places = [n for n, pair in enumerate(planted) if pair == (length, way)]
            rows.append(
                (
                    length,
                    way,
                    len(places),
                    *(share(len(report & {*places}), len(places)) for report, _ in results.values()),
                )
            )
    false_shares = [share(sum(n < args.documents for n in report), args.documents) for report, _ in results.values()]
    rows.append(("others", "", args.documents, *false_shares))
    speed = tuple((name, round(cpu, 1), round(len(texts) / cpu)) for name, (_, cpu) in results.items())
    tables = (
        Table("Planted lines found", ("line", "planted", "lines#", *(f"{name}#" for name in results)), tuple(rows)),
        Table(f"{len(texts):,} documents", ("", "CPU s#", "documents/CPU s#"), speed),
    )
    settings = {"lines": args.lines, "documents": args.documents, "seed": _SEED}
    return Report("leaks", checksums(args.data, (*NOVELS, *VERSES)), settings, tables, _NOTES)


def _lines(args: argparse.Namespace, dice: random.Random) -> list[tuple[str, str]]:
    """Return lines of each length with their lengths; each line is from a different text."""
    poems = [text.split() for text in read_texts(args.data, VERSES)]
    dice.shuffle(poems)
    remaining = iter(poems)
    created = []
    for length, (low, high) in _LENGTHS.items():
        for _ in range(args.lines):
            words = next(poem for poem in remaining if len(poem) > high)
            created.append((length, " ".join(words[: dice.randint(low, high)])))
    return created


def _ours(folder: Path, texts: list[str], lines: list[str]) -> tuple[set[int], float]:
    store = version_of(folder, texts)
    numbers = {doc_id(number): number for number in range(len(texts))}
    begun = time.process_time()
    stream = CorpusStream(store.url, "benchmark", columns=["doc_id", "text"], shuffle=False)
    reported = find_matches(stream, lines).documents
    return {numbers[document] for document in reported}, time.process_time() - begun


def _decont(folder: Path, texts: list[str], lines: list[str], run: int, python: str) -> tuple[set[int], float]:
    files = folder / "lines.jsonl", folder / "documents.jsonl"
    for file, rows in zip(files, (lines, texts), strict=True):
        file.write_text("".join(json.dumps({"text": text}) + "\n" for text in rows), encoding="utf-8")
    out = folder / "told.json"
    command = [python, str(_READER), *map(str, files), str(run), str(out)]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    if done.returncode:
        raise ConfigError(str(_READER), done.stderr.strip().splitlines()[-1], "see tests/benchmarks/decont_reader.py")
    reported = json.loads(out.read_text(encoding="utf-8"))
    return set(reported["dropped"]), reported["cpu"]
