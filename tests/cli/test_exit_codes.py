"""Exit codes of `run`: 0 if everything was done; 1 if no version was made or, with --strict, an input was damaged."""

from __future__ import annotations

import gzip
import json
from typing import TYPE_CHECKING

import pytest

import latam_corpus as lc

if TYPE_CHECKING:
    from pathlib import Path

    from conftest import CommandLine, SmallRecipe, SmallSource

_TEXT = "La señora abrió la puerta y vio que el perro había vuelto con la pata herida. Caso {}."


@pytest.fixture
def folder(tmp_path: Path, small_recipe: SmallRecipe, small_source: SmallSource) -> Path:
    """Return a folder with a recipe that makes a release, its source, and three texts."""
    (tmp_path / "receta.toml").write_text(small_recipe("repair", "identify", release=""), encoding="utf-8")
    (tmp_path / "fuente.toml").write_text(small_source('required = ["text"]'), encoding="utf-8")
    (tmp_path / "in").mkdir()
    lines = [json.dumps({"text": _TEXT.format(n)}) for n in range(3)]
    (tmp_path / "in" / "a.jsonl").write_text("\n".join(lines), encoding="utf-8")
    return tmp_path


def _run(folder: Path, command_line: CommandLine, *options: str) -> tuple[int, dict[str, object]]:
    source = f"fuente={folder / 'in'}"
    result = command_line("run", folder / "receta.toml", "--input", source, "--out", folder / "out", "--json", *options)
    return result.code, result.json


def test_a_run_that_keeps_nothing_makes_no_version_and_exits_with_1(folder: Path, command_line: CommandLine) -> None:
    """A recipe with [release] asks for a version; a trial with --limit does not."""
    (folder / "in" / "a.jsonl").write_text("nada\nmenos\n", encoding="utf-8")
    code, output = _run(folder, command_line)
    assert (code, output["release"]) == (1, None)
    assert _run(folder, command_line, "--limit", "1")[0] == 0
    with pytest.raises(lc.ReleaseError, match="no document was kept, so no version is made"):
        lc.run(folder / "receta.toml", folder / "in", folder / "out", engine="in-process", progress=False)


def test_strict_refuses_inputs_that_cannot_be_read_whole(folder: Path, command_line: CommandLine) -> None:
    """A gzip file that was cut short is named; what came before is released unless --strict is given."""
    lines = "\n".join(json.dumps({"text": _TEXT.format(n)}) for n in range(100, 160))
    (folder / "in" / "b.jsonl.gz").write_bytes(gzip.compress(lines.encode())[:-9])
    code, output = _run(folder, command_line, "--strict")
    assert (code, output["release"], output["unread"]) == (1, None, {"unreadable:damaged file": 1})
    with pytest.raises(lc.ReleaseError, match="1 input couldn't be read"), pytest.warns(match=r"b\.jsonl\.gz"):
        lc.run(folder / "receta.toml", folder / "in", folder / "out", engine="in-process", strict=True, progress=False)
    code, output = _run(folder, command_line)
    assert code == 0
    assert output["release"]
    assert output["damaged"] == [
        {"source": "fuente", "file": "b.jsonl.gz", "problem": "the compressed data end too early"}
    ]


def test_strict_passes_a_run_whose_inputs_were_read_whole(folder: Path, command_line: CommandLine) -> None:
    """Sound inputs are released with --strict as without."""
    code, output = _run(folder, command_line, "--strict")
    assert (code, output["unread"], bool(output["release"])) == (0, {}, True)
