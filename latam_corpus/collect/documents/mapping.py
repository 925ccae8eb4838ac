"""A source's mapping: select the columns of its records, and convert their values to a document's columns."""

from __future__ import annotations

import math
import re
import reprlib
from dataclasses import dataclass
from datetime import UTC, date, datetime, time
from functools import lru_cache
from typing import TYPE_CHECKING, Any, Final

from latam_corpus.catalog.identity import canonical_url
from latam_corpus.catalog.named_values import composition_of, country_of, day_exists, day_of, genre_of, statement_of
from latam_corpus.catalog.source import Collect, Columns, Pick
from latam_corpus.columns import KEYS, TERMS
from latam_corpus.columns.descriptor import names
from latam_corpus.text.folding import folded, parted

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping, Sequence

    from latam_corpus.catalog.source import Source

_ISO_DATE: Final = re.compile(
    r"-?\d{4}(?:-(?:0[1-9]|1[0-2])(?:-(?:0[1-9]|[12]\d|3[01])(?:[T ](?:[01]\d|2[0-3]):[0-5]\d.*)?)?)?"
)
_SLASHED: Final = re.compile(r"(\d{4})[/.](\d\d?)(?:[/.](\d\d?))?")
# Names of columns that name files, folded.
_FILE_COLUMNS: Final = frozenset(
    names(
        "archivo, archivos, fichero, ficheros, nombre de archivo, nombre del archivo, nombre archivo, "
        "nombre_archivo, nombre del fichero, archivo digital, ruta, arquivo, arquivos, ficheiro, ficheiros, nome "
        "do arquivo, nome de arquivo, nome_arquivo, nome do ficheiro, arquivo digital, caminho, file, files, "
        "filename, file name, file_name, path, filepath, file path"
    )
)


def is_file_column(head: str) -> bool:
    """Whether a column's name means that it names files.

    >>> is_file_column("Archivo"), is_file_column("Título")
    (True, False)
    """
    return folded(head).strip() in _FILE_COLUMNS


@dataclass(frozen=True)
class Unread:
    """A cell that isn't empty, but in which the source's `pattern` or `values` finds no value.

    Attributes:
        cell: the record's value.
    """

    cell: Any


_CELL: Final = 60  # characters of a value in a message


def shown(value: Any) -> str:
    """Return the beginning of a record's value, for a message.

    >>> shown(Unread("hacia 1900")), shown(["es", "gn"]), len(shown("a" * 2**20))
    ('hacia 1900', 'es; gn', 60)
    """
    cell = value.cell if isinstance(value, Unread) else value
    # A list may be gigabytes large.
    if isinstance(cell, list) and cell and all(isinstance(text, str) for text in cell[:_CELL]):
        cell = "; ".join(text[:_CELL] for text in cell[:_CELL])
    return (cell if isinstance(cell, str) else reprlib.repr(cell))[:_CELL]


def is_empty(value: object) -> bool:
    """Whether a value is null, blank, not-a-number, or a list that has only empty values, or none.

    >>> is_empty(" "), is_empty([]), is_empty([""]), is_empty(float("nan")), is_empty(0)
    (True, True, True, True, False)
    """
    if value is None:
        return True
    if isinstance(value, str):
        return not value or value.isspace()
    if isinstance(value, float):
        return math.isnan(value)
    if isinstance(value, (list, tuple)):
        return all(map(is_empty, value))
    return isinstance(value, (dict, bytes)) and not value


def as_text(value: Any) -> str | None:
    """Return a string or number as text; None for other types and for blanks.

    >>> as_text(1872), as_text(1872.0), as_text(" Ricardo Palma "), as_text(["Palma"]), as_text("")
    ('1872', '1872', 'Ricardo Palma', None, None)
    """
    if isinstance(value, str):
        return value.strip() or None
    if isinstance(value, bool):
        return None
    if isinstance(value, float):
        # A column of years with one gap arrives as floats.
        return str(int(value)) if value.is_integer() else (None if math.isnan(value) else str(value))
    if isinstance(value, (int, date)):
        return value.isoformat() if isinstance(value, date) else str(value)
    return None


def as_url(value: Any) -> str | None:
    """Return a URL in canonical form, without passwords and tracking parameters."""
    text = as_text(value)
    return canonical_url(text) if text else None


def as_names(value: Any) -> list[str] | None:
    """Return a list of names: the parts of a text, or the members of a list.

    >>> as_names("Sarmiento, Domingo Faustino"), as_names("Paz, Ana; Luz"), as_names(["Palma", ""]), as_names(" ;")
    (['Sarmiento, Domingo Faustino'], ['Paz, Ana', 'Luz'], ['Palma'], None)
    """
    parts = value if isinstance(value, (list, tuple)) else parted(as_text(value) or "")
    return [name for part in parts if (name := as_text(part))] or None


