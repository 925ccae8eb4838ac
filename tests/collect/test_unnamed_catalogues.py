"""A catalogue that the source does not name: its restrictions are not ignored, since all texts are held back."""

from __future__ import annotations

import json
import shutil
import tomllib
from typing import TYPE_CHECKING, Any

import openpyxl
import pytest

from latam_corpus.catalog.source import Source
from latam_corpus.collect.documents.contract import Watch, terms_reported
from latam_corpus.collect.examine import examine
from latam_corpus.collect.files import list_inputs, read_all

if TYPE_CHECKING:
    from pathlib import Path

    from conftest import CommandLine, SmallSource

_ALL = ["train", "redistribute", "evaluate"]
_RESERVED = "Todos los derechos reservados"
_NAMES = ("uno.txt", "dos.txt", "tres.txt")
_ROWS = ("Archivo;Título;Derechos", "uno.txt;Uno;CC0-1.0", f"dos.txt;Dos;{_RESERVED}", "tres.txt;Tres;no publicar")
_TABLE = "\n".join(_ROWS).encode()


def _source(**collect: Any) -> Source:
    rights = {"statement": "CC0-1.0", "basis": "licence", "uses": _ALL}
    return Source.model_validate(
        {"id": "envio", "title": "Envío", "holder": "Biblioteca", "rights": rights, "collect": collect}
    )


_TEXTS = _source(files=["**/*.txt"])


def _folder(root: Path, catalogue: str = "", data: bytes = b"") -> Path:
    for name in _NAMES:
        (root / name).parent.mkdir(parents=True, exist_ok=True)
        (root / name).write_text(f"Una copla de {name}.", encoding="utf-8")
    if catalogue:
        (root / catalogue).parent.mkdir(exist_ok=True)
        (root / catalogue).write_bytes(data)
    return root


def _workbook(path: Path) -> None:
    book = openpyxl.Workbook()
    for row in _ROWS:
        book.worksheets[0].append(row.split(";"))
    book.save(path)


def _tiers(source: Source, where: Any, watch: Watch | None = None) -> dict[str, str]:
    """The rights tier of each document, by its file."""
    frames = read_all(source, list_inputs(source, where), watch=watch)
    rows = [row for frame in frames for row in frame.iter_rows(named=True) if row["drop_reason"] is None]
    return {row["origin"]["member"] or row["origin"]["file"]: row["rights_tier"] for row in rows}


def _doubts(source: Source, where: Any) -> list[str]:
    return [str(doubt.as_message()) for doubt in examine(source, str(where)).doubts]


def test_a_run_releases_nothing_and_names_the_line_that_reads_the_catalogue(
    tmp_path: Path, command_line: CommandLine, small_source: SmallSource
) -> None:
    """With that line the catalogue's own restrictions apply, and the free text is released."""
    folder = _folder(tmp_path / "envio", "catalogo.csv", _TABLE)
    file = tmp_path / "fuente.toml"
    file.write_text(small_source('files = ["**/*.txt"]'), encoding="utf-8")
    reported = command_line("run", file, "--input", folder, "--out", tmp_path / "out", "--json")
    result = json.loads(reported.out)
    assert (result["release"], result["rows"]["kept"]) == (None, 3)
    assert [row["file"] for row in result["unnamed_catalogues"]] == ["catalogo.csv"]
    line = result["unnamed_catalogues"][0]["toml"]
    reported = command_line("sources", "check", file, "--input", folder)
    assert line in reported.out
    assert "collect.files" not in reported.out  # it isn't called a file of another kind as well
    file.write_text(small_source(f'files = ["**/*.txt"]\n{line}'), encoding="utf-8")
    source = Source.model_validate(tomllib.loads(file.read_text(encoding="utf-8")))
    assert _tiers(source, folder) == {"uno.txt": "open", "dos.txt": "unknown", "tres.txt": "unknown"}


@pytest.mark.parametrize(
    ("name", "data"),
    [
        ("catalogo.csv", _TABLE),
        ("metadatos/catálogo.csv", _TABLE),
        ("catalogo.tsv", _TABLE.replace(b";", b"\t")),
        ("Excel.csv", "\n".join(_ROWS).encode("cp1252")),
        ("titulado.csv", "Catálogo del fondo;;\n;;\n".encode() + _TABLE),
        ("documentos.csv", _TABLE.replace(b"Archivo", b"Documento").replace(b"Derechos", b"Nota")),
        ("sin-nombres.csv", "Título;Licença\nUno;CC0-1.0\n".encode("cp1252")),
        ("condiciones.csv", "Título;Condiciones del donante\nUno;no publicar\n".encode()),
        ("mal-escrito.csv", _TABLE.replace(b"Derechos", b"Derechoz")),
        ("filas.jsonl", b'{"archivo": "uno.txt", "nota": "no publicar"}\n'),
        ("catalogo.ods", b"PK\x03\x04"),
        ("roto.xlsx", b"PK no"),
        ("dublin_core.xml", b'<dublin_core><dcvalue element="rights">no publicar</dcvalue></dublin_core>'),
        ("mets.xml", b'<mets xmlns="http://www.loc.gov/METS/"><fileSec/></mets>'),
    ],
)
def test_whatever_it_is_called_all_texts_are_held(tmp_path: Path, name: str, data: bytes) -> None:
    """A table that names files or has a column about terms, records of a library, and a table that can't be read."""
    folder = _folder(tmp_path, name, data)
    watch = Watch(_TEXTS)
    assert _tiers(_TEXTS, folder, watch) == dict.fromkeys(sorted(_NAMES), "unknown")
    assert list(watch.facts.unnamed) == [name]
    assert name in " ".join(str(breach.problem) for breach in terms_reported("envio", watch.facts))


