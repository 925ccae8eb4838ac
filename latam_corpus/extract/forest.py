"""Boosted trees as arrays: read from a file, evaluated in compiled code.

A tree's nodes stand in one row of arrays. A node with a feature sends a block left where its number is not above the
node's bound; a node without one (feature -1) is a leaf and adds its value.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Self

import numba
import numpy as np

if TYPE_CHECKING:
    from collections.abc import Mapping

    from numpy.typing import NDArray


@dataclass(frozen=True, eq=False)
class Forest:
    """Trees whose values are summed, and the sum made a probability.

    Attributes:
        roots: int32[t], the first node of each tree.
        columns: int16[n], the feature that a node asks for, -1 in a leaf.
        bounds: float32[n], a node's bound, or a leaf's value.
        left: int32[n], the node to go to where the feature is at most the bound.
        right: int32[n], the other one.
        start: what the sum starts with, a log-odds.
    """

    roots: NDArray[np.int32]
    columns: NDArray[np.int16]
    bounds: NDArray[np.float32]
    left: NDArray[np.int32]
    right: NDArray[np.int32]
    start: float

    def chances(self, rows: NDArray[np.float32]) -> NDArray[np.float32]:
        """The probability of each row of features, float32[n].

        >>> one = Forest(*map(np.array, ([0], [0, -1, -1], [5.0, -2, 2], [1, 0, 0], [2, 0, 0])), 0.0)
        >>> (one.chances(np.array([[4.0], [6.0]], np.float32)) > 0.5).tolist()
        [False, True]
        """
        found: NDArray[np.float32] = _chances(
            rows, self.roots, self.columns, self.bounds, self.left, self.right, np.float32(self.start)
        )
        return found

    @classmethod
    def of(cls, arrays: Mapping[str, NDArray[np.generic]], name: str) -> Self:
        """The forest whose arrays are stored under the name."""
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
        """The arrays under the names that `of` looks for."""
        return {
            f"{name}_roots": self.roots,
            f"{name}_columns": self.columns,
            f"{name}_bounds": self.bounds,
            f"{name}_left": self.left,
            f"{name}_right": self.right,
            f"{name}_start": np.array(self.start, np.float32),
        }


@numba.njit(cache=True, nogil=True)
def _chances(rows, roots, columns, bounds, left, right, start):  # type: ignore[no-untyped-def]  # noqa: ANN001, ANN202
    found = np.empty(len(rows), np.float32)
    for r in range(len(rows)):
        total = start
        for root in roots:
            node = root
            while columns[node] >= 0:
                node = left[node] if rows[r, columns[node]] <= bounds[node] else right[node]
            total += bounds[node]
        found[r] = 1 / (1 + np.exp(-total))
    return found
