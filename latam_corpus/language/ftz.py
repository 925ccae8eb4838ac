"""The parts of a quantized fastText classifier, read from its file.

The layout is that of fastText's `saveModel`, version 12 (src/args.cc, dictionary.cc, quantmatrix.cc, matrix.cc).
"""

from __future__ import annotations

import struct
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

import numpy as np

if TYPE_CHECKING:
    from pathlib import Path

    from numpy.typing import NDArray

_SOFTMAX: Final = 3
_SUPERVISED: Final = 3
_CENTROIDS: Final = 256
_VERSION: Final = 12


@dataclass(frozen=True, eq=False)
class Parts:
    """What it takes to classify.

    Attributes:
        words: the kept words, in the order of their rows.
        labels: the labels, in the order of the output's rows.
        rows: float32[words and n-grams, dim], the decoded input matrix: words first.
        row_of: int32[bucket], the row of an n-gram by its hash, -1 where it was pruned.
        output: float32[labels, dim].
        minn: characters of the shortest n-gram.
        maxn: characters of the longest.
    """

    words: tuple[bytes, ...]
    labels: tuple[str, ...]
    rows: NDArray[np.float32]
    row_of: NDArray[np.int32]
    output: NDArray[np.float32]
    minn: int
    maxn: int


class _Reader:
    def __init__(self, data: bytes) -> None:
        self._data = data
        self._at = 0

    def values(self, layout: str) -> tuple[int, ...]:
        found = struct.unpack_from("<" + layout, self._data, self._at)
        self._at += struct.calcsize("<" + layout)
        return found

    def array(self, kind: str, count: int) -> NDArray[np.generic]:
        found = np.frombuffer(self._data, kind, count, self._at)
        self._at += found.nbytes
        return found

    def word(self) -> bytes:
        end = self._data.index(b"\0", self._at)
        found = self._data[self._at : end]
        self._at = end + 1
        return found


def read_parts(path: Path) -> Parts | None:
    """The parts of a quantized softmax classifier without word n-grams; None for any other fastText model.

    Raises:
        ValueError, struct.error: the file ends early.
    """
    data = _Reader(path.read_bytes())
    _, version = data.values("ii")
    dim, _, _, _, _, word_ngrams, loss, kind, bucket, minn, maxn, _ = data.values("12i")
    data.values("d")
    if (version, loss, kind, word_ngrams) != (_VERSION, _SOFTMAX, _SUPERVISED, 1):
        return None
    size, _, _, _, pruned = data.values("iiiqq")
    entries = [(data.word(), data.values("qb")[1]) for _ in range(size)]
    words = tuple(word for word, is_label in entries if not is_label)
    labels = tuple(word.decode() for word, is_label in entries if is_label)
    pairs = data.array("<i4", 2 * max(pruned, 0)).reshape(-1, 2)
    (quantized,) = data.values("?")
    if not quantized or pruned < 0:
        return None
    rows = _quantized_matrix(data, dim)
    (output_quantized,) = data.values("?")
    if output_quantized:
        return None
    count, width = data.values("qq")
    output = data.array("<f4", count * width).reshape(count, width).astype(np.float32)
    row_of = np.full(bucket, -1, np.int32)
    row_of[pairs[:, 0]] = pairs[:, 1] + len(words)
    return Parts(words, labels, rows, row_of, output, minn, maxn)


def _quantized_matrix(data: _Reader, dim: int) -> NDArray[np.float32]:
    (normed,) = data.values("?")
    count, _ = data.values("qq")
    (coded,) = data.values("i")
    codes = data.array("u1", coded).reshape(count, -1)
    rows = _decoded(data, codes, dim)
    if normed:
        norms = data.array("u1", count).reshape(count, 1)
        rows *= _decoded(data, norms, 1)
    return rows


def _decoded(data: _Reader, codes: NDArray[np.generic], dim: int) -> NDArray[np.float32]:
    """Rows of centroids: product quantization codes each stretch of `width` numbers by one of 256 centroids."""
    _, parts, width, last = data.values("4i")
    centroids = data.array("<f4", dim * _CENTROIDS)
    rows = np.empty((len(codes), dim), np.float32)
    for part in range(parts):
        here = last if part == parts - 1 else width
        start = part * _CENTROIDS * width
        table = centroids[start : start + _CENTROIDS * here].reshape(_CENTROIDS, here)
        rows[:, part * width : part * width + here] = table[codes[:, part].astype(np.int64)]
    return rows
