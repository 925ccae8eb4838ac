"""The compiled passes of `signal`."""

# mypy: allow-untyped-defs

import numpy as np

from latam_corpus.compiled import kernel


@kernel
def sum_ranges(values, bounds, result):
    """Write the sum of the values between two bounds."""
    for d in range(len(result)):
        total = np.int64(0)
        for i in range(bounds[d], bounds[d + 1]):
            total += np.int64(values[i])
        result[d] = total
