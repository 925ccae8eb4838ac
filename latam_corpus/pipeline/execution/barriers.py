"""Let barriers decide on all parts of a run, with memory nearly independent of the corpus's size.

Each row's key is written to the disk as a hash of 64 bits; other columns are only read for rows that share a key.
Decisions are stored by part, so that a part with unchanged decisions isn't processed again.
"""

from __future__ import annotations

import tempfile
import traceback
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any, ClassVar, Final, TypeVar

import numpy as np
import polars as pl
import pyarrow.parquet as pq

from latam_corpus import schema
from latam_corpus.__about__ import __version__
from latam_corpus.corpus import ROW, PieceFile, rows_of
from latam_corpus.errors import MAKE_ROOM, MORE_MEMORY, CorpusError, PartError, cause_in_disk, on_disk
from latam_corpus.messages import N_, _
from latam_corpus.pipeline.execution.decisions import StoredDecisions, remember, remembered, store
from latam_corpus.pipeline.execution.events import BarrierStarted
from latam_corpus.pipeline.execution.part import NO_MEMORY, Outcome
from latam_corpus.pipeline.rows.step_file import ASIDE, DROPPED, ROWS, StepCounts, fetch_outputs
from latam_corpus.pipeline.stored_runs.keys import digest_of, stage_digest
from latam_corpus.storage.spill import Spill, compact

if TYPE_CHECKING:
    from collections.abc import Callable, Generator, Iterable, Iterator, Mapping, Sequence

    from numpy.typing import NDArray

    from latam_corpus.corpus import Piece
    from latam_corpus.messages import Message
    from latam_corpus.pipeline.execution.engines import Engine, OnStep
    from latam_corpus.pipeline.execution.events import StageEvent
    from latam_corpus.stages import Barrier

T = TypeVar("T")
R = TypeVar("R")

# Documents of an earlier version that new ones replace: id and text hash of the old document, id of the new one, and
# the evidence.
_REPLACED_COLUMNS: Final = ("doc_id", "text_hash", "duplicate_of", "containment")
REPLACED: Final = pl.Schema(
    {name: schema.DOCUMENT_SCHEMA[name] for name in _REPLACED_COLUMNS} | {"evidence": pl.String()}
)
# Titles of the steps that find rows with equal keys, by the key's column.
_READING: Final = {"doc_id": N_("reading every doc_id"), "text_hash": N_("reading every text_hash")}
_DECIDING: Final = {
    "doc_id": N_("comparing documents with the same doc_id"),
    "text_hash": N_("comparing documents with the same text_hash"),
}
# Incremented when decisions are stored differently or made on other rows. Decisions of another format are repeated.
_FORMAT: Final = 1
_BUCKET_BITS: Final = 8
_KEYS_AT_ONCE: Final = 1 << 18  # keys in memory, 4 MB, before they are written to files
_AT_ONCE: Final = 50_000  # rows in memory at once, with decisions or all columns that a barrier needs
_VALUES_A_PIECE: Final = 4_000_000  # side values of a piece, 16 MB; most are words of documents


@dataclass(frozen=True)
class Output(PieceFile):
    """A piece of the corpus: rows of a step's output, with the side columns that are stored for barriers.

    Attributes:
        skipped: the number of rows of the file before the first row.
    """

    skipped: int = 0

    def read(self, columns: Sequence[str]) -> pl.DataFrame:
        """Return these columns of its rows, in order."""
        stored = [name for name in columns if name in schema.DOCUMENT_SCHEMA]
        frames = [self._read(self.path, stored)] if stored else []
        if len(stored) < len(columns):
            side_columns = [name for name in columns if name not in schema.DOCUMENT_SCHEMA]
            frames.append(self._read(self.path.with_name(ASIDE), side_columns))
        return pl.concat(frames, how="horizontal").select(columns)

    def _read(self, path: Path, columns: list[str]) -> pl.DataFrame:
        return pl.scan_parquet(path, glob=False).select(columns).slice(self.skipped, self.height).collect()

    def cut(self) -> Iterator[Output]:
        """Yield the rows in smaller pieces, each with at most a few million side values, or one row group."""
        path = self.path.with_name(ASIDE)
        metadata = pq.read_metadata(path if path.exists() else self.path)
        first = end = values = 0
        for group in map(metadata.row_group, range(metadata.num_row_groups)):
            size = sum(group.column(column).num_values for column in range(group.num_columns))
            if end > first and values + size > _VALUES_A_PIECE:
                yield replace(self, start=self.start + first, height=end - first, skipped=first)
                first, values = end, 0
            end += group.num_rows
            values += size
        yield replace(self, start=self.start + first, height=self.height - first, skipped=first)


