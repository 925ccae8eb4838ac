"""`compressed`: the cost of reading a compressed file in parts: finding them, and unpacking the bytes before each."""

from __future__ import annotations

import gzip
import lzma
import tempfile
import time
from itertools import pairwise
from pathlib import Path
from typing import TYPE_CHECKING, Final

import zstandard

from latam_corpus.catalog.source import Source
from latam_corpus.collect.files import list_inputs, read, split

from .machine import Report, Table, rounded
from .texts import NOVELS, SEED, checksums, collections, recombined, write_jsonl

if TYPE_CHECKING:
    import argparse
    from collections.abc import Callable

_BYTES: Final = 3000
_MEMBERS: Final = 8
_SPAN: Final = 2**20
_SOURCE: Final = Source(id="documents", title="Documents of a benchmark", holder="nobody")
_NOTES: Final = (
    "CPU seconds. A run finds the parts of a file above 64 MiB once, and remembers them by the file's digest.",
    "The stages take some 18 CPU seconds for 100 MB of text, see «The largest job».",
)


def options(parser: argparse.ArgumentParser) -> None:
    """The benchmark's own options."""
    parser.add_argument("--mb", type=int, default=100, help="MB of text, 100 by default")


def measure(args: argparse.Namespace) -> Report:
    """CPU seconds to read a file as one, to find its parts, and to read it by them."""
    texts = recombined(collections(args.data, NOVELS), args.mb * 10**6 // _BYTES, _BYTES, unit="bytes")
    rows = []
    with tempfile.TemporaryDirectory(prefix="latam-bench-") as name:
        plain = Path(name) / "documents.jsonl"
        write_jsonl(plain, texts)
        data = plain.read_bytes()
        for title, suffix, pack in _PACKS:
            path = plain.with_name(f"documents.jsonl{suffix}")
            path.write_bytes(pack(data))
            rows.append((title, *_read(path)))
    columns = ("file", "MB#", "as one#", "to find parts#", "parts#", "by parts#", "unpacked again, MB#")
    table = Table(f"{args.mb} MB of JSON lines", columns, tuple(rows))
    return Report("compressed", checksums(args.data, NOVELS), {"mb": args.mb, "seed": SEED}, (table,), _NOTES)


def _read(path: Path) -> tuple[object, ...]:
    (file,) = list_inputs(_SOURCE, path)
    marks = [time.process_time()]
    rows = sum(frame.height for frame in read(_SOURCE, file))
    marks.append(time.process_time())
    spans = split(_SOURCE, file, _SPAN)
    marks.append(time.process_time())
    by_parts = sum(frame.height for span in spans for frame in read(_SOURCE, file, span=span))
    marks.append(time.process_time())
    assert by_parts == rows
    whole, finding, parts = (rounded(after - previous) for previous, after in pairwise(marks))
    again = sum(span.skip for span in spans if span)
    return rounded(file.size / 1e6), whole, finding, len(spans), parts, rounded(again / 1e6)


def _members(data: bytes) -> bytes:
    """The data as so many gzip files in a row, as concatenated downloads and `pigz --independent` leave them."""
    size = -(-len(data) // _MEMBERS)
    return b"".join(gzip.compress(data[place : place + size], 6) for place in range(0, len(data), size))


_PACKS: Final[tuple[tuple[str, str, Callable[[bytes], bytes]], ...]] = (
    ("plain", "", bytes),
    ("gzip", ".gz", lambda data: gzip.compress(data, 6)),
    (f"gzip, {_MEMBERS} members", ".gz", _members),
    ("Zstandard", ".zst", zstandard.compress),
    ("xz", ".xz", lambda data: lzma.compress(data, preset=1)),
)
