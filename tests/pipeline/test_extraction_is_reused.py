"""The output of `extract` is stored, so that a change of a later stage doesn't extract pages again."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import pytest

if TYPE_CHECKING:
    from pathlib import Path

    from conftest import CommandLine, SmallRecipe, SmallSource

_TALE = "Mi madrina guardaba las semillas en frascos de vidrio, cada una con el nombre de quien se la había dado."


def _run(folder: Path, command_line: CommandLine, recipe: str) -> dict[str, Any]:
    (folder / "receta.toml").write_text(recipe)
    result = command_line(
        "run", folder / "receta.toml", "--json", "--input", f"fuente={folder / 'in'}", "--out", folder / "out"
    )
    assert result.code == 0, result.err
    return dict(result.json["reused"])


@pytest.mark.parametrize("change", ['measure signals = ["open_line_share"]', "repair"])
def test_a_change_after_extract_extracts_nothing_again(
    tmp_path: Path, command_line: CommandLine, small_recipe: SmallRecipe, small_source: SmallSource, change: str
) -> None:
    """A further signal or stage doesn't start `extract`."""
    (tmp_path / "fuente.toml").write_text(small_source())
    (tmp_path / "in").mkdir()
    for number in range(3):
        page = f"<html><body><h1>Cuento {number}</h1><p>{_TALE}</p></body></html>"
        (tmp_path / "in" / f"{number}.html").write_text(page)
    _run(tmp_path, command_line, small_recipe("extract", "identify", "measure"))
    later = small_recipe("extract", *(("repair", "identify") if change == "repair" else ("identify", change)))
    reused = _run(tmp_path, command_line, later)
    extracted = reused.pop("extract")
    assert extracted["parts"] == extracted["of"] > 0
    assert next(iter(reused.values()))["parts"] == 0  # what comes after it is done again


def test_texts_that_need_no_extraction_are_stored_once(
    tmp_path: Path, command_line: CommandLine, small_recipe: SmallRecipe, small_source: SmallSource
) -> None:
    """Records with texts aren't stored a second time after `extract`."""
    (tmp_path / "fuente.toml").write_text(small_source('files = ["*.jsonl"]'))
    (tmp_path / "in").mkdir()
    (tmp_path / "in" / "a.jsonl").write_text(json.dumps({"id": "1", "text": _TALE}) + "\n")
    reused = _run(tmp_path, command_line, small_recipe("extract", "repair"))
    assert "extract" not in reused
    assert any(title.startswith("extract→repair") for title in reused)
