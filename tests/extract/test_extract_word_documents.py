"""DOCX, ODT and RTF yield the words of the body, a paragraph per line."""

from __future__ import annotations

import io
import re
import zipfile
from typing import TYPE_CHECKING, Any

import docx
import odfdo
import pytest

from latam_corpus.extract.document import UnusableError
from latam_corpus.extract.documents import docx as word
from latam_corpus.extract.documents import odt, rtf

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
def test_documents_saved_by_libreoffice_are_read_completely(
    office: Office, suffix: str, extract: Callable[..., Extracted]
) -> None:
    """Paragraphs, stanzas and table rows are in order, with their accents and dashes."""
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
    """Return the document with its body's XML edited, as a word processor with tracked changes saves it."""
    held = io.BytesIO()
    with zipfile.ZipFile(io.BytesIO(raw)) as source, zipfile.ZipFile(held, "w") as target:
        for info in source.infolist():
            data = source.read(info)
            if info.filename == "word/document.xml":
                data = edit(data.decode()).encode()
            target.writestr(info, data)
    return held.getvalue()


def test_word_documents_have_tracked_changes_accepted() -> None:
    """Tracked changes are accepted; headers, footers, notes and field codes are left out."""

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
    extracted = word.extract(raw, _ASKED)
    assert extracted.text == "Nací en el puerto viejo\n\nLa casa era de adobe."
    assert (extracted.title, extracted.creators) == ("Memorias", ("Ana Ruiz",))


def test_nothing_that_a_document_names_is_fetched_or_run() -> None:
    """A document with its own entity is refused; the parts of a macro are never read."""
    raw = _docx(lambda document: document.add_paragraph("Hola."))
    hostile = _with_body(
        raw,
        lambda body: re.sub(r"\?>", '?><!DOCTYPE d [<!ENTITY x SYSTEM "file:///etc/passwd">]>', body, count=1).replace(
            "Hola.", "&x;"
        ),
    )
    with pytest.raises(UnusableError) as caught:
        word.extract(hostile, {})
    assert (caught.value.cause, "root:" in str(caught.value)) == ("own entity", False)
    held = io.BytesIO(raw)
    with zipfile.ZipFile(held, "a") as package:
        package.writestr("word/vbaProject.bin", b"Sub AutoOpen()")
    assert word.extract(held.getvalue(), {}).text == "Hola."


def test_open_documents_lose_notes_and_comments() -> None:
    """Notes with their marks, comments and tracked deletions are left out."""
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
def test_a_damaged_document_is_refused(extract: Callable[..., Extracted], raw: bytes, cause: str) -> None:
    """A truncated document is refused."""
    with pytest.raises(UnusableError) as caught:
        extract(raw, {})
    assert caught.value.cause == cause


def test_a_member_with_a_wrong_checksum_is_refused() -> None:
    """A package whose body doesn't match its checksum is refused."""

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
    """Windows-1252 and Unicode escapes, an accented title, and literal braces are read."""
    raw = rb"{\rtf1\ansi{\info{\title Coraz\'f3n}{\author Ana Ruiz}}\uc1 ma\'f1ana \u8212? \{as\'ed\}\par che\u700?lel}"
    extracted = rtf.extract(raw, _ASKED)
    assert extracted.text == "mañana — {así}\ncheʼlel"
    assert (extracted.title, extracted.creators) == ("Corazón", ("Ana Ruiz",))


@pytest.mark.parametrize("element", ["altChunk", "subDoc"])
def test_text_in_another_file_is_refused(element: str) -> None:
    """A document with an element that shows another file is refused."""
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
def test_rtf_loses_tracked_deletions(coded: str, text: str) -> None:
    """Tracked deletions are removed, in groups of their own or within others."""
    assert rtf.extract(rf"{{\rtf1\ansi {coded}}}".encode(), {}).text == text


def test_text_boxes_of_rtf_follow_their_paragraph() -> None:
    """Text boxes are read once, without the copies for older readers and those in page headers."""
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
    """The charsets of Macintosh, DOS and Windows are read, in the text and in the title."""
    declared, _, word = coded.rpartition(" ")
    extracted = rtf.extract(rf"{{\rtf1{declared}{{\info{{\title {word}}}}} {word}}}".encode(), _ASKED)
    assert (extracted.text, extracted.title) == ("Niño", "Niño")


