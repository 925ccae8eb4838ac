"""The compiled look-up of stop words and of spellings."""

# mypy: allow-untyped-defs

from typing import Final

import numpy as np

from latam_corpus.compiled import kernel
from latam_corpus.text.characters import APOSTROPHE, DIGIT, LETTER, UPPER
from latam_corpus.text.slots_kernels import slot_of
from latam_corpus.text.word_columns import CAPITAL, HAS_DIGIT, HAS_LETTER, MIXED
from latam_corpus.text.words_kernels import decode

_LANES: Final = 8  # bytes of a number
_MOST_IN_LANE: Final = 255


@kernel
def insert(keys, bits, hashes, bit):
    """Set a language's bit for each of its words."""
    for h in hashes:
        slot = slot_of(keys, h)
        keys[slot] = h
        bits[slot] |= bit


@kernel
def slot_of_edged(keys, bits, bare, whole, number):
    """Where a word with an apostrophe at an edge stands: with it if its language lists it so, else without it.

    Hardly a word has one; with its two look-ups in the loop of all words they would take twice as long.
    """
    slot = slot_of(keys, whole)
    if number < 0 or not (bits[slot] >> np.uint64(number)) & np.uint64(1):
        plain = slot_of(keys, bare)
        if bits[plain] != 0:
            slot = plain
    return slot


@kernel
def count_stops(words, wholes, keys, bits, own_number, background, own, distinct, other):
    """Count the stop words of each document: see `stops.StopCounts`."""
    hashes, doc_words = words.hashes, words.doc_words
    seen = np.full(len(keys), -1, np.int64)  # the last document in which a slot counted as distinct
    tally = np.zeros(len(background), np.int64)
    lanes = _in_lanes(bits, background)
    packed = np.zeros(len(lanes), np.uint64)
    for d in range(len(doc_words) - 1):
        number = own_number[d]
        if number < 0 and len(background) == 0:
            own[d] = distinct[d] = -1
            other[d] = 0
            continue
        tally[:] = 0
        mine = different = np.int64(0)
        bit = np.uint64(1) << np.uint64(number) if number >= 0 else np.uint64(0)
        for start in range(doc_words[d], doc_words[d + 1], _MOST_IN_LANE):
            packed[:] = 0
            # One word in two is some language's: counted without asking, which no processor could foresee.
            for w in range(start, min(start + _MOST_IN_LANE, doc_words[d + 1])):
                h = hashes[w]
                slot = slot_of(keys, h) if h == wholes[w] else slot_of_edged(keys, bits, h, wholes[w], number)
                listed = bits[slot] & bit != 0
                mine += listed
                if listed & (seen[slot] != d):
                    seen[slot] = d
                    different += 1
                for group in range(len(lanes)):
                    packed[group] += lanes[group, slot]
            for place in range(len(background)):
                tally[place] += np.int64(packed[place // _LANES] >> np.uint64(8 * (place % _LANES))) & _MOST_IN_LANE
        own[d] = mine if number >= 0 else -1
        distinct[d] = different if number >= 0 else -1
        best = 0
        for place in range(len(background)):
            if background[place] != number:
                best = max(best, tally[place])
        other[d] = best


@kernel
def _in_lanes(bits, background):
    """Whether each of some languages has the word of a slot: a byte each, eight to a number, which can be added up."""
    lanes = np.zeros((-(-len(background) // _LANES), len(bits)), np.uint64)
    for slot in range(len(bits)):
        if bits[slot] != 0:
            for place in range(len(background)):
                has = (bits[slot] >> np.uint64(background[place])) & np.uint64(1)
                lanes[place // _LANES, slot] |= has << np.uint64(8 * (place % _LANES))
    return lanes


_BOTH: Final = HAS_LETTER | HAS_DIGIT
# Signs that stand between two letters without a space in damaged text, and hardly in sound text or in addresses.
DAMAGE: Final = '^|~*\\<>{}[]$!;"'
_FIRST_SMALL: Final = 97
_LAST_SMALL: Final = 122
ASCII: Final = 0x80


@kernel
def fill(keys, hashes):
    """Enter hashes into a table."""
    for h in hashes:
        keys[slot_of(keys, h)] = h


@kernel
def count_spellings(hashes, doc_words, keys, out):
    """Count the words of each document that a table has."""
    for d in range(len(out)):
        for i in range(doc_words[d], doc_words[d + 1]):
            out[d] += keys[slot_of(keys, hashes[i])] != 0


@kernel
def _digit_between_letters(data, start, end, class_of):
    """Whether a digit has a small letter somewhere before it and one right after it, up to the word's end."""
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
    """Whether a letter, and no space, stands before the sign before the word at byte `start`."""
    if start - 2 < first:
        return False
    before = data[start - 2]
    return before >= ASCII or 97 <= (before | 32) <= 122


@kernel
def spell(words, class_of, signs, capitals, damaged, mixed, longest):
    """Count words in capitals, damaged and mixed ones, and the longest one of each document: see `spelling`."""
    data, doc_bytes, doc_words = words.data, words.doc_bytes, words.doc_words
    starts, lengths, kinds = words.starts, words.lengths, words.kinds
    for d in range(len(doc_words) - 1):
        first, end = doc_bytes[d], doc_bytes[d + 1]
        shouted = broken = inner = 0
        longer = np.int64(0)
        for i in range(doc_words[d], doc_words[d + 1]):
            start = starts[i]
            kind = kinds[i]
            longer = max(longer, np.int64(lengths[i]))
            # Of nearly all words these are no questions: they are of small letters, but for the first.
            second = data[min(start + 1, end - 1)]
            shouts = (kind & CAPITAL != 0) & (lengths[i] > 1) & ((second < _FIRST_SMALL) | (second > _LAST_SMALL))
            joined = signs[data[max(start - 1, first)]]
            if not (shouts | joined | (kind & MIXED != 0) | (kind & _BOTH == _BOTH)):
                continue
            if kind & MIXED:
                inner += 1
                continue
            shouted += shouts and _all_capitals(data, start, end, class_of)
            broken += (kind & _BOTH == _BOTH and _digit_between_letters(data, start, end, class_of)) or (
                joined and kind & HAS_LETTER and _is_joined(data, first, start)
            )
        capitals[d] = shouted
        damaged[d] = broken + inner
        mixed[d] = inner
        longest[d] = longer
