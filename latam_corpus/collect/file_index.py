"""A catalogue among a folder's files: its rows or records, each with the files that it describes.

A table names a row's file in a column. A record of a library names it by its path, address or number; one that names
none stands for the file beside which it lies: of the same name but for the suffix, or where it is called `mets.xml`,
`dublin_core.xml` and the like, all of its folder.
"""

from __future__ import annotations

import json
import re
import unicodedata
from collections import defaultdict
from dataclasses import dataclass, replace
from functools import partial
from glob import escape as glob_escape
from pathlib import PurePosixPath
from typing import TYPE_CHECKING, Any, Final
from urllib.parse import unquote

from fsspec.utils import glob_translate
from lxml import etree

from latam_corpus.catalog.source import Collect, FileIndex
from latam_corpus.catalog.works.library_xml import records_of
from latam_corpus.catalog.works.marc import marc_records
from latam_corpus.collect import csv_tables, jsonl
from latam_corpus.collect.formats import SUFFIXES, format_of, suffixes
from latam_corpus.collect.input_file import as_json
from latam_corpus.collect.mapping import value_at
from latam_corpus.collect.records import Content, Failure, Limits
from latam_corpus.collect.streams import MAX_RECORD, blocks, compression, open_url, payload, stem
from latam_corpus.collect.workbook import first_sheet
from latam_corpus.errors import ConfigError, SourceError, closest
from latam_corpus.messages import _, first_of
from latam_corpus.text.folding import folded
from latam_corpus.text.xml_tree import tree_of

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping, Sequence

    from latam_corpus.catalog.source import Source
    from latam_corpus.collect.input_file import InputFile

_LIMITS: Final = Limits(2000, 64 * 2**20)
_SHOWN: Final = 5
# How columns are called that name files, folded.
FILE_COLUMNS: Final = frozenset({
    "archivo", "archivos", "fichero", "nombre de archivo", "nombre archivo", "nombre_archivo", "ruta",
    "arquivo", "arquivos", "nome do arquivo", "nome_arquivo", "caminho",
    "file", "files", "filename", "file name", "file_name", "path", "filepath",
})  # fmt: skip
# Records of these names stand for all of their folder.
_OF_A_FOLDER: Final = frozenset(
    {"dublin_core", "dc", "mets", "mods", "marc", "marcxml", "metadata", "metadatos", "metadados"}
)
# Of a record the body is the file; its names are chosen by whoever describes the source.
_NOT_TAKEN: Final = frozenset({"raw", "text", ""})
_SEVERAL: Final = re.compile(r"\s*[;|\n]\s*")
_MARC: Final = re.compile(rb"\d{5}[\w ]{4}.22\d{5}.{3}4500", re.DOTALL)


@dataclass(frozen=True)
class _Entry:
    """A row or a record: its number in its file, the names of the files that it describes, and what it says."""

    number: int
    names: tuple[str, ...]
    columns: Mapping[str, Any]


def with_index(source: Source, files: Sequence[InputFile], others: Sequence[InputFile]) -> list[InputFile]:
    """Return the files with what the source's catalogue says of each, and its lists among them.

    Args:
        source: its `collect.index` names the catalogue.
        files: those to be read.
        others: all of the folder, among them the lists.

    Raises:
        ConfigError: no such list, one that can't be read, or without the columns that the source names.
    """
    index = source.collect.index
    if index is None:
        return list(files)
    pattern = re.compile(glob_translate(index.file))
    lists = [one for one in others if pattern.fullmatch(one.relative)]
    if not lists:
        there = first_of(sorted(one.relative for one in others), _SHOWN)
        raise ConfigError(
            _("input of {source}", source=source.id),
            _("no file is «{pattern}», which collect.index names", pattern=index.file),
            _("there: {there}", there=there),
        )
    listed = {one.relative for one in lists}
    names = _Names([one for one in files if one.relative not in listed and not one.beside.is_list])
    of_bags = [one for one in files if one.beside.is_list and one.relative not in listed]
    described: dict[str, dict[str, Any]] = {}
    used: list[InputFile] = []
    for list_ in lists:
        failures: list[Failure] = []
        for entry in _entries(source, list_, failures):
            matched = names.of(entry.names, list_) or ([] if _is_table(list_) else names.beside(list_))
            if not matched:
                failures.append(_missing(entry))
            for name in matched:
                if name in described:
                    failures.append(Failure(entry.number, "named twice", {"name": name, "row": entry.number}))
                described.setdefault(name, dict(entry.columns))
        used.append(replace(list_, beside=replace(list_.beside, is_list=True, failures=as_json(failures))))
    records = {name: json.dumps(columns, ensure_ascii=False, sort_keys=True) for name, columns in described.items()}
    kept = [
        replace(one, beside=replace(one.beside, record=records[one.relative])) if one.relative in records else one
        for one in names.files
    ]
    return sorted([*kept, *used, *of_bags], key=lambda one: one.relative)


