"""The walk in docs/design.md leads a newcomer through files that are there."""

from __future__ import annotations

import importlib
from pathlib import Path
from typing import Any

# By name: the package is `tests.benchmarks` to Python and `benchmarks` to the type checker.
house: Any = importlib.import_module("tests.benchmarks.house")
ROOT = Path(__file__).resolve().parents[2]


def test_the_walk_names_files_that_are_there_and_no_more_than_twelve() -> None:
    """A file that is renamed takes its place in the list with it."""
    walk = house.walk(ROOT)
    assert 8 <= len(walk) <= 12
    assert [name for name in walk if not (ROOT / name).is_file()] == []
    assert len(set(walk)) == len(walk)


def test_a_page_without_a_walk_has_none(tmp_path: Path) -> None:
    """As of checkouts that are older than it."""
    (tmp_path / "docs").mkdir()
    (tmp_path / "docs" / "design.md").write_text("# Design\n\n1. `latam_corpus/batch.py`\n", encoding="utf-8")
    assert house.walk(tmp_path) == []
