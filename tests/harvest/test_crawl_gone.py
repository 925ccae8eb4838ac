"""A page that was had and is gone is listed apart; whether its row stays, its source says."""

from __future__ import annotations

import importlib
import json
from typing import TYPE_CHECKING, Any

import pytest

from latam_corpus.collect.files import list_inputs, read
from latam_corpus.harvest.crawl.website import Crawler

if TYPE_CHECKING:
    from pathlib import Path

# By name: the package is `tests.benchmarks` to Python and `benchmarks` to the type checker.
website: Any = importlib.import_module("tests.benchmarks.crawl.website")
page = website.page


def _crawl(site: Any, out: Path, more: str = "", *, again: bool = False, limit: int | None = None) -> Any:
    crawler = Crawler(website.source_of(site, more), out, website.Unseen(), first_rest=0.01, limit=limit)
    return crawler.run(again=again)


def _rows(site: Any, out: Path) -> list[tuple[str, str | None]]:
    """Address and drop reason of the rows that a run takes: of those with one `doc_id` the latest obtained."""
    source = website.source_of(site)
    frames = [f for file in list_inputs(source, out / "collected" / "gaceta" / "warc") for f in read(source, file)]
    rows = sorted((row for frame in frames for row in frame.iter_rows(named=True)), key=lambda row: row["obtained"])
    latest = {row["doc_id"]: (row["url"].removeprefix(site.root), row["drop_reason"]) for row in rows}
    return sorted(latest.values())


def _listed(out: Path) -> list[tuple[str, bool]]:
    lines = (out / "collected" / "gaceta" / "gone.jsonl").read_text(encoding="utf-8").splitlines()
    return [(row["url"], row["withdrawn"]) for row in map(json.loads, lines)]


@pytest.mark.parametrize("status", [404, 410])
def test_a_page_that_is_gone_keeps_its_row_and_is_listed(tmp_path: Path, site: Any, status: int) -> None:
    """As in an archive; an address that never gave a page is an error and not gone."""
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


def test_a_source_may_take_back_what_is_gone(tmp_path: Path, site: Any) -> None:
    """Its row is withdrawn, once; a page that comes back is read anew, and its row is the latest."""
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


def test_in_a_round_that_was_cut_the_list_of_what_is_gone_stands(tmp_path: Path, site: Any) -> None:
    """It is written anew when nothing waits."""
    site.routes |= {"/": page("inicio", "/dos"), "/dos": page("dos")}
    _crawl(site, tmp_path)
    del site.routes["/dos"]
    _crawl(site, tmp_path, again=True)
    assert _listed(tmp_path) == [(f"{site.root}/dos", False)]
    _crawl(site, tmp_path, again=True, limit=1)
    assert _listed(tmp_path) == [(f"{site.root}/dos", False)]


def test_pages_that_come_back_are_no_trap(tmp_path: Path, site: Any) -> None:
    """What was taken back counts as if it had never been: the same content isn't met «again»."""
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
