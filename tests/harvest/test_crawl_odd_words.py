"""Odd values of servers and machines are understood or reported: ETags, delays, clocks and disks."""

from __future__ import annotations

import importlib
import json
import os
import resource
import subprocess
import sys
import time
from itertools import pairwise
from typing import TYPE_CHECKING, Any

import pytest

if TYPE_CHECKING:
    from pathlib import Path

library: Any = importlib.import_module("tests.benchmarks.crawl.library")
website: Any = importlib.import_module("tests.benchmarks.crawl.website")
page = website.page
_crawl = website.crawl
_TEXT = {"Content-Type": "text/plain"}


def _moved(target: bytes) -> Any:
    """Return a redirect whose target has bytes that aren't valid in a header."""

    def route(handler: Any) -> None:
        handler.wfile.write(b"HTTP/1.1 302 Found\r\nContent-Length: 0\r\nLocation: " + target + b"\r\n\r\n")

    return route


@pytest.mark.parametrize(
    ("target", "path"),
    [
        ("/mañana".encode(), "/ma%C3%B1ana"),
        ("/mañana".encode("latin-1"), "/ma%F1ana"),
        (b"/ma%C3%B1ana?q=a b", "/ma%C3%B1ana?q=a%20b"),
    ],
)
def test_the_bytes_of_a_redirect_target_are_preserved(tmp_path: Path, site: Any, target: bytes, path: str) -> None:
    """UTF-8 in a header is decoded, and other bytes are percent-encoded."""
    site.routes |= {"/": page("inicio", "/vieja"), "/vieja": _moved(target), path: page("mañana")}
    result, notes = _crawl(site, tmp_path)
    assert (result.pages, notes) == (2, [])
    assert site.paths[-1] == path


def test_an_etag_of_any_bytes_goes_back_as_it_came(tmp_path: Path, site: Any) -> None:
    """An ETag of any bytes is returned unchanged in the next rounds."""
    tag = '"versión-1"'

    def tagged(handler: Any) -> None:
        is_unchanged = handler.headers.get("If-None-Match") == tag
        site.answer(
            handler, (304, {"Content-Length": "0"}, b"") if is_unchanged else (200, {"ETag": tag}, page("inicio"))
        )

    site.routes["/"] = tagged
    for turn in range(3):
        assert _crawl(site, tmp_path, again=turn > 0)[0].pages == 1
    assert [request.headers.get("if-none-match") for request in site.asked if request.path == "/"] == [None, tag, tag]


@pytest.mark.parametrize(
    ("content_type", "head", "path"),
    [
        ("text/html; charset=iso-8859-1", "", "/b%C3%BAsqueda?q=ma%F1ana"),
        ("text/html", '<meta charset="windows-1252">', "/b%C3%BAsqueda?q=ma%F1ana"),
        ("text/html; charset=utf-8", "", "/b%C3%BAsqueda?q=ma%C3%B1ana"),
    ],
)
def test_links_have_their_query_in_the_charset_of_their_page(
    tmp_path: Path, site: Any, content_type: str, head: str, path: str
) -> None:
    """A query is encoded in the page's charset, as browsers do, and a path in UTF-8."""
    charset = "utf-8" if "utf-8" in content_type else "latin-1"
    body = f'<!doctype html>{head}<title>á</title><a href="/búsqueda?q=mañana">mañana</a>'.encode(charset)
    site.routes |= {"/": (200, {"Content-Type": content_type}, body), path: page("mañana")}
    assert _crawl(site, tmp_path)[0].pages == 2
    assert site.paths[-1] == path


