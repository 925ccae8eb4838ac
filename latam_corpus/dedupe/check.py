"""The jobs by which candidates are checked: each piece's streams are laid into lots, each lot of pairs is checked.

`gather` holds one piece and `check` the streams of one lot; each piece is read once, whatever the number of lots.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

import numba
import numpy as np
import polars as pl

from latam_corpus.corpus import distinct, ragged
from latam_corpus.dedupe.columns import STREAM
from latam_corpus.dedupe.guards import Rarity
from latam_corpus.dedupe.index import IndexFile
from latam_corpus.dedupe.scheme import Ragged, Scheme
from latam_corpus.dedupe.verify import verify_pairs

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from numpy.typing import NDArray

    from latam_corpus.corpus import Piece

WORDS_A_LOT: Final = 4_000_000  # 16 MB of streams
CHECKED: Final = pl.Schema(
    {
        "first": pl.UInt32(),
        "second": pl.UInt32(),
        "kind": pl.UInt8(),
        "stands": pl.UInt8(),
        "rule": pl.UInt8(),
        "first_in_second": pl.Float32(),
        "second_in_first": pl.Float32(),
        "first_longest_own": pl.Int32(),
        "second_longest_own": pl.Int32(),
    }
)


@dataclass(frozen=True, eq=False)
class Gather:
    """Rows of a piece whose streams are wanted, by lot; a row may be wanted in several."""

    piece: Piece
    places: NDArray[np.int64]
    file: Path

    @property
    def bytes(self) -> int:
        """How large it is, about."""
        return self.piece.bytes


def gather(job: Gather) -> Path:
    """What the files are named by that have the streams of the wanted rows, one after another."""
    places = job.places
    if isinstance(job.piece, IndexFile):
        wanted, places = np.unique(places, return_inverse=True)
        streams = job.piece.streams(wanted)
        values, offsets = streams.values, streams.offsets
    else:
        values, offsets = ragged(job.piece.read([STREAM])[STREAM])
    counts = np.diff(offsets)[places]
    ends = np.concatenate(([0], np.cumsum(counts, dtype=np.int64)))
    made = np.empty(int(ends[-1]), np.uint32)
    _copy(values, offsets[places], ends, made)
    made.tofile(job.file.with_suffix(".stream"))
    ends.tofile(job.file.with_suffix(".ends"))
    return job.file


@numba.njit(cache=True, nogil=True)
def _copy(values, starts, ends, made):  # type: ignore[no-untyped-def]  # noqa: ANN001, ANN202
    for k in range(len(starts)):
        n = ends[k + 1] - ends[k]
        made[ends[k] : ends[k] + n] = values[starts[k] : starts[k] + n]


@dataclass(frozen=True, eq=False)
class Lot:
    """Pairs to be checked together.

    Attributes:
        pairs: uint32[k, 2].
        numbers: uint32[n], the documents in them, in the order in which `parts` have them.
        parts: a file of `gather`, its first stream of the lot and the one after the last.
        scheme: of the fingerprints.
        room: where `common.npy` is.
        file: what is written.
    """

    pairs: NDArray[np.uint32]
    numbers: NDArray[np.uint32]
    parts: tuple[tuple[Path, int, int], ...]
    scheme: Scheme
    room: Path
    file: Path

    @property
    def bytes(self) -> int:
        """As many as the pairs take."""
        return self.pairs.nbytes


def lots(
    pairs: NDArray[np.uint32],
    rows: NDArray[np.int64],
    words: NDArray[np.int64],
    pieces: Sequence[Piece],
    scheme: Scheme,
    room: Path,
) -> tuple[list[Gather], list[Lot]]:
    """The jobs that check these pairs: what is gathered of each piece, and then the lots.

    Args:
        pairs: uint32[k, 2], sorted.
        rows: int64[n], the row of each document by its number.
        words: int64[n], its words.
        pieces: of the corpus and of the earlier version, in order.
        scheme: of the fingerprints.
        room: where the jobs write.
    """
    cuts = _cuts(pairs, words)
    wanted = [distinct(pairs[low:high]) for low, high in cuts]
    lot_of = np.repeat(np.arange(len(cuts)), [len(numbers) for numbers in wanted])
    numbers = np.concatenate([np.zeros(0, np.uint32), *wanted])
    starts = np.array([piece.start for piece in pieces], np.int64)
    piece_of = np.searchsorted(starts, rows[numbers], side="right") - 1
    order = np.lexsort((rows[numbers], lot_of, piece_of))
    numbers, lot_of, piece_of = numbers[order], lot_of[order], piece_of[order]
    edges = np.searchsorted(piece_of, np.arange(len(pieces) + 1))
    gathers: list[Gather] = []
    parts: list[list[tuple[Path, int, int]]] = [[] for _ in cuts]
    held: list[list[NDArray[np.uint32]]] = [[] for _ in cuts]
    for piece, start, end in zip(pieces, edges[:-1].tolist(), edges[1:].tolist(), strict=True):
        if start == end:
            continue
        file = room / f"gathered-{len(gathers):06d}"
        gathers.append(Gather(piece, rows[numbers[start:end]] - piece.start, file))
        mine, first = np.unique(lot_of[start:end], return_index=True)
        for lot, low, high in zip(mine.tolist(), first.tolist(), [*first[1:].tolist(), end - start], strict=True):
            parts[lot].append((file, low, high))
            held[lot].append(numbers[start + low : start + high])
    made = [
        Lot(pairs[low:high], np.concatenate(held[n]), tuple(parts[n]), scheme, room, room / f"lot-{n:06d}.parquet")
        for n, (low, high) in enumerate(cuts)
    ]
    return gathers, made


def _cuts(pairs: NDArray[np.uint32], words: NDArray[np.int64]) -> list[tuple[int, int]]:
    """Ranges of pairs with about as many words as a lot may have, or with one pair that has more."""
    # An upper bound: a document in several pairs of a lot is counted each time, but held once.
    weight = np.cumsum(words[pairs].sum(axis=1))
    made = []
    first = 0
    while first < len(pairs):
        end = int(np.searchsorted(weight, (weight[first - 1] if first else 0) + WORDS_A_LOT, side="right"))
        made.append((first, max(end, first + 1)))
        first = made[-1][1]
    return made


def check(job: Lot) -> Path:
    """The file with the verdicts on the lot's pairs, in their order."""
    values, counts = [np.zeros(0, np.uint32)], [np.zeros(0, np.int64)]
    for file, first, end in job.parts:
        ends = np.fromfile(file.with_suffix(".ends"), np.int64, end - first + 1, offset=8 * first)
        stream = file.with_suffix(".stream")
        values.append(np.fromfile(stream, np.uint32, int(ends[-1] - ends[0]), offset=4 * int(ends[0])))
        counts.append(np.diff(ends))
    offsets = np.concatenate(([0], np.cumsum(np.concatenate(counts), dtype=np.int64)))
    order = np.argsort(job.numbers)
    pairs = order[np.searchsorted(job.numbers[order], job.pairs)].astype(np.uint32)
    streams = Ragged(np.concatenate(values), offsets)
    made = verify_pairs(streams, pairs, rarity=Rarity(streams, job.scheme, np.load(job.room / "common.npy")))
    columns = (job.pairs[:, 0], job.pairs[:, 1], made.kind, made.stands, made.rule,
               *made.containment.T, *made.longest_run.T)  # fmt: skip
    told = {name: np.ascontiguousarray(found) for name, found in zip(CHECKED, columns, strict=True)}
    pl.DataFrame(told, schema=CHECKED).write_parquet(job.file)
    return job.file
