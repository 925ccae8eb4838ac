"""`python -m tests.benchmarks NAME [--data PATH] [--save]`."""

from __future__ import annotations

import argparse
import os
import sys
from pathlib import Path

from latam_corpus.errors import CorpusError

from . import (
    ablate,
    balance,
    chain,
    compressed,
    crawl,
    damage,
    dedupe,
    desk,
    disguises,
    exports,
    extraction,
    formats,
    genres,
    growth,
    hidden,
    kept_work,
    language,
    large,
    leaks,
    learned,
    lengths,
    manuals,
    memory,
    millions,
    mutants,
    overhead,
    planning,
    quality,
    quality_kept,
    redact,
    report_pages,
    small,
    soak,
    stages,
    start,
    stream,
    text_path,
    update,
    withdraw,
    word_table,
    workers,
    writers,
)
from .extraction import gate
from .language import sentences
from .machine import save, show
from .tables import write

NAMES = {
    "ablate": ablate,
    "word_table": word_table,
    "text_path": text_path,
    "profile": stages,
    "lengths": lengths,
    "growth": growth,
    "update": update,
    "balance": balance,
    "workers": workers,
    "chain": chain,
    "memory": memory,
    "millions": millions,
    "planning": planning,
    "overhead": overhead,
    "mutants": mutants,
    "dedupe": dedupe,
    "crawl": crawl,
    "desk": desk,
    "extraction": extraction,
    "gate": gate,
    "language": language,
    "sentences": sentences,
    "quality": quality,
    "quality_kept": quality_kept,
    "redact": redact,
    "learned": learned,
    "report_pages": report_pages,
    "large": large,
    "kept_work": kept_work,
    "start": start,
    "stream": stream,
    "soak": soak,
    "leaks": leaks,
    "manuals": manuals,
    "exports": exports,
    "damage": damage,
    "small": small,
    "compressed": compressed,
    "formats": formats,
    "genres": genres,
    "withdraw": withdraw,
    "disguises": disguises,
    "hidden": hidden,
    "writers": writers,
}


def main() -> int:
    """Run one benchmark, print its tables; gives the exit code."""
    root = Path(__file__).resolve().parents[2]
    data = Path(os.environ.get("LATAM_CORPUS_DATA") or root.parent / "shared" / "data")
    parser = argparse.ArgumentParser(prog="python -m tests.benchmarks", description="What the toolkit costs.")
    names = parser.add_subparsers(dest="name", required=True)
    names.add_parser("tables", help="the pages of docs/results, written from the kept results")
    for name, module in NAMES.items():
        one = names.add_parser(name, help=(module.__doc__ or "").partition(": ")[2].splitlines()[0])
        one.add_argument("--data", type=Path, default=data, help="the folder of the public texts")
        one.add_argument("--save", action="store_true", help="keep the figures in tests/benchmarks/results")
        module.options(one)
    args = parser.parse_args()
    if args.name == "tables":
        sys.stdout.write(f"{len(write())} pages are written\n")
        return 0
    try:
        report = NAMES[args.name].measure(args)
    except CorpusError as error:
        sys.stderr.write(f"error: {error}\n")
        return error.exit_code
    show(report)
    if args.save:
        sys.stdout.write(f"kept in {save(report)}, and docs/results written anew\n")
        write()
    return 0


if __name__ == "__main__":
    sys.exit(main())
