"""Rows on their way to files by a number: what they are held by in memory is bounded, whatever comes."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Final

import numpy as np
import polars as pl
import pyarrow as pa

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path
    from typing import Any

    from numpy.typing import NDArray

_BYTES: Final = 128 << 20
# Of rows without texts: views into what they were cut from count as much as all of that.
_ROWS: Final = 50_000


@dataclass
class Spill:
    """Rows by number; a number's file holds several Arrow streams, one after another, in the order in which they came.

    Attributes:
        folder: where the files are.
        most: bytes of rows with texts that wait at most.
        waiting: rows that aren't in their files yet.
        held: bytes of these, about.
        rows: how many these are.
    """

    folder: Path
    most: int = field(default_factory=lambda: _BYTES)
    waiting: dict[int, list[pl.DataFrame]] = field(default_factory=dict)
    held: int = 0
    rows: int = 0

    def add(self, number: int, rows: pl.DataFrame) -> None:
        """Add rows with texts to a number's."""
        self.waiting.setdefault(number, []).append(rows)
        self.held += int(rows.estimated_size())
        if self.held > self.most:
            self.flush()

    def add_texts_by(self, rows: pl.DataFrame, numbers: NDArray[np.integer[Any]]) -> None:
        """Add each of the rows, which may have texts, to its number's; rows with a number below 0 are left out."""
        for number in np.unique(numbers[numbers >= 0]).tolist():
            self.add(number, rows[np.flatnonzero(numbers == number)])

    def add_by(self, rows: pl.DataFrame, numbers: NDArray[np.integer[Any]]) -> None:
        """Add each of the rows, which have no texts, to its number's."""
        if not len(numbers):
            return
        if numbers.min() == numbers.max():  # as usual: nothing is put in order
            self.waiting.setdefault(int(numbers[0]), []).append(rows)
        else:
            order = np.argsort(numbers, kind="stable")
            ordered, sorted_rows = numbers[order], rows[order]
            starts = np.flatnonzero(np.concatenate(([True], ordered[1:] != ordered[:-1])))
            ends = np.append(starts[1:], len(ordered))
            for number, start, end in zip(ordered[starts].tolist(), starts.tolist(), ends.tolist(), strict=True):
                self.waiting.setdefault(number, []).append(sorted_rows[start:end])
        self.rows += rows.height
        if self.rows > _ROWS:
            self.flush()

    def flush(self) -> None:
        """Write what waits."""
        self.folder.mkdir(parents=True, exist_ok=True)
        for number, frames in self.waiting.items():
            table = pl.concat(frames).to_arrow(compat_level=pl.CompatLevel.oldest())
            with self.file(number).open("ab") as opened, pa.ipc.new_stream(opened, table.schema) as stream:
                stream.write_table(table)
        self.waiting.clear()
        self.held = self.rows = 0

    def file(self, number: int) -> Path:
        """Return the file of a number's rows, which isn't there where it has none."""
        return self.folder / f"{number}.arrows"

    def frames(self, number: int) -> Iterator[pl.DataFrame]:
        """Yield the rows of a number, in order, as they were written."""
        if not self.file(number).exists():
            return
        with pa.OSFile(str(self.file(number))) as source:
            yield from streams(source)

    def take(self, number: int, columns: pl.Schema) -> pl.DataFrame:
        """Return the rows of a number, in order, whose file is deleted; columns that some lack are null there."""
        rows = pl.concat([pl.DataFrame(schema=columns), *self.frames(number)], how="diagonal")
        self.file(number).unlink(missing_ok=True)
        return rows


def compact(rows: pl.DataFrame) -> pl.DataFrame:
    """Return the rows without what they were taken from: a text that is kept holds all that was read with it.

    >>> compact(pl.DataFrame({"doc_id": ["a", "b"]})[1:]).rows()
    [('b',)]
    """
    held = pl.from_arrow(rows.to_arrow(compat_level=pl.CompatLevel.oldest()))
    return held.cast(rows.schema) if isinstance(held, pl.DataFrame) else rows


def streams(source: pa.NativeFile) -> Iterator[pl.DataFrame]:
    """Yield the rows of each stream in a file."""
    size = source.size()
    while source.tell() < size:
        frame = pl.from_arrow(pa.ipc.open_stream(source).read_all(), rechunk=False)
        if isinstance(frame, pl.DataFrame):
            yield frame
