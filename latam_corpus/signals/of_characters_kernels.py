"""The compiled passes over characters: letters, alphabets, marks in lines, open lines."""

# mypy: allow-untyped-defs

import math
from typing import Final

import numpy as np

from latam_corpus.compiled import inlined, kernel
from latam_corpus.signals.columns import (
    BULLETS,
    CODED,
    ELLIPSES,
    ELLIPSIS_ENDS,
    LINES,
    LISTED,
    MARKUP,
    NEWLINES,
    SHORT,
    SPARSE,
    TABULAR,
)
from latam_corpus.text.characters import LETTER
from latam_corpus.text.word_columns import CAPITAL, HAS_DIGIT, HAS_LETTER, LINE_BLANK, LINE_OPEN
from latam_corpus.text.words_kernels import decode

MOST_ALPHABETS: Final = 64
_ASCII: Final = 0x80
_NEWLINE: Final = 10
_HASH: Final = 35
_OPEN: Final = 123
_CLOSE: Final = 125


@kernel(work="words")
def count_letters(words, class_of, own, allowed, entropy, foreign, braces, hashes):
    """Count the letters of each document: see `shared_counts.Letters`."""
    data, doc_bytes = words.data, words.doc_bytes
    times = np.zeros(len(class_of), np.int32)
    letters_seen = np.empty(len(class_of), np.int32)
    for point in range(_ASCII):
        letters_seen[point] = point
    for d in range(len(doc_bytes) - 1):
        letter_count = _ASCII
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
                letters_seen[letter_count] = point
                letter_count += 1
            times[point] += 1
            i += width
        total -= times[_NEWLINE]
        times[_NEWLINE] = 0
        braces[d] = times[_OPEN] + times[_CLOSE]
        hashes[d] = times[_HASH]
        outside = 0
        scattered = 0.0
        for k in range(letter_count):
            point = letters_seen[k]
            count = times[point]
            if count == 0:
                continue
            times[point] = 0
            scattered += count * math.log2(count)
            if class_of[point] & LETTER and own[d] >= 0:
                outside += count * np.int64((allowed[point] >> np.uint64(own[d])) & np.uint64(1) == 0)
        if total:
            entropy[d] = max(0.0, math.log2(total) - scattered / total)
        if own[d] >= 0:
            foreign[d] = outside


# Kinds of bytes that may begin a mark.
END_BYTE: Final = 1  # . ! ?
MARKUP_BYTE: Final = 2  # { } < & [ ]
BAR_BYTE: Final = 3
WIDE_BYTE: Final = 4  # the first byte of …
_SHORT_LINE: Final = 30  # as in FineWeb
_FEW_WORDS: Final = 3  # as in C4
_SPACE: Final = 32
_HYPHEN: Final = 45
_DOT: Final = 46
BULLET_SIGNS: Final = "•‣▶►◀◦■□▪▫●○*-"  # as in RedPajama-V2 and Markdown; a dash before speech isn't a bullet


@inlined
def _letter(byte):
    small = byte | 32
    return 97 <= small <= 122


@kernel
def _closes(data, i, end):
    """Return whether white space, a quotation mark, a closing bracket or the line's end is at byte i."""
    if i >= end or data[i] <= _SPACE:
        return True
    byte = data[i]
    if byte in (34, 39, 41, 93):  # " ' ) ]
        return True
    if byte == 0xC2 and i + 1 < end:  # »
        return data[i + 1] == 0xBB
    return byte == 0xE2 and i + 2 < end and data[i + 1] == 0x80 and data[i + 2] in (0x99, 0x9D)  # ’ ”


@kernel
def _is_markup(data, i, end):
    """Return whether markup begins at byte i: a tag, a character reference, a double bracket or a link's target."""
    if i + 1 >= end:
        return False
    byte = data[i]
    following = data[i + 1]
    if byte == 60:  # <
        return _letter(following) or following == 47 or following == 33  # / !
    if byte == 38:  # &
        j = i + 2
        while j < min(i + 10, end) and data[j] > _SPACE and data[j] != 59:  # ;
            j += 1
        return (_letter(following) or following == 35) and j < min(i + 10, end) and data[j] == 59  # #
    return following == byte or (byte == 93 and following == 40)  # a bracket, then a parenthesis


