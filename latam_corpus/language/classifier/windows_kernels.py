"""The compiled passes that cut texts into lines and windows, and that normalise lines for the identifier."""

# mypy: allow-untyped-defs

from typing import Final

import numpy as np

from latam_corpus.compiled import inlined, kernel
from latam_corpus.language.classifier.normalise import HARD, MARK, NEWLINE, OTHER, SIGN
from latam_corpus.text.normal_kernels import encode
from latam_corpus.text.words_kernels import decode

MOST_WINDOWS: Final = 4
WINDOW: Final = 400  # characters
MOST_PIECES: Final = 24
PIECE: Final = 200  # characters; a long line is cut into pieces of about this size
NEAR: Final = 30  # characters in which a word boundary is searched for
_BLOCK: Final = 64  # number of bytes whose characters are counted together
WHOLE: Final = 4 * MOST_PIECES * PIECE  # characters of the longest text that is read whole for its pieces
_BREAK: Final = np.uint32(0xFFFFFFFF)  # the white space between two sentences


@kernel
def _is_space(point):
    """Return the same as Python's `str.isspace`."""
    if point < 0x1680:
        return point == 32 or 9 <= point <= 13 or 28 <= point <= 31 or point == 0x85 or point == 0xA0
    return (
        point == 0x1680
        or 0x2000 <= point <= 0x200A
        or point == 0x2028
        or point == 0x2029
        or point == 0x202F
        or point == 0x205F
        or point == 0x3000
        or point == _BREAK
    )


@kernel
def _ends_line(point):
    """Return whether Python's `str.splitlines` cuts at this code point."""
    return 10 <= point <= 13 or 28 <= point <= 30 or point == 0x85 or point == 0x2028 or point == 0x2029


@kernel
def _ends_sentence(point):
    # . ! ? … : ;
    return point == 46 or point == 33 or point == 63 or point == 0x2026 or point == 58 or point == 59


@kernel
def _count(data, first, end):
    count = 0
    for i in range(first, end):
        count += (data[i] & 0xC0) != 0x80
    return count


@kernel
def _forward(data, i, end, n):
    """Return the byte at which the n-th character after byte i starts, or `end` if there are fewer."""
    while i + _BLOCK <= end:
        count = 0
        for k in range(i, i + _BLOCK):
            count += (data[k] & 0xC0) != 0x80
        if count > n:
            break
        n -= count
        i += _BLOCK
    while i < end:
        if (data[i] & 0xC0) != 0x80:
            if n == 0:
                return i
            n -= 1
        i += 1
    return end


@kernel
def _window(data, first, end, at, chars_left, size):
    """Return the window of about `size` characters at byte `at`, from which `chars_left` characters remain."""
    start = at
    if at > first:
        for k in range(NEAR):
            if at >= end:
                break
            point, width = decode(data, at)
            at += width
            if _is_space(point):
                start = at
                chars_left -= k + 1
                break
    if chars_left <= size:
        return start, end
    i = _forward(data, start, end, size - NEAR)
    stop = -1
    for _ in range(NEAR):
        point, width = decode(data, i)
        if point == 32 or point == 10:
            stop = i
        i += width
    return start, (stop if stop >= 0 else i)


@kernel
def _spread(data, first, end, chars, max_windows, size, starts, ends):
    """Write the bounds of a text's windows; return their number."""
    count = 1 if chars <= size + size // 2 else min(max_windows, chars // size)
    if count == 1:
        starts[0], ends[0] = first, end
        if chars > size + size // 2:
            starts[0], ends[0] = _window(data, first, end, first, chars, size)
        return count
    step = (chars - size) / (count - 1)
    at, chars_before = first, 0
    for k in range(count):
        start = int(k * step)
        at = _forward(data, at, end, start - chars_before)
        chars_before = start
        starts[k], ends[k] = _window(data, first, end, at, chars - start, size)
    return count


@kernel(work="data")
def windows(data, offsets, max_windows, size, starts, ends, owner):
    """Write the bounds of all documents' windows, and each window's document; return the number of windows."""
    n = 0
    for row in range(len(offsets) - 1):
        first, end = offsets[row], offsets[row + 1]
        if end > first:
            count = _spread(data, first, end, _count(data, first, end), max_windows, size, starts[n:], ends[n:])
            for _ in range(count):
                owner[n] = row
                n += 1
    return n


