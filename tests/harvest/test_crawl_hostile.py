"""Hostile servers are bounded and logged, and other pages are crawled normally."""

from __future__ import annotations

import gzip
import importlib
import ssl
import time
import zlib
from typing import TYPE_CHECKING, Any

import pytest
import trustme
import zstandard

from latam_corpus.harvest.crawl.answers import traps

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

website: Any = importlib.import_module("tests.benchmarks.crawl.website")
page = website.page
_crawl = website.crawl
_BOMB = b'<!DOCTYPE a [<!ENTITY b "ja"><!ENTITY c "&b;&b;&b;&b;">]>'


@pytest.fixture
def site() -> Iterator[Any]:
    """A running website whose start links to a hostile page and to a good one."""
    with website.Website() as running:
        running.routes |= {"/": page("inicio", "/mala", "/buena"), "/buena": page("buena")}
        yield running


def _raw(head: bytes, pieces: Callable[[], Iterator[bytes]] = lambda: iter(())) -> Callable[[Any], None]:
    """Return a route that writes raw bytes, endlessly if the pieces are endless."""

    def route(handler: Any) -> None:
        handler.close_connection = True
        handler.wfile.write(head)
        for piece in pieces():
            handler.wfile.write(piece)

    return route


def _endless() -> Iterator[bytes]:
    while True:
        yield b"<p>otra vez</p>" * 1000


def _chunks() -> Iterator[bytes]:
    while True:
        yield b"1000\r\n" + b"x" * 4096 + b"\r\n"


def _drops() -> Iterator[bytes]:
    while True:
        time.sleep(0.02)
        yield b"x"


def _fields() -> Iterator[bytes]:
    for number in range(10_000):
        yield f"X-{number}: {'a' * 1000}\r\n".encode()


_OK = b"HTTP/1.1 200 OK\r\nContent-Type: text/html\r\n"


