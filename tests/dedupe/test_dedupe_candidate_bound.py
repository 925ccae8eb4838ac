"""A document is compared with a bounded number of candidates, and the run reports the rest."""

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
    """Write the pairs to files, as `merge` does."""
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
    """A pair is compared if it is among the first 32, or the 32 that share most, of either document."""
    monkeypatch.setattr(candidate_bound, "_SORTED_TOGETHER", at_once)
    draw = Random(3)
    shared = {pair: draw.randrange(1, 9) for pair in combinations(range(150), 2) if draw.random() < 0.8}
    candidates_of: dict[int, list[int]] = defaultdict(list)
    for a, b in sorted(shared):
        candidates_of[a].append(b)
        candidates_of[b].append(a)

    def own(document: int) -> set[int]:
        ordered = sorted(candidates_of[document])
        by_shared = sorted(
            ordered[32:], key=lambda second: (-shared[min(document, second), max(document, second)], second)
        )
        return {*ordered[:32], *by_shared[:32]}

    expected = {(a, b) for a, b in shared if b in own(a) or a in own(b)}
    files = _files(tmp_path, shared)
    assert bound_candidates(files, 150, tmp_path) == (150, len(shared) - len(expected))
    assert _pairs(files) == expected
    assert len(expected) < len(shared)
    assert len(expected) <= 150 * MOST


@pytest.mark.parametrize(("other_count", "beyond"), [(MOST, 0), (MOST + 1, 0), (500, 0)])
def test_one_book_meets_all_its_poems(tmp_path: Path, other_count: int, beyond: int) -> None:
    """A document with a single candidate is compared with it, however many candidates that one has."""
    shared = {(0, second): 3 for second in range(1, other_count + 1)}
    files = _files(tmp_path, shared)
    assert bound_candidates(files, other_count + 1, tmp_path) == (int(other_count > MOST), beyond)
    assert _pairs(files) == set(shared)


def test_documents_that_share_passages_with_very_many_are_bounded_and_counted() -> None:
    """If all 150 documents share verses, a copy of one is found and the run counts the pairs left out."""
    draw = Random(11)
    words = [f"palabra{n}".translate(str.maketrans("0123456789", "bcdfghjklm")) for n in range(900)]
    verses = [" ".join(words[at : at + 15]) for at in range(0, 900, 15)]
    texts = [" ".join(draw.sample(verses, 20)) for _ in range(150)]
    rows = [{"doc_id": f"{n:03d}", "text": text, "rights_tier": "open"} for n, text in enumerate(texts)]
    rows += [{"doc_id": "copy", "text": f"{texts[149]} fin", "rights_tier": "unknown"}]
    batch = Batch(schema.conform(pl.DataFrame(rows), schema.DOCUMENT_SCHEMA))
    corpus = Frames((Fingerprint(sketch=True)(batch).frame,))
    result = pl.concat(Dedupe().decide(corpus), how="diagonal").filter(pl.col("doc_id") == "copy")
    assert result["duplicate_of"].to_list() == ["149"]
    notes = corpus.notes["dedupe"]
    assert notes["beyond"] > 0
    assert notes["over"] > 0
    assert notes["candidates"] <= 151 * MOST


def test_more_documents_than_there_are_numbers_are_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    """More documents than numbers are an error, because two would share a number."""
    texts = [f"La barca {n} salió del puerto antes del alba y nadie la vio volver." for n in range(3)]
    frame = pl.DataFrame({"id": list("abc"), "text": texts})
    monkeypatch.setattr(numbering, "MOST_NUMBERED", 2)
    with pytest.raises(CorpusError, match="takes 2 documents at most; run it by source or by year"):
        lc.stage("dedupe")(frame)
    monkeypatch.setattr(numbering, "MOST_NUMBERED", 3)
    assert lc.stage("dedupe")(frame).height
