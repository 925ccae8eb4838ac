"""Signals of characters, markup and set phrases: capitals, digits, tags, mojibake, cookie notices."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from latam_corpus.messages import N_, _
from latam_corpus.signals import columns as c
from latam_corpus.signals.descriptor import OURS, signal
from latam_corpus.signals.shares import share
from latam_corpus.text import word_columns as w

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    from latam_corpus.signals.reading import Reading


@signal(label=_("capitals"), used_by="RedPajama-V2", on_demand=False, share_of_words=True)
def upper_case_share(reading: Reading) -> NDArray[np.float32]:
    """Capitals, as a share of letters.

    >>> from latam_corpus.signals.reading import Reading
    >>> upper_case_share(Reading.of(["OFERTA ya"])).tolist()
    [0.75]
    """
    return share(reading.words.counts[:, w.UPPERS], reading.words.counts[:, w.LETTERS])


@signal(label=_("digits"), used_by=N_("RedPajama-V2 (over all characters)"), on_demand=False, share_of_words=True)
def digit_share(reading: Reading) -> NDArray[np.float32]:
    """Digits, as a share of the characters that aren't white space.

    >>> from latam_corpus.signals.reading import Reading
    >>> digit_share(Reading.of(["$ 12 345"])).astype(float).round(2).tolist()
    [0.83]
    """
    return share(reading.words.counts[:, w.DIGITS], _visible(reading))


@signal(
    label=_("code symbols"), used_by=N_("C4 drops pages with a curly bracket"), on_demand=False, share_of_words=True
)
def code_symbol_share(reading: Reading) -> NDArray[np.float32]:
    r"""Characters that are usual in code, {}<>=[]\|#@&*_~^$%+/, as a share of the characters that aren't white space.

    >>> from latam_corpus.signals.reading import Reading
    >>> code_symbol_share(Reading.of(["a = {b}"])).astype(float).round(2).tolist()
    [0.6]
    """
    return share(reading.words.counts[:, w.CODES], _visible(reading))


@signal(label=_("wrongly decoded characters per 1,000"), used_by=OURS, on_demand=False)
def mojibake_per_1000(reading: Reading) -> NDArray[np.float32]:
    """Characters of wrongly decoded text (Ã and Â before a Windows-1252 character, â€, U+FFFD) per 1,000 characters.

    >>> from latam_corpus.signals.reading import Reading
    >>> mojibake_per_1000(Reading.of(["maÃ±ana"])).astype(float).round().tolist()
    [143.0]
    """
    return share(1000 * reading.words.counts[:, w.MOJIBAKES], reading.words.counts[:, w.CHARS])


@signal(label=_("markup per 1,000 characters"), used_by=OURS)
def markup_per_1000(reading: Reading) -> NDArray[np.float32]:
    """Tags, character references, double brackets and targets of links per 1,000 characters.

    >>> from latam_corpus.signals.reading import Reading
    >>> markup_per_1000(Reading.of(["<b>Ay</b>&nbsp;[[amor]] " * 10])).astype(float).round().tolist()
    [208.0]
    """
    return share(1000 * reading.marks.counts[:, c.MARKUP], reading.words.counts[:, w.CHARS])


@signal(label=_("curly brackets"), used_by=N_("C4; RedPajama-V2, as a share"))
def curly_bracket_count(reading: Reading) -> NDArray[np.float32]:
    """Curly brackets, { and }, in the text.

    >>> from latam_corpus.signals.reading import Reading
    >>> curly_bracket_count(Reading.of(["{nombre}, buenos días"])).tolist()
    [2.0]
    """
    return reading.letters.braces.astype("float32")


@signal(label=_("hash signs per word"), used_by="Gopher, RedPajama-V2")
def hashes_per_word(reading: Reading) -> NDArray[np.float32]:
    """Hash signs (#) per word.

    >>> from latam_corpus.signals.reading import Reading
    >>> hashes_per_word(Reading.of(["#amor y #paz"])).astype(float).round(2).tolist()
    [0.67]
    """
    return share(reading.letters.hashes, reading.words.word_count)


@signal(label=_("ellipses per word"), used_by="Gopher, RedPajama-V2")
def ellipses_per_word(reading: Reading) -> NDArray[np.float32]:
    """Ellipses (... and …) per word.

    >>> from latam_corpus.signals.reading import Reading
    >>> ellipses_per_word(Reading.of(["Bueno... no sé…"])).astype(float).round(2).tolist()
    [0.67]
    """
    return share(reading.marks.counts[:, c.ELLIPSES], reading.words.word_count)


@signal(label=_("entropy of characters"), used_by=OURS)
def char_entropy(reading: Reading) -> NDArray[np.float32]:
    """Entropy of the distribution of characters, without line ends, in bits.

    >>> from latam_corpus.signals.reading import Reading
    >>> char_entropy(Reading.of(["abcd", "aaaa"])).tolist()
    [2.0, 0.0]
    """
    return reading.letters.entropy.astype("float32")


@signal(label=_("phrases of legal notices"), used_by=N_("C4 drops lines with such a phrase, in English"))
def policy_phrase_count(reading: Reading) -> NDArray[np.float32]:
    """Phrases of cookie notices and terms of use (es, pt, en).

    >>> from latam_corpus.signals.reading import Reading
    >>> policy_phrase_count(Reading.of(["Política de privacidad. Este sitio usa cookies."])).tolist()
    [2.0]
    """
    return _phrases(reading, c.POLICY)


@signal(label=_("mentions of JavaScript"), used_by=N_("C4 drops lines with it; RedPajama-V2"))
def javascript_count(reading: Reading) -> NDArray[np.float32]:
    """Occurrences of the word JavaScript.

    >>> from latam_corpus.signals.reading import Reading
    >>> javascript_count(Reading.of(["Active JavaScript para ver la página."])).tolist()
    [1.0]
    """
    return _phrases(reading, c.SCRIPT)


@signal(label=_("“lorem ipsum”"), used_by="C4, RedPajama-V2")
def lorem_ipsum_count(reading: Reading) -> NDArray[np.float32]:
    """Occurrences of the words lorem ipsum.

    >>> from latam_corpus.signals.reading import Reading
    >>> lorem_ipsum_count(Reading.of(["Lorem ipsum dolor sit amet"])).tolist()
    [1.0]
    """
    return _phrases(reading, c.LOREM)


@signal(label=_("Bible formulas per 1,000 words"), used_by=N_("ours, for reports"))
def scripture_per_1000(reading: Reading) -> NDArray[np.float32]:
    """Verse formulas and references to chapter and verse (es, pt, en) per 1,000 words: for reports, not for bounds.

    >>> from latam_corpus.signals.reading import Reading
    >>> scripture_per_1000(Reading.of(["De cierto os digo (Mateo 5:18)"])).astype(float).round().tolist()
    [286.0]
    """
    counts = reading.phrases.counts
    return share(1000 * (counts[:, c.SCRIPTURE] + counts[:, c.BOOK]), reading.words.word_count)


def _visible(reading: Reading) -> NDArray[np.int64]:
    return reading.words.counts[:, w.CHARS] - reading.words.counts[:, w.SPACES]


def _phrases(reading: Reading, kind: int) -> NDArray[np.float32]:
    return reading.phrases.counts[:, kind].astype("float32")


SIGNALS: Final = (
    upper_case_share,
    digit_share,
    code_symbol_share,
    mojibake_per_1000,
    markup_per_1000,
    curly_bracket_count,
    hashes_per_word,
    ellipses_per_word,
    char_entropy,
    policy_phrase_count,
    javascript_count,
    lorem_ipsum_count,
    scripture_per_1000,
)
__test__ = {signal.name: signal.measure for signal in SIGNALS}  # doctest finds functions only
