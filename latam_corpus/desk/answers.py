"""Convert typed answers to values of a source file. Each function raises `AnswerError` for an unusable answer."""

from __future__ import annotations

import re
from pathlib import PurePath
from typing import TYPE_CHECKING, Any, Final

from latam_corpus.catalog.display_names import LICENCES, language_of, near_word, word_of
from latam_corpus.catalog.named_values import country_of, day_of, statement_of
from latam_corpus.catalog.rights import is_known, near_licence
from latam_corpus.codes import declared_tag, share_name, which_of, without_variety
from latam_corpus.messages import Message, _, enumerated, same
from latam_corpus.text.folding import folded

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence
    from datetime import date

# Glob patterns for the kinds of files in a folder.
FILES: Final[Mapping[str, tuple[str, ...]]] = {
    "text": ("**/*.txt",),
    "markdown": ("**/*.md",),
    "html": ("**/*.html", "**/*.htm"),
    "tei": ("**/*.xml",),
    "csv": ("**/*.csv", "**/*.tsv"),
    "jsonl": ("**/*.jsonl", "**/*.jsonl.gz"),
    "parquet": ("**/*.parquet",),
    "warc": ("**/*.warc", "**/*.warc.gz"),
    "docx": ("**/*.docx",),
    "odt": ("**/*.odt",),
    "rtf": ("**/*.rtf",),
    "pdf": ("**/*.pdf",),
    "epub": ("**/*.epub",),
    "zip": ("**/*.zip",),
    "every": (),
}
FILE_NAMES: Final[Mapping[str, Message]] = {
    "text": _("plain text (.txt)"),
    "markdown": same("Markdown (.md)"),
    "html": _("saved web pages (.html)"),
    "tei": same("TEI (.xml)"),
    "csv": _("tables (.csv, .tsv)"),
    "jsonl": _("JSON lines (.jsonl)"),
    "parquet": same("Parquet (.parquet)"),
    "warc": _("web archives (.warc)"),
    "docx": same("Word (.docx)"),
    "odt": same("LibreOffice (.odt)"),
    "rtf": same("RTF (.rtf)"),
    "pdf": same("PDF (.pdf)"),
    "epub": same("EPUB (.epub)"),
    "zip": _("compressed folders (.zip)"),
    "every": _("all files that can be read"),
}
_CATALOGUES: Final = (".csv", ".tsv", ".xlsx", ".jsonl", ".mrc", ".xml", ".gz", ".zst", ".xz")
_NO_CHOICE: Final = _("«{typed}» isn't one of the choices; choose one: {known}")
_NEAR_CHOICE: Final = _("«{typed}» isn't one of the choices; did you mean «{near}»? Choices: {known}")
_NO_ID: Final = _(
    "«{typed}» can't be used as a name in the catalogue; use lower-case letters without "
    "accents, digits and single hyphens, such as «{near}»"
)
_NO_COUNTRY: Final = _("«{typed}» isn't recognised as a country; write its two-letter code, such as CL, BR or MX")
_NO_LANGUAGE: Final = _(
    "«{typed}» isn't recognised as a language; write its three-letter code (ISO 639-3), such as spa, por, quy or gug"
)
_NO_LICENCE: Final = _(
    "«{typed}» isn't recognised as a licence; write a name such as CC-BY-4.0, or the address of a "
    "licence or of a statement of rightsstatements.org"
)
_NO_CATALOGUE: Final = _(
    "«{typed}» isn't the name of a table; write a name such as catalogo.xlsx or catalogo.csv, or «-» if there is none"
)
_NEAR_LICENCE: Final = _("«{typed}» isn't recognised as a licence; did you mean «{near}»?")


_AND: Final = re.compile(r"\s(?:y|e|and|&)\s", re.IGNORECASE)


class AnswerError(ValueError):
    """An answer that can't be used; the message tells what to write instead."""

    def __init__(self, message: Message, **values: object) -> None:
        self.message = message.fill(**values)
        super().__init__(str(self.message))


def text(typed: str) -> str:
    """Return the text as one line, with single spaces."""
    return " ".join(typed.split())


def slug(title: str) -> str:
    """Return an id for a title.

    >>> slug("Cartas de una familia (Ñuble)")
    'cartas-de-una-familia-nuble'
    """
    return "-".join(re.findall(r"[a-z0-9]+", folded(title)))


def identifier(typed: str) -> str:
    """Return an id of the catalogue, which must be a slug."""
    if typed != slug(typed):
        raise AnswerError(_NO_ID, typed=typed, near=slug(typed) or "cartas-familia")
    return typed


def address(typed: str) -> str:
    """Return the URL of a page."""
    if not re.match(r"https?://[^/\s]+", typed) or re.search(r"\s", typed):
        raise AnswerError(_("«{typed}» isn't a complete address; begin it with https:// or http://"), typed=typed)
    return typed


def contact(typed: str) -> str:
    """Return an e-mail address, or the URL of a page."""
    if not re.fullmatch(r"[^@\s()]+@[^@\s()]+\.[^@\s()]+|https?://[^\s()]+", typed):
        raise AnswerError(_("«{typed}» isn't an e-mail address or a web page; write one of the two"), typed=typed)
    return typed


def catalogue(typed: str) -> str:
    """Return the name of a file in a format that catalogues may have.

    >>> catalogue("catalogo.XLSX")
    'catalogo.XLSX'
    """
    if PurePath(typed).suffix.lower() not in _CATALOGUES:
        raise AnswerError(_NO_CATALOGUE, typed=typed)
    return typed


