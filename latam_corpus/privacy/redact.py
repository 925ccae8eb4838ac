"""The stage `redact`: personal identifiers replaced by what they were, `[EMAIL]`, `[PHONE]`, `[RUT]`.

A first set: e-mail addresses, public IP addresses, telephone numbers in international form, and the identity numbers
with check digits. Only counts are kept of what stood there. Names are not touched: authors and characters are the
text, and speakers are a matter of consent.
"""

from __future__ import annotations

import ipaddress
import json
import re
from collections import Counter
from dataclasses import dataclass
from typing import TYPE_CHECKING, ClassVar, Final

import polars as pl

from latam_corpus import schema
from latam_corpus.privacy.identifiers import is_cpf, is_cuit, is_rut
from latam_corpus.stages import Stage

if TYPE_CHECKING:
    from collections.abc import Callable

    from latam_corpus.batch import Batch


_SHORTEST_PHONE: Final = 8  # digits with the country's; the longest has 15 (ITU-T E.164)


def _is_public(address: str) -> bool:
    try:
        return ipaddress.ip_address(address).is_global
    except ValueError:
        return False


def _is_phone(number: str) -> bool:
    return sum(sign.isdecimal() for sign in number) >= _SHORTEST_PHONE


# Spaces that don't break, and the dashes that a word processor makes of a hyphen (U+2010 to U+2013), part digits too.
# A bracket belongs to the number only with its fellow: `(+56) 9 …` and `+56 (9) …` do, the one that closes a remark
# around the number doesn't. Of more than 15 digits the last ones are other numbers.
_PHONE: Final = re.compile(
    r"(?:\(\+\d(?:[ \xa0\u202f.\u2010-\u2013-]?\d){,8}\)|(?<![\w+])\+\d)"
    r"(?:[ \xa0\u202f.\u2010-\u2013-]?(?:\(\d{1,4}\)|\d)){1,14}(?!\d)"
)
_KINDS: Final[tuple[tuple[str, re.Pattern[str], Callable[[str], bool] | None], ...]] = (
    ("email", re.compile(r"(?<![\w.+-])[\w.+-]+@[\w-]+(?:\.[\w-]+)+"), None),
    ("ip", re.compile(r"(?<![\d.])(?:\d{1,3}\.){3}\d{1,3}(?![\d.]*\d)"), _is_public),
    ("rut", re.compile(r"(?<![\w.\u2010-\u2013-])\d{1,2}\.?\d{3}\.?\d{3}[\u2010-\u2013-][\dkK](?!\w)"), is_rut),
    ("cpf", re.compile(r"(?<![\w.\u2010-\u2013-])\d{3}\.?\d{3}\.?\d{3}[\u2010-\u2013-]\d{2}(?!\w)"), is_cpf),
    ("cuit", re.compile(r"(?<![\w\u2010-\u2013-])\d{2}[\u2010-\u2013-]\d{8}[\u2010-\u2013-]\d(?!\w)"), is_cuit),
    ("phone", _PHONE, _is_phone),
)
KINDS: Final = tuple(kind for kind, _, _ in _KINDS)
# One quick look tells whether any pattern can match: each needs an @, a + before a digit, or a mark between a digit
# and a digit or the K of a RUT.
_ANY: Final = r"@|\+\d|\d[.\u2010-\u2013-][\dkK]"


def redact(text: str) -> tuple[str, dict[str, int]]:
    """The text with identifiers replaced, and how many of each kind there were.

    >>> redact("Escríbale a rosa@ejemplo.org o al +56 9 8765 4321.")
    ('Escríbale a [EMAIL] o al [PHONE].', {'email': 1, 'phone': 1})
    >>> redact("Nació en 1987, en la casa 12-45.")
    ('Nació en 1987, en la casa 12-45.', {})
    """
    found: Counter[str] = Counter()
    for kind, pattern, holds in _KINDS:

        def replaced(match: re.Match[str], kind: str = kind, holds: Callable[[str], bool] | None = holds) -> str:
            if holds and not holds(match.group()):
                return match.group()
            found[kind] += 1
            return f"[{kind.upper()}]"

        text = pattern.sub(replaced, text)
    return text, dict(found)


@dataclass(frozen=True)
class Redact(Stage):
    """The stage that replaces personal identifiers."""

    name: ClassVar[str] = "redact"
    needs: ClassVar[frozenset[str]] = frozenset({"text"})
    gives: ClassVar[frozenset[str]] = frozenset({"text", "redactions"})

    def __call__(self, batch: Batch) -> Batch:
        """The batch with `text` redacted and `redactions`, null where nothing was found."""
        texts = batch.frame["text"]
        found: dict[int, tuple[str, dict[str, int]]] = {}
        # Polars looks through a batch six times as fast as `re`, and few texts have more to be looked at.
        for row in texts.str.contains(_ANY).arg_true().to_list():
            text, counts = redact(texts[row])
            if counts:
                found[row] = text, counts
        counts_of = {
            row: [{"key": k, "value": n} for k, n in sorted(counts.items())] for row, (_, counts) in found.items()
        }
        told = {row: json.dumps(counts) for row, (_, counts) in found.items()}
        rows = range(len(batch))
        columns = {
            "redactions": pl.Series([counts_of.get(row) for row in rows], dtype=schema.REDACTIONS),
            "evidence": pl.Series([told.get(row) for row in rows], dtype=pl.String),
        }
        if found:
            columns["text"] = texts.scatter(list(found), [text for text, _ in found.values()])
        return batch.with_columns(columns)
