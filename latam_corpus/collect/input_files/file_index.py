"""Read the catalogue of a folder's files: its rows or records, each with the files that it describes.

A table names a row's files in a column. A library record names its files by path, address or number. A record that
names no file describes the files next to it: those with the same name and another suffix, or all files of its folder if
it is called `mets.xml`, `dublin_core.xml` or similar.
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
from typing import TYPE_CHECKING, Any, Final, NamedTuple

from lxml import etree

from latam_corpus.catalog.source import Collect, FileIndex
from latam_corpus.catalog.works.library_xml import records_of
from latam_corpus.catalog.works.marc import marc_records
from latam_corpus.collect.documents.mapping import (
    columns_read,
    is_file_column,
    stated_by,
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
# Heads that resemble a column's name but mean something else, and the length up to which heads must match exactly.
_OTHER_COLUMNS: Final = frozenset({"publisher", "publishers", "gender", "composicion", "composicao"})
_SHORT: Final = 4
_SHOWN: Final = 5
# The minimum similarity of a suggested name, and the maximum number of names that are compared.
_CLOSE: Final = 0.75
_COMPARED: Final = 200
# The text of a document is its file, so that columns of a catalogue with these names aren't read.
_NOT_TAKEN: Final = frozenset({"raw", "text", ""})
# A misspelt column of rights would be ignored silently.
_RIGHTS: Final = frozenset({"rights", "license", "licencia", "licenca", "derechos", "direitos"})
OTHER_SHEETS: Final = (".ods", ".xls", ".xlsm", ".numbers")
_MARC: Final = re.compile(rb"\d{5}[\w ]{4}.22\d{5}.{3}4500", re.DOTALL)


@dataclass(frozen=True)
class _Entry:
    """A row or a record: its number, the names of the files that it describes, and its columns.

    Attributes:
        column: for a row, the column that names its files.
    """

    number: int
    names: tuple[str, ...]
    columns: Mapping[str, Any]
    column: str = ""

    def differ(self, entry: _Entry) -> list[str]:
        """Return the columns in which two rows differ, except the columns that name their files."""
        names = {*self.columns, *entry.columns} - {self.column, entry.column}
        return sorted(name for name in names if self.columns.get(name) != entry.columns.get(name))


def with_index(
    source: Source, files: Sequence[InputFile], all_files: Sequence[InputFile], open_: Opener = opened_file
) -> list[InputFile]:
    """Return the files with their descriptions in the source's catalogue, including the catalogue's own files.

    Raises:
        ConfigError: there is no such catalogue, or it can't be read, lacks a column that the source names, has a column
            twice, or has contradictory rows about one file.
    """
    index = source.collect.index
    if index is None:
        return list(files)
    pattern = compiled(index.file, also_compressed=False)
    lists = [file for file in all_files if pattern.fullmatch(file.relative)]
    if not lists:
        shown = first_of(sorted(file.relative for file in all_files), _SHOWN)
        raise ConfigError(
            _("input of {source}", source=source.id),
            _("no file matches «{pattern}», which collect.index names", pattern=index.file),
            _("its files: {there}", there=shown),
        )
    list_paths = {file.relative for file in lists}
    names = FileNames([file for file in files if file.relative not in list_paths and not file.description.is_list])
    of_bags = [file for file in files if file.description.is_list and file.relative not in list_paths]
    matches = _matches(source, lists, names, open_)
    if matches.conflicts:
        raise as_one(matches.conflicts)
    used = [_with_report(list_, report) for list_, report in zip(lists, matches.reports, strict=True)]
    records = {
        name: [json.dumps(entry.columns, ensure_ascii=False, sort_keys=True) for _list, entry in entries]
        for name, entries in matches.described.items()
    }
    near = _nearest([file.relative for file in names.files if file.relative not in records], matches.unmatched)
    described = [_with_rows(file, records.get(file.relative, []), near.get(file.relative, "")) for file in names.files]
    return sorted([*described, *used, *of_bags], key=lambda file: file.relative)


def _with_report(list_: InputFile, report: _ListReport) -> InputFile:
    failures = as_json(report.failures)
    description = replace(list_.description, is_list=True, failures=failures, header_row=report.header_row)
    return replace(list_, description=description)


def _with_rows(file: InputFile, rows: Sequence[str], near: str) -> InputFile:
    """Return a file with the catalogue's rows that name it, or with the name closest to its own."""
    if not rows:
        return replace(file, description=replace(file.description, near=near))
    more = f"[{', '.join(rows[1:])}]" if rows[1:] else ""
    return replace(file, description=replace(file.description, record=rows[0], more_rows=more))


