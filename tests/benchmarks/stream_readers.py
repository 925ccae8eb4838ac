"""One reader over one copy of the documents, as `stream` starts it, maybe with another Python.

`PYTHON stream_readers.py READER FOLDER ORDER FORM [BUCKET]` prints what it used as one line of JSON: seconds by the
clock and CPU seconds to the first document and to the last, documents, bytes of text, and peak memory. READER is one of
READERS; with `write-` before its name it makes its own copy of the documents first, from the Parquet files in FOLDER.
ORDER is `stored` or `shuffled`, FORM `text` or `tokens`. With a BUCKET the documents come from there, and FOLDER/cache
is where a reader may keep them.
"""

from __future__ import annotations

import json
import os
import sys
import time
from functools import partial
from importlib import import_module
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pyarrow.parquet as pq

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator

_COLUMNS = ["doc_id", "text"]
BLOCK = 2048  # tokens
MOST_TOKENS = 4_000_000
OWN = ("latam_corpus", "decompressed")
_BATCH = 256  # documents that are tokenised at once
_PACKAGES = {
    "latam_corpus": ("latam_corpus.train.streams.stream", "numpy.random"),
    "decompressed": ("latam_corpus.train.streams.stream", "numpy.random"),
    "datasets": ("datasets",),
    "mds": ("streaming",),
    "litdata": ("litdata",),
    "litdata_zstd": ("litdata",),
    "grain": ("grain.experimental",),
}
# What they import when they are first asked for a bucket.
_CLIENTS = {
    "latam_corpus": ("s3fs",), "datasets": ("s3fs",), "mds": ("boto3",), "litdata": ("obstore",),
    "litdata_zstd": ("obstore",),
}  # fmt: skip


def _files(folder: Path) -> list[str]:
    return [str(path) for path in sorted((folder / "pulled" / "data").rglob("*.parquet"))]


def _rows(folder: Path) -> Iterator[dict[str, Any]]:
    for file in _files(folder):
        yield from pq.read_table(file, columns=_COLUMNS).to_pylist()


def latam_corpus(folder: Path, bucket: str, *, shuffled: bool) -> Any:
    """Open this toolkit's stream."""
    from latam_corpus.train import CorpusStream

    store = f"{bucket}/store" if bucket else folder / "store"
    return CorpusStream(
        store, "benchmark", seed=7, columns=_COLUMNS, shuffle=shuffled, cache=folder / "cache" if bucket else None
    )


def decompressed(folder: Path, _bucket: str, *, shuffled: bool) -> Any:
    """Open this toolkit's stream of row groups that an earlier epoch decompressed."""
    from latam_corpus.train import CorpusStream

    return CorpusStream(
        folder / "store",
        "benchmark",
        seed=7,
        columns=_COLUMNS,
        shuffle=shuffled,
        cache=folder / "decompressed",
        decompressed=True,
    )


def datasets(folder: Path, bucket: str, *, shuffled: bool) -> Any:
    """Open the same files as a stream of Hugging Face's `datasets`, with its buffer."""
    from datasets import load_dataset

    files = _files(folder)
    if bucket:
        files = [f"{bucket}/pulled/{Path(file).relative_to(folder / 'pulled')}" for file in files]
    opened = load_dataset("parquet", data_files=files, split="train", streaming=True, columns=_COLUMNS)
    return opened.shuffle(seed=7) if shuffled else opened


def mds(folder: Path, bucket: str, *, shuffled: bool) -> Any:
    """Open the MDS copy with Streaming."""
    from streaming import StreamingDataset

    place = {"remote": f"{bucket}/mds", "local": str(folder / "cache")} if bucket else {"local": str(folder / "mds")}
    return StreamingDataset(**place, shuffle=shuffled, shuffle_seed=7, batch_size=1)


def litdata(folder: Path, bucket: str, *, shuffled: bool, copy: str = "litdata") -> Any:
    """Open the chunks with LitData."""
    from litdata import StreamingDataset

    if not bucket:
        return StreamingDataset(str(folder / copy), shuffle=shuffled, seed=7)
    from litdata.streaming import downloader

    vars(downloader)["_OBSTORE_CLIENT_OPTIONS"]["allow_http"] = "true"  # the server on loopback has no certificate
    options = {"endpoint_url": os.environ["AWS_ENDPOINT_URL"]}
    cache = str(folder / "cache")
    return StreamingDataset(f"{bucket}/{copy}", cache_dir=cache, shuffle=shuffled, seed=7, storage_options=options)


def grain(folder: Path, _bucket: str, *, shuffled: bool) -> Any:
    """Open one Parquet file of these columns with Grain, shuffled in a window."""
    from grain import experimental  # type: ignore[import-not-found]

    opened: Any = experimental.ParquetIterDataset(str(folder / "grain.parquet"))
    return experimental.WindowShuffleIterDataset(opened, window_size=1000, seed=7) if shuffled else opened


