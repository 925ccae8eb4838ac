"""The plan of a run: the recipe's stages as segments cut at barriers, and the sources' files as parts.

Within a segment, steps are what lies between two stored outputs. The measuring part of a filter ends a step, so that
a changed bound re-decides measured rows and redoes nothing before them.
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
from latam_corpus.dedupe.fingerprints.fingerprint import Fingerprint
from latam_corpus.errors import ConfigError, PartError, as_one, closest
from latam_corpus.extra_columns import merged
from latam_corpus.formats.compression import stem
from latam_corpus.formats.registry import FORMATS, suffixes
from latam_corpus.messages import Message, _
from latam_corpus.pipeline.planning.recipe import seen_from
from latam_corpus.pipeline.planning.registry import make_stage
from latam_corpus.pipeline.planning.supersede import Supersede
from latam_corpus.pipeline.planning.survival import check_floors
from latam_corpus.pipeline.rows.stage_values import added_columns, check_own_columns
from latam_corpus.pipeline.stored_runs.keys import digest_of, made_of, stage_digest
from latam_corpus.stages import Barrier

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Mapping, Sequence

    from latam_corpus.collect.files import InputFile
    from latam_corpus.collect.spans import Span
    from latam_corpus.pipeline.planning.recipe import Recipe
    from latam_corpus.pipeline.rows.step_file import Pair
    from latam_corpus.stages import Stage

# What every record has once it is collected.
COLLECTED = frozenset(
    {c.name for c in schema.DOCUMENT}
    - {"text", "language", "language_score", "languages", "variety", "variety_basis", "extractor", "signals"}
    - {
        "redactions",
        "duplicate_cluster",
        "cluster_size",
        "duplicate_of",
        "contained_in",
        "variant_of",
        "containment",
        "split",
        "tokens",
    }
    - {"text_hash", "drop_reason"}
)


# Formats whose records are bytes for `extract`; an archive may hold them.
_WHOLE_FORMATS = frozenset(entry.name for entry in FORMATS if entry.media_type is not None or entry.archive)


@dataclass(frozen=True)
class Step:
    """Stages that run without a stop between two stored outputs.

    Attributes:
        stages: in order.
        digests: for each stage what changes when its results may, as it was when the plan was made.
    """

    stages: tuple[Stage, ...]
    digests: tuple[str, ...]

    @classmethod
    def of(cls, stages: Sequence[Stage]) -> Step:
        """Return the step of these stages, as they are now."""
        return cls(tuple(stages), tuple(map(stage_digest, stages)))

    @property
    def tells_rows_apart(self) -> bool:
        """Whether its first stage says what it rests on for rows of certain languages and genres alone."""
        return bool(self.stages) and self.stages[0].fingerprint_for(()) is not None

    def digest(self, entering: Collection[Pair] | None = None) -> str:
        """Return what changes when the step's results may.

        Args:
            entering: the languages and genres of the rows that enter it; None where they aren't known.
        """
        first = [stage_digest(self.stages[0], entering)] if entering is not None and self.tells_rows_apart else []
        return digest_of(*first, *self.digests[len(first) :], __version__)

    def check(self, place: str) -> None:
        """Refuse work under a digest that isn't true any more: it would be taken for what it isn't.

        Raises:
            PartError: what a stage rests on has changed since the plan was made.
        """
        for stage, planned in zip(self.stages, self.digests, strict=True):
            if stage_digest(stage) != planned:
                problem = _(
                    "what «{name}» rests on (its policies, its model, its code) changed during the run", name=stage.name
                )
                raise PartError(place, problem, _("run it again: what was done before is kept"))

    @property
    def title(self) -> str:
        """The stages' names, as `run` prints them."""
        return "→".join(stage.name for stage in self.stages) or "settle"


@dataclass(frozen=True)
class Segment:
    """Steps that a part goes through by itself, and the barriers that decide after them."""

    steps: tuple[Step, ...]
    barriers: tuple[Barrier, ...]

    @property
    def aside(self) -> pl.Schema:
        """The columns that the barriers want stored beside the rows."""
        return pl.Schema({k: v for barrier in self.barriers for k, v in barrier.aside.items()})


_STORED: Final = frozenset(schema.DOCUMENT_SCHEMA)


@dataclass(frozen=True, slots=True)
class Input:
    """A file of the input, with the digests of its bytes and of all that reading it rests on.

    Attributes:
        state: what its file system said of it when its digest was taken, see `state_of`.
    """

    file: InputFile
    sha256: str
    key: str
    state: str

    def check(self) -> None:
        """Refuse to read what isn't what was digested: it would be stored under the digest of other bytes.

        Raises:
            PartError: the file has changed since the plan was made.
            SourceError: it isn't there any more.
        """
        if self.file.is_missing or state_of(self.file.url) == self.state:
            return
        if digest(self.file) != self.sha256:  # a new time alone is no change
            problem = _("the file changed during the run")
            raise PartError(self.file.url, problem, _("run it again: what was done before is kept"))


