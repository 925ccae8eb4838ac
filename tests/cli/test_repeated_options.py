"""An option that is repeated keeps all its values or is refused; it never keeps the last one silently."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import pytest
import typer
from typer.core import TyperGroup

from latam_corpus.__main__ import COMMANDS, app
from latam_corpus.cli.interface.app import loaded
from latam_corpus.errors import ConfigError

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from conftest import CommandLine


def _commands(name: str) -> Iterator[tuple[str, Any]]:
    """The command and, of a group, those in it, each with what is typed for it."""
    command = typer.main.get_command(app) if name == "latam-corpus" else loaded(COMMANDS, name)
    yield from _within(name, command, inner=name != "latam-corpus")


def _within(name: str, command: Any, *, inner: bool) -> Iterator[tuple[str, Any]]:
    yield name, command
    if inner and isinstance(command, TyperGroup):
        for one, nested in command.commands.items():
            yield from _within(f"{name} {one}", nested, inner=True)


@pytest.mark.parametrize("name", ["latam-corpus", *(name for name in COMMANDS if " " not in name)])
def test_every_option_of_every_command_accumulates_or_is_refused(name: str) -> None:
    """In each spelling that has a value, `--option value`, `--option=value` and short ones; flags say one thing."""
    tried = 0
    for typed, command in _commands(name):
        context = typer.Context(command)
        for option in command.get_params(context):
            if not option.opts[0].startswith("-") or (option.is_flag and not option.secondary_opts):
                continue
            for spelt in (*option.opts, *option.secondary_opts):
                values: tuple[list[str], ...] = ([], []) if option.is_flag else (["a"], ["b"])
                once, again = ([spelt, *value] for value in values)
                joined = again if option.is_flag or not spelt.startswith("--") else [f"{spelt}=b"]
                for line in ([*once, *again], [*once, *joined], [*once, *once]):
                    tried += 1
                    parser = command.make_parser(typer.Context(command))
                    if option.multiple:
                        kept = parser.parse_args(list(line))[0][option.name]
                        assert len(kept) == 2, (typed, line)
                        continue
                    with pytest.raises(ConfigError, match="more than once") as refused:
                        parser.parse_args(list(line))
                    assert spelt in refused.value.place, (typed, line)
    assert tried


@pytest.mark.parametrize(
    ("line", "option"),
    [
        (["release", "diff", "a@1", "b", "--out", "x", "--out=y"], "--out"),
        (["pull", "a", "--to", "x", "--where", "genre = 'news'", "--where", "country = 'CL'"], "--where"),
        (["sample", "r", "--by", "genre", "--by", "language"], "--by"),
        (["--lang", "en", "--lang", "es", "runs", "list"], "--lang"),
        (["--lang", "en", "runs", "list", "--lang", "es"], "--lang"),
        (["runs", "--lang", "en", "list", "--lang", "es"], "--lang"),
        (["export", "a", "--shuffle", "--no-shuffle"], "--shuffle / --no-shuffle"),
    ],
)
def test_a_repeated_option_is_a_mistake_of_the_user(command_line: CommandLine, line: list[str], option: str) -> None:
    """It ends with exit code 2 and names the option, before anything runs."""
    said = command_line(*line, "--json")
    assert said.code == 2
    assert [one["place"] for one in json.loads(said.err)["errors"]] == [option]


def test_a_variable_of_the_environment_is_no_repetition(
    command_line: CommandLine, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    """An option on the line takes precedence over its variable."""
    monkeypatch.setenv("LATAM_CORPUS_KEY", str(tmp_path / "one.key"))
    said = command_line("release", "purge", "--sign", tmp_path / "two.key", "--out", tmp_path)
    assert "more than once" not in said.err
    assert "two.key" in said.err


def test_a_stages_option_that_is_set_twice_is_refused(command_line: CommandLine, tmp_path: Path) -> None:
    """`--set` keeps all pairs, but a key has one value."""
    said = command_line("stage", "dedupe", tmp_path / "a", tmp_path / "b", "--set", "by=1", "--set", "by=2")
    assert said.code == 2
    assert "--set: «by» is given twice" in said.err


@pytest.mark.parametrize("name", ["latam-corpus", *(name for name in COMMANDS if " " not in name)])
def test_an_option_is_no_value_of_another_one(name: str) -> None:
    """`--out --lang es` lacks the folder; a value that looks like an option is joined by `=`."""
    for typed, command in _commands(name):
        for option in command.get_params(typer.Context(command)):
            if not option.opts[0].startswith("-") or option.is_flag:
                continue
            for spelt in option.opts:
                for following in ("--lang", "--help", "--lagn=es"):
                    parser = command.make_parser(typer.Context(command))
                    with pytest.raises(ConfigError, match="a value is missing after this option") as refused:
                        parser.parse_args([spelt, following, "es"])
                    assert refused.value.place == spelt, (typed, following)
                if spelt.startswith("--"):
                    parser = command.make_parser(typer.Context(command))
                    assert "--lang" in str(parser.parse_args([f"{spelt}=--lang"])[0][option.name])
