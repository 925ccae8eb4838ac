"""What somebody types as an answer, as a value of a source file; what can't be used is said in three languages."""

from __future__ import annotations

import re
from datetime import date
from typing import TYPE_CHECKING, Any, Final

from latam_corpus.catalog.display_names import country_of, language_of, word_of
from latam_corpus.catalog.rights import tier_of
from latam_corpus.said import Said, same
from latam_corpus.said import listed as enumerated
from latam_corpus.text.folding import folded

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

IN_COPYRIGHT: Final = "https://rightsstatements.org/vocab/InC/1.0/"
PUBLIC_DOMAIN: Final = "https://creativecommons.org/publicdomain/mark/1.0/"
# The statements that people mostly need, and what they mean; anything else that is known can be typed.
LICENCES: Final[Mapping[str, Said]] = {
    "CC0-1.0": Said("CC0: sin condiciones", "CC0: sem condições", "CC0: no conditions"),
    "CC-BY-4.0": Said("CC BY: citando la fuente", "CC BY: citando a fonte", "CC BY: with attribution"),
    "CC-BY-SA-4.0": Said(
        "CC BY-SA: citando, y con la misma licencia", "CC BY-SA: citando, e com a mesma licença",
        "CC BY-SA: with attribution, under the same licence",
    ),
    "CC-BY-NC-4.0": Said(
        "CC BY-NC: sin fines comerciales", "CC BY-NC: sem fins comerciais", "CC BY-NC: non-commercial",
    ),
    "CC-BY-NC-SA-4.0": Said(
        "CC BY-NC-SA: sin fines comerciales, misma licencia", "CC BY-NC-SA: sem fins comerciais, mesma licença",
        "CC BY-NC-SA: non-commercial, same licence",
    ),
    "CC-BY-ND-4.0": Said("CC BY-ND: sin cambios", "CC BY-ND: sem mudanças", "CC BY-ND: no derivatives"),
    PUBLIC_DOMAIN: Said("dominio público", "domínio público", "public domain"),
    IN_COPYRIGHT: Said(
        "derechos reservados, y tenemos permiso por escrito", "direitos reservados, e temos permissão por escrito",
        "in copyright, and we have a written permission",
    ),
    "": Said("no lo sé", "não sei", "I don't know"),
}  # fmt: skip
# What a folder holds, and the files to look for.
FILES: Final[Mapping[str, tuple[str, ...]]] = {
    "text": ("**/*.txt",),
    "markdown": ("**/*.md",),
    "html": ("**/*.html", "**/*.htm"),
    "tei": ("**/*.xml",),
    "csv": ("**/*.csv", "**/*.tsv"),
    "jsonl": ("**/*.jsonl", "**/*.jsonl.gz"),
    "parquet": ("**/*.parquet",),
    "warc": ("**/*.warc", "**/*.warc.gz"),
}
FILE_NAMES: Final[Mapping[str, Said]] = {
    "text": Said("texto sin formato (.txt)", "texto sem formatação (.txt)", "plain text (.txt)"),
    "markdown": same("Markdown (.md)"),
    "html": Said("páginas web guardadas (.html)", "páginas da web salvas (.html)", "saved web pages (.html)"),
    "tei": same("TEI (.xml)"),
    "csv": Said("tablas (.csv, .tsv)", "tabelas (.csv, .tsv)", "tables (.csv, .tsv)"),
    "jsonl": Said("líneas JSON (.jsonl)", "linhas JSON (.jsonl)", "JSON lines (.jsonl)"),
    "parquet": same("Parquet (.parquet)"),
    "warc": Said("archivos web (.warc)", "arquivos web (.warc)", "web archives (.warc)"),
}
_NO_CHOICE: Final = Said(
    "«{typed}» no es una opción; elija: {known}",
    "«{typed}» não é uma opção; escolha: {known}",
    "«{typed}» is no choice; choose one: {known}",
)
_NO_ID: Final = Said(
    "«{typed}» no sirve: minúsculas sin acentos, cifras y guiones entre ellas, como «{near}»",
    "«{typed}» não serve: minúsculas sem acentos, algarismos e hifens entre elas, como «{near}»",
    "«{typed}» won't do: small letters without accents, digits and hyphens between them, such as «{near}»",
)
_NO_ADDRESS: Final = Said(
    "«{typed}» no es una dirección completa; empieza por https:// o http://",
    "«{typed}» não é um endereço completo; começa por https:// ou http://",
    "«{typed}» is no whole address; it begins with https:// or http://",
)
_NO_CONTACT: Final = Said(
    "a «{typed}» no se le puede escribir; dé un correo o una página web",
    "não se pode escrever a «{typed}»; dê um e-mail ou uma página da web",
    "nobody can write to «{typed}»; give an e-mail address or a web page",
)
_NO_COUNTRY: Final = Said(
    "«{typed}» no se reconoce como país; escriba su código de dos letras, como CL, BR o MX",
    "«{typed}» não é reconhecido como país; escreva seu código de duas letras, como CL, BR ou MX",
    "«{typed}» isn't known as a country; write its code of two letters, such as CL, BR or MX",
)
_NO_LANGUAGE: Final = Said(
    "«{typed}» no se reconoce como lengua; escriba su código de tres letras (ISO 639-3), como spa, por, quy o gug",
    "«{typed}» não é reconhecida como língua; escreva seu código de três letras (ISO 639-3), como spa, por, quy ou gug",
    "«{typed}» isn't known as a language; write its code of three letters (ISO 639-3), such as spa, por, quy or gug",
)
_NO_DATE: Final = Said(
    "«{typed}» no es una fecha; escríbala como 2031-12-31",
    "«{typed}» não é uma data; escreva-a como 2031-12-31",
    "«{typed}» is no date; write it as 2031-12-31",
)
_NO_LICENCE: Final = Said(
    "«{typed}» no se reconoce como licencia; por ejemplo CC-BY-4.0, o la dirección de una licencia o de "
    "rightsstatements.org",
    "«{typed}» não é reconhecida como licença; por exemplo CC-BY-4.0, ou o endereço de uma licença ou de "
    "rightsstatements.org",
    "«{typed}» isn't known as a licence; such as CC-BY-4.0, or the address of a licence or of rightsstatements.org",
)


