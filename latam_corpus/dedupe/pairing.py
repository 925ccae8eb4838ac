"""Documents that share values, paired a bucket of values at a time: the compiled loops under `pairs.py`."""

from __future__ import annotations

from typing import Final

import numba
import numpy as np

from latam_corpus.dedupe.buckets import BITS as BUCKET_BITS

_ROOMY_BITS: Final = 2
_ROOMY: Final = 1 << _ROOMY_BITS  # bins a value by which those that one document has are told
_FEW_EQUAL: Final = 24  # values that are sorted by insertion


@numba.njit(cache=True, nogil=True)
def paired(values, owners, starts, bucket, limits, told):  # type: ignore[no-untyped-def]  # noqa: ANN001, ANN201
    """The pairs of the buckets from `bucket` on, until there are many.

    A bucket is small enough for the processor's nearest caches, and its values are spread evenly. Nearly all that only
    one document has are alone among many more bins than there are values, and done with; the others are sorted.

    Args:
        values: uint64[m], by piece and bucket.
        owners: uint32[m].
        starts: int64[pieces, buckets + 1].
        bucket: the first.
        limits: cap, hubs, common, and how many pairs are many.
        told: int64[3], distinct values, those over the cap and the pairs left out, which are added to.

    Returns:
        The keys of the pairs, the values that are common, and the next bucket.
    """
    cap, hubs, many = limits[0], limits[1], limits[2]
    buckets = starts.shape[1] - 1
    most = 0
    for b in range(bucket, buckets):
        most = max(most, _size(starts, b))
    dealt, documents = np.empty(most, np.uint64), np.empty(most, np.uint32)
    alive, owners_of = np.empty(most + 1, np.uint64), np.empty(most + 1, np.uint32)
    bins = np.empty(_ROOMY << _bits_of(most), np.uint8)
    ends = np.empty((1 << _bits_of(most)) + 1, np.int32)
    common = np.empty(len(values) // (many + 1) + 1, np.uint64)
    # Room for the most pairs that one more bucket can make: pages that nobody touches cost nothing.
    keys = np.empty(limits[3] + most * max((cap + 1) // 2, hubs), np.uint64)
    at = commons = distinct = over = left_out = 0
    while bucket < buckets and at < limits[3]:
        left = _shared(values, owners, starts, bucket, bins, alive, owners_of)
        distinct += _size(starts, bucket) - left
        bits = _bits_of(left)
        _deal(alive, owners_of, left, bits, dealt, documents, ends)
        for bin_ in range(1 << bits):
            start = ends[bin_ - 1] if bin_ else 0
            end = ends[bin_]
            if end - start < 2:  # noqa: PLR2004
                distinct += end - start
                continue
            _sort(dealt, documents, start, end)
            while start < end:
                stop, holders = _holders(dealt, documents, start, end)
                before = at
                at = _write_pairs(documents, start, holders, cap, hubs, keys, at)
                distinct += 1
                over += holders > cap
                left_out += holders * (holders - 1) // 2 - (at - before)
                if holders > many:
                    common[commons] = dealt[start]
                    commons += 1
                start = stop
        bucket += 1
    told[0] += distinct
    told[1] += over
    told[2] += left_out
    return keys[:at].copy(), common[:commons].copy(), bucket


@numba.njit(cache=True, nogil=True)
def _write_pairs(documents, start, holders, cap, hubs, keys, at):  # type: ignore[no-untyped-def]  # noqa: ANN001, ANN202
    """Write the pairs of a value's holders; returns where they end."""
    for j in range(1, holders):
        second = np.uint64(documents[start + j])
        for i in range(j if j < cap else hubs):
            keys[at] = (np.uint64(documents[start + i]) << np.uint64(32)) | second
            at += 1
    return at


@numba.njit(cache=True, nogil=True)
def _size(starts, bucket):  # type: ignore[no-untyped-def]  # noqa: ANN001, ANN202
    size = 0
    for piece in range(starts.shape[0]):
        size += starts[piece, bucket + 1] - starts[piece, bucket]
    return size


@numba.njit(cache=True, nogil=True)
def _bits_of(size):  # type: ignore[no-untyped-def]  # noqa: ANN001, ANN202
    """The number of bins for so many values, as a power of two."""
    bits = 1
    while (1 << bits) < size:
        bits += 1
    return bits


@numba.njit(cache=True, nogil=True)
def _shared(values, owners, starts, bucket, bins, alive, documents):  # type: ignore[no-untyped-def]  # noqa: ANN001, ANN202
    """Write those of a bucket's values, of all pieces, that aren't alone in their bin; returns how many there are."""
    bits = _bits_of(_size(starts, bucket))
    bins = bins[: _ROOMY << bits]
    bins[:] = 0
    first, last = np.uint64(BUCKET_BITS), np.uint64(64 - bits - _ROOMY_BITS)
    for piece in range(starts.shape[0]):
        for i in range(starts[piece, bucket], starts[piece, bucket + 1]):
            mine = np.int64((values[i] << first) >> last)
            bins[mine] = min(bins[mine] + 1, 2)
    left = 0
    for piece in range(starts.shape[0]):
        for i in range(starts[piece, bucket], starts[piece, bucket + 1]):
            alive[left] = values[i]
            documents[left] = owners[i]
            left += bins[np.int64((values[i] << first) >> last)] > 1
    return left


@numba.njit(cache=True, nogil=True)
def _deal(values, owners, count, bits, dealt, documents, ends):  # type: ignore[no-untyped-def]  # noqa: ANN001, ANN202
    """Lay so many values of a bucket into bins by the bits after those that the bucket shares."""
    first, last = np.uint64(BUCKET_BITS), np.uint64(64 - bits)
    ends[: (1 << bits) + 1] = 0
    for i in range(count):
        ends[np.int64((values[i] << first) >> last) + 1] += 1
    for bin_ in range(1 << bits):
        ends[bin_ + 1] += ends[bin_]
    for i in range(count):
        mine = np.int64((values[i] << first) >> last)
        dealt[ends[mine]] = values[i]
        documents[ends[mine]] = owners[i]
        ends[mine] += 1  # from the start of the bin to its end


@numba.njit(cache=True, nogil=True)
def _sort(values, documents, start, end):  # type: ignore[no-untyped-def]  # noqa: ANN001, ANN202
    """Sort by value, and documents with one value by their number."""
    if end - start <= _FEW_EQUAL:
        for i in range(start + 1, end):
            value, document = values[i], documents[i]
            j = i - 1
            while j >= start and (values[j] > value or (values[j] == value and documents[j] > document)):
                values[j + 1], documents[j + 1] = values[j], documents[j]
                j -= 1
            values[j + 1], documents[j + 1] = value, document
        return
    order = np.argsort(values[start:end], kind="mergesort")
    values[start:end], documents[start:end] = values[start:end][order], documents[start:end][order]
    first = start
    for i in range(start + 1, end + 1):
        if i == end or values[i] != values[first]:
            documents[first:i] = np.sort(documents[first:i])
            first = i


@numba.njit(cache=True, nogil=True)
def _holders(values, documents, start, end):  # type: ignore[no-untyped-def]  # noqa: ANN001, ANN202
    """Where the value at `start` ends, and how many documents have it, which are brought to the start."""
    stop = start + 1
    count = 1
    while stop < end and values[stop] == values[start]:
        if documents[stop] != documents[stop - 1]:
            documents[start + count] = documents[stop]
            count += 1
        stop += 1
    return stop, count
