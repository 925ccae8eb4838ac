"""MinHash signatures and band keys, the usual way to propose candidates, for comparison with anchors.

Each position of a signature is the minimum of one hash function over the document's runs of words. The share of
positions in which two documents agree estimates the Jaccard similarity of their sets of runs (Broder, 1997).
"""

from __future__ import annotations

import hashlib
import itertools
from typing import TYPE_CHECKING, Final

import numpy as np

from latam_corpus.dedupe.fingerprints.anchors import anchors_of
from latam_corpus.dedupe.fingerprints.fingerprint_kernels import WORD_BITS
from latam_corpus.dedupe.fingerprints.scheme import MINHASH, Ragged, Scheme

if TYPE_CHECKING:
    from numpy.typing import NDArray

EMPTY: Final = np.uint32(0xFFFFFFFF)
_WORD_MASK: Final = np.uint32((1 << WORD_BITS) - 1)


def signature_of(stream: Ragged, size: int, shingle: int = 5, seed: int = 20) -> NDArray[np.uint32]:
    """Return the MinHash signature of each document, uint32[n, size]; all ones if a document has no run of that length.

    Datasketch computes it.

    >>> from latam_corpus.dedupe.fingerprints.anchors import word_stream
    >>> from latam_corpus.text.words import WordTable
    >>> stream = word_stream(WordTable.of(["Bajo el puente pasa el río", "bajo el puente pasa EL RÍO", "el río"]))
    >>> made = signature_of(stream, 64, shingle=3)
    >>> bool((made[0] == made[1]).all()), bool((made[2] == EMPTY).all())
    (True, True)
    """
    from datasketch import MinHash  # imports SciPy, which the scheme "anchors" doesn't need

    words = (stream.values & _WORD_MASK).astype("<u4").tobytes()
    runs = (
        [words[4 * i : 4 * (i + shingle)] for i in range(start, end - shingle + 1)]
        for start, end in itertools.pairwise(stream.offsets.tolist())
    )
    signatures = np.empty((len(stream), size), np.uint32)
    for row, sketch in zip(
        signatures, MinHash.generator(runs, num_perm=size, seed=seed, scheme="affine32"), strict=True
    ):
        row[:] = sketch.hashvalues
    return signatures


def minhash_of(stream: Ragged, bands: int, rows: int, shingle: int = 5, seed: int = 20) -> NDArray[np.uint64]:
    """Return the key of each band of each document, uint64[n, bands]; documents that share a key are candidates.

    The keys of a document without a run of `shingle` words are meaningless; `bands_of` leaves them out.

    >>> from latam_corpus.dedupe.fingerprints.anchors import word_stream
    >>> from latam_corpus.text.words import WordTable
    >>> minhash_of(word_stream(WordTable.of(["Bajo el puente pasa el río"])), bands=14, rows=8).shape
    (1, 14)
    """
    minima = signature_of(stream, bands * rows, shingle, seed).astype("<u4").reshape(len(stream), bands, rows)
    keys = np.empty((len(stream), bands), np.uint64)
    for document, band in np.ndindex(keys.shape):
        key = band.to_bytes(4, "little") + minima[document, band].tobytes()
        keys[document, band] = int.from_bytes(hashlib.blake2b(key, digest_size=8).digest(), "little")
    return keys


def bands_of(stream: Ragged, scheme: Scheme) -> Ragged:
    """Return the band keys of each document in the form of `anchors_of`: uint64, sorted within the document.

    Texts under `scheme.short_words` words have keys of shorter runs; texts under `scheme.exact_words` have none.

    >>> from latam_corpus.dedupe.fingerprints.anchors import word_stream
    >>> from latam_corpus.text.words import WordTable
    >>> stream = word_stream(WordTable.of(["Bajo el puente pasa el río", "de noche " * 20]))
    >>> bands_of(stream, Scheme(name="minhash")).counts.tolist()
    [0, 14]
    """
    counts = stream.counts
    long, has_keys = counts >= max(scheme.short_words, scheme.shingle), counts >= scheme.exact_words
    keys = minhash_of(stream, scheme.bands, scheme.rows, scheme.shingle, scheme.seed)
    if (has_keys & ~long).any():
        short = minhash_of(stream, scheme.bands, scheme.rows, scheme.short_shingle, scheme.seed)
        keys = np.where(long[:, None], keys, short)
    ordered = np.sort(keys[has_keys], axis=1)
    return Ragged(ordered.reshape(-1), np.concatenate(([0], np.cumsum(has_keys * scheme.bands))).astype(np.int64))


def proposals_of(stream: Ragged, scheme: Scheme) -> Ragged:
    """Return the fingerprints of each document under a scheme: its sampled anchors, or its band keys.

    >>> stream = Ragged(np.arange(30, dtype=np.uint32), np.array([0, 30]))
    >>> proposals_of(stream, Scheme(name="minhash")).counts.tolist()
    [14]
    """
    return bands_of(stream, scheme) if scheme.name == MINHASH else anchors_of(stream, scheme)
