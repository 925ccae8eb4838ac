"""The heads of tables below a title, and the totals and notes below the rows."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import openpyxl
import pytest

from latam_corpus.catalog.source import Source
from latam_corpus.collect.documents.contract import Facts, inputs_reported
from latam_corpus.collect.examine import examine
from latam_corpus.collect.files import list_inputs, read, read_all, split
from latam_corpus.errors import ConfigError, PartError
from latam_corpus.pipeline.execution.contracts import input_lines, input_values

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

_HEADS = ["archivo", "título", "licencia", "género"]
_CELLS = [["uno.txt", "Coplas", "CC BY 4.0", "canción"], ["dos.txt", "Cartas", "CC BY-NC 4.0", "cuento"]]
_TITLE = [["Catálogo del archivo, 2024"], [], ["Elaborado por:", "Rosa Paz"], []]
_RIGHTS = {"statement": "CC0-1.0", "basis": "licence", "uses": ["train", "redistribute", "evaluate"]}


def _source(**collect: Any) -> Source:
    values = {"id": "fondo", "title": "Fondo", "holder": "Biblioteca", "rights": _RIGHTS, "collect": collect}
    return Source.model_validate(values)


def _write(path: Path, rows: Sequence[Sequence[str]], *, padded: bool = True) -> None:
    """Write a sheet as a spreadsheet program does: a title is merged over the columns; CSV has empty cells."""
    width = max(map(len, rows))
    if path.suffix == ".xlsx":
        book = openpyxl.Workbook()
        page = book.active
        assert page is not None
        for row in rows:
            page.append(list(row))
        if len(rows[0]) == 1:
            page.merge_cells(start_row=1, end_row=1, start_column=1, end_column=width)
        book.save(path)
        return
    full = [[*row, *[""] * (width - len(row))] if padded else row for row in rows]
    path.write_text("".join(";".join(row) + "\n" for row in full), encoding="utf-8")


def _folder(tmp_path: Path, name: str, rows: Sequence[Sequence[str]], *, padded: bool = True) -> Source:
    for text in ("uno.txt", "dos.txt"):
        (tmp_path / text).write_text("La barca salió.", encoding="utf-8")
    _write(tmp_path / name, rows, padded=padded)
    return _source(index={"file": name}, columns={"title": "título", "genre": "género"})


def _by_file(source: Source, folder: Path) -> dict[str, dict[str, Any]]:
    frames = read_all(source, list_inputs(source, folder))
    return {row["origin"]["file"]: row for frame in frames for row in frame.iter_rows(named=True) if row["raw"]}


@pytest.mark.parametrize("name", ["catalogo.csv", "catalogo.xlsx"])
@pytest.mark.parametrize("padded", [True, False])
def test_a_catalogue_may_have_a_title(tmp_path: Path, name: str, padded: bool) -> None:
    """Above its heads, with empty rows and a note; `check` and `run` name the row that is taken."""
    source = _folder(tmp_path, name, [*_TITLE, _HEADS, *_CELLS], padded=padded)
    rows = _by_file(source, tmp_path)
    results = {file: (row["title"], row["genre"], row["rights_tier"]) for file, row in rows.items()}
    assert results == {
        "uno.txt": ("Coplas", "lyrics", "attribution"),
        "dos.txt": ("Cartas", "literature", "non_commercial"),
    }
    seen = examine(source, str(tmp_path))
    assert any("the header is taken to be row 5" in str(doubt.problem) for doubt in seen.doubts)
    assert any("the header is taken to be row 5" in str(one) for one in inputs_reported("fondo", seen.facts))
    record = input_values({"fondo": Facts.of(seen.facts.as_dict())})
    assert [f"«{name}»" in str(line) for line in input_lines(record)] == [True]


@pytest.mark.parametrize("name", ["catalogo.csv", "catalogo.xlsx"])
def test_heads_in_the_first_row_are_reported_to_no_one(tmp_path: Path, name: str) -> None:
    """As most tables have them."""
    source = _folder(tmp_path, name, [_HEADS, *_CELLS])
    assert len(_by_file(source, tmp_path)) == 2
    assert not any("header" in str(doubt.problem) for doubt in examine(source, str(tmp_path)).doubts)


@pytest.mark.parametrize("name", ["catalogo.csv", "catalogo.xlsx"])
def test_two_rows_that_may_be_the_heads_end_the_command(tmp_path: Path, name: str) -> None:
    """No one can decide which is right; the error names both rows."""
    other = ["código", "nombre", "permiso", "clase"]
    source = _folder(tmp_path, name, [other, _HEADS, *_CELLS])
    with pytest.raises(ConfigError, match="row 1 and row 2 both look like the header") as raised:
        list_inputs(source, tmp_path)
    assert name in str(raised.value)


@pytest.mark.parametrize("name", ["catalogo.csv", "catalogo.xlsx"])
@pytest.mark.parametrize("last", ["Total: 2", "TOTAL GENERAL", "Fuente: inventario de 1998", "Elaborado por Rosa Paz"])
def test_totals_and_notes_describe_no_file(tmp_path: Path, name: str, last: str) -> None:
    """They are reported as totals or notes."""
    source = _folder(tmp_path, name, [*_TITLE, _HEADS, *_CELLS, [], [last, "", "", ""]])
    assert len(_by_file(source, tmp_path)) == 2
    doubts = [str(doubt.problem) for doubt in examine(source, str(tmp_path)).doubts]
    assert "1 of its rows is a total or a note and isn't read: row 9" in doubts


@pytest.mark.parametrize("padded", [True, False])
def test_a_table_of_texts_may_have_a_title_and_totals(tmp_path: Path, padded: bool) -> None:
    """The rows below are failed ones with a reason, and none becomes a document."""
    rows = [
        ["Coplas del valle; 2024"] if not padded else ["Coplas del valle, 2024"],
        [],
        ["texto", "autor", "año"],
        ["Una copla.", "Rosa", "1990"],
        ["Otra copla.", "", ""],
        ["Una más.", "Luis", "1991"],
        [],
        ["Total: 2"],
        ["Nota: falta la tercera"],
    ]
    _write(tmp_path / "a.csv", rows, padded=padded)
    source = _source(columns={"text": "texto"})
    frames = list(read_all(source, list_inputs(source, tmp_path)))
    results = [(row["text"], row["drop_reason"], row["origin"]["member"]) for f in frames for row in f.to_dicts()]
    reason = "unreadable:total or note"
    results = [one for one in results if one[1] != "unreadable:no text"]  # an empty row of a program has separators
    texts = [("Una copla.", None, "4"), ("Otra copla.", None, "5"), ("Una más.", None, "6")]
    assert results == [*texts, (None, reason, "8"), (None, reason, "9")]
    doubts = [str(doubt.problem) for doubt in examine(source, str(tmp_path)).doubts]
    assert "the header is taken to be row 3" in doubts


def test_a_table_with_a_title_can_be_cut(tmp_path: Path) -> None:
    """Each part has the heads, and together they have the rows of the whole."""
    rows = [["Coplas"], ["texto", "autor"], *([f"Copla número {n} del valle.", "Rosa"] for n in range(200))]
    _write(tmp_path / "a.csv", rows)
    source = _source(columns={"text": "texto"})
    [file] = list_inputs(source, tmp_path)
    spans = split(source, file, 1000)
    assert len(spans) > 3
    texts = [text for span in spans for frame in read(source, file, span=span) for text in frame["text"]]
    assert texts == [row[0] for row in rows[2:]]


def test_two_rows_of_heads_of_a_table_of_texts_fail_it(tmp_path: Path) -> None:
    """With the file's name and what to do."""
    _write(tmp_path / "a.csv", [["nombre", "persona"], ["texto", "autor"], ["Una copla.", "Rosa"]])
    source = _source(columns={"text": "texto"})
    with pytest.raises(PartError, match="row 1 and row 2 both look like the header") as raised:
        list(read_all(source, list_inputs(source, tmp_path)))
    assert "a.csv" in str(raised.value)


