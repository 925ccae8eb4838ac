"""Gradient-boosted trees: Newton steps of the logistic loss over binned features (Friedman 2001; Ke et al. 2017).

Growth uses one thread, so that training grows the same trees on every machine.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from latam_corpus.extract.web_pages.forest import Forest

from .boosted_trees_kernels import BINS, grow_tree

if TYPE_CHECKING:
    from numpy.typing import NDArray


@dataclass(frozen=True)
class Options:
    """The options of a forest.

    Attributes:
        trees: the number of trees.
        leaves: the maximum number of leaves per tree.
        rate: the learning rate.
        least: the minimum total weight of the rows in a leaf.
        shrink: a number added to the sum of second derivatives in a leaf, which shrinks the leaf's value towards 0.
        share: the share of features that is drawn for each tree.
        seed: the seed of the draws.
        times: the number of forests with different draws, which are averaged to depend less on chance (Breiman 1996).
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
    """Grow a forest that predicts the share of each row.

    `rows` is float32[n, features]; `shares`, from 0 to 1, and `weights` are float64[n].
    """
    edges = [_edges(column) for column in rows.T]
    codes = np.stack([np.searchsorted(edge, column) for edge, column in zip(edges, rows.T, strict=True)])
    codes = np.ascontiguousarray(codes.astype(np.uint8))
    rng = np.random.default_rng(options.seed)
    mean = float(np.average(shares, weights=weights))
    start = float(np.log(mean / (1 - mean)))
    trees = []
    for _ in range(options.times):
        trees += _boosted(codes, shares, weights, start, options, rng)
    for tree in trees:
        tree[tree[:, 0] < 0, 1] /= options.times  # the values of leaves, whose feature is -1
    return _forest(trees, edges, start)


def _boosted(
    codes: NDArray[np.uint8],
    shares: NDArray[np.float64],
    weights: NDArray[np.float64],
    start: float,
    options: Options,
    rng: np.random.Generator,
) -> list[NDArray[np.float64]]:
    """Grow the trees of one forest, each on the residuals of the previous ones."""
    totals = np.full(len(shares), start)
    limits = options.leaves, options.rate, options.least, options.shrink
    trees = []
    for _ in range(options.trees):
        drawn = np.sort(rng.choice(len(codes), max(1, int(options.share * len(codes))), replace=False))
        chance = 1 / (1 + np.exp(-totals))
        gradients, hessians = weights * (shares - chance), weights * chance * (1 - chance)
        trees.append(grow_tree(codes, drawn, (gradients, hessians, weights), totals, limits))
    return trees


def _edges(column: NDArray[np.float32]) -> NDArray[np.float32]:
    """Return the bounds between the bins of a feature; a row's bin is set by the first bound not below its value."""
    values = np.unique(column)
    if len(values) > BINS:
        values = np.unique(np.quantile(column, np.linspace(0, 1, BINS), method="lower"))
    return values[:-1]


def _forest(trees: list[NDArray[np.float64]], edges: list[NDArray[np.float32]], start: float) -> Forest:
    """Return the trees as a forest; the columns of a tree are feature, bin or value, left child, right child."""
    roots: list[int] = []
    columns: list[int] = []
    bounds: list[float] = []
    left: list[int] = []
    right: list[int] = []
    for tree in trees:
        base = len(columns)
        roots.append(base)
        for column, value, left_child, right_child in tree:
            is_leaf = column < 0
            columns.append(int(column))
            bounds.append(value if is_leaf else edges[int(column)][int(value)])
            left.append(0 if is_leaf else base + int(left_child))
            right.append(0 if is_leaf else base + int(right_child))
    return Forest(
        np.array(roots, np.int32),
        np.array(columns, np.int16),
        np.array(bounds, np.float32),
        np.array(left, np.int32),
        np.array(right, np.int32),
        start,
    )