def test_a_workbook_is_found_whether_or_not_the_source_chooses_it(tmp_path: Path) -> None:
    """A source without patterns reads all files; a workbook among them isn't a text."""
    _workbook(_folder(tmp_path) / "catalogo.xlsx")
    for source in (_TEXTS, _source()):
        assert set(_tiers(source, tmp_path).values()) == {"unknown"}
        assert any('index.file = "catalogo.xlsx"' in doubt for doubt in _doubts(source, tmp_path))


def test_a_catalogue_inside_an_archive_holds_its_texts(tmp_path: Path) -> None:
    """And one next to the archive, too."""
    inside = _folder(tmp_path / "dentro", "catalogo.csv", _TABLE)
    for form in ("zip", "gztar"):
        archive = shutil.make_archive(str(tmp_path / form / "envio"), form, inside)
        assert set(_tiers(_TEXTS, archive).values()) == {"unknown"}
    shutil.make_archive(str(tmp_path / "solo" / "envio"), "zip", _folder(tmp_path / "textos"))
    assert set(_tiers(_TEXTS, tmp_path / "solo" / "envio.zip").values()) == {"open"}
    (tmp_path / "solo" / "catalogo.csv").write_text("Título;Derechos\nUno;no\n", encoding="utf-8")
    assert set(_tiers(_source(files=["*.zip"]), tmp_path / "solo").values()) == {"unknown"}


def test_naming_the_texts_without_their_folder_is_no_way_round(tmp_path: Path) -> None:
    """A table that names them holds them; one that names none is about other files there."""
    folder = _folder(tmp_path, "catalogo.csv", _TABLE)
    assert set(_tiers(_TEXTS, folder / "*.txt").values()) == {"unknown"}
    assert _tiers(_TEXTS, folder / "uno.txt") == {"uno.txt": "unknown"}
    (folder / "catalogo.csv").write_text("Archivo;Derechos\notro.txt;no publicar\n", encoding="utf-8")
    assert set(_tiers(_TEXTS, folder / "*.txt").values()) == {"open"}


def test_a_table_that_says_nothing_of_the_texts_holds_none(tmp_path: Path) -> None:
    """Nor does a table of records next to other records: each states its own terms."""
    folder = _folder(tmp_path, "ventas.csv", b"mes;pesos\nenero;120\n")
    assert set(_tiers(_TEXTS, folder).values()) == {"open"}
    records = b"text;license\nUna copla.;CC0-1.0\n"
    for name in ("a.csv", "b.csv"):
        (tmp_path / name).write_bytes(records)
    assert set(_tiers(_source(files=["a.csv"]), folder).values()) == {"open"}
    assert set(_tiers(_source(files=["?.csv"]), folder).values()) == {"open"}


def test_records_that_a_table_names_are_held(tmp_path: Path) -> None:
    """A catalogue of tables of texts restricts them as one of other files does."""
    (tmp_path / "coplas.csv").write_bytes(b"text\nUna copla.\n")
    (tmp_path / "catalogo.csv").write_text("archivo;derechos\ncoplas.csv;no publicar\n", encoding="utf-8")
    assert set(_tiers(_source(files=["coplas.csv"]), tmp_path).values()) == {"unknown"}


def test_a_column_that_names_files_under_another_head_is_in_the_line(tmp_path: Path) -> None:
    """The line can be pasted as it is."""
    table = _TABLE.replace(b"Archivo", b"Documento")
    folder = _folder(tmp_path, "lista.csv", table)
    watch = Watch(_TEXTS)
    _tiers(_TEXTS, folder, watch)
    collect = tomllib.loads(watch.facts.unnamed["lista.csv"])
    assert collect == {"index": {"file": "lista.csv", "column": "Documento"}}
    assert _tiers(_source(files=["**/*.txt"], **collect), folder)["uno.txt"] == "open"


def test_several_catalogues_of_one_name_are_one_pattern(tmp_path: Path) -> None:
    """Each folder may have its own."""
    for name in ("norte", "sur"):
        _folder(tmp_path / name, "catalogo.csv", _TABLE)
    watch = Watch(_TEXTS)
    assert set(_tiers(_TEXTS, tmp_path, watch).values()) == {"unknown"}
    assert watch.facts.unnamed == {"**/catalogo.csv": 'index.file = "**/catalogo.csv"'}


def test_a_catalogue_that_is_read_as_texts_is_told_from_them(tmp_path: Path) -> None:
    """Without `collect.files` it has no texts; the error explains how to name it as a catalogue."""
    folder = _folder(tmp_path, "catalogo.csv", _TABLE)
    (breach,) = examine(_source(), str(folder)).breaches
    assert 'index.file = "catalogo.csv"' in str(breach.remedy)
