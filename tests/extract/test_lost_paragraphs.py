"""A page that is no article keeps its paragraphs in definition lists, tables, `<pre>`, sections and footnotes."""

from __future__ import annotations

import json

import numpy as np
import polars as pl
import pytest

from latam_corpus.batch import Batch
from latam_corpus.extract import html, page_blocks
from latam_corpus.extract.html import FULLER, LAYOUT, without_marks
from latam_corpus.extract.lost_paragraphs import fuller_text
from latam_corpus.extract.page_blocks import Page, markup_of, read_page
from latam_corpus.extract.stage import Extract

_STEPS = [
    f"En el paso {number} se guarda una copia de la carpeta y se apaga el equipo antes de abrir la caja."
    for number in range(30)
]
_MENU = (
    "<div class=navheader><p>Volver al índice de la guía y seguir con el capítulo que viene después de este</p></div>"
)
_MARKUP = {
    "definition list": lambda one: f"<dl><dt>Copia</dt><dd>{one}</dd></dl>",
    "table": lambda one: f"<table><tr><td>Copia</td><td>{one}</td></tr></table>",
    "section": lambda one: f"<div class=section><h3>Copia</h3><p>{one}</p></div>",
    "footnotes": lambda one: f"<div class=footnotes><div class=footnote><p>{one}</p></div></div>",
    "pre": lambda one: f"<pre>{one}</pre>",
}


def _page(kind: str, around: str = "") -> str:
    later = "".join(map(_MARKUP[kind], _STEPS[5:]))
    first = "".join(f"<p>{one}</p>" for one in _STEPS[:5])
    return f"<html lang=es><body>{_MENU}<div class=chapter><h2>Copias</h2>{first}{later}</div>{around}</body></html>"


def _first_five(page: Page) -> Page:
    """The same page as a layout sees it that believes in its first five paragraphs alone."""
    blocks = [page.markup.block(number) for number in range(len(page.markup))]
    chances = np.array([0.9 if block in _STEPS[:5] else 0.02 for block in blocks], np.float32)
    return Page(page.markup, page.metadata, chances, page.bound)


@pytest.mark.parametrize("kind", _MARKUP)
def test_paragraphs_that_the_layout_leaves_out_are_added(kind: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """All of them are in the text, the menu is not, and the extractor and the note say what was done."""
    seen = _first_five(read_page(_page(kind)))
    monkeypatch.setattr(html, "read_page", lambda _: seen)
    for read in (html.fast, html.balanced):
        found = read(_page(kind).encode(), {})
        assert [one for one in _STEPS if one not in found.text] == []
        assert "Volver al índice" not in found.text
        assert found.extractor == FULLER
        assert found.notes == (f"paragraphs that {LAYOUT} left out and that were added: 25, with 500 words",)


@pytest.mark.parametrize(
    "around",
    [
        "<div class=related><p>Otra nota</p></div>", "<ul class=share-buttons><li>Compartir</li></ul>",
        "<div id=comments><p>Un comentario</p></div>",
    ],
)  # fmt: skip
def test_the_page_of_a_template_is_left_as_it_is(around: str) -> None:
    """Beside teasers, comments and what is to be shared the layout decides alone."""
    seen = _first_five(read_page(_page("section", around)))
    assert fuller_text(seen, seen.text) is None


def test_one_short_paragraph_is_no_reason() -> None:
    """A text that lacks one paragraph of many stays."""
    seen = read_page(_page("section"))
    assert fuller_text(seen, "\n".join(_STEPS[1:])) is None


def test_an_empty_anchor_of_xhtml_is_no_link_around_the_rest() -> None:
    """`<a id="x"/>` of XHTML ends where it stands, so that no paragraph after it counts as a link."""
    body = "".join(f'<h3><a id="s{at}"/>Copia</h3><p>{one}</p>' for at, one in enumerate(_STEPS))
    page = f'<?xml version="1.0"?><html xmlns="http://www.w3.org/1999/xhtml"><head><title/></head><body>{body}</body></html>'
    seen = page_blocks.read_page(markup_of(page.encode(), {}))
    assert int(seen.markup.counts[:, 2].sum()) == 0
    assert html.fast(page.encode(), {}).text.count("se guarda") == len(_STEPS)


def test_the_ledger_has_what_was_added(monkeypatch: pytest.MonkeyPatch) -> None:
    """The row is marked as changed, with the note as its evidence."""
    seen = _first_five(read_page(_page("section")))
    monkeypatch.setattr(html, "read_page", lambda _: seen)
    found = html.balanced(_page("section").encode(), {})
    monkeypatch.setattr(Extract, "_outcomes", lambda *_: [found])
    row = {"doc_id": ["a"], "source_id": ["s"], "url": [None], "raw": [b"x"], "media_type": ["text/html"]}
    frame = Extract()(Batch(pl.DataFrame(row, schema_overrides={"url": pl.String}))).frame
    assert frame["verdict"].to_list() == ["changed"]
    assert json.loads(frame["evidence"][0])["notes"] == list(found.notes)
    assert frame["extractor"].to_list() == [FULLER]


@pytest.mark.parametrize(
    ("written", "text"),
    [
        ("Instalación¶\nSe copia. ¶", "Instalación\nSe copia."),
        ("|  | Nota |\n|---|---|\n|  | Haga una copia. |", "Nota\nHaga una copia."),
        ("| Aviso | \n| --- | --- |\nSiga.", "Aviso\nSiga."),
        ("| lunes | martes |\n|---|---|\n| 1 | 2 |", "| lunes | martes |\n| 1 | 2 |"),
        ("a | b", "a | b"),
    ],
)
def test_marks_of_headings_and_boxes_go(written: str, text: str) -> None:
    """Links to headings (¶) and the bars of notes in boxes are no text; tables of several columns stay."""
    assert without_marks(written) == text


@pytest.mark.parametrize("sign", ["¶", "#", "§", "&para;", "&#35;"])
@pytest.mark.parametrize("before", [True, False])
def test_links_of_headings_to_themselves_are_no_text(sign: str, before: bool) -> None:
    """Whatever sign a manual writes, before or after the heading; a link that has words stays, and so does C#."""
    link = f'<a class="headerlink" title="Enlace" href="guia.html#uso">{sign}</a>'
    page = f"<h2>{link if before else ''}Uso{'' if before else link}</h2><p>Vea <a href='#n'>C#, § 3</a></p>"
    assert markup_of(page.encode(), {}) == "<h2>Uso</h2><p>Vea <a href='#n'>C#, § 3</a></p>"
