"""Each opt-out signal is read from its place, the most restrictive wins, and anything else refuses nothing."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from latam_corpus.catalog.optout.agents import training_agents
from latam_corpus.catalog.optout.opt_out import from_json, to_json, withheld
from latam_corpus.catalog.optout.page_opt_outs import Head, head_opt_outs, header_opt_outs, licence_links
from latam_corpus.catalog.optout.patterns import longest, matches
from latam_corpus.catalog.optout.preferences import content_usage
from latam_corpus.catalog.optout.rsl import licence_verdict
from latam_corpus.harvest.optout.robots import Robots
from latam_corpus.harvest.optout.site import Site, SiteFile, ai_txt_opt_outs, file_reservation

_NOW = datetime(2026, 11, 25, 12, tzinfo=UTC)
_ROOT = "https://diario.example"


def _site(**files: str) -> Site:
    names = {"robots": "/robots.txt", "ai": "/ai.txt", "tdm": "/.well-known/tdmrep.json", "rsl": "/rsl.xml"}
    return Site(_ROOT, {_ROOT + names[name]: SiteFile(text.encode(), _NOW) for name, text in files.items()})


def _signals(site: Site, path: str = "/nota", **page: Any) -> list[str]:
    opt_outs = site.page_opt_outs(_ROOT + path, page.get("headers", []), page.get("body", b""), _NOW)
    return [opt_out.signal for opt_out in opt_outs]


_RSL = (
    '<rsl xmlns="https://rslstandard.org/rsl"><content url="{url}"{server}><license>{terms}</license></content></rsl>'
)


_USAGE = "content-usage"
_INLINE = (
    b'<script type="application/rsl+xml"><rsl><content url="/"><license><prohibits type="usage">all</prohibits>'
    b"</license></content></rsl></script>"
)


@pytest.mark.parametrize(
    ("robots", "path", "expected"),
    [
        ("User-agent: GPTBot\nDisallow: /", "/nota", ["robots-agent"]),
        ("User-agent: gptbot\nUser-agent: CCBot\nDisallow: /archivo/", "/archivo/1", ["robots-agent"]),
        ("User-agent: gptbot\nUser-agent: CCBot\nDisallow: /archivo/", "/nota", []),
        ("User-agent: GPTBot\nDisallow:", "/nota", []),
        ("User-agent: ChatGPT-User\nDisallow: /", "/nota", []),  # fetches for a reader, trains nothing
        ("User-agent: *\nDisallow: /", "/nota", ["robots-agent"]),
        ("User-agent: *\nAllow: /\nContent-Usage: / train-ai=n\nContent-Usage: /libre/ train-ai=y", "/libre/a", []),
        ("User-agent: *\nContent-Usage: / train-ai=n\nContent-Usage: /libre/ train-ai=y", "/a", ["content-usage"]),
        ("User-agent: *\nContent-Usage: train-ai=n # para todos", "/nota", ["content-usage"]),
        ("User-agent: *\nContent-Usage: / train-ai=y\nContent-Usage: / train-ai=n", "/nota", ["content-usage"]),
        ("User-agent: *\nContent-Usage: train-ai=y\nUser-agent: CCBot\nContent-Usage: train-ai=n", "/", [_USAGE]),
        ("User-agent: otherbot\nContent-Usage: train-ai=n", "/nota", []),
        ("User-agent: *\nContent-Signal: search=yes, ai-train=no\nAllow: /", "/nota", ["content-signal"]),
        ("User-agent: *\nContent-Signal: search=no, ai-train=yes", "/nota", []),
        ("Content-Signal: ai-train=no", "/nota", ["content-signal"]),  # outside any group
        ("<!DOCTYPE html><p>User-agent: GPTBot\nDisallow: /", "/nota", []),
        ("License: /rsl.xml", "/nota", ["rsl-permission"]),  # named, and not there
    ],
)  # fmt: skip
def test_opt_outs_of_a_robots_txt(robots: str, path: str, expected: list[str]) -> None:
    """Training agents, Content-Usage and Content-Signal count by group and longest path."""
    assert _signals(_site(robots=robots), path) == expected


@pytest.mark.parametrize(
    ("terms", "server", "expected"),
    [
        ('<prohibits type="usage">all</prohibits>', "", "rsl-prohibited"),
        ('<prohibits type="usage">ai-input, train-ai</prohibits>', "", "rsl-prohibited"),
        ('<permits type="usage">train-ai</permits><payment type="subscription"/>', "", "rsl-permission"),
        ('<permits type="usage">all</permits>', ' server="https://rsl.example/api"', "rsl-permission"),
        ('<permits type="usage">all</permits><payment type="attribution"/>', "", None),
        ('<prohibits type="usage">search</prohibits>', "", None),
        ('<prohibits type="geo">AR</prohibits>', "", None),
    ],
)
def test_opt_outs_of_a_licence(terms: str, server: str, expected: str | None) -> None:
    """A licence prohibits, requires permission, or allows free use."""
    verdict = licence_verdict(_RSL.format(url="/", server=server, terms=terms).encode(), f"{_ROOT}/nota")
    assert (verdict[0] if verdict else None) == expected


def test_a_licence_applies_to_its_own_paths_and_host() -> None:
    """A licence for a folder or another host doesn't apply to other pages."""
    terms = '<prohibits type="usage">all</prohibits>'
    for url in ("/archivo/", "https://otro.example/"):
        assert licence_verdict(_RSL.format(url=url, server="", terms=terms).encode(), f"{_ROOT}/nota") is None
    assert licence_verdict(_RSL.format(url=f"{_ROOT}/", server="", terms=terms).encode(), f"{_ROOT}/nota")


