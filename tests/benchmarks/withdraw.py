"""`withdraw`: the cost of a withdrawal by what it names: seconds, and the bytes of rewritten shards.

Texts are words of the public novels drawn by chance, so that none quotes another; a thousand are of each contributor,
who brings to one source.
"""

from __future__ import annotations

import tempfile
import time
from datetime import UTC, datetime
from itertools import islice
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

import numpy as np
import polars as pl
import pyarrow as pa
import pyarrow.parquet as pq

from latam_corpus.release.building.build import build
from latam_corpus.release.eligibility.build_request import BuildRequest
from latam_corpus.release.reading.verify_version import verify
from latam_corpus.release.storing.manifest import load_manifest
from latam_corpus.release.storing.store import Store
from latam_corpus.release.withdrawals.purge import purge
from latam_corpus.release.withdrawals.withdraw import withdraw
from latam_corpus.release.withdrawals.withdrawal_request import WithdrawalRequest

from .machine import Report, Table, rounded
from .texts import NOVELS, SEED, checksums, read_texts
from .written_run import doc_id, write_run

if TYPE_CHECKING:
    import argparse
    from collections.abc import Iterator, Mapping, Sequence

    from latam_corpus.release.storing.manifest import Manifest
    from latam_corpus.release.storing.withdrawal_log import By

_WORDS: Final = 120
_EACH: Final = 1_000  # documents of a contributor
_OF_SOURCE: Final = 10  # contributors
_SOUGHT: Final = 100  # texts of each kind that are sought after the purge
_NOTES: Final = (
    "The command without its start: looking through all versions, the log, the next version, what its receipt says.",
    "The share is of the bytes of all shards; there is no index.",
    """A shard has documents of one language, genre and split, by who brought and made them: what a contributor gave
stands in one of them, or few.""",
    """After the purge every file of the store is read, its Parquet decompressed, for twelve words out of each of the
withdrawn texts (a hundred of each kind at most).""",
)


def options(parser: argparse.ArgumentParser) -> None:
    """The benchmark's own options."""
    parser.add_argument("--documents", type=int, default=200_000, help="200,000 by default")
    parser.add_argument("--words", type=int, default=_WORDS, help="of a document, 120 by default")
    parser.add_argument("--shard-mb", type=int, help="MB of text of a shard; by the release's size by default")


def measure(args: argparse.Namespace) -> Report:
    """Measure the cost of each kind of withdrawal, one after another in one store."""
    with tempfile.TemporaryDirectory(prefix="latam-bench-") as name:
        folder = Path(name)
        run = write_run(folder / "runs" / "benchmark-00000000", _documents(args))
        store = Store.at(folder / "store")
        terms: dict[str, Any] = {
            "admit": ("open",),
            "uses": ("train",),
            "splits": {},
            "index": False,
            "shard_bytes": args.shard_mb and args.shard_mb * 1_000_000,
        }
        started = time.perf_counter()
        manifest = build(BuildRequest(name="benchmark", runs=(run,), created=datetime.now(UTC), **terms), store)
        built = time.perf_counter() - started
        update = _update(folder, store, args, terms)
        rows, removed = [], []
        for title, by, value in _asked(args.documents):
            started, cpu = time.perf_counter(), time.process_time()
            done = withdraw(store, WithdrawalRequest.of("benchmark", by, value, "a benchmark"), datetime.now(UTC))
            taken = rounded(time.perf_counter() - started), rounded(time.process_time() - cpu)
            touched = sum(len(shards) for spec, shards in done.shards.items() if spec == done.before.spec)
            share = 100 * done.written / max(1, done.before.shard_bytes)
            removed += done.documents[:_SOUGHT]
            whole = not verify(store, "benchmark", done.after.version)
            row = (len(done.documents), *taken, touched, len(done.before.shards), rounded(share))
            rows.append((title, *row, "yes" if whole else "no"))
        pieces = _pieces(store, manifest, removed)
        results = _having(folder / "store", pieces)
        started, cpu = time.perf_counter(), time.process_time()
        purged = purge(store, folder, datetime.now(UTC))
        taken = rounded(time.perf_counter() - started), rounded(time.process_time() - cpu)
        left = _having(folder / "store", pieces)
        whole = not verify(store, "benchmark", manifest.version)
        erased = (purged.documents, *taken, purged.objects, len(pieces), results, left, "yes" if whole else "no")
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
    sought = ("texts sought#", "in files before#", "in files after#", "verifies")
    purge_columns = ("documents#", "s#", "CPU s#", "shards erased#", *sought)
    purge_table = Table("The purge, and what of the texts stands in any file of the store", purge_columns, (erased,))
    settings = {"documents": args.documents, "shard_mb": args.shard_mb, "words": args.words, "seed": SEED}
    return Report("withdraw", checksums(args.data, NOVELS), settings, (update, table, purge_table), _NOTES)


