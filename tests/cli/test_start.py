"""The command line starts light: what a command doesn't use it doesn't load, and the shell completes what follows."""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
from typing import TYPE_CHECKING

import pytest
from typer.core import TyperGroup
from typer.testing import CliRunner

from latam_corpus.__main__ import COMMANDS, app
from latam_corpus.cli.interface.app import loaded
from latam_corpus.cli.interface.commands import HEADINGS
from latam_corpus.storage.durable import sealed

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from conftest import CommandLine

# Each costs a tenth of a second and more, or ten megabytes and more.
_HEAVY = {
    *("polars", "pyarrow", "numpy", "numba", "llvmlite", "scipy", "fsspec", "zstandard", "datatrove", "asyncio"),
    *("lxml", "trafilatura", "resiliparse", "fastwarc", "fasttext", "iso639", "langcodes", "license_expression"),
}
# Of those that stand by themselves; `list sources` is added to `list` by another room.
_NAMES = [name for name in COMMANDS if " " not in name]
_RUN = """
import contextlib, io, json, sys
from latam_corpus.__main__ import main
with contextlib.redirect_stdout(io.StringIO()):
    for line in {lines!r}:
        sys.argv = ["latam-corpus", *line]
        try:
            main()
        except SystemExit as ended:
            assert not ended.code, (line, ended.code)
        found = [name for name in {heavy} if name in sys.modules]
        assert not found, (line, found)
"""


def _lines() -> list[list[str]]:
    """Every command and every group's command, with `--help` after it."""
    matches = [["--help"]]
    for name in _NAMES:
        matches.append([name, "--help"])
        command = loaded(COMMANDS, name)
        if isinstance(command, TyperGroup):
            matches += [[name, inner, "--help"] for inner in command.commands]
    return matches


def _starts_light(lines: list[list[str]], folder: Path, but: frozenset[str] = frozenset()) -> None:
    environ = os.environ | {"PYTHONPATH": os.pathsep.join(path for path in sys.path if path)}
    command = [sys.executable, "-c", _RUN.format(lines=lines, heavy=sorted(_HEAVY - but))]
    done = subprocess.run(command, capture_output=True, text=True, check=False, cwd=folder, env=environ)
    assert done.returncode == 0, done.stderr


def test_help_and_version_load_nothing_heavy(tmp_path: Path) -> None:
    """No command's help loads a heavy module either: those are imported in the functions that need them."""
    lines = _lines()
    assert len(lines) > 40
    _starts_light([["--version"], *lines], tmp_path)


def test_lists_of_files_load_nothing_heavy(tmp_path: Path) -> None:
    """Recipes and runs are TOML and JSON, signals are descriptors, and sources are looked up in tables of codes."""
    run = tmp_path / "out" / "runs" / "cuentos-1a2b3c4d"
    run.mkdir(parents=True)
    values = {"id": run.name, "written": "2026-11-27", "parts": [], "recipe": {"title": "Cuentos"}, "seconds": 1.0}
    (run / "run.json").write_bytes(sealed(values | {"rows": {"in": 2, "kept": 1}}))
    _starts_light([["list", "recipes"], ["list", "signals"], ["runs", "list"]], tmp_path)
    _starts_light([["list", "sources"]], tmp_path, frozenset({"iso639", "license_expression"}))


def test_what_a_command_loads_is_seen(tmp_path: Path) -> None:
    """The list of stages loads the stages, and they load Polars: the two tests above can fail."""
    with pytest.raises(AssertionError, match="polars"):
        _starts_light([["list", "stages"]], tmp_path)


@pytest.mark.parametrize("name", COMMANDS)
def test_every_command_is_importable_with_the_help_of_its_table(name: str) -> None:
    """The name leads to a function or a group, which shows the help that the table has."""
    first, _, inner = name.partition(" ")
    command = loaded(COMMANDS, first)
    command = command.commands[inner] if inner else command
    assert command.help == COMMANDS[name].help


def test_help_lists_each_command_once_under_the_heading_of_its_purpose() -> None:
    """The headings have the order of the work, and a command appears under one of them."""
    shown = CliRunner().invoke(app, ["--help"]).output
    sections = re.split("|".join(f"^{heading}:$" for heading in HEADINGS.values()), shown, flags=re.MULTILINE)[1:]
    assert len(sections) == len(HEADINGS)
    for purpose, section in zip(HEADINGS, sections, strict=True):
        names = re.findall(r"^  (\S+)", section, re.MULTILINE)
        assert sorted(names) == sorted(name for name in _NAMES if COMMANDS[name].purpose == purpose)


