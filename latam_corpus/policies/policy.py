"""Combine the policies in `filters/languages/*.toml` and `filters/genres/*.toml` into the bounds for a document.

A language file contains everything that depends on the language: stop words, typical values, bounds on words. A genre
file bounds signals that depend on form. A signal is bounded in files of one kind, never of both; if it depends on
language and form, the language file states its typical value and the genre file bounds the ratio to it (`of =
"typical"`). A document's policy is the union of the two. A language without a file uses the file that covers it, its
group's or its macrolanguage's, or else `und.toml`, which is loose.
"""

from __future__ import annotations

import hashlib
import json
from dataclasses import dataclass, replace
from functools import cached_property, lru_cache
from pathlib import Path
from typing import TYPE_CHECKING, Any

from latam_corpus.codes import UNDETERMINED, groups, holder, iso_code, short
from latam_corpus.config.toml_model import stamps_of
from latam_corpus.errors import ConfigError, closest
from latam_corpus.messages import _
from latam_corpus.paths import data_folder
from latam_corpus.policies.policy_files import UND, place_in, read_policies
from latam_corpus.text.orthography import all_spellings
from latam_corpus.text.stops import StopTable
from latam_corpus.text.words import WordTable

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from latam_corpus.config.toml_model import Stamps
    from latam_corpus.messages import Message
    from latam_corpus.policies.policy_files import BoundEntry, GenreFile, LanguageFile


