"""`docs/reference/` is what the models say: nothing that a file, a stage or a command may have is missing in it."""

from __future__ import annotations

import dataclasses
import json
import re
import tomllib
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
from jsonschema import Draft202012Validator
from typer.core import TyperGroup

from latam_corpus import schema
from latam_corpus.__main__ import COMMANDS
from latam_corpus.catalog.source import SOURCES, Collect, Columns, Pick, Rights, Source, TextMapping, shipped_sources
from latam_corpus.cli.interface.app import loaded
from latam_corpus.cli.reading.reference import SCHEMAS
from latam_corpus.desk.template import templates
from latam_corpus.paths import data_folder
from latam_corpus.pipeline.planning.default_recipe import default_text
from latam_corpus.pipeline.planning.recipe import Recipe, ReleaseEntry, shipped_recipes
from latam_corpus.pipeline.planning.registry import STAGES, stage_class
from latam_corpus.pipeline.planning.survival import Floors
from latam_corpus.signals import BY_NAME

if TYPE_CHECKING:
    from collections.abc import Iterator

    from conftest import CommandLine

_FOLDER = Path(__file__).resolve().parents[2] / "docs" / "reference"
_TOPICS = ("source", "recipe", "stages", "columns", "formats", "errors", "commands")


def _page(topic: str) -> str:
    return (_FOLDER / f"{topic}.md").read_text(encoding="utf-8")


def test_every_command_but_help_gives_values() -> None:
    """As the tutorial says."""
    commands = _page("commands").split("\n## ")[1:]
    # A server gives pages.
    assert {command.splitlines()[0] for command in commands if "`--json`" not in command} == {"`help`", "`desk serve`"}


@pytest.mark.parametrize("topic", _TOPICS)
def test_the_pages_are_what_the_command_prints(command_line: CommandLine, topic: str) -> None:
    """`make reference` writes them again; so do the schemas that editors read."""
    assert command_line("help", topic, "--lang", "en").out == _page(topic)
    if topic in ("source", "recipe"):
        shown = command_line("help", topic, "--schema", "--lang", "en").json
        assert shown == json.loads((_FOLDER / f"{topic}.schema.json").read_text(encoding="utf-8"))


@pytest.mark.parametrize(
    ("topic", "models"),
    [("source", (Source, Rights, Collect, Columns, Pick, TextMapping)), ("recipe", (Recipe, ReleaseEntry, Floors))],
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
    for name in (*schema.DOCUMENT_SCHEMA, *schema.LEDGER_SCHEMA, *schema.RELEASE_SCHEMA, *BY_NAME):
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
        for param in command.params:
            if not getattr(param, "hidden", False):
                assert f"`{param.opts[0] if param.param_type_name == 'option' else param.name}`" in section, (
                    path,
                    param.name,
                )


def _mistakes(topic: str, text: str) -> list[str]:
    """Return the mistakes that an editor would mark in a file; it treats TOML's days as texts, as Taplo does."""
    values = json.loads(json.dumps(tomllib.loads(text), default=str))
    return [
        f"{iter_error.json_path}: {iter_error.message}"
        for iter_error in Draft202012Validator(SCHEMAS[topic]()).iter_errors(values)
    ]


def test_no_editor_marks_what_is_right() -> None:
    """Every shipped recipe and source, every template, and the recipe that the toolkit writes for each source."""
    for recipe in shipped_recipes().values():
        assert _mistakes("recipe", recipe.read_text(encoding="utf-8")) == []
    for file in (*SOURCES.glob("*.toml"), *data_folder("pipelines").rglob("sources/*.toml")):
        assert _mistakes("source", file.read_text(encoding="utf-8")) == [], file
    for template in templates():
        assert _mistakes("source", template.filled({}, "es")) == [], template.name
    for source in shipped_sources():
        assert _mistakes("recipe", default_text([(source.id, source)], "pt")) == [], source.id


_RECIPE = 'title = "T"\nsources = ["a"]\n[[stage]]\n'
_SOURCE = 'id = "a"\ntitle = "T"\nholder = "H"\n'


@pytest.mark.parametrize(
    ("topic", "text", "marked"),
    [
        ("recipe", _RECIPE + 'use = "dedupe"', ""),
        ("recipe", _RECIPE + 'use = "datatrove:GopherQualityFilter"\nmin_doc_words = 5', ""),
        ("recipe", _RECIPE + 'use = "filtro"', "$.stage[0]"),
        ("recipe", _RECIPE + 'use = "dedupe"\numbral = 3', "$.stage[0]"),
        (
            "recipe",
            _RECIPE + 'use = "dedupe"\n[release]\nname = "t"\nuses = ["train"]\nadmit = ["libre"]',
            "'libre' is",
        ),
        ("source", _SOURCE + "[collect.columns]\ntitle = false\nid = 'Número'\ncreators = { path = '(.*)/' }", ""),
        ("source", _SOURCE + "[collect.columns]\ntitle = true", "$.collect.columns.title"),
        ("source", _SOURCE + 'genre = "prensa"', "'prensa' is not one of"),
        ("source", _SOURCE + 'genero = "news"', "'genero' was unexpected"),
    ],
)
def test_an_editor_marks_what_is_wrong(topic: str, text: str, marked: str) -> None:
    """It marks nothing else; for a word it lists the allowed ones."""
    mistakes = _mistakes(topic, text)
    assert (len(mistakes), marked in "".join(mistakes)) == (1 if marked else 0, True), mistakes


def test_editors_show_what_each_key_is_for() -> None:
    """Every key of a source or recipe that has a value has a description."""
    for topic in SCHEMAS:
        schema = SCHEMAS[topic]()
        for model in (schema, *schema["$defs"].values()):
            for key, node in model.get("properties", {}).items():
                assert node.get("description"), (topic, model["title"], key)


@pytest.mark.parametrize(("asked", "topic"), [("fuentes", "source"), ("Receita", "recipe"), ("stage", "stages")])
def test_a_topic_is_named_in_any_language(command_line: CommandLine, asked: str, topic: str) -> None:
    """For one or several, in either case; the list without a topic is in the user's language."""
    assert command_line("help", asked).out == command_line("help", topic).out
    assert "latam-corpus help fuentes" in command_line("help", "--lang", "es").out


@pytest.mark.parametrize("language", ["es", "pt"])
@pytest.mark.parametrize("topic", ["source", "recipe", "stages", "errors"])
def test_a_topic_is_in_the_readers_language(command_line: CommandLine, topic: str, language: str) -> None:
    """Each title, table head and description is translated, and every key is kept."""
    lines = command_line("help", topic, "--lang", language).out.splitlines()
    english = _page(topic).splitlines()
    assert len(lines) == len(english)
    for line, original in zip(lines, english, strict=True):
        words = re.sub(r"`[^`]*`|[^\W\d_]*[\W\d_]+$", " ", original)
        if len(re.findall(r"[a-z]{3,}", words)) > 2:
            assert line != original
        assert [key for key in re.findall(r"^\| (`[^`]*`) \|", original) if key not in line] == []


def test_a_topic_that_is_none_is_told_with_the_nearest(command_line: CommandLine) -> None:
    """And without a topic all of them are listed."""
    result = command_line("help", "etapasz", "--lang", "es")
    assert (result.code, "¿quiso escribir «etapas»?" in result.err) == (2, True)
    assert len(command_line("help").out.splitlines()) == len(_TOPICS)
