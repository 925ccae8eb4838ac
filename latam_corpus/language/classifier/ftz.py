"""Read the parts of a quantized fastText classifier from its file.

The layout is defined by fastText's `saveModel`, version 12 (src/args.cc, dictionary.cc, quantmatrix.cc, matrix.cc).
"""

from __future__ import annotations

import mmap
import re
import struct
from dataclasses import dataclass
from itertools import islice
from typing import TYPE_CHECKING, Any, Final, Protocol

import numpy as np

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from numpy.typing import NDArray

# The version of the arrays computed from a model's file. Increase it when they change, since they are cached on disk.
VERSION: Final = 1
_SOFTMAX: Final = 3
_SUPERVISED: Final = 3
_CENTROIDS: Final = 256
_VERSION: Final = 12
_CHUNK: Final = 1 << 12  # rows decoded at a time
_SHORTEST_ENTRY: Final = 10  # minimum bytes of a word or label: its terminator, its count and its kind
_INT16_MAX: Final = 32_767
_ENTRY: Final = re.compile(rb"([^\0]*)\0.{8}(.)", re.DOTALL)  # a word, its count, and whether it is a label


@dataclass(frozen=True, eq=False)
class Parts:
    """The parts of a classifier that classification needs.

    Attributes:
        words: the words of the vocabulary in the order of their rows, each followed by a space, UTF-8.
        labels: the labels, in the order of the output's rows.
        rows: int16[words and n-grams, dim], the decoded input matrix in units of `unit`, words first. Floats would take
            twice the memory and be slower to read.
        unit: the value of 1 in `rows`.
        row_of: int32[bucket], the row of an n-gram by its hash, -1 if it was pruned.
        output: float32[labels, dim].
        minn: the number of characters of the shortest n-gram.
        maxn: the number of characters of the longest n-gram.
    """

    words: bytes
    labels: tuple[str, ...]
    rows: NDArray[np.int16]
    unit: float
    row_of: NDArray[np.int32]
    output: NDArray[np.float32]
    minn: int
    maxn: int


class _Reader:
    """Reads numbers, arrays and words of a mapped file in order, without copying."""

    def __init__(self, path: Path) -> None:
        with path.open("rb") as file:
            self._data = mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ)
        self._at = 0

    def __len__(self) -> int:
        return len(self._data)

    def values(self, layout: str) -> tuple[int, ...]:
        numbers = struct.unpack_from("<" + layout, self._data, self._at)
        self._at += struct.calcsize("<" + layout)
        return numbers

    def array(self, kind: str, count: int) -> NDArray[Any]:
        values = np.frombuffer(self._data, kind, count, self._at)
        self._at += values.nbytes
        return values

    def entries(self, count: int) -> list[tuple[bytes, bytes]]:
        """Return the words and labels of the dictionary, each with a byte that is 0 for a word."""
        matches = list(islice(_ENTRY.finditer(self._data, self._at), count))
        if len(matches) < count:
            raise ValueError("it ends within a word")
        self._at = matches[-1].end() if matches else self._at
        return [(match[1], match[2]) for match in matches]


class ArrayCache(Protocol):
    """A cache of large arrays by name, which computes the arrays that it lacks."""

    def __call__(
        self, name: str, shape: tuple[int, ...], kind: type[np.generic], make: Callable[[], NDArray[Any]], /
    ) -> NDArray[Any]:
        """Return the array of this name, computing it if necessary."""


def uncached(
    _name: str, _shape: tuple[int, ...], _kind: type[np.generic], make: Callable[[], NDArray[Any]]
) -> NDArray[Any]:
    """Compute the array: an `ArrayCache` that stores nothing."""
    return make()


