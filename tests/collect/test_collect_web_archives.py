"""The pages of WARC and ARC files become documents; malformed records are failed rows, other records are ignored."""

from __future__ import annotations

import gzip
import io
import json
import zlib
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

import polars as pl
import pytest
import zstandard
from fastwarc.stream_io import BrotliWriter

from latam_corpus.batch import Batch
from latam_corpus.catalog.identity import doc_id
from latam_corpus.catalog.source import Source
from latam_corpus.collect import streams
from latam_corpus.collect.files import list_inputs, read
from latam_corpus.collect.web_archives.responses import parse_response, payload_of
from latam_corpus.config.toml_model import parse_toml
from latam_corpus.extract.stage import Extract

if TYPE_CHECKING:
    from pathlib import Path

_ANY = Source(id="cosecha", title="Cosecha", holder="Biblioteca")
_PAGE = "<html><head><title>El río</title></head><body><p>Mañana baja el río.</p></body></html>"


def _http(body: bytes, kind: str = "text/html; charset=utf-8", status: str = "200 OK", **headers: str) -> bytes:
    more = "".join(f"{name.replace('_', '-')}: {value}\r\n" for name, value in headers.items())
    said = f"Content-Type: {kind}\r\n" if kind else ""
    return f"HTTP/1.1 {status}\r\n{said}{more}\r\n".encode() + body


def _warc(
    block: bytes,
    url: str = "https://p.example/a",
    kind: str = "response",
    media: str = "application/http",
    extra: int = 0,
) -> bytes:
    head = (
        f"WARC/1.0\r\nWARC-Type: {kind}\r\nWARC-Target-URI: {url}\r\nWARC-Date: 2024-05-01T12:00:00Z\r\n"
        f"WARC-Record-ID: <urn:uuid:0>\r\nContent-Type: {media}\r\nContent-Length: {len(block) + extra}\r\n\r\n"
    )
    return head.encode() + block + b"\r\n\r\n"


def _rows(path: Path, data: bytes, source: Source = _ANY, **options: Any) -> list[dict[str, Any]]:
    path.write_bytes(data)
    (file,) = list_inputs(source, path)
    return [row for frame in read(source, file, **options) for row in frame.iter_rows(named=True)]


def _reasons(rows: list[dict[str, Any]]) -> list[str | None]:
    return [row["drop_reason"] for row in rows]


@pytest.mark.parametrize("pack", [bytes, gzip.compress, zstandard.compress])
def test_a_page_knows_where_and_when_it_was_found(tmp_path: Path, pack: Any) -> None:
    """The address is its identity; its offset leads back to the record; the header's charset goes along."""
    suffix = {bytes: "", gzip.compress: ".gz", zstandard.compress: ".zst"}[pack]
    first = pack(_warc(b"software: x\r\n", kind="warcinfo", media="application/warc-fields"))
    page = _PAGE.encode("cp1252")
    second = pack(_warc(_http(page, "text/html; charset=ISO-8859-1"), "https://p.example/a?utm_source=x"))
    path = tmp_path / f"c.warc{suffix}"
    (row,) = _rows(path, first + second)
    assert row["doc_id"] == doc_id("cosecha", "https://p.example/a")
    assert (row["raw"], row["media_type"]) == (page, "text/html; charset=iso-8859-1")
    assert row["obtained"] == datetime(2024, 5, 1, 12, tzinfo=UTC)
    assert (row["origin"]["member"], row["origin"]["offset"]) == ("2", len(first))
    (file,) = list_inputs(_ANY, path)
    results = Extract()(Batch(next(read(_ANY, file)))).frame.row(0, named=True)
    assert (results["text"], results["title"]) == ("Mañana baja el río.", "El río")


