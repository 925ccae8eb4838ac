"""Values by number or by row in a file, one after another, of which a part is looked at a time: little is resident."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

import numpy as np

if TYPE_CHECKING:
    from pathlib import Path

    from numpy.typing import NDArray

_AT_ONCE: Final = 1 << 21  # values of a span
_BYTES: Final = 16 << 20  # of a file that are mapped at once


@dataclass(frozen=True)
class OnDisk:
    """An array in a file; indexing gives copies.

    What a process has looked at of a mapped file counts as its memory: with a file that is mapped whole, it grows with
    the corpus.

    Attributes:
        file: has nothing but the values.
        kind: of a value.
    """

    file: Path
    kind: np.dtype[Any]

    def __len__(self) -> int:
        return self.file.stat().st_size // self.kind.itemsize

    def __getitem__(self, places: NDArray[np.integer[Any]]) -> NDArray[Any]:
        """Return the values at these places, in the shape of these."""
        count = len(self)
        at_once = _BYTES // self.kind.itemsize
        if count <= at_once:
            return np.asarray(self._window(0, count)[places])
        out = np.empty(places.shape, self.kind)
        for first in range(0, count, at_once):
            here = (places >= first) & (places < first + at_once)
            if here.any():
                out[here] = self._window(first, min(at_once, count - first))[places[here] - first]
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
    """Return the ranges, of some million at most, that make up so many.

    >>> spans(3_000_000)
    [(0, 2097152), (2097152, 3000000)]
    """
    return [(first, min(first + _AT_ONCE, count)) for first in range(0, count, _AT_ONCE)]


def span_of(places: NDArray[np.int64]) -> NDArray[np.int64]:
    """Return in which of `spans` each place is."""
    return places // _AT_ONCE
