"""Values of foreign records as the types of a document's columns; what doesn't fit is None, never an error."""

from __future__ import annotations

import re
from datetime import UTC, date, datetime, time
from typing import Any, Final

from latam_corpus.catalog.urls import canonical_url
from latam_corpus.vocabulary import COMPOSITIONS, GENRES

_ISO_DATE: Final = re.compile(r"-?\d{4}(?:-(?:0[1-9]|1[0-2])(?:-(?:0[1-9]|[12]\d|3[01])(?:[T ]\d\d:\d\d.*)?)?)?")
_SLASHED: Final = re.compile(r"(\d{4})[/.](\d\d?)(?:[/.](\d\d?))?")


def as_text(value: Any) -> str | None:
    """A text or number as text; None for anything else and for blanks.

    >>> as_text(1872), as_text(1872.0), as_text(" Ricardo Palma "), as_text(["Palma"]), as_text("")
    ('1872', '1872', 'Ricardo Palma', None, None)
    """
    if isinstance(value, str):
        return value.strip() or None
    if isinstance(value, bool):
        return None
    if isinstance(value, float):
        # A column of years with one gap arrives as floats.
        return str(int(value)) if value.is_integer() else (str(value) if value == value else None)  # noqa: PLR0124
    if isinstance(value, (int, date)):
        return value.isoformat() if isinstance(value, date) else str(value)
    return None


def as_url(value: Any) -> str | None:
    """A URL in canonical form, so that no password or tracking parameter is kept."""
    text = as_text(value)
    return canonical_url(text) if text else None


def as_names(value: Any) -> list[str] | None:
    """A list of names; one name is a list of one.

    >>> as_names("Sarmiento, Domingo Faustino"), as_names(["Palma", ""]), as_names(None)
    (['Sarmiento, Domingo Faustino'], ['Palma'], None)
    """
    many = value if isinstance(value, (list, tuple)) else [value]
    return [name for one in many if (name := as_text(one))] or None


def as_published(value: Any) -> str | None:
    """An ISO 8601 date, partial dates allowed; None for another writing, which would sort and compare wrongly.

    >>> as_published(1845), as_published("1910/5"), as_published("2021-03-04"), as_published("hacia 1900")
    ('1845', '1910-05', '2021-03-04', None)
    """
    if isinstance(value, datetime):
        return value.date().isoformat() if value.time() == time() else value.isoformat()
    text = as_text(value)
    if text is None:
        return None
    slashed = _SLASHED.fullmatch(text)
    if slashed:
        text = "-".join(part.zfill(2) for part in slashed.groups() if part)
    return text if _ISO_DATE.fullmatch(text) else None


def as_country(value: Any) -> str | None:
    """A two-letter code in capitals.

    >>> as_country("cl"), as_country("Chile")
    ('CL', None)
    """
    text = (as_text(value) or "").upper()
    return text if re.fullmatch(r"[A-Z]{2}", text) else None


def as_genre(value: Any) -> str | None:
    """One of the twelve genres.

    >>> as_genre("lyrics"), as_genre("Tango")
    ('lyrics', None)
    """
    return value if isinstance(value, str) and value in GENRES else None


def as_composition(value: Any) -> str | None:
    """One of the four compositions."""
    return value if isinstance(value, str) and value in COMPOSITIONS else None


def as_time(value: Any) -> datetime | None:
    """A point in time in UTC; one without a zone is taken as UTC.

    >>> as_time("2024-05-01T10:00:00-03:00").isoformat(), as_time("ayer")
    ('2024-05-01T13:00:00+00:00', None)
    """
    if isinstance(value, str):
        try:
            value = datetime.fromisoformat(value.strip())
        except ValueError:
            return None
    if isinstance(value, datetime):
        try:
            return (value if value.tzinfo else value.replace(tzinfo=UTC)).astimezone(UTC)
        except OverflowError:  # the year 1 in a zone east of Greenwich
            return None
    return datetime.combine(value, time(), UTC) if isinstance(value, date) else None
