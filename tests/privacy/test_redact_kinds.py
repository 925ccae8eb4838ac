"""Identifiers in a text are replaced by their kind, and text that only looks like one is kept."""

from __future__ import annotations

import json
from typing import Any

import polars as pl
import pytest

from latam_corpus.batch import Batch
from latam_corpus.privacy.redact import Redact, redact


def _redacted(text: str) -> Any:
    """The text, the counts and the evidence as the stage gives them."""
    created = Redact()(Batch(pl.DataFrame({"text": [text]}, {"text": pl.String})))
    row = created.frame.row(0, named=True)
    return row["text"], row["redactions"], row["evidence"]


# One of each way to write it; in brackets how many digits with the country's code (ITU-T E.164: up to 15).
_PHONES = [
    "+56 9 8765 4321",  # Chile (11)
    "+56 2 2345 6789",
    "+56987654321",
    "+56-9-8765-4321",
    "+56.9.8765.4321",
    "(+56) 9 8765 4321",
    "(+56 9) 8765 4321",
    "(+56 9 87) 65 4321",
    "(+54911) 4321 5678",
    "(+54 9 2966 41) 23456",
    "(+598) 94 123 456",
    "(+1) 809 555 1234",
    "+51 (1) 234 5678",
    "+5 4 9 1 1 4 3 2 1 5 6 7 8",
    "+54 9 11 4321-5678",  # Argentina (13)
    "+54 (11) 4321-5678",
    "+54 9 (2966) 41-2345",
    "+55 11 91234-5678",  # Brazil (13)
    "+55 (21) 2345-6789",
    "+52 55 1234 5678",  # Mexico (12)
    "+52 (55) 1234-5678",
    "+51 987 654 321",  # Peru (11)
    "+51 1 234 56 78",
    "+57 312 345 6789",  # Colombia (12)
    "+58 412-1234567",  # Venezuela (12)
    "+591 7 123 4567",  # Bolivia (11)
    "+593 99 123 4567",  # Ecuador (12)
    "+595 981 123456",  # Paraguay (12)
    "+598 94 123 456",  # Uruguay (11)
    "+502 5123-4567",  # Guatemala (11)
    "+506 8312 3456",  # Costa Rica (11)
    "+53 5 1234567",  # Cuba (10)
    "+1 809 555 1234",  # Dominican Republic (11)
    "+1 (787) 555-1234",  # Puerto Rico (11)
    "+509 34 12 34 56",  # Haiti (11)
    "+592 609 1234",  # Guyana (10)
    "+500 21234",  # Malvinas (8): the shortest of the region
    "+123 456 789 012 345",  # 15, the longest that there is
    "+56\u00a09\u00a08765\u00a04321",  # spaces that don't break
    "+56 9\u202f8765\u202f4321",
    "+54 11 4321\u20135678",  # a dash in the place of a hyphen
    "+54 11 4321\u20115678",
]


@pytest.mark.parametrize("number", _PHONES)
def test_international_telephones_are_replaced(number: str) -> None:
    """Numbers of every country's length are found, with spaces, points, hyphens and brackets."""
    for previous, after in (("", ""), ("Llame al ", ", por favor."), ("tel:", "\n"), ("(", ")")):
        expected = (f"{previous}[PHONE]{after}", [{"key": "phone", "value": 1}], '{"phone": 1}')
        assert _redacted(f"{previous}{number}{after}") == expected


@pytest.mark.parametrize(
    "text",
    [
        "+500 2123",  # seven digits
        "+1234567890123456",  # sixteen
        "+1234567890123456789012345678",
        "8765 4321",  # no country
        "56 9 8765 4321",
        "a+56 9 8765 4321",
        "2+56987654321",
        "++56987654321",
        "+ 56 9 8765 4321",
        "+56\n\n9 8765 4321",
        "+56, 9 8765 4321",
        "+56 (98765) 4321",  # no area has five digits
        "+56 () 9 8765 4321",
        "(+ 56 9) 8765 4321",
        "+1500 pesos y +20 grados",
    ],
)
def test_other_numbers_with_a_plus_stay(text: str) -> None:
    """Too few or too many digits, no country, a sum, another paragraph."""
    assert _redacted(text) == (text, None, None)
    assert redact(text) == (text, {})


@pytest.mark.parametrize(
    ("text", "redacted"),
    [
        ("+56 9 8765 4321 2023-2024", "[PHONE] 2023-2024"),  # fifteen digits may be a number, and this one has eleven
        ("+51 987 654 321 2023 2024", "[PHONE] 2023 2024"),
        ("+55 (11) 91234-5678 2023 2024", "[PHONE] 2023 2024"),
        ("+123 456 789 012 3456", "[PHONE] 3456"),
        ("+56 9 8765 4321 98765", "[PHONE] 98765"),  # none is cut through
        ("+56 9 8765 4321, 2023", "[PHONE], 2023"),
        ("+56987654321 +56987654322", "[PHONE] [PHONE]"),
        ("(+54 9 2966 412) 345", "([PHONE]) 345"),  # a whole number in brackets
    ],
)
def test_numbers_that_follow_a_telephone_number_do_not_hide_it(text: str, redacted: str) -> None:
    """Fifteen digits are the most; what comes after them stays, in whole groups."""
    assert _redacted(text)[0] == redact(text)[0] == redacted


