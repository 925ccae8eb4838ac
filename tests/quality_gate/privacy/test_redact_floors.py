"""Redaction of a labelled set of identifiers, and the damage: minimum values that only rise."""

from __future__ import annotations

import importlib
import os
import tomllib
from pathlib import Path
from typing import TYPE_CHECKING, Any

import polars as pl
import pytest

from latam_corpus.batch import Batch
from latam_corpus.privacy.redact import Redact

if TYPE_CHECKING:
    from collections.abc import Iterator

ROOT = Path(__file__).resolve().parents[3]
DATA = Path(os.environ.get("LATAM_CORPUS_DATA") or ROOT.parent / "shared" / "data")
FLOORS = tomllib.loads(Path(__file__).with_name("floors.toml").read_text("utf-8"))


@pytest.fixture(scope="module")
def bench() -> Iterator[Any]:
    """Load the benchmark `redact`; tests aren't a package, so a type checker would know it by two names."""
    with pytest.MonkeyPatch.context() as patch:
        patch.syspath_prepend(str(ROOT))
        yield importlib.import_module("tests.benchmarks.redact.bench")


@pytest.fixture(scope="module")
def judged(bench: Any) -> list[tuple[Any, Any]]:
    """Return the held-out samples, each with its replacements."""
    module = bench.labelled()
    samples = [sample for sample in (*module.positives(), *module.negatives()) if sample.held_out]
    return list(zip(samples, bench.ours(samples), strict=True))


def test_the_set_is_as_large_as_it_says(bench: Any) -> None:
    """Another draw gives the same set."""
    module = bench.labelled()
    marked, unmarked = module.positives(), module.negatives()
    assert len(marked) >= 1_500
    assert len({sample.country for sample in marked if sample.country}) >= 15
    assert len(unmarked) >= 3_000
    assert marked == module.positives()
    assert all(sample.text[sample.start : sample.end] == sample.value for sample in (*marked, *unmarked))


def test_identifiers_are_found_and_other_numbers_stay(bench: Any, judged: list[tuple[Any, Any]]) -> None:
    """Check recall in all and by kind, the right marks, and precision."""
    marked = [(sample, spans, bench.hit(sample, spans)) for sample, spans in judged if sample.kind]
    hits = sum(hit for _, _, hit in marked)
    named = sum(any(span.kind == sample.kind for span in spans) for sample, spans, _ in marked)
    wrong = sum(len(bench.other_replacements(sample, spans)) for sample, spans in judged)
    assert 100 * hits / len(marked) >= FLOORS["recall"]
    assert 100 * named / len(marked) >= FLOORS["by_its_mark"]
    assert 100 * hits / (hits + wrong) >= FLOORS["precision"]
    for group in {sample.group for sample, _, _ in marked}:
        results = [hit for sample, _, hit in marked if sample.group == group]
        assert 100 * sum(results) / len(results) >= FLOORS["each_kind"], group


@pytest.mark.real
@pytest.mark.slow
@pytest.mark.skipif(not DATA.is_dir(), reason="the real texts are not here")
@pytest.mark.parametrize("genre", sorted(FLOORS["novels"]))
def test_novels_are_hardly_touched(bench: Any, genre: str) -> None:
    """Each replacement in a novel of the nineteenth century is damage."""
    texts = bench.read_texts(DATA, bench.NOVELS)
    frame = pl.DataFrame({"text": texts}).with_columns(pl.lit(genre).alias("genre"))
    created = Redact()(Batch(frame)).frame
    replaced = sum(redaction["value"] for row in created["redactions"].to_list() for redaction in row or ())
    words = frame["text"].str.count_matches(r"\S+").sum()
    assert 1e5 * replaced / words <= FLOORS["novels"][genre]
