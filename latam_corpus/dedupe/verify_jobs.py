"""The jobs by which candidates are checked: the streams that are wanted are written once each, then lots are checked.

`gather` holds the streams of one piece and `verify_lot` those of one lot, which it reads where `gather` has put them.
"""

from __future__ import annotations

from contextlib import ExitStack
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

import numpy as np
import polars as pl

from latam_corpus.corpus import ROW, distinct, ragged
from latam_corpus.dedupe.fingerprints.fingerprint_index import IndexFile
from latam_corpus.dedupe.fingerprints.scheme import APPENDED, STREAM, WORDS, Ragged
from latam_corpus.dedupe.notices import EDGES, edges_of
from latam_corpus.dedupe.on_disk import OnDisk, span_of, spans
from latam_corpus.dedupe.verify.pair_facts import DocumentFacts, Rarity
from latam_corpus.dedupe.verify.rules import RULE_NAMES
from latam_corpus.dedupe.verify.verify_kernels import FREQUENCIES, FREQUENCY_BITS, copy_pieces, count_words
from latam_corpus.dedupe.verify.verify_pairs import NONE, verify_pairs
from latam_corpus.errors import PartError
from latam_corpus.messages import _
from latam_corpus.storage.spill import Spill

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from io import FileIO
    from pathlib import Path

    from numpy.typing import NDArray

    from latam_corpus.corpus import Piece
    from latam_corpus.dedupe.fingerprints.scheme import Scheme
    from latam_corpus.dedupe.verify.bounds import Bounds

WORDS_A_LOT: Final = 4_000_000  # 16 MB of streams
STREAMS: Final = ".stream"
# What a lot finds in its folder: by the documents' numbers their rows, words and KNOWN; by rows where in the file of
# their piece the streams are that are there; and the first row of each piece.
ROWS_OF: Final = "rows"
WORDS_OF: Final = "words"
KNOWN_OF: Final = "known"
_PLACE_OF: Final = "places"
_STARTS: Final = "starts.npy"
FREQUENCY: Final = "frequency.npy"  # how often each word stands in all these streams, `count_words`
KNOWN: Final = np.dtype(
    [
        ("damaged", np.int8),
        *((name, np.uint32) for name in (APPENDED, "country", "year", "author")),
        ("genre", np.uint8),
    ]
)  # the columns of `DocumentFacts` by the documents' numbers
BY_NUMBER: Final[dict[str, np.dtype[Any]]] = {
    ROWS_OF: np.dtype(np.int64),
    WORDS_OF: np.dtype(np.uint32),
    KNOWN_OF: KNOWN,
}
COMMON: Final = "common"  # the fingerprints that many documents have, uint64, sorted
VERDICTS: Final = pl.Schema(
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
        "first_spoilt": pl.Int32(),
        "second_spoilt": pl.Int32(),
        "first_appended": pl.UInt32(),
        "second_appended": pl.UInt32(),
    }
)


@dataclass(frozen=True)
class Gather:
    """A piece of whose rows some streams are wanted, in order.

    Attributes:
        rows: a file of the wanted rows of all pieces, sorted, int64.
        first: the first of the piece's among them.
        count: how many it has.
        file: what is written.
    """

    piece: Piece
    rows: Path
    first: int
    count: int
    file: Path

    @property
    def bytes(self) -> int:
        """How large it is, about."""
        return self.piece.bytes


def gather(job: Gather) -> NDArray[np.uint32]:
    """Write the streams of the wanted rows, one after another; returns how often each word is among them."""
    counts = np.zeros((FREQUENCIES, 1 << FREQUENCY_BITS), np.uint32)
    rows = np.fromfile(job.rows, np.int64, job.count, offset=8 * job.first)
    with job.file.open("wb") as file:
        for streams in _streams(job.piece, rows - job.piece.start):
            streams.values.tofile(file)
            count_words(streams.values, counts)
    return counts


def _streams(piece: Piece, places: NDArray[np.int64]) -> Iterator[Ragged]:
    """Yield the streams at these places, sorted; of an index a row group at a time."""
    if isinstance(piece, IndexFile):
        yield from piece.streams(places)
        return
    values, offsets = ragged(piece.read([STREAM])[STREAM])
    ends = np.concatenate(([0], np.cumsum(np.diff(offsets)[places], dtype=np.int64)))
    out = np.empty(int(ends[-1]), np.uint32)
    copy_pieces(values, offsets[places], ends, out)
    yield Ragged(out, ends)