def _nearest(files: Sequence[str], names: Sequence[str]) -> dict[str, str]:
    """Return the closest name for each file; only the first files and names are compared."""
    by_key = {name_key(PurePosixPath(name.replace("\\", "/")).name): name for name in names[:_COMPARED]}
    nearest: dict[str, str] = {}
    for file in files[:_COMPARED]:
        close = difflib.get_close_matches(name_key(PurePosixPath(file).name), by_key, n=1, cutoff=_CLOSE)
        if close:
            nearest[file] = by_key[close[0]]
    return nearest


@dataclass
class _Claim:
    """An entry of a list, the files that it names, and those of its names that match no file or several."""

    list_: int
    entry: _Entry
    files: list[str]
    unmatched: dict[str, Sequence[str]]


class MatchedRow(NamedTuple):
    """A row of a catalogue: its number, its columns, the files that it describes, and its names that match no file."""

    number: int
    columns: Mapping[str, Any]
    files: tuple[str, ...]
    unmatched: tuple[str, ...]


@dataclass
class _ListReport:
    """The entries of a list that can't be used, and the header row if it is a table."""

    failures: list[Failure] = field(default_factory=list)
    header_row: int = 0


@dataclass
class _Matches:
    """The descriptions of files by lists, and the problems of the lists.

    Attributes:
        described: the entries that describe each file, each with its list.
        conflicts: the errors for rows that differ about one file in columns that aren't about its terms.
        unmatched: the names that match no file.
    """

    described: dict[str, list[tuple[InputFile, _Entry]]] = field(default_factory=dict)
    reports: list[_ListReport] = field(default_factory=list)
    conflicts: list[ConfigError] = field(default_factory=list)
    unmatched: list[str] = field(default_factory=list)


def _matches(source: Source, lists: Sequence[InputFile], names: FileNames, open_: Opener) -> _Matches:
    matches = _Matches(reports=[_ListReport() for _list in lists])
    claims = _claims(source, lists, names, matches.reports, open_)
    for claim in claims:
        list_, entry, failures = lists[claim.list_], claim.entry, matches.reports[claim.list_].failures
        if claim.unmatched or not claim.files:
            failures.append(_missing(source, entry, claim.unmatched))
            matches.unmatched += claim.unmatched
        for name in claim.files:
            entries = matches.described.setdefault(name, [])
            if entries:
                failures.append(_compare(source, matches, (list_, entry), name))
            entries.append((list_, entry))
    return matches


def _claims(
    source: Source, lists: Sequence[InputFile], names: FileNames, reports: Sequence[_ListReport], open_: Opener
) -> list[_Claim]:
    claims: list[_Claim] = []
    for number, list_ in enumerate(lists):
        is_of_table = is_table(list_)
        for entry in _entries(source, list_, reports[number], open_):
            matched, unmatched = names.match(entry.names, list_, each=is_of_table)
            if not matched and not is_of_table and (matched := names.next_to(list_)):
                unmatched = {}
            claims.append(_Claim(number, entry, matched, unmatched))
    _match_alike(claims, names)
    return claims