def test_only_pages_are_documents(tmp_path: Path) -> None:
    """Requests, revisits, metadata, pictures, redirects and errors aren't; resources and conversions may be."""
    page = _PAGE.encode()
    data = b"".join(
        [
            _warc(_http(page), "https://p.example/1"),
            _warc(b"GET / HTTP/1.1\r\n\r\n", "https://p.example/2", "request"),
            _warc(_http(b""), "https://p.example/3", "revisit"),
            _warc(b"via: x", "https://p.example/4", "metadata", "application/warc-fields"),
            _warc(_http(b"\x89PNG", "image/png"), "https://p.example/5"),
            _warc(_http(page, status="404 Not Found"), "https://p.example/6"),
            _warc(_http(b"", status="301 Moved"), "https://p.example/7"),
            _warc(page, "https://p.example/8", "resource", "text/html"),
            _warc(b"Texto.", "https://p.example/9", "conversion", "text/plain"),
            _warc(_http(page, "application/xhtml+xml"), "https://p.example/10"),
            _warc(_http(page, ""), "https://p.example/11"),
            _warc(_http(b"nada", ""), "https://p.example/12"),
        ]
    )
    rows = _rows(tmp_path / "c.warc", data, rows=2)
    assert [row["url"][-2:].strip("/") for row in rows] == ["1", "8", "9", "10", "11"]
    assert [row["media_type"].partition(";")[0] for row in rows] == [
        "text/html", "text/html", "text/plain", "application/xhtml+xml", "text/html",
    ]  # fmt: skip
    assert _reasons(rows) == [None] * 5


def _chunked(body: bytes) -> bytes:
    return b"%x;x=1\r\n%s\r\n%x\r\n%s\r\n0\r\n\r\n" % (10, body[:10], len(body) - 10, body[10:])


def _brotli(body: bytes) -> bytes:
    buffer = io.BytesIO()
    writer = BrotliWriter(buffer)
    writer.write(body)
    writer.close()
    return buffer.getvalue()


@pytest.mark.parametrize(
    ("body", "headers"),
    [
        (_PAGE.encode(), {}),
        (gzip.compress(_PAGE.encode()), {"Content_Encoding": "gzip"}),
        (zlib.compress(_PAGE.encode()), {"Content_Encoding": "deflate"}),
        (zlib.compress(_PAGE.encode(), wbits=-15), {"Content_Encoding": "deflate"}),
        (zstandard.compress(_PAGE.encode()), {"Content_Encoding": "zstd"}),
        (_chunked(_PAGE.encode()), {"Transfer_Encoding": "chunked"}),
        (_chunked(gzip.compress(_PAGE.encode())), {"Transfer_Encoding": "chunked", "Content_Encoding": "gzip"}),
        # As crawlers leave them that decode the body and keep the header.
        (_PAGE.encode(), {"Transfer_Encoding": "chunked", "Content_Encoding": "gzip"}),
        (_PAGE.encode(), {"Content_Encoding": "br"}),
        (_brotli(_PAGE.encode()), {"Content_Encoding": "br"}),
    ],
    ids=["plain", "gzip", "zlib", "deflate", "zstd", "chunks", "chunks-gzip", "kept-headers", "kept-header", "brotli"],
)
def test_encodings_of_the_transport_are_undone(tmp_path: Path, body: bytes, headers: dict[str, str]) -> None:
    """gzip, deflate in both its readings, Zstandard, brotli, chunks; and a body that was decoded before."""
    (row,) = _rows(tmp_path / "c.warc", _warc(_http(body, **headers)))
    assert row["raw"] == _PAGE.encode()


_LONG = (_PAGE + "".join(f"<p>Verso {number}, distinto.</p>" for number in range(400))).encode()


@pytest.mark.parametrize(
    ("body", "headers", "told"),
    [
        (gzip.compress(_LONG)[:-60], {"Content_Encoding": "gzip"}, "its gzip encoding has no end"),
        (gzip.compress(_LONG)[:-3], {"Content_Encoding": "gzip"}, "its gzip encoding has no end"),
        (gzip.compress(_PAGE.encode()) + gzip.compress(_LONG)[:-60], {"Content_Encoding": "gzip"}, "has no end"),
        (zlib.compress(_LONG)[:-60], {"Content_Encoding": "deflate"}, "its deflate encoding has no end"),
        (zlib.compress(_LONG, wbits=-15)[:-60], {"Content_Encoding": "deflate"}, "its deflate encoding has no end"),
        (zstandard.compress(_LONG)[:-60], {"Content_Encoding": "zstd"}, "its zstd encoding has no end"),
        (_brotli(_LONG)[:-60], {"Content_Encoding": "br"}, "its br encoding is damaged"),
        (_chunked(_LONG)[:-5], {"Transfer_Encoding": "chunked"}, "its last chunk is missing"),
        (_chunked(_LONG)[:900], {"Transfer_Encoding": "chunked"}, "its last chunk is missing"),
        (_LONG[:400], {"Content_Length": str(len(_LONG))}, "it was cut after 400 of"),
    ],
)
def test_a_page_that_was_cut_in_transit_is_no_page(tmp_path: Path, body: bytes, headers: Any, told: str) -> None:
    """A truncated text isn't a document, whatever its encoding; refusals on a crawler's earlier pages still count."""
    (row,) = _rows(tmp_path / "c.warc", _warc(_http(body, **headers)))
    assert row["drop_reason"] == "unreadable:malformed record"
    assert told in json.loads(row["evidence"])["error"]
    if not {"br", "zstd"} & set(headers.values()):
        assert payload_of(parse_response(_http(body, **headers)), whole=False)


