"""What a signal is and what it is computed from, and the arithmetic that signals share."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from functools import cached_property
from typing import TYPE_CHECKING, Any, Final

import numpy as np

from latam_corpus.messages import N_
from latam_corpus.quality.signals.of_words_kernels import sum_ranges
from latam_corpus.quality.signals.shared_counts import Grams, Letters, Marks, Phrases, Repeats, characters_in_open_lines
from latam_corpus.text.spelling import Spelling, WordSet
from latam_corpus.text.stops import StopCounts, StopTable
from latam_corpus.text.words import WordTable

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from numpy.typing import NDArray


@dataclass(frozen=True, eq=False)
class Lexicon:
    """What is known of the languages of n documents.

    Attributes:
        languages: n codes, whose stop words and letters count for each document ("" for none).
        stops: the stop words of all languages.
        background: codes of the languages that any document may turn out to be in.
        alphabets: the letters of each language that has them listed.
        word_lists: the word list of each language that has one.
    """

    languages: Sequence[str]
    stops: StopTable
    background: Sequence[str] = ()
    alphabets: Mapping[str, str] = field(default_factory=dict)
    word_lists: Mapping[str, WordSet] = field(default_factory=dict)


@dataclass(frozen=True, eq=False)
class Reading:
    """A batch of documents as signals see it; each shared count is made at first use.

    Attributes:
        words: the word table.
        lexicon: what is known of the documents' languages; without it signals that need a list are not-a-number.
    """

    words: WordTable
    lexicon: Lexicon | None = None

    @classmethod
    def of(cls, texts: Iterable[str]) -> Reading:
        """Return the reading of these texts, in languages of which nothing is known.

        >>> len(Reading.of(["Buenos días.", ""]))
        2
        """
        return cls(WordTable.of(list(texts)))

    def __len__(self) -> int:
        return len(self.words)

    @cached_property
    def stops(self) -> StopCounts | None:
        """Stop words a document."""
        known = self.lexicon
        return StopCounts.of(self.words, known.stops, known.languages, known.background) if known else None

    @cached_property
    def grams(self) -> Grams:
        """Repeated n-grams."""
        return Grams.of(self.words)

    @cached_property
    def lines(self) -> Repeats:
        """Repeated lines."""
        return Repeats.of_lines(self.words)

    @cached_property
    def paragraphs(self) -> Repeats:
        """Repeated paragraphs."""
        return Repeats.of_paragraphs(self.words)

    @cached_property
    def phrases(self) -> Phrases:
        """Set phrases."""
        return Phrases.of(self.words)

    @cached_property
    def marks(self) -> Marks:
        """What lines begin with, hold and end with."""
        return Marks.of(self.words)

    @cached_property
    def open_lines(self) -> NDArray[np.int64]:
        """Characters in open lines, int64[n]."""
        return characters_in_open_lines(self.words)

    @cached_property
    def letters(self) -> Letters:
        """How characters are distributed."""
        known = self.lexicon
        return Letters.of(self.words, [known.alphabets.get(code, "") for code in known.languages] if known else ())

    @cached_property
    def spelling(self) -> Spelling:
        """How words are written."""
        return Spelling.of(self.words)


Measure = Callable[[Reading], "NDArray[np.float32]"]


@dataclass(frozen=True)
class Signal:
    """A signal: its name, its definition in one line, who else uses it, its function, whether it costs a pass.

    Attributes:
        name: what policies call it.
        definition: what it says, in one line.
        used_by: which filters use it, and how theirs differs.
        measure: the function, from a batch's reading to float32[n].
        on_demand: whether it takes a pass of its own: it is measured where a policy bounds it or a recipe asks for it.
    """

    name: str
    definition: str
    used_by: str
    measure: Measure
    on_demand: bool = False


OURS: Final = N_("ours")


def signal(function: Measure, used_by: str, *, on_demand: bool = False) -> Signal:
    """Return the signal that a function measures, named and defined by it.

    >>> def vowels(reading):
    ...     '''Vowels a document.'''
    >>> signal(vowels, "ours").definition
    'Vowels a document'
    """
    definition = (function.__doc__ or "").strip().split("\n")[0].rstrip(".")
    return Signal(function.__name__, definition, used_by, function, on_demand)


def unknown(reading: Reading) -> NDArray[np.float32]:
    """Not-a-number for each document."""
    return np.full(len(reading), np.nan, np.float32)


def known(values: NDArray[np.float32] | NDArray[np.int64], counts: NDArray[np.int64]) -> NDArray[np.float32]:
    """Return the values where the count isn't -1, else not-a-number."""
    return np.where(counts < 0, np.float32(np.nan), values).astype(np.float32)


def share(part: NDArray[np.int64], whole: NDArray[np.int64]) -> NDArray[np.float32]:
    """One by the other; 0 where both are 0.

    >>> share(np.array([1, 0]), np.array([4, 0])).tolist()
    [0.25, 0.0]
    """
    return (part / np.maximum(whole, 1)).astype(np.float32)


def sum_words(reading: Reading, values: NDArray[Any]) -> NDArray[np.int64]:
    """Return the sum over each document's words, int64[n]."""
    return _sums(values, reading.words.doc_words)


def sum_lines(reading: Reading, values: NDArray[Any]) -> NDArray[np.int64]:
    """Return the sum over each document's lines, int64[n]."""
    return _sums(values, reading.words.doc_lines)


def _sums(values: NDArray[Any], bounds: NDArray[np.int64]) -> NDArray[np.int64]:
    result = np.zeros(len(bounds) - 1, np.int64)
    sum_ranges(values, bounds, result)
    return result
