"""What signals are computed from: the word table, what is known of the languages, and what several signals share."""

from __future__ import annotations

from dataclasses import dataclass, field
from functools import cached_property
from typing import TYPE_CHECKING

from latam_corpus.quality.signals.letters import Letters
from latam_corpus.quality.signals.marks import Marks
from latam_corpus.quality.signals.open_lines import characters_in_open_lines
from latam_corpus.quality.signals.phrases import Phrases
from latam_corpus.quality.signals.repetition import Grams, Repeats
from latam_corpus.text.spelling import Spelling, WordSet
from latam_corpus.text.stops import StopCounts, StopTable
from latam_corpus.text.words import WordTable

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    import numpy as np
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
        """The reading of these texts, in languages of which nothing is known.

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
