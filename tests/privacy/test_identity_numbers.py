"""An identity number is one only when its check digits hold; each sum below is done by hand, by the country's rule."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from latam_corpus.privacy import identifiers
from latam_corpus.privacy.identifiers import is_cpf, is_cuit, is_rut

if TYPE_CHECKING:
    from collections.abc import Callable

# Chile: the digits from the right times 2, 3, 4, 5, 6, 7, 2, 3; 11 less the rest of the sum by 11; 11 is 0, 10 is K.
_RUTS = [
    "12.345.678-5",  # 16+21+24+25+24+21+4+3 = 138 = 12 × 11 + 6
    "12345678-5",
    "7.654.321-6",  # 2+6+12+20+30+42+14 = 126 = 11 × 11 + 5
    "9876543-3",  # 6+12+20+30+42+56+18 = 184 = 16 × 11 + 8
    "20.347.878-K",  # 16+21+32+35+24+21+0+6 = 155 = 14 × 11 + 1
    "20347878-k",
    "1.000.013-0",  # 6+3+0+0+0+0+2 = 11
    "17.654.371-K",  # 2+21+12+20+30+42+14+3 = 144 = 13 × 11 + 1
]

# Brazil (Receita Federal): the nine digits times 10 to 2, the ten times 11 to 2; 11 less the rest by 11; from 10 on, 0.
_CPFS = [
    "529.982.247-25",  # 295 = 26 × 11 + 9, 347 = 31 × 11 + 6
    "529982247-25",
    "111.444.777-35",  # 162 = 14 × 11 + 8, 204 = 18 × 11 + 6
    "350.000.002-93",  # 79 = 7 × 11 + 2, 107 = 9 × 11 + 8
    "350.000.016-99",  # 90 = 8 × 11 + 2, 123 = 11 × 11 + 2
]

# Argentina (AFIP): the ten digits times 5, 4, 3, 2, 7, 6, 5, 4, 3, 2; 11 less the rest of the sum by 11; 11 is 0. The
# digits 12345678 give 138, and the prefix the rest.
_CUITS = [
    "20-12345678-6",  # 10+0+138 = 148 = 13 × 11 + 5
    "23-12345678-5",  # 10+12+138 = 160 = 14 × 11 + 6
    "24-12345678-1",  # 10+16+138 = 164 = 14 × 11 + 10
    "25-12345678-8",  # 10+20+138 = 168 = 15 × 11 + 3
    "26-12345678-4",  # 10+24+138 = 172 = 15 × 11 + 7
    "27-12345678-0",  # 10+28+138 = 176 = 16 × 11
    "30-12345678-1",  # 15+0+138 = 153 = 13 × 11 + 10
    "33-12345678-0",  # 15+12+138 = 165 = 15 × 11
    "34-12345678-7",  # 15+16+138 = 169 = 15 × 11 + 4
    "20-30000003-8",  # 10+0+9+0+0+0+0+0+0+6 = 25 = 2 × 11 + 3
]

_KINDS: list[tuple[Callable[[str], bool], list[str], str]] = [
    (is_rut, _RUTS, "0123456789K"),
    (is_cpf, _CPFS, "0123456789"),
    (is_cuit, _CUITS, "0123456789"),
]
_EACH = [(holds, number, signs) for holds, numbers, signs in _KINDS for number in numbers]


@pytest.mark.parametrize(("holds", "number", "signs"), _EACH, ids=[number for _, number, _ in _EACH])
def test_a_number_holds_and_no_other_that_differs_in_one_sign(
    holds: Callable[[str], bool], number: str, signs: str
) -> None:
    """Check digits modulo 11 see every digit that is mistaken; marks between the digits are no part of the number."""
    assert holds(number)
    assert holds("".join(sign for sign in number if sign.isalnum()))
    for place, sign in enumerate(number):
        other_values = signs.replace(sign.upper(), "") if sign.isalnum() else ""
        # The prefix of a CUIT has its own test, and a K stands at the end.
        if holds is is_cuit and place < 2:
            continue
        for other in other_values if place == len(number) - 1 else other_values.replace("K", ""):
            assert not holds(number[:place] + other + number[place + 1 :])


@pytest.mark.parametrize(
    "number",
    [
        "123.456.789-09",  # 210 = 19 × 11 + 1, 255 = 23 × 11 + 2
        "987.654.321-00",  # 330 = 30 × 11, 375 = 34 × 11 + 1
        "350.000.009-60",  # 93 = 8 × 11 + 5, 122 = 11 × 11 + 1
        "350.000.077-00",  # 110 = 10 × 11, 132 = 12 × 11
    ],
)
def test_a_check_digit_of_a_cpf_is_0_where_it_would_be_10_or_11(number: str) -> None:
    """Rests 0 and 1 both give it, so that not every mistake is seen; one in the check digits is."""
    assert [last for last in range(100) if is_cpf(f"{number[:-2]}{last:02}")] == [int(number[-2:])]


def test_eleven_equal_digits_are_no_cpf() -> None:
    """Their check digits are right, but no one is issued such a number."""
    assert [digit for digit in "0123456789" if is_cpf(digit * 11)] == []


def test_a_cuit_has_the_prefix_of_a_person_or_a_firm() -> None:
    """Nine prefixes are given; with any other the digits are another number, whatever the last one is."""
    numbers = [f"{prefix:02}-12345678-{digit}" for prefix in range(100) for digit in range(10)]
    assert [number for number in numbers if is_cuit(number)] == _CUITS[:9]


@pytest.mark.parametrize("number", ["20-30000002", "20-30000016", "30-50000002"])
def test_a_cuit_whose_digit_would_be_ten_is_not_given(number: str) -> None:
    """The rest of the sum is 1 (23 = 2 × 11 + 1, 34 = 3 × 11 + 1), no digit is 10: the holder gets another prefix."""
    assert not any(is_cuit(f"{number}-{digit}") for digit in "0123456789")


_DIGITS = "0123456789"
_NUMBERS: list[tuple[Callable[[str], bool], str, str]] = [
    # 5+4+6+4+18+16+21+18+0+0+0+2 = 94 = 8 × 11 + 6… by 5, 4, 3, 2, 9 to 2 and then by 6, 5, 4, 3, 2, 9 to 2.
    (identifiers.is_cnpj, "11.222.333/0001-81", _DIGITS),
    (identifiers.is_cnpj, "12.ABC.345/01DE-35", _DIGITS),  # Receita Federal, example of the form with letters
    (identifiers.is_ruc_peru, "20512333797", _DIGITS),
    (identifiers.is_ruc_peru, "20100070970", _DIGITS),
    (identifiers.is_ci_uruguay, "1.234.567-2", _DIGITS),  # 2+18+24+28+30+18+28 = 148, to 150
    (identifiers.is_ci_uruguay, "3.962.559-0", _DIGITS),  # 6+81+48+14+30+15+36 = 230
    (identifiers.is_cedula_ecuador, "1710034065", _DIGITS),  # 2+7+2+0+0+3+8+0+3 = 25, to 30
    (identifiers.is_ruc_ecuador, "1790011674001", ""),
    (identifiers.is_luhn, "4111 1111 1111 1111", _DIGITS),
    (identifiers.is_luhn, "00113918205", _DIGITS),  # a Dominican cédula
    (identifiers.is_nit_colombia, "213.123.432-1", _DIGITS),
    (identifiers.is_nit_colombia, "899.999.068-1", _DIGITS),
    (identifiers.is_nit_guatemala, "576937-K", _DIGITS + "K"),  # 35+42+30+36+9+14 = 166 = 15 × 11 + 1
    (identifiers.is_cui_guatemala, "2612 59571 0101", ""),  # 4+18+4+10+30+63+40+63 = 232 = 21 × 11 + 1
    (identifiers.is_ruc_paraguay, "80028061-0", _DIGITS),
    (identifiers.is_rif, "V-11470283-4", _DIGITS),
    (identifiers.is_dui, "00016297-5", _DIGITS),  # 6+30+8+27+14 = 85, to 90
    (identifiers.is_curp, "BOXW310820HNERXN09", _DIGITS),
    (identifiers.is_rfc, "GODE561231GR8", _DIGITS + "A"),
    (identifiers.is_clabe, "032180000118359719", _DIGITS),
    (identifiers.is_cbu, "2850590940090418135201", _DIGITS),
    (identifiers.is_iban, "CR05015202001026284066", _DIGITS),
    (identifiers.is_iban, "BR1800360305000010009795493C1", _DIGITS + "C"),
    (identifiers.is_pis, "120.56412.54-5", _DIGITS),  # 3+4+0+40+42+24+5+8+15+8 = 149 = 13 × 11 + 6
]


@pytest.mark.parametrize(("holds", "number", "signs"), _NUMBERS, ids=[number for _, number, _ in _NUMBERS])
def test_only_one_check_digit_is_valid(holds: Callable[[str], bool], number: str, signs: str) -> None:
    """A number with one character too few or too many isn't valid."""
    assert holds(number)
    assert [sign for sign in signs if holds(number[:-1] + sign)] == ([number[-1]] if signs else [])
    assert not holds("")
    assert not holds("1" * 40)