@dataclass(frozen=True, slots=True)
class Part:
    """A piece of the input that one worker takes through a segment.

    Attributes:
        name: `<source>-<number>`, for people.
        inputs: a file, or small ones that are read together, in order.
        key: digest of the input's bytes and of what the catalogue says about them.
        limit: how many records of each file at most; None for all.
        span: which part of the file; None for the whole.
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
        return tuple(one.file for one in self.inputs)

    @property
    def bytes(self) -> int:
        """How large the part is, about: the files as stored; of a span the bytes, unpacked where it is packed."""
        return sum(file.size for file in self.files) if self.span is None else self.span.size


@dataclass(frozen=True)
class Plan:
    """Everything that a run will do."""

    recipe: Recipe
    sources: tuple[Source, ...]
    locations: Mapping[str, str]
    segments: tuple[Segment, ...]
    limit: int | None = None

    @property
    def stages(self) -> tuple[str, ...]:
        """The names of all that can set a document aside, in order."""
        names = ["collect"]
        for segment in self.segments:
            names += [stage.name for step in segment.steps for stage in step.stages]
            names += [barrier.name for barrier in segment.barriers]
        return tuple(dict.fromkeys(names))

    def made_of(self) -> list[dict[str, Any]]:
        """Return what each stage and barrier is made of, in order, see `made_of`."""
        stages: list[Stage | Barrier] = []
        for segment in self.segments:
            stages += [stage for step in segment.steps for stage in step.stages]
            stages += segment.barriers
        return [made_of(stage) for stage in stages]

    @property
    def extra(self) -> dict[str, str]:
        """The columns that sources and stages add to documents, with their types."""
        stages = [stage for segment in self.segments for step in segment.steps for stage in step.stages]
        return _extra(self.sources, stages)

    @property
    def identified(self) -> str | None:
        """The first stage that gives `language`; None where the sources state it."""
        stages = [stage for segment in self.segments for step in segment.steps for stage in step.stages]
        return next((stage.name for stage in stages if "language" in stage.gives), None)


def make_plan(recipe: Recipe, inputs: Mapping[str, str], limit: int | None = None) -> Plan:
    """Return the plan of a recipe.

    Args:
        recipe: what to do.
        inputs: source id → where its records are; where any is given, only the sources named are run.
        limit: how many records at most of each file.

    Raises:
        ConfigError: an unknown source or stage, or a stage that needs a column which nobody gives.
    """
    place = str(recipe.file)
    located = named_sources(recipe)
    sources = tuple(source for source, _where in located)
    recipe_inputs = {name: seen_from(recipe.file.parent, where) for name, where in recipe.inputs.items()}
    locations = {source.id: where for source, where in located if where} | recipe_inputs | dict(inputs)
    ids = [source.id for source in sources]
    for option, named in (("--input", inputs), ("[inputs]", recipe.inputs)):
        if unknown := [name for name in named if name not in ids]:
            problem = _("{option} names «{source}», no source of this recipe", option=option, source=unknown[0])
            raise ConfigError(place, problem, closest(unknown[0], ids))
    chosen = tuple(source for source in sources if not inputs or source.id in inputs)
    segments = tuple(_segments(recipe, chosen))
    plan = Plan(recipe, chosen, locations, segments, limit)
    if recipe.survival:
        check_floors(recipe.survival, plan.stages, [source.id for source in sources], place)
    return plan


def run_digest(plan: Plan, parts: Sequence[Part]) -> str:
    """Digest what a run's results, and what it says of itself, rest on: recipe, stages, models, sources and input.

    Where the input lies, the engine, its workers and batches have no part in it.
    """
    sources = [source.model_dump(mode="json") for source in plan.sources]
    own = [plan.recipe.overlay.record()] if plan.recipe.overlay else []
    rest = (plan.limit, [p.key for p in parts], *own)
    return digest_of(plan.recipe.digest(), __version__, plan.made_of(), sources, *rest)


def named_sources(recipe: Recipe) -> list[tuple[Source, str | None]]:
    """Return the sources of a recipe, each with where it is if the recipe says so.

    Raises:
        ConfigError: one isn't there or can't be used, or two have one id.
    """
    sources, wrong = [], []
    for named in recipe.sources:
        try:
            sources.append(named_source(named, recipe.file))
        except ConfigError as error:
            wrong.append(error)
    if wrong:
        raise as_one(wrong)
    first: dict[str, str] = {}
    for (source, _where), named in zip(sources, recipe.sources, strict=True):
        if source.id in first:
            about = {"id": source.id, "a": first[source.id], "b": named}
            problem = _("two sources have the id «{id}»: «{a}» and «{b}»", **about)
            remedy = _("an id is one source's, since documents are named by it; give one another id, or leave it out")
            raise ConfigError(str(recipe.file), problem, remedy)
        first[source.id] = named
    return sources


def named_source(named: str, recipe: Path) -> tuple[Source, str | None]:
    """Return the source that a recipe names, and its place where the recipe says: an id, a source file, or data.

    Data named by its path has no rights on record: it can be measured, and never released.
    """
    if named.endswith(".toml"):
        path = Path(named) if Path(named).is_absolute() else recipe.parent / named
        return load_source(str(path)), None
    if "/" in named or Path(named).exists():
        slug = "-".join(re.findall(r"[a-z0-9]+", Path(named).name.split(".")[0].lower())) or "data"
        return Source(id=slug, title=named, holder="not stated"), named
    return load_source(named), None


def gives_text(source: Source) -> bool:
    """Whether the source's records may arrive as text; False where they are known to be bytes to extract."""
    collect = source.collect
    if collect.columns.raw or collect.format in _WHOLE_FORMATS:
        return False
    whole = tuple(suffix for suffix, entry in suffixes().items() if entry.media_type is not None or entry.archive)
    return not any(stem(pattern).lower().endswith(whole) for pattern in collect.files)


