"""Codes of languages: which there are, what goes together, and which rows a code admits.

A code is ISO 639-3, or a collection of ISO 639-5 whose members `language/models/groups.toml` lists, such as `nah`.
Wherever a recipe, a source or a policy names a language, `admits` or `holder` compares: there is no second rule.
"""

from __future__ import annotations

import hashlib
import re
import tomllib
import unicodedata
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Final

from latam_corpus.errors import ConfigError, nearest
from latam_corpus.messages import Message, _, first_of

if TYPE_CHECKING:
    from collections.abc import Collection, Sequence

UNDETERMINED: Final = "und"
_MOST_MEMBERS: Final = 12
GROUPS: Final = Path(__file__).resolve().parent / "language" / "models" / "groups.toml"
_NAMES: Final = GROUPS.with_name("names.toml")
_PRIVATE: Final = re.compile("q[a-t][a-z]")  # left to anybody's own use by ISO 639-3


@dataclass(frozen=True)
class Groups:
    """Which languages are of the Americas, and which are judged together.

    Attributes:
        of: group code by member code; a language of the Americas without kin here is its own group.
        collections: what the ISO 639-5 collections among the group codes stand for.
        digest: changes when the file does.
    """

    of: dict[str, str]
    collections: dict[str, str]
    digest: str

    def listed(self, code: str) -> frozenset[str]:
        """Return the code itself, and the members that the file lists for it.

        >>> sorted(groups().listed("aym"))
        ['ayc', 'aym', 'ayr']
        """
        return frozenset({member for member, group in self.of.items() if group == code} | {code})

    def members(self, code: str) -> frozenset[str]:
        """Return the code itself, and its members when it is a group or a macrolanguage.

        >>> sorted(groups().members("aym"))
        ['ayc', 'aym', 'ayr']
        >>> sorted(groups().members("spa"))
        ['spa']
        """
        return self.listed(code) | _by_macrolanguage().get(code, set())


@cache
def groups() -> Groups:
    """Return the groups of `groups.toml`."""
    data = GROUPS.read_bytes()
    tables = tomllib.loads(data.decode())
    of = {code: code for code in tables["alone"]["codes"]}
    for group, members in tables["groups"].items():
        of |= dict.fromkeys(members, group)
    return Groups(of, tables["collections"], hashlib.sha256(data).hexdigest()[:16])


@cache
def admits(asked: str, code: str) -> bool:
    """Whether who asks for a language gets a row in `code`: the same one, a member of it, or a group that it is in.

    A row has its group's code where the member can't be told; whoever asks for a member gets it. Siblings are two
    languages.

    Args:
        asked: an ISO 639-3 or collection code.
        code: the row's, with or without a script.

    >>> admits("quy", "quy_Latn"), admits("que", "quy_Latn"), admits("quy", "que_Latn"), admits("quy", "quz_Latn")
    (True, True, True, False)
    """
    own = short(code)
    return asked == own or own in groups().members(asked) or asked in groups().members(own)


def holder(code: str, known: Collection[str]) -> str | None:
    """Return the one among the known codes that speaks for a language: its own, its group's, its macrolanguage's.

    >>> holder("quy_Latn", {"que", "spa"}), holder("spa", {"que"})
    ('que', None)
    """
    named = short(code)
    if not known:
        return None
    if named in known:
        return named
    own = known_code(named) or named
    return next((one for one in (own, groups().of.get(own), _macrolanguage(own)) if one in known), None)


@cache
def narrowed(language: str, declared: str | None) -> str:
    """Return the language that a text shows, or the member that its source declares where the text shows a group alone.

    Args:
        language: as identified, such as `que_Latn`.
        declared: as the source writes it.

    >>> narrowed("que_Latn", "quy"), narrowed("quz_Latn", "quy"), narrowed("spa_Latn", "quy")
    ('quy_Latn', 'quz_Latn', 'spa_Latn')
    """
    group, _, script = language.partition("_")
    member = known_code(short(declared)) if declared else None
    if member is None or member == group or member not in groups().members(group):
        return language
    return f"{member}_{script}" if script else member


