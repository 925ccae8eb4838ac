"""The numbers of fingerprints, which two fingerprints must share to be comparable, and the columns that store them."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

import numpy as np
import polars as pl
import pyarrow as pa

from latam_corpus.errors import ConfigError
from latam_corpus.messages import _

if TYPE_CHECKING:
    from collections.abc import Mapping

    from numpy.typing import NDArray

DEDUPE: Final = (
    "dedupe"  # the barrier's name in recipes; defined here so that asking whether a run has it doesn't load the search
)
WORDS: Final = "words"
ANCHORS: Final = "anchors"
STREAM: Final = "stream"
ACCENTS: Final = "accents_missing"
MOJIBAKE: Final = "mojibake"
MISREAD: Final = "misread"
# Damaged words of each kind per 1,000.
DAMAGE: Final = pl.Schema(dict.fromkeys((ACCENTS, MOJIBAKE, MISREAD), pl.UInt16()))
APPENDED: Final = "appended"  # words that were added to the text
ACCENTED: Final = "accented"  # words with an accent on a vowel
# The columns that state the terms of use.
TERMS: Final = ("uses", "expires", "embargo_until")
# The stated facts that distinguish variants from copies.
STATED: Final = ("country", "published", "creators")
GENRE: Final = "genre"  # selects the bounds by which two documents are compared
SKETCH: Final = pl.Schema(
    {
        WORDS: pl.UInt32(),
        **DAMAGE,
        APPENDED: pl.UInt32(),
        ACCENTED: pl.UInt32(),
        ANCHORS: pl.List(pl.UInt64()),
        STREAM: pl.List(pl.UInt32()),
    }
)


SHINGLE: Final = 5  # words in a run
# Words in a run of short texts, in which longer runs break too easily.
SHORT_SHINGLE: Final = 3
# Texts with fewer words have the shorter runs too: a copy of a text under 30 words has at most 1/.7 of its length
# (`short_ratio` in filters/dedupe/default.toml).
SHORT_REACH: Final = 42
EXACT_WORDS: Final = 8  # a text with fewer words is compared as a whole only and has no fingerprint
SEED: Final = 20  # of the hash functions

# As an index states it. `bands` and `rows` are of a method that was removed; they keep older indexes comparable.
SCHEME: Final = {
    "name": ANCHORS,
    "shingle": SHINGLE,
    "short_shingle": SHORT_SHINGLE,
    "short_words": 30,
    "exact_words": EXACT_WORDS,
    "bands": 14,
    "rows": 8,
    "seed": SEED,
    "version": 1,  # raised with every change of the word table's hash or of the anchors
}

# Sampling by length: a text of at least so many words keeps the anchors that this number divides. Each divisor divides
# the next, so that a book that quotes a short text keeps the same anchors among the multiples of 16. The prototype used
# 16 from 200 words on; in the first set of tests/benchmarks/dedupe it missed 2 of 59 quoted passages of three verses
# and 17 of 59 single verses, where 8 misses none and 2.
SAMPLING: Final = ((2000, 16), (300, 8), (60, 4), (0, 1))


@dataclass(frozen=True, eq=False)
class Ragged:
    """Values of n documents, one after another.

    Attributes:
        values: the values of all documents.
        offsets: int64[n+1], where the values of each document start, and the end.
    """

    values: NDArray[Any]
    offsets: NDArray[np.int64]

    def __len__(self) -> int:
        return len(self.offsets) - 1

    @property
    def counts(self) -> NDArray[np.int64]:
        """The number of values of each document, int64[n]."""
        return np.diff(self.offsets)

    def lists(self) -> pl.Series:
        """Return a series with a list per document.

        >>> Ragged(np.array([3, 5, 8]), np.array([0, 1, 3])).lists().to_list()
        [[3], [5, 8]]
        """
        series = pl.from_arrow(self.arrow())
        assert isinstance(series, pl.Series)  # noqa: S101  (an array, not a table)
        return series

    def arrow(self) -> pa.LargeListArray:
        """Return an Arrow array with a list per document, without copying numbers."""
        # Given a NumPy array, `pa.array` imports pandas if installed, to test whether it is a pandas object.
        return pa.LargeListArray.from_arrays(*(pl.Series(part).to_arrow() for part in (self.offsets, self.values)))

    def of(self, document: int) -> NDArray[Any]:
        """Return the values of one document.

        >>> Ragged(np.array([3, 5, 8]), np.array([0, 1, 3])).of(1).tolist()
        [5, 8]
        """
        return self.values[self.offsets[document] : self.offsets[document + 1]]

    def some(self, documents: NDArray[Any]) -> Ragged:
        """Return the values of some documents, in this order.

        >>> Ragged(np.array([3, 5, 8]), np.array([0, 1, 3])).some(np.array([1, 0])).values.tolist()
        [5, 8, 3]
        """
        offsets = np.concatenate(([0], np.cumsum(self.counts[documents], dtype=np.int64)))
        return Ragged(np.concatenate([self.values[:0], *map(self.of, documents.tolist())]), offsets)


def check_scheme(stated: Mapping[str, Any], place: str) -> None:
    """Raise unless an index has fingerprints that are comparable with those of this toolkit.

    Args:
        stated: the scheme that the index states.
        place: of the index, for the error.

    Raises:
        ConfigError: it differs from SCHEME; the message names the first difference.
    """
    for name in sorted(SCHEME.keys() | stated.keys()):
        if stated.get(name) != SCHEME.get(name):
            problem = _(
                "its fingerprints have {name} = {index_value}, this toolkit's have {value}",
                name=name, index_value=f"{stated.get(name)!r}", value=f"{SCHEME.get(name)!r}",
            )  # fmt: skip
            raise ConfigError(place, problem, _("rebuild the index from its release"))


def sampling_of(word_counts: NDArray[Any]) -> NDArray[np.uint64]:
    """Return the divisor of the anchors that a text of so many words keeps, uint64[n].

    >>> sampling_of(np.array([30, 60, 5000])).tolist()
    [1, 4, 16]
    """
    divisors = np.ones(len(word_counts), np.uint64)
    for min_words, divisor in reversed(SAMPLING):
        divisors[word_counts >= min_words] = divisor
    return divisors
