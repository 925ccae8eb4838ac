"""The compiled walk through the trees of a forest."""

# mypy: allow-untyped-defs

from typing import Final

import numpy as np

from latam_corpus.compiled import kernel

MOST_LEAVES: Final = 32  # of a tree: a bit each
ALL: Final = 2**MOST_LEAVES - 1
# Times a power of two, its highest five bits are another number for each: where a lowest bit stands (Leiserson 1998).
DE_BRUIJN: Final = 0x077CB531
SHIFT: Final = MOST_LEAVES - 5


@kernel
def chances(columns, ends, asked, bounds, remaining, values, start):
    """Add up what the trees say of each block: see `forest.Forest`."""
    rows = columns.shape[1]
    scores = np.full(rows, start, np.float32)
    leaves = np.empty(rows, np.uint32)
    every = np.uint32(ALL)
    test = 0
    for tree in range(len(ends)):
        leaves[:] = every
        while test < ends[tree]:
            column, bound, left = columns[asked[test]], bounds[test], remaining[test]
            for r in range(rows):  # without a jump, so that the compiler makes it for eight at once
                leaves[r] &= left if column[r] > bound else every
            test += 1
        value = values[tree]
        for r in range(rows):
            first = leaves[r] & (~leaves[r] + np.uint32(1))
            scores[r] += value[np.uint32(first * np.uint32(DE_BRUIJN)) >> np.uint32(SHIFT)]
    for r in range(rows):
        scores[r] = 1 / (1 + np.exp(-scores[r]))
    return scores
