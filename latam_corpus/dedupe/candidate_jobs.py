"""The jobs that find candidate pairs: each piece's fingerprints are laid into buckets, each range of values is paired.

`sift` and `scatter` hold one piece, `pair_range` one range of values and some millions of the pairs that they make,
`merge` the pairs of one range of keys. All of them read and write files in one folder, the `workdir` of their jobs.
"""

from __future__ import annotations

from dataclasses import dataclass
from itertools import pairwise
from typing import TYPE_CHECKING, Any, Final

import numpy as np

from latam_corpus.corpus import distinct, ragged
from latam_corpus.dedupe.candidates import buckets
from latam_corpus.dedupe.candidates.buckets import Sieve
from latam_corpus.dedupe.candidates.candidate_bound import SHARE, SHARES
from latam_corpus.dedupe.candidates.pairs import CAP, COMMON, HUBS, Extent, Pairing, merged, pair_runs
from latam_corpus.dedupe.fingerprints.scheme import ANCHORS
from latam_corpus.dedupe.on_disk import OnDisk, spans
from latam_corpus.dedupe.verify_jobs import ROWS_OF, WORDS_OF, by_number

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence
    from pathlib import Path

    from numpy.typing import NDArray

    from latam_corpus.corpus import Piece
    from latam_corpus.dedupe.fingerprints.scheme import Scheme

NOBODY: Final = np.uint32(0xFFFFFFFF)
VALUES_A_RANGE: Final = 1_000_000  # 12 MB of fingerprints; a bucket that has more is a range by itself
KEYS_A_MERGE: Final = 2_000_000  # 24 MB with their counts, and three times as much to add them up
_MARK: Final = 4096  # of so many keys of a run one is told, by which all runs are cut into ranges

# What `sift` has found in a piece of an earlier version, beside the files of `buckets`.
_SHARED: Final = ".found"  # uint64, the fingerprints
_PLACES: Final = ".places"  # int32, the document that has each
_COUNTS: Final = ".counts"  # int32, how many fingerprints each document of a piece has, found or not
# Of all documents, by their numbers: how many fingerprints each has, and what divides them.
_COUNTS_OF: Final = "counts", np.dtype(np.int32)
_SAMPLING_OF: Final = "sampling", np.dtype(np.uint8)


@dataclass(frozen=True)
class Scatter:
    """A piece whose fingerprints are laid into buckets, in files named by `file`.

    Of a piece of an earlier version (`known`) only those are that a new document has too: `sift` has found them.
    """

    piece: Piece
    file: Path
    workdir: Path
    known: bool = False

    @property
    def bytes(self) -> int:
        """How large it is, about."""
        return self.piece.bytes


def scatter(job: Scatter) -> NDArray[np.int64]:
    """Return how many fingerprints each bucket has; how many each document of the piece has is written to a file."""
    piece = job.piece
    mine = np.fromfile(job.workdir / "numbers", np.uint32, piece.height, offset=4 * piece.start)
    if job.known:
        values = np.fromfile(job.file.with_suffix(_SHARED), np.uint64)
        owners = mine[np.fromfile(job.file.with_suffix(_PLACES), np.int32)]
    else:
        values, offsets = ragged(piece.read([ANCHORS])[ANCHORS])
        counts = np.diff(offsets).astype(np.int32)
        counts.tofile(job.file.with_suffix(_COUNTS))
        owners = np.repeat(mine, counts)
    here = owners != NOBODY
    if not here.all():
        values, owners = values[here], owners[here]
    laid = buckets.into_buckets(values, owners)
    buckets.write(job.file, laid)
    return laid.sizes


def write_extent(jobs: Sequence[Scatter], scheme: Scheme, workdir: Path) -> float:
    """Write what tells how much a pair must share (`Extent`) by the documents' numbers; returns its `share`.

    Args:
        jobs: which are done, in the order of their pieces.
        scheme: of the fingerprints.
        workdir: where BY_NUMBER is.
    """
    by_row = OnDisk(workdir / "counts-by-row", _COUNTS_OF[1])
    with by_row.file.open("wb") as file:
        for job in jobs:
            file.seek(by_row.kind.itemsize * job.piece.start)
            np.fromfile(job.file.with_suffix(_COUNTS), by_row.kind).tofile(file)
    rows_of, words_of = by_number(workdir, ROWS_OF), by_number(workdir, WORDS_OF)
    share = 0.0
    with (workdir / _COUNTS_OF[0]).open("wb") as counts, (workdir / _SAMPLING_OF[0]).open("wb") as sampling:
        for first, end in spans(len(rows_of)):
            extent = Extent.of(words_of.read(first, end), by_row[rows_of.read(first, end)], scheme)
            np.asarray(extent.counts).tofile(counts)
            np.asarray(extent.sampling, _SAMPLING_OF[1]).tofile(sampling)
            share = extent.share
    return share


def mark_new(pieces: Iterable[Piece], values: int, workdir: Path) -> None:
    """Write by what documents of an earlier version are sifted: the new documents' fingerprints.

    Args:
        pieces: of the new documents.
        values: that they have in all, about.
        workdir: where it is written.
    """
    Sieve.of((ragged(piece.read([ANCHORS])[ANCHORS])[0] for piece in pieces), values).write(workdir)


