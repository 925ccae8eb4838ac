"""A page that isn't an article keeps its paragraphs in definition lists, tables, `<pre>`, sections and footnotes."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import numpy as np
import polars as pl
import pytest

from latam_corpus.batch import Batch
from latam_corpus.extract.stage import Extract
from latam_corpus.extract.web_pages import html, page_blocks
from latam_corpus.extract.web_pages.html import FULLER, LAYOUT, without_marks
from latam_corpus.extract.web_pages.lost_paragraphs import fuller_text, text_with_posts, without_head_and_foot
from latam_corpus.extract.web_pages.page_blocks import Page, markup_of, read_page

if TYPE_CHECKING:
    from collections.abc import Callable

    from latam_corpus.extract.document import Extracted

_STEPS = [
    f"En el paso {number} se guarda una copia de la carpeta y se apaga el equipo antes de abrir la caja."
    for number in range(30)
]
_NOTICE = "Antes de seguir conviene leer la nota que acompaña a la caja y guardarla con las otras."
_MENU = (
    "<div class=navheader><p>Volver al índice de la guía y seguir con el capítulo que viene después de este</p></div>"
)
_MARKUP = {
    "definition list": lambda step: f"<dl><dt>Copia</dt><dd>{step}</dd></dl>",
    "table": lambda step: f"<table><tr><td>Copia</td><td>{step}</td></tr></table>",
    "section": lambda step: f"<div class=section><h3>Copia</h3><p>{step}</p></div>",
    "footnotes": lambda step: f"<div class=footnotes><div class=footnote><p>{step}</p></div></div>",
    "pre": lambda step: f"<pre>{step}</pre>",
}


def _page(kind: str, around: str = "") -> str:
    later = "".join(map(_MARKUP[kind], _STEPS[5:]))
    first = "".join(f"<p>{step}</p>" for step in _STEPS[:5])
    return f"<html lang=es><body>{_MENU}<div class=chapter><h2>Copias</h2>{first}{later}</div>{around}</body></html>"


def _first_five(page: Page) -> Page:
    """Return the page with a layout that keeps only its first five paragraphs."""
    blocks = [page.markup.block(number) for number in range(len(page.markup))]
    chances = np.array([0.9 if block in _STEPS[:5] else 0.02 for block in blocks], np.float32)
    return Page(page.markup, page.metadata, chances, page.bound)


@pytest.mark.parametrize("kind", _MARKUP)
def test_paragraphs_that_the_layout_leaves_out_are_added(kind: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """Lost paragraphs are added, the menu isn't, and the extractor's name and a note report it."""
    seen = _first_five(read_page(_page(kind)))
    monkeypatch.setattr(html, "read_page", lambda _: seen)
    for read in (html.fast, html.balanced):
        extracted = read(_page(kind).encode(), {})
        assert [step for step in _STEPS if step not in extracted.text] == []
        assert "Volver al índice" not in extracted.text
        assert extracted.extractor == FULLER
        assert extracted.notes == (f"paragraphs that {LAYOUT} left out and that were added: 25, with 500 words",)


@pytest.mark.parametrize(
    "around",
    [
        "<div class=related><p>Otra nota</p></div>", "<ul class=share-buttons><li>Compartir</li></ul>",
        "<div id=comments><p>Un comentario</p></div>",
    ],
)  # fmt: skip
def test_a_page_with_a_template_is_unchanged(around: str) -> None:
    """On pages with teasers, comments or share buttons, the layout decides alone."""
    seen = _first_five(read_page(_page("section", around)))
    assert fuller_text(seen, seen.text) is None


def _without(markup: str, lost: str) -> str | None:
    """Return the text that is added if the layout leaves out one uncertain paragraph."""
    page = read_page(markup)
    blocks = [page.markup.block(number) for number in range(len(page.markup))]
    chances = np.array([0.9 if block in _STEPS else 0.02 for block in blocks], np.float32)
    chances[blocks.index(lost)] = 0.2
    page = Page(page.markup, page.metadata, chances, page.bound)
    fuller = fuller_text(page, page.text)
    return fuller and fuller.text


def test_a_single_paragraph_within_the_text_is_added() -> None:
    """A single lost paragraph within the text is added."""
    steps = "".join(f"<p>{step}</p>" for step in (*_STEPS[:3], _NOTICE, *_STEPS[3:6]))
    assert _NOTICE in (_without(f"<html><body><div>{steps}</div></body></html>", _NOTICE) or "")


def test_the_last_item_of_the_text_is_added() -> None:
    """A paragraph of the same kind in the same element, after the text, is added."""
    steps = "".join(f"<li>{step}</li>" for step in (*_STEPS[:6], _NOTICE))
    assert _NOTICE in (_without(f"<html><body><ul>{steps}</ul></body></html>", _NOTICE) or "")


@pytest.mark.parametrize(
    "notice",
    [
        f"<td>{_NOTICE}</td>",  # of another kind than the text
        f"<div class=footer><p>{_NOTICE}</p></div>",
        f"<div class=sidebar><div><p>{_NOTICE}</p></div></div>",
    ],
)
def test_a_notice_after_the_text_is_left_out(notice: str) -> None:
    """A single paragraph in a footer, in another element or of another kind isn't added."""
    steps = "".join(f"<p>{step}</p>" for step in _STEPS[:6])
    table = f"<table><tr><td><div>{steps}</div></td></tr><tr>{notice}</tr></table>"
    flat = f"<div><div>{steps}</div></div>{notice}"
    page = f"<html><body>{table if notice.startswith('<td') else flat}</body></html>"
    assert _without(page, _NOTICE) is None


