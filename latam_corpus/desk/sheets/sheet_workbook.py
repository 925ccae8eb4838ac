"""Read sheets (XLSX and CSV) as cells of text, and write them with a column of notes.

Sheets come from strangers and are opened in other people's spreadsheet programs. Therefore, text that could be read as
a formula is marked as text, and formulas are reported but never computed.
"""

from __future__ import annotations

import csv
import io
import re
from dataclasses import dataclass
from types import MappingProxyType
from typing import TYPE_CHECKING, Any, Final

from latam_corpus.collect.readers.workbook import Merged, as_cell, opened, openpyxl_for, with_merged
from latam_corpus.desk.sheets.sheet_columns import FIELDS, FORMER_HEADS, OTHER, TO_CORRECT
from latam_corpus.errors import ConfigError
from latam_corpus.messages import _
from latam_corpus.text.display.spreadsheet_text import FORMULA, unquoted
from latam_corpus.text.folding import folded

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Iterable, Mapping
    from pathlib import Path

    from latam_corpus.messages import Message

HAS_FORMULA: Final = _("«{head}»: the cell contains a formula; write its result")
MOST_ROWS: Final = 10_000
_MOST_BYTES: Final = 200 * 2**20  # of the unpacked workbook
_MOST_COLUMNS: Final = 200
_NOTES_WIDTH: Final = 60
_HEADS_WITHIN: Final = 20  # rows from the top that may have the heads
_LEAST_HEADS: Final = 2
_DOUBTFUL: Final = "FFE699"  # amber
_NOTES: Final = str(TO_CORRECT)  # the key of the column of corrections


@dataclass(frozen=True)
class Sheet:
    """A sheet's cells as text.

    Attributes:
        rows: all rows, from the top.
        head_row: the index of the row with the heads.
        keys: the key of each column; None for an unknown column.
        formulas: the row and column indices of the cells with formulas.
        title: the title of the sheet in its workbook.
    """

    rows: tuple[tuple[str, ...], ...]
    head_row: int
    keys: tuple[str | None, ...]
    formulas: frozenset[tuple[int, int]] = frozenset()
    title: str = ""

    @property
    def heads(self) -> tuple[str, ...]:
        """The heads of the columns."""
        return self.rows[self.head_row]

    @property
    def unknown(self) -> list[str]:
        """The heads of unknown columns that aren't empty."""
        return [
            head
            for index, (head, key) in enumerate(zip(self.heads, self.keys, strict=True))
            if key is None and head and any(row[index] for row in self.rows[self.head_row + 1 :])
        ]

    def cells(self, row_index: int) -> dict[str, str]:
        """Return the nonempty cells of a row by key; if two columns have the same key, the first one."""
        by_key: dict[str, str] = {}
        for key, cell in zip(self.keys, self.rows[row_index], strict=True):
            if key and key != _NOTES and cell.strip():
                by_key.setdefault(key, cell)
        return by_key


def read_sheet(path: Path, key_of: Callable[[str], str | None] | None = None, remedy: Message | None = None) -> Sheet:
    """Read the sheet of a file; in a workbook, the sheet with most of the expected heads.

    Args:
        path: the path of the file.
        key_of: a function that returns the key of a head, or None if it is unknown; by default, for sheets of sources.
        remedy: the remedy to give for a file without the expected heads.

    Raises:
        ConfigError: the file doesn't exist, isn't a sheet, is too large, or lacks the heads.
    """
    if path.is_dir():
        raise ConfigError(str(path), _("it can't be used: {cause}", cause=_("Is a directory")), _("check the path"))
    if not path.is_file():
        raise ConfigError(str(path), _("there is no such file"), _("check the path"))
    if path.suffix.lower() == ".xlsx":
        tables = _workbook_tables(path)
    elif path.suffix.lower() in (".csv", ".tsv", ".txt"):
        tables = [("", rows, frozenset(), ()) for rows in _csv_tables(path)]
    else:
        problem = _("«{suffix}» isn't a format of sheets that can be read", suffix=path.suffix)
        raise ConfigError(str(path), problem, _("save it as .xlsx or .csv"))
    best = max((_sheet(*table, key_of or _key) for table in tables), key=_key_count)
    if _key_count(best) < _LEAST_HEADS:
        how = remedy or _("use a sheet that `sources export` wrote")
        raise ConfigError(str(path), _("no row has the expected column heads"), how)
    if len(best.rows) > MOST_ROWS:
        raise ConfigError(str(path), _("it has more than {n} rows", n=MOST_ROWS), _("divide it into several sheets"))
    return best


def _sheet(
    title: str,
    rows: list[list[str]],
    formulas: frozenset[tuple[int, int]],
    merged: Iterable[Merged],
    key_of: Callable[[str], str | None],
) -> Sheet:
    width = max(map(len, rows), default=0)
    full = tuple(tuple(row + [""] * (width - len(row))) for row in rows) or ((),)
    keys = [[key_of(cell) for cell in row] for row in full[:_HEADS_WITHIN]]
    head_row = max(range(len(keys)), key=lambda index: sum(key is not None for key in keys[index]))
    # Values are repeated only downwards, since a cell merged over columns is a heading and not a value of each column.
    downward = [Merged(area.min_col, area.min_row, area.min_col, area.max_row) for area in merged]
    below = with_merged(enumerate(full[head_row + 1 :], head_row + 2), downward, width)
    full = (*full[: head_row + 1], *(tuple(row) for _number, row in below))
    return Sheet(full, head_row, tuple(keys[head_row]), formulas, title)


def _key_count(sheet: Sheet) -> int:
    return len({key for key in sheet.keys if key})


