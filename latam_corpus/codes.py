"""Codes of languages: which there are, what goes together, and which rows a code admits.

A code is ISO 639-3, or a collection of ISO 639-5 whose members `language/models/groups.toml` lists, such as `nah`. A
source that knows no more than «Mixtec» declares a tag of BCP 47: the group in which the members are identified, and the
word that all their English names have, such as `omq-x-mixtec`.
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
_MOST_MEMBERS: Final = 6
_MOST_OF_SUBTAG: Final = 8  # letters, in BCP 47
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
    >>> admits("omq-x-mixtec", "mig_Latn"), admits("omq-x-mixtec", "omq_Latn"), admits("omq-x-mixtec", "trc_Latn")
    (True, True, False)
    """
    if _PRIVATE_SUBTAG in asked or _PRIVATE_SUBTAG in code:
        return not _meant_by(asked).isdisjoint(_meant_by(code))
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
        raise ConfigError(place, _("many languages are called «{name}»", name=code), which_of(code, members))
    problem = _("unknown language code «{code}»", code=code)
    named = short(declared_tag(code) or UNDETERMINED)
    if named != UNDETERMINED:
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


def which_of(name: str, codes: Sequence[str]) -> Message:
    """Return a remedy that lists languages of one name by their codes, the first ones of many.

    >>> print(which_of("triqui", ["trc"]))
    write the code of the one meant: trc (Copala Triqui); or its place («triqui de …»), or «triqui, I don't know which»
    """
    shown = first_of([with_name(code) for code in codes], _MOST_MEMBERS)
    family = _family_of(name)
    which = _("write the code of the one meant: {codes}", codes=shown)
    unknown = _("or its place («{name} de …»), or «{name}, I don't know which»", name=family[1] if family else name)
    return Message("{which}; {unknown}", {"which": which, "unknown": unknown})


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
    >>> code_of_name("lengua munduruku"), code_of_name("triqui de Copala"), code_of_name("chontal de Oaxaca")
    ('myu', 'trc', None)
    """
    plain = _plain(name)
    bare = _bare(plain)
    for form in (plain, bare, *_singulars(bare)):
        # «Japonés» is no plural of a name of ISO 639-3.
        if code := _names().by_name.get(form) or (_iso_names().get(form) if form in (plain, bare) else None):
            return code
    members, place = _members_by_place(name)
    exact = [code for code in members if _place_words(name_of(code)) == place] if place else []
    return exact[0] if len(exact) == 1 else None


@cache
def declared_tag(name: str) -> str | None:
    """Return the code or the tag that a source declares by a name; None if that leaves open which language is meant.

    «I don't know which» after a name that many languages share is an answer: their group.

    >>> declared_tag("mixteco, no sé cuál"), declared_tag("Náhuatl (sin especificar)"), declared_tag("mixteco")
    ('omq-x-mixtec', 'nah', None)
    >>> declared_tag("totonaco, não sei qual"), declared_tag("omq-x-mixtec"), declared_tag("quechua")
    ('und-x-totonac', 'omq-x-mixtec', 'que')
    """
    if name in _families():
        return name
    stem = without_variety(name)
    if stem is None:
        return code_of_name(name)
    if not stem:
        return None
    if code := _names().wide.get(_bare(stem)) or code_of_name(stem):
        return code
    family = _family_of(stem)
    return family and (code_of_name(family[1]) or _tag(family[0]))


def without_variety(name: str) -> str | None:
    """Return a name, plain, without the words at its end that say that its variety isn't known; None if it has none.

    >>> without_variety("Mixteco, no sé cuál"), without_variety("não sei qual"), without_variety("mixteco")
    ('mixteco', '', None)
    """
    plain = _plain(name)
    for words in _names().unknown_variety:
        if plain == words or plain.endswith(f" {words}"):
            return plain.removesuffix(words).strip()
    return None


def is_tag(code: str) -> bool:
    """Whether a code is a tag for languages of one name, such as `omq-x-mixtec`."""
    return code in _families()


@dataclass(frozen=True)
class _Names:
    """What people call languages.

    Attributes:
        of: by code and language of the speaker, what it is called.
        by_name: the code of each name, which is plain.
        by_part1: the code of each that has one of two letters, by that.
        families: the word of the English names that a name, which is plain, stands for.
        called: what a family is called, by that word.
        own: the words of families that have a code of their own.
        wide: the collection of a name that means one language unless its variety isn't known.
        unknown_variety: what people write, plain, after a name whose variety they don't know, the longest first.
        directions: the English words for directions in names, by the Spanish and Portuguese ones.
    """

    of: dict[str, dict[str, str]]
    by_name: dict[str, str]
    by_part1: dict[str, str]
    families: dict[str, str]
    called: dict[str, str]
    own: frozenset[str]
    wide: dict[str, str]
    unknown_variety: tuple[str, ...]
    directions: dict[str, str]


@cache
def _names() -> _Names:
    tables = tomllib.loads(_NAMES.read_text(encoding="utf-8"))
    by_name: dict[str, str] = {}
    for code, named in tables["names"].items():
        for one in (named["es"], named["pt"], *named.get("also", ())):
            by_name.setdefault(_plain(one), code)
    words = tables["families"] | tables["groups"]
    return _Names(
        of=tables["names"],
        by_name=by_name,
        by_part1={named["part1"]: code for code, named in tables["names"].items() if "part1" in named},
        families=_inverted(words),
        called={word: named[0] for word, named in words.items()},
        own=frozenset(tables["groups"]),
        wide=_inverted(tables["wide"]),
        unknown_variety=tuple(sorted(map(_plain, tables["unknown_variety"]["words"]), key=len, reverse=True)),
        directions=_inverted(tables["directions"]),
    )


def _inverted(table: dict[str, list[str]]) -> dict[str, str]:
    return {_plain(one): key for key, named in table.items() for one in named}


def _plain(name: str) -> str:
    """Return a name in small letters without accents and apostrophes, a space for other signs.

    >>> _plain(" Kʼicheʼ  Méxicano"), _plain("Meꞌphaa (Acatepec)"), _plain("avañe'ẽ")
    ('kiche mexicano', 'mephaa acatepec', 'avanee')
    """
    signs = _SEPARATORS.sub(" ", unicodedata.normalize("NFD", name.casefold()))
    # An apostrophe that counts as a letter (ʼ) is a modifier; the saltillo is one, too.
    letters = (
        sign
        for sign in signs
        if sign == " " or (sign.isalpha() and unicodedata.category(sign) != "Lm" and sign not in _GLOTTAL)
    )
    return " ".join("".join(letters).split())


_SEPARATORS: Final = re.compile(r"[-–—,;:()/]")
_GLOTTAL: Final = "ꞌꞋʔɁɂ"
_PRIVATE_SUBTAG: Final = "-x-"
_OF: Final = frozenset({"de", "del", "la", "el", "los", "las", "do", "da", "dos", "das", "of", "the"})
_SPOKEN: Final = re.compile(
    r"(?:(?:la|el|las|los|a|o|as|os) )?(?:lenguas?|idiomas?|linguas?|dialect[oa]s?|dialetos?)"
    r"(?: de (?:los|las)| dos| das)? (.+)|(.+) languages?"
)


def _bare(plain: str) -> str:
    """Return a plain name without «lengua».

    >>> _bare("lengua mapuche"), _bare("a lingua dos makuxi"), _bare("quechua")
    ('mapuche', 'makuxi', 'quechua')
    """
    spoken = _SPOKEN.fullmatch(plain)
    return spoken[1] or spoken[2] if spoken else plain


def _singulars(plain: str) -> list[str]:
    """Return what a plain name may be in the singular.

    >>> _singulars("mixtecas altas"), _singulars("guaranies")
    (['mixteca altas'], ['guaranie', 'guarani'])
    """
    first, space, rest = plain.partition(" ")
    return [f"{first.removesuffix(end)}{space}{rest}" for end in ("s", "es") if first.endswith(end)]


@cache
def _iso_names() -> dict[str, str]:
    """Return the code of each English name, plain, that one language of ISO 639-3 has."""
    import iso639

    codes: dict[str, set[str]] = {}
    for language in iso639.ALL_LANGUAGES:
        if language.status == _ACTIVE:
            for name in {language.name, *(one.print for one in language.other_names or ())}:
                codes.setdefault(_plain(name), set()).add(language.part3)
    return {name: next(iter(of)) for name, of in codes.items() if len(of) == 1}


_ACTIVE: Final = "A"  # a code that was not retired


def _family_of(name: str) -> tuple[str, str, frozenset[str]] | None:
    """Return the word that all languages with a name have in English, how the name begins, and its words of a place.

    >>> _family_of("Mixtecos de Peñoles"), _family_of("aimara")
    (('Mixtec', 'mixteco', frozenset({'penoles'})), None)
    """
    plain = _plain(name)
    for form in (_bare(plain), *_singulars(_bare(plain))):
        first, _space, rest = form.partition(" ")
        for family, place in ((form, ""), (" ".join(form.split()[:2]), " ".join(form.split()[2:])), (first, rest)):
            if word := _names().families.get(family):
                return word, _names().called[word], _place_words(place)
    return None


def _place_words(name: str) -> frozenset[str]:
    """Return the words of a name that say where a language is spoken, directions in English."""
    words = set(_plain(name).split()) - _OF
    return frozenset(_names().directions.get(word, word) for word in words if word not in _family_words())


@cache
def _family_words() -> frozenset[str]:
    return frozenset(map(_plain, _names().called))


@cache
def _members_of(word: str) -> tuple[str, ...]:
    """Return the codes of the languages that have a word in their English names."""
    import iso639

    plain = _plain(word)
    active = (one for one in iso639.ALL_LANGUAGES if one.status == _ACTIVE and one.scope == "I")
    return tuple(sorted(one.part3 for one in active if plain in _plain(one.name).split()))


def _members_by_place(name: str) -> tuple[tuple[str, ...], frozenset[str]]:
    """Return the languages that a name of a family and a place may mean, all of the family's if none is there."""
    family = _family_of(name)
    if family is None:
        return (), frozenset()
    word, _called, place = family
    members = _members_of(word)
    return tuple(code for code in members if place <= _place_words(name_of(code))) or members, place


