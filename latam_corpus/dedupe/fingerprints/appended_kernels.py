"""The compiled search for menus at the edges of texts: see `appended`."""

# mypy: allow-untyped-defs

from typing import Final

import numpy as np

from latam_corpus.compiled import inlined, kernel
from latam_corpus.text.word_columns import LINE_BLANK, LINE_OPEN

_LINES: Final = 8  # minimum lines of a menu; a heading, a date and a signature have fewer
_LONGEST: Final = 10  # maximum words of an entry; menus contain headlines too
_MEAN: Final = 5  # maximum mean words per entry; a verse has more
_PROSE: Final = 11  # minimum words per line of the text next to a menu, if half of its lines don't end like sentences
_SKIPPED: Final = 2  # maximum longer lines inside a menu, such as a cookie notice
_CLOSED: Final = 3  # one entry in this many may end like a sentence, as truncated headlines do
_ENTRY: Final = 4  # maximum words of an entry next to verses, which begin where three lines of _WINDOW are longer
_WINDOW: Final = 4
_VERSES: Final = 4  # minimum lines of verse
_LONGER: Final = 1.5  # verses have at least this many times the entries' words per line
FIRST_BITS: Final = 14  # bits of a word's hash by which lines are looked up


@kernel(work="line_words")
def find_lines(hashes, line_words, line_kinds, is_first_word, lines):
    """Write the lines whose first word is in a table by the low bits of its hash; return their number."""
    count = 0
    mask = np.uint64(len(is_first_word) - 1)
    for i in range(len(line_words)):
        if line_kinds[i] != LINE_BLANK and line_words[i] < len(hashes) and is_first_word[hashes[line_words[i]] & mask]:
            lines[count] = i
            count += 1
    return count


@kernel(work="line_words")
def count_menus(doc_words, doc_lines, line_words, line_kinds, entry_kinds, out):
    """Write the number of words of each text that are menus before and after it.

    Args:
        doc_words: `doc_words` of the word table.
        doc_lines: `doc_lines` of the word table.
        line_words: `line_words` of the word table.
        line_kinds: `line_kinds` of the word table.
        entry_kinds: like `line_kinds`, but a line that ends in a comma is closed too: verses may end so, entries don't.
        out: int64[n], written to.
    """
    for d in range(len(out)):
        first, end = doc_lines[d], doc_lines[d + 1]
        out[d] = _next_to_verses(first, end, doc_words[d + 1], line_words, line_kinds)
        top, top_words = _menu(first, end, 1, doc_words[d + 1], line_words, entry_kinds)
        if top >= end:  # empty, or only a menu
            continue
        foot, foot_words = _menu(end - 1, max(top, first - 1), -1, doc_words[d + 1], line_words, entry_kinds)
        if top_words + foot_words == 0:
            continue
        lines = ended = 0
        for i in range(top, foot + 1):
            lines += line_kinds[i] != LINE_BLANK
            ended += line_kinds[i] != LINE_BLANK and line_kinds[i] != LINE_OPEN
        words = doc_words[d + 1] - doc_words[d] - top_words - foot_words
        # Dialogue has short lines too. In a poem, which has open lines, the short lines are verses.
        if lines > 0 and (words >= _PROSE * lines or (lines >= _VERSES and 2 * ended > lines)):
            out[d] = max(out[d], top_words + foot_words)


@kernel
def _menu(start, stop, step, last, line_words, line_kinds):
    """Return the first line after a menu, reading lines in the direction `step`, and the menu's number of words."""
    lines = words = skipped = skipped_words = closed = 0
    end, end_words, skipped_inside = start, 0, 0
    i = start
    while i != stop:
        size = _words(i, last, line_words)
        if line_kinds[i] == LINE_BLANK or size == 0:
            i += step
            continue
        if size > _LONGEST:
            skipped += 1
            skipped_words += size
            if skipped > _SKIPPED or lines < _LINES // 2 or size > 3 * _LONGEST:
                break
        elif line_kinds[i] == LINE_OPEN:
            lines += 1
            words += size + skipped_words
            skipped_words = 0
            end, end_words, skipped_inside = i + step, words, skipped
        else:
            closed += 1
            skipped_words += size
            if _CLOSED * closed > max(lines, _LINES):
                break
        i += step
    if lines < _LINES or words > _MEAN * (lines + skipped_inside + closed) or 4 * skipped_inside > lines:
        return start, 0
    return end, end_words


@inlined
def _words(line, last, line_words):
    """Return the number of words of a line, in a text that ends at word `last`."""
    return (min(line_words[line + 1], last) if line + 1 < len(line_words) else last) - line_words[line]


@kernel
def _next_to_verses(first, end, last, line_words, line_kinds):
    """Return the number of words in menus before and after verses, whose lines are short but longer than a menu's."""
    top, top_lines, top_words = _entries(first, end, 1, last, line_words, line_kinds)
    if top >= end:
        return 0
    foot, foot_lines, foot_words = _entries(end - 1, top - 1, -1, last, line_words, line_kinds)
    entries = top_lines + foot_lines
    words = lines = 0
    for i in range(top, foot + 1):
        if line_kinds[i] != LINE_BLANK:
            lines += 1
            words += _words(i, last, line_words)
    added = top_words + foot_words
    # Prose and dialogue are judged in `count_menus`.
    verses = lines >= _VERSES and words <= _LONGEST * lines
    return added if verses and words * entries >= _LONGER * added * lines else 0


@kernel
def _entries(start, stop, step, last, line_words, line_kinds):
    """Return the first line after a menu's entries in the direction `step`, and the entries' lines and words."""
    lines = words = entries = longer = 0
    end, end_lines, end_words = start, 0, 0
    i = start
    while i != stop:
        size = _words(i, last, line_words)
        if line_kinds[i] != LINE_BLANK and size > 0:
            lines += 1
            words += size
            longer = (longer << 1 | (size > _ENTRY)) & ((1 << _WINDOW) - 1)
            if size > _LONGEST or _ones(longer) >= _WINDOW - 1:
                break
            if size <= _ENTRY:
                entries += 1
                if entries >= _LINES:
                    end, end_lines, end_words = i + step, lines, words
        i += step
    return end, end_lines, end_words


@inlined
def _ones(value):
    count = 0
    while value:
        value &= value - 1
        count += 1
    return count
