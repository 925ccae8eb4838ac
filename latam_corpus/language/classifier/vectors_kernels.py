"""The compiled sums of a line's vectors, equal to fastText's sums: see `vectors`."""

# mypy: allow-untyped-defs

from typing import Any, Final, NamedTuple

import numpy as np
from numpy.typing import NDArray

from latam_corpus.compiled import inlined, kernel
from latam_corpus.text.slots_kernels import slot_of

_WAYS: Final = 8  # slots per word: over 4,000 documents, half as many look-ups miss as with one slot
_TIMES: Final = np.uint64(3)  # the bits of a hash that count the uses of its word, up to three


class Input(NamedTuple):
    """The input layer of a classifier, with the fields of `ftz.Parts` and the table of its words.

    Attributes:
        rows: the decoded rows, in units of `unit`.
        unit: float32, the value of 1 in `rows`.
        row_of: int32[buckets], the row of each n-gram's bucket, -1 if it was pruned.
        minn: the number of characters of the shortest n-grams.
        maxn: the number of characters of the longest n-grams.
        keys: uint64[capacity], hashes of the vocabulary's words, 0 if free.
        values: uint64[capacity], their rows.
        end_row: the row of a line's end, -1 if there is none.
    """

    rows: NDArray[Any]
    unit: np.float32
    row_of: NDArray[np.int32]
    minn: int
    maxn: int
    keys: NDArray[np.uint64]
    values: NDArray[np.uint64]
    end_row: int


class WordCache(NamedTuple):
    """Recent words and the sums of their rows: see `vectors.Vectors`."""

    seen: NDArray[np.uint64]
    sums: NDArray[np.int32]
    counts: NDArray[np.int32]


@kernel(work="lines")
def multiply(lines, across, out):
    """Add the product of two matrices to `out`, two lines at a time."""
    # Adds four dimensions per step, in the same order as one by one; each number of `across` is read once for two
    # lines.
    dim = lines.shape[1]
    fours = dim - dim % 4
    for i in range(0, lines.shape[0], 2):
        for d in range(0, fours, 4):
            a, b, c, e = lines[i, d], lines[i, d + 1], lines[i, d + 2], lines[i, d + 3]
            p, q, r, s = lines[i + 1, d], lines[i + 1, d + 1], lines[i + 1, d + 2], lines[i + 1, d + 3]
            for label in range(across.shape[1]):
                first, second = across[d, label], across[d + 1, label]
                third, fourth = across[d + 2, label], across[d + 3, label]
                out[i, label] = out[i, label] + a * first + b * second + c * third + e * fourth
                out[i + 1, label] = out[i + 1, label] + p * first + q * second + r * third + s * fourth
        for d in range(fours, dim):
            for label in range(across.shape[1]):
                out[i, label] += lines[i, d] * across[d, label]
                out[i + 1, label] += lines[i + 1, d] * across[d, label]


@inlined
def _step(h, byte):
    # fastText widens bytes as signed numbers, which sets the high bits for bytes of non-ASCII letters.
    wide = np.uint32(byte) | np.uint32(0xFFFFFF00) if byte >= 0x80 else np.uint32(byte)
    return np.uint32((h ^ wide) * np.uint32(16777619))


@inlined
def _hash_word(text, start, end):
    h = np.uint64(14695981039346656037)
    for i in range(start, end):
        h = (h ^ np.uint64(text[i])) * np.uint64(1099511628211)
    h ^= h >> np.uint64(29)
    return h or np.uint64(1)


@kernel(work="text")
def enter_words(text, keys, values):
    """Enter words, each followed by a space, into a table by hash; the value is the word's index."""
    mask = np.uint64(len(keys) - 1)
    start, row = 0, 0
    for i in range(len(text)):
        if text[i] == 32:  # the space
            h = _hash_word(text, start, i)
            slot = h & mask
            while keys[slot] != 0:
                slot = (slot + np.uint64(1)) & mask
            keys[slot] = h
            values[slot] = row
            row += 1
            start = i + 1