def test_what_is_whole_is_not_taken_for_cut(tmp_path: Path) -> None:
    """Packed in several members, with something after the last, or decoded by a crawler that kept the headers."""
    members, length = b"".join(map(gzip.compress, (_LONG[:500], _LONG[500:]))), {"Content_Length": "90000"}
    frames = zstandard.compress(_LONG[:500]) + zstandard.compress(_LONG[500:])
    for body, headers in (
        (members, {"Content_Encoding": "gzip"}),
        (members + b"\0\0\r\nx", {"Content_Encoding": "gzip"}),
        (frames, {"Content_Encoding": "zstd"}),
        (_LONG, {"Content_Encoding": "gzip", **length}),
        (_chunked(_LONG), {"Transfer_Encoding": "chunked", **length}),
        (_LONG, {"Content_Length": "10"}),
    ):
        (row,) = _rows(tmp_path / "c.warc", _warc(_http(body, **headers)))
        assert row["raw"] == _LONG


def test_a_record_that_says_that_it_was_cut_is_no_page(tmp_path: Path) -> None:
    """Pages that a crawler truncated by length or time are failed rows; other truncated records are ignored."""
    page, picture = _warc(_http(_LONG)), _warc(_http(b"\x89PNG", "image/png"))
    cut = [one.replace(b"\r\n", b"\r\nWARC-Truncated: length\r\n", 1) for one in (page, picture)]
    (row,) = _rows(tmp_path / "c.warc", cut[0] + cut[1])
    assert json.loads(row["evidence"])["error"] == "it was cut when it was fetched (length)"


def test_what_is_malformed_is_a_failed_row_and_the_rest_is_read(tmp_path: Path) -> None:
    """Bytes between records, a wrong length, a damaged member, no HTTP, a damaged body, a file that breaks off."""
    page = _http(_PAGE.encode())
    sound = [_warc(page, f"https://p.example/{n}") for n in range(4)]
    rows = _rows(tmp_path / "c.warc", sound[0] + b"basura\r\n" + sound[1] + _warc(page, extra=-9) + sound[2])
    bad = "unreadable:malformed record"
    assert _reasons(rows) == [None, bad, None, None, bad, None]
    assert rows[1]["origin"]["member"] == "2"
    packed = [gzip.compress(record) for record in sound]
    hurt = packed[1][:60] + b"\0\0\0\0" + packed[1][64:]
    rows = _rows(tmp_path / "c.warc.gz", packed[0] + hurt + packed[2] + b"basura" + packed[3])
    assert [row["url"] for row in rows if not row["drop_reason"]] == [f"https://p.example/{n}" for n in (0, 2, 3)]
    assert set(_reasons(rows)) == {None, bad}
    assert _reasons(_rows(tmp_path / "c.warc", sound[0] + sound[1][:-40])) == [None, bad]
    assert _reasons(_rows(tmp_path / "c.warc", sound[0] + sound[1][:30])) == [None, bad]
    assert _reasons(_rows(tmp_path / "c.warc.gz", packed[0] + packed[1][:-40])) == [None, bad]
    broken = [b"no es HTTP", _http(gzip.compress(_PAGE.encode())[:-30] + b"x" * 9, Content_Encoding="gzip")]
    rows = _rows(tmp_path / "c.warc", _warc(broken[0]) + _warc(_http(b"%%", Content_Encoding="zstd")) + sound[0])
    assert _reasons(rows) == [bad, bad, None]
    assert json.loads(rows[0]["evidence"])["error"] == "no HTTP status line"
    assert _reasons(_rows(tmp_path / "c.warc", _warc(_http(b" ")))) == ["unreadable:empty page"]
    assert _reasons(_rows(tmp_path / "c.warc", b"<html>404</html>")) == [bad]


