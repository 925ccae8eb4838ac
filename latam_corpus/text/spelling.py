"""Counts of words that are in capitals, damaged by OCR, or on a word list."""

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
    """Counts of unusually spelled words in n documents.

    Attributes:
        capitals: int64[n], words of two or more letters, all of them capitals.
        damaged: int64[n], words with a digit between letters or a capital after a small letter, or right after a stray
            sign that doesn't join words.
        mixed: int64[n], the damaged words with a capital after a small letter.
        longest: int64[n], code points of the longest word.
    """

    capitals: NDArray[np.int64]
    damaged: NDArray[np.int64]
    mixed: NDArray[np.int64]
    longest: NDArray[np.int64]

    @classmethod
    def of(cls, words: WordTable, is_code: NDArray[np.bool_] | None = None) -> Spelling:
        r"""Return the counts of these documents.

        Args:
            words: the word table of the documents.
            is_code: bool[l], whether a line is code, in which no word counts as damaged; by default no line is.

        >>> import numpy as np
        >>> counts = Spelling.of(WordTable.of(["la OEA y la pa1abra, pLaza, ca^a, 5G, covid19, H2O"]))
        >>> counts.capitals.tolist(), counts.damaged.tolist(), counts.mixed.tolist(), counts.longest.tolist()
        ([2], [3], [1], [7])
        >>> Spelling.of(WordTable.of(["pLaza\ngetName {"]), np.array([False, True])).damaged.tolist()
        [1]
        """
        damage_signs = np.zeros(256, np.bool_)  # indexed by byte
        damage_signs[[ord(sign) for sign in DAMAGE]] = True
        no_code = np.zeros(len(words.line_ends), np.bool_)
        return cls(*spell(words.arrays, classes(), damage_signs, no_code if is_code is None else is_code))


@dataclass(frozen=True, eq=False)
class WordSet:
    """A set of word hashes with open addressing.

    Attributes:
        keys: uint64[capacity], 0 if free.
    """

    keys: NDArray[np.uint64]

    @classmethod
    def of(cls, words: Iterable[str]) -> WordSet:
        """Return the set of these entries; entries that aren't exactly one word are left out.

        >>> WordSet.of(["barrio", "sin embargo"]).count(WordTable.of(["El Barrio, un barrio"])).tolist()
        [2]
        """
        entries = list(words)
        table = WordTable.of(entries)
        hashes = hash_words(
            [word for word, count in zip(entries, table.word_count.tolist(), strict=True) if count == 1]
        )
        keys = np.zeros(1 << max(4, (2 * len(hashes)).bit_length()), np.uint64)
        fill(keys, hashes)
        return cls(keys)

    def count(self, words: WordTable) -> NDArray[np.int64]:
        """Return the number of words in each document that are in the set, int64[n]."""
        counts = np.zeros(len(words), np.int64)
        count_spellings(words.hashes, words.doc_words, self.keys, counts)
        return counts


def listed_share(
    words: WordTable, lists: Mapping[str, WordSet], list_names: Sequence[str], totals: NDArray[np.int64]
) -> NDArray[np.float32]:
    """Return the share of each document's words that are on its list, float32[n]; NaN without a list.

    Args:
        words: the word table of n documents.
        lists: word lists by name.
        list_names: the name of each document's list.
        totals: int64[n], the denominators.

    >>> table = WordTable.of(["El Barrio, un barrio", "barrio"])
    >>> listed_share(table, {"spa": WordSet.of(["barrio"])}, ["spa", "por"], table.word_count).tolist()
    [0.5, nan]
    """
    result = np.full(len(words), np.nan, np.float32)
    names = np.array(list_names, np.str_)
    for name, word_set in lists.items():
        rows = names == name
        if rows.any():
            result[rows] = (word_set.count(words) / np.maximum(totals, 1))[rows]
    return result