def no_step(title: str, done: int, total: int) -> None:
    """Ignore progress. This is the default of `OnStep` parameters."""


@dataclass(frozen=True, eq=False)
class RunCorpus:
    """The corpus of a run between two segments, read from the parts' outputs.

    Attributes:
        kept_outputs: the parts' kept rows, in the parts' order.
        dropped_outputs: rows that stages have dropped; their numbers start at `height`.
        dropped_rows: the numbers of rows that an earlier barrier of this cut has dropped, sorted.
        workdir: a folder for temporary files.
        engine: the engine that runs jobs.
        notes: notes of barriers for `run.json`.
        on_step: see `OnStep`.
    """

    kept_outputs: Sequence[Output]
    dropped_outputs: Sequence[Output]
    dropped_rows: NDArray[np.int64]
    workdir: Path
    engine: Engine
    notes: dict[str, Any] = field(default_factory=dict)
    on_step: OnStep = no_step

    @classmethod
    def of(cls, outputs: Iterable[Sequence[Path]], workdir: Path, engine: Engine, on_step: OnStep) -> RunCorpus:
        """Return the corpus of these outputs, given as the folders of each part's steps."""
        folders = list(outputs)
        fetch_outputs((steps[-1] for steps in folders), ROWS, ASIDE)
        fetch_outputs((folder for steps in folders for folder in steps), DROPPED)
        kept_outputs = _consecutive([steps[-1] / ROWS for steps in folders], 0)
        end = kept_outputs[-1].start + kept_outputs[-1].height if kept_outputs else 0
        dropped_outputs = _consecutive([folder / DROPPED for steps in folders for folder in steps], end)
        return cls(kept_outputs, dropped_outputs, np.zeros(0, np.int64), workdir, engine, on_step=on_step)

    @property
    def height(self) -> int:
        """The number of kept rows, including those that a barrier has dropped."""
        return self.kept_outputs[-1].start + self.kept_outputs[-1].height if self.kept_outputs else 0

    def pieces(self) -> list[Piece]:
        """Return all kept rows in order, including those that a barrier has dropped."""
        return [piece for output in self.kept_outputs for piece in output.cut()]

    def frames(self, columns: Sequence[str]) -> Iterator[pl.DataFrame]:
        """Yield `row` and these columns of each piece, without rows that a barrier has dropped."""
        for number, output in enumerate(self.kept_outputs, 1):
            for piece in output.cut():
                yield rows_of(piece, columns, self.dropped_rows)
            self.step(N_("reading rows"), number, len(self.kept_outputs))

    def step(self, title: str, done: int, total: int) -> None:
        """Report the progress of a step."""
        self.on_step(title, done, total)

    def repeated(
        self, key: str, columns: Sequence[str], *, with_dropped: bool = False, also: Sequence[Piece] = ()
    ) -> Iterator[pl.DataFrame]:
        """Yield `row` and these columns of all rows with a repeated `key`; rows with equal keys are in one frame."""
        pieces: list[Piece] = [*self.kept_outputs, *(self.dropped_outputs if with_dropped else ()), *also]
        read_columns = sorted({key, *columns})
        with tempfile.TemporaryDirectory(prefix="keys-", dir=self.workdir) as name:
            keys = _KeyHashes(Path(name))
            for number, piece in enumerate(pieces):
                keys.add(rows_of(piece, [key], self.dropped_rows)[key])
                self.step(_READING.get(key, f"reading every {key}"), number + 1, len(pieces))
            slices = keys.cut()
            matching, empty = Spill(Path(name) / "matching"), pl.DataFrame()
            for number, piece in enumerate(pieces):
                matches = keys.repeated(number)
                parts = self.kept_outputs[number].cut() if number < len(self.kept_outputs) else [piece]
                for rows, slice_numbers in self._at(parts, read_columns, matches) if matches.height else ():
                    empty = rows.clear()
                    matching.add_by(compact(rows), slice_numbers)
            matching.flush()
            for number in range(slices):
                rows = matching.take(number, empty.schema)
                if rows.height:  # a group larger than a slice leaves slices empty
                    yield rows.filter(pl.col(key).is_not_null()).select(ROW, *columns)
                self.step(_DECIDING.get(key, f"comparing documents with the same {key}"), number + 1, slices)

    def _at(
        self, parts: Iterable[Piece], columns: Sequence[str], matches: pl.DataFrame
    ) -> Iterator[tuple[pl.DataFrame, NDArray[np.int64]]]:
        """Yield the rows of each piece that `_KeyHashes.repeated` returns, with the numbers of their slices."""
        places, slices = (matches[name].to_numpy() for name in ("place", "slice"))
        first = 0
        for part in parts:
            rows = rows_of(part, columns, self.dropped_rows)
            selected = slice(*np.searchsorted(places, [first, first + rows.height]))
            yield rows[places[selected] - first], slices[selected]
            first += rows.height

    def map(self, work: Callable[[T], R], jobs: Sequence[T], title: str = "") -> Iterator[R]:
        """Run `work` for each job on the run's engine, and yield the results in any order.

        Raises:
            PartError: a job failed, so that the barrier can't decide.
        """
        wrapped = [_BarrierJob(work, job, f"{work.__name__} {n} of {len(jobs)}") for n, job in enumerate(jobs, 1)]
        for done, outcome in enumerate(self.engine.map(_run_job, wrapped), 1):
            if outcome.error:
                remedy = outcome.remedy or _("run it again: finished work is reused")
                full = remedy == MAKE_ROOM
                raise PartError(outcome.part, on_disk(outcome.error, self.workdir) if full else outcome.error, remedy)
            self.step(title or work.__name__, done, len(jobs))
            yield outcome.value


