"""The main text of a page by the layout of its blocks, and the robustness of the pass against any markup."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from latam_corpus.extract.web_pages import html
from latam_corpus.extract.web_pages.block_features import CONTEXT, FEATURES, METADATA_FEATURES, context, features
from latam_corpus.extract.web_pages.markup import read_markup
from latam_corpus.extract.web_pages.page_blocks import load_model, parsed, read_page, without_unseen
from latam_corpus.extract.web_pages.tags import HINTS, automaton

if TYPE_CHECKING:
    from collections.abc import Callable

    from latam_corpus.extract.document import Extracted

_STORY = """El mercado del puerto volvió a abrir sus puertas este sábado después de dos años de obras que cambiaron el
techo, los desagües y la mitad de los puestos, según informó la cooperativa de vendedores.

«Pensamos que no volvíamos más», dijo una de las vendedoras de pescado, que ocupa el mismo puesto desde hace treinta
años y que ayer regaló los primeros kilos de corvina a quienes hacían fila desde la madrugada.

La intendencia prevé una segunda etapa de obras en el muelle, con un presupuesto que todavía no se anunció, y la
cooperativa pidió que los trabajos no empiecen antes de que termine la temporada de pesca."""
_PARAGRAPHS = [" ".join(paragraph.split()) for paragraph in _STORY.split("\n\n")]
_OTHERS = ("Los hinchas esperan el clásico", "Sube otra vez el precio del pan", "Qué hacer el domingo en la costa")
_MENU = "".join(f'<li><a href="/{name}">{name}</a></li>' for name in ("Portada", "Deportes", "Cultura", "Clima"))
_RELATED = "".join(f'<li class="card"><a href="/n/{n}">{title}</a></li>' for n, title in enumerate(_OTHERS))
_PAGE = (
    '<!doctype html><html lang="es"><head><title>Reabre el mercado</title><style>p { color: red }</style></head><body>'
    f'<header class="site-header"><nav><ul>{_MENU}</ul></nav></header><main><article class="post">'
    f'<h1>Reabre el mercado</h1><div class="article-body">{"".join(f"<p>{words}</p>" for words in _PARAGRAPHS)}</div>'
    f'</article><div class="related-posts"><h3>Más noticias</h3><ul>{_RELATED}</ul></div></main>'
    '<footer class="footer"><p>Todos los derechos reservados</p></footer><script>var p = "<p>no</p>";</script></body>'
)


@pytest.mark.parametrize("extract", [html.fast, html.balanced])
def test_the_paragraphs_are_kept_and_the_rest_is_not(extract: Callable[..., Extracted]) -> None:
    """Menu, related articles and footer are dropped; every paragraph is kept, in order, one per line."""
    lines = extract(_PAGE.encode(), {}).text.split("\n")
    assert [line for line in lines if line in _PARAGRAPHS] == list(_PARAGRAPHS)
    assert not {"Portada", "Clima", *_OTHERS, "Más noticias", "Todos los derechos reservados"} & set(lines)


def test_block_elements_and_line_breaks_end_a_block() -> None:
    """Block elements and line breaks end a block, links and bold words don't; scripts are not text."""
    page = read_markup(
        "<div>Uno <b>dos</b><a href='/'>tres</a><br>cuatro<p>cinco&nbsp;&amp;&lt;seis</p>siete<!-- <p>no</p> -->"
        "<script>if (a<b) { x = '</p>' }</script><td title='a > b'>ocho</td></div>"
    )
    blocks = [page.block(number) for number in range(len(page))]
    assert blocks == ["Uno dostres", "cuatro", "cinco &<seis", "siete", "ocho"]
    assert page.counts[0, 2] == len("tres")  # characters of links


def test_the_lines_of_preformatted_text_stay_apart() -> None:
    """Lines in a <pre> are kept; elsewhere, and after its end, a line end is a space."""
    page = read_markup("<p>Dice\nasí:</p><pre>\nVerde <i>que\n te</i> quiero\n\n  verde</pre>fin\ndel poema")
    blocks = [page.block(number) for number in range(len(page))]
    assert blocks == ["Dice así:", "Verde que", "te quiero", "verde", "fin del poema"]


def test_a_thousand_lines_of_preformatted_text_without_a_tag() -> None:
    """The pass has room for many lines without tags, also in markup with tags in capitals."""
    lines = [f"línea {number}" for number in range(1000)]
    page = read_markup(f"<pre>{chr(10).join(lines)}</pre>")
    assert [page.block(number) for number in range(len(page))] == lines
    raw = read_markup(f"<PRE>{chr(10).join(lines)}</PRE>{'<P>Uno' * 30}")
    assert [raw.block(number) for number in range(len(raw))] == [*lines, *["Uno"] * 30]


