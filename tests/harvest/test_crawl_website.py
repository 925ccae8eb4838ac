"""A website is written to WARC within its scope, by its robots.txt, at the declared pace, each page once."""

from __future__ import annotations

import gzip
import importlib
import json
import zipfile
from datetime import UTC, datetime
from itertools import pairwise
from typing import TYPE_CHECKING, Any

import polars as pl
import pytest
from fastwarc.warc import ArchiveIterator
from warcio.archiveiterator import ArchiveIterator as Reference

from latam_corpus.catalog.source import Collect, Source
from latam_corpus.collect.files import list_inputs, read
from latam_corpus.config.toml_model import parse_toml
from latam_corpus.errors import ConfigError, SourceError
from latam_corpus.harvest.crawl.frontier import Frontier
from latam_corpus.harvest.crawl.sites import Sites
from latam_corpus.harvest.crawl.website import Crawler
from latam_corpus.harvest.optout.site import SiteFile

if TYPE_CHECKING:
    from pathlib import Path

# By name: the package is `tests.benchmarks` to Python and `benchmarks` to the type checker.
website: Any = importlib.import_module("tests.benchmarks.crawl.website")
page = website.page
_TEXT = {"Content-Type": "text/plain"}


def _crawl(site: Any, out: Path, more: str = "", **options: Any) -> Any:
    return website.crawl(site, out, more, **options)[0]


def _records(out: Path) -> list[tuple[str, str, str | None]]:
    links: list[tuple[str, str, str | None]] = []
    for path in sorted((out / "collected" / "gaceta" / "warc").glob("*.warc.gz")):
        with path.open("rb") as file:
            for record in ArchiveIterator(file):
                names = ("WARC-Type", "WARC-Target-URI", "WARC-Payload-Digest")
                kind, url, digest = (record.headers.get(name) for name in names)
                links.append((kind or "", url or "", digest))
    return links


def _responses(out: Path, kind: str = "response") -> list[str]:
    return [str(url).partition("127.0.0.1:")[2].partition("/")[2] for k, url, _ in _records(out) if k == kind]


def _rows(out: Path, site: Any, tables: str = "") -> list[dict[str, Any]]:
    source = website.source_of(site, tables=tables)
    files = list_inputs(source, out / "collected" / "gaceta" / "warc")
    return [row for file in files for frame in read(source, file) for row in frame.iter_rows(named=True)]


def _notes(out: Path) -> list[dict[str, Any]]:
    notes: list[dict[str, Any]] = website.notes_of(out / "collected" / "gaceta")
    return notes


def test_pages_are_found_by_links_sitemaps_and_feeds(tmp_path: Path, site: Any) -> None:
    """Each address is requested once in its canonical form, whatever names it."""
    feed = f"<rss><channel><item><link>{site.root}/de-rss</link></item></channel></rss>"
    index = f"<sitemapindex><sitemap><loc>{site.root}/mapa.xml.gz</loc></sitemap></sitemapindex>"
    sitemap = f"<urlset><url><loc>{site.root}/del-mapa</loc></url></urlset>"
    site.routes |= {
        "/": page("inicio", "a", "/a#pie", "/a?utm_source=x", "mailto:x@y.example", "/foto.jpg",
                  head='<link rel="alternate" type="application/rss+xml" href="/rss">'),
        "/a": page("a", "/", "/b;jsessionid=77", "https://otro.example/"),
        "/b": page("b"),
        "/rss": (200, {"Content-Type": "application/rss+xml"}, feed.encode()),
        "/robots.txt": (200, _TEXT, b"Sitemap: /indice.xml"),
        "/indice.xml": (200, {"Content-Type": "text/xml"}, index.encode()),
        "/mapa.xml.gz": (200, {"Content-Type": "application/x-gzip"}, gzip.compress(sitemap.encode())),
        "/de-rss": page("de rss"),
        "/del-mapa": page("del mapa"),
    }  # fmt: skip
    result = _crawl(site, tmp_path)
    assert sorted(site.paths) == ["/", "/a", "/b", "/de-rss", "/del-mapa", "/indice.xml", "/mapa.xml.gz", "/rss"]
    assert (result.pages, result.complete) == (5, True)
    assert sorted(row["url"].removeprefix(site.root) for row in _rows(tmp_path, site)) == [
        "/", "/a", "/b", "/de-rss", "/del-mapa",
    ]  # fmt: skip


