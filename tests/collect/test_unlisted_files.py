"""With a catalogue, a file without a row is held back, whatever is wrong with the catalogue or with the name."""

from __future__ import annotations

import json
import shutil
import unicodedata
from datetime import date
from typing import TYPE_CHECKING, Any

import openpyxl
import polars as pl
import pytest

from latam_corpus.catalog.source import Source
from latam_corpus.collect.documents.contract import Watch, terms_reported
from latam_corpus.collect.examine import examine
from latam_corpus.collect.files import list_inputs, read_all
from latam_corpus.collect.input_files.input_file import of_json
from latam_corpus.errors import ConfigError
from latam_corpus.pipeline.execution.contracts import input_values
from latam_corpus.release.eligibility.admission import ReleaseTerms

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

_ALL = ["train", "redistribute", "evaluate"]
_RESERVED = "Todos los derechos reservados"
_DAMAGED = b"archivo;derechos\n" + b"otro.txt;CC0-1.0\n" * 5 + b"uno.txt;CC0-1.0;de m\xc3\xa1s\n"


def _source(statement: str = "CC0-1.0", **collect: Any) -> Source:
    rights = {"statement": statement, "basis": "licence", "uses": _ALL}
    collect = {"index": {"file": "catalogo.csv"}, **collect}
    return Source.model_validate(
        {"id": "envio", "title": "Envío", "holder": "Biblioteca", "rights": rights, "collect": collect}
    )


def _folder(root: Path, names: Sequence[str], rows: Sequence[str], heads: str = "archivo;derechos") -> Path:
    """A folder with these files and a catalogue with these rows."""
    for name in names:
        (root / name).parent.mkdir(parents=True, exist_ok=True)
        (root / name).write_text(f"Una copla de {name}.", encoding="utf-8")
    (root / "catalogo.csv").write_text("\n".join([heads, *rows]) + "\n", encoding="utf-8")
    return root


def _tiers(source: Source, where: Any) -> dict[str, str]:
    """The rights tier of each document, by its file."""
    frames = read_all(source, list_inputs(source, where))
    rows = [row for frame in frames for row in frame.iter_rows(named=True) if row["drop_reason"] is None]
    return {row["origin"]["member"] or row["origin"]["file"]: row["rights_tier"] for row in rows}


def _doubts(source: Source, where: Any) -> str:
    return " / ".join(str(doubt.problem) for doubt in examine(source, str(where)).doubts)


def test_a_file_without_a_row_is_held_back_and_named(tmp_path: Path) -> None:
    """It is read and measured, no version admits it, and `check`, ledger and `run.json` name it."""
    folder = _folder(tmp_path, ["uno.txt", "cancion dos.txt"], ["uno.txt;CC0-1.0", f"canción doz.txt;{_RESERVED}"])
    source = _source()
    watch = Watch(source)
    frame = pl.concat(read_all(source, list_inputs(source, folder), watch=watch), how="diagonal").drop_nulls("raw")
    rows = {row["origin"]["file"]: row for row in frame.iter_rows(named=True)}
    held = rows["cancion dos.txt"]
    assert (held["rights"], held["rights_tier"], held["uses"]) == (None, "unknown", ["evaluate"])
    assert json.loads(held["evidence"]) == {"catalogue_row": None, "nearest": "canción doz.txt"}
    assert (rows["uno.txt"]["rights_tier"], rows["uno.txt"]["evidence"]) == ("open", None)
    admitted = ReleaseTerms(("open", "permission"), ("train",), date(2026, 12, 1))
    refusals = frame.with_columns(text=pl.lit("")).select(admitted.refusal()).to_series().to_list()
    assert sorted(map(str, refusals)) == ["None", "rights_tier=unknown"]
    assert "has no row for 1 file, which is held back and never released: «cancion dos.txt» (closest name" in _doubts(
        source, folder
    )
    assert input_values({"envio": watch.facts})["without_catalogue_row"] == [
        {"source": "envio", "file": "cancion dos.txt", "nearest": "canción doz.txt"}
    ]
    assert "«cancion dos.txt»" in str(next(terms_reported("envio", watch.facts)).problem)


