"""Hidden text isn't released: each reader leaves it out and notes its number of words."""

from __future__ import annotations

import io
from typing import TYPE_CHECKING, Any

import docx
import pytest
from docx.enum.style import WD_STYLE_TYPE
from written_files import zip_file

from latam_corpus.extract.document import UnusableError
from latam_corpus.extract.documents import docx as word
from latam_corpus.extract.documents import epub, odt, rtf
from latam_corpus.extract.scans import pdf

if TYPE_CHECKING:
    from collections.abc import Callable

_NOTE = "hidden text left out: 3 words"
_HIDDEN = "habla Juana Quispe"
_BEFORE, _AFTER = "La barca salió.", "Volvió vacía."


def _saved(document: Any) -> bytes:
    buffer = io.BytesIO()
    document.save(buffer)
    return buffer.getvalue()


def _hidden_run(document: Any) -> None:
    document.add_paragraph(_HIDDEN).runs[0].font.hidden = True


def _hidden_run_in_a_table(document: Any) -> None:
    cell = document.add_table(1, 1).cell(0, 0)
    cell.paragraphs[0].add_run(_HIDDEN).font.hidden = True


def _style(document: Any, kind: Any) -> Any:
    parent = document.styles.add_style("Nota", kind)
    parent.font.hidden = True
    style = document.styles.add_style("Nota al margen", kind)
    style.base_style = parent
    return style


def _hidden_by_paragraph_style(document: Any) -> None:
    document.add_paragraph(_HIDDEN, style=_style(document, WD_STYLE_TYPE.PARAGRAPH))


def _hidden_by_character_style(document: Any) -> None:
    document.add_paragraph().add_run(_HIDDEN, style=_style(document, WD_STYLE_TYPE.CHARACTER))


def _hidden_by_property(name: str) -> Callable[[Any], None]:
    def write(document: Any) -> None:
        run = document.add_paragraph(_HIDDEN).runs[0]
        properties = run._r.get_or_add_rPr()  # noqa: SLF001  (python-docx has no other way to this property)
        properties.append(properties.makeelement(f"{{{properties.nsmap['w']}}}{name}", {}))

    return write


@pytest.mark.parametrize(
    "hide",
    [
        _hidden_run, _hidden_run_in_a_table, _hidden_by_paragraph_style, _hidden_by_character_style,
        _hidden_by_property("specVanish"), _hidden_by_property("webHidden"),
    ],
)  # fmt: skip
def test_word_documents_lose_hidden_text(hide: Callable[[Any], None]) -> None:
    """Runs are hidden by their own properties, or by a style that may inherit them."""
    document = docx.Document()
    document.add_paragraph(_BEFORE)
    hide(document)
    document.add_paragraph(_AFTER)
    extracted = word.extract(_saved(document), {})
    assert (extracted.text, extracted.notes) == (f"{_BEFORE}\n{_AFTER}", (_NOTE,))


def test_a_run_may_show_what_its_style_hides() -> None:
    """A run's own property overrides its styles."""
    document = docx.Document()
    document.add_paragraph(_HIDDEN, style=_style(document, WD_STYLE_TYPE.PARAGRAPH)).runs[0].font.hidden = False
    extracted = word.extract(_saved(document), {})
    assert (extracted.text, extracted.notes) == (_HIDDEN, ())


def _odt(middle: str, styles: str = "") -> bytes:
    spaces = " ".join(
        f'xmlns:{name}="urn:oasis:names:tc:opendocument:xmlns:{space}:1.0"'
        for name, space in (
            ("office", "office"), ("style", "style"), ("text", "text"), ("table", "table"), ("draw", "drawing"),
        )
    )  # fmt: skip
    content = (
        f"<office:document-content {spaces}><office:automatic-styles>{styles}</office:automatic-styles><office:body>"
        f"<office:text><text:p>{_BEFORE}</text:p>{middle}<text:p>{_AFTER}</text:p></office:text></office:body>"
        "</office:document-content>"
    )
    common = (
        f'<office:document-styles {spaces}><office:styles><style:style style:name="Nota" style:family="paragraph">'
        '<style:text-properties text:display="none"/></style:style></office:styles></office:document-styles>'
    )
    return zip_file({"content.xml": content, "styles.xml": common})