def test_every_exchange_is_in_the_warc_whole_and_indexed(tmp_path: Path, site: Any) -> None:
    """Requests, responses and metadata have digests that warcio confirms, and the index finds each response."""
    site.routes |= {
        "/": (200, {"Content-Encoding": "gzip", "X-Dos": "á"}, gzip.compress(page("inicio", "/trozos"))),
        "/trozos": (200, {"Transfer-Encoding": "chunked"}, b"5\r\n<p>Ma\r\n8\r\n\xc3\xb1ana</p\r\n1\r\n>\r\n0\r\n\r\n"),
    }
    _crawl(site, tmp_path)
    folder = tmp_path / "collected" / "gaceta"
    (path,) = (folder / "warc").glob("*.warc.gz")
    with path.open("rb") as file:
        kinds = []
        for record in Reference(file, check_digests="raise"):
            record.content_stream().read()
            kinds.append(record.rec_type)
            assert record.rec_headers.protocol == "WARC/1.1"
    # robots.txt, ai.txt, tdmrep.json and two pages
    assert kinds == ["warcinfo", *["response", "request", "metadata"] * 5]
    lines = (folder / "index.cdxj").read_text(encoding="utf-8").splitlines()
    assert lines == sorted(lines)
    for line in lines:
        _, stamp, fields = line.split(" ", 2)
        about = json.loads(fields)
        with path.open("rb") as file:
            file.seek(int(about["offset"]))
            record = next(iter(ArchiveIterator(file)))
            assert (record.headers["WARC-Target-URI"], record.headers["WARC-Payload-Digest"]) == (
                about["url"], about["digest"],
            )  # fmt: skip
            assert "".join(filter(str.isdigit, record.headers["WARC-Date"])) == stamp
    rows = {row["url"]: row["raw"] for row in _rows(tmp_path, site)}
    assert rows[f"{site.root}/trozos"].decode() == "<p>Mañana</p>"
    assert rows[f"{site.root}/"] == page("inicio", "/trozos")


def test_every_request_has_the_user_agent(tmp_path: Path, site: Any) -> None:
    """Every request has the user agent, including those for robots.txt."""
    site.routes["/"] = page("inicio")
    _crawl(site, tmp_path)
    agents = {request.headers["user-agent"] for request in site.asked}
    assert len(agents) == 1
    assert "latam-corpus/" in min(agents)
    assert "biblioteca@gaceta.example" in min(agents)


@pytest.mark.parametrize(
    ("lines", "problem"),
    [
        ('contact = ""', "no contact"),
        ('contact = "tal vez"', "e-mail or web address"),
        ('status = "ask_first"', "asked first"),
    ],
)
def test_a_source_that_may_not_be_crawled_is_refused_before_a_request(
    tmp_path: Path, site: Any, lines: str, problem: str
) -> None:
    """A source without a contact or permission is refused before a request."""
    with pytest.raises(ConfigError, match=problem):
        Crawler(website.source_of(site, about=lines), tmp_path, website.Unseen())
    assert site.asked == []


@pytest.mark.parametrize(
    ("collect", "problem"),
    [
        ('kind = "crawl"', "go together"),
        ('kind = "crawl"\n[collect.crawl]\nstart = []', "start"),
        ('kind = "crawl"\n[collect.crawl]\nstart = ["gaceta.example"]', "isn't the address"),
        ('kind = "crawl"\n[collect.crawl]\nstart = ["https://a.example/"]\nhosts = ["b.example"]', "none of the hosts"),
        ('kind = "crawl"\n[collect.crawl]\nstart = ["https://a.example/"]\npaths = ["notas"]', "isn't a path"),
    ],
)
def test_an_invalid_scope_is_reported(collect: str, problem: str) -> None:
    """An invalid scope is refused with a remedy before a request."""
    text = f'id = "gaceta"\ntitle = "Gaceta"\nholder = "Nadie"\n[collect]\n{collect}\n'
    with pytest.raises(ConfigError, match=problem):
        parse_toml(text, Source, "gaceta.toml")


