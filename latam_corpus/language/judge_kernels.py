"""The compiled means over a text's windows and pieces, and the search for cues of a variety."""

# mypy: allow-untyped-defs

import numpy as np

from latam_corpus.compiled import inlined, kernel
from latam_corpus.text.slots_kernels import slot_of


@kernel(work="rows")
def mean(lines, rows, weights):
    """Return the weighted mean of the chosen rows."""
    out = np.zeros(lines.shape[1], np.float32)
    total = np.float32(0)
    for row in rows:
        weight = weights[row]
        total += weight
        for column in range(lines.shape[1]):
            out[column] += lines[row, column] * weight
    for column in range(lines.shape[1]):
        out[column] /= total
    return out


@inlined
def _pair(first, second):
    """Return the hash of two successive words, which depends on their order."""
    h = (first * np.uint64(0x9E3779B97F4A7C15)) ^ second
    return h ^ (h >> np.uint64(29))


@kernel(work="hashes")
def enter(hashes, starts, pairs, keys, values, opens):
    """Enter cues of one or two words into a table by their hashes."""
    for cue in range(len(pairs)):
        h = hashes[starts[cue]]
        slot = slot_of(keys, h)
        keys[slot] = h
        if pairs[cue]:
            opens[slot] = True
            h = _pair(h, hashes[starts[cue] + 1])
            slot = slot_of(keys, h)
            keys[slot] = h
        values[slot] = cue


@kernel(work="words")
def match(words, is_selected, table, capitals, capital, document, cue, count):
    """Fill the arrays of `Matches`; return the number of entries."""
    hashes, kinds, doc_words = words.hashes, words.kinds, words.doc_words
    keys, values, opens = table
    position_of = np.full(len(capitals), -1, np.int64)
    size = 0
    for d in range(len(doc_words) - 1):
        if not is_selected[d]:
            continue
        first = size
        end = doc_words[d + 1]
        for w in range(doc_words[d], end):
            slot = slot_of(keys, hashes[w])
            if keys[slot] == 0:
                continue
            cue_number = values[slot]
            if cue_number >= 0 and kinds[w] & capital and not capitals[cue_number]:
                cue_number = np.int32(-1)
            # A pair may begin a sentence, so only its second word must be in lower case. Pairs take precedence over
            # single words.
            if opens[slot] and w + 1 < end and not kinds[w + 1] & capital:
                pair_cue = values[slot_of(keys, _pair(hashes[w], hashes[w + 1]))]
                if pair_cue >= 0:
                    cue_number = pair_cue
            if cue_number < 0:
                continue
            if position_of[cue_number] < first:
                position_of[cue_number] = size
                document[size] = d
                cue[size] = cue_number
                count[size] = 0
                size += 1
            count[position_of[cue_number]] += 1
    return size
