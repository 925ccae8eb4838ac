"""`word_table`: MB of UTF-8 a second on one core, from texts in a Polars series to the finished word table."""

from __future__ import annotations

import statistics
import time
from typing import TYPE_CHECKING, Final

import polars as pl

from latam_corpus.text.words import WordTable

from .machine import Report, Table, rounded
from .texts import NOVELS, VERSES, checksums, chunks, read_texts

if TYPE_CHECKING:
    import argparse

TARGET: Final = 60  # MB a second a core
_BATCH: Final = 16 * 2**20  # bytes, as the runner cuts them
_MB: Final = 1e6


def options(parser: argparse.ArgumentParser) -> None:
    """The benchmark's own options."""
    parser.add_argument("--runs", type=int, default=7, help="how often each is timed, 7 by default")


def measure(args: argparse.Namespace) -> Report:
    """The best and the median of several runs, on texts of three lengths."""
    novels = read_texts(args.data, NOVELS)
    kinds = {
        "novels, whole": novels,
        "novels, 700 words": list(chunks(novels, 700)),
        "sonnets and tangos": read_texts(args.data, VERSES) * 10,  # 13 MB, so that a run is long enough to time
    }
    WordTable.of(["Se compila una vez."])
    rows = []
    for name, texts in kinds.items():
        speeds = speeds_of(texts, args.runs)
        size = sum(len(text.encode()) for text in texts)
        words = sum(int(WordTable.of(batch).doc_words[-1]) for batch in batches(texts))
        median = statistics.median(speeds)
        rows.append((name, len(texts), rounded(size / _MB), words, rounded(max(speeds)), rounded(median)))
    table = Table(
        f"Word table, one core, {args.runs} runs",
        ("texts", "documents#", "MB#", "words#", "best MB/s#", "median MB/s#"),
        tuple(rows),
    )
    notes = (f"Process time; compiled before. Target: {TARGET} MB of UTF-8 a second a core.",)
    return Report("word_table", checksums(args.data, (*NOVELS, *VERSES)), {"runs": args.runs}, (table,), notes)


def batches(texts: list[str]) -> list[pl.Series]:
    """The texts in series of about 16 MiB."""
    created: list[pl.Series] = []
    held: list[str] = []
    size = 0
    for text in texts:
        held.append(text)
        size += len(text.encode())
        if size >= _BATCH:
            created.append(pl.Series(held))
            held, size = [], 0
    return [*created, pl.Series(held)] if held else created


def speeds_of(texts: list[str], runs: int) -> list[float]:
    """MB of UTF-8 a second of process time, run by run."""
    series = batches(texts)
    size = sum(len(text.encode()) for text in texts)
    results = []
    for _ in range(runs):
        started = time.process_time()
        for batch in series:
            WordTable.of(batch)
        results.append(size / _MB / (time.process_time() - started))
    return results
