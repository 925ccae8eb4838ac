"""Files of each format with rights statements, made in memory, and the rows that are extracted from them."""

from __future__ import annotations

import json
from typing import Any

import polars as pl
from written_files import pdf_file, zip_file

from latam_corpus.extract.document import Extracted
from latam_corpus.extract.isolation.child import ExtractJob, attempt
from latam_corpus.extract.stage import EXTRACTORS
from latam_corpus.extract.stated_rights.licences import with_page_terms

_DC = 'xmlns:dc="http://purl.org/dc/elements/1.1/"'
_OFFICE = "urn:oasis:names:tc:opendocument:xmlns"
ALL_USES = ["train", "redistribute", "evaluate"]


def row_of(media_type: str, raw: bytes, **more: Any) -> dict[str, Any]:
    """Return a row of a source under CC BY after extraction, with the evidence of the ledger."""
    extractor = EXTRACTORS[media_type].format(mode=more.pop("mode", "balanced"))
    outcome = attempt(ExtractJob(extractor, raw, more.pop("parameters", {})))
    assert isinstance(outcome, Extracted), outcome
    values = {"rights": "CC-BY-4.0", "rights_tier": "attribution", "uses": ALL_USES, "url": None, **more}
    frame = pl.DataFrame(
        {name: [value] for name, value in {"text": outcome.text, **values}.items()},
        schema_overrides={"url": pl.String, "agreement": pl.String} if "agreement" in values else {"url": pl.String},
    )
    [row] = with_page_terms(frame, [outcome]).to_dicts()
    return row | {"noted": json.loads(row.get("evidence") or "{}"), "text": outcome.text}


def epub(metadata: str = "", pages: dict[str, str] | None = None, package: str = "") -> bytes:
    """Return a book with these pages, or with one."""
    pages = pages or {"uno": "<p>La barca zarpó.</p>"}
    items = "".join(f'<item id="{name}" href="{name}.xhtml" media-type="application/xhtml+xml"/>' for name in pages)
    spine = "".join(f'<itemref idref="{name}"/>' for name in pages)
    container = '<container><rootfiles><rootfile full-path="p.opf"/></rootfiles></container>'
    about = f"<metadata {_DC}>{metadata}</metadata><manifest>{items}</manifest><spine>{spine}</spine>"
    opf = f"<package {package}>{about}</package>"
    texts = {
        f"{name}.xhtml": f'<html xmlns:epub="http://www.idpf.org/2007/ops">{page}</html>'
        if page.startswith("<head")
        else f'<html xmlns:epub="http://www.idpf.org/2007/ops"><body>{page}</body></html>'
        for name, page in pages.items()
    }
    return zip_file({"META-INF/container.xml": container, "p.opf": opf, **texts})


def docx(more: dict[str, str]) -> bytes:
    """Return a Word document with these additional members."""
    kind = "http://schemas.openxmlformats.org/officeDocument/2006/relationships/officeDocument"
    return zip_file(
        {
            "_rels/.rels": f'<r xmlns="r"><Relationship Type="{kind}" Target="d.xml"/></r>',
            "d.xml": "<w><body><p><r><t>La barca zarpó.</t></r></p></body></w>",
            **more,
        }
    )


def odt(meta: str = "", foot: str = "") -> bytes:
    """Return a flat OpenDocument text."""
    return (
        f'<o:document xmlns:o="{_OFFICE}:office:1.0" xmlns:m="{_OFFICE}:meta:1.0" xmlns:s="{_OFFICE}:style:1.0" {_DC}>'
        f"<o:meta>{meta}</o:meta><o:master-styles><s:master-page><s:footer><p>{foot}</p></s:footer></s:master-page>"
        "</o:master-styles><o:body><o:text><p>La barca zarpó.</p></o:text></o:body></o:document>"
    ).encode()


def tei(published: str) -> bytes:
    """Return a TEI document with this publication statement."""
    return (
        '<TEI xmlns="http://www.tei-c.org/ns/1.0"><teiHeader><fileDesc><titleStmt><title>T</title></titleStmt>'
        f"<publicationStmt>{published}</publicationStmt></fileDesc></teiHeader>"
        "<text><body><p>La barca zarpó.</p></body></text></TEI>"
    ).encode()


def html(
    head: str = "", foot: str = "", body: str = "<p>La barca zarpó al alba, contó Ana Paz a los vecinos.</p>"
) -> bytes:
    """Return a page with an article and a footer."""
    return f"<html><head>{head}</head><body><article>{body}</article><footer>{foot}</footer></body></html>".encode()


def xmp(statement: str) -> bytes:
    """Return an XMP packet."""
    return (
        '<?xpacket begin="\ufeff"?><x:xmpmeta xmlns:x="adobe:ns:meta/"><rdf:RDF '
        f'xmlns:rdf="http://www.w3.org/1999/02/22-rdf-syntax-ns#" {_DC} xmlns:cc="http://creativecommons.org/ns#" '
        'xmlns:tdm="http://www.w3.org/ns/tdmrep/" '
        f'xmlns:xmpRights="http://ns.adobe.com/xap/1.0/rights/">{statement}</rdf:RDF></x:xmpmeta><?xpacket end="w"?>'
    ).encode()


def pdf(packet: bytes = b"", about: bytes = b"", info: bytes = b"", second: bytes = b"") -> bytes:
    """Return a page with one or two lines; object 5 is its XMP, object 7 its properties."""
    drawn = b"BT /F 12 Tf 72 700 Td (La barca sali\xf3 del puerto.) Tj ET"
    drawn += b" BT /F 9 Tf 72 40 Td (%s) Tj ET" % second if second else b""
    objects = [
        b"<</Type/Catalog/Pages 2 0 R/Metadata 5 0 R>>",
        b"<</Type/Pages/Count 1/Kids[3 0 R]>>",
        b"<</Type/Page/Parent 2 0 R/MediaBox[0 0 612 792]/Contents 4 0 R/Resources<</Font<</F 6 0 R>>>>>>",
        b"<</Length %d>>stream\n%s\nendstream" % (len(drawn), drawn),
        b"<</Type/Metadata/Length %d%s>>stream\n%s\nendstream" % (len(packet), about, packet),
        b"<</Type/Font/Subtype/Type1/BaseFont/Helvetica/Encoding/WinAnsiEncoding>>",
        b"<<%s>>" % info,
    ]
    return pdf_file(objects, b"/Info 7 0 R")