def _may_need_extraction(source: Source) -> bool:
    """Whether files of the source may be pages or documents; False where it names files of records alone."""
    return not gives_text(source) or not (source.collect.files or source.collect.format)


def _segments(recipe: Recipe, sources: Sequence[Source]) -> Iterable[Segment]:
    place = str(recipe.file)
    staged = (listed.for_sources(sources) for listed in stages_of(recipe))
    stages = [stage for listed in staged for stage in _for_release(listed, recipe).expand()]
    _check_columns(place, stages, sources)
    steps: list[list[Stage]] = [[]]
    versions = tuple(sorted(source.id for source in sources if source.collect.versions))
    barriers: list[Barrier] = [Supersede(versions=versions)]  # decided at the first cut, or at the end
    cut = False
    keeps = any(map(_may_need_extraction, sources)) and all(
        one.needs <= _STORED for one in stages if "raw" not in one.needs
    )
    for stage in stages:
        if isinstance(stage, Barrier):
            barriers.append(stage)
            cut = True
            continue
        if cut:
            yield _segment(steps, barriers)
            steps, barriers, cut = [[]], [], False
        if steps[-1] and (stage.stored_before or (keeps and steps[-1][-1].stored_after)):
            steps.append([])
        steps[-1].append(stage)
    if not _hash_is_fresh(stages):
        steps[-1].append(Fingerprint())
    yield _segment(steps, barriers)
    if barriers:
        yield _segment([[]], [])  # the last barrier's decisions are carried out


def stages_of(recipe: Recipe) -> list[Stage | Barrier]:
    """Return the stages that a recipe names, each with its options.

    Raises:
        ConfigError: all that is wrong with them.
    """
    stages, wrong = [], []
    for number, entry in enumerate(recipe.stage, 1):
        place = _("{recipe}, stage {number}", recipe=recipe.file, number=number)
        try:
            policies = recipe.policies_of(entry)
            options = entry.options | ({"policies": policies} if policies else {})
            stages.append(make_stage(entry.use, options, place))
        except ConfigError as error:
            wrong.append(error)
    if wrong:
        raise as_one(wrong)
    return stages


def _for_release(stage: Stage | Barrier, recipe: Recipe) -> Stage | Barrier:
    return stage.for_release(recipe.release.admit, recipe.release.uses) if recipe.release else stage


def _segment(steps: list[list[Stage]], barriers: list[Barrier]) -> Segment:
    return Segment(tuple(map(Step.of, steps)), tuple(barriers))


def _hash_is_fresh(stages: Sequence[Stage | Barrier]) -> bool:
    """Whether `text_hash` is given, and by no stage before the last that writes `text`."""
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
    have = set(COLLECTED)
    have |= {"text"} if all(gives_text(source) for source in sources) else {"raw", "media_type"}
    for stage in stages:
        missing = stage.needs - have - {"drop_reason"}
        if "raw" in stage.needs:  # what came as text passes it
            missing = frozenset()
        if missing:
            column = min(missing)
            problem = _("it needs the column «{column}», which no source and no stage before it gives", column=column)
            where = _("{recipe}, stage «{stage}»", recipe=place, stage=stage.name)
            raise ConfigError(where, problem, _remedy(column))
        have |= stage.gives


def _extra(sources: Sequence[Source], stages: Sequence[Stage | Barrier]) -> dict[str, str]:
    """Return the columns that sources and stages add to documents, with their types.

    Raises:
        ConfigError: two of them declare one name differently.
    """
    of_sources = [
        (_("source {source}", source=source.id), {name: one.type for name, one in source.collect.extra.items()})
        for source in sources
    ]
    return merged([*of_sources, *added_columns(stages)])


def _remedy(column: str) -> Message:
    givers = {"text": "extract", "language": "identify", "signals": "measure", "text_hash": "fingerprint"}
    if column not in givers:
        return _("see `latam-corpus list stages`")
    return _("put the stage «{stage}» before it", stage=givers[column])