@pytest.mark.parametrize(
    ("route", "cause"),
    [
        (_raw(_OK + b"\r\n", _endless), "too large"),
        (_raw(_OK + b"Transfer-Encoding: chunked\r\n\r\n", _chunks), "too large"),
        (_raw(_OK + b"Content-Length: 999999999999\r\n\r\n"), "too large"),
        (_raw(_OK + b"\r\n", _drops), "timed out"),
        (_raw(_OK + b"X-Lenta: ", _drops), "timed out"),
        (_raw(b"HTTP/1.1 100 Continue\r\n\r\n" * 3 + b"HTT", _drops), "timed out"),
        (_raw(_OK, _fields), "malformed response"),
        (_raw(_OK + b"X-Larga: ", lambda: iter([b"a" * 10_000_000, b"\r\n\r\n"])), "malformed response"),
        (_raw(b"HTTP/1.1 200 " + b"O" * 10_000_000), "malformed response"),
        (_raw(b"SSH-2.0-OpenSSH_9.9\r\n"), "malformed response"),
        (_raw(b""), "malformed response"),
        (_raw(_OK + b"Content-Length: -5\r\n\r\n"), "malformed response"),
        (_raw(_OK + b"Transfer-Encoding: chunked\r\n\r\nzz\r\n"), "malformed response"),
        ((200, {"Content-Encoding": "gzip"}, gzip.compress(b"0" * 2_000_000)), "unpacks too large"),
        ((200, {"Content-Encoding": "gzip, gzip"}, gzip.compress(gzip.compress(b"0" * 2**21))), "unpacks too large"),
        ((200, {"Content-Encoding": "deflate"}, zlib.compress(b"0" * 2_000_000)), "unpacks too large"),
        ((200, {"Content-Encoding": "zstd"}, zstandard.compress(b"0" * 2_000_000)), "unpacks too large"),
        ((200, {"Content-Encoding": "gzip"}, b"\x1f\x8bno"), "damaged encoding"),
        ((200, {"Content-Encoding": "gzip"}, gzip.compress(b"<p>Hola " * 999)[:-9]), "damaged encoding"),
        ((200, {"Content-Encoding": "rot13"}, b"ubyn"), "damaged encoding"),
        ((200, {"Content-Type": "image/png"}, b"\x89PNG"), "not a page"),
        ((200, {"Content-Type": "application/xml"}, _BOMB + b"<urlset><loc>&c;</loc></urlset>"), "damaged XML"),
        ((200, {"Content-Type": "application/rss+xml"}, _BOMB + b"<rss><item>&c;</item></rss>"), "damaged XML"),
        ((200, {"Content-Type": "text/xml"}, b"<urlset>" + b"<url>" * 50_000), "damaged XML"),
        ((200, {"Content-Type": "application/gzip"}, gzip.compress(b"0" * 60_000_000)), "unpacks too large"),
        ((200, {"Content-Type": "application/gzip"}, gzip.compress(b"<urlset>" * 9999)[:-9]), "damaged encoding"),
        ((302, {"Location": "file:///etc/passwd"}, b""), "redirect out of scope"),
        ((302, {"Location": "http://169.254.169.254/latest/meta-data"}, b""), "redirect out of scope"),
        ((302, {"Location": "//[malo/"}, b""), "malformed address"),
        ((302, {"Location": "http://ana:clave@otro.example/"}, b""), "credentials in address"),
        ((410, {}, b"ya no"), "error status"),
    ],
)  # fmt: skip
def test_a_hostile_response_costs_only_its_own_page(tmp_path: Path, site: Any, route: Any, cause: str) -> None:
    """A hostile page gives one log row, the good page is crawled, and the crawl ends."""
    site.routes["/mala"] = route
    timeout = 0.5 if cause == "timed out" else 60  # seconds; no other answer is late, however busy the machine is
    result, notes = _crawl(site, tmp_path, f"max_page_bytes = 1000000\ntimeout = {timeout}")
    assert [(note["url"], note["cause"]) for note in notes] == [(f"{site.root}/mala", cause)] or (
        notes[0]["cause"] == cause and len(notes) == 1
    )
    assert (result.pages, result.complete) == (2, True)
    assert "clave" not in (result.folder / "crawl.jsonl").read_text(encoding="utf-8")


@pytest.mark.parametrize("kind", ["text/html; charset=no-such", "text/html; charset=utf-16", "text/html; charset=\xff"])
def test_a_wrong_charset_costs_nothing(tmp_path: Path, site: Any, kind: str) -> None:
    """A page with a wrong charset is stored as it was sent."""
    site.routes["/mala"] = (200, {"Content-Type": kind}, "<p>ma\xf1ana <a href='/otra'>".encode("latin-1"))
    assert _crawl(site, tmp_path)[0].pages == 3


def test_pages_that_break_parsers_cost_nothing(tmp_path: Path, site: Any) -> None:
    """Deeply nested, empty and nonsensical pages don't stop the crawl."""
    links = ["http://[::1", "http://", "//", "http://%zz/", "javascript:void(0)", "http://a" + "b" * 5000, "\x00", "??"]
    site.routes["/mala"] = page("enlaces", *links)
    site.routes["/"] = page("inicio", "/mala", "/honda", "/vacia", "/buena")
    site.routes |= {"/honda": b"<div>" * 200_000, "/vacia": b"", "/mala??": page("x")}
    result, notes = _crawl(site, tmp_path)
    assert result.complete
    assert f"{site.root}/buena" in (result.folder / "index.cdxj").read_text(encoding="utf-8")
    assert {note["cause"] for note in notes} <= {"malformed address", "address too long", "error status"}