@dataclass(frozen=True)
class Lot:
    """Pairs to be checked together.

    Attributes:
        pairs: a file of pairs, uint32[k, 2], sorted.
        first: the first of the lot among them.
        end: the one after its last.
        scheme: of the fingerprints.
        bounds: of the rules.
        workdir: where the streams are, and the files that tell of all documents.
        file: what is written.
    """

    pairs: Path
    first: int
    end: int
    scheme: Scheme
    bounds: Bounds
    workdir: Path
    file: Path

    @property
    def bytes(self) -> int:
        """All lots are about as large."""
        return 1


def by_number(workdir: Path, name: str) -> OnDisk:
    """Return what one of BY_NUMBER is of the documents."""
    return OnDisk(workdir / name, BY_NUMBER[name])


def gathers(files: Sequence[Path], pieces: Sequence[Piece], workdir: Path) -> list[Gather]:
    """Return the jobs that write the streams of candidates, a piece each; what lots find them by is written here.

    Args:
        files: of pairs of numbers, uint32[k, 2].
        pieces: of the corpus and of the earlier version, in order.
        workdir: where BY_NUMBER is, and where the jobs write.
    """
    wanted = _wanted(files, workdir)
    starts = np.array([piece.start for piece in pieces], np.int64)
    np.save(workdir / _STARTS, starts)
    counts, firsts = np.zeros(len(pieces), np.int64), np.full(len(pieces), -1)  # wanted rows, words before the first
    words = 0
    with (workdir / "wanted").open("wb") as rows_file, (workdir / _PLACE_OF).open("wb") as places_file:
        for number, (low, high) in enumerate(spans(max((p.start + p.height for p in pieces), default=0))):
            found = wanted.take(number, _WANTED).sort(ROW)
            rows = found[ROW].to_numpy()
            rows.tofile(rows_file)
            ends = words + np.cumsum(found[WORDS].to_numpy(), dtype=np.int64)
            before = np.concatenate(([words], ends))
            words = int(before[-1])
            piece = np.searchsorted(starts, rows, side="right") - 1
            here, at, many = np.unique(piece, return_index=True, return_counts=True)
            counts[here] += many
            firsts[here] = np.where(firsts[here] < 0, before[at], firsts[here])
            places = np.zeros(high - low, np.int64)
            places[rows - low] = before[:-1] - firsts[piece]
            places.tofile(places_file)
    before = np.concatenate(([0], np.cumsum(counts))).tolist()
    return [
        Gather(piece, workdir / "wanted", first, count, workdir / f"{index:06d}{STREAMS}")
        for index, (piece, first, count) in enumerate(zip(pieces, before, counts.tolist(), strict=False))
        if count
    ]


_WANTED: Final = pl.Schema({ROW: pl.Int64(), WORDS: pl.UInt32()})


def _wanted(files: Sequence[Path], workdir: Path) -> Spill:
    """Return the rows and words of documents that are in pairs, by the span of rows that they are in."""
    wanted = Spill(workdir / "candidates")
    rows_of, words_of = by_number(workdir, ROWS_OF), by_number(workdir, WORDS_OF)
    for first, end in spans(len(rows_of)):
        paired = np.zeros(end - first, np.bool_)
        for file in files:
            numbers = np.fromfile(file, np.uint32)
            paired[numbers[(numbers >= first) & (numbers < end)] - np.uint32(first)] = True
        rows = rows_of.read(first, end)[paired]
        found = pl.DataFrame({ROW: rows, WORDS: words_of.read(first, end)[paired]}, schema=_WANTED)
        wanted.add_by(found, span_of(rows))
    wanted.flush()
    return wanted


def cuts(pairs: NDArray[np.uint32], words: OnDisk) -> list[tuple[int, int]]:
    """Ranges of pairs with about as many words as a lot may have, or with one pair that has more."""
    # An upper bound: a document in several pairs of a lot is counted each time, but held once.
    weight = np.cumsum(words[pairs].sum(axis=1, dtype=np.int64))
    ranges = []
    first = 0
    while first < len(pairs):
        end = int(np.searchsorted(weight, (weight[first - 1] if first else 0) + WORDS_A_LOT, side="right"))
        ranges.append((first, max(end, first + 1)))
        first = ranges[-1][1]
    return ranges


