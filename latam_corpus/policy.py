"""The policies: `filters/languages/*.toml` and `filters/genres/*.toml` to the bounds that a document must keep.

A language file holds what depends on language: stop words, what is typical, bounds on words. A genre file bounds
what depends on form. A signal is bounded in one of the two kinds, never in both; where it depends on both, the
language file says what is typical and the genre file bounds the ratio to it (`of = "typical"`). A document's policy
is the union of the two. A language without a file has the one that covers it, its group's or its macrolanguage's, else
`und.toml`, which is loose.
"""

from __future__ import annotations

import hashlib
import json
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING, Annotated, Any, Final, Literal, TypeVar

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field

from latam_corpus import schema
from latam_corpus.codes import groups, holder, known_code, short
from latam_corpus.errors import ConfigError, closest
from latam_corpus.paths import data_folder
from latam_corpus.text.stops import StopTable
from latam_corpus.text.words import WordTable
from latam_corpus.toml_model import line_of, load_toml

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping
    from pathlib import Path

UND: Final = "und"
F = TypeVar("F", "LanguageFile", "GenreFile")


Words = Annotated[tuple[str, ...], BeforeValidator(lambda value: tuple(value) if isinstance(value, list) else value)]


class _Strict(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class BoundEntry(_Strict):
    """A bound as a file states it: at least one of the two ends, in the signal's unit or as a ratio."""

    min: float | None = None
    max: float | None = None
    of: Literal["typical"] | None = None


class StopWords(_Strict):
    """The stop words of a language and where they are from."""

    origin: str
    words: Words = ()


class LanguageFile(_Strict):
    """One file of `filters/languages/`.

    Attributes:
        alphabet: its letters, for `alphabet_fit`; empty where nobody has listed them.
        covers: codes that it serves beside its own and those of its group or macrolanguage.
    """

    language: str
    name: str
    covers: Words = ()
    reviewed_by: Words = ()
    background: bool = False
    alphabet: str = ""
    stop_words: StopWords | None = None
    typical: dict[str, float] = Field(default_factory=dict)
    bounds: dict[str, BoundEntry] = Field(default_factory=dict)


class GenreFile(_Strict):
    """One file of `filters/genres/`."""

    genre: str
    reviewed_by: Words = ()
    bounds: dict[str, BoundEntry] = Field(default_factory=dict)


@dataclass(frozen=True)
class Bound:
    """The range that a signal must stay in, for one language and genre.

    Attributes:
        signal: the signal's name.
        minimum: the least value that passes; None where there is none.
        maximum: the greatest value that passes.
        file: where it is stated, `languages/spa.toml`.
    """

    signal: str
    minimum: float | None
    maximum: float | None
    file: str

    @property
    def too_low(self) -> str:
        """The drop reason of a value below the minimum.

        >>> Bound("stop_word_count", 2, None, "languages/spa.toml").too_low
        'stop_word_count<2'
        """
        return f"{self.signal}<{self.minimum:g}"

    @property
    def too_high(self) -> str:
        """The drop reason of a value above the maximum."""
        return f"{self.signal}>{self.maximum:g}"


@dataclass(frozen=True)
class Policies:
    """All policies of one `filters/` folder."""

    folder: Path
    languages: Mapping[str, LanguageFile]
    genres: Mapping[str, GenreFile]

    @classmethod
    def load(cls, folder: Path | None = None) -> Policies:
        """The policies in the folder (the shipped one when None).

        Raises:
            ConfigError: a file isn't TOML, has an unknown key or signal, inverted bounds, or bounds a signal that
                files of the other kind bound.
        """
        folder = folder or data_folder("filters")
        if not folder.is_dir():
            raise ConfigError(
                str(folder), "there is no such folder of policies", "name one with languages/ and genres/"
            )
        languages = {f.language: f for f in _load(folder / "languages", LanguageFile, "language")}
        genres = {f.genre: f for f in _load(folder / "genres", GenreFile, "genre")}
        if UND not in languages:
            raise ConfigError(
                str(folder / "languages"), "und.toml is missing", "it serves every language without a file"
            )
        _refuse_covered_twice(folder, languages)
        _refuse_bounds_in_both(folder, languages, genres)
        return cls(folder, languages, genres)

    def language(self, code: str) -> LanguageFile:
        """The file for a language: its own, one that covers it, its group's, its macrolanguage's, or `und`.

        Args:
            code: ISO 639-3, with or without a script (`spa_Latn`); 639-1 and BCP 47 tags are understood.
        """
        return self.languages[self._resolved(code)]

    def _resolved(self, code: str) -> str:
        named = short(code)
        if named not in self.languages:
            covered = self._covered.get(named) or self._covered.get(known_code(named) or "")
            return covered or holder(named, self.languages) or UND
        return named

    @cached_property
    def _covered(self) -> dict[str, str]:
        return {code: file.language for file in self.languages.values() for code in file.covers}

    @property
    def _looked_up_by(self) -> tuple[Mapping[str, str], str]:
        return self._covered, groups().digest

    def genre(self, genre: str) -> GenreFile:
        """The file for a genre.

        Raises:
            ConfigError: there is none.
        """
        if genre not in self.genres:
            raise ConfigError(
                str(self.folder / "genres"), f"no policy for the genre «{genre}»", closest(genre, self.genres)
            )
        return self.genres[genre]

    def bounds(self, language: str, genre: str) -> tuple[Bound, ...]:
        """The bounds of a document in this language and genre, in the order in which they are tried.

        A ratio to what is typical is left out where the language file doesn't say what is.
        """
        code = self._resolved(language)
        spoken = self.languages[code]
        found = [Bound(s, b.min, b.max, f"languages/{code}.toml") for s, b in spoken.bounds.items()]
        for signal, bound in self.genre(genre).bounds.items():
            scale: float | None = spoken.typical.get(signal) if bound.of else 1.0
            if scale is not None:
                low = None if bound.min is None else round(bound.min * scale, 4)
                high = None if bound.max is None else round(bound.max * scale, 4)
                found.append(Bound(signal, low, high, f"genres/{genre}.toml"))
        return tuple(found)

    @cached_property
    def stop_table(self) -> StopTable:
        """The stop words of all languages that have any."""
        return StopTable.of({c: f.stop_words.words for c, f in self.languages.items() if f.stop_words})

    def place_of(self, signal: str) -> str:
        """The file and line of the first bound on a signal; the folder where nothing bounds it."""
        for kind, files in (("languages", self.languages), ("genres", self.genres)):
            for name, file in files.items():
                if signal in file.bounds:
                    path = self.folder / kind / f"{name}.toml"
                    return _place(path, path.read_text(encoding="utf-8"), "bounds", signal)
        return str(self.folder)

    @property
    def background(self) -> tuple[str, ...]:
        """The languages that any document may turn out to be in, for the stop-word margin."""
        return tuple(sorted(code for code, file in self.languages.items() if file.background))

    @cached_property
    def bounded_signals(self) -> frozenset[str]:
        """The signals that any file bounds: what must be measured."""
        bounds = [f.bounds for f in self.languages.values()] + [f.bounds for f in self.genres.values()]
        return frozenset(signal for stated in bounds for signal in stated)

    def lexicon_digest(self) -> str:
        """Changes when a measured signal may: with stop words, alphabets and background languages, not with bounds."""
        lists = {c: f.stop_words.words for c, f in sorted(self.languages.items()) if f.stop_words}
        alphabets = {c: f.alphabet for c, f in sorted(self.languages.items()) if f.alphabet}
        return _digest([lists, self.background, sorted(self.languages), alphabets, *self._looked_up_by])

    def bounds_digest(self) -> str:
        """Changes when a verdict may: with bounds and with what is typical."""
        spoken = {c: [f.typical, _plain(f.bounds)] for c, f in sorted(self.languages.items())}
        return _digest([spoken, {g: _plain(f.bounds) for g, f in sorted(self.genres.items())}, *self._looked_up_by])


def _plain(bounds: Mapping[str, BoundEntry]) -> dict[str, Any]:
    return {signal: bound.model_dump() for signal, bound in bounds.items()}


def _digest(value: Any) -> str:  # noqa: ANN401  (anything that JSON holds)
    return hashlib.sha256(json.dumps(value, ensure_ascii=False).encode()).hexdigest()[:16]


def _load(folder: Path, model: type[F], key: str) -> Iterable[F]:
    if not folder.is_dir():
        raise ConfigError(str(folder), "there is no such folder of policies", "it holds one TOML file each")
    for path in sorted(folder.glob("*.toml")):
        file = load_toml(path, model, "policy")
        text = path.read_text(encoding="utf-8")
        name = getattr(file, key)
        if name != path.stem:
            raise ConfigError(str(path), f"{key} = «{name}», but the file is named {path.name}", "make the two agree")
        _check_bounds(path, text, file)
        if isinstance(file, LanguageFile) and file.stop_words:
            _check_stop_words(path, text, file.stop_words)
        yield file


def _check_stop_words(path: Path, text: str, stop_words: StopWords) -> None:
    counts = WordTable.of(stop_words.words).word_count
    for word, count in zip(stop_words.words, counts.tolist(), strict=True):
        if count != 1:
            raise ConfigError(_place(path, text, "stop_words"), f"stop word «{word}» is {count} words, not one")


def _check_bounds(path: Path, text: str, file: LanguageFile | GenreFile) -> None:
    typical = file.typical if isinstance(file, LanguageFile) else {}
    for table, stated in (("typical", typical), ("bounds", file.bounds)):
        for signal in stated:
            if signal not in schema.SIGNALS:
                place = _place(path, text, table, signal)
                raise ConfigError(place, f"unknown signal «{signal}»", closest(signal, schema.SIGNALS))
    for signal, bound in file.bounds.items():
        place = _place(path, text, "bounds", signal)
        if bound.min is None and bound.max is None:
            raise ConfigError(place, f"the bound on «{signal}» has neither min nor max", "give it one, or delete it")
        if bound.min is not None and bound.max is not None and bound.min > bound.max:
            raise ConfigError(place, f"min {bound.min:g} of «{signal}» is above max {bound.max:g}", "swap them")
        if bound.of and isinstance(file, LanguageFile):
            raise ConfigError(place, "a language file bounds values, not ratios", 'leave out `of = "typical"`')


def _refuse_covered_twice(folder: Path, languages: Mapping[str, LanguageFile]) -> None:
    serving = {code: code for code in languages}
    for file in languages.values():
        for code in file.covers:
            if code in serving:
                path = folder / "languages" / f"{file.language}.toml"
                raise ConfigError(
                    _place(path, path.read_text(encoding="utf-8"), "covers"),
                    f"«{code}» has its policy in languages/{serving[code]}.toml",
                    "let one file serve it",
                )
            serving[code] = file.language


def _refuse_bounds_in_both(
    folder: Path, languages: Mapping[str, LanguageFile], genres: Mapping[str, GenreFile]
) -> None:
    by_language = {signal: code for code, file in languages.items() for signal in file.bounds}
    for genre, file in genres.items():
        for signal in file.bounds:
            if signal in by_language:
                path = folder / "genres" / f"{genre}.toml"
                raise ConfigError(
                    _place(path, path.read_text(encoding="utf-8"), "bounds", signal),
                    f"«{signal}» is bounded here and in languages/{by_language[signal]}.toml",
                    "bound it in one kind of file; for both, put what is typical in the language file and a ratio here",
                )


def _place(path: Path, text: str, *keys: str) -> str:
    line = line_of(text, keys)
    return f"{path}, line {line}" if line else str(path)
