"""The terms that records and catalogue rows state in their own columns, which narrow the source's terms.

Nothing here widens terms. A value that isn't understood makes the rights tier `unknown`, and is reported.
"""

from __future__ import annotations

import json
import re
from dataclasses import dataclass, field
from datetime import date, datetime
from typing import TYPE_CHECKING, Any, Final, NamedTuple, get_args

from latam_corpus.catalog.community_labels import narrowed_tier
from latam_corpus.catalog.named_values import day_of, has_no_end, is_consent_given, use_of
from latam_corpus.catalog.optout.opt_out import Signal
from latam_corpus.catalog.rights import is_known, obligations_of, openness, tier_of, uses_under
from latam_corpus.collect.documents import mapping
from latam_corpus.collect.documents.mapping import (
    as_statement,
    heads_of,
    is_empty,
    shown,
    stating_columns,
    value_at,
    values_of,
)
from latam_corpus.columns import TERMS
from latam_corpus.text.folding import folded

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping, Sequence

    from latam_corpus.catalog.source import Source

CONSENT_FIELDS: Final = ("id", "label", "community")  # the fields of a consent record that rows store
_SIGNALS: Final = frozenset(get_args(Signal))
# A mapped `rights` column is a record's own statement, which `frames` reads.
_MAPPED: Final = tuple(name for name in TERMS if name != "rights")
_NO_EMBARGO: Final = frozenset(
    {"no", "n", "false", "0", "none", "ninguno", "sin embargo", "nao", "nenhum", "sem embargo"}
)
# A document's name has a number, a suffix or an address.
_DOCUMENT: Final = re.compile(r"\d|\.[a-z]{3,4}$|^https?://")
# Words of a conditional or missing consent.
_CONDITION: Final = re.compile(
    r"\b(?:no|not|none|sin|sem|without|nao|solo|solamente|somente|apenas|only|unicamente|excepto|exceto|except|salvo"
    r"|pero|mas|but|hasta|ate|until|falta|oral|verbal|restr\w+|pend\w+|revoc\w+|revog\w+|retir\w+|nega\w+|denied"
    r"|refus\w+|withdr\w+|anonim\w+|anonym\w+)\b"
)
_PARTS: Final = re.compile(r"[;,|\n]")


class Terms(NamedTuple):
    """The terms of a document."""

    statement: str | None
    tier: str
    uses: tuple[str, ...]
    expires: date | None = None
    embargo_until: date | None = None


class Stated(NamedTuple):
    """A value that states terms, with the document's column that it narrows and the record's column."""

    column: str
    origin: str
    value: Any
    is_mapped: bool = False


