"""Compiled functions that grow a tree by the best split of histograms."""

# mypy: allow-untyped-defs, allow-untyped-decorators

import numpy as np
from numba import njit

BINS = 64


@njit(nogil=True)
def _histogram(codes, drawn, order, first, last, loss, sums):
    gradients, hessians, weights = loss
    sums[:] = 0
    for feature in range(len(drawn)):
        column = codes[drawn[feature]]
        histogram = sums[feature]
        for index in range(first, last):
            row = order[index]
            code = column[row]
            histogram[code, 0] += gradients[row]
            histogram[code, 1] += hessians[row]
            histogram[code, 2] += weights[row]


@njit(nogil=True)
def _best_split(histograms, least_weight, shrink):
    """Return the gain of a leaf's best split, the index of its drawn feature, and the last bin on the left."""
    best_gain, best_feature, best_code = 0.0, -1, -1
    gradient = hessian = weight = 0.0
    for code in range(histograms.shape[1]):
        gradient += histograms[0, code, 0]
        hessian += histograms[0, code, 1]
        weight += histograms[0, code, 2]
    unsplit = gradient * gradient / (hessian + shrink)
    for feature in range(histograms.shape[0]):
        g = h = w = 0.0  # the sums of the left side
        for code in range(histograms.shape[1] - 1):
            g += histograms[feature, code, 0]
            h += histograms[feature, code, 1]
            w += histograms[feature, code, 2]
            if w < least_weight or weight - w < least_weight:
                continue
            gain = g * g / (h + shrink) + (gradient - g) ** 2 / (hessian - h + shrink) - unsplit
            if gain > best_gain:
                best_gain, best_feature, best_code = gain, feature, code
    return best_gain, best_feature, best_code


@njit(nogil=True)
def grow_tree(codes, drawn, loss, totals, limits):
    """Grow a tree, splitting the leaf with the largest gain first; add the leaves' values to `totals`.

    Args:
        codes: uint8[features, rows], the bins of the rows.
        drawn: the features that may be used.
        loss: the gradients, the hessians and the weights of the rows.
        totals: the sums of the trees for each row, changed in place.
        limits: the options `leaves`, `rate`, `least` and `shrink`.

    Returns:
        float64[nodes, 4]: feature (-1 for a leaf), bin or value, left child, right child.
    """
    gradients, hessians, _ = loss
    leaves, rate, least_weight, shrink = limits
    n = len(gradients)
    nodes = np.full((2 * leaves, 4), -1.0)
    order = np.arange(n)  # the rows, grouped by leaf
    right_rows = np.empty(n, np.int64)
    firsts, lasts, node_of = np.zeros(leaves, np.int64), np.zeros(leaves, np.int64), np.zeros(leaves, np.int64)
    histograms = np.zeros((leaves, len(drawn), BINS, 3), np.float64)
    gains, features, bins = np.zeros(leaves), np.zeros(leaves, np.int64), np.zeros(leaves, np.int64)
    lasts[0] = n
    _histogram(codes, drawn, order, 0, n, loss, histograms[0])
    gains[0], features[0], bins[0] = _best_split(histograms[0], least_weight, shrink)
    leaf_count, used = 1, 1
    while leaf_count < leaves:
        leaf = int(np.argmax(gains[:leaf_count]))
        if gains[leaf] <= 0:
            break
        node, first, last = node_of[leaf], firsts[leaf], lasts[leaf]
        feature, code = drawn[features[leaf]], bins[leaf]
        middle, right_count = first, 0
        for index in range(first, last):  # a stable partition
            row = order[index]
            if codes[feature, row] <= code:
                order[middle] = row
                middle += 1
            else:
                right_rows[right_count] = row
                right_count += 1
        order[middle:last] = right_rows[:right_count]
        nodes[node, 0], nodes[node, 1] = feature, code
        nodes[node, 2], nodes[node, 3] = used, used + 1
        node_of[leaf], node_of[leaf_count] = used, used + 1
        used += 2
        lasts[leaf], firsts[leaf_count], lasts[leaf_count] = middle, middle, last
        small = leaf if middle - first <= last - middle else leaf_count
        large = leaf_count if small == leaf else leaf
        # The larger child's histogram is the parent's histogram minus the smaller child's.
        parent = histograms[leaf].copy()
        _histogram(codes, drawn, order, firsts[small], lasts[small], loss, histograms[small])
        histograms[large] = parent - histograms[small]
        for child in (leaf, leaf_count):
            gains[child], features[child], bins[child] = _best_split(histograms[child], least_weight, shrink)
        leaf_count += 1
    for leaf in range(leaf_count):
        gradient = hessian = 0.0
        for index in range(firsts[leaf], lasts[leaf]):
            gradient += gradients[order[index]]
            hessian += hessians[order[index]]
        value = rate * gradient / (hessian + shrink)
        nodes[node_of[leaf], 1] = value  # a leaf, whose feature is -1
        for index in range(firsts[leaf], lasts[leaf]):
            totals[order[index]] += value
    return nodes[:used]
