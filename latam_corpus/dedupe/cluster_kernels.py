"""The compiled walks over true pairs: see `cluster`."""

# mypy: allow-untyped-defs

from typing import Final

import numpy as np

from latam_corpus.compiled import kernel
from latam_corpus.dedupe.verify_pairs import A_IN_B, B_IN_A, CONTAINED, DUPLICATE, NONE

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
    """The kept one that each document falls for, the pair by which, and the first document of its cluster."""
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
            elif kind[row] == DUPLICATE and (joined == NOBODY or position[other] < position[joined]):
                # It holds more than the kept one: kept too, and in one cluster with it.
                joined = other
        if winner != NOBODY:
            duplicate_of[d] = winner
            label[d] = label[winner]
        elif joined != NOBODY:
            label[d] = label[joined]
    return duplicate_of, link, label


@kernel
def containers(pairs, stands, kind, position, duplicate_of, link):
    """The first kept container, in the order of keeping, of each kept document; its row is written to `link`."""
    found = np.full(len(duplicate_of), NOBODY, np.int64)
    for row in range(len(pairs)):
        if kind[row] != CONTAINED:
            continue
        for side in range(2):
            d, other = np.int64(pairs[row, side]), np.int64(pairs[row, 1 - side])
            if not stands[row] & (A_IN_B if side == 0 else B_IN_A):
                continue
            if duplicate_of[other] != NOBODY or (duplicate_of[d] != NOBODY and link[d] != row):
                continue
            if found[d] == NOBODY or position[other] < position[found[d]]:
                found[d] = other
                link[d] = row
    return found
