"""A PDF yields its text in reading order, without running heads, page numbers and notes."""

from __future__ import annotations

import html
import io
import re
import shutil
import subprocess
from typing import TYPE_CHECKING

import pypdfium2
import pytest

from latam_corpus.extract.document import UnusableError
from latam_corpus.extract.scans.page_furniture import Line
from latam_corpus.extract.scans.page_layout import flow, reading_order
from latam_corpus.extract.scans.pdf import MAC_ROMAN, extract

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from extract.conftest import Office

_SENTENCES = (
    "La barca salió del puerto antes del alba y volvió con la red vacía, como todos los días de ese invierno.",
    "—¿Y los otros? —preguntó la abuela—. Nadie los ha visto desde que empezaron las lluvias del mes pasado.",
    "Mi abuela decía que el mar no perdona a los que se olvidan de saludarlo cuando pasan por la orilla.",
    "Por eso nosotros lo saludábamos siempre, aunque nos diera vergüenza que nos vieran los demás muchachos.",
)
_NAMESPACES = " ".join(
    f'xmlns:{short}="urn:oasis:names:tc:opendocument:xmlns:{name}:1.0"'
    for short, name in (
        ("office", "office"), ("style", "style"), ("text", "text"), ("fo", "xsl-fo-compatible"),
    )
)  # fmt: skip


def _paragraphs(count: int) -> list[str]:
    return [" ".join(_SENTENCES[(n + k) % 4] for k in range(3)) + f" Así fue la vez {n}." for n in range(count)]


def _book(paragraphs: list[str], columns: int) -> str:
    """Return a book in OpenDocument: justified and hyphenated, with a running head, page numbers and some footnotes."""
    written: list[str] = []
    for number, paragraph in enumerate(paragraphs):
        text = re.sub(r"\b(\w{4})(\w{4,})", "\\1\xad\\2", html.escape(paragraph))
        if number % 4 == 2:
            note = (
                f'<text:note text:note-class="footnote"><text:note-citation>{number}</text:note-citation>'
                "<text:note-body>"
                f'<text:p text:style-name="N">Embarcación de la costa, que {"se ve " * number} en dos líneas.</text:p>'
                "</text:note-body></text:note>"
            )
            text = text.replace("barca", f"barca{note}", 1)
        written.append(f'<text:p text:style-name="P">{text}</text:p>')
    return (
        f'<?xml version="1.0" encoding="UTF-8"?><office:document {_NAMESPACES} office:version="1.3" '
        'office:mimetype="application/vnd.oasis.opendocument.text"><office:styles><style:style style:name="N" '
        'style:family="paragraph"><style:text-properties fo:font-size="8pt"/></style:style></office:styles>'
        '<office:automatic-styles><style:style style:name="P" style:family="paragraph"><style:paragraph-properties '
        'fo:text-indent="0.5cm" fo:text-align="justify"/><style:text-properties fo:font-size="11pt"/></style:style>'
        '<style:page-layout style:name="L"><style:page-layout-properties fo:page-width="15cm" fo:page-height="15cm" '
        f'fo:margin="1.5cm"><style:columns fo:column-count="{columns}" fo:column-gap="0.8cm"/>'
        "</style:page-layout-properties><style:header-style><style:header-footer-properties fo:min-height='0.5cm' "
        "fo:margin-bottom='0.4cm'/></style:header-style><style:footer-style><style:header-footer-properties "
        "fo:min-height='0.5cm' fo:margin-top='0.4cm'/></style:footer-style></style:page-layout>"
        "</office:automatic-styles><office:master-styles><style:master-page style:name='Standard' "
        "style:page-layout-name='L'><style:header><text:p>EL PUERTO VIEJO</text:p></style:header><style:footer><text:p>"
        "<text:page-number>1</text:page-number></text:p></style:footer></style:master-page></office:master-styles>"
        f"<office:body><office:text>{''.join(written)}</office:text></office:body></office:document>"
    )


