"""Language codes: their names, their groups, and the rows that a code admits.

A code is ISO 639-3, or an ISO 639-5 collection whose members `language/models/groups.toml` lists, such as `nah`. A
source in an unknown variety of «Mixtec» declares a BCP 47 tag such as `omq-x-mixtec`: the group in which the members
are identified, and the word that their English names share. Recipes, sources and policies all compare languages through
`admits` and `holder`.
"""

from __future__ import annotations

import hashlib
import re
import tomllib
import unicodedata
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from latam_corpus.errors import ConfigError, nearest
from latam_corpus.messages import Message, _, first_of

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Sequence

UNDETERMINED: Final = "und"
_MOST_MEMBERS: Final = 6
_ALIKE: Final = 0.75  # minimum similarity (0 to 1) of a misspelled word
_MOST_OF_SUBTAG: Final = 8  # letters, in BCP 47
GROUPS: Final = Path(__file__).resolve().parent / "language" / "models" / "groups.toml"
_NAMES: Final = GROUPS.with_name("names.toml")
_PRIVATE: Final = re.compile("q[a-t][a-z]")  # reserved for private use by ISO 639-3


@dataclass(frozen=True)
class Groups:
    """The languages of the Americas and the groups in which they are identified.

    Attributes:
        of: the group code by member code; a language of the Americas without relatives in the file is its own group.
        collections: the names of the ISO 639-5 collections among the group codes.
        digest: a digest of the file.
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
        """Return the code itself, and its members if it is a group or a macrolanguage.

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
def admits(requested: str, code: str) -> bool:
    """Return whether a requested language admits rows in `code`: the same code, a member, or a group that contains it.

    A row has its group's code if the member is unknown, so a request for a member admits it. Other members of the group
    are different languages.

    Args:
        requested: the requested ISO 639-3 or collection code.
        code: the row's code, with or without a script.

    >>> admits("quy", "quy_Latn"), admits("que", "quy_Latn"), admits("quy", "que_Latn"), admits("quy", "quz_Latn")
    (True, True, True, False)
    >>> admits("omq-x-mixtec", "mig_Latn"), admits("omq-x-mixtec", "omq_Latn"), admits("omq-x-mixtec", "trc_Latn")
    (True, True, False)
    """
    if _PRIVATE_SUBTAG in requested or _PRIVATE_SUBTAG in code:
        return not _meant_by(requested).isdisjoint(_meant_by(code))
    own = short(code)
    return requested == own or own in groups().members(requested) or requested in groups().members(own)


def holder(code: str, codes: Collection[str]) -> str | None:
    """Return the known code that applies to a language: its own, its group's or its macrolanguage's; None without one.

    >>> holder("quy_Latn", {"que", "spa"}), holder("spa", {"que"})
    ('que', None)
    """
    language = short(code)
    if not codes:
        return None
    if language in codes:
        return language
    own = known_code(language) or language
    kin = (own, groups().of.get(own), _macrolanguage(own))
    return next((candidate for candidate in kin if candidate in codes), None)


@cache
def narrowed(language: str, declared: str | None) -> str:
    """Return the identified language, or the declared member if only its group was identified.

    Args:
        language: the identified language, such as `que_Latn`.
        declared: the source's code or name of the language.

    >>> narrowed("que_Latn", "quy"), narrowed("quz_Latn", "quy"), narrowed("spa_Latn", "quy")
    ('quy_Latn', 'quz_Latn', 'spa_Latn')
    """
    group, _, script = language.partition("_")
    member = known_code(short(declared)) if declared else None
    if member is None or member == group or member not in groups().members(group):
        return language
    return f"{member}_{script}" if script else member


def short(code: str) -> str:
    """Return the language part of a code, without script and country, in lower case.

    >>> short("quy_Latn"), short("es-CL")
    ('quy', 'es')
    """
    return code.replace("-", "_").partition("_")[0].lower()


