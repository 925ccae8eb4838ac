"""The library test: all books, whole and cut in chapters, and all sonnets, as a library would hand them over.

Nothing is planted. Whatever a tool removes is listed for a person to read; `verdicts.toml` keeps what was judged.
"""

from __future__ import annotations

import re
import tomllib
from pathlib import Path
from typing import TYPE_CHECKING, Final

from latam_corpus.extract.gutenberg import strip_gutenberg

from .documents import Document, Pair, Planted
from .parts import cut_in_parts, identity
from .shelf import GUTENBERG, Text

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from .shelf import Shelf

VERDICTS: Final = Path(__file__).resolve().parent / "verdicts.toml"
_HEADING: Final = re.compile(
    r"^[ \t]*(?:(?:CAP[IÍ]TULO|Cap[ií]tulo|PARTE|LIBRO|LIVRO)\b.{0,60}|[IVXLC]{1,7}\.?)[ \t]*$", re.MULTILINE
)
_FEW: Final = 4  # headings: with fewer the book is cut by size
_CHAPTER: Final = 2500  # words
_SHORT: Final = 120  # words of a piece that is a title page or a heading's own line


def gutenberg(data: Path) -> tuple[Text, ...]:
    """Project Gutenberg's books without its words."""
    results = []
    for path in sorted((data / GUTENBERG).glob("*/*-8*.txt")):
        text = path.read_text(encoding="latin-1").replace("\r\n", "\n")
        results.append(
            Text(f"pg{path.parent.name}", path.parent.name, "", "gutenberg-latam", strip_gutenberg(text).text)
        )
    return tuple(results)


def library(shelf: Shelf, more: Sequence[Text] = ()) -> Planted:
    """Every book whole, every chapter, every sonnet; a chapter is contained in its book.

    Args:
        shelf: all texts.
        more: books beside the shelf's novels.
    """
    documents, contained = [], []
    for book in (*shelf.novels, *more):
        whole = Document(identity("library", book.id), book.text, "book", book.source_id, book.id)
        documents.append(whole)
        for number, text in enumerate(chapters(book.text), 1):
            chapter = identity("library", book.id, number)
            documents.append(Document(chapter, text, "chapter", f"{book.source_id}-chapters", f"{book.id} {number}"))
            contained.append(Pair("chapter_in_book", whole.id, chapter))
    documents += [
        Document(identity("library", poem.id), poem.text, "sonnet", poem.source_id, f"{poem.author} {poem.id}")
        for poem in shelf.sonnets
    ]
    return Planted("library", tuple(documents), contained=tuple(contained))


def chapters(text: str) -> list[str]:
    r"""The book's chapters by their headings, or parts of 2,500 words where it has hardly any.

    >>> body = "\n" + "Llovía sobre el puerto. " * 40 + "\n"
    >>> [chapter[:12] for chapter in chapters("I" + body + "II" + body + "III" + body + "IV" + body)]
    ['I\nLlovía sob', 'II\nLlovía so', 'III\nLlovía s', 'IV\nLlovía so']
    """
    starts = [match.start() for match in _HEADING.finditer(text)]
    if len(starts) < _FEW:
        return list(cut_in_parts(text, _sizes()))
    pieces = [text[a:b].strip() for a, b in zip([0, *starts], [*starts, len(text)], strict=True)]
    return [piece for piece in pieces if len(piece.split()) >= _SHORT]


def verdicts() -> Mapping[str, str]:
    """Return readers' verdicts on removals that were not planted: "dropped kept" → `same` or `other`."""
    if not VERDICTS.exists():
        return {}
    reported = tomllib.loads(VERDICTS.read_text(encoding="utf-8"))
    return {pair: verdict for verdict in ("same", "other") for pair in reported.get(verdict, ())}


def _sizes() -> Iterator[int]:
    while True:
        yield _CHAPTER
