"""The compiled passes that compute and pack word streams, sample runs of words, and count stop words."""

# mypy: allow-untyped-defs

from typing import Final

import numpy as np

from latam_corpus.compiled import inlined, kernel
from latam_corpus.text.slots_kernels import slot_of
from latam_corpus.text.word_columns import CAPITAL, HAS_DIGIT
from latam_corpus.text.words_kernels import decode, finish

# A word of the stream, from the low end: 18 bits of identity, 12 bits of look, two flags. With 18 bits one word in
# 260,000 is mistaken for another, but words are compared in runs of three, 54 bits.
WORD_BITS: Final = 18
LOOK_BITS: Final = 12
NUMBER_FLAG: Final = 1 << 30

_CAPITAL_BIT: Final = 31
_CAPITAL: Final = np.uint32(1 << _CAPITAL_BIT)

# The blocks with accented Latin letters: Latin-1 to Latin Extended-B, Latin Extended Additional (ẽ, ỹ).
ACCENTED: Final = (range(0xC0, 0x250), range(0x1E00, 0x1F00))
MARKS_FIRST: Final = 0x300
MARKS_END: Final = 0x370
# Kinds of code points: a vowel without accent, and an accented vowel or a combining mark, which accents the vowel
# before it.
VOWEL: Final = 1
ACCENT: Final = 2
_WORD_MASK: Final = np.uint32((1 << WORD_BITS) - 1)

_CACHED: Final = 1 << 14  # words cached during a batch: 192 kB

_MULTIPLIER: Final = np.uint64(0x9E3779B97F4A7C15)
_SHORT_SALT: Final = np.uint64(0x5851F42D4C957F2D)
_PRIME: Final = np.uint64(0x100000001B3)  # FNV-1a, 64 bits, as in the word table
_BASIS: Final = np.uint64(0xCBF29CE484222325)
_ASCII: Final = 0x80
_APOSTROPHE: Final = ord("'")  # all apostrophes are folded to this one; at a word's edge only some of them are letters


@kernel(work="stream")
def write_anchors(stream, doc_words, sampling, sizes, salt, values, offsets):
    """Write the anchors of each document, and where they start."""
    shingle, short_shingle, exact_words, short_reach = sizes
    at = 0
    for d in range(len(doc_words) - 1):
        start, end = doc_words[d], doc_words[d + 1]
        first = at
        n = end - start
        if n >= exact_words:
            at = _runs(stream, start, end, shingle, sampling[d] - np.uint64(1), salt, values, at)
            if n < short_reach:
                at = _runs(stream, start, end, short_shingle, np.uint64(0), salt ^ _SHORT_SALT, values, at)
        at = _distinct(values, first, at)
        offsets[d + 1] = at


@kernel
def _runs(stream, start, end, size, mask, salt, values, at):
    """Write the hashes of the runs of `size` words if they have no bit of `mask`; return where they end."""
    # The hash is a polynomial in the word hashes, so that the next run costs two multiplications for any size.
    power = np.uint64(1)
    for _ in range(size):
        power *= _MULTIPLIER
    rolling = np.uint64(0)
    for i in range(start, min(start + size - 1, end)):
        rolling = rolling * _MULTIPLIER + np.uint64(stream[i] & _WORD_MASK)
    last = np.uint64(0)
    leaving = np.uint64(0)
    for i in range(start + size - 1, end):
        rolling = rolling * _MULTIPLIER + (np.uint64(stream[i] & _WORD_MASK) - power * leaving)
        leaving = np.uint64(stream[i - size + 1] & _WORD_MASK)
        value = finish(rolling ^ salt)
        # Each hash is written, and overwritten if it isn't kept, which avoids a branch.
        values[at] = value
        is_kept = (value & mask == 0) & (value != last)
        at += is_kept
        last = value if is_kept else last
    return at


@kernel
def _distinct(values, first, end):
    """Sort values[first:end] and drop repeated ones; return where they end."""
    if end - first < 2:
        return end
    if end - first <= 96:  # beyond this size, insertion isn't faster
        for i in range(first + 1, end):
            value = values[i]
            j = i - 1
            while j >= first and values[j] > value:
                values[j + 1] = values[j]
                j -= 1
            values[j + 1] = value
    else:
        values[first:end] = np.sort(values[first:end])
    at = first + 1
    for i in range(first + 1, end):
        if values[i] != values[at - 1]:
            values[at] = values[i]
            at += 1
    return at


