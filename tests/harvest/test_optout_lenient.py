"""Opt-outs of training are found in any spelling that crawlers accept, and statements to other agents are ignored."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest

from latam_corpus.catalog.optout.page_opt_outs import HEAD, Head, head_opt_outs, header_opt_outs, reserves
from latam_corpus.harvest.optout.robots import Robots
from latam_corpus.harvest.optout.site import Site, SiteFile, ai_txt_opt_outs, file_reservation

_NOW = datetime(2026, 11, 27, tzinfo=UTC)
_ROOT = "https://diario.example"


@pytest.mark.parametrize(
    ("robots", "agents"),
    [
        ("Useragent: GPTBot\nDisallow: /", ["GPTBot"]),
        ("User agent: GPTBot\nDisallow: /", ["GPTBot"]),
        ("User_Agents : GPTBot\nDisallow : /", ["GPTBot"]),
        ("User‑agent: GPTBot\nDisallow: /", ["GPTBot"]),  # a hyphen that doesn't break
        ("User-agent GPTBot\nDisallow /", ["GPTBot"]),
        ("User-agent=GPTBot\nDisallow=/", ["GPTBot"]),
        ("\ufeffUser-agent: GPTBot\nDisallow: /", ["GPTBot"]),
        ("Sitemap: /s.xml\n\ufeffUser-agent: GPTBot\nDisallow: /", ["GPTBot"]),  # two files put together
        ("User-agent: GPTBot/1.0\nDisallow: /", ["GPTBot"]),
        ("User-agent: GPTBot*\nDisallow: /", ["GPTBot"]),
        ("User-agent: *GPT*\nDisallow: /", ["GPTBot"]),
        ('User-agent: "GPTBot"\nDisallow: /', ["GPTBot"]),
        ("User-agent: GPTBot, CCBot\nDisallow: /", ["CCBot", "GPTBot"]),
        ("User-agent: otherbot CCBot;GPTBot\nDisallow: /", ["CCBot", "GPTBot"]),
        ("User-agent: Mozilla/5.0 (compatible; GPTBot/1.2; +https://openai.com/gptbot)\nDisallow: /", ["GPTBot"]),
        ("User-agent: Google Extended\nDisallow: /", ["Google-Extended"]),
        ("User-agent: Kangaroo Bot\nDisallow: /", ["Kangaroo Bot"]),
        ("User-agent: GPTBot # no entrenar\nDisallow: / # nada", ["GPTBot"]),
        ("User-agent: GPTBot\nDisalow: /", ["GPTBot"]),
        ("User-agent: GPTBot Disallow: /", ["GPTBot"]),
        (r"User-agent: GPTBot\nDisallow: /", ["GPTBot"]),  # a line end that was written, not made
        ("User-agent: GPTBot<br>Disallow: /", ["GPTBot"]),
        ("User-agent: GPTBot\rDisallow: /", ["GPTBot"]),
        ("User-agent: *, otherbot\nDisallow: /", ["*"]),
        ("User-agent: latam-corpus/1.0\nDisallow: /", ["*"]),
        ("User-agent *\nDisallow: /", ["*"]),
        # What isn't said, or isn't said to these.
        ("# User-agent: GPTBot Disallow: /", []),
        ("User-agent: otherbot\n# GPTBot puede\nDisallow: /", []),
        ("User-agent: NotGPTBot\nDisallow: /", []),
        ("User-agent: GPTBot-Image\nDisallow: /", []),
        ("User-agent: bot\nDisallow: /", []),
        ("User agents are welcome here\nDisallow: /", []),
        ("User-agent: GPTBot/1.0\nAllow: /", []),
        ("User-agent: GPTBot, CCBot\nDisallow: /otra/", []),
        ("User-agent: GPTBot\nDisallow: /\nAllow: /nota", []),
        ("Allow me to say this\nUser-agent: GPTBot\nDisallow:", []),
    ],
)  # fmt: skip
def test_agents_in_any_spelling_are_refused(robots: str, agents: list[str]) -> None:
    """Fields and agents count in any spelling that crawlers accept."""
    assert Robots(robots).refused_agents(f"{_ROOT}/nota") == agents


def test_other_lines_of_a_robots_txt_are_read_as_before() -> None:
    """Delays, sitemaps with a colon and licences aren't agents."""
    text = "User-agent: *\nCrawl delay: 3\nSitemap https://diario.example/s.xml\nSitemap: https://diario.example/t.xml"
    robots = Robots(text + "\nLicense: https://diario.example/rsl.xml")
    assert robots.delay == 3.0
    assert robots.sitemaps == ["https://diario.example/s.xml", "https://diario.example/t.xml"]
    assert robots.licences == ["https://diario.example/rsl.xml"]


