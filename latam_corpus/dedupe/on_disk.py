"""Arrays in files, indexed by document number or row; only a part is in memory at a time."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

import numpy as np

if TYPE_CHECKING:
    from pathlib import Path

    from numpy.typing import NDArray

_SPAN: Final = 1 << 21  # values
_WINDOW_BYTES: Final = 16 << 20  # mapped at a time


@dataclass(frozen=True)
class OnDisk:
    """An array in a file; indexing returns copies.

    The pages of a mapped file that a process has read count as its memory. If a complete file were mapped, memory would
    grow with the corpus.

    Attributes:
        file: a file with only the values.
        kind: the type of the values.
    """

    file: Path
    kind: np.dtype[Any]

    def __len__(self) -> int:
        return self.file.stat().st_size // self.kind.itemsize

    def __getitem__(self, places: NDArray[np.integer[Any]]) -> NDArray[Any]:
        """Return the values at these indices, in the shape of `places`."""
        count = len(self)
        window = _WINDOW_BYTES // self.kind.itemsize
        if count <= window:
            return np.asarray(self._window(0, count)[places])
        out = np.empty(places.shape, self.kind)
        for first in range(0, count, window):
            in_window = (places >= first) & (places < first + window)
            if in_window.any():
                out[in_window] = self._window(first, min(window, count - first))[places[in_window] - first]
        return out

    def read(self, first: int, end: int) -> NDArray[Any]:
        """Return the values from `first` to before `end`."""
        return np.fromfile(self.file, self.kind, end - first, offset=self.kind.itemsize * first)

    def _window(self, first: int, count: int) -> NDArray[Any]:
        if not count:
            return np.zeros(0, self.kind)
        mapped = np.memmap(self.file, self.kind, "r", offset=self.kind.itemsize * first, shape=count)
        return mapped.view(np.ndarray)


def spans(count: int) -> list[tuple[int, int]]:
    """Cut `count` values into spans of at most two million.

    >>> spans(3_000_000)
    [(0, 2097152), (2097152, 3000000)]
    """
    return [(first, min(first + _SPAN, count)) for first in range(0, count, _SPAN)]


def span_of(places: NDArray[np.int64]) -> NDArray[np.int64]:
    """Return the number of the span in `spans` for each index."""
    return places // _SPAN
