"""The compiled pass that fills a word table: see `words.WordTable`, whose arrays it fills."""

# mypy: allow-untyped-defs

from typing import Final, NamedTuple

import numpy as np
from numpy.typing import NDArray

from latam_corpus.compiled import inlined, kernel
from latam_corpus.text.characters import (
    APOSTROPHE,
    CLOSING,
    CODE,
    COMMON,
    DIGIT,
    IGNORED,
    LETTER,
    LOWER,
    QUOTE,
    REPAIR,
    SPACE,
    SPOKEN,
    SUSPECT,
    UPPER,
)
from latam_corpus.text.word_columns import (
    CAPITAL,
    CHARS,
    CODES,
    DIGITS,
    EDGED,
    HAS_DIGIT,
    HAS_LETTER,
    LETTERS,
    LINE_BLANK,
    LINE_CLOSED,
    LINE_OPEN,
    MIXED,
    MOJIBAKES,
    REPAIRS,
    SPACES,
    UPPERS,
)


class Words(NamedTuple):
    """The arrays of `words.WordTable`, by the same names, as kernels take them."""

    data: NDArray[np.uint8]
    doc_bytes: NDArray[np.int64]
    doc_words: NDArray[np.int64]
    doc_lines: NDArray[np.int64]
    hashes: NDArray[np.uint64]
    starts: NDArray[np.int64]
    lengths: NDArray[np.uint16]
    kinds: NDArray[np.uint8]
    line_hashes: NDArray[np.uint64]
    line_ends: NDArray[np.int64]
    line_words: NDArray[np.int64]
    line_chars: NDArray[np.int32]
    line_kinds: NDArray[np.uint8]
    line_repairs: NDArray[np.bool_]
    counts: NDArray[np.int64]


_PRIME: Final = np.uint64(0x100000001B3)  # FNV-1a, 64 bits
_BASIS: Final = np.uint64(0xCBF29CE484222325)
_MIX: Final = np.uint64(0x9E3779B97F4A7C15)
_FIRST_PLAIN: Final = 97  # a to z: letters, small, and of no other class
_LAST_PLAIN: Final = 122
_BLANK: Final = 32
_AMPERSAND: Final = 38
NEWLINE: Final = 10


@inlined
def decode(data, i):
    """Return the code point at byte i and its length; the bytes are known to be valid UTF-8."""
    first = np.uint32(data[i])
    if first < 0x80:
        return first, 1
    if first < 0xE0:
        return ((first & np.uint32(0x1F)) << np.uint32(6)) | (np.uint32(data[i + 1]) & np.uint32(0x3F)), 2
    if first < 0xF0:
        return (
            ((first & np.uint32(0x0F)) << np.uint32(12))
            | ((np.uint32(data[i + 1]) & np.uint32(0x3F)) << np.uint32(6))
            | (np.uint32(data[i + 2]) & np.uint32(0x3F))
        ), 3
    return (
        ((first & np.uint32(0x07)) << np.uint32(18))
        | ((np.uint32(data[i + 1]) & np.uint32(0x3F)) << np.uint32(12))
        | ((np.uint32(data[i + 2]) & np.uint32(0x3F)) << np.uint32(6))
        | (np.uint32(data[i + 3]) & np.uint32(0x3F))
    ), 4


@inlined
def finish(h):
    """Return the hash with its bits mixed (the finaliser of MurmurHash3), so that every bit may serve as a key."""
    h ^= h >> np.uint64(33)
    h *= np.uint64(0xFF51AFD7ED558CCD)
    h ^= h >> np.uint64(33)
    h *= np.uint64(0xC4CEB9FE1A85EC53)
    return h ^ (h >> np.uint64(33))


@inlined
def _enter(of_words, w, word_hash, start, chars, kind, edged):
    """Enter a word that has ended; returns how many there are."""
    hashes, starts, lengths, kinds = of_words
    hashes[w] = finish(word_hash)
    starts[w] = start
    lengths[w] = min(chars, 65535)
    kinds[w] = kind | EDGED if edged and kind & HAS_LETTER else kind
    return w + 1