def test_robots_txt_is_obeyed_as_rfc_9309_says(tmp_path: Path, site: Any) -> None:
    """The longest match decides, our own group precedes `*`, and refused paths are never requested."""
    robots = b"User-agent: *\nDisallow: /\n\nUser-agent: latam-corpus\nDisallow: /privado/\nAllow: /privado/libre\n"
    site.routes |= {
        "/robots.txt": (200, _TEXT, robots),
        "/": page("inicio", "/privado/uno", "/privado/libre", "/dos"),
        "/privado/libre": page("libre"),
        "/dos": page("dos"),
    }
    _crawl(site, tmp_path)
    assert sorted(site.paths) == ["/", "/dos", "/privado/libre"]
    assert [(note["cause"], note["url"]) for note in _notes(tmp_path)] == [
        ("shut out by robots", f"{site.root}/privado/uno")
    ]


@pytest.mark.parametrize(("status", "expected"), [(404, ["/"]), (403, ["/"]), (500, []), (503, []), (429, [])])
def test_a_missing_robots_txt_allows_and_a_failing_one_forbids(
    tmp_path: Path, site: Any, status: int, expected: list[str]
) -> None:
    """With 4xx the site is crawled, and with 5xx or 429 its addresses wait."""
    site.routes |= {"/robots.txt": (status, _TEXT, b""), "/": page("inicio")}
    result = _crawl(site, tmp_path)
    assert site.paths == expected
    assert result.complete == bool(expected)
    if not expected:
        assert _notes(tmp_path)[0]["cause"] == "robots unavailable"
        site.routes["/robots.txt"] = (404, {}, b"")
        assert _crawl(site, tmp_path).pages == 1  # another day


def test_requests_keep_the_declared_delay(tmp_path: Path, site: Any) -> None:
    """Requests to a host keep the delay over a single connection, and robots.txt may ask for a longer one."""
    site.routes |= {"/": page("inicio", *(f"/{n}" for n in range(8)))} | {f"/{n}": page(str(n)) for n in range(8)}
    site.routes["/robots.txt"] = (200, _TEXT, b"User-agent: *\nCrawl-delay: 0.2")
    _crawl(site, tmp_path, "delay = 0.05")
    moments = [request.time for request in site.asked]
    assert len(moments) == 12
    gaps = [b - a for a, b in pairwise(moments)]
    assert min(gaps) >= 0.2  # the answer to the first, robots.txt, says so


def test_a_busy_host_is_given_the_rest_it_asks_for(tmp_path: Path, site: Any) -> None:
    """After 429 or 503 with Retry-After the page is requested again, and the refusal isn't written."""
    calls = []

    def busy(handler: Any) -> None:
        calls.append(1)
        answer = (503, {"Retry-After": "1"}, b"") if len(calls) < 3 else page("al fin")
        site.answer(handler, answer)

    site.routes["/"] = busy
    assert _crawl(site, tmp_path).pages == 1
    moments = [request.time for request in site.asked if request.path == "/"]
    assert [b - a >= 1 for a, b in pairwise(moments)] == [True, True]
    assert _responses(tmp_path).count("") == 1


def test_a_host_that_asks_for_a_day_is_left_for_another_day(tmp_path: Path, site: Any) -> None:
    """The crawl ends with the reason, and the next one waits until the time has come."""
    site.routes["/"] = (429, {"Retry-After": "86400"}, b"")
    for _ in range(2):
        result = _crawl(site, tmp_path)
        assert (result.complete, list(result.closed.values())) == (False, ["server busy"])
    assert site.paths == ["/"]


