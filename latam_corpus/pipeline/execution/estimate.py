"""What a run would take in time and disk, estimated from a sample of each source.

The sample is really worked, once: a few hundred records of the source's largest part that isn't done, or as many of its
small files, in a folder thrown away afterwards. A few of them are worked before, so that the time to compile and to
open models isn't taken for the documents'. How much of the part the sample is, compressed files don't say; it is
estimated by compressing it.
"""

from __future__ import annotations

import tempfile
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Final

import polars as pl
import zstandard

from latam_corpus.errors import PartError
from latam_corpus.pipeline.execution.part import Task, cpu_seconds, folder_of, keys_of, run_part
from latam_corpus.pipeline.rows.step_file import DROPPED, ROWS, is_whole

if TYPE_CHECKING:
    from collections.abc import Sequence

    from latam_corpus.pipeline.execution.part import Outcome
    from latam_corpus.pipeline.planning.plan import Part, Plan

_RECORDS: Final = 300
_WARMED_BY: Final = 10
_FILES: Final = 20
_SMALL: Final = 2**20
_SAMPLE_BYTES: Final = 4 * 2**20  # of small files
_FEWEST: Final = 4
_UNPACKED_A_SECOND: Final = 300 * 10**6  # bytes, by gzip; Zstandard is faster, xz slower
_PACKED: Final = (".gz", ".xz", ".zst", ".bz2", ".parquet", ".zip")


@dataclass(frozen=True)
class Estimate:
    """What the parts not yet done would take.

    Attributes:
        seconds: CPU seconds of one worker, up to the first barrier.
        disk: bytes of outputs.
        sampled: bytes of input that were worked to find out.
        remaining: bytes of input not yet done.
    """

    seconds: float
    disk: int
    sampled: int
    remaining: int


def is_done(task: Task) -> bool:
    """Whether the outputs of all steps are there, and whole."""
    return all(is_whole(folder_of(task.work, key)) for key in keys_of(task))


def estimate(plan: Plan, parts: Sequence[Part], work: Path) -> Estimate:
    """Return the estimate for the parts whose first segment isn't done."""
    segment = plan.segments[0]
    todo = [part for part in parts if not is_done(Task(part, segment, work))]
    total = Estimate(0.0, 0, 0, 0)
    with tempfile.TemporaryDirectory(prefix="latam-corpus-") as name:
        for source in {part.source.id: part.source for part in todo}:
            mine = [part for part in todo if part.source.id == source]
            for kind, is_pack in ((_of_packs, True), (_of_files, False)):
                if chosen := [part for part in mine if (len(part.files) > 1) is is_pack]:
                    total = _added(total, kind(chosen, plan, Path(name)))
    return total


def _of_packs(parts: Sequence[Part], plan: Plan, work: Path) -> Estimate:
    """Small files of all sizes, as a pack of their own; of each what its size comes to, and what any file costs."""
    inputs = sorted((one for part in parts for one in part.inputs), key=lambda one: -one.file.size)
    bytes_ = sum(part.bytes for part in parts)
    count = min(len(inputs), _RECORDS, max(_FEWEST, _SAMPLE_BYTES * len(inputs) // max(bytes_, 1)))
    chosen = sorted((inputs[int((n + 0.5) * len(inputs) / count)] for n in range(count)), key=lambda one: one.file)
    sample = replace(parts[0], inputs=tuple(chosen), key=f"{parts[0].key}-sample")
    _warm(replace(sample, inputs=sample.inputs[:_WARMED_BY]), plan, work)
    seconds, output_bytes, _ = _sampled(sample, plan, work)
    scale = len(inputs) / count
    return Estimate(seconds * scale, int(output_bytes * scale), sample.bytes, bytes_)


def _of_files(parts: Sequence[Part], plan: Plan, work: Path) -> Estimate:
    """Return the largest part's first records; where files are small, some whole ones of all sizes.

    Args:
        parts: those of one source that are a file or a span of one.
        plan: what is done with them.
        work: a folder for what the sample makes.
    """
    # Of a file that is unpacked again for each of its parts, the first has nothing before it.
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
    # A small file costs what any file costs, more than its bytes do.
    scale = len(parts) / count if small else remaining / max(read, 1)
    again = sum(map(_skipped, parts)) / _UNPACKED_A_SECOND
    return Estimate(seconds * scale + again, int(output_bytes * scale), read, remaining)


def _skipped(part: Part) -> int:
    return part.span.skip if part.span else 0


def _warm(part: Part, plan: Plan, work: Path) -> None:
    """Compile code and open models by a few records."""
    _worked(Task(replace(part, limit=_WARMED_BY, key=f"{part.key}-first"), plan.segments[0], work))


def _sampled(part: Part, plan: Plan, work: Path) -> tuple[float, int, list[Path]]:
    """Return the CPU seconds that the part took, the bytes of its outputs, and their folders."""
    started = cpu_seconds()
    outcome = _worked(Task(part, plan.segments[0], work))
    seconds = cpu_seconds() - started
    folders = [folder_of(work, key) for key in outcome.keys]
    output_bytes = sum(file.stat().st_size for folder in folders for file in folder.glob("*.parquet"))
    # Rows that barriers decide on are written once more for each segment that follows.
    return seconds, output_bytes + (len(plan.segments) - 1) * (folders[-1] / ROWS).stat().st_size, folders


def _worked(task: Task) -> Outcome:
    """Return the outcome of a task that didn't fail.

    Raises:
        PartError: it failed, as it would in the run.
    """
    outcome = run_part(task)
    if outcome.error:
        raise PartError(outcome.part, outcome.error, outcome.remedy)
    return outcome


def _input_bytes(part: Part, folders: Sequence[Path]) -> int:
    """How much of the file the sample's records are, or of what `--limit` takes of it."""
    texts = pl.concat(
        [
            pl.read_parquet(folder / name, glob=False, columns=["text"])
            for folder in folders[:1]
            for name in (ROWS, DROPPED)
        ]
    )["text"].drop_nulls()
    if texts.len() < _RECORDS:
        return part.bytes  # the part had no more
    data = "\n".join(texts).encode()
    unpacked = part.span is not None and part.span.kind != "records"
    packed = not unpacked and part.files[0].relative.lower().endswith(_PACKED)
    size = len(zstandard.ZstdCompressor(3).compress(data)) if packed else len(data)
    return max(size, part.bytes * _RECORDS // part.limit) if part.limit else size


def _added(one: Estimate, other: Estimate) -> Estimate:
    return Estimate(
        one.seconds + other.seconds,
        one.disk + other.disk,
        one.sampled + other.sampled,
        one.remaining + other.remaining,
    )
