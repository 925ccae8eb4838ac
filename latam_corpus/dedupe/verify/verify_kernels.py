"""The compiled check of pairs: how much of two documents stands in each other, and what stands between."""

# mypy: allow-untyped-defs

from typing import Final

import numpy as np

from latam_corpus.compiled import inlined, kernel
from latam_corpus.dedupe.fingerprints.anchors import CAPITAL_FLAG
from latam_corpus.dedupe.fingerprints.fingerprint_kernels import LOOK_BITS, NUMBER_FLAG, WORD_BITS

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
# Of what stands between two shared runs that are near in both:
DIFFERENT: Final = 10  # words that are others in the one that has more of them
SLOTS: Final = 11  # of these, numbers and names that stand where the other has others, and a «no» more or less
OTHER_NUMBERS: Final = 12  # of the slots those with a number, in digits or in words, or a month or weekday
DENIED: Final = 13  # and those with a «no»
REPLACED: Final = 14  # words of the shorter in passages, of three and more, that stand between shared runs for others
PLACES: Final = 15  # how many such passages
UNLIKE: Final = 16  # words of the shorter that the other lacks there
OTHER_UNLIKE: Final = 17  # the same of the longer
REGULAR: Final = 18  # words that stand for the same other word wherever the text has them, as in another spelling
REGULAR_WORDS: Final = 19  # how many distinct ones
IRREGULAR: Final = 20  # words that do so here and there only
MISREAD: Final = 21  # words that look alike and are others, in the one that has more of them
EDGE: Final = 22  # words of such a passage before the first shared run, or after the last, if of a line's length
SPOILT: Final = 23  # words of the shorter that look like a far more frequent one which the other has in their place
OTHER_SPOILT: Final = 24  # the same of the longer
PICKED: Final = 25  # words of the longer after the shorter's end that are pieces of what stands before, three and more
HEAD: Final = 26  # words of the longer before the shorter's beginning, 0 where that isn't found
TAIL: Final = 27  # and after its end
TALLIES: Final = 28

# Columns of the anchors of two documents, each followed by those of them that many documents have.
OWN: Final = 0  # of the first that the second lacks
OTHERS: Final = 2  # of the second that the first lacks
BOTH: Final = 4
ANCHORS: Final = 6

# What a word is in the lexicon, as bits.
NUMERAL: Final = 1  # a number in words, a month or a weekday
DENIAL: Final = 2

_WORD_MASK: Final = np.uint32((1 << WORD_BITS) - 1)
_LOOK_MASK: Final = np.uint32((1 << LOOK_BITS) - 1)
_NUMBER: Final = np.uint32(NUMBER_FLAG)
_CAPITAL: Final = np.uint32(CAPITAL_FLAG)
_EXACT_MASK: Final = np.uint32(0x3FFFFFFF)
_SPREAD: Final = np.uint64(0x9E3779B97F4A7C15)

# A misread letter changes at most two of twelve look bits. Other words are so close by chance, short ones more often,
# so that more bits must be in common than apart.
_LOOK_APART: Final = 2
_LONGEST_GAP: Final = 40  # longer gaps are other content, whose words have no place in the other text
SLACK: Final = 3  # words by which a place may be off, for words lost or split
_PASSAGE: Final = 3  # words of one's own that make a passage, if they are half of what stands there
_SMALL_GAP: Final = 8  # words: of a slot, and of what may be one before the first shared run or after the last
_EDGE: Final = 24  # words: a page's head and foot are longer than two lines of a song
_CASED: Final = 0.6  # with more of its words in capitals a text says nothing by them
_CASED_WORDS: Final = 12  # a shorter one may begin with a small letter, as a line of a song
_EXCHANGED: Final = 6  # words: fewer tell no spelling
# So many times as frequent is the word that was misread. Own choice, on five books scanned by other rules than those of
# tests/benchmarks/dedupe: of 399 scans 387 were told from the sound text by it, and the text from the scan once.
_CLEARER: Final = 4
_CLEARER_SHORT: Final = 256
# Words are counted in two places each, and the fewer count: in one place a hundred thousand words meet too often, and a
# misread one looked as frequent as the word that it met there.
FREQUENCIES: Final = 2
FREQUENCY_BITS: Final = 19
_SPLIT: Final = 4  # words that may be one word in the other text
_ISLAND: Final = 4  # a shared run of so few words inside other content is chance and doesn't end a run of own words


