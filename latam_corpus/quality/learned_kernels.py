"""The compiled part of the learned score."""

# mypy: allow-untyped-defs

from typing import Final

import numpy as np

from latam_corpus.compiled import inlined, kernel
from latam_corpus.text.slots_kernels import slot_of

_PAIR: Final = np.uint64(116049371)  # from fastText, like the 32-bit FNV-1a below


@kernel
def fill(hashes, weights, keys, values):
    """Enter the weights of words into a table by their hashes."""
    mask = np.uint64(len(keys) - 1)
    for i in range(len(hashes)):
        slot = hashes[i] & mask
        while keys[slot] != 0:
            slot = (slot + np.uint64(1)) & mask
        keys[slot] = hashes[i]
        values[slot] = weights[i]


@inlined
def _signed(h):
    """Return a 32-bit hash as a signed number, as in fastText, widened to 64 bits."""
    return np.uint64(np.int64(np.int32(h)))


@inlined
def _token_hash(word):
    """Return fastText's hash of the token for a word, which is the word's 64-bit hash in 16 hex digits."""
    h = np.uint32(2166136261)
    for shift in range(60, -4, -4):
        digit = np.uint32((word >> np.uint64(shift)) & np.uint64(15))
        sign = digit + np.uint32(48) if digit < 10 else digit + np.uint32(87)  # 0-9, a-f
        h = np.uint32((h ^ sign) * np.uint32(16777619))
    return h


@kernel
def score(hashes, doc_words, keys, weights, pairs, end, out):
    """Write the score of each document: the logistic function of the mean weight of its words and pairs."""
    buckets = np.uint64(len(pairs))
    # The end of a text is the token </s>, whose hash is a constant.
    end_token = np.uint32(2166136261)
    for sign in (60, 47, 115, 62):
        end_token = np.uint32((end_token ^ np.uint32(sign)) * np.uint32(16777619))
    for d in range(len(out)):
        first, stop = doc_words[d], doc_words[d + 1]
        if stop == first:
            out[d] = 0.5
            continue
        total = np.float64(end)
        count = 1
        previous_token = np.uint64(0)
        for i in range(first, stop):
            word = hashes[i]
            slot = slot_of(keys, word)
            if keys[slot] == word:
                total += weights[slot]
                count += 1
            token = _signed(_token_hash(word))
            if i > first:
                total += pairs[(previous_token * _PAIR + token) % buckets]
                count += 1
            previous_token = token
        total += pairs[(previous_token * _PAIR + _signed(end_token)) % buckets]
        count += 1
        out[d] = 1.0 / (1.0 + np.exp(-total / count))
