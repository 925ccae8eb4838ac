"""`sources export` and `import`: a sheet that people fill in, and source files of its good rows; nothing is lost."""

from __future__ import annotations

import csv
import io
import sys
import zipfile
from datetime import date, datetime
from typing import TYPE_CHECKING, Any

import openpyxl
import pytest
from hypothesis import given
from hypothesis import strategies as st

from latam_corpus.catalog.source import SOURCES, Source, load_source
from latam_corpus.config.toml_model import parse_toml
from latam_corpus.desk.sheets.handout import handout_csv
from latam_corpus.desk.sheets.sheet import row_of, source_of
from latam_corpus.desk.sheets.sheet_columns import FIELDS, OTHER, field_of
from latam_corpus.desk.sheets.sheet_workbook import read_sheet
from latam_corpus.messages import LANGUAGES
from latam_corpus.text.display.spreadsheet_text import csv_text

if TYPE_CHECKING:
    from pathlib import Path

    from conftest import CommandLine

_GOOD = {
    "id": "cartas", "title": "Cartas", "holder": "Familia", "genre": "literatura", "country": "Chile",
    "languages": "español; mapudungun", "rights.statement": "CC BY 4.0", "rights.basis": "licencia",
    "rights.uses": "entrenar, evaluar",
}  # fmt: skip
_BAD = {"id": "Otra Mala", "title": "x", "country": "Ruritania", "genre": "cachivaches"}


def _fill(path: Path, rows: list[dict[str, Any]], language: str = "es") -> None:
    """Fill in rows of an exported workbook, as a person would."""
    book = openpyxl.load_workbook(path)
    page = book.worksheets[0]
    places = {str(cell.value).rstrip(" *"): cell.column for cell in page[1]}
    for number, row in enumerate(rows, 2):
        for key, value in row.items():
            field = field_of(key)
            head = field.head.translate(language) if field else key
            if head not in places:
                places[head] = page.max_column + 1
                page.cell(1, places[head], head)
            page.cell(number, places[head], value)
    book.save(path)


def _column(path: Path, head: str) -> list[Any]:
    page = openpyxl.load_workbook(path).worksheets[0]
    place = next(cell.column for cell in page[1] if cell.value == head)
    return [page.cell(number, place).value for number in range(2, page.max_row + 1)]


@pytest.mark.parametrize("language", list(LANGUAGES))
@pytest.mark.parametrize("path", sorted(SOURCES.glob("*.toml")), ids=lambda path: path.stem)
def test_a_source_survives_the_way_through_a_row(path: Path, language: str) -> None:
    """Each source of the catalogue survives in each language; values without a column are TOML in the last one."""
    text = path.read_text(encoding="utf-8")
    row = source_of(row_of(text, language))
    assert not row.wrong
    assert parse_toml(row.text, Source, "fila") == parse_toml(text, Source, "archivo")


@pytest.mark.parametrize("language", list(LANGUAGES))
def test_the_workbook_has_drop_downs_and_a_page_that_explains_it(
    command_line: CommandLine, tmp_path: Path, language: str
) -> None:
    """Every column has a head in the sheet's language and a line in each; those with choices offer them."""
    path = tmp_path / "hoja.xlsx"
    assert command_line("sources", "export", path, "--lang", language).code == 0
    book = openpyxl.load_workbook(path)
    page, how, words = book.worksheets
    assert [str(cell.value).rstrip(" *") for cell in page[1]] == [
        field.head.translate(language) for field in (*FIELDS, OTHER)
    ]
    explained = {cell.value for row in how.iter_rows() for cell in row}
    assert {why for field in FIELDS for why in field.why.translations().values()} <= explained
    validations = page.data_validations.dataValidation
    assert len(validations) == sum(bool(field.names) for field in FIELDS)
    assert all(words.title in validation.formula1 for validation in validations)
    assert words.sheet_state == "hidden"
    assert page["A5"].number_format == "@"


def test_good_rows_become_files_and_the_sheet_comes_back_with_what_to_correct(
    command_line: CommandLine, tmp_path: Path
) -> None:
    """The imported sheet is unchanged; the corrected one has all its cells and one more column."""
    path, folder = tmp_path / "hoja.xlsx", tmp_path / "fuentes"
    command_line("sources", "export", path, "--lang", "es")
    _fill(path, [_GOOD, {}, _BAD, _GOOD | {"title": "Otras"}, {"columna mía": "apunte", **_GOOD, "id": "otras"}])
    came = path.read_bytes()
    result = command_line("sources", "import", path, "--to", folder)
    assert result.code == 1
    assert sorted(file.name for file in folder.iterdir()) == ["cartas.toml", "otras.toml"]
    source = load_source(folder / "cartas.toml")
    assert (source.country, source.languages, source.uses) == ("CL", ("spa", "arn"), ("train", "evaluate"))
    assert path.read_bytes() == came
    corrected = tmp_path / "hoja.corregir.xlsx"
    good, empty, bad, duplicates, with_extra_column = _column(corrected, "Qué corregir")[:5]
    assert (good, empty, with_extra_column) == ("✓", None, "✓")
    assert "«Institución que la custodia»: falta" in bad
    assert "«País»: «Ruritania» no se reconoce como país" in bad
    assert "«cartas» ya se usa en otra fila" in duplicates
    assert "fila 4: «Género»: «cachivaches» no es una de las opciones" in result.out
    assert "columnas que no se reconocen y no se usan: columna mía" in result.out
    assert _column(corrected, "columna mía")[4] == "apunte"
    assert _column(corrected, "Título *")[:5] == ["Cartas", None, "x", "Otras", "Cartas"]
    assert len(openpyxl.load_workbook(corrected).worksheets[0].data_validations.dataValidation) > 5


