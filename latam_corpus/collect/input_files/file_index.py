"""A catalogue among a folder's files: its rows or records, each with the files that it describes.

A table names a row's file in a column. A record of a library names it by its path, address or number; one that names
none stands for the file beside which it lies: of the same name but for the suffix, or where it is called `mets.xml`,
`dublin_core.xml` and the like, all of its folder.
"""

from __future__ import annotations

import difflib
import json
import re
from collections import Counter, defaultdict
from dataclasses import dataclass, field, replace
from functools import partial
from glob import escape as glob_escape
from pathlib import PurePosixPath
from typing import TYPE_CHECKING, Any, Final

from lxml import etree

from latam_corpus.catalog.source import Collect, FileIndex
from latam_corpus.catalog.works.library_xml import records_of
from latam_corpus.catalog.works.marc import marc_records
from latam_corpus.collect.documents.mapping import (
    columns_read,
    is_file_column,
    states_consent,
    terms_columns,
    value_at,
    values_of,
)
from latam_corpus.collect.input_files.file_names import FileNames, name_key
from latam_corpus.collect.input_files.input_file import as_json, compiled, opened_file
from latam_corpus.collect.readers import csv_tables, jsonl
from latam_corpus.collect.readers.header_row import is_summary
from latam_corpus.collect.readers.workbook import tables
from latam_corpus.collect.records import Content, Failure, Limits, garbled_heads
from latam_corpus.collect.streams import MAX_RECORD, blocks, payload
from latam_corpus.errors import ConfigError, PartError, SourceError, as_one, closest
from latam_corpus.formats.compression import compression, stem
from latam_corpus.formats.registry import SUFFIXES, format_of
from latam_corpus.messages import N_, _, decimal, first_of
from latam_corpus.text.folding import folded, parted
from latam_corpus.text.markup.xml_tree import tree_of

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping, Sequence

    from latam_corpus.catalog.source import Source
    from latam_corpus.catalog.works.catalogued import Catalogued
    from latam_corpus.collect.input_files.input_file import InputFile, Opener
    from latam_corpus.collect.readers.workbook import Table

_LIMITS: Final = Limits(2000, 64 * 2**20)
# Heads that look like a column's name and are another's, and how long a head is that may be misspelt.
_OTHERS: Final = frozenset({"publisher", "publishers", "gender", "composicion", "composicao"})
_SHORT: Final = 4
_SHOWN: Final = 5
# How alike a name must be to be suggested, and how many names are compared.
_CLOSE: Final = 0.75
_COMPARED: Final = 200
# Of a record the body is the file; its names are chosen by whoever describes the source.
_NOT_TAKEN: Final = frozenset({"raw", "text", ""})
# A column of rights that is misspelt isn't read, and nothing would say so.
_RIGHTS: Final = frozenset({"rights", "license", "licencia", "licenca", "derechos", "direitos"})
OTHER_SHEETS: Final = (".ods", ".xls", ".xlsm", ".numbers")
_MARC: Final = re.compile(rb"\d{5}[\w ]{4}.22\d{5}.{3}4500", re.DOTALL)


@dataclass(frozen=True)
class _Entry:
    """A row or a record: its number in its file, the names of the files that it describes, and what it says.

    Attributes:
        column: of a row the one that names its files.
    """

    number: int
    names: tuple[str, ...]
    columns: Mapping[str, Any]
    column: str = ""

    def differ(self, other: _Entry) -> list[str]:
        """Return the columns of which two rows say different things; how they name their file is none."""
        names = {*self.columns, *other.columns} - {self.column, other.column}
        return sorted(name for name in names if self.columns.get(name) != other.columns.get(name))