def iso_code(code: str, place: str | Message) -> str:
    """Return the ISO 639-3 (or collection) code of an ISO 639 code.

    Args:
        code: an ISO 639 code of two or three letters.
        place: the place to name in the error.

    Raises:
        ConfigError: the code is unknown.

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
    standard_code = known_code(code)
    if standard_code is not None:
        return standard_code
    if is_family(code):
        problem = _("«{code}» is a family of languages", code=code)
        raise ConfigError(place, problem, _("name its languages, one by one"))
    if members := share_name(code):
        raise ConfigError(place, _("many languages are called «{name}»", name=code), which_of(code, members))
    problem = _("unknown language code «{code}»", code=code)
    declared = short(declared_tag(code) or UNDETERMINED)
    if declared != UNDETERMINED:
        raise ConfigError(place, problem, _("write «{code}»", code=declared))
    near = nearest(code, _all_codes())
    remedy = _("give one of ISO 639-3, such as spa, por or quy")
    raise ConfigError(place, problem, _("did you mean «{near}»?", near=near) if near else remedy)


class LanguageName(Message):
    """The name of a language, by its code."""

    def translate(self, language: str) -> str:
        """Return the name in a language."""
        return called(self.msgid, language)


def with_name(code: str) -> Message:
    """Return a code with the name of its language.

    >>> with_name("quy").translate("es")
    'quy (quechua de Ayacucho)'
    """
    return Message("{code} ({name})", {"code": code, "name": LanguageName(code)})


def which_of(name: str, codes: Sequence[str]) -> Message:
    """Return a remedy that lists the codes of the first languages with one name.

    >>> print(which_of("triqui", ["trc"]))  # doctest: +ELLIPSIS
    write the code of ...: trc (Copala Triqui); or its place («triqui de …»), or «triqui, I don't know which»
    """
    shown = first_of([with_name(code) for code in codes], _MOST_MEMBERS)
    family = _family_of(name)
    which = _("write the code of the language that you mean: {codes}", codes=shown)
    unknown = _("or its place («{name} de …»), or «{name}, I don't know which»", name=family[1] if family else name)
    return Message("{which}; {unknown}", {"which": which, "unknown": unknown})


@cache
def known_code(code: str) -> str | None:
    """Return the ISO 639-3 (or collection) code, or None for an unknown one."""
    if code == UNDETERMINED or code in groups().collections or code in _names().of:
        return code
    if code in _names().by_part1:
        return _names().by_part1[code]
    entries = (_entry(code, part) for part in ("part3", "part1", "part2b"))
    return next((str(entry.part3) for entry in entries if entry), None)


@cache
def two_letters(code: str) -> str | None:
    """Return the ISO 639-1 code of an ISO 639-3 code, or None.

    >>> two_letters("spa"), two_letters("swe"), two_letters("quy"), two_letters("nah")
    ('es', 'sv', None, None)
    """
    if code == UNDETERMINED or code in _names().of:
        return _names().of.get(code, {}).get("part1")
    entry = _entry(code)
    return (entry and entry.part1) or None


@cache
def code_of_name(name: str) -> str | None:
    """Return the code of a language by its English name, or by a Spanish or Portuguese one; None if unknown.

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
        # «Japonés» isn't the plural of an ISO 639-3 name.
        if code := _names().by_name.get(form) or (_iso_names().get(form) if form in (plain, bare) else None):
            return code
    members, place = _members_by_place(name)
    exact = [code for code in members if _place_words(name_of(code)) == place] if place else []
    return exact[0] if len(exact) == 1 else None


@cache
def declared_tag(name: str) -> str | None:
    """Return the code or tag to which a source's name refers; None if the name is ambiguous or unknown.

    «I don't know which» after a name that many languages share refers to their group.

    >>> declared_tag("mixteco, no sé cuál"), declared_tag("Náhuatl (sin especificar)"), declared_tag("mixteco")
    ('omq-x-mixtec', 'nah', None)
    >>> declared_tag("totonaco, não sei qual"), declared_tag("omq-x-mixtec"), declared_tag("quechua")
    ('und-x-totonac', 'omq-x-mixtec', 'que')
    """
    if is_tag(name):
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
    """Return a plain name without words such as «no sé cuál» at its end; None if it doesn't end with such words.

    >>> without_variety("Mixteco, no sé cuál"), without_variety("não sei qual"), without_variety("mixteco")
    ('mixteco', '', None)
    """
    plain = _plain(name)
    for words in _names().unknown_variety:
        if plain == words or plain.endswith(f" {words}"):
            return plain.removesuffix(words).strip()
    return None


def is_tag(code: str) -> bool:
    """Return whether a code is a tag for languages of one name, such as `omq-x-mixtec`."""
    return _PRIVATE_SUBTAG in code and code in _families()


