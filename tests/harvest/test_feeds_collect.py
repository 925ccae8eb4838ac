"""Feeds are written to WARC: each entry's page once with the feed's metadata, or its text if the page fails."""

from __future__ import annotations

import importlib
from typing import TYPE_CHECKING, Any

import pytest

from latam_corpus.catalog.source import Source
from latam_corpus.config.toml_model import parse_toml
from latam_corpus.errors import ConfigError
from latam_corpus.harvest.crawl.causes import TroubleError
from latam_corpus.harvest.crawl.website import Crawler
from latam_corpus.harvest.feeds.entries import feed_of
from latam_corpus.harvest.feeds.feed_rounds import FeedCrawler

if TYPE_CHECKING:
    from pathlib import Path

# By name: the package is `tests.benchmarks` to Python and `benchmarks` to the type checker.
collected: Any = importlib.import_module("tests.benchmarks.crawl.collected")
website: Any = importlib.import_module("tests.benchmarks.crawl.website")
page = website.page
_XML = {"Content-Type": "application/rss+xml"}
_TEXT = {"Content-Type": "text/plain"}


def _source(site: Any, more: str = "", columns: str = "", feeds: tuple[str, ...] = ("/rss",)) -> Any:
    start = ", ".join(f'"{site.root}{path}"' for path in feeds)
    return collected.source_of(site.host, "feeds", f"start = [{start}]\n{more}", columns)


def _crawl(site: Any, out: Path, more: str = "", *, again: bool = False, **options: Any) -> Any:
    crawler = FeedCrawler(_source(site, more), out, website.Unseen(), first_rest=0.01, **options)
    return crawler.run(again=again)


def _rows(site: Any, out: Path, columns: str = "") -> Any:
    return collected.rows_of(_source(site, columns=columns), out, site.root)


def _notes(site: Any, out: Path) -> list[tuple[str, str]]:
    return [(row["cause"], row["url"]) for row in collected.notes_of(_source(site), out)]


def _item(link: str, title: str = "Nota", more: str = "") -> str:
    return f"<item><title>{title}</title><link>{link}</link>{more}</item>"


def _rss(*items: str, head: str = "") -> tuple[int, dict[str, str], bytes]:
    namespaces = (
        'xmlns:dc="http://purl.org/dc/elements/1.1/" xmlns:content="http://purl.org/rss/1.0/modules/content/" '
        'xmlns:atom="http://www.w3.org/2005/Atom" xmlns:cc="http://web.resource.org/cc/"'
    )
    return 200, _XML, f'<rss version="2.0" {namespaces}><channel>{head}{"".join(items)}</channel></rss>'.encode()


def test_pages_of_entries_have_the_metadata_of_the_feed(tmp_path: Path, site: Any) -> None:
    """Rows have title, authors and date, and links and feeds in pages aren't followed."""
    more = "<dc:creator>Ana Paz</dc:creator><pubDate>Tue, 03 Mar 2026 10:00:00 -0300</pubDate>"
    site.routes |= {
        "/rss": _rss(
            _item(f"{site.root}/a?utm_source=rss", "La barca", more), _item("/b"), _item("https://x.example/c")
        ),
        "/a": page("a", "/otra", head='<link rel="alternate" type="application/rss+xml" href="/comentarios">'),
        "/b": page("b"),
    }
    result = _crawl(site, tmp_path)
    assert site.paths == ["/rss", "/a", "/b"]
    assert (result.pages, result.complete) == (2, True)
    rows = _rows(site, tmp_path)
    assert sorted(rows) == ["/a", "/b"]
    assert (rows["/a"]["title"], rows["/a"]["creators"], rows["/a"]["published"]) == (
        "La barca",
        ["Ana Paz"],
        "2026-03-03",
    )
    assert _notes(site, tmp_path) == [("out of scope", "https://x.example/c")]


def test_a_licence_of_the_feed_narrows_its_page_unless_the_source_leaves_it_out(tmp_path: Path, site: Any) -> None:
    """The feed's licence, or a sentence that reserves all rights, narrows the source's terms."""
    by_nc = "<cc:license>https://creativecommons.org/licenses/by-nc/4.0/</cc:license>"
    words = "<dc:rights>Reservados todos los derechos</dc:rights>"
    site.routes |= {"/rss": _rss(_item("/a", more=by_nc), _item("/b", more=words)), "/a": page("a"), "/b": page("b")}
    _crawl(site, tmp_path)
    assert {row["rights_tier"] for row in _rows(site, tmp_path, "rights = false").values()} == {"attribution"}
    for mapped in ("", 'rights = "rights"'):
        tiers = {path: row["rights_tier"] for path, row in _rows(site, tmp_path, mapped).items()}
        assert tiers == {"/a": "non_commercial", "/b": "unknown"}