def matched_rows(
    source: Source, list_: InputFile, files: Sequence[InputFile]
) -> tuple[list[MatchedRow], dict[str, str], int]:
    """Return the rows of a catalogue with their files, and for each file without a row the closest name.

    Returns:
        The rows, the closest names by file, and the number of the header row (0 if it isn't a table).

    Raises:
        ConfigError: the catalogue can't be read, or lacks the column.
    """
    report = _ListReport()
    claims = _claims(source, [list_], FileNames(files), [report], opened_file)
    rows = [
        MatchedRow(claim.entry.number, claim.entry.columns, tuple(claim.files), tuple(claim.unmatched))
        for claim in claims
    ]
    with_row = {file for row in rows for file in row.files}
    missing = [name for row in rows for name in row.unmatched]
    near = _nearest([file.relative for file in files if file.relative not in with_row], missing)
    return rows, near, report.header_row


def _match_alike(claims: Sequence[_Claim], names: FileNames) -> None:
    """Match the remaining names regardless of accents, case and separators, if the match is unambiguous."""
    claimed = {file for claim in claims for file in claim.files}
    alike: dict[str, list[tuple[_Claim, str]]] = defaultdict(list)
    for claim in claims:
        for name, candidates in list(claim.unmatched.items()):
            files = () if candidates else names.alike(name)
            if len(files) > 1:
                claim.unmatched[name] = files
            elif files and files[0] not in claimed:
                alike[files[0]].append((claim, name))
    for file, claiming in alike.items():
        if len({id(claim) for claim, _name in claiming}) == 1:
            claim = claiming[0][0]
            claim.files.append(file)
            for _claim, name in claiming:
                del claim.unmatched[name]
        else:
            for claim, name in claiming:
                claim.unmatched[name] = (file,)


def _compare(source: Source, matches: _Matches, second: tuple[InputFile, _Entry], name: str) -> Failure:
    """Return the failure of a file that two entries name; note a conflict if rows of tables contradict each other."""
    list_, entry = second
    first_list, first = matches.described[name][0]
    differ = first.differ(entry)
    place = f"{first_list.relative}, {first.number}"
    about_terms = terms_columns(source.collect, list({**first.columns, **entry.columns}))
    conflicting = [column for column in differ if column not in about_terms]
    if conflicting and is_table(list_) and len(matches.conflicts) < _SHOWN:
        problem = _("row {n} and {place} disagree about «{file}»: {columns}")
        problem = problem.fill(n=entry.number, file=name, place=place, columns=", ".join(conflicting))
        matches.conflicts.append(ConfigError(list_.relative, problem, _("keep one of the two rows")))
    return Failure(entry.number, "named twice", {"name": name, "row": entry.number, "first": place, "differ": differ})


def described_by(source: Source, list_: InputFile, names: FileNames, open_: Opener, column: str = "") -> int:
    """Return how many other files a list would describe if it were the source's catalogue; 0 if it can't be read.

    By default, `column` is one whose head means files.
    """
    index = FileIndex(file=glob_escape(list_.relative), column=column or None)
    plain = source.model_copy(update={"collect": Collect(charset=source.collect.charset, index=index)})
    try:
        return len(_matches(plain, [list_], names, open_).described.keys() - {list_.relative})
    except ConfigError:
        return 0


def _missing(source: Source, entry: _Entry, unmatched: Mapping[str, Sequence[str]]) -> Failure:
    """Return the failure of a row whose name matches no file, or several files.

    `unmatched` has the names that match no file or several, each with the possible files.
    """
    titles = values_of(source.collect.columns, "title", [dict(entry.columns)], frozenset(entry.columns), "") or [None]
    about = {"title": titles[0]} if isinstance(titles[0], str) else {}
    ambiguous = {name: list(files[:_SHOWN]) for name, files in unmatched.items() if files}
    names = list(unmatched or entry.names)[:_SHOWN]
    remedy = N_("name it by its whole path") if ambiguous else N_("add the file, or correct its name")
    evidence = {"row": entry.number, "names": names, **({"several": ambiguous} if ambiguous else {}), "remedy": remedy}
    return Failure(entry.number, "missing file", evidence, about=about)