def test_a_tag_with_a_prefix_is_inline() -> None:
    """Word processors' tags such as <st1:place> are inline, but <x:p> is a block as <p> is."""
    page = read_markup("<p>Viajó de <st1:address w:st='on'>Cuenca</st1:address> a <o:p></o:p>Loja.</p>")
    assert [page.block(number) for number in range(len(page))] == ["Viajó de Cuenca a Loja."]
    page = read_markup("<x:h1>Noticias</x:h1><x:p>La maestra <x:b>grande</x:b><x:br></x:br>y los niños.</x:p>")
    assert [page.block(number) for number in range(len(page))] == ["Noticias", "La maestra grande", "y los niños."]


def test_class_names_set_hints() -> None:
    """Long hint words match within compound names, short ones only as whole parts."""
    transitions, hint_bits = automaton()

    def hints_of(name: str) -> set[str]:
        state, bits = transitions[0, 0], 0
        for letter in f"{name} ":
            state = transitions[state, ord(letter) - 96 if letter.isalpha() else 0]
            bits |= int(hint_bits[state])
        return {hint for bit, hint in enumerate(HINTS) if bits >> bit & 1}

    assert "related" in hints_of("single relatedposts")
    assert "advert" in hints_of("ad top")
    assert "advert" not in hints_of("head")
    assert hints_of("xyz") == set()


def test_every_feature_has_its_place() -> None:
    """Every column of each row is filled, and features of neighbours and of surrounding elements are distinct."""
    page = read_markup(_PAGE)
    from_metadata = np.ones((len(page), len(METADATA_FEATURES)), np.float32)
    rows = features(page, from_metadata)
    assert rows.shape == (len(page), len(FEATURES))
    assert np.isfinite(rows).all()
    column = {name: place for place, name in enumerate(FEATURES)}
    paragraph = [page.block(number) for number in range(len(page))].index(_PARAGRAPHS[1])
    assert rows[paragraph, column["said_body"]] == 1  # one level up
    assert rows[paragraph, column["near_nav"]] == 30  # not there
    assert rows[paragraph, column["in_main"]] == 1
    assert rows[paragraph, column["alike"]] == 3
    chances = np.linspace(0, 1, len(page), dtype=np.float32)
    around = context(page, chances)
    assert around.shape == (len(page), len(CONTEXT))
    assert around[paragraph, 1:7].tolist() == pytest.approx(chances[paragraph + np.array([-3, -2, -1, 1, 2, 3])])


def test_the_model_holds_no_text() -> None:
    """The model contains only numbers, and its record of training names no page."""
    model = load_model()
    for forest in (model.first, model.second):
        assert max(forest.columns) < len(FEATURES) + len(CONTEXT)
        assert np.isfinite(forest.bounds).all()
    assert 0 < model.bound < 1
    assert {"pages", "sites", "features"} <= set(model.about)


_NOTICE = "Su navegador es muy viejo, y es posible que este sitio no se vea como debe; use otro, por favor."


def _of(attributes: str, inside: str, prefix: str = "") -> list[str]:
    """Return the kept lines of an article that ends in an element with these attributes."""
    body = "".join(f"<p>{paragraph}</p>" for paragraph in _PARAGRAPHS)
    page = f"<html lang=es><body><article><div class=article-body>{prefix}{body}</div><div {attributes}>{inside}</div>"
    return read_page(page).text.split("\n")


@pytest.mark.parametrize(
    ("attributes", "stays"),
    [
        ("", True),
        ("hidden", False),
        ('hidden="hidden"', False),
        ('style="color:red; DISPLAY : none !important"', False),
        ("style='visibility:hidden'", False),
        ('style="display:block"', True),
        ('data-x="display:none"', True),
        ('aria-hidden="true"', True),  # a reader sees it
        ('aria-hidden="false"', True),
    ],
)
def test_hidden_blocks_are_dropped_if_the_layout_is_uncertain(attributes: str, stays: bool) -> None:
    """Hidden blocks are dropped if their probability is only somewhat above the bound, as for `unsure`."""
    body = "".join(f"<p>{paragraph}</p>" for paragraph in _PARAGRAPHS)
    page = parsed(f"<article>{body}<div {attributes}><p>{_NOTICE}</p></div></article>")
    unsure = np.array([0.99, 0.99, 0.99, 0.7], np.float32)
    assert len(page) == len(unsure)
    chances = without_unseen(page, unsure, np.zeros(4, np.bool_), 0.5)
    assert chances.tolist() == pytest.approx([*unsure[:3], 0.7 if stays else 0])
    titles = np.array([False] * 3 + [True])
    assert without_unseen(page, unsure, titles, 0.5)[3] == pytest.approx(0.7)
    sure = np.full(4, 0.9, np.float32)
    assert without_unseen(page, sure, np.zeros(4, np.bool_), 0.5).tolist() == sure.tolist()  # a script opens it


