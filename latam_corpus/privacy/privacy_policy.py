"""Load the privacy policies in `filters/privacy/`, one file per group of genres, and the words that indicate kinds.

The mode of a kind is `off`, `context` (replace it next to one of its words) or `form` (replace it if its punctuation
and check digits identify it). A policy may differ by country. A bare number always needs a word next to it.
"""

from __future__ import annotations

import hashlib
import re
from dataclasses import dataclass, replace
from functools import cached_property, lru_cache
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Final, Literal

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field

from latam_corpus import vocabulary
from latam_corpus.catalog.named_values import country_of, genre_of
from latam_corpus.config.toml_model import bytes_of, line_of, load_toml, stamps_of
from latam_corpus.errors import ConfigError, closest
from latam_corpus.messages import _
from latam_corpus.paths import data_folder
from latam_corpus.privacy.kinds import KINDS

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping

    from latam_corpus.config.toml_model import Stamps
    from latam_corpus.messages import Message

# The genre whose policy applies to texts without a genre.
UNSTATED: Final = "web"
# The genre whose policy applies to every interview, whatever genre its source states.
INTERVIEW: Final = "oral_history"
# The kind of third persons' names, which come from a contributor's list and are replaced in every genre.
NAME: Final = "name"
WORDS_FILE: Final = "words.toml"
_PLAIN: Final = str.maketrans("áàâãäéèêëíìîïóòôõöúùûüñç", "aaaaaeeeeiiiiooooouuuunc", ".")
_TOKEN: Final = re.compile("[A-Za-zÀ-ÖØ-öø-ɏ]+(?:[.][A-Za-zÀ-ÖØ-öø-ɏ]+)*")

# The end of a sentence isn't after an abbreviation (Doc. N.º 12) or before «N.º».
_SENTENCE_END: Final = re.compile(r"[.!?…]\s+(?=[A-ZÁÉÍÓÚÑÀÂÊÔÃÕÇ¿¡«“])(?!N[.º°o])")
_WHOLE_WORD: Final = re.compile(r"[^\W\d_]{4}")

# In URLs and file names these words may precede any number: `/documento/1234567`.
_AMBIGUOUS_IN_NAMES: Final = (
    *("documento", "documento de identidad", "doc", "identidad", "identificación", "contacto", "contato", "tarjeta"),
    *("tarjetas", "cuenta", "depósito", "transferencia", "casa", "dominio", "matrícula", "matrículas", "placa"),
    *("placas", "titular", "chave", "visa", "elo", "afiliación", "credencial", "cc", "cic"),
)

Mode = Literal["off", "context", "form"]
_STRICTNESS: Final = ("off", "context", "form")
_StringTuple = Annotated[
    tuple[str, ...], BeforeValidator(lambda value: tuple(value) if isinstance(value, list) else value)
]


class _Strict(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True, strict=True)


class PrivacyFile(_Strict):
    """A policy file, with its genres, the mode of each kind, and exceptions by country.

    Attributes:
        speakers: whether interviews keep the names of speakers ("keep") or replace them by codes such as `E1` and
            `H1` ("code"); by default as in the policy of oral history.
    """

    genres: _StringTuple
    reviewed_by: _StringTuple = ()
    speakers: Literal["keep", "code"] | None = None
    kinds: dict[str, Mode]
    countries: dict[str, dict[str, Mode]] = Field(default_factory=dict)


class Against(_Strict):
    """Words before a number, and units after it, that indicate that it isn't a personal identifier."""

    words: _StringTuple
    units: _StringTuple


class WordsFile(_Strict):
    """The file of words that indicate the kind of a number."""

    reviewed_by: _StringTuple = ()
    window: Annotated[int, Field(gt=0, le=500)]
    words: dict[str, _StringTuple]
    against: Against


