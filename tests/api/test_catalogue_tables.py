"""Catalogues as people keep them, the form of a file that a catalogue states, pages as pictures, and progress."""

from __future__ import annotations

import textwrap
from typing import TYPE_CHECKING

import pytest

import latam_corpus as lc
from latam_corpus.api.catalogue_tables import read_catalogue
from latam_corpus.api.previews import page_picture
from latam_corpus.api.progress import LineProgress
from latam_corpus.pipeline.execution.events import BarrierStarted

if TYPE_CHECKING:
    from pathlib import Path

_VERSE = (
    "Río que bajas cantando,\nllévame el nombre contigo,\nque en la orilla está esperando\nla sombra de un amigo.\n"
)
_PROSE = textwrap.fill(
    "En el año de 1932 la biblioteca de la ciudad recibió una donación de libros que venían de la casa de un maestro. "
    "Los vecinos ayudaron a llevarlos en carretas, y durante muchas semanas se reunieron por las tardes para "
    "ordenarlos por materias en la sala que fue después la primera escuela de la comunidad.\n",
    72,
)


def test_the_column_that_names_files_is_found_by_its_cells(tmp_path: Path) -> None:
    """The column that names files is found by its cells, and a file without a row has the closest name."""
    (tmp_path / "c.csv").write_text("Obra,Tomo\ncancion 1,I\nDOS.TXT,II\nperdida.txt,III\n", encoding="utf-8")
    table = read_catalogue(tmp_path / "c.csv", ["a/Canción_1.txt", "dos.txt", "perdidas.txt"])
    assert table.column == "Obra"
    assert [row.files for row in table.rows] == [("a/Canción_1.txt",), ("dos.txt",), ()]
    assert table.rows[2].missing == ("perdida.txt",)
    assert table.near == {"perdidas.txt": "perdida.txt"}
    with pytest.raises(lc.ConfigError, match="Titulo"):
        read_catalogue(tmp_path / "c.csv", ["dos.txt"], column="Titulo")


def test_a_table_that_names_no_file_has_its_rows_and_no_column(tmp_path: Path) -> None:
    """A table in Windows-1252 that names no file has its rows, and no column that names files."""
    (tmp_path / "c.csv").write_bytes("Título;Año\nCanción;1932\n".encode("cp1252"))
    table = read_catalogue(tmp_path / "c.csv", ["uno.txt"])
    assert (table.heads, table.column) == (("Título", "Año"), "")
    assert table.rows[0].cells == {"Título": "Canción", "Año": "1932"}
    assert table.columns == {"Título": "title", "Año": "published"}


def test_a_damaged_table_is_an_error_with_its_name(tmp_path: Path) -> None:
    """A damaged table is an error with its own name, not that of the stored file."""
    for name in ("c.xlsx", "c.ods"):
        (tmp_path / "stored").write_bytes(b"PK\x03\x04 no")
        with pytest.raises(lc.ConfigError, match=name):
            read_catalogue(tmp_path / "stored", name=name)


def test_a_catalogue_states_the_form_of_a_file(tmp_path: Path) -> None:
    """The column `form` of a catalogue decides how the lines of each file are joined; other words are ignored."""
    for name, text in (("a.txt", _VERSE), ("b.txt", _PROSE), ("c.txt", _PROSE)):
        (tmp_path / name).write_text(text, encoding="utf-8")
    (tmp_path / "lista.csv").write_text("archivo,form\na.txt,prose\nb.txt,verse\nc.txt,pdf\n", encoding="utf-8")
    source = tmp_path / "cantos.toml"
    source.write_text(
        'id = "cantos"\ntitle = "Cantos"\nholder = "Biblioteca"\n[collect]\nfiles = ["*.txt"]\n'
        'index.file = "lista.csv"\n',
        encoding="utf-8",
    )
    lines = {item.file: item.text.count("\n") for item in lc.preview(source, tmp_path)}
    assert lines["a.txt"] == 0
    assert lines["b.txt"] > lines["c.txt"]


def test_a_previewed_text_says_which_lines_were_left_out(tmp_path: Path) -> None:
    """A menu of a page is a line that was left out."""
    page = f"<html><body><nav>Inicio</nav><article><p>{_PROSE}</p><p>{_PROSE}</p></article></body></html>"
    (tmp_path / "a.html").write_text(page, encoding="utf-8")
    source = tmp_path / "cantos.toml"
    source.write_text(
        'id = "cantos"\ntitle = "Cantos"\nholder = "B"\n[collect]\nfiles = ["*.html"]\n', encoding="utf-8"
    )
    (item,) = lc.preview(source, tmp_path)
    assert ("Inicio", True) in item.original_lines
    assert item.original_lines[-1][1] is False


def test_a_page_that_is_not_there_is_an_error(tmp_path: Path) -> None:
    """A damaged PDF has no page to draw."""
    (tmp_path / "a.pdf").write_bytes(b"%PDF-1.4 no")
    with pytest.raises(lc.ConfigError, match=r"a\.pdf"):
        page_picture(tmp_path / "a.pdf")


def test_progress_is_told_to_a_function() -> None:
    """A function is called with each step, how much of it is done, and how much there is."""
    calls: list[tuple[str, int, int]] = []
    with LineProgress(shown=lambda *call: calls.append(call)) as line:
        line.show(BarrierStarted("dedupe", 12))
        line.step("compare", 3, 9)
    assert calls == [("dedupe", 0, 0), ("compare", 3, 9)]
