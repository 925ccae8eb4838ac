"""Regressions in which formats lost words, rows, speakers or turns without a note."""

from __future__ import annotations

import io
from typing import Any

import docx
import odfdo
import pymarc
import pytest
from lxml import etree
from written_files import zip_file

from latam_corpus.catalog.works.marc import marc_records
from latam_corpus.extract import block_text
from latam_corpus.extract.documents import docx as word
from latam_corpus.extract.documents import epub, odt, rtf, tei
from latam_corpus.extract.interviews import chat, elan
from latam_corpus.extract.scans.ocr_pages import alto, hocr

_W = "http://schemas.openxmlformats.org/wordprocessingml/2006/main"


def _run(text: str) -> str:
    return f'<w:r xmlns:w="{_W}"><w:t xml:space="preserve">{text}</w:t></w:r>'


def _paragraph(text: str) -> str:
    return f'<w:p xmlns:w="{_W}">{_run(text)}</w:p>'


def _saved(document: Any) -> bytes:
    held = io.BytesIO()
    document.save(held)
    return held.getvalue()


def test_a_text_box_of_word_follows_its_paragraph() -> None:
    """Text boxes are read once, though Word writes them twice, also nested ones; they interrupt no sentence."""
    document = docx.Document()
    paragraph = document.add_paragraph("La barca ")
    inner = f'<w:pict xmlns:w="{_W}"><w:txbxContent>{_paragraph("Otro recuadro.")}</w:txbxContent></w:pict>'
    held = _paragraph("Recuadro.").replace("</w:p>", f"<w:r>{inner}</w:r></w:p>")
    box = f'<w:txbxContent xmlns:w="{_W}">{held}</w:txbxContent>'
    mc = 'xmlns:mc="http://schemas.openxmlformats.org/markup-compatibility/2006"'
    choice = (
        f"<mc:AlternateContent {mc}><mc:Choice>{box}</mc:Choice><mc:Fallback>{box}</mc:Fallback></mc:AlternateContent>"
    )
    paragraph.runs[0]._r.append(etree.fromstring(choice))  # noqa: SLF001
    paragraph.add_run("salió del puerto.")
    assert word.extract(_saved(document), {}).text == "La barca salió del puerto.\nRecuadro.\nOtro recuadro."


def test_cells_in_forms_and_tables_in_cells_are_read() -> None:
    """Cells and paragraphs in form fields, and tables in cells, are read."""
    document = docx.Document()
    table = document.add_table(1, 3)
    for cell, text in zip(table.rows[0].cells, ("Uno", "Dos", "Tres"), strict=True):
        cell.text = text
    row = table.rows[0]._tr  # noqa: SLF001
    second, third = row.tc_lst[1:]
    field = etree.fromstring(f'<w:sdt xmlns:w="{_W}"><w:sdtContent/></w:sdt>')
    row.replace(second, field)
    field[0].append(second)
    third.append(etree.fromstring(f'<w:sdt xmlns:w="{_W}"><w:sdtContent>{_paragraph("Cuatro")}</w:sdtContent></w:sdt>'))
    nested = table.rows[0].cells[0].add_table(1, 1)
    nested.rows[0].cells[0].text = "Cinco"
    assert word.extract(_saved(document), {}).text.split() == ["Uno", "Cinco", "Dos", "Tres", "Cuatro"]


def test_a_text_box_of_an_open_document_follows_its_paragraph() -> None:
    """Text boxes and the field of the document's title are kept; comments and titles of pictures are left out."""
    document = odfdo.Document("text")
    document.body.clear()
    xml = (
        "<text:p>La barca <office:annotation><text:p>¿sí?</text:p></office:annotation><draw:frame><svg:title>Foto"
        "</svg:title><draw:text-box><text:p>Recuadro.</text:p></draw:text-box></draw:frame>de <text:title>Coplas"
        "</text:title> salió.</text:p>"
    )
    document.body.append(odfdo.Element.from_tag(xml))
    assert odt.extract(_saved(document), {}).text == "La barca de Coplas salió.\nRecuadro."


def test_a_surrogate_pair_in_rtf_is_one_character() -> None:
    """A surrogate pair in RTF becomes one character, and a single half is replaced."""
    assert rtf.extract(rb"{\rtf1\uc1 La barca \u-10179?\u-8704? sali\u243?.\u-10179? \par}", {}).text.startswith(
        "La barca 😀 salió.\ufffd"
    )


def test_a_chapter_of_another_type_is_read() -> None:
    """A chapter that its package calls XML is read, but not a picture."""
    items = [("a.xhtml", "application/xhtml+xml"), ("b.xhtml", "text/xml"), ("c.svg", "image/svg+xml")]
    manifest = "".join(f"<item id='{name}' href='{name}' media-type='{kind}'/>" for name, kind in items)
    spine = "".join(f"<itemref idref='{name}'/>" for name, _kind in items)
    members = {name: f"<html><body><p>Capítulo {name[0]}.</p></body></html>" for name, _kind in items}
    members["META-INF/container.xml"] = "<container><rootfile full-path='b.opf'/></container>"
    members["b.opf"] = f"<package><manifest>{manifest}</manifest><spine>{spine}</spine></package>"
    assert epub.extract(zip_file(members), {}).text == "Capítulo a.\n\nCapítulo b."


