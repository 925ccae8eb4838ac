"""The compiled passes of the sieve: bits are set, values counted by their first bits, and looked up."""

# mypy: allow-untyped-defs

import numpy as np

from latam_corpus.compiled import kernel


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
def sift(values, offsets, sieve, found, places):
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
                place = starts[np.int64(value >> top)]
                end = starts[np.int64(value >> top) + 1]
                while place < end and known[place] < value:
                    place += 1
                if place == end or known[place] != value:
                    continue
            found[at] = value
            places[at] = d
            at += 1
    return at
