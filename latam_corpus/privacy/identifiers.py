"""Validate identity, tax and account numbers of the region.

A number is valid if its check digits are right or, without check digits, if its date and place exist. `redact` decides
by the number's form and the words next to it whether a valid number in a text is a personal identifier.
"""

from __future__ import annotations

from calendar import monthrange
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from collections.abc import Sequence


# Prefixes of persons, which are random since June 2021 (ANSES and AFIP), including 25 and 26; firms have 30 or higher.
_CUIT_PREFIXES: Final = frozenset({"20", "23", "24", "25", "26", "27", "30", "33", "34"})


def is_rut(number: str) -> bool:
    """Whether it is a Chilean RUT: seven or eight digits and a check digit modulo 11, K for 10.

    Source: Servicio de Registro Civil e Identificación, rol único nacional; the weights are 2 to 7 from the right.

    >>> is_rut("12.345.678-5"), is_rut("12.345.678-6")
    (True, False)
    """
    signs = _signs(number).upper()
    body, check = signs[:-1], signs[-1:]
    if not (7 <= len(body) <= 8 and body.isdecimal()):
        return False
    return check == "0123456789K"[_check(body, (3, 2, 7, 6, 5, 4, 3, 2)[-len(body) :])]


def is_cpf(number: str) -> bool:
    """Whether it is a Brazilian CPF: nine digits and two check digits modulo 11.

    >>> is_cpf("529.982.247-25"), is_cpf("111.111.111-11")
    (True, False)
    """
    digits = _varied_digits(number, 11)
    # A check value of 10 is written as 0.
    return bool(digits) and all(
        _check(digits[:position], range(position + 1, 1, -1)) % 10 == int(digits[position]) for position in (9, 10)
    )


def is_cuit(number: str) -> bool:
    """Whether it is an Argentine CUIT or CUIL: ten digits and a check digit modulo 11.

    Numbers whose check digit would be 10 get another prefix.

    >>> is_cuit("20-12345678-6"), is_cuit("20-12345678-7")
    (True, False)
    """
    digits = _digits(number, 11)
    return digits[:2] in _CUIT_PREFIXES and _check(digits[:10], (5, 4, 3, 2, 7, 6, 5, 4, 3, 2)) == int(digits[10])


def is_cnpj(number: str) -> bool:
    """Whether it is a Brazilian CNPJ: twelve digits (since July 2026 also letters) and two check digits modulo 11.

    Source: Receita Federal, Instrução Normativa RFB 2.229/2024: a letter counts as its ASCII code less 48.

    >>> is_cnpj("11.222.333/0001-81"), is_cnpj("12.ABC.345/01DE-35"), is_cnpj("11.222.333/0001-82")
    (True, True, False)
    """
    signs = _signs(number).upper()
    if len(signs) != 14 or not signs.isascii() or not signs[12:].isdecimal() or len(set(signs)) == 1:
        return False
    values = [ord(sign) - 48 for sign in signs]
    weights = (6, 5, 4, 3, 2, 9, 8, 7, 6, 5, 4, 3, 2)
    return all(_check_value(values[:position], weights[-position:]) % 10 == values[position] for position in (12, 13))


def is_ruc_peru(number: str) -> bool:
    """Whether it is a Peruvian RUC: prefix of a person (10, 15, 16, 17) or firm (20), 8 digits, check digit modulo 11.

    >>> is_ruc_peru("20512333797"), is_ruc_peru("20512333798")
    (True, False)
    """
    digits = _digits(number, 11)
    if digits[:2] not in {"10", "15", "16", "17", "20"}:
        return False
    return (11 - _dot(digits[:10], (5, 4, 3, 2, 7, 6, 5, 4, 3, 2)) % 11) % 10 == int(digits[10])


def is_ci_uruguay(number: str) -> bool:
    """Whether it is a Uruguayan cédula: six or seven digits and a check digit modulo 10.

    Source: Dirección Nacional de Identificación Civil; the weights are 2, 9, 8, 7, 6, 3, 4.

    >>> is_ci_uruguay("1.234.567-2"), is_ci_uruguay("1.234.567-3")
    (True, False)
    """
    digits = _digits(number, 7, 8)
    return bool(digits) and -_dot(digits[:-1].zfill(7), (2, 9, 8, 7, 6, 3, 4)) % 10 == int(digits[-1])


