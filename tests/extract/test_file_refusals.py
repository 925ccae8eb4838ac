"""Opt-outs from training and mining count in HTML, archives, columns, EPUB, PDF and other files."""

from __future__ import annotations

import importlib
import json
import zlib
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

import polars as pl
import pytest
from written_files import zip_file

from latam_corpus.batch import Batch
from latam_corpus.catalog.source import Source
from latam_corpus.collect.files import list_inputs, read
from latam_corpus.config.toml_model import parse_toml
from latam_corpus.extract.stage import Extract
from latam_corpus.extract.stated_rights.file_refusals import page_refusals
from latam_corpus.extract.stated_rights.xmp import statements_of_packet, statements_of_picture
from latam_corpus.pipeline.rows.conserve import Count, pass_through
from latam_corpus.vocabulary import LICENCES_READ

if TYPE_CHECKING:
    from pathlib import Path

_FILES: Any = importlib.import_module("tests.extract.stating_files")
docx, epub, html, odt, pdf, row_of, xmp = (
    getattr(_FILES, name) for name in ("docx", "epub", "html", "odt", "pdf", "row_of", "xmp")
)
_ALL = ["train", "redistribute", "evaluate"]
_NOAI = '<meta name="robots" content="index, noai, noimageai">'
_TDM = '<meta name="tdm-reservation" content="1">'
_RSL = '<link rel="license" type="application/rsl+xml" href="/rsl.xml">'
_PROPERTY = '<meta property="tdm:reservation">1</meta>'


@pytest.mark.parametrize(
    ("head", "signals", "uses"),
    [
        (_NOAI, ["noai"], ["redistribute", "evaluate"]),
        (_TDM, ["tdm-reservation"], ["evaluate"]),
        ('<meta property="tdm:reservation" content="1">', ["tdm-reservation"], ["evaluate"]),
        ('<meta name="tdm_reservation" content="yes">', ["tdm-reservation"], ["evaluate"]),
        ('<meta http-equiv="X-Robots-Tag" content="noarchive">', ["noarchive"], ["evaluate"]),
        (_RSL, ["rsl-permission"], ["evaluate"]),
        ('<meta name="tdm:reservation" content="0">', [], _ALL),
        ('<meta name="robots" content="index, follow">', [], _ALL),
    ],
)
def test_the_head_of_a_page_withholds_uses(head: str, signals: list[str], uses: list[str]) -> None:
    """The directives that count in a web archive count in a page's bytes too, in every mode."""
    for mode in ("fast", "careful"):
        row = row_of("text/html", html(head), mode=mode)
        assert [opt_out["signal"] for opt_out in row.get("opt_outs") or ()] == signals
        assert row["uses"] == uses
    assert row["rights_tier"] == ("permission" if "rsl-permission" in signals else "attribution")


@pytest.mark.parametrize(
    "raw",
    [
        epub(_PROPERTY),
        epub('<meta name="tdm:reservation" content="1"/>'),
        epub('<meta property="m:reservation">1</meta>', package='prefix="m: http://www.w3.org/ns/tdmrep#"'),
        epub('<meta property="tdm:reservation"> true </meta>'),
        epub('<meta property="tdm:reservation">reservado</meta>'),  # nobody knows what, and it was meant
        epub("", {"uno": f"<head>{_TDM.replace('>', '/>')}</head><body><p>La barca.</p></body>"}),
    ],
)
def test_a_book_reserves_mining(raw: bytes) -> None:
    """A reservation counts in a book's package, in the forms of both versions, and in a chapter's head."""
    row = row_of("application/epub+zip", raw)
    assert ([opt_out["signal"] for opt_out in row["opt_outs"]], row["uses"]) == (["tdm-reservation"], ["evaluate"])


def test_a_book_that_reserves_nothing_keeps_its_uses() -> None:
    """A reservation of zero, or a word of another vocabulary, doesn't count."""
    for metadata in ('<meta property="tdm:reservation">0</meta>', '<meta property="hotel:reservation">1</meta>'):
        assert row_of("application/epub+zip", epub(metadata))["uses"] == _ALL


_ELEMENT = xmp("<rdf:Description><tdm:reservation>1</tdm:reservation></rdf:Description>")
_ATTRIBUTE = xmp('<rdf:Description tdm:reservation="1"/>')


@pytest.mark.parametrize("packet", [_ELEMENT, _ATTRIBUTE])
def test_a_pdf_reserves_mining(packet: bytes) -> None:
    """A reservation counts as element or attribute, compressed, in UTF-16, damaged, or with another prefix."""
    text = packet.decode()
    packings = [
        (packet, b""),
        (zlib.compress(packet), b"/Filter/FlateDecode"),
        (text.encode("utf-16"), b""),
        (text.encode("utf-16-be"), b""),
        (packet.replace(b"tdm:", b"mine:").replace(b"xmlns:tdm", b"xmlns:mine"), b""),
        (packet.replace(b"tdmrep/", b"tdmrep#"), b""),
        (packet.partition(b"</rdf:RDF>")[0], b""),
        (b'<?xml version="1.0" encoding="UTF-16"?>' + packet, b""),
    ]
    for data, about in packings:
        row = row_of("application/pdf", pdf(data, about))
        assert ([opt_out["signal"] for opt_out in row["opt_outs"]], row["uses"]) == (["tdm-reservation"], ["evaluate"])