@kernel(work="data")
def pieces(data, offsets, rows, max_pieces, size, out, bounds):
    """Write the pieces of some documents, their bytes and bounds; return the number of pieces."""
    starts, ends, owner = bounds
    points, places = np.empty(WHOLE + 1, np.uint32), np.empty(WHOLE + 1, np.int64)
    cut_starts, cut_ends = np.empty(WHOLE + 1, np.int64), np.empty(WHOLE + 1, np.int64)
    part_starts, part_ends = np.empty(max_pieces, np.int64), np.empty(max_pieces, np.int64)
    line, cuts = (points, places), (cut_starts, cut_ends)
    counts = np.zeros(2, np.int64)  # number of bytes written, and of pieces of this text
    n = 0
    for row in rows:
        first, end = offsets[row], offsets[row + 1]
        chars = _count(data, first, end)
        parts = 1
        part_starts[0], part_ends[0] = first, end
        if chars > WHOLE:
            parts = _spread(data, first, end, chars, max_pieces, 2 * size, part_starts, part_ends)
        counts[1] = 0
        for part in range(parts):
            _lines(data, part_starts[part], part_ends[part], size, line, out, counts, cuts)
        cut = counts[1]
        for k in range(min(cut, max_pieces)):
            which = k if cut <= max_pieces else k * cut // max_pieces
            starts[n], ends[n], owner[n] = cut_starts[which], cut_ends[which], row
            n += 1
    return n


@kernel
def _lines(data, i, end, size, line, out, counts, cuts):
    """Write the lines of a text from byte i on, and the bounds of their pieces."""
    points, places = line
    starts, ends = cuts
    while i < end:
        seen, chars = 0, 0  # number of characters from the first non-space on, and up to the last non-space
        while i < end:
            point, width = decode(data, i)
            if _ends_line(point):
                i += width
                break
            blank = _is_space(point)
            if seen or not blank:
                points[seen] = point
                places[seen] = i
                seen += 1
            i += width
            if not blank:
                chars = seen
        if chars == 0:
            continue
        long = chars > size  # by the original length of the line, since joined sentences may be shorter
        chars = _write(data, chars, long, points, places, out, counts)
        if long:
            _cut(chars, size, points, places, counts, starts, ends)
        else:
            _add(places[0], places[chars], counts, starts, ends)


@kernel
def _write(data, chars, joining, points, places, out, counts):
    """Write a line's characters, with one space between joined sentences; return their number.

    `points` and `places` describe the line at entry, and the written characters on return.
    """
    at = counts[0]
    written, k = 0, 0
    while k < chars:
        if joining and k and _is_space(points[k]) and _ends_sentence(points[k - 1]):
            while _is_space(points[k]):
                k += 1
            points[written], places[written], out[at] = _BREAK, at, 32
            written, at = written + 1, at + 1
            continue
        i = places[k]
        _, width = decode(data, i)
        points[written], places[written] = points[k], at
        for byte in range(i, i + width):
            out[at] = data[byte]
            at += 1
        written, k = written + 1, k + 1
    places[written] = at
    counts[0] = at
    return written


@kernel
def _cut(chars, size, points, places, counts, starts, ends):
    """Add the pieces of a long line; each piece collects sentences until it is long enough."""
    first, sentence, is_collecting = 0, 0, False
    while sentence < chars:
        end = sentence
        while end < chars and points[end] != _BREAK:
            end += 1
        if not is_collecting:
            first, is_collecting = sentence, True
        while end - first > 2 * size:
            stop = first + size
            for k in range(first + size - NEAR, first + size):
                if points[k] == 32 or points[k] == _BREAK:
                    stop = k
            while _is_space(points[stop - 1]):
                stop -= 1
            _add(places[first], places[stop], counts, starts, ends)
            first = stop
            while _is_space(points[first]):
                first += 1
        if end - first >= size // 2:
            _add(places[first], places[end], counts, starts, ends)
            is_collecting = False
        sentence = end + 1
    if is_collecting:
        _add(places[first], places[chars], counts, starts, ends)


@kernel
def _add(start, end, counts, starts, ends):
    starts[counts[1]], ends[counts[1]] = start, end
    counts[1] += 1