@pytest.mark.parametrize(
    ("holds", "form", "first", "last"),
    [
        (identifiers.is_dni_honduras, "{:02}01-1990-12345", 1, 18),
        (identifiers.is_dni_honduras, "08{:02}-1990-12345", 1, 28),
        (identifiers.is_dni_honduras, "0801-{:04}-12345", 1900, 2039),
        (identifiers.is_cui_guatemala, "2612 59571 {:02}01", 1, 22),
        (identifiers.is_cui_guatemala, "2612 59571 01{:02}", 1, 33),
        (identifiers.is_cedula_nicaragua, "001-{:02}0180-0001A", 1, 31),
        (identifiers.is_cedula_nicaragua, "001-{:02}0480-0001A", 1, 30),
        (identifiers.is_cedula_nicaragua, "001-{:02}0200-0001A", 1, 29),
        (identifiers.is_cedula_nicaragua, "001-01{:02}80-0001A", 1, 12),
        (identifiers.is_nit_el_salvador, "0614-{:02}0180-101-3", 1, 31),
        (identifiers.is_carne_cuba, "85{:02}2312345", 1, 12),
    ],
)
def test_departments_days_and_years_have_bounds(holds: Callable[[str], bool], form: str, first: int, last: int) -> None:
    """Each is valid from its first to its last value, and not outside."""
    assert [number for number in range(max(first - 2, 0), last + 3) if holds(form.format(number))] == [
        *range(first, last + 1)
    ]


