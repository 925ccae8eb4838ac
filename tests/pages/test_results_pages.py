"""The pages of figures are what the kept results say."""

from __future__ import annotations

import importlib
import re
from pathlib import Path
from typing import Any

import pytest

_ROOT = Path(__file__).parents[2]
_DOCS = _ROOT / "docs"
# By name: the package is `tests.benchmarks` to Python and `benchmarks` to the type checker.
_TABLES: Any = importlib.import_module("tests.benchmarks.tables")
_NUMBER = re.compile(r"(?<![\w.,])[+-]?(?:\d[\d,]*\d|\d)?(?:\.\d+)?%?(?![\w])")


def _claims() -> list[tuple[str, str, str]]:
    """Each row of the page: its claim, its figures and its caveat."""
    lines = (_DOCS / "benchmarks.md").read_text(encoding="utf-8").splitlines()
    rows = [[cell.strip() for cell in line.strip("|").split("|")] for line in lines if line.startswith("|")]
    return [(row[0], row[2], row[1]) for row in rows if row[0] != "claim" and not row[0].startswith("---")]


def _numbers(text: str) -> set[float]:
    results = (match.strip("%").replace(",", "") for match in _NUMBER.findall(text))
    return {float(number) for number in results if number.strip("+-.")}


def test_pages_of_results_are_those_of_the_kept_results() -> None:
    """Word for word, and no page is there without its result: `python -m tests.benchmarks tables` writes them."""
    there = {path.name: path.read_text(encoding="utf-8") for path in (_DOCS / "results").glob("*.md")}
    assert there == _TABLES.pages()


def test_every_result_names_its_commit() -> None:
    """A figure proves nothing if its code is unknown."""
    for name, text in _TABLES.pages().items():
        assert name == "README.md" or re.search(r"^- commit: [0-9a-f]{7,}\+?(,|$)", text, re.MULTILINE), name


def test_the_page_of_benchmarks_is_short() -> None:
    """At most 1,500 words, as a reader counts them."""
    assert len((_DOCS / "benchmarks.md").read_text(encoding="utf-8").split()) <= 1500


@pytest.mark.parametrize("claim", _claims(), ids=lambda claim: claim[0][:40])
def test_every_figure_stands_in_a_table(claim: tuple[str, str, str]) -> None:
    """Numbers of a row are those of the results that it leads to, and its claim leads to some."""
    reported, figures, caveat = claim
    linked = re.compile(r"\(results/(\w+)\.md\)")
    assert linked.search(reported + figures), reported
    pages = [_DOCS / "results" / f"{name}.md" for name in linked.findall("".join(claim))]
    held = set().union(*(_numbers(page.read_text(encoding="utf-8")) for page in pages))
    assert _numbers(re.sub(r"`[^`]*`", "", linked.sub("", f"{figures} {caveat}"))) <= held, reported