def is_table(list_: InputFile) -> bool:
    """Whether a file is a table that can be read as a catalogue."""
    name = stem(list_.relative).lower()
    entry = format_of(list_.relative)
    return name.endswith(".xlsx") or (entry is not None and entry.name in ("csv", "jsonl"))


def _entries(source: Source, list_: InputFile, report: _ListReport, open_: Opener) -> Iterator[_Entry]:
    if is_table(list_):
        yield from _of_table(source, list_, report, open_)
        return
    if stem(list_.relative).lower().endswith(OTHER_SHEETS):
        problem = _("a sheet of this kind isn't read as a catalogue")
        raise ConfigError(list_.relative, problem, _("save it as .xlsx or .csv"))
    failures = report.failures
    raw = whole_list(list_, open_)
    try:
        records = marc_records(raw) if _MARC.match(raw) else records_of(tree_of(raw))
    except etree.XMLSyntaxError as error:
        failures.append(Failure(None, "damaged file", {"error": str(error)}))
        return
    if records is None:
        problem = _("it isn't a supported catalogue: neither a table nor MARC, MODS, METS or Dublin Core")
        raise ConfigError(list_.relative, problem, _("check collect.index"))
    failures += _charset_doubts(records)
    for number, record in enumerate(records, 1):
        if record.columns() or record.files:
            yield _Entry(number, record.files, record.columns())
        else:
            failures.append(Failure(number, "malformed record", {"record": number}))


def _charset_doubts(records: Sequence[Catalogued]) -> Iterator[Failure]:
    """Yield one failure for each declared charset and different charset in which records were read."""
    numbers: dict[tuple[str, str], list[int]] = defaultdict(list)
    for number, record in enumerate(records, 1):
        if record.charset_doubt:
            numbers[record.charset_doubt].append(number)
    for (declared, charset), of_records in numbers.items():
        evidence = {"declared": declared, "read_as": charset, "records": len(of_records), "first": of_records[:_SHOWN]}
        yield Failure(of_records[0], "charset differs", evidence)


def whole_list(list_: InputFile, open_: Opener) -> bytes:
    """Return the unpacked bytes of a list.

    Raises:
        ConfigError: the list can't be read, or is too large.
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


def _of_table(source: Source, list_: InputFile, report: _ListReport, open_: Opener) -> Iterator[_Entry]:
    for number, column, row in _rows(source, list_, report, open_):
        names = tuple(parted(str(value_at(row, column) or "")))
        if not names and not any(row.values()):  # an empty line of a sheet
            continue
        columns = {
            key: value
            for key, value in row.items()
            if key not in _NOT_TAKEN and (value not in (None, "") or stated_by(key) == "consent")
        }
        yield _Entry(number, names, columns, column)


def _rows(
    source: Source, list_: InputFile, report: _ListReport, open_: Opener
) -> Iterator[tuple[int, str, dict[str, Any]]]:
    """Yield the rows of a table, each with its number and the column that names files."""
    if stem(list_.relative).lower().endswith(".xlsx"):
        table, column = _sheet(source, list_, open_)
        report.header_row = table.header_row
        for row_number, cells in table.rows:
            if is_summary(list(cells.values())):
                report.failures.append(Failure(row_number, "total or note", {"row": row_number}))
            else:
                yield row_number, column, cells
        return
    plain = source.model_copy(update={"collect": Collect(charset=source.collect.charset)})
    is_json = format_of(list_.relative) is SUFFIXES[".jsonl"]
    read = jsonl.read if is_json else partial(csv_tables.read, is_head=partial(_names_files, source))
    column = ""
    try:
        for chunk in read(Content(list_.relative, partial(open_, list_)), plain, _LIMITS):
            report.failures += chunk.failures
            report.header_row = chunk.header_row
            if garbled := garbled_heads(chunk.columns or ()):
                raise ConfigError(list_.relative, *garbled)
            if not column and chunk.records:
                column = _file_column(source, list_, chunk.columns or tuple(chunk.records[0]))
            for number, record in zip(chunk.numbers, chunk.records, strict=True):
                yield number or 0, column, record
    except SourceError as error:
        report.failures.append(Failure(None, "damaged file", {"error": error.args[1]}))
    except PartError as error:
        raise ConfigError(list_.relative, error.problem, error.remedy) from None


def _sheet(source: Source, list_: InputFile, open_: Opener) -> tuple[Table, str]:
    """Return the sheet of a workbook that names files, and the column with the names."""
    sheets = list(tables(list_.relative, whole_list(list_, open_), partial(_names_files, source)))
    naming = [sheet for sheet in sheets if _naming(source, sheet.heads)]
    if len(naming) > 1:
        problem = _("several of its sheets name files: {sheets}", sheets=", ".join(sheet.title for sheet in naming))
        raise ConfigError(list_.relative, problem, _("put the rows into one of them"))
    if not sheets:
        raise ConfigError(list_.relative, _("it has no rows"), _("check collect.index"))
    sheet = (naming or sheets)[0]
    return sheet, _file_column(source, list_, sheet.heads)


def _naming(source: Source, heads: Sequence[str]) -> list[str]:
    """Return the columns that name files: the source's choice, or else those whose heads mean files."""
    return [head for head in heads if _names_files(source, head)]


