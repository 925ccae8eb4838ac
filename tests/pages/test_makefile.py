"""The commands of the Makefile."""

from __future__ import annotations

import os
import shutil
import subprocess
from pathlib import Path

import pytest

_MAKEFILE = Path(__file__).parents[2] / "Makefile"
_PROGRAM = '#!/bin/sh\nprintf "%s|" "$LATAM_CORPUS_DATA" "$@"\n'


@pytest.mark.skipif(not shutil.which("make"), reason="make isn't installed")
@pytest.mark.parametrize(
    ("target", "expected"),
    [
        (["test-fast"], "{data}|-m|pytest|-n|auto|--dist|worksteal|-m|not slow and not real|"),
        (["demo", "DATA=../mis textos"], "|demo|--data|../mis textos|"),
    ],
)
def test_folders_may_have_spaces_and_accents(tmp_path: Path, target: list[str], expected: str) -> None:
    """The project's own, and that of the real texts."""
    project, data = tmp_path / "año 1" / "d'aquí", tmp_path / "año 1" / "shared" / "data"
    data.mkdir(parents=True)
    (project / ".venv" / "bin").mkdir(parents=True)
    for name in ("python", "latam-corpus"):
        (project / ".venv" / "bin" / name).write_text(_PROGRAM, encoding="utf-8")
        (project / ".venv" / "bin" / name).chmod(0o755)
    for name in ("pyproject.toml", "constraints.txt", ".venv/.ready", ".venv/.dev"):
        (project / name).touch()
    shutil.copy(_MAKEFILE, project)
    environment = {name: value for name, value in os.environ.items() if not name.startswith(("MAKE", "LATAM_CORPUS"))}
    done = subprocess.run(
        ["make", "-s", *target], cwd=project, env=environment, capture_output=True, encoding="utf-8", check=False
    )
    assert (done.returncode, done.stdout) == (0, expected.format(data=data)), done.stderr
