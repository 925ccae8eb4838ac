"""The compiled comparison of pairs: how much of each document is in the other, and how the rest differs."""

# mypy: allow-untyped-defs

from typing import Final

import numpy as np

from latam_corpus.compiled import inlined, kernel
from latam_corpus.dedupe.fingerprints.anchors import CAPITAL_FLAG
from latam_corpus.dedupe.fingerprints.fingerprint_kernels import LOOK_BITS, NUMBER_FLAG, WORD_BITS

# Columns of the tallies of words between shared runs. "The shorter" and "the longer" are the two texts; the counterpart
# of a word is the word in the same place of the other text.
ALIKE: Final = 0  # words of the shorter that look like their counterparts
OWN_RUN: Final = 1  # length of the longest run of words of the shorter that are neither shared nor alike
OTHER_RUN: Final = 2  # the same for the longer
NUMBERS_KEPT: Final = 3  # numbers of the shorter in a shared run, or equal to their counterparts
NUMBERS_SWAPPED: Final = 4  # numbers whose counterpart is a different number
NAMES: Final = 5  # capitalised words of the shorter
NAMES_KEPT: Final = 6  # NAMES outside shared runs that look like their counterparts
NAMES_SWAPPED: Final = 7  # NAMES outside shared runs whose counterpart is an unlike name
TOGETHER: Final = 8  # shared words of the shorter that are close together in the longer
SAME: Final = 9  # 1 if the two have the same words in the same order
# Between two shared runs that are near each other in both texts:
DIFFERENT: Final = 10  # differing words, in the text that has more of them
SLOTS: Final = 11  # DIFFERENT words that are numbers or names unlike their counterparts, or an added or missing «no»
OTHER_NUMBERS: Final = 12  # SLOTS with a number, in digits or in words, or a month or weekday
DENIED: Final = 13  # SLOTS with a «no»
REPLACED: Final = 14  # words of the shorter in replaced passages of three or more words between shared runs
PLACES: Final = 15  # the number of such passages
UNLIKE: Final = 16  # words of the shorter that the longer lacks in these passages
OTHER_UNLIKE: Final = 17  # the same for the longer
REGULAR: Final = 18  # words that always replace the same other word, as in another spelling
REGULAR_WORDS: Final = 19  # the number of distinct REGULAR words
IRREGULAR: Final = 20  # words that replace another word only sometimes
MISREAD: Final = 21  # different words that look alike, in the text that has more of them
EDGE: Final = 22  # words of a replaced passage before the first or after the last shared run, up to a line's length
SPOILT: Final = 23  # words of the shorter that look like a much more frequent counterpart
OTHER_SPOILT: Final = 24  # the same for the longer
PICKED: Final = 25  # words of the longer after the shorter's end, if they repeat three or more pieces of the text
HEAD: Final = 26  # words of the longer before the shorter's beginning; 0 if the beginning isn't found
TAIL: Final = 27  # words of the longer after the shorter's end; 0 if the end isn't found
TALLIES: Final = 28

# Columns of the counts of two documents' anchors, each followed by the count of those that many documents have.
OWN: Final = 0  # anchors of the first that the second lacks
OTHERS: Final = 2  # anchors of the second that the first lacks
BOTH: Final = 4
ANCHORS: Final = 6

# Bits of the lexicon: kinds of words.
NUMERAL: Final = 1  # a number in words, a month or a weekday
DENIAL: Final = 2

_WORD_MASK: Final = np.uint32((1 << WORD_BITS) - 1)
_LOOK_MASK: Final = np.uint32((1 << LOOK_BITS) - 1)
_NUMBER: Final = np.uint32(NUMBER_FLAG)
_CAPITAL: Final = np.uint32(CAPITAL_FLAG)
_EXACT_MASK: Final = np.uint32(0x3FFFFFFF)
_SPREAD: Final = np.uint64(0x9E3779B97F4A7C15)

# A misread letter changes at most two of twelve look bits. Unrelated words, especially short ones, may be as close by
# chance, so more bits must be equal than differ.
_LOOK_APART: Final = 2
_LONGEST_GAP: Final = 40  # words; longer gaps are different content, whose words have no counterparts
SLACK: Final = 3  # words by which a counterpart may be shifted, because words were lost or split
_PASSAGE: Final = 3  # minimum own words of a passage, if they are half of the words there
_SMALL_GAP: Final = 8  # maximum words of a slot, and of a gap at an edge that may be a slot
_EDGE: Final = 24  # words; the head and foot of a page are longer than two lines of a song
_CASED: Final = 0.6  # if a larger share of a text's words is capitalised, its capitals are no evidence
_CASED_WORDS: Final = 12  # a shorter text may begin in lower case, as a line of a song
_EXCHANGED: Final = 6  # words; fewer are no evidence of a spelling
# The right word is at least this many times as frequent as the misread one. Our own choice, on five books with
# simulated scanning errors other than those of tests/benchmarks/dedupe: it recognised 387 of 399 scans, and mistook the
# right text for the scan once.
_CLEARER: Final = 4
_CLEARER_SHORT: Final = 256
# Each word is counted in two tables, and the smaller count is used: in a single table, a hundred thousand words collide
# too often, and a misread word would look as frequent as the word it collides with.
FREQUENCIES: Final = 2
FREQUENCY_BITS: Final = 19
_SPLIT: Final = 4  # up to this many words may be a single word in the other text
_ISLAND: Final = 4  # words; within different content, a shared run of at most this many is chance and doesn't end a run