@kernel(work="words")
def write_stream(words, bare, looks, accents, values, accented):
    """Write each word as 32 bits (its identity, look and flags), and count accented words.

    Args:
        words: the arrays of a word table.
        bare: uint32, by code point: the lower-case letter without accent, 0 for ignored ones.
        looks: uint16, by code point: the bit shared by letters that look alike.
        accents: uint8, by code point: VOWEL, ACCENT or 0.
        values: uint32 per word; written.
        accented: uint32[2, n]; written: each document's words with an accented vowel, in total and in its middle half.
    """
    data, hashes, starts, lengths, kinds = words.data, words.hashes, words.starts, words.lengths, words.kinds
    # Nine words in ten are in the cache, so their letters aren't read again.
    seen, cached = np.zeros(_CACHED, np.uint64), np.zeros(_CACHED, np.uint32)
    seen[0] = 1  # so that no word matches the empty slot
    for d in range(len(words.doc_words) - 1):
        first, end = words.doc_words[d], words.doc_words[d + 1]
        edge = (end - first) // 4
        accented_count = np.int64(0)
        # Three loops, one per part of the document, so that no word needs a test of its part.
        for start, stop in ((first, first + edge), (first + edge, end - edge), (end - edge, end)):
            count_before = accented_count
            for w in range(start, stop):
                h = hashes[w]
                slot = h & np.uint64(_CACHED - 1)
                if seen[slot] == h:
                    value = cached[slot]
                else:
                    digit = (kinds[w] & HAS_DIGIT) != 0
                    value = _word(data, starts[w], np.int64(lengths[w]), digit, bare, looks, accents)
                    seen[slot], cached[slot] = h, value
                # In the cache, the capital's bit states whether the word has an accent.
                accented_count += np.int64(value >> np.uint32(_CAPITAL_BIT))
                capital = (kinds[w] & (CAPITAL | HAS_DIGIT)) == CAPITAL
                values[w] = (value & ~_CAPITAL) | (np.uint32(capital) << np.uint32(_CAPITAL_BIT))
            if start == first + edge:
                accented[1, d] = accented_count - count_before
        accented[0, d] = accented_count


@kernel
def _word(data, i, letters_left, digit, bare, looks, accents):
    """Return the identity and look of the word at byte i, with a flag for an accented vowel in the capital's place."""
    h = _BASIS
    look = np.uint32(0)
    has_apostrophe = False  # an apostrophe, which counts only between two letters
    accent = False
    previous = np.uint32(0)
    while letters_left > 0:
        point, width = decode(data, i)
        i += width
        letter = bare[point]
        if letter <= _APOSTROPHE:  # all digits and letters have higher codes
            if letter == _APOSTROPHE:
                letters_left -= 1
                has_apostrophe = h != _BASIS
            else:
                # A word's length includes combining marks but not soft hyphens and the like.
                mark = MARKS_FIRST <= point < MARKS_END
                letters_left -= mark
                accent |= mark and accents[previous] == VOWEL
            continue
        letters_left -= 1
        if point >= _ASCII:
            accent |= accents[point] == ACCENT
        previous = np.uint32(point)
        if has_apostrophe:
            h = (h ^ np.uint64(_APOSTROPHE)) * _PRIME
            look |= np.uint32(looks[_APOSTROPHE])
            has_apostrophe = False
        h = (h ^ np.uint64(letter)) * _PRIME
        look |= np.uint32(looks[letter])
    h = finish(h)
    value = np.uint32(h) & _WORD_MASK
    if digit:
        look = np.uint32(h >> np.uint64(WORD_BITS)) & np.uint32((1 << LOOK_BITS) - 1)
        value |= np.uint32(NUMBER_FLAG)
    return value | (look << np.uint32(WORD_BITS)) | (np.uint32(accent) << np.uint32(_CAPITAL_BIT))


@kernel(work="values")
def pack(values, offsets, lexicon, data, ends):
    """Write numbers as indices in the lexicon, seven bits per byte, and where each document ends."""
    capacity = 4
    while capacity < 2 * len(lexicon):
        capacity *= 2
    keys, places = np.zeros(capacity, np.uint64), np.empty(capacity, np.uint32)
    for index in range(len(lexicon)):
        slot = slot_of(keys, _key(lexicon[index]))
        keys[slot], places[slot] = _key(lexicon[index]), index
    at = 0
    for d in range(len(offsets) - 1):
        for i in range(offsets[d], offsets[d + 1]):
            index = places[slot_of(keys, _key(values[i]))]
            while index >= 0x80:
                data[at] = 0x80 | (index & 0x7F)
                index >>= 7
                at += 1
            data[at] = index
            at += 1
        ends[d + 1] = at


@inlined
def _key(value):
    """Return the word spread over 64 bits; odd factors are lossless, and no word results in 0."""
    spread = (np.uint64(value) + np.uint64(1)) * np.uint64(0x9E3779B97F4A7C15)
    return spread ^ (spread >> np.uint64(32))


@kernel(work="data")
def unpack(data, offsets, places, lexicon, values, ends):
    """Read the output of `pack` for the documents at some indices; return whether all of it could be read."""
    at = 0
    for n in range(len(places)):
        index = shift = np.int64(0)
        for i in range(offsets[places[n]], offsets[places[n] + 1]):
            byte = np.int64(data[i])
            index |= (byte & 0x7F) << shift
            shift += 7
            if byte < 0x80:
                if index >= len(lexicon):
                    return False
                values[at] = lexicon[index]
                at += 1
                index = shift = np.int64(0)
            elif shift > 28:
                return False
        if shift:
            return False
        ends[n + 1] = at
    return True


@kernel(work="hashes")
def count_stops(hashes, doc_words, keys, bits, numbers, is_selected, counts):
    """Count the stop words of some languages (by their numbers in the table) in each selected document."""
    for d in range(len(counts)):
        for w in range(doc_words[d], doc_words[d + 1] if is_selected[d] else doc_words[d]):
            languages = bits[slot_of(keys, hashes[w])]
            if languages:
                for column in range(len(numbers)):
                    counts[d, column] += np.int64((languages >> np.uint64(numbers[column])) & np.uint64(1))
