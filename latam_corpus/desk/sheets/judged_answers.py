"""Read the answers in a judged sheet, which are common words in Spanish, Portuguese and English.

For an ambiguous cell, `read_answer` returns None, and the reader is asked to correct the row.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Final, NamedTuple

from latam_corpus.catalog.display_names import language_of
from latam_corpus.codes import admits, declared_tag, groups, short
from latam_corpus.release.pages.judgements import BAD, GOOD, NO, UNSURE, YES
from latam_corpus.text.folding import folded

if TYPE_CHECKING:
    from collections.abc import Iterable

# Answers in folded form, without punctuation.
_YES: Final = frozenset({"s", "si", "sim", "y", "yes", "claro", "asi es", "true", "verdadero", "verdadeiro"})
_NO: Final = frozenset({"n", "no", "nao", "falso", "false"})
_RIGHT: Final = frozenset(
    {"bien", "esta bien", "muy bien", "bueno", "buena", "correcto", "correcta", "es correcto", "es correcta", "ok"}
    | {"okay", "bom", "boa", "bem", "esta bom", "muito bom", "correto", "correta", "certo", "certa", "esta certo"}
    | {"esta certa", "good", "right", "correct", "fine", "otimo", "otima", "optimo", "optima", "excelente", "excellent"}
    | {"perfecto", "perfecta", "perfeito", "perfeita", "perfect", "great", "muy bueno", "muy buena", "muito bem"}
    | {"muito boa", "buenisimo", "buenisima", "very good", "esta muy bien", "esta otimo", "esta boa", "esta bueno"}
)
_WRONG: Final = frozenset(
    {"mal", "malo", "mala", "esta mal", "incorrecto", "incorrecta", "no es correcto", "no es correcta", "no sirve"}
    | {"ruim", "errado", "errada", "esta errado", "esta errada", "incorreto", "incorreta", "nao esta certo"}
    | {"bad", "wrong", "incorrect", "equivocado", "equivocada", "pesimo", "pesima", "pessimo", "pessima", "mau", "ma"}
    | {"muy mal", "muy malo", "muy mala", "muito mal", "muito ruim", "muito mau", "malisimo", "malisima", "terrible"}
    | {"terrivel", "horrible", "horrivel", "very bad", "esta ruim", "nao presta", "nao serve"}
)
_UNSURE: Final = frozenset(
    {"no se", "no lo se", "ns", "nao sei", "i dont know", "dont know", "duda", "dudoso", "dudosa", "tengo dudas"}
    | {"no estoy seguro", "no estoy segura", "duvida", "duvidoso", "duvidosa", "nao tenho certeza", "unsure"}
    | {"not sure", "tal vez", "talvez", "quiza", "quizas", "maybe"}
)
_OTHER: Final = frozenset({"otra", "otra lengua", "es otra", "es otra lengua", "outra", "outra lingua", "e outra"})
_WHICH_UNKNOWN: Final = frozenset({"no se cual", "no se cual es", "nao sei qual", "nao sei qual e"})
_TICKS: Final = frozenset("✓✔☑✅")
_CROSSES: Final = frozenset("✗✘❌☒")
_X: Final = "x"
_SIGNS: Final = re.compile(r"[.,;:!¡¿\"«»“”()'’\[\]*_-]+")
_PARTS: Final = re.compile(r"\s*(?:[,;:.]|\s[-–—]|[–—])\s*")
_IS: Final = re.compile(r"(?:es|está en|está escrito en|é|está em|it is|it's|is|en|em|sino)\s+", re.IGNORECASE)
_NOT: Final = re.compile(
    r"(?:no|não|nao)\s+(?:es|é|está en|está em)\s+(.+)|(?:it is|it's|is)?\s*not\s+(.+)", re.IGNORECASE
)
# The answer to each question, by general answer. Praise doesn't answer whether personal data is left in a text.
_ANSWER_TO: Final = {
    "verdict": {YES: GOOD, NO: BAD, GOOD: GOOD, BAD: BAD, UNSURE: UNSURE},
    "language": {YES: YES, NO: NO, GOOD: YES, BAD: NO, UNSURE: UNSURE},
    "natural": {YES: YES, NO: NO, GOOD: YES, BAD: NO, UNSURE: UNSURE},
    "personal_data": {YES: YES, NO: NO, UNSURE: UNSURE},
}


class Answer(NamedTuple):
    """An answer to a question, and the language that the cell names next to it; empty if it names none."""

    value: str
    language: str = ""


def read_answer(question: str, typed: str, named: str, column: Iterable[str] = ()) -> Answer | None:
    """Return the answer in a cell; None if there is none, or it is ambiguous.

    Args:
        question: a key of `QUESTIONS`.
        typed: the cell.
        named: the language label of the document.
        column: all cells of the column. An `x` in a column with ticks may be a cross, so it isn't an answer.

    >>> read_answer("verdict", " Bien. ", "que"), read_answer("natural", "S", "que"), read_answer("verdict", "así", "")
    (Answer(value='good', language=''), Answer(value='yes', language=''), None)
    >>> read_answer("language", "no, es quechua de Cusco", "quy"), read_answer("language", "Kaqchikel", "quc")
    (Answer(value='quz', language=''), Answer(value='cak', language=''))
    """
    general = _general(typed, column)
    if general == _X:
        return Answer(YES) if question in ("language", "natural") else None
    if general is not None:
        # «boa» means good in Portuguese, but is also the code of Bora.
        is_code = question == "language" and folded(typed) in groups().of
        return None if is_code else _answer_to(question, general)
    if "?" in typed or question not in ("language", "verdict"):  # «quechua?» is a guess
        return None
    return _with_language(question, typed, named)


def named_language(typed: str) -> str:
    """Return the part of a cell that names a language, without a «no» before it.

    >>> named_language("não, é guarani mbya"), named_language("una lengua rara")
    ('guarani mbya', 'una lengua rara')
    """
    first_part, *other_parts = _PARTS.split(typed.strip(), maxsplit=1)
    answer = " ".join(other_parts) if other_parts and _general(first_part, ()) is not None else typed.strip()
    return _IS.sub("", answer, count=1) if _IS.match(answer) else answer


def is_blank(typed: str) -> bool:
    """Whether a cell is empty or has only dashes and full stops.

    >>> is_blank(" — "), is_blank("✓"), is_blank("?")
    (True, False, False)
    """
    return not typed.strip(" \t\n\u00a0-–—.")


def _general(typed: str, column: Iterable[str]) -> str | None:
    """Return a cell's answer if it fits any question: yes, no, good, bad, unsure, or `x` for a mark."""
    sign = typed.strip().replace("\ufe0f", "")
    plain = _plain(typed)
    if sign and not sign.strip("?¿ "):
        return UNSURE
    if sign in _TICKS or sign in _CROSSES:
        return GOOD if sign in _TICKS else BAD
    if plain == _X:
        marks = {cell.strip().replace("\ufe0f", "") for cell in column}
        return None if marks & (_TICKS | _CROSSES) else _X
    if "?" in typed:
        return None
    answers = ((YES, _YES), (NO, _NO), (GOOD, _RIGHT), (BAD, _WRONG), (UNSURE, _UNSURE))
    return next((answer for answer, words in answers if plain in words), None)


