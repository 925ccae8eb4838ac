"""Jobs that check candidates: they write each needed word stream once, then compare lots of pairs.

`gather` keeps the streams of one piece in memory. `verify_lot` keeps those of one lot, which it reads from the files of
`gather`.
"""

from __future__ import annotations

from contextlib import ExitStack
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

import numpy as np
import polars as pl

from latam_corpus.corpus import ROW, PieceJob, distinct, ragged
from latam_corpus.dedupe.fingerprints.fingerprint_index import IndexFile
from latam_corpus.dedupe.fingerprints.scheme import APPENDED, STREAM, WORDS, Ragged
from latam_corpus.dedupe.notices import EDGES, added_edges
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
# Files that a lot reads: rows, words and FACTS by document number; the offset of each row's stream in the file of its
# piece; and the first row of each piece.
ROWS_OF: Final = "rows"
WORDS_OF: Final = "words"
FACTS_OF: Final = "facts"
_OFFSET_OF: Final = "offsets"
_STARTS: Final = "starts.npy"
FREQUENCY: Final = "frequency.npy"  # the counts of each word in all these streams (`count_words`)
FACTS: Final = np.dtype(
    [
        ("damaged", np.int8),
        *((name, np.uint32) for name in (APPENDED, "country", "year", "author")),
        ("genre", np.uint8),
    ]
)  # the columns of `DocumentFacts` by document number
BY_NUMBER: Final[dict[str, np.dtype[Any]]] = {
    ROWS_OF: np.dtype(np.int64),
    WORDS_OF: np.dtype(np.uint32),
    FACTS_OF: FACTS,
}
COMMON: Final = "common"  # the fingerprints that many documents have, uint64, sorted
VERDICTS: Final = pl.Schema(
    {
        "first": pl.UInt32(),
        "second": pl.UInt32(),
        "kind": pl.UInt8(),
        "inclusion": pl.UInt8(),
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
class Gather(PieceJob):
    """A piece and the rows whose streams are needed.

    Attributes:
        piece: the piece.
        rows: a file of the needed rows of all pieces, sorted, int64.
        first: the index of the piece's first row in that file.
        count: the number of the piece's rows in that file.
        file: the file to write.
    """

    rows: Path
    first: int
    count: int
    file: Path


def gather(job: Gather) -> NDArray[np.uint32]:
    """Write the streams of the needed rows, one after another; return the counts of each word in them."""
    counts = np.zeros((FREQUENCIES, 1 << FREQUENCY_BITS), np.uint32)
    rows = np.fromfile(job.rows, np.int64, job.count, offset=8 * job.first)
    with job.file.open("wb") as file:
        for streams in _streams(job.piece, rows - job.piece.start):
            streams.values.tofile(file)
            count_words(streams.values, counts)
    return counts


def _streams(piece: Piece, places: NDArray[np.int64]) -> Iterator[Ragged]:
    """Yield the streams at these sorted indices; for an index file, one row group at a time."""
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
    """Pairs to compare together.

    Attributes:
        pairs: a file of pairs, uint32[k, 2], sorted.
        first: the index of the lot's first pair in the file.
        end: the index after its last pair.
        scheme: the scheme of the fingerprints.
        bounds: the bounds of the rules.
        workdir: the folder with the streams and the facts of all documents.
        file: the file to write.
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
        """1, because all lots are of about the same size."""
        return 1


def by_number(workdir: Path, name: str) -> OnDisk:
    """Return an array of BY_NUMBER."""
    return OnDisk(workdir / name, BY_NUMBER[name])


def gather_jobs(files: Sequence[Path], pieces: Sequence[Piece], workdir: Path) -> list[Gather]:
    """Write the files by which lots find streams, and return a job per piece that writes its candidates' streams.

    Args:
        files: the files of pairs of numbers, uint32[k, 2].
        pieces: the pieces of the corpus and of the earlier version, in order.
        workdir: the folder for all files.
    """
    paired = _paired_documents(files, workdir)
    starts = np.array([piece.start for piece in pieces], np.int64)
    np.save(workdir / _STARTS, starts)
    counts = np.zeros(len(pieces), np.int64)  # needed rows
    firsts = np.full(len(pieces), -1)  # words before the first row
    word_count = 0
    with (workdir / "paired").open("wb") as rows_file, (workdir / _OFFSET_OF).open("wb") as offsets_file:
        for number, (low, high) in enumerate(spans(max((p.start + p.height for p in pieces), default=0))):
            span_rows = paired.take(number, _PAIRED).sort(ROW)
            rows = span_rows[ROW].to_numpy()
            rows.tofile(rows_file)
            ends = word_count + np.cumsum(span_rows[WORDS].to_numpy(), dtype=np.int64)
            word_offsets = np.concatenate(([word_count], ends))
            word_count = int(word_offsets[-1])
            piece = np.searchsorted(starts, rows, side="right") - 1
            present, first_places, row_counts = np.unique(piece, return_index=True, return_counts=True)
            counts[present] += row_counts
            firsts[present] = np.where(firsts[present] < 0, word_offsets[first_places], firsts[present])
            stream_offsets = np.zeros(high - low, np.int64)
            stream_offsets[rows - low] = word_offsets[:-1] - firsts[piece]
            stream_offsets.tofile(offsets_file)
    first_rows = np.concatenate(([0], np.cumsum(counts))).tolist()
    return [
        Gather(piece, workdir / "paired", first, count, workdir / f"{index:06d}{STREAMS}")
        for index, (piece, first, count) in enumerate(zip(pieces, first_rows, counts.tolist(), strict=False))
        if count
    ]


_PAIRED: Final = pl.Schema({ROW: pl.Int64(), WORDS: pl.UInt32()})


def _paired_documents(files: Sequence[Path], workdir: Path) -> Spill:
    """Return the rows and word counts of documents in pairs, by span of rows."""
    paired = Spill(workdir / "candidates")
    rows_of, words_of = by_number(workdir, ROWS_OF), by_number(workdir, WORDS_OF)
    for first, end in spans(len(rows_of)):
        is_paired = np.zeros(end - first, np.bool_)
        for file in files:
            numbers = np.fromfile(file, np.uint32)
            is_paired[numbers[(numbers >= first) & (numbers < end)] - np.uint32(first)] = True
        rows = rows_of.read(first, end)[is_paired]
        documents = pl.DataFrame({ROW: rows, WORDS: words_of.read(first, end)[is_paired]}, schema=_PAIRED)
        paired.add_by(documents, span_of(rows))
    paired.flush()
    return paired


def lot_ranges(pairs: NDArray[np.uint32], words: OnDisk) -> list[tuple[int, int]]:
    """Return ranges of pairs with about WORDS_A_LOT words; a larger pair is a separate range."""
    # An upper bound: a document in several pairs of a lot is counted several times but read once.
    weight = np.cumsum(words[pairs].sum(axis=1, dtype=np.int64))
    ranges = []
    first = 0
    while first < len(pairs):
        end = int(np.searchsorted(weight, (weight[first - 1] if first else 0) + WORDS_A_LOT, side="right"))
        ranges.append((first, max(end, first + 1)))
        first = ranges[-1][1]
    return ranges


def verify_lot(job: Lot) -> tuple[Path | None, NDArray[np.int64]]:
    """Compare the pairs of a lot; return the file of verdicts, in order, and the number of pairs by rule.

    The file has all pairs but those of kind NONE; if no pair is left, no file is written. The words that longer copies
    add at an edge are written to a second file, EDGES.
    """
    pairs = np.fromfile(job.pairs, np.uint32, 2 * (job.end - job.first), offset=8 * job.first).reshape(-1, 2)
    numbers, streams = _read_streams(job, distinct(pairs))
    order = np.argsort(numbers)
    rarity = Rarity(streams, job.scheme, mapped(job.workdir / COMMON))
    places = order[np.searchsorted(numbers[order], pairs)].astype(np.uint32)
    fact_rows = by_number(job.workdir, FACTS_OF)[numbers]
    facts_of_lot = DocumentFacts(*(np.ascontiguousarray(fact_rows[name]) for name in FACTS.names or ()))
    frequency = np.load(job.workdir / FREQUENCY, mmap_mode="r")
    verdicts = verify_pairs(streams, places, job.bounds, rarity, facts_of_lot, frequency)
    by_rule = np.bincount(verdicts.rule, minlength=len(RULE_NAMES))
    is_true = verdicts.kind != NONE
    if not is_true.any():
        return None, by_rule
    pair_facts = verdicts.facts
    columns = (*pairs[is_true].T, verdicts.kind[is_true], verdicts.inclusion[is_true], verdicts.rule[is_true],
               *pair_facts.containment[is_true].T, *pair_facts.longest_run[is_true].T, *pair_facts.spoilt[is_true].T,
               *pair_facts.added[is_true].T)  # fmt: skip
    by_name = {name: np.ascontiguousarray(column) for name, column in zip(VERDICTS, columns, strict=True)}
    pl.DataFrame(by_name, schema=VERDICTS).write_parquet(job.file)
    added_edges(streams, places, pairs, verdicts).tofile(job.file.with_suffix(EDGES))
    return job.file, by_rule


def mapped(file: Path) -> NDArray[np.uint64]:
    """Return the uint64 numbers of a file, mapped into memory."""
    return np.memmap(file, np.uint64, "r") if file.stat().st_size else np.zeros(0, np.uint64)


def _read_streams(job: Lot, numbers: NDArray[np.uint32]) -> tuple[NDArray[np.uint32], Ragged]:
    """Return these documents, in the order in which `gather` wrote them, and their streams."""
    rows, words = (by_number(job.workdir, name)[numbers].astype(np.int64) for name in (ROWS_OF, WORDS_OF))
    piece_of = np.searchsorted(np.load(job.workdir / _STARTS), rows, side="right") - 1
    offset_of = OnDisk(job.workdir / _OFFSET_OF, np.dtype(np.int64))[rows]
    order = np.lexsort((offset_of, piece_of))
    piece_of, offset_of, words = piece_of[order], offset_of[order], words[order]
    offsets = np.concatenate(([0], np.cumsum(words)))
    values = np.empty(int(offsets[-1]), np.uint32)
    buffer = values.data.cast("B")
    # Adjacent streams are read together.
    has_gap = (piece_of[1:] != piece_of[:-1]) | (offset_of[1:] != offset_of[:-1] + words[:-1])
    firsts = np.concatenate(([0], np.flatnonzero(has_gap) + 1))
    ends = np.append(offsets[firsts[1:]], offsets[-1])
    with ExitStack() as opened:
        files: dict[int, FileIO] = {}
        for piece, offset, start, end in zip(
            piece_of[firsts].tolist(), offset_of[firsts].tolist(), offsets[firsts].tolist(), ends.tolist(), strict=True
        ):
            if piece not in files:
                files = {piece: opened.enter_context((job.workdir / f"{piece:06d}{STREAMS}").open("rb", buffering=0))}
            files[piece].seek(4 * offset)
            if files[piece].readinto(buffer[4 * start : 4 * end]) != 4 * (end - start):
                raise PartError(
                    str(files[piece].name), _("a word stream is cut off"), _("check whether the disk is full")
                )
    return numbers[order], Ragged(values, offsets)
