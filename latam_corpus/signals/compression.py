"""How far texts compress."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import numpy as np
import zstandard

if TYPE_CHECKING:
    from numpy.typing import NDArray

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