_SPAN_STYLE = (
    '<style:style style:name="T1" style:family="text"><style:text-properties text:display="none"/></style:style>'
)


_HIDDEN_ROW = (
    '<table:table><table:table-row table:visibility="collapse"><table:table-cell>'
    f"<text:p>{_HIDDEN}</text:p></table:table-cell></table:table-row></table:table>"
)


@pytest.mark.parametrize(
    ("middle", "styles"),
    [
        (f'<text:section text:display="none"><text:p>{_HIDDEN}</text:p></text:section>', ""),
        (
            f'<text:section text:display="condition" text:is-hidden="true"><text:p>{_HIDDEN}</text:p></text:section>',
            "",
        ),
        (f'<text:p><text:hidden-paragraph text:is-hidden="true"/>{_HIDDEN}</text:p>', ""),
        (f'<text:p text:style-name="Nota">{_HIDDEN}</text:p>', ""),
        (
            f'<text:p text:style-name="P1">{_HIDDEN}</text:p>',
            '<style:style style:name="P1" style:family="paragraph" style:parent-style-name="Nota"/>',
        ),
        ('<text:p><text:span text:style-name="T1">habla <text:span>Juana</text:span> Quispe</text:span></text:p>',
         _SPAN_STYLE),
        (f'<text:p><text:variable-set text:display="none">{_HIDDEN}</text:variable-set></text:p>', ""),
        (
            _HIDDEN_ROW, "",
        ),
        (f'<draw:frame draw:display="none"><draw:text-box><text:p>{_HIDDEN}</text:p></draw:text-box></draw:frame>', ""),
    ],
)  # fmt: skip
def test_open_documents_lose_hidden_text(middle: str, styles: str) -> None:
    """Sections, paragraphs, spans, fields, rows and shapes are hidden by their own properties or by a style."""
    extracted = odt.extract(_odt(middle, styles), {})
    assert (extracted.text.replace("\n\n", "\n"), extracted.notes) == (f"{_BEFORE}\n{_AFTER}", (_NOTE,))


def test_open_documents_keep_the_words_around_hidden_ones() -> None:
    """Text after a hidden span, shown text within it, and a visible conditional section are kept."""
    shown = (
        '<style:style style:name="T2" style:family="text"><style:text-properties text:display="true"/></style:style>'
    )
    middle = (
        '<text:section text:display="condition" text:condition="ooow:x"><text:p>Era <text:span text:style-name="T1">'
        'nota <text:span text:style-name="T2">tarde</text:span> mía </text:span>y fría.</text:p></text:section>'
    )
    extracted = odt.extract(_odt(middle, _SPAN_STYLE + shown), {})
    assert extracted.text == f"{_BEFORE}\nEra tardey fría.\n{_AFTER}"


_HIDDEN_BOX = rf"{{\shp{{\*\shpinst{{\sp{{\sn fHidden}}{{\sv 1}}}}{{\shptxt \pard\plain {_HIDDEN}\par}}}}}}"


@pytest.mark.parametrize(
    "middle",
    [
        rf"{{\v {_HIDDEN}\par}}",
        rf"\v {_HIDDEN}\par\v0 ",
        rf"\v {_HIDDEN}\par\plain ",
        rf"{{\webhidden {_HIDDEN}\par}}",
        r"{\v habla {\b Juana} Quispe\par}",
        _HIDDEN_BOX,
        rf"{{\v {{\shp{{\*\shpinst{{\shptxt \pard\plain {_HIDDEN}\par}}}}}}}}",
    ],
)
def test_rtf_loses_hidden_text(middle: str) -> None:
    """Text is hidden until it is switched on, the group ends or the formatting is reset; in boxes too."""
    coded = rf"{{\rtf1\ansi{{\stylesheet{{\s1\v Nota;}}}}\pard La barca sali\'f3.\par {middle}Volvi\'f3 vac\'eda.\par}}"
    extracted = rtf.extract(coded.encode(), {})
    assert (extracted.text, extracted.notes) == (f"{_BEFORE}\n{_AFTER}", (_NOTE,))


