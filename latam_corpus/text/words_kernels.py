"""The compiled pass that fills a word table: see `words.WordTable`, which describes the arrays."""

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
    """The arrays of `words.WordTable` under the same names, for kernels."""

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
_FIRST_PLAIN: Final = 97  # a to z: lower-case letters of no other class
_LAST_PLAIN: Final = 122
_BLANK: Final = 32
_AMPERSAND: Final = 38
NEWLINE: Final = 10


@inlined
def decode(data, i):
    """Return the code point at byte i and its length; the bytes must be valid UTF-8."""
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
    """Return the hash with its bits mixed (the finaliser of MurmurHash3), so that any bits can be used as a key."""
    h ^= h >> np.uint64(33)
    h *= np.uint64(0xFF51AFD7ED558CCD)
    h ^= h >> np.uint64(33)
    h *= np.uint64(0xC4CEB9FE1A85EC53)
    return h ^ (h >> np.uint64(33))


@inlined
def _enter(word_arrays, w, word_hash, start, chars, kind, is_edged):
    """Store a word that has ended; return the number of words."""
    hashes, starts, lengths, kinds = word_arrays
    hashes[w] = finish(word_hash)
    starts[w] = start
    lengths[w] = min(chars, 65535)
    kinds[w] = kind | EDGED if is_edged and kind & HAS_LETTER else kind
    return w + 1