# The state before a sign.
_AFTER_LETTER: Final = 0
_AFTER_SPACE: Final = 1  # or at the start of the line
_AFTER_TAKEN: Final = 2  # after a space that a previous lone sign has consumed

# The kinds of normalised lines.
EMPTY: Final = 0
LETTERS: Final = 1
UNSUPPORTED: Final = 2  # `normalise_all` must normalise it


@kernel(work="data")
def normalise(data, starts, ends, tables, outputs, kinds):
    """Normalise each line, and write its bounds, its number of characters and its kind."""
    meaning_of, order_of, composed = tables
    text, out_starts, out_ends, chars = outputs
    for n in range(len(starts)):
        out_starts[n] = out_ends[n - 1] if n else 0
        out_ends[n], chars[n], kinds[n] = _line(
            data, starts[n], ends[n], meaning_of, order_of, composed, text, out_starts[n]
        )


@kernel
def _line(data, i, end, meaning_of, order_of, composed, out, at):
    """Write one normalised line; return the byte after it, its number of characters and its kind.

    This is one loop instead of several functions, as in text/words.py.
    """
    first, start = i, at
    chars, kind = 0, EMPTY
    previous = _AFTER_SPACE
    in_others = False
    starter, order = np.uint64(0), -1  # the last character that marks may join, and its last mark's class
    while i < end:
        point, width = decode(data, i)
        meaning = _meaning(meaning_of, point)
        if meaning < MARK:
            at = encode(out, at, meaning)
            chars, kind, previous, in_others = chars + 1, LETTERS, _AFTER_LETTER, False
            starter, order = point, -1
        elif meaning < SIGN:
            combining_class = int(order_of[point])
            if combining_class < (order_of[starter] if order < 0 else order) or _compose(composed, starter, point):
                return start, 0, UNSUPPORTED
            starter, order = (starter, combining_class) if combining_class else (point, -1)
            at = encode(out, at, point)
            chars, previous, in_others = chars + 1, _AFTER_LETTER, False
        elif meaning < OTHER:
            count, signs_end = 1, i + width
            closes = True
            while signs_end < end:
                point, width = decode(data, signs_end)
                meaning = _meaning(meaning_of, point)
                closes = meaning >= OTHER
                if closes or meaning < SIGN:
                    break
                count, signs_end = count + 1, signs_end + width
                closes = True
            in_others = False
            starter, order = np.uint64(0), -1
            # Like the expression LONE_PLUS of normalise.py, matched from the left.
            if count + (previous == _AFTER_SPACE) < (2 if closes else 3):
                while i < signs_end:
                    point, width = decode(data, i)
                    out[at] = meaning_of[point] & np.uint32(0xFF)
                    at, chars, i = at + 1, chars + 1, i + width
                previous = _AFTER_LETTER
                continue
            if previous != _AFTER_SPACE and at > start:
                out[at] = 32
                at, chars = at + 1, chars + 1
            i = signs_end
            previous = _AFTER_TAKEN
            if i < end and closes:
                # The space after the signs (a newline, or a run of other characters) is consumed with them.
                in_others = data[i] != 10
                i += 0 if in_others else 1
            continue
        elif meaning == HARD or _is_address(data, first, i, end):
            return start, 0, UNSUPPORTED
        else:
            if not in_others or meaning == NEWLINE:
                previous = _AFTER_SPACE
                if at > start:
                    out[at] = 32
                    at, chars = at + 1, chars + 1
            in_others = meaning == OTHER
            starter, order = point, -1
        i += width
    while at > start and out[at - 1] == 32:
        at, chars = at - 1, chars - 1
    return at, chars, kind


@inlined
def _meaning(meaning_of, point):
    return meaning_of[min(np.int64(point), len(meaning_of) - 1)]


@kernel
def _is_address(data, first, i, end):
    """Return whether the sign at byte i is part of `://` or `www.`, which make an address."""
    if data[i] == 58:
        return i + 2 < end and data[i + 1] == 47 and data[i + 2] == 47
    # The byte is the full stop after three w.
    return data[i] == 46 and i - first >= 3 and data[i - 1] == 119 and data[i - 2] == 119 and data[i - 3] == 119


@kernel
def _compose(composed, starter, point):
    pair = np.uint64(starter) << np.uint64(21) | np.uint64(point)
    position = np.searchsorted(composed, pair)
    return position < len(composed) and composed[position] == pair