def short(code: str) -> str:
    """Return the language's part of a code, without script and country, in small letters.

    >>> short("quy_Latn"), short("es-CL")
    ('quy', 'es')
    """
    return code.replace("-", "_").partition("_")[0].lower()


def iso_code(code: str, place: str | Message) -> str:
    """Return the ISO 639-3 (or collection) code that `code` means.

    Args:
        code: an ISO 639 code of two or three letters.
        place: what the error names.

    Raises:
        ConfigError: no language has this code.

    >>> iso_code("es", "mapa.toml"), iso_code("que", "mapa.toml")
    ('spa', 'que')
    >>> iso_code("spx2", "mapa.toml")
    Traceback (most recent call last):
    ...
    latam_corpus.errors.ConfigError: mapa.toml: unknown language code «spx2»; did you mean «spx»?
    >>> iso_code("Aymara", "mapa.toml")
    Traceback (most recent call last):
    ...
    latam_corpus.errors.ConfigError: mapa.toml: unknown language code «Aymara»; write «aym»
    """
    known = known_code(code)
    if known is not None:
        return known
    if is_family(code):
        problem = _("«{code}» is a family of languages", code=code)
        raise ConfigError(place, problem, _("name its languages, one by one"))
    if members := share_name(code):
        raise ConfigError(place, _("many languages are called «{name}»", name=code), which_of(members))
    problem = _("unknown language code «{code}»", code=code)
    if named := code_of_name(code):
        raise ConfigError(place, problem, _("write «{code}»", code=named))
    near = nearest(code, _all_codes())
    remedy = _("give one of ISO 639-3, such as spa, por or quy")
    raise ConfigError(place, problem, _("did you mean «{near}»?", near=near) if near else remedy)


class LanguageName(Message):
    """What a language is called, by its code."""

    def translate(self, language: str) -> str:
        """Return it in a language."""
        return called(self.msgid, language)


def with_name(code: str) -> Message:
    """Return a code with what its language is called.

    >>> with_name("quy").translate("es")
    'quy (quechua de Ayacucho)'
    """
    return Message("{code} ({name})", {"code": code, "name": LanguageName(code)})


def which_of(codes: Sequence[str]) -> Message:
    """Return a remedy that lists languages of one name by their codes.

    >>> print(which_of(["trc", "trq"]))
    write the code of the one meant: trc (Copala Triqui), trq (San Martín Itunyoso Triqui)
    """
    shown = first_of([with_name(code) for code in codes], _MOST_MEMBERS)
    return _("write the code of the one meant: {codes}", codes=shown)


@cache
def known_code(code: str) -> str | None:
    """Return the ISO 639-3 (or collection) code, or None when no language has it."""
    if code == UNDETERMINED or code in groups().collections or code in _names().of:
        return code
    if code in _names().by_part1:
        return _names().by_part1[code]
    import iso639  # its tables take 13 MB and a fifth of a second to load, and most runs need none of them

    for look_up in (iso639.Language.from_part3, iso639.Language.from_part1, iso639.Language.from_part2b):
        try:
            return str(look_up(code).part3)
        except iso639.LanguageNotFoundError:
            continue
    return None


@cache
def two_letters(code: str) -> str | None:
    """Return the ISO 639-1 code of an ISO 639-3 one; None where it has none.

    >>> two_letters("spa"), two_letters("swe"), two_letters("quy"), two_letters("nah")
    ('es', 'sv', None, None)
    """
    if code == UNDETERMINED or code in _names().of:
        return _names().of.get(code, {}).get("part1")
    import iso639

    try:
        return iso639.Language.from_part3(code).part1 or None
    except iso639.LanguageNotFoundError:
        return None


@cache
def code_of_name(name: str) -> str | None:
    """Return the code of a language by its English name, or by one that people use in Spanish or Portuguese.

    >>> code_of_name("Spanish"), code_of_name("aymara"), code_of_name("klingonés")
    ('spa', 'aym', None)
    >>> code_of_name("Zapoteco del istmo"), code_of_name("otomi"), code_of_name("Kʼicheʼ"), code_of_name("mixteco")
    ('zai', 'oto', 'quc', None)
    """
    if code := _names().by_name.get(_plain(name)):
        return code
    import iso639

    for form in (name, name.title()):
        try:
            return str(iso639.Language.match(form).part3)
        except iso639.LanguageNotFoundError:
            continue
    return None


