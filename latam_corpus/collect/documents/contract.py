"""Check while records are read that they have the columns that the source's file names.

A column with a wrong name yields no values, and a corpus without it looks like any other. So each column that the
source names must be in every table, and in at least one record of every file of JSON lines. The source's other promises
about columns (`required`, `unique`, `max_null_share`) are checked too, over everything that is read.
"""

from __future__ import annotations

import hashlib
import json
from collections import Counter
from dataclasses import asdict, dataclass, field
from typing import TYPE_CHECKING, Any, Final

import numpy as np
import polars as pl

from latam_corpus import vocabulary
from latam_corpus.catalog.display_names import near_word
from latam_corpus.catalog.source import PAGE_COLUMNS, Collect
from latam_corpus.collect.documents.column_names import suggested_columns
from latam_corpus.collect.documents.mapping import (
    columns_read,
    is_empty,
    is_file_column,
    picks,
    stating_columns,
    value_at,
)
from latam_corpus.collect.records import garbled_heads, readable
from latam_corpus.columns import BY_NAME, KEYS, TERMS
from latam_corpus.errors import Breach, PartError, nearest
from latam_corpus.messages import Message, _, decimal, enumerated, first_of, known
from latam_corpus.text.folding import folded

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence

    from latam_corpus.catalog.source import Source
    from latam_corpus.collect.records import Chunk, Record

_SHOWN: Final = 20  # columns that a message lists
_LOOKED_AT: Final = 20  # records of JSON lines whose keys a message lists
_EXAMPLES: Final = 5
_NAMED: Final = 20  # files that a message lists
_MOST_NOT_TAKEN: Final = 100  # columns
_KINDS: Final = 100  # kinds of records in web archives that aren't documents
_TO_CONVERT: Final = (".ods", ".xls", ".xlsm", ".numbers")  # spreadsheets that aren't read
VALUES_SCHEMA: Final = pl.Schema({"column": pl.String, "hash": pl.UInt64, "number": pl.Int64, "file": pl.String})


@dataclass
class ColumnFill:
    """The number of records that filled a column of the documents.

    Attributes:
        filled: the number of records with a value.
        unread: the number of records with a value that isn't understood.
        examples: a few different values that aren't understood.
    """

    origin: str
    records: int = 0
    filled: int = 0
    unread: int = 0
    examples: list[str] = field(default_factory=list)

    def add(self, fill: ColumnFill) -> None:
        """Add the counts of more records."""
        self.records += fill.records
        self.filled += fill.filled
        self.unread += fill.unread
        self.examples = list(dict.fromkeys([*self.examples, *fill.examples]))[:_EXAMPLES]


@dataclass
class MissingColumns:
    """Columns that no record of a file of JSON lines, or of a part of one, has.

    Attributes:
        columns: columns that the source names and no record has.
        present: the columns that the records have.
    """

    columns: list[str]
    present: list[str]