@dataclass(frozen=True)
class _BarrierJob:
    """A barrier's job for an engine."""

    work: Callable[[Any], Any]
    argument: Any
    name: str
    may_run_concurrently: ClassVar[bool] = False  # jobs write files without temporary names

    @property
    def bytes(self) -> int:
        """Its approximate size."""
        return int(self.argument.bytes)


def _run_job(job: _BarrierJob) -> Outcome:
    try:
        return Outcome(job.name, value=job.work(job.argument))
    except CorpusError as error:
        return Outcome(job.name, error=error.without_remedy, remedy=error.help)
    except MemoryError:
        return Outcome(job.name, error=NO_MEMORY, remedy=MORE_MEMORY)
    except Exception as error:  # noqa: BLE001  (the boundary of a job: not every error can be pickled)
        if cause := cause_in_disk(error):
            return Outcome(job.name, error=cause, remedy=MAKE_ROOM)
        return Outcome(job.name, error=traceback.format_exc(limit=-4).strip())


def _consecutive(files: Iterable[Path], start: int) -> list[Output]:
    outputs = []
    for path in files:
        outputs.append(Output(path, start, pq.read_metadata(path).num_rows))
        start += outputs[-1].height
    return outputs


def decide(
    barriers: Sequence[Barrier],
    outputs: Mapping[str, Sequence[Path]],
    work: Path,
    engine: Engine,
    restore_rows: Callable[[], None] = lambda: None,
    on_step: OnStep = no_step,
) -> Generator[StageEvent, None, StoredDecisions]:
    """Let barriers decide on all parts' rows; yield an event when one starts, and return the decisions.

    Stored decisions on the same outputs are reused.

    Args:
        barriers: the barriers of one cut, in order; rows that one drops aren't seen by the next.
        outputs: the output folders of each part's steps.
        work: the work folder.
        engine: the engine that runs the barriers' jobs.
        restore_rows: called before outputs are read, to restore rows that were cleared.
        on_step: see `OnStep`.
    """
    stored, notice_of_stored = remembered(work, _decisions_key(barriers, outputs))
    if stored:
        return replace(stored, rows=_row_digests(outputs))
    restore_rows()
    key, rows = _decisions_key(barriers, outputs), _row_digests(outputs)  # restored rows may differ
    with tempfile.TemporaryDirectory(prefix="decisions-", dir=work) as name:
        corpus = RunCorpus.of(outputs.values(), Path(name), engine, on_step)
        starts = np.array([piece.start for piece in corpus.kept_outputs] + [corpus.height], np.int64)
        spool = _DecisionSpool(Path(name), list(outputs), starts)
        for barrier in barriers:
            yield BarrierStarted(barrier.name, corpus.height - len(corpus.dropped_rows))
            dropped = []
            try:
                for decision_rows in barrier.decide(corpus):
                    dropped_rows = spool.add(barrier.name, decision_rows)
                    if barrier is not barriers[-1]:  # only later barriers need them
                        dropped.append(dropped_rows)
            except OSError as error:
                cause = cause_in_disk(error, Path(name))
                if cause is None:  # not caused by a full disk
                    raise
                raise PartError(_("stage «{stage}»", stage=barrier.name), cause, MAKE_ROOM) from error
            corpus = replace(corpus, dropped_rows=np.sort(np.concatenate([corpus.dropped_rows, *dropped])))
        parts = spool.stored(work, digest_of(*map(stage_digest, barriers)))
        # The run's files must not depend on the order in which a barrier's jobs finish.
        replaced = pl.concat([pl.DataFrame(schema=REPLACED), *spool.replaced]).sort(*_REPLACED_COLUMNS[:3])
        mended = {str(notice): notice for notice in (notice_of_stored, *spool.mended) if notice}
        decisions = StoredDecisions(parts, replaced, corpus.notes, tuple(mended.values()), rows=rows)
    return remember(decisions, work, key)


