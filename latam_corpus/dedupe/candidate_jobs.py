"""Jobs that find candidate pairs: they sort each piece's fingerprints into buckets, then pair each range of values.

`sift` and `scatter` keep one piece in memory, `pair_range` keeps one range of values and a few million of its pairs,
and `merge` keeps the pairs of one range of keys. All jobs exchange files in one folder, their `workdir`.
"""

from __future__ import annotations

from dataclasses import dataclass
from itertools import pairwise
from typing import TYPE_CHECKING, Any, Final

import numpy as np

from latam_corpus.corpus import PieceJob, distinct, ragged
from latam_corpus.dedupe.candidates import buckets
from latam_corpus.dedupe.candidates.buckets import Sieve, ValueRange
from latam_corpus.dedupe.candidates.candidate_bound import SHARE, SHARES
from latam_corpus.dedupe.candidates.pairs import CAP, COMMON, HUBS, Extent, Pairing, merge_runs, pair_runs
from latam_corpus.dedupe.fingerprints.scheme import ANCHORS
from latam_corpus.dedupe.on_disk import OnDisk, spans
from latam_corpus.dedupe.verify_jobs import ROWS_OF, WORDS_OF, by_number

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence
    from pathlib import Path

    from numpy.typing import NDArray

    from latam_corpus.corpus import Piece
    from latam_corpus.dedupe.fingerprints.scheme import Scheme

UNNUMBERED: Final = np.uint32(0xFFFFFFFF)
VALUES_A_RANGE: Final = 1_000_000  # 12 MB of fingerprints; a larger bucket is a separate range
KEYS_A_MERGE: Final = 2_000_000  # 24 MB with their counts, and three times as much while they are added up
_MARK: Final = 4096  # one in this many keys of each run is sampled, to cut all runs into ranges

# Files that `sift` writes for a piece of an earlier version, next to the files of `buckets`.
_SHARED: Final = ".found"  # uint64, the fingerprints that new documents share
_PLACES: Final = ".places"  # int32, the document of each fingerprint
_COUNTS: Final = ".counts"  # int32, the number of fingerprints of each document of the piece, shared or not
# Arrays by document number: the number of fingerprints, and the divisor of their sampling.
_COUNTS_OF: Final = "counts", np.dtype(np.int32)
_SAMPLING_OF: Final = "sampling", np.dtype(np.uint8)


@dataclass(frozen=True)
class Scatter(PieceJob):
    """A piece whose fingerprints are sorted into buckets, in files named after `file`.

    For a piece of an earlier version (`earlier`), only the fingerprints that `sift` found in new documents are used.
    """

    file: Path
    workdir: Path
    earlier: bool = False


def scatter(job: Scatter) -> NDArray[np.int64]:
    """Sort a piece's fingerprints into buckets and write the number per document; return the bucket sizes."""
    piece = job.piece
    numbers = np.fromfile(job.workdir / "numbers", np.uint32, piece.height, offset=4 * piece.start)
    if job.earlier:
        values = np.fromfile(job.file.with_suffix(_SHARED), np.uint64)
        owners = numbers[np.fromfile(job.file.with_suffix(_PLACES), np.int32)]
    else:
        values, offsets = ragged(piece.read([ANCHORS])[ANCHORS])
        counts = np.diff(offsets).astype(np.int32)
        counts.tofile(job.file.with_suffix(_COUNTS))
        owners = np.repeat(numbers, counts)
    is_numbered = owners != UNNUMBERED
    if not is_numbered.all():
        values, owners = values[is_numbered], owners[is_numbered]
    sorted_values = buckets.into_buckets(values, owners)
    buckets.write(job.file, sorted_values)
    return sorted_values.sizes


