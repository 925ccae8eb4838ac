"""The tutorial and the page on duplicates are true: their commands run, in order, on the files that they write."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

_ROOT = Path(__file__).parents[2]
# These set up what the test has: the demo has a test of its own, and the command is the one installed here.
_SET_UP = ("make demo", ". .venv/bin/activate")


def _script(text: str) -> str:
    """A page's fenced blocks as one shell script: commands as they are, TOML and Python into their files."""
    pieces = []
    for match in re.finditer(r"^```(sh|toml|python)\n(.*?)^```", text, re.DOTALL | re.MULTILINE):
        language, block = match.groups()
        if language == "sh":
            pieces.append("\n".join(line for line in block.splitlines() if line not in _SET_UP))
        elif language == "toml":
            [*_, named] = re.findall(r"`([\w./-]+\.toml)`", text[: match.start()])
            pieces.append(f"cat > {named} <<'LATAM'\n{block}LATAM")
        else:
            pieces.append(f"python - <<'LATAM'\n{block}LATAM")
    return "set -euo pipefail\n" + "\n".join(pieces)


@pytest.mark.slow
def test_the_tutorial_runs_from_beginning_to_end(tmp_path: Path) -> None:
    """Every command ends well, and the numbers that the text promises are printed."""
    told = _told("tutorial.md", tmp_path)
    assert "29 documents in = 22 kept + 7 set aside" in told
    assert "13 documents in = 9 kept + 4 set aside" in told
    assert "word_count<380" in told
    assert (tmp_path / "pulled" / "corpus.lock").is_file()


@pytest.mark.slow
def test_explain_says_of_copies_what_their_page_quotes(tmp_path: Path) -> None:
    """Every quoted block is printed, line by line."""
    told = _told("dedupe.md", tmp_path)
    quoted = re.findall(r"^```text\n(.*?)^```", _page("dedupe.md"), re.DOTALL | re.MULTILINE)
    assert len(quoted) > 1
    for block in quoted:
        assert block in told


def _page(name: str) -> str:
    return (_ROOT / "docs" / name).read_text(encoding="utf-8")


def _told(name: str, folder: Path) -> str:
    """What the page's commands print, in a folder like a checkout's."""
    for beside in ("pipelines", "filters"):
        shutil.copytree(_ROOT / beside, folder / beside)
    environment = os.environ | {"PATH": f"{Path(sys.executable).parent}:{os.environ['PATH']}"}
    command = ["bash", "-c", _script(_page(name))]
    done = subprocess.run(
        command, cwd=folder, env=environment, capture_output=True, text=True, check=False, timeout=300
    )
    assert done.returncode == 0, done.stdout[-2000:] + done.stderr[-2000:]
    return done.stdout
