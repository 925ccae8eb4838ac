"""Run the toolkit's near-duplicate removal in a process of its own, so that its resources are measured separately.

`python -m tests.benchmarks.dedupe.ours DOCUMENTS OUT` writes what was removed, what stays in its place, and what it
cost.
"""

from __future__ import annotations

import os
import sys
import tempfile
import time
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Final, cast

import numpy as np
import polars as pl
import pyarrow as pa

from latam_corpus.batch import Batch
from latam_corpus.collect.row_files import as_documents
from latam_corpus.corpus import ROW, PieceFile
from latam_corpus.dedupe.fingerprints.fingerprint import Fingerprint
from latam_corpus.engine.local import InProcess
from latam_corpus.pipeline.execution.barriers import RunCorpus
from latam_corpus.pipeline.planning.registry import make_stage
from latam_corpus.stages import Barrier, Stage

from ..machine import usage
from .documents import Result, Used, read_records, write_result

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping, Sequence

    from latam_corpus.pipeline.execution.barriers import Output

# Steps whose CPU seconds are told beside those of the stages.
WORD_TABLE: Final = "word table"
TEXT_HASH: Final = "text_hash"
SPOOL: Final = "write"

# What the runner gives a batch: so many rows, or so many characters.
_ROWS: Final = 2000
_BATCH: Final = 16 * 2**20

# Texts by which all that is compiled is loaded before it is measured: equal ones, copies, some with own passages.
_LINE: Final = "Se compila una vez, antes de medir, lo que después se usa con cada uno de los documentos de la prueba. "
_OWN: Final = " ".join(f"palabra{n}" for n in range(30))
_FIRST: Final = (_LINE * 9, _LINE * 9, f"{_LINE * 8}Y nada más.", *(f"{_LINE * 8}{n} {_OWN}" for n in range(9)))


def decide(documents: Iterable[Mapping[str, str]], options: Mapping[str, object] | None = None) -> Result:
    """Return the decisions of the stage `dedupe` about these records (`id`, `text`, `source_id`).

    The one place where the benchmark knows the stage: its parts before the cut run on batches, as in a run; then the
    barrier decides over the columns that it needs.

    Args:
        documents: read once.
        options: of the stage.
    """
    return _decide(documents, options or {}, {})[0]


def _decide(
    documents: Iterable[Mapping[str, str]], options: Mapping[str, object], seconds: dict[str, float]
) -> tuple[Result, float]:
    """Return the decisions, and the memory peak until then, which excludes the report's own memory."""
    with tempfile.TemporaryDirectory(prefix="latam-bench-") as name:
        corpus = spooled(sketched(documents, options, seconds), Path(name), seconds)
        if not corpus.height:
            return Result({}), usage().peak_mb
        barrier = next(stage for stage in _stages(options) if isinstance(stage, Barrier))
        with timed(seconds, barrier.name):
            decided = pl.concat(barrier.decide(corpus), how="diagonal")
        peak = usage().peak_mb
        return _result(pl.concat(corpus.frames(["doc_id"])), decided), peak


def sketched(
    documents: Iterable[Mapping[str, str]], options: Mapping[str, object], seconds: dict[str, float]
) -> Iterator[pl.DataFrame]:
    """Return the values that a run stores of each batch for the barrier.

    Args:
        documents: records, read once.
        options: of the stage `dedupe`.
        seconds: CPU seconds by step, which are added to.
    """
    stages = _stages(options)
    barrier = next(stage for stage in stages if isinstance(stage, Barrier))
    wanted = sorted({"doc_id", *barrier.needs, *barrier.aside})
    for records in _batches(documents):
        batch = Batch(as_documents(records, 0))
        with timed(seconds, WORD_TABLE):
            batch.words.word_count  # noqa: B018  (made at first use)
        for stage in stages:
            if isinstance(stage, Stage):
                with timed(seconds, stage.name):
                    batch = stage(batch)
        yield batch.frame.select(wanted)


@dataclass(frozen=True)
class Spooled(PieceFile):
    """A batch on disk as a piece of a corpus."""

    def read(self, columns: Sequence[str]) -> pl.DataFrame:
        """These columns of its rows, in order."""
        with pa.memory_map(str(self.path)) as file, pa.ipc.open_file(file) as opened:
            return pl.DataFrame(opened.read_all().select(columns))

    def cut(self) -> Iterator[Spooled]:
        """The batch, which is small enough."""
        yield self


def spooled(frames: Iterable[pl.DataFrame], room: Path, seconds: dict[str, float]) -> RunCorpus:
    """The batches on disk, uncompressed, as the corpus of a run that works in this process.

    Args:
        frames: read once.
        room: a folder for them.
        seconds: CPU seconds by step, which are added to.
    """
    pieces: list[Spooled] = []
    start = 0
    for frame in frames:
        pieces.append(Spooled(room / f"{len(pieces):06d}.arrow", start, frame.height))
        with timed(seconds, SPOOL):
            frame.write_ipc(pieces[-1].path)
        start += frame.height
    return RunCorpus(cast("Sequence[Output]", pieces), (), np.zeros(0, np.int64), room, InProcess())


def _stages(options: Mapping[str, object]) -> Sequence[Stage | Barrier]:
    return make_stage("dedupe", options, "benchmark").expand()


@contextmanager
def timed(seconds: dict[str, float], name: str) -> Iterator[None]:
    """Add the CPU seconds of the enclosed block to those of the step."""
    started = time.process_time()
    yield
    seconds[name] = seconds.get(name, 0.0) + time.process_time() - started


def _result(ids: pl.DataFrame, decided: pl.DataFrame) -> Result:
    """Return the removed documents with the kept ones, and texts that are kept although a longer one contains them."""
    named = ids.join(decided, on=ROW)
    dropped = named.filter(pl.col("duplicate_of").is_not_null())
    inside = named.filter(pl.col("contained_in").is_not_null())
    varied = named.filter(pl.col("variant_of").is_not_null())
    return Result(
        dict(zip(dropped["doc_id"], dropped["duplicate_of"], strict=True)),
        tuple(zip(inside["doc_id"], inside["contained_in"], strict=True)),
        variants=tuple(zip(varied["doc_id"], varied["variant_of"], strict=True)),
    )


def _batches(documents: Iterable[Mapping[str, str]]) -> Iterator[Sequence[Mapping[str, str]]]:
    held: list[Mapping[str, str]] = []
    size = 0
    for document in documents:
        held.append(document)
        size += len(document["text"])
        if size >= _BATCH or len(held) == _ROWS:
            yield held
            held, size = [], 0
    if held:
        yield held


def _main(documents: str, out: str) -> None:
    decide([{"id": str(n), "text": text, "source_id": "benchmark"} for n, text in enumerate(_FIRST)])
    started = usage().cpu
    clock = time.monotonic()
    seconds: dict[str, float] = {}
    result, peak = _decide(read_records(Path(documents)), {}, seconds)
    used = usage()
    # Every run makes the hash of the text, whether it looks for near-duplicates or not: told apart, and measured after
    # the rest, since the stage makes it together with the sketch.
    for records in _batches(read_records(Path(documents))):
        batch = Batch(as_documents(records, 0))
        with timed(seconds, TEXT_HASH):
            Fingerprint()(batch)
    write_result(Path(out), result, Used(used.cpu, started, time.monotonic() - clock, peak, seconds))


if __name__ == "__main__":
    # One thread, as the rivals have.
    if os.environ.get("POLARS_MAX_THREADS") != "1":
        sys.stderr.write("POLARS_MAX_THREADS is not 1: the figures are of several threads\n")
    _main(*sys.argv[1:])
