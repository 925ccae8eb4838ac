"""Read and check the files of policies: `filters/languages/*.toml` and `filters/genres/*.toml`."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Annotated, Final, Literal, TypeVar

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field

from latam_corpus import vocabulary
from latam_corpus.config.toml_model import line_of, load_toml
from latam_corpus.errors import ConfigError, closest
from latam_corpus.messages import Message, _, decimal
from latam_corpus.signals import signal_names
from latam_corpus.text.stops import MOST_LANGUAGES
from latam_corpus.text.words import WordTable

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping
    from pathlib import Path

UND: Final = "und"
_NO_FOLDER: Final = _("there is no such folder of policies")
_CODE: Final = re.compile("[a-z]{3}")
F = TypeVar("F", "LanguageFile", "GenreFile")


Texts = Annotated[tuple[str, ...], BeforeValidator(lambda value: tuple(value) if isinstance(value, list) else value)]
# Comparisons with NaN are false, so every document would pass such a bound.
Number = Annotated[float, Field(allow_inf_nan=False)]


class _Strict(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True, strict=True, defer_build=True)


class BoundEntry(_Strict):
    """A bound in a file: at least one of the two ends, in the signal's unit or as a ratio."""

    min: Number | None = None
    max: Number | None = None
    of: Literal["typical"] | None = None


class StopWords(_Strict):
    """The stop words of a language and their origin."""

    origin: str
    words: Texts = ()


class LanguageFile(_Strict):
    """One file of `filters/languages/`.

    Attributes:
        alphabet: its letters, for `alphabet_fit`; empty if unknown.
        covers: other codes that use this file, in addition to the members of its group or macrolanguage.
        unknown: additional bounds on documents in an unknown language, only in `und.toml`; each replaces other bounds
            on its signal. Shares are compared unchanged even for short texts.
    """

    language: str
    name: str
    covers: Texts = ()
    reviewed_by: Texts = ()
    background: bool = False
    alphabet: str = ""
    stop_words: StopWords | None = None
    typical: dict[str, Annotated[Number, Field(gt=0)]] = Field(default_factory=dict)
    bounds: dict[str, BoundEntry] = Field(default_factory=dict)
    unknown: dict[str, BoundEntry] = Field(default_factory=dict)


class GenreFile(_Strict):
    """One file of `filters/genres/`.

    Attributes:
        marks: how the stage `unmark` treats the marks of transcriptions.
        loosened: looser ends of a language's bounds in this genre; a tighter end has no effect.
    """

    genre: str
    reviewed_by: Texts = ()
    marks: Literal["keep", "normalise", "remove"] = "keep"
    bounds: dict[str, BoundEntry] = Field(default_factory=dict)
    loosened: dict[str, BoundEntry] = Field(default_factory=dict)


def read_policies(folder: Path) -> tuple[dict[str, LanguageFile], dict[str, GenreFile]]:
    """Return the files of a folder, by language and by genre.

    Raises:
        ConfigError: a file is missing or wrong, a bound is stated twice, or a bound could never affect any document.
    """
    if not folder.is_dir():
        raise ConfigError(str(folder), _NO_FOLDER, _("name one with languages/ and genres/"))
    languages = {f.language: f for f in _load(folder / "languages", LanguageFile, "language")}
    genres = {f.genre: f for f in _load(folder / "genres", GenreFile, "genre")}
    if UND not in languages:
        raise ConfigError(
            str(folder / "languages"), _("und.toml is missing"), _("it serves every language without a file")
        )
    with_stop_words = [code for code, file in languages.items() if file.stop_words]
    if len(with_stop_words) > MOST_LANGUAGES:
        problem = _(
            "{n} {n:language has|languages have} stop words, more than the {most_languages} allowed",
            n=len(with_stop_words),
            most_languages=MOST_LANGUAGES,
        )
        raise ConfigError(str(folder / "languages"), problem, _("delete [stop_words] of those that aren't collected"))
    _check_stop_words(folder, languages)
    _refuse_unreachable(folder, languages, genres)
    _refuse_covered_twice(folder, languages)
    _refuse_bounds_in_both(folder, languages, genres)
    return languages, genres


def _load(folder: Path, model: type[F], key: str) -> Iterable[F]:
    if not folder.is_dir():
        raise ConfigError(str(folder), _NO_FOLDER, _("create it, with one TOML file per language or genre"))
    # Hidden files, such as an editor's, are skipped, as by the check for changes in `cached_policies`.
    for path in sorted(path for path in folder.glob("*.toml") if not path.name.startswith(".")):
        file = load_toml(path, model, "policy")
        name = getattr(file, key)
        if name != path.stem:
            raise ConfigError(
                str(path),
                _("{key} = «{name}», but the file is named {path}", key=key, name=name, path=path.name),
                _("make the two agree"),
            )
        _check_bounds(path, file)
        yield file


