"""The compiled growth of a tree: histograms of the rows' bins, and the best split by them."""

# mypy: allow-untyped-defs

import numpy as np

from latam_corpus.compiled import kernel

BINS = 64


@kernel
def _histogram(codes, drawn, places, first, last, loss, sums):
    slopes, curves, weights = loss
    sums[:] = 0
    for one in range(len(drawn)):
        column = codes[drawn[one]]
        held = sums[one]
        for index in range(first, last):
            row = places[index]
            code = column[row]
            held[code, 0] += slopes[row]
            held[code, 1] += curves[row]
            held[code, 2] += weights[row]


@kernel
def _best(held, least, shrink):
    """Give the gain of the best split of a leaf, the feature's place among the drawn, and the last bin on the left."""
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


@kernel
def grow_tree(codes, drawn, loss, totals, limits):
    """Return a tree's nodes, and `totals` moved by its leaves; the leaf with the most to gain is split first."""
    slopes, curves, _ = loss
    leaves, rate, least, shrink = limits
    n = len(slopes)
    nodes = np.full((2 * leaves, 4), -1.0)
    places = np.arange(n)
    moved = np.empty(n, np.int64)
    firsts, lasts, held_by = np.zeros(leaves, np.int64), np.zeros(leaves, np.int64), np.zeros(leaves, np.int64)
    held = np.zeros((leaves, len(drawn), BINS, 3), np.float64)
    gains, features, bins = np.zeros(leaves), np.zeros(leaves, np.int64), np.zeros(leaves, np.int64)
    lasts[0] = n
    _histogram(codes, drawn, places, 0, n, loss, held[0])
    gains[0], features[0], bins[0] = _best(held[0], least, shrink)
    leaf_count, used = 1, 1
    while leaf_count < leaves:
        leaf = int(np.argmax(gains[:leaf_count]))
        if gains[leaf] <= 0:
            break
        node, first, last = held_by[leaf], firsts[leaf], lasts[leaf]
        feature, code = drawn[features[leaf]], bins[leaf]
        at, behind = first, 0
        for index in range(first, last):  # those on the left keep their order, and so do those on the right
            row = places[index]
            if codes[feature, row] <= code:
                places[at] = row
                at += 1
            else:
                moved[behind] = row
                behind += 1
        places[at:last] = moved[:behind]
        nodes[node, 0], nodes[node, 1] = feature, code
        nodes[node, 2], nodes[node, 3] = used, used + 1
        held_by[leaf], held_by[leaf_count] = used, used + 1
        used += 2
        lasts[leaf], firsts[leaf_count], lasts[leaf_count] = at, at, last
        small = leaf if at - first <= last - at else leaf_count
        large = leaf_count if small == leaf else leaf
        whole = held[leaf].copy()
        _histogram(codes, drawn, places, firsts[small], lasts[small], loss, held[small])
        held[large] = whole - held[small]
        for one in (leaf, leaf_count):
            gains[one], features[one], bins[one] = _best(held[one], least, shrink)
        leaf_count += 1
    for leaf in range(leaf_count):
        slope = curve = 0.0
        for index in range(firsts[leaf], lasts[leaf]):
            slope += slopes[places[index]]
            curve += curves[places[index]]
        value = rate * slope / (curve + shrink)
        nodes[held_by[leaf], 1] = value  # its feature stays -1
        for index in range(firsts[leaf], lasts[leaf]):
            totals[places[index]] += value
    return nodes[:used]
