"""Boosted trees from shares: Newton steps of the logistic loss over binned features (Friedman 2001; Ke et al. 2017).

Small and in one thread, so that a training gives the same trees on every machine.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from latam_corpus.extract.web_pages.forest import Forest
from latam_corpus.lab.layout.boosted_trees_kernels import BINS, grow_tree

if TYPE_CHECKING:
    from numpy.typing import NDArray


@dataclass(frozen=True)
class Options:
    """How a forest is grown.

    Attributes:
        trees: how many.
        leaves: of a tree, at most.
        rate: the share of each step that is taken.
        least: the weight of the rows below a leaf, at least.
        shrink: added to a leaf's curvature, which draws its value towards 0.
        share: of the features, drawn anew for each tree.
        seed: of the draw.
        times: how many such forests are grown, of other draws; what they give is the mean of their sums, which depends
            less on the draw (Breiman 1996).
    """

    trees: int = 80
    leaves: int = 24
    rate: float = 0.12
    least: float = 15.0
    shrink: float = 3.0
    share: float = 0.3
    seed: int = 7
    times: int = 1


def grow(
    rows: NDArray[np.float32], shares: NDArray[np.float64], weights: NDArray[np.float64], options: Options
) -> Forest:
    """Return the forest that gives each row its share as nearly as it can.

    Args:
        rows: float32[n, f].
        shares: what each row should get, from 0 to 1.
        weights: what each row counts.
        options: how it is grown.
    """
    edges = [_edges(column) for column in rows.T]
    codes = np.stack([np.searchsorted(edge, column) for edge, column in zip(edges, rows.T, strict=True)])
    codes = np.ascontiguousarray(codes.astype(np.uint8))
    dice = np.random.default_rng(options.seed)
    mean = float(np.average(shares, weights=weights))
    start = float(np.log(mean / (1 - mean)))
    trees = []
    for _ in range(options.times):
        trees += _boosted(codes, shares, weights, start, options, dice)
    for tree in trees:
        tree[tree[:, 0] < 0, 1] /= options.times  # the values of leaves
    return _forest(trees, edges, start)


def _boosted(
    codes: NDArray[np.uint8],
    shares: NDArray[np.float64],
    weights: NDArray[np.float64],
    start: float,
    options: Options,
    dice: np.random.Generator,
) -> list[NDArray[np.float64]]:
    """Return the trees of one forest, each grown on what those before it leave over."""
    totals = np.full(len(shares), start)
    limits = options.leaves, options.rate, options.least, options.shrink
    trees = []
    for _ in range(options.trees):
        drawn = np.sort(dice.choice(len(codes), max(1, int(options.share * len(codes))), replace=False))
        chance = 1 / (1 + np.exp(-totals))
        slopes, curves = weights * (shares - chance), weights * chance * (1 - chance)
        trees.append(grow_tree(codes, drawn, (slopes, curves, weights), totals, limits))
    return trees


def _edges(column: NDArray[np.float32]) -> NDArray[np.float32]:
    """Return the bounds between the bins of a feature; a row is in the bin of the first bound that isn't below it."""
    values = np.unique(column)
    if len(values) > BINS:
        values = np.unique(np.quantile(column, np.linspace(0, 1, BINS), method="lower"))
    return values[:-1]


def _forest(trees: list[NDArray[np.float64]], edges: list[NDArray[np.float32]], start: float) -> Forest:
    """Return the trees as arrays: a row of a tree is feature, bin or value, left, right."""
    roots: list[int] = []
    columns: list[int] = []
    bounds: list[float] = []
    left: list[int] = []
    right: list[int] = []
    for tree in trees:
        base = len(columns)
        roots.append(base)
        for column, value, one, other in tree:
            leaf = column < 0
            columns.append(int(column))
            bounds.append(value if leaf else edges[int(column)][int(value)])
            left.append(0 if leaf else base + int(one))
            right.append(0 if leaf else base + int(other))
    return Forest(
        np.array(roots, np.int32),
        np.array(columns, np.int16),
        np.array(bounds, np.float32),
        np.array(left, np.int32),
        np.array(right, np.int32),
        start,
    )
