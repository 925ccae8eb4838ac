"""One reader over one copy of the documents, as `stream` starts it, maybe with another Python.

`PYTHON stream_readers.py READER FOLDER SHUFFLED` prints what it used as one line of JSON: seconds to the first document
and to the last, documents, bytes of text, and peak memory. READER is `latam_corpus`, `datasets`, `mds`, `litdata` or
`grain`; with `write-` before its name it makes its own copy of the documents first, from the Parquet files in FOLDER.
"""

from __future__ import annotations

import json
import os
import sys
import time
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pyarrow.parquet as pq

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

_COLUMNS = ["doc_id", "text"]


def _files(folder: Path) -> list[str]:
    return [str(path) for path in sorted((folder / "pulled" / "data").rglob("*.parquet"))]


def _rows(folder: Path) -> Iterator[dict[str, Any]]:
    for file in _files(folder):
        yield from pq.read_table(file, columns=_COLUMNS).to_pylist()


def latam_corpus(folder: Path, *, shuffled: bool) -> Any:
    """This toolkit's."""
    from latam_corpus.train import CorpusStream

    return CorpusStream(folder / "store", "benchmark", seed=7, columns=_COLUMNS, shuffle=shuffled)


def datasets(folder: Path, *, shuffled: bool) -> Any:
    """Hugging Face's, streaming the same files, with its own buffer."""
    from datasets import load_dataset

    opened = load_dataset("parquet", data_files=_files(folder), split="train", streaming=True, columns=_COLUMNS)
    return opened.shuffle(seed=7) if shuffled else opened


def mds(folder: Path, *, shuffled: bool) -> Any:
    """Streaming's, from MDS."""
    from streaming import StreamingDataset

    return StreamingDataset(local=str(folder / "mds"), shuffle=shuffled, shuffle_seed=7, batch_size=1)


def litdata(folder: Path, *, shuffled: bool) -> Any:
    """LitData's, from its chunks."""
    from litdata import StreamingDataset

    return StreamingDataset(str(folder / "litdata"), shuffle=shuffled, seed=7)


def grain(folder: Path, *, shuffled: bool) -> Any:
    """Grain's, from one Parquet file of these columns, since it reads all; shuffled in a window of its own."""
    from grain import experimental  # type: ignore[import-not-found]

    opened: Any = experimental.ParquetIterDataset(str(folder / "grain.parquet"))
    return experimental.WindowShuffleIterDataset(opened, window_size=1000, seed=7) if shuffled else opened


def write_mds(folder: Path) -> None:
    """The documents as MDS."""
    from streaming import MDSWriter

    with MDSWriter(out=str(folder / "mds"), columns=dict.fromkeys(_COLUMNS, "str")) as writer:
        for row in _rows(folder):
            writer.write(row)


def write_litdata(folder: Path) -> None:
    """The documents as LitData's chunks."""
    from litdata.streaming.writer import BinaryWriter

    writer = BinaryWriter(str(folder / "litdata"), chunk_bytes=1 << 26)
    for number, row in enumerate(_rows(folder)):
        writer[number] = row
    writer.done()
    writer.merge()


def write_grain(folder: Path) -> None:
    """The documents as one Parquet file."""
    tables = [pq.read_table(file, columns=_COLUMNS) for file in _files(folder)]
    with pq.ParquetWriter(folder / "grain.parquet", tables[0].schema, compression="zstd") as writer:
        for table in tables:
            writer.write_table(table, row_group_size=20_000)


READERS: dict[str, Callable[..., Any]] = {
    "latam_corpus": latam_corpus,
    "datasets": datasets,
    "mds": mds,
    "litdata": litdata,
    "grain": grain,
}
WRITERS: dict[str, Callable[[Path], None]] = {
    "write-mds": write_mds,
    "write-litdata": write_litdata,
    "write-grain": write_grain,
}


def main() -> None:
    """Read or write, and tell."""
    name, folder, shuffled = sys.argv[1], Path(sys.argv[2]), sys.argv[3] == "shuffled"
    if name in WRITERS:
        WRITERS[name](folder)
        return
    if hasattr(os, "sched_setaffinity"):
        os.sched_setaffinity(0, {min(os.sched_getaffinity(0))})
    begun = time.perf_counter()
    rows = iter(READERS[name](folder, shuffled=shuffled))
    row = next(rows)
    first = time.perf_counter() - begun
    documents, size, ids = 1, len(row["text"].encode()), {row["doc_id"]}
    begun = time.perf_counter()
    for row in rows:
        documents += 1
        size += len(row["text"].encode())
        ids.add(row["doc_id"])
    seconds = time.perf_counter() - begun
    [peak] = (
        line.split()[1] for line in Path("/proc/self/status").read_text().splitlines() if line.startswith("VmHWM")
    )
    told = {"first": first, "seconds": seconds, "documents": documents, "bytes": size, "distinct": len(ids)}
    sys.stdout.write(json.dumps(told | {"peak_mb": int(peak) / 1000}) + "\n")
    sys.stdout.flush()
    os._exit(0)  # some readers leave threads that wait


if __name__ == "__main__":
    main()