def test_redirects_end(tmp_path: Path, site: Any) -> None:
    """A redirect loop ends at its second turn, and an endless chain at its eleventh redirect."""
    site.routes["/"] = page("inicio", "/uno", "/serie/0", "/buena")
    site.routes |= {"/uno": (301, {"Location": "/dos"}, b""), "/dos": (301, {"Location": "/uno"}, b"")}
    site.any_ = lambda path: (302, {"Location": f"/serie/{int(path[7:]) + 1}"}, b"") if "serie" in path else None
    result, notes = _crawl(site, tmp_path)
    assert [note["cause"] for note in notes] == ["too many redirects"]
    assert sum("serie" in path for path in site.paths) == 11
    assert (site.paths.count("/uno"), site.paths.count("/dos"), result.pages) == (1, 1, 2)


@pytest.mark.parametrize("name", ["127.0.0.1", "localhost", "2130706433", "0x7f.1", "[::ffff:127.0.0.1]"])
def test_private_addresses_are_refused_unless_declared(tmp_path: Path, site: Any, name: str) -> None:
    """A private address is refused at the connection, in links and redirects, in any notation."""
    with website.Website({"/": page("secreta")}) as inner:
        port = inner.host.partition(":")[2]
        site.routes["/mala"] = (302, {"Location": f"http://{name}:{port}/"}, b"")
        result, notes = _crawl(site, tmp_path, f'hosts = ["{site.host}", "{name}:{port}"]')
        assert inner.asked == []
        causes = [(note["cause"], note.get("why")) for note in notes]
        assert causes in ([("robots unavailable", "private address")], [("robots unavailable", "no connection")])
        assert (result.pages, result.complete) == (2, False)
        declared = f'hosts = ["{site.host}", "{inner.host}"]\nprivate_hosts = ["{site.host}", "{inner.host}"]'
        site.routes["/mala"] = (302, {"Location": f"{inner.root}/"}, b"")
        assert _crawl(site, tmp_path / "otra", declared)[0].pages == 3


def test_an_invalid_certificate_is_refused_unless_declared(tmp_path: Path) -> None:
    """A certificate of an unknown authority is refused unless the host is declared as unverified."""
    authority = trustme.CA()
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    authority.issue_cert("127.0.0.1").configure_cert(context)
    with website.Website({"/": page("inicio")}, tls=context) as site:
        result, notes = _crawl(site, tmp_path)
        assert [(note["cause"], note["why"]) for note in notes] == [("robots unavailable", "bad certificate")]
        assert (result.pages, result.complete) == (0, False)
        assert _crawl(site, tmp_path, f'unverified_tls = ["{site.host}"]')[0].pages == 1


def test_a_robots_txt_that_is_a_page_is_ignored_and_an_endless_one_cut(tmp_path: Path, site: Any) -> None:
    """Both are logged once, and exactly the first 500 KiB count (RFC 9309, 2.5)."""
    site.routes["/robots.txt"] = (200, {}, b"<!DOCTYPE html><p>Disallow: /</p>")
    site.routes["/mala"] = page("no es mala")
    result, notes = _crawl(site, tmp_path)
    assert (result.pages, [note["cause"] for note in notes]) == (3, ["robots is a page"])
    rules = b"User-agent: *\nDisallow: /mala\n" + b"# relleno\n" * 500_000 + b"Disallow: /buena\n"
    site.routes["/robots.txt"] = (200, {"Content-Type": "text/plain"}, rules)
    result, notes = _crawl(site, tmp_path / "otra")
    assert (result.pages, [note["cause"] for note in notes]) == (2, ["robots is cut", "shut out by robots"])
    site.routes["/robots.txt"] = (200, {"Content-Type": "text/plain"}, b"#" * 500 * 1024)
    assert _crawl(site, tmp_path / "justo")[1] == []