def test_a_second_round_is_conditional_and_writes_revisits(tmp_path: Path, site: Any) -> None:
    """304 and equal bytes give revisits of the first record, and a changed page a new response."""

    def tagged(handler: Any) -> None:
        is_unchanged = handler.headers.get("If-None-Match") == '"v1"'
        site.answer(
            handler, (304, {"Content-Length": "0"}, b"") if is_unchanged else (200, {"ETag": '"v1"'}, page("con marca"))
        )

    site.routes |= {"/": page("inicio", "/marca", "/igual", "/otra"), "/marca": tagged}
    site.routes |= {"/igual": page("igual"), "/otra": page("otra")}
    _crawl(site, tmp_path)
    assert _crawl(site, tmp_path).pages == 4  # nothing more to do
    assert len(site.paths) == 4
    site.routes["/otra"] = page("otra, corregida")
    _crawl(site, tmp_path, again=True)
    assert len(site.paths) == 8
    assert sorted(_responses(tmp_path, "revisit")) == ["", "igual", "marca"]
    assert _responses(tmp_path).count("otra") == 2
    first = [(url, digest) for kind, url, digest in _records(tmp_path) if kind == "response"]
    assert all((url, digest) in first for kind, url, digest in _records(tmp_path) if kind == "revisit")


def test_opt_outs_narrow_the_rows_and_are_recorded_in_them(tmp_path: Path, site: Any) -> None:
    """A row has signal, value, address and time of its opt-outs, and other pages keep the source's terms."""
    site.routes |= {
        "/robots.txt": (200, _TEXT, b"User-agent: GPTBot\nDisallow: /reservado/"),
        "/.well-known/tdmrep.json": (200, _TEXT, b'[{"location": "/minado/", "tdm-reservation": 1}]'),
        "/": page("inicio", "/reservado/a", "/minado/a", "/noai", "/paga"),
        "/reservado/a": page("a"),
        "/minado/a": page("b"),
        "/noai": page("c", head='<meta name="robots" content="noai">'),
        "/paga": (200, {"Link": '</l.xml>; rel="license"; type="application/rsl+xml"'}, page("d")),
    }
    _crawl(site, tmp_path)
    rights = '[rights]\nstatement = "CC-BY-4.0"\nbasis = "licence"\nuses = ["train", "redistribute", "evaluate"]'
    rows = {row["url"].removeprefix(site.root): row for row in _rows(tmp_path, site, rights)}
    signals = {path: [opt_out["signal"] for opt_out in row["opt_outs"] or []] for path, row in rows.items()}
    assert signals == {
        "/": [], "/reservado/a": ["robots-agent"], "/minado/a": ["tdm-reservation"], "/noai": ["noai"],
        "/paga": ["rsl-permission"],
    }  # fmt: skip
    assert rows["/"]["uses"] == ["train", "redistribute", "evaluate"]
    assert rows["/noai"]["uses"] == ["redistribute", "evaluate"]
    assert rows["/minado/a"]["uses"] == ["evaluate"]
    assert (rows["/paga"]["uses"], rows["/paga"]["rights_tier"]) == (["evaluate"], "permission")
    (opt_out,) = rows["/reservado/a"]["opt_outs"]
    assert opt_out["address"] == f"{site.root}/robots.txt"
    assert "GPTBot" in opt_out["value"]
    assert abs((opt_out["time"] - rows["/reservado/a"]["obtained"]).total_seconds()) < 60


def test_a_new_opt_out_of_an_unchanged_page_is_written(tmp_path: Path, site: Any) -> None:
    """An unchanged page with a new opt-out is written as a new response and not as a revisit."""
    site.routes |= {"/": page("inicio")}
    _crawl(site, tmp_path)
    site.routes["/robots.txt"] = (200, _TEXT, b"User-agent: CCBot\nDisallow: /")
    _crawl(site, tmp_path, again=True)
    assert _responses(tmp_path, "revisit") == []
    assert [[opt_out["signal"] for opt_out in row["opt_outs"] or []] for row in _rows(tmp_path, site)] == [
        [],
        ["robots-agent"],
    ]


def _latest(out: Path, site: Any, tables: str = "") -> dict[str, dict[str, Any]]:
    """Return the latest row of each document, which a run keeps."""
    rows = sorted(_rows(out, site, tables), key=lambda row: row["obtained"])
    return {row["url"].removeprefix(site.root): row for row in rows}


