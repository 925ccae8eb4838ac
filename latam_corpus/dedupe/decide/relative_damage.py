"""What of a document is damaged or added beside its copies, which no look at a text alone can tell.

Of two texts that say *la luna* and *la luua* the second is the scan, since the documents that are compared have *luna*
far more often: that holds for any language, and asks for no list of words. Of two texts with the same words the one
with few of the other's accents has lost them. And where all of one stands in the other, it isn't the less damaged for
being shorter, nor has it a menu more, whatever its lines look like.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
import polars as pl

from latam_corpus.dedupe.fingerprints.damage import SHORTEST
from latam_corpus.dedupe.fingerprints.scheme import ACCENTED, APPENDED, DAMAGE, WORDS
from latam_corpus.dedupe.verify.verify_pairs import CONTAINED, DUPLICATE

if TYPE_CHECKING:
    from numpy.typing import NDArray

_THOUSAND = 1000


def beside_copies(
    documents: pl.DataFrame, pairs: NDArray[np.integer[Any]], verdicts: pl.DataFrame
) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """Return how many words of 1,000 are damaged in each of n documents and sound in a copy, and how many were added.

    Both are the most of all its pairs, int64[n].

    Args:
        documents: `words`, `accented`, DAMAGE, `appended`.
        pairs: places in `documents`, [k, 2].
        verdicts: a row a pair, `verify_jobs.VERDICTS`.

    >>> documents = pl.DataFrame({"words": [100, 100, 160], "accented": [9, 0, 9], "appended": [0, 0, 60]})
    >>> documents = documents.with_columns(accents_missing=0, mojibake=0, misread=0)
    >>> verdicts = pl.DataFrame({"kind": [1, 1], "first_in_second": [1.0, 1.0], "second_in_first": [1.0, 0.7]})
    >>> verdicts = verdicts.with_columns(first_spoilt=pl.Series([0, 0]), second_spoilt=pl.Series([2, 0]))
    >>> verdicts = verdicts.with_columns(first_appended=0, second_appended=0)
    >>> damage, added = beside_copies(documents, np.array([[0, 1], [0, 2]]), verdicts)
    >>> damage.tolist(), added.tolist()
    ([0, 110, 0], [0, 0, 60])
    """
    words = documents[WORDS].to_numpy().astype(np.int64)[pairs]
    stands = verdicts.select("first_in_second", "second_in_first").to_numpy()
    own = np.ceil((1 - stands) * words).astype(np.int64)
    missing = _accents_missing(documents[ACCENTED].to_numpy().astype(np.int64)[pairs], own)
    spoilt = verdicts.select("first_spoilt", "second_spoilt").to_numpy().astype(np.int64)
    # Another spelling and another form have other words, and none of them is damaged.
    spoilt[~verdicts["kind"].is_in([DUPLICATE, CONTAINED]).to_numpy()] = 0
    told = documents.select(pl.sum_horizontal(pl.col(name).cast(pl.Int64).fill_null(0) for name in DAMAGE))
    alone = told.to_series().to_numpy()[pairs]
    # The same words, of which the one has more: it is as damaged as the other, in more or fewer of a thousand.
    alone[(own == 0).any(axis=1) & (missing == 0).all(axis=1)] = 0
    # A saying isn't damaged by one accent less.
    counted, most = spoilt + missing, np.maximum(words, 1)
    # A word that the one misread lacks no accent in it: the other, which has the word, isn't the worse for that.
    alone = np.maximum(_more(alone) - counted[:, ::-1] * _THOUSAND // most, 0)
    worse = (words >= SHORTEST) * np.maximum(_more(counted) * _THOUSAND // most, alone)
    appended = documents[APPENDED].fill_null(0).to_numpy().astype(np.int64)[pairs]
    appended = np.maximum(appended, verdicts.select("first_appended", "second_appended").to_numpy())
    # What both have was added before the one was copied or cut.
    added = np.minimum(_more(appended), np.maximum(own, _more(words)))
    return _most(worse, pairs, len(documents)), _most(added, pairs, len(documents))


def _accents_missing(accented: NDArray[np.int64], own: NDArray[np.int64]) -> NDArray[np.int64]:
    """Words of each of two copies that lack an accent which the other has, int64[k, 2].

    Args:
        accented: words that have one.
        own: words that the other lacks.
    """
    # Of the words that both have so many have an accent at least.
    shared = (accented - own)[:, ::-1]
    # A text in another spelling has some accents more; one that lost them has few left.
    lost = shared >= np.maximum(2 * accented, 1)
    return np.where(lost, shared - accented, 0)


def _more(measured: NDArray[np.int64]) -> NDArray[np.int64]:
    """By how much each of two has more than the other, 0 for the one that has less."""
    return np.asarray(np.maximum(measured - measured[:, ::-1], 0), np.int64)


def _most(measured: NDArray[np.int64], pairs: NDArray[np.integer[Any]], n: int) -> NDArray[np.int64]:
    made = np.zeros(n, np.int64)
    np.maximum.at(made, pairs, measured)
    return made
