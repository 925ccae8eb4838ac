"""Read a user's table that catalogues files, and match its rows with the files."""

from __future__ import annotations

import csv
import tempfile
from collections.abc import Sequence  # noqa: TC003  (arguments are checked against it)
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from latam_corpus.api.arguments import check_arguments
from latam_corpus.catalog.source import Collect, FileIndex, Source
from latam_corpus.collect.documents.column_names import suggested_columns
from latam_corpus.collect.documents.mapping import shown
from latam_corpus.collect.input_files.file_index import MatchedRow, matched_rows
from latam_corpus.collect.input_files.file_names import FileNames
from latam_corpus.collect.input_files.input_file import InputFile, opened_file
from latam_corpus.collect.input_files.unnamed_catalogues import beginning, recognised
from latam_corpus.collect.readers.ods import ods_rows
from latam_corpus.errors import ConfigError, PartError, SourceError, cause_of
from latam_corpus.messages import _

if TYPE_CHECKING:
    from collections.abc import Mapping

_CHARSETS: Final = (None, "cp1252")
_LONGEST: Final = 2000  # maximum number of characters of a cell
_COLUMNS: Final = 12  # number of columns that are tried as the column that names files
_LEAST: Final = 4  # one in this many rows must name a file if the column's head doesn't mean files


@dataclass(frozen=True)
class CatalogueRow:
    """A row of a catalogue.

    Attributes:
        cells: the cells that aren't empty, by column.
        missing: the names in the row that match no file.
    """

    number: int
    cells: Mapping[str, str]
    files: tuple[str, ...]
    missing: tuple[str, ...]


@dataclass(frozen=True)
class CatalogueTable:
    """A catalogue.

    Attributes:
        column: the column that names files; empty if there is none.
        columns: the documents' column that a column's head suggests, by column.
        near: the closest name in the catalogue, for each file without a row.
        header_row: the number of the row with the heads.
    """

    heads: tuple[str, ...]
    column: str
    columns: Mapping[str, str]
    rows: tuple[CatalogueRow, ...]
    near: Mapping[str, str] = field(default_factory=dict)
    header_row: int = 1


def read_catalogue(
    path: str | Path, files: Sequence[str] = (), *, name: str = "", column: str | None = None
) -> CatalogueTable:
    """Read a table that describes files: CSV, XLSX or ODS.

    A title above the heads, merged cells and tables in Windows-1252 are read as in a run. Names match files regardless
    of case, accents, separators, suffixes and parent folders, if the match is unambiguous.

    Args:
        path: the path of the table.
        files: the paths of the files that it may describe, with `/`.
        name: the table's name, if `path` lacks its suffix.
        column: the column that names files; by default, it is recognised by its head or its cells.

    Raises:
        ConfigError: the table can't be read, or lacks the column.
    """
    check_arguments(read_catalogue, locals())
    table = Path(path).expanduser()
    shown_name = name or table.name
    with tempfile.TemporaryDirectory() as folder:
        if shown_name.lower().endswith(".ods"):
            table = _as_csv(shown_name, table.read_bytes(), Path(folder))
            shown_name = f"{shown_name}.csv"
        try:
            return _read(InputFile(shown_name, str(table), table.stat().st_size), files, column)
        except (OSError, PartError, SourceError) as error:
            problem = error.problem if isinstance(error, PartError | SourceError) else cause_of(error)
            raise ConfigError(name or str(path), problem, _("save it again as .xlsx, or as CSV")) from None


def _read(list_: InputFile, files: Sequence[str], column: str | None) -> CatalogueTable:
    described = [InputFile(file, "", 0) for file in files]
    for charset in _CHARSETS:
        source = Source(id="catalogue", title="catalogue", holder="catalogue", collect=Collect(charset=charset))
        heads, _records, is_garbled = beginning(source, list_, opened_file)
        if not is_garbled:
            break
    if not heads:
        raise ConfigError(list_.relative, _("it has no rows"), _("save it again as .xlsx, or as CSV"))
    known = recognised(source, list_, FileNames(described)) if column is None else None
    naming = column or (known.column if known else "")
    read = {head: _matched(source, list_, described, head) for head in ([naming] if naming else heads[:_COLUMNS])}
    best = max(read, key=lambda head: sum(bool(row.files) for row in read[head][0]))
    rows, near, header_row = read[best]
    if not naming and _LEAST * sum(bool(row.files) for row in rows) >= len(rows) > 0:
        naming = best
    if not naming:
        rows, near = [row._replace(files=(), unmatched=()) for row in rows], {}
    return CatalogueTable(
        tuple(heads),
        naming,
        suggested_columns(Collect(), heads),
        tuple(CatalogueRow(row.number, _cells(row.columns), row.files, row.unmatched) for row in rows),
        near,
        header_row or 1,
    )


def _matched(
    source: Source, list_: InputFile, files: Sequence[InputFile], column: str
) -> tuple[list[MatchedRow], dict[str, str], int]:
    collect = Collect(charset=source.collect.charset, index=FileIndex(file="*", column=column))
    return matched_rows(source.model_copy(update={"collect": collect}), list_, files)


def _cells(columns: Mapping[str, Any]) -> dict[str, str]:
    texts = {head: value if isinstance(value, str) else shown(value) for head, value in columns.items() if value}
    return {head: text.strip()[:_LONGEST] for head, text in texts.items() if text.strip()}


def _as_csv(name: str, data: bytes, folder: Path) -> Path:
    path = folder / "table.csv"
    with path.open("w", encoding="utf-8", newline="") as file:
        csv.writer(file).writerows(ods_rows(name, data))
    return path
