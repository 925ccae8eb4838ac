"""Plan a run: cut the recipe's stages into segments at barriers, and the sources' files into parts.

A segment consists of steps, and the output of each step is stored. A step ends after a filter's measurements, so that a
changed bound repeats only the decisions on measured rows.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

import polars as pl

from latam_corpus import schema
from latam_corpus.__about__ import __version__
from latam_corpus.catalog.source import Source, load_source
from latam_corpus.collect.input_files.listing import digest
from latam_corpus.collect.streams import state_of
from latam_corpus.columns import DOCUMENT
from latam_corpus.dedupe.fingerprints.fingerprint import Fingerprint
from latam_corpus.errors import ConfigError, PartError, as_one, closest
from latam_corpus.formats.compression import stem
from latam_corpus.formats.registry import FORMATS, suffixes
from latam_corpus.messages import Message, _
from latam_corpus.pipeline.planning.recipe import seen_from
from latam_corpus.pipeline.planning.registry import make_stage
from latam_corpus.pipeline.planning.supersede import Supersede
from latam_corpus.pipeline.planning.survival import check_floors
from latam_corpus.pipeline.rows.stage_values import added_columns, check_own_columns
from latam_corpus.pipeline.stored_runs.keys import digest_of, made_of, stage_digest
from latam_corpus.schema.extra_columns import merged
from latam_corpus.stages import Barrier

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Mapping, Sequence

    from latam_corpus.collect.files import InputFile
    from latam_corpus.collect.spans import Span
    from latam_corpus.pipeline.planning.recipe import Recipe
    from latam_corpus.pipeline.rows.step_file import Pair
    from latam_corpus.stages import Stage

# Formats whose records are bytes for `extract`; archives may contain such files.
_WHOLE_FORMATS = frozenset(entry.name for entry in FORMATS if entry.media_type is not None or entry.archive)


@dataclass(frozen=True)
class Step:
    """Consecutive stages, with their digests when the plan was made, whose last output is stored."""

    stages: tuple[Stage, ...]
    digests: tuple[str, ...]

    @classmethod
    def of(cls, stages: Sequence[Stage]) -> Step:
        """Return a step with the current digests of its stages."""
        return cls(tuple(stages), tuple(map(stage_digest, stages)))

    @property
    def has_partial_fingerprint(self) -> bool:
        """Whether its first stage can restrict its fingerprint to some languages and genres."""
        return bool(self.stages) and self.stages[0].fingerprint_for(()) is not None

    def digest(self, entering: Collection[Pair] | None = None) -> str:
        """Return the digest of the step, which changes if its results may change.

        The languages and genres of the rows that enter it may be unknown.
        """
        is_partial = entering is not None and self.has_partial_fingerprint
        first = [stage_digest(self.stages[0], entering)] if is_partial else []
        return digest_of(*first, *self.digests[len(first) :], __version__)

    def check(self, place: str) -> None:
        """Raise `PartError` if an input of a stage (its policies, model or code) has changed since the plan was made.

        Results would otherwise be stored under a wrong cache key.
        """
        for stage, planned in zip(self.stages, self.digests, strict=True):
            if stage_digest(stage) != planned:
                problem = _("the policies, the model or the code of «{name}» changed during the run", name=stage.name)
                raise PartError(place, problem, _("run it again: finished work is reused"))

    @property
    def title(self) -> str:
        """The names of the stages, as `run` prints them."""
        return "→".join(stage.name for stage in self.stages) or "settle"


@dataclass(frozen=True)
class Segment:
    """Steps that each part passes independently, and the barriers that then decide on the rows of all parts."""

    steps: tuple[Step, ...]
    barriers: tuple[Barrier, ...]

    @property
    def stages(self) -> tuple[Stage, ...]:
        """The stages of all steps, in order."""
        return tuple(stage for step in self.steps for stage in step.stages)

    @property
    def aside(self) -> pl.Schema:
        """The columns outside the document schema that the barriers need, with their types."""
        return pl.Schema({k: v for barrier in self.barriers for k, v in barrier.aside.items()})


_STORED: Final = frozenset(schema.DOCUMENT_SCHEMA)


@dataclass(frozen=True, slots=True)
class Input:
    """An input file.

    Attributes:
        sha256: the SHA-256 of its bytes; empty if the file is missing.
        key: digest of its bytes and of the settings that determine how it is read.
        state: the state that the file system reported (see `state_of`) just before `sha256` was computed.
    """

    file: InputFile
    sha256: str
    key: str
    state: str

    def check(self) -> None:
        """Raise `PartError` if the file changed since `sha256` was computed, or `SourceError` if it was removed."""
        if self.file.is_missing or state_of(self.file.url) == self.state:
            return
        if digest(self.file) != self.sha256:  # `state` changes even if only the file's time was updated
            problem = _("the file changed during the run")
            raise PartError(self.file.url, problem, _("run it again: finished work is reused"))


@dataclass(frozen=True, slots=True)
class Part:
    """A piece of the input; one worker takes it through a segment.

    Attributes:
        name: `<source>-<number>`, for people.
        inputs: one file, or several small ones that are read together, in order.
        genre: the genre of the records if their source states none.
        key: digest of the input's bytes and of the settings that determine how they are read.
        limit: the most records that are read of each file; None for all.
        span: the range of the file that is read; None for the whole file.
    """

    name: str
    source: Source
    inputs: tuple[Input, ...]
    genre: str | None
    key: str
    limit: int | None = None
    span: Span | None = None

    @property
    def files(self) -> tuple[InputFile, ...]:
        """The files of its inputs."""
        return tuple(input_.file for input_ in self.inputs)

    @property
    def bytes(self) -> int:
        """The approximate size of the part: the stored size of whole files, the decompressed size of a span."""
        return sum(file.size for file in self.files) if self.span is None else self.span.size


@dataclass(frozen=True)
class Plan:
    """Everything that a run will do.

    Attributes:
        locations: the path or URL of the records, by source id.
        limit: the most records that are read of each file; None for all.
    """

    recipe: Recipe
    sources: tuple[Source, ...]
    locations: Mapping[str, str]
    segments: tuple[Segment, ...]
    limit: int | None = None

    @property
    def operations(self) -> tuple[Stage | Barrier, ...]:
        """All stages and barriers, in order."""
        operations: list[Stage | Barrier] = []
        for segment in self.segments:
            operations += [*segment.stages, *segment.barriers]
        return tuple(operations)

    @property
    def all_stages(self) -> tuple[Stage, ...]:
        """All stages without the barriers, in order."""
        return tuple(stage for segment in self.segments for stage in segment.stages)

    @property
    def stages(self) -> tuple[str, ...]:
        """The names of all stages and barriers in order, each once; the first is `collect`."""
        return tuple(dict.fromkeys(["collect", *(operation.name for operation in self.operations)]))

    def made_of(self) -> list[dict[str, Any]]:
        """Describe the inputs of each stage and barrier in order; see `keys.made_of`."""
        return [made_of(operation) for operation in self.operations]

    @property
    def extra(self) -> dict[str, str]:
        """The columns that sources and stages add to documents, with their types."""
        return _extra(self.sources, self.all_stages)

    @property
    def identifying_stage(self) -> str | None:
        """The name of the first stage that sets `language`; None if no stage does."""
        return next((stage.name for stage in self.all_stages if "language" in stage.gives), None)


def make_plan(recipe: Recipe, inputs: Mapping[str, str], limit: int | None = None) -> Plan:
    """Return the plan of a recipe.

    If there are inputs (the path or URL of the records, by source id), only their sources are run.

    Raises:
        ConfigError: a source or stage is unknown, or a stage needs a column that nothing before it sets.
    """
    place = str(recipe.file)
    located = named_sources(recipe)
    sources = tuple(source for source, _location in located)
    recipe_inputs = {name: seen_from(recipe.file.parent, where) for name, where in recipe.inputs.items()}
    locations = {source.id: where for source, where in located if where} | recipe_inputs | dict(inputs)
    ids = [source.id for source in sources]
    for option, named in (("--input", inputs), ("[inputs]", recipe.inputs)):
        if unknown := [name for name in named if name not in ids]:
            problem = _(
                "{option} names «{source}», which isn't a source of this recipe", option=option, source=unknown[0]
            )
            raise ConfigError(place, problem, closest(unknown[0], ids))
    chosen = tuple(source for source in sources if not inputs or source.id in inputs)
    segments = tuple(_segments(recipe, chosen))
    plan = Plan(recipe, chosen, locations, segments, limit)
    if recipe.survival:
        check_floors(recipe.survival, plan.stages, [source.id for source in sources], place)
    return plan


def run_digest(plan: Plan, parts: Sequence[Part]) -> str:
    """Return a digest of all inputs of a run: recipe, stages, models, policies, sources and the bytes that are read.

    It doesn't depend on the input's location, the engine, its workers or the size of batches.
    """
    sources = [source.model_dump(mode="json") for source in plan.sources]
    overlay = [plan.recipe.overlay.record()] if plan.recipe.overlay else []
    other_inputs = (plan.limit, [p.key for p in parts], *overlay)
    return digest_of(plan.recipe.digest(), __version__, plan.made_of(), sources, *other_inputs)


def named_sources(recipe: Recipe) -> list[tuple[Source, str | None]]:
    """Return the sources of a recipe, each with the path of its records if the recipe names data.

    Raises:
        ConfigError: a source doesn't exist or can't be used, or two have the same id.
    """
    sources, errors = [], []
    for named in recipe.sources:
        try:
            sources.append(named_source(named, recipe.file))
        except ConfigError as error:
            errors.append(error)
    if errors:
        raise as_one(errors)
    first_named: dict[str, str] = {}
    for (source, _location), named in zip(sources, recipe.sources, strict=True):
        if source.id in first_named:
            about = {"id": source.id, "a": first_named[source.id], "b": named}
            problem = _("two sources have the id «{id}»: «{a}» and «{b}»", **about)
            remedy = _("documents are named by their source's id: change one of the two ids, or leave out one source")
            raise ConfigError(str(recipe.file), problem, remedy)
        first_named[source.id] = named
    return sources


def named_source(named: str, recipe: Path) -> tuple[Source, str | None]:
    """Return the source that a recipe names, and the path of its records if the name is a path to data.

    The name is an id of the catalogue, a source file, or a path to data. Data named by its path has no rights on
    record: it can be measured, but not released.
    """
    if named.endswith(".toml"):
        path = Path(named) if Path(named).is_absolute() else recipe.parent / named
        return load_source(str(path)), None
    if "/" in named or Path(named).exists():
        slug = "-".join(re.findall(r"[a-z0-9]+", Path(named).name.split(".")[0].lower())) or "data"
        return Source(id=slug, title=named, holder="not stated"), named
    return load_source(named), None


def gives_text(source: Source) -> bool:
    """Whether the source's records may have text; False if they are certainly bytes for `extract`."""
    collect = source.collect
    if collect.columns.raw or collect.format in _WHOLE_FORMATS:
        return False
    binary_suffixes = tuple(
        suffix for suffix, entry in suffixes().items() if entry.media_type is not None or entry.archive
    )
    return not any(stem(pattern).lower().endswith(binary_suffixes) for pattern in collect.files)


