# ruff: noqa: E501  (a table reads better with a row a line)
"""A second labelled set: numbers that python-stdnum or phonenumbers calls valid, with many labels and separators.

The identifiers are drawn by those libraries, not by the rules under test. The other numbers are those of versions,
sections, catalogues and files, and handles. The author of the rules wrote the sentences: the set isn't blind.
"""

from __future__ import annotations

import random
import string
from importlib import import_module
from typing import TYPE_CHECKING, Final, NamedTuple

import phonenumbers

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

SEED: Final = 20_261_201
_EACH: Final = 30
_TRIES: Final = 4_000


class Sample(NamedTuple):
    """A text, its country, its group, and the identifier in it; empty if it has none."""

    text: str
    country: str | None
    group: str
    value: str = ""


def _shape(form: str, lot: random.Random) -> str:
    return "".join(
        lot.choice(string.digits) if sign == "#" else lot.choice(string.ascii_uppercase) if sign == "@" else sign
        for sign in form
    )


def _valid(module: str, form: str, lot: random.Random) -> str:
    """Draw a number of a form that python-stdnum calls valid."""
    checks = import_module(f"stdnum.{module}")
    for _ in range(_TRIES):
        number = _shape(form, lot)
        if checks.is_valid(number):
            return number
    raise AssertionError(module)


def _cpf(lot: random.Random) -> str:
    cpf = import_module("stdnum.br.cpf")
    body = _shape("#########", lot)
    return next(body + f"{n:02}" for n in range(100) if cpf.is_valid(body + f"{n:02}"))


def _cnpj(lot: random.Random) -> str:
    cnpj = import_module("stdnum.br.cnpj")
    body = _shape("########0001", lot)
    return next(body + f"{n:02}" for n in range(100) if cnpj.is_valid(body + f"{n:02}"))


def _curp(lot: random.Random) -> str:
    curp = import_module("stdnum.mx.curp")
    while True:
        born = f"{lot.randint(30, 99)}{lot.randint(1, 12):02}{lot.randint(1, 28):02}"
        body = f"{lot.choice('GMRPL')}{lot.choice('AEO')}{_shape('@@', lot)}{born}{lot.choice('HM')}"
        body += lot.choice(("DF", "OC", "JC")) + "".join(lot.choices("BCDFGLMNPRS", k=3)) + "0"
        number = next((body + digit for digit in string.digits if curp.is_valid(body + digit)), "")
        if number:
            return number


_ACCOUNTS: Final = {
    "CR": "0" + "#" * 17,
    "DO": "AAAA" + "#" * 20,
    "GT": "TRAJ0102" + "#" * 16,
    "SV": "BANK" + "#" * 20,
    "BR": "#" * 23 + "P1",
}


def _iban(lot: random.Random) -> str:
    country, form = lot.choice([*_ACCOUNTS.items()])
    account = _shape(form, lot)
    value = int("".join(str(int(sign, 36)) for sign in f"{account}{country}00"))
    number = f"{country}{98 - value % 97:02}{account}"
    assert import_module("stdnum.iban").is_valid(number, check_country=False)
    return number


def _dotted(*cuts: int, marks: str) -> Callable[[str], str]:
    def write(number: str) -> str:
        pieces, start = [], 0
        for cut, mark in zip(cuts, marks, strict=True):
            pieces += [number[start:cut], mark]
            start = cut
        return "".join([*pieces, number[start:]])

    return write


def _rfc(lot: random.Random) -> str:
    rfc = import_module("stdnum.mx.rfc")
    while True:
        body = f"G{lot.choice('AEO')}RL{lot.randint(50, 99)}0{lot.randint(1, 9)}1{lot.randint(0, 9)}{_shape('@#', lot)}"
        number = next(
            (body + sign for sign in string.digits + "A" if rfc.is_valid(body + sign, validate_check_digits=True)), ""
        )
        if number:
            return number


