"""`millions`: memory of the process that was started, from JSONL to a version, as short documents become millions."""

from __future__ import annotations

import random
import shutil
import tempfile
from itertools import islice
from pathlib import Path
from typing import TYPE_CHECKING, Final

from .machine import Report, Table, rounded
from .own import run_apart, write_recipe
from .texts import NOVELS, SEED, checksums, read_texts, write_jsonl

if TYPE_CHECKING:
    import argparse
    from collections.abc import Iterator, Sequence

    from .own import Told

_MB: Final = 1e6
_MILLION: Final = 1e6
WORDS: Final = 25
_A_FILE: Final = 250_000  # documents
_COPIES: Final = 50  # one document in so many says what an earlier one says, one in so many says nearly that
_RELEASE: Final = """[release]
name = "millions"
admit = ["open"]
uses = ["train"]
"""


def options(parser: argparse.ArgumentParser) -> None:
    """Add the benchmark's options."""
    parser.add_argument("--sizes", default="1000000,2000000,4000000", help="documents, 1, 2 and 4 million by default")
    parser.add_argument("--workers", type=int, default=2, help="worker processes, 2 by default")
    parser.add_argument("--room", type=Path, default=None, help="a folder with space; the system's for temporary files")


def measure(args: argparse.Namespace) -> Report:
    """Return seconds, disk use, and peak memory of the started process and its largest worker, by size."""
    vocabulary = vocabulary_of(args.data)
    sizes = [int(size) for size in args.sizes.split(",")]
    reported = {size: _run(vocabulary, size, args) for size in sizes}
    heads = ("documents#", "MB#", "s#", "CPU s#", "µs each#", "peak MB#", "largest worker, MB#", "disk MB#")
    rows = [
        (
            size,
            rounded(mb),
            rounded(resources.wall),
            rounded(resources.cpu),
            rounded(resources.cpu * _MILLION / size),
            rounded(resources.peak_mb),
            rounded(resources.children_peak_mb),
            rounded(disk),
        )
        for size, (resources, mb, disk) in reported.items()
    ]
    settings = {"sizes": args.sizes, "workers": args.workers, "words": WORDS, "copies": _COPIES, "seed": SEED}
    tables = (
        Table(f"Documents of {WORDS} words, from JSONL to a version", heads, tuple(rows)),
        _by_phase({size: resources for size, (resources, _, _) in reported.items()}),
    )
    return Report("millions", checksums(args.data, NOVELS), settings, tables)


def _run(vocabulary: Sequence[str], size: int, args: argparse.Namespace) -> tuple[Told, float, float]:
    with tempfile.TemporaryDirectory(prefix="latam-bench-", dir=args.room) as name:
        room = Path(name)
        documents = short_texts(vocabulary, size)
        for number, _ in enumerate(range(0, size, _A_FILE)):
            write_jsonl(room / f"{number:04d}.jsonl", islice(documents, _A_FILE), f"{number:04d}")
        read = sum(path.stat().st_size for path in room.glob("*.jsonl"))
        recipe = write_recipe(room, ("dedupe",), near=True, more=_RELEASE)
        reported = run_apart(recipe, room / "out", args.workers)
        files = [path.stat() for path in (room / "out").rglob("*") if path.is_file()]
        disk = sum({(s.st_dev, s.st_ino): s.st_size for s in files}.values())
        shutil.rmtree(room / "out")
    return reported, read / _MB, disk / _MB


def vocabulary_of(data: Path) -> list[str]:
    """Return the words of the public novels."""
    return sorted({word for text in read_texts(data, NOVELS) for word in text.split() if word.isalpha()})


def short_texts(vocabulary: Sequence[str], size: int, seed: int = SEED) -> Iterator[str]:
    """Yield documents of random words; a few repeat an earlier document exactly or nearly.

    >>> texts = list(short_texts([f"palabra{number}" for number in range(1000)], 101))
    >>> len(texts), len(set(texts)), len(texts[0].split())
    (101, 99, 25)
    """
    chance = random.Random(seed)
    held: list[str] = []
    for number in range(size):
        words = chance.choices(vocabulary, k=WORDS)
        if number % _COPIES == _COPIES - 1:
            words = held[0].split()
        elif number % _COPIES == _COPIES - 2:
            words = [*held[1].split()[:-1], words[0]]
        elif number % _COPIES < 2:
            held = [*held[-1:], " ".join(words)]
        yield " ".join(words)


def _by_phase(reported: dict[int, Told]) -> Table:
    """Return the peaks of the started process and its largest worker, by step of the largest size."""
    peaks = {
        size: {_step(name): (own_peak, worker) for name, own_peak, worker in resources.memory}
        for size, resources in reported.items()
    }
    largest = peaks[max(peaks)]
    heads = ("step", *(f"{what} at {size:,}, MB#" for size in reported for what in ("peak", "worker")))
    rows = [
        (name, *(rounded(value) for size in reported for value in peaks[size].get(name, (0.0, 0.0))))
        for name in largest
    ]
    return Table("Peak memory by step", heads, tuple(rows))


def _step(name: str) -> str:
    return name.partition(" (")[0]
