"""Find catalogues among a folder's files that `collect.index` doesn't name, so that their restrictions aren't read.

An unnamed catalogue may state that a text must not be released. All documents of the source are therefore held back,
and reports name the catalogue with the line of TOML that reads it.
"""

from __future__ import annotations

import json
import re
from dataclasses import dataclass, replace
from functools import partial
from itertools import islice
from pathlib import PurePosixPath
from typing import TYPE_CHECKING, Any, Final

from latam_corpus.catalog.source import Collect
from latam_corpus.collect.documents.column_names import suggested_columns
from latam_corpus.collect.documents.mapping import heads_of, is_file_column, stating_columns, value_at
from latam_corpus.collect.input_files.file_index import OTHER_SHEETS, described_by, is_table, whole_list
from latam_corpus.collect.input_files.file_names import FileNames
from latam_corpus.collect.input_files.input_file import opened_file
from latam_corpus.collect.readers import csv_tables, jsonl
from latam_corpus.collect.readers.workbook import tables
from latam_corpus.collect.records import Content, Limits, readable
from latam_corpus.collect.unread_formats import DESCRIBED
from latam_corpus.errors import ConfigError, PartError, SourceError
from latam_corpus.formats.compression import stem
from latam_corpus.formats.format import Unread
from latam_corpus.formats.registry import format_of
from latam_corpus.formats.sniff import HEAD, sniffed
from latam_corpus.text.folding import folded, parted

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from latam_corpus.catalog.source import Source
    from latam_corpus.collect.input_files.input_file import InputFile, Opener

_RECORDS: Final = (".mrc", ".xml")
_SAMPLE: Final = Limits(200, 2**20)
# The maximum number of candidates that are examined, from the uppermost folders.
_MOST: Final = 100
# Excel's default encoding, for a table that isn't UTF-8.
_LEGACY: Final = "cp1252"
# Words that suggest that a column is about terms, whether or not the toolkit reads that column.
_ABOUT_TERMS: Final = re.compile(
    r"\b(?:derech|direit|licen[cs]|rights?\b|copyright|restric|restrit|consent|autoriz|authori[sz]|permis|embarg"
    r"|confiden|condicion|condic|acces|acess)"
)


@dataclass(frozen=True)
class Catalogue:
    """A file that describes other files, or that may do so.

    Attributes:
        column: the column of a table that names files; empty if none does.
        described: the number of files that it describes.
        terms: the columns that seem to be about terms.
        heads: all columns of a table.
        is_pattern: whether the path is a pattern that matches several catalogues of the same name.
    """

    file: str
    column: str = ""
    described: int = 0
    terms: tuple[str, ...] = ()
    heads: tuple[str, ...] = ()
    is_pattern: bool = False

    @property
    def pattern(self) -> str:
        """The value of `collect.index` that names it; a spreadsheet of another kind must first be saved as .xlsx."""
        path = PurePosixPath(self.file)
        name = str(path.with_suffix(".xlsx")) if path.suffix.lower() in OTHER_SHEETS else self.file
        return name if self.is_pattern else re.sub(r"([*?\[])", r"[\1]", name)

    @property
    def suggested(self) -> dict[str, str]:
        """The columns with a known name, each with the suggested column of the documents."""
        return suggested_columns(Collect(), self.heads)

    @property
    def toml(self) -> str:
        """The line under [collect] that makes a run read it.

        >>> Catalogue("notas/catalogo.ods").toml, Catalogue("lista.csv", "Documento").toml
        ('index.file = "notas/catalogo.xlsx"', 'index = { file = "lista.csv", column = "Documento" }')
        """
        written = json.dumps(self.pattern, ensure_ascii=False)
        if self.column and not is_file_column(self.column):
            return f"index = {{ file = {written}, column = {json.dumps(self.column, ensure_ascii=False)} }}"
        return f"index.file = {written}"


def with_unnamed_catalogues(
    source: Source,
    files: Sequence[InputFile],
    all_files: Iterable[InputFile],
    open_: Opener = opened_file,
    *,
    by_name: bool = False,
) -> list[InputFile]:
    """Add the catalogues that may restrict them to the files of a source without `collect.index`.

    `by_name` adds only catalogues that name one of the files.
    """
    candidates = candidates_of(source, files, all_files)
    if not candidates:
        return list(files)
    chosen = {file.relative for file in files}
    names = FileNames([file for file in files if not file.description.is_list])
    by_name = by_name or not _has_whole_texts(source, files)
    catalogues = []
    for candidate in candidates:
        catalogue = recognised(source, candidate, names, open_)
        reads_records = candidate.relative in chosen and _is_of_records(candidate)
        if catalogue and (catalogue.described or not (by_name or reads_records)):
            catalogues.append(catalogue)
    # A catalogue doesn't restrict itself.
    others = {own.file: _as_json([catalogue for catalogue in catalogues if catalogue is not own]) for own in catalogues}
    restricting = _as_json(catalogues)
    return [
        file
        if file.description.is_list
        else replace(file, description=replace(file.description, unnamed=others.get(file.relative, restricting)))
        for file in files
    ]


def _as_json(catalogues: Sequence[Catalogue]) -> str:
    """Return as JSON the path of each catalogue and the line that reads it; catalogues of one name become a pattern."""
    by_name: dict[str, list[Catalogue]] = {}
    for catalogue in catalogues:
        by_name.setdefault(PurePosixPath(catalogue.file).name, []).append(catalogue)
    merged = [
        of[0] if len(of) == 1 else replace(of[0], file=f"**/{name}", is_pattern=True) for name, of in by_name.items()
    ]
    return json.dumps([[catalogue.file, catalogue.toml] for catalogue in merged], ensure_ascii=False) if merged else ""