def _ci_uruguay(lot: random.Random) -> str:
    body = _shape("4######", lot)
    check = -sum(int(digit) * weight for digit, weight in zip(body, (2, 9, 8, 7, 6, 3, 4), strict=True)) % 10
    return _dotted(1, 4, 7, marks="..-")(f"{body}{check}")


def _dui(lot: random.Random) -> str:
    body = _shape("0#######", lot)
    check = -sum(int(digit) * (9 - place) for place, digit in enumerate(body)) % 10
    return f"{body}-{check}"


_Identity = tuple[str, "str | None", "Callable[[random.Random], str]", tuple[str, ...]]
_rut = _dotted(-7, -4, -1, marks="..-")
_IDENTITIES: Final[tuple[_Identity, ...]] = (
    ("rut", "CL", lambda lot: _rut(_valid("cl.rut", lot.choice("12") + "########", lot)), ("RUT", "R.U.T.", "rut")),
    ("cpf", "BR", lambda lot: _dotted(3, 6, 9, marks="..-")(_cpf(lot)), ("CPF", "C.P.F.", "cpf")),
    ("cnpj", "BR", lambda lot: _dotted(2, 5, 8, 12, marks="../-")(_cnpj(lot)), ("CNPJ", "C.N.P.J.")),
    (
        "cuit",
        "AR",
        lambda lot: _dotted(2, 10, marks="--")(_valid("ar.cuit", lot.choice(("20", "27")) + "#########", lot)),
        ("CUIT", "CUIL", "C.U.I.T."),
    ),
    ("dni", "AR", lambda lot: _dotted(2, 5, marks="..")(_shape("2#######", lot)), ("DNI", "D.N.I.", "Documento")),
    ("ruc", "PE", lambda lot: _valid("pe.ruc", "10#########", lot), ("RUC", "R.U.C.")),
    ("cedula", "EC", lambda lot: _valid("ec.ci", "17########", lot), ("cédula", "C.I.", "CI")),
    ("ruc", "EC", lambda lot: _valid("ec.ruc", "17########001", lot), ("RUC",)),
    ("nit", "CO", lambda lot: _dotted(3, 6, 9, marks="..-")(_valid("co.nit", "9#########", lot)), ("NIT", "N.I.T.")),
    ("cedula", "CO", lambda lot: _dotted(1, 4, 7, marks="...")(_shape("10########", lot)), ("C.C.", "cédula", "CC")),
    (
        "cedula",
        "DO",
        lambda lot: _dotted(3, 10, marks="--")(_valid("do.cedula", "001########", lot)),
        ("cédula", "Cédula", "cédula de identidad"),
    ),
    ("rnc", "DO", lambda lot: _dotted(1, 3, 8, marks="---")(_valid("do.rnc", "1########", lot)), ("RNC", "R.N.C.")),
    (
        "cedula",
        "CR",
        lambda lot: _dotted(1, 5, marks="--")("1" + _shape("0###", lot) + _shape("0###", lot)),
        ("cédula", "Cédula de identidad"),
    ),
    ("cedula", "CU", lambda lot: _valid("cu.ni", "8#####1####", lot), ("carné de identidad", "carnet de identidad")),
    ("nit", "GT", lambda lot: _dotted(-1, marks="-")(_valid("gt.nit", "########", lot)), ("NIT",)),
    ("curp", "MX", _curp, ("CURP", "curp")),
    ("rfc", "MX", _rfc, ("RFC", "R.F.C.")),
    ("ruc", "PY", lambda lot: _dotted(-1, marks="-")(_valid("py.ruc", "8########", lot)), ("RUC",)),
    ("nit", "SV", lambda lot: _dotted(4, 10, 13, marks="---")(_valid("sv.nit", "06140#018#101#", lot)), ("NIT",)),
    ("rut", "UY", lambda lot: _valid("uy.rut", "21######001#", lot), ("RUT",)),
    ("cedula", "UY", _ci_uruguay, ("C.I.", "cédula")),
    ("rif", "VE", lambda lot: _dotted(1, 9, marks="--")(_valid("ve.rif", "V#########", lot)), ("RIF", "R.I.F.")),
    ("iban", None, _iban, ("IBAN", "cuenta IBAN")),
    (
        "dni",
        "HN",
        lambda lot: f"{lot.randint(1, 18):02}01-19{lot.randint(50, 99)}-{_shape('#####', lot)}",
        ("identidad", "DNI"),
    ),
    ("dui", "SV", _dui, ("DUI", "D.U.I.")),
    ("passport", "AR", lambda lot: _shape("AAC######", lot), ("pasaporte", "Pasaporte")),
    ("passport", "BR", lambda lot: _shape("FZ######", lot), ("passaporte",)),
    ("trn", "JM", lambda lot: _dotted(3, 6, marks="--")(_shape("1########", lot)), ("TRN",)),
    ("nif", "HT", lambda lot: _dotted(3, 6, 9, marks="---")(_shape("00########", lot)), ("NIF",)),
    ("elector", "BR", lambda lot: _dotted(4, 8, marks="  ")(_shape("############", lot)), ("título de eleitor",)),
    ("cnh", "BR", lambda lot: _shape("0##########", lot), ("CNH", "carteira de habilitação")),
)


