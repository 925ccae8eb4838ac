"""Compiled passes that compute the features of a page's blocks for `block_features`; each fills some columns.

The arrays are those of `markup.Markup`; `sums` and `alike` come from `sum_up` and `compare_siblings`.
"""

# mypy: allow-untyped-defs

from typing import Final

import numpy as np

from latam_corpus.compiled import inlined, kernel
from latam_corpus.extract.web_pages.scan_kernels import (
    AFTER_BREAK,
    BEFORE_BREAK,
    BOLD_CHARS,
    CAPITALS,
    CHARS,
    COMMAS,
    DIGITS,
    FIRST_UPPER,
    LAST,
    LINK_CHARS,
    LINKS,
    MARKS,
    SILENT_BEFORE,
    STOPS,
    UPPERS,
    WORDS,
)
from latam_corpus.extract.web_pages.tags import HINTS, TAG
from latam_corpus.text.slots_kernels import slot_of

_HINTS: Final = len(HINTS)
_FAR: Final = np.float32(30)  # distance of an element that doesn't exist
_LONG: Final = 60  # characters of a block that may be a paragraph
_LINKED: Final = 0.3  # the largest share of its characters in links
_H1: Final = TAG["h1"]
_H6: Final = TAG["h6"]


@inlined
def _share(part, total):
    return np.float32(part / total) if total > 0 else np.float32(0)


@inlined
def _is_long(count):
    chars = count[CHARS]
    return chars >= _LONG and count[LINK_CHARS] < _LINKED * chars and count[STOPS] + count[COMMAS] > 0


@kernel
def sum_up(parents, owners, counts):
    """Return sums over each element and its descendants, float64[e, 5].

    Columns: characters, characters in links, characters in long blocks, blocks; and the element's depth.
    """
    sums = np.zeros((len(parents), 5), np.float64)
    for b in range(len(owners)):
        e = owners[b]
        sums[e, 0] += counts[b, CHARS]
        sums[e, 1] += counts[b, LINK_CHARS]
        sums[e, 2] += counts[b, CHARS] if _is_long(counts[b]) else 0
        sums[e, 3] += 1
    for e in range(len(parents) - 1, 0, -1):
        for column in range(4):
            sums[parents[e], column] += sums[e, column]
    for e in range(1, len(parents)):
        sums[e, 4] = sums[parents[e], 4] + 1
    return sums


@kernel
def find_outermost(parents, hints, bits):
    """Return for each element the outermost ancestor (or itself) with any of these bits; 0 without one."""
    outermost = np.zeros(len(parents), np.int32)
    for e in range(1, len(parents)):
        outermost[e] = outermost[parents[e]]
        if outermost[e] == 0 and hints[e] & bits:
            outermost[e] = e
    return outermost


@kernel
def compare_siblings(tags, parents, sums):
    """Return statistics of each element and its siblings of the same tag, float32[e, 3].

    Columns: how many have text, the logarithm of their mean characters, their share of characters in links.
    """
    capacity = 16
    while capacity < 2 * len(tags):
        capacity *= 2
    keys = np.zeros(capacity, np.uint64)
    totals = np.zeros((capacity, 3), np.float64)
    slots = np.zeros(len(tags), np.int64)
    for e in range(1, len(tags)):
        key = (np.uint64(parents[e]) * np.uint64(64) + np.uint64(tags[e]) + np.uint64(1)) * np.uint64(
            0x9E3779B97F4A7C15
        )
        slot = slot_of(keys, key)
        keys[slot] = key
        slots[e] = slot
        if sums[e, 0] > 0:
            totals[slot, 0] += 1
            totals[slot, 1] += sums[e, 0]
            totals[slot, 2] += sums[e, 1]
    alike = np.zeros((len(tags), 3), np.float32)
    for e in range(1, len(tags)):
        count, chars, links = totals[slots[e]]
        alike[e, 0] = count
        alike[e, 1] = np.log1p(chars / max(count, 1.0))
        alike[e, 2] = _share(links, chars)
    return alike


