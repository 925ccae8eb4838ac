"""The compiled passes of `of_words`."""

# mypy: allow-untyped-defs

import numpy as np

from latam_corpus.compiled import kernel


@kernel
def unique_in_windows(hashes, doc_words, size, result):
    """Write the mean share of distinct words in windows of so many words, of each document."""
    capacity = 1024  # at least four times the window, a power of two
    mask = np.uint64(capacity - 1)
    keys = np.zeros(capacity, np.uint64)
    stamps = np.zeros(capacity, np.int64)
    stamp = 0
    for d in range(len(doc_words) - 1):
        start, end = doc_words[d], doc_words[d + 1]
        if end == start:
            continue
        total = 0.0
        windows = 0
        at = start
        while at == start or at + size <= end:
            stamp += 1
            different = 0
            stop = min(at + size, end)
            for i in range(at, stop):
                slot = hashes[i] & mask
                while stamps[slot] == stamp and keys[slot] != hashes[i]:
                    slot = (slot + np.uint64(1)) & mask
                if stamps[slot] != stamp:
                    stamps[slot] = stamp
                    keys[slot] = hashes[i]
                    different += 1
            total += different / (stop - at)
            windows += 1
            at += size
        result[d] = total / windows
