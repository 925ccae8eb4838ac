"""However many documents share something with one, a bounded number of them is compared with it, and it is told."""

from __future__ import annotations

from collections import defaultdict
from itertools import combinations
from random import Random
from typing import TYPE_CHECKING

import numpy as np
import polars as pl
import pytest

import latam_corpus as lc
from latam_corpus import schema
from latam_corpus.batch import Batch
from latam_corpus.corpus import Frames
from latam_corpus.dedupe.candidates import candidate_bound
from latam_corpus.dedupe.candidates.candidate_bound import MOST, SHARE, SHARES, bound_candidates
from latam_corpus.dedupe.decide import numbering
from latam_corpus.dedupe.dedupe import Dedupe
from latam_corpus.dedupe.fingerprints.fingerprint import Fingerprint
from latam_corpus.errors import CorpusError

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from pathlib import Path


def _files(folder: Path, shared: Mapping[tuple[int, int], int], number: int = 3) -> list[Path]:
    """The pairs in files, as `merge` writes them."""
    files = [folder / f"merged-{n:06d}" for n in range(number)]
    for file, rows in zip(files, np.array_split(np.array(sorted(shared), np.uint32), number), strict=True):
        rows.tofile(file)
        np.array([shared[pair] for pair in map(tuple, rows.tolist())], SHARE).tofile(file.with_suffix(SHARES))
    return files


def _pairs(files: Sequence[Path]) -> set[tuple[int, int]]:
    return {(a, b) for file in files for a, b in np.fromfile(file, np.uint32).reshape(-1, 2).tolist()}


@pytest.mark.parametrize("at_once", [1, 700, 1_000_000])
def test_a_pair_is_checked_that_is_among_the_own_of_either(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, at_once: int
) -> None:
    """The first 32 in the order of keeping, and of the others the 32 that share most, of equal ones the first."""
    monkeypatch.setattr(candidate_bound, "_SORTED_TOGETHER", at_once)
    draw = Random(3)
    shared = {pair: draw.randrange(1, 9) for pair in combinations(range(150), 2) if draw.random() < 0.8}
    others: dict[int, list[int]] = defaultdict(list)
    for a, b in sorted(shared):
        others[a].append(b)
        others[b].append(a)

    def own(document: int) -> set[int]:
        ordered = sorted(others[document])
        rest = sorted(ordered[32:], key=lambda other: (-shared[min(document, other), max(document, other)], other))
        return {*ordered[:32], *rest[:32]}

    expected = {(a, b) for a, b in shared if b in own(a) or a in own(b)}
    files = _files(tmp_path, shared)
    assert bound_candidates(files, 150, tmp_path) == (150, len(shared) - len(expected))
    assert _pairs(files) == expected
    assert len(expected) < len(shared)
    assert len(expected) <= 150 * MOST


@pytest.mark.parametrize(("others", "beyond"), [(MOST, 0), (MOST + 1, 0), (500, 0)])
def test_one_book_meets_all_its_poems(tmp_path: Path, others: int, beyond: int) -> None:
    """What has one candidate alone is compared with it, however many that one has."""
    shared = {(0, other): 3 for other in range(1, others + 1)}
    files = _files(tmp_path, shared)
    assert bound_candidates(files, others + 1, tmp_path) == (int(others > MOST), beyond)
    assert _pairs(files) == set(shared)


def test_documents_that_share_passages_with_very_many_are_bounded_and_counted() -> None:
    """Each of 150 has ten verses of sixty: every pair shares some, a copy of one is found, and a run tells the rest."""
    draw = Random(11)
    words = [f"palabra{n}".translate(str.maketrans("0123456789", "bcdfghjklm")) for n in range(900)]
    verses = [" ".join(words[at : at + 15]) for at in range(0, 900, 15)]
    texts = [" ".join(draw.sample(verses, 20)) for _ in range(150)]
    rows = [{"doc_id": f"{n:03d}", "text": text, "rights_tier": "open"} for n, text in enumerate(texts)]
    rows += [{"doc_id": "copy", "text": f"{texts[149]} fin", "rights_tier": "unknown"}]
    batch = Batch(schema.conform(pl.DataFrame(rows), schema.DOCUMENT_SCHEMA))
    corpus = Frames((Fingerprint(sketch=True)(batch).frame,))
    made = pl.concat(Dedupe().decide(corpus), how="diagonal").filter(pl.col("doc_id") == "copy")
    assert made["duplicate_of"].to_list() == ["149"]
    told = corpus.notes["dedupe"]
    assert told["beyond"] > 0
    assert told["over"] > 0
    assert told["candidates"] <= 151 * MOST


def test_more_documents_than_there_are_numbers_are_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    """Two documents of one number would be taken for each other."""
    texts = [f"La barca {n} salió del puerto antes del alba y nadie la vio volver." for n in range(3)]
    frame = pl.DataFrame({"id": list("abc"), "text": texts})
    monkeypatch.setattr(numbering, "MOST_NUMBERED", 2)
    with pytest.raises(CorpusError, match="takes 2 documents at most; run it by source or by year"):
        lc.stage("dedupe")(frame)
    monkeypatch.setattr(numbering, "MOST_NUMBERED", 3)
    assert lc.stage("dedupe")(frame).height