def test_a_new_round_requests_only_the_feed_and_new_entries(tmp_path: Path, site: Any) -> None:
    """The feed is requested conditionally, and known pages aren't requested."""

    def feed(handler: Any) -> None:
        status, headers, body = _rss(*items)
        if handler.headers.get("If-None-Match") == f'"{len(items)}"':
            status, body = 304, b""
        site.answer(handler, (status, headers | {"ETag": f'"{len(items)}"'}, body))

    items = [_item("/a")]
    site.routes |= {"/rss": feed, "/a": page("a"), "/b": page("b")}
    _crawl(site, tmp_path)
    _crawl(site, tmp_path)
    _crawl(site, tmp_path, again=True)
    items.insert(0, _item("/b"))
    _crawl(site, tmp_path, again=True)
    assert site.paths == ["/rss", "/a", "/rss", "/rss", "/b"]
    assert sorted(_rows(site, tmp_path)) == ["/a", "/b"]


def test_older_documents_of_a_feed_are_read_until_nothing_is_new(tmp_path: Path, site: Any) -> None:
    """By RFC 5005 archives are read once and pages while they have new entries, up to a limit."""

    def paged(number: int) -> Any:
        link = f'<atom:link rel="next" href="/rss?p={number + 1}"/>'
        return _rss(_item(f"/{min(number, 3)}"), head=link)

    archive = '<atom:link rel="prev-archive" href="/2025.xml"/>'
    site.routes |= {f"/{n}": page(str(n)) for n in range(4)} | {"/vieja": page("vieja")}
    site.any_ = lambda path: paged(int(path.partition("=")[2])) if path.startswith("/rss?") else None
    site.routes |= {"/rss": _rss(_item("/0"), head='<atom:link rel="next" href="/rss?p=1"/>' + archive)}
    site.routes["/2025.xml"] = _rss(_item("/vieja"))
    _crawl(site, tmp_path)
    assert sorted(path for path in site.paths if path.startswith("/rss?")) == [f"/rss?p={n}" for n in range(1, 5)]
    assert sorted(_rows(site, tmp_path)) == ["/0", "/1", "/2", "/3", "/vieja"]
    site.asked.clear()
    _crawl(site, tmp_path, again=True)
    assert site.paths == ["/rss"]


def test_the_text_in_a_feed_replaces_only_failed_pages(tmp_path: Path, site: Any) -> None:
    """The feed's text replaces a failed page, but not a removed or refused one, until a later round has the page."""
    text = "<content:encoded>&lt;p&gt;El texto entero de la nota.&lt;/p&gt;</content:encoded>"
    paths = ("/rota", "/ida", "/cerrada", "/negada", "/sana")
    site.routes |= {
        "/rss": _rss(*(_item(path, path, text) for path in paths), f"<item><guid>n-7</guid>{text}</item>"),
        "/robots.txt": (200, _TEXT, b"User-agent: *\nDisallow: /negada\nContent-Usage: train-ai=n"),
        "/rota": (500, {}, b""),
        "/ida": (410, {}, b""),
        "/cerrada": (403, {}, b""),
        "/sana": page("sana"),
    }
    assert _crawl(site, tmp_path).pages == 3
    rows = _rows(site, tmp_path)
    assert sorted(rows) == ["/rota", "/rss", "/sana"]
    assert rows["/rota"]["raw"] == b"<p>El texto entero de la nota.</p>"
    assert rows["/rota"]["title"] == "/rota"
    assert [opt_out["signal"] for opt_out in rows["/rota"]["opt_outs"]] == ["content-usage"]
    assert rows["/rota"]["uses"] == ["redistribute", "evaluate"]
    site.routes["/rota"] = page("rota")
    _crawl(site, tmp_path, again=True)
    row_after = _rows(site, tmp_path)["/rota"]
    assert b"La nota rota cuenta" in row_after["raw"]
    assert row_after["doc_id"] == rows["/rota"]["doc_id"]


