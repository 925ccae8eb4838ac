"""What barriers decide over all parts of a run, and its storage by part, in memory that the corpus' size hardly moves.

Of every row a barrier's key is kept as a hash of 64 bits, on the disk; the columns that it decides by are read again
for rows that have a key in common. Decisions are stored by part: one whose decisions stayed the same is not worked
again.
"""

from __future__ import annotations

import tempfile
import traceback
from collections import Counter
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final, TypeVar

import numpy as np
import polars as pl
import pyarrow.parquet as pq

from latam_corpus import schema
from latam_corpus.__about__ import __version__
from latam_corpus.corpus import ROW, PieceFile, among, repeated_hashes, rows_of
from latam_corpus.errors import MAKE_ROOM, CorpusError, PartError, cause_in_disk, cause_of
from latam_corpus.messages import _
from latam_corpus.pipeline.decisions import StoredDecisions, remember, remembered, store
from latam_corpus.pipeline.keys import digest_of, stage_digest
from latam_corpus.pipeline.part import Outcome
from latam_corpus.pipeline.step_file import ASIDE, DROPPED, ROWS, fetch_outputs

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence

    from numpy.typing import NDArray

    from latam_corpus.corpus import Piece
    from latam_corpus.pipeline.engines import Engine, Progress
    from latam_corpus.stages import Barrier

T = TypeVar("T")
R = TypeVar("R")

# Documents of an earlier version for which a new one is kept: the old one's id and what it said when it was compared,
# and the new one's id with the evidence.
_REPLACED_COLUMNS: Final = ("doc_id", "text_hash", "duplicate_of", "containment")
REPLACED: Final = pl.Schema(
    {name: schema.DOCUMENT_SCHEMA[name] for name in _REPLACED_COLUMNS} | {"evidence": pl.String()}
)
_BUCKET_BITS: Final = 6
_AT_ONCE: Final = 1_000_000  # rows in memory with all the columns that a barrier needs
_GROUP_ROWS: Final = 20_000
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
        progress: what is told meanwhile.
    """

    live: Sequence[Output]
    fallen: Sequence[Output]
    dropped_rows: NDArray[np.int64]
    workdir: Path
    engine: Engine
    notes: dict[str, Any] = field(default_factory=dict)
    progress: Progress | None = None

    @classmethod
    def of(cls, outputs: Iterable[Sequence[Path]], workdir: Path, engine: Engine, progress: Progress) -> Stored:
        """Return the corpus in these outputs: for each part the folders of its steps."""
        folders = list(outputs)
        fetch_outputs((steps[-1] for steps in folders), ROWS, ASIDE)
        fetch_outputs((folder for steps in folders for folder in steps), DROPPED)
        live = _in_a_row([steps[-1] / ROWS for steps in folders], 0)
        end = live[-1].start + live[-1].height if live else 0
        fallen = _in_a_row([folder / DROPPED for steps in folders for folder in steps], end)
        return cls(live, fallen, np.zeros(0, np.int64), workdir, engine, progress=progress)

    @property
    def height(self) -> int:
        """Rows in all."""
        return self.live[-1].start + self.live[-1].height if self.live else 0

    def pieces(self) -> list[Piece]:
        """Return the rows, those gone among them, in order."""
        return [piece for output in self.live for piece in output.cut()]

    def frames(self, columns: Sequence[str]) -> Iterator[pl.DataFrame]:
        """`row` and these columns, a part at a time, without rows that a barrier has dropped."""
        for number, piece in enumerate(self.live, 1):
            yield rows_of(piece, columns, self.dropped_rows)
            self.step("reading rows", number, len(self.live))

    def step(self, title: str, done: int, total: int) -> None:
        """Tell how far the work has come."""
        if self.progress:
            self.progress.step(title, done, total)

    def repeated(
        self, key: str, columns: Sequence[str], *, with_dropped: bool = False, also: Sequence[Piece] = ()
    ) -> Iterator[pl.DataFrame]:
        """`row` and these columns of all rows whose `key` another row has too; equal keys are in one frame."""
        pieces: list[Piece] = [*self.live, *(self.fallen if with_dropped else ()), *also]
        with tempfile.TemporaryDirectory(prefix="keys-", dir=self.workdir) as name:
            keys = _Keys(Path(name))
            for number, piece in enumerate(pieces):
                keys.add(number, _hashes(rows_of(piece, [key], self.dropped_rows)[key]))
                self.step(f"reading every {key}", number + 1, len(pieces))
            wanted = keys.repeated()
            hits = sum(int(among(keys.of(number), wanted).sum()) for number in range(len(pieces)))
            slices = min(-(-hits // _AT_ONCE), len(wanted))
            for number in range(slices):
                these = wanted[number * len(wanted) // slices : (number + 1) * len(wanted) // slices]
                frames = [pl.DataFrame()]
                for index, piece in enumerate(pieces):
                    mask = among(keys.of(index), these)
                    if mask.any():
                        frames.append(rows_of(piece, sorted({key, *columns}), self.dropped_rows).filter(mask))
                matching = pl.concat(frames[1:]).filter(pl.col(key).is_not_null())
                yield matching.select(ROW, *columns)
                self.step(f"deciding where {key} is the same", number + 1, slices)

    def map(self, work: Callable[[T], R], jobs: Sequence[T], title: str = "") -> Iterator[R]:
        """Yield what `work` makes of each job, by the run's engine.

        Raises:
            PartError: a job failed; no part of a corpus can do without the others here.
        """
        wrapped = [_Job(work, job, f"{work.__name__} {n} of {len(jobs)}") for n, job in enumerate(jobs, 1)]
        for done, outcome in enumerate(self.engine.map(_do, wrapped), 1):
            if outcome.error:
                raise PartError(outcome.part, outcome.error, _("run it again: what was done is kept"))
            self.step(title or work.__name__, done, len(jobs))
            yield outcome.value


@dataclass(frozen=True)
class _Job:
    """A barrier's job as an engine takes it."""

    work: Callable[[Any], Any]
    argument: Any
    name: str

    @property
    def bytes(self) -> int:
        """How large it is, about."""
        return int(self.argument.bytes)


