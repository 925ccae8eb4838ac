"""A number alone isn't an identifier: its form, check digit and a word near it decide, by genre and country."""

from __future__ import annotations

import re
from collections import Counter

import polars as pl
import pytest

from latam_corpus.batch import Batch
from latam_corpus.errors import ConfigError
from latam_corpus.privacy.redact import Redact, redact


@pytest.mark.parametrize(
    ("country", "text", "redacted"),
    [
        ("AR", "Su DNI es 28.456.789 y nada más.", "Su DNI es [DNI] y nada más."),
        ("AR", "D.N.I. N.º 28456789", "D.N.I. N.º [DNI]"),
        ("PE", "identificada con DNI 45678912", "identificada con DNI [DNI]"),
        ("CL", "RUT 123456785", "RUT [RUT]"),
        ("CL", "cédula de identidad 12.345.678-5", "cédula de identidad [RUT]"),
        ("UY", "la cédula 1.234.567-2", "la cédula [CEDULA]"),
        ("UY", "firma 1.234.567-2", "firma [CEDULA]"),
        ("CO", "cédula de ciudadanía 1.023.456.789 de Bogotá", "cédula de ciudadanía [CEDULA] de Bogotá"),
        ("CO", "C.C. 79.456.123", "C.C. [CEDULA]"),
        ("DO", "cédula 001-1391820-5", "cédula [CEDULA]"),
        ("EC", "cédula 1710034065", "cédula [CEDULA]"),
        ("PY", "con C.I. N.° 3.456.789", "con C.I. N.° [CEDULA]"),
        ("VE", "el ciudadano V-12.345.678", "el ciudadano [CEDULA]"),
        ("PA", "cédula 8-123-4567", "cédula [CEDULA]"),
        ("CR", "cédula 1-0234-0567", "cédula [CEDULA]"),
        ("NI", "cédula 001-010180-0001A", "cédula [CEDULA]"),
        ("BO", "C.I. 4567891 LP", "C.I. [CEDULA]"),
        ("HN", "identidad 0801-1990-12345", "identidad [DNI]"),
        ("GT", "DPI 2612 59571 0101", "DPI [CUI]"),
        ("SV", "DUI 00016297-5", "DUI [DUI]"),
        ("MX", "CURP: BOXW310820HNERXN09", "CURP: [CURP]"),
        ("MX", "RFC GODE561231GR8", "RFC [RFC]"),
        ("MX", "CLABE 032180000118359719", "CLABE [CLABE]"),
        ("BR", "CPF 52998224725", "CPF [CPF]"),
        ("BR", "CNPJ 11.222.333/0001-81", "CNPJ [CNPJ]"),
        ("BR", "RG 12.345.678-9", "RG [RG]"),
        ("PE", "RUC 20512333797", "RUC [RUC]"),
        ("VE", "RIF V-11470283-4", "RIF [RIF]"),
        ("CU", "carné de identidad 85042312345", "carné de identidad [CEDULA]"),
        ("PR", "seguro social 123-45-6789", "seguro social [SSN]"),
        ("AR", "CBU 2850590940090418135201", "CBU [CBU]"),
        ("CR", "IBAN CR05 0152 0200 1026 2840 66", "IBAN [IBAN]"),
        ("MX", "su tarjeta 4111 1111 1111 1111", "su tarjeta [CARD]"),
        ("BR", "chave pix 3f2504e0-4f89-41d3-9a0c-0305e82c3301", "chave pix [PIX]"),
        ("BR", "a placa ABC1D23", "a placa [PLATE]"),
        ("AR", "patente AB 123 CD", "patente [PLATE]"),
        ("CL", "celular 9 8765 4321", "celular [PHONE]"),
        ("BR", "ligue para (11) 91234-5678", "ligue para [PHONE]"),
        ("MX", "Tel. 55 1234 5678", "Tel. [PHONE]"),
        (None, "Tel. 4321-5678", "Tel. [PHONE]"),
        ("CO", "vive en la Calle 45 # 12-34 de Bogotá", "vive en la [ADDRESS] de Bogotá"),
        ("AR", "con domicilio en Avenida Corrientes 1234", "con domicilio en [ADDRESS]"),
        ("CL", "su casa está en -33.44891, -70.66927", "su casa está en [COORDINATES]"),
        (None, "rosa punto quispe arroba ejemplo punto com punto pe", "[EMAIL]"),
        (None, "rosa [at] ejemplo.org", "[EMAIL]"),
        (None, "rosa(arroba)ejemplo(ponto)com.br", "[EMAIL]"),
        (None, "desde 2800:3f0:4001:81b::200e", "desde [IP]"),
    ],
)
def test_a_word_identifies_the_kind_of_number(country: str | None, text: str, redacted: str) -> None:
    """Each is found with and without punctuation, in the forms of its country, and counted under its kind."""
    assert redact(text, "news", country) == (redacted, Counter(re.findall(r"\[([a-z]+)\]", redacted.lower())))


