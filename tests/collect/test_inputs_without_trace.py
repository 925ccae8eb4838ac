"""Every input leaves a trace: empty files are failed rows, other responses are counted, damaged files are named."""

from __future__ import annotations

import gzip
import json
from typing import TYPE_CHECKING, Any

import polars as pl
import pytest

from latam_corpus import vocabulary
from latam_corpus.catalog.source import Source
from latam_corpus.collect.documents.contract import Facts, Watch, inputs_reported
from latam_corpus.collect.files import list_inputs, read_all
from latam_corpus.pipeline.execution.contracts import input_lines, input_values

if TYPE_CHECKING:
    from pathlib import Path

_ANY = Source(id="fondo", title="Fondo", holder="Biblioteca")
_TEXT = json.dumps({"text": "El barco salió temprano del puerto."}).encode() + b"\n"


def _read(folder: Path) -> tuple[list[dict[str, Any]], Facts]:
    watch = Watch(_ANY)
    frames = list(read_all(_ANY, list_inputs(_ANY, folder), watch=watch))
    return [row for frame in frames for row in frame.iter_rows(named=True)], watch.facts


def _record(url: str, block: bytes, kind: str = "response") -> bytes:
    head = f"WARC/1.0\r\nWARC-Type: {kind}\r\nWARC-Target-URI: {url}\r\nWARC-Date: 2024-05-01T12:00:00Z\r\n"
    media = "Content-Type: application/http\r\n"
    return f"{head}{media}Content-Length: {len(block)}\r\n\r\n".encode() + block + b"\r\n\r\n"


def _response(url: str, status: str = "200 OK", kind: str = "text/html") -> bytes:
    return _record(url, f"HTTP/1.1 {status}\r\nContent-Type: {kind}\r\n\r\n<p>Baja el río.</p>".encode())


@pytest.mark.parametrize(
    ("name", "data"),
    [
        ("a.jsonl", b""),
        ("a.jsonl", b"\n \n"),
        ("a.jsonl.gz", b""),
        ("a.jsonl.gz", gzip.compress(b"", mtime=0)),
        ("a.csv", b""),
        ("a.csv", b"text\n"),
        ("a.warc", b""),
        ("a.warc.gz", b""),
        ("a.arc", b""),
    ],
)
def test_a_file_without_records_is_a_failed_row(tmp_path: Path, name: str, data: bytes) -> None:
    """A file of no bytes, or of no records, is a row with the reason and a remedy."""
    (tmp_path / "b.jsonl").write_bytes(_TEXT)
    (tmp_path / name).write_bytes(data)
    rows, _facts = _read(tmp_path)
    assert [row["drop_reason"] for row in rows] == ["unreadable:empty file", None]
    assert "remedy" in json.loads(rows[0]["evidence"])


def test_responses_that_are_no_documents_are_counted(tmp_path: Path) -> None:
    """Every response of a web archive is a row, or is counted with the reason; a request is no response."""
    records = [
        _response("https://p.example/a"),
        _response("https://p.example/b", "404 Not Found"),
        _response("https://p.example/c", "404 Not Found"),
        _response("https://p.example/d.png", kind="Image/PNG"),
        _response("https://p.example/robots.txt", kind="text/plain"),
        _record("https://p.example/e", b"", "revisit"),
        _record("https://p.example/a", b"GET / HTTP/1.1\r\n\r\n", "request"),
    ]
    (tmp_path / "a.warc").write_bytes(b"".join(records))
    rows, facts = _read(tmp_path)
    counted = {"status 404": 2, "type image/png": 1, "site file": 1, "revisit": 1}
    assert (len(rows), facts.passed_over) == (1, counted)
    assert Facts.of(facts.as_dict()).passed_over == counted
    (line,) = map(str, inputs_reported("fondo", facts))
    assert line.startswith("fondo: 5 records of web archives are no documents: status 404 (2), ")
    record = input_values({"fondo": facts})
    assert list(map(str, input_lines(record))) == [line]


def test_invented_media_types_are_counted_together(tmp_path: Path) -> None:
    """Servers may state any number of types; a bounded number of them is counted by name."""
    records = [_response(f"https://p.example/{n}", kind=f"image/x-{n}") for n in range(120)]
    (tmp_path / "a.warc").write_bytes(b"".join(records))
    _rows, facts = _read(tmp_path)
    assert facts.passed_over.total() == 120
    assert len(facts.passed_over) <= 101


def test_a_file_that_was_cut_short_is_named(tmp_path: Path) -> None:
    """A compressed file that ends too early is named with the problem; what came before is kept."""
    (tmp_path / "a.jsonl.gz").write_bytes(gzip.compress(_TEXT * 500)[:-9])
    rows, facts = _read(tmp_path)
    assert sum(row["drop_reason"] is None for row in rows) > 0
    assert list(facts.damaged) == ["a.jsonl.gz"]
    (line,) = map(str, inputs_reported("fondo", facts))
    assert "1 file can't be read whole" in line


@pytest.mark.parametrize("name", ["a.jsonl", "a.csv"])
def test_a_record_with_too_long_a_text_is_a_failed_row(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, name: str
) -> None:
    """A text over the limit is reported with its size and a remedy, and its neighbours are read."""
    assert vocabulary.MAX_TEXT == 32 * 2**20
    monkeypatch.setattr("latam_corpus.collect.documents.frames.MAX_TEXT", 100)
    frame = pl.DataFrame({"text": ["Corto.", "Largo. " * 20, "Breve."]})
    frame.write_ndjson(tmp_path / name) if name == "a.jsonl" else frame.write_csv(tmp_path / name)
    rows, _facts = _read(tmp_path)
    assert [row["drop_reason"] for row in rows] == [None, "unreadable:too large", None]
    evidence = json.loads(rows[1]["evidence"])
    assert (evidence["characters"], evidence["limit_characters"], rows[1]["text"]) == (140, 100, None)
    assert "divide it" in evidence["remedy"]
