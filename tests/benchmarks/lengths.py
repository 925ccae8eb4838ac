"""`lengths`: what each stage takes of a document, by its length and genre."""

from __future__ import annotations

import random
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING, Final

from .machine import Report, Table, rounded
from .own import TEXT_PATH, run_apart, write_recipe
from .texts import NOVELS, SEED, VERSES, PublicTexts, checksums, read_texts, write_jsonl

if TYPE_CHECKING:
    import argparse
    from collections.abc import Iterable, Iterator, Sequence

INTERVIEWS: Final = (
    PublicTexts(
        "oral_history/coser_ud/turns.jsonl.xz",
        "06e973a4663ba218a337991f0c7e58e1a6260d8c356daab0a248757b422cc0c0",
        "turns of interviews in Spanish, github.com/UniversalDependencies/UD_Spanish-COSER, CC BY-SA 4.0",
    ),
)
_GENRES: Final = {"literature": NOVELS, "lyrics": VERSES, "oral_history": INTERVIEWS}
_STAGES: Final = (*TEXT_PATH[:-1], "redact", TEXT_PATH[-1])
_MICROSECONDS: Final = 1e6


def options(parser: argparse.ArgumentParser) -> None:
    """The benchmark's own options."""
    parser.add_argument("--lengths", default="50,200,700,5000,50000", help="in characters; 50,200,700,5000,50000")
    parser.add_argument("--characters", type=int, default=4_000_000, help="of each run, 4000000 by default")
    parser.add_argument("--rounds", type=int, default=3, help="how often each is run; 3 by default")


def measure(args: argparse.Namespace) -> Report:
    """CPU time of each stage for documents of equal length, the least of the rounds."""
    tables = []
    for genre, files in _GENRES.items():
        lines = [_lines(read_texts(args.data, [file])) for file in files]
        rows = []
        for length in map(int, args.lengths.split(",")):
            number = args.characters // length
            few = max(number // 10, 1)  # in a run that is subtracted, since each stage loads what it needs at first
            few_took, all_took = (_stages(lines, genre, length, count, args.rounds) for count in (few, few + number))
            each = {name: max(all_took[name] - few_took[name], 0) / number * _MICROSECONDS for name in all_took}
            total = sum(each.values())
            rows.append((length, number, *map(rounded, each.values()), rounded(total), rounded(total / length * 1e3)))
        columns = ("characters#", "documents#", *(f"{name}#" for name in each), "all#", "ns per character#")
        tables.append(Table(f"{genre}: µs of CPU time per document", columns, tuple(rows)))
    settings = {"lengths": args.lengths, "characters": args.characters, "rounds": args.rounds, "seed": SEED}
    texts = checksums(args.data, [file for files in _GENRES.values() for file in files])
    notes = ("Without what a stage loads at first. Reading files and Parquet between steps aren't included.",)
    return Report("lengths", texts, settings, tuple(tables), notes)


def _lines(texts: Iterable[str]) -> list[str]:
    return [line for text in texts for line in text.splitlines() if line.strip()]


def _stages(lines: Sequence[Sequence[str]], genre: str, length: int, number: int, rounds: int) -> dict[str, float]:
    """Return the least CPU seconds of each stage in so many rounds."""
    with tempfile.TemporaryDirectory(prefix="latam-bench-") as name:
        room = Path(name)
        write_jsonl(room / "documents.jsonl", _documents(lines, length, number))
        recipe = write_recipe(room, _STAGES, genre=genre)
        results = [run_apart(recipe, room / f"out{turn}").stages for turn in range(rounds)]
    return {stage: min(result[stage] for result in results) for stage in results[0]}


def _documents(lines: Sequence[Sequence[str]], length: int, number: int) -> Iterator[str]:
    """Yield documents, each of lines drawn from one file, cut after the last word within `length` characters."""
    chance = random.Random(SEED)
    for _ in range(number):
        file, size, held = chance.choice(lines), 0, []
        while size <= length:
            held.append(chance.choice(file))
            size += len(held[-1]) + 1
        text = "\n".join(held)
        yield text[:length].rpartition(" ")[0] or text[:length]
