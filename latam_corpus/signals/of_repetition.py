"""Signals of repetition: repeated lines, paragraphs and n-grams, and compression."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from latam_corpus.messages import _
from latam_corpus.signals.descriptor import OURS, Signal, signal
from latam_corpus.signals.shares import share
from latam_corpus.text import word_columns as w

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    from latam_corpus.signals.reading import Reading

_GOPHER_GRAMS: Final = (5, 6, 7, 8, 9, 10)


@signal(label=_("characters in repeated lines"), used_by="Gopher, FineWeb, RedPajama-V2", on_demand=False)
def duplicate_line_share(reading: Reading) -> NDArray[np.float32]:
    r"""Characters in lines that occur earlier in the same document, as a share of its characters in lines.

    >>> from latam_corpus.signals.reading import Reading
    >>> duplicate_line_share(Reading.of(["Suscríbase\nSuscríbase\nSuscríbase\nFin"])).astype(float).round(2).tolist()
    [0.61]
    """
    return share(reading.lines.chars, reading.sum_lines(reading.words.line_chars))


@signal(label=_("repeated lines"), used_by="Gopher")
def duplicate_line_count_share(reading: Reading) -> NDArray[np.float32]:
    r"""Lines that occur earlier in the same document, as a share of its lines that aren't blank.

    >>> from latam_corpus.signals.reading import Reading
    >>> duplicate_line_count_share(Reading.of(["Suscríbase\nSuscríbase\n\nFin\nSuscríbase"])).tolist()
    [0.5]
    """
    return share(reading.lines.repeated, reading.lines.units)


@signal(label=_("characters in repeated paragraphs"), used_by="Gopher")
def duplicate_paragraph_share(reading: Reading) -> NDArray[np.float32]:
    r"""Characters in paragraphs (between blank lines) that occur earlier, as a share of characters in lines.

    >>> from latam_corpus.signals.reading import Reading
    >>> duplicate_paragraph_share(Reading.of(["Ay,\nay.\n\nAy,\nay."])).tolist()
    [0.5]
    """
    return share(reading.paragraphs.chars, reading.sum_lines(reading.words.line_chars))


@signal(label=_("repeated paragraphs"), used_by="Gopher")
def duplicate_paragraph_count_share(reading: Reading) -> NDArray[np.float32]:
    r"""Paragraphs (between blank lines) that occur earlier in the same document, as a share of its paragraphs.

    >>> from latam_corpus.signals.reading import Reading
    >>> duplicate_paragraph_count_share(Reading.of(["Ay,\nay.\n\nAy,\nay."])).tolist()
    [0.5]
    """
    return share(reading.paragraphs.repeated, reading.paragraphs.units)


@signal(label=_("compression"), used_by=OURS)
def compression_ratio(reading: Reading) -> NDArray[np.float32]:
    """Bytes after compression (zstd, level 1, windows of 4 kB) per byte before it: low if a text repeats itself.

    >>> from latam_corpus.signals.reading import Reading
    >>> bool(compression_ratio(Reading.of(["Se fue la luz. " * 50]))[0] < 0.1)
    True
    """
    return reading.compression_ratios.astype("float32")


def top_gram_signal(n: int) -> Signal:
    """Return the signal of the most frequent n-gram.

    >>> from latam_corpus.signals.reading import Reading
    >>> top_gram_signal(2).measure(Reading.of(["ay amor, ay amor, sí, ay amor"])).astype(float).round(2).tolist()
    [0.72]
    """

    @signal(
        f"top_{n}_gram_share",
        f"Characters of the most frequent {n}-gram of words, times its occurrences, as a share of all",
        label=_("the most frequent run of {n} words", n=n),
        used_by="Gopher, RedPajama-V2",
    )
    def top_gram_share(reading: Reading) -> NDArray[np.float32]:
        return share(reading.grams.top[:, n], reading.words.counts[:, w.CHARS])

    return top_gram_share


def duplicate_gram_signal(n: int) -> Signal:
    """Return the signal of repeated n-grams, read from left to right without overlap.

    >>> from latam_corpus.signals.reading import Reading
    >>> duplicate_gram_signal(2).measure(Reading.of(["ay amor, ay amor"])).tolist()
    [0.375]
    """

    @signal(
        f"duplicate_{n}_gram_share",
        f"Letters and digits in {n}-grams of words that occur earlier in the text, as a share of its characters",
        label=_("characters in repeated runs of {n} words", n=n),
        used_by="Gopher, RedPajama-V2" if n in _GOPHER_GRAMS else OURS,
    )
    def duplicate_gram_share(reading: Reading) -> NDArray[np.float32]:
        return share(reading.grams.duplicate[:, n], reading.words.counts[:, w.CHARS])

    return duplicate_gram_share


SIGNALS: Final = (
    duplicate_line_share,
    duplicate_line_count_share,
    duplicate_paragraph_share,
    duplicate_paragraph_count_share,
    *(top_gram_signal(n) for n in (2, 3, 4)),
    *(duplicate_gram_signal(n) for n in range(2, 11)),
    compression_ratio,
)
__test__ = {signal.name: signal.measure for signal in SIGNALS}  # doctest finds functions only
