"""Short Spanish and Portuguese texts are decoded correctly from every charset of old files."""

from __future__ import annotations

import codecs

import pytest
from hypothesis import given
from hypothesis import strategies as st

from latam_corpus.extract.charset import decode

_TEXTS = (
    "El año pasado llovió más que nunca en la región.",
    "¿Quién tocó la guitarra? —preguntó doña Inés.",
    "São João da Baía é uma povoação à beira d'água.",
    "A avó não quis dançar: ficou só, com o cão.",
    "Canción de cuna\n\nDuérmete, niña, que el sol ya cayó.",
    "Mañana.",
    "Ó vizinha, traz o pão e as maçãs!",
)


@pytest.mark.parametrize("text", _TEXTS)
@pytest.mark.parametrize("charset", ["utf-8", "cp1252", "cp850", "mac_roman", "utf-16-le", "utf-16-be"])
def test_a_short_text_is_read_in_its_charset(text: str, charset: str) -> None:
    """One sentence is enough to distinguish the charsets."""
    if charset == "cp850":
        text = text.replace("—", "-")  # cp850 has no dash
    assert decode(text.encode(charset)) == (text, charset)


@pytest.mark.parametrize(
    ("mark", "charset"),
    [
        (codecs.BOM_UTF8, "utf-8"),
        (codecs.BOM_UTF16_LE, "utf-16-le"),
        (codecs.BOM_UTF16_BE, "utf-16-be"),
        (codecs.BOM_UTF32_LE, "utf-32-le"),
        (codecs.BOM_UTF32_BE, "utf-32-be"),
    ],
)
def test_a_byte_order_mark_decides_the_charset(mark: bytes, charset: str) -> None:
    """A byte order mark decides the charset and is not part of the text."""
    assert decode(mark + "Coração".encode(charset)) == ("Coração", charset)


def test_a_declared_charset_is_used_unless_the_bytes_are_utf8() -> None:
    """A declared charset is used unless the bytes are UTF-8; unknown names are ignored."""
    assert decode("žena".encode("iso8859-2"), "ISO-8859-2") == ("žena", "iso8859-2")
    assert decode("señal".encode(), "ISO-8859-1") == ("señal", "utf-8")
    assert decode("señal".encode("cp1252"), "rot13")[0] == "señal"
    assert decode("señal".encode("cp1252"), "US-ASCII")[0] == "señal"


def test_utf8_with_a_few_invalid_bytes_is_read_as_utf8() -> None:
    """One bad byte in a long text, or a character cut off at its end, doesn't change the charset of the rest."""
    text = "La canción del ñandú voló. " * 20
    assert decode(text.encode() + b"\xc3") == (text + "\ufffd", "utf-8")
    assert decode(b"\xff" + text.encode())[1] == "utf-8"


_TALE = "Después de la función, doña Inés contó en qué rincón soñó él. "


@pytest.mark.parametrize("declared", [None, "utf-8"])
@pytest.mark.parametrize(
    ("broken", "read"),
    [
        (b"\xed\xa0\xbd\xed\xb8\x80", "\U0001f600"),  # as Java and MySQL write what is beyond sixteen bits
        (b"\xed\xa0\xbd", "\ufffd" * 3),
        (b"\x93hola\x94 \x97 \xe9l", "“hola” — él"),  # pasted from Windows
        (b"ni\xa4o", "ni\ufffdo"),
        (b"\xff", "\ufffd"),
        ("ma\ufffdana, a\ufffdo y ".encode() * 9 + b"\x81", "ma\ufffdana, a\ufffdo y " * 9 + "\ufffd"),
    ],
)
def test_only_invalid_bytes_of_a_short_utf8_text_are_lost(declared: str | None, broken: bytes, read: str) -> None:
    """Invalid bytes in a short UTF-8 text don't damage its accents."""
    assert decode(f"{_TALE}A".encode() + b" " + broken + b" fin", declared) == (f"{_TALE}A {read} fin", "utf-8")


@pytest.mark.parametrize("charset", ["cp1252", "cp850", "mac_roman"])
@pytest.mark.parametrize("declared", [None, "utf-8", "UTF8"])
def test_the_charset_of_a_page_wrongly_declared_utf8_is_detected(charset: str, declared: str | None) -> None:
    """The charset of a page that wrongly declares UTF-8 is detected, even if a heading or two are UTF-8."""
    raw = _TALE.encode(charset) + "Página".encode() + b" " + _TALE.encode(charset)
    assert decode(raw, declared) == (f"{_TALE}{'Página'.encode().decode(charset)} {_TALE}", charset)


def test_a_declared_multibyte_charset_is_not_taken_for_utf8() -> None:
    """A declared GB 2312 is used, although many of its byte pairs are valid UTF-8."""
    text = "他们的父母从广东来到秘鲁，在利马开了一家饭馆。"
    assert decode(text.encode("gb2312"), "gb2312") == (text, "gb2312")


def test_indigenous_letters_in_utf8_are_kept() -> None:
    """Glottal stops and saltillos in UTF-8 are kept as letters."""
    for word in ("ch\u02bculel", "p\u2019unchaw", "a\ua78cay", "mbo\u2019ehára", "ñe\u1ebd"):
        assert decode(word.encode())[0] == word


@given(st.binary(max_size=60))
def test_any_bytes_are_read(raw: bytes) -> None:
    """No bytes make decoding fail."""
    text, charset = decode(raw)
    assert isinstance(text, str)
    assert codecs.lookup(charset)


@pytest.mark.parametrize(
    "text",
    [
        "El año – 1914 –",
        "El año — 1914 — pasó.",
        "El niño – ¡ah! – salió – sin más – al jardín – y cantó.",
        "– Mañana – dijo.\n– Sí –\n– No – dijo ella – nunca –",
        "—Mañana —dijo.\n—Sí —contestó Ana—, mañana.\n—¿Y él?\n—Nada —dijo ella—. Nada.",
        "PEÓN — Señor…\nAMO — ¿Qué?\nPEÓN — Nada, señor … nada …\nAMO — Bien —",
        "• pan\n• leche\n• café\n• azúcar",
        "Canción – letra y música\n– estribillo –\nÑandú – ñandú – ñandú –",
        "— A senhora vem à festa? — Não — disse — só amanhã.",
        "Bahia,\xa0Ceará,\xa0Piauí;\xa0e mais\xa0nada.",
        "“Adiós”, dijo – con “calma” – el niño…",
        "El 1º y la 2ª, con 3º",
    ],
)
@pytest.mark.parametrize("charset", ["cp1252", "mac_roman"])
def test_signs_between_spaces_are_not_letters_of_another_charset(text: str, charset: str) -> None:
    """Many dashes, ellipses, bullets and fixed spaces are not mistaken for letters of another charset."""
    assert decode(text.encode(charset)) == (text, charset)


def test_a_sign_alone_is_read_as_most_files_have_it() -> None:
    """A text whose only signs are a dash, an ellipsis or an apostrophe is decoded as Windows-1252."""
    for text in ("Ayer – hoy", "Ayer — hoy — siempre", "Ayer … hoy", "ch’ulel", "Ayer,\xa0hoy,\xa0siempre", "«Ayer»"):
        assert decode(text.encode("cp1252")) == (text, "cp1252")