@dataclass(frozen=True)
class Words:
    """The words of a file, indexed for the search before a number.

    Attributes:
        window: the number of characters before a number that are searched.
        phrases: by last word, the phrases that end with it, longest first, each with the kinds that it indicates; a
            phrase without kinds indicates that a number isn't an identifier.
        units: the pattern of units after a number.
    """

    window: int
    phrases: Mapping[str, list[tuple[tuple[str, ...], frozenset[str]]]]
    units: re.Pattern[str]

    @classmethod
    def of(cls, file: WordsFile) -> Words:
        """Build the index of a file's words."""
        kinds: dict[tuple[str, ...], frozenset[str]] = {}
        for kind, phrases in file.words.items():
            for phrase in map(folded_words, phrases):
                kinds[phrase] = kinds.get(phrase, frozenset()) | {kind}
        kinds |= dict.fromkeys(map(folded_words, file.against.words), frozenset())
        phrases_by_last: dict[str, list[tuple[tuple[str, ...], frozenset[str]]]] = {}
        for phrase in sorted(kinds, key=len, reverse=True):
            phrases_by_last.setdefault(phrase[-1], []).append((phrase, kinds[phrase]))
        units = _any_word(file.against.units)
        pattern = re.compile(rf"\s?(?:de\s)?(?:(?:{units})\b|%|[º°²³]|ª)", re.IGNORECASE)
        return cls(file.window, phrases_by_last, pattern)

    @cached_property
    def in_names(self) -> Words:
        """The words, except words that are ambiguous in a URL or the name of a file."""
        excluded = set(map(folded_words, _AMBIGUOUS_IN_NAMES))
        phrases = {
            last: [(phrase, kinds) for phrase, kinds in same_ending if not kinds or phrase not in excluded]
            for last, same_ending in self.phrases.items()
        }
        return replace(self, phrases=phrases)

    def indications(self, text: str, end: int) -> Iterator[tuple[int, frozenset[str]]]:
        """Yield the indications before a position, nearest first: the distance in words, and the kinds.

        A phrase that indicates that a number isn't an identifier has no kinds, and ends the search.
        """
        context = text[max(0, end - self.window) : end]
        tokens = folded_words(context[_last_sentence(context) :])
        count = last = len(tokens)
        while last:
            length = 1
            for phrase, kinds in self.phrases.get(tokens[last - 1], ()):
                if tokens[max(0, last - len(phrase)) : last] == phrase:
                    yield count - last, kinds
                    if not kinds:
                        return
                    length = len(phrase)
                    break
            last -= length


def _last_sentence(text: str) -> int:
    """Return the start of a text's last sentence; a sentence ends only after a word of at least four letters.

    >>> [_last_sentence(text) for text in ("Vive aquí. Su cédula es", "Doc. Ley", "Sr. Vera")]
    [11, 0, 0]
    """
    last = text.rfind("\n\n") + 1
    for end in _SENTENCE_END.finditer(text, last):
        if _WHOLE_WORD.match(text, end.start() - 4, end.start()):
            last = end.end()
    return last


def _any_word(words: Iterable[str]) -> str:
    """Return a pattern that matches any of the words, longest first, grouped by first letter for speed."""
    by_first: dict[str, list[str]] = {}
    for word in sorted(words, key=len, reverse=True):
        by_first.setdefault(word[0], []).append(re.escape(word[1:]))
    return "|".join(f"{re.escape(first)}(?:{'|'.join(endings)})" for first, endings in by_first.items())


@dataclass(frozen=True)
class PrivacyPolicies:
    """All policies of one folder.

    Attributes:
        folder: `filters/privacy/`.
        files: the policy of each genre.
        words: the words that indicate the kinds of numbers.
    """

    folder: Path
    files: Mapping[str, PrivacyFile]
    words: Words

    def modes(self, genre: str | None, country: str | None) -> Mapping[str, str]:
        """Return the mode of each kind for a genre and a country; without a genre, for `UNSTATED`.

        Raises:
            ConfigError: the genre or the country is unknown.
        """
        file = self._file(genre)
        return file.kinds | file.countries.get(known_country(country) or "", {})

    def stricter_modes(self, genre: str | None, other_genre: str, country: str | None) -> Mapping[str, str]:
        """Return for each kind the stricter of its modes in two genres.

        Raises:
            ConfigError: the genre or the country is unknown.
        """
        other_modes = self.modes(other_genre, country)
        return {
            kind: max(mode, other_modes[kind], key=_STRICTNESS.index)
            for kind, mode in self.modes(genre, country).items()
        }

    def codes_speakers(self, genre: str | None, *, interview: bool) -> bool:
        """Whether codes replace the names of speakers in a text of this genre.

        Args:
            genre: the genre of the text; None if unknown.
            interview: whether the text is an interview (`speakers.is_interview`).
        """
        stated = self._file(genre).speakers
        return (stated or (self._file(INTERVIEW).speakers if interview else "keep")) == "code"

    def _file(self, genre: str | None) -> PrivacyFile:
        file = self.files.get(genre or UNSTATED) or self.files.get(genre_of(genre or "") or "")
        if file is None:
            problem = _("no policy for the genre «{genre}»", genre=str(genre))
            raise ConfigError(str(self.folder), problem, closest(str(genre), self.files))
        return file

    @cached_property
    def digest(self) -> str:
        """The SHA-256, in hex, of all files."""
        files = sorted(self.folder.glob("*.toml"))
        return hashlib.sha256(b"".join(hashlib.sha256(bytes_of(file)).digest() for file in files)).hexdigest()