@kernel
def count_anchors(anchors, offsets, common, sampling, pairs, out):
    """Count which anchors two documents have, for each pair: see the columns from OWN on.

    Args:
        anchors: of all documents, sorted within each.
        offsets: where each document starts.
        common: sorted: the anchors that many documents have.
        sampling: the number that divides the anchors of each document.
        pairs: numbers of documents.
        out: int32[k, ANCHORS], written to.
    """
    for k in range(len(pairs)):
        a, b = pairs[k, 0], pairs[k, 1]
        # Anchors that only the finer sampling keeps can't be in the other, copy or not.
        mask = max(sampling[a], sampling[b]) - np.uint64(1)
        i, end, j, other_end = offsets[a], offsets[a + 1], offsets[b], offsets[b + 1]
        while i < end or j < other_end:
            value = anchors[i] if j == other_end or (i < end and anchors[i] <= anchors[j]) else anchors[j]
            mine = i < end and anchors[i] == value
            other = j < other_end and anchors[j] == value
            i += mine
            j += other
            if value & mask != 0:
                continue
            at = np.searchsorted(common, value)
            column = BOTH if mine and other else OWN if mine else OTHERS
            out[k, column] += 1
            out[k, column + 1] += at < len(common) and common[at] == value


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
def cased(stream, start, words):
    """Whether capitals say anything in a text: not where all or none of its words have one."""
    capitals = 0
    for i in range(start, start + words):
        capitals += (stream[i] & (_NUMBER | _CAPITAL)) == _CAPITAL
    return capitals <= _CASED * words and (capitals > 0 or words < _CASED_WORDS)


@kernel
def tally_gaps(texts, l_run, gaps, count, tally):
    """Compare what stands between the shared runs of two texts.

    Args:
        texts: the words of all texts, where the shorter and the longer start in it, and how many words each has.
        l_run: the longest run of words of the longer that aren't shared.
        gaps: int64[m, 4], the words between two shared runs, as start and end in the shorter and in the longer; -1
            before the first run and after the last.
        count: gaps there are.
        tally: int32[TALLIES], which is added to; it was started by `count_flagged`.
    """
    stream, s_start, l_start, _, l_words = texts
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
def tally_spoilt(texts, gaps, count, lexicon, frequency, tally):
    """Count the words of each text that look like a far more frequent one which stands in their place in the other.

    Args:
        texts: as in `tally_gaps`.
        gaps: the same.
        count: gaps there are.
        lexicon: as in `tally_differences`.
        frequency: of `count_words`, how often the compared documents have each word.
        tally: int32[TALLIES], which is added to.
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
            # Pieces of a word are frequent words too: what was joined must be the rarer by far.
            place = s_start + s0, s_start + s1, l_start + l0, l_start + l1
            _tally_clearer(stream, place, lexicon, frequency, tally)


@kernel
def _tally_clearer(stream, place, lexicon, frequency, tally):
    """Count one place, a word or what it was split into, if the rarest word there is far rarer than the other's."""
    s0, s1, l0, l1 = place
    s_look, s_number, s_least = _looks(stream, s0, s1, lexicon, frequency)
    l_look, l_number, l_least = _looks(stream, l0, l1, lexicon, frequency)
    if s_number and l_number:
        return
    clearer = _CLEARER
    # Of a word with a digit the looks aren't known: it was misread, unless the other one is a number too.
    if not (s_number or l_number):
        apart = _bits(s_look ^ l_look)
        if apart > _LOOK_APART:
            return
        if _bits(s_look & l_look) <= apart:
            # Of two or three letters they tell little; but such words are the most frequent ones of any language.
            clearer = _CLEARER_SHORT
    split = _CLEARER if l1 - l0 > s1 - s0 else 1
    joined = _CLEARER if l1 - l0 < s1 - s0 else 1
    tally[SPOILT] += l_least >= clearer * split * max(s_least, np.int64(1))
    tally[OTHER_SPOILT] += s_least >= clearer * joined * max(l_least, np.int64(1))


@kernel
def _looks(stream, start, end, lexicon, frequency):
    """Return the looks of some words together, whether a number is among them, and how often the rarest is found."""
    look = np.uint32(0)
    number = False
    least = _times(stream[start], frequency)
    for i in range(start, end):
        word = stream[i]
        number |= word & _NUMBER != 0 or lexicon[word & _WORD_MASK] & NUMERAL != 0
        look |= (word >> np.uint32(WORD_BITS)) & _LOOK_MASK
        least = min(least, _times(word, frequency))
    return look, number, least


