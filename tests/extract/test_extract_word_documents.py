"""DOCX, ODT and RTF give the words of the body, a paragraph a line; python-docx, odfdo and LibreOffice write them."""

from __future__ import annotations

import io
import re
import zipfile
from typing import TYPE_CHECKING, Any

import docx
import odfdo
import pytest

from latam_corpus.extract import docx as word
from latam_corpus.extract import odt, rtf
from latam_corpus.extract.document import UnusableError

if TYPE_CHECKING:
    from collections.abc import Callable

    from extract.conftest import Office

    from latam_corpus.extract.document import Extracted

_BODY = (
    "<h1>El puerto viejo</h1>"
    "<p>La barca salió del puerto antes del alba y <b>volvió</b> con la red vacía.</p>"
    "<p>—¿Y los otros? —preguntó la abuela, con «voz» de niña.</p>"
    "<p>Palomita blanca,<br>vidalitá,<br>pecho colorado;</p><p>llévale a mi amante,<br>vidalitá,</p>"
    "<table><tr><td>Juana</td><td>No lo sé.</td></tr><tr><td>Pedro</td><td>Yo sí.</td></tr></table>"
    "<p>Nadie dijo nada.</p>"
)
_TEXT = (
    "El puerto viejo\n\nLa barca salió del puerto antes del alba y volvió con la red vacía.\n"
    "—¿Y los otros? —preguntó la abuela, con «voz» de niña.\n\n"
    "Palomita blanca,\nvidalitá,\npecho colorado;\n\nllévale a mi amante,\nvidalitá,\n\n"
    "Juana No lo sé.\nPedro Yo sí.\nNadie dijo nada."
)

_ASKED = {"properties": "title+creators"}


@pytest.mark.slow
@pytest.mark.parametrize(
    ("suffix", "extract"), [("docx", word.extract), ("odt", odt.extract), ("fodt", odt.extract), ("rtf", rtf.extract)]
)
def test_what_libreoffice_saves_comes_back_whole(
    office: Office, suffix: str, extract: Callable[..., Extracted]
) -> None:
    """Paragraphs, stanzas, rows of a table, in order, with their accents and dashes."""
    text = extract(office(_BODY, suffix), {}).text
    # RTF doesn't say which paragraph is a heading.
    expected = _TEXT.replace("viejo\n\n", "viejo\n") if suffix == "rtf" else _TEXT
    assert text == expected


def _docx(write: Callable[[Any], None]) -> bytes:
    document = docx.Document()
    write(document)
    held = io.BytesIO()
    document.save(held)
    return held.getvalue()


def _with_body(raw: bytes, edit: Callable[[str], str]) -> bytes:
    """The document with its body's XML edited, as a word processor under tracked changes leaves it."""
    held = io.BytesIO()
    with zipfile.ZipFile(io.BytesIO(raw)) as before, zipfile.ZipFile(held, "w") as after:
        for info in before.infolist():
            data = before.read(info)
            if info.filename == "word/document.xml":
                data = edit(data.decode()).encode()
            after.writestr(info, data)
    return held.getvalue()


def test_word_documents_keep_what_was_inserted_and_lose_what_was_deleted() -> None:
    """Tracked changes count as accepted; headers, footers, notes and codes of fields are no text."""

    def write(document: Any) -> None:
        document.core_properties.title = "Memorias"
        document.core_properties.author = "Ana Ruiz"
        document.sections[0].header.paragraphs[0].text = "MEMORIAS"
        document.sections[0].footer.paragraphs[0].text = "7"
        document.add_paragraph("Nací en el puerto.")
        document.add_paragraph("")
        document.add_paragraph("La casa era de adobe.")

    inserted = '<w:ins w:id="1" w:author="E"><w:r><w:t xml:space="preserve"> viejo</w:t></w:r></w:ins>'
    deleted = '<w:del w:id="2" w:author="E"><w:r><w:delText> nuevo</w:delText></w:r></w:del>'
    field = '<w:r><w:instrText>HYPERLINK "http://x.example"</w:instrText></w:r>'
    raw = _with_body(
        _docx(write), lambda body: body.replace("puerto.</w:t></w:r>", f"puerto</w:t></w:r>{inserted}{deleted}{field}")
    )
    found = word.extract(raw, _ASKED)
    assert found.text == "Nací en el puerto viejo\n\nLa casa era de adobe."
    assert (found.title, found.creators) == ("Memorias", ("Ana Ruiz",))


def test_nothing_that_a_document_names_is_fetched_or_run() -> None:
    """An external entity makes it unusable; the parts of a macro are never looked at."""
    raw = _docx(lambda document: document.add_paragraph("Hola."))
    hostile = _with_body(
        raw,
        lambda body: re.sub(r"\?>", '?><!DOCTYPE d [<!ENTITY x SYSTEM "file:///etc/passwd">]>', body, count=1).replace(
            "Hola.", "&x;"
        ),
    )
    assert "root:" not in word.extract(hostile, {}).text
    held = io.BytesIO(raw)
    with zipfile.ZipFile(held, "a") as package:
        package.writestr("word/vbaProject.bin", b"Sub AutoOpen()")
    assert word.extract(held.getvalue(), {}).text == "Hola."


