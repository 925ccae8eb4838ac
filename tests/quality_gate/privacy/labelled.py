"""A labelled set for redaction, drawn at random from `templates.toml`: identifiers of twenty countries, other numbers.

Check digits are worked out here by trying: of all last signs the one for which the country's equation holds, written as
an equation over the whole number, which the toolkit's rules aren't. Nothing in it is anybody's: numbers are drawn.
`python tests/quality_gate/privacy/labelled.py` counts it and shows some.
"""

from __future__ import annotations

import random
import string
import sys
import tomllib
from collections import Counter
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Sequence

SEED: Final = 20261127
EACH: Final = 44  # of each kind, country and form
NEGATIVES_EACH: Final = 170
_TEMPLATES: Final = tomllib.loads(Path(__file__).with_name("templates.toml").read_text("utf-8"))
_BEFORE: Final = (
    "",
    "",
    "Ayer llovió hasta tarde. ",
    "Así lo contó a este diario. ",
    "O caso correu na cidade. ",
    "Según la nota, ",
)
_AFTER: Final = (
    "",
    "",
    " No dijo más.",
    " Faltan dos semanas.",
    " Depois, todos foram embora.",
    " Y nada más que agregar.",
)


@dataclass(frozen=True)
class Sample:
    """A text with its identifiers.

    Attributes:
        text: a sentence or three.
        kind: a mark of the toolkit; empty for a number that isn't an identifier.
        group: the list that the template is from.
        value: the identifier, or the other number, as it appears in the text.
        start: the position of the value in the text.
        country: as a row states it; None if it states no country.
        held_out: whether its template is in the half that no rule was chosen by.
    """

    text: str
    kind: str
    group: str
    value: str
    start: int
    country: str | None
    held_out: bool

    @property
    def end(self) -> int:
        """The end of the value."""
        return self.start + len(self.value)


def _digits(lot: random.Random, count: int) -> str:
    return "".join(lot.choices(string.digits, k=count))


def _number(lot: random.Random, count: int) -> str:
    return lot.choice("123456789") + _digits(lot, count - 1)


def _completed(body: str, holds: Callable[[str], bool], signs: str = string.digits) -> str:
    """Return the body with the one check character that solves the equation, or an empty string."""
    results = [body + sign for sign in signs if holds(body + sign)]
    return results[0] if len(results) == 1 else ""


def _drawn(body: Callable[[], str], holds: Callable[[str], bool], signs: str = string.digits) -> str:
    """A number for which the equation holds."""
    while True:
        number = _completed(body(), holds, signs)
        if number and len(set(number)) > 3:
            return number


def _mod(weights: Sequence[int], modulus: int, values: str = string.digits) -> Callable[[str], bool]:
    """Whether the weighted signs, the last with its own weight, are a multiple of the modulus."""
    return lambda number: (
        sum(weight * values.index(sign) for weight, sign in zip(weights, number, strict=True)) % modulus == 0
    )


def _luhn(number: str) -> bool:
    total = 0
    for place, sign in enumerate(reversed(number)):
        value = int(sign) * (1 + place % 2)
        total += value - 9 * (value > 9)
    return total % 10 == 0


def _dotted(digits: str, mark: str = ".") -> str:
    return f"{int(digits):,}".replace(",", mark)


def _rut(lot: random.Random) -> str:
    body = _number(lot, lot.choice((7, 8, 8)))
    number = _completed(body, _mod(_rut_weights(body), 11, "0123456789K"), "0123456789K")
    return lot.choice(
        (
            f"{_dotted(number[:-1])}-{number[-1]}",
            f"{number[:-1]}-{number[-1]}",
            number,
            f"{_dotted(number[:-1])}-{number[-1]}",
        )
    )


def _rut_weights(body: str) -> tuple[int, ...]:
    return (*[2 + place % 6 for place in range(len(body))][::-1], 1)


def _cpf(lot: random.Random) -> str:
    def second(body: str) -> str:
        for sign in string.digits:
            number = body + sign
            weighted = sum(int(d) * w for d, w in zip(body, range(len(body) + 1, 1, -1), strict=True)) * 10 % 11 % 10
            if weighted == int(sign):
                return number
        raise AssertionError

    number = second(second(_number(lot, 9)))
    return lot.choice((f"{number[:3]}.{number[3:6]}.{number[6:9]}-{number[9:]}", number, f"{number[:9]}-{number[9:]}"))