@inlined
def _times(word, frequency):
    """Return how often a word was counted, or more often if it met another one in both of its places."""
    first, second = _places(word)
    return np.int64(min(frequency[0, first], frequency[1, second]))


@inlined
def _places(word):
    spread = np.uint64(word & _EXACT_MASK) * _SPREAD
    mask = np.uint64((1 << FREQUENCY_BITS) - 1)
    return spread >> np.uint64(64 - FREQUENCY_BITS), (spread >> np.uint64(64 - 2 * FREQUENCY_BITS)) & mask


@kernel
def count_words(values, counts):
    """Add to the counts how often each word stands in a stream: integers[FREQUENCIES, 2 ** FREQUENCY_BITS]."""
    for value in values:
        first, second = _places(value)
        counts[0, first] += 1
        counts[1, second] += 1


@kernel
def is_form(tally, limits):
    """Whether enough numbers or names are swapped to make two texts of one form, so that nothing more is asked.

    Args:
        tally: of `tally_gaps`.
        limits: numbers, names, and the share of all names (`verify.Bounds`).
    """
    kept, swapped = tally[NUMBERS_KEPT], tally[NUMBERS_SWAPPED]
    if kept + swapped >= limits[0] and kept <= swapped:
        return True
    kept, swapped = tally[NAMES_KEPT], tally[NAMES_SWAPPED]
    return kept + swapped >= limits[1] and kept < swapped and swapped >= limits[2] * tally[NAMES]


@kernel
def tally_differences(texts, gaps, count, lexicon, exchanged, tally):
    """Tell apart what stands between the shared runs of two texts: see the columns from DIFFERENT on.

    Args:
        texts: as in `tally_gaps`.
        gaps: the same.
        count: gaps there are.
        lexicon: uint8, by the number of a word: NUMERAL, DENIAL.
        exchanged: room for words that stand where the other text has another one.
        tally: int32[TALLIES], which is added to.

    Returns:
        How many exchanged words were written: the word of the shorter, shifted left by WORD_BITS, and the other.
    """
    stream, s_start, l_start, s_words, l_words = texts
    subs = 0
    s_cased, l_cased = cased(stream, s_start, s_words), cased(stream, l_start, l_words)
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
                subs = _tally_difference(stream, span, edge, s_cased, l_cased, lexicon, exchanged, subs, tally)
                continue
            # Words that one of them has more.
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
    return subs


@kernel
def _tally_difference(stream, span, edge, s_cased, l_cased, lexicon, exchanged, subs, tally):
    """Tell apart what two texts have between two shared runs: misread words, slots of a form, passages of their own."""
    s0, s1, l0, l1 = span
    if s1 - s0 == l1 - l0:
        misread = 0
        for i in range(s0, s1):
            word, other = stream[i], stream[l0 + i - s0]
            if (word ^ other) & _WORD_MASK != 0:
                what = lexicon[word & _WORD_MASK] | lexicon[other & _WORD_MASK]
                if what or not _look_alike(word, other):
                    misread = -1
                    break
                misread += 1
        if misread >= 0:
            # The words of the one are those of the other, read otherwise at most.
            tally[MISREAD] += misread
            return _exchange(stream, span, exchanged, subs)
    s_tallies = _strange(stream, s0, s1, l0, l1, s_cased, lexicon)
    l_tallies = _strange(stream, l0, l1, s0, s1, l_cased, lexicon)
    s_strange, s_misread, s_names, s_numbers, s_denials = s_tallies
    l_strange, l_misread, l_names, l_numbers, l_denials = l_tallies
    if s1 - s0 == l1 - l0:
        subs = _exchange(stream, span, exchanged, subs)
    tally[MISREAD] += max(s_misread, l_misread)
    numbers = min(s_numbers, l_numbers)
    names = min(s_names, l_names)
    # A «no» more, and not a word in its place.
    denied = min(abs(s_denials - l_denials), abs(s_strange - l_strange))
    # What stands beside another name or number in a slot is of the slot.
    slot = numbers + names > 0 and max(s1 - s0, l1 - l0) <= _SMALL_GAP
    tally[DIFFERENT] += numbers + names + denied if slot else max(s_strange, l_strange)
    tally[SLOTS] += numbers + names + denied
    tally[OTHER_NUMBERS] += numbers
    tally[DENIED] += denied
    passage = min(s_strange, l_strange) >= _PASSAGE and 2 * s_strange >= s1 - s0 and 2 * l_strange >= l1 - l0
    if edge:
        if passage:
            tally[EDGE] = max(tally[EDGE], s_strange)
        return subs
    tally[UNLIKE] += s_strange
    tally[OTHER_UNLIKE] += l_strange
    if passage:
        tally[REPLACED] += s_strange
        tally[PLACES] += 1
    return subs


