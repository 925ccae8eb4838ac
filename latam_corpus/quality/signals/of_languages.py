"""Signals that need to know the document's language: stop words, alphabet, word lists."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import numpy as np

from latam_corpus.messages import N_
from latam_corpus.quality.signals.of_words_kernels import count_mixed
from latam_corpus.quality.signals.signal import OURS, known, share, signal, sum_words, unknown
from latam_corpus.text import words_kernels as w
from latam_corpus.text.spelling import listed_share
from latam_corpus.text.words_kernels import HAS_LETTER

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

    from latam_corpus.quality.signals.signal import Reading
    from latam_corpus.text.stops import StopTable
    from latam_corpus.text.words import WordTable


def words_in_other_languages(
    words: WordTable, table: StopTable, languages: Sequence[str], background: Sequence[str]
) -> NDArray[np.int64]:
    r"""Words in lines that have more stop words of a background language than of the document's own, int64[n].

    Args:
        words: the word table of n documents.
        table: the stop words.
        languages: n codes, the documents' languages.
        background: codes of the languages that a line may turn out to be in.

    >>> from latam_corpus.text.stops import StopTable
    >>> from latam_corpus.text.words import WordTable
    >>> table = StopTable.of({"spa": ["de", "la", "y"], "por": ["de", "não", "e"]})
    >>> document = WordTable.of(["la orilla de la laguna\nnão sei e não digo\nadiós"])
    >>> words_in_other_languages(document, table, ["spa"], ["por", "spa"]).tolist()
    [5]
    """
    own = np.array([table.number(language) for language in languages], np.int64)
    others = np.array([number for number in map(table.number, background) if number >= 0], np.int64)
    counts = np.zeros(len(words), np.int64)
    count_mixed(words.arrays, words.wholes, table.keys, table.bits, own, others, counts)
    return counts


def stop_word_count(reading: Reading) -> NDArray[np.float32]:
    """How many different stop words of its language a document has (Gopher asks for two).

    >>> from latam_corpus.quality.signals import Lexicon, Reading
    >>> from latam_corpus.text.stops import StopTable
    >>> from latam_corpus.text.words import WordTable
    >>> lexicon = Lexicon(["spa"], StopTable.of({"spa": ["la", "el", "que"]}))
    >>> stop_word_count(Reading(WordTable.of(["la luz y la sombra que el sol da"]), lexicon)).tolist()
    [3.0]
    """
    stops = reading.stops
    return known(stops.distinct, stops.distinct) if stops else unknown(reading)


def stop_word_share(reading: Reading) -> NDArray[np.float32]:
    """Stop words of its language, as a share of its words.

    >>> from latam_corpus.quality.signals import Lexicon, Reading
    >>> from latam_corpus.text.stops import StopTable
    >>> from latam_corpus.text.words import WordTable
    >>> lexicon = Lexicon(["spa", "und"], StopTable.of({"spa": ["la", "el", "que"]}))
    >>> stop_word_share(Reading(WordTable.of(["la luz que se fue", "la luz"]), lexicon)).astype(float).round(2).tolist()
    [0.4, nan]
    """
    stops = reading.stops
    return known(share(stops.own, reading.words.word_count), stops.own) if stops else unknown(reading)


def stop_word_margin(reading: Reading) -> NDArray[np.float32]:
    """Stop-word share minus that of the background language which has the most: negative in a wrong language.

    >>> from latam_corpus.quality.signals import Lexicon, Reading
    >>> from latam_corpus.text.stops import StopTable
    >>> from latam_corpus.text.words import WordTable
    >>> lexicon = Lexicon(["spa"], StopTable.of({"spa": ["la", "y"], "por": ["a", "e"]}), ["por"])
    >>> stop_word_margin(Reading(WordTable.of(["a lua e a noite"]), lexicon)).astype(float).round(2).tolist()
    [-0.6]
    """
    stops = reading.stops
    if not stops:
        return unknown(reading)
    return known(share(stops.own - stops.other, reading.words.word_count), stops.own)


def second_language_share(reading: Reading) -> NDArray[np.float32]:
    r"""Words in lines of four words and more that are in another background language, as a share of words.

    A line is, where at least a quarter of its words are stop words of a background language and fewer are its own.
    People switch languages in interviews and in Jopara; in news it is what was pasted beside the text.

    >>> from latam_corpus.quality.signals import Lexicon, Reading
    >>> from latam_corpus.text.stops import StopTable
    >>> from latam_corpus.text.words import WordTable
    >>> lexicon = Lexicon(["spa"], StopTable.of({"spa": ["la", "y", "el"], "por": ["a", "e", "o"]}), ["por", "spa"])
    >>> second_language_share(Reading(WordTable.of(["la luz y el sol\na lua e o sol"]), lexicon)).tolist()
    [0.5]
    """
    lexicon = reading.lexicon
    if not lexicon:
        return unknown(reading)
    counts = words_in_other_languages(reading.words, lexicon.stops, lexicon.languages, lexicon.background)
    return share(counts, reading.words.word_count)


def alphabet_fit(reading: Reading) -> NDArray[np.float32]:
    """Letters that belong to the alphabet of its language, as a share of letters.

    >>> from latam_corpus.quality.signals import Lexicon, Reading
    >>> from latam_corpus.text.stops import StopTable
    >>> from latam_corpus.text.words import WordTable
    >>> lexicon = Lexicon(["spa", "und"], StopTable.of({}), alphabets={"spa": "abcdeñ"})
    >>> alphabet_fit(Reading(WordTable.of(["Ñandé", "ñ"]), lexicon)).astype(float).round(2).tolist()
    [0.6, nan]
    """
    letters, foreign = reading.words.counts[:, w.LETTERS], reading.letters.foreign
    return known(share(letters - foreign, letters), foreign)


def dictionary_word_rate(reading: Reading) -> NDArray[np.float32]:
    """Words on the word list of its language, as a share of words with a letter.

    >>> from latam_corpus.quality.signals import Lexicon, Reading, WordSet
    >>> from latam_corpus.text.stops import StopTable
    >>> from latam_corpus.text.words import WordTable
    >>> lexicon = Lexicon(["spa", "und"], StopTable.of({}), word_lists={"spa": WordSet.of(["la", "luz"])})
    >>> dictionary_word_rate(Reading(WordTable.of(["la luz, 25", "luz"]), lexicon)).tolist()
    [1.0, nan]
    """
    lexicon = reading.lexicon
    if not lexicon or not lexicon.word_lists:
        return unknown(reading)
    spelled = sum_words(reading, reading.words.kinds & HAS_LETTER)
    return listed_share(reading.words, lexicon.word_lists, lexicon.languages, spelled)


SIGNALS: Final = (
    signal(stop_word_count, "Gopher, FineWeb-2"),
    signal(stop_word_share, N_("RedPajama-V2 (as stop_word_fraction)")),
    signal(stop_word_margin, OURS),
    signal(second_language_share, OURS, on_demand=True),
    signal(alphabet_fit, OURS, on_demand=True),
    signal(dictionary_word_rate, OURS, on_demand=True),
)
