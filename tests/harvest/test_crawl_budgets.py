"""A crawl limits its use of one host: requests, bytes, time, addresses, lists and trap pages."""

from __future__ import annotations

import importlib
import random
from datetime import date, timedelta
from typing import TYPE_CHECKING, Any

import pytest

from latam_corpus.harvest.commands import crawl as command
from latam_corpus.harvest.crawl.answers import traps
from latam_corpus.harvest.crawl.requests import Fetcher
from latam_corpus.harvest.crawl.website import Crawler

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

website: Any = importlib.import_module("tests.benchmarks.crawl.website")
page = website.page
_crawl = website.crawl
_XML = {"Content-Type": "text/xml"}
_MONTHS = "enero febrero marzo abril mayo junio julio agosto septiembre octubre noviembre diciembre"


def _endless(handler: Any) -> None:
    handler.close_connection = True
    handler.wfile.write(b"HTTP/1.1 200 OK\r\nContent-Type: text/html\r\n\r\n")
    while True:
        handler.wfile.write(b"<p>otra vez</p>" * 100)


@pytest.mark.parametrize(
    ("more", "why"),
    [
        ("max_pages = 1000\nmax_requests = 12", "too many requests"),
        ("max_bytes = 1000", "too many bytes"),
        ("max_bytes = 30000\nmax_page_bytes = 10000", "too many bytes"),
        ("max_hours = 0.0002", "too much time"),
    ],
)
def test_a_host_that_has_used_up_its_share_is_left_and_told(
    tmp_path: Path, site: Any, more: str, why: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """It isn't asked in this round again; the others are; a new round begins with the whole share."""
    fetch = Fetcher.fetch

    def timed(fetcher: Fetcher, job: Any) -> Any:
        """Each response takes as long as stated here, however busy this machine is."""
        answer = fetch(fetcher, job)
        answer.seconds = 0.3 if "/nada/" in job.address else 0.0
        return answer

    monkeypatch.setattr(Fetcher, "fetch", timed)
    names = [f"/nada/{n}" for n in range(30)]
    site.routes |= {"/": page("inicio", *names)}
    if "max_page_bytes" in more:
        site.routes |= dict.fromkeys(names, _endless)
    with website.Website({"/": page("otra")}) as other:
        hosts = f'hosts = ["{site.host}", "{other.host}"]\nprivate_hosts = ["{site.host}", "{other.host}"]'
        scope = f'{hosts}\nstart = ["{site.root}/", "{other.root}/"]\n{more}'
        result, _ = _crawl(site, tmp_path, scope)
        assert (result.closed, result.complete, result.pages) == ({site.host: why}, False, 2)
        request_count = len(site.asked)
        assert request_count <= 12
        result, _ = _crawl(site, tmp_path, scope)
        assert (result.closed, len(site.asked)) == ({site.host: why}, request_count)
        _crawl(site, tmp_path, scope, again=True)
        assert len(site.asked) > request_count


def test_the_default_request_limit_depends_on_the_pages(tmp_path: Path, site: Any) -> None:
    """The default limit is ten requests for each page to fetch, plus a hundred."""
    site.routes["/"] = page("inicio", *(f"/nada/{n}" for n in range(2000)))
    result, _ = _crawl(site, tmp_path, "max_pages = 10")
    assert (len(site.asked), result.closed) == (200, {site.host: "too many requests"})


def test_the_addresses_of_a_host_are_bounded(tmp_path: Path, site: Any) -> None:
    """A page of thousands of links adds no more addresses than the limit, which includes the start."""
    site.routes["/"] = page("inicio", *(f"/{n}" for n in range(50)))
    result, _ = _crawl(site, tmp_path, "max_addresses = 20")
    assert sum(result.states.values()) == 20
    assert result.causes["too many addresses"] == 31


def test_sitemaps_of_sitemaps_without_end_are_bounded(
    tmp_path: Path, site: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Sitemaps that each name three others are bounded, including those from robots.txt."""
    monkeypatch.setattr(traps, "MAX_LISTS", 12)

    def tree(path: str) -> Any:
        number = int(path[6:]) if path.startswith("/mapa/") else None
        if number is None:
            return None
        inner = "".join(f"<sitemap><loc>{site.root}/mapa/{3 * number + n}</loc></sitemap>" for n in (1, 2, 3))
        return 200, _XML, f"<sitemapindex>{inner}</sitemapindex>".encode()

    site.any_ = tree
    site.routes["/robots.txt"] = (200, {"Content-Type": "text/plain"}, b"Sitemap: /mapa/0")
    site.routes["/"] = page("inicio")
    result, notes = _crawl(site, tmp_path)
    assert (result.pages, result.complete) == (1, True)
    assert sum(path.startswith("/mapa/") for path in site.paths) == 12
    assert {note["cause"] for note in notes} == {"endless list"}


def _day(path: str) -> Any:
    """Return a calendar page at `/2005/8/17` without events."""
    parts = path.strip("/").split("/")
    if len(parts) != 3 or not all(part.isdigit() for part in parts):
        return None
    day = date(*(int(part) for part in parts))
    later_days = [day + timedelta(days=n) for n in (1, 7, 30, 365)]
    links = "".join(
        f'<a href="/{later.year}/{later.month}/{later.day}">{later.day} de {_MONTHS.split()[later.month - 1]}</a>'
        for later in later_days
    )
    text = f"<h1>{day.day} de {_MONTHS.split()[day.month - 1]} de {day.year}</h1><p>Ese día no hay actividades.</p>"
    return f"<!doctype html><title>{day}</title>{text}{links}".encode()


def _random(path: str) -> Any:
    """Return a page without numbers or order that links to five others."""
    if not path.startswith("/p/"):
        return None
    chance = random.Random(path)
    names = ["".join(chance.choices("abcdefghijklmnopqrstuvwxyz", k=12)) for _ in range(5)]
    return page("siempre la misma", *(f"/p/{name}" for name in names))


@pytest.mark.parametrize(("route", "start"), [(_day, "/2005/8/17"), (_random, "/p/a")])
def test_pages_with_repeated_words_are_a_trap(
    tmp_path: Path, site: Any, monkeypatch: pytest.MonkeyPatch, route: Callable[[str], Any], start: str
) -> None:
    """Pages that differ in bytes and addresses but not in words aren't requested further, and other pages are."""
    monkeypatch.setattr(traps, "MAX_SAME_WORDS", 5)
    good = [f"/nota/{name}" for name in ("uno", "dos", "tres", "cuatro", "cinco", "seis", "siete", "ocho")]
    site.any_ = route
    site.routes |= {"/": page("inicio", start, *good)} | {name: page(name.replace("/", " ")) for name in good}
    result, notes = _crawl(site, tmp_path)
    assert result.complete
    assert {note["cause"] for note in notes} == {"same content again"}
    assert len(site.paths) < 20
    assert set(good) <= set(site.paths)


def test_lists_of_titles_are_not_a_trap(tmp_path: Path, site: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    """The titles of linked notes count as the words of a page that has only links."""
    monkeypatch.setattr(traps, "MAX_SAME_WORDS", 3)
    words = [first + second for first in ("barca", "puerto", "alba", "viento") for second in ("azul", "nuevo", "lejos")]
    pages = {
        f"/lista?p={n}": f'<!doctype html><a href="/lista?p={n + 1}">{n + 1}</a><a href="/">{word}</a>'
        for n, word in enumerate(words)
    }
    site.routes |= {"/": page("inicio", "/lista?p=0")} | {name: text.encode() for name, text in pages.items()}
    assert _crawl(site, tmp_path)[0].pages == len(words) + 1


def test_progress_is_reported_without_pages(
    tmp_path: Path, site: Any, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    """Progress reports have the number of requests and the last address even without pages."""
    monkeypatch.setattr(command, "_LINE_EVERY", 0.0)
    monkeypatch.setattr("latam_corpus.cli.interface.ui_language.requested_language", lambda: "es")
    lines = command._Progress()  # noqa: SLF001
    site.routes["/"] = (404, {}, b"")
    Crawler(website.source_of(site), tmp_path, lines, first_rest=0.01).run()
    last = capsys.readouterr().err.splitlines()[-1]
    assert last.startswith("páginas: 0; solicitudes: 4; servidores con más:")
    assert last.endswith(f"la última: {site.root}/")
