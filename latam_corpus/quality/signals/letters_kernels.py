"""The compiled counts of a document's characters: letters, alphabets, signs."""

# mypy: allow-untyped-defs

from typing import Final

import numpy as np

from latam_corpus.compiled import kernel
from latam_corpus.text.characters import LETTER
from latam_corpus.text.words_kernels import decode

MOST_ALPHABETS: Final = 64
_ASCII: Final = 0x80
_NEWLINE: Final = 10
_HASH: Final = 35
_OPEN: Final = 123
_CLOSE: Final = 125


@kernel
def count_letters(words, class_of, own, allowed, entropy, foreign, braces, hashes):
    """Count the letters of each document: see `letters`."""
    data, doc_bytes = words.data, words.doc_bytes
    times = np.zeros(len(class_of), np.int32)
    met = np.empty(len(class_of), np.int32)
    for point in range(_ASCII):
        met[point] = point
    for d in range(len(doc_bytes) - 1):
        found = _ASCII
        total = 0
        i = doc_bytes[d]
        end = doc_bytes[d + 1]
        while i < end:
            total += 1
            if data[i] < _ASCII:
                times[data[i]] += 1
                i += 1
                continue
            point, width = decode(data, i)
            if times[point] == 0:
                met[found] = point
                found += 1
            times[point] += 1
            i += width
        total -= times[_NEWLINE]
        times[_NEWLINE] = 0
        braces[d] = times[_OPEN] + times[_CLOSE]
        hashes[d] = times[_HASH]
        outside = 0
        scattered = 0.0
        for k in range(found):
            point = met[k]
            count = times[point]
            if count == 0:
                continue
            times[point] = 0
            scattered += count * np.log2(count)
            if class_of[point] & LETTER and own[d] >= 0:
                outside += count * np.int64((allowed[point] >> np.uint64(own[d])) & np.uint64(1) == 0)
        if total:
            entropy[d] = max(0.0, np.log2(total) - scattered / total)
        if own[d] >= 0:
            foreign[d] = outside
