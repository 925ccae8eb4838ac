"""The compiled passes of `open_lines`."""

# mypy: allow-untyped-defs

from typing import Final

from latam_corpus.compiled import kernel
from latam_corpus.text.words_kernels import CAPITAL, HAS_DIGIT, HAS_LETTER, LINE_BLANK, LINE_OPEN

_SPACE: Final = 32
_LEAST_LINES: Final = 3  # of one or two no list is made
_LEAST_WORDS: Final = 10  # of a line; verses are shorter, and poems without a stop are no lists
_MOST_WORDS: Final = 40  # a longer line is a paragraph that lost its stop
_GO_ON: Final = (44, 45, 59)  # , - ;


@kernel
def _goes_on(data, start, end):
    """Whether the line from byte `start` to `end` ends in a comma, a semicolon or a dash."""
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
def count_open(words, found):
    """Count the lines that break off."""
    data, doc_bytes, doc_words, doc_lines = words.data, words.doc_bytes, words.doc_words, words.doc_lines
    kinds, line_ends, line_words = words.kinds, words.line_ends, words.line_words
    line_kinds, line_chars = words.line_kinds, words.line_chars
    for d in range(len(found)):
        lines = 0
        pending = 0  # characters of the line before, where it is open
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
                found[d] += pending
            pending = 0
            headline = _LEAST_WORDS <= stop - first <= _MOST_WORDS
            if headline and line_kinds[line] == LINE_OPEN and not _goes_on(data, start, line_ends[line]):
                pending = int(line_chars[line])
        found[d] = found[d] + pending if lines >= _LEAST_LINES else 0