@pytest.mark.parametrize(
    ("rules", "remaining_rules", "pages"),
    [
        # The end lacks: as far as it goes the one forbids all, the other opens what the first line closed.
        (b"User-agent: *\n", b"Disallow: /|borradores", 3),
        (b"User-agent: *\nDisallow: /mala\n", b"Allow: /mala|bar/inicio", 2),
        # Whole, whatever ends it.
        (b"User-agent: *\n", b"Disallow: /mala|\n# nada", 2),
        (b"User-agent: *\r", b"Disallow: /mala|\r# nada", 2),
    ],
)
def test_a_cut_rule_of_a_robots_txt_is_ignored(
    tmp_path: Path, site: Any, rules: bytes, remaining_rules: bytes, pages: int
) -> None:
    """A rule that is cut by the limit of 500 KiB is ignored, and the rule before it counts."""
    site.routes["/mala"] = page("no es mala")
    read, cut = remaining_rules.split(b"|")
    filled = rules + b"#".ljust(500 * 1024 - len(rules) - len(read) - 1, b"#") + rules[-1:]
    site.routes["/robots.txt"] = (200, {"Content-Type": "text/plain"}, filled + read + cut)
    result, notes = _crawl(site, tmp_path)
    assert len(filled + read) == 500 * 1024
    assert (result.pages, notes[0]["cause"]) == (pages, "robots is cut")


_MOVED = (302, {"Location": "/robots.txt"}, b"")


@pytest.mark.parametrize(
    ("name", "route", "pages", "causes"),
    [
        # Nothing of the host may be asked for, which is told; there is another day.
        ("robots.txt", _raw(_OK + b"\r\n", _drops), 0, ["robots unavailable"]),
        ("robots.txt", _raw(_OK + b"X-Larga: " + b"a" * 10_000_000), 0, ["robots unavailable"]),
        ("robots.txt", (200, {"Content-Encoding": "gzip"}, gzip.compress(b"#" * 2**25)), 0, ["robots unavailable"]),
        ("robots.txt", (503, {}, b""), 0, ["robots unavailable"]),
        ("robots.txt", (302, {"Location": "http://10.0.0.1/robots.txt"}, b""), 0, ["robots unavailable"]),
        # There is none, or it is read as far as it may be.
        ("robots.txt", _raw(_OK + b"\r\n", _endless), 3, ["robots is cut"]),
        ("robots.txt", _MOVED, 3, []),
        ("robots.txt", (302, {"Location": "file:///etc/passwd"}, b""), 3, []),
        ("robots.txt", (200, {"Content-Type": "text/plain; charset=utf-16"}, b"User-agent: *\nDisallow: /mala"), 2,
         ["shut out by robots"]),
        ("ai.txt", _raw(_OK + b"\r\n", _endless), 3, []),
        ("ai.txt", _raw(_OK + b"\r\n", _drops), 3, []),
        (".well-known/tdmrep.json", (200, {}, b"[" * 500_000), 3, []),
        (".well-known/tdmrep.json", (200, {"Content-Encoding": "gzip"}, gzip.compress(b"[" * 40_000_000)), 3, []),
    ],
)  # fmt: skip
def test_hostile_files_of_a_site_are_bounded(
    tmp_path: Path, site: Any, name: str, route: Any, pages: int, causes: list[str]
) -> None:
    """Endless, slow, packed, looping or privately redirected files don't stop the crawl of another host."""
    site.routes |= {f"/{name}": route, "/mala": page("no es mala")}
    with website.Website({"/": page("otra")}) as other_site:
        hosts = f'hosts = ["{site.host}", "{other_site.host}"]\nprivate_hosts = ["{site.host}", "{other_site.host}"]'
        starts = f'start = ["{site.root}/", "{other_site.root}/"]'
        result, notes = _crawl(site, tmp_path, f"{hosts}\n{starts}\ntimeout = 0.5")
    assert ([note["cause"] for note in notes], result.pages) == (causes, pages + 1)
    assert (list(result.closed) == [site.host]) is (pages == 0)


