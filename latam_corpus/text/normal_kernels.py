"""The compiled pass of `normal`: lower case and white space."""

# mypy: allow-untyped-defs

from typing import Final

import numpy as np

from latam_corpus.compiled import inlined, kernel
from latam_corpus.text.words_kernels import decode

SPACE: Final = 0xFFFFFFFF
HARD: Final = 0xFFFFFFFE

_BLANK: Final = np.uint8(32)


@inlined
def encode(out, at, point):
    """Write a code point's UTF-8 at byte `at`; return the next free byte."""
    if point < 0x80:
        out[at] = point
        return at + 1
    if point < 0x800:
        out[at] = 0xC0 | (point >> 6)
        out[at + 1] = 0x80 | (point & 0x3F)
        return at + 2
    if point < 0x10000:
        out[at] = 0xE0 | (point >> 12)
        out[at + 1] = 0x80 | ((point >> 6) & 0x3F)
        out[at + 2] = 0x80 | (point & 0x3F)
        return at + 3
    out[at] = 0xF0 | (point >> 18)
    out[at + 1] = 0x80 | ((point >> 12) & 0x3F)
    out[at + 2] = 0x80 | ((point >> 6) & 0x3F)
    out[at + 3] = 0x80 | (point & 0x3F)
    return at + 4


@kernel(work="data")
def normalise(data, offsets, meanings, ascii_lower, out, ends, hard):
    """Write each normalised text and where it ends; mark the texts that Python must normalise."""
    at = 0
    for d in range(len(offsets) - 1):
        i, end = offsets[d], offsets[d + 1]
        start = at
        previous = _BLANK  # the last byte written; starts as a space, so that leading spaces are dropped
        while i < end:
            byte = data[i]
            if byte < 0x80:
                lower = ascii_lower[byte]
                out[at] = lower
                # Repeated spaces are overwritten without a branch that the processor could mispredict.
                at += (lower != _BLANK) | (previous != _BLANK)
                previous = lower
                i += 1
                continue
            point, width = decode(data, i)
            i += width
            meaning = meanings[point]
            if meaning == SPACE:
                out[at] = _BLANK
                at += previous != _BLANK
                previous = _BLANK
            elif meaning == HARD:
                hard[d] = True
                at = start
                break
            else:
                at = encode(out, at, meaning)
                previous = np.uint8(0)
        if at > start and out[at - 1] == _BLANK:
            at -= 1
        ends[d + 1] = at
