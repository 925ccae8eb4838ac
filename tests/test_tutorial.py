"""The tutorial is true: its commands run, in order, in a folder like a checkout's, on the files that it writes."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

_ROOT = Path(__file__).parents[1]
_TUTORIAL = _ROOT / "docs" / "tutorial.md"
# These set up what the test has: the demo has a test of its own, and the command is the one installed here.
_SET_UP = ("make demo", ". .venv/bin/activate")


def _script() -> str:
    """The tutorial's fenced blocks as one shell script: commands as they are, TOML and Python into their files."""
    text = _TUTORIAL.read_text(encoding="utf-8")
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
    for name in ("pipelines", "filters"):
        shutil.copytree(_ROOT / name, tmp_path / name)
    environment = os.environ | {"PATH": f"{Path(sys.executable).parent}:{os.environ['PATH']}"}
    command = ["bash", "-c", _script()]
    done = subprocess.run(
        command, cwd=tmp_path, env=environment, capture_output=True, text=True, check=False, timeout=300
    )
    assert done.returncode == 0, done.stdout[-2000:] + done.stderr[-2000:]
    assert "29 documents in = 22 kept + 7 set aside" in done.stdout
    assert "13 documents in = 9 kept + 4 set aside" in done.stdout
    assert "word_count<380" in done.stdout
    assert (tmp_path / "pulled" / "corpus.lock").is_file()