def as_published(value: Any) -> str | None:
    """Return an ISO 8601 date, which may be partial; None if the value isn't certainly a date.

    >>> as_published(1845), as_published("1910/5"), as_published("2021-03-04"), as_published("hacia 1900")
    ('1845', '1910-05', '2021-03-04', None)
    >>> as_published("31/12/1999"), as_published("12/31/1999"), as_published(45000), as_published("2020-02-30")
    ('1999-12-31', None, None, None)
    """
    if isinstance(value, datetime):
        return value.date().isoformat() if value.time() == time() else value.isoformat()
    text = as_text(value)
    if text is None:
        return None
    slashed = _SLASHED.fullmatch(text)
    if slashed:
        text = "-".join(part.zfill(2) for part in slashed.groups() if part)
    if _ISO_DATE.fullmatch(text):
        return text if day_exists(text) else None
    day = day_of(text)
    return day.isoformat() if day else None


def as_country(value: Any) -> str | None:
    """Return the two-letter code of a country, by its code or its name.

    >>> as_country("cl"), as_country("Perú"), as_country("Ruritania")
    ('CL', 'PE', None)
    """
    text = as_text(value)
    return text and country_of(text)


def as_statement(value: Any) -> str | None:
    """Return a statement of rights; a name from the sheet of sources is replaced by its statement.

    >>> as_statement("Dominio público"), as_statement("CC BY 4.0"), as_statement("Prensa libre")
    ('https://creativecommons.org/publicdomain/mark/1.0/', 'CC BY 4.0', 'Prensa libre')
    """
    text = as_text(value)
    return text and (statement_of(text) or text)


def as_genre(value: Any) -> str | None:
    """Return one of the twelve genres, by its identifier or its name.

    >>> as_genre("lyrics"), as_genre("Prensa"), as_genre("Tango")
    ('lyrics', 'news', None)
    """
    return genre_of(value) if isinstance(value, str) else None


def as_composition(value: Any) -> str | None:
    """Return one of the four compositions, by its identifier or its name."""
    return composition_of(value) if isinstance(value, str) else None


def as_time(value: Any) -> datetime | None:
    """Return a point in time in UTC; a time without a zone is taken as UTC.

    >>> as_time("2024-05-01T10:00:00-03:00").isoformat(), as_time("ayer")
    ('2024-05-01T13:00:00+00:00', None)
    """
    if isinstance(value, str):
        try:
            value = datetime.fromisoformat(value.strip())
        except ValueError:
            value = day_of(value)
    if isinstance(value, datetime):
        try:
            return (value if value.tzinfo else value.replace(tzinfo=UTC)).astimezone(UTC)
        except OverflowError:  # the year 1 in a time zone east of Greenwich
            return None
    return datetime.combine(value, time(), UTC) if isinstance(value, date) else None


# The readers of the kinds of values, `RecordKey.value`.
READERS: Final[Mapping[str, Callable[[Any], Any]]] = {
    "text": as_text,
    "url": as_url,
    "names": as_names,
    "date": as_published,
    "country": as_country,
    "genre": as_genre,
    "composition": as_composition,
    "statement": as_statement,
    "time": as_time,
}
_PICKS: Final = {name: tuple(Pick(column=column) for column in key.read_from) for name, key in KEYS.items()}


def picks(columns: Columns, name: str) -> tuple[Pick, ...]:
    """Return the origins of a document's column in order: the source's pick, or else the columns of that name."""
    pick: Pick | None = getattr(columns, name)
    if pick is not None:
        return () if pick.leave else (pick,)
    return _PICKS[name]


# The names of columns that state terms, by the document's column that they narrow.
_STATING: Final = {head: name for name, key in KEYS.items() if key.narrows for head in key.heads}
# Structs in which data sets store a record's metadata.
_STRUCTS: Final = frozenset({"metadata", "meta"})


@lru_cache(maxsize=4096)
def head_key(head: str) -> str:
    """Return a column's name without case, accents, separators, a Dublin Core prefix, or a language in brackets.

    >>> head_key("Licença"), head_key("dc.rights[es_ES]"), head_key("dcterms:license"), head_key("opt_outs")
    ('licenca', 'rights', 'license', 'opt outs')
    """
    plain = re.sub(r"[\W_]+", " ", folded(re.sub(r"\[\w*-?\w*\]$", "", head.strip()))).strip()
    return re.sub(r"^(?:dc|dcterms) ", "", plain)


def stating_columns(collect: Collect, heads: Iterable[str]) -> dict[str, str]:
    """Return the unmapped columns that state terms, each with the document's column that it narrows.

    `rights = false` under the source's columns omits all columns that state rights. `metadata.license` is a field of a
    struct.

    >>> stating_columns(Collect(), ["text", "Licencia", "metadata.license", "author.rights", "uses"])
    {'Licencia': 'rights', 'metadata.license': 'rights', 'uses': 'uses'}
    >>> stating_columns(Collect(columns=Columns(rights=Pick(leave=True))), ["Licencia", "uses"])
    {'uses': 'uses'}
    """
    columns = collect.columns
    chosen = {name: pick for name in KEYS if (pick := getattr(columns, name))}
    mapped = {pick.column for pick in chosen.values()} | {text.column for text in collect.texts}
    turned_off = {name for name, pick in chosen.items() if pick.leave}
    stating: dict[str, str] = {}
    for head in heads:
        struct, dot, inner = head.partition(".")
        column = _STATING.get(head_key(head)) or (_STATING.get(head_key(inner)) if dot and struct in _STRUCTS else None)
        if column and head not in mapped and column not in turned_off:
            stating[head] = column
    return stating


