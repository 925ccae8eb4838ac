"""Each country's numbers are found whole in every way of writing them, and never inside a longer number."""

from __future__ import annotations

import importlib
import re

import pytest

from latam_corpus.privacy.kinds import IDENTIFIERS
from latam_corpus.privacy.redact import redact

# Country, kind, and the forms that need no word, where the policy of the news asks for none.
_WRITTEN = [
    ("CL", "rut", "4.982.311-8", "57.797.904-9", "57797904-9", "1229829-3", "35052648-K", "35.052.648‑k"),
    ("BR", "cpf", "370.517.497-57", "775867548-45", "370.517497–57"),
    ("AR", "cuit", "23-84236043-9", "27‐60728429‐1"),
    ("BR", "cnpj", "74.226.724/0003-56", "DR.A7Y.1H5/YFAT-62", "C7.OG3.VBO/GV28–59"),
    ("UY", "cedula", "6.912.101-5", "1.234.567–2"),
    ("DO", "cedula", "071-8304470-5", "071–8304470–5"),
    ("EC", "cedula", "132181018-4"),
    ("NI", "cedula", "012-210168-6058W"),
    ("VE", "cedula", "V-11193523", "V-20.540.364", "E-4.513.684", "V- 8.936.700", "V–8936700"),
    ("HN", "dni", "0210-1951-42318", "1007 1992 82168", "0210–1951–42318"),
    ("GT", "cui", "9854 66014 1403"),
    ("MX", "curp", "PALB421001HVZFBF08", "XILN790401MDFGRM08", "DIZZ550706MJCDHM08", "BOXW310820HNERXN09"),
    ("MX", "rfc", "QOWY470210E2A", "LORV750601130", "MAB9307148T4", "GODE561231GR8"),
    ("MX", "elector", "GMVLMR80070501M100", "RDPRAN76121209H700"),
    ("CO", "nit", "847.514.548-3", "899.999.068–1"),
    ("SV", "nit", "0614-010180-101-3", "0210–290275–102–8"),
    ("VE", "rif", "V-17632129-2", "V-176321292"),
    ("AR", "cbu", "5083686618517718198963"),
]  # fmt: skip
# The same, after the words that tell the forms which nothing else tells.
_SPOKEN = [
    ("CL", "rut", "RUT", "12 345 678 5", "123456785", "12.345.678 - 5", "20347878K", "7654321-6",
     "12\xa0345\xa0678-5"),
    ("BR", "cpf", "CPF", "50701230410", "370 517 497 57", "370.517.497–57", "370517497 57", "370517497\xa057"),
    ("AR", "cuit", "CUIT", "27607284291", "27 44567049 4", "20-12.345.678-6", "20\u202f12345678\u202f6"),
    ("BR", "cnpj", "CNPJ", "21644705000200", "12ABC34501DE35"),
    ("UY", "cedula", "cédula", "44728644", "7883803-9", "1.234.567 2"),
    ("DO", "cedula", "cédula", "04258104118", "071 8304470 5"),
    ("EC", "cedula", "cédula", "2122458744"),
    ("NI", "cedula", "cédula", "0122101686058W", "012 210168 6058 w"),
    ("VE", "cedula", "cédula", "V 11.193.523", "v20540364", "V.4.513.684", "11193523", "4.513.684"),
    ("CR", "cedula", "cédula", "518056377", "3-1560-5404", "3 1560 5404", "1-00234-0567"),
    ("PA", "cedula", "cédula", "PE-538-2482", "4-478-1701", "10-75-1959", "E-8-23", "8AV-123-4567", "3-11-1981"),
    ("BO", "cedula", "C.I.", "3199099 SC", "5876804", "9969385-1F LP", "10203045 CB", "12345"),
    ("CU", "cedula", "carné de identidad", "66082509213"),
    ("CO", "cedula", "C.C.", "59.701.729", "1.483.909.956", "1799797635", "82453921", "1'483.909.956",
     "123456", "123.456", "123.456.789", "434 344", "59\xa0701\xa0729", "59,701,729", "1'483'909'956", "1’483’909’956",
     "1,483,909,956", "1'483,909,956", "434,344", "434'344", "123,456,789"),
    ("PY", "cedula", "C.I.", "7.712.435", "434.344", "8521455", "434344"),
    ("HN", "dni", "identidad", "0612195133063", "1007 1992 82168"),
    ("AR", "dni", "DNI", "4.554.504", "90.699.933", "66986904", "4554504", "90 699 933"),
    ("PE", "dni", "DNI", "64692000"),
    ("SV", "dui", "DUI", "044347622", "09263311-6", "09263311 6"),
    ("GT", "cui", "DPI", "3252775911413", "3252-77591-1413", "3252 77591 1413"),
    ("MX", "curp", "CURP", "palb421001hvzfbf08", "PALB421001HVZFBF08"),
    ("MX", "rfc", "RFC", "QOWY-470210-E2A", "qowy470210e2a", "mab9307148t4", "MAB 930714 8T4"),
    ("MX", "elector", "clave de elector", "GMVLMR 80070501 M 100", "gmvlmr80070501m100", "GMVLMR80070501 H100"),
    ("MX", "nss", "NSS", "17-40-52-9598-5", "67615601746", "17 40 52 9598 5"),
    ("BR", "pis", "PIS", "13010980492", "167.62829.49-0", "167.62829.49 0"),
    ("BR", "rg", "RG", "32.368.659-4", "319065352", "2931628-0", "MG-12.345.678", "SP 32.368.659-X", "12.345.678"),
    ("PR", "ssn", "seguro social", "593-92-1280", "593–92–1280"),
    ("CO", "nit", "NIT", "937437026-7", "8475145483", "847.514.548-3", "847.514.548", "800123456", "213123432 1"),
    ("BO", "nit", "NIT", "1020304", "102030405067", "123.456.789"),
    ("SV", "nit", "NIT", "06140101801013", "0614-010180-101-3"),
    ("GT", "nit", "NIT", "12960713", "41182758-8", "715407-0", "964685K", "576937-K", "7138830"),
    ("PE", "ruc", "RUC", "10815247634", "20512333797"),
    ("EC", "ruc", "RUC", "0218742708001", "1790011674001"),
    ("PY", "ruc", "RUC", "9320461-2", "80028061-0", "80028061 0", "800280610"),
    ("UY", "rut", "RUT", "211234560018"),
    ("HN", "rtn", "RTN", "08011990123456", "0801-1990-123456", "0801 1990 123456"),
    ("VE", "rif", "RIF", "V170339645", "V 17033964 5", "V-17632129-2"),
    ("AR", "cbu", "CBU", "5083686618517718198963", "5083686 6 1851771819896 3", "5083686-6-1851771819896-3",
     "5083686 6 18517718198963", "50836866 1851771819896-3"),
    ("MX", "clabe", "CLABE", "014498663532619386", "014 498 66353261938 6", "014-498-66353261938-6",
     "0144 9866 3532 6193 86", "014498 663532619386"),
    (None, "card", "tarjeta", "4725529476612613", "4727-1665-5208-6608", "5542 9652 0123 7250", "371449635398431",
     "3714 496353 98431", "3714-496353-98431", "343434343434343", "4222222222222", "4222 2222 2222 2",
     "6304000000000000000"),
]  # fmt: skip


