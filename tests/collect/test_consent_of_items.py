"""Consent and its last day, as a catalogue or a table states them for each item."""

from __future__ import annotations

import json
from datetime import date
from typing import TYPE_CHECKING, Any

import polars as pl
import pytest

from latam_corpus.catalog.source import Source
from latam_corpus.collect.examine import examine
from latam_corpus.collect.files import list_inputs, read_all
from latam_corpus.collect.row_files import RowWriter
from latam_corpus.pipeline.execution.contracts import mapping_rows, terms_lines

if TYPE_CHECKING:
    from pathlib import Path

_ALL = ["train", "redistribute", "evaluate"]
_AGREED = {
    "statement": "https://rightsstatements.org/vocab/InC/1.0/",
    "tier": "permission",
    "basis": "consent",
    "agreement": "consentimientos-2026",
    "uses": _ALL,
}
_OPEN = {"statement": "CC0-1.0", "basis": "licence", "uses": _ALL}


def _source(rights: dict[str, Any] = _AGREED, **collect: Any) -> Source:
    values = {"id": "voces", "title": "Voces", "holder": "Archivo", "rights": rights, "collect": collect}
    consent = {"records": [{"id": "consentimientos-2026"}]}
    return Source.model_validate(values | {"consent": consent})


def _rows(source: Source, folder: Path) -> list[dict[str, Any]]:
    return [row for frame in read_all(source, list_inputs(source, folder)) for row in frame.iter_rows(named=True)]


def _catalogued(folder: Path, heads: str, *cells: str, **collect: Any) -> tuple[Source, dict[str, dict[str, Any]]]:
    """The rows, by file, of texts whose catalogue has these cells."""
    for number in range(len(cells)):
        (folder / f"{number}.txt").write_text("Nací en la costa.", encoding="utf-8")
    lines = [f"archivo;{heads}", *(f"{number}.txt;{cell}" for number, cell in enumerate(cells))]
    (folder / "catalogo.csv").write_text("\n".join(lines) + "\n", encoding="utf-8")
    source = _source(index={"file": "catalogo.csv"}, **collect)
    return source, {row["origin"]["file"]: row for row in _rows(source, folder)}


def test_a_mapped_consent_is_taken_for_each_item(tmp_path: Path) -> None:
    """With its last day; an item without one, or with a condition, is held back."""
    cells = [
        "carta-3.pdf;31/12/2030",
        "Sí;",
        "no;",
        ";",
        "sí, pero sin su nombre 3;",
        "Acuerdo de la familia;",
        "CI-004;pronto",
    ]
    columns = {"consent": "consentimiento", "expires": "vigencia hasta"}
    rows = _catalogued(tmp_path, "consentimiento;vigencia hasta", *cells, columns=columns)[1]
    tiers = [rows[f"{number}.txt"]["rights_tier"] for number in range(len(cells))]
    assert tiers == ["permission", "permission", "unknown", "unknown", "unknown", "unknown", "unknown"]
    first = rows["0.txt"]
    assert ([one["id"] for one in first["consent"]], first["expires"]) == (
        ["consentimientos-2026", "carta-3.pdf"],
        date(2030, 12, 31),
    )
    assert [row["id"] for row in rows["1.txt"]["consent"]] == ["consentimientos-2026"]
    assert json.loads(rows["3.txt"]["evidence"])["unread"] == {"consentimiento": ""}


def test_an_unmapped_consent_holds_back_what_it_does_not_give(tmp_path: Path) -> None:
    """An empty cell withholds the item too, if the source is based on consent."""
    source, rows = _catalogued(tmp_path, "Termo de consentimento", "sim", "", "carta-3.pdf", "não")
    assert [rows[f"{number}.txt"]["rights_tier"] for number in range(4)] == ["permission"] + ["unknown"] * 3
    reported = " / ".join(str(doubt.as_message()) for doubt in examine(source, str(tmp_path)).doubts)
    assert "3 cells of «Termo de consentimento» state no consent that is understood, such as" in reported
    assert "an empty cell" in reported
    assert "«não»" in reported
    assert 'consent = "Termo de consentimento"' in reported


def test_an_empty_cell_says_nothing_of_a_licence(tmp_path: Path) -> None:
    """If the source is based on a licence, consent was requested only where needed."""
    (tmp_path / "a.csv").write_text("text,consentimiento\nUna copla.,\nOtra copla.,no\n", encoding="utf-8")
    assert [row["rights_tier"] for row in _rows(_source(_OPEN), tmp_path)] == ["open", "unknown"]


def test_a_column_of_another_kind_can_be_left_out(tmp_path: Path) -> None:
    """As other columns that state terms."""
    (tmp_path / "a.csv").write_text("text,autorización\nUna copla.,oficio 3\n", encoding="utf-8")
    assert [row["rights_tier"] for row in _rows(_source(columns={"consent": False}), tmp_path)] == ["permission"]


def test_a_run_names_consents_that_are_missing(tmp_path: Path) -> None:
    """The mapped column as the unmapped one, from what `run.json` has."""
    source, _found = _catalogued(tmp_path, "consentimiento", "carta-3.pdf", "", columns={"consent": "consentimiento"})
    seen = examine(source, str(tmp_path))
    lines = [str(terms_line) for terms_line in terms_lines({"mapping": mapping_rows({"voces": seen.facts})})]
    assert any("1 cell of «consentimiento» states no consent that is understood" in line for line in lines)
    assert not any("although it isn't mapped" in line for line in lines)


def test_a_cell_beside_an_empty_one_counts(tmp_path: Path) -> None:
    """A file of records has the consent of its catalogue row, whatever its records leave empty."""
    (tmp_path / "0.txt").unlink(missing_ok=True)
    (tmp_path / "a.jsonl").write_text('{"text": "Nací en la costa.", "consentimiento": ""}\n', encoding="utf-8")
    (tmp_path / "catalogo.csv").write_text("archivo,consentimiento\na.jsonl,sí\n", encoding="utf-8")
    source = _source(index={"file": "catalogo.csv"})
    assert [row["rights_tier"] for row in _rows(source, tmp_path) if row["text"]] == ["permission"]


@pytest.mark.parametrize("label", [None, "https://localcontexts.org/label/tk-non-commercial/"])
def test_rows_of_a_stage_keep_their_consents(tmp_path: Path, label: str | None) -> None:
    """The toolkit's own column, which has records and no words; a label in it narrows the tier."""
    (tmp_path / "a.jsonl").write_text('{"text": "Nací en la costa."}\n', encoding="utf-8")
    source = _source(_OPEN)
    [frame] = read_all(source, list_inputs(source, tmp_path))
    frame = frame.with_columns(consent=pl.Series([[{"id": "carta-3", "label": label, "community": None}]]))
    (tmp_path / "a.jsonl").unlink()
    with RowWriter(tmp_path / "b.jsonl") as writer:
        writer.write([{}], frame)
    [row] = _rows(source, tmp_path)
    assert row["rights_tier"] == ("non_commercial" if label else "open")
    assert [one["id"] for one in row["consent"]] == ["consentimientos-2026", "carta-3"]
