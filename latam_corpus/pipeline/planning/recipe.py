"""Recipes: `pipelines/*.toml`, read and checked before one byte of a source is.

A recipe names stages by registry key and sources by catalogue id. It has no interpolation, inheritance or
conditionals: a recipe that wants an `if` is a Python script on the public API.
"""

from __future__ import annotations

import hashlib
import tomllib
from datetime import UTC, datetime
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
    from collections.abc import Collection, Mapping, Sequence

    from latam_corpus.catalog.source import Source
    from latam_corpus.pipeline.planning.policy_overlay import Overlay

# The stages that decide by a folder of policies.
WITH_POLICIES: Final = frozenset({"unmark", "measure", "filter", "redact", "dedupe"})
_Listed = BeforeValidator(lambda value: tuple(value) if isinstance(value, list) else value)


class StageEntry(BaseModel):
    """One `[[stage]]`: the registry key and the stage's options."""

    model_config = ConfigDict(extra="allow", frozen=True)
    use: str

    @property
    def options(self) -> dict[str, Any]:
        """What stands beside `use`."""
        return dict(self.model_extra or {})


class SplitEntry(BaseModel):
    """`[release.split]`: the shares of documents held out, by hash of their cluster.

    Attributes:
        validation: the share for choosing between models while they are trained.
        test: the share for the last comparison.
    """

    model_config = ConfigDict(extra="forbid", frozen=True, strict=True)
    validation: float = Field(default=0.005, ge=0, le=0.5)
    test: float = Field(default=0.005, ge=0, le=0.5)


