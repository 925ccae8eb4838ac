"""The compiled look-up of stop words."""

# mypy: allow-untyped-defs

import numpy as np

from latam_corpus.compiled import kernel
from latam_corpus.text.slots_kernels import slot_of


@kernel
def insert(keys, bits, hashes, bit):
    """Set a language's bit for each of its words."""
    for h in hashes:
        slot = slot_of(keys, h)
        keys[slot] = h
        bits[slot] |= bit


@kernel
def count_stops(words, keys, bits, own_number, background, own, distinct, other):
    """Count the stop words of each document: see `stops.StopCounts`."""
    hashes, doc_words = words.hashes, words.doc_words
    seen = np.full(len(keys), -1, np.int64)  # the last document in which a slot counted as distinct
    tally = np.zeros(64, np.int64)
    for d in range(len(doc_words) - 1):
        number = own_number[d]
        tally[:] = 0
        different = 0
        for w in range(doc_words[d], doc_words[d + 1]):
            slot = slot_of(keys, hashes[w])
            languages = bits[slot]
            if languages == 0:
                continue
            if number >= 0 and (languages >> np.uint64(number)) & np.uint64(1):
                tally[number] += 1
                if seen[slot] != d:
                    seen[slot] = d
                    different += 1
            for b in background:
                if b != number and (languages >> np.uint64(b)) & np.uint64(1):
                    tally[b] += 1
        own[d] = tally[number] if number >= 0 else -1
        distinct[d] = different if number >= 0 else -1
        best = 0
        for b in background:
            if b != number and tally[b] > best:
                best = tally[b]
        other[d] = best
