"""`stream`: documents per second of a version's stream, compared with other loaders, on one core, from disk and S3."""

from __future__ import annotations

import json
import logging
import os
import shutil
import statistics
import subprocess
import sys
import tempfile
from contextlib import ExitStack
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

import fsspec

from latam_corpus.release.building.build import build
from latam_corpus.release.eligibility.build_request import BuildRequest
from latam_corpus.release.reading.pull import pull
from latam_corpus.release.storing.store import Store

from .machine import Report, Table
from .own import ROOT
from .stream_readers import OWN
from .texts import NOVELS, checksums, collections, recombined
from .written_run import write_run

if TYPE_CHECKING:
    import argparse

_SCRIPT: Final = Path(__file__).with_name("stream_readers.py")
_RIVALS: Final = ("datasets", "mds", "litdata", "litdata_zstd", "grain")
# What a reader reads, where it isn't a folder of its name.
_COPIES: Final = {"latam_corpus": "store", "datasets": "pulled/data", "grain": "grain.parquet"}
_DISK_ALONE: Final = ("decompressed", "grain")
_WORDS: Final = 400
# Where documents come from, in which order, and as what they are taken.
_CASES: Final = (
    ("disk", "stored", "text"),
    ("disk", "shuffled", "text"),
    ("S3", "stored", "text"),
    ("S3", "shuffled", "text"),
    ("disk", "shuffled", "tokens"),
)
_TOKENS: Final = 2000
_NOTES: Final = (
    "One process on one core, by the CPU seconds of all its threads, since other work runs on this machine.",
    "Of all seconds those of the least round, and of peaks the median: what else runs here adds to them.",
    "Text: each document is taken as a dict with its id and its text, and its bytes are counted.",
    "Tokens: by one tokenizer on one thread, in blocks of 2,048, the first four millions; other readers' documents are",
    "encoded 256 at a time.",
    "S3 is a server on loopback; each round begins without a cache, so that there is nothing decompressed. Grain reads",
    "Parquet from a disk alone.",
    "Documents are recombined paragraphs of public novels, encoded as each reader wants them: `datasets` reads the",
    "Parquet files of a pulled version, `grain` one of the two columns, `mds`, `litdata` and `litdata_zstd` their own",
    "copies of these. Stored MB: what each takes; those of the stream and of `datasets` have all columns of a release.",
    "`decompressed` is the stream of which an epoch before has left the two columns decompressed, beside the store.",
    "`datasets` and `grain` shuffle in a buffer of 1,000 documents, the stream in windows of 64, 128, then 256 MB.",
    "Rates: from opening to the last document, when the loader's packages are imported, for S3 its client too.",
    "First: to the first document or batch of blocks, imports included.",
)


def options(parser: argparse.ArgumentParser) -> None:
    """The benchmark's own options."""
    parser.add_argument("--documents", type=int, default=20_000, help="20,000 by default")
    parser.add_argument("--rounds", type=int, default=3, help="how often each reads, in turn; 3 by default")
    parser.add_argument("--rival-python", help="a Python with this project's packages, streaming, litdata and grain")


def measure(args: argparse.Namespace) -> Report:
    """Measure the cost of each reader."""
    python = args.rival_python or sys.executable
    with tempfile.TemporaryDirectory(prefix="latam-bench-") as name, ExitStack() as stack:
        folder = Path(name)
        texts = list(recombined(collections(args.data, NOVELS), args.documents, _WORDS))
        pull("benchmark", version_of(folder, texts), folder / "pulled")
        learn_tokenizer(folder / "tokenizer.json", texts[:200])
        _started(sys.executable, "write-decompressed", folder).check_returncode()
        available = [*OWN, *(rival for rival in _RIVALS if _prepared(python, rival, folder))]
        bucket = _bucket(folder, stack)
        rows = []
        for case in _CASES:
            readers = [reader for reader in available if case[0] == "disk" or (bucket and reader not in _DISK_ALONE)]
            figures: dict[str, list[dict[str, float]]] = {reader: [] for reader in readers}
            for _ in range(args.rounds):
                for reader in readers:
                    interpreter = sys.executable if reader in OWN else python
                    figures[reader].append(_read(interpreter, reader, folder, case, bucket))
            size = len(texts), sum(len(text.encode()) for text in texts)
            rows += [
                (*case, reader, _stored(folder, reader), *_figures(each, *size)) for reader, each in figures.items()
            ]
    columns = (
        "from", "order", "as", "reader", "stored MB#", "documents/CPU s#", "MB/CPU s#", "documents/s#", "tokens/CPU s#",
        "first s#", "first CPU s#", "peak MB#", "distinct documents#",
    )  # fmt: skip
    table = Table(f"{args.documents:,} documents of {_WORDS} words, read once", columns, tuple(rows))
    settings = {"documents": args.documents, "rounds": args.rounds, "words": _WORDS}
    return Report("stream", checksums(args.data, NOVELS), settings, (table,), _NOTES)


def _stored(folder: Path, reader: str) -> float:
    """Return the megabytes of a reader's copy of the documents."""
    copy = folder / _COPIES.get(reader, reader)
    files = [copy] if copy.is_file() else [path for path in copy.rglob("*") if path.is_file()]
    return round(sum(file.stat().st_size for file in files) / 1e6, 1)


