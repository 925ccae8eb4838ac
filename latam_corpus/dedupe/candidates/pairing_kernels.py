"""The compiled passes that sort values into buckets, sieve and pair them, and follow true pairs."""

# mypy: allow-untyped-defs

from typing import Final

import numpy as np

from latam_corpus.compiled import inlined, kernel
from latam_corpus.dedupe.verify.verify_pairs import A_IN_B, B_IN_A, CONTAINED, DUPLICATE, NONE, VARIANT

BUCKET_BITS: Final = 10  # the top bits that number a bucket
BUCKETS: Final = 1 << BUCKET_BITS
_SHIFT: Final = np.uint64(64 - BUCKET_BITS)


@kernel(work="values")
def sort_into_buckets(values, owners, out_values, out_owners, starts):
    """Sort values, and their owners if given, into buckets by top bits; write where each bucket starts."""
    for value in values:
        starts[np.int64(value >> _SHIFT) + 1] += 1
    for bucket in range(BUCKETS):
        starts[bucket + 1] += starts[bucket]
    next_place = starts[:-1].copy()
    has_owners = len(owners) > 0
    for i in range(len(values)):
        bucket_of_value = np.int64(values[i] >> _SHIFT)
        out_values[next_place[bucket_of_value]] = values[i]
        if has_owners:
            out_owners[next_place[bucket_of_value]] = owners[i]
        next_place[bucket_of_value] += 1


@kernel(work="values")
def mark_bits(values, marks, shift):
    """Set the bit that each value's top bits number."""
    for value in values:
        bit = value >> shift
        marks[bit >> np.uint64(6)] |= np.uint64(1) << (bit & np.uint64(63))


@kernel
def count_tops(values, shift, starts):
    """Write where the sorted values with the same top bits start."""
    for value in values:
        starts[np.int64(value >> shift) + 1] += 1
    for top in range(len(starts) - 1):
        starts[top + 1] += starts[top]


@kernel(work="values")
def sift(values, offsets, sieve, out, places):
    """Write the values that are in the sieve, and the document of each; return their number."""
    marks, shift, sieve_values, starts, top = sieve
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
                while slot < end and sieve_values[slot] < value:
                    slot += 1
                if slot == end or sieve_values[slot] != value:
                    continue
            out[at] = value
            places[at] = d
            at += 1
    return at


_ROOMY_BITS: Final = 2
ROOMY: Final = 1 << _ROOMY_BITS  # bins per value: a value of a single document is usually alone in its bin
_FEW_EQUAL: Final = 24  # up to this many values are sorted by insertion

# The state of a pass that stopped.
_BUCKET: Final = 0
_BITS: Final = 1  # log2 of the number of the bucket's bins; 0 before its values are in bins
_BIN: Final = 2
_START: Final = 3  # where the value being paired starts, among the values in bins
_STOP: Final = 4  # the end of that value; equal to _START before its holders are counted
_HOLDERS: Final = 5
_NEXT: Final = 6  # the next holder to pair
COMMONS: Final = 7  # common values written
CURSOR_SIZE: Final = 8


@kernel(work="buckets")
def write_pairs(buckets, limits, cursor, tallies, keys, common, workspace):
    """Write pairs from `cursor` on until the buckets are done or `keys` is full; return the number of pairs."""
    values, owners, starts = buckets
    dealt, documents, alive, owners_of, bins, ends = workspace
    at = 0
    while cursor[_BUCKET] < starts.shape[1] - 1:
        if cursor[_BITS] == 0:
            shared_count = _shared(values, owners, starts, cursor[_BUCKET], bins, alive, owners_of)
            tallies[0] += _size(starts, cursor[_BUCKET]) - shared_count
            cursor[_BITS] = bits_of(shared_count)
            _sort_into_bins(alive, owners_of, shared_count, cursor[_BITS], dealt, documents, ends)
            cursor[_BIN] = cursor[_START] = cursor[_STOP] = 0
        while cursor[_BIN] < 1 << cursor[_BITS]:
            if cursor[_STOP] == cursor[_START] and ends[cursor[_BIN]] - cursor[_START] < 2:  # true of most bins
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
    """Write the pairs of one bin, which ends at `end`, from `cursor` on; return where the keys end."""
    cap, hubs, common_holders = limits[0], limits[1], limits[2]
    keys, common = out
    if cursor[_STOP] == cursor[_START]:
        _sort(dealt, documents, cursor[_START], end)
    while cursor[_START] < end:
        start = cursor[_START]
        if cursor[_STOP] == start:
            cursor[_STOP], cursor[_HOLDERS] = _holders(dealt, documents, start, end)
            cursor[_NEXT] = 1
            capped = min(cursor[_HOLDERS], cap)
            pair_count = capped * (capped - 1) // 2 + (cursor[_HOLDERS] - capped) * hubs
            tallies[0] += 1
            tallies[1] += cursor[_HOLDERS] > cap
            tallies[2] += cursor[_HOLDERS] * (cursor[_HOLDERS] - 1) // 2 - pair_count
            if cursor[_HOLDERS] > common_holders:
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