@pytest.mark.parametrize(
    "lines",
    [
        ["text", "Hola; vecina", "Adiós; vecina"],
        ["text", "Sol, luna y mar", "Pan, vino y sal"],
        ["text,autor", "Nota: el río subió.,Rosa", '"Total, nada pasó",Luis'],
        ["text,autor", '"Totalmente tuya, decía la carta",'],
    ],
)
def test_ordinary_tables_are_read_as_before(tmp_path: Path, lines: list[str]) -> None:
    """One column of texts with commas or semicolons in them; records that begin as a note."""
    (tmp_path / "a.csv").write_text("\n".join(lines) + "\n", encoding="utf-8")
    source = _source()
    frames = list(read_all(source, list_inputs(source, tmp_path)))
    results = [row for frame in frames for row in frame.to_dicts()]
    assert len(results) == len(lines) - 1
    if lines[0] != "text" or ";" in lines[1]:
        assert all(row["drop_reason"] is None for row in results)


def test_a_catalogue_in_another_kind_of_sheet_names_the_remedy(tmp_path: Path) -> None:
    """ODS isn't read; it was called damaged."""
    source = _folder(tmp_path, "catalogo.csv", [_HEADS, *_CELLS])
    (tmp_path / "catalogo.csv").rename(tmp_path / "catalogo.ods")
    source = _source(index={"file": "catalogo.ods"})
    with pytest.raises(ConfigError, match=r"save it as \.xlsx or \.csv"):
        list_inputs(source, tmp_path)
