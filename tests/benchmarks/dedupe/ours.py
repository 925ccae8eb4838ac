"""The toolkit's own near-duplicate removal, in a process of its own whose use can be told from the others'.

`python -m tests.benchmarks.dedupe.ours DOCUMENTS OUT` writes what was removed, what stays in its place, and what it
cost.
"""

from __future__ import annotations

import os
import sys
import time
from pathlib import Path
from typing import TYPE_CHECKING, Final

import polars as pl

from latam_corpus.batch import Batch
from latam_corpus.cli.rows import as_documents
from latam_corpus.corpus import ROW, Frames
from latam_corpus.pipeline.registry import Barrier, expanded, make_stage

from ..machine import usage  # noqa: TID252  (`python -m` and mypy name it differently)
from .documents import Result, Used, read_records, write_result

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping, Sequence

_BATCH: Final = 16 * 2**20  # characters, about what the runner gives a batch


def decide(documents: Iterable[Mapping[str, str]], options: Mapping[str, object] | None = None) -> Result:
    """What the stage `dedupe` makes of these records (`id`, `text`, `source_id`).

    The one place where the benchmark knows the stage: its parts before the cut run on batches, as in a run; then the
    barrier decides over the columns that it needs.

    Args:
        documents: read once.
        options: of the stage.
    """
    return _decide(documents, options or {}, {})


def _decide(documents: Iterable[Mapping[str, str]], options: Mapping[str, object], seconds: dict[str, float]) -> Result:
    stages = expanded(make_stage("dedupe", options, "benchmark"))
    barrier = next(stage for stage in stages if isinstance(stage, Barrier))
    held = []
    for records in _batches(documents):
        batch = Batch(as_documents(records, 0))
        for stage in stages:
            if not isinstance(stage, Barrier):
                started = time.process_time()
                batch = stage(batch)
                seconds[stage.name] = seconds.get(stage.name, 0.0) + time.process_time() - started
        aside = getattr(barrier, "aside", ())
        held.append(batch.frame.select(*sorted({"doc_id", *barrier.needs, *aside})))
    if not held:
        return Result({})
    ids = pl.concat([frame.select("doc_id") for frame in held]).with_row_index(ROW)
    started = time.process_time()
    decided = pl.concat(barrier.decide(Frames(tuple(held))), how="diagonal")
    seconds[barrier.name] = time.process_time() - started
    return _result(ids, decided)


def _result(ids: pl.DataFrame, decided: pl.DataFrame) -> Result:
    """What was removed for which document, and what stays although it stands in a longer one."""
    named = ids.join(decided, on=ROW)
    dropped = named.filter(pl.col("duplicate_of").is_not_null())
    inside = named.filter(pl.col("contained_in").is_not_null())
    return Result(
        dict(zip(dropped["doc_id"], dropped["duplicate_of"], strict=True)),
        tuple(zip(inside["doc_id"], inside["contained_in"], strict=True)),
    )


def _batches(documents: Iterable[Mapping[str, str]]) -> Iterator[Sequence[Mapping[str, str]]]:
    held: list[Mapping[str, str]] = []
    size = 0
    for document in documents:
        held.append(document)
        size += len(document["text"])
        if size >= _BATCH:
            yield held
            held, size = [], 0
    if held:
        yield held


def _main(documents: str, out: str) -> None:
    decide([{"id": "1", "text": "Se compila una vez, antes de medir.", "source_id": "benchmark"}] * 2)
    started = usage().cpu
    clock = time.monotonic()
    seconds: dict[str, float] = {}
    result = _decide(read_records(Path(documents)), {}, seconds)
    used = usage()
    write_result(Path(out), result, Used(used.cpu, started, time.monotonic() - clock, used.peak_mb, seconds))


if __name__ == "__main__":
    # One thread, as the rivals have.
    if os.environ.get("POLARS_MAX_THREADS") != "1":
        sys.stderr.write("POLARS_MAX_THREADS is not 1: the figures are of several threads\n")
    _main(*sys.argv[1:])
