"""Identifiers are found in each way that people write them, and only if their kind is searched for."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from latam_corpus.privacy.find import Hints, find, names_pattern
from latam_corpus.privacy.kinds import KINDS
from latam_corpus.privacy.privacy_policy import privacy_policies
from latam_corpus.privacy.redact import redact

if TYPE_CHECKING:
    from collections.abc import Mapping

_WORDS = privacy_policies().words
_FORM = dict.fromkeys(KINDS, "form")
# One of each kind that is told by a sign of its own, each after a word for it.
_SIGNED = {
    "email": "rosa@ejemplo.org", "ip": "desde 200.221.11.100", "phone": "celular +56 9 8765 4321",
    "pix": "chave pix 3f2504e0-4f89-41d3-9a0c-0305e82c3301", "plate": "placa ABC1D23",
    "address": "vive en Avenida Corrientes 1234", "coordinates": "su casa está en -33.44891, -70.66927",
}  # fmt: skip
_ENDS = (
    *("com", "org", "net", "edu", "gob", "gov", "gub", "mil", "info", "io", "biz", "coop", "me", "tv", "ar", "bo"),
    *("br", "cl", "co", "cr", "cu", "do", "ec", "es", "gt", "hn", "ht", "mx", "ni", "pa", "pe", "pr", "pt", "py"),
    *("sv", "uy", "ve"),
)
_UUID = "3f2504e0-4f89-41d3-9a0c-0305e82c3301"


def _kinds(text: str, modes: Mapping[str, str], hints: Hints = Hints()) -> list[str]:  # noqa: B008
    return [span.kind for span in find(text, modes, _WORDS, None, hints=hints)]


@pytest.mark.parametrize("kind", _SIGNED)
def test_a_kind_that_is_off_is_kept(kind: str) -> None:
    """The other kinds are replaced."""
    text = "; ".join(_SIGNED.values())
    assert _kinds(_SIGNED[kind], _FORM) == [kind]
    assert _kinds(_SIGNED[kind], _FORM | {kind: "off"}) == []
    assert _kinds(_SIGNED[kind], dict.fromkeys(KINDS, "off") | {kind: "form"}) == [kind]
    assert _kinds(text, _FORM | {kind: "off"}) == [item for item in _SIGNED if item != kind]
    assert _kinds("en 33°27'S 70°40'O", _FORM | {"coordinates": "off"}) == []


@pytest.mark.parametrize(
    ("kind", "text"),
    [("pix", f"o arquivo {_UUID}"), ("coordinates", "el sismo, en 33°27'S 70°40'O"), ("plate", "o ABC1D23 mesmo"),
     ("address", "la Avenida Corrientes 1234"), ("coordinates", "el sismo, en -33.44891, -70.66927")],
)  # fmt: skip
def test_a_kind_in_context_needs_its_word(kind: str, text: str) -> None:
    """In mode `form` it is replaced anywhere."""
    assert _kinds(text, _FORM) == [kind]
    assert _kinds(text, _FORM | {kind: "context"}) == []
    for word in ("chave pix", "mi casa", "placa", "vivo en"):
        assert _kinds(f"{word} {text}", _FORM) == [kind]


@pytest.mark.parametrize(
    ("text", "hints"),
    [("rosa arroba ejemplo punto org", Hints(spoken_at=False)), (f"chave pix {_UUID}", Hints(keys=False)),
     ("vive en Avenida Corrientes 1234", Hints(streets=False))],
)  # fmt: skip
def test_kinds_excluded_for_a_batch_are_not_searched(text: str, hints: Hints) -> None:
    """Without the quick look, all kinds are searched."""
    assert len(_kinds(text, _FORM)) == 1
    assert _kinds(text, _FORM, hints) == []


# Addresses of e-mail.


@pytest.mark.parametrize("end", _ENDS)
def test_a_spoken_address_ends_with_a_country_or_a_common_end(end: str) -> None:
    """In any of them, spoken or written, alone or after another."""
    for host in (
        f"ejemplo punto {end}",
        f"ejemplo.{end}",
        f"EJEMPLO PUNTO {end.upper()}",
        f"ejemplo punto edu punto {end}",
    ):
        assert redact(f"Es rosa arroba {host}, sí.")[0] == "Es [EMAIL], sí."
    assert redact(f"Es rosa arroba ejemplo punto {end}x, sí.")[0] == f"Es rosa arroba ejemplo punto {end}x, sí."


@pytest.mark.parametrize(
    "spoken",
    [f"ana{dot}rosa{at}ejemplo{dot}org"
     for at in (" arroba ", " Arroba ", " ARROBA ", " AT ", "[at]", "( At )", "{AT}", "<arroba>", "[ARROBA ]", "(a)")
     for dot in (".", " punto ", " ponto ", " dot ", " PUNTO ", " PONTO ", " DOT ", "[punto]", " ( ponto ) ", "{dot}",
                 "[ . ]", " [dot]", "(punto) ")],
)  # fmt: skip
def test_a_spoken_address_has_words_or_brackets_for_its_signs(spoken: str) -> None:
    """In its name as in its host."""
    assert redact(f"Es {spoken}, sí.")[0] == "Es [EMAIL], sí."


@pytest.mark.parametrize(
    "text",
    ["(arroba) ejemplo.org", "Arroba ejemplo punto org", "una arroba de papas punto por punto", "rosa arroba ejemplo",
     "rosa arroba ejemplo punto once", "rosa at ejemplo.org", "rosa [en] ejemplo.org", "rosa arroba ejemplo coma org",
     "rosa arroba", "¿arroba? sí punto com"],
)  # fmt: skip
def test_what_only_sounds_like_an_address_stays(text: str) -> None:
    """A weight, half an address, an English word."""
    assert redact(text) == (text, {})


def test_a_spoken_address_has_eighty_characters_at_most() -> None:
    """The limit holds on either side; a longer one is cut at the front, and isn't an address at the end."""
    for length, left in ((80, ""), (81, "x")):
        assert redact("x" * length + " arroba ejemplo.org")[0] == f"{left}[EMAIL]"
        host = "x" * (length - 4) + ".org"
        assert redact(f"rosa arroba {host}")[0] == (f"rosa arroba {host}" if left else "[EMAIL]")
    for length, left in ((256, ""), (257, "x")):
        assert redact("x" * length + "@ejemplo.org")[0] == f"{left}[EMAIL]"


