"""Read cue lexicons, `filters/varieties/*.toml`, into a hash table per language, and find the cues of documents.

A cue is a word, or two successive words, that belongs to some varieties of a language and not to others. Each file has
the cues of a region, in groups with their origin. One look-up per word of the word table finds the cues of all regions.
"""

from __future__ import annotations

import hashlib
import json
import re
from dataclasses import dataclass
from functools import cached_property, lru_cache
from itertools import pairwise
from pathlib import Path
from typing import TYPE_CHECKING, Final, Literal

import numpy as np
from pydantic import BaseModel, ConfigDict, Field

from latam_corpus.config.toml_model import load_toml, stamps_of
from latam_corpus.errors import ConfigError, closest
from latam_corpus.language.judge_kernels import enter, match
from latam_corpus.messages import _
from latam_corpus.paths import data_folder
from latam_corpus.policies.policy_files import Texts, place_in
from latam_corpus.text.word_columns import CAPITAL
from latam_corpus.text.words import WordTable

if TYPE_CHECKING:
    from collections.abc import Iterable

    from numpy.typing import NDArray

    from latam_corpus.config.toml_model import Stamps
    from latam_corpus.messages import Message

_PAIR: Final = 2
# BCP 47: a language, a country or a UN M.49 area, and a private subtag if neither of these is precise enough.
_TAG: Final = re.compile(r"(es|pt)-([A-Z]{2}|\d{3})(-x-[a-z0-9]{2,8})?")


