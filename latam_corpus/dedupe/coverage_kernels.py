"""How much of two documents stands in each other: the compiled loop under the check of pairs."""

# mypy: allow-untyped-defs

from typing import Final

import numpy as np

from latam_corpus.compiled import kernel
from latam_corpus.dedupe import guards_kernels as guards
from latam_corpus.dedupe.anchors_kernels import WORD_BITS
from latam_corpus.dedupe.guards_kernels import count_flagged, tally_gaps

_RUN: Final = 3  # words: the shortest run that counts as shared
_FREE: Final = -1
_WORD_MASK: Final = np.uint32((1 << WORD_BITS) - 1)
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
    tallies = np.zeros((len(longer), guards.TALLIES), np.int32)
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
        tally[guards.SAME] = s_words == l_words and _same(stream, s_start, l_start, s_words)
        if s_words < _RUN:
            containment[k, :] = tally[guards.SAME]
            longest[k, 0], longest[k, 1] = (0, 0) if tally[guards.SAME] else (s_words, l_words)
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
        if until > 0 and abs((found - place) - (i - last)) > guards.SLACK:
            together = 0
        new = i + _RUN - max(i, until)
        covered += new
        together += new
        tally[guards.TOGETHER] = max(tally[guards.TOGETHER], together)
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