@kernel
def _is_item(data, i, end, bullets):
    """Return whether the line at byte i is an item of a list: a bullet or a number, followed by a space."""
    point, width = decode(data, i)
    if not 48 <= point <= 57:
        is_bullet = False
        for bullet in bullets:
            if point == bullet:
                is_bullet = True
        return is_bullet and i + width < end and data[i + width] <= _SPACE
    j = i
    while j < end and 48 <= data[j] <= 57:
        j += 1
    return j - i <= 3 and j + 1 < end and (data[j] == _DOT or data[j] == 41) and data[j + 1] <= _SPACE


@kernel
def _is_code(data, first, last):
    """Return whether a line, from its first to its last visible byte, begins or ends like a line of code."""
    if data[last] == 123 or data[last] == 125 or data[first] == 123:  # { }
        return True
    if data[last] == 59 and last > first and data[last - 1] in (41, 125, 93, 34, 39):  # ; after ) } ] " '
        return True
    if last == first:
        return False
    return (
        (data[first] == 47 and data[first + 1] in (47, 42))  # // /*
        or (data[first] == 60 and data[first + 1] in (33, 47, 63))  # <! </ <?
    )


@kernel
def _ends_in_ellipsis(data, first, last):
    if last - first < 2:
        return False
    a, b, c = data[last - 2], data[last - 1], data[last]
    return (a == _DOT and b == _DOT and c == _DOT) or (a == 0xE2 and b == 0x80 and c == 0xA6)


_ROW: Final = 2  # minimum bars or tabs of a row


@kernel
def _is_row(kinds, begin, end, bars):
    """Return whether a line with these words is a row of a table: two bars or tabs, or more numbers than words."""
    if bars >= _ROW:
        return True
    numbers = 0
    for i in range(begin, end):
        if kinds[i] == HAS_DIGIT:
            numbers += 1
    return end - begin >= 2 and 2 * numbers > end - begin


@kernel(work="words")
def mark(words, meanings, bullets, counts, line_sentences, line_is_code):
    """Count the marks of each document, its lines of code, and the sentences of each line: see `MarkCounts`."""
    data, doc_bytes, doc_words, doc_lines = words.data, words.doc_bytes, words.doc_words, words.doc_lines
    starts, kinds, line_ends = words.starts, words.kinds, words.line_ends
    line_words, line_kinds, line_chars = words.line_words, words.line_kinds, words.line_chars
    for d in range(len(doc_words) - 1):
        at = doc_bytes[d]
        for line in range(doc_lines[d], doc_lines[d + 1]):
            start, end = at, line_ends[line]
            at = end + 1
            if end < doc_bytes[d + 1]:
                counts[d, NEWLINES] += 1
            if line_kinds[line] == LINE_BLANK:
                continue
            points = bars = sentences = 0
            sentence_end = start - 1
            i = start
            while i < end:
                byte = data[i]
                points += (byte & 0xC0) != 0x80
                meaning = meanings[byte]
                if meaning == 0:
                    i += 1
                    continue
                if meaning == END_BYTE:
                    if byte == _DOT and i + 2 < end and data[i + 1] == _DOT and data[i + 2] == _DOT:
                        i += 2
                        points += 2
                        counts[d, ELLIPSES] += 1
                    if _closes(data, i + 1, end):
                        sentences += 1
                        sentence_end = i
                elif meaning == MARKUP_BYTE:
                    counts[d, MARKUP] += _is_markup(data, i, end)
                elif meaning == BAR_BYTE:
                    bars += 1
                elif i + 2 < end and data[i + 1] == 0x80 and data[i + 2] == 0xA6:
                    i += 2
                    counts[d, ELLIPSES] += 1
                    if _closes(data, i + 1, end):
                        sentences += 1
                        sentence_end = i
                i += 1
            first, last = start, end - 1
            while data[first] <= _SPACE and first < last:
                first += 1
            while data[last] <= _SPACE and last > first:
                last -= 1
            begin = line_words[line]
            stop = line_words[line + 1] if line + 1 < doc_lines[d + 1] else doc_words[d + 1]
            chars = line_chars[line]
            counts[d, LINES] += 1
            counts[d, SHORT] += points <= _SHORT_LINE
            counts[d, ELLIPSIS_ENDS] += _ends_in_ellipsis(data, first, last)
            counts[d, BULLETS] += data[first] == _HYPHEN or decode(data, first)[0] == bullets[0]
            if _is_item(data, first, end, bullets):
                counts[d, LISTED] += chars
            if _is_row(kinds, begin, stop, bars):
                counts[d, TABULAR] += chars
            line_is_code[line] = _is_code(data, first, last)
            if line_is_code[line]:
                counts[d, CODED] += chars
            if stop - begin < _FEW_WORDS:
                if line_kinds[line] == LINE_OPEN and not line_is_code[line]:
                    counts[d, SPARSE] += chars
            else:
                line_sentences[line] = sentences + (starts[stop - 1] > sentence_end)


