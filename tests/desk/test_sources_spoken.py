"""Failed commands give librarians the place, the problem and the remedy in their language, without a traceback."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING

import openpyxl
import pytest

from latam_corpus.catalog.source import load_source
from latam_corpus.intake.preview_page import lines_left_out
from latam_corpus.pipeline.stored_runs.reasons import in_plain_words

if TYPE_CHECKING:
    from pathlib import Path

    from conftest import CommandLine

_GOOD = 'id = "buena"\ntitle = "T"\nholder = "H"\n[collect]\nfiles = ["**/*.html"]\n'
_WRONG = [
    ("check carpeta.toml", "carpeta.toml: no se puede usar: es una carpeta; describa sus textos"),
    ("check nada.toml", "nada.toml: ese archivo no existe; revise la ruta"),
    ("new --template nada", "no hay ninguna plantilla «nada»; elija: dspace"),
    ("new --blank", "no se indicó ninguna plantilla; indíquela con --template"),
    ("new --blank --template ojs buena.toml/x.toml", "una parte de la ruta no es una carpeta"),
    ("list --country Ruritania", "«Ruritania» no se reconoce como país; escriba su código"),
    ("list --genre cachivaches", "«cachivaches» no es una de las opciones; elija una: prensa, literatura"),
    ("list --language xxxx", "«xxxx» no se reconoce como lengua"),
    ("preview nada.toml", "nada.toml: ese archivo no existe"),
    ("preview carpeta.toml", "es una carpeta; describa sus textos"),
    ("preview latina.toml", "latina.toml: el archivo no es texto UTF-8; guárdelo otra vez"),
    ("preview nada", "en el catálogo no hay ninguna fuente «nada»"),
    ("preview buena.toml --input no-hay", "entrada de buena: en «no-hay» no hay nada"),
    ("preview buena.toml --input vacia", "en «vacia» no hay **/*.html"),
    ("preview ailla", "fuente ailla: primero hay que pedir permiso a University of Texas"),
    ("export hoja.csv", "hoja.csv: el archivo ya existe; dé otro nombre"),
    ("export hoja.ods", "«.ods» no es un formato de planilla; termine el nombre en .xlsx o .csv"),
    ("export otra.csv rota.toml", "rota.toml: línea 1: falta la comilla que cierra"),
    ("export buena.toml/x.csv", "no se puede escribir ahí: ya existe un archivo con ese nombre; indique otro lugar"),
    ("import vacia", "vacia: no se puede usar: es una carpeta; revise la ruta"),
    ("import hoja.csv --back hoja.xlsx", "«.xlsx» no es un formato de planilla; termine el nombre en .csv"),
    ("import ajena.csv", "ninguna fila tiene los encabezados de columna esperados; use una planilla escrita con"),
    ("import rota.xlsx", "rota.xlsx: no es un libro de Excel"),
    (f"check {'x' * 300}.toml", "no se puede"),
]


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Write good and bad files of all kinds, and make their folder the current one."""
    monkeypatch.chdir(tmp_path)
    for name in ("carpeta.toml", "vacia"):
        (tmp_path / name).mkdir()
    (tmp_path / "buena.toml").write_text(_GOOD, encoding="utf-8")
    (tmp_path / "rota.toml").write_text('id = "x\n', encoding="utf-8")
    (tmp_path / "latina.toml").write_bytes('title = "España"'.encode("latin-1"))
    (tmp_path / "hoja.csv").write_text("Nombre en el catálogo;Título;Quién la tiene\na;A;B\n", encoding="utf-8")
    (tmp_path / "ajena.csv").write_text("uno;dos\n1;2\n", encoding="utf-8")
    (tmp_path / "rota.xlsx").write_bytes(b"PK no")
    return tmp_path


@pytest.mark.parametrize(("line", "message"), _WRONG, ids=[line[:40] for line, _ in _WRONG])
@pytest.mark.usefixtures("folder")
def test_what_cannot_be_done_is_told_in_the_language(command_line: CommandLine, line: str, message: str) -> None:
    """The error is in Spanish, and in other words in Portuguese and English."""
    spoken = [command_line("sources", *line.split(), "--lang", language) for language in ("es", "pt", "en")]
    assert {result.code for result in spoken} == {2}
    assert message in spoken[0].err
    assert len({result.err for result in spoken}) == 3
    assert not any("Traceback" in result.err for result in spoken)


def test_a_closed_standard_input_ends_the_questions(
    command_line: CommandLine, folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """As with an empty input, nothing is written, and the command says so."""
    monkeypatch.setattr(sys, "stdin", None)
    previous = sorted(folder.iterdir())
    result = command_line("sources", "new", "--template", "folder", "--lang", "es")
    assert (result.code, "no queda ninguna respuesta" in result.err) == (2, True)
    assert sorted(folder.iterdir()) == previous


def test_a_file_of_endless_brackets_is_told(command_line: CommandLine, tmp_path: Path) -> None:
    """The nesting is deeper than Python reads."""
    path = tmp_path / "honda.toml"
    path.write_text("a = " + "[" * 5000 + "]" * 5000, encoding="utf-8")
    result = command_line("sources", "check", path, "--lang", "es")
    assert (result.code, "no se entiende" in result.out) == (1, True)


def test_a_terminal_obeys_nothing_that_a_text_says(command_line: CommandLine, folder: Path) -> None:
    """Colours, titles and bells in a text don't reach the terminal."""
    (folder / "texto.html").write_text("<p>La \x1b[31mbarca\x9b\x07 &#27;[0m salió &#x7; &#0;</p>", encoding="utf-8")
    result = command_line("sources", "preview", "buena.toml", "--input", folder / "texto.html", "--lang", "es")
    assert "barca" in result.out
    assert not set("\x1b\x9b\x07") & set(result.out)


def test_the_title_is_not_struck_out_and_reasons_are_said() -> None:
    """The title is the document's; empty and withdrawn files are reported in words."""
    assert list(lines_left_out("La barca\nMenú\nSalió.", "Salió.", "La barca")) == [
        ("La barca", False), ("Menú", True), ("Salió.", False),
    ]  # fmt: skip
    assert in_plain_words("unreadable:empty file", None)[0].translate("es").endswith("el archivo está vacío")
    assert in_plain_words("withdrawn", None)[0].translate("pt") == "foi retirado pelo titular dos direitos"


def test_many_rows_merged_cells_and_formulas_are_read(command_line: CommandLine, folder: Path) -> None:
    """Good rows become files; the others are reported by their displayed number."""
    book = openpyxl.Workbook()
    page = book.active
    page.append(["Nombre en el catálogo", "Título", "Quién la tiene"])
    for number in range(300):
        page.append([f"fuente-{number}", "T", "B"])
    page.append(["=1+1", "T", "B"])
    page.append(["fundida", "", ""])
    page.merge_cells("A303:C303")
    book.save(folder / "grande.xlsx")
    result = command_line("sources", "import", "grande.xlsx", "--lang", "es")
    assert result.code == 1
    assert "fila 302: «Nombre en el catálogo»: la celda contiene una fórmula" in result.out
    assert "fila 303: «Título»: falta" in result.out
    assert "fuentes en sources: 300" in result.out
    assert load_source("sources/fuente-299.toml").title == "T"