def test_words_of_rtf_that_begin_with_v_hide_nothing() -> None:
    r"""`\vertalt`, `\viewkind4` and `\v0` hide no text."""
    extracted = rtf.extract(rb"{\rtf1\ansi\viewkind4\vertalt\v0 La barca.\par}", {})
    assert (extracted.text, extracted.notes) == ("La barca.", ())


def _epub(body: str, head: str = "", css: str = "") -> bytes:
    page = f'<html xmlns="http://www.w3.org/1999/xhtml"><head>{head}</head><body>{body}</body></html>'
    return zip_file({
        "META-INF/container.xml": '<container><rootfiles><rootfile full-path="O/l.opf"/></rootfiles></container>',
        "O/l.opf": '<package><metadata/><manifest><item id="a" href="t/a.xhtml" media-type="application/xhtml+xml"/>'
        '</manifest><spine><itemref idref="a"/></spine></package>',
        "O/t/a.xhtml": page,
        "O/estilo.css": css,
    })  # fmt: skip


_LINK = '<link rel="stylesheet" href="../estilo.css"/>'


@pytest.mark.parametrize(
    ("hides", "head", "css"),
    [
        ("hidden='hidden'", "", ""),
        ("style='color:red; display : NONE !important'", "", ""),
        ("style='visibility:hidden'", "", ""),
        ("style='opacity:0'", "", ""),
        ("class='otra nota'", "<style>h5, .nota { display: none }</style>", ""),
        ("class='nota'", _LINK, "/* x { */ .nota{visibility:hidden} p { display:block }"),
        ("class='nota'", _LINK, "@media screen { body div.nota { display:none } } .nota { display:block }"),
        ("id='n1'", _LINK, "@charset 'utf-8'; section > #n1 { display:none }"),
    ],
)
def test_books_lose_hidden_text(hides: str, head: str, css: str) -> None:
    """Text is hidden by the attribute, an inline style, or a stylesheet of the page or the book."""
    body = f"<p>{_BEFORE}</p><section><div {hides}>habla <i>Juana</i> Quispe</div></section><h6>{_AFTER}</h6>"
    extracted = epub.extract(_epub(body, head, css), {})
    assert (extracted.text, extracted.notes) == (f"{_BEFORE}\n\n{_AFTER}", (_NOTE,))


@pytest.mark.parametrize(
    ("hides", "css"),
    [
        ("class='nota'", "@media print { .nota { display:none } } @media amzn-mobi { .nota { display:none } }"),
        ("class='nota' style='display:block'", ".nota { display:none }"),
        ("class='nota'", ".nota { display:none } div.nota { display:block }"),
        ("class='nota'", "ol .nota, ol > div, .nota:target, .notas { display:none }"),
        ("style='visibility:hidden'><div style='visibility:visible'", ""),
    ],
)
def test_books_keep_what_is_shown(hides: str, css: str) -> None:
    """Rules for other media or elements, and rules that are overridden, hide nothing."""
    ends = "</div>" * (hides.count("<") + 1)
    extracted = epub.extract(_epub(f"<p>{_BEFORE}</p><div {hides}>{_HIDDEN}{ends}", _LINK, css), {})
    assert (extracted.text, extracted.notes) == (f"{_BEFORE}\n\n{_HIDDEN}", ())