def _cnpj(lot: random.Random) -> str:
    letters = lot.random() < 0.3
    signs = string.digits + string.ascii_uppercase if letters else string.digits
    number = "".join(lot.choices(signs, k=8)) + (
        "000" + lot.choice("123") if not letters else "".join(lot.choices(signs, k=4))
    )
    for _ in range(2):
        remainder = sum((ord(sign) - 48) * (2 + place % 8) for place, sign in enumerate(reversed(number))) % 11
        number += "0" if remainder < 2 else str(11 - remainder)
    marked = f"{number[:2]}.{number[2:5]}.{number[5:8]}/{number[8:12]}-{number[12:]}"
    return marked if letters else lot.choice((marked, marked, number))


def _cuit(lot: random.Random) -> str:
    number = _drawn(
        lambda: lot.choice(("20", "23", "27")) + _number(lot, 8), _mod((5, 4, 3, 2, 7, 6, 5, 4, 3, 2, 1), 11)
    )
    return lot.choice(
        (f"{number[:2]}-{number[2:10]}-{number[10]}", number, f"{number[:2]} {number[2:10]} {number[10]}")
    )


def _cbu(lot: random.Random) -> str:
    bank = _drawn(lambda: _digits(lot, 7), _mod((7, 1, 3, 9, 7, 1, 3, 1), 10))
    account = _drawn(lambda: _digits(lot, 13), _mod((3, 9, 7, 1, 3, 9, 7, 1, 3, 9, 7, 1, 3, 1), 10))
    return bank + account


def _ruc_peru(lot: random.Random) -> str:
    body = "10" + _number(lot, 8)
    check_value = 11 - sum(int(d) * w for d, w in zip(body, (5, 4, 3, 2, 7, 6, 5, 4, 3, 2), strict=True)) % 11
    return f"{body}{check_value % 10}"


def _ci_uruguay(lot: random.Random) -> str:
    number = _drawn(lambda: _number(lot, 7), _mod((2, 9, 8, 7, 6, 3, 4, 1), 10))
    return lot.choice((f"{number[0]}.{number[1:4]}.{number[4:7]}-{number[7]}", number, f"{number[:7]}-{number[7]}"))


def _cedula_ecuador(lot: random.Random) -> str:
    number = _drawn(lambda: f"{lot.randint(1, 24):02}{lot.randint(0, 5)}{_digits(lot, 6)}", _luhn)
    return lot.choice((number, f"{number[:9]}-{number[9]}"))


def _nit_colombia(lot: random.Random) -> str:
    body = lot.choice("89") + _digits(lot, 8)
    remainder = sum(int(d) * w for d, w in zip(reversed(body), (3, 7, 13, 17, 19, 23, 29, 37, 41), strict=True)) % 11
    check = remainder if remainder < 2 else 11 - remainder
    return lot.choice((f"{body[:3]}.{body[3:6]}.{body[6:]}-{check}", f"{body}-{check}"))


def _cedula_venezuela(lot: random.Random) -> str:
    number = str(lot.randint(3_000_000, 32_000_000))
    return lot.choice((f"V-{_dotted(number)}", f"V-{number}", f"V-{_dotted(number)}"))


def _rif(lot: random.Random) -> str:
    body = f"{lot.randint(3_000_000, 32_000_000):08}"
    check_value = 11 - (4 + sum(int(d) * w for d, w in zip(body, (3, 2, 7, 6, 5, 4, 3, 2), strict=True))) % 11
    check = 0 if check_value >= 10 else check_value
    return lot.choice((f"V-{body}-{check}", f"V{body}{check}"))


def _cedula_dominicana(lot: random.Random) -> str:
    number = _drawn(lambda: f"{lot.randint(1, 150):03}{_digits(lot, 7)}", _luhn)
    return lot.choice((f"{number[:3]}-{number[3:10]}-{number[10]}", number))


def _day(lot: random.Random, order: str) -> str:
    parts = {"d": f"{lot.randint(1, 28):02}", "m": f"{lot.randint(1, 12):02}", "y": f"{lot.randint(40, 99):02}"}
    return "".join(parts[part] for part in order)


