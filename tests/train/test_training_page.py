"""The first commands on the training page run, and its Python code, on a store with the release that it names."""

from __future__ import annotations

import json
import re
import shlex
import shutil
import subprocess
import sys
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from conftest import CommandLine

    from latam_corpus.release.storing.store import Store

_PAGE = Path(__file__).parents[2] / "docs" / "training.md"


@pytest.mark.slow
def test_a_first_version_is_pulled_and_read(
    demo_out: Path, tmp_path: Path, command_line: CommandLine, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The commands of the page's first block work on the folder that the first of them leaves."""
    block = re.findall(r"^```sh\n(.*?)^```", _PAGE.read_text(encoding="utf-8"), re.DOTALL | re.MULTILINE)[0]
    demo, *commands = map(shlex.split, block.splitlines())
    assert demo == ["latam-corpus", "demo", "--out", "demo-out"]
    shutil.copytree(demo_out / "store", tmp_path / "demo-out" / "store")
    monkeypatch.chdir(tmp_path)
    programs = [program for program, *_ in commands]
    assert programs == ["latam-corpus", "python", "latam-corpus"]
    for program, *arguments in commands:
        if program == "latam-corpus":
            result = command_line(*arguments)
            assert result.code == 0, result.err
        else:
            subprocess.run([sys.executable, *arguments], check=True)
    assert (tmp_path / "pulled" / "corpus.lock").is_file()


def test_the_pages_code_runs(
    small_store: Store, tokenizer_file: Path, tmp_path: Path, command_line: CommandLine
) -> None:
    """The code runs with a plan that the command made."""
    (tmp_path / "out").mkdir(exist_ok=True)  # there where this test is the first to build the version
    Path(small_store.root).rename(tmp_path / "out" / "store")
    command = ("mix", "plan", "puerto", "--tokens", "9000", "--tokenizer", tokenizer_file, "--out", tmp_path / "out")
    plan = command_line(*command, "--json").json
    (tmp_path / "plan.json").write_text(json.dumps(plan))
    blocks = re.findall(r"^```python\n(.*?)^```", _PAGE.read_text(encoding="utf-8"), re.DOTALL | re.MULTILINE)
    assert len(blocks) > 1
    script = [sys.executable, "-W", "error", "-c", "\n".join(blocks)]
    done = subprocess.run(script, cwd=tmp_path, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
