"""The jobs by which documents meet that share fingerprints: each piece's are laid into buckets, each range is paired.

`sift` and `scatter` hold one piece, `meet` one range of values, `merge` the pairs of one range of documents. All of
them read and write files in one folder, the `room` of their jobs.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

import numpy as np

from latam_corpus.corpus import distinct, ragged
from latam_corpus.dedupe import buckets
from latam_corpus.dedupe.columns import ANCHORS
from latam_corpus.dedupe.pairs import Extent, Partial, merge_partial, pairs_laid
from latam_corpus.dedupe.sieve import Sieve

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from numpy.typing import NDArray

    from latam_corpus.corpus import Piece

NOBODY: Final = np.uint32(0xFFFFFFFF)
VALUES_A_RANGE: Final = 2_000_000  # 24 MB of fingerprints, and as much to pair them
KEYS_A_MERGE: Final = 2_000_000

# What `sift` has found in a piece of an earlier version, beside the files of `buckets`.
_FOUND: Final = ".found"  # uint64, the fingerprints
_PLACES: Final = ".places"  # int32, the document that has each
_COUNTS: Final = ".counts"  # int32, how many fingerprints each document has, found or not


@dataclass(frozen=True)
class Scatter:
    """A piece whose fingerprints are laid into buckets, in files named by `file`.

    Of a piece of an earlier version (`known`) only those are that a new document has too: `sift` has found them.
    """

    piece: Piece
    file: Path
    room: Path
    known: bool = False

    @property
    def bytes(self) -> int:
        """How large it is, about."""
        return self.piece.bytes


def scatter(job: Scatter) -> tuple[NDArray[np.uint32], NDArray[np.int32], NDArray[np.int64]]:
    """The numbers of the piece's documents, how many fingerprints each has, and how many each bucket."""
    piece = job.piece
    mine = np.fromfile(job.room / "numbers", np.uint32, piece.height, offset=4 * piece.start)
    if job.known:
        values = np.fromfile(job.file.with_suffix(_FOUND), np.uint64)
        counts = np.fromfile(job.file.with_suffix(_COUNTS), np.int32)
        owners = mine[np.fromfile(job.file.with_suffix(_PLACES), np.int32)]
        here = owners != NOBODY
        values, owners = values[here], owners[here]
    else:
        values, offsets = ragged(piece.read([ANCHORS])[ANCHORS])
        counts = np.diff(offsets).astype(np.int32)
        owners = np.repeat(mine, counts)
        if (mine == NOBODY).any():
            here = owners != NOBODY
            values, owners = values[here], owners[here]
    found_here = mine != NOBODY
    laid = buckets.laid(values, owners)
    buckets.write(job.file, laid)
    return mine[found_here], counts[found_here], laid.sizes


def mark_new(pieces: Sequence[Piece], values: int, room: Path) -> None:
    """Write by what documents of an earlier version are sifted: the new documents' fingerprints.

    Args:
        pieces: of the new documents.
        values: that they have in all, about.
        room: where it is written.
    """
    Sieve.of((ragged(piece.read([ANCHORS])[ANCHORS])[0] for piece in pieces), values).write(room)


def sift(job: Scatter) -> NDArray[np.int64]:
    """The places of those documents of the piece that have fingerprints of new ones; these are written to a file."""
    values, offsets = ragged(job.piece.read([ANCHORS])[ANCHORS])
    found, places = Sieve.read(job.room).sifted(values, offsets)
    found.tofile(job.file.with_suffix(_FOUND))
    places.tofile(job.file.with_suffix(_PLACES))
    np.diff(offsets).astype(np.int32).tofile(job.file.with_suffix(_COUNTS))
    return np.asarray(job.piece.start + distinct(places), np.int64)


@dataclass(frozen=True)
class Meet:
    """A range of fingerprint values, of all pieces."""

    low: int
    high: int
    files: tuple[Path, ...]
    file: Path

    @property
    def bytes(self) -> int:
        """All ranges are about as large."""
        return 1


def meet(job: Meet) -> Path:
    """What the files are named by that have the pairs which share fingerprints in the range."""
    made = pairs_laid(buckets.read(job.files, job.low, job.high))
    np.save(job.file.with_suffix(".keys.npy"), made.keys)
    np.save(job.file.with_suffix(".counts.npy"), made.counts)
    np.save(job.file.with_suffix(".common.npy"), made.common)
    told = [len(made.keys), made.values, made.over_cap, made.left_out]
    np.save(job.file.with_suffix(".told.npy"), np.array(told, np.int64))
    return job.file


@dataclass(frozen=True)
class Merge:
    """A range of documents whose pairs, of all ranges of values, are added up.

    Attributes:
        first: the first document that is the first of a pair.
        end: the one after the last.
        files: of `meet`.
        room: where `counts`, `sampling` and `rows` of all documents are.
        share: see `Extent`.
        new_end: pairs are wanted of which one document's row is under it.
        file: what is written.
    """

    first: int
    end: int
    files: tuple[Path, ...]
    room: Path
    share: float
    new_end: int
    file: Path

    @property
    def bytes(self) -> int:
        """All ranges are about as large."""
        return 1


def merge(job: Merge) -> Path:
    """The file with the candidates: pairs that share enough, uint32[k, 2], sorted."""
    partials = [_cut(file, job.first, job.end) for file in job.files]
    counts, sampling, rows = (
        np.load(job.room / f"{name}.npy", mmap_mode="r") for name in ("counts", "sampling", "rows")
    )
    pairs = merge_partial(partials, Extent(counts, sampling, job.share), job.first, job.end).pairs
    # What two documents of an earlier version are to one another was settled when it was built.
    np.save(job.file, pairs[(rows[pairs] < job.new_end).any(axis=1)])
    return job.file


def _cut(file: Path, first: int, end: int) -> Partial:
    """The pairs of a range of documents; what is common is left out."""
    keys = np.load(file.with_suffix(".keys.npy"), mmap_mode="r")
    low, high = np.searchsorted(keys, np.array([first << 32, end << 32], np.uint64)).tolist()
    counts = np.load(file.with_suffix(".counts.npy"), mmap_mode="r")
    return Partial(np.array(keys[low:high]), np.array(counts[low:high]), np.zeros(0, np.uint64), 0, 0, 0)