def _cedula_nicaragua(lot: random.Random) -> str:
    parts = (f"{lot.randint(1, 600):03}", _day(lot, "dmy"), f"{_digits(lot, 4)}{lot.choice('ABCDEFGHJKLMNPQRSTUVWXY')}")
    return lot.choice(("-", "-", "")).join(parts)


def _dni_honduras(lot: random.Random) -> str:
    parts = (f"{lot.randint(1, 18):02}{lot.randint(1, 20):02}", str(lot.randint(1940, 2005)), _digits(lot, 5))
    return lot.choice(("-", "-", "", " ")).join(parts)


def _cui(lot: random.Random) -> str:
    while True:
        body = _number(lot, 8)
        check = sum(int(d) * w for d, w in zip(body, range(2, 10), strict=True)) % 11
        if check < 10:
            parts = (body[:4], f"{body[4:]}{check}", f"{lot.randint(1, 22):02}{lot.randint(1, 15):02}")
            return lot.choice((" ", " ", "")).join(parts)


def _nit_guatemala(lot: random.Random) -> str:
    body = _number(lot, lot.choice((6, 7, 8)))
    number = _completed(body, _mod((*range(len(body) + 1, 0, -1),), 11, "0123456789K"), "0123456789K")
    return lot.choice((f"{number[:-1]}-{number[-1]}", number))


def _dui(lot: random.Random) -> str:
    number = _drawn(lambda: "0" + _digits(lot, 7), _mod((9, 8, 7, 6, 5, 4, 3, 2, 1), 10))
    return lot.choice((f"{number[:8]}-{number[8]}", number, f"{number[:8]}-{number[8]}"))


def _letters(lot: random.Random, count: int, signs: str = "BCDFGHJKLMNPQRSTVWXYZ") -> str:
    return "".join(lot.choices(signs, k=count))


def _curp(lot: random.Random) -> str:
    head = f"{_letters(lot, 1)}{lot.choice('AEIO')}{_letters(lot, 2)}{_day(lot, 'ymd')}{lot.choice('HM')}"
    body = f"{head}{lot.choice(('DF', 'OC', 'JC', 'VZ', 'YN'))}{_letters(lot, 3)}0"
    values = "0123456789ABCDEFGHIJKLMNÑOPQRSTUVWXYZ"
    return _completed(
        body, lambda number: (sum(values.index(s) * w for s, w in zip(number, range(18, 0, -1), strict=True)) % 10) == 0
    )


def _rfc(lot: random.Random) -> str:
    values = "0123456789ABCDEFGHIJKLMN&OPQRSTUVWXYZ Ñ"
    named = f"{_letters(lot, 1)}{lot.choice('AEIO')}{_letters(lot, 2)}{_day(lot, 'ymd')}"
    body = f"{named}{lot.choice('123456789ABCDEFG')}{lot.choice('123456789')}"
    check_value = 11 - sum(values.index(s) * w for s, w in zip(body, range(13, 1, -1), strict=True)) % 11
    number = body + {11: "0", 10: "A"}.get(check_value, str(check_value))
    return lot.choice((number, number, f"{number[:4]}-{number[4:10]}-{number[10:]}"))


def _nss(lot: random.Random) -> str:
    number = _drawn(lambda: f"{_number(lot, 2)}{_digits(lot, 2)}{lot.randint(50, 99)}{_digits(lot, 4)}", _luhn)
    return lot.choice((number, f"{number[:2]}-{number[2:4]}-{number[4:6]}-{number[6:10]}-{number[10]}"))


def _clabe(lot: random.Random) -> str:
    body = lot.choice(("002", "012", "014", "021", "072", "646")) + _digits(lot, 14)
    weighted = [(int(sign) * (3, 7, 1)[place % 3]) % 10 for place, sign in enumerate(body)]
    return f"{body}{(10 - sum(weighted) % 10) % 10}"


def _pis(lot: random.Random) -> str:
    number = _drawn(lambda: "1" + _digits(lot, 9), _mod((3, 2, 9, 8, 7, 6, 5, 4, 3, 2, 1), 11))
    return lot.choice((number, f"{number[:3]}.{number[3:8]}.{number[8:10]}-{number[10]}"))


