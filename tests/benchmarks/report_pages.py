"""`report_pages`: bytes, seconds and peak memory of each page, of runs of a thousand documents to a million.

Runs are written, not worked: documents are sentences of the public novels in new orders, in twelve languages' names,
eight genres, twenty countries, two hundred sources and five thousand contributors, with five signals each; a third is
set aside, for twelve reasons, a tenth of it as copies. What a page shows and reads is what a worked run has.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
import tempfile
import time
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

import numpy as np

from latam_corpus.pipeline.stored_runs.run_record import read_record
from latam_corpus.release.building.build import build
from latam_corpus.release.eligibility.build_request import BuildRequest
from latam_corpus.release.storing.store import Store
from latam_corpus.storage.durable import sealed

from .machine import Report, Table, rounded, usage
from .own import ROOT
from .texts import NOVELS, SEED, checksums, collections, recombined
from .written_run import doc_id, write_run

if TYPE_CHECKING:
    import argparse
    from collections.abc import Iterator

_WORDS: Final = 60
_MB: Final = 1e6
_LANGUAGES: Final = ("spa", "por", "quy", "aym", "grn", "arn", "nah", "tzo", "yua", "kek", "mam", "oto")
_GENRES: Final = ("news", "literature", "lyrics", "oral_history", "web", "religious", "reference", "legal")
_COUNTRIES: Final = (
    *("AR", "BO", "BR", "CL", "CO", "CR", "CU", "DO", "EC", "GT"),
    *("HN", "HT", "MX", "NI", "PA", "PE", "PY", "SV", "UY", "VE"),
)
_REASONS: Final = (
    *("stop_word_share<0.3", "word_count<20", "digit_share>0.2", "upper_case_share>0.3", "language=eng", "duplicate"),
    *("words_per_line<3", "short_line_share>0.6", "mojibake_per_1000>1", "unreadable:not JSON", "und", "opt-out"),
)
_NOTES: Final = (
    "Each command in a process of its own, its start and imports among the seconds.",
    "`explain` is asked for a document by its id, and reads the run for it.",
    "`sample` shows two of each language and genre; `release` reads the columns of its shards and no text.",
)


def options(parser: argparse.ArgumentParser) -> None:
    """The benchmark's own options."""
    parser.add_argument("--sizes", default="1000,100000,1000000", help="documents, 1000,100000,1000000 by default")


def measure(args: argparse.Namespace) -> Report:
    """Each page of each run."""
    lines = collections(args.data, NOVELS)
    rows: list[tuple[object, ...]] = []
    for number in (int(size) for size in args.sizes.split(",")):
        with tempfile.TemporaryDirectory(prefix="latam-bench-") as name:
            out = Path(name)
            run = write_run(out / "runs" / "benchmark-00000000", _documents(recombined(lines, number, _WORDS)))
            _count_stages(run, number)
            terms: dict[str, Any] = {"admit": ("open",), "uses": ("train",), "splits": {}, "index": False}
            request = BuildRequest(name="pages", runs=(run,), created=datetime.now(UTC), **terms)
            build(request, Store.at(out / "store"))
            for title, page, command in _pages(out, run.name):
                used = _command(*command, "--out", out)
                size = page.stat().st_size
                figures = (used["wall"], used["cpu"], used["peak_mb"])
                rows.append((number, title, rounded(size / 1000), *map(rounded, figures)))
    columns = ("documents#", "page", "kB#", "s#", "CPU s#", "peak MB#")
    settings = {"sizes": args.sizes, "words": _WORDS, "seed": SEED}
    table = Table("Pages of runs of any size", columns, tuple(rows))
    return Report("report_pages", checksums(args.data, NOVELS), settings, (table,), _NOTES)


def _pages(out: Path, run: str) -> Iterator[tuple[str, Path, tuple[object, ...]]]:
    page = out / "page.html"
    yield "report of a run", page, ("report", run, "--to", page)
    yield "report of a release", page, ("report", "pages", "--to", page)
    yield "measure", page, ("measure", run, "--html", page)
    yield "sample", page, ("sample", run, "--by", "language,genre", "--n", 2, "--to", page)
    yield "explain", page, ("explain", doc_id(0), "--html", page)


def _documents(texts: Iterator[str]) -> Iterator[dict[str, Any]]:
    chance = np.random.default_rng(SEED)
    for number, text in enumerate(texts):
        of = [int(integer) for integer in chance.integers(0, 1_000_000, 8)]
        reason = _REASONS[of[0] % len(_REASONS)] if of[1] % 3 == 0 else None
        yield {
            "text": text,
            "title": f"Documento {number}",
            # As in a corpus, most are in two languages.
            "language": f"{_LANGUAGES[at if (at := of[2] % 100) < len(_LANGUAGES) else at % 2]}_Latn",
            "genre": _GENRES[of[3] % len(_GENRES)],
            "country": _COUNTRIES[of[4] % len(_COUNTRIES)],
            "source_id": f"source-{of[5] % 200:03d}",
            "contributor": f"Contributor {of[6] % 5000}",
            "published": f"{1880 + of[7] % 145}",
            "uses": ["train", "redistribute"],
            "drop_reason": reason,
            "duplicate_of": doc_id(number - 1) if reason == "duplicate" and number else None,
            "signals": {
                "word_count": float(_WORDS + of[0] % 40),
                "stop_word_share": (of[1] % 700) / 1000,
                "digit_share": (of[2] % 300) / 1000,
                "upper_case_share": (of[3] % 400) / 1000,
                "scripture_per_1000": float(of[4] % 7),
            },
        }


def _count_stages(run: Path, number: int) -> None:
    """Let the run's record say what a worked one's says of its stages."""
    values = read_record(run).values
    stage = {"rows_in": number, "changed": 0, "failed": {}, "seconds": 1.0}
    values["stages"] = {name: {**stage, "dropped": {}} for name in ("collect", "repair", "filter")}
    (run / "run.json").write_bytes(sealed(values))


def _command(*arguments: object) -> dict[str, float]:
    """Run a command line, and return the resources that it used."""
    command = [sys.executable, "-m", "tests.benchmarks.report_pages", *map(str, arguments)]
    began = time.monotonic()
    reported = subprocess.run(
        command, cwd=ROOT, check=True, stdout=subprocess.PIPE, text=True, env={**os.environ, "LC_ALL": "C.UTF-8"}
    )
    used: dict[str, float] = json.loads(reported.stdout.splitlines()[-1])
    return used | {"wall": time.monotonic() - began}


def _main() -> None:
    """Run a command line in this process, and print the resources that it used after its output."""
    from latam_corpus.__main__ import main

    sys.argv[0] = "latam-corpus"
    try:
        main()
    except SystemExit as ended:
        if ended.code:
            raise
    reported = usage()
    sys.stdout.write(f"\n{json.dumps({'cpu': reported.cpu, 'peak_mb': reported.peak_mb})}\n")


if __name__ == "__main__":
    _main()