@pytest.mark.parametrize(
    ("name", "named"),
    [
        ("canción uno.txt", unicodedata.normalize("NFD", "canción uno.txt")),
        (unicodedata.normalize("NFD", "canción uno.txt"), "canción uno.txt"),
        ("cancion uno.txt", "canción uno.txt"),
        ("canción_uno.txt", "cancion-uno.txt"),
        ("canción uno.txt", "CANCION_UNO.TXT"),
        ("canción uno.txt", "canci%C3%B3n%20uno.txt"),
        ("canción uno.txt", "Cancion_uno"),
        ("año 1/canción uno.txt", "ano_1/cancion_uno.txt"),
    ],
)
def test_a_name_matches_by_unicode_accents_case_and_separators(tmp_path: Path, name: str, named: str) -> None:
    """The row says that the file's rights are reserved: without it they would be the source's."""
    folder = _folder(tmp_path, [name, "otra.txt"], [f"{named};{_RESERVED}", "otra.txt;CC0-1.0"])
    assert set(_tiers(_source(), folder).values()) == {"unknown", "open"}
    assert "no row" not in _doubts(_source(), folder)


@pytest.mark.parametrize(
    ("names", "rows"),
    [
        # Two files that one row may mean, in one folder and in two.
        (["canto_1.txt", "canto-1.txt"], ["canto 1.txt;CC0-1.0"]),
        (["a/uno.txt", "b/uno.txt"], ["uno.txt;CC0-1.0"]),
        # Two rows that may mean one file.
        (["canto_1.txt"], ["cánto 1.txt;CC0-1.0", "canto-1.txt;CC0-1.0"]),
        # A file in another folder than the row says.
        (["a/uno.txt", "b/dos.txt"], ["b/uno.txt;CC0-1.0"]),
    ],
)
def test_an_ambiguous_name_is_no_match(tmp_path: Path, names: list[str], rows: list[str]) -> None:
    """All that it may mean are held back, and the row is reported."""
    folder = _folder(tmp_path, names, rows)
    assert set(_tiers(_source(), folder).values()) == {"unknown"}
    assert f"{len(rows)} of its rows" in _doubts(_source(), folder)


def test_a_sure_match_is_no_candidate_for_another_row(tmp_path: Path) -> None:
    """A row whose file was never sent doesn't describe the one that looks like it."""
    folder = _folder(tmp_path, ["ano.txt"], ["ano.txt;CC0-1.0", f"año.txt;{_RESERVED}"])
    assert _tiers(_source(), folder) == {"ano.txt": "open"}
    [list_] = [list_input for list_input in list_inputs(_source(), folder) if list_input.description.is_list]
    assert [failure.evidence["names"] for failure in of_json(list_.description.failures)] == [["año.txt"]]


@pytest.mark.parametrize("columns", [{}, {"rights": "derechos"}])
@pytest.mark.parametrize("reverse", [False, True])
def test_of_two_rows_for_one_file_the_stricter_terms_apply(
    tmp_path: Path, columns: dict[str, str], *, reverse: bool
) -> None:
    """Whatever their order; the ledger names the second row."""
    rows = ["uno.txt;CC0-1.0", "Uno.txt;CC BY-NC 4.0"]
    folder = _folder(tmp_path, ["uno.txt"], rows[::-1] if reverse else rows)
    source = _source(columns=columns)
    assert _tiers(source, folder) == {"uno.txt": "non_commercial"}
    assert "1 of its rows names a file that another row names: uno.txt" in _doubts(source, folder)


@pytest.mark.parametrize(
    ("cell", "tier"),
    [("", "open"), ("CC BY 4.0", "attribution"), ("permiso verbal", "unknown"), ("?", "unknown")],
)
def test_an_empty_cell_keeps_the_sources_terms_and_a_strange_one_does_not(tmp_path: Path, cell: str, tier: str) -> None:
    """The row proves that the file was listed; a value that isn't understood is reported."""
    folder = _folder(tmp_path, ["uno.txt"], [f"uno.txt;{cell}"])
    assert _tiers(_source(), folder) == {"uno.txt": tier}
    assert ("isn't understood as «rights»" in _doubts(_source(), folder)) == (tier == "unknown")


def test_rows_of_a_table_of_records_are_narrowed_by_its_catalogue_row(tmp_path: Path) -> None:
    """The catalogue's row is about all of the file, of whatever format it is."""
    folder = _folder(tmp_path, [], ["notas.jsonl;CC BY-NC 4.0", "libres.jsonl;"])
    for name in ("notas.jsonl", "libres.jsonl", "sueltas.jsonl"):
        (folder / name).write_text('{"text": "Una nota.", "derechos": "CC0-1.0"}\n', encoding="utf-8")
    frames = read_all(_source(), list_inputs(_source(), folder))
    tiers = {row["origin"]["file"]: row["rights_tier"] for frame in frames for row in frame.iter_rows(named=True)}
    assert tiers == {"notas.jsonl": "non_commercial", "libres.jsonl": "open", "sueltas.jsonl": "unknown"}


