"""The scheme of fingerprints: every parameter that two fingerprints must share to be comparable."""

from __future__ import annotations

import dataclasses
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

import numpy as np
import polars as pl
import pyarrow as pa

from latam_corpus.errors import ConfigError, closest
from latam_corpus.messages import _
from latam_corpus.schema import series_of

if TYPE_CHECKING:
    from collections.abc import Mapping

    from numpy.typing import NDArray

# The barrier's name in recipes; defined here so that asking whether a run has it doesn't load the search.
DEDUPE: Final = "dedupe"
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
# Columns with stated facts that distinguish variants from copies.
STATED: Final = ("country", "published", "creators")
GENRE: Final = "genre"  # selects the bounds for comparing two documents
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


MINHASH: Final = "minhash"
# Increased with every change of the word table's hash, the anchors or the band keys.
VERSIONS: Final = {ANCHORS: 1, MINHASH: 2}
_SEEDS: Final = 2**32  # the limit of datasketch

# Sampling by length, as pairs (words, divisor): a text of at least this many words keeps the anchors that the divisor
# divides. Each divisor divides the next, so that a book that quotes a short text keeps the same anchors among the
# multiples of 16. The prototype used 16 from 200 words on. In the first set of tests/benchmarks/dedupe, it missed 2 of
# 59 quoted passages of three verses and 17 of 59 single verses; with 8, none and 2 are missed.
SAMPLING: Final = ((2000, 16), (300, 8), (60, 4), (0, 1))


@dataclass(frozen=True, eq=False)
class Ragged:
    """Values of n documents in one array, document after document.

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
        return series_of(self.arrow())

    def arrow(self) -> pa.LargeListArray:
        """Return an Arrow array with a list per document, without copying numbers."""
        # For a NumPy array, `pa.array` would import pandas, if installed, to test whether it is a pandas object.
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


@dataclass(frozen=True)
class Scheme:
    """The method that proposes candidates.

    Attributes:
        name: "anchors", sampled runs of words; or "minhash", the usual MinHash bands.
        shingle: words in a run.
        short_shingle: words in a run of a short text, where longer runs break too easily.
        short_words: a text with fewer words is short; texts under `short_reach` words have the shorter runs too.
        exact_words: a text with fewer words has no fingerprint and is only compared for equality.
        bands: keys per document; for "minhash" only.
        rows: minima per key; for "minhash" only.
        seed: the seed of the hash functions.
        version: the version of the method; 0 means this toolkit's.

    >>> Scheme().name, Scheme(name="minhash").bands
    ('anchors', 14)
    """

    name: str = ANCHORS
    shingle: int = 5
    short_shingle: int = 3
    short_words: int = 30
    exact_words: int = 8
    bands: int = 14
    rows: int = 8
    seed: int = 20
    version: int = 0

    def __post_init__(self) -> None:
        if self.name not in (ANCHORS, MINHASH):
            raise ConfigError(
                "dedupe", _("unknown scheme «{self}»", self=self.name), closest(self.name, (ANCHORS, MINHASH))
            )
        for name in ("shingle", "short_shingle", "short_words", "exact_words", "bands", "rows"):
            if getattr(self, name) < 1:
                raise ConfigError(
                    "dedupe", _("{name} is {value}", name=name, value=getattr(self, name)), _("it must be at least 1")
                )
        if self.seed < 0:
            raise ConfigError("dedupe", _("seed is {seed}", seed=self.seed), _("it must be 0 or more"))
        if self.name == MINHASH and self.seed >= _SEEDS:
            raise ConfigError(
                "dedupe",
                _("seed is {seed}", seed=self.seed),
                _("for «{minhash}» it must be under {seeds}", minhash=MINHASH, seeds=_SEEDS),
            )
        if self.short_shingle > min(self.shingle, self.exact_words):
            raise ConfigError(
                "dedupe",
                _("short_shingle is {short_shingle}", short_shingle=self.short_shingle),
                _("it can't be longer than shingle or than the shortest text that has fingerprints (exact_words)"),
            )
        if not self.version:
            object.__setattr__(self, "version", VERSIONS[self.name])

    @property
    def short_reach(self) -> int:
        """The length of the longest possible copy of a short text; texts below it have the shorter runs too.

        A copy of a text under 30 words has at most 1/.7 of its length (`short_ratio` in filters/dedupe/default.toml).
        """
        return self.short_words * 10 // 7

    def to_dict(self) -> dict[str, Any]:
        """Return the scheme as an index stores it.

        >>> Scheme.from_dict(Scheme(seed=7).to_dict()) == Scheme(seed=7)
        True
        """
        return dataclasses.asdict(self)

    @classmethod
    def from_dict(cls, values: Mapping[str, Any], place: str = "index") -> Scheme:
        """Return the scheme that an index stores.

        Args:
            values: the result of `to_dict`.
            place: where the values are from, for error messages.

        Raises:
            ConfigError: a key is missing or unknown, a value has the wrong type, or another version made the
                fingerprints.
        """
        fields = {field.name: type(field.default) for field in dataclasses.fields(cls)}
        odd = sorted(fields.keys() ^ values.keys())
        if odd:
            missing_key = _("the fingerprint scheme's key «{odd}» is missing", odd=odd[0])
            unknown = _("the fingerprint scheme's key «{odd}» is unknown", odd=odd[0])
            raise ConfigError(place, missing_key if odd[0] in fields else unknown, _REBUILD)
        for name, kind in fields.items():
            if type(values[name]) is not kind:
                raise ConfigError(
                    place,
                    _(
                        "the scheme's {name} is {values}, not {name2}",
                        name=name,
                        values=f"{values[name]!r}",
                        name2=kind.__name__,
                    ),
                    _REBUILD,
                )
        scheme = cls(**{**values, "version": 0})
        if values["version"] != scheme.version:
            problem = _(
                "its fingerprints have version {version}, this toolkit makes version {ours}",
                version=values["version"], ours=scheme.version,
            )  # fmt: skip
            raise ConfigError(place, problem, _REBUILD)
        return scheme

    def must_equal(self, reference: Scheme, place: str = "index") -> None:
        """Raise `ConfigError` unless the scheme equals a reference.

        Raises:
            ConfigError: the two schemes differ; the message names the first difference.
        """
        own_values, other_values = self.to_dict(), reference.to_dict()
        for name, value in own_values.items():
            if other_values[name] != value:
                raise ConfigError(
                    place,
                    _(
                        "its fingerprints have {name} = {index_value}, this run's have {value}",
                        name=name,
                        index_value=f"{other_values[name]!r}",
                        value=f"{value!r}",
                    ),
                    _(
                        "set {name} = {index_value} for the stage «dedupe», or rebuild the index",
                        name=name,
                        index_value=f"{other_values[name]!r}",
                    ),
                )


_REBUILD: Final = _("rebuild the index from its release")


def sampling_of(word_counts: NDArray[Any]) -> NDArray[np.uint64]:
    """Return the sampling divisor of texts with these numbers of words, uint64[n].

    >>> sampling_of(np.array([30, 60, 5000])).tolist()
    [1, 4, 16]
    """
    divisors = np.ones(len(word_counts), np.uint64)
    for min_words, divisor in reversed(SAMPLING):
        divisors[word_counts >= min_words] = divisor
    return divisors