@dataclass
class Facts:
    """The facts about a source's columns and files, collected while it is read.

    Attributes:
        records: the number of records of tables and JSON lines.
        filled: the number of these records with a value, for each column that the source names.
        fills: the counts of each column of the documents.
        lacking: for each file that is read in parts, the columns that each part lacks.
        stated: the counts of unmapped columns that state terms, by the document's column and the record's column.
        unlisted: the files without a row in the catalogue, each with the closest name in it, or an empty string.
        unnamed: the catalogues that the source doesn't name, each with the line of TOML that reads it.
        passed_over: the number of records in web archives that aren't documents, by reason.
        damaged: the files that can't be read completely, each with the problem.
        not_taken: the columns of records that aren't copied to documents.
        header_rows: the tables whose header isn't the first row, each with the number of its row.
    """

    records: int = 0
    filled: Counter[str] = field(default_factory=Counter)
    fills: dict[str, ColumnFill] = field(default_factory=dict)
    lacking: dict[str, list[MissingColumns]] = field(default_factory=dict)
    stated: dict[str, dict[str, ColumnFill]] = field(default_factory=dict)
    unlisted: dict[str, str] = field(default_factory=dict)
    unnamed: dict[str, str] = field(default_factory=dict)
    passed_over: Counter[str] = field(default_factory=Counter)
    damaged: dict[str, str] = field(default_factory=dict)
    not_taken: list[str] = field(default_factory=list)
    header_rows: dict[str, int] = field(default_factory=dict)

    def add(self, facts: Facts) -> None:
        """Add the facts of another part."""
        self.records += facts.records
        self.filled += facts.filled
        for name, fill in facts.fills.items():
            self.fills.setdefault(name, ColumnFill(fill.origin)).add(fill)
        for file, parts in facts.lacking.items():
            self.lacking.setdefault(file, []).extend(parts)
        for name, fills in facts.stated.items():
            for origin, fill in fills.items():
                self.stated.setdefault(name, {}).setdefault(origin, ColumnFill(origin)).add(fill)
        self.unlisted |= facts.unlisted
        self.unnamed |= facts.unnamed
        self.count_passed_over(facts.passed_over)
        self.damaged |= facts.damaged
        self.leave(facts.not_taken)
        self.header_rows |= facts.header_rows

    def leave(self, columns: Iterable[str]) -> None:
        """Add columns that aren't copied to documents, up to a limit: JSON records may have any number of keys."""
        new = dict.fromkeys([*self.not_taken, *columns])
        self.not_taken = list(new)[:_MOST_NOT_TAKEN]

    def count_passed_over(self, records: Counter[str]) -> None:
        """Count records in web archives that aren't documents, by reason; limit the number of media types."""
        for why, n in records.items():
            is_known = why in self.passed_over or len(self.passed_over) < _KINDS or not why.startswith("type ")
            if why:
                self.passed_over[why if is_known else "type unknown"] += n

    def as_dict(self) -> dict[str, Any]:
        """Return the facts as a dictionary for JSON."""
        return {
            "records": self.records,
            "filled": dict(self.filled),
            "given": {name: asdict(fill) for name, fill in self.fills.items()},
            "lacking": {
                file: [{"columns": part.columns, "there": part.present} for part in parts]
                for file, parts in self.lacking.items()
            },
            "stated": {
                name: {origin: asdict(fill) for origin, fill in fills.items()} for name, fills in self.stated.items()
            },
            "unlisted": self.unlisted,
            "unnamed": self.unnamed,
            "passed_over": dict(self.passed_over),
            "damaged": self.damaged,
            "not_taken": self.not_taken,
            "header_rows": self.header_rows,
        }

    @classmethod
    def of(cls, values: Mapping[str, Any]) -> Facts:
        """Return the facts that `as_dict` wrote."""
        return cls(
            values["records"],
            Counter(values["filled"]),
            {name: ColumnFill(**fill) for name, fill in values["given"].items()},
            {
                file: [MissingColumns(part["columns"], part["there"]) for part in parts]
                for file, parts in values["lacking"].items()
            },
            {
                name: {origin: ColumnFill(**fill) for origin, fill in fills.items()}
                for name, fills in values["stated"].items()
            },
            dict(values["unlisted"]),
            dict(values["unnamed"]),
            Counter(values["passed_over"]),
            dict(values["damaged"]),
            list(values["not_taken"]),
            dict(values["header_rows"]),
        )

    def empty(self) -> dict[str, ColumnFill]:
        """Return the columns of the documents that no record fills."""
        return {name: fill for name, fill in self.fills.items() if fill.records and not fill.filled + fill.unread}

    @property
    def dated(self) -> bool:
        """Whether any record states when it was obtained."""
        return "obtained" in self.fills and self.fills["obtained"].filled > 0


