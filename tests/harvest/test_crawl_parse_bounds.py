"""Parsing a stranger's robots.txt, list or page is bounded and logged, and doesn't hold up other hosts."""

from __future__ import annotations

import gzip
import importlib
import re
import subprocess
import sys
from typing import TYPE_CHECKING, Any

import pytest

from latam_corpus.extract.isolation.child import DocumentLimits
from latam_corpus.harvest.crawl import website as crawl_website
from latam_corpus.harvest.crawl.answers import sandboxed_parsing
from latam_corpus.harvest.crawl.answers.links import listing
from latam_corpus.harvest.crawl.causes import TroubleError
from latam_corpus.harvest.crawl.visit import Visits
from latam_corpus.harvest.crawl.website import Crawler
from latam_corpus.harvest.crawlers import crawler_of
from latam_corpus.harvest.optout import robots
from latam_corpus.harvest.optout import site as optout_site
from latam_corpus.harvest.optout.robots import Robots, within_bounds

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

website: Any = importlib.import_module("tests.benchmarks.crawl.website")
collected: Any = importlib.import_module("tests.benchmarks.crawl.collected")
page = website.page
_TEXT = {"Content-Type": "text/plain"}
_RULES = (
    "User-agent: GPTBot\nUser-agent: *\nDisallow: /p*/x*\nAllow: /p/x/y\nDisallow: /q\n\n"
    "User-agent: CCBot\nDisallow: /q\n"
)
_PATHS = ("/", "/p", "/p/x", "/p/x/y", "/pa/x", "/q", "/q/1", "/r*", "/x")


def test_a_robots_txt_within_the_bounds_is_read_as_written() -> None:
    """A robots.txt within the bounds isn't changed."""
    assert within_bounds(_RULES) == _RULES


@pytest.mark.parametrize(
    ("name", "shut"), [("MAX_STARS", {"/p", "/p/x", "/p/x/y", "/pa/x", "/q", "/q/1"}), ("MAX_RULES", set(_PATHS))]
)
def test_beyond_the_bounds_a_robots_txt_allows_less_and_never_more(
    monkeypatch: pytest.MonkeyPatch, name: str, shut: set[str]
) -> None:
    """A rule with stars is cut at its first star, and named agents are refused at least as much as before."""
    written = Robots(_RULES)
    monkeypatch.setattr(robots, name, 3)
    strict = Robots(_RULES)
    urls = {path: f"https://a.example{path}" for path in _PATHS}
    assert {path for path, url in urls.items() if not strict.allows(url)} == shut
    for url in urls.values():
        refused = set(strict.refused_agents(url))
        assert refused >= set(written.refused_agents(url)) or "*" in refused


