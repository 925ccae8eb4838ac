"""The record of a run has the time of its phases, so that the one that more workers don't shorten is visible."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from pathlib import Path

    from conftest import CommandLine, SmallRecipe


def test_a_run_records_the_time_of_its_phases(
    tmp_path: Path, small_recipe: SmallRecipe, command_line: CommandLine
) -> None:
    """The phases after the start add up to the duration; the version is built after the record."""
    (tmp_path / "datos").mkdir()
    (tmp_path / "datos" / "a.jsonl").write_text('{"text": "La barca salió antes del alba."}\n')
    (tmp_path / "receta.toml").write_text(small_recipe("repair", "dedupe", source=str(tmp_path / "datos")))
    words = ("run", tmp_path / "receta.toml", "--out", tmp_path / "out", "--no-report", "--json")
    result = json.loads(command_line(*words).out)
    assert list(result["phases"]) == ["start", "parts", "decisions", "record", "release"]
    record = json.loads((tmp_path / "out" / "runs" / result["run"] / "run.json").read_text())
    phases = record["phases"]
    assert phases == {name: seconds for name, seconds in result["phases"].items() if name != "release"}
    assert phases["parts"] > 0
    assert phases["parts"] + phases["decisions"] + phases["record"] == pytest.approx(record["seconds"], abs=0.5)
    shown = command_line("runs", "show", result["run"], "--out", tmp_path / "out").out
    assert f"time     start {phases['start']:.1f} s, parts {phases['parts']:.1f} s" in shown
