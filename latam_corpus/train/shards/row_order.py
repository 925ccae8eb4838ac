"""The order of a version's rows in an epoch: shuffled row groups, and rows shuffled within windows of row groups.

A position is a row's index in that order, from 0. It depends only on the files' digests, the seed, the epoch and the
size of a window; it doesn't depend on ranks, workers, columns, or rows that are left out.
"""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from numpy.typing import NDArray


@dataclass(frozen=True)
class RowGroup:
    """A row group of a file.

    Attributes:
        file: the index of its file in the version.
        number: its index in the file.
        size: bytes of all columns, decompressed.
    """

    file: int
    number: int
    rows: int
    size: int


@dataclass(frozen=True)
class Window:
    """Row groups whose rows are shuffled together.

    Attributes:
        number: its index in the epoch.
        start: the position of its first row.
        groups: its row groups, in the order of their rows before the shuffle.
    """

    number: int
    start: int
    groups: tuple[RowGroup, ...]

    @cached_property
    def rows(self) -> int:
        """Number of rows."""
        return sum(group.rows for group in self.groups)

    @cached_property
    def size(self) -> int:
        """Bytes of all columns, decompressed."""
        return sum(group.size for group in self.groups)


def shuffled(count: int, *key: int | str) -> NDArray[np.int64]:
    """Return a random permutation of the numbers from 0 to `count` - 1, seeded by the key.

    The numbers are sorted by raw words of Philox, whose stream is the same in every version of NumPy, unlike the stream
    of `permutation`.

    >>> shuffled(5, 7, 0).tolist() == shuffled(5, 7, 0).tolist(), sorted(shuffled(5, 7, 1).tolist())
    (True, [0, 1, 2, 3, 4])
    """
    digest = hashlib.sha256(" ".join(map(str, key)).encode()).digest()
    words = np.random.Philox(key=int.from_bytes(digest[:16], "little")).random_raw(count)
    return np.argsort(words, kind="stable").astype(np.int64)


def windows_of(groups: Sequence[RowGroup], size: int, seed: int, epoch: int, *, shuffle: bool = True) -> list[Window]:
    """Return the windows of an epoch.

    A window has at most `size` decompressed bytes, unless a single group has more. The first window has a quarter of it
    and the second window half, so that the first rows come soon.
    """
    order = shuffled(len(groups), seed, epoch, "groups") if shuffle else np.arange(len(groups))
    windows: list[Window] = []
    start = 0
    for members in _partition([groups[index] for index in order.tolist() if groups[index].rows], size):
        windows.append(Window(len(windows), start, tuple(members)))
        start += windows[-1].rows
    return windows


def _partition(groups: Sequence[RowGroup], size: int) -> Iterator[list[RowGroup]]:
    members: list[RowGroup] = []
    window_size, limit = 0, size // 4
    for group in groups:
        if members and window_size + group.size > limit:
            yield members
            members, window_size, limit = [], 0, min(size, 2 * limit)
        members.append(group)
        window_size += group.size
    if members:
        yield members