def is_cedula_ecuador(number: str) -> bool:
    """Whether it is an Ecuadorian cédula: province (01 to 24, 30 abroad), seven digits and a check digit (Luhn).

    The third digit is 0 to 5, or 6 in recent numbers.

    >>> is_cedula_ecuador("171003406-5"), is_cedula_ecuador("1710034066")
    (True, False)
    """
    digits = _digits(number, 10)
    return bool(digits) and _is_province(digits) and int(digits[2]) <= 6 and is_luhn(digits)


def is_ruc_ecuador(number: str) -> bool:
    """Whether it is an Ecuadorian RUC: a cédula and three digits, or the number of a firm or a public body.

    >>> is_ruc_ecuador("1710034065001"), is_ruc_ecuador("1790012345001"), is_ruc_ecuador("1710034066001")
    (True, False, False)
    """
    digits = _digits(number, 13)
    if digits[-3:] in ("", "000"):
        return False
    is_firm = digits[2] == "9" and _check(digits[:9], (4, 3, 2, 7, 6, 5, 4, 3, 2)) == int(digits[9])
    is_public = digits[2] in "69" and _check(digits[:8], (3, 2, 7, 6, 5, 4, 3, 2)) == int(digits[8])
    return (_is_province(digits) and (is_firm or is_public)) or is_cedula_ecuador(digits[:10])


def is_luhn(number: str) -> bool:
    """Whether its last digit is the Luhn check digit (ISO/IEC 7812-1), and its digits aren't all the same.

    >>> is_luhn("4111 1111 1111 1111"), is_luhn("4111 1111 1111 1112")
    (True, False)
    """
    digits = _varied_digits(number)
    doubled = (sum(divmod(2 * int(digit), 10)) for digit in digits[-2::-2])
    return bool(digits) and (sum(map(int, digits[-1::-2])) + sum(doubled)) % 10 == 0


def is_nit_colombia(number: str) -> bool:
    """Whether it is a Colombian NIT: eight to ten digits and a check digit modulo 11 (DIAN).

    >>> is_nit_colombia("213.123.432-1"), is_nit_colombia("213.123.432-2")
    (True, False)
    """
    digits = _digits(number, 9, 10, 11)
    remainder = _dot(digits[:-1].zfill(10), (43, 41, 37, 29, 23, 19, 17, 13, 7, 3)) % 11
    return bool(digits) and (remainder if remainder < 2 else 11 - remainder) == int(digits[-1])


def is_nit_guatemala(number: str) -> bool:
    """Whether it is a Guatemalan NIT: up to eleven digits and a check digit modulo 11, K for 10.

    >>> is_nit_guatemala("576937-K"), is_nit_guatemala("7108-0"), is_nit_guatemala("8977112-0")
    (True, True, False)
    """
    signs = _signs(number).upper()
    body, check = signs[:-1], signs[-1:]
    if not (1 <= len(body) <= 11 and body.isdecimal()):
        return False
    return check == "0123456789K"[_check(body, range(len(body) + 1, 1, -1))]


def is_cui_guatemala(number: str) -> bool:
    """Whether it is a Guatemalan CUI: eight digits, check digit modulo 11, department 01 to 22, municipality.

    >>> is_cui_guatemala("2612 59571 0101"), is_cui_guatemala("2612 59572 0101")
    (True, False)
    """
    digits = _digits(number, 13)
    if not (digits and 1 <= int(digits[9:11]) <= 22 and 1 <= int(digits[11:]) <= 33):
        return False
    return _dot(digits[:8], range(2, 10)) % 11 == int(digits[8])


def is_ruc_paraguay(number: str) -> bool:
    """Whether it is a Paraguayan RUC: five to eight digits and a check digit modulo 11 (SET).

    >>> is_ruc_paraguay("80028061-0"), is_ruc_paraguay("80028061-1")
    (True, False)
    """
    digits = _digits(number, 6, 7, 8, 9)
    return bool(digits) and _check(digits[:-1], range(len(digits), 1, -1)) % 10 == int(digits[-1])