def _decisions_key(barriers: Sequence[Barrier], outputs: Mapping[str, Sequence[Path]]) -> str:
    """Return a digest of the barriers and of the outputs' content."""
    files_by_part = {part: [StepCounts.read(folder).files for folder in folders] for part, folders in outputs.items()}
    part_digests = [
        [part, [files[DROPPED] for files in steps], *(steps[-1].get(name) for name in (ROWS, ASIDE))]
        for part, steps in files_by_part.items()
    ]
    return digest_of(part_digests, [stage_digest(barrier) for barrier in barriers], _FORMAT, __version__)


def _row_digests(outputs: Mapping[str, Sequence[Path]]) -> dict[str, str]:
    return {part: StepCounts.read(folders[-1]).files[ROWS] for part, folders in outputs.items()}


class _DecisionSpool:
    """A temporary store of decisions on the disk, in blocks of parts."""

    def __init__(self, folder: Path, names: Sequence[str], starts: NDArray[np.int64]) -> None:
        self._names = names
        self._starts = starts
        self._blocks = Spill(folder / "decided")
        self._columns: dict[str, pl.DataType] = {}
        self.replaced: list[pl.DataFrame] = []
        self.mended: list[Message] = []

    def add(self, barrier: str, decision_rows: pl.DataFrame) -> NDArray[np.int64]:
        """Add decisions, and return the numbers of the rows that they drop."""
        is_of_run = pl.col(ROW) < int(self._starts[-1])
        if "doc_id" in decision_rows.columns:
            replaced_rows = decision_rows.filter(~is_of_run & pl.col("drop_reason").is_not_null())
            self.replaced.append(schema.conform(replaced_rows, REPLACED))
            decision_rows = decision_rows.drop("doc_id", "text_hash", strict=False)
        rows = decision_rows.filter(is_of_run)
        row_numbers = rows[ROW].to_numpy()
        part = np.searchsorted(self._starts, row_numbers, side="right") - 1
        stored = rows.drop(ROW).with_columns(
            pl.Series("part", part, dtype=pl.UInt32),
            pl.Series("place", row_numbers - self._starts[part], dtype=pl.UInt32),
            pl.lit(barrier).alias("stage"),
        )
        self._columns |= {name: kind for name, kind in stored.schema.items() if name not in self._columns}
        self._blocks.add_by(stored, self._starts[part] // _AT_ONCE)
        self._blocks.flush()  # the next decisions may have other columns
        return rows.filter(pl.col("drop_reason").is_not_null())[ROW].to_numpy()

    def stored(self, work: Path, barrier_key: str) -> dict[str, tuple[Path | None, str]]:
        """Store the decisions of each part; return their files and digests."""
        no_decisions: tuple[Path | None, str] = (None, digest_of(barrier_key, ""))
        decisions = dict.fromkeys(self._names, no_decisions)
        for block in range(int(self._starts[-1]) // _AT_ONCE + 1):
            block_rows = self._blocks.take(block, pl.Schema(self._columns))
            if block_rows.is_empty():
                continue
            block_rows = block_rows.sort("part", "place")
            for (part,), part_rows in block_rows.partition_by(
                "part", as_dict=True, include_key=False, maintain_order=True
            ).items():
                decisions[self._names[int(part)]] = (
                    self._stored_decisions(part_rows, work),
                    digest_of(barrier_key, part_rows.write_ndjson()),
                )
        return decisions

    def _stored_decisions(self, decisions: pl.DataFrame, work: Path) -> Path:
        path, damage = store(decisions, work)
        self.mended += [damage] if damage else []
        return path


class _KeyHashes:
    """The hashes of all rows' keys, in files by their first bits, each with the row's position.

    Rows without a key share the hash of null; the caller leaves them out. In the rare case of a hash collision, some
    rows with unique keys are read as well.
    """

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._found = Spill(folder / "found")
        self._waiting: list[NDArray[Any]] = []
        self._written = 0
        self._ends = [0]  # the position after each piece's last row

    def add(self, keys: pl.Series) -> None:
        """Add the keys of a piece's rows."""
        hashes = np.empty(len(keys), _KEY)
        hashes["hash"] = keys.hash(0).to_numpy()
        hashes["place"] = np.arange(self._ends[-1], self._ends[-1] + len(keys))
        self._waiting.append(hashes)
        self._ends.append(self._ends[-1] + len(keys))
        if self._ends[-1] - self._written > _KEYS_AT_ONCE:
            self._flush()

    def _flush(self) -> None:
        """Append the hashes in memory to their files."""
        hashes = np.concatenate([np.zeros(0, _KEY), *self._waiting])
        self._waiting.clear()
        self._written = self._ends[-1]
        # NumPy sorts 8-bit integers by counting.
        bucket = (hashes["hash"] >> np.uint64(64 - _BUCKET_BITS)).astype(np.uint8)
        order = np.argsort(bucket, kind="stable")
        ends = np.searchsorted(bucket[order], np.arange(1, 1 << _BUCKET_BITS))
        for number, bucket_hashes in enumerate(np.split(hashes[order], ends)):
            if len(bucket_hashes):
                with (self._folder / f"bucket-{number:03d}").open("ab") as file:
                    bucket_hashes.tofile(file)

    def cut(self) -> int:
        """Divide the rows that share a key into slices, with equal keys in one slice; return the number of slices."""
        starts, repeated_count = np.array(self._ends), 0
        for group in self._groups():
            hashes = group[np.argsort(group["hash"])]
            equals_next = hashes["hash"][1:] == hashes["hash"][:-1]
            hashes = hashes[np.concatenate((equals_next, [False])) | np.concatenate(([False], equals_next))]
            first = np.concatenate((np.ones(min(len(hashes), 1), np.bool_), hashes["hash"][1:] != hashes["hash"][:-1]))
            place_in_order = repeated_count + np.maximum.accumulate(np.where(first, np.arange(len(hashes)), 0))
            piece = np.searchsorted(starts, hashes["place"], side="right") - 1
            rows = {"place": hashes["place"] - starts[piece], "slice": place_in_order // _AT_ONCE}
            self._found.add_by(pl.DataFrame(rows), piece)
            repeated_count += len(hashes)
        self._found.flush()
        return -(-repeated_count // _AT_ONCE)

    def _groups(self) -> Iterator[NDArray[Any]]:
        """Yield the hashes, grouped by their first bits; if there are few, they were never written to files."""
        if not self._written:
            if self._ends[-1]:
                yield np.concatenate(self._waiting)
            self._waiting.clear()
            return
        self._flush()
        for path in sorted(self._folder.glob("bucket-*")):
            yield np.fromfile(path, _KEY)
            path.unlink()

    def repeated(self, piece: int) -> pl.DataFrame:
        """Return the `place` of each row of a piece that shares its key, sorted, and its `slice`."""
        return self._found.take(piece, pl.Schema({"place": pl.Int64(), "slice": pl.Int64()})).sort("place")


_KEY: Final = np.dtype([("hash", np.uint64), ("place", np.int64)])
