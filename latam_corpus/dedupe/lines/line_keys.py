"""The keys by which the lines of a source are compared: of the line itself, its run, or its position.

A short line alone proves nothing: «—Sí.» is in every third novel. So a long line has its own key. A short line has the
key of three successive lines (a menu, a signature), or of its position near the start or end (as in the header of a
transcript, where the speaker's name and the date differ between the common lines).
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, ClassVar, Final

import numpy as np
import polars as pl

from latam_corpus.dedupe.fingerprints.scheme import Ragged
from latam_corpus.stages import Stage

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from latam_corpus.batch import Batch
    from latam_corpus.text.words import WordTable

KEYS: Final = "line_keys"
SHEET: Final = "line_sheet"
ASIDE: Final = pl.Schema({KEYS: pl.List(pl.UInt64()), SHEET: pl.UInt64()})

RUN: Final = 3
# Number of lines from the start and the end that have a key by position: the headers of real transcripts have seven.
PLACES: Final = 12
# Minimum characters of a long line, without white space. In 18 collections of literature, verse, speech and news, the
# only shorter lines in at least ten documents and a tenth of the collection are speakers' replies (at most 19
# characters). The most repeated verse has 30 characters and is in 6 of 1,497 poems.
SHORTEST: Final = 30

_PRIME: Final = np.uint64(0x100000001B3)
_MIX: Final = np.uint64(0x9E3779B97F4A7C15)
_HALF: Final = np.uint64(32)
_NONE: Final = np.uint64(0)


@dataclass(frozen=True, eq=False)
class LineKeys:
    """The non-blank lines of n documents and their keys; 0 means no key.

    Attributes:
        lines: int64[k], indices of the word table's lines.
        documents: int64[k], the document of each line.
        starts: int64[n+1], where each document's lines start in these arrays.
        hashes: uint64[k], the hash of the line.
        own: uint64[k], the line's own key, if it is long.
        runs: uint64[k], the key of the run of lines that starts at the line, if the run is complete and has a short
            line.
        heads: uint64[k], the key of a short line near the start, by its position from the start.
        tails: uint64[k], the key of a short line near the end, by its position from the end.
        sheets: uint64[n], equal for documents with the same lines and runs; 0 for a document without lines.
    """

    lines: NDArray[np.int64]
    documents: NDArray[np.int64]
    starts: NDArray[np.int64]
    hashes: NDArray[np.uint64]
    own: NDArray[np.uint64]
    runs: NDArray[np.uint64]
    heads: NDArray[np.uint64]
    tails: NDArray[np.uint64]
    sheets: NDArray[np.uint64]

    @classmethod
    def of(cls, words: WordTable) -> LineKeys:
        r"""Return the keys of a word table's lines.

        >>> from latam_corpus.text.words import WordTable
        >>> menu = "Inicio\nDeportes\n\nContacto"
        >>> keys = LineKeys.of(WordTable.of([menu, menu + "\nEl río creció en la noche y se llevó el puente."]))
        >>> keys.starts.tolist(), bool(keys.runs[0] == keys.runs[3]), (keys.own > 0).tolist()
        ([0, 3, 7], True, [False, False, False, False, False, False, True])
        """
        lines = np.flatnonzero(words.line_chars)
        documents = np.searchsorted(words.doc_lines, lines, side="right") - 1
        starts = np.searchsorted(documents, np.arange(len(words) + 1))
        hashes = words.line_hashes[lines]
        long = words.line_chars[lines] >= SHORTEST
        runs = _runs(hashes, documents, long)
        position = np.arange(len(lines)) - starts[documents]
        sums = np.concatenate([np.zeros(1, np.uint64), np.cumsum(hashes + runs, dtype=np.uint64)])
        return cls(
            lines,
            documents,
            starts,
            hashes,
            np.where(long, hashes, _NONE),
            runs,
            _placed(hashes, long, position, 1),
            _placed(hashes, long, np.diff(starts)[documents] - position - 1, 1 + PLACES),
            sums[starts[1:]] - sums[starts[:-1]],
        )

    def distinct(self) -> pl.Series:
        """Return the sorted distinct keys of each document, a list per document."""
        kinds = (self.own, self.runs, self.heads, self.tails)
        keys = np.concatenate(kinds)
        documents = np.concatenate([self.documents] * len(kinds))[keys > 0]
        keys = keys[keys > 0]
        order = np.lexsort((keys, documents))
        keys, documents = keys[order], documents[order]
        is_first = np.ones(len(keys), np.bool_)
        is_first[1:] = (keys[1:] != keys[:-1]) | (documents[1:] != documents[:-1])
        offsets = np.searchsorted(documents[is_first], np.arange(len(self.starts)))
        return Ragged(keys[is_first], offsets).lists().alias(KEYS)


def _runs(hashes: NDArray[np.uint64], documents: NDArray[np.int64], long: NDArray[np.bool_]) -> NDArray[np.uint64]:
    runs = np.zeros(len(hashes), np.uint64)
    last = len(hashes) - RUN + 1
    if last > 0:
        key = hashes[:last]
        for step in range(1, RUN):
            key = (key * _PRIME) ^ hashes[step : last + step]
        is_complete = documents[:last] == documents[RUN - 1 :]
        all_long = np.logical_and.reduce([long[step : last + step] for step in range(RUN)])
        runs[:last] = np.where(is_complete & ~all_long, mixed(key), _NONE)
    return runs


def _placed(
    hashes: NDArray[np.uint64], long: NDArray[np.bool_], position: NDArray[np.int64], salt: int
) -> NDArray[np.uint64]:
    near = (position < PLACES) & ~long
    return np.where(near, mixed(hashes ^ ((position + salt).astype(np.uint64) * _PRIME)), _NONE)


def mixed(keys: NDArray[np.uint64]) -> NDArray[np.uint64]:
    """Return the keys with their bits mixed, uint64 of the same shape."""
    product = keys * _MIX
    return product ^ (product >> _HALF)


@dataclass(frozen=True)
class KeyLines(Stage):
    """The stage that adds the line keys of each document, for the barrier that counts them."""

    name: ClassVar[str] = "line_keys"
    version: ClassVar[int] = 1
    needs: ClassVar[frozenset[str]] = frozenset({"text"})
    gives: ClassVar[frozenset[str]] = frozenset(ASIDE)

    def __call__(self, batch: Batch) -> Batch:
        """Return the batch with `line_keys` and `line_sheet`."""
        keys = LineKeys.of(batch.words)
        return batch.with_columns({KEYS: keys.distinct(), SHEET: pl.Series(SHEET, keys.sheets, dtype=pl.UInt64)})
