"""Stop words of many languages as one hash table, and how often each document has them.

One look-up a word serves all languages: the table's value is a bit set of the languages that list the word. A word with
an apostrophe at an edge is looked up with it, as K'iche' has it, and where its language doesn't list it so, without,
since the sign may be a quotation mark.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

import numpy as np

from latam_corpus.text.word_list_kernels import count_stops, insert
from latam_corpus.text.words import WordTable, listed

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from numpy.typing import NDArray

MOST_LANGUAGES: Final = 64


@dataclass(frozen=True, eq=False)
class StopTable:
    """An open-addressing hash table from word hash to the languages that call it a stop word.

    Attributes:
        languages: the codes; the i-th has bit i.
        keys: uint64[capacity], 0 where free.
        bits: uint64[capacity], the bit sets.
        listed: uint64, the bit set of the languages that have any stop word.
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
        wholes = listed([word for language in languages for word in lists[language]]).wholes
        for number in range(len(languages)):
            insert(keys, bits, wholes[ends[number] : ends[number + 1]], np.uint64(1 << number))
        return cls(languages, keys, bits)

    def number(self, language: str) -> int:
        """Return the language's place, or -1 when it has no list here."""
        return self.languages.index(language) if language in self.languages else -1


@dataclass(frozen=True, eq=False)
class StopCounts:
    """How many stop words of its own language, and of the best other one, each of n documents has.

    Attributes:
        own: int64[n], occurrences of words on the list of the document's language; -1 where it has no list.
        distinct: int64[n], how many different ones; -1 where there is no list.
        other: int64[n], occurrences on the list of the background language that has the most, its own left out.
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
            languages: n codes, the language whose list counts for each document ("" for none).
            background: codes of the languages that `other` looks at.

        >>> from latam_corpus.text.words import WordTable
        >>> table = StopTable.of({"spa": ["de", "la", "que"], "por": ["de", "que", "não"]})
        >>> words = WordTable.of(["la orilla de la laguna", "não que de"])
        >>> counts = StopCounts.of(words, table, ["spa", "spa"], ["por"])
        >>> counts.own.tolist(), counts.distinct.tolist(), counts.other.tolist()
        ([3, 2], [2, 2], [1, 3])
        """
        places = {language: table.number(language) for language in {*languages, *background}}
        own_number = np.array([places[language] for language in languages], np.int64)
        background_numbers = np.array([places[b] for b in background if places[b] >= 0], np.int64)
        n = len(words)
        own, distinct, other = np.zeros(n, np.int64), np.zeros(n, np.int64), np.zeros(n, np.int64)
        count_stops(
            words.arrays, words.wholes, table.keys, table.bits, own_number, background_numbers, own, distinct, other
        )
        return cls(own, distinct, other)
