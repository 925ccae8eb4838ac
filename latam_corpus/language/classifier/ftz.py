"""The parts of a quantized fastText classifier, read from its file.

The layout is that of fastText's `saveModel`, version 12 (src/args.cc, dictionary.cc, quantmatrix.cc, matrix.cc).
"""

from __future__ import annotations

import mmap
import struct
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final, Protocol

import numpy as np

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from numpy.typing import NDArray

# Of the arrays that are made of a model's file: raised when they change, since they are cached between processes.
VERSION: Final = 1
_SOFTMAX: Final = 3
_SUPERVISED: Final = 3
_CENTROIDS: Final = 256
_VERSION: Final = 12
_AT_ONCE: Final = 1 << 12  # rows decoded
_LEAST_ENTRY: Final = 10  # bytes of a word or label: its end, its count and its kind
_MOST: Final = 32_767  # the largest number of 16 bits


@dataclass(frozen=True, eq=False)
class Parts:
    """What it takes to classify.

    Attributes:
        words: the kept words in the order of their rows, each with a space after it, UTF-8.
        labels: the labels, in the order of the output's rows.
        rows: int16[words and n-grams, dim], the decoded input matrix in units of `unit`: words first. As floats it
            would take twice as much and be read more slowly.
        unit: what one is in `rows`.
        row_of: int32[bucket], the row of an n-gram by its hash, -1 where it was pruned.
        output: float32[labels, dim].
        minn: characters of the shortest n-gram.
        maxn: characters of the longest.
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
    """The numbers, arrays and words of a file in order, read from its pages and not copied."""

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

    def word(self) -> bytes:
        end = self._data.find(b"\0", self._at)
        if end < 0:
            raise ValueError("it ends within a word")
        text = self._data[self._at : end]
        self._at = end + 1
        return text


class Keep(Protocol):
    """What gives a large array by its name, its shape and type, and what makes it."""

    def __call__(
        self, name: str, shape: tuple[int, ...], kind: type[np.generic], make: Callable[[], NDArray[Any]], /
    ) -> NDArray[Any]:
        """Return the array."""


def _at_once(
    _name: str, _shape: tuple[int, ...], _kind: type[np.generic], make: Callable[[], NDArray[Any]]
) -> NDArray[Any]:
    return make()


def read_parts(path: Path, keep: Keep = _at_once) -> Parts | None:
    """Return the parts of a quantized softmax classifier without word n-grams; None for any other fastText model.

    Args:
        path: the file.
        keep: what gives a large array, such as `model_cache.ModelCache`; by default it is made.

    Raises:
        ValueError, struct.error: the file ends early, or its header says what no model has.
    """
    data = _Reader(path)
    _, version = data.values("ii")
    dim, _, _, _, _, word_ngrams, loss, kind, bucket, minn, maxn, _ = data.values("12i")
    data.values("d")
    size, word_count, label_count, _, pruned = data.values("iiiqq")
    # fastText itself would go on reading, for minutes, what is no model.
    sound = dim > 0 and bucket >= 0 and 0 <= size == word_count + label_count and min(word_count, label_count) >= 0
    if not sound or size * _LEAST_ENTRY > len(data):
        raise ValueError("its header says what no model has")
    if kind != _SUPERVISED or not label_count:
        raise ValueError("it holds word vectors and is no classifier")
    if (version, loss, word_ngrams) != (_VERSION, _SOFTMAX, 1):
        return None
    words, labels = bytearray(), []
    for _ in range(size):
        word = data.word()
        if data.values("qb")[1]:
            labels.append(word.decode())
        else:
            words += word + b" "
    pairs = data.array("<i4", 2 * max(pruned, 0)).reshape(-1, 2)
    (quantized,) = data.values("?")
    if not quantized or pruned < 0:
        return None
    rows, unit = _quantized_matrix(data, dim, keep)
    (output_quantized,) = data.values("?")
    if output_quantized:
        return None
    count, width = data.values("qq")
    output = data.array("<f4", count * width).reshape(count, width).astype(np.float32)
    first = words.count(b" ")  # the rows before are those of whole words
    if first > len(rows) or not _within(pairs[:, 0], bucket) or not _within(pairs[:, 1], len(rows) - first):
        raise ValueError("its pruned pairs name rows that it hasn't")

    def by_bucket() -> NDArray[np.int32]:
        table = np.full(bucket, -1, np.int32)
        table[pairs[:, 0]] = pairs[:, 1] + first
        return table

    row_of = keep("row_of", (bucket,), np.int32, by_bucket)
    if not _within(row_of + np.int32(1), len(rows) + 1):  # what was kept isn't what was made
        row_of = by_bucket()
    return Parts(bytes(words), tuple(labels), rows, unit, row_of, output, minn, maxn)


def _quantized_matrix(data: _Reader, dim: int, keep: Keep) -> tuple[NDArray[np.int16], float]:
    (normed,) = data.values("?")
    count, _ = data.values("qq")
    (coded,) = data.values("i")
    codes = data.array("u1", coded).reshape(count, -1)
    decode = _decoder(data, dim)
    norms, norm = np.zeros((count, 1), np.uint8), None
    if normed:
        norms = data.array("u1", count).reshape(count, 1)
        norm = _decoder(data, 1)

    def some(first: int) -> NDArray[np.float32]:
        here = slice(first, first + _AT_ONCE)
        return decode(codes[here]) * norm(norms[here]) if norm else decode(codes[here])

    def largest() -> NDArray[np.float64]:
        return np.array([max((float(np.abs(some(first)).max()) for first in range(0, count, _AT_ONCE)), default=0.0)])

    unit = float(keep("largest", (1,), np.float64, largest)[0]) / _MOST or 1.0

    def rounded() -> NDArray[np.int16]:
        rows = np.empty((count, dim), np.int16)
        for first in range(0, count, _AT_ONCE):
            rows[first : first + _AT_ONCE] = np.rint(some(first) / unit)
        return rows

    return keep("rows", (count, dim), np.int16, rounded), unit


def _decoder(data: _Reader, dim: int) -> Callable[[NDArray[np.uint8]], NDArray[np.float32]]:
    """Return the decoder of coded rows: product quantization codes each `width` numbers by one of 256 centroids."""
    _, parts, width, last = data.values("4i")
    centroids = data.array("<f4", dim * _CENTROIDS)

    def decode(codes: NDArray[np.uint8]) -> NDArray[np.float32]:
        rows = np.empty((len(codes), dim), np.float32)
        for part in range(parts):
            here = last if part == parts - 1 else width
            start = part * _CENTROIDS * width
            table = centroids[start : start + _CENTROIDS * here].reshape(_CENTROIDS, here)
            rows[:, part * width : part * width + here] = table[codes[:, part]]
        return rows

    return decode


def _within(numbers: NDArray[np.integer[Any]], count: int) -> bool:
    """Whether all are places in a list of so many.

    >>> [_within(np.array(numbers, np.int32), 3) for numbers in ([], [0, 2], [3], [-1])]
    [True, True, False, False]
    """
    return not len(numbers) or (int(numbers.min()) >= 0 and int(numbers.max()) < count)
