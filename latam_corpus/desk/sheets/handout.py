"""Write a sheet of sources to fill in: a workbook with drop-down lists and help in three languages, or CSV."""

from __future__ import annotations

import io
from typing import TYPE_CHECKING, Any, Final

from latam_corpus.catalog.display_names import USES
from latam_corpus.collect.readers.workbook import openpyxl_for
from latam_corpus.desk.sheets.sheet_columns import FIELDS, OTHER
from latam_corpus.desk.sheets.sheet_workbook import as_text
from latam_corpus.messages import LANGUAGES, _
from latam_corpus.text.display.spreadsheet_text import csv_text

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from pathlib import Path

    from latam_corpus.desk.sheets.sheet_columns import Field

_COLUMNS: Final = (*FIELDS, OTHER)
_EMPTY_ROWS: Final = 200  # number of empty rows with drop-down lists below the filled rows
_WIDE: Final = 40
_NARROW: Final = 22
_HOW: Final = (
    _("Each row describes one source. Columns with * are required; fill in the others if you know their values."),
    _("If you don't know the rights, leave their columns empty: the source can be measured, but is never released."),
    _(
        "Save the sheet and run: latam-corpus sources import SHEET. Each correct "
        "row becomes a source file; a copy of "
        "the sheet lists the errors of the others in the column “What to correct”."
    ),
)
_EXAMPLE: Final = _("example")


def handout_csv(rows: Sequence[Mapping[str, str]], language: str) -> str:
    """Return the sheet as CSV.

    Args:
        rows: the cells of each source, by key.
        language: the language of the heads.
    """
    heads = [_head(field, language) for field in _COLUMNS]
    return csv_text([heads, *([row.get(field.key, "") for field in _COLUMNS] for row in rows)])


def handout_workbook(rows: Sequence[Mapping[str, str]], language: str, path: Path) -> bytes:
    """Return the sheet as XLSX, with drop-down lists.

    Args:
        rows: the cells of each source, by key.
        language: the language of the heads and the choices.
        path: the path to name in error messages.

    Raises:
        ConfigError: openpyxl isn't installed.
    """
    openpyxl = openpyxl_for(str(path))
    book = openpyxl.Workbook()
    page = book.active
    page.title = _("sources").translate(language)
    page.freeze_panes = "C2"
    for column, field in enumerate(_COLUMNS, 1):
        head = page.cell(1, column)
        as_text(head, _head(field, language))
        head.font = openpyxl.styles.Font(bold=True)
        letter = head.column_letter
        page.column_dimensions[letter].width = _WIDE if _is_long(field) else _NARROW
        for number, row in enumerate(rows, 2):
            as_text(page.cell(number, column), row.get(field.key, ""))
        for number in range(2, len(rows) + 2 + _EMPTY_ROWS):
            # Cells are formatted as text, so that spreadsheet programs don't convert answers to numbers, dates or
            # formulas.
            page.cell(number, column).number_format = "@"
            page.cell(number, column).alignment = openpyxl.styles.Alignment(wrap_text=True, vertical="top")
    _how_page(book, language)
    _drop_downs(openpyxl, book, page, len(rows) + 1 + _EMPTY_ROWS, language)
    buffer = io.BytesIO()
    book.save(buffer)
    return buffer.getvalue()


def _head(field: Field, language: str) -> str:
    return field.head.translate(language) + (" *" if field.needed else "")


def _is_long(field: Field) -> bool:
    return field.key in ("title", "notes", "rights.quotation", "other")


def _how_page(book: Any, language: str) -> None:
    """Add a page that explains each column in three languages, starting with the sheet's language."""
    page = book.create_sheet(_("how to fill in").translate(language))
    order = sorted(LANGUAGES, key=lambda code: code != language)
    line = 1
    for code in order:
        for text in (LANGUAGES[code], *(sentence.translate(code) for sentence in _HOW)):
            as_text(page.cell(line, 1), text)
            line += 1
        line += 1
    for code in order:
        for field in _COLUMNS:
            cells = [_head(field, code), field.why.translate(code)]
            example = field.example.translate(code)
            cells += [f"{_EXAMPLE.translate(code)}: {example}"] if example else []
            for column, text in enumerate(cells, 1):
                as_text(page.cell(line, column), text)
            line += 1
        line += 1
    for letter, width in zip("ABC", (_NARROW, 2 * _WIDE, _WIDE), strict=True):
        page.column_dimensions[letter].width = width


def _drop_downs(openpyxl: Any, book: Any, page: Any, last: int, language: str) -> None:
    """Add a drop-down list to each column with choices; the import reports other values."""
    words = book.create_sheet(_("choices").translate(language))
    words.sheet_state = "hidden"
    for list_column, field in enumerate((field for field in _COLUMNS if field.names), 1):
        choices = (
            [field.shown(word, language) for word in field.names] if field.key != "rights.uses" else _uses(language)
        )
        for number, choice in enumerate(choices, 1):
            as_text(words.cell(number, list_column), choice)
        letter = words.cell(1, list_column).column_letter
        column = page.cell(1, _COLUMNS.index(field) + 1).column_letter
        validation = openpyxl.worksheet.datavalidation.DataValidation(
            type="list", formula1=f"'{words.title}'!${letter}$1:${letter}${len(choices)}", showErrorMessage=False
        )
        validation.add(f"{column}2:{column}{last}")
        page.add_data_validation(validation)


def _uses(language: str) -> list[str]:
    """Return common combinations of uses."""
    train, redistribute, evaluate = (message.translate(language) for message in USES.values())
    return [f"{train}, {redistribute}, {evaluate}", f"{train}, {evaluate}", evaluate]