# A label, what joins it to the number, and what stands around them.
_JOINS: Final = (" ", ": ", ":", ".", " n.º ", " nº", " Nº ", " No.", " N°", "-", "/", " # ", " número ")
_SPANISH: Final = (
    "La señora firmó ante el notario con {} y entregó dos copias.",
    "Según consta en el acta, el vecino ({}) cedió el terreno.",
    "Datos del solicitante: Rosa Vera, {}, casada, modista.",
    "Se presentó a las diez; {}; y nadie más vino.",
    "«{}», decía la credencial que encontraron en la plaza.",
)
_PORTUGUESE: Final = (
    "A moradora assinou a ata com {} e levou duas cópias.",
    "Dados do requerente: Rosa Vera, {}, casada, costureira.",
    "O pescador ({}) vendeu o barco no mesmo dia.",
)
_SUPPRESSING: Final = (
    "En el expediente {} figura la venta de la casa.",
    "Consta no processo {} a venda da casa.",
    "Véase el folio {} del archivo.",
    "El oficio {} llegó tarde.",
)
_SURE: Final = frozenset({"cpf", "curp", "iban", "cuit", "cnpj"})
_REGION: Final = (
    "AR", "BO", "BR", "CL", "CO", "CR", "CU", "DO", "EC", "GT", "HN", "HT", "JM", "MX", "NI", "PA", "PE", "PR", "PY",
    "SV", "TT", "UY", "VE", "BB", "BS", "GY", "SR", "BZ", "CW", "AW", "GF",
)  # fmt: skip
_PHONE_SENTENCES: Final = (
    "Quien tenga noticias puede avisar: {}.",
    "La panadería de doña Luz ({}) abre a las seis.",
    "Mande fotos al {} antes del lunes.",
    "Ligue ou escreva: {}, falar com Luz.",
)


