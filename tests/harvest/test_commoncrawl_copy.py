"""Captures of another archive are planned, read by people, and copied record by record with what owners refuse."""

from __future__ import annotations

import gzip
import importlib
import io
import json
import os
import re
from pathlib import Path
from typing import Any

import polars as pl
import pytest
from fastwarc.warc import ArchiveIterator
from warcio.archiveiterator import ArchiveIterator as Reference
from warcio.statusandheaders import StatusAndHeaders
from warcio.warcwriter import WARCWriter

from latam_corpus.catalog.harvest_tables import CommonCrawl
from latam_corpus.catalog.source import Source
from latam_corpus.collect.files import list_inputs, read
from latam_corpus.config.toml_model import parse_toml
from latam_corpus.errors import ConfigError, SourceError
from latam_corpus.harvest.commoncrawl.capture_index import Capture
from latam_corpus.harvest.commoncrawl.capture_plan import make_plan, read_plan, why_not
from latam_corpus.harvest.commoncrawl.copied_record import parse_record
from latam_corpus.harvest.commoncrawl.copying import COPIED_FROM, CommonCrawler
from latam_corpus.harvest.crawl.causes import TroubleError
from latam_corpus.harvest.crawl.website import Crawler

# By name: the package is `tests.benchmarks` to Python and `benchmarks` to the type checker.
collected: Any = importlib.import_module("tests.benchmarks.crawl.collected")
website: Any = importlib.import_module("tests.benchmarks.crawl.website")
page = website.page
_TEXT = {"Content-Type": "text/plain"}


def _served(site: Any, path: str, data: bytes) -> None:
    """Let the site give parts of a file, and no whole one."""

    def route(handler: Any) -> None:
        asked = re.fullmatch(r"bytes=(\d+)-(\d+)", handler.headers.get("Range", ""))
        assert asked, "a whole file was asked for"
        first, last = int(asked[1]), min(int(asked[2]), len(data) - 1)
        said = {"Content-Type": "application/octet-stream", "Content-Range": f"bytes {first}-{last}/{len(data)}"}
        site.answer(handler, (206, said, data[first : last + 1]))

    site.routes[path] = route


def _archive(
    site: Any, pages: dict[str, bytes], *, date: str = "2024-05-01T12:00:00Z", head: Any = ()
) -> list[dict[str, Any]]:
    """A WARC of these pages, served as `/crawl-data/a.warc.gz`, and its rows of an index."""
    held = io.BytesIO()
    writer = WARCWriter(held, gzip=True, warc_version="1.0")
    rows = []
    for url, body in pages.items():
        http = StatusAndHeaders("200 OK", [("Content-Type", "text/html"), *head], protocol="HTTP/1.1")
        offset = held.tell()
        record = writer.create_warc_record(
            url,
            "response",
            payload=io.BytesIO(body),
            length=len(body),
            http_headers=http,
            warc_headers_dict={"WARC-Date": date},
        )
        writer.write_record(record)
        digest = record.rec_headers.get_header("WARC-Payload-Digest").partition(":")[2]
        about = {"url": url, "mime": "text/html", "mime-detected": "text/html", "status": "200", "digest": digest}
        about |= {"filename": "crawl-data/a.warc.gz", "offset": str(offset), "length": str(held.tell() - offset)}
        rows.append(about | {"languages": "spa,eng", "timestamp": re.sub(r"\D", "", date)})
    site.archived = held.getvalue()
    _served(site, "/crawl-data/a.warc.gz", site.archived)
    return rows


def _cdxj(rows: list[dict[str, Any]]) -> str:
    return "".join(f"llave {row['timestamp']} {json.dumps(row)}\n" for row in rows)


def _source(site: Any, index: str, more: str = "") -> Any:
    chosen = more or f'hosts = ["{site.host.partition(":")[0]}"]'
    return collected.source_of(site.host, "commoncrawl", f'index = ["{index}"]\nrecords = "{site.root}/"\n{chosen}')