class ReleaseEntry(BaseModel):
    """`[release]`: its name, the rights tiers it admits, the uses that each document must allow.

    Attributes:
        name: by which its versions are pulled.
        admit: the tiers of rights that may be in it.
        uses: what each document's terms must allow.
        split: what is held out of training.
        index: whether the version has the fingerprints by which later runs find copies of its documents.
        split_by: what is in one split: a "cluster" of copies, and with it all of an "author", of a "source", or of one
            "file" of a source, such as that of a series.
        variants: of several variants of one work "keep" all, the "longest", or the longest "by_country".
    """

    model_config = ConfigDict(extra="forbid", frozen=True, strict=True)
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
        genre: of sources that state none.
        sources: ids of the catalogue, source files or paths to data.
        stage: the stages, in order: `use` names one, its options stand beside it.
        survival: the share of documents that each stage must leave, or nothing is released.
        release: the version that is made; without it none is.
        inputs: source id → where its records are, seen from the recipe's folder; `--input` counts before it.
    """

    model_config = ConfigDict(extra="forbid", frozen=True, strict=True)
    title: str
    genre: NamedGenre | None = None
    sources: Annotated[tuple[str, ...], _Listed] = Field(min_length=1)
    inputs: dict[str, str] = Field(default_factory=dict)
    stage: Annotated[tuple[StageEntry, ...], _Listed] = Field(min_length=1)
    survival: Floors | None = None
    release: ReleaseEntry | None = None
    _file: Path = PrivateAttr(default=Path("recipe.toml"))
    _text: str = PrivateAttr(default="")
    _overlay: Any = PrivateAttr(default=None)  # an `Overlay`, whose module needs Polars

    @property
    def file(self) -> Path:
        """Where the recipe was read from."""
        return self._file

    @property
    def text(self) -> str:
        """What the recipe says, as TOML; of a source's default recipe there is no file that has it."""
        return self._text

    def read_from(self, file: Path, text: str) -> Self:
        """Return the recipe, which then knows where it was read from, and what it says there."""
        self._file, self._text = file, text
        return self

    @cached_property
    def name(self) -> str:
        """The file's name without its suffix."""
        return self.file.stem

    @property
    def overlay(self) -> Overlay | None:
        """The policies that take the place of the shipped ones; None if the recipe is run without."""
        return cast("Overlay | None", self._overlay)

    def decided_by(self, policies: Overlay) -> Self:
        """Return the recipe, whose stages take these policies.

        Raises:
            ConfigError: a stage names others, or no stage takes any.
        """
        for number, entry in enumerate(self.stage, 1):
            if entry.options.get("policies"):
                place = _("{recipe}, stage {number}", recipe=self.file, number=number)
                problem = _("it names policies of its own, and --policies names others")
                raise ConfigError(place, problem, _("leave out one of the two"))
        if not any(entry.use in WITH_POLICIES for entry in self.stage):
            problem = _("no stage of the recipe decides by policies, and --policies names some")
            raise ConfigError(str(self.file), problem, _("put «filter» into the recipe, or leave out --policies"))
        self._overlay = policies
        return self

    def policies_of(self, entry: StageEntry) -> str:
        """Return the folder of policies that a stage decides by; empty for the shipped one."""
        if self._overlay and entry.use in WITH_POLICIES:
            return str(self._overlay.folder)
        return str(entry.options.get("policies", ""))

    def hints(self) -> list[Message]:
        """Return what may run and isn't what is usually meant, a sentence each with what to do."""
        return [*(self._overlay.hints() if self._overlay else ()), *self._of_order()]

    def _of_order(self) -> list[Message]:
        order = [entry.use for entry in self.stage]
        first = {name: order.index(name) for name in ("boilerplate", "redact") if name in order}
        if first.get("boilerplate", len(order)) >= first.get("redact", -1):
            return []
        hint = _(
            "«boilerplate» stands before «redact»: the ledger quotes the lines that it cuts, and nothing in them is "
            "redacted yet; put «redact» first"
        )
        return [hint]

    def digest(self) -> str:
        """SHA-256, hex, of what the recipe states."""
        # Where the input lies decides nothing.
        return hashlib.sha256(self.model_dump_json(exclude={"inputs"}).encode()).hexdigest()

    def narrowed(self, sources: Mapping[str, str], stages: Collection[str]) -> Recipe:
        """Return the recipe with these of its sources and stages alone, all of them where none is given.

        Without one of its stages it releases nothing, and its floors judge nothing.

        Args:
            sources: by id what the recipe calls them.
            stages: registry keys.
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
    """Return a path that a file states, from that file's folder; a URL stays.

    >>> seen_from(Path("a"), "b"), seen_from(Path("a"), "/b"), seen_from(Path("a"), "s3://b/c")
    ('a/b', '/b', 's3://b/c')
    """
    return where if "://" in where else str(folder / Path(where).expanduser())


def shipped_recipes() -> dict[str, Path]:
    """Return the recipes that come with the toolkit, by name."""
    return {path.stem: path for path in sorted(data_folder("pipelines").glob("*.toml"))}


def load_recipe(named: str, language: str = "en") -> Recipe:
    """Return the recipe in a file, or a shipped one by name; of a source's file, that source's default recipe.

    Args:
        named: a path, or the name of a shipped recipe.
        language: of the comments in a default recipe.

    Raises:
        ConfigError: there is no such recipe, or it states something wrong; the message has file and line.
    """
    path = Path(named).expanduser()
    if not has_file(path):
        shipped = shipped_recipes()
        if path.is_dir():
            describe = _("`latam-corpus sources new` describes its texts; name the file that it writes")
            raise ConfigError(named, _("it is a folder, and no recipe"), describe)
        if path.suffix or "/" in named:
            near = nearest(path.stem, shipped)
            remedy = path_remedy(path, _("did you mean «{near}»?", near=near) if near else None)
            raise ConfigError(named, _("there is no such file"), remedy)
        if named not in shipped:
            raise ConfigError(named, _("there is no such recipe"), _or_a_file(closest(named, shipped)))
        path = shipped[named]
    text = read_toml(path, "recipe")
    if describes_source(text):
        text = default_text([(path.name, load_source(str(path)))], language)
    return parse_toml(text, Recipe, str(path), near_word).read_from(path, text)


def _or_a_file(near: Message) -> Message:
    return _("{near} (or name a file)", near=near)


def describes_source(text: str) -> bool:
    r"""Whether a TOML text is a source's file: it has a source's keys, and none that recipes alone have.

    >>> describes_source('id = "cartas"'), describes_source('id = "cartas"\nsources = []'), describes_source("id =")
    (True, False, False)
    """
    try:
        keys = tomllib.loads(text).keys()
    except (tomllib.TOMLDecodeError, RecursionError):
        return False
    return bool(keys & {"id", "holder", "rights", "collect"}) and not keys & {"sources", "stage", "release", "survival"}


def default_text(named: Sequence[tuple[str, Source]], language: str) -> str:
    """Return the default recipe of sources, see `recipe_text`, by the language model in use and today's date.

    Args:
        named: the sources, each with what the recipe calls it.
        language: of the comments.
    """
    # fastText and its model, which a written recipe may not need.
    from latam_corpus.language.model import load
    from latam_corpus.language.model_files import chosen
    from latam_corpus.pipeline.planning.default_recipe import recipe_text

    return recipe_text(named, language, load(chosen()).codes, datetime.now(UTC).date())