def test_a_name_has_four_parts_at_most_and_a_host_as_many() -> None:
    """A fifth part belongs to the sentence before."""
    assert redact("a punto b punto c punto d punto e arroba f.org")[0] == "a punto [EMAIL]"
    assert redact("a arroba b.c.d.com.pe")[0] == "[EMAIL]"


# Random keys and places.


@pytest.mark.parametrize("key", [f"x{_UUID}", f"{_UUID}0", _UUID[1:], _UUID[:-1], _UUID.replace("-4f89", ""),
                                 _UUID.replace("-4f89", "-4f8"), _UUID.replace("-4f89", "-4f890"),
                                 _UUID.replace("-4f89", "-4f89-4f89"), _UUID.replace("3f2", "3g2")])  # fmt: skip
def test_a_key_of_another_form_is_none(key: str) -> None:
    """Eight signs, three times four, twelve, of sixteen that there are."""
    assert _kinds(f"chave pix {key}", _FORM) == []


@pytest.mark.parametrize(
    "place",
    ["33°27'S 70°40'O", "33°27'S70°40'O", "4°5'N 74°4'W", "33° 27' S, 70° 40' O", "33°27'12\"S 70°40'5\"O",
     "33°27′12″S; 70°40′05″W", "33°27’12”S y 70°40’5”O", "33°27'12''S, 70°40'5''O", "0°1'N e 51°3'O", "0°1'n e 151°3'e",
     "33° 27' 12.25\" S, 70° 40' 5,5\" O", "33°27'sur y 70°40'oeste", "33°27'Sur, y 70°40'Oeste",
     "4°5' norte 74°4' este",
     "33°27'12.5\"S 70°40'O", "33°27'S 70°40'5.25\"O", "33°27'1\" S 70°40'1\" W"],
)  # fmt: skip
def test_two_angles_are_a_place(place: str) -> None:
    """In degrees and minutes, with seconds or without, in signs or in words, whole."""
    assert redact(f"Está en {place}: allí.", "oral_history")[0] == "Está en [COORDINATES]: allí."