def _iban(lot: random.Random) -> str:
    country, length = lot.choice((("CR", 18), ("DO", 24), ("GT", 24), ("SV", 24), ("ES", 20), ("BR", 25)))
    account = _digits(lot, length)
    for check in range(2, 99):
        joined = account + country + f"{check:02}"
        if int("".join(str(string.digits.find(s) if s.isdigit() else ord(s) - 55) for s in joined)) % 97 == 1:
            number = f"{country}{check:02}{account}"
            spaced = " ".join(number[place : place + 4] for place in range(0, len(number), 4))
            return lot.choice((number, spaced))
    raise AssertionError


def _card(lot: random.Random) -> str:
    number = _drawn(lambda: lot.choice(("4", "51", "55")).ljust(2, "7") + _digits(lot, 13), _luhn)
    return lot.choice(("", " ", "-")).join(number[place : place + 4] for place in range(0, 16, 4))


def _pick(lot: random.Random, *forms: str) -> str:
    """Return a filled form: # becomes any digit, A any capital."""
    return "".join(
        lot.choice(string.digits) if s == "#" else lot.choice("BCDFGHJKLPRSTVWXYZ") if s == "A" else s
        for s in lot.choice(forms)
    )


_NATIONAL: Final = {
    "AR": ("11 4###-####", "(011) 4###-####", "0351 4##-####", "11-6###-####", "4###-####"),
    "CL": ("9 8### ####", "98#######", "2 2### ####", "(2) 2### ####"),
    "MX": ("55 5### ####", "555#######", "33-3###-####", "(81) 8###-####"),
    "CO": ("310 ### ####", "310#######", "601 ### ####", "310-###-##-##"),
    "PE": ("987 ### ###", "987######", "01 4##-####", "(01) 4## ####"),
    "EC": ("099 ### ####", "099#######", "02 2## ####"),
    "UY": ("099 ### ###", "099######", "2### ####"),
    "PY": ("0981 ### ###", "0981######", "021 4## ###"),
    "BO": ("7### ####", "70######", "2 2######"),
    "VE": ("0414-#######", "0212-#######", "0416 ### ## ##"),
    "GT": ("5###-####", "22## ####"),
    "HN": ("9###-####", "22##-####"),
    "SV": ("7###-####", "22##-####"),
    "NI": ("8### ####", "22##-####"),
    "CR": ("8###-####", "22## ####"),
    "PA": ("6###-####", "2##-####"),
    "DO": ("809-2##-####", "(829) 2##-####", "849 2## ####"),
    "CU": ("5 2######", "7 8######"),
    "PR": ("787-2##-####", "(939) 2##-####"),
}
_CODES: Final = {
    "AR": "54 9 11 4###-####",
    "CL": "56 9 8### ####",
    "MX": "52 55 5### ####",
    "CO": "57 310 ### ####",
    "PE": "51 987 ### ###",
    "BR": "55 11 9 9###-####",
    "EC": "593 99 ### ####",
    "UY": "598 99 ### ###",
    "VE": "58 414-#######",
    "CR": "506 8### ####",
    "DO": "1 809 2## ####",
    "BO": "591 7 ### ####",
}
_PLATES: Final = {
    "AR": ("AA ### AA", "AAA ###"),
    "BR": ("AAA#A##", "AAA-####"),
    "CL": ("AA AA ##", "AAAA-##"),
    "MX": ("AAA-##-##", "AAA-###-A"),
    "CO": ("AAA ###", "AAA###"),
    "PE": ("A#A-###", "AAA-###"),
    "UY": ("SAA ####",),
    "EC": ("PAA-####",),
}
_GIVEN: Final = ("rosa", "juan", "marta", "pedro", "lucia", "jose", "ana", "luis", "ines", "raul")
_FAMILY: Final = ("quispe", "silva", "perez", "choque", "souza", "mamani", "rojas", "nunez", "lopez", "vera")
_HOSTS: Final = ("ejemplo", "correo-ejemplo", "diario.ejemplo", "exemplo", "mail.exemplo")
_ENDS: Final = ("com", "org", "com.ar", "cl", "com.br", "gob.pe", "edu.co", "net", "org.mx", "com.py")
_STREETS_ES: Final = (
    "calle San Martín",
    "Avenida Corrientes",
    "Av. Arequipa",
    "Jr. Junín",
    "calle 5 de Mayo",
    "Pasaje Los Álamos",
    "Calle Florida",
    "avenida Bolívar",
    "Bulevar Artigas",
    "Calzada de Tlalpan",
)
_STREETS_PT: Final = (
    "Rua das Flores",
    "Avenida Brasil",
    "Rua Sete de Setembro",
    "Travessa do Carmo",
    "Av. Paulista",
    "Rua João Pessoa",
)