def sift(job: Scatter) -> NDArray[np.int64]:
    """Return the places of the piece's documents that share fingerprints with new ones; writes these to files."""
    values, offsets = ragged(job.piece.read([ANCHORS])[ANCHORS])
    shared, places = Sieve.read(job.workdir).sifted(values, offsets)
    shared.tofile(job.file.with_suffix(_SHARED))
    places.tofile(job.file.with_suffix(_PLACES))
    np.diff(offsets).astype(np.int32).tofile(job.file.with_suffix(_COUNTS))
    return np.asarray(job.piece.start + distinct(places), np.int64)


@dataclass(frozen=True)
class PairRange:
    """A range of fingerprint values, of all pieces."""

    low: int
    high: int
    files: tuple[Path, ...]
    file: Path

    @property
    def bytes(self) -> int:
        """All ranges are about as large."""
        return 1


@dataclass(frozen=True, eq=False)
class PairedRange:
    """The pairs which share fingerprints of a range.

    Attributes:
        file: by which the file of its common values is named.
        runs: the files of its runs of pairs are named by these, in order.
        marks: uint64, some keys of all runs, one in `_MARK` of each.
        tallies: int64[3], see `Pairing.tallies`.
    """

    file: Path
    runs: tuple[Path, ...]
    marks: NDArray[np.uint64]
    tallies: NDArray[np.int64]


def pair_range(job: PairRange) -> PairedRange:
    """Pair the documents which share fingerprints in the range; the runs of pairs are written to files."""
    passing = Pairing(buckets.read(job.files, job.low, job.high), CAP, HUBS, COMMON)
    runs, marks = [], [np.zeros(0, np.uint64)]
    for number, (keys, counts) in enumerate(pair_runs(passing)):
        runs.append(job.file.with_name(f"{job.file.name}-{number:06d}"))
        keys.tofile(runs[-1].with_suffix(_KEYS))
        np.minimum(counts, 65535).astype(_COUNT).tofile(runs[-1].with_suffix(_TIMES))
        marks.append(keys[::_MARK].copy())
    np.sort(passing.common).tofile(job.file.with_suffix(COMMON_VALUES))
    return PairedRange(job.file, tuple(runs), np.concatenate(marks), passing.tallies)


def key_ranges(marks: NDArray[np.uint64], most: int) -> list[tuple[int, int]]:
    """Ranges of keys with about so many each, from the first to before the end; together they hold every key.

    Args:
        marks: of all runs, one in `_MARK` keys of each.
        most: keys of a range, beside up to `_MARK` more of each run.

    >>> key_ranges(np.array([5, 7, 9], np.uint64), 2 * _MARK)
    [(0, 9), (9, 18446744073709551616)]
    """
    cuts = np.unique(np.sort(marks)[:: max(most // _MARK, 1)][1:]).tolist()
    return list(pairwise([0, *cuts, 1 << 64]))


@dataclass(frozen=True)
class Merge:
    """A range of keys whose pairs, of all runs, are added up.

    Attributes:
        low: the first key.
        high: the one after the last.
        runs: of `pair_range`.
        workdir: where `write_extent` and BY_NUMBER are.
        share: see `Extent`.
        new_end: pairs are wanted of which one document's row is under it; None where all are.
        file: what is written.
    """

    low: int
    high: int
    runs: tuple[Path, ...]
    workdir: Path
    share: float
    new_end: int | None
    file: Path

    @property
    def bytes(self) -> int:
        """All ranges are about as large."""
        return 1


def merge(job: Merge) -> Path:
    """Return the file with the candidates: pairs that share enough, uint32[k, 2], sorted, with SHARES beside it."""
    counts, sampling = (OnDisk(job.workdir / name, kind) for name, kind in (_COUNTS_OF, _SAMPLING_OF))
    extent = Extent(counts, sampling, job.share)
    pairs = merged([_cut(run, job.low, job.high) for run in job.runs], extent)
    found = pairs.pairs, pairs.shared
    if job.new_end is not None:
        # What two documents of an earlier version are to one another was settled when it was built.
        new = (by_number(job.workdir, ROWS_OF)[pairs.pairs] < job.new_end).any(axis=1)
        found = pairs.pairs[new], pairs.shared[new]
    found[0].tofile(job.file)
    found[1].astype(SHARE).tofile(job.file.with_suffix(SHARES))
    return job.file


_KEYS: Final = ".keys"  # uint64, the pairs of a run
_TIMES: Final = ".times"  # uint16, how many values of the run each pair shares
COMMON_VALUES: Final = ".common"  # uint64, the values that many documents have
_COUNT: Final = np.dtype(np.uint16)


def _cut(run: Path, low: int, high: int) -> tuple[NDArray[np.uint64], NDArray[Any]]:
    """Return the keys of a run from `low` to before `high`, and their counts."""
    keys = np.memmap(run.with_suffix(_KEYS), np.uint64, "r")
    first = int(np.searchsorted(keys, np.uint64(low)))
    end = int(np.searchsorted(keys, np.uint64(high))) if high < 1 << 64 else len(keys)
    return (
        np.fromfile(run.with_suffix(_KEYS), np.uint64, end - first, offset=8 * first),
        np.fromfile(run.with_suffix(_TIMES), _COUNT, end - first, offset=_COUNT.itemsize * first),
    )