def known_country(country: str | None) -> str | None:
    """Return the ISO 3166-1 alpha-2 code of a country by its code or name; None for None.

    Raises:
        ConfigError: the country is unknown.
    """
    code = country_of(country) if country else None
    if country and code is None:
        problem = _("«{country}» isn't a country", country=country)
        raise ConfigError("country", problem, _("write its two-letter code, such as CL"))
    return code


def folded_words(text: str) -> tuple[str, ...]:
    """Return the words of a text in lower case, without accents and without the full stops of abbreviations.

    >>> folded_words("D.N.I. o Cédula de Identidad N.º 12")
    ('dni', 'o', 'cedula', 'de', 'identidad', 'n')
    """
    return tuple(map(_folded, _TOKEN.findall(text)))


@lru_cache(maxsize=1 << 16)
def _folded(word: str) -> str:
    return word.lower().translate(_PLAIN)


def privacy_policies(folder: str = "") -> PrivacyPolicies:
    """Return the policies of a `filters/` folder, or the shipped ones; changed files are reloaded.

    Raises:
        ConfigError: a file is missing or invalid.
    """
    path = (Path(folder) if folder else data_folder("filters")) / "privacy"
    return _load(path, stamps_of(path, "*.toml"))


@lru_cache(maxsize=8)
def _load(path: Path, _stamps: Stamps) -> PrivacyPolicies:
    if not path.is_dir():
        raise ConfigError(
            str(path),
            _("the folder of privacy policies doesn't exist"),
            _("create it: it contains what `redact` replaces, by genre"),
        )
    words = load_toml(path / WORDS_FILE, WordsFile, "policy")
    _raise_if_unknown(path / WORDS_FILE, "words", words.words)
    files: dict[str, PrivacyFile] = {}
    file_of_genre: dict[str, Path] = {}
    for file in sorted(path.glob("*.toml")):
        if file.name == WORDS_FILE or file.name.startswith("."):
            continue
        policy = load_toml(file, PrivacyFile, "policy")
        _check(file, policy)
        for genre in policy.genres:
            if genre not in vocabulary.GENRES:
                raise _error_at(
                    file, ("genres",), _("unknown genre «{genre}»", genre=genre), closest(genre, vocabulary.GENRES)
                )
            if genre in file_of_genre:
                problem = _("«{genre}» is also in {file}", genre=genre, file=file_of_genre[genre].name)
                raise _error_at(file, ("genres",), problem, _("name it in only one file"))
            files[genre], file_of_genre[genre] = policy, file
    missing = [genre for genre in vocabulary.GENRES if genre not in files]
    if missing:
        raise ConfigError(
            str(path),
            _("no file serves the genre «{missing}»", missing=missing[0]),
            _("add it to the `genres` of a file"),
        )
    return PrivacyPolicies(path, files, Words.of(words))


def _check(file: Path, policy: PrivacyFile) -> None:
    _raise_if_unknown(file, "kinds", policy.kinds)
    for kind in KINDS:
        if kind not in policy.kinds and kind != NAME:
            problem = _("«{kind}» is missing", kind=kind)
            raise _error_at(file, ("kinds",), problem, _('add {kind} = "off", "context" or "form"', kind=kind))
    for country, kinds in policy.countries.items():
        if not re.fullmatch("[A-Z]{2}", country):
            problem = _("«{country}» isn't a country", country=country)
            raise _error_at(file, ("countries",), problem, _("write its two-letter code, such as CL"))
        _raise_if_unknown(file, f"countries.{country}", kinds)


def _raise_if_unknown(file: Path, table: str, kinds: Iterable[str]) -> None:
    known_kinds = [kind for kind in KINDS if kind != NAME]
    for kind in kinds:
        if kind not in known_kinds:
            keys = (*table.split("."), kind)
            raise _error_at(file, keys, _("unknown kind «{kind}»", kind=kind), closest(kind, known_kinds))


def _error_at(file: Path, keys: tuple[str, ...], problem: Message, remedy: Message) -> ConfigError:
    line = line_of(file.read_text(encoding="utf-8-sig"), keys)
    return ConfigError(_("{file}, line {line}", file=file, line=line) if line else str(file), problem, remedy)
