"""The compiled check of pairs: how much of two documents stands in each other, and what stands between."""

# mypy: allow-untyped-defs

from typing import Final

import numpy as np

from latam_corpus.compiled import inlined, kernel
from latam_corpus.dedupe.anchors import CAPITAL_FLAG
from latam_corpus.dedupe.fingerprint_kernels import LOOK_BITS, NUMBER_FLAG, WORD_BITS

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


_RUN: Final = 3  # words: the shortest run that counts as shared
_FREE: Final = -1

_SPREAD: Final = np.uint64(0x9E3779B97F4A7C15)
_FINER: Final = 3  # as a power of two, the bits of `seen` for each slot
_MARKS: Final = 6 - _FINER  # as a power of two, the slots for each of its 64-bit words
_UNREAD: Final = 8  # a text so many times longer isn't read for each short one in it


@kernel
def compare(stream, offsets, longer, shorter, least):
    """Containment, longest run without the other, and tallies of each pair: shorter first, then longer.

    Args:
        stream: the words of all documents.
        offsets: where each document starts.
        longer: the longer document of each pair; equal ones side by side, since each is hashed once.
        shorter: the shorter one.
        least: where both have a smaller containment, nothing stands in anything, and the gaps aren't looked at.
    """
    containment = np.zeros((len(longer), 2), np.float32)
    longest = np.zeros((len(longer), 2), np.int32)
    tallies = np.zeros((len(longer), TALLIES), np.int32)
    most = 0
    for document in longer:
        most = max(most, offsets[document + 1] - offsets[document])
    room = np.empty(1 << _bits_for(most), np.int32)
    marks = np.empty(1 << (_bits_for(most) - _MARKS), np.uint64)
    l_keys, s_keys = np.empty(most + 1, np.uint64), np.empty(most + 1, np.uint64)
    head = np.empty(most + 1, np.int32)
    hit = np.full(most + 1, -1, np.int64)
    gaps = np.empty((most // 2 + 2, 4), np.int64)
    current = -1
    slots, seen = room[:16], marks[:1]
    keyed = distinct = 0
    for k in range(len(longer)):
        document, other = int(longer[k]), int(shorter[k])
        l_start, l_words = offsets[document], offsets[document + 1] - offsets[document]
        s_start, s_words = offsets[other], offsets[other + 1] - offsets[other]
        if document != current:
            current = document
            keyed = _write_keys(stream, l_start, l_words, l_keys)
            slots = room[: 1 << _bits_for(keyed)]
            seen = marks[: 1 << (_bits_for(keyed) - _MARKS)]
            distinct = _index(l_keys, keyed, slots, seen, head)
        tally = tallies[k]
        tally[SAME] = s_words == l_words and _same(stream, s_start, l_start, s_words)
        if s_words < _RUN:
            containment[k, :] = tally[SAME]
            longest[k, 0], longest[k, 1] = (0, 0) if tally[SAME] else (s_words, l_words)
            continue
        s_keyed = _write_keys(stream, s_start, s_words, s_keys)
        longer_text = l_keys, keyed, slots, seen, head
        covered, run, hits, found = _read_shorter(s_keys, s_keyed, longer_text, hit, k, gaps, tally)
        containment[k, 0] = covered / s_words
        longest[k, 0] = run
        l_run = l_words
        if l_words > _UNREAD * s_words:
            containment[k, 1] = covered / l_words
        elif containment[k, 0] < least and _RUN * (hits + keyed - distinct) < least * l_words:
            # Not even the longer can stand in the shorter, by repeating itself: it isn't read.
            containment[k, 1] = covered / l_words
            longest[k, 1] = l_words
        else:
            covered, l_run = _read_longer(head, keyed, hit, k)
            containment[k, 1] = covered / l_words
            longest[k, 1] = l_run
        if max(containment[k, 0], containment[k, 1]) >= least:
            count_flagged(stream, s_start, s_start + s_words, tally)
            tally_gaps(stream, s_start, l_start, l_words, l_run, gaps, found, tally)
    return containment, longest, tallies


@kernel
def _bits_for(keys):
    """The size of a hash table, as a power of two, in which at most half of the slots are taken."""
    bits = 4
    while (1 << bits) < 2 * keys:
        bits += 1
    return bits


@kernel
def _same(stream, a, b, words):
    """Whether two texts of so many words have the same ones in the same order; empty texts are never the same."""
    for i in range(words):
        if (stream[a + i] ^ stream[b + i]) & _WORD_MASK != 0:
            return False
    return words > 0


@kernel
def _write_keys(stream, start, words, keys):
    """Each three words of a text as one number of 54 bits; returns how many there are."""
    key = np.uint64(0)
    for i in range(words):
        key = (key >> np.uint64(WORD_BITS)) | (np.uint64(stream[start + i] & _WORD_MASK) << np.uint64(2 * WORD_BITS))
        if i >= _RUN - 1:
            keys[i - _RUN + 1] = key
    return max(words - _RUN + 1, 0)


@kernel
def _index(keys, count, slots, seen, head):
    """Hash the keys of a text: `slots` hold the places of first occurrences, `head` the first of each place.

    `seen` has at least sixteen bits a key and one of them set: nearly all that isn't there is passed over without a
    jump that the processor can't foresee.

    Returns how many distinct keys there are.
    """
    mask = len(slots) - 1
    shift = np.uint64(64 - _bits_for(count))
    distinct = 0
    slots[:] = _FREE
    seen[:] = np.uint64(0)
    for i in range(count):
        key = keys[i]
        slot = np.int64((key * _SPREAD) >> shift)
        mark = (key * _SPREAD) >> (shift - np.uint64(_FINER))
        seen[mark >> np.uint64(6)] |= np.uint64(1) << (mark & np.uint64(63))
        while slots[slot] != _FREE and keys[slots[slot]] != key:
            slot = (slot + 1) & mask
        if slots[slot] == _FREE:
            slots[slot] = i
            distinct += 1
        head[i] = slots[slot]
    return distinct


@kernel
def _read_shorter(s_keys, s_keyed, longer_text, hit, k, gaps, tally):
    """Look the shorter text up in the longer.

    Marks in `hit` the keys of the longer that it has, and writes what stands between two shared runs to `gaps`, as
    start and end in the shorter and in the longer, -1 where there is no run before or after.

    Returns:
        Words in shared runs, the longest run of other words, distinct keys found, gaps written.
    """
    l_keys, keyed, slots, seen, head = longer_text
    mask = len(slots) - 1
    shift = np.uint64(64 - _bits_for(keyed))
    words = s_keyed + _RUN - 1
    covered = run = hits = together = last = count = 0
    until = 0  # the end of the last shared run
    place = -_RUN - 1  # where its last three words stand in the longer
    for i in range(s_keyed):
        key = s_keys[i]
        # Where a run goes on there is nothing to look up, and of several equal places it is the right one.
        if until > 0 and place + 1 < keyed and l_keys[place + 1] == key:
            found = place + 1
        else:
            mark = (key * _SPREAD) >> (shift - np.uint64(_FINER))
            if not (seen[mark >> np.uint64(6)] >> (mark & np.uint64(63))) & np.uint64(1):
                continue
            slot = np.int64((key * _SPREAD) >> shift)
            while slots[slot] != _FREE and l_keys[slots[slot]] != key:
                slot = (slot + 1) & mask
            found = int(slots[slot])
            if found == _FREE:
                continue
        hits += hit[head[found]] != k
        hit[head[found]] = k
        if i > until or (i == until and until > 0 and found != place + _RUN):
            run = max(run, i - until)
            gaps[count, 0], gaps[count, 1] = until, i
            gaps[count, 2], gaps[count, 3] = (place + _RUN if until > 0 else -1), found
            count += 1
        if until > 0 and abs((found - place) - (i - last)) > SLACK:
            together = 0
        new = i + _RUN - max(i, until)
        covered += new
        together += new
        tally[TOGETHER] = max(tally[TOGETHER], together)
        until = i + _RUN
        place, last = found, i
    if until < words:
        run = max(run, words - until)
        gaps[count, 0], gaps[count, 1] = until, words
        gaps[count, 2], gaps[count, 3] = (place + _RUN if until > 0 else -1), -1
        count += 1
    return covered, run, hits, count


@kernel
def _read_longer(head, keyed, hit, k):
    """Words of the longer text in shared runs, and its longest run of other words."""
    covered = run = until = 0
    for i in range(keyed):
        if hit[head[i]] == k:
            run = max(run, i - until)
            covered += i + _RUN - max(i, until)
            until = i + _RUN
    return covered, max(run, keyed + _RUN - 1 - until)


@kernel
def copy_pieces(values, starts, ends, made):
    """Copy runs of values one after another, from each start on as many as fit between two ends."""
    for k in range(len(starts)):
        n = ends[k + 1] - ends[k]
        made[ends[k] : ends[k] + n] = values[starts[k] : starts[k] + n]
