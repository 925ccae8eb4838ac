"""The compiled look for what stands at the edges of texts: see `notices`."""

# mypy: allow-untyped-defs

from typing import Final

import numpy as np

from latam_corpus.compiled import inlined, kernel
from latam_corpus.dedupe.fingerprints.fingerprint_kernels import WORD_BITS

LEAST: Final = 8  # words; fewer are a date, a signature, «leia também»
MOST: Final = 60  # words; more have fingerprints of their own
RUNS: Final = 8  # of an edge, and of what stands beside it, that are looked for
_BESIDE: Final = 24  # words of what both texts have
_RUN: Final = 5  # words
_WORD_MASK: Final = np.uint32((1 << WORD_BITS) - 1)
_SPREAD: Final = np.uint64(0x9E3779B97F4A7C15)
_SIEVE_BITS: Final = 20


@kernel
def write_runs(stream, offsets, longer, words, at_end, runs):
    """Write some runs of words of what a text has more at an edge, and of what stands beside it.

    Args:
        stream: the words of all documents.
        offsets: where each document starts.
        longer: the document, k of them.
        words: how many it has more.
        at_end: whether at its end, else at its beginning.
        runs: uint64[k, 2, RUNS], written to: those of the edge, and those beside it; 0 where there are fewer.
    """
    for k in range(len(longer)):
        first, last = offsets[longer[k]], offsets[longer[k] + 1]
        border = last - words[k] if at_end[k] else first + words[k]
        if at_end[k]:
            _spread_runs(stream, border, last, runs[k, 0])
            _spread_runs(stream, max(first, border - _BESIDE), border, runs[k, 1])
        else:
            _spread_runs(stream, first, border, runs[k, 0])
            _spread_runs(stream, border, min(last, border + _BESIDE), runs[k, 1])


@kernel
def _spread_runs(stream, start, end, out):
    """Write the hashes of runs between two words, as far apart as so few can be."""
    count = end - start - _RUN + 1
    taken = min(count, len(out))
    for i in range(taken):
        out[i] = _hash(stream, start + i * count // taken)


@inlined
def _hash(stream, start):
    """Return a number of five words that isn't 0."""
    value = np.uint64(0)
    for i in range(start, start + _RUN):
        value = (value ^ np.uint64(stream[i] & _WORD_MASK)) * _SPREAD
        value ^= value >> np.uint64(29)
    return value | np.uint64(1)


@kernel
def count_documents(stream, offsets, asked, counts):
    """Count in how many documents each run stands near the beginning or the end.

    Args:
        stream: the words of all documents.
        offsets: where each document starts.
        asked: uint64, hashes of runs, sorted.
        counts: uint32, added to.
    """
    sieve = np.zeros(1 << _SIEVE_BITS, np.bool_)
    shift = np.uint64(64 - _SIEVE_BITS)
    for value in asked:
        sieve[value >> shift] = True
    counted_in = np.full(len(asked), -1, np.int32)
    reach = MOST + _BESIDE
    for d in range(len(offsets) - 1):
        first, end = offsets[d], offsets[d + 1] - _RUN + 1
        for n in range(min(end - first, 2 * reach)):
            # The middle of a long text isn't read.
            i = first + n if n < reach else max(first + n, end - 2 * reach + n)
            value = _hash(stream, i)
            if sieve[value >> shift]:
                at = np.searchsorted(asked, value)
                if at < len(asked) and asked[at] == value and counted_in[at] != d:
                    counted_in[at] = d
                    counts[at] += 1
