"""What somebody types as an answer, as a value of a source file; what can't be used is said in three languages."""

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

# What a folder holds, and the files to look for.
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
    "zip": _("folders in one file (.zip)"),
    "every": _("all files that can be read"),
}
_CATALOGUES: Final = (".csv", ".tsv", ".xlsx", ".jsonl", ".mrc", ".xml", ".gz", ".zst", ".xz")
_NO_CHOICE: Final = _("«{typed}» is no choice; choose one: {known}")
_NEAR_CHOICE: Final = _("«{typed}» is no choice; did you mean «{near}»? Choices: {known}")
_NO_ID: Final = _(
    "«{typed}» won't do: small letters without accents, digits and hyphens between them, such as «{near}»"
)
_NO_ADDRESS: Final = _("«{typed}» is no whole address; it begins with https:// or http://")
_NO_CONTACT: Final = _("nobody can write to «{typed}»; give an e-mail address or a web page")
_NO_COUNTRY: Final = _("«{typed}» isn't known as a country; write its code of two letters, such as CL, BR or MX")
_NO_LANGUAGE: Final = _(
    "«{typed}» isn't known as a language; write its code of three letters (ISO 639-3), such as spa, por, quy or gug"
)
_TOO_WIDE: Final = _("many languages are called «{name}»; {remedy}")
_NO_DATE: Final = _("«{typed}» is no date; write it as 2031-12-31")
_NO_LICENCE: Final = _(
    "«{typed}» isn't known as a licence; such as CC-BY-4.0, or the address of a licence or of rightsstatements.org"
)
_NO_CATALOGUE: Final = _(
    "«{typed}» is no name of a table; such as catalogo.xlsx or catalogo.csv, or «-» if there is none"
)
_NEAR_LICENCE: Final = _("«{typed}» isn't known as a licence; did you mean «{near}»?")


_AND: Final = re.compile(r"\s(?:y|e|and|&)\s", re.IGNORECASE)


class AnswerError(ValueError):
    """An answer that can't be used, with what to write instead."""

    def __init__(self, message: Message, **values: object) -> None:
        self.message = message.fill(**values)
        super().__init__(str(self.message))


def text(typed: str) -> str:
    """One line of text."""
    return " ".join(typed.split())


def slug(title: str) -> str:
    """Return an id for a title.

    >>> slug("Cartas de una familia (Ñuble)")
    'cartas-de-una-familia-nuble'
    """
    return "-".join(re.findall(r"[a-z0-9]+", folded(title)))


def identifier(typed: str) -> str:
    """Return an id of the catalogue."""
    if typed != slug(typed):
        raise AnswerError(_NO_ID, typed=typed, near=slug(typed) or "cartas-familia")
    return typed


def address(typed: str) -> str:
    """Return the address of a page."""
    if not re.match(r"https?://[^/\s]+", typed) or re.search(r"\s", typed):
        raise AnswerError(_NO_ADDRESS, typed=typed)
    return typed


def contact(typed: str) -> str:
    """Return an e-mail address, or that of a page."""
    if not re.fullmatch(r"[^@\s()]+@[^@\s()]+\.[^@\s()]+|https?://[^\s()]+", typed):
        raise AnswerError(_NO_CONTACT, typed=typed)
    return typed


def catalogue(typed: str) -> str:
    """Return the name of a file that may be a catalogue.

    >>> catalogue("catalogo.XLSX")
    'catalogo.XLSX'
    """
    if PurePath(typed).suffix.lower() not in _CATALOGUES:
        raise AnswerError(_NO_CATALOGUE, typed=typed)
    return typed


def country(typed: str) -> str:
    """ISO 3166-1, from a code or a name."""
    code = country_of(typed)
    if code is None:
        raise AnswerError(_NO_COUNTRY, typed=typed)
    return code


def languages(typed: str) -> list[str]:
    """ISO 639-3 codes, from codes or names with commas or «and» between them.

    >>> languages("español y mixteco, no sé cuál"), languages("zapoteco (sin especificar), quy")
    (['spa', 'omq-x-mixtec'], ['zap', 'quy'])
    """
    parts: list[str] = []
    for part in (part.strip() for item in listed(typed) for part in _AND.split(item) if part.strip()):
        if parts and without_variety(part) == "":
            parts[-1] += f", {part}"
        else:
            parts.append(part)
    return list(dict.fromkeys(map(language, parts)))


