"""The compiled part of `mixed`."""

# mypy: allow-untyped-defs

import numpy as np

from latam_corpus.compiled import kernel


@kernel
def mean(found, rows, weights):
    """The weighted mean of some rows."""
    made = np.zeros(found.shape[1], np.float32)
    total = np.float32(0)
    for row in rows:
        weight = weights[row]
        total += weight
        for column in range(found.shape[1]):
            made[column] += found[row, column] * weight
    for column in range(found.shape[1]):
        made[column] /= total
    return made