@dataclass
class _File:
    relative: str
    records: int = 0
    columns: tuple[str, ...] | None = None  # the columns of a table
    present: set[str] = field(default_factory=set)
    blank: dict[str, int | None] = field(default_factory=dict)  # the first record in which a column is empty
    first: list[Record] = field(default_factory=list)


class Watch:
    """Checks the records of one source while they are read.

    Attributes:
        breaches: the broken promises, unless `strict` is on.
    """

    def __init__(self, source: Source, *, strict: bool = True) -> None:
        """Raise PartError at the first breach if `strict`; otherwise collect the breaches."""
        self.facts = Facts()
        self.breaches: list[Breach] = []
        self._source, self._strict = source, strict
        self._named, self._read = source.collect.named, columns_read(source)
        self._values: list[pl.DataFrame] = []
        self._seen: set[str] = set()  # columns of records
        self._file: _File | None = None

    def over(self, relative: str, chunks: Iterable[Chunk], *, is_part: bool = False) -> Iterator[Chunk]:
        """Yield the chunks of a table or of JSON lines unchanged, and check them.

        `is_part` means that another part of the file may have a missing column.

        Raises:
            PartError: a promise is broken.
        """
        file = self._file = _File(relative)
        for chunk in chunks:
            self._look(file, chunk)
            yield chunk
        if not is_part:
            self.end_of_file()
        elif file.records and file.columns is None:
            self.facts.lacking.setdefault(relative, []).append(MissingColumns(self._missing(file), _names(file)))

    def end_of_file(self) -> None:
        """Check the last file after all of it was read.

        Raises:
            PartError: no record has a column that the source names.
        """
        file, self._file = self._file, None
        if file is not None and file.records and file.columns is None:
            for column in self._missing(file):
                self._report(missing(self._source, file.relative, column, _names(file), has_header=False))

    def end(self) -> None:
        """Check for repeated values after all files were read.

        Raises:
            PartError: a `unique` column has a repeated value.
        """
        for breach in repeated(self._source, self.values):
            self._report(breach)

    def count(
        self,
        name: str,
        values: Sequence[Any] | None,
        records: int,
        unread: Collection[str] = (),
        origin: str = "",
    ) -> None:
        """Count how many records have a value for a column of the documents.

        `values` is None if no record has the column. `unread` has the beginnings of the values that aren't understood;
        `origin` is given if `collect.columns` doesn't state it.
        """
        columns = self._source.collect.columns
        if not origin:
            counted = [pick for pick in picks(columns, name) if pick.value is None or unread]
            # A column that is read by its own name isn't expected.
            if not counted or (values is None and getattr(columns, name) is None):
                return
            origin = counted[0].column or ("value" if counted[0].value else "path")
        filled = sum(value is not None for value in values or ())
        self.facts.fills.setdefault(name, ColumnFill(origin)).add(
            ColumnFill(origin, records, filled, len(unread), list(dict.fromkeys(unread)))
        )

    def count_stated(self, name: str, origin: str, unread: str | None) -> None:
        """Count a value that states terms.

        `origin` is the record's column, and `name` the document's column that it narrows.
        """
        fills = self.facts.stated.setdefault(name, {})
        examples = [] if unread is None else [unread]
        fills.setdefault(origin, ColumnFill(origin)).add(ColumnFill(origin, 1, 1, len(examples), examples))

    def look_at_columns(self, heads: Collection[str]) -> None:
        """Note the columns of records, or of a catalogue's row, that aren't copied to documents."""
        if not self._seen.issuperset(heads):
            self._seen.update(heads)
            self.facts.leave(not_taken(self._source, heads))

    @property
    def values(self) -> pl.DataFrame:
        """The hashes of the values of `unique` columns with their records, VALUES_SCHEMA."""
        return pl.concat([pl.DataFrame(schema=VALUES_SCHEMA), *self._values])

    def _look(self, file: _File, chunk: Chunk) -> None:
        collect, records = self._source.collect, chunk.records
        if chunk.columns is not None and file.columns is None and (garbled := garbled_heads(chunk.columns)):
            file.columns = tuple(map(readable, chunk.columns))
            self._report(Breach(self._at(file), *garbled))
        elif chunk.columns is not None and file.columns is None:
            file.columns = chunk.columns
            file.present |= self._named.keys() & set(chunk.columns)
            read = self._read | stating_columns(self._source.collect, chunk.columns).keys()
            for column in sorted(name for name, n in Counter(chunk.columns).items() if n > 1 and name in read):
                self._report(
                    Breach(
                        self._at(file),
                        _("the column «{column}» appears twice", column=column),
                        _("give one another name"),
                    )
                )
            for column in self._missing(file):
                self._report(missing(self._source, file.relative, column, chunk.columns, has_header=True))
        self.look_at_columns(chunk.columns or dict.fromkeys(name for record in records for name in record))
        if chunk.header_row > 1:
            self.facts.header_rows[file.relative] = chunk.header_row
        file.records += len(records)
        file.first += records[: _LOOKED_AT - len(file.first)]
        self.facts.records += len(records)
        for column in self._named:
            values = [value_at(record, column) for record in records]
            empty = [is_empty(value) for value in values]
            self.facts.filled[column] += len(empty) - sum(empty)
            if column not in file.present and (not all(empty) or any(_has(record, column) for record in records)):
                file.present.add(column)
            if any(empty):
                file.blank.setdefault(column, chunk.numbers[empty.index(True)])
            # A column that no record has had yet may be missing from the whole file, which is reported as another
            # problem.
            if column in collect.required and column in file.blank and column in file.present:
                number = file.blank[column]
                problem = _(
                    "«{column}» is empty in record {number}, and `required` names it", column=column, number=number
                )
                self._report(Breach(self._at(file), problem, _("fill it in, or take it out of `required`")))
            if column in collect.unique:
                self._add_values(column, values, empty, chunk.numbers, file.relative)

    def _missing(self, file: _File) -> list[str]:
        return [c for c in self._named if c not in file.present and c not in self._source.collect.optional]

    def _at(self, file: _File) -> Message:
        return _place(self._source, file.relative)

    def _add_values(
        self, column: str, values: Sequence[Any], empty: Sequence[bool], numbers: Sequence[int | None], relative: str
    ) -> None:
        filled = [index for index, is_blank in enumerate(empty) if not is_blank]
        hashes = [hashlib.blake2b(str(values[index]).encode(), digest_size=8).digest() for index in filled]
        rows = {
            "column": [column] * len(filled),
            "hash": np.frombuffer(b"".join(hashes), np.uint64),
            "number": [numbers[index] for index in filled],
            "file": [relative] * len(filled),
        }
        self._values.append(pl.DataFrame(rows, schema=VALUES_SCHEMA))

    def _report(self, breach: Breach) -> None:
        if self._strict:
            raise PartError(*breach)
        # If many files break one promise, only the first is reported.
        if all(breach.problem != known_breach.problem for known_breach in self.breaches):
            self.breaches.append(breach)


