"""Where a hash stands in a table with open addressing: the one look-up of all compiled tables of words."""

# mypy: allow-untyped-defs

import numpy as np

from latam_corpus.compiled import inlined


@inlined
def slot_of(keys, h):
    """Return the place of a hash in `keys`, or the free one where it would go.

    Args:
        keys: uint64[capacity], 0 where free; the capacity is a power of two, and not all is taken.
        h: uint64, not 0.

    >>> keys = np.zeros(4, np.uint64)
    >>> keys[slot_of(keys, np.uint64(6))] = 6
    >>> int(slot_of(keys, np.uint64(6))), int(slot_of(keys, np.uint64(2)))
    (2, 3)
    """
    mask = np.uint64(len(keys) - 1)
    slot = h & mask
    held = keys[slot]
    while (held != 0) & (held != h):  # one jump, hardly ever taken: whether a slot is free can't be foreseen
        slot = (slot + np.uint64(1)) & mask
        held = keys[slot]
    return slot
