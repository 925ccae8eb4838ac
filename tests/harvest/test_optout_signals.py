"""Every opt-out signal is read from where it stands; the most restrictive wins; what is no signal refuses nothing."""

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
from latam_corpus.catalog.optout.preferences import content_signal, content_usage
from latam_corpus.catalog.optout.rsl import licence_verdict
from latam_corpus.harvest.optout.aitxt import ai_txt_opt_outs
from latam_corpus.harvest.optout.robots import Robots
from latam_corpus.harvest.optout.site import Site, SiteFile
from latam_corpus.harvest.optout.tdmrep_file import file_reservation

_NOW = datetime(2026, 11, 25, 12, tzinfo=UTC)
_ROOT = "https://diario.example"


def _site(**files: str) -> Site:
    names = {"robots": "/robots.txt", "ai": "/ai.txt", "tdm": "/.well-known/tdmrep.json", "rsl": "/rsl.xml"}
    return Site(_ROOT, {_ROOT + names[name]: SiteFile(text.encode(), _NOW) for name, text in files.items()})


def _signals(site: Site, path: str = "/nota", **page: Any) -> list[str]:
    found = site.page_opt_outs(_ROOT + path, page.get("headers", []), page.get("body", b""), _NOW)
    return [one.signal for one in found]


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
def test_what_a_robots_txt_refuses(robots: str, path: str, expected: list[str]) -> None:
    """Training agents, Content-Usage and Content-Signal, by group and longest path."""
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
def test_what_a_licence_says(terms: str, server: str, expected: str | None) -> None:
    """Prohibition, permission to be asked, or free use."""
    verdict = licence_verdict(_RSL.format(url="/", server=server, terms=terms).encode(), f"{_ROOT}/nota")
    assert (verdict[0] if verdict else None) == expected


def test_a_licence_speaks_of_its_own_paths_and_host() -> None:
    """A licence for one folder, or for another host, says nothing of other pages."""
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
def test_a_licence_that_is_a_bomb_or_no_licence_asks_for_permission_or_says_nothing(bomb: bytes) -> None:
    """Entities are never resolved, and nothing is fetched."""
    verdict = licence_verdict(bomb, f"{_ROOT}/nota")
    assert verdict is None or verdict[0] == "rsl-permission"
    assert verdict is None or "xxxx" not in verdict[1]


def test_a_page_that_frees_itself_overrides_its_sites_reservation_and_no_other_signal() -> None:
    """TDMRep lets a header replace the file; what other signals refuse stays refused."""
    site = _site(tdm='[{"location": "/", "tdm-reservation": 1}]', robots="User-agent: CCBot\nDisallow: /")
    assert _signals(site) == ["robots-agent", "tdm-reservation"]
    assert _signals(site, headers=[("tdm-reservation", "0")]) == ["robots-agent"]
    mixed = b'<meta name="tdm-reservation" content="1">'
    assert _signals(site, headers=[("tdm-reservation", "0")], body=mixed) == ["robots-agent", "tdm-reservation"]


@pytest.mark.parametrize("text", ["{", "[[[", "7", "[7]", '[{"location": 3, "tdm-reservation": {}}]', "[" * 99_999])
def test_a_tdmrep_file_of_nonsense_says_nothing(text: str) -> None:
    """Nothing is raised, whatever a server sends."""
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
def test_what_the_head_of_a_page_refuses(body: bytes, expected: list[str]) -> None:
    """Elements in any order and case; not comments, not text, not words said to other agents."""
    assert [one.signal for one in head_opt_outs(Head(b"<html><head>" + body), f"{_ROOT}/a", _NOW)] == expected


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
def test_what_a_header_refuses(name: str, value: str, expected: list[str]) -> None:
    """A header speaks to all unless it names an agent."""
    assert [one.signal for one in header_opt_outs([(name, value)], f"{_ROOT}/a", _NOW)] == expected


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
def test_what_an_ai_txt_refuses(text: str, path: str, refused: bool) -> None:
    """Endings and paths; a page without an ending is HTML."""
    assert bool(ai_txt_opt_outs(text, _ROOT + path, f"{_ROOT}/ai.txt", _NOW)) == refused


def test_all_signals_of_one_page_are_told_each_with_its_address_and_time() -> None:
    """None hides another."""
    site = _site(
        robots="User-agent: *\nContent-Usage: train-ai=n\nContent-Signal: ai-train=no\n"
        "User-agent: GPTBot\nDisallow: /\nLicense: /rsl.xml",
        ai="User-Agent: *\nDisallow: /",
        tdm='{"location": "/", "tdm-reservation": "1", "tdm-policy": "https://diario.example/p.json"}',
        rsl=_RSL.format(url="/", server="", terms='<prohibits type="usage">all</prohibits>'),
    )
    found = site.page_opt_outs(f"{_ROOT}/nota", [("x-robots-tag", "noai"), ("x-robots-tag", "noarchive")], b"", _NOW)
    assert {one.signal for one in found} == {
        "robots-agent", "content-usage", "content-signal", "ai.txt", "tdm-reservation", "rsl-prohibited", "noai",
        "noarchive",
    }  # fmt: skip
    assert all(one.time == _NOW and one.address.startswith(_ROOT) and one.value for one in found)
    assert withheld(one.signal for one in found) == {"train", "redistribute"}
    assert from_json(to_json(found)) == found


def test_licences_are_found_in_headers_and_heads() -> None:
    """Only RSL licences: a link to Creative Commons is a statement of rights, no opt-out."""
    headers = [("link", '<https://a.example/l.xml>; rel="license"; type="application/rsl+xml", </x>; rel="next"')]
    body = (
        b'<link rel="license" href="https://creativecommons.org/licenses/by/4.0/">'
        b'<link rel=license href=/r.xml type="application/rsl+xml">'
    )
    assert licence_links(headers, Head(body)) == ["https://a.example/l.xml", "/r.xml"]


def test_the_list_of_agents_holds_no_crawler_of_ours_and_no_name_twice() -> None:
    """A snapshot that is edited by hand is checked by a test."""
    names = [agent.lower() for agent in training_agents()]
    assert len(names) == len(set(names)) > 20
    assert "latam-corpus" not in names


@given(st.text(max_size=300))
def test_any_text_is_read_without_an_error(text: str) -> None:
    """A site may send anything as any of its files."""
    site = _site(robots=text, ai=text, tdm=text, rsl=text)
    site.page_opt_outs(f"{_ROOT}/nota", [("x-robots-tag", text), ("link", text)], text.encode(), _NOW)
    content_usage(text)
    content_signal(text)
    assert Robots(text).delay >= 0


def test_a_pattern_of_many_stars_takes_no_time() -> None:
    """A pattern that a backtracking matcher would never finish."""
    assert not matches("/" + "*a" * 400 + "b$", "/" + "a" * 4000)
    assert longest([("/*a*a", 1), ("/", 2)], "/xaxa") == [1]


def test_a_licence_is_read_of_a_script_and_not_of_half_a_tag() -> None:
    """Of a tag without an end that names the type thousands of times, too."""
    assert head_opt_outs(Head(b"<script " + b"rsl+xml" * 30_000), "https://a.example/", _NOW) == []
    licence = _RSL.format(url="/", server="", terms='<prohibits type="usage">ai-train</prohibits>')
    told = head_opt_outs(
        Head(f'<script data-x="1" type="application/rsl+xml">{licence}</script>'.encode()), "https://a.example/", _NOW
    )
    assert [one.signal for one in told]
