"""Identifiers are found with any separator between label and number, and between their groups."""

from __future__ import annotations

import random
from itertools import product

import polars as pl
import pytest

from latam_corpus.batch import Batch
from latam_corpus.privacy.redact import Redact, redact


@pytest.mark.parametrize("join", [" ", ":", ": ", ".", "-", "/", " n.º ", " nº.", " N°", " No.", "..", ".-", ""])
@pytest.mark.parametrize(
    ("country", "label", "number", "kind"),
    [
        ("CL", "RUT", "15.976.796-5", "rut"),
        ("CL", "R.U.T.", "15.976.796-5", "rut"),
        ("BR", "CPF", "868.958.372-64", "cpf"),
        ("BR", "CPF", "86895837264", "cpf"),
        ("AR", "DNI", "28.456.789", "dni"),
        ("CO", "C.C.", "1.023.456.789", "cedula"),
        ("DO", "cédula", "001-1391820-5", "cedula"),
        ("GT", "NIT", "576937-K", "nit"),
        ("MX", "tel", "5512345678", "phone"),
    ],
)
def test_a_label_may_be_joined_by_any_sign(country: str, label: str, number: str, kind: str, join: str) -> None:
    """A point, a colon, a dash, a slash, the sign of a number, or nothing."""
    label = label.rstrip(".") if join.startswith(".") else label
    assert redact(f"Firma con {label}{join}{number}, y nada más.", "news", country)[1] == {kind: 1}


@pytest.mark.parametrize(
    ("country", "text", "redacted"),
    [
        ("BR", "Consta en el acta nº.868.958.372-64.", "Consta en el acta nº.[CPF]."),
        ("BR", "O expediente 868.958.372-64 sumiu.", "O expediente [CPF] sumiu."),
        ("BR", "Processo 11.222.333/0001-81 arquivado.", "Processo [CNPJ] arquivado."),
        ("MX", "El expediente BOXW310820HNERXN09 sigue.", "El expediente [CURP] sigue."),
        ("CR", "Folio CR05 0152 0200 1026 2840 66.", "Folio [IBAN]."),
        ("CL", "Causa rol 15.976.796-5.", "Causa rol [RUT]."),
        # In another country a number of this form may be the case's, and so may one that has a date and no check digit.
        ("AR", "Expediente 15.976.796-5.", "Expediente 15.976.796-5."),
        ("HN", "Expediente 0801-2015-00217.", "Expediente 0801-2015-00217."),
        ("BR", "Expediente 868.958.372-65.", "Expediente 868.958.372-65."),
        ("BR", "Expediente 86895837264.", "Expediente 86895837264."),
        ("CL", "El modelo AB12.345.678-5 y el abc/12345678-5.", "El modelo AB12.345.678-5 y el abc/12345678-5."),
    ],
)
def test_check_digits_beat_words_of_other_things(country: str, text: str, redacted: str) -> None:
    """A number that one of fifty others would be by chance is somebody's after `expediente` too."""
    assert redact(text, "news", country)[0] == redacted


@pytest.mark.parametrize("gap", [" ", "-", ".", "/", "–", "—", " - ", " / ", " – ", "\xa0"])
@pytest.mark.parametrize("prefix", ["+{}", "00{}", "00 {}", "(+{})", "+({})", "011 {}"])
def test_a_telephone_is_found_with_any_separator(prefix: str, gap: str) -> None:
    """International form needs no word next to it, in a text of any country."""
    numbers = (("56", "9", "8765", "4321"), ("52", "55", "1234", "5678"), ("54", "11", "4321", "5678"))
    for code, *groups in numbers:
        number = gap.join((prefix.format(code), *groups))
        assert redact(f"Avise: {number}, por favor.")[0] == "Avise: [PHONE], por favor.", number


def test_a_number_that_begins_with_zeros_is_no_telephone() -> None:
    """Neither are a series, a score, or a number without separators and without a word next to it."""
    for text in ("Serie 0056987654.", "Obtuvo 0056 de 9000.", "El inventario 00525512345678.", "00 77 1234 5678"):
        assert redact(text, "news", "CL") == (text, {})
    assert redact("llame al 00525512345678")[1] == {"phone": 1}