@pytest.mark.parametrize("attributes", ["hidden", 'style="display: none"', "aria-hidden=true"])
def test_a_hidden_copy_of_a_shown_text_is_dropped(attributes: str) -> None:
    """A hidden or unspoken copy of a shown text is dropped, whichever comes first."""
    lines = _of(attributes, f"<p>{_PARAGRAPHS[1]}</p>")
    assert lines == _PARAGRAPHS
    assert _of("", "", prefix=f"<div {attributes}><p>{_PARAGRAPHS[2]}</p></div>") == _PARAGRAPHS


@pytest.mark.parametrize("opened", ["<div hidden>", '<div style="display:none">', "<details><summary>Leer</summary>"])
def test_an_article_that_a_click_opens_is_kept(opened: str) -> None:
    """An article is kept even if all or most of it is hidden until a click."""
    body = "".join(f"<p>{paragraph}</p>" for paragraph in _PARAGRAPHS)
    for page in (
        f"{opened}<article><h1>Reabre el mercado</h1>{body}</article>",
        f"<article><h1>Reabre</h1><p>{_PARAGRAPHS[0]}</p>{opened}<div class=article-body>{body[3:]}</div>",
    ):
        opens = f"<html><body><script>abre()</script>{page}"
        assert [line for line in read_page(opens).text.split("\n") if line in _PARAGRAPHS][-2:] == _PARAGRAPHS[1:], page


@pytest.mark.parametrize("attributes", ["hidden", 'style="display: none"', "style='visibility:hidden'"])
def test_a_page_without_scripts_shows_nothing_that_it_hides(attributes: str) -> None:
    """Without a script, hidden blocks are dropped, however probable they are."""
    body = "".join(f"<p>{paragraph}</p>" for paragraph in _PARAGRAPHS)
    hidden = f"<p {attributes}>Habla Juana Quispe, que no quiere que se sepa su nombre en ninguna parte del pueblo.</p>"
    page = f"<html><body><article><h1>Reabre</h1>{body}{hidden}{body}</article>"
    assert "Quispe" not in read_page(page).text
    assert "Quispe" in read_page(page.replace("<article>", "<script>abre()</script><article>")).text


def test_calls_to_action_are_removed_within_and_at_the_end() -> None:
    """Calls to action that look like paragraphs are removed, and the text around them is unchanged."""
    calls = ("CONTINUA DEPOIS DA PUBLICIDADE", "HAZTE MIEMBRO y apoya el periodismo", "_ / _ / _", "| / |")
    body = "".join(f"<p>{paragraph}</p><p>{call}</p>" for paragraph, call in zip(_PARAGRAPHS, calls, strict=False))
    for extract in (html.fast, html.balanced):
        assert extract(f"<article><div class=article-body>{body}".encode(), {}).text.split("\n") == _PARAGRAPHS


@pytest.mark.parametrize(
    "page",
    [
        "",
        "<",
        "<p",
        "<p class=",
        '<p class="',
        "<!--",
        "<!",
        "</",
        "<script>",
        "&",
        "&amp",
        "\x00\xff<p>",
        "<p>" * 2000,
        "</p>" * 2000,
        '<a b="' + "x" * 100_000,
        "<table>" * 500 + "texto",
        "<p>" + "ñ" * 100_000,
    ],
)
def test_no_markup_breaks_the_pass(page: str) -> None:
    """Cut, nested or endless markup is read without an error, whether raw or serialised by a parser."""
    assert read_markup(page).text.size <= len(page.encode())
    assert read_page(page).text.count("\n") <= page.count("<")


def test_text_is_found_at_any_depth() -> None:
    """Elements below the maximal depth count as part of the one above them."""
    page = read_markup("<div>" * 20_000 + "hola" + "</div>" * 20_000)
    assert [page.block(number) for number in range(len(page))] == ["hola"]


@given(st.text(alphabet=st.sampled_from("<>/ab&;\"'=! ñ\n-"), max_size=200))
@settings(max_examples=300, deadline=None)
def test_any_markup_has_blocks_that_fill_the_text(markup: str) -> None:
    """Blocks are consecutive and not empty, and their text is valid UTF-8, for any markup."""
    page = read_markup(markup)
    assert page.starts[0] == 0
    assert page.starts[-1] == len(page.text)
    assert (np.diff(page.starts) > 0).all()
    page.text.tobytes().decode()
    assert (page.parents[1:] < np.arange(1, len(page.parents))).all()
    read = read_page(markup)
    assert len(read.chances) == len(read.markup)
