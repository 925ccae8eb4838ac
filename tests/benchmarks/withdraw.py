"""`withdraw`: what a withdrawal costs by what it names: seconds, and the bytes of shards that are written anew.

Texts are words of the public novels drawn by chance, so that none quotes another; a thousand are of each contributor,
who brings to one source.
"""

from __future__ import annotations

import tempfile
import time
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

import numpy as np

from latam_corpus.release.build import build
from latam_corpus.release.store import Store
from latam_corpus.release.verify_version import verify
from latam_corpus.release.withdraw import withdraw

from .machine import Report, Table, rounded
from .texts import NOVELS, SEED, checksums, read_texts
from .written_run import write_run

if TYPE_CHECKING:
    import argparse
    from collections.abc import Iterator

    from latam_corpus.release.withdrawal_log import By

_WORDS: Final = 120
_EACH: Final = 1_000  # documents of a contributor
_OF_SOURCE: Final = 10  # contributors
_NOTES: Final = (
    "The command without its start: looking through all versions, the log, the next version, what its receipt says.",
    "The share is of the bytes of all shards; there is no index.",
    """A shard has documents of one language, genre and split, by the hash of their ids, up to a size (`--shard-mb`, of
text): what a contributor gave stands in all of them, and where the whole is a few shards all are written anew.""",
)


def options(parser: argparse.ArgumentParser) -> None:
    """The benchmark's own options."""
    parser.add_argument("--documents", type=int, default=200_000, help="200,000 by default")
    parser.add_argument("--shard-mb", type=int, default=671, help="MB of text of a shard; 671, a release's, by default")


def measure(args: argparse.Namespace) -> Report:
    """What each kind of withdrawal costs, one after another in one store."""
    size = args.shard_mb * 1_000_000
    with tempfile.TemporaryDirectory(prefix="latam-bench-") as name:
        folder = Path(name)
        run = write_run(folder / "runs" / "benchmark-00000000", _documents(args))
        store = Store.at(folder / "store")
        terms: dict[str, Any] = {
            "admit": ["open"],
            "uses": ["train"],
            "splits": {},
            "index": False,
            "shard_bytes": size,
        }
        started = time.perf_counter()
        manifest = build("benchmark", [run], store, created=datetime.now(UTC), **terms)
        built = time.perf_counter() - started
        rows = []
        for title, by, value in _asked(args.documents):
            started, cpu = time.perf_counter(), time.process_time()
            done = withdraw(store, "benchmark", by, value, "a benchmark", datetime.now(UTC))
            taken = rounded(time.perf_counter() - started), rounded(time.process_time() - cpu)
            touched = sum(len(shards) for spec, shards in done.shards.items() if spec == done.before.spec)
            share = 100 * done.written / max(1, done.before.shard_bytes)
            whole = not verify(store, "benchmark", done.after.version)
            row = (len(done.documents), *taken, touched, len(done.before.shards), rounded(share))
            rows.append((title, *row, "yes" if whole else "no"))
    columns = (
        "withdrawn",
        "documents#",
        "s#",
        "CPU s#",
        "shards with some#",
        "shards#",
        "bytes rewritten, %#",
        "verifies",
    )
    mb = rounded(manifest.text_bytes / 1e6)
    table = Table(f"From {args.documents:,} documents, {mb} MB of text, built in {built:.0f} s", columns, tuple(rows))
    settings = {"documents": args.documents, "shard_mb": args.shard_mb, "words": _WORDS, "seed": SEED}
    return Report("withdraw", checksums(args.data, NOVELS), settings, (table,), _NOTES)


def _asked(documents: int) -> Iterator[tuple[str, By, str]]:
    """What is withdrawn; of a few documents there is one contributor."""
    last = (documents - 1) // _EACH
    yield "a document, by its address", "url", "https://benchmark.example/0/0"
    yield "a thousandth, by an address", "url", "https://benchmark.example/*/7"
    yield "a contributor's thousand, and copies of them", "creator", f"Contributor {last}"
    yield "a source", "source", "source-0"


def _documents(args: argparse.Namespace) -> Iterator[dict[str, Any]]:
    words = np.array(sorted({word for text in read_texts(args.data, NOVELS) for word in text.split()}))
    chance = np.random.default_rng(SEED)
    for number in range(args.documents):
        contributor, place = divmod(number, _EACH)
        yield {
            "text": " ".join(words[chance.integers(0, len(words), _WORDS)]),
            "contributor": f"Contributor {contributor}",
            "source_id": f"source-{contributor // _OF_SOURCE}",
            "url": f"https://benchmark.example/{contributor}/{place}",
        }