def _email(lot: random.Random) -> str:
    name = f"{lot.choice(_GIVEN)}{lot.choice(('.', '_', '', '-'))}{lot.choice(_FAMILY)}{lot.choice(('', '', '77'))}"
    return f"{name}@{lot.choice(_HOSTS)}.{lot.choice(_ENDS)}"


def _email_spoken(lot: random.Random) -> str:
    at, dot = lot.choice(
        (
            (" arroba ", " punto "),
            (" arroba ", " ponto "),
            ("[at]", "[punto]"),
            (" [at] ", "."),
            ("(at)", "."),
            (" (arroba) ", " (ponto) "),
            ("[arroba]", "."),
            (" arroba ", "."),
        )
    )
    end = dot.join(lot.choice(_ENDS).split("."))
    name = f"{lot.choice(_GIVEN)}{lot.choice(('', dot))}{lot.choice(_FAMILY)}"
    return f"{name}{at}{lot.choice(('ejemplo', 'exemplo', 'correo-ejemplo'))}{dot}{end}"


def _ip(lot: random.Random) -> str:
    four = ".".join(
        str(part) for part in (lot.choice((181, 186, 190, 200, 201)), *(lot.randint(1, 254) for _ in range(3)))
    )
    groups = [f"{lot.randint(16, 65535):x}" for _ in range(4)]
    six = f"2800:{':'.join(groups[:3])}::{groups[3]}"
    return lot.choice((four, four, six))


def _address_es(lot: random.Random) -> str:
    way = f"{lot.choice(('Carrera', 'Calle', 'Cra.', 'Diagonal'))} {lot.randint(1, 120)}"
    colombian = f"{way} {lot.choice(('#', 'No.'))} {lot.randint(1, 90)}-{lot.randint(1, 99):02}"
    return lot.choice(
        (
            f"{lot.choice(_STREETS_ES)} {lot.choice(('', '', 'N° ', '#'))}{lot.randint(10, 4999)}",
            colombian,
            f"{lot.choice(_STREETS_ES)} {lot.randint(10, 4999)}",
        )
    )


def _address_pt(lot: random.Random) -> str:
    return f"{lot.choice(_STREETS_PT)}{lot.choice((', ', ' ', ', nº '))}{lot.randint(10, 4999)}"


def _coordinates(lot: random.Random) -> str:
    south, west = lot.uniform(-50, -2), lot.uniform(-78, -40)
    parts = [f"{lot.randint(0, 59)}'{lot.randint(0, 59)}\"" for _ in range(2)]
    return lot.choice(
        (
            f"{south:.5f}, {west:.5f}",
            f"{south:.6f},{west:.6f}",
            f"{int(-south)}°{parts[0]}S {int(-west)}°{parts[1]}O",
        )
    )


def _pair(
    kind: str, country: str | None, value: Callable[[random.Random], str]
) -> tuple[str, str | None, Callable[[random.Random], str]]:
    return kind, country, value


