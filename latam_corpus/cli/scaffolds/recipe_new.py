"""`latam-corpus recipe new`: write a recipe for sources, with comments that explain each stage."""

from __future__ import annotations

import os
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from latam_corpus.cli.interface import completion
from latam_corpus.cli.interface.options import Json
from latam_corpus.cli.interface.show import console, print_json
from latam_corpus.cli.interface.ui_language import spoken
from latam_corpus.errors import ConfigError
from latam_corpus.messages import N_, _

if TYPE_CHECKING:
    from latam_corpus.catalog.source import Source

app = typer.Typer(no_args_is_help=True)


@app.callback()
def recipe() -> None:
    """Write recipes."""


@app.command("new")
def new(
    sources: Annotated[
        list[str],
        typer.Argument(
            metavar="SOURCE…", help=N_("Source files, or ids of the catalogue."), autocompletion=completion.sources
        ),
    ],
    to: Annotated[
        Path | None,
        typer.Option(
            metavar="FILE", help=N_("The file to write; by default recipe-ID.toml, next to the first source.")
        ),
    ] = None,
    as_json: Json = False,
) -> None:
    """Write a recipe for sources, with comments that explain each stage; no file is overwritten."""
    from latam_corpus.catalog.source import load_source  # importing the models of sources takes longer than `--help`
    from latam_corpus.cli.scaffolds.editor_schema import schema_line, write_with_schema
    from latam_corpus.pipeline.planning.default_recipe import default_text

    described = [(reference, load_source(reference)) for reference in sources]
    _refuse_repeated(described)
    folder = Path(sources[0]).parent if sources[0].endswith(".toml") else Path()
    default_name = _("recipe-{id}.toml", id=described[0][1].id).translate(spoken())
    path = to or folder / default_name
    text = default_text([(_reference_from(path, name), source) for name, source in described], spoken())
    other_name = _("give another name: latam-corpus recipe new … --to OTHER.toml")
    write_with_schema(path, schema_line("recipe") + text, "recipe", other_name)
    if as_json:
        print_json({"file": str(path), "sources": [source.id for _name, source in described]})
        return
    console.print(_("written: {path}", path=path))
    more = [f" --input {source.id}=…" for _name, source in described if source.collect.kind == "files"]
    for command in (f"check {path}", f"run {path}{''.join(more)}"):
        console.print(_("next  {command}", command=f"latam-corpus {command}"))


def _reference_from(recipe_file: Path, named: str) -> str:
    """Return the recipe's reference to a source: its path relative to the recipe's folder, or its id."""
    if not named.endswith(".toml"):
        return named
    return Path(os.path.relpath(Path(named).expanduser(), recipe_file.parent)).as_posix()


def _refuse_repeated(described: list[tuple[str, Source]]) -> None:
    """Raise ConfigError if two sources have the same id."""
    first: dict[str, str] = {}
    for reference, source in described:
        if source.id in first:
            problem = _("{path} also has the id «{id}»", id=source.id, path=first[source.id])
            raise ConfigError(reference, problem, _("give one of them another id"))
        first[source.id] = reference
