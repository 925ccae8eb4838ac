"""The compiled count of damaged words."""

# mypy: allow-untyped-defs

import numpy as np

from latam_corpus.compiled import kernel
from latam_corpus.text.slots_kernels import slot_of


@kernel
def count_stops(hashes, doc_words, keys, bits, numbers, counts):
    """How many stop words of some languages each document has, by their numbers in the table."""
    for d in range(len(counts)):
        for w in range(doc_words[d], doc_words[d + 1]):
            languages = bits[slot_of(keys, hashes[w])]
            if languages:
                for place in range(len(numbers)):
                    counts[d, place] += np.int64((languages >> np.uint64(numbers[place])) & np.uint64(1))