class _Strict(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class CueGroup(_Strict):
    """Cues that are a single fact about the language, or that have the same origin.

    Attributes:
        origin: the source of these cues.
        words: single words, or two successive words; none may be in two groups.
        countries: the countries of the region to which they belong; empty for all of it.
        also: other regions that they support equally.
        capitals: whether capitalised forms count too, for words that can't be names.
        most: the maximum number of different words that count as evidence; forms of one verb, for example, are one
            fact.
    """

    origin: str
    words: Texts
    countries: Texts = ()
    also: Texts = ()
    capitals: bool = False
    most: int = Field(default=99, ge=1)


class VarietyFile(_Strict):
    """One file of `filters/varieties/`: a region's cues.

    Attributes:
        language: ISO 639-3 code of the language.
        name: the region, in English.
        variety: the BCP 47 tag of the region's documents; a file without a tag only provides cues to other regions.
        countries: ISO 3166-1 codes of its countries.
        reviewed_by: the names of its reviewers.
        cues: the groups of cues.
    """

    language: Literal["spa", "por"]
    name: str
    variety: str = ""
    countries: Texts = ()
    reviewed_by: Texts = ()
    cues: tuple[CueGroup, ...] = Field(default=(), strict=False)


@dataclass(frozen=True, eq=False)
class VarietyLexicon:
    """All cues of one language.

    Attributes:
        files: region → its file.
        regions: the regions that can be reported.
        groups: the groups of cues, each with the region of its file.
        words: the cues.
        word_table: their word table.
        group_of: int32[cues], the index of each cue's group.
    """

    files: dict[str, VarietyFile]
    regions: tuple[str, ...]
    groups: tuple[tuple[str, CueGroup], ...]
    words: tuple[str, ...]
    word_table: WordTable
    group_of: NDArray[np.int32]

    @cached_property
    def speaks_for(self) -> NDArray[np.bool_]:
        """Whether each group supports each region, bool[groups, regions]."""
        named = [{region, *group.also} for region, group in self.groups]
        return np.array(
            [[region in group_regions for region in self.regions] for group_regions in named], np.bool_
        ).reshape(len(named), len(self.regions))

    @cached_property
    def most(self) -> NDArray[np.int64]:
        """The maximum number of each group's words that count as evidence, int64[groups]."""
        return np.array([group.most for _, group in self.groups], np.int64)

    @cached_property
    def capitals(self) -> NDArray[np.bool_]:
        """Whether each cue counts when capitalised, bool[cues]."""
        return np.array([group.capitals for _, group in self.groups], np.bool_)[self.group_of]

    @cached_property
    def table(self) -> tuple[NDArray[np.uint64], NDArray[np.int32], NDArray[np.bool_]]:
        """An open-addressing table: hashes (0 if free), a cue's index or -1, and whether the word begins a pair."""
        capacity = 1 << max(4, (8 * len(self.words)).bit_length())
        keys, values = np.zeros(capacity, np.uint64), np.full(capacity, -1, np.int32)
        opens = np.zeros(capacity, np.bool_)
        pairs = self.word_table.word_count == _PAIR
        enter(self.word_table.hashes, self.word_table.doc_words, pairs, keys, values, opens)
        return keys, values, opens


@dataclass(frozen=True, eq=False)
class Matches:
    """The cues of some documents, with one entry per document and cue, ordered by document.

    Attributes:
        document: int64[m], the index of the document.
        cue: int32[m], the index of the cue in the lexicon.
        count: int64[m], the number of its occurrences.
    """

    document: NDArray[np.int64]
    cue: NDArray[np.int32]
    count: NDArray[np.int64]

    @classmethod
    def of(cls, words: WordTable, lexicon: VarietyLexicon, is_selected: NDArray[np.bool_]) -> Matches:
        """Find the cues of the selected documents; a capitalised word counts only if its group allows it.

        Args:
            words: the word table of n documents.
            lexicon: the cues of a language.
            is_selected: bool[n], whether to examine each document.
        """
        capacity = int(np.minimum(words.word_count, len(lexicon.words))[is_selected].sum())
        document, cue = np.empty(capacity, np.int64), np.empty(capacity, np.int32)
        count = np.empty(capacity, np.int64)
        capital = np.uint8(CAPITAL)
        total = match(words.arrays, is_selected, lexicon.table, lexicon.capitals, capital, document, cue, count)
        return cls(document[:total], cue[:total], count[:total])


def lexicons(folder: str = "") -> dict[str, VarietyLexicon]:
    """Return the cue lexicons of a `filters/` folder, by default the shipped one, by language; reread changed files.

    Raises:
        ConfigError: the folder has no `varieties/`, a file isn't TOML or isn't a valid lexicon, or two groups have the
            same cue.

    >>> sorted(lexicons())
    ['por', 'spa']
    """
    path = (Path(folder) if folder else data_folder("filters")) / "varieties"
    if not path.is_dir():
        raise ConfigError(
            str(path), _("there is no such folder of cue lexicons"), _("create it, with one TOML file per region")
        )
    return _load(path, stamps_of(path, "*.toml"))


def digest(folder: str = "") -> str:
    """Return a digest of the cues, their groups and regions; comments and reviewers don't affect it."""
    files = [
        {region: file.model_dump(exclude={"reviewed_by", "name"}) for region, file in lexicon.files.items()}
        for _, lexicon in sorted(lexicons(folder).items())
    ]
    return hashlib.sha256(json.dumps(files, ensure_ascii=False).encode()).hexdigest()[:16]


@lru_cache(maxsize=8)
def _load(folder: Path, _stamps: Stamps) -> dict[str, VarietyLexicon]:
    files = {path.stem: load_toml(path, VarietyFile, "variety") for path in sorted(folder.glob("*.toml"))}
    by_language: dict[str, VarietyLexicon] = {}
    for language in sorted({file.language for file in files.values()}):
        language_files = {region: file for region, file in files.items() if file.language == language}
        groups = tuple((region, group) for region, file in language_files.items() for group in file.cues)
        words = tuple(word for _, group in groups for word in group.words)
        word_table = WordTable.of(words)
        _check(folder, language_files, word_table)
        group_of = np.repeat(np.arange(len(groups), dtype=np.int32), [len(group.words) for _, group in groups])
        regions = tuple(region for region, file in language_files.items() if file.variety)
        by_language[language] = VarietyLexicon(language_files, regions, groups, words, word_table, group_of)
    return by_language


def _check(folder: Path, files: dict[str, VarietyFile], word_table: WordTable) -> None:
    """Raise unless the files are valid; their types have been checked before.

    Args:
        folder: the folder of the files.
        files: region → its file.
        word_table: the word table of all cues of the files, in order.

    Raises:
        ConfigError: a tag, a region or a country is unknown, or a cue is in two groups.
    """
    seen: dict[tuple[int, ...], str] = {}
    ends = word_table.doc_words.tolist()
    hashes = iter([tuple(word_table.hashes[start:end].tolist()) for start, end in pairwise(ends)])
    for region, file in files.items():
        path = folder / f"{region}.toml"
        if file.variety and not _TAG.fullmatch(file.variety):
            raise ConfigError(
                place_in(path, "variety"),
                _("«{variety}» isn't a tag of a variety", variety=file.variety),
                _("write one such as es-CL"),
            )
        for number, group in enumerate(file.cues):
            for key, names, allowed_names in (
                ("also", group.also, files),
                ("countries", group.countries, file.countries),
            ):
                for name in names:
                    if name not in allowed_names:
                        place = place_in(path, "cues", number, key)
                        raise ConfigError(place, _("«{name}» is unknown here", name=name), closest(name, allowed_names))
            _check_words(
                place_in(path, "cues", number, "words"), path.name, zip(group.words, hashes, strict=False), seen
            )


def _check_words(
    place: str | Message, file: str, cues: Iterable[tuple[str, tuple[int, ...]]], seen: dict[tuple[int, ...], str]
) -> None:
    for word, hashes in cues:
        if not 1 <= len(hashes) <= _PAIR:
            raise ConfigError(
                place,
                _("the cue «{word}» has {n} words", word=word, n=len(hashes)),
                _("a cue is one word, or two successive words"),
            )
        if hashes in seen:
            remedy = _("write it once, with the other region in `also`")
            raise ConfigError(place, _("cue «{word}» is in {seen} too", word=word, seen=seen[hashes]), remedy)
        seen[hashes] = file