_POSITIVE: Final = {
    "cl_rut": _pair("rut", "CL", _rut),
    "br_cpf": _pair("cpf", "BR", _cpf),
    "br_cnpj": _pair("cnpj", "BR", _cnpj),
    "br_rg": _pair(
        "rg",
        "BR",
        lambda lot: lot.choice((_pick(lot, "2#.###.###-#", "3#.###.###-#"), _pick(lot, "2######-#", "3########"))),
    ),
    "br_pis": _pair("pis", "BR", _pis),
    "br_pix": _pair(
        "pix", "BR", lambda lot: "-".join("".join(lot.choices("0123456789abcdef", k=n)) for n in (8, 4, 4, 4, 12))
    ),
    "ar_dni": _pair(
        "dni", "AR", lambda lot: lot.choice((_dotted(_number(lot, 8)), _number(lot, 8), _dotted(_number(lot, 7))))
    ),
    "ar_cuit": _pair("cuit", "AR", _cuit),
    "ar_cbu": _pair("cbu", "AR", _cbu),
    "pe_dni": _pair("dni", "PE", lambda lot: _number(lot, 8)),
    "pe_ruc": _pair("ruc", "PE", _ruc_peru),
    "uy_ci": _pair("cedula", "UY", _ci_uruguay),
    "py_ci": _pair(
        "cedula", "PY", lambda lot: lot.choice((_dotted(_number(lot, 7)), _number(lot, 7), _dotted(_number(lot, 6))))
    ),
    "py_ruc": _pair(
        "ruc",
        "PY",
        lambda lot: (n := _drawn(lambda: _number(lot, 7), _mod((8, 7, 6, 5, 4, 3, 2, 1), 11)))[:-1] + "-" + n[-1],
    ),
    "bo_ci": _pair("cedula", "BO", lambda lot: _number(lot, 7) + lot.choice((" LP", " CB", "", " SC", "-1F LP"))),
    "ec_ci": _pair("cedula", "EC", _cedula_ecuador),
    "ec_ruc": _pair("ruc", "EC", lambda lot: _cedula_ecuador(lot).replace("-", "") + "001"),
    "co_cc": _pair(
        "cedula",
        "CO",
        lambda lot: lot.choice(
            (_dotted("1" + _digits(lot, 9)), "1" + _digits(lot, 9), _dotted(_number(lot, 8)), _number(lot, 8))
        ),
    ),
    "co_cc_marks": _pair(
        "cedula",
        "CO",
        lambda lot: _dotted(lot.choice(("1" + _digits(lot, 9), _number(lot, 8))), lot.choice((",", "'", "’"))),
    ),
    "co_nit": _pair("nit", "CO", _nit_colombia),
    "ve_ci": _pair("cedula", "VE", _cedula_venezuela),
    "ve_rif": _pair("rif", "VE", _rif),
    "cr_ci": _pair(
        "cedula",
        "CR",
        lambda lot: lot.choice(
            (
                f"{lot.randint(1, 7)}-{lot.randint(100, 1999):04}-{_digits(lot, 4)}",
                f"{lot.randint(1, 7)}{lot.randint(100, 1999):04}{_digits(lot, 4)}",
            )
        ),
    ),
    "pa_ci": _pair(
        "cedula",
        "PA",
        lambda lot: f"{lot.choice(('8', '4', '3', 'PE', 'E', '10'))}-{lot.randint(1, 999)}-{lot.randint(10, 2999)}",
    ),
    "do_ci": _pair("cedula", "DO", _cedula_dominicana),
    "ni_ci": _pair("cedula", "NI", _cedula_nicaragua),
    "hn_dni": _pair("dni", "HN", _dni_honduras),
    "gt_cui": _pair("cui", "GT", _cui),
    "gt_nit": _pair("nit", "GT", _nit_guatemala),
    "sv_dui": _pair("dui", "SV", _dui),
    "mx_curp": _pair("curp", "MX", _curp),
    "mx_rfc": _pair("rfc", "MX", _rfc),
    "mx_nss": _pair("nss", "MX", _nss),
    "mx_clabe": _pair("clabe", "MX", _clabe),
    "cu_ci": _pair("cedula", "CU", lambda lot: _day(lot, "ymd") + _digits(lot, 5)),
    "pr_ssn": _pair("ssn", "PR", lambda lot: f"{lot.randint(580, 599)}-{lot.randint(1, 99):02}-{_digits(lot, 4)}"),
    "iban": _pair("iban", None, _iban),
    "card": _pair("card", None, _card),
    "email": _pair("email", None, _email),
    "email_spoken": _pair("email", None, _email_spoken),
    "ip": _pair("ip", None, _ip),
    "address_es": _pair("address", None, _address_es),
    "address_pt": _pair("address", "BR", _address_pt),
    "coordinates": _pair("coordinates", None, _coordinates),
}


def _isbn(lot: random.Random) -> str:
    body = lot.choice(("978950", "978956", "978607", "978958", "978612", "97885")) + _digits(lot, 7)
    body = body[:12]
    check = -sum(int(d) * (1 + 2 * (place % 2)) for place, d in enumerate(body)) % 10
    number = f"{body}{check}"
    return lot.choice(
        (
            number,
            f"{number[:3]}-{number[3:6]}-{number[6:8]}-{number[8:12]}-{number[12]}",
            f"950-{_digits(lot, 2)}-{_digits(lot, 4)}-{lot.choice('0123456789X')}",
        )
    )


