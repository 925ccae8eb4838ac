"""Groups of documents with equal texts, stored on disk in blocks of rows so that a query reads one block."""

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
_EXCLUDED: Final = pl.Schema({ROW: pl.Int64()})
# For each kept document, the number of documents with its text and the smallest of their ids.
WEIGHTS: Final = pl.Schema({ROW: pl.Int64(), "copies": pl.UInt32(), "least_id": pl.String()})


class EqualTexts:
    """Groups of documents with equal texts, stored by the kept document, with the near-duplicate decision on it."""

    def __init__(self, folder: Path) -> None:
        self._groups = Spill(folder / "groups")
        self._weights = Spill(folder / "weights")
        self._excluded = Spill(folder / "excluded")
        self._decisions = Spill(folder / "decisions")
        self._schema = pl.Schema()
        self._decision_schema = pl.Schema({"kept_row": pl.Int64()})
        self._last_block = 0
        self._cached_block: tuple[int, pl.DataFrame, pl.DataFrame] = (-1, pl.DataFrame(), pl.DataFrame())

    def exclude(self, rows: pl.Series) -> None:
        """Exclude rows from the search for near-duplicates."""
        self._excluded.add_by(pl.DataFrame({ROW: rows}), rows.to_numpy() >> _BLOCK_BITS)

    def add(self, groups: pl.DataFrame) -> None:
        """Add complete groups: rows with the `kept_row` of their group."""
        self._schema = groups.schema
        blocks = groups["kept_row"].to_numpy() >> _BLOCK_BITS
        self._last_block = max(self._last_block, int(blocks.max(initial=0)))
        self._groups.add_by(groups, blocks)
        weights = groups.group_by(pl.col("kept_row").alias(ROW)).agg(
            pl.len().alias("copies"), pl.col("doc_id").min().alias("least_id")
        )
        self._weights.add_by(weights, weights[ROW].to_numpy() >> _BLOCK_BITS)
        self.exclude(groups.filter(pl.col(ROW) != pl.col("kept_row"))[ROW])

    def finish(self) -> None:
        """Write buffered rows to disk once all groups were added."""
        for spill in (self._groups, self._weights, self._excluded):
            spill.flush()

    def candidates(self, rows: pl.DataFrame) -> pl.DataFrame:
        """Return the rows that aren't excluded, with WEIGHTS, which are null if no other document has the text."""
        if rows.is_empty():
            return rows.with_columns(pl.lit(None, kind).alias(name) for name, kind in list(WEIGHTS.items())[1:])
        blocks = [
            self._read_block(block) for block in range(rows[ROW][0] >> _BLOCK_BITS, (rows[ROW][-1] >> _BLOCK_BITS) + 1)
        ]
        excluded_rows = np.concatenate([excluded[ROW].to_numpy() for excluded, _ in blocks])
        weights = pl.concat([weights_of_block for _, weights_of_block in blocks])
        return rows.filter(~among(rows[ROW].to_numpy(), excluded_rows)).join(
            weights, on=ROW, how="left", maintain_order="left"
        )

    def _read_block(self, block: int) -> tuple[pl.DataFrame, pl.DataFrame]:
        """Return the excluded rows of a block, sorted, and the WEIGHTS of its kept rows."""
        if block != self._cached_block[0]:
            excluded, weights = (
                pl.concat([pl.DataFrame(schema=columns), *spill.frames(block)])
                for spill, columns in ((self._excluded, _EXCLUDED), (self._weights, WEIGHTS))
            )
            self._cached_block = (block, excluded.sort(ROW), weights)
        return self._cached_block[1:]

    def add_decisions(self, decisions: pl.DataFrame) -> None:
        """Add near-duplicate decisions, by `kept_row`."""
        self._decision_schema = decisions.schema
        self._decisions.add_by(compact(decisions), decisions["kept_row"].to_numpy() >> _BLOCK_BITS)

    def blocks(self) -> Iterator[tuple[pl.DataFrame, pl.DataFrame]]:
        """Yield the groups of each block with the decisions on their kept rows, and delete both from disk."""
        self._decisions.flush()
        for block in range(self._last_block + 1):
            groups = self._groups.take(block, self._schema)
            if groups.height:
                yield groups, self._decisions.take(block, self._decision_schema)
