"""What barriers decide over all parts of a run, and its storage by part, in memory that the corpus' size hardly moves.

Of every row a barrier's key is kept as a hash of 64 bits, on the disk; the columns that it decides by are read again
for rows that have a key in common. Decisions are stored by part: one whose decisions stayed the same is not worked
again.
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

# Documents of an earlier version for which a new one is kept: the old one's id and what it said when it was compared,
# and the new one's id with the evidence.
_REPLACED_COLUMNS: Final = ("doc_id", "text_hash", "duplicate_of", "containment")
REPLACED: Final = pl.Schema(
    {name: schema.DOCUMENT_SCHEMA[name] for name in _REPLACED_COLUMNS} | {"evidence": pl.String()}
)
# What is told while rows with an equal key are found, by the key.
_READING: Final = {"doc_id": N_("reading every doc_id"), "text_hash": N_("reading every text_hash")}
_DECIDING: Final = {
    "doc_id": N_("deciding where doc_id is the same"),
    "text_hash": N_("deciding where text_hash is the same"),
}
# Raised when decisions are stored otherwise, or are given other rows: those of another format are made again.
_FORMAT: Final = 1
_BUCKET_BITS: Final = 8
_KEYS_AT_ONCE: Final = 1 << 18  # keys that wait for their files: 4 MB
_AT_ONCE: Final = 50_000  # rows in memory with all the columns that a barrier needs, or with what was decided
_VALUES_A_PIECE: Final = 4_000_000  # words of documents, above all: 16 MB of them


@dataclass(frozen=True)
class Output(PieceFile):
    """Rows of a step's output as a piece of the corpus, with what is stored beside them.

    Attributes:
        skipped: rows of the file before its first one.
    """

    skipped: int = 0

    def read(self, columns: Sequence[str]) -> pl.DataFrame:
        """Return these columns of its rows, in order."""
        stored = [name for name in columns if name in schema.DOCUMENT_SCHEMA]
        frames = [self._read(self.path, stored)] if stored else []
        if len(stored) < len(columns):
            aside = [name for name in columns if name not in schema.DOCUMENT_SCHEMA]
            frames.append(self._read(self.path.with_name(ASIDE), aside))
        return pl.concat(frames, how="horizontal").select(columns)

    def _read(self, path: Path, columns: list[str]) -> pl.DataFrame:
        return pl.scan_parquet(path, glob=False).select(columns).slice(self.skipped, self.height).collect()

    def cut(self) -> Iterator[Output]:
        """Yield the same rows in pieces of which each has some millions of values beside it, or is one row group."""
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
    """Ignore how far a step is."""


@dataclass(frozen=True, eq=False)
class Stored:
    """The corpus of a run between two segments, read from the parts' outputs.

    Attributes:
        live: the parts' rows, in the parts' order.
        fallen: rows that stages dropped before; they start at `height`.
        dropped_rows: rows that a barrier of this cut has dropped, sorted.
        workdir: a folder for what is written meanwhile.
        engine: what runs jobs.
        notes: what barriers tell of their work.
        on_step: called with a step of the work, how much of it is done, and of how much.
    """

    live: Sequence[Output]
    fallen: Sequence[Output]
    dropped_rows: NDArray[np.int64]
    workdir: Path
    engine: Engine
    notes: dict[str, Any] = field(default_factory=dict)
    on_step: OnStep = no_step

    @classmethod
    def of(cls, outputs: Iterable[Sequence[Path]], workdir: Path, engine: Engine, on_step: OnStep) -> Stored:
        """Return the corpus in these outputs: for each part the folders of its steps."""
        folders = list(outputs)
        fetch_outputs((steps[-1] for steps in folders), ROWS, ASIDE)
        fetch_outputs((folder for steps in folders for folder in steps), DROPPED)
        live = _in_a_row([steps[-1] / ROWS for steps in folders], 0)
        end = live[-1].start + live[-1].height if live else 0
        fallen = _in_a_row([folder / DROPPED for steps in folders for folder in steps], end)
        return cls(live, fallen, np.zeros(0, np.int64), workdir, engine, on_step=on_step)

    @property
    def height(self) -> int:
        """Rows in all."""
        return self.live[-1].start + self.live[-1].height if self.live else 0

    def pieces(self) -> list[Piece]:
        """Return the rows, those gone among them, in order."""
        return [piece for output in self.live for piece in output.cut()]

    def frames(self, columns: Sequence[str]) -> Iterator[pl.DataFrame]:
        """`row` and these columns, a piece at a time, without rows that a barrier has dropped."""
        for number, output in enumerate(self.live, 1):
            for piece in output.cut():
                yield rows_of(piece, columns, self.dropped_rows)
            self.step(N_("reading rows"), number, len(self.live))

    def step(self, title: str, done: int, total: int) -> None:
        """Report how far a step is."""
        self.on_step(title, done, total)

    def repeated(
        self, key: str, columns: Sequence[str], *, with_dropped: bool = False, also: Sequence[Piece] = ()
    ) -> Iterator[pl.DataFrame]:
        """`row` and these columns of all rows whose `key` another row has too; equal keys are in one frame."""
        pieces: list[Piece] = [*self.live, *(self.fallen if with_dropped else ()), *also]
        wanted = sorted({key, *columns})
        with tempfile.TemporaryDirectory(prefix="keys-", dir=self.workdir) as name:
            keys = _Keys(Path(name))
            for number, piece in enumerate(pieces):
                keys.add(rows_of(piece, [key], self.dropped_rows)[key])
                self.step(_READING.get(key, f"reading every {key}"), number + 1, len(pieces))
            slices = keys.cut()
            matching, empty = Spill(Path(name) / "matching"), pl.DataFrame()
            for number, piece in enumerate(pieces):
                found = keys.repeated(number)
                parts = self.live[number].cut() if number < len(self.live) else [piece]
                for rows, of_slice in self._at(parts, wanted, found) if found.height else ():
                    empty = rows.clear()
                    matching.add_by(compact(rows), of_slice)
            matching.flush()
            for number in range(slices):
                rows = matching.take(number, empty.schema)
                if rows.height:  # a group may be larger than a slice
                    yield rows.filter(pl.col(key).is_not_null()).select(ROW, *columns)
                self.step(_DECIDING.get(key, f"deciding where {key} is the same"), number + 1, slices)

    def _at(
        self, parts: Iterable[Piece], columns: Sequence[str], found: pl.DataFrame
    ) -> Iterator[tuple[pl.DataFrame, NDArray[np.int64]]]:
        """Yield the rows of these parts that `_Keys.repeated` has found among all of theirs, and their slices."""
        places, slices = (found[name].to_numpy() for name in ("place", "slice"))
        first = 0
        for part in parts:
            rows = rows_of(part, columns, self.dropped_rows)
            here = slice(*np.searchsorted(places, [first, first + rows.height]))
            yield rows[places[here] - first], slices[here]
            first += rows.height

    def map(self, work: Callable[[T], R], jobs: Sequence[T], title: str = "") -> Iterator[R]:
        """Yield what `work` makes of each job, by the run's engine.

        Raises:
            PartError: a job failed; no part of a corpus can do without the others here.
        """
        wrapped = [_Job(work, job, f"{work.__name__} {n} of {len(jobs)}") for n, job in enumerate(jobs, 1)]
        for done, outcome in enumerate(self.engine.map(_do, wrapped), 1):
            if outcome.error:
                remedy = outcome.remedy or _("run it again: what was done is kept")
                full = remedy == MAKE_ROOM
                raise PartError(outcome.part, on_disk(outcome.error, self.workdir) if full else outcome.error, remedy)
            self.step(title or work.__name__, done, len(jobs))
            yield outcome.value


@dataclass(frozen=True)
class _Job:
    """A barrier's job as an engine takes it."""

    work: Callable[[Any], Any]
    argument: Any
    name: str
    twice: ClassVar[bool] = False  # jobs write files in place

    @property
    def bytes(self) -> int:
        """How large it is, about."""
        return int(self.argument.bytes)


