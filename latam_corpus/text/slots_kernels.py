"""The slot of a hash in an open-addressing table: the look-up of all compiled tables of words."""

# mypy: allow-untyped-defs

import numpy as np

from latam_corpus.compiled import inlined


@inlined
def slot_of(keys, h):
    """Return the index of a hash in `keys`, or of the free slot for its insertion.

    Args:
        keys: uint64[capacity], 0 if free; the capacity is a power of two, and at least one slot is free.
        h: uint64, not 0.

    >>> keys = np.zeros(4, np.uint64)
    >>> keys[slot_of(keys, np.uint64(6))] = 6
    >>> int(slot_of(keys, np.uint64(6))), int(slot_of(keys, np.uint64(2)))
    (2, 3)
    """
    mask = np.uint64(len(keys) - 1)
    slot = h & mask
    key = keys[slot]
    while (key != 0) & (key != h):  # a single branch, rarely taken
        slot = (slot + np.uint64(1)) & mask
        key = keys[slot]
    return slot
