"""Names for the words of source files in three languages, for questions, sheets, sentences and pages."""

from __future__ import annotations

import difflib
import re
from typing import TYPE_CHECKING, Final

from latam_corpus import vocabulary
from latam_corpus.catalog.named_values import genre_names, genre_of
from latam_corpus.catalog.stage_list import ENTRIES
from latam_corpus.codes import LanguageName, called, code_of_name, known_code
from latam_corpus.errors import nearest
from latam_corpus.formats.registry import ALIASES, extractor_labels
from latam_corpus.messages import Message, _, enumerated, same
from latam_corpus.text.folding import folded

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence


GENRES: Final = vocabulary.GENRE_NAMES
COMPOSITIONS: Final = vocabulary.COMPOSITION_NAMES
BASES: Final = vocabulary.BASIS_NAMES
USES: Final = vocabulary.USE_NAMES
TIERS: Final = vocabulary.TIER_NAMES
STATUSES: Final = {
    "verified": _("verified"),
    "unverified": _("unverified"),
    "ask_first": _("ask first"),
}
IN_COPYRIGHT: Final = "https://rightsstatements.org/vocab/InC/1.0/"
PUBLIC_DOMAIN: Final = "https://creativecommons.org/publicdomain/mark/1.0/"
# The most common statements of rights, with their meaning; people can type any other known statement.
LICENCES: Final = {
    "CC0-1.0": _("CC0: no conditions"),
    "CC-BY-4.0": _("CC BY: with attribution"),
    "CC-BY-SA-4.0": _("CC BY-SA: with attribution, under the same licence"),
    "CC-BY-NC-4.0": _("CC BY-NC: non-commercial"),
    "CC-BY-NC-SA-4.0": _("CC BY-NC-SA: non-commercial, same licence"),
    "CC-BY-ND-4.0": _("CC BY-ND: no derivatives"),
    PUBLIC_DOMAIN: _("public domain"),
    IN_COPYRIGHT: _("in copyright, and we have a written permission"),
    "": _("I don't know"),
}
KINDS: Final = {
    "files": _("files"),
    "crawl": _("website"),
    "feeds": _("feeds"),
    "oai": _("OAI-PMH repository"),
    "commoncrawl": _("Common Crawl"),
}
FORMS: Final = {
    "prose": _("prose"),
    "verse": _("verse"),
}
COUNTRIES: Final = {
    "AR": _("Argentina"),
    "BO": _("Bolivia"),
    "BR": _("Brazil"),
    "BZ": _("Belize"),
    "CL": _("Chile"),
    "CO": _("Colombia"),
    "CR": _("Costa Rica"),
    "CU": _("Cuba"),
    "DO": _("Dominican Republic"),
    "EC": _("Ecuador"),
    "ES": _("Spain"),
    "GT": _("Guatemala"),
    "HN": _("Honduras"),
    "HT": _("Haiti"),
    "MX": _("Mexico"),
    "NI": _("Nicaragua"),
    "PA": _("Panama"),
    "PE": _("Peru"),
    "PR": _("Puerto Rico"),
    "PT": _("Portugal"),
    "PY": _("Paraguay"),
    "SV": _("El Salvador"),
    "UY": _("Uruguay"),
    "VE": _("Venezuela"),
}
# The vocabularies, by the key of a source file whose value is one of the words or a list of them.
VOCABULARIES: Final[Mapping[str, Mapping[str, Message]]] = {
    "genre": GENRES,
    "composition": COMPOSITIONS,
    "status": STATUSES,
    "rights.basis": BASES,
    "rights.uses": USES,
    "rights.tier": TIERS,
    "collect.kind": KINDS,
    "collect.form": FORMS,
}
# Keys, by Spanish and Portuguese names that users may type instead.
KEYS: Final = {
    "titulo": "title", "nombre": "title", "nome": "title", "titular": "holder", "institucion": "holder",
    "instituicao": "holder", "detentor": "holder", "sitio": "homepage", "pagina": "homepage", "site": "homepage",
    "contacto": "contact", "contato": "contact", "correo": "contact", "correio": "contact", "email": "contact",
    "estado": "status", "genero": "genre", "pais": "country", "idioma": "languages", "idiomas": "languages",
    "lengua": "languages", "lenguas": "languages", "lingua": "languages", "linguas": "languages",
    "language": "languages", "composicion": "composition", "composicao": "composition", "notas": "notes",
    "derechos": "rights", "direitos": "rights", "consentimiento": "consent", "consentimento": "consent",
    "declaracion": "statement", "declaracao": "statement", "licencia": "statement", "licenca": "statement",
    "license": "statement", "licence": "statement", "fundamento": "basis", "usos": "uses", "cita": "quotation",
    "citacao": "quotation", "convenio": "agreement", "acordo": "agreement", "vence": "expires",
    "archivos": "files", "arquivos": "files", "formato": "format", "columnas": "columns", "colunas": "columns",
    "inicio": "start", "direccion": "address", "endereco": "address",
}  # fmt: skip
# Answers to yes-no questions that are also codes of languages outside the region: Sinhala, Norwegian, Naaba.
_YES_NO: Final = frozenset({"sí", "si", "sim", "no", "não", "nao", "yes"})


