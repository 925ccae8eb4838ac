"""Measure new documents against an indexed version: the cost, and agreement with a full run."""

from __future__ import annotations

import random
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

import polars as pl

from latam_corpus.corpus import ROW
from latam_corpus.dedupe.dedupe import Dedupe
from latam_corpus.dedupe.fingerprints.fingerprint_index import INDEX, SKETCHED, group_of, metadata_of
from latam_corpus.dedupe.fingerprints.scheme import Scheme
from latam_corpus.release.storing.shard_file import write_group, writer

from .ours import sketched, spooled, timed

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from .documents import Document

NEW: Final = 11  # of so many documents one is new: 10 % of the indexed ones
_SEED: Final = 5
_DIGEST: Final = "index digest"
_EACH: Final = 20_000  # rows of an index file


@dataclass(frozen=True)
class Compared:
    """A run of the new documents against the index, and a full run of all.

    Attributes:
        indexed: documents that the version keeps, of the old ones.
        new: new documents.
        kept: of the new ones, by the run against the index.
        only_full: kept by the full run alone.
        only_incremental: kept by the run against the index alone.
        full: CPU seconds by step.
        incremental: likewise.
    """

    indexed: int
    new: int
    kept: int
    only_full: frozenset[str]
    only_incremental: frozenset[str]
    full: dict[str, float]
    incremental: dict[str, float]


def compared(documents: Sequence[Document], room: Path) -> Compared:
    """Both runs. In the full one the old documents have more open rights: they come first, as existing ones do.

    Args:
        documents: in any order; those that are new are chosen by chance.
        room: a folder for the index and what is written meanwhile.
    """
    mixed = sorted(documents, key=lambda document: document.id)
    random.Random(_SEED).shuffle(mixed)
    cut = len(mixed) // NEW
    full: dict[str, float] = {}
    incremental: dict[str, float] = {}
    old = _sketched(mixed[cut:], "open", full)
    old_kept = _kept(old, Dedupe(), room / "old", {})
    _write_index(old, old_kept, room / "index")
    new = _sketched(mixed[:cut], "attribution", incremental)
    full = {name: seconds + incremental[name] for name, seconds in full.items()}
    new_kept = _kept(new, Dedupe(against=str(room / "index")), room / "new", incremental)
    every = _kept([*old, *new], Dedupe(), room / "every", full)
    by_index = old_kept | new_kept
    return Compared(
        len(old_kept), cut, len(new_kept), every - by_index, by_index - every, full, incremental
    )  # fmt: skip


def _sketched(documents: Sequence[Document], tier: str, seconds: dict[str, float]) -> list[pl.DataFrame]:
    records = ({"id": d.id, "text": d.text, "source_id": d.source_id} for d in documents)
    frames = sketched(records, {}, seconds)
    return [frame.with_columns(pl.lit(tier).alias("rights_tier")) for frame in frames]


def _kept(frames: Sequence[pl.DataFrame], stage: Dedupe, room: Path, seconds: dict[str, float]) -> frozenset[str]:
    """The ids of those of these documents that the barrier keeps."""
    room.mkdir(parents=True)
    corpus = spooled(frames, room, seconds)
    with timed(seconds, _DIGEST):
        stage.fingerprint()  # a plan asks for it; of the index every byte is read
    with timed(seconds, stage.name):
        decided = pl.concat(stage.decide(corpus), how="diagonal")
    ids = pl.concat(corpus.frames(["doc_id"]))
    fallen = decided.filter(pl.col("duplicate_of").is_not_null())[ROW]
    return frozenset(ids.filter(~pl.col(ROW).is_in(fallen.implode()))["doc_id"])


def _write_index(frames: Sequence[pl.DataFrame], kept: frozenset[str], folder: Path) -> None:
    """Write the index of a version that has the kept documents, as a release writes it."""
    missing = [pl.lit(None, INDEX[name]).alias(name) for name in SKETCHED if name not in frames[0].columns]
    rows = pl.concat(frames).filter(pl.col("doc_id").is_in(list(kept))).with_columns(missing).select(SKETCHED)
    folder.mkdir()
    for number, part in enumerate(rows.sort("doc_id").iter_slices(_EACH)):
        with writer(folder / f"{number:04d}.parquet", INDEX, metadata_of(Scheme())) as file:
            write_group(file, group_of(part))