def test_a_corrected_sheet_can_be_given_back(command_line: CommandLine, tmp_path: Path) -> None:
    """Rows that were written before are still correct; the column is refilled and not duplicated."""
    path, folder = tmp_path / "hoja.xlsx", tmp_path / "fuentes"
    command_line("sources", "export", path, "--lang", "pt")
    _fill(path, [_GOOD, _BAD], "pt")
    assert command_line("sources", "import", path, "--to", folder).code == 1
    corrected, second_sheet = tmp_path / "hoja.corrigir.xlsx", tmp_path / "dos.xlsx"
    _fill(corrected, [{}, _GOOD | {"id": "otra"}], "pt")
    assert command_line("sources", "import", corrected, "--to", folder, "--back", second_sheet).code == 0
    assert _column(second_sheet, "O que corrigir")[:2] == ["✓", "✓"]
    heads = [cell.value for cell in openpyxl.load_workbook(second_sheet).worksheets[0][1]]
    assert heads.count("O que corrigir") == 1
    assert len(list(folder.iterdir())) == 2
    assert command_line("sources", "import", second_sheet, "--back", second_sheet).code == 2


def test_a_file_that_is_there_is_not_written_over(command_line: CommandLine, tmp_path: Path) -> None:
    """The row is reported, and the file is unchanged."""
    path, folder = tmp_path / "hoja.csv", tmp_path / "fuentes"
    folder.mkdir()
    existing = folder / "cartas.toml"
    existing.write_text('id = "cartas"\ntitle = "Otras"\nholder = "Nadie"\n', encoding="utf-8")
    path.write_text(handout_csv([_GOOD], "es"), encoding="utf-8")
    result = command_line("sources", "import", path, "--to", folder)
    assert (result.code, "ya existe con otro contenido" in result.out) == (1, True)
    assert "Nadie" in existing.read_text(encoding="utf-8")


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "cp1252", "utf-16"])
@pytest.mark.parametrize("mark", [",", ";", "\t"])
def test_csv_is_read_as_spreadsheet_programs_save_it(tmp_path: Path, encoding: str, mark: str) -> None:
    """Any separator and charset is read, and the heads may be below a title."""
    heads = [field.head.translate("es") for field in FIELDS]
    rows = [["Fuentes de la biblioteca"], [], heads, [_GOOD.get(field.key, "") for field in FIELDS]]
    buffer = io.StringIO()
    csv.writer(buffer, delimiter=mark).writerows(rows)
    path = tmp_path / "hoja.csv"
    path.write_bytes(buffer.getvalue().encode(encoding))
    sheet = read_sheet(path)
    assert sheet.head_row == 2
    row = source_of(sheet.cells(3))
    assert not row.wrong
    assert row.values["languages"] == ["spa", "arn"]


@given(st.text(alphabet=st.characters(codec="utf-8", exclude_characters="\r\x00"), max_size=30))
def test_no_cell_of_ours_is_a_formula_and_each_is_read_back(text: str) -> None:
    """A program that opens the CSV sees text; reading it gives the same words."""
    written = csv_text([["Título", text]])
    [[_, cell]] = csv.reader(io.StringIO(written.removeprefix("\ufeff"), newline=""), delimiter=";")
    assert not cell.startswith(("=", "+", "-", "@", "\t"))
    assert (cell[1:] if cell != text else cell) == text


def test_formulas_are_text_in_what_comes_back_and_never_computed(command_line: CommandLine, tmp_path: Path) -> None:
    """A formula cell is reported; text that looks like a formula is kept as text."""
    path, folder = tmp_path / "hoja.xlsx", tmp_path / "fuentes"
    command_line("sources", "export", path, "--lang", "es")
    _fill(path, [_GOOD | {"title": '=HYPERLINK("https://x.example")'}, _GOOD | {"id": "dos", "title": "@canto"}])
    assert command_line("sources", "import", path, "--to", folder).code == 1
    assert [file.name for file in folder.iterdir()] == ["dos.toml"]
    assert load_source(folder / "dos.toml").title == "@canto"
    page = openpyxl.load_workbook(tmp_path / "hoja.corregir.xlsx").worksheets[0]
    assert all(cell.data_type != "f" for row in page.iter_rows() for cell in row)
    assert page["B2"].value == '=HYPERLINK("https://x.example")'
    assert "la celda contiene una fórmula" in _column(tmp_path / "hoja.corregir.xlsx", "Qué corregir")[0]
    command_line("sources", "export", tmp_path / "otra.xlsx", folder / "dos.toml", "--lang", "es")
    cell = openpyxl.load_workbook(tmp_path / "otra.xlsx").worksheets[0]["B2"]
    assert (cell.value, cell.data_type, cell.quotePrefix) == ("@canto", "s", True)


