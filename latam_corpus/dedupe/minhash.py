"""MinHash signatures and band keys, the field's way to propose candidates, for comparison with anchors.

A position of a signature is the smallest value of one hash function over the document's runs of words; two
documents agree in a share of positions that estimates the Jaccard similarity of their sets of runs (Broder, 1997).
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import numba
import numpy as np

from latam_corpus.dedupe.anchors import WORD_BITS, anchors_of
from latam_corpus.dedupe.scheme import MINHASH, Ragged, Scheme
from latam_corpus.text.words import _finish

if TYPE_CHECKING:
    from numpy.typing import NDArray

EMPTY: Final = np.uint32(0xFFFFFFFF)
_WORD_MASK: Final = np.uint32((1 << WORD_BITS) - 1)
_MULTIPLIER: Final = np.uint64(0x9E3779B97F4A7C15)


def signature_of(stream: Ragged, size: int, shingle: int = 5, seed: int = 20) -> NDArray[np.uint32]:
    """The MinHash signature of each document, uint32[n, size]; all ones where a document has no run so long.

    >>> from latam_corpus.dedupe.anchors import word_stream
    >>> from latam_corpus.text.words import WordTable
    >>> stream = word_stream(WordTable.of(["Bajo el puente pasa el río", "bajo el puente pasa EL RÍO", "el río"]))
    >>> made = signature_of(stream, 64, shingle=3)
    >>> bool((made[0] == made[1]).all()), bool((made[2] == EMPTY).all())
    (True, True)
    """
    factors, shifts = _functions(size, seed)
    made = np.full((len(stream), size), EMPTY, np.uint32)
    _signatures(stream.values, stream.offsets, shingle, factors, shifts, made)
    return made


def minhash_of(stream: Ragged, bands: int, rows: int, shingle: int = 5, seed: int = 20) -> NDArray[np.uint64]:
    """The key of each band of each document, uint64[n, bands]; documents that share a key are candidates.

    The keys of a document that has no run of `shingle` words mean nothing; `bands_of` leaves them out.

    >>> from latam_corpus.dedupe.anchors import word_stream
    >>> from latam_corpus.text.words import WordTable
    >>> minhash_of(word_stream(WordTable.of(["Bajo el puente pasa el río"])), bands=14, rows=8).shape
    (1, 14)
    """
    made = signature_of(stream, bands * rows, shingle, seed)
    keys = np.empty((len(stream), bands), np.uint64)
    _keys(made, rows, keys)
    return keys


def bands_of(stream: Ragged, scheme: Scheme) -> Ragged:
    """The band keys of each document as `anchors_of` gives anchors: uint64, sorted within the document.

    Texts under `scheme.short_words` words have keys of shorter runs, texts under `scheme.exact_words` none.

    >>> from latam_corpus.dedupe.anchors import word_stream
    >>> from latam_corpus.text.words import WordTable
    >>> stream = word_stream(WordTable.of(["Bajo el puente pasa el río", "de noche " * 20]))
    >>> bands_of(stream, Scheme(name="minhash")).counts.tolist()
    [0, 14]
    """
    counts = stream.counts
    long, some = counts >= max(scheme.short_words, scheme.shingle), counts >= scheme.exact_words
    keys = minhash_of(stream, scheme.bands, scheme.rows, scheme.shingle, scheme.seed)
    if (some & ~long).any():
        short = minhash_of(stream, scheme.bands, scheme.rows, scheme.short_shingle, scheme.seed)
        keys = np.where(long[:, None], keys, short)
    kept = np.sort(keys[some], axis=1)
    return Ragged(kept.reshape(-1), np.concatenate(([0], np.cumsum(some * scheme.bands))).astype(np.int64))


def proposals_of(stream: Ragged, scheme: Scheme) -> Ragged:
    """The fingerprints of each document under a scheme: its sampled anchors, or its band keys.

    >>> stream = Ragged(np.arange(30, dtype=np.uint32), np.array([0, 30]))
    >>> proposals_of(stream, Scheme(name="minhash")).counts.tolist()
    [14]
    """
    return bands_of(stream, scheme) if scheme.name == MINHASH else anchors_of(stream, scheme)


def _functions(size: int, seed: int) -> tuple[NDArray[np.uint32], NDArray[np.uint32]]:
    """The odd factors and the masks of `size` hash functions, uint32[size] each."""
    # Our own sequence and not NumPy's: an index must mean the same under every version of it.
    steps = (
        np.uint64((seed * 0xD6E8FEB86659FD93 + 1) % (1 << 64))
        + np.arange(1, 2 * size + 1, dtype=np.uint64) * _MULTIPLIER
    )
    with np.errstate(over="ignore"):
        mixed = steps ^ (steps >> np.uint64(30))
        mixed *= np.uint64(0xBF58476D1CE4E5B9)
        mixed ^= mixed >> np.uint64(27)
        mixed *= np.uint64(0x94D049BB133111EB)
    made = (mixed >> np.uint64(32)).astype(np.uint32)
    return made[:size] | np.uint32(1), made[size:]


@numba.njit(cache=True, nogil=True)
def _signatures(stream, offsets, shingle, factors, shifts, made):  # type: ignore[no-untyped-def]  # noqa: ANN001, ANN202
    size = made.shape[1]
    power = np.uint64(1)
    for _ in range(shingle):
        power *= _MULTIPLIER
    for d in range(len(offsets) - 1):
        start, end = offsets[d], offsets[d + 1]
        row = made[d]
        rolling = np.uint64(0)
        for i in range(start, end):
            rolling = rolling * _MULTIPLIER + np.uint64(stream[i] & _WORD_MASK)
            if i - start >= shingle:
                rolling -= power * np.uint64(stream[i - shingle] & _WORD_MASK)
            if i - start >= shingle - 1:
                h = np.uint32(_finish(rolling) >> np.uint64(32))
                # 32 bits throughout, so that the processor does eight functions at once.
                for j in range(size):
                    x = np.uint32((h ^ shifts[j]) * factors[j])
                    x = np.uint32(x ^ (x >> np.uint32(15)))
                    row[j] = min(row[j], x)


@numba.njit(cache=True, nogil=True)
def _keys(made, rows, keys):  # type: ignore[no-untyped-def]  # noqa: ANN001, ANN202
    for d in range(keys.shape[0]):
        for band in range(keys.shape[1]):
            h = np.uint64(band + 1) * _MULTIPLIER
            for j in range(band * rows, (band + 1) * rows):
                h = _finish(h ^ np.uint64(made[d, j])) + _MULTIPLIER
            keys[d, band] = h
