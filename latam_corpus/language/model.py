"""Language models, which have a model file, its digest and a label map.

The shipped model is `models/americas.ftz` with `models/americas.toml`. Any fastText identifier can be given by path;
labels such as `__label__spa_Latn`, `__label__spa` or `__label__es` are understood without a map.
"""

from __future__ import annotations

import hashlib
import struct
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache, cached_property
from typing import TYPE_CHECKING, Any, Final

import numpy as np

from latam_corpus.codes import UNDETERMINED, groups, name_of
from latam_corpus.errors import ConfigError
from latam_corpus.language.classifier import ftz
from latam_corpus.language.classifier.ftz import read_parts
from latam_corpus.language.classifier.vectors import Vectors, products
from latam_corpus.language.evidence import RULE, RULE_FILE, GroupBounds
from latam_corpus.language.labels import MODELS, LanguageLabel, labels_of
from latam_corpus.language.model_cache import ModelCache
from latam_corpus.language.model_files import SHIPPED, locate
from latam_corpus.messages import _
from latam_corpus.storage.durable import known_digest

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from pathlib import Path

    from numpy.typing import NDArray

_MAGIC: Final = (793712314).to_bytes(4, "little")  # the first bytes of every fastText file
_TABLES: Final[dict[str, Any]] = {"labels": {}, "words": {}, "bounds": {}, "consonants": {}}  # a label map's tables
_BEST: Final = 16  # the number of labels per line that fastText is asked for, since it doesn't return a matrix


class WordLists(Mapping[str, frozenset[str]]):
    """Frequent words by group, converted to sets on first use, since most groups are never used.

    >>> WordLists({"quy": "kay chay"})["quy"] == {"kay", "chay"}
    True
    """

    def __init__(self, lists: Mapping[str, str]) -> None:
        self._lists = lists
        self._sets: dict[str, frozenset[str]] = {}

    def __getitem__(self, code: str) -> frozenset[str]:
        words = self._sets.get(code)
        if words is None:
            words = self._sets[code] = frozenset(self._lists[code].split())
        return words

    def __iter__(self) -> Iterator[str]:
        return iter(self._lists)

    def __len__(self) -> int:
        return len(self._lists)