def _day_written(lot: random.Random) -> str:
    day, month, year = lot.randint(1, 28), lot.randint(1, 12), lot.randint(1890, 2026)
    numbered = (f"{day:02}-{month:02}-{year}", f"{day}/{month}/{year}", f"{year}-{month:02}-{day:02}")
    return lot.choice((*numbered, f"{day}.{month}.{year}", f"{day}/{month}/{year % 100:02}"))


def _verse(lot: random.Random) -> str:
    book = lot.choice(("Juan", "1 Corintios", "Salmos", "Mateus", "Gn"))
    return f"{book} {lot.randint(1, 150)}:{lot.randint(1, 40)}{lot.choice(('', '-' + str(lot.randint(41, 60))))}"


def _time(lot: random.Random) -> str:
    end = lot.choice(("", f":{_digits(lot, 1)}5", " a 23:30", "-22:15"))
    return f"{lot.randint(0, 23):02}:{lot.randint(0, 59):02}{end}"


_NEGATIVE: Final[dict[str, Callable[[random.Random], str]]] = {
    "isbn": _isbn,
    "issn": lambda lot: f"{_digits(lot, 4)}-{_digits(lot, 3)}{lot.choice('0123456789X')}",
    "date": _day_written,
    "years": lambda lot: f"{lot.randint(1850, 1950)}{lot.choice((' y ', '-', ' a ', '–'))}{lot.randint(1951, 2026)}",
    "price": lambda lot: lot.choice(
        (
            f"$ {_dotted(_number(lot, 8))}",
            f"{_dotted(_number(lot, 7))} pesos",
            f"R$ {_dotted(_number(lot, 7))},{_digits(lot, 2)}",
            f"US$ {_number(lot, 7)}",
            f"S/ {_number(lot, 6)}",
            f"Bs {_dotted(_number(lot, 9))}",
            f"₲ {_dotted(_number(lot, 7))}",
        )
    ),
    "amount": lambda lot: lot.choice(
        (_dotted(_number(lot, lot.choice((6, 7, 8, 9)))), f"{_number(lot, 2)} {_digits(lot, 3)} {_digits(lot, 3)}")
    ),
    "verse": _verse,
    "law": lambda lot: lot.choice(
        (
            f"{lot.randint(10, 28)}.{_digits(lot, 3)}",
            f"{_digits(lot, 4)}/{lot.randint(1990, 2026)}",
            f"{lot.randint(1, 14)}.{_digits(lot, 3)}/{lot.randint(1990, 2026)}",
            _number(lot, 7),
        )
    ),
    "case": lambda lot: lot.choice(
        (
            f"{_digits(lot, 7)}-{_digits(lot, 2)}.{lot.randint(2010, 2026)}.8.26.{_digits(lot, 4)}",
            f"C-{_number(lot, 4)}-{lot.randint(2010, 2026)}",
            f"{_number(lot, 5)}/{lot.randint(2010, 2026)}",
            f"{_digits(lot, 5)}{_digits(lot, 18)}",
            f"{lot.randint(16, 26)}00{_digits(lot, 6)}-{lot.choice('0123456789K')}",
            f"EX-{lot.randint(2016, 2026)}-{_digits(lot, 8)}-APN",
            f"{_dotted(_number(lot, 8))}-{lot.choice(string.digits)}",
        )
    ),
    "statistics": lambda lot: (
        ", ".join(f"{lot.randint(1, 99)},{_digits(lot, 1)}" for _ in range(4))
        if lot.random() < 0.5
        else " ".join(_digits(lot, lot.choice((2, 3, 4))) for _ in range(4))
    ),
    "time": _time,
    "pages": lambda lot: f"{(first := lot.randint(10, 1800))}-{first + lot.randint(1, 60)}",
    "doi": lambda lot: (
        f"10.{lot.randint(1000, 9999)}/{lot.choice(('S', 'rlh.', ''))}{_digits(lot, 8)}.{lot.randint(2000, 2026)}"
    ),
    "public_address": lambda lot: lot.choice((_address_es(lot), _address_pt(lot))),
    "public_place": _coordinates,
    "code": lambda lot: lot.choice(
        (
            _number(lot, 8),
            _pick(lot, "AA-#######", "AAA######", "####-####-####"),
            f"{_number(lot, 3)}-{_digits(lot, 2)}-LP{_digits(lot, 2)}",
            _number(lot, 11),
            f"{_digits(lot, 4)}-{_digits(lot, 8)}",
        )
    ),
    "handle": lambda lot: f"@{lot.choice(_GIVEN)}_{lot.choice(_FAMILY)}{lot.choice(('', '77'))}",
    "arroba": lambda lot: f"{lot.choice(('una', 'tres', 'media', '12'))} arroba{lot.choice(('', 's'))}",
    "private_ip": lambda lot: lot.choice(
        (
            f"192.168.{lot.randint(0, 9)}.{lot.randint(1, 254)}",
            f"10.0.{lot.randint(0, 9)}.{lot.randint(1, 254)}",
            f"v{lot.randint(1, 9)}.{lot.randint(0, 20)}.{lot.randint(0, 20)}",
        )
    ),
    "model": lambda lot: _pick(lot, "AA ###", "AAA-###", "A###", "AA-####", "AA ### AA", "###-AAA"),
    "digits": lambda lot: lot.choice(
        (_number(lot, 5), _number(lot, 8), _number(lot, 10), _number(lot, 11), _dotted(_number(lot, 8)))
    ),
    "price_marks": lambda lot: lot.choice(
        (
            f"$ {_dotted(_number(lot, 8), ',')}",
            f"${_dotted(_number(lot, 7), ',')}.{_digits(lot, 2)}",
            f"US$ {_dotted(_number(lot, 6), ',')}",
            f"{_dotted(_number(lot, 8), chr(39))} pesos",
        )
    ),
    "amount_marks": lambda lot: _dotted(_number(lot, lot.choice((6, 7, 8, 9))), lot.choice((",", "'"))),
}


