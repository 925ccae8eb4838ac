"""Where each document goes: its partition, and its shard, cut by leading bits of hashes.

A partition is a language, a genre and a split. Its shards are the leaves of a binary tree, over bits of who brought a
document and who made it (its group) and then over those of SHA-256(doc_id): a leaf splits when its texts grow too
large, and never merges again, so that from one version to the next a document stays in its shard and the other shards
stay as they were. What one person gave stands in few of them, which is what its withdrawal writes anew.
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
from latam_corpus.release.shard_file import ROW_ALLOWANCE

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from numpy.typing import NDArray

    from latam_corpus.release.manifest import Manifest, Shard

# Bytes of text, about 256 MB as zstd makes of Spanish prose; measured before compression, which could change.
SHARD_BYTES: Final = 640 << 20
# A release has so many shards at least, as long as they aren't smaller than the second: one that is written anew is a
# hundredth of it.
_SHARDS: Final = 128
_LEAST_BYTES: Final = 8 << 20

_CONTRIBUTOR_BITS: Final = 8
_AUTHOR_BITS: Final = 12
GROUP_BITS: Final = _CONTRIBUTOR_BITS + _AUTHOR_BITS
_DEEPEST: Final = GROUP_BITS + 24
_PARTITION: Final = ("language", "genre", "split")
_RANK: Final = {split: order for order, split in enumerate(vocabulary.SPLITS)}
_WORD: Final = re.compile(r"[A-Za-z0-9_]+")


@dataclass(frozen=True)
class Cell:
    """A shard to be written: its partition, its leaf of the tree and its place in the Hub layout."""

    language: str
    genre: str
    split: str
    group: str
    prefix: str
    path: str


@dataclass(frozen=True)
class Plan:
    """The light rows with `shard`, an index into the cells."""

    rows: pl.DataFrame
    cells: tuple[Cell, ...]


def plan_shards(rows: pl.DataFrame, inherited: Sequence[Shard], limit: int = SHARD_BYTES) -> Plan:
    """Which document goes into which shard.

    Args:
        rows: light rows with their split.
        inherited: the parent version's shards, whose cuts are kept: also those of a partition that was cut by the ids
            alone, as older toolkits did.
        limit: bytes of text above which a shard is cut.

    Raises:
        ReleaseError: a language or genre can't be a folder's name.
    """
    digests = b"".join(hashlib.sha256(doc_id.encode()).digest()[:8] for doc_id in rows["doc_id"].to_list())
    ids = np.frombuffer(digests, ">u8").astype(np.uint64)
    groups = np.array([int(group, 2) for group in groups_of(rows["contributor"], rows["authors"])], dtype=np.uint64)
    both = (groups << np.uint64(64 - GROUP_BITS)) | (ids >> np.uint64(GROUP_BITS))
    sizes = weights(rows)
    shards = np.zeros(rows.height, dtype=np.uint32)
    inner: dict[tuple[str, ...], set[str]] = defaultdict(set)
    by_id_alone = set()
    for shard in inherited:
        leaf = shard.group + shard.prefix
        partition = shard.language, shard.genre, shard.split
        inner[partition] |= {leaf[:length] for length in range(len(leaf))}
        if shard.prefix and not shard.group:
            by_id_alone.add(partition)
    cells: list[Cell] = []
    for partition, members in _partitions(rows):
        alone = partition in by_id_alone
        tree = _Tree(ids if alone else both, sizes, frozenset(inner[partition]), limit)
        leaves = list(tree.leaves("", members))
        for index, (leaf, documents) in enumerate(leaves):
            shards[documents] = len(cells)
            cut = 0 if alone else GROUP_BITS
            cells.append(Cell(*partition, leaf[:cut], leaf[cut:], data_path(*partition, index, len(leaves))))
    return Plan(rows.with_columns(pl.Series("shard", shards)), tuple(cells))


def weights(rows: pl.DataFrame) -> NDArray[np.int64]:
    """Return what light rows count towards the size of a shard, in bytes."""
    return rows["text_bytes"].to_numpy() + ROW_ALLOWANCE


def fitting(rows: pl.DataFrame, old: Manifest | None) -> int:
    """Return the bytes above which a shard is cut, for a release of so much; never less than it was for the parent."""
    before = (old.shard_limit or SHARD_BYTES) if old else 0
    return max(before, min(SHARD_BYTES, max(_LEAST_BYTES, int(weights(rows).sum()) // _SHARDS)))


def groups_of(contributors: pl.Series, authors: pl.Series) -> list[str]:
    """Return the group of each row: bits of SHA-256 of who brought it, then of its authors (`splits.authors_of`).

    >>> one, other = groups_of(pl.Series(["Biblioteca", "Biblioteca"]), pl.Series(["rosa vera", ""]))
    >>> len(one) == GROUP_BITS, one[:8] == other[:8], one == other
    (True, True, False)
    """
    pairs = pl.DataFrame({"of": contributors.cast(pl.String), "by": authors.cast(pl.String)}).select(
        pl.all().fill_null("")
    )
    known = {
        (of, by): f"{_bits(of):064b}"[:_CONTRIBUTOR_BITS] + f"{_bits(by):064b}"[:_AUTHOR_BITS]
        for of, by in pairs.unique().iter_rows()
    }
    return [known[pair] for pair in pairs.iter_rows()]


def data_path(language: str, genre: str, split: str, index: int, places: int) -> str:
    """Where a shard stands in the Hub layout.

    >>> data_path("spa_Latn", "news", "train", 0, 2)
    'data/spa_Latn-news/train-00000-of-00002.parquet'
    """
    return f"data/{language}-{genre}/{split}-{index:05d}-of-{places:05d}.parquet"


def prefix_of(doc_id: str, length: int) -> str:
    """Return the first bits of SHA-256(doc_id), as the manifest writes them.

    >>> prefix_of("00ff", 4)
    '1000'
    """
    return f"{_bits(doc_id):064b}"[:length]


def _bits(value: str) -> int:
    return int.from_bytes(hashlib.sha256(value.encode()).digest()[:8], "big")


def _partitions(rows: pl.DataFrame) -> Iterator[tuple[tuple[str, str, str], NDArray[np.int64]]]:
    """Each partition with the places of its rows, in the order of names and splits."""
    names = rows.select(pl.col(_PARTITION).cast(pl.String)).with_row_index("place")
    groups = names.group_by(_PARTITION).agg("place")
    for language, genre, split, places in sorted(groups.iter_rows(), key=lambda row: (*row[:2], _RANK[row[2]])):
        for what, word in (("language", language), ("genre", genre)):
            if not _WORD.fullmatch(word):
                problem = _("the {what} «{word}» can't be a folder's name", what=what, word=word)
                raise ReleaseError("shards", problem, _("use letters, digits and underscores, such as spa_Latn"))
        yield (language, genre, split), np.array(places, dtype=np.int64)


@dataclass(frozen=True)
class _Tree:
    """The cuts of one partition: the nodes that are cut already, and the size above which a leaf is cut."""

    bits: NDArray[np.uint64]
    sizes: NDArray[np.int64]
    inner: frozenset[str]
    limit: int

    def leaves(self, prefix: str, members: NDArray[np.int64]) -> Iterator[tuple[str, NDArray[np.int64]]]:
        if not members.size:
            return
        cut = prefix in self.inner or (
            members.size > 1 and len(prefix) < _DEEPEST and int(self.sizes[members].sum()) > self.limit
        )
        if not cut:
            yield prefix, members
            return
        ones = (self.bits[members] >> np.uint64(63 - len(prefix))) & np.uint64(1) == 1
        yield from self.leaves(prefix + "0", members[~ones])
        yield from self.leaves(prefix + "1", members[ones])