@pytest.mark.parametrize(
    ("line", "told"),
    [
        ("chek", "latam-corpus: there is no command «chek»; did you mean «check»?"),
        ("check-lock", "latam-corpus: there is no command «check-lock»; did you mean «release check-lock»?"),
        ("release plan", "latam-corpus release: there is no command «plan»; did you mean «mix plan»?"),
        ("show", "latam-corpus: there is no command «show»; choose one of: judge show, runs show, release show"),
        ("list recpes", "latam-corpus list: there is no command «recpes»; did you mean «recipes»?"),
        ("list nada", "latam-corpus list: there is no command «nada»; choose one of: languages, recipes"),
        ("run news --inptu x", "latam-corpus run: there is no option «--inptu»; did you mean «--input»?"),
        ("run", "latam-corpus run: «RECIPE» is missing; write: latam-corpus run [OPTIONS] RECIPE"),
        ("judge import", "«SHEET» is missing; write: latam-corpus judge import [OPTIONS] --reader TEXT SHEET"),
        ("sources check --lang es", "escriba: latam-corpus sources check [OPCIONES] ARCHIVO…"),
        ("run news --workers dos", "--workers: it must be a whole number, not «dos»"),
        (
            "run news --limit 0",
            "--limit: it must be a number of 1 or more, not «0»; `latam-corpus run --help` explains",
        ),
        ("report x --serve --port 99999", "--port: it must be a number of 65535 or less, not «99999»"),
        ("rights recheck x --delay -1", "--delay: it must be a number of 0 or more, not «-1»"),
        ("lab ablate x --passes 0 --lang es", "--passes: debe ser un número de 0,01 o más, no «0»"),
        ("run news --out", "--out: a value is missing after this option, or the option takes none"),
        ("runs list --json=1", "--json: a value is missing after this option, or the option takes none"),
        (
            "runs list uno dos",
            "latam-corpus runs list: «uno dos» is not expected here; write: latam-corpus runs list [OPTIONS]; put",
        ),
        ("run news --limit " + "9" * 5000, "--limit: it must be a whole number of fewer digits, not «999"),
        ("chek --lang es", "no hay ningún comando «chek»; ¿quiso escribir «check»?"),
        ("runs list --nada --lang es", "latam-corpus runs list: no hay ninguna opción «--nada»"),
        ("run --lang pt", "falta “RECEITA”; escreva: latam-corpus run [OPÇÕES] RECEITA"),
        ("run news --workers dois --lang pt", "--workers: deve ser um número inteiro, não “dois”"),
    ],
)
def test_usage_errors_have_a_remedy(command_line: CommandLine, line: str, told: str) -> None:
    """Exit code 2, and a suggestion, in the user's language."""
    result = command_line(*line.split())
    assert result.code == 2
    assert told in result.err


def test_usage_errors_can_be_json(command_line: CommandLine) -> None:
    """With `--json`, usage errors are JSON as all other errors."""
    result = command_line("explain", "--json", "--lang", "es")
    (wrong,) = json.loads(result.err)["errors"]
    assert (result.code, result.out) == (2, "")
    assert wrong["place"] == "latam-corpus explain"
    assert wrong["problem"].startswith("falta ")


@pytest.mark.parametrize(
    ("language", "usage", "help_told"), [("es", "Uso: ", "Muestra esta ayuda"), ("pt", "Uso: ", "Mostra esta ajuda")]
)
def test_a_help_is_in_one_language_alone(command_line: CommandLine, language: str, usage: str, help_told: str) -> None:
    """The words of the library that writes it, too."""
    result = command_line("runs", "list", "--help", "--lang", language)
    assert result.code == 0
    assert result.out.startswith(usage)
    assert help_told in result.out
    assert "Show this" not in result.out


@pytest.fixture
def completed(command_line: CommandLine, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Callable[..., list[str]]:
    """Return the completions for the last word of a line, in a folder with two folders of runs."""
    for out, name in (("out", "cuentos-1a2b3c4d"), ("otra", "cuentos-5e6f7a8b")):
        (tmp_path / out / "runs" / name).mkdir(parents=True)
        (tmp_path / out / "runs" / name / "run.json").touch()
    (tmp_path / "out" / "runs" / "cuentos-sin-terminar").mkdir()

    def call(line: str, shell: str = "bash") -> list[str]:
        monkeypatch.chdir(tmp_path)
        words = str(len(line.split(" ")) - 1)
        requested = {"_LATAM_CORPUS_COMPLETE": f"complete_{shell}", "COMP_WORDS": line, "COMP_CWORD": words}
        requested |= {"_TYPER_COMPLETE_ARGS": line, "_TYPER_COMPLETE_FISH_ACTION": "get-args"}
        for name, value in requested.items():
            monkeypatch.setenv(name, value)
        result = command_line()
        assert (result.code, result.err) == (0, "")
        return result.out.split()

    return call


@pytest.mark.parametrize(
    ("line", "offered"),
    [
        ("latam-corpus meas", ["measure"]),
        ("latam-corpus run lit", ["literature"]),
        ("latam-corpus check lyr", ["lyrics"]),
        ("latam-corpus stage fing", ["fingerprint"]),
        ("latam-corpus sources preview conha", ["conha19"]),
        ("latam-corpus run news --acc", ["--accept-loss"]),
        ("latam-corpus list rec", ["recipes"]),
        ("latam-corpus compare cue", ["cuentos-1a2b3c4d"]),
        ("latam-corpus compare --out otra cue", ["cuentos-5e6f7a8b"]),
        ("latam-corpus run nada/de/esto", []),
    ],
)
def test_the_shell_completes_names(completed: Callable[..., list[str]], line: str, offered: list[str]) -> None:
    """Commands, options, recipes, stages, sources and runs; what isn't known is left to the shell, as a path."""
    assert completed(line) == offered


@pytest.mark.parametrize("shell", ["zsh", "fish"])
def test_completions_have_descriptions(completed: Callable[..., list[str]], shell: str) -> None:
    """Shells other than bash show them next to the names."""
    output = " ".join(completed("latam-corpus meas", shell))
    assert "measure" in output
    assert "signal" in output
