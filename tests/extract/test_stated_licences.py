"""The licence that a file states narrows its row's terms, wherever the format stores it."""

from __future__ import annotations

import importlib
import json
import zlib
from typing import Any

import polars as pl
import pytest
from written_files import pdf_file

from latam_corpus.batch import Batch
from latam_corpus.extract.stage import Extract
from latam_corpus.extract.stated_rights.stated_licences import stated, stated_in
from latam_corpus.extract.stated_rights.xmp import statements_of_pdf, statements_of_picture
from latam_corpus.pipeline.rows.conserve import pass_through
from latam_corpus.text.markup.xml_tree import tree_of

_MADE: Any = importlib.import_module("tests.extract.stating_files")
_BY = "https://creativecommons.org/licenses/by-nc-nd/4.0/"
_NAME = "CC BY-NC-ND 4.0"
_OFFICE = "urn:oasis:names:tc:opendocument:xmlns"


def _tei(availability: str) -> bytes:
    header = f"<teiHeader><fileDesc><publicationStmt><availability>{availability}</availability></publicationStmt>"
    print_ = f'<sourceDesc><bibl><availability><licence target="{_BY}"/></availability></bibl></sourceDesc>'
    return f"<TEI>{header}{print_}</fileDesc></teiHeader><text><body><p>La barca.</p></body></text></TEI>".encode()


_PROPERTIES = f'<Properties><property name="Licencia"><lpwstr>{_NAME}</lpwstr></property></Properties>'
_XMP = _MADE.xmp(
    f"<rdf:Description><dc:rights><rdf:Alt><rdf:li>{_NAME}</rdf:li></rdf:Alt></dc:rights></rdf:Description>"
)


def _stream(data: bytes, about: bytes = b"") -> bytes:
    return b"<</Length %d%s>>stream\n%s\nendstream" % (len(data), about, data)


def _pdf(catalog: bytes = b"/Metadata 5 0 R", metadata: bytes = b"") -> bytes:
    """Return a page with this XMP as object 5."""
    drawn = b"BT /F 12 Tf 72 700 Td (La barca sali\xf3 del puerto.) Tj ET"
    objects = [
        b"<</Type/Catalog/Pages 2 0 R%s>>" % catalog,
        b"<</Type/Pages/Count 1/Kids[3 0 R]>>",
        b"<</Type/Page/Parent 2 0 R/MediaBox[0 0 612 792]/Contents 4 0 R/Resources<</Font<</F 6 0 R>>>>>>",
        _stream(drawn),
        metadata or _stream(_XMP),
        b"<</Type/Font/Subtype/Type1/BaseFont/Helvetica/Encoding/WinAnsiEncoding>>",
    ]
    return pdf_file(objects)


_FILES: dict[str, tuple[str, bytes]] = {
    "tei": ("application/tei+xml", _tei(f'<licence target="{_BY}">Libre</licence>')),
    "tei, in a sentence": ("application/tei+xml", _tei(f'<p>Según <ref target="{_BY}">la licencia</ref>.</p>')),
    "markdown": ("text/markdown", f"---\ntitle: Nota\nlicense: {_NAME}\n---\nLa barca zarpó.\n".encode()),
    "elan": (
        "text/x-eaf+xml",
        f'<ANNOTATION_DOCUMENT><LICENSE LICENSE_URL="{_BY}"/><TIER TIER_ID="tx"><ANNOTATION><ALIGNABLE_ANNOTATION>'
        "<ANNOTATION_VALUE>La barca zarpó</ANNOTATION_VALUE></ALIGNABLE_ANNOTATION></ANNOTATION></TIER>"
        "</ANNOTATION_DOCUMENT>".encode(),
    ),
    "docx": (
        "application/vnd.openxmlformats-officedocument.wordprocessingml.document",
        _MADE.docx({"docProps/custom.xml": _PROPERTIES}),
    ),
    "odt": (
        "application/vnd.oasis.opendocument.text",
        f'<o:document xmlns:o="{_OFFICE}:office:1.0" xmlns:m="{_OFFICE}:meta:1.0"><o:meta><m:user-defined '
        f'm:name="License">{_NAME}</m:user-defined></o:meta><o:body><o:text><p>La barca zarpó.</p></o:text></o:body>'
        "</o:document>".encode(),
    ),
    "musicxml": (
        "application/vnd.recordare.musicxml",
        f'<score-partwise><identification><rights>Ver {_BY}</rights></identification><part id="P1"><measure><note>'
        "<lyric><text>sol</text></lyric></note></measure></part></score-partwise>".encode(),
    ),
    "hocr": (
        "text/vnd.hocr+html",
        f'<html><head><meta name="DC.rights" content="{_NAME}"></head><body><div class="ocr_page"><p class="ocr_par">'
        '<span class="ocr_line">la barca</span></p></div></body></html>'.encode(),
    ),
    "pdf": ("application/pdf", _pdf()),
}  # fmt: skip


