"""What is wrong in a source's file, all of it, and what would be better: in sentences of three languages."""

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
from latam_corpus.desk.advice import advice
from latam_corpus.messages import Message, _, enumerated, same

if TYPE_CHECKING:
    from collections.abc import Mapping

    from latam_corpus.config.toml_model import Mistake

_LINE: Final = _("line {line}")
# What a value must be, by pydantic's type of error.
_WANTED: Final[Mapping[str, Message]] = {
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
_ALIKE: Final = {
    "list_type": "tuple_type", "mapping_type": "dict_type", "model_attributes_type": "model_type",
    "date_from_datetime_parsing": "date_type", "date_from_datetime_inexact": "date_type",
}  # fmt: skip
_MUST: Final = _("it must be {wanted}")
_IS: Final = _("it says {given}")
_NO_CHOICE: Final = _("«{given}» is no choice")
_CHOOSE: Final = _("choose one: {known}")
_PERHAPS: Final = _("did you mean «{near}»? Choices: {known}")
_UNKNOWN: Final = _("there is no such key")
_PERHAPS_KEY: Final = _("did you mean «{near}»?")
_KEYS: Final = _("the keys there are: {known}")
_WRITE: Final = _("write «{code}»")
MISSING: Final = _("it is missing")
_ADD: Final = _("add a line: {key} = …")
_ADD_TABLE: Final = _("add the table [{key}]")


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
    problem: Message
    remedy: Message | None
    wrong: bool = True

    @property
    def sentence(self) -> Message:
        """The problem and, where there is one, the remedy."""
        return enumerated([self.problem, self.remedy], between="; ") if self.remedy else self.problem

    def in_language(self, language: str) -> str:
        """As one sentence.

        >>> Finding(7, "rights", same("«todos» no es una opción"), same("elija: …")).in_language("es")
        'línea 7, «rights»: «todos» no es una opción; elija: …'
        """
        location = [_LINE.fill(line=self.line).translate(language)] if self.line else []
        location += [_("«{name}»", name=self.key).translate(language)] if self.key else []
        sentence = self.sentence.translate(language)
        return f"{', '.join(location)}: {sentence}" if location else sentence

    def as_dict(self, language: str) -> dict[str, object]:
        """As plain values, for JSON."""
        return {
            "line": self.line,
            "key": self.key,
            "problem": self.problem.translate(language),
            "remedy": self.remedy.translate(language) if self.remedy else "",
            "wrong": self.wrong,
        }


def check_source(text: str, name: str = "") -> tuple[Source | None, list[Finding]]:
    r"""Give the source that a file's text describes, None when something is wrong, and all that there is to say of it.

    Args:
        text: TOML.
        name: the file's name, for advice on it.

    >>> source, [found] = check_source('id = "a"\ntitle = "A"\nholder = "B"\ngenre = "prenza"')
    >>> found.in_language("es")[:50]
    'línea 4, «genre»: «prenza» no es una opción; ¿quis'
    """
    checked = checked_toml(text, Source, near_word)
    if isinstance(checked, Source):
        checked.read_from(Path(name))
        findings = [
            Finding(line_of(text, tuple(key.split("."))) if key else None, key, problem, remedy, wrong=False)
            for key, problem, remedy in advice(checked, name)
        ]
        return checked, findings
    return None, sorted((_finding(one, text) for one in checked), key=lambda one: one.line or 0)


def _finding(mistake: Mistake, text: str) -> Finding:
    if mistake.kind == "syntax":
        line, problem, remedy = syntax_mistake(str(mistake.raised), mistake.line, text)
        return Finding(line, "", problem, remedy)
    problem, remedy = _problem_and_remedy(mistake)
    # A list's entry is named by its number, from 1, as people count.
    key = shown_key(mistake.key)
    return Finding(mistake.line, key, problem, remedy)


def _problem_and_remedy(mistake: Mistake) -> tuple[Message, Message]:
    last = mistake.key.rpartition(".")[2]
    if mistake.kind == "unknown":
        near = mistake.near
        hint = _PERHAPS_KEY.fill(near=near) if near else _KEYS.fill(known=", ".join(mistake.allowed))
        return _UNKNOWN, hint
    if mistake.kind == "missing":
        return MISSING, (_ADD_TABLE if last == "rights" else _ADD).fill(key=last)
    if mistake.kind == "refused":
        sentence = same(mistake.raised.args[0] if mistake.raised else mistake.message)
        problem, remedy = (SentenceHalf(half, {"sentence": sentence}) for half in ("problem", "remedy"))
        code = _code(mistake)
        return problem, _WRITE.fill(code=code) if code else remedy
    if mistake.kind == "choice":
        return _choice(mistake)
    is_id = mistake.key == "id" and mistake.kind == "string_pattern_mismatch"
    wanted = ID_FORM if is_id else _WANTED.get(_ALIKE.get(mistake.kind, mistake.kind)) or same(mistake.message)
    return _IS.fill(given=_value(mistake.value)), _MUST.fill(wanted=wanted.fill(**mistake.bound))


def _code(mistake: Mistake) -> str | None:
    """Return the code of a country or language that the author named in words."""
    if mistake.key == "country":
        return country_of(str(mistake.value))
    named = str(mistake.value)
    return language_of(named) or declared_tag(named) if re.fullmatch(r"languages\.\d+", mistake.key) else None


def _choice(mistake: Mistake) -> tuple[Message, Message]:
    """Return a word that is none of those allowed, which are listed with what they are called."""
    key = re.sub(r"\.\d+$", "", mistake.key)
    names = VOCABULARIES.get(key, {})
    known = enumerated(_Choice(word, {"name": names.get(word, word)}) for word in mistake.allowed)
    near = mistake.near
    remedy = _PERHAPS.fill(near=near, known=known) if near else _CHOOSE.fill(known=known)
    return _NO_CHOICE.fill(given=_value(mistake.value).strip('"')), remedy


class _Choice(Message):
    """A word of the file, with what it is called in brackets where that is another word."""

    def translate(self, language: str) -> str:
        name = same(self.values["name"]).translate(language)
        return self.msgid if name == self.msgid else f"{self.msgid} ({name})"


def _value(value: object) -> str:
    """Return a value as the file writes it, about."""
    text = shown(value)
    return f'"{value}"' if isinstance(value, str) and len(text) == len(value) + len("''") else text
