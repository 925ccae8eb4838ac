"""Which words at the edges of a text are a notice, as few as they may be: those that many documents have there.

Of two copies the longer one begins or ends with words that the other lacks. Of few words a long text keeps no
fingerprint, which would tell that others have them (`rules.words_added`). So those words are looked for at the edges
of all documents of the run, beside the words next to them that both copies have. Where far more documents have the
former, they are a site's, whatever their language; an end that whole copies have is in as many as what stands before.

What is looked for lies beside the lots, and goes through the documents some million runs at a time.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

import numpy as np
import polars as pl

from latam_corpus.corpus import distinct, ragged
from latam_corpus.dedupe.candidates.pairs import COMMON
from latam_corpus.dedupe.fingerprints.notice_kernels import LEAST, MOST, RUNS, count_documents, write_runs
from latam_corpus.dedupe.fingerprints.scheme import STREAM
from latam_corpus.dedupe.verify.verify_kernels import HEAD, TAIL
from latam_corpus.dedupe.verify.verify_pairs import A_IN_B, B_IN_A, DUPLICATE

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator
    from pathlib import Path

    from numpy.typing import NDArray

    from latam_corpus.corpus import Piece
    from latam_corpus.dedupe.fingerprints.scheme import Ragged
    from latam_corpus.dedupe.verify.verify_pairs import Verdicts

EDGES: Final = ".edges"  # beside the file of a lot: what longer copies have more at an edge, EDGE
ASKED: Final = "asked"  # the runs that are looked for, uint64, sorted
# What a text has more at an edge: the pair, whether the second of it is the longer, how many words, and `write_runs`.
EDGE: Final = np.dtype(
    [("first", "u4"), ("second", "u4"), ("in_second", "?"), ("words", "i4"), ("runs", "u8", (2, RUNS))]
)
# Runs that are looked for at once, about: 48 MB with their counts, and 100 more while they are sorted. Each time all
# documents are gone through.
_AT_ONCE: Final = 4_000_000
# So many times as many documents have a notice as have the words beside it: with two copies, more than COMMON.
_TIMES: Final = COMMON // 2


def edges_of(
    streams: Ragged, places: NDArray[np.uint32], pairs: NDArray[np.uint32], verified: Verdicts
) -> NDArray[Any]:
    """Return what the longer ones of copies have more at an edge, EDGE[k].

    Args:
        streams: the word stream of each document.
        places: uint32[n, 2], the documents of the pairs in `streams`.
        pairs: uint32[n, 2], their numbers.
        verified: of the pairs.
    """
    more = verified.facts.tallies[:, [HEAD, TAIL]]
    copies = (verified.kind == DUPLICATE) & (verified.stands == (A_IN_B | B_IN_A))
    asked, side = np.nonzero(copies[:, None] & (more >= LEAST) & (more <= MOST))
    made = np.zeros(len(asked), EDGE)
    in_second = streams.counts[places[asked, 1]] >= streams.counts[places[asked, 0]]
    made["first"], made["second"] = pairs[asked].T
    made["in_second"], made["words"] = in_second, more[asked, side]
    longer = places[asked, in_second.astype(np.int64)]
    write_runs(streams.values, streams.offsets, longer, more[asked, side], side == 1, made["runs"])
    return made


@dataclass(frozen=True)
class EdgeCount:
    """A piece in which the runs of the file ASKED are counted."""

    piece: Piece
    workdir: Path

    @property
    def bytes(self) -> int:
        """How large it is, about."""
        return self.piece.bytes


def count_edges(job: EdgeCount) -> NDArray[np.uint32]:
    """Return how many of the piece's documents have each run at an edge."""
    asked = np.fromfile(job.workdir / ASKED, np.uint64)
    counts = np.zeros(len(asked), np.uint32)
    count_documents(*ragged(job.piece.read([STREAM])[STREAM]), asked, counts)
    return counts


def edges_at(lot: Path) -> NDArray[Any]:
    """Return what is written beside a lot, EDGE[k]."""
    return np.fromfile(lot.with_suffix(EDGES), EDGE)


def asked_runs(lots: Iterable[Path]) -> Iterator[tuple[list[Path], NDArray[np.uint64]]]:
    """Yield lots that are looked for together, and the runs of their edges, sorted."""
    mine: list[Path] = []
    found: list[NDArray[np.uint64]] = []
    for lot in lots:
        runs = distinct(edges_at(lot)["runs"])
        mine.append(lot)
        found.append(runs[runs > 0])
        if sum(map(len, found)) > _AT_ONCE:
            found = [distinct(np.concatenate(found))]
            if len(found[0]) > _AT_ONCE // 2:  # else what comes may be the same runs again
                yield mine, found[0]
                mine, found = [], []
    asked = distinct(np.concatenate([np.zeros(0, np.uint64), *found]))
    if len(asked):
        yield mine, asked


def notices(edges: NDArray[Any], asked: NDArray[np.uint64], counts: NDArray[np.uint32]) -> pl.DataFrame:
    """Return the pairs of which one has a notice more: `first`, `second`, and how many words of each were added.

    Args:
        edges: of `edges_of`.
        asked: of `asked_runs`.
        counts: how many documents have each of these at an edge.
    """
    seen = counts[np.searchsorted(asked, edges["runs"]).clip(max=len(asked) - 1)].astype(np.float64)
    seen[edges["runs"] == 0] = np.nan
    # Half of a notice may be a date or a name.
    of_edge, beside = np.nanmedian(seen, axis=2).T
    found = edges[(of_edge > COMMON) & (of_edge > _TIMES * beside)]
    words = found["words"].astype(np.uint32)
    return (
        pl.DataFrame(
            {
                "first": found["first"],
                "second": found["second"],
                "first_notice": words * ~found["in_second"],
                "second_notice": words * found["in_second"],
            }
        )
        .group_by("first", "second")
        .agg(pl.col("first_notice", "second_notice").sum())
    )
