"""Signals of repetition: lines, paragraphs and n-grams that stood before in the same document; compression."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import numpy as np
import zstandard

from latam_corpus.quality.signals.signal import OURS, Signal, share, signal, sum_lines
from latam_corpus.text import words_kernels as w

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from latam_corpus.quality.signals.signal import Reading
    from latam_corpus.text.words import WordTable

WINDOW: Final = 4096  # bytes: a longer text compresses better, whatever it says
_LEVEL: Final = 1


def compression_ratios(words: WordTable) -> NDArray[np.float64]:
    """Bytes after compression by zstd, level 1, for each byte before it, float64[n]; 0 for an empty text.

    Of a text longer than 4 kB the whole windows of 4 kB are compressed one by one. A short text may have more than 1.

    >>> from latam_corpus.text.words import WordTable
    >>> one, many = compression_ratios(WordTable.of(["Se fue la luz. ", "Se fue la luz. " * 50])).tolist()
    >>> many < 0.1 < one
    True
    """
    sizes = np.diff(words.doc_bytes)
    pieces = np.where(sizes > 0, np.maximum(sizes // WINDOW, 1), 0)
    length = np.repeat(np.minimum(sizes, WINDOW), pieces)
    number = np.arange(pieces.sum()) - np.repeat(np.cumsum(pieces) - pieces, pieces)
    start = np.repeat(words.doc_bytes[:-1], pieces) + number * WINDOW
    if not len(start):
        return np.zeros(len(words))
    segments = np.stack([start, length], axis=1).astype(np.uint64).tobytes()
    compressor = zstandard.ZstdCompressor(level=_LEVEL, write_content_size=False)
    compressed = compressor.multi_compress_to_buffer(zstandard.BufferWithSegments(words.data.data, segments), threads=1)
    after = np.array([len(compressed[number]) for number in range(len(compressed))], np.int64)
    document = np.repeat(np.arange(len(words)), pieces)
    totals = [np.bincount(document, weights=values, minlength=len(words)) for values in (after, length)]
    return totals[0] / np.maximum(totals[1], 1)


_GOPHER_GRAMS: Final = (5, 6, 7, 8, 9, 10)


def duplicate_line_share(reading: Reading) -> NDArray[np.float32]:
    r"""Characters in lines that stood before in the same document, as a share of its characters in lines.

    >>> from latam_corpus.quality.signals import Reading
    >>> duplicate_line_share(Reading.of(["Suscríbase\nSuscríbase\nSuscríbase\nFin"])).astype(float).round(2).tolist()
    [0.61]
    """
    return share(reading.lines.chars, sum_lines(reading, reading.words.line_chars))


def duplicate_line_count_share(reading: Reading) -> NDArray[np.float32]:
    r"""Lines that stood before in the same document, as a share of its lines that aren't blank.

    >>> from latam_corpus.quality.signals import Reading
    >>> duplicate_line_count_share(Reading.of(["Suscríbase\nSuscríbase\n\nFin\nSuscríbase"])).tolist()
    [0.5]
    """
    return share(reading.lines.repeated, reading.lines.units)


def duplicate_paragraph_share(reading: Reading) -> NDArray[np.float32]:
    r"""Characters in paragraphs (between blank lines) that stood before, as a share of characters in lines.

    >>> from latam_corpus.quality.signals import Reading
    >>> duplicate_paragraph_share(Reading.of(["Ay,\nay.\n\nAy,\nay."])).tolist()
    [0.5]
    """
    return share(reading.paragraphs.chars, sum_lines(reading, reading.words.line_chars))


def duplicate_paragraph_count_share(reading: Reading) -> NDArray[np.float32]:
    r"""Paragraphs (between blank lines) that stood before in the same document, as a share of its paragraphs.

    >>> from latam_corpus.quality.signals import Reading
    >>> duplicate_paragraph_count_share(Reading.of(["Ay,\nay.\n\nAy,\nay."])).tolist()
    [0.5]
    """
    return share(reading.paragraphs.repeated, reading.paragraphs.units)


def compression_ratio(reading: Reading) -> NDArray[np.float32]:
    """Bytes after compression (zstd, level 1, windows of 4 kB) for each byte before: low where text repeats.

    >>> from latam_corpus.quality.signals import Reading
    >>> bool(compression_ratio(Reading.of(["Se fue la luz. " * 50]))[0] < 0.1)
    True
    """
    return compression_ratios(reading.words).astype("float32")


def top_gram_signal(n: int) -> Signal:
    """Return the signal of the most frequent n-gram.

    >>> from latam_corpus.quality.signals import Reading
    >>> top_gram_signal(2).measure(Reading.of(["ay amor, ay amor, sí, ay amor"])).astype(float).round(2).tolist()
    [0.72]
    """

    def measure(reading: Reading) -> NDArray[np.float32]:
        return share(reading.grams.top[:, n], reading.words.counts[:, w.CHARS])

    definition = f"Characters of the most frequent {n}-gram of words, times how often it stands, as a share of all"
    return Signal(f"top_{n}_gram_share", definition, "Gopher, RedPajama-V2", measure, on_demand=True)


def duplicate_gram_signal(n: int) -> Signal:
    """Return the signal of repeated n-grams, read from left to right without overlap.

    >>> from latam_corpus.quality.signals import Reading
    >>> duplicate_gram_signal(2).measure(Reading.of(["ay amor, ay amor"])).tolist()
    [0.375]
    """

    def measure(reading: Reading) -> NDArray[np.float32]:
        return share(reading.grams.duplicate[:, n], reading.words.counts[:, w.CHARS])

    definition = f"Letters and digits in {n}-grams of words that stood before in the text, as a share of its characters"
    used_by = "Gopher, RedPajama-V2" if n in _GOPHER_GRAMS else OURS
    return Signal(f"duplicate_{n}_gram_share", definition, used_by, measure, on_demand=True)


SIGNALS: Final = (
    signal(duplicate_line_share, "Gopher, FineWeb, RedPajama-V2"),
    signal(duplicate_line_count_share, "Gopher", on_demand=True),
    signal(duplicate_paragraph_share, "Gopher", on_demand=True),
    signal(duplicate_paragraph_count_share, "Gopher", on_demand=True),
    *(top_gram_signal(n) for n in (2, 3, 4)),
    *(duplicate_gram_signal(n) for n in range(2, 11)),
    signal(compression_ratio, OURS, on_demand=True),
)
