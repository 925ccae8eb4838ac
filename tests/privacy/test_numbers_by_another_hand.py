"""Identity numbers are valid if python-stdnum, an independent library, says so: random ones, with every check digit."""

from __future__ import annotations

import importlib
import random
import string
from typing import TYPE_CHECKING

import pytest

from latam_corpus.privacy import identifiers

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

_CURP = "AEIOUBCDXYZ"
_DATES = ("800229", "010101", "991231", "990230", "001301", "050600")


def _digits(lot: random.Random, count: int) -> str:
    return "".join(lot.choices(string.digits, k=count))


def _numeric(*lengths: int, starts: tuple[str, ...] = ("",), others: bool = True) -> Callable[[random.Random], str]:
    def draw(lot: random.Random) -> str:
        start = lot.choice(starts)
        length = lot.choice([*lengths, *lengths, *lengths, *([min(lengths) - 1, max(lengths) + 1] if others else [])])
        return start + _digits(lot, length - 1 - len(start))

    return draw


def _cnpj(lot: random.Random) -> str:
    """Half of them with letters; the one before the last by trying."""
    body = "".join(lot.choices(string.digits + lot.choice(["", string.ascii_uppercase]), k=12))
    return body + lot.choice([sign for sign in string.digits if _ends(identifiers.is_cnpj, body + sign)] or ["0"])


def _ends(holds: Callable[[str], bool], body: str) -> bool:
    return any(holds(body + sign) for sign in string.digits)


def _ruc_ecuador(lot: random.Random) -> str:
    return lot.choice(["01", "17", "24", "25", "30"]) + lot.choice("05669") + _digits(lot, 7) + "00"


def _curp(lot: random.Random) -> str:
    letters = lot.choice("BCDW") + lot.choice("AEIOUX") + "".join(lot.choices(_CURP, k=2))
    remainder = (
        lot.choice("HM") + lot.choice(["DF", "OC", "NE"]) + "".join(lot.choices("BCDFGX", k=3)) + lot.choice("09A")
    )
    return letters + lot.choice(_DATES) + remainder


def _rfc(lot: random.Random) -> str:
    letters = "".join(lot.choices("BCDFG&Ñ", k=lot.choice([3, 4])))
    return letters + lot.choice(_DATES) + "".join(lot.choices("123456789ABC", k=2))


def _cbu(lot: random.Random) -> str:
    """Its first block by trying: seven digits and the one that checks them."""
    block = _digits(lot, 7)
    total = sum(int(digit) * weight for digit, weight in zip(block, (7, 1, 3, 9, 7, 1, 3), strict=True))
    return block + str((-total + lot.choice([0, 0, 0, 1])) % 10) + _digits(lot, 13)


_DRAWN = {
    "is_rut": ("cl.rut", _numeric(8, 9), string.digits + "K"),
    "is_cpf": ("br.cpf", lambda lot: _two(lot, identifiers.is_cpf, 9), string.digits),
    "is_cnpj": ("br.cnpj", _cnpj, string.digits),
    "is_cuit": ("ar.cuit", _numeric(11, starts=("20", "23", "24", "27", "30", "33", "34", "99", "22")), string.digits),
    "is_ruc_peru": ("pe.ruc", _numeric(11, starts=("10", "15", "17", "20", "11", "30")), string.digits),
    "is_cedula_ecuador": (
        "ec.ci",
        _numeric(10, starts=("00", "01", "015", "016", "017", "24", "25", "30", "31")),
        string.digits,
    ),
    "is_ruc_ecuador": ("ec.ruc", _ruc_ecuador, "12"),
    "is_luhn": ("luhn", _numeric(13, 15, 16), string.digits),
    "is_nit_colombia": ("co.nit", _numeric(9, 10, 11, others=False), string.digits),
    "is_nit_guatemala": ("gt.nit", _numeric(6, 7, 8, 9), string.digits + "K"),
    "is_ruc_paraguay": ("py.ruc", _numeric(7, 8, 9), string.digits),
    "is_rif": ("ve.rif", lambda lot: lot.choice("VEJPGXA") + _digits(lot, lot.choice([8, 8, 8, 7, 9])), string.digits),
    "is_curp": ("mx.curp", _curp, string.digits),
    "is_rfc": ("mx.rfc", _rfc, string.digits + "A"),
    "is_cbu": ("ar.cbu", _cbu, string.digits),
}


def _two(lot: random.Random, holds: Callable[[str], bool], count: int) -> str:
    """A body and the first of two signs that check it, by trying."""
    body = _digits(lot, count)
    return body + lot.choice([sign for sign in string.digits if _ends(holds, body + sign)] or ["0"])


def _ten(number: str) -> bool:
    """Return whether the digit of a CUIT would be ten: its prefix is then changed, and the number isn't issued."""
    weights = (5, 4, 3, 2, 7, 6, 5, 4, 3, 2)
    return sum(int(digit) * weight for digit, weight in zip(number[:10], weights, strict=False)) % 11 == 1


def _numbers(name: str) -> Iterator[str]:
    _, draw, signs = _DRAWN[name]
    lot = random.Random(20261127)
    for _ in range(400):
        body = draw(lot)
        yield from (body + sign for sign in signs)


@pytest.mark.parametrize("name", sorted(_DRAWN))
def test_another_library_agrees(name: str) -> None:
    """Thousands of numbers are compared; some of them are valid."""
    other = importlib.import_module(f"stdnum.{_DRAWN[name][0]}")
    holds = getattr(identifiers, name)
    numbers = [item for item in _numbers(name) if not (name == "is_cuit" and _ten(item))]
    requested = {"validate_check_digits": True} if name == "is_rfc" else {}
    answers = {item: bool(other.is_valid(item, **requested)) for item in numbers}
    assert sum(answers.values()) >= 40
    assert {item: (holds(item), answer) for item, answer in answers.items() if holds(item) != answer} == {}