@pytest.mark.parametrize(
    "text",
    [
        "La ley 28.456.789 y el decreto 1234567",
        "El DNI, según la ley 24.240, es obligatorio",
        "Se vendieron 28.456.789 toneladas a $ 12.345.678",
        "cédula real de 1804 por 12.345.678 pesos",
        "ISBN 978-950-07-1234-5, del documento 12-05-1987",
        "llamó por teléfono en 1990 y en 2023",
        "la calle, en 1990, era de tierra",
        "en la Avenida Corrientes 1234 se inauguró un teatro",  # nobody lives there
        "una arroba de papas punto por punto",
        "Salmo 119:105 y Juan 3:16",
        "los códigos 52998224725 y 1710034065",
        "el avión AB 123 CD",
        "la tarjeta 4111 1111 1111 1112",
        "Rol 12.345.678-5 de la Corte",
        "a las 10:30:45 del 2023-05-01",
        "el sismo, en -33.44891, -70.66927",
    ],
)
def test_a_number_without_its_word_is_kept(text: str) -> None:
    """A number that a nearer word assigns to a law, a book or a price is kept too."""
    assert redact(text, "news", "AR") == (text, {})


@pytest.mark.parametrize(
    "text",
    [
        "el teléfono sonó de noche y el sismo, en -37.36624, -54.96095, se sintió",
        "o telefone tocou; o farol fica em 14.60722,-90.51327",
    ],
)
def test_coordinates_near_a_word_for_telephones_are_kept(text: str) -> None:
    """They aren't telephone numbers; without a country nearly every number may be one."""
    assert redact(text, "news", None) == (text, {})


def test_a_novels_telephone_stays_and_a_testimonys_address_goes() -> None:
    """The genre's policy decides, by the row; a row of no genre is judged as a page of no stated kind."""
    text = "Llamame al teléfono 4321-5678, vivo en la calle Florida 1234, o a rosa@ejemplo.org."
    hidden = "Llamame al teléfono [PHONE], vivo en la [ADDRESS], o a [EMAIL]."
    genres = ["literature", "oral_history", "news", None]
    frame = pl.DataFrame({"text": [text] * 4, "genre": genres, "country": ["AR"] * 4})
    created = Redact()(Batch(frame)).frame
    assert created["text"].to_list() == [text.replace("rosa@ejemplo.org", "[EMAIL]"), hidden, hidden, hidden]
    street = "Nos juntábamos en la calle Florida 1234."
    assert [redact(street, genre, "AR")[1] for genre in genres] == [{}, {"address": 1}, {}, {}]


def test_a_country_may_have_its_own_modes() -> None:
    """Plates of the Mercosul pattern need no word in Brazilian testimony, and need one elsewhere."""
    text = "Era o carro BRA2E19."
    assert redact(text, "oral_history", "BR")[0] == "Era o carro [PLATE]."
    assert redact(text, "oral_history", "AR")[0] == text
    assert redact(text, "news", "BR")[0] == text


def test_the_rows_country_is_read_first() -> None:
    """1.234.567-2 is a cédula in Uruguay; without a country, a number valid under both rules is decided by its word."""
    both = "1.000.013-0"  # a RUT whose digits would be a cédula's with another sign
    assert redact(f"N.º {both}", "news", "CL")[1] == {"rut": 1}
    assert redact("N.º 1.234.567-2", "news", "UY")[1] == {"cedula": 1}


def test_counts_and_marks_are_all_that_is_kept() -> None:
    """Neither the evidence nor the counts have a character of the replaced text."""
    frame = pl.DataFrame({"text": ["DNI 28.456.789, RUT 12.345.678-5, cel. 11 4321-5678"], "country": ["AR"]})
    created = Redact()(Batch(frame)).frame
    assert not [sign for sign in "".join(created["text"]) if sign.isdecimal()]
    assert created["evidence"].to_list() == ['{"rut": 1, "phone": 1, "dni": 1}']


@pytest.mark.parametrize(("genre", "country"), [("oral history", "br"), ("Historia oral", "Brasil")])
def test_genre_and_country_are_read_as_people_write_them(genre: str, country: str) -> None:
    """The strict policy of testimony holds for them, and a country's own forms."""
    assert (
        redact("Vive en calle Los Álamos 345; era o ABC1D23.", genre, country)[0] == "Vive en [ADDRESS]; era o [PLATE]."
    )


@pytest.mark.parametrize(("genre", "country"), [("testimonio de vida", "PE"), ("news", "Ruritania")])
def test_a_genre_or_country_that_nobody_knows_is_refused(genre: str, country: str) -> None:
    """A weaker policy isn't taken in its place, not even where a text has nothing."""
    with pytest.raises(ConfigError, match=genre if genre != "news" else country):
        redact("Nada.", genre, country)
    frame = pl.DataFrame({"text": ["Nada."], "genre": [genre], "country": [country]})
    with pytest.raises(ConfigError):
        Redact()(Batch(frame))
