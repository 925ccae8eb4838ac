"""The compiled look-up of stop words and word lists, and counts of unusual spellings."""

# mypy: allow-untyped-defs

from typing import Final

import numpy as np

from latam_corpus.compiled import kernel
from latam_corpus.text.characters import APOSTROPHE, DIGIT, LETTER, UPPER
from latam_corpus.text.slots_kernels import slot_of
from latam_corpus.text.word_columns import CAPITAL, HAS_DIGIT, HAS_LETTER, MIXED
from latam_corpus.text.words_kernels import decode

_LANES: Final = 8  # bytes in a uint64
_MAX_IN_LANE: Final = 255


@kernel(work="hashes")
def insert(keys, bits, hashes, bit):
    """Set a language's bit for each of its words."""
    for h in hashes:
        slot = slot_of(keys, h)
        keys[slot] = h
        bits[slot] |= bit


@kernel
def slot_of_edged(keys, bits, bare_hash, whole_hash, number):
    """Return the slot of a word with an edge apostrophe: of this form if its language lists it, else of the bare form.

    This is a separate function because such words are rare: with both look-ups inline, the loop over all words would
    take twice as long.
    """
    slot = slot_of(keys, whole_hash)
    if number < 0 or not (bits[slot] >> np.uint64(number)) & np.uint64(1):
        bare_slot = slot_of(keys, bare_hash)
        if bits[bare_slot] != 0:
            slot = bare_slot
    return slot


