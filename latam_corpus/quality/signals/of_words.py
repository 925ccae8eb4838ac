"""Signals of words: how many, how long, how written, how many different."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import numpy as np

from latam_corpus.messages import N_
from latam_corpus.quality.signals.of_words_kernels import unique_in_windows
from latam_corpus.quality.signals.signal import OURS, share, signal, sum_words
from latam_corpus.text import words_kernels as w

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from latam_corpus.quality.signals.signal import Reading


def word_count(reading: Reading) -> NDArray[np.float32]:
    """How many words there are.

    >>> from latam_corpus.quality.signals import Reading
    >>> word_count(Reading.of(["Se fue la luz en todo el barrio."])).tolist()
    [8.0]
    """
    return reading.words.word_count.astype(np.float32)


def mean_word_length(reading: Reading) -> NDArray[np.float32]:
    """Code points a word, on average.

    >>> from latam_corpus.quality.signals import Reading
    >>> mean_word_length(Reading.of(["la luz"])).tolist()
    [2.5]
    """
    return share(sum_words(reading, reading.words.lengths), reading.words.word_count)


def longest_word(reading: Reading) -> NDArray[np.float32]:
    """Code points of the longest word.

    >>> from latam_corpus.quality.signals import Reading
    >>> longest_word(Reading.of(["la luz"])).tolist()
    [3.0]
    """
    return reading.spelling.longest.astype(np.float32)


def alphabetic_word_share(reading: Reading) -> NDArray[np.float32]:
    """Words that have a letter, as a share of words; punctuation is no word here, unlike in Gopher.

    >>> from latam_corpus.quality.signals import Reading
    >>> alphabetic_word_share(Reading.of(["el 25 de mayo de 1810"])).astype(float).round(2).tolist()
    [0.67]
    """
    return share(sum_words(reading, reading.words.kinds & w.HAS_LETTER), reading.words.word_count)


def mixed_case_word_share(reading: Reading) -> NDArray[np.float32]:
    """Words with a capital after a small letter, as a share of words: damage by OCR, joined words, code.

    >>> from latam_corpus.quality.signals import Reading
    >>> mixed_case_word_share(Reading.of(["la pLaza y getName"])).tolist()
    [0.5]
    """
    return share(sum_words(reading, (reading.words.kinds & w.MIXED) != 0), reading.words.word_count)


def all_caps_word_share(reading: Reading) -> NDArray[np.float32]:
    """Words of two letters and more, all of them capitals, as a share of words.

    >>> from latam_corpus.quality.signals import Reading
    >>> all_caps_word_share(Reading.of(["La OEA y YO"])).tolist()
    [0.5]
    """
    return share(reading.spelling.capitals, reading.words.word_count)


def ocr_damage_share(reading: Reading) -> NDArray[np.float32]:
    """Words with a digit between letters, a capital after a small letter or a stray sign inside, as a share of words.

    >>> from latam_corpus.quality.signals import Reading
    >>> ocr_damage_share(Reading.of(["pa1abra de ca^a"])).tolist()
    [0.5]
    """
    return share(reading.spelling.damaged, reading.words.word_count)


def unique_words_per_200(reading: Reading) -> NDArray[np.float32]:
    """Different words among 200, as the mean share over successive windows of 200 words.

    A text shorter than 200 words is one window. Unlike the share over the whole text it doesn't fall with length.

    >>> from latam_corpus.quality.signals import Reading
    >>> unique_words_per_200(Reading.of(["ay ay ay ay", "canta y no llores"])).tolist()
    [0.25, 1.0]
    """
    result = np.zeros(len(reading), np.float32)
    unique_in_windows(reading.words.hashes, reading.words.doc_words, 200, result)
    return result


def unique_word_share(reading: Reading) -> NDArray[np.float32]:
    """Different words in the whole text, as a share of its words; it falls with length.

    >>> from latam_corpus.quality.signals import Reading
    >>> unique_word_share(Reading.of(["ay ay ay ay"])).tolist()
    [0.25]
    """
    return share(reading.grams.distinct, reading.words.word_count)


def word_entropy(reading: Reading) -> NDArray[np.float32]:
    """Entropy of the distribution of words in the text, in bits; it grows with length.

    >>> from latam_corpus.quality.signals import Reading
    >>> word_entropy(Reading.of(["canta y no llores", "ay ay"])).tolist()
    [2.0, 0.0]
    """
    return reading.grams.entropy.astype(np.float32)


SIGNALS: Final = (
    signal(word_count, "Gopher, FineWeb, RedPajama-V2"),
    signal(mean_word_length, "Gopher, RedPajama-V2"),
    signal(alphabetic_word_share, N_("Gopher, over words and punctuation; RedPajama-V2 has its inverse")),
    signal(mixed_case_word_share, OURS),
    signal(unique_words_per_200, N_("ours; RedPajama-V2 has the share over the whole text")),
    signal(longest_word, N_("C4 drops lines with a word of more than 1,000 characters"), on_demand=True),
    signal(all_caps_word_share, "RedPajama-V2", on_demand=True),
    signal(ocr_damage_share, OURS, on_demand=True),
    signal(unique_word_share, "RedPajama-V2", on_demand=True),
    signal(word_entropy, N_("RedPajama-V2 (in nats)"), on_demand=True),
)
