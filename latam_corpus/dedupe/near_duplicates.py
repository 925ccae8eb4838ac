"""Find near-duplicates in a corpus, in jobs that any engine can run.

Documents are numbered in the order of keeping. The fingerprints of each piece are sorted into buckets, and documents
that share some are paired, one range of values at a time (`candidate_jobs.py`). Lots of pairs are then compared on
their word streams (`verify_jobs.py`). A job keeps one piece, one range or one lot in memory; jobs exchange candidates
and facts about documents in files (`numbering.py`). True pairs are grouped into packs of connected documents
(`pair_components.py`).
"""

from __future__ import annotations

import tempfile
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Final

import numpy as np
import polars as pl

from latam_corpus.corpus import ROW, rows_of
from latam_corpus.dedupe.candidate_jobs import (
    COMMON_VALUES,
    KEYS_A_MERGE,
    VALUES_A_RANGE,
    Merge,
    PairedRange,
    Scatter,
    key_ranges,
    mark_new,
    merge,
    pair_range,
    scatter,
    sift,
    write_extent,
)
from latam_corpus.dedupe.candidates.buckets import ValueRange, ranges
from latam_corpus.dedupe.candidates.candidate_bound import MOST, bound_candidates
from latam_corpus.dedupe.candidates.pairing_kernels import BUCKETS
from latam_corpus.dedupe.candidates.pairs import CAP
from latam_corpus.dedupe.decide.decision_rows import EARLIER_COLUMNS
from latam_corpus.dedupe.decide.numbering import Numbering
from latam_corpus.dedupe.fingerprints.scheme import ACCENTED, APPENDED, DAMAGE, GENRE, STATED, TERMS, WORDS, sampling_of
from latam_corpus.dedupe.notices import EDGE_RUNS, EdgeCount, count_edges, edge_runs, find_notices, read_edges
from latam_corpus.dedupe.verify.pair_facts import GENRE_NUMBERS, NO_GENRE
from latam_corpus.dedupe.verify.rules import RULE_NAMES
from latam_corpus.dedupe.verify.verify_kernels import FREQUENCIES, FREQUENCY_BITS
from latam_corpus.dedupe.verify_jobs import (
    COMMON,
    FREQUENCY,
    WORDS_OF,
    Lot,
    by_number,
    gather,
    gather_jobs,
    lot_ranges,
    verify_lot,
)
from latam_corpus.messages import N_

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

    from numpy.typing import NDArray

    from latam_corpus.corpus import Corpus, Piece
    from latam_corpus.dedupe.decide.equal_texts import EqualTexts
    from latam_corpus.dedupe.decide.order import Keeping
    from latam_corpus.dedupe.decide.pair_components import Packs
    from latam_corpus.dedupe.fingerprints.scheme import Scheme
    from latam_corpus.dedupe.verify.bounds import Bounds

RANKED: Final = ("doc_id", "rights_tier", *TERMS, "obtained", WORDS, *DAMAGE, APPENDED, ACCENTED, *STATED, GENRE)


@dataclass(frozen=True)
class Report:
    """Counts of the search.

    Attributes:
        documents: documents that have fingerprints.
        candidates: pairs that were compared.
        by_rule: numbers of pairs by the rule that accepted or refused them.
        cap: up to this many documents with the same fingerprint are all paired with each other.
        common: fingerprints in more than `cap` documents.
        left_out: pairs left out because of `cap`.
        most: the number of a document's candidates that are always compared (`candidate_bound.py`).
        over: documents with more than `most` candidates.
        beyond: pairs not compared because of `most`.
    """

    documents: int = 0
    candidates: int = 0
    by_rule: dict[str, int] | None = None
    cap: int = CAP
    common: int = 0
    left_out: int = 0
    most: int = MOST
    over: int = 0
    beyond: int = 0


def verified_pairs(
    corpus: Corpus,
    earlier_pieces: Sequence[Piece],
    equal: EqualTexts,
    scheme: Scheme,
    bounds: Bounds,
    keeping: Keeping,
    packs: Packs,
) -> Report:
    """Find the verified pairs within a corpus and between it and an earlier version, and group them into packs.

    Args:
        corpus: the documents to decide on.
        earlier_pieces: documents of an earlier version; their rows start at the corpus' height or later.
        equal: the groups of documents with equal texts.
        scheme: how candidates are proposed.
        bounds: the bounds of the rules that compare documents.
        keeping: the order of copies.
        packs: receives the pairs, and RANKED, WEIGHTS and EARLIER_COLUMNS of their documents.
    """
    with tempfile.TemporaryDirectory(prefix="near-", dir=corpus.workdir) as folder:
        search = _Search(corpus, tuple(earlier_pieces), equal, scheme, bounds, keeping, Path(folder))
        order, files, report = search.candidates()
        lots, counts = search.verdicts(files)
        packs.fill(order, lots, search.notices(lots))
    by_rule = {RULE_NAMES[rule] or "none": n for rule, n in enumerate(counts.tolist()) if n}
    return replace(report, documents=order.count, candidates=int(counts.sum()), by_rule=by_rule)


