"""What is replaced where: `filters/privacy/*.toml`, a file for some genres each, and the words that tell numbers apart.

A kind is `off`, is replaced in `context` (beside one of its words), or by its `form` alone where its marks and check
digits tell it; a country's rows may differ. A bare number, which its marks don't tell, always needs the word.
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

# The policy of a text of which no genre is stated.
UNSTATED: Final = "web"
# The genre whose policy applies to every interview, whatever its source states.
INTERVIEW: Final = "oral_history"
# The names of third persons stand in a list of their contributor's; who gave one wants them replaced in every genre.
NAME: Final = "name"
WORDS_FILE: Final = "words.toml"
_PLAIN: Final = str.maketrans("áàâãäéèêëíìîïóòôõöúùûüñç", "aaaaaeeeeiiiiooooouuuunc", ".")
_TOKEN: Final = re.compile("[A-Za-zÀ-ÖØ-öø-ɏ]+(?:[.][A-Za-zÀ-ÖØ-öø-ɏ]+)*")

# Not after an abbreviation (Doc. N.º 12), nor before the sign of a number.
_SENTENCE_END: Final = re.compile(r"[.!?…]\s+(?=[A-ZÁÉÍÓÚÑÀÂÊÔÃÕÇ¿¡«“])(?!N[.º°o])")
_WHOLE_WORD: Final = re.compile(r"[^\W\d_]{4}")

# In addresses and names of files these words come before numbers of anything: `/documento/1234567`.
_OF_ANYTHING: Final = (
    *("documento", "documento de identidad", "doc", "identidad", "identificación", "contacto", "contato", "tarjeta"),
    *("tarjetas", "cuenta", "depósito", "transferencia", "casa", "dominio", "matrícula", "matrículas", "placa"),
    *("placas", "titular", "chave", "visa", "elo", "afiliación", "credencial", "cc", "cic"),
)

Mode = Literal["off", "context", "form"]
_STRICTNESS: Final = ("off", "context", "form")
_Listed = Annotated[tuple[str, ...], BeforeValidator(lambda value: tuple(value) if isinstance(value, list) else value)]


class _Strict(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True, strict=True)


class PrivacyFile(_Strict):
    """One policy: the genres that it serves, the mode of each kind, and where a country's rows differ.

    Attributes:
        speakers: whether an interview has its speakers' names ("keep") or codes ("code"), `E1` and `H1`; by default
            as the policy of oral history says.
    """

    genres: _Listed
    reviewed_by: _Listed = ()
    speakers: Literal["keep", "code"] | None = None
    kinds: dict[str, Mode]
    countries: dict[str, dict[str, Mode]] = Field(default_factory=dict)


class Against(_Strict):
    """Words that say that a number is no person's: before it, and after it."""

    words: _Listed
    units: _Listed


class WordsFile(_Strict):
    """The words beside a number that say of which kind it is."""

    reviewed_by: _Listed = ()
    window: Annotated[int, Field(gt=0, le=500)]
    words: dict[str, _Listed]
    against: Against