def language_name(code: str) -> Message:
    """Return the name of the language with this ISO 639-3 code, or the code if no name is known.

    >>> language_name("por").translate("es"), language_name("quy").translate("es"), str(language_name("quy"))
    ('portugués', 'quechua de Ayacucho', 'Ayacucho Quechua')
    """
    return LanguageName(code)


class _Label(Message):
    """A label of a language and its writing."""

    def translate(self, language: str) -> str:
        code, _script, _rest = self.msgid.partition("_")
        name = called(code, language)
        return self.msgid if language == "en" or name == code else f"{name} ({self.msgid})"


def language_label(label: str | None) -> Message:
    """Return a label such as `spa_Latn` after the language's name; in English, only the label.

    >>> language_label("spa_Latn").translate("pt"), str(language_label("spa_Latn")), str(language_label(None))
    ('espanhol (spa_Latn)', 'spa_Latn', 'und')
    """
    return _Label(label or "und")


def genre_name(genre: str) -> Message:
    """Return the name of a genre; the word itself if it isn't a genre.

    >>> genre_name("oral_history").translate("pt"), str(genre_name("x"))
    ('história oral', 'x')
    """
    return GENRES.get(genre, same(genre))


class _Stages(Message):
    """The names of stages, with other signs between them."""

    def translate(self, language: str) -> str:
        if language == "en":
            return self.msgid
        return re.sub(r"[^\s→│,]+", lambda name: _stage_label(name[0]).translate(language), self.msgid)


def _stage_label(name: str) -> Message:
    return ENTRIES[name].label if name in ENTRIES else same(name)


def stage_names(stages: str) -> Message:
    """Return the names of stages, which other signs may separate. In English, codes are shown as they are.

    >>> stage_names("extract→repair").translate("es"), str(stage_names("dedupe")), stage_names("mine").translate("pt")
    ('extraer→reparar', 'dedupe', 'mine')
    >>> stage_names("withdrawals").translate("es")
    'apartar los documentos retirados'
    >>> stage_names("repair │ my-filter, datatrove:filter.URLFilter").translate("es")
    'reparar │ my-filter, datatrove:filter.URLFilter'
    """
    return _Stages(stages)


def extractor_name(extractor: str) -> Message:
    """Return the name of the format that an extractor reads, given the extractor's name and version.

    >>> extractor_name("plain 3").translate("es"), str(extractor_name("docx 2")), str(extractor_name("shorthand 1"))
    ('texto sin formato', 'Word', 'shorthand 1')
    """
    return extractor_labels().get(extractor.partition(" ")[0], same(extractor))


