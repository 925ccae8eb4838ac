"""The tutorial and the page on duplicates are true: their commands run, in order, on the files that they write."""

from __future__ import annotations

import os
import re
import shlex
import shutil
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from collections.abc import Iterator

    from conftest import CommandLine

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
    return "\n".join(pieces)


def _commands(script: str) -> Iterator[str]:
    """Each command, with the lines that go on after a backslash and those of a document that it reads."""
    lines = iter(script.splitlines())
    for line in lines:
        command = [line]
        while command[-1].endswith("\\"):
            command.append(next(lines))
        if document := re.search(r"<<'(\w+)'$", line):
            while command[-1] != document[1]:
                command.append(next(lines))
        yield "\n".join(command)


Told = Callable[[str], str]


@pytest.fixture
def told(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, command_line: CommandLine) -> Told:
    """What a page's commands print, in a folder like a checkout's; the toolkit's run in this process."""
    for beside in ("pipelines", "filters"):
        shutil.copytree(_ROOT / beside, tmp_path / beside)
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("PATH", f"{Path(sys.executable).parent}:{os.environ['PATH']}")

    def follow(name: str) -> str:
        said = []
        for command in _commands(_script(_page(name))):
            if command.startswith("latam-corpus "):
                code, out, err = command_line(*shlex.split(command.replace("\\\n", " "))[1:])
            else:
                done = subprocess.run(["bash", "-euc", command], capture_output=True, text=True, check=False)
                code, out, err = done.returncode, done.stdout, done.stderr
            assert code == 0, (command, out[-2000:], err[-2000:])
            said.append(out)
        return "".join(said)

    return follow


@pytest.mark.slow
def test_the_tutorial_runs_from_beginning_to_end(told: Told, tmp_path: Path) -> None:
    """Every command ends well, and the numbers that the text promises are printed."""
    said = told("tutorial.md")
    assert "29 documents in = 22 kept + 7 set aside" in said
    assert "13 documents in = 9 kept + 4 set aside" in said
    assert "word_count<380" in said
    assert (tmp_path / "pulled" / "corpus.lock").is_file()


@pytest.mark.slow
def test_explain_says_of_copies_what_their_page_quotes(told: Told) -> None:
    """Every quoted block is printed, line by line."""
    said = told("dedupe.md")
    quoted = re.findall(r"^```text\n(.*?)^```", _page("dedupe.md"), re.DOTALL | re.MULTILINE)
    assert len(quoted) > 1
    for block in quoted:
        assert block in said


def _page(name: str) -> str:
    return (_ROOT / "docs" / name).read_text(encoding="utf-8")