def test_a_robots_txt_of_many_stars_delays_no_other_host(
    tmp_path: Path, site: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    """462 kB of rules with stars refuse their site without delaying the other."""
    texts: list[str] = []
    parser = robots._parser()  # noqa: SLF001

    class Counted(parser):  # type: ignore[misc, valid-type]
        @classmethod
        def parse(cls, content: str) -> Any:
            texts.append(content)
            return parser.parse(content)

    monkeypatch.setattr(robots, "_parser", lambda: Counted)
    optout_site._robots.cache_clear()  # noqa: SLF001
    rules = "User-agent: *\n" + "".join(f"Disallow: /*a*{n}*b$\n" for n in range(21_000))
    site.routes |= {"/robots.txt": (200, _TEXT, rules.encode()), "/": page("inicio")}
    with website.Website({"/": page("otra")}) as other_site:
        hosts = f'hosts = ["{site.host}", "{other_site.host}"]\nprivate_hosts = ["{site.host}", "{other_site.host}"]'
        source = website.source_of(site, f'{hosts}\nstart = ["{site.root}/", "{other_site.root}/"]')
        result = Crawler(source, tmp_path, website.Unseen()).run()
    assert (result.pages, result.states) == (1, {"page": 1, "refused": 1})
    long = [text for text in texts if "Disallow" in text]
    assert len(long) == 1
    assert len(long[0]) < 100


def test_refused_addresses_delay_no_other_host(tmp_path: Path, site: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    """The search through refused addresses is limited to one turn per host."""
    shut: list[str] = []
    monkeypatch.setattr(crawl_website, "_LONGEST_TURN", -1.0)
    shut_out = Visits.shut_out

    def counted(visits: Visits, waiting: Any, of: Any) -> None:
        shut.append(waiting.url)
        shut_out(visits, waiting, of)

    monkeypatch.setattr(Visits, "shut_out", counted)
    turns: list[int] = []
    next_ = Crawler._next_waiting_job  # noqa: SLF001

    def turn(crawler: Crawler, host: str, now: float) -> Any:
        shut_count = len(shut)
        job = next_(crawler, host, now)
        turns.append(len(shut) - shut_count)
        return job

    monkeypatch.setattr(Crawler, "_next_waiting_job", turn)
    site.routes["/robots.txt"] = (200, _TEXT, b"User-agent: *\nDisallow: /no")
    site.routes["/"] = page("inicio", *(f"/no/{n}" for n in range(200)))
    with website.Website({"/": page("otra")}) as other_site:
        hosts = f'hosts = ["{site.host}", "{other_site.host}"]\nprivate_hosts = ["{site.host}", "{other_site.host}"]'
        source = website.source_of(site, f'{hosts}\nstart = ["{site.root}/", "{other_site.root}/"]')
        result = Crawler(source, tmp_path, website.Unseen()).run()
    assert (result.pages, result.complete, len(shut)) == (2, True, 200)
    assert max(turns) == 1


_BOMB = b"<a/>" * 1_500_000
_XML = {"Content-Type": "text/xml", "Content-Encoding": "gzip"}


@pytest.mark.parametrize(
    ("kind", "head", "body"),
    [
        ("crawl", {"Content-Encoding": "gzip"}, lambda: b"<p>" + b"<br>" * 1_500_000),
        ("crawl", {"Content-Type": "application/gzip"}, lambda: b"<urlset>" + _BOMB + b"</urlset>"),
        ("feeds", _XML, lambda: b"<rss>" + _BOMB + b"</rss>"),
        ("oai", _XML, lambda: b"<OAI-PMH>" + _BOMB + b"</OAI-PMH>"),
    ],
)  # fmt: skip
def test_a_parser_bomb_costs_only_itself(
    tmp_path: Path,
    site: Any,
    monkeypatch: pytest.MonkeyPatch,
    kind: str,
    head: dict[str, str],
    body: Callable[[], bytes],
) -> None:
    """A few kilobytes that become a tree of a hundred megabytes are logged, and other pages are crawled."""
    monkeypatch.setattr(sandboxed_parsing, "_LIMITS", DocumentLimits(seconds=60.0, memory_mb=48, clock_seconds=300.0))
    monkeypatch.setattr(crawl_website, "_RESTS", 0.0)  # a host rests for so many times what its answer took
    route = (200, head, gzip.compress(body()))
    site.routes |= {"/mala": route, "/": page("inicio", "/mala", "/buena"), "/buena": page("buena")}
    rss = f"<rss><channel><item><link>{site.root}/buena</link></item></channel></rss>".encode()
    site.routes["/rss"] = (200, {"Content-Type": "application/rss+xml"}, rss)
    site.any_ = lambda path: route if path.startswith("/mala?") else None
    tables = {
        "crawl": f'start = ["{site.root}/"]',
        "feeds": f'start = ["{site.root}/mala", "{site.root}/rss"]',
        "oai": f'address = "{site.root}/mala"',
    }
    source = collected.source_of(site.host, kind, tables[kind], "")
    result = crawler_of(source)(source, tmp_path, website.Unseen(), first_rest=0.01).run()
    notes = website.notes_of(result.folder)
    assert [(note["cause"], "to parse it takes more" in note["told"]) for note in notes] == [("too large", True)]
    assert result.pages == {"crawl": 2, "feeds": 1, "oai": 0}[kind]


def test_endless_parsing_is_stopped(monkeypatch: pytest.MonkeyPatch) -> None:
    """Parsing ends at the limit of processor time."""
    monkeypatch.setattr(sandboxed_parsing, "LARGE", 0)
    monkeypatch.setattr(sandboxed_parsing, "_LIMITS", DocumentLimits(seconds=0.2))
    with pytest.raises(TroubleError, match="timed out"):
        sandboxed_parsing.parse_isolated(re.match, b"(a+)+$", b"a" * 64 + b"b")


def test_sandboxed_parsing_returns_the_same_results(monkeypatch: pytest.MonkeyPatch) -> None:
    """The sandboxed process returns the same links and errors."""
    body = b"<urlset><url><loc>https://a.example/1</loc></url></urlset>"
    parsed_here = sandboxed_parsing.parse_isolated(listing, body, "https://a.example/s.xml")
    with pytest.raises(TroubleError) as error_here:
        sandboxed_parsing.parse_isolated(listing, body[:-3], "https://a.example/s.xml")
    monkeypatch.setattr(sandboxed_parsing, "LARGE", 0)
    assert sandboxed_parsing.parse_isolated(listing, body, "https://a.example/s.xml") == parsed_here
    with pytest.raises(TroubleError) as error_in_sandbox:
        sandboxed_parsing.parse_isolated(listing, body[:-3], "https://a.example/s.xml")
    assert (error_in_sandbox.value.cause, error_in_sandbox.value.detail) == (
        error_here.value.cause,
        error_here.value.detail,
    )
    assert parsed_here is not None
    assert parsed_here.pages == ["https://a.example/1"]


def test_earlier_memory_of_the_crawler_does_not_count(tmp_path: Path) -> None:
    """The sandbox measures its own memory, so that earlier use by the crawler doesn't matter."""
    script = tmp_path / "crawler.py"
    script.write_text(
        "held = bytearray(1_200_000_000)\n"
        "held[::4096] = b'1' * len(held[::4096])\n"
        "del held\n"
        "from latam_corpus.harvest.crawl.answers import sandboxed_parsing\n"
        "from latam_corpus.harvest.crawl.answers.links import listing\n"
        "sandboxed_parsing.LARGE = 0\n"
        "body = b'<urlset><url><loc>https://a.example/1</loc></url></urlset>'\n"
        "print(sandboxed_parsing.parse_isolated(listing, body, 'https://a.example/s.xml').pages)\n",
        encoding="utf-8",
    )
    done = subprocess.run([sys.executable, str(script)], capture_output=True, text=True, check=False)
    assert done.stdout == "['https://a.example/1']\n", done.stderr
