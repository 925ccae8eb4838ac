"""Parse countries, genres, compositions, rights and days as users write them in sheets, answers and columns.

Results depend on these names, so they are in a separate table and not in the message catalogues.
"""

from __future__ import annotations

import re
import tomllib
from calendar import month_name, monthrange
from datetime import date
from functools import cache
from pathlib import Path
from typing import Final

from latam_corpus.text.folding import folded
from latam_corpus.vocabulary import COUNTRY_CODES

_LEAP: Final = 2000  # replaces the year 0, a leap year that `datetime` lacks
_SEVERAL_GENRES: Final = re.compile(r"[;,/|+\n]| (?:y|e|and) ")
_DAY: Final = re.compile(r"(\d{1,2})[/.-](\d{1,2})[/.-](\d{4})")


@cache
def _words() -> dict[str, dict[str, str]]:
    """Return the value of each folded name, by column."""
    table = tomllib.loads(Path(__file__).with_suffix(".toml").read_text("utf-8"))
    return {
        column: {folded(name): value for value, names in values.items() for name in (value, *names)}
        for column, values in table.items()
    }


def country_of(typed: str) -> str | None:
    """Return the ISO 3166-1 code of a country, given by its code or, for the region's countries, its name; else None.

    >>> country_of("méxico"), country_of("Méjico"), country_of("br"), country_of("Ruritania"), country_of("XX")
    ('MX', 'MX', 'BR', None, None)
    """
    plain = typed.strip().upper()
    if plain in COUNTRY_CODES:
        return plain
    return _words()["country"].get(folded(typed))


def genre_of(typed: str) -> str | None:
    """Return one of the twelve genres, given by its identifier, its name, or a word for such works; else None.

    Several names in one cell are understood if all mean the same genre.

    >>> genre_of("História oral"), genre_of("oral_history"), genre_of("CANCION"), genre_of("Tango")
    ('oral_history', 'oral_history', 'lyrics', None)
    >>> genre_of("cuento / novela"), genre_of("cuento; canción")
    ('literature', None)
    """
    names = genre_names()
    genre = names.get(_genre_key(typed))
    if genre:
        return genre
    genres = {names.get(_genre_key(part)) for part in _SEVERAL_GENRES.split(typed) if part.strip()}
    return genres.pop() if len(genres) == 1 else None


def _genre_key(typed: str) -> str:
    """Return a name in lower case, without accents, underscores, and signs at its ends."""
    return folded(re.sub(r"[\W_]+", " ", typed))


@cache
def genre_names() -> dict[str, str]:
    """Return the genre of each known name, in lower case without accents."""
    return {_genre_key(name): genre for name, genre in _words()["genre"].items()}


def composition_of(typed: str) -> str | None:
    """Return one of the four compositions, given by its identifier or its name; else None.

    >>> composition_of("Traducción"), composition_of("a medias")
    ('translation', None)
    """
    return _words()["composition"].get(folded(typed))


def statement_of(typed: str) -> str | None:
    """Return the rights statement with this name in the sheet of sources; empty if the name means unknown, else None.

    >>> statement_of("Dominio público"), statement_of("no lo sé"), statement_of("CC BY-NC 3.0")
    ('https://creativecommons.org/publicdomain/mark/1.0/', '', None)
    """
    return _words()["rights"].get(folded(typed))


def use_of(typed: str) -> str | None:
    """Return one of the three uses, given by its identifier or its name; else None.

    >>> use_of("train"), use_of("Evaluación"), use_of("uso personal")
    ('train', 'evaluate', None)
    """
    return _words()["uses"].get(folded(typed))


def is_consent_given(typed: str) -> bool:
    """Whether a cell for consent says that it was given, without naming a document.

    >>> is_consent_given("Sí"), is_consent_given("FIRMADO"), is_consent_given("no"), is_consent_given("pendiente")
    (True, True, False, False)
    """
    return _words()["consent"].get(folded(typed)) == "given"


def has_no_end(typed: str) -> bool:
    """Whether a cell for the last day of a permission says that the permission has no end.

    >>> has_no_end("Indefinida"), has_no_end("no")
    (True, False)
    """
    return _words()["expires"].get(folded(typed)) == "never"


def day_of(typed: str) -> date | None:
    """Parse a day in ISO 8601 or in the region's usual form: day first, with a year of four digits; else return None.

    >>> day_of("2030-12-31") == day_of("31/12/2030") == day_of(" 31.12.2030 "), day_of("12/31/2030"), day_of("1/2/30")
    (True, None, None)
    """
    written = _DAY.fullmatch(typed.strip())
    try:
        return date(int(written[3]), int(written[2]), int(written[1])) if written else date.fromisoformat(typed.strip())
    except ValueError:
        return None


def day_exists(iso: str) -> bool:
    """Whether the day of an ISO 8601 date exists; a date that consists of a year or month always does.

    >>> day_exists("2020-02-29"), day_exists("2021-02-29T10:00"), day_exists("-0044-03-15"), day_exists("1845")
    (True, False, True, True)
    """
    year, *month_and_day = iso.removeprefix("-")[:10].split("-")
    if len(month_and_day) < len(("month", "day")):
        return True
    month, day = map(int, month_and_day)
    return 1 <= month <= len(month_name) - 1 and 1 <= day <= monthrange(int(year) or _LEAP, month)[1]