def _check_stop_words(folder: Path, languages: Mapping[str, LanguageFile]) -> None:
    stop_words = [(code, word) for code, file in languages.items() if file.stop_words for word in file.stop_words.words]
    counts = WordTable.of([word for _, word in stop_words]).word_count
    for (code, word), count in zip(stop_words, counts.tolist(), strict=True):
        if count != 1:
            place = place_in(folder / "languages" / f"{code}.toml", "stop_words")
            problem = _("the stop word «{word}» has {count} words, and must be a single one", word=word, count=count)
            raise ConfigError(place, problem)


def _check_bounds(path: Path, file: LanguageFile | GenreFile) -> None:
    typical, unknown = (file.typical, file.unknown) if isinstance(file, LanguageFile) else ({}, {})
    loosened = file.loosened if isinstance(file, GenreFile) else {}
    if unknown and path.stem != UND:
        raise ConfigError(
            place_in(path, "unknown"), _("[unknown] is allowed only in {und}.toml", und=UND), _("move it there")
        )
    for table, signals in (
        ("typical", typical),
        ("bounds", file.bounds),
        ("unknown", unknown),
        ("loosened", loosened),
    ):
        for signal in signals:
            if signal not in signal_names():
                place = place_in(path, table, signal)
                raise ConfigError(place, _("unknown signal «{signal}»", signal=signal), closest(signal, signal_names()))
    for table, bounds in (("bounds", file.bounds), ("unknown", unknown), ("loosened", loosened)):
        for signal, bound in bounds.items():
            if wrong := _mistake_in(signal, bound, file):
                raise ConfigError(place_in(path, table, signal), *wrong)


def _mistake_in(signal: str, bound: BoundEntry, file: LanguageFile | GenreFile) -> tuple[Message, Message] | None:
    """Return the mistake in a bound and its remedy, or None."""
    if bound.min is None and bound.max is None:
        return _("the bound on «{signal}» has neither min nor max", signal=signal), _("give it one, or delete it")
    if bound.min is not None and bound.max is not None and bound.min > bound.max:
        of_bound = {"signal": signal, "min": decimal(f"{bound.min:g}"), "max": decimal(f"{bound.max:g}")}
        return _("min {min} of «{signal}» is above max {max}", **of_bound), _("swap them")
    if bound.of and isinstance(file, LanguageFile):
        return _("a language file bounds values, not ratios"), _('leave out `of = "typical"`')
    return None


def _refuse_unreachable(folder: Path, languages: Mapping[str, LanguageFile], genres: Mapping[str, GenreFile]) -> None:
    """Raise ConfigError if a file or bound would silently have no effect because no document can use it."""
    for code, language_file in languages.items():
        for key, codes in (("language", (code,)), ("covers", language_file.covers)):
            for name in codes:
                if not _CODE.fullmatch(name):
                    place = place_in(folder / "languages" / f"{code}.toml", key)
                    raise ConfigError(
                        place,
                        _("«{name}» isn't an ISO 639-3 code", name=name),
                        _("use three lower-case letters, such as spa or quy"),
                    )
    typical = {signal for language_file in languages.values() for signal in language_file.typical}
    for genre, file in genres.items():
        path = folder / "genres" / f"{genre}.toml"
        if genre not in vocabulary.GENRES:
            raise ConfigError(
                place_in(path, "genre"), _("unknown genre «{genre}»", genre=genre), closest(genre, vocabulary.GENRES)
            )
        for signal, bound in file.bounds.items():
            if bound.of and signal not in typical:
                problem = _(
                    "«{signal}» is bounded relative to its typical value, which no language file states", signal=signal
                )
                raise ConfigError(
                    place_in(path, "bounds", signal), problem, _("add it to [typical] in a language file")
                )
        for signal, bound in file.loosened.items():
            if bound.of or not any(signal in language_file.bounds for language_file in languages.values()):
                raise ConfigError(
                    place_in(path, "loosened", signal),
                    _("«{signal}» loosens no bound of a language file", signal=signal),
                    _("use a signal that a language file bounds, and a value without `of`"),
                )


def _refuse_covered_twice(folder: Path, languages: Mapping[str, LanguageFile]) -> None:
    serving = {code: code for code in languages}
    for file in languages.values():
        for code in file.covers:
            if code in serving:
                path = folder / "languages" / f"{file.language}.toml"
                raise ConfigError(
                    place_in(path, "covers"),
                    _("«{code}» already has a policy in languages/{serving}.toml", code=code, serving=serving[code]),
                    _("keep the code in one file only"),
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
                    place_in(path, "bounds", signal),
                    _(
                        "«{signal}» is bounded here and in languages/{by_language}.toml",
                        signal=signal,
                        by_language=by_language[signal],
                    ),
                    _(
                        "bound it in one kind of file; if it depends on both, put its typical value in the "
                        "language file and a ratio here"
                    ),
                )


def place_in(path: Path, *keys: str | int) -> str | Message:
    """Return the name of the file, with the line of these keys if it can be found."""
    line = line_of(path.read_text(encoding="utf-8"), keys)
    return _("{file}, line {line}", file=path, line=line) if line else str(path)
