"""The page on Python is true: its blocks run, in order, on the data that they write."""

from __future__ import annotations

import re
import subprocess
import sys
import tomllib
from pathlib import Path

import pytest

_ROOT = Path(__file__).parents[2]
_PAGE = (_ROOT / "docs" / "python.md").read_text(encoding="utf-8")


def _blocks(language: str) -> list[str]:
    return re.findall(rf"^```{language}\n(.*?)^```", _PAGE, re.DOTALL | re.MULTILINE)


@pytest.mark.slow
def test_the_pages_code_runs_from_beginning_to_end(tmp_path: Path) -> None:
    """In a script without a guard for worker processes, in a folder of its own; no warning is given."""
    blocks = _blocks("python")
    assert len(blocks) > 6
    (tmp_path / "page.py").write_text("\n".join(blocks), encoding="utf-8")
    command = [sys.executable, "-W", "error", "page.py"]
    done = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    assert "3 documents in, 2 kept, released as poems@" in done.stdout
    assert "in, shard data/spa_Latn-literature/" in done.stdout


def test_the_code_on_languages_runs() -> None:
    """The example of regional cues."""
    page = (_ROOT / "docs" / "language.md").read_text(encoding="utf-8")
    blocks = re.findall(r"^```python\n(.*?)^```", page, re.DOTALL | re.MULTILINE)
    assert len(blocks) == 1
    subprocess.run([sys.executable, "-W", "error", "-c", blocks[0]], check=True)


def test_the_pages_plug_in_is_the_one_that_is_installed() -> None:
    """The page shows the same code as the package."""
    shown, *_ = map(tomllib.loads, _blocks("toml"))  # the others name what this package hasn't
    project = tomllib.loads((_ROOT / "tests" / "plug_in" / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    assert shown["project"]["entry-points"] == project["entry-points"]
    code = (_ROOT / "tests" / "plug_in" / "corpus_plug_in.py").read_text(encoding="utf-8")
    for line in _blocks("python")[-1].splitlines():
        if not line.startswith(("from ", "import ", "def ", "    return np")):
            assert line in code
