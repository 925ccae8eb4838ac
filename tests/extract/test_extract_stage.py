"""The stage `extract` converts bytes to text, keeps every row, and keeps the metadata of the record."""

from __future__ import annotations

import json
import pickle
from typing import TYPE_CHECKING, Any

import polars as pl
import pytest

from latam_corpus.batch import Batch
from latam_corpus.extract import stage as stage_module
from latam_corpus.extract.isolation import sandbox
from latam_corpus.extract.stage import Extract
from latam_corpus.stages import Stage

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

_PAGE = """<!doctype html><html lang="es-UY"><head><meta charset="utf-8">
<title>Reabre el mercado del puerto - Diario de Prueba</title>
<meta property="og:title" content="Reabre el mercado del puerto">
<meta name="author" content="Lucía Prado"><meta property="article:published_time" content="2024-03-09T08:00:00-03:00">
<link rel="canonical" href="https://diario.example/nota/7?utm_source=rss"></head><body>
<nav><a href="/">Portada</a><a href="/deportes">Deportes</a></nav>
<article><h1>Reabre el mercado del puerto</h1>
<p>El mercado del puerto volvió a abrir sus puertas este sábado después de dos años de obras que cambiaron el techo,
los desagües y la mitad de los puestos, según informó la cooperativa de vendedores.</p>
<p>«Pensamos que no volvíamos más», dijo una de las vendedoras de pescado, que ocupa el mismo puesto desde hace treinta
años y que ayer regaló los primeros kilos de corvina a quienes hacían fila desde la madrugada.</p>
<p>La intendencia prevé una segunda etapa de obras en el muelle, con un presupuesto que todavía no se anunció.</p>
</article><footer>Todos los derechos reservados</footer></body></html>"""


def _batch(*rows: Mapping[str, Any]) -> Batch:
    names = ["doc_id", "title", "creators", "url", "raw", "media_type", "drop_reason"]
    types: dict[str, Any] = {"raw": pl.Binary, "creators": pl.List(pl.String)}
    return Batch(
        pl.DataFrame(
            {name: pl.Series(name, [row.get(name) for row in rows], types.get(name, pl.String)) for name in names}
        )
    )


def test_the_stage_is_a_frozen_value() -> None:
    """The stage is a frozen value with a name, its inputs and its outputs."""
    assert isinstance(Extract(), Stage)
    assert pickle.loads(pickle.dumps(Extract())) == Extract()  # noqa: S301


@pytest.mark.parametrize(
    ("mode", "extractor"), [("balanced", "layout "), ("careful", "trafilatura "), ("fast", "layout ")]
)
def test_a_page_gives_its_text_and_its_metadata(mode: Any, extractor: str) -> None:
    """A page yields its paragraphs without menu and footer, and its title, author, date, language and address."""
    frame = Extract(mode=mode)(_batch({"doc_id": "a", "raw": _PAGE.encode(), "media_type": "text/html"})).frame
    row = frame.row(0, named=True)
    assert "raw" not in frame.columns
    assert "media_type" not in frame.columns
    assert "«Pensamos que no volvíamos más»" in row["text"]
    assert row["text"].count("\n") >= 2
    assert "Deportes" not in row["text"]
    assert "derechos" not in row["text"]
    assert (row["title"], row["creators"]) == ("Reabre el mercado del puerto", ["Lucía Prado"])
    assert (row["published"], row["declared_language"]) == ("2024-03-09", "es-UY")
    assert row["url"] == "https://diario.example/nota/7"
    assert row["extractor"].startswith(extractor)


@pytest.mark.parametrize(
    ("charset", "declared", "media_type"),
    [
        ("utf-8", "utf-8", "text/html"),
        ("cp1252", "iso-8859-1", "text/html"),
        ("cp1252", "", "text/html"),
        ("utf-16-le", "utf-8", "text/html"),
        ("utf-8", "iso-8859-1", "text/html; charset=utf-8"),
    ],
)
def test_a_page_is_read_in_its_charset(charset: str, declared: str, media_type: str) -> None:
    """A declared charset is used if the bytes permit it; the known charset of a column always."""
    raw = _PAGE.replace('charset="utf-8"', f'charset="{declared}"').encode(charset)
    frame = Extract()(_batch({"doc_id": "a", "raw": raw, "media_type": media_type})).frame
    assert "«Pensamos que no volvíamos más»" in frame["text"][0]