def is_rif(number: str) -> bool:
    """Whether it is a Venezuelan RIF: V, E, J, P, G or C, eight digits and a check digit modulo 11 (SENIAT).

    >>> is_rif("V-11470283-4"), is_rif("V-11470283-3")
    (True, False)
    """
    signs = _signs(number).upper()
    letters = {"V": 1, "E": 2, "J": 3, "C": 3, "P": 4, "G": 5}
    if len(signs) != 10 or signs[0] not in letters or not signs[1:].isdecimal():
        return False
    remainder = (4 * letters[signs[0]] + _dot(signs[1:9], (3, 2, 7, 6, 5, 4, 3, 2))) % 11
    return (0 if remainder < 2 else 11 - remainder) == int(signs[9])


def is_dui(number: str) -> bool:
    """Whether it is a Salvadoran DUI: eight digits and a check digit modulo 10.

    >>> is_dui("00016297-5"), is_dui("00016297-6")
    (True, False)
    """
    digits = _digits(number, 9)
    return bool(digits) and -_dot(digits[:8], range(9, 1, -1)) % 10 == int(digits[8])


def is_curp(number: str) -> bool:
    """Whether it is a Mexican CURP: seventeen signs with a date of birth, and a check digit modulo 10.

    Source: Secretaría de Gobernación, Instructivo normativo para la asignación de la CURP; Ñ follows N.

    >>> is_curp("BOXW310820HNERXN09"), is_curp("BOXW310820HNERXN08")
    (True, False)
    """
    signs = number.upper()
    if len(signs) != 18 or not (_is_date(signs[4:10]) and signs[17].isdecimal()):
        return False
    values = [_CURP_SIGNS.find(sign) for sign in signs[:17]]
    return -1 not in values and -_weighted_sum(values, range(18, 1, -1)) % 10 == int(signs[17])


def is_rfc(number: str) -> bool:
    """Whether it is a Mexican RFC: three letters (firm) or four (person), a date, and three signs.

    The last sign is a check digit modulo 11 (SAT), with A for 10.

    >>> is_rfc("GODE561231GR8"), is_rfc("GODE561231GR9"), is_rfc("MAB9307148T4")
    (True, False, True)
    """
    signs = "".join(sign for sign in number.upper() if sign.isalnum() or sign == "&")
    if len(signs) not in (12, 13) or not _is_date(signs[-9:-3]):
        return False
    values = [_RFC_SIGNS.find(sign) for sign in signs[:-1].rjust(12)]
    remainder = -_weighted_sum(values, range(13, 1, -1)) % 11
    return -1 not in values and signs[-1] == "0123456789A"[remainder]


def is_clabe(number: str) -> bool:
    """Whether it is a Mexican CLABE: seventeen digits and a check digit modulo 10, weights 3, 7, 1.

    >>> is_clabe("032180000118359719"), is_clabe("032180000118359718")
    (True, False)
    """
    digits = _varied_digits(number, 18)
    weighted = (int(digit) * (3, 7, 1)[index % 3] % 10 for index, digit in enumerate(digits[:17]))
    return bool(digits) and -sum(weighted) % 10 == int(digits[17])


def is_cbu(number: str) -> bool:
    """Whether it is an Argentine CBU or CVU: blocks of 7 and 13 digits, each with a check digit modulo 10 (BCRA).

    >>> is_cbu("2850590940090418135201"), is_cbu("2850590940090418135202")
    (True, False)
    """
    digits, weights = _varied_digits(number, 22), (3, 1, 7, 9)
    return bool(digits) and all(
        -sum(int(digit) * weights[index % 4] for index, digit in enumerate(reversed(block[:-1]))) % 10 == int(block[-1])
        for block in (digits[:8], digits[8:])
    )


def is_iban(number: str) -> bool:
    """Whether it is an IBAN: with the first four signs moved to the end, its value is 1 modulo 97 (ISO 13616).

    >>> is_iban("CR05 0152 0200 1026 2840 66"), is_iban("CR06 0152 0200 1026 2840 66")
    (True, False)
    """
    signs = _signs(number).upper()
    if not (15 <= len(signs) <= 34 and signs.isascii()):
        return False
    return int("".join(str(int(sign, 36)) for sign in signs[4:] + signs[:4])) % 97 == 1


def is_cedula_nicaragua(number: str) -> bool:
    """Whether it may be a Nicaraguan cédula: municipality, date of birth, four digits and a letter.

    >>> is_cedula_nicaragua("001-010180-0001A"), is_cedula_nicaragua("001-013180-0001A")
    (True, False)
    """
    return _is_date(_signs(number)[3:9], "dmy")