def _copied(site: Any, tmp_path: Path, rows: list[dict[str, Any]], more: str = "", **options: Any) -> Any:
    tmp_path.mkdir(exist_ok=True)
    index = tmp_path / "indice.cdxj"
    index.write_text(_cdxj(rows), encoding="utf-8")
    again = options.pop("again", False)
    crawler = CommonCrawler(_source(site, str(index), more), tmp_path, website.Unseen(), first_rest=0.01, **options)
    return crawler.run(again=again)


def _rows(site: Any, out: Path) -> Any:
    return collected.rows_of(_source(site, "x"), out, site.root)


def _notes(site: Any, out: Path) -> list[str]:
    return [row["cause"] for row in collected.notes_of(_source(site, "x"), out)]


def test_records_are_copied_as_they_are_with_where_they_are_from(tmp_path: Path, site: Any) -> None:
    """Block, id, date and digests of the other archive; warcio confirms them; the rows are of the first fetching."""
    rows = _archive(site, {f"{site.root}/{n}": page(str(n)) for n in range(3)})
    result = _copied(site, tmp_path, rows)
    assert (result.pages, result.complete) == (3, True)
    (path,) = (tmp_path / "collected" / "cosecha" / "warc").glob("*.warc.gz")
    with path.open("rb") as file:
        records = [one for one in Reference(file, check_digests="raise") if one.content_stream().read() is not None]
    copies = [one.rec_headers for one in records if one.rec_type == "response"]
    assert [one.get_header(COPIED_FROM) for one in copies] == [
        f"{site.root}/crawl-data/a.warc.gz {row['offset']}+{row['length']}" for row in rows
    ]
    assert {one.get_header("WARC-Date") for one in copies} == {"2024-05-01T12:00:00Z"}
    found = _rows(site, tmp_path)
    assert {path: row["raw"] for path, row in found.items()} == {f"/{n}": page(str(n)) for n in range(3)}
    assert {str(row["obtained"])[:10] for row in found.values()} == {"2024-05-01"}
    # Nothing but its site's files was asked of the site itself.
    assert set(site.paths) == {"/crawl-data/a.warc.gz"}


def test_what_is_refused_then_and_now_goes_with_the_copy(tmp_path: Path, site: Any) -> None:
    """The page's own words of then, its site's files of today, unless the source says not to ask."""
    rows = _archive(site, {f"{site.root}/a": page("a")}, head=[("X-Robots-Tag", "noai")])
    site.routes["/.well-known/tdmrep.json"] = (200, _TEXT, b'[{"location": "/", "tdm-reservation": 1}]')
    _copied(site, tmp_path, rows)
    row = _rows(site, tmp_path)["/a"]
    assert [one["signal"] for one in row["opt_outs"]] == ["noai", "tdm-reservation"]
    assert row["uses"] == ["evaluate"]
    moments = {one["signal"]: one["time"] for one in row["opt_outs"]}
    assert moments["noai"] == row["obtained"] < moments["tdm-reservation"]
    more = f'hosts = ["{site.host.partition(":")[0]}"]\nask_sites = false'
    site.asked.clear()
    _copied(site, tmp_path / "sin", rows, more)
    assert [one.path for one in site.asked] == ["/crawl-data/a.warc.gz"]
    assert [one["signal"] for one in _rows(site, tmp_path / "sin")["/a"]["opt_outs"]] == ["noai"]


def test_refusals_in_deployed_forms_go_with_the_copy(tmp_path: Path, site: Any) -> None:
    """Headers of then and robots.txt of today, in words of earlier drafts and with other separators."""
    rows = _archive(site, {f"{site.root}/a": page("a")}, head=[("Content-Usage", "search=y; genai=No")])
    site.routes["/robots.txt"] = (200, _TEXT, b"User-agent: *\nContent-Signal: ai-train:yes; use=reference")
    _copied(site, tmp_path, rows)
    row = _rows(site, tmp_path)["/a"]
    assert [one["signal"] for one in row["opt_outs"]] == ["content-signal-use", "content-usage"]
    assert row["uses"] == ["evaluate"]


