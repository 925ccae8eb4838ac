"""Statements of rights in the records of a library's catalogue: all of them count."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import pytest

from latam_corpus.catalog.source import Source
from latam_corpus.collect.examine import examine
from latam_corpus.collect.files import list_inputs, read_all

if TYPE_CHECKING:
    from pathlib import Path

_RECORD = """<modsCollection xmlns="http://www.loc.gov/mods/v3"><mods><titleInfo><title>Coplas</title></titleInfo>
<identifier>uno.txt</identifier>{conditions}</mods></modsCollection>"""


def _row(folder: Path, *statements: str, **columns: Any) -> tuple[dict[str, Any], list[str]]:
    """The row of a file whose record has these statements, and what `check` reports."""
    conditions = "".join(f"<accessCondition>{statement}</accessCondition>" for statement in statements)
    (folder / "uno.txt").write_text("Una copla.", encoding="utf-8")
    (folder / "mods.xml").write_text(_RECORD.format(conditions=conditions), encoding="utf-8")
    values = {
        "id": "envio",
        "title": "Envío",
        "holder": "Biblioteca",
        "rights": {"statement": "CC0-1.0", "basis": "licence", "uses": ["train", "redistribute", "evaluate"]},
        "collect": {"index": {"file": "mods.xml"}, "columns": columns},
    }
    source = Source.model_validate(values)
    [row] = [row for frame in read_all(source, list_inputs(source, folder)) for row in frame.iter_rows(named=True)]
    return row, [str(doubt.problem) for doubt in examine(source, str(folder)).doubts]


@pytest.mark.parametrize("columns", [{}, {"rights": "rights"}])
@pytest.mark.parametrize("words", ["Consultar con la familia", "Todos los derechos reservados", "Derechos reservados"])
def test_a_statement_beside_a_licence_counts(tmp_path: Path, words: str, columns: dict[str, str]) -> None:
    """One that isn't understood, or that reserves rights, holds the document back and is named."""
    row, doubts = _row(tmp_path, "CC BY 4.0", words, **columns)
    assert (row["rights_tier"], row["uses"]) == ("unknown", ["evaluate"])
    assert words in str(json.loads(row["evidence"])["unread"])
    assert any(words in doubt and "held back" in doubt for doubt in doubts)


@pytest.mark.parametrize("words", ["Acceso abierto", "© 1999 Biblioteca", "info:eu-repo/semantics/openAccess"])
def test_a_sentence_that_restricts_nothing_changes_no_licence(tmp_path: Path, words: str) -> None:
    """As on a page, a copyright holder may license the work."""
    row, doubts = _row(tmp_path, "CC BY 4.0", words)
    assert (row["rights"], row["rights_tier"]) == ("CC BY 4.0", "attribution")
    assert not any("held back" in doubt for doubt in doubts)
