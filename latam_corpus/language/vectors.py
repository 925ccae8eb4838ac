"""Line vectors of a quantized classifier in one compiled pass, equal to fastText's own.

fastText hashes and decodes every n-gram of every word anew, about 8,000 windows a second. Here a word's sum is kept
in a table by its hash, so that the words a corpus repeats cost one look-up.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

import numba
import numpy as np

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

    from latam_corpus.language.ftz import Parts

_SLOTS: Final = 1 << 16  # words remembered: 8 MB at 32 dimensions
_END: Final = b"</s>"  # fastText's token for the end of a line


@dataclass(frozen=True, eq=False)
class Vectors:
    """The input layer of a classifier.

    Attributes:
        parts: the classifier.
        keys: uint64[capacity], hashes of the kept words, 0 where free.
        values: int32[capacity], their rows.
        seen, sums, counts: the words remembered: their hash, the sum of their rows, how many rows.
        end: the row of the end of a line, -1 when it has none.
    """

    parts: Parts
    keys: NDArray[np.uint64]
    values: NDArray[np.int32]
    seen: NDArray[np.uint64]
    sums: NDArray[np.float32]
    counts: NDArray[np.int32]
    end: int

    @classmethod
    def of(cls, parts: Parts) -> Vectors:
        """The input layer of these parts, with nothing remembered yet."""
        capacity = 1 << max(4, (2 * len(parts.words)).bit_length())
        keys, values = np.zeros(capacity, np.uint64), np.zeros(capacity, np.int32)
        text = np.frombuffer(b" ".join(parts.words) + b" ", np.uint8)
        _enter_words(text, keys, values)
        end = parts.words.index(_END) if _END in parts.words else -1
        dim = parts.rows.shape[1]
        return cls(
            parts,
            keys,
            values,
            np.zeros(_SLOTS, np.uint64),
            np.zeros((_SLOTS, dim), np.float32),
            np.zeros(_SLOTS, np.int32),
            end,
        )

    def __call__(self, lines: Sequence[str]) -> NDArray[np.float32]:
        """The mean of the rows of each line's words and their n-grams, float32[lines, dim].

        Args:
            lines: normalised text, words apart by one space, without newlines.
        """
        text = np.frombuffer(("\n".join(lines) + "\n").encode(), np.uint8)
        made = np.zeros((len(lines), self.parts.rows.shape[1]), np.float32)
        if lines:
            _mean_rows(
                text,
                self.parts.rows,
                self.parts.row_of,
                self.parts.minn,
                self.parts.maxn,
                self.keys,
                self.values,
                self.seen,
                self.sums,
                self.counts,
                self.end,
                made,
            )
        return made


@numba.njit(cache=True, nogil=True, inline="always")
def _step(h, byte):  # type: ignore[no-untyped-def]  # noqa: ANN001, ANN202
    # fastText casts bytes to signed before it widens them, so that those of non-ASCII letters have their high bits set.
    wide = np.uint32(byte) | np.uint32(0xFFFFFF00) if byte >= 0x80 else np.uint32(byte)  # noqa: PLR2004
    return np.uint32((h ^ wide) * np.uint32(16777619))


@numba.njit(cache=True, nogil=True, inline="always")
def _hash_word(text, start, end):  # type: ignore[no-untyped-def]  # noqa: ANN001, ANN202
    h = np.uint64(14695981039346656037)
    for i in range(start, end):
        h = (h ^ np.uint64(text[i])) * np.uint64(1099511628211)
    h ^= h >> np.uint64(29)
    return h or np.uint64(1)


@numba.njit(cache=True, nogil=True)
def _enter_words(text, keys, values):  # type: ignore[no-untyped-def]  # noqa: ANN001, ANN202
    mask = np.uint64(len(keys) - 1)
    start, row = 0, 0
    for i in range(len(text)):
        if text[i] == 32:  # noqa: PLR2004 - the space
            h = _hash_word(text, start, i)
            slot = h & mask
            while keys[slot] != 0:
                slot = (slot + np.uint64(1)) & mask
            keys[slot] = h
            values[slot] = row
            row += 1
            start = i + 1


@numba.njit(cache=True, nogil=True)
def _sum_word(text, start, end, rows, row_of, minn, maxn, padded, total):  # type: ignore[no-untyped-def]  # noqa: ANN001, ANN202
    """Add the rows of a word's n-grams, its bounds marked by < and >, to `total`; return how many."""
    n = end - start + 2
    padded[0] = 60
    padded[1 : n - 1] = text[start:end]
    padded[n - 1] = 62
    count = 0
    bucket = np.uint32(len(row_of))
    for i in range(n):
        if padded[i] & 0xC0 == 0x80:  # noqa: PLR2004 - a continuation byte
            continue
        h = np.uint32(2166136261)
        j, length = i, 1
        while j < n and length <= maxn:
            h = _step(h, padded[j])
            j += 1
            while j < n and padded[j] & 0xC0 == 0x80:  # noqa: PLR2004 - the same
                h = _step(h, padded[j])
                j += 1
            if length >= minn and not (length == 1 and (i == 0 or j == n)):
                row = row_of[h % bucket]
                if row >= 0:
                    for d in range(rows.shape[1]):
                        total[d] += rows[row, d]
                    count += 1
            length += 1
    return count


@numba.njit(cache=True, nogil=True)
def _remember(text, start, end, h, place, rows, row_of, minn, maxn, keys, values, seen, sums, counts, padded):  # type: ignore[no-untyped-def]  # noqa: ANN001, ANN202
    """Put the sum of a word's rows, its own and those of its n-grams, into its place."""
    mask = np.uint64(len(keys) - 1)
    seen[place] = h
    sums[place, :] = 0
    counts[place] = _sum_word(text, start, end, rows, row_of, minn, maxn, padded, sums[place])
    slot = h & mask
    while keys[slot] != 0 and keys[slot] != h:
        slot = (slot + np.uint64(1)) & mask
    if keys[slot] == h:
        for d in range(rows.shape[1]):
            sums[place, d] += rows[values[slot], d]
        counts[place] += 1


@numba.njit(cache=True, nogil=True)
def _mean_rows(text, rows, row_of, minn, maxn, keys, values, seen, sums, counts, end_row, made):  # type: ignore[no-untyped-def]  # noqa: ANN001, ANN202
    dim = rows.shape[1]
    slots = np.uint64(len(seen) - 1)
    padded = np.empty(len(text) + 2, np.uint8)
    line, start, total = 0, 0, 0
    for i in range(len(text)):
        if text[i] != 32 and text[i] != 10:  # noqa: PLR2004 - space and newline
            continue
        if i > start:
            h = _hash_word(text, start, i)
            place = h & slots
            if seen[place] != h:
                _remember(text, start, i, h, place, rows, row_of, minn, maxn, keys, values, seen, sums, counts, padded)
            for d in range(dim):
                made[line, d] += sums[place, d]
            total += counts[place]
        start = i + 1
        if text[i] == 10:  # noqa: PLR2004 - newline
            if end_row >= 0:
                for d in range(dim):
                    made[line, d] += rows[end_row, d]
                total += 1
            for d in range(dim):
                made[line, d] /= max(total, 1)
            line, total = line + 1, 0
