"""A website becomes WARC: within its scope, by its robots.txt, at the declared pace, and nothing is fetched twice."""

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


def _crawl(site: Any, out: Path, more: str = "", *, again: bool = False, **options: Any) -> Any:
    crawler = Crawler(website.source_of(site, more), out, website.Unseen(), first_rest=0.01, **options)
    return crawler.run(again=again)


def _records(out: Path) -> list[tuple[str, str, str | None]]:
    found: list[tuple[str, str, str | None]] = []
    for path in sorted((out / "collected" / "gaceta" / "warc").glob("*.warc.gz")):
        with path.open("rb") as file:
            for record in ArchiveIterator(file):
                names = ("WARC-Type", "WARC-Target-URI", "WARC-Payload-Digest")
                kind, url, digest = (record.headers.get(name) for name in names)
                found.append((kind or "", url or "", digest))
    return found


def _responses(out: Path, kind: str = "response") -> list[str]:
    return [str(url).partition("127.0.0.1:")[2].partition("/")[2] for k, url, _ in _records(out) if k == kind]


def _rows(out: Path, site: Any, tables: str = "") -> list[dict[str, Any]]:
    source = website.source_of(site, tables=tables)
    files = list_inputs(source, out / "collected" / "gaceta" / "warc")
    return [row for file in files for frame in read(source, file) for row in frame.iter_rows(named=True)]


def _notes(out: Path) -> list[dict[str, Any]]:
    lines = (out / "collected" / "gaceta" / "crawl.jsonl").read_text(encoding="utf-8").splitlines()
    return [json.loads(line) for line in lines]


def test_pages_are_found_by_links_sitemaps_and_feeds(tmp_path: Path, site: Any) -> None:
    """Each address once, in its canonical form, whatever links to it."""
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
    """Request, response and metadata, with digests that warcio confirms; the index leads to each response."""
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
        _, stamp, told = line.split(" ", 2)
        about = json.loads(told)
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


def test_the_crawler_says_who_it_is_and_whom_to_write_to(tmp_path: Path, site: Any) -> None:
    """In every request, those for robots.txt among them."""
    site.routes["/"] = page("inicio")
    _crawl(site, tmp_path)
    agents = {one.headers["user-agent"] for one in site.asked}
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
def test_a_source_that_may_not_be_crawled_is_refused_before_anything_is_asked(
    tmp_path: Path, site: Any, lines: str, problem: str
) -> None:
    """Without a contact, or where the holder must be asked."""
    with pytest.raises(ConfigError, match=problem):
        Crawler(website.source_of(site, about=lines), tmp_path, website.Unseen())
    assert site.asked == []


@pytest.mark.parametrize(
    ("collect", "problem"),
    [
        ('kind = "crawl"', "go together"),
        ('kind = "crawl"\n[collect.crawl]\nstart = []', "start"),
        ('kind = "crawl"\n[collect.crawl]\nstart = ["gaceta.example"]', "no address"),
        ('kind = "crawl"\n[collect.crawl]\nstart = ["https://a.example/"]\nhosts = ["b.example"]', "none of the hosts"),
        ('kind = "crawl"\n[collect.crawl]\nstart = ["https://a.example/"]\npaths = ["notas"]', "no path"),
    ],
)
def test_a_scope_that_makes_no_sense_is_told(collect: str, problem: str) -> None:
    """With a remedy, before anything is asked."""
    text = f'id = "gaceta"\ntitle = "Gaceta"\nholder = "Nadie"\n[collect]\n{collect}\n'
    with pytest.raises(ConfigError, match=problem):
        parse_toml(text, Source, "gaceta.toml")


def test_robots_txt_is_obeyed_as_rfc_9309_says(tmp_path: Path, site: Any) -> None:
    """The longest match decides, our own group before that of all; what is shut out is never asked for."""
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
    """4xx is no robots.txt; 5xx and 429 are one that can't be had, and the addresses go on waiting."""
    site.routes |= {"/robots.txt": (status, _TEXT, b""), "/": page("inicio")}
    result = _crawl(site, tmp_path)
    assert site.paths == expected
    assert result.complete == bool(expected)
    if not expected:
        assert _notes(tmp_path)[0]["cause"] == "robots unavailable"
        site.routes["/robots.txt"] = (404, {}, b"")
        assert _crawl(site, tmp_path).pages == 1  # another day


