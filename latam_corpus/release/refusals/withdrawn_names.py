"""Compare names of people and web addresses, in any spelling, with withdrawn ones.

The log has only hashes of names, so that names are compared in a canonical form: the words of the name, family name
last, in lower case, without accents, dates, roles and titles. A value of a catalogue may name several people. Forms
that may belong to another person, such as a longer name, never match; `similar_names` lists them.
"""

from __future__ import annotations

import html
import re
import unicodedata
from functools import lru_cache
from typing import TYPE_CHECKING, Final
from urllib.parse import unquote

from latam_corpus.catalog.identity import canonical_url
from latam_corpus.text.folding import name_key, parted

if TYPE_CHECKING:
    from collections.abc import Iterable

_CACHED: Final = 2**16
_IN_BRACKETS: Final = re.compile(r"\([^()]*\)|\[[^\[\]]*\]|\{[^{}]*\}|<[^<>]*>")
_AND_OTHERS: Final = r"\b(?:y|e|and)\s+(?:otr[ao]s?|outr[ao]s?|others|col\b)\.?"
_SEPARATORS: Final = re.compile(
    rf"\s*(?:[;|&+/\n\r]|\s-\s|\bet al\b\.?|{_AND_OTHERS}|\b(?:feat|ft)\b\.?)\s*", re.IGNORECASE
)
_CONJUNCTIONS: Final = re.compile(r"\s+(?:y|e|and|con|com|with)\s+")
# Roles of people, in the forms of catalogues in Spanish, Portuguese and English, and MARC's relator codes.
_ROLE: Final = (
    r"(?:co)?(?:aut(?:or(?:es|as?)?)?|compil(?:ad(?:or(?:es|as?)?|o))?|comp|recopil(?:ador(?:es|as?)?)?|recop"
    r"|colector(?:es|as?)?|coletor(?:es|as?)?|edit(?:or(?:es|as?)?)?|eds?|edt|coord(?:inador(?:es|as?)?)?|coordenador(?:es|as?)?"
    r"|org(?:anizador(?:es|as?)?)?|dir(?:ector(?:es|as?)?)?|diretor(?:es|as?)?|trad(?:uctor(?:es|as?)?)?|tradutor(?:es|as?)?|translators?"
    r"|trl|prol(?:oguista)?|ilus(?:trador(?:es|as?)?)?|ilustr|letr(?:ista|a)|lyrics?|lyricist|musica?|music|textos?|words|lyr|cantor(?:es|as?)?|cantante|interprete|int[eé]rprete"
    r"|entrevistad(?:or(?:es|as?)?|[oa])|informantes?|narrador(?:es|as?)?|transcriptor(?:es|as?)?|transcritor(?:es|as?)?|authors?"
    r"|voz|voces|collectors?|compilers?|editors?|poeta|escritor(?:es|as?)?|creators?|cre|com|col|ive|ivr|nrt|sng|cmp|dub|ctb|contributors?)"
)
_ROLES_ONLY: Final = re.compile(rf"{_ROLE}\.?(?:\s*(?:y|e|and|/)\s*{_ROLE}\.?)*")
_ROLE_PREFIX: Final = re.compile(
    rf"^(?:{_ROLE}\s*:\s*|{_ROLE}\.\s+|(?:cantado|contado|narrado|relatado|relato|compilado|recopilado|editado|traducido|traduzido|organizado|escrito|coordinado"
    r"|coordenado|compiled|edited|written|translated|compilacion|recopilacion|edicion|edicao|traduccion|traducao|seleccion|selecao)"
    r"(?:\s+y\s+\w+)?\s+(?:por|de|by)\s+|(?:por|by)\s+)"
)
# Roles that may precede or follow a full name without punctuation, and that aren't family names.
_PLAIN_ROLE: Final = (
    r"(?:informantes?|narrador(?:es|as?)?|entrevistad(?:or(?:es|as?)?|[oa])|aut(?:or(?:es|as?)?)"
    r"|(?:re)?compilador(?:es|as?)?)"
)
_ROLE_FIRST: Final = re.compile(rf"^{_PLAIN_ROLE}\s+(?=\w+\s+\w)")
_ROLE_LAST: Final = re.compile(rf"^(\w[^\s,]*\s+\w.*?)(?:\s+(?:{_PLAIN_ROLE}|ph\.? ?d)|\s*:\s*{_ROLE})\.?$")
_DEGREES: Final = re.compile(r"(?:ph\. ?d|phd|dra?|lic|mg|mtr[ao]|ing|profa?|m\. ?a)\.?")
_TITLE: Final = re.compile(
    r"^(?:(?:dr|dra|sr|sra|srta|prof|profa|profr|lic|ing|mtro|mtra|doctora?|profesora?|professora?|mr|mrs|ms)\.?\s+|dona?\s+(?=\w+\s+\w))+"
)
_DATES: Final = re.compile(
    r"(?:(?:ca?|n|nac|m|f|fl|b|d|born|died|active|activ[oa]|nacid[oa](?:\s+en)?|s|siglo|sec|seculo)\.?\s*)*"
    r"(?:\d{3,4}\??|[ivx]+)?(?:\s*[-–—/]\s*(?:ca?\.?\s*|m\.?\s*)?(?:\d{2,4}\??)?)?\.?"
)
_FULL_NAME_WORDS: Final = 2  # fewest words of a full name