def with_index(
    source: Source, files: Sequence[InputFile], others: Sequence[InputFile], open_: Opener = opened_file
) -> list[InputFile]:
    """Return the files with what the source's catalogue says of each, and its lists among them.

    Args:
        source: its `collect.index` names the catalogue.
        files: those to be read.
        others: all of the folder, among them the lists.
        open_: opens one of them.

    Raises:
        ConfigError: no such list, one that can't be read, without the columns that the source names or with one of
            them twice, or with rows that say different things of one file.
    """
    index = source.collect.index
    if index is None:
        return list(files)
    pattern = compiled(index.file, also_compressed=False)
    lists = [one for one in others if pattern.fullmatch(one.relative)]
    if not lists:
        there = first_of(sorted(one.relative for one in others), _SHOWN)
        raise ConfigError(
            _("input of {source}", source=source.id),
            _("no file is «{pattern}», which collect.index names", pattern=index.file),
            _("there: {there}", there=there),
        )
    listed = {one.relative for one in lists}
    names = FileNames([one for one in files if one.relative not in listed and not one.beside.is_list])
    of_bags = [one for one in files if one.beside.is_list and one.relative not in listed]
    matches = _matches(source, lists, names, open_)
    if matches.conflicts:
        raise as_one(matches.conflicts)
    used = [_with_seen(list_, seen) for list_, seen in zip(lists, matches.seen, strict=True)]
    records = {
        name: [json.dumps(entry.columns, ensure_ascii=False, sort_keys=True) for _list, entry in entries]
        for name, entries in matches.described.items()
    }
    near = _nearest([one.relative for one in names.files if one.relative not in records], matches.unmatched)
    kept = [_with_rows(one, records.get(one.relative, []), near.get(one.relative, "")) for one in names.files]
    return sorted([*kept, *used, *of_bags], key=lambda one: one.relative)


def _with_seen(list_: InputFile, seen: _Seen) -> InputFile:
    failures = as_json(seen.failures)
    return replace(list_, beside=replace(list_.beside, is_list=True, failures=failures, header_row=seen.header_row))


def _with_rows(file: InputFile, rows: Sequence[str], near: str) -> InputFile:
    """Return a file with the catalogue's rows that name it, or with the name that is closest to its own."""
    if not rows:
        return replace(file, beside=replace(file.beside, near=near))
    more = f"[{', '.join(rows[1:])}]" if rows[1:] else ""
    return replace(file, beside=replace(file.beside, record=rows[0], more_rows=more))


def _nearest(files: Sequence[str], names: Sequence[str]) -> dict[str, str]:
    """Return by file the name that is closest to its own; for many files or names, the first of them alone."""
    by_key = {name_key(PurePosixPath(name.replace("\\", "/")).name): name for name in names[:_COMPARED]}
    found: dict[str, str] = {}
    for file in files[:_COMPARED]:
        close = difflib.get_close_matches(name_key(PurePosixPath(file).name), by_key, n=1, cutoff=_CLOSE)
        if close:
            found[file] = by_key[close[0]]
    return found


@dataclass
class _Claim:
    """An entry of a list, the files that it names, and its names that no file has alone."""

    list_: int
    entry: _Entry
    files: list[str]
    unmatched: dict[str, Sequence[str]]


@dataclass
class _Seen:
    """What a list has that can't be used, and if it is a table the row with its heads."""

    failures: list[Failure] = field(default_factory=list)
    header_row: int = 0


@dataclass
class _Matches:
    """What lists say about files, and what is wrong in them.

    Attributes:
        described: by file the entries that describe it, each with its list.
        seen: of each list, what can't be used of it.
        conflicts: rows that differ about one file in what isn't about its terms.
        unmatched: names that no file has.
    """

    described: dict[str, list[tuple[InputFile, _Entry]]] = field(default_factory=dict)
    seen: list[_Seen] = field(default_factory=list)
    conflicts: list[ConfigError] = field(default_factory=list)
    unmatched: list[str] = field(default_factory=list)