_TALK = (
    ("00:00:04", "Rosa Ruiz", "¿Dónde nació usted, señora?"),
    ("00:00:09", "Juana", "Nací en el puerto viejo, en la casa de adobe."),
    ("00:00:21", "", "Y ahí mismo nacieron mis hermanos."),
    ("00:01:02", "Rosa Ruiz", "¿Y su madre también?"),
    ("00:01:10", "Juana", "También, en la misma casa."),
)
_SAID = [
    "Rosa Ruiz: ¿Dónde nació usted, señora?",
    "Juana: Nací en el puerto viejo, en la casa de adobe.",
    "Juana: Y ahí mismo nacieron mis hermanos.",
    "Rosa Ruiz: ¿Y su madre también?",
    "Juana: También, en la misma casa.",
]


def _docx_table(rows: list[tuple[str, ...]]) -> bytes:
    def write(document: Any) -> None:
        document.add_paragraph("Entrevista en el puerto")
        table = document.add_table(0, len(rows[0]))
        for row in rows:
            for cell, words in zip(table.add_row().cells, row, strict=True):
                cell.text = ""
                for number, paragraph in enumerate(words.split("\n\n")):
                    (cell.add_paragraph() if number else cell.paragraphs[0]).add_run(paragraph)

    return _docx(write)


def _odt_table(rows: list[tuple[str, ...]]) -> bytes:
    document = odfdo.Document("text")
    document.body.clear()
    document.body.append(odfdo.Paragraph("Entrevista en el puerto"))
    table = odfdo.Table("t")
    for row in rows:
        table_row = odfdo.Row()
        for words in row:
            cell = odfdo.Cell()
            for paragraph in words.split("\n\n"):
                cell.append(odfdo.Paragraph(paragraph))
            table_row.append_cell(cell)
        table.append_row(table_row)
    document.body.append(table)
    held = io.BytesIO()
    document.save(held)
    return held.getvalue()


def _rtf_table(rows: list[tuple[str, ...]]) -> bytes:
    written = "".join(
        "\\trowd" + "".join(f"\\cellx{1000 * n}" for n in range(1, len(row) + 1))
        + "".join(f"\\pard\\intbl {words}\\cell" for words in row) + "\\row\n"
        for row in rows
    )  # fmt: skip
    return f"{{\\rtf1\\ansi Entrevista en el puerto\\par\n{written}}}".encode("cp1252")


_TABLES = [(_docx_table, word.extract), (_odt_table, odt.extract), (_rtf_table, rtf.extract)]


@pytest.mark.parametrize(("write", "extract"), _TABLES)
@pytest.mark.parametrize("order", [(0, 1, 2), (1, 0, 2), (1, 2, 0)])
def test_a_table_of_times_speakers_and_words_is_an_interview(
    write: Callable[..., bytes], extract: Callable[..., Extracted], order: tuple[int, ...]
) -> None:
    """Each row is a turn; in a row without a name the same speaker continues."""
    rows = [("Hora", "Persona", "Texto"), *_TALK]
    extracted = extract(write([tuple(row[column] for column in order) for row in rows]), {})
    heads = " ".join(rows[0][column] for column in order)
    assert extracted.text.split("\n") == ["Entrevista en el puerto", heads, *_SAID]
    turns = [(turn.speaker, turn.start) for turn in extracted.turns if turn.speaker]
    assert turns == [
        ("Rosa Ruiz", 4.0), ("Juana", 9.0), ("Juana", 21.0), ("Rosa Ruiz", 62.0), ("Juana", 70.0),
    ]  # fmt: skip


@pytest.mark.parametrize(("write", "extract"), _TABLES)
def test_other_tables_are_not_interviews(write: Callable[..., bytes], extract: Callable[..., Extracted]) -> None:
    """Repeated names before numbers or few words are not speakers, and no cell mark remains."""
    rows = [
        ("Cusco", "Calca", "3.000"),
        ("Cusco", "Pisac", "2.100"),
        ("Puno", "Lampa", "900"),
        ("Puno", "Ilave", "800"),
    ]
    extracted = extract(write(rows), {})
    assert extracted.text == "\n".join(["Entrevista en el puerto", *map(" ".join, rows)])
    assert extracted.turns == ()


