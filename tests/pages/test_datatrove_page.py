"""The page on datatrove is true: its blocks run, in order, on the data that they write."""

from __future__ import annotations

import re
import subprocess
import sys
from pathlib import Path

import pytest

_PAGE = (Path(__file__).parents[2] / "docs" / "datatrove.md").read_text(encoding="utf-8")


@pytest.mark.slow
def test_the_pages_code_runs_from_beginning_to_end(tmp_path: Path) -> None:
    """In a script, in a folder of its own; no warning is given."""
    blocks = re.findall(r"^```python\n(.*?)^```", _PAGE, re.DOTALL | re.MULTILINE)
    assert len(blocks) == 2
    (tmp_path / "page.py").write_text("\n".join(blocks), encoding="utf-8")
    command = [sys.executable, "-W", "error", "page.py"]
    done = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