@kernel
def find_main(parents, owners, counts, sums):
    """Return the element that directly contains most of the long blocks, in the manner of Readability (Arc90, 2009)."""
    worth = np.zeros(len(parents), np.float64)
    for b in range(len(owners)):
        if _is_long(counts[b]):
            value = 1 + counts[b, COMMAS] + min(counts[b, CHARS] / 100, 3.0)
            parent = parents[owners[b]]
            worth[owners[b]] += value / 4
            worth[parent] += value
            worth[parents[parent]] += value / 2
    best = 0
    for e in range(1, len(parents)):
        worth[e] *= 1 - _share(sums[e, 1], sums[e, 0])
        if worth[e] > worth[best] or best == 0:
            best = e if worth[e] > 0 or best else best
    return best


@kernel
def write_own(out, tags, parents, owners, counts, sums, alike):
    """Write features of each block, its ancestors' tags and the text around it; return the next free column."""
    total = max(1.0, sums[0, 0])
    column = 0
    for b in range(len(owners)):
        count = counts[b]
        chars = np.float32(count[CHARS])
        e = owners[b]
        row = out[b]
        row[0] = chars
        row[1] = count[WORDS]
        row[2] = count[LINK_CHARS] / chars
        row[3] = count[LINKS]
        row[4] = count[BOLD_CHARS] / chars
        row[5] = count[COMMAS]
        row[6] = count[STOPS]
        row[7] = count[DIGITS] / chars
        row[8] = count[UPPERS] / chars
        row[9] = _share(count[CAPITALS], count[WORDS])
        row[10] = count[MARKS] / chars
        row[11] = _share(chars, count[WORDS])
        row[12] = count[LAST]
        row[13] = count[FIRST_UPPER]
        row[14] = count[AFTER_BREAK]
        row[15] = count[BEFORE_BREAK]
        row[16] = count[SILENT_BEFORE]
        row[17] = tags[e]
        row[18] = tags[parents[e]]
        row[19] = tags[parents[parents[e]]]
        row[20] = sums[e, 4]
        column = 21
        ancestor = e
        for _ in range(4):
            row[column] = _share(sums[ancestor, 1], sums[ancestor, 0])
            row[column + 1] = np.log1p(sums[ancestor, 0])
            row[column + 2] = sums[ancestor, 0] / total
            row[column + 3] = _share(sums[ancestor, 2], sums[ancestor, 0])
            row[column + 4] = sums[ancestor, 3]
            column += 5
            ancestor = parents[ancestor]
        for element in (e, parents[e]):
            for index in range(3):
                row[column + index] = alike[element, index]
            column += 3
    return column


@kernel
def write_main(out, column, parents, owners, counts, sums, main):
    """Write features of a block's position relative to the main element; return the next free column."""
    chain = np.zeros(len(parents), np.bool_)
    ancestor_of_main = main
    while True:
        chain[ancestor_of_main] = True
        if ancestor_of_main == 0:
            break
        ancestor_of_main = parents[ancestor_of_main]
    chars_before = 0.0
    for b in range(len(owners)):
        e = owners[b]
        ancestor = e
        while not chain[ancestor]:
            ancestor = parents[ancestor]
        inside = ancestor == main
        row = out[b]
        row[column] = inside
        row[column + 1] = sums[main, 4] - sums[ancestor, 4]
        row[column + 2] = sums[e, 4] - sums[ancestor, 4]
        row[column + 3] = _share(sums[main, 0], sums[0, 0])
        row[column + 4] = _share(sums[main, 1], sums[main, 0])
        row[column + 5] = sums[main, 3]
        # 0 before the main element, from 1 to 2 within it, 3 after it.
        if inside:
            row[column + 6] = 1 + chars_before / max(1.0, sums[main, 0])
            chars_before += counts[b, CHARS]
        else:
            row[column + 6] = 3 if chars_before > 0 else 0
    return column + 7


@kernel
def write_places(out, column, tags, owners, counts):
    """Write features of a block's position among long blocks, titles and headings; return the next free column."""
    n = len(owners)
    total = long_total = 0.0
    longs = 0
    for b in range(n):
        total += counts[b, CHARS]
        if _is_long(counts[b]):
            long_total += counts[b, CHARS]
            longs += 1
    chars_before = since_chars = 0.0
    long_before = 0
    since = title = heading = 99
    for b in range(n):
        row = out[b]
        is_long = _is_long(counts[b])
        row[column] = b / n
        row[column + 1] = chars_before / max(1.0, total)
        row[column + 2] = long_before
        row[column + 3] = longs - long_before - is_long
        row[column + 4] = min(since, 99)
        row[column + 6] = since_chars
        tag = tags[owners[b]]
        if tag == _H1:
            title = 0
        if tag >= _H1 and tag <= _H6:
            heading = 0
        row[column + 8] = min(title, 99)
        row[column + 9] = min(heading, 99)
        row[column + 10] = np.log1p(total)
        row[column + 11] = n
        row[column + 12] = _share(long_total, total)
        title += 1
        heading += 1
        chars_before += counts[b, CHARS]
        long_before += is_long
        since = 1 if is_long else since + 1
        since_chars = 0.0 if is_long else since_chars + counts[b, CHARS]
    until = 99
    until_chars = 0.0
    for b in range(n - 1, -1, -1):
        out[b, column + 5] = min(until, 99)
        out[b, column + 7] = until_chars
        is_long = _is_long(counts[b])
        until = 1 if is_long else until + 1
        until_chars = 0.0 if is_long else until_chars + counts[b, CHARS]
    return column + 13