def _matches(source: Source, lists: Sequence[InputFile], names: FileNames, open_: Opener) -> _Matches:
    matches = _Matches(seen=[_Seen() for _list in lists])
    claims: list[_Claim] = []
    for number, list_ in enumerate(lists):
        is_of_table = is_table(list_)
        for entry in _entries(source, list_, matches.seen[number], open_):
            matched, unmatched = names.of(entry.names, list_, each=is_of_table)
            if not matched and not is_of_table and (matched := names.beside(list_)):
                unmatched = {}
            claims.append(_Claim(number, entry, matched, unmatched))
    _match_alike(claims, names)
    for claim in claims:
        list_, entry, failures = lists[claim.list_], claim.entry, matches.seen[claim.list_].failures
        if claim.unmatched or not claim.files:
            failures.append(_missing(source, entry, claim.unmatched))
            matches.unmatched += claim.unmatched
        for name in claim.files:
            entries = matches.described.setdefault(name, [])
            if entries:
                failures.append(_compare(source, matches, (list_, entry), name))
            entries.append((list_, entry))
    return matches


def _match_alike(claims: Sequence[_Claim], names: FileNames) -> None:
    """Match what is left by accents, case and separators, if one name and one file alone can be meant."""
    taken = {file for claim in claims for file in claim.files}
    alike: dict[str, list[tuple[_Claim, str]]] = defaultdict(list)
    for claim in claims:
        for name, several in list(claim.unmatched.items()):
            files = () if several else names.alike(name)
            if len(files) > 1:
                claim.unmatched[name] = files
            elif files and files[0] not in taken:
                alike[files[0]].append((claim, name))
    for file, meant in alike.items():
        if len({id(claim) for claim, _name in meant}) == 1:
            claim = meant[0][0]
            claim.files.append(file)
            for _claim, name in meant:
                del claim.unmatched[name]
        else:
            for claim, name in meant:
                claim.unmatched[name] = (file,)


def _compare(source: Source, matches: _Matches, second: tuple[InputFile, _Entry], name: str) -> Failure:
    """Return what is reported of a file that two entries name: both state its terms, else tables must agree."""
    list_, entry = second
    first_list, first = matches.described[name][0]
    differ = first.differ(entry)
    place = f"{first_list.relative}, {first.number}"
    about_terms = terms_columns(source.collect, list({**first.columns, **entry.columns}))
    others = [column for column in differ if column not in about_terms]
    if others and is_table(list_) and len(matches.conflicts) < _SHOWN:
        problem = _("row {n} says otherwise of «{file}» than {place} does: {columns}")
        problem = problem.fill(n=entry.number, file=name, place=place, columns=", ".join(others))
        matches.conflicts.append(ConfigError(list_.relative, problem, _("leave one of the two")))
    return Failure(entry.number, "named twice", {"name": name, "row": entry.number, "first": place, "differ": differ})


def described_by(source: Source, list_: InputFile, names: FileNames, open_: Opener, column: str = "") -> int:
    """Return how many other files a list describes, as it would for a source that names it; 0 if it can't be read.

    Args:
        source: its charset is that of the list.
        list_: the list.
        names: the files that it may describe.
        open_: opens the list.
        column: the column of a table that names files; by default, one that is called so.
    """
    index = FileIndex(file=glob_escape(list_.relative), column=column or None)
    plain = source.model_copy(update={"collect": Collect(charset=source.collect.charset, index=index)})
    try:
        return len(_matches(plain, [list_], names, open_).described.keys() - {list_.relative})
    except ConfigError:
        return 0


def _missing(source: Source, entry: _Entry, unmatched: Mapping[str, Sequence[str]]) -> Failure:
    """Return the failure of a row that names what isn't there, or what several files are called.

    Args:
        source: it says which column is the title.
        entry: the row or record.
        unmatched: of its names those that no file bears alone, each with the files that might be meant.
    """
    titles = values_of(source.collect.columns, "title", [dict(entry.columns)], frozenset(entry.columns), "") or [None]
    about = {"title": titles[0]} if isinstance(titles[0], str) else {}
    several = {name: list(files[:_SHOWN]) for name, files in unmatched.items() if files}
    names = list(unmatched or entry.names)[:_SHOWN]
    remedy = N_("name it by its whole path") if several else N_("add the file, or correct its name")
    evidence = {"row": entry.number, "names": names, **({"several": several} if several else {}), "remedy": remedy}
    return Failure(entry.number, "missing file", evidence, about=about)