@pytest.mark.parametrize(
    "bomb",
    [
        b'<!DOCTYPE a [<!ENTITY x "xxxxxxxxxx"><!ENTITY y "&x;&x;&x;&x;">]><rsl><content url="/">&y;</content></rsl>',
        b'<!DOCTYPE a [<!ENTITY x SYSTEM "file:///etc/hostname">]><rsl><content url="&x;"/></rsl>',
        b"<rsl>" + b"<a>" * 100_000,
        b"<html><p>no",
        b"",
    ],
)  # fmt: skip
def test_bombs_and_other_files_as_licences(bomb: bytes) -> None:
    """Entities aren't resolved, and nothing is fetched."""
    verdict = licence_verdict(bomb, f"{_ROOT}/nota")
    assert verdict is None or verdict[0] == "rsl-permission"
    assert verdict is None or "xxxx" not in verdict[1]


def test_a_page_overrides_only_the_reservation_of_its_site() -> None:
    """A TDMRep header replaces the site's file, and other signals still apply."""
    site = _site(tdm='[{"location": "/", "tdm-reservation": 1}]', robots="User-agent: CCBot\nDisallow: /")
    assert _signals(site) == ["robots-agent", "tdm-reservation"]
    assert _signals(site, headers=[("tdm-reservation", "0")]) == ["robots-agent"]
    mixed = b'<meta name="tdm-reservation" content="1">'
    assert _signals(site, headers=[("tdm-reservation", "0")], body=mixed) == ["robots-agent", "tdm-reservation"]


@pytest.mark.parametrize("text", ["{", "[[[", "7", "[7]", '[{"location": 3, "tdm-reservation": {}}]', "[" * 99_999])
def test_a_malformed_tdmrep_file_is_ignored(text: str) -> None:
    """Malformed files raise no error."""
    assert file_reservation(text, f"{_ROOT}/nota") is None


@pytest.mark.parametrize(
    ("body", "expected"),
    [
        (b'<META CONTENT="noai, noimageai" NAME="ROBOTS">', ["noai"]),
        (b"<meta name=robots content=noarchive>", ["noarchive"]),
        (b'<meta name="GPTBot" content="noai">', ["noai"]),
        (b'<meta name="bingbot" content="noai">', []),
        (b'<!-- <meta name="robots" content="noai"> -->', []),
        (b"<p>noai es una palabra</p>", []),
        (b'<meta name="robots" content="noaims, noarchived">', []),
        (_INLINE, ["rsl-prohibited"]),
    ],
)  # fmt: skip
def test_opt_outs_of_the_head_of_a_page(body: bytes, expected: list[str]) -> None:
    """Elements count in any order and case, but not comments, text or words for other agents."""
    assert [opt_out.signal for opt_out in head_opt_outs(Head(b"<html><head>" + body), f"{_ROOT}/a", _NOW)] == expected


@pytest.mark.parametrize(
    ("name", "value", "expected"),
    [
        ("x-robots-tag", "noindex, noai", ["noai"]),
        ("x-robots-tag", "otherbot: noai", []),
        ("x-robots-tag", "ccbot: noai, nofollow", ["noai"]),
        ("x-robots-tag", "unavailable_after: 25 Jun 2026 15:00:00 PST", []),
        ("content-usage", "train-ai=n;x=1", ["content-usage"]),
        ("content-signal", "ai-train=no", ["content-signal"]),
        ("tdm-reservation", "0", []),
    ],
)
def test_opt_outs_of_a_header(name: str, value: str, expected: list[str]) -> None:
    """A header applies to all agents unless it names one."""
    assert [opt_out.signal for opt_out in header_opt_outs([(name, value)], f"{_ROOT}/a", _NOW)] == expected


