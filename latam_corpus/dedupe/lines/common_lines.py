"""The barrier that finds lines shared by many documents of a source, in jobs that any engine can run.

Documents with the same lines count once: a page that was collected thirty times is no template. There are three jobs:
`scatter` sorts the keys of each piece's lines into buckets, `count` counts the keys of a range, and `find` looks up
each piece's keys among the common ones. A job keeps one piece or one range in memory. The parent process keeps 24 bytes
per document; all keys are on disk.
"""

from __future__ import annotations

import hashlib
import tempfile
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, ClassVar, Final, Literal

import numpy as np
import polars as pl

from latam_corpus.corpus import ROW, PieceJob, ragged
from latam_corpus.dedupe.candidates import buckets
from latam_corpus.dedupe.lines.line_keys import ASIDE, KEYS, SHEET, mixed
from latam_corpus.stages import Barrier

if TYPE_CHECKING:
    from collections.abc import Iterator

    from numpy.typing import NDArray

    from latam_corpus.corpus import Corpus

COMMON: Final = "common_lines"

By = Literal["source", "site"]

_SHARE_ANYWHERE: Final = 0.5  # minimum share of the source with a line that is cut in the middle of a text too
_COUNTED: Final = 2  # state of the first document of those with the same lines
_LIVE: Final = 1
_KEYS_A_RANGE: Final = 4_000_000  # 32 MB, and as much while they are sorted
# Counts are rounded down to a step. Otherwise one more document of a source would change the decisions on all others,
# and their parts would have to be redone.
_STEPS: Final = np.array([step * 10**power for power in range(9) for step in (1, 2, 5)], np.int64)


@dataclass(frozen=True)
class CommonLines(Barrier):
    """The barrier that finds which lines of each document are common in its source.

    Attributes:
        documents: the minimum number of the source's documents that have a line.
        share: the minimum share of them that have it.
        by: "source", or "site" to count each site (the host of `url`) separately.
    """

    name: ClassVar[str] = "common_lines"
    version: ClassVar[int] = 1
    needs: ClassVar[frozenset[str]] = frozenset({"source_id", "url"})
    gives: ClassVar[frozenset[str]] = frozenset({COMMON})

    documents: int
    share: float
    by: By = "source"

    @property
    def aside(self) -> pl.Schema:
        """The keys of the lines."""
        return ASIDE

    def decide(self, corpus: Corpus) -> Iterator[pl.DataFrame]:
        """Yield the rows with common lines, with the keys of these lines and the number of documents that have each."""
        with tempfile.TemporaryDirectory(prefix="lines-", dir=corpus.workdir) as folder:
            workdir = Path(folder)
            if not self._surveyed(corpus, workdir):
                return
            jobs = [Piecework(p, workdir / f"{n:06d}", workdir, self) for n, p in enumerate(corpus.pieces())]
            sizes = np.sum(list(corpus.map(scatter, jobs)), axis=0)
            files = tuple(job.file for job in jobs)
            cuts = enumerate(buckets.ranges(sizes, _KEYS_A_RANGE))
            ranges = [KeyRange(low, high, files, workdir / f"range-{n:06d}", self.documents) for n, (low, high) in cuts]
            counted = sorted(corpus.map(count, ranges))
            for part in ("keys", "counts"):
                # Ranges are ordered by top bits, so that their concatenated keys are sorted.
                np.save(workdir / f"{part}.npy", np.concatenate([np.load(f"{path}.{part}.npy") for path in counted]))
            for path in sorted(file for file in corpus.map(find, jobs) if file):
                yield pl.read_parquet(path, glob=False)

    def _surveyed(self, corpus: Corpus, workdir: Path) -> bool:
        """Write the state of each row and the size of its group; return whether any group has enough documents."""
        rows, salts, sheets = [np.zeros(0, np.int64)], [np.zeros(0, np.uint64)], [np.zeros(0, np.uint64)]
        for frame in corpus.frames([SHEET, *_GROUP[self.by]]):
            with_lines = frame.filter(pl.col(SHEET) != 0)
            rows.append(with_lines[ROW].to_numpy())
            salts.append(_salts(with_lines, self.by))
            sheets.append(with_lines[SHEET].to_numpy())
        row, salt, sheet = np.concatenate(rows), np.concatenate(salts), np.concatenate(sheets)
        _, first = np.unique(mixed(sheet ^ salt), return_index=True)
        groups, sizes = np.unique(salt[first], return_counts=True)
        state = np.zeros(corpus.height, np.uint8)
        state[row] = _LIVE
        state[row[first]] = _COUNTED
        for name, array in (("state", state), ("groups", groups), ("sizes", sizes)):
            np.save(workdir / f"{name}.npy", array)
        return bool(len(sizes)) and int(sizes.max()) >= self.documents