@pytest.mark.slow
@pytest.mark.parametrize("columns", [1, 2])
def test_a_printed_book_is_its_paragraphs(office: Office, columns: int) -> None:
    """Each paragraph is one line, across columns and pages, without heads, numbers and notes."""
    paragraphs = _paragraphs(24)
    raw = office(_book(paragraphs, columns), "pdf", "fodt")
    assert len(pypdfium2.PdfDocument(raw)) > 4
    text = extract(raw, {}).text
    assert "PUERTO VIEJO" not in text
    assert "Embarcación" not in text
    assert re.findall(r"[^\W\d_]+", text) == re.findall(r"[^\W\d_]+", " ".join(paragraphs))
    assert text.split() == " ".join(paragraphs).split()
    # A paragraph that ends a page at the column's very edge can't be told from one that goes on.
    assert abs(len(text.split("\n")) - len(paragraphs)) <= 2


@pytest.mark.slow
def test_verses_keep_their_lines(office: Office) -> None:
    """Short lines are verses, and gaps between them separate stanzas."""
    stanzas = "<p>Palomita blanca,<br>vidalitá,<br>pecho colorado;</p><p>llévale a mi amante,<br>vidalitá,</p>"
    text = extract(office(stanzas + f"<p>{_SENTENCES[0] * 3}</p>", "pdf"), {}).text
    assert text.startswith(
        "Palomita blanca,\nvidalitá,\npecho colorado;\n\nllévale a mi amante,\nvidalitá,\n\nLa barca salió"
    )


def test_columns_are_read_one_after_the_other() -> None:
    """Columns are read one after the other, after a title across both, whatever the order of the lines in the file."""
    lines = [Line(f"{side}{row}", left, left + 40, 80 - 10 * row, 88 - 10 * row, 8)
             for row in range(4) for side, left in (("d", 60), ("i", 10))]  # fmt: skip
    lines.append(Line("título", 10, 100, 100, 108, 8))
    assert [line.words for line in reading_order(lines)] == ["título", "i0", "i1", "i2", "i3", "d0", "d1", "d2", "d3"]


@pytest.mark.parametrize(
    ("first", "second", "joined"),
    [
        ("La barca sa-", "lió.", "La barca salió."),
        ("La barca sa\xad", "lió.", "La barca salió."),
        ("O vento disse-", "lhe adeus; deu-lhe pena.", "O vento disse-lhe adeus; deu-lhe pena."),
        ("un teórico-práctico y teórico-", "práctico más.", "un teórico-práctico y teórico-práctico más."),
        ("Vino —", "dijo ella.", "Vino —dijo ella."),
        ("San Juan-", "Pedro.", "San Juan- Pedro."),
    ],
)
def test_a_word_is_whole_again(first: str, second: str, joined: str) -> None:
    """A hyphen at a line's end is removed, unless the word has it elsewhere or a pronoun follows it."""
    page = [Line(first, 0, 100, 80, 90, 10), Line(second, 0, 99, 68, 78, 10)]
    assert flow([page]).text == joined


def _locked() -> bytes:
    """Return a PDF locked with a password, as in its standard (ISO 32000, 7.6)."""
    keys = b"/O<" + b"41" * 32 + b">/U<" + b"42" * 32 + b">"
    objects = [
        b"<</Type/Catalog/Pages 2 0 R>>",
        b"<</Type/Pages/Kids[3 0 R]/Count 1>>",
        b"<</Type/Page/Parent 2 0 R/MediaBox[0 0 9 9]>>",
        b"<</Filter/Standard/V 1/R 2/Length 40/P -4" + keys + b">>",
    ]
    body = b"".join(b"%d 0 obj%s endobj\n" % (number, definition) for number, definition in enumerate(objects, 1))
    return b"%PDF-1.4\n" + body + b"trailer<</Root 1 0 R/Encrypt 4 0 R/ID[<41><41>]>>\n%%EOF\n"


@pytest.mark.parametrize(
    ("raw", "cause"),
    [
        (b"%PDF-1.7\n%roto", "damaged file"),
        (b"%PDF-1.7\n" + b"1 0 obj<<>>endobj\n" * 20, "damaged file"),
        (_locked(), "encrypted"),
    ],
)
def test_a_damaged_pdf_is_refused(raw: bytes, cause: str) -> None:
    """A file that pdfium can't open fails with its reason."""
    with pytest.raises(UnusableError) as caught:
        extract(raw, {})
    assert caught.value.cause == cause


