"""The commands `sources export` and `sources import`: write sources to a sheet, and a sheet to source files."""

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
from latam_corpus.desk.sheets.handout import handout_csv, handout_workbook
from latam_corpus.desk.sheets.sheet import language_of_heads, row_of, source_of
from latam_corpus.desk.sheets.sheet_columns import TO_CORRECT
from latam_corpus.desk.sheets.sheet_workbook import HAS_FORMULA, read_sheet, returned_workbook, with_notes
from latam_corpus.desk.source_argument import usable_source
from latam_corpus.errors import ConfigError
from latam_corpus.intake.check_source import check_source
from latam_corpus.messages import N_, Message, _, same
from latam_corpus.report.page_frame import write_file
from latam_corpus.text.display.spreadsheet_text import csv_text

if TYPE_CHECKING:
    from latam_corpus.desk.sheets.sheet import Row
    from latam_corpus.desk.sheets.sheet_workbook import Sheet

_DONE: Final = same("✓")
_EXISTS: Final = _("a file with other content is at {path} already; change the name in the catalogue, or move the file")
_TO_CORRECT: Final = _("rows to correct: {n}; see {path}, column «{head}»")
_UNKNOWN: Final = _("columns that aren't recognised, and are ignored: {heads}")


def export_sheet(
    sheet: Annotated[Path, typer.Argument(metavar="SHEET", help=N_("The sheet to write: .xlsx or .csv."))],
    sources: Annotated[
        list[str] | None,
        typer.Argument(metavar="SOURCE…", help=N_("Source files or ids."), autocompletion=completion.sources),
    ] = None,
    all_sources: Annotated[bool, typer.Option("--all", help=N_("All sources of the catalogue."))] = False,
    as_json: Json = False,
) -> None:
    """Write a sheet of sources to fill in, empty or with the named sources. XLSX has drop-down lists and help."""
    language = spoken()
    if sheet.exists():
        raise ConfigError(str(sheet), _("the file already exists"), _("give another name"))
    names = [*(sources or ()), *((source.id for source in shipped_sources()) if all_sources else ())]
    rows = [row_of(_text_of(name, language), language) for name in names]
    if sheet.suffix.lower() == ".xlsx":
        write_file(sheet, handout_workbook(rows, language, sheet))
    elif sheet.suffix.lower() == ".csv":
        write_file(sheet, handout_csv(rows, language))
    else:
        problem = _("«{suffix}» isn't a format for sheets", suffix=sheet.suffix)
        raise ConfigError(str(sheet), problem, _("end its name in .xlsx or .csv"))
    if as_json:
        print_json({"sheet": str(sheet), "sources": names})
    else:
        console.print(_("sheet: {path}", path=sheet))


def _text_of(named: str, language: str) -> str:
    """Read the text of a source file, and check that it is valid."""
    usable_source(named, language)
    return read_toml(Path(named) if named.endswith(".toml") else SOURCES / f"{named}.toml", "source")


def import_sheet(
    sheet: Annotated[Path, typer.Argument(metavar="SHEET", help=N_("The filled-in sheet: .xlsx or .csv."))],
    to: Annotated[Path, typer.Option("--to", help=N_("The folder for the source files."))] = Path("sources"),
    corrected: Annotated[
        Path | None, typer.Option("--back", help=N_("The file for the copy with corrections."))
    ] = None,
    as_json: Json = False,
) -> None:
    """Write a source file for each correct row of a sheet, and a copy of the sheet that lists what to correct.

    Existing files aren't overwritten, and the sheet itself isn't changed. Exit code 1 if a row needs correcting.
    """
    table = read_sheet(sheet)
    language = requested_language() or language_of_heads([head.rstrip(" *") for head in table.heads], spoken())
    returned = corrected or sheet.with_name(f"{sheet.stem}.{_name_suffix(language)}{sheet.suffix}")
    if returned.exists() and returned.samefile(sheet):
        raise ConfigError(
            str(returned), _("the imported sheet would be overwritten"), _("give another name with --back")
        )
    if returned.suffix.lower() != sheet.suffix.lower():
        problem = _("«{suffix}» isn't a format for sheets", suffix=returned.suffix)
        raise ConfigError(str(returned), problem, _("end its name in {suffix}", suffix=sheet.suffix))
    written_ids: list[str] = []
    notes: dict[int, str] = {}
    rows: list[dict[str, Any]] = []
    wrong_rows = 0
    for row_index in range(table.head_row + 1, len(table.rows)):
        cells = table.cells(row_index)
        if not cells:
            continue
        row = source_of(cells, written_ids)
        problems = [*row.wrong, *_formulas(table, row_index)] or _write(row, to)
        if not problems:
            written_ids.append(row.values["id"])
        wrong_rows += bool(problems)
        notes[row_index] = "\n".join(problem.translate(language) for problem in problems) or _DONE.translate(language)
        rows.append(
            {
                "row": row_index + 1,
                "id": cells.get("id"),
                "wrong": [problem.translate(language) for problem in problems],
            }
        )
    head = TO_CORRECT.translate(language)
    if sheet.suffix.lower() == ".xlsx":
        write_file(returned, returned_workbook(sheet, table, notes, head))
    else:
        write_file(returned, csv_text(with_notes(table, notes, head)))
    if as_json:
        print_json({"written": written_ids, "folder": str(to), "returned": str(returned), "rows": rows})
    else:
        _print_problems(table, rows, language)
        console.print(_("sources in {folder}: {n}", n=number(len(written_ids)), folder=to).translate(language))
        if wrong_rows:
            console.print(_TO_CORRECT.fill(n=number(wrong_rows), path=returned, head=head).translate(language))
    if wrong_rows:
        raise typer.Exit(1)


def _print_problems(sheet: Sheet, rows: list[dict[str, Any]], language: str) -> None:
    if sheet.unknown:
        console.print(_UNKNOWN.fill(heads=", ".join(sheet.unknown)).translate(language))
    for row in rows:
        for problem in row["wrong"]:
            console.print(_("row {n}: {problem}", n=row["row"], problem=problem).translate(language))


def _formulas(sheet: Sheet, row_index: int) -> list[Message]:
    """Return one problem per formula in a row, since formulas are never computed."""
    columns = [column for row, column in sorted(sheet.formulas) if row == row_index and sheet.keys[column]]
    return [HAS_FORMULA.fill(head=sheet.heads[column].rstrip(" *")) for column in columns]


def _write(row: Row, folder: Path) -> list[Message]:
    """Write a source file; return the problem if the file already exists for another source."""
    path = folder / f"{row.values['id']}.toml"
    if path.exists():
        existing_source, _ = check_source(read_toml(path, "source"))
        return [] if existing_source == parse_toml(row.text, Source, str(path)) else [_EXISTS.fill(path=path)]
    write_file(path, row.text)
    return []


def _name_suffix(language: str) -> str:
    """Return the suffix for the name of the sheet with corrections: `corregir`, `corrigir` or `correct`."""
    return TO_CORRECT.translate(language).split()[-1].lower()
