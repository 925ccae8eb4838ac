"""Captures of a web archive are planned, reviewed, and copied record by record with their opt-outs."""

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
from latam_corpus.harvest.commoncrawl.copying import COPIED_FROM, CommonCrawler, parse_record
from latam_corpus.harvest.crawl.causes import TroubleError
from latam_corpus.harvest.crawl.website import Crawler

# By name: the package is `tests.benchmarks` to Python and `benchmarks` to the type checker.
collected: Any = importlib.import_module("tests.benchmarks.crawl.collected")
website: Any = importlib.import_module("tests.benchmarks.crawl.website")
page = website.page
_TEXT = {"Content-Type": "text/plain"}


def _served(site: Any, path: str, data: bytes) -> None:
    """Serve parts of a file, and never the whole file."""

    def route(handler: Any) -> None:
        requested = re.fullmatch(r"bytes=(\d+)-(\d+)", handler.headers.get("Range", ""))
        assert requested, "a whole file was asked for"
        first, last = int(requested[1]), min(int(requested[2]), len(data) - 1)
        headers = {"Content-Type": "application/octet-stream", "Content-Range": f"bytes {first}-{last}/{len(data)}"}
        site.answer(handler, (206, headers, data[first : last + 1]))

    site.routes[path] = route


def _archive(
    site: Any, pages: dict[str, bytes], *, date: str = "2024-05-01T12:00:00Z", head: Any = ()
) -> list[dict[str, Any]]:
    """Serve a WARC of these pages as `/crawl-data/a.warc.gz`, and return its index rows."""
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


def test_records_are_copied_unchanged_with_their_origin(tmp_path: Path, site: Any) -> None:
    """A copied record keeps its block, id, date and digests, which warcio confirms."""
    rows = _archive(site, {f"{site.root}/{n}": page(str(n)) for n in range(3)})
    result = _copied(site, tmp_path, rows)
    assert (result.pages, result.complete) == (3, True)
    (path,) = (tmp_path / "collected" / "cosecha" / "warc").glob("*.warc.gz")
    with path.open("rb") as file:
        records = [
            record for record in Reference(file, check_digests="raise") if record.content_stream().read() is not None
        ]
    copies = [record.rec_headers for record in records if record.rec_type == "response"]
    assert [headers.get_header(COPIED_FROM) for headers in copies] == [
        f"{site.root}/crawl-data/a.warc.gz {row['offset']}+{row['length']}" for row in rows
    ]
    assert {headers.get_header("WARC-Date") for headers in copies} == {"2024-05-01T12:00:00Z"}
    rows_by_path = _rows(site, tmp_path)
    assert {path: row["raw"] for path, row in rows_by_path.items()} == {f"/{n}": page(str(n)) for n in range(3)}
    assert {str(row["obtained"])[:10] for row in rows_by_path.values()} == {"2024-05-01"}
    # Nothing but its site's files was asked of the site itself.
    assert set(site.paths) == {"/crawl-data/a.warc.gz"}


def test_a_copy_has_past_and_present_opt_outs(tmp_path: Path, site: Any) -> None:
    """A copy has the page's recorded opt-outs and, unless the source declines it, the site's present ones."""
    rows = _archive(site, {f"{site.root}/a": page("a")}, head=[("X-Robots-Tag", "noai")])
    site.routes["/.well-known/tdmrep.json"] = (200, _TEXT, b'[{"location": "/", "tdm-reservation": 1}]')
    _copied(site, tmp_path, rows)
    row = _rows(site, tmp_path)["/a"]
    assert [opt_out["signal"] for opt_out in row["opt_outs"]] == ["noai", "tdm-reservation"]
    assert row["uses"] == ["evaluate"]
    moments = {opt_out["signal"]: opt_out["time"] for opt_out in row["opt_outs"]}
    assert moments["noai"] == row["obtained"] < moments["tdm-reservation"]
    more = f'hosts = ["{site.host.partition(":")[0]}"]\nask_sites = false'
    site.asked.clear()
    _copied(site, tmp_path / "sin", rows, more)
    assert [request.path for request in site.asked] == ["/crawl-data/a.warc.gz"]
    assert [opt_out["signal"] for opt_out in _rows(site, tmp_path / "sin")["/a"]["opt_outs"]] == ["noai"]


def test_a_copy_has_opt_outs_in_deployed_forms(tmp_path: Path, site: Any) -> None:
    """Opt-outs in earlier drafts and with other separators are recorded with the copy."""
    rows = _archive(site, {f"{site.root}/a": page("a")}, head=[("Content-Usage", "search=y; genai=No")])
    site.routes["/robots.txt"] = (200, _TEXT, b"User-agent: *\nContent-Signal: ai-train:yes; use=reference")
    _copied(site, tmp_path, rows)
    row = _rows(site, tmp_path)["/a"]
    assert [opt_out["signal"] for opt_out in row["opt_outs"]] == ["content-signal-use", "content-usage"]
    assert row["uses"] == ["evaluate"]


