"""The compiled passes that write word streams as bytes, and read them."""

# mypy: allow-untyped-defs

import numpy as np

from latam_corpus.compiled import inlined, kernel
from latam_corpus.text.slots_kernels import slot_of


@kernel
def pack(values, offsets, lexicon, data, ends):
    """Write numbers as their places in the lexicon, seven bits a byte, and where each document ends."""
    capacity = 4
    while capacity < 2 * len(lexicon):
        capacity *= 2
    keys, places = np.zeros(capacity, np.uint64), np.empty(capacity, np.uint32)
    for place in range(len(lexicon)):
        slot = slot_of(keys, _key(lexicon[place]))
        keys[slot], places[slot] = _key(lexicon[place]), place
    at = 0
    for d in range(len(offsets) - 1):
        for i in range(offsets[d], offsets[d + 1]):
            place = places[slot_of(keys, _key(values[i]))]
            while place >= 0x80:
                data[at] = 0x80 | (place & 0x7F)
                place >>= 7
                at += 1
            data[at] = place
            at += 1
        ends[d + 1] = at


@inlined
def _key(value):
    """The word, spread over 64 bits; odd factors lose nothing, and no word gives 0."""
    spread = (np.uint64(value) + np.uint64(1)) * np.uint64(0x9E3779B97F4A7C15)
    return spread ^ (spread >> np.uint64(32))


@kernel
def unpack(data, offsets, places, lexicon, values, ends):
    """Read what `pack` wrote of the documents at some places; return whether all of it could be read."""
    at = 0
    for n in range(len(places)):
        place = shift = np.int64(0)
        for i in range(offsets[places[n]], offsets[places[n] + 1]):
            byte = np.int64(data[i])
            place |= (byte & 0x7F) << shift
            shift += 7
            if byte < 0x80:
                if place >= len(lexicon):
                    return False
                values[at] = lexicon[place]
                at += 1
                place = shift = np.int64(0)
            elif shift > 28:
                return False
        if shift:
            return False
        ends[n + 1] = at
    return True
