"""Counted things aren't identifiers, and the head of a list applies to all of its items."""

from __future__ import annotations

import pytest

from latam_corpus.privacy.redact import redact


@pytest.mark.parametrize(
    ("genre", "country", "text"),
    [
        ("news", "CO", "Inscribieron sus cédulas 36.421.026 ciudadanos."),
        ("news", "PE", "Los celulares pasaron de 2 500 000 líneas a 35 000 000 en diez años."),
        ("news", "PE", "Está en contacto con más de 1 500 000 usuarios."),
        ("news", "AR", "Emitieron el DNI a 12.345.678 de electores."),
        ("oral_history", "AR", "Fuimos por la calle Belgrano 20 años después, por la calle Larga 3 cuadras."),
        ("oral_history", "AR", "Nos casamos en la plaza San Martín, 12 de abril; en el camino Real, 2 leguas."),
    ],
)
def test_an_amount_is_no_identifier(genre: str, country: str, text: str) -> None:
    """A plural after it speaks against."""
    assert redact(text, genre, country) == (text, {})


@pytest.mark.parametrize(
    ("genre", "country", "text", "redacted"),
    [
        ("news", "CO", "Su cédula 19.234.567 nos la mostró.", "Su cédula [CEDULA] nos la mostró."),
        ("news", "PE", "Celular 987 654 321 gracias.", "Celular [PHONE] gracias."),
        ("news", "AR", "El DNI 28.456.789, vecinos, es suyo.", "El DNI [DNI], vecinos, es suyo."),
        ("oral_history", "AR", "En calle San Martín 345 altos.", "En [ADDRESS] altos."),
        ("oral_history", "AR", "En la calle Florida 1234 vivíamos.", "En la [ADDRESS] vivíamos."),
    ],
)
def test_other_words_after_a_number_count_nothing(genre: str, country: str, text: str, redacted: str) -> None:
    """Pronouns, verbs and words after a comma don't make a number an amount."""
    assert redact(text, genre, country)[0] == redacted


@pytest.mark.parametrize(
    ("country", "text", "left"),
    [
        ("AR", "con DNI Nº 30.123.456 argentinos", "con DNI Nº [DNI] argentinos"),
        ("AR", "con DNI 30.123.456 domiciliados en Salta", "con DNI [DNI] domiciliados en Salta"),
        ("AR", "con DNI 20.000.000", "con DNI [DNI]"),
        ("CO", "CC 52.345.678 mayores de edad", "CC [CEDULA] mayores de edad"),
        (
            "CO",
            "cédula de ciudadanía 1.023.456.789 vecinos de Bogotá",
            "cédula de ciudadanía [CEDULA] vecinos de Bogotá",
        ),
        ("CO", "cédulas 79.123.456 y 52.345.678 expedidas allí", "cédulas [CEDULA] y [CEDULA] expedidas allí"),
    ],
)
def test_the_word_right_before_a_number_decides(country: str, text: str, left: str) -> None:
    """Deeds and judgements name the number so, whatever they say about its bearer afterwards."""
    assert redact(text, "news", country)[0] == left


def test_an_address_apart_needs_a_sign_of_one() -> None:
    """More than letters in its name, or a word before it: a place may be written so."""
    for text in ("Nos vemos @ casa.com", "Toca DJ Rosa @ bandcamp.com hoy"):
        assert redact(text)[0] == text
    for name in ("rosa.vega @ casa.com", "Correo: rosa @ casa.com", "escriba a rosa @ casa.com"):
        assert redact(name)[0].endswith("[EMAIL]")


def test_a_list_goes_on() -> None:
    """However far its word is; another sentence isn't of it."""
    numbers = [str(45678912 + item) for item in range(9)]
    assert redact(f"Con DNI {', '.join(numbers[:-1])} y {numbers[-1]}.", "news", "PE")[1] == {"dni": 9}
    far = "Con DNI 45678912. " + "Así quedó escrito en el libro que guarda la municipalidad, con el 45678913."
    assert redact(far, "news", "PE")[1] == {"dni": 1}


def test_a_telephone_may_be_a_key_or_an_address() -> None:
    """Telephones are found as keys of PIX and in links to a conversation."""
    assert redact("Doações: chave pix 11987654321.", "web", "BR")[0] == "Doações: chave pix [PHONE]."
    assert redact("Chave pix 52998224725.", "web", "BR")[0] == "Chave pix [CPF]."
    linked = "https://wa.me/573001234567 o https://api.whatsapp.com/send?phone=573001234567"
    assert redact(linked)[0] == "https://wa.me/[PHONE] o https://api.whatsapp.com/send?phone=[PHONE]"
    for other in ("microphone=12345678", "https://x.org/?phone=20230101120000"):
        assert redact(other)[0] == other