def _may_need_extraction(source: Source) -> bool:
    """Whether the source's files may be pages or documents rather than files of records."""
    return not gives_text(source) or not (source.collect.files or source.collect.format)


def _segments(recipe: Recipe, sources: Sequence[Source]) -> Iterable[Segment]:
    place = str(recipe.file)
    operations = (operation.for_sources(sources) for operation in stages_of(recipe))
    stages = [stage for operation in operations for stage in _with_release_terms(operation, recipe).expand()]
    _check_columns(place, stages, sources)
    steps: list[list[Stage]] = [[]]
    versions = tuple(sorted(source.id for source in sources if source.collect.versions))
    barriers: list[Barrier] = [Supersede(versions=versions)]  # decides at the first cut, or after all stages
    after_barrier = False
    stores_extracted = any(map(_may_need_extraction, sources)) and all(
        stage.needs <= _STORED for stage in stages if "raw" not in stage.needs
    )
    for stage in stages:
        if isinstance(stage, Barrier):
            barriers.append(stage)
            after_barrier = True
            continue
        if after_barrier:
            yield _segment(steps, barriers)
            steps, barriers, after_barrier = [[]], [], False
        if steps[-1] and (stage.stored_before or (stores_extracted and steps[-1][-1].stored_after)):
            steps.append([])
        steps[-1].append(stage)
    if not _hash_is_fresh(stages):
        steps[-1].append(Fingerprint())
    yield _segment(steps, barriers)
    if barriers:
        yield _segment([[]], [])  # applies the last barrier's decisions