@pytest.mark.parametrize(
    ("country", "text", "kind"),
    [
        ("DO", "cédula 001-0113918-5", "cedula"),
        ("DO", "RNC 1-01-12345-6", "nit"),
        ("HT", "NIF 003-123-456-7", "nit"),
        ("JM", "TRN 123-456-789", "nit"),
        ("AR", "pasaporte AAC123456", "cedula"),
        ("BR", "passaporte FZ123456", "cedula"),
        ("BR", "título de eleitor 1234 5678 9012", "elector"),
        ("BR", "CNH 01234567890", "rg"),
        ("BR", "cartão SUS 100 0000 0000 0007", "nss"),
        ("GP", "sécurité sociale 2 85 05 97 105 123 45", "ssn"),
        ("CR", "cédula jurídica 3-101-123456", "cedula"),
    ],
)
def test_more_documents_of_the_region(country: str, text: str, kind: str) -> None:
    """Each is found next to its word, and not without it."""
    assert redact(f"Consta: {text}.", "news", country)[1] == {kind: 1}
    number = text[next(place for place, sign in enumerate(text) if sign.isdecimal()) :]
    assert kind not in redact(f"Consta {number}.", "web", country)[1]


def test_full_width_characters_are_read() -> None:
    """East Asian keyboards and OCR write them."""
    assert (
        redact("Escriba a rosa＠correo.example o al ＋５６ ９ ８７６５ ４３２１.")[0]
        == "Escriba a [EMAIL] o al [PHONE]."
    )
    frame = pl.DataFrame({"text": ["rosa＠correo.example", "RUT １５．９７６．７９６－５"], "genre": ["news"] * 2})
    assert Redact()(Batch(frame)).frame["text"].to_list() == ["[EMAIL]", "RUT [RUT]"]
    assert redact("RUT １５．９７６．７９６－５", "news", "CL")[1] == {"rut": 1}
    assert redact("tel. 5️⃣5️⃣1️⃣2️⃣3️⃣4️⃣5️⃣6️⃣7️⃣8️⃣", "news", "MX")[1] == {"phone": 1}


@pytest.mark.parametrize(
    "text",
    [
        "la versión 110.20.3.4 del programa",
        "versión: 110.20.3.4",
        "v110.20.3.4",
        "§ 3.2.2.4 del reglamento",
        "§3.2.2.4",
        "la sección 13.2.2.4",
        "el artículo n.º 13.2.2.4",
        "la cláusula 13.2.2.4",
        "firmware 8.8.4.4",
        "3.2.2.4 Alcance del contrato",
        "Índice\n\n13.2.2.4. Plazos",
        "Síganos en @lugar@servidor.example",
        "el foro !vecinas@redes.example",
    ],
)
def test_versions_sections_and_handles_stay(text: str) -> None:
    """They look like addresses of a network or of e-mail."""
    assert redact(text, "oral_history", "CL") == (text, {})


def test_addresses_of_networks_and_of_mail_go_beside_such() -> None:
    """The word counts right before the number; an address at a provider of mail is no handle."""
    assert redact("En la versión 2 entró desde 200.45.12.9")[1] == {"ip": 1}
    assert redact("la IP200.45.12.9")[1] == {"ip": 1}
    assert redact("8.8.8.8 respondió")[1] == {"ip": 1}
    assert redact("mi correo es @rosa@gmail.com")[1] == {"email": 1}


def test_what_is_redacted_stays_as_it_is() -> None:
    """Identifiers in random order, labels and joins: a second pass finds nothing."""
    lot = random.Random(5)
    numbers = [
        "15.976.796-5",
        "868.958.372-64",
        "+56-9/8765-4321",
        "0056 9 8765 4321",
        "rosa@correo.example",
        "1.023.456.789",
    ]
    for label, join in product(
        ["RUT", "CPF nº", "tel", "C.C.", "expediente", ""], [" ", ":", "/", ".", "-", "_", "\n"]
    ):
        text = " ".join(f"{label}{join}{number}{lot.choice(['.', ',', ' y'])}" for number in lot.sample(numbers, 4))
        for country in ("CL", "BR", "CO", None):
            once = redact(text, "oral_history", country)[0]
            assert redact(once, "oral_history", country) == (once, {}), text
