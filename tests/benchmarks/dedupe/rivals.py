r"""Other tools' near-duplicate removal on the same documents, as the benchmark starts it with another Python.

`PYTHON rivals.py ROW DOCUMENTS OUT` reads a JSON record a line (`id`, `text`) and writes what was removed, what
stays in its place and what it cost; `PYTHON rivals.py ROW FOLDER OUT WORKERS`, of datatrove's rows, how many are
removed of the files of a folder, and the cost. It needs nothing of this project; the Python needs

    pip install datatrove==0.10.1 spacy rensa==0.5.0 datasketch==2.0.0 orjson "xxhash<4" nltk tldextract tokenizers \
        regex

All rows but `rensa-words` have 14 bands of 8 rows over shingles of 5 words, the usual choice of the field.
"""

from __future__ import annotations

import json
import os
import re
import resource
import shutil
import struct
import sys
import tempfile
import time
from pathlib import Path
from typing import TYPE_CHECKING, Any

sys.path.append(str(Path(__file__).resolve().parents[1]))

if TYPE_CHECKING:
    from collections.abc import Iterator

_WORD = re.compile(r"\w+")
_BANDS, _ROWS, _SHINGLE = 14, 8, 5
_THRESHOLD = 0.72  # (1 / bands) ** (1 / rows): where the bands turn
_README_THRESHOLD = 0.8  # of rensa's own example, as its 128 permutations
_BATCH = 1000
# The toolkit runs one thread too; these libraries start one a core.
os.environ.update({"OMP_NUM_THREADS": "1", "RAYON_NUM_THREADS": "1"})


def _records(path: Path) -> Iterator[dict[str, str]]:
    with path.open(encoding="utf-8") as lines:
        for line in lines:
            yield json.loads(line)


def _shingles(text: str) -> list[str]:
    words = _WORD.findall(text.lower())
    return [" ".join(words[at : at + _SHINGLE]) for at in range(max(1, len(words) - _SHINGLE + 1))]


def datatrove(row: str, path: Path, clock: Clock) -> dict[str, str]:
    """Run datatrove's four stages, with one task and one process, and write the kept documents as JSONL."""
    with tempfile.TemporaryDirectory(prefix="rival-") as name:
        source = Path(name) / "in"
        source.mkdir()
        shutil.copy(path, source / "documents.jsonl")
        removed = _chain(row, source, Path(name), 1, clock)
        ids = [record["id"] for record in _records(path)]
        return _clusters(removed, ids)


def removed_by_chain(row: str, folder: Path, workers: int, clock: Clock) -> int:
    """Return how many documents datatrove's four stages remove, with a task per file and this many workers."""
    with tempfile.TemporaryDirectory(prefix="rival-", dir=folder) as name:
        removed = _chain(row, folder, Path(name), workers, clock)
        return sum(file.stat().st_size for file in removed.glob("*.remove")) // struct.calcsize("<I")


def _chain(row: str, source: Path, room: Path, workers: int, clock: Clock) -> Path:
    """Run the four stages; return the folder of removed documents."""
    from datatrove.executor import LocalPipelineExecutor
    from datatrove.pipeline.dedup.minhash import (
        MinhashConfig,
        MinhashDedupBuckets,
        MinhashDedupCluster,
        MinhashDedupFilter,
        MinhashDedupSignature,
    )
    from datatrove.pipeline.readers import JsonlReader
    from datatrove.pipeline.writers import JsonlWriter
    from loguru import logger

    logger.remove()
    config = MinhashConfig(n_grams=_SHINGLE, num_buckets=_BANDS, hashes_per_bucket=_ROWS)
    from rival import regex_tokenizer  # type: ignore[import-not-found]

    language = regex_tokenizer(_WORD) if row == "datatrove-regex" else "spa"
    files = len([*source.glob("*.jsonl")])
    reader = JsonlReader(str(source), glob_pattern="*.jsonl")
    folders = {key: str(room / key) for key in ("signatures", "buckets", "removed", "kept")}
    stages: list[tuple[int, list[Any]]] = [
        (files, [reader, MinhashDedupSignature(folders["signatures"], config, language)]),
        (_BANDS, [MinhashDedupBuckets(folders["signatures"], folders["buckets"], config=config)]),
        (1, [MinhashDedupCluster(folders["buckets"], folders["removed"], config=config, save_cluster_id=True)]),
        (
            files,
            [
                reader,
                MinhashDedupFilter(folders["removed"]),
                JsonlWriter(folders["kept"], compression=None),
            ],
        ),
    ]
    clock.start()
    for number, (tasks, steps) in enumerate(stages, 1):
        logs = str(room / "logs" / str(number))
        # Forked workers are waited for: what they used is known.
        LocalPipelineExecutor(steps, tasks=tasks, workers=workers, logging_dir=logs, start_method="fork").run()
        clock.step(f"stage {number}")
    clock.stop()
    return Path(folders["removed"])


