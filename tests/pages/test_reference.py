"""`docs/reference/` is what the models say: nothing that a file, a stage or a command may have is missing in it."""

from __future__ import annotations

import dataclasses
import json
import tomllib
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
from typer.core import TyperGroup

from latam_corpus import schema, vocabulary
from latam_corpus.__main__ import COMMANDS
from latam_corpus.catalog.source import SOURCES, Collect, Columns, Pick, Rights, Source, Text
from latam_corpus.cli.app import loaded
from latam_corpus.cli.reference import schemas
from latam_corpus.pipeline.recipe import Recipe, ReleaseEntry, shipped_recipes
from latam_corpus.pipeline.registry import STAGES, stage_class
from latam_corpus.pipeline.survival import Floors

if TYPE_CHECKING:
    from collections.abc import Iterator

    from conftest import CommandLine

_FOLDER = Path(__file__).resolve().parents[2] / "docs" / "reference"
_TOPICS = ("source", "recipe", "stages", "columns", "errors", "commands")


def _page(topic: str) -> str:
    return (_FOLDER / f"{topic}.md").read_text(encoding="utf-8")


@pytest.mark.parametrize("topic", _TOPICS)
def test_the_pages_are_what_the_command_prints(command_line: CommandLine, topic: str) -> None:
    """`make reference` writes them anew; so do the schemas that editors read."""
    assert command_line("help", topic, "--lang", "en").out == _page(topic)
    if topic in ("source", "recipe"):
        shown = command_line("help", topic, "--schema", "--lang", "en").json
        assert shown == json.loads((_FOLDER / f"{topic}.schema.json").read_text(encoding="utf-8"))


@pytest.mark.parametrize(
    ("topic", "models"),
    [("source", (Source, Rights, Collect, Columns, Pick, Text)), ("recipe", (Recipe, ReleaseEntry, Floors))],
)
def test_every_key_of_files_is_there(topic: str, models: tuple[Any, ...]) -> None:
    """Of the file and of each table in it."""
    for model in models:
        for key in model.model_fields:
            assert f"| `{key}` |" in _page(topic), (model, key)


def test_every_option_of_every_stage_is_there_with_its_meaning() -> None:
    """In the section of its stage."""
    for name in STAGES:
        section = _page("stages").partition(f"\n## `{name}`\n")[2].partition("\n## ")[0]
        assert section, name
        for field in dataclasses.fields(stage_class(name, "test")):
            [row] = [line for line in section.splitlines() if line.startswith(f"| `{field.name}` |")]
            assert row.split(" | ")[-1].removesuffix("|").strip(), (name, row)


def test_every_column_and_signal_is_there() -> None:
    """Of documents, ledger and releases."""
    for name in (*schema.DOCUMENT_SCHEMA, *schema.LEDGER_SCHEMA, *schema.RELEASE_SCHEMA, *vocabulary.SIGNALS):
        assert f"`{name}`" in _page("columns"), name


def _leaves(command: Any, path: str) -> Iterator[tuple[str, Any]]:
    if isinstance(command, TyperGroup):
        for name, inner in command.commands.items():
            yield from _leaves(inner, f"{path} {name}")
    else:
        yield path, command


@pytest.mark.parametrize("name", [name for name in COMMANDS if " " not in name])
def test_every_command_and_option_is_there(name: str) -> None:
    """Groups' commands too; hidden options aren't."""
    for path, command in _leaves(loaded(COMMANDS, name), name):
        section = _page("commands").partition(f"\n## `{path}`\n")[2].partition("\n## ")[0]
        for one in command.params:
            if not getattr(one, "hidden", False):
                assert f"`{one.opts[0] if one.param_type_name == 'option' else one.name}`" in section, (path, one.name)


def test_shipped_files_fit_the_schemas() -> None:
    """Every key of every shipped recipe and source is one that the schema of its table has."""
    made = schemas()
    for topic, files in (("recipe", shipped_recipes().values()), ("source", SOURCES.glob("*.toml"))):
        for file in files:
            values = tomllib.loads(file.read_text(encoding="utf-8"))
            assert values.keys() <= made[topic]["properties"].keys(), file
            assert set(made[topic]["required"]) <= values.keys(), file
    stages = {one["properties"]["use"]["const"]: one for one in made["recipe"]["$defs"]["StageEntry"]["anyOf"]}
    assert stages.keys() == STAGES.keys()
    for file in shipped_recipes().values():
        for entry in tomllib.loads(file.read_text(encoding="utf-8"))["stage"]:
            assert entry.keys() <= stages[entry["use"]]["properties"].keys()


def test_a_topic_that_is_none_is_told_with_the_nearest(command_line: CommandLine) -> None:
    """And without a topic all of them are listed."""
    told = command_line("help", "stage", "--lang", "es")
    assert (told.code, "¿quiso escribir «stages»?" in told.err) == (2, True)
    assert len(command_line("help").out.splitlines()) == len(_TOPICS)
