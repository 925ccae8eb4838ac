"""The compiled passes over words: sums, distinct words, set phrases, repetition, other languages."""

# mypy: allow-untyped-defs

import math
from typing import Final, NamedTuple

import numpy as np
from numpy.typing import NDArray

from latam_corpus.compiled import inlined, kernel
from latam_corpus.signals.columns import BOOK, MONTH, POLICY, SCRIPT
from latam_corpus.text.slots_kernels import slot_of
from latam_corpus.text.stops import MOST_LANGUAGES
from latam_corpus.text.word_columns import HAS_DIGIT, HAS_LETTER, LINE_BLANK
from latam_corpus.text.word_list_kernels import slot_of_edged


@kernel(work="values")
def sum_ranges(values, bounds, result):
    """Write the sum of the values between two bounds."""
    for d in range(len(result)):
        total = np.int64(0)
        for i in range(bounds[d], bounds[d + 1]):
            total += np.int64(values[i])
        result[d] = total


@kernel(work="hashes")
def unique_in_windows(hashes, doc_words, size, result):
    """Write the mean share of distinct words in windows of `size` words, for each document."""
    capacity = 1024  # a power of two, at least four times the window
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


_LEAST_YEAR: Final = 1000
_MOST_YEAR: Final = 2100
_MOST_DAY: Final = 31
_COLON: Final = 58
_COMMA: Final = 44
_STOP: Final = 46
_SPACE: Final = 32
_ZERO: Final = 48


class PhraseTable(NamedTuple):
    """All phrases, in an open-addressing table.

    Attributes:
        keys: uint64[capacity], hashes of first words, 0 if free.
        firsts: int64[capacity], the first phrase with this first word, -1 if free.
        words: uint64, the hashes of the phrases' words; phrases with the same first word are adjacent.
        ends: int64[p+1], where the words of each phrase start.
        kinds: int64[p], the kind of each phrase.
    """

    keys: NDArray[np.uint64]
    firsts: NDArray[np.int64]
    words: NDArray[np.uint64]
    ends: NDArray[np.int64]
    kinds: NDArray[np.int64]


@inlined
def _number(data, start, length):
    """Return the number that a word of `length` ASCII digits writes; -1 if it has more than four digits."""
    if length > 4:
        return -1
    value = 0
    for i in range(start, start + length):
        value = value * 10 + int(data[i]) - _ZERO
    return value


@kernel(work="words")
def find(words, phrases, counts, dated, flagged):
    """Count phrases by their kinds, and lines that start with a date; flag lines with boilerplate."""
    data, hashes, starts, lengths, word_kinds = words.data, words.hashes, words.starts, words.lengths, words.kinds
    doc_words, doc_lines, line_words, line_kinds = words.doc_words, words.doc_lines, words.line_words, words.line_kinds
    keys, firsts = phrases.keys, phrases.firsts
    phrase_words, phrase_ends, phrase_kinds = phrases.words, phrases.ends, phrases.kinds
    for d in range(len(doc_words) - 1):
        last_word = doc_words[d + 1]
        for line in range(doc_lines[d], doc_lines[d + 1]):
            if line_kinds[line] == LINE_BLANK:
                continue
            begin = line_words[line]
            end = line_words[line + 1] if line + 1 < doc_lines[d + 1] else last_word
            month_at = -1
            for i in range(begin, end):
                h = hashes[i]
                p = firsts[slot_of(keys, h)]
                if p < 0:
                    continue
                while p < len(phrase_kinds) and phrase_words[phrase_ends[p]] == h:
                    size = phrase_ends[p + 1] - phrase_ends[p]
                    matches = i + size <= last_word
                    for k in range(1, size):
                        if not matches or hashes[i + k] != phrase_words[phrase_ends[p] + k]:
                            matches = False
                            break
                    kind = phrase_kinds[p]
                    if matches and kind == BOOK:
                        matches = _is_reference(data, starts, lengths, word_kinds, i, last_word)
                    if matches:
                        counts[d, kind] += 1
                        if kind in (POLICY, SCRIPT):
                            flagged[line] = True
                        elif kind == MONTH and month_at < 0:
                            month_at = i
                    p += 1
            if begin < end and _starts_with_date(data, starts, lengths, word_kinds, begin, end, month_at):
                dated[d] += 1


@kernel
def _is_reference(data, starts, lengths, kinds, i, end):
    """Return whether a chapter and verse follow the word: two numbers joined by a colon, a full stop or a comma."""
    if i + 2 >= end or kinds[i + 1] != HAS_DIGIT or kinds[i + 2] != HAS_DIGIT:
        return False
    joint = starts[i + 1] + np.int64(lengths[i + 1])
    next_start = joint + 1
    if next_start < len(data) and data[next_start] == _SPACE and data[joint] == _COMMA:
        next_start += 1
    return next_start == starts[i + 2] and (data[joint] == _COLON or data[joint] == _STOP or data[joint] == _COMMA)


@kernel
def _starts_with_date(data, starts, lengths, kinds, begin, end, month_at):
    """Return whether the line starts with a year, a day and a month, or a month and a number."""
    if kinds[begin] == HAS_DIGIT:
        number = _number(data, starts[begin], np.int64(lengths[begin]))
        if _LEAST_YEAR <= number <= _MOST_YEAR:
            return True
        return 0 < number <= _MOST_DAY and (month_at == begin + 1 or month_at == begin + 2)
    return month_at == begin and begin + 1 < end and (kinds[begin + 1] & HAS_LETTER) == 0