def not_taken(source: Source, heads: Iterable[str]) -> list[str]:
    """Return the columns that aren't copied to documents, except those that the source's file turns off."""
    columns = source.collect.columns
    turned_off = {name for name in type(columns).model_fields if (pick := getattr(columns, name)) and pick.leave}
    columns_present = list(heads)
    read = columns_read(source, columns_present) | turned_off
    index = source.collect.index
    if index:
        read |= {"form"} | {
            name for name in columns_present if (name == index.column if index.column else is_file_column(name))
        }
    return [name for name in columns_present if name and name not in read]


def columns_left(source: str, facts: Facts) -> Iterator[Breach]:
    """Report the columns of records that aren't copied to documents, with the lines of TOML that map them."""
    if not facts.not_taken:
        return
    place = _("input of {source}", source=source)
    suggested = suggested_columns(Collect(), facts.not_taken)
    suggested = {head: name for head, name in suggested.items() if name not in facts.fills}
    if suggested:
        heads = [_("«{name}»", name=head) for head in suggested]
        lines = ", ".join(f"{name} = {json.dumps(head, ensure_ascii=False)}" for head, name in suggested.items())
        problem = _(
            "{n} {n:column has a known head but isn't|columns have known heads but aren't} used: {columns}",
            n=len(heads),
            columns=first_of(heads, _SHOWN),
        )
        yield Breach(place, problem, _("write under [collect.columns], a line each: {lines}", lines=lines))
    unknown = [name for name in facts.not_taken if name not in suggested]
    if not unknown:
        return
    names = [_("«{name}»", name=name) for name in unknown]
    problem = _("{n} {n:column isn't|columns aren't} used: {columns}", n=len(names), columns=first_of(names, _SHOWN))
    column = unknown[0]
    name = "_".join("".join(sign if sign.isalnum() else " " for sign in column).split()).lower()
    key = name if name.isascii() and name else f'"{name}"'
    remedy = _(
        "to use one, write under [collect.extra]: {example}",
        example=f'{key} = {{ column = "{column}", type = "string" }}',
    )
    yield Breach(place, problem, remedy)


