"""Pages that are transcripts: their commands print what the page shows, in an empty home.

`make gate` gives each command to a process of its own, `make test` gives all of them to this one, which is quicker.
"""

from __future__ import annotations

import os
import random
import re
import shlex
import subprocess
import sys
from collections.abc import Callable
from itertools import pairwise
from pathlib import Path
from typing import TYPE_CHECKING, Final, TypeAlias

import pytest

from latam_corpus.paths import cache_folder

if TYPE_CHECKING:
    from conftest import CommandLine

_DOCS: Final = Path(__file__).resolve().parents[2] / "docs"
_MORE: Final = "…"
_SYLLABLES: Final = ("qla", "vrü", "θen", "zhy", "oqx", "udj", "ŋra", "pxe", "ivv", "wöt", "tlh", "kzu", "ghé")


def _files(page: str) -> dict[str, str]:
    """Return the files that the page shows, each by the last name before it."""
    pieces = page.split("```text\n")
    return {
        re.findall(r"`([\w/.-]+\.(?:txt|csv))`", previous)[-1]: after.partition("```")[0]
        for previous, after in pairwise(pieces)
    }


def _blocks(page: str) -> list[tuple[str, str]]:
    """Yield each command with its output."""
    return re.findall(r"^```console\n\$ ([^\n]*)\n(.*?)^```", page, re.DOTALL | re.MULTILINE)


def _pattern(said: str) -> re.Pattern[str]:
    """Return a pattern: a line `…` matches any lines, `…` within a line any characters."""
    lines = [".*?" if line == _MORE else re.escape(line).replace(_MORE, r"[^\n]*") for line in said.splitlines()]
    return re.compile("\n".join(lines) + r"\s*", re.DOTALL)


def _parted(line: str) -> tuple[list[str], str | None]:
    """The arguments after `latam-corpus`, and the file that is standard input."""
    command, _, given = line.partition(" < ")
    return shlex.split(command)[1:], given or None


Follow: TypeAlias = Callable[[str, str], None]


@pytest.fixture
def follow(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, command_line: CommandLine) -> Follow:
    """Return a function that runs the commands of a page, and compares their output with the page."""
    (tmp_path / "home").mkdir()
    monkeypatch.setenv("HOME", str(tmp_path / "home"))
    monkeypatch.setenv("COLUMNS", "400")
    monkeypatch.setenv("LATAM_CORPUS_CACHE", str(cache_folder()))  # what is compiled once needn't be for each home
    for name in ("LATAM_CORPUS_CONFIG", "XDG_CONFIG_HOME"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.chdir(tmp_path)

    def said(arguments: list[str], given: str | None) -> tuple[int, str]:
        if "LATAM_CORPUS_GATE" in os.environ:
            path = os.pathsep.join(path for path in sys.path if path)
            done = subprocess.run(
                [sys.executable, "-m", "latam_corpus", *arguments],
                input=Path(given).read_bytes() if given else b"",
                capture_output=True,
                check=False,
                env=os.environ | {"PYTHONPATH": path, "PYTHONUTF8": "1"},
            )
            return done.returncode, done.stderr.decode() + done.stdout.decode()
        with Path(given or os.devnull).open(encoding="utf-8") as stdin:
            monkeypatch.setattr(sys, "stdin", stdin)
            code, out, err = command_line(*arguments)
        return code, err + out

    def give(page: str, machine: str) -> None:
        for name, value in {"LANGUAGE": "", "LC_ALL": "", "LC_MESSAGES": "", "LANG": machine}.items():
            monkeypatch.setenv(name, value)
        blocks = _blocks(page)
        assert len(blocks) == 3
        for line, shown in blocks:
            code, reported = said(*_parted(line))
            assert code == 0, reported
            # What a slow machine tells of the work beside.
            reported = re.sub(r"^buscar duplic\w+: [^\n]+: \d+ de \d+[^\n]*\n", "", reported, flags=re.MULTILINE)
            assert _pattern(shown).fullmatch(reported), reported

    return give


@pytest.mark.slow
@pytest.mark.parametrize(
    ("path", "withdrawal", "given", "machine"),
    [
        ("es/primera-version.md", "es/retiro.md", "respuestas", "es_CL.UTF-8"),
        ("pt/primeira-versao.md", "pt/retirada.md", "respostas", "pt_BR.UTF-8"),
        ("first-version.md", "", "answers", "en_US.UTF-8"),
    ],
)
def test_the_page_is_what_happens(
    tmp_path: Path, follow: Follow, path: str, withdrawal: str, given: str, machine: str
) -> None:
    """Three commands from texts to a version, and three that withdraw one; nothing is asked of a home."""
    page = (_DOCS / path).read_text(encoding="utf-8")
    for name, text in _files(page).items():
        (tmp_path / name).parent.mkdir(exist_ok=True)
        (tmp_path / name).write_text(text, encoding="utf-8")
    names = sorted(path.name for path in tmp_path.rglob("*.*"))
    assert names == sorted(["carta-01.txt", "carta-02.txt", "catalogo.csv", f"{given}.txt"])
    follow(page, machine)
    assert (tmp_path / "corpus" / "corpus.lock").exists()
    if withdrawal:
        follow((_DOCS / withdrawal).read_text(encoding="utf-8"), machine)


@pytest.mark.slow
@pytest.mark.parametrize(
    ("page", "machine"), [("es/agregar-una-lengua.md", "es_CL.UTF-8"), ("pt/acrescentar-uma-lingua.md", "pt_BR.UTF-8")]
)
def test_the_path_of_a_speaker_is_what_happens(tmp_path: Path, follow: Follow, page: str, machine: str) -> None:
    """Three commands, from two hundred lines to a model that recipes take; the lines are in no language."""
    rng = random.Random(5)
    words = ["".join(rng.choices(_SYLLABLES, k=rng.randint(2, 3))) for _ in range(60)]
    lines = [" ".join(rng.choices(words, k=rng.randint(6, 14))) for _ in range(200)]
    (tmp_path / "textos").mkdir()
    (tmp_path / "textos" / "uno.txt").write_text("\n".join(lines), encoding="utf-8")
    follow((_DOCS / page).read_text(encoding="utf-8"), machine)
    assert sorted(path.name for path in (tmp_path / "czn").iterdir()) == [
        "americas-czn.ftz",
        "americas-czn.toml",
        "kept-out.txt",
        "language.toml",
        "train.txt",
    ]
