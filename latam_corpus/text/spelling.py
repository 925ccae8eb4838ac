"""How words are written: all in capitals, damaged by OCR, on a word list."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from latam_corpus.text.characters import classes
from latam_corpus.text.word_list_kernels import DAMAGE, count_spellings, fill, spell
from latam_corpus.text.words import WordTable, hash_words

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from numpy.typing import NDArray


@dataclass(frozen=True, eq=False)
class Spelling:
    """How the words of n documents are written.

    Attributes:
        capitals: int64[n], words of two letters and more, all of them capitals.
        damaged: int64[n], words with a digit between letters, a capital after a small letter, or joined to the word
            before by a sign that doesn't join words.
        mixed: int64[n], those of them with a capital after a small letter.
        longest: int64[n], code points of the longest word.
    """

    capitals: NDArray[np.int64]
    damaged: NDArray[np.int64]
    mixed: NDArray[np.int64]
    longest: NDArray[np.int64]

    @classmethod
    def of(cls, words: WordTable) -> Spelling:
        """Return the spelling of these documents.

        >>> found = Spelling.of(WordTable.of(["la OEA y la pa1abra, pLaza, ca^a, 5G, covid19, H2O"]))
        >>> found.capitals.tolist(), found.damaged.tolist(), found.mixed.tolist(), found.longest.tolist()
        ([2], [3], [1], [7])
        """
        counts = cls(*(np.zeros(len(words), np.int64) for _ in range(4)))
        signs = np.zeros(256, np.bool_)  # by byte
        signs[[ord(sign) for sign in DAMAGE]] = True
        spell(words.arrays, classes(), signs, counts.capitals, counts.damaged, counts.mixed, counts.longest)
        return counts


@dataclass(frozen=True, eq=False)
class WordSet:
    """A set of word hashes, by open addressing.

    Attributes:
        keys: uint64[capacity], 0 where free.
    """

    keys: NDArray[np.uint64]

    @classmethod
    def of(cls, words: Iterable[str]) -> WordSet:
        """Return the set of these entries; those that aren't exactly one word are left out.

        >>> WordSet.of(["barrio", "sin embargo"]).count(WordTable.of(["El Barrio, un barrio"])).tolist()
        [2]
        """
        listed = list(words)
        table = WordTable.of(listed)
        hashes = hash_words([word for word, count in zip(listed, table.word_count.tolist(), strict=True) if count == 1])
        keys = np.zeros(1 << max(4, (2 * len(hashes)).bit_length()), np.uint64)
        fill(keys, hashes)
        return cls(keys)

    def count(self, words: WordTable) -> NDArray[np.int64]:
        """How many words of each document are in the set, int64[n]."""
        counts = np.zeros(len(words), np.int64)
        count_spellings(words.hashes, words.doc_words, self.keys, counts)
        return counts


def listed_share(
    words: WordTable, lists: Mapping[str, WordSet], named: Sequence[str], whole: NDArray[np.int64]
) -> NDArray[np.float32]:
    """Give the words of each document that are on its list, as a share, float32[n]; not-a-number where it has no list.

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
