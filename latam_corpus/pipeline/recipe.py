"""Recipes: `pipelines/*.toml`, read and checked before one byte of a source is.

A recipe names stages by registry key and sources by catalogue id. It has no interpolation, inheritance or
conditionals: a recipe that wants an `if` is a Python script on the public API.
"""

from __future__ import annotations

import hashlib
from functools import cached_property
from pathlib import Path
from typing import Annotated, Any

from pydantic import AfterValidator, BaseModel, BeforeValidator, ConfigDict, Field, PrivateAttr

from latam_corpus.catalog.naming import release_name
from latam_corpus.catalog.source import Genre
from latam_corpus.errors import ConfigError, closest
from latam_corpus.paths import data_folder
from latam_corpus.pipeline.survival import Floors
from latam_corpus.toml_model import load_toml
from latam_corpus.vocabulary import Tier, Use, Variants

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
    """`[release.split]`: the shares of documents held out, by hash of their cluster."""

    model_config = ConfigDict(extra="forbid", frozen=True, strict=True)
    validation: float = Field(default=0.005, ge=0, le=0.5)
    test: float = Field(default=0.005, ge=0, le=0.5)


class ReleaseEntry(BaseModel):
    """`[release]`: its name, the rights tiers it admits, the uses that each document must allow.

    Attributes:
        index: whether the version has the fingerprints by which later runs find copies of its documents.
        variants: of several variants of one work "keep" all, the "longest", or the longest "by_country".
    """

    model_config = ConfigDict(extra="forbid", frozen=True, strict=True)
    name: Annotated[str, AfterValidator(release_name)]
    admit: Annotated[tuple[Tier, ...], _Listed] = Field(min_length=1)
    uses: Annotated[tuple[Use, ...], _Listed] = Field(min_length=1)
    split: SplitEntry = SplitEntry()
    index: bool = True
    variants: Variants = "keep"


class Recipe(BaseModel):
    """A recipe as its file states it."""

    model_config = ConfigDict(extra="forbid", frozen=True, strict=True)
    title: str
    genre: Genre | None = None
    sources: Annotated[tuple[str, ...], _Listed] = Field(min_length=1)
    stage: Annotated[tuple[StageEntry, ...], _Listed] = Field(min_length=1)
    survival: Floors | None = None
    release: ReleaseEntry | None = None
    _file: Path = PrivateAttr(default=Path("recipe.toml"))

    @property
    def file(self) -> Path:
        """Where the recipe was read from."""
        return self._file

    @cached_property
    def name(self) -> str:
        """The file's name without its suffix."""
        return self.file.stem

    def hints(self) -> list[str]:
        """What may run and isn't what is usually meant, a sentence each with what to do."""
        order = [entry.use for entry in self.stage]
        first = {name: order.index(name) for name in ("boilerplate", "redact") if name in order}
        if first.get("boilerplate", len(order)) >= first.get("redact", -1):
            return []
        hint = (
            "«boilerplate» stands before «redact»: the ledger quotes the lines that it cuts, and nothing in them is "
            "redacted yet; put «redact» first"
        )
        return [hint]

    def digest(self) -> str:
        """SHA-256, hex, of what the recipe states."""
        return hashlib.sha256(self.model_dump_json().encode()).hexdigest()


def shipped_recipes() -> dict[str, Path]:
    """The recipes that come with the toolkit, by name."""
    return {path.stem: path for path in sorted(data_folder("pipelines").glob("*.toml"))}


def load_recipe(named: str) -> Recipe:
    """The recipe in a file, or a shipped one by name.

    Raises:
        ConfigError: there is no such recipe, or it states something wrong; the message has file and line.
    """
    path = Path(named)
    if not path.is_file():
        shipped = shipped_recipes()
        if path.suffix or "/" in named or named not in shipped:
            raise ConfigError(named, "there is no such recipe", f"{closest(path.stem, shipped)}, or name a file")
        path = shipped[named]
    recipe = load_toml(path, Recipe, "recipe")
    recipe._file = path  # noqa: SLF001  (a value of this module's own class)
    return recipe
