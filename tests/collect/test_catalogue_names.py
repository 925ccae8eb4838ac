"""Catalogues name files and are read from workbooks; mistakes in them are reported."""

from __future__ import annotations

import json
import re
import unicodedata
import zipfile
from typing import TYPE_CHECKING, Any

import openpyxl
import pymarc
import pytest

from latam_corpus.catalog.source import Source
from latam_corpus.collect.files import list_inputs, read_all
from latam_corpus.errors import ConfigError

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

_FILES = ("cantos/uno.txt", "prosa/uno.txt", "cantos/río.txt", "dos.txt", "dos.md", "1896/tres.txt", "4.txt")


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """Create files in several folders: two with the same name, and two that differ only in their suffix."""
    for name in _FILES:
        (tmp_path / name).parent.mkdir(exist_ok=True)
        (tmp_path / name).write_text(f"Es {name}.", encoding="utf-8")
    return tmp_path


def _source(file: str = "c.csv", **columns: Any) -> Source:
    collect = {"index": {"file": file}, "columns": columns}
    return Source.model_validate({"id": "envio", "title": "Envío", "holder": "Biblioteca", "collect": collect})


def _told(source: Source, where: Path) -> tuple[dict[str, str], list[dict[str, Any]]]:
    """Return the titles of the files that have one, and the evidence of the failed rows."""
    rows = [row for frame in read_all(source, list_inputs(source, where)) for row in frame.iter_rows(named=True)]
    failed = [json.loads(row["evidence"]) for row in rows if row["drop_reason"]]
    return {row["origin"]["file"]: row["title"] for row in rows if not row["drop_reason"] and row["title"]}, failed


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("CANTOS/Uno.TXT", "cantos/uno.txt"),
        (r".\cantos\uno.txt", "cantos/uno.txt"),
        (r"D:\Envíos\2024\cantos\uno.txt", "cantos/uno.txt"),
        ("./prosa/../cantos/uno.txt", "cantos/uno.txt"),
        ("cantos/r%C3%ADo.txt", "cantos/río.txt"),
        (unicodedata.normalize("NFD", "río"), "cantos/río.txt"),
        ("file:///acervo/1896/tres.txt", "1896/tres.txt"),
        ("https://b.example/ver/tres.txt?tomo=1", "1896/tres.txt"),
        ("otra/dos.md", "dos.md"),
    ],
)
def test_a_name_is_written_in_many_ways(folder: Path, name: str, expected: str) -> None:
    """Case, accents, slashes and parent folders may differ from the file's own."""
    (folder / "c.csv").write_text(f"archivo,title\n{name},Título\n", encoding="utf-8")
    assert _told(_source(), folder) == ({expected: "Título"}, [])


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("uno.txt", ["cantos/uno.txt", "prosa/uno.txt"]),
        ("dos", ["dos.md", "dos.txt"]),
        ("prosa/río.txt", []),  # the folder exists, but hasn't this file
        ("cantos/dos.txt", []),
        ("../dos.txt", []),
        ("../../etc/dos.md", []),
        ("uno.pdf", []),
    ],
)
def test_a_name_that_may_mean_another_file_is_none(folder: Path, name: str, expected: list[str]) -> None:
    """The reader takes neither the first of two matches nor a match in another folder."""
    (folder / "c.csv").write_text(f"archivo,title\n{name},Título\n", encoding="utf-8")
    titles, (failed,) = _told(_source(), folder)
    assert (titles, failed["names"]) == ({}, [name])
    assert sorted(failed.get("several", {}).get(name, [])) == expected


def test_each_name_of_a_row_must_be_there(folder: Path) -> None:
    """If one of a row's three files is missing, the row describes two and reports the third."""
    (folder / "c.csv").write_text("archivo,title\ncantos/uno.txt; dos.txt; falta.txt,Tomo\n", encoding="utf-8")
    titles, (failed,) = _told(_source(), folder)
    assert titles == {"cantos/uno.txt": "Tomo", "dos.txt": "Tomo"}
    assert failed["names"] == ["falta.txt"]