@pytest.mark.parametrize("usage", ["Content-Usage: train-ai=n", "content_usage: /: train-ai=n"])
@pytest.mark.parametrize("agent", ["User-agent: GPTBot/1.0", "Useragent: *", "User-agent: otherbot, ccbot"])
def test_a_preference_is_found_in_the_group_of_an_agent_in_any_spelling(agent: str, usage: str) -> None:
    """Content-Usage applies to the agents of its group."""
    usage = usage.replace("/:", "/")
    assert [opt_out.signal for opt_out in Robots(f"{agent}\n{usage}").opt_outs(f"{_ROOT}/a", "", _NOW)] == [
        "content-usage"
    ]


@pytest.mark.parametrize("charset", ["utf-16", "utf-16-le", "utf-16-be", "utf-8-sig", "latin-1"])
def test_a_sites_files_may_be_utf_16(charset: str) -> None:
    """UTF-16 files are read with and without a byte order mark."""
    robots = SiteFile("User-agent: GPTBot\nDisallow: /\n# año".encode(charset), _NOW)
    site = Site(_ROOT, {f"{_ROOT}/robots.txt": robots})
    assert [opt_out.signal for opt_out in site.opt_outs(f"{_ROOT}/nota")] == ["robots-agent"]


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        ("max-image-preview:large, noai", ["noai"]),
        ("index, follow, max-image-preview:large, max-snippet:-1, max-video-preview:-1, noai, noimageai", ["noai"]),
        ("max-snippet:-1, noai", ["noai"]),
        ("max-snippet: -1 noai", ["noai"]),
        ("max-image-preview: none, noai", ["noai"]),  # a value that is a directive elsewhere
        ("new-directive:7, noai", ["noai"]),
        ("unavailable_after: 25 Jun 2026 15:00:00 PST, noarchive", ["noarchive"]),
        ("unavailable_after: 2026-06-25T15:00:00-03:00; noarchive", ["noarchive"]),
        ("noindex noai", ["noai"]),
        ("noindex;noai;noarchive", ["noai", "noarchive"]),
        ("NoAI|NoImageAI", ["noai"]),
        ('"noai"', ["noai"]),
        ("noai:", ["noai"]),
        ("*: noai", ["noai"]),
        ("GPTBot : noai", ["noai"]),
        ("GPTBot/1.0: noai", ["noai"]),
        ("Kangaroo Bot: noai", ["noai"]),
        ("otherbot, GPTBot: noai", ["noai"]),
        ("GPTBot, otherbot: noai", ["noai"]),
        ("otherbot: noindex, gptbot: noai", ["noai"]),
        ("noai, otherbot: noindex", ["noai"]),
        ("gptbot: max-snippet:-1, noai", ["noai"]),
        # Said to others, or not said.
        ("otherbot: noai", []),
        ("otherbot: noindex, noai", []),
        ("otherbot: max-snippet:-1, noai", []),
        ("otherbot:noarchive", []),
        ("noindex, otherbot: noai", []),
        ("noaims, noarchived, no", []),
        ("", []),
        (":", []),
    ],
)
def test_refusals_among_directives_are_found(value: str, expected: list[str]) -> None:
    """A directive with a value isn't taken for an agent, in headers and meta elements."""
    assert [opt_out.signal for opt_out in header_opt_outs([("x-robots-tag", value)], _ROOT, _NOW)] == expected
    quoted = value.replace('"', "&quot;")
    page = Head(f'<html><head><meta name="robots" content="{quoted}"></head>'.encode())
    assert [opt_out.signal for opt_out in head_opt_outs(page, _ROOT, _NOW)] == expected