def _phones(lot: random.Random) -> Iterator[Sample]:
    for country in _REGION:
        example = phonenumbers.example_number_for_type(country, phonenumbers.PhoneNumberType.MOBILE)
        if example is None:
            continue
        for _ in range(_EACH // 2):
            national = str(example.national_number)
            tail = _shape("####", lot)
            number = phonenumbers.parse(f"+{example.country_code}{national[:-4]}{tail}")
            if not phonenumbers.is_valid_number(number):
                continue
            written = phonenumbers.format_number(number, phonenumbers.PhoneNumberFormat.INTERNATIONAL)[1:]
            gap = lot.choice((" ", "-", ".", "/", "–", " - ", " / "))
            groups = gap.join(written.replace("-", " ").split())
            prefix = lot.choice(("+", "00", "(+", "+("))
            code = str(number.country_code)
            rest = groups[len(code) :]
            value = {"+": f"+{groups}", "00": f"00{groups}", "(+": f"(+{code}){rest}", "+(": f"+({code}){rest}"}[prefix]
            sentence = lot.choice(_PHONE_SENTENCES)
            group = f"phone, {'00' if prefix == '00' else '+'}"
            yield Sample(sentence.format(value), lot.choice((country, None)), group, value)


def positives() -> list[Sample]:
    """Return the texts that hold an identifier."""
    lot = random.Random(SEED)
    samples: list[Sample] = []
    for kind, country, draw, labels in _IDENTITIES:
        sentences = _PORTUGUESE if country == "BR" else _SPANISH
        for _ in range(_EACH):
            value = draw(lot)
            label = lot.choice(labels) + lot.choice(_JOINS)
            samples.append(
                Sample(lot.choice(sentences).format(label + value), country, f"{kind} {country or ''}", value)
            )
            wide = str.maketrans({chr(sign): chr(sign + 0xFEE0) for sign in range(0x21, 0x7F)})
            if lot.random() < 0.1:
                value = value.translate(wide)
                samples.append(Sample(lot.choice(sentences).format(label + value), country, "full width", value))
            if kind in _SURE:
                value = draw(lot)
                text = lot.choice(_SUPPRESSING).format(value)
                samples.append(Sample(text, country, f"{kind} after expediente", value))
    samples += _phones(lot)
    for _ in range(_EACH):
        value = f"{lot.choice(('rosa', 'luz.vera', 'j_paz'))}{lot.randint(1, 99)}@{lot.choice(('correo', 'vecinos'))}.example"
        samples.append(
            Sample(lot.choice(_PHONE_SENTENCES).format(value.replace("@", "＠")), None, "e-mail, full width", value)
        )
    return samples


_OTHERS: Final = (
    "Se instaló la versión {v} del programa.", "Atualizou para a versão {v} ontem.", "El firmware {v} corrige el error.",
    "Instale el parche {v} antes de seguir.", "Corre con el kernel {v} desde marzo.", "La release {v} salió en mayo.",
    "Según § {s} del reglamento, no se paga.", "Véase la sección {s} del manual.", "O item {s} do edital é claro.",
    "Cumple el requisito {s} de la norma.", "La cláusula {s} fija el plazo.", "El apartado {s} no se aplica.",
    "Figura {s}: plano del molino.", "{s} Alcance del contrato",
    "Síganos en @{h}@{i}.", "La cuenta @{h}@{i} publica avisos.", "El foro !{h}@{i} cerró.",
    "Escriba a la página de @{h} en la red.",
    "El expediente {e} sigue abierto.", "O processo {e} foi arquivado.", "Signatura {e}, caja 12.",
    "Inventario {n}, sala 3.", "Código de barras {n}.", "Lote {n} de vacunas.", "ISBN {b}.",
    "Se vendieron {m} ejemplares.", "Costó $ {m} en total.", "Mide 12/34/56 y pesa 0.0012.",
    "El puntaje fue 0056 de 9000.", "Serie 00{n}.", "Entre 1990/1995 y 2001-2004.", "Coordenadas del plano: 45/67-89.",
)  # fmt: skip


def negatives() -> list[Sample]:
    """Return the texts in which no number is anybody's."""
    lot = random.Random(SEED + 1)
    samples = []
    for place in range(60 * len(_OTHERS)):
        form = _OTHERS[place % len(_OTHERS)]
        values = {
            "v": ".".join(str(lot.randint(1, 200)) for _ in range(4)),
            "s": ".".join(str(lot.randint(1, 12)) for _ in range(4)),
            "h": lot.choice(("vecinas", "museo_local", "rosa.vera", "radio")),
            "i": lot.choice(("redes.example.org", "mastodon.example", "social.example.net")),
            "e": lot.choice(
                (_shape("####/20##", lot), _shape("EX-20##-########-APN", lot), _shape("C-####-20##", lot))
            ),
            "n": _shape("########", lot),
            "b": _shape("978-956-##-####-#", lot),
            "m": _dotted(2, 5, marks="..")(_shape("1#######", lot)),
        }
        samples.append(Sample(form.format(**values), lot.choice((None, *_REGION[:22])), form))
    return samples