def _saved(document: pypdfium2.PdfDocument) -> bytes:
    held = io.BytesIO()
    document.save(held)
    return held.getvalue()


def test_a_scan_is_refused_with_a_remedy() -> None:
    """A page with a picture and no text is refused, with a remedy that names OCR."""
    document = pypdfium2.PdfDocument.new()
    page = document.new_page(200, 200)
    picture = pypdfium2.PdfImage.new(document)
    picture.set_bitmap(pypdfium2.PdfBitmap.new_native(10, 10, pypdfium2.raw.FPDFBitmap_Gray))
    page.insert_obj(picture)
    page.gen_content()
    with pytest.raises(UnusableError, match="scan") as caught:
        extract(_saved(document), {})
    assert caught.value.cause == "no text"


def test_pages_that_draw_nothing_are_not_scans() -> None:
    """Blank pages, and pages whose content can't be decompressed, as of a bomb, are not reported as scans."""
    document = pypdfium2.PdfDocument.new()
    document.new_page(200, 200)
    with pytest.raises(UnusableError, match="can't be unpacked") as caught:
        extract(_saved(document), {})
    assert caught.value.cause == "no text"


_VERSES = ("Dale que dale al remo,", "que la barca va sola,", "que la noche es muy larga", "y la red está rota.")


def _page(*blocks: tuple[float, float, tuple[str, ...]], step: float = 14) -> list[Line]:
    """Return a page of blocks, each with the y of its first line, its type size and its lines."""
    return [
        Line(words, 72, 72 + 5 * len(words), top - n * step, top - n * step + size, size)
        for top, size, lines in blocks
        for n, words in enumerate(lines)
    ]


def _prose(lines: int, page: int) -> tuple[str, ...]:
    return tuple(f"{_SENTENCES[(n + page) % 4][:60]} {'abcdefghij'[page]}" for n in range(lines))


def _cut(pages: list[list[Line]]) -> tuple[list[str], tuple[int, int]]:
    """Return the lines that are missing in the text, and the notes on them."""
    flowed = flow(pages)
    text = " ".join(flowed.text.split())
    return [line.words for page in pages for line in page if line.words not in text], (flowed.heads, flowed.notes)


def test_notes_are_a_run_of_mark_and_text_at_the_foot() -> None:
    """Notes are removed and counted, including one continued from the previous page and the one after it."""
    first = _page((700, 12, _prose(20, 0)), (400, 9, ("1 Así en el original.", "Véase el tomo primero.")))
    second = _page((700, 12, _prose(20, 1)), (400, 9, ("Sigue la nota.", "2 Ibídem.", "[3] Falta en el códice.")))
    lines = [line.words for page in (first, second) for line in page if line.size == 9]
    lines.remove("Sigue la nota.")  # may be a caption
    assert _cut([first, second]) == (lines, (0, 4))


@pytest.mark.parametrize(
    "quoted",
    [
        ("noticias del alzamiento del año", "1810 en la villa, digo que salieron", "todos a la plaza."),
        ("1 de octubre. Salimos del puerto.", "2 de octubre. Llovió."),
        ("Los vecinos acordaron:", "1. Limpiar la acequia.", "2. Pagar al maestro."),
    ],
)
def test_a_quotation_in_small_type_is_not_a_note(quoted: tuple[str, ...]) -> None:
    """Years, dates and lists within a quotation in small type are not note marks."""
    assert _cut([_page((700, 12, _prose(20, 0)), (400, 11, quoted))]) == ([], (0, 0))


def test_an_appendix_in_small_type_is_not_a_note() -> None:
    """Small type below nothing, or only below a title, is not a note."""
    appendix = tuple(f"{n}. Item, mando que se digan misas por los que no volvieron." for n in range(1, 20))
    pages = [_page((700, 12, _prose(30, page))) for page in range(3)]
    pages += [_page((700, 9, appendix)), _page((740, 12, ("Testamento",)), (700, 9, appendix))]
    assert _cut(pages) == ([], (0, 0))


