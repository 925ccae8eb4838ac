"""Measure damage and additions that appear only when a document is compared with its copies.

If one text has *la luna* and its copy has *la luua*, the copy is a damaged scan, because *luna* is far more frequent in
the compared documents. This needs no word list and works in any language. If two texts have the same words and one has
few of the other's accents, it has lost them. A text that is completely in the other one doesn't count as less damaged
because it is shorter, and its lines don't count as a longer menu.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

import numpy as np
import polars as pl

from latam_corpus.dedupe.fingerprints.damage import SHORTEST
from latam_corpus.dedupe.fingerprints.scheme import ACCENTED, APPENDED, DAMAGE, WORDS
from latam_corpus.dedupe.verify.verify_pairs import CONTAINED, DUPLICATE

if TYPE_CHECKING:
    from numpy.typing import NDArray

_THOUSAND: Final = 1000


def compared_with_copies(
    documents: pl.DataFrame, pairs: NDArray[np.integer[Any]], verdicts: pl.DataFrame
) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """Return damaged words per 1,000 that are undamaged in a copy, and numbers of added words, for n documents.

    Both are int64[n], the maximum over the pairs of a document.

    Args:
        documents: n rows with `words`, `accented`, DAMAGE and `appended`.
        pairs: indices in `documents`, [k, 2].
        verdicts: a row per pair, `verify_jobs.VERDICTS`.

    >>> documents = pl.DataFrame({"words": [100, 100, 160], "accented": [9, 0, 9], "appended": [0, 0, 60]})
    >>> documents = documents.with_columns(accents_missing=0, mojibake=0, misread=0)
    >>> verdicts = pl.DataFrame({"kind": [1, 1], "first_in_second": [1.0, 1.0], "second_in_first": [1.0, 0.7]})
    >>> verdicts = verdicts.with_columns(first_spoilt=pl.Series([0, 0]), second_spoilt=pl.Series([2, 0]))
    >>> verdicts = verdicts.with_columns(first_appended=0, second_appended=0)
    >>> damage, added = compared_with_copies(documents, np.array([[0, 1], [0, 2]]), verdicts)
    >>> damage.tolist(), added.tolist()
    ([0, 110, 0], [0, 0, 60])
    """
    words = documents[WORDS].to_numpy().astype(np.int64)[pairs]
    shares = verdicts.select("first_in_second", "second_in_first").to_numpy()
    own_words = np.ceil((1 - shares) * words).astype(np.int64)
    missing = _accents_missing(documents[ACCENTED].to_numpy().astype(np.int64)[pairs], own_words)
    spoilt = verdicts.select("first_spoilt", "second_spoilt").to_numpy().astype(np.int64)
    # Texts in another spelling or of one form differ in words that aren't damaged.
    spoilt[~verdicts["kind"].is_in([DUPLICATE, CONTAINED]).to_numpy()] = 0
    damage_per_1000 = documents.select(pl.sum_horizontal(pl.col(name).cast(pl.Int64).fill_null(0) for name in DAMAGE))
    by_itself = damage_per_1000.to_series().to_numpy()[pairs]
    # If one text contains all words of the other, both are equally damaged, although the shares per 1,000 differ.
    by_itself[(own_words == 0).any(axis=1) & (missing == 0).all(axis=1)] = 0
    # Short texts aren't judged, because a single missing accent is no damage.
    damaged_words, text_lengths = spoilt + missing, np.maximum(words, 1)
    # A misread word isn't recognised as one that lacks its accent, so the other text must not look worse for that
    # accent.
    by_itself = np.maximum(_excess(by_itself) - damaged_words[:, ::-1] * _THOUSAND // text_lengths, 0)
    excess_damage = (words >= SHORTEST) * np.maximum(_excess(damaged_words) * _THOUSAND // text_lengths, by_itself)
    appended = documents[APPENDED].fill_null(0).to_numpy().astype(np.int64)[pairs]
    appended = np.maximum(appended, verdicts.select("first_appended", "second_appended").to_numpy())
    # Additions in both texts were made before the text was copied.
    added = np.minimum(_excess(appended), np.maximum(own_words, _excess(words)))
    return _maximum_by_document(excess_damage, pairs, len(documents)), _maximum_by_document(
        added, pairs, len(documents)
    )


def _accents_missing(accented: NDArray[np.int64], own_words: NDArray[np.int64]) -> NDArray[np.int64]:
    """Return the number of words of each copy that lack an accent of the other copy, int64[k, 2].

    Args:
        accented: the accented words of each copy.
        own_words: the words of each copy that the other lacks.
    """
    # A lower bound of the accented words among the words that both copies have.
    shared = (accented - own_words)[:, ::-1]
    # A text in another spelling has some accents more; one that lost them has few left.
    lost = shared >= np.maximum(2 * accented, 1)
    return np.where(lost, shared - accented, 0)


def _excess(measured: NDArray[np.int64]) -> NDArray[np.int64]:
    """Return the amount by which each value of a pair exceeds the other; 0 for the smaller one."""
    return np.asarray(np.maximum(measured - measured[:, ::-1], 0), np.int64)


def _maximum_by_document(
    measured: NDArray[np.int64], pairs: NDArray[np.integer[Any]], document_count: int
) -> NDArray[np.int64]:
    maxima = np.zeros(document_count, np.int64)
    np.maximum.at(maxima, pairs, measured)
    return maxima
