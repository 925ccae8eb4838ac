"""How words are written: all in capitals, damaged by OCR, on a word list."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

import numba
import numpy as np

from latam_corpus.text.characters import APOSTROPHE, DIGIT, LETTER, UPPER, classes
from latam_corpus.text.slots import slot_of
from latam_corpus.text.words import CAPITAL, HAS_DIGIT, HAS_LETTER, MIXED, WordTable, _decode, hash_words

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from numpy.typing import NDArray

_BOTH: Final = HAS_LETTER | HAS_DIGIT
# Signs that stand between two letters without a space in damaged text, and hardly in sound text or in addresses.
_DAMAGE: Final = '^|~*\\<>{}[]$!;"'
_SPACE: Final = 32
_ASCII: Final = 0x80


@dataclass(frozen=True, eq=False)
class Spelling:
    """How the words of n documents are written.

    Attributes:
        capitals: int64[n], words of two letters and more, all of them capitals.
        damaged: int64[n], words with a digit between letters, a capital after a small letter, or joined to the word
            before by a sign that doesn't join words.
        longest: int64[n], code points of the longest word.
    """

    capitals: NDArray[np.int64]
    damaged: NDArray[np.int64]
    longest: NDArray[np.int64]

    @classmethod
    def of(cls, words: WordTable) -> Spelling:
        """The spelling of these documents.

        >>> found = Spelling.of(WordTable.of(["la OEA y la pa1abra, pLaza, ca^a, 5G, covid19, H2O"]))
        >>> found.capitals.tolist(), found.damaged.tolist(), found.longest.tolist()
        ([2], [3], [7])
        """
        n = len(words)
        made = cls(np.zeros(n, np.int64), np.zeros(n, np.int64), np.zeros(n, np.int64))
        signs = np.zeros(_ASCII, np.bool_)
        signs[[ord(sign) for sign in _DAMAGE]] = True
        _spell(
            words.data,
            words.doc_bytes,
            words.doc_words,
            words.starts,
            words.lengths,
            words.kinds,
            classes(),
            signs,
            made.capitals,
            made.damaged,
            made.longest,
        )
        return made


@dataclass(frozen=True, eq=False)
class WordSet:
    """A set of word hashes, by open addressing.

    Attributes:
        keys: uint64[capacity], 0 where free.
    """

    keys: NDArray[np.uint64]

    @classmethod
    def of(cls, words: Iterable[str]) -> WordSet:
        """The set of these entries; those that aren't exactly one word are left out.

        >>> WordSet.of(["barrio", "sin embargo"]).count(WordTable.of(["El Barrio, un barrio"])).tolist()
        [2]
        """
        listed = list(words)
        table = WordTable.of(listed)
        hashes = hash_words([word for word, count in zip(listed, table.word_count.tolist(), strict=True) if count == 1])
        keys = np.zeros(1 << max(4, (2 * len(hashes)).bit_length()), np.uint64)
        _fill(keys, hashes)
        return cls(keys)

    def count(self, words: WordTable) -> NDArray[np.int64]:
        """How many words of each document are in the set, int64[n]."""
        found = np.zeros(len(words), np.int64)
        _count(words.hashes, words.doc_words, self.keys, found)
        return found


def listed_share(
    words: WordTable, lists: Mapping[str, WordSet], named: Sequence[str], whole: NDArray[np.int64]
) -> NDArray[np.float32]:
    """The words of each document that are on its list, as a share, float32[n]; not-a-number where it has no list.

    Args:
        words: the word table of n documents.
        lists: word lists by name.
        named: n names of a list.
        whole: int64[n], what the share is of.

    >>> table = WordTable.of(["El Barrio, un barrio", "barrio"])
    >>> listed_share(table, {"spa": WordSet.of(["barrio"])}, ["spa", "por"], table.word_count).tolist()
    [0.5, nan]
    """
    result = np.full(len(words), np.nan, np.float32)
    names = np.array(named, np.str_)
    for name, listed in lists.items():
        mine = names == name
        if mine.any():
            result[mine] = (listed.count(words) / np.maximum(whole, 1))[mine]
    return result


@numba.njit(cache=True, nogil=True)
def _fill(keys, hashes):  # type: ignore[no-untyped-def]  # noqa: ANN001, ANN202
    for h in hashes:
        keys[slot_of(keys, h)] = h


@numba.njit(cache=True, nogil=True)
def _count(hashes, doc_words, keys, found):  # type: ignore[no-untyped-def]  # noqa: ANN001, ANN202
    for d in range(len(found)):
        for i in range(doc_words[d], doc_words[d + 1]):
            found[d] += keys[slot_of(keys, hashes[i])] != 0


@numba.njit(cache=True, nogil=True)
def _digit_between_letters(data, start, end, class_of):  # type: ignore[no-untyped-def]  # noqa: ANN001, ANN202
    """Whether a digit has a small letter somewhere before it and one right after it, up to the word's end."""
    small = digit = False
    i = start
    while i < end:
        point, width = _decode(data, i)
        kind = class_of[point]
        i += width
        if kind & DIGIT:
            digit = small
        elif kind & LETTER:
            if digit:
                return True
            small = small or (kind & UPPER) == 0
        elif not kind & APOSTROPHE:
            break
    return False


@numba.njit(cache=True, nogil=True)
def _all_capitals(data, start, end, class_of):  # type: ignore[no-untyped-def]  # noqa: ANN001, ANN202
    i = start
    while i < end:
        point, width = _decode(data, i)
        kind = class_of[point]
        i += width
        if kind & LETTER:
            if (kind & UPPER) == 0:
                return False
        elif not kind & (DIGIT | APOSTROPHE):
            break
    return True


@numba.njit(cache=True, nogil=True)
def _is_joined(data, first, start, signs):  # type: ignore[no-untyped-def]  # noqa: ANN001, ANN202
    """Whether one sign of damage, and no space, stands between the word at byte `start` and a letter."""
    if start - 2 < first or data[start - 1] >= _ASCII or not signs[data[start - 1]]:
        return False
    before = data[start - 2]
    return before >= _ASCII or 97 <= (before | 32) <= 122  # noqa: PLR2004


@numba.njit(cache=True, nogil=True)
def _spell(data, doc_bytes, doc_words, starts, lengths, kinds, class_of, signs, capitals, damaged, longest):  # type: ignore[no-untyped-def]  # noqa: ANN001, ANN202
    for d in range(len(doc_words) - 1):
        first, end = doc_bytes[d], doc_bytes[d + 1]
        shouted = broken = 0
        for i in range(doc_words[d], doc_words[d + 1]):
            start = starts[i]
            kind = kinds[i]
            longest[d] = max(longest[d], np.int64(lengths[i]))
            # Nearly all words are of small letters after a space: nothing is asked about them.
            if kind != HAS_LETTER or (start > first and data[start - 1] > _SPACE):
                if kind & MIXED:
                    broken += 1
                    continue
                shouted += kind & CAPITAL and lengths[i] > 1 and _all_capitals(data, start, end, class_of)
                broken += (kind & _BOTH == _BOTH and _digit_between_letters(data, start, end, class_of)) or (
                    kind & HAS_LETTER and _is_joined(data, first, start, signs)
                )
        capitals[d] = shouted
        damaged[d] = broken