def test_a_records_number_isnt_a_file_where_it_names_one(folder: Path) -> None:
    """Number 4 of the catalogue isn't the fourth file."""
    fields = [
        pymarc.Field(tag="001", data="4"),
        *(
            pymarc.Field(tag=tag, indicators=pymarc.Indicators(" ", " "), subfields=[pymarc.Subfield(code, text)])
            for tag, code, text in (("245", "a", "Coplas"), ("856", "u", "https://b.example/tres.txt"))
        ),
    ]
    (folder / "c.mrc").write_bytes(pymarc.Record(force_utf8=True, fields=fields).as_marc())
    assert _told(_source("c.mrc"), folder) == ({"1896/tres.txt": "Coplas"}, [])


@pytest.mark.parametrize(
    ("heads", "message"),
    [
        ("archivo,title,title", "the column «title» appears twice"),
        ("archivo,archivo,title", "the column «archivo» appears twice"),
        ("archivo,Title,nota", "the column «Title» isn't read; «title» would be"),
        ("archivo,title,creator", "«creators» would be; correct its head, or map it"),
        ("archivo,langauge,title", "«language» would be"),
    ],
)
@pytest.mark.parametrize("suffix", ["csv", "xlsx"])
def test_a_head_that_would_be_lost_is_told(folder: Path, suffix: str, heads: str, message: str) -> None:
    """A head that occurs twice, or is one letter away from a known one, is an error."""
    rows = [heads.split(","), ["cantos/uno.txt", "a", "b"]]
    if suffix == "csv":
        (folder / "c.csv").write_text("\n".join(map(",".join, rows)), encoding="utf-8")
    else:
        _workbook(folder / "c.xlsx", rows)
    with pytest.raises(ConfigError, match=re.escape(message)) as caught:
        list_inputs(_source(f"c.{suffix}"), folder)
    assert f"c.{suffix}" in str(caught.value)


def test_heads_of_other_things_are_no_mistakes(folder: Path) -> None:
    """`publisher` isn't a misspelt date, and columns that the source maps or leaves out are intended."""
    (folder / "c.csv").write_text(
        "archivo,publisher,titles,Creator,Composición,texts\ncantos/uno.txt,a,Coplas,b,c,d\n", encoding="utf-8"
    )
    assert _told(_source(title="titles", creators=False), folder)[0] == {"cantos/uno.txt": "Coplas"}


def _workbook(path: Path, *sheets: list[list[Any]]) -> None:
    book = openpyxl.Workbook()
    book.remove(book.active)
    for number, rows in enumerate(sheets, 1):
        sheet = book.create_sheet(f"Hoja {number}")
        for row in rows:
            sheet.append(row)
    book.save(path)


def _edited(path: Path, edit: Callable[[str], str]) -> None:
    """Write the workbook with its first sheet's XML changed, as other programs write it."""
    with zipfile.ZipFile(path) as packed:
        held = {name: packed.read(name) for name in packed.namelist()}
    name = "xl/worksheets/sheet1.xml"
    held[name] = edit(held[name].decode()).encode()
    with zipfile.ZipFile(path, "w") as packed:
        for each, raw in held.items():
            packed.writestr(each, raw)


@pytest.mark.parametrize(
    "dimension", ["", '<dimension ref="A1"/>', '<dimension ref="A1:A2"/>', '<dimension ref="B2:C9"/>']
)
def test_a_sheet_has_the_cells_that_it_has(folder: Path, dimension: str) -> None:
    """Programs omit the dimensions of a sheet, or write outdated ones."""
    rows = [["archivo", "nota", "title"], ["cantos/uno.txt", "", "Coplas"], ["prosa/uno.txt", "x", "Cuento"]]
    _workbook(folder / "c.xlsx", rows)
    _edited(folder / "c.xlsx", lambda xml: re.sub(r"<dimension[^>]*/>", dimension, xml))
    assert _told(_source("c.xlsx"), folder) == ({"cantos/uno.txt": "Coplas", "prosa/uno.txt": "Cuento"}, [])


