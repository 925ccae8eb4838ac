"""Sentences for people, in Spanish, Portuguese and English: gettext messages, whose ids are the English sentences.

`_("there is no source «{name}»", name=name)` marks a sentence for Babel, which extracts it into the catalogues in
`locale/`. A catalogue is read when a sentence is first translated into its language. Words that depend on a number name
its parameter, with the singular first: `_("{n} {n:document|documents}", n=n)`. A translation may use such words
elsewhere in the sentence.
"""

from __future__ import annotations

import gettext
import os
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

LANGUAGES: Final = {"es": "Español", "pt": "Português", "en": "English"}
LOCALE: Final = Path(__file__).resolve().parent / "locale"
DOMAIN: Final = "latam_corpus"
_SIGNS: Final = str.maketrans({".": ",", ",": " "})


class _Filled(str):
    """A parameter's value, which also chooses between singular and plural words.

    >>> ["{n} {n:hour|hours}".format(n=_Filled(n)) for n in ("1", "less than 1", "1 241", "11")]
    ['1 hour', 'less than 1 hour', '1 241 hours', '11 hours']
    """

    __slots__ = ()

    def __format__(self, words: str) -> str:
        singular, bar, plural = words.partition("|")
        return (singular if self.rpartition(" ")[2] == "1" else plural) if bar else format(str(self), words)


@dataclass(frozen=True)
class Message:
    """A translatable sentence with the values of its parameters; `str` gives it in English.

    Attributes:
        msgid: the English sentence, with parameters in braces. A sentence that is in no catalogue is the same in all
            languages.
        values: the values of the parameters, by name; messages among them are translated too.
    """

    msgid: str
    values: Mapping[str, str | Message] = field(default_factory=dict)

    def __str__(self) -> str:
        return self.translate("en")

    def fill(self, **values: object) -> Message:
        """Return the message with these values of its parameters.

        >>> str(Message("{n} texts").fill(n=3))
        '3 texts'
        """
        return Message(self.msgid, {**self.values, **_(self.msgid, **values).values})

    def translate(self, language: str) -> str:
        """Return the sentence in a language.

        Raises:
            KeyError: a parameter has no value.

        >>> Message("choose one of: {known}", {"known": Message("news")}).translate("pt")
        'escolha: imprensa'
        >>> [Message("{n} {n:text|texts}", {"n": n}).translate("en") for n in ("0", "1", "2")]
        ['0 texts', '1 text', '2 texts']
        """
        # The empty id is the catalogue's header.
        sentence = self.msgid if language == "en" or not self.msgid else _catalogue(language).gettext(self.msgid)
        values = {name: v.translate(language) if isinstance(v, Message) else v for name, v in self.values.items()}
        return sentence.format_map({name: _Filled(v) for name, v in values.items()})

    def translations(self) -> dict[str, str]:
        """Return the sentence in every language, by its code."""
        return {language: self.translate(language) for language in LANGUAGES}


def _(msgid: str, /, **values: object) -> Message:
    """Mark a sentence for translation; Babel extracts the first argument of its calls.

    >>> str(_("{n} texts", n=3))
    '3 texts'
    """
    return Message(msgid, {name: v if isinstance(v, Message) else str(v) for name, v in values.items()})


def N_(sentence: str) -> str:  # noqa: N802  (gettext's own name, by which Babel extracts it)
    """Mark a sentence that must be a `str`, such as an option's help; `translated` translates it.

    >>> N_("Print JSON.")
    'Print JSON.'
    """
    return sentence


def translated(text: str, language: str) -> str:
    """Return the translation of a text, which may contain braces; the text itself if it has none.

    >>> translated("Print JSON.", "es"), translated("{x", "es")
    ('Escribe JSON.', '{x')
    """
    return text if language == "en" or not text else _catalogue(language).gettext(text)


def same(text: object) -> Message:
    """Return a text that is the same in every language, such as a code, as a message; return a message unchanged."""
    return text if isinstance(text, Message) else Message("{text}", {"text": str(text)})


@dataclass(frozen=True)
class _Text(Message):
    """A text that may be in a catalogue and may contain braces."""

    def translate(self, language: str) -> str:
        return translated(self.msgid, language)


def known(text: object) -> Message:
    """Return a text as a message, translated if a catalogue has it; return a message unchanged.

    >>> known("the file is missing").translate("es"), known("{x").translate("es")
    ('falta el archivo', '{x')
    """
    return text if isinstance(text, Message) else _Text(str(text))


@dataclass(frozen=True)
class _Decimal(Message):
    """A number; Spanish and Portuguese have a decimal comma, and spaces between groups of three digits."""

    def translate(self, language: str) -> str:
        return self.msgid if language == "en" else self.msgid.translate(_SIGNS)


def decimal(number: str) -> Message:
    """Return a number as a message whose point and commas become the language's separators.

    >>> decimal("0.318").translate("es"), str(decimal("0.318")), decimal("1,242").translate("pt")
    ('0,318', '0.318', '1 242')
    """
    return _Decimal(number)


def megabytes(size: int) -> Message:
    """Return a human-readable size in decimal units.

    >>> megabytes(12_345_678).translate("es"), str(megabytes(2_500))
    ('12,3 MB', '2.5 kB')
    """
    for unit, name in ((10**12, "TB"), (10**9, "GB"), (10**6, "MB"), (10**3, "kB")):
        if size >= unit:
            return decimal(f"{size / unit:.1f} {name}")
    return same(f"{size} B")