def read_parts(path: Path, array_cache: ArrayCache = uncached) -> Parts | None:
    """Return the parts of a quantized softmax classifier without word n-grams; None for any other fastText model.

    Args:
        path: the file.
        array_cache: a cache of large arrays, such as `model_cache.ModelCache`; by default there is none.

    Raises:
        ValueError, struct.error: the file is truncated or its header is invalid.
    """
    data = _Reader(path)
    _, version = data.values("ii")
    dim, _, _, _, _, word_ngrams, loss, kind, bucket, minn, maxn, _ = data.values("12i")
    data.values("d")
    size, word_count, label_count, _, pruned = data.values("iiiqq")
    # fastText itself would read a file that isn't a model for minutes.
    is_valid = dim > 0 and bucket >= 0 and 0 <= size == word_count + label_count and min(word_count, label_count) >= 0
    if not is_valid or size * _SHORTEST_ENTRY > len(data):
        raise ValueError("its header isn't that of a model")
    if kind != _SUPERVISED or not label_count:
        raise ValueError("it has word vectors and isn't a classifier")
    if (version, loss, word_ngrams) != (_VERSION, _SOFTMAX, 1):
        return None
    entries = data.entries(size)
    labels = [word.decode() for word, is_label in entries if is_label != b"\0"]
    words = b"".join(word + b" " for word, is_label in entries if is_label == b"\0")
    pairs = data.array("<i4", 2 * max(pruned, 0)).reshape(-1, 2)
    (quantized,) = data.values("?")
    if not quantized or pruned < 0:
        return None
    rows, unit = _quantized_matrix(data, dim, array_cache)
    (output_quantized,) = data.values("?")
    if output_quantized:
        return None
    count, width = data.values("qq")
    output = data.array("<f4", count * width).reshape(count, width).astype(np.float32)
    first_ngram_row = words.count(b" ")  # the rows of n-grams follow the rows of words
    if (
        first_ngram_row > len(rows)
        or not within(pairs[:, 0], bucket)
        or not within(pairs[:, 1], len(rows) - first_ngram_row)
    ):
        raise ValueError("its pruned pairs refer to missing rows")

    def by_bucket() -> NDArray[np.int32]:
        table = np.full(bucket, -1, np.int32)
        table[pairs[:, 0]] = pairs[:, 1] + first_ngram_row
        return table

    row_of = array_cache("row_of", (bucket,), np.int32, by_bucket)
    if not within(row_of + np.int32(1), len(rows) + 1):  # the cached table is damaged
        row_of = by_bucket()
    return Parts(words, tuple(labels), rows, unit, row_of, output, minn, maxn)


def _quantized_matrix(data: _Reader, dim: int, array_cache: ArrayCache) -> tuple[NDArray[np.int16], float]:
    (normed,) = data.values("?")
    count, _ = data.values("qq")
    (coded,) = data.values("i")
    codes = data.array("u1", coded).reshape(count, -1)
    decode = _decoder(data, dim)
    norms, norm = np.zeros((count, 1), np.uint8), None
    if normed:
        norms = data.array("u1", count).reshape(count, 1)
        norm = _decoder(data, 1)

    def decoded(first: int) -> NDArray[np.float32]:
        chunk = slice(first, first + _CHUNK)
        return decode(codes[chunk]) * norm(norms[chunk]) if norm else decode(codes[chunk])

    def largest() -> NDArray[np.float64]:
        return np.array([max((float(np.abs(decoded(first)).max()) for first in range(0, count, _CHUNK)), default=0.0)])

    unit = float(array_cache("largest", (1,), np.float64, largest)[0]) / _INT16_MAX or 1.0

    def rounded() -> NDArray[np.int16]:
        rows = np.empty((count, dim), np.int16)
        for first in range(0, count, _CHUNK):
            rows[first : first + _CHUNK] = np.rint(decoded(first) / unit)
        return rows

    return array_cache("rows", (count, dim), np.int16, rounded), unit


def _decoder(data: _Reader, dim: int) -> Callable[[NDArray[np.uint8]], NDArray[np.float32]]:
    """Return a decoder of rows in product quantization, which codes `width` numbers as one of 256 centroids."""
    _, parts, width, last = data.values("4i")
    centroids = data.array("<f4", dim * _CENTROIDS)

    def decode(codes: NDArray[np.uint8]) -> NDArray[np.float32]:
        rows = np.empty((len(codes), dim), np.float32)
        for part in range(parts):
            part_width = last if part == parts - 1 else width
            start = part * _CENTROIDS * width
            table = centroids[start : start + _CENTROIDS * part_width].reshape(_CENTROIDS, part_width)
            rows[:, part * width : part * width + part_width] = table[codes[:, part]]
        return rows

    return decode


def within(numbers: NDArray[np.integer[Any]], count: int) -> bool:
    """Return whether all numbers are valid indices of a list with `count` entries.

    >>> [within(np.array(numbers, np.int32), 3) for numbers in ([], [0, 2], [3], [-1])]
    [True, True, False, False]
    """
    return not len(numbers) or (int(numbers.min()) >= 0 and int(numbers.max()) < count)
