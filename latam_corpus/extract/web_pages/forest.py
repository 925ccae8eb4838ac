"""Boosted trees as arrays: read from a file, evaluated in compiled code.

The nodes of all trees are rows of the same arrays. A node with a feature sends a block left if the feature is at most
the node's bound. A node without one (feature -1) is a leaf, whose value is added.

Descending a tree is a chain of jumps that the processor can't predict. Instead each test is applied to all blocks at
once. A block that exceeds a test's bound can't be in a leaf to the left of the test. Its leaf is the first one that
remains (QuickScorer, Lucchese et al. 2015; vectorised over rows, Lucchese et al. 2016). The sums are the same.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING, NamedTuple, Self

import numpy as np

from latam_corpus.extract.web_pages.forest_kernels import ALL, DE_BRUIJN, MAX_LEAVES, SHIFT, chances

if TYPE_CHECKING:
    from collections.abc import Mapping

    from numpy.typing import NDArray


class _Tests(NamedTuple):
    """The tests of all trees, tree by tree.

    Attributes:
        ends: int32[t], the index after the last test of each tree.
        columns: int16[m], the feature of each test.
        bounds: float32[m], the bound of each test.
        remaining: uint32[m], the leaves (a bit each) that remain for a block above the bound.
        values: float32[t, 32], the leaves' values at `_slot_of`.
    """

    ends: NDArray[np.int32]
    columns: NDArray[np.int16]
    bounds: NDArray[np.float32]
    remaining: NDArray[np.uint32]
    values: NDArray[np.float32]


@dataclass(frozen=True, eq=False)
class Forest:
    """Trees whose values are summed and converted to a probability.

    Attributes:
        roots: int32[t], the first node of each tree.
        columns: int16[n], the feature that a node tests, -1 in a leaf.
        bounds: float32[n], a node's bound, or a leaf's value.
        left: int32[n], the next node if the feature is at most the bound.
        right: int32[n], the next node otherwise.
        start: the initial value of the sum, a log-odds.
    """

    roots: NDArray[np.int32]
    columns: NDArray[np.int16]
    bounds: NDArray[np.float32]
    left: NDArray[np.int32]
    right: NDArray[np.int32]
    start: float

    def chances(self, rows: NDArray[np.float32]) -> NDArray[np.float32]:
        """Return the probability of each row of features, float32[n].

        Raises:
            ValueError: a tree has more than 32 leaves.

        >>> one = Forest(*map(np.array, ([0], [0, -1, -1], [5.0, -2, 2], [1, 0, 0], [2, 0, 0])), 0.0)
        >>> (one.chances(np.array([[4.0], [6.0]], np.float32)) > 0.5).tolist()
        [False, True]
        """
        scores: NDArray[np.float32] = chances(np.ascontiguousarray(rows.T), *self._tests, np.float32(self.start))
        return scores

    @cached_property
    def _tests(self) -> _Tests:
        ends: list[int] = []
        tests: list[tuple[int, float, int]] = []
        values = np.zeros((len(self.roots), MAX_LEAVES), np.float32)
        for tree, root in enumerate(self.roots.tolist()):
            leaves: list[int] = []
            cuts: list[tuple[int, float, int]] = []
            self._collect_tests(root, leaves, cuts)
            tests += sorted(cuts)
            ends.append(len(tests))
            for number, leaf in enumerate(leaves):
                values[tree, _slot_of(1 << number)] = self.bounds[leaf]
        columns, bounds, remaining = zip(*tests, strict=True) if tests else ((), (), ())
        return _Tests(
            np.array(ends, np.int32),
            np.array(columns, np.int16),
            np.array(bounds, np.float32),
            np.array(remaining, np.uint32),
            values,
        )

    def _collect_tests(self, node: int, leaves: list[int], tests: list[tuple[int, float, int]]) -> int:
        """Append the leaves and tests below a node from left to right, and return the leaves as bits."""
        if self.columns[node] < 0:
            leaves.append(node)
            if len(leaves) > MAX_LEAVES:
                raise ValueError(f"a tree has more than {MAX_LEAVES} leaves; train the layout model with fewer")
            return 1 << (len(leaves) - 1)
        left = self._collect_tests(int(self.left[node]), leaves, tests)
        tests.append((int(self.columns[node]), float(self.bounds[node]), ALL ^ left))
        return left | self._collect_tests(int(self.right[node]), leaves, tests)

    @classmethod
    def of(cls, arrays: Mapping[str, NDArray[np.generic]], name: str) -> Self:
        """Return the forest stored under this name."""
        parts = [arrays[f"{name}_{part}"] for part in ("roots", "columns", "bounds", "left", "right")]
        return cls(
            parts[0].astype(np.int32),
            parts[1].astype(np.int16),
            parts[2].astype(np.float32),
            parts[3].astype(np.int32),
            parts[4].astype(np.int32),
            float(arrays[f"{name}_start"]),
        )

    def arrays(self, name: str) -> dict[str, NDArray[np.generic]]:
        """Return the arrays under the names that `of` reads."""
        return {
            f"{name}_roots": self.roots,
            f"{name}_columns": self.columns,
            f"{name}_bounds": self.bounds,
            f"{name}_left": self.left,
            f"{name}_right": self.right,
            f"{name}_start": np.array(self.start, np.float32),
        }


def _slot_of(bit: int) -> int:
    """Return the position in `values` of the leaf with this bit.

    >>> len({_slot_of(1 << number) for number in range(32)})
    32
    """
    return (bit * DE_BRUIJN & ALL) >> SHIFT