def test_a_page_that_unpacks_without_end_is_a_failed_row(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """By the length that it says, or by what its encoding hides."""
    monkeypatch.setattr(streams, "MAX_RECORD", 50_000)
    data = _warc(_http(gzip.compress(b" " * 10**6), Content_Encoding="gzip")) + _warc(_http(b"x" * 60_000))
    assert _reasons(_rows(tmp_path / "c.warc", data)) == ["unreadable:malformed record", "unreadable:too large"]


def test_records_compressed_as_one_have_no_offset(tmp_path: Path) -> None:
    """Such a file is read, but an offset would lead nowhere."""
    data = gzip.compress(b"".join(_warc(_http(_PAGE.encode()), f"https://p.example/{n}") for n in range(5)))
    rows = _rows(tmp_path / "c.warc.gz", data)
    assert [row["origin"]["offset"] for row in rows] == [None] * 5
    assert [row["origin"]["member"] for row in rows] == ["1", "2", "3", "4", "5"]


def test_a_web_archive_in_an_archive_is_read(tmp_path: Path) -> None:
    """A zip of WARC files, as WACZ is one."""
    import zipfile

    with zipfile.ZipFile(tmp_path / "c.zip", "w") as archive:
        archive.writestr("archive/data.warc.gz", gzip.compress(_warc(_http(_PAGE.encode()))))
    (file,) = list_inputs(_ANY, tmp_path / "c.zip")
    frame = pl.concat(list(read(_ANY, file)))
    assert frame["raw"].to_list() == [_PAGE.encode()]
    assert frame["origin"][0] == {**frame["origin"][0], "file": "c.zip", "member": "archive/data.warc.gz#1"}


def test_the_form_that_a_source_states_goes_along(tmp_path: Path) -> None:
    """Also where each record has a media type of its own."""
    source = parse_toml('id = "c"\ntitle = "C"\nholder = "B"\n[collect]\nform = "verse"\n', Source, "c.toml")
    (row,) = _rows(tmp_path / "c.warc", _warc(_http(b"Vidalita", "text/plain")), source)
    assert row["media_type"] == "text/plain; form=verse"


@pytest.mark.parametrize("suffix", ["", ".gz"])
def test_arc_files_are_read(tmp_path: Path, suffix: str) -> None:
    """The older format: the file's own record is skipped, an address may have spaces, a bad length is a failed row."""
    page = _http(_PAGE.encode())
    records = [
        b"filedesc://c.arc 127.0.0.1 20140216050221 text/plain 20\n1 0 Archivo\nURL IP\n\n",
        b"http://p.example/a b 10.0.0.1 20140216050221 text/html %d\n%s\n" % (len(page), page),
        b"http://p.example/b 10.0.0.1 20140216050221 text/html abc\n\n",
        b"basura\nbasura\n",
        b"dns:p.example 10.0.0.1 20140216050221 text/dns 4\nx.y.\n",
        b"http://p.example/c 10.0.0.1 20140216050221 text/html %d\n%s\n" % (len(page), page),
        b"http://p.example/d 10.0.0.1 20140216050221 text/html %d\n%s\n" % (len(page), page[:-5]),
    ]
    data = b"".join(gzip.compress(record) if suffix else record for record in records)
    rows = _rows(tmp_path / f"c.arc{suffix}", data)
    bad = "unreadable:malformed record"
    assert _reasons(rows) == [None, bad, bad, None, bad]
    assert [row["origin"]["member"] for row in rows] == ["2", "3", "4", "6", "7"]
    assert rows[0]["url"] == "http://p.example/a%20b"
    assert rows[0]["obtained"] == datetime(2014, 2, 16, 5, 2, 21, tzinfo=UTC)
