"""How near texts come to the gold: snippets found or not, and runs of four words; with intervals by bootstrap."""

from __future__ import annotations

import re
from collections import Counter
from typing import TYPE_CHECKING, Final

import numpy as np

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

    from .pages import Page

_WORD: Final = re.compile(r"\w+")
_RUN: Final = 4
_SAMPLES: Final = 2000


def counted(page: Page, text: str) -> tuple[float, float, float]:
    """True positives, false positives and false negatives of one page.

    For snippets as trafilatura's evaluation counts them (white space folded on both sides); for a whole text as the
    article extraction benchmark does: runs of four words, as shares of all, so that a long text weighs no more.
    """
    if page.gold:
        true, found = _runs(page.gold), _runs(text)
        shared = (true & found).total()
        hits = (shared, found.total() - shared, true.total() - shared)
        return tuple(hit / max(1, sum(hits)) for hit in hits)  # type: ignore[return-value]
    folded = " ".join(text.split())
    wanted = sum(" ".join(snippet.split()) in folded for snippet in page.wanted)
    return wanted, sum(" ".join(snippet.split()) in folded for snippet in page.unwanted), len(page.wanted) - wanted


def scores(counts: NDArray[np.float64], whole: bool) -> tuple[float, float, float]:
    """Precision, recall and F1 of many pages' counts, float64[n, 3].

    Args:
        counts: what `counted` gives for each page.
        whole: precision and recall are means of the pages' own, as the benchmark of whole texts has it; else they are
            of the sums.

    >>> [round(float(value), 2) for value in scores(np.array([[3.0, 1, 1], [1, 0, 0]]), False)]
    [0.8, 0.8, 0.8]
    """
    if whole:
        hits, wrong, missed = counts.T
        precision = float(_ratio(hits, wrong, missed).mean())
        recall = float(_ratio(hits, missed, wrong).mean())
    else:
        hits, wrong, missed = counts.sum(axis=0)
        precision, recall = hits / max(hits + wrong, 1), hits / max(hits + missed, 1)
    return precision, recall, 2 * precision * recall / max(precision + recall, 1e-9)


def _ratio(hits: NDArray[np.float64], wrong: NDArray[np.float64], other: NDArray[np.float64]) -> NDArray[np.float64]:
    whole = hits + wrong
    return np.where(whole > 0, hits / np.where(whole > 0, whole, 1), np.where(other > 0, 0.0, 1.0))


def interval(
    ours: NDArray[np.float64], theirs: NDArray[np.float64] | None, whole: bool, sites: Sequence[str], seed: int = 1
) -> tuple[float, float]:
    """The 95 % interval of an F1, or of the difference of two on the same pages, by bootstrap over sites."""
    dice = np.random.default_rng(seed)
    names = sorted(set(sites))
    members = [np.flatnonzero(np.array(sites) == name) for name in names]
    found = np.empty(_SAMPLES)
    for sample in range(_SAMPLES):
        drawn = np.concatenate([members[one] for one in dice.integers(0, len(names), len(names))])
        found[sample] = scores(ours[drawn], whole)[2] - (scores(theirs[drawn], whole)[2] if theirs is not None else 0.0)
    low, high = np.percentile(found, [2.5, 97.5])
    return float(low), float(high)


def _runs(text: str) -> Counter[tuple[str, ...]]:
    words = _WORD.findall(text)
    if len(words) < _RUN:
        return Counter([tuple(words)] if words else [])
    return Counter(zip(*(words[place:] for place in range(_RUN)), strict=False))
