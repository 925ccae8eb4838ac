"""Numbers of other countries keep their rules: published examples and sums done by hand, and no other last sign."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from latam_corpus.privacy import identifiers

if TYPE_CHECKING:
    from collections.abc import Callable

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
def test_the_last_sign_is_the_only_one_that_holds(holds: Callable[[str], bool], number: str, signs: str) -> None:
    """And a sign too few or too many is another number."""
    assert holds(number)
    assert [sign for sign in signs if holds(number[:-1] + sign)] == ([number[-1]] if signs else [])
    assert not holds("")
    assert not holds("1" * 40)


@pytest.mark.parametrize(
    ("holds", "number"),
    [
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
)
def test_dates_places_and_letters_that_no_such_number_has(holds: Callable[[str], bool], number: str) -> None:
    """Nor is one digit over and over a number, though its sum may hold."""
    assert not holds(number)


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
    """Each from its first to its last, and the numbers beside them are none."""
    assert [number for number in range(max(first - 2, 0), last + 3) if holds(form.format(number))] == [
        *range(first, last + 1)
    ]


@pytest.mark.parametrize(
    ("holds", "number"),
    [
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
    ],
)  # fmt: skip
def test_other_lengths_and_signs_are_no_such_number(holds: Callable[[str], bool], number: str) -> None:
    """Whatever their sum is."""
    assert not holds(number)