def verify_lot(job: Lot) -> tuple[Path | None, NDArray[np.int64]]:
    """Return the file with the verdicts on those of the lot's pairs that are something, in order; the pairs by rule.

    There is no file where none is; what their longer ones have more at an edge is written beside it.
    """
    pairs = np.fromfile(job.pairs, np.uint32, 2 * (job.end - job.first), offset=8 * job.first).reshape(-1, 2)
    numbers, streams = _read_streams(job, distinct(pairs))
    order = np.argsort(numbers)
    rarity = Rarity(streams, job.scheme, mapped(job.workdir / COMMON))
    places = order[np.searchsorted(numbers[order], pairs)].astype(np.uint32)
    known_rows = by_number(job.workdir, KNOWN_OF)[numbers]
    known = DocumentFacts(*(np.ascontiguousarray(known_rows[name]) for name in KNOWN.names or ()))
    frequency = np.load(job.workdir / FREQUENCY, mmap_mode="r")
    verified = verify_pairs(streams, places, job.bounds, rarity, known, frequency)
    by_rule = np.bincount(verified.rule, minlength=len(RULE_NAMES))
    some = verified.kind != NONE
    if not some.any():
        return None, by_rule
    facts = verified.facts
    columns = (*pairs[some].T, verified.kind[some], verified.stands[some], verified.rule[some],
               *facts.containment[some].T, *facts.longest_run[some].T, *facts.spoilt[some].T,
               *facts.added[some].T)  # fmt: skip
    by_name = {name: np.ascontiguousarray(column) for name, column in zip(VERDICTS, columns, strict=True)}
    pl.DataFrame(by_name, schema=VERDICTS).write_parquet(job.file)
    edges_of(streams, places, pairs, verified).tofile(job.file.with_suffix(EDGES))
    return job.file, by_rule


def mapped(file: Path) -> NDArray[np.uint64]:
    """Return the numbers in a file, uint64, of which only what is looked at is read."""
    return np.memmap(file, np.uint64, "r") if file.stat().st_size else np.zeros(0, np.uint64)


def _read_streams(job: Lot, numbers: NDArray[np.uint32]) -> tuple[NDArray[np.uint32], Ragged]:
    """Return these documents in the order in which `gather` has written them, and their streams."""
    rows, words = (by_number(job.workdir, name)[numbers].astype(np.int64) for name in (ROWS_OF, WORDS_OF))
    piece_of = np.searchsorted(np.load(job.workdir / _STARTS), rows, side="right") - 1
    offset_of = OnDisk(job.workdir / _PLACE_OF, np.dtype(np.int64))[rows]
    order = np.lexsort((offset_of, piece_of))
    piece_of, offset_of, words = piece_of[order], offset_of[order], words[order]
    offsets = np.concatenate(([0], np.cumsum(words)))
    values = np.empty(int(offsets[-1]), np.uint32)
    held = values.data.cast("B")
    # What lies side by side is read at once.
    apart = (piece_of[1:] != piece_of[:-1]) | (offset_of[1:] != offset_of[:-1] + words[:-1])
    firsts = np.concatenate(([0], np.flatnonzero(apart) + 1))
    ends = np.append(offsets[firsts[1:]], offsets[-1])
    with ExitStack() as opened:
        files: dict[int, FileIO] = {}
        for piece, offset, start, end in zip(
            piece_of[firsts].tolist(), offset_of[firsts].tolist(), offsets[firsts].tolist(), ends.tolist(), strict=True
        ):
            if piece not in files:
                files = {piece: opened.enter_context((job.workdir / f"{piece:06d}{STREAMS}").open("rb", buffering=0))}
            files[piece].seek(4 * offset)
            if files[piece].readinto(held[4 * start : 4 * end]) != 4 * (end - start):
                raise PartError(
                    str(files[piece].name), _("a word stream is cut off"), _("look whether the disk is full")
                )
    return numbers[order], Ragged(values, offsets)
