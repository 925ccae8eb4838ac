"""The compiled search for runs of words at the edges of texts: see `notices`."""

# mypy: allow-untyped-defs

from typing import Final

import numpy as np

from latam_corpus.compiled import inlined, kernel
from latam_corpus.dedupe.fingerprints.fingerprint_kernels import WORD_BITS

LEAST: Final = 8  # words; fewer are a date, a signature, «leia também»
MOST: Final = 60  # words; longer additions have their own fingerprints
RUNS: Final = 8  # runs looked up for an edge, and as many for the adjacent words
_ADJACENT: Final = 24  # words next to the edge that both texts have
_RUN: Final = 5  # words
_WORD_MASK: Final = np.uint32((1 << WORD_BITS) - 1)
_SPREAD: Final = np.uint64(0x9E3779B97F4A7C15)
_SIEVE_BITS: Final = 20


@kernel(work="longer")
def write_runs(stream, offsets, longer, words, at_end, runs):
    """Write some runs of the words that a text adds at an edge, and of the adjacent words.

    Args:
        stream: the words of all documents.
        offsets: where each document starts.
        longer: the numbers of the k documents.
        words: the number of words that each adds.
        at_end: whether each adds them at its end rather than its beginning.
        runs: uint64[k, 2, RUNS]; written: runs of the edge and of the adjacent words, padded with 0.
    """
    for k in range(len(longer)):
        first, last = offsets[longer[k]], offsets[longer[k] + 1]
        border = last - words[k] if at_end[k] else first + words[k]
        if at_end[k]:
            _spread_runs(stream, border, last, runs[k, 0])
            _spread_runs(stream, max(first, border - _ADJACENT), border, runs[k, 1])
        else:
            _spread_runs(stream, first, border, runs[k, 0])
            _spread_runs(stream, border, min(last, border + _ADJACENT), runs[k, 1])


@kernel
def _spread_runs(stream, start, end, out):
    """Write the hashes of runs between two words, spread as evenly as possible."""
    count = end - start - _RUN + 1
    taken = min(count, len(out))
    for i in range(taken):
        out[i] = _hash(stream, start + i * count // taken)


@inlined
def _hash(stream, start):
    """Return a hash of five words that isn't 0."""
    value = np.uint64(0)
    for i in range(start, start + _RUN):
        value = (value ^ np.uint64(stream[i] & _WORD_MASK)) * _SPREAD
        value ^= value >> np.uint64(29)
    return value | np.uint64(1)


@kernel
def count_documents(stream, offsets, runs, counts):
    """Count the documents that have each run near their beginning or end.

    Args:
        stream: the words of all documents.
        offsets: where each document starts.
        runs: uint64, hashes of runs, sorted.
        counts: uint32; the counts are added to it.
    """
    sieve = np.zeros(1 << _SIEVE_BITS, np.bool_)
    shift = np.uint64(64 - _SIEVE_BITS)
    for value in runs:
        sieve[value >> shift] = True
    counted_in = np.full(len(runs), -1, np.int32)
    reach = MOST + _ADJACENT
    for d in range(len(offsets) - 1):
        first, end = offsets[d], offsets[d + 1] - _RUN + 1
        for n in range(min(end - first, 2 * reach)):
            # Skip the middle of a long text.
            i = first + n if n < reach else max(first + n, end - 2 * reach + n)
            value = _hash(stream, i)
            if sieve[value >> shift]:
                at = np.searchsorted(runs, value)
                if at < len(runs) and runs[at] == value and counted_in[at] != d:
                    counted_in[at] = d
                    counts[at] += 1