def missing(source: Source, relative: str, column: str, present: Sequence[str], *, has_header: bool) -> Breach:
    """Return the breach for a column that a file lacks.

    `has_header` means that every record has the same columns.
    """
    key = source.collect.named[column]
    if has_header:
        named_problem = _("there is no column «{column}», which {key} names")
        unnamed_problem = _("there is no column «{column}», and the source names no other for its texts")
    else:
        named_problem = _("no record that was read has «{column}», which {key} names")
        unnamed_problem = _(
            "no record that was read has «{column}», and the source names no other column for its texts"
        )
    problem = named_problem.fill(column=column, key=f"collect.{key}") if key else unnamed_problem.fill(column=column)
    near = _nearest(column, present)
    shown = first_of(present, _SHOWN)
    if near:
        remedy = _("did you mean «{near}»? The columns are: {there}", near=near, there=shown)
    else:
        remedy = _("the columns are: {there}", there=shown) if present else _("there are no columns")
    if not key:
        more = _('write text = "…" under [collect.columns], or name the files that have texts in collect.files')
        if any(is_file_column(head) for head in present):
            more = _(
                "write under [collect]: index.file = {file}, if it is a catalogue of the other files",
                file=json.dumps(relative, ensure_ascii=False),
            )
        remedy = enumerated([remedy, more], between="; ")
    elif not has_header:
        more = _("if some files lack it, write optional = [{column}]", column=f'"{column}"')
        remedy = enumerated([remedy, more], between="; ")
    return Breach(_place(source, relative), problem, remedy)


def unread(source: str, facts: Facts) -> Iterator[Breach]:
    """Report the values that aren't understood, with one breach per column."""
    for name, fill in facts.fills.items():
        if not fill.unread:
            continue
        about = {"n": decimal(f"{fill.unread:,}"), "name": name, "origin": fill.origin}
        column = BY_NAME.get(name)
        if name in TERMS:  # the document's use is restricted
            problem = _NO_CONSENT if name == "consent" else _NOT_UNDERSTOOD
        elif column and not column.nullable:
            problem = _(
                "{n} {n:value|values} of «{origin}» {n:isn't|aren't} understood as «{name}», such as {examples}, and "
                "{n:counts as an empty one|count as empty ones}"
            )
        else:
            problem = _(
                "{n} {n:value|values} of «{origin}» {n:isn't|aren't} understood as «{name}», such as "
                "{examples}, and {n:its document is|their documents are} processed without {n:it|them}"
            )
        examples = enumerated(_example(name, example) for example in fill.examples)
        yield Breach(
            _("input of {source}", source=source), problem.fill(examples=examples, **about), _how_to_correct(name, fill)
        )