def language(typed: str) -> str:
    """Return an ISO 639-3 code, from a code or a name; a tag if only the name of a family is known."""
    code = language_of(typed) or declared_tag(typed)
    if members := share_name(typed) if code is None else ():
        raise AnswerError(_TOO_WIDE, name=typed, remedy=which_of(typed, members))
    if code is None:
        raise AnswerError(_NO_LANGUAGE, typed=typed)
    return code


def day(typed: str) -> date:
    """Return a date: as in a file, or day, month and year as people here write it.

    >>> day("2030-12-31") == day("31/12/2030") == day("31-12-2030") == day("31.12.2030")
    True
    """
    read = day_of(typed)
    if read is None:
        raise AnswerError(_NO_DATE, typed=typed)
    return read


def statement(typed: str) -> str:
    """Return a statement of rights; empty where somebody doesn't know."""
    number = _numbered(typed, list(LICENCES))
    return licence(typed) if number is None else str(number)


def licence(typed: str) -> str:
    """Return a statement of rights, in a sheet, where no number stands for one."""
    called = statement_of(typed)
    if called is not None:
        return called
    if not is_known(typed):
        near = near_licence(typed)
        raise AnswerError(_NEAR_LICENCE, typed=typed, near=near) if near else AnswerError(_NO_LICENCE, typed=typed)
    return typed


def choice(
    names: Mapping[str, Message],
    *,
    numbered: bool = True,
    also: Callable[[str], str | None] = lambda _typed: None,
    key: str = "",
) -> Callable[[str], str]:
    """Return a reader of one of these words: by its number, where numbers are shown, the word, or its display name.

    Args:
        names: the words, each with its display name.
        numbered: whether they are shown with numbers.
        also: gives the word of what they are called besides.
        key: of the source's file, whose words are suggested for one that isn't understood.
    """

    def read(typed: str) -> str:
        value = (_numbered(typed, list(names)) if numbered else None) or word_of(names, typed) or also(typed)
        if value is None:
            near = near_word(key, typed, list(names)) if key else None
            about = {"near": names[near]} if near else {}
            known = enumerated(names.values())
            raise AnswerError(_NEAR_CHOICE if near else _NO_CHOICE, typed=typed, known=known, **about)
        return value

    return read


def choices(
    names: Mapping[str, Message], *, numbered: bool = True, also: Callable[[str], str | None] = lambda _typed: None
) -> Callable[[str], list[str]]:
    """Return what reads several of these words, with commas or «and» between them; see `choice`.

    >>> from latam_corpus.catalog.display_names import USES
    >>> choices(USES)("entrenar y evaluar"), choices(USES)("treinar, redistribuir e avaliar")
    (['train', 'evaluate'], ['train', 'redistribute', 'evaluate'])
    """
    one = choice(names, numbered=numbered, also=also)

    def read(typed: str) -> list[str]:
        parts = [part for item in listed(typed) for part in _AND.split(item) if part.strip()]
        return list(dict.fromkeys(map(one, parts)))

    return read


def files(typed: str) -> list[str]:
    """Return the patterns of files, from what they are: of several kinds those of all, of every file none.

    >>> files("1, .pdf"), files("15"), files("PDF y Word")
    (['**/*.txt', '**/*.pdf'], [], ['**/*.pdf', '**/*.docx'])
    """
    kinds = choices(FILE_NAMES, also=_file_kind)(typed)
    return [] if "every" in kinds else [pattern for kind in kinds for pattern in FILES[kind]]


def _file_kind(typed: str) -> str | None:
    """Return the kind of files that is called so, without its suffixes or by one of them; None where none is."""
    for kind, name in FILE_NAMES.items():
        for shown in name.translations().values():
            words, _, ends = shown.partition(" (")
            if folded(typed) in {folded(words), *re.findall(r"\.\w+", ends)}:
                return kind
    return None


def listed(typed: str) -> list[str]:
    """Return the parts of a list with commas, semicolons or line breaks between them; those in parentheses part none.

    >>> listed("tablas (.csv, .tsv), Word; PDF")
    ['tablas (.csv, .tsv)', 'Word', 'PDF']
    """
    return [part.strip() for part in re.split(r"[,;\n](?![^()]*\))", typed) if part.strip()]


def _numbered(typed: str, known: Sequence[Any]) -> Any:
    if typed.isdecimal() and 1 <= int(typed) <= len(known):
        return known[int(typed) - 1]
    return None