def _do(job: _Job) -> Outcome:
    try:
        return Outcome(job.name, value=job.work(job.argument))
    except CorpusError as error:
        return Outcome(job.name, error=str(error), remedy=error.remedy)
    except Exception:  # noqa: BLE001  (the boundary of a job: what it raises must reach the other process as words)
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
    progress: Progress,
    have_rows: Callable[[], None] = lambda: None,
) -> StoredDecisions:
    """Return what the barriers decide; what they decided before of the same outputs isn't asked again.

    Args:
        barriers: those of one cut, in order; what one drops the next doesn't see.
        outputs: part → the folders of its steps' outputs.
        work: the folder of step outputs.
        engine: what runs the barriers' jobs.
        progress: what is told meanwhile.
        have_rows: is called before outputs are read whose rows may have been cleared.
    """
    rests_on = _rests_on(barriers, outputs)
    before, damage = remembered(work, rests_on)
    if before:
        return before
    have_rows()
    with tempfile.TemporaryDirectory(prefix="decisions-", dir=work) as name:
        corpus = Stored.of(outputs.values(), Path(name), engine, progress)
        starts = np.array([piece.start for piece in corpus.live] + [corpus.height], np.int64)
        spool = _Spool(Path(name), list(outputs), starts)
        for barrier in barriers:
            progress.barrier(barrier.name, corpus.height - len(corpus.dropped_rows))
            try:
                dropped = [spool.add(barrier.name, decided) for decided in barrier.decide(corpus)]
            except OSError as error:
                place = _("stage «{stage}»", stage=barrier.name)
                raise PartError(place, cause_in_disk(error) or cause_of(error), MAKE_ROOM) from error
            corpus = replace(corpus, dropped_rows=np.sort(np.concatenate([corpus.dropped_rows, *dropped])))
        parts = spool.stored(work, digest_of(*map(stage_digest, barriers)))
        # A barrier's jobs are done in any order; what a run holds must not depend on it.
        fallen = pl.concat([pl.DataFrame(schema=REPLACED), *spool.replaced]).sort(*_REPLACED_COLUMNS[:3])
        mended = dict.fromkeys(damaged for damaged in (damage, *spool.mended) if damaged)
        decisions = StoredDecisions(parts, fallen, corpus.notes, tuple(mended))
    return remember(decisions, work, rests_on)