@dataclass(frozen=True)
class Bound:
    """The range in which a signal must be, for one language and genre.

    Attributes:
        file: the file that states it, such as `languages/spa.toml`.
        typical: the usual value of a share, from the language file, or 1. The filter assumes this share for the words
            that a short text lacks. None if the share is compared unchanged even for short texts.
    """

    signal: str
    minimum: float | None
    maximum: float | None
    file: str
    typical: float | None = 1.0

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
    """All policies of one `filters/` folder, each kind in the order of its names."""

    folder: Path
    languages: Mapping[str, LanguageFile]
    genres: Mapping[str, GenreFile]

    @classmethod
    def load(cls, folder: Path | None = None) -> Policies:
        """Return the policies in a folder, or the shipped policies if None.

        Raises:
            ConfigError: a file isn't TOML, or has an unknown key or signal, inverted bounds, or a bound on a signal
                that files of the other kind bound.
        """
        folder = folder or data_folder("filters")
        return cls(folder, *read_policies(folder))

    def language(self, code: str) -> LanguageFile:
        """Return the file for a language: its own, else one that covers it, its group's, its macrolanguage's, or `und`.

        ISO 639-1 codes and BCP 47 tags are understood too.

        Raises:
            ConfigError: no language has this code.
        """
        return self.languages[self._resolved(code)]

    def _resolved(self, code: str) -> str:
        language_code = short(code)
        if language_code in self.languages:  # avoids reading the tables of ISO 639
            return language_code
        language_code = iso_code(language_code or UNDETERMINED, str(self.folder / "languages"))
        return self._covered.get(language_code) or holder(language_code, self.languages) or UND

    @cached_property
    def _covered(self) -> dict[str, str]:
        return {code: file.language for file in self.languages.values() for code in file.covers}

    @property
    def _looked_up_by(self) -> tuple[Mapping[str, str], str]:
        return self._covered, groups().digest

    def genre(self, genre: str) -> GenreFile:
        """Return the file for a genre; raise ConfigError if the genre has no file."""
        if genre not in self.genres:
            raise ConfigError(
                str(self.folder / "genres"),
                _("no policy for the genre «{genre}»", genre=genre),
                closest(genre, self.genres),
            )
        return self.genres[genre]

    def bounds(self, language: str, genre: str) -> tuple[Bound, ...]:
        """Return the bounds for documents in this language and genre, in the order in which they are tried.

        A genre may loosen a bound of the language. A ratio to a typical value is converted to a value with four
        decimals; it is omitted if the language file doesn't state the typical value.
        """
        code = self._resolved(language)
        spoken = self.languages[code]
        usual = spoken.typical
        unknown = spoken.unknown if short(language) in ("", UND) else {}
        merged = [
            *(
                _loosened(
                    Bound(s, b.min, b.max, f"languages/{code}.toml", usual.get(s, 1.0)),
                    self.genre(genre).loosened.get(s),
                )
                for s, b in spoken.bounds.items()
                if s not in unknown
            ),
            *(Bound(s, b.min, b.max, f"languages/{code}.toml", None) for s, b in unknown.items()),
        ]
        for signal, bound in self.genre(genre).bounds.items():
            if signal in unknown:
                continue
            if bound.of is None:
                merged.append(Bound(signal, bound.min, bound.max, f"genres/{genre}.toml", usual.get(signal, 1.0)))
            elif typical := usual.get(signal):
                low, high = (None if end is None else round(end * typical, 4) for end in (bound.min, bound.max))
                merged.append(Bound(signal, low, high, f"genres/{genre}.toml", typical))
        return tuple(merged)

    @cached_property
    def stop_table(self) -> StopTable:
        """The stop words of all languages that have any, in all of their spellings."""
        return StopTable.of(self._stop_words)

    @cached_property
    def _stop_words(self) -> dict[str, tuple[str, ...]]:
        """The stop words by language, with their other spellings from `text/orthography.toml`.

        A spelling that equals a stop word of a background language (*ke* for *que*) isn't added, since it would count
        in that language's texts.
        """
        lists = {c: f.stop_words.words for c, f in self.languages.items() if f.stop_words}
        common = {word for code in self.background for word in lists.get(code, ())}
        other_spellings = {
            code: [w for w in all_spellings(groups().listed(code), words) if w not in words and w not in common]
            for code, words in lists.items()
        }
        # Wixárika's + separates words.
        counts = iter(WordTable.of([word for words in other_spellings.values() for word in words]).word_count.tolist())
        return {
            code: (*words, *(word for word, count in zip(other_spellings[code], counts, strict=False) if count == 1))
            for code, words in lists.items()
        }

    def place_of(self, signal: str) -> str | Message:
        """Return the file and line of the first bound on a signal, or the folder if nothing bounds it."""
        for kind, files in (("languages", self.languages), ("genres", self.genres)):
            for name, file in files.items():
                if signal in file.bounds:
                    return place_in(self.folder / kind / f"{name}.toml", "bounds", signal)
        if signal in self.languages[UND].unknown:
            return place_in(self.folder / "languages" / f"{UND}.toml", "unknown", signal)
        return str(self.folder)

    @property
    def background(self) -> tuple[str, ...]:
        """The languages that any document may turn out to be in, for the stop-word margin."""
        return tuple(code for code, file in self.languages.items() if file.background)

    @cached_property
    def bounded_signals(self) -> frozenset[str]:
        """The signals that any file bounds, which must be measured."""
        bounds = [self.languages[UND].unknown, *(f.bounds for f in self.languages.values())]
        bounds += [f.bounds for f in self.genres.values()]
        return frozenset(signal for table in bounds for signal in table)

    def lexicon_digest(self) -> str:
        """Return a digest of the inputs of signals: stop words, alphabets and background languages, but not bounds."""
        alphabets = {c: f.alphabet for c, f in self.languages.items()}
        return _digest([self._stop_words, self.background, list(self.languages), alphabets, *self._looked_up_by])

    def bounds_digest(self, pairs: Iterable[tuple[str, str]] | None = None) -> str:
        """Return a digest of everything that affects verdicts: bounds, typical values, and the choice of files.

        Without pairs of a language and a genre, all count.

        Raises:
            ConfigError: a genre has no policy.
        """
        if pairs is not None:
            bounds = {pair: self.bounds(*pair) for pair in pairs}
            values = {
                pair: [(b.signal, b.minimum, b.maximum, b.typical) for b in pair_bounds]
                for pair, pair_bounds in bounds.items()
            }
            return _digest(sorted(values.items()))
        language_values = {c: [f.typical, _plain(f.bounds), _plain(f.unknown)] for c, f in self.languages.items()}
        genre_values = {g: [_plain(f.bounds), _plain(f.loosened)] for g, f in self.genres.items()}
        return _digest([language_values, genre_values, *self._looked_up_by])


def _loosened(bound: Bound, entry: BoundEntry | None) -> Bound:
    """Return the bound, loosened by those ends of the entry that are looser."""
    if entry is None:
        return bound
    low, high = bound.minimum, bound.maximum
    return replace(
        bound,
        minimum=low if low is None or entry.min is None else min(low, entry.min),
        maximum=high if high is None or entry.max is None else max(high, entry.max),
    )


def _plain(bounds: Mapping[str, BoundEntry]) -> dict[str, Any]:
    return {signal: bound.model_dump() for signal, bound in bounds.items()}


def _digest(value: Any) -> str:
    return hashlib.sha256(json.dumps(value).encode()).hexdigest()


def cached_policies(folder: str = "") -> Policies:
    """Return the policies of a `filters/` folder (the shipped one if empty), read again if a file has changed."""
    path = Path(folder) if folder else data_folder("filters")
    return _load(path, stamps_of(path, "*/*.toml"))


@lru_cache(maxsize=8)
def _load(path: Path, _stamps: Stamps) -> Policies:
    return Policies.load(path)
