"""How a step's rows are stored: Parquet that is small even where it holds one document."""

from __future__ import annotations

from typing import TYPE_CHECKING, Self

import polars as pl
import pyarrow as pa
import pyarrow.parquet as pq

from latam_corpus import schema

if TYPE_CHECKING:
    from pathlib import Path


class StepFile:
    """A Parquet file that frames are appended to, a row group each; an empty one still has its columns.

    Where a source has many small files, what a file says of itself outweighs its rows. So it says no more than a reader
    needs: no second copy of the schema, no dictionary of signals that hardly recur, no smallest and greatest value but
    the one by which a document is found.
    """

    def __init__(self, path: Path, columns: pl.Schema) -> None:
        """Open the file.

        Args:
            path: where.
            columns: their names and types.
        """
        arrow = schema.arrow_schema(columns)
        self._file = pq.ParquetWriter(
            path,
            arrow,
            compression="zstd",
            compression_level=1,
            store_schema=False,
            use_dictionary=[name for name, kind in schema.leaves(arrow) if not pa.types.is_floating(kind)],
            write_statistics=["doc_id"],
        )

    def write(self, frame: pl.DataFrame) -> None:
        """Append the frame, whose columns are those of the file."""
        if frame.height:
            self._file.write_table(frame.to_arrow(compat_level=pl.CompatLevel.oldest()).cast(self._file.schema))

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._file.close()
