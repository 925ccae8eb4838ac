"""Explain drop reasons in sentences, in English, Spanish and Portuguese."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

from latam_corpus.catalog.display_names import TIERS, USES, language_name
from latam_corpus.messages import Message, _, decimal, enumerated, same
from latam_corpus.signals import signal_label

if TYPE_CHECKING:
    from collections.abc import Mapping

_BOUND: Final = re.compile(r"(\w+)([<>])([-\d.e+]+)")
_TOO_LOW: Final = _("{name}: {value}; at least {bound} is required")
_TOO_HIGH: Final = _("{name}: {value}; at most {bound} is allowed")
_UNREADABLE: Final = _("the record can't be read: {cause}")
_NO_TEXT: Final = _("no text could be extracted: {cause}")
_CAUSES: Final[Mapping[str, Message]] = {
    "empty file": _("the file is empty"),
    "encrypted member": _("it is encrypted"),
    "nested archive": _("it is an archive within another archive"),
    "unsafe name": _("its name isn't safe"),
    "empty page": _("the page is empty"),
    "line too long": _("a line is too long"),
    "malformed record": _("the record is malformed"),
    "not an object": _("the line is not a JSON object"),
    "not CSV": _("it isn't CSV"),
    "wrong number of columns": _("the row has too few or too many columns"),
    "total or note": _("the row is not a record, but a total or a note below the table"),
    "checksum differs": _("its checksum differs from the one in the bag's list"),
    "missing file": _("a list or a link names it, but it does not exist"),
    "no file": _("it is a pipe, a socket or a device"),
    "not in the list": _("the bag's list doesn't name it"),
    "charset differs": _("it was read in its actual charset, which differs from the declared one"),
    "named twice": _("two rows of a list name it"),
    "not read": _("it could not be requested from the server"),
    "own entity": _("it declares its own XML entities"),
    "text elsewhere": _("part of its text is in another file"),
    "several works": _("it contains works by several authors"),
    "parser error": _("its markup can't be read"),
    "stalled": _("it takes too long"),
    "killed": _("the process was ended"),
    "no text": _("it has no text"),
    "no extractor": _("its format isn't supported yet"),
    "unknown format": _("its format is unknown"),
    "damaged file": _("the file is damaged"),
    "encrypted": _("it is encrypted"),
    "not UTF-8": _("it isn't UTF-8 text"),
    "not JSON": _("the line isn't JSON"),
    "not TEI": _("it isn't TEI"),
    "not a transcript": _("it has no transcription that can be read"),
    "not XML": _("it isn't XML"),
    "too large": _("it is too large"),
    "timeout": _("it takes too long"),
    "memory": _("it takes too much memory"),
}
_FORMAT: Final = _("it is {format}; {remedy}")
# For counts of documents, which have no single measurement.
_BELOW: Final = _("{name}: less than {bound}")
_ABOVE: Final = _("{name}: more than {bound}")
_IN_LANGUAGE: Final = _("it is in another language: {name}")
# The reasons why a document is kept but not released: its own terms, or its source's.
_TERMS: Final[Mapping[str, Message]] = {
    "expires<": _("its permission ended before {day}"),
    "expires=": _("its permission ended on {day}"),
    "embargo_until>": _("on {day}, it may not be released yet"),
    "embargo_until=": _("it may not be released before {day}"),
    "opt_out=": _("the owner of its site refuses this use: {value}"),
    "label=": _("a label of its community restricts its use: {value}"),
}
_TERM: Final = re.compile("(" + "|".join(map(re.escape, _TERMS)) + ")(.+)")
_STRICTER: Final = _("a stricter statement about this document or a copy of it applies: {why}")
_TIER: Final = _("its rights tier is {tier}")
_LACKS: Final = _("its terms don't allow: {uses}")
_OTHERS: Final[Mapping[str, Message]] = {
    "withdrawn": _("it was withdrawn by its rights holder"),
    "held": _("it is under dispute, and on hold until the dispute is settled"),
    "duplicate": _("another document has the same or nearly the same text"),
    "variant": _("it is a variant of another text"),
    "superseded": _("there is a newer record of it"),
    "text=null": _("it has no text"),
    "rights=null": _("its file states no rights"),
    "rights_tier=unknown": _("its rights aren't known, or aren't understood"),
    "rights_tier=unknown:rights": _("its record states rights that aren't recognised as a licence"),
    "rights_tier=unknown:consent": _("its record states no consent that is understood"),
    "rights_tier=unknown:expires": _("the end of its permission isn't understood"),
    "rights_tier=unknown:embargo_until": _("the end of its embargo isn't understood"),
    "rights_tier=unknown:uses": _("the uses that its record allows aren't understood"),
    "rights_tier=unknown:opt_outs": _("the uses that its owner refuses aren't understood"),
    "rights_tier=unknown:catalogue_row": _("the catalogue has no row for its file"),
    "rights_tier=unknown:unnamed_catalogue": _(
        "a catalogue in its folder isn't read, since the source doesn't name it"
    ),
    "uses=null": _("its terms allow nothing"),
    "release=null": _("the recipe has no [release]"),
    "limit": _("the run is a trial of some records of each file (--limit)"),
}
UNSURE: Final = _("it isn't clear which language it is in")


def in_plain_words(reason: str, evidence: Mapping[str, Any] | None) -> tuple[Message, ...]:
    """Explain a drop reason in one or more sentences, one for each bound that the evidence names.

    >>> in_plain_words("stop_word_count<2", {"stop_word_count<2": 1.0})[0].translate("es")
    'palabras gramaticales distintas: 1; mínimo: 2'
    >>> in_plain_words("extract:no text", None)[0].translate("pt")
    'não foi possível extrair texto: não tem texto'
    >>> [str(in_plain_words(reason, None)[0]) for reason in ("stop_word_count<2", "language=eng")]
    ['different stop words: less than 2', 'it is in another language: English']
    >>> in_plain_words("rights_tier=unknown", None)[0].translate("es")
    'sus derechos no se conocen o no se entienden'
    """
    if message := _OTHERS.get(reason) or _terms_reason(reason) or _stricter_reason(reason):
        return (message,)
    bounds = [(bound, value) for bound, value in (evidence or {}).items() if _BOUND.fullmatch(bound)]
    if bounds:
        return tuple(_bound(bound, value) for bound, value in bounds)
    kind, _, cause = reason.partition(":")
    if kind in ("unreadable", "extract"):
        cause_message = _CAUSES.get(cause, same(cause))
        if evidence and (format_name := evidence.get("format")):
            cause_message = _FORMAT.fill(format=Message(format_name), remedy=Message(evidence.get("remedy", "")))
        return ((_UNREADABLE if kind == "unreadable" else _NO_TEXT).fill(cause=cause_message),)
    if match := _BOUND.fullmatch(reason):
        return ((_BELOW if match[2] == "<" else _ABOVE).fill(name=signal_label(match[1]), bound=decimal(match[3])),)
    kind, _, code = reason.partition("=")
    if kind == "language" and code:
        return (UNSURE if code == "und" else _IN_LANGUAGE.fill(name=language_name(code)),)
    return (same(reason),)


def _terms_reason(reason: str) -> Message | None:
    """Explain a reason about the document's own terms; return None for any other reason.

    >>> _terms_reason("uses_lack=train").translate("es"), str(_terms_reason("expires<2026-11-28"))
    ('sus condiciones no permiten: entrenar', 'its permission ended before 2026-11-28')
    """
    kind, _, value = reason.partition("=")
    if kind == "rights_tier":
        return _TIER.fill(tier=TIERS.get(value, same(value)))
    if kind == "uses_lack":
        return _LACKS.fill(uses=enumerated(USES.get(use, same(use)) for use in value.split(",")))
    match = _TERM.fullmatch(reason)
    return _TERMS[match[1]].fill(day=match[2], value=match[2].replace(",", ", ")) if match else None


def _stricter_reason(reason: str) -> Message | None:
    """Explain a reason about a stricter statement elsewhere; return None for any other reason.

    >>> str(_stricter_reason("stricter:uses_lack=train"))
    "a stricter statement about this document or a copy of it applies: its terms don't allow: train"
    """
    kind, _, inner_reason = reason.partition(":")
    return _STRICTER.fill(why=meaning(inner_reason)) if kind == "stricter" else None


@dataclass(frozen=True)
class _Reason(Message):
    """A drop reason in a table: its code in English, a sentence in other languages."""

    def translate(self, language: str) -> str:
        return self.msgid if language == "en" else meaning(self.msgid).translate(language)


def reason_label(reason: str | None) -> Message:
    """Return a drop reason for a table in the terminal; empty for None.

    >>> str(reason_label("stop_word_count<2")), reason_label("duplicate").translate("es"), str(reason_label(None))
    ('stop_word_count<2', 'repite el texto de otro', '')
    """
    return _Reason(reason) if reason else same("")


def meaning(reason: str) -> Message:
    """Explain a drop reason in one sentence."""
    return enumerated(in_plain_words(reason, None), "; ")


def bound_of(reason: str) -> tuple[str, str, float] | None:
    """Return the signal, the sign (`<` or `>`) and the limit of a reason such as `word_count<50`, else None.

    >>> bound_of("stop_word_share<0.318"), bound_of("language=eng")
    (('stop_word_share', '<', 0.318), None)
    """
    match = _BOUND.fullmatch(reason)
    return (match[1], match[2], float(match[3])) if match else None


def _bound(reason: str, value: float) -> Message:
    match = _BOUND.fullmatch(reason)
    assert match is not None  # noqa: S101  (the caller has looked)
    sentence = _TOO_LOW if match[2] == "<" else _TOO_HIGH
    return sentence.fill(name=signal_label(match[1]), value=decimal(f"{value:.3g}"), bound=decimal(match[3]))
