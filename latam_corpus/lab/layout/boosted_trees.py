"""Boosted trees from shares: Newton steps of the logistic loss over binned features (Friedman 2001; Ke et al. 2017).

Small and in one thread, so that a training gives the same trees on every machine.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numba
import numpy as np

from latam_corpus.extract.forest import Forest

if TYPE_CHECKING:
    from numpy.typing import NDArray

_BINS = 64


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
    """The forest that gives each row its share as nearly as it can.

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
    """The trees of one forest, each grown on what those before it leave over."""
    totals = np.full(len(shares), start)
    trees = []
    for _ in range(options.trees):
        drawn = np.sort(dice.choice(len(codes), max(1, int(options.share * len(codes))), replace=False))
        chance = 1 / (1 + np.exp(-totals))
        slopes, curves = weights * (shares - chance), weights * chance * (1 - chance)
        trees.append(
            _tree(
                codes,
                drawn,
                slopes,
                curves,
                weights,
                totals,
                options.leaves,
                options.rate,
                options.least,
                options.shrink,
            )
        )
    return trees


def _edges(column: NDArray[np.float32]) -> NDArray[np.float32]:
    """The bounds between the bins of a feature; a row is in the bin of the first bound that isn't below it."""
    values = np.unique(column)
    if len(values) > _BINS:
        values = np.unique(np.quantile(column, np.linspace(0, 1, _BINS), method="lower"))
    return values[:-1]


def _forest(trees: list[NDArray[np.float64]], edges: list[NDArray[np.float32]], start: float) -> Forest:
    """The trees as arrays: a row of a tree is feature, bin or value, left, right."""
    roots: list[int] = []
    columns: list[int] = []
    bounds: list[float] = []
    left: list[int] = []
    right: list[int] = []
    for tree in trees:
        base = len(columns)
        roots.append(base)
        for column, told, one, other in tree:
            leaf = column < 0
            columns.append(int(column))
            bounds.append(told if leaf else edges[int(column)][int(told)])
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


@numba.njit(cache=True, nogil=True)
def _histogram(codes, drawn, places, first, last, slopes, curves, weights, made):  # type: ignore[no-untyped-def]  # noqa: ANN001, ANN202
    made[:] = 0
    for one in range(len(drawn)):
        column = codes[drawn[one]]
        held = made[one]
        for place in range(first, last):
            row = places[place]
            code = column[row]
            held[code, 0] += slopes[row]
            held[code, 1] += curves[row]
            held[code, 2] += weights[row]


@numba.njit(cache=True, nogil=True)
def _best(held, least, shrink):  # type: ignore[no-untyped-def]  # noqa: ANN001, ANN202
    """The gain of the best split of a leaf, the feature's place among the drawn, and the last bin on the left."""
    best, feature, code = 0.0, -1, -1
    slope = curve = weight = 0.0
    for b in range(held.shape[1]):
        slope += held[0, b, 0]
        curve += held[0, b, 1]
        weight += held[0, b, 2]
    whole = slope * slope / (curve + shrink)
    for one in range(held.shape[0]):
        s = c = w = 0.0
        for b in range(held.shape[1] - 1):
            s += held[one, b, 0]
            c += held[one, b, 1]
            w += held[one, b, 2]
            if w < least or weight - w < least:
                continue
            gain = s * s / (c + shrink) + (slope - s) ** 2 / (curve - c + shrink) - whole
            if gain > best:
                best, feature, code = gain, one, b
    return best, feature, code


@numba.njit(cache=True, nogil=True)
def _tree(codes, drawn, slopes, curves, weights, totals, leaves, rate, least, shrink):  # type: ignore[no-untyped-def]  # noqa: ANN001, ANN202
    """A tree's nodes, and `totals` moved by its leaves; the leaf with the most to gain is split first."""
    n = len(slopes)
    nodes = np.full((2 * leaves, 4), -1.0)
    places = np.arange(n)
    moved = np.empty(n, np.int64)
    firsts, lasts, held_by = np.zeros(leaves, np.int64), np.zeros(leaves, np.int64), np.zeros(leaves, np.int64)
    held = np.zeros((leaves, len(drawn), _BINS, 3), np.float64)
    gains, features, bins = np.zeros(leaves), np.zeros(leaves, np.int64), np.zeros(leaves, np.int64)
    lasts[0] = n
    _histogram(codes, drawn, places, 0, n, slopes, curves, weights, held[0])
    gains[0], features[0], bins[0] = _best(held[0], least, shrink)
    made, used = 1, 1
    while made < leaves:
        leaf = int(np.argmax(gains[:made]))
        if gains[leaf] <= 0:
            break
        node, first, last = held_by[leaf], firsts[leaf], lasts[leaf]
        feature, code = drawn[features[leaf]], bins[leaf]
        at, behind = first, 0
        for place in range(first, last):  # those on the left keep their order, and so do those on the right
            row = places[place]
            if codes[feature, row] <= code:
                places[at] = row
                at += 1
            else:
                moved[behind] = row
                behind += 1
        places[at:last] = moved[:behind]
        nodes[node, 0], nodes[node, 1] = feature, code
        nodes[node, 2], nodes[node, 3] = used, used + 1
        held_by[leaf], held_by[made] = used, used + 1
        used += 2
        lasts[leaf], firsts[made], lasts[made] = at, at, last
        small = leaf if at - first <= last - at else made
        large = made if small == leaf else leaf
        whole = held[leaf].copy()
        _histogram(codes, drawn, places, firsts[small], lasts[small], slopes, curves, weights, held[small])
        held[large] = whole - held[small]
        for one in (leaf, made):
            gains[one], features[one], bins[one] = _best(held[one], least, shrink)
        made += 1
    for leaf in range(made):
        slope = curve = 0.0
        for place in range(firsts[leaf], lasts[leaf]):
            slope += slopes[places[place]]
            curve += curves[places[place]]
        value = rate * slope / (curve + shrink)
        nodes[held_by[leaf], 1] = value  # its feature stays -1
        for place in range(firsts[leaf], lasts[leaf]):
            totals[places[place]] += value
    return nodes[:used]