def _do(job: _Job) -> Outcome:
    try:
        return Outcome(job.name, value=job.work(job.argument))
    except CorpusError as error:
        return Outcome(job.name, error=error.without_remedy, remedy=error.help)
    except MemoryError:
        return Outcome(job.name, error=NO_MEMORY, remedy=MORE_MEMORY)
    except Exception as error:  # noqa: BLE001  (the boundary of a job: what it raises must reach the other process as words)
        if cause := cause_in_disk(error):
            return Outcome(job.name, error=cause, remedy=MAKE_ROOM)
        return Outcome(job.name, error=traceback.format_exc(limit=-4).strip())


def _in_a_row(files: Iterable[Path], start: int) -> list[Output]:
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
    have_rows: Callable[[], None] = lambda: None,
    on_step: OnStep = no_step,
) -> Generator[StageEvent, None, StoredDecisions]:
    """Return what the barriers decide, and yield each that starts; decisions on the same outputs are reused.

    Args:
        barriers: those of one cut, in order; what one drops the next doesn't see.
        outputs: part → the folders of its steps' outputs.
        work: the folder of step outputs.
        engine: what runs the barriers' jobs.
        have_rows: is called before outputs are read whose rows may have been cleared.
        on_step: called with a step of a barrier, how much of it is done, and of how much.
    """
    before, damage = remembered(work, _rests_on(barriers, outputs))
    if before:
        return replace(before, rows=_rows_of(outputs))
    have_rows()
    rests_on, rows = _rests_on(barriers, outputs), _rows_of(outputs)  # what was made again may be otherwise
    with tempfile.TemporaryDirectory(prefix="decisions-", dir=work) as name:
        corpus = Stored.of(outputs.values(), Path(name), engine, on_step)
        starts = np.array([piece.start for piece in corpus.live] + [corpus.height], np.int64)
        spool = _Spool(Path(name), list(outputs), starts)
        for barrier in barriers:
            yield BarrierStarted(barrier.name, corpus.height - len(corpus.dropped_rows))
            dropped = []
            try:
                for decided in barrier.decide(corpus):
                    gone = spool.add(barrier.name, decided)
                    if barrier is not barriers[-1]:  # nobody asks after the last
                        dropped.append(gone)
            except OSError as error:
                cause = cause_in_disk(error, Path(name))
                if cause is None:  # of a file that it names
                    raise
                raise PartError(_("stage «{stage}»", stage=barrier.name), cause, MAKE_ROOM) from error
            corpus = replace(corpus, dropped_rows=np.sort(np.concatenate([corpus.dropped_rows, *dropped])))
        parts = spool.stored(work, digest_of(*map(stage_digest, barriers)))
        # A barrier's jobs are done in any order; what a run holds must not depend on it.
        fallen = pl.concat([pl.DataFrame(schema=REPLACED), *spool.replaced]).sort(*_REPLACED_COLUMNS[:3])
        mended = {str(damaged): damaged for damaged in (damage, *spool.mended) if damaged}
        decisions = StoredDecisions(parts, fallen, corpus.notes, tuple(mended.values()), rows=rows)
    return remember(decisions, work, rests_on)


