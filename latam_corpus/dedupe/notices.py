"""Find notices: words at the edge of a copy that many documents have at their edges, even if the notice is short.

The longer of two copies begins or ends with words that the other lacks. A long text keeps no fingerprint of so few
words, so fingerprints can't show that other documents have them (`rules.words_added`). So these words are looked up at
the edges of all documents of the run, together with the adjacent words that both copies have. If far more documents
have the added words than the adjacent ones, they are a site's notice, in any language. The true end of a text occurs in
as many documents as the words before it.

The words are stored next to the lots and looked up in all documents, a few million runs at a time.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

import numpy as np
import polars as pl

from latam_corpus.corpus import PieceJob, distinct, ragged
from latam_corpus.dedupe.candidates.pairs import COMMON
from latam_corpus.dedupe.fingerprints.notice_kernels import LEAST, MOST, RUNS, count_documents, write_runs
from latam_corpus.dedupe.fingerprints.scheme import STREAM
from latam_corpus.dedupe.verify.verify_kernels import HEAD, TAIL
from latam_corpus.dedupe.verify.verify_pairs import A_IN_B, B_IN_A, DUPLICATE

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator
    from pathlib import Path

    from numpy.typing import NDArray

    from latam_corpus.dedupe.fingerprints.scheme import Ragged
    from latam_corpus.dedupe.verify.verify_pairs import Verdicts

EDGES: Final = ".edges"  # next to the file of a lot: the words that longer copies add at an edge, an array of EDGE
EDGE_RUNS: Final = "edge-runs"  # the runs to look up, uint64, sorted
# Words added at an edge: the pair, whether its second document is the longer one, the number of words, and their runs.
EDGE: Final = np.dtype(
    [("first", "u4"), ("second", "u4"), ("in_second", "?"), ("words", "i4"), ("runs", "u8", (2, RUNS))]
)
# Approximate number of runs looked up together: 48 MB with their counts, and 100 MB more while they are sorted. Each
# batch reads all documents.
_BATCH_RUNS: Final = 4_000_000
# A notice is in more documents than the adjacent words by this factor: for two copies, in more than COMMON.
_TIMES: Final = COMMON // 2


def added_edges(
    streams: Ragged, places: NDArray[np.uint32], pairs: NDArray[np.uint32], verdicts: Verdicts
) -> NDArray[Any]:
    """Return the words that the longer of two copies adds at an edge, EDGE[k].

    Args:
        streams: the word stream of each document.
        places: uint32[n, 2], the indices in `streams` of the pairs' documents.
        pairs: uint32[n, 2], the numbers of these documents.
        verdicts: the verdicts on the pairs.
    """
    added_words = verdicts.facts.tallies[:, [HEAD, TAIL]]
    are_copies = (verdicts.kind == DUPLICATE) & (verdicts.inclusion == (A_IN_B | B_IN_A))
    edge_pairs, side = np.nonzero(are_copies[:, None] & (added_words >= LEAST) & (added_words <= MOST))
    edges = np.zeros(len(edge_pairs), EDGE)
    in_second = streams.counts[places[edge_pairs, 1]] >= streams.counts[places[edge_pairs, 0]]
    edges["first"], edges["second"] = pairs[edge_pairs].T
    edges["in_second"], edges["words"] = in_second, added_words[edge_pairs, side]
    longer = places[edge_pairs, in_second.astype(np.int64)]
    write_runs(streams.values, streams.offsets, longer, added_words[edge_pairs, side], side == 1, edges["runs"])
    return edges


@dataclass(frozen=True)
class EdgeCount(PieceJob):
    """A piece in whose documents the runs of the file EDGE_RUNS are counted."""

    workdir: Path


def count_edges(job: EdgeCount) -> NDArray[np.uint32]:
    """Return for each run the number of the piece's documents that have it at an edge."""
    runs = np.fromfile(job.workdir / EDGE_RUNS, np.uint64)
    counts = np.zeros(len(runs), np.uint32)
    count_documents(*ragged(job.piece.read([STREAM])[STREAM]), runs, counts)
    return counts


def read_edges(lot: Path) -> NDArray[Any]:
    """Return the edges of a lot, EDGE[k]."""
    return np.fromfile(lot.with_suffix(EDGES), EDGE)


def edge_runs(lots: Iterable[Path]) -> Iterator[tuple[list[Path], NDArray[np.uint64]]]:
    """Yield batches of lots to look up together, each with the sorted runs of its edges."""
    batch: list[Path] = []
    batch_runs: list[NDArray[np.uint64]] = []
    for lot in lots:
        runs = distinct(read_edges(lot)["runs"])
        batch.append(lot)
        batch_runs.append(runs[runs > 0])
        if sum(map(len, batch_runs)) > _BATCH_RUNS:
            batch_runs = [distinct(np.concatenate(batch_runs))]
            if len(batch_runs[0]) > _BATCH_RUNS // 2:  # fewer runs may be left, since later lots may repeat some
                yield batch, batch_runs[0]
                batch, batch_runs = [], []
    remaining = distinct(np.concatenate([np.zeros(0, np.uint64), *batch_runs]))
    if len(remaining):
        yield batch, remaining


def find_notices(edges: NDArray[Any], runs: NDArray[np.uint64], counts: NDArray[np.uint32]) -> pl.DataFrame:
    """Return the pairs in which one document has an added notice: `first`, `second`, and the words added to each.

    Args:
        edges: the result of `added_edges`.
        runs: the result of `edge_runs`.
        counts: for each run, the number of documents that have it at an edge.
    """
    document_counts = counts[np.searchsorted(runs, edges["runs"]).clip(max=len(runs) - 1)].astype(np.float64)
    document_counts[edges["runs"] == 0] = np.nan
    # The median, because up to half of a notice may be a date or a name.
    edge_median, adjacent_median = np.nanmedian(document_counts, axis=2).T
    with_notice = edges[(edge_median > COMMON) & (edge_median > _TIMES * adjacent_median)]
    words = with_notice["words"].astype(np.uint32)
    return (
        pl.DataFrame(
            {
                "first": with_notice["first"],
                "second": with_notice["second"],
                "first_notice": words * ~with_notice["in_second"],
                "second_notice": words * with_notice["in_second"],
            }
        )
        .group_by("first", "second")
        .agg(pl.col("first_notice", "second_notice").sum())
    )
