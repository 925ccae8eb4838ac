"""Compute the word stream, which replaces the text in comparisons, and sampled anchors, which propose candidates.

Both are computed from the word table and ignore accents, which scanners, old keyboards and spelling reforms lose or
move.

An anchor is the hash of a run of five words. It is kept if a small number divides it; this divisor grows with the
text's length (`scheme.SAMPLING`). Two texts with a common passage share its anchors at any position, so a poem is
compared with the anthology that contains it.
"""

from __future__ import annotations

import unicodedata
from functools import cache
from typing import TYPE_CHECKING, Final

import numpy as np

from latam_corpus.dedupe.fingerprints.fingerprint_kernels import (
    ACCENT,
    ACCENTED,
    LOOK_BITS,
    MARKS_END,
    MARKS_FIRST,
    VOWEL,
    write_anchors,
    write_stream,
)
from latam_corpus.dedupe.fingerprints.scheme import Ragged, Scheme, sampling_of
from latam_corpus.text.characters import IGNORED, classes, lower

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from latam_corpus.text.words import WordTable

CAPITAL_FLAG: Final = 1 << 31

# Groups of letters of similar shape, chosen by eye. Each group shares a bit, so that a misread word has the same bits.
_LOOKS: Final = ("ec", "oqø", "iljı", "tfþ", "nu", "mw", "hb", "a", "szxß", "r", "dpð", "vykg")


def word_stream(words: WordTable) -> Ragged:
    """Return each word of each document as a uint32: its identity, its look, and whether it is a number or a name.

    The look is twelve bits for the letters of the word; confusable letters share a bit, so that *Belisario* and a
    scanner's *Belisarlo* look alike. In a word with a digit, these bits are part of its hash instead, because numbers
    must be equal.

    >>> from latam_corpus.dedupe.fingerprints.fingerprint_kernels import LOOK_BITS, WORD_BITS
    >>> from latam_corpus.text.words import WordTable
    >>> stream = word_stream(WordTable.of(["Belisario", "Belisarlo", "canción", "cancion"])).values
    >>> looks = (stream >> np.uint32(WORD_BITS)) & np.uint32(2**LOOK_BITS - 1)
    >>> bool(looks[0] == looks[1]), bool(stream[0] == stream[1]), bool(stream[2] == stream[3])
    (True, False, True)
    """
    return stream_and_accents(words)[0]


def stream_and_accents(words: WordTable) -> tuple[Ragged, NDArray[np.uint32]]:
    r"""Return the word stream, and the numbers of words with an accented vowel, since the stream ignores accents.

    Returns:
        The stream of n documents, and uint32[2, n]: each document's accented words, in total and in its middle half.

    >>> from latam_corpus.text.words import WordTable
    >>> table = WordTable.of(["La canción del otoño", "La cancio\u0301n; amanhã é de manhã"])
    >>> stream_and_accents(table)[1].tolist()
    [[1, 4], [1, 3]]
    """
    values = np.empty(len(words.hashes), np.uint32)
    accented = np.zeros((2, len(words)), np.uint32)
    write_stream(words.arrays, _bare(), _looks(), _accents(), values, accented)
    return Ragged(values, words.doc_words), accented


def anchors_of(stream: Ragged, scheme: Scheme, sampling: NDArray[np.uint64] | None = None) -> Ragged:
    """Return the distinct anchors of each document, uint64, sorted within the document.

    A text under `scheme.exact_words` words has no anchors. A text under `scheme.short_reach` words also has anchors of
    all its runs of three words, which propose short copies.

    Args:
        stream: the result of `word_stream`.
        scheme: the shingle, seed and lengths.
        sampling: the divisor of each document's anchors, uint64[n]; if None, it depends on the length.

    >>> from latam_corpus.text.words import WordTable
    >>> verso = "Caminante, son tus huellas el camino y nada más"
    >>> found = anchors_of(word_stream(WordTable.of([verso, verso.upper(), "nada más"])), Scheme())
    >>> found.counts.tolist(), found.of(0).tolist() == found.of(1).tolist()
    ([12, 12, 0], True)
    """
    # At most one anchor of each kind per word; untouched pages cost no memory.
    values = np.empty(2 * len(stream.values) + 1, np.uint64)
    offsets = np.zeros(len(stream) + 1, np.int64)
    sizes = scheme.shingle, scheme.short_shingle, scheme.exact_words, scheme.short_reach
    divisors = sampling_of(stream.counts) if sampling is None else sampling
    write_anchors(stream.values, stream.offsets, divisors, sizes, _salt(scheme.seed), values, offsets)
    return Ragged(values[: offsets[-1]].copy(), offsets)


def _salt(seed: int) -> np.uint64:
    return np.uint64((seed * 0xD6E8FEB86659FD93 + 0xA0761D6478BD642F) % (1 << 64))


@cache
def _bare() -> NDArray[np.uint32]:
    """Return the lower-case letter without accent for each code point, uint32[0x110000]; 0 for ignored ones."""
    small = np.arange(len(lower()), dtype=np.uint32)
    for points in ACCENTED:
        for point in points:
            small[point] = ord(unicodedata.normalize("NFD", chr(point))[0])
    small[MARKS_FIRST:MARKS_END] = 0
    small[(classes() & IGNORED) != 0] = 0
    # Decompose the lower-case form, as the hash of a word does, so that U+00C5 and U+212B (Å) are the same letter.
    table: NDArray[np.uint32] = small[lower()]
    return table


@cache
def _accents() -> NDArray[np.uint8]:
    """Return VOWEL, ACCENT or 0 for each code point, uint8[0x110000]; ñ and ç count as separate letters."""
    vowel = np.isin(_bare(), [ord(letter) for letter in "aeiouy"])
    kinds = np.where(vowel, ACCENT, 0).astype(np.uint8)
    kinds[:0x80][vowel[:0x80]] = VOWEL
    return kinds


@cache
def _looks() -> NDArray[np.uint16]:
    """Return the bit of each bare letter, uint16[0x110000]; letters of other scripts get bits in rotation."""
    points = np.arange(len(lower()), dtype=np.uint32)
    table = (np.uint32(1) << (points % LOOK_BITS)).astype(np.uint16)
    for bit, letters in enumerate(_LOOKS):
        for letter in letters:
            table[ord(letter)] = 1 << bit
    return table
