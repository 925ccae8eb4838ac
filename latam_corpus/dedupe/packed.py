"""Word streams as an index stores them: each document by itself, so that those of a few can be read among many.

A group of documents has a lexicon, its distinct words, the most frequent first. A stream is a string of bytes: each
word's place in the lexicon, seven bits a byte, the lowest first, and the highest bit set in all bytes of a place but
its last (LEB128). A word in two takes one byte, nine in ten no more than two.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

import numpy as np
import polars as pl
import pyarrow as pa

from latam_corpus.corpus import ragged
from latam_corpus.dedupe.packed_kernels import pack, unpack
from latam_corpus.dedupe.scheme import Ragged

if TYPE_CHECKING:
    from numpy.typing import NDArray

_LONGEST: Final = 5  # bytes of a place of 32 bits


def packed(streams: pl.Series) -> tuple[pl.Series, NDArray[np.uint32]]:
    """The streams as strings of bytes, and the lexicon, uint32, by which they are read.

    >>> made, lexicon = packed(pl.Series([[7, 9, 7], [], [7]], dtype=pl.List(pl.UInt32)))
    >>> [list(found) for found in made], lexicon.tolist()
    ([[0, 1, 0], [], [0]], [7, 9])
    """
    values, offsets = ragged(streams)
    distinct, counts = np.unique(values.astype(np.uint32, copy=False), return_counts=True)
    # Among those as frequent the smaller first: equal documents give equal bytes.
    lexicon = distinct[np.argsort(-counts, kind="stable")]
    data = np.empty(_LONGEST * len(values), np.uint8)
    ends = np.zeros(len(offsets), np.int64)
    pack(values, offsets, lexicon, data, ends)
    return strings_of(data[: ends[-1]], ends), lexicon


def unpacked(strings: pa.LargeBinaryArray, lexicon: NDArray[np.uint32], places: NDArray[np.int64]) -> Ragged:
    """The streams of the documents at these places.

    Args:
        strings: of `packed`, of a group of documents.
        lexicon: of the group.
        places: of those that are wanted.

    Raises:
        ValueError: a place is beyond the lexicon, or a string ends within a place.

    >>> strings = pa.array([bytes([0, 1]), b"", bytes([1])], pa.large_binary())
    >>> unpacked(strings, np.array([7, 9], np.uint32), np.array([0, 2])).lists().to_list()
    [[7, 9], [9]]
    """
    data, offsets = _bytes_of(strings)
    values = np.empty(int((offsets[places + 1] - offsets[places]).sum()), np.uint32)
    ends = np.zeros(len(places) + 1, np.int64)
    if not unpack(data, offsets, places, lexicon, values, ends):
        raise ValueError("a word stream that its lexicon can't read")
    return Ragged(values[: ends[-1]], ends)


def strings_of(values: NDArray[Any], offsets: NDArray[np.int64]) -> pl.Series:
    r"""Each document's numbers as one string of bytes.

    Args:
        values: of all documents, one after another.
        offsets: where each document starts, with an end.

    >>> strings_of(np.array([1, 2, 3], "<u2"), np.array([0, 2, 3])).to_list()
    [b'\x01\x00\x02\x00', b'\x03\x00']
    """
    buffers = [None, pa.py_buffer(offsets * values.itemsize), pa.py_buffer(values.tobytes())]
    made = pl.from_arrow(pa.LargeBinaryArray.from_buffers(pa.large_binary(), len(offsets) - 1, buffers))
    assert isinstance(made, pl.Series)  # noqa: S101  (an array, not a table)
    return made


def lists_of(strings: pa.LargeBinaryArray, kind: np.dtype[Any]) -> pa.LargeListArray:
    """The numbers that `strings_of` made strings of; of these no byte is copied.

    Raises:
        ValueError: a string ends within a number.

    >>> lists_of(pa.array([bytes([1, 0, 2, 0]), b""], pa.large_binary()), np.dtype("<u2")).to_pylist()
    [[1, 2], []]
    """
    data, offsets = _bytes_of(strings)
    if (offsets % kind.itemsize).any():
        raise ValueError("numbers of which one is cut off")
    return pa.LargeListArray.from_arrays(pa.array(offsets // kind.itemsize), pa.array(data[: offsets[-1]].view(kind)))


def joined(column: pa.ChunkedArray) -> pa.LargeBinaryArray:
    """A column of strings of bytes in one piece, with offsets of 64 bits, whatever wrote it."""
    column = column.cast(pa.large_binary())
    return column.chunk(0) if column.num_chunks == 1 else column.combine_chunks()


def _bytes_of(strings: pa.LargeBinaryArray) -> tuple[NDArray[np.uint8], NDArray[np.int64]]:
    """The bytes of all strings, and where each starts among them, with an end."""
    _, offset_buffer, buffer = strings.buffers()
    if not offset_buffer:
        return np.zeros(0, np.uint8), np.zeros(1, np.int64)
    offsets = np.frombuffer(offset_buffer, np.int64)[strings.offset : strings.offset + len(strings) + 1]
    data = np.frombuffer(buffer, np.uint8) if buffer else np.zeros(0, np.uint8)
    return data[offsets[0] :], offsets - offsets[0]