def test_a_plan_chooses_by_host_domain_language_and_path_and_says_what_it_left_out(tmp_path: Path, site: Any) -> None:
    """The latest capture of a page; nothing is fetched for it."""

    def row(url: str, **more: Any) -> dict[str, Any]:
        usual = {"url": url, "timestamp": "20240501120000", "mime": "text/html", "status": "200", "digest": "A"}
        return usual | {"filename": "a.warc.gz", "offset": "0", "length": "9", "languages": "spa"} | more

    rows = [
        row("https://g.cl/notas/1"),
        row("https://g.cl/notas/1", timestamp="20250501120000", offset="77"),
        row("https://g.cl/notas/1", timestamp="20230501120000"),
        row("https://g.cl/notas/2", languages="eng,spa"),
        row("https://g.cl/notas/3", languages=""),
        row("https://g.cl/otra"),
        row("https://g.cl/notas/4", status="404"),
        row("https://g.cl/notas/5", mime="application/pdf"),
        row("https://g.cl/notas/6", length="999999999"),
        row("https://g.cl/notas/7", filename="https://otro.example/a.warc.gz"),
        row("https://g.cl/notas/8", offset="x"),
        row("https://g.pe/notas/1"),
        row("https://www.gaceta.com/notas/1"),
        row("https://gaceta.com/notas/1"),
    ]  # fmt: skip
    index = tmp_path / "indice.cdxj.gz"
    lines = _cdxj(rows).splitlines(keepends=True)
    index.write_bytes(b"".join(gzip.compress(line.encode()) for line in lines))  # members, as Common Crawl has them
    more = 'domains = ["cl"]\nhosts = ["*.gaceta.com"]\nlanguages = ["spa"]\npaths = ["/notas/"]'
    told = CommonCrawler(_source(site, str(index), more), tmp_path, website.Unseen()).plan()
    planned = (tmp_path / "collected" / "cosecha" / "plan.jsonl").read_text(encoding="utf-8").splitlines()
    assert [(one["url"], one["offset"]) for one in map(json.loads, planned)] == [
        ("https://www.gaceta.com/notas/1", 0), ("https://g.cl/notas/1", 77),
    ]  # fmt: skip
    assert told["left_out"] == {
        "another capture of the page is later": 2, "language": 2, "host": 2, "path": 1, "status": 1, "media type": 1,
        "too large": 1, "its file is elsewhere": 1, "malformed line": 1,
    }  # fmt: skip
    assert (told["captures"], told["bytes"], told["domains"]) == (2, 18, {"cl": 1, "com": 1})
    assert site.asked == []


def _columnar(path: Path, domains: tuple[str, ...], each: int = 1000) -> None:
    """A columnar index as Common Crawl's: sorted, a row group a domain."""
    frame = pl.DataFrame(
        {
            "url": [f"https://g.{domain}/{n}" for domain in domains for n in range(each)],
            "url_host_tld": [domain for domain in domains for _ in range(each)],
            "fetch_time": [1714564800000 for _ in range(each * len(domains))],
            "fetch_status": [200] * (each * len(domains)),
            "content_mime_detected": ["text/html"] * (each * len(domains)),
            "content_languages": ["spa"] * (each * len(domains)),
            "warc_filename": ["crawl-data/a.warc.gz"] * (each * len(domains)),
            "warc_record_offset": list(range(0, 10 * each * len(domains), 10)),
            "warc_record_length": [10] * (each * len(domains)),
            "beside": [os.urandom(64) for _ in range(each * len(domains))],
        },
        schema_overrides={"fetch_time": pl.Datetime("ms"), "fetch_status": pl.Int16, "warc_record_length": pl.Int32},
    )
    frame.write_parquet(path, row_group_size=each, statistics=True)


