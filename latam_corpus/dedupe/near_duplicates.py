"""Near-duplicates over a whole corpus, in jobs that any engine runs.

Documents are numbered in the order of keeping. Each piece's fingerprints are laid into buckets, and for each range of
values the pairs are found that share some (`candidate_jobs.py`); the pairs are checked on the word streams in lots
(`verify_jobs.py`).
A job holds one piece, one range or one lot; candidates pass from job to job in files, and so does what is known of
documents (`numbering.py`). True pairs are laid into packs of what is connected (`pair_components.py`).
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
    PairRange,
    Scatter,
    key_ranges,
    mark_new,
    merge,
    pair_range,
    scatter,
    sift,
    write_extent,
)
from latam_corpus.dedupe.candidates.buckets import ranges
from latam_corpus.dedupe.candidates.candidate_bound import MOST, bound_candidates
from latam_corpus.dedupe.candidates.pairing_kernels import BUCKETS
from latam_corpus.dedupe.candidates.pairs import CAP
from latam_corpus.dedupe.decide.decision_rows import FROM_OLD
from latam_corpus.dedupe.decide.numbering import Numbering
from latam_corpus.dedupe.decide.order import TERMS
from latam_corpus.dedupe.fingerprints.scheme import ACCENTED, APPENDED, DAMAGE, GENRE, STATED, WORDS, sampling_of
from latam_corpus.dedupe.notices import ASKED, EdgeCount, asked_runs, count_edges, edges_at, notices
from latam_corpus.dedupe.verify.pair_facts import GENRE_NUMBERS, NO_GENRE
from latam_corpus.dedupe.verify.rules import RULE_NAMES
from latam_corpus.dedupe.verify.verify_kernels import FREQUENCIES, FREQUENCY_BITS
from latam_corpus.dedupe.verify_jobs import (
    COMMON,
    FREQUENCY,
    WORDS_OF,
    Lot,
    by_number,
    cuts,
    gather,
    gathers,
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
    """What was proposed and what became of it.

    Attributes:
        documents: that have fingerprints.
        candidates: pairs that were checked.
        by_rule: pairs by the rule that accepted or the guard that refused them.
        cap: so many documents that have a fingerprint are paired with each other.
        common: fingerprints that more documents have.
        left_out: pairs that were not made for that reason.
        most: candidates of a document that are checked in any case (`candidate_bound.py`).
        over: documents that had more.
        beyond: pairs that weren't checked for that reason.
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
    also: Sequence[Piece],
    equal: EqualTexts,
    scheme: Scheme,
    bounds: Bounds,
    keeping: Keeping,
    packs: Packs,
) -> Report:
    """Lay the verified pairs of the corpus' documents, with those of an earlier version among them, into packs.

    Args:
        corpus: whose rows are decided on.
        also: documents of an earlier version; their rows start at the corpus' height or after it.
        equal: the documents that are equal to another one.
        scheme: how candidates are proposed.
        bounds: of the rules that compare them.
        keeping: by what copies are put in order.
        packs: the pairs, and RANKED, WEIGHTS and FROM_OLD of the documents in them.
    """
    with tempfile.TemporaryDirectory(prefix="near-", dir=corpus.workdir) as name:
        search = _Search(corpus, tuple(also), equal, scheme, bounds, keeping, Path(name))
        order, files, report = search.candidates()
        lots, counts = search.verdicts(files)
        packs.fill(order, lots, search.notices(lots))
    by_rule = {RULE_NAMES[rule] or "none": n for rule, n in enumerate(counts.tolist()) if n}
    return replace(report, documents=order.count, candidates=int(counts.sum()), by_rule=by_rule)


