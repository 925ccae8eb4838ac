"""The input of a barrier: a corpus that is read in pieces, or in groups of rows with equal keys, never at once."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Final, Protocol, TypeVar

import numpy as np
import polars as pl

from latam_corpus.schema import series_of

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence
    from pathlib import Path

    from numpy.typing import NDArray

ROW: Final = "row"  # identifies a row of the corpus while a barrier decides, int64
T = TypeVar("T")
R = TypeVar("R")


class Piece(Protocol):
    """Consecutive rows of a corpus; it can be pickled and read in any process."""

    @property
    def start(self) -> int:
        """The number of its first row in the corpus."""
        ...

    @property
    def height(self) -> int:
        """The number of rows."""
        ...

    @property
    def bytes(self) -> int:
        """The approximate size in bytes."""
        ...

    def read(self, columns: Sequence[str]) -> pl.DataFrame:
        """Return these columns of its rows, in order."""
        ...


@dataclass(frozen=True)
class PieceJob:
    """A job that reads one piece."""

    piece: Piece

    @property
    def bytes(self) -> int:
        """The approximate size of the piece; engines start the largest jobs first."""
        return self.piece.bytes


@dataclass(frozen=True)
class PieceFile:
    """A piece in a file; subclasses implement `read`.

    Attributes:
        path: the file.
        start: the number of its first row in the corpus.
        height: the number of rows.
    """

    path: Path
    start: int
    height: int

    @property
    def bytes(self) -> int:
        """The size of the file."""
        return self.path.stat().st_size


class Corpus(Protocol):
    """The rows that a barrier decides on."""

    @property
    def height(self) -> int:
        """The number of rows, including dropped ones."""
        ...

    @property
    def workdir(self) -> Path | None:
        """A folder for temporary files that every worker can read; None for the system's temporary folder."""
        ...

    @property
    def dropped_rows(self) -> NDArray[np.int64]:
        """Rows that an earlier barrier at the same point of the pipeline dropped, sorted."""
        ...

    @property
    def notes(self) -> dict[str, Any]:
        """Statistics of barriers by their names, for `run.json`."""
        ...

    def pieces(self) -> list[Piece]:
        """Return all rows in order, including dropped ones."""
        ...

    def frames(self, columns: Sequence[str]) -> Iterator[pl.DataFrame]:
        """Yield `row` and these columns, one piece at a time, without dropped rows."""
        ...

    def repeated(
        self, key: str, columns: Sequence[str], *, with_dropped: bool = False, also: Sequence[Piece] = ()
    ) -> Iterator[pl.DataFrame]:
        """Yield `row` and these columns of rows with a repeated key; rows with equal keys are in one frame.

        Rows without a key are left out. The frames may also contain rows with a unique key.

        Args:
            key: the column that is compared.
            columns: the columns to return.
            with_dropped: include rows that an earlier stage dropped; their `row` is `height` or more.
            also: pieces of another corpus, which start at `height` or later.
        """
        ...

    def map(self, work: Callable[[T], R], jobs: Sequence[T], title: str = "") -> Iterator[R]:
        """Yield the result of `work` for each job, in any order, computed by the engine of the run; report progress.

        Args:
            work: a module-level function. It is repeated if a worker dies, so it writes only whole files.
            jobs: picklable values with an attribute `bytes`, their size.
            title: the name of the work in progress messages.
        """
        ...

    def step(self, title: str, done: int, total: int) -> None:
        """Report the progress of work outside `map`."""
        ...


@dataclass(frozen=True, eq=False)
class FramePiece:
    """A frame as a piece."""

    frame: pl.DataFrame
    start: int

    @property
    def height(self) -> int:
        """The number of rows."""
        return self.frame.height

    @property
    def bytes(self) -> int:
        """The approximate size in bytes."""
        return int(self.frame.estimated_size())

    def read(self, columns: Sequence[str]) -> pl.DataFrame:
        """Return these columns of its rows, in order."""
        return self.frame.select(columns)


@dataclass(frozen=True, eq=False)
class Frames:
    """A corpus in memory, processed in this process: frames with all columns, in order.

    >>> corpus = Frames((pl.DataFrame({"a": ["x", "y"]}), pl.DataFrame({"a": ["x"]})))
    >>> [frame["row"].to_list() for frame in corpus.repeated("a", [])]
    [[0, 2]]
    """

    parts: tuple[pl.DataFrame, ...]
    workdir: Path | None = None
    dropped_rows: NDArray[np.int64] = field(default_factory=lambda: np.zeros(0, np.int64))
    notes: dict[str, Any] = field(default_factory=dict)

    @property
    def height(self) -> int:
        """The number of rows."""
        return sum(part.height for part in self.parts)

    def pieces(self) -> list[Piece]:
        """Return the rows, in order."""
        starts = np.concatenate(([0], np.cumsum([part.height for part in self.parts]))).tolist()
        return [FramePiece(part, start) for part, start in zip(self.parts, starts, strict=False)]

    def frames(self, columns: Sequence[str]) -> Iterator[pl.DataFrame]:
        """Yield `row` and these columns, one piece at a time."""
        for piece in self.pieces():
            yield rows_of(piece, columns, self.dropped_rows)

    def repeated(
        self,
        key: str,
        columns: Sequence[str],
        *,
        with_dropped: bool = False,  # noqa: ARG002  (it has no dropped rows)
        also: Sequence[Piece] = (),
    ) -> Iterator[pl.DataFrame]:
        """Yield `row` and these columns of rows with a repeated key."""
        read_columns = sorted({key, *columns})
        frames = [*self.frames(read_columns), *(rows_of(piece, read_columns) for piece in also)]
        rows = pl.concat([pl.DataFrame(), *frames], how="diagonal")
        if rows.height:
            yield rows.filter(pl.col(key).is_not_null() & pl.col(key).is_duplicated()).select(ROW, *columns)

    def map(self, work: Callable[[T], R], jobs: Sequence[T], title: str = "") -> Iterator[R]:  # noqa: ARG002
        """Return the result of `work` for each job, computed in this process without progress messages."""
        return map(work, jobs)

    def step(self, title: str, done: int, total: int) -> None:
        """Report nothing."""


