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
    """The benchmark `redact`: tests are no package, so that a type checker would know it by two names."""
    with pytest.MonkeyPatch.context() as patch:
        patch.syspath_prepend(str(ROOT))
        yield importlib.import_module("tests.benchmarks.redact.bench")


@pytest.fixture(scope="module")
def judged(bench: Any) -> list[tuple[Any, Any]]:
    """Return the held-out samples, each with its replacements."""
    module = bench.labelled()
    samples = [one for one in (*module.positives(), *module.negatives()) if one.held_out]
    return list(zip(samples, bench.ours(samples), strict=True))


def test_the_set_is_as_large_as_it_says(bench: Any) -> None:
    """Another draw gives the same set."""
    module = bench.labelled()
    marked, others = module.positives(), module.negatives()
    assert len(marked) >= 1_500
    assert len({one.country for one in marked if one.country}) >= 15
    assert len(others) >= 3_000
    assert marked == module.positives()
    assert all(one.text[one.start : one.end] == one.value for one in (*marked, *others))


def test_identifiers_are_found_and_other_numbers_stay(bench: Any, judged: list[tuple[Any, Any]]) -> None:
    """Recall in all, recall by kind, right marks, and replacements that aren't identifiers."""
    marked = [(one, spans, bench.hit(one, spans)) for one, spans in judged if one.kind]
    hits = sum(hit for _, _, hit in marked)
    named = sum(any(span.kind == one.kind for span in spans) for one, spans, _ in marked)
    wrong = sum(len(bench.other_replacements(one, spans)) for one, spans in judged)
    assert 100 * hits / len(marked) >= FLOORS["recall"]
    assert 100 * named / len(marked) >= FLOORS["by_its_mark"]
    assert 100 * hits / (hits + wrong) >= FLOORS["precision"]
    for group in {one.group for one, _, _ in marked}:
        results = [hit for one, _, hit in marked if one.group == group]
        assert 100 * sum(results) / len(results) >= FLOORS["each_kind"], group


@pytest.mark.real
@pytest.mark.slow
@pytest.mark.skipif(not DATA.is_dir(), reason="the real texts are not here")
@pytest.mark.parametrize("genre", sorted(FLOORS["novels"]))
def test_novels_are_hardly_touched(bench: Any, genre: str) -> None:
    """Whatever is replaced in a novel of the nineteenth century is damage."""
    texts = bench.read_texts(DATA, bench.NOVELS)
    frame = pl.DataFrame({"text": texts}).with_columns(pl.lit(genre).alias("genre"))
    created = Redact()(Batch(frame)).frame
    replaced = sum(one["value"] for row in created["redactions"].to_list() for one in row or ())
    words = frame["text"].str.count_matches(r"\S+").sum()
    assert 1e5 * replaced / words <= FLOORS["novels"][genre]