@inlined
def bits_of(size):
    """Return log2 of the number of bins for a number of values."""
    bits = 1
    while (1 << bits) < size:
        bits += 1
    return bits


@kernel
def _shared(values, owners, starts, bucket, bins, alive, documents):
    """Write the values of a bucket, over all pieces, that aren't alone in their bin; return their number."""
    bits = bits_of(_size(starts, bucket))
    bins = bins[: ROOMY << bits]
    bins[:] = 0
    first, last = np.uint64(BUCKET_BITS), np.uint64(64 - bits - _ROOMY_BITS)
    for piece in range(starts.shape[0]):
        for i in range(starts[piece, bucket], starts[piece, bucket + 1]):
            bin_ = np.int64((values[i] << first) >> last)
            bins[bin_] = min(bins[bin_] + 1, 2)
    shared_count = 0
    for piece in range(starts.shape[0]):
        for i in range(starts[piece, bucket], starts[piece, bucket + 1]):
            alive[shared_count] = values[i]
            documents[shared_count] = owners[i]
            shared_count += bins[np.int64((values[i] << first) >> last)] > 1
    return shared_count


@kernel
def _sort_into_bins(values, owners, count, bits, dealt, documents, ends):
    """Sort the first `count` values of a bucket into bins, by the bits after the bucket's."""
    first, last = np.uint64(BUCKET_BITS), np.uint64(64 - bits)
    ends[: (1 << bits) + 1] = 0
    for i in range(count):
        ends[np.int64((values[i] << first) >> last) + 1] += 1
    for bin_ in range(1 << bits):
        ends[bin_ + 1] += ends[bin_]
    for i in range(count):
        bin_of_value = np.int64((values[i] << first) >> last)
        dealt[ends[bin_of_value]] = values[i]
        documents[ends[bin_of_value]] = owners[i]
        ends[bin_of_value] += 1  # turns the start of the bin into its end


@kernel
def _sort(values, documents, start, end):
    """Sort by value, and documents with the same value by their number."""
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
    """Move the distinct documents of the value at `start` to the front; return its end and their number."""
    stop = start + 1
    count = 1
    while stop < end and values[stop] == values[start]:
        if documents[stop] != documents[stop - 1]:
            documents[start + count] = documents[stop]
            count += 1
        stop += 1
    return stop, count


NO_DOCUMENT: Final = -1


@kernel(work="pairs")
def neighbours(pairs, kind, n):
    """Return the rows of each document's pairs that have a kind: where each document's rows start, and the rows."""
    starts = np.zeros(n + 1, np.int64)
    for row in range(len(pairs)):
        if kind[row] != NONE:
            starts[pairs[row, 0] + 1] += 1
            starts[pairs[row, 1] + 1] += 1
    for d in range(n):
        starts[d + 1] += starts[d]
    links = np.empty(starts[n], np.int64)
    next_place = starts[:-1].copy()
    for row in range(len(pairs)):
        if kind[row] != NONE:
            for side in range(2):
                d = pairs[row, side]
                links[next_place[d]] = row
                next_place[d] += 1
    return starts, links