@dataclass(frozen=True, eq=False)
class _Search:
    """One search, with the folder in which its jobs read and write; the attributes are those of `verified_pairs`."""

    corpus: Corpus
    also: tuple[Piece, ...]
    equal: EqualTexts
    scheme: Scheme
    bounds: Bounds
    keeping: Keeping
    workdir: Path

    def candidates(self) -> tuple[Numbering, list[Path], Report]:
        """Give the documents that may have near-duplicates in their order, files of the candidates, and the counts."""
        order = Numbering(self.workdir)
        about = 0
        for mine in self._sound(self.corpus.frames(RANKED)):
            words = mine[WORDS].to_numpy()
            about += int((words // sampling_of(words)).sum()) + len(words) * self.scheme.bands
            order.add(mine)
        new = [Scatter(p, self.workdir / f"new-{n:06d}", self.workdir) for n, p in enumerate(self.corpus.pieces())]
        known = [Scatter(p, self.workdir / f"old-{n:06d}", self.workdir, known=True) for n, p in enumerate(self.also)]
        if known:
            mark_new(self._with_progress(N_("reading new fingerprints"), self.corpus.pieces()), about, self.workdir)
            shared_rows = np.sort(
                np.concatenate(list(self.corpus.map(sift, known, N_("comparing with the earlier version"))))
            )
            for mine in self._sound(_rows_at(piece, shared_rows) for piece in self.also):
                order.add(mine)
        self.corpus.step(N_("putting documents in order"), 0, 1)
        order.number(max((p.start + p.height for p in (*self.corpus.pieces(), *self.also)), default=0))
        self.corpus.step(N_("putting documents in order"), 1, 1)
        sizes = np.zeros(BUCKETS, np.int64)
        for laid in self.corpus.map(scatter, [*new, *known], N_("laying out fingerprints")):
            sizes += laid
        share = write_extent([*new, *known], self.scheme, self.workdir)
        files = tuple(job.file for job in (*new, *known))
        jobs = [
            PairRange(low, high, files, self.workdir / f"range-{n:06d}")
            for n, (low, high) in enumerate(ranges(sizes, VALUES_A_RANGE))
        ]
        paired = self.corpus.map(pair_range, jobs, N_("pairing documents that share passages"))
        merged, report = self._merged(sorted(paired, key=lambda one: one.file), share)
        over, beyond = bound_candidates(merged, order.count, self.workdir)
        return order, merged, replace(report, over=over, beyond=beyond)

    def _with_progress(self, title: str, pieces: Sequence[Piece]) -> Iterator[Piece]:
        """Yield the pieces, with what is told when each is done."""
        for number, piece in enumerate(pieces, 1):
            yield piece
            self.corpus.step(title, number, len(pieces))

    def _sound(self, frames: Iterable[pl.DataFrame]) -> Iterator[pl.DataFrame]:
        """Yield those of these rows that have fingerprints and no equal, with what they are put in order by."""
        long = pl.col(WORDS) >= self.scheme.exact_words
        of_old = FROM_OLD if self.also else {}
        for frame in frames:
            rows = frame.with_columns(pl.lit(None, kind).alias(n) for n, kind in of_old.items() if n not in frame)
            yield _hashed(self.keeping.ranked(self.equal.kept(rows.filter(long))))

    def _merged(self, paired_ranges: Sequence[PairedRange], share: float) -> tuple[list[Path], Report]:
        """Return the files of candidates of all ranges, and what the cap left out; writes the common fingerprints."""
        with (self.workdir / COMMON).open("wb") as common:
            # Ranges follow one another by the top bits, so that the values are sorted as a whole.
            for one in paired_ranges:
                common.write(one.file.with_suffix(COMMON_VALUES).read_bytes())
        runs = tuple(run for one in paired_ranges for run in one.runs)
        cut = key_ranges(np.concatenate([np.zeros(0, np.uint64), *(one.marks for one in paired_ranges)]), KEYS_A_MERGE)
        new_end = self.corpus.height if self.also else None
        jobs = [
            Merge(low, high, runs, self.workdir, share, new_end, self.workdir / f"merged-{n:06d}")
            for n, (low, high) in enumerate(cut if runs else ())
        ]
        tallies = np.sum([np.zeros(3, np.int64), *(one.tallies for one in paired_ranges)], axis=0)
        files = sorted(self.corpus.map(merge, jobs, N_("adding up what pairs share")))
        return files, Report(common=int(tallies[1]), left_out=int(tallies[2]))

    def verdicts(self, files: Sequence[Path]) -> tuple[list[Path], NDArray[np.int64]]:
        """Return the files of verdicts on candidates that are something, in order; and how many there are by rule."""
        words = by_number(self.workdir, WORDS_OF)
        lots: list[Lot] = []
        for file in files:
            for first, end in cuts(np.fromfile(file, np.uint32).reshape(-1, 2), words):
                name = self.workdir / f"lot-{len(lots):09d}"
                lots.append(Lot(file, first, end, self.scheme, self.bounds, self.workdir, name))
        jobs = gathers(files, [*self.corpus.pieces(), *self.also], self.workdir)
        frequency = np.zeros((FREQUENCIES, 1 << FREQUENCY_BITS), np.int64)
        for words_of_piece in self.corpus.map(gather, jobs, N_("reading what is compared")):
            frequency += words_of_piece
        np.save(self.workdir / FREQUENCY, frequency)
        true: list[Path] = []
        by_rule = np.zeros(len(RULE_NAMES), np.int64)
        for path, counts in self.corpus.map(verify_lot, lots, N_("comparing pairs of documents")):
            by_rule += counts
            true += [path] if path else []
        return sorted(true), by_rule

    def notices(self, lots: Sequence[Path]) -> pl.DataFrame | None:
        """Return the true pairs of which one has a notice more, as all documents of the run tell (`notices.py`)."""
        found = []
        for mine, asked in asked_runs(lots):
            asked.tofile(self.workdir / ASKED)
            jobs = [EdgeCount(piece, self.workdir) for piece in self.corpus.pieces()]
            counts = np.zeros(len(asked), np.uint32)
            for of_piece in self.corpus.map(count_edges, jobs, N_("counting the notices at the edges of texts")):
                counts += of_piece
            found += [notices(edges_at(lot), asked, counts) for lot in mine]
        return pl.concat(found) if found else None


def _hashed(rows: pl.DataFrame) -> pl.DataFrame:
    """Return the rows with numbers for country, year, author and genre, each 0 if the row states none."""
    country, creators = pl.col("country").cast(pl.String), pl.col("creators")
    return rows.with_columns(
        _number_of(country, country.is_not_null()).alias("country"),
        pl.col("published").str.extract(r"^(\d{4})").cast(pl.UInt32).fill_null(0).alias("year"),
        _number_of(creators.list.sort().list.join("\0"), creators.list.len() > 0).alias("author"),
        pl.col(APPENDED).fill_null(0),
        pl.col(GENRE).replace_strict(GENRE_NUMBERS, default=GENRE_NUMBERS[NO_GENRE], return_dtype=pl.UInt8),
    ).drop("published", "creators")


def _number_of(text: pl.Expr, stated: pl.Expr) -> pl.Expr:
    """Return a number for each text; a hash of nothing is a number too."""
    return pl.when(stated).then(text.hash(0) % (2**32 - 2) + 1).otherwise(0).cast(pl.UInt32)


def _rows_at(piece: Piece, rows: NDArray[np.int64]) -> pl.DataFrame:
    """`row`, RANKED and FROM_OLD of these rows of a piece; the rows are sorted and may be of others too."""
    mine = rows[np.searchsorted(rows, piece.start) : np.searchsorted(rows, piece.start + piece.height)]
    found = rows_of(piece, (*RANKED, "duplicate_cluster", "text_hash"))[mine - piece.start]
    # With RANKED first, and in FROM_OLD's order, as frames are put together.
    known = pl.coalesce("duplicate_cluster", "doc_id").alias("known")
    return found.select(*RANKED, ROW, known, "text_hash")