@pytest.mark.parametrize(("write", "extract"), _TABLES[:2])
def test_paragraphs_of_a_turn_in_a_cell_are_kept_with_it(
    write: Callable[..., bytes], extract: Callable[..., Extracted]
) -> None:
    """Further paragraphs of a cell belong to the same speaker."""
    rows = [row[1:] for row in _TALK if row[1]]
    rows[1] = ("Juana", "Nací en el puerto viejo.\n\nLa casa era de adobe.")
    extracted = extract(write(rows), {})
    assert extracted.text.split("\n")[2] == "Juana: Nací en el puerto viejo. La casa era de adobe."
    assert [turn.speaker for turn in extracted.turns] == [None, "Rosa Ruiz", "Juana", "Rosa Ruiz", "Juana"]


def _docx_tabs(turns: list[tuple[str, str]]) -> bytes:
    def write(document: Any) -> None:
        for name, words in turns:
            paragraph = document.add_paragraph()
            paragraph.add_run(name).bold = True
            paragraph.add_run(f"\t{words}")

    return _docx(write)


def _odt_tabs(turns: list[tuple[str, str]]) -> bytes:
    document = odfdo.Document("text")
    document.body.clear()
    for name, words in turns:
        document.body.append(odfdo.Paragraph(f"{name}\t{words}"))
    held = io.BytesIO()
    document.save(held)
    return held.getvalue()


def _rtf_tabs(turns: list[tuple[str, str]]) -> bytes:
    written = "".join(f"{{\\b {name}}}\\tab {words}\\par\n" for name, words in turns)
    return f"{{\\rtf1\\ansi {written}}}".encode("cp1252")


@pytest.mark.parametrize(
    ("write", "extract"), [(_docx_tabs, word.extract), (_odt_tabs, odt.extract), (_rtf_tabs, rtf.extract)]
)
def test_a_name_before_a_tab_is_a_label(write: Callable[..., bytes], extract: Callable[..., Extracted]) -> None:
    """A tab separates a speaker's name from the words, as a colon does."""
    turns = [(name, words) for _time, name, words in _TALK if name]
    extracted = extract(write(turns), {})
    assert extracted.text.split("\n") == [f"{name}: {words}" for name, words in turns]
    assert [turn.speaker for turn in extracted.turns] == [name for name, _words in turns]


_RUN = "</w:t></w:r>{}<w:r><w:t>"


def _with_xml(xml: str, words: str = "Antes@después.") -> str:
    """Return the text of a document with this XML in place of the sign @."""
    raw = _docx(lambda document: document.add_paragraph(words))
    return word.extract(_with_body(raw, lambda body: body.replace("@", xml)), {}).text


@pytest.mark.parametrize(
    ("sign", "text"),
    [
        ('w:font="Doulos SIL" w:char="0294"', "ʔ"),
        ('w:font="Symbol" w:char="F061"', "α"),
        ('w:font="Wingdings" w:char="F0E0"', " "),
        ('w:font="SILDoulos IPA93" w:char="F03F"', "\ufffd"),
        ('w:font="Symbol" w:char="ZZ"', "\ufffd"),
    ],
)
def test_a_sign_of_another_font_is_its_character(sign: str, text: str) -> None:
    """Pictures of symbol fonts are spaces; unknown characters are visibly replaced."""
    assert _with_xml(_RUN.format(f"<w:r><w:sym {sign}/></w:r>")) == f"Antes{text}después."


def test_words_after_an_entity_are_kept() -> None:
    """An entity of HTML becomes its character, and the words after it are kept."""
    raw = _docx(lambda document: document.add_paragraph("Ma@ana será otro día."))
    edited = _with_body(
        raw, lambda body: re.sub(r"<\?.*?\?>", '<!DOCTYPE d SYSTEM "d.dtd">', body).replace("@", "&ntilde;")
    )
    assert word.extract(edited, {}).text == "Mañana será otro día."