def blocks(rows: Iterable[dict[str, Any]], folder: Path) -> Iterator[tuple[list[Any], int, Any]]:
    """Yield ids and bytes of documents, and the tokens of those that fill a block, as a trainer packs them."""
    import numpy as np
    from tokenizers import Tokenizer

    tokenizer = Tokenizer.from_file(str(folder / "tokenizer.json"))
    end = tokenizer.token_to_id("<|endoftext|>")
    pending = np.zeros(0, np.int32)
    for batch in _batches(rows):
        encoded = tokenizer.encode_batch_fast([row["text"] for row in batch], add_special_tokens=False)
        pending = np.concatenate([pending, *(np.array([*encoding.ids, end], np.int32) for encoding in encoded)])
        whole = len(pending) // BLOCK * BLOCK
        packed, pending = pending[:whole].reshape(-1, BLOCK), pending[whole:]
        yield [row["doc_id"] for row in batch], sum(len(row["text"].encode()) for row in batch), packed


def _batches(rows: Iterable[dict[str, Any]]) -> Iterator[list[dict[str, Any]]]:
    batch: list[dict[str, Any]] = []
    for row in rows:
        batch.append(row)
        if len(batch) == _BATCH:
            yield batch
            batch = []
    if batch:
        yield batch


def write_mds(folder: Path) -> None:
    """Write the documents as MDS."""
    from streaming import MDSWriter

    with MDSWriter(out=str(folder / "mds"), columns=dict.fromkeys(_COLUMNS, "str")) as writer:
        for row in _rows(folder):
            writer.write(row)


def write_litdata(folder: Path, copy: str = "litdata", compression: str | None = None) -> None:
    """Write the documents as LitData's chunks."""
    from litdata.streaming.writer import BinaryWriter

    writer = BinaryWriter(str(folder / copy), chunk_bytes=1 << 26, compression=compression)
    for number, row in enumerate(_rows(folder)):
        writer[number] = row
    writer.done()
    writer.merge()


def write_grain(folder: Path) -> None:
    """Write the documents as one Parquet file."""
    tables = [pq.read_table(file, columns=_COLUMNS) for file in _files(folder)]
    with pq.ParquetWriter(folder / "grain.parquet", tables[0].schema, compression="zstd") as writer:
        for table in tables:
            writer.write_table(table, row_group_size=20_000)


def write_decompressed(folder: Path) -> None:
    """Write the documents as the stream stores them during the first epoch."""
    for _ in decompressed(folder, "", shuffled=False):
        pass


READERS: dict[str, Callable[..., Any]] = {
    "latam_corpus": latam_corpus,
    "decompressed": decompressed,
    "datasets": datasets,
    "mds": mds,
    "litdata": litdata,
    "litdata_zstd": partial(litdata, copy="litdata_zstd"),
    "grain": grain,
}
WRITERS: dict[str, Callable[[Path], None]] = {
    "write-decompressed": write_decompressed,
    "write-mds": write_mds,
    "write-litdata": write_litdata,
    "write-litdata_zstd": partial(write_litdata, copy="litdata_zstd", compression="zstd"),
    "write-grain": write_grain,
}


def used(reader: str, folder: Path, order: str, form: str, bucket: str) -> dict[str, float]:
    """Return the cost of reading all documents once."""
    begun = [time.perf_counter(), _cpu()]
    tokenizers = ("tokenizers",) if form == "tokens" else ()
    for package in (*_PACKAGES[reader], *tokenizers, *(_CLIENTS[reader] if bucket else ())):
        import_module(package)
    opened_at = [time.perf_counter(), _cpu()]
    first: list[float] = []
    documents = size = tokens = 0
    ids: set[str] = set()
    opened = READERS[reader](folder, bucket, shuffled=order == "shuffled")
    if form == "tokens" and reader in OWN:
        from latam_corpus.train import load_tokenizer

        for block in opened.packed(load_tokenizer(folder / "tokenizer.json"), BLOCK):
            first = first or [time.perf_counter() - begun[0], _cpu() - begun[1]]
            tokens += len(block)
            if tokens >= MOST_TOKENS:
                break
    elif form == "tokens":
        for names, length, packed in blocks(opened, folder):
            first = first or [time.perf_counter() - begun[0], _cpu() - begun[1]]
            documents, size, tokens = documents + len(names), size + length, tokens + packed.size
            if tokens >= MOST_TOKENS:
                break
    else:
        for row in opened:
            first = first or [time.perf_counter() - begun[0], _cpu() - begun[1]]
            documents += 1
            size += len(row["text"].encode())
            ids.add(row["doc_id"])
    reported = {"first": first[0], "first_cpu": first[1]}
    reported |= {"seconds": time.perf_counter() - opened_at[0], "cpu": _cpu() - opened_at[1]}
    return reported | {"documents": documents, "bytes": size, "distinct": len(ids), "tokens": tokens}


def _cpu() -> float:
    return sum(os.times()[:4])


def main() -> None:
    """Read or write, and print the cost."""
    name, folder = sys.argv[1], Path(sys.argv[2])
    if name in WRITERS:
        WRITERS[name](folder)
        return
    if hasattr(os, "sched_setaffinity"):
        os.sched_setaffinity(0, {max(os.sched_getaffinity(0))})
    reported = used(name, folder, sys.argv[3], sys.argv[4], sys.argv[5] if len(sys.argv) > 5 else "")
    lines = Path("/proc/self/status").read_text().splitlines()
    [peak] = (line.split()[1] for line in lines if line.startswith("VmHWM"))
    sys.stdout.write(json.dumps(reported | {"peak_mb": int(peak) / 1000}) + "\n")
    sys.stdout.flush()
    os._exit(0)  # some readers leave threads that wait


if __name__ == "__main__":
    main()
