"""Recipes: TOML files that name sources and stages, checked before any source is read.

A recipe names stages by registry key and sources by catalogue id. It has no interpolation, inheritance or conditionals:
if you need an `if`, write a Python script with the public API.
"""

from __future__ import annotations

import hashlib
import tomllib
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, Final, Self, cast

from pydantic import AfterValidator, BaseModel, BeforeValidator, ConfigDict, Field, PrivateAttr

from latam_corpus.catalog.display_names import near_word
from latam_corpus.catalog.naming import release_name
from latam_corpus.catalog.source import NamedGenre, load_source
from latam_corpus.config.toml_model import has_file, parse_toml, path_remedy, read_toml
from latam_corpus.errors import ConfigError, closest, nearest
from latam_corpus.messages import Message, _
from latam_corpus.paths import data_folder
from latam_corpus.pipeline.planning.survival import Floors
from latam_corpus.vocabulary import SplitBy, Tier, Use, Variants

if TYPE_CHECKING:
    from collections.abc import Collection, Mapping

    from latam_corpus.pipeline.planning.policy_overlay import Overlay

# The stages whose decisions depend on a folder of policies.
WITH_POLICIES: Final = frozenset({"unmark", "measure", "filter", "redact", "dedupe"})
_Listed = BeforeValidator(lambda value: tuple(value) if isinstance(value, list) else value)


class StageEntry(BaseModel):
    """One `[[stage]]`: the registry key and the stage's options."""

    model_config = ConfigDict(extra="allow", frozen=True, defer_build=True)
    use: str

    @property
    def options(self) -> dict[str, Any]:
        """All keys except `use`."""
        return dict(self.model_extra or {})


class SplitEntry(BaseModel):
    """`[release.split]`: the shares of documents held out of training, by hash of their cluster.

    Attributes:
        validation: the share for comparing models during training.
        test: the share for the final evaluation.
    """

    model_config = ConfigDict(extra="forbid", frozen=True, strict=True, defer_build=True)
    # At most .49 each, so that something is left to train on.
    validation: float = Field(default=0.005, ge=0, le=0.49)
    test: float = Field(default=0.005, ge=0, le=0.49)


class ReleaseEntry(BaseModel):
    """`[release]`: the release that a run makes.

    Attributes:
        name: the name under which its versions are pulled.
        admit: the rights tiers that are admitted.
        uses: the uses that each document's terms must allow.
        split: the shares of documents held out of training.
        index: whether the version includes the fingerprints by which later runs find copies of its documents.
        split_by: which documents share a split: those of a "cluster" of copies, or also all of the same "author",
            "source", or "file" of a source (such as a newspaper series).
        variants: which variants of a work are kept: all ("keep"), the "longest", or the longest "by_country".
    """

    model_config = ConfigDict(extra="forbid", frozen=True, strict=True, defer_build=True)
    name: Annotated[str, AfterValidator(release_name)]
    admit: Annotated[tuple[Tier, ...], _Listed] = Field(min_length=1)
    uses: Annotated[tuple[Use, ...], _Listed] = Field(min_length=1)
    split: SplitEntry = SplitEntry()
    split_by: SplitBy = "cluster"
    index: bool = True
    variants: Variants = "keep"


