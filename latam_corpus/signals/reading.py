"""A batch of documents as the input of signals."""

from __future__ import annotations

from dataclasses import dataclass, field
from functools import cached_property
from typing import TYPE_CHECKING, Any, Final

import numpy as np
import zstandard

from latam_corpus.signals.of_words_kernels import sum_ranges, unique_in_windows
from latam_corpus.signals.shared_counts import (
    Grams,
    Letters,
    MarkCounts,
    Phrases,
    Repeats,
    characters_in_open_lines,
    words_in_other_languages,
)
from latam_corpus.text.spelling import Spelling, WordSet, listed_share
from latam_corpus.text.stops import StopCounts, StopTable
from latam_corpus.text.words import WordTable

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from numpy.typing import NDArray

_WINDOW: Final = 4096  # bytes; a longer text would compress better, regardless of its content
_LEVEL: Final = 1


@dataclass(frozen=True, eq=False)
class Lexicon:
    """The stop words, letters and word lists of the languages of n documents.

    Attributes:
        languages: n codes, which select the stop words and letters for each document ("" for none).
        stops: the stop words of all languages.
        background: codes of the languages in which any document may be.
        alphabets: the letters of each language with a list of letters.
        word_lists: the word list of each language with one.
    """

    languages: Sequence[str]
    stops: StopTable
    background: Sequence[str] = ()
    alphabets: Mapping[str, str] = field(default_factory=dict)
    word_lists: Mapping[str, WordSet] = field(default_factory=dict)


@dataclass(frozen=True, eq=False)
class Reading:
    """A batch of documents with counts that several signals share, each computed on first use.

    Attributes:
        words: the word table.
        lexicon: the lexicon of the documents' languages; without it, signals that need a list are NaN.
    """

    words: WordTable
    lexicon: Lexicon | None = None

    @classmethod
    def of(cls, texts: Iterable[str]) -> Reading:
        """Return the reading of these texts, in unknown languages.

        >>> len(Reading.of(["Buenos días.", ""]))
        2
        """
        return cls(WordTable.of(list(texts)))

    def __len__(self) -> int:
        return len(self.words)

    @property
    def unknown(self) -> NDArray[np.float32]:
        """Not-a-number for each document."""
        return np.full(len(self), np.nan, np.float32)

    @cached_property
    def stops(self) -> StopCounts | None:
        """The stop words of each document; None without a lexicon."""
        lexicon = self.lexicon
        return StopCounts.of(self.words, lexicon.stops, lexicon.languages, lexicon.background) if lexicon else None

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
    def marks(self) -> MarkCounts:
        """Marks at the start, at the end and inside of lines."""
        return MarkCounts.of(self.words)

    @cached_property
    def open_lines(self) -> NDArray[np.int64]:
        """Characters in open lines, int64[n]."""
        return characters_in_open_lines(self.words)

    @cached_property
    def letters(self) -> Letters:
        """The distribution of characters."""
        lexicon = self.lexicon
        return Letters.of(
            self.words, [lexicon.alphabets.get(code, "") for code in lexicon.languages] if lexicon else ()
        )

    @cached_property
    def spelling(self) -> Spelling:
        """The spelling of words."""
        return Spelling.of(self.words, self.marks.is_code)

    @property
    def words_in_other_languages(self) -> NDArray[np.int64] | None:
        """Words in lines of another language, int64[n]; None without a lexicon."""
        lexicon = self.lexicon
        return (
            words_in_other_languages(self.words, lexicon.stops, lexicon.languages, lexicon.background)
            if lexicon
            else None
        )

    @property
    def compression_ratios(self) -> NDArray[np.float64]:
        """Bytes after compression per byte before it, float64[n]."""
        return _compression_ratios(self.words)

    def listed_share(self, denominators: NDArray[np.int64]) -> NDArray[np.float32]:
        """Return the share of `denominators` that are words in the list of the document's language, float32[n]."""
        lexicon = self.lexicon
        if not lexicon or not lexicon.word_lists:
            return self.unknown
        return listed_share(self.words, lexicon.word_lists, lexicon.languages, denominators)

    def unique_words(self, window: int) -> NDArray[np.float32]:
        """Return the mean share of distinct words over successive windows of `window` words, float32[n]."""
        result = np.zeros(len(self), np.float32)
        unique_in_windows(self.words.hashes, self.words.doc_words, window, result)
        return result

    def sum_bytes(self, values: NDArray[Any]) -> NDArray[np.int64]:
        """Return the sum of the values over each document's bytes in `words.data`, int64[n].

        >>> reading = Reading.of(["¡Ay, ay!", "¿Y ahora?"])
        >>> reading.sum_bytes(reading.words.data == ord("!")).tolist()
        [1, 0]
        """
        return _sums(values, self.words.doc_bytes)

    def sum_words(self, values: NDArray[Any]) -> NDArray[np.int64]:
        """Return the sum of the values over each document's words, int64[n]."""
        return _sums(values, self.words.doc_words)

    def sum_lines(self, values: NDArray[Any]) -> NDArray[np.int64]:
        """Return the sum of the values over each document's lines, int64[n]."""
        return _sums(values, self.words.doc_lines)


def _sums(values: NDArray[Any], bounds: NDArray[np.int64]) -> NDArray[np.int64]:
    result = np.zeros(len(bounds) - 1, np.int64)
    sum_ranges(values, bounds, result)
    return result


def _compression_ratios(words: WordTable) -> NDArray[np.float64]:
    """Return the bytes after compression by zstd, level 1, per byte before it, float64[n]; 0 for an empty text.

    Texts longer than 4 kB are compressed in separate windows of 4 kB, without the remainder. The ratio of a short text
    may exceed 1.

    >>> one, many = _compression_ratios(WordTable.of(["Se fue la luz. ", "Se fue la luz. " * 50])).tolist()
    >>> many < 0.1 < one
    True
    """
    sizes = np.diff(words.doc_bytes)
    pieces = np.where(sizes > 0, np.maximum(sizes // _WINDOW, 1), 0)
    length = np.repeat(np.minimum(sizes, _WINDOW), pieces)
    number = np.arange(pieces.sum()) - np.repeat(np.cumsum(pieces) - pieces, pieces)
    start = np.repeat(words.doc_bytes[:-1], pieces) + number * _WINDOW
    if not len(start):
        return np.zeros(len(words))
    segments = np.stack([start, length], axis=1).astype(np.uint64).tobytes()
    compressor = zstandard.ZstdCompressor(level=_LEVEL, write_content_size=False)
    compressed = compressor.multi_compress_to_buffer(zstandard.BufferWithSegments(words.data.data, segments), threads=1)
    compressed_sizes = np.array([len(compressed[number]) for number in range(len(compressed))], np.int64)
    document = np.repeat(np.arange(len(words)), pieces)
    totals = [np.bincount(document, weights=values, minlength=len(words)) for values in (compressed_sizes, length)]
    return totals[0] / np.maximum(totals[1], 1)