def _said(previous: str, number: str, following: str, country: str | None) -> tuple[str, dict[str, int]]:
    return redact(f"{previous}{number}{following}", "news", country)


_EACH_WRITTEN = [(country, kind, number) for country, kind, *numbers in _WRITTEN for number in numbers]
_EACH_SPOKEN = [(country, kind, word, number) for country, kind, word, *numbers in _SPOKEN for number in numbers]


@pytest.mark.parametrize(("country", "kind", "number"), _EACH_WRITTEN)
def test_punctuation_identifies_a_number_in_its_country(country: str, kind: str, number: str) -> None:
    """The punctuation is enough; no word needs to be next to it."""
    expected = (f"Firma Rosa, [{kind.upper()}], y nada más.", {kind: 1})
    assert _said("Firma Rosa, ", number, ", y nada más.", country) == expected


@pytest.mark.parametrize(("country", "kind", "word", "number"), _EACH_SPOKEN)
def test_a_word_tells_a_number_in_its_country(country: str | None, kind: str, word: str, number: str) -> None:
    """A number after its word is replaced whole, however its digits are grouped."""
    expected = (f"Con {word} [{kind.upper()}], y nada más.", {kind: 1})
    assert _said(f"Con {word} ", number, ", y nada más.", country) == expected


# What stands beside a number and makes it part of another one.
_BEFORE, _AFTER = ("7", "x", "7.", "7-", "7–", "7/", "x-"), ("7", "x", ".7", ",7", "/7", "-7", "–7")
# The dash and check digit of three of them end them, whatever follows.
_MARK = r"\[(?!RUT|CPF|CUIT)[A-Z]+\]"
_CUT = re.compile(rf"\w{_MARK}|\d[./–-]{_MARK}|{_MARK}(?:\w|[.,/–-]\d)")