def test_metadata_of_the_record_are_kept() -> None:
    """The extractor only fills empty columns."""
    row = {
        "doc_id": "a",
        "title": "Del catálogo",
        "creators": ["Otra"],
        "raw": _PAGE.encode(),
        "media_type": "text/html",
    }
    extracted = Extract()(_batch(row)).frame.row(0, named=True)
    assert (extracted["title"], extracted["creators"], extracted["published"]) == (
        "Del catálogo",
        ["Otra"],
        "2024-03-09",
    )


@pytest.mark.parametrize(
    ("record", "country"), [({}, "CL"), ({"country": "PE"}, "PE"), ({"url": "https://x.uy"}, "UY")]
)
def test_the_address_that_a_page_states_names_its_country(record: dict[str, str], country: str) -> None:
    """The country of a page's address is used if neither the record nor its own address names one."""
    page = _PAGE.replace("diario.example", "diario.cl").encode()
    batch = _batch({"doc_id": "a", "raw": page, "media_type": "text/html", **record})
    if "country" in record:
        batch = batch.with_columns({"country": pl.lit(record["country"])})
    assert Extract()(batch).frame["country"].to_list() == [country]


def test_plain_text_takes_its_form_from_the_media_type() -> None:
    """Verse keeps its lines, prose is joined."""
    raw = b"Una\r\ndos"
    kinds = ("text/plain; form=verse", "text/plain; form=prose", "text/plain")
    frame = Extract()(_batch(*({"doc_id": kind, "raw": raw, "media_type": kind} for kind in kinds))).frame
    assert frame["text"].to_list() == ["Una\ndos", "Una dos", "Una\ndos"]


def test_documents_without_text_fail_with_their_cause(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """Rows without text, without extractor, or with an extractor that raises fail; the others are kept."""
    (tmp_path / "broken_extractor.py").write_text(
        "def extract(raw, parameters):\n    raise ZeroDivisionError(f'{len(raw)} {parameters}')\n"
    )
    monkeypatch.syspath_prepend(tmp_path)
    sandbox.stop()  # the next child sees the folder
    monkeypatch.setitem(stage_module.EXTRACTORS, "text/broken", "broken_extractor:extract")
    frame = Extract()(
        _batch(
            {"doc_id": "a", "raw": b"<html><body></body></html>", "media_type": "text/html"},
            {"doc_id": "b", "raw": b"\x00", "media_type": "image/gif"},
            {"doc_id": "c", "raw": b"x", "media_type": "text/broken"},
            {"doc_id": "d", "raw": b"Sana.", "media_type": "text/plain"},
            {"doc_id": "e", "drop_reason": "unreadable:not JSON"},
        )
    ).frame
    assert frame["doc_id"].to_list() == list("abcde")
    assert frame["drop_reason"].to_list() == [
        "extract:no text", "extract:no extractor", "extract:parser error", None, "unreadable:not JSON",
    ]  # fmt: skip
    assert frame["verdict"].to_list() == ["failed", "failed", "failed", None, None]
    assert frame["text"].to_list() == [None, None, None, "Sana.", None]
    assert "ZeroDivisionError: 1" in json.loads(frame["evidence"][2])["error"]


def test_records_that_came_as_text_pass_as_they_are() -> None:
    """Rows without bytes are unchanged and have the extractor `record`."""
    frame = Extract()(Batch(pl.DataFrame({"doc_id": ["a"], "text": ["  Línea\nuno "]}))).frame
    assert frame["text"].to_list() == ["  Línea\nuno "]
    assert frame["extractor"].to_list() == ["record"]


def test_existing_texts_are_kept_in_rows_without_bytes() -> None:
    """In a frame of rows with text and rows with bytes, existing texts are kept."""
    batch = _batch({"doc_id": "a"}, {"doc_id": "b", "raw": b"Bytes.", "media_type": "text/plain"})
    frame = Extract()(batch.with_columns({"text": pl.Series("text", ["Texto.", None])})).frame
    assert frame["text"].to_list() == ["Texto.", "Bytes."]
    assert frame["extractor"].to_list() == ["record", "plain 5"]