def test_a_menu_between_a_kept_notice_and_the_text_is_left_out() -> None:
    """A kept notice at the top of the page doesn't make the cell between it and the text a part of the text."""
    steps = "".join(f"<p>{step}</p>" for step in _STEPS[1:])
    menu = f"<td><div>{_NOTICE}</div></td>"
    page = f"<html><body><div>{_STEPS[0]}</div><table><tr>{menu}<td><div>{steps}</div></td></tr></table></body></html>"
    assert _without(page, _NOTICE) is None


def test_the_text_of_a_page_of_links_is_unchanged() -> None:
    """On a portal a single paragraph between blocks of the text isn't added."""
    links = "".join(
        f"<li><a href=/{n}>Otra sección del portal con su nombre largo, número {n}</a></li>" for n in range(40)
    )
    steps = "".join(f"<p>{step}</p>" for step in (*_STEPS[:3], _NOTICE, *_STEPS[3:6]))
    assert _without(f"<html><body><ul>{links}</ul><div>{steps}</div></body></html>", _NOTICE) is None


def test_boxed_notes_between_paragraphs_are_added() -> None:
    """A sidebar with the same parent as the text's paragraphs is added."""
    steps = "".join(f"<p>{step}</p>" for step in _STEPS[:4])
    box = f"<div class=sidebar><p>{_NOTICE}</p></div>"
    assert _NOTICE in (_without(f"<html><body><div>{steps}{box}<p>{_STEPS[5]}</p></div></body></html>", _NOTICE) or "")


def test_a_boxed_note_deep_within_the_text_is_added() -> None:
    """A sidebar in a section without other paragraphs is added if it is within the text."""
    steps = "".join(f"<p>{step}</p>" for step in _STEPS[:4])
    box = f"<div><h3>Nota</h3><div class=sidebar><p>{_NOTICE}</p></div></div>"
    page = (
        f"<html><body><div><div>{steps}</div>{box}<div><p>{_STEPS[5]}</p><p>{_STEPS[6]}</p></div></div></body></html>"
    )
    assert _NOTICE in (_without(page, _NOTICE) or "")


def test_existing_paragraphs_are_kept_when_one_is_added() -> None:
    """Paragraphs that the text already has are kept when others are added."""
    page = read_page(f"<html><body><div>{''.join(f'<p>{step}</p>' for step in _STEPS[:8])}</div></body></html>")
    chances = np.full(len(page.markup), 0.2, np.float32)
    chances[[0, 7]] = 0.9
    fuller = fuller_text(Page(page.markup, page.metadata, chances, page.bound), "\n".join(_STEPS[:7]))
    assert fuller is not None
    assert [step for step in _STEPS[:8] if step not in fuller.text] == []


_SHARE = "<ul class=share-buttons><li>Compartir</li></ul>"
_CALL = "CONTINUA DEPOIS DA PUBLICIDADE"