def positives() -> list[Sample]:
    """The identifiers, each in a text."""
    brazilian = ("(11) 9####-####", "11 98###-####", "(21) 2###-####", "9####-####")
    created = [_samples(group, kind, country, value, EACH) for group, (kind, country, value) in _POSITIVE.items()]
    created += [
        _samples("phone_national", "phone", country, _formed(*forms), 10) for country, forms in _NATIONAL.items()
    ]
    created.append(_samples("phone_brazil", "phone", "BR", _formed(*brazilian), 30))
    created += [_samples("phone_international", "phone", country, _formed(f"+{f}"), 8) for country, f in _CODES.items()]
    created += [_samples("plate", "plate", country, _formed(*forms), 12) for country, forms in _PLATES.items()]
    return [sample for samples in created for sample in samples]


def negatives() -> list[Sample]:
    """Yield numbers and codes that aren't identifiers, in texts about documents, telephones and houses."""
    countries = (None, *sorted(_NATIONAL), "BR")
    lot = random.Random(SEED)
    return [
        replace(sample, country=lot.choice(countries))
        for group, value in _NEGATIVE.items()
        for sample in _samples(group, "", None, value, NEGATIVES_EACH)
    ]


def _formed(*forms: str) -> Callable[[random.Random], str]:
    return lambda lot: _pick(lot, *forms)


def _samples(
    group: str, kind: str, country: str | None, value: Callable[[random.Random], str], number: int
) -> Iterable[Sample]:
    lot = random.Random(f"{SEED}-{group}-{country}")
    templates = _TEMPLATES["positive" if kind else "negative"][group]
    for place in range(number):
        chosen = place % len(templates)
        prefix, suffix = templates[chosen].split("{}")
        prefix, identifier = lot.choice(_BEFORE) + prefix, value(lot)
        text = f"{prefix}{identifier}{suffix}{lot.choice(_AFTER)}"
        yield Sample(text, kind, group, identifier, len(prefix), country, bool(chosen % 2))


def main() -> int:
    """Count the set, and show one of each list."""
    for name, samples in (("positive", positives()), ("negative", negatives())):
        groups = Counter(sample.group for sample in samples)
        sys.stdout.write(f"{name}: {len(samples)}, of {len({s.country for s in samples if s.country})} countries\n")
        for group in groups:
            shown = next(sample for sample in samples if sample.group == group and not sample.held_out)
            sys.stdout.write(f"  {group:20} {groups[group]:4}  {shown.text!r}\n")
    return 0


if __name__ == "__main__":
    sys.exit(main())