@kernel
def _rows_of_word(text, start, end, row_of, minn, maxn, padded, buckets):
    """Write the rows of a word's n-grams, with < and > at its edges, into `buckets`; return their number.

    Rows are looked up first and added later, so that the processor can wait for many memory reads at the same time.
    """
    n = end - start + 2
    padded[0] = 60
    for i in range(start, end):
        padded[i - start + 1] = text[i]
    padded[n - 1] = 62
    count = 0
    bucket = np.uint32(len(row_of))
    for i in range(n):
        if padded[i] & 0xC0 == 0x80:  # a continuation byte
            continue
        h = np.uint32(2166136261)
        j, length = i, 1
        while j < n and length <= maxn:
            h = _step(h, padded[j])
            j += 1
            while j < n and padded[j] & 0xC0 == 0x80:
                h = _step(h, padded[j])
                j += 1
            if length >= minn and not (length == 1 and (i == 0 or j == n)):
                buckets[count] = h % bucket
                count += 1
            length += 1
    row_count = 0
    for k in range(count):
        row = row_of[buckets[k]]
        buckets[row_count] = row
        row_count += row >= 0
    return row_count


def _sum_rows_plain(rows, places, count, total):
    total[:] = rows[places[:count]].sum(axis=0, dtype=total.dtype)


@inlined(plain=_sum_rows_plain)
def _sum_rows(rows, places, count, total):
    for d in range(len(total)):
        total[d] = 0
    for k in range(count):
        row = places[k]
        for d in range(rows.shape[1]):
            total[d] += rows[row, d]


def _add_row_plain(rows, row, total):
    total += rows[row]


@inlined(plain=_add_row_plain)
def _add_row(rows, row, total):
    for d in range(len(total)):
        total[d] += rows[row, d]


@kernel
def _remember(word, h, entry, model, memory, padded, buckets):
    """Store the sum of a word's row and the rows of its n-grams in the word's slot."""
    text, start, end = word
    seen, sums, counts = memory.seen, memory.sums, memory.counts
    rows, keys, values = model.rows, model.keys, model.values
    count = _rows_of_word(text, start, end, model.row_of, model.minn, model.maxn, padded, buckets)
    slot = slot_of(keys, h)
    if keys[slot] == h:
        buckets[count] = values[slot]
        count += 1
    _sum_rows(rows, buckets, count, sums[entry])
    counts[entry] = count
    seen[entry] = h & ~_TIMES | np.uint64(1)


@inlined
def _slot(h, seen):
    """Return the slot of a word and whether the word is cached; if not, the slot of the least used neighbour.

    In that case, decrease the neighbours' use counts by one, so that none is cached forever.
    """
    first = np.int64(h >> np.uint64(8) & np.uint64(len(seen) // _WAYS - 1)) * _WAYS
    for slot in range(first, first + _WAYS):
        if seen[slot] | _TIMES == h | _TIMES:
            if seen[slot] & _TIMES != _TIMES:
                seen[slot] += np.uint64(1)
            return slot, True
    least_used = 0
    for way in range(1, _WAYS):
        if seen[first + way] & _TIMES < seen[first + least_used] & _TIMES:
            least_used = way
    if seen[first + least_used] & _TIMES:
        for way in range(_WAYS):
            seen[first + way] -= np.uint64(1)
    return first + least_used, False


@kernel(work="text")
def mean_rows(text, starts, ends, model, memory, out):
    """Write the mean of the rows of each line's words and n-grams: see `vectors.Vectors`."""
    rows, unit, minn, maxn, end_row = model.rows, model.unit, model.minn, model.maxn, model.end_row
    seen, sums, counts = memory.seen, memory.sums, memory.counts
    # A sum of integers doesn't depend on their order, and nothing is rounded before the division.
    dim = out.shape[1]
    longest = 0
    for line in range(len(starts)):
        longest = max(longest, ends[line] - starts[line])
    padded = np.empty(longest + 2, np.uint8)
    buckets = np.empty((longest + 2) * max(1, maxn - minn + 1) + 1, np.int32)
    line_sum = np.empty(dim, np.int64)
    for line in range(len(starts)):
        total = 0
        line_sum[:] = 0
        start, end = starts[line], ends[line]
        while start < end:
            i = start
            while i < end and text[i] != 32:  # the space
                i += 1
            if i > start:
                h = _hash_word(text, start, i)
                slot, is_cached = _slot(h, seen)
                if not is_cached:
                    _remember((text, start, i), h, slot, model, memory, padded, buckets)
                _add_row(sums, slot, line_sum)
                total += counts[slot]
            start = i + 1
        if end_row >= 0:
            _add_row(rows, end_row, line_sum)
            total += 1
        for d in range(dim):
            out[line, d] = line_sum[d] * unit / max(total, 1)
