"""Documents that have an equal text, on the disk by blocks of rows: what is asked of one reads its block alone."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import numpy as np
import polars as pl

from latam_corpus.corpus import ROW, among
from latam_corpus.storage.spill import Spill, compact

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

_BLOCK_BITS: Final = 17  # 131,072 rows
_OUT: Final = pl.Schema({ROW: pl.Int64()})
# How many documents have a kept one's text, and the smallest id among them.
WEIGHTS: Final = pl.Schema({ROW: pl.Int64(), "copies": pl.UInt32(), "least_id": pl.String()})


class EqualTexts:
    """Groups of equal documents, each where its kept one is, and what became of that one as a near-duplicate."""

    def __init__(self, folder: Path) -> None:
        self._groups = Spill(folder / "groups")
        self._weights = Spill(folder / "weights")
        self._out = Spill(folder / "out")
        self._fates = Spill(folder / "fates")
        self._schema = pl.Schema()
        self._fate_schema = pl.Schema({"kept_row": pl.Int64()})
        self._last = 0
        self._block: tuple[int, pl.DataFrame, pl.DataFrame] = (-1, pl.DataFrame(), pl.DataFrame())

    def leave_out(self, rows: pl.Series) -> None:
        """Add rows that aren't looked at."""
        self._out.add_by(pl.DataFrame({ROW: rows}), rows.to_numpy() >> _BLOCK_BITS)

    def add(self, groups: pl.DataFrame) -> None:
        """Add groups, each whole: rows with the `kept_row` of theirs."""
        self._schema = groups.schema
        blocks = groups["kept_row"].to_numpy() >> _BLOCK_BITS
        self._last = max(self._last, int(blocks.max(initial=0)))
        self._groups.add_by(groups, blocks)
        weights = groups.group_by(pl.col("kept_row").alias(ROW)).agg(
            pl.len().alias("copies"), pl.col("doc_id").min().alias("least_id")
        )
        self._weights.add_by(weights, weights[ROW].to_numpy() >> _BLOCK_BITS)
        self.leave_out(groups.filter(pl.col(ROW) != pl.col("kept_row"))[ROW])

    def end(self) -> None:
        """Write what waits: all groups are there."""
        for spill in (self._groups, self._weights, self._out):
            spill.flush()

    def kept(self, rows: pl.DataFrame) -> pl.DataFrame:
        """Return those of these rows, sorted, that are looked at, with WEIGHTS: null where no other has the text."""
        if rows.is_empty():
            return rows.with_columns(pl.lit(None, kind).alias(name) for name, kind in list(WEIGHTS.items())[1:])
        found = [self._at(block) for block in range(rows[ROW][0] >> _BLOCK_BITS, (rows[ROW][-1] >> _BLOCK_BITS) + 1)]
        out = np.concatenate([gone[ROW].to_numpy() for gone, _ in found])
        weights = pl.concat([told for _, told in found])
        return rows.filter(~among(rows[ROW].to_numpy(), out)).join(weights, on=ROW, how="left", maintain_order="left")

    def _at(self, block: int) -> tuple[pl.DataFrame, pl.DataFrame]:
        """Return which rows of a block aren't looked at, sorted, and the weights of the others."""
        if block != self._block[0]:
            out, weights = (
                pl.concat([pl.DataFrame(schema=columns), *spill.frames(block)])
                for spill, columns in ((self._out, _OUT), (self._weights, WEIGHTS))
            )
            self._block = (block, out.sort(ROW), weights)
        return self._block[1:]

    def tell(self, fates: pl.DataFrame) -> None:
        """Add what became of documents, by their `kept_row`."""
        self._fate_schema = fates.schema
        self._fates.add_by(compact(fates), fates["kept_row"].to_numpy() >> _BLOCK_BITS)

    def blocks(self) -> Iterator[tuple[pl.DataFrame, pl.DataFrame]]:
        """Yield the groups, and what became of the kept ones; each once."""
        self._fates.flush()
        for block in range(self._last + 1):
            groups = self._groups.take(block, self._schema)
            if groups.height:
                yield groups, self._fates.take(block, self._fate_schema)