def _names_files(source: Source, head: str) -> bool:
    index = source.collect.index
    chosen = index.column if index else None
    return head == chosen if chosen else is_file_column(head)


def _file_column(source: Source, list_: InputFile, heads: Sequence[str]) -> str:
    """Return the column that names files.

    Raises:
        ConfigError: there is no such column; a column that the source names is missing; or a column that is read
            appears twice, or is misspelt.
    """
    index = source.collect.index
    columns = source.collect.columns
    mapped = [pick.column for name in type(columns).model_fields if (pick := getattr(columns, name))]
    mapped += [extra.column for extra in source.collect.extra.values()]
    for column in (index.column if index else None, *mapped):
        if column and column not in heads and column.partition(".")[0] not in heads:
            problem = _("there is no column «{column}», which the source names", column=column)
            raise ConfigError(list_.relative, problem, closest(column, heads))
    naming = _naming(source, heads)
    if not naming:
        shown = ", ".join(filter(None, heads))
        problem = _("no column seems to contain file names; the columns are: {columns}", columns=shown)
        raise ConfigError(list_.relative, problem, _('name it: [collect.index] column = "…"'))
    column = naming[0]
    read_columns = columns_read(source, heads)
    for head, count in Counter(heads).items():
        if count > 1 and head in {column, *read_columns}:
            problem = _("the column «{column}» appears twice", column=head)
            raise ConfigError(list_.relative, problem, _("give one another name"))
        readable_columns = (read_columns | _RIGHTS) - _NOT_TAKEN - {"id", "doc_id"}
        intended = _misspelt(head, readable_columns) if head not in {column, *read_columns} else None
        if intended and intended not in heads:
            problem = _("the column «{column}» isn't read; «{meant}» would be", column=head, meant=intended)
            field_name = "rights" if intended in _RIGHTS else intended
            remedy = _('correct its head, or map it: [collect.columns] {field} = "{column}"')
            remedy = remedy.fill(field=field_name, column=head)
            raise ConfigError(list_.relative, problem, remedy)
    return column


def _misspelt(head: str, columns: Iterable[str]) -> str | None:
    """Return the column that a head probably means.

    >>> _misspelt("Title", {"title", "url"}), _misspelt("langauge", {"language"}), _misspelt("publisher", {"published"})
    ('title', 'language', None)
    """
    plain = folded(head).strip()
    if plain in _OTHER_COLUMNS:
        return None
    near = difflib.get_close_matches(plain, sorted(columns), n=1, cutoff=0.8 if len(plain) > _SHORT else 1.0)
    return near[0] if near else None
