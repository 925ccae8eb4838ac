"""What is wrong in a source's file, all of it, and what would be better: in sentences of three languages."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from latam_corpus.catalog.display_names import KEYS, VOCABULARIES, country_of, language_of
from latam_corpus.catalog.source import Source
from latam_corpus.cli.refusals import refusal
from latam_corpus.desk.advice import advice
from latam_corpus.desk.syntax import syntax_mistake
from latam_corpus.errors import nearest
from latam_corpus.said import Said, same
from latam_corpus.text.folding import folded
from latam_corpus.toml_model import checked_toml, line_of, shown

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from latam_corpus.toml_model import Mistake

_LINE: Final = Said("línea {line}", "linha {line}", "line {line}")
# What a value must be, by pydantic's type of error.
_WANTED: Final[Mapping[str, Said]] = {
    "string_type": Said("un texto entre comillas", "um texto entre aspas", "a text in quotes"),
    "int_type": Said("un número entero sin comillas", "um número inteiro sem aspas", "a whole number without quotes"),
    "int_from_float": Said("un número entero", "um número inteiro", "a whole number"),
    "float_type": Said("un número sin comillas", "um número sem aspas", "a number without quotes"),
    "float_parsing": Said("un número sin comillas", "um número sem aspas", "a number without quotes"),
    "bool_type": Said("true o false, sin comillas", "true ou false, sem aspas", "true or false, without quotes"),
    "tuple_type": Said(
        'una lista entre corchetes, como ["a", "b"]', 'uma lista entre colchetes, como ["a", "b"]',
        'a list in brackets, such as ["a", "b"]',
    ),
    "dict_type": Said("una tabla", "uma tabela", "a table"),
    "model_type": Said("una tabla", "uma tabela", "a table"),
    "date_type": Said(
        "una fecha sin comillas, como 2027-01-31", "uma data sem aspas, como 2027-01-31",
        "a date without quotes, such as 2027-01-31",
    ),
    "greater_than": Said("un número mayor que {gt}", "um número maior que {gt}", "a number above {gt}"),
    "greater_than_equal": Said("un número de {ge} o más", "um número de {ge} ou mais", "a number of {ge} or more"),
    "too_short": Said("una lista con algo dentro", "uma lista com algo dentro", "a list with something in it"),
    "string_too_short": Said("un texto más largo", "um texto mais longo", "a longer text"),
    "string_too_long": Said("un texto más corto", "um texto mais curto", "a shorter text"),
}  # fmt: skip
_ALIKE: Final = {
    "list_type": "tuple_type", "mapping_type": "dict_type", "model_attributes_type": "model_type",
    "date_from_datetime_parsing": "date_type", "date_from_datetime_inexact": "date_type",
}  # fmt: skip
_ID: Final = Said(
    "letras minúsculas sin acentos, cifras y guiones entre ellas, como cartas-familia",
    "letras minúsculas sem acentos, algarismos e hifens entre elas, como cartas-familia",
    "small letters without accents, digits and hyphens between them, such as cartas-familia",
)
_MUST: Final = Said("debe ser {wanted}", "deve ser {wanted}", "it must be {wanted}")
_IS: Final = Said("dice {given}", "diz {given}", "it says {given}")
_NO_CHOICE: Final = Said("«{given}» no es una opción", "«{given}» não é uma opção", "«{given}» is no choice")
_CHOOSE: Final = Said("elija: {known}", "escolha: {known}", "choose one: {known}")
_PERHAPS: Final = Said(
    "¿quiso escribir «{near}»? Opciones: {known}",
    "quis escrever «{near}»? Opções: {known}",
    "did you mean «{near}»? Choices: {known}",
)
_UNKNOWN: Final = Said("esa clave no existe", "essa chave não existe", "there is no such key")
_PERHAPS_KEY: Final = Said("¿quiso escribir «{near}»?", "quis escrever «{near}»?", "did you mean «{near}»?")
_KEYS: Final = Said("las claves de ahí son: {known}", "as chaves dali são: {known}", "the keys there are: {known}")
_WRITE: Final = Said("escriba «{code}»", "escreva «{code}»", "write «{code}»")
MISSING: Final = Said("falta", "falta", "it is missing")
_ADD: Final = Said("agregue una línea: {key} = …", "acrescente uma linha: {key} = …", "add a line: {key} = …")
_ADD_TABLE: Final = Said(
    "agregue la tabla [{key}]", "acrescente a tabela [{key}]", "add the table [{key}]"
)  # fmt: skip


@dataclass(frozen=True)
class Finding:
    """One thing that is wrong in a file (or, as advice, could be better): where, what, and what to do.

    Attributes:
        line: from 1; None for the file as a whole.
        key: of the file, dotted, or the name of the file whose records are meant; empty for the whole.
        problem: without a full stop.
        remedy: what to write instead.
        wrong: false for advice, with which the file is valid.
    """

    line: int | None
    key: str
    problem: Said
    remedy: Said
    wrong: bool = True

    def told(self, language: str) -> str:
        """As one sentence.

        >>> Finding(7, "rights", same("«todos» no es una opción"), same("elija: …")).told("es")
        'línea 7, «rights»: «todos» no es una opción; elija: …'
        """
        place = [_LINE.plain(line=self.line).told(language)] if self.line else []
        place += [f"«{self.key}»"] if self.key else []
        remedy = self.remedy.told(language)
        said = self.problem.told(language) + (f"; {remedy}" if remedy else "")
        return f"{', '.join(place)}: {said}" if place else said

    def as_dict(self, language: str) -> dict[str, object]:
        """As plain values, for JSON."""
        return {
            "line": self.line,
            "key": self.key,
            "problem": self.problem.told(language),
            "remedy": self.remedy.told(language),
            "wrong": self.wrong,
        }


def check_source(text: str, name: str = "") -> tuple[Source | None, list[Finding]]:
    r"""The source that a file's text describes, None when something is wrong, and all that there is to say of it.

    Args:
        text: TOML.
        name: the file's name, for advice on it.

    >>> source, [found] = check_source('id = "a"\ntitle = "A"\nholder = "B"\ngenre = "prensa"')
    >>> found.told("es")[:50]
    'línea 4, «genre»: «prensa» no es una opción; ¿quis'
    """
    found = checked_toml(text, Source)
    if isinstance(found, Source):
        told = [
            Finding(line_of(text, tuple(key.split("."))) if key else None, key, problem, remedy, wrong=False)
            for key, problem, remedy in advice(found, name)
        ]
        return found, told
    return None, sorted((_finding(one, text) for one in found), key=lambda one: one.line or 0)


def _finding(mistake: Mistake, text: str) -> Finding:
    if mistake.kind == "syntax":
        line, problem, remedy = syntax_mistake(mistake, text)
        return Finding(line, "", problem, remedy)
    problem, remedy = _said(mistake)
    # A list's entry is named by its number, from 1, as people count.
    key = re.sub(r"\.(\d+)", lambda m: f" ({int(m[1]) + 1})", mistake.key)
    return Finding(mistake.line, key, problem, remedy)


def _said(mistake: Mistake) -> tuple[Said, Said]:
    last = mistake.key.rpartition(".")[2]
    if mistake.kind == "unknown":
        called = KEYS.get(folded(last))
        near = called if called in mistake.known else nearest(last, mistake.known)
        told = _PERHAPS_KEY.plain(near=near) if near else _KEYS.plain(known=", ".join(mistake.known))
        return _UNKNOWN, told
    if mistake.kind == "missing":
        return MISSING, (_ADD_TABLE if last == "rights" else _ADD).plain(key=last)
    if mistake.kind == "refused":
        problem, remedy = refusal(str(mistake.raised))
        code = _code(mistake)
        return problem, _WRITE.plain(code=code) if code else remedy
    if mistake.kind == "choice":
        return _choice(mistake)
    wanted = _ID if mistake.key == "id" and mistake.kind == "string_pattern_mismatch" else None
    wanted = wanted or _WANTED.get(_ALIKE.get(mistake.kind, mistake.kind)) or same(mistake.told)
    return _IS.plain(given=_value(mistake.given)), _MUST.plain(wanted=wanted.plain(**mistake.bound))


def _code(mistake: Mistake) -> str | None:
    """The code of a country or language that the author named in words."""
    if mistake.key == "country":
        return country_of(str(mistake.given))
    return language_of(str(mistake.given)) if re.fullmatch(r"languages\.\d+", mistake.key) else None


def _choice(mistake: Mistake) -> tuple[Said, Said]:
    """A word that is none of those allowed, which are listed with what they are called."""
    key = re.sub(r"\.\d+$", "", mistake.key)
    names = VOCABULARIES.get(key, {})
    known = _listed(mistake.known, names)
    near = _meant(str(mistake.given), mistake.known, names)
    remedy = _PERHAPS.plain(near=near, known=known) if near else _CHOOSE.plain(known=known)
    return _NO_CHOICE.plain(given=_value(mistake.given).strip('"')), remedy


def _meant(given: str, known: Iterable[str], names: Mapping[str, Said]) -> str | None:
    """The word that was meant: by what it is called, else the closest one."""
    called = {one.casefold(): word for word in known for one in (word, *names.get(word, ()))}
    near = nearest(given.casefold(), called)
    return called[near] if near else None


def _listed(known: Iterable[str], names: Mapping[str, Said]) -> Said:
    """The words, each with what it is called in brackets where that is another word."""

    def of(language: str) -> str:
        called = {word: names[word].told(language) if word in names else word for word in known}
        return ", ".join(word if name == word else f"{word} ({name})" for word, name in called.items())

    known = list(known)
    return Said(of("es"), of("pt"), of("en"))


def _value(given: object) -> str:
    """A value as the file writes it, about."""
    told = shown(given)
    return f'"{given}"' if isinstance(given, str) and len(told) == len(given) + len("''") else told
