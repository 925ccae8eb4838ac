"""A page that was encoded twice yields undamaged text, without letters lost before `repair`."""

from __future__ import annotations

from html.entities import codepoint2name
from typing import TYPE_CHECKING

import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st

from latam_corpus.batch import Batch
from latam_corpus.extract.repair import Repair
from latam_corpus.extract.web_pages import html
from latam_corpus.extract.web_pages.page_blocks import undo_mojibake

if TYPE_CHECKING:
    from collections.abc import Callable

    from latam_corpus.extract.document import Extracted

_TITLE = "Así pasó el día en La Guairá"
_TEXT = (
    "María salió ahí con su hermana a la orilla del río, y allí pasó el día entero. «Ángel, ¿y tú? Índice de él», "
    "escribió Íñigo; à noite, a avó não disse mais nada, e a manhã chegou com o coração aceso — já era domingo."
)


def _page(text: str, title: str) -> bytes:
    head = f'<meta charset="utf-8"><title>{title}</title><meta property="og:title" content="{title}">'
    body = f"<article><p>{text}</p></article>"
    return f'<!doctype html><html lang="es"><head>{head}</head><body>{body}</body></html>'.encode()


def _twice(text: str) -> str:
    """Return the text as programs show it that read its UTF-8 as Latin-1."""
    return text.encode().decode("latin-1")


def _numbered(text: str) -> str:
    return "".join(char if char.isascii() else f"&#{ord(char)};" for char in text)


def _named(text: str) -> str:
    names = {ord(char): codepoint2name.get(ord(char)) for char in text if not char.isascii()}
    return "".join(f"&{name};" if (name := names.get(ord(char))) else char for char in text)


@pytest.mark.parametrize("extract", [html.balanced, html.careful, html.fast])
@pytest.mark.parametrize("write", [str, _numbered, _named])
def test_a_page_encoded_twice_loses_no_letter(write: Callable[[str], str], extract: Callable[..., Extracted]) -> None:
    """Letters whose second half parsers drop, such as í, Á, Í and à, are restored, as characters or references."""
    extracted = extract(_page(write(_twice(_TEXT)), write(_twice(_TITLE))), {})
    batch = Repair()(Batch(pl.DataFrame({"text": [extracted.text, extracted.title]})))
    assert batch.frame["text"].to_list() == [_TEXT, _TITLE]


@pytest.mark.parametrize("extract", [html.balanced, html.careful, html.fast])
def test_a_sound_page_is_left_as_it_is(extract: Callable[..., Extracted]) -> None:
    """Soft hyphens, accents next to them, and references to markup characters are unchanged."""
    sound = "El cora\xadzón de la ma&shy;ña\xadna, &lt;así&gt; d&iacute;jo &amp; calló la vir\xadgen de ÑANDÚ."
    page = _page(sound, "Corazón").decode()
    assert undo_mojibake(page) == page
    assert extract(page.encode(), {}).text == "El corazón de la mañana, <así> díjo & calló la virgen de ÑANDÚ."


def test_only_the_piece_that_would_lose_something_is_mended() -> None:
    """Other mojibake is left to `repair`, which records it; attributes are repaired like texts."""
    assert undo_mojibake('<a title="rÃ\xado &lt;b&gt;">niÃ±o</a>') == '<a title="río &lt;b&gt;">niÃ±o</a>'


@given(st.text(st.sampled_from("aeíóñÁÍÃâ<>&;\"'#x12 \xad\x81\x8d\x80lgtshy"), max_size=60))
def test_repair_adds_and_removes_no_markup(written: str) -> None:
    """Repair never adds or removes markup characters; references to letters become letters."""
    repaired = undo_mojibake(written)
    assert [char for char in repaired if char in "<>"] == [char for char in written if char in "<>"]
    assert repaired.count("&") <= written.count("&")