def test_the_pace_is_never_above_the_declared_one(tmp_path: Path, site: Any) -> None:
    """From one request to the next, and to one host over one connection at a time; robots.txt may ask for less."""
    site.routes |= {"/": page("inicio", *(f"/{n}" for n in range(8)))} | {f"/{n}": page(str(n)) for n in range(8)}
    site.routes["/robots.txt"] = (200, _TEXT, b"User-agent: *\nCrawl-delay: 0.2")
    _crawl(site, tmp_path, "delay = 0.05")
    moments = [one.time for one in site.asked]
    assert len(moments) == 12
    gaps = [b - a for a, b in pairwise(moments)]
    assert min(gaps) >= 0.2  # the answer to the first, robots.txt, says so


def test_a_busy_host_is_given_the_rest_it_asks_for(tmp_path: Path, site: Any) -> None:
    """429 and 503 with Retry-After; the page is asked for again, and nothing of the refusal is written."""
    calls = []

    def busy(handler: Any) -> None:
        calls.append(1)
        answer = (503, {"Retry-After": "1"}, b"") if len(calls) < 3 else page("al fin")
        site.answer(handler, answer)

    site.routes["/"] = busy
    assert _crawl(site, tmp_path).pages == 1
    moments = [one.time for one in site.asked if one.path == "/"]
    assert [b - a >= 1 for a, b in pairwise(moments)] == [True, True]
    assert _responses(tmp_path).count("") == 1


def test_a_host_that_asks_for_a_day_is_left_for_another_day(tmp_path: Path, site: Any) -> None:
    """The crawl ends and says so; the next one doesn't ask before the time has come."""
    site.routes["/"] = (429, {"Retry-After": "86400"}, b"")
    for _ in range(2):
        result = _crawl(site, tmp_path)
        assert (result.complete, list(result.closed.values())) == (False, ["server busy"])
    assert site.paths == ["/"]