@pytest.mark.parametrize(
    ("head", "size", "step"),
    [
        ("Artículo {}.", 12, 14),  # set like the body
        ("Artículo {}.", 12, 40),  # apart from it
        ("Capítulo {}", 16, 40),
        ("{}. Oración", 12, 40),
        ("1810", 12, 14),
    ],
)
def test_a_numbered_heading_is_not_a_running_head(head: str, size: float, step: float) -> None:
    """A numbered heading, or a year, at the top of each page is part of the text."""
    pages = [_page((720, size, (head.format(2 * n + 1),)), (720 - step, 12, _prose(30, n))) for n in range(5)]
    assert _cut(pages) == ([], (0, 0))


@pytest.mark.parametrize("gap", [14, 28])
def test_a_refrain_is_not_a_running_head(gap: float) -> None:
    """A refrain at the foot of each song is kept, with or without a blank line above it."""
    pages = [_page((720, 12, _prose(8, n)), (622 - gap, 12, _VERSES[:2])) for n in range(5)]
    assert _cut(pages) == ([], (0, 0))


def test_a_response_repeated_on_many_pages_is_kept() -> None:
    """The response of a litany at the foot of every page is kept, since it follows at the usual line distance."""
    answers = [(title, "ruega por nosotros.") for title in ("Santa María,", "San José,", "Santa Rosa,")]
    litany = tuple(words for _ in range(6) for both in answers for words in both)
    assert _cut([_page((720, 12, litany), (40, 10, (str(n + 3),))) for n in range(12)]) == (
        [str(n + 3) for n in range(12)],
        (12, 0),
    )


@pytest.mark.parametrize(
    ("head", "size", "top", "pages"),
    [
        ("LA CASA DEL MAR", 9, 740, 4),
        ("LA CASA DEL MAR", 13, 750, 4),
        ("LA CASA DEL MAR", 12, 770, 4),
        ("LA CASA DEL MAR", 12, 745, 10),
        ("LA CASA DEL MAR", 16, 750, 10),
        ("Informe anual – Página {} de 12", 12, 770, 4),
        ("{} LA CASA DEL MAR", 9, 750, 4),
        ("Informe anual {}", 12, 20, 4),  # no heading stands at the foot
        ("Página {}", 12, 765, 2),
        ("{}", 12, 40, 0),
    ],
)
def test_running_heads_and_page_numbers_are_cut(head: str, size: float, top: float, pages: int) -> None:
    """Heads set apart at a constant height are removed; larger type or a short distance needs more pages."""
    numbers = [str(number) for number in range(3, 3 + pages)]
    heads = [head.format(number) for number in numbers or ("x", "xi", "xii", "xiii")]
    body = 720 if top > 300 else 458
    printed_pages = [_page((top, size, (words,)), (body, 12, _prose(30, n))) for n, words in enumerate(heads)]
    assert _cut(printed_pages) == (heads, (len(heads), 0))


_BROWSER = shutil.which("chromium-headless-shell")
_COPLAS = (
    "Palomita blanca de la quebrada,", "vidalitá, que vuelas lejos,", "llévale a mi amante la carta",
    "que anoche dejé en el suelo;", "dile que vivo penando", "y que por su amor me muero,",
)  # fmt: skip


@pytest.fixture
def printed(tmp_path: Path) -> Callable[[str, str], bytes]:
    """Return a function that prints a page from a browser, with the browser's header and footer."""

    def print_page(body: str, style: str) -> bytes:
        page, pdf = tmp_path / "p.html", tmp_path / "p.pdf"
        head = f"<meta charset=utf-8><title>El puerto</title><style>body{{font:11pt serif}}{style}</style>"
        page.write_text(f"<html lang=es>{head}<body>{body}</body></html>", encoding="utf-8")
        command = [str(_BROWSER), "--headless", "--no-sandbox", "--disable-gpu", f"--print-to-pdf={pdf}", page.as_uri()]
        subprocess.run(command, check=True, capture_output=True, timeout=300)
        return pdf.read_bytes()

    return print_page


@pytest.mark.skipif(_BROWSER is None, reason="Chromium isn't installed")
@pytest.mark.parametrize("style", ["", "body{max-width:26em}", "p{margin:0;text-indent:1em;text-align:justify}"])
def test_a_page_that_a_browser_printed_is_its_paragraphs(printed: Callable[[str, str], bytes], style: str) -> None:
    """A browser's date, address and page numbers are removed, and no paragraph begins within a sentence."""
    paragraphs = _paragraphs(40)
    lines = [
        line
        for line in extract(printed("".join(f"<p>{paragraph}</p>" for paragraph in paragraphs), style), {}).text.split(
            "\n"
        )
        if line
    ]
    assert [line for line in lines if line[0].islower() or line[0].isdecimal()] == []
    # A paragraph that ends a page at the column's very edge can't be told from one that goes on.
    assert len(set(lines) & set(paragraphs)) >= 36


