"""Remove Project Gutenberg's header and footer, and read the book's metadata from the header."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Final

# Characters searched for the header. Files of the 1990s have a licence of 15,000 characters before the book.
_HEAD: Final = 40_000

_MENTION: Final = re.compile(r"Project Gutenberg", re.IGNORECASE)
_EBOOK: Final = r"(?:THE |THIS )?PROJECT GUTENBERG(?:'S)?(?: E-?(?:BOOK|TEXT))?"
# A long title may put the closing stars on a later line.
_START: Final = re.compile(
    rf"^[ \t]*\*{{3}} ?START OF {_EBOOK}\b(?:[^*\n]*\n){{0,3}}?[^*\n]*\*{{3}}[^\n]*$", re.IGNORECASE | re.MULTILINE
)
_SMALL_PRINT: Final = re.compile(r"^[ \t]*\*?END\*? ?(?:OF )?THE SMALL PRINT!?[^\n]*$", re.IGNORECASE | re.MULTILINE)
_FOOTER: Final = re.compile(
    rf"^[ \t]*(?:\*{{2,3}} ?)?(?:END OF {_EBOOK}|FIN DEL? (?:PROYECTO|PROJECT|(?:LIBRO|TEXTO)[^\n]*PROJECT) GUTENBERG"
    rf"|FIM DO (?:PROJETO|PROJECTO|PROJECT|(?:LIVRO|TEXTO)[^\n]*PROJECT) GUTENBERG)\b",
    re.IGNORECASE | re.MULTILINE,
)
# Paragraphs after the header that credit the makers of the file.
_CREDITS: Final = re.compile(
    r"\s*(?:\[?(?:Produced|Prepared|Transcribed|Digiti[sz]ed|Scanned|Proofread|Etext prepared|E-text prepared"
    r"|This (?:e-?text|e-?book|file) was|Project Gutenberg|Credits:"
    r"|Distributed Proofread)|\(?This file was produced)(?:[^\n]*\n)(?:[^\n]*\S[^\n]*\n)*",
    re.IGNORECASE,
)
_CHARSET: Final = re.compile(rb"^Character set(?: encoding)?:\s*([\w.:-]+)", re.IGNORECASE | re.MULTILINE)


@dataclass(frozen=True)
class Book:
    """A book's text without header and footer, and the metadata in its header."""

    text: str
    title: str | None = None
    creators: tuple[str, ...] = ()
    language: str | None = None
    url: str | None = None


def declared_charset(raw: bytes) -> str | None:
    r"""Return the charset that a Project Gutenberg header declares.

    >>> declared_charset(b"Project Gutenberg\nCharacter set encoding: ISO-8859-1\n")
    'ISO-8859-1'
    """
    head = raw[:_HEAD]
    match = _CHARSET.search(head) if b"roject Gutenberg" in head else None
    return match[1].decode("ascii", "replace") if match else None


def strip_gutenberg(text: str) -> Book:
    r"""Return the book of a Project Gutenberg file; any other text is returned unchanged.

    Args:
        text: with line ends as LF.

    >>> strip_gutenberg(
    ...     "The Project Gutenberg EBook of Coplas\n\nTitle: Coplas\n\n"
    ...     "*** START OF THIS PROJECT GUTENBERG EBOOK COPLAS ***\n\nProduced by A. N.\n\nVidalita.\n\n"
    ...     "End of Project Gutenberg's Coplas\n*** END OF THIS PROJECT GUTENBERG EBOOK COPLAS ***\nLicence\n"
    ... ).text
    'Vidalita.'
    """
    head = text[:_HEAD]
    if not _MENTION.search(head):
        return Book(text)
    starts = [*_START.finditer(head), *_SMALL_PRINT.finditer(head)]
    if not starts:
        return Book(text)
    start = max(match.end() for match in starts)
    header = text[: min(match.start() for match in starts)]
    body = text[start:].lstrip("\n")
    while credit := _CREDITS.match(body):
        body = body[credit.end() :].lstrip("\n")
    footer = _FOOTER.search(body)
    if footer:
        body = body[: footer.start()]
    number = re.search(r"\[E-?(?:Book|Text) ?#(\d+)\]", header, re.IGNORECASE)
    return Book(
        body.strip("\n"),
        title=" ".join(_field(header, "Title")) or None,
        creators=tuple(_field(header, "Author")),
        language=" ".join(_field(header, "Language")) or None,
        url=f"https://www.gutenberg.org/ebooks/{number[1]}" if number else None,
    )


def _field(header: str, name: str) -> list[str]:
    r"""Return a header field's lines: the rest of its line, and the indented lines after it.

    >>> _field("Title: Antaño i Ogaño\n       Novelas i Cuentos\n\nAuthor: J. V. Lastarria\n", "Title")
    ['Antaño i Ogaño', 'Novelas i Cuentos']
    """
    match = re.search(rf"^{name}:[ \t]*([^\n]*(?:\n[ \t]+[^\s][^\n]*)*)", header, re.MULTILINE)
    return [line.strip() for line in match[1].split("\n") if line.strip()] if match else []