@kernel(work="anchors")
def count_anchors(anchors, offsets, common, sampling, pairs, out):
    """Count the anchors of one or both documents of each pair; see the columns from OWN on.

    Args:
        anchors: the anchors of all documents, sorted within each.
        offsets: where each document starts.
        common: the anchors that many documents have, sorted.
        sampling: the divisor of the anchors of each document.
        pairs: numbers of documents.
        out: int32[k, ANCHORS], written to.
    """
    for k in range(len(pairs)):
        a, b = pairs[k, 0], pairs[k, 1]
        # Anchors that only the finer sampling keeps can't be among the other document's, even if it is a copy.
        mask = max(sampling[a], sampling[b]) - np.uint64(1)
        i, end, j, other_end = offsets[a], offsets[a + 1], offsets[b], offsets[b + 1]
        while i < end or j < other_end:
            value = anchors[i] if j == other_end or (i < end and anchors[i] <= anchors[j]) else anchors[j]
            in_first = i < end and anchors[i] == value
            in_second = j < other_end and anchors[j] == value
            i += in_first
            j += in_second
            if value & mask != 0:
                continue
            at = np.searchsorted(common, value)
            column = BOTH if in_first and in_second else OWN if in_first else OTHERS
            out[k, column] += 1
            out[k, column + 1] += at < len(common) and common[at] == value


@inlined
def _look_alike(x, y):
    """Return whether two words are equal or one may be the other misread; a number is only like itself."""
    if (x ^ y) & _WORD_MASK == 0:
        return ((x | y) & _NUMBER) == 0 or (x ^ y) & _EXACT_MASK == 0
    if (x | y) & _NUMBER:
        return False
    common_bits = ((x & y) >> np.uint32(WORD_BITS)) & _LOOK_MASK
    differing_bits = ((x ^ y) >> np.uint32(WORD_BITS)) & _LOOK_MASK
    distance = _bits(differing_bits)
    return distance <= _LOOK_APART and _bits(common_bits) > distance


@inlined
def _bits(value):
    count = 0
    while value:
        value &= value - np.uint32(1)
        count += 1
    return count


@kernel
def count_flagged(stream, start, end, tally):
    """Start a tally: all numbers count as kept until the comparison shows that they are missing."""
    numbers = names = 0
    for i in range(start, end):
        numbers += (stream[i] & _NUMBER) != 0
        names += (stream[i] & (_NUMBER | _CAPITAL)) == _CAPITAL
    tally[NUMBERS_KEPT] = numbers
    tally[NAMES] = names


@kernel
def cased(stream, start, words):
    """Return whether capitals are evidence in a text: not if most or none of its words have one."""
    capitals = 0
    for i in range(start, start + words):
        capitals += (stream[i] & (_NUMBER | _CAPITAL)) == _CAPITAL
    return capitals <= _CASED * words and (capitals > 0 or words < _CASED_WORDS)