@dataclass(frozen=True, eq=False)
class _Search:
    """A search with the folder of its jobs' files; the other attributes are the arguments of `verified_pairs`."""

    corpus: Corpus
    earlier_pieces: tuple[Piece, ...]
    equal: EqualTexts
    scheme: Scheme
    bounds: Bounds
    keeping: Keeping
    workdir: Path

    def candidates(self) -> tuple[Numbering, list[Path], Report]:
        """Return the numbered documents to compare, the files of candidates, and the report so far."""
        order = Numbering(self.workdir)
        value_count = 0
        for rows in self._rankable(self.corpus.frames(RANKED)):
            words = rows[WORDS].to_numpy()
            value_count += int((words // sampling_of(words)).sum()) + len(words) * self.scheme.bands
            order.add(rows)
        new_jobs = [Scatter(p, self.workdir / f"new-{n:06d}", self.workdir) for n, p in enumerate(self.corpus.pieces())]
        earlier_jobs = [
            Scatter(p, self.workdir / f"old-{n:06d}", self.workdir, earlier=True)
            for n, p in enumerate(self.earlier_pieces)
        ]
        if earlier_jobs:
            mark_new(
                self._with_progress(N_("reading new fingerprints"), self.corpus.pieces()), value_count, self.workdir
            )
            shared_rows = np.sort(
                np.concatenate(list(self.corpus.map(sift, earlier_jobs, N_("comparing with the earlier version"))))
            )
            for rows in self._rankable(_rows_at(piece, shared_rows) for piece in self.earlier_pieces):
                order.add(rows)
        self.corpus.step(N_("putting documents in order"), 0, 1)
        order.number(max((p.start + p.height for p in (*self.corpus.pieces(), *self.earlier_pieces)), default=0))
        self.corpus.step(N_("putting documents in order"), 1, 1)
        sizes = np.zeros(BUCKETS, np.int64)
        for bucket_sizes in self.corpus.map(scatter, [*new_jobs, *earlier_jobs], N_("laying out fingerprints")):
            sizes += bucket_sizes
        share = write_extent([*new_jobs, *earlier_jobs], self.scheme, self.workdir)
        files = tuple(job.file for job in (*new_jobs, *earlier_jobs))
        jobs = [
            ValueRange(low, high, files, self.workdir / f"range-{n:06d}")
            for n, (low, high) in enumerate(ranges(sizes, VALUES_A_RANGE))
        ]
        paired = self.corpus.map(pair_range, jobs, N_("pairing documents that share passages"))
        merged, report = self._merged(sorted(paired, key=lambda paired_range: paired_range.file), share)
        over, beyond = bound_candidates(merged, order.count, self.workdir)
        return order, merged, replace(report, over=over, beyond=beyond)

    def _with_progress(self, title: str, pieces: Sequence[Piece]) -> Iterator[Piece]:
        """Yield the pieces and report the progress after each."""
        for number, piece in enumerate(pieces, 1):
            yield piece
            self.corpus.step(title, number, len(pieces))

    def _rankable(self, frames: Iterable[pl.DataFrame]) -> Iterator[pl.DataFrame]:
        """Yield the rows with fingerprints but without an equal kept document, with their ranking columns."""
        long = pl.col(WORDS) >= self.scheme.exact_words
        earlier_columns = EARLIER_COLUMNS if self.earlier_pieces else {}
        for frame in frames:
            rows = frame.with_columns(
                pl.lit(None, kind).alias(n) for n, kind in earlier_columns.items() if n not in frame
            )
            yield _hashed(self.keeping.ranked(self.equal.candidates(rows.filter(long))))

    def _merged(self, paired_ranges: Sequence[PairedRange], share: float) -> tuple[list[Path], Report]:
        """Merge the pairs of all ranges; return files of candidates and the counts, and write common fingerprints."""
        with (self.workdir / COMMON).open("wb") as common:
            # Ranges are ordered by top bits, so that their concatenated values are sorted.
            for paired in paired_ranges:
                common.write(paired.file.with_suffix(COMMON_VALUES).read_bytes())
        runs = tuple(run for paired in paired_ranges for run in paired.runs)
        cut = key_ranges(
            np.concatenate([np.zeros(0, np.uint64), *(paired.marks for paired in paired_ranges)]), KEYS_A_MERGE
        )
        new_end = self.corpus.height if self.earlier_pieces else None
        jobs = [
            Merge(low, high, runs, self.workdir, share, new_end, self.workdir / f"merged-{n:06d}")
            for n, (low, high) in enumerate(cut if runs else ())
        ]
        tallies = np.sum([np.zeros(3, np.int64), *(paired.tallies for paired in paired_ranges)], axis=0)
        files = sorted(self.corpus.map(merge, jobs, N_("adding up what pairs share")))
        return files, Report(common=int(tallies[1]), left_out=int(tallies[2]))

    def verdicts(self, files: Sequence[Path]) -> tuple[list[Path], NDArray[np.int64]]:
        """Compare the candidates; return the files of true pairs' verdicts, in order, and the pair counts by rule."""
        words = by_number(self.workdir, WORDS_OF)
        lots: list[Lot] = []
        for file in files:
            for first, end in lot_ranges(np.fromfile(file, np.uint32).reshape(-1, 2), words):
                name = self.workdir / f"lot-{len(lots):09d}"
                lots.append(Lot(file, first, end, self.scheme, self.bounds, self.workdir, name))
        jobs = gather_jobs(files, [*self.corpus.pieces(), *self.earlier_pieces], self.workdir)
        frequency = np.zeros((FREQUENCIES, 1 << FREQUENCY_BITS), np.int64)
        for piece_frequency in self.corpus.map(gather, jobs, N_("reading the documents to compare")):
            frequency += piece_frequency
        np.save(self.workdir / FREQUENCY, frequency)
        verdict_files: list[Path] = []
        by_rule = np.zeros(len(RULE_NAMES), np.int64)
        for path, counts in self.corpus.map(verify_lot, lots, N_("comparing pairs of documents")):
            by_rule += counts
            verdict_files += [path] if path else []
        return sorted(verdict_files), by_rule

    def notices(self, lots: Sequence[Path]) -> pl.DataFrame | None:
        """Return the true pairs in which one document has an additional notice, or None (`notices.py`)."""
        with_notices = []
        for lots_of_batch, runs in edge_runs(lots):
            runs.tofile(self.workdir / EDGE_RUNS)
            jobs = [EdgeCount(piece, self.workdir) for piece in self.corpus.pieces()]
            counts = np.zeros(len(runs), np.uint32)
            for piece_counts in self.corpus.map(count_edges, jobs, N_("counting the notices at the edges of texts")):
                counts += piece_counts
            with_notices += [find_notices(read_edges(lot), runs, counts) for lot in lots_of_batch]
        return pl.concat(with_notices) if with_notices else None


def _hashed(rows: pl.DataFrame) -> pl.DataFrame:
    """Return the rows with country, year, author and genre as numbers; 0 if the row states none."""
    country, creators = pl.col("country").cast(pl.String), pl.col("creators")
    return rows.with_columns(
        _number_of(country, country.is_not_null()).alias("country"),
        pl.col("published").str.extract(r"^(\d{4})").cast(pl.UInt32).fill_null(0).alias("year"),
        _number_of(creators.list.sort().list.join("\0"), creators.list.len() > 0).alias("author"),
        pl.col(APPENDED).fill_null(0),
        pl.col(GENRE).replace_strict(GENRE_NUMBERS, default=GENRE_NUMBERS[NO_GENRE], return_dtype=pl.UInt8),
    ).drop("published", "creators")


def _number_of(text: pl.Expr, stated: pl.Expr) -> pl.Expr:
    """Return a number from 1 on for each text; 0 for null."""
    return pl.when(stated).then(text.hash(0) % (2**32 - 2) + 1).otherwise(0).cast(pl.UInt32)


def _rows_at(piece: Piece, rows: NDArray[np.int64]) -> pl.DataFrame:
    """Return `row`, RANKED and EARLIER_COLUMNS of a piece's rows that are among these sorted rows."""
    own_rows = rows[np.searchsorted(rows, piece.start) : np.searchsorted(rows, piece.start + piece.height)]
    frame = rows_of(piece, (*RANKED, "duplicate_cluster", "text_hash"))[own_rows - piece.start]
    # The columns have the same order as those of `_rankable`.
    cluster = pl.coalesce("duplicate_cluster", "doc_id").alias("earlier_cluster")
    return frame.select(*RANKED, ROW, cluster, "text_hash")