def test_page_numbers_that_are_hidden_too_are_not_noted() -> None:
    """Parts that are left out anyway don't count as hidden text."""
    extracted = epub.extract(_epub(f"<p><span class='pagenum' hidden=''>12</span>{_BEFORE}</p>"), {})
    assert (extracted.text, extracted.notes) == (_BEFORE, ())


def _pdf(content: str, *, page: str = "", resources: str = "", layers: str = "", form: str = "") -> bytes:
    """Return a page of 400 by 300 points; object 6 is a layer, object 7 a form in that layer."""
    fonts = "/Resources<</Font<</F1 5 0 R>>"
    on_page = f"{fonts}{resources}/Properties<</MC0 6 0 R>>/XObject<</X0 7 0 R>>>>"
    of_form = f"/Type/XObject/Subtype/Form/BBox[0 0 400 300]/OC 6 0 R{fonts}>>"
    objects = (
        f"<</Type/Catalog/Pages 2 0 R/OCProperties<</OCGs[6 0 R]/D<<{layers}>>>>>>",
        "<</Type/Pages/Kids[3 0 R]/Count 1>>",
        f"<</Type/Page/Parent 2 0 R/MediaBox[0 0 400 300]/Contents 4 0 R{page}{on_page}>>",
        f"<</Length {len(content)}>>stream\n{content}\nendstream",
        "<</Type/Font/Subtype/Type1/BaseFont/Helvetica/Encoding/WinAnsiEncoding>>",
        "<</Type/OCG/Name(notas)>>",
        f"<<{of_form}/Length {len(form)}>>stream\n{form}\nendstream",
    )
    body = "".join(f"{number} 0 obj\n{definition}\nendobj\n" for number, definition in enumerate(objects, 1))
    return f"%PDF-1.5\n{body}trailer<</Root 1 0 R/Size 8>>\n%%EOF\n".encode("latin-1")


def _shown_at(words: str, x: float, y: float, prefix: str = "") -> str:
    return f"q {prefix} BT /F1 12 Tf {x} {y} Td ({words}) Tj ET Q\n"


_NOTE_AT = _shown_at(_HIDDEN, 50, 200)
_IN_LAYER = f"/OC /MC0 BDC {_NOTE_AT}EMC\n"
_STRIPES = "q 400 0 0 300 0 0 cm BI /W 200 /H 1 /CS /G /BPC 8 /F /AHx ID " + "00ff" * 100 + "> EI Q\n"
_INVISIBLE = "3 Tr"
_AROUND = ("La barca", "Vino la tarde.")


def _page_with(middle: str, **more: str) -> bytes:
    return _pdf(_shown_at(_AROUND[0], 50, 250) + middle + _shown_at(_AROUND[1], 50, 150), **more)


@pytest.mark.parametrize(
    ("middle", "more"),
    [
        (_shown_at(_HIDDEN, 50, 200, "1 g"), {}),
        (_shown_at(_HIDDEN, 50, 200, ".99 g"), {}),
        (_shown_at(_HIDDEN, 50, 200, "/G0 gs"), {"resources": "/ExtGState<</G0<</ca 0>>>>"}),
        (".3 .5 .1 rg 40 190 200 30 re f " + _shown_at(_HIDDEN, 50, 200), {}),
        (_NOTE_AT + "0 g 40 190 200 30 re f\n", {}),
        (_shown_at(_HIDDEN, 50, 200, _INVISIBLE), {}),
        (_shown_at(_HIDDEN, 450, 200), {}),
        (_shown_at(_HIDDEN, 50, -40), {}),
        (_shown_at(_HIDDEN, 50, 20), {"page": "/CropBox[30 60 400 300]"}),
        (_shown_at(_HIDDEN, 50, 200, "1 g"), {"page": "/CropBox[30 60 400 300]/Rotate 90"}),
        (_shown_at(_HIDDEN, 50, 200, "0 0 10 10 re W n"), {}),
        (_IN_LAYER, {"layers": "/OFF[6 0 R]"}),
        ("/X0 Do\n", {"layers": "/OFF[6 0 R]", "form": _NOTE_AT}),
        (_shown_at(_HIDDEN, 50, 151, "1 g"), {}),
        (_IN_LAYER.replace("200 Td", "252 Td"), {"layers": "/OFF[6 0 R]"}),
        (_shown_at(_HIDDEN, 80, 250, _INVISIBLE), {}),
    ],
)  # fmt: skip
def test_pdfs_lose_hidden_text(middle: str, more: dict[str, str]) -> None:
    """Text is hidden if it is white, transparent, covered, invisible, off the page, clipped or in a hidden layer."""
    extracted = pdf.extract(_page_with(middle, **more), {})
    assert (extracted.text, extracted.notes) == (" ".join(_AROUND), (_NOTE,))