def _posts(*texts: str, name: str = "post") -> str:
    return "".join(f"<div class={name}><div><b>Ana</b></div><div><p>{text}</p></div></div>" for text in texts)


def _thread_page(body: str, chance: float = 0.2) -> Page:
    """Return a page whose layout keeps the paragraphs and the call, and gives the notice this probability."""
    page = read_page(f"<html><body>{body}</body></html>")
    blocks = [page.markup.block(number) for number in range(len(page.markup))]
    chances = [0.9 if block in (*_STEPS, _CALL) else chance if block == _NOTICE else 0.02 for block in blocks]
    return Page(page.markup, page.metadata, np.array(chances, np.float32), page.bound)


@pytest.mark.parametrize("read", [html.fast, html.balanced])
def test_a_lost_post_of_a_thread_is_added(read: Callable[..., Extracted], monkeypatch: pytest.MonkeyPatch) -> None:
    """A page with a template gets the post that its thread lacks, without calls to the reader; a note reports it."""
    seen = _thread_page(f"{_posts(*_STEPS[:3], _NOTICE, *_STEPS[3:5])}<div>{_CALL}</div>{_SHARE}")
    monkeypatch.setattr(html, "read_page", lambda _: seen)
    extracted = read(b"", {})
    assert extracted.text.split("\n") == [*_STEPS[:3], _NOTICE, *_STEPS[3:5]]
    assert extracted.extractor == FULLER
    assert extracted.notes == (f"paragraphs that {LAYOUT} left out and that were added: 1, with 17 words",)


@pytest.mark.parametrize(
    "body",
    [
        _posts(*_STEPS[:5], _NOTICE),  # no template
        f'<time itemprop=datePublished datetime="2021-03-04"></time>{_posts(*_STEPS[:5], _NOTICE)}{_SHARE}',
        # Comments below an article, reviews of a product, and teasers of another class.
        f"<div><p>{_STEPS[0]}</p><p>{_STEPS[1]}</p></div>{_posts(*_STEPS[2:9], _NOTICE, name='comment')}",
        f"<div><p>{_STEPS[0]}</p></div>{_posts(*_STEPS[1:9], _NOTICE, name='review')}{_SHARE}",
        f"{_posts(*_STEPS[:5])}{_posts(_NOTICE, name='related')}",
        # An introduction in elements like those of the teasers below the article.
        f"{_posts(_STEPS[0])}<div>{''.join(f'<p>{step}</p>' for step in _STEPS[1:5])}</div>{_posts(_NOTICE)}{_SHARE}",
        # A paragraph of an article, such as a notice about cookies.
        f"<div>{''.join(f'<p>{step}</p>' for step in (*_STEPS[:5], _NOTICE))}</div>{_SHARE}",
    ],
)
def test_comments_reviews_and_teasers_are_not_added(body: str) -> None:
    """A paragraph isn't added if the text isn't a thread of posts, or if it isn't one of these posts."""
    page = _thread_page(body)
    assert text_with_posts(page, page.text) is None


def test_an_improbable_post_is_not_added() -> None:
    """A signature or an advertisement in the elements of a post is left out."""
    page = _thread_page(f"{_posts(*_STEPS[:5], _NOTICE)}{_SHARE}", chance=0.04)
    assert text_with_posts(page, page.text) is None


def test_comments_are_not_added_to_an_article_that_another_extractor_found() -> None:
    """A thread that the layout keeps isn't added if the text is an article outside it."""
    article = "La barca salió del puerto por la mañana y volvió por la noche con la bodega llena de pescado."
    page = _thread_page(f"<div><p>{article}</p></div>{_posts(*_STEPS[:5], _NOTICE)}{_SHARE}")
    assert text_with_posts(page, article) is None


def test_an_empty_anchor_of_xhtml_does_not_make_the_rest_a_link() -> None:
    """`<a id="x"/>` of XHTML is empty, so that no paragraph after it counts as a link."""
    body = "".join(f'<h3><a id="s{at}"/>Copia</h3><p>{step}</p>' for at, step in enumerate(_STEPS))
    page = f'<?xml version="1.0"?><html xmlns="http://www.w3.org/1999/xhtml"><head><title/></head><body>{body}</body></html>'
    seen = page_blocks.read_page(markup_of(page.encode(), {}))
    assert int(seen.markup.counts[:, 2].sum()) == 0
    assert html.fast(page.encode(), {}).text.count("se guarda") == len(_STEPS)


