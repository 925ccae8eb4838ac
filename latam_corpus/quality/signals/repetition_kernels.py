"""The compiled passes of `repetition`."""

# mypy: allow-untyped-defs

from typing import Final

import numpy as np

from latam_corpus.compiled import kernel
from latam_corpus.text.words_kernels import LINE_BLANK

LONGEST_GRAM: Final = 10
_ODD: Final = np.uint64(0x9E3779B97F4A7C15)


@kernel
def paragraphs(line_hashes, line_chars, line_kinds, doc_lines, hashes, chars, bounds):
    """Write hashes and characters of paragraphs, and where those of each document start."""
    made = 0
    for d in range(len(doc_lines) - 1):
        inside = False
        for line in range(doc_lines[d], doc_lines[d + 1]):
            if line_kinds[line] == LINE_BLANK:
                inside = False
                continue
            if inside:
                hashes[made - 1] = hashes[made - 1] * _ODD + line_hashes[line]
                chars[made - 1] += line_chars[line]
            else:
                hashes[made] = line_hashes[line]
                chars[made] = line_chars[line]
                made += 1
                inside = True
        bounds[d + 1] = made
    return made


@kernel
def repeats(hashes, chars, bounds, units, repeated, repeated_chars):
    """Count the units of each document that stood there before, and their characters."""
    longest = 1
    for d in range(len(bounds) - 1):
        longest = max(longest, bounds[d + 1] - bounds[d])
    capacity = 16
    while capacity < 2 * longest:
        capacity *= 2
    keys = np.empty(capacity, np.uint64)
    stamps = np.full(capacity, -1, np.int64)
    for d in range(len(bounds) - 1):
        room = 16
        while room < 2 * (bounds[d + 1] - bounds[d]):
            room *= 2
        mask = np.uint64(room - 1)
        for i in range(bounds[d], bounds[d + 1]):
            if chars[i] == 0:
                continue
            units[d] += 1
            slot = hashes[i] & mask
            while stamps[slot] == d and keys[slot] != hashes[i]:
                slot = (slot + np.uint64(1)) & mask
            if stamps[slot] == d:
                repeated[d] += 1
                repeated_chars[d] += chars[i]
            else:
                stamps[slot] = d
                keys[slot] = hashes[i]


@kernel
def grams(hashes, lengths, doc_words, duplicate, top, distinct, entropy):
    """Fill the arrays of `Grams`."""
    longest = 1
    for d in range(len(doc_words) - 1):
        longest = max(longest, doc_words[d + 1] - doc_words[d])
    capacity = 16
    while capacity < 2 * longest:
        capacity *= 2
    keys = np.empty(capacity, np.uint64)
    counts = np.empty(capacity, np.int64)
    stamps = np.zeros(capacity, np.int64)  # the look-up round in which a slot was taken
    seen = np.zeros(capacity, np.int64)  # the round in which its n-gram was met by the reading from left to right
    before = np.zeros(longest + 1, np.int64)  # characters before the i-th word
    at = np.empty(longest, np.int64)  # where the n-grams that may be repeated start
    gram = np.empty(longest, np.uint64)
    place = np.empty(longest, np.int64)
    stamp = 0
    for d in range(len(doc_words) - 1):
        first = doc_words[d]
        size = doc_words[d + 1] - first
        if size == 0:
            continue
        room = 16
        while room < 2 * size:
            room *= 2
        mask = np.uint64(room - 1)
        for i in range(size):
            before[i + 1] = before[i] + lengths[first + i]
            at[i] = i
            gram[i] = hashes[first + i]
        count = size
        for n in range(1, min(size, LONGEST_GRAM) + 1):
            stamp += 1
            tried = 0
            for k in range(count):
                i = at[k]
                if n > 1:
                    if k + 1 == count or at[k + 1] != i + 1:
                        continue
                    h = gram[k] * _ODD + hashes[first + i + n - 1]
                else:
                    h = gram[k]
                slot = h & mask
                while stamps[slot] == stamp and keys[slot] != h:
                    slot = (slot + np.uint64(1)) & mask
                if stamps[slot] == stamp:
                    counts[slot] += 1
                else:
                    stamps[slot] = stamp
                    keys[slot] = h
                    counts[slot] = 1
                    if n == 1:
                        distinct[d] += 1
                at[tried] = i
                gram[tried] = h
                place[tried] = np.int64(slot)
                tried += 1
            most = 1
            top_chars = before[n]
            repeated = 0
            free = 0  # the first word after the last repeated n-gram
            kept = 0
            scattered = 0.0
            for k in range(tried):
                slot_here = place[k]
                times = counts[slot_here]
                if times < 2:
                    continue
                i = at[k]
                chars = before[i + n] - before[i]
                if times > most:
                    most = times
                    top_chars = chars
                if i >= free:
                    if seen[slot_here] == stamp:
                        repeated += chars
                        free = i + n
                    else:
                        seen[slot_here] = stamp
                        scattered += times * np.log2(times)
                at[kept] = i
                gram[kept] = gram[k]
                kept += 1
            duplicate[d, n] = repeated
            top[d, n] = most * (top_chars + n - 1)
            if n == 1:
                entropy[d] = max(0.0, np.log2(size) - scattered / size)
            count = kept
