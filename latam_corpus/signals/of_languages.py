"""Signals that depend on the document's language: stop words, alphabet, word lists."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from latam_corpus.messages import N_, _
from latam_corpus.signals.descriptor import OURS, signal
from latam_corpus.signals.shares import if_known, share
from latam_corpus.text import word_columns as w

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    from latam_corpus.signals.reading import Reading


@signal(label=_("different stop words"), used_by="Gopher, FineWeb-2", on_demand=False)
def stop_word_count(reading: Reading) -> NDArray[np.float32]:
    """Different stop words of its language in a document (Gopher requires two).

    >>> from latam_corpus.signals.reading import Lexicon, Reading
    >>> from latam_corpus.text.stops import StopTable
    >>> from latam_corpus.text.words import WordTable
    >>> lexicon = Lexicon(["spa"], StopTable.of({"spa": ["la", "el", "que"]}))
    >>> stop_word_count(Reading(WordTable.of(["la luz y la sombra que el sol da"]), lexicon)).tolist()
    [3.0]
    """
    stops = reading.stops
    return if_known(stops.distinct, stops.distinct) if stops else reading.unknown


@signal(label=_("stop words"), used_by=N_("RedPajama-V2 (as stop_word_fraction)"), on_demand=False, share_of_words=True)
def stop_word_share(reading: Reading) -> NDArray[np.float32]:
    """Stop words of its language, as a share of its words.

    >>> from latam_corpus.signals.reading import Lexicon, Reading
    >>> from latam_corpus.text.stops import StopTable
    >>> from latam_corpus.text.words import WordTable
    >>> lexicon = Lexicon(["spa", "und"], StopTable.of({"spa": ["la", "el", "que"]}))
    >>> stop_word_share(Reading(WordTable.of(["la luz que se fue", "la luz"]), lexicon)).astype(float).round(2).tolist()
    [0.4, nan]
    """
    stops = reading.stops
    return if_known(share(stops.own, reading.words.word_count), stops.own) if stops else reading.unknown


@signal(label=_("stop words, less those of another language"), used_by=OURS, on_demand=False)
def stop_word_margin(reading: Reading) -> NDArray[np.float32]:
    """Stop-word share minus that of the background language with the most: negative in a wrong language.

    >>> from latam_corpus.signals.reading import Lexicon, Reading
    >>> from latam_corpus.text.stops import StopTable
    >>> from latam_corpus.text.words import WordTable
    >>> lexicon = Lexicon(["spa"], StopTable.of({"spa": ["la", "y"], "por": ["a", "e"]}), ["por"])
    >>> stop_word_margin(Reading(WordTable.of(["a lua e a noite"]), lexicon)).astype(float).round(2).tolist()
    [-0.6]
    """
    stops = reading.stops
    if not stops:
        return reading.unknown
    return if_known(share(stops.own - stops.other, reading.words.word_count), stops.own)


@signal(label=_("lines in another language"), used_by=OURS, share_of_words=True)
def second_language_share(reading: Reading) -> NDArray[np.float32]:
    r"""Words in lines of four or more words in another background language, as a share of words.

    A line counts if at least a quarter of its words are stop words of a background language, and fewer are stop words
    of the document's language. In interviews and in Jopara, people switch languages; in news, such lines were pasted
    in.

    >>> from latam_corpus.signals.reading import Lexicon, Reading
    >>> from latam_corpus.text.stops import StopTable
    >>> from latam_corpus.text.words import WordTable
    >>> lexicon = Lexicon(["spa"], StopTable.of({"spa": ["la", "y", "el"], "por": ["a", "e", "o"]}), ["por", "spa"])
    >>> second_language_share(Reading(WordTable.of(["la luz y el sol\na lua e o sol"]), lexicon)).tolist()
    [0.5]
    """
    counts = reading.words_in_other_languages
    return reading.unknown if counts is None else share(counts, reading.words.word_count)


@signal(label=_("letters of its alphabet"), used_by=OURS)
def alphabet_fit(reading: Reading) -> NDArray[np.float32]:
    """Letters that belong to the alphabet of its language, as a share of letters.

    >>> from latam_corpus.signals.reading import Lexicon, Reading
    >>> from latam_corpus.text.stops import StopTable
    >>> from latam_corpus.text.words import WordTable
    >>> lexicon = Lexicon(["spa", "und"], StopTable.of({}), alphabets={"spa": "abcdeñ"})
    >>> alphabet_fit(Reading(WordTable.of(["Ñandé", "ñ"]), lexicon)).astype(float).round(2).tolist()
    [0.6, nan]
    """
    letters, foreign = reading.words.counts[:, w.LETTERS], reading.letters.foreign
    return if_known(share(letters - foreign, letters), foreign)


@signal(label=_("words in the dictionary"), used_by=OURS, share_of_words=True, needs="word_lists")
def dictionary_word_rate(reading: Reading) -> NDArray[np.float32]:
    """Words in the word list of its language, as a share of words with a letter.

    >>> from latam_corpus.signals.reading import Lexicon, Reading
    >>> from latam_corpus.text.spelling import WordSet
    >>> from latam_corpus.text.stops import StopTable
    >>> from latam_corpus.text.words import WordTable
    >>> lexicon = Lexicon(["spa", "und"], StopTable.of({}), word_lists={"spa": WordSet.of(["la", "luz"])})
    >>> dictionary_word_rate(Reading(WordTable.of(["la luz, 25", "luz"]), lexicon)).tolist()
    [1.0, nan]
    """
    return reading.listed_share(reading.sum_words(reading.words.kinds & w.HAS_LETTER))


SIGNALS: Final = (
    stop_word_count,
    stop_word_share,
    stop_word_margin,
    second_language_share,
    alphabet_fit,
    dictionary_word_rate,
)
__test__ = {signal.name: signal.measure for signal in SIGNALS}  # doctest finds functions only