def _with_language(question: str, typed: str, named: str) -> Answer | None:
    """Return the answer of a cell that names a language, such as «no, es quechua de Cusco»; None if unclear."""
    if denial := _NOT.fullmatch(typed.strip()):
        # «No es quechua» is an answer only if the document is labelled as Quechua.
        code = _language(denial[1] or denial[2])
        return _answer_to(question, NO) if code and admits(code, short(named)) else None
    first_part, *other_parts = _PARTS.split(typed.strip(), maxsplit=1)
    general = _general(first_part, ())
    if not other_parts or general is None:
        code = _language(typed) if question == "language" else None
        return Answer(code) if code else None
    language = " ".join(other_parts)
    if general in (NO, BAD) and _plain(language) in _OTHER | _WHICH_UNKNOWN | _UNSURE:
        return _answer_to(question, NO) if question == "language" else None
    code = _language(language)
    if code is None or general == UNSURE:
        return None
    denied = general in (NO, BAD)
    agrees = admits(code, short(named)) or admits(short(named), code)
    if code == short(named) if denied else not agrees:
        return None  # such as «no, es español» for a text labelled as Spanish
    return Answer(code) if question == "language" else Answer(BAD if denied else GOOD, code)


def _answer_to(question: str, value: str) -> Answer | None:
    """Return the answer to a question by a general answer; None if that doesn't answer this question."""
    value_for_question = _ANSWER_TO[question].get(value)
    return Answer(value_for_question) if value_for_question else None


def _language(typed: str) -> str | None:
    """Return the code of a language that a cell names, after «es», «en» or «lengua»."""
    words = _IS.sub("", typed.strip(), count=1) if _IS.match(typed.strip()) else typed
    named = words.strip(" .!;,")
    return language_of(named) or declared_tag(named)


def _plain(typed: str) -> str:
    return " ".join(_SIGNS.sub(" ", folded(typed.replace("'", "").replace("’", ""))).split())