# Other words that users write for the words of a source file, without accents.
_ALSO: Final = {
    "collect.form": {
        "poesia": "verse", "poema": "verse", "poemas": "verse", "poetry": "verse", "versos": "verse",
        "cancion": "verse",        "letra": "verse", "texto": "prose", "narrativa": "prose",
    },
    "collect.format": ALIASES,
    "rights.tier": {"abierto": "open", "aberto": "open", "libre": "open", "livre": "open"},
    "rights.uses": {"training": "train", "publicar": "redistribute", "publish": "redistribute"},
}  # fmt: skip


# The minimum similarity; a less similar word usually means something else.
_CLOSE: Final = 0.8
_CLOSE_CODE: Final = 0.75


def near_word(key: str, typed: str, allowed: Sequence[str]) -> str | None:
    """Return the allowed word that was probably meant: the one with the typed name, or else the closest one.

    `key` is dotted; it is empty if the word is itself a key.

    >>> near_word("", "titulo", ["id", "title"]), near_word("collect.form", "poesía", ["prose", "verse"])
    ('title', 'verse')
    >>> [near_word("genre", typed, list(GENRES)) for typed in ("imprensa", "cansiones", "xyzzy")]
    ['news', 'lyrics', None]
    """
    plain = folded(typed)
    key = {"release.admit": "rights.tier", "release.uses": "rights.uses"}.get(key, key)
    if key == "genre":
        close = difflib.get_close_matches(plain, genre_names(), n=1, cutoff=_CLOSE)
        code = difflib.get_close_matches(plain, allowed, n=1, cutoff=_CLOSE_CODE)
        called = genre_of(typed) or (genre_names()[close[0]] if close else code[0] if code else None)
        # A similar name may belong to another genre: `carta` doesn't mean `cartilla`.
        return called if called in allowed else None
    called = KEYS.get(plain) if not key else _ALSO.get(key, {}).get(plain)
    if called in allowed:
        return called
    names = VOCABULARIES.get(key, {})
    words = {name: word for word in allowed for name in (word, *same(names.get(word, word)).translations().values())}
    by_name = {folded(name): word for name, word in words.items()}
    near = nearest(plain, by_name)
    return by_name[near] if near else None


def read_back(genre: str | None, country: str | None, languages: Sequence[str]) -> Message:
    """Return the meanings of a source's codes, such as `gn: guaraní`, so that the file's author can check them.

    >>> read_back("literature", None, ["spa", "por"]).translate("es")
    'género: literatura · lenguas: spa: español, por: portugués'
    """
    facts = []
    if genre:
        facts.append(_("genre: {name}", name=genre_name(genre)))
    if country:
        name = COUNTRIES.get(country, same(country))
        facts.append(_("country: {code}: {name}", code=country, name=name))
    if languages:
        names = [Message("{code}: {name}", {"code": code, "name": language_name(code)}) for code in languages]
        facts.append(_("languages: {names}", names=enumerated(names)))
    return enumerated(facts, " · ")


def word_of(vocabulary: Mapping[str, Message], typed: str) -> str | None:
    """Return the word of a vocabulary that a user typed as in the file, or by its name in any language.

    >>> word_of(GENRES, "História oral"), word_of(GENRES, "oral_history"), word_of(GENRES, "poesía")
    ('oral_history', 'oral_history', None)
    """
    plain = folded(typed)
    for word, name in vocabulary.items():
        if plain in {word, word.replace("_", " "), *map(folded, name.translations().values())}:
            return word
    return None


def language_of(typed: str) -> str | None:
    """Return the ISO 639-3 code of a typed language: a code, or a name in Spanish, Portuguese or English.

    >>> language_of("español"), language_of("pt"), language_of("Náhuatl"), language_of("klingonés")
    ('spa', 'por', 'nah', None)
    >>> language_of("maya yucateco"), language_of("Otomí"), language_of("sí"), language_of("mixteco")
    ('yua', 'oto', None, None)
    """
    name = typed.strip()
    if name.casefold() in _YES_NO:
        return None
    return known_code(name.lower()) or code_of_name(name)