def _clusters(folder: Path, ids: list[str]) -> dict[str, str]:
    """Removed document → the one that its cluster kept."""
    removed: set[int] = set()
    for file in folder.glob("*.remove"):
        removed |= {number for (number,) in struct.iter_unpack("<I", file.read_bytes())}
    members: dict[int, list[int]] = {}
    for file in folder.glob("*.clusters"):
        for document, cluster in struct.iter_unpack("<II", file.read_bytes()):
            members.setdefault(cluster, []).append(document)
    dropped: dict[str, str] = {}
    for member in members.values():
        kept = next(document for document in member if document not in removed)
        dropped |= {ids[document]: ids[kept] for document in member if document != kept}
    return dropped


def datasketch(_: str, path: Path, clock: Clock) -> dict[str, str]:
    """Datasketch's MinHash and LSH; a document that meets an earlier kept one is removed."""
    from datasketch import MinHash, MinHashLSH

    index = MinHashLSH(params=(_BANDS, _ROWS), num_perm=_BANDS * _ROWS)
    dropped: dict[str, str] = {}
    clock.start()
    for record in _records(path):
        sketch = MinHash(num_perm=_BANDS * _ROWS)
        sketch.update_batch([shingle.encode() for shingle in _shingles(record["text"])])
        if met := index.query(sketch):
            dropped[record["id"]] = met[0]
        else:
            index.insert(record["id"], sketch)
    clock.stop()
    return dropped


def rensa(_: str, path: Path, clock: Clock) -> dict[str, str]:
    """Rensa's RMinHash and LSH; a document that meets an earlier kept one is removed."""
    from rensa import RMinHash, RMinHashLSH  # type: ignore[import-not-found]

    index = RMinHashLSH(threshold=_THRESHOLD, num_perm=_BANDS * _ROWS, num_bands=_BANDS)
    dropped: dict[str, str] = {}
    ids: list[str] = []
    batch: list[list[str]] = []

    def settle() -> None:
        start = len(ids) - len(batch)
        for number, sketch in enumerate(RMinHash.from_token_sets(batch, num_perm=_BANDS * _ROWS, seed=42), start):
            if met := index.query(sketch):
                dropped[ids[number]] = ids[min(met)]
            else:
                index.insert(number, sketch)
        batch.clear()

    clock.start()
    for record in _records(path):
        ids.append(record["id"])
        batch.append(_shingles(record["text"]))
        if len(batch) == _BATCH:
            settle()
    settle()
    clock.stop()
    return dropped


def rensa_words(_: str, path: Path, clock: Clock) -> dict[str, str]:
    """Rensa as its README has it: single words between spaces, 128 permutations, threshold .8."""
    from rensa import RMinHash, RMinHashDeduplicator

    tool = RMinHashDeduplicator(threshold=_README_THRESHOLD, num_perm=128, use_lsh=True, seed=42)
    dropped: dict[str, str] = {}
    batch: list[tuple[str, list[str]]] = []

    def settle() -> None:
        for (key, words), keep in zip(batch, tool.add_pairs(batch), strict=True):
            if not keep:
                sketch = RMinHash(num_perm=128, seed=42)
                sketch.update(words)
                dropped[key] = next(iter(tool.get_duplicates(sketch)), "")
        batch.clear()

    clock.start()
    for record in _records(path):
        batch.append((record["id"], record["text"].split()))
        if len(batch) == _BATCH:
            settle()
    settle()
    clock.stop()
    return dropped


class Clock:
    """CPU seconds and peak memory of this process, steps apart."""

    def __init__(self) -> None:
        self.started = self.ended = self.last = 0.0
        self.wall = 0.0
        self.peak_mb = 0.0
        self.stages: dict[str, float] = {}

    def start(self) -> None:
        """Before the first document is read."""
        self.started = self.last = _cpu()
        self.wall = time.monotonic()

    def step(self, name: str) -> None:
        """After a step."""
        now = _cpu()
        self.stages[name] = now - self.last
        self.last = now

    def stop(self) -> None:
        """After the last decision, before it is written down for the benchmark."""
        self.ended = _cpu()
        self.wall = time.monotonic() - self.wall
        self.peak_mb = _peak_mb()


def _cpu() -> float:
    return sum(os.times()[:4])


def _peak_mb() -> float:
    status = Path("/proc/self/status")
    if status.exists():
        [line] = [line for line in status.read_text().splitlines() if line.startswith("VmHWM")]
        return int(line.split()[1]) * 1024 / 1e6
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1e6


ROWS = {
    "datatrove-stock": datatrove,
    "datatrove-regex": datatrove,
    "datasketch": datasketch,
    "rensa": rensa,
    "rensa-words": rensa_words,
}


def _main(row: str, documents: str, out: str, workers: str = "") -> None:
    clock = Clock()
    reported: dict[str, Any] = {"contained": [], "pairs": None}
    if workers:
        reported["removed"] = removed_by_chain(row, Path(documents), int(workers), clock)
    else:
        reported["dropped"] = ROWS[row](row, Path(documents), clock)
    reported["used"] = {
        "cpu": clock.ended,
        "started": clock.started,
        "wall": clock.wall,
        "peak_mb": clock.peak_mb,
        "stages": clock.stages,
    }
    if workers:
        reported["used"]["children_peak_mb"] = resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss * 1024 / 1e6
    Path(out).write_text(json.dumps(reported), encoding="utf-8")


if __name__ == "__main__":
    _main(*sys.argv[1:])