def test_pages_and_feeds_that_moved_are_followed(tmp_path: Path, site: Any) -> None:
    """The feed's metadata follows a moved page."""
    site.routes |= {
        "/rss": (301, {"Location": "/nuevo.xml"}, b""),
        "/nuevo.xml": _rss(_item("/a", "La barca")),
        "/a": (302, {"Location": "/b"}, b""),
        "/b": page("b"),
    }
    _crawl(site, tmp_path)
    assert {path: row["title"] for path, row in _rows(site, tmp_path).items()} == {"/b": "La barca"}
    site.routes["/nuevo.xml"] = _rss(_item("/c"))
    site.routes["/c"] = page("c")
    _crawl(site, tmp_path, again=True)
    assert sorted(_rows(site, tmp_path)) == ["/b", "/c"]


def test_a_killed_session_fetches_nothing_twice(tmp_path: Path, site: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    """Only uncommitted requests are repeated, and every row is unique."""
    site.routes |= {"/rss": _rss(*(_item(f"/{n}") for n in range(4)))} | {f"/{n}": page(str(n)) for n in range(4)}
    taken = Crawler._handle  # noqa: SLF001  (a break in the middle of a session)
    paths: list[str] = []

    def breaking(self: Any, job: Any, answer: Any) -> None:
        if job.address.endswith("/2") and job.address not in paths:
            paths.append(job.address)
            raise KeyboardInterrupt
        taken(self, job, answer)

    monkeypatch.setattr(Crawler, "_handle", breaking)
    with pytest.raises(KeyboardInterrupt):
        _crawl(site, tmp_path)
    _crawl(site, tmp_path)
    assert sorted(site.paths) == ["/0", "/1", "/2", "/2", "/3", "/rss"]
    assert sum(frame.height for frame in collected.frames_of(_source(site), tmp_path)) == 4


_BOMB = b'<!DOCTYPE rss [<!ENTITY a "aaaaaaaaaa"><!ENTITY b "&a;&a;&a;&a;&a;">]><rss><channel>&b;</channel></rss>'


@pytest.mark.parametrize(
    ("route", "cause"),
    [
        ((200, _XML, _BOMB), "damaged XML"),
        ((200, _XML, _BOMB.decode().encode("utf-16")), "damaged XML"),
        ((200, _XML, b"<rss><channel><item>"), "damaged XML"),
        ((200, {}, b"<html><body>no</body></html>"), "not a feed"),
        ((200, _XML, b""), "damaged XML"),
        ((404, {}, b""), "error status"),
        ((302, {"Location": "https://otro.example/rss"}, b""), "redirect out of scope"),
        ((200, _XML | {"Content-Encoding": "gzip"}, b"\x1f\x8b\x08no"), "damaged encoding"),
        ((200, _XML, b"<rss><channel>" + b" " * 3000 + b"</channel></rss>"), "too large"),
    ],
)  # fmt: skip
def test_an_unreadable_feed_is_logged(tmp_path: Path, site: Any, route: Any, cause: str) -> None:
    """A malformed feed is bounded and logged, and the other feed is read."""
    site.routes |= {"/rss": route, "/atom": _rss(_item("/a")), "/a": page("a")}
    source = _source(site, "max_page_bytes = 2000", feeds=("/rss", "/atom"))
    FeedCrawler(source, tmp_path, website.Unseen(), first_rest=0.01).run()
    assert [noted_cause for noted_cause, _ in _notes(site, tmp_path)] == [cause]
    assert sorted(_rows(site, tmp_path)) == ["/a"]


def test_entries_of_every_kind_of_feed() -> None:
    """RSS 1.0 and Atom are read with relative links, several authors and texts of each type."""
    rdf = (
        b'<rdf:RDF xmlns:rdf="http://www.w3.org/1999/02/22-rdf-syntax-ns#" xmlns="http://purl.org/rss/1.0/" '
        b'xmlns:dc="http://purl.org/dc/elements/1.1/"><channel><link>https://r.example/</link></channel>'
        b"<item><link>/uno</link><dc:date>2024-05-01T10:00:00Z</dc:date><dc:creator>Ana</dc:creator></item></rdf:RDF>"
    )
    (entry,) = feed_of(rdf, "https://r.example/rdf").entries
    assert (entry.link, entry.published, entry.creators) == ("https://r.example/uno", "2024-05-01", ("Ana",))
    atom = """<feed xmlns="http://www.w3.org/2005/Atom" xml:base="https://a.example/b/">
        <link rel="license" href="https://creativecommons.org/licenses/by/4.0/"/>
        <entry><id>urn:1</id><link rel="self" href="x"/><link href="nota"/><title>  La
        barca </title><author><name>Ana</name></author><author><name>Luis</name></author><updated>2024-05-02</updated>
        <content type="xhtml"><div xmlns="http://www.w3.org/1999/xhtml"><p>Hola</p></div></content></entry>
        <entry><id>https://a.example/dos</id><content type="text">1 &lt; 2</content></entry>
        <entry><id>urn:3</id><content src="https://a.example/t.html"/></entry></feed>"""
    first, second, third = feed_of(atom.encode(), "https://a.example/atom").entries
    assert (first.link, first.title, first.creators) == ("https://a.example/b/nota", "La barca", ("Ana", "Luis"))
    assert first.content is not None
    assert "<p>Hola</p>" in first.content
    assert first.rights == "https://creativecommons.org/licenses/by/4.0/"
    assert (second.link, second.content, third.content) == ("https://a.example/dos", "<p>1 &lt; 2</p>", None)


def test_a_feed_with_a_wrong_charset_is_read() -> None:
    """Feeds whose charset is wrongly declared, or that have invalid characters, are read."""
    feed = '<?xml version="1.0" encoding="UTF-8"?><rss><channel><item><link>https://a.example/1</link><title>{}</title></item></channel></rss>'
    latin_feed = feed.replace("UTF-8", "ISO-8859-1")
    for title in ("Año", "El niño y el cóndor"):
        for charset in ("utf-8", "latin-1"):
            assert feed_of(latin_feed.format(title).encode(charset), "https://a.example/").entries[0].title == title
    assert feed_of(feed.format("Año").encode("latin-1"), "https://a.example/").entries[0].title == "Año"
    assert feed_of(feed.format("Año\x08").encode(), "https://a.example/").entries[0].title == "Año"
    # What has no end isn't whole.
    with pytest.raises(TroubleError, match="damaged XML"):
        feed_of(feed.format("Año")[:-20].encode(), "https://a.example/")


def test_a_source_of_feeds_is_checked_and_crawled_by_its_command(tmp_path: Path, site: Any, command_line: Any) -> None:
    """An invalid scope is refused, and runs find the collected pages."""
    with pytest.raises(ConfigError, match=r"collect\.feeds"):
        parse_toml('id = "a"\ntitle = "A"\nholder = "A"\n[collect]\nkind = "feeds"', Source, "a.toml")
    site.routes |= {"/rss": _rss(_item("/a")), "/a": page("a")}
    path = tmp_path / "gaceta.toml"
    path.write_text(
        f'id = "gaceta"\ntitle = "Gaceta"\nholder = "Biblioteca"\ncontact = "b@gaceta.example"\ngenre = "news"\n'
        f'[collect]\nkind = "feeds"\n[collect.feeds]\nstart = ["{site.root}/rss"]\nprivate_hosts = ["{site.host}"]\n'
        "delay = 0.0\n",
        encoding="utf-8",
    )
    result = command_line("crawl", path, "--out", tmp_path / "out", "--json")
    assert (result.code, result.json["pages"]) == (0, 1)
    recipe = tmp_path / "receta.toml"
    recipe.write_text('title = "Gacetas"\nsources = ["gaceta.toml"]\n[[stage]]\nuse = "extract"\n', encoding="utf-8")
    ran = command_line("run", recipe, "--out", tmp_path / "out", "--engine", "in-process", "--json")
    assert ran.code == 0, ran.err


def test_the_rights_of_an_entry_are_never_more_open_than_the_feed_says() -> None:
    """The least open licence counts, and an entry that reserves its rights doesn't get the feed's licence."""
    by, nc = (f"<license>https://creativecommons.org/licenses/{name}/4.0/</license>" for name in ("by", "by-nc"))
    rights = "<rights>Todos los derechos reservados</rights>"
    items = "".join(
        f"<item><link>/{n}</link>{statement}</item>"
        for n, statement in enumerate((by + nc, rights, "<rights>(c) Ana</rights>"))
    )
    feed = feed_of(f"<rss><channel>{by}{items}</channel></rss>".encode(), "https://a.example/")
    assert [entry.rights for entry in feed.entries] == [
        "https://creativecommons.org/licenses/by-nc/4.0/",
        "Todos los derechos reservados",
        "https://creativecommons.org/licenses/by/4.0/",
    ]


_WHOLE = "<content:encoded>&lt;p&gt;El texto entero de la nota.&lt;/p&gt;</content:encoded>"


def _broken_off(site: Any, out: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Kill a session after a page failed and before the feed's text was written."""

    def end(self: Any) -> None:
        self._frontier.commit(self._archive.flush())
        raise KeyboardInterrupt

    with monkeypatch.context() as patched:
        patched.setattr(FeedCrawler, "_end", end)
        with pytest.raises(KeyboardInterrupt):
            _crawl(site, out)


@pytest.mark.parametrize("again", [False, True])
def test_a_text_written_after_a_kill_keeps_the_opt_outs_of_its_site(
    tmp_path: Path, site: Any, monkeypatch: pytest.MonkeyPatch, again: bool
) -> None:
    """The text keeps its site's opt-outs even if the site's files have expired or can't be read."""
    site.routes |= {
        "/rss": _rss(_item("/rota", "Rota", _WHOLE)),
        "/robots.txt": (200, _TEXT, b"User-agent: *\nContent-Usage: /rota train-ai=n"),
        "/rota": (500, {}, b""),
    }
    _broken_off(site, tmp_path, monkeypatch)
    if again:
        site.routes["/robots.txt"] = (500, {}, b"")
    else:
        monkeypatch.setattr("latam_corpus.harvest.crawl.sites.DAY", 0.0)
    _crawl(site, tmp_path, again=again)
    row = _rows(site, tmp_path)["/rota"]
    assert ([opt_out["signal"] for opt_out in row["opt_outs"]], row["raw"]) == (
        ["content-usage"],
        b"<p>El texto entero de la nota.</p>",
    )


@pytest.mark.parametrize(
    ("path", "route", "texts"),
    [
        ("/rota", page("rota"), [page("rota")]),
        ("/rota", (410, {}, b""), []),
        ("/robots.txt", (200, _TEXT, b"User-agent: *\nDisallow: /rota"), []),
    ],
)
def test_a_result_of_the_next_round_replaces_the_text_of_a_feed(
    tmp_path: Path, site: Any, monkeypatch: pytest.MonkeyPatch, path: str, route: Any, texts: list[bytes]
) -> None:
    """The page, its removal or its refusal in the next round replaces the text."""
    site.routes |= {"/rss": _rss(_item("/rota", "Rota", _WHOLE)), "/rota": (500, {}, b"")}
    _broken_off(site, tmp_path, monkeypatch)
    site.routes[path] = route
    _crawl(site, tmp_path, again=True)
    raws = [row["raw"] for frame in collected.frames_of(_source(site), tmp_path) for row in frame.iter_rows(named=True)]
    assert raws == texts


def test_wider_paths_admit_known_entries(tmp_path: Path, site: Any) -> None:
    """An entry that the source's paths excluded is requested once they include it."""
    site.routes |= {"/rss": _rss(_item("/otra/a")), "/otra/a": page("a")}
    assert _crawl(site, tmp_path, 'paths = ["/notas/"]').pages == 0
    assert _crawl(site, tmp_path, 'paths = ["/notas/", "/otra/"]', again=True).pages == 1


def test_endless_opt_outs_leave_the_warc_readable(tmp_path: Path, site: Any) -> None:
    """Opt-outs that are longer than a record's fields may be keep all signals, and the next record is readable."""
    many = "".join(f"X-Robots-Tag: noai, {n} {'x' * 270}\r\n" for n in range(90))
    meta = "".join(
        f'<meta name="tdm-reservation" content="1"><meta name="robots" content="noai, {n}">' for n in range(200)
    )

    def route(handler: Any) -> None:
        body = page("a", head=meta)
        head = f"HTTP/1.1 200 OK\r\nContent-Type: text/html\r\n{many}Content-Length: {len(body)}\r\n\r\n"
        handler.wfile.write(head.encode() + body)

    site.routes |= {"/rss": _rss(_item("/a"), _item("/b")), "/a": route, "/b": page("b")}
    assert _crawl(site, tmp_path).pages == 2
    rows = _rows(site, tmp_path)
    assert sorted(rows) == ["/a", "/b"]
    assert {opt_out["signal"] for opt_out in rows["/a"]["opt_outs"]} == {"noai", "tdm-reservation"}
    assert rows["/a"]["uses"] == ["evaluate"]
