"""Text and HTML files are one document each, as bytes that still need extraction."""

from __future__ import annotations

import gzip
import hashlib
from typing import TYPE_CHECKING

import polars as pl

from latam_corpus.catalog.identity import doc_id
from latam_corpus.catalog.source import Source
from latam_corpus.collect.files import list_inputs, read
from latam_corpus.config.toml_model import parse_toml

if TYPE_CHECKING:
    from pathlib import Path


def _source(more: str = "") -> Source:
    return parse_toml('id = "cuentos"\ntitle = "Cuentos"\nholder = "B"\n' + more, Source, "cuentos.toml")


def _read(source: Source, where: Path) -> pl.DataFrame:
    return pl.concat([frame for file in list_inputs(source, where) for frame in read(source, file)])


def test_a_file_is_its_decompressed_bytes(tmp_path: Path) -> None:
    """The digest is of the payload, so that compressing a file again changes nothing."""
    page = "<p>Buenos días</p>".encode("cp1252")
    (tmp_path / "notas").mkdir()
    (tmp_path / "notas" / "a.html.gz").write_bytes(gzip.compress(page))
    row = _read(_source(), tmp_path).row(0, named=True)
    assert (row["raw"], row["media_type"], row["drop_reason"]) == (page, "text/html", None)
    assert row["doc_id"] == doc_id("cuentos", "notas/a.html.gz")
    assert row["origin"]["digest"] == hashlib.sha256(page).hexdigest()
    assert row["origin"]["member"] is None


def test_the_form_of_a_text_reaches_the_extractor(tmp_path: Path) -> None:
    """Verse or prose, when the source says it, rides on the media type; country and id may come from the path."""
    (tmp_path / "33-vidalita.txt").write_text("Palomita blanca,\nvidalitá", encoding="utf-8")
    source = _source(
        '[collect]\nform = "verse"\n[collect.columns]\n'
        "id = { path = '^(\\d+)-' }\ncountry = { path = '^\\d+', values = { 33 = \"AR\" } }\n"
    )
    row = _read(source, tmp_path).row(0, named=True)
    assert row["media_type"] == "text/plain; form=verse"
    assert (row["doc_id"], row["country"]) == (doc_id("cuentos", "33"), "AR")


def test_an_empty_or_broken_file_is_a_failed_row(tmp_path: Path) -> None:
    """Half a document isn't a document, and neither is an empty one; the others are read."""
    (tmp_path / "a.txt").write_bytes(b" \n")
    (tmp_path / "b.txt.gz").write_bytes(gzip.compress(b"Una historia larga. " * 5000)[:-20])
    (tmp_path / "c.txt").write_bytes(b"Sana.")
    frame = _read(_source(), tmp_path)
    assert frame["drop_reason"].to_list() == ["unreadable:empty file", "unreadable:damaged file", None]
    assert frame["raw"].to_list() == [None, None, b"Sana."]
    assert frame["doc_id"].to_list() == [doc_id("cuentos", name) for name in ("a.txt", "b.txt.gz", "c.txt")]


def test_a_file_name_in_another_unicode_form_is_the_same_document(tmp_path: Path) -> None:
    """One disk writes ñ as one character, another as two."""
    (tmp_path / "an\u0303o.txt").write_text("x", encoding="utf-8")
    row = _read(_source(), tmp_path).row(0, named=True)
    assert row["origin"]["file"] == "a\xf1o.txt"
    assert row["doc_id"] == doc_id("cuentos", "a\xf1o.txt")