def test_an_entity_in_an_open_document_is_its_character() -> None:
    """An entity of HTML becomes its character; one that the document declares makes it unusable."""
    flat = (
        '<!DOCTYPE d SYSTEM "d.dtd" [<!ENTITY x "otra">]>'
        '<o:document xmlns:o="urn:oasis:names:tc:opendocument:xmlns:office:1.0"'
        ' xmlns:t="urn:oasis:names:tc:opendocument:xmlns:text:1.0"><o:body><o:text><t:p>Ma{}ana</t:p></o:text></o:body>'
        "</o:document>"
    )
    assert odt.extract(flat.format("&ntilde;").encode(), {}).text == "Mañana"
    with pytest.raises(UnusableError) as caught:
        odt.extract(flat.format("&x;").encode(), {})
    assert caught.value.cause == "own entity"


def test_text_boxes_and_word_art_follow_their_paragraph() -> None:
    """Of two alternatives the first with text is read."""
    art = '<w:r><w:pict><v:shape xmlns:v="urn:v"><v:textpath string="EL PUERTO"/></v:shape></w:pict></w:r>'
    assert _with_xml(_RUN.format(art)) == "Antesdespués.\nEL PUERTO"
    box = "<w:txbxContent><w:p><w:r><w:t>{}</w:t></w:r></w:p></w:txbxContent>"
    both = (
        '<w:r><m:AlternateContent xmlns:m="urn:m"><m:Choice>{}</m:Choice><m:Fallback>{}</m:Fallback>'
        "</m:AlternateContent></w:r>"
    )
    new, old = box.format("En la caja."), f"<w:pict>{box.format('En otra.')}</w:pict>"
    assert _with_xml(_RUN.format(both.format(new, old))) == "Antesdespués.\nEn la caja."
    assert _with_xml(_RUN.format(both.format("<w:drawing/>", old))) == "Antesdespués.\nEn otra."


def test_the_text_of_a_diagram_follows_its_paragraph() -> None:
    """The text of SmartArt, which is in another part, follows its paragraph."""
    art = '<w:r><w:drawing><d:relIds xmlns:d="urn:d" xmlns:r="urn:r" r:dm="rIdD"/></w:drawing></w:r>'
    points = "".join(
        f'<d:pt type="{kind}"><d:t><a:p><a:r><a:t>{words}</a:t></a:r></a:p></d:t></d:pt>'
        for kind, words in (("doc", ""), ("node", "La siembra"), ("parTrans", "no"), ("node", "La cosecha"))
    )
    link = '<Relationship Id="rIdD" Type="urn:diagramData" Target="diagrams/data1.xml"/></Relationships>'
    raw = _docx(lambda document: document.add_paragraph("Antes@después."))
    held = io.BytesIO()
    with zipfile.ZipFile(io.BytesIO(raw)) as source, zipfile.ZipFile(held, "w") as target:
        for info in source.infolist():
            data = source.read(info).decode("latin-1")
            data = data.replace("@", _RUN.format(art)) if info.filename == "word/document.xml" else data
            data = data.replace("</Relationships>", link) if info.filename == "word/_rels/document.xml.rels" else data
            target.writestr(info, data.encode("latin-1"))
        target.writestr(
            "word/diagrams/data1.xml", f'<d:dataModel xmlns:d="urn:d" xmlns:a="urn:a">{points}</d:dataModel>'
        )
    assert word.extract(held.getvalue(), {}).text == "Antesdespués.\nLa siembra\nLa cosecha"


@pytest.mark.parametrize("mark", ["del", "moveFrom"])
def test_a_paragraph_whose_end_was_deleted_is_joined_with_the_next(mark: str) -> None:
    """Paragraphs whose ends were deleted under tracked changes are joined with the next ones."""

    def write(document: Any) -> None:
        for words in ("sigui", "@", "ente.", "Otro."):
            document.add_paragraph(words)

    raw = _docx(write)
    deleted_end = f'<w:p><w:pPr><w:rPr><w:{mark} w:id="1" w:author="E"/></w:rPr></w:pPr>'
    deleted = '<w:del w:id="2" w:author="E"><w:r><w:delText>nada</w:delText></w:r></w:del>'

    def edit(body: str) -> str:
        return body.replace("<w:p><w:r><w:t>sigui", f"{deleted_end}<w:r><w:t>sigui").replace(
            "<w:p><w:r><w:t>@</w:t></w:r>", f'<w:bookmarkStart w:id="7" w:name="b"/>{deleted_end}{deleted}'
        )

    assert word.extract(_with_body(raw, edit), {}).text == "siguiente.\nOtro."
