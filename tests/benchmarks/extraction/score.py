"""Score texts against the gold as `gold_pages` counts, with intervals by bootstrap."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import numpy as np

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

_SAMPLES: Final = 2000


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
    results = np.empty(_SAMPLES)
    for sample in range(_SAMPLES):
        drawn = np.concatenate([members[integer] for integer in dice.integers(0, len(names), len(names))])
        results[sample] = scores(ours[drawn], whole)[2] - (
            scores(theirs[drawn], whole)[2] if theirs is not None else 0.0
        )
    low, high = np.percentile(results, [2.5, 97.5])
    return float(low), float(high)