def _rests_on(barriers: Sequence[Barrier], outputs: Mapping[str, Sequence[Path]]) -> str:
    """Give what changes when what these barriers decide on these outputs may: an output's name tells its content."""
    rows = [[part, [folder.name for folder in folders]] for part, folders in outputs.items()]
    return digest_of(rows, [stage_digest(barrier) for barrier in barriers], __version__)


class _Spool:
    """Decisions as they come, in files, until those of one part are read together."""

    def __init__(self, folder: Path, names: Sequence[str], starts: NDArray[np.int64]) -> None:
        self._folder = folder
        self._names = names
        self._starts = starts
        self.replaced: list[pl.DataFrame] = []
        self.mended: list[str] = []
        self._files: list[Path] = []
        self._counts: Counter[int] = Counter()

    def add(self, barrier: str, decided: pl.DataFrame) -> NDArray[np.int64]:
        """Keep the decisions on rows of the corpus; gives the rows that are dropped."""
        mine = pl.col(ROW) < int(self._starts[-1])
        if "doc_id" in decided.columns:
            others = decided.filter(~mine & pl.col("drop_reason").is_not_null())
            self.replaced.append(schema.conform(others, REPLACED))
            decided = decided.drop("doc_id", "text_hash", strict=False)
        rows = decided.filter(mine).sort(ROW)
        number = rows[ROW].to_numpy()
        part = np.searchsorted(self._starts, number, side="right") - 1
        self._counts.update(dict(zip(*(a.tolist() for a in np.unique(part, return_counts=True)), strict=True)))
        stored = rows.with_columns(
            pl.Series("part", part, dtype=pl.UInt32),
            pl.Series("place", number - self._starts[part], dtype=pl.UInt32),
            pl.lit(barrier).alias("stage"),
        )
        path = self._folder / f"{len(self._files)}.parquet"
        # In groups of rows with their statistics, of which a reader of some parts passes over the others.
        stored.drop(ROW).write_parquet(path, row_group_size=_GROUP_ROWS)
        self._files.append(path)
        return stored.filter(pl.col("drop_reason").is_not_null())[ROW].to_numpy()

    def stored(self, work: Path, barrier_key: str) -> dict[str, tuple[Path | None, str]]:
        """Return the decisions of each part, kept under the digest of what they say."""
        nothing: tuple[Path | None, str] = (None, digest_of(barrier_key, ""))
        decisions = dict.fromkeys(self._names, nothing)
        for low, high in self._ranges():
            here = (pl.col("part") >= low) & (pl.col("part") < high)
            frames = [pl.scan_parquet(path, glob=False).filter(here).collect() for path in self._files]
            every = pl.concat(frames, how="diagonal").sort("part", "place")
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

    def _ranges(self) -> Iterator[tuple[int, int]]:
        """Ranges of parts with about as many decisions as memory should hold."""
        low = held = 0
        for part in range(len(self._names)):
            held += self._counts[part]
            if held > _AT_ONCE or (part == len(self._names) - 1 and held):
                yield low, part + 1
                low, held = part + 1, 0


@dataclass(frozen=True)
class _Keys:
    """The hashes of a key, on the disk: of each piece in the order of its rows, and of all in buckets by top bits."""

    folder: Path

    def add(self, piece: int, hashes: NDArray[np.uint64]) -> None:
        """Add a piece's."""
        hashes.tofile(self.folder / f"piece-{piece}")
        ordered = np.sort(hashes)
        ends = np.searchsorted(ordered >> np.uint64(64 - _BUCKET_BITS), np.arange(1, (1 << _BUCKET_BITS) + 1))
        for bucket, mine in enumerate(np.split(ordered, ends[:-1])):
            if len(mine):
                with (self.folder / f"bucket-{bucket:03d}").open("ab") as file:
                    mine.tofile(file)

    def of(self, piece: int) -> NDArray[np.uint64]:
        """Return a piece's."""
        return np.fromfile(self.folder / f"piece-{piece}", np.uint64)

    def repeated(self) -> NDArray[np.uint64]:
        """Return those that stand more than once, sorted."""
        buckets = (np.fromfile(path, np.uint64) for path in sorted(self.folder.glob("bucket-*")))
        return np.concatenate([np.zeros(0, np.uint64), *(repeated_hashes([bucket]) for bucket in buckets)])


def _hashes(keys: pl.Series) -> NDArray[np.uint64]:
    """64 bits a key, good for one reading: rows without a key share those of null, and are left out later."""
    return keys.hash(0).to_numpy()