@kernel
def tally_gaps(texts, l_run, gaps, count, tally):
    """Compare the words of two texts between their shared runs.

    Args:
        texts: the words of all texts, the offsets of the shorter and the longer, and their numbers of words.
        l_run: the longest run of unshared words of the longer.
        gaps: int64[m, 4], the words between two shared runs, as start and end in the shorter and in the longer; -1
            before the first run and after the last.
        count: the number of gaps.
        tally: int32[TALLIES], started by `count_flagged`; added to.
    """
    stream, s_start, l_start, _, l_words = texts
    run = other_run = np.int64(0)
    for g in range(count):
        s0, s1, l0, l1 = gaps[g, 0], gaps[g, 1], gaps[g, 2], gaps[g, 3]
        if g > 0 and s0 - gaps[g - 1, 1] > _ISLAND:
            run = other_run = np.int64(0)
        width = s1 - s0
        # A run that occurs in several places may be found far away; then the words before it aren't a gap.
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
def tally_spoilt(texts, gaps, count, lexicon, frequency, tally):
    """Count the words of each text that look like a much more frequent counterpart in the other text.

    Args:
        texts: as in `tally_gaps`.
        gaps: as in `tally_gaps`.
        count: the number of gaps.
        lexicon: as in `tally_differences`.
        frequency: the counts of each word in the compared documents (`count_words`).
        tally: int32[TALLIES], added to.
    """
    stream, s_start, l_start, _, l_words = texts
    for g in range(count):
        s0, s1, l0, l1 = gaps[g, 0], gaps[g, 1], gaps[g, 2], gaps[g, 3]
        if l0 < 0:
            l0 = max(np.int64(0), l1 - (s1 - s0))
        if l1 < 0:
            l1 = min(l_words, l0 + s1 - s0)
        width, other_width = s1 - s0, l1 - l0
        if min(width, other_width) < 1 or max(width, other_width) > _LONGEST_GAP:
            continue
        if width == other_width:
            for i in range(width):
                place = s_start + s0 + i, s_start + s0 + i + 1, l_start + l0 + i, l_start + l0 + i + 1
                _tally_clearer(stream, place, lexicon, frequency, tally)
        elif max(width, other_width) <= _SPLIT:
            # The pieces of a word may be frequent words, so the joined word must be much rarer.
            place = s_start + s0, s_start + s1, l_start + l0, l_start + l1
            _tally_clearer(stream, place, lexicon, frequency, tally)


@kernel
def _tally_clearer(stream, place, lexicon, frequency, tally):
    """Count a word (or its pieces) if its rarest word is much rarer than that of the counterpart."""
    s0, s1, l0, l1 = place
    s_look, s_number, s_rarest = _looks(stream, s0, s1, lexicon, frequency)
    l_look, l_number, l_rarest = _looks(stream, l0, l1, lexicon, frequency)
    if s_number and l_number:
        return
    factor = _CLEARER
    # The look of a word with a digit is unknown. The word counts as misread, unless its counterpart is also a number.
    if not (s_number or l_number):
        distance = _bits(s_look ^ l_look)
        if distance > _LOOK_APART:
            return
        if _bits(s_look & l_look) <= distance:
            # The look of two or three letters is weak evidence, but such words are the most frequent of any language.
            factor = _CLEARER_SHORT
    split = _CLEARER if l1 - l0 > s1 - s0 else 1
    joined = _CLEARER if l1 - l0 < s1 - s0 else 1
    tally[SPOILT] += l_rarest >= factor * split * max(s_rarest, np.int64(1))
    tally[OTHER_SPOILT] += s_rarest >= factor * joined * max(l_rarest, np.int64(1))


@kernel
def _looks(stream, start, end, lexicon, frequency):
    """Return the combined look of some words, whether any is a number, and the count of the rarest."""
    look = np.uint32(0)
    has_number = False
    rarest = _times(stream[start], frequency)
    for i in range(start, end):
        word = stream[i]
        has_number |= word & _NUMBER != 0 or lexicon[word & _WORD_MASK] & NUMERAL != 0
        look |= (word >> np.uint32(WORD_BITS)) & _LOOK_MASK
        rarest = min(rarest, _times(word, frequency))
    return look, has_number, rarest


@inlined
def _times(word, frequency):
    """Return the count of a word; it is too high if the word collided with another one in both tables."""
    first, second = _places(word)
    return np.int64(min(frequency[0, first], frequency[1, second]))


@inlined
def _places(word):
    spread = np.uint64(word & _EXACT_MASK) * _SPREAD
    mask = np.uint64((1 << FREQUENCY_BITS) - 1)
    return spread >> np.uint64(64 - FREQUENCY_BITS), (spread >> np.uint64(64 - 2 * FREQUENCY_BITS)) & mask


@kernel(work="values")
def count_words(values, counts):
    """Add the occurrences of each word in a stream to the counts: integers[FREQUENCIES, 2 ** FREQUENCY_BITS]."""
    for value in values:
        first, second = _places(value)
        counts[0, first] += 1
        counts[1, second] += 1


@kernel
def is_form(tally, limits):
    """Return whether enough numbers or names are swapped for two texts on one form; then nothing more is measured.

    Args:
        tally: the result of `tally_gaps`.
        limits: bounds on numbers, names, and the share of all names (`bounds.Bounds`).
    """
    equal_count, swapped_count = tally[NUMBERS_KEPT], tally[NUMBERS_SWAPPED]
    if equal_count + swapped_count >= limits[0] and equal_count <= swapped_count:
        return True
    equal_count, swapped_count = tally[NAMES_KEPT], tally[NAMES_SWAPPED]
    return (
        equal_count + swapped_count >= limits[1]
        and equal_count < swapped_count
        and swapped_count >= limits[2] * tally[NAMES]
    )


