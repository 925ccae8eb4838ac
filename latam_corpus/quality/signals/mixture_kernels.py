"""The compiled passes of `mixture`."""

# mypy: allow-untyped-defs

from typing import Final

import numpy as np

from latam_corpus.compiled import kernel
from latam_corpus.text.slots_kernels import slot_of
from latam_corpus.text.stops import MOST_LANGUAGES

_LEAST_WORDS: Final = 4  # a shorter line tells too little
_LEAST_SHARE: Final = 0.25  # half of what running Spanish, Portuguese and English have


@kernel
def count_mixed(words, keys, bits, own, others, found):
    """Count the lines of each document with stop words of another language."""
    hashes, doc_words, doc_lines, line_words = words.hashes, words.doc_words, words.doc_lines, words.line_words
    tally = np.zeros(MOST_LANGUAGES, np.int64)
    for d in range(len(found)):
        number = own[d]
        for line in range(doc_lines[d], doc_lines[d + 1]):
            begin = line_words[line]
            end = line_words[line + 1] if line + 1 < doc_lines[d + 1] else doc_words[d + 1]
            if end - begin < _LEAST_WORDS:
                continue
            tally[:] = 0
            for i in range(begin, end):
                languages = bits[slot_of(keys, hashes[i])]
                if languages == 0:
                    continue
                if number >= 0:
                    tally[number] += np.int64((languages >> np.uint64(number)) & np.uint64(1))
                for other in others:
                    tally[other] += np.int64(other != number and (languages >> np.uint64(other)) & np.uint64(1))
            most = 0
            for other in others:
                most = max(most, tally[other] if other != number else 0)
            if most >= _LEAST_SHARE * (end - begin) and (number < 0 or most > tally[number]):
                found[d] += end - begin
