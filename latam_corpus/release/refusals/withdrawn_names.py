"""Compare names of people, as catalogues write them, and addresses, as sites write them, with withdrawn ones.

The log has a hash of a person's name, so that two names are compared by canonical forms: the words of the name, its
family name last, in small letters without accents, dates, roles and titles. A value of a catalogue may name several
people. A form that may be another person's, such as a longer name, is never equal; `similar_names` lists those.
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
_SIGNS_APART: Final = re.compile(
    rf"\s*(?:[;|&+/\n\r]|\s-\s|\bet al\b\.?|{_AND_OTHERS}|\b(?:feat|ft)\b\.?)\s*", re.IGNORECASE
)
_CONJUNCTIONS: Final = re.compile(r"\s+(?:y|e|and|con|com|with)\s+")
# Words for what people did, in the forms of catalogues in Spanish, Portuguese and English, and MARC's relator codes.
_ROLE: Final = (
    r"(?:co)?(?:aut(?:or(?:es|as?)?)?|compil(?:ad(?:or(?:es|as?)?|o))?|comp|recopil(?:ador(?:es|as?)?)?|recop"
    r"|colector(?:es|as?)?|coletor(?:es|as?)?|edit(?:or(?:es|as?)?)?|eds?|edt|coord(?:inador(?:es|as?)?)?|coordenador(?:es|as?)?"
    r"|org(?:anizador(?:es|as?)?)?|dir(?:ector(?:es|as?)?)?|diretor(?:es|as?)?|trad(?:uctor(?:es|as?)?)?|tradutor(?:es|as?)?|translators?"
    r"|trl|prol(?:oguista)?|ilus(?:trador(?:es|as?)?)?|ilustr|letr(?:ista|a)|lyrics?|lyricist|musica?|music|textos?|words|lyr|cantor(?:es|as?)?|cantante|interprete|int[eé]rprete"
    r"|entrevistad(?:or(?:es|as?)?|[oa])|informantes?|narrador(?:es|as?)?|transcriptor(?:es|as?)?|transcritor(?:es|as?)?|authors?"
    r"|voz|voces|collectors?|compilers?|editors?|poeta|escritor(?:es|as?)?|creators?|cre|com|col|ive|ivr|nrt|sng|cmp|dub|ctb|contributors?)"
)
_ROLES_ONLY: Final = re.compile(rf"{_ROLE}\.?(?:\s*(?:y|e|and|/)\s*{_ROLE}\.?)*")
_ROLE_BEFORE: Final = re.compile(
    rf"^(?:{_ROLE}\s*:\s*|{_ROLE}\.\s+|(?:cantado|contado|narrado|relatado|relato|compilado|recopilado|editado|traducido|traduzido|organizado|escrito|coordinado"
    r"|coordenado|compiled|edited|written|translated|compilacion|recopilacion|edicion|edicao|traduccion|traducao|seleccion|selecao)"
    r"(?:\s+y\s+\w+)?\s+(?:por|de|by)\s+|(?:por|by)\s+)"
)
# Words for what people did that stand beside a full name without a sign; they are nobody's family name.
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
_FEW: Final = 2  # words that a full name has at least


def person_key(name: str) -> str:
    """Return the canonical form of a name, by which it is hashed; the name alone if nothing else of it is left.

    >>> {person_key(name) for name in ("Vera, Rosa, 1950-2000", "Dra. Rosa Vera (comp.)", "rosa VERA", "VERA Rosa")}
    {'rosa vera'}
    >>> person_key("D’Ávila-Paz, Inés"), person_key("Ortega y Gasset, José")
    ('ines davila paz', 'jose ortega y gasset')
    """
    return _key(_readable(name)) or name_key(name)


@lru_cache(maxsize=_CACHED)
def person_keys(value: str) -> frozenset[str]:
    """Return the canonical forms of all people that a value of a catalogue names, and those of older toolkits.

    >>> wanted = person_key("Rosa Vera")
    >>> lists = ("Juan Pérez y Rosa Vera", "Pérez, Juan / Vera, Rosa", "Ana Díaz, Rosa Vera e Eva Paz", "Por Rosa Vera")
    >>> [wanted in person_keys(value) for value in lists]
    [True, True, True, True]
    >>> wanted in person_keys("Rosa Vera Gómez"), person_key("José Ortega") in person_keys("José Ortega y Gasset")
    (False, False)
    """
    former = {name_key(one) for one in (value, *parted(value)) if one.strip()}
    return frozenset({*former, person_key(value), *_keys_of_people(value)})


def _keys_of_people(value: str) -> set[str]:
    people = [person for one in parted(html.unescape(value)) for person in _people(_readable(one))]
    return {key for one in people if (key := _key(one))}


def _readable(value: str) -> str:
    """Return a value without invisible signs, with the signs that are written in several ways in one."""
    value = unicodedata.normalize("NFKC", html.unescape(value))
    value = "".join(sign for sign in value if unicodedata.category(sign) != "Cf")
    value = re.sub("[\u2018\u2019\u02bc\u02bb\u00b4`]", "'", value)
    return re.sub("[\u2010-\u2015\u2212]", "-", value)


def _bare(value: str) -> str:
    marks = unicodedata.normalize("NFD", value.casefold())
    return "".join(sign for sign in marks if not unicodedata.combining(sign))


def _people(value: str) -> list[str]:
    """Return the people that a value names, as far as a part of it can be a whole name."""
    people = []
    for part in _SIGNS_APART.split(_IN_BRACKETS.sub(" ", value)):
        pieces = _CONJUNCTIONS.split(part)
        # «Ortega y Gasset» is one name: what is less than a full name is no person of its own.
        whole = len(pieces) > 1 and all(len(piece.split()) >= _FEW for piece in pieces)
        for piece in pieces if whole else [part]:
            names = [name for name in piece.split(",") if not _is_note(_bare(name).strip())]
            several = len(names) > _FEW or (whole and len(names) == _FEW)
            if several and all(len(name.split()) >= _FEW for name in names):
                people += names
            people.append(piece)
    return people


def _is_note(part: str) -> bool:
    """Whether a part of a name is dates, roles or degrees."""
    return any(one.fullmatch(part) for one in (_DATES, _ROLES_ONLY, _DEGREES))


def _key(name: str) -> str:
    name = _IN_BRACKETS.sub(" ", name)
    capitals_last = _family_last(name)
    name = _bare(capitals_last).strip(" .,;:-/")
    name = _ROLE_LAST.sub(r"\1", _ROLE_FIRST.sub("", _ROLE_BEFORE.sub("", name)))
    parts = [part for one in name.split(",") if (part := one.strip()) and not _is_note(part)]
    family, *given = parts or [""]
    words = " ".join([*given, family])
    words = _TITLE.sub("", words.replace("'", ""))
    # Dates without a comma, as in «Rosa Vera 1950-2000».
    words = re.sub(r"(?:\b(?:ca?|n|m|f)\.?\s*)?\b\d{3,4}\??(?:\s*-\s*\d{0,4}\??)?", " ", words)
    return " ".join(re.sub(r"[^\w]+|_", " ", words).split())


def _family_last(name: str) -> str:
    """Move a family name in capitals to the end: «VERA Rosa»; initials and names all in capitals stay."""
    words = name.split()
    capital = [len(word) > 1 and word.isupper() and "." not in word for word in words]
    if "," in name or all(capital) or not capital[0:1] or not capital[0]:
        return name
    first_given = capital.index(False)
    return " ".join([*words[first_given:], *words[:first_given]]) if not any(capital[first_given:]) else name


def similar_names(name: str, values: Iterable[str]) -> list[str]:
    """Return the values that may name the person, and may as well name another: longer, shorter or reordered names.

    >>> similar_names("Rosa Vera", ["Rosa Vera Gómez", "R. Vera", "VERA ROSA", "Rosa Paz", "Vera, Rosa"])
    ['R. Vera', 'Rosa Vera Gómez', 'VERA ROSA']
    """
    wanted = person_key(name)
    return sorted(
        value
        for value in set(values)
        if wanted not in person_keys(value)
        and any(_may_be(wanted.split(), key.split()) for key in _keys_of_people(value))
    )


def _may_be(wanted: list[str], other: list[str]) -> bool:
    common = set(wanted) & set(other)
    if len(common) >= _FEW:
        return common in (set(wanted), set(other))
    initials = bool(wanted and other) and wanted[0][0] == other[0][0] and 1 in (len(wanted[0]), len(other[0]))
    return initials and wanted[-1] in other[1:]


# Nothing, `//`, `ftp://` or `https:/` before a host.
_NO_SCHEME: Final = re.compile(r"(?i)(?:ftp://|https?:/(?!/)|//|(?=(?:[\w-]+\.)+[a-z]{2,}(?:[:/?#]|$)))")


@lru_cache(maxsize=_CACHED)
def address_key(address: str) -> str:
    """Return the form in which addresses are compared, of a pattern too: `*` stays.

    Which of http and https, `www.`, ports of these, doubled and trailing slashes, the name of a folder's index and the
    fragment are left out, and percent-encoding is decoded.

    >>> address_key("http://www.diario.example:80//notas/5/#arriba"), address_key("https://diario.example/notas/*")
    ('diario.example/notas/5', 'diario.example/notas/*')
    >>> address_key("https://Diario.example/ma%C3%B1ana/index.html") == address_key("http://diario.example/mañana")
    True
    """
    written = address.strip().strip("<>").replace("\\", "/")
    if (bare := _NO_SCHEME.match(written)) is not None:
        written = f"https://{written[bare.end() :]}"
    canonical = canonical_url(written)
    match = re.match(r"(?i)https?://(?:www\.)?([^/?*]*)(.*)", canonical, re.DOTALL)
    if match is None:
        return canonical
    host = re.sub(r":(?:80|443)?$", "", match[1].lower())
    path, mark, query = match[2].partition("?")
    path = re.sub(r"/(?:index|default)\.(?:html?|php|aspx?|jsp)$", "/", re.sub("/{2,}", "/", path), flags=re.IGNORECASE)
    path = path.rstrip("/")
    return unicodedata.normalize("NFC", unquote(f"{host}{path}{mark}{query}"))