@kernel
def tally_differences(texts, gaps, count, lexicon, exchanged, tally):
    """Classify the differences between the shared runs of two texts: see the columns from DIFFERENT on.

    Args:
        texts: as in `tally_gaps`.
        gaps: as in `tally_gaps`.
        count: the number of gaps.
        lexicon: uint8, by the identity of a word: NUMERAL, DENIAL.
        exchanged: room for the words whose counterpart is a different word.
        tally: int32[TALLIES], added to.

    Returns:
        The number of written exchanges. An exchange is the word of the shorter, shifted left by WORD_BITS, and its
        counterpart.
    """
    stream, s_start, l_start, s_words, l_words = texts
    exchanged_count = 0
    cases = cased(stream, s_start, s_words), cased(stream, l_start, l_words)
    for g in range(count):
        s0, s1, l0, l1 = gaps[g, 0], gaps[g, 1], gaps[g, 2], gaps[g, 3]
        edge = l0 < 0 or l1 < 0
        l0, l1 = max(l0, np.int64(0)), (l1 if l1 >= 0 else l_words)
        width, other_width = s1 - s0, l1 - l0
        if other_width < 0:
            continue
        if edge and (width > _EDGE or other_width > _EDGE):
            continue
        if edge and max(width, other_width) > _SMALL_GAP and 2 * min(width, other_width) < max(width, other_width):
            continue
        if width <= _LONGEST_GAP and other_width <= 2 * _LONGEST_GAP:
            span = s_start + s0, s_start + s1, l_start + l0, l_start + l1
            if width > 0 and other_width > 0:
                exchanged_count = _tally_difference(
                    stream, span, edge, cases, lexicon, exchanged, exchanged_count, tally
                )
                continue
            # Words that only one of the texts has.
            denials = 0
            for i in range(s_start + s0, s_start + s1):
                denials += lexicon[stream[i] & _WORD_MASK] & DENIAL != 0
            for i in range(l_start + l0, l_start + l1):
                denials += lexicon[stream[i] & _WORD_MASK] & DENIAL != 0
            tally[DIFFERENT] += width + other_width
            tally[SLOTS] += denials
            tally[DENIED] += denials
            if not edge:
                tally[UNLIKE] += width
                tally[OTHER_UNLIKE] += other_width
            continue
        tally[DIFFERENT] += max(width, min(np.int64(2 * _LONGEST_GAP), other_width))
        if width > _LONGEST_GAP and other_width > _LONGEST_GAP:
            tally[REPLACED] += width
            tally[PLACES] += 1
    return exchanged_count


@kernel
def _tally_difference(stream, span, edge, cases, lexicon, exchanged, exchanged_count, tally):
    """Classify the words of two texts between shared runs: misread words, slots of a form, different passages."""
    s0, s1, l0, l1 = span
    if s1 - s0 == l1 - l0:
        misread = 0
        for i in range(s0, s1):
            word, other_word = stream[i], stream[l0 + i - s0]
            if (word ^ other_word) & _WORD_MASK != 0:
                kind = lexicon[word & _WORD_MASK] | lexicon[other_word & _WORD_MASK]
                if kind or not _look_alike(word, other_word):
                    misread = -1
                    break
                misread += 1
        if misread >= 0:
            # The words are the same, at most misread.
            tally[MISREAD] += misread
            return _exchange(stream, span, exchanged, exchanged_count)
    s_tallies = _strange(stream, s0, s1, l0, l1, cases[0], lexicon)
    l_tallies = _strange(stream, l0, l1, s0, s1, cases[1], lexicon)
    s_strange, s_misread, s_names, s_numbers, s_denials = s_tallies
    l_strange, l_misread, l_names, l_numbers, l_denials = l_tallies
    if s1 - s0 == l1 - l0:
        exchanged_count = _exchange(stream, span, exchanged, exchanged_count)
    tally[MISREAD] += max(s_misread, l_misread)
    numbers = min(s_numbers, l_numbers)
    names = min(s_names, l_names)
    # An additional «no», not one that replaces a word.
    denied = min(abs(s_denials - l_denials), abs(s_strange - l_strange))
    # Words in a slot next to a different name or number belong to the slot.
    in_slot = numbers + names > 0 and max(s1 - s0, l1 - l0) <= _SMALL_GAP
    tally[DIFFERENT] += numbers + names + denied if in_slot else max(s_strange, l_strange)
    tally[SLOTS] += numbers + names + denied
    tally[OTHER_NUMBERS] += numbers
    tally[DENIED] += denied
    is_passage = min(s_strange, l_strange) >= _PASSAGE and 2 * s_strange >= s1 - s0 and 2 * l_strange >= l1 - l0
    if edge:
        if is_passage:
            tally[EDGE] = max(tally[EDGE], s_strange)
        return exchanged_count
    tally[UNLIKE] += s_strange
    tally[OTHER_UNLIKE] += l_strange
    if is_passage:
        tally[REPLACED] += s_strange
        tally[PLACES] += 1
    return exchanged_count


