"""Stop words of many languages in one hash table, and their frequencies in each document.

One look-up per word serves all languages: the table's value is the bit set of the languages that list the word. A word
with an apostrophe at an edge, as in K'iche', is looked up with the apostrophe. If its language doesn't list that form,
it is looked up without it, since the sign may be a quotation mark.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

import numpy as np

from latam_corpus.text.word_list_kernels import count_stops, insert
from latam_corpus.text.words import WordTable, entry_table

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from numpy.typing import NDArray

MOST_LANGUAGES: Final = 64


@dataclass(frozen=True, eq=False)
class StopTable:
    """An open-addressing hash table from word hashes to the languages that list the word as a stop word.

    Attributes:
        languages: the codes; the i-th code has bit i.
        keys: uint64[capacity], 0 if free.
        bits: uint64[capacity], the bit sets.
    """

    languages: tuple[str, ...]
    keys: NDArray[np.uint64]
    bits: NDArray[np.uint64]

    @classmethod
    def of(cls, lists: Mapping[str, Sequence[str]]) -> StopTable:
        """Return the table of these lists, by language code.

        Raises:
            ValueError: more than 64 languages, or an entry that isn't one word.

        >>> table = StopTable.of({"spa": ["de", "la", "que"], "por": ["de", "que", "não"]})
        >>> table.languages
        ('por', 'spa')
        """
        languages = tuple(sorted(lists))
        if len(languages) > MOST_LANGUAGES:
            raise ValueError(f"{len(languages)} languages with stop words; one table holds {MOST_LANGUAGES}")
        ends = np.cumsum([0, *(len(lists[language]) for language in languages)]).tolist()
        capacity = 1 << max(4, (4 * ends[-1]).bit_length())
        keys, bits = np.zeros(capacity, np.uint64), np.zeros(capacity, np.uint64)
        wholes = entry_table([word for language in languages for word in lists[language]]).wholes
        for number in range(len(languages)):
            insert(keys, bits, wholes[ends[number] : ends[number + 1]], np.uint64(1 << number))
        return cls(languages, keys, bits)

    def number(self, language: str) -> int:
        """Return the language's bit number, or -1 if it has no list."""
        return self.languages.index(language) if language in self.languages else -1


@dataclass(frozen=True, eq=False)
class StopCounts:
    """The number of stop words in each of n documents: of its own language, and of the best other language.

    Attributes:
        own: int64[n], occurrences of words on the list of the document's language; -1 without a list.
        distinct: int64[n], the number of distinct ones; -1 without a list.
        other: int64[n], the maximum number of occurrences on the list of any other background language.
    """

    own: NDArray[np.int64]
    distinct: NDArray[np.int64]
    other: NDArray[np.int64]

    @classmethod
    def of(cls, words: WordTable, table: StopTable, languages: Sequence[str], background: Sequence[str]) -> StopCounts:
        """Return the counts for documents in these languages.

        Args:
            words: the word table of n documents.
            table: the stop words.
            languages: n codes, the language whose list is used for each document ("" for none).
            background: codes of the languages among which `other` takes the maximum.

        >>> from latam_corpus.text.words import WordTable
        >>> table = StopTable.of({"spa": ["de", "la", "que"], "por": ["de", "que", "não"]})
        >>> words = WordTable.of(["la orilla de la laguna", "não que de"])
        >>> counts = StopCounts.of(words, table, ["spa", "spa"], ["por"])
        >>> counts.own.tolist(), counts.distinct.tolist(), counts.other.tolist()
        ([3, 2], [2, 2], [1, 3])
        """
        numbers = {language: table.number(language) for language in {*languages, *background}}
        own_number = np.array([numbers[language] for language in languages], np.int64)
        background_numbers = np.array(
            [numbers[language] for language in background if numbers[language] >= 0], np.int64
        )
        return cls(*count_stops(words.arrays, words.wholes, table.keys, table.bits, own_number, background_numbers))