class AnswerError(ValueError):
    """An answer that can't be used, with what to write instead."""

    def __init__(self, said: Said, **values: object) -> None:
        super().__init__(said.en)
        self.said = said.plain(**values)


def text(typed: str) -> str:
    """One line of text."""
    return " ".join(typed.split())


def slug(title: str) -> str:
    """An id for a title.

    >>> slug("Cartas de una familia (Ñuble)")
    'cartas-de-una-familia-nuble'
    """
    return "-".join(re.findall(r"[a-z0-9]+", folded(title)))


def identifier(typed: str) -> str:
    """An id of the catalogue."""
    if typed != slug(typed):
        raise AnswerError(_NO_ID, typed=typed, near=slug(typed) or "cartas-familia")
    return typed


def address(typed: str) -> str:
    """The address of a page."""
    if not re.match(r"https?://[^/\s]+", typed) or re.search(r"\s", typed):
        raise AnswerError(_NO_ADDRESS, typed=typed)
    return typed


def contact(typed: str) -> str:
    """An e-mail address, or that of a page."""
    if not re.fullmatch(r"[^@\s()]+@[^@\s()]+\.[^@\s()]+|https?://[^\s()]+", typed):
        raise AnswerError(_NO_CONTACT, typed=typed)
    return typed


def country(typed: str) -> str:
    """ISO 3166-1, from a code or a name."""
    found = country_of(typed)
    if found is None:
        raise AnswerError(_NO_COUNTRY, typed=typed)
    return found


def languages(typed: str) -> list[str]:
    """ISO 639-3 codes, from codes or names with commas between them."""
    return list(dict.fromkeys(map(language, listed(typed))))


def language(typed: str) -> str:
    """An ISO 639-3 code, from a code or a name."""
    found = language_of(typed)
    if found is None:
        raise AnswerError(_NO_LANGUAGE, typed=typed)
    return found


def day(typed: str) -> date:
    """A date."""
    try:
        return date.fromisoformat(typed)
    except ValueError:
        raise AnswerError(_NO_DATE, typed=typed) from None


def statement(typed: str) -> str:
    """A statement of rights; empty where somebody doesn't know."""
    found = _numbered(typed, list(LICENCES))
    return licence(typed) if found is None else str(found)


def licence(typed: str) -> str:
    """A statement of rights, in a sheet, where no number stands for one."""
    found = word_of(LICENCES, typed)
    if found is not None:
        return found
    if tier_of(typed) == "unknown" and "rightsstatements.org/" not in typed:
        raise AnswerError(_NO_LICENCE, typed=typed)
    return typed


def choice(names: Mapping[str, Said], *, numbered: bool = True) -> Callable[[str], str]:
    """What reads one of these words: its number, where they are shown with numbers, the word, or what it is called."""

    def read(typed: str) -> str:
        found = (_numbered(typed, list(names)) if numbered else None) or word_of(names, typed)
        if found is None:
            raise AnswerError(_NO_CHOICE, typed=typed, known=enumerated(names.values()))
        return found

    return read


def choices(names: Mapping[str, Said], *, numbered: bool = True) -> Callable[[str], list[str]]:
    """What reads several of these words, with commas between them."""
    one = choice(names, numbered=numbered)
    return lambda typed: list(dict.fromkeys(one(part) for part in listed(typed)))


def files(typed: str) -> list[str]:
    """The patterns of files, from what they are."""
    return list(FILES[choice(FILE_NAMES)(typed)])


def listed(typed: str) -> list[str]:
    """The parts of a list with commas, semicolons or line breaks between them."""
    return [part.strip() for part in re.split(r"[,;\n]", typed) if part.strip()]


def _numbered(typed: str, known: Sequence[Any]) -> Any:
    if typed.isdecimal() and 1 <= int(typed) <= len(known):
        return known[int(typed) - 1]
    return None