@kernel
def scan(words, class_of, lower_of):
    """Fill the table's arrays; returns how many words and lines there are.

    One loop and not several functions: at 100 MB/s a call a character is the difference.
    """
    data, offsets, doc_words, doc_lines = words.data, words.doc_bytes, words.doc_words, words.doc_lines
    of_words = words.hashes, words.starts, words.lengths, words.kinds
    line_hashes, line_ends, line_words = words.line_hashes, words.line_ends, words.line_words
    line_chars, line_kinds, line_repairs = words.line_chars, words.line_kinds, words.line_repairs
    counts = words.counts
    class_of_blank = class_of[_BLANK]
    w = 0
    lines = 0
    for d in range(len(offsets) - 1):
        i = offsets[d]
        end = offsets[d + 1]
        chars = letters = uppers = digits = spaces = codes = mojibakes = repairs = 0
        in_word = False
        edged = False
        word_hash = _BASIS
        word_start = i
        word_chars = 0
        kind = 0
        small_before = False
        line_hash = _BASIS
        line_count = 0
        line_words[lines] = w
        closing = False
        before = np.uint32(0)
        class_before = np.uint16(0)
        after_ligature = False
        while i < end:
            if _FIRST_PLAIN <= data[i] <= _LAST_PLAIN:
                # Three signs in four are these letters, which differ in nothing but the hashes.
                if not in_word:
                    in_word = True
                    word_hash = _BASIS
                    word_start = i
                    word_chars = 0
                    kind = 0
                    edged = (class_before & np.uint16(APOSTROPHE)) != 0
                first_plain = i
                while i < end and _FIRST_PLAIN <= data[i] <= _LAST_PLAIN:
                    word_hash = (word_hash ^ np.uint64(data[i])) * _PRIME
                    line_hash = (line_hash ^ np.uint64(data[i])) * _PRIME
                    i += 1
                chars += i - first_plain
                letters += i - first_plain
                word_chars += i - first_plain
                line_count += i - first_plain
                kind |= HAS_LETTER
                small_before = True
                closing = False
                after_ligature = False
                before = np.uint32(data[i - 1])
                class_before = class_of[before]
                continue
            if data[i] == _BLANK and before < 0x80 and not after_ligature:
                # Nor has the blank between two words more to it, but after a sign that repair may have to mend.
                if in_word:
                    w = _enter(of_words, w, word_hash, word_start, word_chars, kind, edged)
                    in_word = False
                chars += 1
                spaces += 1
                before = np.uint32(_BLANK)
                class_before = class_of_blank
                i += 1
                continue
            point, width = decode(data, i)
            cls = class_of[point]
            chars += 1
            joined = False
            if cls & np.uint16(LETTER | DIGIT):
                if not in_word:
                    in_word = True
                    word_hash = _BASIS
                    word_start = i
                    word_chars = 0
                    kind = CAPITAL if cls & np.uint16(UPPER) else 0
                    small_before = False
                    edged = (class_before & np.uint16(APOSTROPHE)) != 0
                joined = True
                if cls & np.uint16(LETTER):
                    letters += 1
                    kind |= HAS_LETTER
                    if cls & np.uint16(UPPER):
                        uppers += 1
                        if small_before:
                            kind |= MIXED
                    else:
                        small_before = True
                else:
                    digits += 1
                    kind |= HAS_DIGIT
            elif in_word:
                if cls & np.uint16(IGNORED):
                    joined = False
                elif cls & np.uint16(APOSTROPHE) and class_before & np.uint16(LETTER):
                    j = i + width
                    following = np.uint16(IGNORED)
                    while following & np.uint16(IGNORED) and j < end:
                        after, wide = decode(data, j)
                        following = class_of[after]
                        j += wide
                    joined = (following & np.uint16(LETTER)) != 0
                if not joined and not cls & np.uint16(IGNORED):
                    edged = edged or (cls & np.uint16(APOSTROPHE)) != 0
                    w = _enter(of_words, w, word_hash, word_start, word_chars, kind, edged)
                    in_word = False
            if joined:
                word_hash = (word_hash ^ np.uint64(lower_of[point])) * _PRIME
                word_chars += 1

            # What repair may have to mend: see extract/repair.py, whose test holds the two together.
            if cls & np.uint16(REPAIR) or (
                point == _AMPERSAND and i + 1 < end and (data[i + 1] == 35 or class_of[data[i + 1]] & np.uint16(LETTER))
            ):
                repairs += 1
                line_repairs[lines] = True
            if after_ligature and (point >= 0x80 or not cls & np.uint16(LETTER)):
                repairs += 1
                line_repairs[lines] = True
            after_ligature = point == 0x152 or point == 0x153
            if point == 32 and (before == 0xC2 or before == 0xC3):
                repairs += 1
                line_repairs[lines] = True
            if point >= 0x80:
                if before >= 0x80 and not (
                    class_before & np.uint16(COMMON)
                    or (cls & np.uint16(COMMON) and not class_before & np.uint16(UPPER))
                    or (cls & np.uint16(LOWER) and class_before & np.uint16(LOWER))
                    or (cls & np.uint16(SPOKEN) and class_before & np.uint16(SPOKEN))
                ):
                    repairs += 1
                    line_repairs[lines] = True
                if (
                    point == 0xFFFD
                    or 0x80 <= point < 0xA0
                    or ((before == 0xC2 or before == 0xC3) and cls & np.uint16(SUSPECT))
                    or (before == 0xE2 and (point == 0x20AC or point == 0x80))
                ):
                    mojibakes += 1

            if point == NEWLINE:
                spaces += 1
                line_hashes[lines] = finish(line_hash) if line_count else np.uint64(0)
                line_ends[lines] = i
                line_chars[lines] = line_count
                line_kinds[lines] = LINE_BLANK if line_count == 0 else (LINE_CLOSED if closing else LINE_OPEN)
                lines += 1
                line_words[lines] = w
                line_hash = _BASIS
                line_count = 0
                closing = False
            elif cls & np.uint16(SPACE):
                spaces += 1
            else:
                line_hash = (line_hash ^ np.uint64(point)) * _PRIME
                line_count += 1
                if cls & np.uint16(CODE):
                    codes += 1
                if not cls & np.uint16(QUOTE):
                    closing = (cls & np.uint16(CLOSING)) != 0
            before = point
            if not cls & np.uint16(IGNORED):
                class_before = cls
            i += width
        if in_word:
            w = _enter(of_words, w, word_hash, word_start, word_chars, kind, edged)
        if end > offsets[d] and data[end - 1] != NEWLINE:
            line_hashes[lines] = finish(line_hash) if line_count else np.uint64(0)
            line_ends[lines] = end
            line_chars[lines] = line_count
            line_kinds[lines] = LINE_BLANK if line_count == 0 else (LINE_CLOSED if closing else LINE_OPEN)
            lines += 1
        counts[d, CHARS] = chars
        counts[d, LETTERS] = letters
        counts[d, UPPERS] = uppers
        counts[d, DIGITS] = digits
        counts[d, SPACES] = spaces
        counts[d, CODES] = codes
        counts[d, MOJIBAKES] = mojibakes
        counts[d, REPAIRS] = repairs
        doc_words[d + 1] = w
        doc_lines[d + 1] = lines
    return w, lines


