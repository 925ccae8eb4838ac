"""Read and check the bounds of the rules that compare two documents: `filters/dedupe/*.toml`.

`default.toml` has every bound. Each other file names some genres and the bounds that differ for them.
"""

from __future__ import annotations

import hashlib
import json
from dataclasses import dataclass, field, replace
from functools import lru_cache
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Final

from pydantic import BaseModel, ConfigDict, Field

from latam_corpus.config.toml_model import load_toml, stamps_of
from latam_corpus.dedupe.verify.rules import BOUND_NAMES
from latam_corpus.errors import ConfigError, closest
from latam_corpus.messages import _
from latam_corpus.paths import data_folder
from latam_corpus.policies.policy_files import Number, Texts, place_in
from latam_corpus.vocabulary import GENRES

if TYPE_CHECKING:
    from collections.abc import Mapping

    from latam_corpus.config.toml_model import Stamps

DEFAULT: Final = "default.toml"


class BoundsFile(BaseModel):
    """One file of `filters/dedupe/`.

    Attributes:
        genres: the genres whose documents it applies to; none in `default.toml`.
        reviewed_by: its reviewers.
        bounds: values by name.
    """

    model_config = ConfigDict(extra="forbid", frozen=True, strict=True)

    genres: Texts = ()
    reviewed_by: Texts = ()
    bounds: dict[str, Annotated[Number, Field(ge=0)]]


@dataclass(frozen=True)
class Bounds:
    """The bounds of all rules.

    Attributes:
        default: values by name.
        by_genre: genre → all values by name, for genres with different values.
    """

    default: Mapping[str, float]
    by_genre: Mapping[str, Mapping[str, float]] = field(default_factory=dict)

    def of(self, genre: str) -> Mapping[str, float]:
        """Return the bounds for pairs of a genre; an empty name means unknown."""
        return self.by_genre.get(genre, self.default)

    def with_values(self, **values: float) -> Bounds:
        """Return the bounds with other values, in every genre."""
        by_genre = {genre: {**bounds, **values} for genre, bounds in self.by_genre.items()}
        return replace(self, default={**self.default, **values}, by_genre=by_genre)

    def least(self, name: str) -> float:
        """Return the smallest value of a bound in any genre."""
        return min(bounds[name] for bounds in (self.default, *self.by_genre.values()))

    def most(self, name: str) -> float:
        """Return the largest value of a bound in any genre."""
        return max(bounds[name] for bounds in (self.default, *self.by_genre.values()))

    @property
    def digest(self) -> str:
        """A digest that changes with any value but not with comments in the files."""
        values = {"": self.default, **self.by_genre}
        return hashlib.sha256(json.dumps(values, sort_keys=True, default=dict).encode()).hexdigest()


def dedupe_bounds(folder: str = "") -> Bounds:
    """Return the bounds of a `filters/` folder (the shipped one if empty), read again if a file changed.

    Raises:
        ConfigError: a file is missing or invalid.
    """
    path = (Path(folder) if folder else data_folder("filters")) / "dedupe"
    return _load(path, stamps_of(path, "*.toml"))


@lru_cache(maxsize=8)
def _load(path: Path, _stamps: Stamps) -> Bounds:
    if not path.is_dir():
        remedy = _("copy the toolkit's filters/dedupe/ there; `dedupe` reads its bounds from it")
        raise ConfigError(str(path), _("there is no such folder of policies"), remedy)
    default = _read(path / DEFAULT)
    if default.genres:
        problem = _("{file} can't have the key «genres»; other files have it", file=DEFAULT)
        raise ConfigError(place_in(path / DEFAULT, "genres"), problem, _("delete the key «{key}»", key="genres"))
    missing_names = [name for name in BOUND_NAMES if name not in default.bounds]
    if missing_names:
        problem = _("the bound «{name}» is missing", name=missing_names[0])
        raise ConfigError(str(path / DEFAULT), problem, _("add «{key} = …»", key=missing_names[0]))
    by_genre: dict[str, Mapping[str, float]] = {}
    for file in sorted(path.glob("*.toml")):
        if file.name == DEFAULT or file.name.startswith("."):
            continue
        genre_file = _read(file)
        if not genre_file.genres:
            problem = _("the key «{key}» is missing", key="genres")
            raise ConfigError(str(file), problem, _("add «{key} = …»", key="genres"))
        for genre in genre_file.genres:
            _check_genre(file, genre, by_genre)
            by_genre[genre] = {**default.bounds, **genre_file.bounds}
    return Bounds(default.bounds, by_genre)


def _read(file: Path) -> BoundsFile:
    """Return a file after checking that its bounds are known.

    Raises:
        ConfigError: it is missing or invalid, or a bound is unknown.
    """
    bounds_file = load_toml(file, BoundsFile, "policy")
    for name in bounds_file.bounds:
        if name not in BOUND_NAMES:
            problem = _("unknown bound «{name}»", name=name)
            raise ConfigError(place_in(file, "bounds", name), problem, closest(name, BOUND_NAMES))
    return bounds_file


def _check_genre(file: Path, genre: str, by_genre: Mapping[str, object]) -> None:
    """Check that a genre exists and no other file has it.

    Raises:
        ConfigError: it is unknown, or another file has it.
    """
    if genre not in GENRES:
        problem = _("unknown genre «{genre}»", genre=genre)
        raise ConfigError(place_in(file, "genres"), problem, closest(genre, GENRES))
    if genre in by_genre:
        problem = _("another file already has bounds for «{genre}»", genre=genre)
        raise ConfigError(place_in(file, "genres"), problem, _("keep the genre in one file only"))
