"""Malformed and malicious input at full size and under the default limits is bounded and logged."""

from __future__ import annotations

import gzip
import importlib
from typing import TYPE_CHECKING, Any

import pytest

from latam_corpus.extract.isolation.process_memory import held
from latam_corpus.harvest.crawl import website as crawl_website
from latam_corpus.harvest.crawlers import crawler_of

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

collected: Any = importlib.import_module("tests.benchmarks.crawl.collected")
website: Any = importlib.import_module("tests.benchmarks.crawl.website")
page = website.page
_RSS = {"Content-Type": "application/rss+xml"}
_XML = {"Content-Type": "text/xml"}
_PACKED = {**_XML, "Content-Encoding": "gzip"}


@pytest.fixture
def site() -> Iterator[Any]:
    """A running website with two good pages and a feed of one of them."""
    with website.Website() as running:
        link = f"<item><link>{running.root}/buena</link></item>"
        running.routes |= {
            "/": page("inicio", "/buena"),
            "/buena": page("buena"),
            "/rss": (200, _RSS, f"<rss><channel>{link}</channel></rss>".encode()),
        }
        yield running


def _crawl(site: Any, out: Path, kind: str, table: str) -> tuple[Any, list[tuple[str, str]], int]:
    """Return the result, the causes by path, and the megabytes by which this process has grown."""
    source = collected.source_of(site.host, kind, table, "")
    initial_bytes = held("VmRSS")
    result = crawler_of(source)(source, out, website.Unseen(), first_rest=0.01).run()
    grown = (held("VmRSS") - initial_bytes) >> 20
    notes = website.notes_of(result.folder)
    return result, [(note["cause"], note["url"].removeprefix(site.root)) for note in notes], grown


@pytest.mark.slow
def test_a_feed_of_50_megabytes(tmp_path: Path, site: Any) -> None:
    """A feed of 50 MB, plain or compressed to a hundredth, doesn't stop the other feed."""
    item = f"<item><title>{'Nota ' * 40}</title><link>{site.root}/n</link></item>".encode()
    feed = b"<rss><channel>" + item * (50 * 2**20 // len(item)) + b"</channel></rss>"
    packed = (200, {**_RSS, "Content-Encoding": "gzip"}, gzip.compress(feed))
    site.routes |= {"/grande": (200, _RSS, feed), "/empacada": packed}
    starts = ", ".join(f'"{site.root}/{name}"' for name in ("grande", "empacada", "rss"))
    result, notes, grown = _crawl(site, tmp_path, "feeds", f"start = [{starts}]")
    assert sorted(notes) == [("too large", "/grande"), ("unpacks too large", "/empacada")]
    assert (result.pages, "/n" in site.paths) == (1, False)
    assert grown < 200


def test_a_sitemap_index_that_names_itself(tmp_path: Path, site: Any) -> None:
    """Sitemaps that name each other are requested once each, and the pages are found."""

    def index(*names: str) -> tuple[int, dict[str, str], bytes]:
        sitemaps = "".join(f"<sitemap><loc>{site.root}/{name}</loc></sitemap>" for name in names)
        return 200, _XML, f"<sitemapindex>{sitemaps}</sitemapindex>".encode()

    pages = f"<urlset><url><loc>{site.root}/buena</loc></url></urlset>".encode()
    site.routes |= {"/a.xml": index("a.xml", "b.xml"), "/b.xml": index("a.xml", "b.xml", "c.xml", "a.xml")}
    site.routes["/c.xml"] = (200, _XML, pages)
    result, notes, _ = _crawl(site, tmp_path, "crawl", f'start = ["{site.root}/a.xml"]')
    assert [site.paths.count(f"/{name}.xml") for name in "abc"] == [1, 1, 1]
    assert (result.pages, result.complete, notes) == (1, True, [])


@pytest.mark.slow
@pytest.mark.parametrize("rule", [b"Disallow: /x*a*b*c*d*$\n", b"Allow: /\nDisallow: /no\n", b"# relleno\n"])
def test_a_robots_txt_of_10_megabytes(tmp_path: Path, site: Any, rule: bytes) -> None:
    """The first 500 KiB of a robots.txt are obeyed, and the rest costs nothing."""
    rules = b"User-agent: *\nDisallow: /secreta\n" + rule * (10 * 2**20 // len(rule))
    site.routes |= {"/robots.txt": (200, {"Content-Type": "text/plain"}, rules), "/secreta": page("secreta")}
    site.routes["/"] = page("inicio", "/buena", "/secreta")
    result, notes, grown = _crawl(site, tmp_path, "crawl", f'start = ["{site.root}/"]')
    assert ("/secreta" in site.paths, result.pages) == (False, 2)
    assert ("shut out by robots", "/secreta") in notes
    assert grown < 200


@pytest.mark.slow
@pytest.mark.parametrize(
    ("answer", "cause"),
    [
        (lambda: b"<OAI-PMH>" + b" " * 300 * 2**20 + b"</OAI-PMH>", "unpacks too large"),
        (lambda: b"<OAI-PMH><ListRecords>" + b"<record/>" * 4_000_000, "unpacks too large"),
        (lambda: b"<OAI-PMH>" + b"<a>" * 3_000_000, "damaged XML"),
        (lambda: b'<!DOCTYPE a [<!ENTITY b "ja"><!ENTITY c "&b;&b;">]><OAI-PMH>&c;</OAI-PMH>', "damaged XML"),
    ],
    ids=["spaces", "records", "depth", "entities"],
)
def test_an_answer_of_a_repository_that_is_a_bomb(
    tmp_path: Path, site: Any, monkeypatch: pytest.MonkeyPatch, answer: Callable[[], bytes], cause: str
) -> None:
    """A list ends at a reply that is small as sent and huge when decompressed."""
    monkeypatch.setattr(crawl_website, "_RESTS", 0.0)  # a host rests for so many times what its answer took
    packed = gzip.compress(answer())
    site.any_ = lambda path: (200, _PACKED, packed) if path.startswith("/oai") else None
    result, notes, grown = _crawl(site, tmp_path, "oai", f'address = "{site.root}/oai"')
    assert [noted_cause for noted_cause, _ in notes] == [cause]
    assert (result.pages, grown < 200) == (0, True)