@dataclass(frozen=True, eq=False)
class LanguageModel:
    """A loaded identifier.

    Attributes:
        name: the file's stem.
        digest: the SHA-256, in hex, of the model file, the label map and the rule's parameters.
        labels: the meanings of the model's labels, in the order of the columns of `probabilities`.
        words: frequent words by group, see `evidence`.
        bounds: additional bounds of some groups, see `calibrate`.
        consonants: the minimum number of consonants in a longer text, by code of a language of the Americas, see
            `calibrate`.
    """

    name: str
    digest: str
    labels: tuple[LanguageLabel, ...]
    words: Mapping[str, frozenset[str]]
    bounds: Mapping[str, GroupBounds]
    consonants: Mapping[str, int]
    _opened: Any
    _own_labels: tuple[str, ...]
    _vectors: Vectors | None

    @cached_property
    def groups(self) -> tuple[str, ...]:
        """The sorted groups of the labels."""
        return tuple(sorted({label.group for label in self.labels}))

    @cached_property
    def group_of(self) -> NDArray[np.int64]:
        """The index of each label's group, int64[labels]."""
        index_of = {group: number for number, group in enumerate(self.groups)}
        return np.array([index_of[label.group] for label in self.labels], np.int64)

    @cached_property
    def members(self) -> tuple[NDArray[np.int64], ...]:
        """The indices of each group's labels."""
        order = np.argsort(self.group_of, kind="stable")
        starts = np.searchsorted(self.group_of[order], np.arange(1, len(self.groups)))
        return tuple(np.split(order, starts))

    @cached_property
    def single_groups(self) -> dict[str, int]:
        """The indices of the groups that have one label."""
        return {group: place for place, group in enumerate(self.groups) if len(self.members[place]) == 1}

    @cached_property
    def codes(self) -> frozenset[str]:
        """All codes that a text may get: the labels' codes, the groups with several members, and `und`."""
        groups = {self.groups[index] for index in self._several.tolist()}
        return frozenset({label.code for label in self.labels} | groups | {UNDETERMINED})

    @cached_property
    def _firsts(self) -> NDArray[np.int64]:
        return np.array([member[0] for member in self.members], np.int64)

    @cached_property
    def _several(self) -> NDArray[np.int64]:
        return np.array([index for index, member in enumerate(self.members) if len(member) > 1], np.int64)

    @cached_property
    def _of_several(self) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
        """The concatenated labels of groups with several members, and the index at which each group starts."""
        members = [self.members[index] for index in self._several]
        return np.concatenate(members), np.cumsum([0, *(len(member) for member in members[:-1])])

    @cached_property
    def _across(self) -> NDArray[np.float32]:
        assert self._vectors  # noqa: S101  (used only if there are vectors)
        return np.ascontiguousarray(self._vectors.parts.output.T)

    def needs_words(self, group: str) -> bool:
        """Return whether a group is reported only if its words occur: it is of the Americas, or in the label map."""
        return group in groups().of or (group in self.words and group not in RULE.colonial)

    def vectors(self, lines: Sequence[str]) -> NDArray[np.float32]:
        """Return the vector of each normalised line after the input layer, float32[lines, dim].

        Raises:
            ConfigError: the model's file is read by fastText itself.
        """
        if self._vectors is None:
            raise ConfigError(
                self.name, _("it can't be extended"), _("use a quantized softmax model, such as the shipped one")
            )
        return self._vectors(lines)

    @property
    def output(self) -> NDArray[np.float32]:
        """The output layer, float32[labels, dim]; empty if fastText itself reads the file."""
        return self._vectors.parts.output if self._vectors else np.zeros((0, 0), np.float32)

    def probabilities(self, lines: Sequence[str]) -> NDArray[np.float32]:
        """Return the probability of each label for each normalised line, float32[lines, labels]."""
        if self._vectors is None:
            return self._best_probabilities(lines)
        scores = products(self._vectors(lines), self._across)
        scores -= scores.max(axis=1, keepdims=True)
        np.exp(scores, out=scores)
        scores /= scores.sum(axis=1, keepdims=True)
        return scores

    def by_group(self, probabilities: NDArray[np.float32]) -> NDArray[np.float32]:
        """Return the probabilities summed within each group, float32[lines, groups]."""
        # Only groups with several members are summed; nine in ten have one.
        grouped = np.take(probabilities, self._firsts, axis=1)
        if len(self._several):
            members, starts = self._of_several
            grouped[:, self._several] = np.add.reduceat(np.take(probabilities, members, axis=1), starts, axis=1)
        return grouped

    def _best_probabilities(self, lines: Sequence[str]) -> NDArray[np.float32]:
        index_of = {name: number for number, name in enumerate(self._own_labels)}
        table = np.zeros((len(lines), len(self.labels)), np.float32)
        best = self._opened.f.multilinePredict([f"{line}\n" for line in lines], _BEST, 0.0, "strict")
        for row, (best_labels, chances) in enumerate(zip(*best, strict=True)):
            for label, chance in zip(best_labels, chances, strict=True):
                table[row, index_of[label]] = chance
        return table


def load(name: str = SHIPPED, label_map: str = "") -> LanguageModel:
    """Return a loaded model; a process caches models by path and digest.

    Args:
        name: the name of a shipped model, or the path of a fastText file.
        label_map: the path of a label map; by default the `.toml` file next to the model, if there is one.

    Raises:
        ConfigError: a file is missing or invalid, the digest differs from the label map's digest, or a label map has an
            unknown code.

    >>> load("americus")
    Traceback (most recent call last):
    ...
    latam_corpus.errors.ConfigError: americus: no such language model; did you mean «americas»?
    """
    path, map_path = locate(name, label_map)
    return _open(path, map_path, digest(name, label_map))


def digest(name: str = SHIPPED, label_map: str = "") -> str:
    """Return the SHA-256, in hex, of the files of model and rule, which determine the identification."""
    path, map_path = locate(name, label_map)
    digests = known_digest(path) + (known_digest(map_path) if map_path else "") + known_digest(RULE_FILE)
    return hashlib.sha256(digests.encode()).hexdigest()