@pytest.mark.parametrize(("country", "word", "number"), [(row[0], *row[2:]) for row in _EACH_SPOKEN])
def test_no_part_of_a_longer_number_is_a_number(country: str | None, word: str, number: str) -> None:
    """With one more character before or after it, a number is a different one, which is kept or replaced whole."""
    texts = [*(f"{item}{number}" for item in _BEFORE), *(f"{number}{item}" for item in _AFTER)]
    redacted = [_said(f"Con {word} ", item, " y nada más.", country)[0] for item in texts]
    assert [item for item in redacted if _CUT.search(item)] == []


# Of each form one number more or less than there may be, or another last sign than its rule asks for.
_NONE = [
    ("CL", "RUT 12345678"), ("CL", "RUT 123.456.785"), ("BR", "CPF 529.982.247-26"), ("AR", "CUIT 20-12345678-7"),
    ("AR", "CUIT 20-1234567-8"), ("BR", "CNPJ 21644705000201"), ("BR", "CNPJ 12ABC34501DE3"),
    ("DO", "cédula 04258104119"), ("EC", "cédula 21224587449"), ("NI", "cédula 012-213168-6058W"),
    ("CU", "carné de identidad 66132509213"), ("CO", "C.C. 59.701"), ("CO", "C.C. 179979763599"), ("CO", "C.C. 1234"),
    ("CO", "C.C. 1.234.567.890.123"), ("CO", "C.C. 1,234,567,890,123"), ("CO", "C.C. 59,701"), ("CO", "C.C. 9,701"),
    ("CO", "C.C. 59,701,7290"), ("CO", "C.C. 3,59,701,729"), ("CO", "C.C. 12,345,67"), ("CO", "C.C. 1'483'909'95"),
    ("HN", "identidad 1907-1992-82168"), ("HN", "identidad 061219513306"),
    ("AR", "DNI 123456"), ("AR", "DNI 123456789"),
    ("SV", "DUI 044347623"), ("GT", "DPI 3252775921413"), ("MX", "CURP PALB421001HVZFBF09"),
    ("MX", "RFC QOWY470210E2B"), ("MX", "RFC QO470210E2A"), ("MX", "RFC GODES561231GR8"), ("MX", "NSS 67615601747"),
    ("MX", "clave de elector GMVLM80070501M100"), ("MX", "clave de elector GMVLMRX80070501M100"),
    ("MX", "clave de elector GMVLMR8007050M100"), ("MX", "clave de elector GMVLMR80070501M10"),
    ("MX", "clave de elector GMVLMR80070501X100"), ("BR", "PIS 13010980493"), ("BR", "RG 123456"),
    ("PR", "seguro social 593-921-280"), ("PR", "seguro social 5939212"), ("CO", "NIT 123456"),
    ("BO", "NIT 12.345.678"),
    ("BO", "NIT 1234567890123"), ("BO", "NIT 123.456"), ("SV", "NIT 06140131801013"), ("GT", "NIT 12960-4"),
    ("PE", "RUC 10815247635"), ("PE", "RUC 1081524763"), ("EC", "RUC 0218742708000"), ("PY", "RUC 9320461-3"),
    ("UY", "RUT 2112345600189"), ("HN", "RTN 0801199012345"), ("HN", "RTN 080119901234567"),
    ("VE", "RIF V170339646"), ("VE", "RIF V-1703396-4"), ("AR", "CBU 5083686618517718198964"),
    ("MX", "CLABE 014498663532619387"), (None, "tarjeta 4725529476612614"), (None, "tarjeta 472-5529-4766-12613"),
    (None, "tarjeta 4727 1665-5208-6608"), (None, "tarjeta 422222222222"), (None, "IBAN CR06015202001026284066"),
]  # fmt: skip


@pytest.mark.parametrize(("country", "text"), _NONE)
def test_other_lengths_and_check_digits_are_kept(country: str | None, text: str) -> None:
    """This holds even after a word for such numbers."""
    assert redact(f"Con {text}, y nada más.", "news", country) == (f"Con {text}, y nada más.", {})


@pytest.mark.parametrize("country", ["CO", "MX", "PE", None])
@pytest.mark.parametrize(
    "text",
    [
        # Money, by its sign before it; what it counts, after it; another thing's number, by the word before it.
        "la cédula y $ 59,701,729", "la cédula y $59,701,729.50", "la cédula, a US$ 1,483,909,956",
        "C.C. y COP 434,344",
        "el documento, S/ 434,344", "la cédula: pagó R$ 12'345'678", "59,701,729 pesos por la cédula",
        "el documento dice que 1,483,909 personas", "la cédula de 12'345'678 habitantes", "el documento, ley 434,344",
        # Lists of numbers and of years, decimals, and a number alone.
        "la cédula en 1990,1991,1992", "el documento, 12,13,14,15,16,17", "el documento: 3,141,59", "suma 59,701,729",
        "son 1'483'909'956", "el documento 12,5,300",
    ],
)  # fmt: skip
def test_commas_and_apostrophes_separate_thousands(text: str, country: str | None) -> None:
    """Amounts are kept, even near a word for documents."""
    assert redact(f"Con {text}, y nada más.", "news", country) == (f"Con {text}, y nada más.", {})