def test_sitemaps_that_name_sitemaps_without_end_are_bounded(tmp_path: Path, site: Any) -> None:
    """Nested sitemaps are bounded by depth, and one that names itself is read once."""

    def endless(path: str) -> Any:
        if not path.startswith("/mapa/"):
            return None
        following = f"{site.root}/mapa/{int(path[6:]) + 1}"
        body = f"<sitemapindex><sitemap><loc>{site.root}{path}</loc></sitemap><sitemap><loc>{following}</loc></sitemap>"
        return 200, {"Content-Type": "text/xml"}, f"{body}</sitemapindex>".encode()

    site.any_ = endless
    site.routes["/robots.txt"] = (200, {"Content-Type": "text/plain"}, b"Sitemap: /mapa/0")
    site.routes["/"] = page("inicio", "/buena")
    result, notes = _crawl(site, tmp_path, "max_depth = 5")
    assert (result.pages, result.complete) == (2, True)
    assert [path for path in site.paths if "mapa" in path] == [f"/mapa/{n}" for n in range(6)]
    assert [note["cause"] for note in notes] == ["too deep"]


def test_traps_are_bounded_and_logged(tmp_path: Path, site: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    """Calendars, facets, sessions, growing paths and endless parameters are bounded and logged."""
    for name, bound in {"MAX_CALENDAR": 12, "MAX_VARIANTS": 10}.items():
        monkeypatch.setattr(traps, name, bound)
    starts = ["/agenda/2026-01", "/lista?p=0", "/sesion;jsessionid=0", "/a/b", "/datos?" + "&".join("abcdefghi")]
    site.routes["/"] = page("inicio", *starts, "/buena")

    def endless(path: str) -> Any:
        if path.startswith("/agenda/"):
            year, month = (int(part) for part in path[8:].split("-"))
            return page(path, f"/agenda/{year + month // 12}-{month % 12 + 1:02d}")
        if path.startswith("/lista"):
            return page(path, *(f"/lista?p={int(path.partition('=')[2]) * 3 + n}" for n in range(1, 4)))
        if path.startswith("/sesion"):
            return page("sesión", f"/sesion;jsessionid={time.monotonic_ns()}")
        return page(path, f"{path}/a/b") if path.startswith("/a/b") else None

    site.any_ = endless
    result, notes = _crawl(site, tmp_path)
    assert result.complete
    kinds = ("/agenda", "/lista", "/sesion", "/a/b")
    counted = {kind: sum(path.startswith(kind) for path in site.paths) for kind in kinds}
    assert counted == {"/agenda": 12, "/lista": 10, "/sesion": 1, "/a/b": 3}
    assert {note["cause"] for note in notes} == {
        "endless calendar", "too many variants", "repeating path", "too many parameters",
    }  # fmt: skip
    assert set(result.causes) == {note["cause"] for note in notes}


def test_repeated_content_at_many_addresses_is_logged(
    tmp_path: Path, site: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Links to more addresses with the same content aren't followed endlessly."""
    monkeypatch.setattr(traps, "MAX_SAME", 5)
    site.routes["/"] = page("inicio", "/vista/1", "/buena")
    # Links are relative: the bytes are the same, and each address leads to the next.
    site.any_ = lambda path: page("vista", "1/x", "../vista/2") if path.startswith("/vista") else None
    result, notes = _crawl(site, tmp_path, "max_depth = 30")
    assert result.complete
    assert len(site.paths) < 40
    assert {"same content again", "repeating path"} & {note["cause"] for note in notes}


def test_links_with_passwords_are_logged_without_them(tmp_path: Path, site: Any) -> None:
    """A link with a password isn't requested, and the password is written nowhere."""
    site.routes["/"] = page("inicio", f"http://ana:s3creto@{site.host}/x", "/buena")
    result, notes = _crawl(site, tmp_path)
    assert [(note["cause"], note["url"]) for note in notes] == [("credentials in address", f"http://{site.host}/x")]
    assert result.pages == 2
    for path in result.folder.rglob("*"):
        assert path.is_dir() or path.suffix == ".gz" or b"s3creto" not in path.read_bytes()