@dataclass(frozen=True)
class _Names:
    """Names of languages in Spanish, Portuguese and English, from `names.toml`.

    Attributes:
        of: the names by code and by the language of the name.
        by_name: the code by plain name.
        by_part1: the code by two-letter code.
        families: the common word of a family's English names, by the family's plain name.
        called: the name of a family, by its common word.
        own: the common words of families that have their own code.
        wide: the collection code by name, for names that mean one language unless the variety is unknown.
        unknown_variety: plain words that, after a name, state that the variety is unknown; longest first.
        directions: the English words for directions in names, by the Spanish and Portuguese words.
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
    for code, entry in tables["names"].items():
        for name in (entry["es"], entry["pt"], *entry.get("also", ())):
            by_name.setdefault(_plain(name), code)
    words = tables["families"] | tables["groups"]
    return _Names(
        of=tables["names"],
        by_name=by_name,
        by_part1={entry["part1"]: code for code, entry in tables["names"].items() if "part1" in entry},
        families=_inverted(words),
        called={word: names[0] for word, names in words.items()},
        own=frozenset(tables["groups"]),
        wide=_inverted(tables["wide"]),
        unknown_variety=tuple(sorted(map(_plain, tables["unknown_variety"]["words"]), key=len, reverse=True)),
        directions=_inverted(tables["directions"]),
    )


def _inverted(table: dict[str, list[str]]) -> dict[str, str]:
    return {_plain(name): key for key, names in table.items() for name in names}


def _plain(name: str) -> str:
    """Return a name in lower case without accents and apostrophes, with spaces for other characters.

    >>> _plain(" Kʼicheʼ  Méxicano"), _plain("Meꞌphaa (Acatepec)"), _plain("avañe'ẽ")
    ('kiche mexicano', 'mephaa acatepec', 'avanee')
    """
    signs = _SEPARATORS.sub(" ", unicodedata.normalize("NFD", name.casefold()))
    # The letter apostrophe (ʼ) is a modifier letter in Unicode; the saltillo isn't.
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
    """Return the possible singular forms of a plain name.

    >>> _singulars("mixtecas altas"), _singulars("guaranies")
    (['mixteca altas'], ['guaranie', 'guarani'])
    """
    first, space, remainder = plain.partition(" ")
    return [f"{first.removesuffix(end)}{space}{remainder}" for end in ("s", "es") if first.endswith(end)]


@cache
def _iso_names() -> dict[str, str]:
    """Return the codes by plain English name, for names of a single language in ISO 639-3."""
    codes: dict[str, set[str]] = {}
    for language in _iso639().ALL_LANGUAGES:
        if language.status == _ACTIVE:
            for name in {language.name, *(alternative.print for alternative in language.other_names or ())}:
                codes.setdefault(_plain(name), set()).add(language.part3)
    return {name: next(iter(part3)) for name, part3 in codes.items() if len(part3) == 1}


_ACTIVE: Final = "A"  # only codes that weren't retired


def _family_of(name: str) -> tuple[str, str, frozenset[str]] | None:
    """Return the common word of a family's English names, the family's name, and the place words of a name; or None.

    >>> _family_of("Mixtecos de Peñoles"), _family_of("aimara")
    (('Mixtec', 'mixteco', frozenset({'penoles'})), None)
    """
    plain = _plain(name)
    for form in (_bare(plain), *_singulars(_bare(plain))):
        first, _space, remainder = form.partition(" ")
        for family, place in ((form, ""), (" ".join(form.split()[:2]), " ".join(form.split()[2:])), (first, remainder)):
            if word := _names().families.get(family):
                return word, _names().called[word], _place_words(place)
    return None


def _place_words(name: str) -> frozenset[str]:
    """Return the words of a name that describe a place, with directions in English."""
    words = set(_plain(name).split()) - _OF
    return frozenset(_names().directions.get(word, word) for word in words if word not in _family_words())


@cache
def _family_words() -> frozenset[str]:
    return frozenset(map(_plain, _names().called))


@cache
def _members_of(word: str) -> tuple[str, ...]:
    """Return the codes of the languages with a word in their English names."""
    return tuple(sorted(_by_word_of_name().get(_plain(word), ())))


@cache
def _by_word_of_name() -> dict[str, set[str]]:
    """Return the codes of languages by each plain word of their English names."""
    codes: dict[str, set[str]] = {}
    for language in _iso639().ALL_LANGUAGES:
        if language.status == _ACTIVE and language.scope == "I":
            for word in _plain(language.name).split():
                codes.setdefault(word, set()).add(language.part3)
    return codes


def _members_by_place(name: str) -> tuple[tuple[str, ...], frozenset[str]]:
    """Return the languages to which a family name with a place may refer, or else all members, and the place words."""
    family = _family_of(name)
    if family is None:
        return (), frozenset()
    word, _called, place = family
    members = _members_of(word)
    return tuple(code for code in members if place <= _place_words(name_of(code))) or members, place


@cache
def _families() -> dict[str, str]:
    """Return the common word of each family without its own code, by tag."""
    return {_tag(word): word for word in _names().called if word not in _names().own}


@cache
def _tag(word: str) -> str:
    """Return a family's tag, which begins with the group in which its members are identified, or `und`."""
    members = _members_of(word)
    bases = {groups().of[code] for code in members if code in groups().of}
    base = next(iter(bases)) if len(bases) == 1 and not bases <= set(members) else UNDETERMINED
    return f"{base}{_PRIVATE_SUBTAG}{_plain(word)[:_MOST_OF_SUBTAG]}"


