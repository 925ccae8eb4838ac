"""The compiled passes that lay values into buckets, sieve and pair them, and walk over true pairs."""

# mypy: allow-untyped-defs

from typing import Final

import numpy as np

from latam_corpus.compiled import kernel
from latam_corpus.dedupe.verify.verify_pairs import A_IN_B, B_IN_A, CONTAINED, DUPLICATE, NONE, VARIANT

BUCKET_BITS: Final = 10  # by which a bucket is told
BUCKETS: Final = 1 << BUCKET_BITS
_SHIFT: Final = np.uint64(64 - BUCKET_BITS)


@kernel
def lay(values, owners, out_values, out_owners, starts):
    """Lay values, and their owners if there are any, into buckets by their first bits; write where each starts."""
    for value in values:
        starts[np.int64(value >> _SHIFT) + 1] += 1
    for bucket in range(BUCKETS):
        starts[bucket + 1] += starts[bucket]
    at = starts[:-1].copy()
    owned = len(owners) > 0
    for i in range(len(values)):
        mine = np.int64(values[i] >> _SHIFT)
        out_values[at[mine]] = values[i]
        if owned:
            out_owners[at[mine]] = owners[i]
        at[mine] += 1


@kernel
def mark_bits(values, marks, shift):
    """Set the bit of each value, told by its first bits."""
    for value in values:
        bit = value >> shift
        marks[bit >> np.uint64(6)] |= np.uint64(1) << (bit & np.uint64(63))


@kernel
def count_tops(values, shift, starts):
    """Write where the sorted values begin that start with the same bits."""
    for value in values:
        starts[np.int64(value >> shift) + 1] += 1
    for top in range(len(starts) - 1):
        starts[top + 1] += starts[top]


@kernel
def sift(values, offsets, sieve, out, places):
    """Write the values that are known, and the document that has each; return how many there are."""
    marks, shift, known, starts, top = sieve
    at = 0
    for d in range(len(offsets) - 1):
        for i in range(offsets[d], offsets[d + 1]):
            value = values[i]
            bit = value >> shift
            if not (marks[bit >> np.uint64(6)] >> (bit & np.uint64(63))) & np.uint64(1):
                continue
            if len(starts):
                slot = starts[np.int64(value >> top)]
                end = starts[np.int64(value >> top) + 1]
                while slot < end and known[slot] < value:
                    slot += 1
                if slot == end or known[slot] != value:
                    continue
            out[at] = value
            places[at] = d
            at += 1
    return at


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
CURSOR_SIZE: Final = 8


@kernel
def paired(laid, limits, cursor, tallies, keys, common, workspace):
    """Write pairs from `cursor` on until the buckets or the room for keys are at their end; gives how many."""
    values, owners, starts = laid
    dealt, documents, alive, owners_of, bins, ends = workspace
    at = 0
    while cursor[_BUCKET] < starts.shape[1] - 1:
        if cursor[_BITS] == 0:
            left = _shared(values, owners, starts, cursor[_BUCKET], bins, alive, owners_of)
            tallies[0] += _size(starts, cursor[_BUCKET]) - left
            cursor[_BITS] = bits_of(left)
            _deal(alive, owners_of, left, cursor[_BITS], dealt, documents, ends)
            cursor[_BIN] = cursor[_START] = cursor[_STOP] = 0
        while cursor[_BIN] < 1 << cursor[_BITS]:
            if cursor[_STOP] == cursor[_START] and ends[cursor[_BIN]] - cursor[_START] < 2:  # most bins: passed over
                tallies[0] += ends[cursor[_BIN]] - cursor[_START]
                cursor[_START] = cursor[_STOP] = ends[cursor[_BIN]]
                cursor[_BIN] += 1
                continue
            at = _pair_bin(dealt, documents, ends[cursor[_BIN]], limits, cursor, tallies, (keys, common), at)
            if cursor[_STOP] > cursor[_START]:  # no room within a value
                return at
            cursor[_BIN] += 1
        cursor[_BUCKET] += 1
        cursor[_BITS] = 0
    return at


@kernel
def _pair_bin(dealt, documents, end, limits, cursor, tallies, out, at):
    """Write the pairs of one bin, which ends at `end`, from `cursor` on; gives where the keys end."""
    cap, hubs, many = limits[0], limits[1], limits[2]
    keys, common = out
    if cursor[_STOP] == cursor[_START]:
        _sort(dealt, documents, cursor[_START], end)
    while cursor[_START] < end:
        start = cursor[_START]
        if cursor[_STOP] == start:
            cursor[_STOP], cursor[_HOLDERS] = _holders(dealt, documents, start, end)
            cursor[_NEXT] = 1
            held = min(cursor[_HOLDERS], cap)
            pair_count = held * (held - 1) // 2 + (cursor[_HOLDERS] - held) * hubs
            tallies[0] += 1
            tallies[1] += cursor[_HOLDERS] > cap
            tallies[2] += cursor[_HOLDERS] * (cursor[_HOLDERS] - 1) // 2 - pair_count
            if cursor[_HOLDERS] > many:
                common[cursor[COMMONS]] = dealt[start]
                cursor[COMMONS] += 1
        while cursor[_NEXT] < cursor[_HOLDERS]:
            j = cursor[_NEXT]
            firsts = j if j < cap else hubs
            if at + firsts > len(keys):
                return at
            second = np.uint64(documents[start + j])
            for i in range(firsts):
                keys[at] = (np.uint64(documents[start + i]) << np.uint64(32)) | second
                at += 1
            cursor[_NEXT] += 1
        cursor[_START] = cursor[_STOP]
    return at