@dataclass(frozen=True)
class Words:
    """The words of a file, ready to be looked for.

    Attributes:
        window: how many characters before a number are read.
        phrases: the last word of a phrase → each such phrase, the longest first, with the kinds that it speaks for;
            none where it speaks against all.
        units: what begins after a number that counts things.
    """

    window: int
    phrases: Mapping[str, list[tuple[tuple[str, ...], frozenset[str]]]]
    units: re.Pattern[str]

    @classmethod
    def of(cls, file: WordsFile) -> Words:
        """Return the file's words."""
        kinds: dict[tuple[str, ...], frozenset[str]] = {}
        for kind, phrases in file.words.items():
            for phrase in map(folded_words, phrases):
                kinds[phrase] = kinds.get(phrase, frozenset()) | {kind}
        kinds |= dict.fromkeys(map(folded_words, file.against.words), frozenset())
        phrases_by_last: dict[str, list[tuple[tuple[str, ...], frozenset[str]]]] = {}
        for phrase in sorted(kinds, key=len, reverse=True):
            phrases_by_last.setdefault(phrase[-1], []).append((phrase, kinds[phrase]))
        units = _one_of(file.against.units)
        pattern = re.compile(rf"\s?(?:de\s)?(?:(?:{units})\b|%|[º°²³]|ª)", re.IGNORECASE)
        return cls(file.window, phrases_by_last, pattern)

    @cached_property
    def in_names(self) -> Words:
        """The words that name an identifier in an address or the name of a file too."""
        left_out = set(map(folded_words, _OF_ANYTHING))
        phrases = {
            last: [(phrase, kinds) for phrase, kinds in listed if not kinds or phrase not in left_out]
            for last, listed in self.phrases.items()
        }
        return replace(self, phrases=phrases)

    def spoken_for(self, text: str, end: int) -> Iterator[tuple[int, frozenset[str]]]:
        """Yield what the words before a place speak for, the nearest first: how many words lie between, and kinds.

        It ends with a word that speaks against all kinds, which has none.
        """
        before = text[max(0, end - self.window) : end]
        tokens = folded_words(before[_last_sentence(before) :])
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
    """Return where the last sentence of a text begins; a word of four letters at least ends the one before.

    >>> [_last_sentence(text) for text in ("Vive aquí. Su cédula es", "Doc. Ley", "Sr. Vera")]
    [11, 0, 0]
    """
    last = text.rfind("\n\n") + 1
    for end in _SENTENCE_END.finditer(text, last):
        if _WHOLE_WORD.match(text, end.start() - 4, end.start()):
            last = end.end()
    return last


def _one_of(words: Iterable[str]) -> str:
    """Return a pattern of words, the longest first, in which each first letter is looked at once."""
    by_first: dict[str, list[str]] = {}
    for word in sorted(words, key=len, reverse=True):
        by_first.setdefault(word[0], []).append(re.escape(word[1:]))
    return "|".join(f"{re.escape(first)}(?:{'|'.join(rest)})" for first, rest in by_first.items())


