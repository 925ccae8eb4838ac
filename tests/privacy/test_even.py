"""Identifiers are found with any spaces, line ends and dashes, and the text around them is unchanged."""

from __future__ import annotations

from typing import TYPE_CHECKING

import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st

from latam_corpus.batch import Batch
from latam_corpus.privacy.normalised_text import normalised
from latam_corpus.privacy.redact import Redact, redact

if TYPE_CHECKING:
    from collections.abc import Callable

_SPACES = {
    "a line's end": "\n",
    "indented": " \n   ",
    "a tab": "\t",
    "two": "  ",
    "unbroken": "\xa0",
    "thin": "\u2009",
}
_VALUES = (
    ("celular ", "+56 9 8765 4321", "[PHONE]"),
    ("IBAN ", "CR05 0152 0200 1026 2840 66", "[IBAN]"),
    ("tarjeta ", "4111 1111 1111 1111", "[CARD]"),
    ("vive en ", "Rua das Flores, 345", "[ADDRESS]"),
    ("placa ", "AB 123 CD", "[PLATE]"),
    ("", "rosa arroba ejemplo punto com", "[EMAIL]"),
)


def _stage(text: str, genre: str = "news", country: str | None = None) -> str:
    row = pl.DataFrame({"text": [text], "genre": [genre], "country": pl.Series([country], dtype=pl.String)})
    created: str = Redact()(Batch(row)).frame["text"][0]
    return created


@pytest.mark.parametrize("space", _SPACES.values(), ids=_SPACES)
@pytest.mark.parametrize(("word", "value", "mark"), _VALUES)
def test_any_white_space_is_the_gap_that_it_is(word: str, value: str, mark: str, space: str) -> None:
    """In each of its gaps; the text around it keeps its own."""
    for place in (place for place, sign in enumerate(value) if sign == " "):
        broken = value[:place] + space + value[place + 1 :]
        text = f"Dijo:\n  sí,\t\xa0{word}{{}}.\n\n  Nada  más."
        assert _stage(text.format(broken)) == text.format(mark)


@pytest.mark.parametrize("dash", ["\u2010", "\u2011", "\u2012", "\u2013", "\u2014", "\u2212"])
def test_any_dash_within_a_number_is_a_hyphen(dash: str) -> None:
    """Dashes of a sentence are unchanged."""
    key = "3f2504e0-4f89-41d3-9a0c-0305e82c3301".replace("-", dash)
    text = f"—Sí —dijo—, la patente ABC-123, el RUT 12.345.678-5 y el pix {key}—".replace("-", dash)
    assert _stage(text) == "—Sí —dijo—, la patente [PLATE], el RUT [RUT] y el pix [PIX]—".replace("-", dash)


def test_emphasis_hides_nothing() -> None:
    """Markdown's lines under words are no part of a word; those of an address of e-mail are."""
    text = "_RUT_ _12.345.678-5_, __+56 9 8765 4321__, _rosa_paz@ejemplo.org_ y ana_@ejemplo.org"
    assert _stage(text) == "_RUT_ _[RUT]_, __[PHONE]__, _[EMAIL]_ y [EMAIL]"


@pytest.mark.parametrize(
    ("text", "redacted"),
    [
        ("la cédula 19.234.\n567, de Cali", "la cédula [CEDULA], de Cali"),
        ("cel. +54 11 4321-\n5678, sí", "cel. [PHONE], sí"),
        ("a rosa.paz@\nejemplo.cl.", "a [EMAIL]."),
        ("a rosa.paz@ejemplo.\ncl.", "a [EMAIL]."),
        ("a rosa.paz @ ejemplo.org.", "a [EMAIL]."),
        ("su DNI 28.456.789.\n200 vecinos", "su DNI [DNI].\n200 vecinos"),
        ("con tod@s.\nes así, l@s de aquí", "con tod@s.\nes así, l@s de aquí"),
        ("en Instagram @museo.cl", "en Instagram @museo.cl"),
    ],
)
def test_identifiers_broken_after_a_separator_are_whole(text: str, redacted: str) -> None:
    """A sentence that ends there isn't joined to the next number."""
    assert redact(text)[0] == redacted


@pytest.mark.parametrize(
    "text",
    [
        "celular +56 9\n\n8765 4321",
        "al +56\n9\n8765 4321",
        "por la calle Larga\nE1: ¿Sí?",
        "por la calle Larga\n2. Otra cosa",
        "por la calle Larga\n45\ny la plaza",
        "por la calle Larga\n00:12 Rosa",
    ],
)
def test_what_does_not_go_on_in_the_next_line_is_no_identifier(text: str) -> None:
    """Paragraphs, two ends of lines, turns, items, pages, times."""
    assert _stage(text, "oral_history") == text


@pytest.mark.parametrize(
    ("text", "redacted"),
    [
        ("Teléfonos:\n423 4567\n424 5678\n425 6789", "Teléfonos:\n[PHONE]\n[PHONE]\n[PHONE]"),
        ("+56 9 8765 4321\t9.876.543-3\n+56 9 8765 4321\n2023", "[PHONE]\t[RUT]\n[PHONE]\n2023"),
        ("DNI\n45678912\n45678913", "DNI\n[DNI]\n[DNI]"),
    ],
)
def test_lists_and_columns_are_not_one_number(text: str, redacted: str) -> None:
    """Text above or next to a number hides no part of it."""
    assert _stage(text, country="PE") == redacted


@given(st.text(alphabet="a1 \n\t\xa0\u200b\xad_-\u2014.@", max_size=40))
def test_each_place_of_an_even_text_is_one_of_the_text(text: str) -> None:
    """Letters and figures are where they were, in order."""
    for created in (normalised(text), normalised(text, joined=True)):
        for at, sign in enumerate(created.text):
            start, end = created.original_span(at, at + 1)
            assert end == start + 1
            assert sign == text[start] if sign.isalnum() else not text[start].isalnum()


@given(st.lists(st.sampled_from(["Vino.", "rosa@ejemplo.org", "12.345.678-5", "y", "—sí—"]), max_size=6), st.data())
def test_all_but_the_identifiers_stays(pieces: list[str], data: st.DataObject) -> None:
    """Whatever white space is between them."""
    gaps: Callable[[], str] = lambda: data.draw(st.sampled_from([" ", "  ", "\n", "\n\n", "\t", "\xa0", "\u200b "]))  # noqa: E731
    parts = [part for piece in pieces for part in (piece, gaps())]
    marks = {"rosa@ejemplo.org": "[EMAIL]", "12.345.678-5": "[RUT]"}
    assert redact("".join(parts))[0] == "".join(marks.get(part, part) for part in parts)


@pytest.mark.parametrize(
    ("text", "left"),
    [
        ("rosa__maria@casa.com", "[EMAIL]"),
        ("a___b@casa.com", "[EMAIL]"),
        ("__RUT 12.345.678-5__", "__RUT [RUT]__"),
        ("__rosa@casa.com__", "__[EMAIL]__"),
        ("**_RUT 12.345.678-5_**", "**_RUT [RUT]_**"),
    ],
)
def test_signs_of_emphasis_may_come_in_runs(text: str, left: str) -> None:
    """Such characters within an address belong to it."""
    assert redact(text, None, "CL")[0] == left
