"""The options `--input` and `--inputs`, which locate sources, and `--select`, which picks sources and stages."""

from __future__ import annotations

import csv
import io
import tomllib
from pathlib import Path
from typing import TYPE_CHECKING

from latam_corpus.config.toml_model import line_of, read_toml
from latam_corpus.errors import ConfigError, as_one, closest
from latam_corpus.messages import _
from latam_corpus.pipeline.planning.plan import named_source, named_sources
from latam_corpus.pipeline.planning.recipe import seen_from

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

    from latam_corpus.pipeline.planning.recipe import Recipe


def located(recipe: Recipe, arguments: Sequence[str], file: Path | None = None) -> dict[str, str]:
    """Return the path of each source's records, by source id.

    Arguments are `SOURCE=PATH`, or `PATH` if the recipe has one source. They take precedence over the file, whose paths
    are relative to its folder.

    Raises:
        ConfigError: a path lacks its source, or a source is unknown or repeated; the error lists all mistakes in the
            file.
    """
    ids = [source.id for source, _where in named_sources(recipe)]
    return (_of_file(file, recipe, ids) if file else {}) | _typed(recipe, ids, arguments)


def _typed(recipe: Recipe, ids: Sequence[str], arguments: Sequence[str]) -> dict[str, str]:
    locations: dict[str, str] = {}
    for entry in arguments:
        name, separator, path = entry.partition("=")
        if separator and name in ids:
            source, where = name, path
        elif len(ids) == 1 and not (separator and "/" not in name and not Path(entry).exists()):
            source, where = ids[0], entry
        elif separator:
            problem = _("{recipe} has no source «{name}»", name=name, recipe=recipe.name)
            raise ConfigError("--input", problem, closest(name, ids))
        else:
            remedy = _("name the source: {example}", example=f"{ids[0]}={entry}")
            raise ConfigError("--input", _("«{entry}» names no source", entry=entry), remedy)
        if source in locations:
            problem = _("«{source}» is given twice: «{a}» and «{b}»", source=source, a=locations[source], b=where)
            raise ConfigError("--input", problem, _("name one folder, or a glob in quotes, for all its files"))
        if not where:
            remedy = _("write {source}=PATH", source=source)
            raise ConfigError("--input", _("«{source}» has no path", source=source), remedy)
        locations[source] = where
    return locations


def _of_file(file: Path, recipe: Recipe, ids: Sequence[str]) -> dict[str, str]:
    text = read_toml(file, "inputs")
    locations: dict[str, str] = {}
    wrong = []
    for line, name, where in _rows(text, file):
        place = _("{file}, line {line}", file=file, line=line) if line else str(file)
        if name not in ids:
            problem = _("{recipe} has no source «{name}»", name=name, recipe=recipe.name)
            wrong.append(ConfigError(place, problem, closest(name, ids)))
        elif name in locations:
            problem = _("«{source}» is given twice: «{a}» and «{b}»", source=name, a=locations[name], b=where)
            wrong.append(ConfigError(place, problem, _("name one folder, or a glob in quotes, for all its files")))
        elif not where:
            wrong.append(ConfigError(place, _("«{source}» has no path", source=name)))
        else:
            locations[name] = seen_from(file.parent, where)
    if wrong:
        raise as_one(wrong)
    if not locations:
        remedy = _('write a line per source: SOURCE = "PATH", or in CSV SOURCE,PATH')
        raise ConfigError(str(file), _("it names no source"), remedy)
    return locations


def _rows(text: str, file: Path) -> Iterator[tuple[int | None, str, str]]:
    """Yield each row's line number (or None), source and path."""
    if file.suffix.lower() == ".toml":
        yield from _toml_rows(text, file)
        return
    first_line = text.partition("\n")[0]
    reader = csv.reader(io.StringIO(text), delimiter=max("\t;,", key=first_line.count))
    for row in reader:
        name, where, *further_cells = (cell.strip() for cell in (*row, "", ""))
        if not name or (reader.line_num == 1 and name.casefold() in _HEADS):
            continue
        if any(further_cells):
            problem = _("a row has two columns: a source and its path")
            raise ConfigError(_("{file}, line {line}", file=file, line=reader.line_num), problem)
        yield reader.line_num, name, where


_HEADS = frozenset({"source", "id", "fuente", "fonte"})


def _toml_rows(text: str, file: Path) -> Iterator[tuple[int | None, str, str]]:
    try:
        values = tomllib.loads(text)
    except (tomllib.TOMLDecodeError, RecursionError) as error:
        problem = _("it isn't TOML: {reason}", reason=error)
        raise ConfigError(str(file), problem, _("put texts in quotes and lists in brackets")) from None
    table = ("inputs",) if isinstance(values.get("inputs"), dict) else ()
    for name, where in (values["inputs"] if table else values).items():
        line = line_of(text, (*table, name))
        if not isinstance(where, str):
            place = _("{file}, line {line}", file=file, line=line or 1)
            raise ConfigError(place, _("«{key}» is {given}", key=name, given=where), _("a text in quotes"))
        yield line, name, where


def selected(recipe: Recipe, names: Iterable[str]) -> Recipe:
    """Return the recipe restricted to the named sources and stages.

    If no source is named, all sources are kept; if no stage is named, all stages are kept.

    If a stage is left out, nothing is released, since that stage might have dropped documents.

    Raises:
        ConfigError: a name is neither a source nor a stage, or is both.
    """
    selected_names = [name.strip() for entry in names for name in entry.split(",") if name.strip()]
    if not selected_names:
        return recipe
    sources = {named_source(reference, recipe.file)[0].id: reference for reference in recipe.sources}
    stages = {entry.use for entry in recipe.stage}
    wrong = []
    for name in selected_names:
        if name not in {*sources, *stages}:
            problem = _("«{name}» is neither a source nor a stage of {recipe}", name=name, recipe=recipe.name)
            wrong.append(ConfigError("--select", problem, closest(name, {*sources, *stages})))
        elif name in sources and name in stages:
            problem = _("«{name}» is a source and a stage of {recipe}", name=name, recipe=recipe.name)
            wrong.append(ConfigError("--select", problem, _("give the source another id")))
    if wrong:
        raise as_one(wrong)
    return recipe.narrowed(
        {name: sources[name] for name in sources if name in selected_names}, stages.intersection(selected_names)
    )