def candidates_of(source: Source, files: Iterable[InputFile], all_files: Iterable[InputFile]) -> list[InputFile]:
    """Return the files that may be catalogues, by their names; none if the source names its catalogue.

    A table of records counts only if there are separate text files, since records state their own terms.
    """
    if source.collect.index or source.collect.kind != "files":
        return []
    chosen = {file.relative: file for file in files}
    persons = {file.name for file in (source.names_file, source.speakers_file) if file}
    has_texts = _has_whole_texts(source, chosen.values())
    candidates = [
        file
        for file in all_files
        if _may_be_catalogue(file)
        and PurePosixPath(file.relative).name not in persons
        and (has_texts or file.relative not in chosen or not _is_of_records(file))
    ]
    return sorted(candidates, key=lambda file: file.relative.count("/"))[:_MOST]


def recognised(source: Source, list_: InputFile, names: FileNames, open_: Opener = opened_file) -> Catalogue | None:
    """Return the catalogue in a file; None if it doesn't seem to describe other files.

    A table is a catalogue if the head or the cells of a column name files, or if a head is about terms. A table
    that can't be read counts as one, since its content is unknown.
    """
    if stem(list_.relative).lower().endswith(OTHER_SHEETS):
        return Catalogue(list_.relative)
    if not is_table(list_):
        is_record = _is_library_record(list_, open_)
        return Catalogue(list_.relative, described=described_by(source, list_, names, open_)) if is_record else None
    charsets = [source.collect.charset] if source.collect.charset else [None, _LEGACY]
    heads: list[str] = []
    records: list[Mapping[str, Any]] = []
    for charset in charsets:
        plain = source.model_copy(update={"collect": Collect(charset=charset)})
        try:
            heads, records, is_garbled = beginning(plain, list_, open_)
        except (ConfigError, PartError, SourceError):
            return Catalogue(list_.relative)
        if not is_garbled:
            break
    stating = stating_columns(Collect(), heads)
    terms = tuple(head for head in heads if head in stating or _ABOUT_TERMS.search(folded(head)))
    column = next((head for head in heads if is_file_column(head)), "") or _naming_column(heads, records, list_, names)
    if not (column or terms):
        return None
    described = described_by(plain, list_, names, open_, column) if column else 0
    return Catalogue(list_.relative, column, described, terms, tuple(heads))


def _may_be_catalogue(file: InputFile) -> bool:
    if file.description.is_list or file.is_missing:
        return False
    return _is_sheet(file) or stem(file.relative).lower().endswith(_RECORDS)


def _is_sheet(file: InputFile) -> bool:
    return is_table(file) or stem(file.relative).lower().endswith(OTHER_SHEETS)


def _is_workbook(file: InputFile) -> bool:
    return stem(file.relative).lower().endswith(".xlsx")


def _is_of_records(file: InputFile) -> bool:
    return is_table(file) and not _is_workbook(file)


def _has_whole_texts(source: Source, files: Iterable[InputFile]) -> bool:
    """Whether any file is a whole document or an archive."""
    formats = (format_of(file.relative, source.collect.format) for file in files if not _is_sheet(file))
    return any(entry is None or entry.archive or entry.media_type is not None for entry in formats)


def _is_library_record(list_: InputFile, open_: Opener) -> bool:
    """Whether a file contains library records, such as MARC or METS."""
    try:
        with open_(list_) as stream:
            kind = sniffed(stream.read(HEAD))
    except (SourceError, OSError):  # reading the file will report the problem
        return False
    return isinstance(kind, Unread) and kind.remedy is DESCRIBED


def _is_known_head(head: str) -> bool:
    return is_file_column(head) or bool(stating_columns(Collect(), [head]))


def beginning(source: Source, list_: InputFile, open_: Opener) -> tuple[list[str], list[Mapping[str, Any]], bool]:
    """Return the heads of a table, its first records, and whether it seems to be in another charset.

    Raises:
        ConfigError, PartError, SourceError: the table can't be read.
    """
    if _is_workbook(list_):
        sheets = list(tables(list_.relative, whole_list(list_, open_), _is_known_head))
        records = [cells for sheet in sheets for _number, cells in islice(sheet.rows, _SAMPLE.rows)]
        return list(dict.fromkeys(head for sheet in sheets for head in sheet.heads if head)), [*records], False
    is_json = (entry := format_of(list_.relative)) is not None and entry.name == "jsonl"
    read = jsonl.read if is_json else partial(csv_tables.read, is_head=_is_known_head)
    chunk = next(iter(read(Content(list_.relative, partial(open_, list_)), source, _SAMPLE)), None)
    if chunk is None:
        return [], [], False
    heads = [head for head in chunk.columns or heads_of(chunk.records) if head]
    is_garbled = any(failure.cause == "not UTF-8" for failure in chunk.failures)
    is_garbled |= any(readable(head) != head for head in heads)
    return heads, [*chunk.records], is_garbled


def _naming_column(
    heads: Sequence[str], records: Sequence[Mapping[str, Any]], list_: InputFile, names: FileNames
) -> str:
    """Return the column in which most cells name a file; empty if there is no such column."""
    counts: dict[str, int] = {}
    for head in heads:
        cells = [cell for record in records if (cell := str(value_at(record, head) or "").strip())]
        matches = sum(bool(names.match(parted(cell), list_, each=True)[0]) for cell in cells)
        if 2 * matches > len(cells):
            counts[head] = matches
    return max(counts, key=counts.__getitem__, default="")
