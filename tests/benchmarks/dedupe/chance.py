"""Measure how much two long texts share by chance, in runs of three words and as the check counts."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import numpy as np

from latam_corpus.dedupe.fingerprints.anchors import word_stream
from latam_corpus.dedupe.fingerprints.fingerprint_kernels import WORD_BITS
from latam_corpus.dedupe.verify.bounds import dedupe_bounds
from latam_corpus.dedupe.verify.verify_pairs import KINDS, NONE, verify_pairs
from latam_corpus.text.words import WordTable

from ..machine import Table, rounded

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

    from latam_corpus.dedupe.fingerprints.scheme import Ragged

    from .shelf import Shelf

SIZES: Final = (10_000, 100_000, 500_000, 1_000_000, 1_500_000)
_RUN: Final = 3
_LANGUAGE: Final = "es"


def chance(shelf: Shelf) -> Table:
    """Return the share in common, by length: of two sets of novels, and of texts with half of their words shared."""
    novels = [novel.text for novel in shelf.novels if novel.language == _LANGUAGE]
    first_words, second_words = ([word for novel in novels[side::2] for word in novel.split()] for side in range(2))
    rows: list[tuple[object, ...]] = []
    for size in SIZES:
        half = size // 2
        if size <= min(len(first_words), len(second_words)):
            rows.append((size, "two shelves of novels", *_compared(first_words[:size], second_words[:size])))
            rows.append(
                (size, "half the same", *_compared(first_words[:size], first_words[:half] + second_words[half:size]))
            )
    columns = ("words of each#", "texts", "any runs of three#", "fell by .70", "counted#", "falls")
    return Table("What two texts have in common", columns, tuple(rows))


def _compared(first: Sequence[str], second: Sequence[str]) -> tuple[object, ...]:
    """Return the first text's share in runs of three and as counted, and whether a text would be dropped."""
    streams = word_stream(WordTable.of([" ".join(first), " ".join(second)]))
    results = in_runs(streams)
    created = verify_pairs(streams, np.array([[0, 1]], np.uint32))
    fell = KINDS[created.kind[0]] if created.kind[0] != NONE else "no"
    return (
        rounded(results),
        "duplicate" if results >= dedupe_bounds().default["share"] else "no",
        rounded(float(created.facts.containment[0, 0])),
        fell,
    )


def in_runs(streams: Ragged) -> float:
    """Return the share of the first text's words in runs of three words that the second text has anywhere.

    >>> round(in_runs(word_stream(WordTable.of(["la casa del río grande", "en la casa del puente"]))), 2)
    0.6
    """
    first, second = (_runs(streams.of(place)) for place in (0, 1))
    covered = np.zeros(len(streams.of(0)), np.bool_)
    hits = np.flatnonzero(np.isin(first, second))
    for step in range(_RUN):
        covered[hits + step] = True
    return float(covered.mean())


def _runs(stream: NDArray[np.uint32]) -> NDArray[np.uint64]:
    words = stream.astype(np.uint64) & np.uint64((1 << WORD_BITS) - 1)
    last = len(words) - _RUN + 1
    parts = (words[place : place + last] << np.uint64(place * WORD_BITS) for place in range(_RUN))
    return np.asarray(np.bitwise_or.reduce(list(parts)), np.uint64)