def test_a_later_refusal_of_a_site_narrows_earlier_pages(tmp_path: Path, site: Any) -> None:
    """Without a request, each page is written again with the refusal and its own earlier opt-outs."""
    body = page("dos", head='<meta name="robots" content="noarchive">')
    site.routes |= {"/": page("inicio", "/dos"), "/dos": (200, {"Content-Encoding": "gzip"}, gzip.compress(body))}
    _crawl(site, tmp_path)
    site.routes["/robots.txt"] = (200, _TEXT, b"User-agent: *\nDisallow: /")
    for _ in range(2):
        site.asked.clear()
        assert _crawl(site, tmp_path, again=True).states == {"refused": 2}
        assert site.paths == []
    rights = '[rights]\nstatement = "CC-BY-4.0"\nbasis = "licence"\nuses = ["train", "redistribute", "evaluate"]'
    assert len(_rows(tmp_path, site)) == 4  # the second round has nothing new to say
    rows = _latest(tmp_path, site, rights)
    assert {path: (row["uses"], row["raw"]) for path, row in rows.items()} == {
        "/": (["redistribute", "evaluate"], page("inicio", "/dos")),
        "/dos": (["evaluate"], body),
    }
    assert [opt_out["signal"] for opt_out in rows["/dos"]["opt_outs"]] == ["noarchive", "robots-agent"]
    assert [opt_out["address"] for opt_out in rows["/dos"]["opt_outs"]] == [
        f"{site.root}/dos",
        f"{site.root}/robots.txt",
    ]
    del site.routes["/robots.txt"]
    assert _crawl(site, tmp_path, again=True).pages == 2
    assert sorted(site.paths) == ["/", "/dos"]
    assert _responses(tmp_path).count("dos") == 2  # whole, since its terms are others


def test_a_refused_address_is_requested_once_it_is_allowed(tmp_path: Path, site: Any) -> None:
    """A refused address is requested in the next round that allows it."""
    site.routes |= {
        "/": page("inicio", "/dos"),
        "/dos": page("dos"),
        "/robots.txt": (200, _TEXT, b"User-agent: *\nDisallow: /dos"),
    }
    _crawl(site, tmp_path)
    site.routes["/robots.txt"] = (404, {}, b"")
    _crawl(site, tmp_path, again=True)
    assert site.paths == ["/", "/", "/dos"]


def test_opt_outs_of_an_unconditional_304_are_applied(tmp_path: Path, site: Any) -> None:
    """After a conditional and an unconditional request, the earlier page gets the response's opt-outs."""
    site.routes["/"] = (200, {"ETag": '"v1"'}, page("inicio"))
    _crawl(site, tmp_path)
    site.routes["/"] = (304, {"Content-Length": "0", "X-Robots-Tag": "noai"}, b"")
    result = _crawl(site, tmp_path, again=True)
    assert (site.paths, result.states) == (["/"] * 3, {"failed": 1})
    assert [opt_out["signal"] for opt_out in _latest(tmp_path, site)["/"]["opt_outs"]] == ["noai"]
    _crawl(site, tmp_path, again=True)
    assert len(site.paths) == 4
    assert len(_rows(tmp_path, site)) == 2


def test_responses_that_are_not_pages_give_no_rows(tmp_path: Path, site: Any) -> None:
    """A moved robots.txt, a plain licence, a feed as HTML and a plain sitemap give no rows."""
    feed = f"<?xml version='1.0'?><rss><channel><item><link>{site.root}/nota</link></item></channel></rss>"
    site.routes |= {
        "/robots.txt": (301, {"Location": "/reglas"}, b""),
        "/reglas": (
            200,
            _TEXT,
            b"User-agent: *\nLicense: /licencia\nSitemap: /mapa\nUser-agent: CCBot\nDisallow: /nota",
        ),
        "/licencia": (
            200,
            _TEXT,
            b"<rsl><content url='/'><license><permits type='usage'>all</permits></license></content></rsl>",
        ),
        "/mapa": (200, _TEXT, f"\ufeff{site.root}/del-mapa\r\n{site.root}/nota\r\n".encode()),
        "/": page("inicio", "/feed", "/texto"),
        "/feed": (200, {"Content-Type": "text/html"}, feed.encode()),
        "/texto": (200, _TEXT, f"{site.root}/nota lo cuenta".encode()),
        "/nota": page("nota"),
        "/del-mapa": page("del mapa"),
    }
    _crawl(site, tmp_path)
    rows = _latest(tmp_path, site)
    assert sorted(rows) == ["/", "/del-mapa", "/nota", "/texto"]
    assert [opt_out["signal"] for opt_out in rows["/nota"]["opt_outs"]] == ["robots-agent"]


