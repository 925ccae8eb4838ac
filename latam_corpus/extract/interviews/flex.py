"""Interlinear texts of FieldWorks (FLExText 2): the spoken words, with free translations as separate documents.

Glosses, parts of speech, morphemes and literal translations are analyses and are left out.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Final

from latam_corpus.extract.bounded_xml import parse_xml
from latam_corpus.extract.document import UnusableError, Utterance
from latam_corpus.extract.interviews.parallel import parallel
from latam_corpus.messages import N_
from latam_corpus.text.markup.xml_tree import name_of, words

if TYPE_CHECKING:
    from collections.abc import Mapping

    from lxml import etree

    from latam_corpus.extract.document import Extracted

# Increased when the same bytes yield a different text.
EXTRACTOR: Final = "flex 1"

_SPACE_BEFORE_SIGN: Final = re.compile(r" +(?=[.,;:!?…»”)\]]+(?:\s|$))")
_SPACE_AFTER_SIGN: Final = re.compile(r"(?:(?<=\s)|^)([¡¿«“(\[]+) +")


def extract(raw: bytes, parameters: Mapping[str, str]) -> Extracted:
    """Return the texts of a file, a phrase per line, with a version for each language of translation.

    Args:
        raw: the XML.
        parameters: not used.

    Raises:
        UnusableError: it isn't an interlinear text, or none of its phrases has words.
    """
    del parameters
    root = parse_xml(raw)
    texts = list(root.iterfind("{*}interlinear-text"))
    if name_of(root) != "document" or not texts:
        raise UnusableError("not a transcript", N_("it has no <interlinear-text>"), N_("export the texts as FLExText"))
    segments: dict[str | None, list[Utterance]] = {}
    vernacular: str | None = None
    for number, phrase in enumerate(phrase for text in texts for phrase in text.iterfind(".//{*}phrase")):
        language, spoken = _spoken(phrase)
        vernacular = vernacular or language
        speaker_and_times = phrase.get("speaker") or None, _seconds(phrase, "begin"), _seconds(phrase, "end")
        segments.setdefault(language, []).append(Utterance(spoken, *speaker_and_times, language, number))
        for item in phrase.iterfind("{*}item"):
            if item.get("type") == "gls" and item.get("lang") != language:
                translation = Utterance(words(item), *speaker_and_times, item.get("lang"), number)
                segments.setdefault(item.get("lang"), []).append(translation)
    titles = [words(item) for item in texts[0].iterfind("{*}item") if item.get("type") == "title" and words(item)]
    return parallel(segments, EXTRACTOR, vernacular, title=titles[0] if titles else None)


def _spoken(phrase: etree._Element) -> tuple[str | None, str]:
    """Return the language and text of a phrase; a phrase without a text gets its words joined."""
    phrase_text = next((item for item in phrase.iterfind("{*}item") if item.get("type") == "txt" and words(item)), None)
    if phrase_text is not None:
        return phrase_text.get("lang"), words(phrase_text)
    items = [
        item
        for word in phrase.iterfind("{*}words/{*}word")
        for item in word.iterfind("{*}item")
        if item.get("type") in ("txt", "punct")
    ]
    language = next((item.get("lang") for item in items if item.get("type") == "txt"), None)
    # A word may be written in several scripts; the first is used.
    pieces = [words(item) for item in items if item.get("type") == "punct" or item.get("lang") == language]
    return language, _SPACE_AFTER_SIGN.sub(r"\1", _SPACE_BEFORE_SIGN.sub("", " ".join(pieces)))


def _seconds(phrase: etree._Element, end: str) -> float | None:
    offset = phrase.get(f"{end}-time-offset", "")
    return int(offset) / 1000 if offset.isdecimal() else None
