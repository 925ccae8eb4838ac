"""Documents numbered in the order of keeping, in ranges of it that are sorted one after the other: none is held here.

What jobs ask of a document by its number is written to files meanwhile.
"""

from __future__ import annotations

from contextlib import ExitStack
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Final

import numpy as np
import polars as pl

from latam_corpus.corpus import ROW
from latam_corpus.dedupe.candidate_jobs import NOBODY
from latam_corpus.dedupe.order import in_order, order_key
from latam_corpus.dedupe.scheme import WORDS
from latam_corpus.dedupe.verify_jobs import KNOWN, KNOWN_OF, ROWS_OF, WORDS_OF
from latam_corpus.spill import Spill, compact

if TYPE_CHECKING:
    from pathlib import Path

    from numpy.typing import NDArray

RANGE_ROWS: Final = 100_000
_SAMPLED_ROWS: Final = 256  # of so many one tells by its key where ranges are cut


@dataclass
class Numbering:
    """Documents on their way to a number, and then by it.

    Attributes:
        workdir: for files.
        count: how many there are.
        starts: the number of the first of each range, with an end.
    """

    workdir: Path
    count: int = 0
    starts: list[int] = field(default_factory=lambda: [0])
    _keys: list[pl.Series] = field(default_factory=list)

    def __post_init__(self) -> None:
        self._came = Spill(self.workdir / "came")
        self._ranges = Spill(self.workdir / "ranges")
        self._empty = pl.DataFrame(schema={ROW: pl.Int64})

    def add(self, rows: pl.DataFrame) -> None:
        """Add documents, as `Keeping.ranked` gives them."""
        self._empty = rows.clear()
        sampled = rows.gather_every(_SAMPLED_ROWS, -self.count % _SAMPLED_ROWS)
        self._keys.append(order_key(sampled))
        self._came.add_by(rows, np.zeros(rows.height, np.int64))
        self.count += rows.height

    def number(self, end: int) -> None:
        """Write the documents' numbers by row, for rows before `end`, and what jobs ask of them by their numbers."""
        self._came.flush()
        sample = pl.concat([pl.Series("key", [], pl.String), *self._keys]).sort()
        self._keys.clear()
        ranges = max(1, min(-(-self.count // RANGE_ROWS), len(sample)))
        cuts = sample.gather([len(sample) * n // ranges for n in range(1, ranges)])
        for rows in self._came.frames(0):
            self._ranges.add_by(rows, cuts.search_sorted(order_key(rows), side="right").to_numpy())
        self._ranges.flush()
        self._came.file(0).unlink(missing_ok=True)
        np.full(end, NOBODY).tofile(self.workdir / "numbers")
        with ExitStack() as opened:
            files = {name: opened.enter_context((self.workdir / name).open("wb")) for name in _BY_NUMBER}
            for name, file in files.items():
                fields = {"descr": np.lib.format.dtype_to_descr(_BY_NUMBER[name]), "fortran_order": False}
                np.lib.format.write_array_header_1_0(file, fields | {"shape": (self.count,)})
            for number in range(ranges):
                rows = self._range(number)
                for name, array in _by_number(rows).items():
                    array.astype(_BY_NUMBER[name]).tofile(files[name])
                first = self.starts[-1]
                if rows.height:
                    numbers = np.memmap(self.workdir / "numbers", np.uint32, "r+")
                    numbers[rows[ROW].to_numpy()] = np.arange(first, first + rows.height, dtype=np.uint32)
                    del numbers
                self.starts.append(first + rows.height)

    def at(self, numbers: NDArray[np.integer[Any]]) -> pl.DataFrame:
        """Return the documents of these numbers, sorted, in the order of keeping."""
        ends = np.searchsorted(numbers, self.starts)
        frames = [self._empty]
        for number, (start, first, end) in enumerate(zip(self.starts, ends, ends[1:], strict=False)):
            if end > first:
                frames.append(compact(self._range(number)[numbers[first:end] - start]))
        return pl.concat(frames)

    def _range(self, number: int) -> pl.DataFrame:
        """Return the documents of a range, the one that is kept first."""
        rows = pl.concat([self._empty, *self._ranges.frames(number)])
        return in_order(rows) if rows.height else rows


_BY_NUMBER: Final[dict[str, np.dtype[Any]]] = {
    ROWS_OF: np.dtype(np.int64),
    WORDS_OF: np.dtype(np.uint32),
    KNOWN_OF: KNOWN,
}


def _by_number(rows: pl.DataFrame) -> dict[str, NDArray[Any]]:
    """Return what is written of documents in the order of their numbers."""
    if not rows.height:
        return {}
    known = np.zeros(rows.height, KNOWN)
    for name in KNOWN.names or ():
        known[name] = rows[name].to_numpy()
    return {ROWS_OF: rows[ROW].to_numpy(), WORDS_OF: rows[WORDS].to_numpy(), KNOWN_OF: known}
