"""The tutorial and the pages on duplicates and quality are true: their commands run, in order, on files they write."""

from __future__ import annotations

import json
import os
import random
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
    """Return a page's fenced blocks as one shell script that runs commands and Python, and writes TOML to its files."""
    pieces = []
    for match in re.finditer(r"^```(sh|console|toml|python)\n(.*?)^```", text, re.DOTALL | re.MULTILINE):
        language, block = match.groups()
        if language == "sh":
            pieces.append("\n".join(line for line in block.splitlines() if line not in _SET_UP))
        elif language == "console":
            pieces += re.findall(r"^\$ (.*)", block, re.MULTILINE)
        elif language == "toml":
            [*_, named] = re.findall(r"`([\w./-]+\.toml)`", text[: match.start()])
            pieces.append(f"cat > {named} <<'LATAM'\n{block}LATAM")
        else:
            pieces.append(f"python - <<'LATAM'\n{block}LATAM")
    return "\n".join(pieces)


def _commands(script: str) -> Iterator[str]:
    """Yield each command with its continued lines and the lines of a document that it reads."""
    lines = iter(script.splitlines())
    for line in lines:
        command = [line]
        while command[-1].endswith("\\"):
            command.append(next(lines))
        if document := re.search(r"<<'(\w+)'$", line):
            while command[-1] != document[1]:
                command.append(next(lines))
        yield "\n".join(command)


FollowPage = Callable[..., str]


@pytest.fixture
def follow_page(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, command_line: CommandLine) -> FollowPage:
    """Return a function that runs a page's commands and returns their output, in a folder like a checkout's."""
    for folder in ("pipelines", "filters"):
        shutil.copytree(_ROOT / folder, tmp_path / folder)
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("PATH", f"{Path(sys.executable).parent}:{os.environ['PATH']}")

    def follow(page: str, previous: Callable[[str], None] = lambda _command: None) -> str:
        outputs = []
        for command in _commands(_script(page)):
            previous(command)
            if command.startswith("latam-corpus "):
                code, out, err = command_line(*shlex.split(command.replace("\\\n", " "))[1:])
            else:
                done = subprocess.run(["bash", "-euc", command], capture_output=True, text=True, check=False)
                code, out, err = done.returncode, done.stdout, done.stderr
            assert code == 0, (command, out[-2000:], err[-2000:])
            outputs.append(out)
        return "".join(outputs)

    return follow


@pytest.mark.slow
def test_the_tutorial_runs_from_beginning_to_end(follow_page: FollowPage, tmp_path: Path) -> None:
    """Every command succeeds, and the output has the numbers that the text promises."""
    result = follow_page(_page("tutorial.md"))
    assert "29 documents in = 22 kept + 7 set aside" in result
    assert "13 documents in = 9 kept + 4 set aside" in result
    assert "word_count<380" in result
    assert (tmp_path / "pulled" / "corpus.lock").is_file()


@pytest.mark.slow
def test_explain_says_of_copies_what_their_page_quotes(follow_page: FollowPage) -> None:
    """Every quoted block is printed, line by line."""
    result = follow_page(_page("dedupe.md"))
    quoted = re.findall(r"^```text\n(.*?)^```", _page("dedupe.md"), re.DOTALL | re.MULTILINE)
    assert len(quoted) > 1
    for block in quoted:
        assert block in result


@pytest.mark.slow
@pytest.mark.skipif("LATAM_CORPUS_GATE" not in os.environ, reason="it takes long: `make gate`")
def test_the_page_on_quality_quotes_what_its_commands_say(follow_page: FollowPage, tmp_path: Path) -> None:
    """In quotes, a line `…` matches any lines, and `…` in a line any characters."""
    rng = random.Random(3)
    words = {"good": "la barca salió del puerto antes del alba y volvió con la red vacía porque nadie quiso pescar"}
    for name, mixed in (words | {"bad": "colchones baratos en oferta online"}).items():
        texts = [" ".join(rng.choices(mixed.split(), k=60)) for _ in range(60)]
        rows = [{"id": str(n), "text": text, "language": "spa_Latn", "genre": "news"} for n, text in enumerate(texts)]
        (tmp_path / f"{name}.jsonl").write_text("\n".join(map(json.dumps, rows)), encoding="utf-8")

    def fill_in(command: str) -> None:
        if command.startswith("latam-corpus judge import"):
            sheet = tmp_path / "sample.csv"
            sheet.write_text(sheet.read_text("utf-8").replace("\n;;;;;", "\nbueno;sí;sí;no;;"), "utf-8")

    page = _page("quality.md")
    fragments_left_out = re.sub(r"^```toml.*?^```", "", page, flags=re.DOTALL | re.MULTILINE)
    output = re.sub(r" +$", "", follow_page(fragments_left_out, fill_in), flags=re.MULTILINE)
    quoted = re.findall(r"^```console\n\$ [^\n]*\n(.*?)^```", page, re.DOTALL | re.MULTILINE)
    assert len(quoted) == 3
    for block in quoted:
        lines = [".*?" if line == "…" else re.escape(line).replace("…", r"[^\n]*") for line in block.splitlines()]
        assert re.search("^" + "\n".join(lines), output, re.DOTALL | re.MULTILINE), block


def _page(name: str) -> str:
    return (_ROOT / "docs" / name).read_text(encoding="utf-8")
