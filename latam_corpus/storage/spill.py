"""Group rows by a number in temporary files, with bounded memory."""

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
# The limit for rows without texts. Their size isn't measured, since slices report the size of the whole frame.
_ROWS: Final = 50_000


@dataclass
class Spill:
    """Rows by number. The file of a number contains Arrow streams in the order in which rows were added.

    Attributes:
        max_bytes: the maximum number of bytes that rows with texts use in memory.
        waiting_bytes: the approximate size of waiting rows with texts.
        waiting_rows: the number of waiting rows without texts.
    """

    folder: Path
    max_bytes: int = field(default_factory=lambda: _BYTES)
    waiting: dict[int, list[pl.DataFrame]] = field(default_factory=dict)
    waiting_bytes: int = 0
    waiting_rows: int = 0

    def add(self, number: int, rows: pl.DataFrame) -> None:
        """Add rows with texts under a number."""
        self.waiting.setdefault(number, []).append(rows)
        self.waiting_bytes += int(rows.estimated_size())
        if self.waiting_bytes > self.max_bytes:
            self.flush()

    def add_texts_by(self, rows: pl.DataFrame, numbers: NDArray[np.integer[Any]]) -> None:
        """Add rows, which may have texts, each under its number; rows with a negative number are left out."""
        for number in np.unique(numbers[numbers >= 0]).tolist():
            self.add(number, rows[np.flatnonzero(numbers == number)])

    def add_by(self, rows: pl.DataFrame, numbers: NDArray[np.integer[Any]]) -> None:
        """Add rows without texts, each under its number."""
        if not len(numbers):
            return
        if numbers.min() == numbers.max():  # the usual case, which needs no sorting
            self.waiting.setdefault(int(numbers[0]), []).append(rows)
        else:
            order = np.argsort(numbers, kind="stable")
            ordered, sorted_rows = numbers[order], rows[order]
            starts = np.flatnonzero(np.concatenate(([True], ordered[1:] != ordered[:-1])))
            ends = np.append(starts[1:], len(ordered))
            for number, start, end in zip(ordered[starts].tolist(), starts.tolist(), ends.tolist(), strict=True):
                self.waiting.setdefault(number, []).append(sorted_rows[start:end])
        self.waiting_rows += rows.height
        if self.waiting_rows > _ROWS:
            self.flush()

    def flush(self) -> None:
        """Write the waiting rows to their files."""
        self.folder.mkdir(parents=True, exist_ok=True)
        for number, frames in self.waiting.items():
            table = pl.concat(frames).to_arrow(compat_level=pl.CompatLevel.oldest())
            with self.file(number).open("ab") as opened, pa.ipc.new_stream(opened, table.schema) as stream:
                stream.write_table(table)
        self.waiting.clear()
        self.waiting_bytes = self.waiting_rows = 0

    def file(self, number: int) -> Path:
        """Return the file of a number's rows, which exists only if there are rows."""
        return self.folder / f"{number}.arrows"

    def frames(self, number: int) -> Iterator[pl.DataFrame]:
        """Yield the rows of a number in order."""
        if not self.file(number).exists():
            return
        with pa.OSFile(str(self.file(number))) as source:
            yield from streams(source)

    def take(self, number: int, columns: pl.Schema) -> pl.DataFrame:
        """Return the rows of a number in order, and delete their file; missing columns are null."""
        rows = pl.concat([pl.DataFrame(schema=columns), *self.frames(number)], how="diagonal")
        self.file(number).unlink(missing_ok=True)
        return rows


def compact(rows: pl.DataFrame) -> pl.DataFrame:
    """Copy the rows, so that they don't keep the larger frame from which they were taken in memory.

    >>> compact(pl.DataFrame({"doc_id": ["a", "b"]})[1:]).rows()
    [('b',)]
    """
    copied = pl.from_arrow(rows.to_arrow(compat_level=pl.CompatLevel.oldest()))
    return copied.cast(rows.schema) if isinstance(copied, pl.DataFrame) else rows


def streams(source: pa.NativeFile) -> Iterator[pl.DataFrame]:
    """Yield the rows of each Arrow stream in a file."""
    size = source.size()
    while source.tell() < size:
        frame = pl.from_arrow(pa.ipc.open_stream(source).read_all(), rechunk=False)
        if isinstance(frame, pl.DataFrame):
            yield frame