def write_extent(jobs: Sequence[Scatter], scheme: Scheme, workdir: Path) -> float:
    """Write the input of `Extent`, by document number, and return its `share`.

    Args:
        jobs: finished jobs, in the order of their pieces.
        scheme: the scheme of the fingerprints.
        workdir: the folder with the files of BY_NUMBER.
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
    """Write the sieve of the new documents' fingerprints, for `sift`.

    Args:
        pieces: the new documents.
        values: the approximate total number of their fingerprints.
        workdir: the folder to write to.
    """
    Sieve.of((ragged(piece.read([ANCHORS])[ANCHORS])[0] for piece in pieces), values).write(workdir)


def sift(job: Scatter) -> NDArray[np.int64]:
    """Write the piece's fingerprints that new documents share, and return the rows that have any."""
    values, offsets = ragged(job.piece.read([ANCHORS])[ANCHORS])
    shared, places = Sieve.read(job.workdir).sifted(values, offsets)
    shared.tofile(job.file.with_suffix(_SHARED))
    places.tofile(job.file.with_suffix(_PLACES))
    np.diff(offsets).astype(np.int32).tofile(job.file.with_suffix(_COUNTS))
    return np.asarray(job.piece.start + distinct(places), np.int64)


@dataclass(frozen=True, eq=False)
class PairedRange:
    """The pairs of documents that share fingerprints of a range.

    Attributes:
        file: the name of the file of common values, without suffix.
        runs: the names of the files of runs of pairs, without suffix, in order.
        marks: uint64, sampled keys of all runs, one in `_MARK` of each.
        tallies: int64[3], see `Pairing.tallies`.
    """

    file: Path
    runs: tuple[Path, ...]
    marks: NDArray[np.uint64]
    tallies: NDArray[np.int64]


def pair_range(job: ValueRange) -> PairedRange:
    """Pair the documents that share fingerprints of the range, and write the runs of pairs to files."""
    pairing = Pairing(buckets.read(job.files, job.low, job.high), CAP, HUBS, COMMON)
    runs, marks = [], [np.zeros(0, np.uint64)]
    for number, (keys, counts) in enumerate(pair_runs(pairing)):
        runs.append(job.file.with_name(f"{job.file.name}-{number:06d}"))
        keys.tofile(runs[-1].with_suffix(_KEYS))
        np.minimum(counts, 65535).astype(_COUNT).tofile(runs[-1].with_suffix(_TIMES))
        marks.append(keys[::_MARK].copy())
    np.sort(pairing.common).tofile(job.file.with_suffix(COMMON_VALUES))
    return PairedRange(job.file, tuple(runs), np.concatenate(marks), pairing.tallies)


def key_ranges(marks: NDArray[np.uint64], keys_per_range: int) -> list[tuple[int, int]]:
    """Return (first, end) ranges of about `keys_per_range` keys each; together they cover every key.

    Args:
        marks: sampled keys of all runs, one in `_MARK` of each.
        keys_per_range: the number of keys in a range; it may have up to `_MARK` more of each run.

    >>> key_ranges(np.array([5, 7, 9], np.uint64), 2 * _MARK)
    [(0, 9), (9, 18446744073709551616)]
    """
    cuts = np.unique(np.sort(marks)[:: max(keys_per_range // _MARK, 1)][1:]).tolist()
    return list(pairwise([0, *cuts, 1 << 64]))


@dataclass(frozen=True)
class Merge:
    """A range of keys whose pairs are added up over all runs.

    Attributes:
        low: the first key.
        high: the end of the range.
        runs: the result of `pair_range`.
        workdir: the folder with the files of `write_extent` and BY_NUMBER.
        share: see `Extent`.
        new_end: keep only pairs with a document whose row is below this one; None keeps all.
        file: the file to write.
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
        """1, because all ranges are of about the same size."""
        return 1


def merge(job: Merge) -> Path:
    """Write the pairs that share enough, uint32[k, 2], sorted, with a file SHARES; return the file of pairs."""
    counts, sampling = (OnDisk(job.workdir / name, kind) for name, kind in (_COUNTS_OF, _SAMPLING_OF))
    extent = Extent(counts, sampling, job.share)
    pairs = merge_runs([_cut(run, job.low, job.high) for run in job.runs], extent)
    new_pairs, shared = pairs.pairs, pairs.shared
    if job.new_end is not None:
        # Pairs of two earlier documents were decided when their version was built.
        has_new = (by_number(job.workdir, ROWS_OF)[new_pairs] < job.new_end).any(axis=1)
        new_pairs, shared = new_pairs[has_new], shared[has_new]
    new_pairs.tofile(job.file)
    shared.astype(SHARE).tofile(job.file.with_suffix(SHARES))
    return job.file


_KEYS: Final = ".keys"  # uint64, the pairs of a run
_TIMES: Final = ".times"  # uint16, the number of values of the run that each pair shares
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