@pytest.mark.parametrize(
    ("text", "path", "refused"),
    [
        ("User-Agent: *\nDisallow: /", "/nota", True),
        ("User-Agent: *\nDisallow: *.html\nAllow: *.txt", "/nota", True),
        ("User-Agent: *\nDisallow: *.html", "/nota.html", True),
        ("User-Agent: *\nDisallow: *.jpg", "/nota", False),
        ("User-Agent: *\nDisallow: /fotos/", "/nota", False),
        ("---\ntitle: Guía\n---\n# Sobre el diario", "/nota", False),
        ("<!doctype html><p>Disallow: /", "/nota", False),
    ],
)
def test_opt_outs_of_an_ai_txt(text: str, path: str, refused: bool) -> None:
    """Suffixes and paths count, and a page without a suffix is HTML."""
    assert bool(ai_txt_opt_outs(text, _ROOT + path, f"{_ROOT}/ai.txt", _NOW)) == refused


def test_all_signals_of_a_page_have_address_and_time() -> None:
    """No signal hides another."""
    site = _site(
        robots="User-agent: *\nContent-Usage: train-ai=n\nContent-Signal: ai-train=no\n"
        "User-agent: GPTBot\nDisallow: /\nLicense: /rsl.xml",
        ai="User-Agent: *\nDisallow: /",
        tdm='{"location": "/", "tdm-reservation": "1", "tdm-policy": "https://diario.example/p.json"}',
        rsl=_RSL.format(url="/", server="", terms='<prohibits type="usage">all</prohibits>'),
    )
    opt_outs = site.page_opt_outs(f"{_ROOT}/nota", [("x-robots-tag", "noai"), ("x-robots-tag", "noarchive")], b"", _NOW)
    assert {opt_out.signal for opt_out in opt_outs} == {
        "robots-agent", "content-usage", "content-signal", "ai.txt", "tdm-reservation", "rsl-prohibited", "noai",
        "noarchive",
    }  # fmt: skip
    assert all(opt_out.time == _NOW and opt_out.address.startswith(_ROOT) and opt_out.value for opt_out in opt_outs)
    assert withheld(opt_out.signal for opt_out in opt_outs) == {"train", "redistribute"}
    assert from_json(to_json(opt_outs)) == opt_outs


def test_licences_are_found_in_headers_and_heads() -> None:
    """Only RSL licences are opt-outs, and a link to Creative Commons is a statement of rights."""
    headers = [("link", '<https://a.example/l.xml>; rel="license"; type="application/rsl+xml", </x>; rel="next"')]
    body = (
        b'<link rel="license" href="https://creativecommons.org/licenses/by/4.0/">'
        b'<link rel=license href=/r.xml type="application/rsl+xml">'
    )
    assert licence_links(headers, Head(body)) == ["https://a.example/l.xml", "/r.xml"]


def test_the_list_of_agents_has_no_duplicate_and_not_our_crawler() -> None:
    """The hand-edited list of agents has no duplicate and not our own crawler."""
    names = [agent.lower() for agent in training_agents()]
    assert len(names) == len(set(names)) > 20
    assert "latam-corpus" not in names


@given(st.text(max_size=300))
def test_any_text_is_read_without_an_error(text: str) -> None:
    """Arbitrary bytes as any of a site's files raise no error."""
    site = _site(robots=text, ai=text, tdm=text, rsl=text)
    site.page_opt_outs(f"{_ROOT}/nota", [("x-robots-tag", text), ("link", text)], text.encode(), _NOW)
    content_usage(text)
    assert Robots(text).delay >= 0


def test_a_pattern_of_many_stars_takes_linear_time() -> None:
    """A pattern that would never end with backtracking is matched at once."""
    assert not matches("/" + "*a" * 400 + "b$", "/" + "a" * 4000)
    assert longest([("/*a*a", 1), ("/", 2)], "/xaxa") == [1]


def test_a_licence_is_read_from_a_script_but_not_from_an_unclosed_tag() -> None:
    """An unclosed tag that names the type thousands of times is read at once."""
    assert head_opt_outs(Head(b"<script " + b"rsl+xml" * 30_000), "https://a.example/", _NOW) == []
    licence = _RSL.format(url="/", server="", terms='<prohibits type="usage">ai-train</prohibits>')
    opt_outs = head_opt_outs(
        Head(f'<script data-x="1" type="application/rsl+xml">{licence}</script>'.encode()), "https://a.example/", _NOW
    )
    assert [opt_out.signal for opt_out in opt_outs]