@kernel(work="order")
def decide(pairs, inclusion, kind, order, position, fixed, drops, links_of):
    """Return each document's kept replacement, the row of their pair, and the first of its cluster."""
    starts, links = links_of
    n = len(order)
    duplicate_of = np.full(n, NO_DOCUMENT, np.int64)
    link = np.full(n, NO_DOCUMENT, np.int64)
    labels = np.arange(n)
    for d in order:
        winner = joined = np.int64(NO_DOCUMENT)
        for at in range(starts[d], starts[d + 1]):
            row = links[at]
            first = np.int64(pairs[row, 0]) == d
            candidate = np.int64(pairs[row, 1] if first else pairs[row, 0])
            if position[candidate] >= position[d] or duplicate_of[candidate] != NO_DOCUMENT:
                continue
            is_in_other = inclusion[row] & (A_IN_B if first else B_IN_A)
            if is_in_other and drops[kind[row]] and not fixed[d]:
                if winner == NO_DOCUMENT or position[candidate] < position[winner]:
                    winner = candidate
                    link[d] = row
            elif (kind[row] == DUPLICATE or kind[row] == VARIANT) and (
                joined == NO_DOCUMENT or position[candidate] < position[joined]
            ):
                # The document contains more than the kept one, or is a variant of it: it is kept too, in the same
                # cluster.
                joined = candidate
        if winner != NO_DOCUMENT:
            duplicate_of[d] = winner
            labels[d] = labels[winner]
        elif joined != NO_DOCUMENT:
            labels[d] = labels[joined]
    return duplicate_of, link, labels


@kernel(work="pairs")
def containers(pairs, inclusion, kind, position, duplicate_of, link):
    """Return the first kept container, in the order of keeping, of each document; write the pair's row to `link`."""
    winners = np.full(len(duplicate_of), NO_DOCUMENT, np.int64)
    for row in range(len(pairs)):
        if kind[row] != CONTAINED:
            continue
        for side in range(2):
            d, container = np.int64(pairs[row, side]), np.int64(pairs[row, 1 - side])
            if not inclusion[row] & (A_IN_B if side == 0 else B_IN_A):
                continue
            if duplicate_of[container] != NO_DOCUMENT or (duplicate_of[d] != NO_DOCUMENT and link[d] != row):
                continue
            if winners[d] == NO_DOCUMENT or position[container] < position[winners[d]]:
                winners[d] = container
                link[d] = row
    return winners


@kernel(work="pairs")
def originals(pairs, kind, position, old, duplicate_of, link):
    """Return each document's original, the first kept one in the order of keeping; write the pairs' rows to `link`.

    A run doesn't change earlier documents, so the new document of a pair is the variant, regardless of the order.
    """
    winners = np.full(len(duplicate_of), NO_DOCUMENT, np.int64)
    for row in range(len(pairs)):
        if kind[row] != VARIANT:
            continue
        a, b = np.int64(pairs[row, 0]), np.int64(pairs[row, 1])
        if duplicate_of[a] != NO_DOCUMENT or duplicate_of[b] != NO_DOCUMENT:
            continue
        d, original = (a, b) if old[b] or (position[a] > position[b] and not old[a]) else (b, a)
        if winners[d] == NO_DOCUMENT or position[original] < position[winners[d]]:
            winners[d] = original
            link[d] = row
    return winners


@kernel(work="pairs")
def connect(labels, pairs):
    """Join the nodes of each pair: `labels` maps each node to a smaller connected node, or to itself."""
    for row in range(len(pairs)):
        a, b = pairs[row, 0], pairs[row, 1]
        while labels[a] != a:
            labels[a] = labels[labels[a]]
            a = np.int64(labels[a])
        while labels[b] != b:
            labels[b] = labels[labels[b]]
            b = np.int64(labels[b])
        labels[max(a, b)] = min(a, b)


@kernel(work="labels")
def label_packs(labels, pack_size):
    """Return the pack of each node; packs have about `pack_size` nodes and don't split components. Flatten `labels`."""
    sizes = np.zeros(len(labels), np.uint32)
    for node in range(len(labels)):
        labels[node] = labels[labels[node]]  # a smaller node, already flattened
        sizes[labels[node]] += 1
    nodes_before = 0
    for node in range(len(labels)):
        nodes_before += sizes[node]
        sizes[node] = (nodes_before - sizes[node]) // pack_size
    for node in range(len(labels)):
        sizes[node] = sizes[labels[node]]
    return sizes