@kernel
def _exchange(stream, span, exchanged, exchanged_count):
    """Write the words whose counterparts differ, from index `exchanged_count` on; return the new count."""
    s0, s1, l0, _ = span
    for i in range(s0, s1):
        word, other_word = stream[i] & _WORD_MASK, stream[l0 + i - s0] & _WORD_MASK
        if word != other_word:
            exchanged[exchanged_count] = (np.uint64(word) << np.uint64(WORD_BITS)) | np.uint64(other_word)
            exchanged_count += 1
    return exchanged_count


@kernel
def _strange(stream, a0, a1, b0, b1, case, lexicon):
    """Count the words of one gap that the other text doesn't have near the same place (strange words).

    Returns:
        The numbers of strange words, of misread words, and of the names, numbers and denials among the strange words.
    """
    strange = misread = names = numbers = denials = 0
    shift = (b1 - b0) - (a1 - a0)
    reach_before, reach_after = min(shift, 0) - SLACK, max(shift, 0) + SLACK
    min_shift, max_shift = max(min(shift, 0), -SLACK), min(max(shift, 0), SLACK)
    for i in range(a0, a1):
        word = stream[i]
        kind = lexicon[word & _WORD_MASK]
        at = b0 + (i - a0)
        alike = same = False
        for j in range(max(b0, at + reach_before), min(b1, at + reach_after + 1)):
            if (word ^ stream[j]) & _WORD_MASK == 0 and _look_alike(word, stream[j]):
                same = True
                break
            # Many months and numbers look alike, and short words always do.
            if not kind and min_shift <= j - at <= max_shift:
                alike |= _look_alike(word, stream[j])
        if same or alike:
            misread += not same
            continue
        strange += 1
        if word & _NUMBER or kind & NUMERAL:
            numbers += 1
        elif kind & DENIAL:
            denials += 1
        elif not case or word & _CAPITAL:
            names += 1
    return strange, misread, names, numbers, denials


@kernel
def count_regular(texts, exchanged, tally):
    """Count the words that always replace the same word, in the text that has fewer of them.

    Args:
        texts: as in `tally_gaps`.
        exchanged: the result of `tally_differences`; it is sorted in place.
        tally: int32[TALLIES], written to.
    """
    stream, s_start, l_start, s_words, l_words = texts
    if len(exchanged) < _EXCHANGED or 100 * len(exchanged) < s_words:
        return
    exchanged.sort()
    repeated = 0
    for k in range(1, len(exchanged)):
        repeated += exchanged[k] == exchanged[k - 1]
    # A regular replacement occurs at least twice.
    if 2 * repeated < _EXCHANGED:
        return
    regular, distinct, irregular = _regular(stream, s_start, s_words, exchanged)
    mask = np.uint64(_WORD_MASK)
    for k in range(len(exchanged)):
        exchanged[k] = ((exchanged[k] & mask) << np.uint64(WORD_BITS)) | (exchanged[k] >> np.uint64(WORD_BITS))
    exchanged.sort()
    other_regular, other_distinct, other_irregular = _regular(stream, l_start, l_words, exchanged)
    tally[REGULAR] = min(regular, other_regular)
    tally[REGULAR_WORDS] = min(distinct, other_distinct)
    tally[IRREGULAR] = max(irregular, other_irregular)


@kernel
def _regular(stream, start, words, exchanged):
    """Return the numbers of words that always replace the same word, of distinct ones, and of irregular ones."""
    count = len(exchanged)
    regular = distinct = irregular = 0
    bits = 4
    while (1 << bits) < 2 * count:
        bits += 1
    mask = np.uint32((1 << bits) - 1)
    keys = np.full(1 << bits, -1, np.int64)
    seen = np.zeros(1 << bits, np.int64)
    for k in range(count):
        word = np.uint32(exchanged[k] >> np.uint64(WORD_BITS))
        slot = word & mask
        while keys[slot] >= 0 and keys[slot] != word:
            slot = (slot + np.uint32(1)) & mask
        keys[slot] = word
    for i in range(start, start + words):
        word = stream[i] & _WORD_MASK
        slot = word & mask
        while keys[slot] >= 0 and keys[slot] != word:
            slot = (slot + np.uint32(1)) & mask
        if keys[slot] >= 0:
            seen[slot] += 1
    k = 0
    while k < count:
        word = np.uint32(exchanged[k] >> np.uint64(WORD_BITS))
        most_frequent = replaced_count = 0
        while k < count and np.uint32(exchanged[k] >> np.uint64(WORD_BITS)) == word:
            first_equal = k
            while k < count and exchanged[k] == exchanged[first_equal]:
                k += 1
            most_frequent = max(most_frequent, k - first_equal)
            replaced_count += k - first_equal
        slot = word & mask
        while keys[slot] != word:
            slot = (slot + np.uint32(1)) & mask
        if seen[slot] < 2:
            continue
        if 5 * most_frequent >= 4 * seen[slot]:
            regular += most_frequent
            distinct += 1
        else:
            irregular += replaced_count
    return regular, distinct, irregular


