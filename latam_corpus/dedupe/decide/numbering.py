"""Number documents in the order of keeping; to save memory, one range of the order is sorted at a time.

At the same time, the facts that jobs look up by number are written to files.
"""

from __future__ import annotations

from contextlib import ExitStack
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Final

import numpy as np
import polars as pl

from latam_corpus.corpus import ROW
from latam_corpus.dedupe.candidate_jobs import UNNUMBERED
from latam_corpus.dedupe.decide.order import in_order, order_key
from latam_corpus.dedupe.fingerprints.scheme import DEDUPE, WORDS
from latam_corpus.dedupe.on_disk import span_of, spans
from latam_corpus.dedupe.verify_jobs import BY_NUMBER, FACTS, FACTS_OF, ROWS_OF, WORDS_OF
from latam_corpus.errors import ConfigError
from latam_corpus.messages import _
from latam_corpus.storage.spill import Spill, compact

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from numpy.typing import NDArray

MOST_NUMBERED: Final = int(UNNUMBERED)  # a number has 32 bits; the highest value marks documents without one
RANGE_ROWS: Final = 100_000
_SAMPLED_ROWS: Final = 512  # one in this many rows is sampled to choose the ends of ranges


@dataclass
class Numbering:
    """Documents that are collected, numbered, and looked up by number.

    Attributes:
        workdir: the folder for files.
        count: documents added.
        starts: the first number of each range, and the end of the last one.
    """

    workdir: Path
    count: int = 0
    starts: list[int] = field(default_factory=lambda: [0])
    _keys: list[pl.Series] = field(default_factory=list)

    def __post_init__(self) -> None:
        self._added = Spill(self.workdir / "added")
        self._ranges = Spill(self.workdir / "ranges")
        self._empty = pl.DataFrame(schema={ROW: pl.Int64})

    def add(self, rows: pl.DataFrame) -> None:
        """Add documents in the columns of `Keeping.ranked`.

        Raises:
            ConfigError: there are more documents than numbers.
        """
        self._empty = rows.clear()
        sampled = rows.gather_every(_SAMPLED_ROWS, -self.count % _SAMPLED_ROWS)
        self._keys.append(order_key(sampled))
        self._added.add_by(rows, np.zeros(rows.height, np.int64))
        self.count += rows.height
        if self.count > MOST_NUMBERED:
            problem = _("the search for near-duplicates takes {n} documents at most", n=MOST_NUMBERED)
            raise ConfigError(_("stage «{stage}»", stage=DEDUPE), problem, _("run it by source or by year"))

    def number(self, end: int) -> None:
        """Write the number of each row up to `end`, and the facts that jobs look up by number."""
        self._added.flush()
        sample = pl.concat([pl.Series("key", [], pl.String), *self._keys]).sort()
        self._keys.clear()
        ranges = max(1, min(-(-self.count // RANGE_ROWS), len(sample)))
        cuts = sample.gather([len(sample) * n // ranges for n in range(1, ranges)])
        if ranges == 1:
            self._ranges = self._added
        else:
            for rows in self._added.frames(0):
                self._ranges.add_by(rows, cuts.search_sorted(order_key(rows), side="right").to_numpy())
            self._ranges.flush()
            self._added.file(0).unlink(missing_ok=True)
        by_row = Spill(self.workdir / "by-row")
        with ExitStack() as opened:
            files = {name: opened.enter_context((self.workdir / name).open("wb")) for name in BY_NUMBER}
            for number in range(ranges):
                rows = self._read_range(number)
                for name, array in _facts_by_number(rows).items():
                    array.astype(BY_NUMBER[name]).tofile(files[name])
                first, row_ids = self.starts[-1], rows[ROW].to_numpy()
                self.starts.append(first + rows.height)
                numbers = pl.Series("number", np.arange(first, self.starts[-1]), dtype=pl.UInt32)
                by_row.add_by(pl.DataFrame([rows[ROW], numbers]), span_of(row_ids))
        by_row.flush()
        with (self.workdir / "numbers").open("wb") as file:
            for number, (low, high) in enumerate(spans(end)):
                numbered = by_row.take(number, pl.Schema({ROW: pl.Int64(), "number": pl.UInt32()}))
                numbers_by_row = np.full(high - low, UNNUMBERED)
                numbers_by_row[numbered[ROW].to_numpy() - low] = numbered["number"].to_numpy()
                numbers_by_row.tofile(file)

    def at(self, numbers: NDArray[np.integer[Any]]) -> Iterator[tuple[int, pl.DataFrame]]:
        """Yield the documents with these sorted numbers in batches, each with its first index in `numbers`."""
        yield 0, self._empty
        ends = np.searchsorted(numbers, self.starts).tolist()
        for number, (start, first, end) in enumerate(zip(self.starts, ends, ends[1:], strict=False)):
            if end > first:
                yield first, compact(self._read_range(number)[numbers[first:end] - start])

    def _read_range(self, number: int) -> pl.DataFrame:
        """Return the documents of a range in the order of keeping."""
        rows = pl.concat([self._empty, *self._ranges.frames(number)])
        return in_order(rows) if rows.height else rows


def _facts_by_number(rows: pl.DataFrame) -> dict[str, NDArray[Any]]:
    """Return the values to write for documents, in the order of their numbers."""
    if not rows.height:
        return {}
    facts = np.zeros(rows.height, FACTS)
    for name in FACTS.names or ():
        facts[name] = rows[name].to_numpy()
    return {ROWS_OF: rows[ROW].to_numpy(), WORDS_OF: rows[WORDS].to_numpy(), FACTS_OF: facts}
