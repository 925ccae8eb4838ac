"""The quick look lets through every form that a close look replaces, by each row's genre, country and source."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import polars as pl
import pytest

from latam_corpus.batch import Batch
from latam_corpus.errors import ConfigError
from latam_corpus.privacy.find import names_pattern
from latam_corpus.privacy.redact import Redact, redact

if TYPE_CHECKING:
    from pathlib import Path

_STREETS = (
    "calle", "Calle", "av.", "Avenida", "avda", "Avda.", "av", "rua", "R.", "carrera", "cra", "Cra.", "kra", "cl.",
    "diagonal", "Diag.", "transversal", "pasaje", "pje", "Psje.", "jirón", "jiron", "Jr.", "alameda", "calzada",
    "boulevard", "bolevard", "Blvd.", "bulevar", "travessa", "praça", "praca", "plaza", "camino", "callejón",
    "prolongación", "estrada", "ladeira", "largo", "privada", "cerrada",
)  # fmt: skip
_SPOKEN = (
    "rosa [at] ejemplo.org", "rosa(at)ejemplo.org", "rosa {AT} ejemplo.org", "rosa <At> ejemplo.org",
    "rosa (arroba) ejemplo.org", "rosa [ARROBA] ejemplo.org", "rosa (a) ejemplo.org", "rosa arroba ejemplo.org",
    "rosa arroba ejemplo punto org", "rosa ARROBA exemplo ponto com", "rosa Arroba example dot com",
    "rosa AT ejemplo.org", "rosa arroba ejemplo [punto] org", "rosa arroba ejemplo(dot)org",
    "rosa arroba ejemplo {ponto} org", "ana punto rosa arroba ejemplo PUNTO org",
)  # fmt: skip


def _texts(stage: Redact, **columns: list[str | None]) -> list[str]:
    frame = pl.DataFrame(columns, dict.fromkeys(columns, pl.String))
    redacted: list[str] = stage(Batch(frame)).frame["text"].to_list()
    return redacted


@pytest.mark.parametrize("street", [*_STREETS])
def test_every_word_for_a_street_is_searched(street: str) -> None:
    """Testimony that names a house is searched."""
    text = f"Vivíamos en {street} Las Heras 1450, con mi tía."
    [redacted] = _texts(Redact(), text=[text], genre=["oral_history"])
    assert redacted == "Vivíamos en [ADDRESS], con mi tía."


def test_a_street_after_its_sign_is_looked_at() -> None:
    """«c/» needs no space."""
    assert _texts(Redact(), text=["en c/Mayor 12, Lima"], genre=["oral_history"]) == ["en [ADDRESS], Lima"]


@pytest.mark.parametrize("spoken", _SPOKEN)
def test_every_spoken_address_is_searched(spoken: str) -> None:
    """Spoken addresses have no digit and no @."""
    assert _texts(Redact(), text=[f"Escriba a {spoken}"]) == ["Escriba a [EMAIL]"]
    assert redact(f"Escriba a {spoken}")[1] == {"email": 1}


@pytest.mark.parametrize("key", ["123e4567-e89b-12d3-a456-426614174000", "ABCDEF01-23AB-4CDE-8F01-ABCDEFABCDEF"])
def test_random_keys_are_searched(key: str) -> None:
    """They are found only next to their word."""
    assert _texts(Redact(), text=[f"A chave pix é {key}.", f"O arquivo é {key}."]) == [
        "A chave pix é [PIX].",
        f"O arquivo é {key}.",
    ]


def test_each_row_has_its_own_genre_and_country() -> None:
    """A character's telephone is kept, and a number is first read as one of its country."""
    text = "Llámame al +56 9 8765 4321."
    assert _texts(Redact(), text=[text, text, text], genre=["literature", "news", None]) == [
        text,
        "Llámame al [PHONE].",
        "Llámame al [PHONE].",
    ]
    plate = "Era o carro ABC1D23 mesmo."
    rows = _texts(Redact(), text=[plate, plate], genre=["oral_history"] * 2, country=["BR", "AR"])
    assert rows == ["Era o carro [PLATE] mesmo.", plate]


def test_names_are_those_of_the_rows_source(tmp_path: Path) -> None:
    """A row of no source has none; a list may begin with a mark of its encoding, and its accents are UTF-8."""
    names = tmp_path / "nombres.txt"
    names.write_bytes("\ufeffRosa Ñuñez # la vecina\nJosé\n".encode())
    stage = replace(Redact(), names=(("a", str(names)),))
    text = "Dijo Rosa Ñuñez que sí."
    redacted = _texts(stage, text=[text, text, text], source_id=["a", "b", None])
    assert redacted == ["Dijo [NAME] que sí.", text, text]
    assert _texts(stage, text=[text]) == [text]
    assert _texts(Redact(), text=[text], source_id=["a"]) == [text]


def test_names_overrule_numbers_and_the_longest_is_taken() -> None:
    """A list may have one name within another."""
    names = names_pattern(["Ana", "Ana María", "Casa 12-45", "+56 9 8765 4321"])
    assert redact("Ana María y Ana, al +56 9 8765 4321", names=names)[0] == "[NAME] y [NAME], al [NAME]"


def test_a_missing_list_is_reported(tmp_path: Path) -> None:
    """The error names its path."""
    with pytest.raises(ConfigError, match=r"no hay\.txt"):
        Redact(names=(("a", str(tmp_path / "no hay.txt")),)).fingerprint()


def test_what_it_says_goes_by_content() -> None:
    """Two copies of a folder are one; other numbers of telephones are another stage."""
    assert (Redact.name, sorted(Redact.needs), sorted(Redact.gives)) == ("redact", ["text"], ["redactions", "text"])
    assert (Redact.by_content, Redact.libraries) == (("policies", "names", "speakers"), ("phonenumbers",))


@pytest.mark.parametrize(
    ("text", "redacted"),
    [
        ("Está en 33°27'12\"S, 70°40'05\"W, al sur.", "Está en [COORDINATES], al sur."),
        ("4°35'N y 74°04'O", "[COORDINATES]"),
        ("hace 33° a la sombra y 12° de noche", "hace 33° a la sombra y 12° de noche"),
    ],
)
def test_coordinates_in_degrees(text: str, redacted: str) -> None:
    """Two values in degrees are a place; a temperature isn't."""
    assert _texts(Redact(), text=[text], genre=["oral_history"]) == [redacted]
    assert _texts(Redact(), text=[text], genre=["literature"]) == [text]


@pytest.mark.parametrize(
    ("text", "redacted"),
    [
        ("@x a@b.co", "@x [EMAIL]"),
        ("a@b.co,c@d.org", "[EMAIL],[EMAIL]"),
        ("a@ b.co y @", "a@ b.co y @"),
        ("x" * 300 + "@b.co", "x" * 44 + "[EMAIL]"),
        ("a@b", "a@b"),
        ("1@b.co", "[EMAIL]"),
    ],
)
def test_addresses_of_e_mail(text: str, redacted: str) -> None:
    """A name of 256 signs at most (RFC 5321 has 64), and a host with a point."""
    assert redact(text)[0] == redacted
