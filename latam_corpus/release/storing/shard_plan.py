"""Assign each document to a partition and a shard.

A partition is a language, a genre and a split. Its shards are the leaves of a binary tree, first over bits of the
hashes of contributor and authors (the group of a document), then over bits of SHA-256(doc_id). A leaf is split when its
texts become too large, and leaves are never merged. Therefore documents usually keep their shards from one version to
the next, and shards without changes are reused. A person's documents are in few shards, so that a withdrawal rewrites
only these.
"""

from __future__ import annotations

import hashlib
import re
from collections import defaultdict
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

import numpy as np
import polars as pl

from latam_corpus import vocabulary
from latam_corpus.errors import ReleaseError
from latam_corpus.messages import _
from latam_corpus.release.storing.shard_file import ROW_ALLOWANCE

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence
    from pathlib import Path

    from numpy.typing import NDArray

    from latam_corpus.release.storing.manifest import Manifest, Shard

# Bytes of text before compression; zstd compresses so much Spanish prose to about 256 MB.
SHARD_BYTES: Final = 640 << 20
# A release has at least this many shards, unless they would be smaller than _MIN_BYTES, so that rewriting one shard
# writes only about a hundredth of the release.
_SHARDS: Final = 128
_MIN_BYTES: Final = 8 << 20

_CONTRIBUTOR_BITS: Final = 8
_AUTHOR_BITS: Final = 12
GROUP_BITS: Final = _CONTRIBUTOR_BITS + _AUTHOR_BITS
_DEEPEST: Final = GROUP_BITS + 24
_PARTITION: Final = ("language", "genre", "split")
_RANK: Final = {split: order for order, split in enumerate(vocabulary.SPLITS)}
# Levels of a tree that are split per pass over the documents; the histogram of an open node has this many bits.
_LEVELS: Final = 8
_PLACE: Final = np.dtype([("partition", np.uint16), ("bits", np.uint64), ("size", np.int64)])
_WORD: Final = re.compile(r"[A-Za-z0-9_]+")

Partition = tuple[str, str, str]  # a language, a genre and a split


@dataclass(frozen=True)
class Cell:
    """A shard to be written: its partition, its leaf of the tree (group and prefix), and its path in the Hub layout."""

    language: str
    genre: str
    split: str
    group: str
    prefix: str
    path: str