def is_table(list_: InputFile) -> bool:
    """Return whether a file is a table that can be read as a catalogue."""
    name = stem(list_.relative).lower()
    entry = format_of(list_.relative)
    return name.endswith(".xlsx") or (entry is not None and entry.name in ("csv", "jsonl"))


def _entries(source: Source, list_: InputFile, seen: _Seen, open_: Opener) -> Iterator[_Entry]:
    if is_table(list_):
        yield from _of_table(source, list_, seen, open_)
        return
    if stem(list_.relative).lower().endswith(OTHER_SHEETS):
        problem = _("a sheet of this kind isn't read as a catalogue")
        raise ConfigError(list_.relative, problem, _("save it as .xlsx or .csv"))
    failures = seen.failures
    raw = whole_list(list_, open_)
    try:
        records = marc_records(raw) if _MARC.match(raw) else records_of(tree_of(raw))
    except etree.XMLSyntaxError as error:
        failures.append(Failure(None, "damaged file", {"error": str(error)}))
        return
    if records is None:
        problem = _("it is no catalogue that is read: neither a table nor MARC, MODS, METS or Dublin Core")
        raise ConfigError(list_.relative, problem, _("check collect.index"))
    failures += _charset_doubts(records)
    for number, record in enumerate(records, 1):
        if record.columns() or record.files:
            yield _Entry(number, record.files, record.columns())
        else:
            failures.append(Failure(number, "malformed record", {"record": number}))


def _charset_doubts(records: Sequence[Catalogued]) -> Iterator[Failure]:
    """Yield one failure for each pair of a charset that records declare and another in which they were read."""
    numbers: dict[tuple[str, str], list[int]] = defaultdict(list)
    for number, record in enumerate(records, 1):
        if record.charset_doubt:
            numbers[record.charset_doubt].append(number)
    for (declared, charset), of_records in numbers.items():
        evidence = {"declared": declared, "read_as": charset, "records": len(of_records), "first": of_records[:_SHOWN]}
        yield Failure(of_records[0], "charset differs", evidence)


def whole_list(list_: InputFile, open_: Opener) -> bytes:
    """Return the bytes of a list, unpacked.

    Raises:
        ConfigError: it can't be read, or is too large.
    """
    try:
        with open_(list_) as stream:
            raw = payload(blocks(stream, compression(list_.relative)))
    except SourceError as error:
        raise ConfigError(list_.relative, error.problem, error.remedy) from None
    if raw is None:
        raise ConfigError(
            list_.relative, _("it has more than {n} bytes", n=decimal(f"{MAX_RECORD:,}")), _("cut it into several")
        )
    return raw


def _of_table(source: Source, list_: InputFile, seen: _Seen, open_: Opener) -> Iterator[_Entry]:
    for number, column, row in _rows(source, list_, seen, open_):
        names = tuple(parted(str(value_at(row, column) or "")))
        if not names and not any(row.values()):  # an empty line of a sheet
            continue
        kept = {
            key: value
            for key, value in row.items()
            if key not in _NOT_TAKEN and (value not in (None, "") or states_consent(key))
        }
        yield _Entry(number, names, kept, column)


def _rows(source: Source, list_: InputFile, seen: _Seen, open_: Opener) -> Iterator[tuple[int, str, dict[str, Any]]]:
    """Yield the rows of a table, each with its number and the column that names files."""
    if stem(list_.relative).lower().endswith(".xlsx"):
        table, column = _sheet(source, list_, open_)
        seen.header_row = table.header_row
        for row_number, cells in table.rows:
            if is_summary(list(cells.values())):
                seen.failures.append(Failure(row_number, "total or note", {"row": row_number}))
            else:
                yield row_number, column, cells
        return
    plain = source.model_copy(update={"collect": Collect(charset=source.collect.charset)})
    is_json = format_of(list_.relative) is SUFFIXES[".jsonl"]
    read = jsonl.read if is_json else partial(csv_tables.read, is_head=partial(_names_files, source))
    column = ""
    try:
        for chunk in read(Content(list_.relative, partial(open_, list_)), plain, _LIMITS):
            seen.failures += chunk.failures
            seen.header_row = chunk.header_row
            if garbled := garbled_heads(chunk.columns or ()):
                raise ConfigError(list_.relative, *garbled)
            if not column and chunk.records:
                column = _file_column(source, list_, chunk.columns or tuple(chunk.records[0]))
            for number, record in zip(chunk.numbers, chunk.records, strict=True):
                yield number or 0, column, record
    except SourceError as error:
        seen.failures.append(Failure(None, "damaged file", {"error": error.problem}))
    except PartError as error:
        raise ConfigError(list_.relative, error.problem, error.remedy) from None