@pytest.mark.parametrize(
    ("middle", "more"),
    [
        (_NOTE_AT, {}),
        (_shown_at(_HIDDEN, 50, 200, ".85 g"), {}),
        ("0 g 40 190 200 30 re f " + _shown_at(_HIDDEN, 50, 200, "1 g"), {}),
        (_NOTE_AT, {"page": "/CropBox[30 60 400 300]/Rotate 90"}),
        (_IN_LAYER, {"layers": "/ON[6 0 R]"}),
        ("/X0 Do\n", {"layers": "/ON[6 0 R]", "form": _NOTE_AT}),
    ],
)
def test_pdfs_keep_what_is_shown(middle: str, more: dict[str, str]) -> None:
    """Pale text, white text on black, rotated pages and visible layers are kept."""
    extracted = pdf.extract(_page_with(middle, **more), {})
    assert (" ".join(extracted.text.split()), extracted.notes) == (f"{_AROUND[0]} {_HIDDEN} {_AROUND[1]}", ())


def test_the_text_layer_of_a_scan_is_kept_except_under_a_box() -> None:
    """Invisible text over an image is kept, except where a black box covers the image."""
    layer = "".join(_shown_at(words, 50, y, _INVISIBLE) for words, y in ((_AROUND[0], 250), (_AROUND[1], 150)))
    covered = _shown_at(_HIDDEN, 50, 200, _INVISIBLE) + "0 g 40 190 200 30 re f\n"
    assert pdf.extract(_pdf(_STRIPES + layer), {}).notes == ()
    extracted = pdf.extract(_pdf(_STRIPES + layer + covered), {})
    assert (extracted.text.split(), extracted.notes) == (" ".join(_AROUND).split(), (_NOTE,))


def test_the_text_layer_of_a_scan_that_is_not_rendered_is_kept() -> None:
    """A text layer that is shifted against its scan, or whose scan can't be rendered, is kept."""
    blank = "q 400 0 0 300 0 0 cm BI /W 1 /H 1 /CS /G /BPC 8 /F /AHx ID ff> EI Q\n"
    extracted = pdf.extract(_pdf(blank + _shown_at(_AROUND[0], 50, 250, _INVISIBLE)), {})
    assert (extracted.text, extracted.notes) == (_AROUND[0], ())


def test_each_part_of_a_hyphenated_word_is_checked() -> None:
    """Each part of a hyphenated word is checked, since a box around both would contain other words."""
    lines = (("La barca vieja de mi padre vol-", 250, ""), ("vio tarde y sin pescado esa vez.", 236, "1 g"))
    content = "".join(_shown_at(words, 50, y, prefix) for words, y, prefix in lines)
    assert pdf.extract(_pdf(content), {}).text == "La barca vieja de mi padre vol\xad"


def test_a_pdf_of_only_hidden_text_is_not_called_a_scan() -> None:
    """A PDF with only hidden text isn't reported as a scan."""
    with pytest.raises(UnusableError, match="hidden") as caught:
        pdf.extract(_pdf(_shown_at(_HIDDEN, 50, 200, "1 g")), {})
    assert caught.value.cause == "no text"
