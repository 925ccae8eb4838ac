"""The compiled pass that normalises lines for the identifier: see `lines`."""

# mypy: allow-untyped-defs

from typing import Final

import numpy as np

from latam_corpus.compiled import inlined, kernel
from latam_corpus.language.normalise import HARD, MARK, NEWLINE, OTHER, SIGN
from latam_corpus.text.normal_kernels import encode
from latam_corpus.text.words_kernels import decode

# What stands before a sign.
_AFTER_LETTER: Final = 0
_AFTER_SPACE: Final = 1  # or at the start
_AFTER_TAKEN: Final = 2  # a space that a lone sign before has taken

# What became of a line.
EMPTY: Final = 0
LETTERS: Final = 1
LEFT: Final = 2


@kernel
def normalise(data, starts, ends, tables, made, found):
    """Normalise each line, and write its bounds, its characters and what became of it."""
    meaning_of, order_of, composed = tables
    text, made_starts, made_ends, chars = made
    for n in range(len(starts)):
        made_starts[n] = made_ends[n - 1] if n else 0
        made_ends[n], chars[n], found[n] = _line(
            data, starts[n], ends[n], meaning_of, order_of, composed, text, made_starts[n]
        )


@kernel
def _line(data, i, end, meaning_of, order_of, composed, made, at):
    """Write one line normalised; returns the byte after it, its characters and what became of it.

    One loop and not several functions, as in text/words.py.
    """
    first, start = i, at
    chars, found = 0, EMPTY
    before = _AFTER_SPACE
    in_others = False
    starter, order = np.uint64(0), -1  # the last character that marks may join, and the order of its last mark
    while i < end:
        point, width = decode(data, i)
        meaning = _meaning(meaning_of, point)
        if meaning < MARK:
            at = encode(made, at, meaning)
            chars, found, before, in_others = chars + 1, LETTERS, _AFTER_LETTER, False
            starter, order = point, -1
        elif meaning < SIGN:
            its = int(order_of[point])
            if its < (order_of[starter] if order < 0 else order) or _compose(composed, starter, point):
                return start, 0, LEFT
            starter, order = (starter, its) if its else (point, -1)
            at = encode(made, at, point)
            chars, before, in_others = chars + 1, _AFTER_LETTER, False
        elif meaning < OTHER:
            count, after = 1, i + width
            closes = True
            while after < end:
                point, width = decode(data, after)
                meaning = _meaning(meaning_of, point)
                closes = meaning >= OTHER
                if closes or meaning < SIGN:
                    break
                count, after = count + 1, after + width
                closes = True
            in_others = False
            starter, order = np.uint64(0), -1
            # As the expression LONE_PLUS of normalise.py has it, matched from the left.
            if count + (before == _AFTER_SPACE) < (2 if closes else 3):
                while i < after:
                    point, width = decode(data, i)
                    made[at] = meaning_of[point] & np.uint32(0xFF)
                    at, chars, i = at + 1, chars + 1, i + width
                before = _AFTER_LETTER
                continue
            if before != _AFTER_SPACE and at > start:
                made[at] = 32
                at, chars = at + 1, chars + 1
            i = after
            before = _AFTER_TAKEN
            if i < end and closes:
                # The space after the signs is taken with them: a newline, or a run of others.
                in_others = data[i] != 10
                i += 0 if in_others else 1
            continue
        elif meaning == HARD or _is_address(data, first, i, end):
            return start, 0, LEFT
        else:
            if not in_others or meaning == NEWLINE:
                before = _AFTER_SPACE
                if at > start:
                    made[at] = 32
                    at, chars = at + 1, chars + 1
            in_others = meaning == OTHER
            starter, order = point, -1
        i += width
    while at > start and made[at - 1] == 32:
        at, chars = at - 1, chars - 1
    return at, chars, found


@inlined
def _meaning(meaning_of, point):
    return meaning_of[min(np.int64(point), len(meaning_of) - 1)]


@kernel
def _is_address(data, first, i, end):
    """Whether the sign at byte i makes an address of what it stands in: `://` or `www.`."""
    if data[i] == 58:
        return i + 2 < end and data[i + 1] == 47 and data[i + 2] == 47
    # The full stop after three w.
    return data[i] == 46 and i - first >= 3 and data[i - 1] == 119 and data[i - 2] == 119 and data[i - 3] == 119


@kernel
def _compose(composed, starter, point):
    pair = np.uint64(starter) << np.uint64(21) | np.uint64(point)
    place = np.searchsorted(composed, pair)
    return place < len(composed) and composed[place] == pair
