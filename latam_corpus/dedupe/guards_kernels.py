"""The compiled tallies between shared runs: see `guards`."""

# mypy: allow-untyped-defs

from typing import Final

import numpy as np

from latam_corpus.compiled import inlined, kernel
from latam_corpus.dedupe.anchors import CAPITAL_FLAG
from latam_corpus.dedupe.anchors_kernels import LOOK_BITS, NUMBER_FLAG, WORD_BITS

# Columns of what is counted between shared runs.
ALIKE: Final = 0  # words of the shorter that look like the word at the same place of the longer
OWN_RUN: Final = 1  # of the shorter: the longest run of words that are neither shared nor alike
OTHER_RUN: Final = 2  # the same of the longer
NUMBERS_KEPT: Final = 3  # numbers of the shorter in a shared run, or equal to one at the same place
NUMBERS_SWAPPED: Final = 4  # numbers that stand where the other has another number
NAMES: Final = 5  # words with a capital of the shorter
NAMES_KEPT: Final = 6  # of these, outside shared runs, those that look like one at the same place
NAMES_SWAPPED: Final = 7  # and those that stand where the other has an unlike one
TOGETHER: Final = 8  # shared words of the shorter that stand in one place of the longer
SAME: Final = 9  # 1 where the two have the same words in the same order
TALLIES: Final = 10

_WORD_MASK: Final = np.uint32((1 << WORD_BITS) - 1)
_LOOK_MASK: Final = np.uint32((1 << LOOK_BITS) - 1)
_NUMBER: Final = np.uint32(NUMBER_FLAG)
_CAPITAL: Final = np.uint32(CAPITAL_FLAG)
_EXACT_MASK: Final = np.uint32(0x3FFFFFFF)

# A misread letter changes at most two of twelve look bits. Other words are so close by chance, short ones more often,
# so that more bits must be in common than apart.
_LOOK_APART: Final = 2
_LONGEST_GAP: Final = 40  # longer gaps are other content, whose words have no place in the other text
SLACK: Final = 3  # words by which a place may be off, for words lost or split
_ISLAND: Final = 4  # a shared run of so few words inside other content is chance and doesn't end a run of own words


@kernel
def rare_shared(anchors, offsets, common, sampling, pairs, made):
    """Write of each pair the share of either's rare anchors that the other has too: see `guards.Rarity.shared`."""
    for k in range(len(pairs)):
        a, b = pairs[k, 0], pairs[k, 1]
        # Anchors that only the finer sampling keeps can't be in the other, copy or not.
        mask = max(sampling[a], sampling[b]) - np.uint64(1)
        for side in range(2):
            x, y = (a, b) if side == 0 else (b, a)
            i, end = offsets[x], offsets[x + 1]
            j, other_end = offsets[y], offsets[y + 1]
            rare = both = 0
            while i < end:
                value = anchors[i]
                i += 1
                if value & mask != 0:
                    continue
                while j < other_end and anchors[j] < value:
                    j += 1
                at = np.searchsorted(common, value)
                if at < len(common) and common[at] == value:
                    continue
                rare += 1
                if j < other_end and anchors[j] == value:
                    both += 1
            made[k, side] = np.float32(both) / np.float32(max(rare, 1))


@inlined
def _look_alike(x, y):
    """Whether two words are one, or one of them the other misread; a number is only itself."""
    if (x ^ y) & _WORD_MASK == 0:
        return ((x | y) & _NUMBER) == 0 or (x ^ y) & _EXACT_MASK == 0
    if (x | y) & _NUMBER:
        return False
    both = ((x & y) >> np.uint32(WORD_BITS)) & _LOOK_MASK
    either = ((x ^ y) >> np.uint32(WORD_BITS)) & _LOOK_MASK
    apart = _bits(either)
    return apart <= _LOOK_APART and _bits(both) > apart


