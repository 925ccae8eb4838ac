"""Estimate a run's time and disk space from a sample of each source.

The sample is processed in a temporary folder: a few hundred records of the source's largest unfinished part, or some of
its small files. A few records are processed first, so that the time to compile code and load models isn't counted. The
sample's share of a compressed file is estimated by compressing the sample.
"""

from __future__ import annotations

import tempfile
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Final

import polars as pl
import zstandard

from latam_corpus.errors import PartError
from latam_corpus.pipeline.execution.part import Task, cpu_seconds, folder_of, keys_of
from latam_corpus.pipeline.execution.restart import run_part
from latam_corpus.pipeline.rows.step_file import DROPPED, ROWS, is_whole

if TYPE_CHECKING:
    from collections.abc import Sequence

    from latam_corpus.pipeline.execution.part import Outcome
    from latam_corpus.pipeline.planning.plan import Part, Plan

_RECORDS: Final = 300
_WARMED_BY: Final = 10
_FILES: Final = 20
_SMALL: Final = 2**20
_SAMPLE_BYTES: Final = 4 * 2**20  # bytes of small files to sample
_FEWEST: Final = 4
_UNPACKED_A_SECOND: Final = 300 * 10**6  # bytes, with gzip; Zstandard is faster, xz slower
_PACKED: Final = (".gz", ".xz", ".zst", ".bz2", ".parquet", ".zip")


@dataclass(frozen=True)
class Estimate:
    """The estimated cost of the unfinished parts, in bytes of outputs and of input, sampled and in all.

    Attributes:
        seconds: CPU seconds of one worker, up to the first barrier.
    """

    seconds: float
    disk: int
    sampled: int
    remaining: int


def is_done(task: Task) -> bool:
    """Whether the outputs of all steps exist and aren't damaged."""
    return all(is_whole(folder_of(task.work, key)) for key in keys_of(task))


def estimate(plan: Plan, parts: Sequence[Part], work: Path) -> Estimate:
    """Estimate the cost of the parts whose first segment isn't finished."""
    segment = plan.segments[0]
    todo = [part for part in parts if not is_done(Task(part, segment, work))]
    total = Estimate(0.0, 0, 0, 0)
    with tempfile.TemporaryDirectory(prefix="latam-corpus-") as name:
        for source in {part.source.id: part.source for part in todo}:
            source_parts = [part for part in todo if part.source.id == source]
            for sample_parts, is_pack in ((_of_packs, True), (_of_files, False)):
                if same_kind := [part for part in source_parts if (len(part.files) > 1) is is_pack]:
                    total = _added(total, sample_parts(same_kind, plan, Path(name)))
    return total


def _of_packs(parts: Sequence[Part], plan: Plan, work: Path) -> Estimate:
    """Estimate packs of small files from a pack with files of all sizes."""
    inputs = sorted((input_ for part in parts for input_ in part.inputs), key=lambda input_: -input_.file.size)
    bytes_ = sum(part.bytes for part in parts)
    count = min(len(inputs), _RECORDS, max(_FEWEST, _SAMPLE_BYTES * len(inputs) // max(bytes_, 1)))
    chosen = sorted(
        (inputs[int((n + 0.5) * len(inputs) / count)] for n in range(count)), key=lambda input_: input_.file
    )
    sample = replace(parts[0], inputs=tuple(chosen), key=f"{parts[0].key}-sample")
    _warm(replace(sample, inputs=sample.inputs[:_WARMED_BY]), plan, work)
    seconds, output_bytes, _ = _sampled(sample, plan, work)
    scale = len(inputs) / count
    return Estimate(seconds * scale, int(output_bytes * scale), sample.bytes, bytes_)


def _of_files(parts: Sequence[Part], plan: Plan, work: Path) -> Estimate:
    """Estimate whole files or spans from the first records of the largest part, or from small files of all sizes."""
    # If each part unpacks its file from the start, the first part of a file skips nothing.
    ordered = sorted(parts, key=lambda part: (_skipped(part) > 0, -part.bytes))
    small = ordered[0].bytes <= _SMALL
    count = min(len(parts), _FILES) if small else 1
    sample = [ordered[int((index + 0.5) * len(parts) / count)] for index in range(count)] if small else ordered[:1]
    seconds, output_bytes, read = 0.0, 0, 0
    _warm(sample[0], plan, work)
    for part in sample:
        used, stored, folders = _sampled(replace(part, limit=min(part.limit or _RECORDS, _RECORDS)), plan, work)
        seconds += used
        output_bytes += stored
        read += min(_input_bytes(part, folders), part.bytes)
    remaining = sum(part.bytes for part in parts)
    # The cost of a small file depends more on opening it than on its size.
    scale = len(parts) / count if small else remaining / max(read, 1)
    unpacking_seconds = sum(map(_skipped, parts)) / _UNPACKED_A_SECOND
    return Estimate(seconds * scale + unpacking_seconds, int(output_bytes * scale), read, remaining)


def _skipped(part: Part) -> int:
    return part.span.skip if part.span else 0


def _warm(part: Part, plan: Plan, work: Path) -> None:
    """Process a few records, so that code is compiled and models are loaded."""
    _run(Task(replace(part, limit=_WARMED_BY, key=f"{part.key}-first"), plan.segments[0], work))


def _sampled(part: Part, plan: Plan, work: Path) -> tuple[float, int, list[Path]]:
    """Process a part; return its CPU seconds, the bytes of its outputs, and their folders."""
    started = cpu_seconds()
    outcome = _run(Task(part, plan.segments[0], work))
    seconds = cpu_seconds() - started
    folders = [folder_of(work, key) for key in outcome.keys]
    output_bytes = sum(file.stat().st_size for folder in folders for file in folder.glob("*.parquet"))
    # Each later segment writes the rows once more.
    return seconds, output_bytes + (len(plan.segments) - 1) * (folders[-1] / ROWS).stat().st_size, folders


def _run(task: Task) -> Outcome:
    """Run a task and return its outcome; raise `PartError` if it failed, as it would in the run."""
    outcome = run_part(task)
    if outcome.error:
        raise PartError(outcome.part, outcome.error, outcome.remedy)
    return outcome


def _input_bytes(part: Part, folders: Sequence[Path]) -> int:
    """Estimate the stored size of the sampled records in bytes, scaled to `--limit` if there is one."""
    texts = pl.concat(
        [
            pl.read_parquet(folder / name, glob=False, columns=["text"])
            for folder in folders[:1]
            for name in (ROWS, DROPPED)
        ]
    )["text"].drop_nulls()
    if texts.len() < _RECORDS:
        return part.bytes  # the part has no more records
    data = "\n".join(texts).encode()
    unpacked = part.span is not None and part.span.kind != "records"
    packed = not unpacked and part.files[0].relative.lower().endswith(_PACKED)
    size = len(zstandard.ZstdCompressor(3).compress(data)) if packed else len(data)
    return max(size, part.bytes * _RECORDS // part.limit) if part.limit else size


def _added(first: Estimate, second: Estimate) -> Estimate:
    return Estimate(
        first.seconds + second.seconds,
        first.disk + second.disk,
        first.sampled + second.sampled,
        first.remaining + second.remaining,
    )
