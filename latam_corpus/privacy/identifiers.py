"""Identity numbers of the region that carry check digits, each with its rule.

A number is called one of these only when its check digits hold. Numbers without check digits (DNI, cédulas of some
countries) collide with ordinary numbers and are not looked for here.
"""

from __future__ import annotations


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
    total = sum(int(digit) * (2 + place % 6) for place, digit in enumerate(reversed(body)))
    return check == "0123456789K"[(11 - total % 11) % 11]


def is_cpf(number: str) -> bool:
    """Whether it is a Brazilian CPF: eleven digits, the last two of which check the others modulo 11.

    >>> is_cpf("529.982.247-25"), is_cpf("111.111.111-11")
    (True, False)
    """
    digits = [int(sign) for sign in _signs(number) if sign.isdecimal()]
    if len(digits) != 11 or len(set(digits)) == 1:  # noqa: PLR2004
        return False
    return all(_mod_11(digits[:place], range(place + 1, 1, -1)) == digits[place] for place in (9, 10))


def is_cuit(number: str) -> bool:
    """Whether it is an Argentine CUIT or CUIL: eleven digits, the last of which checks the others modulo 11.

    >>> is_cuit("20-12345678-6"), is_cuit("20-12345678-7")
    (True, False)
    """
    signs = _signs(number)
    if len(signs) != 11 or not signs.isdecimal() or signs[:2] not in {"20", "23", "24", "27", "30", "33", "34"}:  # noqa: PLR2004
        return False
    return _mod_11([int(sign) for sign in signs[:10]], (5, 4, 3, 2, 7, 6, 5, 4, 3, 2)) == int(signs[10])


def _signs(number: str) -> str:
    return "".join(sign for sign in number if sign.isalnum())


def _mod_11(digits: list[int], weights: range | tuple[int, ...]) -> int:
    rest = sum(digit * weight for digit, weight in zip(digits, weights, strict=True)) % 11
    return 0 if rest < 2 else 11 - rest  # noqa: PLR2004