def test_cells_that_a_program_made_dates_or_numbers_are_read_as_seen(tmp_path: Path) -> None:
    """A date is its day, a whole number has no decimals."""
    book = openpyxl.Workbook()
    book.active.append(["Nombre en el catálogo", "Título", "Quién la tiene", "Vale hasta", "Leída el"])
    book.active.append(["cartas", 1984.0, "Familia", datetime(2031, 12, 31, 10, 30), date(2026, 1, 2)])  # noqa: DTZ001
    book.save(tmp_path / "hoja.xlsx")
    cells = read_sheet(tmp_path / "hoja.xlsx").cells(1)
    assert (cells["title"], cells["rights.expires"], cells["rights.quoted_on"]) == ("1984", "2031-12-31", "2026-01-02")


def test_a_merged_cell_is_said_of_each_row_and_a_merged_formula_too(tmp_path: Path) -> None:
    """As for a reader of the sheet, the value applies to both rows."""
    book = openpyxl.Workbook()
    for row in (["Nombre en el catálogo", "Título", "Quién la tiene"], ["uno", "=A2", "Familia"], ["dos"]):
        book.active.append(row)
    book.active.merge_cells("B2:B3")
    book.active.merge_cells("C2:C3")
    book.save(tmp_path / "hoja.xlsx")
    sheet = read_sheet(tmp_path / "hoja.xlsx")
    assert sheet.cells(2)["holder"] == "Familia"
    assert {(1, 1), (2, 1)} == sheet.formulas


@pytest.mark.parametrize(
    ("cells", "message"),
    [
        ({"collect.kind": "sitio web"}, "«Dirección para recolectar»: falta"),
        ({"rights.basis": ""}, "«Fundamento»: falta; elija: licencia"),
        ({"rights.statement": "todos"}, "«Licencia o derechos»: «todos» no se reconoce como licencia"),
        ({"rights.statement": ""}, "«Licencia o derechos»: falta"),
        ({"languages": "español, xxq"}, "«Lenguas»: «xxq» no se reconoce"),
        ({"other": "a = "}, "«Otros datos (TOML)»: no es TOML"),
        ({"other": "[collect]\ngather = true"}, "`gather` necesita `group`"),
        ({"rights.expires": "mañana"}, "«Vale hasta»: «mañana» no es una fecha"),
        ({"homepage": "cartas"}, "«Página»: «cartas» no es una dirección completa"),
    ],
)
def test_what_is_wrong_in_a_row_is_told_by_the_columns_name(cells: dict[str, str], message: str) -> None:
    """Each problem is reported once, and the row is not a source."""
    row = source_of(_GOOD | cells)
    assert not row.values
    assert message in " · ".join(problem.translate("es") for problem in row.wrong)
    assert len(row.wrong) == 1


@pytest.mark.parametrize("name", ["nada.xlsx", "roto.xlsx", "vacio.csv", "otro.ods", "ajeno.csv", "bomba.xlsx"])
def test_a_file_that_is_no_sheet_of_sources_is_told(command_line: CommandLine, tmp_path: Path, name: str) -> None:
    """A missing, broken, empty or too large file, one of another format or without the heads, gives exit code 2."""
    path = tmp_path / name
    if name == "roto.xlsx":
        path.write_bytes(b"PK\x03\x04 no es un libro")
    elif name == "bomba.xlsx":
        with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as packed:
            packed.writestr("xl/workbook.xml", b" " * (201 * 2**20))
    elif name != "nada.xlsx":
        path.write_text("" if name == "vacio.csv" else "uno;dos\n1;2\n", encoding="utf-8")
    result = command_line("sources", "import", path, "--to", tmp_path / "fuentes")
    assert result.code == 2
    assert name in result.err


def test_without_the_package_a_workbook_is_refused_and_csv_is_read(
    command_line: CommandLine, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The error names the extra that has the package."""
    monkeypatch.setitem(sys.modules, "openpyxl", None)
    result = command_line("sources", "export", tmp_path / "hoja.xlsx")
    assert (result.code, "latam-corpus[sheets]" in result.err) == (2, True)
    assert command_line("sources", "export", tmp_path / "hoja.csv", "conha19", "--lang", "es").code == 0
    assert command_line("sources", "import", tmp_path / "hoja.csv", "--to", tmp_path / "fuentes").code == 0
    assert load_source(tmp_path / "fuentes" / "conha19.toml") == load_source("conha19")