def described_by(source: Source, list_: InputFile, files: Sequence[InputFile]) -> int:
    """Return how many files a list describes, as it would for a source that names it; 0 for what is no list."""
    index = FileIndex(file=glob_escape(list_.relative))
    described = source.model_copy(update={"collect": source.collect.model_copy(update={"index": index})})
    try:
        return sum(bool(one.beside.record) for one in with_index(described, files, files))
    except ConfigError:
        return 0


def _missing(entry: _Entry) -> Failure:
    about = {"title": entry.columns["title"]} if isinstance(entry.columns.get("title"), str) else {}
    evidence = {"row": entry.number, "names": list(entry.names[:_SHOWN]), "remedy": "add the file, or correct its name"}
    return Failure(entry.number, "missing file", evidence, about=about)


class _Names:
    """The files by all the names under which a catalogue may know them."""

    def __init__(self, files: Sequence[InputFile]) -> None:
        self.files = files
        self._paths = {one.relative for one in files}
        self._by_name: dict[str, list[str]] = defaultdict(list)
        self._by_folder: dict[str, list[str]] = defaultdict(list)
        for one in files:
            path = PurePosixPath(one.relative)
            for name in {path.name, stem(path.name), _without_suffix(path.name)}:
                self._by_name[name.casefold()].append(one.relative)
            self._by_folder[str(path.parent)].append(one.relative)

    def of(self, names: Iterable[str], list_: InputFile) -> list[str]:
        """Return the files that are called so: by path, else by a name that one file alone has, else by folder."""
        matched: list[str] = []
        here = PurePosixPath(list_.relative).parent
        for name in names:
            path = _as_path(name)
            if not path:
                continue
            near = str(here / path)
            exact = next((one for one in (near, path) if one in self._paths), None)
            alone = self._by_name.get(PurePosixPath(path).name.casefold(), [])
            if exact:
                matched.append(exact)
            elif len(alone) == 1:
                matched += alone
            else:
                matched += self._by_folder.get(near) or self._by_folder.get(path) or []
        return list(dict.fromkeys(matched))

    def beside(self, list_: InputFile) -> list[str]:
        """Return the files that a record stands beside."""
        path = PurePosixPath(list_.relative)
        name = path.name.partition(".")[0].casefold()
        inside = self._by_folder.get(str(path.parent), [])
        if name in _OF_A_FOLDER:
            return [one for one in inside if one != list_.relative]
        return [one for one in inside if PurePosixPath(one).name.partition(".")[0].casefold() == name]


def _without_suffix(name: str) -> str:
    """Return the name without a suffix that a format has: `a.b` is whole, `a.pdf` isn't."""
    plain = PurePosixPath(stem(name))
    return plain.stem if plain.suffix.lower() in suffixes() else name


def _as_path(name: str) -> str:
    r"""Return a path with slashes that leads nowhere else; of an address its path.

    >>> _as_path(r"Libros\1896\coplas.pdf"), _as_path("file:///libros/a%20b.pdf"), _as_path("../../x")
    ('Libros/1896/coplas.pdf', 'libros/a b.pdf', 'x')
    """
    plain = unicodedata.normalize("NFC", name.strip()).replace("\\", "/")
    if re.match(r"[a-z][\w+.-]*://", plain, re.IGNORECASE):
        plain = unquote(plain.partition("://")[2].partition("?")[0])
    return "/".join(part for part in plain.split("/") if part not in ("", ".", ".."))