@cache
def _meant_by(code: str) -> frozenset[str]:
    """Return the codes that a code or tag means; for a tag also its group, because the member may be unknown."""
    if not is_tag(code):
        return groups().members(short(code))
    return frozenset(_members_of(_families()[code])) | ({short(code)} - {UNDETERMINED})


def called(code: str, language: str) -> str:
    """Return the name of a language in Spanish, Portuguese or English; the English name if no other is known.

    >>> called("gn", "es"), called("gug", "pt"), called("quy", "en"), called("xyz", "es")
    ('guaraní', 'guarani paraguaio', 'Ayacucho Quechua', 'xyz')
    """
    if is_tag(code):
        word = _families()[code]
        name = word if language == "en" else _names().called[word]
        return _UNSPECIFIED.get(language, _UNSPECIFIED["en"]).format(name)
    standard_code = known_code(code) or code
    return _names().of.get(standard_code, {}).get(language) or name_of(standard_code)


_UNSPECIFIED: Final = {"es": "{} (sin especificar)", "pt": "{} (não especificado)", "en": "{} (unspecified)"}


@cache
def share_name(name: str) -> tuple[str, ...]:
    """Return the codes of the languages that share a name; empty if the name is unambiguous or unknown.

    >>> len(share_name("Mixteco")) > 40, share_name("triqui"), share_name("quechua")
    (True, ('trc', 'trq', 'trs'), ())
    >>> share_name("chontal de Oaxaca"), share_name("mixteco, no sé cuál")
    (('chd', 'clo'), ())
    """
    return () if declared_tag(name) else _members_by_place(name)[0]


@cache
def varieties() -> dict[str, tuple[str, ...]]:
    """Return the languages of each group with a common name, by the code or tag for all of them.

    >>> len(varieties()["omq-x-mixtec"]) > 40, "quy" in varieties()["que"], varieties()["aym"]
    (True, True, ('ayc', 'ayr'))
    """
    language_words = _names().own
    by_tag = {_tag(word): _members_of(word) for word in _names().called if word not in language_words}
    codes = set(groups().of.values()) - {short(tag) for tag in by_tag}
    return by_tag | {
        code: members for code in sorted(codes) if (members := tuple(sorted(groups().listed(code) - {code})))
    }


@cache
def variety_name(code: str, language: str) -> str:
    """Return the usual name of a language, group or tag, with its place if several languages share the name.

    >>> variety_name("mil", "es"), variety_name("jmx", "es"), variety_name("nhn", "pt"), variety_name("mil", "en")
    ('mixteco de Peñoles', 'mixteco de Juxtlahuaca (occidente)', 'náuatle (centro)', 'Peñoles Mixtec')
    >>> variety_name("omq-x-mixtec", "es"), variety_name("nah", "pt"), variety_name("quy", "es")
    ('mixteco', 'náuatle', 'quechua de Ayacucho')
    """
    if is_tag(code):
        return _families()[code] if language == "en" else _names().called[_families()[code]]
    name = called(code, language).removesuffix(" languages")
    word = next((word for word in _names().called if word in name.split()), None)
    if language == "en" or word is None or name in _names().of.get(code, {}).values():
        return name
    place_words = [part for part in name.split() if part != word]
    column = ("es", "pt").index(language)
    directions = [_PLACES[part][column] for part in place_words if part in _PLACES]
    town = " ".join("Bolivia" if part == "Bolivian" else part for part in place_words if part not in _PLACES)
    family = _names().called[word]
    if language == "pt" and word in _names().own:
        family = called(code_of_name(family) or family, language)
    return family + (f" de {town}" if town else "") + (f" ({', '.join(directions)})" if directions else "")


# Spanish and Portuguese for English words for places in names.
_PLACES: Final = {
    "Northern": ("norte", "norte"), "North": ("norte", "norte"), "Southern": ("sur", "sul"),
    "Eastern": ("oriente", "leste"), "Western": ("occidente", "oeste"), "Central": ("centro", "centro"),
    "Northwest": ("noroeste", "noroeste"), "Northeastern": ("noreste", "nordeste"),
    "Southeastern": ("sureste", "sudeste"), "Southwestern": ("suroeste", "sudoeste"),
    "Highland": ("tierras altas", "terras altas"), "Lowland": ("tierras bajas", "terras baixas"),
    "Valley": ("valle", "vale"), "Classical": ("clásico", "clássico"),
}  # fmt: skip


