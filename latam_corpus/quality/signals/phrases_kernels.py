"""The compiled passes of `phrases`."""

# mypy: allow-untyped-defs

from typing import Final, NamedTuple

import numpy as np
from numpy.typing import NDArray

from latam_corpus.compiled import inlined, kernel
from latam_corpus.text.slots_kernels import slot_of
from latam_corpus.text.words_kernels import HAS_DIGIT, HAS_LETTER, LINE_BLANK

# Kinds of a phrase, as the columns of `Phrases.counts`.
POLICY: Final = 0
SCRIPT: Final = 1
LOREM: Final = 2
SCRIPTURE: Final = 3
BOOK: Final = 4  # a book of the Bible: counts as scripture where chapter and verse follow
MONTH: Final = 5
KINDS: Final = 6

_LEAST_YEAR: Final = 1000
_MOST_YEAR: Final = 2100
_MOST_DAY: Final = 31
_COLON: Final = 58
_COMMA: Final = 44
_STOP: Final = 46
_SPACE: Final = 32
_ZERO: Final = 48


class PhraseTable(NamedTuple):
    """All phrases, found by open addressing.

    Attributes:
        keys: uint64[capacity], hashes of first words, 0 where free.
        firsts: int64[capacity], the first phrase that begins so, -1 where free.
        words: uint64, the hashes of the phrases' words, those with one first word side by side.
        ends: int64[p+1], where the words of each phrase start.
        kinds: int64[p].
    """

    keys: NDArray[np.uint64]
    firsts: NDArray[np.int64]
    words: NDArray[np.uint64]
    ends: NDArray[np.int64]
    kinds: NDArray[np.int64]


@inlined
def _number(data, start, length):
    """The number in so many ASCII digits; the word is known to be of digits. -1 where it is longer than four."""
    if length > 4:
        return -1
    value = 0
    for i in range(start, start + length):
        value = value * 10 + int(data[i]) - _ZERO
    return value


@kernel
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
                    same = i + size <= last_word
                    for k in range(1, size):
                        if not same or hashes[i + k] != phrase_words[phrase_ends[p] + k]:
                            same = False
                            break
                    kind = phrase_kinds[p]
                    if same and kind == BOOK:
                        same = _is_reference(data, starts, lengths, word_kinds, i, last_word)
                    if same:
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
    """Whether chapter and verse follow the word: two numbers joined by a colon, a full stop or a comma."""
    if i + 2 >= end or kinds[i + 1] != HAS_DIGIT or kinds[i + 2] != HAS_DIGIT:
        return False
    joint = starts[i + 1] + np.int64(lengths[i + 1])
    after = joint + 1
    if after < len(data) and data[after] == _SPACE and data[joint] == _COMMA:
        after += 1
    return after == starts[i + 2] and (data[joint] == _COLON or data[joint] == _STOP or data[joint] == _COMMA)


@kernel
def _starts_with_date(data, starts, lengths, kinds, begin, end, month_at):
    """Whether the line starts with a year, with a day and a month, or with a month and a number."""
    if kinds[begin] == HAS_DIGIT:
        number = _number(data, starts[begin], np.int64(lengths[begin]))
        if _LEAST_YEAR <= number <= _MOST_YEAR:
            return True
        return 0 < number <= _MOST_DAY and (month_at == begin + 1 or month_at == begin + 2)
    return month_at == begin and begin + 1 < end and (kinds[begin + 1] & HAS_LETTER) == 0