def test_a_second_round_asks_on_condition_and_writes_revisits(tmp_path: Path, site: Any) -> None:
    """304 and equal bytes are revisits of the first record; a changed page is a new response."""

    def tagged(handler: Any) -> None:
        same = handler.headers.get("If-None-Match") == '"v1"'
        site.answer(
            handler, (304, {"Content-Length": "0"}, b"") if same else (200, {"ETag": '"v1"'}, page("con marca"))
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


def test_what_is_refused_narrows_the_rows_and_is_told_in_them(tmp_path: Path, site: Any) -> None:
    """Signal, value, address and time; other pages of the site stay as the source says."""
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
    told = {path: [one["signal"] for one in row["opt_outs"] or []] for path, row in rows.items()}
    assert told == {
        "/": [], "/reservado/a": ["robots-agent"], "/minado/a": ["tdm-reservation"], "/noai": ["noai"],
        "/paga": ["rsl-permission"],
    }  # fmt: skip
    assert rows["/"]["uses"] == ["train", "redistribute", "evaluate"]
    assert rows["/noai"]["uses"] == ["redistribute", "evaluate"]
    assert rows["/minado/a"]["uses"] == ["evaluate"]
    assert (rows["/paga"]["uses"], rows["/paga"]["rights_tier"]) == (["evaluate"], "permission")
    (one,) = rows["/reservado/a"]["opt_outs"]
    assert one["address"] == f"{site.root}/robots.txt"
    assert "GPTBot" in one["value"]
    assert abs((one["time"] - rows["/reservado/a"]["obtained"]).total_seconds()) < 60


def test_a_refusal_that_is_new_is_written_though_the_page_is_the_same(tmp_path: Path, site: Any) -> None:
    """A revisit would leave the old row, which still may be used, in its place."""
    site.routes |= {"/": page("inicio")}
    _crawl(site, tmp_path)
    site.routes["/robots.txt"] = (200, _TEXT, b"User-agent: CCBot\nDisallow: /")
    _crawl(site, tmp_path, again=True)
    assert _responses(tmp_path, "revisit") == []
    assert [[one["signal"] for one in row["opt_outs"] or []] for row in _rows(tmp_path, site)] == [[], ["robots-agent"]]


def _latest(out: Path, site: Any, tables: str = "") -> dict[str, dict[str, Any]]:
    """The rows that a run keeps of those with one `doc_id`: the latest obtained."""
    rows = sorted(_rows(out, site, tables), key=lambda row: row["obtained"])
    return {row["url"].removeprefix(site.root): row for row in rows}


def test_a_site_that_shuts_everybody_out_later_narrows_what_was_read_before(tmp_path: Path, site: Any) -> None:
    """Nothing is asked; each page stands once more with the refusal, later than before, with its own refusals too."""
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
    assert [one["signal"] for one in rows["/dos"]["opt_outs"]] == ["noarchive", "robots-agent"]
    assert [one["address"] for one in rows["/dos"]["opt_outs"]] == [f"{site.root}/dos", f"{site.root}/robots.txt"]
    del site.routes["/robots.txt"]
    assert _crawl(site, tmp_path, again=True).pages == 2
    assert sorted(site.paths) == ["/", "/dos"]
    assert _responses(tmp_path).count("dos") == 2  # whole, since its terms are others


def test_an_address_that_was_shut_out_is_asked_for_when_it_is_opened(tmp_path: Path, site: Any) -> None:
    """In the next round."""
    site.routes |= {
        "/": page("inicio", "/dos"),
        "/dos": page("dos"),
        "/robots.txt": (200, _TEXT, b"User-agent: *\nDisallow: /dos"),
    }
    _crawl(site, tmp_path)
    site.routes["/robots.txt"] = (404, {}, b"")
    _crawl(site, tmp_path, again=True)
    assert site.paths == ["/", "/", "/dos"]


def test_a_server_that_says_not_modified_to_everything_is_asked_twice_and_its_refusal_counts(
    tmp_path: Path, site: Any
) -> None:
    """Once on condition, once whole; then the page that was read before stands under what the answer refuses."""
    site.routes["/"] = (200, {"ETag": '"v1"'}, page("inicio"))
    _crawl(site, tmp_path)
    site.routes["/"] = (304, {"Content-Length": "0", "X-Robots-Tag": "noai"}, b"")
    result = _crawl(site, tmp_path, again=True)
    assert (site.paths, result.states) == (["/"] * 3, {"failed": 1})
    assert [one["signal"] for one in _latest(tmp_path, site)["/"]["opt_outs"]] == ["noai"]
    _crawl(site, tmp_path, again=True)
    assert len(site.paths) == 4
    assert len(_rows(tmp_path, site)) == 2


def test_what_is_no_page_gives_no_row_whatever_it_is_sent_as(tmp_path: Path, site: Any) -> None:
    """A robots.txt that was moved, a licence in plain text, a feed sent as HTML, a sitemap in plain text."""
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
    assert [one["signal"] for one in rows["/nota"]["opt_outs"]] == ["robots-agent"]


def test_a_sites_files_are_never_older_than_a_day(tmp_path: Path) -> None:
    """They are read again in its last hour."""
    frontier = Frontier(tmp_path / "f.sqlite")
    sites, root = Sites(frontier), "https://gaceta.example"
    hour = 3600.0
    read = SiteFile(b"User-agent: *\nDisallow: /", datetime(2026, 1, 1, tzinfo=UTC))
    for name in ("/robots.txt", "/ai.txt", "/.well-known/tdmrep.json"):
        sites.store_file(root + name, root, read, 0.0)
    used = {at: sites.next_file(root, at * hour) is None for at in (0.0, 1.5, 22.9, 23.8, 23.95, 24.1)}
    assert [at for at, told in used.items() if told] == [0.0, 1.5, 22.9, 23.8]
    frontier.close()


def test_a_file_that_failed_before_is_tried_as_often_when_it_is_read_again(
    tmp_path: Path, site: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Each reading of a robots.txt counts its tries anew; here it fails three times each, and a day is a moment."""
    monkeypatch.setattr("latam_corpus.harvest.crawl.sites.DAY", 0.2)
    monkeypatch.setattr("latam_corpus.harvest.crawl.sites._CACHED_SECONDS", 0.01)
    asked: list[int] = []

    def failing(handler: Any) -> None:
        asked.append(1)
        site.answer(handler, (404 if len(asked) % 4 == 0 else 503, {}, b""))

    site.routes |= {"/robots.txt": failing, "/": page("inicio", *(f"/{n}" for n in range(9)))}
    site.routes |= {f"/{n}": page(str(n)) for n in range(9)}
    result = _crawl(site, tmp_path, "delay = 0.05")
    assert (result.pages, result.complete, len(asked) >= 8) == (10, True, True)


def test_a_source_that_was_not_crawled_yet_is_told_how(tmp_path: Path, site: Any, command_line: Any) -> None:
    """Not to fetch its records by hand."""
    library = importlib.import_module("tests.benchmarks.crawl.library")
    (tmp_path / "gaceta.toml").write_text(library.source_file(site.root, site.host, 0.0), encoding="utf-8")
    (tmp_path / "r.toml").write_text(
        'title = "G"\ngenre = "news"\nsources = ["gaceta.toml"]\n[[stage]]\nuse = "extract"\n', encoding="utf-8"
    )
    told = command_line("run", tmp_path / "r.toml", "--out", tmp_path / "out")
    assert told.code == 2
    assert "latam-corpus crawl" in told.err


def test_a_wacz_is_read_as_the_warc_files_in_it(tmp_path: Path, site: Any) -> None:
    """Its lists of pages, indexes and logs are no documents, and none is a failed row."""
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
        (listed,) = list_inputs(source, tmp_path / "cosecha.wacz")
        rows = pl.concat(list(read(source, listed)))
        assert sorted(rows["url"]) == [f"{site.root}/", f"{site.root}/dos"]
        assert rows["drop_reason"].null_count() == 2
        assert rows["origin"].struct.field("member")[0].startswith(f"archive/{warc.name}#")


def test_what_browsertrix_notes_beside_its_pages_is_no_document(tmp_path: Path) -> None:
    """The text of a page in `urn:text:` would be the page once more."""
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
    (listed,) = list_inputs(source, tmp_path)
    assert pl.concat(list(read(source, listed)))["url"].to_list() == ["https://p.example/a"]


def test_web_archives_of_others_tell_what_their_pages_refuse(tmp_path: Path) -> None:
    """A WARC from any crawler: headers and head are read when it is collected."""
    body = b"HTTP/1.1 200 OK\r\nContent-Type: text/html\r\nX-Robots-Tag: noai\r\nTDM-Reservation: 1\r\n\r\n<p>Hola"
    head = f"WARC/1.0\r\nWARC-Type: response\r\nWARC-Target-URI: https://p.example/a\r\nWARC-Date: 2024-05-01T12:00:00Z\r\nWARC-Record-ID: <urn:uuid:0>\r\nContent-Type: application/http\r\nContent-Length: {len(body)}\r\n\r\n"  # noqa: E501
    (tmp_path / "a.warc").write_bytes(head.encode() + body + b"\r\n\r\n")
    source = Source(id="cosecha", title="Cosecha", holder="Biblioteca")
    (file,) = list_inputs(source, tmp_path)
    frame = pl.concat(list(read(source, file)))
    assert [one["signal"] for one in frame["opt_outs"][0]] == ["noai", "tdm-reservation"]


def test_the_limit_stops_and_the_next_run_goes_on(tmp_path: Path, site: Any) -> None:
    """Nothing is asked for twice."""
    site.routes |= {"/": page("inicio", *(f"/{n}" for n in range(6)))} | {f"/{n}": page(str(n)) for n in range(6)}
    first = _crawl(site, tmp_path, limit=3)
    assert (first.pages, first.complete, len(site.paths)) == (3, False, 3)
    second = _crawl(site, tmp_path)
    assert (second.pages, second.complete) == (7, True)
    assert len(site.paths) == len(set(site.paths)) == 7


def test_two_processes_cannot_crawl_one_source(tmp_path: Path, site: Any) -> None:
    """The second is told, and the first goes on."""
    source = website.source_of(site)
    site.routes["/"] = page("inicio")
    crawler = Crawler(source, tmp_path, website.Unseen())
    with pytest.raises(ConfigError, match="in use"):
        Crawler(source, tmp_path, website.Unseen())
    assert crawler.run().pages == 1


def test_a_warc_that_lost_its_end_is_told(tmp_path: Path, site: Any) -> None:
    """The frontier says that more was written: going on would leave a hole."""
    site.routes["/"] = page("inicio")
    _crawl(site, tmp_path)
    (path,) = (tmp_path / "collected" / "gaceta" / "warc").glob("*")
    path.write_bytes(path.read_bytes()[:-10])
    with pytest.raises(SourceError, match="when the crawl stopped"):
        _crawl(site, tmp_path)
