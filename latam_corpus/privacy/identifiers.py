"""Identity numbers of the region that carry check digits, each with its rule.

A number is called one of these only when its check digits hold. Numbers without check digits (DNI, cédulas of some
countries) collide with ordinary numbers and are not looked for here.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from collections.abc import Sequence


# Of persons, given by chance since June 2021 (ANSES and AFIP), 25 and 26 among them; from 30 on of firms.
_CUIT_PREFIXES: Final = frozenset({"20", "23", "24", "25", "26", "27", "30", "33", "34"})


def is_rut(number: str) -> bool:
    """Whether it is a Chilean RUT: eight or nine signs, the last of which checks the others modulo 11.

    Source: Servicio de Registro Civil e Identificación, rol único nacional; the weights are 2 to 7 from the right.

    >>> is_rut("12.345.678-5"), is_rut("12.345.678-6")
    (True, False)
    """
    signs = _signs(number).upper()
    body, check = signs[:-1], signs[-1:]
    if not (7 <= len(body) <= 8 and body.isdecimal()):  # noqa: PLR2004
        return False
    return check == "0123456789K"[_check(body, (3, 2, 7, 6, 5, 4, 3, 2)[-len(body) :])]


def is_cpf(number: str) -> bool:
    """Whether it is a Brazilian CPF: eleven digits, the last two of which check the others modulo 11.

    >>> is_cpf("529.982.247-25"), is_cpf("111.111.111-11")
    (True, False)
    """
    digits = _signs(number)
    if len(digits) != 11 or not digits.isdecimal() or len(set(digits)) == 1:  # noqa: PLR2004
        return False
    # What would be 10 is 0.
    return all(_check(digits[:place], range(place + 1, 1, -1)) % 10 == int(digits[place]) for place in (9, 10))


def is_cuit(number: str) -> bool:
    """Whether it is an Argentine CUIT or CUIL: eleven digits, the last of which checks the others modulo 11.

    Whose digit would be 10 is given another prefix.

    >>> is_cuit("20-12345678-6"), is_cuit("20-12345678-7")
    (True, False)
    """
    digits = _signs(number)
    if len(digits) != 11 or not digits.isdecimal() or digits[:2] not in _CUIT_PREFIXES:  # noqa: PLR2004
        return False
    return _check(digits[:10], (5, 4, 3, 2, 7, 6, 5, 4, 3, 2)) == int(digits[10])


def _signs(number: str) -> str:
    return "".join(sign for sign in number if sign.isalnum())


def _check(digits: str, weights: Sequence[int]) -> int:
    """What must be added to the weighted digits to make them a multiple of 11, 0 to 10."""
    return -sum(int(digit) * weight for digit, weight in zip(digits, weights, strict=True)) % 11