@dataclass
class Narrowing:
    """The terms that several values state together.

    Attributes:
        statements: licences, or other statements of rights.
        uses: the allowed uses; None if no value states any.
        expires: the earliest date.
        embargo_until: the latest date.
        opt_outs: the opt-outs, as rows of `schema.OPT_OUTS`.
        consents: the records of consent, as rows of `schema.CONSENT`.
        unread: the values that aren't understood, by the record's column.
        stated: the beginning of each value, by the record's column.
        values: the values, by the record's column.
        is_unlisted: whether the catalogue has no row for the file.
        near: the name in the catalogue that is closest to the file's name; empty if none is close.
        unnamed: the catalogues that may restrict the file and that the source doesn't name.
        own: the source's own statement of rights, which always counts as understood.
    """

    statements: list[str] = field(default_factory=list)
    uses: frozenset[str] | None = None
    expires: date | None = None
    embargo_until: date | None = None
    opt_outs: list[dict[str, Any]] = field(default_factory=list)
    consents: list[dict[str, Any]] = field(default_factory=list)
    unread: dict[str, str] = field(default_factory=dict)
    stated: dict[str, str] = field(default_factory=dict)
    values: dict[str, list[Stated]] = field(default_factory=dict)
    is_unlisted: bool = False
    near: str = ""
    unnamed: tuple[str, ...] = ()
    own: str | None = None

    def add(self, value: Stated) -> None:
        """Add a value; a value that isn't understood makes the tier unknown."""
        cell = "" if value.value is None else shown(value.value)
        self.stated[value.origin] = cell
        self.values.setdefault(value.origin, []).append(value)
        add: dict[str, Callable[[Any], bool]] = {
            "rights": self._add_rights,
            "uses": self._add_uses,
            "expires": self._add_expires,
            "embargo_until": self._add_embargo_until,
            "opt_outs": self._add_opt_outs,
            "consent": self._add_mapped_consent if value.is_mapped else self._add_consent,
        }
        if not add[value.column](value.value):
            self.unread[value.origin] = cell

    def _add_rights(self, value: Any) -> bool:
        statements = [statement for part in _listed(value) for statement in self._statements(part)]
        self.statements += [statement for statement in statements if statement]
        return all(is_understood(statement, self.own) for statement in statements)

    def _statements(self, value: Any) -> list[str | None]:
        """Return the statements in a cell if all are known; otherwise the cell is one statement, such as a sentence."""
        cell_statement = as_statement(value)
        if isinstance(value, str) and not is_understood(cell_statement, self.own):
            parts = [as_statement(part) for part in _PARTS.split(value) if part.strip()]
            if len(parts) > 1 and all(is_understood(statement, self.own) for statement in parts):
                return list(parts)
        return [cell_statement]

    def _add_uses(self, value: Any) -> bool:
        names = [use_of(part) if isinstance(part, str) else None for part in _parts(value)]
        allowed = frozenset(name for name in names if name)
        self.uses = allowed if self.uses is None else self.uses & allowed
        return None not in names

    def _add_expires(self, value: Any) -> bool:
        day = as_day(value)
        self.expires = min(filter(None, (self.expires, day)), default=None)
        return day is not None

    def _add_embargo_until(self, value: Any) -> bool:
        day = as_day(value)
        self.embargo_until = max(filter(None, (self.embargo_until, day)), default=None)
        return day is not None

    def _add_opt_outs(self, value: Any) -> bool:
        rows = [_opt_out(part) for part in _parts(value)]
        self.opt_outs += [row for row in rows if row and row not in self.opt_outs]
        return None not in rows

    def _add_consent(self, value: Any) -> bool:
        """Return whether consent was given; the name of a document counts only if the source maps the column."""
        if isinstance(value, str):
            return is_consent_given(value)
        records = value if isinstance(value, (list, tuple)) else [value]
        if value and all(
            isinstance(record, dict) and record.keys() <= {*CONSENT_FIELDS} for record in records
        ):  # consent records as a stage writes them
            self.consents += [dict.fromkeys(CONSENT_FIELDS) | record for record in records]
            return True
        return value is True

    def _add_mapped_consent(self, value: Any) -> bool:
        name = mapping.as_text(value)
        words = folded(name or "")
        if name is None or is_consent_given(name) or not _DOCUMENT.search(words) or _CONDITION.search(words):
            return self._add_consent(value)
        self.consents.append(dict.fromkeys(CONSENT_FIELDS) | {"id": name})
        return True

    def note(self, source: Source, given: Terms) -> dict[str, Any]:
        """Return the ledger's note about a document whose terms were narrowed.

        The note has only understood values that narrow `given`, the document's terms without this narrowing.
        """
        understood = {
            origin: self.stated[origin]
            for origin, values in self.values.items()
            if origin not in self.unread and narrowed(source, given, narrowing_of(values, self.own)) != given
        }
        note: dict[str, Any] = {"narrowed_by": understood} if understood else {}
        if self.is_unlisted:
            note["catalogue_row"] = None
            note |= {"nearest": self.near} if self.near else {}
        if self.unnamed:
            note["unread_catalogues"] = list(self.unnamed)
        return note


def is_understood(statement: str | None, own: str | None) -> bool:
    """Whether a statement of rights is in the vocabulary, or is the source's own."""
    return statement is not None and (statement == own or is_known(statement))


def as_day(value: Any) -> date | None:
    """Return a day; None for a value that isn't a full date.

    >>> as_day("31/12/2030") == as_day("2030-12-31T10:00:00Z") == as_day(date(2030, 12, 31)), as_day("2030")
    (True, None)
    """
    if isinstance(value, datetime):
        return value.date()
    if isinstance(value, date):
        return value
    if not isinstance(value, str):
        return None
    try:
        return day_of(value) or datetime.fromisoformat(value.strip()).date()
    except ValueError:
        return None


def _listed(value: Any) -> list[Any]:
    """Return the values of a list, or of a list written as JSON; anything else becomes a list of one value."""
    if isinstance(value, str) and value.lstrip().startswith("["):
        try:
            value = json.loads(value)
        except (ValueError, RecursionError):
            return [value]
    return list(value) if isinstance(value, (list, tuple)) else [value]


def _parts(value: Any) -> list[Any]:
    """Return the words of a text, or the values of a list."""
    values = _listed(value)
    if len(values) == 1 and isinstance(values[0], str):
        return [part.strip() for part in _PARTS.split(values[0]) if part.strip()]
    return values


def _opt_out(value: Any) -> dict[str, Any] | None:
    """Return an opt-out as a row; None for a value that isn't one."""
    row = {"signal": value.strip().lower()} if isinstance(value, str) else value
    if not isinstance(row, dict) or row.get("signal") not in _SIGNALS:
        return None
    texts = {name: str(row.get(name) or "") for name in ("signal", "value", "address")}
    return {**texts, "time": mapping.as_time(row.get("time"))}