def test_members_of_an_archive_need_a_row_too(tmp_path: Path) -> None:
    """One of their own in the archive's catalogue, or the archive's in that of the folder."""
    inner = _folder(tmp_path / "a", ["uno.txt", "dos.txt"], ["uno.txt;CC0-1.0"])
    archive = shutil.make_archive(str(tmp_path / "envio"), "zip", inner)
    assert _tiers(_source(), archive) == {"uno.txt": "open", "dos.txt": "unknown"}
    (inner / "catalogo.csv").unlink()
    (tmp_path / "b").mkdir()
    for name in ("con.zip", "sin.zip"):
        shutil.make_archive(str(tmp_path / "b" / name.removesuffix(".zip")), "zip", inner)
    folder = _folder(tmp_path / "b", [], ["con.zip;CC BY 4.0"])
    frames = read_all(_source(), list_inputs(_source(), folder))
    rows = [row for frame in frames for row in frame.iter_rows(named=True)]
    assert {(row["origin"]["file"], row["rights_tier"]) for row in rows} == {
        ("con.zip", "attribution"), ("sin.zip", "unknown"),
    }  # fmt: skip


def test_a_column_of_opt_outs_in_a_catalogue_is_read(tmp_path: Path) -> None:
    """It used to end the run with an error of ours."""
    folder = _folder(tmp_path, ["uno.txt"], ["uno.txt;noai"], "archivo;opt_outs")
    frames = read_all(_source(), list_inputs(_source(), folder))
    [row] = [row for frame in frames for row in frame.iter_rows(named=True)]
    assert row["uses"] == ["redistribute", "evaluate"]
    assert [one["signal"] for one in row["opt_outs"]] == ["noai"]


@pytest.mark.parametrize(
    ("heads", "told"),
    [
        ("ficha;derechos", "no column seems to contain file names"),
        ("archivo;derecho", "«derecho» isn't read; «derechos» would be"),
        ("archivo;licensia", "«licensia» isn't read; «licencia» would be"),
    ],
)
def test_a_misnamed_column_ends_the_command(tmp_path: Path, heads: str, told: str) -> None:
    """The names of files, or what the catalogue says about rights, would be lost."""
    folder = _folder(tmp_path, ["uno.txt"], [f"uno.txt;{_RESERVED}"], heads)
    with pytest.raises(ConfigError, match=told):
        list_inputs(_source(), folder)


@pytest.mark.parametrize("content", [b"", b"archivo;derechos\n", _DAMAGED])
def test_a_catalogue_without_usable_rows_holds_every_file(tmp_path: Path, content: bytes) -> None:
    """An empty one, one with its head alone, one with a damaged row."""
    folder = _folder(tmp_path, ["uno.txt"], [])
    (folder / "catalogo.csv").write_bytes(content)
    assert _tiers(_source(), folder) == {"uno.txt": "unknown"}
    assert "has no row for 1 file, which is held back" in _doubts(_source(), folder)


def test_a_damaged_catalogue_holds_what_it_no_longer_names(tmp_path: Path) -> None:
    """Of a cut file of XML nothing is known; a workbook that can't be opened ends the command."""
    folder = _folder(tmp_path, ["uno.txt"], [])
    (folder / "catalogo.csv").unlink()
    (folder / "uno.xml").write_text("<mods xmlns='http://www.loc.gov/mods/v3'><titleInfo>", encoding="utf-8")
    source = _source(index={"file": "*.xml"}, files=["*.txt"])
    assert _tiers(source, folder) == {"uno.txt": "unknown"}
    book = openpyxl.Workbook()
    book.save(folder / "c.xlsx")
    (folder / "c.xlsx").write_bytes((folder / "c.xlsx").read_bytes()[:400])
    with pytest.raises(ConfigError, match=r"c\.xlsx"):
        list_inputs(_source(index={"file": "c.xlsx"}), folder)


def test_a_source_without_a_catalogue_holds_nothing(tmp_path: Path) -> None:
    """Its own terms are those of all files."""
    folder = _folder(tmp_path, ["uno.txt"], [])
    (folder / "catalogo.csv").unlink()
    assert _tiers(_source(index=None), folder) == {"uno.txt": "open"}
