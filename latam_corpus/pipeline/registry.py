"""The stages that a recipe can name. A stage is loaded only when a recipe names it."""

from __future__ import annotations

import dataclasses
import importlib
from functools import cache
from importlib import metadata
from typing import TYPE_CHECKING, Any, ClassVar, Final, Protocol, get_type_hints, runtime_checkable

import pydantic

from latam_corpus.errors import ConfigError, closest

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    import polars as pl

    from latam_corpus.batch import Stage
    from latam_corpus.corpus import Corpus

STAGES: Final = {
    "skim": "latam_corpus.extract.skim:Skim",
    "extract": "latam_corpus.extract.stage:Extract",
    "repair": "latam_corpus.extract.repair:Repair",
    "identify": "latam_corpus.language.identify:Identify",
    "measure": "latam_corpus.quality.measure:Measure",
    "filter": "latam_corpus.quality.filter:Filter",
    "redact": "latam_corpus.privacy.redact:Redact",
    "fingerprint": "latam_corpus.dedupe.fingerprint:Fingerprint",
    "dedupe": "latam_corpus.dedupe.dedupe:Dedupe",
    "boilerplate": "latam_corpus.dedupe.boilerplate:Boilerplate",
}
# A plug-in package registers its stages here: [project.entry-points."latam_corpus.stages"] name = "module:Class".
ENTRY_POINTS: Final = "latam_corpus.stages"


@runtime_checkable
class Barrier(Protocol):
    """A stage that needs the whole corpus: the plan cuts the pipeline there."""

    name: ClassVar[str]
    needs: ClassVar[frozenset[str]]
    gives: ClassVar[frozenset[str]]

    def decide(self, corpus: Corpus) -> Iterator[pl.DataFrame]:
        """Decisions, by `row`, for the rows that it decides on: `drop_reason`, other columns it gives, `evidence`."""
        ...


@cache
def registered() -> dict[str, str]:
    """Every stage's import string by its key: the toolkit's own and those of plug-ins."""
    plugged = {entry.name: entry.value for entry in metadata.entry_points(group=ENTRY_POINTS)}
    return plugged | STAGES


def stage_class(name: str, place: str) -> type[Any]:
    """The class of a stage.

    Raises:
        ConfigError: no stage has that name.

    >>> stage_class("filter", "news.toml").__name__
    'Filter'
    """
    known = registered()
    if name not in known:
        raise ConfigError(place, f"unknown stage «{name}»", closest(name, known))
    module, _, attribute = known[name].partition(":")
    return getattr(importlib.import_module(module), attribute)  # type: ignore[no-any-return]


def make_stage(name: str, options: Mapping[str, Any], place: str) -> Stage | Barrier:
    """The stage with these options.

    Raises:
        ConfigError: unknown stage or option (with the closest match), or a value of the wrong type.

    >>> make_stage("filter", {"signals": ["char_entropy"]}, "news.toml").signals
    ('char_entropy',)
    """
    found = stage_class(name, place)
    fields = [field.name for field in dataclasses.fields(found)]
    hints = get_type_hints(found)
    values = {}
    for key, value in options.items():
        if key not in fields:
            raise ConfigError(place, f"stage «{name}» has no option «{key}»", closest(key, fields))
        try:
            values[key] = pydantic.TypeAdapter(hints[key]).validate_python(value)
        except pydantic.ValidationError as error:
            raise ConfigError(place, f"option «{key}» of «{name}»: {error.errors()[0]['msg']}") from error
    try:
        return found(**values)  # type: ignore[no-any-return]
    except ConfigError as error:
        raise ConfigError(f"{place}, {error.place}", error.problem, error.remedy) from None


def expanded(stage: Stage | Barrier) -> tuple[Stage | Barrier, ...]:
    """What a plan runs for the stage: itself, or the stages that it stands for."""
    expand = getattr(stage, "expand", None)
    return expand() if expand else (stage,)