def test_the_columnar_index_is_read_by_path_and_by_address_only_where_it_may_have_what_is_wanted(
    tmp_path: Path, site: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Row groups of other domains, and columns that say nothing here, stay where they are."""
    path = tmp_path / "indice.parquet"
    _columnar(path, ("ar", "cl", "de", "pe", "uy", "za"))
    monkeypatch.setattr("latam_corpus.harvest.commoncrawl.ranges.BLOCK", 2**13)
    _served(site, "/indice.parquet", path.read_bytes())
    plans = []
    for index in (str(path), f"{site.root}/indice.parquet"):
        table = _source(site, index, 'domains = ["pe"]').collect.commoncrawl
        plans.append(make_plan(table, "prueba"))
    here, there = plans
    assert here.captures == there.captures
    assert len(here.captures) == 1000
    one = here.captures["https://g.pe/7"]
    assert (one.time, one.languages, one.length) == ("2024-05-01T12:00:00Z", ("spa",), 10)
    assert there.bytes_read[f"{site.root}/indice.parquet"] < path.stat().st_size / 3


def test_a_plan_may_be_cut_and_may_not_be_changed_otherwise(tmp_path: Path, site: Any) -> None:
    """A line that was taken out is not fetched, one that leads elsewhere is refused."""
    rows = _archive(site, {f"{site.root}/{n}": page(str(n)) for n in range(3)})
    index = tmp_path / "indice.cdxj"
    index.write_text(_cdxj(rows), encoding="utf-8")
    source = _source(site, str(index))
    CommonCrawler(source, tmp_path, website.Unseen()).plan()
    plan = tmp_path / "collected" / "cosecha" / "plan.jsonl"
    first, *rest = plan.read_text(encoding="utf-8").splitlines(keepends=True)
    plan.write_text(rest[0], encoding="utf-8")
    assert CommonCrawler(source, tmp_path, website.Unseen()).run().pages == 1
    plan.write_text(first + rest[0], encoding="utf-8")  # put back
    result = CommonCrawler(source, tmp_path, website.Unseen()).run()
    assert (result.pages, result.states) == (2, {"page": 2})
    for line in (
        "{}",
        "no",
        first.replace("crawl-data/", "https://otro.example/"),
        first.replace('"offset": 0', '"offset": -1'),
    ):
        plan.write_text(rest[0] + line, encoding="utf-8")
        with pytest.raises(ConfigError, match="line 2"):
            CommonCrawler(source, tmp_path, website.Unseen()).run()


_SAID = "bytes 0-{0}/{1}"


@pytest.mark.parametrize(
    ("status", "said", "changed", "cause"),
    [
        (200, None, lambda data: data, "range refused"),
        (206, "bytes 5-{0}/{1}", lambda data: data, "range refused"),
        (206, None, lambda data: data, "range refused"),
        (206, _SAID, lambda data: data[:-4] + b"0000", "not the record"),
        (206, _SAID, lambda data: b"x" * len(data), "not the record"),
        (206, _SAID, lambda data: data * 9, "too large"),
        (206, _SAID, lambda data: data[:-9], "range refused"),
        (404, None, lambda _: b"", "error status"),
    ],
)  # fmt: skip
def test_an_archive_that_misbehaves_is_told(
    tmp_path: Path, site: Any, status: int, said: str | None, changed: Any, cause: str
) -> None:
    """And nothing of what it sent stands."""
    rows = _archive(site, {f"{site.root}/a": page("a")})
    served, size = site.routes["/crawl-data/a.warc.gz"], len(site.archived)
    headers = {"Content-Range": said.format(size - 1, size)} if said else {}
    site.routes["/crawl-data/a.warc.gz"] = (status, headers, changed(site.archived))
    result = _copied(site, tmp_path, rows)
    assert (result.pages, _notes(site, tmp_path)) == (0, [cause])
    site.routes["/crawl-data/a.warc.gz"] = served
    assert _copied(site, tmp_path, rows, again=True).pages == 1


def test_a_record_that_is_another_than_the_plan_says_is_refused(tmp_path: Path, site: Any) -> None:
    """Of another address, with another digest, a bomb."""
    rows = _archive(
        site, {f"{site.root}/a": page("a"), f"{site.root}/b": page("b"), f"{site.root}/c": b"<p>" + b" " * 10**6}
    )
    rows[0]["url"] = f"{site.root}/otra"
    rows[1]["digest"] = "ABCDEFGH"
    more = f'hosts = ["{site.host.partition(":")[0]}"]\nmax_page_bytes = 100000'
    assert _copied(site, tmp_path, rows, more).pages == 0
    assert _notes(site, tmp_path) == ["not the record", "not the record", "unpacks too large"]


_HTTP = b"HTTP/1.1 200 OK\r\nContent-Type: text/html\r\n\r\n<p>Hola"
_HEAD = b"WARC/1.0\r\nWARC-Type: response\r\nWARC-Target-URI: https://g.cl/a\r\nContent-Type: application/http\r\n"


@pytest.mark.parametrize(
    ("part", "cause"),
    [
        (_HEAD.replace(b"response", b"request") + b"Content-Length: 51\r\n\r\n" + _HTTP, "not the record"),
        (_HEAD + b"Content-Length: 999\r\n\r\n" + _HTTP, "not the record"),
        (_HEAD + b"Content-Length: 51\r\n\r\n" + _HTTP + b"\r\n\r\nWARC/1.0", "not the record"),
        (_HEAD + b"X: " + b"x" * 60_000 + b"\r\nContent-Length: 51\r\n\r\n" + _HTTP, "not the record"),
        (_HEAD.replace(b"\r\n", b"\n") + b"Content-Length: 51\n\n" + _HTTP, "not the record"),
        (_HEAD + b"WARC-Truncated: length\r\nContent-Length: %d\r\n\r\n" % len(_HTTP) + _HTTP, "not the record"),
        (_HEAD + b"Content-Length: 4\r\n\r\nHola", "not the record"),
        (_HEAD + b"Content-Length: 51\r\n\r\n" + _HTTP.replace(b"text/html", b"image/gif"), "not a page"),
        (gzip.compress(_HEAD) + gzip.compress(_HTTP), "not the record"),
        (gzip.compress(_HEAD + b"Content-Length: 51\r\n\r\n" + _HTTP)[:-20], "not the record"),
    ],
)  # fmt: skip
def test_bytes_that_are_not_one_whole_page_are_refused(part: bytes, cause: str) -> None:
    """Whatever a range leads to; the same record, whole, is read."""
    capture = Capture("https://g.cl/a", "", 200, "text/html", (), "", "a.warc.gz", 0, len(part))
    with pytest.raises(TroubleError) as trouble:
        parse_record(part, capture, 10**6)
    assert trouble.value.cause == cause
    whole = _HEAD + f"Content-Length: {len(_HTTP)}\r\n\r\n".encode() + _HTTP + b"\r\n\r\n"
    compressed = gzip.compress(whole)
    assert parse_record(compressed, capture, 10**6).body == parse_record(whole, capture, 10**6).body == b"<p>Hola"


def test_a_killed_session_copies_nothing_twice(tmp_path: Path, site: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    """And the limit stops it; the plan is made once."""
    rows = _archive(site, {f"{site.root}/{n}": page(str(n)) for n in range(6)})
    taken = Crawler._handle  # noqa: SLF001  (a break in the middle of a session)
    broken: list[int] = []

    def breaking(self: Any, job: Any, answer: Any) -> None:
        broken.extend([1] * isinstance(self, CommonCrawler))
        if len(broken) == 3 and isinstance(self, CommonCrawler):
            raise KeyboardInterrupt
        taken(self, job, answer)

    monkeypatch.setattr(Crawler, "_handle", breaking)
    with pytest.raises(KeyboardInterrupt):
        _copied(site, tmp_path, rows)
    assert _copied(site, tmp_path, rows, limit=4).pages == 4
    assert _copied(site, tmp_path, [], limit=None).complete
    (path,) = (tmp_path / "collected" / "cosecha" / "warc").glob("*.warc.gz")
    with path.open("rb") as file:
        urls = [
            one.headers["WARC-Target-URI"] for one in ArchiveIterator(file) if one.headers["WARC-Type"] == "response"
        ]
    assert sorted(urls) == sorted(f"{site.root}/{n}" for n in range(6))


def test_an_index_that_cannot_be_read_is_told(tmp_path: Path, site: Any) -> None:
    """Missing, damaged, of other columns, or on a server that gives whole files alone."""
    broken = tmp_path / "roto.cdxj.gz"
    broken.write_bytes(gzip.compress(b"x" * 100_000)[:50])
    other = tmp_path / "otro.parquet"
    pl.DataFrame({"a": [1]}).write_parquet(other)
    site.routes["/entero.cdxj"] = (200, _TEXT, b"x" * 100)
    for index, problem in {
        str(tmp_path / "nada.cdxj"): "there is no index",
        str(broken): "can't be read",
        str(other): "lacks the columns",
        f"{site.root}/entero.cdxj": "range refused",
        f"{site.root}/nada.cdxj": "range refused",
    }.items():
        with pytest.raises((ConfigError, SourceError), match=problem):
            CommonCrawler(_source(site, index), tmp_path, website.Unseen(), first_rest=0.01).run()


def test_older_cdx_tables_and_index_servers_are_read(tmp_path: Path, site: Any) -> None:
    """By the letters of the first line; JSON lines; what is neither is counted."""
    index = tmp_path / "indice.cdx"
    index.write_text(
        " CDX N b a m s k r M S V g\n"
        "cl,g)/a 20240501120000 https://g.cl/a text/html 200 AAAA - - 34 12 a.warc.gz\n"
        '{"url": "https://g.cl/b", "filename": "a.warc.gz", "offset": "1", "length": "2"}\n'
        "ni una cosa ni otra\n"
        'pe,g)/a 20240501120000 {"url": "https://g.pe/a"}\n',
        encoding="utf-8",
    )
    plan = make_plan(_source(site, str(index), 'domains = ["cl"]').collect.commoncrawl, "prueba")
    one = plan.captures["https://g.cl/a"]
    assert (one.offset, one.length, one.digest, one.status, one.time) == (12, 34, "AAAA", 200, "2024-05-01T12:00:00Z")
    assert sorted(plan.captures) == ["https://g.cl/a", "https://g.cl/b"]
    assert plan.left_out == {"malformed line": 1, "host": 1}


@pytest.mark.real
def test_records_of_a_real_archive(tmp_path: Path, site: Any) -> None:
    """The example of warcio: its response is copied by its offset, gzipped and plain, and reads the same."""
    if "LATAM_CORPUS_DATA" not in os.environ:
        pytest.skip("needs LATAM_CORPUS_DATA")
    folder = Path(os.environ["LATAM_CORPUS_DATA"]) / "news" / "warcio_warc"
    found = []
    for name in ("example.warc.gz", "example.warc"):
        data = (folder / name).read_bytes()
        _served(site, f"/{name}", data)
        with (folder / name).open("rb") as file:
            places = [(one.stream_pos, one.headers["WARC-Type"]) for one in ArchiveIterator(file)]
        at = next(place for place, (_, kind) in enumerate(places) if kind == "response")
        offset, length = places[at][0], places[at + 1][0] - places[at][0]
        row = {"url": "http://example.com/", "timestamp": "20170306040206", "filename": name, "offset": offset}
        more = 'hosts = ["example.com"]\nask_sites = false'
        out = tmp_path / name
        assert _copied(site, out, [row | {"length": length}], more).pages == 1
        found.append(_rows(site, out)["http://example.com/"])
        source = _source(site, "x")
        (whole,) = [one for one in list_inputs(source, folder) if one.relative == name]
        original = pl.concat(list(read(source, whole))).filter(pl.col("url") == "http://example.com/")
        assert found[-1]["raw"] == original["raw"][0]
    assert found[0]["doc_id"] == found[1]["doc_id"]


def test_the_command_writes_a_plan_and_then_copies_it(tmp_path: Path, site: Any, command_line: Any) -> None:
    """A plan is told; the option is refused for other kinds of source."""
    rows = _archive(site, {f"{site.root}/{n}": page(str(n)) for n in range(2)})
    (tmp_path / "indice.cdxj").write_text(_cdxj(rows), encoding="utf-8")
    top = 'id = "{}"\ntitle = "C"\nholder = "A"\ncontact = "b@gaceta.example"\n[collect]\n'
    path = tmp_path / "cosecha.toml"
    path.write_text(
        top.format("cosecha") + f'kind = "commoncrawl"\n[collect.commoncrawl]\nindex = ["{tmp_path}/*.cdxj"]\n'
        f'records = "{site.root}/"\nhosts = ["127.0.0.1"]\nprivate_hosts = ["{site.host}"]\ndelay = 0.0\n',
        encoding="utf-8",
    )
    told = command_line("crawl", path, "--out", tmp_path / "out", "--plan-only")
    assert (told.code, site.asked) == (0, []), told.err
    assert "captures: 2, of 1 host; bytes to fetch: " in " ".join(told.out.split())
    spanish = command_line("crawl", path, "--out", tmp_path / "out", "--plan-only", "--lang", "es")
    assert "capturas: 2, de 1 servidor; bytes por pedir: " in " ".join(spanish.out.split())
    done = command_line("crawl", path, "--out", tmp_path / "out", "--json")
    assert (done.code, done.json["pages"]) == (0, 2), done.err
    other = tmp_path / "gaceta.toml"
    other.write_text(
        top.format("gaceta") + f'kind = "feeds"\n[collect.feeds]\nstart = ["{site.root}/rss"]\n', encoding="utf-8"
    )
    assert command_line("crawl", other, "--plan-only").code == 2


def test_a_table_that_chooses_nothing_is_refused() -> None:
    """It would be the whole of the web."""
    top = 'id = "c"\ntitle = "C"\nholder = "A"\n[collect]\nkind = "commoncrawl"\n[collect.commoncrawl]\nindex = ["a"]\n'
    for line, problem in {"": "chooses nothing", 'languages = ["es"]': "spa", 'domains = ["CL"]': "domains"}.items():
        with pytest.raises(ConfigError, match=problem):
            parse_toml(top + line, Source, "c.toml")


def test_a_plan_as_an_editor_leaves_it_is_read_and_values_of_other_types_are_told(tmp_path: Path, site: Any) -> None:
    """A mark at the beginning, empty lines, other line ends; never a traceback."""
    rows = _archive(site, {f"{site.root}/{n}": page(str(n)) for n in range(2)})
    index = tmp_path / "indice.cdxj"
    index.write_text(_cdxj(rows), encoding="utf-8")
    table = _source(site, str(index)).collect.commoncrawl
    CommonCrawler(_source(site, str(index)), tmp_path, website.Unseen()).plan()
    plan = tmp_path / "collected" / "cosecha" / "plan.jsonl"
    first, second = plan.read_text(encoding="utf-8").splitlines()
    plan.write_bytes(b"\xef\xbb\xbf" + f"{first}\r\n\r\n{second}\r\n\n".encode())
    assert [one.url for one in read_plan(plan, table)] == [f"{site.root}/{n}" for n in range(2)]
    for line in (
        first.replace(json.dumps(f"{site.root}/0"), "5"),
        first.replace('"status": 200', '"status": "200"'),
        first.replace('"offset": 0', '"offset": 0.5'),
        first.replace('"languages": ["spa", "eng"]', '"languages": 1'),
        "[" * 100_000,
        "[1]",
    ):
        assert line != first
        plan.write_text(line, encoding="utf-8")
        with pytest.raises(ConfigError, match="line 1"):
            list(read_plan(plan, table))
    plan.write_bytes(b'{"url": "\xff"}')
    with pytest.raises(ConfigError, match="line 1"):
        list(read_plan(plan, table))


def test_columns_of_other_types_are_read_as_what_they_say(tmp_path: Path, site: Any) -> None:
    """Texts that aren't marked as such, lists of languages, numbers as texts; times of another kind are unknown."""
    index = tmp_path / "indice.parquet"
    frame = pl.DataFrame(
        {
            "url": [b"https://g.cl/a", b"https://g.pe/a"],
            "url_host_tld": [b"cl", b"pe"],
            "fetch_time": [1714564800000, 1714564800000],
            "content_languages": [["spa", "eng"], ["spa"]],
            "warc_filename": ["a.warc.gz", "a.warc.gz"],
            "warc_record_offset": ["12", "x"],
            "warc_record_length": [34.0, 34.0],
        }
    )
    frame.write_parquet(index)
    plan = make_plan(_source(site, str(index), 'domains = ["cl"]\nlanguages = ["spa"]').collect.commoncrawl, "prueba")
    (one,) = plan.captures.values()
    assert (one.url, one.languages, one.offset, one.length, one.time) == ("https://g.cl/a", ("spa", "eng"), 12, 34, "")
    frame.with_columns(pl.struct(x="url").alias("url_host_tld")).write_parquet(index)
    with pytest.raises(SourceError, match="can't be read"):
        make_plan(_source(site, str(index), 'domains = ["cl"]').collect.commoncrawl, "prueba")


def test_lines_of_cdx_with_spaces_and_braces_are_read(tmp_path: Path, site: Any) -> None:
    """In the key of a CDXJ, between columns; numbers that are none are counted, and a table without lengths is told."""
    index = tmp_path / "indice.cdx"
    tail = '"filename": "a.warc.gz", "offset": "1", "length": "2"}'
    index.write_text(
        "\tCDX\tN\tb\ta\tm\ts\tk\tr\tM\tS\tV\tg\n"
        "cl,g)/a\t20240501120000\thttps://g.cl/a?q={x}\ttext/html\t200\tAAAA\t-\t-\t34\t12\ta.warc.gz\n"
        "cl,g)/b  20240501120000  https://g.cl/b text/html 200 AAAA - - 34 12 a.warc.gz\n"
        'cl,g)/c?q={una cosa} 20240501120000 {"url": "https://g.cl/c", ' + tail + "\n"
        '{"url": "https://g.cl/d", "timestamp": "2024050112000", ' + tail + "\n"
        '{"url": "https://g.cl/e", "filename": "a.warc.gz", "offset": Infinity, "length": 1}\n',
        encoding="utf-8",
    )
    table = _source(site, str(index), 'domains = ["cl"]').collect.commoncrawl
    plan = make_plan(table, "prueba")
    assert {one.url[-1]: (one.offset, one.length, one.time) for one in plan.captures.values()} == {
        "}": (12, 34, "2024-05-01T12:00:00Z"),
        "b": (12, 34, "2024-05-01T12:00:00Z"),
        "c": (1, 2, "2024-05-01T12:00:00Z"),
        "d": (1, 2, ""),
    }
    assert plan.left_out == {"malformed line": 1}
    index.write_text(" CDX N b a m s k r V g\ncl,g)/a 20240501120000 https://g.cl/a text/html 200 A - 12 a.warc.gz\n")
    with pytest.raises(SourceError, match="column S"):
        make_plan(table, "prueba")


def test_a_host_is_named_with_or_without_its_port() -> None:
    """With it, no other port is meant."""
    one = Capture("https://g.cl:8443/a", "", 200, "text/html", (), "", "a.warc.gz", 0, 9)
    for host, why in {"g.cl": None, "g.cl:8443": None, "*.cl": None, "g.cl:80": "host"}.items():
        assert why_not(CommonCrawl(index=("a",), hosts=(host,)), one, one.url) == why