@kernel
def write_neighbours(out, column, tags, owners, counts):
    """Write features of the two blocks before and the two after; return the next free column."""
    n = len(owners)
    for b in range(n):
        first_column = column
        for side in (-2, -1, 1, 2):
            neighbour = b + side
            if neighbour >= 0 and neighbour < n:
                chars = np.float32(counts[neighbour, CHARS])
                out[b, first_column] = chars
                out[b, first_column + 1] = counts[neighbour, LINK_CHARS] / chars
                out[b, first_column + 2] = counts[neighbour, LAST]
                out[b, first_column + 3] = tags[owners[neighbour]]
                out[b, first_column + 4] = owners[neighbour] == owners[b]
                out[b, first_column + 5] = counts[neighbour, BOLD_CHARS] / chars
            else:
                out[b, first_column] = -1
            first_column += 6
    return column + 24


@kernel
def write_nearest(out, column, tags, parents, hints, owners, inline, near_tags):
    """Write how many levels up the nearest element with each tag or hint is; return the next free column."""
    width = len(near_tags) + _HINTS
    near = np.full((len(tags), width), _FAR, np.float32)
    for e in range(len(tags)):
        if e:
            for index in range(width):
                near[e, index] = min(_FAR, near[parents[e], index] + 1)
        for index in range(len(near_tags)):
            if tags[e] == near_tags[index]:
                near[e, index] = 0
        for bit in range(_HINTS):
            if hints[e] >> np.uint32(bit) & np.uint32(1):
                near[e, len(near_tags) + bit] = 0
    for b in range(len(owners)):
        for index in range(width):
            out[b, column + index] = near[owners[b], index]
        for bit in range(_HINTS):
            if inline[b] >> np.uint32(bit) & np.uint32(1):
                out[b, column + len(near_tags) + bit] = -1
    return column + width


@kernel
def write_context(parents, owners, counts, chances, width):
    """Return the rows of `block_features.CONTEXT`, float32[b, width]."""
    n = len(owners)
    out = np.empty((n, width), np.float32)
    sums = np.zeros((len(parents), 2), np.float64)
    total = 0.0
    best = np.float32(0)
    for b in range(n):
        chars = counts[b, CHARS]
        sums[owners[b], 0] += chances[b] * chars
        sums[owners[b], 1] += chars
        total += chances[b] * chars
        best = max(best, chances[b])
    for e in range(len(parents) - 1, 0, -1):
        sums[parents[e], 0] += sums[e, 0]
        sums[parents[e], 1] += sums[e, 1]
    kept_before = 0.0
    likely_before = 0
    for b in range(n):
        row = out[b]
        row[0] = chances[b]
        column = 1
        for side in (-3, -2, -1, 1, 2, 3):
            neighbour = b + side
            row[column] = chances[neighbour] if neighbour >= 0 and neighbour < n else -1
            column += 1
        ancestor = owners[b]
        for _ in range(4):
            row[column] = _share(sums[ancestor, 0], sums[ancestor, 1])
            column += 1
            ancestor = parents[ancestor]
        kept_before += chances[b] * counts[b, CHARS]
        likely_before += chances[b] > 0.5
        row[column] = kept_before / max(total, 1.0)
        row[column + 1] = np.log1p(total)
        row[column + 2] = best
        near = chars = 0.0
        for neighbour in range(max(0, b - 4), min(n, b + 5)):
            near += chances[neighbour] * counts[neighbour, CHARS]
            chars += counts[neighbour, CHARS]
        row[column + 3] = _share(near, chars)
        row[column + 4] = likely_before
    return out