def test_a_plan_chooses_by_host_domain_language_and_path_and_counts_the_rest(tmp_path: Path, site: Any) -> None:
    """A plan has the latest capture of each page, and is made without fetching a capture."""

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
    summary = CommonCrawler(_source(site, str(index), more), tmp_path, website.Unseen()).plan()
    planned = (tmp_path / "collected" / "cosecha" / "plan.jsonl").read_text(encoding="utf-8").splitlines()
    assert [(capture["url"], capture["offset"]) for capture in map(json.loads, planned)] == [
        ("https://www.gaceta.com/notas/1", 0), ("https://g.cl/notas/1", 77),
    ]  # fmt: skip
    assert summary["left_out"] == {
        "another capture of the page is later": 2, "language": 2, "host": 2, "path": 1, "status": 1, "media type": 1,
        "too large": 1, "its file is elsewhere": 1, "malformed line": 1,
    }  # fmt: skip
    assert (summary["captures"], summary["bytes"], summary["domains"]) == (2, 18, {"cl": 1, "com": 1})
    assert site.asked == []


def _columnar(path: Path, domains: tuple[str, ...], each: int = 1000) -> None:
    """Write a columnar index like Common Crawl's: sorted, with one row group per domain."""
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


def test_only_relevant_row_groups_of_a_columnar_index_are_read(
    tmp_path: Path, site: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Row groups of other domains and unused columns aren't fetched."""
    path = tmp_path / "indice.parquet"
    _columnar(path, ("ar", "cl", "de", "pe", "uy", "za"))
    monkeypatch.setattr("latam_corpus.harvest.commoncrawl.ranges.BLOCK", 2**13)
    _served(site, "/indice.parquet", path.read_bytes())
    plans = []
    for index in (str(path), f"{site.root}/indice.parquet"):
        table = _source(site, index, 'domains = ["pe"]').collect.commoncrawl
        plans.append(make_plan(table, "prueba"))
    local_plan, remote_plan = plans
    assert local_plan.captures == remote_plan.captures
    assert len(local_plan.captures) == 1000
    capture = local_plan.captures["https://g.pe/7"]
    assert (capture.time, capture.languages, capture.length) == ("2024-05-01T12:00:00Z", ("spa",), 10)
    assert remote_plan.bytes_read[f"{site.root}/indice.parquet"] < path.stat().st_size / 3


def test_a_plan_may_be_cut_but_not_changed(tmp_path: Path, site: Any) -> None:
    """A removed line isn't fetched, and a line that leads outside the archive is refused."""
    rows = _archive(site, {f"{site.root}/{n}": page(str(n)) for n in range(3)})
    index = tmp_path / "indice.cdxj"
    index.write_text(_cdxj(rows), encoding="utf-8")
    source = _source(site, str(index))
    CommonCrawler(source, tmp_path, website.Unseen()).plan()
    plan = tmp_path / "collected" / "cosecha" / "plan.jsonl"
    first, *remaining = plan.read_text(encoding="utf-8").splitlines(keepends=True)
    plan.write_text(remaining[0], encoding="utf-8")
    assert CommonCrawler(source, tmp_path, website.Unseen()).run().pages == 1
    plan.write_text(first + remaining[0], encoding="utf-8")  # put back
    result = CommonCrawler(source, tmp_path, website.Unseen()).run()
    assert (result.pages, result.states) == (2, {"page": 2})
    for line in (
        "{}",
        "no",
        first.replace("crawl-data/", "https://otro.example/"),
        first.replace('"offset": 0', '"offset": -1'),
    ):
        plan.write_text(remaining[0] + line, encoding="utf-8")
        with pytest.raises(ConfigError, match="line 2"):
            CommonCrawler(source, tmp_path, website.Unseen()).run()


_SAID = "bytes 0-{0}/{1}"


@pytest.mark.parametrize(
    ("status", "content_range", "changed", "cause"),
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
def test_wrong_responses_of_an_archive_are_logged(
    tmp_path: Path, site: Any, status: int, content_range: str | None, changed: Any, cause: str
) -> None:
    """A wrong response is logged and nothing of it is written."""
    rows = _archive(site, {f"{site.root}/a": page("a")})
    served, size = site.routes["/crawl-data/a.warc.gz"], len(site.archived)
    headers = {"Content-Range": content_range.format(size - 1, size)} if content_range else {}
    site.routes["/crawl-data/a.warc.gz"] = (status, headers, changed(site.archived))
    result = _copied(site, tmp_path, rows)
    assert (result.pages, _notes(site, tmp_path)) == (0, [cause])
    site.routes["/crawl-data/a.warc.gz"] = served
    assert _copied(site, tmp_path, rows, again=True).pages == 1


def test_a_record_that_differs_from_the_plan_is_refused(tmp_path: Path, site: Any) -> None:
    """A record with another address, another digest or a bomb is refused."""
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
    """A range that isn't one whole record is refused, and the whole record is read."""
    capture = Capture("https://g.cl/a", "", 200, "text/html", (), "", "a.warc.gz", 0, len(part))
    with pytest.raises(TroubleError) as trouble:
        parse_record(part, capture, 10**6)
    assert trouble.value.cause == cause
    whole = _HEAD + f"Content-Length: {len(_HTTP)}\r\n\r\n".encode() + _HTTP + b"\r\n\r\n"
    compressed = gzip.compress(whole)
    assert parse_record(compressed, capture, 10**6).body == parse_record(whole, capture, 10**6).body == b"<p>Hola"


def test_a_killed_session_copies_nothing_twice(tmp_path: Path, site: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    """A resumed session fetches no record again, obeys the limit, and keeps the plan."""
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
            record.headers["WARC-Target-URI"]
            for record in ArchiveIterator(file)
            if record.headers["WARC-Type"] == "response"
        ]
    assert sorted(urls) == sorted(f"{site.root}/{n}" for n in range(6))


def test_an_unreadable_index_is_reported(tmp_path: Path, site: Any) -> None:
    """An index that is missing, damaged, without columns or on a server without ranges is reported."""
    broken = tmp_path / "roto.cdxj.gz"
    broken.write_bytes(gzip.compress(b"x" * 100_000)[:50])
    other_index = tmp_path / "otro.parquet"
    pl.DataFrame({"a": [1]}).write_parquet(other_index)
    site.routes["/entero.cdxj"] = (200, _TEXT, b"x" * 100)
    for index, problem in {
        str(tmp_path / "nada.cdxj"): "there is no index",
        str(broken): "can't be read",
        str(other_index): "lacks the columns",
        f"{site.root}/entero.cdxj": "range refused",
        f"{site.root}/nada.cdxj": "range refused",
    }.items():
        with pytest.raises((ConfigError, SourceError), match=problem):
            CommonCrawler(_source(site, index), tmp_path, website.Unseen(), first_rest=0.01).run()


def test_older_cdx_tables_and_index_servers_are_read(tmp_path: Path, site: Any) -> None:
    """Tables with letters as columns and JSON lines are read, and malformed lines are counted."""
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
    capture = plan.captures["https://g.cl/a"]
    assert (capture.offset, capture.length, capture.digest, capture.status, capture.time) == (
        12,
        34,
        "AAAA",
        200,
        "2024-05-01T12:00:00Z",
    )
    assert sorted(plan.captures) == ["https://g.cl/a", "https://g.cl/b"]
    assert plan.left_out == {"malformed line": 1, "host": 1}


@pytest.mark.real
def test_records_of_a_real_archive(tmp_path: Path, site: Any) -> None:
    """The response in warcio's example is copied by its offset, gzipped or plain, with equal results."""
    if "LATAM_CORPUS_DATA" not in os.environ:
        pytest.skip("needs LATAM_CORPUS_DATA")
    folder = Path(os.environ["LATAM_CORPUS_DATA"]) / "news" / "warcio_warc"
    records = []
    for name in ("example.warc.gz", "example.warc"):
        data = (folder / name).read_bytes()
        _served(site, f"/{name}", data)
        with (folder / name).open("rb") as file:
            places = [(record.stream_pos, record.headers["WARC-Type"]) for record in ArchiveIterator(file)]
        at = next(place for place, (_, kind) in enumerate(places) if kind == "response")
        offset, length = places[at][0], places[at + 1][0] - places[at][0]
        row = {"url": "http://example.com/", "timestamp": "20170306040206", "filename": name, "offset": offset}
        more = 'hosts = ["example.com"]\nask_sites = false'
        out = tmp_path / name
        assert _copied(site, out, [row | {"length": length}], more).pages == 1
        records.append(_rows(site, out)["http://example.com/"])
        source = _source(site, "x")
        (whole,) = [input_file for input_file in list_inputs(source, folder) if input_file.relative == name]
        original = pl.concat(list(read(source, whole))).filter(pl.col("url") == "http://example.com/")
        assert records[-1]["raw"] == original["raw"][0]
    assert records[0]["doc_id"] == records[1]["doc_id"]


def test_the_command_writes_a_plan_and_then_copies_it(tmp_path: Path, site: Any, command_line: Any) -> None:
    """`--plan-only` shows the plan, and is refused for other kinds of source."""
    rows = _archive(site, {f"{site.root}/{n}": page(str(n)) for n in range(2)})
    (tmp_path / "indice.cdxj").write_text(_cdxj(rows), encoding="utf-8")
    top = 'id = "{}"\ntitle = "C"\nholder = "A"\ncontact = "b@gaceta.example"\n[collect]\n'
    path = tmp_path / "cosecha.toml"
    path.write_text(
        top.format("cosecha") + f'kind = "commoncrawl"\n[collect.commoncrawl]\nindex = ["{tmp_path}/*.cdxj"]\n'
        f'records = "{site.root}/"\nhosts = ["127.0.0.1"]\nprivate_hosts = ["{site.host}"]\ndelay = 0.0\n',
        encoding="utf-8",
    )
    result = command_line("crawl", path, "--out", tmp_path / "out", "--plan-only")
    assert (result.code, site.asked) == (0, []), result.err
    assert "captures: 2, of 1 host; bytes to fetch: " in " ".join(result.out.split())
    spanish = command_line("crawl", path, "--out", tmp_path / "out", "--plan-only", "--lang", "es")
    assert "capturas: 2, de 1 servidor; bytes por descargar: " in " ".join(spanish.out.split())
    done = command_line("crawl", path, "--out", tmp_path / "out", "--json")
    assert (done.code, done.json["pages"]) == (0, 2), done.err
    website_source = tmp_path / "gaceta.toml"
    website_source.write_text(
        top.format("gaceta") + f'kind = "feeds"\n[collect.feeds]\nstart = ["{site.root}/rss"]\n', encoding="utf-8"
    )
    assert command_line("crawl", website_source, "--plan-only").code == 2


def test_a_table_that_chooses_nothing_is_refused() -> None:
    """A table without hosts, domains or other choices would select the whole web."""
    top = 'id = "c"\ntitle = "C"\nholder = "A"\n[collect]\nkind = "commoncrawl"\n[collect.commoncrawl]\nindex = ["a"]\n'
    for line, problem in {"": "chooses nothing", 'languages = ["es"]': "spa", 'domains = ["CL"]': "domains"}.items():
        with pytest.raises(ConfigError, match=problem):
            parse_toml(top + line, Source, "c.toml")


def test_an_edited_plan_is_read_and_wrong_types_are_reported(tmp_path: Path, site: Any) -> None:
    """A byte order mark, empty lines and other line ends are accepted, and wrong types are a `ConfigError`."""
    rows = _archive(site, {f"{site.root}/{n}": page(str(n)) for n in range(2)})
    index = tmp_path / "indice.cdxj"
    index.write_text(_cdxj(rows), encoding="utf-8")
    table = _source(site, str(index)).collect.commoncrawl
    CommonCrawler(_source(site, str(index)), tmp_path, website.Unseen()).plan()
    plan = tmp_path / "collected" / "cosecha" / "plan.jsonl"
    first, second = plan.read_text(encoding="utf-8").splitlines()
    plan.write_bytes(b"\xef\xbb\xbf" + f"{first}\r\n\r\n{second}\r\n\n".encode())
    assert [capture.url for capture in read_plan(plan, table)] == [f"{site.root}/{n}" for n in range(2)]
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


def test_columns_of_other_types_are_converted(tmp_path: Path, site: Any) -> None:
    """Binary texts, lists of languages and numbers as text are read, and an invalid time is unknown."""
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
    (capture,) = plan.captures.values()
    assert (capture.url, capture.languages, capture.offset, capture.length, capture.time) == (
        "https://g.cl/a",
        ("spa", "eng"),
        12,
        34,
        "",
    )
    frame.with_columns(pl.struct(x="url").alias("url_host_tld")).write_parquet(index)
    with pytest.raises(SourceError, match="can't be read"):
        make_plan(_source(site, str(index), 'domains = ["cl"]').collect.commoncrawl, "prueba")


def test_lines_of_cdx_with_spaces_and_braces_are_read(tmp_path: Path, site: Any) -> None:
    """Keys with spaces and braces are read, malformed numbers are counted, and a table without lengths is refused."""
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
    assert {capture.url[-1]: (capture.offset, capture.length, capture.time) for capture in plan.captures.values()} == {
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
    """A host with a port matches only that port."""
    capture = Capture("https://g.cl:8443/a", "", 200, "text/html", (), "", "a.warc.gz", 0, 9)
    for host, why in {"g.cl": None, "g.cl:8443": None, "*.cl": None, "g.cl:80": "host"}.items():
        assert why_not(CommonCrawl(index=("a",), hosts=(host,)), capture, capture.url) == why