def test_a_delay_with_a_unit_is_kept_and_an_invalid_one_logged(tmp_path: Path, site: Any) -> None:
    """`0.2s`, `200 ms` and `0,2 segundos` are the same delay."""
    site.routes |= {"/": page("inicio", "/1", "/2"), "/1": page("uno"), "/2": page("dos")}
    for number, delay in enumerate(("0.2s", "200 ms", "0,2 segundos")):
        site.routes["/robots.txt"] = (200, _TEXT, f"User-agent: *\nCrawl-delay: {delay}".encode())
        site.asked.clear()
        assert _crawl(site, tmp_path / str(number))[1] == []
        moments = [request.time for request in site.asked]
        assert min(b - a for a, b in pairwise(moments)) >= 0.2
    site.routes["/robots.txt"] = (200, _TEXT, b"User-agent: *\nCrawl-delay: despacio")
    result, notes = _crawl(site, tmp_path / "otra")
    assert [(note["cause"], note["told"]) for note in notes] == [("unread delay", "despacio")]
    assert result.pages == 3


def test_a_clock_set_back_between_sessions_delays_no_host(
    tmp_path: Path, site: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A clock set back by two days between sessions keeps no host waiting beyond its own rest."""
    site.routes |= {"/": page("inicio", "/1"), "/1": (503, {"Retry-After": "4000"}, b"")}
    assert list(_crawl(site, tmp_path)[0].closed.values()) == ["server busy"]
    request_count = len(site.asked)
    real = time.time
    monkeypatch.setattr(time, "time", lambda: real() - 2 * 86_400)
    assert list(_crawl(site, tmp_path)[0].closed.values()) == ["server busy"]
    assert len(site.asked) == request_count  # it asked for rest
    monkeypatch.setattr(time, "time", lambda: real() - 2 * 86_400 + 4100)
    site.routes["/1"] = page("uno")
    result, _ = _crawl(site, tmp_path)
    assert (result.pages, result.closed, result.complete) == (2, {}, True)


def test_a_clock_set_back_during_a_session_stops_nothing(
    tmp_path: Path, site: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A clock set back during a session changes neither this session nor the next."""
    real = time.time

    def sets(handler: Any) -> None:
        monkeypatch.setattr(time, "time", lambda: real() - 2 * 86_400)
        site.answer(handler, page("inicio", "/1", "/2"))

    site.routes |= {"/": sets, "/1": page("uno")}
    result, _ = _crawl(site, tmp_path, "delay = 0.1")
    assert (result.pages, result.closed) == (2, {})
    site.routes["/2"] = page("dos")
    assert _crawl(site, tmp_path, "delay = 0.1", again=True)[0].pages == 3


def _limited() -> None:
    resource.setrlimit(resource.RLIMIT_FSIZE, (150_000, resource.RLIM_INFINITY))


@pytest.mark.parametrize("size", [30_000, 250_000])
def test_a_full_disk_is_reported_and_the_crawl_resumes(tmp_path: Path, site: Any, size: int) -> None:
    """A full disk gives one message, and the next crawl resumes without a loss."""
    names = [f"/{n}" for n in range(8)]
    site.routes["/"] = page("inicio", *names)
    # A page that no compression makes smaller.
    site.any_ = lambda path: page(os.urandom(size).hex()) if path in names else None
    source = tmp_path / "gaceta.toml"
    source.write_text(library.source_file(site.root, site.host, 0.0), encoding="utf-8")
    command = [
        sys.executable,
        "-m",
        "latam_corpus",
        "crawl",
        str(source),
        "--out",
        str(tmp_path / "out"),
        "--lang",
        "es",
    ]
    full = subprocess.run(command, capture_output=True, text=True, check=False, preexec_fn=_limited, timeout=300)
    assert full.returncode not in (0, -25)
    assert "no se puede escribir (" in full.stderr
    assert "corrija eso, o indique otro lugar, y repita el comando" in full.stderr
    assert "Traceback" not in full.stderr
    assert "rollback" not in full.stderr
    assert len(full.stderr.splitlines()) <= 3
    request_count = len(site.asked)
    assert request_count < 12
    done = subprocess.run([*command, "--json"], capture_output=True, text=True, check=True, timeout=300)
    assert json.loads(done.stdout)["pages"] == 9
    assert len(site.asked) <= 12 + 2  # what couldn't be written is asked for again