def _says_something(column: str, value: Any) -> bool:
    """Whether a value states terms: an empty list of uses allows none, but `false` states no opt-out."""
    if column == "uses" and isinstance(value, (list, tuple)):
        return True
    if column == "embargo_until" and isinstance(value, str) and folded(value).strip() in _NO_EMBARGO:
        return False
    if column == "expires" and isinstance(value, str) and has_no_end(value):
        return False
    return not is_empty(value) and not (column in ("opt_outs", "embargo_until") and value is False)


def stated_in(
    source: Source, records: Sequence[Mapping[str, Any]], relative: str, *, rights: bool
) -> list[list[Stated]]:
    """Return the values with which each record states its terms.

    Columns that state terms are found by their names; with `rights`, a mapped column of rights is included.
    """
    heads = heads_of(records)
    if not heads:
        return [[] for _ in records]
    stating = stating_columns(source.collect, heads)
    read = [(name, head, [value_at(record, head) for record in records], False) for head, name in stating.items()]
    columns, keys = source.collect.columns, frozenset(heads)
    for name in TERMS if rights else _MAPPED:
        if getattr(columns, name) and (values := values_of(columns, name, records, keys, relative)):
            origin = next((pick.column for pick in mapping.picks(columns, name) if pick.column), name)
            read.append((name, origin, values, True))
    by_consent = source.rights is not None and source.rights.basis == "consent"
    return [
        [
            Stated(name, head, values[row], is_mapped)
            for name, head, values, is_mapped in read
            if _says_something(name, values[row])
            or (name == "consent" and by_consent and isinstance(value_at(record, head), str))
        ]
        for row, record in enumerate(records)
    ]


def with_missing_consent(source: Source, stated: Sequence[Stated]) -> list[Stated]:
    """Add an empty consent if the source maps a column of consent and no value states one.

    If at least one of several cells of consent is filled, the empty ones are ignored.
    """
    filled = [value for value in stated if value.column != "consent" or not is_empty(value.value)]
    pick = source.collect.columns.consent
    if any(value.column == "consent" for value in filled):
        return filled
    if pick is not None and not pick.leave:
        return [*filled, Stated("consent", pick.column or "consent", None, is_mapped=True)]
    return list(stated)


def narrowing_of(stated: Iterable[Stated], own: str | None = None) -> Narrowing:
    """Combine the terms that several values state.

    >>> narrowing_of([Stated("rights", "license", "CC BY-NC 4.0"), Stated("uses", "uses", "evaluate; vender")]).unread
    {'uses': 'evaluate; vender'}
    """
    narrowing = Narrowing(own=own)
    for value in stated:
        narrowing.add(value)
    return narrowing


def narrowed(source: Source, terms: Terms, narrowing: Narrowing) -> Terms:
    """Apply the stated terms to a document's terms; the strictest statement wins.

    The source's own statement narrows nothing, since an agreement may allow more than the statement. The opt-outs of
    the narrowing aren't applied here, but by `frames.terms_of`.

    >>> from latam_corpus.catalog.source import load_source
    >>> terms = Terms("CC-BY-4.0", "attribution", ("train", "evaluate"))
    >>> narrowed(load_source("disco-sonnets"), terms, narrowing_of([Stated("rights", "license", "CC BY-NC 4.0")]))[:3]
    ('CC BY-NC 4.0', 'non_commercial', ('evaluate',))
    """
    statement, tier, uses, expires, embargo = terms
    for stated in narrowing.statements:
        if source.rights and stated == source.rights.statement:
            continue
        stated_tier = tier_of(stated)
        if openness(stated_tier) > openness(tier):
            uses = tuple(uses_under(stated_tier, uses))
        if _strictness(stated, stated_tier) > _strictness(statement, tier):
            statement, tier = stated, stated_tier
    if statement is None:  # if the source states no rights, the tier remains unknown
        statement = max(narrowing.statements, key=lambda stated: openness(tier_of(stated)), default=None)
    tier = narrowed_tier(tier, [consent["label"] for consent in narrowing.consents if consent["label"]])
    if narrowing.uses is not None:
        uses = tuple(use for use in uses if use in narrowing.uses)
    if narrowing.unread or narrowing.is_unlisted or narrowing.unnamed:
        tier, uses = "unknown", tuple(uses_under("unknown", uses))
        statement = None if narrowing.is_unlisted or narrowing.unnamed else statement
    return Terms(
        statement,
        tier,
        uses,
        min(filter(None, (expires, narrowing.expires)), default=None),
        max(filter(None, (embargo, narrowing.embargo_until)), default=None),
    )


def _strictness(statement: str | None, tier: str) -> tuple[int, int]:
    return openness(tier), len(obligations_of(statement, tier))
