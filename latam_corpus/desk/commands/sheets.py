"""`latam-corpus sources export|import`: sources to a sheet that people fill in, and the sheet back to source files."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, Final

import typer

from latam_corpus.catalog.source import SOURCES, Source, shipped_sources
from latam_corpus.cli.interface import completion
from latam_corpus.cli.interface.options import Json
from latam_corpus.cli.interface.show import console, number, print_json
from latam_corpus.cli.interface.ui_language import requested_language, spoken
from latam_corpus.config.toml_model import parse_toml, read_toml
from latam_corpus.desk.check_source import check_source
from latam_corpus.desk.sheets.handout import handout_csv, handout_workbook
from latam_corpus.desk.sheets.sheet import language_of_heads, row_of, source_of
from latam_corpus.desk.sheets.sheet_columns import TO_CORRECT
from latam_corpus.desk.sheets.sheet_workbook import read_sheet, returned_workbook, with_notes
from latam_corpus.desk.source_argument import usable_source
from latam_corpus.errors import ConfigError
from latam_corpus.messages import N_, Message, _, same
from latam_corpus.report.page_frame import write_file
from latam_corpus.text.display.spreadsheet_text import csv_text

if TYPE_CHECKING:
    from latam_corpus.desk.sheets.sheet import Row
    from latam_corpus.desk.sheets.sheet_workbook import Sheet

_DONE: Final = same("✓")
_EXISTS: Final = _(
    "the file {path} is there already with another content; change the name in the catalogue, or take the file away"
)
_FORMULA: Final = _("«{head}»: the cell holds a formula; write what it comes to")
_WRITTEN: Final = _("sources in {folder}: {n}")
_BACK: Final = _("rows to correct: {n}; see {path}, column «{head}»")
_ROW: Final = _("row {n}: {told}")
_UNKNOWN: Final = _("these columns aren't used, and stay in the sheet: {heads}")
_SHEET: Final = _("sheet: {path}")


def export_sheet(
    sheet: Annotated[Path, typer.Argument(metavar="SHEET", help=N_("The sheet to write: .xlsx or .csv."))],
    sources: Annotated[
        list[str] | None,
        typer.Argument(metavar="SOURCE…", help=N_("Source files or ids."), autocompletion=completion.sources),
    ] = None,
    every: Annotated[bool, typer.Option("--all", help=N_("Every source of the catalogue."))] = False,
    as_json: Json = False,
) -> None:
    """Write the sheet that people fill in, empty or with sources; XLSX has drop-downs and a page that explains it."""
    language = spoken()
    if sheet.exists():
        raise ConfigError(str(sheet), _("that file is there already"), _("give another name"))
    named = [*(sources or ()), *((source.id for source in shipped_sources()) if every else ())]
    rows = [row_of(_text_of(one, language), language) for one in named]
    if sheet.suffix.lower() == ".xlsx":
        write_file(sheet, handout_workbook(rows, language, sheet))
    elif sheet.suffix.lower() == ".csv":
        write_file(sheet, handout_csv(rows, language))
    else:
        problem = _("«{suffix}» is no form of a sheet", suffix=sheet.suffix)
        raise ConfigError(str(sheet), problem, _("end its name in .xlsx or .csv"))
    if as_json:
        print_json({"sheet": str(sheet), "sources": named})
    else:
        console.print(_SHEET.fill(path=sheet).translate(language), markup=False)


def _text_of(named: str, language: str) -> str:
    """Return the text of a valid source's file."""
    usable_source(named, language)
    return read_toml(Path(named) if named.endswith(".toml") else SOURCES / f"{named}.toml", "source")


def import_sheet(
    sheet: Annotated[Path, typer.Argument(metavar="SHEET", help=N_("The sheet that was filled in: .xlsx or .csv."))],
    to: Annotated[Path, typer.Option("--to", help=N_("The folder of the source files."))] = Path("sources"),
    back: Annotated[Path | None, typer.Option("--back", help=N_("Where the sheet comes back to."))] = None,
    as_json: Json = False,
) -> None:
    """Write a source file for each row that is right; the sheet comes back and says of the others what to correct.

    No file is written over, and the sheet that came is left as it is. Exit code 1 when a row is to be corrected.
    """
    table = read_sheet(sheet)
    language = requested_language() or language_of_heads([head.rstrip(" *") for head in table.heads], spoken())
    returned = back or sheet.with_name(f"{sheet.stem}.{_folded_head(language)}{sheet.suffix}")
    if returned.exists() and returned.samefile(sheet):
        raise ConfigError(
            str(returned), _("the sheet that came would be written over"), _("give another name with --back")
        )
    if returned.suffix.lower() != sheet.suffix.lower():
        problem = _("«{suffix}» is no form of a sheet", suffix=returned.suffix)
        raise ConfigError(str(returned), problem, _("end its name in {suffix}", suffix=sheet.suffix))
    written: list[str] = []
    notes: dict[int, str] = {}
    rows: list[dict[str, Any]] = []
    wrong = 0
    for row_index in range(table.head_row + 1, len(table.rows)):
        cells = table.cells(row_index)
        if not cells:
            continue
        row = source_of(cells, written)
        problems = [*row.wrong, *_formulas(table, row_index)] or _write(row, to)
        if not problems:
            written.append(row.values["id"])
        wrong += bool(problems)
        notes[row_index] = "\n".join(one.translate(language) for one in problems) or _DONE.translate(language)
        rows.append(
            {"row": row_index + 1, "id": cells.get("id"), "wrong": [one.translate(language) for one in problems]}
        )
    head = TO_CORRECT.translate(language)
    if sheet.suffix.lower() == ".xlsx":
        write_file(returned, returned_workbook(sheet, table, notes, head))
    else:
        write_file(returned, csv_text(with_notes(table, notes, head)))
    if as_json:
        print_json({"written": written, "folder": str(to), "returned": str(returned), "rows": rows})
    else:
        _tell(table, rows, language)
        console.print(_WRITTEN.fill(n=number(len(written)), folder=to).translate(language), markup=False)
        if wrong:
            console.print(_BACK.fill(n=number(wrong), path=returned, head=head).translate(language), markup=False)
    if wrong:
        raise typer.Exit(1)


def _tell(sheet: Sheet, rows: list[dict[str, Any]], language: str) -> None:
    if sheet.unknown:
        console.print(_UNKNOWN.fill(heads=", ".join(sheet.unknown)).translate(language), markup=False)
    for row in rows:
        for one in row["wrong"]:
            console.print(_ROW.fill(n=row["row"], told=one).translate(language), markup=False)


def _formulas(sheet: Sheet, row_index: int) -> list[Message]:
    """Return what there is to say of a row's formulas, which are never computed."""
    columns = [column for row, column in sorted(sheet.formulas) if row == row_index and sheet.keys[column]]
    return [_FORMULA.fill(head=sheet.heads[column].rstrip(" *")) for column in columns]


def _write(row: Row, folder: Path) -> list[Message]:
    """Write the source's file; what there is to say where another one is there."""
    path = folder / f"{row.values['id']}.toml"
    if path.exists():
        present, _ = check_source(read_toml(path, "source"))
        return [] if present == parse_toml(row.text, Source, str(path)) else [_EXISTS.fill(path=path)]
    write_file(path, row.text)
    return []


def _folded_head(language: str) -> str:
    """Return a part of the returned sheet's name: `corregir`, `corrigir`, `correct`."""
    return TO_CORRECT.translate(language).split()[-1].lower()