def country(typed: str) -> str:
    """Return the ISO 3166-1 code of a country, given its code or name."""
    code = country_of(typed)
    if code is None:
        raise AnswerError(_NO_COUNTRY, typed=typed)
    return code


def languages(typed: str) -> list[str]:
    """Return ISO 639-3 codes, given codes or names separated by commas or «and».

    >>> languages("español y mixteco, no sé cuál"), languages("zapoteco (sin especificar), quy")
    (['spa', 'omq-x-mixtec'], ['zap', 'quy'])
    """
    names: list[str] = []
    for part in (part.strip() for item in split_list(typed) for part in _AND.split(item) if part.strip()):
        if names and without_variety(part) == "":
            names[-1] += f", {part}"
        else:
            names.append(part)
    return list(dict.fromkeys(map(language, names)))


def language(typed: str) -> str:
    """Return the ISO 639-3 code of a language, given its code or name; a tag if only its family is recognised."""
    code = language_of(typed) or declared_tag(typed)
    if members := share_name(typed) if code is None else ():
        raise AnswerError(
            _("many languages are called «{name}»; {remedy}"), name=typed, remedy=which_of(typed, members)
        )
    if code is None:
        raise AnswerError(_NO_LANGUAGE, typed=typed)
    return code


def day(typed: str) -> date:
    """Return a date, given in ISO 8601 or as day, month and year.

    >>> day("2030-12-31") == day("31/12/2030") == day("31-12-2030") == day("31.12.2030")
    True
    """
    parsed = day_of(typed)
    if parsed is None:
        raise AnswerError(_("«{typed}» isn't a date; write it like 2031-12-31"), typed=typed)
    return parsed


def statement(typed: str) -> str:
    """Return a statement of rights, given a number of the menu, a name or a URL; empty for unknown rights."""
    number = _numbered(typed, list(LICENCES))
    return licence(typed) if number is None else str(number)


def licence(typed: str) -> str:
    """Return a statement of rights, given a name or a URL, as in a sheet."""
    known_statement = statement_of(typed)
    if known_statement is not None:
        return known_statement
    if not is_known(typed):
        near = near_licence(typed)
        raise AnswerError(_NEAR_LICENCE, typed=typed, near=near) if near else AnswerError(_NO_LICENCE, typed=typed)
    return typed


def choice(
    names: Mapping[str, Message],
    *,
    numbered: bool = True,
    synonym_of: Callable[[str], str | None] = lambda _typed: None,
    key: str = "",
) -> Callable[[str], str]:
    """Return a function that reads one of these values, given as the value, its display name or its number.

    Args:
        names: the values, each with its display name.
        numbered: whether they are shown with numbers.
        synonym_of: a function that returns the value for another common name, or None.
        key: the key of the source file, from whose vocabulary a value is suggested.
    """

    def read(typed: str) -> str:
        value = (_numbered(typed, list(names)) if numbered else None) or word_of(names, typed) or synonym_of(typed)
        if value is None:
            near = near_word(key, typed, list(names)) if key else None
            suggestion = {"near": names[near]} if near else {}
            options = enumerated(names.values())
            raise AnswerError(_NEAR_CHOICE if near else _NO_CHOICE, typed=typed, known=options, **suggestion)
        return value

    return read


def choices(
    names: Mapping[str, Message],
    *,
    numbered: bool = True,
    synonym_of: Callable[[str], str | None] = lambda _typed: None,
) -> Callable[[str], list[str]]:
    """Return a function that reads several values separated by commas or «and»; for the arguments, see `choice`.

    >>> from latam_corpus.catalog.display_names import USES
    >>> choices(USES)("entrenar y evaluar"), choices(USES)("treinar, redistribuir e avaliar")
    (['train', 'evaluate'], ['train', 'redistribute', 'evaluate'])
    """
    read_one = choice(names, numbered=numbered, synonym_of=synonym_of)

    def read(typed: str) -> list[str]:
        parts = [part for item in split_list(typed) for part in _AND.split(item) if part.strip()]
        return list(dict.fromkeys(map(read_one, parts)))

    return read


def files(typed: str) -> list[str]:
    """Return the glob patterns for the chosen kinds of files; an empty list for all files.

    >>> files("1, .pdf"), files("15"), files("PDF y Word")
    (['**/*.txt', '**/*.pdf'], [], ['**/*.pdf', '**/*.docx'])
    """
    kinds = choices(FILE_NAMES, synonym_of=_file_kind)(typed)
    return [] if "every" in kinds else [pattern for kind in kinds for pattern in FILES[kind]]


def _file_kind(typed: str) -> str | None:
    """Return the kind of files with this name or suffix; None if there is none."""
    for kind, message in FILE_NAMES.items():
        for display_name in message.translations().values():
            name_part, _, suffixes = display_name.partition(" (")
            if folded(typed) in {folded(name_part), *re.findall(r"\.\w+", suffixes)}:
                return kind
    return None


def split_list(typed: str) -> list[str]:
    """Split a list at commas, semicolons and line breaks outside parentheses.

    >>> split_list("tablas (.csv, .tsv), Word; PDF")
    ['tablas (.csv, .tsv)', 'Word', 'PDF']
    """
    return [part.strip() for part in re.split(r"[,;\n](?![^()]*\))", typed) if part.strip()]


def _numbered(typed: str, options: Sequence[Any]) -> Any:
    if typed.isdecimal() and 1 <= int(typed) <= len(options):
        return options[int(typed) - 1]
    return None