def person_key(name: str) -> str:
    """Return the canonical form of a name, which is hashed, or the folded name if that form is empty.

    >>> {person_key(name) for name in ("Vera, Rosa, 1950-2000", "Dra. Rosa Vera (comp.)", "rosa VERA", "VERA Rosa")}
    {'rosa vera'}
    >>> person_key("D’Ávila-Paz, Inés"), person_key("Ortega y Gasset, José")
    ('ines davila paz', 'jose ortega y gasset')
    """
    return _key(_readable(name)) or name_key(name)


@lru_cache(maxsize=_CACHED)
def person_keys(value: str) -> frozenset[str]:
    """Return the canonical forms of all people in a value of a catalogue, and the forms of older toolkits.

    >>> wanted = person_key("Rosa Vera")
    >>> lists = ("Juan Pérez y Rosa Vera", "Pérez, Juan / Vera, Rosa", "Ana Díaz, Rosa Vera e Eva Paz", "Por Rosa Vera")
    >>> [wanted in person_keys(value) for value in lists]
    [True, True, True, True]
    >>> wanted in person_keys("Rosa Vera Gómez"), person_key("José Ortega") in person_keys("José Ortega y Gasset")
    (False, False)
    """
    former_keys = {name_key(name) for name in (value, *parted(value)) if name.strip()}
    return frozenset({*former_keys, person_key(value), *_keys_of_people(value)})


def _keys_of_people(value: str) -> set[str]:
    people = [person for part in parted(html.unescape(value)) for person in _people(_readable(part))]
    return {key for person in people if (key := _key(person))}


def _readable(value: str) -> str:
    """Return a value without invisible characters and with one form of apostrophes and hyphens."""
    value = unicodedata.normalize("NFKC", html.unescape(value))
    value = "".join(sign for sign in value if unicodedata.category(sign) != "Cf")
    value = re.sub("[\u2018\u2019\u02bc\u02bb\u00b4`]", "'", value)
    return re.sub("[\u2010-\u2015\u2212]", "-", value)


def _bare(value: str) -> str:
    marks = unicodedata.normalize("NFD", value.casefold())
    return "".join(sign for sign in marks if not unicodedata.combining(sign))


def _people(value: str) -> list[str]:
    """Return the names in a value; a part that isn't a full name isn't split off."""
    people = []
    for part in _SEPARATORS.split(_IN_BRACKETS.sub(" ", value)):
        pieces = _CONJUNCTIONS.split(part)
        # «Ortega y Gasset» is one name, not two people.
        are_full = len(pieces) > 1 and all(len(piece.split()) >= _FULL_NAME_WORDS for piece in pieces)
        for piece in pieces if are_full else [part]:
            names = [name for name in piece.split(",") if not _is_note(_bare(name).strip())]
            # Two names separated by a comma may be «family, given».
            is_list = len(names) > 2 or (are_full and len(names) == 2)  # noqa: PLR2004
            if is_list and all(len(name.split()) >= _FULL_NAME_WORDS for name in names):
                people += names
            people.append(piece)
    return people