def stages_of(recipe: Recipe) -> list[Stage | Barrier]:
    """Return the stages and barriers that a recipe names, with their options; an error names all mistakes.

    Raises:
        ConfigError: a stage or an option is wrong; the error names all mistakes.
    """
    stages, errors = [], []
    for number, entry in enumerate(recipe.stage, 1):
        place = _("{recipe}, stage {number}", recipe=recipe.file, number=number)
        try:
            policies = recipe.policies_of(entry)
            options = entry.options | ({"policies": policies} if policies else {})
            stages.append(make_stage(entry.use, options, place))
        except ConfigError as error:
            errors.append(error)
    if errors:
        raise as_one(errors)
    return stages


def _with_release_terms(stage: Stage | Barrier, recipe: Recipe) -> Stage | Barrier:
    return stage.for_release(recipe.release.admit, recipe.release.uses) if recipe.release else stage


def _segment(steps: list[list[Stage]], barriers: list[Barrier]) -> Segment:
    return Segment(tuple(map(Step.of, steps)), tuple(barriers))


def _hash_is_fresh(stages: Sequence[Stage | Barrier]) -> bool:
    """Whether `text_hash` is set after the last stage that writes `text`."""
    fresh = False
    for stage in stages:
        if "text_hash" in stage.gives:
            fresh = True
        elif "text" in stage.gives:
            fresh = False
    return fresh


