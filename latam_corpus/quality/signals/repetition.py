"""Repetition inside each document: of lines, of paragraphs, and of n-grams of words, in compiled passes.

An n-gram of n words can stand twice only where both (n-1)-grams inside it do. So of the n-grams of each length only
those are looked up whose parts were repeated: in prose a few of a hundred, where ten look-ups a word would be needed.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

import numba
import numpy as np

from latam_corpus.text.words import LINE_BLANK, WordTable

if TYPE_CHECKING:
    from numpy.typing import NDArray

LONGEST_GRAM: Final = 10
_ODD: Final = np.uint64(0x9E3779B97F4A7C15)


@dataclass(frozen=True, eq=False)
class Grams:
    """Repeated n-grams of n documents.

    Attributes:
        duplicate: int64[n, LONGEST_GRAM + 1], by length of the n-gram: letters and digits in n-grams that stood before,
            read from left to right without overlap, as datatrove counts them.
        top: int64[n, LONGEST_GRAM + 1], the most frequent n-gram's characters, a space between its words, times how
            often it stands there; of several as frequent the first one counts.
        distinct: int64[n], how many different words there are.
        entropy: float64[n], of the distribution of words, in bits.
    """

    duplicate: NDArray[np.int64]
    top: NDArray[np.int64]
    distinct: NDArray[np.int64]
    entropy: NDArray[np.float64]

    @classmethod
    def of(cls, words: WordTable) -> Grams:
        """The repeated n-grams of these documents.

        >>> grams = Grams.of(WordTable.of(["ay amor, ay amor, ay amor"]))
        >>> grams.duplicate[0, 2].item(), grams.top[0, 2].item(), grams.distinct.tolist(), grams.entropy.tolist()
        (12, 21, [2], [1.0])
        """
        n = len(words)
        made = cls(
            np.zeros((n, LONGEST_GRAM + 1), np.int64),
            np.zeros((n, LONGEST_GRAM + 1), np.int64),
            np.zeros(n, np.int64),
            np.zeros(n, np.float64),
        )
        _grams(words.hashes, words.lengths, words.doc_words, made.duplicate, made.top, made.distinct, made.entropy)
        return made


@dataclass(frozen=True, eq=False)
class Repeats:
    """Units (lines or paragraphs) that stood before in the same document, of n documents.

    Attributes:
        units: int64[n], how many that aren't blank.
        repeated: int64[n], how many of them stood before.
        chars: int64[n], characters in the repeated ones, white space left out.
    """

    units: NDArray[np.int64]
    repeated: NDArray[np.int64]
    chars: NDArray[np.int64]

    @classmethod
    def of_lines(cls, words: WordTable) -> Repeats:
        r"""The repeated lines.

        >>> Repeats.of_lines(WordTable.of(["Fin\n\nFin\nInicio"])).repeated.tolist()
        [1]
        """
        return cls._of(words.line_hashes, words.line_chars, words.doc_lines)

    @classmethod
    def of_paragraphs(cls, words: WordTable) -> Repeats:
        r"""The repeated paragraphs: lines between blank ones.

        >>> found = Repeats.of_paragraphs(WordTable.of(["Ay,\nay.\n\nNo.\n \nAy,\nay."]))
        >>> found.units.tolist(), found.repeated.tolist(), found.chars.tolist()
        ([3], [1], [6])
        """
        most = len(words.line_hashes)
        hashes, chars = np.empty(most, np.uint64), np.empty(most, np.int32)
        bounds = np.zeros(len(words) + 1, np.int64)
        count = _paragraphs(
            words.line_hashes, words.line_chars, words.line_kinds, words.doc_lines, hashes, chars, bounds
        )
        return cls._of(hashes[:count], chars[:count], bounds)

    @classmethod
    def _of(cls, hashes: NDArray[np.uint64], chars: NDArray[np.int32], bounds: NDArray[np.int64]) -> Repeats:
        n = len(bounds) - 1
        made = cls(np.zeros(n, np.int64), np.zeros(n, np.int64), np.zeros(n, np.int64))
        _repeats(hashes, chars, bounds, made.units, made.repeated, made.chars)
        return made


@numba.njit(cache=True, nogil=True)
def _paragraphs(line_hashes, line_chars, line_kinds, doc_lines, hashes, chars, bounds):  # type: ignore[no-untyped-def]  # noqa: ANN001, ANN202
    made = 0
    for d in range(len(doc_lines) - 1):
        inside = False
        for line in range(doc_lines[d], doc_lines[d + 1]):
            if line_kinds[line] == LINE_BLANK:
                inside = False
                continue
            if inside:
                hashes[made - 1] = hashes[made - 1] * _ODD + line_hashes[line]
                chars[made - 1] += line_chars[line]
            else:
                hashes[made] = line_hashes[line]
                chars[made] = line_chars[line]
                made += 1
                inside = True
        bounds[d + 1] = made
    return made


@numba.njit(cache=True, nogil=True)
def _repeats(hashes, chars, bounds, units, repeated, repeated_chars):  # type: ignore[no-untyped-def]  # noqa: ANN001, ANN202
    longest = 1
    for d in range(len(bounds) - 1):
        longest = max(longest, bounds[d + 1] - bounds[d])
    capacity = 16
    while capacity < 2 * longest:
        capacity *= 2
    keys = np.empty(capacity, np.uint64)
    stamps = np.full(capacity, -1, np.int64)
    for d in range(len(bounds) - 1):
        room = 16
        while room < 2 * (bounds[d + 1] - bounds[d]):
            room *= 2
        mask = np.uint64(room - 1)
        for i in range(bounds[d], bounds[d + 1]):
            if chars[i] == 0:
                continue
            units[d] += 1
            slot = hashes[i] & mask
            while stamps[slot] == d and keys[slot] != hashes[i]:
                slot = (slot + np.uint64(1)) & mask
            if stamps[slot] == d:
                repeated[d] += 1
                repeated_chars[d] += chars[i]
            else:
                stamps[slot] = d
                keys[slot] = hashes[i]


@numba.njit(cache=True, nogil=True)
def _grams(hashes, lengths, doc_words, duplicate, top, distinct, entropy):  # type: ignore[no-untyped-def]  # noqa: ANN001, ANN202, C901, PLR0912, PLR0915
    """Fill the arrays of `Grams`."""
    longest = 1
    for d in range(len(doc_words) - 1):
        longest = max(longest, doc_words[d + 1] - doc_words[d])
    capacity = 16
    while capacity < 2 * longest:
        capacity *= 2
    keys = np.empty(capacity, np.uint64)
    counts = np.empty(capacity, np.int64)
    stamps = np.zeros(capacity, np.int64)  # the look-up round in which a slot was taken
    seen = np.zeros(capacity, np.int64)  # the round in which its n-gram was met by the reading from left to right
    before = np.zeros(longest + 1, np.int64)  # characters before the i-th word
    at = np.empty(longest, np.int64)  # where the n-grams that may be repeated start
    gram = np.empty(longest, np.uint64)
    place = np.empty(longest, np.int64)
    stamp = 0
    for d in range(len(doc_words) - 1):
        first = doc_words[d]
        size = doc_words[d + 1] - first
        if size == 0:
            continue
        room = 16
        while room < 2 * size:
            room *= 2
        mask = np.uint64(room - 1)
        for i in range(size):
            before[i + 1] = before[i] + lengths[first + i]
            at[i] = i
            gram[i] = hashes[first + i]
        count = size
        for n in range(1, min(size, LONGEST_GRAM) + 1):
            stamp += 1
            tried = 0
            for k in range(count):
                i = at[k]
                if n > 1:
                    if k + 1 == count or at[k + 1] != i + 1:
                        continue
                    h = gram[k] * _ODD + hashes[first + i + n - 1]
                else:
                    h = gram[k]
                slot = h & mask
                while stamps[slot] == stamp and keys[slot] != h:
                    slot = (slot + np.uint64(1)) & mask
                if stamps[slot] == stamp:
                    counts[slot] += 1
                else:
                    stamps[slot] = stamp
                    keys[slot] = h
                    counts[slot] = 1
                    if n == 1:
                        distinct[d] += 1
                at[tried] = i
                gram[tried] = h
                place[tried] = np.int64(slot)
                tried += 1
            most = 1
            top_chars = before[n]
            repeated = 0
            free = 0  # the first word after the last repeated n-gram
            kept = 0
            scattered = 0.0
            for k in range(tried):
                slot_here = place[k]
                times = counts[slot_here]
                if times < 2:  # noqa: PLR2004
                    continue
                i = at[k]
                chars = before[i + n] - before[i]
                if times > most:
                    most = times
                    top_chars = chars
                if i >= free:
                    if seen[slot_here] == stamp:
                        repeated += chars
                        free = i + n
                    else:
                        seen[slot_here] = stamp
                        scattered += times * np.log2(times)
                at[kept] = i
                gram[kept] = gram[k]
                kept += 1
            duplicate[d, n] = repeated
            top[d, n] = most * (top_chars + n - 1)
            if n == 1:
                entropy[d] = max(0.0, np.log2(size) - scattered / size)
            count = kept