@cache
def _families() -> dict[str, str]:
    """Return the word of each family without a code of its own, by its tag."""
    return {_tag(word): word for word in _names().called if word not in _names().own}


@cache
def _tag(word: str) -> str:
    """Return a family's tag: the group in which its members are identified, `und` if they are in none."""
    members = _members_of(word)
    bases = {groups().of[code] for code in members if code in groups().of}
    base = next(iter(bases)) if len(bases) == 1 and not bases <= set(members) else UNDETERMINED
    return f"{base}{_PRIVATE_SUBTAG}{_plain(word)[:_MOST_OF_SUBTAG]}"


@cache
def _meant_by(code: str) -> frozenset[str]:
    """Return the codes that a code or a tag stands for; of a tag also its group, in which members may be left open."""
    if code not in _families():
        return groups().members(short(code))
    return frozenset(_members_of(_families()[code])) | ({short(code)} - {UNDETERMINED})


def called(code: str, language: str) -> str:
    """Return what a language is called in Spanish, Portuguese or English; by its English name where no other is known.

    >>> called("gn", "es"), called("gug", "pt"), called("quy", "en"), called("xyz", "es")
    ('guaraní', 'guarani paraguaio', 'Ayacucho Quechua', 'xyz')
    """
    if code in _families():
        word = _families()[code]
        name = word if language == "en" else _names().called[word]
        return _UNSPECIFIED.get(language, _UNSPECIFIED["en"]).format(name)
    known = known_code(code) or code
    return _names().of.get(known, {}).get(language) or name_of(known)


_UNSPECIFIED: Final = {"es": "{} (sin especificar)", "pt": "{} (não especificado)", "en": "{} (unspecified)"}


@cache
def share_name(name: str) -> tuple[str, ...]:
    """Return the codes of the languages that share a name; none where it isn't known as one of many.

    >>> len(share_name("Mixteco")) > 40, share_name("triqui"), share_name("quechua")
    (True, ('trc', 'trq', 'trs'), ())
    >>> share_name("chontal de Oaxaca"), share_name("mixteco, no sé cuál")
    (('chd', 'clo'), ())
    """
    return () if declared_tag(name) else _members_by_place(name)[0]


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