def find_languages(typed: str) -> tuple[str, ...]:
    """Return the codes and tags of the region's languages with a name that has all typed words or their beginnings.

    Accents, capitals, «lengua» and articles are ignored. A code finds its language. Groups and short names come first.

    >>> find_languages("MIXTECO")[0], find_languages("mixteco de penoles"), find_languages("nahuatl")[0]
    ('omq-x-mixtec', ('mil',), 'nah')
    >>> find_languages("quechua chanka"), find_languages("quechwa")[0], find_languages("klingonés")
    (('quy',), 'que', ())
    """
    plain = _bare(_plain(without_variety(typed) or typed))
    if not plain:
        return ()
    if plain in _words_of_names():
        return (plain,)
    typed_words = plain.split()
    return _with_all(typed_words) or _with_all(map(_closest_word, typed_words))


def _with_all(words: Iterable[str]) -> tuple[str, ...]:
    """Return the codes and tags with a name that has all these words or beginnings of words, groups first."""
    starts = [_names().directions.get(word, word).removesuffix("s") for word in words if word not in _OF]
    codes = [
        code
        for code, name_words in _words_of_names().items()
        if starts and all(any(word.startswith(start) for word in name_words) for start in starts)
    ]
    return tuple(sorted(codes, key=lambda code: (code not in varieties(), len(_words_of_names()[code]), code)))


def _closest_word(word: str) -> str:
    """Return the word among all names that is most similar to this one, or the word itself if none is close."""
    name_words = frozenset().union(*_words_of_names().values())
    return nearest(word, name_words, _ALIKE) or word


@cache
def _words_of_names() -> dict[str, frozenset[str]]:
    """Return the plain words of all names of each language of the region, group and tag."""
    names: dict[str, set[str]] = {code: {name_of(code)} for code in (*groups().of, *_names().of) if known_code(code)}
    for plain, code in _names().by_name.items():
        names.setdefault(code, {name_of(code)}).add(plain)
    synonyms: dict[str, list[str]] = {}
    for plain, word in _names().families.items():
        synonyms.setdefault(word, [word]).append(plain)
    for word, word_synonyms in synonyms.items():
        for code in _members_of(word):
            names.setdefault(code, {name_of(code)}).update(word_synonyms)
    for tag, word in _families().items():
        names[tag] = set(synonyms[word])
    return {
        code: frozenset(word for name in code_names for word in _plain(name).split())
        for code, code_names in names.items()
    }


@cache
def is_family(code: str) -> bool:
    """Return whether a code is an ISO 639-2 or 639-5 collection whose members aren't listed here.

    >>> is_family("tup"), is_family("nah"), is_family("spa"), is_family("xqq")
    (True, False, False, False)
    """
    if len(code) != len("tup") or _PRIVATE.fullmatch(code) or known_code(code) is not None:
        return False
    import langcodes

    return bool(langcodes.Language.get(code).is_valid())


@cache
def name_of(code: str) -> str:
    """Return the English name of a language or group, or the code if it has none.

    >>> name_of("quy"), name_of("myn")
    ('Ayacucho Quechua', 'Mayan languages')
    """
    if names := _names().of.get(code):
        return names["en"]
    entry = _entry(code)
    return str(entry.name) if entry else groups().collections.get(code, code)


@cache
def _by_macrolanguage() -> dict[str, set[str]]:
    members: dict[str, set[str]] = {}
    for language in _iso639().ALL_LANGUAGES:
        if language.macrolanguage:
            members.setdefault(language.macrolanguage, set()).add(language.part3)
    return members


@cache
def _macrolanguage(code: str) -> str | None:
    entry = _entry(code)
    return (entry and entry.macrolanguage) or None


@cache
def _all_codes() -> tuple[str, ...]:
    return tuple(sorted({lang.part3 for lang in _iso639().ALL_LANGUAGES} | set(groups().collections)))


def _entry(code: str, part: str = "part3") -> Any:
    """Return the entry of ISO 639-3 with a code in a part of the standard; None if the standard lacks the code."""
    try:
        return getattr(_iso639().Language, f"from_{part}")(code)
    except _iso639().LanguageNotFoundError:
        return None


def _iso639() -> Any:
    import iso639  # its tables take 13 MB and 0.2 s to load, and most runs don't need them

    return iso639
