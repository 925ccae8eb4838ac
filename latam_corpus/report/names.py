"""The names of column values, in the languages of pages."""

from __future__ import annotations

import re
from typing import Final

from latam_corpus.catalog.display_names import COUNTRIES, GENRES, TIERS, language_name
from latam_corpus.codes import UNDETERMINED, known_code, short
from latam_corpus.messages import Message, same
from latam_corpus.pipeline.stored_runs.reasons import meaning
from latam_corpus.report.page_words import WORDS

_VARIETY: Final = re.compile("([a-z]{2,3})-([A-Z]{2})")


def value_name(column: str, value: str) -> Message:
    """Return the name of a column's value, which can be translated.

    >>> value_name("language", "spa_Latn").translate("es"), value_name("country", "BR").translate("pt")
    ('español', 'Brasil')
    >>> value_name("variety", "es-CL").translate("pt")
    'espanhol · Chile'
    >>> value_name("drop_reason", "extract:no text").translate("es")
    'no se pudo extraer texto: no tiene texto'
    """
    if not value:
        return WORDS["not_stated"]
    if column == "language":
        return WORDS["undetermined"] if value == UNDETERMINED else language_name(short(value))
    if column == "variety" and (match := _VARIETY.fullmatch(value)) and match[2] in COUNTRIES:
        return Message(
            "{language} · {country}",
            {"language": language_name(known_code(match[1]) or match[1]), "country": COUNTRIES[match[2]]},
        )
    if column == "drop_reason":
        return meaning(value)
    if column == "decade":
        return same(f"{value}–{int(value) + 9}")
    return {"country": COUNTRIES, "genre": GENRES, "rights_tier": TIERS}.get(column, {}).get(value, same(value))