@inlined
def _bits(value):
    count = 0
    while value:
        value &= value - np.uint32(1)
        count += 1
    return count


@kernel
def count_flagged(stream, start, end, tally):
    """Start a tally: all numbers count as kept, until they are found to be missing."""
    numbers = names = 0
    for i in range(start, end):
        numbers += (stream[i] & _NUMBER) != 0
        names += (stream[i] & (_NUMBER | _CAPITAL)) == _CAPITAL
    tally[NUMBERS_KEPT] = numbers
    tally[NAMES] = names


@kernel
def tally_gaps(stream, s_start, l_start, l_words, l_run, gaps, count, tally):
    """Compare what stands between the shared runs of two texts.

    Args:
        stream: the words of all texts.
        s_start: where the shorter starts in it.
        l_start: where the longer starts.
        l_words: words of the longer.
        l_run: its longest run of words that aren't shared.
        gaps: int64[m, 4], the words between two shared runs, as start and end in the shorter and in the longer; -1
            before the first run and after the last.
        count: gaps there are.
        tally: int32[TALLIES], which is added to; it was started by `count_flagged`.
    """
    run = other_run = np.int64(0)
    for g in range(count):
        s0, s1, l0, l1 = gaps[g, 0], gaps[g, 1], gaps[g, 2], gaps[g, 3]
        if g > 0 and s0 - gaps[g - 1, 1] > _ISLAND:
            run = other_run = np.int64(0)
        width = s1 - s0
        # A run that stands in several places may be found far off: what lies between is no gap then.
        other_width = min((l1 if l1 >= 0 else l_words) - max(l0, np.int64(0)), l_run)
        if l0 < 0:
            l0 = max(np.int64(0), l1 - width)
        if l1 < 0:
            l1 = min(l_words, l0 + width)
        alike = np.int64(0)
        if width <= _LONGEST_GAP and 0 <= l1 - l0 <= 2 * _LONGEST_GAP:
            alike = _tally_gap(stream, s_start + s0, s_start + s1, l_start + l0, l_start + l1, tally)
        else:
            for i in range(s_start + s0, s_start + s1):
                tally[NUMBERS_KEPT] -= (stream[i] & _NUMBER) != 0
        tally[ALIKE] += alike
        run += width - alike
        other_run += max(other_width - alike, np.int64(0))
        tally[OWN_RUN] = max(tally[OWN_RUN], run)
        tally[OTHER_RUN] = max(tally[OTHER_RUN], other_run)


@kernel
def _tally_gap(stream, s0, s1, l0, l1, tally):
    """Compare one gap, words s0 to s1 with l0 to l1; returns how many words look like the one at their place."""
    shift = (l1 - l0) - (s1 - s0)
    before, after = min(max(-shift, 0), SLACK), min(max(shift, 0), SLACK)
    numbers = names = alike = 0
    for i in range(s0, s1):
        word = stream[i]
        at = l0 + (i - s0)
        found = False
        for j in range(max(l0, at - before), min(l1, at + after + 1)):
            if _look_alike(word, stream[j]):
                found = True
                break
        alike += found
        if not word & (_NUMBER | _CAPITAL):
            continue
        if not found:
            for j in range(max(l0, at - before - SLACK), min(l1, at + after + SLACK + 1)):
                if _look_alike(word, stream[j]):
                    found = True
                    break
        if word & _NUMBER:
            numbers += not found
        elif found:
            tally[NAMES_KEPT] += 1
        else:
            names += 1
    tally[NUMBERS_KEPT] -= numbers
    if numbers or names:
        other_numbers = other_names = 0
        for j in range(l0, l1):
            other_numbers += (stream[j] & _NUMBER) != 0
            other_names += (stream[j] & (_NUMBER | _CAPITAL)) == _CAPITAL
        tally[NUMBERS_SWAPPED] += min(numbers, other_numbers)
        tally[NAMES_SWAPPED] += min(names, other_names)
    return alike
