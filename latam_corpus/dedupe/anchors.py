"""The word stream, by which copies are checked without the text, and sampled anchors, by which they meet.

Both are made of the word table, and blind to accents, which scanners, old keyboards and spelling reforms lose or move.

An anchor is the hash of a run of five words whose hash a small number divides; the number grows with the text's
length (`scheme.SAMPLING`). Where two texts share a passage they share its anchors, wherever it stands in them, so
that a poem meets the anthology that holds it.
"""

from __future__ import annotations

import unicodedata
from functools import cache
from typing import TYPE_CHECKING, Final

import numba
import numpy as np

from latam_corpus.dedupe.scheme import Ragged, Scheme, sampling_of
from latam_corpus.text.characters import IGNORED, classes, lower
from latam_corpus.text.words import CAPITAL, HAS_DIGIT, _decode, _finish

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from latam_corpus.text.words import WordTable

# A word of the stream, from its low end: 18 bits that say which word it is, 12 that say how it looks, two flags.
# Words are compared in runs of three, 54 bits; 18 bits make one word in 260,000 pass for another.
WORD_BITS: Final = 18
LOOK_BITS: Final = 12
NUMBER_FLAG: Final = 1 << 30
CAPITAL_FLAG: Final = 1 << 31
_CAPITAL_BIT: Final = 31

# Letters of like shape share a bit, so that a misread word looks the same. Own choice, by eye.
_LOOKS: Final = ("ec", "oqø", "iljı", "tfþ", "nu", "mw", "hb", "a", "szxß", "r", "dpð", "vykg")
# Where accented Latin letters stand: Latin-1 to Latin Extended-B, Latin Extended Additional (ẽ, ỹ).
_ACCENTED: Final = (range(0xC0, 0x250), range(0x1E00, 0x1F00))
_MARKS_FIRST: Final = 0x300
_MARKS_END: Final = 0x370
_WORD_MASK: Final = np.uint32((1 << WORD_BITS) - 1)

_KNOWN: Final = 1 << 14  # words that are held while a batch is read: 192 kB

_MULTIPLIER: Final = np.uint64(0x9E3779B97F4A7C15)
_SHORT_SALT: Final = np.uint64(0x5851F42D4C957F2D)
_PRIME: Final = np.uint64(0x100000001B3)  # FNV-1a, 64 bits, as in the word table
_BASIS: Final = np.uint64(0xCBF29CE484222325)


def word_stream(words: WordTable) -> Ragged:
    """Each word of each document as a uint32: which word it is, how it looks, whether it is a number or a name.

    How it looks is twelve bits for the letters it has, confusable ones taken together, so that *Belisario* and a
    scanner's *Belisarlo* look alike. Of a word with a digit they are more of its hash: numbers are equal or not.

    >>> from latam_corpus.text.words import WordTable
    >>> stream = word_stream(WordTable.of(["Belisario", "Belisarlo", "canción", "cancion"])).values
    >>> looks = (stream >> np.uint32(WORD_BITS)) & np.uint32(2**LOOK_BITS - 1)
    >>> bool(looks[0] == looks[1]), bool(stream[0] == stream[1]), bool(stream[2] == stream[3])
    (True, False, True)
    """
    values = np.empty(len(words.hashes), np.uint32)
    _stream(words.data, words.hashes, words.starts, words.lengths, words.kinds, _bare(), _looks(), values)
    return Ragged(values, words.doc_words)


def anchors_of(stream: Ragged, scheme: Scheme) -> Ragged:
    """The distinct anchors of each document, uint64, sorted within the document.

    A text under `scheme.exact_words` words has none; one under `scheme.short_reach` also has those of its runs of
    three words, all of them, by which short copies meet.

    Args:
        stream: of `word_stream`.
        scheme: shingle, seed and lengths.

    >>> from latam_corpus.text.words import WordTable
    >>> verso = "Caminante, son tus huellas el camino y nada más"
    >>> found = anchors_of(word_stream(WordTable.of([verso, verso.upper(), "nada más"])), Scheme())
    >>> found.counts.tolist(), found.of(0).tolist() == found.of(1).tolist()
    ([12, 12, 0], True)
    """
    # Untouched pages cost nothing; a document has at most one anchor of each kind a word.
    values = np.empty(2 * len(stream.values) + 1, np.uint64)
    offsets = np.zeros(len(stream) + 1, np.int64)
    _anchors(
        stream.values,
        stream.offsets,
        sampling_of(stream.counts),
        scheme.shingle,
        scheme.short_shingle,
        scheme.exact_words,
        scheme.short_reach,
        _salt(scheme.seed),
        values,
        offsets,
    )
    return Ragged(values[: offsets[-1]].copy(), offsets)


def _salt(seed: int) -> np.uint64:
    return np.uint64((seed * 0xD6E8FEB86659FD93 + 0xA0761D6478BD642F) % (1 << 64))


@cache
def _bare() -> NDArray[np.uint32]:
    """For each code point its small letter without accent, uint32[0x110000]; 0 for what counts for nothing."""
    small = np.arange(len(lower()), dtype=np.uint32)
    for points in _ACCENTED:
        for point in points:
            small[point] = ord(unicodedata.normalize("NFD", chr(point))[0])
    small[_MARKS_FIRST:_MARKS_END] = 0
    small[(classes() & IGNORED) != 0] = 0
    # Of the lower case, as the hash of a word: what is of two signs one word there is one here (Å, U+00C5 and U+212B).
    made: NDArray[np.uint32] = small[lower()]
    return made


