"""The benchmark of manuals counts paragraphs of a page's text, and those that a text lacks."""

from __future__ import annotations

from pathlib import Path

import pytest

from latam_corpus.extract.web_pages.html import balanced
from latam_corpus.extract.web_pages.page_blocks import markup_of

from .manuals import Kept, _kind, kept, pages_of, paragraphs_of

_LONG = "Antes de abrir la caja se guarda una copia de la carpeta y se apaga el equipo"
_ROOT = Path("/usr/share")


@pytest.mark.parametrize(
    ("markup", "found"),
    [
        (f"<p>{_LONG}</p>", [_LONG]),
        (f"<dl><dt>Copia</dt><dd>{_LONG}</dd></dl>", [_LONG]),
        (f"<div class=para>{_LONG}</div>", [_LONG]),
        (f"<li><p>{_LONG}</p></li>", [_LONG]),  # once
        ("<p>Una línea corta</p>", []),
        (f"<p><a href=/x>{_LONG}</a></p>", []),
        (f"<div class=navheader><p>{_LONG}</p></div>", []),
        (f"<footer><p>{_LONG}</p></footer>", []),
        (f"<body class=toc2><p>{_LONG}</p></body>", [_LONG]),
        (f"<div class=table-contents><p>{_LONG}</p></div>", [_LONG]),  # DocBook's tables and boxed notes
        (f"<div class=sidebar><p>{_LONG}</p></div>", [_LONG]),
    ],
)
def test_paragraphs_of_a_page(markup: str, found: list[str]) -> None:
    """Of 12 words or more, in any element, but for menus, feet and lists of links."""
    assert paragraphs_of(f"<html><body>{markup}</body></html>") == found


def test_a_paragraph_may_be_written_with_other_signs() -> None:
    """Words count; a paragraph is lost if the text has less than four fifths of it."""
    assert kept([_LONG], f"- {_LONG.replace(' ', ', ')}.") == Kept(1, 0, 14, 0, 14, 0)
    assert kept([_LONG], _LONG[:40]) == Kept(1, 1, 6, 0, 5, 9)


@pytest.mark.parametrize(
    ("url", "kind"),
    [
        ("https://foro.example.org/t/1", "forum"),
        ("https://vecinos.wordpress.com/a", "blog"),
        ("https://es.wikipedia.org/wiki/Barca", "wiki"),
        ("https://www.salud.gob.mx/nota", "government"),
        ("https://skateboard.example/nota", "news"),
    ],
)
def test_kind_of_an_address(url: str, kind: str) -> None:
    """The kind follows from the host or the path."""
    assert _kind(url) == kind


@pytest.mark.parametrize("source", ["debian-reference", "maint-guide"])
def test_installed_manuals_keep_their_paragraphs(source: str) -> None:
    """At most one of a hundred paragraphs of a manual is lost."""
    pages = pages_of(_ROOT, source)
    if not pages:
        pytest.skip("Debian's manual isn't installed")
    counts = []
    for path in pages:
        raw = path.read_bytes()
        counts.append(kept(paragraphs_of(markup_of(raw, {})), balanced(raw, {}).text))
    assert sum(count.lost for count in counts) <= 0.01 * sum(count.paragraphs for count in counts)