# The keys under which `recorded` stores plain texts and numbers.
_KINDS: Final[dict[str, type[Message]]] = {"text": _Text, "number": _Decimal}


def recorded(sentence: str | Message) -> Any:
    """Return a sentence as JSON, from which `read_back` restores the message.

    >>> recorded(_("{n} texts", n=3))
    {'msgid': '{n} texts', 'values': {'n': '3'}}
    """
    if not isinstance(sentence, Message):
        return sentence
    if type(sentence) is Message:
        return {"msgid": sentence.msgid, "values": {name: recorded(value) for name, value in sentence.values.items()}}
    return {next((name for name, kind in _KINDS.items() if type(sentence) is kind), "text"): str(sentence)}


def read_back(value: Any, written: str) -> Message:
    """Return the sentence that `recorded` stored as JSON; for other JSON, the English text stored with it.

    >>> read_back({"msgid": "did you mean «{near}»?", "values": {"near": "a"}}, "did you mean «a»?").translate("es")
    '¿quiso escribir «a»?'
    >>> read_back(None, "the file is missing").translate("es"), str(read_back({"msgid": "{n} texts"}, "3 texts"))
    ('falta el archivo', '3 texts')
    >>> [str(read_back({"msgid": msgid, "values": {"n": "3"}}, "3 texts")) for msgid in ("{n.real} texts", "{n[x]}")]
    ['3 texts', '3 texts']
    """
    sentence = _sentence(value)
    try:
        return sentence if isinstance(sentence, Message) and str(sentence) == written else known(written)
    except (LookupError, ValueError, AttributeError, TypeError):  # a parameter has no value, or isn't a name
        return known(written)


def _sentence(value: Any) -> str | Message:
    if not isinstance(value, dict):
        return str(value)
    for name, kind in _KINDS.items():
        if name in value:
            return kind(str(value[name]))
    values = value.get("values")
    parts = {str(name): _sentence(part) for name, part in values.items()} if isinstance(values, dict) else {}
    return Message(str(value.get("msgid", "")), parts)


def sentences(texts: Iterable[object]) -> dict[str, Any]:
    """Return the translatable form of each message among these by its English text, for a record."""
    return {str(text): recorded(text) for text in texts if isinstance(text, Message)}


def sentence(values: Mapping[str, Any], text: str) -> Message:
    """Return a sentence of a record as a translatable message.

    Args:
        values: the record, with the result of `sentences` under the key `sentences`.
        text: the English sentence in the record.
    """
    return read_back(values.get("sentences", {}).get(text), text)


def evidence_values(evidence: Mapping[str, Any]) -> dict[str, Any]:
    """Return the evidence of a ledger row with its messages as English texts.

    Messages with parameters are also stored under `sentences`, since no catalogue has the filled text.

    >>> evidence = evidence_values({"error": _("it was cut after {n} of {all} bytes", n=1, all=3), "record": 2})
    >>> evidence["error"], sentence(evidence, evidence["error"]).translate("es")
    ('it was cut after 1 of 3 bytes', 'se cortó después de 1 de 3 bytes')
    >>> evidence_values({"error": _("its header is incomplete")})
    {'error': 'its header is incomplete'}
    """
    filled = sentences(value for value in evidence.values() if isinstance(value, Message) and value.values)
    texts = {name: str(value) if isinstance(value, Message) else value for name, value in evidence.items()}
    return {**texts, "sentences": filled} if filled else texts


def enumerated(messages: Iterable[Message], between: str = ", ") -> Message:
    """Join several messages with commas, or another separator.

    >>> enumerated([Message("news"), same("…")]).translate("es")
    'prensa, …'
    """
    parts = {f"part{number}": message for number, message in enumerate(messages)}
    return Message(between.join(f"{{{name}}}" for name in parts), parts)


def first_of(names: Sequence[str | Message], most: int) -> Message:
    """Return a message with the first names of a list and the number of the others.

    >>> first_of(["a", "b", "c"], 2).translate("pt")
    'a, b e mais 1'
    """
    shown = enumerated(map(same, names[:most]))
    return _("{there} and {n} more", there=shown, n=len(names) - most) if len(names) > most else shown


def language_of_user() -> str:
    """Return the user's language from the variables that gettext reads; English if there is no catalogue for it.

    Source:
        `LANGUAGE` lists languages in order of preference, and `LC_ALL`, `LC_MESSAGES` or `LANG` name a locale:
        https://www.gnu.org/software/gettext/manual/html_node/The-LANGUAGE-variable.html
    """
    variables = ("LANGUAGE", "LC_ALL", "LC_MESSAGES", "LANG")
    preferred = next((os.environ[name] for name in variables if os.environ.get(name)), "")
    languages = (locale[:2].lower() for locale in preferred.split(":"))
    return next((language for language in languages if language in LANGUAGES), "en")


@cache
def _catalogue(language: str) -> gettext.NullTranslations:
    """Return the compiled catalogue of a language.

    Raises:
        FileNotFoundError: there is none.
    """
    return gettext.translation(DOMAIN, LOCALE, [language])