def _check_columns(place: str, stages: Sequence[Stage | Barrier], sources: Sequence[Source]) -> None:
    check_own_columns(place, stages)
    _extra(sources, stages)
    available = {column.name for column in DOCUMENT if column.set_by != "stage" and column.name != "text"}
    available |= {"text"} if all(gives_text(source) for source in sources) else {"raw", "media_type"}
    for stage in stages:
        missing = stage.needs - available
        if "raw" in stage.needs:  # `extract` passes rows on that already have a text
            missing = frozenset()
        if missing:
            column = min(missing)
            problem = _("it needs the column «{column}», which no source and no earlier stage provides", column=column)
            stage_place = _("{recipe}, stage «{stage}»", recipe=place, stage=stage.name)
            raise ConfigError(stage_place, problem, _remedy(column))
        available |= stage.gives


def _extra(sources: Sequence[Source], stages: Sequence[Stage | Barrier]) -> dict[str, str]:
    """Return the columns that sources and stages add to documents; raise `ConfigError` for two types of a column."""
    of_sources = [
        (_("source {source}", source=source.id), {name: column.type for name, column in source.collect.extra.items()})
        for source in sources
    ]
    return merged([*of_sources, *added_columns(stages)])


def _remedy(column: str) -> Message:
    givers = {"text": "extract", "language": "identify", "signals": "measure", "text_hash": "fingerprint"}
    if column not in givers:
        return _("see `latam-corpus list stages`")
    return _("put the stage «{stage}» before it", stage=givers[column])
