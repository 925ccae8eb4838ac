"""Signals of words: their number, length, spelling and variety."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from latam_corpus.messages import N_, _
from latam_corpus.signals.descriptor import OURS, signal
from latam_corpus.signals.shares import share
from latam_corpus.text import word_columns as w

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    from latam_corpus.signals.reading import Reading


@signal(label=_("words"), used_by="Gopher, FineWeb, RedPajama-V2", on_demand=False)
def word_count(reading: Reading) -> NDArray[np.float32]:
    """Words in the text.

    >>> from latam_corpus.signals.reading import Reading
    >>> word_count(Reading.of(["Se fue la luz en todo el barrio."])).tolist()
    [8.0]
    """
    return reading.words.word_count.astype("float32")


@signal(label=_("letters per word"), used_by="Gopher, RedPajama-V2", on_demand=False)
def mean_word_length(reading: Reading) -> NDArray[np.float32]:
    """Code points per word, on average.

    >>> from latam_corpus.signals.reading import Reading
    >>> mean_word_length(Reading.of(["la luz"])).tolist()
    [2.5]
    """
    return share(reading.sum_words(reading.words.lengths), reading.words.word_count)


@signal(label=_("longest word"), used_by=N_("C4 drops lines with a word of more than 1,000 characters"))
def longest_word(reading: Reading) -> NDArray[np.float32]:
    """Code points of the longest word.

    >>> from latam_corpus.signals.reading import Reading
    >>> longest_word(Reading.of(["la luz"])).tolist()
    [3.0]
    """
    return reading.spelling.longest.astype("float32")


@signal(
    label=_("words that have a letter"),
    used_by=N_("Gopher, over words and punctuation; RedPajama-V2 has its inverse"),
    on_demand=False,
    share_of_words=True,
)
def alphabetic_word_share(reading: Reading) -> NDArray[np.float32]:
    """Words that have a letter, as a share of words; punctuation is no word here, unlike in Gopher.

    >>> from latam_corpus.signals.reading import Reading
    >>> alphabetic_word_share(Reading.of(["el 25 de mayo de 1810"])).astype(float).round(2).tolist()
    [0.67]
    """
    return share(reading.sum_words(reading.words.kinds & w.HAS_LETTER), reading.words.word_count)


@signal(label=_("words with capitals inside"), used_by=OURS, on_demand=False, share_of_words=True)
def mixed_case_word_share(reading: Reading) -> NDArray[np.float32]:
    """Words with a capital after a lower-case letter, as a share of words: damage by OCR, joined words, code.

    >>> from latam_corpus.signals.reading import Reading
    >>> mixed_case_word_share(Reading.of(["la pLaza y getName"])).tolist()
    [0.5]
    """
    return share(reading.sum_words((reading.words.kinds & w.MIXED) != 0), reading.words.word_count)


@signal(label=_("words in capitals"), used_by="RedPajama-V2", share_of_words=True)
def all_caps_word_share(reading: Reading) -> NDArray[np.float32]:
    """Words of two or more letters, all of them capitals, as a share of words.

    >>> from latam_corpus.signals.reading import Reading
    >>> all_caps_word_share(Reading.of(["La OEA y YO"])).tolist()
    [0.5]
    """
    return share(reading.spelling.capitals, reading.words.word_count)


@signal(label=_("words damaged by OCR"), used_by=OURS, share_of_words=True)
def ocr_damage_share(reading: Reading) -> NDArray[np.float32]:
    r"""Words with a digit between letters, a capital after a lower-case letter or a stray sign, as a share of words.

    Words in lines of code count as undamaged.

    >>> from latam_corpus.signals.reading import Reading
    >>> ocr_damage_share(Reading.of(["pa1abra de ca^a", "se escribe\n\\begin{center}"])).tolist()
    [0.5, 0.0]
    """
    return share(reading.spelling.damaged, reading.words.word_count)


@signal(
    label=_("different words in 200"),
    used_by=N_("ours; RedPajama-V2 has the share over the whole text"),
    on_demand=False,
)
def unique_words_per_200(reading: Reading) -> NDArray[np.float32]:
    """Different words in 200, as the mean share over successive windows of 200 words.

    A text shorter than 200 words is one window. Unlike the share over the whole text, it doesn't decrease with length.

    >>> from latam_corpus.signals.reading import Reading
    >>> unique_words_per_200(Reading.of(["ay ay ay ay", "canta y no llores"])).tolist()
    [0.25, 1.0]
    """
    return reading.unique_words(200)


@signal(label=_("different words"), used_by="RedPajama-V2")
def unique_word_share(reading: Reading) -> NDArray[np.float32]:
    """Different words in the whole text, as a share of its words; it decreases with length.

    >>> from latam_corpus.signals.reading import Reading
    >>> unique_word_share(Reading.of(["ay ay ay ay"])).tolist()
    [0.25]
    """
    return share(reading.grams.distinct, reading.words.word_count)


@signal(label=_("entropy of words"), used_by=N_("RedPajama-V2 (in nats)"))
def word_entropy(reading: Reading) -> NDArray[np.float32]:
    """Entropy of the distribution of words in the text, in bits; it increases with length.

    >>> from latam_corpus.signals.reading import Reading
    >>> word_entropy(Reading.of(["canta y no llores", "ay ay"])).tolist()
    [2.0, 0.0]
    """
    return reading.grams.entropy.astype("float32")


SIGNALS: Final = (
    word_count,
    mean_word_length,
    alphabetic_word_share,
    mixed_case_word_share,
    unique_words_per_200,
    longest_word,
    all_caps_word_share,
    ocr_damage_share,
    unique_word_share,
    word_entropy,
)
__test__ = {signal.name: signal.measure for signal in SIGNALS}  # doctest finds functions only
