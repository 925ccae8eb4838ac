"""Divide light rows into partitions, so that no process needs all rows of a version in memory.

A partition contains all rows that may affect one another's release. Rows are related if they have the same document or
text, or if copies, variants and replacements link them. Rows of unrelated documents are divided by ranges of ids.
Related documents are few, and only the hashes of their links are kept in memory; a hash collision puts unrelated rows
into one partition, which does no harm.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from itertools import chain
from typing import TYPE_CHECKING, Final

import numpy as np
import polars as pl

from latam_corpus.corpus import distinct, packed
from latam_corpus.release.eligibility.admission import LIGHT
from latam_corpus.storage.spill import Spill, compact

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator
    from pathlib import Path

    from numpy.typing import NDArray

PARTITION_ROWS: Final = 50_000
_SAMPLED_ROWS: Final = 256  # one id in this many is sampled to find the limits of ranges
_BUCKET_BITS: Final = 8
_LINK: Final = np.dtype([("key", np.uint64), ("document", np.uint64)])


@dataclass
class Ranges:
    """Ranges of ids with about the same number of rows each; `cuts` has the first id of each range except the first."""

    cuts: pl.Series

    @property
    def count(self) -> int:
        """The number of ranges."""
        return len(self.cuts) + 1

    def of(self, ids: pl.Series) -> NDArray[np.int64]:
        """Return the range of each id."""
        if not len(self.cuts):
            return np.zeros(len(ids), np.int64)
        return np.asarray(self.cuts.search_sorted(ids, side="right").to_numpy(), np.int64)


@dataclass
class Partitions:
    """Light rows by partition: first the ranges of ids, then groups of related documents.

    Attributes:
        ranges: the ranges of ids.
        rows: yields the rows of each partition, in their original order, once.
    """

    ranges: Ranges
    rows: Iterator[pl.DataFrame]


def partitioned(frames: Iterable[pl.DataFrame], linked: pl.DataFrame, folder: Path) -> Partitions:
    """Divide light rows into partitions, given pairs of related documents, `doc_id` and `duplicate_of`."""
    no_ids = pl.Series("doc_id", [], pl.String)
    frames, first_frames, rows = iter(frames), [pl.DataFrame(schema=LIGHT)], 0
    for frame in frames:
        first_frames.append(frame)
        rows += frame.height
        if rows > PARTITION_ROWS:
            break
    else:
        return Partitions(Ranges(no_ids), iter([pl.concat(first_frames, rechunk=True)]))
    unsorted, links = Spill(folder / "rows"), _Links(folder / "links")
    ids = [no_ids]
    rows = 0
    for frame in chain(first_frames, frames):
        unsorted.add_by(frame, np.zeros(frame.height, np.int64))
        links.add(frame)
        sampled = frame.select("doc_id").gather_every(_SAMPLED_ROWS, -rows % _SAMPLED_ROWS)
        ids.append(compact(sampled)["doc_id"])
        rows += frame.height
    unsorted.flush()
    links.add_pairs(_hashes(linked["doc_id"]), _hashes(linked["duplicate_of"]))
    sample = pl.concat(ids).unique().sort()
    count = max(1, min(-(-rows // PARTITION_ROWS), len(sample)))
    ranges = Ranges(sample.gather([len(sample) * n // count for n in range(1, count)]))
    documents, partitions = links.partitions(count)
    spill = Spill(folder / "partitions")
    for frame in unsorted.frames(0):
        places = ranges.of(frame["doc_id"])
        if len(documents):
            hashes = _hashes(frame["doc_id"])
            nearest = np.searchsorted(documents, hashes).clip(max=len(documents) - 1)
            places = np.where(documents[nearest] == hashes, partitions[nearest], places)
        spill.add_by(frame, places)
    spill.flush()
    unsorted.file(0).unlink(missing_ok=True)
    numbers = range(int(partitions.max(initial=count - 1)) + 1)
    return Partitions(ranges, (spill.take(number, LIGHT) for number in numbers))


@dataclass
class _Links:
    """Pairs of a key's hash and a document's hash, on disk in buckets by the top bits of the key's hash."""

    folder: Path
    _pairs: list[NDArray[np.uint64]] = field(default_factory=list)

    def add(self, frame: pl.DataFrame) -> None:
        """Add pairs for the keys of light rows: their documents, texts, clusters, variants and copies."""
        self.folder.mkdir(exist_ok=True)
        documents = _hashes(frame["doc_id"])
        links = [_linked(documents, documents)]
        for name in ("text_hash", "duplicate_cluster", "variant_of", "copy_of"):
            has_key = frame[name].is_not_null().to_numpy()
            links.append(_linked(_hashes(frame[name])[has_key], documents[has_key]))
        all_links = np.concatenate(links)
        buckets = (all_links["key"] >> np.uint64(64 - _BUCKET_BITS)).astype(np.int64)
        order = np.argsort(buckets, kind="stable")
        ends = np.searchsorted(buckets[order], np.arange(1 << _BUCKET_BITS), side="right")
        start = 0
        for bucket, end in enumerate(ends.tolist()):
            if end > start:
                with (self.folder / f"{bucket}").open("ab") as file:
                    all_links[order[start:end]].tofile(file)
            start = end

    def add_pairs(self, documents: NDArray[np.uint64], related: NDArray[np.uint64]) -> None:
        """Add pairs of related documents, as hashes of their ids."""
        self._pairs.append(np.stack([documents, related], axis=1))

    def partitions(self, first: int) -> tuple[NDArray[np.uint64], NDArray[np.int64]]:
        """Return the sorted hashes of related documents and the partition of each, numbered from `first`."""
        pairs = np.concatenate([*self._pairs, *self._pairs_by_key()])
        documents = distinct(pairs)
        return documents, first + packed(np.searchsorted(documents, pairs), len(documents), PARTITION_ROWS)

    def _pairs_by_key(self) -> Iterator[NDArray[np.uint64]]:
        """Yield pairs of documents with a common key, so that all documents with a key form a chain."""
        for path in sorted(self.folder.glob("*")):
            links = np.fromfile(path, _LINK)
            path.unlink()
            links = links[np.lexsort((links["document"], links["key"]))]
            links = links[np.concatenate(([True], links[1:] != links[:-1]))]
            has_same_key = links["key"][1:] == links["key"][:-1]
            yield np.stack([links["document"][:-1][has_same_key], links["document"][1:][has_same_key]], axis=1)


def _hashes(keys: pl.Series) -> NDArray[np.uint64]:
    return keys.hash(0).to_numpy()


def _linked(keys: NDArray[np.uint64], documents: NDArray[np.uint64]) -> NDArray[np.void]:
    links = np.empty(len(keys), _LINK)
    links["key"], links["document"] = keys, documents
    return links