def _sheet(source: Source, list_: InputFile, open_: Opener) -> tuple[Table, str]:
    """Return the sheet of a workbook that names files, and its column that does.

    Raises:
        ConfigError: there is none, or there are several.
    """
    sheets = list(tables(list_.relative, whole_list(list_, open_), partial(_names_files, source)))
    naming = [one for one in sheets if _naming(source, one.heads)]
    if len(naming) > 1:
        problem = _("several of its sheets name files: {sheets}", sheets=", ".join(one.title for one in naming))
        raise ConfigError(list_.relative, problem, _("put the rows into one of them"))
    if not sheets:
        raise ConfigError(list_.relative, _("it has no rows"), _("check collect.index"))
    sheet = (naming or sheets)[0]
    return sheet, _file_column(source, list_, sheet.heads)


def _naming(source: Source, heads: Sequence[str]) -> list[str]:
    """Return the columns that name files: the one that the source names, else those that are called so."""
    return [head for head in heads if _names_files(source, head)]


def _names_files(source: Source, head: str) -> bool:
    index = source.collect.index
    chosen = index.column if index else None
    return head == chosen if chosen else is_file_column(head)


def _file_column(source: Source, list_: InputFile, heads: Sequence[str]) -> str:
    """Return the column that names files.

    Raises:
        ConfigError: there is none; one that the source names isn't there, or one that is read stands twice, or is
            misspelt.
    """
    index = source.collect.index
    columns = source.collect.columns
    named = [pick.column for name in type(columns).model_fields if (pick := getattr(columns, name))]
    named += [one.column for one in source.collect.extra.values()]
    for column in (index.column if index else None, *named):
        if column and column not in heads and column.partition(".")[0] not in heads:
            problem = _("there is no column «{column}», which the source names", column=column)
            raise ConfigError(list_.relative, problem, closest(column, heads))
    naming = _naming(source, heads)
    if not naming:
        shown = ", ".join(filter(None, heads))
        problem = _("no column is called as one that names files: there are {columns}", columns=shown)
        raise ConfigError(list_.relative, problem, _('name it: [collect.index] column = "…"'))
    column = naming[0]
    read_columns = columns_read(source, heads)
    for head, count in Counter(heads).items():
        if count > 1 and head in {column, *read_columns}:
            problem = _("the column «{column}» stands twice", column=head)
            raise ConfigError(list_.relative, problem, _("give one another name"))
        known = (read_columns | _RIGHTS) - _NOT_TAKEN - {"id", "doc_id"}
        meant = _misspelt(head, known) if head not in {column, *read_columns} else None
        if meant and meant not in heads:
            problem = _("the column «{column}» isn't read; «{meant}» would be", column=head, meant=meant)
            field_name = "rights" if meant in _RIGHTS else meant
            remedy = _('correct its head, or map it: [collect.columns] {field} = "{column}"')
            remedy = remedy.fill(field=field_name, column=head)
            raise ConfigError(list_.relative, problem, remedy)
    return column


def _misspelt(head: str, known: Iterable[str]) -> str | None:
    """Return the column that a head probably means.

    >>> _misspelt("Title", {"title", "url"}), _misspelt("langauge", {"language"}), _misspelt("publisher", {"published"})
    ('title', 'language', None)
    """
    plain = folded(head).strip()
    if plain in _OTHERS:
        return None
    near = difflib.get_close_matches(plain, sorted(known), n=1, cutoff=0.8 if len(plain) > _SHORT else 1.0)
    return near[0] if near else None