class Recipe(BaseModel):
    """A recipe as its file states it.

    Attributes:
        title: what the release is about.
        genre: the genre of sources that state none.
        sources: ids of the catalogue, source files or paths to data.
        stage: the stages, in order; each has its name in `use`, and its options as further keys.
        survival: the share of documents that each stage must keep; otherwise nothing is released.
        release: the release that the run makes; None if it makes none.
        inputs: paths or URLs of records by source id, relative to the recipe's folder; `--input` overrides them.
    """

    model_config = ConfigDict(extra="forbid", frozen=True, strict=True, defer_build=True)
    title: str
    genre: NamedGenre | None = None
    sources: Annotated[tuple[str, ...], _Listed] = Field(min_length=1)
    inputs: dict[str, str] = Field(default_factory=dict)
    stage: Annotated[tuple[StageEntry, ...], _Listed] = Field(min_length=1)
    survival: Floors | None = None
    release: ReleaseEntry | None = None
    _file: Path = PrivateAttr(default=Path("recipe.toml"))
    _text: str = PrivateAttr(default="")
    _overlay: Any = PrivateAttr(default=None)  # an `Overlay`; untyped, since its module imports Polars

    @property
    def file(self) -> Path:
        """The file that the recipe was read from."""
        return self._file

    @property
    def text(self) -> str:
        """The recipe as TOML, even if it is a source's default recipe, which has no file."""
        return self._text

    def read_from(self, file: Path, text: str) -> Self:
        """Set the recipe's file and text, and return it."""
        self._file, self._text = file, text
        return self

    @cached_property
    def name(self) -> str:
        """The file's name without its suffix."""
        return self.file.stem

    @property
    def overlay(self) -> Overlay | None:
        """The policies given with `--policies`, or None."""
        return cast("Overlay | None", self._overlay)

    def decided_by(self, policies: Overlay) -> Self:
        """Use these policies in all stages that take some; raise `ConfigError` if none does or one names its own."""
        for number, entry in enumerate(self.stage, 1):
            if entry.options.get("policies"):
                place = _("{recipe}, stage {number}", recipe=self.file, number=number)
                problem = _("the stage names its own policies, but --policies names others")
                raise ConfigError(place, problem, _("leave out one of the two"))
        if not any(entry.use in WITH_POLICIES for entry in self.stage):
            problem = _("--policies has no effect: no stage of the recipe uses policies")
            raise ConfigError(str(self.file), problem, _("add the stage «filter», or leave out --policies"))
        self._overlay = policies
        return self

    def policies_of(self, entry: StageEntry) -> str:
        """Return the folder of a stage's policies; empty for the shipped one."""
        if self._overlay and entry.use in WITH_POLICIES:
            return str(self._overlay.folder)
        return str(entry.options.get("policies", ""))

    def hints(self) -> list[Message]:
        """Return a sentence with a remedy for each setting that is allowed but probably a mistake."""
        return [*(self._overlay.hints() if self._overlay else ()), *self._order_hints()]

    def _order_hints(self) -> list[Message]:
        order = [entry.use for entry in self.stage]
        first = {name: order.index(name) for name in ("boilerplate", "redact") if name in order}
        if first.get("boilerplate", len(order)) >= first.get("redact", -1):
            return []
        hint = _(
            "«boilerplate» comes before «redact»: the ledger quotes the lines that «boilerplate» cuts, with personal "
            "data in them; put «redact» first"
        )
        return [hint]

    def digest(self) -> str:
        """Return the SHA-256, hex, of the recipe's settings, without the locations of inputs."""
        return hashlib.sha256(self.model_dump_json(exclude={"inputs"}).encode()).hexdigest()

    def narrowed(self, sources: Mapping[str, str], stages: Collection[str]) -> Recipe:
        """Return the recipe with only these sources and stages.

        If a stage is left out, the recipe makes no release and has no survival floors. `sources` has names in the
        recipe by source id; an empty selection keeps all.
        """
        selected = tuple(entry for entry in self.stage if entry.use in stages) if stages else self.stage
        change: dict[str, Any] = {"stage": selected}
        if sources:
            change |= {
                "sources": tuple(sources.values()),
                "inputs": {name: where for name, where in self.inputs.items() if name in sources},
                "survival": self.survival and self.survival.of_sources(sources),
            }
        if len(selected) < len(self.stage):
            change |= {"survival": None, "release": None}
        chosen = ", ".join([*sources, *stages])
        return self.model_copy(update=change).read_from(self.file, f"# --select {chosen}\n{self.text}")


def seen_from(folder: Path, where: str) -> str:
    """Resolve a path relative to a folder; return absolute paths and URLs unchanged.

    >>> seen_from(Path("a"), "b"), seen_from(Path("a"), "/b"), seen_from(Path("a"), "s3://b/c")
    ('a/b', '/b', 's3://b/c')
    """
    return where if "://" in where else str(folder / Path(where).expanduser())


def shipped_recipes() -> dict[str, Path]:
    """Return the files of the shipped recipes, by name."""
    return {path.stem: path for path in sorted(data_folder("pipelines").glob("*.toml"))}


def load_recipe(named: str, language: str = "en") -> Recipe:
    """Load a recipe from a file or by its shipped name; for a source's file, return its default recipe.

    Comments in a default recipe are in this language.

    Raises:
        ConfigError: there is no such recipe, or it has a mistake; the error names the file and line.
    """
    path = Path(named).expanduser()
    if not has_file(path):
        shipped = shipped_recipes()
        if path.is_dir():
            describe = _("describe its texts with `latam-corpus sources new`, and name the file that it writes")
            raise ConfigError(named, _("it is a folder, not a recipe"), describe)
        if path.suffix or "/" in named:
            near = nearest(path.stem, shipped)
            remedy = path_remedy(path, _("did you mean «{near}»?", near=near) if near else None)
            raise ConfigError(named, _("there is no such file"), remedy)
        if named not in shipped:
            remedy = _("{near} (or name a file)", near=closest(named, shipped))
            raise ConfigError(named, _("there is no such recipe"), remedy)
        path = shipped[named]
    text = read_toml(path, "recipe")
    if describes_source(text):
        from latam_corpus.pipeline.planning.default_recipe import default_text  # a recipe from a file needs no model

        text = default_text([(path.name, load_source(str(path)))], language)
    return parse_toml(text, Recipe, str(path), near_word).read_from(path, text)


def describes_source(text: str) -> bool:
    r"""Whether a TOML text is a source's file: it has keys of sources, but no key that only recipes have.

    >>> describes_source('id = "cartas"'), describes_source('id = "cartas"\nsources = []'), describes_source("id =")
    (True, False, False)
    """
    try:
        keys = tomllib.loads(text).keys()
    except (tomllib.TOMLDecodeError, RecursionError):
        return False
    return bool(keys & {"id", "holder", "rights", "collect"}) and not keys & {"sources", "stage", "release", "survival"}