def is_dni_honduras(number: str) -> bool:
    """Whether it may be a Honduran DNI: department 01 to 18, municipality, year, five digits.

    >>> is_dni_honduras("0801-1990-12345"), is_dni_honduras("2001-1990-12345")
    (True, False)
    """
    digits = _signs(number)
    return 1 <= int(digits[:2]) <= 18 and 1 <= int(digits[2:4]) <= 28 and 1900 <= int(digits[4:8]) <= 2039


def is_nit_el_salvador(number: str) -> bool:
    """Whether it may be a Salvadoran NIT: municipality, date, three digits and another digit.

    >>> is_nit_el_salvador("0614-010180-101-3"), is_nit_el_salvador("0614-013180-101-3")
    (True, False)
    """
    return _is_date(_signs(number)[4:10], "dmy")


def is_carne_cuba(number: str) -> bool:
    """Whether it may be a Cuban identity number: eleven digits that begin with a date of birth.

    >>> is_carne_cuba("85042312345"), is_carne_cuba("85134212345")
    (True, False)
    """
    return _is_date(number[:6])


def is_pis(number: str) -> bool:
    """Whether it is a Brazilian PIS, PASEP or NIS: ten digits and a check digit modulo 11.

    >>> is_pis("120.56412.54-5"), is_pis("120.56412.54-6")
    (True, False)
    """
    digits = _varied_digits(number, 11)
    return bool(digits) and _check(digits[:10], (3, 2, 9, 8, 7, 6, 5, 4, 3, 2)) % 10 == int(digits[10])


def is_cns(number: str) -> bool:
    """Whether it is a Brazilian health card number: fifteen digits with a weighted sum (15 to 1) divisible by 11.

    Source: Ministério da Saúde, Cartão Nacional de Saúde; first digit 1 or 2 (definitive), 7 to 9 (provisional).

    >>> is_cns("100 0000 0000 0007"), is_cns("100 0000 0000 0008")
    (True, False)
    """
    digits = _digits(number, 15)
    return digits.startswith(tuple("12789")) and _dot(digits, range(15, 0, -1)) % 11 == 0


_CURP_SIGNS: Final = "0123456789ABCDEFGHIJKLMNÑOPQRSTUVWXYZ"
_RFC_SIGNS: Final = "0123456789ABCDEFGHIJKLMN&OPQRSTUVWXYZ Ñ"


def _is_date(digits: str, order: str = "ymd") -> bool:
    """Whether six digits are a valid date in any century."""
    if len(digits) != 6 or not digits.isdecimal():
        return False
    parts = dict(zip(order, (int(digits[:2]), int(digits[2:4]), int(digits[4:])), strict=True))
    return 1 <= parts["m"] <= 12 and 1 <= parts["d"] <= monthrange(2000, parts["m"])[1]


def _is_province(digits: str) -> bool:
    """Whether a number begins with the code of an Ecuadorian province, or with 30, for Ecuadorians abroad."""
    return 1 <= int(digits[:2]) <= 24 or digits[:2] == "30"


def _dot(digits: str, weights: Sequence[int]) -> int:
    return _weighted_sum([int(digit) for digit in digits], weights)


def _weighted_sum(values: Sequence[int], weights: Sequence[int]) -> int:
    return sum(value * weight for value, weight in zip(values, weights, strict=True))


def _check_value(values: Sequence[int], weights: Sequence[int]) -> int:
    """Return the check value modulo 11: the number that makes the weighted sum divisible by 11 when added."""
    return -_weighted_sum(values, weights) % 11


def _signs(number: str) -> str:
    return "".join(sign for sign in number if sign.isalnum())


def _digits(number: str, *lengths: int) -> str:
    """Return the digits of a number; "" if it has letters, or another length than these."""
    signs = _signs(number)
    return signs if signs.isdecimal() and (not lengths or len(signs) in lengths) else ""


def _varied_digits(number: str, *lengths: int) -> str:
    """Return the digits of a number like `_digits`, but also "" if all digits are the same."""
    digits = _digits(number, *lengths)
    return digits if len(set(digits)) > 1 else ""


def _check(digits: str, weights: Sequence[int]) -> int:
    """Return the check value of digits modulo 11, 0 to 10."""
    return -_dot(digits, weights) % 11
