"""The one order of a version's rows in an epoch: row groups shuffled, and rows shuffled inside windows of them.

A position is a row's place in that order, from 0. It follows from the files' digests, the seed, the epoch and the size
of a window alone: never from ranks, workers, columns, or rows that are left out since.
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
        file: which file, by its place in the version.
        number: which of its groups.
        rows: how many.
        size: bytes of all its columns, decompressed.
    """

    file: int
    number: int
    rows: int
    size: int


@dataclass(frozen=True)
class Window:
    """Row groups whose rows are shuffled together.

    Attributes:
        number: which window.
        start: the position of its first row.
        groups: in the order in which their rows are counted before they are shuffled.
    """

    number: int
    start: int
    groups: tuple[RowGroup, ...]

    @cached_property
    def rows(self) -> int:
        """Its rows."""
        return sum(group.rows for group in self.groups)

    @cached_property
    def size(self) -> int:
        """Bytes of all its columns, decompressed."""
        return sum(group.size for group in self.groups)


def shuffled(count: int, *key: int | str) -> NDArray[np.int64]:
    """Return the numbers from 0 to `count` - 1, each order equally likely over the keys.

    They are sorted by raw words of Philox, whose stream NumPy keeps from version to version; that of `permutation` it
    doesn't.

    >>> shuffled(5, 7, 0).tolist() == shuffled(5, 7, 0).tolist(), sorted(shuffled(5, 7, 1).tolist())
    (True, [0, 1, 2, 3, 4])
    """
    digest = hashlib.sha256(" ".join(map(str, key)).encode()).digest()
    words = np.random.Philox(key=int.from_bytes(digest[:16], "little")).random_raw(count)
    return np.argsort(words, kind="stable").astype(np.int64)


def windows_of(groups: Sequence[RowGroup], size: int, seed: int, epoch: int, *, shuffle: bool = True) -> list[Window]:
    """Return the windows of an epoch.

    Args:
        groups: in the manifest's order.
        size: bytes, decompressed, that a window has at most, unless a single group has more. The first has a quarter of
            it and the second half, so that rows come soon.
        seed: of the run.
        epoch: which.
        shuffle: whether groups are shuffled.
    """
    order = shuffled(len(groups), seed, epoch, "groups") if shuffle else np.arange(len(groups))
    windows: list[Window] = []
    start = 0
    for members in _filled([groups[index] for index in order.tolist() if groups[index].rows], size):
        windows.append(Window(len(windows), start, tuple(members)))
        start += windows[-1].rows
    return windows


def _filled(groups: Sequence[RowGroup], size: int) -> Iterator[list[RowGroup]]:
    members: list[RowGroup] = []
    held, limit = 0, size // 4
    for group in groups:
        if members and held + group.size > limit:
            yield members
            members, held, limit = [], 0, min(size, 2 * limit)
        members.append(group)
        held += group.size
    if members:
        yield members
