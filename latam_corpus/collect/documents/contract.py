"""What a source's file says of its records' columns, held against the records as they are read.

A column that is named wrongly gives nothing, and a corpus without it looks like any other. So each column that the
source names must be in every table, and in some record of every file of JSON lines; what more it promises of columns
(`required`, `unique`, `max_null_share`) is held too, over all that is read.
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
from latam_corpus.errors import Breach, PartError, nearest
from latam_corpus.messages import Message, _, decimal, enumerated, first_of, known
from latam_corpus.text.folding import folded

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence

    from latam_corpus.catalog.source import Source
    from latam_corpus.collect.records import Chunk, Record

_SHOWN: Final = 20  # columns that a message lists
_LOOKED_AT: Final = 20  # records of JSON lines whose keys it lists
_EXAMPLES: Final = 5
_NAMED: Final = 20  # files that a message lists
_LEFT: Final = 100  # columns that aren't taken
_KINDS: Final = 100  # of records that are no documents
# What no document can be without: where a value isn't understood, what stands for an empty one stands.
# Whose values restrict what may be done with a document, if they aren't understood.
OF_TERMS: Final = frozenset({"rights", "uses", "expires", "embargo_until", "opt_outs", "consent"})
NEVER_NULL: Final = frozenset({"genre", "composition"})
_DATES: Final = frozenset({"published"})
_CHOICES: Final = {"genre": vocabulary.GENRES, "composition": vocabulary.COMPOSITIONS}
_TO_CONVERT: Final = (".ods", ".xls", ".xlsm", ".numbers")  # spreadsheets that aren't read
VALUES_SCHEMA: Final = pl.Schema({"column": pl.String, "hash": pl.UInt64, "number": pl.Int64, "file": pl.String})


@dataclass
class ColumnFill:
    """How a column of the documents was filled.

    Attributes:
        origin: the record's column, or what else it comes from.
        records: how many were read.
        filled: how many of them gave a value.
        unread: how many had something there that isn't understood.
        examples: some of these values, each once.
    """

    origin: str
    records: int = 0
    filled: int = 0
    unread: int = 0
    examples: list[str] = field(default_factory=list)

    def add(self, other: ColumnFill) -> None:
        """Add how it was filled in other records."""
        self.records += other.records
        self.filled += other.filled
        self.unread += other.unread
        self.examples = list(dict.fromkeys([*self.examples, *other.examples]))[:_EXAMPLES]


@dataclass
class Lacking:
    """A file of JSON lines, or a part of one, in whose records columns never stand.

    Attributes:
        columns: those of the named ones that no record had.
        there: columns that records had.
    """

    columns: list[str]
    there: list[str]


@dataclass
class Facts:
    """What reading showed of a source's columns.

    Attributes:
        records: of tables and JSON lines.
        filled: by column that the source names, how many of them have a value.
        fills: by column of the documents.
        lacking: by file that is read in parts, what each part lacks.
        stated: how unmapped columns that state terms were filled, by the document's column and the record's.
        unlisted: the files for which the catalogue has no row, each with the closest name in it, or nothing.
        unnamed: the catalogues that the source doesn't name, each with the line of TOML that reads it.
        passed_over: records of web archives that are no documents, by why.
        damaged: the files that can't be read whole, each with the problem.
        not_taken: the columns of records that documents don't get.
        header_rows: the tables whose heads aren't in the first row, each with the row.
    """

    records: int = 0
    filled: Counter[str] = field(default_factory=Counter)
    fills: dict[str, ColumnFill] = field(default_factory=dict)
    lacking: dict[str, list[Lacking]] = field(default_factory=dict)
    stated: dict[str, dict[str, ColumnFill]] = field(default_factory=dict)
    unlisted: dict[str, str] = field(default_factory=dict)
    unnamed: dict[str, str] = field(default_factory=dict)
    passed_over: Counter[str] = field(default_factory=Counter)
    damaged: dict[str, str] = field(default_factory=dict)
    not_taken: list[str] = field(default_factory=list)
    header_rows: dict[str, int] = field(default_factory=dict)

    def add(self, other: Facts) -> None:
        """Add what another part showed."""
        self.records += other.records
        self.filled += other.filled
        for name, more in other.fills.items():
            self.fills.setdefault(name, ColumnFill(more.origin)).add(more)
        for file, parts in other.lacking.items():
            self.lacking.setdefault(file, []).extend(parts)
        for name, fills in other.stated.items():
            for origin, fill in fills.items():
                self.stated.setdefault(name, {}).setdefault(origin, ColumnFill(origin)).add(fill)
        self.unlisted |= other.unlisted
        self.unnamed |= other.unnamed
        self.count_passed_over(other.passed_over)
        self.damaged |= other.damaged
        self.leave(other.not_taken)
        self.header_rows |= other.header_rows

    def leave(self, columns: Iterable[str]) -> None:
        """Note columns that documents don't get; keys of JSON may be any number of names."""
        new = dict.fromkeys([*self.not_taken, *columns])
        self.not_taken = list(new)[:_LEFT]

    def count_passed_over(self, records: Counter[str]) -> None:
        """Count records of web archives that are no documents, by why; servers may name any number of types."""
        for why, n in records.items():
            is_known = why in self.passed_over or len(self.passed_over) < _KINDS or not why.startswith("type ")
            if why:
                self.passed_over[why if is_known else "type unknown"] += n

    def as_dict(self) -> dict[str, Any]:
        """As JSON has it."""
        return {
            "records": self.records,
            "filled": dict(self.filled),
            "given": {name: asdict(fill) for name, fill in self.fills.items()},
            "lacking": {file: [asdict(one) for one in parts] for file, parts in self.lacking.items()},
            "stated": {
                name: {origin: asdict(one) for origin, one in fills.items()} for name, fills in self.stated.items()
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
        """Return what `as_dict` gave."""
        return cls(
            values["records"],
            Counter(values["filled"]),
            {name: ColumnFill(**fill) for name, fill in values["given"].items()},
            {file: [Lacking(**one) for one in parts] for file, parts in values["lacking"].items()},
            {
                name: {origin: ColumnFill(**one) for origin, one in fills.items()}
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
        """Return the columns of the documents for which all records are empty."""
        return {name: fill for name, fill in self.fills.items() if fill.records and not fill.filled + fill.unread}

    @property
    def dated(self) -> bool:
        """Whether records say when they were obtained."""
        return "obtained" in self.fills and self.fills["obtained"].filled > 0


@dataclass
class _File:
    relative: str
    records: int = 0
    columns: tuple[str, ...] | None = None  # of a table
    present: set[str] = field(default_factory=set)
    blank: dict[str, int | None] = field(default_factory=dict)  # the first record in which a column is empty
    first: list[Record] = field(default_factory=list)


class Watch:
    """Looks at the records of one source while they are read.

    Attributes:
        facts: what was seen.
        breaches: what was broken, where `strict` is off.
    """

    def __init__(self, source: Source, *, strict: bool = True) -> None:
        """With `strict` the first breach is a PartError."""
        self.facts = Facts()
        self.breaches: list[Breach] = []
        self._source, self._strict = source, strict
        self._named, self._read = source.collect.named, columns_read(source)
        self._values: list[pl.DataFrame] = []
        self._seen: set[str] = set()  # columns of records
        self._file: _File | None = None

    def over(self, relative: str, chunks: Iterable[Chunk], *, is_part: bool = False) -> Iterator[Chunk]:
        """Yield the chunks of a table or of JSON lines, as they are.

        Args:
            relative: the file's path.
            chunks: of records as they were read.
            is_part: whether they are a part of the file, which can't tell what the others have.

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
            self.facts.lacking.setdefault(relative, []).append(Lacking(self._missing(file), _names(file)))

    def end_of_file(self) -> None:
        """Judge the last file by what was read of it.

        Raises:
            PartError: no record of it has a column.
        """
        file, self._file = self._file, None
        if file is not None and file.records and file.columns is None:
            for column in self._missing(file):
                self._tell(missing(self._source, file.relative, column, _names(file), has_header=False))

    def end(self) -> None:
        """Judge what all that was read shows together.

        Raises:
            PartError: a value is repeated that may not be.
        """
        for breach in repeated(self._source, self.values):
            self._tell(breach)

    def count(
        self,
        name: str,
        values: Sequence[Any] | None,
        records: int,
        unread: Collection[str] = (),
        origin: str = "",
    ) -> None:
        """Count how many of the records gave a value for a column of the documents.

        Args:
            name: the document's column.
            values: what they gave, converted; None where none has the column.
            records: how many there are.
            unread: what stands in some, and isn't understood.
            origin: where the values are from, if `collect.columns` doesn't say.
        """
        columns = self._source.collect.columns
        if not origin:
            asked = [pick for pick in picks(columns, name) if pick.value is None or unread]
            # What is taken by its own name is none where no record has it.
            if not asked or (values is None and getattr(columns, name) is None):
                return
            origin = asked[0].column or ("value" if asked[0].value else "path")
        filled = sum(value is not None for value in values or ())
        self.facts.fills.setdefault(name, ColumnFill(origin)).add(
            ColumnFill(origin, records, filled, len(unread), list(dict.fromkeys(unread)))
        )

    def count_stated(self, name: str, origin: str, unread: str | None) -> None:
        """Count a value that states terms.

        Args:
            name: the document's column that it narrows.
            origin: the record's column.
            unread: the beginning of the value if it isn't understood.
        """
        fills = self.facts.stated.setdefault(name, {})
        found = [] if unread is None else [unread]
        fills.setdefault(origin, ColumnFill(origin)).add(ColumnFill(origin, 1, 1, len(found), found))

    def look_at_columns(self, heads: Collection[str]) -> None:
        """Note which of the columns of records, or of a catalogue's row, aren't taken."""
        if not self._seen.issuperset(heads):
            self._seen.update(heads)
            self.facts.leave(not_taken(self._source, heads))

    @property
    def values(self) -> pl.DataFrame:
        """The hashes of the values of `unique` columns, with their records: VALUES_SCHEMA."""
        return pl.concat([pl.DataFrame(schema=VALUES_SCHEMA), *self._values])

    def _look(self, file: _File, chunk: Chunk) -> None:
        collect, records = self._source.collect, chunk.records
        if chunk.columns is not None and file.columns is None and (garbled := garbled_heads(chunk.columns)):
            file.columns = tuple(map(readable, chunk.columns))
            self._tell(Breach(self._at(file), *garbled))
        elif chunk.columns is not None and file.columns is None:
            file.columns = chunk.columns
            file.present |= self._named.keys() & set(chunk.columns)
            read = self._read | stating_columns(self._source.collect, chunk.columns).keys()
            for column in sorted(name for name, n in Counter(chunk.columns).items() if n > 1 and name in read):
                self._tell(
                    Breach(
                        self._at(file),
                        _("the column «{column}» stands twice", column=column),
                        _("give one another name"),
                    )
                )
            for column in self._missing(file):
                self._tell(missing(self._source, file.relative, column, chunk.columns, has_header=True))
        self.look_at_columns(chunk.columns or dict.fromkeys(name for one in records for name in one))
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
            # A column that no record has yet may be missing altogether, which is told otherwise.
            if column in collect.required and column in file.blank and column in file.present:
                number = file.blank[column]
                problem = _(
                    "«{column}» is empty in record {number}, and `required` names it", column=column, number=number
                )
                self._tell(Breach(self._at(file), problem, _("fill it in, or take it out of `required`")))
            if column in collect.unique:
                self._keep(column, values, empty, chunk.numbers, file.relative)

    def _missing(self, file: _File) -> list[str]:
        return [c for c in self._named if c not in file.present and c not in self._source.collect.optional]

    def _at(self, file: _File) -> Message:
        return _place(self._source, file.relative)

    def _keep(
        self, column: str, values: Sequence[Any], empty: Sequence[bool], numbers: Sequence[int | None], relative: str
    ) -> None:
        filled = [index for index, nothing in enumerate(empty) if not nothing]
        hashes = [hashlib.blake2b(str(values[index]).encode(), digest_size=8).digest() for index in filled]
        rows = {
            "column": [column] * len(filled),
            "hash": np.frombuffer(b"".join(hashes), np.uint64),
            "number": [numbers[index] for index in filled],
            "file": [relative] * len(filled),
        }
        self._values.append(pl.DataFrame(rows, schema=VALUES_SCHEMA))

    def _tell(self, breach: Breach) -> None:
        if self._strict:
            raise PartError(*breach)
        # Of many files that break one promise, the first is told.
        if all(breach.problem != one.problem for one in self.breaches):
            self.breaches.append(breach)


def not_taken(source: Source, heads: Iterable[str]) -> list[str]:
    """Return the columns of records that documents don't get, without those that the source's file turns off."""
    columns = source.collect.columns
    off = {name for name in type(columns).model_fields if (pick := getattr(columns, name)) and pick.leave}
    listed = list(heads)
    read = columns_read(source, listed) | off
    index = source.collect.index
    if index:
        read |= {name for name in listed if (name == index.column if index.column else is_file_column(name))}
    return [name for name in listed if name and name not in read]


def columns_left(source: str, facts: Facts) -> Iterator[Breach]:
    """Yield the columns of records that documents don't get, and how to take one.

    Args:
        source: the id of the source.
        facts: of what was read.
    """
    if not facts.not_taken:
        return
    place = _("input of {source}", source=source)
    suggested = suggested_columns(Collect(), facts.not_taken)
    suggested = {head: name for head, name in suggested.items() if name not in facts.fills}
    if suggested:
        heads = [_("«{name}»", name=head) for head in suggested]
        lines = ", ".join(f"{name} = {json.dumps(head, ensure_ascii=False)}" for head, name in suggested.items())
        problem = _(
            "{n} {n:column isn't taken, though its head says|columns aren't taken, though their heads say} what "
            "{n:it has|they have}: {columns}",
            n=len(heads),
            columns=first_of(heads, _SHOWN),
        )
        yield Breach(place, problem, _("write under [collect.columns], a line each: {lines}", lines=lines))
    others = [name for name in facts.not_taken if name not in suggested]
    if not others:
        return
    names = [_("«{name}»", name=name) for name in others]
    problem = _("{n} {n:column isn't|columns aren't} taken: {columns}", n=len(names), columns=first_of(names, _SHOWN))
    column = others[0]
    name = "_".join("".join(sign if sign.isalnum() else " " for sign in column).split()).lower()
    key = name if name.isascii() and name else f'"{name}"'
    remedy = _(
        "to take one, write under [collect.extra]: {example}",
        example=f'{key} = {{ column = "{column}", type = "string" }}',
    )
    yield Breach(place, problem, remedy)


def missing(source: Source, relative: str, column: str, there: Sequence[str], *, has_header: bool) -> Breach:
    """Return what is told of a column that a file lacks.

    Args:
        source: that names it.
        relative: the file.
        column: the one that is named.
        there: columns that the file has.
        has_header: whether it has them in every record.
    """
    key = source.collect.named[column]
    if has_header:
        named = _("there is no column «{column}», which {key} names")
        unnamed = _("there is no column «{column}», and the source names no other for its texts")
    else:
        named = _("no record that was read has «{column}», which {key} names")
        unnamed = _("no record that was read has «{column}», and the source names no other column for its texts")
    problem = named.fill(column=column, key=f"collect.{key}") if key else unnamed.fill(column=column)
    near = _nearest(column, there)
    shown = first_of(there, _SHOWN)
    if near:
        remedy = _("did you mean «{near}»? The columns there are: {there}", near=near, there=shown)
    else:
        remedy = _("the columns there are: {there}", there=shown) if there else _("there are no columns")
    if not key:
        more = _('write text = "…" under [collect.columns], or name the files that have texts in collect.files')
        if any(is_file_column(head) for head in there):
            more = _(
                "write under [collect]: index.file = {file}, if it is a catalogue of the other files",
                file=json.dumps(relative, ensure_ascii=False),
            )
        remedy = enumerated([remedy, more], between="; ")
    elif not has_header:
        more = _("where some files lack it, write optional = [{column}]", column=f'"{column}"')
        remedy = enumerated([remedy, more], between="; ")
    return Breach(_place(source, relative), problem, remedy)


def unread(source: str, facts: Facts) -> Iterator[Breach]:
    """Yield what is told of values that stand in records and aren't understood; one breach a column.

    Args:
        source: the id of the source whose they are.
        facts: of what was read.
    """
    for name, fill in facts.fills.items():
        if not fill.unread:
            continue
        about = {"n": decimal(f"{fill.unread:,}"), "name": name, "origin": fill.origin}
        if name in OF_TERMS:
            left = _NO_CONSENT if name == "consent" else _NOT_UNDERSTOOD
        elif name in NEVER_NULL:
            left = _(
                "{n} {n:value|values} of «{origin}» {n:isn't|aren't} understood as «{name}», such as {examples}, and "
                "{n:counts as an empty one|count as empty ones}"
            )
        else:
            left = _(
                "{n} {n:value|values} of «{origin}» {n:isn't|aren't} understood as «{name}», such as {examples}, and "
                "{n:its document goes|their documents go} on without"
            )
        examples = enumerated(_example(name, one) for one in fill.examples)
        yield Breach(
            _("input of {source}", source=source), left.fill(examples=examples, **about), _how_to_correct(name, fill)
        )


def _how_to_correct(name: str, fill: ColumnFill) -> Message:
    """Return what to do about values of a mapped column that aren't understood."""
    column = json.dumps(fill.origin, ensure_ascii=False)
    if name.startswith("extra."):
        return _("correct them, or declare another type under [collect.extra]")
    if name == "consent":
        return _GIVE_CONSENT
    if name in _DATES:
        return _(
            "write them as 1950, 1950-03 or 1950-03-31; to take the year alone, write under [collect.columns]: {line}",
            line=f"{name} = {{ column = {column}, pattern = '\\d{{4}}' }}",
        )
    if name in _CHOICES:
        values = ", ".join(f"{json.dumps(one, ensure_ascii=False)} = …" for one in fill.examples if one)
        return _(
            "write one of: {choices}; or say under [collect.columns] which each value is: {line}, with all other "
            "values that the column has",
            choices=", ".join(_CHOICES[name]),
            line=f"{name} = {{ column = {column}, values = {{ {values} }} }}",
        )
    return _(
        "correct them, or give «{name}» under [collect.columns] a table `values` that lists every value there is, "
        "these and those that are understood",
        name=name,
    )


def _example(name: str, value: str) -> Message:
    """Return a value that isn't understood, of a genre with the closest one."""
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
    """Yield each unmapped column that states terms, and what in it isn't understood.

    Args:
        source: the id of the source.
        facts: of what was read.
    """
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
                examples = enumerated(_example(name, one) for one in fill.examples)
                left = _NO_CONSENT if name == "consent" else _NOT_UNDERSTOOD
                left = left.fill(n=decimal(f"{fill.unread:,}"), examples=examples, **about)
                remedy = _("correct the values: the reference of sources lists those that are read")
                if name == "consent":
                    remedy = _MAP_CONSENT.fill(origin=origin) if any(fill.examples) else _GIVE_CONSENT
                yield Breach(place, left, remedy)


def unlisted_files(source: str, unlisted: Mapping[str, str]) -> Iterator[Breach]:
    """Yield what is reported of files for which the source's catalogue has no row.

    Args:
        source: the id of the source.
        unlisted: the files, each with the closest name in the catalogue, or nothing.
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
    yield Breach(_("input of {source}", source=source), problem, _("add the rows, or correct the names in them"))


def unnamed_catalogues(source: str, unnamed: Mapping[str, str]) -> Iterator[Breach]:
    """Yield what is reported of catalogues that a source doesn't name.

    Args:
        source: the id of the source.
        unnamed: their paths, each with the line of TOML that reads it.
    """
    for file, line in sorted(unnamed.items()):
        problem = _(
            "«{file}» seems to be a catalogue of these files, and the source doesn't name it: what it says about their "
            "rights isn't read, so all documents of the source are held back and never released",
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
    """Yield which files can't be read whole, which tables have a title, and which records of archives are no documents.

    Args:
        source: the id of the source.
        facts: of what was read.
    """
    if facts.damaged:
        files = [
            Message("«{file}» ({problem})", {"file": file, "problem": known(problem)})
            for file, problem in sorted(facts.damaged.items())
        ]
        told = _(
            "{source}: {n} {n:file|files} can't be read whole; documents before the damage are kept: {files}",
            source=source,
            n=decimal(f"{len(files):,}"),
            files=first_of(files, _NAMED),
        )
        yield told
    for file, row in sorted(facts.header_rows.items()):
        problem = HEADS_AT.fill(n=row)
        yield Message("{source}, «{file}»: {problem}", {"source": source, "file": file, "problem": problem})
    if facts.passed_over:
        causes = []
        for why, n in sorted(facts.passed_over.items(), key=lambda one: (-one[1], one[0])):
            kind, _space, value = why.partition(" ")
            causes.append(_WHY_PASSED_OVER[kind].fill(value=value, n=decimal(f"{n:,}")))
        yield _(
            "{source}: {n} {n:record|records} of web archives {n:is no document|are no documents}: {causes}",
            source=source,
            n=decimal(f"{facts.passed_over.total():,}"),
            causes=first_of(causes, _NAMED),
        )


def terms_reported(source: str, facts: Facts) -> Iterator[Breach]:
    """Yield what was read, and not understood, about the terms of a source's documents."""
    yield from unlisted_files(source, facts.unlisted)
    yield from unnamed_catalogues(source, facts.unnamed)
    yield from narrowing_columns(source, facts)


def _place(source: Source, relative: str = "") -> Message:
    place = _("input of {source}", source=source.id)
    return Message("{place}, {file}", {"place": place, "file": relative}) if relative else place


def repeated(source: Source, values: pl.DataFrame) -> Iterator[Breach]:
    """Yield what is told of values that stand in several records; one breach a column.

    Args:
        source: whose `unique` columns they are of.
        values: as VALUES_SCHEMA says.
    """
    twice = values.filter(pl.struct("column", "hash").is_duplicated())
    for (column,), rows in twice.group_by("column", maintain_order=True):
        first = rows.filter(pl.col("hash") == rows["hash"][0]).head(2)
        one, other = (
            _("record {number} of {file}", number=number, file=file)
            for number, file in first.select("number", "file").rows()
        )
        more = rows.select("hash").n_unique() - 1
        problem = (
            _(
                "«{column}» has one value in {one} and in {other}, and `unique` names it ({n} more "
                "{n:value is|values are} repeated)"
            )
            if more
            else _("«{column}» has one value in {one} and in {other}, and `unique` names it")
        )
        remedy = _("mend the records, or take it out of `unique`")
        yield Breach(_place(source), problem.fill(column=column, one=one, other=other, n=more), remedy)


def over_all(source: Source, facts: Facts) -> Iterator[Breach]:
    """Yield what is broken by all records of a source together.

    Args:
        source: what it promises.
        facts: of all that was read.
    """
    place = _place(source)
    for file, parts in facts.lacking.items():
        for column in parts[0].columns:
            if all(column in part.columns for part in parts):
                there = list(dict.fromkeys(name for part in parts for name in part.there))
                yield missing(source, file, column, there, has_header=False)
    for column, most in source.collect.max_null_share.items():
        empty = facts.records - facts.filled[column]
        if empty > most * facts.records:
            problem = _(
                "«{column}» is empty in {n} of {all} {all:record|records} ({share} %), and `max_null_share` allows "
                "{most} %",
                column=column,
                n=decimal(f"{empty:,}"),
                all=decimal(f"{facts.records:,}"),
                share=f"{100 * empty / facts.records:.3g}",
                most=f"{100 * most:.3g}",
            )
            yield Breach(place, problem, _("fill it in, or allow more"))
    for name, fill in facts.empty().items():
        is_named = fill.origin in source.collect.named and fill.origin not in PAGE_COLUMNS
        # A catalogue's columns were looked for when it was read; a cell of it may be empty.
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
    """Whether a record has a column, or a struct with such a field, be it null."""
    if column in record:
        return True
    here: Any = record
    for part in column.split("."):
        if not isinstance(here, dict) or part not in here:
            return False
        here = here[part]
    return True


def _names(file: _File) -> list[str]:
    """Return the columns that a file has; of JSON lines those of its first records, with fields of structs as paths."""
    if file.columns is not None:
        return list(file.columns)
    return list(dict.fromkeys(path for record in file.first for path in _paths(record)))


def _paths(record: Record, before: str = "") -> Iterator[str]:
    for name, value in record.items():
        yield f"{before}{name}"
        if isinstance(value, dict):
            yield from _paths(value, f"{before}{name}.")


def _nearest(column: str, there: Sequence[str]) -> str | None:
    """Return the closest of the columns there are, whatever their accents and capitals."""
    plain = {folded(name): name for name in reversed(there)}
    near = nearest(folded(column), plain)
    return plain[near] if near else None
