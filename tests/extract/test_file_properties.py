"""Title and author in a file's properties are those of the work only if the source declares it."""

from __future__ import annotations

import io
from typing import TYPE_CHECKING

import docx
import pypdfium2
import pytest
from written_files import zip_file

from latam_corpus.catalog.source import Source
from latam_corpus.collect.files import list_inputs, read
from latam_corpus.extract.documents import docx as word
from latam_corpus.extract.documents import epub, odt, rtf
from latam_corpus.extract.interviews import elan
from latam_corpus.extract.scans import pdf
from latam_corpus.extract.web_pages import html

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from latam_corpus.extract.document import Extracted

_TITLE, _USER = "Microsoft Word - entrevista final 2.doc", "MARIA SECRETARIA"
_BOTH = {"properties": "title+creators"}
_DUBLIN_CORE = (
    f'xmlns:dc="http://purl.org/dc/elements/1.1/"><dc:title>{_TITLE}</dc:title><dc:creator>{_USER}</dc:creator>'
)


def _docx() -> bytes:
    document = docx.Document()
    document.core_properties.title, document.core_properties.author = _TITLE, _USER
    document.add_paragraph("La barca salió.")
    buffer = io.BytesIO()
    document.save(buffer)
    return buffer.getvalue()


def _odt() -> bytes:
    office = 'xmlns:office="urn:oasis:names:tc:opendocument:xmlns:office:1.0"'
    return (
        f"<office:document {office}><office:meta {_DUBLIN_CORE}</office:meta>"
        '<office:body><office:text><p xmlns="urn:oasis:names:tc:opendocument:xmlns:text:1.0">La barca salió.</p>'
        "</office:text></office:body></office:document>"
    ).encode()


def _pdf() -> bytes:
    objects = (
        "<</Type/Catalog/Pages 2 0 R>>",
        "<</Type/Pages/Kids[3 0 R]/Count 1>>",
        "<</Type/Page/Parent 2 0 R/MediaBox[0 0 400 300]/Contents 4 0 R/Resources<</Font<</F1 5 0 R>>>>>>",
        "<</Length 42>>stream\nBT /F1 12 Tf 50 200 Td (La barca.) Tj ET   \nendstream",
        "<</Type/Font/Subtype/Type1/BaseFont/Helvetica>>",
        f"<</Title({_TITLE})/Author({_USER})>>",
    )
    body = "".join(f"{number} 0 obj\n{definition}\nendobj\n" for number, definition in enumerate(objects, 1))
    raw = f"%PDF-1.5\n{body}trailer<</Root 1 0 R/Info 6 0 R/Size 7>>\n%%EOF\n".encode()
    assert pypdfium2.PdfDocument(raw).get_metadata_value("Author") == _USER
    return raw


def _rtf() -> bytes:
    return rf"{{\rtf1\ansi{{\info{{\title {_TITLE}}}{{\author {_USER}}}}}La barca.\par}}".encode()


@pytest.mark.parametrize(
    ("extract", "raw"), [(word.extract, _docx()), (odt.extract, _odt()), (pdf.extract, _pdf()), (rtf.extract, _rtf())]
)
def test_properties_are_taken_only_if_the_source_asks(extract: Callable[..., Extracted], raw: bytes) -> None:
    """Names of computer users and other files don't become metadata of a document."""
    plain, declared = extract(raw, {}), extract(raw, _BOTH)
    assert (plain.title, plain.creators) == (None, ())
    assert (declared.title, declared.creators) == (_TITLE, (_USER,))
    assert extract(raw, {"properties": "title"}).creators == ()


def test_the_transcriber_of_a_recording_is_not_its_creator() -> None:
    """The `AUTHOR` of an ELAN file, the program's user, isn't a creator."""
    raw = (
        f'<ANNOTATION_DOCUMENT AUTHOR="{_USER}"><TIER TIER_ID="tx" LINGUISTIC_TYPE_REF="tx"><ANNOTATION>'
        '<ALIGNABLE_ANNOTATION ANNOTATION_ID="a1"><ANNOTATION_VALUE>La barca salió.</ANNOTATION_VALUE>'
        "</ALIGNABLE_ANNOTATION></ANNOTATION></TIER></ANNOTATION_DOCUMENT>"
    ).encode()
    assert elan.extract(raw, {}).creators == ()
    assert elan.extract(raw, _BOTH).creators == (_USER,)


def test_books_keep_the_author_of_their_package() -> None:
    """The Dublin Core of an EPUB describes the book and is always used."""
    members = {
        "META-INF/container.xml": '<container><rootfile full-path="l.opf"/></container>',
        "l.opf": f"<package><metadata {_DUBLIN_CORE}</metadata><manifest>"
        '<item id="a" href="a.xhtml" media-type="application/xhtml+xml"/></manifest>'
        '<spine><itemref idref="a"/></spine></package>',
        "a.xhtml": "<html><body><p>La barca.</p></body></html>",
    }
    assert epub.extract(zip_file(members), {}).creators == (_USER,)


@pytest.mark.parametrize(("properties", "media_type"), [((), ""), (("title", "creators"), "title+creators")])
def test_a_source_names_the_properties_of_its_files(
    tmp_path: Path, properties: tuple[str, ...], media_type: str
) -> None:
    """`properties` in `[collect]` is passed on with each file's media type."""
    (tmp_path / "uno.docx").write_bytes(_docx())
    collect = {"properties": properties}
    source = Source.model_validate(
        {"id": "a", "title": "A", "holder": "B", "genre": "oral_history", "collect": collect}
    )
    [file] = list_inputs(source, str(tmp_path))
    [frame] = read(source, file, genre="oral_history")
    assert frame["media_type"][0].partition("properties=")[2] == media_type


@pytest.mark.parametrize("extract", [html.balanced, html.fast, html.careful])
@pytest.mark.parametrize(
    ("generator", "creators"),
    [("LibreOffice 7.3 (Linux)", ()), ("Microsoft Word 15 (filtered)", ()), ("WordPress 6.4", (_USER,))],
)
def test_pages_that_a_word_processor_saved_have_no_author(
    extract: Callable[..., Extracted], generator: str, creators: tuple[str, ...]
) -> None:
    """The `author` of a page saved by a word processor is ignored; that of other pages is used."""
    paragraphs = "<p>La barca salió del puerto antes del alba y volvió con la red vacía, como todos los días.</p>" * 5
    page = f'<html><head><meta name="generator" content="{generator}"><meta name="author" content="{_USER}"></head>'
    extracted = extract(f"{page}<body>{paragraphs}</body></html>".encode(), {})
    assert tuple(creator.upper() for creator in extracted.creators) == creators