def test_an_apparatus_without_an_editors_choice_keeps_a_reading() -> None:
    """An apparatus without a lemma keeps the first witness's reading."""
    readings = "<rdg wit='A'>blanca</rdg><rdg wit='B'>branca</rdg>"
    line = f"<l>Palomita <app>{readings}</app>, <app><lem>vidalitá</lem>{readings}</app></l>"
    assert tei.extract(f"<TEI><text><body>{line}</body></text></TEI>".encode(), {}).text == "Palomita blanca, vidalitá"


def test_half_a_word_keeps_its_hyphen_in_alto() -> None:
    """Half of a word keeps its hyphen, which `repair` resolves; a heading isn't a running head."""
    first = '<TextLine><String CONTENT="puer" SUBS_TYPE="HypPart1"/><HYP CONTENT="-"/></TextLine>'
    lines = f'{first}<TextLine><String CONTENT="to" SUBS_TYPE="HypPart2"/></TextLine>'
    blocks = f'<TextBlock TYPE="SubHeader">{lines}</TextBlock><TextBlock TYPE="header">{lines}</TextBlock>'
    assert alto(f"<alto><Layout><Page>{blocks}</Page></Layout></alto>".encode(), {}).text == "puer-\nto"


@pytest.mark.parametrize(("system", "text"), [("tesseract 5.3", "Capítulo I\n\nLa barca."), ("otro", "La barca.")])
def test_tesseracts_headings_are_text(system: str, text: str) -> None:
    """Tesseract's `ocr_header` is text."""
    lines = "".join(
        f"<p><span class='{kind}'><span class='ocrx_word'>{words}</span></span></p>"
        for kind, words in (("ocr_header", "Capítulo I"), ("ocr_line", "La barca."))
    )
    page = f"<html><head><meta name='ocr-system' content='{system}'></head><body><div class='ocr_page'>{lines}"
    assert hocr(page.encode(), {}).text == text


def test_a_chat_continuation_line_without_a_tab_is_read() -> None:
    """A continuation line without a tab is read, and an utterance may be in another language."""
    raw = "@Languages:\tspa, quy\n*ROS:\tnací en\nel puerto .\n*ROS:\t[- quy] arí .\n@End\n"
    extracted = chat.extract(raw.encode(), {})
    assert extracted.text.split("\n")[0] == "ROS: nací en el puerto ."
    assert [turn.language for turn in extracted.turns] == ["spa", "quy"]


def test_a_speaker_whose_initials_mean_something_is_heard() -> None:
    """A tier without a parent is not a gloss because of its name; a tier of notes is left out with a note."""

    def tier(name: str, words: str, more: str = "") -> str:
        annotation = f'<ALIGNABLE_ANNOTATION ANNOTATION_ID="{name}"><ANNOTATION_VALUE>{words}</ANNOTATION_VALUE>'
        kind = f'LINGUISTIC_TYPE_REF="{"gl" if more else "habla"}"'
        return (
            f'<TIER TIER_ID="{name}" {kind} {more}><ANNOTATION>{annotation}</ALIGNABLE_ANNOTATION></ANNOTATION></TIER>'
        )

    tiers = tier("GE", "¿Dónde nació?") + tier("PS", "En el puerto.") + tier("Notas", "hay ruido")
    tiers += tier("gl@PS", "in the port", 'PARENT_REF="PS"')
    extracted = elan.extract(f"<ANNOTATION_DOCUMENT>{tiers}</ANNOTATION_DOCUMENT>".encode(), {})
    assert extracted.text == "GE: ¿Dónde nació?\nPS: En el puerto."
    assert "tiers left out: Notas" in extracted.notes


def _record(number: str, title: str) -> bytes:
    field = pymarc.Field(tag="245", indicators=pymarc.Indicators("1", " "), subfields=[pymarc.Subfield("a", title)])
    return bytes(pymarc.Record(force_utf8=True, fields=[pymarc.Field(tag="001", data=number), field]).as_marc())


@pytest.mark.parametrize("wrong", [b"00007", b"00200", b"99999", b"  x  "])
def test_a_record_with_a_wrong_length_loses_no_other(wrong: bytes) -> None:
    """A record with a wrong length, or line ends between records, loses no other record."""
    first, second, third = (_record(str(n), title) for n, title in enumerate(("Uno", "Dos", "Tres")))
    records = marc_records(wrong + first[5:] + b"\r\n" + second + b"\n" + third + b"\x1a")
    assert [record.title for record in records] == ["Uno", "Dos", "Tres"]


def test_a_long_text_is_packed_and_the_same(monkeypatch: pytest.MonkeyPatch) -> None:
    """A packed text is the same, whatever its letters, also when it is requested twice."""
    written = []
    for max_pieces in (2, 10**6):
        monkeypatch.setattr(block_text, "_MAX_PIECES", max_pieces)
        block = block_text.BlockText()
        for number in range(9):
            block.add(f"Verso {number} — mañana 😀")
            block.stop(1 + number % 2)
        written += [block.text(), block.text()]
    assert len({*written}) == 1