@kernel
def _tally_gap(stream, s0, s1, l0, l1, tally):
    """Compare one gap, words s0 to s1 with l0 to l1; return the number of words that look like their counterparts."""
    shift = (l1 - l0) - (s1 - s0)
    reach_before, reach_after = min(max(-shift, 0), SLACK), min(max(shift, 0), SLACK)
    numbers = names = alike = 0
    for i in range(s0, s1):
        word = stream[i]
        at = l0 + (i - s0)
        is_alike = False
        for j in range(max(l0, at - reach_before), min(l1, at + reach_after + 1)):
            if _look_alike(word, stream[j]):
                is_alike = True
                break
        alike += is_alike
        if not word & (_NUMBER | _CAPITAL):
            continue
        if not is_alike:
            for j in range(max(l0, at - reach_before - SLACK), min(l1, at + reach_after + SLACK + 1)):
                if _look_alike(word, stream[j]):
                    is_alike = True
                    break
        if word & _NUMBER:
            numbers += not is_alike
        elif is_alike:
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


_RUN: Final = 3  # words of the shortest run that counts as shared
_FREE: Final = -1

_FINER: Final = 3  # as a power of two, the bits of `seen` for each slot
_MARKS: Final = 6 - _FINER  # as a power of two, the slots for each of its 64-bit words
_UNREAD: Final = 8  # a text this many times longer isn't read again for each short one in it
# Texts of more words share runs with any other text by chance: two unrelated novels share 4 % of their words at 10,000
# words, 22 % at 100,000 and 52 % at 1.5 million. In these, a run counts only if it is long or next to the same runs in
# both texts.
_CHANCE: Final = 10_000
_PIECES: Final = 3
_SURE: Final = 8  # words; a run of this length isn't chance even in a very long text


