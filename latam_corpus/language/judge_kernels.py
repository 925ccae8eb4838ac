"""The compiled part of `judge`."""

# mypy: allow-untyped-defs

import numpy as np

from latam_corpus.compiled import kernel


@kernel
def mean_of_each(per_line, weights, starts, ends, made):
    """Write the weighted mean of each text's lines, the first line added last."""
    for text in range(len(starts)):
        for label in range(per_line.shape[1]):
            made[text, label] = 0
        total = np.float32(0)
        for line in range(starts[text] + 1, ends[text]):
            weight = weights[line]
            total += weight
            for label in range(per_line.shape[1]):
                made[text, label] += per_line[line, label] * weight
        weight = weights[starts[text]]
        total += weight
        for label in range(per_line.shape[1]):
            made[text, label] = (made[text, label] + per_line[starts[text], label] * weight) / total
