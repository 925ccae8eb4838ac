"""The compiled passes that pair documents which share a value: see `pairing.Pairing`."""

# mypy: allow-untyped-defs

from typing import Final

import numpy as np

from latam_corpus.compiled import kernel
from latam_corpus.dedupe.buckets_kernels import BITS as BUCKET_BITS

_ROOMY_BITS: Final = 2
ROOMY: Final = 1 << _ROOMY_BITS  # bins a value by which those that one document has are told
_FEW_EQUAL: Final = 24  # values that are sorted by insertion

# Where a pass has stopped.
_BUCKET: Final = 0
_BITS: Final = 1  # the number of the bucket's bins, as a power of two; 0 before it is dealt into them
_BIN: Final = 2
_START: Final = 3  # of the value that is being paired, among the dealt ones
_STOP: Final = 4  # the end of that value; its start before its holders are counted
_HOLDERS: Final = 5
_NEXT: Final = 6  # the holder to be paired next
COMMONS: Final = 7  # values told as common
PLACE: Final = 8


@kernel
def paired(laid, limits, place, told, keys, common, room):
    """Write pairs from `place` on until the buckets or the room for keys are at their end; gives how many."""
    values, owners, starts = laid
    dealt, documents, alive, owners_of, bins, ends = room
    at = 0
    while place[_BUCKET] < starts.shape[1] - 1:
        if place[_BITS] == 0:
            left = _shared(values, owners, starts, place[_BUCKET], bins, alive, owners_of)
            told[0] += _size(starts, place[_BUCKET]) - left
            place[_BITS] = bits_of(left)
            _deal(alive, owners_of, left, place[_BITS], dealt, documents, ends)
            place[_BIN] = place[_START] = place[_STOP] = 0
        while place[_BIN] < 1 << place[_BITS]:
            at = _pair_bin(dealt, documents, ends[place[_BIN]], limits, place, told, (keys, common), at)
            if place[_STOP] > place[_START]:  # no room within a value
                return at
            place[_BIN] += 1
        place[_BUCKET] += 1
        place[_BITS] = 0
    return at


@kernel
def _pair_bin(dealt, documents, end, limits, place, told, out, at):
    """Write the pairs of one bin, which ends at `end`, from `place` on; gives where the keys end."""
    cap, hubs, many = limits[0], limits[1], limits[2]
    keys, common = out
    if place[_STOP] == place[_START]:
        if end - place[_START] < 2:
            told[0] += end - place[_START]
            place[_START] = place[_STOP] = end
            return at
        _sort(dealt, documents, place[_START], end)
    while place[_START] < end:
        start = place[_START]
        if place[_STOP] == start:
            place[_STOP], place[_HOLDERS] = _holders(dealt, documents, start, end)
            place[_NEXT] = 1
            held = min(place[_HOLDERS], cap)
            made = held * (held - 1) // 2 + (place[_HOLDERS] - held) * hubs
            told[0] += 1
            told[1] += place[_HOLDERS] > cap
            told[2] += place[_HOLDERS] * (place[_HOLDERS] - 1) // 2 - made
            if place[_HOLDERS] > many:
                common[place[COMMONS]] = dealt[start]
                place[COMMONS] += 1
        while place[_NEXT] < place[_HOLDERS]:
            j = place[_NEXT]
            firsts = j if j < cap else hubs
            if at + firsts > len(keys):
                return at
            second = np.uint64(documents[start + j])
            for i in range(firsts):
                keys[at] = (np.uint64(documents[start + i]) << np.uint64(32)) | second
                at += 1
            place[_NEXT] += 1
        place[_START] = place[_STOP]
    return at


@kernel
def _size(starts, bucket):
    size = 0
    for piece in range(starts.shape[0]):
        size += starts[piece, bucket + 1] - starts[piece, bucket]
    return size


@kernel
def bits_of(size):
    """The number of bins for so many values, as a power of two."""
    bits = 1
    while (1 << bits) < size:
        bits += 1
    return bits


@kernel
def _shared(values, owners, starts, bucket, bins, alive, documents):
    """Write those of a bucket's values, of all pieces, that aren't alone in their bin; returns how many there are."""
    bits = bits_of(_size(starts, bucket))
    bins = bins[: ROOMY << bits]
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


@kernel
def _deal(values, owners, count, bits, dealt, documents, ends):
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


@kernel
def _sort(values, documents, start, end):
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


@kernel
def _holders(values, documents, start, end):
    """Where the value at `start` ends, and how many documents have it, which are brought to the start."""
    stop = start + 1
    count = 1
    while stop < end and values[stop] == values[start]:
        if documents[stop] != documents[stop - 1]:
            documents[start + count] = documents[stop]
            count += 1
        stop += 1
    return stop, count