def _how_to_correct(name: str, fill: ColumnFill) -> Message:
    """Return the advice for values of a mapped column that aren't understood."""
    column, key = json.dumps(fill.origin, ensure_ascii=False), KEYS.get(name)
    if name.startswith("extra."):
        return _("correct them, or declare another type under [collect.extra]")
    if name == "consent":
        return _GIVE_CONSENT
    if key and key.value == "date":
        return _(
            "write them as 1950, 1950-03 or 1950-03-31; to take the year alone, write under [collect.columns]: {line}",
            line=f"{name} = {{ column = {column}, pattern = '\\d{{4}}' }}",
        )
    if key and key.value in ("genre", "composition"):
        values = ", ".join(f"{json.dumps(example, ensure_ascii=False)} = …" for example in fill.examples if example)
        return _(
            "write one of: {choices}; or state under [collect.columns] what each value means: {line}, with all "
            "other values of the column",
            choices=", ".join(BY_NAME[name].words),
            line=f"{name} = {{ column = {column}, values = {{ {values} }} }}",
        )
    return _(
        "correct them, or give «{name}» under [collect.columns] a table `values` that lists every value, "
        "including those that are understood",
        name=name,
    )


def _example(name: str, value: str) -> Message:
    """Quote a value that isn't understood; for a genre, add the closest word."""
    if not value:
        return _("an empty cell")
    near = near_word("genre", value, vocabulary.GENRES) if name == "genre" else None
    if near is None:
        return _("«{name}»", name=value)
    return _("«{value}» (did you mean «{near}»?)", value=value, near=near)


_NOT_UNDERSTOOD: Final = _(
    "{n} {n:value|values} of «{origin}» {n:isn't|aren't} understood as «{name}», such as {examples}, and "
    "{n:its document is|their documents are} held back and never released"
)


_NO_CONSENT: Final = _(
    "{n} {n:cell|cells} of «{origin}» {n:states|state} no consent that is understood, such as {examples}, and "
    "{n:its document is|their documents are} held back and never released"
)
_GIVE_CONSENT: Final = _(
    "a cell that says “yes”, or names a document by a number, a file or an address, is a consent; an empty one, or one "
    "with a condition, is not"
)
_MAP_CONSENT: Final = _(
    'if these cells name documents, map the column under [collect.columns]: consent = "{origin}"; a cell that says '
    "“yes”, or names a document by a number, a file or an address, is a consent; one with a condition is not"
)


def narrowing_columns(source: str, facts: Facts) -> Iterator[Breach]:
    """Report each unmapped column that states terms, and its values that aren't understood."""
    place = _("input of {source}", source=source)
    for name, fills in facts.stated.items():
        for origin, fill in fills.items():
            about: dict[str, Any] = {"name": name, "origin": origin}
            problem = _(
                "«{origin}» is read as «{name}» although it isn't mapped: {n} {n:value|values}, which may only narrow "
                "the terms",
                n=decimal(f"{fill.filled:,}"),
                **about,
            )
            remedy = _(
                'map the column under [collect.columns]: {name} = "{origin}"; if it says nothing about the terms, '
                "write {name} = false",
                **about,
            )
            yield Breach(place, problem, remedy)
            if fill.unread:
                examples = enumerated(_example(name, example) for example in fill.examples)
                problem = _NO_CONSENT if name == "consent" else _NOT_UNDERSTOOD
                problem = problem.fill(n=decimal(f"{fill.unread:,}"), examples=examples, **about)
                remedy = _("correct the values: the reference of sources lists those that are read")
                if name == "consent":
                    remedy = _MAP_CONSENT.fill(origin=origin) if any(fill.examples) else _GIVE_CONSENT
                yield Breach(place, problem, remedy)


