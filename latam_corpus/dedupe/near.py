"""Near-duplicates over a whole corpus, in jobs that any engine runs.

Documents are numbered in the order of keeping. Each piece's fingerprints are laid into buckets, and for each range of
values the pairs are found that share some (`meet.py`); the pairs are checked on the word streams in lots (`check.py`).
A job holds one piece, one range or one lot. What is held of the whole corpus are the columns of `ranked`, about 100
bytes a document, and the candidates.
"""

from __future__ import annotations

import tempfile
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Final

import numpy as np
import polars as pl

from latam_corpus import schema
from latam_corpus.corpus import ROW, rows_of
from latam_corpus.dedupe.buckets import BUCKETS, ranges
from latam_corpus.dedupe.check import CHECKED, check, gather, lots
from latam_corpus.dedupe.columns import WORDS
from latam_corpus.dedupe.meet import (
    KEYS_A_MERGE,
    NOBODY,
    VALUES_A_RANGE,
    Meet,
    Merge,
    Scatter,
    mark_new,
    meet,
    merge,
    scatter,
    sift,
)
from latam_corpus.dedupe.pairs import CAP, Extent
from latam_corpus.dedupe.scheme import sampling_of
from latam_corpus.dedupe.verify import NONE, RULES

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from numpy.typing import NDArray

    from latam_corpus.corpus import Corpus, Piece
    from latam_corpus.dedupe.scheme import Scheme

TIER_ORDER: Final = {tier: place for place, tier in enumerate(schema.RIGHTS_TIERS)}
RANKED: Final = ("doc_id", "rights_tier", "obtained", WORDS)


@dataclass(frozen=True)
class Report:
    """What was proposed and what became of it.

    Attributes:
        documents: that have fingerprints.
        candidates: pairs that were checked.
        by_rule: pairs by the rule that accepted or the guard that refused them.
        cap: so many documents that have a fingerprint are paired with each other.
        common: fingerprints that more documents have.
        left_out: pairs that were not made for that reason.
    """

    documents: int = 0
    candidates: int = 0
    by_rule: dict[str, int] | None = None
    cap: int = CAP
    common: int = 0
    left_out: int = 0


@dataclass(frozen=True)
class Linked:
    """The verified pairs among the documents of a corpus.

    Attributes:
        ranked: the documents that have fingerprints, best first: `row`, `existing`, `tier`, `words` and of RANKED.
        pairs: uint32[k, 2], places in `ranked`.
        checked: a row a pair: kind, stands, rule, containment both ways, longest run of own words both ways.
        report: the counts.
    """

    ranked: pl.DataFrame
    pairs: NDArray[np.uint32]
    checked: pl.DataFrame
    report: Report


def linked(
    corpus: Corpus, also: Sequence[Piece], out: NDArray[np.int64], scheme: Scheme, *, keep_existing: bool = True
) -> Linked:
    """The verified pairs of the corpus' documents, with those of an earlier version among them.

    Args:
        corpus: whose rows are decided on.
        also: documents of an earlier version; their rows start at the corpus' height or after it.
        out: rows that are equal to another one, sorted.
        scheme: how candidates are proposed.
        keep_existing: documents of the earlier version come first and never fall.
    """
    with tempfile.TemporaryDirectory(prefix="near-", dir=corpus.room) as name:
        search = _Search(corpus, tuple(also), out, scheme, keep_existing, Path(name))
        order, pairs, report = search.candidates()
        checked = search.checked(pairs, order)
    by_rule = {RULES[rule] or "none": n for rule, n in checked.group_by("rule").len().sort("rule").iter_rows()}
    told = replace(report, documents=order.height, candidates=checked.height, by_rule=by_rule)
    true = checked.filter(pl.col("kind") != NONE).sort("first", "second")
    return Linked(order, true.select("first", "second").to_numpy().astype(np.uint32), true, told)


