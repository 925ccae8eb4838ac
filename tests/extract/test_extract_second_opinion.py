"""For an uncertain page trafilatura's text is used, unless it is a scrap or lacks what the layout is certain of."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any, cast

import pytest
import trafilatura

from latam_corpus.extract.web_pages import html
from latam_corpus.extract.web_pages.html import EXTRACTOR, LAYOUT, choose_text
from latam_corpus.extract.web_pages.lost_paragraphs import (
    adds_only_surroundings,
    lacks_certain_paragraph,
    without_improbable,
)
from latam_corpus.extract.web_pages.page_blocks import read_page


@pytest.fixture(autouse=True)
def _no_fuller_text(monkeypatch: pytest.MonkeyPatch) -> None:
    """Disable the searches for lost paragraphs: the pages of these tests only have lengths."""
    for name in ("fuller_text", "text_with_posts"):
        monkeypatch.setattr(html, name, lambda *_: None)
    monkeypatch.setattr(html, "lacks_certain_paragraph", lambda *_: False)
    monkeypatch.setattr(html, "adds_only_surroundings", lambda *_: False)
    for name in ("without_improbable", "without_head_and_foot"):
        monkeypatch.setattr(html, name, lambda _, text: text)


@pytest.mark.parametrize(
    ("layout_length", "trafilatura_length", "doubt", "chosen"),
    [
        (1105, 21, 0.5, "layout"),  # a notice
        (1000, 199, 9.0, "layout"),
        (1000, 200, 0.5, "trafilatura"),
        (1000, 900, 0.5, "trafilatura"),
        (10, 1000, 0.5, "trafilatura"),
        (0, 21, 0.0, "trafilatura"),
        (0, 0, 9.0, "layout"),
        (1000, 0, 9.0, "layout"),
        (1000, None, 9.0, "layout"),
        (10, 1000, 0.2, "layout"),  # nobody asked
    ],
)
def test_a_scrap_from_trafilatura_is_ignored(
    monkeypatch: pytest.MonkeyPatch, layout_length: int, trafilatura_length: int | None, doubt: float, chosen: str
) -> None:
    """The choice depends on the lengths of both texts; if the layout finds none, any text is used."""
    document = None if trafilatura_length is None else SimpleNamespace(text="b" * trafilatura_length)
    monkeypatch.setattr(trafilatura, "bare_extraction", lambda *_, **__: document)
    page = cast("Any", SimpleNamespace(text="a" * layout_length, doubt=doubt))
    expected = (
        ("b" * (trafilatura_length or 0), EXTRACTOR) if chosen == "trafilatura" else ("a" * layout_length, LAYOUT)
    )
    assert choose_text(page, "<p>")[:2] == expected


@pytest.mark.parametrize(
    ("ours", "hasty", "usual", "taken"),
    [(1000, 500, 900, 500), (1000, 2000, 900, 2000), (1000, 499, 900, 900), (1000, 8700, 660, 660), (0, 21, 300, 300)],
)
def test_trafilatura_runs_again_if_the_lengths_differ_much(
    monkeypatch: pytest.MonkeyPatch, ours: int, hasty: int, usual: int, taken: int
) -> None:
    """If the lengths differ by more than a factor of two, trafilatura runs again in its default setting."""

    def extraction(_markup: str, *, fast: bool, **_options: Any) -> Any:
        return SimpleNamespace(text="x" * (hasty if fast else usual))

    monkeypatch.setattr(trafilatura, "bare_extraction", extraction)
    page = cast("Any", SimpleNamespace(text="a" * ours, doubt=0.5))
    assert choose_text(page, "")[:2] == ("x" * taken, EXTRACTOR)


def test_text_that_lacks_a_certain_paragraph_is_ignored(monkeypatch: pytest.MonkeyPatch) -> None:
    """A page whose surroundings are uncertain keeps a paragraph that is not."""
    text = "No lo lave con detergente ni lo deje al sol, y vacíelo después de cada uso."
    notice = "Entregas para el código postal que indique; el costo se calcula al confirmar la compra."
    page = read_page(f"<main><h1>Mate</h1><p>{text}</p><p>{notice}</p></main>")
    number = next(block for block in range(len(page.markup)) if page.markup.block(block) == text)
    page.chances[:] = 0.5
    page.chances[number] = 0.75
    assert lacks_certain_paragraph(page, notice)
    assert not lacks_certain_paragraph(page, f"{notice}\n{text}")
    page.chances[number] = 0.74
    assert not lacks_certain_paragraph(page, notice)

    monkeypatch.setattr(html, "lacks_certain_paragraph", lacks_certain_paragraph)
    monkeypatch.setattr(trafilatura, "bare_extraction", lambda *_, **__: SimpleNamespace(text=notice))
    page.chances[number] = 0.75
    assert page.doubt > html.DOUBT
    assert text in choose_text(page, "<p>").text
    page.chances[number] = 0.7
    assert choose_text(page, "<p>")[:2] == (notice, EXTRACTOR)


def test_text_that_adds_only_a_notice_is_ignored(monkeypatch: pytest.MonkeyPatch) -> None:
    """A notice in other elements than the certain paragraph is not used; a post in equal elements is."""
    post = "Era el rodamiento de abajo, que se había comido la arena, y lo cambiamos en una tarde."
    reply = "Antes de desarmarla fijate si no bajó el nivel del agua, porque este año llovió poco."
    survey = "¿Cómo fue tu experiencia? Tu opinión nos ayuda a mejorar los servicios que ofrecemos."
    page = read_page(
        f"<meta name=date content=2024-05-03><main><div><p>{post}</p></div><div><p>{reply}</p></div>"
        f"<p>{survey}</p></main>"
    )
    blocks = [page.markup.block(number) for number in range(len(page.markup))]
    page.chances[:] = 0.4
    page.chances[blocks.index(post)] = 0.9
    assert page.metadata.published
    assert adds_only_surroundings(page, f"{post}\n{survey}")
    assert not adds_only_surroundings(page, f"{post}\n{reply}\n{survey}")

    monkeypatch.setattr(html, "adds_only_surroundings", adds_only_surroundings)
    monkeypatch.setattr(trafilatura, "bare_extraction", lambda *_, **__: SimpleNamespace(text=f"{post}\n{survey}"))
    assert page.doubt > html.DOUBT
    assert choose_text(page, "<p>")[:2] == (page.text, LAYOUT)

    page.chances[blocks.index(post)] = 0.74  # no paragraph is certain
    assert not adds_only_surroundings(page, f"{post}\n{survey}")


def test_one_certain_paragraph_does_not_decide_on_a_long_text() -> None:
    """Over a hundred certain words, the layout takes a teaser for a paragraph too often to overrule trafilatura."""
    text = " ".join(["El agua del mate se calienta sin que hierva."] * 5)  # 45 words
    page = read_page("<main>" + "".join(f"<p>{number} {text}</p>" for number in range(3)) + "</main>")
    page.chances[:] = 0.9
    page.chances[2] = 0.1
    assert lacks_certain_paragraph(page, f"0 {text}")
    page.chances[2] = 0.9
    assert not lacks_certain_paragraph(page, f"0 {text}")


_POST = "Se midió el nivel del pozo con una soga, y está dos metros más abajo que en el invierno pasado."
_VISITORS = "No hay usuarios registrados visitando el foro, y cuatro invitados leen sin haberse identificado."
_FOOT = "Las imágenes se reproducen con el permiso del archivo que conserva los originales."


@pytest.mark.parametrize(
    ("posts", "chance", "around", "is_kept"),
    [
        (4, 0.14, "<div class=share>Compartir</div>", False),
        (4, 0.15, "<div class=share>Compartir</div>", True),
        (4, 0.14, "", True),  # no template: a paragraph outside menus belongs to the text
        (1, 0.14, "<div class=share>Compartir</div>", True),  # too large a part of the text
    ],
)
def test_improbable_lines_of_trafilatura_are_dropped(
    monkeypatch: pytest.MonkeyPatch, posts: int, chance: float, around: str, is_kept: bool
) -> None:
    """Visitors of a forum are dropped, unless the page is hardly anything else or has no template."""
    texts = [*(f"{number} {_POST}" for number in range(posts)), _VISITORS]
    page = read_page(f"<main>{''.join(f'<p>{text}</p>' for text in texts)}</main>{around}")
    page.chances[:] = [chance if page.markup.block(block) == _VISITORS else 0.5 for block in range(len(page.markup))]
    monkeypatch.setattr(html, "without_improbable", without_improbable)
    monkeypatch.setattr(
        trafilatura,
        "bare_extraction",
        lambda *_, **__: SimpleNamespace(text="\n\n".join(("- " + texts[0], *texts[1:]))),
    )
    chosen = choose_text(page, "<p>")
    assert chosen.extractor == EXTRACTOR
    assert (_VISITORS in chosen.text) == is_kept
    assert all(text in chosen.text for text in texts[:-1])


def test_an_improbable_copy_of_a_probable_line_is_kept() -> None:
    """A title is in the menu too, and blank lines are no copies of a rule."""
    page = read_page(f"<nav><p>{_FOOT}</p><p>***</p></nav><div class=share>Compartir</div><main><p>{_FOOT}</p></main>")
    copies = [block for block in range(len(page.markup)) if page.markup.block(block) == _FOOT]
    page.chances[:] = 0.1
    page.chances[copies[-1]] = 0.9
    assert without_improbable(page, f"{_FOOT}\n\nCompartir\n{_FOOT}") == f"{_FOOT}\n\n{_FOOT}"