@dataclass(frozen=True)
class PrivacyPolicies:
    """All policies of one folder.

    Attributes:
        folder: `filters/privacy/`.
        files: genre → its file.
        words: what stands beside numbers.
    """

    folder: Path
    files: Mapping[str, PrivacyFile]
    words: Words

    def modes(self, genre: str | None, country: str | None) -> Mapping[str, str]:
        """Kind → mode for a row of this genre and country; where none is stated, of pages of no stated kind.

        Raises:
            ConfigError: nobody knows the genre or the country.
        """
        file = self._file(genre)
        return file.kinds | file.countries.get(known_country(country) or "", {})

    def stricter_modes(self, genre: str | None, other: str, country: str | None) -> Mapping[str, str]:
        """Return for each kind the stricter of its modes in two genres.

        Raises:
            ConfigError: the genre or the country is unknown.
        """
        one, two = self.modes(genre, country), self.modes(other, country)
        return {kind: max(mode, two[kind], key=_STRICTNESS.index) for kind, mode in one.items()}

    def codes_speakers(self, genre: str | None, *, interview: bool) -> bool:
        """Whether a text of this genre has codes in place of its speakers' names.

        Args:
            genre: as the row states it.
            interview: whether persons speak in it (`speakers.is_interview`).
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
        """Changes when a policy or word does."""
        files = sorted(self.folder.glob("*.toml"))
        return hashlib.sha256(b"".join(hashlib.sha256(bytes_of(file)).digest() for file in files)).hexdigest()


def known_country(country: str | None) -> str | None:
    """Return the two letters of a country, by them or by its name; None where none is stated.

    Raises:
        ConfigError: nobody knows it.
    """
    code = country_of(country) if country else None
    if country and code is None:
        problem = _("«{country}» is no country", country=country)
        raise ConfigError("country", problem, _("write its two capital letters, such as CL"))
    return code


def folded_words(text: str) -> tuple[str, ...]:
    """Return the words of a text in small letters without accents, without the points of abbreviations.

    >>> folded_words("D.N.I. o Cédula de Identidad N.º 12")
    ('dni', 'o', 'cedula', 'de', 'identidad', 'n')
    """
    return tuple(map(_folded, _TOKEN.findall(text)))


@lru_cache(maxsize=1 << 16)
def _folded(word: str) -> str:
    return word.lower().translate(_PLAIN)


def privacy_policies(folder: str = "") -> PrivacyPolicies:
    """Return the policies of a `filters/` folder (the shipped one when empty), read anew when a file has changed.

    Raises:
        ConfigError: a file is missing, or says what can't be.
    """
    path = (Path(folder) if folder else data_folder("filters")) / "privacy"
    return _load(path, stamps_of(path, "*.toml"))


@lru_cache(maxsize=8)
def _load(path: Path, _stamps: Stamps) -> PrivacyPolicies:
    if not path.is_dir():
        raise ConfigError(
            str(path), _("there is no such folder of policies"), _("it says what `redact` replaces, by genre")
        )
    words = load_toml(path / WORDS_FILE, WordsFile, "policy")
    _refuse_unknown(path / WORDS_FILE, "words", words.words)
    files: dict[str, PrivacyFile] = {}
    file_of_genre: dict[str, Path] = {}
    for file in sorted(path.glob("*.toml")):
        if file.name == WORDS_FILE or file.name.startswith("."):
            continue
        policy = load_toml(file, PrivacyFile, "policy")
        _check(file, policy)
        for genre in policy.genres:
            if genre not in vocabulary.GENRES:
                raise _wrong(
                    file, ("genres",), _("unknown genre «{genre}»", genre=genre), closest(genre, vocabulary.GENRES)
                )
            if genre in file_of_genre:
                problem = _("«{genre}» is in {file} too", genre=genre, file=file_of_genre[genre].name)
                raise _wrong(file, ("genres",), problem, _("let one file serve it"))
            files[genre], file_of_genre[genre] = policy, file
    missing = [genre for genre in vocabulary.GENRES if genre not in files]
    if missing:
        raise ConfigError(
            str(path),
            _("no file serves the genre «{missing}»", missing=missing[0]),
            _("name it in the `genres` of one"),
        )
    return PrivacyPolicies(path, files, Words.of(words))


def _check(file: Path, policy: PrivacyFile) -> None:
    _refuse_unknown(file, "kinds", policy.kinds)
    for kind in KINDS:
        if kind not in policy.kinds and kind != NAME:
            problem = _("nothing is said of «{kind}»", kind=kind)
            raise _wrong(file, ("kinds",), problem, _('add {kind} = "off", "context" or "form"', kind=kind))
    for country, kinds in policy.countries.items():
        if not re.fullmatch("[A-Z]{2}", country):
            problem = _("«{country}» is no country", country=country)
            raise _wrong(file, ("countries",), problem, _("write its two capital letters, such as CL"))
        _refuse_unknown(file, f"countries.{country}", kinds)


def _refuse_unknown(file: Path, table: str, kinds: Iterable[str]) -> None:
    known = [kind for kind in KINDS if kind != NAME]
    for kind in kinds:
        if kind not in known:
            raise _wrong(file, (*table.split("."), kind), _("unknown kind «{kind}»", kind=kind), closest(kind, known))


def _wrong(file: Path, keys: tuple[str, ...], problem: Message, remedy: Message) -> ConfigError:
    line = line_of(file.read_text(encoding="utf-8-sig"), keys)
    return ConfigError(_("{file}, line {line}", file=file, line=line) if line else str(file), problem, remedy)
