"""Check a source file: list all errors and suggestions, each with a remedy."""

from __future__ import annotations

import re
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Final

from latam_corpus.catalog.display_names import VOCABULARIES, language_of, near_word
from latam_corpus.catalog.named_values import country_of
from latam_corpus.catalog.source import Source
from latam_corpus.codes import declared_tag
from latam_corpus.config.toml_model import ID_FORM, SentenceHalf, checked_toml, line_of, shown, shown_key
from latam_corpus.config.toml_syntax import syntax_mistake
from latam_corpus.intake.advice import advice
from latam_corpus.messages import Message, _, enumerated, same

if TYPE_CHECKING:
    from collections.abc import Mapping

    from latam_corpus.config.toml_model import Mistake

_LINE: Final = _("line {line}")
# The expected value, by pydantic's error type.
_EXPECTED: Final[Mapping[str, Message]] = {
    "string_type": _("a text in quotes"),
    "int_type": _("a whole number without quotes"),
    "int_from_float": _("a whole number"),
    "float_type": _("a number without quotes"),
    "float_parsing": _("a number without quotes"),
    "bool_type": _("true or false, without quotes"),
    "tuple_type": _('a list in brackets, such as ["a", "b"]'),
    "dict_type": _("a table"),
    "model_type": _("a table"),
    "date_type": _("a date without quotes, such as 2027-01-31"),
    "greater_than": _("a number above {gt}"),
    "greater_than_equal": _("a number of {ge} or more"),
    "too_short": _("a list with at least one entry"),
    "string_too_short": _("a longer text"),
    "string_too_long": _("a shorter text"),
}
_SAME_EXPECTATION: Final = {
    "list_type": "tuple_type", "mapping_type": "dict_type", "model_attributes_type": "model_type",
    "date_from_datetime_parsing": "date_type", "date_from_datetime_inexact": "date_type",
}  # fmt: skip
_IS: Final = _("it says {given}")
_SUGGESTION: Final = _("did you mean «{near}»? Choices: {known}")
_KEYS: Final = _("the keys are: {known}")
MISSING: Final = _("it is missing")


@dataclass(frozen=True)
class Finding:
    """An error in a source file, or a suggestion for a valid one.

    Attributes:
        line: the number of the line, from 1; None for the whole file.
        key: the dotted key in the file, or the name of a file with records; empty for the whole file.
        problem: the problem, without a full stop.
        remedy: the advice on what to write instead.
        wrong: false for a suggestion.
    """

    line: int | None
    key: str
    problem: Message
    remedy: Message | None
    wrong: bool = True

    @property
    def sentence(self) -> Message:
        """The problem, and the remedy if there is one."""
        return enumerated([self.problem, self.remedy], between="; ") if self.remedy else self.problem

    def in_language(self, language: str) -> str:
        """Return the finding and its place as one sentence.

        >>> Finding(7, "rights", same("«todos» no es una opción"), same("elija: …")).in_language("es")
        'línea 7, «rights»: «todos» no es una opción; elija: …'
        """
        location = [_LINE.fill(line=self.line).translate(language)] if self.line else []
        location += [_("«{name}»", name=self.key).translate(language)] if self.key else []
        sentence = self.sentence.translate(language)
        return f"{', '.join(location)}: {sentence}" if location else sentence

    def as_dict(self, language: str) -> dict[str, object]:
        """Return plain values, for JSON."""
        return {
            "line": self.line,
            "key": self.key,
            "problem": self.problem.translate(language),
            "remedy": self.remedy.translate(language) if self.remedy else "",
            "wrong": self.wrong,
        }


def check_source(text: str, name: str = "") -> tuple[Source | None, list[Finding]]:
    r"""Return the source that a text describes (None if it has an error) and all findings.

    The file's name is checked too.

    >>> source, [finding] = check_source('id = "a"\ntitle = "A"\nholder = "B"\ngenre = "prenza"')
    >>> finding.in_language("es")[:50]
    'línea 4, «genre»: «prenza» no es una de las opcion'
    """
    checked = checked_toml(text, Source, near_word)
    if isinstance(checked, Source):
        checked.read_from(Path(name))
        findings = [
            Finding(line_of(text, tuple(key.split("."))) if key else None, key, problem, remedy, wrong=False)
            for key, problem, remedy in advice(checked, name)
        ]
        return checked, findings
    return None, sorted((_finding(mistake, text) for mistake in checked), key=lambda finding: finding.line or 0)


def _finding(mistake: Mistake, text: str) -> Finding:
    if mistake.kind == "syntax":
        line, problem, remedy = syntax_mistake(str(mistake.raised), mistake.line, text)
        return Finding(line, "", problem, remedy)
    problem, remedy = _problem_and_remedy(mistake)
    return Finding(mistake.line, shown_key(mistake.key), problem, remedy)


def _problem_and_remedy(mistake: Mistake) -> tuple[Message, Message]:
    last = mistake.key.rpartition(".")[2]
    if mistake.kind == "unknown":
        near = mistake.near
        hint = _("did you mean «{near}»?", near=near) if near else _KEYS.fill(known=", ".join(mistake.allowed))
        return _("this key doesn't exist"), hint
    if mistake.kind == "missing":
        return MISSING, (_("add the table [{key}]") if last == "rights" else _("add a line: {key} = …")).fill(key=last)
    if mistake.kind == "refused":
        sentence = same(mistake.raised.args[0] if mistake.raised else mistake.message)
        problem, remedy = (SentenceHalf(half, {"sentence": sentence}) for half in ("problem", "remedy"))
        code = _code(mistake)
        return problem, _("write «{code}»", code=code) if code else remedy
    if mistake.kind == "choice":
        return _choice(mistake)
    is_id = mistake.key == "id" and mistake.kind == "string_pattern_mismatch"
    kind = _SAME_EXPECTATION.get(mistake.kind, mistake.kind)
    expected = ID_FORM if is_id else _EXPECTED.get(kind) or same(mistake.message)
    return _IS.fill(given=_value(mistake.value)), _("it must be {wanted}", wanted=expected.fill(**mistake.bound))


def _code(mistake: Mistake) -> str | None:
    """Return the code of a country or language by its name."""
    if mistake.key == "country":
        return country_of(str(mistake.value))
    typed = str(mistake.value)
    return language_of(typed) or declared_tag(typed) if re.fullmatch(r"languages\.\d+", mistake.key) else None


def _choice(mistake: Mistake) -> tuple[Message, Message]:
    """Return the problem and the remedy for a value that isn't allowed."""
    key = re.sub(r"\.\d+$", "", mistake.key)
    names = VOCABULARIES.get(key, {})
    options = enumerated(_Choice(word, {"name": names.get(word, word)}) for word in mistake.allowed)
    near = mistake.near
    remedy = _SUGGESTION.fill(near=near, known=options) if near else _("choose one: {known}", known=options)
    return _("«{given}» isn't one of the choices", given=_value(mistake.value).strip('"')), remedy


class _Choice(Message):
    """An allowed value, which is shown with its display name in brackets if that differs."""

    def translate(self, language: str) -> str:
        name = same(self.values["name"]).translate(language)
        return self.msgid if name == self.msgid else f"{self.msgid} ({name})"


def _value(value: object) -> str:
    """Return a value as TOML, shortened."""
    text = shown(value)
    return f'"{value}"' if isinstance(value, str) and len(text) == len(value) + len("''") else text
