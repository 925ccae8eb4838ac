"""`docs/es/primera-version.md` is a transcript: its commands say what stands there, in an empty home, in Spanish."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from itertools import pairwise
from pathlib import Path
from typing import Final

import pytest

from latam_corpus.paths import cache_folder

_PAGE: Final = Path(__file__).resolve().parents[2] / "docs" / "es" / "primera-version.md"
_MORE: Final = "…"


def _files(page: str) -> dict[str, str]:
    """The files that the page shows, each by the name that stands last before it."""
    pieces = page.split("```text\n")
    return {
        re.findall(r"`([\w/.-]+\.txt)`", before)[-1]: after.partition("```")[0] for before, after in pairwise(pieces)
    }


def _blocks(page: str) -> list[tuple[str, str]]:
    """Each command, and what it says."""
    return re.findall(r"^```console\n\$ ([^\n]*)\n(.*?)^```", page, re.DOTALL | re.MULTILINE)


def _pattern(said: str) -> re.Pattern[str]:
    """A line `…` stands for any lines, `…` in a line that isn't Spanish's own for any signs."""
    lines = [".*?" if line == _MORE else re.escape(line).replace(_MORE, r"[^\n]*") for line in said.splitlines()]
    return re.compile("\n".join(lines) + r"\s*", re.DOTALL)


def _parted(line: str) -> tuple[list[str], str | None]:
    """The arguments after `latam-corpus`, and the file that is standard input."""
    command, _, given = line.partition(" < ")
    return command.split()[1:], given or None


@pytest.mark.slow
def test_the_page_is_what_happens(tmp_path: Path) -> None:
    """Three commands, from texts to a version; nothing is left of English, and nothing is asked of a home."""
    page = _PAGE.read_text(encoding="utf-8")
    for name, text in _files(page).items():
        (tmp_path / name).parent.mkdir(exist_ok=True)
        (tmp_path / name).write_text(text, encoding="utf-8")
    assert sorted(path.name for path in tmp_path.rglob("*.txt")) == ["carta-01.txt", "carta-02.txt", "respuestas.txt"]
    (tmp_path / "home").mkdir()
    environ = os.environ | {"HOME": str(tmp_path / "home"), "LC_ALL": "", "LANG": "es_CL.UTF-8", "COLUMNS": "400"}
    environ |= {"PYTHONPATH": os.pathsep.join(path for path in sys.path if path), "PYTHONUTF8": "1"}
    environ["LATAM_CORPUS_CACHE"] = str(cache_folder())  # what is compiled once needn't be compiled in each home
    blocks = _blocks(page)
    assert len(blocks) == 3
    for line, said in blocks:
        arguments, given = _parted(line)
        done = subprocess.run(
            [sys.executable, "-m", "latam_corpus", *arguments],
            input=(tmp_path / given).read_bytes() if given else b"",
            capture_output=True,
            check=False,
            cwd=tmp_path,
            env=environ,
        )
        assert done.returncode == 0, done.stderr.decode()
        told = done.stderr.decode() + done.stdout.decode()
        told = re.sub(r"^dedupe: [^\n]+: \d+ de \d+[^\n]*\n", "", told, flags=re.MULTILINE)  # of a slow machine
        assert _pattern(said).fullmatch(told), told
    assert (tmp_path / "corpus" / "corpus.lock").exists()
