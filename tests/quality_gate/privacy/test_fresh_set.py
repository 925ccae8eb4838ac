"""Redaction of the set of many labels and separators, and the damage: minimum values that only rise."""

from __future__ import annotations

import importlib
import tomllib
from pathlib import Path
from typing import Any

import pytest

from latam_corpus.privacy.redact import redact

ROOT = Path(__file__).resolve().parents[3]
FLOORS = tomllib.loads(Path(__file__).with_name("floors.toml").read_text("utf-8"))
_RUN = 5  # digits of an identifier that must not be left


@pytest.fixture(scope="module")
def fresh() -> Any:
    """The set; `tests` is no package, so that a type checker would know it by two names."""
    with pytest.MonkeyPatch.context() as patch:
        patch.syspath_prepend(str(ROOT))
        return importlib.import_module("tests.quality_gate.privacy.fresh")


def _signs(text: str) -> str:
    return "".join(filter(str.isalnum, text))


def test_identifiers_are_found_with_any_label_and_separator(fresh: Any) -> None:
    """A sample counts if no five signs of its identifier are left."""
    samples = fresh.positives()
    assert len(samples) >= 1_500
    hits = 0
    for sample in samples:
        written, counts = redact(sample.text, "news", sample.country)
        value, left = _signs(sample.value), _signs(written)
        hits += bool(counts) and not any(value[at : at + _RUN] in left for at in range(len(value) - _RUN + 1))
    assert 100 * hits / len(samples) >= FLOORS["fresh"]["recall"]


def test_versions_sections_and_numbers_of_catalogues_stay(fresh: Any) -> None:
    """None of them is replaced, in texts of any country."""
    samples = fresh.negatives()
    assert len(samples) >= 1_500
    damaged = [sample.text for sample in samples if redact(sample.text, "news", sample.country)[1]]
    assert len(damaged) <= FLOORS["fresh"]["damaged"], damaged[:5]