def _update(folder: Path, store: Store, args: argparse.Namespace, terms: Mapping[str, Any]) -> Table:
    """Measure the cost of one more version: a thousand documents of a new contributor."""
    fresh = islice(_documents(args, args.documents), _EACH)
    named = ({**row, "doc_id": doc_id(args.documents + number)} for number, row in enumerate(fresh))
    run = write_run(folder / "runs" / "benchmark-00000001", named)
    previous = load_manifest(store, *store.find("benchmark"))
    started, cpu = time.perf_counter(), time.process_time()
    created = build(
        BuildRequest(name="benchmark", runs=(run,), parent="latest", created=datetime.now(UTC), **terms), store
    )
    taken = rounded(time.perf_counter() - started), rounded(time.process_time() - cpu)
    had = {shard.sha256 for shard in previous.shards}
    written = sum(shard.bytes for shard in created.shards if shard.sha256 not in had)
    row = (created.rows - previous.rows, *taken, len(created.shards), rounded(100 * written / previous.shard_bytes))
    columns = ("documents#", "s#", "CPU s#", "shards#", "bytes written, %#")
    return Table("A new contributor's documents, in a version more", columns, (row,))


def _asked(documents: int) -> Iterator[tuple[str, By, str]]:
    """Return the selection to withdraw; a few documents have one contributor."""
    last = (documents - 1) // _EACH
    yield "a document, by its address", "url", "https://benchmark.example/0/0"
    yield "a thousandth, by an address", "url", "https://benchmark.example/*/7"
    yield "a contributor's thousand, and copies of them", "creator", f"Contributor {last}"
    yield "a source", "source", "source-0"


def _pieces(store: Store, manifest: Manifest, ids: Sequence[str]) -> list[bytes]:
    """Twelve words of the middle of each of these documents."""
    pieces = []
    for shard in manifest.shards:
        rows = pl.read_parquet(Path(store.root) / shard.object, columns=["doc_id", "text"])
        texts = rows.filter(pl.col("doc_id").is_in(list(ids)))["text"]
        pieces += [" ".join(text.split()[50:62]).encode() for text in texts]
    return pieces


def _having(folder: Path, pieces: Sequence[bytes]) -> int:
    """Return the number of files that contain one of the pieces, as bytes or in a column of a table."""
    pattern = [piece.decode() for piece in pieces]
    count = 0
    for file in sorted(path for path in folder.rglob("*") if path.is_file()):
        if file.suffix != ".parquet":
            data = file.read_bytes()
            count += any(piece in data for piece in pieces)
            continue
        table = pq.ParquetFile(file)
        named = [field.name for field in table.schema_arrow if field.type in (pa.string(), pa.large_string())]
        count += any(
            pl.Series(batch.column(name)).str.contains_any(pattern).any()
            for batch in table.iter_batches(20_000, columns=named)
            for name in named
        )
    return count


def _documents(args: argparse.Namespace, first: int = 0) -> Iterator[dict[str, Any]]:
    """The documents from a number on; of one that isn't the first also what comes after the last."""
    words = np.array(sorted({word for text in read_texts(args.data, NOVELS) for word in text.split()}))
    chance = np.random.default_rng(SEED + first)
    for number in range(first, max(args.documents, first + _EACH)):
        contributor, place = divmod(number, _EACH)
        yield {
            "text": " ".join(words[chance.integers(0, len(words), args.words)]),
            "contributor": f"Contributor {contributor}",
            "source_id": f"source-{contributor // _OF_SOURCE}",
            "url": f"https://benchmark.example/{contributor}/{place}",
        }
