"""The kinds of personal identifiers, each with its forms and the rule for its characters.

Punctuation distinguishes a *written* form from other numbers (12.345.678-5); a *bare* form needs a word next to it
(cédula 12345678). `filters/privacy/` states for each kind whether written forms need such a word too.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from latam_corpus.privacy import identifiers as rules

if TYPE_CHECKING:
    from collections.abc import Callable

# The keys of the column `redactions`. In capitals and brackets, they are the marks that replace identifiers.
KINDS: Final = (
    "email", "ip", "rut", "cpf", "cuit", "phone",
    "cnpj", "pis", "rg", "dni", "cedula", "ssn", "curp", "rfc", "nss", "elector", "nit", "ruc", "rif", "rtn", "dui",
    "cui", "iban", "cbu", "clabe", "pix", "card", "address", "plate", "coordinates", "name",
)  # fmt: skip

# The hyphen, and the dashes with which word processors replace it (U+2010 to U+2013).
DASH: Final = "[\u2010-\u2013-]"
_GAP: Final = "[ \xa0\u202f\u2010-\u2013-]?"
# A place where a number may begin, which isn't within another number. A label may precede it without a space
# (`RUT15.976.796-5`, `n.º868.958.372-64`), unless the identifier begins with letters. It is tested only for matches of
# a form, which are rare.
_FREE: Final = (
    r"(?<![\d_])(?:(?=\d)|(?<![^\W\d_ºª]))(?:(?<![.\u2010-\u2013/-])|(?<=[^\W\d_][.\u2010-\u2013/-])"
    r"|(?<=[^\W\d_]\.[.\u2010-\u2013/-])|(?<=°[.\u2010-\u2013/-]))"
)
_START: Final = re.compile(_FREE)
_START_IN_LIST: Final = re.compile(rf"{_FREE}|(?<=\d/)")
_END: Final = r"(?!\w|[.,/\u2010-\u2013-]\d)"
_THOUSANDS: Final = r"\d{1,2}[. \xa0]?\d{3}[. \xa0]?\d{3}"


# The number of characters after the first four of an IBAN (ISO 13616), for the region and for countries to which many
# people from the region have emigrated.
_LENGTHS: Final = {
    "BR": 25, "CR": 18, "DO": 24, "GT": 24, "HN": 24, "NI": 24, "SV": 24, "FK": 14,
    "ES": 20, "PT": 21, "FR": 23, "IT": 23, "DE": 18, "GB": 18, "NL": 14, "BE": 12, "CH": 17,
}  # fmt: skip
_IBANS: Final = "|".join(rf"{country}\d{{2}}(?: ?[\dA-Z]){{{length}}}" for country, length in _LENGTHS.items())


@dataclass(frozen=True)
class Identifier:
    """A type of identifier of one or more countries.

    Attributes:
        kind: one of `KINDS`.
        countries: the ISO 3166-1 alpha-2 codes of its countries; empty if it is used everywhere.
        written: the form that is recognised by its punctuation; None if it has none.
        bare: the form that needs a word next to it; None if it has none.
        holds: a function that returns whether a number satisfies the rule; None if there is no rule.
        lettered: whether the written form has capital letters before its digits.
        chance: one in this many arbitrary numbers of the written form satisfies the rule; 1 without a check digit.
        start: matches at a position where the identifier may begin.
    """

    kind: str
    countries: tuple[str, ...]
    written: re.Pattern[str] | None
    bare: re.Pattern[str] | None
    holds: Callable[[str], bool] | None
    lettered: bool = False
    chance: int = 1
    start: re.Pattern[str] = _START


def _of(
    kind: str,
    countries: str,
    written: str | None,
    bare: str | None,
    holds: Callable[[str], bool] | None = None,
    *,
    lettered: bool = False,
    chance: int = 1,
) -> Identifier:
    written_pattern, bare_pattern = (
        None if form is None else re.compile(f"(?:{form}){_END}") for form in (written, bare)
    )
    return Identifier(kind, tuple(countries.split()), written_pattern, bare_pattern, holds, lettered, chance)


def _ended_by_marks(
    kind: str, country: str, written: str, bare: str, holds: Callable[[str], bool], chance: int
) -> Identifier:
    """Return an identifier whose written form may be followed by another number."""
    written_pattern, bare_pattern = re.compile(rf"{written}(?!\w)"), re.compile(f"(?:{bare}){_END}")
    return Identifier(kind, (country,), written_pattern, bare_pattern, holds, chance=chance, start=_START_IN_LIST)


# In order of precedence; identifiers of the document's country come before all others.
IDENTIFIERS: Final = (
    _ended_by_marks(
        "rut",
        "CL",
        rf"\d{{1,2}}\.?\d{{3}}\.?\d{{3}}{DASH}[\dkK]",
        rf"{_THOUSANDS} ?[\u2010-\u2013-]? ?[\dkK]",
        rules.is_rut,
        11,
    ),
    _ended_by_marks(
        "cpf",
        "BR",
        rf"\d{{3}}\.?\d{{3}}\.?\d{{3}}{DASH}\d{{2}}",
        rf"\d{{3}}[. ]?\d{{3}}[. ]?\d{{3}}{_GAP}\d{{2}}",
        rules.is_cpf,
        100,
    ),
    _ended_by_marks(
        "cuit",
        "AR",
        rf"\d{{2}}{DASH}\d{{8}}{DASH}\d",
        rf"\d{{2}}{_GAP}\d{{2}}\.?\d{{3}}\.?\d{{3}}{_GAP}\d",
        rules.is_cuit,
        120,
    ),
    _of(
        "cnpj",
        "BR",
        rf"[\dA-Z]{{2}}\.[\dA-Z]{{3}}\.[\dA-Z]{{3}}/[\dA-Z]{{4}}{DASH}\d{{2}}",
        r"[\dA-Z]{12}\d{2}",
        rules.is_cnpj,
        lettered=True,
        chance=100,
    ),
    _of(
        "cedula",
        "UY",
        rf"\d\.\d{{3}}\.\d{{3}}{DASH}\d",
        rf"\d\.?\d{{3}}\.?\d{{3}}{_GAP}\d",
        rules.is_ci_uruguay,
        chance=10,
    ),
    _of("cedula", "DO", rf"\d{{3}}{DASH}\d{{7}}{DASH}\d", r"\d{11}", rules.is_luhn, chance=10),
    # Many valid numbers fail Luhn's check, so the form is enough next to a word.
    _of("cedula", "DO", None, r"\d{3}[ \u2010-\u2013-]\d{7}[ \u2010-\u2013-]\d"),
    _of("cedula", "EC", rf"\d{{9}}{DASH}\d", rf"\d{{9}}{_GAP}\d", rules.is_cedula_ecuador, chance=57),
    _of(
        "cedula",
        "NI",
        rf"\d{{3}}{DASH}\d{{6}}{DASH}\d{{4}}[A-Z]",
        rf"\d{{3}}{_GAP}\d{{6}}{_GAP}\d{{4}} ?[A-Za-z]",
        rules.is_cedula_nicaragua,
    ),
    _of(
        "cedula",
        "VE",
        rf"[VE]{DASH} ?\d{{1,2}}\.?\d{{3}}\.?\d{{3}}",
        rf"[VEve]?[. ]?{DASH}? ?{_THOUSANDS}",
        lettered=True,
    ),
    _of("cedula", "CR", None, rf"[1-9]{_GAP}0?\d{{4}}{_GAP}\d{{4}}"),
    _of(
        "cedula",
        "PA",
        None,
        rf"(?:PE|E|N|\d{{1,2}}(?:AV|PI)?){_GAP}\d{{1,4}}{DASH}\d{{1,6}}",
    ),
    _of(
        "cedula",
        "BO",
        None,
        rf"\d{{5,8}}(?:{DASH}\d[A-Z])?(?: ?(?:LP|SC|CB|CH|PT|OR|TJ|BN|BE|PD|PA))?",
    ),
    _of("cedula", "CU", None, r"\d{11}", rules.is_carne_cuba),
    _of("cedula", "CO PY VE", None, r"\d{1,3}(?:[.,'’ \xa0]\d{3}){2,3}|\d{3}[.,'’ \xa0]\d{3}|\d{6,10}"),
    _of("cedula", "CR", None, rf"3{_GAP}\d{{3}}{_GAP}\d{{6}}"),
    _of("cedula", "HT", None, rf"\d{{2}}(?:{DASH}\d{{2}}){{2}}{DASH}\d{{4}}{DASH}\d{{2}}{DASH}\d{{5}}"),
    _of("cedula", "BB", None, rf"\d{{6}}{DASH}\d{{4}}"),
    _of("cedula", "", None, r"[A-Z]{1,3}\d{5,9}|[A-Z]{2} \d{6}|\d{9}"),  # passports
    _of("dni", "HN", r"\d{4}[ \u2010-\u2013-]\d{4}[ \u2010-\u2013-]\d{5}", r"\d{13}", rules.is_dni_honduras),
    _of("dni", "AR PE", None, _THOUSANDS),
    _of("dui", "SV", None, rf"\d{{8}}{_GAP}\d", rules.is_dui),
    _of("cui", "GT", r"\d{4} \d{5} \d{4}", rf"\d{{4}}{_GAP}\d{{5}}{_GAP}\d{{4}}", rules.is_cui_guatemala, chance=150),
    _of(
        "curp",
        "MX",
        r"[A-Z]{4}\d{6}[HMX][A-Z]{5}[\dA-Z]\d",
        r"[A-Za-z]{4}\d{6}[A-Za-z]{6}[\dA-Za-z]\d",
        rules.is_curp,
        lettered=True,
        chance=300,
    ),
    _of(
        "rfc",
        "MX",
        r"[A-ZÑ&]{3,4}\d{6}[\dA-Z]{3}",
        rf"[A-ZÑ&a-zñ]{{3,4}}{_GAP}\d{{6}}{_GAP}[\dA-Za-z]{{3}}",
        rules.is_rfc,
        lettered=True,
        chance=300,
    ),
    _of("elector", "MX", r"[A-Z]{6}\d{8}[HM]\d{3}", r"[A-Za-z]{6} ?\d{8} ?[HMhm] ?\d{3}", lettered=True),
    _of("elector", "BR", None, r"\d{4} ?\d{4} ?\d{4}"),
    _of("nss", "BR", None, r"\d{3} ?\d{4} ?\d{4} ?\d{4}", rules.is_cns),
    _of("ssn", "GF GP MQ", None, rf"[12]{_GAP}\d{{2}}{_GAP}\d{{2}}{_GAP}\d{{2}}(?:{_GAP}\d{{3}}){{2}}{_GAP}\d{{2}}"),
    _of("nss", "MX", None, rf"\d{{2}}{_GAP}\d{{2}}{_GAP}\d{{2}}{_GAP}\d{{4}}{_GAP}\d", rules.is_luhn),
    _of("pis", "BR", None, rf"\d{{3}}\.?\d{{5}}\.?\d{{2}}{_GAP}\d", rules.is_pis),
    _of("rg", "BR", None, rf"(?:(?:MG|SP|RJ|RS|PR|SC|BA|GO|DF|ES){_GAP})?{_THOUSANDS}(?:{_GAP}[\dXx])?"),
    _of("rg", "BR", None, r"\d{11}"),  # driving licence
    _of("ssn", "PR US", None, rf"\d{{3}}{DASH}\d{{2}}{DASH}\d{{4}}"),
    _of(
        "nit",
        "CO",
        rf"\d{{3}}\.\d{{3}}\.\d{{3}}{DASH}\d",
        rf"\d{{2,3}}\.?\d{{3}}\.?\d{{3}}{_GAP}\d",
        rules.is_nit_colombia,
        chance=11,
    ),
    _of("nit", "SV", rf"\d{{4}}{DASH}\d{{6}}{DASH}\d{{3}}{DASH}\d", r"\d{14}", rules.is_nit_el_salvador),
    _of("nit", "GT", None, rf"\d{{5,8}}{_GAP}[\dkK]", rules.is_nit_guatemala),
    _of("nit", "DO", None, rf"\d{{3}}{DASH}\d{{5}}{DASH}\d|\d{DASH}\d{{2}}{DASH}\d{{5}}{DASH}\d"),
    _of("nit", "JM HT", None, rf"\d{{3}}[ -]\d{{3}}[ -]\d{{3}}(?:{DASH}\d)?"),
    _of("nit", "BO CO", None, r"\d{7,12}|\d{3}\.\d{3}\.\d{3}"),
    _of("ruc", "PE", None, r"\d{11}", rules.is_ruc_peru),
    _of("ruc", "EC", None, r"\d{13}", rules.is_ruc_ecuador),
    _of("ruc", "PA", None, rf"\d{{1,9}}{DASH}\d{{1,4}}{DASH}\d{{1,6}}(?: ?DV ?\d{{1,2}})?"),
    _of("ruc", "PY", None, rf"\d{{5,8}}{_GAP}\d", rules.is_ruc_paraguay),
    _of("rut", "UY", None, r"\d{12}"),
    _of("rtn", "HN", None, rf"\d{{4}}{_GAP}\d{{4}}{_GAP}\d{{6}}", rules.is_dni_honduras),
    _of(
        "rif",
        "VE",
        rf"[VEJPGC]{DASH}\d{{8}}{DASH}?\d",
        rf"[VEJPGC]{_GAP}\d{{8}}{_GAP}\d",
        rules.is_rif,
        lettered=True,
        chance=11,
    ),
    _of("iban", "", _IBANS, None, rules.is_iban, lettered=True, chance=97),
    _of("cbu", "AR", r"\d{22}", r"\d{7}[ -]?\d[ -]?\d{13}[ -]?\d", rules.is_cbu, chance=100),
    _of("clabe", "MX", None, r"\d{3}[ -]?\d{3}[ -]?\d{11}[ -]?\d|\d{4}(?: \d{4}){3} \d{2}", rules.is_clabe),
    _of(
        "card",
        "",
        None,
        r"\d{4}([ -]?)\d{4}\1\d{4}\1\d{1,7}|3[47]\d{2}([ -])\d{6}\2\d{5}",
        rules.is_luhn,
    ),
)