# The examples of their registry (SWIFT) for each country that is known.
_IBANS = (
    "BR1800360305000010009795493C1", "CR05015202001026284066", "DO28BAGR00000001212453611324",
    "GT82TRAJ01020000001210029690", "HN88CABF00000000000250005469", "NI45BAPR00000013000003558124",
    "SV62CENR00000000000000700025", "FK88SC123456789012", "ES9121000418450200051332", "PT50000201231234567890154",
    "FR1420041010050500013M02606", "IT60X0542811101000000123456", "DE89370400440532013000", "GB29NWBK60161331926819",
    "NL91ABNA0417164300", "BE71096123456769", "CH9300762011623852957",
)  # fmt: skip


@pytest.mark.parametrize("number", _IBANS)
def test_an_account_of_a_bank_has_its_countrys_length(number: str) -> None:
    """An IBAN is found in one piece or in groups of four, and only with the length that its country has."""
    is_valid = importlib.import_module("stdnum.iban").is_valid
    by_fours = " ".join(number[place : place + 4] for place in range(0, len(number), 4))
    for written in (number, by_fours):
        assert is_valid(written)
        assert redact(f"Deposite en {written}, y avise.", "news") == ("Deposite en [IBAN], y avise.", {"iban": 1})
    for altered in (number + "0", number[:-1], number[:4] + "0" + number[4:], "X" + number, number.lower()):
        assert "iban" not in redact(f"Deposite en {altered}, y avise.", "news")[1]


@pytest.mark.parametrize(
    ("text", "by_country"),
    [
        # What a word says of two kinds is read by the row's country.
        ("documento 12.345.678", {"AR": "DNI", "PE": "DNI", "CO": "CEDULA", "PY": "CEDULA", None: "CEDULA"}),
        ("cédula 1.000.013-0", {"CL": "RUT"}),
        ("cédula de identidade 32.368.659-4", {"BR": "RG"}),
        ("seguro social 17-40-52-9598-5", {"MX": "NSS"}),
        ("nit 13010980492", {"BR": "PIS", "CO": "NIT", "BO": "NIT"}),
        ("identidad 0612195133063", {"HN": "DNI"}),
    ],
)
def test_a_number_of_two_kinds_is_of_the_rows_country(text: str, by_country: dict[str | None, str]) -> None:
    """In other countries, the first kind in the table is used."""
    word = text.rpartition(" ")[0]
    for country, kind in by_country.items():
        assert redact(f"Con {text}.", "news", country)[0] == f"Con {word} [{kind}].", country


def test_each_country_has_its_documents() -> None:
    """The kinds of the row's country are tried before the others."""
    own: dict[str, list[str]] = {}
    for item in IDENTIFIERS:
        for country in item.countries or ("everybody",):
            own.setdefault(country, []).append(item.kind)
    assert own == {
        "AR": ["cuit", "dni", "cbu"], "BO": ["cedula", "nit"], "BB": ["cedula"],
        "BR": ["cpf", "cnpj", "elector", "nss", "pis", "rg", "rg"], "CL": ["rut"],
        "CO": ["cedula", "nit", "nit"], "CR": ["cedula", "cedula"], "CU": ["cedula"],
        "DO": ["cedula", "cedula", "nit"], "EC": ["cedula", "ruc"],
        "GF": ["ssn"], "GP": ["ssn"], "MQ": ["ssn"],
        "GT": ["cui", "nit"], "HT": ["cedula", "nit"], "JM": ["nit"], "HN": ["dni", "rtn"],
        "MX": ["curp", "rfc", "elector", "nss", "clabe"],
        "NI": ["cedula"], "PA": ["cedula", "ruc"], "PE": ["dni", "ruc"], "PR": ["ssn"], "PY": ["cedula", "ruc"],
        "SV": ["dui", "nit"], "US": ["ssn"], "UY": ["cedula", "rut"], "VE": ["cedula", "cedula", "rif"],
        "everybody": ["cedula", "iban", "card"],
    }  # fmt: skip


@pytest.mark.parametrize(("country", "kind", "number"), [row for row in _EACH_WRITTEN if row[1] in ("curp", "rif")])
def test_a_mark_of_capitals_is_looked_for_in_small_texts_too(country: str, kind: str, number: str) -> None:
    """The mark may be at the very beginning or end."""
    assert redact(number, "news", country) == (f"[{kind.upper()}]", {kind: 1})
