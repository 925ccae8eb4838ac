"""Signals of characters and of what text carries along: capitals, digits, markup, mojibake, set phrases."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from latam_corpus.messages import N_
from latam_corpus.quality.signals import of_characters_kernels as m
from latam_corpus.quality.signals import of_words_kernels as p
from latam_corpus.quality.signals.signal import OURS, share, signal
from latam_corpus.text import words_kernels as w

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    from latam_corpus.quality.signals.signal import Reading


def upper_case_share(reading: Reading) -> NDArray[np.float32]:
    """Capitals, as a share of letters.

    >>> from latam_corpus.quality.signals import Reading
    >>> upper_case_share(Reading.of(["OFERTA ya"])).tolist()
    [0.75]
    """
    return share(reading.words.counts[:, w.UPPERS], reading.words.counts[:, w.LETTERS])


def digit_share(reading: Reading) -> NDArray[np.float32]:
    """Digits, as a share of the characters that aren't white space.

    >>> from latam_corpus.quality.signals import Reading
    >>> digit_share(Reading.of(["$ 12 345"])).astype(float).round(2).tolist()
    [0.83]
    """
    return share(reading.words.counts[:, w.DIGITS], _visible(reading))


def code_symbol_share(reading: Reading) -> NDArray[np.float32]:
    r"""Signs of code, {}<>=[]\|#@&*_~^$%+/, as a share of the characters that aren't white space.

    >>> from latam_corpus.quality.signals import Reading
    >>> code_symbol_share(Reading.of(["a = {b}"])).astype(float).round(2).tolist()
    [0.6]
    """
    return share(reading.words.counts[:, w.CODES], _visible(reading))


def mojibake_per_1000(reading: Reading) -> NDArray[np.float32]:
    """Signs of wrongly decoded text (Ã and Â before what Windows-1252 shows, â€, U+FFFD) in 1,000 characters.

    >>> from latam_corpus.quality.signals import Reading
    >>> mojibake_per_1000(Reading.of(["maÃ±ana"])).astype(float).round().tolist()
    [143.0]
    """
    return share(1000 * reading.words.counts[:, w.MOJIBAKES], reading.words.counts[:, w.CHARS])


def markup_per_1000(reading: Reading) -> NDArray[np.float32]:
    """Tags, character references, double brackets and targets of links in 1,000 characters.

    >>> from latam_corpus.quality.signals import Reading
    >>> markup_per_1000(Reading.of(["<b>Ay</b>&nbsp;[[amor]] " * 10])).astype(float).round().tolist()
    [208.0]
    """
    return share(1000 * reading.marks.counts[:, m.MARKUP], reading.words.counts[:, w.CHARS])


def curly_bracket_count(reading: Reading) -> NDArray[np.float32]:
    """How many signs { and } there are.

    >>> from latam_corpus.quality.signals import Reading
    >>> curly_bracket_count(Reading.of(["{nombre}, buenos días"])).tolist()
    [2.0]
    """
    return reading.letters.braces.astype("float32")


def hashes_per_word(reading: Reading) -> NDArray[np.float32]:
    """How many signs # there are for each word.

    >>> from latam_corpus.quality.signals import Reading
    >>> hashes_per_word(Reading.of(["#amor y #paz"])).astype(float).round(2).tolist()
    [0.67]
    """
    return share(reading.letters.hashes, reading.words.word_count)


def ellipses_per_word(reading: Reading) -> NDArray[np.float32]:
    """How many signs ... and … there are for each word.

    >>> from latam_corpus.quality.signals import Reading
    >>> ellipses_per_word(Reading.of(["Bueno... no sé…"])).astype(float).round(2).tolist()
    [0.67]
    """
    return share(reading.marks.counts[:, m.ELLIPSES], reading.words.word_count)


def char_entropy(reading: Reading) -> NDArray[np.float32]:
    """Entropy of the distribution of characters, line ends left out, in bits.

    >>> from latam_corpus.quality.signals import Reading
    >>> char_entropy(Reading.of(["abcd", "aaaa"])).tolist()
    [2.0, 0.0]
    """
    return reading.letters.entropy.astype("float32")


def policy_phrase_count(reading: Reading) -> NDArray[np.float32]:
    """Phrases of cookie notices and terms of use (es, pt, en).

    >>> from latam_corpus.quality.signals import Reading
    >>> policy_phrase_count(Reading.of(["Política de privacidad. Este sitio usa cookies."])).tolist()
    [2.0]
    """
    return _phrases(reading, p.POLICY)


def javascript_count(reading: Reading) -> NDArray[np.float32]:
    """How often the word JavaScript stands there.

    >>> from latam_corpus.quality.signals import Reading
    >>> javascript_count(Reading.of(["Active JavaScript para ver la página."])).tolist()
    [1.0]
    """
    return _phrases(reading, p.SCRIPT)


def lorem_ipsum_count(reading: Reading) -> NDArray[np.float32]:
    """How often the words lorem ipsum stand there.

    >>> from latam_corpus.quality.signals import Reading
    >>> lorem_ipsum_count(Reading.of(["Lorem ipsum dolor sit amet"])).tolist()
    [1.0]
    """
    return _phrases(reading, p.LOREM)


def scripture_per_1000(reading: Reading) -> NDArray[np.float32]:
    """Verse formulas and references to chapter and verse (es, pt, en) in 1,000 words: to be reported, not bounded.

    >>> from latam_corpus.quality.signals import Reading
    >>> scripture_per_1000(Reading.of(["De cierto os digo (Mateo 5:18)"])).astype(float).round().tolist()
    [286.0]
    """
    counts = reading.phrases.counts
    return share(1000 * (counts[:, p.SCRIPTURE] + counts[:, p.BOOK]), reading.words.word_count)


def _visible(reading: Reading) -> NDArray[np.int64]:
    return reading.words.counts[:, w.CHARS] - reading.words.counts[:, w.SPACES]


def _phrases(reading: Reading, kind: int) -> NDArray[np.float32]:
    return reading.phrases.counts[:, kind].astype("float32")


SIGNALS: Final = (
    signal(upper_case_share, "RedPajama-V2"),
    signal(digit_share, N_("RedPajama-V2 (over all characters)")),
    signal(code_symbol_share, N_("C4 drops pages with a curly bracket")),
    signal(mojibake_per_1000, OURS),
    signal(markup_per_1000, OURS, on_demand=True),
    signal(curly_bracket_count, N_("C4; RedPajama-V2, as a share"), on_demand=True),
    signal(hashes_per_word, "Gopher, RedPajama-V2", on_demand=True),
    signal(ellipses_per_word, "Gopher, RedPajama-V2", on_demand=True),
    signal(char_entropy, OURS, on_demand=True),
    signal(policy_phrase_count, N_("C4 drops lines with such a phrase, in English"), on_demand=True),
    signal(javascript_count, N_("C4 drops lines with it; RedPajama-V2"), on_demand=True),
    signal(lorem_ipsum_count, "C4, RedPajama-V2", on_demand=True),
    signal(scripture_per_1000, N_("ours, to be reported"), on_demand=True),
)