def test_unreadable_metadata_of_a_pdf_are_noted() -> None:
    """Metadata that aren't XML are reported in a note and don't fail the document."""
    row = row_of("application/pdf", pdf(b"\xff\xfe\x00 no es XML"))
    assert row["noted"]["notes"] == ["metadata not read"]
    assert statements_of_packet(b"").refusals == ()


def test_pictures_and_office_documents_reserve_mining() -> None:
    """A reservation counts in XMP of any charset and in user-defined properties."""
    for charset in ("utf-8", "utf-16-le", "utf-16-be"):
        picture = b"\xff\xd8" + _ELEMENT.decode().encode(charset) + b"\xff\xd9"
        assert statements_of_picture(picture).refusals == (("tdm-reservation", "metadata: 1"),)
    word = "application/vnd.openxmlformats-officedocument.wordprocessingml.document"
    custom = '<Properties><property name="tdm-reservation"><lpwstr>1</lpwstr></property></Properties>'
    assert row_of(word, docx({"docProps/custom.xml": custom}))["uses"] == ["evaluate"]
    user = '<m:user-defined m:name="tdm:reservation">1</m:user-defined>'
    assert row_of("application/vnd.oasis.opendocument.text", odt(user))["uses"] == ["evaluate"]


def test_a_refusal_that_a_web_archive_noted_is_not_repeated() -> None:
    """An opt-out that the web archive recorded is on the row once and adds no ledger row."""
    recorded = [
        {"signal": "noai", "value": "x", "address": "https://d.example/", "time": datetime(2026, 1, 1, tzinfo=UTC)}
    ]
    row = row_of("text/html", html(_NOAI), opt_outs=recorded, uses=["redistribute", "evaluate"])
    assert (row["opt_outs"], row["uses"], row["noted"]) == (recorded, ["redistribute", "evaluate"], {})


def test_licences_that_a_crawler_has_read_are_not_asked_for_again() -> None:
    """If the crawler has read the linked licences, only other opt-outs of the page are added."""
    name, _, value = LICENCES_READ.partition("=")
    assert page_refusals(html(_RSL + _NOAI), {name: value}) == (("noai", "meta: index, noai, noimageai"),)
    row = row_of("text/html", html(_RSL), parameters={name: value})
    assert (row["rights_tier"], row["uses"]) == ("attribution", _ALL)


_SOURCE = (
    'id = "prensa"\ntitle = "Prensa"\nholder = "Hemeroteca"\n[rights]\nstatement = "CC-BY-4.0"\n'
    'basis = "licence"\nuses = ["train", "redistribute", "evaluate"]\n'
)


def _extracted(folder: Path, toml: str = "") -> list[dict[str, Any]]:
    source = parse_toml(_SOURCE + toml, Source, "prensa.toml")
    frames = [frame for file in list_inputs(source, folder) for frame in read(source, file)]
    return [row for frame in frames for row in Extract(mode="fast")(Batch(frame)).frame.to_dicts()]


def _warc(page: bytes) -> bytes:
    http = b"HTTP/1.1 200 OK\r\nContent-Type: text/html\r\n\r\n" + page
    head = (
        "WARC/1.0\r\nWARC-Type: response\r\nWARC-Target-URI: https://d.example/n\r\nWARC-Date: 2026-01-01T00:00:00Z\r\n"
        f"Content-Type: application/http\r\nContent-Length: {len(http)}\r\n\r\n"
    )
    return head.encode() + http + b"\r\n\r\n"


def test_a_page_gives_the_same_refusals_wherever_it_comes_from(tmp_path: Path) -> None:
    """A WARC, an HTML file, a member of a zip, and a column of bytes give the same opt-outs."""
    page = html(_NOAI + _TDM)
    column = '[collect]\nmedia_type = "text/html"\n[collect.columns]\nraw = "pagina"\n'
    files = {
        "a.warc": (_warc(page), ""),
        "a.html": (page, ""),
        "a.zip": (zip_file({"n.html": page}), ""),
        "a.jsonl": (json.dumps({"pagina": page.decode()}).encode(), column),
    }
    for name, (data, toml) in files.items():
        folder = tmp_path / name.replace(".", "_")
        folder.mkdir()
        (folder / name).write_bytes(data)
        [row] = _extracted(folder, toml)
        assert sorted(opt_out["signal"] for opt_out in row["opt_outs"]) == ["noai", "tdm-reservation"], name
        assert row["uses"] == ["evaluate"], name


def test_a_run_counts_the_uses_that_files_withhold(tmp_path: Path) -> None:
    """A run counts the withheld uses by reason."""
    pages = {"a": html(_TDM), "b": html(foot="<p>© 2024 El Faro. Todos los derechos reservados.</p>"), "c": html()}
    for name, page in pages.items():
        (tmp_path / f"{name}.html").write_bytes(page)
    source = parse_toml(_SOURCE, Source, "prensa.toml")
    frames = [frame for file in list_inputs(source, tmp_path) for frame in read(source, file)]
    counts = Count()
    for frame in frames:
        counts.add(pass_through(Extract(mode="fast"), Batch(frame)).count)
    assert counts.narrowed == {"refused": 1, "reserved": 1}


def test_rows_of_pages_keep_the_schema(tmp_path: Path) -> None:
    """The column of opt-outs has its type when extraction adds the first one."""
    (tmp_path / "a.html").write_bytes(html(_TDM))
    [row] = _extracted(tmp_path)
    assert set(row["opt_outs"][0]) == {"signal", "value", "address", "time"}
    assert isinstance(pl.Series([row["opt_outs"]]).dtype, pl.List)