def test_a_sites_files_are_never_older_than_a_day(tmp_path: Path) -> None:
    """A site's files are read again in the last hour of their day."""
    frontier = Frontier(tmp_path / "f.sqlite")
    sites, root = Sites(frontier), "https://gaceta.example"
    hour = 3600.0
    read = SiteFile(b"User-agent: *\nDisallow: /", datetime(2026, 1, 1, tzinfo=UTC))
    for name in ("/robots.txt", "/ai.txt", "/.well-known/tdmrep.json"):
        sites.store_file(root + name, root, read, 0.0)
    used = {at: sites.next_file(root, at * hour) is None for at in (0.0, 1.5, 22.9, 23.8, 23.95, 24.1)}
    assert [at for at, is_used in used.items() if is_used] == [0.0, 1.5, 22.9, 23.8]
    frontier.close()


def test_each_reading_of_a_sites_file_counts_its_attempts_anew(
    tmp_path: Path, site: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Each reading of a robots.txt counts its attempts from zero."""
    monkeypatch.setattr("latam_corpus.harvest.crawl.sites.DAY", 0.2)
    monkeypatch.setattr("latam_corpus.harvest.crawl.sites._CACHED_SECONDS", 0.01)
    statuses: list[int] = []

    def failing(handler: Any) -> None:
        statuses.append(1)
        site.answer(handler, (404 if len(statuses) % 4 == 0 else 503, {}, b""))

    site.routes |= {"/robots.txt": failing, "/": page("inicio", *(f"/{n}" for n in range(9)))}
    site.routes |= {f"/{n}": page(str(n)) for n in range(9)}
    result = _crawl(site, tmp_path, "delay = 0.05")
    assert (result.pages, result.complete, len(statuses) >= 8) == (10, True, True)


def test_a_source_that_was_not_crawled_gets_the_remedy(tmp_path: Path, site: Any, command_line: Any) -> None:
    """`run` names the command `crawl` for a source that wasn't crawled."""
    library = importlib.import_module("tests.benchmarks.crawl.library")
    (tmp_path / "gaceta.toml").write_text(library.source_file(site.root, site.host, 0.0), encoding="utf-8")
    (tmp_path / "r.toml").write_text(
        'title = "G"\ngenre = "news"\nsources = ["gaceta.toml"]\n[[stage]]\nuse = "extract"\n', encoding="utf-8"
    )
    result = command_line("run", tmp_path / "r.toml", "--out", tmp_path / "out")
    assert result.code == 2
    assert "latam-corpus crawl" in result.err


def test_a_wacz_is_read_as_the_warc_files_in_it(tmp_path: Path, site: Any) -> None:
    """The lists, indexes and logs in a WACZ are neither documents nor failed rows."""
    site.routes |= {"/": page("inicio", "/dos"), "/dos": page("dos")}
    _crawl(site, tmp_path)
    (warc,) = (tmp_path / "collected" / "gaceta" / "warc").glob("*.warc.gz")
    with zipfile.ZipFile(tmp_path / "cosecha.wacz", "w") as packed:
        packed.writestr("datapackage.json", '{"profile": "data-package"}')
        packed.writestr(
            "pages/pages.jsonl", '{"format": "json-pages-1.0"}\n{"url": "https://p.example/", "text": "Hola"}\n'
        )
        packed.writestr("indexes/index.cdx.gz", gzip.compress(b"example,p)/ 2024 {}"))
        packed.writestr("logs/crawl.log", "nada")
        packed.write(warc, f"archive/{warc.name}")
    for collect in (Collect(), Collect(format="warc")):
        source = Source(id="cosecha", title="Cosecha", holder="Biblioteca", collect=collect)
        (input_file,) = list_inputs(source, tmp_path / "cosecha.wacz")
        rows = pl.concat(list(read(source, input_file)))
        assert sorted(rows["url"]) == [f"{site.root}/", f"{site.root}/dos"]
        assert rows["drop_reason"].null_count() == 2
        assert rows["origin"].struct.field("member")[0].startswith(f"archive/{warc.name}#")


def test_text_records_of_browsertrix_are_not_documents(tmp_path: Path) -> None:
    """The page's text in a record `urn:text:` isn't a second document."""
    block = b"Hola"
    records = [("urn:text:https://p.example/a", "text/plain"), ("https://p.example/a", "text/plain")]
    with (tmp_path / "a.warc").open("wb") as file:
        for number, (url, kind) in enumerate(records):
            head = f"WARC/1.1\r\nWARC-Type: resource\r\nWARC-Target-URI: {url}\r\nWARC-Date: 2024-05-01T12:00:00Z\r\n"
            head += (
                f"WARC-Record-ID: <urn:uuid:{number}>\r\nContent-Type: {kind}\r\nContent-Length: {len(block)}\r\n\r\n"
            )
            file.write(head.encode() + block + b"\r\n\r\n")
    source = Source(id="cosecha", title="Cosecha", holder="Biblioteca")
    (input_file,) = list_inputs(source, tmp_path)
    assert pl.concat(list(read(source, input_file)))["url"].to_list() == ["https://p.example/a"]


def test_opt_outs_are_read_from_the_web_archives_of_other_crawlers(tmp_path: Path) -> None:
    """The opt-outs in headers and heads are read from the WARC files of any crawler."""
    body = b"HTTP/1.1 200 OK\r\nContent-Type: text/html\r\nX-Robots-Tag: noai\r\nTDM-Reservation: 1\r\n\r\n<p>Hola"
    head = f"WARC/1.0\r\nWARC-Type: response\r\nWARC-Target-URI: https://p.example/a\r\nWARC-Date: 2024-05-01T12:00:00Z\r\nWARC-Record-ID: <urn:uuid:0>\r\nContent-Type: application/http\r\nContent-Length: {len(body)}\r\n\r\n"  # noqa: E501
    (tmp_path / "a.warc").write_bytes(head.encode() + body + b"\r\n\r\n")
    source = Source(id="cosecha", title="Cosecha", holder="Biblioteca")
    (file,) = list_inputs(source, tmp_path)
    frame = pl.concat(list(read(source, file)))
    assert [opt_out["signal"] for opt_out in frame["opt_outs"][0]] == ["noai", "tdm-reservation"]


def test_the_limit_stops_and_the_next_run_goes_on(tmp_path: Path, site: Any) -> None:
    """A limited crawl resumes without repeated requests."""
    site.routes |= {"/": page("inicio", *(f"/{n}" for n in range(6)))} | {f"/{n}": page(str(n)) for n in range(6)}
    first = _crawl(site, tmp_path, limit=3)
    assert (first.pages, first.complete, len(site.paths)) == (3, False, 3)
    second = _crawl(site, tmp_path)
    assert (second.pages, second.complete) == (7, True)
    assert len(site.paths) == len(set(site.paths)) == 7


def test_two_processes_cannot_crawl_one_source(tmp_path: Path, site: Any) -> None:
    """The second process gets an error, and the first continues."""
    source = website.source_of(site)
    site.routes["/"] = page("inicio")
    crawler = Crawler(source, tmp_path, website.Unseen())
    with pytest.raises(ConfigError, match="in use"):
        Crawler(source, tmp_path, website.Unseen())
    assert crawler.run().pages == 1


def test_a_truncated_warc_is_reported(tmp_path: Path, site: Any) -> None:
    """A WARC that is shorter than its committed length is refused."""
    site.routes["/"] = page("inicio")
    _crawl(site, tmp_path)
    (path,) = (tmp_path / "collected" / "gaceta" / "warc").glob("*")
    path.write_bytes(path.read_bytes()[:-10])
    with pytest.raises(SourceError, match="when the crawl stopped"):
        _crawl(site, tmp_path)