def _row(media_type: str, raw: bytes) -> dict[str, Any]:
    """Return a row of a source under CC0 after `extract`."""
    terms = {"rights": ["CC0-1.0"], "rights_tier": ["open"], "uses": [["train", "redistribute", "evaluate"]]}
    row = {"doc_id": ["a"], "source_id": ["s"], "url": [None], "raw": [raw], "media_type": [media_type], **terms}
    passed = pass_through(Extract(), Batch(pl.DataFrame(row, schema_overrides={"url": pl.String})))
    [row] = passed.kept.frame.to_dicts()
    return row | {"ledger": passed.ledger.to_dicts()}


@pytest.mark.parametrize("name", _FILES)
def test_every_format_narrows(name: str) -> None:
    """A document that states BY-NC-ND in a source under CC0 is for evaluation only, in every format."""
    row = _row(*_FILES[name])
    assert (row["rights_tier"], row["uses"]) == ("no_derivatives", ["evaluate"])
    assert row["rights"] in (_BY, _NAME)
    assert json.loads(row["ledger"][-1]["evidence"])["tier_before"] == "open"


def test_a_statement_that_is_not_understood_closes_the_row() -> None:
    """An unrecognised statement allows nothing, and the ledger has its words and the reason."""
    row = _row("application/tei+xml", _tei("<licence>Uso libre con permiso</licence>"))
    assert (row["rights_tier"], row["rights"], row["uses"]) == ("unknown", "Uso libre con permiso", ["evaluate"])
    noted = json.loads(row["ledger"][-1]["evidence"])
    assert (noted["licences"], noted["because"]) == (["Uso libre con permiso"], "unread")


def test_recognised_statements_come_first() -> None:
    """Ten statements are kept, recognised ones first, and an endless sentence is cut."""
    recognised = [f"CC-BY-{version}" for version in ("2.0", "3.0")]
    statements = stated([*(f"Aviso {n}" for n in range(20)), "a" * 600, "--", *recognised])
    assert (len(statements), statements[:2]) == (10, tuple(recognised))


def test_a_collection_states_the_licences_of_its_texts() -> None:
    """The least open licence of a collection's texts counts."""
    first, second = (_tei(f"<licence>{name}</licence>").decode() for name in ("CC BY 4.0", _NAME))
    row = _row("application/tei+xml", f"<teiCorpus><teiHeader/>{first}{second}</teiCorpus>".encode())
    assert row["rights"] == _NAME


def test_attributes_of_xmp_are_properties_too() -> None:
    """XMP is read as elements or attributes, and EPUB 3 links by their `rel`."""
    picture = b"\xff\xd8" + _MADE.xmp(f'<rdf:Description cc:license="{_BY}"/>') + b"\xff\xd9"
    assert statements_of_picture(picture).licences == (_BY,)
    assert stated_in(tree_of(f'<m><link rel="cc:license" href="{_BY}"/></m>'.encode())) == (_BY,)


def test_the_xmp_named_by_the_catalog_of_a_pdf_is_read() -> None:
    """The XMP that the newest catalog names is read, compressed or not, but not that of a picture."""
    packed = _stream(zlib.compress(_XMP), b"/Filter/FlateDecode")
    catalog = b"<</Type/Catalog/Pages 2 0 R/Metadata 5 0 R>>"
    held = zlib.compress(b"9 0 1 %d " % (len(b"<</A 7>> ")) + b"<</A 7>> " + catalog)
    object_stream = (
        _pdf(b"")
        .replace(b"/Type/Catalog", b"/Type/Katalog")
        .replace(
            b"xref", b"7 0 obj\n" + _stream(held, b"/Type/ObjStm/N 2/First 8/Filter/FlateDecode") + b"\nendobj\nxref", 1
        )
    )
    saved_over = _pdf(metadata=_stream(_MADE.xmp(""))) + b"5 0 obj\n" + _stream(_XMP) + b"\nendobj\n"
    for raw in (_pdf(metadata=packed), object_stream, saved_over):
        assert statements_of_pdf(raw).licences == (_NAME,)
    for raw in (_pdf(b""), _pdf(metadata=_stream(b"<rota")), _pdf(metadata=packed.replace(b"x\x9c", b"??")), b""):
        assert statements_of_pdf(raw).licences == ()


def test_metadata_after_a_long_catalog_are_not_its_own() -> None:
    """Metadata of the next object isn't read as that of a long catalog."""
    catalog = b"1 0 obj\n<</Type/Catalog/Lang(" + b"a" * 5000 + b")>>\nendobj\n"
    picture = b"3 0 obj\n<</Type/XObject/Metadata 5 0 R>>\nendobj\n"
    raw = b"%PDF-1.7\n" + catalog + picture + b"5 0 obj\n" + _stream(_XMP) + b"\nendobj\n"
    assert statements_of_pdf(raw).licences == ()
