"""The compiled evaluation of a forest's trees."""

# mypy: allow-untyped-defs

from typing import Final

import numpy as np

from latam_corpus.compiled import kernel

MAX_LEAVES: Final = 32  # leaves per tree, a bit each
ALL: Final = 2**MAX_LEAVES - 1
# Multiplied by a power of two, its highest five bits identify the power (Leiserson 1998).
DE_BRUIJN: Final = 0x077CB531
SHIFT: Final = MAX_LEAVES - 5


@kernel
def chances(columns, ends, test_columns, bounds, remaining, values, start):
    """Return the probability of each block, float32[b]: see `forest.Forest`."""
    rows = columns.shape[1]
    scores = np.full(rows, start, np.float32)
    leaves = np.empty(rows, np.uint32)
    all_leaves = np.uint32(ALL)
    test = 0
    for tree in range(len(ends)):
        leaves[:] = all_leaves
        while test < ends[tree]:
            column, bound, remaining_leaves = columns[test_columns[test]], bounds[test], remaining[test]
            for r in range(rows):  # without a branch, so that the compiler vectorises it
                leaves[r] &= remaining_leaves if column[r] > bound else all_leaves
            test += 1
        value = values[tree]
        for r in range(rows):
            first = leaves[r] & (~leaves[r] + np.uint32(1))
            scores[r] += value[np.uint32(first * np.uint32(DE_BRUIJN)) >> np.uint32(SHIFT)]
    for r in range(rows):
        scores[r] = 1 / (1 + np.exp(-scores[r]))
    return scores