@kernel
def _exchange(stream, span, exchanged, subs):
    """Write the words that stand for others at the same place, from place `subs` on; returns where they end."""
    s0, s1, l0, _ = span
    for i in range(s0, s1):
        word, other = stream[i] & _WORD_MASK, stream[l0 + i - s0] & _WORD_MASK
        if word != other:
            exchanged[subs] = (np.uint64(word) << np.uint64(WORD_BITS)) | np.uint64(other)
            subs += 1
    return subs


@kernel
def _strange(stream, a0, a1, b0, b1, case, lexicon):
    """Return the words of one gap that the other has nowhere near.

    Returns:
        How many; the misread ones beside them; of the strange ones names, numbers and denials.
    """
    strange = misread = names = numbers = denials = 0
    shift = (b1 - b0) - (a1 - a0)
    before, after = min(shift, 0) - SLACK, max(shift, 0) + SLACK
    least, most = max(min(shift, 0), -SLACK), min(max(shift, 0), SLACK)
    for i in range(a0, a1):
        word = stream[i]
        what = lexicon[word & _WORD_MASK]
        at = b0 + (i - a0)
        alike = same = False
        for j in range(max(b0, at + before), min(b1, at + after + 1)):
            if (word ^ stream[j]) & _WORD_MASK == 0 and _look_alike(word, stream[j]):
                same = True
                break
            # Of months and numbers many look alike, and of little words any.
            if not what and least <= j - at <= most:
                alike |= _look_alike(word, stream[j])
        if same or alike:
            misread += not same
            continue
        strange += 1
        if word & _NUMBER or what & NUMERAL:
            numbers += 1
        elif what & DENIAL:
            denials += 1
        elif not case or word & _CAPITAL:
            names += 1
    return strange, misread, names, numbers, denials


@kernel
def count_regular(texts, exchanged, tally):
    """Count the words that stand for one other word throughout, in the text that has fewer such.

    Args:
        texts: as in `tally_gaps`.
        exchanged: of `tally_gaps`; sorted here.
        tally: int32[TALLIES], which is written to.
    """
    stream, s_start, l_start, s_words, l_words = texts
    if len(exchanged) < _EXCHANGED or 100 * len(exchanged) < s_words:
        return
    exchanged.sort()
    again = 0
    for k in range(1, len(exchanged)):
        again += exchanged[k] == exchanged[k - 1]
    # What stands for one word throughout does so twice at least.
    if 2 * again < _EXCHANGED:
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
    """Return the words that stand for one other throughout, how many distinct ones, and those that do now and then."""
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
        most = total = 0
        while k < count and np.uint32(exchanged[k] >> np.uint64(WORD_BITS)) == word:
            same = k
            while k < count and exchanged[k] == exchanged[same]:
                k += 1
            most = max(most, k - same)
            total += k - same
        slot = word & mask
        while keys[slot] != word:
            slot = (slot + np.uint32(1)) & mask
        if seen[slot] < 2:
            continue
        if 5 * most >= 4 * seen[slot]:
            regular += most
            distinct += 1
        else:
            irregular += total
    return regular, distinct, irregular


@kernel
def _tally_gap(stream, s0, s1, l0, l1, tally):
    """Compare one gap, words s0 to s1 with l0 to l1; returns how many words look like the one at their place."""
    shift = (l1 - l0) - (s1 - s0)
    before, after = min(max(-shift, 0), SLACK), min(max(shift, 0), SLACK)
    numbers = names = alike = 0
    for i in range(s0, s1):
        word = stream[i]
        at = l0 + (i - s0)
        is_alike = False
        for j in range(max(l0, at - before), min(l1, at + after + 1)):
            if _look_alike(word, stream[j]):
                is_alike = True
                break
        alike += is_alike
        if not word & (_NUMBER | _CAPITAL):
            continue
        if not is_alike:
            for j in range(max(l0, at - before - SLACK), min(l1, at + after + SLACK + 1)):
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


_RUN: Final = 3  # words: the shortest run that counts as shared
_FREE: Final = -1