def unlisted_files(source: str, unlisted: Mapping[str, str]) -> Iterator[Breach]:
    """Report the files for which the source's catalogue has no row.

    `unlisted` has each file with the closest name in the catalogue, or an empty string.
    """
    if not unlisted:
        return
    names = [
        _("«{file}» (closest name in the catalogue: «{near}»)", file=file, near=near)
        if near
        else _("«{name}»", name=file)
        for file, near in sorted(unlisted.items())
    ]
    problem = _(
        "the catalogue has no row for {n} {n:file, which is|files, which are} held back and never released: {names}",
        n=decimal(f"{len(names):,}"),
        names=first_of(names, _NAMED),
    )
    remedy = _("add a row for each, or correct the file names in the catalogue")
    yield Breach(_("input of {source}", source=source), problem, remedy)


def unnamed_catalogues(source: str, unnamed: Mapping[str, str]) -> Iterator[Breach]:
    """Report the catalogues that a source doesn't name.

    `unnamed` has their paths, each with the line of TOML that reads it.
    """
    for file, line in sorted(unnamed.items()):
        problem = _(
            "«{file}» seems to be a catalogue of these files, and the source doesn't name it: its statements about "
            "rights aren't read, so all documents of the source are held back and never released",
            file=file,
        )
        remedy = _("write under [collect]: {line}; if it says nothing about these texts, move it elsewhere", line=line)
        if file.lower().endswith(_TO_CONVERT):
            remedy = _(
                "save it as .xlsx, and write under [collect]: {line}; if it says nothing about these texts, move it "
                "elsewhere",
                line=line,
            )
        yield Breach(_("input of {source}", source=source), problem, remedy)


HEADS_AT: Final = _("the header is taken to be row {n}")
_WHY_PASSED_OVER: Final = {
    "status": _("status {value} ({n})"),
    "type": _("type {value} ({n})"),
    "site": _("files for crawlers, such as robots.txt ({n})"),
    "about": _("notes about pages, such as their pictures ({n})"),
    "revisit": _("visits that found a page unchanged ({n})"),
}


def inputs_reported(source: str, facts: Facts) -> Iterator[Message]:
    """Report damaged files, tables below a title, and records in web archives that aren't documents."""
    if facts.damaged:
        files = [
            Message("«{file}» ({problem})", {"file": file, "problem": known(problem)})
            for file, problem in sorted(facts.damaged.items())
        ]
        yield _(
            "{source}: {n} {n:file|files} can't be read whole; documents before the damage are kept: {files}",
            source=source,
            n=decimal(f"{len(files):,}"),
            files=first_of(files, _NAMED),
        )
    for file, row in sorted(facts.header_rows.items()):
        problem = HEADS_AT.fill(n=row)
        yield Message("{source}, «{file}»: {problem}", {"source": source, "file": file, "problem": problem})
    if facts.passed_over:
        causes = []
        for why, n in sorted(facts.passed_over.items(), key=lambda item: (-item[1], item[0])):
            kind, _space, value = why.partition(" ")
            causes.append(_WHY_PASSED_OVER[kind].fill(value=value, n=decimal(f"{n:,}")))
        yield _(
            "{source}: {n} {n:record|records} of web archives {n:is no document|are no documents}: {causes}",
            source=source,
            n=decimal(f"{facts.passed_over.total():,}"),
            causes=first_of(causes, _NAMED),
        )


def terms_reported(source: str, facts: Facts) -> Iterator[Breach]:
    """Report the terms of a source's documents that were found and not understood."""
    yield from unlisted_files(source, facts.unlisted)
    yield from unnamed_catalogues(source, facts.unnamed)
    yield from narrowing_columns(source, facts)


def _place(source: Source, relative: str = "") -> Message:
    place = _("input of {source}", source=source.id)
    return Message("{place}, {file}", {"place": place, "file": relative}) if relative else place


