"""The sizes of Arrow arrays if each value were stored separately, as in rows, instead of sharing values."""

from __future__ import annotations

from typing import Any, Final

import numpy as np
import pyarrow as pa

_LISTS: Final = (pa.types.is_list, pa.types.is_large_list, pa.types.is_fixed_size_list, pa.types.is_map)
_LIST_VIEWS: Final = (pa.types.is_list_view, pa.types.is_large_list_view)
_VIEWS: Final = (pa.types.is_string_view, pa.types.is_binary_view)
_OFFSET: Final = 8  # bytes per offset of a list


def unpacked(rows: Any) -> int:
    """Return the number of bytes of the values of an array or a record batch.

    >>> unpacked(pa.array(["a" * 9] * 1000).dictionary_encode()), unpacked(pa.array(["a" * 9] * 1000)) > 9000
    (9000, True)
    """
    if isinstance(rows, pa.RecordBatch):
        return sum(unpacked(column) for column in rows.columns)
    kind = rows.type
    if isinstance(rows, pa.ExtensionArray):
        return unpacked(rows.storage)
    if pa.types.is_struct(kind):
        return sum(unpacked(field) for field in rows.flatten())
    if any(is_one(kind) for is_one in _LISTS):
        return _OFFSET * len(rows) + unpacked(rows.flatten())
    shared = _shared(rows, kind)
    return int(rows.nbytes) if shared is None else int(shared)


def _shared(rows: Any, kind: pa.DataType) -> Any:
    """Return the number of bytes of the values of an array that may share values; None for other arrays."""
    if pa.types.is_dictionary(kind):
        return lengths_of(rows.dictionary)[rows.indices.drop_null().to_numpy()].sum()
    if pa.types.is_run_end_encoded(kind):
        ends = rows.run_ends.to_numpy().clip(rows.offset, rows.offset + len(rows)) - rows.offset
        return np.diff(ends, prepend=0) @ lengths_of(rows.values)
    if any(is_one(kind) for is_one in _VIEWS):
        return lengths_of(rows).sum()
    if any(is_one(kind) for is_one in _LIST_VIEWS):
        return int(rows.sizes.drop_null().to_numpy().sum()) * unpacked(rows.values) // max(len(rows.values), 1)
    if pa.types.is_union(kind):
        fields = (lengths_of(rows.field(number)) for number in range(kind.num_fields))
        return len(rows) * max((int(lengths.max(initial=0)) for lengths in fields), default=0)
    return None


def lengths_of(values: Any) -> Any:
    """Return the number of bytes of each value, as int64; for types of fixed width, the average.

    >>> lengths_of(pa.array(["uno", None, "año"])).tolist()
    [3, 0, 4]
    """
    if any(is_one(values.type) for is_one in _VIEWS):
        # A view has 16 bytes, and its first four are the length. Converting it would copy shared values.
        views = np.frombuffer(values.buffers()[1], np.int32).reshape(-1, 4)
        lengths = views[values.offset : values.offset + len(values), 0].astype(np.int64)
        return lengths * values.is_valid().to_numpy(zero_copy_only=False)
    import pyarrow.compute as pc  # its import takes longer than reading a small file

    try:
        lengths = pc.fill_null(pc.binary_length(values), 0).to_numpy(zero_copy_only=False)
    except pa.ArrowNotImplementedError:
        return np.full(len(values), -(-unpacked(values) // max(len(values), 1)), np.int64)
    return lengths.astype(np.int64)
