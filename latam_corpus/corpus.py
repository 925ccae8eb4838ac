"""A corpus as a barrier sees it: its rows a part, or a group of equal rows, at a time, and never all at once."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final, Protocol

import numpy as np
import polars as pl

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from numpy.typing import NDArray

ROW: Final = "row"  # identifies a row of the corpus while a barrier decides, int64


class Corpus(Protocol):
    """The rows that a barrier decides on."""

    @property
    def height(self) -> int:
        """Rows in all."""
        ...

    def frames(self, columns: Sequence[str]) -> Iterator[pl.DataFrame]:
        """`row` and these columns, a part at a time."""
        ...

    def repeated(self, key: str, columns: Sequence[str], *, with_dropped: bool = False) -> Iterator[pl.DataFrame]:
        """`row` and these columns of all rows whose `key` another row has too; equal keys are in one frame.

        Rows without a key are left out; rows with a key of their own may be among those given.

        Args:
            key: the column that is compared.
            columns: what is wanted of the rows.
            with_dropped: also rows that a stage dropped before, whose `row` is `height` or more.
        """
        ...


@dataclass(frozen=True)
class Frames:
    """A corpus in memory: frames with all columns, in order.

    >>> corpus = Frames((pl.DataFrame({"a": ["x", "y"]}), pl.DataFrame({"a": ["x"]})))
    >>> [frame["row"].to_list() for frame in corpus.repeated("a", [])]
    [[0, 2]]
    """

    parts: tuple[pl.DataFrame, ...]

    @property
    def height(self) -> int:
        """Rows in all."""
        return sum(part.height for part in self.parts)

    def frames(self, columns: Sequence[str]) -> Iterator[pl.DataFrame]:
        """`row` and these columns, a part at a time."""
        start = 0
        for part in self.parts:
            yield part.select(pl.int_range(start, start + part.height, dtype=pl.Int64).alias(ROW), *columns)
            start += part.height

    def repeated(self, key: str, columns: Sequence[str], *, with_dropped: bool = False) -> Iterator[pl.DataFrame]:  # noqa: ARG002
        """`row` and these columns of all rows whose `key` another row has too."""
        every = pl.concat(self.frames(sorted({key, *columns}))) if self.parts else pl.DataFrame()
        if every.height:
            found = every.filter(pl.col(key).is_not_null() & pl.col(key).is_duplicated())
            yield found.select(ROW, *columns)


def repeated_hashes(hashes: Sequence[NDArray[np.uint64]]) -> NDArray[np.uint64]:
    """The hashes that stand more than once in these arrays, sorted.

    >>> repeated_hashes([np.array([3, 1], np.uint64), np.array([3], np.uint64)]).tolist()
    [3]
    """
    every = np.sort(np.concatenate([np.zeros(0, np.uint64), *hashes]))
    found: NDArray[np.uint64] = np.unique(every[1:][every[1:] == every[:-1]])
    return found