@pytest.mark.parametrize(
    ("holds", "number"),
    [
        # Another length, or other signs.
        (is_rut, "123.456-0"),  # six digits before the sign: 12+15+16+15+12+7 = 77 = 7 × 11
        (is_rut, "123.456.780-2"),  # nine
        (is_rut, "1K.345.678-5"),
        (is_rut, "K2.345.678-5"),
        (is_rut, "12.345.678-"),
        (is_rut, ""),
        (is_cpf, "529.982.247-2"),
        (is_cpf, "529.982.247-250"),
        (is_cpf, "x29.982.247-25"),
        (is_cpf, ""),
        (is_cuit, "20-1234567-8"),
        (is_cuit, "20-12345678-60"),
        (is_cuit, "20-1234567x-6"),
        (is_cuit, ""),
        (identifiers.is_rif, "V-1147028X-4"), (identifiers.is_rif, "V-11470283-44"), (identifiers.is_rif, "V-114702-4"),
        (identifiers.is_nit_guatemala, "5769X7-K"), (identifiers.is_nit_guatemala, "K"),
        (identifiers.is_iban, "CRÑ5015202001026284066"), (identifiers.is_iban, "CR0501520200"),
        (identifiers.is_cui_guatemala, "2612 5957A 0101"), (identifiers.is_cui_guatemala, "2612 59571 101"),
        (identifiers.is_cedula_nicaragua, "001-01A180-0001A"),
        (identifiers.is_dui, "0001629A-5"), (identifiers.is_dui, "001629-5"),
        (identifiers.is_curp, "BOXW310820HNERXN0"),
        (identifiers.is_curp, "BOXW310820HNERXN0A"), (identifiers.is_curp, "BO?W310820HNERXN09"),
        (identifiers.is_rfc, "GODE561231GR"), (identifiers.is_rfc, "ÁODE561231GR8"), (identifiers.is_luhn, "41a1"),
        (identifiers.is_pis, "120.5641A.54-5"), (identifiers.is_nit_colombia, "213.123.43A-1"),
        # A date, place or letter that no such number has.
        (identifiers.is_cedula_nicaragua, "001-310299-0001A"),  # no 31 February
        (identifiers.is_dni_honduras, "1901-1990-12345"),  # eighteen departments
        (identifiers.is_dni_honduras, "0801-1890-12345"),
        (identifiers.is_nit_el_salvador, "0614-001080-101-3"),
        (identifiers.is_carne_cuba, "85133112345"),
        (identifiers.is_cedula_ecuador, "2510034065"),  # twenty-four provinces
        (identifiers.is_cedula_ecuador, "1770034065"),
        (identifiers.is_ruc_ecuador, "1710034065000"),
        (identifiers.is_cui_guatemala, "2612 59571 2301"),
        (identifiers.is_curp, "BOXW313820HNERXN09"),
        (identifiers.is_rfc, "GODE561331GR8"),
        (identifiers.is_rif, "X-11470283-4"),
        (identifiers.is_ruc_peru, "30512333797"),
        (identifiers.is_cbu, "0000000000000000000000"),
        (identifiers.is_clabe, "000000000000000000"),
        (identifiers.is_luhn, "0000 0000 0000 0000"),
        (identifiers.is_cnpj, "00.000.000/0000-00"),
    ],
)  # fmt: skip
def test_what_no_such_number_has_is_another_number(holds: Callable[[str], bool], number: str) -> None:
    """Whatever their last digits are; nor is one digit over and over a number, though its sum may hold."""
    assert not holds(number)