@kernel(work="words")
def count_stops(words, wholes, keys, bits, own_number, background):
    """Return the arrays of `stops.StopCounts`: own, distinct, and the best other language's, int64[n] each."""
    hashes, doc_words = words.hashes, words.doc_words
    n = len(doc_words) - 1
    own, distinct, best_other = np.zeros(n, np.int64), np.zeros(n, np.int64), np.zeros(n, np.int64)
    last_document = np.full(len(keys), -1, np.int64)  # the document in which each slot was last counted as distinct
    tally = np.zeros(len(background), np.int64)
    lanes = _packed_languages(bits, background)
    packed = np.zeros(len(lanes), np.uint64)
    for d in range(n):
        number = own_number[d]
        if number < 0 and len(background) == 0:
            own[d] = distinct[d] = -1
            continue
        tally[:] = 0
        own_count = distinct_count = np.int64(0)
        bit = np.uint64(1) << np.uint64(number) if number >= 0 else np.uint64(0)
        for start in range(doc_words[d], doc_words[d + 1], _MAX_IN_LANE):
            packed[:] = 0
            # Counted without a branch: every second word is on some list, so the processor would mispredict it.
            for w in range(start, min(start + _MAX_IN_LANE, doc_words[d + 1])):
                h = hashes[w]
                slot = slot_of(keys, h) if h == wholes[w] else slot_of_edged(keys, bits, h, wholes[w], number)
                is_listed = bits[slot] & bit != 0
                own_count += is_listed
                if is_listed & (last_document[slot] != d):
                    last_document[slot] = d
                    distinct_count += 1
                for group in range(len(lanes)):
                    packed[group] += lanes[group, slot]
            for place in range(len(background)):
                tally[place] += np.int64(packed[place // _LANES] >> np.uint64(8 * (place % _LANES))) & _MAX_IN_LANE
        own[d] = own_count if number >= 0 else -1
        distinct[d] = distinct_count if number >= 0 else -1
        best = 0
        for place in range(len(background)):
            if background[place] != number:
                best = max(best, tally[place])
        best_other[d] = best
    return own, distinct, best_other


@kernel
def _packed_languages(bits, background):
    """Return the background languages that list each slot's word, uint64[lanes, capacity].

    Each language has one byte of a lane, so that one addition counts eight languages.
    """
    lanes = np.zeros((-(-len(background) // _LANES), len(bits)), np.uint64)
    for slot in range(len(bits)):
        if bits[slot] != 0:
            for place in range(len(background)):
                is_listed = (bits[slot] >> np.uint64(background[place])) & np.uint64(1)
                lanes[place // _LANES, slot] |= is_listed << np.uint64(8 * (place % _LANES))
    return lanes


_BOTH: Final = HAS_LETTER | HAS_DIGIT
# Signs that occur between two letters in damaged text, but rarely in undamaged text or addresses.
DAMAGE: Final = '^|~*\\<>{}[]$!;"'
_FIRST_SMALL: Final = 97
_LAST_SMALL: Final = 122
ASCII: Final = 0x80


@kernel(work="hashes")
def fill(keys, hashes):
    """Insert hashes into a table."""
    for h in hashes:
        keys[slot_of(keys, h)] = h


@kernel(work="hashes")
def count_spellings(hashes, doc_words, keys, out):
    """Count the words of each document that are in a table."""
    for d in range(len(out)):
        for i in range(doc_words[d], doc_words[d + 1]):
            out[d] += keys[slot_of(keys, hashes[i])] != 0


@kernel
def _digit_between_letters(data, start, end, class_of):
    """Return whether a word has a digit with a small letter anywhere before it and a letter right after it."""
    small = digit = False
    i = start
    while i < end:
        point, width = decode(data, i)
        kind = class_of[point]
        i += width
        if kind & DIGIT:
            digit = small
        elif kind & LETTER:
            if digit:
                return True
            small = small or (kind & UPPER) == 0
        elif not kind & APOSTROPHE:
            break
    return False


@kernel
def _all_capitals(data, start, end, class_of):
    i = start
    while i < end:
        point, width = decode(data, i)
        kind = class_of[point]
        i += width
        if kind & LETTER:
            if (kind & UPPER) == 0:
                return False
        elif not kind & (DIGIT | APOSTROPHE):
            break
    return True


@kernel
def _is_joined(data, first, start):
    """Return whether a letter directly precedes the sign before the word at byte `start`."""
    if start - 2 < first:
        return False
    byte = data[start - 2]
    return byte >= ASCII or 97 <= (byte | 32) <= 122


@kernel(work="words")
def spell(words, class_of, signs, is_code):
    """Return the arrays of `spelling.Spelling`: words in capitals, damaged, mixed, and the longest, int64[n] each."""
    data, doc_bytes, doc_words = words.data, words.doc_bytes, words.doc_words
    doc_lines, line_words = words.doc_lines, words.line_words
    starts, lengths, kinds = words.starts, words.lengths, words.kinds
    n = len(doc_words) - 1
    capitals, damaged = np.zeros(n, np.int64), np.zeros(n, np.int64)
    mixed, longest = np.zeros(n, np.int64), np.zeros(n, np.int64)
    for d in range(n):
        first, end = doc_bytes[d], doc_bytes[d + 1]
        capital_count = damaged_count = mixed_count = 0
        max_length = np.int64(0)
        next_line, last_line = doc_lines[d], doc_lines[d + 1]
        in_code = False
        for i in range(doc_words[d], doc_words[d + 1]):
            while next_line < last_line and line_words[next_line] <= i:
                in_code = is_code[next_line]
                next_line += 1
            start = starts[i]
            kind = kinds[i]
            max_length = max(max_length, np.int64(lengths[i]))
            # Nearly all words have only small letters after the first letter, and need no further checks.
            second = data[min(start + 1, end - 1)]
            may_be_capitals = (
                (kind & CAPITAL != 0) & (lengths[i] > 1) & ((second < _FIRST_SMALL) | (second > _LAST_SMALL))
            )
            follows_sign = signs[data[max(start - 1, first)]]
            if not (may_be_capitals | follows_sign | (kind & MIXED != 0) | (kind & _BOTH == _BOTH)):
                continue
            if kind & MIXED:
                mixed_count += 1
                damaged_count += not in_code
                continue
            capital_count += may_be_capitals and _all_capitals(data, start, end, class_of)
            damaged_count += not in_code and (
                (kind & _BOTH == _BOTH and _digit_between_letters(data, start, end, class_of))
                or (follows_sign and kind & HAS_LETTER and _is_joined(data, first, start))
            )
        capitals[d] = capital_count
        damaged[d] = damaged_count
        mixed[d] = mixed_count
        longest[d] = max_length
    return capitals, damaged, mixed, longest
