"""Convert the values of a source's additional columns to the types that `[collect.extra]` declares."""

from __future__ import annotations

import json
import math
import re
from decimal import Decimal
from typing import TYPE_CHECKING, Any, Final

import polars as pl

from latam_corpus.collect.documents import mapping
from latam_corpus.collect.documents.narrowing import as_day
from latam_corpus.schema import polars_type
from latam_corpus.schema.extra_forms import as_text
from latam_corpus.text.folding import folded, parted

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from datetime import date

# The maximum length of a value, in characters. A longer one is a text, which no stage filters or deduplicates here.
LONGEST: Final = 10_000
_WHOLE: Final = re.compile(r"[+-]?\d{1,19}")
_DECIMAL: Final = re.compile(r"[+-]?\d+(?:\.\d*)?(?:[eE][+-]?\d+)?")
# A number with a decimal comma, as written in Latin America; «1,234» is ambiguous.
_WITH_COMMA: Final = re.compile(r"[+-]?\d+,(?:\d\d?|\d{4,})|[+-]?\d{1,3}(?:\.\d{3})+,\d+")
_WITH_POINT: Final = re.compile(r"[+-]?\d{1,3}(?:,\d{3})+\.\d+")
_YES: Final = frozenset({"true", "1", "yes", "si", "sim", "verdadero", "verdadeiro"})
_NO: Final = frozenset({"false", "0", "no", "nao", "falso"})
_INT64: Final = range(-(2**63), 2**63)


def as_string(value: Any) -> str | None:
    """Return a string or number as text; None for other types, for blanks, and for text that is too long."""
    text = mapping.as_text(value)
    return text if text and len(text) <= LONGEST else None


def as_int64(value: Any) -> int | None:
    """Return a whole number; None for any other value.

    >>> as_int64("1872"), as_int64(1872.0), as_int64("12.5"), as_int64(True)
    (1872, 1872, None, None)
    """
    if isinstance(value, str):
        value = int(value) if _WHOLE.fullmatch(value := value.strip()) else None
    if isinstance(value, (float, Decimal)):
        value = int(value) if math.isfinite(value) and value == int(value) else None
    return value if isinstance(value, int) and not isinstance(value, bool) and value in _INT64 else None


def as_float64(value: Any) -> float | None:
    """Return a number; None for an ambiguous one, which has a single comma before three digits.

    >>> as_float64("12.5"), as_float64("12,50"), as_float64("1.234,50"), as_float64("1,234.50"), as_float64("1,234")
    (12.5, 12.5, 1234.5, 1234.5, None)
    """
    if isinstance(value, str):
        text = value.strip()
        if _WITH_COMMA.fullmatch(text):
            text = text.replace(".", "").replace(",", ".")
        elif _WITH_POINT.fullmatch(text):
            text = text.replace(",", "")
        value = float(text) if _DECIMAL.fullmatch(text) else None
    if isinstance(value, bool) or not isinstance(value, (int, float, Decimal)):
        return None
    try:
        number = float(value)
    except OverflowError:
        return None
    return number if math.isfinite(number) else None


def as_bool(value: Any) -> bool | None:
    """Return a Boolean from a yes or no in Spanish, Portuguese or English; None for any other value.

    >>> as_bool("Sí"), as_bool("não"), as_bool(0), as_bool("quizás")
    (True, False, False, None)
    """
    if isinstance(value, bool):
        return value
    word = folded(str(value)).strip() if isinstance(value, (str, int)) else ""
    return True if word in _YES else False if word in _NO else None


def as_list(value: Any) -> list[str] | None:
    """Return a list of texts from a list, from JSON, or from a text whose parts are separated by `;` or `|`.

    >>> as_list(["mar", "río"]), as_list("mar; río"), as_list('["mar", 3]'), as_list([{"a": 1}])
    (['mar', 'río'], ['mar', 'río'], ['mar', '3'], None)
    """
    if isinstance(value, str) and value.lstrip().startswith("["):
        try:
            value = json.loads(value)
        except (ValueError, RecursionError):
            return None
    values = value if isinstance(value, (list, tuple)) else parted(mapping.as_text(value) or "")
    texts = [mapping.as_text(part) for part in values if not mapping.is_empty(part)]
    complete = [text for text in texts if text is not None]
    is_readable = complete and len(complete) == len(texts) and sum(map(len, complete)) <= LONGEST
    return complete if is_readable else None


_AS: Final[dict[str, Callable[[Any], str | float | bool | date | list[str] | None]]] = {
    "string": as_string,
    "int64": as_int64,
    "float64": as_float64,
    "bool": as_bool,
    "date": as_day,
    "list[string]": as_list,
}


def converted(values: Sequence[Any], kind: str) -> list[list[str]]:
    """Return each value as a list of texts: one, several for a list, none for a value of another type.

    >>> converted(["12,50", "doce", None], "float64")
    [['12.5'], [], []]
    """
    typed = [_AS[kind](value) for value in values]
    if kind == "list[string]":
        return [value if isinstance(value, list) else [] for value in typed]
    texts = as_text(pl.Series(typed, dtype=polars_type(kind)))
    return [[] if text is None else [text] for text in texts]
