"""A removed page is listed, and the source decides whether its document is kept."""

from __future__ import annotations

import importlib
import json
from typing import TYPE_CHECKING, Any

import pytest

from latam_corpus.collect.files import list_inputs, read

if TYPE_CHECKING:
    from pathlib import Path

# By name: the package is `tests.benchmarks` to Python and `benchmarks` to the type checker.
website: Any = importlib.import_module("tests.benchmarks.crawl.website")
page = website.page


def _crawl(site: Any, out: Path, more: str = "", **options: Any) -> Any:
    return website.crawl(site, out, more, **options)[0]


def _rows(site: Any, out: Path) -> list[tuple[str, str | None]]:
    """Return address and drop reason of each document's latest row."""
    source = website.source_of(site)
    frames = [f for file in list_inputs(source, out / "collected" / "gaceta" / "warc") for f in read(source, file)]
    rows = sorted((row for frame in frames for row in frame.iter_rows(named=True)), key=lambda row: row["obtained"])
    latest = {row["doc_id"]: (row["url"].removeprefix(site.root), row["drop_reason"]) for row in rows}
    return sorted(latest.values())


def _listed(out: Path) -> list[tuple[str, bool]]:
    lines = (out / "collected" / "gaceta" / "gone.jsonl").read_text(encoding="utf-8").splitlines()
    return [(row["url"], row["withdrawn"]) for row in map(json.loads, lines)]


@pytest.mark.parametrize("status", [404, 410])
def test_a_removed_page_keeps_its_row_and_is_listed(tmp_path: Path, site: Any, status: int) -> None:
    """A removed page keeps its row, and an address that never gave a page is an error."""
    site.routes |= {"/": page("inicio", "/dos", "/nunca"), "/dos": page("dos")}
    _crawl(site, tmp_path)
    assert not (tmp_path / "collected" / "gaceta" / "gone.jsonl").exists()
    site.routes["/dos"] = (status, {}, b"ya no")
    for _ in range(2):
        result = _crawl(site, tmp_path, again=True)
        assert (result.states, result.complete) == ({"failed": 1, "gone": 1, "page": 1}, True)
        assert _listed(tmp_path) == [(f"{site.root}/dos", False)]
    assert result.causes == {"error status": 3, "gone": 2}
    assert _rows(site, tmp_path) == [("/", None), ("/dos", None)]


def test_a_source_may_withdraw_removed_pages(tmp_path: Path, site: Any) -> None:
    """A removed page is withdrawn once, and its row returns when the page does."""
    site.routes |= {"/": page("inicio", "/dos"), "/dos": page("dos")}
    more = 'gone = "withdraw"'
    _crawl(site, tmp_path, more)
    site.routes["/dos"] = (410, {}, b"ya no")
    for _ in range(2):
        assert _crawl(site, tmp_path, more, again=True).states == {"gone": 1, "page": 1}
        assert _listed(tmp_path) == [(f"{site.root}/dos", True)]
    assert _rows(site, tmp_path) == [("/", None), ("/dos", "withdrawn")]
    source = website.source_of(site)
    files = list_inputs(source, tmp_path / "collected" / "gaceta" / "warc")
    reasons = [reason for file in files for frame in read(source, file) for reason in frame["drop_reason"]]
    assert reasons.count("withdrawn") == 1
    site.routes["/dos"] = page("dos, otra vez")
    assert _crawl(site, tmp_path, more, again=True).states == {"page": 2}
    assert _listed(tmp_path) == []


def test_an_unfinished_round_keeps_the_list_of_removed_pages(tmp_path: Path, site: Any) -> None:
    """The list of removed pages is written only at the end of a round."""
    site.routes |= {"/": page("inicio", "/dos"), "/dos": page("dos")}
    _crawl(site, tmp_path)
    del site.routes["/dos"]
    _crawl(site, tmp_path, again=True)
    assert _listed(tmp_path) == [(f"{site.root}/dos", False)]
    _crawl(site, tmp_path, again=True, limit=1)
    assert _listed(tmp_path) == [(f"{site.root}/dos", False)]


def test_pages_that_return_are_not_a_trap(tmp_path: Path, site: Any) -> None:
    """The content of a withdrawn page doesn't count as seen before."""
    names = [f"/nota/{n}" for n in range(60)]
    pages = {name: page(f"nota {name}") for name in names}
    site.routes |= {"/": page("inicio", *names), **pages}
    more = 'gone = "withdraw"'
    _crawl(site, tmp_path, more)
    for name in names:
        del site.routes[name]
    _crawl(site, tmp_path, more, again=True)
    site.routes |= pages
    _crawl(site, tmp_path, more, again=True)
    new = [f"/nota/{n}" for n in range(60, 80)]
    site.routes |= {"/": page("inicio", *names, *new), **{name: page(f"nota {name}") for name in new}}
    assert _crawl(site, tmp_path, more, again=True).states == {"page": 81}