@pytest.mark.parametrize(
    ("head", "expected"),
    [
        ('<meta name="robots" content="no&#97;i">', ["noai"]),
        ('<meta name="r&#x6F;bots" content="&#110;o&#x61;i&#44; x">', ["noai"]),
        ('<meta name="robots" content="&#110oarchive">', ["noarchive"]),
        ("<meta name=&quot;robots&quot; content=&quot;noai&quot;>", ["noai"]),
        ('<!-- guardado --><!doctype html><meta name="robots" content="noai">', ["noai"]),
        ('<!--><meta name="robots" content="noai"><!-- fin -->', ["noai"]),
        ('<!---><meta name="robots" content="noai"><!-- fin -->', ["noai"]),
        ('<!-- a --!><meta name="robots" content="noai"><!-- b -->', ["noai"]),
        ('<!--[if !IE]><!--><meta name="robots" content="noai"><!--<![endif]-->', ["noai"]),
        ('<!-- nunca cerrado <meta name="robots" content="noai">', ["noai"]),
        ('<script>a = "<!--";</script><meta name="robots" content="noai"><!-- b -->', ["noai"]),
        ('<!-- <script> --><meta name="robots" content="noai"><script></script>', ["noai"]),
        ('<meta name="robots" content="noai, noimageai><link rel="x" href="y">', ["noai"]),
        ("<meta name=“robots” content=“noai”>", ["noai"]),
        ("<meta name=robots content=noindex, noai>", ["noai"]),
        ('<meta name="robots" value="noai">', ["noai"]),
        ('<meta property="robots" content="noai">', ["noai"]),
        ('<meta name="robots, otherbot" content="noai">', ["noai"]),
        ('<meta name="otherbot,GPTBot" content="noai">', ["noai"]),
        ('<meta http-equiv="X-Robots-Tag" content="noai">', ["noai"]),
        ('<meta name="TDM-Reservation" content=" 1 ">', ["tdm-reservation"]),
        ('<meta name="tdm-reservation" content="true">', ["tdm-reservation"]),
        # Said to others, or not said.
        ('<meta name="bingbot" content="no&#97;i">', []),
        ('<!-- <meta name="robots" content="noai"> --><p>', []),
        ('<script>x = \'<meta name="robots" content="noai">\'</script>', []),
        ('<meta name="description" content="robots: noai">', []),
        ('<meta name="my-robots" content="noai">', []),
        ('<meta name="robots" content="index"><p>noai</p>', []),
        ('<meta name="tdm-reservation" content="0">', []),
    ],
)
@pytest.mark.parametrize("charset", ["utf-8", "utf-16", "utf-16-le", "utf-16-be"])
def test_opt_outs_of_a_head_are_found_in_any_markup(head: str, expected: list[str], charset: str) -> None:
    """Entities, comments, unclosed quotes, other attributes and UTF-16 are handled."""
    opt_outs = head_opt_outs(Head(f"<html><head>{head}".encode(charset)), _ROOT, _NOW)
    assert [opt_out.signal for opt_out in opt_outs] == expected


def test_a_reservation_is_the_same_in_capitals() -> None:
    """The page's statement replaces the site's file, in either case."""
    assert reserves([], Head(b'<meta name="TDM-Reservation" content="0">')) is False


def test_an_ai_txt_refuses_training_agents_by_their_own_names() -> None:
    """Agents are refused by name, and a permission for one agent frees no other."""
    for text in ("User-Agent: GPTBot\nDisallow: /", "Useragent CCBot/2.0\nDisallow /",
                 "User-Agent: *\nDisallow: /\nUser-Agent: GPTBot\nAllow: /nota"):  # fmt: skip
        assert ai_txt_opt_outs(text, f"{_ROOT}/nota", f"{_ROOT}/ai.txt", _NOW), text
    for text in ("User-Agent: otherbot\nDisallow: /", "User-Agent: *\nDisallow: /\nAllow: /nota"):
        assert not ai_txt_opt_outs(text, f"{_ROOT}/nota", f"{_ROOT}/ai.txt", _NOW), text


def test_a_reservation_in_a_file_that_isnt_json_reserves() -> None:
    """An extra comma doesn't cancel a reservation."""
    assert file_reservation('[{"location": "/", "tdm-reservation": 1},]', f"{_ROOT}/nota")
    assert file_reservation('[{"location": "/", "tdm-reservation": 0},]', f"{_ROOT}/nota") is None


@pytest.mark.parametrize(
    "piece",
    [
        "<!--",
        "<script>",
        "<style ",
        "<meta ",
        '<meta "',
        "<meta '",
        "<meta name='robots' a=",
        "&#110",
        "--><!-->",
        "a:",
    ],
)
def test_reading_a_head_takes_linear_time(piece: str) -> None:
    """Reading takes linear time, which the test run's time limit checks."""
    head = Head(b"noai" + piece.encode() * (HEAD // len(piece)))
    assert head_opt_outs(head, _ROOT, _NOW) == []
    assert header_opt_outs([("x-robots-tag", piece * (HEAD // len(piece)))], _ROOT, _NOW) == []
