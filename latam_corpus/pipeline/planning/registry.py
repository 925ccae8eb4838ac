"""The stages that a recipe can name. A stage's module is imported only if a recipe names the stage."""

from __future__ import annotations

import dataclasses
import importlib
from functools import cache
from typing import TYPE_CHECKING, Any, Final, get_type_hints

import pydantic

from latam_corpus.catalog.stage_list import ENTRIES
from latam_corpus.config.toml_model import Mistake, shown, value_remedy
from latam_corpus.entry_points import in_group
from latam_corpus.errors import ConfigError, as_one, closest
from latam_corpus.messages import Message, _
from latam_corpus.stages import Barrier, Stage

if TYPE_CHECKING:
    from collections.abc import Mapping
    from importlib.metadata import EntryPoint

STAGES: Final = {name: entry.location for name, entry in ENTRIES.items() if entry.location}
# A plug-in package registers its stages here: [project.entry-points."latam_corpus.stages"] name = "module:Class".
ENTRY_POINTS: Final = "latam_corpus.stages"
# The prefix for names of datatrove's filters and formatters.
_DATATROVE: Final = "datatrove:"
_BLOCKS: Final = "latam_corpus.engine.datatrove_block"


def registered() -> dict[str, str]:
    """Return the import string of each stage by name, including those of plug-ins."""
    return {name: entry.value for name, entry in plug_ins().items()} | STAGES


@cache
def plug_ins() -> dict[str, EntryPoint]:
    """Return the entry points of plug-in packages, by the names of their stages."""
    return {entry.name: entry for entry in in_group(ENTRY_POINTS)}


def stage_class(name: str, place: str | Message) -> type[Stage | Barrier]:
    """Return the class of a stage.

    Raises:
        ConfigError: no stage has that name, or a plug-in registers something else under it.

    >>> stage_class("filter", "news.toml").__name__
    'Filter'
    """
    if name.startswith(_DATATROVE):
        blocks = importlib.import_module(_BLOCKS)
        blocks.block_class(name, place)
        block: type[Stage] = blocks.DatatroveBlock
        return block
    stages = registered()
    if name not in stages:
        raise ConfigError(place, _("unknown stage «{name}»", name=name), closest(name, stages))
    if name not in STAGES:
        return _of_plug_in(plug_ins()[name], place)
    module, attribute = stages[name].split(":")
    stage: type[Stage | Barrier] = getattr(importlib.import_module(module), attribute)
    return stage


def _of_plug_in(entry: EntryPoint, place: str | Message) -> type[Stage | Barrier]:
    package = entry.dist.name if entry.dist else entry.module
    registers = _(
        "the package «{package}» registers «{value}» as the stage «{name}»",
        package=package, value=entry.value, name=entry.name,
    )  # fmt: skip
    try:
        stage = entry.load()
    except (ImportError, AttributeError) as error:
        remedy = _(
            "reinstall «{package}», or correct its entry point «{entry_points}»",
            package=package,
            entry_points=ENTRY_POINTS,
        )
        raise ConfigError(
            place, _("{registers}, which can't be imported: {reason}", registers=registers, reason=error), remedy
        ) from error
    if not (isinstance(stage, type) and issubclass(stage, Stage | Barrier)):
        remedy = _("derive it from `latam_corpus.stages.Stage`, or from `Barrier` there, as a frozen dataclass")
        raise ConfigError(place, _("{registers}, which is not a stage", registers=registers), remedy)
    missing = sorted(stage.__abstractmethods__) + ([] if stage.name else ["name"])
    if missing:
        remedy = _("see the contract in `latam_corpus.stages`")
        raise ConfigError(
            place, _("{registers}, which lacks «{missing}»", registers=registers, missing=missing[0]), remedy
        )
    return stage


def make_stage(name: str, options: Mapping[str, Any], place: str | Message) -> Stage | Barrier:
    """Return a stage with these options.

    Raises:
        ConfigError: the stage or an option is unknown, or a value has the wrong type; the error names all mistakes.

    >>> make_stage("filter", {"signals": ["char_entropy"]}, "news.toml").signals
    ('char_entropy',)
    """
    stage = stage_class(name, place)
    blocks = importlib.import_module(_BLOCKS) if name.startswith(_DATATROVE) else None
    hints = blocks.block_options(name, place) if blocks else get_type_hints(stage)
    fields = list(hints) if blocks else [field.name for field in dataclasses.fields(stage)]
    values, errors = {}, []
    for key, value in options.items():
        if key not in fields:
            problem = _("stage «{stage}» has no option «{option}»", stage=name, option=key)
            errors.append(ConfigError(place, problem, closest(key, fields)))
            continue
        try:
            checked = pydantic.TypeAdapter(hints[key]).validate_python(value)
            values[key] = value if blocks else checked  # datatrove gets the unconverted values of the TOML file
        except pydantic.ValidationError as error:
            first = error.errors(include_url=False)[0]
            mistake = Mistake(first["type"], None, key, message=first["msg"], bound=first.get("ctx", {}))
            problem = _("option «{option}» of «{stage}» is {given}", option=key, stage=name, given=shown(value))
            errors.append(ConfigError(place, problem, value_remedy(mistake)))
    if errors:
        raise as_one(errors)
    if blocks:
        block: Stage = blocks.make_block(name, values, place)
        return block
    try:
        return stage(**values)
    except ConfigError as error:
        inside, problem, remedy = error.args
        raise ConfigError(Message("{place}, {inside}", {"place": place, "inside": inside}), problem, remedy) from None