@kernel
def _size(starts, bucket):
    size = 0
    for piece in range(starts.shape[0]):
        size += starts[piece, bucket + 1] - starts[piece, bucket]
    return size


@kernel
def bits_of(size):
    """Return the number of bins for so many values, as a power of two."""
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


NOBODY: Final = -1


@kernel
def neighbours(pairs, kind, n):
    """For each document the rows of its pairs that are of any kind: where they start, and the rows."""
    starts = np.zeros(n + 1, np.int64)
    for row in range(len(pairs)):
        if kind[row] != NONE:
            starts[pairs[row, 0] + 1] += 1
            starts[pairs[row, 1] + 1] += 1
    for d in range(n):
        starts[d + 1] += starts[d]
    links = np.empty(starts[n], np.int64)
    at = starts[:-1].copy()
    for row in range(len(pairs)):
        if kind[row] != NONE:
            for side in range(2):
                d = pairs[row, side]
                links[at[d]] = row
                at[d] += 1
    return starts, links


@kernel
def decide(pairs, stands, kind, order, position, fixed, falls_by, links_of):
    """Return the kept one that each document falls for, the pair by which, and the first document of its cluster."""
    starts, links = links_of
    n = len(order)
    duplicate_of = np.full(n, NOBODY, np.int64)
    link = np.full(n, NOBODY, np.int64)
    label = np.arange(n)
    for d in order:
        winner = joined = np.int64(NOBODY)
        for at in range(starts[d], starts[d + 1]):
            row = links[at]
            first = np.int64(pairs[row, 0]) == d
            other = np.int64(pairs[row, 1] if first else pairs[row, 0])
            if position[other] >= position[d] or duplicate_of[other] != NOBODY:
                continue
            mine = stands[row] & (A_IN_B if first else B_IN_A)
            if mine and falls_by[kind[row]] and not fixed[d]:
                if winner == NOBODY or position[other] < position[winner]:
                    winner = other
                    link[d] = row
            elif (kind[row] == DUPLICATE or kind[row] == VARIANT) and (
                joined == NOBODY or position[other] < position[joined]
            ):
                # It holds more than the kept one, or is a variant of it: kept too, and in one cluster with it.
                joined = other
        if winner != NOBODY:
            duplicate_of[d] = winner
            label[d] = label[winner]
        elif joined != NOBODY:
            label[d] = label[joined]
    return duplicate_of, link, label


@kernel
def containers(pairs, stands, kind, position, duplicate_of, link):
    """Return the first kept container, in the order of keeping, of each kept document; its row is written to `link`."""
    winners = np.full(len(duplicate_of), NOBODY, np.int64)
    for row in range(len(pairs)):
        if kind[row] != CONTAINED:
            continue
        for side in range(2):
            d, other = np.int64(pairs[row, side]), np.int64(pairs[row, 1 - side])
            if not stands[row] & (A_IN_B if side == 0 else B_IN_A):
                continue
            if duplicate_of[other] != NOBODY or (duplicate_of[d] != NOBODY and link[d] != row):
                continue
            if winners[d] == NOBODY or position[other] < position[winners[d]]:
                winners[d] = other
                link[d] = row
    return winners


@kernel
def originals(pairs, kind, position, old, duplicate_of, link):
    """Return the first kept document, in the order of keeping, that each is a variant of; its row goes to `link`.

    Of an old document, which no run changes, nothing is said: the new one is a variant of it, wherever the two stand.
    """
    winners = np.full(len(duplicate_of), NOBODY, np.int64)
    for row in range(len(pairs)):
        if kind[row] != VARIANT:
            continue
        a, b = np.int64(pairs[row, 0]), np.int64(pairs[row, 1])
        if duplicate_of[a] != NOBODY or duplicate_of[b] != NOBODY:
            continue
        d, other = (a, b) if old[b] or (position[a] > position[b] and not old[a]) else (b, a)
        if winners[d] == NOBODY or position[other] < position[winners[d]]:
            winners[d] = other
            link[d] = row
    return winners


@kernel
def connect(label, pairs):
    """Join the nodes of each pair; `label` leads each to a smaller one that it is connected with, or to itself."""
    for row in range(len(pairs)):
        a, b = pairs[row, 0], pairs[row, 1]
        while label[a] != a:
            label[a] = label[label[a]]
            a = np.int64(label[a])
        while label[b] != b:
            label[b] = label[label[b]]
            b = np.int64(label[b])
        label[max(a, b)] = min(a, b)


@kernel
def label_packs(label, most):
    """Return the pack of each node: all that is connected is in one, about as many as `most`; `label` is flattened."""
    sizes = np.zeros(len(label), np.uint32)
    for node in range(len(label)):
        label[node] = label[label[node]]  # which comes before it
        sizes[label[node]] += 1
    before = 0
    for node in range(len(label)):
        before += sizes[node]
        sizes[node] = (before - sizes[node]) // most
    for node in range(len(label)):
        sizes[node] = sizes[label[node]]
    return sizes