_GROUP: Final[dict[str, tuple[str, ...]]] = {"source": ("source_id",), "site": ("source_id", "url")}


def _salts(frame: pl.DataFrame, by: By) -> NDArray[np.uint64]:
    """Return a 64-bit number per row that identifies its source, or its source and site."""
    group = pl.col("source_id").fill_null("")
    if by == "site":
        host = pl.col("url").str.to_lowercase().str.extract(r"^[a-z]+://(?:[^/?#@]*@)?([^/?#:]+)").fill_null("")
        group = group + "\0" + host
    names = frame.select(group.alias("group"))["group"]
    salt_of = {name: int.from_bytes(hashlib.sha256(name.encode()).digest()[:8], "big") for name in names.unique()}
    return names.replace_strict(salt_of, return_dtype=pl.UInt64).to_numpy() if salt_of else np.zeros(0, np.uint64)


def rounded(counts: NDArray[np.int64]) -> NDArray[np.int64]:
    """Return each count rounded down to a step of 1, 2, 5, 10, 20, 50, and so on.

    >>> rounded(np.array([1, 4, 99, 100])).tolist()
    [1, 2, 50, 100]
    """
    return _STEPS[np.searchsorted(_STEPS, counts, side="right") - 1]


@dataclass(frozen=True)
class Piecework(PieceJob):
    """A piece whose keys are counted and then looked up; its files are named after `file`."""

    file: Path
    workdir: Path
    barrier: CommonLines

    def keys(self, min_state: int) -> tuple[NDArray[np.uint64], NDArray[np.uint64], NDArray[np.int64]]:
        """Return the keys of the rows with at least this state, and the salt and row of each key."""
        piece, by = self.piece, self.barrier.by
        state = np.load(self.workdir / "state.npy", mmap_mode="r")[piece.start : piece.start + piece.height]
        frame = piece.read([KEYS, *_GROUP[by]]).filter(pl.Series(state >= min_state))
        keys, offsets = ragged(frame[KEYS])
        counts = np.diff(offsets)
        salts = np.repeat(_salts(frame, by), counts)
        return keys.astype(np.uint64), salts, np.repeat(np.flatnonzero(state >= min_state), counts)


def scatter(job: Piecework) -> NDArray[np.int64]:
    """Sort the keys of the piece's counted documents into buckets; return the bucket sizes."""
    keys, salts, _ = job.keys(_COUNTED)
    sorted_keys = buckets.into_buckets(mixed(keys ^ salts))
    buckets.write(job.file, sorted_keys)
    return sorted_keys.sizes


@dataclass(frozen=True)
class KeyRange(buckets.ValueRange):
    """A range of keys, over all pieces, and the documents that a common key has at least."""

    min_documents: int


def count(job: KeyRange) -> Path:
    """Write the range's common keys and their counts; return the files' common name, without suffix."""
    keys, counts = np.unique(buckets.read(job.files, job.low, job.high).values, return_counts=True)
    common = counts >= job.min_documents
    np.save(f"{job.file}.keys.npy", keys[common])
    np.save(f"{job.file}.counts.npy", counts[common])
    return job.file


def find(job: Piecework) -> Path | None:
    """Return the file with the decisions on the piece's rows, or None if no row has common lines."""
    common, counts, groups, sizes = (
        np.load(job.workdir / f"{name}.npy", mmap_mode="r") for name in ("keys", "counts", "groups", "sizes")
    )
    if not len(common):
        return None
    keys, salts, rows = job.keys(_LIVE)
    salted = mixed(keys ^ salts)
    positions = np.searchsorted(common, salted).clip(max=len(common) - 1)
    hit = np.flatnonzero(common[positions] == salted)
    documents, group_sizes = counts[positions[hit]], sizes[np.searchsorted(groups, salts[hit])]
    enough = documents >= job.barrier.share * group_sizes
    hit, documents, group_sizes = hit[enough], documents[enough], group_sizes[enough]
    if not len(hit):
        return None
    hits = pl.DataFrame(
        {
            ROW: rows[hit] + job.piece.start,
            "key": keys[hit],
            "documents": pl.Series(rounded(documents), dtype=pl.UInt32),
            "anywhere": documents >= max(job.barrier.share, _SHARE_ANYWHERE) * group_sizes,
        }
    )
    by_row = hits.group_by(ROW, maintain_order=True).agg(pl.struct("key", "documents", "anywhere").alias(COMMON))
    path = job.file.with_suffix(".found.parquet")
    by_row.with_columns(pl.lit(None, dtype=pl.String).alias("drop_reason")).write_parquet(path)
    return path