@kernel(work="stream")
def compare(stream, offsets, longer, shorter, min_containment, lexicon, limits, frequency):
    """Return containment, longest run that the other lacks, and tallies of each pair; the shorter text comes first.

    Args:
        stream: the words of all documents.
        offsets: where each document starts.
        longer: the longer document of each pair, with equal ones adjacent, because each is hashed once.
        shorter: the shorter document of each pair.
        min_containment: if both containments are smaller, neither text is in the other, and the gaps aren't compared.
        lexicon: uint8, the kind of each word by its identity (`pair_facts.lexicon`).
        limits: as in `is_form`.
        frequency: as in `tally_spoilt`.
    """
    containment = np.zeros((len(longer), 2), np.float32)
    longest = np.zeros((len(longer), 2), np.int32)
    tallies = np.zeros((len(longer), TALLIES), np.int32)
    max_words = 0
    for document in longer:
        max_words = max(max_words, offsets[document + 1] - offsets[document])
    workspace = np.empty(1 << _bits_for(max_words), np.int32)
    marks = np.empty(1 << (_bits_for(max_words) - _MARKS), np.uint64)
    l_keys, s_keys = np.empty(max_words + 1, np.uint64), np.empty(max_words + 1, np.uint64)
    head, at = np.empty(max_words + 1, np.int32), np.empty(max_words + 1, np.int32)
    itself = np.arange(max_words + 1 if max_words > _CHANCE else 1).astype(np.int32)
    hit_by = np.full(max_words + 1, -1, np.int64)
    gaps = np.empty((max_words // 2 + 2, 4), np.int64)
    exchanged = np.empty(max_words + 1, np.uint64)
    current = -1
    slots, seen = workspace[:16], marks[:1]
    keyed = distinct = 0
    for k in range(len(longer)):
        document, shorter_document = int(longer[k]), int(shorter[k])
        l_start, l_words = offsets[document], offsets[document + 1] - offsets[document]
        s_start, s_words = offsets[shorter_document], offsets[shorter_document + 1] - offsets[shorter_document]
        if document != current:
            current = document
            keyed = _write_keys(stream, l_start, l_words, l_keys)
            slots = workspace[: 1 << _bits_for(keyed)]
            seen = marks[: 1 << (_bits_for(keyed) - _MARKS)]
            distinct = _index(l_keys, keyed, slots, seen, head)
        tally = tallies[k]
        tally[SAME] = s_words == l_words and _same(stream, s_start, l_start, s_words)
        if s_words < _RUN:
            containment[k, :] = tally[SAME]
            longest[k, 0], longest[k, 1] = (0, 0) if tally[SAME] else (s_words, l_words)
            continue
        s_keyed = _write_keys(stream, s_start, s_words, s_keys)
        long = l_words > _CHANCE
        _look_up(s_keys, s_keyed, (l_keys, keyed, slots, seen), at)
        if long:
            _leave_out_chance(at, s_keyed)
        # In a long text, only the matched places count, not all places with the same three words.
        first_places = itself if long else head
        covered, run, hits, aligned = _read_shorter(at, s_keyed, first_places, hit_by, k, gaps, tally)
        containment[k, 0] = covered / s_words
        longest[k, 0] = run
        l_run = l_words
        if l_words > _UNREAD * s_words:
            containment[k, 1] = covered / l_words
        elif containment[k, 0] < min_containment and _RUN * (hits + keyed - distinct) < min_containment * l_words:
            # The longer can't be in the shorter even if it repeats itself, so it isn't read.
            containment[k, 1] = covered / l_words
            longest[k, 1] = l_words
        else:
            covered, l_run = _read_longer(first_places, keyed, hit_by, k)
            containment[k, 1] = covered / l_words
            longest[k, 1] = l_run
            beginning, end = _edges(at, s_keyed)
            if beginning > 0:
                tally[HEAD] = beginning
            if end > 0:
                tally[TAIL] = l_words - end
                tally[PICKED] = _picked(first_places, keyed, hit_by, k, end)
        if max(containment[k, 0], containment[k, 1]) >= min_containment:
            count_flagged(stream, s_start, s_start + s_words, tally)
            texts = stream, s_start, l_start, s_words, l_words
            tally_gaps(texts, l_run, gaps, aligned, tally)
            if not tally[SAME] and not is_form(tally, limits):
                exchanged_count = tally_differences(texts, gaps, aligned, lexicon, exchanged, tally)
                count_regular(texts, exchanged[:exchanged_count], tally)
                tally_spoilt(texts, gaps, aligned, lexicon, frequency, tally)
    return containment, longest, tallies


@kernel
def _bits_for(keys):
    """Return log2 of the size of a hash table in which at most half of the slots are used."""
    bits = 4
    while (1 << bits) < 2 * keys:
        bits += 1
    return bits


@kernel
def _same(stream, a, b, words):
    """Return whether two texts have the same words in the same order; False for empty texts."""
    for i in range(words):
        if (stream[a + i] ^ stream[b + i]) & _WORD_MASK != 0:
            return False
    return words > 0


@kernel
def _write_keys(stream, start, words, keys):
    """Write each three successive words of a text as a 54-bit key; return the number of keys."""
    key = np.uint64(0)
    for i in range(words):
        key = (key >> np.uint64(WORD_BITS)) | (np.uint64(stream[start + i] & _WORD_MASK) << np.uint64(2 * WORD_BITS))
        if i >= _RUN - 1:
            keys[i - _RUN + 1] = key
    return max(words - _RUN + 1, 0)


@kernel
def _index(keys, count, slots, seen, head):
    """Hash the keys of a text: write the positions of first occurrences to `slots`, and each key's first one to `head`.

    `seen` is a bitmap with at least sixteen bits per key, in which most absent keys are found missing without a branch
    that the processor mispredicts.

    Returns:
        The number of distinct keys.
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
def _look_up(s_keys, s_keyed, longer_text, at):
    """Write the position in the longer text of each three words of the shorter; -1 if the longer lacks them."""
    l_keys, keyed, slots, seen = longer_text
    mask = len(slots) - 1
    shift = np.uint64(64 - _bits_for(keyed))
    last_at = -1  # the position of the last three words that were found
    last = -1
    for i in range(s_keyed):
        key = s_keys[i]
        at[i] = _FREE
        # If the run continues, no lookup is needed, and this is the right one of several equal positions.
        if last >= 0 and last_at + 1 < keyed and l_keys[last_at + 1] == key:
            match_at = last_at + 1
        else:
            mark = (key * _SPREAD) >> (shift - np.uint64(_FINER))
            if not (seen[mark >> np.uint64(6)] >> (mark & np.uint64(63))) & np.uint64(1):
                continue
            slot = np.int64((key * _SPREAD) >> shift)
            while slots[slot] != _FREE and l_keys[slots[slot]] != key:
                slot = (slot + 1) & mask
            match_at = int(slots[slot])
            if match_at == _FREE:
                continue
            expected_at = last_at + (i - last)
            if last >= 0 and abs(match_at - expected_at) > SLACK:
                # Of several positions, take the one that continues from the last, so that each refrain matches its own
                # occurrence.
                for off in range(2 * SLACK + 1):
                    near = expected_at + (-(off // 2) if off & 1 == 0 else off // 2 + 1)
                    if 0 <= near < keyed and l_keys[near] == key:
                        match_at = near
                        break
        at[i] = match_at
        last_at, last = match_at, i


@kernel
def _leave_out_chance(at, s_keyed):
    """Remove the positions of short runs that aren't next to the same run as in the longer text."""
    first = -1  # where the previous run starts in the shorter; -1 if there is none
    end = 0
    is_aligned = False  # whether it is aligned with the run before it
    i = 0
    while i < s_keyed:
        if at[i] == _FREE:
            i += 1
            continue
        start = i
        while i + 1 < s_keyed and at[i + 1] == at[i] + 1:
            i += 1
        i += 1
        next_is_aligned = first >= 0 and abs((at[start] - start) - (at[first] - first)) <= SLACK
        if first >= 0 and not (is_aligned or next_is_aligned or end - first + _RUN - 1 >= _SURE):
            at[first:end] = _FREE
        first, end, is_aligned = start, i, next_is_aligned
    if first >= 0 and not (is_aligned or end - first + _RUN - 1 >= _SURE):
        at[first:end] = _FREE


@kernel
def _read_shorter(at, s_keyed, first_places, hit_by, k, gaps, tally):
    """Measure how much of the shorter text is in the longer.

    Mark in `hit_by` the keys of the longer that the shorter has. Write the gaps between shared runs to `gaps`: start
    and end in the shorter and in the longer, -1 if there is no run before or after.

    Returns:
        The numbers of words in shared runs, of words in the longest run of others, of distinct keys found, and of gaps.
    """
    words = s_keyed + _RUN - 1
    covered = run = hits = words_together = last = count = 0
    until = 0  # the end of the last shared run
    last_at = -_RUN - 1  # the position of its last three words in the longer
    for i in range(s_keyed):
        match_at = int(at[i])
        if match_at == _FREE:
            continue
        hits += hit_by[first_places[match_at]] != k
        hit_by[first_places[match_at]] = k
        if i > until or (i == until and until > 0 and match_at != last_at + _RUN):
            run = max(run, i - until)
            gaps[count, 0], gaps[count, 1] = until, i
            gaps[count, 2], gaps[count, 3] = (last_at + _RUN if until > 0 else -1), match_at
            count += 1
        elif until == 0 and 0 < match_at <= SLACK:
            # The longer has a word or two before it.
            gaps[count, 0], gaps[count, 1], gaps[count, 2], gaps[count, 3] = 0, 0, 0, match_at
            count += 1
        if until > 0 and abs((match_at - last_at) - (i - last)) > SLACK:
            words_together = 0
        new = i + _RUN - max(i, until)
        covered += new
        words_together += new
        tally[TOGETHER] = max(tally[TOGETHER], words_together)
        until = i + _RUN
        last_at, last = match_at, i
    if until < words:
        run = max(run, words - until)
        gaps[count, 0], gaps[count, 1] = until, words
        gaps[count, 2], gaps[count, 3] = (last_at + _RUN if until > 0 else -1), -1
        count += 1
    return covered, run, hits, count


@kernel
def _read_longer(first_places, keyed, hit_by, k):
    """Return the longer text's number of words in shared runs, and its longest run of other words."""
    covered = run = until = 0
    for i in range(keyed):
        if hit_by[first_places[i]] == k:
            run = max(run, i - until)
            covered += i + _RUN - max(i, until)
            until = i + _RUN
    return covered, max(run, keyed + _RUN - 1 - until)


@kernel
def _edges(at, s_keyed):
    """Return where the shorter text begins and ends in the longer one; -1 for an edge with other words."""
    first, last = 0, s_keyed - 1
    while first < s_keyed and at[first] == _FREE:
        first += 1
    while last >= 0 and at[last] == _FREE:
        last -= 1
    return (
        at[first] - first if first <= min(SLACK, last) else -1,
        at[last] + _RUN if last >= max(first, s_keyed - 1 - SLACK) else -1,
    )


@kernel
def _picked(first_places, keyed, hit_by, k, end):
    """Return the longer text's words after the shorter's end, if most of them repeat pieces of the text before.

    A summary consists of three or more pieces, a refrain of one or two.
    """
    pieces = covered = until = 0
    for i in range(end, keyed):
        if hit_by[first_places[i]] != k or first_places[i] >= end:
            continue
        pieces += first_places[i] != first_places[i - 1] + 1
        covered += i + _RUN - max(i, until)
        until = i + _RUN
    words = keyed + _RUN - 1 - end
    return words if pieces >= _PIECES and 2 * covered >= words else 0


@kernel(work="values")
def copy_pieces(values, starts, ends, out):
    """Copy runs of values one after another: from each start, as many as lie between two successive ends."""
    for k in range(len(starts)):
        n = ends[k + 1] - ends[k]
        out[ends[k] : ends[k] + n] = values[starts[k] : starts[k] + n]