class Planner:
    """Assigns documents, which are added one range of ids at a time, to shards.

    The bits and the size of each document are stored in files, which are read once for every `_LEVELS` levels of the
    trees.
    """

    def __init__(self, folder: Path, inherited: Sequence[Shard] = ()) -> None:
        """Create a planner without documents.

        Nodes that were split in the parent's shards, `inherited`, are split again.
        """
        folder.mkdir(exist_ok=True)
        self._folder = folder
        self._ranges = 0
        self._numbers: dict[Partition, int] = {}
        self._inner: dict[Partition, set[str]] = defaultdict(set)
        for shard in inherited:
            leaf = shard.group + shard.prefix
            self._inner[shard.language, shard.genre, shard.split] |= {leaf[:length] for length in range(len(leaf))}

    def add(self, rows: pl.DataFrame) -> None:
        """Add the light rows of the next range, with their split."""
        names = rows.select(pl.col(_PARTITION).cast(pl.String))
        numbers = {
            partition: self._numbers.setdefault(partition, len(self._numbers)) for partition in names.unique().rows()
        }
        records = np.zeros(rows.height, _PLACE)
        records["partition"] = [numbers[partition] for partition in names.rows()]
        digests = b"".join(hashlib.sha256(doc_id.encode()).digest()[:8] for doc_id in rows["doc_id"].to_list())
        ids = np.frombuffer(digests, ">u8").astype(np.uint64)
        groups = np.array([int(group, 2) for group in groups_of(rows["contributor"], rows["authors"])], dtype=np.uint64)
        records["bits"] = (groups << np.uint64(64 - GROUP_BITS)) | (ids >> np.uint64(GROUP_BITS))
        records["size"] = weights(rows)
        records.tofile(self._folder / f"{self._ranges}")
        self._ranges += 1

    def planned(self, limit: int = SHARD_BYTES) -> ShardPlan:
        """Return the plan of the shards.

        A shard with more than `limit` bytes of text is split. Raises ReleaseError if a language or genre can't be a
        folder's name.
        """
        for language, genre, _split in sorted(self._numbers):
            for column, word in (("language", language), ("genre", genre)):
                if not _WORD.fullmatch(word):
                    problem = _("the {what} «{word}» can't be a folder's name", what=column, word=word)
                    raise ReleaseError("shards", problem, _("use letters, digits and underscores, such as spa_Latn"))
        leaves: dict[int, list[str]] = {number: [] for number in self._numbers.values()}
        inner = {number: frozenset(self._inner[partition]) for partition, number in self._numbers.items()}
        open_nodes = [(number, "") for number in self._numbers.values()]
        while open_nodes:
            further: list[tuple[int, str]] = []
            for (number, prefix), counts, sizes in self._below(open_nodes):
                tree = _Tree(inner[number], limit)
                for leaf, is_open in tree.leaves(prefix, counts, sizes):
                    if is_open:
                        further.append((number, leaf))
                    else:
                        leaves[number].append(leaf)
            open_nodes = further
        cells: list[Cell] = []
        starts: dict[int, tuple[int, NDArray[np.uint64]]] = {}
        for partition in sorted(self._numbers, key=lambda names: (*names[:2], _RANK[names[2]])):
            number = self._numbers[partition]
            ordered = sorted(leaves[number])
            starts[number] = len(cells), np.array([_first_bits(leaf) for leaf in ordered], np.uint64)
            for index, leaf in enumerate(ordered):
                path = data_path(*partition, index, len(ordered))
                cells.append(Cell(*partition, leaf[:GROUP_BITS], leaf[GROUP_BITS:], path))
        return ShardPlan(tuple(cells), self._folder, starts)

    def _below(
        self, nodes: Sequence[tuple[int, str]]
    ) -> Iterator[tuple[tuple[int, str], NDArray[np.int64], NDArray[np.int64]]]:
        """Yield each node with its numbers of documents and bytes by the next bits; all nodes must have one depth."""
        depth = len(nodes[0][1])
        nodes = sorted(nodes)
        keys = np.array([(number << 48) | (_first_bits(prefix) >> 16) for number, prefix in nodes], np.uint64)
        counts = np.zeros((len(nodes), 1 << _LEVELS), np.int64)
        sizes = np.zeros_like(counts)
        mask = np.uint64(((1 << depth) - 1) << (48 - depth))
        for index in range(self._ranges):
            records = np.fromfile(self._folder / f"{index}", _PLACE)
            partitions = records["partition"].astype(np.uint64) << np.uint64(48)
            record_keys = partitions | ((records["bits"] >> np.uint64(16)) & mask)
            node = np.searchsorted(keys, record_keys).clip(max=len(keys) - 1)
            in_node = keys[node] == record_keys
            next_bits = (records["bits"][in_node] >> np.uint64(64 - depth - _LEVELS)) & np.uint64((1 << _LEVELS) - 1)
            cell = node[in_node] * (1 << _LEVELS) + next_bits.astype(np.int64)
            counts += np.bincount(cell, minlength=counts.size).reshape(counts.shape)
            order = np.argsort(cell, kind="stable")
            firsts = np.flatnonzero(np.concatenate((np.ones(min(len(order), 1), np.bool_), np.diff(cell[order]) != 0)))
            if len(firsts):  # `np.bincount` with weights would sum floats
                sizes.ravel()[cell[order][firsts]] += np.add.reduceat(records["size"][in_node][order], firsts)
        yield from zip(nodes, counts, sizes, strict=True)


