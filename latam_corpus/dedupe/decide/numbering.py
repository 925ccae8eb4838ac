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
from latam_corpus.dedupe.decide.order import in_order, order_key
from latam_corpus.dedupe.fingerprints.scheme import DEDUPE, WORDS
from latam_corpus.dedupe.on_disk import span_of, spans
from latam_corpus.dedupe.verify_jobs import BY_NUMBER, KNOWN, KNOWN_OF, ROWS_OF, WORDS_OF
from latam_corpus.errors import ConfigError
from latam_corpus.messages import _
from latam_corpus.storage.spill import Spill, compact

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from numpy.typing import NDArray

MOST_NUMBERED: Final = int(NOBODY)  # a number has 32 bits, and the last of them says that a document has none
RANGE_ROWS: Final = 100_000
_SAMPLED_ROWS: Final = 512  # of so many one tells by its key where ranges are cut


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
        """Add documents, as `Keeping.ranked` gives them.

        Raises:
            ConfigError: they are more than there are numbers.
        """
        self._empty = rows.clear()
        sampled = rows.gather_every(_SAMPLED_ROWS, -self.count % _SAMPLED_ROWS)
        self._keys.append(order_key(sampled))
        self._came.add_by(rows, np.zeros(rows.height, np.int64))
        self.count += rows.height
        if self.count > MOST_NUMBERED:
            problem = _("near-duplicates are looked for among {n} documents at most", n=MOST_NUMBERED)
            raise ConfigError(_("stage «{stage}»", stage=DEDUPE), problem, _("run it by source or by year"))

    def number(self, end: int) -> None:
        """Write the documents' numbers by row, for rows before `end`, and what jobs ask of them by their numbers."""
        self._came.flush()
        sample = pl.concat([pl.Series("key", [], pl.String), *self._keys]).sort()
        self._keys.clear()
        ranges = max(1, min(-(-self.count // RANGE_ROWS), len(sample)))
        cuts = sample.gather([len(sample) * n // ranges for n in range(1, ranges)])
        if ranges == 1:
            self._ranges = self._came
        else:
            for rows in self._came.frames(0):
                self._ranges.add_by(rows, cuts.search_sorted(order_key(rows), side="right").to_numpy())
            self._ranges.flush()
            self._came.file(0).unlink(missing_ok=True)
        by_row = Spill(self.workdir / "by-row")
        with ExitStack() as opened:
            files = {name: opened.enter_context((self.workdir / name).open("wb")) for name in BY_NUMBER}
            for number in range(ranges):
                rows = self._range(number)
                for name, array in _by_number(rows).items():
                    array.astype(BY_NUMBER[name]).tofile(files[name])
                first, row = self.starts[-1], rows[ROW].to_numpy()
                self.starts.append(first + rows.height)
                numbers = pl.Series("number", np.arange(first, self.starts[-1]), dtype=pl.UInt32)
                by_row.add_by(pl.DataFrame([rows[ROW], numbers]), span_of(row))
        by_row.flush()
        with (self.workdir / "numbers").open("wb") as file:
            for number, (low, high) in enumerate(spans(end)):
                found = by_row.take(number, pl.Schema({ROW: pl.Int64(), "number": pl.UInt32()}))
                numbers_of = np.full(high - low, NOBODY)
                numbers_of[found[ROW].to_numpy() - low] = found["number"].to_numpy()
                numbers_of.tofile(file)

    def at(self, numbers: NDArray[np.integer[Any]]) -> Iterator[tuple[int, pl.DataFrame]]:
        """Yield the documents of these numbers, sorted, some at a time, and which of the numbers their first has."""
        yield 0, self._empty
        ends = np.searchsorted(numbers, self.starts).tolist()
        for number, (start, first, end) in enumerate(zip(self.starts, ends, ends[1:], strict=False)):
            if end > first:
                yield first, compact(self._range(number)[numbers[first:end] - start])

    def _range(self, number: int) -> pl.DataFrame:
        """Return the documents of a range, the one that is kept first."""
        rows = pl.concat([self._empty, *self._ranges.frames(number)])
        return in_order(rows) if rows.height else rows


def _by_number(rows: pl.DataFrame) -> dict[str, NDArray[Any]]:
    """Return what is written of documents in the order of their numbers."""
    if not rows.height:
        return {}
    known = np.zeros(rows.height, KNOWN)
    for name in KNOWN.names or ():
        known[name] = rows[name].to_numpy()
    return {ROWS_OF: rows[ROW].to_numpy(), WORDS_OF: rows[WORDS].to_numpy(), KNOWN_OF: known}
