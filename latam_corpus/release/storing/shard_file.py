"""Write shards so that equal rows give equal bytes, and removing a row leaves most bytes unchanged.

This requires a pinned version of pyarrow. The limits of row groups depend only on the rows, not on the batches in which
these are written.
"""

from __future__ import annotations

from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Final

import polars as pl
import pyarrow as pa
import pyarrow.parquet as pq
from pyarrow.fs import LocalFileSystem

from latam_corpus import schema
from latam_corpus.columns import DOCUMENT, LEDGER

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence
    from typing import IO

# A row group stays below the 100 MB that readers such as `datasets` buffer. The allowance is for columns other than the
# text.
GROUP_BYTES: Final = 64 << 20
GROUP_ROWS: Final = 50_000
ROW_ALLOWANCE: Final = 1024
BATCH_BYTES: Final = 32 << 20

# The chunk sizes of `datasets` 5 and the Hub, which store unchanged chunks only once.
_CHUNKING: Final = {"min_chunk_size": 256 << 10, "max_chunk_size": 1 << 20, "norm_level": 0}
# Columns of an index with hashes and packed words. zstd would save a tenth of their size, but make reading far slower.
_UNCOMPRESSED: Final = frozenset({"anchors", "stream", "lexicon"})
# A column whose dictionary would be larger is stored without one; more than a million words of a row group fit.
_DICTIONARY_BYTES: Final = 8 << 20
_REPEATING: Final = frozenset(column.name for column in (*DOCUMENT, *LEDGER) if column.repeats)
_WITH_STATISTICS: Final = frozenset(column.name for column in (*DOCUMENT, *LEDGER) if column.statistics)


@contextmanager
def writer(
    target: Path | IO[bytes], columns: pl.Schema, metadata: Mapping[bytes, bytes] | None = None
) -> Iterator[pq.ParquetWriter]:
    """Open a Parquet file for writing with the settings of a release. Rows must be sorted by `doc_id`.

    The metadata are additional keys and values of the file.
    """
    arrow = schema.arrow_schema(columns)
    leaves = [name for name, _ in schema.leaves(arrow)]
    compressed = [name for name in leaves if name not in _UNCOMPRESSED]
    with pq.ParquetWriter(
        target,
        arrow,
        compression={name: "zstd" if name in compressed else "none" for name in leaves},
        compression_level=dict.fromkeys(compressed, 3),
        use_dictionary=[name for name in leaves if name.partition(".")[0] in _REPEATING],
        write_statistics=[name for name in leaves if name.partition(".")[0] in _WITH_STATISTICS],
        filesystem=LocalFileSystem()
        if isinstance(target, Path)
        else None,  # without it, a path with «::» is taken for an address
        write_page_index=True,
        write_page_checksum=True,
        use_content_defined_chunking=_CHUNKING,
        dictionary_pagesize_limit=_DICTIONARY_BYTES,
        sorting_columns=[pq.SortingColumn(arrow.get_field_index("doc_id"))],
    ) as opened:
        if metadata:
            opened.add_key_value_metadata(dict(metadata))
        yield opened


def write_group(opened: pq.ParquetWriter, rows: pl.DataFrame) -> None:
    """Write the rows as one row group."""
    # One chunk, so that the bytes don't depend on the chunks of the frame.
    table = rows.rechunk().to_arrow(compat_level=pl.CompatLevel.oldest())
    opened.write_table(table, row_group_size=max(1, rows.height))


def group_ends(text_bytes: Sequence[int]) -> list[int]:
    """Return the end of each row group, given the sizes of the rows' texts in bytes.

    >>> group_ends([10, 10, GROUP_BYTES, 10])
    [2, 3, 4]
    """
    ends: list[int] = []
    size = rows = 0
    for index, text in enumerate(text_bytes):
        weight = text + ROW_ALLOWANCE
        if rows and (size + weight > GROUP_BYTES or rows == GROUP_ROWS):
            ends.append(index)
            size = rows = 0
        size += weight
        rows += 1
    if rows:
        ends.append(len(text_bytes))
    return ends


def may_be_below(file: pq.ParquetFile, column: str, bound: object) -> list[int]:
    """Return the row groups in which a value of the column may be below a bound according to the statistics.

    A group without statistics is included. Groups with only nulls aren't included, nor is any group if the column is
    missing.
    """
    names = [file.schema.column(index).path for index in range(len(file.schema))]
    if column not in names:
        return []
    place = names.index(column)
    numbers = []
    for number in range(file.metadata.num_row_groups):
        group = file.metadata.row_group(number)
        statistics = group.column(place).statistics
        is_null = statistics is not None and statistics.has_null_count and statistics.null_count == group.num_rows
        if not is_null and (statistics is None or not statistics.has_min_max or statistics.min < bound):
            numbers.append(number)
    return numbers


def read_batches(
    file: pq.ParquetFile, columns: Sequence[str] | None = None, row_groups: Sequence[int] | None = None
) -> Iterator[pl.DataFrame]:
    """Yield the rows of a file, or of some of its row groups, in frames of at most 8,192 rows and about 32 MB."""
    numbers = range(file.metadata.num_row_groups) if row_groups is None else row_groups
    groups = [file.metadata.row_group(index) for index in numbers]
    heaviest = max((group.total_byte_size / max(1, group.num_rows) for group in groups), default=1.0)
    rows = max(1, min(8192, int(BATCH_BYTES / max(1.0, heaviest))))
    for batch in file.iter_batches(batch_size=rows, row_groups=list(numbers), columns=columns, use_threads=False):
        frame = pl.from_arrow(pa.Table.from_batches([batch]))
        if isinstance(frame, pl.DataFrame):
            yield frame