@kernel
def with_edges(words, class_of, lower_of, out):
    """Hash the words that have an apostrophe at an edge anew, with it."""
    data, doc_bytes, doc_words = words.data, words.doc_bytes, words.doc_words
    starts, lengths, kinds = words.starts, words.lengths, words.kinds
    apostrophe = np.uint64(lower_of[39])
    for d in range(len(doc_words) - 1):
        first, end = doc_bytes[d], doc_bytes[d + 1]
        for w in range(doc_words[d], doc_words[d + 1]):
            if not kinds[w] & EDGED:
                continue
            h = _BASIS
            i = starts[w]
            while i > first:  # over signs that count for nothing, to the one before the word
                i -= 1
                while data[i] & 0xC0 == 0x80:
                    i -= 1
                point, _ = decode(data, i)
                if not class_of[point] & np.uint16(IGNORED):
                    if class_of[point] & np.uint16(APOSTROPHE):
                        h = (h ^ apostrophe) * _PRIME
                    break
            i = starts[w]
            left = np.int64(lengths[w])
            while i < end:  # the word's letters, and the sign after them
                point, width = decode(data, i)
                i += width
                if class_of[point] & np.uint16(IGNORED):
                    continue
                if left == 0:
                    if class_of[point] & np.uint16(APOSTROPHE):
                        h = (h ^ apostrophe) * _PRIME
                    break
                h = (h ^ np.uint64(lower_of[point])) * _PRIME
                left -= 1
            out[w] = finish(h)