def _figures(rounds: list[dict[str, float]], documents: int, size: int) -> tuple[object, ...]:
    fastest = {key: min(figures[key] for figures in rounds) for key in ("cpu", "seconds", "first", "first_cpu")}
    cpu = max(fastest["cpu"], 0.001)  # as finely as it is counted
    peak = statistics.median(figures["peak_mb"] for figures in rounds)
    distinct = int(rounds[0]["distinct"]) if rounds[0]["distinct"] else ""
    tokens = int(rounds[0]["tokens"])
    rates: tuple[object, ...] = ("", "", "", round(tokens / cpu))
    if not tokens:
        rates = round(documents / cpu), round(size / cpu / 1e6, 1), round(documents / fastest["seconds"]), ""
    return (*rates, round(fastest["first"], 2), round(fastest["first_cpu"], 2), round(peak), distinct)


def learn_tokenizer(file: Path, texts: list[str]) -> None:
    """Write a byte-pair tokenizer that has learnt some of the texts."""
    from tokenizers import Tokenizer, models, pre_tokenizers, trainers

    tokenizer = Tokenizer(models.BPE())
    tokenizer.pre_tokenizer = pre_tokenizers.ByteLevel(add_prefix_space=False)
    trainer = trainers.BpeTrainer(
        vocab_size=_TOKENS,
        special_tokens=["<|endoftext|>"],
        initial_alphabet=pre_tokenizers.ByteLevel.alphabet(),
        show_progress=False,
    )
    tokenizer.train_from_iterator(texts, trainer)
    tokenizer.save(str(file))


def _bucket(folder: Path, stack: ExitStack) -> str:
    """Return the copies of all readers on an S3 server on loopback while the stack is open; empty without moto."""
    try:
        from moto.server import ThreadedMotoServer
    except ImportError:
        return ""
    logging.getLogger("werkzeug").setLevel(logging.ERROR)
    server = ThreadedMotoServer(ip_address="127.0.0.1", port=0, verbose=False)
    server.start()
    stack.callback(server.stop)
    host, port = server.get_host_and_port()
    address = f"http://{host}:{port}"
    named = {"AWS_ACCESS_KEY_ID": "x", "AWS_SECRET_ACCESS_KEY": "x", "AWS_DEFAULT_REGION": "us-east-1"}
    # streaming has its own name for it.
    os.environ.update(named | {"AWS_ENDPOINT_URL": address, "S3_ENDPOINT_URL": address})
    files = fsspec.filesystem("s3", endpoint_url=address)
    files.mkdir("corpus")
    for part in ("store", "pulled", "mds", "litdata", "litdata_zstd"):
        if (folder / part).is_dir():
            files.put(str(folder / part), f"corpus/{part}", recursive=True)
    return "s3://corpus"


def version_of(folder: Path, texts: list[str]) -> Store:
    """Create a store in the folder, with a version of these documents; their ids are the hashes of their numbers."""
    run = write_run(folder / "runs" / "benchmark-00000000", ({"text": text} for text in texts))
    store = Store.at(folder / "store")
    terms: dict[str, Any] = {"admit": ("open",), "uses": ("train",), "splits": {}, "index": False}
    build(BuildRequest(name="benchmark", runs=(run,), created=datetime.now(UTC), **terms), store)
    return store


def _prepared(python: str, rival: str, folder: Path) -> bool:
    """Return whether a rival is installed, with its own copy of the documents."""
    package = {"mds": "streaming", "litdata_zstd": "litdata"}.get(rival, rival)
    imports = [python, "-c", f"import {package}"]
    if subprocess.run(imports, env=_environment(), capture_output=True, check=False).returncode:
        return False
    return rival == "datasets" or not _started(python, f"write-{rival}", folder).returncode


def _read(python: str, reader: str, folder: Path, case: tuple[str, str, str], bucket: str) -> dict[str, float]:
    place, order, form = case
    shutil.rmtree(folder / "cache", ignore_errors=True)
    done = _started(python, reader, folder, order, form, *([bucket] if place == "S3" else []))
    if done.returncode:
        raise RuntimeError(f"{reader}: {done.stderr[-2000:]}")
    reported: dict[str, float] = json.loads(done.stdout.splitlines()[-1])
    return reported


def _started(python: str, reader: str, folder: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
    reported = {
        "PYTHONPATH": str(ROOT), "HF_HOME": str(folder / "hf"), "HF_HUB_OFFLINE": "1", "HF_DATASETS_OFFLINE": "1",
        "TOKENIZERS_PARALLELISM": "false",
    }  # fmt: skip
    command = [python, str(_SCRIPT), reader, str(folder), *arguments]
    return subprocess.run(command, env=_environment() | reported, capture_output=True, text=True, check=False)


def _environment() -> dict[str, str]:
    """Return the environment of readers; each keeps the bytecode of its packages, or would compile it in each round."""
    return {name: value for name, value in os.environ.items() if name != "PYTHONDONTWRITEBYTECODE"}