def _is_table(list_: InputFile) -> bool:
    name = stem(list_.relative).lower()
    entry = format_of(list_.relative)
    return name.endswith(".xlsx") or (entry is not None and entry.name in ("csv", "jsonl"))


def _entries(source: Source, list_: InputFile, failures: list[Failure]) -> Iterator[_Entry]:
    if _is_table(list_):
        yield from _of_table(source, list_, failures)
        return
    raw = _whole(list_)
    try:
        records = marc_records(raw) if _MARC.match(raw) else records_of(tree_of(raw))
    except etree.XMLSyntaxError as error:
        failures.append(Failure(None, "damaged file", {"error": str(error)}))
        return
    if records is None:
        problem = _("it is no catalogue that is read: neither a table nor MARC, MODS, METS or Dublin Core")
        raise ConfigError(list_.relative, problem, _("check collect.index"))
    for number, record in enumerate(records, 1):
        if record.columns() or record.files:
            yield _Entry(number, record.files, record.columns())
        else:
            failures.append(Failure(number, "malformed record", {"record": number}))


def _whole(list_: InputFile) -> bytes:
    try:
        with open_url(list_.url) as stream:
            raw = payload(blocks(stream, compression(list_.relative)))
    except SourceError as error:
        raise ConfigError(list_.relative, error.problem, error.remedy) from None
    if raw is None:
        raise ConfigError(
            list_.relative, _("it has more than {n} bytes", n=f"{MAX_RECORD:,}"), _("cut it into several")
        )
    return raw


def _of_table(source: Source, list_: InputFile, failures: list[Failure]) -> Iterator[_Entry]:
    collect = source.collect
    column: str | None = None
    for number, row in _rows(source, list_, failures):
        column = column or _file_column(source, list_, row)
        names = tuple(filter(None, _SEVERAL.split(str(value_at(row, column) or ""))))
        if not names and not any(row.values()):  # an empty line of a sheet
            continue
        kept = {key: value for key, value in row.items() if key not in _NOT_TAKEN and value not in (None, "")}
        people = collect.columns.creators.column if collect.columns.creators else "creators"
        if people and isinstance(kept.get(people), str):
            kept[people] = list(filter(None, _SEVERAL.split(kept[people])))
        yield _Entry(number, names, kept)


def _rows(source: Source, list_: InputFile, failures: list[Failure]) -> Iterator[tuple[int, dict[str, Any]]]:
    if stem(list_.relative).lower().endswith(".xlsx"):
        yield from first_sheet(list_.relative, _whole(list_))
        return
    plain = source.model_copy(update={"collect": Collect()})
    read = jsonl.read if format_of(list_.relative) is SUFFIXES[".jsonl"] else csv_tables.read
    try:
        for chunk in read(Content(list_.relative, partial(open_url, list_.url)), plain, _LIMITS):
            failures += chunk.failures
            yield from ((number or 0, record) for number, record in zip(chunk.numbers, chunk.records, strict=True))
    except SourceError as error:
        failures.append(Failure(None, "damaged file", {"error": error.problem}))


def _file_column(source: Source, list_: InputFile, row: Mapping[str, Any]) -> str:
    """Return the column that names files.

    Raises:
        ConfigError: there is none, or one that the source names isn't there.
    """
    index = source.collect.index
    heads = [head for head in row if head]
    named = [
        pick.column
        for name in type(source.collect.columns).model_fields
        if (pick := getattr(source.collect.columns, name))
    ]
    for column in (index.column if index else None, *named):
        if column and column not in heads and column.partition(".")[0] not in heads:
            problem = _("there is no column «{column}», which the source names", column=column)
            raise ConfigError(list_.relative, problem, closest(column, heads))
    chosen = index.column if index else None
    column = chosen or next((head for head in heads if folded(head).strip() in FILE_COLUMNS), None)
    if column is None:
        problem = _("no column is called as one that names files: there are {columns}", columns=", ".join(heads))
        raise ConfigError(list_.relative, problem, _('name it: [collect.index] column = "…"'))
    return column
