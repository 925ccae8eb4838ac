"""The compiled pass that lays keys into buckets."""

# mypy: allow-untyped-defs

from typing import Final

import numpy as np

from latam_corpus.compiled import kernel

BITS: Final = 10  # by which a bucket is told
BUCKETS: Final = 1 << BITS
_SHIFT: Final = np.uint64(64 - BITS)


@kernel
def lay(values, owners, made_values, made_owners, starts):
    """Lay values, and their owners if there are any, into buckets by their first bits; write where each starts."""
    for value in values:
        starts[np.int64(value >> _SHIFT) + 1] += 1
    for bucket in range(BUCKETS):
        starts[bucket + 1] += starts[bucket]
    at = starts[:-1].copy()
    owned = len(owners) > 0
    for i in range(len(values)):
        mine = np.int64(values[i] >> _SHIFT)
        made_values[at[mine]] = values[i]
        if owned:
            made_owners[at[mine]] = owners[i]
        at[mine] += 1