def test_the_ledger_notes_added_paragraphs(monkeypatch: pytest.MonkeyPatch) -> None:
    """The row is marked as changed, with the note as its evidence."""
    seen = _first_five(read_page(_page("section")))
    monkeypatch.setattr(html, "read_page", lambda _: seen)
    extracted = html.balanced(_page("section").encode(), {})
    monkeypatch.setattr(Extract, "_outcomes", lambda *_: [extracted])
    row = {"doc_id": ["a"], "source_id": ["s"], "url": [None], "raw": [b"x"], "media_type": ["text/html"]}
    frame = Extract()(Batch(pl.DataFrame(row, schema_overrides={"url": pl.String}))).frame
    assert frame["verdict"].to_list() == ["changed"]
    assert json.loads(frame["evidence"][0])["notes"] == list(extracted.notes)
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
    """Marks of heading links (¶) and bars of boxed notes are removed; tables of several columns are kept."""
    assert without_marks(written) == text


@pytest.mark.parametrize("sign", ["¶", "#", "§", "&para;", "&#35;"])
@pytest.mark.parametrize("comes_first", [True, False])
def test_links_of_headings_to_themselves_are_removed(sign: str, comes_first: bool) -> None:
    """Heading links of a single sign are removed, before or after the heading; links with words, and C#, are kept."""
    link = f'<a class="headerlink" title="Enlace" href="guia.html#uso">{sign}</a>'
    page = f"<h2>{link if comes_first else ''}Uso{'' if comes_first else link}</h2><p>Vea <a href='#n'>C#, § 3</a></p>"
    assert markup_of(page.encode(), {}) == "<h2>Uso</h2><p>Vea <a href='#n'>C#, § 3</a></p>"


_LICENCE = "Se puede copiar, regalar o reutilizar este libro según los términos de la licencia incluida al final."


@pytest.mark.parametrize(
    ("head", "remains"),
    [
        ("<div class=pgheader><div>{}</div></div>", False),
        ("<section class=boilerplate id=pg-footer><p>{}</p></section>", False),
        ("<div class=licence><div>{}</div></div>", True),  # not named as head or foot
        ("<main><div class=entry-header><p>{}</p></div></main>", True),  # within the content
        ("<div class=pgheader><p>{}</p></div><div id=comments><p>Un comentario</p></div>", True),  # a template
        ("<div class=pg-footer><p>{}</p></div><div class=footnotes><p>Una nota</p></div>", True),
    ],
)
def test_named_heads_and_feet_are_dropped(head: str, remains: bool, monkeypatch: pytest.MonkeyPatch) -> None:
    """An edition's licence is dropped though the layout keeps it; the paragraphs and their heading are kept."""
    chapter = "".join(f"<p>{step}</p>" for step in _STEPS)
    markup = f"<html lang=es><body>{head.format(_LICENCE)}<div><h2>Capítulo I</h2>{chapter}</div></body></html>"
    page = read_page(markup)
    page.chances[:] = 0.9
    page.chances[len(page.markup) // 2] = 0.95
    monkeypatch.setattr(html, "read_page", lambda _: page)
    for read in (html.fast, html.balanced):
        text = read(markup.encode(), {}).text
        assert (_LICENCE in text) is remains
        assert "Capítulo I" in text
        assert [step for step in _STEPS if step not in text] == []


def test_a_fuller_text_has_no_head() -> None:
    """A head that the layout keeps isn't added again with lost paragraphs."""
    markup = f"<body><div class=pgheader><p>{_LICENCE}</p></div>{''.join(f'<p>{step}</p>' for step in _STEPS)}</body>"
    page = _first_five(read_page(markup))
    page.chances[0] = 0.8
    assert page.text.startswith(_LICENCE)
    fuller = fuller_text(page, without_head_and_foot(page, page.text))
    assert fuller is not None
    assert fuller.text == "\n".join(_STEPS)


def test_a_head_around_the_text_is_not_dropped() -> None:
    """An element that is named as head and that has the most probable block is kept."""
    page = read_page(f"<div class=header><p>{_LICENCE}</p>{''.join(f'<p>{step}</p>' for step in _STEPS)}</div>")
    assert without_head_and_foot(page, page.text) == page.text