def repeated(source: Source, values: pl.DataFrame) -> Iterator[Breach]:
    """Report the values that several records share, with one breach per column.

    `values` is a frame of VALUES_SCHEMA.
    """
    duplicates = values.filter(pl.struct("column", "hash").is_duplicated())
    for (column,), rows in duplicates.group_by("column", maintain_order=True):
        first_value = rows.filter(pl.col("hash") == rows["hash"][0]).head(2)
        first, second = (
            _("record {number} of {file}", number=number, file=file)
            for number, file in first_value.select("number", "file").rows()
        )
        more = rows.select("hash").n_unique() - 1
        problem = (
            _(
                "«{column}» has the same value in {one} and in {other}, but `unique` names it ({n} more "
                "{n:value is|values are} repeated)"
            )
            if more
            else _("«{column}» has the same value in {one} and in {other}, but `unique` names it")
        )
        remedy = _("correct the records, or take it out of `unique`")
        yield Breach(_place(source), problem.fill(column=column, one=first, other=second, n=more), remedy)


def over_all(source: Source, facts: Facts) -> Iterator[Breach]:
    """Report the promises that are broken by all records of a source together."""
    place = _place(source)
    for file, parts in facts.lacking.items():
        for column in parts[0].columns:
            if all(column in part.columns for part in parts):
                present = list(dict.fromkeys(name for part in parts for name in part.present))
                yield missing(source, file, column, present, has_header=False)
    for column, max_share in source.collect.max_null_share.items():
        empty = facts.records - facts.filled[column]
        if empty > max_share * facts.records:
            problem = _(
                "«{column}» is empty in {n} of {all} {all:record|records} ({share} %), and `max_null_share` allows "
                "{most} %",
                column=column,
                n=decimal(f"{empty:,}"),
                all=decimal(f"{facts.records:,}"),
                share=f"{100 * empty / facts.records:.3g}",
                most=f"{100 * max_share:.3g}",
            )
            yield Breach(place, problem, _("fill it in, or allow more"))
    for name, fill in facts.empty().items():
        is_named = fill.origin in source.collect.named and fill.origin not in PAGE_COLUMNS
        # The columns of a catalogue were checked when it was read, and its cells may be empty.
        if is_named and not facts.records and not source.collect.index:
            key = f"collect.{name}" if name.startswith("extra.") else f"collect.columns.{name}"
            problem = _("there is no column «{column}», which {key} names", column=fill.origin, key=key)
            remedy = _('these files are read whole; name their path (path = "…") or one value (value = "…")')
            yield Breach(place, problem, remedy)
        if name in ("text", "raw") or name.startswith("texts."):
            records = f"{fill.records:,}"
            problem = _(
                "«{column}» has no text in {n:the only record|any of {n} records}", column=fill.origin, n=records
            )
            yield Breach(place, problem, _("name the column that has the texts"))


def _has(record: Record, column: str) -> bool:
    """Whether a record has a column, or a field of a struct at this path, even if its value is null."""
    if column in record:
        return True
    value: Any = record
    for part in column.split("."):
        if not isinstance(value, dict) or part not in value:
            return False
        value = value[part]
    return True


def _names(file: _File) -> list[str]:
    """Return a file's columns; for JSON lines, the columns of its first records; fields of structs are paths."""
    if file.columns is not None:
        return list(file.columns)
    return list(dict.fromkeys(path for record in file.first for path in _paths(record)))


def _paths(record: Record, prefix: str = "") -> Iterator[str]:
    for name, value in record.items():
        yield f"{prefix}{name}"
        if isinstance(value, dict):
            yield from _paths(value, f"{prefix}{name}.")


def _nearest(column: str, present: Sequence[str]) -> str | None:
    """Return the closest of the file's columns, ignoring accents and case."""
    plain = {folded(name): name for name in reversed(present)}
    near = nearest(folded(column), plain)
    return plain[near] if near else None
