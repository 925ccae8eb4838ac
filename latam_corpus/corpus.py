"""A corpus as a barrier sees it: its rows a piece, or a group of equal rows, at a time, and never all at once."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Final, Protocol, TypeVar

import numpy as np
import polars as pl

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence
    from pathlib import Path

    from numpy.typing import NDArray

ROW: Final = "row"  # identifies a row of the corpus while a barrier decides, int64
T = TypeVar("T")
R = TypeVar("R")


class Piece(Protocol):
    """Rows that lie together: a value that can be pickled and read anywhere."""

    @property
    def start(self) -> int:
        """The row that its first row is."""
        ...

    @property
    def height(self) -> int:
        """How many rows it has."""
        ...

    @property
    def bytes(self) -> int:
        """How large it is, about."""
        ...

    def read(self, columns: Sequence[str]) -> pl.DataFrame:
        """Return these columns of its rows, in order."""
        ...


@dataclass(frozen=True)
class PieceFile:
    """What is the same of every piece that is a file; how its columns are read is told by each kind.

    Attributes:
        path: the file.
        start: the row that its first row is.
        height: how many rows it has.
    """

    path: Path
    start: int
    height: int

    @property
    def bytes(self) -> int:
        """How large the file is."""
        return self.path.stat().st_size


class Corpus(Protocol):
    """The rows that a barrier decides on."""

    @property
    def height(self) -> int:
        """Rows in all."""
        ...

    @property
    def workdir(self) -> Path | None:
        """A folder for what is written meanwhile, which every worker can read; None for the system's."""
        ...

    @property
    def dropped_rows(self) -> NDArray[np.int64]:
        """Rows that an earlier barrier of the cut has dropped, sorted."""
        ...

    @property
    def notes(self) -> dict[str, Any]:
        """What barriers tell of their work beside the decisions, by their names; it goes into `run.json`."""
        ...

    def pieces(self) -> list[Piece]:
        """Return the rows, those gone among them, in order."""
        ...

    def frames(self, columns: Sequence[str]) -> Iterator[pl.DataFrame]:
        """`row` and these columns, a piece at a time, without the rows gone."""
        ...

    def repeated(
        self, key: str, columns: Sequence[str], *, with_dropped: bool = False, also: Sequence[Piece] = ()
    ) -> Iterator[pl.DataFrame]:
        """`row` and these columns of all rows whose `key` another row has too; equal keys are in one frame.

        Rows without a key are left out; rows with a key of their own may be among those given.

        Args:
            key: the column that is compared.
            columns: what is wanted of the rows.
            with_dropped: also rows that a stage dropped before, whose `row` is `height` or more.
            also: rows of another corpus, whose pieces start at `height` or after it.
        """
        ...

    def map(self, work: Callable[[T], R], jobs: Sequence[T], title: str = "") -> Iterator[R]:
        """Give what `work` makes of each job, by whatever engine there is, in any order; it is told how many are done.

        Args:
            work: a function of a module. It is begun again where a worker ends: it writes whole files, adds to none.
            jobs: values that can be pickled, with an attribute `bytes` that says how large they are.
            title: what is done, for people who wait.
        """
        ...

    def step(self, title: str, done: int, total: int) -> None:
        """Tell how far the work has come that isn't given to `map`."""
        ...


@dataclass(frozen=True, eq=False)
class FramePiece:
    """A frame as a piece."""

    frame: pl.DataFrame
    start: int

    @property
    def height(self) -> int:
        """How many rows it has."""
        return self.frame.height

    @property
    def bytes(self) -> int:
        """How large it is, about."""
        return int(self.frame.estimated_size())

    def read(self, columns: Sequence[str]) -> pl.DataFrame:
        """Return these columns of its rows, in order."""
        return self.frame.select(columns)