@dataclass(frozen=True, eq=False)
class _Search:
    """One search, with the folder in which its jobs read and write; the attributes are those of `linked`."""

    corpus: Corpus
    also: tuple[Piece, ...]
    out: NDArray[np.int64]
    scheme: Scheme
    keep_existing: bool
    room: Path

    def candidates(self) -> tuple[pl.DataFrame, NDArray[np.uint32], Report]:
        """The documents that may have near-duplicates in their order, the candidates among them, and the counts."""
        mine = self._sound(self.corpus.frames(RANKED))
        new = [Scatter(p, self.room / f"new-{n:06d}", self.room) for n, p in enumerate(self.corpus.pieces())]
        known = [Scatter(p, self.room / f"old-{n:06d}", self.room, known=True) for n, p in enumerate(self.also)]
        if known:
            words = mine[WORDS].to_numpy()
            about = int((words // sampling_of(words)).sum()) + len(words) * self.scheme.bands
            mark_new(self.corpus.pieces(), about, self.room)
            met = np.sort(np.concatenate(list(self.corpus.map(sift, known))))
            mine = pl.concat([mine, self._sound(_rows_at(piece, met) for piece in self.also)])
        order = self._numbered(mine)
        counts = np.zeros(order.height, np.int32)
        sizes = np.zeros(BUCKETS, np.int64)
        for numbers, found, laid in self.corpus.map(scatter, [*new, *known]):
            counts[numbers] = found
            sizes += laid
        extent = Extent.of(order[WORDS].to_numpy(), counts, self.scheme)
        np.save(self.room / "counts.npy", extent.counts)
        np.save(self.room / "sampling.npy", extent.sampling)
        files = tuple(job.file for job in (*new, *known))
        jobs = [
            Meet(low, high, files, self.room / f"range-{n:06d}")
            for n, (low, high) in enumerate(ranges(sizes, VALUES_A_RANGE))
        ]
        return order, *self._merged(sorted(self.corpus.map(meet, jobs)), extent)

    def _sound(self, frames: Iterable[pl.DataFrame]) -> pl.DataFrame:
        """Those of these rows that have fingerprints and no equal, with what they are put in order by."""
        rows = pl.concat([frame.filter(pl.col(WORDS) >= self.scheme.exact_words) for frame in frames])
        number = rows[ROW].to_numpy()
        if len(self.out):
            equal = self.out[np.searchsorted(self.out, number).clip(max=len(self.out) - 1)] == number
            rows = rows.filter(pl.Series(~equal))
        tier = pl.col("rights_tier").replace_strict(TIER_ORDER, default=len(TIER_ORDER), return_dtype=pl.Int8)
        old = (pl.col(ROW) >= self.corpus.height) & self.keep_existing
        return rows.with_columns(tier.alias("tier"), old.alias("existing"))

    def _numbered(self, documents: pl.DataFrame) -> pl.DataFrame:
        """The documents in the order of keeping; their numbers are written by row, and their rows by number.

        Those of an earlier version come first, then the more open rights, then the longest, then the earliest obtained,
        then the id.
        """
        order = documents.sort(
            "existing", "tier", WORDS, "obtained", "doc_id", ROW,
            descending=[True, False, True, False, False, False], nulls_last=True,
        )  # fmt: skip
        rows = order[ROW].to_numpy()
        number_of = np.full(max((p.start + p.height for p in (*self.corpus.pieces(), *self.also)), default=0), NOBODY)
        number_of[rows] = np.arange(len(rows), dtype=np.uint32)
        number_of.tofile(self.room / "numbers")
        np.save(self.room / "rows.npy", rows)
        return order

    def _merged(self, files: Sequence[Path], extent: Extent) -> tuple[NDArray[np.uint32], Report]:
        """The candidates of all ranges, and what the cap left out; the common fingerprints are written."""
        common = [np.zeros(0, np.uint64), *(np.load(file.with_suffix(".common.npy")) for file in files)]
        np.save(self.room / "common.npy", np.sort(np.concatenate(common)))
        told = np.array([[0, 0, 0, 0], *(np.load(file.with_suffix(".told.npy")) for file in files)]).sum(axis=0)
        n = len(extent.counts)
        steps = 1 + int(told[0]) // KEYS_A_MERGE
        jobs = [
            Merge(
                n * step // steps, n * (step + 1) // steps, tuple(files), self.room, extent.share, self.corpus.height,
                self.room / f"merged-{step:06d}.npy",
            )
            for step in range(steps)
        ]  # fmt: skip
        pairs = [np.zeros((0, 2), np.uint32), *(np.load(file) for file in sorted(self.corpus.map(merge, jobs)))]
        return np.concatenate(pairs), Report(common=int(told[2]), left_out=int(told[3]))

    def checked(self, pairs: NDArray[np.uint32], order: pl.DataFrame) -> pl.DataFrame:
        """The verdict on each candidate."""
        pieces = [*self.corpus.pieces(), *self.also]
        rows, words = order[ROW].to_numpy(), order[WORDS].to_numpy().astype(np.int64)
        gathers, jobs = lots(pairs, rows, words, pieces, self.scheme, self.room)
        for _ in self.corpus.map(gather, gathers):
            pass
        done = sorted(self.corpus.map(check, jobs))
        return pl.concat([pl.DataFrame(schema=CHECKED), *(pl.read_parquet(path) for path in done)])


def _rows_at(piece: Piece, rows: NDArray[np.int64]) -> pl.DataFrame:
    """`row` and RANKED of these rows of a piece; the rows are sorted and may be of others too."""
    mine = rows[np.searchsorted(rows, piece.start) : np.searchsorted(rows, piece.start + piece.height)]
    return rows_of(piece, RANKED)[mine - piece.start]