def test_a_column_far_to_the_right_is_one(folder: Path) -> None:
    """There is no column after which a sheet ends."""
    rows = [["archivo", *(f"c{n}" for n in range(300)), "title"], ["cantos/uno.txt", *[""] * 300, "Coplas"]]
    _workbook(folder / "c.xlsx", rows)
    assert _told(_source("c.xlsx"), folder)[0] == {"cantos/uno.txt": "Coplas"}


def test_the_sheet_that_names_files_is_read(folder: Path) -> None:
    """Sheets with notes before it are ignored."""
    _workbook(folder / "c.xlsx", [["Léame", "2024"], ["Estos", "datos"]], [["archivo", "title"], ["dos.txt", "Dos"]])
    assert _told(_source("c.xlsx"), folder)[0] == {"dos.txt": "Dos"}


_HEADS = ["archivo", "title"]


@pytest.mark.parametrize(
    ("sheets", "message"),
    [
        (
            [[_HEADS, ["dos.txt", "Dos"]], [_HEADS, ["4.txt", "Cuatro"]]],
            "several of its sheets name files: Hoja 1, Hoja 2",
        ),
        ([[_HEADS, ["dos.txt", "Dos", "¡ojo!"]]], "c.xlsx, «Hoja 1»: «¡ojo!» in C2 is in a column without a head"),
        ([[_HEADS, ["dos.txt", "=A2"]]], "it has formulas without a value (sheet1.xml)"),
        ([[_HEADS, ["dos.txt", "#REF!"]]], "the formula in B2 has an error (#REF!)"),
        ([[]], "it has no rows"),
    ],
)
def test_what_a_workbook_would_lose_is_told(folder: Path, sheets: list[Any], message: str) -> None:
    """The error names the cell and the remedy."""
    _workbook(folder / "c.xlsx", *sheets)
    with pytest.raises(ConfigError, match=re.escape(message)):
        list_inputs(_source("c.xlsx"), folder)


def test_a_merged_cell_is_said_of_each_row_that_it_covers(folder: Path) -> None:
    """A blank that isn't one would take the source's rights; a head over two rows and an empty row say nothing."""
    path, reserved = folder / "c.xlsx", "Todos los derechos reservados"
    rows = [["dos.txt", "Rosa", reserved], ["4.txt"], ["1896/tres.txt"], ["dos.md", "Luis"], [], ["prosa/uno.txt"]]
    _workbook(path, [["archivo", "creators", "rights"], [None], *rows])
    book = openpyxl.load_workbook(path)
    for merged in ("B1:B2", "B3:B5", "C3:C7"):
        book.active.merge_cells(merged)
    book.save(path)
    frames = read_all(_source("c.xlsx", rights="rights"), list_inputs(_source("c.xlsx"), folder))
    terms_by_file = {
        row["origin"]["file"]: (row["creators"], row["rights"]) for frame in frames for row in frame.rows(named=True)
    }
    assert terms_by_file["dos.txt"] == terms_by_file["4.txt"] == terms_by_file["1896/tres.txt"] == (["Rosa"], reserved)
    assert terms_by_file["dos.md"] == (["Luis"], reserved)
    assert terms_by_file["prosa/uno.txt"] == (None, None)


def test_a_row_of_a_number_beyond_all_sheets_is_told(folder: Path) -> None:
    """Its empty rows would be counted for hours."""
    _workbook(folder / "c.xlsx", [_HEADS, ["dos.txt", "Dos"]])
    _edited(folder / "c.xlsx", lambda xml: xml.replace('r="2"', 'r="99999999999"'))
    with pytest.raises(ConfigError, match="it has more than 1048576 rows"):
        list_inputs(_source("c.xlsx"), folder)