def stated_by(head: str) -> str | None:
    """Return the document's column of terms that a column's name suggests, if any.

    >>> stated_by("Licencia"), stated_by("Título")
    ('rights', None)
    """
    return _STATING.get(head_key(head))


def terms_columns(collect: Collect, heads: Sequence[str]) -> set[str]:
    """Return a record's columns that state terms, mapped or not; for a field of a struct, the struct's name."""
    mapped = [pick.column for name in TERMS for pick in picks(collect.columns, name) if pick.column]
    columns = {name for column in (*mapped, *stating_columns(collect, heads)) for name in _names(column)}
    return (columns | _STRUCTS).intersection(heads)


def heads_of(records: Sequence[Mapping[str, Any]]) -> list[str]:
    """Return the columns of records, including the fields of the structs `metadata` and `meta` as paths."""
    heads = dict.fromkeys(name for record in records for name in record)
    for struct in _STRUCTS.intersection(heads):
        values = (record[struct] for record in records if isinstance(record.get(struct), dict))
        heads |= dict.fromkeys(f"{struct}.{name}" for value in values for name in value)
    return list(heads)


def columns_read(source: Source, heads: Iterable[str] = ()) -> frozenset[str]:
    """Return the record's columns that this source reads; for a path into a struct, its first name too.

    Columns that state terms are read even if they aren't mapped.
    """
    collect = source.collect
    columns = [pick.column for name in KEYS for pick in picks(collect.columns, name) if pick.column]
    columns += [*collect.named, *stating_columns(collect, heads)]
    return frozenset(name for column in columns for name in _names(column))


def value_at(record: Mapping[str, Any], column: str) -> Any:
    """Return the record's value of a column; a path such as `metadata.author` leads into a struct.

    >>> value_at({"metadata": {"author": "Palma"}}, "metadata.author")
    'Palma'
    """
    if column in record or "." not in column:
        return record.get(column)
    value: Any = record
    for part in column.split("."):
        if not isinstance(value, dict):
            return None
        value = value.get(part)
    return value


def values_of(
    columns: Columns, name: str, records: Sequence[Mapping[str, Any]], keys: frozenset[str], relative: str
) -> list[Any] | None:
    """Return a document's column with one value per record; None if no record has it.

    A pick may read the value from `relative`, the file's path. `keys` are all columns that any of these records has.
    """
    values: list[Any] | None = None
    for pick in picks(columns, name):
        if pick.column and pick.default is None and keys.isdisjoint(_names(pick.column)):
            continue
        picked = _picked(pick, records, relative)
        values = picked if values is None else [b if a is None else a for a, b in zip(values, picked, strict=True)]
    return values


def _names(column: str) -> tuple[str, str]:
    """Return a column's name, and the name of the struct if it is a path into one."""
    return column, column.partition(".")[0]


def _picked(pick: Pick, records: Sequence[Mapping[str, Any]], relative: str) -> list[Any]:
    if pick.value is not None:
        return [pick.value] * len(records)
    if pick.path is not None:
        values: list[Any] = [_match(pick.path, relative)] * len(records)
    else:
        column = pick.column or ""
        values = [value_at(record, column) for record in records]
    if pick.pattern is not None:
        pattern = pick.pattern
        values = [_or_unread(value, lambda cell: _match(pattern, cell)) for value in values]
    if pick.values is not None:
        translated = pick.values
        values = [_or_unread(value, translated.get) for value in values]
    if pick.default is not None:
        values = [pick.default if value is None or isinstance(value, Unread) else value for value in values]
    return values


def _or_unread(value: Any, find: Callable[[str], str | None]) -> Any:
    """Return the value that `find` finds in a cell; return `Unread` if the cell isn't empty but has no value."""
    if value is None or isinstance(value, Unread):
        return value
    match = find(str(value))
    return Unread(value) if match is None and not is_empty(value) else match


def _match(pattern: str, value: str) -> str | None:
    match = re.search(pattern, value)
    return (match[1] if match.re.groups else match[0]) if match else None


def text_of(value: object) -> str | None:
    """Return a record's text: a string, or UTF-8 bytes; None for anything else.

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
    """Remove the matches of the patterns; a match between two spaces leaves one of them.

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


def _joined(pieces: Sequence[str], piece: str) -> str:
    """Return a piece, without its leading spaces if the previous piece ends with a space."""
    previous = next(filter(None, reversed(pieces)), "\n")
    return piece.lstrip(" \t") if pieces and previous[-1].isspace() else piece
