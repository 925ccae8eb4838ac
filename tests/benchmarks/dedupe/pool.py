"""Documents drawn from one pool of paragraphs, so that each shares passages with very many: what memory bears."""

from __future__ import annotations

import json
import random
from typing import TYPE_CHECKING, Any, Final

from ..own import run_apart, write_recipe
from ..texts import recombined, write_jsonl

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from pathlib import Path

    from ..own import Told

HOLDERS: Final = 30  # documents that a paragraph stands in, on average; a passage in more than 50 is capped
_WORDS: Final = 300
_A_FILE: Final = 20_000
_SEED: Final = 11
_BARRIER: Final = "dedupe ("


def pooled(lines: Sequence[Sequence[str]], number: int, holders: int = HOLDERS) -> Iterator[str]:
    """Return documents of at least 300 words whose paragraphs are drawn from a small pool, so that each occurs in many.

    Args:
        lines: paragraphs by language, of which the pool is a sample.
        number: of documents.
        holders: documents that a paragraph of the pool stands in, on average.

    >>> made = list(pooled([[f"La vecina número {n} cerró la ventana de la calle" for n in range(900)]], 60, 20))
    >>> len({line for text in made for line in text.splitlines()})
    90
    """
    chance = random.Random(_SEED)
    every = sum(map(len, lines))
    words = sum(len(line.split()) for result in lines for line in result) / max(every, 1)
    share = min(1.0, number * (_WORDS / words) / holders / every)
    pool = [chance.sample(result, max(1, round(share * len(result)))) for result in lines]
    return recombined(pool, number, _WORDS, _SEED)


def measured(lines: Sequence[Sequence[str]], number: int, holders: int, workers: int, room: Path) -> dict[str, Any]:
    """Return the resources of a run that finds near-duplicates among them, by name.

    Args:
        lines: see `pooled`.
        number: see there.
        holders: see there.
        workers: worker processes.
        room: a folder for documents and run.
    """
    texts = list(pooled(lines, number, holders))
    for start in range(0, number, _A_FILE):
        write_jsonl(room / f"documents-{start:09d}.jsonl", texts[start : start + _A_FILE], str(start))
    del texts
    reported = run_apart(write_recipe(room, ("dedupe",), near=True), room / "out", workers)
    [file] = (room / "out" / "runs").glob("*/run.json")
    barriers: dict[str, dict[str, Any]] = json.loads(file.read_text(encoding="utf-8"))["barriers"]
    return _figures(reported) | barriers["dedupe"]


def _figures(reported: Told) -> dict[str, Any]:
    clock, cpu = next((clock, cpu) for name, clock, cpu in reported.phases if name.startswith(_BARRIER))
    return {
        "largest worker, MB": reported.children_peak_mb,
        "parent, MB": reported.peak_mb,
        "seconds of the barrier": clock,
        "CPU seconds of the barrier": cpu,
        "seconds of the run": reported.wall,
        "kept": reported.kept,
    }