def test_open_documents_lose_notes_and_comments() -> None:
    """A note's mark and text, and what was deleted under tracked changes, are no words of the paragraph."""
    document = odfdo.Document("text")
    document.body.clear()
    paragraph = odfdo.Paragraph("La barca salió del puerto.")
    paragraph.insert_note(after="barca", note_id="1", citation="1", body="Embarcación menor.")
    document.body.append(odfdo.Header(1, "Memorias"))
    document.body.append(paragraph)
    document.body.append(odfdo.Paragraph("Volvió  vacía."))
    held = io.BytesIO()
    document.save(held)
    assert odt.extract(held.getvalue(), {}).text == "Memorias\n\nLa barca salió del puerto.\nVolvió vacía."


@pytest.mark.parametrize(
    ("extract", "raw", "cause"),
    [
        (word.extract, b"PK\x03\x04 no es un zip", "damaged file"),
        (odt.extract, b"PK\x03\x04 no es un zip", "damaged file"),
        (odt.extract, b"<office:document", "not XML"),
        (rtf.extract, rb"{\rtf1\ansi Ma\'f1ana", "damaged file"),
    ],
)
def test_a_damaged_document_is_told(extract: Callable[..., Extracted], raw: bytes, cause: str) -> None:
    """Half a document is no document."""
    with pytest.raises(UnusableError) as caught:
        extract(raw, {})
    assert caught.value.cause == cause


def test_a_member_that_is_cut_is_told() -> None:
    """The body of a package whose bytes don't fit their checksum isn't taken for a text."""

    def write(document: Any) -> None:
        for n in range(500):
            document.add_paragraph(f"Línea {n}.")

    raw = bytearray(_docx(write))
    with zipfile.ZipFile(io.BytesIO(raw)) as package:
        info = package.getinfo("word/document.xml")
    middle = info.header_offset + 200
    raw[middle : middle + 20] = b"\0" * 20
    with pytest.raises(UnusableError) as caught:
        word.extract(bytes(raw), {})
    assert caught.value.cause == "damaged file"


def test_rtf_keeps_its_characters() -> None:
    """Windows-1252 and Unicode escapes, a title with an accent, and braces that are text."""
    raw = rb"{\rtf1\ansi{\info{\title Coraz\'f3n}{\author Ana Ruiz}}\uc1 ma\'f1ana \u8212? \{as\'ed\}\par che\u700?lel}"
    found = rtf.extract(raw, _ASKED)
    assert found.text == "mañana — {así}\ncheʼlel"
    assert (found.title, found.creators) == ("Corazón", ("Ana Ruiz",))


@pytest.mark.parametrize("element", ["altChunk", "subDoc"])
def test_text_that_lies_in_another_file_is_told(element: str) -> None:
    """Word shows it in the place of the element; half a document is none."""
    raw = _with_body(
        _docx(lambda document: document.add_paragraph("Antes.")),
        lambda body: body.replace("</w:p>", f"</w:p><w:{element}/>", 1),
    )
    with pytest.raises(UnusableError, match=element) as caught:
        word.extract(raw, {})
    assert caught.value.cause == "text elsewhere"


@pytest.mark.parametrize(
    ("coded", "text"),
    [
        (r"dijo que {\deleted\revauthdel1 nunca lo vio}{\revised lo vio ayer}.\par", "dijo que lo vio ayer."),
        (r"uno \deleted dos {\b tres\'e1\u243?}\par \deleted0 cuatro{\deleted x\plain  cinco}", "uno cuatro cinco"),
        (r"\{uno\} {\pict\bin3 }{}}{\deleted dos}tres", "{uno} tres"),
    ],
)
def test_rtf_loses_what_was_deleted(coded: str, text: str) -> None:
    """In a group of its own or within one, with the characters and paragraphs of it."""
    assert rtf.extract(rf"{{\rtf1\ansi {coded}}}".encode(), {}).text == text


def test_text_boxes_of_rtf_follow_their_paragraph() -> None:
    """Once, though older readers have a copy in the file; those in the head of a page, and their copies, go."""
    copy = r"{\shprslt{\*\do\dptxbx{\dptxbxtext\pard caja\par}}}"
    box = rf"{{\shp{{\*\shpinst{{\sp{{\sn x}}{{\sv 1}}}}{{\shptxt \pard caja {{\b gris}}\par}}}}{copy}}}"
    old = r"{\*\do\dptxbx{\dptxbxtext\pard vieja\par}}"
    coded = rf"{{\rtf1{{\header {box}\par}}antes{box}{{\footnote nota\par}} sigue\par despu\'e9s{old}}}"
    assert rtf.extract(coded.encode(), {}).text == "antes sigue\ncaja gris\ndespués\nvieja"


@pytest.mark.parametrize(
    "coded",
    [
        r"\mac\deff0 Ni\'96o", r"\mac\ansicpg10000 Ni\'96o", r"\pca Ni\'a4o", r"\pc Ni\'a4o",
        r"\ansi Ni\'f1o", r"\ansi\ansicpg850 Ni\'a4o",
    ],
)  # fmt: skip
def test_rtf_is_in_the_charset_that_it_declares(coded: str) -> None:
    """Of the Macintosh, of DOS or of Windows, in the text and in the title."""
    declared, _, word = coded.rpartition(" ")
    found = rtf.extract(rf"{{\rtf1{declared}{{\info{{\title {word}}}}} {word}}}".encode(), _ASKED)
    assert (found.text, found.title) == ("Niño", "Niño")
