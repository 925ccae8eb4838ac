"""A source's mapping: which of a record's columns it reads, and the values that its documents' columns get."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any, Final

from latam_corpus.catalog.source import Columns, Pick

if TYPE_CHECKING:
    from collections.abc import Sequence

    from latam_corpus.catalog.source import Source
    from latam_corpus.collect.records import Record

# What is taken by its own name where the source says nothing. Rights are not among them: a record's own claim counts
# only when the source's file maps it.
_BY_NAME: Final = {
    "id": ("id", "doc_id"),
    "text": ("text",),
    "declared_language": ("declared_language", "language"),
    **{
        name: (name,)
        for name in (
            "url", "title", "creators", "published", "country", "genre", "composition", "contributor", "obtained",
        )
    },
}  # fmt: skip
_PICKS: Final = {name: tuple(Pick(column=column) for column in columns) for name, columns in _BY_NAME.items()}


def picks(columns: Columns, name: str) -> tuple[Pick, ...]:
    """Where a document's column comes from: the source's word, else the record's columns of that name, in order."""
    stated: Pick | None = getattr(columns, name)
    if stated is not None:
        return () if stated.leave else (stated,)
    return _PICKS.get(name, ())


def columns_read(source: Source) -> frozenset[str]:
    """The record's columns that reading this source looks at; of a path into a struct, its first name too."""
    collect = source.collect
    named = [pick.column for name in Columns.model_fields for pick in picks(collect.columns, name) if pick.column]
    named += collect.named
    return frozenset(name for column in named for name in _names(column))


def value_at(record: Record, column: str) -> Any:
    """The record's value of a column; `metadata.author` goes into a struct.

    >>> value_at({"metadata": {"author": "Palma"}}, "metadata.author")
    'Palma'
    """
    if column in record or "." not in column:
        return record.get(column)
    here: Any = record
    for part in column.split("."):
        if not isinstance(here, dict):
            return None
        here = here.get(part)
    return here


def values_of(
    columns: Columns, name: str, records: Sequence[Record], keys: frozenset[str], relative: str
) -> list[Any] | None:
    """The values, one a record, of a document's column; None when nothing gives it.

    Args:
        columns: the source's mapping.
        name: the document's column.
        records: foreign records.
        keys: all columns that any of these records has.
        relative: the file's path, from which a value may come.
    """
    found: list[Any] | None = None
    for pick in picks(columns, name):
        if pick.column and pick.default is None and keys.isdisjoint(_names(pick.column)):
            continue
        here = _picked(pick, records, relative)
        found = here if found is None else [b if a is None else a for a, b in zip(found, here, strict=True)]
    return found


def _names(column: str) -> tuple[str, str]:
    """A column's name, and that of the struct which it may be a path into."""
    return column, column.partition(".")[0]


def _picked(pick: Pick, records: Sequence[Record], relative: str) -> list[Any]:
    if pick.value is not None:
        return [pick.value] * len(records)
    if pick.path is not None:
        values: list[Any] = [_match(pick.path, relative)] * len(records)
    else:
        column = pick.column or ""
        values = [value_at(record, column) for record in records]
    if pick.pattern is not None:
        pattern = pick.pattern
        values = [None if value is None else _match(pattern, str(value)) for value in values]
    if pick.values is not None:
        translated = pick.values
        values = [None if value is None else translated.get(str(value)) for value in values]
    if pick.default is not None:
        values = [pick.default if value is None else value for value in values]
    return values


def _match(pattern: str, value: str) -> str | None:
    found = re.search(pattern, value)
    return (found[1] if found.re.groups else found[0]) if found else None


def text_of(value: object) -> str | None:
    """A record's text: a string, or bytes that are UTF-8; None for anything else.

    >>> text_of("Vidalita"), text_of("Coplas".encode()), text_of(7)
    ('Vidalita', 'Coplas', None)
    """
    if isinstance(value, bytes):
        try:
            return value.decode()
        except UnicodeDecodeError:
            return None
    return value if isinstance(value, str) else None


def cleaned(text: str, remove: Sequence[str]) -> str:
    """The text without what the patterns match; where that stood between two spaces, one is left.

    >>> cleaned("Mari mari <uh> lamuen.", ["<[^<>]*>"])
    'Mari mari lamuen.'
    """
    for pattern in remove:
        pieces: list[str] = []
        at = 0
        for match in re.finditer(pattern, text):
            pieces.append(_joined(pieces, text[at : match.start()]))
            at = match.end()
        if pieces:
            text = "".join([*pieces, _joined(pieces, text[at:])]).strip()
    return text


def _joined(before: Sequence[str], piece: str) -> str:
    """The piece as it follows the ones before a cut: a space stands on one side of it only."""
    kept = next((one for one in reversed(before) if one), "\n")
    return piece.lstrip(" \t") if before and kept[-1].isspace() else piece