@pytest.mark.parametrize(
    "text",
    ["x33°27'S 70°40'O", "133°27'S 70°40'O", "33°270'S 70°40'O", "33°27'S 1700°40'O", "33°27'S 70°400'O",
     "33°27'123\"S 70°40'O", "33°27'S 70°40'123\"O", "33°27'S, 70°", "33°27'S junto a 70°40'O",
     "33°27'O 70°40'S", "33°27'S °40'O",
     "33°S 70°O", "33°27'12\"S\n\ny 70°40'O", "33°27'12'S 70°40'O"],
)  # fmt: skip
def test_other_angles_are_no_place(text: str) -> None:
    """Too many digits, one angle alone, another order."""
    assert "coordinates" not in _kinds(text, _FORM)


# Numbers in their places.


@pytest.mark.parametrize(
    ("text", "redacted"),
    [
        # A number after a day belongs to another sentence, and the day is no telephone.
        ("llamó por teléfono el 12-05-1987. 20 vecinos fueron", "llamó por teléfono el 12-05-1987. 20 vecinos fueron"),
        ("su documento del 12-05-1987. 20 vecinos fueron", "su documento del 12-05-1987. 20 vecinos fueron"),
        ("por teléfono, 12-05-1987 - 20 vecinos", "por teléfono, 12-05-1987 - 20 vecinos"),
        ("el teléfono de 1987-1990 (3 líneas)", "el teléfono de 1987-1990 (3 líneas)"),
        ("C.I. 12345 y más", "C.I. [CEDULA] y más"),
        # A telephone after a house hides neither.
        ("vive en calle Florida 1234 (011) 4321-5678", "vive en [ADDRESS] (011) 4321-5678"),
        ("vive en calle Florida 1234, tel. (011) 4321-5678", "vive en [ADDRESS], tel. [PHONE]"),
        ("vive en calle Florida 1234(+54) 11 4321 5678", "vive en [ADDRESS][PHONE]"),
        ("+56 9 8765 4321(+56) 9 8765 4322", "[PHONE][PHONE]"),
        ("a la placa AB 12 CD y a la placa ABC 123", "a la placa AB 12 CD y a la placa [PLATE]"),
        ("desde 2800:3f0::1 y ::1", "desde [IP] y ::1"),
        ("cédula 8-123-4567 y PE-12-345", "cédula [CEDULA] y [CEDULA]"),
    ],
)
def test_a_number_is_read_with_what_stands_beside_it(text: str, redacted: str) -> None:
    """Days, sentences, houses and telephones one after another."""
    assert redact(text, "news", "AR" if "011" in text or "tel" in text else None)[0] == redacted


# Listed names.


@pytest.mark.parametrize(
    ("text", "redacted"),
    [
        ("a rosa.perez@ejemplo.org o rosa@ejemplo.org, Rosa", "a [EMAIL] o [EMAIL], [NAME]"),
        ("vive en calle Rosa Quispe 123, dijo Rosa", "vive en [ADDRESS], dijo [NAME]"),
        ("Rosa vive en calle Ana 12", "[NAME] vive en [ADDRESS]"),
        ("rosa arroba ejemplo punto org", "[EMAIL]"),
        ("Rosa Quispe y Rosa", "[NAME] y [NAME]"),
        ("Rosa Rosa", "[NAME] [NAME]"),
        ("RUT 12.345.678-5 de ROSA", "RUT [RUT] de [NAME]"),
        ("doña Rosa@", "doña [NAME]@"),
    ],
)
def test_a_name_within_an_address_is_of_the_address(text: str, redacted: str) -> None:
    """The rest of it would say who she is, or where she lives."""
    assert redact(text, "news", "CL", names=names_pattern(["Rosa", "Rosa Quispe", "Ana", " ", ""]))[0] == redacted


def test_a_name_that_an_identifier_cuts_goes_whole() -> None:
    """Whatever is left of the number, nothing of a name is."""
    names = names_pattern(["Casa 12.345.678-5", "Doña 12"])
    assert redact("la Casa 12.345.678-5 y Doña 12.345.678-5", names=names)[0] == "la [NAME] y [NAME].345.678-5"


def test_of_two_names_that_begin_alike_the_longer_goes() -> None:
    """In whatever case the list has them."""
    for names in (["ana", "Ana María"], ["Ana", "ANA MARÍA"], ["Ana María", "ana"]):
        assert redact("Vino Ana María con Ana.", names=names_pattern(names))[0] == "Vino [NAME] con [NAME]."


def test_an_empty_list_of_names_matches_nothing() -> None:
    """Blank names match nothing either."""
    assert names_pattern([]) is names_pattern(["", " "]) is None