def rows_of(piece: Piece, columns: Sequence[str], dropped_rows: NDArray[np.int64] | None = None) -> pl.DataFrame:
    """Return `row` and these columns of a piece, without dropped rows.

    Args:
        piece: the piece.
        columns: the columns to return.
        dropped_rows: numbers of dropped rows of the corpus, sorted.

    >>> rows_of(FramePiece(pl.DataFrame({"a": ["x", "y"]}), 5), ["a"], np.array([5])).rows()
    [('y', 6)]
    """
    rows = piece.read(columns).with_columns(pl.int_range(piece.start, piece.start + piece.height).alias(ROW))
    if dropped_rows is None or not len(dropped_rows):
        return rows
    first, end = np.searchsorted(dropped_rows, (piece.start, piece.start + piece.height))
    if first == end:
        return rows
    is_kept = np.ones(rows.height, np.bool_)
    is_kept[dropped_rows[first:end] - piece.start] = False
    return rows.filter(is_kept)


def among(values: NDArray[Any], wanted: NDArray[Any]) -> NDArray[np.bool_]:
    """Return whether each value is among the wanted ones, which are sorted.

    >>> among(np.array([3, 1, 4]), np.array([1, 3])).tolist()
    [True, True, False]
    """
    if not len(wanted):
        return np.zeros(len(values), np.bool_)
    return np.asarray(wanted[np.searchsorted(wanted, values).clip(max=len(wanted) - 1)] == values, np.bool_)


def distinct(values: NDArray[Any]) -> NDArray[Any]:
    """Return the distinct values, sorted. NumPy's `unique` hashes them, which takes many times as long.

    >>> distinct(np.array([[3, 1], [3, 2]])).tolist()
    [1, 2, 3]
    """
    ordered = np.sort(values, axis=None)
    unique: NDArray[Any] = ordered[
        np.concatenate((np.ones(min(len(ordered), 1), np.bool_), ordered[1:] != ordered[:-1]))
    ]
    return unique


def components(pairs: NDArray[np.integer[Any]], count: int) -> NDArray[np.int64]:
    """Return the smallest node of the connected component of each of `count` nodes.

    >>> components(np.array([[0, 3], [3, 1], [2, 4]]), 5).tolist()
    [0, 0, 2, 0, 2]
    """
    label = np.arange(count)
    while len(pairs):
        labels = label[pairs]
        is_open = labels[:, 0] != labels[:, 1]
        pairs, labels = pairs[is_open], labels[is_open]
        np.minimum.at(label, labels, labels.min(axis=1)[:, None])
        while not np.array_equal(label, root := label[label]):
            label = root
    return label


def packed(pairs: NDArray[np.integer[Any]], count: int, most: int) -> NDArray[np.int64]:
    """Return the pack of each of `count` nodes; a pack has complete components and about `most` nodes.

    >>> packed(np.array([[0, 3], [3, 1], [2, 4]]), 5, 3).tolist()
    [0, 0, 1, 0, 1]
    """
    label = components(pairs, count)
    order = np.argsort(label, kind="stable")
    starts = np.concatenate((np.ones(min(count, 1), np.bool_), label[order][1:] != label[order][:-1]))
    pack = np.zeros(count, np.int64)
    # A component goes into the pack of its first node.
    pack[order] = np.maximum.accumulate(np.where(starts, np.arange(count), 0)) // most
    return pack


def ragged(lists: pl.Series) -> tuple[NDArray[Any], NDArray[np.int64]]:
    """Return the concatenated values of a series of lists, and the offset of each list, plus the end.

    >>> values, offsets = ragged(pl.Series([[1, 2], None, [3]], dtype=pl.List(pl.UInt32)))
    >>> values.tolist(), offsets.tolist()
    ([1, 2, 3], [0, 2, 2, 3])
    """
    if lists.null_count():
        lists = lists.fill_null(pl.Series([[]], dtype=lists.dtype))
    arrow = lists.rechunk().to_arrow(compat_level=pl.CompatLevel.oldest())
    # Through Polars, because Arrow's `to_numpy` imports pandas if it is installed.
    values, offsets = (series_of(part).to_numpy() for part in (arrow.values, arrow.offsets))
    return values[offsets[0] : offsets[-1]], offsets - offsets[0]