_LEAST_LINES: Final = 3  # fewer items aren't a list
_LEAST_WORDS: Final = 10  # per line; verses are shorter, and poems without full stops aren't lists
_MOST_WORDS: Final = 40  # a longer line is a paragraph that lost its full stop
_GO_ON: Final = (44, 45, 59)  # , - ;
_BAR: Final = 124
_TAB: Final = 9


@kernel
def _goes_on(data, start, end):
    """Return whether the line from byte `start` to `end` ends in a comma, a semicolon or a dash."""
    last = end - 1
    while last > start and data[last] <= _SPACE:
        last -= 1
    if data[last] in _GO_ON:
        return True
    if last > start and data[last] == 0xAC and data[last - 1] == 0xC2:
        return True
    dash = last - 1 > start and data[last - 1] == 0x80 and data[last - 2] == 0xE2
    return dash and (data[last] == 0x93 or data[last] == 0x94)


@kernel
def _bars(data, start, end):
    """Return the number of bars and tabs in a line."""
    bars = 0
    for i in range(start, end):
        bars += data[i] == _BAR or data[i] == _TAB
    return bars


@kernel(work="words")
def count_open(words, out):
    """Count the characters in open lines: see `shared_counts.characters_in_open_lines`."""
    data, doc_bytes, doc_words, doc_lines = words.data, words.doc_bytes, words.doc_words, words.doc_lines
    kinds, line_ends, line_words = words.kinds, words.line_ends, words.line_words
    line_kinds, line_chars = words.line_kinds, words.line_chars
    for d in range(len(out)):
        lines = 0
        pending = 0  # characters of the previous line if it is open
        at = doc_bytes[d]
        for line in range(doc_lines[d], doc_lines[d + 1]):
            start = at
            at = line_ends[line] + 1
            if line_kinds[line] == LINE_BLANK:
                continue
            lines += 1
            first = line_words[line]
            stop = line_words[line + 1] if line + 1 < doc_lines[d + 1] else doc_words[d + 1]
            small = first < stop and kinds[first] & (HAS_LETTER | HAS_DIGIT | CAPITAL) == HAS_LETTER
            if not small:
                out[d] += pending
            pending = 0
            headline = _LEAST_WORDS <= stop - first <= _MOST_WORDS and line_kinds[line] == LINE_OPEN
            if headline and not _goes_on(data, start, line_ends[line]) and _bars(data, start, line_ends[line]) < _ROW:
                pending = int(line_chars[line])
        out[d] = out[d] + pending if lines >= _LEAST_LINES else 0