def _key(head: str) -> str | None:
    """Return the key of the column with this head in any of the languages; None if there is none."""
    folded_head = folded(head).rstrip(" *:")
    for column in (*FIELDS, OTHER):
        heads = {column.key, *FORMER_HEADS.get(column.key, ()), *map(folded, column.head.translations().values())}
        if folded_head and folded_head in heads:
            return column.key
    return _NOTES if folded_head in set(map(folded, TO_CORRECT.translations().values())) else None


def _csv_tables(path: Path) -> list[list[list[str]]]:
    """Return the rows of a CSV file for each common separator; the caller chooses by the expected heads."""
    raw = path.read_bytes()
    if len(raw) > _MOST_BYTES:
        raise ConfigError(str(path), _("it is too large for a sheet of sources"), _("divide it into several sheets"))
    text = _decoded(raw)
    csv.field_size_limit(_MOST_BYTES)
    try:
        return [
            [[unquoted(cell) for cell in row] for row in csv.reader(io.StringIO(text, newline=""), delimiter=mark)]
            for mark in ",;\t"
        ]
    except csv.Error as error:
        problem = _("it isn't valid CSV ({error})", error=error)
        raise ConfigError(str(path), problem, _("save it again as CSV, or as .xlsx")) from None


def _decoded(raw: bytes) -> str:
    """Decode UTF-16 or UTF-8, with or without a byte order mark, or else Windows-1252."""
    if raw.startswith((b"\xff\xfe", b"\xfe\xff")):
        return raw.decode("utf-16", "replace")
    try:
        return raw.decode("utf-8-sig")
    except UnicodeDecodeError:
        return raw.decode("cp1252", "replace")


def _workbook_tables(path: Path) -> list[tuple[str, list[list[str]], frozenset[tuple[int, int]], tuple[Merged, ...]]]:
    tables = []
    for sheet in opened(str(path), path.read_bytes(), _MOST_BYTES).worksheets:
        rows, formulas = [], set()
        # The size is limited, since openpyxl creates each cell that is accessed.
        last, width = min(sheet.max_row, MOST_ROWS + 1), min(sheet.max_column, _MOST_COLUMNS)
        for number, row in enumerate(sheet.iter_rows(max_row=last, max_col=width)):
            rows.append([as_cell(cell.value) for cell in row])
            formulas |= {(number, column) for column, cell in enumerate(row) if cell.data_type == "f"}
        while rows and not any(rows[-1]):
            rows.pop()
        merged = tuple(sheet.merged_cells.ranges)
        for area in merged:
            if (area.min_row - 1, area.min_col - 1) in formulas:
                formulas |= {(row, area.min_col - 1) for row in range(area.min_row, min(area.max_row, last))}
        tables.append((sheet.title, rows, frozenset(formulas), merged))
    return tables


def as_text(cell: Any, value: str) -> None:
    """Set a workbook's cell to text that spreadsheet programs don't read as a formula, even if it is edited."""
    cell.value = re.sub(r"[\x00-\x08\x0b\x0c\x0e-\x1f]", "", value)
    if FORMULA.match(value):
        cell.data_type = "s"
        cell.quotePrefix = True


def with_notes(sheet: Sheet, notes: Mapping[int, str], head: str) -> list[list[str]]:
    """Return the rows of the sheet with the column of notes, which comes first if it is new."""
    notes_column = sheet.keys.index(_NOTES) if _NOTES in sheet.keys else None
    note_of = {sheet.head_row: head, **notes}
    rows = []
    for number, row in enumerate(sheet.rows):
        note = note_of.get(number, "")
        rows.append([note, *row] if notes_column is None else [*row[:notes_column], note, *row[notes_column + 1 :]])
    return rows


def returned_workbook(
    path: Path,
    sheet: Sheet,
    notes: Mapping[int, str],
    head: str,
    changed: Mapping[tuple[int, int], str] = MappingProxyType({}),
    marked: Collection[tuple[int, int]] = (),
) -> bytes:
    """Return a copy of the workbook with a column of notes, and each formula as text.

    Args:
        path: the path of the workbook.
        sheet: the sheet that was read from it.
        notes: the notes by row index.
        head: the head of the column of notes.
        changed: the new texts of cells, by row and column index.
        marked: the row and column indices of cells to colour.
    """
    book = opened(str(path), path.read_bytes(), _MOST_BYTES)
    styles = openpyxl_for(str(path)).styles
    page = next(worksheet for worksheet in book.worksheets if worksheet.title == sheet.title)
    notes_column = sheet.keys.index(_NOTES) if _NOTES in sheet.keys else len(sheet.keys)
    for row in page.iter_rows(max_row=len(sheet.rows), max_col=max(len(sheet.keys), 1)):
        for cell in row:
            if cell.data_type == "f":
                as_text(cell, str(cell.value))
    for (row_index, column), text in changed.items():
        as_text(page.cell(row_index + 1, column + 1), text)
    for row_index, column in marked:
        page.cell(row_index + 1, column + 1).fill = styles.PatternFill("solid", fgColor=_DOUBTFUL)
    for number in range(sheet.head_row, len(sheet.rows)):
        cell = page.cell(number + 1, notes_column + 1)
        as_text(cell, head if number == sheet.head_row else notes.get(number, ""))
        cell.alignment = styles.Alignment(wrap_text=True, vertical="top")
    page.column_dimensions[page.cell(1, notes_column + 1).column_letter].width = _NOTES_WIDTH
    buffer = io.BytesIO()
    book.save(buffer)
    return buffer.getvalue()
