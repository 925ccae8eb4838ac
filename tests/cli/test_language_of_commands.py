"""`--lang` on every command: output, errors and helps in three languages."""

from __future__ import annotations

import json
import re
from typing import TYPE_CHECKING, Any

import pytest
from typer.core import TyperGroup

from latam_corpus.__main__ import COMMANDS
from latam_corpus.cli.interface.app import loaded
from latam_corpus.cli.interface.ui_language import speak

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from conftest import CommandLine, SmallSource

_HELLO = {"es": "esa receta no existe", "pt": "essa receita não existe", "en": "there is no such recipe"}


def _leaves(command: Any) -> Iterator[Any]:
    inner = command.commands.values() if isinstance(command, TyperGroup) else ()
    yield command
    for item in inner:
        yield from _leaves(item)


@pytest.mark.parametrize("name", [name for name in COMMANDS if " " not in name])
def test_every_command_has_the_option(name: str) -> None:
    """Each command and each group has `--lang` once."""
    for command in _leaves(loaded(COMMANDS, name)):
        assert [item.name for item in command.params].count("lang") == 1, command.name


@pytest.mark.parametrize("language", ["es", "pt"])
@pytest.mark.parametrize("name", [name for name in COMMANDS if " " not in name])
def test_every_help_is_translated(command_line: CommandLine, name: str, language: str) -> None:
    """The commands' descriptions, the options and the metavariables are translated, also Typer's own names of types."""
    output, english = (set(_help_rows(name, item)) for item in (language, "en"))
    assert output & english == set()
    printed = command_line(*name.split(), "--help", "--lang", language).out
    assert not re.search(r"env var|<\w+>|list\[| range|\bFILE\b|\bPATH\b|\bNAME\b", printed), printed


def _help_rows(name: str, language: str) -> Iterator[tuple[str, str]]:
    speak(language)
    for command in _leaves(loaded(COMMANDS, name)):
        yield "", command.help or ""
        yield from ((item.name, item.help) for item in command.params if not item.hidden)
    speak("en")


@pytest.mark.parametrize("language", _HELLO)
def test_the_language_is_the_one_asked_for_else_the_machines(
    command_line: CommandLine, monkeypatch: pytest.MonkeyPatch, language: str
) -> None:
    """`--lang` comes first, anywhere in the line; then LANGUAGE, LC_ALL and LANG, as in gettext."""
    other = "pt" if language != "pt" else "es"
    monkeypatch.setenv("LANGUAGE", f"fr:{language}:{other}")
    monkeypatch.setenv("LC_ALL", f"{other}_XX.UTF-8")
    assert _HELLO[language] in command_line("run", "nada").err
    monkeypatch.setenv("LANGUAGE", "")
    monkeypatch.setenv("LC_ALL", "pt_BR.UTF-8" if language != "pt" else "es_CL.UTF-8")
    for line in (["--lang", language], [f"--lang={language}"]):
        assert _HELLO[language] in command_line("run", "nada", *line).err
    assert _HELLO["es" if language == "pt" else "pt"] in command_line("run", "nada").err
    monkeypatch.setenv("LC_ALL", "")
    monkeypatch.setenv("LANG", f"{language}_XX.UTF-8")
    assert _HELLO[language] in command_line("check", "nada").err


def test_unknown_languages_are_refused(command_line: CommandLine) -> None:
    """The error lists the languages of the program."""
    result = command_line("release", "list", "--lang", "fr")
    assert (result.code, "choose one of: es, pt, en" in result.err) == (2, True)


@pytest.mark.parametrize(
    ("line", "told"),
    [
        ("--help --lang es", ("Crear un corpus:", "Escribe recetas.")),
        ("recipe new --help --lang pt", ("Opções:", "Arquivos de fontes, ou nomes do catálogo.", "[obrigatório]")),
        ("rum --lang es", ("no hay ningún comando «rum»",)),
    ],
)
def test_helps_and_wrong_lines_are_in_the_language(command_line: CommandLine, line: str, told: tuple[str, ...]) -> None:
    """Though Typer writes them before a command begins."""
    result = command_line(*line.split())
    assert all(item in result.out + result.err for item in told), result


def test_a_file_that_cannot_be_used_is_told_by_every_command(command_line: CommandLine, tmp_path: Path) -> None:
    """A folder that is a file: where, what and what to do, and no traceback."""
    (tmp_path / "out").write_text("")
    result = command_line("recipe", "new", "conha19", "--to", tmp_path / "out" / "r.toml", "--lang", "es")
    assert (result.code, result.err.count("una parte de la ruta no es una carpeta")) == (2, 1), result


def test_errors_are_json_where_json_is_asked_for(command_line: CommandLine) -> None:
    """Each with its place, problem and remedy, in the language that is spoken; the exit code stays."""
    result = command_line("check", "nada", "--json", "--lang", "es")
    assert (result.code, result.out) == (2, "")
    matches = json.loads(result.err)
    assert matches["exit_code"] == 2
    assert [(item["place"], item["problem"]) for item in matches["errors"]] == [("nada", "esa receta no existe")]


@pytest.mark.parametrize(("language", "told"), [("es", "Instala el autocompletado"), ("pt", "Instala o autocompletar")])
def test_lists_of_commands_are_complete(command_line: CommandLine, language: str, told: str) -> None:
    """No description is cut, and the options that Typer adds are translated too."""
    for line in ((), ("release",), ("sources",)):
        shown = command_line(*line, "--help", "--lang", language).out
        assert "..." not in shown.replace("ARGUMENTOS]...", "")
    shown = command_line("--help", "--lang", language).out
    assert told in shown
    assert "Install completion" not in shown


def test_the_remedy_for_a_folder_is_sources_new(command_line: CommandLine, tmp_path: Path) -> None:
    """A user who passes a folder of texts as a source is pointed to the questions."""
    result = command_line("sources", "check", tmp_path, "--lang", "es")
    assert (result.code, "describa sus textos con `latam-corpus sources new`" in result.err) == (2, True)


def test_invalid_values_are_explained_in_the_language(
    command_line: CommandLine, small_source: SmallSource, tmp_path: Path
) -> None:
    """The error states the required form or number of characters."""
    source = tmp_path / "fuente.toml"
    source.write_text(small_source('format = "csv"\ndelimiter = ";;"'))
    result = command_line("run", source, "--input", tmp_path, "--lang", "es")
    assert "un texto de 1 carácter como máximo" in result.out + result.err