LONGEST_GRAM: Final = 10
_ODD: Final = np.uint64(0x9E3779B97F4A7C15)


@kernel(work="line_hashes")
def paragraphs(line_hashes, line_chars, line_kinds, doc_lines, hashes, chars, bounds):
    """Write the hashes and numbers of characters of paragraphs, and where each document's paragraphs start."""
    total = 0
    for d in range(len(doc_lines) - 1):
        inside = False
        for line in range(doc_lines[d], doc_lines[d + 1]):
            if line_kinds[line] == LINE_BLANK:
                inside = False
                continue
            if inside:
                hashes[total - 1] = hashes[total - 1] * _ODD + line_hashes[line]
                chars[total - 1] += line_chars[line]
            else:
                hashes[total] = line_hashes[line]
                chars[total] = line_chars[line]
                total += 1
                inside = True
        bounds[d + 1] = total
    return total


@kernel(work="hashes")
def repeats(hashes, chars, bounds, units, repeated, repeated_chars):
    """Count the units of each document that occur earlier in it, and their characters."""
    longest = 1
    for d in range(len(bounds) - 1):
        longest = max(longest, bounds[d + 1] - bounds[d])
    capacity = 16
    while capacity < 2 * longest:
        capacity *= 2
    keys = np.empty(capacity, np.uint64)
    stamps = np.full(capacity, -1, np.int64)
    for d in range(len(bounds) - 1):
        slots = 16
        while slots < 2 * (bounds[d + 1] - bounds[d]):
            slots *= 2
        mask = np.uint64(slots - 1)
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


@kernel(work="hashes")
def grams(hashes, lengths, doc_words, duplicate, top, distinct, entropy):
    """Fill the arrays of `shared_counts.Grams`."""
    longest = 1
    for d in range(len(doc_words) - 1):
        longest = max(longest, doc_words[d + 1] - doc_words[d])
    capacity = 16
    while capacity < 2 * longest:
        capacity *= 2
    keys = np.empty(capacity, np.uint64)
    counts = np.empty(capacity, np.int64)
    stamps = np.zeros(capacity, np.int64)  # the look-up round in which a slot was used
    seen = np.zeros(capacity, np.int64)  # the round in which its n-gram was first read, from left to right
    chars_before = np.zeros(longest + 1, np.int64)  # number of characters before the i-th word
    at = np.empty(longest, np.int64)  # where the n-grams that may be repeated start
    gram = np.empty(longest, np.uint64)
    slot_of = np.empty(longest, np.int64)
    stamp = 0
    for d in range(len(doc_words) - 1):
        first = doc_words[d]
        size = doc_words[d + 1] - first
        if size == 0:
            continue
        slots = 16
        while slots < 2 * size:
            slots *= 2
        mask = np.uint64(slots - 1)
        for i in range(size):
            chars_before[i + 1] = chars_before[i] + lengths[first + i]
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
                slot_of[tried] = np.int64(slot)
                tried += 1
            top_times = 1
            top_chars = chars_before[n]
            repeated = 0
            free = 0  # the first word after the last repeated n-gram
            repeated_count = 0
            scattered = 0.0
            for k in range(tried):
                slot_here = slot_of[k]
                times = counts[slot_here]
                if times < 2:
                    continue
                i = at[k]
                chars = chars_before[i + n] - chars_before[i]
                if times > top_times:
                    top_times = times
                    top_chars = chars
                if i >= free:
                    if seen[slot_here] == stamp:
                        repeated += chars
                        free = i + n
                    else:
                        seen[slot_here] = stamp
                        scattered += times * math.log2(times)
                at[repeated_count] = i
                gram[repeated_count] = gram[k]
                repeated_count += 1
            duplicate[d, n] = repeated
            top[d, n] = top_times * (top_chars + n - 1)
            if n == 1:
                entropy[d] = max(0.0, math.log2(size) - scattered / size)
            count = repeated_count


_LEAST_WORDS: Final = 4  # a shorter line is not enough evidence
_LEAST_SHARE: Final = 0.25  # half of the share of stop words in running Spanish, Portuguese and English


@kernel(work="words")
def count_mixed(words, wholes, keys, bits, own, background, out):
    """Count the words in each document's lines that have more stop words of another language."""
    hashes, doc_words, doc_lines, line_words = words.hashes, words.doc_words, words.doc_lines, words.line_words
    tally = np.zeros(MOST_LANGUAGES, np.int64)
    for d in range(len(out)):
        number = own[d]
        for line in range(doc_lines[d], doc_lines[d + 1]):
            begin = line_words[line]
            end = line_words[line + 1] if line + 1 < doc_lines[d + 1] else doc_words[d + 1]
            if end - begin < _LEAST_WORDS:
                continue
            tally[:] = 0
            for i in range(begin, end):
                h = hashes[i]
                slot = slot_of(keys, h) if h == wholes[i] else slot_of_edged(keys, bits, h, wholes[i], number)
                languages = bits[slot]
                if languages == 0:
                    continue
                if number >= 0:
                    tally[number] += np.int64((languages >> np.uint64(number)) & np.uint64(1))
                for language in background:
                    tally[language] += np.int64(
                        language != number and (languages >> np.uint64(language)) & np.uint64(1)
                    )
            highest = 0
            for language in background:
                highest = max(highest, tally[language] if language != number else 0)
            if highest >= _LEAST_SHARE * (end - begin) and (number < 0 or highest > tally[number]):
                out[d] += end - begin