@dataclass(frozen=True, eq=False)
class ShardPlan:
    """The shards, and the shard of each document.

    Attributes:
        starts: for each partition, the number of its first shard and the smallest bits of each shard, sorted.
    """

    cells: tuple[Cell, ...]
    folder: Path
    starts: Mapping[int, tuple[int, NDArray[np.uint64]]]

    def shards(self, index: int) -> NDArray[np.uint32]:
        """Return the cell number of each document in a range, in order."""
        records = np.fromfile(self.folder / f"{index}", _PLACE)
        shards = np.zeros(len(records), np.uint32)
        for number, (first, bits) in self.starts.items():
            in_partition = records["partition"] == number
            shards[in_partition] = first + np.searchsorted(bits, records["bits"][in_partition], side="right") - 1
        return shards


def weights(rows: pl.DataFrame) -> NDArray[np.int64]:
    """Return the bytes that each light row adds to the size of a shard."""
    return rows["text_bytes"].to_numpy() + ROW_ALLOWANCE


def fitting(weight: int, old: Manifest | None) -> int:
    """Return the size limit of shards, in bytes, for a release of this size; never less than the parent's limit."""
    old_limit = (old.shard_limit or SHARD_BYTES) if old else 0
    return max(old_limit, min(SHARD_BYTES, max(_MIN_BYTES, weight // _SHARDS)))


def groups_of(contributors: pl.Series, authors: pl.Series) -> list[str]:
    """Return the group of each row: bits of the SHA-256 of its contributor, then of its authors (`splits.authors_of`).

    >>> first, second = groups_of(pl.Series(["Biblioteca", "Biblioteca"]), pl.Series(["rosa vera", ""]))
    >>> len(first) == GROUP_BITS, first[:8] == second[:8], first == second
    (True, True, False)
    """
    pairs = pl.DataFrame({"of": contributors.cast(pl.String), "by": authors.cast(pl.String)}).select(
        pl.all().fill_null("")
    )
    groups = {
        (contributor, author): f"{_bits(contributor):064b}"[:_CONTRIBUTOR_BITS] + f"{_bits(author):064b}"[:_AUTHOR_BITS]
        for contributor, author in pairs.unique().iter_rows()
    }
    return [groups[pair] for pair in pairs.iter_rows()]


def data_path(language: str, genre: str, split: str, index: int, places: int) -> str:
    """Return the path of a shard in the Hub layout.

    >>> data_path("spa_Latn", "news", "train", 0, 2)
    'data/spa_Latn-news/train-00000-of-00002.parquet'
    """
    return f"data/{language}-{genre}/{split}-{index:05d}-of-{places:05d}.parquet"


def prefix_of(doc_id: str, length: int) -> str:
    """Return the first bits of SHA-256(doc_id), in the manifest's notation.

    >>> prefix_of("00ff", 4)
    '1000'
    """
    return f"{_bits(doc_id):064b}"[:length]


def _bits(value: str) -> int:
    return int.from_bytes(hashlib.sha256(value.encode()).digest()[:8], "big")


def _first_bits(prefix: str) -> int:
    """Return the smallest 64-bit number that begins with these bits.

    >>> _first_bits("01") == 1 << 62
    True
    """
    return int(prefix.ljust(64, "0"), 2)


@dataclass(frozen=True)
class _Tree:
    """The tree of one partition: the inner nodes of the parent version, and the size above which a leaf is split."""

    inner: frozenset[str]
    limit: int

    def leaves(self, prefix: str, counts: NDArray[np.int64], sizes: NDArray[np.int64]) -> Iterator[tuple[str, bool]]:
        """Yield the leaves under a node that have documents, in order.

        The second value is whether the leaf must be split further, for which counts of more bits are needed. `counts`
        and `sizes` are the numbers of documents and their bytes by the next bits.
        """
        count = int(counts.sum())
        if not count:
            return
        is_split = prefix in self.inner or (count > 1 and len(prefix) < _DEEPEST and int(sizes.sum()) > self.limit)
        if not is_split or len(counts) == 1:
            yield prefix, is_split
            return
        half = len(counts) // 2
        yield from self.leaves(prefix + "0", counts[:half], sizes[:half])
        yield from self.leaves(prefix + "1", counts[half:], sizes[half:])