@cache
def _open(path: Path, map_path: Path | None, model_digest: str) -> LanguageModel:
    with path.open("rb") as file:
        if file.read(4) != _MAGIC:
            raise ConfigError(str(path), _("it isn't a fastText model"), _("give a .ftz or .bin that fastText saved"))
    tables = _read_map(map_path) if map_path else dict(_TABLES)
    sha256 = tables.get("sha256")
    if sha256 and sha256 != known_digest(path):
        raise ConfigError(
            str(path),
            _("its digest differs from the one in {map_path}", map_path=map_path),
            _("use a model and a map from the same training"),
        )
    try:
        array_cache = ModelCache(known_digest(path), ftz.VERSION)
        parts = read_parts(path, array_cache)
        fasttext_model: Any = None if parts else _by_fasttext(path)
        own_labels = parts.labels if parts else tuple(fasttext_model.get_labels())
    except (struct.error, ValueError, RuntimeError, MemoryError, UnicodeDecodeError) as error:
        raise ConfigError(
            str(path), _("it isn't a usable fastText model ({reason})", reason=error), _("download the file again")
        ) from error
    labels = labels_of(own_labels, tables["labels"], str(map_path), looked_up=bool(sha256))
    # Frequent words, and the bounds for them, belong to languages and not to models.
    shipped = {} if tables["words"] else _shipped_map(path)
    lists_and_bounds = tables | {
        name: tables[name] or shipped[name] for name in ("words", "bounds", "consonants") if shipped
    }
    word_lists = WordLists(lists_and_bounds["words"])
    bounds = {code: _bounds(entry, str(map_path)) for code, entry in lists_and_bounds["bounds"].items()}
    consonants = {code: _count(entry, code, str(map_path)) for code, entry in lists_and_bounds["consonants"].items()}
    return LanguageModel(
        path.stem,
        model_digest,
        labels,
        word_lists,
        bounds,
        consonants,
        fasttext_model,
        own_labels,
        Vectors.of(parts, array_cache) if parts else None,
    )


def card(name: str, label_map: str = "") -> dict[str, Any]:
    """Return a model's name, version, digest, date, training data with licences, and languages.

    Args:
        name: a shipped model's name or a path.
        label_map: the path of its label map.

    Raises:
        ConfigError: the model can't be used.
    """
    path, map_path = locate(name, label_map)
    model = load(name, label_map)
    tables = tomllib.loads(map_path.read_text("utf-8")) if map_path else {}
    codes = sorted({label.code for label in model.labels})
    of = groups().of
    values: dict[str, Any] = {"name": tables.get("name", path.stem), "bytes": path.stat().st_size}
    values |= {key: tables[key] for key in ("version", "sha256", "trained") if key in tables}
    values["languages"] = len(codes)
    values["trained_on"] = [
        {key: entry[key] for key in ("file", "label", "licence") if key in entry}
        for entry in tables.get("trained_on", [])
    ]
    values["americas"] = [code for code in codes if code in of]
    values["others"] = [code for code in codes if code not in of]
    values["names"] = {code: name_of(code) for code in codes}
    return values


def _by_fasttext(path: Path) -> Any:
    """Load a model with fastText, for formats that the fast path lacks."""
    import fasttext  # the shipped model doesn't need this package

    return fasttext.load_model(str(path))


def _read_map(path: Path) -> dict[str, Any]:
    """Return the tables of a label map; a table that the map lacks is empty."""
    try:
        tables = _TABLES | tomllib.loads(path.read_text("utf-8"))
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise ConfigError(
            str(path), _("the label map isn't TOML: {reason}", reason=error), _("see models/americas.toml")
        ) from error
    for name in _TABLES:
        if not isinstance(tables[name], dict):
            raise ConfigError(
                str(path),
                _("«{name}» isn't a table", name=name),
                _("write [{name}], see models/americas.toml", name=name),
            )
    wrong_codes = [code for code, words in tables["words"].items() if not isinstance(words, str)]
    if wrong_codes:
        raise ConfigError(
            str(path), _("the words of «{code}» aren't a text", code=wrong_codes[0]), _('write spa = "de la que"')
        )
    return tables


def _shipped_map(path: Path) -> dict[str, Any]:
    """Return the shipped model's label map, for models without word lists."""
    shipped = MODELS / f"{SHIPPED}.toml"
    return _read_map(shipped) if shipped.is_file() and path != MODELS / f"{SHIPPED}.ftz" else dict(_TABLES)


def _bounds(entry: Any, place: str) -> GroupBounds:
    try:
        return GroupBounds(**{key: float(bound) for key, bound in entry.items()})
    except (AttributeError, TypeError, ValueError) as error:
        raise ConfigError(
            place, _("invalid bounds: {entry}", entry=entry), _("write quy = {{ probability = 0.9, telling = 2.5 }}")
        ) from error


def _count(value: Any, code: str, place: str) -> int:
    if isinstance(value, bool) or not isinstance(value, int):
        raise ConfigError(place, _("the consonants of «{code}» aren't a whole number", code=code), _("write quy = 12"))
    return value