def _rests_on(barriers: Sequence[Barrier], outputs: Mapping[str, Sequence[Path]]) -> str:
    """Give what changes when what these barriers decide on these outputs may: their content, not what it is made of."""
    told = {part: [StepCounts.read(folder).files for folder in folders] for part, folders in outputs.items()}
    rows = [
        [part, [files[DROPPED] for files in steps], *(steps[-1].get(name) for name in (ROWS, ASIDE))]
        for part, steps in told.items()
    ]
    return digest_of(rows, [stage_digest(barrier) for barrier in barriers], _FORMAT, __version__)


def _rows_of(outputs: Mapping[str, Sequence[Path]]) -> dict[str, str]:
    return {part: StepCounts.read(folders[-1]).files[ROWS] for part, folders in outputs.items()}


class _Spool:
    """Decisions as they come, in files by blocks of parts, until those of one block are read together."""

    def __init__(self, folder: Path, names: Sequence[str], starts: NDArray[np.int64]) -> None:
        self._names = names
        self._starts = starts
        self._blocks = Spill(folder / "decided")
        self._columns: dict[str, pl.DataType] = {}
        self.replaced: list[pl.DataFrame] = []
        self.mended: list[Message] = []

    def add(self, barrier: str, decided: pl.DataFrame) -> NDArray[np.int64]:
        """Keep the decisions on rows of the corpus; gives the rows that are dropped."""
        mine = pl.col(ROW) < int(self._starts[-1])
        if "doc_id" in decided.columns:
            others = decided.filter(~mine & pl.col("drop_reason").is_not_null())
            self.replaced.append(schema.conform(others, REPLACED))
            decided = decided.drop("doc_id", "text_hash", strict=False)
        rows = decided.filter(mine)
        number = rows[ROW].to_numpy()
        part = np.searchsorted(self._starts, number, side="right") - 1
        stored = rows.drop(ROW).with_columns(
            pl.Series("part", part, dtype=pl.UInt32),
            pl.Series("place", number - self._starts[part], dtype=pl.UInt32),
            pl.lit(barrier).alias("stage"),
        )
        self._columns |= {name: kind for name, kind in stored.schema.items() if name not in self._columns}
        self._blocks.add_by(stored, self._starts[part] // _AT_ONCE)
        self._blocks.flush()  # the next ones may have other columns
        return rows.filter(pl.col("drop_reason").is_not_null())[ROW].to_numpy()

    def stored(self, work: Path, barrier_key: str) -> dict[str, tuple[Path | None, str]]:
        """Return the decisions of each part, kept under the digest of what they say."""
        nothing: tuple[Path | None, str] = (None, digest_of(barrier_key, ""))
        decisions = dict.fromkeys(self._names, nothing)
        for block in range(int(self._starts[-1]) // _AT_ONCE + 1):
            every = self._blocks.take(block, pl.Schema(self._columns))
            if every.is_empty():
                continue
            every = every.sort("part", "place")
            for (part,), mine in every.partition_by(
                "part", as_dict=True, include_key=False, maintain_order=True
            ).items():
                decisions[self._names[int(part)]] = (
                    self._stored_decisions(mine, work),
                    digest_of(barrier_key, mine.write_ndjson()),
                )
        return decisions

    def _stored_decisions(self, decisions: pl.DataFrame, work: Path) -> Path:
        path, damage = store(decisions, work)
        self.mended += [damage] if damage else []
        return path


class _Keys:
    """The hashes of a key, on the disk, each with its place among all: those that are alike lie in one file.

    A hash of 64 bits is good for one reading: rows without a key share that of null, and are left out later.
    """

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._found = Spill(folder / "found")
        self._waiting: list[NDArray[Any]] = []
        self._written = 0
        self._ends = [0]  # of the pieces, among the places

    def add(self, keys: pl.Series) -> None:
        """Add those of a piece's rows."""
        hashes = np.empty(len(keys), _KEY)
        hashes["hash"] = keys.hash(0).to_numpy()
        hashes["place"] = np.arange(self._ends[-1], self._ends[-1] + len(keys))
        self._waiting.append(hashes)
        self._ends.append(self._ends[-1] + len(keys))
        if self._ends[-1] - self._written > _KEYS_AT_ONCE:
            self._flush()

    def _flush(self) -> None:
        """Write what waits."""
        hashes = np.concatenate([np.zeros(0, _KEY), *self._waiting])
        self._waiting.clear()
        self._written = self._ends[-1]
        bucket = (hashes["hash"] >> np.uint64(64 - _BUCKET_BITS)).astype(np.uint8)  # which NumPy sorts by counting
        order = np.argsort(bucket, kind="stable")
        ends = np.searchsorted(bucket[order], np.arange(1, 1 << _BUCKET_BITS))
        for number, mine in enumerate(np.split(hashes[order], ends)):
            if len(mine):
                with (self._folder / f"bucket-{number:03d}").open("ab") as file:
                    mine.tofile(file)

    def cut(self) -> int:
        """Tell into how many slices the rows are cut whose key another row has too; equal keys are in one slice."""
        starts, hits = np.array(self._ends), 0
        for alike in self._alike():
            hashes = alike[np.argsort(alike["hash"])]
            same = hashes["hash"][1:] == hashes["hash"][:-1]
            hashes = hashes[np.concatenate((same, [False])) | np.concatenate(([False], same))]
            first = np.concatenate((np.ones(min(len(hashes), 1), np.bool_), hashes["hash"][1:] != hashes["hash"][:-1]))
            before = hits + np.maximum.accumulate(np.where(first, np.arange(len(hashes)), 0))
            piece = np.searchsorted(starts, hashes["place"], side="right") - 1
            rows = {"place": hashes["place"] - starts[piece], "slice": before // _AT_ONCE}
            self._found.add_by(pl.DataFrame(rows), piece)
            hits += len(hashes)
        self._found.flush()
        return -(-hits // _AT_ONCE)

    def _alike(self) -> Iterator[NDArray[Any]]:
        """Yield hashes, those that are equal at once, in the order of what they begin with; no file of few is made."""
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
        """Return the `place` of each of these rows of a piece among its own, in order, and the `slice` it is in."""
        return self._found.take(piece, pl.Schema({"place": pl.Int64(), "slice": pl.Int64()})).sort("place")


_KEY: Final = np.dtype([("hash", np.uint64), ("place", np.int64)])
