"""What barriers decide over all parts of a run, and its storage by part, in memory that the corpus' size hardly moves.

Of every row a barrier's key is held as a hash of 64 bits; the columns that it decides by are read again for rows that
have a key in common. Decisions are stored by part: one whose decisions stayed the same is not worked again.
"""

from __future__ import annotations

import os
import tempfile
from collections import Counter
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Final

import numpy as np
import polars as pl
import pyarrow.parquet as pq

from latam_corpus.corpus import ROW, repeated_hashes
from latam_corpus.pipeline.part import DROPPED, ROWS
from latam_corpus.pipeline.plan import digest_of, stage_digest

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from numpy.typing import NDArray

    from latam_corpus.pipeline.registry import Barrier
    from latam_corpus.pipeline.run import Progress

_AT_ONCE: Final = 1_000_000  # rows in memory with all the columns that a barrier needs


@dataclass(frozen=True, eq=False)
class Stored:
    """The corpus of a run between two segments, read from the parts' outputs.

    Attributes:
        outputs: part → the folders of its steps' outputs, in the parts' order.
        starts: int64[parts + 1], the row at which each part starts.
        gone: rows that a barrier of this cut has dropped, sorted.
    """

    outputs: Mapping[str, Sequence[Path]]
    starts: NDArray[np.int64]
    gone: NDArray[np.int64]

    @classmethod
    def of(cls, outputs: Mapping[str, Sequence[Path]]) -> Stored:
        """The corpus in these outputs."""
        heights = [pq.read_metadata(folders[-1] / ROWS).num_rows for folders in outputs.values()]
        return cls(outputs, np.concatenate(([0], np.cumsum(heights, dtype=np.int64))), np.zeros(0, np.int64))

    @property
    def height(self) -> int:
        """Rows in all."""
        return int(self.starts[-1])

    def frames(self, columns: Sequence[str]) -> Iterator[pl.DataFrame]:
        """`row` and these columns, a part at a time, without rows that a barrier has dropped."""
        for path, start in self._files(with_dropped=False):
            yield self._read(path, start, columns)

    def repeated(self, key: str, columns: Sequence[str], *, with_dropped: bool = False) -> Iterator[pl.DataFrame]:
        """`row` and these columns of all rows whose `key` another row has too; equal keys are in one frame."""
        files = self._files(with_dropped=with_dropped)
        hashes = [_hashes(self._read(path, start, [key])[key]) for path, start in files]
        wanted = repeated_hashes(hashes)
        places = [np.searchsorted(wanted, found) for found in hashes] if len(wanted) else []
        hits = [wanted[place.clip(max=len(wanted) - 1)] == found for place, found in zip(places, hashes, strict=False)]
        slices = min(-(-sum(int(hit.sum()) for hit in hits) // _AT_ONCE), len(wanted))
        for number in range(slices):
            low, high = number * len(wanted) // slices, (number + 1) * len(wanted) // slices
            frames = [pl.DataFrame()]
            for (path, start), hit, place in zip(files, hits, places, strict=True):
                mask = hit & (place >= low) & (place < high)
                if mask.any():
                    frames.append(self._read(path, start, sorted({key, *columns})).filter(mask))
            found = pl.concat(frames[1:]).filter(pl.col(key).is_not_null())
            yield found.select(ROW, *columns)

    def _files(self, *, with_dropped: bool) -> list[tuple[Path, int]]:
        """The files with the rows, and the row at which each starts."""
        files = [(f[-1] / ROWS, start) for start, f in zip(self.starts.tolist(), self.outputs.values(), strict=False)]
        end = self.height
        if with_dropped:
            for path in (folder / DROPPED for folders in self.outputs.values() for folder in folders):
                files.append((path, end))
                end += pq.read_metadata(path).num_rows
        return files

    def _read(self, path: Path, start: int, columns: Sequence[str]) -> pl.DataFrame:
        rows = pl.read_parquet(path, columns=list(columns))
        rows = rows.with_columns(pl.int_range(start, start + rows.height, dtype=pl.Int64).alias(ROW))
        gone = self.gone[np.searchsorted(self.gone, start) : np.searchsorted(self.gone, start + rows.height)]
        return rows.filter(~pl.col(ROW).is_in(pl.Series(gone).implode())) if len(gone) else rows


def decide(
    barriers: Sequence[Barrier], outputs: Mapping[str, Sequence[Path]], work: Path, progress: Progress
) -> dict[str, tuple[Path | None, str]]:
    """Each part's decisions: a file, None where there are none, and a key that changes when they do.

    Args:
        barriers: those of one cut, in order; what one drops the next doesn't see.
        outputs: part → the folders of its steps' outputs.
        work: the folder of step outputs.
        progress: what is told meanwhile.
    """
    corpus = Stored.of(outputs)
    with tempfile.TemporaryDirectory(prefix="decisions-", dir=work) as name:
        spool = _Spool(Path(name), list(outputs), corpus.starts)
        for barrier in barriers:
            progress.barrier(barrier.name, corpus.height - len(corpus.gone))
            dropped = [spool.add(barrier.name, decided) for decided in barrier.decide(corpus)]
            corpus = replace(corpus, gone=np.sort(np.concatenate([corpus.gone, *dropped])))
        return spool.stored(work, digest_of(*map(stage_digest, barriers)))


class _Spool:
    """Decisions as they come, in files, until those of one part are read together."""

    def __init__(self, folder: Path, names: Sequence[str], starts: NDArray[np.int64]) -> None:
        self._folder = folder
        self._names = names
        self._starts = starts
        self._files: list[Path] = []
        self._counts: Counter[int] = Counter()

    def add(self, barrier: str, decided: pl.DataFrame) -> NDArray[np.int64]:
        """Keep the decisions on rows of the corpus; gives the rows that are dropped."""
        rows = decided.filter(pl.col(ROW) < int(self._starts[-1])).sort(ROW)
        number = rows[ROW].to_numpy()
        part = np.searchsorted(self._starts, number, side="right") - 1
        self._counts.update(dict(zip(*(a.tolist() for a in np.unique(part, return_counts=True)), strict=True)))
        made = rows.with_columns(
            pl.Series("part", part, dtype=pl.UInt32),
            pl.Series("place", number - self._starts[part], dtype=pl.UInt32),
            pl.lit(barrier).alias("stage"),
        )
        path = self._folder / f"{len(self._files)}.parquet"
        made.drop(ROW).write_parquet(path)
        self._files.append(path)
        return made.filter(pl.col("drop_reason").is_not_null())[ROW].to_numpy()

    def stored(self, work: Path, barrier_key: str) -> dict[str, tuple[Path | None, str]]:
        """The decisions of each part, kept under the digest of what they say."""
        nothing: tuple[Path | None, str] = (None, digest_of(barrier_key, ""))
        found = dict.fromkeys(self._names, nothing)
        for low, high in self._ranges():
            here = (pl.col("part") >= low) & (pl.col("part") < high)
            frames = [pl.read_parquet(path).filter(here) for path in self._files]
            every = pl.concat(frames, how="diagonal").sort("part", "place")
            for (part,), mine in every.partition_by(
                "part", as_dict=True, include_key=False, maintain_order=True
            ).items():
                found[self._names[int(part)]] = _kept(mine, work, barrier_key)
        return found

    def _ranges(self) -> Iterator[tuple[int, int]]:
        """Ranges of parts with about as many decisions as memory should hold."""
        low = held = 0
        for part in range(len(self._names)):
            held += self._counts[part]
            if held > _AT_ONCE or (part == len(self._names) - 1 and held):
                yield low, part + 1
                low, held = part + 1, 0


def _kept(mine: pl.DataFrame, work: Path, barrier_key: str) -> tuple[Path, str]:
    key = digest_of(barrier_key, mine.write_ndjson())
    path = work / "decisions" / f"{key}.parquet"
    if not path.exists():
        path.parent.mkdir(parents=True, exist_ok=True)
        beside = path.with_suffix(f".{os.getpid()}.partial")
        mine.write_parquet(beside)
        beside.replace(path)
    return path, key


def _hashes(keys: pl.Series) -> NDArray[np.uint64]:
    """64 bits a key, good for one reading: rows without a key share those of null, and are left out later."""
    return keys.hash(0).to_numpy()