@dataclass(frozen=True, eq=False)
class Frames:
    """A corpus in memory: frames with all columns, in order, worked in this process.

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
        """Rows in all."""
        return sum(part.height for part in self.parts)

    def pieces(self) -> list[Piece]:
        """Return the rows, in order."""
        starts = np.concatenate(([0], np.cumsum([part.height for part in self.parts]))).tolist()
        return [FramePiece(part, start) for part, start in zip(self.parts, starts, strict=False)]

    def frames(self, columns: Sequence[str]) -> Iterator[pl.DataFrame]:
        """`row` and these columns, a piece at a time."""
        for piece in self.pieces():
            yield rows_of(piece, columns, self.dropped_rows)

    def repeated(
        self,
        key: str,
        columns: Sequence[str],
        *,
        with_dropped: bool = False,  # noqa: ARG002  (nothing was dropped before)
        also: Sequence[Piece] = (),
    ) -> Iterator[pl.DataFrame]:
        """`row` and these columns of all rows whose `key` another row has too."""
        wanted = sorted({key, *columns})
        every = pl.concat([pl.DataFrame(), *self.frames(wanted), *(rows_of(p, wanted) for p in also)], how="diagonal")
        if every.height:
            yield every.filter(pl.col(key).is_not_null() & pl.col(key).is_duplicated()).select(ROW, *columns)

    def map(self, work: Callable[[T], R], jobs: Sequence[T], title: str = "") -> Iterator[R]:  # noqa: ARG002
        """Return what `work` makes of each job, here; nobody waits for so little."""
        return map(work, jobs)

    def step(self, title: str, done: int, total: int) -> None:
        """Nothing is told."""


def rows_of(piece: Piece, columns: Sequence[str], dropped_rows: NDArray[np.int64] | None = None) -> pl.DataFrame:
    """`row` and these columns of a piece, without the rows gone (sorted).

    >>> rows_of(FramePiece(pl.DataFrame({"a": ["x", "y"]}), 5), ["a"], np.array([5])).rows()
    [('y', 6)]
    """
    rows = piece.read(columns).with_columns(pl.int_range(piece.start, piece.start + piece.height).alias(ROW))
    if dropped_rows is None or not len(dropped_rows):
        return rows
    mine = dropped_rows[
        np.searchsorted(dropped_rows, piece.start) : np.searchsorted(dropped_rows, piece.start + piece.height)
    ]
    left = np.ones(rows.height, np.bool_)
    left[mine - piece.start] = False
    return rows.filter(left) if len(mine) else rows


def among(values: NDArray[Any], wanted: NDArray[Any]) -> NDArray[np.bool_]:
    """Whether each of the values is among the wanted ones, sorted.

    >>> among(np.array([3, 1, 4]), np.array([1, 3])).tolist()
    [True, True, False]
    """
    if not len(wanted):
        return np.zeros(len(values), np.bool_)
    return np.asarray(wanted[np.searchsorted(wanted, values).clip(max=len(wanted) - 1)] == values, np.bool_)


def distinct(values: NDArray[Any]) -> NDArray[Any]:
    """Return the values sorted, each once; NumPy's `unique` hashes them, which takes many times as long.

    >>> distinct(np.array([[3, 1], [3, 2]])).tolist()
    [1, 2, 3]
    """
    ordered = np.sort(values, axis=None)
    unique: NDArray[Any] = ordered[
        np.concatenate((np.ones(min(len(ordered), 1), np.bool_), ordered[1:] != ordered[:-1]))
    ]
    return unique


def components(pairs: NDArray[np.integer[Any]], count: int) -> NDArray[np.int64]:
    """Return for each of so many nodes the smallest node that it is connected with.

    >>> components(np.array([[0, 3], [3, 1], [2, 4]]), 5).tolist()
    [0, 0, 2, 0, 2]
    """
    label = np.arange(count)
    while len(pairs):
        labels = label[pairs]
        apart = labels[:, 0] != labels[:, 1]
        pairs, labels = pairs[apart], labels[apart]
        np.minimum.at(label, labels, labels.min(axis=1)[:, None])
        while not np.array_equal(label, onwards := label[label]):
            label = onwards
    return label


def packed(pairs: NDArray[np.integer[Any]], count: int, most: int) -> NDArray[np.int64]:
    """Return the pack of each of so many nodes: what is connected is in one, and one has about so many at most.

    >>> packed(np.array([[0, 3], [3, 1], [2, 4]]), 5, 3).tolist()
    [0, 0, 1, 0, 1]
    """
    label = components(pairs, count)
    order = np.argsort(label, kind="stable")
    starts = np.concatenate((np.ones(min(count, 1), np.bool_), label[order][1:] != label[order][:-1]))
    pack = np.zeros(count, np.int64)
    # All that is connected goes where its first does.
    pack[order] = np.maximum.accumulate(np.where(starts, np.arange(count), 0)) // most
    return pack


def ragged(lists: pl.Series) -> tuple[NDArray[Any], NDArray[np.int64]]:
    """Return the values of a series of lists one after another, and where each list starts, with an end.

    >>> values, offsets = ragged(pl.Series([[1, 2], None, [3]], dtype=pl.List(pl.UInt32)))
    >>> values.tolist(), offsets.tolist()
    ([1, 2, 3], [0, 2, 2, 3])
    """
    if lists.null_count():
        lists = lists.fill_null(pl.Series([[]], dtype=lists.dtype))
    arrow = lists.rechunk().to_arrow(compat_level=pl.CompatLevel.oldest())
    # Through Polars: `to_numpy` of Arrow imports pandas wherever it is installed.
    values, offsets = (pl.Series(part).to_numpy() for part in (arrow.values, arrow.offsets))
    return values[offsets[0] : offsets[-1]], offsets - offsets[0]