_FINER: Final = 3  # as a power of two, the bits of `seen` for each slot
_MARKS: Final = 6 - _FINER  # as a power of two, the slots for each of its 64-bit words
_UNREAD: Final = 8  # a text so many times longer isn't read for each short one in it
# From so many words on a text has the runs of any other by chance: of two unrelated novels 4 % of the words at 10,000,
# 22 at 100,000, 52 at 1.5 million. There a run counts only if it is long, or stands where its neighbours do.
_CHANCE: Final = 10_000
_PIECES: Final = 3
_SURE: Final = 8  # words: so long a run is no chance in a text of any length


@kernel
def compare(stream, offsets, longer, shorter, least, lexicon, limits, frequency):
    """Containment, longest run without the other, and tallies of each pair: shorter first, then longer.

    Args:
        stream: the words of all documents.
        offsets: where each document starts.
        longer: the longer document of each pair; equal ones side by side, since each is hashed once.
        shorter: the shorter one.
        least: where both have a smaller containment, nothing stands in anything, and the gaps aren't looked at.
        lexicon: uint8, what a word is by its number (`guards.lexicon`).
        limits: of `guards_kernels.is_form`.
        frequency: of `tally_spoilt`.
    """
    containment = np.zeros((len(longer), 2), np.float32)
    longest = np.zeros((len(longer), 2), np.int32)
    tallies = np.zeros((len(longer), TALLIES), np.int32)
    most = 0
    for document in longer:
        most = max(most, offsets[document + 1] - offsets[document])
    workspace = np.empty(1 << _bits_for(most), np.int32)
    marks = np.empty(1 << (_bits_for(most) - _MARKS), np.uint64)
    l_keys, s_keys = np.empty(most + 1, np.uint64), np.empty(most + 1, np.uint64)
    head, at = np.empty(most + 1, np.int32), np.empty(most + 1, np.int32)
    itself = np.arange(most + 1 if most > _CHANCE else 1).astype(np.int32)
    hit = np.full(most + 1, -1, np.int64)
    gaps = np.empty((most // 2 + 2, 4), np.int64)
    exchanged = np.empty(most + 1, np.uint64)
    current = -1
    slots, seen = workspace[:16], marks[:1]
    keyed = distinct = 0
    for k in range(len(longer)):
        document, other = int(longer[k]), int(shorter[k])
        l_start, l_words = offsets[document], offsets[document + 1] - offsets[document]
        s_start, s_words = offsets[other], offsets[other + 1] - offsets[other]
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
        # Of a long text the places count that were found, not all that have the same three words.
        same = itself if long else head
        covered, run, hits, aligned = _read_shorter(at, s_keyed, same, hit, k, gaps, tally)
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
            covered, l_run = _read_longer(same, keyed, hit, k)
            containment[k, 1] = covered / l_words
            longest[k, 1] = l_run
            beginning, end = _edges(at, s_keyed)
            if beginning > 0:
                tally[HEAD] = beginning
            if end > 0:
                tally[TAIL] = l_words - end
                tally[PICKED] = _picked(same, keyed, hit, k, end)
        if max(containment[k, 0], containment[k, 1]) >= least:
            count_flagged(stream, s_start, s_start + s_words, tally)
            texts = stream, s_start, l_start, s_words, l_words
            tally_gaps(texts, l_run, gaps, aligned, tally)
            if not tally[SAME] and not is_form(tally, limits):
                subs = tally_differences(texts, gaps, aligned, lexicon, exchanged, tally)
                count_regular(texts, exchanged[:subs], tally)
                tally_spoilt(texts, gaps, aligned, lexicon, frequency, tally)
    return containment, longest, tallies


@kernel
def _bits_for(keys):
    """Return the size of a hash table, as a power of two, in which at most half of the slots are taken."""
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
def _look_up(s_keys, s_keyed, longer_text, at):
    """Write where each three words of the shorter text stand in the longer, -1 where they don't."""
    l_keys, keyed, slots, seen = longer_text
    mask = len(slots) - 1
    shift = np.uint64(64 - _bits_for(keyed))
    last_at = -1  # where the last three words that were found stand
    last = -1
    for i in range(s_keyed):
        key = s_keys[i]
        at[i] = _FREE
        # Where a run goes on there is nothing to look up, and of several equal places it is the right one.
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
            wanted = last_at + (i - last)
            if last >= 0 and abs(match_at - wanted) > SLACK:
                # Of several places the one that goes on from the last: a refrain stands at its own.
                for off in range(2 * SLACK + 1):
                    near = wanted + (-(off // 2) if off & 1 == 0 else off // 2 + 1)
                    if 0 <= near < keyed and l_keys[near] == key:
                        match_at = near
                        break
        at[i] = match_at
        last_at, last = match_at, i


@kernel
def _leave_out_chance(at, s_keyed):
    """Unsay the places of short runs that don't stand where the run before or after them does."""
    first = -1  # of the run before, where it starts in the shorter; -1 where there is none
    end = 0
    before = False  # whether it stands where the one before it does
    i = 0
    while i < s_keyed:
        if at[i] == _FREE:
            i += 1
            continue
        start = i
        while i + 1 < s_keyed and at[i + 1] == at[i] + 1:
            i += 1
        i += 1
        after = first >= 0 and abs((at[start] - start) - (at[first] - first)) <= SLACK
        if first >= 0 and not (before or after or end - first + _RUN - 1 >= _SURE):
            at[first:end] = _FREE
        first, end, before = start, i, after
    if first >= 0 and not (before or end - first + _RUN - 1 >= _SURE):
        at[first:end] = _FREE


@kernel
def _read_shorter(at, s_keyed, same, hit, k, gaps, tally):
    """Read off what of the shorter text stands in the longer.

    Marks in `hit` the keys of the longer that it has, and writes what stands between two shared runs to `gaps`, as
    start and end in the shorter and in the longer, -1 where there is no run before or after.

    Returns:
        Words in shared runs, the longest run of other words, distinct keys found, gaps written.
    """
    words = s_keyed + _RUN - 1
    covered = run = hits = together = last = count = 0
    until = 0  # the end of the last shared run
    last_at = -_RUN - 1  # where its last three words stand in the longer
    for i in range(s_keyed):
        match_at = int(at[i])
        if match_at == _FREE:
            continue
        hits += hit[same[match_at]] != k
        hit[same[match_at]] = k
        if i > until or (i == until and until > 0 and match_at != last_at + _RUN):
            run = max(run, i - until)
            gaps[count, 0], gaps[count, 1] = until, i
            gaps[count, 2], gaps[count, 3] = (last_at + _RUN if until > 0 else -1), match_at
            count += 1
        elif until == 0 and 0 < match_at <= SLACK:
            # The longer has a word or two before.
            gaps[count, 0], gaps[count, 1], gaps[count, 2], gaps[count, 3] = 0, 0, 0, match_at
            count += 1
        if until > 0 and abs((match_at - last_at) - (i - last)) > SLACK:
            together = 0
        new = i + _RUN - max(i, until)
        covered += new
        together += new
        tally[TOGETHER] = max(tally[TOGETHER], together)
        until = i + _RUN
        last_at, last = match_at, i
    if until < words:
        run = max(run, words - until)
        gaps[count, 0], gaps[count, 1] = until, words
        gaps[count, 2], gaps[count, 3] = (last_at + _RUN if until > 0 else -1), -1
        count += 1
    return covered, run, hits, count


@kernel
def _read_longer(same, keyed, hit, k):
    """Words of the longer text in shared runs, and its longest run of other words."""
    covered = run = until = 0
    for i in range(keyed):
        if hit[same[i]] == k:
            run = max(run, i - until)
            covered += i + _RUN - max(i, until)
            until = i + _RUN
    return covered, max(run, keyed + _RUN - 1 - until)


@kernel
def _edges(at, s_keyed):
    """Return where the shorter text begins and ends in the longer one; -1 where it does so with words of its own."""
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
def _picked(same, keyed, hit, k, end):
    """Return the words of the longer text after the shorter's end, if most are pieces of what stands before it.

    A summary is made of three and more; a refrain is one piece or two.
    """
    pieces = covered = until = 0
    for i in range(end, keyed):
        if hit[same[i]] != k or same[i] >= end:
            continue
        pieces += same[i] != same[i - 1] + 1
        covered += i + _RUN - max(i, until)
        until = i + _RUN
    words = keyed + _RUN - 1 - end
    return words if pieces >= _PIECES and 2 * covered >= words else 0


@kernel
def copy_pieces(values, starts, ends, out):
    """Copy runs of values one after another, from each start on as many as fit between two ends."""
    for k in range(len(starts)):
        n = ends[k + 1] - ends[k]
        out[ends[k] : ends[k] + n] = values[starts[k] : starts[k] + n]