def _is_note(part: str) -> bool:
    """Whether a part of a name consists of dates, roles or degrees."""
    return any(pattern.fullmatch(part) for pattern in (_DATES, _ROLES_ONLY, _DEGREES))


def _key(name: str) -> str:
    name = _IN_BRACKETS.sub(" ", name)
    name = _bare(_family_last(name)).strip(" .,;:-/")
    name = _ROLE_LAST.sub(r"\1", _ROLE_FIRST.sub("", _ROLE_PREFIX.sub("", name)))
    parts = [part for piece in name.split(",") if (part := piece.strip()) and not _is_note(part)]
    family, *given = parts or [""]
    words = " ".join([*given, family])
    words = _TITLE.sub("", words.replace("'", ""))
    # Dates without a comma: «Rosa Vera 1950-2000».
    words = re.sub(r"(?:\b(?:ca?|n|m|f)\.?\s*)?\b\d{3,4}\??(?:\s*-\s*\d{0,4}\??)?", " ", words)
    return " ".join(re.sub(r"[^\w]+|_", " ", words).split())


def _family_last(name: str) -> str:
    """Move a family name in capitals to the end, as in «VERA Rosa»; keep initials and names all in capitals."""
    words = name.split()
    capital = [len(word) > 1 and word.isupper() and "." not in word for word in words]
    if "," in name or all(capital) or not capital[0:1] or not capital[0]:
        return name
    first_given = capital.index(False)
    return " ".join([*words[first_given:], *words[:first_given]]) if not any(capital[first_given:]) else name


def similar_names(name: str, values: Iterable[str]) -> list[str]:
    """Return the values that may name the person or another one: longer, shorter or reordered names.

    >>> similar_names("Rosa Vera", ["Rosa Vera Gómez", "R. Vera", "VERA ROSA", "Rosa Paz", "Vera, Rosa"])
    ['R. Vera', 'Rosa Vera Gómez', 'VERA ROSA']
    """
    own_key = person_key(name)
    return sorted(
        value
        for value in set(values)
        if own_key not in person_keys(value)
        and any(_are_similar(own_key.split(), key.split()) for key in _keys_of_people(value))
    )


def _are_similar(name: list[str], other_name: list[str]) -> bool:
    """Whether one name has all words of the other, or has an initial for its first word and the same family name."""
    common = set(name) & set(other_name)
    if len(common) >= _FULL_NAME_WORDS:
        return common in (set(name), set(other_name))
    same_initial = (
        bool(name and other_name) and name[0][0] == other_name[0][0] and 1 in (len(name[0]), len(other_name[0]))
    )
    return same_initial and name[-1] in other_name[1:]


# The start of an address before its host: `ftp://`, `https:/`, `//` or nothing.
_OTHER_SCHEME: Final = re.compile(r"(?i)(?:ftp://|https?:/(?!/)|//|(?=(?:[\w-]+\.)+[a-z]{2,}(?:[:/?#]|$)))")


@lru_cache(maxsize=_CACHED)
def address_key(address: str) -> str:
    """Return the form in which addresses and patterns are compared; `*` is kept.

    It omits the scheme, `www.`, default ports, doubled and trailing slashes, the name of a folder's index page and the
    fragment, and decodes percent-encoding.

    >>> address_key("http://www.diario.example:80//notas/5/#arriba"), address_key("https://diario.example/notas/*")
    ('diario.example/notas/5', 'diario.example/notas/*')
    >>> address_key("https://Diario.example/ma%C3%B1ana/index.html") == address_key("http://diario.example/mañana")
    True
    """
    url = address.strip().strip("<>").replace("\\", "/")
    if (prefix := _OTHER_SCHEME.match(url)) is not None:
        url = f"https://{url[prefix.end() :]}"
    canonical = canonical_url(url)
    match = re.match(r"(?i)https?://(?:www\.)?([^/?*]*)(.*)", canonical, re.DOTALL)
    if match is None:
        return canonical
    host = re.sub(r":(?:80|443)?$", "", match[1].lower())
    path, mark, query = match[2].partition("?")
    path = re.sub(r"/(?:index|default)\.(?:html?|php|aspx?|jsp)$", "/", re.sub("/{2,}", "/", path), flags=re.IGNORECASE)
    path = path.rstrip("/")
    return unicodedata.normalize("NFC", unquote(f"{host}{path}{mark}{query}"))
