"""Cue lexicons: `filters/varieties/*.toml` to one hash table a language, and the cues that documents have.

A cue is a word, or two words in a row, that belongs to some varieties of a language and not to others. Its file says
which region it speaks for, and in groups where that is known from. One look-up a word of the word table finds all
cues of all regions.
"""

from __future__ import annotations

import hashlib
import json
import re
from dataclasses import dataclass
from functools import cached_property, lru_cache
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Final, Literal

import numpy as np
from pydantic import BaseModel, BeforeValidator, ConfigDict, Field

from latam_corpus.config.toml_model import line_of, load_toml
from latam_corpus.errors import ConfigError, closest
from latam_corpus.language.judge_kernels import enter, match
from latam_corpus.messages import Message, _
from latam_corpus.paths import data_folder
from latam_corpus.text.word_columns import CAPITAL
from latam_corpus.text.words import WordTable

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

_PAIR: Final = 2
# BCP 47: a language, a country or an area of UN M.49, and a private name where neither says enough.
_TAG: Final = re.compile(r"(es|pt)-([A-Z]{2}|\d{3})(-x-[a-z0-9]{2,8})?")

Texts = Annotated[tuple[str, ...], BeforeValidator(lambda value: tuple(value) if isinstance(value, list) else value)]


class _Strict(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class CueGroup(_Strict):
    """Cues that are one fact of the language, or are known from one place.

    Attributes:
        origin: where the group is known from.
        words: single words, or two words in a row; none stands in two groups.
        countries: the countries of the region that they belong to; empty for all of it.
        also: other regions that they speak for as much.
        capitals: whether they count with a capital too, as forms that are no one's name can.
        most: of so many different words at most the group is taken as evidence: forms of one verb are one fact.
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
        variety: the BCP 47 tag that a document of the region gets; a file without one only lends its cues to others.
        countries: ISO 3166-1 codes of the countries that lie in it.
    """

    language: Literal["spa", "por"]
    name: str
    variety: str = ""
    countries: Texts = ()
    reviewed_by: Texts = ()
    cues: tuple[CueGroup, ...] = Field(default=(), strict=False)


@dataclass(frozen=True, eq=False)
class Lexicon:
    """All cues of one language.

    Attributes:
        files: by region, the name of the file.
        regions: the regions that a document can be found to be of.
        groups: the groups of cues, each with the region in whose file it stands.
        words: the cues.
        group_of: int32[cues], the place of each cue's group.
    """

    files: dict[str, VarietyFile]
    regions: tuple[str, ...]
    groups: tuple[tuple[str, CueGroup], ...]
    words: tuple[str, ...]
    group_of: NDArray[np.int32]

    @cached_property
    def speaks_for(self) -> NDArray[np.bool_]:
        """Which regions each group speaks for, bool[groups, regions]."""
        named = [{own, *group.also} for own, group in self.groups]
        return np.array([[region in some for region in self.regions] for some in named], np.bool_).reshape(
            len(named), len(self.regions)
        )

    @cached_property
    def most(self) -> NDArray[np.int64]:
        """Of how many words each group is taken as evidence at most, int64[groups]."""
        return np.array([group.most for _, group in self.groups], np.int64)

    @cached_property
    def capitals(self) -> NDArray[np.bool_]:
        """Which cues count with a capital, bool[cues]."""
        return np.array([group.capitals for _, group in self.groups], np.bool_)[self.group_of]

    @cached_property
    def table(self) -> tuple[NDArray[np.uint64], NDArray[np.int32], NDArray[np.bool_]]:
        """An open-addressing table: hashes (0 where free), the cue or -1, whether the word opens a pair."""
        capacity = 1 << max(4, (8 * len(self.words)).bit_length())
        keys, values = np.zeros(capacity, np.uint64), np.full(capacity, -1, np.int32)
        opens = np.zeros(capacity, np.bool_)
        table = WordTable.of(self.words)
        pairs = table.word_count == _PAIR
        enter(table.hashes, table.doc_words, pairs, keys, values, opens)
        return keys, values, opens


@dataclass(frozen=True, eq=False)
class Matches:
    """The cues that some documents have: one entry for each document and cue, documents in order.

    Attributes:
        document: int64[m], the document's place.
        cue: int32[m], the cue's place in the lexicon.
        count: int64[m], how often it stands there.
    """

    document: NDArray[np.int64]
    cue: NDArray[np.int32]
    count: NDArray[np.int64]

    @classmethod
    def of(cls, words: WordTable, lexicon: Lexicon, wanted: NDArray[np.bool_]) -> Matches:
        """Return the cues of the wanted documents; a word with a capital counts only where its group says so.

        Args:
            words: the word table of n documents.
            lexicon: the cues of a language.
            wanted: bool[n], which documents to look at.
        """
        capacity = int(np.minimum(words.word_count, len(lexicon.words))[wanted].sum())
        document, cue = np.empty(capacity, np.int64), np.empty(capacity, np.int32)
        count = np.empty(capacity, np.int64)
        capital = np.uint8(CAPITAL)
        total = match(words.arrays, wanted, lexicon.table, lexicon.capitals, capital, document, cue, count)
        return cls(document[:total], cue[:total], count[:total])


def lexicons(folder: str = "") -> dict[str, Lexicon]:
    """Return a `filters/` folder's cue lexicons by language (the shipped one when empty); reads changed files anew.

    Raises:
        ConfigError: there is no folder `varieties/` in it, a file isn't TOML or says what a lexicon doesn't allow, or
            two groups have the same cue.

    >>> sorted(lexicons())
    ['por', 'spa']
    """
    path = (Path(folder) if folder else data_folder("filters")) / "varieties"
    if not path.is_dir():
        raise ConfigError(str(path), _("there is no such folder of cue lexicons"), _("it holds one TOML file a region"))
    return _load(path, tuple((str(p), p.stat().st_mtime_ns, p.stat().st_size) for p in sorted(path.glob("*.toml"))))


def digest(folder: str = "") -> str:
    """Return what changes when a cue, its group or its region does; not with comments or reviewers."""
    files = [
        {region: file.model_dump(exclude={"reviewed_by", "name"}) for region, file in lexicon.files.items()}
        for _, lexicon in sorted(lexicons(folder).items())
    ]
    return hashlib.sha256(json.dumps(files, ensure_ascii=False).encode()).hexdigest()[:16]


@lru_cache(maxsize=8)
def _load(folder: Path, _stamps: tuple[tuple[str, int, int], ...]) -> dict[str, Lexicon]:
    files = {path.stem: load_toml(path, VarietyFile, "variety") for path in sorted(folder.glob("*.toml"))}
    by_language: dict[str, Lexicon] = {}
    for language in sorted({file.language for file in files.values()}):
        own = {region: file for region, file in files.items() if file.language == language}
        _check(folder, own)
        groups = tuple((region, group) for region, file in own.items() for group in file.cues)
        words = tuple(word for _, group in groups for word in group.words)
        group_of = np.repeat(np.arange(len(groups), dtype=np.int32), [len(group.words) for _, group in groups])
        regions = tuple(region for region, file in own.items() if file.variety)
        by_language[language] = Lexicon(own, regions, groups, words, group_of)
    return by_language


def _check(folder: Path, files: dict[str, VarietyFile]) -> None:
    """Raise what the types can't tell."""
    seen: dict[int | tuple[int, ...], str] = {}
    for region, file in files.items():
        path = folder / f"{region}.toml"
        text = path.read_text(encoding="utf-8")
        if file.variety and not _TAG.fullmatch(file.variety):
            raise ConfigError(
                _at(path, text, "variety"),
                _("«{variety}» is no tag of a variety", variety=file.variety),
                _("such as es-CL"),
            )
        for number, group in enumerate(file.cues):
            for key, names, known in (("also", group.also, files), ("countries", group.countries, file.countries)):
                for name in names:
                    if name not in known:
                        place = _at(path, text, "cues", number, key)
                        raise ConfigError(place, _("«{name}» is not known here", name=name), closest(name, known))
            _check_words(_at(path, text, "cues", number, "words"), path.name, group.words, seen)


def _check_words(place: str | Message, file: str, words: Sequence[str], seen: dict[int | tuple[int, ...], str]) -> None:
    table = WordTable.of(words)
    for row, word in enumerate(words):
        hashes = tuple(table.hashes[table.doc_words[row] : table.doc_words[row + 1]].tolist())
        if not 1 <= len(hashes) <= _PAIR:
            raise ConfigError(
                place, _("cue «{word}» is {n} words", word=word, n=len(hashes)), _("a cue is one word, or two in a row")
            )
        if hashes in seen:
            remedy = _("write it once, with the other region in `also`")
            raise ConfigError(place, _("cue «{word}» stands in {seen} too", word=word, seen=seen[hashes]), remedy)
        seen[hashes] = file


def _at(path: Path, text: str, *keys: str | int) -> str | Message:
    line = line_of(text, keys)
    return _("{file}, line {line}", file=path, line=line) if line else str(path)