@pytest.mark.skipif(_BROWSER is None, reason="Chromium isn't installed")
def test_verses_printed_by_a_browser_keep_their_lines(printed: Callable[[str, str], bytes]) -> None:
    """Verses printed by a browser, alone or among prose, are not joined up to the edge of the longest one."""
    stanza = f"<p>{'<br>'.join(_COPLAS)}</p>"
    only_verse = extract(printed(stanza * 12, ""), {}).text.split("\n")
    assert [line for line in only_verse if line] == [*_COPLAS] * 12
    mixed = extract(
        printed("".join(f"<p>{paragraph}</p>{stanza}" for paragraph in _paragraphs(12)), ""), {}
    ).text.split("\n")
    assert sum(line in _COPLAS for line in mixed) == 12 * len(_COPLAS)


def test_narrow_prose_is_not_verse() -> None:
    """Full lines of narrow prose are joined, although much of the page is free."""
    words = " ".join(_SENTENCES).split()
    lines: list[str] = [""]
    for word in words * 3:
        if len(lines[-1]) + 1 + len(word) > 40:
            lines.append("")
        lines[-1] = f"{lines[-1]} {word}".strip()
    page = [Line(line, 50, 50 + 5 * len(line), 700 - 12 * row, 710 - 12 * row, 10) for row, line in enumerate(lines)]
    assert flow([page], [600]).text == " ".join(words * 3)


def _in_font(encoding: str, text: bytes) -> bytes:
    """Return a page of text in a font that declares an encoding."""
    content = b"BT /F 10 Tf 12 TL 20 180 Td " + b"".join(b"(%s) ' " % line for line in text.split(b"\n")) + b"ET"
    objects = [
        b"<</Type/Catalog/Pages 2 0 R>>",
        b"<</Type/Pages/Kids[3 0 R]/Count 1>>",
        b"<</Type/Page/Parent 2 0 R/MediaBox[0 0 400 200]/Resources<</Font<</F 5 0 R>>>>/Contents 4 0 R>>",
        b"<</Length %d>>stream\n%s\nendstream" % (len(content), content),
        b"<</Type/Font/Subtype/Type1/BaseFont/Helvetica/Encoding/%s>>" % encoding.encode(),
    ]
    body = b"".join(b"%d 0 obj%s endobj\n" % (number, definition) for number, definition in enumerate(objects, 1))
    return b"%PDF-1.4\n" + body + b"trailer<</Root 1 0 R>>"


def test_accents_of_mac_roman_are_read_under_another_encoding() -> None:
    """Mac Roman accents in fonts that declare Windows-1252 are read and noted; a dagger of a note is unchanged."""
    text = "El catálogo de la canción,\nla cámara del niño y así\n¿qué más récord? La página."
    extracted = extract(_in_font("WinAnsiEncoding", text.encode("mac_roman")), {})
    assert (extracted.text.split(), MAC_ROMAN in extracted.notes) == (text.split(), True)
    for coded, encoding in ((text.encode("cp1252"), "WinAnsi"), (text.encode("mac_roman"), "MacRoman")):
        extracted = extract(_in_font(f"{encoding}Encoding", coded), {})
        assert (extracted.text.split(), extracted.notes) == (text.split(), ())
    noted = "El muelle‡ y el faro‡\nla barca‡ de la costa‡ nueva"
    assert extract(_in_font("WinAnsiEncoding", noted.encode("cp1252")), {}).text.split() == noted.split()


def test_slanted_lines_are_read_once() -> None:
    """Lines whose end is left of their beginning are ordered without an endless search for columns."""
    heights = [90 - 10 * row for row in range(8)]
    lines = [line for y in heights for line in (Line("i", 0, 40, y, y + 8, 8), Line("d", 60, 10, y, y + 8, 8))]
    assert len(reading_order(lines)) == len(lines)