@pytest.mark.parametrize(
    ("kind", "identifier"),
    [
        ("rut", "12.345.678-5"), ("rut", "7.654.321-6"), ("rut", "12345678-5"), ("rut", "20.347.878-K"),
        ("rut", "20347878-k"), ("rut", "1000005-K"), ("rut", "12.345.678\u20135"), ("rut", "20347878\u2011K"),
        ("rut", "12.345678-5"), ("rut", "12345.678-5"),
        ("cpf", "529.982.247-25"), ("cpf", "529982247-25"), ("cpf", "529.982.247\u201325"), ("cpf", "529.982247-25"),
        ("cpf", "529982.247-25"),
        ("cuit", "20-12345678-6"), ("cuit", "26-12345678-4"), ("cuit", "20\u201312345678\u20136"),
        ("email", "rosa@ejemplo.org"), ("email", "rosa.quispe+avisos@correo.ejemplo.com.pe"), ("email", "r@a.br"),
        ("email", "Rosa_Q-1@mi-diario.example"), ("email", "ñandu@correo.example"),
        ("ip", "8.8.8.8"), ("ip", "200.221.11.100"), ("ip", "1.1.1.1"), ("ip", "100.200.30.4"),
    ],
)  # fmt: skip
def test_an_identifier_goes_wherever_it_stands(kind: str, identifier: str) -> None:
    """At the end of a sentence, in brackets, after a colon."""
    for previous, after in (("", ""), ("El ", "."), ("(", ")"), ("RUT:", ","), ("«", "»")):
        expected = (f"{previous}[{kind.upper()}]{after}", [{"key": kind, "value": 1}], json.dumps({kind: 1}))
        assert _redacted(previous + identifier + after) == expected


@pytest.mark.parametrize(
    "text",
    [
        "12.345.678-6", "12.345.678", "2.12.345.678-5", "12.345.678-5a", "a12.345.678-5", "12.345.678-55",
        "7-12345678-5",
        "–12345678-5", "123.456-0", "112.345.678-5", "12..345.678-5", "12.345.678 - 5",
        "529.982.247-26", "52998224725", "111.111.111-11", "1.529.982.247-25", "529.982.247-255", "x529.982.247-25",
        "0529.982.247-25", "529.982.247-2", "–529982247-25", "5529982247-25",
        "20-12345678-7", "20-1234567-8", "20123456786", "21-12345678-2", "20-12345678-60", "120-12345678-6",
        "1-20-12345678-6", "–20-12345678-6", "a20-12345678-6", "20-12345678-6a", "20-123456789-6",
        "rosa@ejemplo", "@ejemplo.org", "rosa@", "rosa @ejemplo.org", "rosa @ ejemplo.xyz", "rosa@.org",
        # Addresses of a house's own network, of none, and other numbers with points.
        "192.168.1.1", "10.0.0.1", "127.0.0.1", "172.16.0.9", "256.1.1.1", "8.8.8", "8.8.8.8.8", "1.8.8.8.8",
        "8.8.8.1234",
        "1234.8.8.8", "8.8.8.8.1", "8..8.8.8",
        "Nació el 12-05-1987 y murió el 3-9-2001.", "de 1987-1990", "la casa 12-45, piso 3.5", "",
    ],
)  # fmt: skip
def test_what_only_looks_like_an_identifier_stays(text: str) -> None:
    """Check digits that fail, other lengths, parts of longer numbers, dates and addresses within a house."""
    assert _redacted(text) == (text, None, None)
    assert redact(text) == (text, {})


def test_each_kind_is_counted_and_told() -> None:
    """Counts by kind, in the order of their names as a column and in that of the search as evidence."""
    text = "rosa@ejemplo.org, luis@ejemplo.org, 12.345.678-5, 529.982.247-25, 20-12345678-6, 8.8.8.8 y +56 9 8765 4321"
    matches = {"email": 2, "ip": 1, "rut": 1, "cpf": 1, "cuit": 1, "phone": 1}
    hidden = "[EMAIL], [EMAIL], [RUT], [CPF], [CUIT], [IP] y [PHONE]"
    assert redact(text) == (hidden, matches)
    created, counts, evidence = _redacted(text)
    assert created == hidden
    assert counts == [{"key": kind, "value": matches[kind]} for kind in sorted(matches)]
    assert list(json.loads(evidence).items()) == list(matches.items())


def test_only_rows_with_an_identifier_change() -> None:
    """Rows keep their order, texts and nulls; the stage sets the columns that it declares."""
    texts = ["La luna.", None, "A rosa@ejemplo.org", "", "Al 3.5 no", "A luis@ejemplo.org y ana@ejemplo.org"]
    stage = Redact()
    created = stage(Batch(pl.DataFrame({"text": texts, "n": range(6)}))).frame
    assert created["text"].to_list() == ["La luna.", None, "A [EMAIL]", "", "Al 3.5 no", "A [EMAIL] y [EMAIL]"]
    assert created["n"].to_list() == [*range(6)]
    assert created["redactions"].list.first().struct.field("value").to_list() == [None, None, 1, None, None, 2]
    assert created["evidence"].to_list() == [None, None, '{"email": 1}', None, None, '{"email": 2}']
    assert (stage.name, sorted(stage.needs), sorted(stage.gives)) == ("redact", ["text"], ["redactions", "text"])


def test_texts_without_any_identifier_stay_as_they_are() -> None:
    """The columns are there, of their types, and empty."""
    created = Redact()(Batch(pl.DataFrame({"text": ["La luna.", "El sol."]}))).frame
    assert created.schema["redactions"] == pl.List(pl.Struct({"key": pl.String, "value": pl.Int32}))
    assert created.schema["evidence"] == pl.String
    assert created.select(pl.col("redactions", "evidence").null_count()).row(0) == (2, 2)