@cache
def _looks() -> NDArray[np.uint16]:
    """For each bare letter its bit, uint16[0x110000]; the letters of other scripts are dealt out in turn."""
    points = np.arange(len(lower()), dtype=np.uint32)
    made = (np.uint32(1) << (points % LOOK_BITS)).astype(np.uint16)
    for place, letters in enumerate(_LOOKS):
        for letter in letters:
            made[ord(letter)] = 1 << place
    return made


@numba.njit(cache=True, nogil=True)
def _anchors(  # type: ignore[no-untyped-def]  # noqa: ANN202
    stream,  # noqa: ANN001
    doc_words,  # noqa: ANN001
    sampling,  # noqa: ANN001
    shingle,  # noqa: ANN001
    short_shingle,  # noqa: ANN001
    exact_words,  # noqa: ANN001
    short_reach,  # noqa: ANN001
    salt,  # noqa: ANN001
    values,  # noqa: ANN001
    offsets,  # noqa: ANN001
):
    at = 0
    for d in range(len(doc_words) - 1):
        start, end = doc_words[d], doc_words[d + 1]
        first = at
        n = end - start
        if n >= exact_words:
            at = _runs(stream, start, end, shingle, sampling[d] - np.uint64(1), salt, values, at)
            if n < short_reach:
                at = _runs(stream, start, end, short_shingle, np.uint64(0), salt ^ _SHORT_SALT, values, at)
        at = _distinct(values, first, at)
        offsets[d + 1] = at


@numba.njit(cache=True, nogil=True)
def _runs(stream, start, end, size, mask, salt, values, at):  # type: ignore[no-untyped-def]  # noqa: ANN001, ANN202
    """Write the hashes of the runs of `size` words that have no bit of `mask`; returns where they end."""
    # A polynomial in the word hashes, so that the next run costs two multiplications whatever its size.
    power = np.uint64(1)
    for _ in range(size):
        power *= _MULTIPLIER
    rolling = np.uint64(0)
    for i in range(start, min(start + size - 1, end)):
        rolling = rolling * _MULTIPLIER + np.uint64(stream[i] & _WORD_MASK)
    last = np.uint64(0)
    gone = np.uint64(0)
    for i in range(start + size - 1, end):
        rolling = rolling * _MULTIPLIER + (np.uint64(stream[i] & _WORD_MASK) - power * gone)
        gone = np.uint64(stream[i - size + 1] & _WORD_MASK)
        value = _finish(rolling ^ salt)
        # Written in any case, and written over where it isn't wanted: no jump that the processor must foresee.
        values[at] = value
        wanted = (value & mask == 0) & (value != last)
        at += wanted
        last = value if wanted else last
    return at


@numba.njit(cache=True, nogil=True)
def _distinct(values, first, end):  # type: ignore[no-untyped-def]  # noqa: ANN001, ANN202
    """Sort values[first:end] and drop repeated ones; returns where they end."""
    if end - first < 2:  # noqa: PLR2004
        return end
    if end - first <= 96:  # noqa: PLR2004  (where insertion stops being faster)
        for i in range(first + 1, end):
            value = values[i]
            j = i - 1
            while j >= first and values[j] > value:
                values[j + 1] = values[j]
                j -= 1
            values[j + 1] = value
    else:
        values[first:end] = np.sort(values[first:end])
    at = first + 1
    for i in range(first + 1, end):
        if values[i] != values[at - 1]:
            values[at] = values[i]
            at += 1
    return at


@numba.njit(cache=True, nogil=True)
def _stream(data, hashes, starts, lengths, kinds, bare, looks, values):  # type: ignore[no-untyped-def]  # noqa: ANN001, ANN202
    # Nine words in ten are among those seen last: of these the letters aren't read again.
    seen, known = np.zeros(_KNOWN, np.uint64), np.zeros(_KNOWN, np.uint32)
    seen[0] = 1  # no word can be taken for the empty slot
    for w in range(len(starts)):
        h = hashes[w]
        slot = h & np.uint64(_KNOWN - 1)
        if seen[slot] == h:
            value = known[slot]
        else:
            value = _word(data, starts[w], np.int64(lengths[w]), (kinds[w] & HAS_DIGIT) != 0, bare, looks)
            seen[slot], known[slot] = h, value
        capital = (kinds[w] & (CAPITAL | HAS_DIGIT)) == CAPITAL
        values[w] = value | (np.uint32(capital) << np.uint32(_CAPITAL_BIT))


@numba.njit(cache=True, nogil=True)
def _word(data, i, left, digit, bare, looks):  # type: ignore[no-untyped-def]  # noqa: ANN001, ANN202
    """Which word stands at byte i and how it looks; whether it has a capital is left open."""
    h = _BASIS
    look = np.uint32(0)
    while left > 0:
        point, width = _decode(data, i)
        i += width
        letter = bare[point]
        if letter == 0:
            # Marks are counted in a word's length, soft hyphens and their like are not.
            left -= _MARKS_FIRST <= point < _MARKS_END
            continue
        left -= 1
        h = (h ^ np.uint64(letter)) * _PRIME
        look |= np.uint32(looks[letter])
    h = _finish(h)
    value = np.uint32(h) & _WORD_MASK
    if digit:
        look = np.uint32(h >> np.uint64(WORD_BITS)) & np.uint32((1 << LOOK_BITS) - 1)
        value |= np.uint32(NUMBER_FLAG)
    return value | (look << np.uint32(WORD_BITS))