@dataclass(frozen=True)
class _Names:
    """What people call languages.

    Attributes:
        of: by code and language of the speaker, what it is called.
        by_name: the code of each name, which is plain.
        by_part1: the code of each that has one of two letters, by that.
        families: the word of the English names that a name, which is plain, stands for.
    """

    of: dict[str, dict[str, str]]
    by_name: dict[str, str]
    by_part1: dict[str, str]
    families: dict[str, str]


@cache
def _names() -> _Names:
    tables = tomllib.loads(_NAMES.read_text(encoding="utf-8"))
    by_name: dict[str, str] = {}
    for code, named in tables["names"].items():
        for one in (named["es"], named["pt"], *named.get("also", ())):
            by_name.setdefault(_plain(one), code)
    families = {_plain(one): word for word, named in tables["families"].items() for one in named}
    by_part1 = {named["part1"]: code for code, named in tables["names"].items() if "part1" in named}
    return _Names(tables["names"], by_name, by_part1, families)


def _plain(name: str) -> str:
    """Return a name in small letters without accents and apostrophes.

    >>> _plain(" Kʼicheʼ  Méxicano")
    'kiche mexicano'
    """
    signs = unicodedata.normalize("NFD", name.casefold()).replace("-", " ")
    # An apostrophe that counts as a letter (ʼ) is a modifier.
    letters = (sign for sign in signs if sign == " " or (sign.isalpha() and unicodedata.category(sign) != "Lm"))
    return " ".join("".join(letters).split())


def called(code: str, language: str) -> str:
    """Return what a language is called in Spanish, Portuguese or English; by its English name where no other is known.

    >>> called("gn", "es"), called("gug", "pt"), called("quy", "en"), called("xyz", "es")
    ('guaraní', 'guarani paraguaio', 'Ayacucho Quechua', 'xyz')
    """
    known = known_code(code) or code
    return _names().of.get(known, {}).get(language) or name_of(known)


@cache
def share_name(name: str) -> tuple[str, ...]:
    """Return the codes of the languages that share a name; none where it isn't known as one of many.

    >>> len(share_name("Mixteco")) > 40, share_name("triqui"), share_name("quechua")
    (True, ('trc', 'trq', 'trs'), ())
    """
    word = _names().families.get(_plain(name))
    if word is None:
        return ()
    import iso639

    return tuple(sorted(one.part3 for one in iso639.ALL_LANGUAGES if word in re.findall(r"\w+", one.name)))


@cache
def is_family(code: str) -> bool:
    """Whether it is a code of ISO 639-2 or 639-5 for many languages, of which nobody here has listed the members.

    >>> is_family("tup"), is_family("nah"), is_family("spa"), is_family("xqq")
    (True, False, False, False)
    """
    if len(code) != len("tup") or _PRIVATE.fullmatch(code) or known_code(code) is not None:
        return False
    import langcodes

    return bool(langcodes.Language.get(code).is_valid())


@cache
def name_of(code: str) -> str:
    """Return the English name of a language or group, its code where it has none.

    >>> name_of("quy"), name_of("myn")
    ('Ayacucho Quechua', 'Mayan languages')
    """
    import iso639

    try:
        return str(iso639.Language.from_part3(code).name)
    except iso639.LanguageNotFoundError:
        return groups().collections.get(code, code)


@cache
def _by_macrolanguage() -> dict[str, set[str]]:
    import iso639

    members: dict[str, set[str]] = {}
    for language in iso639.ALL_LANGUAGES:
        if language.macrolanguage:
            members.setdefault(language.macrolanguage, set()).add(language.part3)
    return members


@cache
def _macrolanguage(code: str) -> str | None:
    import iso639

    try:
        return iso639.Language.from_part3(code).macrolanguage or None
    except iso639.LanguageNotFoundError:
        return None


@cache
def _all_codes() -> tuple[str, ...]:
    import iso639

    return tuple(sorted({lang.part3 for lang in iso639.ALL_LANGUAGES} | set(groups().collections)))