@kernel(work="words")
def scan(words, class_of, lower_of):
    """Fill the table's arrays; return the numbers of words and lines.

    This is one loop instead of several functions, because a call per character would be noticeable at 100 MB/s.
    """
    data, offsets, doc_words, doc_lines = words.data, words.doc_bytes, words.doc_words, words.doc_lines
    word_arrays = words.hashes, words.starts, words.lengths, words.kinds
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
        is_edged = False
        word_hash = _BASIS
        word_start = i
        word_chars = 0
        kind = 0
        after_lower = False
        line_hash = _BASIS
        line_count = 0
        line_words[lines] = w
        is_closing = False
        previous = np.uint32(0)
        previous_class = np.uint16(0)
        after_ligature = False
        while i < end:
            if _FIRST_PLAIN <= data[i] <= _LAST_PLAIN:
                # Three in four characters are these letters, which differ only in their hashes.
                if not in_word:
                    in_word = True
                    word_hash = _BASIS
                    word_start = i
                    word_chars = 0
                    kind = 0
                    is_edged = (previous_class & np.uint16(APOSTROPHE)) != 0
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
                after_lower = True
                is_closing = False
                after_ligature = False
                previous = np.uint32(data[i - 1])
                previous_class = class_of[previous]
                continue
            if data[i] == _BLANK and previous < 0x80 and not after_ligature:
                # A space between two words is just as simple, except after a character that may need repair.
                if in_word:
                    w = _enter(word_arrays, w, word_hash, word_start, word_chars, kind, is_edged)
                    in_word = False
                chars += 1
                spaces += 1
                previous = np.uint32(_BLANK)
                previous_class = class_of_blank
                i += 1
                continue
            point, width = decode(data, i)
            cls = class_of[point]
            chars += 1
            is_joined = False
            if cls & np.uint16(LETTER | DIGIT):
                if not in_word:
                    in_word = True
                    word_hash = _BASIS
                    word_start = i
                    word_chars = 0
                    kind = CAPITAL if cls & np.uint16(UPPER) else 0
                    after_lower = False
                    is_edged = (previous_class & np.uint16(APOSTROPHE)) != 0
                is_joined = True
                if cls & np.uint16(LETTER):
                    letters += 1
                    kind |= HAS_LETTER
                    if cls & np.uint16(UPPER):
                        uppers += 1
                        if after_lower:
                            kind |= MIXED
                    else:
                        after_lower = True
                else:
                    digits += 1
                    kind |= HAS_DIGIT
            elif in_word:
                if cls & np.uint16(IGNORED):
                    is_joined = False
                elif cls & np.uint16(APOSTROPHE) and previous_class & np.uint16(LETTER):
                    j = i + width
                    next_class = np.uint16(IGNORED)
                    while next_class & np.uint16(IGNORED) and j < end:
                        next_point, next_width = decode(data, j)
                        next_class = class_of[next_point]
                        j += next_width
                    is_joined = (next_class & np.uint16(LETTER)) != 0
                if not is_joined and not cls & np.uint16(IGNORED):
                    is_edged = is_edged or (cls & np.uint16(APOSTROPHE)) != 0
                    w = _enter(word_arrays, w, word_hash, word_start, word_chars, kind, is_edged)
                    in_word = False
            if is_joined:
                word_hash = (word_hash ^ np.uint64(lower_of[point])) * _PRIME
                word_chars += 1

            # Places that may need repair: see extract/repair.py, whose test compares this with ftfy.
            if cls & np.uint16(REPAIR) or (
                point == _AMPERSAND and i + 1 < end and (data[i + 1] == 35 or class_of[data[i + 1]] & np.uint16(LETTER))
            ):
                repairs += 1
                line_repairs[lines] = True
            if after_ligature and (point >= 0x80 or not cls & np.uint16(LETTER)):
                repairs += 1
                line_repairs[lines] = True
            after_ligature = point == 0x152 or point == 0x153
            if point == 32 and (previous == 0xC2 or previous == 0xC3):
                repairs += 1
                line_repairs[lines] = True
            if point >= 0x80:
                if previous >= 0x80 and not (
                    previous_class & np.uint16(COMMON)
                    or (cls & np.uint16(COMMON) and not previous_class & np.uint16(UPPER))
                    or (cls & np.uint16(LOWER) and previous_class & np.uint16(LOWER))
                    or (cls & np.uint16(SPOKEN) and previous_class & np.uint16(SPOKEN))
                ):
                    repairs += 1
                    line_repairs[lines] = True
                if (
                    point == 0xFFFD
                    or 0x80 <= point < 0xA0
                    or ((previous == 0xC2 or previous == 0xC3) and cls & np.uint16(SUSPECT))
                    or (previous == 0xE2 and (point == 0x20AC or point == 0x80))
                ):
                    mojibakes += 1

            if point == NEWLINE:
                spaces += 1
                line_hashes[lines] = finish(line_hash) if line_count else np.uint64(0)
                line_ends[lines] = i
                line_chars[lines] = line_count
                line_kinds[lines] = LINE_BLANK if line_count == 0 else (LINE_CLOSED if is_closing else LINE_OPEN)
                lines += 1
                line_words[lines] = w
                line_hash = _BASIS
                line_count = 0
                is_closing = False
            elif cls & np.uint16(SPACE):
                spaces += 1
            else:
                line_hash = (line_hash ^ np.uint64(point)) * _PRIME
                line_count += 1
                if cls & np.uint16(CODE):
                    codes += 1
                if not cls & np.uint16(QUOTE):
                    is_closing = (cls & np.uint16(CLOSING)) != 0
            previous = point
            if not cls & np.uint16(IGNORED):
                previous_class = cls
            i += width
        if in_word:
            w = _enter(word_arrays, w, word_hash, word_start, word_chars, kind, is_edged)
        if end > offsets[d] and data[end - 1] != NEWLINE:
            line_hashes[lines] = finish(line_hash) if line_count else np.uint64(0)
            line_ends[lines] = end
            line_chars[lines] = line_count
            line_kinds[lines] = LINE_BLANK if line_count == 0 else (LINE_CLOSED if is_closing else LINE_OPEN)
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


@kernel(work="words")
def with_edges(words, class_of, lower_of, out):
    """Compute the hashes of words with an apostrophe at an edge, including it."""
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
            while i > first:  # back over ignored characters to the one before the word
                i -= 1
                while data[i] & 0xC0 == 0x80:
                    i -= 1
                point, _ = decode(data, i)
                if not class_of[point] & np.uint16(IGNORED):
                    if class_of[point] & np.uint16(APOSTROPHE):
                        h = (h ^ apostrophe) * _PRIME
                    break
            i = starts[w]
            remaining = np.int64(lengths[w])
            while i < end:  # the word's letters and the character after them
                point, width = decode(data, i)
                i += width
                if class_of[point] & np.uint16(IGNORED):
                    continue
                if remaining == 0:
                    if class_of[point] & np.uint16(APOSTROPHE):
                        h = (h ^ apostrophe) * _PRIME
                    break
                h = (h ^ np.uint64(lower_of[point])) * _PRIME
                remaining -= 1
            out[w] = finish(h)
